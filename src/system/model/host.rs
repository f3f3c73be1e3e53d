//! What the machine is: its names, its operating system, its hardware.

use serde::{Deserialize, Serialize};

/// A machine's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// The name in `/etc/hostname`, or the kernel's.
    pub name: String,
    /// `/etc/machine-id`; none where it is missing or not yet set.
    pub machine_id: Option<String>,
    /// The distribution.
    pub os: OperatingSystem,
    /// The machine's architecture as the kernel calls it, such as `x86_64`.
    pub architecture: String,
    /// What runs it, as `systemd-detect-virt` says: `none` for hardware, `kvm`, `docker`…
    pub virtualization: Option<String>,
    /// Maker, model and serial number, as the firmware tells.
    pub hardware: Hardware,
}

/// What `os-release` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperatingSystem {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `ID_LIKE`, split at spaces.
    pub like: Vec<String>,
    /// `VERSION_ID`; none for rolling distributions.
    pub version: Option<String>,
    /// `VERSION_CODENAME`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`.
    pub title: String,
}

/// What the firmware and the kernel tell of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// Who made it.
    pub vendor: Option<String>,
    /// Which model.
    pub product: Option<String>,
    /// Which one.
    pub serial: Option<String>,
    /// The machine's UUID.
    pub uuid: Option<String>,
    /// Version of its firmware.
    pub firmware_version: Option<String>,
    /// Processors that are online.
    pub processors: u32,
    /// Main memory.
    pub memory_bytes: u64,
}
