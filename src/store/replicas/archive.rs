//! Cold storage behind a set of replicas: an object is as warm as its warmest copy.
//!
//! Copies that a read met cold are asked for last from then on, so that a replica that keeps everything
//! at hand is preferred to one that would have to be paid and waited for.

use std::sync::Arc;

use crate::store::archive::{Archive, WarmUp, Warmth};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::breaker::State;
use crate::store::replicas::member::{Answer, Member};
use crate::store::replicas::{ReplicatedStore, Set};
use crate::store::{Store, StoreFuture};

impl Archive for ReplicatedStore {
    /// What only a replica without archive classes could have at hand has to be asked for there: it may
    /// lack the object.
    fn may_be_cold(&self, key: &Key) -> bool {
        let is_surely_warm = |member: &Arc<Member>| {
            let store = member.store();
            store.is_some_and(|store| store.archive().is_some_and(|archive| !archive.may_be_cold(key)))
        };
        !self.set().holders(key).any(is_surely_warm)
    }

    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth> {
        let (set, key) = (Arc::clone(self.set()), key.clone());
        Box::pin(async move { set.warmest(&key).await.map(|(_, warmth)| warmth) })
    }

    /// Asks one replica: whoever is warming it up already, or else the first that has it.
    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()> {
        let (set, key) = (Arc::clone(self.set()), key.clone());
        Box::pin(async move {
            let (member, warmth) = set.warmest(&key).await?;
            if !matches!(warmth, Warmth::Cold(_)) {
                return Ok(());
            }
            let limit = member.read_limit(0);
            let request = move |store: Arc<dyn Store>| -> Answer<()> {
                Box::pin(async move {
                    match store.archive() {
                        Some(archive) => archive.warm_up(&key, how).await,
                        None => Ok(()),
                    }
                })
            };
            member.ask(limit, None, request).await
        })
    }
}

impl Set {
    /// Replicas that work and, as far as is known here, have the object; in the configured order.
    fn holders<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = &'a Arc<Member>> {
        self.members().iter().filter(|member| {
            member.state() == State::Closed && !member.queue.hides(key) && !member.queue.contains(key)
        })
    }

    /// The replica whose copy is the warmest, and how warm it is.
    async fn warmest(&self, key: &Key) -> Result<(Arc<Member>, Warmth), StoreError> {
        let mut best: Option<(Arc<Member>, Warmth)> = None;
        let mut failure = None;
        for member in self.holders(key) {
            let warmth = match warmth_at(Arc::clone(member), key.clone()).await {
                Ok(warmth) => warmth,
                Err(error) => {
                    failure.get_or_insert(error);
                    continue;
                }
            };
            member.note_warmth(key, warmth);
            if best.as_ref().is_none_or(|(_, best)| rank(warmth) < rank(*best)) {
                best = Some((Arc::clone(member), warmth));
            }
            if warmth == Warmth::Warm {
                break;
            }
        }
        let nowhere = || StoreError::NotFound { location: self.location(), key: key.to_string() };
        best.ok_or_else(|| failure.unwrap_or_else(nowhere))
    }
}

fn rank(warmth: Warmth) -> u8 {
    match warmth {
        Warmth::Warm => 0,
        Warmth::Warming(_) => 1,
        Warmth::Cold(_) => 2,
    }
}

/// How warm one replica's copy is; `NotFound` where it has none.
async fn warmth_at(member: Arc<Member>, key: Key) -> Result<Warmth, StoreError> {
    let limit = member.read_limit(0);
    let request = move |store: Arc<dyn Store>| -> Answer<Warmth> {
        Box::pin(async move {
            match store.archive() {
                Some(archive) => archive.warmth(&key).await,
                None => store.stat(&key).await.map(|_| Warmth::Warm),
            }
        })
    };
    member.ask(limit, None, request).await
}
