//! What a store that keeps versions and honours retention can do besides: the facet behind
//! [`Store::vault`](crate::store::Store::vault).
//!
//! In a versioned bucket a delete hides an object behind a *marker*, and a write over it hides the old
//! version; both stay until somebody deletes the version itself. *Retention* (S3 Object Lock) keeps
//! everybody from doing that before a time: in governance mode all but those who may bypass it, in
//! compliance mode really everybody. It is set by the very request that writes the object, for whoever
//! could write without it could also forget it.
//!
//! What is locked is what a restore needs: packs, segments, snapshots, key slots, the config, the
//! runbooks by which it is done, and evidence. Sessions and the collector's state come and go, and are
//! never locked by us; a bucket's own default retention may lock them all the same, which hurts nobody:
//! their old versions stay a while.

use std::fmt;
use std::future::ready;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::base::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::{Store, StoreFuture};

/// The longest retention that S3 has: a hundred years.
const DURATION_MAX: Duration = Duration::from_secs(36_500 * 86_400);

/// Who may end a retention early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Whoever has the right to bypass it; no role of ours needs that right.
    Governance,
    /// Nobody.
    Compliance,
}

impl LockMode {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            LockMode::Governance => "governance",
            LockMode::Compliance => "compliance",
        }
    }

    /// The mode that `word` names, in whatever case.
    pub fn parse(word: &str) -> Option<Self> {
        let is = |mode: &LockMode| word.eq_ignore_ascii_case(mode.as_str());
        [LockMode::Governance, LockMode::Compliance].into_iter().find(is)
    }
}

/// What new objects are locked with, and when that is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockPolicy {
    /// Who may end it.
    pub mode: LockMode,
    /// How long an object is locked, from its writing and from each renewal.
    pub duration: Duration,
    /// What is left of the retention when it is renewed; less than `duration`. Each object is renewed
    /// once in `duration - renew_below`, and a snapshot that is looked after never has less than this.
    pub renew_below: Duration,
}

impl LockPolicy {
    /// A policy, or what is wrong with it. By default, half of the duration is left at a renewal.
    pub fn new(mode: LockMode, duration: Duration, renew_below: Option<Duration>) -> Result<Self, String> {
        let renew_below = renew_below.unwrap_or(duration / 2);
        if duration.is_zero() || duration > DURATION_MAX {
            return Err("`lock-for` is more than nothing and at most a hundred years".into());
        }
        if renew_below >= duration {
            return Err("`lock-renew` must be shorter than `lock-for`".into());
        }
        Ok(Self { mode, duration, renew_below })
    }

    /// The retention of what is written or renewed at `now`: whole seconds, never less than promised.
    pub fn retention_at(&self, now: Timestamp) -> Retention {
        let whole = i64::from(self.duration.subsec_nanos() > 0 || now.nanos > 0);
        let length = i64::try_from(self.duration.as_secs()).unwrap_or(i64::MAX);
        let seconds = now.seconds.saturating_add(length).saturating_add(whole);
        Retention { mode: self.mode, until: Timestamp { seconds, nanos: 0 } }
    }
}

/// Whether objects of this name are locked, where a policy is set.
pub fn is_locked_kind(key: &Key) -> bool {
    match key.as_str().split_once('/') {
        Some((folder, _)) => {
            matches!(folder, "packs" | "index" | "snapshots" | "keys" | "evidence" | "runbooks")
        }
        None => key.as_str() == "config",
    }
}

/// Until when one version cannot be deleted, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Who may end it.
    pub mode: LockMode,
    /// Its end.
    pub until: Timestamp,
}

/// The store's name for one version of one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionId(pub String);

/// One version of an object, or a marker that hides those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The object.
    pub key: Key,
    /// The version.
    pub id: VersionId,
    /// Its length in bytes; 0 of a marker.
    pub size: u64,
    /// When it was written, by the store's clock; some tell it in whole seconds.
    pub modified: Timestamp,
    /// Whether it is what a plain read finds.
    pub is_latest: bool,
    /// Whether it is a delete marker.
    pub is_marker: bool,
    /// The store's name for the contents, if it tells.
    pub etag: Option<String>,
}

/// What a bucket does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Whether it keeps versions; `None` where that cannot be asked.
    pub versioning: Option<bool>,
    /// Whether objects can be locked.
    pub object_lock: Option<bool>,
    /// What it locks new objects with that bring no retention of their own: the mode, and days.
    pub default_retention: Option<(LockMode, u32)>,
}

/// Versions and retention. Everything here is about one store; several have it replica by replica.
pub trait Vault: Send + Sync + fmt::Debug {
    /// What new objects are locked with, if they are.
    fn policy(&self) -> Option<LockPolicy>;

    /// What the bucket does by itself.
    fn guard(&self) -> StoreFuture<'_, Guard>;

    /// Every version and marker of the objects whose keys begin with `prefix`, sorted by key, and of each
    /// key the newest first. `prefix` is empty, ends in `/`, or is a key: then of that key alone.
    fn versions(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectVersion>>;

    /// One version whole, but no more than `max_bytes` of it.
    fn get_version(&self, key: &Key, id: &VersionId, max_bytes: u64) -> StoreFuture<'_, Bytes>;

    /// Exactly these bytes of one version.
    fn get_version_range(&self, key: &Key, id: &VersionId, range: Range<u64>) -> StoreFuture<'_, Bytes>;

    /// The retention of a version, or of the one that a plain read finds; `None` where it has none.
    fn retention(&self, key: &Key, id: Option<&VersionId>) -> StoreFuture<'_, Option<Retention>>;

    /// Sets the retention of the version that a plain read finds. `Locked` where it has a longer one.
    fn retain(&self, key: &Key, retention: Retention) -> StoreFuture<'_, ()>;

    /// Deletes one version, or one marker, for good. `Locked` where retention forbids it.
    fn delete_version(&self, key: &Key, id: &VersionId) -> StoreFuture<'_, ()>;

    /// What this process wrote with a retention and was acknowledged, since this was last asked.
    fn take_granted(&self) -> Vec<(Key, Retention)>;
}

/// Asks the facet of `store`, for a wrapper around it; `Unsupported` where it has none.
pub fn on<'a, T: Send + 'a>(
    store: &'a dyn Store,
    ask: impl FnOnce(&'a dyn Vault) -> StoreFuture<'a, T>,
) -> StoreFuture<'a, T> {
    match store.vault() {
        Some(vault) => ask(vault),
        None => {
            let why = "it keeps no versions; that takes an S3 bucket with versioning".into();
            Box::pin(ready(Err(StoreError::Unsupported { location: store.location(), why })))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LockMode, LockPolicy, is_locked_kind};
    use crate::base::time::Timestamp;
    use crate::store::key::Key;

    #[test]
    fn what_a_restore_needs_is_locked_and_what_comes_and_goes_is_not() {
        let locked =
            ["config", "keys/a.age", "packs/00/1", "index/1", "snapshots/h/1", "evidence/1", "runbooks/r/1"];
        let free = ["sessions/1", "gc/state", "gc/lists/1", "probe/x/y", "packs", "other", "configs/x"];
        for (names, expected) in [(&locked[..], true), (&free[..], false)] {
            for name in names {
                assert_eq!(is_locked_kind(&Key::new(*name).unwrap()), expected, "{name}");
            }
        }
    }

    #[test]
    fn a_retention_is_never_shorter_than_promised() {
        let policy = LockPolicy::new(LockMode::Compliance, Duration::from_secs(60), None).unwrap();
        let until = |seconds, nanos| policy.retention_at(Timestamp { seconds, nanos }).until;
        assert_eq!(until(100, 0), Timestamp { seconds: 160, nanos: 0 });
        assert_eq!(until(100, 1), Timestamp { seconds: 161, nanos: 0 });
        assert_eq!(until(i64::MAX, 1).seconds, i64::MAX);
        assert_eq!(policy.renew_below, Duration::from_secs(30));
    }

    #[test]
    fn policies_that_could_never_renew_or_end_are_refused() {
        let day = Duration::from_secs(86_400);
        for (duration, renew) in [(Duration::ZERO, None), (day * 40_000, None), (day, Some(day))] {
            assert!(LockPolicy::new(LockMode::Governance, duration, renew).is_err(), "{duration:?}");
        }
        assert_eq!(LockMode::parse("GOVERNANCE"), Some(LockMode::Governance));
        assert_eq!(LockMode::parse("forever"), None);
    }
}
