//! Sessions: the writer's half of the protocol that needs no locks.
//!
//! A session announces itself, then reads the collector's state, then trusts the index; it stores packs,
//! then segments, then its snapshot, whose creation is the commit. A collector that loses patience puts a
//! fence at the very key where the snapshot would go: exactly one of the two creations succeeds.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ObjectHash, PackName, SegmentName, SnapshotId};
use crate::base::limits;
use crate::base::time::Timestamp;
use crate::crypto::derive::random_bytes;
use crate::crypto::sealed;
use crate::index::segment::{self, SegmentError, SegmentHeader, SegmentRows};
use crate::repo::keyring::{KeyError, Keyring};
use crate::repo::record::{self, RecordError};
use crate::repo::snapshot::{self, Snapshot, SnapshotError};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

/// Object key of the collector's state.
pub const GC_STATE_KEY: &str = "gc/state";
/// The signature contexts.
const SESSION_CONTEXT: &str = "session";
const GC_STATE_CONTEXT: &str = "gc state";

/// Who is writing now: the object `sessions/<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Always `lifeboat.session/1`.
    pub schema: String,
    /// The session's id.
    pub id: SnapshotId,
    /// The host.
    pub host: String,
    /// When it began; decides only when to look, never what is safe.
    pub started: Timestamp,
    /// Where its snapshot would go, and where a fence must stand to stop it.
    pub snapshot_key: String,
}

/// The collector's state: the object `gc/state`, changed by compare-and-swap only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcState {
    /// Always `lifeboat.gc-state/1`.
    pub schema: String,
    /// Grows with every change.
    pub epoch: u64,
    /// Keys of the lists of condemned packs in force.
    pub lists: Vec<String>,
}

/// A list of condemned packs: age file to the index recipient, JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CondemnedList {
    /// Always `lifeboat.condemned/1`.
    pub schema: String,
    /// The packs that new sessions must not rely on.
    pub packs: Vec<PackName>,
}

/// A step of the protocol that failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The slot is not for this host.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store fails.
    #[error("the session cannot go on")]
    Store(#[source] StoreError),
    /// A record cannot be made or does not hold.
    #[error("{key} does not hold")]
    Record {
        /// The object.
        key: String,
        /// What is wrong.
        source: RecordError,
    },
    /// A list of condemned packs cannot be read; without it nothing may be deduplicated.
    #[error("the collector's list {key} cannot be read: {what}; run `lifeboat check`")]
    List {
        /// The object.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// A segment cannot be made.
    #[error("a segment of the index cannot be written")]
    Segment(#[source] SegmentError),
    /// The snapshot cannot be made.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A collector fenced this session.
    #[error(
        "this backup took so long that a collector fenced it off; nothing older is lost; \
         run it again, what is still stored will not be stored twice"
    )]
    Fenced,
}

impl SessionError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SessionError::Key(error) => error.kind(),
            SessionError::Store(error) => error.kind(),
            SessionError::Snapshot(error) => error.kind(),
            SessionError::Record { .. } | SessionError::List { .. } => ErrorKind::Damage,
            _ => ErrorKind::Failed,
        }
    }
}

/// A session under way.
#[derive(Debug)]
pub struct Session {
    client: Client,
    id: SnapshotId,
    host: String,
    key: Key,
    state: GcState,
    condemned: HashSet<PackName>,
    chain: Mutex<SegmentChain>,
}

/// A session that was announced, and does not know the collector's state yet.
#[derive(Debug)]
pub struct Announced {
    id: SnapshotId,
    host: String,
    key: Key,
}

impl Announced {
    /// Announces a session of `host`; refuses a host that the slot is not for before anything is written.
    pub fn announce(
        client: &Client,
        keyring: &Keyring,
        host: &str,
        now: Timestamp,
    ) -> Result<Self, SessionError> {
        keyring.need_host(host)?;
        let id = SnapshotId(random_bytes());
        let text = format!("sessions/{id}");
        let record = SessionRecord {
            schema: "lifeboat.session/1".into(),
            id,
            host: host.to_owned(),
            started: now,
            snapshot_key: snapshot::snapshot_key(&snapshot::host_for_key(host), &id),
        };
        let body = record::encode(keyring, SESSION_CONTEXT, &record)
            .map_err(|source| SessionError::Record { key: text.clone(), source })?;
        let key = Key::new(text).map_err(SessionError::Store)?;
        client.create(&key, Bytes::from(body)).map_err(SessionError::Store)?;
        Ok(Self { id, host: host.to_owned(), key })
    }

    /// Reads the collector's state.
    pub fn settle(self, client: &Client, keyring: &Keyring) -> Result<Session, SessionError> {
        let Self { id, host, key } = self;
        let read = read_gc(client, keyring);
        let (state, condemned) = match read {
            Ok(read) => read,
            Err(error) => {
                let _ = client.delete(&key);
                return Err(error);
            }
        };
        let chain = Mutex::default();
        Ok(Session { client: client.clone(), id, host, key, state, condemned, chain })
    }
}

/// The segments published so far.
#[derive(Clone, Debug, Default)]
pub struct SegmentChain {
    /// Hash of the last one.
    pub last: Option<ObjectHash>,
    /// Their names, in order.
    pub names: Vec<SegmentName>,
}

impl Session {
    /// Announces a session of `host`, then reads the collector's state: in this order, always. Refuses
    /// a host that the slot is not for before anything is written.
    pub fn begin(
        client: &Client,
        keyring: &Keyring,
        host: &str,
        now: Timestamp,
    ) -> Result<Self, SessionError> {
        Announced::announce(client, keyring, host, now)?.settle(client, keyring)
    }

    /// The session's id, which becomes the snapshot's.
    pub fn id(&self) -> SnapshotId {
        self.id
    }

    /// The collector's epoch that the session respects.
    pub fn epoch(&self) -> u64 {
        self.state.epoch
    }

    /// Packs that must not be deduplicated against.
    pub fn condemned(&self) -> &HashSet<PackName> {
        &self.condemned
    }

    /// Publishes `rows`, whose packs are durable, as the session's next segment; sorts them.
    pub fn publish(&self, keyring: &Keyring, rows: &mut SegmentRows) -> Result<SegmentName, SessionError> {
        rows.sort();
        // Held while storing: segments of a session form a chain, one after the other.
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        let header = SegmentHeader {
            session: self.id,
            host: self.host.clone(),
            number: chain.names.len() as u32,
            previous: chain.last,
            certificate: keyring.certificate().clone(),
        };
        let sign = |hash: &[u8; 32]| keyring.sign(segment::SIGN_CONTEXT, hash);
        let object = segment::encode_segment(&header, rows, keyring.index_recipient(), sign)
            .map_err(SessionError::Segment)?;
        let name = SegmentName(random_bytes());
        let key = Key::new(segment::segment_key(&name)).map_err(SessionError::Store)?;
        let hash = ObjectHash(*blake3::hash(&object).as_bytes());
        self.client.create(&key, object).map_err(SessionError::Store)?;
        chain.last = Some(hash);
        chain.names.push(name);
        Ok(name)
    }

    /// The segments published so far.
    pub fn segments(&self) -> SegmentChain {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commits: creates the snapshot's object, and only if nothing stands there. Answers its hash.
    pub fn commit(self, keyring: &Keyring, snapshot: &Snapshot) -> Result<ObjectHash, SessionError> {
        let object = Bytes::from(snapshot::encode(keyring, snapshot)?);
        let hash = ObjectHash(*blake3::hash(&object).as_bytes());
        let key = snapshot::object_key(&self.host, &self.id).map_err(SessionError::Store)?;
        match self.client.create(&key, object.clone()) {
            Ok(()) => {}
            Err(StoreError::AlreadyExists { .. }) => {
                // Either our own write whose answer was lost, or a collector's fence.
                let (found, _) =
                    self.client.get_bounded(&key, limits::SNAPSHOT_MAX_BYTES).map_err(SessionError::Store)?;
                if found != object {
                    return Err(SessionError::Fenced);
                }
            }
            Err(error) => return Err(SessionError::Store(error)),
        }
        // The commit stands. A session object that stays behind is the collector's to remove.
        let _ = self.client.delete(&self.key);
        Ok(hash)
    }

    /// Ends without a snapshot; what was published stays for the next backup to use.
    pub fn abandon(self) {
        let _ = self.client.delete(&self.key);
    }
}

impl SessionError {
    /// Whether what was fetched did not verify.
    fn is_damage(&self) -> bool {
        matches!(self, SessionError::Record { .. } | SessionError::List { .. })
    }
}

/// The collector's state and the packs it has condemned; nothing where no collector has run.
pub fn read_gc(client: &Client, keyring: &Keyring) -> Result<(GcState, HashSet<PackName>), SessionError> {
    let key = Key::new(GC_STATE_KEY).map_err(SessionError::Store)?;
    let read = with_refetch(SessionError::is_damage, || {
        let (body, _) = client.get_bounded(&key, limits::RECORD_MAX_BYTES).map_err(SessionError::Store)?;
        record::decode::<GcState>(keyring, GC_STATE_CONTEXT, &body)
            .map_err(|source| SessionError::Record { key: GC_STATE_KEY.into(), source })
    });
    let state = match read {
        Ok((state, _)) => state,
        Err(SessionError::Store(StoreError::NotFound { .. })) => {
            return Ok((GcState::default(), HashSet::new()));
        }
        Err(error) => return Err(error),
    };
    let mut condemned = HashSet::new();
    for name in &state.lists {
        condemned.extend(read_list(client, keyring, name)?.packs);
    }
    Ok((state, condemned))
}

fn read_list(client: &Client, keyring: &Keyring, name: &str) -> Result<CondemnedList, SessionError> {
    let fail = |what: String| SessionError::List { key: name.to_owned(), what };
    if !name.starts_with("gc/") {
        return Err(fail("it lies outside gc/".into()));
    }
    let key = Key::new(name).map_err(SessionError::Store)?;
    with_refetch(SessionError::is_damage, || {
        let (body, _) = client.get_bounded(&key, limits::RECORD_MAX_BYTES).map_err(SessionError::Store)?;
        let plain =
            sealed::open(keyring.index_identities(), &body).map_err(|error| fail(error.to_string()))?;
        serde_json::from_slice(&plain).map_err(|error| fail(error.to_string()))
    })
}
