//! Lifeboat: disaster recovery as a library; the binary beside it is a thin face.

pub mod backup;
pub mod base;
pub mod browse;
pub mod chunker;
pub mod cli;
pub mod compress;
pub mod crypto;
pub mod index;
pub mod maintain;
pub mod notify;
pub mod pack;
pub mod plan;
pub mod repo;
pub mod restore;
pub mod runbook;
pub mod store;
pub mod sys;
pub mod system;
pub mod ui;
