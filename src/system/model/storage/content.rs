//! What a device holds: a partition table, a header of RAID, LUKS or LVM, a file system, swap.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a device holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Content {
    /// Partitions, which are devices whose parent this one is.
    PartitionTable(PartitionTable),
    /// A part of the array whose parent this device is.
    RaidMember {
        /// The array's UUID.
        array: String,
    },
    /// A LUKS header; the opened container is a device whose parent this one is, if it was open.
    Luks(Luks),
    /// An LVM physical volume.
    PhysicalVolume(PhysicalVolume),
    /// A file system.
    FileSystem(FileSystem),
    /// Swap space.
    Swap(SwapArea),
    /// Something else that `blkid` has a name for, such as `zfs_member`, `BitLocker`; not rebuilt.
    Other {
        /// That name.
        name: String,
        /// Its UUID, if it has one.
        uuid: Option<String>,
        /// Its label, if it has one.
        label: Option<String>,
    },
}

/// A partition table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartitionTable {
    /// `gpt` or `dos`.
    pub label: String,
    /// The disk's GUID (small letters), or a DOS table's `0x…`.
    pub uuid: Option<String>,
    /// Bytes of the sectors in which the table counts.
    pub sector_bytes: u32,
    /// The first sector that partitions may use, of a GPT.
    pub first_sector: Option<u64>,
    /// The last one.
    pub last_sector: Option<u64>,
    /// Places for partitions in the table, where that is not the usual 128.
    pub length: Option<u32>,
    /// What `sfdisk --dump` printed: it can be fed to `sfdisk`.
    pub dump: Option<String>,
}

/// A LUKS header, without anything that opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Luks {
    /// 1 or 2.
    pub version: u32,
    /// Its UUID.
    pub uuid: String,
    /// Its label.
    pub label: Option<String>,
    /// Its subsystem.
    pub subsystem: Option<String>,
    /// Flags that stick, such as `allow-discards`.
    pub flags: Vec<String>,
    /// Cipher and mode, such as `aes-xts-plain64`.
    pub cipher: Option<String>,
    /// Bits of the volume's key.
    pub key_bits: Option<u32>,
    /// Bytes of a sector of the encryption (512 for LUKS 1).
    pub sector_bytes: Option<u32>,
    /// Where the data begins.
    pub data_offset_bytes: Option<u64>,
    /// Hash of the key's digest, such as `sha256`.
    pub hash: Option<String>,
    /// Slots in use.
    pub slots: Vec<LuksSlot>,
    /// Types of its tokens, such as `systemd-tpm2` or `clevis`.
    pub tokens: Vec<String>,
    /// Path below the state's directory of the saved header, where that was consented to.
    pub header_file: Option<String>,
}

/// One key slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LuksSlot {
    /// Its number.
    pub number: u32,
    /// `argon2id`, `pbkdf2`…
    pub kdf: Option<String>,
    /// `normal`, `prefer`, `ignore`.
    pub priority: Option<String>,
}

/// A physical volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhysicalVolume {
    /// Its UUID as LVM spells it.
    pub uuid: String,
    /// The group it belongs to; none if it is spare.
    pub group: Option<String>,
    /// Where its first extent begins.
    pub data_offset_bytes: u64,
    /// What the group can use of it.
    pub size_bytes: u64,
    /// What is not used.
    pub free_bytes: u64,
}

/// A volume group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeGroup {
    /// Its name.
    pub name: String,
    /// Its UUID as LVM spells it.
    pub uuid: String,
    /// Size of an extent.
    pub extent_bytes: u64,
    /// Its length.
    pub size_bytes: u64,
    /// What is not used.
    pub free_bytes: u64,
    /// Keys of the devices that are its physical volumes.
    pub devices: Vec<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// What `vgcfgbackup` wrote: it can be fed to `vgcfgrestore`.
    pub backup: Option<String>,
}

/// A file system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileSystem {
    /// `ext4`, `xfs`, `btrfs`, `vfat`…
    pub fs_type: String,
    /// Its UUID as `blkid` prints it (`1234-ABCD` for FAT).
    pub uuid: Option<String>,
    /// Its label.
    pub label: Option<String>,
    /// Bytes of a block; of a cluster for FAT.
    pub block_bytes: Option<u32>,
    /// Its length, which may be less than its device's.
    pub size_bytes: Option<u64>,
    /// Bytes in use when captured; none where it was not mounted.
    pub used_bytes: Option<u64>,
    /// Places for inodes; none where they are made as needed.
    pub inodes: Option<u64>,
    /// Inodes in use when captured.
    pub used_inodes: Option<u64>,
    /// Features switched on, as the tools of the file system spell them, sorted.
    pub features: Vec<String>,
    /// What else `mkfs` needs to make it alike: `inode_bytes`, `reserved_blocks`, `fat_bits`…
    pub options: BTreeMap<String, String>,
    /// btrfs: its subvolumes, each after the one that holds it.
    pub subvolumes: Vec<Subvolume>,
    /// btrfs: profiles by kind (`data`, `metadata`, `system`).
    pub profiles: BTreeMap<String, String>,
}

/// A btrfs subvolume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subvolume {
    /// Its number in the file system.
    pub id: u64,
    /// Its path from the top of the file system.
    pub path: String,
    /// Whether it is what is mounted by default.
    pub is_default: bool,
    /// Whether it is a read-only snapshot.
    pub is_read_only: bool,
}

/// Swap on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwapArea {
    /// Its UUID.
    pub uuid: Option<String>,
    /// Its label.
    pub label: Option<String>,
}
