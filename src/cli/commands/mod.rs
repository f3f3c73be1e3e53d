//! One file per command: what it takes, and how what was typed becomes a call of the floors below.
//!
//! A command computes nothing: it resolves its arguments, calls the library, and shows the result
//! as text or as one JSON document.

pub mod backup;
pub mod cat;
pub mod check;
pub mod completions;
pub mod config;
pub mod database;
pub mod demo;
pub mod diff;
pub mod dump;
pub mod find;
pub mod init;
pub mod key;
pub mod lock;
pub mod ls;
pub mod man;
pub mod notify;
pub mod plan;
pub mod recover;
pub mod replica;
pub mod restore;
pub mod runbook;
pub mod snapshots;
pub mod stats;
pub mod store;
pub mod system;
pub mod version;
pub mod watch;
