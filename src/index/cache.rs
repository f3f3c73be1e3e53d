//! The whole index: the runs in the cache directory, brought up to what the repository holds.
//!
//! Opening lists the segments, keeps the runs made only of segments that still exist, fetches the others,
//! and merges small runs so that their number stays logarithmic. Nothing in the cache is ever needed:
//! without it everything is fetched again.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use crate::base::ids::{ChunkId, PackName, SegmentName};
use crate::base::limits;
use crate::crypto::x25519::Identity;
use crate::index::rows::{Location, PackRow};
use crate::index::run::Run;
use crate::index::run_writer::{RunError, Source, write_run};
use crate::index::segment::{Segment, SegmentError, SegmentRows, decode_segment, segment_key, segment_name};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

/// Segments that are fetched at once.
const AT_ONCE: usize = 8;
/// More runs than this are merged.
const RUNS_MAX: usize = 8;
/// Rows gathered from fetched segments before they become a run.
const BATCH_CHUNKS: usize = 4 << 20;

/// The index cannot be opened at all. A damaged segment alone is no such error: see [`Index::damaged`].
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The store fails.
    #[error("the index cannot be read")]
    Store(#[source] StoreError),
    /// The cache directory fails.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The cache directory cannot be used.
    #[error("the index cache {path:?} cannot be used")]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A segment that could not be used, and why.
#[derive(Debug)]
pub struct DamagedSegment {
    /// Its name.
    pub name: SegmentName,
    /// Why.
    pub error: SegmentError,
}

/// Checks who signed a segment; the text says what is wrong.
pub type VerifySegment<'a> = &'a (dyn Fn(&Segment) -> Result<(), String> + Sync);

/// The index of a repository, open for look-ups from any thread.
#[derive(Debug)]
pub struct Index {
    directory: PathBuf,
    runs: RwLock<Vec<Arc<Run>>>,
    condemned: HashSet<PackName>,
    damaged: Vec<DamagedSegment>,
}

impl Index {
    /// Opens the index, using and filling the cache in `directory`; packs in `condemned` do not count.
    pub fn open(
        client: &Client,
        identities: &[Identity],
        verify: VerifySegment<'_>,
        directory: &Path,
        condemned: HashSet<PackName>,
    ) -> Result<Self, IndexError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| IndexError::Cache { path: directory.to_path_buf(), source })?;
        let listed = client.list("index/").map_err(IndexError::Store)?;
        let names: HashSet<SegmentName> =
            listed.iter().filter_map(|meta| segment_name(meta.key.as_str())).collect();
        let (runs, covered) = cached_runs(directory, &names);
        let mut index =
            Self { directory: directory.to_path_buf(), runs: RwLock::new(runs), condemned, damaged: vec![] };
        let mut missing: Vec<SegmentName> = names.difference(&covered).copied().collect();
        missing.sort_unstable();
        index.fetch(client, identities, verify, &missing)?;
        index.compact()?;
        Ok(index)
    }

    fn fetch(
        &mut self,
        client: &Client,
        identities: &[Identity],
        verify: VerifySegment<'_>,
        missing: &[SegmentName],
    ) -> Result<(), IndexError> {
        let mut batch = (Vec::new(), SegmentRows::default());
        let fetched = |names: &[SegmentName]| fetch_some(client, identities, verify, names);
        for (name, segment) in missing.chunks(AT_ONCE).flat_map(fetched) {
            match segment? {
                Ok(segment) => append_rows(&mut batch, name, segment.rows),
                Err(error) => self.damaged.push(DamagedSegment { name, error }),
            }
            if batch.1.chunks.len() >= BATCH_CHUNKS {
                self.add_rows(&batch.0, &mut batch.1)?;
                batch = Default::default();
            }
        }
        if !batch.0.is_empty() {
            self.add_rows(&batch.0, &mut batch.1)?;
        }
        Ok(())
    }

    /// Leaves the packs `names` out from now on, as if they were condemned.
    pub fn exclude(&mut self, names: &[PackName]) {
        self.condemned.extend(names);
    }

    /// Makes the rows of segments `names` part of the index and of the cache.
    pub fn add_rows(&self, names: &[SegmentName], rows: &mut SegmentRows) -> Result<(), IndexError> {
        rows.sort();
        let run = write_run(&self.directory, &[Source::Rows(names, rows)])?;
        self.runs.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(run));
        Ok(())
    }

    /// Merges small runs while there are too many.
    pub fn compact(&self) -> Result<(), IndexError> {
        let mut runs = self.snapshot();
        if runs.len() <= RUNS_MAX {
            return Ok(());
        }
        runs.sort_by_key(|run| run.chunk_count());
        let mut merged = 0;
        let mut chunks = 0;
        for run in &runs {
            if merged >= 2 && run.chunk_count() > 2 * chunks && runs.len() - merged < RUNS_MAX {
                break;
            }
            merged += 1;
            chunks += run.chunk_count();
        }
        let sources: Vec<Source<'_>> = runs[..merged].iter().map(|run| Source::Run(run)).collect();
        let run = Arc::new(write_run(&self.directory, &sources)?);
        let mut live = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        live.retain(|old| !runs[..merged].iter().any(|gone| Arc::ptr_eq(gone, old)));
        live.push(run);
        drop(live);
        for gone in &runs[..merged] {
            // Others may have it mapped; the file lives on for them. What stays behind is cleaned at opening.
            let _ = std::fs::remove_file(gone.path());
        }
        Ok(())
    }

    /// Where `id` is, if anywhere that is not condemned.
    pub fn find(&self, id: &ChunkId) -> Option<Location> {
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        runs.iter().rev().find_map(|run| run.find(id, |place| !self.condemned.contains(&place.pack)))
    }

    /// Whether `id` is stored in a pack that is not condemned.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.find(id).is_some()
    }

    /// Every pack the index knows, the condemned ones too, sorted by name.
    pub fn packs(&self) -> Vec<PackRow> {
        let mut packs: Vec<PackRow> =
            self.snapshot().iter().flat_map(|run| run.packs().iter().copied()).collect();
        packs.sort_unstable_by_key(|pack| pack.name);
        packs.dedup();
        packs
    }

    /// Packs that look-ups may lead to: neither condemned nor excluded.
    pub fn live_packs(&self) -> Vec<PackName> {
        let live = |pack: &PackRow| !self.condemned.contains(&pack.name);
        let mut names: Vec<PackName> =
            self.packs().iter().filter(|pack| live(pack)).map(|pack| pack.name).collect();
        names.dedup();
        names
    }

    /// Names of all segments that the index was made from.
    pub fn segments(&self) -> HashSet<SegmentName> {
        self.snapshot().iter().flat_map(|run| run.sources().iter().copied()).collect()
    }

    /// Rows of the index, one for each place of each chunk.
    pub fn chunk_count(&self) -> u64 {
        self.snapshot().iter().map(|run| run.chunk_count() as u64).sum()
    }

    /// Calls `see` for every place of every chunk.
    pub fn for_each(&self, mut see: impl FnMut(&ChunkId, &Location)) {
        for run in self.snapshot() {
            for row in 0..run.chunk_count() {
                if let Some((id, location)) = run.location(row) {
                    see(&id, &location);
                }
            }
        }
    }

    /// The segments that could not be used.
    pub fn damaged(&self) -> &[DamagedSegment] {
        &self.damaged
    }

    fn snapshot(&self) -> Vec<Arc<Run>> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The usable runs of the cache, and the segments they cover; the others are removed.
fn cached_runs(directory: &Path, names: &HashSet<SegmentName>) -> (Vec<Arc<Run>>, HashSet<SegmentName>) {
    let mut found: Vec<Run> = Vec::new();
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path.extension() == Some("run".as_ref())) {
        match Run::open(&path) {
            Some(run) => found.push(run),
            None => drop(std::fs::remove_file(&path)),
        }
    }
    found.sort_by_key(|run| std::cmp::Reverse(run.sources().len()));
    let mut covered = HashSet::new();
    let mut runs = Vec::new();
    for run in found {
        let fits = run.sources().iter().all(|name| names.contains(name) && !covered.contains(name));
        if fits {
            covered.extend(run.sources().iter().copied());
            runs.push(Arc::new(run));
        } else {
            let _ = std::fs::remove_file(run.path());
        }
    }
    (runs, covered)
}

/// Why a segment could not be read.
enum Unread {
    Store(StoreError),
    Damaged(SegmentError),
}

/// What came of one segment: damage is no failure.
type Fetched = Result<Result<Segment, SegmentError>, IndexError>;

/// Fetches a few segments at once: on a distant store each costs a round trip.
fn fetch_some(
    client: &Client,
    identities: &[Identity],
    verify: VerifySegment<'_>,
    names: &[SegmentName],
) -> Vec<(SegmentName, Fetched)> {
    let fetch = |name: &SegmentName| (*name, fetch_segment(client, identities, verify, name));
    let Some((first, others)) = names.split_first() else { return Vec::new() };
    thread::scope(|scope| {
        let start = |name| (name, thread::Builder::new().spawn_scoped(scope, move || fetch(name)));
        let threads: Vec<_> = others.iter().map(start).collect();
        let mut fetched = vec![fetch(first)];
        fetched.extend(threads.into_iter().map(|(name, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No thread is to be had: one after the other.
            Err(_) => fetch(name),
        }));
        fetched
    })
}

fn fetch_segment(
    client: &Client,
    identities: &[Identity],
    verify: VerifySegment<'_>,
    name: &SegmentName,
) -> Fetched {
    let key = Key::new(segment_key(name)).map_err(IndexError::Store)?;
    let decode = |object: &[u8]| {
        let segment = decode_segment(identities, object)?;
        verify(&segment).map_err(SegmentError::Signature)?;
        Ok(segment)
    };
    let read = || {
        let (object, _) = client.get_bounded(&key, limits::SEGMENT_MAX_BYTES).map_err(Unread::Store)?;
        decode(&object).map_err(Unread::Damaged)
    };
    match with_refetch(|error| matches!(error, Unread::Damaged(_)), read) {
        Ok(segment) => Ok(Ok(segment)),
        Err(Unread::Damaged(error)) => {
            // Another replica may have a better copy.
            let good = client.rescue(&key, limits::SEGMENT_MAX_BYTES, &|body| decode(body).is_ok());
            Ok(good.map_or(Err(error), |good| decode(&good.body)))
        }
        // Merged and removed by a collector since the listing: its rows stand in a newer segment.
        Err(Unread::Store(StoreError::NotFound { .. })) => Ok(Err(SegmentError::Rows("it has vanished"))),
        Err(Unread::Store(error)) => Err(IndexError::Store(error)),
    }
}

fn append_rows(batch: &mut (Vec<SegmentName>, SegmentRows), name: SegmentName, rows: SegmentRows) {
    let (names, all) = batch;
    names.push(name);
    let (pack_base, block_base) = (all.packs.len() as u32, all.blocks.len() as u32);
    all.packs.extend(rows.packs);
    all.blocks.extend(rows.blocks.into_iter().map(|mut block| {
        block.pack += pack_base;
        block
    }));
    all.chunks.extend(rows.chunks.into_iter().map(|mut chunk| {
        chunk.block += block_base;
        chunk
    }));
}
