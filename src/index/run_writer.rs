//! Writing runs: several sorted sources become one sorted file, in one pass and bounded memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xorf::{BinaryFuse8, DmaSerializable};

use crate::base::hex;
use crate::base::ids::{ChunkId, SegmentName};
use crate::crypto::derive::random_bytes;
use crate::index::rows::{BlockRow, ChunkRow, PackRow, filter_key};
use crate::index::run::{DESCRIPTOR_BYTES, HEADER_BYTES, MARK, PART_CHUNKS, PART_ROW_BYTES, Run};
use crate::index::segment::SegmentRows;

/// A run that cannot be written to the cache directory.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file system refuses.
    #[error("the index cache {path:?} cannot be written")]
    Io {
        /// The run's file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A run that was just written does not open: the disk lies, or somebody writes to the cache.
    #[error("the index cache {path:?} was damaged while it was written")]
    Unreadable {
        /// The run's file.
        path: PathBuf,
    },
}

/// What goes into a run.
pub enum Source<'a> {
    /// Segments just fetched.
    Rows(&'a [SegmentName], &'a SegmentRows),
    /// A run that is to be merged.
    Run(&'a Run),
}

impl Source<'_> {
    fn names(&self) -> &[SegmentName] {
        match self {
            Source::Rows(names, _) => names,
            Source::Run(run) => run.sources(),
        }
    }

    fn packs(&self) -> &[PackRow] {
        match self {
            Source::Rows(_, rows) => &rows.packs,
            Source::Run(run) => run.packs(),
        }
    }

    fn block_count(&self) -> usize {
        match self {
            Source::Rows(_, rows) => rows.blocks.len(),
            Source::Run(run) => run.block_count(),
        }
    }

    fn block(&self, row: usize) -> Option<BlockRow> {
        match self {
            Source::Rows(_, rows) => rows.blocks.get(row).copied(),
            Source::Run(run) => run.block(row),
        }
    }

    fn chunk_count(&self) -> usize {
        match self {
            Source::Rows(_, rows) => rows.chunks.len(),
            Source::Run(run) => run.chunk_count(),
        }
    }

    fn chunk(&self, row: usize) -> Option<ChunkRow> {
        match self {
            Source::Rows(_, rows) => rows.chunks.get(row).copied(),
            Source::Run(run) => run.chunk(row),
        }
    }
}

/// Writes one run from `sources` into `directory` and opens it.
pub fn write_run(directory: &Path, sources: &[Source<'_>]) -> Result<Run, RunError> {
    let name = hex::encode(&random_bytes::<16>());
    let path = directory.join(format!("{name}.run"));
    let beside = directory.join(format!("{name}.tmp"));
    let fail = |source| RunError::Io { path: path.clone(), source };
    let written = File::create(&beside).and_then(|file| {
        let file = write_file(file, sources)?;
        // Not synced: what a power cut leaves fails its checksum or length and is made anew.
        drop(file);
        std::fs::rename(&beside, &path)
    });
    if let Err(source) = written {
        let _ = std::fs::remove_file(&beside);
        return Err(fail(source));
    }
    Run::open(&path).ok_or(RunError::Unreadable { path })
}

fn write_file(file: File, sources: &[Source<'_>]) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut head = blake3::Hasher::new();
    out.write_all(&[0; HEADER_BYTES])?;
    let mut row = Vec::new();
    let mut source_count = 0u64;
    let mut head_rows = Vec::new();
    for source in sources {
        for name in source.names() {
            head_rows.extend_from_slice(&name.0);
            source_count += 1;
        }
    }
    let pack_count: usize = sources.iter().map(|source| source.packs().len()).sum();
    sources.iter().flat_map(|source| source.packs()).for_each(|pack| pack.encode(&mut head_rows));
    out.write_all(&head_rows)?;
    let mut pack_base = 0u32;
    for source in sources {
        for index in 0..source.block_count() {
            let mut block = source.block(index).ok_or_else(damaged)?;
            block.pack = block.pack.checked_add(pack_base).ok_or_else(damaged)?;
            row.clear();
            block.encode(&mut row);
            out.write_all(&row)?;
        }
        pack_base = pack_base.checked_add(source.packs().len() as u32).ok_or_else(damaged)?;
    }
    let block_count: usize = sources.iter().map(Source::block_count).sum();
    let chunk_count: usize = sources.iter().map(Source::chunk_count).sum();
    let mut parts = Parts::default();
    merge_chunks(sources, |chunk| {
        row.clear();
        chunk.encode(&mut row);
        parts.push(&chunk.id)?;
        out.write_all(&row)
    })?;
    parts.close()?;
    out.write_all(&parts.filters)?;
    out.write_all(&parts.rows)?;
    let mut header = MARK.to_vec();
    for count in
        [source_count, pack_count as u64, block_count as u64, chunk_count as u64, parts.filters.len() as u64]
    {
        header.extend_from_slice(&count.to_le_bytes());
    }
    head.update(&header).update(&head_rows).update(&parts.rows);
    header.extend_from_slice(head.finalize().as_bytes());
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header)?;
    out.into_inner().map_err(|error| error.into_error())
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a source of the run is damaged")
}

/// Hands out all chunks of all sources in the order of their ids.
fn merge_chunks(sources: &[Source<'_>], mut take: impl FnMut(ChunkRow) -> io::Result<()>) -> io::Result<()> {
    let mut bases = Vec::with_capacity(sources.len());
    let mut base = 0u32;
    let mut heap = BinaryHeap::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        bases.push(base);
        base = base.checked_add(source.block_count() as u32).ok_or_else(damaged)?;
        if source.chunk_count() > 0 {
            heap.push(Reverse((source.chunk(0).ok_or_else(damaged)?.id, index, 0usize)));
        }
    }
    while let Some(Reverse((_, index, row))) = heap.pop() {
        let mut chunk = sources[index].chunk(row).ok_or_else(damaged)?;
        chunk.block = chunk.block.checked_add(bases[index]).ok_or_else(damaged)?;
        take(chunk)?;
        if row + 1 < sources[index].chunk_count() {
            let next = sources[index].chunk(row + 1).ok_or_else(damaged)?;
            heap.push(Reverse((next.id, index, row + 1)));
        }
    }
    Ok(())
}

/// The filters and the table of parts, as chunks go by.
#[derive(Default)]
struct Parts {
    keys: Vec<u64>,
    first: u64,
    seen: u64,
    filters: Vec<u8>,
    rows: Vec<u8>,
}

impl Parts {
    fn push(&mut self, id: &ChunkId) -> io::Result<()> {
        self.keys.push(filter_key(&id.0));
        self.seen += 1;
        if self.seen - self.first == PART_CHUNKS as u64 { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> io::Result<()> {
        if self.seen == self.first {
            return Ok(());
        }
        self.keys.dedup();
        let mut descriptor = [0; DESCRIPTOR_BYTES];
        let offset = self.filters.len();
        // Construction fails only with a vanishing probability; a part without a filter is still searched.
        if let Ok(filter) = BinaryFuse8::try_from(&self.keys) {
            filter.dma_copy_descriptor_to(&mut descriptor[..BinaryFuse8::DESCRIPTOR_LEN]);
            self.filters.extend_from_slice(filter.dma_fingerprints());
        }
        let len = self.filters.len() - offset;
        for number in [self.first, self.seen - self.first, offset as u64, len as u64] {
            self.rows.extend_from_slice(&number.to_le_bytes());
        }
        self.rows.extend_from_slice(&descriptor);
        debug_assert_eq!(self.rows.len() % PART_ROW_BYTES, 0);
        self.first = self.seen;
        self.keys.clear();
        Ok(())
    }
}
