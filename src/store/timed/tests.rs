//! The time-based protocol on a store that ignores every condition: the contract, and a model in which
//! time is simulated, writers are slow, answers are lost and processes die, each run by its seed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use super::TimedStore;
use crate::store::clock::{Clock, RealClock, Sleep};
use crate::store::contract::check_contract;
use crate::store::error::StoreError;
use crate::store::inline::InlineStore;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::random::{Random, fraction, mix};
use crate::store::{BlockingStore, ObjectMeta, Store, StoreFuture, Version};

/// S in the model.
const SETTLE: Duration = Duration::from_millis(1000);

/// A store that replaces whatever stands there.
#[derive(Clone, Debug)]
struct Heedless(MemoryStore);

impl BlockingStore for Heedless {
    fn location_now(&self) -> String {
        "heedless".into()
    }
    fn create_now(&self, key: &Key, body: &Bytes) -> Result<(), StoreError> {
        self.0.overwrite(key, body.clone());
        Ok(())
    }
    fn swap_now(&self, key: &Key, _: Option<&Version>, body: &Bytes) -> Result<Version, StoreError> {
        self.0.overwrite(key, body.clone());
        Ok(Version::of_contents(body.clone()))
    }
    fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
        self.0.get_now(key, max_bytes)
    }
    fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.0.get_range_now(key, range)
    }
    fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        self.0.stat_now(key)
    }
    fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        self.0.list_now(prefix)
    }
    fn delete_now(&self, key: &Key) -> Result<(), StoreError> {
        self.0.delete_now(key)
    }
}

#[test]
fn a_store_that_ignores_conditions_keeps_the_contract_behind_it() {
    check_contract(|| {
        let heedless: Arc<dyn Store> = Arc::new(InlineStore::new(Arc::new(Heedless(MemoryStore::new()))));
        let clock = Arc::new(RealClock::new());
        let settle = Duration::from_millis(300);
        Arc::new(TimedStore::new(Arc::clone(&heedless), heedless, settle, clock, Random::new()))
    });
}

/// A world with a store, in which time passes only when everybody waits.
#[derive(Debug)]
struct World {
    now: Duration,
    alarms: BTreeSet<Duration>,
    effects: BTreeMap<(Duration, u64), (Key, Option<Bytes>)>,
    number: u64,
    objects: MemoryStore,
    /// What stood at each key outside of `claims/`, one after the other.
    history: Vec<(Key, Option<Bytes>)>,
    random: Random,
    /// How late a write may take effect.
    latest: Duration,
    /// How many answers are lost.
    losses: f64,
}

/// The world as clock and as store.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<World>>);

impl Clock for Shared {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().now
    }
    fn sleep(&self, time: Duration) -> Sleep {
        let (shared, until) = (self.clone(), self.now() + time);
        Box::pin(std::future::poll_fn(move |_| {
            let mut world = shared.0.lock().unwrap();
            if world.now >= until {
                return Poll::Ready(());
            }
            world.alarms.insert(until);
            Poll::Pending
        }))
    }
}

impl Shared {
    fn new(seed: u64, latest: Duration) -> Self {
        Self(Arc::new(Mutex::new(World {
            now: Duration::ZERO,
            alarms: BTreeSet::new(),
            effects: BTreeMap::new(),
            number: 0,
            objects: MemoryStore::new(),
            history: Vec::new(),
            random: Random::seeded(seed),
            latest,
            losses: 0.1,
        })))
    }

    fn chance(&self) -> f64 {
        fraction(self.0.lock().unwrap().random.next())
    }

    /// Mostly short, now and then as long as may be.
    fn delay(&self, most: Duration) -> Duration {
        match self.chance() < 0.2 {
            true => most.mul_f64(self.chance()),
            false => (most / 50).mul_f64(self.chance()),
        }
    }

    /// Something happens to an object later, whether or not anybody still waits for it.
    async fn change(&self, key: &Key, body: Option<Bytes>) -> Result<(), StoreError> {
        let latest = self.0.lock().unwrap().latest;
        let delay = self.delay(latest);
        {
            let mut world = self.0.lock().unwrap();
            let (at, number) = (world.now + delay, world.number);
            world.number += 1;
            world.effects.insert((at, number), (key.clone(), body));
        }
        self.sleep(delay).await;
        self.sleep(self.delay(SETTLE / 4)).await;
        let losses = self.0.lock().unwrap().losses;
        match self.chance() < losses {
            true => Err(self.lost(key)),
            false => Ok(()),
        }
    }

    fn lost(&self, key: &Key) -> StoreError {
        let source = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        StoreError::Io { location: "model".into(), key: key.to_string(), action: "write", source }
    }

    async fn look<T>(
        &self,
        read: impl FnOnce(&MemoryStore) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.sleep(self.delay(SETTLE / 10)).await;
        let result = read(&self.0.lock().unwrap().objects);
        self.sleep(self.delay(SETTLE / 10)).await;
        result
    }

    /// Lets time pass to the next thing that happens; whether there is one.
    fn advance(&self) -> bool {
        let mut world = self.0.lock().unwrap();
        let effect = world.effects.keys().next().map(|(at, _)| *at);
        let next = [world.alarms.first().copied(), effect].into_iter().flatten().min();
        let Some(next) = next else { return false };
        world.now = world.now.max(next);
        world.alarms = world.alarms.split_off(&(next + Duration::from_nanos(1)));
        while let Some(due) = world.effects.first_entry().filter(|due| due.key().0 <= next) {
            let (key, body) = due.remove();
            let before = world.objects.get_now(&key, u64::MAX).ok().map(|(body, _)| body);
            match &body {
                Some(body) => world.objects.overwrite(&key, body.clone()),
                None => world.objects.delete_now(&key).unwrap(),
            }
            if before != body && !key.as_str().starts_with("claims/") {
                world.history.push((key, body));
            }
        }
        true
    }
}

impl Store for Shared {
    fn location(&self) -> String {
        "model".into()
    }
    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.change(&key, Some(body)).await })
    }
    fn swap(&self, key: &Key, _: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let key = key.clone();
        Box::pin(async move {
            self.change(&key, Some(body.clone())).await?;
            Ok(Version::of_contents(body))
        })
    }
    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }
    fn get_bounded(&self, key: &Key, max: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        Box::pin(async move { self.look(|objects| objects.get_now(&key, max)).await })
    }
    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let key = key.clone();
        Box::pin(async move { self.look(|objects| objects.get_range_now(&key, range)).await })
    }
    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let key = key.clone();
        Box::pin(async move { self.look(|objects| objects.stat_now(&key)).await })
    }
    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        Box::pin(async move { self.look(|objects| objects.list_now(&prefix)).await })
    }
    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.change(&key, None).await })
    }
}

/// How an attempt to write `body` ended; `None` where its process died first.
type Outcome = (Bytes, Option<Result<(), StoreError>>);
type Process = Pin<Box<dyn Future<Output = Vec<Outcome>>>>;

/// Runs processes to their ends; each dies at a random moment by a chance of `deaths`.
fn simulate(world: &Shared, processes: Vec<Process>, deaths: f64) -> Vec<Option<Vec<Outcome>>> {
    let mut context = Context::from_waker(Waker::noop());
    let mut ends: Vec<Option<Vec<Outcome>>> = processes.iter().map(|_| None).collect();
    let dies = |_: &Process| (world.chance() < deaths).then(|| Duration::from_secs_f64(world.chance() * 6.0));
    let mut running: Vec<(usize, Option<Duration>, Process)> =
        processes.into_iter().enumerate().map(|(n, process)| (n, dies(&process), process)).collect();
    loop {
        running.retain_mut(|(n, death, process)| {
            if death.is_some_and(|death| death <= world.now()) {
                return false;
            }
            match process.as_mut().poll(&mut context) {
                Poll::Ready(outcomes) => {
                    ends[*n] = Some(outcomes);
                    false
                }
                Poll::Pending => true,
            }
        });
        if !world.advance() {
            assert!(running.is_empty(), "somebody waits for nothing");
            return ends;
        }
        assert!(world.now() < Duration::from_secs(3600), "it never ends");
    }
}

fn process_store(world: &Shared, seed: u64) -> TimedStore {
    let store: Arc<dyn Store> = Arc::new(world.clone());
    TimedStore::new(Arc::clone(&store), store, SETTLE, Arc::new(world.clone()), Random::seeded(seed))
}

fn key() -> Key {
    Key::new("snapshots/host/s").unwrap()
}

/// Two processes that create an object each that nobody else wants, and tidy up after others.
fn bystanders(world: &Shared, seed: u64) -> impl Iterator<Item = Process> {
    (50u64..52).map(move |n| -> Process {
        let (store, world) = (process_store(world, mix(seed ^ n << 20)), world.clone());
        Box::pin(async move {
            world.sleep(world.delay(SETTLE * 2)).await;
            let other = Key::new(format!("snapshots/bystander/{n}")).unwrap();
            let _ = store.create(&other, Bytes::from_static(b"other")).await;
            Vec::new()
        })
    })
}

/// What stood at `key`, one after the other.
fn history_of(world: &Shared, key: &Key) -> Vec<(Key, Option<Bytes>)> {
    let world = world.0.lock().unwrap();
    world.history.iter().filter(|(changed, _)| changed == key).cloned().collect()
}

/// Several processes create one object, and one deletes it, while others create others; what is wrong
/// with how that went.
fn race_of_creates(seed: u64, latest: Duration) -> Result<(), String> {
    let world = Shared::new(seed, latest);
    let creator = |n: u64| -> Process {
        let (store, world) = (process_store(&world, mix(seed ^ n << 20)), world.clone());
        Box::pin(async move {
            world.sleep(world.delay(SETTLE * 2)).await;
            let body = Bytes::from(format!("{n}"));
            let result = store.create(&key(), body.clone()).await;
            vec![(body, Some(result))]
        })
    };
    let deleter = || -> Process {
        let (store, world) = (process_store(&world, mix(seed ^ 99 << 20)), world.clone());
        Box::pin(async move {
            world.sleep(SETTLE * 3).await;
            // A failure has been told, and that is all that is asked of it.
            let _ = store.delete(&key()).await;
            Vec::new()
        })
    };
    let deletes = seed.is_multiple_of(3);
    let processes = (0..5).map(creator).chain(deletes.then(deleter)).chain(bystanders(&world, seed));
    let ends = simulate(&world, processes.collect(), 0.2);
    let history = history_of(&world, &key());
    let bodies: Vec<&Bytes> = history.iter().filter_map(|(_, body)| body.as_ref()).collect();
    let mut seen = HashSet::new();
    if let Some(body) = bodies.iter().find(|body| !seen.insert(body.to_vec())) {
        return Err(format!("{body:?} came back: {history:?}"));
    }
    let replaced = history.windows(2).any(|pair| pair[0].1.is_some() && pair[1].1.is_some());
    if replaced || (!deletes && bodies.len() > 1) {
        return Err(format!("it was replaced: {history:?}"));
    }
    for (body, outcome) in ends.iter().flatten().flatten() {
        let stood = bodies.contains(&body);
        match outcome {
            Some(Ok(())) if !stood => return Err(format!("{body:?} was acknowledged, and never stood")),
            Some(Err(StoreError::AlreadyExists { .. })) if stood => {
                return Err(format!("{body:?} was refused, and stood there: {history:?}"));
            }
            _ => {}
        }
    }
    let finished = ends.iter().flatten().flatten().any(|(_, outcome)| matches!(outcome, Some(Ok(()))));
    match finished || !bodies.is_empty() || ends.iter().all(Option::is_none) {
        true => Ok(()),
        false if ends.iter().flatten().flatten().any(|(_, end)| is_unclear(end)) => Ok(()),
        false => Err("nobody won, and nobody failed".into()),
    }
}

fn is_unclear(end: &Option<Result<(), StoreError>>) -> bool {
    !matches!(end, Some(Ok(()) | Err(StoreError::AlreadyExists { .. } | StoreError::Conflict { .. })))
}

/// Several processes count in one object by swaps; what is wrong with how that went.
fn race_of_swaps(seed: u64, latest: Duration) -> Result<(), String> {
    let world = Shared::new(seed, latest);
    let counter = Key::new("gc/state").unwrap();
    let count_of =
        |body: &Bytes| -> u64 { String::from_utf8_lossy(body).split(' ').next().unwrap().parse().unwrap() };
    let process = |n: u64| -> Process {
        let (store, world) = (process_store(&world, mix(seed ^ n << 20)), world.clone());
        let counter = counter.clone();
        Box::pin(async move {
            let mut outcomes = Vec::new();
            for turn in 0..3 {
                world.sleep(world.delay(SETTLE)).await;
                let (count, version) = match store.get(&counter).await {
                    Ok((body, version)) => (count_of(&body), Some(version)),
                    Err(_) => (0, None),
                };
                let body = Bytes::from(format!("{} by {n} at {turn}", count + 1));
                let result = store.swap(&counter, version, body.clone()).await;
                outcomes.push((body, Some(result.map(drop))));
            }
            outcomes
        })
    };
    let ends = simulate(&world, (0..4).map(process).chain(bystanders(&world, seed)).collect(), 0.2);
    let history = history_of(&world, &counter);
    let bodies: Vec<&Bytes> = history.iter().filter_map(|(_, body)| body.as_ref()).collect();
    for (body, expected) in bodies.iter().zip(1u64..) {
        if count_of(body) != expected {
            return Err(format!("a state came back or was passed over: {history:?}"));
        }
    }
    for (body, outcome) in ends.iter().flatten().flatten() {
        let stood = bodies.contains(&body);
        match outcome {
            Some(Ok(())) if !stood => return Err(format!("{body:?} was acknowledged, and never stood")),
            Some(Err(StoreError::Conflict { .. })) if stood => {
                return Err(format!("{body:?} was refused, and stood there: {history:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn runs() -> u64 {
    std::env::var("LIFEBOAT_TEST_TIMED_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(400)
}

#[test]
fn of_racing_creates_one_wins_and_nothing_that_was_deleted_comes_back_however_slow_writers_are() {
    for seed in 0..runs() {
        // As late as the protocol allows: a write begins within a sixth of S after the look.
        race_of_creates(seed, SETTLE * 4 / 5).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

#[test]
fn swaps_lose_nothing_and_no_state_comes_back_however_slow_writers_are() {
    for seed in 0..runs() {
        race_of_swaps(seed, SETTLE * 4 / 5).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

#[test]
fn the_model_finds_what_goes_wrong_where_writes_arrive_later_than_allowed() {
    let late = SETTLE * 6;
    assert!((0..runs()).any(|seed| race_of_creates(seed, late).is_err()), "creates");
    assert!((0..runs()).any(|seed| race_of_swaps(seed, late).is_err()), "swaps");
}

#[test]
fn claims_are_nobody_elses_business_and_are_tidied_up() {
    let world = Shared::new(7, Duration::from_millis(20));
    world.0.lock().unwrap().losses = 0.0;
    let store = process_store(&world, 1);
    let process: Process = Box::pin(async move {
        for n in 0..4 {
            let key = Key::new(format!("snapshots/host/{n}")).unwrap();
            store.create(&key, Bytes::from_static(b"body")).await.unwrap();
        }
        assert_eq!(store.list("").await.unwrap().len(), 4);
        for n in 0..4 {
            store.delete(&Key::new(format!("snapshots/host/{n}")).unwrap()).await.unwrap();
        }
        assert!(store.list("").await.unwrap().is_empty());
        Vec::new()
    });
    let ends = simulate(&world, vec![process], 0.0);
    assert!(ends[0].is_some());
    assert_eq!(world.0.lock().unwrap().objects.len(), 0, "no claim is left");
    assert!(world.now() < SETTLE * 8, "four deletes wait together: {:?}", world.now());
}
