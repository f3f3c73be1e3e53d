//! One replica at work: its store, how it does, and every request to it.
//!
//! All requests go through [`Member::ask`]: it bounds the time, counts what is under way, and feeds the
//! breaker and the measurements.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::store::Store;
use crate::store::archive::Warmth;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::breaker::{Breaker, State};
use crate::store::replicas::policy::Candidate;
use crate::store::replicas::queue::Queue;
use crate::store::replicas::spec::{ReplicaSpec, Role, Timing};
use crate::store::replicas::speed::Speed;

/// What a replica brings in a second at least, where nothing was measured and another one can be asked.
const UNTRIED_BYTES_PER_SECOND: u64 = 1 << 20;

/// An answer to come.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// One replica of a set.
#[derive(Debug)]
pub struct Member {
    /// As it is configured.
    pub spec: ReplicaSpec,
    /// What it has missed.
    pub queue: Queue,
    /// Writes that go on after the quorum has acknowledged them.
    pub tails: AtomicUsize,
    /// Objects it missed since the set was opened.
    pub missed: AtomicU64,
    /// Copies that were replaced since the set was opened.
    pub repaired: AtomicU64,
    /// Objects that were damaged when they came from it.
    damages: AtomicU32,
    store: RwLock<Result<Arc<dyn Store>, String>>,
    cold: Mutex<HashSet<Key>>,
    health: Mutex<Health>,
    connections: AtomicUsize,
    outstanding_bytes: AtomicU64,
    epoch: Instant,
    timing: Timing,
}

#[derive(Debug)]
struct Health {
    breaker: Breaker,
    speed: Speed,
    error: Option<String>,
    /// When it answered last.
    answered: Option<Instant>,
    /// When a write of it was last left to go on in the background.
    left_behind: Option<Instant>,
}

impl Member {
    /// A replica whose store is `store`, or could not be opened for the reason given instead.
    pub fn new(
        spec: ReplicaSpec,
        store: Result<Arc<dyn Store>, String>,
        queue: Queue,
        timing: Timing,
        seed: u64,
    ) -> Self {
        let health = Health {
            breaker: Breaker::new(seed),
            speed: Speed::default(),
            error: None,
            answered: None,
            left_behind: None,
        };
        Self {
            spec,
            queue,
            tails: AtomicUsize::new(0),
            missed: AtomicU64::new(0),
            repaired: AtomicU64::new(0),
            damages: AtomicU32::new(0),
            store: RwLock::new(store),
            cold: Mutex::default(),
            health: Mutex::new(health),
            connections: AtomicUsize::new(0),
            outstanding_bytes: AtomicU64::new(0),
            epoch: Instant::now(),
            timing,
        }
    }

    /// Whether it votes.
    pub fn is_required(&self) -> bool {
        self.spec.role == Role::Required
    }

    /// Its store, unless it is left out.
    pub fn store(&self) -> Option<Arc<dyn Store>> {
        self.store.read().unwrap_or_else(PoisonError::into_inner).as_ref().ok().cloned()
    }

    /// Whether its copy was met cold.
    pub fn is_cold(&self, key: &Key) -> bool {
        self.cold.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    /// Remembers that its copy was met cold.
    pub fn met_cold(&self, key: &Key) {
        self.cold.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
    }

    /// Remembers how its copy was met.
    pub fn note_warmth(&self, key: &Key, warmth: Warmth) {
        match warmth {
            Warmth::Warm => drop(self.cold.lock().unwrap_or_else(PoisonError::into_inner).remove(key)),
            Warmth::Warming(_) | Warmth::Cold(_) => self.met_cold(key),
        }
    }

    /// Leaves it out from now on.
    pub fn exclude(&self, why: String) {
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = Err(why);
    }

    /// What is wrong with it, as far as is known: why it is left out, or its last failure.
    pub fn trouble(&self) -> Option<String> {
        match &*self.store.read().unwrap_or_else(PoisonError::into_inner) {
            Err(why) => Some(why.clone()),
            Ok(_) => self.health().error.clone(),
        }
    }

    /// Its breaker's state.
    pub fn state(&self) -> State {
        match self.store() {
            Some(_) => self.health().breaker.state(self.epoch.elapsed()),
            None => State::Open,
        }
    }

    /// Whether it is left alone for what it answers, rather than for not answering.
    pub fn is_misled(&self) -> bool {
        self.store().is_some() && self.health().breaker.is_misled()
    }

    /// Whether a request may go out now.
    pub fn admits(&self) -> bool {
        self.store().is_some() && self.health().breaker.admit(self.epoch.elapsed())
    }

    /// What a policy needs to know.
    pub fn candidate(&self) -> Candidate<'_> {
        let state = self.state();
        Candidate {
            name: &self.spec.name,
            weight: self.spec.weight,
            state,
            speed: self.health().speed,
            connections: self.connections.load(Ordering::Relaxed),
            outstanding_bytes: self.outstanding_bytes.load(Ordering::Relaxed),
        }
    }

    /// How long a read of `bytes` may take where nobody else is left to ask.
    pub fn read_limit(&self, bytes: u64) -> Duration {
        self.timing.read_limit + Duration::from_secs(bytes / self.timing.slowest_bytes_per_second.max(1))
    }

    /// How long it may take where somebody else can be asked; `late` is when it is late, by what was
    /// measured of this replica or, before anything was, of the others.
    pub fn hasty_read_limit(&self, bytes: u64, late: Option<Duration>) -> Duration {
        let longest = self.read_limit(bytes);
        match late {
            Some(late) => (late * 8).clamp(self.timing.read_limit / 10, longest),
            None => {
                longest.min(self.timing.read_limit + Duration::from_secs(bytes / UNTRIED_BYTES_PER_SECOND))
            }
        }
    }

    /// How long a write of `bytes` may take.
    pub fn write_limit(&self, bytes: u64) -> Duration {
        self.timing.write_limit + Duration::from_secs(bytes / self.timing.slowest_bytes_per_second.max(1))
    }

    /// When an answer of `bytes` is late.
    pub fn late_after(&self, bytes: u64) -> Option<Duration> {
        self.health().speed.late_after(bytes, self.outstanding_bytes.load(Ordering::Relaxed))
    }

    /// Asks its store, for at most `limit`. Of a read, `bytes` are expected to come back; a write is not
    /// measured.
    pub async fn ask<T>(
        self: Arc<Self>,
        limit: Duration,
        bytes: Option<u64>,
        request: impl FnOnce(Arc<dyn Store>) -> Answer<T> + Send,
    ) -> Result<T, StoreError> {
        let Some(store) = self.store() else {
            return Err(self.left_out());
        };
        let location = store.location();
        let under_way = UnderWay::new(&self, bytes.unwrap_or(0));
        let began = Instant::now();
        let answered = tokio::time::timeout(limit, request(store)).await;
        let took = began.elapsed();
        drop(under_way);
        let result = answered.unwrap_or_else(|_| {
            let why = format!("it has not answered within {:.1} s", limit.as_secs_f64());
            let source = std::io::Error::new(std::io::ErrorKind::TimedOut, why);
            Err(StoreError::Io { location, key: "the replica".into(), action: "use", source })
        });
        let mut health = self.health();
        match &result {
            Ok(_) => {
                health.answered = Some(Instant::now());
                health.breaker.succeeded();
                if let Some(bytes) = bytes {
                    health.speed.measured(bytes, took);
                }
                health.error = None;
            }
            Err(error) if is_answer(error) || matches!(error, StoreError::Cold { .. }) => {
                health.answered = Some(Instant::now());
                health.breaker.succeeded();
                if bytes.is_some() {
                    health.speed.measured(0, took);
                }
            }
            Err(error) => {
                health.breaker.failed(self.epoch.elapsed());
                health.error = Some(chain(error));
            }
        }
        drop(health);
        result
    }

    /// A write of it goes on in the background.
    pub fn leave_behind(&self) {
        self.tails.fetch_add(1, Ordering::SeqCst);
        self.health().left_behind = Some(Instant::now());
    }

    /// How long it has answered nothing while writes of it go on in the background.
    pub fn silence(&self) -> Option<Duration> {
        let health = self.health();
        let since = health.left_behind.filter(|_| self.tails.load(Ordering::SeqCst) > 0)?;
        health.answered.is_none_or(|answered| answered < since).then(|| since.elapsed())
    }

    /// It was given up, since enough others had answered long before.
    pub fn was_late(&self) {
        let mut health = self.health();
        health.breaker.failed(self.epoch.elapsed());
        health.error = Some("it was too slow".into());
    }

    /// Its copy of `key` is damaged, or was on its way here.
    pub fn returned_damage(&self, key: &Key) {
        let times = self.damages.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mut health = self.health();
        health.breaker.misled(self.epoch.elapsed(), times);
        health.error = Some(format!("it returned {key} damaged"));
    }

    /// The error of a replica that is left out.
    pub fn left_out(&self) -> StoreError {
        let why = self.trouble().unwrap_or_else(|| "it is left out".into());
        let source = std::io::Error::new(std::io::ErrorKind::NotConnected, why);
        let location = format!("replica {} ({})", self.spec.name, self.spec.url);
        StoreError::Io { location, key: "the replica".into(), action: "use", source }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the replica did answer, if not as was hoped.
pub fn is_answer(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::AlreadyExists { .. }
            | StoreError::NotFound { .. }
            | StoreError::Conflict { .. }
            | StoreError::ShortRead { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Refused { .. }
            | StoreError::InvalidKey { .. }
    )
}

/// An error with its sources, in one line.
pub fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// Counts a request for as long as it lives, however it ends.
struct UnderWay {
    member: Arc<Member>,
    bytes: u64,
}

impl UnderWay {
    fn new(member: &Arc<Member>, bytes: u64) -> Self {
        member.connections.fetch_add(1, Ordering::Relaxed);
        member.outstanding_bytes.fetch_add(bytes, Ordering::Relaxed);
        Self { member: Arc::clone(member), bytes }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.member.connections.fetch_sub(1, Ordering::Relaxed);
        self.member.outstanding_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
