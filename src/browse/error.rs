//! What can go wrong while a snapshot is read.

use std::io;
use std::sync::Arc;

use crate::base::error_kind::ErrorKind;
use crate::repo::read::ReadError;
use crate::repo::snapshot::SnapshotError;
use crate::store::error::StoreError;
use crate::sys::error::SysError;

/// A snapshot, or a path in one, that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BrowseError {
    /// A directory or file cannot be read from the repository.
    #[error("{path} cannot be read")]
    Read {
        /// The path in the snapshot, for display.
        path: String,
        /// Why.
        source: Arc<ReadError>,
    },
    /// The snapshot has nothing there.
    #[error("the snapshot has no {path}; `lifeboat ls` shows what it has")]
    NotFound {
        /// The path asked for.
        path: String,
    },
    /// A file was needed.
    #[error("{path} is no regular file but a {kind}")]
    NotFile {
        /// The path.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// A directory was needed.
    #[error("{path} is no directory")]
    NotDirectory {
        /// The path.
        path: String,
    },
    /// The chunks of a file do not add up.
    #[error("{path} should have {expected} bytes, but its chunks hold {actual}")]
    Length {
        /// The path.
        path: String,
        /// What its entry says.
        expected: u64,
        /// What its chunks hold; one more than expected stands for any larger number.
        actual: u64,
    },
    /// A tree is deeper than any may be.
    #[error("{path} lies deeper than any path may")]
    TooDeep {
        /// The path.
        path: String,
    },
    /// A pattern is no glob.
    #[error("{pattern:?} is no pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why not.
        source: globset::Error,
    },
    /// A path that no snapshot can have.
    #[error("{path} is no path in a snapshot: it has a `.`, a `..` or a NUL")]
    Path {
        /// The path.
        path: String,
    },
    /// The snapshots cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The store fails.
    #[error("the repository cannot be read")]
    Store(#[from] StoreError),
    /// The live tree cannot be read.
    #[error(transparent)]
    System(#[from] SysError),
    /// What was read cannot be handed on.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    /// A thread cannot be had, or zstd cannot be set up.
    #[error("reading cannot be set up")]
    Setup(#[source] io::Error),
    /// A signal ended it.
    #[error("interrupted")]
    Interrupted,
}

impl BrowseError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            BrowseError::Read { source, .. } => source.kind(),
            BrowseError::Length { .. } | BrowseError::TooDeep { .. } => ErrorKind::Damage,
            BrowseError::NotFound { .. }
            | BrowseError::NotFile { .. }
            | BrowseError::NotDirectory { .. }
            | BrowseError::Path { .. }
            | BrowseError::Pattern { .. } => ErrorKind::Usage,
            BrowseError::Snapshot(error) => error.kind(),
            BrowseError::Store(error) => error.kind(),
            BrowseError::System(error) => error.kind(),
            BrowseError::Output(_) | BrowseError::Setup(_) => ErrorKind::Failed,
            BrowseError::Interrupted => ErrorKind::Interrupted,
        }
    }
}
