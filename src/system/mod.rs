//! Floor 6: the state of a whole machine: captured, shown, compared, and rebuilt.
//!
//! [`model`] is the state as data, and all that the other parts share. It is pure: what a machine is
//! made of is written down here. [`action`] is what a rebuild does, as pure data too; [`rebuild`] makes
//! actions from captured state.

pub mod action;
pub mod model;
pub mod rebuild;
