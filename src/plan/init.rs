//! A plan file to begin with: commented, without mistakes, and made from what the snapshot holds.

use std::fmt::Write as _;

use crate::plan::file::model::TargetKind;
use crate::plan::file::schema::SCHEMA;
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
