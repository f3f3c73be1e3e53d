//! Why a restore cannot begin or go on. What concerns single files is no such error: see `summary`.

use crate::base::error_kind::ErrorKind;
use crate::restore::cold::ColdCounts;
use crate::restore::source::SourceError;
use crate::sys::error::{SysError, show_path};

/// A restore that cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The repository cannot be read.
    #[error("the snapshot cannot be restored")]
    Source(#[from] SourceError),
    /// The target cannot be used.
    #[error("the target cannot be used")]
    Target(#[source] SysError),
    /// The journal cannot be kept.
    #[error("the restore's journal cannot be kept")]
    Journal(#[source] SysError),
    /// No space is left at the target.
    #[error("there is no space left at the target; free some and run the same command again: it will go on")]
    Full(#[source] SysError),
    /// The snapshot does not have the path that was asked for.
    #[error("the snapshot has no {}", show_path(path))]
    NoSuchPath {
        /// What was asked for.
        path: Vec<u8>,
    },
    /// The path that was asked for goes through something that is no directory.
    #[error("{} is no directory in the snapshot", show_path(path))]
    NotADirectory {
        /// The part of the path that is none.
        path: Vec<u8>,
    },
    /// A pattern cannot be read.
    #[error("the pattern {pattern:?} cannot be used")]
    Pattern {
        /// The pattern as given.
        pattern: String,
        /// What the parser says.
        source: ignore::Error,
    },
    /// The snapshot has more entries or chunks than a restore takes on at once.
    #[error("the snapshot has more than {limit} {what}; restore it in parts")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// The plan was made with other options or for another target.
    #[error("the plan does not belong to these options")]
    OtherPlan,
    /// Packs lie in cold storage.
    #[error(
        "{} of the packs that it needs ({} bytes) lie in cold storage and cannot be read before they are \
         warmed up; nothing was written",
        counts.packs, counts.bytes
    )]
    Cold {
        /// How much, and how long it takes.
        counts: ColdCounts,
    },
    /// The end was asked for.
    #[error("interrupted; run the same command again to go on")]
    Interrupted,
}

impl RestoreError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RestoreError::Source(error) => error.kind,
            RestoreError::Target(error) => error.kind(),
            RestoreError::NoSuchPath { .. }
            | RestoreError::NotADirectory { .. }
            | RestoreError::Pattern { .. } => ErrorKind::Usage,
            RestoreError::Cold { .. } => ErrorKind::Waiting,
            RestoreError::Interrupted => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }
}

/// An error with all its causes on one line, for lists of lost files.
pub fn chain_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
