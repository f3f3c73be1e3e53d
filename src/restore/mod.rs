//! Floor 6: restore: a plan that is pure data, and its execution.
//!
//! `plan` walks the snapshot's trees and looks at the target, and changes nothing. `execute` fetches every
//! block once, in the order of the packs, verifies every chunk once, and writes it to all its places.
//! What is already right at the target is neither fetched nor written. Nothing is ever written outside the
//! target, whatever the repository says: all writing goes through `sys::target`, one name in one open
//! directory at a time.
//!
//! Left out: what to restore first, drills and their evidence (the engines above), and printing.

mod better;
pub mod cold;
mod compare;
mod content;
mod dirs;
pub mod error;
pub mod execute;
mod fetch;
mod finish;
pub mod items;
mod journal;
mod leaf;
mod nodes;
pub mod options;
mod owners;
mod parallel;
pub mod plan;
mod report;
pub mod repository;
mod schedule;
mod selection;
pub mod source;
pub mod summary;
mod verify;
mod walk;

#[cfg(test)]
mod tests;
