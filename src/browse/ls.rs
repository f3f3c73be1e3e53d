//! Listing a directory, or everything below it.

use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::browse::reading::{Reading, root_of};
use crate::browse::row::Row;
use crate::browse::walk::{Step, look_up, walk_below};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{Entry, EntryKind};

/// Calls `see` for each entry of the directory `path` (of all directories below, if `recursive`), in the
/// order of names; for the entry itself if `path` is no directory.
pub fn list(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    path: &SnapPath,
    recursive: bool,
    see: &mut dyn FnMut(Row) -> Result<(), BrowseError>,
) -> Result<(), BrowseError> {
    let root = root_of(snapshot)?;
    let mut bytes = if path.is_root() { Vec::new() } else { path.to_bytes() };
    let directory = match look_up(reading, &root, path)? {
        None => root,
        Some(entry) if entry.kind == EntryKind::Dir => entry.chunks,
        Some(entry) => return see(Row::new(None, &bytes, &entry)),
    };
    let mut visitor = |path: &[u8], entry: &mut Entry| {
        see(Row::new(None, path, entry))?;
        Ok(if recursive { Step::Into } else { Step::Over })
    };
    walk_below(reading, &mut bytes, &directory, None, &mut visitor)
}
