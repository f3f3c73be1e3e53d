//! A pack's directory: which blocks it holds, and which chunks each block holds.
//!
//! It stands in the pack itself, so that a pack alone is enough to rebuild its part of the index.

use crate::base::ids::{ChunkId, ChunkKind};
use crate::base::limits;

/// Magic number of the skippable frame that holds the directory.
pub const DIRECTORY_MAGIC: u32 = 0x184D_2A5C;
/// First bytes of the directory.
const MARK: &[u8; 4] = b"LBPD";
/// First bytes of the trailer.
const TRAILER_MARK: &[u8; 4] = b"LBPT";
/// Version of both.
const VERSION: u8 = 1;
/// Bytes of the directory before its blocks.
const HEADER_BYTES: usize = 16;
/// Bytes of a block's row.
const BLOCK_BYTES: usize = 12;
/// Bytes of a chunk's row.
const CHUNK_BYTES: usize = 36;
/// Bytes of the trailer, the last of a pack's plaintext.
pub const TRAILER_BYTES: usize = 24;

/// A directory or trailer that no writer made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pack's directory is damaged: {0}")]
pub struct DirectoryError(pub &'static str);

/// One block: where its frame lies, and the chunks in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where the zstd frame begins in the pack's plaintext.
    pub offset: u32,
    /// Bytes of the zstd frame.
    pub frame_len: u32,
    /// Bytes of the block itself.
    pub raw_len: u32,
    /// Ids and lengths of the chunks, in order; the lengths add up to `raw_len`.
    pub chunks: Vec<(ChunkId, u32)>,
}

/// All blocks of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// What the chunks hold.
    pub kind: ChunkKind,
    /// The blocks, in order, without gaps, from offset 0.
    pub blocks: Vec<Block>,
}

impl Directory {
    /// Appends the directory as a skippable frame; says its length in bytes, header included.
    pub fn encode(&self, out: &mut Vec<u8>) -> u32 {
        let start = out.len();
        let chunks: usize = self.blocks.iter().map(|block| block.chunks.len()).sum();
        let content = HEADER_BYTES + self.blocks.len() * BLOCK_BYTES + chunks * CHUNK_BYTES;
        out.extend_from_slice(&DIRECTORY_MAGIC.to_le_bytes());
        out.extend_from_slice(&(content as u32).to_le_bytes());
        out.extend_from_slice(MARK);
        out.extend_from_slice(&[VERSION, self.kind.number(), 0, 0]);
        out.extend_from_slice(&(self.blocks.len() as u32).to_le_bytes());
        out.extend_from_slice(&(chunks as u32).to_le_bytes());
        for block in &self.blocks {
            for number in [block.frame_len, block.raw_len, block.chunks.len() as u32] {
                out.extend_from_slice(&number.to_le_bytes());
            }
        }
        for (id, len) in self.blocks.iter().flat_map(|block| &block.chunks) {
            out.extend_from_slice(&id.0);
            out.extend_from_slice(&len.to_le_bytes());
        }
        (out.len() - start) as u32
    }

    /// Reads a directory from its skippable frame; `frames_bytes` is where the frame begins in the pack.
    pub fn decode(frame: &[u8], frames_bytes: u64) -> Result<Self, DirectoryError> {
        let mut rest = frame;
        let magic = take_u32(&mut rest)?;
        let content = take_u32(&mut rest)? as usize;
        if magic != DIRECTORY_MAGIC || content != rest.len() || content < HEADER_BYTES {
            return Err(DirectoryError("it is no directory frame"));
        }
        let (mark, after) = rest.split_at(8);
        rest = after;
        if &mark[..4] != MARK || mark[4] != VERSION {
            return Err(DirectoryError("its mark or version is unknown"));
        }
        let kind = ChunkKind::from_number(mark[5]).ok_or(DirectoryError("its kind is unknown"))?;
        let block_count = take_u32(&mut rest)? as usize;
        let chunk_count = take_u32(&mut rest)? as usize;
        if block_count > limits::PACK_MAX_BLOCKS || chunk_count > limits::PACK_MAX_CHUNKS {
            return Err(DirectoryError("it lists more than a pack may hold"));
        }
        if rest.len() != block_count * BLOCK_BYTES + chunk_count * CHUNK_BYTES {
            return Err(DirectoryError("its length does not fit its counts"));
        }
        let (mut block_rows, mut chunk_rows) = rest.split_at(block_count * BLOCK_BYTES);
        let mut blocks = Vec::with_capacity(block_count);
        let mut offset = 0u64;
        for _ in 0..block_count {
            let block = decode_block(offset, &mut block_rows, &mut chunk_rows)?;
            offset += u64::from(block.frame_len);
            blocks.push(block);
        }
        if offset != frames_bytes || !chunk_rows.is_empty() {
            return Err(DirectoryError("its blocks do not fill the pack"));
        }
        Ok(Self { kind, blocks })
    }
}

fn decode_block(offset: u64, blocks: &mut &[u8], chunks: &mut &[u8]) -> Result<Block, DirectoryError> {
    let offset = u32::try_from(offset).map_err(|_| DirectoryError("a block lies out of range"))?;
    let (frame_len, raw_len, count) = (take_u32(blocks)?, take_u32(blocks)?, take_u32(blocks)? as usize);
    if raw_len as usize > limits::BLOCK_MAX_BYTES {
        return Err(DirectoryError("a block is larger than any may be"));
    }
    if chunks.len() / CHUNK_BYTES < count {
        return Err(DirectoryError("a block lists more chunks than there are"));
    }
    let mut list = Vec::with_capacity(count);
    let mut total = 0u64;
    for _ in 0..count {
        let (id, after) = chunks.split_at(ChunkId::LEN);
        *chunks = after;
        let len = take_u32(chunks)?;
        total += u64::from(len);
        list.push((ChunkId(id.try_into().map_err(|_| DirectoryError("an id is cut"))?), len));
    }
    if total != u64::from(raw_len) {
        return Err(DirectoryError("a block's chunks do not fill it"));
    }
    Ok(Block { offset, frame_len, raw_len, chunks: list })
}

/// Where a pack's directory frame lies: the last bytes of its plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Where the directory's frame begins in the pack's plaintext.
    pub directory_offset: u64,
    /// Its length, header included.
    pub directory_len: u32,
}

impl Trailer {
    /// The trailer's bytes.
    pub fn encode(&self) -> [u8; TRAILER_BYTES] {
        let mut bytes = [0; TRAILER_BYTES];
        bytes[..4].copy_from_slice(TRAILER_MARK);
        bytes[4] = VERSION;
        bytes[8..16].copy_from_slice(&self.directory_offset.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.directory_len.to_le_bytes());
        bytes
    }

    /// Reads the trailer off the end of a plaintext of `plain_len` bytes.
    pub fn decode(bytes: &[u8; TRAILER_BYTES], plain_len: u64) -> Result<Self, DirectoryError> {
        if &bytes[..4] != TRAILER_MARK || bytes[4] != VERSION {
            return Err(DirectoryError("the trailer's mark or version is unknown"));
        }
        let mut rest = &bytes[8..];
        let (low, high) = (take_u32(&mut rest)?, take_u32(&mut rest)?);
        let trailer = Self {
            directory_offset: u64::from(high) << 32 | u64::from(low),
            directory_len: take_u32(&mut rest)?,
        };
        let end = trailer.directory_offset.checked_add(u64::from(trailer.directory_len));
        if end.is_none_or(|end| end > plain_len) {
            return Err(DirectoryError("the trailer points past the end"));
        }
        if trailer.directory_len as usize > limits::PACK_DIRECTORY_MAX_BYTES {
            return Err(DirectoryError("it is longer than a directory may be"));
        }
        Ok(trailer)
    }
}

fn take_u32(bytes: &mut &[u8]) -> Result<u32, DirectoryError> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or(DirectoryError("it is cut"))?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let chunks = vec![(ChunkId([1; 32]), 10), (ChunkId([2; 32]), 20)];
        Directory {
            kind: ChunkKind::Data,
            blocks: vec![
                Block { offset: 0, frame_len: 15, raw_len: 30, chunks },
                Block { offset: 15, frame_len: 5, raw_len: 7, chunks: vec![(ChunkId([3; 32]), 7)] },
            ],
        }
    }

    #[test]
    fn a_directory_survives_encoding() {
        let mut frame = Vec::new();
        let len = directory().encode(&mut frame);
        assert_eq!(len as usize, frame.len());
        assert_eq!(Directory::decode(&frame, 20).unwrap(), directory());
    }

    #[test]
    fn every_cut_and_every_flipped_count_is_refused_or_harmless() {
        let mut frame = Vec::new();
        directory().encode(&mut frame);
        for len in 0..frame.len() {
            assert!(Directory::decode(&frame[..len], 20).is_err());
        }
        for at in 0..8 + HEADER_BYTES + 2 * BLOCK_BYTES {
            for bit in 0..8 {
                let mut damaged = frame.clone();
                damaged[at] ^= 1 << bit;
                if let Ok(read) = Directory::decode(&damaged, 20) {
                    assert!((14..16).contains(&at) || at == 13, "byte {at} bit {bit}: {read:?}");
                }
            }
        }
    }

    #[test]
    fn a_trailer_that_points_outside_is_refused() {
        let trailer = Trailer { directory_offset: 90, directory_len: 10 };
        assert_eq!(Trailer::decode(&trailer.encode(), 100), Ok(trailer));
        assert!(Trailer::decode(&trailer.encode(), 99).is_err());
        let far = Trailer { directory_offset: u64::MAX, directory_len: 10 };
        assert!(Trailer::decode(&far.encode(), 100).is_err());
    }
}
