//! Puts facts together into the model: devices with what they are and hold, and what refers to them. Pure.

use std::collections::BTreeMap;

use crate::system::capture::storage::facts::{Facts, is_raid};
use crate::system::capture::storage::keys;
use crate::system::model::storage::content::{Content, FileSystem, Luks, SwapArea};
use crate::system::model::storage::mounts::Mount;
use crate::system::model::storage::{
    Device, DeviceKind, Disk, LogicalVolume, Loop, Opened, Partition, RaidMember, Storage,
};
use crate::system::parse::lsblk::Block;
use crate::system::parse::{lvm, md};

/// Keys by kernel name.
type Keys = BTreeMap<String, String>;

/// Puts everything together.
pub fn build(facts: Facts) -> Storage {
    let keys = keys::assign(&facts);
    let is_kept = |block: &&Block| {
        let is_snap = block.kind == "loop" && facts.content_type(block).as_deref() == Some("squashfs");
        let is_unused =
            block.size_bytes == 0 || block.kind == "loop" && !facts.loops.contains_key(&block.kname);
        let is_ram = block.kname.starts_with("ram") || block.kind == "rom";
        !is_snap && !is_unused && !is_ram
    };
    let mut devices: Vec<Device> =
        facts.blocks.iter().filter(is_kept).map(|block| device(&facts, &keys, block)).collect();
    add_inactive_volumes(&facts, &keys, &mut devices);
    let mut storage = Storage {
        volume_groups: facts.groups.clone(),
        mounts: facts.mounts.clone(),
        fstab: facts.fstab.clone(),
        crypttab: facts.crypttab.clone(),
        swaps: facts.swaps.clone(),
        devices,
    };
    for group in &mut storage.volume_groups {
        group.devices = physical_keys(&facts, &keys, &group.name);
    }
    refer(&facts, &keys, &mut storage);
    storage
}

fn device(facts: &Facts, keys: &Keys, block: &Block) -> Device {
    let parents = match block.kind.as_str() {
        // The kernel knows the parts that a volume lies on; the model names the whole group's devices.
        "lvm" => volume(facts, block).map(|one| physical_keys(facts, keys, &one.group)),
        _ => None,
    };
    let named = || block.parents.iter().filter_map(|parent| keys.get(parent).cloned()).collect();
    Device {
        key: keys[&block.kname].clone(),
        name: block.path.clone(),
        size_bytes: block.size_bytes,
        kind: kind(facts, keys, block),
        parents: parents.filter(|parents| !parents.is_empty()).unwrap_or_else(named),
        content: content(facts, block),
        is_read_only: block.flag("ro"),
    }
}

fn kind(facts: &Facts, keys: &Keys, block: &Block) -> DeviceKind {
    match block.kind.as_str() {
        // Swap in memory, made anew at each boot.
        "disk" if block.kname.starts_with("zram") => DeviceKind::Other { name: "zram".to_owned() },
        "disk" => DeviceKind::Disk(disk(facts, block)),
        "part" => DeviceKind::Partition(partition(facts, block)),
        "crypt" => DeviceKind::Opened(Opened {
            name: block.name.clone(),
            uuid: block
                .parents
                .first()
                .and_then(|parent| facts.luks.get(parent))
                .map(|luks| luks.uuid.clone()),
        }),
        "lvm" => volume(facts, block).map_or_else(
            || DeviceKind::Other { name: "lvm".to_owned() },
            |volume| DeviceKind::Volume(volume.clone()),
        ),
        "loop" => match facts.loops.get(&block.kname) {
            Some((file, offset)) => DeviceKind::Loop(Loop { file: file.clone(), offset_bytes: *offset }),
            None => DeviceKind::Unknown,
        },
        "mpath" => DeviceKind::Multipath { name: block.name.clone() },
        _ if is_raid(block) => match facts.raids.get(&block.kname) {
            Some((raid, members)) => {
                let member = |one: &md::Member| RaidMember {
                    device: facts
                        .block_of(&one.node)
                        .map_or_else(|| one.node.clone(), |block| keys[&block.kname].clone()),
                    role: one.role,
                    state: one.state.clone(),
                };
                let mut raid = raid.clone();
                raid.members = members.iter().map(member).collect();
                DeviceKind::Raid(raid)
            }
            None => DeviceKind::Other { name: block.kind.clone() },
        },
        "" => DeviceKind::Unknown,
        other => DeviceKind::Other { name: other.to_owned() },
    }
}

fn disk(facts: &Facts, block: &Block) -> Disk {
    let kname = &block.kname;
    let sector = |name: &str| block.number(name).and_then(|bytes| bytes.try_into().ok()).unwrap_or(512);
    Disk {
        wwn: block.column("wwn").or_else(|| facts.wwns.get(kname).cloned()),
        serial: block.column("serial").or_else(|| facts.serials.get(kname).cloned()),
        vendor: block.column("vendor"),
        model: block.column("model"),
        by_id: facts.by_id.get(kname).cloned().unwrap_or_default(),
        by_path: facts.by_path.get(kname).cloned().unwrap_or_default(),
        transport: block.column("tran"),
        is_rotational: block.flag("rota"),
        is_removable: block.flag("rm"),
        logical_sector_bytes: sector("log-sec"),
        physical_sector_bytes: sector("phy-sec"),
        has_grub: facts.grub.contains(kname),
    }
}

fn partition(facts: &Facts, block: &Block) -> Partition {
    let dumped = facts.tables.values().flat_map(|(_, dumped)| dumped).find(|one| one.node == block.path);
    if let Some(dumped) = dumped {
        return dumped.partition.clone();
    }
    Partition {
        number: keys::number(facts, block),
        // The kernel counts in 512 bytes, whatever the disk's sectors are.
        start_bytes: block.number("start").unwrap_or(0).saturating_mul(512),
        partition_type: block.column("parttype").unwrap_or_default(),
        uuid: facts.column(block, "partuuid"),
        name: facts.column(block, "partlabel"),
        ..Partition::default()
    }
}

fn volume<'a>(facts: &'a Facts, block: &Block) -> Option<&'a LogicalVolume> {
    let is_meant = |one: &&lvm::Listed| lvm::mapper_name(&one.volume.group, &one.volume.name) == block.name;
    facts.volumes.iter().find(is_meant).map(|one| &one.volume)
}

fn physical_keys(facts: &Facts, keys: &Keys, group: &str) -> Vec<String> {
    let of_group = facts.physical.iter().filter(|(_, one)| one.group.as_deref() == Some(group));
    of_group.filter_map(|(node, _)| Some(keys[&facts.block_of(node)?.kname].clone())).collect()
}

/// Volumes that are not active have no device of the kernel's, but must be made again all the same.
fn add_inactive_volumes(facts: &Facts, keys: &Keys, devices: &mut Vec<Device>) {
    for one in &facts.volumes {
        let key = format!("lv:{}/{}", one.volume.group, one.volume.name);
        if devices.iter().any(|device| device.key == key) {
            continue;
        }
        let name = match one.node.as_str() {
            "" => format!("/dev/{}/{}", one.volume.group, one.volume.name),
            node => node.to_owned(),
        };
        devices.push(Device {
            key,
            name,
            size_bytes: one.size_bytes,
            kind: DeviceKind::Volume(one.volume.clone()),
            parents: physical_keys(facts, keys, &one.volume.group),
            ..Device::default()
        });
    }
}

fn content(facts: &Facts, block: &Block) -> Option<Content> {
    if let Some((table, _)) = facts.tables.get(&block.kname) {
        return Some(Content::PartitionTable(table.clone()));
    }
    // Where nobody may read the device, what is mounted from it still tells.
    let name = facts.content_type(block).or_else(|| facts.mounted_type(block))?;
    let (uuid, label) = (facts.column(block, "uuid"), facts.column(block, "label"));
    Some(match name.as_str() {
        "linux_raid_member" | "isw_raid_member" | "ddf_raid_member" => {
            let array = uuid.clone().unwrap_or_default();
            Content::RaidMember { array: md::uuid(&array).unwrap_or(array) }
        }
        "crypto_LUKS" => {
            let bare = Luks { uuid: uuid.unwrap_or_default(), label, ..Luks::default() };
            Content::Luks(facts.luks.get(&block.kname).cloned().unwrap_or(bare))
        }
        "LVM2_member" => {
            let known = facts
                .physical
                .iter()
                .find(|(node, _)| facts.block_of(node).is_some_and(|one| one.kname == block.kname));
            let mut volume = known.map(|(_, volume)| volume.clone()).unwrap_or_default();
            if volume.uuid.is_empty() {
                volume.uuid = uuid.unwrap_or_default();
            }
            Content::PhysicalVolume(volume)
        }
        "swap" => Content::Swap(SwapArea { uuid, label }),
        _ if is_file_system(&name) => Content::FileSystem(file_system(facts, block, name, uuid, label)),
        _ => Content::Other { name, uuid, label },
    })
}

/// Members, containers and the like have names such as `zfs_member`; what is no file system cannot be
/// mounted.
fn is_file_system(name: &str) -> bool {
    let others = ["BitLocker", "bcache", "drbd", "mpath_member", "stratis", "DM_integrity", "DM_verity_hash"];
    !name.ends_with("_member") && !name.ends_with("_raid") && !others.contains(&name)
}

fn file_system(
    facts: &Facts,
    block: &Block,
    fs_type: String,
    uuid: Option<String>,
    label: Option<String>,
) -> FileSystem {
    let mut system = facts.file_systems.get(&block.kname).cloned().unwrap_or_default();
    let usage = facts.mount_point(block).and_then(|target| facts.usage.get(target));
    if let Some(usage) = usage {
        system.used_bytes = Some(usage.used_bytes);
        system.used_inodes = (usage.inodes > 0).then_some(usage.used_inodes);
        system.inodes = system.inodes.or((usage.inodes > 0).then_some(usage.inodes));
    }
    system.used_bytes = system.used_bytes.or_else(|| block.number("fsused"));
    system.size_bytes = system.size_bytes.or_else(|| block.number("fssize"));
    FileSystem { fs_type, uuid, label, ..system }
}

/// Finds the devices that mounts, swaps, fstab and crypttab speak of.
fn refer(facts: &Facts, keys: &Keys, storage: &mut Storage) {
    let by_node = |node: &str| facts.block_of(node).map(|block| keys[&block.kname].clone());
    for mount in &mut storage.mounts {
        mount.device = by_node(&mount.source);
    }
    for swap in storage.swaps.iter_mut().filter(|swap| !swap.is_file) {
        swap.device = by_node(&swap.name);
    }
    let devices = std::mem::take(&mut storage.devices);
    for entry in &mut storage.fstab {
        entry.device = named(&devices, &entry.source).or_else(|| by_node(&entry.source));
    }
    for entry in &mut storage.crypttab {
        entry.device = named(&devices, &entry.source).or_else(|| by_node(&entry.source));
    }
    storage.devices = devices;
    add_foreign_mounts(storage);
}

/// `/dev/root` is what very small systems call the device of `/`: fstab may know better.
fn add_foreign_mounts(storage: &mut Storage) {
    let is_nameless = |mount: &&mut Mount| mount.device.is_none() && mount.source == "/dev/root";
    for mount in storage.mounts.iter_mut().filter(is_nameless) {
        let entry = storage.fstab.iter().find(|entry| entry.target == mount.target);
        mount.device = entry.and_then(|entry| entry.device.clone());
    }
}

/// The device that `UUID=…` and its kin mean.
fn named(devices: &[Device], source: &str) -> Option<String> {
    let by_path = |directory: &str| source.strip_prefix("/dev/disk/")?.strip_prefix(directory);
    let (tag, value) = match source.split_once('=') {
        Some((tag, value)) => (tag, value.trim_matches('"')),
        None => [
            ("by-uuid/", "UUID"),
            ("by-label/", "LABEL"),
            ("by-partuuid/", "PARTUUID"),
            ("by-partlabel/", "PARTLABEL"),
        ]
        .into_iter()
        .find_map(|(directory, tag)| Some((tag, by_path(directory)?)))?,
    };
    let is_meant = |device: &&Device| {
        let (uuid, label) = match &device.content {
            Some(Content::FileSystem(system)) => (system.uuid.as_deref(), system.label.as_deref()),
            Some(Content::Swap(area)) => (area.uuid.as_deref(), area.label.as_deref()),
            Some(Content::Luks(luks)) => (Some(luks.uuid.as_str()), luks.label.as_deref()),
            Some(Content::Other { uuid, label, .. }) => (uuid.as_deref(), label.as_deref()),
            _ => (None, None),
        };
        let partition = match &device.kind {
            DeviceKind::Partition(one) => (one.uuid.as_deref(), one.name.as_deref()),
            _ => (None, None),
        };
        match tag {
            "UUID" => uuid.is_some_and(|uuid| uuid.eq_ignore_ascii_case(value)),
            "LABEL" => label == Some(value),
            "PARTUUID" => partition.0.is_some_and(|uuid| uuid.eq_ignore_ascii_case(value)),
            "PARTLABEL" => partition.1 == Some(value),
            _ => false,
        }
    };
    devices.iter().find(is_meant).map(|device| device.key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::parse::{mounts, sfdisk};

    fn raided() -> Facts {
        let lsblk = r#"{"blockdevices":[
            {"name":"sda","type":"disk","size":1000000,"wwn":"0x5","pttype":"gpt","rota":"1","children":[
              {"name":"sda1","type":"part","size":500000,"fstype":"linux_raid_member",
                "uuid":"3aaa0122-2982-7cfa-5331-ad66ca767371","children":[
                {"name":"md0","type":"raid1","size":400000,"fstype":"crypto_LUKS","uuid":"L-1","children":[
                  {"name":"secret","kname":"dm-0","path":"/dev/mapper/secret","type":"crypt","size":390000,
                    "fstype":"LVM2_member","children":[
                    {"name":"vg--a-root","kname":"dm-1","path":"/dev/mapper/vg--a-root","type":"lvm",
                      "size":100000,"fstype":"ext4","uuid":"F-1","label":"root"}]}]}]}]},
            {"name":"sdb","type":"disk","size":1000000,"serial":"S2","children":[
              {"name":"sdb1","type":"part","size":500000,"fstype":"linux_raid_member",
                "uuid":"3aaa0122-2982-7cfa-5331-ad66ca767371","children":[
                {"name":"md0","type":"raid1","size":400000}]}]},
            {"name":"sdc","type":"disk","size":1000000,"wwn":"0x5"},
            {"name":"sr0","type":"rom","size":10},{"name":"loop0","type":"loop","size":10}]}"#;
        let blocks = crate::system::parse::lsblk::parse(lsblk).unwrap();
        let dump = "label: gpt\nlabel-id: X\ndevice: /dev/sda\n\
            /dev/sda1 : start=2048, size=900, type=T, uuid=P-1, name=\"raid\"\n";
        let export = "MD_LEVEL=raid1\nMD_DEVICES=2\nMD_UUID=3aaa0122:29827cfa:5331ad66:ca767371\n\
            MD_DEVICE_dev_sda1_ROLE=0\nMD_DEVICE_dev_sda1_DEV=/dev/sda1\nMD_DEVICE_dev_sdb1_ROLE=1\n\
            MD_DEVICE_dev_sdb1_DEV=/dev/sdb1\n";
        let pvs = r#"{"report":[{"pv":[{"pv_name":"/dev/mapper/secret","pv_uuid":"PV","vg_name":"vg-a"}]}]}"#;
        let lvs = r#"{"report":[{"lv":[{"vg_name":"vg-a","lv_name":"root","lv_uuid":"LV"},
            {"vg_name":"vg-a","lv_name":"idle","lv_uuid":"LV2","lv_size":"7"}]}]}"#;
        let vgs = r#"{"report":[{"vg":[{"vg_name":"vg-a","vg_uuid":"VG"}]}]}"#;
        let mut facts = Facts {
            blocks,
            physical: lvm::parse_pvs(pvs).unwrap(),
            groups: lvm::parse_vgs(vgs).unwrap(),
            volumes: lvm::parse_lvs(lvs).unwrap(),
            fstab: mounts::parse_fstab(
                "UUID=f-1 / ext4 defaults 0 1\nLABEL=root /x ext4 ro 0 0\n/dev/mapper/vg--a-root /y ext4\n\
                    nas:/x /n nfs\n",
            ),
            crypttab: mounts::parse_crypttab("secret UUID=L-1 none luks\n"),
            ..Facts::default()
        };
        facts.tables.insert("sda".into(), sfdisk::parse(dump, 512).unwrap());
        facts.raids.insert("md0".into(), md::parse(export, "").unwrap());
        facts.luks.insert("md0".into(), Luks { version: 2, uuid: "L-1".into(), ..Luks::default() });
        facts
    }

    #[test]
    fn a_stack_of_all_layers_comes_in_the_order_in_which_it_is_made() {
        let storage = build(raided());
        let keys: Vec<&str> = storage.devices.iter().map(|device| device.key.as_str()).collect();
        let array = "md:3aaa0122:29827cfa:5331ad66:ca767371";
        let expected = [
            "disk:wwn-0x5",
            "disk:serial-S2",
            "disk:wwn-0x5+sdc",
            "part:p-1",
            "part:disk:serial-S2/1",
            array,
            "luks:L-1",
            "lv:vg-a/root",
            "lv:vg-a/idle",
        ];
        assert_eq!(keys, expected);
        for (index, device) in storage.devices.iter().enumerate() {
            for parent in &device.parents {
                assert!(keys[..index].contains(&parent.as_str()), "{parent} comes after {}", device.key);
            }
        }
        assert_eq!(storage.disks_below("lv:vg-a/root"), ["disk:wwn-0x5", "disk:serial-S2"]);
        assert_eq!(storage.volume_groups[0].devices, ["luks:L-1"]);
        let DeviceKind::Raid(raid) = &storage.device(array).unwrap().kind else { panic!("no array") };
        assert_eq!(raid.members[1].device, "part:disk:serial-S2/1");
    }

    #[test]
    fn contents_and_references_are_found() {
        let storage = build(raided());
        let content = |key: &str| storage.device(key).unwrap().content.clone().unwrap();
        assert!(matches!(content("disk:wwn-0x5"), Content::PartitionTable(_)));
        assert!(
            matches!(content("part:p-1"), Content::RaidMember { array } if array.starts_with("3aaa0122:"))
        );
        assert!(matches!(content("luks:L-1"), Content::PhysicalVolume(one) if one.uuid == "PV"));
        let devices: Vec<Option<&str>> = storage.fstab.iter().map(|entry| entry.device.as_deref()).collect();
        let root = Some("lv:vg-a/root");
        assert_eq!(devices, [root, root, root, None]);
        assert_eq!(storage.crypttab[0].device.as_deref(), Some("md:3aaa0122:29827cfa:5331ad66:ca767371"));
    }

    #[test]
    fn nothing_makes_nothing() {
        assert_eq!(build(Facts::default()), Storage::default());
    }
}
