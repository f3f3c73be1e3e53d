//! Snapshots: the record of one backup. Creating it is the commit, and the only one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ObjectHash, SnapshotId};
use crate::base::limits;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::compress;
use crate::crypto::sealed;
use crate::pack::padding::pad_with_trailer;
use crate::repo::attachment::Attachment;
use crate::repo::keyring::{KeyError, Keyring};
use crate::repo::record::{self, RecordError};
use crate::repo::tree::{ChunkList, parse_id, spell_id};
use crate::store::ObjectMeta;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;
use crate::store::rescue::Rescued;

/// Snapshots that are read at once.
const READERS: usize = 16;
/// The record's schema, as its first field says.
pub const SCHEMA: &str = "lifeboat.snapshot/1";
/// The signature's context.
pub const SIGN_CONTEXT: &str = "snapshot";

/// What one backup was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Its id, which is its session's.
    pub id: SnapshotId,
    /// The host that made it.
    pub host: String,
    /// Its number among the host's snapshots; grows along the chain.
    pub sequence: u64,
    /// Hash of the host's previous snapshot object; none for the first.
    pub previous: Option<ObjectHash>,
    /// When the backup began.
    pub time: Timestamp,
    /// When it was committed.
    pub finished: Timestamp,
    /// The configured job's name, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The sources as absolute paths, or the name of a stream; lossy for display.
    pub sources: Vec<String>,
    /// Tags given by the user, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who ran the backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The tree of `/`.
    pub root: RootChunks,
    /// The snapshot whose catalogue saved reading, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SnapshotId>,
    /// How many segments the session published.
    pub segments: u32,
    /// Hash of the last of them; none if there was none.
    pub last_segment: Option<ObjectHash>,
    /// The collector's epoch that the session respected.
    pub epoch: u64,
    /// Sources that could not be read whole.
    pub faults: u64,
    /// What was counted.
    pub statistics: Statistics,
    /// What it carries beside files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The version of lifeboat that made it.
    pub tool: String,
}

/// The chunk list of the root tree, spelled as in trees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootChunks {
    /// The chunks, unless there are so many that they have a list of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Vec<String>>,
    /// The chunks of the chunk list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk_list: Option<Vec<String>>,
}

impl RootChunks {
    /// Spells `list`.
    pub fn spell(list: &ChunkList) -> Self {
        let ids = Some(list.ids.iter().map(spell_id).collect());
        match list.indirect {
            false => Self { chunks: ids, chunk_list: None },
            true => Self { chunks: None, chunk_list: ids },
        }
    }

    /// The list that is spelled here, if it is one.
    pub fn read(&self) -> Option<ChunkList> {
        let (ids, indirect) = match (&self.chunks, &self.chunk_list) {
            (Some(ids), None) => (ids, false),
            (None, Some(ids)) => (ids, true),
            _ => return None,
        };
        Some(ChunkList { ids: ids.iter().map(|id| parse_id(id)).collect::<Option<_>>()?, indirect })
    }
}

/// What a backup counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistics {
    /// Files that the previous backup did not have.
    pub files_new: u64,
    /// Files that had changed.
    pub files_changed: u64,
    /// Files that had not.
    pub files_unmodified: u64,
    /// Directories.
    pub dirs: u64,
    /// Links, pipes, sockets and devices.
    pub specials: u64,
    /// Entries left out by a rule.
    pub excluded: u64,
    /// Length of all files together.
    pub total_bytes: u64,
    /// Bytes read from sources.
    pub read_bytes: u64,
    /// Bytes that the repository did not have, before compression.
    pub new_bytes: u64,
    /// Bytes written to the repository.
    pub stored_bytes: u64,
    /// Packs written.
    pub packs: u64,
    /// Chunks that the repository did not have.
    pub new_chunks: u64,
}

/// A snapshot as listed: the record, or why there is none.
#[derive(Debug)]
pub struct Listed {
    /// Its id, from the object's name.
    pub id: SnapshotId,
    /// Its host, from the object's name.
    pub host: String,
    /// Hash of the stored object.
    pub hash: ObjectHash,
    /// The record; `None` for a fence, which stands where an abandoned session would have committed.
    pub snapshot: Result<Option<Snapshot>, SnapshotError>,
}

/// A snapshot that cannot be read or found.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store fails.
    #[error("the snapshots cannot be read")]
    Store(#[source] StoreError),
    /// The key slot's role is too small.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The object is damaged.
    #[error("snapshot {id} is damaged: {what}")]
    Damaged {
        /// Which.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// There is no such snapshot.
    #[error("no snapshot matches {spec:?}; `lifeboat snapshots` lists them")]
    NotFound {
        /// What was asked for.
        spec: String,
    },
    /// More than one snapshot fits.
    #[error("{spec:?} fits {count} snapshots; give more digits of the id")]
    Ambiguous {
        /// What was asked for.
        spec: String,
        /// How many fit.
        count: usize,
    },
    /// The record cannot be made.
    #[error("the snapshot cannot be written")]
    Encode(#[source] RecordError),
    /// It cannot be sealed.
    #[error("the snapshot cannot be sealed")]
    Seal(#[source] crate::crypto::error::CryptoError),
    /// It cannot be compressed.
    #[error("the snapshot cannot be compressed")]
    Compress(#[source] compress::CompressError),
}

impl SnapshotError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SnapshotError::Store(error) => error.kind(),
            SnapshotError::Key(error) => error.kind(),
            SnapshotError::Damaged { .. } => ErrorKind::Damage,
            SnapshotError::NotFound { .. } | SnapshotError::Ambiguous { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}

/// Object key of a snapshot, as text.
pub fn snapshot_key(host: &str, id: &SnapshotId) -> String {
    format!("snapshots/{host}/{id}")
}

/// Host and id of the snapshot whose object key is `key`, if it is one.
pub fn parse_key(key: &str) -> Option<(&str, SnapshotId)> {
    let (host, id) = key.strip_prefix("snapshots/")?.split_once('/')?;
    Some((host, SnapshotId::parse(id)?))
}

/// `name` as it may stand in an object key: characters that keys do not have become `_`.
pub fn host_for_key(name: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let text: String = name.chars().take(limits::HOST_NAME_MAX_BYTES).map(clean).collect();
    match text.trim_start_matches('.') {
        "" => "unnamed".to_owned(),
        text => text.to_owned(),
    }
}

/// The object of `snapshot`: signed, compressed, padded, sealed to the meta recipient.
pub fn encode(keyring: &Keyring, snapshot: &Snapshot) -> Result<Vec<u8>, SnapshotError> {
    let text = record::encode(keyring, SIGN_CONTEXT, snapshot).map_err(SnapshotError::Encode)?;
    let mut plain = compress::compress_record(&text, 3).map_err(SnapshotError::Compress)?;
    pad_with_trailer(&mut plain, &[]);
    sealed::seal(keyring.meta_recipient(), &plain).map_err(SnapshotError::Seal)
}

/// Reads a snapshot's object; `None` if it is a fence.
pub fn decode(
    keyring: &Keyring,
    host: &str,
    id: &SnapshotId,
    object: &[u8],
) -> Result<Option<Snapshot>, SnapshotError> {
    let damaged = |what: String| SnapshotError::Damaged { id: id.to_string(), what };
    if object.first() == Some(&b'{') {
        return Ok(None);
    }
    let identities = keyring.meta_identities("reading snapshots")?;
    let plain = sealed::open(identities, object).map_err(|error| damaged(error.to_string()))?;
    let text = compress::decompress_stream(&plain, limits::SNAPSHOT_MAX_BYTES as usize)
        .map_err(|error| damaged(error.to_string()))?;
    let (snapshot, certificate) = record::decode::<Snapshot>(keyring, SIGN_CONTEXT, &text)
        .map_err(|error| damaged(error.to_string()))?;
    if snapshot.schema != SCHEMA {
        return Err(damaged(format!("its schema is {:?}", snapshot.schema)));
    }
    if snapshot.id != *id || host_for_key(&snapshot.host) != host || !certificate.allows_host(&snapshot.host)
    {
        return Err(damaged("it stands under another name or was signed by another host".into()));
    }
    if snapshot.root.read().is_none() {
        return Err(damaged("it names no root".into()));
    }
    Ok(Some(snapshot))
}

/// Fetches and decodes a snapshot's object; its hash is of what was fetched last, zeros if nothing was.
fn read_object(
    client: &Client,
    keyring: &Keyring,
    key: &Key,
    host: &str,
    id: &SnapshotId,
) -> (ObjectHash, Result<Option<Snapshot>, SnapshotError>) {
    let mut hash = ObjectHash([0; 32]);
    let is_damage = |error: &SnapshotError| matches!(error, SnapshotError::Damaged { .. });
    let read = with_refetch(is_damage, || {
        let (object, _) =
            client.get_bounded(key, limits::SNAPSHOT_MAX_BYTES).map_err(SnapshotError::Store)?;
        hash = ObjectHash(*blake3::hash(&object).as_bytes());
        decode(keyring, host, id, &object)
    });
    if read.as_ref().is_err_and(is_damage) {
        // Another replica may have a better copy.
        let is_good = |body: &Bytes| decode(keyring, host, id, body).is_ok();
        if let Some(Rescued { body: good, .. }) = client.rescue(key, limits::SNAPSHOT_MAX_BYTES, &is_good) {
            return (ObjectHash(*blake3::hash(&good).as_bytes()), decode(keyring, host, id, &good));
        }
    }
    (hash, read)
}

/// A snapshot's object: its hash, and what is in it.
type ReadObject = (ObjectHash, Result<Option<Snapshot>, SnapshotError>);

/// Reads snapshots, several at once: on a distant store each costs a round trip.
fn read_all(client: &Client, keyring: &Keyring, metas: &[ObjectMeta]) -> Vec<ReadObject> {
    let next = AtomicUsize::new(0);
    let read = Mutex::new(Vec::with_capacity(metas.len()));
    let work = || {
        while let Some((at, meta)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, metas.get(at)?)))
        {
            let one = match parse_key(meta.key.as_str()) {
                Some((host, id)) => read_object(client, keyring, &meta.key, host, &id),
                None => (ObjectHash([0; 32]), Ok(None)),
            };
            read.lock().unwrap_or_else(PoisonError::into_inner).push((at, one));
        }
    };
    thread::scope(|scope| {
        for _ in 1..metas.len().min(READERS) {
            // Where no thread is to be had, the others do it.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
    read.sort_unstable_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, one)| one).collect()
}

/// All snapshots, oldest first; damaged ones and fences among them, at the end.
pub fn list(client: &Client, keyring: &Keyring) -> Result<Vec<Listed>, SnapshotError> {
    keyring.meta_identities("listing snapshots")?;
    let mut listed = Vec::new();
    let metas = client.list("snapshots/").map_err(SnapshotError::Store)?;
    for (meta, (hash, read)) in metas.iter().zip(read_all(client, keyring, &metas)) {
        let Some((host, id)) = parse_key(meta.key.as_str()) else { continue };
        let snapshot = match read {
            Err(SnapshotError::Store(StoreError::NotFound { .. })) => continue,
            Err(SnapshotError::Store(error @ StoreError::TooLarge { .. })) => {
                Err(SnapshotError::Damaged { id: id.to_string(), what: error.to_string() })
            }
            Err(error @ SnapshotError::Store(_)) => return Err(error),
            snapshot => snapshot,
        };
        listed.push(Listed { id, host: host.to_owned(), hash, snapshot });
    }
    listed.sort_by_key(|entry| match &entry.snapshot {
        Ok(Some(snapshot)) => (0, snapshot.time, snapshot.sequence, entry.id),
        _ => (1, Timestamp::default(), 0, entry.id),
    });
    Ok(listed)
}

/// The one snapshot that `spec` names: `latest`, `latest@HOST`, or a prefix of an id.
pub fn find(client: &Client, keyring: &Keyring, spec: &str) -> Result<Snapshot, SnapshotError> {
    keyring.meta_identities("opening a snapshot")?;
    if spec == "latest" || spec.starts_with("latest@") {
        return find_latest(client, keyring, spec);
    }
    let not_found = || SnapshotError::NotFound { spec: spec.to_owned() };
    if spec.len() < 4 || !spec.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(not_found());
    }
    let wanted = spec.to_ascii_lowercase();
    let metas = client.list("snapshots/").map_err(SnapshotError::Store)?;
    let mut matches: Vec<Snapshot> = Vec::new();
    for meta in &metas {
        let Some((host, id)) = parse_key(meta.key.as_str()) else { continue };
        if !id.to_string().starts_with(&wanted) {
            continue;
        }
        matches.extend(read_object(client, keyring, &meta.key, host, &id).1?);
    }
    match matches.len() {
        0 => Err(not_found()),
        1 => Ok(matches.remove(0)),
        count => Err(SnapshotError::Ambiguous { spec: spec.to_owned(), count }),
    }
}

fn find_latest(client: &Client, keyring: &Keyring, spec: &str) -> Result<Snapshot, SnapshotError> {
    let host = spec.strip_prefix("latest@");
    let mut latest: Option<Snapshot> = None;
    let mut damaged = None;
    for entry in list(client, keyring)? {
        match entry.snapshot {
            Ok(Some(snapshot)) if host.is_none_or(|host| snapshot.host == host) => latest = Some(snapshot),
            Ok(_) => {}
            // A damaged snapshot may be the very one that is meant: nobody is handed an older one for it.
            Err(error) if host.is_none_or(|host| host_for_key(host) == entry.host) => damaged = Some(error),
            Err(_) => {}
        }
    }
    match (latest, damaged) {
        (_, Some(error)) => Err(error),
        (Some(snapshot), None) => Ok(snapshot),
        (None, None) => Err(SnapshotError::NotFound { spec: spec.to_owned() }),
    }
}

/// The role needed for all of this.
pub const READING_ROLE: Role = Role::Maintainer;

/// The store key of a snapshot.
pub fn object_key(host: &str, id: &SnapshotId) -> Result<Key, StoreError> {
    Key::new(snapshot_key(&host_for_key(host), id))
}
