//! A store as it was: a view that ignores every delete and every write after a point in time.
//!
//! In a versioned bucket nothing goes away by being deleted or replaced. Of each object this shows the
//! newest version that is not later than the given time, and reads it by its version's name, so that
//! whoever holds credentials that may write, but not delete versions, can hide nothing from it. It is
//! read-only: the past takes no writes, and no session, tombstone or repair ends up in it.
//!
//! Folders are listed once, at their first use: what happens later happens after any time that can be
//! asked for.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::base::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::key::{Key, check_prefix};
use crate::store::vault::{ObjectVersion, VersionId, on};
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// One object as it was.
#[derive(Clone, Debug)]
struct Held {
    id: VersionId,
    size: u64,
    modified: Timestamp,
}

type Folder = BTreeMap<Key, Held>;

/// Shows a store as it was at a time.
#[derive(Clone, Debug)]
pub struct PastStore {
    inner: Arc<dyn Store>,
    time: Timestamp,
    /// The time as people read it.
    shown: String,
    folders: Arc<Mutex<HashMap<String, Arc<OnceCell<Folder>>>>>,
}

impl PastStore {
    /// Shows `inner` as it was at `time`, which people read as `shown`; `Unsupported` where it keeps no
    /// versions.
    pub fn new(inner: Arc<dyn Store>, time: Timestamp, shown: String) -> Result<Self, StoreError> {
        if inner.vault().is_none() {
            return Err(StoreError::Unsupported {
                location: inner.location(),
                why: "it keeps no versions, so that it cannot be shown as it was; that takes an S3 bucket \
                      with versioning"
                    .into(),
            });
        }
        Ok(Self { inner, time, shown, folders: Arc::default() })
    }

    /// What was below `folder`: all of it, one folder of the first level, or a single key.
    async fn folder(&self, folder: &str) -> Result<Arc<OnceCell<Folder>>, StoreError> {
        let cell = {
            let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(folders.entry(folder.to_owned()).or_default())
        };
        let load = || async {
            let versions = on(&*self.inner, |vault| vault.versions(folder)).await?;
            let held = |version: &ObjectVersion| {
                let (size, modified) = (version.size, version.modified);
                (version.key.clone(), Held { id: version.id.clone(), size, modified })
            };
            let shown = by_key(&versions).filter_map(|of_key| at(of_key, self.time));
            Ok::<_, StoreError>(shown.map(held).collect::<Folder>())
        };
        cell.get_or_try_init(load).await?;
        Ok(cell)
    }

    async fn held(&self, key: &Key) -> Result<Held, StoreError> {
        let cell = self.folder(first_level(key.as_str())).await?;
        let held = cell.get().and_then(|folder| folder.get(key)).cloned();
        held.ok_or_else(|| StoreError::NotFound { location: self.location(), key: key.to_string() })
    }

    fn refuse<'a, T: Send + 'a>(&'a self) -> StoreFuture<'a, T> {
        let why = format!(
            "it is shown as it was at {}, and the past takes no writes; leave out --as-of, or bring it back \
             with `lifeboat recover`",
            self.shown
        );
        let error = StoreError::Unsupported { location: self.location(), why };
        Box::pin(std::future::ready(Err(error)))
    }
}

/// The first folder of `text`, with its slash; `text` itself where it has none.
fn first_level(text: &str) -> &str {
    text.find('/').map_or(text, |slash| &text[..=slash])
}

/// The versions of one key after the other, of a listing that is sorted by key.
pub fn by_key(versions: &[ObjectVersion]) -> impl Iterator<Item = &[ObjectVersion]> {
    versions.chunk_by(|left, right| left.key == right.key)
}

/// What a key was at `time`: of its versions, the newest first, the newest that is not later; nothing
/// where that is a marker.
///
/// Stores may tell times in whole seconds. An object that was written and deleted in the very second
/// that is asked for counts as there: whoever looks back wants what can still be had.
pub fn at(versions: &[ObjectVersion], time: Timestamp) -> Option<&ObjectVersion> {
    let mut earlier = versions.iter().filter(|version| version.modified <= time);
    let newest = earlier.next()?;
    if !newest.is_marker {
        return Some(newest);
    }
    let is_of_that_second = newest.modified.seconds == time.seconds;
    earlier.next().filter(|next| is_of_that_second && !next.is_marker && next.modified == newest.modified)
}

impl Store for PastStore {
    /// The place itself, so that what is known of it (its fingerprint) holds for its past too.
    fn location(&self) -> String {
        self.inner.location()
    }

    fn create(&self, _: &Key, _: Bytes) -> StoreFuture<'_, ()> {
        self.refuse()
    }

    fn swap(&self, _: &Key, _: Option<Version>, _: Bytes) -> StoreFuture<'_, Version> {
        self.refuse()
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        Box::pin(async move {
            let held = self.held(&key).await?;
            if held.size > max_bytes {
                let (location, key, size) = (self.location(), key.to_string(), held.size);
                return Err(StoreError::TooLarge { location, key, size, max: max_bytes });
            }
            let body = on(&*self.inner, |vault| vault.get_version(&key, &held.id, max_bytes)).await?;
            Ok((body, Version::new(held.id.0)))
        })
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let key = key.clone();
        Box::pin(async move {
            let held = self.held(&key).await?;
            if range.start > range.end || range.end > held.size {
                let (location, key, size) = (self.location(), key.to_string(), held.size);
                return Err(StoreError::ShortRead { location, key, range, size });
            }
            if range.is_empty() {
                return Ok(Bytes::new());
            }
            on(&*self.inner, |vault| vault.get_version_range(&key, &held.id, range)).await
        })
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let key = key.clone();
        Box::pin(async move {
            let Held { id, size, modified } = self.held(&key).await?;
            Ok(ObjectMeta { key, size, modified: Some(modified), version: Some(Version::new(id.0)) })
        })
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            check_prefix(&prefix)?;
            let cell = self.folder(first_level(&prefix)).await?;
            let folder = cell.get().into_iter().flatten();
            let below = folder.filter(|(key, _)| key.as_str().starts_with(&prefix));
            let meta = |(key, held): (&Key, &Held)| ObjectMeta {
                key: key.clone(),
                size: held.size,
                modified: Some(held.modified),
                version: Some(Version::new(held.id.0.clone())),
            };
            Ok(below.map(meta).collect())
        })
    }

    fn delete(&self, _: &Key) -> StoreFuture<'_, ()> {
        self.refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::at;
    use crate::base::time::Timestamp;
    use crate::store::key::Key;
    use crate::store::vault::{ObjectVersion, VersionId};

    fn time(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    /// Versions of one key, the newest first: when, and whether a marker.
    fn versions(of: &[(i64, bool)]) -> Vec<ObjectVersion> {
        let version = |(n, (seconds, is_marker)): (usize, &(i64, bool))| ObjectVersion {
            key: Key::new("config").unwrap(),
            id: VersionId(n.to_string()),
            size: 1,
            modified: time(*seconds),
            is_latest: n == 0,
            is_marker: *is_marker,
            etag: None,
        };
        of.iter().enumerate().map(version).collect()
    }

    #[test]
    fn of_each_object_the_newest_version_that_is_not_later_is_shown() {
        let of = versions(&[(50, false), (40, true), (30, false), (20, false)]);
        for (seconds, expected) in
            [(19, None), (20, Some("3")), (29, Some("3")), (30, Some("2")), (45, None), (60, Some("0"))]
        {
            let found = at(&of, time(seconds)).map(|version| version.id.0.as_str());
            assert_eq!(found, expected, "{seconds}");
        }
    }

    #[test]
    fn what_was_written_and_deleted_in_the_second_asked_for_is_there_and_later_it_is_gone() {
        let of = versions(&[(30, true), (30, false)]);
        assert_eq!(at(&of, time(30)).map(|version| version.id.0.as_str()), Some("1"));
        assert!(at(&of, time(31)).is_none() && at(&of, time(29)).is_none());
        // A marker over an older object is no such case.
        assert!(at(&versions(&[(30, true), (20, false)]), time(30)).is_none());
    }
}
