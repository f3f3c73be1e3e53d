//! Reading chunks: locate, fetch, open, decompress, and check against the id, every time.
//!
//! Blocks last read are kept, for the chunks of one block are mostly wanted together.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;
use crate::base::secret::Secret32;
use crate::compress::{CompressError, Decompressor};
use crate::crypto::x25519::Identity;
use crate::index::cache::Index;
use crate::index::rows::{Location, PackRow};
use crate::pack::reader::{PackError, PackReader, chunk_id, pack_key};
use crate::repo::ahead::ReadAhead;
use crate::repo::keyring::KeyError;
use crate::repo::open::Repository;
use crate::repo::tree::{self, ChunkList, Entry, TreeError};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

/// Plaintext bytes of blocks kept.
const BLOCK_CACHE_BYTES: usize = 64 << 20;
/// Headers of packs kept.
const READERS_MAX: usize = 4096;

/// A chunk or tree that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The key slot's role is too small.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The index knows no place for it.
    #[error("chunk {id} is in no pack that the index knows: it is lost")]
    Missing {
        /// The chunk.
        id: ChunkId,
    },
    /// The store fails.
    #[error("pack {pack} cannot be fetched")]
    Fetch {
        /// The pack.
        pack: PackName,
        /// Why.
        source: StoreError,
    },
    /// The pack is damaged.
    #[error("pack {pack} is damaged")]
    Pack {
        /// The pack.
        pack: PackName,
        /// How.
        source: Box<PackError<StoreError>>,
    },
    /// The chunk's bytes are not what its id says.
    #[error("chunk {id} in pack {pack} is not what its id says: the pack was damaged or swapped")]
    Mismatch {
        /// The chunk.
        id: ChunkId,
        /// The pack.
        pack: PackName,
    },
    /// A tree is damaged.
    #[error("a tree is damaged")]
    Tree(#[source] TreeError),
    /// A bound is passed.
    #[error("{0}")]
    Limit(&'static str),
    /// zstd cannot be set up.
    #[error("zstd cannot be set up")]
    Setup(#[source] CompressError),
}

impl ReadError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ReadError::Key(error) => error.kind(),
            ReadError::Fetch {
                source: StoreError::NotFound { .. } | StoreError::ShortRead { .. }, ..
            } => ErrorKind::Damage,
            ReadError::Fetch { source, .. } => source.kind(),
            ReadError::Setup(_) => ErrorKind::Failed,
            _ => ErrorKind::Damage,
        }
    }
}

/// A repository with its index: chunks can be read.
#[derive(Debug)]
pub struct IndexedRepository {
    repository: Repository,
    index: Index,
    data_key: Secret32,
    meta_key: Secret32,
    readers: Mutex<HashMap<PackName, Arc<PackReader>>>,
    blocks: Mutex<BlockCache>,
    pub(super) ahead: ReadAhead,
    /// The pack that was last found damaged in one replica, whole from another.
    rescued: Mutex<Option<(PackName, Bytes)>>,
    /// Held while copies are compared: what one thread finds serves the others.
    pub(super) rescuing: Mutex<()>,
}

#[derive(Default)]
struct BlockCache {
    blocks: HashMap<(PackName, u32), Bytes>,
    order: VecDeque<(PackName, u32)>,
    bytes: usize,
}

impl std::fmt::Debug for BlockCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlockCache({} blocks)", self.blocks.len())
    }
}

impl IndexedRepository {
    /// Puts the two together.
    pub fn new(repository: Repository, index: Index) -> Self {
        let key = |kind| repository.keyring().chunk_key(kind);
        let (data_key, meta_key) = (key(ChunkKind::Data), key(ChunkKind::Meta));
        let (readers, blocks) = (Mutex::default(), Mutex::default());
        let (rescued, rescuing) = (Mutex::default(), Mutex::default());
        let ahead = ReadAhead::default();
        Self { repository, index, data_key, meta_key, readers, blocks, ahead, rescued, rescuing }
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Its index.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The identities that open packs of `kind`.
    pub fn identities(&self, kind: ChunkKind) -> Result<&[Identity], KeyError> {
        match kind {
            ChunkKind::Data => self.repository.keyring().data_identities("reading the contents of files"),
            ChunkKind::Meta => self.repository.keyring().meta_identities("reading the names of files"),
        }
    }

    /// Where a chunk is.
    pub fn locate(&self, kind: ChunkKind, id: &ChunkId) -> Result<Location, ReadError> {
        match self.index.find(id) {
            Some(location) if location.kind == kind => Ok(location),
            _ => Err(ReadError::Missing { id: *id }),
        }
    }

    /// The id that `plain` has as a chunk of `kind`.
    pub fn id_of(&self, kind: ChunkKind, plain: &[u8]) -> ChunkId {
        match kind {
            ChunkKind::Data => chunk_id(&self.data_key, plain),
            ChunkKind::Meta => chunk_id(&self.meta_key, plain),
        }
    }

    /// Whether `plain` is what `id` says.
    pub fn verify(&self, kind: ChunkKind, id: &ChunkId, plain: &[u8]) -> bool {
        self.id_of(kind, plain) == *id
    }

    /// Bytes of a pack's object.
    pub fn fetch(&self, pack: &PackName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.repository.client().get_range(&Key::new(pack_key(pack))?, range)
    }

    /// A pack of `sealed_len` bytes, its header read at most once.
    pub fn pack_reader(
        &self,
        pack: &PackName,
        kind: ChunkKind,
        sealed_len: u64,
    ) -> Result<Arc<PackReader>, ReadError> {
        if let Some(reader) = self.readers.lock().unwrap_or_else(PoisonError::into_inner).get(pack) {
            return Ok(Arc::clone(reader));
        }
        let reader = PackReader::open(self.identities(kind)?, sealed_len, |range| self.fetch(pack, range))
            .map_err(|error| pack_error(*pack, error))?;
        let reader = Arc::new(reader);
        self.keep_header(*pack, &reader);
        Ok(reader)
    }

    /// Whether the header of a pack was read already.
    pub(super) fn knows_header(&self, pack: &PackName) -> bool {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(pack)
    }

    /// Keeps the header of a pack.
    pub(super) fn keep_header(&self, pack: PackName, reader: &Arc<PackReader>) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() >= READERS_MAX {
            readers.clear();
        }
        readers.insert(pack, Arc::clone(reader));
    }

    /// One chunk's plaintext, checked.
    pub fn read_chunk(&self, kind: ChunkKind, id: &ChunkId) -> Result<Bytes, ReadError> {
        let location = self.locate(kind, id)?;
        let start = location.offset as usize;
        let of = |block: Bytes| Some(block.slice(start..start + location.len as usize));
        let right = |chunk: &Bytes| self.verify(kind, id, chunk);
        let error = match self.read_block(&location).map(of) {
            Ok(Some(chunk)) if right(&chunk) => return Ok(chunk),
            Ok(_) => ReadError::Mismatch { id: *id, pack: location.pack },
            Err(error) if error.kind() == ErrorKind::Damage => error,
            Err(error) => return Err(error),
        };
        // Another replica may have a better copy of the pack.
        let key = (location.pack, location.block_offset);
        let copied = self.from_copies(&pack_row(&location), |reader, fetch| {
            let block = Bytes::from(block_of(reader, &location, &mut |range| fetch(range)).ok()?);
            of(block.clone()).filter(&right).map(|chunk| (block, chunk))
        });
        match copied {
            Some((block, chunk)) => {
                self.keep(key, &block);
                Ok(chunk)
            }
            None => Err(error),
        }
    }

    /// One plaintext range of a pack, fetched again where it does not verify, with the header: its last
    /// bytes are verified by nothing but what follows them. Where the copy itself is damaged, from
    /// another replica's.
    pub fn read_plain(
        &self,
        pack: &PackName,
        kind: ChunkKind,
        sealed_len: u64,
        plain: Range<u64>,
    ) -> Result<Vec<u8>, ReadError> {
        let is_damage = |error: &ReadError| matches!(error, ReadError::Pack { .. });
        let row = PackRow { name: *pack, kind, sealed_len };
        let mut was_damaged = false;
        let read = with_refetch(is_damage, || {
            let read = self.read_once(&row, plain.clone());
            if read.as_ref().is_err_and(is_damage) {
                was_damaged = true;
                Key::new(pack_key(pack)).iter().for_each(|key| self.repository.client().doubt(key));
            }
            read
        });
        match read {
            Err(error) if error.kind() == ErrorKind::Damage => {
                self.plain_from_copies(&row, plain, &|_| true).ok_or(error)
            }
            Ok(read) => {
                if was_damaged {
                    // The bad copy is replaced; which one it is shows when all are looked at.
                    let _ = self.from_copies(&row, |_, _| Some(()));
                }
                Ok(read)
            }
            Err(error) => Err(error),
        }
    }

    fn read_once(&self, pack: &PackRow, plain: Range<u64>) -> Result<Vec<u8>, ReadError> {
        if let Some(read) = self.read_first(pack, plain.clone()) {
            return read;
        }
        let reader = self.pack_reader(&pack.name, pack.kind, pack.sealed_len)?;
        reader.read_range(plain, &mut |range| self.fetch_ahead(pack, range)).map_err(|error| {
            self.forget_ahead(&pack.name);
            self.readers.lock().unwrap_or_else(PoisonError::into_inner).remove(&pack.name);
            pack_error(pack.name, error)
        })
    }

    /// The same from single copies, until `is_right`.
    pub fn plain_from_copies(
        &self,
        pack: &PackRow,
        plain: Range<u64>,
        is_right: &dyn Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        self.from_copies(pack, |reader, fetch| {
            let read = reader.read_range(plain.clone(), &mut |range| fetch(range)).ok();
            read.filter(|bytes| is_right(bytes))
        })
    }

    /// The pack that was last brought from another replica, if it is `pack`.
    pub fn rescued_pack(&self, pack: &PackName) -> Option<Bytes> {
        let rescued = self.rescued.lock().unwrap_or_else(PoisonError::into_inner);
        rescued.as_ref().filter(|(name, _)| name == pack).map(|(_, body)| body.clone())
    }

    /// Keeps a pack that was brought from another replica, and forgets what was known of the damaged one.
    pub fn keep_rescued(&self, pack: PackName, body: Bytes) {
        *self.rescued.lock().unwrap_or_else(PoisonError::into_inner) = Some((pack, body));
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).remove(&pack);
    }

    /// The block that `location` lies in; its chunks are not checked yet.
    pub fn read_block(&self, location: &Location) -> Result<Bytes, ReadError> {
        let key = (location.pack, location.block_offset);
        if let Some(block) = self.blocks.lock().unwrap_or_else(PoisonError::into_inner).blocks.get(&key)
            && block.len() == location.raw_len as usize
        {
            return Ok(block.clone());
        }
        let mut decompressor = Decompressor::new().map_err(ReadError::Setup)?;
        let start = u64::from(location.block_offset);
        let plain = start..start + u64::from(location.frame_len);
        let frame = self.read_plain(&location.pack, location.kind, location.pack_len, plain)?;
        let block = decompressor
            .decompress(&frame, location.raw_len as usize)
            .map_err(|error| pack_error(location.pack, PackError::Block(error)))?;
        let block = Bytes::from(block);
        self.keep(key, &block);
        Ok(block)
    }

    fn keep(&self, key: (PackName, u32), block: &Bytes) {
        let mut cache = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = cache.blocks.insert(key, block.clone()) {
            cache.bytes = cache.bytes + block.len() - old.len();
            return;
        }
        cache.order.push_back(key);
        cache.bytes += block.len();
        while cache.bytes > BLOCK_CACHE_BYTES {
            let Some(oldest) = cache.order.pop_front() else { break };
            if let Some(gone) = cache.blocks.remove(&oldest) {
                cache.bytes -= gone.len();
            }
        }
    }

    /// The ids that `list` stands for, an indirect list read and expanded.
    pub fn resolve(&self, list: &ChunkList) -> Result<Vec<ChunkId>, ReadError> {
        if !list.indirect {
            return Ok(list.ids.clone());
        }
        let mut bytes = Vec::new();
        for id in &list.ids {
            bytes.extend_from_slice(&self.read_chunk(ChunkKind::Meta, id)?);
        }
        let (ids, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(ReadError::Limit("a chunk list is cut"));
        }
        Ok(ids.iter().map(|id| ChunkId(*id)).collect())
    }

    /// The bytes of a tree.
    pub fn read_tree_bytes(&self, list: &ChunkList) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        for id in self.resolve(list)? {
            bytes.extend_from_slice(&self.read_chunk(ChunkKind::Meta, &id)?);
            if bytes.len() as u64 > limits::TREE_MAX_BYTES {
                return Err(ReadError::Limit("a directory is larger than any may be"));
            }
        }
        Ok(bytes)
    }

    /// The entries of a directory, sorted by name.
    pub fn read_tree(&self, list: &ChunkList) -> Result<Vec<Entry>, ReadError> {
        tree::decode_tree(&self.read_tree_bytes(list)?).map_err(ReadError::Tree)
    }
}

fn pack_row(location: &Location) -> PackRow {
    PackRow { name: location.pack, kind: location.kind, sealed_len: location.pack_len }
}

/// The block that `location` lies in, by `fetch`.
fn block_of(
    reader: &PackReader,
    location: &Location,
    fetch: &mut impl FnMut(Range<u64>) -> Result<Bytes, StoreError>,
) -> Result<Vec<u8>, ReadError> {
    let mut decompressor = Decompressor::new().map_err(ReadError::Setup)?;
    let start = u64::from(location.block_offset);
    let frame = start..start + u64::from(location.frame_len);
    reader
        .read_block(frame, location.raw_len, &mut decompressor, fetch)
        .map_err(|error| pack_error(location.pack, error))
}

/// A pack's error, with the store's failures told apart from damage.
pub fn pack_error(pack: PackName, error: PackError<StoreError>) -> ReadError {
    match error {
        PackError::Fetch(source) => ReadError::Fetch { pack, source },
        error => ReadError::Pack { pack, source: Box::new(error) },
    }
}
