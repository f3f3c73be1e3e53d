//! Segments: the index as it lies in the repository, one immutable object each, sealed and signed.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::ids::{ObjectHash, SegmentName, SnapshotId};
use crate::base::limits;
use crate::compress::{self, CompressError};
use crate::crypto::error::CryptoError;
use crate::crypto::sealed;
use crate::crypto::x25519::{Identity, Recipient};
use crate::index::rows::{BLOCK_ROW_BYTES, BlockRow, CHUNK_ROW_BYTES, ChunkRow, PACK_ROW_BYTES, PackRow};
use crate::pack::directory::Directory;
use crate::pack::padding::pad_with_trailer;

/// First bytes of a segment's body; the last is the version.
const MARK: &[u8; 8] = b"LBSEG\0\0\x01";
/// Bytes of the Ed25519 signature that ends the body.
const SIGNATURE_BYTES: usize = 64;
/// zstd level of segments: ids do not compress, the rest does at any level.
const LEVEL: i32 = 1;
/// The signature's context.
pub const SIGN_CONTEXT: &str = "segment";

/// Who published a segment, and after which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentHeader<C = serde_json::Value> {
    /// The session that published it.
    pub session: SnapshotId,
    /// The host's name.
    pub host: String,
    /// Its number within the session, from 0.
    pub number: u32,
    /// Hash of the session's previous segment; none for the first.
    pub previous: Option<ObjectHash>,
    /// The host's certificate, as `repo::certificate` defines it.
    pub certificate: C,
}

/// A segment's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentRows {
    /// The packs described.
    pub packs: Vec<PackRow>,
    /// Their blocks.
    pub blocks: Vec<BlockRow>,
    /// Their chunks, sorted by id.
    pub chunks: Vec<ChunkRow>,
}

/// A decoded segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Who published it.
    pub header: SegmentHeader,
    /// What it says.
    pub rows: SegmentRows,
    /// BLAKE3 of the body before the signature: what was signed.
    pub signed_hash: [u8; 32],
    /// The host's signature over `signed_hash`.
    pub signature: [u8; 64],
}

/// A segment that cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// It does not open, or its bytes were altered.
    #[error("it does not decrypt")]
    Crypto(#[source] CryptoError),
    /// It does not decompress.
    #[error("it does not decompress")]
    Compress(#[source] CompressError),
    /// Its header is no JSON of the right shape.
    #[error("its header is damaged")]
    Header(#[source] serde_json::Error),
    /// Its rows are not what a writer makes.
    #[error("it is damaged: {0}")]
    Rows(&'static str),
    /// The caller's check of the signature failed.
    #[error("its signature does not hold: {0}")]
    Signature(String),
}

impl SegmentRows {
    /// Adds all that a pack's directory says.
    pub fn add_pack(&mut self, pack: PackRow, directory: &Directory) {
        let pack_row = self.packs.len() as u32;
        self.packs.push(pack);
        for block in &directory.blocks {
            let block_row = self.blocks.len() as u32;
            self.blocks.push(BlockRow {
                pack: pack_row,
                offset: block.offset,
                frame_len: block.frame_len,
                raw_len: block.raw_len,
            });
            let mut offset = 0;
            for (id, len) in &block.chunks {
                self.chunks.push(ChunkRow { id: *id, block: block_row, offset, len: *len });
                offset += len;
            }
        }
    }

    /// Sorts the chunks; call before encoding.
    pub fn sort(&mut self) {
        self.chunks.sort_unstable_by_key(|a| a.id);
    }
}

/// Makes the object: `sign` signs the 32-byte hash of the body with [`SIGN_CONTEXT`].
pub fn encode_segment(
    header: &SegmentHeader<impl Serialize>,
    rows: &SegmentRows,
    recipient: &Recipient,
    sign: impl FnOnce(&[u8; 32]) -> [u8; 64],
) -> Result<Bytes, SegmentError> {
    let text = serde_json::to_vec(header).map_err(SegmentError::Header)?;
    let mut body = Vec::with_capacity(
        64 + text.len()
            + rows.packs.len() * PACK_ROW_BYTES
            + rows.blocks.len() * BLOCK_ROW_BYTES
            + rows.chunks.len() * CHUNK_ROW_BYTES,
    );
    body.extend_from_slice(MARK);
    for count in [text.len(), rows.packs.len(), rows.blocks.len(), rows.chunks.len()] {
        body.extend_from_slice(&(count as u32).to_le_bytes());
    }
    body.extend_from_slice(&text);
    rows.packs.iter().for_each(|row| row.encode(&mut body));
    rows.blocks.iter().for_each(|row| row.encode(&mut body));
    rows.chunks.iter().for_each(|row| row.encode(&mut body));
    let signature = sign(blake3::hash(&body).as_bytes());
    body.extend_from_slice(&signature);
    let mut plain = compress::compress_record(&body, LEVEL).map_err(SegmentError::Compress)?;
    pad_with_trailer(&mut plain, &[]);
    sealed::seal(recipient, &plain).map(Bytes::from).map_err(SegmentError::Crypto)
}

/// Reads a segment; the caller checks the signature.
pub fn decode_segment(identities: &[Identity], object: &[u8]) -> Result<Segment, SegmentError> {
    let plain = sealed::open(identities, object).map_err(SegmentError::Crypto)?;
    let body = compress::decompress_stream(&plain, limits::SEGMENT_MAX_BYTES as usize)
        .map_err(SegmentError::Compress)?;
    drop(plain);
    let cut = SegmentError::Rows("it is cut");
    let Some((signed, signature)) = body.split_last_chunk::<SIGNATURE_BYTES>() else { return Err(cut) };
    let Some((head, rest)) = signed.split_first_chunk::<24>() else { return Err(cut) };
    if &head[..8] != MARK {
        return Err(SegmentError::Rows("its mark or version is unknown"));
    }
    let count = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
    let (text_len, packs, blocks, chunks) = (count(8), count(12), count(16), count(20));
    let pack_bytes = packs.checked_mul(PACK_ROW_BYTES);
    let block_bytes = blocks.checked_mul(BLOCK_ROW_BYTES);
    let chunk_bytes = chunks.checked_mul(CHUNK_ROW_BYTES);
    let (Some(pack_bytes), Some(block_bytes), Some(chunk_bytes)) = (pack_bytes, block_bytes, chunk_bytes)
    else {
        return Err(SegmentError::Rows("its counts are out of range"));
    };
    let total =
        [pack_bytes, block_bytes, chunk_bytes].iter().try_fold(text_len, |sum, n| sum.checked_add(*n));
    if total != Some(rest.len()) {
        return Err(SegmentError::Rows("its length does not fit its counts"));
    }
    let (text, rest) = rest.split_at(text_len);
    let (pack_rows, rest) = rest.split_at(pack_bytes);
    let (block_rows, chunk_rows) = rest.split_at(block_bytes);
    let header = serde_json::from_slice(text).map_err(SegmentError::Header)?;
    let rows = decode_rows(pack_rows, block_rows, chunk_rows).map_err(SegmentError::Rows)?;
    Ok(Segment { header, rows, signed_hash: *blake3::hash(signed).as_bytes(), signature: *signature })
}

fn decode_rows(packs: &[u8], blocks: &[u8], chunks: &[u8]) -> Result<SegmentRows, &'static str> {
    let rows = SegmentRows {
        packs: packs
            .chunks_exact(PACK_ROW_BYTES)
            .map(PackRow::decode)
            .collect::<Option<_>>()
            .ok_or("a pack's row is damaged")?,
        blocks: blocks
            .chunks_exact(BLOCK_ROW_BYTES)
            .map(BlockRow::decode)
            .collect::<Option<_>>()
            .ok_or("a block's row is damaged")?,
        chunks: chunks
            .chunks_exact(CHUNK_ROW_BYTES)
            .map(ChunkRow::decode)
            .collect::<Option<_>>()
            .ok_or("a chunk's row is damaged")?,
    };
    if rows.blocks.iter().any(|block| block.pack as usize >= rows.packs.len()) {
        return Err("a block names no pack");
    }
    if rows.chunks.iter().any(|chunk| chunk.block as usize >= rows.blocks.len()) {
        return Err("a chunk names no block");
    }
    if rows.chunks.windows(2).any(|pair| pair[0].id > pair[1].id) {
        return Err("its chunks are not sorted");
    }
    Ok(rows)
}

/// Object key of a segment, as text.
pub fn segment_key(name: &SegmentName) -> String {
    format!("index/{name}")
}

/// The name of the segment whose object key is `key`, if it is one.
pub fn segment_name(key: &str) -> Option<SegmentName> {
    SegmentName::parse(key.strip_prefix("index/")?)
}
