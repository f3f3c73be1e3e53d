//! Runs: the index as it lies on this machine, mapped into memory and searched in place.
//!
//! A run holds what one or more segments say, sorted by chunk id. It is divided into parts of at most
//! [`PART_CHUNKS`] chunks, each with a binary fuse filter of its own, so that a run of any size is written
//! in bounded memory. Ids are keyed hashes and therefore evenly spread: interpolation finds a row in
//! about two steps. A run is a cache: when in doubt it is thrown away and made anew from its segments.

use std::path::{Path, PathBuf};

use xorf::{BinaryFuse8Ref, Filter, FilterRef};

use crate::base::ids::{ChunkId, SegmentName};
use crate::index::rows::{
    BLOCK_ROW_BYTES, BlockRow, CHUNK_ROW_BYTES, ChunkRow, Location, PACK_ROW_BYTES, PackRow, filter_key,
};
use crate::sys::file::Mapped;

/// First bytes of a run; the last is the version.
pub const MARK: &[u8; 8] = b"LBRUN\0\0\x01";
/// Bytes of the header: mark, four counts (u64), length of the filters, checksum of the head.
pub const HEADER_BYTES: usize = 8 + 5 * 8 + 32;
/// Most chunks behind one filter.
pub const PART_CHUNKS: usize = 1 << 20;
/// Bytes of a part's row: first chunk 8, chunks 8, filter offset 8, filter length 8, descriptor 32.
pub const PART_ROW_BYTES: usize = 64;
/// Bytes reserved for a filter's descriptor.
pub const DESCRIPTOR_BYTES: usize = 32;

/// One run, open for look-ups from any thread.
pub struct Run {
    map: Mapped,
    path: PathBuf,
    sources: Vec<SegmentName>,
    packs: Vec<PackRow>,
    parts: Vec<Part>,
    blocks_at: usize,
    block_count: usize,
    chunks_at: usize,
    chunk_count: usize,
    filters_at: usize,
}

struct Part {
    first: usize,
    count: usize,
    filter: std::ops::Range<usize>,
    descriptor: [u8; DESCRIPTOR_BYTES],
    lowest: [u8; 32],
}

impl Run {
    /// Opens the run at `path`; `None` if it is no intact run (it is a cache: make it anew).
    pub fn open(path: &Path) -> Option<Self> {
        let map = Mapped::open(path, u64::MAX).ok()?;
        let head = map.get(..HEADER_BYTES)?;
        if &head[..8] != MARK {
            return None;
        }
        let count = |at: usize| {
            let bytes: [u8; 8] = head.get(8 + at * 8..16 + at * 8)?.try_into().ok()?;
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let (source_count, pack_count, block_count, chunk_count, filter_bytes) =
            (count(0)?, count(1)?, count(2)?, count(3)?, count(4)?);
        let sources_at = HEADER_BYTES;
        let packs_at = sources_at.checked_add(source_count.checked_mul(16)?)?;
        let blocks_at = packs_at.checked_add(pack_count.checked_mul(PACK_ROW_BYTES)?)?;
        let chunks_at = blocks_at.checked_add(block_count.checked_mul(BLOCK_ROW_BYTES)?)?;
        let filters_at = chunks_at.checked_add(chunk_count.checked_mul(CHUNK_ROW_BYTES)?)?;
        let parts_at = filters_at.checked_add(filter_bytes)?;
        let part_count = chunk_count.div_ceil(PART_CHUNKS);
        let end = parts_at.checked_add(part_count.checked_mul(PART_ROW_BYTES)?)?;
        if end != map.len() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&head[..HEADER_BYTES - 32])
            .update(&map[sources_at..blocks_at])
            .update(&map[parts_at..]);
        if hasher.finalize().as_bytes() != &head[HEADER_BYTES - 32..] {
            return None;
        }
        let sources = map[sources_at..packs_at].as_chunks::<16>().0.iter().map(|s| SegmentName(*s)).collect();
        let packs = map[packs_at..blocks_at]
            .chunks_exact(PACK_ROW_BYTES)
            .map(PackRow::decode)
            .collect::<Option<_>>()?;
        let mut run = Self {
            path: path.to_path_buf(),
            sources,
            packs,
            parts: Vec::with_capacity(part_count),
            blocks_at,
            block_count,
            chunks_at,
            chunk_count,
            filters_at,
            map,
        };
        for index in 0..part_count {
            let part = run.read_part(parts_at + index * PART_ROW_BYTES, filter_bytes)?;
            run.parts.push(part);
        }
        Some(run)
    }

    fn read_part(&self, at: usize, filter_bytes: usize) -> Option<Part> {
        let row = self.map.get(at..at + PART_ROW_BYTES)?;
        let number = |at: usize| {
            let bytes: [u8; 8] = row.get(at..at + 8)?.try_into().ok()?;
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let (first, count, offset, len) = (number(0)?, number(8)?, number(16)?, number(24)?);
        let end = offset.checked_add(len)?;
        if first.checked_add(count)? > self.chunk_count || count == 0 || end > filter_bytes {
            return None;
        }
        Some(Part {
            first,
            count,
            filter: self.filters_at + offset..self.filters_at + end,
            descriptor: row[32..].try_into().ok()?,
            lowest: self.id_at(first),
        })
    }

    /// Where the run lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The segments it was made from.
    pub fn sources(&self) -> &[SegmentName] {
        &self.sources
    }

    /// How many chunks it knows.
    pub fn chunk_count(&self) -> usize {
        self.chunk_count
    }

    /// Its packs.
    pub fn packs(&self) -> &[PackRow] {
        &self.packs
    }

    /// How many blocks it knows.
    pub fn block_count(&self) -> usize {
        self.block_count
    }

    /// The block in row `row`.
    pub fn block(&self, row: usize) -> Option<BlockRow> {
        if row >= self.block_count {
            return None;
        }
        let at = self.blocks_at + row * BLOCK_ROW_BYTES;
        BlockRow::decode(&self.map[at..at + BLOCK_ROW_BYTES])
    }

    /// The chunk in row `row`; rows are sorted by id.
    pub fn chunk(&self, row: usize) -> Option<ChunkRow> {
        if row >= self.chunk_count {
            return None;
        }
        let at = self.chunks_at + row * CHUNK_ROW_BYTES;
        ChunkRow::decode(&self.map[at..at + CHUNK_ROW_BYTES])
    }

    /// Where the chunk in row `row` is.
    pub fn location(&self, row: usize) -> Option<(ChunkId, Location)> {
        let chunk = self.chunk(row)?;
        let block = self.block(chunk.block as usize)?;
        Some((chunk.id, Location::join(self.packs.get(block.pack as usize)?, &block, &chunk)?))
    }

    /// All places of `id` in this run whose pack `accept`s; the first one found.
    pub fn find(&self, id: &ChunkId, accept: impl Fn(&Location) -> bool) -> Option<Location> {
        let part = self.parts.partition_point(|part| part.lowest <= id.0);
        // Equal ids may straddle parts: look into every part that can hold it, the last one first.
        for part in self.parts[..part].iter().rev() {
            if self.filter_says_no(part, id) {
                if part.lowest < id.0 {
                    return None;
                }
                continue;
            }
            let mut row = self.first_row(part, id);
            while row < part.first + part.count && self.id_at(row) == id.0 {
                match self.location(row) {
                    Some((_, location)) if accept(&location) => return Some(location),
                    _ => row += 1,
                }
            }
            if part.lowest < id.0 {
                return None;
            }
        }
        None
    }

    fn filter_says_no(&self, part: &Part, id: &ChunkId) -> bool {
        if part.filter.is_empty() {
            return false;
        }
        let filter = BinaryFuse8Ref::from_dma(&part.descriptor[..], &self.map[part.filter.clone()]);
        !filter.contains(&filter_key(&id.0))
    }

    /// The first row of `part` whose id is not below `id`, by interpolation and then bisection.
    fn first_row(&self, part: &Part, id: &ChunkId) -> usize {
        let (mut low, mut high) = (part.first, part.first + part.count);
        let target = filter_key(&id.0);
        for _ in 0..4 {
            if high - low <= 16 {
                break;
            }
            let (bottom, top) = (filter_key(&self.id_at(low)), filter_key(&self.id_at(high - 1)));
            if target <= bottom || target > top || top == bottom {
                break;
            }
            let span = (high - 1 - low) as u128;
            let guess = low + (u128::from(target - bottom) * span / u128::from(top - bottom)) as usize;
            // Spread of evenly distributed ids around the guess: a few times the root of the span.
            let slack = 2 * (span as f64).sqrt() as usize + 4;
            let (left, right) = (guess.saturating_sub(slack).max(low), (guess + slack).min(high - 1));
            if self.id_at(left) < id.0 {
                low = left;
            } else {
                high = left + 1;
            }
            if high > right && self.id_at(right) >= id.0 {
                high = right + 1;
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.id_at(middle) < id.0 { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn id_at(&self, row: usize) -> [u8; 32] {
        let at = self.chunks_at + row * CHUNK_ROW_BYTES;
        let mut id = [0; 32];
        id.copy_from_slice(&self.map[at..at + 32]);
        id
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Run({} chunks of {} segments)", self.chunk_count, self.sources.len())
    }
}
