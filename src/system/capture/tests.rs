//! Captures of recorded, misbehaving and real machines.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::monitor::{Interrupt, Silent};
use crate::base::time::Timestamp;
use crate::system::capture::fixture::{Recorded, Scripted, recordings};
use crate::system::capture::machine::{Answer, Machine};
use crate::system::capture::{Captured, Options, capture, capture_machine};
use crate::system::model::boot::Firmware;
use crate::system::model::storage::content::Content;
use crate::system::model::{Outcome, SystemState};

fn options(limit: Duration) -> Options {
    Options { time_limit: limit, ..Options::new(Timestamp { seconds: 1_700_000_000, nanos: 0 }) }
}

fn take(machine: impl Machine + 'static) -> Captured {
    capture_machine(Arc::new(machine), &options(Duration::from_secs(60)), &Interrupt::default(), &Silent)
}

fn warnings(state: &SystemState, collector: &str) -> String {
    let report = state.collectors.iter().find(|report| report.name == collector).unwrap();
    report.warnings.join("\n")
}

#[test]
fn a_machine_without_anything_is_captured_without_a_failure_of_more_than_its_disks() {
    let captured = take(Scripted::default());
    for report in &captured.state.collectors {
        let expected = if report.name == "storage" { Outcome::Failed } else { Outcome::Absent };
        assert_eq!(report.outcome, expected, "{}: {:?}", report.name, report.warnings);
    }
    assert!(captured.files.is_empty());
}

#[test]
fn a_collector_that_hangs_is_left_behind_and_the_others_are_not_held_up() {
    let machine = Scripted { hangs_on: Some("/etc/shadow"), ..Scripted::default() }
        .holds("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
        .holds("/etc/hostname", b"left\n");
    let begun = Instant::now();
    let captured = capture_machine(
        Arc::new(machine),
        &options(Duration::from_millis(100)),
        &Interrupt::default(),
        &Silent,
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(captured.state.outcome("accounts"), Some(Outcome::TimedOut));
    assert!(warnings(&captured.state, "accounts").contains("left behind"));
    assert_eq!(captured.state.host.name, "left");
}

#[test]
fn an_interrupt_ends_the_wait_for_a_collector_that_hangs() {
    let machine = Scripted { hangs_on: Some("/etc/passwd"), ..Scripted::default() };
    let interrupt = Interrupt::default();
    interrupt.set();
    let begun = Instant::now();
    capture_machine(Arc::new(machine), &options(Duration::from_secs(600)), &interrupt, &Silent);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_program_that_fails_is_a_warning_with_its_last_words() {
    let fails = |_: &_, _| Answer::Ran {
        output: Vec::new(),
        is_cut: false,
        status: Some(1),
        is_timed_out: false,
        report: "exited with status 1: no such table".into(),
    };
    let mut machine =
        Scripted::default().prints("lsblk", br#"{"blockdevices":[{"name":"sda","type":"disk","size":5}]}"#);
    machine.programs.insert("pvs", Box::new(fails));
    let state = take(machine).state;
    assert_eq!(state.outcome("storage"), Some(Outcome::Partial));
    assert!(warnings(&state, "storage").contains("no such table"), "{}", warnings(&state, "storage"));
    assert_eq!(state.storage.devices[0].key, "disk:name-sda");
}

#[test]
fn a_program_that_takes_too_long_is_told_apart_and_what_it_printed_is_used() {
    let slow = |_: &_, _| Answer::Ran {
        output: b"ii \tbash\t5\tamd64\n".to_vec(),
        is_cut: true,
        status: None,
        is_timed_out: true,
        report: "was ended after 1.0 s, its time limit".into(),
    };
    let mut machine = Scripted::default().holds("/var/lib/dpkg/status", b"");
    machine.programs.insert("dpkg-query", Box::new(slow));
    let state = take(machine).state;
    assert_eq!(state.outcome("packages"), Some(Outcome::TimedOut));
    assert_eq!(state.packages.installed.len(), 1);
    let said = warnings(&state, "packages");
    assert!(said.contains("time limit") && said.contains("its end is missing"), "{said}");
}

/// What hostile or broken programs may print.
fn nonsense() -> Vec<Vec<u8>> {
    let deep = format!("{{\"blockdevices\":{}", "[".repeat(200_000));
    let wide =
        format!("[{}]", "{\"unit_file\":\"\",\"state\":\"\u{202e}\"},".repeat(50_000).trim_end_matches(','));
    let lines = "a:b=c : d\t\tID 1 path /\n".repeat(100_000);
    let numbers = "99999999999999999999999 -1 0x \n".repeat(1000);
    let mut bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    bytes.extend(b"\xff\xfe:\xff=\xff\n");
    let all =
        [Vec::new(), deep.into_bytes(), wide.into_bytes(), lines.into_bytes(), numbers.into_bytes(), bytes];
    all.into_iter().chain([b"{}".to_vec(), b"[]".to_vec(), b"null".to_vec(), b"[{}]".to_vec()]).collect()
}

#[test]
fn whatever_programs_print_and_files_hold_is_survived_within_bounds() {
    const PROGRAMS: [&str; 22] = [
        "lsblk",
        "blkid",
        "findmnt",
        "df",
        "sfdisk",
        "mdadm",
        "pvs",
        "vgs",
        "lvs",
        "sh",
        "cryptsetup",
        "dumpe2fs",
        "efibootmgr",
        "dpkg-query",
        "systemctl",
        "ip",
        "nft",
        "docker",
        "podman",
        "sysctl",
        "uname",
        "udevadm",
    ];
    const FILES: [&str; 26] = [
        "/etc/fstab",
        "/etc/crypttab",
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/gshadow",
        "/etc/subuid",
        "/etc/crontab",
        "/etc/cron.d/x",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/os-release",
        "/etc/sysctl.conf",
        "/etc/modprobe.d/x.conf",
        "/etc/modules",
        "/var/lib/dpkg/status",
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d/x.sources",
        "/etc/default/grub",
        "/proc/swaps",
        "/proc/modules",
        "/etc/locale.conf",
        "/run/docker.sock",
        "/usr/lib/systemd/systemd",
        "/run/systemd/system/x",
        "/sys/firmware/efi/x",
    ];
    for bytes in nonsense() {
        let mut machine = Scripted::default();
        for program in PROGRAMS {
            machine = machine.prints(program, &bytes);
        }
        for file in FILES {
            machine = machine.holds(file, &bytes);
        }
        let captured = take(machine);
        let document = captured.state.to_json().unwrap();
        assert_eq!(SystemState::from_json(&document, "capture").unwrap(), captured.state);
        for report in &captured.state.collectors {
            assert_ne!(report.warnings, ["it ended without an answer"], "{} panicked", report.name);
        }
    }
}

#[test]
fn a_section_that_is_too_large_is_left_out_with_a_warning() {
    let flood = "ii \tpackage-with-a-name\t1:2.3-4\tamd64\n".repeat(200_000);
    let machine = Scripted::default()
        .holds("/var/lib/dpkg/status", b"")
        .holds("/etc/hostname", b"left\n")
        .prints("dpkg-query", flood.as_bytes());
    let state = take(machine).state;
    assert_eq!((state.outcome("packages"), state.packages.installed.len()), (Some(Outcome::Failed), 0));
    assert!(warnings(&state, "packages").contains("too much to be true"));
    assert_eq!(state.host.name, "left");
}

#[test]
fn a_disk_that_lists_its_devices_in_nonsense_still_has_a_place() {
    let blocks = br#"{"blockdevices":[{"name":"sda","type":"disk","size":9,"fstype":"crypto_LUKS",
      "pttype":"gpt"},
        {"name":"../../x","kname":"../../x","type":"loop","size":9},{"name":"md0","type":"raid1",
          "size":9}]}"#;
    let state =
        take(Scripted::default().prints("lsblk", blocks).prints("sfdisk", b"\xff").prints("mdadm", b"{}"))
            .state;
    assert_eq!(state.storage.devices.len(), 2);
    assert!(warnings(&state, "storage").contains("mdadm tells nothing"));
}

#[test]
fn the_machine_that_runs_this_is_captured_with_its_packages_and_users() {
    let captured =
        capture(&options(Duration::from_secs(120)), &Interrupt::default(), &Silent).expect("there is a /");
    let state = &captured.state;
    assert_eq!((state.root.as_str(), state.collectors.len()), ("/", 10));
    assert!(state.accounts.users.iter().any(|user| user.name == "root" && user.uid == 0));
    assert!(!state.storage.mounts.is_empty() && state.boot.running_kernel.is_some());
    if Path::new("/var/lib/dpkg/status").exists() {
        let dpkg = Command::new("dpkg-query").args(["-W", "-f", "x"]).output().unwrap();
        // One x for each package that dpkg knows, in any state.
        assert!(!state.packages.installed.is_empty());
        assert!(state.packages.installed.len() <= dpkg.stdout.len());
    }
    assert_eq!(state.files.len(), captured.files.len());
    for kept in &captured.files {
        assert_eq!(kept.file.hash, blake3::hash(&kept.bytes).to_hex().to_string(), "{}", kept.file.path);
    }
}

#[test]
fn a_directory_that_is_missing_is_an_error_that_names_it() {
    let options = Options { root: "/no/such/root".into(), ..options(Duration::from_secs(1)) };
    let error = capture(&options, &Interrupt::default(), &Silent).unwrap_err();
    assert!(error.to_string().contains("/no/such/root"));
}

/// Captures the recording `name`, and compares the document with the one that is kept beside it.
fn recorded(name: &str) -> SystemState {
    let directory = recordings().join(name);
    let state = take(Recorded::open(&directory)).state;
    let mut document = state.to_value().unwrap();
    let fields = document.as_object_mut().unwrap();
    // How long it took, and the hashes of what lies beside it anyhow.
    let collectors = fields.remove("collectors").unwrap();
    ["files", "tool", "captured", "schema", "root"].iter().for_each(|name| drop(fields.remove(*name)));
    for report in collectors.as_array().unwrap() {
        let outcome = report["outcome"].as_str().unwrap();
        assert!(matches!(outcome, "complete" | "absent"), "{name}: {report}");
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    let expected = directory.join("expected.json");
    if std::env::var_os("LIFEBOAT_REGENERATE").is_some() {
        std::fs::write(&expected, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&expected).unwrap_or_default();
    assert!(text == expected, "{name} is read otherwise than before; see LIFEBOAT_REGENERATE and git diff");
    state
}

fn manual(state: &SystemState) -> Vec<&str> {
    let asked_for = state.packages.installed.iter().filter(|one| one.is_manual == Some(true));
    asked_for.map(|one| one.name.as_str()).collect()
}

fn unit<'a>(state: &'a SystemState, name: &str) -> &'a str {
    state.services.units.iter().find(|unit| unit.name == name).map_or("", |unit| unit.state.as_str())
}

#[test]
fn a_recorded_fedora_is_read_with_its_lvm_xfs_uefi_selinux_and_podman() {
    let state = recorded("fedora-40");
    let keys: Vec<&str> = state.storage.devices.iter().map(|device| device.key.as_str()).collect();
    assert_eq!(keys[0], "disk:wwn-eui.002538b111b0a1c2");
    assert_eq!(state.storage.disks_below("lv:fedora/root"), [keys[0]]);
    assert_eq!(state.storage.fstab[2].device.as_deref(), Some("part:8d1d1e1e-1111-4c6f-9a3e-0a0b0c0d0e01"));
    assert_eq!(
        (state.boot.firmware, state.boot.loaders[0].platform.as_str()),
        (Firmware::Uefi, "x86_64-efi")
    );
    assert_eq!(state.boot.loaders[0].version.as_deref(), Some("1:2.06-121.fc40"));
    assert_eq!(manual(&state), ["bash", "podman", "vim-minimal"]);
    let held: Vec<&str> =
        state.packages.installed.iter().filter(|one| one.is_held).map(|one| one.name.as_str()).collect();
    assert_eq!(held, ["podman"]);
    assert_eq!(state.settings.selinux.as_ref().unwrap().running.as_deref(), Some("enforcing"));
    assert_eq!(unit(&state, "systemd-networkd.service"), "masked");
    let podman = &state.containers.engines[0];
    assert_eq!(podman.containers[0].ports, ["0.0.0.0:8080:80/tcp"]);
    assert!(podman.images[0].digests[0].starts_with("docker.io/library/nginx@sha256:2222"));
}

#[test]
fn a_recorded_ubuntu_is_read_with_its_raid_luks_lvm_bios_netplan_and_docker() {
    let state = recorded("ubuntu-24.04");
    let array = "md:7e8f9a0b:1c2d3e4f:5a6b7c8d:9e0f1a2b";
    assert_eq!(
        state.storage.device("lv:ubuntu-vg/root").unwrap().parents,
        ["luks:6d1ad1c6-1f0f-43d7-9a6f-1a2b3c4d5e6f"]
    );
    assert_eq!(state.storage.crypttab[0].device.as_deref(), Some(array));
    assert_eq!(
        state.storage.disks_below(array),
        ["disk:wwn-0x5000c500a1b2c3d4", "disk:wwn-0x5000c500a1b2c3d5"]
    );
    assert_eq!(state.storage.swaps[0].device.as_deref(), Some("lv:ubuntu-vg/swap_1"));
    assert_eq!((state.boot.firmware, state.boot.loaders[0].platform.as_str()), (Firmware::Bios, "i386-pc"));
    assert_eq!(state.packages.foreign_architectures, ["i386"]);
    assert!(state.packages.installed.iter().any(|one| one.name == "docker-ce" && one.is_held));
    assert_eq!(manual(&state).iter().filter(|name| **name == "libc6" || **name == "adduser").count(), 1);
    assert_eq!(state.packages.repositories.len(), 3);
    assert_eq!(
        (state.network.managers.as_slice(), state.network.firewall.managers.as_slice()),
        (&["netplan".to_owned()][..], &["ufw".to_owned()][..])
    );
    assert!(!state.network.firewall.rules.join("\n").contains("packets"));
    assert_eq!(state.containers.engines[0].networks[0].name, "back");
    assert_eq!(state.schedules.crontabs[0].entries[1].when, "@reboot");
    // Neither snaps nor disc drives are storage to be made again.
    assert!(
        !state
            .storage
            .devices
            .iter()
            .any(|device| device.name.contains("loop") || device.name.contains("sr0"))
    );
}

#[test]
fn a_recorded_opensuse_is_read_with_its_subvolumes_and_old_util_linux() {
    let state = recorded("opensuse-leap-15.6");
    let device = state.storage.device("part:cccccccc-0002-4000-8000-000000000002").unwrap();
    let Some(Content::FileSystem(system)) = &device.content else { panic!("no file system") };
    assert_eq!((system.subvolumes.len(), system.profiles["metadata"].as_str()), (6, "dup"));
    assert!(system.subvolumes.iter().any(|one| one.is_default && one.path == "@/.snapshots/1/snapshot"));
    assert_eq!(state.storage.mounts[0].fs_root, "/@/.snapshots/1/snapshot");
    assert_eq!(state.storage.devices[0].key, "disk:name-vda");
    assert_eq!(manual(&state).len(), state.packages.installed.len() - 1);
    assert!(state.packages.installed.iter().any(|one| one.name == "kernel-default" && one.is_held));
    assert_eq!(unit(&state, "firewalld.service"), "masked");
}

#[test]
fn a_recorded_arch_is_read_with_systemd_boot_pacman_and_a_dos_table() {
    let state = recorded("arch");
    assert_eq!(state.boot.loaders[0].name, "systemd-boot");
    assert_eq!(manual(&state), ["bash", "linux", "pacman"]);
    assert_eq!(state.storage.fstab[0].device.as_deref(), Some("part:1f2e3d4c-02"));
    assert_eq!(state.storage.mounts.len(), 2);
    assert_eq!(
        state.boot.efi.as_ref().unwrap().entries[0].loader.as_deref(),
        Some("\\EFI\\systemd\\systemd-bootx64.efi")
    );
    assert_eq!(state.network.managers, ["systemd-networkd"]);
}

#[test]
fn a_recorded_debian_in_a_directory_is_read_from_its_files() {
    let state = recorded("debian-12");
    assert_eq!((state.host.os.id.as_str(), state.settings.time_zone.as_deref()), ("debian", Some("Etc/UTC")));
    assert_eq!(state.boot.kernels[0].release, "6.1.0-50-cloud-amd64");
    assert!(state.boot.kernels[0].initramfs.is_some() && state.boot.kernels[0].has_modules);
    assert_eq!(state.boot.initramfs.as_ref().unwrap().version.as_deref(), Some("0.142+deb12u3"));
    assert_eq!((unit(&state, "postgresql.service"), unit(&state, "task.service")), ("enabled", "enabled"));
    assert_eq!(state.services.local_files, ["/etc/systemd/system/task.service"]);
    assert!(state.storage.devices.is_empty() && state.network.interfaces.is_empty());
}

#[test]
fn recorded_loop_devices_are_read_without_udev() {
    let state = recorded("debian-12-storage");
    let table = state.storage.device("loop:/srv/d1.img").unwrap();
    assert!(matches!(&table.content, Some(Content::PartitionTable(table)) if table.label == "gpt"));
    let content = |key: &str| state.storage.device(key).unwrap().content.clone().unwrap();
    let Content::FileSystem(boot) = content("loop:/srv/d1.img@34603008") else { panic!("no ext4") };
    assert_eq!(
        (boot.fs_type.as_str(), boot.label.as_deref(), boot.block_bytes),
        ("ext4", Some("boot"), Some(1024))
    );
    let Content::FileSystem(efi) = content("loop:/srv/d1.img@1048576") else { panic!("no FAT") };
    assert_eq!((efi.options["fat_bits"].as_str(), efi.uuid.as_deref()), ("32", Some("03FC-A73A")));
    let Content::Luks(luks) = content("loop:/srv/d3.img") else { panic!("no LUKS") };
    assert_eq!((luks.version, luks.slots.len()), (2, 1));
    let group = &state.storage.volume_groups[0];
    assert_eq!(
        (group.name.as_str(), group.devices.as_slice()),
        ("vg-data", &["loop:/srv/d2.img".to_owned()][..])
    );
    assert!(group.backup.as_ref().unwrap().contains("seqno"));
}

#[test]
fn a_luks_header_is_kept_by_consent_alone_and_only_where_it_is_whole() {
    let dump = "Version:       \t2\nMetadata area: \t1024 [bytes]\nKeyslots area: \t2048 [bytes]\n\
        UUID:          \tu-1\n";
    let blocks = br#"{"blockdevices":[{"name":"sda","type":"disk","size":9999,"fstype":"crypto_LUKS"}]}"#;
    let machine = |header: &[u8]| {
        Scripted::default()
            .prints("lsblk", blocks)
            .prints("cryptsetup", dump.as_bytes())
            .holds("/dev/sda", header)
    };
    let mut whole = b"LUKS\xba\xbe\x00\x02".to_vec();
    whole.resize(9999, 7);
    let take = |header: &[u8], keeps_luks_headers| {
        let options = Options { keeps_luks_headers, ..options(Duration::from_secs(60)) };
        capture_machine(Arc::new(machine(header)), &options, &Interrupt::default(), &Silent)
    };
    let header = |captured: &Captured| {
        let kept = captured.files.iter().find(|kept| kept.file.path == "luks/u-1.header");
        kept.map(|kept| (kept.bytes.len(), kept.file.is_secret))
    };
    assert_eq!(header(&take(&whole, false)), None);
    let kept = take(&whole, true);
    assert_eq!(header(&kept), Some((4096, true)));
    let Some(Content::Luks(luks)) = &kept.state.storage.devices[0].content else { panic!("no LUKS") };
    assert_eq!(luks.header_file.as_deref(), Some("luks/u-1.header"));
    for broken in [&whole[..4000], &[0; 9999][..]] {
        let captured = take(broken, true);
        assert_eq!(header(&captured), None);
        assert!(warnings(&captured.state, "storage").contains("could not be read whole"));
    }
}
