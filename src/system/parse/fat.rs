//! The boot sector of a FAT file system: width, clusters, and what else mkfs.fat needs.

use crate::system::model::storage::content::FileSystem;

/// Adds what the boot sector says to `system`; nothing if it is none.
pub fn read(sector: &[u8], system: &mut FileSystem) {
    let Some(sector) = sector.get(..512).filter(|sector| sector[510..] == [0x55, 0xaa]) else { return };
    let word = |at: usize| u32::from(u16::from_le_bytes([sector[at], sector[at + 1]]));
    let long = |at: usize| u32::from_le_bytes([sector[at], sector[at + 1], sector[at + 2], sector[at + 3]]);
    let (bytes, per_cluster, reserved) = (word(11), u32::from(sector[13]), word(14));
    let (fats, roots) = (u32::from(sector[16]), word(17));
    if !bytes.is_power_of_two() || bytes < 512 || !per_cluster.is_power_of_two() {
        return;
    }
    let total = if word(19) == 0 { long(32) } else { word(19) };
    let fat_sectors = if word(22) == 0 { long(36) } else { word(22) };
    // How Microsoft's specification tells the width: by the number of clusters.
    let used = u64::from(reserved)
        + u64::from(fats) * u64::from(fat_sectors)
        + u64::from((roots * 32).div_ceil(bytes));
    let clusters = u64::from(total).saturating_sub(used) / u64::from(per_cluster);
    let bits = match clusters {
        0..4085 => "12",
        4085..65525 => "16",
        _ => "32",
    };
    let bits = if word(22) == 0 { "32" } else { bits };
    system.block_bytes = bytes.checked_mul(per_cluster);
    system.size_bytes = Some(u64::from(total) * u64::from(bytes));
    let options = [
        ("fat_bits", bits.to_owned()),
        ("sector_bytes", bytes.to_string()),
        ("sectors_per_cluster", per_cluster.to_string()),
        ("reserved_sectors", reserved.to_string()),
        ("tables", fats.to_string()),
    ];
    system.options.extend(options.map(|(name, value)| (name.to_owned(), value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_comes_from_the_number_of_clusters() {
        let mut sector = [0u8; 512];
        sector[11..13].copy_from_slice(&512u16.to_le_bytes());
        sector[13] = 8;
        sector[14..16].copy_from_slice(&32u16.to_le_bytes());
        sector[16] = 2;
        sector[32..36].copy_from_slice(&1_048_576u32.to_le_bytes());
        sector[36..40].copy_from_slice(&1022u32.to_le_bytes());
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        let mut system = FileSystem::default();
        read(&sector, &mut system);
        assert_eq!((system.options["fat_bits"].as_str(), system.block_bytes), ("32", Some(4096)));
        assert_eq!(system.size_bytes, Some(512 << 20));
    }

    #[test]
    fn any_sector_is_survived() {
        for fill in [0u8, 0xff, 0x55] {
            let mut sector = [fill; 512];
            sector[510..].copy_from_slice(&[0x55, 0xaa]);
            read(&sector, &mut FileSystem::default());
            read(&sector[..100], &mut FileSystem::default());
        }
    }
}
