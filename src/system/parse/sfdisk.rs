//! `sfdisk --dump`: a partition table and its partitions.

use crate::system::model::storage::Partition;
use crate::system::model::storage::content::PartitionTable;
use crate::system::parse::text;

/// A partition with where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dumped {
    /// Its node, such as `/dev/sda1`.
    pub node: String,
    /// Its length.
    pub size_bytes: u64,
    /// What the table says of it.
    pub partition: Partition,
}

/// Reads a dump; `sector_bytes` is what the disk says, for versions that do not print it.
pub fn parse(dump: &str, sector_bytes: u32) -> Option<(PartitionTable, Vec<Dumped>)> {
    let mut table = PartitionTable { sector_bytes, dump: Some(dump.to_owned()), ..PartitionTable::default() };
    let mut device = String::new();
    let mut partitions = Vec::new();
    for line in text::lines(dump, "#") {
        if let Some((node, rest)) = line.split_once(" : ") {
            partitions.extend(partition(node.trim(), rest, &device, &table));
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key.trim() {
            "label" => table.label = value.to_owned(),
            "label-id" => table.uuid = text::some(&value.to_ascii_lowercase()),
            "device" => device = value.to_owned(),
            "first-lba" => table.first_sector = value.parse().ok(),
            "last-lba" => table.last_sector = value.parse().ok(),
            "table-length" => table.length = value.parse().ok(),
            "sector-size" => table.sector_bytes = value.parse().unwrap_or(sector_bytes),
            _ => {}
        }
    }
    (!table.label.is_empty()).then_some((table, partitions))
}

fn partition(node: &str, rest: &str, device: &str, table: &PartitionTable) -> Option<Dumped> {
    let number =
        node.strip_prefix(device)?.trim_start_matches("-part").trim_start_matches('p').parse().ok()?;
    let mut dumped = Dumped {
        node: node.to_owned(),
        partition: Partition { number, ..Partition::default() },
        size_bytes: 0,
    };
    let sector = u64::from(table.sector_bytes.max(1));
    let one = &mut dumped.partition;
    for (key, value) in fields(rest) {
        let bytes = || value.parse::<u64>().ok().and_then(|sectors| sectors.checked_mul(sector));
        match key.as_str() {
            "start" => one.start_bytes = bytes()?,
            "size" => dumped.size_bytes = bytes()?,
            // `Id` in old versions.
            "type" | "Id" => one.partition_type = value,
            "uuid" => one.uuid = text::some(&value.to_ascii_lowercase()),
            "name" => one.name = text::some(&value),
            "attrs" => one.attributes = value.split([' ', ',']).filter_map(text::some).collect(),
            "bootable" => one.is_bootable = true,
            _ => {}
        }
    }
    one.is_extended = table.label == "dos" && matches!(one.partition_type.as_str(), "5" | "f" | "85");
    if one.uuid.is_none()
        && table.label == "dos"
        && let Some(id) = &table.uuid
    {
        // How the kernel names partitions of a DOS table.
        one.uuid = Some(format!("{}-{number:02x}", id.trim_start_matches("0x")));
    }
    Some(dumped)
}

/// `key=value` split at commas outside quotes; a word alone has no value.
fn fields(rest: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut characters = rest.chars();
    loop {
        match characters.next() {
            Some('"') => quoted = !quoted,
            Some('\\') if quoted => match escaped(&mut characters) {
                Some(c) => word.push(c),
                None => word.push('\\'),
            },
            Some(c) if c != ',' || quoted => word.push(c),
            end => {
                let (key, value) = word.split_once('=').unwrap_or((&word, ""));
                fields.push((key.trim().to_owned(), value.trim().to_owned()));
                word.clear();
                if end.is_none() {
                    return fields;
                }
            }
        }
    }
}

/// `\x22` of a name that holds a quotation mark.
fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let mut ahead = characters.clone();
    if ahead.next() != Some('x') {
        return None;
    }
    let digits: String = ahead.by_ref().take(2).collect();
    let byte = u8::from_str_radix(&digits, 16).ok().filter(u8::is_ascii)?;
    *characters = ahead;
    Some(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpt_dump_is_read_with_names_attributes_and_sectors_of_4096_bytes() {
        let dump = "label: gpt\nlabel-id: 29E24F74-84BC-D746-8EC3-24C738AABB7B\ndevice: /dev/nvme0n1\n\
            unit: sectors\nfirst-lba: 6\nlast-lba: 9999\nsector-size: 4096\n\n\
            /dev/nvme0n1p1 : start=        256, size=       100, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, \
            uuid=DE9DC156-8A0B-0A4E-8E8D-9F75DD0685AE, name=\"EFI, \\x22System\", \
            attrs=\"RequiredPartition GUID:63\"\n";
        let (table, partitions) = parse(dump, 512).unwrap();
        assert_eq!((table.label.as_str(), table.sector_bytes, table.last_sector), ("gpt", 4096, Some(9999)));
        let one = &partitions[0];
        assert_eq!((one.partition.number, one.size_bytes), (1, 409_600));
        assert_eq!(one.partition.start_bytes, 256 * 4096);
        assert_eq!(one.partition.name.as_deref(), Some("EFI, \"System"));
        assert_eq!(one.partition.attributes, ["RequiredPartition", "GUID:63"]);
        assert_eq!(one.partition.uuid.as_deref(), Some("de9dc156-8a0b-0a4e-8e8d-9f75dd0685ae"));
    }

    #[test]
    fn a_dos_dump_has_extended_and_logical_partitions() {
        let dump = "label: dos\nlabel-id: 0xA1B2C3D4\ndevice: /dev/sda\nunit: sectors\n\n\
            /dev/sda1 : start=2048, size=204800, type=83, bootable\n\
            /dev/sda2 : start=208894, size=1000, type=5\n/dev/sda5 : start=208896, size=900, type=82\n";
        let (table, partitions) = parse(dump, 512).unwrap();
        assert_eq!(table.uuid.as_deref(), Some("0xa1b2c3d4"));
        let numbers: Vec<u32> = partitions.iter().map(|one| one.partition.number).collect();
        assert_eq!(numbers, [1, 2, 5]);
        assert!(partitions[0].partition.is_bootable && partitions[1].partition.is_extended);
        assert_eq!(partitions[2].partition.uuid.as_deref(), Some("a1b2c3d4-05"));
    }

    #[test]
    fn hostile_dumps_are_left_out_line_by_line() {
        assert_eq!(parse("", 512), None);
        let dump = "label: gpt\ndevice: /dev/sda\n/dev/sdb1 : start=1\n/dev/sdax : start=1\n\
            /dev/sda1 : start=99999999999999999999, size=1\n/dev/sda2 : start=18446744073709551615\n\
            /dev/sda3 : start=1, name=\"open\n";
        assert_eq!(parse(dump, 512).unwrap().1.len(), 1);
    }
}
