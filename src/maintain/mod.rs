//! Floor 6: maintenance: finding out whether everything that was backed up is still there, keeping it
//! locked, and bringing back what somebody took away.
//!
//! `check` reads and never writes. What it finds, it says in terms of what people lose: which snapshots,
//! which files, and what to do about it.

pub mod budget;
pub mod check;
pub mod lock;
pub mod recover;
