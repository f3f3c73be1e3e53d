//! How a store that lies behind a network is made fit for use: limits, time limits and retries, put
//! around its backend in the one order that makes sense.

use std::sync::Arc;
use std::time::Duration;

use crate::store::Store;
use crate::store::clock::{Clock, RealClock};
use crate::store::connections::{ConnectionOptions, Connections};
use crate::store::counters::Counters;
use crate::store::limit::{Bandwidth, LimitStore};
use crate::store::random::Random;
use crate::store::retry::{RetryOptions, RetryStore};
use crate::store::timeout::{TimeLimits, TimeoutStore};

/// Everything that can be set about it.
#[derive(Clone, Debug, Default)]
pub struct Tuning {
    /// Bytes a second to the store, of all operations together.
    pub upload_bytes_per_second: Option<u64>,
    /// Bytes a second from the store.
    pub download_bytes_per_second: Option<u64>,
    /// How many operations at once.
    pub connections: ConnectionOptions,
    /// How long one attempt may take.
    pub time_limits: TimeLimits,
    /// How often, and how long, to try again.
    pub retries: RetryOptions,
    /// The settle time of the protocol that keeps writers apart by time, where a store needs that.
    pub time_based: Option<Duration>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

impl Tuning {
    /// Whether a limit on bytes is set: then a directory is wrapped too.
    pub fn limits_bytes(&self) -> bool {
        self.upload_bytes_per_second.is_some() || self.download_bytes_per_second.is_some()
    }
}

/// `backend` with retries around limits around time limits: a wait for a free place counts against no
/// time limit, and a wait between attempts takes no place.
pub fn wrap(backend: Arc<dyn Store>, tuning: &Tuning) -> Arc<dyn Store> {
    wrap_with(backend, tuning, Arc::new(RealClock::new()), Random::new())
}

/// The same by another clock and other luck, as tests need it.
#[doc(hidden)]
pub fn wrap_with(
    backend: Arc<dyn Store>,
    tuning: &Tuning,
    clock: Arc<dyn Clock>,
    random: Random,
) -> Arc<dyn Store> {
    let timed = TimeoutStore::new(backend, tuning.time_limits.clone(), Arc::clone(&clock));
    let limited = limit(Arc::new(timed), tuning, &clock);
    let (retries, counters) = (tuning.retries.clone(), Arc::clone(&tuning.counters));
    Arc::new(RetryStore::new(limited, retries, clock, random, counters))
}

/// `backend` with nothing but the limits: what a directory needs, where any is set.
pub fn wrap_in_limits(backend: Arc<dyn Store>, tuning: &Tuning) -> Arc<dyn Store> {
    let clock: Arc<dyn Clock> = Arc::new(RealClock::new());
    limit(backend, tuning, &clock)
}

fn limit(backend: Arc<dyn Store>, tuning: &Tuning, clock: &Arc<dyn Clock>) -> Arc<dyn Store> {
    let bandwidth = |rate: Option<u64>| rate.map(|rate| Bandwidth::new(rate, Arc::clone(clock)));
    let upload = bandwidth(tuning.upload_bytes_per_second);
    let download = bandwidth(tuning.download_bytes_per_second);
    let counters = Arc::clone(&tuning.counters);
    let connections = Arc::new(Connections::new(&tuning.connections, Arc::clone(clock), counters));
    Arc::new(LimitStore::new(backend, connections, upload, download, Arc::clone(clock)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::{Tuning, wrap};
    use crate::store::client::{Client, Pending};
    use crate::store::contract::check_contract;
    use crate::store::delay::{DelayedStore, Latency};
    use crate::store::faulty::{Fault, FaultPlan, FaultyStore};
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;
    use crate::store::retry::RetryOptions;
    use crate::store::timeout::TimeLimits;
    use crate::store::{BlockingStore as _, open};

    #[test]
    fn a_wrapped_store_keeps_the_contract() {
        check_contract(|| wrap(Arc::new(MemoryStore::new()), &Tuning::default()));
    }

    #[test]
    fn by_the_real_clock_a_store_that_stalls_and_throttles_takes_and_gives_everything() {
        let quick = Duration::from_millis(50);
        let tuning = Tuning {
            time_limits: TimeLimits { operation: quick, listing: quick, ..TimeLimits::default() },
            retries: RetryOptions {
                attempts: 30,
                first_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(4),
                throttled_wait: Duration::from_millis(2),
                longest_throttled_wait: Duration::from_millis(8),
                ..RetryOptions::default()
            },
            ..Tuning::default()
        };
        let plan = FaultPlan::new(11)
            .nth(5, Fault::Throttle)
            .chance(0.05, Fault::Stall)
            .chance(0.1, Fault::Reset)
            .chance(0.1, Fault::LoseAcknowledgement);
        let memory = MemoryStore::new();
        let faulty = FaultyStore::new(Arc::new(memory.clone()), plan);
        let client = Client::new(wrap(Arc::new(faulty), &tuning)).unwrap();
        let key = |n: u32| Key::new(format!("packs/{n}")).unwrap();
        let pending: Vec<Pending> =
            (0..40).map(|n| client.create_in_background(key(n), Bytes::from(vec![n as u8; 100]))).collect();
        pending.into_iter().try_for_each(Pending::wait).unwrap();
        for n in 0..40 {
            assert_eq!(client.get_bounded(&key(n), 100).unwrap().0, vec![n as u8; 100]);
        }
        assert_eq!(memory.list_now("packs/").unwrap().len(), 40);
        let counts = tuning.counters.read();
        assert!(counts.retries > 0 && counts.throttled == 1 && counts.back_offs > 0, "{counts:?}");
    }

    #[test]
    fn a_distant_store_that_bears_it_is_soon_asked_for_much_at_once() {
        let latency = Latency { round_trip: Duration::from_millis(20), bytes_per_second: None };
        let tuning = Tuning::default();
        let distant = DelayedStore::new(Arc::new(MemoryStore::new()), latency);
        let client = Client::new(wrap(Arc::new(distant), &tuning)).unwrap();
        let key = |n: u32| Key::new(format!("packs/{n}")).unwrap();
        let pending: Vec<Pending> =
            (0..300).map(|n| client.create_in_background(key(n), Bytes::new())).collect();
        pending.into_iter().try_for_each(Pending::wait).unwrap();
        let counts = tuning.counters.read();
        assert!((16..=32).contains(&counts.connections_peak), "{counts:?}");
    }

    #[test]
    fn a_directory_is_wrapped_only_where_a_limit_on_bytes_is_set() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().to_str().unwrap();
        assert!(open(path, true, &Tuning::default()).unwrap().blocking().is_some());
        let limited = Tuning { upload_bytes_per_second: Some(1 << 30), ..Tuning::default() };
        let store = open(path, true, &limited).unwrap();
        assert!(store.blocking().is_none());
        assert_eq!(store.location(), path);
    }
}
