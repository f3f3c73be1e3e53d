//! Lifeboat: disaster recovery as a library; the binary beside it is a thin face.

pub mod backup;
pub mod base;
pub mod repo;
pub mod sys;
