//! Channels whose other side wants no more messages.
//!
//! Standard Webhooks asks that an endpoint which answers 410 (Gone) be disabled, not tried again and again
//! with every new message. One file for each such channel stands in the state directory until `notify test`
//! reaches it again, or its configuration, or the address that it names, is another one.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::notify::channel::{Secrets, percent};
use crate::notify::error::NotifyError;
use crate::notify::model::{Channel, ChannelKind};
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded, remove_if_present, sync_dir};

/// The largest file that is read.
const FILE_MAX_BYTES: u64 = 64 << 10;
/// What separates this hash from all others.
const CONTEXT: &str = "lifeboat 2026 notify disabled channel";

/// A channel that is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    /// Its name.
    pub channel: String,
    /// Since when.
    pub since: Timestamp,
    /// What the other side said.
    pub why: String,
    /// The hash of its configuration and its address as they were then.
    pub fingerprint: String,
}

/// The directory of those that are disabled.
#[derive(Clone, Debug)]
pub struct DisabledChannels {
    dir: PathBuf,
}

impl DisabledChannels {
    /// Those of the state directory `state`.
    pub fn of(state: &Path) -> Self {
        Self { dir: state.join("notify").join("disabled") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{}.json", percent(name)))
    }

    /// Disables a channel; it is durable when this returns.
    pub fn put(&self, disabled: &Disabled) -> Result<(), NotifyError> {
        create_private_dir(&self.dir)?;
        // Text and times always have a JSON form.
        let bytes = serde_json::to_vec(disabled).unwrap_or_default();
        Ok(atomic_write(&self.path(&disabled.channel), &bytes)?)
    }

    /// Whether the channel is disabled as it is configured now. A file that cannot be read disables nothing:
    /// rather one attempt too many than nobody told.
    pub fn get(&self, name: &str, channel: &Channel, secrets: &dyn Secrets) -> Option<Disabled> {
        let bytes = read_bounded(&self.path(name), FILE_MAX_BYTES).ok()?;
        let found: Disabled = serde_json::from_slice(&bytes).ok()?;
        (found.channel == name && found.fingerprint == fingerprint(channel, secrets)?).then_some(found)
    }

    /// Enables a channel again; whether it was disabled.
    pub fn remove(&self, name: &str) -> Result<bool, NotifyError> {
        let path = self.path(name);
        if !path.exists() {
            return Ok(false);
        }
        remove_if_present(&path)?;
        sync_dir(&self.dir)?;
        Ok(true)
    }

    /// All that there are, by name; whether each still is one is told by `get`.
    pub fn names(&self) -> Result<Vec<String>, NotifyError> {
        let failed = |error| NotifyError::Sys(SysError::at("list", &self.dir, error));
        let listed = match fs::read_dir(&self.dir) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for item in listed {
            let path = item.map_err(failed)?.path();
            let bytes = read_bounded(&path, FILE_MAX_BYTES).unwrap_or_default();
            names.extend(serde_json::from_slice::<Disabled>(&bytes).ok().map(|one| one.channel));
        }
        names.sort();
        Ok(names)
    }
}

/// What tells one configuration of a channel from another, and one address; none where the address cannot
/// be read now.
pub fn fingerprint(channel: &Channel, secrets: &dyn Secrets) -> Option<String> {
    let ChannelKind::Webhook { url, .. } = &channel.kind else { return None };
    let address = secrets.read(url).ok()?;
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(format!("{channel:?}").as_bytes()).update(&[0]).update(address.expose().as_bytes());
    Some(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::{Disabled, DisabledChannels, fingerprint};
    use crate::base::time::Timestamp;
    use crate::notify::fixture::{Open, hook};

    #[test]
    fn a_channel_is_disabled_until_it_is_another_one() {
        let state = tempfile::tempdir().unwrap();
        let channels = DisabledChannels::of(state.path());
        let channel = hook("http://127.0.0.1:1/a");
        assert_eq!((channels.get("hook", &channel, &Open), channels.names().unwrap()), (None, vec![]));
        let disabled = Disabled {
            channel: "hook".into(),
            since: Timestamp { seconds: 7, nanos: 0 },
            why: "answered 410".into(),
            fingerprint: fingerprint(&channel, &Open).unwrap(),
        };
        channels.put(&disabled).unwrap();
        assert_eq!(channels.get("hook", &channel, &Open), Some(disabled));
        assert_eq!(channels.get("other", &channel, &Open), None);
        assert_eq!(channels.get("hook", &hook("http://127.0.0.1:1/b"), &Open), None);
        assert_eq!(channels.names().unwrap(), ["hook"]);
        assert!(channels.remove("hook").unwrap() && !channels.remove("hook").unwrap());
        assert_eq!(channels.get("hook", &channel, &Open), None);
    }
}
