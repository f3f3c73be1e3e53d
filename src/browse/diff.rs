//! Comparing two snapshots, or a snapshot and the live tree.
//!
//! Both trees are walked side by side. Directories that are the same tree in the repository are passed over
//! without being read, so comparing two snapshots costs what differs. A file counts as modified when its
//! chunks differ; against the live tree, when its size differs, or its time does and then its contents.

use serde::Serialize;

use crate::base::limits;
use crate::browse::error::BrowseError;
use crate::browse::path::{SnapPath, push, show};
use crate::browse::reading::{Reading, root_of};
use crate::browse::row::spell_path;
use crate::browse::side::Place;
use crate::browse::walk::look_up;
use crate::repo::attachment::DIRECTORY;
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// The schema of a [`Change`].
pub const CHANGE_SCHEMA: &str = "lifeboat.change/1";
/// The schema of a [`DiffSummary`].
pub const DIFF_SCHEMA: &str = "lifeboat.diff/1";

/// What happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Only the second side has it.
    Added,
    /// Only the first side has it.
    Removed,
    /// The contents differ (for a link, where it points to).
    Modified,
    /// Only metadata differs.
    Metadata,
    /// It is of another type.
    Type,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Always [`CHANGE_SCHEMA`].
    pub schema: &'static str,
    /// What happened.
    pub change: ChangeKind,
    /// Where; lossy where it is no text.
    pub path: String,
    /// The path's bytes in base64, only where they are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// The type on the first side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_type: Option<EntryKind>,
    /// The type on the second side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_type: Option<EntryKind>,
    /// Bytes on the first side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_bytes: Option<u64>,
    /// Bytes on the second side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_bytes: Option<u64>,
    /// Which metadata differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
}

/// All differences, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffSummary {
    /// Always [`DIFF_SCHEMA`].
    pub schema: &'static str,
    /// Entries only the second side has.
    pub added: u64,
    /// Entries only the first side has.
    pub removed: u64,
    /// Files and links whose contents differ.
    pub modified: u64,
    /// Entries of which only metadata differs.
    pub metadata: u64,
    /// Entries of another type.
    pub type_changed: u64,
    /// Bytes of added files, and of modified ones as they are on the second side.
    pub added_bytes: u64,
    /// Bytes of removed files, and of modified ones as they were on the first side.
    pub removed_bytes: u64,
}

/// How to compare.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiffOptions {
    /// Ignore differences of metadata alone.
    pub contents_only: bool,
    /// Read live files even where size and time agree.
    pub read_contents: bool,
    /// Leave out what the old side has attached: nothing of it lies in the live `/`.
    pub without_attachments: bool,
}

/// Compares `path` in `old` with `path` in `new`, and calls `see` for each difference, in order.
pub fn diff_snapshots(
    reading: &Reading<'_>,
    old: &Snapshot,
    new: &Snapshot,
    path: &SnapPath,
    options: DiffOptions,
    see: &mut dyn FnMut(Change) -> Result<(), BrowseError>,
) -> Result<DiffSummary, BrowseError> {
    let sides = [find(reading, old, path)?, find(reading, new, path)?];
    let mut diff = Diff::new(*reading, options, see);
    let [old, new] = sides;
    let (tree_old, tree_new) = (Place::Tree(ChunkList::default()), Place::Tree(ChunkList::default()));
    let base = path.to_bytes();
    match (old, new) {
        (None, None) => return Err(BrowseError::NotFound { path: path.to_string() }),
        (Some(Found::Root(one)), Some(Found::Root(two))) => {
            diff.push(Vec::new(), Some(Place::Tree(one)), Some(Place::Tree(two)))?;
        }
        (one, two) => {
            let (one, two) = (one.and_then(Found::entry), two.and_then(Found::entry));
            diff.pair(&base, one.map(|entry| (entry, tree_old)), two.map(|entry| (entry, tree_new)))?;
        }
    }
    diff.run()
}

/// Compares the directory `path` of `old` with the live directory `live` (see `live::open`).
pub fn diff_live(
    reading: &Reading<'_>,
    old: &Snapshot,
    path: &SnapPath,
    live: Place,
    options: DiffOptions,
    see: &mut dyn FnMut(Change) -> Result<(), BrowseError>,
) -> Result<DiffSummary, BrowseError> {
    let tree = match find(reading, old, path)? {
        Some(Found::Root(list)) => list,
        Some(Found::Entry(entry)) if entry.kind == EntryKind::Dir => entry.chunks,
        Some(Found::Entry(_)) => return Err(BrowseError::NotDirectory { path: path.to_string() }),
        None => return Err(BrowseError::NotFound { path: path.to_string() }),
    };
    let mut diff = Diff::new(*reading, options, see);
    let base = if path.is_root() { Vec::new() } else { path.to_bytes() };
    diff.push(base, Some(Place::Tree(tree)), Some(live))?;
    diff.run()
}

enum Found {
    Root(ChunkList),
    Entry(Box<Entry>),
}

impl Found {
    fn entry(self) -> Option<Entry> {
        match self {
            Found::Root(_) => None,
            Found::Entry(entry) => Some(*entry),
        }
    }
}

fn find(reading: &Reading<'_>, snapshot: &Snapshot, path: &SnapPath) -> Result<Option<Found>, BrowseError> {
    let root = root_of(snapshot)?;
    match look_up(reading, &root, path) {
        Ok(Some(entry)) => Ok(Some(Found::Entry(Box::new(entry)))),
        Ok(None) => Ok(Some(Found::Root(root))),
        Err(BrowseError::NotFound { .. } | BrowseError::NotDirectory { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

type Children = std::iter::Peekable<std::vec::IntoIter<Entry>>;

struct Level {
    path: Vec<u8>,
    old: (Option<Place>, Children),
    new: (Option<Place>, Children),
}

struct Diff<'a, 'r> {
    reading: Reading<'r>,
    options: DiffOptions,
    see: &'a mut dyn FnMut(Change) -> Result<(), BrowseError>,
    levels: Vec<Level>,
    summary: DiffSummary,
}

impl<'a, 'r> Diff<'a, 'r> {
    fn new(
        reading: Reading<'r>,
        options: DiffOptions,
        see: &'a mut dyn FnMut(Change) -> Result<(), BrowseError>,
    ) -> Self {
        let summary = DiffSummary {
            schema: DIFF_SCHEMA,
            added: 0,
            removed: 0,
            modified: 0,
            metadata: 0,
            type_changed: 0,
            added_bytes: 0,
            removed_bytes: 0,
        };
        Self { reading, options, see, levels: Vec::new(), summary }
    }

    /// Goes on with the directories `old` and `new` at `path`.
    fn push(&mut self, path: Vec<u8>, old: Option<Place>, new: Option<Place>) -> Result<(), BrowseError> {
        if let (Some(one), Some(two)) = (&old, &new)
            && one.is_same(two)
        {
            return Ok(());
        }
        if self.levels.len() >= limits::TREE_DEPTH_MAX {
            return Err(BrowseError::TooDeep { path: show(&path) });
        }
        let children = |place: &Option<Place>| match place {
            Some(place) => place.children(&self.reading, &path),
            None => Ok(Vec::new()),
        };
        let mut olds = children(&old)?;
        if self.options.without_attachments && path.is_empty() {
            olds.retain(|entry| entry.name != DIRECTORY.as_bytes());
        }
        let (olds, news) = (olds.into_iter().peekable(), children(&new)?.into_iter().peekable());
        self.levels.push(Level { path, old: (old, olds), new: (new, news) });
        Ok(())
    }

    fn run(mut self) -> Result<DiffSummary, BrowseError> {
        while let Some(level) = self.levels.last_mut() {
            let order = match (level.old.1.peek(), level.new.1.peek()) {
                (None, None) => {
                    self.levels.pop();
                    continue;
                }
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(old), Some(new)) => old.name.cmp(&new.name),
            };
            let old = if order.is_le() { level.old.1.next() } else { None };
            let new = if order.is_ge() { level.new.1.next() } else { None };
            let mut path = level.path.clone();
            if let Some(entry) = old.as_ref().or(new.as_ref()) {
                push(&mut path, &entry.name);
            }
            let (old_parent, new_parent) = (level.old.0.clone(), level.new.0.clone());
            self.reading.check()?;
            self.pair(&path, old.zip(old_parent), new.zip(new_parent))?;
        }
        Ok(self.summary)
    }

    /// Compares two entries of one name, each with the directory it lies in.
    fn pair(
        &mut self,
        path: &[u8],
        old: Option<(Entry, Place)>,
        new: Option<(Entry, Place)>,
    ) -> Result<(), BrowseError> {
        match (&old, &new) {
            (Some((one, _)), None) => self.tell(path, ChangeKind::Removed, Some(one), None, vec![])?,
            (None, Some((two, _))) => self.tell(path, ChangeKind::Added, None, Some(two), vec![])?,
            (Some((one, _)), Some((two, _))) if one.kind != two.kind => {
                self.tell(path, ChangeKind::Type, Some(one), Some(two), vec!["type"])?;
            }
            (Some((one, _)), Some((two, place))) => {
                let fields = metadata_changes(one, two, place.is_live());
                if self.contents_differ(path, one, two, place)? {
                    self.tell(path, ChangeKind::Modified, Some(one), Some(two), fields)?;
                } else if !fields.is_empty() && !self.options.contents_only {
                    self.tell(path, ChangeKind::Metadata, Some(one), Some(two), fields)?;
                }
            }
            (None, None) => return Ok(()),
        }
        let below = |side: &Option<(Entry, Place)>| match side {
            Some((entry, place)) if entry.kind == EntryKind::Dir => place.child(entry).map(Some),
            _ => Ok(None),
        };
        let (old, new) = (below(&old)?, self.below_new(below(&new))?);
        match (&old, &new) {
            (None, None) => Ok(()),
            _ => self.push(path.to_vec(), old, new),
        }
    }

    /// A live directory that cannot be opened is told of, and taken as empty.
    fn below_new(&self, place: Result<Option<Place>, BrowseError>) -> Result<Option<Place>, BrowseError> {
        match place {
            Err(BrowseError::System(error)) => {
                let text = format!("{error}: {}", error.source);
                self.reading.monitor.event(crate::base::monitor::Event::Warning(&text));
                Ok(None)
            }
            other => other,
        }
    }

    fn contents_differ(
        &self,
        path: &[u8],
        old: &Entry,
        new: &Entry,
        place: &Place,
    ) -> Result<bool, BrowseError> {
        match (old.kind, place) {
            (EntryKind::Symlink, _) => Ok(old.target != new.target),
            (EntryKind::CharDev | EntryKind::BlockDev, _) => Ok(old.device != new.device),
            (EntryKind::File, Place::Tree(_)) => {
                Ok(old.size != new.size || old.chunks != new.chunks || old.holes != new.holes)
            }
            (EntryKind::File, Place::Live(dir)) => {
                if old.size != new.size {
                    return Ok(true);
                }
                if old.mtime == new.mtime && !self.options.read_contents {
                    return Ok(false);
                }
                match dir.has_contents_of(&self.reading, &new.name, path, old) {
                    Err(BrowseError::System(error)) => {
                        let text = format!("{error}: {}", error.source);
                        self.reading.monitor.event(crate::base::monitor::Event::Warning(&text));
                        Ok(true)
                    }
                    is_same => Ok(!is_same?),
                }
            }
            _ => Ok(false),
        }
    }

    fn tell(
        &mut self,
        path: &[u8],
        change: ChangeKind,
        old: Option<&Entry>,
        new: Option<&Entry>,
        fields: Vec<&'static str>,
    ) -> Result<(), BrowseError> {
        let bytes =
            |entry: Option<&Entry>| entry.filter(|entry| entry.kind == EntryKind::File).map(|e| e.size);
        let (old_bytes, new_bytes) = (bytes(old), bytes(new));
        let summary = &mut self.summary;
        *match change {
            ChangeKind::Added => &mut summary.added,
            ChangeKind::Removed => &mut summary.removed,
            ChangeKind::Modified => &mut summary.modified,
            ChangeKind::Metadata => &mut summary.metadata,
            ChangeKind::Type => &mut summary.type_changed,
        } += 1;
        if change != ChangeKind::Metadata {
            summary.added_bytes = summary.added_bytes.saturating_add(new_bytes.unwrap_or(0));
            summary.removed_bytes = summary.removed_bytes.saturating_add(old_bytes.unwrap_or(0));
        }
        let (text, path_base64) = spell_path(path);
        (self.see)(Change {
            schema: CHANGE_SCHEMA,
            change,
            path: text,
            path_base64,
            old_type: old.map(|entry| entry.kind),
            new_type: new.map(|entry| entry.kind),
            old_bytes,
            new_bytes,
            fields,
        })
    }
}

/// Names of the metadata in which the entries differ. What the live side does not tell is not compared.
fn metadata_changes(old: &Entry, new: &Entry, is_live: bool) -> Vec<&'static str> {
    // A link's permission bits mean nothing, and systems make them up.
    let mode = old.kind != EntryKind::Symlink && old.mode != new.mode;
    let both = [
        ("mode", mode),
        ("uid", old.uid != new.uid),
        ("gid", old.gid != new.gid),
        ("mtime", old.mtime != new.mtime),
        ("xattrs", old.xattrs != new.xattrs),
        ("user", !is_live && old.user != new.user),
        ("group", !is_live && old.group != new.group),
        ("flags", !is_live && old.flags != new.flags),
    ];
    both.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
