//! Create-only writes and compare-and-swap on a store that has neither, by waiting: the time-based
//! protocol.
//!
//! The store beneath replaces objects whatever conditions a request names, or looks first and writes
//! later. It must still be consistent: what was written is read and listed at once. Two writers of one key
//! are kept apart by *claims* and a *settle time* S, as in Fischer's algorithm (Lamport 1987, "A fast mutual
//! exclusion algorithm"), and by a winner that everybody computes alike:
//!
//! 1. List the claims on the key's present state, `claims/KEY/STATE/…`; then read the key. If its state is
//!    not the expected one, the contest is over.
//! 2. Where nobody claims it yet, put a claim of a random name that holds the whole body.
//! 3. Wait S. Whoever listed before the first claim was seen has its claim there by now, and whoever
//!    lists later makes none: the set of claims is frozen.
//! 4. List and read again. The first claim by name has won. Everybody who comes so far, winner or not,
//!    writes the winner's body to the key: a winner that died is helped.
//!
//! A later contest for the new state cannot write before S has passed since that state was first seen;
//! until then a slow helper of this contest, who still saw the old state, has written. So no state comes
//! back. Claims on states that are over are deleted before the next one is written. Deleting a key waits
//! until no helper can be left.
//!
//! # What it rests on
//! That a write takes effect within S of the moment at which its writer began to look, or never. Writers
//! do not begin a write when they have looked more than [`ISSUE`] of S ago, and give up waiting for it after
//! [`REQUEST`] of S; the rest of S is for requests that arrive after they were given up, and for processes
//! that are held up between a look at the clock and a request. All processes use the same S. Each measures
//! durations by its own clock; clocks of different hosts are never compared.
//!
//! Keys of the class `Free` have random names that are used once: nobody contests them, and nothing is
//! waited for.

mod contest;

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::base::limits;
use crate::store::archive::Archive;
use crate::store::clock::{Clock, RealClock, within};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::random::Random;
use crate::store::replicas::class::{self, Class};
use crate::store::timed::contest::{Contest, Purpose, ROUNDS_MAX, is_claim, lies_below};
use crate::store::tuning::{Tuning, wrap};
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// The settle time where nobody says another.
pub const SETTLE_DEFAULT: Duration = Duration::from_secs(60);
/// The shortest one: below it, a busy machine would break the assumption.
pub const SETTLE_MIN: Duration = Duration::from_millis(200);
/// The longest one.
pub const SETTLE_MAX: Duration = Duration::from_secs(3600);
/// A write begins at most this share of the settle time after its writer looked.
const ISSUE: u32 = 6;
/// A write is waited for at most this share of it.
const REQUEST: u32 = 3;
/// Where claims lie.
const CLAIMS: &str = "claims/";

/// Wraps a store and keeps writers apart by time. Clones share what they know.
#[derive(Clone, Debug)]
pub struct TimedStore(Arc<Timed>);

#[derive(Debug)]
struct Timed {
    /// For all that may be repeated.
    inner: Arc<dyn Store>,
    /// For claims and decisions, each one attempt.
    direct: Arc<dyn Store>,
    settle: Duration,
    clock: Arc<dyn Clock>,
    random: Random,
    known: Mutex<HashMap<Key, Known>>,
}

/// What this process knows of a contested key, by its own clock.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Since when it has seen it exist.
    seen: Option<Duration>,
    /// Since when it has seen no claims on it.
    quiet: Option<Duration>,
}

impl TimedStore {
    /// Wraps `backend`, and puts retries and limits around what may be repeated.
    pub fn over(backend: Arc<dyn Store>, settle: Duration, tuning: &Tuning) -> Self {
        let inner = wrap(Arc::clone(&backend), tuning);
        Self::new(inner, backend, settle, Arc::new(RealClock::new()), Random::new())
    }

    /// Wraps `inner`, and `direct`, the same store without retries; `settle` is S.
    pub fn new(
        inner: Arc<dyn Store>,
        direct: Arc<dyn Store>,
        settle: Duration,
        clock: Arc<dyn Clock>,
        random: Random,
    ) -> Self {
        Self(Arc::new(Timed { inner, direct, settle, clock, random, known: Mutex::default() }))
    }
}

impl Timed {
    fn known(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        // Every change to it is one insertion or removal.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that contested keys exist, from now on if not since earlier.
    fn saw<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) {
        let now = self.clock.now();
        let mut known = self.known();
        for key in keys.into_iter().filter(|key| class::of(key) != Class::Free) {
            known.entry(key.clone()).or_default().seen.get_or_insert(now);
        }
    }

    /// Runs one write, for as long as a write may take.
    async fn once<T>(&self, key: &Key, write: StoreFuture<'_, T>) -> Result<T, StoreError> {
        let limit = self.settle / REQUEST;
        within(&*self.clock, limit, write).await.unwrap_or_else(|| {
            let why = format!("it took longer than {} s", limit.as_secs_f64());
            Err(self.io_error(key, "write", io::ErrorKind::TimedOut, why))
        })
    }

    fn io_error(&self, key: &Key, action: &'static str, kind: io::ErrorKind, why: String) -> StoreError {
        let source = io::Error::new(kind, why);
        StoreError::Io { location: self.inner.location(), key: key.to_string(), action, source }
    }

    /// Whether nothing stands at a key that nobody contests. A backup host may not look at packs; it may
    /// list them.
    async fn need_free(&self, key: &Key) -> Result<(), StoreError> {
        let is_taken = match self.inner.stat(key).await {
            Ok(_) => true,
            Err(error) if error.is_not_found() => false,
            Err(StoreError::Denied { .. }) => {
                let (folder, _) = key.split();
                let listed = self.inner.list(&format!("{folder}/")).await?;
                listed.iter().any(|meta| meta.key == *key)
            }
            Err(error) => return Err(error),
        };
        match is_taken {
            true => {
                let location = self.inner.location();
                Err(StoreError::AlreadyExists { location, key: key.to_string() })
            }
            false => Ok(()),
        }
    }

    async fn wait_until(&self, moment: Duration) {
        let left = moment.saturating_sub(self.clock.now());
        if !left.is_zero() {
            self.clock.sleep(left).await;
        }
    }

    /// Deletes a contested key, once no helper can be left that would write it again.
    async fn delete_contested(&self, key: &Key) -> Result<(), StoreError> {
        let mut failures = 0;
        loop {
            let (_, version) = match self.inner.get_bounded(key, limits::RECORD_MAX_BYTES).await {
                Ok(found) => found,
                Err(error) if error.is_not_found() => {
                    self.known().remove(key);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            self.saw([key]);
            let known = self.known().get(key).copied().unwrap_or_default();
            // Claims that were begun before the key was seen have arrived after this.
            self.wait_until(known.seen.unwrap_or_default().saturating_add(self.settle)).await;
            let looked = self.clock.now();
            let claims = self.claims_on(key).await?;
            if !claims.is_empty() {
                self.known().entry(key.clone()).or_default().quiet = None;
                let contest = Contest::new(self, key, Purpose::Swap, Some(version), Bytes::new());
                // A contest that goes on is brought to its end first, for its owner may be dead.
                if claims.iter().any(|claim| contest.is_mine(claim)) {
                    self.clock.sleep(self.settle).await;
                    contest.help().await?;
                } else {
                    self.remove_claims(&claims).await?;
                }
                continue;
            }
            match known.quiet {
                Some(quiet) if quiet.saturating_add(self.settle) <= looked => {}
                Some(quiet) => {
                    self.wait_until(quiet.saturating_add(self.settle)).await;
                    continue;
                }
                None => {
                    self.note_quiet().await?;
                    continue;
                }
            }
            if self.clock.now().saturating_sub(looked) > self.settle / ISSUE {
                continue;
            }
            match self.once(key, self.direct.delete(key)).await {
                Ok(()) => {
                    self.known().remove(key);
                    return Ok(());
                }
                Err(error) if error.is_transient() && failures < ROUNDS_MAX => failures += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes which of the keys that this process has seen have no claims now: one listing for all of
    /// those that it goes on to delete.
    async fn note_quiet(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let claims = self.inner.list(CLAIMS).await?;
        for (key, known) in self.known().iter_mut().filter(|(_, known)| known.seen.is_some()) {
            if !claims.iter().any(|claim| lies_below(&claim.key, key)) {
                known.quiet.get_or_insert(now);
            }
        }
        Ok(())
    }

    async fn claims_on(&self, key: &Key) -> Result<Vec<Key>, StoreError> {
        let listed = self.inner.list(&format!("{CLAIMS}{key}/")).await?;
        Ok(listed.into_iter().map(|meta| meta.key).filter(|claim| lies_below(claim, key)).collect())
    }

    /// Deletes claims of contests that are over, the last by name first: of what is left of a contest,
    /// the first is always its winner.
    async fn remove_claims(&self, claims: &[Key]) -> Result<(), StoreError> {
        for claim in claims.iter().rev() {
            self.inner.delete(claim).await?;
        }
        Ok(())
    }
}

impl Store for TimedStore {
    fn location(&self) -> String {
        self.0.inner.location()
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.0.inner.archive()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        self.0.inner.vault()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move {
            if class::of(&key) == Class::Free {
                self.0.need_free(&key).await?;
                return self.0.inner.create(&key, body).await;
            }
            match Contest::new(&self.0, &key, Purpose::Create, None, body).run().await {
                Ok(_) => Ok(()),
                Err(StoreError::Conflict { location, key }) => {
                    Err(StoreError::AlreadyExists { location, key })
                }
                Err(error) => Err(error),
            }
        })
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let key = key.clone();
        Box::pin(async move {
            if class::of(&key) == Class::Free && expected.is_none() {
                return match self.0.need_free(&key).await {
                    Err(StoreError::AlreadyExists { location, key }) => {
                        Err(StoreError::Conflict { location, key })
                    }
                    Err(error) => Err(error),
                    Ok(()) => self.0.inner.swap(&key, None, body).await,
                };
            }
            Contest::new(&self.0, &key, Purpose::Swap, expected, body).run().await
        })
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.0.inner.get(key)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        self.0.inner.get_bounded(key, max_bytes)
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.0.inner.get_range(key, range)
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.0.inner.stat(key)
    }

    /// Claims are nobody else's business, and are left out.
    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            let mut listed = self.0.inner.list(&prefix).await?;
            listed.retain(|meta| !is_claim(&meta.key));
            self.0.saw(listed.iter().map(|meta| &meta.key));
            Ok(listed)
        })
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move {
            match class::of(&key) {
                Class::Free => self.0.inner.delete(&key).await,
                Class::Voted | Class::Led => self.0.delete_contested(&key).await,
            }
        })
    }
}

#[cfg(test)]
mod tests;
