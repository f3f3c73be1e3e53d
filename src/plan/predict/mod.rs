//! How long steps will take: learnt from past runs, and honest where there are none.
//!
//! `estimate` turns what was observed into a bar, `timeline` puts steps side by side as `apply` would, and
//! `observation` is what a run leaves behind.

pub mod estimate;
pub mod observation;
pub mod timeline;

#[cfg(test)]
mod tests;
