//! What can go wrong with `config`, always naming the store.

use crate::base::error_kind::ErrorKind;
use crate::repo::config::FORMAT_VERSION;
use crate::repo::config::fingerprint::Fingerprint;
use crate::store::error::StoreError;

/// A failure with `config` or its fingerprint.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Nothing of a repository is there.
    #[error("there is no repository at {location}; check the place, or make one with `lifeboat init`")]
    NoRepository {
        /// The store.
        location: String,
    },
    /// There is already a repository.
    #[error("there is a repository at {location} already; nothing was changed")]
    Exists {
        /// The store.
        location: String,
    },
    /// There are key slots, but no config.
    #[error(
        "{location} has {slots} key slots but no config: it was deleted, or `lifeboat init` was \
         interrupted; put config back from another copy of the repository"
    )]
    Missing {
        /// The store.
        location: String,
        /// Objects under `keys/`.
        slots: usize,
    },
    /// The object is not what `encode` writes.
    #[error("the config of {location} is damaged: {what}; put it back from another copy of the repository")]
    Damaged {
        /// The store.
        location: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The object's JSON is not that of a config.
    #[error("the config of {location} is damaged; put it back from another copy of the repository")]
    Syntax {
        /// The store.
        location: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Writers keep apart in a way that this version does not know.
    #[error(
        "the repository's config asks for a protocol between writers that this version of lifeboat does not \
         know: {protocol}; install a newer lifeboat"
    )]
    Protocol {
        /// What it says.
        protocol: String,
    },
    /// A later release made it.
    #[error(
        "the repository at {location} was made by a newer version of lifeboat: its format is {format}, \
         and this version reads up to {FORMAT_VERSION}; install a newer lifeboat"
    )]
    Newer {
        /// The store.
        location: String,
        /// Its format version.
        format: u32,
    },
    /// The repository is another one than the pinned.
    #[error(
        "this is not the repository that is pinned in {place}: its fingerprint is {found}, and {expected} \
         is pinned; somebody may have swapped its config; nothing was read or written"
    )]
    Fingerprint {
        /// What the store's config gives.
        found: Fingerprint,
        /// What is pinned, as people see it.
        expected: String,
        /// Where it is pinned.
        place: String,
    },
    /// What is pinned is no fingerprint.
    #[error("the fingerprint pinned in {place} is none: it has 32 or 64 hexadecimal digits")]
    PinSyntax {
        /// Where it is pinned.
        place: String,
    },
    /// The store failed.
    #[error("the config cannot be read or written")]
    Store {
        /// Why.
        source: Box<StoreError>,
    },
}

impl From<StoreError> for ConfigError {
    fn from(source: StoreError) -> Self {
        ConfigError::Store { source: Box::new(source) }
    }
}

impl ConfigError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ConfigError::NoRepository { .. } => ErrorKind::NoRepository,
            ConfigError::Missing { .. } | ConfigError::Damaged { .. } | ConfigError::Syntax { .. } => {
                ErrorKind::Damage
            }
            ConfigError::Exists { .. } | ConfigError::Newer { .. } | ConfigError::Protocol { .. } => {
                ErrorKind::Failed
            }
            ConfigError::Fingerprint { .. } => ErrorKind::Key,
            ConfigError::PinSyntax { .. } => ErrorKind::Usage,
            ConfigError::Store { source } => source.kind(),
        }
    }
}
