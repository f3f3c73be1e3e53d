//! How many operations a store bears at once, found out while it is used.
//!
//! As TCP does it (RFC 5681, after Jacobson 1988): it begins small and doubles, round by round, until
//! the store shows strain; from then on it grows by one a round. Being throttled or timing out halves
//! it, once a round. Strain shows before that, as in TCP Vegas (Brakmo and Peterson 1995), in what an
//! operation takes: where one does less than half of what it did in the best of times, another one more
//! would only queue. The best of times is measured anew now and then by going back to the beginning for
//! a moment, as BBR does (Cardwell et al. 2016), for what is asked and what the store gives may change.
//! Nothing grows that is not used (RFC 7661).

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::clock::Clock;
use crate::store::counters::{Counters, count};
use crate::store::error::StoreError;

/// What an operation costs beside its bytes, in bytes: about a round trip of 20 ms at 12 MiB/s.
const OPERATION_BYTES: u64 = 256 << 10;
/// The fewest operations that are taken for a round.
const ROUND_MIN: u64 = 4;
/// The best of times is measured anew after so many rounds in which nothing was better.
const MEASURED_ROUNDS: u32 = 64;
/// The longest that a store's wish to be left alone holds up everybody.
const HOLD_MAX: Duration = Duration::from_secs(120);

/// Bounds of the number of operations at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// At the beginning.
    pub initial: usize,
    /// At most.
    pub max: usize,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self { initial: 4, max: 32 }
    }
}

/// The gate that operations go through.
#[derive(Debug)]
pub struct Connections {
    gate: Arc<Semaphore>,
    initial: usize,
    max: usize,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Places to be taken away as soon as they are given back.
    debt: usize,
    under_way: usize,
    is_slow_start: bool,
    round: Round,
    /// Bytes that one operation did in a second, in the best of times.
    best: f64,
    /// Rounds since.
    best_rounds: u32,
    measuring: Option<Measuring>,
    /// What began before this has been answered by the last halving.
    backed_off_at: Option<Duration>,
    hold_until: Duration,
}

/// The best of times is being measured.
#[derive(Debug)]
struct Measuring {
    began: Duration,
    /// The number to go back to.
    limit: usize,
}

#[derive(Debug, Default)]
struct Round {
    operations: u64,
    bytes: u64,
    busy: Duration,
    /// Every place was taken at some time.
    was_full: bool,
}

/// How an operation went.
#[derive(Debug)]
pub struct Outcome {
    strain: Strain,
    began: Duration,
    took: Duration,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strain {
    None,
    TimedOut,
    Throttled(Option<Duration>),
    /// The network failed: that says nothing of what the store bears.
    Unknown,
}

impl Outcome {
    /// Of an operation that moved `bytes`.
    pub fn of<T>(result: &Result<T, StoreError>, began: Duration, took: Duration, bytes: u64) -> Self {
        let strain = match result {
            Err(StoreError::Throttled { after, .. }) => Strain::Throttled(*after),
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::TimedOut => {
                Strain::TimedOut
            }
            Err(error) if error.is_transient() => Strain::Unknown,
            _ => Strain::None,
        };
        Self { strain, began, took, bytes }
    }
}

/// A place in the gate; dropping it gives it back.
#[derive(Debug)]
pub struct Connection<'a> {
    connections: &'a Connections,
    permit: Option<OwnedSemaphorePermit>,
}

impl Connections {
    /// A gate that nobody went through yet.
    pub fn new(options: &ConnectionOptions, clock: Arc<dyn Clock>, counters: Arc<Counters>) -> Self {
        let max = options.max.clamp(1, Semaphore::MAX_PERMITS);
        let initial = options.initial.clamp(1, max);
        counters.connections.store(initial as u64, Ordering::Relaxed);
        let state = State {
            limit: initial,
            debt: 0,
            under_way: 0,
            is_slow_start: true,
            round: Round::default(),
            best: 0.0,
            best_rounds: 0,
            measuring: None,
            backed_off_at: None,
            hold_until: Duration::ZERO,
        };
        let (gate, state) = (Arc::new(Semaphore::new(initial)), Mutex::new(state));
        Self { gate, initial, max, clock, counters, state }
    }

    /// How many may be under way at once, at the moment.
    pub fn limit(&self) -> usize {
        self.state().limit
    }

    /// Waits for a place, first come, first served, and for as long as the store wants to be left alone.
    pub async fn enter(&self) -> Connection<'_> {
        // Nothing here closes it.
        let permit = Arc::clone(&self.gate).acquire_owned().await.expect("the gate is never closed");
        let connection = Connection { connections: self, permit: Some(permit) };
        {
            let mut state = self.state();
            state.under_way += 1;
            self.counters.connections_peak.fetch_max(state.under_way as u64, Ordering::Relaxed);
        }
        loop {
            let hold = self.state().hold_until.saturating_sub(self.clock.now());
            if hold.is_zero() {
                return connection;
            }
            self.clock.sleep(hold).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, outcome: &Outcome) {
        let mut state = self.state();
        match outcome.strain {
            Strain::Unknown => return,
            Strain::Throttled(after) => {
                let hold = after.unwrap_or_default().min(HOLD_MAX);
                state.hold_until = state.hold_until.max(self.clock.now().saturating_add(hold));
                return self.back_off(&mut state, outcome.began);
            }
            Strain::TimedOut => return self.back_off(&mut state, outcome.began),
            Strain::None => {}
        }
        if state.measuring.as_ref().is_some_and(|measuring| outcome.began < measuring.began) {
            return;
        }
        let is_full = state.under_way >= state.limit;
        let round = &mut state.round;
        round.was_full |= is_full;
        round.operations += 1;
        round.bytes = round.bytes.saturating_add(outcome.bytes).saturating_add(OPERATION_BYTES);
        round.busy = round.busy.saturating_add(outcome.took);
        if round.operations >= ROUND_MIN.max(state.limit as u64) {
            self.end_round(&mut state);
        }
    }

    fn end_round(&self, state: &mut State) {
        let round = std::mem::take(&mut state.round);
        // Operations that took no time at all show no strain.
        let speed = match round.busy.is_zero() {
            true => state.best,
            false => round.bytes as f64 / round.busy.as_secs_f64(),
        };
        if let Some(measuring) = state.measuring.take() {
            (state.best, state.best_rounds) = (speed, 0);
            return self.set_limit(state, measuring.limit);
        }
        state.best_rounds += 1;
        if speed >= state.best {
            (state.best, state.best_rounds) = (speed, 0);
        }
        if state.best_rounds >= MEASURED_ROUNDS && state.limit <= self.initial {
            (state.best, state.best_rounds) = (speed, 0);
        }
        if state.best_rounds >= MEASURED_ROUNDS {
            state.measuring = Some(Measuring { began: self.clock.now(), limit: state.limit });
            return self.set_limit(state, self.initial);
        }
        let is_strained = speed * 2.0 < state.best;
        let limit = match (is_strained, round.was_full) {
            (true, _) => {
                state.is_slow_start = false;
                // Being slow alone is no reason to go below where everybody begins.
                (state.limit - 1).max(self.initial.min(state.limit))
            }
            (false, false) => state.limit,
            (false, true) if state.is_slow_start => state.limit.saturating_mul(2),
            (false, true) => state.limit + 1,
        };
        self.set_limit(state, limit);
    }

    /// Halves the number, unless the operation began before it was halved the last time.
    fn back_off(&self, state: &mut State, began: Duration) {
        if state.backed_off_at.is_some_and(|at| began < at) {
            return;
        }
        state.backed_off_at = Some(self.clock.now());
        state.is_slow_start = false;
        state.round = Round::default();
        let limit = state.measuring.take().map_or(state.limit, |measuring| measuring.limit);
        count(&self.counters.back_offs);
        self.set_limit(state, limit / 2);
    }

    fn set_limit(&self, state: &mut State, limit: usize) {
        let limit = limit.clamp(1, self.max);
        let (more, fewer) = (limit.saturating_sub(state.limit), state.limit.saturating_sub(limit));
        state.limit = limit;
        self.counters.connections.store(limit as u64, Ordering::Relaxed);
        let forgiven = more.min(state.debt);
        state.debt -= forgiven;
        self.gate.add_permits(more - forgiven);
        state.debt += fewer - self.gate.forget_permits(fewer);
    }
}

impl Connection<'_> {
    /// Gives the place back and tells how it went.
    pub fn leave(self, outcome: &Outcome) {
        self.connections.learn(outcome);
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let mut state = self.connections.state();
        state.under_way = state.under_way.saturating_sub(1);
        let Some(permit) = self.permit.take() else { return };
        if state.debt > 0 {
            state.debt -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests;
