//! Single copies: looking at each, and replacing the bad ones by one that is known to be good.
//!
//! Whether a body is good is not known here: age, ids and signatures are checked by the floors above.
//! They ask for the copies one by one, and say which one is good.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::breaker::State;
use crate::store::replicas::gather::gather;
use crate::store::replicas::member::{Answer, Member, chain};
use crate::store::replicas::queue::Task;
use crate::store::replicas::read::USUAL_BYTES;
use crate::store::replicas::remove::delete_at;
use crate::store::{Store, Version};

/// What is expected of an object at most, whatever its caller would take.
const LARGE_BYTES: u64 = 64 << 20;

/// The least that the other copies are waited for, once there is a good one.
const GRACE: Duration = Duration::from_millis(500);

/// How much is done to see a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Others may do: a replica that is left alone is not asked, and none is waited for long.
    Hasty,
    /// This copy is meant: only a replica that does not answer is left alone.
    Thorough,
    /// Nobody else has it: everyone is asked.
    LastResort,
}

impl Set {
    /// What the replica number `at` has under `key`.
    pub async fn copy(&self, at: usize, key: &Key, max_bytes: u64, care: Care) -> Result<Bytes, StoreError> {
        self.copying(at, key, max_bytes, care)?.await
    }

    /// What replicas have under `key`, asked all at once. When `is_enough` of what one has, the others get as
    /// long as is usual of them, at least; `None` of those that have not answered by then.
    pub async fn copies(
        &self,
        which: &[usize],
        (key, max_bytes, care): (&Key, u64, Care),
        mut is_enough: impl FnMut(&Result<Bytes, StoreError>) -> bool,
    ) -> Vec<Option<Result<Bytes, StoreError>>> {
        let mut found: Vec<Option<Result<Bytes, StoreError>>> = which.iter().map(|_| None).collect();
        let mut work = JoinSet::new();
        for (n, at) in which.iter().enumerate() {
            match self.copying(*at, key, max_bytes, care) {
                Ok(copying) => drop(work.spawn(async move { (n, copying.await) })),
                Err(error) => found[n] = Some(Err(error)),
            }
        }
        let bytes = max_bytes.min(USUAL_BYTES);
        let usual = which.iter().filter_map(|at| self.late_after(*at, bytes)).max();
        gather(work, usual.unwrap_or_default().max(GRACE), |n, answer| {
            let is_enough = is_enough(&answer);
            found[n] = Some(answer);
            is_enough
        })
        .await;
        found
    }

    fn copying(
        &self,
        at: usize,
        key: &Key,
        max_bytes: u64,
        care: Care,
    ) -> Result<impl Future<Output = Result<Bytes, StoreError>> + Send + use<>, StoreError> {
        let member = Arc::clone(&self.members[at]);
        if member.queue.hides(key) {
            return Err(StoreError::NotFound { location: member.spec.url.clone(), key: key.to_string() });
        }
        let is_left_alone = member.state() == State::Open;
        if is_left_alone && (care == Care::Hasty || care == Care::Thorough && !member.is_misled()) {
            return Err(member.left_out());
        }
        let is_silent = is_left_alone && !member.is_misled();
        let limit = match care {
            Care::LastResort if is_silent => {
                member.hasty_read_limit(USUAL_BYTES, self.late_after(at, USUAL_BYTES))
            }
            // What is damaged on its way is an error of the network, and would be asked for again and again.
            Care::Hasty => {
                let bytes = max_bytes.min(USUAL_BYTES);
                member.hasty_read_limit(bytes, self.late_after(at, bytes))
            }
            Care::Thorough | Care::LastResort => member.read_limit(max_bytes.min(LARGE_BYTES)),
        };
        let getting = get_within(member, key.clone(), max_bytes, limit);
        Ok(async move { getting.await.map(|(body, _)| body) })
    }

    /// What every replica has under `key`; `None` of those that have not answered `grace` after most of
    /// the others.
    pub async fn copies_within(
        &self,
        key: &Key,
        max_bytes: u64,
        grace: Duration,
    ) -> Vec<Option<Result<Bytes, StoreError>>> {
        let mut reads = JoinSet::new();
        let mut found: Vec<Option<Result<Bytes, StoreError>>> = self.members.iter().map(|_| None).collect();
        for (at, member) in self.members.iter().enumerate() {
            let read = get_at(Arc::clone(member), key.clone(), max_bytes);
            reads.spawn(async move { (at, read.await.map(|(body, _)| body)) });
        }
        let mut deadline: Option<Instant> = None;
        loop {
            let joined = match deadline {
                None => reads.join_next().await,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    tokio::time::timeout(left, reads.join_next()).await.unwrap_or(None)
                }
            };
            let Some(joined) = joined else { return found };
            if let Ok((at, answer)) = joined {
                found[at] = Some(answer);
            }
            let good = found.iter().filter(|one| matches!(one, Some(Ok(_)))).count();
            if deadline.is_none() && good * 2 > found.len() {
                deadline = Some(Instant::now() + grace);
            }
        }
    }

    /// The copy of a replica that does not answer could not be looked at, though others are bad: that is made
    /// up for with what else it misses.
    pub fn not_looked_at(&self, at: usize, key: &Key) {
        let member = &self.members[at];
        self.missed(member, key, Task::Put);
        self.note(format!(
            "the copy of {key} in replica {} could not be looked at: queued",
            member.spec.name
        ));
    }

    /// Makes `good` what the replica number `at` has under `key`; whether anything had to be done. The
    /// caller has verified `good`. What cannot be replaced is queued.
    pub async fn replace(&self, at: usize, key: &Key, good: Bytes) -> Result<bool, StoreError> {
        let member = Arc::clone(&self.members[at]);
        let result = replace_at(&member, key, good).await;
        match &result {
            Ok(true) => {
                member.repaired.fetch_add(1, Ordering::Relaxed);
                self.note(format!(
                    "the bad or missing copy of {key} in replica {} was replaced",
                    member.spec.name
                ));
                self.caught_up(&member, key);
            }
            Ok(false) => self.caught_up(&member, key),
            Err(error) => {
                self.note(format!(
                    "the bad or missing copy of {key} in replica {} cannot be replaced: {}",
                    member.spec.name,
                    chain(error)
                ));
                self.missed(&member, key, Task::Put);
            }
        }
        result
    }
}

async fn replace_at(member: &Arc<Member>, key: &Key, good: Bytes) -> Result<bool, StoreError> {
    let room = (good.len() as u64).saturating_mul(2).max(1 << 20);
    match get_at(Arc::clone(member), key.clone(), room).await {
        Ok((body, _)) if body == good => Ok(false),
        // Swapped, so that at no moment there is nothing.
        Ok((_, version)) => swap_at(member, key, Some(version), good).await.map(|()| true),
        Err(StoreError::NotFound { .. }) => swap_at(member, key, None, good).await.map(|()| true),
        Err(StoreError::TooLarge { .. } | StoreError::Refused { .. } | StoreError::ShortRead { .. }) => {
            delete_at(Arc::clone(member), key.clone()).await?;
            swap_at(member, key, None, good).await.map(|()| true)
        }
        Err(error) => Err(error),
    }
}

async fn swap_at(
    member: &Arc<Member>,
    key: &Key,
    expected: Option<Version>,
    body: Bytes,
) -> Result<(), StoreError> {
    let (limit, key) = (member.write_limit(body.len() as u64), key.clone());
    let request = move |store: Arc<dyn Store>| -> Answer<Version> {
        Box::pin(async move { store.swap(&key, expected, body).await })
    };
    Arc::clone(member).ask(limit, None, request).await.map(drop)
}

/// The whole object at one replica.
pub(super) async fn get_at(
    member: Arc<Member>,
    key: Key,
    max_bytes: u64,
) -> Result<(Bytes, Version), StoreError> {
    let limit = member.read_limit(max_bytes.min(LARGE_BYTES));
    get_within(member, key, max_bytes, limit).await
}

async fn get_within(
    member: Arc<Member>,
    key: Key,
    max_bytes: u64,
    limit: Duration,
) -> Result<(Bytes, Version), StoreError> {
    let request = move |store: Arc<dyn Store>| -> Answer<(Bytes, Version)> {
        Box::pin(async move { store.get_bounded(&key, max_bytes).await })
    };
    member.ask(limit, None, request).await
}
