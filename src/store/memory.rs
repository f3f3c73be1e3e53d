//! A store in memory: the model of the contract, and what fast tests run on.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::store::error::StoreError;
use crate::store::key::{Key, check_prefix};
use crate::store::{BlockingStore, ObjectMeta, Version};

/// Objects in a sorted map. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStore {
    objects: Arc<Mutex<BTreeMap<Key, Bytes>>>,
}

const LOCATION: &str = "memory";

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `body` at `key` whatever stands there: how tests do damage.
    pub fn overwrite(&self, key: &Key, body: impl Into<Bytes>) {
        self.objects().insert(key.clone(), body.into());
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects().is_empty()
    }

    /// The map stays whole even where a thread died holding it: every change to it is one insertion.
    fn objects(&self) -> MutexGuard<'_, BTreeMap<Key, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, key: &Key) -> Result<Bytes, StoreError> {
        self.objects()
            .get(key)
            .cloned()
            .ok_or_else(|| StoreError::NotFound { location: LOCATION.into(), key: key.to_string() })
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryStore({} objects)", self.len())
    }
}

impl BlockingStore for MemoryStore {
    fn location_now(&self) -> String {
        LOCATION.into()
    }

    fn create_now(&self, key: &Key, body: &Bytes) -> Result<(), StoreError> {
        let mut objects = self.objects();
        if objects.contains_key(key) {
            return Err(StoreError::AlreadyExists { location: LOCATION.into(), key: key.to_string() });
        }
        objects.insert(key.clone(), body.clone());
        Ok(())
    }

    fn swap_now(&self, key: &Key, expected: Option<&Version>, body: &Bytes) -> Result<Version, StoreError> {
        let mut objects = self.objects();
        let current = objects.get(key).cloned().map(Version::of_contents);
        if current.as_ref() != expected {
            return Err(StoreError::Conflict { location: LOCATION.into(), key: key.to_string() });
        }
        objects.insert(key.clone(), body.clone());
        Ok(Version::of_contents(body.clone()))
    }

    fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
        let body = self.body(key)?;
        let size = body.len() as u64;
        if size > max_bytes {
            return Err(StoreError::TooLarge {
                location: LOCATION.into(),
                key: key.to_string(),
                size,
                max: max_bytes,
            });
        }
        let version = Version::of_contents(body.clone());
        Ok((body, version))
    }

    fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let body = self.body(key)?;
        let size = body.len() as u64;
        if range.start > range.end || range.end > size {
            return Err(StoreError::ShortRead {
                location: LOCATION.into(),
                key: key.to_string(),
                range,
                size,
            });
        }
        // Both ends are at most the length of a slice, therefore they fit.
        Ok(body.slice(range.start as usize..range.end as usize))
    }

    fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        let size = self.body(key)?.len() as u64;
        Ok(ObjectMeta { key: key.clone(), size, modified: None, version: None })
    }

    fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        check_prefix(prefix)?;
        let objects = self.objects();
        let under = objects.iter().filter(|(key, _)| key.as_str().starts_with(prefix));
        let meta = |(key, body): (&Key, &Bytes)| ObjectMeta {
            key: key.clone(),
            size: body.len() as u64,
            modified: None,
            version: None,
        };
        Ok(under.map(meta).collect())
    }

    fn delete_now(&self, key: &Key) -> Result<(), StoreError> {
        self.objects().remove(key);
        Ok(())
    }
}
