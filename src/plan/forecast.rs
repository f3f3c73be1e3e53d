//! What is expected of a plan: how long each step and the whole will take, whether that is soon enough,
//! whether there is room, and what has to be warmed up first. Data alone; `predict` and `build` fill it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::ids::PackName;
use crate::base::time::Timestamp;

/// What is expected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// When it was made.
    pub time: Timestamp,
    /// How long each step takes, by its id.
    pub steps: BTreeMap<String, Estimate>,
    /// When each begins and ends if all goes as expected, by its id; seconds from the beginning.
    pub timeline: BTreeMap<String, (f64, f64)>,
    /// How long the whole takes.
    pub total: Estimate,
    /// Whether it is soon enough, and the snapshot new enough.
    pub verdicts: Vec<Verdict>,
    /// Whether there is room.
    pub space: Vec<Space>,
    /// Packs that lie in cold storage and must be warmed up before they can be read.
    pub warm_up: Vec<WarmUp>,
    /// How long that takes at the usual speed, at most, in seconds; objectives count it. None where nothing
    /// is cold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_seconds: Option<u64>,
    /// What people should know before they agree.
    pub warnings: Vec<String>,
}

/// How long something takes: 95 of 100 times within the bar.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The lower end of the bar, in seconds.
    pub low_seconds: f64,
    /// As often more as less, in seconds.
    pub expected_seconds: f64,
    /// The upper end, in seconds.
    pub high_seconds: f64,
    /// Where it comes from, for people: "9 past runs".
    pub basis: String,
}

/// Whether an objective is met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Which objective.
    pub objective: Objective,
    /// The component it is about; the whole plan if none.
    pub component: Option<String>,
    /// What is allowed, in seconds.
    pub limit_seconds: u64,
    /// What is expected, in seconds; of a recovery time the upper end of the bar follows.
    pub expected_seconds: f64,
    /// The upper end.
    pub high_seconds: f64,
    /// Whether it is met.
    pub state: State,
}

/// An objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    /// Recovery time.
    Rto,
    /// Recovery point.
    Rpo,
}

/// Whether an objective is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Even at the upper end.
    Met,
    /// As expected, but not at the upper end.
    AtRisk,
    /// Not even as expected.
    Missed,
}

/// What a file system must hold, and can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// The directory, or the file of an image.
    pub place: String,
    /// Bytes that are needed at most.
    pub needed_bytes: u64,
    /// Bytes that are free.
    pub free_bytes: u64,
    /// Inodes that are needed.
    pub needed_inodes: u64,
    /// Inodes that are free; none where the file system makes them as needed.
    pub free_inodes: Option<u64>,
    /// Whether it is enough.
    pub fits: bool,
}

/// A pack in cold storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// The pack.
    pub pack: PackName,
    /// How it is stored.
    pub class: String,
    /// Its size.
    pub bytes: u64,
}

impl Forecast {
    /// Whether an objective is missed.
    pub fn is_missed(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.state == State::Missed)
    }

    /// Whether there is room for everything.
    pub fn fits(&self) -> bool {
        self.space.iter().all(|space| space.fits)
    }
}
