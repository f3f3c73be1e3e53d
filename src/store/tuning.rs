//! How a store that lies behind a network is made fit for use: limits, time limits and retries, put
//! around its backend in the one order that makes sense.

use std::sync::Arc;

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
