//! Versions and retention: the contract on a bucket that keeps everything, and what cannot be undone there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::fake::Fake;
use super::{client, key};
use crate::base::time::Timestamp;
use crate::store::Store;
use crate::store::client::Client;
use crate::store::contract::check_contract;
use crate::store::error::StoreError;
use crate::store::past::PastStore;
use crate::store::probe::spare_key;
use crate::store::s3::S3Store;
use crate::store::s3::features::Extra;
use crate::store::vault::{LockMode, Retention, Vault, VersionId};

const DAY: i64 = 86_400;
const LOCK: &str = "&lock=governance&lock-for=10d";

fn patient(store: S3Store) -> S3Store {
    store.with_limits(Duration::from_secs(30))
}

fn vault(client: &Client) -> &dyn Vault {
    client.store().vault().unwrap()
}

fn put(client: &Client, name: &str, body: &'static str) {
    client.create(&key(name), Bytes::from_static(body.as_bytes())).unwrap();
}

fn retention(client: &Client, name: &str) -> Option<Retention> {
    client.finish(vault(client).retention(&key(name), None)).unwrap()
}

fn after(fake: &Fake, seconds: i64) -> Timestamp {
    Timestamp { seconds: fake.now() + seconds, nanos: 0 }
}

/// A view of the fake's bucket as it was.
fn past(fake: &Fake, time: Timestamp) -> Client {
    let store = PastStore::new(Arc::new(patient(fake.store(""))), time, "then".into()).unwrap();
    Client::new(Arc::new(store)).unwrap()
}

#[test]
fn the_contract_holds_on_a_bucket_that_locks_whatever_it_locks_by_itself() {
    for (more, default) in [(LOCK, None), (LOCK, Some("COMPLIANCE")), ("", Some("GOVERNANCE"))] {
        let fakes: std::sync::Mutex<Vec<Fake>> = Default::default();
        check_contract(|| {
            let fake = Fake::locking();
            fake.bucket(|bucket| bucket.default_retention = default.map(|mode| (mode.into(), 30)));
            let store: Arc<dyn Store> = Arc::new(patient(fake.store(more)));
            fakes.lock().unwrap().push(fake);
            store
        });
    }
}

#[test]
fn what_a_restore_needs_is_locked_by_the_very_write_and_nothing_else_is() {
    let fake = Fake::locking();
    let client = client(fake.store("&lock=compliance&lock-for=10d"));
    for name in ["packs/00/a", "index/a", "snapshots/h/a", "keys/a.age", "evidence/a"] {
        put(&client, name, "x");
        let expected = Retention { mode: LockMode::Compliance, until: after(&fake, 10 * DAY) };
        assert_eq!(retention(&client, name), Some(expected), "{name}");
    }
    client.swap(&key("config"), None, Bytes::from_static(b"1")).unwrap();
    assert!(retention(&client, "config").is_some());
    for name in ["sessions/a", "probe/a/b"] {
        put(&client, name, "x");
        assert_eq!(retention(&client, name), None, "{name}");
    }
    client.swap(&key("gc/state"), None, Bytes::from_static(b"1")).unwrap();
    assert_eq!(retention(&client, "gc/state"), None);
    let granted: Vec<String> =
        vault(&client).take_granted().into_iter().map(|(key, _)| key.to_string()).collect();
    assert_eq!(granted.len(), 6, "{granted:?}");
    assert!(vault(&client).take_granted().is_empty());
    assert_eq!(fake.log().iter().filter(|line| line.starts_with("PUT")).count(), 9, "one request each");
}

#[test]
fn a_delete_hides_and_the_version_goes_only_when_its_lock_has_ended() {
    let fake = Fake::locking();
    let client = client(fake.store(LOCK));
    put(&client, "packs/00/a", "body");
    client.delete(&key("packs/00/a")).unwrap();
    assert!(client.get(&key("packs/00/a")).unwrap_err().is_not_found());
    assert!(client.list("").unwrap().is_empty());
    let versions = client.finish(vault(&client).versions("packs/")).unwrap();
    assert_eq!(versions.iter().map(|one| one.is_marker).collect::<Vec<_>>(), [true, false]);
    let id = versions[1].id.clone();
    let refused = client.finish(vault(&client).delete_version(&key("packs/00/a"), &id)).unwrap_err();
    assert!(matches!(&refused, StoreError::Locked { .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("packs/00/a") && text.contains("2026-12-04T04:00:00Z"), "{text}");
    assert!(text.contains("governance") && text.contains("recover"), "{text}");
    fake.pass(10 * DAY + 1);
    client.finish(vault(&client).delete_version(&key("packs/00/a"), &id)).unwrap();
    // And once more: what is gone is gone.
    client.finish(vault(&client).delete_version(&key("packs/00/a"), &id)).unwrap();
    assert_eq!(client.finish(vault(&client).versions("")).unwrap().len(), 1);
}

#[test]
fn a_retention_grows_and_never_shrinks() {
    let fake = Fake::locking();
    let client = client(fake.store(LOCK));
    put(&client, "packs/00/a", "body");
    let until = |days| Retention { mode: LockMode::Governance, until: after(&fake, days * DAY) };
    client.finish(vault(&client).retain(&key("packs/00/a"), until(20))).unwrap();
    assert_eq!(retention(&client, "packs/00/a"), Some(until(20)));
    let shorter = client.finish(vault(&client).retain(&key("packs/00/a"), until(5))).unwrap_err();
    assert!(
        matches!(&shorter, StoreError::Locked { until, .. } if until.starts_with("2026-12-14")),
        "{shorter}"
    );
    let missing = client.finish(vault(&client).retain(&key("packs/00/b"), until(5))).unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    assert!(client.finish(vault(&client).retention(&key("packs/00/b"), None)).unwrap_err().is_not_found());
}

#[test]
fn a_bucket_without_object_lock_is_named_at_the_first_write() {
    let fake = Fake::new();
    let client = client(fake.store(LOCK));
    let refused = client.create(&key("packs/00/a"), Bytes::new()).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("Object Lock has to be switched on") && text.contains("s3://bucket"), "{text}");
    // What is not locked is written all the same.
    put(&client, "sessions/a", "x");
}

#[test]
fn a_bucket_that_is_made_for_locked_objects_has_object_lock() {
    let fake = Fake::new();
    fake.drop_bucket();
    let client = client(fake.store_for(LOCK, true));
    put(&client, "packs/00/a", "x");
    let guard = client.finish(vault(&client).guard()).unwrap();
    assert_eq!((guard.versioning, guard.object_lock), (Some(true), Some(true)));
}

#[test]
fn whoever_may_write_can_hide_nothing_from_the_past() {
    let fake = Fake::locking();
    let owner = client(fake.store(LOCK));
    let bodies = [("config", "c"), ("keys/a.age", "k"), ("packs/00/a", "0123456789"), ("snapshots/h/1", "s")];
    for (name, body) in bodies {
        put(&owner, name, body);
    }
    fake.pass(60);
    let then = fake.time();
    fake.pass(60);
    // An attacker with a writer's credentials, who is not bound to be polite.
    let attacker = client(fake.store_of_writer(""));
    for (n, (name, _)) in bodies.iter().enumerate() {
        if n % 2 == 0 {
            let version = attacker.stat(&key(name)).unwrap().version;
            attacker.swap(&key(name), version, Bytes::from_static(b"ransom note")).unwrap();
        }
        attacker.delete(&key(name)).unwrap();
        for version in attacker.finish(vault(&attacker).versions(name)).unwrap() {
            let gone = attacker.finish(vault(&attacker).delete_version(&key(name), &version.id));
            assert!(gone.is_err(), "{name}");
        }
    }
    put(&attacker, "snapshots/h/2", "forged");
    assert_eq!(owner.list("").unwrap().len(), 1);
    let past = past(&fake, then);
    assert_eq!(past.list("").unwrap().len(), bodies.len());
    for (name, body) in bodies {
        assert_eq!(past.get_bounded(&key(name), 100).unwrap().0, body, "{name}");
        assert_eq!(past.stat(&key(name)).unwrap().size, body.len() as u64);
    }
    assert_eq!(past.list("snapshots/h/").unwrap().len(), 1);
    assert_eq!(past.get_range(&key("packs/00/a"), 3..7).unwrap(), "3456");
    assert_eq!(past.get_range(&key("packs/00/a"), 3..3).unwrap(), "");
    assert!(matches!(past.get_range(&key("packs/00/a"), 3..11), Err(StoreError::ShortRead { size: 10, .. })));
    assert!(matches!(past.get_bounded(&key("packs/00/a"), 9), Err(StoreError::TooLarge { size: 10, .. })));
    assert!(past.get(&key("snapshots/h/2")).unwrap_err().is_not_found());
}

#[test]
fn the_past_takes_no_writes() {
    let fake = Fake::locking();
    put(&client(fake.store("")), "config", "c");
    let before = fake.log().len();
    let past = past(&fake, fake.time());
    for error in [
        past.create(&key("a"), Bytes::new()).unwrap_err(),
        past.swap(&key("a"), None, Bytes::new()).unwrap_err(),
        past.delete(&key("config")).unwrap_err(),
    ] {
        assert!(error.to_string().contains("as it was at then"), "{error}");
    }
    assert_eq!(fake.log().len(), before, "nothing is asked of the server");
    assert_eq!(past.get(&key("config")).unwrap().0, "c");
}

#[test]
fn a_listing_of_versions_goes_over_all_its_pages_and_keeps_to_its_prefix() {
    let fake = Fake::locking();
    let client = client(fake.store(""));
    for n in 0..4 {
        put(&client, &format!("packs/00/p{n}"), "1");
        client.delete(&key(&format!("packs/00/p{n}"))).unwrap();
        put(&client, &format!("packs/00/p{n}"), "2");
    }
    put(&client, "packs/00/p", "1");
    put(&client, "packs-other", "1");
    fake.put_behind("elsewhere/packs/00/p", b"x");
    let count = |prefix: &str| client.finish(vault(&client).versions(prefix)).unwrap().len();
    assert_eq!((count("packs/"), count(""), count("packs/00/p"), count("packs/00/p1")), (13, 14, 1, 3));
    let of_one = client.finish(vault(&client).versions("packs/00/p1")).unwrap();
    assert!(of_one[0].is_latest && !of_one[0].is_marker, "{of_one:?}");
    fake.list_without_end();
    assert!(client.finish(vault(&client).versions("")).is_err(), "an endless listing ends");
}

#[test]
fn whether_a_lock_holds_is_tried_and_not_believed() {
    let fake = Fake::locking();
    let trial = |store: S3Store| {
        let store = Arc::new(patient(store));
        let client = Client::new(store.clone()).unwrap();
        let spare = spare_key(&client).unwrap();
        let features = client.finish(store.features(&spare)).unwrap();
        assert!(client.list("").unwrap().is_empty(), "nothing stays in sight");
        (features.versioning, features.object_lock, features.retention.unwrap())
    };
    let (versioning, object_lock, owner) = trial(fake.store(""));
    assert_eq!((versioning, object_lock), (Extra::Yes, Extra::Yes));
    assert!(owner.honoured == Extra::Yes && owner.can_bypass && owner.left.is_none(), "{owner:?}");
    let (_, _, writer) = trial(fake.store_of_writer(""));
    assert!(writer.honoured == Extra::Yes && !writer.can_bypass && writer.left.is_some(), "{writer:?}");
    fake.bucket(|bucket| bucket.forgets_locks = true);
    let (_, _, broken) = trial(fake.store(""));
    assert!(broken.honoured == Extra::No && broken.fault.is_some(), "{broken:?}");
}

#[test]
fn versions_of_a_bucket_that_keeps_none_are_its_objects() {
    let fake = Fake::new();
    let client = client(fake.store(""));
    put(&client, "config", "1");
    let versions = client.finish(vault(&client).versions("")).unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].id, VersionId("null".into()));
    let guard = client.finish(vault(&client).guard()).unwrap();
    assert_eq!((guard.versioning, guard.object_lock), (Some(false), Some(false)));
    assert_eq!(retention(&client, "config"), None);
}
