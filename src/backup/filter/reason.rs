//! Why something is left out, and what can be wrong with the rules, in words.

use std::fmt;

use crate::base::error_kind::ErrorKind;
use crate::sys::error::show_path;

/// The name of a cache directory's mark.
pub(super) const CACHE_TAG: &[u8] = b"CACHEDIR.TAG";

/// Why an entry, or a directory's contents, are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A pattern matched, and none after it took that back.
    Pattern {
        /// As it was written.
        pattern: String,
        /// `exclude`, `iexclude`, or `FILE:LINE`.
        origin: String,
    },
    /// The directory is marked as a cache (<https://bford.info/cachedir/>).
    CacheDir,
    /// The directory holds an entry of this name.
    Present(String),
    /// The file is longer than this many bytes.
    LargerThan(u64),
    /// It carries the flag that `chattr +d` sets.
    NoDump,
    /// It has this extended attribute.
    Xattr(String),
    /// It lies on another file system than the source.
    OtherFileSystem,
}

impl Reason {
    /// The one entry to take from a directory whose contents are skipped for this reason.
    pub fn tag(&self) -> Option<&[u8]> {
        match self {
            Reason::CacheDir => Some(CACHE_TAG),
            Reason::Present(name) => Some(name.as_bytes()),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Pattern { pattern, origin } => {
                write!(f, "matches {} ({origin})", show_path(pattern.as_bytes()))
            }
            Reason::CacheDir => f.write_str("a cache directory (CACHEDIR.TAG)"),
            Reason::Present(name) => write!(f, "holds {}", show_path(name.as_bytes())),
            Reason::LargerThan(bytes) => write!(f, "larger than {bytes} bytes"),
            Reason::NoDump => f.write_str("flagged nodump"),
            Reason::Xattr(name) => write!(f, "has the attribute {}", show_path(name.as_bytes())),
            Reason::OtherFileSystem => f.write_str("on another file system"),
        }
    }
}

/// The rules cannot be what the user meant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FilterError {
    /// A pattern is not understood.
    #[error("the pattern `{}` ({origin}) is wrong: {problem}", show_path(.pattern.as_bytes()))]
    Pattern {
        /// As it was written.
        pattern: String,
        /// `exclude`, `iexclude`, or `FILE:LINE`.
        origin: String,
        /// What is wrong.
        problem: String,
    },
    /// Each pattern is fine, together they are too many.
    #[error("the exclude patterns are too many or too long together: {problem}")]
    TooMany {
        /// What the matcher said.
        problem: String,
    },
    /// `exclude-if-present` does not name a directory entry.
    #[error("exclude-if-present `{}`: {problem}; give NAME or NAME:HEADER", show_path(.mark.as_bytes()))]
    Mark {
        /// As it was written.
        mark: String,
        /// What is wrong.
        problem: String,
    },
    /// That is no name of an extended attribute.
    #[error("`{}` cannot name an extended attribute; they look like user.NAME", show_path(.name.as_bytes()))]
    Xattr {
        /// As it was written.
        name: String,
    },
}

impl FilterError {
    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}
