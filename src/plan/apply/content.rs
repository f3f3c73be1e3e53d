//! Files of a snapshot as something to read, streamed: a program's standard input.

use std::io::{self, PipeReader, Read};
use std::thread::ScopedJoinHandle;

use crate::base::ids::SnapshotId;
use crate::base::monitor::{Interrupt, Silent};
use crate::browse::cat::cat;
use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::{self, Snapshot, SnapshotError};
use crate::restore::error::chain_text;

/// Threads that decrypt and decompress one stream.
const THREADS: usize = 2;

/// The snapshot of this id.
pub fn snapshot_of(indexed: &IndexedRepository, id: &SnapshotId) -> Result<Snapshot, SnapshotError> {
    let repository = indexed.repository();
    snapshot::find(repository.client(), repository.keyring(), &id.to_string())
}

/// A repository as contents are read from it.
pub fn reading<'a>(indexed: &'a IndexedRepository, interrupt: &'a Interrupt) -> Reading<'a> {
    Reading { repository: indexed, monitor: &Silent, interrupt, threads: THREADS }
}

/// Reads what a thread writes into a pipe; at the end, its error is ours, so that a stream that broke off is
/// never taken for a whole one.
pub struct Streamed<'scope> {
    pipe: PipeReader,
    writer: Option<ScopedJoinHandle<'scope, Result<(), BrowseError>>>,
}

impl<'scope> Streamed<'scope> {
    /// Streams the file `path` of `snapshot`.
    pub fn start<'env>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        indexed: &'env IndexedRepository,
        snapshot: &'env Snapshot,
        path: &'env str,
        interrupt: &'env Interrupt,
    ) -> io::Result<Self> {
        let (pipe, mut into) = io::pipe()?;
        let writer = scope.spawn(move || {
            let path = SnapPath::parse(path.as_bytes())?;
            match cat(&reading(indexed, interrupt), snapshot, &path, &mut into) {
                // Whoever reads has had enough.
                Err(BrowseError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.map(drop),
            }
        });
        Ok(Self { pipe, writer: Some(writer) })
    }
}

impl Read for Streamed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.pipe.read(buffer)?;
        if count == 0
            && !buffer.is_empty()
            && let Some(writer) = self.writer.take()
        {
            match writer.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(io::Error::other(chain_text(&error))),
                Err(_) => return Err(io::Error::other("the thread that reads the snapshot ended badly")),
            }
        }
        Ok(count)
    }
}
