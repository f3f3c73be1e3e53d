//! A wrapper that tries again what may well succeed a little later, and nothing else.
//!
//! Waits are exponential with full jitter: a random time between nothing and a bound that doubles
//! (Brooker 2015, "Exponential Backoff and Jitter", AWS Architecture Blog), which spreads the clients
//! of a store that comes back. A store that throttles is left alone longer, and for as long as it asks.
//! A permanent error fails at once.
//!
//! A write whose acknowledgement was lost is not a conflict: where the repetition of an attempt of
//! unknown outcome meets an object, that object is read back, and what is the caller's own is success.

mod vault;

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use crate::store::archive::{Archive, WarmUp, Warmth};
use crate::store::clock::Clock;
use crate::store::counters::{Counters, count};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::random::{Random, fraction};
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// The longest a store can ask to be left alone; a hostile one would ask for ever.
const AFTER_MAX: Duration = Duration::from_secs(120);
/// A read-back that differs is believed once two in a row agree; so many may differ from each other.
const READ_BACKS_MAX: u32 = 8;
/// So many attempts are made however long each takes.
const ATTEMPTS_MIN: u32 = 4;

/// How often, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOptions {
    /// Attempts of one operation, the first included.
    pub attempts: u32,
    /// No attempt begins later than this after the first, but for the first few, which a store that stalls
    /// would otherwise use up by itself.
    pub deadline: Duration,
    /// Bound of the first wait after a transient error; it doubles each time.
    pub first_wait: Duration,
    /// What that bound never exceeds.
    pub longest_wait: Duration,
    /// Bound of the first wait where the store throttles.
    pub throttled_wait: Duration,
    /// What that bound never exceeds, but where the store asks for longer.
    pub longest_throttled_wait: Duration,
    /// Beginnings of keys that are random and used once. Credentials that may add such an object may be
    /// unable to read it; then one of the same size at such a key is the caller's own.
    pub used_once: Vec<&'static str>,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            attempts: 12,
            deadline: Duration::from_secs(900),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(20),
            throttled_wait: Duration::from_secs(1),
            longest_throttled_wait: Duration::from_secs(60),
            used_once: Vec::new(),
        }
    }
}

impl RetryOptions {
    /// How long to wait after the `made`th attempt failed with `error`, by the luck of `random`.
    fn wait(&self, error: &StoreError, made: u32, random: u64) -> Duration {
        let doubled = |first: Duration, most: Duration| {
            first.saturating_mul(2u32.saturating_pow(made.saturating_sub(1).min(31))).min(most)
        };
        match error {
            StoreError::Throttled { after, .. } => {
                let bound = doubled(self.throttled_wait, self.longest_throttled_wait);
                let asked = after.unwrap_or_default().min(AFTER_MAX);
                asked.saturating_add(bound.mul_f64(fraction(random)))
            }
            _ => doubled(self.first_wait, self.longest_wait).mul_f64(fraction(random)),
        }
    }
}

/// Whether the outcome of a write that failed with `error` is unknown; see the contract.
fn is_in_doubt(error: &StoreError) -> bool {
    !matches!(
        error,
        StoreError::AlreadyExists { .. }
            | StoreError::Conflict { .. }
            | StoreError::NotFound { .. }
            | StoreError::TooLarge { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::InvalidKey { .. }
    )
}

/// Wraps a store and tries again.
#[derive(Clone, Debug)]
pub struct RetryStore {
    inner: Arc<dyn Store>,
    options: RetryOptions,
    clock: Arc<dyn Clock>,
    random: Arc<Random>,
    counters: Arc<Counters>,
}

/// The attempts of one operation.
struct Tries<'a> {
    store: &'a RetryStore,
    made: u32,
    began: Duration,
}

/// What stands where a write was to go.
enum Found {
    Own(Version),
    Other,
    Nothing,
}

impl RetryStore {
    /// Wraps `inner`; `random` makes the jitter.
    pub fn new(
        inner: Arc<dyn Store>,
        options: RetryOptions,
        clock: Arc<dyn Clock>,
        random: Random,
        counters: Arc<Counters>,
    ) -> Self {
        Self { inner, options, clock, random: Arc::new(random), counters }
    }

    fn tries(&self) -> Tries<'_> {
        count(&self.counters.operations);
        Tries { store: self, made: 1, began: self.clock.now() }
    }

    /// Runs an operation whose repetition does no harm.
    fn repeat<'a, T: Send + 'a>(
        &'a self,
        attempt: impl Fn() -> StoreFuture<'a, T> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let mut tries = self.tries();
            loop {
                let result = attempt().await;
                let Err(error) = result else { return result };
                if !tries.again(&error).await {
                    return Err(error);
                }
            }
        })
    }

    /// What stands at `key`, as far as it matters to whoever wanted to write `body` there.
    async fn read_back(&self, key: &Key, body: &Bytes, tries: &mut Tries<'_>) -> Result<Found, StoreError> {
        let mut before: Option<Bytes> = None;
        for _ in 0..READ_BACKS_MAX {
            let error = match self.inner.get_bounded(key, body.len() as u64).await {
                Ok((found, version)) if found == *body => {
                    count(&self.counters.lost_acknowledgements);
                    return Ok(Found::Own(version));
                }
                // Damage on the way here must not pass for another's object.
                Ok((found, _)) if before.as_ref() == Some(&found) => return Ok(Found::Other),
                Ok((found, _)) => {
                    before = Some(found);
                    continue;
                }
                Err(StoreError::TooLarge { .. }) => return Ok(Found::Other),
                Err(StoreError::NotFound { .. }) => return Ok(Found::Nothing),
                Err(StoreError::Denied { .. }) if self.is_used_once(key) => {
                    match self.look_up(key, body).await {
                        Ok(found) => return Ok(found),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            if !tries.again(&error).await {
                return Err(error);
            }
        }
        Err(StoreError::Io {
            location: self.location(),
            key: key.to_string(),
            action: "read back",
            source: io::Error::other("it reads differently every time"),
        })
    }
}

impl RetryStore {
    fn is_used_once(&self, key: &Key) -> bool {
        self.options.used_once.iter().any(|prefix| key.as_str().starts_with(prefix))
    }

    /// What a listing says of an object that may not be read, under a name that nobody else can have.
    async fn look_up(&self, key: &Key, body: &Bytes) -> Result<Found, StoreError> {
        let (folder, _) = key.split();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let listed = self.inner.list(&prefix).await?;
        Ok(match listed.iter().find(|meta| meta.key == *key) {
            Some(meta) if meta.size == body.len() as u64 => {
                count(&self.counters.lost_acknowledgements);
                Found::Own(Version::of_contents(body.clone()))
            }
            Some(_) => Found::Other,
            None => Found::Nothing,
        })
    }
}

impl Tries<'_> {
    /// Waits for the next attempt after one that failed with `error`; `false`: there is to be none.
    async fn again(&mut self, error: &StoreError) -> bool {
        self.note(error);
        error.is_transient() && self.wait(error).await
    }

    /// The same after an error that is transient whatever it says of itself.
    async fn wait(&mut self, error: &StoreError) -> bool {
        let RetryStore { options, clock, random, counters, .. } = self.store;
        let wait = options.wait(error, self.made, random.next());
        let passed = clock.now().saturating_sub(self.began);
        let is_late = self.made >= ATTEMPTS_MIN && passed.saturating_add(wait) > options.deadline;
        if self.made >= options.attempts || is_late {
            count(&counters.given_up);
            return false;
        }
        self.made += 1;
        count(&counters.retries);
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        counters.waited_milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
        clock.sleep(wait).await;
        true
    }

    fn note(&self, error: &StoreError) {
        match error {
            StoreError::Throttled { .. } => count(&self.store.counters.throttled),
            StoreError::Io { source, .. } if source.kind() == io::ErrorKind::TimedOut => {
                count(&self.store.counters.timed_out);
            }
            _ => {}
        }
    }
}

impl Archive for RetryStore {
    fn may_be_cold(&self, key: &Key) -> bool {
        self.inner.archive().is_some_and(|archive| archive.may_be_cold(key))
    }

    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth> {
        let key = key.clone();
        match self.inner.archive() {
            Some(archive) => self.repeat(move || archive.warmth(&key)),
            None => Box::pin(async { Ok(Warmth::Warm) }),
        }
    }

    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()> {
        let key = key.clone();
        match self.inner.archive() {
            Some(archive) => self.repeat(move || archive.warm_up(&key, how)),
            None => Box::pin(async { Ok(()) }),
        }
    }
}

impl Store for RetryStore {
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
        let key = key.clone();
        Box::pin(async move {
            let mut tries = self.tries();
            let mut doubt: Option<StoreError> = None;
            loop {
                let mut error = match self.inner.create(&key, body.clone()).await {
                    Ok(()) => return Ok(()),
                    Err(error) => error,
                };
                if let (StoreError::AlreadyExists { .. }, Some(doubted)) = (&error, doubt.take()) {
                    match self.read_back(&key, &body, &mut tries).await? {
                        Found::Own(_) => return Ok(()),
                        Found::Other => return Err(error),
                        // It was deleted in between: as if that attempt had ended in doubt.
                        Found::Nothing => error = doubted,
                    }
                }
                if !tries.again(&error).await {
                    return Err(error);
                }
                if is_in_doubt(&error) {
                    doubt = Some(error);
                }
            }
        })
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let key = key.clone();
        Box::pin(async move {
            let mut tries = self.tries();
            let mut doubt: Option<StoreError> = None;
            loop {
                let error = match self.inner.swap(&key, expected.clone(), body.clone()).await {
                    Ok(version) => return Ok(version),
                    Err(error) => error,
                };
                if let (StoreError::Conflict { .. }, Some(doubted)) = (&error, doubt.take()) {
                    return match self.read_back(&key, &body, &mut tries).await? {
                        Found::Own(version) => Ok(version),
                        // The own swap may have happened and have been swapped away since. A conflict
                        // would say that it did not.
                        Found::Other | Found::Nothing => Err(doubted),
                    };
                }
                if !tries.again(&error).await {
                    return Err(error);
                }
                if is_in_doubt(&error) {
                    doubt = Some(error);
                }
            }
        })
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        self.repeat(move || self.inner.get(&key))
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        self.repeat(move || self.inner.get_bounded(&key, max_bytes))
    }

    /// An answer of another length than was asked for was cut off on its way.
    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let key = key.clone();
        Box::pin(async move {
            let mut tries = self.tries();
            loop {
                let (is_again, error) = match self.inner.get_range(&key, range.clone()).await {
                    Ok(got) if range.end.checked_sub(range.start) == Some(got.len() as u64) => {
                        return Ok(got);
                    }
                    Ok(got) => {
                        let size = range.start.saturating_add(got.len() as u64);
                        let (location, key) = (self.location(), key.to_string());
                        let error = StoreError::ShortRead { location, key, range: range.clone(), size };
                        (tries.wait(&error).await, error)
                    }
                    Err(error) => (tries.again(&error).await, error),
                };
                if !is_again {
                    return Err(error);
                }
            }
        })
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let key = key.clone();
        self.repeat(move || self.inner.stat(&key))
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        self.repeat(move || self.inner.list(&prefix))
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let key = key.clone();
        self.repeat(move || self.inner.delete(&key))
    }
}

#[cfg(test)]
mod tests;
