//! Names for devices that hold across boots and captures.

use std::collections::BTreeMap;

use crate::system::capture::storage::facts::{Facts, is_raid};
use crate::system::parse::lsblk::Block;
use crate::system::parse::md;

/// The key of each device, by kernel name; no two are the same.
pub fn assign(facts: &Facts) -> BTreeMap<String, String> {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut taken: Vec<String> = Vec::new();
    for block in &facts.blocks {
        let parent = block.parents.first().and_then(|parent| keys.get(parent)).cloned();
        let mut key = key(facts, block, parent.as_deref());
        // Two paths to one disk, or a disk that was cloned: then the kernel's name must tell them apart.
        if taken.contains(&key) {
            key = format!("{key}+{}", block.kname);
        }
        taken.push(key.clone());
        keys.insert(block.kname.clone(), key);
    }
    keys
}

fn key(facts: &Facts, block: &Block, parent: Option<&str>) -> String {
    let column = |name: &str| facts.column(block, name);
    let kname = &block.kname;
    match block.kind.as_str() {
        "disk" if kname.starts_with("zram") => format!("zram:{kname}"),
        "disk" => disk(facts, block),
        "part" => {
            let dumped =
                facts.tables.values().flat_map(|(_, dumped)| dumped).find(|one| one.node == block.path);
            let uuid = dumped.and_then(|one| one.partition.uuid.clone()).or_else(|| column("partuuid"));
            match (uuid, parent) {
                (Some(uuid), _) => format!("part:{}", uuid.to_ascii_lowercase()),
                (None, Some(parent)) => format!("part:{parent}/{}", number(facts, block)),
                (None, None) => format!("part:name-{kname}"),
            }
        }
        "crypt" => {
            let below = block.parents.first().and_then(|parent| facts.luks.get(parent));
            let below = below.map(|luks| luks.uuid.clone());
            below.map_or_else(|| format!("crypt:{}", block.name), |uuid| format!("luks:{uuid}"))
        }
        "lvm" => match facts.volumes.iter().find(|one| {
            crate::system::parse::lvm::mapper_name(&one.volume.group, &one.volume.name) == block.name
        }) {
            Some(one) => format!("lv:{}/{}", one.volume.group, one.volume.name),
            None => format!("lv:{}", block.name),
        },
        "loop" => match facts.loops.get(kname) {
            Some((file, 0)) => format!("loop:{file}"),
            Some((file, offset)) => format!("loop:{file}@{offset}"),
            None => format!("loop:name-{kname}"),
        },
        "mpath" => format!("mpath:{}", block.name),
        _ if is_raid(block) => {
            let known = facts.raids.get(kname).map(|(raid, _)| raid.uuid.clone());
            // Members tell the array's UUID too.
            let member = || facts.blocks.iter().find(|one| block.parents.contains(&one.kname));
            let told = || member().and_then(|one| md::uuid(&facts.column(one, "uuid")?));
            known.or_else(told).map_or_else(|| format!("md:name-{}", block.name), |uuid| format!("md:{uuid}"))
        }
        kind => format!("{kind}:{}", block.name),
    }
}

fn disk(facts: &Facts, block: &Block) -> String {
    let wwn = block.column("wwn").or_else(|| facts.wwns.get(&block.kname).cloned());
    let serial = block.column("serial").or_else(|| facts.serials.get(&block.kname).cloned());
    let by_id = facts.by_id.get(&block.kname).and_then(|names| names.first());
    match (wwn, serial, by_id) {
        (Some(wwn), _, _) => format!("disk:wwn-{wwn}"),
        (None, Some(serial), _) => format!("disk:serial-{serial}"),
        (None, None, Some(name)) => format!("disk:id-{name}"),
        (None, None, None) => format!("disk:name-{}", block.kname),
    }
}

/// A partition's number: from its table, from lsblk, or from what its name has beyond its disk's.
pub fn number(facts: &Facts, block: &Block) -> u32 {
    let dumped = facts.tables.values().flat_map(|(_, dumped)| dumped).find(|one| one.node == block.path);
    let told = dumped.map(|one| one.partition.number);
    let told = told.or_else(|| block.number("partn").and_then(|number| number.try_into().ok()));
    let named = || {
        let rest = block.kname.strip_prefix(block.parents.first()?.as_str())?;
        rest.trim_start_matches('p').parse().ok()
    };
    told.or_else(named).unwrap_or(0)
}
