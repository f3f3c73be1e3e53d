//! What the versions of a store tell that its plain listing does not: what was overwritten, which evidence
//! and runbooks were deleted, and whether all snapshots have vanished.
//!
//! Nothing here deletes evidence or a runbook, so that one that is hidden was hidden by somebody else. A
//! plain listing no longer shows it: nobody would renew its lock, and a sweep would take it for good once
//! that ends.

use std::collections::BTreeSet;

use crate::base::time::Timestamp;
use crate::maintain::lock::extend::Trouble;
use crate::maintain::lock::{LockError, Place};
use crate::repo::evidence::{EVIDENCE_PREFIX, RUNBOOKS_PREFIX};
use crate::repo::snapshot::parse_key;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::past::by_key;
use crate::store::vault::{ObjectVersion, is_locked_kind};

/// Folders of a repository; what else lies there is none of ours.
const FOLDERS: &[&str] =
    &["packs", "index", "snapshots", "keys", "sessions", "gc", "evidence", "runbooks", "claims", "probe"];

/// Whether an object of this name belongs to a repository.
pub fn is_ours(key: &Key) -> bool {
    match key.as_str().split_once('/') {
        Some((folder, _)) => FOLDERS.contains(&folder),
        None => key.as_str() == "config",
    }
}

/// Whether an object, whose versions are given the newest first, is created once and stands there as
/// something else than it was created as. Its first version is what it was: nobody writes a name before it
/// is known.
pub fn is_overwritten(versions: &[ObjectVersion]) -> bool {
    let (Some(newest), Some(oldest)) = (versions.first(), versions.iter().rfind(|one| !one.is_marker)) else {
        return false;
    };
    let is_same = newest.size == oldest.size && newest.etag.is_some() && newest.etag == oldest.etag;
    let is_created_once = is_locked_kind(&newest.key) && newest.key.as_str() != "config";
    is_created_once && !newest.is_marker && newest.id != oldest.id && !is_same
}

/// Whether an object, whose versions are given the newest first, is a runbook or evidence not older than
/// `since` that was deleted although it is to be kept.
pub fn is_deleted_record(versions: &[ObjectVersion], since: Timestamp) -> bool {
    let Some(newest) = versions.first().filter(|newest| newest.is_marker) else { return false };
    let is_young = |one: &ObjectVersion| !one.is_marker && one.modified >= since;
    match newest.key.as_str() {
        key if key.starts_with(RUNBOOKS_PREFIX) => versions.iter().any(|one| !one.is_marker),
        key => key.starts_with(EVIDENCE_PREFIX) && versions.iter().any(is_young),
    }
}

/// What stands in a store no more as it was, and is of no use to anybody who renews locks.
#[derive(Debug, Default)]
pub struct Struck {
    /// Objects that are created once and were overwritten.
    pub overwritten: BTreeSet<String>,
    /// Evidence and runbooks that were deleted.
    pub deleted: BTreeSet<String>,
}

impl Struck {
    /// Looks for it in `place`; evidence older than `since` may be gone. Nothing is found where versions may
    /// not be listed.
    pub fn of(place: &Place, since: Timestamp) -> Result<Self, LockError> {
        let all = listed(place, "")?.unwrap_or_default();
        let mut struck = Self::default();
        for versions in by_key(&all) {
            if is_overwritten(versions) {
                struck.overwritten.insert(versions[0].key.to_string());
            } else if is_deleted_record(versions, since) {
                struck.deleted.insert(versions[0].key.to_string());
            }
        }
        Ok(struck)
    }

    /// The troubles of those of `keys` that were overwritten, for a renewal locks what stands there now, and
    /// of all records that were deleted, which a renewal cannot reach.
    pub fn troubles(&self, keys: &[Key]) -> Vec<Trouble> {
        let trouble = |key: &str, what: &str| {
            let why = format!(
                "it was {what}, and what it was loses its lock: bring it back with `lifeboat recover`"
            );
            Trouble { key: key.to_owned(), why }
        };
        let is_overwritten = |key: &&Key| self.overwritten.contains(key.as_str());
        let overwritten = keys.iter().filter(is_overwritten).map(|key| trouble(key.as_str(), "overwritten"));
        overwritten.chain(self.deleted.iter().map(|key| trouble(key, "deleted"))).collect()
    }
}

/// The trouble that a store whose listing shows no snapshot has had some.
pub fn vanished(place: &Place) -> Result<Option<Trouble>, LockError> {
    let all = listed(place, "snapshots/")?.unwrap_or_default();
    let is_one = |versions: &&[ObjectVersion]| {
        parse_key(versions[0].key.as_str()).is_some() && versions.iter().any(|version| !version.is_marker)
    };
    let count = by_key(&all).filter(is_one).count();
    let why = format!(
        "no snapshot is left to keep locked, and {count} were deleted; unless that was meant, bring them \
         back with `lifeboat recover`"
    );
    Ok((count > 0).then(|| Trouble { key: "snapshots/".into(), why }))
}

/// The versions below `prefix`; `None` where they may not or cannot be listed.
fn listed(place: &Place, prefix: &str) -> Result<Option<Vec<ObjectVersion>>, LockError> {
    let Some(vault) = place.client.store().vault() else { return Ok(None) };
    match place.client.finish(vault.versions(prefix)) {
        Ok(all) => Ok(Some(all)),
        Err(StoreError::Denied { .. } | StoreError::Unsupported { .. }) => Ok(None),
        Err(error) => Err(LockError::Store(error)),
    }
}
