//! What ends a backup. What merely spoils one file is a warning, and stands in the report.

use std::path::PathBuf;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::chunker::ChunkerError;
use crate::compress::CompressError;
use crate::crypto::error::CryptoError;
use crate::index::cache::IndexError;
use crate::repo::open::OpenError;
use crate::repo::session::SessionError;
use crate::repo::snapshot::SnapshotError;
use crate::repo::tree::TreeError;
use crate::store::error::StoreError;
use crate::sys::error::SysError;
use crate::sys::lock::LockError;

/// A backup that cannot go on. Nothing that was acknowledged before is touched by it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A pack cannot be stored.
    #[error("pack {pack} cannot be stored; no snapshot was made, what is stored will be used next time")]
    Pack {
        /// The pack.
        pack: PackName,
        /// Why.
        source: StoreError,
    },
    /// The protocol failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The repository cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Snapshots cannot be listed or made.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The local index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// zstd fails.
    #[error("a block cannot be compressed")]
    Compress(#[source] CompressError),
    /// Sealing fails.
    #[error("a pack cannot be sealed")]
    Crypto(#[source] CryptoError),
    /// The repository's chunker cannot be used.
    #[error(transparent)]
    Chunker(#[from] ChunkerError),
    /// A directory cannot be encoded.
    #[error("the directory {path} cannot be stored")]
    Tree {
        /// The directory.
        path: String,
        /// Why.
        source: TreeError,
    },
    /// A source is not there.
    #[error("the source {path} cannot be read; no snapshot was made")]
    Source {
        /// The source.
        path: String,
        /// Why.
        source: SysError,
    },
    /// A source is not usable as it was given.
    #[error("{0}")]
    Usage(String),
    /// The program whose output was to be backed up failed.
    #[error("{program} failed ({outcome}); no snapshot was made, for half a dump is worse than none")]
    Command {
        /// The program.
        program: String,
        /// How it ended, and the end of what it said.
        outcome: String,
    },
    /// What the job attaches is not whole.
    #[error("{what}; no snapshot was made: to have one without it, set `required = false` for it")]
    Attachment {
        /// What, and why.
        what: String,
    },
    /// What surrounds the reading of files failed.
    #[error("{what}; no snapshot was made")]
    Guard {
        /// What.
        what: String,
    },
    /// A stream cannot be read.
    #[error("{name} cannot be read to its end; no snapshot was made")]
    Stream {
        /// The stream.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// This machine's own files cannot be written.
    #[error("{path:?} cannot be used")]
    Local {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The same job runs already.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The user or the system asked for the end.
    #[error("interrupted; what was stored is kept and will not be stored again, but there is no snapshot")]
    Interrupted,
    /// A worker thread died.
    #[error("a worker thread ended unexpectedly; no snapshot was made")]
    Worker,
}

impl BackupError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            BackupError::Pack { source, .. } => source.kind(),
            BackupError::Session(error) => error.kind(),
            BackupError::Open(error) => error.kind(),
            BackupError::Snapshot(error) => error.kind(),
            BackupError::Lock(error) => error.kind(),
            BackupError::Usage(_) => ErrorKind::Usage,
            BackupError::Interrupted => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }
}
