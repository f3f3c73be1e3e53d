//! A plan file to begin with: commented, without mistakes, and made from what the snapshot holds.

use std::fmt::Write as _;

use crate::plan::file::model::TargetKind;
use crate::plan::file::schema::SCHEMA;
use crate::repo::attachment::{Attachment, KIND_DATABASE};
use crate::repo::snapshot::Snapshot;
use crate::system::model::SystemState;
use crate::system::model::storage::{Device, DeviceKind, Disk};
use crate::system::rebuild::bare_metal::NEVER_RESTORED;

/// What belongs to the machine that runs, or comes with its packages, and is not put back over it.
const CONVERGE_KEEPS: &[&str] = &[
    "/.lifeboat",
    "/dev/*",
    "/proc/*",
    "/sys/*",
    "/run/*",
    "/tmp/*",
    "/boot",
    "/usr/*",
    "!/usr/local",
    "/bin",
    "/lib*",
    "/sbin",
    "/var/lib/dpkg",
    "/var/lib/apt",
    "/var/lib/rpm",
    "/var/cache",
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/passwd*",
    "/etc/group*",
    "/etc/shadow*",
    "/etc/gshadow*",
    "/etc/machine-id",
    "/etc/hostname",
    "lost+found",
];

/// What a plan file is made from.
pub struct Ground<'a> {
    /// What the plan is called.
    pub name: &'a str,
    /// How the snapshot is named in it.
    pub named: &'a str,
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// Where to restore.
    pub kind: TargetKind,
    /// The machine as it was captured with the snapshot, if it was.
    pub state: Option<&'a SystemState>,
}

/// The text of a plan file.
pub fn write(ground: &Ground<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = head(ground, &mut text);
    let _ = target(ground, &mut text);
    let _ = machine(ground, &mut text);
    let _ = files(ground, &mut text);
    let _ = databases(ground, &mut text);
    let _ = example(&mut text);
    text
}

fn head(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let Snapshot { id, host, .. } = ground.snapshot;
    writeln!(out, "# A restore plan, made from snapshot {} of {host}.", id.short())?;
    writeln!(out, "# Every key is described in lifeboat-plan-file(5). Change what does not fit, then:")?;
    writeln!(out, "#   lifeboat plan build THIS-FILE      resolve it, and see how long it will take")?;
    writeln!(out, "#   lifeboat plan apply PLAN --dry-run see every command")?;
    writeln!(out, "#   lifeboat plan apply PLAN           do it\n")?;
    writeln!(out, "schema = {SCHEMA:?}")?;
    writeln!(out, "name = {:?}", ground.name)?;
    writeln!(out, "snapshot = {:?}      # a prefix of an id pins one for good", ground.named)?;
    writeln!(out, "# rto = \"4h\"         # how long the whole may take")?;
    writeln!(out, "# rpo = \"1d\"         # how old the snapshot may be")?;
    writeln!(out, "# parallel = 2       # steps at once")?;
    writeln!(out, "# protect = [\"serial:S3Z9NX0M\"]   # disks that are never written to\n")
}

fn target(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    writeln!(out, "[target]")?;
    match ground.kind {
        TargetKind::Sandbox => {
            writeln!(
                out,
                "kind = \"sandbox\"    # a place of its own, without a way out, removed at the end"
            )?;
            writeln!(out, "root = \"/var/tmp/lifeboat-{}\"", ground.name)?;
            writeln!(
                out,
                "# image = \"/var/tmp/lifeboat-{}.img\"   # in a file system of its own",
                ground.name
            )?;
            writeln!(out, "# size = \"20G\"")?;
            writeln!(out, "# keep = true        # leave it there at the end\n")
        }
        TargetKind::Converge => {
            writeln!(out, "kind = \"converge\"   # onto the running system")?;
            writeln!(out, "# root = \"/mnt/new\" # or onto the system below this directory\n")
        }
        TargetKind::BareMetal => {
            writeln!(out, "kind = \"bare-metal\" # onto empty disks, from a rescue system")?;
            writeln!(out, "root = \"/mnt/lifeboat\"\n")
        }
    }
}

/// The disks and what is made of them: for a bare machine whose state is known.
fn machine(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let Some(state) = ground.state else { return Ok(()) };
    if ground.kind != TargetKind::BareMetal {
        return converged(out);
    }
    writeln!(
        out,
        "# Which disk here takes the place of which; `lsblk -o NAME,SIZE,SERIAL,WWN` tells. Only an empty"
    )?;
    writeln!(out, "# one is taken, unless `wipe = true`. A disk that is left out does not come back.")?;
    for device in &state.storage.devices {
        let DeviceKind::Disk(disk) = &device.kind else { continue };
        let name = disk_name(device, disk);
        if !is_own(state, &device.key) {
            writeln!(
                out,
                "# {name} ({}) was attached too, but fstab names nothing on it: it is left out\n",
                device.name
            )?;
            continue;
        }
        let model = disk.model.as_deref().unwrap_or("disk").trim();
        writeln!(out, "[[disk]]\nfrom = {name:?}")?;
        writeln!(out, "# it was {}: {model:?}, {} bytes", device.name, device.size_bytes)?;
        writeln!(out, "to = {name:?}\n# or to = \"image:/FILE\" with size = \"20G\"\n")?;
    }
    for (name, needs, what) in [
        ("disks", None, "partitions, arrays, LUKS, LVM"),
        ("file-systems", Some("disks"), "with their UUIDs, mounted below the root"),
        ("boot", Some("files"), "what differs on this hardware, initial RAM disk, boot loader"),
    ] {
        writeln!(out, "[component.{name}]     # {what}\nkind = {name:?}")?;
        if let Some(needs) = needs {
            writeln!(out, "needs = [{needs:?}]")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What a machine that runs already may lack.
fn converged(out: &mut String) -> std::fmt::Result {
    for (name, needs, what) in [
        ("users", None, "users and groups, with their numbers where those are free"),
        // Packages make users that are not there, with whatever numbers are free.
        ("packages", Some("users"), "repositories, packages, marks"),
        ("services", Some("files"), "units enabled, disabled and masked as they were"),
    ] {
        writeln!(out, "[component.{name}]     # {what}\nkind = {name:?}")?;
        if let Some(needs) = needs {
            writeln!(out, "needs = [{needs:?}]")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Whether the machine itself uses the disk, and not just whoever plugged it in: fstab names something on it,
/// or it was mounted where nothing is that comes and goes.
fn is_own(state: &SystemState, disk: &str) -> bool {
    let storage = &state.storage;
    let passing = ["/run/", "/mnt", "/media"];
    let lasting = |target: &str| !passing.iter().any(|place| target.starts_with(place));
    let mounted = storage.mounts.iter().filter(|mount| lasting(&mount.target)).map(|mount| &mount.device);
    let named = storage.fstab.iter().map(|entry| &entry.device).chain(mounted).flatten();
    named.into_iter().any(|key| storage.disks_below(key).iter().any(|below| below == disk))
}

/// How a plan file names the disk.
fn disk_name(device: &Device, disk: &Disk) -> String {
    match (&disk.wwn, &disk.serial) {
        (Some(wwn), _) => format!("wwn:{}", wwn.trim()),
        (None, Some(serial)) => format!("serial:{}", serial.trim()),
        (None, None) => format!("path:{}", device.name),
    }
}

fn files(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let sources: Vec<&String> = ground.snapshot.sources.iter().filter(|path| path.starts_with('/')).collect();
    let paths = match sources.as_slice() {
        [] => "\"/\"".to_owned(),
        list => list.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(", "),
    };
    writeln!(out, "[component.files]")?;
    writeln!(out, "kind = \"files\"")?;
    writeln!(out, "paths = [{paths}]")?;
    match ground.kind {
        TargetKind::BareMetal => {
            if ground.state.is_some() {
                writeln!(out, "needs = [\"file-systems\"]")?;
            }
            writeln!(out, "exclude = {NEVER_RESTORED:?}   # what the kernel makes itself")?;
        }
        TargetKind::Converge if ground.state.is_some() => {
            writeln!(out, "needs = [\"packages\"]")?;
            writeln!(out, "exclude = {:?}", CONVERGE_KEEPS)?;
        }
        _ => writeln!(out, "# exclude = [\"*.tmp\"]")?,
    }
    if ground.kind != TargetKind::Sandbox {
        if ground.kind == TargetKind::BareMetal {
            writeln!(out, "owners = \"numeric\"   # as a whole machine needs it")?;
        }
        writeln!(out, "allow_setuid = true")?;
        writeln!(out, "allow_devices = true")?;
    }
    // Every chunk is verified as it is written; reading a whole machine back is for those who have the time.
    let mark = if ground.kind == TargetKind::BareMetal { "# " } else { "" };
    writeln!(out, "\n{mark}[[component.files.verify]]")?;
    writeln!(out, "{mark}kind = \"checksum\"   # read back, and compared with the snapshot\n")
}

/// The dumps that the snapshot carries: loaded where there is, or can be, a server for them.
fn databases(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let is_dump = |one: &&Attachment| one.kind == KIND_DATABASE && one.fault.is_none();
    let dumps: Vec<&Attachment> = ground.snapshot.attachments.iter().filter(is_dump).collect();
    if dumps.is_empty() {
        return Ok(());
    }
    if ground.kind == TargetKind::BareMetal {
        let names = dumps.iter().map(|dump| dump.name.as_str()).collect::<Vec<_>>().join(", ");
        writeln!(
            out,
            "# The snapshot carries dumps of databases ({names}). No server runs while the machine is"
        )?;
        writeln!(
            out,
            "# rebuilt: once it has started, `lifeboat database restore` loads them, or a plan with the"
        )?;
        return writeln!(out, "# target `converge`.\n");
    }
    let in_sandbox = ground.kind == TargetKind::Sandbox;
    writeln!(out, "[component.databases]")?;
    writeln!(out, "kind = \"databases\"\nneeds = [\"files\"]")?;
    let mut left: Vec<&str> = Vec::new();
    for dump in &dumps {
        let engine = dump.engine.as_deref().unwrap_or_default();
        let version = dump.version.as_deref().unwrap_or_default();
        writeln!(out, "# {}: {engine} {version}", dump.name)?;
        let is_program = engine == "command" || engine == "redis" && !dump.details.contains_key("path");
        left.extend((in_sandbox && is_program).then_some(dump.name.as_str()));
    }
    if !left.is_empty() {
        writeln!(out, "exclude = {left:?}   # loaded by a program of their own: write a `command` for it")?;
    }
    match in_sandbox {
        true => {
            writeln!(out, "# Each gets a server of its own, gone with the sandbox; its socket is in")?;
            writeln!(out, "# /run/lifeboat/NAME there, its port on the sandbox's loopback.")?;
        }
        false => writeln!(out, "# method = \"replace\"   # a database that is there already is replaced")?,
    }
    for dump in dumps.iter().filter(|dump| !left.contains(&dump.name.as_str())) {
        query(dump, out)?;
    }
    writeln!(out)
}

/// A verification to be filled in: what a dump holds, only its owner knows.
fn query(dump: &Attachment, out: &mut String) -> std::fmt::Result {
    let (engine, database) = match dump.engine.as_deref() {
        Some("postgres" | "postgres-base") => ("postgres", None),
        Some("mysql" | "mariadb") => ("mysql", None),
        Some("sqlite") => ("sqlite", dump.details.get("path")),
        _ => return Ok(()),
    };
    let mut subject = dump.files.iter().filter(|file| file.role == "dump").map(|file| &file.subject);
    let database = database.or(subject.rfind(|name| name.as_str() != "postgres"));
    writeln!(out, "# [[component.databases.verify]]\n# kind = \"sql\"\n# engine = {engine:?}")?;
    writeln!(out, "# database = {:?}", database.map_or("app", String::as_str))?;
    writeln!(out, "# query = \"SELECT count(*) > 1000 FROM orders\"")?;
    writeln!(out, "# expect = {:?}", if engine == "postgres" { "t" } else { "1" })
}

fn example(out: &mut String) -> std::fmt::Result {
    for line in [
        "[component.app]",
        "kind = \"command\"",
        "needs = [\"files\"]",
        "run = [\"systemctl\", \"start\", \"app\"]",
        "repeat = true        # it does no harm to run it twice",
        "",
        "[[component.app.verify]]",
        "kind = \"http\"",
        "url = \"http://127.0.0.1:8080/health\"",
        "within = \"1m\"",
    ] {
        writeln!(out, "#{}{line}", if line.is_empty() { "" } else { " " })?;
    }
    Ok(())
}
