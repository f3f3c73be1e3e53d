//! A host's chain of snapshots: each names the hash of the one before, so that none can be dropped, put
//! back or slipped in without `check` noticing.
//!
//! The head is kept on the host. Where that is lost, the chain goes on from the newest object in the store.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::ids::{ObjectHash, SnapshotId};
use crate::base::limits;
use crate::repo::snapshot::{host_for_key, parse_key};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir};
use crate::sys::lock::{Lock, LockError, acquire_waiting};

/// The last link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    id: SnapshotId,
    sequence: u64,
    hash: ObjectHash,
}

/// A chain that cannot be carried on.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The store fails.
    #[error("the host's earlier snapshots cannot be listed")]
    Store(#[source] StoreError),
    /// This machine's own files fail.
    #[error("the head of the host's chain cannot be kept")]
    Local(#[source] SysError),
    /// Another process is committing and does not end.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// The right to add the next link; held by one process of this host at a time.
#[derive(Debug)]
pub struct Chain {
    path: PathBuf,
    _lock: Lock,
    /// The number of the next snapshot.
    pub sequence: u64,
    /// The hash it has to name.
    pub previous: Option<ObjectHash>,
    /// What looks wrong: the store has lost the head that this host remembers.
    pub warning: Option<String>,
}

impl Chain {
    /// Finds the end of `host`'s chain and holds it.
    pub fn hold(client: &Client, state_dir: &Path, host: &str) -> Result<Self, ChainError> {
        let dir = state_dir.join("chain");
        create_private_dir(&dir).map_err(ChainError::Local)?;
        let name = host_for_key(host);
        let lock = acquire_waiting(&dir.join(format!("{name}.lock")))?;
        let path = dir.join(format!("{name}.json"));
        let head: Option<Head> =
            std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let listed = client.list(&format!("snapshots/{name}/")).map_err(ChainError::Store)?;
        let has = |id: &SnapshotId| {
            listed.iter().any(|meta| parse_key(meta.key.as_str()).is_some_and(|(_, found)| found == *id))
        };
        let count = listed.len() as u64;
        let (sequence, previous, warning) = match head {
            Some(head) if has(&head.id) => (head.sequence + 1, Some(head.hash), None),
            Some(head) => {
                let warning = format!(
                    "the last snapshot of this host ({}) is no longer in the repository; \
                     unless it was removed on purpose, run `lifeboat check`",
                    head.id.short()
                );
                (head.sequence + 1, Some(head.hash), Some(warning))
            }
            None => (count + 1, newest_hash(client, &listed)?, None),
        };
        Ok(Self { path, _lock: lock, sequence, previous, warning })
    }

    /// Remembers the snapshot that was just committed as the new head.
    pub fn extend(self, id: SnapshotId, hash: ObjectHash) -> Result<(), ChainError> {
        let head = Head { id, sequence: self.sequence, hash };
        let bytes = serde_json::to_vec(&head).unwrap_or_default();
        atomic_write(&self.path, &bytes).map_err(ChainError::Local)
    }
}

fn newest_hash(
    client: &Client,
    listed: &[crate::store::ObjectMeta],
) -> Result<Option<ObjectHash>, ChainError> {
    let mut by_age: Vec<_> = listed.iter().collect();
    by_age.sort_by_key(|meta| std::cmp::Reverse(meta.modified));
    for meta in by_age {
        match client.get_bounded(&meta.key, limits::SNAPSHOT_MAX_BYTES) {
            // A fence is no link.
            Ok((object, _)) if object.first() != Some(&b'{') => {
                return Ok(Some(ObjectHash(*blake3::hash(&object).as_bytes())));
            }
            Ok(_) | Err(StoreError::NotFound { .. }) => continue,
            Err(error) => return Err(ChainError::Store(error)),
        }
    }
    Ok(None)
}
