//! From chunks to durable packs and published segments.
//!
//! Each worker gathers its own blocks ([`BlockWriter`]), so that chunks read together are compressed
//! together; all workers share one open pack of each kind, so that few half-filled packs remain. A full
//! pack is sealed by the worker that filled it and stored in the background; once it is durable, its rows
//! wait to be published in the next segment, which is due by count or by time: an interrupted backup loses
//! at most that much work, and no acknowledged byte.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::backup::error::BackupError;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;
use crate::base::time::Clock;
use crate::chunker::Chunker;
use crate::compress::Compressor;
use crate::index::rows::PackRow;
use crate::index::segment::SegmentRows;
use crate::index::session::SessionChunks;
use crate::pack::directory::Directory;
use crate::pack::reader::pack_key;
use crate::pack::writer::PackWriter;
use crate::repo::read::IndexedRepository;
use crate::repo::session::Session;
use crate::repo::tree::ChunkList;
use crate::store::client::Pending;
use crate::store::key::Key;

/// Packs being stored at a time; each takes its length in memory.
const UPLOADS_MAX: usize = 3;
/// The longest that durable packs wait for their segment.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(30);

/// What a backup adds to the repository, counted by all threads.
#[derive(Debug, Default)]
pub struct StoreCounts {
    /// Chunks that were new.
    pub new_chunks: AtomicU64,
    /// Their bytes.
    pub new_bytes: AtomicU64,
    /// Bytes of stored objects.
    pub stored_bytes: AtomicU64,
    /// Packs stored.
    pub packs: AtomicU64,
}

/// The shared end of the pipeline.
pub struct Storer<'a> {
    repository: &'a IndexedRepository,
    session: &'a Session,
    clock: &'a dyn Clock,
    chunker: Chunker,
    level: i32,
    claimed: SessionChunks,
    data: Mutex<PackWriter>,
    meta: Mutex<PackWriter>,
    uploads: Mutex<VecDeque<Upload>>,
    durable: Mutex<Durable>,
    /// What was counted so far.
    pub counts: StoreCounts,
}

struct Upload {
    pending: Pending,
    pack: PackRow,
    directory: Directory,
}

/// Rows of durable packs that are in no segment yet.
struct Durable {
    rows: SegmentRows,
    published: Duration,
}

impl<'a> Storer<'a> {
    /// A storer for one session, compressing at `level`.
    pub fn new(
        repository: &'a IndexedRepository,
        session: &'a Session,
        clock: &'a dyn Clock,
        chunker: Chunker,
        level: i32,
    ) -> Self {
        Self {
            repository,
            session,
            clock,
            chunker,
            level,
            claimed: SessionChunks::default(),
            data: Mutex::new(PackWriter::create(ChunkKind::Data)),
            meta: Mutex::new(PackWriter::create(ChunkKind::Meta)),
            uploads: Mutex::default(),
            durable: Mutex::new(Durable { rows: SegmentRows::default(), published: clock.elapsed() }),
            counts: StoreCounts::default(),
        }
    }

    /// The repository's chunker.
    pub fn chunker(&self) -> &Chunker {
        &self.chunker
    }

    /// Whether a chunk is stored, or will be before the commit.
    pub fn has(&self, id: &ChunkId) -> bool {
        self.claimed.contains(id) || self.repository.index().contains(id)
    }

    fn claim(&self, id: &ChunkId) -> bool {
        !self.repository.index().contains(id) && self.claimed.claim(id)
    }

    fn push_block(
        &self,
        kind: ChunkKind,
        frame: &[u8],
        raw_len: u32,
        chunks: Vec<(ChunkId, u32)>,
    ) -> Result<(), BackupError> {
        let full = {
            let mut pack = self.pack(kind);
            pack.push(frame, raw_len, chunks);
            pack.is_full().then(|| std::mem::replace(&mut *pack, PackWriter::create(kind)))
        };
        full.map_or(Ok(()), |pack| self.store(pack, kind))
    }

    fn pack(&self, kind: ChunkKind) -> MutexGuard<'_, PackWriter> {
        // A panicking worker ends the backup; nobody uses a half-pushed block after it.
        match kind {
            ChunkKind::Data => self.data.lock(),
            ChunkKind::Meta => self.meta.lock(),
        }
        .unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, pack: PackWriter, kind: ChunkKind) -> Result<(), BackupError> {
        if pack.is_empty() {
            return Ok(());
        }
        let keyring = self.repository.repository().keyring();
        let recipient = match kind {
            ChunkKind::Data => keyring.data_recipient(),
            ChunkKind::Meta => keyring.meta_recipient(),
        };
        let sealed = pack.finish(recipient).map_err(BackupError::Crypto)?;
        let row = PackRow { name: sealed.name, kind, sealed_len: sealed.body.len() as u64 };
        let key = Key::new(pack_key(&sealed.name))
            .map_err(|source| BackupError::Pack { pack: sealed.name, source })?;
        self.counts.packs.fetch_add(1, Ordering::Relaxed);
        self.counts.stored_bytes.fetch_add(row.sealed_len, Ordering::Relaxed);
        self.wait_for_uploads(UPLOADS_MAX - 1)?;
        let pending = self.repository.repository().client().create_in_background(key, sealed.body);
        self.uploads().push_back(Upload { pending, pack: row, directory: sealed.directory });
        self.publish_if_due()
    }

    fn uploads(&self) -> MutexGuard<'_, VecDeque<Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until at most `left` packs are on their way, and takes in whatever else is done.
    fn wait_for_uploads(&self, left: usize) -> Result<(), BackupError> {
        loop {
            let upload = {
                let mut uploads = self.uploads();
                let done = uploads.front().is_some_and(|upload| upload.pending.is_done());
                match uploads.len() > left || done {
                    true => uploads.pop_front(),
                    false => None,
                }
            };
            let Some(upload) = upload else { return Ok(()) };
            let pack: PackName = upload.pack.name;
            upload.pending.wait().map_err(|source| BackupError::Pack { pack, source })?;
            self.durable().rows.add_pack(upload.pack, &upload.directory);
        }
    }

    fn publish_if_due(&self) -> Result<(), BackupError> {
        let rows = {
            let mut durable = self.durable();
            let late = self.clock.elapsed().saturating_sub(durable.published) >= PUBLISH_INTERVAL;
            let many = durable.rows.chunks.len() >= limits::SEGMENT_TARGET_CHUNKS;
            if durable.rows.packs.is_empty() || !(late || many) {
                return Ok(());
            }
            durable.published = self.clock.elapsed();
            std::mem::take(&mut durable.rows)
        };
        self.publish(rows)
    }

    fn publish(&self, mut rows: SegmentRows) -> Result<(), BackupError> {
        if rows.packs.is_empty() {
            return Ok(());
        }
        let keyring = self.repository.repository().keyring();
        let name = self.session.publish(keyring, &mut rows)?;
        // From here on the run answers for these chunks, and the session's memory is free of them.
        self.repository.index().add_rows(&[name], &mut rows)?;
        self.claimed.release(rows.chunks.iter().map(|chunk| &chunk.id));
        Ok(())
    }

    /// Makes everything durable and published. Call when every [`BlockWriter`] has been flushed.
    pub fn finish(&self) -> Result<(), BackupError> {
        for kind in [ChunkKind::Data, ChunkKind::Meta] {
            let pack = std::mem::replace(&mut *self.pack(kind), PackWriter::create(kind));
            self.store(pack, kind)?;
        }
        self.wait_for_uploads(0)?;
        let rows = std::mem::take(&mut self.durable().rows);
        self.publish(rows)
    }
}

/// One worker's way into the storer: gathers chunks into blocks.
pub struct BlockWriter<'s, 'a> {
    storer: &'s Storer<'a>,
    compressor: Compressor,
    data: OpenBlock,
    meta: OpenBlock,
    frame: Vec<u8>,
}

struct OpenBlock {
    plain: Vec<u8>,
    chunks: Vec<(ChunkId, u32)>,
    /// Plaintext bytes at which it is full.
    target: usize,
}

impl OpenBlock {
    fn new() -> Self {
        Self { plain: Vec::new(), chunks: Vec::new(), target: limits::BLOCK_TARGET_BYTES }
    }
}

/// How large the block should be that follows one of `plain` bytes which became `frame` bytes: what is
/// expected to compress to `BLOCK_FRAME_TARGET_BYTES`, within the bounds.
fn next_target(plain: usize, frame: usize) -> usize {
    (plain / frame.max(1))
        .saturating_mul(limits::BLOCK_FRAME_TARGET_BYTES)
        .clamp(limits::BLOCK_TARGET_BYTES, limits::BLOCK_TARGET_MAX_BYTES)
}

impl<'s, 'a> BlockWriter<'s, 'a> {
    /// A writer for one thread.
    pub fn new(storer: &'s Storer<'a>) -> Result<Self, BackupError> {
        let compressor = Compressor::new(storer.level).map_err(BackupError::Compress)?;
        let (data, meta) = (OpenBlock::new(), OpenBlock::new());
        Ok(Self { storer, compressor, data, meta, frame: Vec::new() })
    }

    /// The shared storer.
    pub fn storer(&self) -> &'s Storer<'a> {
        self.storer
    }

    /// Stores `plain` unless the repository has it; answers its id either way.
    pub fn put(&mut self, kind: ChunkKind, plain: &[u8]) -> Result<ChunkId, BackupError> {
        debug_assert!(plain.len() <= limits::CHUNK_MAX_BYTES);
        let id = self.storer.repository.id_of(kind, plain);
        if !self.storer.claim(&id) {
            return Ok(id);
        }
        self.storer.counts.new_chunks.fetch_add(1, Ordering::Relaxed);
        self.storer.counts.new_bytes.fetch_add(plain.len() as u64, Ordering::Relaxed);
        let block = match kind {
            ChunkKind::Data => &mut self.data,
            ChunkKind::Meta => &mut self.meta,
        };
        block.plain.extend_from_slice(plain);
        block.chunks.push((id, plain.len() as u32));
        if block.plain.len() >= block.target {
            self.flush_block(kind)?;
        }
        Ok(id)
    }

    /// Cuts `plain` into chunks and stores each; answers the list.
    pub fn put_all(&mut self, kind: ChunkKind, plain: &[u8]) -> Result<Vec<ChunkId>, BackupError> {
        let mut ids = Vec::new();
        let mut rest = plain;
        while let Some(len) = self.storer.chunker.first_len(rest, true) {
            ids.push(self.put(kind, &rest[..len])?);
            rest = &rest[len..];
        }
        Ok(ids)
    }

    /// `ids` as an entry holds them: itself, or as a list that is stored on its own.
    pub fn put_list(&mut self, ids: Vec<ChunkId>) -> Result<ChunkList, BackupError> {
        if ids.len() <= limits::INLINE_CHUNKS_MAX {
            return Ok(ChunkList { ids, indirect: false });
        }
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
        Ok(ChunkList { ids: self.put_all(ChunkKind::Meta, &bytes)?, indirect: true })
    }

    /// Compresses what has gathered and hands it on; the writer may be used further.
    pub fn flush(&mut self) -> Result<(), BackupError> {
        self.flush_block(ChunkKind::Data)?;
        self.flush_block(ChunkKind::Meta)
    }

    fn flush_block(&mut self, kind: ChunkKind) -> Result<(), BackupError> {
        let block = match kind {
            ChunkKind::Data => &mut self.data,
            ChunkKind::Meta => &mut self.meta,
        };
        if block.plain.is_empty() {
            return Ok(());
        }
        self.frame.clear();
        self.compressor.compress(&block.plain, &mut self.frame).map_err(BackupError::Compress)?;
        let raw_len = block.plain.len() as u32;
        block.target = next_target(block.plain.len(), self.frame.len());
        block.plain.clear();
        let chunks = std::mem::take(&mut block.chunks);
        self.storer.push_block(kind, &self.frame, raw_len, chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_grows_only_where_the_one_before_it_shrank_to_less_than_an_eighth() {
        let mib = 1 << 20;
        assert_eq!(next_target(mib, mib), mib);
        assert_eq!(next_target(mib, mib / 8), mib);
        assert_eq!(next_target(mib, mib / 16), 2 * mib);
        assert_eq!(next_target(4 * mib, 1_000), 4 * mib, "bounded, so that readers stay small");
        assert_eq!(next_target(0, 0), mib);
        let largest = next_target(usize::MAX, 1) + limits::CHUNK_MAX_BYTES;
        assert!(largest <= limits::BLOCK_MAX_BYTES, "readers would refuse {largest} bytes");
    }
}
