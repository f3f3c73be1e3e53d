//! Lifeboat: disaster recovery as a library; the binary beside it is a thin face.

pub mod base;
pub mod cli;
pub mod repo;
pub mod sys;
pub mod ui;
