//! Evidence: signed records of what runs and drills did, kept where the site's end does not reach them.
//!
//! A record is created once and never replaced; that one creation is also how two hosts contend for a name
//! (see `store::replicas::class`). It names its own key, its host and its time, and its host signs all of it,
//! so that no record can be forged, or moved to another name. It is sealed like everything else: what any
//! host of the repository may have to answer is for [`Audience::Everyone`]; what tells of names and places is
//! for [`Audience::Keepers`], whom a backup host is not among.
//!
//! Runbooks that are kept in the repository are such records too, below [`RUNBOOKS_PREFIX`]. They make hosts
//! run commands; therefore [`require_signer`] exists, and whoever reads one asks for a restorer's signature.
//!
//! What bodies mean is their writers' affair; this module knows none of them.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::error_kind::ErrorKind;
use crate::base::ids::ObjectHash;
use crate::base::limits;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::compress;
use crate::crypto::error::CryptoError;
use crate::crypto::sealed;
use crate::pack::padding::pad_with_trailer;
use crate::repo::certificate::Certificate;
use crate::repo::keyring::{KeyError, Keyring};
use crate::repo::record::{self, RecordError};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

/// Where the records of runs and drills are: `evidence/<kind>/<subject>/<name>`.
pub const EVIDENCE_PREFIX: &str = "evidence/";
/// Where published runbooks are: `runbooks/<name>/<version>`.
pub const RUNBOOKS_PREFIX: &str = "runbooks/";
/// The record's schema, as its first field says.
pub const SCHEMA: &str = "lifeboat.evidence/1";
/// The signature's context.
const SIGN_CONTEXT: &str = "evidence";
/// Objects that prove nothing, of which each is told.
const TOLD_MAX: usize = 3;

/// Who can read a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every role: sealed to the index recipient. For claims, approvals and acknowledgements.
    Everyone,
    /// Maintainers and restorers: sealed to the meta recipient. For journals, reports and runbooks.
    Keepers,
}

/// A record, as it is signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence<T> {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Its own object key.
    pub key: String,
    /// The host that wrote it.
    pub host: String,
    /// When.
    pub time: Timestamp,
    /// What it says.
    pub body: T,
}

/// A record whose signature holds, and who signed it.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    /// The record.
    pub record: Evidence<T>,
    /// The root key's word on the signer: the label and role of the slot.
    pub signer: Certificate,
    /// Hash of the stored object.
    pub hash: ObjectHash,
}

/// Evidence that cannot be written, found or believed.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The store fails.
    #[error("the evidence {key} cannot be {action}")]
    Store {
        /// The object, or where it was looked for.
        key: String,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: Box<StoreError>,
    },
    /// Somebody else was first.
    #[error("{key} is there already, written by somebody else")]
    Taken {
        /// The object.
        key: String,
    },
    /// There is no such record.
    #[error("there is no {key} in the repository")]
    NotFound {
        /// The object.
        key: String,
    },
    /// The key slot's role is too small, or it is for another host.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is not what its host wrote.
    #[error("{key} proves nothing: {what}")]
    Damaged {
        /// The object.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// It was signed by somebody who must not.
    #[error("{key} was signed by {label}, a {have}'s key slot: only a {need} may do that, so it is not used")]
    Signer {
        /// The object.
        key: String,
        /// The slot's label.
        label: String,
        /// Its role.
        have: Role,
        /// The role that is needed.
        need: Role,
    },
    /// The record cannot be made.
    #[error("{key} cannot be written: {what}")]
    Encode {
        /// The object.
        key: String,
        /// Why.
        what: String,
    },
}

impl EvidenceError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            EvidenceError::Store { source, .. } => source.kind(),
            EvidenceError::Key(error) => error.kind(),
            EvidenceError::Damaged { .. } => ErrorKind::Damage,
            EvidenceError::Signer { .. } => ErrorKind::Key,
            EvidenceError::Taken { .. } => ErrorKind::Busy,
            EvidenceError::NotFound { .. } => ErrorKind::Usage,
            EvidenceError::Encode { .. } => ErrorKind::Failed,
        }
    }

    /// Whether the object is none that was to be believed, whoever put it there: it is passed by and told of,
    /// rather than let hide others.
    pub fn proves_nothing(&self) -> bool {
        matches!(self, EvidenceError::Damaged { .. } | EvidenceError::Signer { .. })
    }

    fn store(key: &str, action: &'static str, source: StoreError) -> Self {
        Self::Store { key: key.to_owned(), action, source: Box::new(source) }
    }
}

/// Where a new record goes, and in whose name.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its object key.
    pub key: &'a Key,
    /// Who shall read it.
    pub audience: Audience,
    /// The host that writes it; the key slot must be for it.
    pub host: &'a str,
    /// The time.
    pub time: Timestamp,
}

/// The object key of `segments` below `prefix`, which is one of the two of this module.
pub fn key(prefix: &str, segments: &[&str]) -> Result<Key, EvidenceError> {
    let text = format!("{prefix}{}", segments.join("/"));
    Key::new(text.clone()).map_err(|source| EvidenceError::store(&text, "named", source))
}

/// Writes a record, and only if nothing stands under its key. Answers the hash of its object.
pub fn put<T: Serialize>(
    client: &Client,
    keyring: &Keyring,
    new: &New<'_>,
    body: &T,
) -> Result<ObjectHash, EvidenceError> {
    keyring.need_host(new.host)?;
    let name = new.key.as_str();
    let object = Bytes::from(encode(keyring, new, body)?);
    match client.create(new.key, object.clone()) {
        Ok(()) => {}
        Err(StoreError::AlreadyExists { .. }) => {
            // Perhaps by ourselves: an answer may have been lost on its way.
            let is_ours = match client.get_bounded(new.key, limits::RECORD_MAX_BYTES) {
                Ok((found, _)) => found == object,
                Err(StoreError::TooLarge { .. }) => false,
                Err(source) => return Err(EvidenceError::store(name, "read", source)),
            };
            if !is_ours {
                return Err(EvidenceError::Taken { key: name.to_owned() });
            }
        }
        Err(source) => return Err(EvidenceError::store(name, "written", source)),
    }
    Ok(ObjectHash(*blake3::hash(&object).as_bytes()))
}

/// The object: a signed record, compressed, padded, sealed.
fn encode<T: Serialize>(keyring: &Keyring, new: &New<'_>, body: &T) -> Result<Vec<u8>, EvidenceError> {
    let name = new.key.as_str();
    let fail = |what: String| EvidenceError::Encode { key: name.to_owned(), what };
    let record =
        Evidence { schema: SCHEMA.into(), key: name.into(), host: new.host.into(), time: new.time, body };
    let text = record::encode(keyring, SIGN_CONTEXT, &record).map_err(|error| fail(error.to_string()))?;
    if text.len() as u64 > limits::RECORD_MAX_BYTES / 2 {
        return Err(fail(format!("it is too large ({} bytes)", text.len())));
    }
    let mut plain = compress::compress_record(&text, 3).map_err(|error| fail(error.to_string()))?;
    pad_with_trailer(&mut plain, &[]);
    let recipient = match new.audience {
        Audience::Everyone => keyring.index_recipient(),
        Audience::Keepers => keyring.meta_recipient(),
    };
    sealed::seal(recipient, &plain).map_err(|error| fail(error.to_string()))
}

/// The keys below `prefix`, such as `evidence/runs/`, in their order.
pub fn list(client: &Client, prefix: &str) -> Result<Vec<Key>, EvidenceError> {
    let listed = client.list(prefix).map_err(|source| EvidenceError::store(prefix, "listed", source))?;
    let mut keys: Vec<Key> = listed.into_iter().map(|meta| meta.key).collect();
    keys.sort();
    Ok(keys)
}

/// Reads and verifies a record; of a damaged one, another replica's copy.
pub fn get<T: DeserializeOwned>(
    client: &Client,
    keyring: &Keyring,
    key: &Key,
) -> Result<Verified<T>, EvidenceError> {
    let is_damage = |error: &EvidenceError| matches!(error, EvidenceError::Damaged { .. });
    let read = with_refetch(is_damage, || {
        let (object, _) = client.get_bounded(key, limits::RECORD_MAX_BYTES).map_err(|error| match error {
            StoreError::NotFound { .. } => EvidenceError::NotFound { key: key.to_string() },
            // No record is that large: whoever put it there must not pass for a store that fails.
            error @ StoreError::TooLarge { .. } => {
                EvidenceError::Damaged { key: key.to_string(), what: error.to_string() }
            }
            error => EvidenceError::store(key.as_str(), "read", error),
        })?;
        decode(keyring, key, &object)
    });
    if read.as_ref().is_err_and(is_damage) {
        let is_good = |body: &Bytes| verify(keyring, key, body).is_ok();
        if let Some(good) = client.rescue(key, limits::RECORD_MAX_BYTES, &is_good) {
            return decode(keyring, key, &good.body);
        }
    }
    read
}

/// Whether `object` is what an enrolled host once wrote under `key`.
pub fn verify(keyring: &Keyring, key: &Key, object: &[u8]) -> Result<(), EvidenceError> {
    decode::<serde_json::Value>(keyring, key, object).map(drop)
}

/// What is told of objects below `place` that prove nothing: the first few, and how many more there are.
/// Anybody who may write there could put any number of them.
pub fn few(mut ignored: Vec<String>, place: &str) -> Vec<String> {
    if let Some(more) = ignored.len().checked_sub(TOLD_MAX).filter(|more| *more > 1) {
        ignored.truncate(TOLD_MAX);
        ignored.push(format!("{more} more objects below {place} prove nothing either"));
    }
    ignored
}

/// Refuses a record whose signer has a smaller role than `need`.
pub fn require_signer<T>(found: &Verified<T>, need: Role) -> Result<(), EvidenceError> {
    match found.signer.role >= need {
        true => Ok(()),
        false => Err(EvidenceError::Signer {
            key: found.record.key.clone(),
            label: found.signer.label.clone(),
            have: found.signer.role,
            need,
        }),
    }
}

fn decode<T: DeserializeOwned>(
    keyring: &Keyring,
    key: &Key,
    object: &[u8],
) -> Result<Verified<T>, EvidenceError> {
    let damaged = |what: String| EvidenceError::Damaged { key: key.to_string(), what };
    let plain = unseal(keyring, object).map_err(|error| match error {
        Unsealing::Key(error) => EvidenceError::Key(error),
        Unsealing::Crypto(error) => damaged(error.to_string()),
    })?;
    let text = compress::decompress_stream(&plain, limits::RECORD_MAX_BYTES as usize)
        .map_err(|error| damaged(error.to_string()))?;
    let (record, signer) = record::decode::<Evidence<T>>(keyring, SIGN_CONTEXT, &text).map_err(|error| {
        damaged(match &error {
            RecordError::Json(source) => format!("{error}: {source}"),
            error => error.to_string(),
        })
    })?;
    if record.schema != SCHEMA {
        return Err(damaged(format!("its schema is {:?}", record.schema)));
    }
    if record.key != key.as_str() {
        return Err(damaged(format!("it was written as {:?} and stands under another name", record.key)));
    }
    if !signer.allows_host(&record.host) {
        return Err(damaged(format!("it says that host {:?} wrote it, who did not sign it", record.host)));
    }
    Ok(Verified { record, signer, hash: ObjectHash(*blake3::hash(object).as_bytes()) })
}

enum Unsealing {
    Key(KeyError),
    Crypto(CryptoError),
}

/// Opens with whatever the slot holds; where that is too little, says which role it takes.
fn unseal(keyring: &Keyring, object: &[u8]) -> Result<Vec<u8>, Unsealing> {
    let meta = keyring.meta_identities("reading records of runs and runbooks");
    match (sealed::open(keyring.index_identities(), object), meta) {
        (Err(CryptoError::NotForUs), Ok(meta)) => sealed::open(meta, object).map_err(Unsealing::Crypto),
        (Err(CryptoError::NotForUs), Err(error)) => Err(Unsealing::Key(error)),
        (opened, _) => opened.map_err(Unsealing::Crypto),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::{
        Audience, EVIDENCE_PREFIX, EvidenceError, New, RUNBOOKS_PREFIX, few, get, key, list, put,
        require_signer,
    };
    use crate::base::error_kind::ErrorKind;
    use crate::base::limits::RECORD_MAX_BYTES;
    use crate::base::role::Role;
    use crate::base::time::Timestamp;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::keyring::Keyring;
    use crate::store::client::Client;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    const TIME: Timestamp = Timestamp { seconds: 7, nanos: 0 };

    struct Fixture {
        memory: MemoryStore,
        client: Client,
        config: Config,
        owner: Keyring,
    }

    fn fixture() -> Fixture {
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        let (config, owner) = Keyring::create(chunker, "owner", Timestamp::default());
        let memory = MemoryStore::new();
        let client = Client::new(Arc::new(memory.clone())).unwrap();
        Fixture { memory, client, config, owner }
    }

    impl Fixture {
        fn slot(&self, role: Role, host: &str) -> Keyring {
            let contents = self.owner.contents_for(role, host, host, Timestamp::default()).unwrap();
            Keyring::from_contents(contents, &self.config, host).unwrap()
        }

        fn put(&self, keyring: &Keyring, key: &Key, audience: Audience) -> Result<(), EvidenceError> {
            let host = if keyring.host() == "*" { "any" } else { keyring.host() };
            put(&self.client, keyring, &New { key, audience, host, time: TIME }, &json!({"a": 1})).map(drop)
        }
    }

    fn run_key(name: &str) -> Key {
        key(EVIDENCE_PREFIX, &["runs", "r1", name]).unwrap()
    }

    #[test]
    fn a_record_comes_back_with_who_signed_it_and_is_listed() {
        let fixture = fixture();
        let writer = fixture.slot(Role::Writer, "web1");
        fixture.put(&writer, &run_key("claim-1"), Audience::Everyone).unwrap();
        fixture.put(&fixture.owner, &run_key("journal-1"), Audience::Keepers).unwrap();
        let read = get::<Value>(&fixture.client, &fixture.owner, &run_key("claim-1")).unwrap();
        assert_eq!((read.record.body["a"].as_i64(), read.record.host.as_str()), (Some(1), "web1"));
        assert_eq!((read.signer.role, read.signer.label.as_str()), (Role::Writer, "web1"));
        let listed = list(&fixture.client, "evidence/runs/r1/").unwrap();
        assert_eq!(listed, [run_key("claim-1"), run_key("journal-1")]);
    }

    #[test]
    fn a_backup_host_reads_what_is_for_everyone_and_nothing_else() {
        let fixture = fixture();
        let writer = fixture.slot(Role::Writer, "web1");
        fixture.put(&fixture.owner, &run_key("a"), Audience::Everyone).unwrap();
        fixture.put(&writer, &run_key("k"), Audience::Keepers).unwrap();
        get::<Value>(&fixture.client, &writer, &run_key("a")).unwrap();
        let error = get::<Value>(&fixture.client, &writer, &run_key("k")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Key);
        assert!(error.to_string().contains("needs a maintainer slot"), "{error}");
        get::<Value>(&fixture.client, &fixture.slot(Role::Maintainer, "m"), &run_key("k")).unwrap();
    }

    #[test]
    fn a_name_is_had_once() {
        let fixture = fixture();
        fixture.put(&fixture.owner, &run_key("claim"), Audience::Everyone).unwrap();
        let error = fixture.put(&fixture.owner, &run_key("claim"), Audience::Everyone).unwrap_err();
        assert!(matches!(error, EvidenceError::Taken { .. }) && error.kind() == ErrorKind::Busy, "{error}");
    }

    #[test]
    fn nobody_writes_in_anothers_name_and_missing_records_are_said_to_be() {
        let fixture = fixture();
        let writer = fixture.slot(Role::Writer, "web1");
        let key = run_key("x");
        let new = New { key: &key, audience: Audience::Everyone, host: "db1", time: TIME };
        assert_eq!(put(&fixture.client, &writer, &new, &1).unwrap_err().kind(), ErrorKind::Key);
        let error = get::<Value>(&fixture.client, &writer, &key).unwrap_err();
        assert!(matches!(error, EvidenceError::NotFound { .. }));
    }

    #[test]
    fn moved_altered_and_foreign_records_prove_nothing() {
        let (fixture, other) = (fixture(), fixture());
        for audience in [Audience::Everyone, Audience::Keepers] {
            let at = run_key(if audience == Audience::Everyone { "e" } else { "k" });
            fixture.put(&fixture.owner, &at, audience).unwrap();
            let (object, _) = fixture.client.get(&at).unwrap();
            let refuse = |at: &Key, object: Bytes, what: &str| {
                fixture.memory.overwrite(at, object);
                let error = get::<Value>(&fixture.client, &fixture.owner, at).expect_err(what);
                assert_eq!(error.kind(), ErrorKind::Damage, "{what}: {error}");
            };
            refuse(&run_key("elsewhere"), object.clone(), "moved");
            for index in (0..object.len()).step_by(37) {
                let mut flipped = object.to_vec();
                flipped[index] ^= 1;
                refuse(&at, flipped.into(), "altered");
            }
            other.put(&other.owner, &at, audience).unwrap();
            refuse(&at, other.client.get(&at).unwrap().0, "of another repository");
        }
    }

    #[test]
    fn what_is_too_large_for_a_record_is_none_and_no_failure_of_the_store() {
        let fixture = fixture();
        let at = run_key("claim");
        fixture.memory.overwrite(&at, vec![0u8; RECORD_MAX_BYTES as usize + 1]);
        let error = get::<Value>(&fixture.client, &fixture.owner, &at).unwrap_err();
        assert!(matches!(error, EvidenceError::Damaged { .. }) && error.proves_nothing(), "{error}");
        let error = fixture.put(&fixture.owner, &at, Audience::Everyone).unwrap_err();
        assert!(matches!(error, EvidenceError::Taken { .. }), "{error}");
    }

    #[test]
    fn a_few_are_told_of_and_the_others_counted() {
        let ignored = |count: usize| few(vec!["x".to_owned(); count], "evidence/plans/");
        assert_eq!([ignored(0).len(), ignored(3).len(), ignored(4).len(), ignored(9999).len()], [0, 3, 4, 4]);
        assert_eq!(ignored(9999)[3], "9996 more objects below evidence/plans/ prove nothing either");
    }

    #[test]
    fn a_runbook_from_a_backup_host_is_not_used() {
        let fixture = fixture();
        let at = key(RUNBOOKS_PREFIX, &["site", "00000001"]).unwrap();
        fixture.put(&fixture.slot(Role::Writer, "web1"), &at, Audience::Keepers).unwrap();
        let read = get::<Value>(&fixture.client, &fixture.owner, &at).unwrap();
        let error = require_signer(&read, Role::Restorer).unwrap_err();
        assert!(error.to_string().contains("only a restorer may"), "{error}");
        require_signer(&read, Role::Writer).unwrap();
        assert!(key(RUNBOOKS_PREFIX, &["../x"]).is_err());
    }
}
