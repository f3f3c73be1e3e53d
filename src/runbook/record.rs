//! What a run writes into its journal: each act before it, and what came of it after it.
//!
//! A run is nothing but the sum of these (`state`), so whoever reads the journal knows what the run knows.
//! Secrets never get this far: steps name them, and what programs say is searched for them first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::runbook::model::EvidenceForm;

/// The schema of a run's first record.
pub const SCHEMA: &str = "lifeboat.run/1";

/// Whether it is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is.
    #[default]
    Live,
    /// It is a drill: messages say so.
    Drill,
}

impl Mode {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Drill => "drill",
        }
    }
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The run's id.
    pub run: String,
    /// The runbook's name.
    pub runbook: String,
    /// The texts of the runbook and of those that are its steps, as they were then.
    pub texts: BTreeMap<String, String>,
    /// What was answered to its questions.
    pub inputs: BTreeMap<String, Value>,
    /// Whether it is a drill.
    pub mode: Mode,
    /// Who began it.
    pub operator: String,
    /// Where.
    pub host: String,
    /// With which version.
    pub tool: String,
}

/// What people are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AskKind {
    /// Leave.
    Approval,
    /// An acknowledgement.
    Acknowledgement,
    /// To do something.
    Manual,
    /// To choose.
    Choice,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// What for.
    pub kind: AskKind,
    /// The words.
    pub question: String,
    /// Who may answer; anybody if nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who: Vec<String>,
    /// How many must.
    pub quorum: u32,
    /// What can be chosen, and what it means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<(String, String)>,
    /// What is to be handed in.
    pub evidence: EvidenceForm,
    /// How long there is, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
}

/// What a person can do to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// Gives leave.
    Approve,
    /// Refuses it.
    Refuse,
    /// Acknowledges, or says that a manual step is done.
    Ack,
    /// Says that a manual step cannot be done.
    Fail,
    /// Chooses.
    Choose,
    /// Says that a step in doubt was done.
    Done,
    /// Has a step in doubt, or one that failed, done again.
    Repeat,
    /// Ends the run.
    Abort,
}

impl Deed {
    /// As it reads after a name: "alice approved".
    pub fn past(self) -> &'static str {
        match self {
            Deed::Approve => "approved",
            Deed::Refuse => "refused",
            Deed::Ack => "acknowledged",
            Deed::Fail => "reported failure",
            Deed::Choose => "chose",
            Deed::Done => "said it is done",
            Deed::Repeat => "said to repeat it",
            Deed::Abort => "aborted the run",
        }
    }
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Unlike every other answer: it is taken once, however often it arrives.
    pub id: String,
    /// The step; empty where it is about the run.
    pub step: String,
    /// What they did.
    pub deed: Deed,
    /// Who, as they say.
    pub by: String,
    /// How it came: `command`, `link`, `terminal` or `repository`.
    pub via: String,
    /// When it was given.
    pub time: Timestamp,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What they had to say, or what they saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// A file that was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileEvidence>,
    /// The key slot that signed it, and its role, where it came by the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<(String, Role)>,
}

/// What is kept of a file that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEvidence {
    /// Its path there.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its contents, in hexadecimal.
    pub hash: String,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepEnd {
    /// Well.
    Done,
    /// Not.
    Failed,
    /// It was not begun.
    Skipped,
}

impl StepEnd {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            StepEnd::Done => "done",
            StepEnd::Failed => "failed",
            StepEnd::Skipped => "skipped",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// All that had to be done was done.
    Done,
    /// The same, though some of it failed and was passed over.
    DoneWithFailures,
    /// What was done was undone.
    RolledBack,
    /// Somebody ended it.
    Aborted,
}

impl RunEnd {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            RunEnd::Done => "done",
            RunEnd::DoneWithFailures => "done, with failures",
            RunEnd::RolledBack => "rolled back",
            RunEnd::Aborted => "aborted",
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Record {
    /// The run begins.
    Began(Box<Header>),
    /// Another process goes on with it.
    Resumed {
        /// Who.
        operator: String,
        /// Where.
        host: String,
    },
    /// The runbook was claimed by another run or machine, and an operator passed that over.
    PassedOver {
        /// The other run, or this one.
        run: String,
        /// Who had claimed it.
        operator: String,
        /// Where.
        host: String,
        /// Why it was passed over, as the operator said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A step is about to be done.
    Intent {
        /// Which: its id, behind those of the runbooks that it stands in.
        step: String,
        /// Its kind.
        kind: String,
        /// What people call it.
        title: String,
        /// Its phase.
        phase: String,
        /// From 1.
        attempt: u32,
        /// What exactly is about to be done, for people.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        what: Vec<String>,
    },
    /// An attempt failed, and there will be another.
    Retrying {
        /// Which step.
        step: String,
        /// Why it failed.
        error: String,
        /// When the next is due, in milliseconds.
        after_ms: u64,
    },
    /// People are asked.
    Asked {
        /// Which step waits.
        step: String,
        /// For what.
        ask: Ask,
    },
    /// Somebody answered, and it counts.
    Answered {
        /// What they said.
        answer: Answer,
    },
    /// Somebody answered, and it does not count.
    Ignored {
        /// What they said.
        answer: Answer,
        /// Why not.
        why: String,
    },
    /// Nobody answered in time; somebody else is asked.
    Escalated {
        /// Which step waits.
        step: String,
        /// The step that is done for it.
        with: String,
    },
    /// Nobody knows whether a step was done.
    Doubt {
        /// Which.
        step: String,
        /// What is known.
        why: String,
    },
    /// It is known again.
    Settled {
        /// Which.
        step: String,
        /// Whether it was done.
        done: bool,
        /// By what that is known: its check, a person, or because it may be repeated.
        how: String,
    },
    /// A step has ended.
    Ended {
        /// Which.
        step: String,
        /// How.
        end: StepEnd,
        /// What it gave.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        output: Value,
        /// Its exit or answer status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<i64>,
        /// Why it failed or was skipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// Who decided it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// The run stands still until somebody resumes it.
    Halted {
        /// The step that failed.
        step: String,
        /// Why.
        why: String,
    },
    /// What was done is being undone.
    RollingBack {
        /// The step that failed.
        step: String,
    },
    /// The run has ended.
    Finished {
        /// How.
        end: RunEnd,
        /// Why, where somebody ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Who, where somebody ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// A record with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was written.
    pub time: Timestamp,
    /// What it says.
    pub record: Record,
}
