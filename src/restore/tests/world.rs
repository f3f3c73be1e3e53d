//! A repository in memory that records what is asked of it and can be damaged at will.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName, SnapshotId};
use crate::base::monitor::{Interrupt, Silent};
use crate::base::secret::Secret32;
use crate::base::time::Timestamp;
use crate::chunker::{Chunker, ChunkerParams};
use crate::compress::Compressor;
use crate::index::rows::Location;
use crate::repo::tree::{ChunkList, Entry, EntryKind};
use crate::restore::error::RestoreError;
use crate::restore::execute::execute;
use crate::restore::options::RestoreOptions;
use crate::restore::plan::{RestorePlan, plan};
use crate::restore::source::{Origin, PackRef, Source, SourceError};
use crate::restore::summary::RestoreSummary;

/// A block takes chunks until it has this many bytes.
const BLOCK_BYTES: usize = 64 << 10;
/// Blocks of one pack.
const PACK_BLOCKS: usize = 8;
/// When everything in these worlds was last changed.
pub const TIME: Timestamp = Timestamp { seconds: 1_600_000_000, nanos: 123_456_789 };

/// A repository in memory.
#[derive(Default)]
pub struct World {
    packs: Vec<Vec<u8>>,
    blocks_in_pack: usize,
    block: Vec<u8>,
    open_chunks: Vec<(ChunkId, u32)>,
    places: HashMap<ChunkId, Location>,
    trees: HashMap<ChunkId, Vec<Entry>>,
    next_tree: u64,
    /// Packs that cannot be fetched.
    pub gone: HashSet<usize>,
    /// Every range fetched: pack and plaintext range.
    pub fetched: Mutex<Vec<(usize, Range<u64>)>>,
    /// Set after so many fetches, to end a restore midway.
    pub interrupt_after: Option<(usize, Interrupt)>,
    /// Where reads wait for each other.
    pub meeting: Option<Meeting>,
}

/// Reads wait until so many of them are under way at once, or for ten seconds.
#[derive(Default)]
pub struct Meeting {
    pub wanted: usize,
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Meeting {
    pub fn of(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// As many as were under way at once.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn attend(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        let begun = Instant::now();
        while self.most() < self.wanted && begun.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

impl World {
    fn key() -> Secret32 {
        Secret32::new([9; 32])
    }

    pub fn chunker_of_tests() -> Chunker {
        let params = ChunkerParams { min_bytes: 2048, max_bytes: 8192, ..ChunkerParams::default() };
        Chunker::new(&params, &Secret32::new([5; 32])).unwrap()
    }

    fn id_of(data: &[u8]) -> ChunkId {
        ChunkId(*blake3::keyed_hash(World::key().expose(), data).as_bytes())
    }

    /// Stores `data` in chunks.
    pub fn store(&mut self, data: &[u8]) -> Vec<ChunkId> {
        let chunker = World::chunker_of_tests();
        let (mut ids, mut at) = (Vec::new(), 0);
        while let Some(len) = chunker.first_len(&data[at..], true) {
            let chunk = &data[at..at + len];
            at += len;
            let id = World::id_of(chunk);
            ids.push(id);
            let is_open = self.open_chunks.iter().any(|(open, _)| *open == id);
            if !self.places.contains_key(&id) && !is_open {
                self.open_chunks.push((id, len as u32));
                self.block.extend_from_slice(chunk);
                if self.block.len() >= BLOCK_BYTES {
                    self.close_block();
                }
            }
        }
        ids
    }

    /// Puts what was stored so far into a pack.
    pub fn close_block(&mut self) {
        if self.block.is_empty() {
            return;
        }
        if self.packs.is_empty() || self.blocks_in_pack >= PACK_BLOCKS {
            self.packs.push(Vec::new());
            self.blocks_in_pack = 0;
        }
        self.blocks_in_pack += 1;
        let number = self.packs.len() - 1;
        let pack = &mut self.packs[number];
        let block_offset = pack.len() as u32;
        let frame_len = Compressor::new(3).unwrap().compress(&self.block, pack).unwrap() as u32;
        let mut offset = 0;
        for (id, len) in self.open_chunks.drain(..) {
            let location = Location {
                pack: pack_name(number),
                kind: ChunkKind::Data,
                pack_len: 1 << 20,
                block_offset,
                frame_len,
                raw_len: self.block.len() as u32,
                offset,
                len,
            };
            self.places.insert(id, location);
            offset += len;
        }
        self.block.clear();
    }

    /// Stores a tree.
    pub fn tree_of(&mut self, mut entries: Vec<Entry>) -> ChunkList {
        entries.sort_by(|one, two| one.name.cmp(&two.name));
        self.raw_tree(entries)
    }

    /// Stores a tree as it is, however wrong.
    pub fn raw_tree(&mut self, entries: Vec<Entry>) -> ChunkList {
        self.next_tree += 1;
        let id = ChunkId(*blake3::hash(&self.next_tree.to_le_bytes()).as_bytes());
        self.trees.insert(id, entries);
        ChunkList { ids: vec![id], indirect: false }
    }

    /// Replaces what the tree `list` holds.
    pub fn replace_tree(&mut self, list: &ChunkList, entries: Vec<Entry>) {
        self.trees.insert(list.ids[0], entries);
    }

    /// A directory.
    pub fn dir(&mut self, name: &str, entries: Vec<Entry>) -> Entry {
        let chunks = self.tree_of(entries);
        Entry { mode: 0o755, chunks, ..entry(name, EntryKind::Dir) }
    }

    /// A file with `data`.
    pub fn file(&mut self, name: &str, data: &[u8]) -> Entry {
        let chunks = ChunkList { ids: self.store(data), indirect: false };
        Entry { size: data.len() as u64, chunks, ..entry(name, EntryKind::File) }
    }

    /// A snapshot whose `/` holds `entries`, all of it one source.
    pub fn origin(&mut self, entries: Vec<Entry>) -> Origin {
        self.close_block();
        let root = self.tree_of(entries);
        Origin { snapshot: SnapshotId([1; 16]), root, sources: vec!["/".into()] }
    }

    /// Flips a bit in the middle of the block that holds the chunk of `data`.
    pub fn damage_chunk(&mut self, id: &ChunkId) {
        let place = self.places[id];
        let pack = &mut self.packs[pack_number(&place.pack)];
        pack[(place.block_offset + place.frame_len / 2) as usize] ^= 0x10;
    }

    /// Makes the pack written last impossible to fetch.
    pub fn lose_last_pack(&mut self) {
        self.gone.insert(self.packs.len() - 1);
    }

    /// Makes the index point to other bytes of the same block.
    pub fn swap_chunks(&mut self, one: &ChunkId, two: &ChunkId) {
        let (first, second) = (self.places[one], self.places[two]);
        let len = first.len.min(second.len);
        assert_eq!(first.len, second.len, "{len}: only chunks of one length are swapped unnoticed");
        self.places.insert(*one, second);
        self.places.insert(*two, first);
    }

    /// Makes a chunk unknown.
    pub fn forget_chunk(&mut self, id: &ChunkId) {
        self.places.remove(id);
    }

    /// Bytes fetched so far.
    pub fn fetched_bytes(&self) -> u64 {
        self.fetched.lock().unwrap().iter().map(|(_, range)| range.end - range.start).sum()
    }

    /// Plans and carries out.
    pub fn restore(&self, origin: &Origin, options: &RestoreOptions) -> Result<RestoreSummary, RestoreError> {
        let interrupt = self.interrupt_after.as_ref().map(|(_, flag)| flag.clone()).unwrap_or_default();
        let plan = plan(self, origin, options, &Silent, &interrupt)?;
        execute(self, &plan, options, &Silent, &interrupt)
    }

    /// Only plans.
    pub fn plan(&self, origin: &Origin, options: &RestoreOptions) -> Result<RestorePlan, RestoreError> {
        plan(self, origin, options, &Silent, &Interrupt::default())
    }
}

fn pack_name(number: usize) -> PackName {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&(number as u64).to_le_bytes());
    PackName(name)
}

fn pack_number(name: &PackName) -> usize {
    u64::from_le_bytes(name.0[..8].try_into().unwrap()) as usize
}

impl Source for World {
    fn repository_id(&self) -> String {
        "world".into()
    }

    fn tree(&self, list: &ChunkList) -> Result<Vec<Entry>, SourceError> {
        match list.ids.first() {
            None => Ok(Vec::new()),
            Some(id) => self.trees.get(id).cloned().ok_or_else(|| SourceError::damage("the tree is lost")),
        }
    }

    fn resolve(&self, list: &ChunkList) -> Result<Vec<ChunkId>, SourceError> {
        Ok(list.ids.clone())
    }

    fn locate(&self, id: &ChunkId) -> Result<Location, SourceError> {
        self.places.get(id).copied().ok_or_else(|| SourceError::damage(format!("chunk {id} is lost")))
    }

    fn read_plain(&self, pack: &PackRef, plain: Range<u64>) -> Result<Vec<u8>, SourceError> {
        if let Some(meeting) = &self.meeting {
            meeting.attend();
        }
        let number = pack_number(&pack.name);
        let mut fetched = self.fetched.lock().unwrap();
        fetched.push((number, plain.clone()));
        if let Some((after, flag)) = &self.interrupt_after
            && fetched.len() >= *after
        {
            flag.set();
        }
        if self.gone.contains(&number) {
            return Err(SourceError::damage("the pack is gone"));
        }
        let range = plain.start as usize..plain.end as usize;
        self.packs[number].get(range).map(<[u8]>::to_vec).ok_or_else(|| SourceError {
            kind: ErrorKind::Damage,
            what: "the pack is short".into(),
            source: None,
        })
    }

    fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        World::id_of(plain)
    }

    fn chunker(&self) -> Result<Chunker, SourceError> {
        Ok(World::chunker_of_tests())
    }
}

/// A plain entry.
pub fn entry(name: &str, kind: EntryKind) -> Entry {
    let (uid, gid) = crate::sys::process::own_ids();
    Entry {
        name: name.as_bytes().to_vec(),
        kind,
        mode: 0o640,
        uid,
        gid,
        user: None,
        group: None,
        mtime: TIME,
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

/// A symbolic link.
pub fn link(name: &str, target: &[u8]) -> Entry {
    Entry { target: Some(target.to_vec()), ..entry(name, EntryKind::Symlink) }
}

/// Bytes that do not repeat, different for each `seed`.
pub fn noise(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

/// Directories for a restore, and its options.
pub struct Place {
    _dir: tempfile::TempDir,
    pub base: PathBuf,
    pub target: PathBuf,
    pub options: RestoreOptions,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().to_path_buf();
        let target = base.join("target");
        let mut options = RestoreOptions::new(&target, base.join("state"));
        options.workers = 2;
        Self { _dir: dir, base, target, options }
    }

    /// The same for a restore from a distant store.
    pub fn distant() -> Self {
        let mut place = Self::new();
        place.options.fetchers = 3;
        place
    }

    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.target.join(path)).unwrap()
    }

    pub fn has(&self, path: &str) -> bool {
        self.target.join(path).symlink_metadata().is_ok()
    }

    /// Puts a file there before the restore.
    pub fn put(&self, path: &str, data: &[u8]) {
        let path = self.target.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }

    /// Gives a file the time that everything in these worlds has.
    pub fn set_time(&self, path: &str) {
        set_time(&self.target.join(path));
    }

    /// All names below the target, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        list(&self.target, &self.target, &mut names);
        names.sort();
        names
    }
}

fn set_time(path: &Path) {
    let after = std::time::Duration::new(TIME.seconds as u64, TIME.nanos);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + after).unwrap();
}

fn list(root: &Path, dir: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        names.push(String::from_utf8_lossy(&name).into_owned());
        if entry.file_type().unwrap().is_dir() {
            list(root, &path, names);
        }
    }
}
