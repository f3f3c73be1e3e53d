//! Floor 2: where objects live. One trait with a written contract, its backends, and its wrappers.
//!
//! A store is dumb on purpose: it keeps named, immutable byte strings. It knows neither packs nor
//! keys, and every byte it gives back is checked by the floors above, for it may be hostile.
//! Retrying, replicas and limits are wrappers around the trait, not options inside a backend.

pub mod action;
pub mod archive;
pub mod client;
pub mod clock;
pub mod connections;
#[doc(hidden)]
pub mod contract;
pub mod counters;
#[doc(hidden)]
pub mod delay;
pub mod directory;
pub mod error;
pub mod faulty;
#[doc(hidden)]
pub mod inline;
pub mod key;
pub mod limit;
pub mod memory;
pub mod past;
mod place;
pub mod probe;
pub mod random;
pub mod recording;
pub mod refetch;
pub mod replicas;
pub mod rescue;
pub mod retry;
pub mod s3;
pub mod timed;
pub mod timeout;
pub mod tuning;
pub mod vault;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::panic;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::time::Timestamp;
use crate::store::archive::Archive;
use crate::store::directory::DirectoryStore;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::past::PastStore;
use crate::store::place::Place;
use crate::store::replicas::ReplicatedStore;
use crate::store::s3::S3Store;
use crate::store::s3::options::Conditional;
use crate::store::timed::TimedStore;
use crate::store::tuning::{Tuning, wrap_in_limits};
use crate::store::vault::Vault;

/// What every operation of a store returns.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Names one state of one object, for compare-and-swap. Opaque: only equality means anything, and
/// only between versions of the same object of the same store.
#[derive(Clone)]
pub struct Version(State);

#[derive(Clone)]
enum State {
    Named(String),
    /// Named by a hash, but only once somebody asks: hashing makes reading a pack take half as
    /// long again, and nobody swaps packs.
    Contents(Bytes),
}

impl Version {
    /// Takes a backend's own name for the state.
    pub fn new(text: impl Into<String>) -> Self {
        Self(State::Named(text.into()))
    }

    /// The version of backends that have none of their own: half a BLAKE3 of the contents.
    pub fn of_contents(body: Bytes) -> Self {
        Self(State::Contents(body))
    }

    /// The name of the state.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.0 {
            State::Named(text) => Cow::Borrowed(text),
            State::Contents(body) => Cow::Owned(blake3::hash(body).to_hex()[..32].to_owned()),
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (State::Contents(one), State::Contents(two)) => one == two,
            _ => self.name() == other.name(),
        }
    }
}

impl Eq for Version {}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.name())
    }
}

/// What a store knows of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its name.
    pub key: Key,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, by the store's clock, where it tells; never a ground for safety.
    pub modified: Option<Timestamp>,
    /// Its version, where the store knows it without reading the contents.
    pub version: Option<Version>,
}

/// One place objects live.
///
/// # The contract
/// Every backend and wrapper keeps it; [`contract::check_contract`] tests it.
///
/// - **Atomic visibility.** An object is seen whole or not at all, by every operation. A writer that
///   dies, at any moment, leaves either the whole object or nothing that any operation here can see.
/// - **Durability.** When `create` or `swap` returns `Ok`, the object outlives a loss of power.
/// - **Create-only.** Of any number of creates (and swaps that expect nothing) racing on one key, in
///   any number of processes and hosts, exactly one returns `Ok`; its body is what is read ever
///   after. The others get `AlreadyExists` (a swap: `Conflict`) and have changed nothing. A writer knows
///   its own by the body: of creates of *equal* bodies several may return `Ok`, as after a lost answer.
///   Whoever relies on being the only one has to write what nobody else writes (`repo::tests`).
/// - **Compare-and-swap.** `swap` replaces the object only where its state is the expected one, and
///   of any number of swaps that expect the same state exactly one returns `Ok`. `None` expects that
///   there is no object. Versions of equal contents may be equal: contents that must be told apart
///   have to differ. Keys are either created or swapped, never both, apart from a swap's first.
/// - **Read after write.** After `Ok`, every later `get`, `get_range`, `stat` and `list`, by anybody,
///   sees it. After a delete's `Ok`, none does.
/// - **Listing** holds every object under the prefix that existed during the whole call, once, sorted
///   by key in byte order. Objects that come or go meanwhile may be in it or not, and never fail it.
/// - **Errors.** `AlreadyExists`, `Conflict`, `NotFound`, `TooLarge`, `ReadOnly` and `InvalidKey` mean
///   that nothing was changed. After any other error of `create`, `swap` or `delete` the outcome is
///   unknown: it may have happened, whole, and a repetition may meet the caller's own first attempt.
/// - **Nothing is trusted.** A store may hold anything: what it returns is checked by its reader. But
///   no operation returns more bytes than its bound, nor fewer than were asked for.
pub trait Store: Send + Sync + fmt::Debug {
    /// The place, for messages: a path, or a URL without credentials.
    fn location(&self) -> String;

    /// Writes a new object; `AlreadyExists` where there is one. Durable when it returns `Ok`.
    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()>;

    /// Replaces the object where its version is `expected` (`None`: where there is none), and returns
    /// its new version; `Conflict` otherwise. Durable when it returns `Ok`.
    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version>;

    /// The whole object and its version; `NotFound` where there is none.
    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)>;

    /// The whole object, unless it has more than `max_bytes`: then `TooLarge`, before memory is given.
    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        Box::pin(async move {
            let size = self.stat(&key).await?.size;
            let got = if size > max_bytes { None } else { Some(self.get(&key).await?) };
            match got {
                Some((body, version)) if body.len() as u64 <= max_bytes => Ok((body, version)),
                got => Err(StoreError::TooLarge {
                    location: self.location(),
                    key: key.to_string(),
                    size: got.map_or(size, |(body, _)| body.len() as u64),
                    max: max_bytes,
                }),
            }
        })
    }

    /// Exactly the bytes of `range`; `ShortRead` where the object ends before `range.end`.
    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes>;

    /// What is known of the object; `NotFound` where there is none.
    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta>;

    /// Every object whose key begins with `prefix`, sorted by key. `prefix` is empty or ends in `/`.
    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>>;

    /// Removes the object. Removing what is not there is `Ok`.
    fn delete(&self, key: &Key) -> StoreFuture<'_, ()>;

    /// The blocking face of a store that has one by nature: callers on threads of their own go
    /// through it and need no runtime.
    fn blocking(&self) -> Option<&dyn BlockingStore> {
        None
    }

    /// The single replicas, of a store that is several: for comparing and repairing copies.
    fn replicas(&self) -> Option<&ReplicatedStore> {
        None
    }

    /// Versions and retention, of a store that may have them; wrappers hand it on.
    fn vault(&self) -> Option<&dyn Vault> {
        None
    }

    /// Archive classes, of a store that has them; wrappers hand it on.
    fn archive(&self) -> Option<&dyn Archive> {
        None
    }
}

/// The same operations, under the same contract, of a store whose calls block the thread by nature.
/// Whatever implements this and is cheap to clone is a [`Store`].
pub trait BlockingStore: Send + Sync + fmt::Debug {
    /// See [`Store::location`].
    fn location_now(&self) -> String;
    /// See [`Store::create`].
    fn create_now(&self, key: &Key, body: &Bytes) -> Result<(), StoreError>;
    /// See [`Store::swap`].
    fn swap_now(&self, key: &Key, expected: Option<&Version>, body: &Bytes) -> Result<Version, StoreError>;
    /// See [`Store::get_bounded`].
    fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError>;
    /// See [`Store::get_range`].
    fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError>;
    /// See [`Store::stat`].
    fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError>;
    /// See [`Store::list`].
    fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError>;
    /// See [`Store::delete`].
    fn delete_now(&self, key: &Key) -> Result<(), StoreError>;
}

impl<B: BlockingStore + Clone + 'static> Store for B {
    fn location(&self) -> String {
        self.location_now()
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.create_now(&key, &body))
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.swap_now(&key, expected.as_ref(), &body))
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.get_now(&key, max_bytes))
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.get_range_now(&key, range))
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.stat_now(&key))
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.to_owned());
        off_the_reactor(move || store.list_now(&prefix))
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let (store, key) = (self.clone(), key.clone());
        off_the_reactor(move || store.delete_now(&key))
    }

    fn blocking(&self) -> Option<&dyn BlockingStore> {
        Some(self)
    }
}

/// Runs blocking work where it holds up nobody else: on tokio's threads for that, or, outside of a
/// runtime, right here.
fn off_the_reactor<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> StoreFuture<'static, T> {
    Box::pin(async move {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return work() };
        match runtime.spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                Err(_) => Err(StoreError::Io {
                    location: "the runtime".into(),
                    key: "the operation".into(),
                    action: "finish",
                    source: std::io::Error::other("it is shutting down"),
                }),
            },
        }
    })
}

/// The directory of this machine that `url` names, if it names one.
pub fn directory_of(url: &str) -> Option<PathBuf> {
    match place::parse(url) {
        Ok(Place::Directory(path)) => Some(path),
        Ok(Place::S3(_)) | Err(_) => None,
    }
}

/// The store that `url` names: a path, a `file://` URL, or `s3://`; `create` makes the directory or
/// the bucket where it is missing. This match is the one place that knows all backends.
///
/// A backend behind a network goes through [`tuning::wrap`]. A directory fails for good or not at all,
/// and stays as it is, with its blocking face; only where a limit on bytes is set is it wrapped in that.
pub fn open(url: &str, create: bool, tuning: &Tuning) -> Result<Arc<dyn Store>, StoreError> {
    let unsupported = |why| StoreError::Unsupported { location: url.to_owned(), why };
    match place::parse(url).map_err(unsupported)? {
        Place::Directory(path) => {
            let open = if create { DirectoryStore::create } else { DirectoryStore::open };
            let store: Arc<dyn Store> = Arc::new(open(path)?);
            Ok(if tuning.limits_bytes() { wrap_in_limits(store, tuning) } else { store })
        }
        Place::S3(mut options) => {
            let by_url = (options.conditional == Conditional::TimeBased).then_some(options.settle);
            let Some(settle) = tuning.time_based.or(by_url) else {
                return Ok(tuning::wrap(Arc::new(S3Store::new(*options, create)), tuning));
            };
            options.conditional = Conditional::TimeBased;
            Ok(Arc::new(TimedStore::over(Arc::new(S3Store::new(*options, create)), settle, tuning)))
        }
    }
}

/// Whether `url` says that writers are kept apart by time.
pub fn is_time_based(url: &str) -> bool {
    match place::parse(url) {
        Ok(Place::S3(options)) => options.conditional == Conditional::TimeBased,
        Ok(Place::Directory(_)) | Err(_) => false,
    }
}

/// The store that `url` names as it was at `time`, which people read as `shown`: read-only.
pub fn open_as_of(
    url: &str,
    time: Timestamp,
    shown: &str,
    tuning: &Tuning,
) -> Result<Arc<dyn Store>, StoreError> {
    let unsupported = |why| StoreError::Unsupported { location: url.to_owned(), why };
    let backend: Arc<dyn Store> = match place::parse(url).map_err(unsupported)? {
        Place::Directory(path) => Arc::new(DirectoryStore::open(path)?),
        Place::S3(options) => Arc::new(S3Store::new(*options, false)),
    };
    let past = PastStore::new(backend, time, shown.to_owned())?;
    Ok(tuning::wrap(Arc::new(past), tuning))
}

#[cfg(test)]
mod tests;
