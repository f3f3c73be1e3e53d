//! Clearing away versions that were hidden long ago and that no lock holds any more.
//!
//! A plain delete only hides. What was hidden long enough for nobody to want it back is deleted for good,
//! version by version, except beneath what was overwritten although it is created once: there, a hidden
//! version is the good one, and except of evidence and runbooks that are to be kept, which nobody deletes who
//! means well. A marker goes last, when nothing is left beneath it that would come to light.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::maintain::lock::extend::{Trouble, trouble};
use crate::maintain::lock::versions::{is_deleted_record, is_ours, is_overwritten};
use crate::maintain::lock::{Around, LockError, Place, for_all, scope};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::past::by_key;
use crate::store::vault::{ObjectVersion, Vault, VersionId};

/// What can go of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The object.
    pub key: Key,
    /// Versions that were hidden long ago, the oldest first, with their sizes.
    pub versions: Vec<(VersionId, u64)>,
    /// Markers that go once those are gone, the oldest first; none where something else stays beneath.
    pub markers: Vec<VersionId>,
}

/// What can go of a store.
#[derive(Debug, Default)]
pub struct SweepPlan {
    /// Object by object.
    pub hidden: Vec<Hidden>,
    /// How many versions, markers not counted.
    pub versions: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Versions that were hidden too short a time ago, lie beneath what overwrote them, or are to be kept.
    pub kept: u64,
    /// Objects that are created once and were overwritten: of these everything stays.
    pub overwritten: Vec<Key>,
    /// Evidence and runbooks that were deleted and are to be kept: of these too.
    pub deleted: Vec<Key>,
    /// What was hidden later than this stays.
    before: Timestamp,
}

/// What went.
#[derive(Debug, Default)]
pub struct Swept {
    /// Versions that were deleted.
    pub versions: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Markers that were deleted.
    pub markers: u64,
    /// Versions that are still locked.
    pub locked: u64,
    /// What could not be deleted, and why.
    pub troubles: Vec<Trouble>,
}

/// Finds what was hidden at least `age` ago. Evidence younger than `keep_evidence` is to be kept, and so are
/// all runbooks.
pub fn plan(
    place: &Place,
    age: Duration,
    keep_evidence: Duration,
    now: Timestamp,
) -> Result<SweepPlan, LockError> {
    let all = place.client.finish(place.vault()?.versions("")).map_err(LockError::Store)?;
    let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    let before = Timestamp { seconds: now.seconds.saturating_sub(seconds), nanos: now.nanos };
    let kept_since = scope::kept_since(keep_evidence, now);
    let mut plan = SweepPlan { before, ..SweepPlan::default() };
    for versions in by_key(&all).filter(|versions| is_ours(&versions[0].key)) {
        if is_deleted_record(versions, kept_since) {
            plan.kept += versions.iter().filter(|version| !version.is_marker).count() as u64;
            plan.deleted.push(versions[0].key.clone());
            continue;
        }
        let hidden = of_one(versions, before, &mut plan.kept);
        if is_overwritten(versions) {
            plan.overwritten.push(hidden.key);
            continue;
        }
        plan.versions += hidden.versions.len() as u64;
        // A server may claim any size.
        plan.bytes = hidden.versions.iter().map(|(_, bytes)| *bytes).fold(plan.bytes, u64::saturating_add);
        if !hidden.versions.is_empty() || !hidden.markers.is_empty() {
            plan.hidden.push(hidden);
        }
    }
    Ok(plan)
}

/// What can go of one object, whose versions are given the newest first.
fn of_one(versions: &[ObjectVersion], before: Timestamp, kept: &mut u64) -> Hidden {
    let mut hidden = Hidden { key: versions[0].key.clone(), versions: Vec::new(), markers: Vec::new() };
    if is_overwritten(versions) {
        *kept += versions.iter().skip(1).filter(|version| !version.is_marker).count() as u64;
        return hidden;
    }
    // From the oldest on: as soon as one has to stay, so do the markers above it.
    let mut is_bare = true;
    for at in (0..versions.len()).rev() {
        let one = &versions[at];
        let hidden_since = at.checked_sub(1).map(|newer| versions[newer].modified);
        if one.is_marker {
            if is_bare && one.modified <= before {
                hidden.markers.push(one.id.clone());
            }
        } else if hidden_since.is_some_and(|since| since <= before) {
            hidden.versions.push((one.id.clone(), one.size));
        } else {
            *kept += u64::from(at > 0);
            is_bare = false;
        }
    }
    hidden
}

/// Carries `plan` out. What is still locked stays, and is counted.
pub fn execute(place: &Place, plan: &SweepPlan, around: &Around<'_>) -> Result<Swept, LockError> {
    let vault = place.vault()?;
    around.monitor.event(Event::Stage("clearing away"));
    let delete = |hidden: &Hidden| {
        let mut swept = Swept::default();
        let all = match place.client.finish(vault.versions(hidden.key.as_str())) {
            Ok(all) => all,
            Err(error) => {
                swept.troubles.push(trouble(&hidden.key, &error));
                return swept;
            }
        };
        if let Some(hidden) = still_hidden(hidden, &all, plan.before) {
            delete_one(place, vault, &hidden, &mut swept);
        }
        swept
    };
    let mut total = Swept::default();
    let mut troubles = BTreeMap::new();
    for swept in for_all(&plan.hidden, around, delete)? {
        total.versions += swept.versions;
        total.bytes = total.bytes.saturating_add(swept.bytes);
        total.markers += swept.markers;
        total.locked += swept.locked;
        troubles.extend(swept.troubles.into_iter().map(|trouble| (trouble.key.clone(), trouble)));
    }
    total.troubles = troubles.into_values().collect();
    Ok(total)
}

/// What of `hidden` is hidden still, now that `all` are the versions: somebody may have brought it back.
fn still_hidden(hidden: &Hidden, all: &[ObjectVersion], before: Timestamp) -> Option<Hidden> {
    let versions = by_key(all).find(|versions| versions[0].key == hidden.key)?;
    let mut now = of_one(versions, before, &mut 0);
    let all_planned = now.versions.iter().all(|version| hidden.versions.contains(version));
    now.versions.retain(|version| hidden.versions.contains(version));
    now.markers.retain(|marker| all_planned && hidden.markers.contains(marker));
    Some(now)
}

fn delete_one(place: &Place, vault: &dyn Vault, hidden: &Hidden, swept: &mut Swept) {
    for (id, bytes) in &hidden.versions {
        match place.client.finish(vault.delete_version(&hidden.key, id)) {
            Ok(()) => {
                swept.versions += 1;
                swept.bytes = swept.bytes.saturating_add(*bytes);
            }
            Err(StoreError::Locked { .. }) => swept.locked += 1,
            Err(error) => swept.troubles.push(trouble(&hidden.key, &error)),
        }
    }
    // A marker goes only where nothing beneath it would come to light.
    if swept.versions < hidden.versions.len() as u64 {
        return;
    }
    for id in &hidden.markers {
        match place.client.finish(vault.delete_version(&hidden.key, id)) {
            Ok(()) => swept.markers += 1,
            Err(error) => swept.troubles.push(trouble(&hidden.key, &error)),
        }
    }
}
