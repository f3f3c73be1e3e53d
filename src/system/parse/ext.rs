//! `dumpe2fs -h`: what mke2fs needs to make an ext2, ext3 or ext4 again.

use std::collections::BTreeMap;

use crate::system::model::storage::content::FileSystem;

/// Adds what the superblock says to `system`.
pub fn read(dump: &str, system: &mut FileSystem) {
    let fields: BTreeMap<&str, &str> = dump
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let number =
        |key: &str| fields.get(key).and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
    let Some(block) = number("Block size") else { return };
    system.block_bytes = u32::try_from(block).ok();
    system.size_bytes = number("Block count").and_then(|count| count.checked_mul(block));
    system.inodes = number("Inode count");
    let mut features: Vec<String> =
        fields.get("Filesystem features").unwrap_or(&"").split_whitespace().map(str::to_owned).collect();
    // A flag of the moment, not of how it was made.
    features.retain(|feature| feature != "needs_recovery" && feature != "orphan_present");
    features.sort_unstable();
    system.features = features;
    let copied = [
        ("Inode size", "inode_bytes"),
        ("Reserved block count", "reserved_blocks"),
        ("Default mount options", "default_mount_options"),
        ("Errors behavior", "errors_behavior"),
        ("RAID stride", "raid_stride"),
        ("RAID stripe width", "raid_stripe_width"),
        ("Maximum mount count", "maximum_mount_count"),
        ("Check interval", "check_interval"),
        ("Default directory hash", "directory_hash"),
        ("Journal size", "journal_size"),
        ("Total journal size", "journal_size"),
        ("Flex block group size", "flex_group_size"),
        ("Reserved blocks uid", "reserved_uid"),
        ("Reserved blocks gid", "reserved_gid"),
        ("Character encoding", "encoding"),
    ];
    for (key, name) in copied {
        if let Some(value) = fields.get(key).filter(|value| !value.is_empty() && **value != "(none)") {
            // `1800 (00:30:00)` and `0 (user root)`: people read the rest.
            let value = value.split(" (").next().unwrap_or(value);
            system.options.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_superblock_tells_how_to_make_the_file_system_again() {
        let dump = "Filesystem volume name:   <none>\nFilesystem features:      has_journal ext_attr \
            needs_recovery extent 64bit\nDefault mount options:    user_xattr acl\n\
            Errors behavior:          Continue\n\
            Inode count:              65536\nBlock count:              262144\n\
            Reserved block count:     13107\n\
            Block size:               4096\nInode size:\t          256\n\
            Reserved blocks uid:      0 (user root)\n";
        let mut system = FileSystem::default();
        read(dump, &mut system);
        assert_eq!(system.features, ["64bit", "ext_attr", "extent", "has_journal"]);
        assert_eq!((system.size_bytes, system.inodes), (Some(1 << 30), Some(65536)));
        assert_eq!(
            (system.options["inode_bytes"].as_str(), system.options["reserved_uid"].as_str()),
            ("256", "0")
        );
        let mut none = FileSystem::default();
        read("dumpe2fs: Bad magic number", &mut none);
        assert_eq!(none, FileSystem::default());
    }
}
