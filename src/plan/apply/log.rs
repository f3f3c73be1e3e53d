//! The journal of a run: what was meant and what was done, and what a run that was cut off left in doubt.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::base::time::{Clock, Timestamp};
use crate::plan::error::PlanError;
use crate::plan::predict::observation::Observation;
use crate::sys::error::SysError;
use crate::sys::file::sync_dir;
use crate::sys::journal::{Journal, JournalError, Record};
use crate::system::action::DiskIdentity;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    /// The run begins, or goes on.
    Begin {
        /// The plan's id.
        plan: String,
        /// The run's id, the same in all its sessions.
        run: String,
        /// The version of lifeboat.
        tool: String,
        /// The name that it is asked for by, where somebody wants it once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        once: Option<String>,
    },
    /// A person confirmed that a disk may be overwritten.
    Confirmed {
        /// The disk, by name and identity.
        disk: String,
        /// How long the person was waited for, in seconds.
        waited_seconds: f64,
    },
    /// A disk was found to be one that may be overwritten, and is about to be, for the first time.
    Overwriting {
        /// What actions call it.
        disk: String,
        /// What it is.
        #[serde(flatten)]
        begun: BegunDisk,
    },
    /// Packs in cold storage are asked for, with a person's consent.
    WarmUp {
        /// How many.
        packs: u64,
        /// Their bytes, by which it is paid.
        bytes: u64,
        /// How fast.
        speed: String,
    },
    /// They can be read.
    Warm {
        /// How long the store was waited for, in seconds.
        waited_seconds: f64,
    },
    /// A step is about to begin.
    Intent {
        /// Its id.
        step: String,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// A step is done.
    Done {
        /// Its id.
        step: String,
        /// Whether it was done before, or a person said so, or it was done now.
        how: How,
        /// How long the machine took, in seconds.
        seconds: f64,
        /// What is learnt from it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        observation: Option<Observation>,
    },
    /// A step failed.
    Failed {
        /// Its id.
        step: String,
        /// Which attempt.
        attempt: u32,
        /// How long the machine took, in seconds.
        seconds: f64,
        /// Why.
        why: String,
    },
    /// The run is over.
    End {
        /// `done`, `partial` or `failed`.
        outcome: String,
    },
}

/// A disk that this run has begun to overwrite, as it was then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunDisk {
    /// All that told it from others; nothing of an image.
    pub identity: DiskIdentity,
    /// The boot of the machine in which it was begun: what has no number of its own may be another disk after
    /// the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

/// How a step came to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was done.
    Now,
    /// Its check found it done.
    Already,
    /// A person said that it was done.
    Assumed,
}

/// What is known of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// How it came to be done, and in how many seconds.
    pub done: Option<(How, f64)>,
    /// Whether it was begun, and nobody knows how it ended.
    pub in_doubt: bool,
    /// How often it was begun.
    pub attempts: u32,
    /// Why it failed last.
    pub why: Option<String>,
    /// When it was begun last.
    pub begun: Option<Timestamp>,
    /// Seconds the machine spent on attempts that failed.
    pub lost_seconds: f64,
}

/// The past of a run.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The run's id.
    pub run: String,
    /// When it was begun.
    pub began: Timestamp,
    /// Sessions before this one.
    pub sessions: u32,
    /// Seconds in them, waiting for people included.
    pub seconds: f64,
    /// Seconds in them that people were waited for.
    pub waited_seconds: f64,
    /// Seconds in them that cold storage was waited for.
    pub warm_up_seconds: f64,
    /// What is known of each step.
    pub steps: BTreeMap<String, Known>,
    /// The target disks that it has begun to overwrite, by name.
    pub disks: BTreeMap<String, BegunDisk>,
    /// What was learnt.
    pub observations: Vec<Observation>,
    /// Whether it is over.
    pub is_over: bool,
    /// The name that it was asked for by last, where somebody wanted it once.
    pub once: Option<String>,
}

impl Past {
    /// What `records` of the journal at `path` say of a run of `plan`.
    pub fn read(records: &[Record], plan: &str, path: &Path) -> Result<Self, PlanError> {
        let broken = |why: String| PlanError::PastRun { path: path.to_owned(), why };
        let mut past = Past::default();
        let mut session: Option<(Timestamp, Timestamp)> = None;
        for record in records {
            let line: Line = record.parse().map_err(|error| broken(error.to_string()))?;
            if matches!(line, Line::Begin { .. }) {
                past.seconds += session.take().map_or(0.0, |(begin, end)| seconds_between(begin, end));
            }
            let begin = session.map_or(record.time, |(begin, _)| begin);
            session = Some((begin, record.time));
            past.take(line, record.time, plan).map_err(broken)?;
        }
        past.seconds += session.map_or(0.0, |(begin, end)| seconds_between(begin, end));
        Ok(past)
    }

    fn take(&mut self, line: Line, time: Timestamp, own: &str) -> Result<(), String> {
        match line {
            Line::Begin { plan, run, once, .. } => {
                self.once = once.or(self.once.take());
                if plan != own {
                    return Err(format!("it belongs to the plan {plan}"));
                }
                if self.sessions == 0 {
                    (self.run, self.began) = (run, time);
                }
                self.sessions += 1;
            }
            Line::Confirmed { waited_seconds, .. } => self.waited_seconds += waited_seconds,
            Line::WarmUp { .. } => {}
            Line::Warm { waited_seconds } => self.warm_up_seconds += waited_seconds,
            Line::Overwriting { disk, begun } => drop(self.disks.insert(disk, begun)),
            Line::Intent { step, attempt } => {
                let known = self.steps.entry(step).or_default();
                (known.in_doubt, known.attempts, known.begun) = (true, attempt, Some(time));
                known.done = None;
            }
            Line::Done { step, how, seconds, observation } => {
                let known = self.steps.entry(step).or_default();
                (known.in_doubt, known.done, known.why) = (false, Some((how, seconds)), None);
                self.observations.extend(observation);
            }
            Line::Failed { step, attempt, seconds, why } => {
                let known = self.steps.entry(step).or_default();
                (known.in_doubt, known.attempts, known.why) = (false, attempt, Some(why));
                known.lost_seconds += seconds;
            }
            Line::End { .. } => self.is_over = true,
        }
        Ok(())
    }

    /// The steps that were begun and never ended.
    pub fn in_doubt(&self) -> BTreeSet<&str> {
        self.steps.iter().filter(|(_, known)| known.in_doubt).map(|(id, _)| id.as_str()).collect()
    }
}

fn seconds_between(begin: Timestamp, end: Timestamp) -> f64 {
    let whole = end.seconds.saturating_sub(begin.seconds) as f64;
    (whole + (f64::from(end.nanos) - f64::from(begin.nanos)) / 1e9).max(0.0)
}

/// Opens the journal at `path`, or begins it; what it says of the past of `plan`, if it was there.
pub fn open(path: &Path, plan: &str) -> Result<(Journal, Option<Past>), PlanError> {
    if !path.exists() {
        return Ok((Journal::create(path).map_err(failed)?, None));
    }
    let (journal, contents) = Journal::open(path).map_err(failed)?;
    // A run that was cut off before its first line was durable never began.
    if contents.records.is_empty() {
        return Ok((journal, None));
    }
    let past = Past::read(&contents.records, plan, path)?;
    Ok((journal, Some(past)))
}

/// Appends `line`; once this returns, it is durable.
pub fn note(journal: &Mutex<Journal>, clock: &dyn Clock, line: &Line) -> Result<(), PlanError> {
    // What is behind the lock is whole even if a holder panicked: the journal cuts a torn line itself.
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    journal.append(clock.now(), line).map(drop).map_err(failed)
}

/// Puts the journal at `from` where journals of past runs are.
pub fn put_away(from: &Path, run: &str) -> Result<PathBuf, PlanError> {
    let directory = from.parent().unwrap_or(Path::new(".")).to_owned();
    let to = directory.join(format!("run-{run}.journal"));
    std::fs::rename(from, &to).map_err(|error| PlanError::Journal(SysError::at("put away", from, error)))?;
    sync_dir(&directory).map_err(PlanError::Journal)?;
    Ok(to)
}

/// A journal's error as a plan's.
pub fn failed(error: JournalError) -> PlanError {
    match error {
        JournalError::Sys(error) => PlanError::Journal(error),
        other => PlanError::Log(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_disk_that_was_found_fit_counts_as_begun() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let identity = DiskIdentity { path: Some("/dev/sdb".into()), ..DiskIdentity::default() };
        let begun = BegunDisk { identity, boot: Some("b1".into()) };
        let step = || "partition:disk0".to_owned();
        let lines = [
            Line::Begin { plan: "p".into(), run: "r".into(), tool: "0".into(), once: None },
            Line::Intent { step: step(), attempt: 1 },
            Line::Failed { step: step(), attempt: 1, seconds: 0.0, why: "mounted at /x".into() },
            Line::Done { step: step(), how: How::Assumed, seconds: 0.0, observation: None },
        ];
        let (mut journal, _) = open(&path, "p").unwrap();
        for line in &lines {
            journal.append(Timestamp::default(), line).unwrap();
        }
        drop(journal);
        let (mut journal, past) = open(&path, "p").unwrap();
        assert_eq!(past.unwrap().disks, BTreeMap::new(), "it was refused, or said to be done");
        let line = Line::Overwriting { disk: "disk0".into(), begun: begun.clone() };
        journal.append(Timestamp::default(), &line).unwrap();
        drop(journal);
        let past = open(&path, "p").unwrap().1.unwrap();
        assert_eq!(past.disks, BTreeMap::from([("disk0".to_owned(), begun)]));
    }
}
