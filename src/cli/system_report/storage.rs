//! Disks and all that lies on them, as a tree.

use crate::cli::system_report::{or_empty, rows};
use crate::system::model::SystemState;
use crate::system::model::storage::content::{Content, FileSystem};
use crate::system::model::storage::{Device, DeviceKind, Storage};
use crate::ui::format;
use crate::ui::report::{Body, Report};

/// How deep the tree is drawn; no stack is deeper.
const DEPTH_MAX: usize = 16;
/// How many lines it has at most; a device below several others is drawn below each.
const LINES_MAX: usize = 10_000;

/// Writes the section.
pub fn storage(state: &SystemState, report: &mut Report) {
    let storage = &state.storage;
    let mut lines = Vec::new();
    for device in storage.devices.iter().filter(|device| device.parents.is_empty()) {
        draw(storage, device, &mut Vec::new(), &mut lines);
    }
    if !lines.is_empty() {
        report.add("Storage", Body::Lines(lines));
    }
    let disks = storage.devices.iter().filter_map(|device| match &device.kind {
        DeviceKind::Disk(disk) => Some(vec![
            device.name.clone(),
            format::size(device.size_bytes),
            or_empty(&disk.model),
            or_empty(&disk.serial),
            or_empty(&disk.wwn),
            or_empty(&disk.transport),
            format!("{}/{}", disk.logical_sector_bytes, disk.physical_sector_bytes),
        ]),
        _ => None,
    });
    rows(report, "Disks", &["DISK", "SIZE", "MODEL", "SERIAL", "WWN", "BUS", "SECTORS"], disks.collect());
    let groups = storage.volume_groups.iter().map(|group| {
        let (size, free) = (format::size(group.size_bytes), format::size(group.free_bytes));
        vec![group.name.clone(), size, free, group.uuid.clone(), group.devices.join(", ")]
    });
    rows(report, "Volume groups", &["GROUP", "SIZE", "FREE", "UUID", "ON"], groups.collect());
    let mounts = storage.mounts.iter().map(|mount| {
        vec![mount.target.clone(), mount.fs_type.clone(), mount.source.clone(), mount.options.join(",")]
    });
    rows(report, "Mounts", &["TARGET", "TYPE", "SOURCE", "OPTIONS"], mounts.collect());
    let fstab = storage.fstab.iter().map(|entry| {
        let options = entry.options.join(",");
        vec![
            entry.target.clone(),
            entry.fs_type.clone(),
            entry.source.clone(),
            options,
            entry.pass.to_string(),
        ]
    });
    rows(report, "fstab", &["TARGET", "TYPE", "SOURCE", "OPTIONS", "PASS"], fstab.collect());
    let crypttab = storage.crypttab.iter().map(|entry| {
        vec![entry.name.clone(), entry.source.clone(), entry.key_file.clone(), entry.options.join(",")]
    });
    rows(report, "crypttab", &["NAME", "SOURCE", "KEY FILE", "OPTIONS"], crypttab.collect());
}

/// Draws a device and what is made of it; `stems` are the lines that go on beside it.
fn draw(storage: &Storage, device: &Device, stems: &mut Vec<bool>, lines: &mut Vec<String>) {
    let mut line = String::new();
    if let Some((last, above)) = stems.split_last() {
        above.iter().for_each(|goes_on| line.push_str(if *goes_on { "│  " } else { "   " }));
        line.push_str(if *last { "├─ " } else { "└─ " });
    }
    line.push_str(&describe(storage, device));
    lines.push(line);
    if stems.len() >= DEPTH_MAX || lines.len() >= LINES_MAX {
        return;
    }
    let children: Vec<&Device> = storage.children(&device.key).collect();
    for (index, child) in children.iter().enumerate() {
        if lines.len() >= LINES_MAX {
            return;
        }
        stems.push(index + 1 < children.len());
        draw(storage, child, stems, lines);
        stems.pop();
    }
}

fn describe(storage: &Storage, device: &Device) -> String {
    let mut words = vec![device.name.clone(), format::size(device.size_bytes)];
    words.push(match &device.kind {
        DeviceKind::Disk(_) => format!("disk ({})", device.key.trim_start_matches("disk:")),
        DeviceKind::Partition(one) => {
            let name = one.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
            format!("partition {}{name}", one.number)
        }
        DeviceKind::Raid(raid) => format!("{} of {}", raid.level, raid.devices),
        DeviceKind::Opened(opened) => format!("opened as {}", opened.name),
        DeviceKind::Volume(volume) => {
            format!("volume {} {}", volume.group, volume.segment_type).trim_end().to_owned()
        }
        DeviceKind::Loop(one) => format!("loop of {}", one.file),
        DeviceKind::Multipath { name } => format!("multipath {name}"),
        DeviceKind::Other { name } => name.clone(),
        DeviceKind::Unknown => "unknown".to_owned(),
    });
    words.extend(device.content.as_ref().map(content));
    let places: Vec<&str> = storage
        .mounts
        .iter()
        .filter(|mount| mount.device.as_deref() == Some(device.key.as_str()))
        .map(|mount| mount.target.as_str())
        .collect();
    if !places.is_empty() {
        words.push(format!("at {}", places.join(", ")));
    }
    words.join("  ")
}

fn content(content: &Content) -> String {
    let with = |name: &str, uuid: &Option<String>, label: &Option<String>| {
        let uuid = uuid.as_ref().map(|uuid| format!(" {uuid}")).unwrap_or_default();
        let label = label.as_ref().map(|label| format!(" {label:?}")).unwrap_or_default();
        format!("{name}{label}{uuid}")
    };
    match content {
        Content::PartitionTable(table) => with(&format!("{} table", table.label), &table.uuid, &None),
        Content::RaidMember { array } => format!("member of {array}"),
        Content::Luks(luks) => with(&format!("LUKS {}", luks.version), &Some(luks.uuid.clone()), &luks.label),
        Content::PhysicalVolume(one) => {
            format!("physical volume of {}", one.group.as_deref().unwrap_or("no group"))
        }
        Content::FileSystem(system) => {
            let FileSystem { fs_type, uuid, label, used_bytes, .. } = system;
            let used = used_bytes.map(|used| format!(", {} used", format::size(used))).unwrap_or_default();
            format!("{}{used}", with(fs_type, uuid, label))
        }
        Content::Swap(area) => with("swap", &area.uuid, &area.label),
        Content::Other { name, uuid, label } => with(name, uuid, label),
    }
}
