//! Cold storage: objects that have to be warmed up before they can be read.
//!
//! An archive class keeps an object cheaply and out of reach: a read fails until a copy was asked for
//! and has been made, minutes to days later, and the copy goes away again after the days it was asked
//! for. Asking costs money, so that nothing here asks by itself: whoever reads plans first, and a person
//! consents.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::{Store, StoreFuture};

/// Questions and requests that are under way together; the store's own limit may be lower.
const AT_ONCE: usize = 32;

/// Where an object lies that cannot be read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArchiveClass {
    /// S3 Glacier Flexible Retrieval, and what other servers call `GLACIER`.
    Glacier,
    /// S3 Glacier Deep Archive.
    DeepArchive,
    /// The Archive Access tier of S3 Intelligent-Tiering.
    ArchiveAccess,
    /// The Deep Archive Access tier of S3 Intelligent-Tiering.
    DeepArchiveAccess,
}

impl ArchiveClass {
    /// Its name, as S3 has it.
    pub fn as_str(self) -> &'static str {
        match self {
            ArchiveClass::Glacier => "GLACIER",
            ArchiveClass::DeepArchive => "DEEP_ARCHIVE",
            ArchiveClass::ArchiveAccess => "ARCHIVE_ACCESS",
            ArchiveClass::DeepArchiveAccess => "DEEP_ARCHIVE_ACCESS",
        }
    }

    /// The class of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Glacier, Self::DeepArchive, Self::ArchiveAccess, Self::DeepArchiveAccess];
        all.into_iter().find(|class| class.as_str() == name)
    }

    /// How long the store takes at most to make a copy readable, as AWS tells it (S3 user guide,
    /// "Understanding archive retrieval options"); `None` where it does not offer that speed.
    pub fn expected_wait(self, speed: WarmUpSpeed) -> Option<Duration> {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let is_deep = matches!(self, ArchiveClass::DeepArchive | ArchiveClass::DeepArchiveAccess);
        match (is_deep, speed) {
            (false, WarmUpSpeed::Expedited) => Some(Duration::from_secs(5 * 60)),
            (false, WarmUpSpeed::Standard) => Some(hours(5)),
            (false, WarmUpSpeed::Bulk) => Some(hours(12)),
            (true, WarmUpSpeed::Expedited) => None,
            (true, WarmUpSpeed::Standard) => Some(hours(12)),
            (true, WarmUpSpeed::Bulk) => Some(hours(48)),
        }
    }

    /// Whether a copy stays only as long as was asked; an object of Intelligent-Tiering moves itself.
    pub fn has_days(self) -> bool {
        matches!(self, ArchiveClass::Glacier | ArchiveClass::DeepArchive)
    }
}

/// How fast, and so how dear, a warm-up is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WarmUpSpeed {
    /// Minutes; the dearest.
    Expedited,
    /// Hours.
    #[default]
    Standard,
    /// Half a day and more; the cheapest.
    Bulk,
}

impl WarmUpSpeed {
    /// Its name, as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            WarmUpSpeed::Expedited => "expedited",
            WarmUpSpeed::Standard => "standard",
            WarmUpSpeed::Bulk => "bulk",
        }
    }
}

/// What is asked of a store that is to warm an object up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// How fast.
    pub speed: WarmUpSpeed,
    /// For how many days the copy is to stay.
    pub days: u32,
}

/// Whether an object can be read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmth {
    /// Yes.
    Warm,
    /// Not yet: a copy was asked for and is being made.
    Warming(ArchiveClass),
    /// Not before somebody asks.
    Cold(ArchiveClass),
}

impl Warmth {
    /// Where the object lies, if it cannot be read now.
    pub fn class(self) -> Option<ArchiveClass> {
        match self {
            Warmth::Warm => None,
            Warmth::Warming(class) | Warmth::Cold(class) => Some(class),
        }
    }
}

/// What a store with archive classes can do besides. See [`Store::archive`].
pub trait Archive: Send + Sync + fmt::Debug {
    /// Whether an object may have to be warmed up, as far as listings so far have told: `false` only
    /// where one that held it showed it in a class that can be read at once. Asks nothing.
    fn may_be_cold(&self, key: &Key) -> bool;

    /// Whether an object can be read now.
    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth>;

    /// Asks for a copy that can be read; `Ok` as well where one was asked for already, or is there.
    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()>;
}

/// Whether each of `keys` can be read now; those that surely can are not asked about. What is nowhere
/// cannot be warmed up, and counts as warm: whoever reads it finds that out.
pub async fn warmth_of(store: Arc<dyn Store>, keys: Vec<Key>) -> Result<Vec<Warmth>, StoreError> {
    let Some(archive) = store.archive() else { return Ok(vec![Warmth::Warm; keys.len()]) };
    let mut warmth = vec![Warmth::Warm; keys.len()];
    let doubtful: Vec<(usize, Key)> =
        keys.into_iter().enumerate().filter(|(_, key)| archive.may_be_cold(key)).collect();
    let ask = |store: Arc<dyn Store>, key: Key| async move {
        match store.archive() {
            Some(archive) => match archive.warmth(&key).await {
                Err(error) if error.is_not_found() => Ok(Warmth::Warm),
                answer => answer,
            },
            None => Ok(Warmth::Warm),
        }
    };
    for (at, found) in each(&store, doubtful, ask).await? {
        warmth[at] = found;
    }
    Ok(warmth)
}

/// Asks for copies of all `keys`.
pub async fn warm_up_all(store: Arc<dyn Store>, keys: Vec<Key>, how: WarmUp) -> Result<(), StoreError> {
    let ask = move |store: Arc<dyn Store>, key: Key| async move {
        match store.archive() {
            Some(archive) => archive.warm_up(&key, how).await,
            None => Ok(()),
        }
    };
    each(&store, keys.into_iter().enumerate().collect(), ask).await.map(drop)
}

/// Runs `ask` on all of `keys`, some at once; the first failure ends it.
async fn each<T: Send + 'static, F: Future<Output = Result<T, StoreError>> + Send + 'static>(
    store: &Arc<dyn Store>,
    keys: Vec<(usize, Key)>,
    ask: impl Fn(Arc<dyn Store>, Key) -> F,
) -> Result<Vec<(usize, T)>, StoreError> {
    let mut left = keys.into_iter();
    let mut under_way = JoinSet::new();
    let mut results = Vec::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((at, key)) = left.next()
        {
            let asked = ask(Arc::clone(store), key);
            under_way.spawn(async move { (at, asked.await) });
        }
        match under_way.join_next().await {
            None => return Ok(results),
            Some(Ok((at, result))) => results.push((at, result?)),
            // It is cancelled only with the whole set; a panic is this program's own mistake.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ArchiveClass, WarmUpSpeed};

    #[test]
    fn names_are_read_as_they_are_told_and_slower_is_never_sooner() {
        use ArchiveClass::*;
        for class in [Glacier, DeepArchive, ArchiveAccess, DeepArchiveAccess] {
            assert_eq!(ArchiveClass::parse(class.as_str()), Some(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
            let wait = |speed| class.expected_wait(speed);
            assert!(wait(WarmUpSpeed::Standard) < wait(WarmUpSpeed::Bulk));
            assert!(
                wait(WarmUpSpeed::Expedited).unwrap_or(Duration::ZERO) < wait(WarmUpSpeed::Standard).unwrap()
            );
        }
        assert_eq!(ArchiveClass::parse("STANDARD"), None);
    }
}
