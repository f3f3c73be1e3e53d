//! Bringing a store back to what it held at a time: what was deleted or overwritten since, as a plan, and
//! carrying that out.
//!
//! Needs no key, only a bucket that keeps versions: whoever has lost everything may have lost the config
//! too. What was added since stays, for the newest good backup may be among it. A deleted object comes back
//! by removing the markers above it, which costs nothing; one that was overwritten, or whose markers may
//! not be removed, is read by its version's name and written again over what stands there now, and over
//! nothing else.
//!
//! A key slot that was deleted was most likely removed on purpose: as long as any slot is left, it stays away
//! unless it is asked for.

pub mod copy;

use bytes::Bytes;
use serde::Serialize;

use crate::base::limits;
use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::maintain::budget::Budget;
use crate::maintain::lock::extend::{Trouble, trouble};
use crate::maintain::lock::versions::is_ours;
use crate::maintain::lock::{Around, LockError, Place, for_all};
use crate::store::Version;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::past::{at, by_key};
use crate::store::vault::{ObjectVersion, Vault, VersionId};

/// Longest body that is taken into memory, whatever a store says of it.
const BODY_MAX_BYTES: u64 = limits::PACK_MAX_BYTES * 2;
/// Bytes of bodies in memory at once, unless a single one is longer.
const BUDGET_BYTES: u64 = 512 << 20;

/// What became of an object since the time in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is hidden by a marker.
    Deleted,
    /// Something else stands in its place.
    Overwritten,
    /// It was not there then.
    Added,
}

/// One object that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The object.
    pub key: Key,
    /// What became of it.
    pub change: Change,
    /// When that was.
    pub since: Timestamp,
    /// The version that it was; none of what was added.
    pub then: Option<ObjectVersion>,
    /// Markers above it, the newest first, where nothing else is above it.
    markers: Vec<VersionId>,
    /// What stands there now, if anything does.
    now: Option<Version>,
}

/// What became of a store since a time.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Objects that it held then, sessions and trials apart, and their bytes.
    pub objects_then: u64,
    /// Their bytes.
    pub bytes_then: u64,
    /// Snapshots among them.
    pub snapshots_then: u64,
    /// What is not as it was.
    pub changed: Vec<Changed>,
    /// The earliest change.
    pub first_change: Option<Timestamp>,
    /// The latest.
    pub last_change: Option<Timestamp>,
    /// Key slots that can be read now and were not overwritten.
    pub slots_now: u64,
}

impl Comparison {
    /// How many objects have changed in this way, and the bytes that they had.
    pub fn count(&self, change: Change) -> (u64, u64) {
        let of = self.changed.iter().filter(|one| one.change == change);
        of.fold((0, 0), |(count, bytes), one| {
            (count + 1, bytes + one.then.as_ref().map_or(0, |then| then.size))
        })
    }

    /// Key slots that were removed while others are left.
    pub fn removed_slots(&self) -> impl Iterator<Item = &Changed> {
        let is_one = |one: &&Changed| one.change == Change::Deleted && is_slot(&one.key);
        self.changed.iter().filter(|_| self.slots_now > 0).filter(is_one)
    }

    /// Whether anything that was there then is not as it was.
    pub fn has_losses(&self) -> bool {
        self.changed.iter().any(|one| one.change != Change::Added)
    }
}

/// What was brought back.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Objects whose markers were removed.
    pub unhidden: u64,
    /// Objects that were written again.
    pub rewritten: u64,
    /// Their bytes.
    pub rewritten_bytes: u64,
    /// Key slots that were removed and stay away.
    pub left_out: Vec<Key>,
    /// What could not be brought back, and why.
    pub troubles: Vec<Trouble>,
}

/// Whether objects of this name come and go by themselves, so that nobody wants them back.
fn is_passing(key: &Key) -> bool {
    matches!(key.as_str().split_once('/'), Some(("sessions" | "probe" | "claims", _)))
}

/// Whether it is for a repository to bring back an object of this name.
fn is_wanted(key: &Key) -> bool {
    is_ours(key) && !is_passing(key)
}

fn is_slot(key: &Key) -> bool {
    key.as_str().starts_with("keys/")
}

/// Finds out what is not as it was at `time`.
pub fn compare(place: &Place, time: Timestamp) -> Result<Comparison, LockError> {
    let all = place.client.finish(place.vault()?.versions("")).map_err(LockError::Store)?;
    let mut found = Comparison::default();
    for versions in by_key(&all).filter(|versions| is_wanted(&versions[0].key)) {
        let then = at(versions, time);
        if let Some(then) = then {
            found.objects_then += 1;
            // A server may claim any size.
            found.bytes_then = found.bytes_then.saturating_add(then.size);
            found.snapshots_then += u64::from(then.key.as_str().starts_with("snapshots/"));
        }
        let changed = changed(versions, then);
        let is_good = changed.as_ref().is_none_or(|changed| changed.change == Change::Added);
        found.slots_now += u64::from(is_slot(&versions[0].key) && !versions[0].is_marker && is_good);
        if let Some(changed) = changed {
            if changed.change != Change::Added {
                found.first_change = Some(found.first_change.map_or(changed.since, |t| t.min(changed.since)));
                found.last_change = found.last_change.max(Some(changed.since));
            }
            found.changed.push(changed);
        }
    }
    Ok(found)
}

fn changed(versions: &[ObjectVersion], then: Option<&ObjectVersion>) -> Option<Changed> {
    let newest = versions.first()?;
    let now = (!newest.is_marker).then(|| Version::new(newest.etag.clone().unwrap_or_default()));
    let key = newest.key.clone();
    let Some(then) = then else {
        let since = newest.modified;
        return now.is_some().then_some(Changed {
            key,
            change: Change::Added,
            since,
            then: None,
            markers: Vec::new(),
            now,
        });
    };
    let above = versions.iter().take_while(|version| version.id != then.id);
    let above: Vec<&ObjectVersion> = above.collect();
    // Written again as it was: nothing to do.
    let is_same = !newest.is_marker && newest.size == then.size && newest.etag.is_some();
    if above.is_empty() || (is_same && newest.etag == then.etag) {
        return None;
    }
    let only_markers = above.iter().all(|version| version.is_marker);
    let markers = if only_markers { above.iter().map(|one| one.id.clone()).collect() } else { Vec::new() };
    let change = if newest.is_marker { Change::Deleted } else { Change::Overwritten };
    let since = above.iter().map(|version| version.modified).min().unwrap_or(newest.modified);
    Some(Changed { key, change, since, then: Some(then.clone()), markers, now })
}

/// How one object came back.
enum Way {
    Unhidden,
    Rewritten(u64),
}

/// Brings back what is not as it was. The config and key slots first, snapshots last: whoever reads
/// meanwhile finds no snapshot whose packs are still missing. Key slots that were removed while others are
/// left come back only `with_slots`.
pub fn execute(
    place: &Place,
    comparison: &Comparison,
    with_slots: bool,
    around: &Around<'_>,
) -> Result<Recovered, LockError> {
    let vault = place.vault()?;
    let removed = comparison.removed_slots().filter(|_| !with_slots);
    let left_out: Vec<Key> = removed.map(|one| one.key.clone()).collect();
    let lost = |one: &&Changed| one.change != Change::Added && !left_out.contains(&one.key);
    let is_snapshot = |one: &Changed| one.key.as_str().starts_with("snapshots/");
    let (last, first): (Vec<Changed>, Vec<Changed>) =
        comparison.changed.iter().filter(lost).cloned().partition(is_snapshot);
    around.monitor.event(Event::Stage("bringing back"));
    let budget = Budget::new(BUDGET_BYTES);
    let mut done = Recovered { left_out, ..Recovered::default() };
    for group in [first, last] {
        let work = |one: &Changed| bring_back(place, vault, one, &budget);
        for (one, result) in group.iter().zip(for_all(&group, around, work)?) {
            match result {
                Ok(Way::Unhidden) => done.unhidden += 1,
                Ok(Way::Rewritten(bytes)) => {
                    done.rewritten += 1;
                    done.rewritten_bytes += bytes;
                }
                Err(error) => done.troubles.push(trouble(&one.key, &error)),
            }
        }
    }
    Ok(done)
}

fn bring_back(place: &Place, vault: &dyn Vault, one: &Changed, budget: &Budget) -> Result<Way, StoreError> {
    let Some(then) = &one.then else { return Ok(Way::Unhidden) };
    if !one.markers.is_empty() && unhide(place, vault, one)? {
        return Ok(Way::Unhidden);
    }
    let _held = budget.take(then.size);
    let body = read(place, vault, then)?;
    let bytes = body.len() as u64;
    place.client.swap(&one.key, one.now.clone(), body)?;
    Ok(Way::Rewritten(bytes))
}

/// Removes the markers above an object; `false` where these credentials may not.
fn unhide(place: &Place, vault: &dyn Vault, one: &Changed) -> Result<bool, StoreError> {
    for marker in &one.markers {
        match place.client.finish(vault.delete_version(&one.key, marker)) {
            Ok(()) => {}
            Err(StoreError::Denied { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    // Somebody may hide it again at the same time.
    match place.client.stat(&one.key) {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The whole of a version, checked against its length.
fn read(place: &Place, vault: &dyn Vault, then: &ObjectVersion) -> Result<Bytes, StoreError> {
    check_size(place.client.location(), &then.key, then.size)?;
    let body = place.client.finish(vault.get_version(&then.key, &then.id, then.size))?;
    if body.len() as u64 == then.size {
        return Ok(body);
    }
    let (location, key) = (place.client.location(), then.key.to_string());
    Err(StoreError::ShortRead { location, key, range: 0..then.size, size: body.len() as u64 })
}

/// Refuses what is longer than anything of a repository: the size is what a store says.
fn check_size(location: String, key: &Key, size: u64) -> Result<(), StoreError> {
    let (key, max) = (key.to_string(), BODY_MAX_BYTES);
    if size > max { Err(StoreError::TooLarge { location, key, size, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
