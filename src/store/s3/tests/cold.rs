//! Archive classes: what is cold is found without asking, is told of, and becomes warm.

use std::sync::Arc;

use bytes::Bytes;

use super::{client, key};
use crate::store::archive::{ArchiveClass, WarmUp, WarmUpSpeed, Warmth, warm_up_all, warmth_of};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::replicas::spec::{ReplicaSpec, SetOptions};
use crate::store::replicas::{Opened, ReplicatedStore};
use crate::store::s3::tests::fake::Fake;
use crate::store::tuning::{Tuning, wrap};
use crate::store::{BlockingStore as _, Store};

const STANDARD: WarmUp = WarmUp { speed: WarmUpSpeed::Standard, days: 7 };

fn warmth(client: &Client, keys: &[Key]) -> Vec<Warmth> {
    let (store, keys) = (Arc::clone(client.store()), keys.to_vec());
    client.finish(Box::pin(warmth_of(store, keys))).unwrap()
}

fn warm_up(client: &Client, keys: &[Key], how: WarmUp) -> Result<(), StoreError> {
    let (store, keys) = (Arc::clone(client.store()), keys.to_vec());
    client.finish(Box::pin(warm_up_all(store, keys, how)))
}

#[test]
fn a_pack_in_an_archive_class_is_cold_until_its_copy_is_made_and_again_after_its_days() {
    let fake = Fake::new();
    fake.warm_up_after(2);
    // Through the wrappers that every S3 store has.
    let store = wrap(Arc::new(fake.store("&storage-class-packs=GLACIER")), &Tuning::default());
    let client = Client::new(store).unwrap();
    let [content, trees] = ["packs/a0/1", "packs/0a/1"].map(key);
    for key in [&content, &trees] {
        client.create(key, Bytes::from_static(b"body")).unwrap();
    }
    assert_eq!(fake.classes(), [("pre/fix/packs/a0/1".to_owned(), "GLACIER".to_owned())]);
    let glacier = ArchiveClass::Glacier;
    let both = [content.clone(), trees.clone()];
    assert_eq!(warmth(&client, &both), [Warmth::Cold(glacier), Warmth::Warm]);
    let error = client.get(&content).unwrap_err();
    assert!(matches!(error, StoreError::Cold { .. }) && !error.is_transient(), "{error:?}");
    assert_eq!(client.get(&trees).unwrap().0, "body");
    warm_up(&client, std::slice::from_ref(&content), STANDARD).unwrap();
    // Asking twice is no error.
    warm_up(&client, std::slice::from_ref(&content), STANDARD).unwrap();
    assert_eq!(warmth(&client, &both)[0], Warmth::Warming(glacier));
    assert_eq!(warmth(&client, &both)[0], Warmth::Warm);
    assert_eq!(client.get(&content).unwrap().0, "body");
    fake.cool_down();
    assert_eq!(warmth(&client, &both)[0], Warmth::Cold(glacier));
}

#[test]
fn where_a_listing_showed_nothing_cold_nothing_is_asked() {
    let fake = Fake::new();
    let client = client(fake.store(""));
    let keys: Vec<Key> = (0..5).map(|n| key(&format!("packs/a0/{n}"))).collect();
    for key in &keys {
        client.create(key, Bytes::from_static(b"body")).unwrap();
    }
    client.list("packs/").unwrap();
    let before = fake.log().len();
    assert_eq!(warmth(&client, &keys), [Warmth::Warm; 5]);
    assert_eq!(fake.log().len(), before);
    // What a rule of the bucket moved since is seen by the next listing.
    fake.move_to("packs/a0/3", "DEEP_ARCHIVE");
    client.list("packs/").unwrap();
    assert_eq!(warmth(&client, &keys)[3], Warmth::Cold(ArchiveClass::DeepArchive));
    assert_eq!(fake.log().len(), before + 3, "two pages of a listing, and one look");
}

#[test]
fn the_archive_tiers_of_intelligent_tiering_are_found_and_warmed_up() {
    let fake = Fake::new();
    let client = client(fake.store("&storage-class-packs=INTELLIGENT_TIERING"));
    let keys = ["packs/a0/1", "packs/a0/2"].map(key);
    for key in &keys {
        client.create(key, Bytes::from_static(b"body")).unwrap();
    }
    assert_eq!(warmth(&client, &keys), [Warmth::Warm; 2]);
    fake.move_to("packs/a0/2", "DEEP_ARCHIVE_ACCESS");
    client.list("packs/").unwrap();
    assert_eq!(warmth(&client, &keys), [Warmth::Warm, Warmth::Cold(ArchiveClass::DeepArchiveAccess)]);
    let expedited = WarmUp { speed: WarmUpSpeed::Expedited, ..STANDARD };
    assert!(warm_up(&client, &keys, expedited).is_err(), "that tier has no such speed");
    warm_up(&client, &keys, STANDARD).unwrap();
    assert_eq!(warmth(&client, &keys), [Warmth::Warm; 2]);
}

fn set(stores: Vec<Arc<dyn Store>>) -> Client {
    let opened = |(n, store): (usize, Arc<dyn Store>)| Opened {
        spec: ReplicaSpec::new(format!("r{n}"), format!("place{n}")),
        store: Ok(store),
    };
    let replicas = stores.into_iter().enumerate().map(opened).collect();
    Client::new(Arc::new(ReplicatedStore::new(replicas, SetOptions::default(), None).unwrap())).unwrap()
}

#[test]
fn a_replica_that_has_it_at_hand_is_read_and_nothing_needs_warming() {
    let fake = Fake::new();
    let cold = wrap(Arc::new(fake.store("&storage-class-packs=DEEP_ARCHIVE")), &Tuning::default());
    let memory = MemoryStore::new();
    let client = set(vec![cold, Arc::new(memory.clone())]);
    let key = key("packs/a0/1");
    client.create(&key, Bytes::from_static(b"body")).unwrap();
    assert_eq!(warmth(&client, std::slice::from_ref(&key)), [Warmth::Warm]);
    for _ in 0..3 {
        assert_eq!(client.get(&key).unwrap().0, "body");
    }
    let reads = fake.log().iter().filter(|line| line.starts_with("GET")).count();
    assert!(reads <= 1, "what was met cold is asked for last: {:?}", fake.log());
    memory.delete_now(&key).unwrap();
    let error = client.get(&key).unwrap_err();
    assert!(matches!(error, StoreError::Cold { .. }), "{error:?}");
}

#[test]
fn of_two_cold_copies_one_is_warmed_up() {
    let fakes = [Fake::new(), Fake::new()];
    let stores = fakes.iter().map(|fake| -> Arc<dyn Store> {
        fake.warm_up_after(1);
        Arc::new(fake.store("&storage-class-packs=GLACIER"))
    });
    let client = set(stores.collect());
    let keys = [key("packs/a0/1")];
    client.create(&keys[0], Bytes::from_static(b"body")).unwrap();
    assert_eq!(warmth(&client, &keys), [Warmth::Cold(ArchiveClass::Glacier)]);
    warm_up(&client, &keys, STANDARD).unwrap();
    assert_eq!(warmth(&client, &keys), [Warmth::Warming(ArchiveClass::Glacier)]);
    warm_up(&client, &keys, STANDARD).unwrap();
    let asked = |fake: &Fake| fake.log().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!([asked(&fakes[0]), asked(&fakes[1])], [1, 0]);
    assert_eq!(warmth(&client, &keys), [Warmth::Warm]);
    assert_eq!(client.get(&keys[0]).unwrap().0, "body");
}

#[test]
fn a_replica_that_lacks_a_pack_does_not_make_it_warm() {
    let fakes = [Fake::new(), Fake::new()];
    let cold: Arc<dyn Store> = Arc::new(fakes[0].store("&storage-class-packs=GLACIER"));
    let lacking: Arc<dyn Store> = Arc::new(fakes[1].store(""));
    let keys = [key("packs/a0/1"), key("packs/a0/2")];
    for at in &keys {
        client(fakes[0].store("&storage-class-packs=GLACIER"))
            .create(at, Bytes::from_static(b"body"))
            .unwrap();
    }
    // One that tells no classes, one whose listing shows another pack, and one that has neither.
    let memory = MemoryStore::new();
    memory.create_now(&keys[1], &Bytes::from_static(b"body")).unwrap();
    client(fakes[1].store("")).create(&key("packs/a0/3"), Bytes::from_static(b"body")).unwrap();
    for set in
        [set(vec![Arc::new(memory), Arc::clone(&cold)]), set(vec![Arc::clone(&lacking), Arc::clone(&cold)])]
    {
        set.list("packs/").unwrap();
        assert_eq!(warmth(&set, &keys)[0], Warmth::Cold(ArchiveClass::Glacier));
    }
}

#[test]
fn what_is_nowhere_is_found_out_by_whoever_reads_it() {
    let fake = Fake::new();
    let client = client(fake.store(""));
    client.list("packs/").unwrap();
    assert_eq!(warmth(&client, &[key("packs/a0/1")]), [Warmth::Warm]);
}
