//! What the versions of a store tell that its plain listing does not: what was overwritten, and whether all
//! snapshots have vanished.

use std::collections::BTreeSet;

use crate::maintain::lock::extend::Trouble;
use crate::maintain::lock::{LockError, Place};
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

/// The objects of `place` that were overwritten; none where versions may not be listed.
pub fn overwritten(place: &Place) -> Result<BTreeSet<String>, LockError> {
    let all = listed(place, "")?.unwrap_or_default();
    let of = |versions: &[ObjectVersion]| is_overwritten(versions).then(|| versions[0].key.to_string());
    Ok(by_key(&all).filter_map(of).collect())
}

/// The troubles of those of `keys` that are among `overwritten`: a renewal locks what stands there now.
pub fn troubles(keys: &[Key], overwritten: &BTreeSet<String>) -> Vec<Trouble> {
    let why = "it was overwritten, and what it was loses its lock: bring it back with `lifeboat recover`";
    let is_one = |key: &&Key| overwritten.contains(key.as_str());
    keys.iter().filter(is_one).map(|key| Trouble { key: key.to_string(), why: why.into() }).collect()
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
