//! Reading packs by ranges: the directory, single blocks, or runs of blocks that lie together.
//!
//! The reader does no I/O of its own; it is told how to fetch a range of the object.

use std::ops::Range;

use crate::base::ids::{ChunkId, PackName};
use crate::base::limits;
use crate::base::secret::Secret32;
use crate::compress::{CompressError, Decompressor};
use crate::crypto::error::CryptoError;
use crate::crypto::sealed::{self, SealedHeader};
use crate::crypto::x25519::Identity;
use crate::pack::directory::{Directory, DirectoryError, TRAILER_BYTES, Trailer};

/// A pack that cannot be read. The caller knows and adds the pack's name.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E: std::error::Error + 'static> {
    /// The range could not be fetched.
    #[error("it cannot be fetched")]
    Fetch(#[source] E),
    /// It does not open, or its bytes were altered.
    #[error("it does not decrypt")]
    Crypto(#[source] CryptoError),
    /// Its directory is damaged.
    #[error(transparent)]
    Directory(DirectoryError),
    /// A block is damaged.
    #[error("a block does not decompress")]
    Block(#[source] CompressError),
    /// The object is larger or smaller than any pack.
    #[error("{0} bytes is no length of a pack")]
    Length(u64),
}

/// A pack whose header is known.
#[derive(Clone)]
pub struct PackReader {
    header: SealedHeader,
    sealed_len: u64,
    plain_len: u64,
}

impl PackReader {
    /// Opens a pack of `sealed_len` bytes from its first bytes, with the identities of its kind.
    pub fn open<E: std::error::Error>(
        identities: &[Identity],
        sealed_len: u64,
        fetch: impl FnOnce(Range<u64>) -> Result<bytes::Bytes, E>,
    ) -> Result<Self, PackError<E>> {
        if sealed_len > limits::PACK_MAX_BYTES {
            return Err(PackError::Length(sealed_len));
        }
        let prefix = fetch(0..sealed_len.min(sealed::SEALED_HEADER_MAX as u64)).map_err(PackError::Fetch)?;
        let header = sealed::open_header(identities, &prefix).map_err(PackError::Crypto)?;
        let plain_len = header.plaintext_len(sealed_len).map_err(PackError::Crypto)?;
        Ok(Self { header, sealed_len, plain_len })
    }

    /// Bytes of the object to fetch for `plain` bytes of its plaintext.
    pub fn sealed_range<E: std::error::Error>(&self, plain: Range<u64>) -> Result<Range<u64>, PackError<E>> {
        self.header.sealed_range(plain, self.sealed_len).map_err(PackError::Crypto)
    }

    /// The plaintext range `plain`, from exactly the bytes of its [`PackReader::sealed_range`].
    pub fn open_range<E: std::error::Error>(
        &self,
        plain: Range<u64>,
        pieces: &[u8],
    ) -> Result<Vec<u8>, PackError<E>> {
        self.header.open_range(plain, self.sealed_len, pieces).map_err(PackError::Crypto)
    }

    /// Fetches and opens one plaintext range.
    pub fn read_range<E: std::error::Error>(
        &self,
        plain: Range<u64>,
        fetch: &mut impl FnMut(Range<u64>) -> Result<bytes::Bytes, E>,
    ) -> Result<Vec<u8>, PackError<E>> {
        let pieces = fetch(self.sealed_range(plain.clone())?).map_err(PackError::Fetch)?;
        self.open_range(plain, &pieces)
    }

    /// Fetches the directory.
    pub fn read_directory<E: std::error::Error>(
        &self,
        fetch: &mut impl FnMut(Range<u64>) -> Result<bytes::Bytes, E>,
    ) -> Result<Directory, PackError<E>> {
        let Some(at) = self.plain_len.checked_sub(TRAILER_BYTES as u64) else {
            return Err(PackError::Length(self.sealed_len));
        };
        let bytes = self.read_range(at..self.plain_len, fetch)?;
        let bytes: &[u8; TRAILER_BYTES] =
            bytes.as_slice().try_into().map_err(|_| PackError::Length(self.sealed_len))?;
        let trailer = Trailer::decode(bytes, at).map_err(PackError::Directory)?;
        let start = trailer.directory_offset;
        let frame = self.read_range(start..start + u64::from(trailer.directory_len), fetch)?;
        Directory::decode(&frame, start).map_err(PackError::Directory)
    }

    /// Fetches one block and decompresses it.
    pub fn read_block<E: std::error::Error>(
        &self,
        frame: Range<u64>,
        raw_len: u32,
        decompressor: &mut Decompressor,
        fetch: &mut impl FnMut(Range<u64>) -> Result<bytes::Bytes, E>,
    ) -> Result<Vec<u8>, PackError<E>> {
        let frame = self.read_range(frame, fetch)?;
        decompressor.decompress(&frame, raw_len as usize).map_err(PackError::Block)
    }
}

/// The chunk id of `plain`, under the key of its kind.
pub fn chunk_id(key: &Secret32, plain: &[u8]) -> ChunkId {
    ChunkId(*blake3::keyed_hash(key.expose(), plain).as_bytes())
}

/// Object key of a pack, as text.
pub fn pack_key(name: &PackName) -> String {
    let name = name.to_string();
    format!("packs/{}/{}", &name[..2], name)
}

/// The name of the pack whose object key is `key`, if it is one.
pub fn pack_name(key: &str) -> Option<PackName> {
    let (prefix, name) = key.strip_prefix("packs/")?.split_once('/')?;
    if !name.starts_with(prefix) || prefix.len() != 2 {
        return None;
    }
    PackName::parse(name)
}

impl std::fmt::Debug for PackReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackReader({} bytes)", self.sealed_len)
    }
}
