//! The circuit breaker: a replica that fails is left alone for a while, and then tried with one request.
//!
//! Pure: the time is handed in. Closed lets everything pass; after a few failures in a row it opens for
//! a time that doubles with every failed trial, spread by a random share so that hosts do not come
//! back together; half-open lets one request through, whose outcome decides.

use std::time::Duration;

/// Failures in a row that open it.
const FAILURES_MAX: u32 = 3;
/// How long it stays open at first.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How long it stays open at most, before the random share.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A trial whose outcome nobody tells counts as failed after this.
const TRIAL_LIMIT: Duration = Duration::from_secs(120);

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing yet.
    Open,
    /// One request, as a trial.
    HalfOpen,
}

/// One replica's breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    failures: u32,
    /// Trials that failed since it was last closed.
    trials: u32,
    until: Option<Duration>,
    trial_since: Option<Duration>,
    /// It is open since answers were wrong: that there are more of them says nothing.
    is_misled: bool,
    random: u64,
}

impl Breaker {
    /// A closed one; `seed` spreads its pauses.
    pub fn new(seed: u64) -> Self {
        Self { failures: 0, trials: 0, until: None, trial_since: None, is_misled: false, random: seed }
    }

    /// What it lets through at `now`.
    pub fn state(&self, now: Duration) -> State {
        match self.until {
            None => State::Closed,
            Some(until) if now < until => State::Open,
            Some(_) => State::HalfOpen,
        }
    }

    /// Whether it is open since answers were wrong.
    pub fn is_misled(&self) -> bool {
        self.is_misled
    }

    /// Whether a request may go out at `now`; a half-open one gives its only permission away.
    pub fn admit(&mut self, now: Duration) -> bool {
        match self.state(now) {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => {
                let under_way = self.trial_since.is_some_and(|since| now.saturating_sub(since) < TRIAL_LIMIT);
                if !under_way {
                    self.trial_since = Some(now);
                }
                !under_way
            }
        }
    }

    /// A request was answered.
    pub fn succeeded(&mut self) {
        if self.is_misled && self.trial_since.is_none() {
            self.failures = 0;
            return;
        }
        self.is_misled = false;
        (self.failures, self.trials, self.until, self.trial_since) = (0, 0, None, None);
    }

    /// A request failed or stalled.
    pub fn failed(&mut self, now: Duration) {
        let was_trial = self.trial_since.take().is_some();
        self.failures = self.failures.saturating_add(1);
        self.is_misled &= self.failures < FAILURES_MAX;
        if was_trial || (self.until.is_none() && self.failures >= FAILURES_MAX) {
            let doubled = FIRST_PAUSE.saturating_mul(1 << self.trials.min(6)).min(LONGEST_PAUSE);
            self.trials = self.trials.saturating_add(1);
            self.until = Some(now.saturating_add(self.spread(doubled)));
        }
    }

    /// What it answers is wrong, for the `times`th time: it opens, whatever it may answer next.
    pub fn misled(&mut self, now: Duration, times: u32) {
        if times >= FAILURES_MAX {
            let doubled = FIRST_PAUSE.saturating_mul(1 << (times - FAILURES_MAX).min(6)).min(LONGEST_PAUSE);
            (self.trial_since, self.is_misled) = (None, true);
            self.until = Some(now.saturating_add(self.spread(doubled)));
        }
    }

    /// `pause` times 0.5 to 1.5.
    fn spread(&mut self, pause: Duration) -> Duration {
        self.random = mix(self.random);
        pause / 2 + pause.mul_f64((self.random >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
pub fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_a_success_between_them_starts_anew() {
        let mut breaker = Breaker::new(1);
        breaker.failed(at(0));
        breaker.failed(at(1));
        breaker.succeeded();
        breaker.failed(at(2));
        breaker.failed(at(3));
        assert!(breaker.admit(at(3)));
        breaker.failed(at(4));
        assert_eq!(breaker.state(at(5)), State::Open);
        assert!(!breaker.admit(at(400)));
    }

    #[test]
    fn half_open_lets_one_through_and_its_outcome_decides() {
        let mut breaker = Breaker::new(2);
        (0..3).for_each(|_| breaker.failed(at(0)));
        let later = at(1_600);
        assert_eq!(breaker.state(later), State::HalfOpen);
        assert!(breaker.admit(later) && !breaker.admit(later));
        breaker.failed(later);
        assert_eq!(breaker.state(later + at(900)), State::Open, "the second pause is twice as long");
        let still_later = later + at(3_100);
        assert!(breaker.admit(still_later));
        breaker.succeeded();
        assert_eq!(breaker.state(still_later), State::Closed);
    }

    #[test]
    fn pauses_grow_to_a_bound_and_differ_between_hosts() {
        let mut pauses = Vec::new();
        for seed in [3, 4] {
            let mut breaker = Breaker::new(seed);
            let mut now = at(0);
            (0..3).for_each(|_| breaker.failed(now));
            for _ in 0..12 {
                let until = breaker.until.unwrap();
                pauses.push(until - now);
                now = until;
                assert!(breaker.admit(now));
                breaker.failed(now);
            }
        }
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE.mul_f64(1.5)));
        assert!(pauses[11] > at(30_000));
        assert_ne!(pauses[..12], pauses[12..]);
    }

    #[test]
    fn wrong_answers_open_it_for_longer_each_time_and_only_a_trial_closes_it() {
        let mut breaker = Breaker::new(6);
        let mut pauses = Vec::new();
        for times in 1..=8 {
            breaker.misled(at(0), times);
            let until = breaker.until.unwrap_or_default();
            pauses.push(until);
            breaker.succeeded();
            assert_eq!(breaker.until.is_some(), times > 2, "an answer that was under way closes nothing");
            assert!(breaker.admit(until));
            breaker.succeeded();
            assert_eq!(breaker.state(until), State::Closed, "a trial does");
        }
        assert_eq!(pauses[..2], [at(0); 2]);
        assert!(pauses[2] >= at(500) && pauses[7] >= at(16_000), "{pauses:?}");
    }

    #[test]
    fn a_trial_that_never_ends_does_not_close_the_way_forever() {
        let mut breaker = Breaker::new(5);
        (0..3).for_each(|_| breaker.failed(at(0)));
        assert!(breaker.admit(at(2_000)));
        assert!(!breaker.admit(at(60_000)));
        assert!(breaker.admit(at(2_000) + TRIAL_LIMIT));
    }
}
