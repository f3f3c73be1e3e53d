//! Why a plan cannot be built, read or applied. What concerns single steps stands in the run's record.

use std::path::PathBuf;

use crate::base::error_kind::ErrorKind;
use crate::browse::error::BrowseError;
use crate::repo::evidence::EvidenceError;
use crate::repo::snapshot::SnapshotError;
use crate::restore::cold::ColdCounts;
use crate::restore::error::RestoreError;
use crate::restore::source::SourceError;
use crate::store::error::StoreError;
use crate::sys::error::{SysError, show_path};
use crate::sys::journal::JournalError;
use crate::sys::lock::LockError;

/// A plan that cannot be built, read or applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A plan file cannot be read.
    #[error("the plan cannot be read")]
    Read(#[source] SysError),
    /// A plan cannot be written.
    #[error("the plan cannot be written")]
    Write(#[source] SysError),
    /// A plan cannot be put into JSON.
    #[error("the plan cannot be encoded")]
    Encode(#[source] serde_json::Error),
    /// It is no plan, or it was changed.
    #[error("{} is no plan that can be used: {why}", show_path(path.as_os_str().as_encoded_bytes()))]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No plan, or more than one, is meant.
    #[error("{what}")]
    NoPlan {
        /// What was asked for, and what there is.
        what: String,
    },
    /// The plan file asks for what there is not.
    #[error("{component}: {why}")]
    Component {
        /// The component, or the part of the file.
        component: String,
        /// Why not.
        why: String,
    },
    /// A snapshot cannot be had.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Files of the snapshot cannot be planned or restored.
    #[error("{component}: the files cannot be restored")]
    Restore {
        /// The component.
        component: String,
        /// Why not.
        source: RestoreError,
    },
    /// The snapshot cannot be read.
    #[error("the snapshot cannot be read")]
    Source(#[from] SourceError),
    /// A file of the snapshot cannot be read.
    #[error("the snapshot cannot be read")]
    Browse(#[from] BrowseError),
    /// The repository's store fails.
    #[error("the repository cannot be read")]
    Store(#[source] StoreError),
    /// The target or this machine cannot be looked at.
    #[error("the target cannot be looked at")]
    Look(#[source] SysError),
    /// The journal or the record of a run cannot be kept.
    #[error("the run's journal cannot be kept")]
    Journal(#[source] SysError),
    /// A journal was altered, is in use, or takes no more.
    #[error("the run's journal cannot be used")]
    Log(#[source] JournalError),
    /// The journal of an earlier run cannot be gone on with.
    #[error("the journal {} cannot be gone on with: {why}", show_path(path.as_os_str().as_encoded_bytes()))]
    PastRun {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// What a run did cannot be proved.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Another process is at it.
    #[error("this plan is being applied already")]
    Busy(#[source] LockError),
    /// The plan does not fit what there is any more.
    #[error("the plan no longer fits:\n{}", changes.join("\n"))]
    Changed {
        /// What is different, a line each.
        changes: Vec<String>,
    },
    /// A disk must not be written to.
    #[error("{disk} is not touched: {why}")]
    Refused {
        /// The disk, by name and identity.
        disk: String,
        /// Why not.
        why: String,
    },
    /// Nobody has confirmed that a disk may be overwritten.
    #[error("nobody has confirmed that {disk} may be overwritten")]
    Unconfirmed {
        /// The disk, by name and identity.
        disk: String,
    },
    /// A sandbox cannot be made, or not removed.
    #[error("the sandbox {what}")]
    Sandbox {
        /// What cannot be done, and why.
        what: String,
    },
    /// A secret is needed, and there is nobody to ask.
    #[error("the secret {name:?} is needed")]
    Secret {
        /// What the plan calls it.
        name: String,
    },
    /// There is no such step, component or group.
    #[error("the plan has no step, component or group {name:?}")]
    NoStep {
        /// What was asked for.
        name: String,
    },
    /// Packs lie in cold storage, and nobody has agreed to have them warmed up.
    #[error(
        "{} that the plan reads {} in cold storage and cannot be read yet, {} of them asked for already; \
             nothing \
         was done",
        counted(counts.packs), if counts.packs == 1 { "lies" } else { "lie" }, counts.warming
    )]
    Cold {
        /// What they come to.
        counts: ColdCounts,
    },
    /// The store does not warm up as fast as that.
    #[error("what the plan reads lies in deep archive classes, which are not warmed up at the speed {speed}")]
    Speed {
        /// The speed that was asked for.
        speed: &'static str,
    },
    /// The end was asked for.
    #[error("interrupted; run the same command again to go on")]
    Interrupted,
}

fn counted(packs: u64) -> String {
    if packs == 1 { "1 pack".to_owned() } else { format!("{packs} packs") }
}

impl PlanError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PlanError::Snapshot(error) => error.kind(),
            PlanError::Restore { source, .. } => source.kind(),
            PlanError::Source(error) => error.kind,
            PlanError::Store(error) => error.kind(),
            PlanError::Browse(error) => error.kind(),
            PlanError::Busy(error) => error.kind(),
            PlanError::Log(error) => error.kind(),
            PlanError::Evidence(error) => error.kind(),
            PlanError::Read(error) | PlanError::Write(error) | PlanError::Look(error) => error.kind(),
            PlanError::NoPlan { .. } | PlanError::Component { .. } | PlanError::NoStep { .. } => {
                ErrorKind::Usage
            }
            PlanError::Broken { .. } => ErrorKind::Usage,
            PlanError::Unconfirmed { .. } | PlanError::Secret { .. } | PlanError::Cold { .. } => {
                ErrorKind::Waiting
            }
            PlanError::Speed { .. } => ErrorKind::Usage,
            PlanError::Interrupted => ErrorKind::Interrupted,
            _ => ErrorKind::Failed,
        }
    }
}
