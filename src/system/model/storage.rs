//! Disks, and all that is stacked on them, in the order in which it must be made again.
//!
//! Every block device is one [`Device`]: what it *is* ([`DeviceKind`]: a disk, a partition, an array, an
//! opened LUKS container, a logical volume), what it is made of (`parents`), and what it *holds*
//! ([`Content`]: a partition table, an array's member, a LUKS header, a physical volume, a file system,
//! swap). So the stack reads
//!
//! ```text
//! disk (table) → partition (array member) → raid (LUKS) → opened (physical volume) → volume (ext4)
//! ```
//!
//! and a rebuild goes through [`Storage::devices`] once, in order: make the device, then put in what it
//! holds. Devices name each other by `key`, which is the same on every boot and on every capture;
//! kernel names (`/dev/sda`) are kept for people and never decide anything.

pub mod content;
pub mod mounts;

use serde::{Deserialize, Serialize};

use crate::system::model::storage::content::{Content, VolumeGroup};
use crate::system::model::storage::mounts::{CrypttabEntry, FstabEntry, Mount, Swap};

/// All storage of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// Every block device that matters, each after all its parents.
    pub devices: Vec<Device>,
    /// LVM's volume groups, sorted by name.
    pub volume_groups: Vec<VolumeGroup>,
    /// What is mounted, in the order in which it was mounted.
    pub mounts: Vec<Mount>,
    /// `/etc/fstab`, line by line.
    pub fstab: Vec<FstabEntry>,
    /// `/etc/crypttab`, line by line.
    pub crypttab: Vec<CrypttabEntry>,
    /// Swap in use.
    pub swaps: Vec<Swap>,
}

/// One block device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// Names it stably: `disk:wwn-0x5000…`, `disk:serial-…`, `disk:name-vda` (if it has no identity),
    /// `part:UUID`, `md:UUID`, `luks:UUID`, `lv:GROUP/VOLUME`, `loop:FILE`.
    pub key: String,
    /// Its name when captured, such as `/dev/sda1` or `/dev/mapper/vg-root`.
    pub name: String,
    /// Its length.
    pub size_bytes: u64,
    /// What it is.
    pub kind: DeviceKind,
    /// Keys of the devices it is made of; empty for a disk.
    pub parents: Vec<String>,
    /// What it holds; none if nothing that is known.
    pub content: Option<Content>,
    /// Whether it was set read-only.
    pub is_read_only: bool,
}

/// What a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum DeviceKind {
    /// A whole disk.
    Disk(Disk),
    /// A part of its parent's partition table.
    Partition(Partition),
    /// An md array over its parents.
    Raid(Raid),
    /// An opened LUKS (or other dm-crypt) container over its parent.
    Opened(Opened),
    /// A logical volume of a volume group, whose physical volumes are its parents.
    Volume(LogicalVolume),
    /// A file seen as a disk.
    Loop(Loop),
    /// Several paths to one disk (its parents), under one name.
    Multipath {
        /// Its name below `/dev/mapper`.
        name: String,
    },
    /// Anything else, by the name `lsblk` has for it; not rebuilt.
    Other {
        /// That name.
        name: String,
    },
    /// Nothing is known.
    #[default]
    Unknown,
}

/// Which disk it is. A rebuild matches by `wwn` or `serial`, never by size alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// World-wide name, such as `0x5002538e40a1b2c3` or `eui.…`.
    pub wwn: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Maker.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Names below `/dev/disk/by-id`, sorted.
    pub by_id: Vec<String>,
    /// Names below `/dev/disk/by-path`, sorted: where it is plugged in.
    pub by_path: Vec<String>,
    /// How it is connected: `nvme`, `sata`, `usb`, `virtio`…
    pub transport: Option<String>,
    /// Whether it turns.
    pub is_rotational: bool,
    /// Whether it can be taken out.
    pub is_removable: bool,
    /// The smallest unit it addresses.
    pub logical_sector_bytes: u32,
    /// The smallest unit it writes.
    pub physical_sector_bytes: u32,
    /// Whether its first sector holds GRUB's first stage.
    pub has_grub: bool,
}

/// One partition. Its disk is its parent, and its number is a number: `nvme0n1` + 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Partition {
    /// Counted from 1; logical ones from 5.
    pub number: u32,
    /// Where it begins on its disk.
    pub start_bytes: u64,
    /// Its type as the table has it: a GUID in capitals, or hexadecimal such as `83`.
    pub partition_type: String,
    /// Its UUID (`PARTUUID`), in small letters; none where the table has none.
    pub uuid: Option<String>,
    /// Its name (`PARTLABEL`).
    pub name: Option<String>,
    /// Attributes as `sfdisk` spells them, such as `RequiredPartition` or `GUID:63`.
    pub attributes: Vec<String>,
    /// The boot flag of a DOS table.
    pub is_bootable: bool,
    /// Whether it is the container of logical partitions.
    pub is_extended: bool,
}

/// An md array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Raid {
    /// Its UUID as `mdadm` spells it (`xxxxxxxx:xxxxxxxx:…`).
    pub uuid: String,
    /// Its name, such as `host:0`.
    pub name: Option<String>,
    /// `raid1`, `raid5`, `linear`…; `container` for IMSM and DDF.
    pub level: String,
    /// Version of its metadata: `1.2`, `0.90`, `imsm`…
    pub metadata: String,
    /// Members it is made for.
    pub devices: u32,
    /// Members that stand by.
    pub spares: u32,
    /// Stripe size of one member; 0 where the level has none.
    pub chunk_bytes: u64,
    /// `left-symmetric`, `near=2`…
    pub layout: Option<String>,
    /// Where its write-intent bitmap is: `internal`, a path, or none.
    pub bitmap: Option<String>,
    /// `clean`, `active`, `degraded`… when captured.
    pub state: Option<String>,
    /// Its members by role, in order.
    pub members: Vec<RaidMember>,
}

/// One member of an array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RaidMember {
    /// The device's key.
    pub device: String,
    /// Its place in the array; none for a spare.
    pub role: Option<u32>,
    /// `sync`, `spare`, `faulty`…
    pub state: String,
}

/// A dm-crypt mapping that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Opened {
    /// Its name below `/dev/mapper`.
    pub name: String,
    /// The UUID in the LUKS header below; none for plain dm-crypt.
    pub uuid: Option<String>,
}

/// A logical volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogicalVolume {
    /// Its group.
    pub group: String,
    /// Its name in the group.
    pub name: String,
    /// Its UUID as LVM spells it.
    pub uuid: String,
    /// `linear`, `striped`, `raid1`, `thin`, `thin-pool`, `cache`…
    pub segment_type: String,
    /// Attributes as `lvs` prints them, such as `-wi-ao----`.
    pub attributes: String,
    /// The pool of a thin volume.
    pub pool: Option<String>,
    /// What a snapshot is of.
    pub origin: Option<String>,
    /// Stripes of a striped volume, images of a mirror.
    pub stripes: u32,
    /// Size of a stripe; 0 without.
    pub stripe_bytes: u64,
    /// Tags, sorted.
    pub tags: Vec<String>,
}

/// A loop device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loop {
    /// The file behind it.
    pub file: String,
    /// Where in the file it begins.
    pub offset_bytes: u64,
}

impl Storage {
    /// The device of that key.
    pub fn device(&self, key: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.key == key)
    }

    /// What is directly made of the device of that key, in order.
    pub fn children<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Device> {
        self.devices.iter().filter(move |device| device.parents.iter().any(|parent| parent == key))
    }

    /// The keys of the disks (and loop devices) that the device of that key rests on, in order.
    pub fn disks_below(&self, key: &str) -> Vec<String> {
        let mut open = vec![key.to_owned()];
        let mut seen: Vec<String> = Vec::new();
        let mut disks = Vec::new();
        while let Some(key) = open.pop() {
            // A hostile document may have circles.
            if seen.contains(&key) {
                continue;
            }
            if let Some(device) = self.device(&key) {
                match device.parents.is_empty() {
                    true => disks.push(key.clone()),
                    false => open.extend(device.parents.iter().rev().cloned()),
                }
            }
            seen.push(key);
        }
        disks
    }
}
