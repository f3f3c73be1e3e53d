//! The captured state of a machine, `system.json`: pure data, with a schema and a version.
//!
//! The document holds what is needed to plan a rebuild without looking at anything else; the exact
//! bytes behind it (`fstab`, `sfdisk --dump`, keyrings) lie beside it as [`RawFile`]s. Fields are only
//! ever added, each with a default, so that any release reads what another wrote; a change of meaning
//! would be a new version of [`SCHEMA`]. Text that was not UTF-8 is lossy here and exact in the raw files.
//!
//! A section that is empty and one that nobody could look at are not the same: [`SystemState::collectors`]
//! says which collectors ran, and a comparison must ask it before it says that something is gone.

pub mod accounts;
pub mod boot;
pub mod containers;
pub mod host;
pub mod network;
pub mod packages;
pub mod services;
pub mod settings;
pub mod storage;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::time::Timestamp;
use crate::system::model::accounts::Accounts;
use crate::system::model::boot::Boot;
use crate::system::model::containers::Containers;
use crate::system::model::host::Host;
use crate::system::model::network::Network;
use crate::system::model::packages::Packages;
use crate::system::model::services::{Schedules, Services};
use crate::system::model::settings::Settings;
use crate::system::model::storage::Storage;

/// The document's schema, as its first field says.
pub const SCHEMA: &str = "lifeboat.system/1";
/// The directory of a snapshot that holds the state.
pub const DIRECTORY: &str = "/.lifeboat/system";
/// The document's name below [`DIRECTORY`].
pub const FILE_NAME: &str = "system.json";

/// Everything that was found out about one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemState {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When it was captured.
    pub captured: Timestamp,
    /// The version of lifeboat that did it.
    pub tool: String,
    /// The root directory that was looked at: `/`, or a chroot's directory.
    pub root: String,
    /// What the machine is and is called.
    pub host: Host,
    /// Firmware, boot loader, kernels.
    pub boot: Boot,
    /// Disks and all that lies on them.
    pub storage: Storage,
    /// Installed software and where it comes from.
    pub packages: Packages,
    /// Units and timers.
    pub services: Services,
    /// Crontabs.
    pub schedules: Schedules,
    /// Users and groups.
    pub accounts: Accounts,
    /// Locale, time zone, kernel parameters and modules, access control.
    pub settings: Settings,
    /// Interfaces, addresses, routes, names, firewall.
    pub network: Network,
    /// Containers, their images and volumes.
    pub containers: Containers,
    /// Who looked, and how that went; sorted by name.
    pub collectors: Vec<CollectorReport>,
    /// The exact files and outputs behind all this, sorted by path.
    pub files: Vec<RawFile>,
}

/// How one collector fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CollectorReport {
    /// Its name, such as `packages`.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What could not be found out, and why, as sentences.
    pub warnings: Vec<String>,
    /// Wall time in milliseconds.
    pub milliseconds: u64,
}

/// How a collector ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything it looks for was found out.
    Complete,
    /// Some of it was not.
    Partial,
    /// The machine has nothing of the kind, or that root cannot tell.
    Absent,
    /// Nothing was found out.
    #[default]
    Failed,
    /// It took too long and was ended.
    TimedOut,
}

/// One file that is kept beside the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawFile {
    /// Its path below [`DIRECTORY`], such as `files/etc/fstab` or `outputs/lsblk.json`.
    pub path: String,
    /// Where it comes from: an absolute path, or a command line.
    pub source: String,
    /// Its length.
    pub size_bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// Permissions of the original, 0 for an output.
    pub mode: u32,
    /// Owner and group of the original, by number.
    pub owner: (u32, u32),
    /// Whether it holds secrets: then it stays inside encrypted snapshots.
    pub is_secret: bool,
    /// Whether it was too long and the end is missing.
    pub is_cut: bool,
}

impl SystemState {
    /// The document's bytes: JSON in which fields that say nothing are left out.
    pub fn to_json(&self) -> Result<Vec<u8>, ModelError> {
        let mut bytes = serde_json::to_vec_pretty(&self.to_value()?).map_err(ModelError::Encode)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The same as a tree of values.
    pub fn to_value(&self) -> Result<Value, ModelError> {
        let mut value = serde_json::to_value(self).map_err(ModelError::Encode)?;
        leave_out_empty(&mut value);
        Ok(value)
    }

    /// Reads a document that `whence` names in errors.
    pub fn from_json(bytes: &[u8], whence: &str) -> Result<Self, ModelError> {
        let whence = || whence.to_owned();
        if bytes.len() as u64 > limits::SYSTEM_STATE_MAX_BYTES {
            return Err(ModelError::TooLarge { whence: whence(), bytes: bytes.len() as u64 });
        }
        let schema: Schema = serde_json::from_slice(bytes)
            .map_err(|source| ModelError::Decode { whence: whence(), source })?;
        if schema.schema != SCHEMA {
            return Err(ModelError::Schema { whence: whence(), found: schema.schema });
        }
        serde_json::from_slice(bytes).map_err(|source| ModelError::Decode { whence: whence(), source })
    }

    /// Takes out everything that must not be shown.
    pub fn redact(&mut self) {
        let users = self.accounts.users.iter_mut().filter_map(|user| user.password_hash.as_mut());
        let groups = self.accounts.groups.iter_mut().filter_map(|group| group.password_hash.as_mut());
        let containers = self.containers.engines.iter_mut().flat_map(|engine| engine.containers.iter_mut());
        let variables = containers.flat_map(|container| container.environment.values_mut());
        users.chain(groups).chain(variables).for_each(Sensitive::redact);
    }

    /// How the collector of that name ended; `None` if it did not run.
    pub fn outcome(&self, collector: &str) -> Option<Outcome> {
        self.collectors.iter().find(|report| report.name == collector).map(|report| report.outcome)
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    schema: String,
}

/// Removes nulls and empty texts, lists and maps from maps, from the leaves up; lists keep their length.
fn leave_out_empty(value: &mut Value) {
    let says_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_empty),
        Value::Object(fields) => {
            fields.values_mut().for_each(leave_out_empty);
            fields.retain(|_, value| !says_nothing(value));
        }
        _ => {}
    }
}

/// Why a document could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is no JSON, or not what the schema says.
    #[error("{whence} does not hold a machine's state")]
    Decode {
        /// The file or snapshot.
        whence: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It has another schema.
    #[error(
        "{whence} has the schema {found:?}, not {SCHEMA:?}: it is something else, or of a newer lifeboat"
    )]
    Schema {
        /// The file or snapshot.
        whence: String,
        /// What it says.
        found: String,
    },
    /// It is longer than is read.
    #[error("{whence} has {bytes} bytes, more than a machine's state may have")]
    TooLarge {
        /// The file or snapshot.
        whence: String,
        /// Its length.
        bytes: u64,
    },
    /// It cannot be written as JSON.
    #[error("the machine's state cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
}

impl ModelError {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ModelError::Decode { .. } | ModelError::Schema { .. } | ModelError::TooLarge { .. } => {
                ErrorKind::Usage
            }
            ModelError::Encode(_) => ErrorKind::Failed,
        }
    }
}

/// A value that must not be shown: a password's hash, a variable of a container.
///
/// It is written in full only where the document stays encrypted.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sensitive(String);

impl Sensitive {
    /// What stands where a value has been taken out.
    pub const REDACTED: &'static str = "(redacted)";

    /// Takes the value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value; `None` where it has been taken out.
    pub fn expose(&self) -> Option<&str> {
        (self.0 != Self::REDACTED).then_some(self.0.as_str())
    }

    /// Takes the value out.
    pub fn redact(&mut self) {
        self.0 = Self::REDACTED.to_owned();
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelError, SCHEMA, Sensitive, SystemState};
    use crate::system::model::accounts::User;
    use crate::system::model::containers::{Container, Engine};
    use crate::system::model::storage::{Device, DeviceKind, Disk, Partition, Storage};

    fn state() -> SystemState {
        let disk = Device {
            key: "disk:wwn-1".into(),
            name: "/dev/sda".into(),
            kind: DeviceKind::Disk(Disk { wwn: Some("1".into()), ..Disk::default() }),
            ..Device::default()
        };
        let part = Device {
            key: "part:2".into(),
            kind: DeviceKind::Partition(Partition { number: 1, ..Partition::default() }),
            parents: vec!["disk:wwn-1".into()],
            ..Device::default()
        };
        let mut state = SystemState {
            schema: SCHEMA.into(),
            storage: Storage { devices: vec![disk, part], ..Storage::default() },
            ..SystemState::default()
        };
        let hash = Some(Sensitive::new("$y$hush"));
        state.accounts.users.push(User { name: "root".into(), password_hash: hash, ..User::default() });
        let mut container = Container { name: "db".into(), ..Container::default() };
        container.environment.insert("PASSWORD".into(), Sensitive::new("hush"));
        state.containers.engines.push(Engine { containers: vec![container], ..Engine::default() });
        state
    }

    #[test]
    fn a_document_comes_back_as_it_was() {
        for state in [SystemState { schema: SCHEMA.into(), ..SystemState::default() }, state()] {
            assert_eq!(SystemState::from_json(&state.to_json().unwrap(), "here").unwrap(), state);
        }
    }

    #[test]
    fn a_document_of_another_schema_or_none_is_refused_by_name() {
        for text in ["{}", "{\"schema\":\"lifeboat.system/2\"}"] {
            let error = SystemState::from_json(text.as_bytes(), "/tmp/x").unwrap_err();
            assert!(matches!(&error, ModelError::Schema { .. }) && error.to_string().starts_with("/tmp/x"));
        }
        assert!(matches!(SystemState::from_json(b"[", "x").unwrap_err(), ModelError::Decode { .. }));
        let deep = "[".repeat(100_000);
        let deep = format!("{{\"schema\":\"{SCHEMA}\",\"storage\":{deep}");
        assert!(SystemState::from_json(deep.as_bytes(), "x").is_err());
    }

    #[test]
    fn nothing_sensitive_is_left_after_redaction_and_debug_never_shows_it() {
        let mut state = state();
        assert!(!format!("{state:?}").contains("hush"));
        assert!(String::from_utf8(state.to_json().unwrap()).unwrap().contains("hush"));
        state.redact();
        assert!(!String::from_utf8(state.to_json().unwrap()).unwrap().contains("hush"));
        assert_eq!(state.accounts.users[0].password_hash.as_ref().unwrap().expose(), None);
    }

    #[test]
    fn disks_are_found_below_anything_even_in_a_circle() {
        let mut storage = state().storage;
        assert_eq!(storage.disks_below("part:2"), ["disk:wwn-1"]);
        assert_eq!(storage.children("disk:wwn-1").count(), 1);
        storage.devices[0].parents.push("part:2".into());
        assert!(storage.disks_below("part:2").is_empty());
    }
}
