//! What is set for the whole system: language, time, kernel parameters and modules, access control.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Settings of the whole system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Variables of `/etc/locale.conf` or `/etc/default/locale`, such as `LANG`.
    pub locale: BTreeMap<String, String>,
    /// Locales that are generated (`/etc/locale.gen`), in order.
    pub generated_locales: Vec<String>,
    /// Keyboard and console (`vconsole.conf`, `/etc/default/keyboard`).
    pub keyboard: BTreeMap<String, String>,
    /// Such as `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Whether the hardware clock runs in local time.
    pub has_local_clock: bool,
    /// Kernel parameters that files set, the last one that counts, sorted by key.
    pub sysctl: Vec<Sysctl>,
    /// Kernel modules.
    pub modules: Modules,
    /// SELinux; none where there is no sign of it.
    pub selinux: Option<SeLinux>,
    /// Whether AppArmor is on; none where it cannot be told.
    pub apparmor: Option<bool>,
}

/// A kernel parameter that a file sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sysctl {
    /// With dots, such as `net.ipv4.ip_forward`; may hold globs.
    pub key: String,
    /// What the file says.
    pub value: String,
    /// The file.
    pub file: String,
    /// What the kernel had when captured; none for a root that is not running.
    pub running: Option<String>,
}

/// Kernel modules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Modules {
    /// Loaded when captured, sorted.
    pub loaded: Vec<String>,
    /// Loaded at boot by `/etc/modules` and `modules-load.d`, in order.
    pub at_boot: Vec<String>,
    /// Never loaded by themselves, sorted.
    pub blacklisted: Vec<String>,
    /// Options by module (`modprobe.d`).
    pub options: BTreeMap<String, String>,
}

/// SELinux.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeLinux {
    /// Mode when captured: `enforcing`, `permissive`, `disabled`; none for a root that is not running.
    pub running: Option<String>,
    /// Mode in `/etc/selinux/config`.
    pub configured: Option<String>,
    /// Policy, such as `targeted`.
    pub policy: Option<String>,
    /// Whether `/.autorelabel` asks for new labels at the next boot.
    pub relabels_at_boot: bool,
}
