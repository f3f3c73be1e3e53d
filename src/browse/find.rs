//! Finding entries by name, path, kind, age and size, in one snapshot or many.
//!
//! A tree that occurs in several snapshots, and in which nothing was found once, is not read again: with
//! name patterns wherever it occurs, with path patterns only at the same path.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Serialize;

use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::browse::error::BrowseError;
use crate::browse::path::{SnapPath, show};
use crate::browse::reading::{Reading, root_of};
use crate::browse::row::Row;
use crate::browse::walk::{Step, Visitor, walk};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// The schema of a [`FindReport`].
pub const FIND_SCHEMA: &str = "lifeboat.find/1";
/// Trees without a match that are remembered (16 bytes each).
const BARREN_MAX: usize = 2 << 20;

/// What to look for. Every condition that is given must hold; of the patterns, one.
#[derive(Clone, Debug, Default)]
pub struct FindOptions {
    /// Globs: on the whole path where they have a `/`, on the name otherwise. None: every name fits.
    pub patterns: Vec<String>,
    /// Whether case does not matter.
    pub ignore_case: bool,
    /// Kinds wanted; none: all.
    pub kinds: Vec<EntryKind>,
    /// Only what changed after this.
    pub newer: Option<Timestamp>,
    /// Only what changed before this.
    pub older: Option<Timestamp>,
    /// Only files of more bytes.
    pub larger: Option<u64>,
    /// Only files of fewer bytes.
    pub smaller: Option<u64>,
    /// Where to look; the root for everywhere.
    pub below: SnapPath,
}

/// What was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct FindReport {
    /// Always [`FIND_SCHEMA`].
    pub schema: &'static str,
    /// Snapshots searched.
    pub snapshots: u64,
    /// Snapshots that do not have the path that was to be searched.
    pub without_path: u64,
    /// Entries looked at.
    pub entries: u64,
    /// Entries found.
    pub found: u64,
}

struct Matcher<'a> {
    options: &'a FindOptions,
    names: GlobSet,
    paths: GlobSet,
    has_patterns: bool,
}

impl<'a> Matcher<'a> {
    fn new(options: &'a FindOptions) -> Result<Self, BrowseError> {
        let (mut names, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in &options.patterns {
            let fail = |source| BrowseError::Pattern { pattern: pattern.clone(), source };
            let is_path = pattern.contains('/');
            // Paths are absolute; `etc/*.conf` means it anywhere, as a person would.
            let full = match is_path && !pattern.starts_with('/') && !pattern.starts_with("**/") {
                true => format!("**/{pattern}"),
                false => pattern.clone(),
            };
            let glob = GlobBuilder::new(&full)
                .case_insensitive(options.ignore_case)
                .literal_separator(is_path)
                .backslash_escape(true)
                .build()
                .map_err(fail)?;
            if is_path {
                paths.add(glob)
            } else {
                names.add(glob)
            };
        }
        let build = |builder: GlobSetBuilder| {
            builder
                .build()
                .map_err(|source| BrowseError::Pattern { pattern: options.patterns.join(" "), source })
        };
        let has_patterns = !options.patterns.is_empty();
        Ok(Self { options, names: build(names)?, paths: build(paths)?, has_patterns })
    }

    fn fits(&self, path: &[u8], entry: &Entry) -> bool {
        let options = self.options;
        let as_path = |bytes| Path::new(OsStr::from_bytes(bytes));
        let is_file = entry.kind == EntryKind::File;
        (options.kinds.is_empty() || options.kinds.contains(&entry.kind))
            && options.newer.is_none_or(|bound| entry.mtime > bound)
            && options.older.is_none_or(|bound| entry.mtime < bound)
            && options.larger.is_none_or(|bound| is_file && entry.size > bound)
            && options.smaller.is_none_or(|bound| is_file && entry.size < bound)
            && (!self.has_patterns
                || self.names.is_match(as_path(entry.name.as_slice()))
                || self.paths.is_match(as_path(path)))
    }
}

/// Calls `see` for every entry of `snapshots` that fits.
pub fn find(
    reading: &Reading<'_>,
    snapshots: &[Snapshot],
    options: &FindOptions,
    see: &mut dyn FnMut(Row) -> Result<(), BrowseError>,
) -> Result<FindReport, BrowseError> {
    let matcher = Matcher::new(options)?;
    let mut search = Search {
        matcher: &matcher,
        see,
        snapshot: String::new(),
        barren: HashSet::new(),
        path_depends: !matcher.paths.is_empty(),
        open: Vec::new(),
        report: FindReport { schema: FIND_SCHEMA, snapshots: 0, without_path: 0, entries: 0, found: 0 },
    };
    for snapshot in snapshots {
        reading.monitor.event(Event::Current(&snapshot.id.short()));
        search.snapshot = snapshot.id.to_string();
        search.open.clear();
        match walk(reading, &root_of(snapshot)?, &options.below, &mut search) {
            Ok(()) => {}
            Err(BrowseError::NotFound { .. } | BrowseError::NotDirectory { .. }) => {
                search.report.without_path += 1;
            }
            Err(error) => return Err(error),
        }
        search.report.snapshots += 1;
    }
    if search.report.without_path > 0 && search.report.without_path == search.report.snapshots {
        return Err(BrowseError::NotFound { path: show(&options.below.to_bytes()) });
    }
    Ok(search.report)
}

struct Search<'a> {
    matcher: &'a Matcher<'a>,
    see: &'a mut dyn FnMut(Row) -> Result<(), BrowseError>,
    snapshot: String,
    barren: HashSet<[u8; 16]>,
    path_depends: bool,
    /// Found so far when each of the directories on the way was entered.
    open: Vec<u64>,
    report: FindReport,
}

impl Search<'_> {
    fn key(&self, path: &[u8], list: &ChunkList) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[u8::from(list.indirect)]);
        hasher.update(&(list.ids.len() as u64).to_le_bytes());
        for id in &list.ids {
            hasher.update(&id.0);
        }
        if self.path_depends {
            hasher.update(path);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        key
    }
}

impl Visitor for Search<'_> {
    fn entry(&mut self, path: &[u8], entry: &mut Entry) -> Result<Step, BrowseError> {
        self.report.entries += 1;
        if self.matcher.fits(path, entry) {
            self.report.found += 1;
            (self.see)(Row::new(Some(self.snapshot.clone()), path, entry))?;
        }
        if entry.kind != EntryKind::Dir {
            return Ok(Step::Over);
        }
        if self.barren.contains(&self.key(path, &entry.chunks)) {
            return Ok(Step::Over);
        }
        self.open.push(self.report.found);
        Ok(Step::Into)
    }

    fn leave(&mut self, path: &[u8], directory: &Entry) {
        let before = self.open.pop();
        if before == Some(self.report.found) && self.barren.len() < BARREN_MAX {
            let key = self.key(path, &directory.chunks);
            self.barren.insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: EntryKind, size: u64, seconds: i64) -> Entry {
        Entry {
            name: name.into(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            user: None,
            group: None,
            mtime: Timestamp { seconds, nanos: 0 },
            atime: None,
            size,
            target: None,
            device: None,
            hardlink: None,
            xattrs: vec![],
            flags: 0,
            holes: vec![],
            chunks: ChunkList::default(),
            fault: None,
        }
    }

    fn fits(options: &FindOptions, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap();
        let entry = entry(name, EntryKind::File, 100, 50);
        Matcher::new(options).unwrap().fits(path.as_bytes(), &entry)
    }

    fn pattern(text: &str, ignore_case: bool) -> FindOptions {
        FindOptions { patterns: vec![text.into()], ignore_case, ..Default::default() }
    }

    #[test]
    fn patterns_match_names_or_whole_paths() {
        assert!(fits(&pattern("*.conf", false), "/etc/a.conf"));
        assert!(!fits(&pattern("*.conf", false), "/etc/a.CONF"));
        assert!(fits(&pattern("*.conf", true), "/etc/a.CONF"));
        assert!(fits(&pattern("/etc/*", false), "/etc/a"));
        assert!(!fits(&pattern("/etc/*", false), "/etc/ssh/a"));
        assert!(fits(&pattern("/etc/**", false), "/etc/ssh/a"));
        assert!(fits(&pattern("ssh/*", false), "/etc/ssh/a"));
        assert!(!fits(&pattern("ssh", false), "/etc/ssh/a"));
        assert!(Matcher::new(&pattern("[", false)).is_err());
    }

    #[test]
    fn every_condition_must_hold() {
        let base = pattern("a", false);
        let time = |seconds| Some(Timestamp { seconds, nanos: 0 });
        assert!(fits(&FindOptions { newer: time(49), older: time(51), ..base.clone() }, "/a"));
        assert!(!fits(&FindOptions { newer: time(50), ..base.clone() }, "/a"));
        assert!(!fits(&FindOptions { older: time(50), ..base.clone() }, "/a"));
        assert!(fits(&FindOptions { larger: Some(99), smaller: Some(101), ..base.clone() }, "/a"));
        assert!(!fits(&FindOptions { larger: Some(100), ..base.clone() }, "/a"));
        assert!(!fits(&FindOptions { kinds: vec![EntryKind::Dir], ..base }, "/a"));
    }
}
