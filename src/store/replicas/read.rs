//! Reading from whichever replica the policy prefers, and from the next where it fails, lacks the object
//! or is late.
//!
//! A replica whose breaker is half-open is tried beside the read, never by it.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::base::limits;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::breaker::State;
use crate::store::replicas::member::{Answer, Member};
use crate::store::replicas::policy;
use crate::store::replicas::queue::Task;
use crate::store::{ObjectMeta, Store};

/// What is expected of an object whose size nobody knows.
pub(super) const USUAL_BYTES: u64 = limits::PACK_TARGET_BYTES as u64;

type Attempts<T> = JoinSet<(usize, Result<T, StoreError>)>;

/// How a read that is under way stands.
struct Reading<T> {
    attempts: Attempts<T>,
    /// Who is asked next, last first.
    left: Vec<usize>,
    lacking: Vec<usize>,
    failure: Option<StoreError>,
    absent: usize,
    patience: Patience,
}

/// How long the replica that was asked last has been waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Not longer than is usual.
    Fresh,
    /// Longer, and there was no budget for asking another one as well.
    Late,
    /// Another one was asked as well.
    Over,
}

impl Set {
    pub(super) async fn get_anywhere(&self, key: &Key, max_bytes: u64) -> Result<Bytes, StoreError> {
        let name = key.clone();
        let request = move |store: Arc<dyn Store>| -> Answer<Bytes> {
            let key = name.clone();
            Box::pin(async move { store.get_bounded(&key, max_bytes).await.map(|(body, _)| body) })
        };
        self.read_anywhere(key, USUAL_BYTES.min(max_bytes), request).await
    }

    pub(super) async fn get_range_anywhere(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        match self.is_worth_pieces(&range) && self.doubts(key) == 0 {
            true => self.get_in_pieces(key, range).await,
            false => self.get_piece(key, range).await,
        }
    }

    pub(super) async fn get_piece(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let (name, wanted) = (key.clone(), range.clone());
        let request = move |store: Arc<dyn Store>| -> Answer<Bytes> {
            let (key, range) = (name.clone(), wanted.clone());
            Box::pin(async move { exactly(store, key, range).await })
        };
        self.read_anywhere(key, range.end.saturating_sub(range.start), request).await
    }

    pub(super) async fn stat_anywhere(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        let name = key.clone();
        let request = move |store: Arc<dyn Store>| -> Answer<ObjectMeta> {
            let key = name.clone();
            // Versions mean something only between objects of one store.
            Box::pin(async move { store.stat(&key).await.map(|meta| ObjectMeta { version: None, ..meta }) })
        };
        self.read_anywhere(key, 0, request).await
    }

    /// How many reads were asked of a second replica because the first was late.
    pub fn hedged(&self) -> u64 {
        self.hedged.load(Ordering::Relaxed)
    }

    async fn read_anywhere<T: Send + 'static>(
        &self,
        key: &Key,
        bytes: u64,
        request: impl Fn(Arc<dyn Store>) -> Answer<T> + Clone + Send + 'static,
    ) -> Result<T, StoreError> {
        self.hedges.lock().unwrap_or_else(PoisonError::into_inner).request();
        self.try_half_open(key);
        let mut reading = Reading {
            attempts: JoinSet::new(),
            left: self.order(key, bytes),
            lacking: Vec::new(),
            failure: None,
            absent: 0,
            patience: Patience::Fresh,
        };
        let mut current = self.start(&mut reading, bytes, &request);
        loop {
            let joined = match self.wait_for(&reading, current, bytes) {
                None => reading.attempts.join_next().await,
                Some((wait, is_known)) => {
                    match tokio::time::timeout(wait, reading.attempts.join_next()).await {
                        Ok(joined) => joined,
                        Err(_) if is_known => {
                            self.ask_another(&mut reading, bytes, &request);
                            continue;
                        }
                        // By now more may have been measured.
                        Err(_) => continue,
                    }
                }
            };
            match joined {
                Some(Ok((_, Ok(found)))) => {
                    // Many reads may find the same object missing, and so do the pieces of a single one.
                    let is_news = |at: &usize| !self.members[*at].queue.contains(key);
                    for at in reading.lacking.into_iter().filter(is_news) {
                        self.missed(&self.members[at], key, Task::Put);
                    }
                    return Ok(found);
                }
                Some(Ok((at, Err(error)))) => {
                    self.take_failure(key, &mut reading, at, error);
                    if let Some(next) = self.start(&mut reading, bytes, &request) {
                        (current, reading.patience) = (Some(next), Patience::Fresh);
                    }
                }
                Some(Err(_)) => {
                    // The attempt's thread died; the others may still answer.
                    self.start(&mut reading, bytes, &request);
                }
                None if reading.left.is_empty() => return Err(self.not_read(key, reading)),
                None => current = self.start(&mut reading, bytes, &request),
            }
        }
    }

    /// How long is waited before another replica is asked as well, and whether anything is known by which
    /// to tell; `None` where nobody is left, or was asked already.
    fn wait_for<T>(&self, reading: &Reading<T>, at: Option<usize>, bytes: u64) -> Option<(Duration, bool)> {
        let at = at.filter(|_| !reading.left.is_empty())?;
        let late = self.late_after(at, bytes);
        let soon = self.options.timing.read_limit / 10;
        match reading.patience {
            Patience::Fresh => Some((late.unwrap_or(soon), late.is_some())),
            Patience::Late => Some((self.members[at].hasty_read_limit(bytes, late), true)),
            Patience::Over => None,
        }
    }

    /// Asks another one as well, if the budget allows it or the first has been given up.
    fn ask_another<T: Send + 'static>(
        &self,
        reading: &mut Reading<T>,
        bytes: u64,
        request: &(impl Fn(Arc<dyn Store>) -> Answer<T> + Clone + Send + 'static),
    ) {
        if reading.patience == Patience::Fresh {
            if !self.hedges.lock().unwrap_or_else(PoisonError::into_inner).take() {
                reading.patience = Patience::Late;
                return;
            }
            self.hedged.fetch_add(1, Ordering::Relaxed);
        }
        reading.patience = Patience::Over;
        self.start(reading, bytes, request);
    }

    /// When an answer of a replica is late: one that was never measured is expected to be no slower than
    /// the slowest that was, for it may be the one that stands still.
    pub(super) fn late_after(&self, at: usize, bytes: u64) -> Option<Duration> {
        let of = |member: &Arc<Member>| member.late_after(bytes);
        of(&self.members[at]).or_else(|| self.members.iter().filter_map(of).max())
    }

    /// Every replica that can be asked and does not only wait to have the object deleted; best last.
    fn order(&self, key: &Key, bytes: u64) -> Vec<usize> {
        let candidates: Vec<_> = self.members.iter().map(|member| member.candidate()).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut order = policy::order(self.options.policy, &candidates, key.as_str(), bytes, turn);
        order.retain(|at| !self.members[*at].queue.hides(key));
        // What is known to be missing there is asked for last, and what lies cold there before that.
        order.sort_by_key(|at| {
            let member = &self.members[*at];
            (member.queue.contains(key), member.store().is_none(), member.is_cold(key))
        });
        let is_usable = |at: &&usize| {
            let member = &self.members[**at];
            member.state() == State::Closed && !member.queue.contains(key) && !member.is_cold(key)
        };
        let usable = order.iter().take_while(is_usable).count();
        let doubts = self.doubts(key);
        if doubts > 0 && usable > 1 {
            // One after the other, whatever the policy.
            order[..usable].sort_unstable();
            order[..usable].rotate_left(doubts % usable);
        }
        order.reverse();
        order
    }

    fn start<T: Send + 'static>(
        &self,
        reading: &mut Reading<T>,
        bytes: u64,
        request: &(impl Fn(Arc<dyn Store>) -> Answer<T> + Clone + Send + 'static),
    ) -> Option<usize> {
        let at = reading.left.pop()?;
        let member = Arc::clone(&self.members[at]);
        let is_last = reading.left.iter().all(|at| self.members[*at].state() == State::Open);
        let limit = match is_last {
            true => member.read_limit(bytes),
            false => member.hasty_read_limit(bytes, self.late_after(at, bytes)),
        };
        let request = request.clone();
        reading
            .attempts
            .spawn(async move { (at, member.ask(limit, Some(bytes), move |store| request(store)).await) });
        Some(at)
    }

    fn take_failure<T>(&self, key: &Key, reading: &mut Reading<T>, at: usize, error: StoreError) {
        let member = &self.members[at];
        match error {
            StoreError::NotFound { .. } => {
                reading.lacking.push(at);
                reading.absent += usize::from(member.is_required());
            }
            // A copy that is cut off or swollen: another one may be whole.
            error @ (StoreError::ShortRead { .. } | StoreError::TooLarge { .. }) => {
                reading.failure = Some(error);
            }
            // Another one may have it at hand.
            error @ StoreError::Cold { .. } => {
                member.met_cold(key);
                reading.failure = Some(error);
            }
            error => {
                reading.failure.get_or_insert(error);
            }
        }
    }

    fn not_read<T>(&self, key: &Key, reading: Reading<T>) -> StoreError {
        let hidden = self.required().filter(|member| member.queue.hides(key)).count();
        match reading.failure {
            Some(error) if reading.absent + hidden < self.sight() => error,
            Some(
                error
                @ (StoreError::ShortRead { .. } | StoreError::TooLarge { .. } | StoreError::Cold { .. }),
            ) => error,
            _ => StoreError::NotFound { location: self.location(), key: key.to_string() },
        }
    }

    /// Lets one small request find out whether a replica is back.
    fn try_half_open(&self, key: &Key) {
        for member in self.members.iter().filter(|member| member.state() == State::HalfOpen) {
            if member.admits() {
                tokio::spawn(trial(Arc::clone(member), key.clone()));
            }
        }
    }
}

async fn trial(member: Arc<Member>, key: Key) {
    let limit = member.read_limit(0).max(Duration::from_millis(100));
    let request = move |store: Arc<dyn Store>| -> Answer<ObjectMeta> {
        Box::pin(async move { store.stat(&key).await })
    };
    // The breaker hears of the outcome.
    let _ = member.ask(limit, Some(0), request).await;
}

/// Exactly the bytes of `range`, whatever the store believes.
async fn exactly(store: Arc<dyn Store>, key: Key, range: Range<u64>) -> Result<Bytes, StoreError> {
    let body = store.get_range(&key, range.clone()).await?;
    if range.end.checked_sub(range.start) == Some(body.len() as u64) {
        return Ok(body);
    }
    let size = range.start.saturating_add(body.len() as u64);
    Err(StoreError::ShortRead { location: store.location(), key: key.to_string(), range, size })
}
