//! How each job went last: one small file for each in the state directory.
//!
//! Every command that does a job writes its record at the end. `watch` reads them to find what is overdue,
//! and so may anything else that wants to know without touching the repository.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::notify::channel::percent;
use crate::notify::error::NotifyError;
use crate::notify::event::Outcome;
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded};

/// The largest record that is read.
const RECORD_MAX_BYTES: u64 = 1 << 20;
/// The longest message that is kept.
const MESSAGE_MAX_CHARS: usize = 4000;

/// How one thing went last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What was done: `backup`, `check`, `restore`, `replica-sync`, `drill`.
    pub kind: String,
    /// Of what: the name of a job, or of a repository.
    pub name: String,
    /// Since when it is known, or expected.
    pub known_since: Timestamp,
    /// When it was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// When it ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What was said then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it was done last: well, or at least in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
    /// When all was well last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Timestamp>,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u64,
}

/// What is to be written down.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// What was done.
    pub kind: &'a str,
    /// Of what.
    pub name: &'a str,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// What there is to say.
    pub message: &'a str,
}

/// The directory of records.
#[derive(Clone, Debug)]
pub struct Records {
    dir: PathBuf,
}

impl Records {
    /// The records in the state directory `state`; made if they are not there.
    pub fn open(state: &Path) -> Result<Self, NotifyError> {
        let dir = state.join("status");
        create_private_dir(&dir)?;
        Ok(Self { dir })
    }

    fn path(&self, kind: &str, name: &str) -> PathBuf {
        self.dir.join(format!("{}@{}.json", percent(kind), percent(name)))
    }

    /// The record of one thing; a damaged one counts as none.
    pub fn load(&self, kind: &str, name: &str) -> Option<Record> {
        let bytes = read_bounded(&self.path(kind, name), RECORD_MAX_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes down how something went.
    pub fn note(&self, run: &Run<'_>) -> Result<Record, NotifyError> {
        let mut record = self.load(run.kind, run.name).unwrap_or_else(|| Record {
            kind: run.kind.to_owned(),
            name: run.name.to_owned(),
            known_since: run.began,
            began: None,
            ended: None,
            outcome: None,
            message: String::new(),
            done: None,
            ok: None,
            failures: 0,
        });
        (record.began, record.ended, record.outcome) = (Some(run.began), Some(run.ended), Some(run.outcome));
        record.message = run.message.chars().take(MESSAGE_MAX_CHARS).collect();
        if matches!(run.outcome, Outcome::Ok | Outcome::Degraded | Outcome::Partial) {
            // What is in a snapshot is as old as its beginning.
            record.done = Some(run.began);
        }
        if run.outcome == Outcome::Ok {
            record.ok = Some(run.began);
        }
        record.failures = if record.done == Some(run.began) { 0 } else { record.failures + 1 };
        self.save(&record)?;
        Ok(record)
    }

    /// The record of something that is expected from now on, if there is none.
    pub fn expected(&self, kind: &str, name: &str, now: Timestamp) -> Result<Record, NotifyError> {
        if let Some(record) = self.load(kind, name) {
            return Ok(record);
        }
        let record = Record {
            kind: kind.to_owned(),
            name: name.to_owned(),
            known_since: now,
            began: None,
            ended: None,
            outcome: None,
            message: String::new(),
            done: None,
            ok: None,
            failures: 0,
        };
        self.save(&record)?;
        Ok(record)
    }

    fn save(&self, record: &Record) -> Result<(), NotifyError> {
        // Text, numbers and times always have a JSON form.
        let bytes = serde_json::to_vec(record).unwrap_or_default();
        Ok(atomic_write(&self.path(&record.kind, &record.name), &bytes)?)
    }

    /// All records.
    pub fn list(&self) -> Result<Vec<Record>, NotifyError> {
        let failed = |error| NotifyError::Sys(SysError::at("list", &self.dir, error));
        let mut records = Vec::new();
        for item in fs::read_dir(&self.dir).map_err(failed)? {
            let path = item.map_err(failed)?.path();
            let bytes = read_bounded(&path, RECORD_MAX_BYTES).unwrap_or_default();
            records.extend(serde_json::from_slice::<Record>(&bytes).ok());
        }
        records.sort_by(|left, right| (&left.kind, &left.name).cmp(&(&right.kind, &right.name)));
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    #[test]
    fn a_record_keeps_when_all_was_well_and_counts_failures() {
        let state = tempfile::tempdir().unwrap();
        let records = Records::open(state.path()).unwrap();
        assert_eq!(records.expected("backup", "a/b ü", time(5)).unwrap().known_since, time(5));
        let mut last = None;
        for (began, outcome) in
            [(10, Outcome::Ok), (20, Outcome::Partial), (30, Outcome::Failed), (40, Outcome::Failed)]
        {
            let run = Run {
                kind: "backup",
                name: "a/b ü",
                began: time(began),
                ended: time(began + 1),
                outcome,
                message: "said",
            };
            last = Some(records.note(&run).unwrap());
        }
        let last = last.unwrap();
        assert_eq!((last.ok, last.done, last.failures), (Some(time(10)), Some(time(20)), 2));
        assert_eq!((last.known_since, last.ended), (time(5), Some(time(41))));
        assert_eq!(records.list().unwrap(), [last]);
    }

    #[test]
    fn a_damaged_record_is_replaced() {
        let state = tempfile::tempdir().unwrap();
        let records = Records::open(state.path()).unwrap();
        std::fs::write(records.path("check", "main"), "{").unwrap();
        assert!(records.load("check", "main").is_none() && records.list().unwrap().is_empty());
        assert_eq!(records.expected("check", "main", time(7)).unwrap().known_since, time(7));
    }
}
