//! A wrapper that is as slow as a network: how tests and benchmarks measure round trips and pipelines
//! without one. Every operation waits one round trip, and bodies go through a link of a given speed,
//! one for each direction, which all operations share. It changes nothing else.
//!
//! It models neither the slow start of TCP nor losses, and its waits are real time.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::store::action::Action;
use crate::store::archive::Archive;
use crate::store::key::Key;
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// Bytes that an entry of a listing takes on the wire, about what S3 sends for one.
const LISTED_BYTES: u64 = 300;

/// How slow the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// What every operation waits at least.
    pub round_trip: Duration,
    /// The speed of the link in each direction; `None` takes no time for bodies.
    pub bytes_per_second: Option<u64>,
}

/// What was asked of the store so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Operations that ended.
    pub operations: u64,
    /// The greatest number of operations of which each began only after the one before had ended:
    /// what a caller who asks for everything as early as it can be asked for cannot go below.
    pub sequential_round_trips: u64,
    /// The greatest number of operations under way at once.
    pub concurrent_max: u64,
    /// Body bytes sent to the store.
    pub sent_bytes: u64,
    /// Body bytes that came back, and listings.
    pub received_bytes: u64,
}

/// Wraps a store and makes it slow. Clones share the link and the counters.
#[derive(Clone, Debug)]
pub struct DelayedStore {
    inner: Arc<dyn Store>,
    latency: Latency,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    /// Operations of each sort that ended, in the order of `Action::ALL`.
    by_action: [u64; Action::ALL.len()],
    under_way: u64,
    /// When the last operation ended of those that count as sequential.
    sequence_ended: Option<Instant>,
    /// Until when the links are taken.
    up_taken: Option<Instant>,
    down_taken: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

impl DelayedStore {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Store>, latency: Latency) -> Self {
        Self { inner, latency, state: Arc::default() }
    }

    /// What was asked so far.
    pub fn traffic(&self) -> Traffic {
        self.state().traffic
    }

    /// How many operations of one sort ended so far.
    pub fn count(&self, action: Action) -> u64 {
        self.state().by_action[position(action)]
    }

    /// Begins to count anew. Nothing may be under way.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    /// The state stays whole even where a thread died holding it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the link has carried `bytes`, after everything it had to carry before.
    async fn carry(&self, direction: Direction, bytes: u64) {
        let Some(speed) = self.latency.bytes_per_second else { return };
        let took = Duration::from_secs_f64(bytes as f64 / speed.max(1) as f64);
        let until = {
            let mut state = self.state();
            let taken = match direction {
                Direction::Up => &mut state.up_taken,
                Direction::Down => &mut state.down_taken,
            };
            let now = Instant::now();
            let until = taken.map_or(now, |taken| taken.max(now)) + took;
            *taken = Some(until);
            until
        };
        tokio::time::sleep_until(until.into()).await;
    }

    /// Runs one operation between the waits; `received` counts the bytes that a success brings.
    fn run<'a, T: Send + 'a>(
        &'a self,
        action: Action,
        sent_bytes: u64,
        operation: StoreFuture<'a, T>,
        received: impl FnOnce(&T) -> u64 + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let under_way = UnderWay::begin(self);
            if sent_bytes > 0 {
                self.carry(Direction::Up, sent_bytes).await;
            }
            tokio::time::sleep(self.latency.round_trip).await;
            let result = operation.await;
            let received_bytes = result.as_ref().map_or(0, received);
            if received_bytes > 0 {
                self.carry(Direction::Down, received_bytes).await;
            }
            under_way.end(action, sent_bytes, received_bytes);
            result
        })
    }
}

fn position(action: Action) -> usize {
    Action::ALL.iter().position(|one| *one == action).unwrap_or_default()
}

/// An operation between its begin and its end. One that is dropped half way counts as none.
struct UnderWay<'a> {
    store: &'a DelayedStore,
    began: Instant,
}

impl<'a> UnderWay<'a> {
    fn begin(store: &'a DelayedStore) -> Self {
        let mut state = store.state();
        state.under_way += 1;
        state.traffic.concurrent_max = state.traffic.concurrent_max.max(state.under_way);
        drop(state);
        Self { store, began: Instant::now() }
    }

    /// Operations come here in the order in which they end. Taking each that began after the last one
    /// taken had ended gives the longest sequence (interval scheduling: Kleinberg and Tardos,
    /// Algorithm Design, 4.1).
    fn end(self, action: Action, sent_bytes: u64, received_bytes: u64) {
        let mut state = self.store.state();
        state.traffic.operations += 1;
        state.by_action[position(action)] += 1;
        state.traffic.sent_bytes += sent_bytes;
        state.traffic.received_bytes += received_bytes;
        if state.sequence_ended.is_none_or(|ended| ended <= self.began) {
            state.traffic.sequential_round_trips += 1;
            state.sequence_ended = Some(Instant::now());
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.store.state();
        state.under_way = state.under_way.saturating_sub(1);
    }
}

fn none<T>(_: &T) -> u64 {
    0
}

impl Store for DelayedStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        self.inner.vault()
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.inner.archive()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        self.run(Action::Create, body.len() as u64, self.inner.create(key, body), none)
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        self.run(Action::Swap, body.len() as u64, self.inner.swap(key, expected, body), none)
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.run(Action::Get, 0, self.inner.get(key), |(body, _)| body.len() as u64)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        self.run(Action::Get, 0, self.inner.get_bounded(key, max_bytes), |(body, _)| body.len() as u64)
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.run(Action::GetRange, 0, self.inner.get_range(key, range), |body| body.len() as u64)
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.run(Action::Stat, 0, self.inner.stat(key), none)
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let bytes = |list: &Vec<ObjectMeta>| LISTED_BYTES * list.len() as u64;
        self.run(Action::List, 0, self.inner.list(prefix), bytes)
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.run(Action::Delete, 0, self.inner.delete(key), none)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use super::{DelayedStore, Latency};
    use crate::store::action::Action;
    use crate::store::client::{Client, Pending};
    use crate::store::contract::check_contract;
    use crate::store::error::StoreError;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    fn delayed(milliseconds: u64, bytes_per_second: Option<u64>) -> (DelayedStore, Client) {
        let latency = Latency { round_trip: Duration::from_millis(milliseconds), bytes_per_second };
        let store = DelayedStore::new(Arc::new(MemoryStore::new()), latency);
        (store.clone(), Client::new(Arc::new(store)).unwrap())
    }

    fn key(name: &str) -> Key {
        Key::new(name).unwrap()
    }

    #[test]
    fn a_delayed_store_keeps_the_contract() {
        check_contract(|| Arc::new(delayed(0, Some(10 << 30)).0));
    }

    #[test]
    fn operations_one_after_another_are_sequential_and_those_at_once_are_one_round_trip() {
        let (store, client) = delayed(40, None);
        for name in ["a", "b", "c"] {
            client.create(&key(name), Bytes::from_static(b"12")).unwrap();
        }
        assert_eq!(store.traffic().sequential_round_trips, 3);
        let pending: Vec<_> = (0..8)
            .map(|n| client.create_in_background(key(&format!("p{n}")), Bytes::from_static(b"1")))
            .collect();
        pending.into_iter().try_for_each(Pending::wait).unwrap();
        let traffic = store.traffic();
        assert_eq!((traffic.operations, traffic.sent_bytes, store.count(Action::Create)), (11, 14, 11));
        assert!((4..=5).contains(&traffic.sequential_round_trips), "{traffic:?}");
        assert!(traffic.concurrent_max >= 4, "{traffic:?}");
        store.clear();
        assert_eq!(store.traffic(), super::Traffic::default());
    }

    #[test]
    fn waits_are_no_shorter_than_the_round_trip_and_the_link_make_them() {
        let (store, client) = delayed(20, Some(1_000_000));
        let began = Instant::now();
        let body = Bytes::from(vec![0; 25_000]);
        let pending: Vec<_> =
            ["a", "b"].map(|name| client.create_in_background(key(name), body.clone())).into();
        pending.into_iter().try_for_each(Pending::wait).unwrap();
        // Both bodies share the link: 50 ms, and then the round trip of the second.
        assert!(began.elapsed() >= Duration::from_millis(70), "{:?}", began.elapsed());
        let began = Instant::now();
        client.get(&key("a")).unwrap();
        assert!(began.elapsed() >= Duration::from_millis(45), "{:?}", began.elapsed());
        assert_eq!(store.traffic().received_bytes, 25_000);
    }

    #[test]
    fn failures_wait_too_and_are_passed_on() {
        let (store, client) = delayed(5, None);
        assert!(matches!(client.get(&key("missing")), Err(StoreError::NotFound { .. })));
        assert_eq!(store.traffic().sequential_round_trips, 1);
    }
}
