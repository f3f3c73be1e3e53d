//! Floor 5: the repository: config, keys, sessions, snapshots, trees. FORMAT.md lives here.

pub mod tree;
