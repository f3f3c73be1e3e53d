//! Bringing replicas up to date: draining queues, and filling from the difference of listings.
//!
//! Nothing is decrypted: bodies are copied as they are, in the classes' own ways. All of it can be
//! interrupted and begun again; what is there already is not copied twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use crate::base::limits;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::class::{self, Class};
use crate::store::replicas::member::{Member, chain, is_answer};
use crate::store::replicas::queue::Task;
use crate::store::replicas::remove::delete_at;
use crate::store::replicas::repair::Care;

/// Objects copied to one replica at once.
const PARALLEL: usize = 4;
/// Failures that are told one by one.
const FAILURES_MAX: usize = 20;

/// What a filling needs around it.
pub struct Filling<'a> {
    /// Is told of progress.
    pub monitor: &'a dyn Monitor,
    /// Ends it early.
    pub interrupt: &'a Interrupt,
    /// Ends it early as well.
    pub until: Option<Instant>,
}

impl Filling<'_> {
    fn is_over(&self) -> bool {
        self.interrupt.is_set() || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// What a filling did at one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Objects that it has now.
    pub copied_objects: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that were deleted there late.
    pub deleted_objects: u64,
    /// Objects still to be done.
    pub left_objects: u64,
    /// Why, of the first few.
    pub failures: Vec<String>,
}

impl Set {
    /// Does at the replica number `at` what its queue says.
    pub async fn drain(&self, at: usize, filling: &Filling<'_>) -> Filled {
        let member = &self.members[at];
        let mut filled = Filled::default();
        if let Err(error) = member.queue.reload() {
            filled.failures.push(error.to_string());
        }
        let entries = member.queue.entries();
        if member.store().is_none() || entries.is_empty() {
            filled.left_objects = entries.len() as u64;
            return filled;
        }
        let keys =
            |task| entries.iter().filter(move |(_, entry)| entry.task == task).map(|(key, _)| key.clone());
        for key in keys(Task::Delete).collect::<Vec<_>>() {
            if filling.is_over() {
                break;
            }
            match delete_at(Arc::clone(member), key.clone()).await {
                Ok(()) => {
                    self.caught_up(member, &key);
                    filled.deleted_objects += 1;
                }
                Err(error) => {
                    filled.failures.push(format!("{key}: {}", chain(&error)));
                    if !is_answer(&error) {
                        break;
                    }
                }
            }
        }
        self.copy_all(at, keys(Task::Put).collect(), filling, &mut filled).await;
        filled.left_objects = member.queue.len() as u64;
        filled
    }

    /// Copies to the replica number `at` what others have and it has not.
    pub async fn fill(&self, at: usize, filling: &Filling<'_>) -> Result<Filled, StoreError> {
        let own = self.listing_of(at, "").await?;
        let own: BTreeSet<Key> = own.into_iter().map(|meta| meta.key).collect();
        let union = self.list_union("").await?;
        let missing: Vec<_> = union.into_iter().filter(|meta| !own.contains(&meta.key)).collect();
        let bytes = missing.iter().map(|meta| meta.size).fold(0, u64::saturating_add);
        filling.monitor.event(Event::Total { files: missing.len() as u64, bytes });
        let mut filled = Filled::default();
        let mut keys: Vec<Key> = missing.into_iter().map(|meta| meta.key).collect();
        // What others refer to goes first: packs, then the index, then snapshots, the config last of all.
        keys.sort_by_key(|key| (rank(key), key.clone()));
        let count = keys.len() as u64;
        self.copy_all(at, keys, filling, &mut filled).await;
        filled.left_objects = count.saturating_sub(filled.copied_objects);
        Ok(filled)
    }

    async fn copy_all(&self, at: usize, keys: Vec<Key>, filling: &Filling<'_>, filled: &mut Filled) {
        let member = &self.members[at];
        let mut pending = keys.into_iter().peekable();
        while let Some(first) = pending.peek() {
            if filling.is_over() {
                return;
            }
            // Objects of one rank together, the next rank only after them.
            let stage = rank(first);
            let mut batch = Vec::new();
            while batch.len() < PARALLEL
                && let Some(key) = pending.next_if(|key| rank(key) == stage)
            {
                batch.push(key);
            }
            let copying = copy_batch(self, member, batch);
            let copies = match filling.until {
                None => copying.await,
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    // What is not copied in time stays in the queue.
                    match tokio::time::timeout(left, copying).await {
                        Ok(copies) => copies,
                        Err(_) => return,
                    }
                }
            };
            let mut is_down = false;
            for (key, result) in copies {
                match result {
                    Ok(bytes) => {
                        self.caught_up(member, &key);
                        filled.copied_objects += 1;
                        filled.copied_bytes += bytes;
                        filling.monitor.event(Event::Advance { files: 1, bytes });
                    }
                    Err(error) => {
                        is_down |= member.store().is_none() || !member.admits() && !member.is_misled();
                        if filled.failures.len() < FAILURES_MAX {
                            filled.failures.push(format!("{key}: {}", chain(&error)));
                        }
                    }
                }
            }
            if is_down {
                return;
            }
        }
    }

    /// Copies one object to `member`; how many bytes went there.
    async fn copy_to(&self, member: &Arc<Member>, key: &Key) -> Result<u64, StoreError> {
        let at = self.members.iter().position(|one| Arc::ptr_eq(one, member)).unwrap_or(0);
        let body = match class::of(key) {
            Class::Led => return self.follow(member, key).await,
            Class::Voted => self.get_chosen(key, limits::SNAPSHOT_MAX_BYTES).await,
            Class::Free => self.get_from_others(at, key).await,
        };
        let body = match body {
            Ok(body) => body,
            // Deleted meanwhile: there is nothing to catch up with.
            Err(StoreError::NotFound { .. }) => return Ok(0),
            Err(error) => return Err(error),
        };
        let bytes = body.len() as u64;
        let created = member
            .clone()
            .ask(member.write_limit(bytes), None, {
                let (key, body) = (key.clone(), body.clone());
                move |store| Box::pin(async move { store.create(&key, body).await })
            })
            .await;
        match created {
            Ok(()) => Ok(bytes),
            // It arrived late, or another body stands there.
            Err(StoreError::AlreadyExists { .. }) if class::of(key) == Class::Voted => {
                if self
                    .copy(at, key, limits::SNAPSHOT_MAX_BYTES, Care::Thorough)
                    .await
                    .is_ok_and(|own| own == body)
                {
                    return Ok(0);
                }
                // Nobody here can tell a damaged copy from a good one: only a majority can.
                if self.supporters(key, &body).await < self.majority() {
                    return Err(self.copies_differ(key));
                }
                self.replace(at, key, body).await.map(|replaced| if replaced { bytes } else { 0 })
            }
            // Of packs and segments nobody here can tell which of two bodies is the good one.
            Err(StoreError::AlreadyExists { .. }) => {
                match self.copy(at, key, limits::PACK_MAX_BYTES, Care::Thorough).await? == body {
                    true => Ok(0),
                    false => Err(self.copies_differ(key)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// How many required replicas hold just this body.
    pub(super) async fn supporters(&self, key: &Key, body: &bytes::Bytes) -> usize {
        let mut count = 0;
        for (at, member) in self.members.iter().enumerate().filter(|(_, member)| member.is_required()) {
            let copy = self.copy(at, key, limits::SNAPSHOT_MAX_BYTES, Care::Thorough).await;
            count += usize::from(member.is_required() && copy.is_ok_and(|copy| copy == *body));
        }
        count
    }

    pub(super) fn copies_differ(&self, key: &Key) -> StoreError {
        let why = "the copies differ, and no majority tells which is right; run `lifeboat replica heal`";
        self.too_few(key, "copy", why.to_owned())
    }

    async fn get_from_others(&self, at: usize, key: &Key) -> Result<bytes::Bytes, StoreError> {
        let mut failure = None;
        let mut others: Vec<usize> = (0..self.members.len()).filter(|other| *other != at).collect();
        others.sort_by_key(|other| self.members[*other].state() != super::breaker::State::Closed);
        for other in others {
            match self.copy(other, key, limits::PACK_MAX_BYTES, Care::Thorough).await {
                Ok(body) => return Ok(body),
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => failure = Some(error),
            }
        }
        Err(failure
            .unwrap_or_else(|| StoreError::NotFound { location: self.location(), key: key.to_string() }))
    }

    /// What the replica number `at` has under `prefix`.
    pub async fn listing_of(&self, at: usize, prefix: &str) -> super::list::Listing {
        let limit = self.options.timing.list_limit;
        super::list::list_at(Arc::clone(&self.members[at]), prefix.to_owned(), limit).await
    }
}

/// Copies a few objects at once.
async fn copy_batch(set: &Set, member: &Arc<Member>, batch: Vec<Key>) -> Vec<(Key, Result<u64, StoreError>)> {
    let mut results = Vec::new();
    // A copy borrows the set; the requests beneath it run side by side by joining the futures by hand.
    let mut copies: Vec<_> = batch
        .into_iter()
        .map(|key| (key.clone(), Box::pin(async move { set.copy_to(member, &key).await })))
        .collect();
    std::future::poll_fn(|context| {
        copies.retain_mut(|(key, copy)| match Future::poll(copy.as_mut(), context) {
            std::task::Poll::Ready(result) => {
                results.push((key.clone(), result));
                false
            }
            std::task::Poll::Pending => true,
        });
        if copies.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    results
}

fn rank(key: &Key) -> usize {
    match key.as_str().split('/').next() {
        Some("packs") => 0,
        Some("index") => 1,
        Some("config") => 4,
        Some("snapshots" | "gc") => 3,
        _ => 2,
    }
}
