//! Floor 6: from a live tree to a snapshot.

pub mod filter;
