//! Why a check could not be carried through; what it finds is no error.

use crate::base::error_kind::ErrorKind;
use crate::repo::read::ReadError;
use crate::repo::snapshot::SnapshotError;
use crate::store::error::StoreError;

/// A check that could not be carried through.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The store fails.
    #[error("the repository cannot be checked")]
    Store(#[from] StoreError),
    /// The snapshots cannot be listed.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Something cannot be read for a reason that is no damage.
    #[error("the check cannot go on")]
    Read(#[source] ReadError),
    /// A signal ended it.
    #[error("interrupted")]
    Interrupted,
}

impl CheckError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CheckError::Store(error) => error.kind(),
            CheckError::Snapshot(error) => error.kind(),
            CheckError::Read(error) => error.kind(),
            CheckError::Interrupted => ErrorKind::Interrupted,
        }
    }
}
