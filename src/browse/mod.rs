//! Floor 6: browsing: reading a snapshot without restoring it.
//!
//! Listing, searching, comparing and counting read trees only, which a maintainer may; the contents of
//! files are read by `cat` and `dump` alone. Nothing here writes to a repository or to the file system, and
//! nothing decides how results look: they are serialisable values or calls of the caller's functions.

pub mod cat;
pub mod content;
pub mod diff;
pub mod distinct;
pub mod dump;
pub mod error;
pub mod find;
#[cfg(target_os = "linux")]
pub mod live;
pub mod ls;
pub mod path;
pub mod pipe;
pub mod reading;
pub mod row;
pub mod side;
pub mod stats;
pub mod stream;
pub mod tar_header;
pub mod walk;

#[cfg(test)]
#[allow(clippy::duplicate_mod)]
mod fixture;
#[cfg(test)]
mod tests;
