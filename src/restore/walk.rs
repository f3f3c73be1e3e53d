//! Planning: through the snapshot's trees and the target side by side, changing nothing.
//!
//! Trees come from the repository and may be hostile: names are checked once more, depth and number are
//! bounded, and a tree that holds itself is found. What is there already is only looked at.

use std::collections::HashMap;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::base::limits;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::repo::tree::{ChunkList, Entry, EntryKind};
use crate::restore::error::{RestoreError, chain_text};
use crate::restore::items::{Action, Items, ROOT};
use crate::restore::journal::Past;
use crate::restore::options::{Overwrite, RestoreOptions};
use crate::restore::owners::Resolver;
use crate::restore::schedule::BlockRef;
use crate::restore::selection::{Patterns, Verdict};
use crate::restore::source::{Origin, PackRef, Source, SourceError};
use crate::sys::dir::DirHandle;
use crate::sys::error::{SysResult, show_path};
use crate::sys::path::{Place, check_name};
use crate::sys::stat::{FileKind, Stat};

/// Directories kept open at once while walking; deeper ones are opened when needed.
const OPEN_DEPTH_MAX: usize = 128;
/// Entries between two looks at the interrupt and two reports.
const REPORT_EVERY: u32 = 4096;

/// Something at the target that the snapshot does not have.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The directory it lies in.
    pub parent: u32,
    /// Its name.
    pub name: Vec<u8>,
}

/// What walking found.
#[derive(Debug, Default)]
pub struct Found {
    /// The entries.
    pub items: Items,
    /// Packs that hold their contents.
    pub packs: Vec<PackRef>,
    /// Blocks of these packs.
    pub blocks: Vec<BlockRef>,
    /// What is to be removed.
    pub deletions: Vec<Deletion>,
    /// What people should know before they agree.
    pub warnings: Vec<String>,
    /// Whether a directory at the target passes its group on.
    pub inherits_group: bool,
    /// Files whose setuid or setgid bits or capabilities are left out.
    pub stripped: u64,
    /// The entry of the directory that becomes the target, if a path was asked for.
    pub root: Option<Entry>,
}

/// A directory at the target that is there already.
enum Existing {
    Open(DirHandle),
    /// Too deep to be kept open.
    Far(Place),
}

struct Frame {
    item: u32,
    tree: ChunkList,
    entries: std::vec::IntoIter<Entry>,
    existing: Option<Existing>,
    selected: bool,
    path_len: usize,
}

/// The walk.
pub struct Walk<'a> {
    pub(super) source: &'a dyn Source,
    origin: &'a Origin,
    pub(super) options: &'a RestoreOptions,
    pub(super) past: Option<&'a Past>,
    patterns: Patterns,
    pub(super) resolver: Resolver,
    monitor: &'a dyn Monitor,
    interrupt: &'a Interrupt,
    root: Option<DirHandle>,
    pub(super) found: Found,
    pub(super) pack_numbers: HashMap<PackName, u32>,
    pub(super) block_numbers: HashMap<BlockRef, u32>,
    pub(super) links: HashMap<(u64, u64), u32>,
    /// The path below the target of what is being looked at, beginning with `/`.
    pub(super) path: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// A walk that will look at `root`, the target if it is there.
    pub fn new(
        source: &'a dyn Source,
        origin: &'a Origin,
        options: &'a RestoreOptions,
        past: Option<&'a Past>,
        root: Option<DirHandle>,
        (monitor, interrupt): (&'a dyn Monitor, &'a Interrupt),
    ) -> Result<Self, RestoreError> {
        Ok(Self {
            source,
            origin,
            options,
            past,
            patterns: Patterns::new(&options.selection)?,
            resolver: Resolver::new(&options.owners),
            monitor,
            interrupt,
            root,
            found: Found::default(),
            pack_numbers: HashMap::new(),
            block_numbers: HashMap::new(),
            links: HashMap::new(),
            path: Vec::new(),
        })
    }

    /// Walks everything.
    pub fn run(mut self) -> Result<Found, RestoreError> {
        let (tree, entries) = self.start()?;
        let existing = self.root.clone().map(Existing::Open);
        let selected = self.patterns.verdict(b"/", true, false) == Verdict::Selected;
        let whole = self.found.root.as_ref().is_none_or(|entry| entry.fault.is_none());
        if self.found.root.is_some() || tree.is_some() {
            self.plan_deletions(ROOT, existing.as_ref(), &entries, selected && whole)?;
        }
        let frame = Frame {
            item: ROOT,
            tree: tree.unwrap_or_default(),
            entries: entries.into_iter(),
            existing,
            selected,
            path_len: 0,
        };
        let mut frames = vec![frame];
        while let Some(frame) = frames.last_mut() {
            match frame.entries.next() {
                Some(entry) => {
                    self.path.truncate(frame.path_len);
                    self.path.push(b'/');
                    self.path.extend_from_slice(&entry.name);
                    if let Some(next) = self.visit(entry, &frames)? {
                        frames.push(next);
                    }
                }
                None => {
                    let item = frame.item;
                    let is_bare = item != ROOT && !frame.selected && self.found.items.len() == item + 1;
                    frames.pop();
                    if is_bare {
                        self.found.items.truncate(item);
                    }
                }
            }
        }
        self.note_warnings();
        Ok(self.found)
    }

    fn note_warnings(&mut self) {
        if self.found.stripped > 0 {
            self.found.warnings.push(format!(
                "{} files lose their setuid or setgid bits or capabilities; allow them with --allow-setuid",
                self.found.stripped
            ));
        }
        let others =
            self.found.items.owners().iter().any(|owner| owner.uid != crate::sys::process::own_ids().0);
        if others && !crate::sys::process::is_root() {
            self.found.warnings.push("not run as root: everything will belong to who restores it".into());
        }
    }

    /// The entries to begin with, and the tree they stand in if it is the target's own.
    fn start(&mut self) -> Result<(Option<ChunkList>, Vec<Entry>), RestoreError> {
        let subpath = self.options.selection.subpath.clone().unwrap_or_default();
        let mut names = subpath.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).peekable();
        let mut tree = self.origin.root.clone();
        let mut walked: Vec<u8> = Vec::new();
        while let Some(name) = names.next() {
            walked.push(b'/');
            walked.extend_from_slice(name);
            let entry = self.source.tree(&tree)?.into_iter().find(|entry| entry.name == name);
            let Some(entry) = entry else { return Err(RestoreError::NoSuchPath { path: walked }) };
            match (entry.kind, names.peek()) {
                (EntryKind::Dir, _) => {
                    tree = entry.chunks.clone();
                    self.found.root = Some(entry);
                }
                (_, None) => {
                    self.found.root = None;
                    return Ok((None, vec![entry]));
                }
                _ => return Err(RestoreError::NotADirectory { path: walked }),
            }
        }
        let entries = self.source.tree(&tree)?;
        check_names(&entries).map_err(SourceError::damage)?;
        Ok((Some(tree), entries))
    }

    /// Plans one entry; answers the frame of a directory to go into.
    fn visit(&mut self, entry: Entry, frames: &[Frame]) -> Result<Option<Frame>, RestoreError> {
        // The caller holds at least the frame that the entry came from.
        let Some(frame) = frames.last() else { return Ok(None) };
        if self.found.items.len().is_multiple_of(REPORT_EVERY) {
            if self.interrupt.is_set() {
                return Err(RestoreError::Interrupted);
            }
            let files = u64::from(self.found.items.len());
            self.monitor.event(Event::Total { files, bytes: 0 });
        }
        let is_dir = entry.kind == EntryKind::Dir;
        let verdict = self.patterns.verdict(&self.path, is_dir, frame.selected && frame.item != ROOT);
        if verdict == Verdict::Out {
            return Ok(None);
        }
        let dir = self.open(frame.existing.as_ref())?;
        let there = match &dir {
            Some(dir) => match dir.stat_child(&entry.name) {
                Ok(stat) => Some(stat),
                Err(error) if error.is_not_found() => None,
                Err(error) if error.source.raw_os_error() == Some(NAME_TOO_LONG) => None,
                Err(error) => return Err(RestoreError::Target(error)),
            },
            None => None,
        };
        if !is_dir {
            self.plan_leaf(frame.item, &entry, dir.as_ref(), there)?;
            return Ok(None);
        }
        self.plan_dir(&entry, frames, dir.as_ref(), there, verdict == Verdict::Selected)
    }

    fn open(&self, existing: Option<&Existing>) -> Result<Option<DirHandle>, RestoreError> {
        let opened: SysResult<Option<DirHandle>> = match (existing, &self.root) {
            (Some(Existing::Open(dir)), _) => Ok(Some(dir.clone())),
            (Some(Existing::Far(place)), Some(root)) => root.reopen(place).map(Some),
            _ => Ok(None),
        };
        opened.map_err(RestoreError::Target)
    }

    fn plan_dir(
        &mut self,
        entry: &Entry,
        frames: &[Frame],
        dir: Option<&DirHandle>,
        there: Option<Stat>,
        selected: bool,
    ) -> Result<Option<Frame>, RestoreError> {
        let parent = frames.last().map_or(ROOT, |frame| frame.item);
        let is_there = there.as_ref().is_some_and(|stat| stat.kind == FileKind::Dir);
        let action = if is_there { Action::Metadata } else { Action::Create };
        let item = self.found.items.push(parent, entry, action)?;
        if there.is_some() && !is_there {
            if self.options.overwrite == Overwrite::Never {
                self.refuse(item, "something that is no directory is in the way");
                return Ok(None);
            }
            self.found.items.get_mut(item).replaces = true;
        }
        if frames.len() >= limits::TREE_DEPTH_MAX {
            self.lose(item, "the snapshot's directories are nested too deep");
            return Ok(None);
        }
        let repeats = |frame: &Frame| frame.tree == entry.chunks && !entry.chunks.ids.is_empty();
        if frames.iter().any(repeats) {
            self.lose(item, "the directory contains itself: the snapshot was forged");
            return Ok(None);
        }
        let entries = match self.source.tree(&entry.chunks) {
            Ok(entries) => match check_names(&entries) {
                Ok(()) => entries,
                Err(why) => {
                    self.lose(item, why);
                    return Ok(None);
                }
            },
            Err(error) if error.kind == ErrorKind::Damage => {
                self.lose(item, chain_text(&error));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let existing = match (is_there, dir) {
            (true, Some(dir)) => Some(self.enter(dir, &entry.name, frames.len())?),
            _ => None,
        };
        self.found.inherits_group |= there.is_some_and(|stat| stat.mode12 & 0o2000 != 0);
        self.note_fault(entry);
        self.plan_deletions(item, existing.as_ref(), &entries, selected && entry.fault.is_none())?;
        let entries = entries.into_iter();
        let tree = entry.chunks.clone();
        Ok(Some(Frame { item, tree, entries, existing, selected, path_len: self.path.len() }))
    }

    fn enter(&self, dir: &DirHandle, name: &[u8], depth: usize) -> Result<Existing, RestoreError> {
        let opened = dir.open_child(name).map_err(RestoreError::Target)?;
        Ok(if depth < OPEN_DEPTH_MAX {
            Existing::Open(opened)
        } else {
            Existing::Far(opened.place().clone())
        })
    }

    /// What is in a restored directory and not in the snapshot, if it is to go.
    fn plan_deletions(
        &mut self,
        item: u32,
        existing: Option<&Existing>,
        entries: &[Entry],
        whole: bool,
    ) -> Result<(), RestoreError> {
        if !self.options.delete || !whole || !self.is_in_source() {
            return Ok(());
        }
        let Some(dir) = self.open(existing)? else { return Ok(()) };
        let at = self.path.len();
        for found in dir.read_names().map_err(RestoreError::Target)? {
            if entries.binary_search_by(|entry| entry.name.cmp(&found.name)).is_ok() {
                continue;
            }
            let is_dir = match found.kind {
                Some(kind) => kind == FileKind::Dir,
                None => dir.stat_child(&found.name).is_ok_and(|stat| stat.kind == FileKind::Dir),
            };
            self.path.push(b'/');
            self.path.extend_from_slice(&found.name);
            let verdict = self.patterns.verdict(&self.path, is_dir, item != ROOT);
            self.path.truncate(at);
            if verdict == Verdict::Selected {
                self.found.deletions.push(Deletion { parent: item, name: found.name });
            }
        }
        Ok(())
    }

    /// Whether the directory at hand was backed up as a whole: it is a source or lies below one.
    fn is_in_source(&self) -> bool {
        let mut path = self.options.selection.subpath.clone().unwrap_or_default();
        while path.last() == Some(&b'/') {
            path.pop();
        }
        if path.first().is_some_and(|first| *first != b'/') {
            path.insert(0, b'/');
        }
        path.extend_from_slice(&self.path);
        let path = String::from_utf8_lossy(&path);
        self.origin.sources.iter().map(|source| source.trim_end_matches('/')).any(|source| {
            path.strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    pub(super) fn refuse(&mut self, item: u32, why: impl Into<String>) {
        self.found.items.get_mut(item).action = Action::Refuse;
        self.found.items.extra_mut(item).reason = Some(why.into());
    }

    pub(super) fn lose(&mut self, item: u32, why: impl Into<String>) {
        self.found.items.get_mut(item).action = Action::Lost;
        self.found.items.extra_mut(item).reason = Some(why.into());
    }

    pub(super) fn note_fault(&mut self, entry: &Entry) {
        if let Some(fault) = &entry.fault {
            let path = show_path(&self.path);
            self.found
                .warnings
                .push(format!("{path} was not backed up whole: {}", show_path(fault.as_bytes())));
        }
    }
}

/// ENAMETOOLONG on Linux: such a name cannot be there.
const NAME_TOO_LONG: i32 = 36;

/// Names that are no names, or that stand twice or out of order.
fn check_names(entries: &[Entry]) -> Result<(), &'static str> {
    if entries.iter().any(|entry| check_name(&entry.name).is_err()) {
        return Err("the directory has a name that leads elsewhere: the snapshot was forged");
    }
    match entries.windows(2).all(|pair| pair[0].name < pair[1].name) {
        true => Ok(()),
        false => Err("the directory has a name twice or out of order: the snapshot was forged"),
    }
}
