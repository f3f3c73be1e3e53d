//! The plan file: TOML that people write and review.
//!
//! The keys stand in `schema`, once, for the check and for the manual; `check` finds every mistake at once,
//! each with its place; `model` is what is left when there is none.

pub mod check;
pub mod mistake;
pub mod model;
pub mod schema;
mod values;

#[cfg(test)]
mod tests;
