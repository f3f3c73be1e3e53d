//! Floor 5: the repository: config, keys, sessions, snapshots, trees. FORMAT.md lives here.

pub mod certificate;
pub mod config;
pub mod keyring;
pub mod slots;
pub mod tree;
