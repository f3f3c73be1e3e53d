//! What can go wrong around the outbox. That a channel does not work is no error: it is kept with its
//! delivery.

use std::path::PathBuf;

use crate::base::error_kind::ErrorKind;
use crate::sys::error::{SysError, show_path};
use crate::sys::lock::LockError;

/// An error of this module.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The state directory cannot be used.
    #[error("the outbox cannot be used")]
    Sys(#[from] SysError),
    /// Its lock cannot be had.
    #[error("the outbox cannot be locked")]
    Lock(#[source] LockError),
    /// A file in it is no entry.
    #[error("{} is no event of the outbox: {why}", show_path(path.as_os_str().as_encoded_bytes()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There is no such event.
    #[error("there is no event {0} in the outbox")]
    NoEvent(String),
    /// Several begin so.
    #[error("several events in the outbox begin with {0}")]
    Ambiguous(String),
    /// A name means nobody.
    #[error("there is no contact, group or channel named {0}")]
    Nobody(String),
    /// An escalation that is not there.
    #[error("there is no escalation named {0}")]
    NoEscalation(String),
}

impl NotifyError {
    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            NotifyError::NoEvent(_)
            | NotifyError::Ambiguous(_)
            | NotifyError::Nobody(_)
            | NotifyError::NoEscalation(_) => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}
