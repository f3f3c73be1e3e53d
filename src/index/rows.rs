//! The fixed-size rows of segments and runs: packs, blocks, chunks. All numbers little-endian.

use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;

/// Bytes of a pack's row: name 16, kind 1, zero 7, sealed length 8.
pub const PACK_ROW_BYTES: usize = 32;
/// Bytes of a block's row: pack 4, offset 4, frame length 4, raw length 4.
pub const BLOCK_ROW_BYTES: usize = 16;
/// Bytes of a chunk's row: id 32, block 4, offset in the block 4, length 4.
pub const CHUNK_ROW_BYTES: usize = 44;

/// A pack as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackRow {
    /// Its name.
    pub name: PackName,
    /// What it holds.
    pub kind: ChunkKind,
    /// Bytes of the stored object.
    pub sealed_len: u64,
}

/// A block as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Row number of its pack.
    pub pack: u32,
    /// Where its frame begins in the pack's plaintext.
    pub offset: u32,
    /// Bytes of its frame.
    pub frame_len: u32,
    /// Bytes of plaintext in it.
    pub raw_len: u32,
}

/// A chunk as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    /// Its id.
    pub id: ChunkId,
    /// Row number of its block.
    pub block: u32,
    /// Where it begins in the block.
    pub offset: u32,
    /// Its length.
    pub len: u32,
}

/// Where a chunk is: all that reading it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The pack.
    pub pack: PackName,
    /// The pack's kind.
    pub kind: ChunkKind,
    /// Bytes of the pack's object.
    pub pack_len: u64,
    /// Where the block's frame begins in the pack's plaintext.
    pub block_offset: u32,
    /// Bytes of the block's frame.
    pub frame_len: u32,
    /// Bytes of the block.
    pub raw_len: u32,
    /// Where the chunk begins in the block.
    pub offset: u32,
    /// Bytes of the chunk.
    pub len: u32,
}

impl PackRow {
    /// Appends the row.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.name.0);
        out.extend_from_slice(&[self.kind.number(), 0, 0, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&self.sealed_len.to_le_bytes());
    }

    /// Reads a row of exactly [`PACK_ROW_BYTES`]; `None` if no writer made it.
    pub fn decode(row: &[u8]) -> Option<Self> {
        Some(Self {
            name: PackName(row.get(..16)?.try_into().ok()?),
            kind: ChunkKind::from_number(*row.get(16)?)?,
            sealed_len: u64::from_le_bytes(row.get(24..32)?.try_into().ok()?),
        })
    }
}

impl BlockRow {
    /// Appends the row.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.pack, self.offset, self.frame_len, self.raw_len] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Reads a row of exactly [`BLOCK_ROW_BYTES`]; `None` if it is cut.
    pub fn decode(row: &[u8]) -> Option<Self> {
        Some(Self {
            pack: number(row, 0)?,
            offset: number(row, 4)?,
            frame_len: number(row, 8)?,
            raw_len: number(row, 12)?,
        })
    }
}

impl ChunkRow {
    /// Appends the row.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0);
        for number in [self.block, self.offset, self.len] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// Reads a row of exactly [`CHUNK_ROW_BYTES`]; `None` if it is cut.
    pub fn decode(row: &[u8]) -> Option<Self> {
        Some(Self {
            id: ChunkId(row.get(..32)?.try_into().ok()?),
            block: number(row, 32)?,
            offset: number(row, 36)?,
            len: number(row, 40)?,
        })
    }
}

impl Location {
    /// Puts the rows together; `None` where they contradict each other or a bound.
    pub fn join(pack: &PackRow, block: &BlockRow, chunk: &ChunkRow) -> Option<Self> {
        let end = chunk.offset.checked_add(chunk.len)?;
        let fits = end <= block.raw_len
            && block.raw_len as usize <= limits::BLOCK_MAX_BYTES
            && u64::from(block.offset) + u64::from(block.frame_len) <= pack.sealed_len
            && pack.sealed_len <= limits::PACK_MAX_BYTES;
        fits.then_some(Self {
            pack: pack.name,
            kind: pack.kind,
            pack_len: pack.sealed_len,
            block_offset: block.offset,
            frame_len: block.frame_len,
            raw_len: block.raw_len,
            offset: chunk.offset,
            len: chunk.len,
        })
    }
}

/// The number that filters know a chunk id by: its first eight bytes.
pub fn filter_key(id: &[u8; 32]) -> u64 {
    u64::from_be_bytes([id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]])
}

fn number(row: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(row.get(at..at + 4)?.try_into().ok()?))
}
