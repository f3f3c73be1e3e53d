//! Writing packs: frames come in, one sealed object goes out.

use bytes::Bytes;

use crate::base::hex;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;
use crate::base::recycle;
use crate::crypto::derive::random_bytes;
use crate::crypto::error::CryptoError;
use crate::crypto::sealed;
use crate::crypto::x25519::Recipient;
use crate::pack::directory::{Block, Directory, Trailer};
use crate::pack::padding::pad_with_trailer;

/// Gathers blocks until there are enough for a pack.
#[derive(Debug)]
pub struct PackWriter {
    plain: Vec<u8>,
    directory: Directory,
    chunk_count: usize,
}

/// A pack, sealed and named, ready to be stored.
#[derive(Debug)]
pub struct SealedPack {
    /// Random, used once.
    pub name: PackName,
    /// The object's bytes: an age file.
    pub body: Bytes,
    /// What is in it.
    pub directory: Directory,
}

impl PackWriter {
    /// An empty pack of `kind`.
    pub fn create(kind: ChunkKind) -> Self {
        Self { plain: Vec::new(), directory: Directory { kind, blocks: Vec::new() }, chunk_count: 0 }
    }

    /// Adds a block: its zstd frame, its length before compression, and its chunks in order.
    pub fn push(&mut self, frame: &[u8], raw_len: u32, chunks: Vec<(ChunkId, u32)>) {
        debug_assert_eq!(chunks.iter().map(|(_, len)| u64::from(*len)).sum::<u64>(), u64::from(raw_len));
        if self.plain.capacity() == 0 {
            // Untouched, it takes no memory; and the sealed object needs a buffer of the same size.
            self.plain = recycle::take(limits::PACK_TARGET_BYTES / 8 * 9);
        }
        // A pack is finished long before 4 GiB (see `is_full`), so offsets fit.
        let offset = self.plain.len() as u32;
        self.plain.extend_from_slice(frame);
        self.chunk_count += chunks.len();
        self.directory.blocks.push(Block { offset, frame_len: frame.len() as u32, raw_len, chunks });
    }

    /// Adds all blocks of `other`, which is of the same kind.
    pub fn absorb(&mut self, other: PackWriter) {
        assert_eq!(self.directory.kind, other.directory.kind, "packs of two kinds never mix");
        for block in other.directory.blocks {
            let start = block.offset as usize;
            let frame = &other.plain[start..start + block.frame_len as usize];
            self.push(frame, block.raw_len, block.chunks);
        }
    }

    /// Whether the pack has reached its target and should be finished.
    pub fn is_full(&self) -> bool {
        self.plain.len() >= limits::PACK_TARGET_BYTES || self.chunk_count >= limits::PACK_MAX_CHUNKS / 16
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.directory.blocks.is_empty()
    }

    /// Bytes of frames gathered so far.
    pub fn frame_bytes(&self) -> usize {
        self.plain.len()
    }

    /// Adds directory and padding, and seals the whole to `recipient`.
    pub fn finish(mut self, recipient: &Recipient) -> Result<SealedPack, CryptoError> {
        let directory_offset = self.plain.len() as u64;
        let directory_len = self.directory.encode(&mut self.plain);
        let trailer = Trailer { directory_offset, directory_len };
        pad_with_trailer(&mut self.plain, &trailer.encode());
        let body = recycle::into_bytes(sealed::seal(recipient, &self.plain)?);
        recycle::give(self.plain);
        Ok(SealedPack { name: new_name(self.directory.kind), body, directory: self.directory })
    }
}

/// A random name, whose first digit tells packs of trees from packs of contents (`META_PACK_DIGIT`).
fn new_name(kind: ChunkKind) -> PackName {
    loop {
        let name: [u8; 16] = random_bytes();
        let is_meta = hex::encode(&name[..1]).starts_with(limits::META_PACK_DIGIT);
        match kind {
            ChunkKind::Meta if is_meta => return PackName(name),
            ChunkKind::Data if !is_meta => return PackName(name),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::new_name;
    use crate::base::ids::ChunkKind;
    use crate::pack::reader::pack_key;

    #[test]
    fn names_tell_packs_of_trees_from_packs_of_contents() {
        for _ in 0..200 {
            assert!(pack_key(&new_name(ChunkKind::Meta)).starts_with("packs/0"));
            assert!(!pack_key(&new_name(ChunkKind::Data)).starts_with("packs/0"));
        }
    }
}
