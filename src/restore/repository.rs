//! A repository with its index, as restores read it.

use std::ops::Range;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::secret::Secret32;
use crate::chunker::Chunker;
use crate::index::rows::{Location, PackRow};
use crate::pack::reader::chunk_id;
use crate::repo::read::{IndexedRepository, ReadError};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{ChunkList, Entry};
use crate::restore::source::{Origin, PackRef, Source, SourceError};
use crate::store::archive::{WarmUp, Warmth};
use crate::store::error::StoreError;

impl From<ReadError> for SourceError {
    fn from(error: ReadError) -> Self {
        Self {
            kind: error.kind(),
            what: "the repository cannot be read".into(),
            source: Some(Box::new(error)),
        }
    }
}

/// A repository as restores read it: the key of the chunk ids is derived once.
#[derive(Debug)]
pub struct RepositorySource<'a> {
    repository: &'a IndexedRepository,
    key: Secret32,
}

impl<'a> RepositorySource<'a> {
    /// Fails where the key slot's role is too small for reading files.
    pub fn new(repository: &'a IndexedRepository) -> Result<Self, SourceError> {
        repository.identities(ChunkKind::Data).map_err(|error| SourceError::from(ReadError::Key(error)))?;
        let keyring = repository.repository().keyring();
        Ok(Self { repository, key: keyring.chunk_key(ChunkKind::Data).clone() })
    }
}

impl Source for RepositorySource<'_> {
    fn repository_id(&self) -> String {
        self.repository.repository().id().to_string()
    }

    fn tree(&self, list: &ChunkList) -> Result<Vec<Entry>, SourceError> {
        Ok(self.repository.read_tree(list)?)
    }

    fn resolve(&self, list: &ChunkList) -> Result<Vec<ChunkId>, SourceError> {
        Ok(self.repository.resolve(list)?)
    }

    fn locate(&self, id: &ChunkId) -> Result<Location, SourceError> {
        Ok(self.repository.locate(ChunkKind::Data, id)?)
    }

    fn read_plain(&self, pack: &PackRef, plain: Range<u64>) -> Result<Vec<u8>, SourceError> {
        Ok(self.repository.read_plain(&pack.name, ChunkKind::Data, pack.sealed_len, plain)?)
    }

    fn another_copy(
        &self,
        pack: &PackRef,
        plain: Range<u64>,
        is_right: &dyn Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let row = PackRow { name: pack.name, kind: ChunkKind::Data, sealed_len: pack.sealed_len };
        self.repository.plain_from_copies(&row, plain, is_right)
    }

    fn tells_warmth(&self) -> bool {
        self.repository.tells_warmth()
    }

    fn warmth(&self, packs: &[PackRef]) -> Result<Vec<Warmth>, SourceError> {
        self.repository.warmth(&names(packs)).map_err(|error| cold_error("looked at", error))
    }

    fn warm_up(&self, packs: &[PackRef], how: WarmUp) -> Result<(), SourceError> {
        self.repository.warm_up(&names(packs), how).map_err(|error| cold_error("warmed up", error))
    }

    fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        chunk_id(&self.key, plain)
    }

    fn chunker(&self) -> Result<Chunker, SourceError> {
        self.repository.repository().chunker().map_err(|error| SourceError {
            kind: ErrorKind::Damage,
            what: "the repository's chunker cannot be set up".into(),
            source: Some(Box::new(error)),
        })
    }
}

fn names(packs: &[PackRef]) -> Vec<PackName> {
    packs.iter().map(|pack| pack.name).collect()
}

fn cold_error(done: &str, error: StoreError) -> SourceError {
    SourceError {
        kind: error.kind(),
        what: format!("the packs that it needs cannot be {done}"),
        source: Some(Box::new(error)),
    }
}

/// What a restore needs of a snapshot's record.
pub fn origin_of(snapshot: &Snapshot) -> Result<Origin, SourceError> {
    let root = snapshot
        .root
        .read()
        .ok_or_else(|| SourceError::damage(format!("snapshot {} names no root", snapshot.id)))?;
    Ok(Origin { snapshot: snapshot.id, root, sources: snapshot.sources.clone() })
}
