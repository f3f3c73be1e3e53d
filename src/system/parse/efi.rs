//! `efibootmgr -v`: what a UEFI firmware knows to boot.

use crate::system::model::boot::{EfiBoot, EfiEntry};
use crate::system::parse::text;

/// Reads the output; `None` if it is none, as on a machine without UEFI.
pub fn parse(output: &str) -> Option<EfiBoot> {
    let mut boot = EfiBoot::default();
    for line in output.lines() {
        match line.split_once(": ") {
            Some(("BootCurrent", value)) => boot.current = text::some(value),
            Some(("BootNext", value)) => boot.next = text::some(value),
            Some(("BootOrder", value)) => boot.order = value.split(',').filter_map(text::some).collect(),
            Some(("Timeout", value)) => {
                boot.timeout_seconds = value.split_whitespace().next().and_then(|number| number.parse().ok());
            }
            _ => boot.entries.extend(entry(line)),
        }
    }
    boot.entries.sort_by(|left, right| left.number.cmp(&right.number));
    (boot != EfiBoot::default()).then_some(boot)
}

/// `Boot0001* debian\tHD(1,GPT,…)/File(\EFI\debian\shimx64.efi)`; the tab is what ends the label.
fn entry(line: &str) -> Option<EfiEntry> {
    let rest = line.strip_prefix("Boot")?;
    let number = rest.get(..4).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
    let rest = &rest[4..];
    let is_active = rest.starts_with('*');
    let rest = rest.strip_prefix(['*', ' '])?.trim_start();
    let (label, path) = rest.split_once('\t').unwrap_or((rest, ""));
    Some(EfiEntry {
        number: number.to_owned(),
        label: label.trim().to_owned(),
        is_active,
        device_path: path.trim().to_owned(),
        partition: partition(path),
        loader: loader(path),
    })
}

/// `HD(1,GPT,de9dc156-…,0x800,0x100000)`: the third field of a GPT's partition.
fn partition(path: &str) -> Option<String> {
    let fields: Vec<&str> = path.split_once("HD(")?.1.split(')').next()?.split(',').collect();
    match fields.as_slice() {
        [_, "GPT", uuid, ..] => Some(uuid.to_ascii_lowercase()),
        _ => None,
    }
}

/// `File(\EFI\…)`, or `/\EFI\…` as newer versions print it.
fn loader(path: &str) -> Option<String> {
    let program = match path.split_once("/File(") {
        Some((_, rest)) => rest.split(')').next()?,
        None => path.split_once("/\\").map(|(_, rest)| rest.split(['\t', ' ']).next().unwrap_or(rest))?,
    };
    let program = program.trim_start_matches('\\');
    (!program.is_empty()).then(|| format!("\\{program}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_old_and_new_versions_are_read() {
        let output = "BootCurrent: 0001\nTimeout: 2 seconds\nBootOrder: 0001,0000\nBootNext: 0000\n\
            Boot0001* debian: the best\tHD(1,GPT,DE9DC156-8A0B,0x800,0x100000)/File(\\EFI\\debian\\\
            shimx64.efi)\n\
            Boot0000  UEFI OS\tHD(1,GPT,de9dc156-8a0b,0x800,0x100000)/\\EFI\\BOOT\\BOOTX64.EFI0000424f\n\
            Boot000A* Network\tPciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,1)\n";
        let boot = parse(output).unwrap();
        assert_eq!((boot.current.as_deref(), boot.next.as_deref()), (Some("0001"), Some("0000")));
        assert_eq!((boot.timeout_seconds, boot.order.len()), (Some(2), 2));
        assert_eq!(boot.entries[1].label, "debian: the best");
        assert_eq!(boot.entries[1].loader.as_deref(), Some("\\EFI\\debian\\shimx64.efi"));
        assert_eq!(boot.entries[1].partition.as_deref(), Some("de9dc156-8a0b"));
        assert!(!boot.entries[0].is_active && boot.entries[2].partition.is_none());
        assert_eq!(parse("EFI variables are not supported on this system.\n"), None);
    }
}
