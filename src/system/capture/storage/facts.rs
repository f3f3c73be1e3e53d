//! All that was found out about storage, before it is put together. Devices go by their kernel names.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::model::storage::Raid;
use crate::system::model::storage::content::{FileSystem, Luks, PartitionTable, PhysicalVolume, VolumeGroup};
use crate::system::model::storage::mounts::{CrypttabEntry, FstabEntry, Mount, Swap};
use crate::system::parse::lsblk::Block;
use crate::system::parse::lvm::Listed;
use crate::system::parse::md::Member;
use crate::system::parse::mounts::Usage;
use crate::system::parse::sfdisk::Dumped;

/// What was found out.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// lsblk's devices, parents first.
    pub blocks: Vec<Block>,
    /// What blkid says, by node.
    pub blkid: BTreeMap<String, BTreeMap<String, String>>,
    /// Names below `/dev/disk/by-id`.
    pub by_id: BTreeMap<String, Vec<String>>,
    /// Names below `/dev/disk/by-path`.
    pub by_path: BTreeMap<String, Vec<String>>,
    /// Serial numbers that sysfs knows.
    pub serials: BTreeMap<String, String>,
    /// World-wide names that sysfs knows.
    pub wwns: BTreeMap<String, String>,
    /// Files behind loop devices, with their offsets.
    pub loops: BTreeMap<String, (String, u64)>,
    /// Disks whose first sector holds GRUB.
    pub grub: BTreeSet<String>,
    /// Partition tables.
    pub tables: BTreeMap<String, (PartitionTable, Vec<Dumped>)>,
    /// Arrays.
    pub raids: BTreeMap<String, (Raid, Vec<Member>)>,
    /// LUKS headers.
    pub luks: BTreeMap<String, Luks>,
    /// What file systems say of themselves.
    pub file_systems: BTreeMap<String, FileSystem>,
    /// Physical volumes, by node.
    pub physical: Vec<(String, PhysicalVolume)>,
    /// Volume groups.
    pub groups: Vec<VolumeGroup>,
    /// Logical volumes.
    pub volumes: Vec<Listed>,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// `fstab`.
    pub fstab: Vec<FstabEntry>,
    /// `crypttab`.
    pub crypttab: Vec<CrypttabEntry>,
    /// Swap in use.
    pub swaps: Vec<Swap>,
    /// How full file systems are, by where they are mounted.
    pub usage: BTreeMap<String, Usage>,
}

impl Facts {
    /// What lsblk, or else blkid, says of a device: `fstype`, `uuid`, `label`, `pttype`…
    pub fn column(&self, block: &Block, name: &str) -> Option<String> {
        let other = match name {
            "fstype" => "TYPE".to_owned(),
            name => name.to_ascii_uppercase(),
        };
        block.column(name).or_else(|| self.blkid.get(&block.path)?.get(&other).cloned())
    }

    /// What a device holds, by blkid's name.
    pub fn content_type(&self, block: &Block) -> Option<String> {
        self.column(block, "fstype")
    }

    /// Whether a device is one that can hold a partition table.
    pub fn may_hold_table(block: &Block) -> bool {
        matches!(block.kind.as_str(), "disk" | "loop" | "mpath" | "dmraid") || is_raid(block)
    }

    /// The device that a node, however it is spelled, means.
    pub fn block_of(&self, node: &str) -> Option<&Block> {
        let is_meant = |block: &&Block| {
            node == block.path
                || node.strip_prefix("/dev/").is_some_and(|name| name == block.kname)
                || node.strip_prefix("/dev/mapper/").is_some_and(|name| name == block.name)
                || node.strip_prefix("/dev/md/").is_some_and(|name| name == block.name)
        };
        self.blocks.iter().find(is_meant)
    }

    /// The type of the file system that is mounted from a device.
    pub fn mounted_type(&self, block: &Block) -> Option<String> {
        let here = |mount: &&Mount| self.block_of(&mount.source).is_some_and(|one| one.kname == block.kname);
        self.mounts.iter().find(here).map(|mount| mount.fs_type.clone())
    }

    /// Where a device is mounted, the first place of the whole file system before others.
    pub fn mount_point(&self, block: &Block) -> Option<&str> {
        let here = |mount: &&Mount| self.block_of(&mount.source).is_some_and(|one| one.kname == block.kname);
        let whole = self.mounts.iter().find(|mount| here(mount) && mount.fs_root == "/");
        whole.or_else(|| self.mounts.iter().find(here)).map(|mount| mount.target.as_str())
    }
}

/// Whether a device is an md array.
pub fn is_raid(block: &Block) -> bool {
    let is_md =
        block.kname.strip_prefix("md").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    block.kind != "part" && (is_md || block.kind.starts_with("raid") || block.kind == "linear")
}
