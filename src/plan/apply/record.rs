//! The record of a run: what was done, how long it took beside what was predicted, and what is learnt from
//! it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::error_kind::ErrorKind;
use crate::base::time::Timestamp;
use crate::plan::apply::sandbox::Removal;
use crate::plan::apply::{directory, keep};
use crate::plan::error::PlanError;
use crate::plan::forecast::{Estimate, Verdict};
use crate::plan::predict::observation::Observation;
use crate::sys::file::{atomic_write, read_bounded};

/// The schema of a record as JSON.
pub const SCHEMA: &str = "lifeboat.plan-run/1";
/// The largest record that is read.
const RECORD_MAX_BYTES: u64 = 64 << 20;
/// Records that are learnt from: the newest.
const LEARNT_FROM: usize = 200;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The run's id.
    pub run: String,
    /// The plan's id.
    pub plan: String,
    /// What the plan is called.
    pub name: String,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was over.
    pub finished: Timestamp,
    /// `done`, `partial`, `failed`, `waiting` or `unfinished`.
    pub outcome: Outcome,
    /// How many sessions it took: more than one where it was cut off.
    pub sessions: u32,
    /// Seconds that the machine took.
    pub machine_seconds: f64,
    /// Seconds that people were waited for.
    pub waited_seconds: f64,
    /// Seconds that cold storage was waited for.
    #[serde(default)]
    pub warm_up_seconds: f64,
    /// What was predicted of the whole.
    pub predicted: Estimate,
    /// The steps.
    pub steps: Vec<StepRecord>,
    /// Whether the objectives were met.
    pub verdicts: Vec<Verdict>,
    /// What went wrong at the end: cleanup, releasing, removing.
    pub warnings: Vec<String>,
    /// What was seen after the sandbox was removed.
    pub sandbox: Option<Removal>,
    /// The hash of the journal's last line.
    pub journal: String,
    /// Where its signed copy is in the repository; none where it could not be signed.
    #[serde(default)]
    pub evidence: Option<String>,
    /// What is learnt.
    pub observations: Vec<Observation>,
    /// The name that it was asked for by, where somebody wanted it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// Whether this is what was done before by that name, and nothing was done now; never kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done_before: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every step is done.
    Done,
    /// Steps that may fail have failed, all others are done.
    Partial,
    /// A step failed, and what comes after it was not begun.
    Failed,
    /// A step needs a person.
    Waiting,
    /// What was asked for is done, and the plan has more.
    Unfinished,
}

impl Outcome {
    /// The sort of failure; none if all is well.
    pub fn kind(self) -> Option<ErrorKind> {
        match self {
            Outcome::Done | Outcome::Unfinished => None,
            Outcome::Partial => Some(ErrorKind::Partial),
            Outcome::Failed => Some(ErrorKind::Failed),
            Outcome::Waiting => Some(ErrorKind::Waiting),
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
            Outcome::Waiting => "waiting",
            Outcome::Unfinished => "unfinished",
        }
    }
}

/// What one step came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its id.
    pub id: String,
    /// Its component.
    pub component: String,
    /// What it does.
    pub title: String,
    /// `done`, `already`, `assumed`, `failed`, `waiting`, `skipped` or `left`.
    pub state: String,
    /// How often it was begun.
    pub attempts: u32,
    /// Seconds the machine took, all attempts together.
    pub seconds: f64,
    /// What was predicted.
    pub predicted: Option<Estimate>,
    /// Whether it was within the bar; none where it was not done in one attempt now.
    pub within_bar: Option<bool>,
    /// Why it is not done.
    pub why: Option<String>,
}

impl StepRecord {
    /// Whether it is done, by whomever.
    pub fn is_done(&self) -> bool {
        matches!(self.state.as_str(), "done" | "already" | "assumed")
    }
}

impl RunRecord {
    /// Writes it where records are kept.
    pub fn write(&self, state_dir: &Path) -> Result<PathBuf, PlanError> {
        let path = path_of(state_dir, &self.run);
        let mut bytes = serde_json::to_vec(self).map_err(PlanError::Encode)?;
        bytes.push(b'\n');
        atomic_write(&path, &bytes).map_err(PlanError::Journal)?;
        Ok(path)
    }
}

/// The newest records of runs, oldest first. Those that cannot be read are passed over: they are for
/// learning.
pub fn read_all(state_dir: &Path) -> Result<Vec<RunRecord>, PlanError> {
    let mut paths = keep::runs(state_dir)?;
    let newest = paths.split_off(paths.len().saturating_sub(LEARNT_FROM));
    Ok(newest.iter().filter_map(|path| read_one(path)).collect())
}

/// The record in this file, if it is one.
pub fn read_one(path: &Path) -> Option<RunRecord> {
    let record: RunRecord = serde_json::from_slice(&read_bounded(path, RECORD_MAX_BYTES).ok()?).ok()?;
    (record.schema == SCHEMA).then_some(record)
}

/// The file of the record of the run `run`.
pub fn path_of(state_dir: &Path, run: &str) -> PathBuf {
    directory(state_dir).join(format!("run-{run}.json"))
}

/// The newest run of `plan` that was asked for as `once` and has ended well.
///
/// Whoever asked may have been cut off while the run went on to its end without it: doing all of it again
/// would do it twice.
pub fn done_once(state_dir: &Path, plan: &str, once: &str) -> Result<Option<RunRecord>, PlanError> {
    let is_it = |record: &RunRecord| {
        // What is only partial is better done than believed.
        let is_well = matches!(record.outcome, Outcome::Done | Outcome::Unfinished);
        is_well && record.plan == plan && record.once.as_deref() == Some(once)
    };
    Ok(read_all(state_dir)?.into_iter().rev().find(is_it))
}

/// What is learnt from past runs, oldest first.
pub fn history(state_dir: &Path) -> Result<Vec<Observation>, PlanError> {
    Ok(read_all(state_dir)?.into_iter().flat_map(|record| record.observations).collect())
}
