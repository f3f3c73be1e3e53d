//! Floor 4: the index: which pack, block and place hold a chunk.
//!
//! In the repository it is a set of immutable, sorted, signed segments. On this machine it is a handful of
//! *runs*: segments merged like a log-structured tree, memory-mapped, each part behind a binary fuse
//! filter. Resident memory is what the filters take (about 9 bits a chunk) and what the kernel caches.

pub mod cache;
pub mod rows;
pub mod run;
pub mod run_writer;
pub mod segment;
pub mod session;
