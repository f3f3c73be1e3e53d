//! The set as a whole: the contract, races between hosts that see different replicas, and replicas that
//! fail, stall, lose and damage.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::base::monitor::{Interrupt, Silent};
use crate::store::action::Action;
use crate::store::client::Client;
use crate::store::contract::check_contract;
use crate::store::delay::{DelayedStore, Latency};
use crate::store::directory::DirectoryStore;
use crate::store::error::StoreError;
use crate::store::faulty::{Fault, FaultPlan, FaultyStore};
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::replicas::breaker::{State, mix};
use crate::store::replicas::pieces::{PIECE_BYTES, PIECES_PER_REPLICA};
use crate::store::replicas::queue::Task;
use crate::store::replicas::spec::{ReadPolicy, ReplicaSpec, Role, SetOptions, Timing};
use crate::store::replicas::{Filling, Opened, ReplicatedStore};
use crate::store::rescue::Rescued;
use crate::store::{BlockingStore as _, ObjectMeta, Store, StoreFuture, Version};

mod contests;
mod reads;
mod rescue;

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn quick() -> SetOptions {
    let timing = Timing {
        tail_grace: Duration::from_millis(200),
        write_limit: Duration::from_secs(3),
        read_limit: Duration::from_secs(2),
        list_limit: Duration::from_secs(2),
        ..Timing::default()
    };
    SetOptions { timing, ..SetOptions::default() }
}

fn spec(n: usize) -> ReplicaSpec {
    ReplicaSpec::new(format!("r{n}"), format!("/nowhere/{n}"))
}

fn opened(stores: Vec<Arc<dyn Store>>) -> Vec<Opened> {
    stores.into_iter().enumerate().map(|(n, store)| Opened { spec: spec(n), store: Ok(store) }).collect()
}

fn set_of(stores: Vec<Arc<dyn Store>>) -> ReplicatedStore {
    ReplicatedStore::new(opened(stores), quick(), None).unwrap()
}

fn client_of(stores: Vec<Arc<dyn Store>>) -> Client {
    Client::new(Arc::new(set_of(stores))).unwrap()
}

fn memories(count: usize) -> (Vec<MemoryStore>, Vec<Arc<dyn Store>>) {
    let memories: Vec<MemoryStore> = (0..count).map(|_| MemoryStore::new()).collect();
    let stores = memories.iter().map(|one| Arc::new(one.clone()) as Arc<dyn Store>).collect();
    (memories, stores)
}

fn failing(inner: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(FaultyStore::new(inner, FaultPlan::new(0).from(0, Fault::Fail)))
}

/// Waits before it does anything.
#[derive(Clone, Debug)]
struct Slow {
    inner: MemoryStore,
    milliseconds: Arc<AtomicU64>,
}

impl Slow {
    fn new(milliseconds: u64) -> Self {
        Self { inner: MemoryStore::new(), milliseconds: Arc::new(AtomicU64::new(milliseconds)) }
    }

    fn set(&self, milliseconds: u64) {
        self.milliseconds.store(milliseconds, Ordering::SeqCst);
    }

    fn wait<'a, T: Send + 'a>(&'a self, then: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(self.milliseconds.load(Ordering::SeqCst))).await;
            then.await
        })
    }
}

impl Store for Slow {
    fn location(&self) -> String {
        "slow".into()
    }
    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        self.wait(self.inner.create(key, body))
    }
    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        self.wait(self.inner.swap(key, expected, body))
    }
    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.wait(self.inner.get(key))
    }
    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.wait(self.inner.get_range(key, range))
    }
    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.wait(self.inner.stat(key))
    }
    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        self.wait(self.inner.list(prefix))
    }
    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.wait(self.inner.delete(key))
    }
}

fn drain(client: &Client) -> u64 {
    let (interrupt, mut left) = (Interrupt::default(), 0);
    let count = client.store().replicas().unwrap().set().members().len();
    for at in 0..count {
        let filling = Filling { monitor: &Silent, interrupt: &interrupt, until: None };
        left += client.with_replicas(|set| set.drain(at, &filling)).unwrap().left_objects;
    }
    left
}

#[test]
fn one_two_and_three_replicas_keep_the_contract() {
    for count in 1..=3 {
        check_contract(|| Arc::new(set_of(memories(count).1)));
    }
}

#[test]
fn directories_keep_the_contract_together() {
    let dir = tempfile::tempdir().unwrap();
    let number = AtomicU64::new(0);
    check_contract(|| {
        let run = number.fetch_add(1, Ordering::SeqCst);
        let store = |n| DirectoryStore::create(dir.path().join(format!("{run}-{n}"))).unwrap();
        Arc::new(set_of((0..3).map(|n| Arc::new(store(n)) as Arc<dyn Store>).collect()))
    });
}

#[test]
fn the_contract_is_kept_with_a_replica_that_is_dead_or_could_not_be_opened() {
    check_contract(|| {
        let (_, mut stores) = memories(3);
        stores[1] = failing(Arc::clone(&stores[1]));
        Arc::new(set_of(stores))
    });
    check_contract(|| {
        let mut replicas = opened(memories(3).1);
        replicas[2].store = Err("there is no such directory".into());
        Arc::new(ReplicatedStore::new(replicas, quick(), None).unwrap())
    });
}

#[test]
fn the_contract_is_kept_with_a_mirror_that_fails_now_and_then_and_loses_acknowledgements() {
    check_contract(|| {
        let (_, mut stores) = memories(3);
        let plan = FaultPlan::new(7).chance(0.1, Fault::Fail).chance(0.1, Fault::LoseAcknowledgement);
        stores[2] = Arc::new(FaultyStore::new(Arc::clone(&stores[2]), plan));
        let mut replicas = opened(stores);
        replicas[2].spec.role = Role::Mirror;
        Arc::new(ReplicatedStore::new(replicas, quick(), None).unwrap())
    });
}

#[test]
fn what_was_acknowledged_outlives_the_loss_of_any_one_replica_and_after_a_sync_of_all_but_one() {
    for lost in 0..3 {
        let (memories, mut stores) = memories(3);
        let client = client_of(stores.clone());
        for name in ["packs/00/a", "snapshots/h/s", "keys/k.age", "index/i"] {
            client.create(&key(name), body(name)).unwrap();
        }
        client.swap(&key("gc/state"), None, body("gc/state")).unwrap();
        for alive in [vec![lost], vec![lost, (lost + 1) % 3]] {
            for dead in alive {
                stores[dead] = failing(Arc::new(memories[dead].clone()));
            }
            let client = client_of(stores.clone());
            for name in ["packs/00/a", "snapshots/h/s", "keys/k.age", "index/i", "gc/state"] {
                assert_eq!(client.get(&key(name)).unwrap().0, body(name), "{name} without {lost}");
            }
            assert_eq!(client.list("").unwrap().len(), 5);
        }
    }
}

#[test]
fn a_replica_that_stalls_holds_nobody_up_and_gets_what_it_missed_later() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Slow::new(60_000);
    let (_, mut stores) = memories(3);
    stores[2] = Arc::new(slow.clone());
    let set = ReplicatedStore::new(opened(stores.clone()), quick(), Some(dir.path())).unwrap();
    let client = Client::new(Arc::new(set)).unwrap();
    let began = Instant::now();
    for n in 0..20 {
        client.create(&key(&format!("packs/00/{n}")), body("x")).unwrap();
    }
    client.create(&key("snapshots/h/s"), body("s")).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // Killed here: nothing but the journal is left.
    drop(client);
    slow.set(0);
    let set = ReplicatedStore::new(opened(stores), quick(), Some(dir.path())).unwrap();
    assert_eq!(set.set().members()[2].queue.len(), 21);
    let client = Client::new(Arc::new(set)).unwrap();
    assert_eq!(drain(&client), 0);
    assert_eq!(slow.inner.len(), 21);
}

#[test]
fn a_put_that_arrives_late_takes_itself_out_of_the_queue() {
    let slow = Slow::new(500);
    let (_, mut stores) = memories(3);
    stores[1] = Arc::new(slow.clone());
    let client = client_of(stores);
    client.create(&key("packs/00/a"), body("x")).unwrap();
    let queued = || client.store().replicas().unwrap().set().members()[1].queue.len();
    assert_eq!(queued(), 1);
    client.with_replicas(|set| set.settle(Duration::from_secs(5))).unwrap();
    assert_eq!((queued(), slow.inner.len()), (0, 1));
}

#[test]
fn a_replica_that_has_fallen_silent_is_waited_for_once() {
    let slow = Slow::new(60_000);
    let (_, mut stores) = memories(3);
    let latency = Latency { round_trip: Duration::from_millis(50), bytes_per_second: None };
    stores[0] = Arc::new(DelayedStore::new(Arc::clone(&stores[0]), latency));
    stores[1] = Arc::new(slow.clone());
    let client = client_of(stores);
    let time = |n: u32| {
        let began = Instant::now();
        client.create(&key(&format!("packs/00/{n}")), body("x")).unwrap();
        began.elapsed()
    };
    let first = time(0);
    let later = (1..4).map(time).min().unwrap();
    assert!(later * 2 < first, "{first:?}, then {later:?}");
    let began = Instant::now();
    client.with_replicas(|set| set.settle(Duration::from_secs(2))).unwrap();
    assert!(began.elapsed() < Duration::from_millis(1900), "{:?}", began.elapsed());
}

#[test]
fn a_write_without_its_quorum_is_not_acknowledged() {
    let (memories, mut stores) = memories(3);
    for n in [1, 2] {
        stores[n] = failing(Arc::clone(&stores[n]));
    }
    let client = client_of(stores);
    for name in ["packs/00/a", "snapshots/h/s", "gc/state"] {
        let error = client.create(&key(name), body("x")).unwrap_err();
        assert!(matches!(error, StoreError::Quorum { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains("r1"), "{error}");
    }
    assert_eq!(memories[1].len() + memories[2].len(), 0);
}

#[test]
fn after_half_a_truth_nothing_is_deleted_or_swapped() {
    let (_, stores) = memories(3);
    let whole = client_of(stores.clone());
    whole.create(&key("packs/00/a"), body("x")).unwrap();
    let version = whole.swap(&key("gc/state"), None, body("1")).unwrap();
    let plan = || FaultPlan::new(0).nth(0, Fault::Fail);
    let flaky = |n: usize| Arc::new(FaultyStore::new(Arc::clone(&stores[n]), plan())) as Arc<dyn Store>;
    let client = client_of(vec![Arc::clone(&stores[0]), flaky(1), flaky(2)]);
    assert_eq!(client.list("packs/").unwrap().len(), 1);
    assert!(matches!(client.delete(&key("packs/00/a")), Err(StoreError::Quorum { .. })));
    assert!(matches!(
        client.swap(&key("gc/state"), Some(version), body("2")),
        Err(StoreError::Quorum { .. })
    ));
    client.delete(&key("sessions/x")).unwrap();
}

#[test]
fn a_missed_delete_is_hidden_here_and_made_up_for() {
    let (memories, stores) = memories(3);
    let client = client_of(stores.clone());
    client.create(&key("sessions/s"), body("x")).unwrap();
    let without = vec![Arc::clone(&stores[0]), Arc::clone(&stores[1]), {
        let plan = FaultPlan::new(0).nth(0, Fault::Fail);
        Arc::new(FaultyStore::new(Arc::clone(&stores[2]), plan)) as Arc<dyn Store>
    }];
    let client = client_of(without);
    client.delete(&key("sessions/s")).unwrap();
    assert_eq!(memories[2].len(), 1);
    assert!(client.list("").unwrap().is_empty());
    assert!(client.get(&key("sessions/s")).unwrap_err().is_not_found());
    assert_eq!(drain(&client), 0);
    assert_eq!(memories[2].len(), 0);
}

#[test]
fn an_empty_replica_is_filled_and_a_filling_goes_on_where_it_ended() {
    let (memories, stores) = memories(3);
    let two = client_of(stores[..2].to_vec());
    for n in 0..40 {
        two.create(&key(&format!("packs/00/{n}")), body("0123456789")).unwrap();
    }
    two.create(&key("snapshots/h/s"), body("s")).unwrap();
    two.swap(&key("config"), None, body("c")).unwrap();
    let three = client_of(stores);
    let interrupt = Interrupt::default();
    let fill = |until| {
        let filling = Filling { monitor: &Silent, interrupt: &interrupt, until };
        three.with_replicas(|set| set.fill(2, &filling)).unwrap().unwrap()
    };
    assert_eq!(fill(Some(Instant::now())).copied_objects, 0);
    memories[2].create_now(&key("packs/00/7"), &body("0123456789")).unwrap();
    let filled = fill(None);
    assert_eq!((filled.copied_objects, filled.left_objects), (41, 0), "{filled:?}");
    assert_eq!(memories[2].len(), 42);
    let compared = three.with_replicas(|set| set.compare(true, &Silent, &interrupt)).unwrap();
    assert!(compared.is_same(), "{compared:?}");
}

#[test]
fn comparing_tells_what_is_missing_cut_off_or_changed() {
    let (memories, stores) = memories(3);
    let client = client_of(stores);
    for name in ["packs/00/a", "packs/00/b", "packs/00/c"] {
        client.create(&key(name), body("0123456789")).unwrap();
    }
    let put = |n: usize, name: &str, text: &str| {
        memories[n].delete_now(&key(name)).unwrap();
        memories[n].create_now(&key(name), &body(text)).unwrap();
    };
    memories[0].delete_now(&key("packs/00/a")).unwrap();
    put(1, "packs/00/b", "0123");
    put(2, "packs/00/c", "012345678X");
    let interrupt = Interrupt::default();
    let compare = |deep| client.with_replicas(|set| set.compare(deep, &Silent, &interrupt)).unwrap();
    let cheap = compare(false);
    assert_eq!(cheap.replicas[0].missing, ["packs/00/a"]);
    assert_eq!(cheap.replicas[1].different, ["packs/00/b"]);
    assert!(cheap.replicas[2].different.is_empty());
    assert_eq!(compare(true).replicas[2].different, ["packs/00/c"]);
    assert_eq!(cheap.uneven().len(), 2);
}

#[test]
fn a_follower_that_was_away_gets_the_newest_led_body_and_never_an_older_one() {
    let (memories, stores) = memories(3);
    let state = key("gc/state");
    let away = client_of(vec![Arc::clone(&stores[0]), Arc::clone(&stores[1]), failing(stores[2].clone())]);
    let first = away.swap(&state, None, body("1")).unwrap();
    away.swap(&state, Some(first), body("2")).unwrap();
    let back = client_of(stores);
    back.store().replicas().unwrap().set().members()[2].queue.add(&state, Task::Put).unwrap();
    assert_eq!(drain(&back), 0);
    assert_eq!(memories[2].get_now(&state, 9).unwrap().0, body("2"));
}

#[test]
fn a_damaged_copy_is_never_carried_over_good_ones() {
    for count in [2, 3] {
        let (memories, stores) = memories(count);
        let client = client_of(stores);
        for name in ["config", "snapshots/h/s"] {
            client.create(&key(name), body("good")).unwrap();
            memories[0].delete_now(&key(name)).unwrap();
            memories[0].create_now(&key(name), &body("evil")).unwrap();
            for at in 0..count {
                let set = client.store().replicas().unwrap().set();
                set.members()[at].queue.add(&key(name), Task::Put).unwrap();
            }
            client.get(&key(name)).unwrap();
        }
        drain(&client);
        for memory in &memories[1..] {
            assert_eq!(memory.get_now(&key("config"), 9).unwrap().0, body("good"));
            assert_eq!(memory.get_now(&key("snapshots/h/s"), 9).unwrap().0, body("good"));
        }
        let found = client.rescue(&key("config"), 9, &|copy| *copy == body("good"));
        assert_eq!(found.map(|rescued| rescued.body), Some(body("good")));
        assert_eq!(memories[0].get_now(&key("config"), 9).unwrap().0, body("good"));
    }
}

#[test]
fn a_swap_that_was_not_carried_on_stops_deletes_until_another_swap_is() {
    let (memories, stores) = memories(3);
    let client = client_of(stores);
    let version = client.swap(&key("gc/state"), None, body("1")).unwrap();
    client.create(&key("packs/00/a"), body("x")).unwrap();
    // Another collector died between the leader and the others.
    memories[0].swap_now(&key("gc/state"), Some(&version), &body("2")).unwrap();
    let (text, version) = client.get(&key("gc/state")).unwrap();
    assert_eq!(text, body("2"));
    assert!(client.delete(&key("packs/00/a")).is_err());
    client.swap(&key("gc/state"), Some(version), body("3")).unwrap();
    client.delete(&key("packs/00/a")).unwrap();
    for memory in memories {
        assert_eq!(memory.get_now(&key("gc/state"), 9).unwrap().0, body("3"));
    }
}

#[test]
fn nothing_acknowledged_is_lost_whatever_fails_and_any_one_replica_is_lost_after() {
    for seed in 0..60u64 {
        let (memories, stores) = memories(3);
        let faulty = |(n, store): (usize, &Arc<dyn Store>)| {
            let share = [0.01, 0.1, 0.3][(seed % 3) as usize];
            let plan = FaultPlan::new(seed * 3 + n as u64)
                .chance(share, Fault::Fail)
                .chance(share, Fault::LoseAcknowledgement);
            Arc::new(FaultyStore::new(Arc::clone(store), plan)) as Arc<dyn Store>
        };
        let client = client_of(stores.iter().enumerate().map(faulty).collect());
        let mut acknowledged = Vec::new();
        for n in 0..12 {
            for folder in ["packs/00", "index", "snapshots/h", "keys"] {
                let name = key(&format!("{folder}/{n}"));
                if client.create(&name, body(name.as_str())).is_ok() {
                    acknowledged.push(name);
                }
            }
        }
        for lost in 0..3 {
            let mut left: Vec<Arc<dyn Store>> = stores.clone();
            left[lost] = failing(Arc::new(memories[lost].clone()));
            let later = client_of(left);
            let listed = later.list("").unwrap();
            for name in &acknowledged {
                assert_eq!(later.get(name).unwrap().0, body(name.as_str()), "seed {seed}, without {lost}");
                assert!(listed.iter().any(|meta| meta.key == *name));
            }
        }
        let later = client_of(stores);
        let interrupt = Interrupt::default();
        for at in 0..3 {
            let filling = Filling { monitor: &Silent, interrupt: &interrupt, until: None };
            later.with_replicas(|set| set.fill(at, &filling)).unwrap().unwrap();
        }
        for memory in &memories {
            assert!(acknowledged.iter().all(|name| memory.get_now(name, 99).is_ok()));
        }
    }
}
