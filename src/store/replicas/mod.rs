//! Several stores as one: a repository on replicas. One body is put to all at once, reads are spread,
//! and whatever one replica lacks, loses or damages comes from another.
//!
//! # Which replica decides
//! N replicas, of which R are *required*; the rest are *mirrors*, which get everything and decide
//! nothing. The write quorum Q is at least a majority of R (two hosts that see different replicas could
//! otherwise both win). Any two quorums share a replica: what was acknowledged is seen by whoever hears
//! R - Q + 1 required replicas. Three sorts of keys differ in what may race on them (see [`class`]):
//!
//! - **Free** (`packs/`, `index/`, `sessions/`): random names, used once. Put everywhere in parallel,
//!   acknowledged by Q.
//! - **Voted** (`snapshots/`, `keys/`, `evidence/`, `runbooks/`): created once, contested by a session and a
//!   collector's fence, or by two hosts that both claim a run.
//!   Each required replica's own create-only write is its vote, cast for whichever body comes first and
//!   never changed afterwards: creates do not replace. A body that a majority holds is *chosen*. Two
//!   bodies cannot both have a majority, therefore two writers, whatever subsets of the replicas they
//!   see, never both win. Where all votes are cast and none has a majority, the body with the most
//!   votes, and among equals that of the earliest replica, is chosen: a function of votes that do not
//!   change any more, so everybody comes to the same. A writer that sees neither says that the outcome
//!   is unknown. The first vote is cast in the configured order, so that racing writers meet at the
//!   first replica that both see, and whoever comes second there helps the first: it casts its other
//!   votes for the body that it met. (Writers of equal bodies may both be told that they won: they have
//!   written the same.) A minority's body is replaced by the chosen one only
//!   once that is chosen, which adds to its majority.
//! - **Led** (`gc/`, `config`, and all other keys): replaced by compare-and-swap. The first
//!   required replica alone decides, by its own compare-and-swap; the new body is then carried to the
//!   others, and acknowledged once a majority holds it. Carrying reads the follower first, the leader
//!   second, and swaps the follower from just what was read: a follower never goes back. Without the
//!   leader nothing is swapped: collecting garbage can wait. Reads ask the others too; a leader's body
//!   that no majority has yet is read, but as long as no swap from it was carried to a majority, this
//!   process deletes nothing. Without the leader, a majority must agree.
//!
//! All hosts must name the same required replicas in the same order; the order is part of the protocol,
//! and so is removing or adding a required one: all hosts must have changed before a collector runs.
//!
//! # Degraded, and how much
//! Reading goes on as long as one replica answers. But a listing or a led read that too few
//! required replicas stand behind marks the set *incomplete*, and an incomplete set deletes nothing but
//! sessions and keys, and swaps nothing: a collector never works from half the truth.
//!
//! A delete is acknowledged by Q; a replica that missed it may still show the object to other hosts until
//! the queue was drained. This host does not see it any more.
//!
//! What is deliberately left out: erasure coding, consensus beyond one decision per key, and clocks.

mod archive;
pub mod ballot;
pub mod breaker;
pub mod class;
pub mod compare;
mod fill;
mod gather;
pub mod hedge;
mod lead;
mod list;
mod member;
mod pieces;
pub mod policy;
pub mod queue;
mod read;
mod remove;
mod repair;
pub mod spec;
pub mod speed;
pub mod status;
mod vote;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::store::archive::Archive;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::class::Class;
use crate::store::replicas::hedge::HedgeBudget;
use crate::store::replicas::queue::{Queue, Task};
use crate::store::replicas::spec::{ReplicaSpec, SetOptions, majority};
use crate::store::{ObjectMeta, Store, StoreFuture, Version};
use crate::sys::error::SysError;

pub use crate::store::replicas::fill::{Filled, Filling};
pub use crate::store::replicas::member::{Member, is_answer};
pub use crate::store::replicas::repair::Care;

/// Most remarks that are kept.
const NOTES_MAX: usize = 1000;
/// Most decisions that are remembered.
const DECISIONS_MAX: usize = 65_536;

/// A replica to be: its configuration, and its store or why it could not be opened.
#[derive(Debug)]
pub struct Opened {
    /// Its configuration.
    pub spec: ReplicaSpec,
    /// Its store.
    pub store: Result<Arc<dyn Store>, String>,
}

/// Several stores as one. Clones share it.
#[derive(Clone, Debug)]
pub struct ReplicatedStore(Arc<Set>);

/// What the clones share.
#[derive(Debug)]
pub struct Set {
    members: Vec<Arc<Member>>,
    options: SetOptions,
    hedges: Mutex<HedgeBudget>,
    hedged: AtomicU64,
    turn: AtomicU64,
    /// Turns for pieces of large reads.
    pieces: Semaphore,
    decided: Mutex<HashMap<Key, blake3::Hash>>,
    /// How often what was read under a key did not verify.
    doubts: Mutex<HashMap<Key, usize>>,
    incomplete: AtomicBool,
    unsettled: Mutex<BTreeSet<Key>>,
    notes: Mutex<Vec<String>>,
}

/// A set that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// Its configuration is wrong.
    #[error("the replicas cannot work: {0}")]
    Spec(String),
    /// The queue cannot be kept.
    #[error("the queue of what replicas have missed cannot be kept")]
    Queue(#[source] SysError),
}

impl ReplicatedStore {
    /// A set of `replicas` in their order; queues of what is missed are kept in `queues`, or, without it,
    /// in memory.
    pub fn new(replicas: Vec<Opened>, options: SetOptions, queues: Option<&Path>) -> Result<Self, SetError> {
        let specs: Vec<ReplicaSpec> = replicas.iter().map(|one| one.spec.clone()).collect();
        if let Some(why) = spec::fault(&specs, options.write_quorum) {
            return Err(SetError::Spec(why));
        }
        let pieces = Semaphore::new(replicas.len() * pieces::PIECES_PER_REPLICA);
        let mut members = Vec::new();
        for (Opened { spec, store }, number) in replicas.into_iter().zip(0u64..) {
            let queue = match queues {
                Some(directory) => Queue::open(directory, &spec.name).map_err(SetError::Queue)?,
                None => Queue::in_memory(),
            };
            let seed = breaker::mix(number ^ u64::from(std::process::id()) << 8);
            members.push(Arc::new(Member::new(spec, store, queue, options.timing, seed)));
        }
        Ok(Self(Arc::new(Set {
            members,
            options,
            hedges: Mutex::default(),
            hedged: AtomicU64::new(0),
            turn: AtomicU64::new(0),
            pieces,
            decided: Mutex::default(),
            doubts: Mutex::default(),
            incomplete: AtomicBool::new(false),
            unsettled: Mutex::default(),
            notes: Mutex::default(),
        })))
    }

    /// The shared part, for what works on single replicas.
    pub fn set(&self) -> &Arc<Set> {
        &self.0
    }
}

impl Set {
    /// The replicas, in the configured order.
    pub fn members(&self) -> &[Arc<Member>] {
        &self.members
    }

    fn required(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.iter().filter(|member| member.is_required())
    }

    fn required_count(&self) -> usize {
        self.required().count()
    }

    /// How many required replicas make a decision.
    fn majority(&self) -> usize {
        majority(self.required_count())
    }

    /// How many required replicas acknowledge a write.
    pub fn quorum(&self) -> usize {
        self.options.write_quorum.unwrap_or_else(|| self.majority())
    }

    /// How many required replicas must be heard so that nothing acknowledged is overlooked.
    fn sight(&self) -> usize {
        self.required_count() + 1 - self.quorum()
    }

    /// The member of that name.
    pub fn member(&self, name: &str) -> Option<&Arc<Member>> {
        self.members.iter().find(|member| member.spec.name == name)
    }

    /// Remarks so far; they are told once.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < NOTES_MAX && !notes.contains(&text) {
            notes.push(text);
        }
    }

    /// Too few replicas stand behind what was just read.
    fn mark_incomplete(&self, what: &str) {
        self.incomplete.store(true, Ordering::Release);
        self.note(format!("{what}: too few required replicas answer, so something newer may be missing"));
    }

    fn is_incomplete(&self) -> bool {
        self.incomplete.load(Ordering::Acquire)
    }

    fn unsettle(&self, key: &Key) {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        self.note(format!("the replicas do not agree on {key} yet"));
    }

    fn settle_key(&self, key: &Key) {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn is_settled(&self) -> bool {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Notes durably that `member` missed `key`.
    fn missed(&self, member: &Member, key: &Key, task: Task) {
        member.missed.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = member.queue.add(key, task) {
            let name = &member.spec.name;
            self.note(format!(
                "that replica {name} missed {key} cannot be noted ({error}); run `lifeboat replica sync`"
            ));
        }
    }

    /// Notes that `member` has caught up with `key`.
    fn caught_up(&self, member: &Member, key: &Key) {
        if let Err(error) = member.queue.done(key) {
            self.note(format!("the queue of replica {} cannot be written: {error}", member.spec.name));
        }
    }

    /// What was read under `key` does not verify: next time another replica is asked, and no more than one.
    pub fn doubt(&self, key: &Key) {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        if doubts.len() >= DECISIONS_MAX {
            doubts.clear();
        }
        *doubts.entry(key.clone()).or_default() += 1;
    }

    fn doubts(&self, key: &Key) -> usize {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or(0)
    }

    fn remember(&self, key: &Key, hash: blake3::Hash) {
        let mut decided = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        if decided.len() >= DECISIONS_MAX {
            decided.clear();
        }
        decided.insert(key.clone(), hash);
    }

    fn decision(&self, key: &Key) -> Option<blake3::Hash> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn forget_decision(&self, key: &Key) {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn location(&self) -> String {
        match self.members[0].store() {
            Some(store) => store.location(),
            None if self.members[0].spec.url.contains("://") => self.members[0].spec.url.clone(),
            // As a directory store tells its place, so that what is remembered of it is found again.
            None => std::path::absolute(&self.members[0].spec.url)
                .map(|path| path.to_string_lossy().into_owned())
                .unwrap_or_else(|_| self.members[0].spec.url.clone()),
        }
    }

    fn too_few(&self, key: impl ToString, action: &'static str, why: String) -> StoreError {
        StoreError::Quorum { location: self.location(), key: key.to_string(), action, why: why.into() }
    }
}

impl Store for ReplicatedStore {
    fn location(&self) -> String {
        self.0.location()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move {
            match class::of(&key) {
                Class::Free => set.create_everywhere(key, body).await,
                Class::Voted => set.create_by_vote(key, body).await,
                Class::Led => match set.swap_at_leader(&key, None, body).await {
                    Ok(_) => Ok(()),
                    Err(StoreError::Conflict { location, key }) => {
                        Err(StoreError::AlreadyExists { location, key })
                    }
                    Err(error) => Err(error),
                },
            }
        })
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move {
            if class::of(&key) == Class::Led {
                return set.swap_at_leader(&key, expected, body).await;
            }
            if expected.is_some() {
                let why = format!("{key} is created once and never replaced on several replicas");
                return Err(StoreError::Unsupported { location: set.location(), why });
            }
            let version = Version::of_contents(body.clone());
            let created = match class::of(&key) {
                Class::Voted => set.create_by_vote(key, body).await,
                _ => set.create_everywhere(key, body).await,
            };
            match created {
                Ok(()) => Ok(version),
                Err(StoreError::AlreadyExists { location, key }) => {
                    Err(StoreError::Conflict { location, key })
                }
                Err(error) => Err(error),
            }
        })
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move {
            let body = match class::of(&key) {
                Class::Free => set.get_anywhere(&key, max_bytes).await?,
                Class::Voted => set.get_chosen(&key, max_bytes).await?,
                Class::Led => set.get_led(&key, max_bytes).await?,
            };
            let version = Version::of_contents(body.clone());
            Ok((body, version))
        })
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move { set.get_range_anywhere(&key, range).await })
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move { set.stat_anywhere(&key).await })
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let (set, prefix) = (Arc::clone(&self.0), prefix.to_owned());
        Box::pin(async move { set.list_union(&prefix).await })
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let (set, key) = (Arc::clone(&self.0), key.clone());
        Box::pin(async move { set.delete_everywhere(&key).await })
    }

    fn replicas(&self) -> Option<&ReplicatedStore> {
        Some(self)
    }

    fn archive(&self) -> Option<&dyn Archive> {
        let has_classes = |member: &Arc<Member>| member.store().is_some_and(|one| one.archive().is_some());
        self.0.members.iter().any(has_classes).then_some(self)
    }
}

#[cfg(test)]
mod tests;
