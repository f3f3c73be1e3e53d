//! What can go wrong with runbooks and their runs, always naming the one concerned.

use std::path::PathBuf;

use crate::base::error_kind::ErrorKind;
use crate::repo::evidence::EvidenceError;
use crate::sys::error::{SysError, show_path};
use crate::sys::journal::JournalError;

/// A runbook or a run that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunbookError {
    /// There is no such runbook.
    #[error("there is no runbook {name} in {}", show_path(dir.as_os_str().as_encoded_bytes()))]
    NoRunbook {
        /// Its name.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// The file cannot be used.
    #[error("the runbook {} {why}", show_path(path.as_os_str().as_encoded_bytes()))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It has mistakes.
    #[error("the runbook {name} has mistakes, so it is not run")]
    Mistakes {
        /// Its name.
        name: String,
    },
    /// What was given to it is not what it asks for.
    #[error("runbook {runbook}: {why}")]
    Inputs {
        /// The runbook.
        runbook: String,
        /// What is missing or wrong.
        why: String,
    },
    /// There is no such run.
    #[error("no run matches {spec:?}")]
    NoRun {
        /// What was asked for.
        spec: String,
    },
    /// More than one fits.
    #[error("{spec:?} fits several runs: {}", runs.join(", "))]
    Ambiguous {
        /// What was asked for.
        spec: String,
        /// Those that fit.
        runs: Vec<String>,
    },
    /// Somebody else runs it.
    #[error("{what}")]
    Busy {
        /// Who, and what to do.
        what: String,
    },
    /// The run has ended.
    #[error("run {run} has ended: {how}")]
    Over {
        /// The run.
        run: String,
        /// How.
        how: String,
    },
    /// An answer that does not count.
    #[error("{why}")]
    Answer {
        /// Why not.
        why: String,
    },
    /// The journal fails, or was tampered with.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal is whole, but is no run's.
    #[error("the journal of run {run} is not understood: {what}")]
    Record {
        /// The run.
        run: String,
        /// What is wrong.
        what: String,
    },
    /// The repository fails.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// This machine's own files fail.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// The server cannot begin.
    #[error("cannot serve at {address}: {source}")]
    Serve {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

impl RunbookError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RunbookError::NoRunbook { .. }
            | RunbookError::File { .. }
            | RunbookError::Mistakes { .. }
            | RunbookError::Inputs { .. }
            | RunbookError::NoRun { .. }
            | RunbookError::Ambiguous { .. }
            | RunbookError::Over { .. }
            | RunbookError::Answer { .. } => ErrorKind::Usage,
            RunbookError::Busy { .. } => ErrorKind::Busy,
            RunbookError::Journal(error) => error.kind(),
            RunbookError::Record { .. } => ErrorKind::Damage,
            RunbookError::Evidence(error) => error.kind(),
            RunbookError::Sys(error) => error.kind(),
            RunbookError::Serve { .. } => ErrorKind::Failed,
        }
    }
}
