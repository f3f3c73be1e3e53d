//! Floor 6: backup: from a walk over the sources to a committed snapshot.
//!
//! The stages, each bounded: walkers list directories ahead ([`walk`]); one assembler goes through them in
//! order, compares with the host's catalogue and hands out work ([`assemble`]); workers read, chunk, hash,
//! deduplicate and compress ([`worker`], [`storer`]); full packs are sealed and stored in the background;
//! directories are encoded bottom-up as their last entry is done ([`trees`]); the snapshot is the commit
//! ([`run`]).

pub mod assemble;
pub mod attach;
pub mod catalogue;
pub mod dry_run;
pub mod entries;
pub mod error;
pub mod feeder;
pub mod filter;
mod frames;
pub mod guard;
pub mod job;
pub mod notes;
pub mod options;
pub mod prepare;
pub mod report;
pub mod roots;
pub mod run;
pub mod storer;
pub mod stream;
pub mod trees;
pub mod walk;
pub mod worker;
