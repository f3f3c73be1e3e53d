//! What every reading operation needs: the repository, somebody to tell, and a way to be stopped.

use std::sync::Arc;

use crate::base::ids::{ChunkId, ChunkKind};
use crate::base::monitor::{Interrupt, Monitor};
use crate::browse::error::BrowseError;
use crate::browse::path::show;
use crate::repo::read::{IndexedRepository, ReadError};
use crate::repo::snapshot::{Snapshot, SnapshotError};
use crate::repo::tree::{ChunkList, Entry};

/// A repository being read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The repository with its index.
    pub repository: &'a IndexedRepository,
    /// Hears of progress and of what went wrong.
    pub monitor: &'a dyn Monitor,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
    /// Threads that decrypt and decompress; at least 1.
    pub threads: usize,
}

impl Reading<'_> {
    /// An error if the end was asked for.
    pub fn check(&self) -> Result<(), BrowseError> {
        if self.interrupt.is_set() { Err(BrowseError::Interrupted) } else { Ok(()) }
    }

    /// The entries of the directory at `path` whose tree is `list`.
    pub fn tree(&self, path: &[u8], list: &ChunkList) -> Result<Vec<Entry>, BrowseError> {
        self.check()?;
        self.repository.read_tree(list).map_err(|source| at(path, source))
    }

    /// Hands out the ids of `list` in order; an indirect list is read a chunk at a time.
    pub fn each_id(
        &self,
        path: &[u8],
        list: &ChunkList,
        mut take: impl FnMut(ChunkId) -> Result<(), BrowseError>,
    ) -> Result<(), BrowseError> {
        if !list.indirect {
            return list.ids.iter().try_for_each(|id| take(*id));
        }
        let mut rest: Vec<u8> = Vec::new();
        for id in &list.ids {
            self.check()?;
            let bytes = self.repository.read_chunk(ChunkKind::Meta, id).map_err(|source| at(path, source))?;
            rest.extend_from_slice(&bytes);
            let (ids, tail) = rest.as_chunks::<32>();
            for id in ids {
                take(ChunkId(*id))?;
            }
            rest = tail.to_vec();
        }
        match rest.is_empty() {
            true => Ok(()),
            false => Err(at(path, ReadError::Limit("a chunk list is cut"))),
        }
    }
}

/// `source` as it befell `path`.
pub fn at(path: &[u8], source: ReadError) -> BrowseError {
    BrowseError::Read { path: show(path), source: Arc::new(source) }
}

/// The root tree of `snapshot`.
pub fn root_of(snapshot: &Snapshot) -> Result<ChunkList, BrowseError> {
    let damaged = || SnapshotError::Damaged { id: snapshot.id.to_string(), what: "it names no root".into() };
    snapshot.root.read().ok_or_else(|| damaged().into())
}
