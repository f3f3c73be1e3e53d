//! Floor 7: restore plans: from a file that people write to an artefact that can be reviewed, and its
//! execution.
//!
//! `file` reads a plan file and finds every mistake in it; `init` writes one from a snapshot. `build`
//! resolves it to an artefact: steps in their order, snapshots pinned, packs and bytes counted, times
//! predicted (`predict`). The artefact is data and is named by its hash. `apply` alone acts: it keeps a
//! journal, checks before it destroys, goes on after a crash, and leaves a record that the next prediction
//! learns from.
//!
//! Left out: what a disk layout or a database needs is said by `system` as actions; printing and asking
//! people is the command line's.

pub mod apply;
pub mod artefact;
pub mod build;
pub mod diff;
pub mod error;
pub mod evidence;
pub mod explain;
pub mod file;
pub mod files;
pub mod forecast;
pub mod html;
pub mod init;
pub mod predict;
pub mod probe;
pub mod shelf;
pub mod verify;
