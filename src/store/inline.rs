//! A wrapper that runs a store that blocks by nature right where it is asked, so that each of its
//! answers is ready at once: what a test by a virtual clock needs. Not for anything that really blocks.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::store::key::Key;
use crate::store::{BlockingStore, ObjectMeta, Store, StoreFuture, Version};

/// Wraps a store that blocks by nature.
#[derive(Clone, Debug)]
pub struct InlineStore(Arc<dyn BlockingStore>);

impl InlineStore {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn BlockingStore>) -> Self {
        Self(inner)
    }
}

impl Store for InlineStore {
    fn location(&self) -> String {
        self.0.location_now()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.0.create_now(&key, &body) })
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let key = key.clone();
        Box::pin(async move { self.0.swap_now(&key, expected.as_ref(), &body) })
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        Box::pin(async move { self.0.get_now(&key, max_bytes) })
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let key = key.clone();
        Box::pin(async move { self.0.get_range_now(&key, range) })
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let key = key.clone();
        Box::pin(async move { self.0.stat_now(&key) })
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        Box::pin(async move { self.0.list_now(&prefix) })
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.0.delete_now(&key) })
    }
}
