//! Where partitions come to lie on a disk of another size.
//!
//! Nothing is moved that need not be: every partition keeps its start and its size, but for one. That one,
//! the partition that carries `/` or else the largest that can, takes the difference, and what lies behind it
//! moves along, by whole megabytes, so that what was aligned stays so.

use crate::system::model::storage::content::{Content, PartitionTable};
use crate::system::model::storage::{Device, DeviceKind, Partition};
use crate::system::rebuild::bare_metal::{Mapped, Room, show_target};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::stack::Stack;

/// What starts and sizes change by multiples of.
const ALIGN_BYTES: u64 = 1 << 20;
/// Bytes that the entries of a GPT take, of which a copy lies at the end of the disk.
const GPT_ENTRIES_BYTES: u64 = 16 << 10;
/// What a file system needs beside the bytes that it held: a tenth and this, for its own structures.
const SPARE_BYTES: u64 = 64 << 20;
/// Sectors that a DOS table can count.
const DOS_SECTORS: u64 = 1 << 32;

/// Where a partition lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its first byte on the disk.
    pub start_bytes: u64,
    /// Its length.
    pub size_bytes: u64,
}

impl Placed {
    fn end_bytes(self) -> u64 {
        self.start_bytes.saturating_add(self.size_bytes)
    }
}

/// The partitions of `disk`, by key, where they come to lie on its target.
pub(super) fn place<'a>(
    stack: &Stack<'a>,
    disk: &'a Device,
    table: &PartitionTable,
) -> Result<Vec<(&'a str, Placed)>, RebuildError> {
    let Some(mapped) = stack.mapping.get(disk.key.as_str()) else { return Ok(Vec::new()) };
    let children: Vec<(&Device, &Partition)> = partitions(stack, disk).collect();
    let end = end_of(table, mapped);
    let used = children.iter().map(|(device, part)| part.start_bytes.saturating_add(device.size_bytes));
    let used = used.max().unwrap_or(0);
    let flexible = flexible(stack, &children);
    // Down to whole megabytes in either direction: never more than there is, never less than is missing.
    let room = (i128::from(end) - i128::from(used)).div_euclid(i128::from(ALIGN_BYTES));
    let room = room * i128::from(ALIGN_BYTES);
    let change = match (stack.options.room, flexible) {
        (Room::Grow | Room::Fit, Some(_)) if room > 0 => room,
        (Room::Fit, Some((device, _))) if room < 0 => {
            let least = minimum(stack, device);
            if i128::from(device.size_bytes) + room < i128::from(least) {
                let missing = i128::from(least) - i128::from(device.size_bytes) - room;
                let needed = u64::try_from(i128::from(mapped.to.size_bytes) + missing).unwrap_or(u64::MAX);
                return Err(too_small(
                    mapped,
                    disk,
                    needed,
                    ", even with its largest file system made smaller",
                ));
            }
            room
        }
        _ if room < 0 => {
            let hint = match (stack.options.room, flexible) {
                (Room::Keep | Room::Grow, Some(_)) => "; or let a file system become smaller: room = \"fit\"",
                _ => "",
            };
            let needed = used.saturating_add(mapped.to.size_bytes.saturating_sub(end));
            return Err(too_small(mapped, disk, needed, hint));
        }
        _ => 0,
    };
    let placed = children.iter().map(|(device, part)| {
        let old = Placed { start_bytes: part.start_bytes, size_bytes: device.size_bytes };
        (device.key.as_str(), shifted(old, part, flexible, change))
    });
    let placed: Vec<_> = placed.collect();
    check_alignment(mapped, disk, &children, &placed)?;
    Ok(placed)
}

/// The partitions of `disk` in the order of their numbers.
pub(super) fn partitions<'a>(
    stack: &Stack<'a>,
    disk: &'a Device,
) -> impl Iterator<Item = (&'a Device, &'a Partition)> {
    let mut found: Vec<_> = stack
        .storage()
        .children(&disk.key)
        .filter_map(|device| match &device.kind {
            DeviceKind::Partition(part) => Some((device, part)),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(_, part)| part.number);
    found.into_iter()
}

/// The first byte that partitions may not use.
fn end_of(table: &PartitionTable, mapped: &Mapped) -> u64 {
    let sector = u64::from(mapped.sector_bytes.max(512));
    let size = mapped.to.size_bytes / sector * sector;
    match table.label.as_str() {
        "gpt" => {
            let entries = table.length.map_or(GPT_ENTRIES_BYTES, |length| u64::from(length) * 128);
            size.saturating_sub(sector + entries.max(GPT_ENTRIES_BYTES).next_multiple_of(sector))
        }
        _ => size.min(DOS_SECTORS * sector),
    }
}

/// The partition that takes the difference.
fn flexible<'a>(
    stack: &Stack<'a>,
    children: &[(&'a Device, &'a Partition)],
) -> Option<(&'a Device, &'a Partition)> {
    let can = children.iter().filter(|(device, part)| {
        !part.is_extended
            && match &device.content {
                Some(Content::FileSystem(fs)) => fs.fs_type != "vfat",
                Some(Content::Luks(_) | Content::PhysicalVolume(_) | Content::RaidMember { .. }) => true,
                _ => false,
            }
    });
    can.max_by_key(|(device, _)| (stack.carries_root(&device.key), device.size_bytes)).copied()
}

/// Where a partition lies once `flexible` has changed by `change` bytes.
fn shifted(old: Placed, part: &Partition, flexible: Option<(&Device, &Partition)>, change: i128) -> Placed {
    let Some((device, chosen)) = flexible else { return old };
    let add = |bytes: u64| u64::try_from(i128::from(bytes) + change).unwrap_or(0);
    let begins_after = part.start_bytes >= chosen.start_bytes + device.size_bytes;
    let holds = part.is_extended
        && part.start_bytes <= chosen.start_bytes
        && chosen.start_bytes + device.size_bytes <= old.end_bytes();
    match () {
        () if part.number == chosen.number || holds => Placed { size_bytes: add(old.size_bytes), ..old },
        () if begins_after => Placed { start_bytes: add(old.start_bytes), ..old },
        () => old,
    }
}

/// Partitions of a disk with small sectors may not fit those of one with large ones.
fn check_alignment(
    mapped: &Mapped,
    disk: &Device,
    children: &[(&Device, &Partition)],
    placed: &[(&str, Placed)],
) -> Result<(), RebuildError> {
    let sector = u64::from(mapped.sector_bytes.max(512));
    let uneven = |place: &Placed| {
        !place.start_bytes.is_multiple_of(sector) || !place.size_bytes.is_multiple_of(sector)
    };
    match children.iter().zip(placed).find(|(_, (_, place))| uneven(place)) {
        None => Ok(()),
        Some(((_, part), _)) => Err(RebuildError::Alignment {
            target: show_target(&mapped.to),
            disk: disk.name.clone(),
            number: part.number,
            sector_bytes: mapped.sector_bytes,
        }),
    }
}

pub(super) fn too_small(
    mapped: &Mapped,
    disk: &Device,
    needed_bytes: u64,
    hint: &'static str,
) -> RebuildError {
    RebuildError::TooSmall {
        target: show_target(&mapped.to),
        disk: disk.name.clone(),
        needed_bytes,
        size_bytes: mapped.to.size_bytes,
        hint,
    }
}

/// The least room that what `device` holds can do with; all that it had, unless things may become smaller.
pub(super) fn minimum(stack: &Stack<'_>, device: &Device) -> u64 {
    minimum_within(stack, device, 0)
}

fn minimum_within(stack: &Stack<'_>, device: &Device, depth: usize) -> u64 {
    // A hostile document may have circles; no real stack is that deep.
    if stack.options.room != Room::Fit || depth > 16 {
        return device.size_bytes;
    }
    let child = || stack.storage().children(&device.key).next();
    let with_overhead = |child: &Device| {
        let overhead = device.size_bytes.saturating_sub(child.size_bytes);
        minimum_within(stack, child, depth + 1).saturating_add(overhead)
    };
    let least = match &device.content {
        Some(Content::FileSystem(fs)) => {
            fs.used_bytes.map(|used| used.saturating_add(used / 10).saturating_add(SPARE_BYTES))
        }
        Some(Content::Luks(_)) => child().map(with_overhead),
        Some(Content::RaidMember { .. }) => child()
            .filter(|array| matches!(&array.kind, DeviceKind::Raid(raid) if raid.level == "raid1"))
            .map(with_overhead),
        Some(Content::PhysicalVolume(volume)) => {
            let sole = stack.storage().volume_groups.iter().any(|group| {
                Some(&group.name) == volume.group.as_ref() && group.devices == [device.key.clone()]
            });
            sole.then(|| device.size_bytes.saturating_sub(volume.free_bytes))
        }
        _ => None,
    };
    least.unwrap_or(device.size_bytes).min(device.size_bytes)
}
