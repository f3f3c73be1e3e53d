//! A host's chain of snapshots: each names the hash of the one before, so that none can be dropped, put
//! back or slipped in without `check` noticing.
//!
//! The head is kept on the host. Where that is lost, the chain goes on from the newest object in the store.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::ids::{ObjectHash, SnapshotId};
use crate::base::limits;
use crate::repo::snapshot::{host_for_key, parse_key};
use crate::store::ObjectMeta;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::refetch::get_settled;
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir};
use crate::sys::lock::{Lock, LockError, acquire_waiting};

/// The last link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The snapshot.
    pub id: SnapshotId,
    /// Its number.
    pub sequence: u64,
    /// The hash of its object.
    pub hash: ObjectHash,
}

/// The ends of the chains that this machine remembers, with their hosts; a file that was altered is none.
pub fn remembered(state_dir: &Path) -> Vec<(String, Head)> {
    let files = std::fs::read_dir(state_dir.join("chain")).into_iter().flatten().flatten();
    let head = |path: PathBuf| {
        let host = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
        Some((host, Head::decode(&std::fs::read(&path).ok()?)?))
    };
    files.filter_map(|file| head(file.path())).collect()
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
        let head = std::fs::read(&path).ok().and_then(|bytes| Head::decode(&bytes));
        let listed = client.list(&format!("snapshots/{name}/")).map_err(ChainError::Store)?;
        let newest = newest_link(client, &listed, head.as_ref())?;
        let count = listed.len() as u64;
        let has = |id: &SnapshotId| listed.iter().any(|meta| id_of(meta) == Some(*id));
        let (sequence, previous, warning) = match (head, newest) {
            (None, newest) => (count + 1, newest.map(|(_, hash)| hash), None),
            (Some(head), newest) if !has(&head.id) => {
                let warning = format!(
                    "the last snapshot of this host ({}) is no longer in the repository; \
                     unless it was removed on purpose, run `lifeboat check`",
                    head.id.short()
                );
                let previous = newest.map_or(head.hash, |(_, hash)| hash);
                (head.sequence.max(count) + 1, Some(previous), Some(warning))
            }
            // This host's memory is older than the store: it was put back, or another machine has its name.
            (Some(head), Some((id, hash))) if id != head.id => {
                (head.sequence.max(count) + 1, Some(hash), None)
            }
            (Some(head), _) => (head.sequence + 1, Some(head.hash), None),
        };
        Ok(Self { path, _lock: lock, sequence, previous, warning })
    }

    /// Remembers the snapshot that was just committed as the new head.
    pub fn extend(self, id: SnapshotId, hash: ObjectHash) -> Result<(), ChainError> {
        let head = Head { id, sequence: self.sequence, hash };
        atomic_write(&self.path, &head.encode()).map_err(ChainError::Local)
    }
}

impl Head {
    /// A line of JSON and the hash of it: a head that was altered by accident is no head.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        let hash = blake3::hash(&bytes).to_hex();
        bytes.push(b'\n');
        bytes.extend_from_slice(hash.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (json, hash) = bytes.split_at(end);
        let is_whole = blake3::hash(json).to_hex().as_bytes() == &hash[1..];
        if is_whole { serde_json::from_slice(json).ok() } else { None }
    }
}

fn id_of(meta: &ObjectMeta) -> Option<SnapshotId> {
    parse_key(meta.key.as_str()).map(|(_, id)| id)
}

/// The newest snapshot by the store's clock, and the hash of its object. The clock decides only which link
/// is named: a wrong one is a fork that `check` tells of, never a loss.
fn newest_link(
    client: &Client,
    listed: &[ObjectMeta],
    known: Option<&Head>,
) -> Result<Option<(SnapshotId, ObjectHash)>, ChainError> {
    let mut by_age: Vec<_> = listed.iter().collect();
    by_age.sort_by_key(|meta| std::cmp::Reverse(meta.modified));
    for meta in by_age {
        let Some(id) = id_of(meta) else { continue };
        // A host remembers the hash of its own last one: that needs no reading. It may be unable to open
        // snapshots, and so of another it must know that it was not damaged on its way.
        if let Some(head) = known.filter(|head| head.id == id) {
            return Ok(Some((id, head.hash)));
        }
        match get_settled(client, &meta.key, limits::SNAPSHOT_MAX_BYTES) {
            // A fence is no link.
            Ok(object) if object.first() != Some(&b'{') => {
                return Ok(Some((id, ObjectHash(*blake3::hash(&object).as_bytes()))));
            }
            Ok(_) | Err(StoreError::NotFound { .. }) => continue,
            Err(error) => return Err(ChainError::Store(error)),
        }
    }
    Ok(None)
}
