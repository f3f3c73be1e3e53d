//! What two writers create is never equal, though they say the same at the same moment with the same key: a
//! store may tell several creators of equal bodies that they have won (see the contract of `store::Store`),
//! and whoever relies on being the only one must never be one of two.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::crypto::prompts::{NoPrompts, Prompts};
use crate::crypto::recipients::SlotRecipient;
use crate::crypto::x25519::Identity;
use crate::index::segment::SegmentRows;
use crate::repo::config::{ChunkerSpec, Config};
use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, New, RUNBOOKS_PREFIX};
use crate::repo::keyring::Keyring;
use crate::repo::session::{Session, SessionError};
use crate::repo::slots::{NewSlot, create_slot};
use crate::repo::snapshot::Snapshot;
use crate::repo::{init, snapshot};
use crate::store::BlockingStore as _;
use crate::store::client::Client;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;

const TIME: Timestamp = Timestamp { seconds: 7, nanos: 0 };

/// Does the same twice, each time in an empty store; what was stored has to differ in every object.
fn assert_never_equal(what: &str, work: impl Fn(&Client)) {
    let mut seen: HashSet<Bytes> = HashSet::new();
    let mut stored = 0;
    for _ in 0..2 {
        let memory = MemoryStore::new();
        work(&Client::new(Arc::new(memory.clone())).unwrap());
        for meta in memory.list_now("").unwrap() {
            stored += 1;
            let (body, _) = memory.get_now(&meta.key, u64::MAX).unwrap();
            assert!(seen.insert(body), "{what}: {} is what another writes there too", meta.key);
        }
    }
    assert!(stored >= 2, "{what}: nothing was stored");
}

fn keys() -> (Config, Keyring) {
    let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
    Keyring::create(chunker, "owner", TIME)
}

fn record(session: &Session) -> Snapshot {
    let text = json!({
        "schema": "lifeboat.snapshot/1", "id": session.id(), "host": "web1", "sequence": 1, "previous": null,
        "time": TIME, "finished": TIME, "sources": ["/etc"], "root": { "chunks": [] }, "segments": 0,
        "last_segment": null, "epoch": 0, "faults": 0, "statistics": {}, "tool": "test",
    });
    serde_json::from_value(text).unwrap()
}

#[test]
fn sessions_segments_and_commits_are_one_writers_own() {
    let (_, owner) = keys();
    assert_never_equal("sessions and segments", |client| {
        let session = Session::begin(client, &owner, "web1", TIME).unwrap();
        session.publish(&owner, &mut SegmentRows::default()).unwrap();
    });
    // Even of one session: a commit that is made again after a crash is another object.
    let client = Client::new(Arc::new(MemoryStore::new())).unwrap();
    let session = Session::begin(&client, &owner, "web1", TIME).unwrap();
    let record = record(&session);
    assert_ne!(snapshot::encode(&owner, &record).unwrap(), snapshot::encode(&owner, &record).unwrap());
}

#[test]
fn of_two_commits_of_one_session_the_second_is_told_that_it_came_too_late() {
    let (_, owner) = keys();
    let client = Client::new(Arc::new(MemoryStore::new())).unwrap();
    let session = Session::begin(&client, &owner, "web1", TIME).unwrap();
    let record = record(&session);
    let key = snapshot::object_key("web1", &session.id()).unwrap();
    client.create(&key, snapshot::encode(&owner, &record).unwrap().into()).unwrap();
    assert!(matches!(session.commit(&owner, &record), Err(SessionError::Fenced)));
}

#[test]
fn slots_and_configs_are_one_writers_own() {
    let prompts: Arc<dyn Prompts> = Arc::new(NoPrompts);
    let recipient = SlotRecipient::parse(&Identity::generate().to_recipient().to_string()).unwrap();
    let (_, owner) = keys();
    let new = NewSlot { role: Role::Writer, label: "web1", host: "web1", created: TIME };
    assert_never_equal("slots", |client| {
        create_slot(client, &owner, &recipient, &new, &prompts).unwrap();
    });
    assert_never_equal("a new repository", |client| {
        init::create(client, std::slice::from_ref(&recipient), "owner", TIME, &prompts, None).unwrap();
    });
}

#[test]
fn of_two_claims_that_say_the_same_at_the_same_moment_one_is_refused() {
    let (_, owner) = keys();
    for (prefix, audience) in [(EVIDENCE_PREFIX, Audience::Everyone), (RUNBOOKS_PREFIX, Audience::Keepers)] {
        let key: Key = evidence::key(prefix, &["claims", "site", "00000001"]).unwrap();
        let new = New { key: &key, audience, host: "web1", time: TIME };
        let claim = |client: &Client| evidence::put(client, &owner, &new, &json!({ "run": "r-1" }));
        assert_never_equal("claims", |client| {
            claim(client).unwrap();
        });
        let client = Client::new(Arc::new(MemoryStore::new())).unwrap();
        claim(&client).unwrap();
        assert_eq!(claim(&client).unwrap_err().kind(), ErrorKind::Busy);
    }
}
