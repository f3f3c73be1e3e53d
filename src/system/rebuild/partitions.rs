//! Attaching the target disks, and their partition tables.

use std::fmt::Write as _;

use crate::system::action::{Action, CommandLine, Operation, Stage, disk};
use crate::system::model::storage::Device;
use crate::system::model::storage::content::{Content, PartitionTable};
use crate::system::rebuild::bare_metal::{Mapped, Rebuild, show_target};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::layout::partitions;
use crate::system::rebuild::stack::Stack;

/// Lets udev, where there is one, catch up with what has appeared.
const SETTLE: &str = "command -v udevadm >/dev/null && udevadm settle --timeout=30; true";

pub(super) fn plan(stack: &Stack<'_>, rebuild: &mut Rebuild) -> Result<(), RebuildError> {
    for device in stack.devices() {
        let Some(mapped) = stack.mapping.get(device.key.as_str()) else { continue };
        rebuild.actions.push(attach(mapped));
        if let Some(Content::PartitionTable(table)) = &device.content {
            rebuild.actions.push(partition(stack, device, table, mapped)?);
        }
    }
    Ok(())
}

fn attach(mapped: &Mapped) -> Action {
    Action {
        id: format!("attach:{}", mapped.to.name),
        title: format!("take {} as {}", show_target(&mapped.to), mapped.to.name),
        stage: Stage::Disks,
        operation: Operation::Attach(mapped.to.clone()),
        check: None,
        destroys: Vec::new(),
        repeatable: true,
        volatile: true,
        release: Vec::new(),
        needs: Vec::new(),
    }
}

fn partition(
    stack: &Stack<'_>,
    device: &Device,
    table: &PartitionTable,
    mapped: &Mapped,
) -> Result<Action, RebuildError> {
    let node = disk(&mapped.to.name);
    let sfdisk = CommandLine::new(["sfdisk", "--quiet", "--wipe=always", "--wipe-partitions=always", &node]);
    let commands = vec![
        CommandLine::new(["wipefs", "--quiet", "--all", "--force", &node]),
        sfdisk.reads(script(stack, device, table, mapped)?),
        CommandLine::new(["partx", "--update", &node]),
        CommandLine::new(["sh", "-c", SETTLE]),
    ];
    Ok(Action {
        id: format!("partition:{}", mapped.to.name),
        title: format!("partition {} as {} was", mapped.to.name, device.name),
        stage: Stage::Disks,
        operation: Operation::Run { commands },
        check: None,
        destroys: vec![mapped.to.name.clone()],
        repeatable: true,
        volatile: false,
        release: Vec::new(),
        needs: vec![format!("attach:{}", mapped.to.name)],
    })
}

/// What `sfdisk` is fed.
fn script(
    stack: &Stack<'_>,
    device: &Device,
    table: &PartitionTable,
    mapped: &Mapped,
) -> Result<String, RebuildError> {
    let hostile = |what, name: &str| Err(RebuildError::Hostile { what, name: name.to_owned() });
    if !matches!(table.label.as_str(), "gpt" | "dos") {
        let what = format!("a partition table of the type {}", table.label);
        return Err(RebuildError::Unknown { device: device.name.clone(), what });
    }
    let sector = u64::from(mapped.sector_bytes.max(512));
    let mut text = format!("label: {}\n", table.label);
    if let Some(uuid) = &table.uuid {
        if !is_word(uuid) {
            return hostile("identifier of a partition table", uuid);
        }
        text.push_str(&format!("label-id: {uuid}\n"));
    }
    text.push_str(&format!("unit: sectors\nsector-size: {sector}\n"));
    if table.label == "gpt" {
        if let Some(first) = table.first_sector.filter(|_| u64::from(table.sector_bytes) == sector) {
            text.push_str(&format!("first-lba: {first}\n"));
        }
        if let Some(length) = table.length {
            text.push_str(&format!("table-length: {length}\n"));
        }
    }
    for (child, part) in partitions(stack, device) {
        let Some(place) = stack.places.get(child.key.as_str()) else { continue };
        let words = [Some(&part.partition_type), part.uuid.as_ref()];
        if let Some(word) = words.into_iter().flatten().find(|word| !is_word(word)) {
            return hostile("partition's type or UUID", word);
        }
        // sfdisk takes a partition's number from the end of any name before the colon. Writing to a string
        // cannot fail.
        let _ = write!(
            text,
            "p{} : start={}, size={}, type={}",
            part.number,
            place.start_bytes / sector,
            place.size_bytes / sector,
            part.partition_type
        );
        if let (Some(uuid), "gpt") = (&part.uuid, table.label.as_str()) {
            text.push_str(&format!(", uuid={uuid}"));
        }
        if let Some(name) = part.name.as_ref().filter(|name| !name.is_empty()) {
            if name.contains(['"', '\\']) || name.contains(char::is_control) {
                return hostile("partition's name", name);
            }
            text.push_str(&format!(", name=\"{name}\""));
        }
        if !part.attributes.is_empty() {
            if let Some(attribute) = part.attributes.iter().find(|attribute| !is_word(attribute)) {
                return hostile("partition's attribute", attribute);
            }
            text.push_str(&format!(", attrs=\"{}\"", part.attributes.join(" ")));
        }
        if part.is_bootable {
            text.push_str(", bootable");
        }
        text.push('\n');
    }
    Ok(text)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-:_,".contains(c))
}
