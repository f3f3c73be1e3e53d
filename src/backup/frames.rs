//! What the assembler keeps of directories and linked files under way.

use std::sync::Arc;

use crate::backup::catalogue::{DirRecord, EntryRecord, StatKey};
use crate::backup::trees::EntrySlot;
use crate::backup::walk::Scanned;
use crate::backup::worker::{FileRead, Slot};
use crate::base::time::Timestamp;
use crate::repo::tree::Entry;
use crate::sys::dir::Listed;
use crate::sys::stat::Stat;

/// A change within this time before the look at it may share its time stamp with a later change.
const RACY_NANOS: i128 = 50_000_000;

/// Whether what changes after `now` is told from what `stat` shows.
pub fn is_settled(now: Timestamp, stat: &Stat) -> bool {
    let nanos = |seconds: i64, nanos: u32| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    nanos(now.seconds, now.nanos) - nanos(stat.ctime.seconds, stat.ctime.nanos) > RACY_NANOS
}

/// A directory under way.
pub struct Node<'c> {
    /// Its place in the directory above; none for `/`.
    pub parent: Option<Slot>,
    /// Its path.
    pub path: Vec<u8>,
    /// The directory's own entry, without chunks.
    pub entry: Entry,
    /// Its metadata.
    pub key: StatKey,
    /// Its entries.
    pub slots: Vec<EntrySlot<'c>>,
    /// How many of them are not done; one more while the directory is gone through.
    pub pending: usize,
    /// The previous backup's record of it.
    pub old: Option<DirRecord<'c>>,
    /// Whether every entry so far is as it was.
    pub same: bool,
    /// The line it had in its parent's tree, if its own metadata are as they were.
    pub old_line: Option<&'c [u8]>,
}

/// A directory that is being gone through.
pub struct Frame<'c> {
    /// Its number.
    pub node: u64,
    /// What is left of its listing.
    pub scanned: Scanned,
    /// The previous backup's entries.
    pub old: Vec<EntryRecord<'c>>,
    /// How many of them lie behind.
    pub old_at: usize,
}

/// A file with several names.
pub enum Linked {
    /// One name is being read; the others wait.
    Waiting(Vec<(Slot, Listed)>),
    /// It was read.
    Read(Arc<FileRead>),
}

/// The previous backup's record of the entry `name`; names are asked for in ascending order.
pub fn old_record<'c>(frame: &mut Frame<'c>, name: &[u8]) -> Option<EntryRecord<'c>> {
    while let Some(old) = frame.old.get(frame.old_at) {
        match old.name.cmp(name) {
            std::cmp::Ordering::Less => frame.old_at += 1,
            std::cmp::Ordering::Equal => return Some(*old),
            std::cmp::Ordering::Greater => return None,
        }
    }
    None
}
