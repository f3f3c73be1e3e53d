//! Which objects protected snapshots need, store by store.
//!
//! Beside its packs a snapshot needs the config, the key slots that open the repository, the segments by
//! which its chunks are found, and itself. Whoever can read trees knows the packs of each snapshot exactly;
//! a writer cannot, and takes every pack that the index relies on: what a collector has condemned is not
//! among them, so that garbage is not renewed for long. Evidence and runbooks are needed by people, not by
//! snapshots, and have a time of their own.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::ids::PackName;
use crate::base::time::Timestamp;
use crate::maintain::lock::protect::{Candidate, protected};
use crate::maintain::lock::{LockError, Place};
use crate::pack::reader::pack_key;
use crate::repo::evidence::{EVIDENCE_PREFIX, RUNBOOKS_PREFIX};
use crate::repo::snapshot::parse_key;
use crate::store::key::Key;

/// What every snapshot needs that is not its own.
pub fn common(place: &Place) -> Result<Vec<Key>, LockError> {
    let mut keys = vec![Key::new("config").map_err(LockError::Store)?];
    for folder in ["keys/", "index/"] {
        let listed = place.client.list(folder).map_err(LockError::Store)?;
        keys.extend(listed.into_iter().map(|meta| meta.key));
    }
    Ok(keys)
}

/// The objects of the snapshots that are protected, judged by when they were stored: what a writer can see.
pub fn snapshots_by_listing(place: &Place, window: Duration, now: Timestamp) -> Result<Vec<Key>, LockError> {
    let listed = place.client.list("snapshots/").map_err(LockError::Store)?;
    let ours: Vec<_> = listed
        .iter()
        .filter_map(|meta| {
            Some((meta, Candidate { host: parse_key(meta.key.as_str())?.0, time: meta.modified }))
        })
        .collect();
    let candidates: Vec<Candidate<'_>> = ours.iter().map(|(_, candidate)| *candidate).collect();
    let chosen = protected(&candidates, window, now);
    Ok(ours.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|((meta, _), _)| meta.key.clone()).collect())
}

/// When the oldest evidence was written that is kept for `keep`.
pub fn kept_since(keep: Duration, now: Timestamp) -> Timestamp {
    let seconds = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
    Timestamp { seconds: now.seconds.saturating_sub(seconds), nanos: now.nanos }
}

/// The records that are no snapshot's and are kept for their own sake: evidence younger than `keep`, by the
/// store's clock, and all runbooks, by which a restore is done. What was deleted is not among them: see
/// `versions::Struck`.
pub fn records(place: &Place, keep: Duration, now: Timestamp) -> Result<Vec<Key>, LockError> {
    let begin = kept_since(keep, now);
    let evidence = place.client.list(EVIDENCE_PREFIX).map_err(LockError::Store)?;
    let runbooks = place.client.list(RUNBOOKS_PREFIX).map_err(LockError::Store)?;
    // What has no time counts as young.
    let young = evidence.into_iter().filter(|meta| meta.modified.is_none_or(|time| time >= begin));
    Ok(young.chain(runbooks).map(|meta| meta.key).collect())
}

/// The keys of packs.
pub fn packs(names: impl IntoIterator<Item = PackName>) -> Result<Vec<Key>, LockError> {
    let distinct: BTreeSet<PackName> = names.into_iter().collect();
    distinct.iter().map(|name| Key::new(pack_key(name)).map_err(LockError::Store)).collect()
}
