//! One contest for one state of one key; the argument stands in `timed`.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use bytes::Bytes;

use crate::base::limits;
use crate::store::Version;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::timed::{CLAIMS, ISSUE, Timed};

/// How often a contest is begun anew that a failure or a slow request has broken off.
pub(super) const ROUNDS_MAX: u32 = 12;
/// Other keys whose claims one contest tidies up.
const TIDY_MAX: usize = 64;

/// What the caller wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The key is never swapped: what stands there is what has won.
    Create,
    /// What has won may have been swapped away since.
    Swap,
}

/// A contest, as one of its parties sees it.
pub(super) struct Contest<'a> {
    store: &'a Timed,
    key: &'a Key,
    purpose: Purpose,
    expected: Option<Version>,
    /// Where its claims lie.
    folder: String,
    body: Bytes,
    /// Claims that were put, or may have been.
    own: Vec<Key>,
}

/// How a round ended.
enum Round {
    /// The caller has won.
    Won(Version),
    /// To be begun anew.
    Again,
}

impl<'a> Contest<'a> {
    pub(super) fn new(
        store: &'a Timed,
        key: &'a Key,
        purpose: Purpose,
        expected: Option<Version>,
        body: Bytes,
    ) -> Self {
        let state = match &expected {
            None => "none".into(),
            Some(version) => blake3::hash(version.name().as_bytes()).to_hex()[..32].to_owned(),
        };
        let folder = format!("{CLAIMS}{key}/{state}/");
        Self { store, key, purpose, expected, folder, body, own: Vec::new() }
    }

    /// Whether a claim is one of this contest.
    pub(super) fn is_mine(&self, claim: &Key) -> bool {
        claim.as_str().strip_prefix(&self.folder).is_some_and(|name| !name.contains('/'))
    }

    /// Takes part until it is won or lost.
    pub(super) async fn run(mut self) -> Result<Version, StoreError> {
        let mut failure = None;
        for round in 0..ROUNDS_MAX {
            if round > 0 {
                self.store.clock.sleep(self.store.settle / 10).await;
            }
            match self.round().await {
                Ok(Round::Won(version)) => {
                    self.store.saw([self.key]);
                    return Ok(version);
                }
                Ok(Round::Again) => {}
                Err(error) if error.is_transient() => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(|| self.in_doubt("it is contested all the time, or too slow")))
    }

    /// Brings a contest to its end in which others have claims; they have had their time.
    pub(super) async fn help(mut self) -> Result<(), StoreError> {
        match self.decide().await {
            Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn round(&mut self) -> Result<Round, StoreError> {
        let looked = self.store.clock.now();
        let all = self.list_all().await?;
        let current = self.current().await?;
        if version_of(&current) != self.expected.as_ref() {
            return self.over(current).await;
        }
        if !all.iter().any(|claim| self.is_mine(claim)) {
            let claim = self.new_claim()?;
            if self.is_late(looked) {
                return Ok(Round::Again);
            }
            self.own.push(claim.clone());
            self.store.once(&claim, self.store.direct.create(&claim, self.body.clone())).await?;
        }
        // From here on whoever looks sees a claim, and makes none.
        self.store.clock.sleep(self.store.settle).await;
        let decided = self.decide().await?;
        if let Round::Won(_) = decided {
            self.tidy(&all).await;
        }
        Ok(decided)
    }

    /// Writes what has won: the claims are all there by now.
    async fn decide(&mut self) -> Result<Round, StoreError> {
        let looked = self.store.clock.now();
        let listed = self.store.claims_on(self.key).await?;
        let current = self.current().await?;
        if version_of(&current) != self.expected.as_ref() {
            return self.over(current).await;
        }
        let (mine, older): (Vec<Key>, Vec<Key>) = listed.into_iter().partition(|claim| self.is_mine(claim));
        let Some(winner) = mine.first() else { return Ok(Round::Again) };
        let body = match self.store.inner.get_bounded(winner, limits::RECORD_MAX_BYTES).await {
            Ok((body, _)) => body,
            Err(error) if error.is_not_found() => return Ok(Round::Again),
            Err(error) => return Err(error),
        };
        // A body that was damaged on its way here must not become what stands there for good.
        if !winner.as_str().ends_with(&mark(&body)) {
            return Ok(Round::Again);
        }
        // Contests for earlier states are over: should their state come back, they must not.
        self.store.remove_claims(&older).await?;
        if self.is_late(looked) {
            return Ok(Round::Again);
        }
        let write = self.store.direct.swap(self.key, self.expected.clone(), body.clone());
        match self.store.once(self.key, write).await {
            Ok(version) if self.own.contains(winner) => Ok(Round::Won(version)),
            Ok(version) => self.over(Some((body, version))).await,
            Err(StoreError::Conflict { .. } | StoreError::AlreadyExists { .. }) => Ok(Round::Again),
            Err(error) => Err(error),
        }
    }

    /// The key has left the state that was contested: who has won?
    async fn over(&mut self, current: Option<(Bytes, Version)>) -> Result<Round, StoreError> {
        let (store, lost) = (self.store, self.conflict());
        if self.own.is_empty() {
            return Err(lost);
        }
        let Some((body, version)) = current else {
            // Deleted: before or after it was won, nobody knows.
            return Err(self.in_doubt("it was deleted meanwhile"));
        };
        let is_there = body == self.body;
        let claims = store.claims_on(self.key).await?;
        // Of what is left of a contest, the first has won. Once all claims are tidied away, the body alone
        // tells whose it is: as the contract says, creators of equal bodies may then all have won.
        match claims.iter().find(|claim| self.is_mine(claim)) {
            Some(first) if self.own.contains(first) && is_there => return Ok(Round::Won(version)),
            // It has been swapped away since; what is only created is not, and stands there for good.
            Some(first) if self.own.contains(first) && self.purpose == Purpose::Swap => {
                return Ok(Round::Won(Version::new("superseded")));
            }
            None if self.purpose == Purpose::Create && is_there => return Ok(Round::Won(version)),
            None if self.purpose == Purpose::Swap => {
                return Err(self.in_doubt("who has won is not known any more; read it again"));
            }
            _ => {}
        }
        let own: Vec<Key> = claims.into_iter().filter(|claim| self.own.contains(claim)).collect();
        store.remove_claims(&own).await?;
        Err(lost)
    }

    /// Deletes claims of contests for new keys that are over, as their winners leave them: what cannot
    /// be tidied now will be another time.
    ///
    /// `seen` is from the beginning of the round, and so more than S old. It may hold only some of the
    /// claims of a contest that was going on then, and to delete the first of those alone would let
    /// another one take its place.
    async fn tidy(&self, seen: &[Key]) {
        let keys: BTreeSet<Key> = seen.iter().filter_map(claimed_for_new).collect();
        for key in keys.into_iter().filter(|key| key != self.key).take(TIDY_MAX) {
            if self.store.inner.stat(&key).await.is_err() {
                continue;
            }
            // The key stands, so that all claims of the contest it came from are there by now.
            let Ok(mut claims) = self.store.claims_on(&key).await else { continue };
            claims.retain(|claim| claimed_for_new(claim).as_ref() == Some(&key));
            // A claim that came since may be one of a new contest, after the key was deleted.
            if claims.iter().all(|claim| seen.contains(claim)) {
                let _ = self.store.remove_claims(&claims).await;
            }
        }
    }

    async fn list_all(&self) -> Result<Vec<Key>, StoreError> {
        Ok(self.store.inner.list(CLAIMS).await?.into_iter().map(|meta| meta.key).collect())
    }

    async fn current(&self) -> Result<Option<(Bytes, Version)>, StoreError> {
        match self.store.inner.get_bounded(self.key, limits::RECORD_MAX_BYTES).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn new_claim(&self) -> Result<Key, StoreError> {
        let random = &self.store.random;
        let mark = mark(&self.body);
        Key::new(format!("{}{:016x}{:016x}-{mark}", self.folder, random.next(), random.next()))
    }

    fn is_late(&self, looked: Duration) -> bool {
        self.store.clock.now().saturating_sub(looked) > self.store.settle / ISSUE
    }

    fn conflict(&self) -> StoreError {
        StoreError::Conflict { location: self.store.inner.location(), key: self.key.to_string() }
    }

    fn in_doubt(&self, why: &str) -> StoreError {
        self.store.io_error(self.key, "write", io::ErrorKind::Other, why.into())
    }
}

/// What the name of a claim tells of its body.
fn mark(body: &Bytes) -> String {
    blake3::hash(body).to_hex()[..32].to_owned()
}

fn version_of(current: &Option<(Bytes, Version)>) -> Option<&Version> {
    current.as_ref().map(|(_, version)| version)
}

/// Whether an object is a claim.
pub(super) fn is_claim(key: &Key) -> bool {
    key.as_str().starts_with(CLAIMS)
}

/// Whether a claim is one on `key`, in whatever state.
pub(super) fn lies_below(claim: &Key, key: &Key) -> bool {
    let rest = claim.as_str().strip_prefix(CLAIMS).and_then(|rest| rest.strip_prefix(key.as_str()));
    rest.and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| rest.split('/').count() == 2)
}

/// The key that a claim would create.
fn claimed_for_new(claim: &Key) -> Option<Key> {
    let (path, _) = claim.as_str().strip_prefix(CLAIMS)?.rsplit_once('/')?;
    Key::new(path.strip_suffix("/none")?).ok()
}
