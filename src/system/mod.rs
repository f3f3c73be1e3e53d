//! Floor 6: the system beside its files: what it is made of, and how it is made again.
//!
//! `action` is what a rebuild does, as pure data; `rebuild` makes it from captured state.

pub mod action;
pub mod rebuild;
