//! Floor 6: the state of a whole machine: captured, shown, compared, and made again.
//!
//! [`model`] is the state as data, and all that the other parts share. [`action`] is what a rebuild does, as
//! pure data too; [`rebuild`] makes it from captured state. [`capture`] looks at a machine, with [`parse`]
//! for what its programs print; [`diff`] compares two states.

pub mod action;
pub mod capture;
pub mod database;
pub mod diff;
pub mod freeze;
pub mod model;
pub mod parse;
pub mod rebuild;
pub mod volume;
