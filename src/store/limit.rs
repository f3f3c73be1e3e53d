//! A wrapper that keeps to limits: bytes a second up and down, and as many operations at once as the
//! store bears.
//!
//! Bodies pass whole, so that a limit on bytes holds on average: what was sent is paid for by those who
//! come after. A backend that streams its bodies can pace them finer by taking from a [`Bandwidth`]
//! itself.

mod vault;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::store::archive::{Archive, WarmUp, Warmth};
use crate::store::clock::Clock;
use crate::store::connections::{Connections, Outcome};
use crate::store::key::Key;
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// How much of the time that nothing moved can be made up for afterwards.
const BURST: Duration = Duration::from_secs(1);

/// A limit on bytes a second: a token bucket that may be overdrawn by one body. Clones share it.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    bytes_per_second: u64,
    clock: Arc<dyn Clock>,
    /// When everything taken so far will be paid for.
    paid_at: Arc<Mutex<Duration>>,
}

impl Bandwidth {
    /// `bytes_per_second` is at least 1.
    pub fn new(bytes_per_second: u64, clock: Arc<dyn Clock>) -> Self {
        let paid_at = Arc::new(Mutex::new(clock.now()));
        Self { bytes_per_second: bytes_per_second.max(1), clock, paid_at }
    }

    /// Takes `bytes` once everything taken before is paid for.
    pub async fn take(&self, bytes: u64) {
        let wait = self.charge(bytes);
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// Takes `bytes` that have moved already; whoever comes next waits for it. The time until what was
    /// taken before is paid for.
    pub fn charge(&self, bytes: u64) -> Duration {
        let now = self.clock.now();
        let cost = Duration::try_from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        let start = (*paid_at).max(now.saturating_sub(BURST));
        *paid_at = start.saturating_add(cost.unwrap_or(Duration::MAX));
        start.saturating_sub(now)
    }
}

/// Wraps a store and keeps to limits.
#[derive(Clone, Debug)]
pub struct LimitStore {
    inner: Arc<dyn Store>,
    connections: Arc<Connections>,
    upload: Option<Bandwidth>,
    download: Option<Bandwidth>,
    clock: Arc<dyn Clock>,
}

impl LimitStore {
    /// Wraps `inner`.
    pub fn new(
        inner: Arc<dyn Store>,
        connections: Arc<Connections>,
        upload: Option<Bandwidth>,
        download: Option<Bandwidth>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inner, connections, upload, download, clock }
    }

    /// Runs one operation that sends `up` bytes; `down` counts the bytes that a success brings.
    fn run<'a, T: Send + 'a>(
        &'a self,
        up: u64,
        operation: StoreFuture<'a, T>,
        down: impl FnOnce(&T) -> u64 + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            if let Some(upload) = self.upload.as_ref().filter(|_| up > 0) {
                upload.take(up).await;
            }
            if let Some(download) = &self.download {
                download.take(0).await;
            }
            let connection = self.connections.enter().await;
            let began = self.clock.now();
            let result = operation.await;
            let received = result.as_ref().map_or(0, down);
            if let Some(download) = &self.download {
                download.charge(received);
            }
            let took = self.clock.now().saturating_sub(began);
            connection.leave(&Outcome::of(&result, began, took, up.saturating_add(received)));
            result
        })
    }
}

fn none<T>(_: &T) -> u64 {
    0
}

impl Archive for LimitStore {
    fn may_be_cold(&self, key: &Key) -> bool {
        self.inner.archive().is_some_and(|archive| archive.may_be_cold(key))
    }

    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth> {
        match self.inner.archive() {
            Some(archive) => self.run(0, archive.warmth(key), none),
            None => Box::pin(async { Ok(Warmth::Warm) }),
        }
    }

    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()> {
        match self.inner.archive() {
            Some(archive) => self.run(0, archive.warm_up(key, how), none),
            None => Box::pin(async { Ok(()) }),
        }
    }
}

impl Store for LimitStore {
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
        self.run(body.len() as u64, self.inner.create(key, body), none)
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        self.run(body.len() as u64, self.inner.swap(key, expected, body), none)
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.run(0, self.inner.get(key), |(body, _)| body.len() as u64)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        self.run(0, self.inner.get_bounded(key, max_bytes), |(body, _)| body.len() as u64)
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.run(0, self.inner.get_range(key, range), |body| body.len() as u64)
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.run(0, self.inner.stat(key), none)
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        self.run(0, self.inner.list(prefix), none)
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.run(0, self.inner.delete(key), none)
    }
}

#[cfg(test)]
mod tests;
