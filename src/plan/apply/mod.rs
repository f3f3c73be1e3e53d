//! Applying: the only part of the planner that acts.
//!
//! `apply` takes the plan's lock, sees that the plan still fits, reads the journal of a run that was cut
//! off, has disks confirmed, and hands the steps to `schedule`. An intent is durable before its step begins
//! (`log`), and what it came to before anything that needs it: after a crash a step with an intent and no
//! end is in doubt, and is looked at by its own check before it is done again (`act`). In the end what
//! outlives no run is released, cleanup runs, a sandbox is removed and that is verified, and a record stays
//! (`record`).

pub mod act;
pub mod begin;
pub mod choose;
pub mod commands;
pub mod content;
pub mod disks;
pub mod keep;
pub mod log;
pub mod probes;
pub mod record;
pub mod release;
pub mod sandbox;
pub mod schedule;
pub mod session;
pub mod warmth;

use std::path::{Path, PathBuf};

use crate::base::monitor::{Interrupt, Monitor};
use crate::base::secret::SecretText;
use crate::base::time::Clock;
use crate::plan::artefact::{Plan, Step};
use crate::plan::error::PlanError;
use crate::repo::read::IndexedRepository;
use crate::restore::cold::Warming;

/// What a run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these steps, components or groups; all if empty.
    pub only: Vec<String>,
    /// Only from this step, component or group on.
    pub from: Option<String>,
    /// Only until this step, component or group is done.
    pub until: Option<String>,
    /// Apply it though it no longer fits what there is.
    pub accept_changes: bool,
    /// Disks that are confirmed beforehand, by identity or device node.
    pub confirmed: Vec<String>,
    /// Leave a sandbox there at the end.
    pub keep_sandbox: bool,
    /// Begin anew where an earlier run was cut off.
    pub restart: bool,
    /// Steps that a person has seen to be done.
    pub assume_done: Vec<String>,
    /// Steps in doubt that a person wants to be done again.
    pub repeat: Vec<String>,
    /// Names this request: where a run that was asked for by the same name has ended well, it stays at that.
    pub once: Option<String>,
}

/// What a run tells, and asks, people. Called from several threads.
pub trait Face: Send + Sync {
    /// A step begins; `attempt` counts from 1.
    fn begun(&self, step: &Step, attempt: u32);
    /// A step has ended: how, and after how many seconds.
    fn ended(&self, step: &Step, ending: &schedule::Ending, seconds: f64);
    /// Something that people should know.
    fn note(&self, text: &str);
    /// Whether a person confirms, by typing its name, that `disk` may be overwritten.
    fn confirm(&self, disk: &disks::Candidate) -> bool;
    /// The secret of that name, if it can be had.
    fn secret(&self, name: &str) -> Option<SecretText>;
}

/// What a run works with.
pub struct Ground<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What is asked for.
    pub options: &'a Options,
    /// The repository.
    pub indexed: &'a IndexedRepository,
    /// Where plans, journals and records are kept.
    pub state_dir: &'a Path,
    /// Directories of this machine that hold the repository and what lifeboat keeps: their disks are
    /// protected.
    pub holds: &'a [PathBuf],
    /// About how many bytes of memory each restore may take, where somebody said.
    pub memory_limit: Option<u64>,
    /// People.
    pub face: &'a dyn Face,
    /// Hears of progress.
    pub monitor: &'a dyn Monitor,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The name of this machine, as records are signed with it.
    pub host: &'a str,
}

/// Where everything about plans is kept below the state directory.
pub fn directory(state_dir: &Path) -> PathBuf {
    state_dir.join("plans")
}

/// Applies the plan; what it came to stands in the record, whatever that is. `warming` is a person's consent
/// to have what lies in cold storage warmed up: without it, a plan that needs any is not begun.
pub fn apply(ground: &Ground<'_>, warming: Option<&Warming<'_>>) -> Result<record::RunRecord, PlanError> {
    match session::Session::open(ground)? {
        session::Opened::Session(session) => session.run(warming),
        session::Opened::Past(record) => Ok(*record),
    }
}
