//! What the wrappers around a store had to do, counted, for whoever wants to show it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts that the wrappers of one store share.
#[derive(Debug, Default)]
pub struct Counters {
    pub(super) operations: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) throttled: AtomicU64,
    pub(super) timed_out: AtomicU64,
    pub(super) lost_acknowledgements: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) waited_milliseconds: AtomicU64,
    pub(super) connections: AtomicU64,
    pub(super) connections_peak: AtomicU64,
    pub(super) back_offs: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations asked for.
    pub operations: u64,
    /// Attempts beyond the first of an operation.
    pub retries: u64,
    /// Attempts that the store refused because it was asked too much.
    pub throttled: u64,
    /// Attempts that took too long.
    pub timed_out: u64,
    /// Writes that had happened although their acknowledgement was lost, found out by reading back.
    pub lost_acknowledgements: u64,
    /// Operations that might have succeeded later, but had used up their attempts or their time.
    pub given_up: u64,
    /// Time spent between attempts, of all operations together.
    pub waited: Duration,
    /// Operations that may be under way at once, at the moment.
    pub connections: u64,
    /// The most that were under way at once.
    pub connections_peak: u64,
    /// How often that number was halved.
    pub back_offs: u64,
}

impl Counters {
    /// The counts now.
    pub fn read(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            operations: read(&self.operations),
            retries: read(&self.retries),
            throttled: read(&self.throttled),
            timed_out: read(&self.timed_out),
            lost_acknowledgements: read(&self.lost_acknowledgements),
            given_up: read(&self.given_up),
            waited: Duration::from_millis(read(&self.waited_milliseconds)),
            connections: read(&self.connections),
            connections_peak: read(&self.connections_peak),
            back_offs: read(&self.back_offs),
        }
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
