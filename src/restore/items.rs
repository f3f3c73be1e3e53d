//! The entries of a plan, kept small: a million files fit in a few hundred megabytes.
//!
//! Names lie in one arena, owners and attribute lists are shared, and what few files have (holes, link
//! targets, reasons) stands apart. A file's chunks are *placements*: which bytes of which block go where.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::ids::ChunkId;
use crate::base::time::Timestamp;
use crate::repo::tree::{Entry, EntryKind};
use crate::restore::error::RestoreError;

/// Most entries a plan takes on: more is a tree that repeats itself, made to exhaust us.
pub const ITEMS_MAX: usize = 1 << 27;
/// Most placements a plan takes on.
pub const PLACEMENTS_MAX: usize = 1 << 30;
/// The parent of what lies directly in the target.
pub const ROOT: u32 = u32::MAX;
const NONE: u32 = u32::MAX;

/// What is done about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is there and is compared; what differs is written.
    Update,
    /// Its contents are right; its metadata is set.
    Metadata,
    /// It is right as it is.
    Unchanged,
    /// It is there, differs perhaps, and is left by request.
    Kept,
    /// It is not in the snapshot and is removed.
    Delete,
    /// It is not restored, for a reason that the user can lift.
    Refuse,
    /// It cannot be restored: the repository is damaged.
    Lost,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Item {
    name_at: u64,
    /// Length in bytes of a regular file.
    pub size: u64,
    /// When the contents last changed.
    pub mtime: Timestamp,
    /// The directory it lies in, [`ROOT`] for the target itself.
    pub parent: u32,
    /// Its first placement.
    pub chunks_at: u32,
    /// How many placements it has.
    pub chunk_count: u32,
    owner: u32,
    extra: u32,
    name_len: u16,
    /// Permission bits.
    pub mode: u16,
    /// What it is.
    pub kind: EntryKind,
    /// What is done about it.
    pub action: Action,
    /// Whether all its placements lie in one block.
    pub one_block: bool,
    /// Whether something else has its name at the target and goes first.
    pub replaces: bool,
}

/// What few entries have.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Where a symbolic link points to.
    pub target: Option<Vec<u8>>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// The item that it is another name of.
    pub link_to: Option<u32>,
    /// Extended attributes.
    pub xattrs: Option<XattrList>,
    /// Inode flags.
    pub flags: u32,
    /// Holes, ascending.
    pub holes: Vec<Hole>,
    /// When it was last read.
    pub atime: Option<Timestamp>,
    /// Why it is refused or lost.
    pub reason: Option<String>,
}

/// A hole of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// How many bytes of contents lie before it.
    pub content_at: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// Owner and group as the snapshot has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// User by number.
    pub uid: u32,
    /// Group by number.
    pub gid: u32,
    /// User by name.
    pub user: Option<String>,
    /// Group by name.
    pub group: Option<String>,
}

/// Bytes of a block that belong into a file.
#[derive(Clone, Debug)]
pub struct Placement {
    /// The chunk.
    pub id: ChunkId,
    /// Number of its block.
    pub block: u32,
    /// Where it begins in the block.
    pub offset: u32,
    /// Its length.
    pub len: u32,
    /// The file's item.
    pub item: u32,
    /// Where it belongs in the file's contents, holes not counted.
    pub content_at: u64,
}

/// All entries, each directory before what it holds.
#[derive(Debug, Default)]
pub struct Items {
    names: Vec<u8>,
    list: Vec<Item>,
    extras: Vec<Extra>,
    owners: Vec<Owner>,
    owner_numbers: HashMap<Owner, u32>,
    shared_xattrs: HashMap<XattrList, ()>,
    placements: Vec<Placement>,
}

/// Names and values of extended attributes, shared by all entries that have the same.
pub type XattrList = Arc<[(Vec<u8>, Vec<u8>)]>;

impl Items {
    /// All entries in order.
    pub fn list(&self) -> &[Item] {
        &self.list
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // Nobody asks: a plan of nothing is planned like any other.
    pub fn len(&self) -> u32 {
        self.list.len() as u32
    }

    /// The entry of this number.
    pub fn get(&self, item: u32) -> &Item {
        &self.list[item as usize]
    }

    /// The entry of this number, to be changed.
    pub fn get_mut(&mut self, item: u32) -> &mut Item {
        &mut self.list[item as usize]
    }

    /// The name of an entry.
    pub fn name(&self, item: u32) -> &[u8] {
        let item = self.get(item);
        let at = item.name_at as usize;
        &self.names[at..at + usize::from(item.name_len)]
    }

    /// The names from the target down to an entry.
    pub fn names(&self, item: u32) -> Vec<&[u8]> {
        let mut names = Vec::new();
        let mut at = item;
        while at != ROOT {
            names.push(self.name(at));
            at = self.get(at).parent;
        }
        names.reverse();
        names
    }

    /// The path of an entry below the target, beginning with `/`.
    pub fn path(&self, item: u32) -> Vec<u8> {
        let mut path = Vec::new();
        for name in self.names(item) {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        path
    }

    /// What few entries have, if this one has it.
    pub fn extra(&self, item: u32) -> Option<&Extra> {
        match self.get(item).extra {
            NONE => None,
            extra => Some(&self.extras[extra as usize]),
        }
    }

    /// The same, made if it is missing.
    pub fn extra_mut(&mut self, item: u32) -> &mut Extra {
        let at = &mut self.list[item as usize].extra;
        if *at == NONE {
            *at = self.extras.len() as u32;
            self.extras.push(Extra::default());
        }
        &mut self.extras[*at as usize]
    }

    /// Owner and group of an entry.
    pub fn owner(&self, item: u32) -> &Owner {
        &self.owners[self.get(item).owner as usize]
    }

    /// The number of an entry's owner among [`Items::owners`].
    pub fn owner_number(&self, item: u32) -> u32 {
        self.get(item).owner
    }

    /// All owners.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// The holes of a file.
    pub fn holes(&self, item: u32) -> &[Hole] {
        self.extra(item).map_or(&[], |extra| &extra.holes)
    }

    /// All placements, those of one file together and in order.
    pub fn placements(&self) -> &[Placement] {
        &self.placements
    }

    /// The placements of one file, and the number of the first.
    pub fn placements_of(&self, item: u32) -> (usize, &[Placement]) {
        let item = self.get(item);
        let at = item.chunks_at as usize;
        (at, &self.placements[at..at + item.chunk_count as usize])
    }

    /// Adds `entry` below `parent`.
    pub fn push(&mut self, parent: u32, entry: &Entry, action: Action) -> Result<u32, RestoreError> {
        if self.list.len() >= ITEMS_MAX {
            return Err(RestoreError::TooMuch { what: "entries", limit: ITEMS_MAX as u64 });
        }
        let number = self.list.len() as u32;
        let owner =
            Owner { uid: entry.uid, gid: entry.gid, user: entry.user.clone(), group: entry.group.clone() };
        let owner = match self.owner_numbers.get(&owner) {
            Some(owner) => *owner,
            None => {
                let number = self.owners.len() as u32;
                self.owners.push(owner.clone());
                self.owner_numbers.insert(owner, number);
                number
            }
        };
        self.list.push(Item {
            name_at: self.names.len() as u64,
            size: entry.size,
            mtime: entry.mtime,
            parent,
            chunks_at: self.placements.len() as u32,
            chunk_count: 0,
            owner,
            extra: NONE,
            // Names have at most NAME_MAX_BYTES, permission bits at most 0o7777: checked when decoded.
            name_len: entry.name.len() as u16,
            mode: entry.mode as u16,
            kind: entry.kind,
            action,
            one_block: false,
            replaces: false,
        });
        self.names.extend_from_slice(&entry.name);
        self.push_extra(number, entry);
        Ok(number)
    }

    fn push_extra(&mut self, number: u32, entry: &Entry) {
        let has_extra = entry.target.is_some()
            || entry.device.is_some()
            || !entry.xattrs.is_empty()
            || entry.flags != 0
            || !entry.holes.is_empty()
            || entry.atime.is_some();
        if !has_extra {
            return;
        }
        let xattrs = (!entry.xattrs.is_empty()).then(|| self.share(&entry.xattrs));
        let extra = self.extra_mut(number);
        extra.target = entry.target.clone();
        extra.device = entry.device;
        extra.xattrs = xattrs;
        extra.flags = entry.flags;
        let mut before = 0;
        for (offset, len) in &entry.holes {
            // Checked when decoded: holes are ascending, apart and within the size.
            extra.holes.push(Hole { content_at: offset.saturating_sub(before), offset: *offset, len: *len });
            before += len;
        }
        extra.atime = entry.atime;
    }

    fn share(&mut self, xattrs: &[(Vec<u8>, Vec<u8>)]) -> XattrList {
        if let Some((known, ())) = self.shared_xattrs.get_key_value(xattrs) {
            return Arc::clone(known);
        }
        let list: XattrList = xattrs.into();
        self.shared_xattrs.insert(Arc::clone(&list), ());
        list
    }

    /// Adds one placement to the entry that was added last.
    pub fn place(&mut self, placement: Placement) -> Result<(), RestoreError> {
        if self.placements.len() >= PLACEMENTS_MAX {
            return Err(RestoreError::TooMuch { what: "chunks", limit: PLACEMENTS_MAX as u64 });
        }
        let item = &mut self.list[placement.item as usize];
        item.chunk_count += 1;
        self.placements.push(placement);
        Ok(())
    }

    /// Takes the last entry's placements back.
    pub fn unplace(&mut self, item: u32) {
        let item = &mut self.list[item as usize];
        self.placements.truncate(item.chunks_at as usize);
        item.chunk_count = 0;
    }

    /// Takes the entry `number` and all after it back, none of which has placements.
    pub fn truncate(&mut self, number: u32) {
        if let Some(item) = self.list.get(number as usize) {
            self.names.truncate(item.name_at as usize);
            self.list.truncate(number as usize);
        }
    }
}
