//! Metadata beyond a stat: extended attributes, inode flags, holes, and the names of owners.

pub mod flags;
pub mod owners;
pub mod sparse;
pub mod xattrs;
