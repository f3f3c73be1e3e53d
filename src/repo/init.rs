//! Making a repository: slots first, config last, for the config is what makes it one.

use std::sync::Arc;
use std::time::Duration;

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::chunker::ChunkerParams;
use crate::crypto::prompts::Prompts;
use crate::crypto::recipients::SlotRecipient;
use crate::repo::certificate::ANY_HOST;
use crate::repo::config::{CONFIG_KEY, ChunkerSpec, Config, ConfigError};
use crate::repo::keyring::Keyring;
use crate::repo::open::OpenError;
use crate::repo::slots::{NewSlot, create_slot};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;

/// Makes a repository in `client`, open in every role to each of `recipients`.
///
/// Fails without a trace in the config if anything is there already; an interrupted attempt leaves slots
/// that no config agrees with, and can be repeated. `settle` is recorded where `client` keeps writers
/// apart by time.
pub fn create(
    client: &Client,
    recipients: &[SlotRecipient],
    label: &str,
    now: Timestamp,
    prompts: &Arc<dyn Prompts>,
    settle: Option<Duration>,
) -> Result<(Config, Keyring), OpenError> {
    let key = Key::new(CONFIG_KEY).map_err(OpenError::Store)?;
    match client.stat(&key) {
        Ok(_) => return Err(ConfigError::Exists { location: client.location() }.into()),
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(OpenError::Store(error)),
    }
    let params = ChunkerParams::default();
    let chunker = ChunkerSpec {
        algorithm: params.algorithm,
        parameters: [("min_bytes".into(), params.min_bytes), ("max_bytes".into(), params.max_bytes)].into(),
    };
    let (mut config, keyring) = Keyring::create(chunker, label, now);
    if let Some(settle) = settle {
        config.set_settle_time(settle);
    }
    let new = NewSlot { role: Role::Restorer, label, host: ANY_HOST, created: now };
    for recipient in recipients {
        create_slot(client, &keyring, recipient, &new, prompts)?;
    }
    let root = keyring.root("making a repository").map_err(|error| OpenError::Slot(error.into()))?;
    config.create(client, root)?;
    Ok((config, keyring))
}
