//! Keeping what snapshots need locked, telling what loses its lock, and clearing away what was deleted
//! once its lock has ended.
//!
//! A lock is a lease: each object gets one when it is written, and whoever looks after the repository (a
//! backup, `lock extend`) renews what has less than `lock-renew` left. Each object is so renewed once in
//! `lock-for` minus `lock-renew`, not every night. What is renewed is what *protected* snapshots need:
//! those younger than a window, and the newest of each host, however old it is, so that a backup that was
//! switched off in silence does not cost the last good snapshot its lock.
//!
//! A store tells a retention only object by object. What was learned is therefore remembered on this
//! machine ([`ledger`]) and asked again when it runs low; `lock audit` believes nothing and asks it all.

pub mod audit;
pub mod extend;
pub mod ledger;
pub mod protect;
pub mod references;
pub mod scope;
pub mod sweep;
pub mod versions;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::repo::read::ReadError;
use crate::repo::snapshot::SnapshotError;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::vault::{LockPolicy, Vault};

/// Requests under way at once; the store's own limit may be lower.
const AT_ONCE: usize = 16;

/// One store whose objects are to be locked: the only one of a repository, or a replica.
#[derive(Clone, Debug)]
pub struct Place {
    /// The replica's name; `None` where there is but one store.
    pub name: Option<String>,
    /// The store.
    pub client: Client,
}

impl Place {
    /// What its objects are locked with, if they are.
    pub fn policy(&self) -> Option<LockPolicy> {
        self.client.store().vault()?.policy()
    }

    /// Its versions and retentions; `Unsupported` where it has none.
    pub fn vault(&self) -> Result<&dyn Vault, LockError> {
        let location = self.client.location();
        let why = "it keeps no versions and locks nothing; that takes an S3 bucket".into();
        self.client.store().vault().ok_or(LockError::Store(StoreError::Unsupported { location, why }))
    }
}

/// What keeps locks from being looked after.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The store fails.
    #[error("the locks cannot be looked after")]
    Store(#[source] StoreError),
    /// Snapshots cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Trees cannot be read, and that is no damage.
    #[error("what snapshots need cannot be found out")]
    Read(#[source] ReadError),
    /// The end was asked for.
    #[error("interrupted; what was renewed stays renewed")]
    Interrupted,
}

impl LockError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            LockError::Store(error) => error.kind(),
            LockError::Snapshot(error) => error.kind(),
            LockError::Read(error) => error.kind(),
            LockError::Interrupted => ErrorKind::Interrupted,
        }
    }
}

/// What a run works with.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Hears of progress.
    pub monitor: &'a dyn Monitor,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
}

/// Does `work` for each of `items`, on several threads; results in the order of the items. Ends early,
/// with what was done until then missing no result, only where the end is asked for.
pub fn for_all<T: Sync, R: Send>(
    items: &[T],
    around: &Around<'_>,
    work: impl Fn(&T) -> R + Sync,
) -> Result<Vec<R>, LockError> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    around.monitor.event(Event::Total { files: items.len() as u64, bytes: 0 });
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(items.len()) {
            scope.spawn(|| {
                while !around.interrupt.is_set() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                    around.monitor.event(Event::Advance { files: 1, bytes: 0 });
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    if done.len() < items.len() {
        return Err(LockError::Interrupted);
    }
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests;
