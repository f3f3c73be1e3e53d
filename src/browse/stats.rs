//! Counting: what snapshots hold, what of it is distinct, and what it takes in the store.
//!
//! Trees that occur again are counted from memory, not read again, so that a hundred snapshots of one host
//! cost little more than one.

use std::collections::HashMap;

use serde::Serialize;

use crate::base::ids::{ChunkId, ChunkKind};
use crate::base::monitor::Event;
use crate::browse::distinct::{Distinct, DistinctTotals};
use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::browse::reading::{Reading, root_of};
use crate::browse::walk::{Step, Visitor, walk};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// The schema of [`Stats`].
pub const STATS_SCHEMA: &str = "lifeboat.stats/1";
/// Trees whose totals are remembered.
const TREES_MAX: usize = 1 << 20;

/// What snapshots hold and take.
#[derive(Clone, Debug, Serialize)]
pub struct Stats {
    /// Always [`STATS_SCHEMA`].
    pub schema: &'static str,
    /// Snapshots counted.
    pub snapshots: u64,
    /// Regular files, each name once.
    pub files: u64,
    /// Directories.
    pub dirs: u64,
    /// Links, pipes, sockets and devices.
    pub specials: u64,
    /// Bytes of all files, holes included, hard links once a name.
    pub logical_bytes: u64,
    /// Bytes of their contents, holes left out.
    pub content_bytes: u64,
    /// Distinct chunks of contents.
    pub chunks: u64,
    /// Bytes of distinct chunks, before compression.
    pub unique_bytes: u64,
    /// Their share of the stored blocks.
    pub stored_bytes: u64,
    /// `content_bytes / unique_bytes`; 1 where there is nothing.
    pub dedup_ratio: f64,
    /// `unique_bytes / stored_bytes`; 1 where there is nothing.
    pub compression_ratio: f64,
    /// Whether the numbers of distinct chunks come from a sample (beyond four million).
    pub is_estimate: bool,
    /// Chunks that the index does not know; run `check` if there are any.
    pub missing_chunks: u64,
    /// What the whole repository takes.
    pub repository: RepositoryStats,
}

/// What the repository takes, whatever is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RepositoryStats {
    /// Packs.
    pub packs: u64,
    /// Bytes of packs.
    pub pack_bytes: u64,
    /// Segments of the index.
    pub segments: u64,
    /// Bytes of segments.
    pub segment_bytes: u64,
    /// Snapshots, fences among them.
    pub snapshots: u64,
    /// Bytes of snapshots.
    pub snapshot_bytes: u64,
    /// Rows of the index: places of chunks.
    pub chunks: u64,
}

#[derive(Clone, Copy, Default)]
struct Totals {
    files: u64,
    dirs: u64,
    specials: u64,
    logical: u64,
    content: u64,
}

impl Totals {
    fn add(&mut self, other: &Totals) {
        self.files = self.files.saturating_add(other.files);
        self.dirs = self.dirs.saturating_add(other.dirs);
        self.specials = self.specials.saturating_add(other.specials);
        self.logical = self.logical.saturating_add(other.logical);
        self.content = self.content.saturating_add(other.content);
    }
}

/// Counts what `snapshots` hold at and below `path`, and what the repository takes.
pub fn stats(reading: &Reading<'_>, snapshots: &[Snapshot], path: &SnapPath) -> Result<Stats, BrowseError> {
    let mut count = Count {
        reading,
        distinct: Distinct::new(),
        trees: HashMap::new(),
        open: vec![Totals::default()],
        missing: 0,
    };
    for snapshot in snapshots {
        reading.monitor.event(Event::Current(&snapshot.id.short()));
        match walk(reading, &root_of(snapshot)?, path, &mut count) {
            // With many snapshots, some may not have the path.
            Err(BrowseError::NotFound { .. }) if snapshots.len() > 1 => {}
            counted => counted?,
        }
    }
    let totals = count.open.first().copied().unwrap_or_default();
    let DistinctTotals { chunks, raw_bytes, stored_bytes, is_estimate } = count.distinct.totals();
    let ratio = |one: u64, two: u64| if two == 0 { 1.0 } else { one as f64 / two as f64 };
    Ok(Stats {
        schema: STATS_SCHEMA,
        snapshots: snapshots.len() as u64,
        files: totals.files,
        dirs: totals.dirs,
        specials: totals.specials,
        logical_bytes: totals.logical,
        content_bytes: totals.content,
        chunks,
        unique_bytes: raw_bytes,
        stored_bytes,
        dedup_ratio: ratio(totals.content, raw_bytes),
        compression_ratio: ratio(raw_bytes, stored_bytes),
        is_estimate,
        missing_chunks: count.missing,
        repository: repository_stats(reading)?,
    })
}

/// What the repository takes: from listings alone, which every role may.
pub fn repository_stats(reading: &Reading<'_>) -> Result<RepositoryStats, BrowseError> {
    let client = reading.repository.repository().client();
    let sum = |prefix: &str| -> Result<(u64, u64), BrowseError> {
        let listed = client.list(prefix)?;
        Ok((listed.len() as u64, listed.iter().map(|meta| meta.size).fold(0, u64::saturating_add)))
    };
    let (packs, pack_bytes) = sum("packs/")?;
    let (segments, segment_bytes) = sum("index/")?;
    let (snapshots, snapshot_bytes) = sum("snapshots/")?;
    let chunks = reading.repository.index().chunk_count();
    Ok(RepositoryStats { packs, pack_bytes, segments, segment_bytes, snapshots, snapshot_bytes, chunks })
}

struct Count<'a, 'r> {
    reading: &'a Reading<'r>,
    distinct: Distinct,
    trees: HashMap<[u8; 16], Totals>,
    /// The sums of the directories on the way, the whole first.
    open: Vec<Totals>,
    missing: u64,
}

impl Visitor for Count<'_, '_> {
    fn entry(&mut self, path: &[u8], entry: &mut Entry) -> Result<Step, BrowseError> {
        let mut one = Totals::default();
        match entry.kind {
            EntryKind::Dir => one.dirs = 1,
            EntryKind::File => {
                (one.files, one.logical, one.content) = (1, entry.size, entry.content_bytes());
                let (distinct, missing) = (&mut self.distinct, &mut self.missing);
                let repository = self.reading.repository;
                self.reading.each_id(path, &entry.chunks, |id: ChunkId| {
                    match repository.locate(ChunkKind::Data, &id) {
                        Ok(place) => distinct.see(&id, &place),
                        Err(_) => *missing += 1,
                    }
                    Ok(())
                })?;
                self.reading.monitor.event(Event::Advance { files: 1, bytes: entry.size });
            }
            _ => one.specials = 1,
        }
        self.add(&one);
        if entry.kind != EntryKind::Dir {
            return Ok(Step::Over);
        }
        if let Some(known) = self.trees.get(&tree_key(&entry.chunks)).copied() {
            self.add(&known);
            return Ok(Step::Over);
        }
        self.open.push(Totals::default());
        Ok(Step::Into)
    }

    fn leave(&mut self, _path: &[u8], directory: &Entry) {
        let Some(totals) = self.open.pop() else { return };
        self.add(&totals);
        if self.trees.len() < TREES_MAX {
            self.trees.insert(tree_key(&directory.chunks), totals);
        }
    }
}

impl Count<'_, '_> {
    fn add(&mut self, totals: &Totals) {
        if let Some(open) = self.open.last_mut() {
            open.add(totals);
        }
    }
}

fn tree_key(list: &ChunkList) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(list.indirect)]);
    for id in &list.ids {
        hasher.update(&id.0);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}
