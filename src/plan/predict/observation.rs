//! One step that was carried out: how much there was to do, and how long it took.

use serde::{Deserialize, Serialize};

use crate::plan::artefact::{Step, Work};
use crate::plan::probe::Probe;
use crate::system::action::Stage;

/// What was observed of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What kind of step: `files`, `mkfs`, `verify-http`.
    pub method: String,
    /// Between where and where, for times differ between repositories and targets.
    pub place: String,
    /// How much there was to do.
    pub load: Load,
    /// How long the machine took, in seconds.
    pub seconds: f64,
}

/// How much a step has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Bytes that are written.
    pub bytes: u64,
    /// Files, directories and links that are made.
    pub entries: u64,
    /// Ranged reads from the repository.
    pub requests: u64,
}

/// The kind of step that `step` is, as far as times are concerned.
pub fn method_of(step: &Step) -> String {
    match &step.work {
        Work::Files(_) => "files".to_owned(),
        // `mkfs:/boot` is timed with every other mkfs.
        Work::Action(action) => match action.id.split_once(':') {
            // A dump takes as long as it is large; starting its server and comparing it do not.
            Some(("database", rest)) => match rest.split(':').nth(1) {
                Some(what) => format!("database-{what}"),
                None => "database".to_owned(),
            },
            // Installing packages takes minutes, marking them no time.
            Some(("converge", what)) => format!("converge-{what}"),
            Some((method, _)) => method.to_owned(),
            // Each command of the plan's own is another one; what a rebuild does is the same everywhere.
            None if action.stage == Stage::Custom => step.id.clone(),
            None => action.id.clone(),
        },
        Work::Verify(verify) => match &verify.probe {
            Probe::Command { .. } => format!("verify-command {}", step.id),
            Probe::Http { .. } => "verify-http".to_owned(),
            Probe::File { .. } => "verify-file".to_owned(),
            Probe::Checksum { .. } => "verify-checksum".to_owned(),
            Probe::Port { .. } => "verify-port".to_owned(),
        },
    }
}
