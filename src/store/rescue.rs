//! Getting what does not verify from the replica that has a good copy, and mending the others.
//!
//! Whether a body is good is known to the floors above: they hand in the test.

use bytes::Bytes;

use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::class::{self, Class};
use crate::store::replicas::{Care, is_answer};

/// What a damaged object was brought back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescued {
    /// A good copy.
    pub body: Bytes,
    /// Whether every replica was seen to have it by the end; if not, a damaged copy may still be there.
    pub is_everywhere: bool,
}

/// What the replicas were seen to have under a key.
#[derive(Default)]
struct Seen {
    good: Option<Bytes>,
    /// Which have something that is not good.
    damaged: Vec<usize>,
    /// Which have nothing, or what cannot be read as a whole.
    lacking: Vec<usize>,
    /// Which could not be looked at.
    unseen: Vec<usize>,
    /// Several that differ are good.
    is_contested: bool,
}

impl Client {
    /// Looks at every replica's copy of `key`: the first that `is_good` is returned, and put in the place
    /// of those that are not good or that are missing. Nothing is replaced where several that differ are
    /// good, or where the vote of a replica on a contested key is not known. `None` where there is only one
    /// store, or no good copy.
    ///
    /// Replicas that are left alone or slow are passed over, their copies queued, unless nobody else has a
    /// good one.
    pub fn rescue(&self, key: &Key, max_bytes: u64, is_good: &dyn Fn(&Bytes) -> bool) -> Option<Rescued> {
        let mut seen = Seen::default();
        let all: Vec<usize> = (0..self.store().replicas()?.set().members().len()).collect();
        self.look_at(&all, (key, max_bytes, Care::Hasty), is_good, &mut seen)?;
        if seen.good.is_none() && !seen.unseen.is_empty() {
            let left = std::mem::take(&mut seen.unseen);
            self.look_at(&left, (key, max_bytes, Care::LastResort), is_good, &mut seen)?;
        }
        self.mend(key, seen)
    }

    /// As [`Client::rescue`], where the copies themselves are meant: one that returns damage is looked at as
    /// well, and nothing slow is passed over.
    pub fn heal(&self, key: &Key, max_bytes: u64, is_good: &dyn Fn(&Bytes) -> bool) -> Option<Rescued> {
        let mut seen = Seen::default();
        let all: Vec<usize> = (0..self.store().replicas()?.set().members().len()).collect();
        self.look_at(&all, (key, max_bytes, Care::Thorough), is_good, &mut seen)?;
        self.mend(key, seen)
    }

    fn look_at(
        &self,
        which: &[usize],
        (key, max_bytes, care): (&Key, u64, Care),
        is_good: &dyn Fn(&Bytes) -> bool,
        seen: &mut Seen,
    ) -> Option<()> {
        // Where the copies themselves are not meant, the first good one is enough.
        let is_enough =
            |answer: &Result<Bytes, StoreError>| care != Care::Thorough && answer.as_ref().is_ok_and(is_good);
        let copies = self.with_replicas(|set| set.copies(which, (key, max_bytes, care), is_enough))?;
        for (at, copy) in which.iter().copied().zip(copies) {
            match copy {
                Some(Ok(body)) if seen.good.as_ref().is_some_and(|good| *good == body) => {}
                Some(Ok(body)) if seen.good.is_none() && is_good(&body) => seen.good = Some(body),
                // A fence and a snapshot: which of them the damaged copy was decides, and nobody knows.
                Some(Ok(body)) if is_good(&body) => seen.is_contested = true,
                Some(Ok(_)) => seen.damaged.push(at),
                Some(Err(error)) if is_answer(&error) => seen.lacking.push(at),
                Some(Err(_)) => seen.unseen.push(at),
                None => {
                    self.store().replicas()?.set().members()[at].was_late();
                    seen.unseen.push(at);
                }
            }
        }
        Some(())
    }

    /// Puts the good copy that was seen in the place of the others, or queues that.
    fn mend(&self, key: &Key, seen: Seen) -> Option<Rescued> {
        let good = seen.good?;
        let is_contested = seen.is_contested || (!seen.unseen.is_empty() && class::of(key) == Class::Voted);
        let mut is_everywhere = seen.unseen.is_empty() && !is_contested;
        if !is_contested {
            let set = self.store().replicas()?.set();
            seen.damaged.iter().for_each(|at| set.members()[*at].returned_damage(key));
            seen.unseen.iter().for_each(|at| set.not_looked_at(*at, key));
            for at in seen.damaged.into_iter().chain(seen.lacking) {
                // What cannot be replaced now is queued and told by the set.
                is_everywhere &= self.with_replicas(|set| set.replace(at, key, good.clone()))?.is_ok();
            }
        }
        Some(Rescued { body: good, is_everywhere })
    }

    /// Every replica's copy of `key` that can be read, one after the other, until `see` has enough.
    pub fn each_copy(&self, key: &Key, max_bytes: u64, mut see: impl FnMut(Bytes) -> bool) {
        let count = self.store().replicas().map_or(0, |replicas| replicas.set().members().len());
        for at in 0..count {
            if let Some(Ok(body)) = self.with_replicas(|set| set.copy(at, key, max_bytes, Care::Thorough))
                && see(body)
            {
                return;
            }
        }
    }
}
