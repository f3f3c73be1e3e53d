//! How the machine starts: firmware, boot loader, kernels, initial RAM disks.

use serde::{Deserialize, Serialize};

/// How a machine starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Boot {
    /// What starts it.
    pub firmware: Firmware,
    /// Width of a UEFI firmware: 32 or 64.
    pub firmware_bits: Option<u32>,
    /// Whether the firmware checks signatures; none where it cannot tell.
    pub secure_boot: Option<bool>,
    /// Boot loaders that are installed, the one in use first.
    pub loaders: Vec<Loader>,
    /// What the firmware knows to boot.
    pub efi: Option<EfiBoot>,
    /// The release that runs, as `uname -r` says; none for a root that is not running.
    pub running_kernel: Option<String>,
    /// What the running kernel was started with.
    pub command_line: Option<String>,
    /// Kernels that are installed, sorted by release.
    pub kernels: Vec<Kernel>,
    /// What makes the initial RAM disks.
    pub initramfs: Option<Initramfs>,
}

/// What starts a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// A PC's BIOS, or UEFI's imitation of it.
    Bios,
    /// UEFI.
    Uefi,
    /// A device tree.
    DeviceTree,
    /// Nothing that a container or a chroot can tell.
    #[default]
    Unknown,
}

/// A boot loader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loader {
    /// `grub`, `systemd-boot`, `extlinux`, `refind`, `zipl`, `uboot`.
    pub name: String,
    /// GRUB's `i386-pc` or `x86_64-efi`, else `bios` or `efi`: one entry for each that is installed.
    pub platform: String,
    /// Version of its package.
    pub version: Option<String>,
    /// Its configuration, such as `/boot/grub/grub.cfg`.
    pub configuration: Option<String>,
    /// Keys of the disks whose first sector holds it.
    pub disks: Vec<String>,
    /// Where the EFI system partition is mounted, such as `/boot/efi`.
    pub efi_directory: Option<String>,
    /// Programs of it on the EFI system partition, such as `/EFI/debian/shimx64.efi`.
    pub efi_programs: Vec<String>,
    /// Settings of `/etc/default/grub` or `loader.conf`, by name, in order of the file.
    pub settings: Vec<(String, String)>,
}

/// What the firmware knows to boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EfiBoot {
    /// What it was started from, such as `0001`.
    pub current: Option<String>,
    /// What it starts next, once.
    pub next: Option<String>,
    /// What it tries, in order.
    pub order: Vec<String>,
    /// How long it waits.
    pub timeout_seconds: Option<u32>,
    /// What there is, sorted by number.
    pub entries: Vec<EfiEntry>,
}

/// One boot entry of the firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EfiEntry {
    /// Four hexadecimal digits.
    pub number: String,
    /// What it is called.
    pub label: String,
    /// Whether it is tried.
    pub is_active: bool,
    /// Where it leads, as `efibootmgr` prints it.
    pub device_path: String,
    /// UUID (small letters) of the partition it leads to.
    pub partition: Option<String>,
    /// The program there, with `\` as firmware writes it.
    pub loader: Option<String>,
}

/// An installed kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kernel {
    /// Its release, such as `6.1.0-18-amd64`.
    pub release: String,
    /// Its image, such as `/boot/vmlinuz-6.1.0-18-amd64`.
    pub image: Option<String>,
    /// Its initial RAM disk.
    pub initramfs: Option<String>,
    /// Whether its modules are there.
    pub has_modules: bool,
}

/// What makes initial RAM disks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Initramfs {
    /// `initramfs-tools`, `dracut`, `mkinitcpio`, `booster`.
    pub tool: String,
    /// Version of its package.
    pub version: Option<String>,
}
