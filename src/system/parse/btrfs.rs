//! `btrfs inspect-internal dump-super`, `subvolume list`, `subvolume get-default` and `filesystem df`.

use crate::system::model::storage::content::{FileSystem, Subvolume};

/// Adds what the superblock says to `system`.
pub fn read_super(dump: &str, system: &mut FileSystem) {
    let number = |key: &str| {
        let line = dump.lines().find(|line| line.split_whitespace().next() == Some(key))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let Some(sector) = number("sectorsize") else { return };
    system.block_bytes = u32::try_from(sector).ok();
    system.size_bytes = number("total_bytes");
    let options = [("nodesize", "node_bytes"), ("num_devices", "devices"), ("csum_type", "checksum")];
    for (key, name) in options {
        if let Some(value) = number(key) {
            system.options.insert(name.to_owned(), value.to_string());
        }
    }
    if let Some(name) = dump.lines().find(|line| line.starts_with("csum_type")).and_then(|line| {
        // `csum_type  0 (crc32c)`
        line.split_once('(')?.1.split_once(')').map(|(name, _)| name.to_owned())
    }) {
        system.options.insert("checksum".to_owned(), name);
    }
    // Features stand in brackets over several lines: `( MIXED_BACKREF |` … `NO_HOLES )`.
    let mut features: Vec<String> = Vec::new();
    let mut is_inside = false;
    for line in dump.lines() {
        if line.starts_with("incompat_flags") || line.starts_with("compat_ro_flags") {
            is_inside = true;
        } else if !line.starts_with([' ', '\t']) {
            is_inside = false;
        } else if is_inside {
            let words = line.split(['(', ')', '|']).map(str::trim).filter(|word| !word.is_empty());
            features.extend(words.map(|word| word.to_ascii_lowercase().replace('_', "-")));
        }
    }
    features.retain(|feature| feature != "free-space-tree-valid");
    features.sort_unstable();
    features.dedup();
    system.features = features;
}

/// `ID 256 gen 10 top level 5 path @home`, each after the one that holds it.
pub fn parse_subvolumes(list: &str, default: &str, read_only: &str) -> Vec<Subvolume> {
    let default = default.split_whitespace().nth(1).and_then(|id| id.parse::<u64>().ok());
    let fixed: Vec<u64> = read_only.lines().filter_map(|line| Some(entry(line)?.0)).collect();
    let mut subvolumes: Vec<Subvolume> = list
        .lines()
        .filter_map(entry)
        .map(|(id, path)| Subvolume {
            id,
            path,
            is_default: default == Some(id),
            is_read_only: fixed.contains(&id),
        })
        .collect();
    subvolumes.sort_by(|left, right| left.path.cmp(&right.path));
    subvolumes
}

fn entry(line: &str) -> Option<(u64, String)> {
    let id = line.strip_prefix("ID ")?.split_whitespace().next()?.parse().ok()?;
    let path = line.split_once(" path ")?.1;
    Some((id, path.strip_prefix("<FS_TREE>/").unwrap_or(path).to_owned()))
}

/// `Data, RAID1: total=…`: the profile of each kind.
pub fn read_profiles(df: &str, system: &mut FileSystem) {
    for line in df.lines() {
        let Some((kind, rest)) = line.split_once(", ") else { continue };
        let Some((profile, _)) = rest.split_once(':') else { continue };
        if matches!(kind, "Data" | "Metadata" | "System") {
            system.profiles.insert(kind.to_ascii_lowercase(), profile.to_ascii_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subvolumes_come_with_default_and_read_only() {
        let list = "ID 256 gen 10 top level 5 path @\nID 257 gen 9 top level 5 path @home dir\nnonsense\n\
            ID 300 gen 9 top level 256 path @/snap\n";
        let found = parse_subvolumes(
            list,
            "ID 256 gen 10 top level 5 path @",
            "ID 300 gen 9 top level 5 path @/snap",
        );
        let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["@", "@/snap", "@home dir"]);
        assert!(found[0].is_default && found[1].is_read_only && !found[2].is_read_only);
        assert!(!parse_subvolumes(list, "ID 5 (FS_TREE)", "")[0].is_default);
    }

    #[test]
    fn features_and_profiles_are_read() {
        let dump = "superblock: bytenr=65536, device=/dev/sda\ncsum_type\t\t0 (crc32c)\ntotal_bytes\t\t1000\n\
            sectorsize\t\t4096\nnodesize\t\t16384\ncompat_ro_flags\t\t0x3\n\t\t\t( FREE_SPACE_TREE |\n\
            \t\t\t  FREE_SPACE_TREE_VALID )\nincompat_flags\t\t0x361\n\t\t\t( MIXED_BACKREF |\n\
            \t\t\t  NO_HOLES )\n\
            num_devices\t\t2\n";
        let mut system = FileSystem::default();
        read_super(dump, &mut system);
        read_profiles(
            "Data, RAID1: total=1GiB\nMetadata, DUP: total=1\nGlobalReserve, single: total=3\n",
            &mut system,
        );
        assert_eq!(system.features, ["free-space-tree", "mixed-backref", "no-holes"]);
        assert_eq!(
            (system.profiles["data"].as_str(), system.options["checksum"].as_str()),
            ("raid1", "crc32c")
        );
        assert_eq!(system.profiles.len(), 2);
    }
}
