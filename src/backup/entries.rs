//! From what the system says to what a tree says: entries of every kind.

use std::collections::BTreeMap;

use crate::backup::notes::Notes;
use crate::backup::walk::Scanned;
use crate::backup::worker::FileRead;
use crate::repo::tree::{ChunkList, Entry, EntryKind};
use crate::sys::dir::{DirHandle, Listed};
use crate::sys::error::{SysResult, show_path};
use crate::sys::meta::owners::Owners;
use crate::sys::meta::{flags, xattrs};
use crate::sys::stat::{FileKind, Stat};

/// Names of users and groups as they went into lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerNames {
    /// By user number.
    pub users: BTreeMap<u32, Option<String>>,
    /// By group number.
    pub groups: BTreeMap<u32, Option<String>>,
}

/// Makes entries; looks owners up once each.
pub struct EntryMaker<'a> {
    with_atime: bool,
    notes: &'a Notes<'a>,
    owners: Owners,
    names: OwnerNames,
}

/// An entry with the plain metadata of `stat`.
pub fn new_entry(name: &[u8], stat: &Stat) -> Entry {
    Entry {
        name: name.to_vec(),
        kind: match stat.kind {
            FileKind::File => EntryKind::File,
            FileKind::Dir => EntryKind::Dir,
            FileKind::Symlink => EntryKind::Symlink,
            FileKind::Fifo => EntryKind::Fifo,
            FileKind::Socket => EntryKind::Socket,
            FileKind::CharDev => EntryKind::CharDev,
            FileKind::BlockDev => EntryKind::BlockDev,
        },
        mode: stat.mode12,
        uid: stat.uid,
        gid: stat.gid,
        user: None,
        group: None,
        mtime: stat.mtime,
        atime: None,
        size: 0,
        target: None,
        device: None,
        hardlink: None,
        xattrs: Vec::new(),
        flags: 0,
        holes: Vec::new(),
        chunks: ChunkList::default(),
        fault: None,
    }
}

impl<'a> EntryMaker<'a> {
    /// A maker that keeps access times if told to.
    pub fn new(with_atime: bool, notes: &'a Notes<'a>) -> Self {
        Self { with_atime, notes, owners: Owners::new(), names: OwnerNames::default() }
    }

    /// The names used so far.
    pub fn names(&self) -> OwnerNames {
        self.names.clone()
    }

    /// Adds the owners' names.
    pub fn add_names(&mut self, entry: &mut Entry) {
        let owners = &self.owners;
        let user = self.names.users.entry(entry.uid);
        entry.user = user.or_insert_with(|| owners.user_name(entry.uid).map(|n| n.to_string())).clone();
        let group = self.names.groups.entry(entry.gid);
        entry.group = group.or_insert_with(|| owners.group_name(entry.gid).map(|n| n.to_string())).clone();
    }

    fn make(&mut self, name: &[u8], stat: &Stat) -> Entry {
        let mut entry = new_entry(name, stat);
        entry.atime = self.with_atime.then_some(stat.atime);
        self.add_names(&mut entry);
        entry
    }

    /// A directory that was listed, without its chunks.
    pub fn dir(&mut self, scanned: &Scanned, name: &[u8]) -> Entry {
        let mut entry = self.make(name, &scanned.stat);
        entry.xattrs = scanned.xattrs.clone();
        entry.flags = flags::get(&scanned.dir).unwrap_or(0);
        entry
    }

    /// A directory whose contents are not taken.
    pub fn empty_dir(&mut self, dir: &DirHandle, listed: &Listed) -> Entry {
        let mut entry = self.make(&listed.name, &listed.stat);
        entry.xattrs = self.xattrs(dir, &listed.name);
        entry
    }

    /// A file that was read.
    pub fn file(&mut self, name: &[u8], read: &FileRead) -> Entry {
        let mut entry = self.make(name, &read.stat);
        entry.size = read.size;
        entry.hardlink = (read.stat.nlink > 1).then_some((read.stat.dev, read.stat.ino));
        entry.xattrs = read.xattrs.clone();
        entry.flags = read.flags;
        entry.holes = read.holes.clone();
        entry.chunks = read.chunks.clone();
        entry.fault = read.fault.clone();
        entry
    }

    /// A link, pipe, socket or device.
    pub fn special(&mut self, dir: &DirHandle, listed: &Listed) -> SysResult<Entry> {
        let mut entry = self.make(&listed.name, &listed.stat);
        match listed.stat.kind {
            FileKind::Symlink => entry.target = Some(dir.read_link_child(&listed.name)?),
            FileKind::CharDev | FileKind::BlockDev => entry.device = Some(listed.stat.rdev),
            _ => {}
        }
        if listed.stat.nlink > 1 {
            entry.hardlink = Some((listed.stat.dev, listed.stat.ino));
        }
        entry.xattrs = self.xattrs(dir, &listed.name);
        Ok(entry)
    }

    fn xattrs(&self, dir: &DirHandle, name: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        match xattrs::read_child(dir, name) {
            Ok(found) => found.pairs,
            Err(error) => {
                let path = show_path(&dir.place().path_of(name));
                self.notes.warn(&format!("{path}: its attributes cannot be read: {error}"));
                Vec::new()
            }
        }
    }
}
