//! Floor 1: the only edge to the operating system: files, metadata, processes, signals, clocks.
//!
//! Everything that reads or writes a tree works on directory handles and single names, never on
//! joined paths. That is what makes paths beyond `PATH_MAX`, names that are no text, and links
//! swapped in while we look harmless: a name is looked up in exactly the directory that was opened,
//! and is never followed. `unsafe` lives on this floor alone.
//!
//! Left out: the parallel walk, excludes, and every policy about what to keep or overwrite. Those
//! belong to the pipelines above.
//!
//! `dir`, `stat`, `meta` and `target` speak Linux (statx, getdents, openat2, `/proc/self/fd`); the
//! rest is any Unix.

pub mod child;
pub mod clock;
pub mod command;
pub mod dialogue;
#[cfg(target_os = "linux")]
pub mod dir;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod error;
pub mod file;
pub mod http;
pub mod journal;
pub mod lock;
#[cfg(target_os = "linux")]
pub mod meta;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
mod open;
pub mod path;
pub mod process;
#[cfg(target_os = "linux")]
pub mod rooted;
#[cfg(target_os = "linux")]
pub mod service;
pub mod signal;
pub mod space;
#[cfg(target_os = "linux")]
pub mod stat;
#[cfg(target_os = "linux")]
pub mod target;
pub mod terminal;
pub mod watchdog;
