//! The blocking face of a store, for the threads that chunk, compress and seal.
//!
//! A store that blocks by nature is called directly. Any other runs on one tokio runtime, made when
//! the first such client is, shared by all of them, and ended with the last.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::{BlockingStore, ObjectMeta, Store, StoreFuture, Version};

/// A store for callers that may block. Cheap to clone, and shared between threads.
///
/// Must not be used on a thread that drives asynchronous tasks.
#[derive(Clone, Debug)]
pub struct Client {
    store: Arc<dyn Store>,
    /// `None` where the store blocks by nature.
    executor: Option<Arc<Executor>>,
}

impl Client {
    /// A client of `store`; fails only where the threads of a runtime cannot be had.
    pub fn new(store: Arc<dyn Store>) -> Result<Client, StoreError> {
        let executor = match store.blocking() {
            Some(_) => None,
            None => Some(Executor::shared().map_err(|source| StoreError::Io {
                location: store.location(),
                key: "its runtime".into(),
                action: "start the threads of",
                source,
            })?),
        };
        Ok(Client { store, executor })
    }

    /// The store itself.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The place, for messages.
    pub fn location(&self) -> String {
        self.store.location()
    }

    /// See [`Store::create`].
    pub fn create(&self, key: &Key, body: Bytes) -> Result<(), StoreError> {
        match self.face() {
            Face::Blocking(store) => store.create_now(key, &body),
            Face::Async(executor) => executor.run(self.store.create(key, body)),
        }
    }

    /// See [`Store::swap`].
    pub fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> Result<Version, StoreError> {
        match self.face() {
            Face::Blocking(store) => store.swap_now(key, expected.as_ref(), &body),
            Face::Async(executor) => executor.run(self.store.swap(key, expected, body)),
        }
    }

    /// See [`Store::get`]; prefer [`Client::get_bounded`] for objects whose size somebody else chose.
    pub fn get(&self, key: &Key) -> Result<(Bytes, Version), StoreError> {
        match self.face() {
            Face::Blocking(store) => store.get_now(key, u64::MAX),
            Face::Async(executor) => executor.run(self.store.get(key)),
        }
    }

    /// See [`Store::get_bounded`].
    pub fn get_bounded(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
        match self.face() {
            Face::Blocking(store) => store.get_now(key, max_bytes),
            Face::Async(executor) => executor.run(self.store.get_bounded(key, max_bytes)),
        }
    }

    /// See [`Store::get_range`].
    pub fn get_range(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let got = match self.face() {
            Face::Blocking(store) => store.get_range_now(key, range.clone()),
            Face::Async(executor) => executor.run(self.store.get_range(key, range.clone())),
        }?;
        // A server may answer with anything, whatever its backend here believes of it.
        let got_bytes = got.len() as u64;
        if range.end.checked_sub(range.start) != Some(got_bytes) {
            let (location, key) = (self.location(), key.to_string());
            let size = range.start.saturating_add(got_bytes);
            return Err(StoreError::ShortRead { location, key, range, size });
        }
        Ok(got)
    }

    /// See [`Store::stat`].
    pub fn stat(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        match self.face() {
            Face::Blocking(store) => store.stat_now(key),
            Face::Async(executor) => executor.run(self.store.stat(key)),
        }
    }

    /// See [`Store::list`].
    pub fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        match self.face() {
            Face::Blocking(store) => store.list_now(prefix),
            Face::Async(executor) => executor.run(self.store.list(prefix)),
        }
    }

    /// See [`Store::delete`].
    pub fn delete(&self, key: &Key) -> Result<(), StoreError> {
        match self.face() {
            Face::Blocking(store) => store.delete_now(key),
            Face::Async(executor) => executor.run(self.store.delete(key)),
        }
    }

    /// Does something with the single replicas, of a store that is several.
    pub fn with_replicas<'a, T, F: Future<Output = T> + 'a>(
        &'a self,
        work: impl FnOnce(&'a Set) -> F,
    ) -> Option<T> {
        let set = self.store.replicas()?.set();
        self.executor.as_ref().map(|executor| executor.runtime().block_on(work(set)))
    }

    /// What was read under `key` does not verify: of several replicas, another one is asked next time.
    pub fn doubt(&self, key: &Key) {
        if let Some(replicas) = self.store.replicas() {
            replicas.set().doubt(key);
        }
    }

    /// Begins to create an object and returns at once. How many may be under way together is the
    /// caller's to bound: each holds its body, and on a blocking store a thread.
    pub fn create_in_background(&self, key: Key, body: Bytes) -> Pending {
        let outcome = Arc::new(Outcome::default());
        let promise =
            Promise { outcome: Arc::clone(&outcome), location: self.location(), key: key.to_string() };
        let store = Arc::clone(&self.store);
        match &self.executor {
            Some(executor) => {
                executor.runtime().spawn(async move { promise.keep(store.create(&key, body).await) });
            }
            None => {
                let client = self.clone();
                let work = move || promise.keep(client.create(&key, body));
                // Where no thread is to be had, the closure is dropped, and with it the promise, which
                // tells the waiter so.
                let _ = thread::Builder::new().name("store-create".into()).spawn(work);
            }
        }
        Pending { outcome, _executor: self.executor.clone() }
    }

    /// Waits for an operation that only the store's own kind has.
    pub fn finish<T>(&self, operation: StoreFuture<'_, T>) -> Result<T, StoreError> {
        match &self.executor {
            Some(executor) => executor.run(operation),
            None => Executor::shared().map_err(|source| self.no_threads(source))?.run(operation),
        }
    }

    fn no_threads(&self, source: io::Error) -> StoreError {
        let (location, key) = (self.location(), "its runtime".into());
        StoreError::Io { location, key, action: "start the threads of", source }
    }

    fn face(&self) -> Face<'_> {
        match (&self.executor, self.store.blocking()) {
            (Some(executor), _) => Face::Async(executor),
            (None, Some(store)) => Face::Blocking(store),
            // `new` makes the one or the other.
            (None, None) => unreachable!("a client without a runtime was made for a store that blocks"),
        }
    }
}

enum Face<'a> {
    Blocking(&'a dyn BlockingStore),
    Async(&'a Executor),
}

/// The runtime of all clients that need one.
#[derive(Debug)]
struct Executor(Option<Runtime>);

impl Executor {
    fn shared() -> io::Result<Arc<Executor>> {
        static SHARED: Mutex<Weak<Executor>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = shared.upgrade() {
            return Ok(executor);
        }
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("store").enable_all().build()?;
        let executor = Arc::new(Executor(Some(runtime)));
        *shared = Arc::downgrade(&executor);
        Ok(executor)
    }

    fn runtime(&self) -> &Runtime {
        // Only `drop` takes it out.
        self.0.as_ref().expect("the runtime is taken out only when dropped")
    }

    fn run<T>(&self, operation: StoreFuture<'_, T>) -> Result<T, StoreError> {
        self.runtime().block_on(operation)
    }
}

impl Drop for Executor {
    /// Waits for nothing: whoever cares for an operation holds its `Pending`, and through it this.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// An object that is being created. Dropping it abandons the wait, not always the write: whether the
/// object comes to be is then unknown.
#[derive(Debug)]
#[must_use = "an object is durable only once its Pending was waited for"]
pub struct Pending {
    outcome: Arc<Outcome>,
    _executor: Option<Arc<Executor>>,
}

impl Pending {
    /// Blocks until the object is durable or has failed.
    pub fn wait(self) -> Result<(), StoreError> {
        let mut result = self.outcome.result.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match result.take() {
                Some(result) => return result,
                None => result = self.outcome.done.wait(result).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Whether `wait` would return at once.
    pub fn is_done(&self) -> bool {
        self.outcome.result.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

#[derive(Debug, Default)]
struct Outcome {
    result: Mutex<Option<Result<(), StoreError>>>,
    done: Condvar,
}

impl Outcome {
    fn set(&self, result: Result<(), StoreError>) {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(result);
        self.done.notify_all();
    }
}

/// Sees to it that a waiter hears of a task that died or never began.
struct Promise {
    outcome: Arc<Outcome>,
    location: String,
    key: String,
}

impl Promise {
    fn keep(self, result: Result<(), StoreError>) {
        self.outcome.set(result);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.outcome.result.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return;
        }
        self.outcome.set(Err(StoreError::Io {
            location: std::mem::take(&mut self.location),
            key: std::mem::take(&mut self.key),
            action: "write",
            source: io::Error::other(
                "the thread that should have written it ended early or could not be started",
            ),
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::Client;
    use crate::store::error::StoreError;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;
    use crate::store::recording::RecordingStore;
    use crate::store::{BlockingStore, ObjectMeta, Version};

    fn key() -> Key {
        Key::new("packs/00/a").unwrap()
    }

    #[test]
    fn only_stores_that_do_not_block_by_nature_get_a_runtime_and_they_share_it() {
        let memory = Client::new(Arc::new(MemoryStore::new())).unwrap();
        assert!(memory.executor.is_none());
        let wrapped = || Client::new(Arc::new(RecordingStore::new(Arc::new(MemoryStore::new())))).unwrap();
        let (one, two) = (wrapped().executor.unwrap(), wrapped().executor);
        // Other tests may have ended the one and begun another meanwhile, but never while it is held.
        assert!(two.is_none_or(|two| Arc::ptr_eq(&one, &two)));
    }

    #[test]
    fn a_pending_create_outlives_its_client() {
        for client in [
            Client::new(Arc::new(MemoryStore::new())).unwrap(),
            Client::new(Arc::new(RecordingStore::new(Arc::new(MemoryStore::new())))).unwrap(),
        ] {
            let pending = client.create_in_background(key(), Bytes::from_static(b"a"));
            drop(client);
            pending.wait().unwrap();
        }
    }

    /// Panics at whatever is asked.
    #[derive(Clone, Debug)]
    struct Panicking;

    impl BlockingStore for Panicking {
        fn location_now(&self) -> String {
            "nowhere".into()
        }
        fn create_now(&self, _: &Key, _: &Bytes) -> Result<(), StoreError> {
            panic!("as the test wants it")
        }
        fn swap_now(&self, _: &Key, _: Option<&Version>, _: &Bytes) -> Result<Version, StoreError> {
            unreachable!()
        }
        fn get_now(&self, _: &Key, _: u64) -> Result<(Bytes, Version), StoreError> {
            unreachable!()
        }
        fn get_range_now(&self, _: &Key, _: Range<u64>) -> Result<Bytes, StoreError> {
            unreachable!()
        }
        fn stat_now(&self, _: &Key) -> Result<ObjectMeta, StoreError> {
            unreachable!()
        }
        fn list_now(&self, _: &str) -> Result<Vec<ObjectMeta>, StoreError> {
            unreachable!()
        }
        fn delete_now(&self, _: &Key) -> Result<(), StoreError> {
            unreachable!()
        }
    }

    #[test]
    fn whoever_waits_hears_of_a_create_that_panicked() {
        let direct = Client::new(Arc::new(Panicking)).unwrap();
        let wrapped = Client::new(Arc::new(RecordingStore::new(Arc::new(Panicking)))).unwrap();
        for client in [direct, wrapped] {
            let error = client.create_in_background(key(), Bytes::new()).wait().unwrap_err();
            let message = error.to_string();
            assert!(message.contains("nowhere") && message.contains("packs/00/a"), "{message}");
        }
    }
}
