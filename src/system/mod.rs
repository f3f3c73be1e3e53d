//! Floor 6: the state of a whole machine: captured, shown, compared, and made again.
//!
//! [`model`] is the state as data, and all that the other parts share. [`action`] is what a rebuild does, as
//! pure data too; [`rebuild`] makes it from captured state.

pub mod action;
pub mod model;
pub mod rebuild;
