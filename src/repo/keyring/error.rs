//! What can go wrong with the keys of a slot, always naming the slot.

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::repo::certificate::CertificateError;

/// A key slot that cannot be used, or not for this.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The slot's role is too small.
    #[error(
        "{doing} needs a {need} slot, but {slot} is a {have}'s; give the identity file or passphrase \
         of a {need} slot, for example with --identity FILE"
    )]
    Role {
        /// The slot.
        slot: String,
        /// The role it has.
        have: Role,
        /// The role that is needed.
        need: Role,
        /// What was to be done.
        doing: String,
    },
    /// The slot is for another host.
    #[error(
        "key slot {slot} is for host {allowed} and cannot sign as {host}; \
         use that host's own slot, or have a restorer add one"
    )]
    Host {
        /// The slot.
        slot: String,
        /// The host that it is for.
        allowed: String,
        /// The host that was asked for.
        host: String,
    },
    /// Slot and config tell different things.
    #[error(
        "key slot {slot} and the config of the repository disagree about the {what}: one of them was \
         swapped or rolled back, so nothing is read or written"
    )]
    Disagrees {
        /// The slot.
        slot: String,
        /// What differs.
        what: &'static str,
    },
    /// The slot's contents are not what they should be.
    #[error("key slot {slot} is damaged or forged: {what}")]
    Malformed {
        /// The slot.
        slot: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The slot's certificate proves nothing.
    #[error("key slot {slot} is damaged or forged")]
    Certificate {
        /// The slot.
        slot: String,
        /// Why.
        source: CertificateError,
    },
    /// A later release made the slot.
    #[error(
        "key slot {slot} was made by a newer version of lifeboat (schema {schema}); install a newer lifeboat"
    )]
    Newer {
        /// The slot.
        slot: String,
        /// Its schema version.
        schema: u32,
    },
    /// The slot lacks the newest keys.
    #[error("key slot {slot} is older than the newest keys of the repository; use a slot made since then")]
    Outdated {
        /// The slot.
        slot: String,
    },
    /// No label for a slot.
    #[error(
        "\"{label}\" cannot be a key slot's label: it has 1 to 64 letters, digits or any of . _ @ + - \
         and begins with a letter or digit"
    )]
    Label {
        /// The text.
        label: String,
    },
    /// No name for a host.
    #[error(
        "\"{host}\" cannot be a host's name here: it has letters, digits or any of . _ - \
         and begins with a letter or digit"
    )]
    HostName {
        /// The text.
        host: String,
    },
}

impl KeyError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            KeyError::Role { .. } | KeyError::Host { .. } | KeyError::Outdated { .. } => ErrorKind::Key,
            KeyError::Disagrees { .. } | KeyError::Malformed { .. } | KeyError::Certificate { .. } => {
                ErrorKind::Damage
            }
            KeyError::Newer { .. } => ErrorKind::Failed,
            KeyError::Label { .. } | KeyError::HostName { .. } => ErrorKind::Usage,
        }
    }
}
