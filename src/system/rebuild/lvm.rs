//! LVM: a volume group with its physical volumes and logical ones.
//!
//! Where LVM's own backup of the group was captured and no physical volume became smaller, that backup is
//! restored: everything keeps its UUID. Pools are the exception: the backup tells of them but not what is in
//! their metadata. Otherwise the group is made anew, volume by volume.

use crate::system::action::{Action, Check, CommandLine, Operation};
use crate::system::model::storage::content::{Content, PhysicalVolume, VolumeGroup};
use crate::system::model::storage::{Device, DeviceKind, LogicalVolume};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::layers::{brought_up, made, ours};
use crate::system::rebuild::stack::Stack;

/// Types of volumes that belong to others and come with them.
const INNER: &[&str] = &["cache-pool", "error"];

/// Whether all that has the group `$0` on it are the devices that follow: of that name, the running machine
/// may have a group of its own.
const ON_TARGETS: &str = "{ test \"$(pvs --noheadings --options pv_name --select vg_name=\"$0\" | \
                          while read -r at; do readlink -f \"$at\" || echo \"$at\"; done | sort)\" = \
                          \"$(for at; do readlink -f \"$at\" || echo \"$at\"; done | sort)\"; }";

pub(super) fn group(stack: &Stack<'_>, name: &str) -> Result<Vec<Action>, RebuildError> {
    let Some(group) = stack.storage().volume_groups.iter().find(|group| group.name == name) else {
        return Err(RebuildError::NotCaptured { what: "volume groups", why: format!("{name} is missing") });
    };
    let physical: Vec<(&Device, &PhysicalVolume)> = group
        .devices
        .iter()
        .filter_map(|key| stack.storage().device(key))
        .filter_map(|device| match &device.content {
            Some(Content::PhysicalVolume(volume)) => Some((device, volume)),
            _ => None,
        })
        .collect();
    let Some((first, _)) = physical.first() else {
        let why = format!("the group {name} has no physical volumes");
        return Err(RebuildError::NotCaptured { what: "volume groups", why });
    };
    let volumes: Vec<(&Device, &LogicalVolume)> = stack
        .devices()
        .filter_map(|device| match &device.kind {
            DeviceKind::Volume(volume) if volume.group == name => Some((device, volume)),
            _ => None,
        })
        .collect();
    let plain =
        volumes.iter().all(|(_, volume)| !volume.segment_type.starts_with("thin") && volume.pool.is_none());
    let holds = physical.iter().all(|(device, _)| stack.size(&device.key) >= device.size_bytes);
    let mut commands = match group.backup.as_deref().filter(|_| plain && holds) {
        Some(backup) => restored(stack, name, backup, &physical),
        None => anew(stack, group, &physical, &volumes)?,
    };
    commands.extend(grown(stack, group, &physical, &volumes));
    let on: Vec<String> = physical.iter().map(|(device, _)| stack.node(device)).collect();
    let own: Vec<&str> = std::iter::once(name).chain(on.iter().map(String::as_str)).collect();
    let elsewhere = "{ echo \"the volume group $0 is not on the target disks alone\" >&2; exit 1; }";
    let known = ours(&format!("{ON_TARGETS} || {elsewhere}"), "", &own);
    let create = Action {
        operation: Operation::Run { commands },
        // Volumes may be missing where it was cut off, so only doing it again makes sure.
        check: None,
        needs: physical.iter().map(|(device, _)| stack.ready(&device.key)).collect(),
        destroys: physical.iter().flat_map(|(device, _)| stack.targets(&device.key)).collect(),
        ..made(stack, first, format!("volumes:{name}"), format!("make the volume group {name}"))
    };
    let nodes: Vec<String> = volumes.iter().map(|(device, _)| stack.node(device)).collect();
    let all_there = "printenv VOLUMES | while read -r at; do test -b \"$at\" || exit 1; done";
    let check = ours(&format!("{all_there} && {ON_TARGETS}"), "", &own);
    let check = check.variable("VOLUMES", &nodes.join("\n"));
    let activate = Action {
        operation: Operation::Run {
            commands: vec![known, CommandLine::new(["vgchange", "--activate", "y", name])],
        },
        check: Some(Check::Succeeds(check)),
        release: vec![ours(ON_TARGETS, "vgchange --activate n \"$0\"", &own)],
        ..brought_up(
            format!("activate:{name}"),
            format!("bring up the volume group {name}"),
            vec![create.id.clone()],
        )
    };
    Ok(vec![create, activate])
}

/// Takes away what an attempt that was cut off has left, so that the next can begin anew.
fn cleared(stack: &Stack<'_>, name: &str, physical: &[(&Device, &PhysicalVolume)]) -> Vec<CommandLine> {
    // A group of that name that is not on the targets belongs to the machine we run on, and is left alone.
    let gone = "group=$(pvs --noheadings --options vg_name \"$1\" 2>/dev/null | tr -d ' '); \
                [ \"$group\" = \"$0\" ] || exit 0; vgchange --activate n \"$0\"";
    let mut commands = Vec::new();
    for (device, _) in physical {
        commands.push(CommandLine::new(["sh", "-c", gone, name, &stack.node(device)]));
    }
    for (device, _) in physical {
        commands.push(CommandLine::new(["wipefs", "--quiet", "--all", "--force", &stack.node(device)]));
    }
    commands
}

fn restored(
    stack: &Stack<'_>,
    name: &str,
    backup: &str,
    physical: &[(&Device, &PhysicalVolume)],
) -> Vec<CommandLine> {
    let file = format!("/run/lifeboat-lvm-{name}");
    let mut commands = cleared(stack, name, physical);
    commands.push(CommandLine::new(["sh", "-c", "umask 077 && cat > \"$0\"", &file]).reads(backup));
    for (device, volume) in physical {
        let (uuid, node) = (format!("--uuid={}", volume.uuid), stack.node(device));
        let restore = format!("--restorefile={file}");
        commands.push(CommandLine::new(["pvcreate", "--yes", "--force", "--force", &uuid, &restore, &node]));
    }
    commands.push(CommandLine::new(["vgcfgrestore", "--force", "--file", &file, name]));
    commands.push(CommandLine::new(["rm", "-f", &file]));
    commands.push(CommandLine::new(["vgchange", "--activate", "y", name]));
    commands
}

fn anew(
    stack: &Stack<'_>,
    group: &VolumeGroup,
    physical: &[(&Device, &PhysicalVolume)],
    volumes: &[(&Device, &LogicalVolume)],
) -> Result<Vec<CommandLine>, RebuildError> {
    let mut commands = cleared(stack, &group.name, physical);
    for (device, volume) in physical {
        let (uuid, node) = (format!("--uuid={}", volume.uuid), stack.node(device));
        commands.push(CommandLine::new([
            "pvcreate",
            "--yes",
            "--force",
            "--force",
            &uuid,
            "--norestorefile",
            &node,
        ]));
    }
    let extent = format!("{}b", group.extent_bytes);
    let mut argv: Vec<String> = ["vgcreate", "--physicalextentsize", &extent].map(Into::into).to_vec();
    argv.extend(group.tags.iter().map(|tag| format!("--addtag={tag}")));
    argv.push(group.name.clone());
    argv.extend(physical.iter().map(|(device, _)| stack.node(device)));
    commands.push(CommandLine::new(argv));
    // Pools before what is in them.
    let pools = volumes.iter().filter(|(_, volume)| volume.segment_type == "thin-pool");
    let others = volumes.iter().filter(|(_, volume)| volume.segment_type != "thin-pool");
    for (device, volume) in pools.chain(others) {
        if volume.origin.is_some() || INNER.contains(&volume.segment_type.as_str()) {
            continue;
        }
        commands.push(volume_anew(device, volume)?);
    }
    Ok(commands)
}

fn volume_anew(device: &Device, volume: &LogicalVolume) -> Result<CommandLine, RebuildError> {
    let size = format!("{}b", device.size_bytes);
    let mut argv: Vec<String> = ["lvcreate", "--yes", "--wipesignatures", "y"].map(Into::into).to_vec();
    argv.extend(["--name".to_owned(), volume.name.clone()]);
    argv.extend(volume.tags.iter().map(|tag| format!("--addtag={tag}")));
    let mut more = |words: &[&str]| argv.extend(words.iter().map(|word| (*word).to_owned()));
    match (volume.segment_type.as_str(), &volume.pool) {
        ("linear", _) => more(&["--size", &size]),
        ("striped", _) => {
            more(&["--size", &size, "--type", "striped", "--stripes", &volume.stripes.to_string()]);
            if volume.stripe_bytes > 0 {
                more(&["--stripesize", &format!("{}b", volume.stripe_bytes)]);
            }
        }
        ("raid1", _) => {
            let mirrors = volume.stripes.saturating_sub(1).max(1).to_string();
            more(&["--size", &size, "--type", "raid1", "--mirrors", &mirrors]);
        }
        ("thin-pool", _) => more(&["--size", &size, "--type", "thin-pool"]),
        ("thin", Some(pool)) => more(&["--virtualsize", &size, "--thinpool", pool]),
        (segment_type, _) => {
            return Err(RebuildError::Volume {
                volume: format!("{}/{}", volume.group, volume.name),
                segment_type: segment_type.to_owned(),
            });
        }
    }
    argv.push(volume.group.clone());
    Ok(CommandLine::new(argv))
}

/// Gives what the group has gained to the volume that carries `/`, or else to the largest; what was free in
/// the group stays free.
fn grown(
    stack: &Stack<'_>,
    group: &VolumeGroup,
    physical: &[(&Device, &PhysicalVolume)],
    volumes: &[(&Device, &LogicalVolume)],
) -> Vec<CommandLine> {
    let extent = group.extent_bytes.max(1);
    let gains = physical.iter().map(|(device, _)| stack.size(&device.key).saturating_sub(device.size_bytes));
    let gain: u64 = gains.map(|gain| gain / extent * extent).sum();
    let can = volumes.iter().filter(|(_, volume)| volume.segment_type == "linear" && volume.origin.is_none());
    let chosen = can.max_by_key(|(device, _)| (stack.carries_root(&device.key), device.size_bytes));
    let Some((_, volume)) = chosen.filter(|_| gain > 0) else { return Vec::new() };
    let mut commands: Vec<CommandLine> =
        physical.iter().map(|(device, _)| CommandLine::new(["pvresize", &stack.node(device)])).collect();
    let (size, name) = (format!("+{gain}b"), format!("{}/{}", volume.group, volume.name));
    // Where the metadata now takes more room than before, the last extent may be missing.
    let extend = "lvextend --size \"$0\" \"$1\" || lvextend --extents +100%FREE \"$1\"";
    commands.push(CommandLine::new(["sh", "-c", extend, &size, &name]));
    commands
}
