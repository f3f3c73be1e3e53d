//! What runs by itself: units, timers, crontabs.

use serde::{Deserialize, Serialize};

/// Units and timers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Services {
    /// `systemd`, `sysvinit` or `openrc`; none where it is not known.
    pub manager: Option<String>,
    /// The target it boots to.
    pub default_target: Option<String>,
    /// Unit files, sorted by name.
    pub units: Vec<Unit>,
    /// Timers that are loaded, sorted by name.
    pub timers: Vec<Timer>,
    /// Unit files and drop-ins below `/etc/systemd`, sorted: what was made on this machine.
    pub local_files: Vec<String>,
    /// Services that failed when captured, sorted.
    pub failed: Vec<String>,
}

/// A unit file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unit {
    /// Its name with its type, such as `ssh.service`.
    pub name: String,
    /// `enabled`, `disabled`, `masked`, `static`, `alias`, `indirect`, `generated`, `enabled-runtime`…
    pub state: String,
    /// What the distribution's preset says: `enabled`, `disabled`.
    pub preset: Option<String>,
    /// Whether it ran when captured; none for a root that is not running.
    pub is_active: Option<bool>,
}

/// A timer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timer {
    /// Its name, such as `apt-daily.timer`.
    pub name: String,
    /// What it starts.
    pub activates: String,
    /// Whether its unit file is enabled.
    pub is_enabled: bool,
}

/// Crontabs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedules {
    /// All tables, sorted by path.
    pub crontabs: Vec<Crontab>,
    /// Scripts below `/etc/cron.hourly` and its kin, sorted.
    pub scripts: Vec<String>,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Crontab {
    /// Its file.
    pub path: String,
    /// Whose it is, where it is one user's.
    pub user: Option<String>,
    /// Variables it sets, in order.
    pub variables: Vec<(String, String)>,
    /// Its lines, in order.
    pub entries: Vec<CronEntry>,
}

/// One line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CronEntry {
    /// Five fields, or `@daily` and its kin.
    pub when: String,
    /// Who runs it.
    pub user: String,
    /// What.
    pub command: String,
}
