//! What is mounted, opened and swapped to, and the files that say so.

use serde::{Deserialize, Serialize};

/// One mount.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mount {
    /// Where.
    pub target: String,
    /// What, as the kernel has it: `/dev/sda1`, `server:/export`, `tmpfs`.
    pub source: String,
    /// Key of the device, where it is one of the state's devices.
    pub device: Option<String>,
    /// The part of the file system that is mounted, such as a btrfs subvolume; `/` for all of it.
    pub fs_root: String,
    /// Type of the file system.
    pub fs_type: String,
    /// Options, in order.
    pub options: Vec<String>,
    /// How mounts spread: `shared`, `private`…
    pub propagation: Option<String>,
}

/// A line of `fstab`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FstabEntry {
    /// `UUID=…`, `LABEL=…`, `/dev/…`, `server:/export`.
    pub source: String,
    /// Where; `none` for swap. Octal escapes are undone.
    pub target: String,
    /// Type of the file system.
    pub fs_type: String,
    /// Options, in order.
    pub options: Vec<String>,
    /// The fifth field.
    pub dump: u32,
    /// The sixth field: when it is checked.
    pub pass: u32,
    /// Key of the device that `source` means, where it is one of the state's devices.
    pub device: Option<String>,
}

/// A line of `crypttab`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrypttabEntry {
    /// Name below `/dev/mapper`.
    pub name: String,
    /// `UUID=…` or a device.
    pub source: String,
    /// The key's file, never its contents; `none` asks.
    pub key_file: String,
    /// Options, in order.
    pub options: Vec<String>,
    /// Key of the device that `source` means, where it is one of the state's devices.
    pub device: Option<String>,
}

/// Swap in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Swap {
    /// The device or file.
    pub name: String,
    /// Key of the device, where it is one of the state's devices.
    pub device: Option<String>,
    /// Whether it is a file, in a file system.
    pub is_file: bool,
    /// Its length.
    pub size_bytes: u64,
    /// Its priority.
    pub priority: i32,
}
