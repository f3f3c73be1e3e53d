//! A plan file to begin with: commented, without mistakes, and made from what the snapshot holds.

use std::fmt::Write as _;

use crate::plan::file::model::TargetKind;
use crate::plan::file::schema::SCHEMA;
use crate::repo::attachment::KIND_DATABASE;
use crate::repo::snapshot::Snapshot;
use crate::system::model::SystemState;
use crate::system::model::storage::DeviceKind;

/// What a plan file is made from.
pub struct Ground<'a> {
    /// What the plan is called.
    pub name: &'a str,
    /// How the snapshot is named in it.
    pub named: &'a str,
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// What it captured of its machine, if anything.
    pub state: Option<&'a SystemState>,
    /// Where to restore.
    pub kind: TargetKind,
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
            writeln!(out, "kind = \"converge\"   # onto the running system\n")
        }
        TargetKind::BareMetal => {
            writeln!(out, "kind = \"bare-metal\" # onto empty disks, from a rescue system")?;
            writeln!(out, "root = \"/mnt/lifeboat\"\n")
        }
    }
}

/// The parts of a machine that files go onto, and what makes it start.
fn machine(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let Some(state) = ground.state.filter(|_| ground.kind == TargetKind::BareMetal) else {
        return match ground.kind {
            TargetKind::BareMetal => writeln!(
                out,
                "# The snapshot does not know its machine (see `lifeboat backup --system`): partition,\n\
                 # format and mount below the root by hand, or by components of the kind `command`.\n"
            ),
            _ => Ok(()),
        };
    };
    for device in &state.storage.devices {
        let DeviceKind::Disk(disk) = &device.kind else { continue };
        let identity = match (&disk.serial, &disk.wwn) {
            (Some(serial), _) => format!("serial:{}", serial.trim()),
            (None, Some(wwn)) => format!("wwn:{}", wwn.trim()),
            (None, None) => format!("path:{}", device.name),
        };
        let model = disk.model.as_deref().unwrap_or("a disk").trim();
        writeln!(out, "[[disk]]   # {}, {model:?}, {} bytes", device.name, device.size_bytes)?;
        writeln!(out, "from = {identity:?}")?;
        writeln!(
            out,
            "to = \"serial:PUT-THE-NEW-DISKS-SERIAL-HERE\"   # or image:/FILE; see lsblk -o NAME,SERIAL,WWN"
        )?;
        writeln!(out, "# wipe = true        # it may hold old data\n")?;
    }
    writeln!(out, "[component.disks]\nkind = \"disks\"\n")?;
    writeln!(out, "[component.file-systems]\nkind = \"file-systems\"\nneeds = [\"disks\"]\n")?;
    if !state.boot.loaders.is_empty() {
        writeln!(out, "[component.boot]\nkind = \"boot\"\nneeds = [\"files\"]\n")?;
    }
    Ok(())
}

/// One component for each dump.
fn databases(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    for dump in ground.snapshot.attachments.iter().filter(|one| one.kind == KIND_DATABASE) {
        let name = crate::repo::snapshot::host_for_key(&dump.name);
        let engine = dump.engine.as_deref().unwrap_or("unknown");
        writeln!(
            out,
            "# Its server ({engine}) must be running by then: start it by a component that this one needs."
        )?;
        writeln!(out, "# [component.database-{name}]\n# kind = \"databases\"")?;
        writeln!(out, "# needs = [\"files\"]\n# only = [{:?}]\n", dump.name)?;
    }
    Ok(())
}

fn files(ground: &Ground<'_>, out: &mut String) -> std::fmt::Result {
    let sources: Vec<&String> = ground.snapshot.sources.iter().filter(|path| path.starts_with('/')).collect();
    let paths = match sources.as_slice() {
        [] => "\"/\"".to_owned(),
        list => list.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(", "),
    };
    writeln!(out, "[component.files]")?;
    writeln!(out, "kind = \"files\"")?;
    if ground.kind == TargetKind::BareMetal && ground.state.is_some() {
        writeln!(out, "needs = [\"file-systems\"]")?;
    }
    writeln!(out, "paths = [{paths}]")?;
    writeln!(out, "# exclude = [\"*.tmp\"]")?;
    if ground.kind != TargetKind::Sandbox {
        writeln!(out, "owners = \"numeric\"   # as a whole machine needs it")?;
        writeln!(out, "allow_setuid = true")?;
        writeln!(out, "allow_devices = true")?;
    }
    writeln!(out, "\n[[component.files.verify]]")?;
    writeln!(out, "kind = \"checksum\"   # read back, and compared with the snapshot\n")
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
