//! What can go wrong with key slots, always naming the slot or the store.

use crate::base::error_kind::ErrorKind;
use crate::crypto::error::CryptoError;
use crate::repo::keyring::KeyError;
use crate::store::error::StoreError;

/// A failure with key slots.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// Nothing was given to open a slot with.
    #[error(
        "the repository at {location} is locked: give a passphrase or an identity file, for example with \
         --identity FILE"
    )]
    NoIdentity {
        /// The store.
        location: String,
    },
    /// There are no slots.
    #[error("{location} has no key slots: they were deleted; put them back, or use an exported key")]
    NoSlots {
        /// The store.
        location: String,
    },
    /// The passphrase opens none of the slots that take one.
    #[error("wrong passphrase: it opens none of the passphrase slots of {location} ({slots} tried)")]
    WrongPassphrase {
        /// The store.
        location: String,
        /// How many take a passphrase.
        slots: usize,
    },
    /// There is no slot that takes a passphrase.
    #[error(
        "none of the {slots} key slots of {location} takes a passphrase; give an identity file, for example \
         with --identity FILE"
    )]
    NoPassphraseSlot {
        /// The store.
        location: String,
        /// How many there are.
        slots: usize,
    },
    /// The identities open none of the slots.
    #[error("the identity given opens none of the key slots of {location} ({slots} tried)")]
    NothingOpens {
        /// The store.
        location: String,
        /// How many there are.
        slots: usize,
    },
    /// Neither identities nor passphrases open any of the slots.
    #[error(
        "neither the identity nor the passphrase opens any of the key slots of {location} ({slots} tried)"
    )]
    NeitherOpens {
        /// The store.
        location: String,
        /// How many there are.
        slots: usize,
    },
    /// The slots are too large to be honest.
    #[error("the key slots of {location} are so large together that not all were tried; remove false ones")]
    TooMuch {
        /// The store.
        location: String,
    },
    /// A slot opened, but is not right.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A slot could not be opened, although it may be for these identities.
    #[error("key slot {slot} cannot be opened")]
    Open {
        /// The slot.
        slot: String,
        /// Why.
        source: CryptoError,
    },
    /// A slot could not be sealed.
    #[error("cannot seal a key slot to {recipient}")]
    Seal {
        /// The recipient, as people may see it.
        recipient: String,
        /// Why.
        source: CryptoError,
    },
    /// The store failed with a slot.
    #[error("key slot {slot} cannot be read or written")]
    Store {
        /// The slot.
        slot: String,
        /// Why.
        source: Box<StoreError>,
    },
    /// The store failed to list the slots.
    #[error("the key slots cannot be listed")]
    List {
        /// Why.
        source: Box<StoreError>,
    },
    /// There is no such slot.
    #[error("there is no key slot {name} at {location}; `lifeboat key list` shows what there is")]
    NoSuchSlot {
        /// What was asked for.
        name: String,
        /// The store.
        location: String,
    },
    /// More than one slot is meant.
    #[error("\"{text}\" may mean any of the key slots {}; give the whole name", names.join(", "))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// What it may mean.
        names: Vec<String>,
    },
    /// Without this slot nobody could read the repository.
    #[error(
        "{slot} stays: it may be the last restorer slot, and without one nobody could read the repository; \
         add another first"
    )]
    LastRestorer {
        /// The slot.
        slot: String,
    },
    /// The new slot is there, and the old one too.
    #[error(
        "the new key slot {new} is in place, but the old one, {old}, could not be deleted; delete it by hand"
    )]
    OldRemains {
        /// The slot that should be gone.
        old: String,
        /// The one that replaces it.
        new: String,
        /// Why.
        source: Box<StoreError>,
    },
    /// An exported key that cannot be read.
    #[error("the exported key cannot be used: {what}")]
    Export {
        /// What is wrong with it; no text of it.
        what: String,
    },
}

impl SlotError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SlotError::NoIdentity { .. }
            | SlotError::WrongPassphrase { .. }
            | SlotError::NoPassphraseSlot { .. }
            | SlotError::NothingOpens { .. }
            | SlotError::NeitherOpens { .. }
            | SlotError::Export { .. } => ErrorKind::Key,
            SlotError::NoSlots { .. } | SlotError::TooMuch { .. } => ErrorKind::Damage,
            SlotError::Key(source) => source.kind(),
            SlotError::Open { source, .. } | SlotError::Seal { source, .. } => source.kind(),
            SlotError::Store { source, .. }
            | SlotError::List { source }
            | SlotError::OldRemains { source, .. } => source.kind(),
            SlotError::NoSuchSlot { .. } | SlotError::Ambiguous { .. } => ErrorKind::Usage,
            SlotError::LastRestorer { .. } => ErrorKind::Failed,
        }
    }
}
