//! What somebody with a writer's credentials can do to a bucket, and that it is undone.

use std::sync::Arc;

use bytes::Bytes;

use crate::base::monitor::{Interrupt, Silent};
use crate::maintain::lock::{Around, Place};
use crate::maintain::recover::copy::copy;
use crate::maintain::recover::{Change, Comparison, Recovered, compare, execute, read};
use crate::store::Store;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::past::PastStore;
use crate::store::s3::S3Store;
use crate::store::s3::tests::fake::Fake;

const LOCK: &str = "&lock=governance&lock-for=10d";
const BODIES: [(&str, &str); 6] = [
    ("config", "the config"),
    ("keys/a.age", "a slot"),
    ("packs/00/a", "a pack"),
    ("packs/11/b", "another pack"),
    ("index/1", "a segment"),
    ("snapshots/h/00000000000000000000000000000001", "a snapshot"),
];

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn place(store: S3Store) -> Place {
    Place { name: None, client: Client::new(Arc::new(store)).unwrap() }
}

fn filled(fake: &Fake) -> Place {
    let place = place(fake.store(LOCK));
    for (name, body) in BODIES {
        place.client.create(&key(name), Bytes::from_static(body.as_bytes())).unwrap();
    }
    place.client.create(&key("sessions/1"), Bytes::from_static(b"passing")).unwrap();
    place
}

fn bring_back(place: &Place, comparison: &Comparison) -> Recovered {
    bring_back_with(place, comparison, false)
}

fn bring_back_with(place: &Place, comparison: &Comparison, slots: bool) -> Recovered {
    let interrupt = Interrupt::default();
    execute(place, comparison, slots, &Around { monitor: &Silent, interrupt: &interrupt }).unwrap()
}

fn assert_is_whole(place: &Place) {
    for (name, body) in BODIES {
        assert_eq!(place.client.get_bounded(&key(name), 100).unwrap().0, body, "{name}");
    }
}

/// Deletes every object, and overwrites each other one before or after.
fn attack(attacker: &Place) {
    for (n, (name, _)) in BODIES.iter().enumerate() {
        let key = key(name);
        let overwrite = || {
            let version = attacker.client.stat(&key).ok().and_then(|meta| meta.version);
            attacker.client.swap(&key, version, Bytes::from_static(b"ransom note")).unwrap();
        };
        match n % 3 {
            0 => attacker.client.delete(&key).unwrap(),
            1 => overwrite(),
            _ => {
                overwrite();
                attacker.client.delete(&key).unwrap();
                attacker.client.delete(&key).unwrap();
            }
        }
    }
    attacker.client.delete(&key("sessions/1")).unwrap();
}

#[test]
fn what_a_thief_of_a_writers_credentials_deleted_and_overwrote_is_brought_back() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    fake.pass(3600);
    let then = fake.time();
    fake.pass(3600);
    attack(&place(fake.store_of_writer("")));
    fake.pass(10);
    owner.client.create(&key("packs/22/new"), Bytes::from_static(b"added since")).unwrap();
    let found = compare(&owner, then).unwrap();
    assert_eq!((found.objects_then, found.snapshots_then), (6, 1));
    let count = |change| found.count(change).0;
    assert_eq!((count(Change::Deleted), count(Change::Overwritten), count(Change::Added)), (4, 2, 1));
    assert!(found.first_change > Some(then) && found.last_change < Some(fake.time()), "{found:?}");
    let done = bring_back(&owner, &found);
    assert!(done.troubles.is_empty(), "{done:?}");
    assert_eq!((done.unhidden, done.rewritten), (2, 4));
    assert_is_whole(&owner);
    assert_eq!(owner.client.get_bounded(&key("packs/22/new"), 100).unwrap().0, "added since");
    let again = compare(&owner, then).unwrap();
    assert!(!again.has_losses(), "{again:?}");
    // What is written again is locked again.
    let vault = owner.vault().unwrap();
    assert!(owner.client.finish(vault.retention(&key("keys/a.age"), None)).unwrap().is_some());
}

#[test]
fn whoever_may_not_delete_markers_writes_again_what_they_hide() {
    let fake = Fake::locking();
    filled(&fake);
    let then = fake.time();
    fake.pass(10);
    let writer = place(fake.store_of_writer(LOCK));
    attack(&writer);
    let done = bring_back(&writer, &compare(&writer, then).unwrap());
    assert!(done.troubles.is_empty() && done.unhidden == 0 && done.rewritten == 6, "{done:?}");
    assert_is_whole(&writer);
}

#[test]
fn what_is_as_it_was_is_left_alone_whatever_happened_in_between() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    let then = fake.time();
    fake.pass(10);
    owner.client.delete(&key("config")).unwrap();
    owner.client.create(&key("config"), Bytes::from_static(b"the config")).unwrap();
    assert!(!compare(&owner, then).unwrap().has_losses());
    assert_eq!(compare(&owner, crate::base::time::Timestamp::default()).unwrap().objects_then, 0);
}

#[test]
fn the_past_is_copied_to_another_place_and_a_copy_goes_on() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    let then = fake.time();
    fake.pass(10);
    attack(&place(fake.store_of_writer("")));
    let past = PastStore::new(Arc::new(fake.store("")), then, "then".into()).unwrap();
    let past = Client::new(Arc::new(past)).unwrap();
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let target = Place { name: None, client: Client::new(memory).unwrap() };
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    target.client.create(&key("index/1"), Bytes::from_static(b"a segment")).unwrap();
    target.client.create(&key("packs/00/a"), Bytes::from_static(b"a pacK")).unwrap();
    let copied = copy(&past, &target.client, &around).unwrap();
    assert_eq!((copied.objects, copied.present, copied.troubles.len()), (4, 1, 1), "{copied:?}");
    assert!(copied.troubles[0].key == "packs/00/a" && copied.troubles[0].why.contains("exists already"));
    target.client.delete(&key("packs/00/a")).unwrap();
    let copied = copy(&past, &target.client, &around).unwrap();
    assert_eq!((copied.objects, copied.present, copied.troubles.len()), (1, 5, 0), "{copied:?}");
    assert_is_whole(&target);
    assert!(owner.client.stat(&key("config")).is_err(), "the bucket stays as it is");
}

#[test]
fn what_is_not_of_a_repository_is_neither_brought_back_nor_copied() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    for name in ["photos/cat", "notes"] {
        owner.client.create(&key(name), Bytes::from_static(b"somebody else's")).unwrap();
    }
    let then = fake.time();
    fake.pass(10);
    owner.client.delete(&key("photos/cat")).unwrap();
    owner.client.delete(&key("notes")).unwrap();
    owner.client.delete(&key("packs/00/a")).unwrap();
    let found = compare(&owner, then).unwrap();
    assert_eq!((found.objects_then, found.changed.len()), (6, 1), "{found:?}");
    let past = PastStore::new(Arc::new(fake.store("")), then, "then".into()).unwrap();
    let past = Client::new(Arc::new(past)).unwrap();
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let target = Client::new(memory).unwrap();
    let interrupt = Interrupt::default();
    let copied = copy(&past, &target, &Around { monitor: &Silent, interrupt: &interrupt }).unwrap();
    assert_eq!((copied.objects, copied.troubles.len()), (6, 0), "{copied:?}");
    assert!(target.stat(&key("photos/cat")).is_err() && target.stat(&key("notes")).is_err());
}

#[test]
fn a_removed_key_slot_stays_away_unless_it_is_asked_for_or_none_is_left() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    owner.client.create(&key("keys/b.age"), Bytes::from_static(b"another slot")).unwrap();
    let then = fake.time();
    fake.pass(10);
    let removed = key("keys/b.age");
    owner.client.delete(&removed).unwrap();
    owner.client.delete(&key("packs/00/a")).unwrap();
    let done = bring_back(&owner, &compare(&owner, then).unwrap());
    assert_eq!((done.unhidden, done.left_out.as_slice()), (1, std::slice::from_ref(&removed)), "{done:?}");
    assert!(owner.client.stat(&removed).unwrap_err().is_not_found());
    let done = bring_back_with(&owner, &compare(&owner, then).unwrap(), true);
    assert!(done.left_out.is_empty() && owner.client.stat(&removed).is_ok(), "{done:?}");
    // Without any slot nobody could open what was brought back.
    fake.pass(10);
    owner.client.delete(&removed).unwrap();
    owner.client.delete(&key("keys/a.age")).unwrap();
    let done = bring_back(&owner, &compare(&owner, then).unwrap());
    assert!(done.left_out.is_empty() && done.unhidden == 2, "{done:?}");
}

#[test]
fn what_is_longer_than_anything_of_a_repository_is_not_taken_into_memory() {
    let fake = Fake::locking();
    let owner = filled(&fake);
    let vault = owner.vault().unwrap();
    let mut version = owner.client.finish(vault.versions("packs/00/a")).unwrap().remove(0);
    version.size = 3 << 30;
    let refused = read(&owner, vault, &version).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { size, .. } if size == 3 << 30), "{refused}");
}
