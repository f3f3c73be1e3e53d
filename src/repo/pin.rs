//! What this machine remembers of a repository by its place: the fingerprint, and which slot opened it.
//!
//! The place, not the repository's id, is what is remembered by: a store that swaps a whole repository
//! swaps its id too. Symbolic links are not followed to find out the place, for whoever swaps a directory
//! can as well put a link there. A pin is trust and changes only by `lifeboat key trust`; the slot is
//! a mere hint that saves trying all of them, and whatever is wrong with it is passed over.

use std::path::{Path, PathBuf};

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::repo::config::{ConfigError, Fingerprint};
use crate::repo::slots::name::SlotName;
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded};

/// Longest file that is read here, in bytes.
const FILE_MAX_BYTES: u64 = 4096;

/// Another repository than the known one, or a pin that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Another repository stands where the known one was.
    #[error(
        "the repository at {location} has fingerprint {found}, but this machine knows it as {pinned}; \
         somebody may have put another repository in its place; nothing was read or written"
    )]
    Other {
        /// The store.
        location: String,
        /// What is there.
        found: Fingerprint,
        /// What was there.
        pinned: String,
    },
    /// The file that should hold a fingerprint holds none.
    #[error("{} should hold the fingerprint of the repository at {location}, but does not", .path.display())]
    Damaged {
        /// The store.
        location: String,
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("the fingerprint of the repository at {location} cannot be remembered")]
    Local {
        /// The store.
        location: String,
        /// Why.
        source: SysError,
    },
}

impl PinError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PinError::Other { .. } | PinError::Damaged { .. } => ErrorKind::Key,
            PinError::Local { source, .. } => source.kind(),
        }
    }
}

/// What is remembered of the repository at one place.
#[derive(Clone, Debug)]
pub struct Known {
    location: String,
    directory: PathBuf,
    place: String,
}

impl Known {
    /// What the state directory `state` has of the repository at `location`.
    pub fn of(state: &Path, location: &str) -> Self {
        // A relative path means another place in every directory.
        let absolute = match location.contains("://") {
            true => None,
            false => std::path::absolute(location).ok(),
        };
        let absolute = absolute.as_deref().unwrap_or(Path::new(location));
        let place = blake3::hash(absolute.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned();
        Self { location: location.to_owned(), directory: state.join("known"), place }
    }

    /// The fingerprint that is pinned, as it was written; `None` before the first use.
    pub fn pinned(&self) -> Result<Option<String>, PinError> {
        match read_bounded(&self.path(), FILE_MAX_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(PinError::Local { location: self.location.clone(), source }),
        }
    }

    /// Refuses a fingerprint that is not the pinned one; whether there is a pin at all.
    pub fn check(&self, found: &Fingerprint) -> Result<bool, PinError> {
        let Some(pinned) = self.pinned()? else { return Ok(false) };
        match found.check_pinned(&pinned, "the state directory") {
            Ok(()) => Ok(true),
            Err(ConfigError::Fingerprint { expected, .. }) => {
                Err(PinError::Other { location: self.location.clone(), found: *found, pinned: expected })
            }
            Err(_) => Err(PinError::Damaged { location: self.location.clone(), path: self.path() }),
        }
    }

    /// Pins a fingerprint, in place of any other.
    pub fn pin(&self, fingerprint: &Fingerprint) -> Result<(), PinError> {
        create_private_dir(&self.directory)
            .and_then(|()| atomic_write(&self.path(), format!("{}\n", fingerprint.to_hex()).as_bytes()))
            .map_err(|source| PinError::Local { location: self.location.clone(), source })
    }

    /// The slot that opened last when `role` was needed.
    pub fn slot(&self, role: Role) -> Option<String> {
        let bytes = read_bounded(&self.slot_path(role), FILE_MAX_BYTES).ok()?;
        let name = String::from_utf8(bytes).ok()?.trim().to_owned();
        // What is no name of ours would only fail later, with a worse message.
        SlotName::parse(&name).map(|_| name)
    }

    /// Remembers the slot that opened when `role` was needed.
    pub fn remember_slot(&self, role: Role, name: &str) {
        if SlotName::parse(name).is_none() || self.slot(role).as_deref() == Some(name) {
            return;
        }
        // Without the hint the next run takes longer, and nothing else.
        let _ = create_private_dir(&self.directory)
            .and_then(|()| atomic_write(&self.slot_path(role), format!("{name}\n").as_bytes()));
    }

    fn path(&self) -> PathBuf {
        self.directory.join(&self.place)
    }

    fn slot_path(&self, role: Role) -> PathBuf {
        self.directory.join(format!("{}.{role}", self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, PinError};
    use crate::base::error_kind::ErrorKind;
    use crate::base::role::Role;
    use crate::repo::config::Fingerprint;

    #[test]
    fn the_first_fingerprint_is_unknown_and_any_other_than_the_pinned_is_refused() {
        let state = tempfile::tempdir().unwrap();
        let known = Known::of(state.path(), "/backup/repo");
        let (ours, theirs) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
        assert!(!known.check(&ours).unwrap());
        known.pin(&ours).unwrap();
        assert!(known.check(&ours).unwrap());
        let error = known.check(&theirs).unwrap_err();
        assert!(matches!(error, PinError::Other { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Key);
        assert!(error.to_string().contains(&ours.to_string()), "{error}");
        known.pin(&theirs).unwrap();
        assert!(known.check(&theirs).unwrap());
        let elsewhere = Known::of(state.path(), "/backup/other");
        assert!(!elsewhere.check(&ours).unwrap());
    }

    #[test]
    fn a_pin_that_was_damaged_opens_nothing() {
        let state = tempfile::tempdir().unwrap();
        let known = Known::of(state.path(), "/backup/repo");
        known.pin(&Fingerprint([1; 32])).unwrap();
        for text in ["", "0101", "not a fingerprint"] {
            std::fs::write(known.path(), text).unwrap();
            let error = known.check(&Fingerprint([1; 32])).unwrap_err();
            assert!(matches!(error, PinError::Damaged { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Key);
        }
    }

    #[test]
    fn a_relative_place_is_the_same_as_its_absolute_one() {
        let state = tempfile::tempdir().unwrap();
        Known::of(state.path(), "repo").pin(&Fingerprint([1; 32])).unwrap();
        let absolute = std::path::absolute("repo").unwrap();
        assert!(Known::of(state.path(), absolute.to_str().unwrap()).pinned().unwrap().is_some());
    }

    #[test]
    fn a_slot_is_remembered_for_its_role_and_anything_else_is_passed_over() {
        let state = tempfile::tempdir().unwrap();
        let known = Known::of(state.path(), "s3://bucket/prefix");
        assert_eq!(known.slot(Role::Writer), None);
        known.remember_slot(Role::Writer, "writer-web1-00000000");
        known.remember_slot(Role::Restorer, "the exported key");
        assert_eq!(known.slot(Role::Writer).as_deref(), Some("writer-web1-00000000"));
        assert_eq!(known.slot(Role::Restorer), None);
        std::fs::write(known.slot_path(Role::Writer), "../../etc/passwd").unwrap();
        assert_eq!(known.slot(Role::Writer), None);
    }
}
