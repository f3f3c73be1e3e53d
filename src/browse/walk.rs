//! Walking a snapshot's tree, depth first and in the order of names, with a stack of our own: a tree from
//! a hostile repository may be thousands of levels deep.

use crate::base::limits;
use crate::browse::error::BrowseError;
use crate::browse::path::{SnapPath, push, show};
use crate::browse::reading::Reading;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// Where to go after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// On; into it, if it is a directory.
    Into,
    /// On, but not into it.
    Over,
    /// Nowhere: the walk is over.
    Stop,
}

/// Sees the entries of a walk. Paths begin with `/`.
pub trait Visitor {
    /// Sees one entry, parents before children. What it takes from the entry of a file is its own; a
    /// directory's chunks must stay.
    fn entry(&mut self, path: &[u8], entry: &mut Entry) -> Result<Step, BrowseError>;

    /// Everything below `directory` was seen.
    fn leave(&mut self, _path: &[u8], _directory: &Entry) {}
}

impl<F: FnMut(&[u8], &mut Entry) -> Result<Step, BrowseError>> Visitor for F {
    fn entry(&mut self, path: &[u8], entry: &mut Entry) -> Result<Step, BrowseError> {
        self(path, entry)
    }
}

struct Level {
    entries: std::vec::IntoIter<Entry>,
    path_len: usize,
    directory: Option<Entry>,
}

/// What `path` is in the tree `root`; `None` for the root itself, which has no entry.
pub fn look_up(
    reading: &Reading<'_>,
    root: &ChunkList,
    path: &SnapPath,
) -> Result<Option<Entry>, BrowseError> {
    let mut found: Option<Entry> = None;
    let mut reached = Vec::new();
    for name in path.names() {
        let list = match &found {
            None => root,
            Some(entry) if entry.kind == EntryKind::Dir => &entry.chunks,
            Some(_) => return Err(BrowseError::NotDirectory { path: show(&reached) }),
        };
        let mut entries = reading.tree(&reached, list)?;
        push(&mut reached, name);
        let Ok(at) = entries.binary_search_by(|entry| entry.name.cmp(name)) else {
            return Err(BrowseError::NotFound { path: path.to_string() });
        };
        found = Some(entries.swap_remove(at));
    }
    Ok(found)
}

/// Shows `visitor` the entry at `start` and everything below it; the root itself is not shown.
pub fn walk(
    reading: &Reading<'_>,
    root: &ChunkList,
    start: &SnapPath,
    visitor: &mut dyn Visitor,
) -> Result<(), BrowseError> {
    let Some(mut entry) = look_up(reading, root, start)? else {
        return walk_below(reading, &mut Vec::new(), root, None, visitor);
    };
    let mut path = start.to_bytes();
    match visitor.entry(&path, &mut entry)? {
        Step::Into if entry.kind == EntryKind::Dir => {
            let list = entry.chunks.clone();
            walk_below(reading, &mut path, &list, Some(entry), visitor)
        }
        _ => Ok(()),
    }
}

/// Shows `visitor` everything below the directory `path`, whose tree is `list`.
pub fn walk_below(
    reading: &Reading<'_>,
    path: &mut Vec<u8>,
    list: &ChunkList,
    directory: Option<Entry>,
    visitor: &mut dyn Visitor,
) -> Result<(), BrowseError> {
    let entries = reading.tree(path, list)?.into_iter();
    let mut levels = vec![Level { entries, path_len: path.len(), directory }];
    while let Some(level) = levels.last_mut() {
        path.truncate(level.path_len);
        let Some(mut entry) = level.entries.next() else {
            if let Some(directory) = &level.directory {
                visitor.leave(path, directory);
            }
            levels.pop();
            continue;
        };
        reading.check()?;
        push(path, &entry.name);
        match visitor.entry(path, &mut entry)? {
            Step::Stop => return Ok(()),
            Step::Into if entry.kind == EntryKind::Dir => {
                if levels.len() >= limits::TREE_DEPTH_MAX {
                    return Err(BrowseError::TooDeep { path: show(path) });
                }
                let entries = reading.tree(path, &entry.chunks)?.into_iter();
                levels.push(Level { entries, path_len: path.len(), directory: Some(entry) });
            }
            _ => {}
        }
    }
    Ok(())
}
