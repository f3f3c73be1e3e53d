//! Directories to trees: lines put together, cut into chunks, stored, and noted for the next backup.

use crate::backup::catalogue::{RecordBuilder, StatKey};
use crate::backup::error::BackupError;
use crate::backup::storer::BlockWriter;
use crate::base::ids::ChunkKind;
use crate::repo::tree::{ChunkList, Entry, encode_entry};
use crate::sys::error::show_path;

/// One entry of a directory on its way into the tree.
#[derive(Debug)]
pub enum EntryState<'c> {
    /// Its file is being read, or its directory is not complete.
    Pending,
    /// It turned out not to be there, or not to be readable.
    Gone,
    /// As the previous backup had it: its line.
    Reused(&'c [u8]),
    /// New or changed.
    Fresh(Box<Entry>),
}

/// An entry with its name and with what the next backup compares.
#[derive(Debug)]
pub struct EntrySlot<'c> {
    /// The name.
    pub name: Vec<u8>,
    /// Its metadata.
    pub key: StatKey,
    /// Whether the next backup may trust the metadata to tell a change.
    pub trusted: bool,
    /// How far it is.
    pub state: EntryState<'c>,
}

/// A directory to be encoded.
#[derive(Debug)]
pub struct TreeJob<'c> {
    /// The directory's number.
    pub node: u64,
    /// Its path, for messages.
    pub path: Vec<u8>,
    /// Its entries, sorted by name, none pending.
    pub slots: Vec<EntrySlot<'c>>,
}

/// Stores a directory: its number, its chunks, its record.
pub fn encode_tree(
    job: TreeJob<'_>,
    writer: &mut BlockWriter<'_, '_>,
) -> Result<(u64, ChunkList, Vec<u8>), BackupError> {
    let mut tree = Vec::new();
    let mut record = RecordBuilder::default();
    for slot in &job.slots {
        let start = tree.len();
        match &slot.state {
            EntryState::Reused(line) => tree.extend_from_slice(line),
            EntryState::Fresh(entry) => encode_entry(entry, &mut tree)
                .map_err(|source| BackupError::Tree { path: show_path(&job.path), source })?,
            EntryState::Pending | EntryState::Gone => continue,
        }
        let line: &[u8] = if slot.trusted { &tree[start..] } else { &[] };
        record.push(&slot.name, &slot.key, line);
    }
    let ids = writer.put_all(ChunkKind::Meta, &tree)?;
    let chunks = writer.put_list(ids)?;
    let payload = record.finish(&chunks);
    Ok((job.node, chunks, payload))
}
