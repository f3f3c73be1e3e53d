//! What a restore needs of a repository, and nothing else: so that damage can be put in by tests.

use std::ops::Range;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, PackName, SnapshotId};
use crate::chunker::Chunker;
use crate::index::rows::Location;
use crate::repo::tree::{ChunkList, Entry};
use crate::store::archive::{WarmUp, Warmth};

/// Something of the repository cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SourceError {
    /// The sort of failure; damage loses single files, everything else ends the restore.
    pub kind: ErrorKind,
    /// What cannot be done, naming the object.
    pub what: String,
    /// Why.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SourceError {
    /// Damage of the repository.
    pub fn damage(what: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Damage, what: what.into(), source: None }
    }
}

/// A pack as restores refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackRef {
    /// Its name.
    pub name: PackName,
    /// Bytes of its object.
    pub sealed_len: u64,
}

/// A repository as restores read it.
pub trait Source: Sync {
    /// The repository's id.
    fn repository_id(&self) -> String;
    /// The entries of the tree that `list` holds, sorted by name and checked.
    fn tree(&self, list: &ChunkList) -> Result<Vec<Entry>, SourceError>;
    /// The chunks that `list` stands for.
    fn resolve(&self, list: &ChunkList) -> Result<Vec<ChunkId>, SourceError>;
    /// Where a data chunk is.
    fn locate(&self, id: &ChunkId) -> Result<Location, SourceError>;
    /// Fetches and opens one range of a data pack's plaintext.
    fn read_plain(&self, pack: &PackRef, plain: Range<u64>) -> Result<Vec<u8>, SourceError>;
    /// The same from another copy of the pack, if there is one whose range `is_right`.
    fn another_copy(
        &self,
        _pack: &PackRef,
        _plain: Range<u64>,
        _is_right: &dyn Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        None
    }
    /// Whether the store tells of packs that have to be warmed up before they are read.
    fn tells_warmth(&self) -> bool {
        false
    }
    /// Whether each of `packs` can be read now.
    fn warmth(&self, packs: &[PackRef]) -> Result<Vec<Warmth>, SourceError> {
        Ok(vec![Warmth::Warm; packs.len()])
    }
    /// Asks the store to make `packs` readable.
    fn warm_up(&self, _packs: &[PackRef], _how: WarmUp) -> Result<(), SourceError> {
        Ok(())
    }
    /// The id that a data chunk with this content has.
    fn chunk_id(&self, plain: &[u8]) -> ChunkId;
    /// The repository's chunker.
    fn chunker(&self) -> Result<Chunker, SourceError>;
}

/// The snapshot that is restored.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its id.
    pub snapshot: SnapshotId,
    /// The tree of `/`.
    pub root: ChunkList,
    /// What was backed up, as absolute paths, lossy: only in and below these may anything be deleted.
    pub sources: Vec<String>,
}
