//! Captured machines for the tests of this module.

use crate::system::action::{Action, DiskIdentity, Operation, Place, Stdin, TargetDisk};
use crate::system::model::SystemState;
use crate::system::model::storage::content::{
    Content, FileSystem, Luks, PartitionTable, PhysicalVolume, SwapArea, VolumeGroup,
};
use crate::system::model::storage::mounts::FstabEntry;
use crate::system::model::storage::{Device, DeviceKind, Disk, LogicalVolume, Opened, Partition, Raid};
use crate::system::rebuild::bare_metal::Mapped;

pub(super) const MIB: u64 = 1 << 20;
pub(super) const LINUX: &str = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

/// A machine that is put together device by device.
#[derive(Default)]
pub(super) struct Machine {
    pub state: SystemState,
}

impl Machine {
    pub fn disk(&mut self, name: &str, mib: u64, label: &str) -> String {
        let disk = Disk { serial: Some(format!("S-{name}")), logical_sector_bytes: 512, ..Disk::default() };
        let uuid = if label == "gpt" { format!("ptuuid-{name}") } else { "0xdeadbeef".into() };
        let table = PartitionTable {
            label: label.into(),
            uuid: Some(uuid),
            sector_bytes: 512,
            ..PartitionTable::default()
        };
        let content = (!label.is_empty()).then_some(Content::PartitionTable(table));
        self.add(&format!("disk:serial-S-{name}"), name, mib, DeviceKind::Disk(disk), &[], content)
    }

    pub fn part(
        &mut self,
        disk: &str,
        number: u32,
        at_mib: u64,
        mib: u64,
        content: Option<Content>,
    ) -> String {
        let part = Partition {
            number,
            start_bytes: at_mib * MIB,
            partition_type: LINUX.into(),
            uuid: Some(format!("{number}-of-{}", &disk[disk.len() - 3..])),
            ..Partition::default()
        };
        let name = format!("{}{number}", &disk[disk.len() - 3..]);
        self.add(&format!("part:{name}"), &name, mib, DeviceKind::Partition(part), &[disk], content)
    }

    pub fn add(
        &mut self,
        key: &str,
        name: &str,
        mib: u64,
        kind: DeviceKind,
        parents: &[&str],
        content: Option<Content>,
    ) -> String {
        let name = if name.starts_with('/') { name.to_owned() } else { format!("/dev/{name}") };
        let parents = parents.iter().map(|key| (*key).to_owned()).collect();
        let size_bytes = mib * MIB;
        let device =
            Device { key: key.into(), name, size_bytes, kind, parents, content, is_read_only: false };
        self.state.storage.devices.push(device);
        key.to_owned()
    }

    pub fn opened(&mut self, below: &str, name: &str, mib: u64, content: Option<Content>) -> String {
        let kind = DeviceKind::Opened(Opened { name: name.into(), uuid: None });
        self.add(&format!("luks:{name}"), &format!("/dev/mapper/{name}"), mib, kind, &[below], content)
    }

    pub fn raid1(&mut self, members: &[&str], mib: u64, content: Option<Content>) -> String {
        let raid = Raid {
            uuid: "aa:bb".into(),
            level: "raid1".into(),
            metadata: "1.2".into(),
            devices: members.len() as u32,
            ..Raid::default()
        };
        self.add("md:aa:bb", "md0", mib, DeviceKind::Raid(raid), members, content)
    }

    pub fn group(&mut self, name: &str, devices: &[&str], free_mib: u64) {
        self.state.storage.volume_groups.push(VolumeGroup {
            name: name.into(),
            extent_bytes: 4 * MIB,
            free_bytes: free_mib * MIB,
            devices: devices.iter().map(|key| (*key).to_owned()).collect(),
            ..VolumeGroup::default()
        });
    }

    pub fn volume(
        &mut self,
        group: &str,
        name: &str,
        mib: u64,
        on: &[&str],
        content: Option<Content>,
    ) -> String {
        let kind = DeviceKind::Volume(LogicalVolume {
            group: group.into(),
            name: name.into(),
            segment_type: "linear".into(),
            ..LogicalVolume::default()
        });
        self.add(&format!("lv:{group}/{name}"), &format!("/dev/{group}/{name}"), mib, kind, on, content)
    }

    pub fn fstab(&mut self, source: &str, target: &str, device: &str) {
        self.state.storage.fstab.push(FstabEntry {
            source: source.into(),
            target: target.into(),
            device: Some(device.into()),
            ..FstabEntry::default()
        });
    }
}

pub(super) fn fs(fs_type: &str, uuid: &str, used_mib: u64) -> Option<Content> {
    Some(Content::FileSystem(FileSystem {
        fs_type: fs_type.into(),
        uuid: Some(uuid.into()),
        used_bytes: Some(used_mib * MIB),
        ..FileSystem::default()
    }))
}

pub(super) fn swap(uuid: &str) -> Option<Content> {
    Some(Content::Swap(SwapArea { uuid: Some(uuid.into()), label: None }))
}

pub(super) fn luks(uuid: &str) -> Option<Content> {
    Some(Content::Luks(Luks { version: 2, uuid: uuid.into(), ..Luks::default() }))
}

pub(super) fn pv(uuid: &str, group: &str, free_mib: u64) -> Option<Content> {
    let free_bytes = free_mib * MIB;
    let group = Some(group.into());
    Some(Content::PhysicalVolume(PhysicalVolume {
        uuid: uuid.into(),
        group,
        free_bytes,
        ..PhysicalVolume::default()
    }))
}

pub(super) fn to_image(from: &str, name: &str, mib: u64) -> Mapped {
    let place = Place::Image { path: format!("/images/{name}") };
    Mapped {
        from: from.into(),
        to: TargetDisk { name: name.into(), place, size_bytes: mib * MIB },
        sector_bytes: 512,
    }
}

pub(super) fn to_device(from: &str, name: &str, serial: &str, mib: u64) -> Mapped {
    let identity = DiskIdentity { serial: Some(serial.into()), ..DiskIdentity::default() };
    let to = TargetDisk { name: name.into(), place: Place::Device(identity), size_bytes: mib * MIB };
    Mapped { from: from.into(), to, sector_bytes: 512 }
}

/// A small PC: GPT, BIOS boot partition, `/` and swap behind it.
pub(super) fn small() -> Machine {
    let mut machine = Machine::default();
    let disk = machine.disk("sda", 10_000, "gpt");
    machine.part(&disk, 1, 1, 1, None);
    let root = machine.part(&disk, 2, 2, 8000, fs("ext4", "1111-root", 3000));
    let swap = machine.part(&disk, 3, 8002, 1000, swap("2222-swap"));
    machine.fstab("/dev/sda2", "/", &root);
    machine.fstab("UUID=2222-swap", "none", &swap);
    machine
}

/// `/` on LVM in LUKS on a mirror of two disks, `/boot` on its own.
pub(super) fn layered() -> Machine {
    let mut machine = Machine::default();
    let [one, two] = ["sda", "sdb"].map(|name| machine.disk(name, 10_000, "gpt"));
    let boot = machine.part(&one, 1, 1, 500, fs("ext4", "b007", 100));
    let member = || Some(Content::RaidMember { array: "aa:bb".into() });
    let first = machine.part(&one, 2, 501, 9000, member());
    let second = machine.part(&two, 1, 501, 9000, member());
    let array = machine.raid1(&[&first, &second], 8990, luks("1u-k5"));
    let opened = machine.opened(&array, "crypt", 8974, pv("pv-1", "vg-0", 970));
    machine.group("vg-0", &[&opened], 970);
    let root = machine.volume("vg-0", "root", 6000, &[&opened], fs("ext4", "2007", 2000));
    let home = machine.volume("vg-0", "home", 2000, &[&opened], fs("xfs", "803e", 200));
    machine.fstab("/dev/vg-0/root", "/", &root);
    machine.fstab("UUID=b007", "/boot", &boot);
    machine.fstab("/dev/mapper/vg--0-home", "/home", &home);
    machine
}

/// All that the actions run, as it is shown, without what they read.
pub(super) fn shown(actions: &[Action]) -> Vec<String> {
    let mut lines = Vec::new();
    for action in actions {
        match &action.operation {
            Operation::Run { commands } => {
                for command in commands {
                    let mut command = command.clone();
                    if let Stdin::Text(_) = command.stdin {
                        command.stdin = Stdin::Nothing;
                    }
                    lines.push(command.display());
                }
            }
            other => lines.push(format!("{other:?}")),
        }
    }
    lines
}

/// What the action of that id feeds to `sfdisk`, or whatever else reads text.
pub(super) fn fed(actions: &[Action], id: &str) -> String {
    let action = actions.iter().find(|action| action.id == id).unwrap();
    let Operation::Run { commands } = &action.operation else { panic!("{id} runs nothing") };
    commands
        .iter()
        .find_map(|command| match &command.stdin {
            Stdin::Text(text) => Some(text.clone()),
            _ => None,
        })
        .unwrap()
}
