//! A wrapper that writes down every operation, so that tests can assert on what was asked of a store:
//! how often, of which objects, how many bytes. It changes nothing.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::store::action::Action;
use crate::store::archive::Archive;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::vault::Vault;
use crate::store::{ObjectMeta, Store, StoreFuture, Version};

/// One operation, written down when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What was asked.
    pub action: Action,
    /// Of which object; of a listing, the prefix.
    pub key: String,
    /// The bytes asked for, of a ranged read.
    pub range: Option<Range<u64>>,
    /// Body bytes that came back.
    pub read_bytes: u64,
    /// Body bytes that were sent, whether or not they were taken.
    pub written_bytes: u64,
    /// Whether it returned `Ok`.
    pub ok: bool,
}

/// Wraps a store and records. Clones share the record.
#[derive(Clone, Debug)]
pub struct RecordingStore {
    inner: Arc<dyn Store>,
    log: Arc<Mutex<Vec<Operation>>>,
}

impl RecordingStore {
    /// Wraps `inner`, with an empty record.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, log: Arc::default() }
    }

    /// Everything so far, in the order in which it ended.
    pub fn operations(&self) -> Vec<Operation> {
        self.log().clone()
    }

    /// How many operations of one sort on keys that begin with `prefix`.
    pub fn count(&self, action: Action, prefix: &str) -> usize {
        self.log().iter().filter(|one| one.action == action && one.key.starts_with(prefix)).count()
    }

    /// Body bytes that came back from keys that begin with `prefix`.
    pub fn read_bytes(&self, prefix: &str) -> u64 {
        self.log().iter().filter(|one| one.key.starts_with(prefix)).map(|one| one.read_bytes).sum()
    }

    /// Body bytes that were sent to keys that begin with `prefix`.
    pub fn written_bytes(&self, prefix: &str) -> u64 {
        self.log().iter().filter(|one| one.key.starts_with(prefix)).map(|one| one.written_bytes).sum()
    }

    /// Forgets everything so far.
    pub fn clear(&self) {
        self.log().clear();
    }

    /// The record stays whole even where a thread died holding it.
    fn log(&self) -> MutexGuard<'_, Vec<Operation>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation and writes it down; `read_bytes` counts what a success brought.
    fn record<'a, T: 'a>(
        &'a self,
        mut operation: Operation,
        run: impl Future<Output = Result<T, StoreError>> + Send + 'a,
        read_bytes: impl FnOnce(&T) -> usize + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            let result = run.await;
            operation.ok = result.is_ok();
            operation.read_bytes = result.as_ref().map_or(0, read_bytes) as u64;
            self.log().push(operation);
            result
        })
    }
}

fn operation(action: Action, key: impl ToString) -> Operation {
    Operation { action, key: key.to_string(), range: None, read_bytes: 0, written_bytes: 0, ok: false }
}

fn writing(action: Action, key: &Key, body: &Bytes) -> Operation {
    Operation { written_bytes: body.len() as u64, ..operation(action, key) }
}

impl Store for RecordingStore {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        self.inner.vault()
    }

    fn archive(&self) -> Option<&dyn Archive> {
        self.inner.archive()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        self.record(writing(Action::Create, key, &body), self.inner.create(key, body), |_| 0)
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        self.record(writing(Action::Swap, key, &body), self.inner.swap(key, expected, body), |_| 0)
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.record(operation(Action::Get, key), self.inner.get(key), |(body, _)| body.len())
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let run = self.inner.get_bounded(key, max_bytes);
        self.record(operation(Action::Get, key), run, |(body, _)| body.len())
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let asked = Operation { range: Some(range.clone()), ..operation(Action::GetRange, key) };
        self.record(asked, self.inner.get_range(key, range), Bytes::len)
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        self.record(operation(Action::Stat, key), self.inner.stat(key), |_| 0)
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        self.record(operation(Action::List, prefix), self.inner.list(prefix), |_| 0)
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        self.record(operation(Action::Delete, key), self.inner.delete(key), |_| 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::RecordingStore;
    use crate::store::action::Action;
    use crate::store::client::Client;
    use crate::store::contract::check_contract;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    #[test]
    fn a_recorded_store_keeps_the_contract() {
        check_contract(|| Arc::new(RecordingStore::new(Arc::new(MemoryStore::new()))));
    }

    #[test]
    fn the_record_tells_what_was_asked_and_how_many_bytes_moved() {
        let store = RecordingStore::new(Arc::new(MemoryStore::new()));
        let client = Client::new(Arc::new(store.clone())).unwrap();
        let key = Key::new("packs/00/a").unwrap();
        client.create(&key, Bytes::from_static(b"12345")).unwrap();
        assert!(client.create(&key, Bytes::from_static(b"123")).is_err());
        client.get_range(&key, 1..3).unwrap();
        client.get(&key).unwrap();
        client.list("packs/").unwrap();
        assert_eq!(store.count(Action::Create, "packs/"), 2);
        assert_eq!(store.written_bytes(""), 8);
        assert_eq!((store.read_bytes("packs/"), store.read_bytes("index/")), (7, 0));
        let log = store.operations();
        assert_eq!(log.iter().map(|one| one.ok).collect::<Vec<_>>(), [true, false, true, true, true]);
        assert_eq!((log[2].action, log[2].range.clone()), (Action::GetRange, Some(1..3)));
        store.clear();
        assert!(store.operations().is_empty());
    }
}
