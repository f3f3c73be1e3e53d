//! What can go wrong in a store, told so that a caller can decide and a person can act.
//!
//! Every variant names the store and the object; none repeats its source, for the top prints the
//! whole chain once.

use std::io;
use std::ops::Range;
use std::time::Duration;

use rustix::io::Errno;

use crate::base::error_kind::ErrorKind;

/// A failure of one operation on one object of one store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A create-only write met an object. After a failed attempt it may be the caller's own.
    #[error("{location}: {key} exists already")]
    AlreadyExists {
        /// The store.
        location: String,
        /// The object.
        key: String,
    },
    /// There is no such object.
    #[error("{location}: there is no {key}")]
    NotFound {
        /// The store.
        location: String,
        /// The object.
        key: String,
    },
    /// A compare-and-swap met another version than was expected.
    #[error("{location}: {key} was changed by another writer meanwhile; read it again and repeat")]
    Conflict {
        /// The store.
        location: String,
        /// The object.
        key: String,
    },
    /// An object is shorter than what was asked of it.
    #[error(
        "{location}: {key} ends at byte {size}, but bytes {}..{} were asked for: it is cut off",
        range.start, range.end
    )]
    ShortRead {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// The bytes asked for.
        range: Range<u64>,
        /// How many bytes the object has, as far as is known.
        size: u64,
    },
    /// An object is larger than any honest one of its sort.
    #[error(
        "{location}: {key} has {size} bytes, but may have no more than {max}: it is not what it should be"
    )]
    TooLarge {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// Its size in bytes.
        size: u64,
        /// The bound in bytes.
        max: u64,
    },
    /// The store takes no writes.
    #[error("{location} is read-only, so {key} cannot be written or deleted; make it writable and run again")]
    ReadOnly {
        /// The store.
        location: String,
        /// The object.
        key: String,
    },
    /// No space or no quota is left.
    #[error(
        "no space left on {location} (while writing {key}); nothing acknowledged is lost; \
         free space and run again"
    )]
    Full {
        /// The store.
        location: String,
        /// The object.
        key: String,
    },
    /// This user, or these credentials, may not do that.
    #[error(
        "{location}: no permission to {action} {key}; check the rights of the store, \
         or of these credentials (`lifeboat store policy` prints what a role needs in a bucket)"
    )]
    Denied {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// What was tried.
        action: &'static str,
    },
    /// Retention (Object Lock) keeps it as it is.
    #[error(
        "{location}: {key} is locked until {until} ({mode} mode): nobody can delete it or shorten that \
         before then; what a plain delete hides comes back with `lifeboat recover`"
    )]
    Locked {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// The end of its retention, in UTC.
        until: Box<str>,
        /// `governance` or `compliance`.
        mode: &'static str,
    },
    /// Something stands where an object should be that the store did not put there.
    #[error("{location}: {key} is refused: {why}")]
    Refused {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// What stands there.
        why: &'static str,
    },
    /// Any other failure beneath.
    #[error("{location}: cannot {action} {key}")]
    Io {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The object lies in an archive class, and no copy of it can be read yet.
    #[error(
        "{location}: {key} lies in cold storage ({class}) and cannot be read before it is warmed up; \
         `lifeboat restore --plan` lists what is cold, `restore --warm-up` asks for it"
    )]
    Cold {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// The archive class, as the store calls it.
        class: Box<str>,
    },
    /// The store asks to be asked less often.
    #[error("{location}: it is asked too much at once (while it was to {action} {key}); run again later")]
    Throttled {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// What was tried.
        action: &'static str,
        /// How long it wants to be left alone, where it says so.
        after: Option<Duration>,
    },
    /// There are no credentials for the store, or it takes them no more.
    #[error("{location}: {why}")]
    Credentials {
        /// The store.
        location: String,
        /// What is wrong with them, and what to do.
        why: String,
    },
    /// A server's answer that is none of the above.
    #[error("{location}: cannot {action} {key}: the server answers {code}: {message}")]
    Service {
        /// The store.
        location: String,
        /// The object.
        key: String,
        /// What was tried.
        action: &'static str,
        /// The server's own name for it, or the HTTP status.
        code: Box<str>,
        /// What it says, escaped and shortened.
        message: Box<str>,
        /// Whether it may well be otherwise a little later.
        is_transient: bool,
    },
    /// Too few replicas answer for a write to count, or for a read to be relied on.
    #[error("{location}: cannot {action} {key} on enough replicas: {why}")]
    Quorum {
        /// The set of replicas.
        location: String,
        /// The object.
        key: String,
        /// What was tried.
        action: &'static str,
        /// Which replicas failed, and how.
        why: Box<str>,
    },
    /// There is no store at the named place.
    #[error(
        "there is no directory or bucket for a repository at {location}; check the path or URL, or make one \
         with `lifeboat init`"
    )]
    NoStore {
        /// The place.
        location: String,
    },
    /// The place or the file system cannot be used in this way.
    #[error("{location}: {why}")]
    Unsupported {
        /// The place.
        location: String,
        /// What is not supported, and what to do instead.
        why: String,
    },
    /// A name that no object may have.
    #[error("'{key}' cannot be the name of an object: {why}")]
    InvalidKey {
        /// The name, shortened and escaped.
        key: String,
        /// Its fault.
        why: &'static str,
    },
}

impl StoreError {
    /// What sort of failure this is, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StoreError::NotFound { .. }
            | StoreError::ShortRead { .. }
            | StoreError::TooLarge { .. }
            | StoreError::Refused { .. } => ErrorKind::Damage,
            StoreError::NoStore { .. } => ErrorKind::NoRepository,
            StoreError::Unsupported { .. } | StoreError::InvalidKey { .. } => ErrorKind::Usage,
            StoreError::Cold { .. } => ErrorKind::Waiting,
            StoreError::AlreadyExists { .. }
            | StoreError::Conflict { .. }
            | StoreError::ReadOnly { .. }
            | StoreError::Full { .. }
            | StoreError::Denied { .. }
            | StoreError::Locked { .. }
            | StoreError::Throttled { .. }
            | StoreError::Credentials { .. }
            | StoreError::Service { .. }
            | StoreError::Quorum { .. }
            | StoreError::Io { .. } => ErrorKind::Failed,
        }
    }

    /// Whether the same operation may well succeed if it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        let source = match self {
            StoreError::Io { source, .. } => source,
            StoreError::Throttled { .. } => return true,
            StoreError::Service { is_transient, .. } => return *is_transient,
            _ => return false,
        };
        let by_number = source.raw_os_error().map(Errno::from_raw_os_error);
        matches!(
            source.kind(),
            io::ErrorKind::Interrupted
                | io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NotConnected
                | io::ErrorKind::BrokenPipe
        ) || matches!(
            by_number,
            Some(Errno::STALE | Errno::NFILE | Errno::MFILE | Errno::NOMEM | Errno::BUSY)
        )
    }

    /// Whether the operation failed because the object is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, StoreError::NotFound { .. })
    }

    /// The variant that stands for an operating system's error in `action` on `key`.
    pub fn from_io(location: &str, key: &str, action: &'static str, source: io::Error) -> Self {
        let (location, key) = (location.to_owned(), key.to_owned());
        match source.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::NOENT) => StoreError::NotFound { location, key },
            Some(Errno::NOSPC | Errno::DQUOT) => StoreError::Full { location, key },
            Some(Errno::ROFS) => StoreError::ReadOnly { location, key },
            Some(Errno::ACCESS | Errno::PERM) => StoreError::Denied { location, key, action },
            Some(Errno::LOOP) => StoreError::Refused {
                location,
                key,
                why: "a symbolic link stands in its way, and none is followed",
            },
            _ => StoreError::Io { location, key, action, source },
        }
    }
}
