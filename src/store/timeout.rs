//! A wrapper that gives every operation a time limit, so that a store that stalls never hangs anybody.
//!
//! The limit grows with the bytes that an operation moves, by the speed below which a transfer counts
//! as stalled. An operation given up is dropped; whether it happens after all is then unknown, as the
//! contract says of errors. A backend that sees the bytes arrive may well give up much earlier.

mod vault;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::store::action::Action;
use crate::store::archive::{Archive, WarmUp, Warmth};
use crate::store::clock::{Clock, within};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// Whole objects are read under the limit for this many bytes, where nobody knows a smaller bound.
const READ_MAX_BYTES: u64 = 64 << 20;

/// How long operations may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// Any operation, beside the time for its bytes.
    pub operation: Duration,
    /// A listing, which may take many requests.
    pub listing: Duration,
    /// The speed below which a transfer counts as stalled.
    pub slowest_bytes_per_second: u64,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            operation: Duration::from_secs(60),
            listing: Duration::from_secs(600),
            slowest_bytes_per_second: 64 << 10,
        }
    }
}

impl TimeLimits {
    fn moving(&self, bytes: u64) -> Duration {
        let slowest = self.slowest_bytes_per_second.max(1);
        self.operation.saturating_add(Duration::from_secs(bytes / slowest))
    }
}

/// Wraps a store and gives up operations that take too long.
#[derive(Clone, Debug)]
pub struct TimeoutStore {
    inner: Arc<dyn Store>,
    limits: TimeLimits,
    clock: Arc<dyn Clock>,
}

impl TimeoutStore {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn Store>, limits: TimeLimits, clock: Arc<dyn Clock>) -> Self {
        Self { inner, limits, clock }
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        action: Action,
        key: &str,
        limit: Duration,
        operation: StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        let key = key.to_owned();
        Box::pin(async move {
            if let Some(result) = within(&*self.clock, limit, operation).await {
                return result;
            }
            let why = format!("no answer within {} s", limit.as_secs_f64());
            let source = io::Error::new(io::ErrorKind::TimedOut, why);
            Err(StoreError::Io { location: self.location(), key, action: action.as_str(), source })
        })
    }
}

impl Archive for TimeoutStore {
    fn may_be_cold(&self, key: &Key) -> bool {
        self.inner.archive().is_some_and(|archive| archive.may_be_cold(key))
    }

    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth> {
        match self.inner.archive() {
            Some(archive) => self.run(Action::Stat, key.as_str(), self.limits.operation, archive.warmth(key)),
            None => Box::pin(async { Ok(Warmth::Warm) }),
        }
    }

    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()> {
        match self.inner.archive() {
            Some(archive) => {
                self.run(Action::Stat, key.as_str(), self.limits.operation, archive.warm_up(key, how))
            }
            None => Box::pin(async { Ok(()) }),
        }
    }
}

impl Store for TimeoutStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        self.inner.vault().map(|_| self as &dyn Vault)
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.inner.archive().map(|_| self as &dyn Archive)
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let limit = self.limits.moving(body.len() as u64);
        self.run(Action::Create, key.as_str(), limit, self.inner.create(key, body))
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let limit = self.limits.moving(body.len() as u64);
        self.run(Action::Swap, key.as_str(), limit, self.inner.swap(key, expected, body))
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        let limit = self.limits.moving(READ_MAX_BYTES);
        self.run(Action::Get, key.as_str(), limit, self.inner.get(key))
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let limit = self.limits.moving(max_bytes.min(READ_MAX_BYTES));
        self.run(Action::Get, key.as_str(), limit, self.inner.get_bounded(key, max_bytes))
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let limit = self.limits.moving(range.end.saturating_sub(range.start).min(READ_MAX_BYTES));
        self.run(Action::GetRange, key.as_str(), limit, self.inner.get_range(key, range))
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.run(Action::Stat, key.as_str(), self.limits.operation, self.inner.stat(key))
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        self.run(Action::List, prefix, self.limits.listing, self.inner.list(prefix))
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.run(Action::Delete, key.as_str(), self.limits.operation, self.inner.delete(key))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use bytes::Bytes;

    use super::{TimeLimits, TimeoutStore};
    use crate::store::client::Client;
    use crate::store::clock::RealClock;
    use crate::store::contract::check_contract;
    use crate::store::faulty::{Fault, FaultPlan, FaultyStore};
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    fn limits(milliseconds: u64) -> TimeLimits {
        let time = Duration::from_millis(milliseconds);
        TimeLimits { operation: time, listing: time, slowest_bytes_per_second: 1 << 20 }
    }

    #[test]
    fn a_store_with_time_limits_keeps_the_contract() {
        let clock = || Arc::new(RealClock::new());
        check_contract(|| {
            Arc::new(TimeoutStore::new(Arc::new(MemoryStore::new()), TimeLimits::default(), clock()))
        });
    }

    #[test]
    fn every_operation_of_a_store_that_stalls_ends_in_time_with_an_error_that_is_transient() {
        let plan = FaultPlan::new(1).from(0, Fault::Stall);
        let stalling = FaultyStore::new(Arc::new(MemoryStore::new()), plan);
        let store = TimeoutStore::new(Arc::new(stalling), limits(30), Arc::new(RealClock::new()));
        let client = Client::new(Arc::new(store)).unwrap();
        let key = Key::new("packs/a").unwrap();
        let began = Instant::now();
        let errors = [
            client.create(&key, Bytes::from_static(b"a")).unwrap_err(),
            client.swap(&key, None, Bytes::from_static(b"a")).unwrap_err(),
            client.get_bounded(&key, 10).unwrap_err(),
            client.get_range(&key, 0..1).unwrap_err(),
            client.stat(&key).unwrap_err(),
            client.list("packs/").unwrap_err(),
            client.delete(&key).unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_transient(), "{error}");
            assert!(error.to_string().contains("packs/"), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn bytes_give_more_time_but_no_claim_of_a_size_gives_endless_time() {
        let limits = limits(1000);
        assert_eq!(limits.moving(10 << 20), Duration::from_secs(11));
        assert_eq!(limits.moving(super::READ_MAX_BYTES), Duration::from_secs(65));
        let none = TimeLimits { slowest_bytes_per_second: 0, ..limits };
        assert!(none.moving(u64::MAX) > Duration::from_secs(1), "no overflow");
    }
}
