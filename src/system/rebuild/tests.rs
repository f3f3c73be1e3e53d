//! Plans for whole captured machines.

use crate::system::action::{Action, DiskIdentity, Operation, Stage, order};
use crate::system::model::boot::{Firmware, Loader};
use crate::system::model::storage::DeviceKind;
use crate::system::rebuild::bare_metal::{
    BareMetal, InterfaceHere, Mapped, Options, Rebuild, Room, captured_disk, plan,
};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::fixture::{Machine, fed, fs, layered, shown, small, swap, to_device, to_image};

const SDA: &str = "disk:serial-S-sda";
const SDB: &str = "disk:serial-S-sdb";

fn try_plan(machine: &Machine, disks: &[Mapped], options: &Options) -> Result<Rebuild, RebuildError> {
    let rebuild = plan(&BareMetal { state: &machine.state, disks, root: "/mnt/new", options })?;
    // Whatever is planned can be put in order, and does not hide what it overwrites.
    let ordered = order(&rebuild.actions).unwrap();
    assert_eq!(ordered, (0..ordered.len()).collect::<Vec<_>>(), "made in an order that holds");
    for action in &rebuild.actions {
        let writes = ["partition:", "mkfs:", "mkswap:", "raid:", "luks:", "volumes:"];
        assert_eq!(
            !action.destroys.is_empty(),
            writes.iter().any(|id| action.id.starts_with(id)),
            "{}",
            action.id
        );
    }
    Ok(rebuild)
}

fn planned(machine: &Machine, disks: &[Mapped], options: &Options) -> Rebuild {
    try_plan(machine, disks, options).unwrap()
}

fn refused(machine: &Machine, disks: &[Mapped], options: &Options) -> String {
    try_plan(machine, disks, options).unwrap_err().to_string()
}

fn with(room: Room) -> Options {
    Options { room, ..Options::default() }
}

fn ids(actions: &[Action]) -> Vec<&str> {
    actions.iter().map(|action| action.id.as_str()).collect()
}

/// Start and size in sectors of each partition that the script makes, by number.
fn places(script: &str) -> Vec<(u32, u64, u64)> {
    let numbers = |line: &str| -> Option<(u32, u64, u64)> {
        let (name, rest) = line.strip_prefix('p')?.split_once(" : start=")?;
        let mut parts = rest.split(", ");
        let (start, size) = (parts.next()?, parts.next()?.strip_prefix("size=")?);
        Some((name.parse().ok()?, start.parse().ok()?, size.parse().ok()?))
    };
    script.lines().filter_map(numbers).collect()
}

#[test]
fn on_a_larger_disk_the_root_grows_and_what_lies_behind_moves() {
    let machine = small();
    let rebuild = planned(&machine, &[to_image(SDA, "disk0", 20_000)], &with(Room::Grow));
    let script = fed(&rebuild.actions, "partition:disk0");
    // 20,000 MiB less the copy of the table, down to whole megabytes: 10,997 more than the 9,002 in use.
    let mib = 2048;
    assert_eq!(
        places(&script),
        [(1, mib, mib), (2, 2 * mib, (8000 + 10_997) * mib), (3, (8002 + 10_997) * mib, 1000 * mib)]
    );
    assert!(
        script.starts_with("label: gpt\nlabel-id: ptuuid-sda\nunit: sectors\nsector-size: 512\n"),
        "{script}"
    );
    assert!(script.contains("type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=2-of-sda\n"), "{script}");
}

#[test]
fn sizes_stay_where_that_is_asked_for() {
    let rebuild = planned(&small(), &[to_image(SDA, "disk0", 20_000)], &with(Room::Keep));
    let sizes: Vec<u64> =
        places(&fed(&rebuild.actions, "partition:disk0")).iter().map(|(_, _, size)| size / 2048).collect();
    assert_eq!(sizes, [1, 8000, 1000]);
}

#[test]
fn a_smaller_disk_is_refused_with_the_bytes_it_lacks_unless_things_may_shrink_and_fit() {
    let disks = [to_device(SDA, "disk0", "NEW", 6000)];
    let message = refused(&small(), &disks, &with(Room::Grow));
    let needed = 9002u64 * (1 << 20) + 33 * 512;
    assert!(message.contains(&format!("serial NEW is too small: {needed} bytes are needed")), "{message}");
    assert!(message.contains("room = \"fit\""), "{message}");
    let rebuild = planned(&small(), &disks, &with(Room::Fit));
    let (_, start, size) = places(&fed(&rebuild.actions, "partition:disk0"))[2];
    assert!((start + size) * 512 <= 6000 * (1 << 20) - 33 * 512);
    let message = refused(&small(), &[to_device(SDA, "disk0", "NEW", 4000)], &with(Room::Fit));
    assert!(message.contains("even with its largest file system made smaller"), "{message}");
}

#[test]
fn an_extended_partition_grows_with_the_logical_one_in_it() {
    let mut machine = Machine::default();
    let disk = machine.disk("sda", 1000, "dos");
    machine.part(&disk, 1, 1, 99, fs("ext4", "b", 10));
    let extended = machine.part(&disk, 2, 100, 800, None);
    let root = machine.part(&disk, 5, 101, 500, fs("ext4", "r", 10));
    machine.part(&disk, 6, 602, 200, swap("s"));
    for device in &mut machine.state.storage.devices {
        if let (DeviceKind::Partition(part), true) = (&mut device.kind, device.key == extended) {
            part.is_extended = true;
        }
    }
    machine.fstab("UUID=r", "/", &root);
    let rebuild = planned(&machine, &[to_image(&disk, "disk0", 2000)], &with(Room::Grow));
    let places: Vec<_> = places(&fed(&rebuild.actions, "partition:disk0"))
        .into_iter()
        .map(|(number, start, size)| (number, start / 2048, size / 2048))
        .collect();
    assert_eq!(places, [(1, 1, 99), (2, 100, 1900), (5, 101, 1600), (6, 1702, 200)]);
}

#[test]
fn everything_is_made_in_the_order_in_which_it_rests_on_each_other() {
    let disks = [to_device(SDA, "disk0", "A", 10_000), to_device(SDB, "disk1", "B", 10_000)];
    let rebuild = planned(&layered(), &disks, &with(Room::Keep));
    let before: Vec<&Action> = rebuild.actions.iter().filter(|action| action.stage < Stage::Boot).collect();
    let before: Vec<&str> = before.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(
        before,
        [
            "attach:disk0",
            "partition:disk0",
            "attach:disk1",
            "partition:disk1",
            "raid:/dev/md0",
            "assemble:/dev/md0",
            "luks:crypt",
            "open:crypt",
            "volumes:vg-0",
            "activate:vg-0",
            "mkfs:/boot",
            "mkfs:/",
            "mkfs:/home",
            "mount:/",
            "mount:/boot",
            "mount:/home"
        ]
    );
    assert_eq!(rebuild.mounts, ["mount:/", "mount:/boot", "mount:/home"]);
    let lines = shown(&rebuild.actions);
    for expected in [
        "mdadm --create /dev/md0 --run --force --level=raid1 --metadata=1.2 --uuid=aa:bb --raid-devices=2 \
         --bitmap=none %{disk0:2} %{disk1:1}",
        "cryptsetup luksFormat --batch-mode --key-file=- --type=luks2 --uuid=1u-k5 /dev/md0 \
         < (the secret luks-crypt)",
        "cryptsetup open --key-file=- /dev/md0 crypt < (the secret luks-crypt)",
        "pvcreate --yes --force --force --uuid=pv-1 --norestorefile /dev/mapper/crypt",
        "lvcreate --yes --wipesignatures y --name root --size 6291456000b vg-0",
        "mkfs.ext4 -q -F -U 2007 /dev/mapper/vg--0-root",
        "mount -t xfs /dev/mapper/vg--0-home /mnt/new/home",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{}", lines.join("\n"));
    }
}

#[test]
fn room_that_a_group_gains_goes_to_the_root_and_what_was_free_stays_free() {
    let disks = [to_image(SDA, "disk0", 12_000), to_image(SDB, "disk1", 11_000)];
    let rebuild = planned(&layered(), &disks, &with(Room::Grow));
    // The second disk gains less: 11,000 MiB less 9,501 in use and the table's copy.
    let lines = shown(&rebuild.actions);
    let extend = lines.iter().find(|line| line.contains("lvextend")).unwrap();
    assert!(extend.ends_with(&format!(" +{}b vg-0/root", 1496u64 * (1 << 20))), "{extend}");
}

#[test]
fn a_mirror_comes_back_on_one_disk() {
    let rebuild = planned(&layered(), &[to_device(SDA, "disk0", "A", 10_000)], &with(Room::Keep));
    assert!(shown(&rebuild.actions).iter().any(|line| line.ends_with(" %{disk0:2} missing")));
    assert!(rebuild.warnings.iter().any(|warning| warning.contains("1 of its 2 members")));
}

#[test]
fn a_disk_that_is_needed_must_be_replaced_and_another_may_be_left_out() {
    let mut machine = small();
    let data = machine.disk("sdb", 1000, "gpt");
    let srv = machine.part(&data, 1, 1, 900, fs("zfs", "3", 1));
    machine.fstab("UUID=3", "/srv", &srv);
    let message = refused(&machine, &[to_image(SDB, "disk0", 2000)], &Options::default());
    assert!(message.starts_with("/ was on the disk disk:serial-S-sda, which no entry"), "{message}");
    let rebuild = planned(&machine, &[to_image(SDA, "disk0", 20_000)], &Options::default());
    assert!(ids(&rebuild.actions).contains(&"fstab:left-out"));
    assert!(rebuild.warnings.iter().any(|warning| warning.starts_with("/srv was on the disk")));
    let both = [to_image(SDA, "disk0", 20_000), to_image(SDB, "disk1", 2000)];
    let message = refused(&machine, &both, &Options::default());
    assert!(message.starts_with("/srv held a file system of the type zfs"), "{message}");
}

#[test]
fn no_disk_is_taken_twice_or_against_its_protection() {
    let machine = layered();
    let twice = [to_device(SDA, "disk0", "A", 10_000), to_device(SDB, "disk1", "A", 10_000)];
    assert!(refused(&machine, &twice, &Options::default()).contains("appears twice"));
    let protected = vec![DiskIdentity { serial: Some("A".into()), ..DiskIdentity::default() }];
    let options = Options { protected, ..Options::default() };
    let message = refused(&machine, &twice[..1], &options);
    assert!(message.starts_with("serial A is protected"), "{message}");
    let unknown = [to_device("disk:serial-other", "disk0", "A", 10_000)];
    assert!(refused(&machine, &unknown, &Options::default()).contains("had no disk"));
}

#[test]
fn a_captured_disk_is_found_by_number_and_never_by_size() {
    let machine = layered();
    let serial = |text: &str| DiskIdentity { serial: Some(text.into()), ..DiskIdentity::default() };
    let storage = &machine.state.storage;
    assert_eq!(captured_disk(storage, &serial("S-sdb")).unwrap().key, SDB);
    let message = captured_disk(storage, &serial("S-sdc")).unwrap_err().to_string();
    assert!(
        message.contains("had no disk serial S-sdc; it had /dev/sda, serial S-sda; /dev/sdb"),
        "{message}"
    );
    let mut twins = layered();
    for device in &mut twins.state.storage.devices {
        if let DeviceKind::Disk(disk) = &mut device.kind {
            disk.serial = Some("SAME".into());
        }
    }
    let error = captured_disk(&twins.state.storage, &serial("SAME")).unwrap_err();
    assert!(matches!(error, RebuildError::Ambiguous { matches, .. } if matches.len() == 2));
}

#[test]
fn names_that_could_be_taken_for_something_else_are_refused() {
    for (tamper, what) in [
        ((|machine| machine.fstab("x", "/../etc", SDA)) as fn(&mut Machine), "mount point"),
        (|machine| machine.group("x", &[], 0), ""),
        (|machine| drop(machine.volume("vg", "--help", 1, &[SDA], None)), "volume"),
        (|machine| drop(machine.opened(SDA, "../x", 1, None)), "device mapping"),
        (|machine| drop(machine.part(SDA, 9, 9100, 1, fs("ext4;sh", "u", 0))), "file system type"),
    ] {
        let mut machine = small();
        tamper(&mut machine);
        match try_plan(&machine, &[to_image(SDA, "disk0", 20_000)], &Options::default()) {
            Err(RebuildError::Hostile { what: found, .. }) => assert_eq!(found, what),
            other => assert!(what.is_empty(), "{what}: {other:?}"),
        }
    }
}

#[test]
fn fstab_names_no_kernel_names_afterwards() {
    let rebuild = planned(&small(), &[to_image(SDA, "disk0", 20_000)], &Options::default());
    let fstab = rebuild.actions.iter().find(|action| action.id == "fstab").unwrap();
    let Operation::RewriteFile { rewrite, .. } = &fstab.operation else { panic!() };
    let new = rewrite.apply(b"/dev/sda2 / ext4 defaults 0 1\nUUID=2222-swap none swap sw 0 0\n");
    assert_eq!(new, b"UUID=1111-root / ext4 defaults 0 1\nUUID=2222-swap none swap sw 0 0\n");
}

#[test]
fn boot_loaders_are_installed_where_they_were_and_at_the_removable_path() {
    let mut machine = small();
    let loader =
        |platform: &str| Loader { name: "grub".into(), platform: platform.into(), ..Loader::default() };
    machine.state.boot.loaders = vec![loader("bios"), loader("efi")];
    machine.state.host.os.id = "debian".into();
    machine.state.boot.initramfs = Some(Default::default());
    machine.state.boot.initramfs.as_mut().unwrap().tool = "initramfs-tools".into();
    let options = Options { firmware: Firmware::Uefi, ..Options::default() };
    let lines = shown(&planned(&machine, &[to_device(SDA, "disk0", "A", 20_000)], &options).actions);
    for expected in [
        "chroot /mnt/new grub-install --target=i386-pc --no-floppy %{disk0}",
        "chroot /mnt/new grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram",
        "chroot /mnt/new update-initramfs -u -k all",
        "mount --bind /sys/firmware/efi/efivars /mnt/new/sys/firmware/efi/efivars",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}\n{}", lines.join("\n"));
    }
    let same = Options { is_same_hardware: true, ..Options::default() };
    let rebuild = planned(&machine, &[to_device(SDA, "disk0", "A", 20_000)], &same);
    assert!(!ids(&rebuild.actions).contains(&"initramfs"));
}

#[test]
fn an_interface_keeps_its_name_on_another_card() {
    let interfaces = vec![InterfaceHere { name: "enp3s0".into(), mac: "52:54:00:00:00:01".into() }];
    let options = Options { interfaces, ..Options::default() };
    let rebuild = planned(&small(), &[to_image(SDA, "disk0", 20_000)], &options);
    let action = rebuild.actions.iter().find(|action| action.id == "network:enp3s0").unwrap();
    let Operation::WriteFile { contents, path, .. } = &action.operation else { panic!() };
    assert_eq!(path, "/etc/systemd/network/10-lifeboat-enp3s0.link");
    assert_eq!(contents, "[Match]\nMACAddress=52:54:00:00:00:01\n\n[Link]\nName=enp3s0\n");
}

/// Whether what `action` releases is taken down where the tools say this of the machine that runs it.
fn is_taken_down(action: &Action, tool: &str, says: &str, down: &str) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("down");
    let put = |name: &str, script: String| {
        let file = dir.path().join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let touch = format!(": > {}", mark.display());
    let (down, word) = down.split_once(' ').unwrap_or((down, ""));
    put(down, touch.clone());
    let tell = format!("cat <<'END'\n{says}\nEND");
    put(
        tool,
        if tool == down { format!("case \"$1\" in {word}) {touch};; *) {tell}\n;; esac") } else { tell },
    );
    let mut bindings = crate::system::action::Bindings::default();
    bindings.bind("disk0", "/dev/target0");
    bindings.bind("disk1", "/dev/target1");
    let command = bindings.command(&action.release[0]).unwrap();
    let with = "PATH=$0:$PATH; export PATH; exec \"$@\"";
    let status =
        std::process::Command::new("sh").args(["-c", with]).arg(dir.path()).args(&command.argv).status();
    assert!(status.unwrap().success(), "what is not ours is no error");
    mark.exists()
}

#[test]
fn what_the_running_machine_has_of_the_same_name_is_neither_taken_nor_taken_down() {
    let disks = [to_device(SDA, "disk0", "A", 10_000), to_device(SDB, "disk1", "B", 10_000)];
    let rebuild = planned(&layered(), &disks, &with(Room::Keep));
    let array = "MD_LEVEL=raid1\nMD_UUID=aa:bb\nMD_DEVICE_dev_a_ROLE=0\nMD_DEVICE_dev_a_DEV=";
    for (id, tool, down, own, foreign) in [
        (
            "open:crypt",
            "cryptsetup",
            "cryptsetup close",
            "  type: LUKS2\n  device:  /dev/md0",
            "  device: /dev/sda2",
        ),
        ("activate:vg-0", "pvs", "vgchange", "  /dev/mapper/crypt", "  /dev/sda3"),
        ("activate:vg-0", "pvs", "vgchange", "  /dev/mapper/crypt", "  /dev/mapper/crypt\n  /dev/sda3"),
        ("assemble:/dev/md0", "mdadm", "mdadm --stop", "/dev/target02", "/dev/sda2"),
        ("mount:/", "findmnt", "umount", "/dev/mapper/vg--0-root", "/dev/sda1"),
        ("mount:/", "findmnt", "umount", "/dev/sda1\n/dev/mapper/vg--0-root", ""),
    ] {
        let action = rebuild.actions.iter().find(|action| action.id == id).unwrap();
        let told =
            |device: &str| if tool == "mdadm" { format!("{array}{device}") } else { device.to_owned() };
        let own = if tool == "mdadm" { "/dev/target0p2" } else { own };
        assert!(is_taken_down(action, tool, &told(own), down), "{id}: {own}");
        assert!(!is_taken_down(action, tool, &told(foreign), down), "{id}: {foreign}");
        let Some(crate::system::action::Check::Succeeds(check)) = &action.check else { panic!("{id}") };
        let test = &check.argv[2];
        assert!(
            action.release[0].argv[2].contains(test) || test.contains("VOLUMES"),
            "{id}: one test for both"
        );
    }
}
