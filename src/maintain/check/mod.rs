//! Finding every damage that a repository can have.
//!
//! From the outside in: names and sizes of objects, then the signed index, then the chains of snapshots,
//! then (on request) every byte of packs, and last the trees, which tell what each damage costs. What the
//! role at hand cannot look at is said, never passed over in silence.

pub mod chains;
pub mod error;
pub mod objects;
pub mod packs;
pub mod places;
pub mod report;
pub mod segments;
pub mod trees;

use crate::base::ids::ChunkKind;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::base::time::Timestamp;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::places::Damage;
use crate::maintain::check::report::{CheckReport, Findings};
use crate::repo::read::IndexedRepository;

/// Which packs are read whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ReadData {
    /// None: names, sizes, index, snapshots and trees only.
    #[default]
    None,
    /// Every one.
    All,
    /// The `n`th of `m` parts, counted from 1: after `m` runs, all were read.
    Subset {
        /// Which part.
        n: u32,
        /// Of how many.
        m: u32,
    },
    /// About this share of the packs, in percent, chosen by the seed.
    Percent {
        /// Share in percent, 0 to 100.
        percent: f64,
        /// Chooses the packs; another seed, other packs.
        seed: u64,
    },
}

/// What to check.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions {
    /// Which packs to read.
    pub read_data: ReadData,
}

/// What a check works with.
#[derive(Clone, Copy)]
pub struct Checking<'a> {
    /// The repository with its index.
    pub repository: &'a IndexedRepository,
    /// Hears of progress.
    pub monitor: &'a dyn Monitor,
    /// Asks for the end.
    pub interrupt: &'a Interrupt,
    /// Threads that read packs; at least 1.
    pub threads: usize,
    /// The time of day, for the age of sessions.
    pub now: Timestamp,
    /// The repository is shown as it was: what this machine remembers is of later.
    pub is_past: bool,
}

impl Checking<'_> {
    /// An error if the end was asked for.
    pub fn check(&self) -> Result<(), CheckError> {
        if self.interrupt.is_set() { Err(CheckError::Interrupted) } else { Ok(()) }
    }
}

/// Checks the repository. An error means that the check could not be carried through (the store is away, a
/// signal came); what is wrong with the repository stands in the report.
pub fn check(checking: &Checking<'_>, options: &CheckOptions) -> Result<CheckReport, CheckError> {
    let mut findings = Findings::default();
    let mut damage = Damage::default();
    checking.monitor.event(Event::Stage("checking objects"));
    let listing = objects::check_objects(checking, &mut findings)?;
    checking.monitor.event(Event::Stage("checking the index"));
    let sessions = segments::check_segments(checking, &listing, &mut findings)?;
    objects::check_packs(checking, &listing, &mut findings, &mut damage);
    let snapshots = match checking.repository.identities(ChunkKind::Meta) {
        Ok(_) => {
            checking.monitor.event(Event::Stage("checking snapshots"));
            Some(chains::check_snapshots(checking, &sessions, &mut findings)?)
        }
        Err(error) => {
            findings.unchecked(format!("snapshots and trees: {error}"));
            None
        }
    };
    if options.read_data != ReadData::None {
        checking.monitor.event(Event::Stage("reading packs"));
        packs::read_packs(checking, options.read_data, &listing, &mut findings, &mut damage)?;
    }
    if let Some(snapshots) = &snapshots {
        checking.monitor.event(Event::Stage("checking trees"));
        trees::check_trees(checking, snapshots, damage, &mut findings)?;
    }
    Ok(findings.finish())
}

#[cfg(test)]
// Floors do not import their mates, not even in tests: the same file, a second time.
#[allow(clippy::duplicate_mod)]
#[path = "../../browse/fixture.rs"]
pub(super) mod fixture;
#[cfg(test)]
mod tests;
