//! Collects how the machine starts: firmware, boot loaders, kernels, initial RAM disks.

use std::collections::BTreeMap;

use crate::system::capture::probe::Probe;
use crate::system::model::boot::{Boot, Firmware, Initramfs, Kernel, Loader};
use crate::system::model::packages::Packages;
use crate::system::parse::{efi, text};

/// Where an EFI system partition is mounted, by custom.
const EFI_DIRECTORIES: [&str; 3] = ["/boot/efi", "/efi", "/boot"];
/// Ends with 1 where the firmware checks signatures.
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Looks.
pub fn collect(probe: &mut Probe) -> Boot {
    let mut boot = Boot { kernels: kernels(probe), initramfs: initramfs(probe), ..Boot::default() };
    if probe.is_live() {
        read_firmware(probe, &mut boot);
        boot.running_kernel = probe.peek("/proc/sys/kernel/osrelease");
        boot.command_line = probe.peek("/proc/cmdline");
    }
    boot.loaders = loaders(probe);
    boot
}

/// Adds what other sections know: versions of packages, and disks whose first sector holds GRUB.
pub fn finish(boot: &mut Boot, packages: &Packages, grub_disks: Vec<String>) {
    let version = |names: &[&str]| {
        let found = packages.installed.iter().find(|package| names.contains(&package.name.as_str()));
        found.map(|package| package.version.clone())
    };
    for loader in &mut boot.loaders {
        let names: &[&str] = match (loader.name.as_str(), loader.platform.as_str()) {
            ("grub", "i386-pc") => &["grub-pc", "grub2-pc", "grub2-i386-pc", "grub"],
            ("grub", _) => &[
                "grub-efi-amd64",
                "grub-efi-arm64",
                "grub-efi-ia32",
                "grub2-efi-x64",
                "grub2-efi-aa64",
                "grub2-x86_64-efi",
                "grub2-arm64-efi",
                "grub",
            ],
            ("systemd-boot", _) => &["systemd-boot", "systemd-boot-unsigned", "systemd"],
            ("extlinux", _) => &["extlinux", "syslinux"],
            ("zipl", _) => &["s390-tools", "s390utils-base"],
            ("refind", _) => &["refind"],
            _ => &[],
        };
        loader.version = version(names);
        if (loader.name.as_str(), loader.platform.as_str()) == ("grub", "i386-pc") {
            loader.disks.clone_from(&grub_disks);
        }
    }
    // What the firmware starts comes first.
    let is_uefi = boot.firmware == Firmware::Uefi;
    boot.loaders.sort_by_key(|loader| loader.platform.ends_with("efi") != is_uefi);
    if let Some(initramfs) = &mut boot.initramfs {
        let tool = initramfs.tool.clone();
        initramfs.version = version(&[tool.as_str()]);
    }
}

fn read_firmware(probe: &mut Probe, boot: &mut Boot) {
    boot.firmware = if probe.is_dir("/sys/firmware/efi") {
        Firmware::Uefi
    } else if probe.exists("/proc/device-tree/compatible") {
        Firmware::DeviceTree
    } else if probe.exists("/sys/class/dmi/id/bios_vendor") {
        Firmware::Bios
    } else {
        Firmware::Unknown
    };
    if boot.firmware != Firmware::Uefi {
        return;
    }
    boot.firmware_bits = probe.peek("/sys/firmware/efi/fw_platform_size").and_then(|bits| bits.parse().ok());
    let state = probe.beginning(SECURE_BOOT, 16);
    boot.secure_boot = state.and_then(|bytes| bytes.get(4).map(|byte| *byte == 1));
    if let Some(output) = probe.run("efibootmgr.txt", "efibootmgr", &["-v"]) {
        boot.efi = efi::parse(&output);
        if boot.efi.is_none() {
            probe.warn("efibootmgr printed nothing that can be read");
        }
    }
}

fn kernels(probe: &mut Probe) -> Vec<Kernel> {
    let mut found: BTreeMap<String, Kernel> = BTreeMap::new();
    let names = probe.list("/boot");
    for name in &names {
        let release =
            ["vmlinuz-", "vmlinux-", "kernel-", "Image-"].iter().find_map(|stem| name.strip_prefix(stem));
        let Some(release) = release.filter(|release| !release.ends_with(".hmac")) else { continue };
        let kernel = found.entry(release.to_owned()).or_default();
        kernel.image = Some(format!("/boot/{name}"));
        let disks = [
            format!("initrd.img-{release}"),
            format!("initramfs-{release}.img"),
            format!("initrd-{release}"),
        ];
        let disk = disks.iter().find(|disk| names.contains(disk));
        kernel.initramfs = disk.map(|disk| format!("/boot/{disk}"));
    }
    for modules in ["/usr/lib/modules", "/lib/modules"] {
        for release in probe.list(modules) {
            if !probe.is_dir(&format!("{modules}/{release}/kernel")) {
                continue;
            }
            let image = format!("{modules}/{release}/vmlinuz");
            let has_image = probe.exists(&image);
            let kernel = found.entry(release).or_default();
            kernel.has_modules = true;
            if kernel.image.is_none() && has_image {
                kernel.image = Some(image);
            }
        }
    }
    for (release, kernel) in &mut found {
        kernel.release.clone_from(release);
    }
    found.into_values().collect()
}

fn initramfs(probe: &mut Probe) -> Option<Initramfs> {
    let tools = [
        ("initramfs-tools", "/usr/sbin/update-initramfs", "/etc/initramfs-tools"),
        ("dracut", "/usr/bin/dracut", "/etc/dracut.conf.d"),
        ("mkinitcpio", "/usr/bin/mkinitcpio", "/etc/mkinitcpio.d"),
        ("booster", "/usr/bin/booster", "/etc/booster.yaml"),
    ];
    let (tool, _, configuration) = tools.into_iter().find(|(_, program, _)| probe.exists(program))?;
    probe.keep_tree(configuration, false);
    for file in ["/etc/dracut.conf", "/etc/mkinitcpio.conf"] {
        if probe.exists(file) {
            probe.file(file);
        }
    }
    Some(Initramfs { tool: tool.to_owned(), version: None })
}

fn loaders(probe: &mut Probe) -> Vec<Loader> {
    let efi_directory = EFI_DIRECTORIES.into_iter().find(|place| probe.is_dir(&format!("{place}/EFI")));
    let programs = efi_directory.map(|place| efi_programs(probe, place)).unwrap_or_default();
    let mut found = grub(probe, efi_directory, &programs);
    let conf = ["/efi/loader/loader.conf", "/boot/efi/loader/loader.conf", "/boot/loader/loader.conf"];
    if let Some(path) = conf.into_iter().find(|path| probe.exists(path)) {
        let file = probe.file(path).unwrap_or_default();
        let setting = |line: &str| {
            line.split_once(char::is_whitespace).map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        };
        found.push(Loader {
            name: "systemd-boot".to_owned(),
            platform: "efi".to_owned(),
            configuration: Some(path.to_owned()),
            efi_directory: efi_directory.map(str::to_owned),
            efi_programs: with(&programs, "/systemd/"),
            settings: text::lines(&file, "#").filter_map(setting).collect(),
            ..Loader::default()
        });
    }
    let others = [
        ("extlinux", "bios", "/boot/extlinux/extlinux.conf"),
        ("refind", "efi", "/boot/efi/EFI/refind/refind.conf"),
        ("zipl", "s390", "/etc/zipl.conf"),
    ];
    for (name, platform, path) in others {
        if probe.exists(path) {
            probe.file(path);
            found.push(Loader {
                name: name.to_owned(),
                platform: platform.to_owned(),
                configuration: Some(path.to_owned()),
                ..Loader::default()
            });
        }
    }
    found
}

/// GRUB once for each platform that it is installed for.
fn grub(probe: &mut Probe, efi_directory: Option<&str>, programs: &[String]) -> Vec<Loader> {
    let Some(directory) = ["/boot/grub", "/boot/grub2"].into_iter().find(|path| probe.is_dir(path)) else {
        return Vec::new();
    };
    let mut platforms: Vec<String> = probe
        .list(directory)
        .into_iter()
        .filter(|name| name == "i386-pc" || name.ends_with("-efi") || name.ends_with("-ieee1275"))
        .collect();
    // Fedora and its kin bring a whole GRUB for UEFI, without modules below /boot.
    for (program, platform) in [("/grubx64.efi", "x86_64-efi"), ("/grubaa64.efi", "arm64-efi")] {
        let is_there = programs.iter().any(|path| path.ends_with(program));
        if is_there && !platforms.iter().any(|known| known == platform) {
            platforms.push(platform.to_owned());
        }
    }
    let mut settings =
        probe.file("/etc/default/grub").map(|file| text::assignments(&file)).unwrap_or_default();
    for (_, file) in probe.files("/etc/default/grub.d", |name| name.ends_with(".cfg")) {
        settings.extend(text::assignments(&file));
    }
    let configuration = format!("{directory}/grub.cfg");
    if probe.exists(&configuration) {
        probe.file(&configuration);
    }
    probe.keep_tree("/etc/grub.d", false);
    let loader = |platform: String| {
        let is_efi = platform.ends_with("-efi");
        Loader {
            name: "grub".to_owned(),
            configuration: Some(configuration.clone()),
            efi_directory: efi_directory.filter(|_| is_efi).map(str::to_owned),
            efi_programs: if is_efi { with(programs, "") } else { Vec::new() },
            settings: settings.clone(),
            platform,
            ..Loader::default()
        }
    };
    platforms.into_iter().map(loader).collect()
}

fn with(programs: &[String], part: &str) -> Vec<String> {
    programs.iter().filter(|path| path.to_ascii_lowercase().contains(part)).cloned().collect()
}

/// `/EFI/debian/shimx64.efi` and its like, sorted.
fn efi_programs(probe: &mut Probe, place: &str) -> Vec<String> {
    let mut programs = Vec::new();
    for vendor in probe.list(&format!("{place}/EFI")) {
        for name in probe.list(&format!("{place}/EFI/{vendor}")) {
            if name.to_ascii_lowercase().ends_with(".efi") {
                programs.push(format!("/EFI/{vendor}/{name}"));
            }
        }
    }
    programs
}
