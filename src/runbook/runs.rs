//! Runs on this machine: a directory each, with the journal, and the inbox in which answers arrive.
//!
//! `STATE/runs/<id>/journal` and `STATE/runs/<id>/inbox/`. Whoever writes the journal holds its lock: no two
//! processes carry out one run. A second run of the same runbook is refused as long as the first is not over,
//! unless somebody asks for just that.

use std::path::{Path, PathBuf};

use crate::base::hex;
use crate::base::time::Timestamp;
use crate::crypto::derive::random_bytes;
use crate::runbook::error::RunbookError;
use crate::runbook::record::{Entry, Header, Record};
use crate::runbook::state::RunState;
use crate::sys::file::create_private_dir;
use crate::sys::journal::{self, Contents, Journal, JournalError};
use crate::sys::lock::{Lock, LockError};

/// The runs of one state directory.
#[derive(Clone, Debug)]
pub struct Runs {
    dir: PathBuf,
}

/// A run as it was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its records.
    pub entries: Vec<Entry>,
    /// Where it is.
    pub state: RunState,
    /// The hash of the last line of its journal.
    pub head: [u8; 32],
}

impl Runs {
    /// Those below `state_dir`.
    pub fn of(state_dir: &Path) -> Self {
        Self { dir: state_dir.join("runs") }
    }

    /// Where they are.
    pub fn root(&self) -> PathBuf {
        self.dir.clone()
    }

    /// Where a server of links says how it is reached.
    pub fn serve_file(&self) -> PathBuf {
        self.dir.join("serve.url")
    }

    /// The directory of a run.
    pub fn dir(&self, run: &str) -> PathBuf {
        self.dir.join(run)
    }

    /// The journal of a run.
    pub fn journal(&self, run: &str) -> PathBuf {
        self.dir(run).join("journal")
    }

    /// Where answers to a run arrive.
    pub fn inbox(&self, run: &str) -> PathBuf {
        self.dir(run).join("inbox")
    }

    /// Ids of all runs, oldest first.
    pub fn ids(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let is_run = |name: &String| self.journal(name).exists();
        let mut found: Vec<(Timestamp, String)> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(is_run)
            .map(|run| (self.began(&run).unwrap_or_default(), run))
            .collect();
        found.sort();
        found.into_iter().map(|(_, run)| run).collect()
    }

    fn began(&self, run: &str) -> Option<Timestamp> {
        journal::read(&self.journal(run)).ok()?.records.first().map(|record| record.time)
    }

    /// The run that is meant: by its id, the beginning of one, or `latest`.
    pub fn find(&self, spec: &str) -> Result<String, RunbookError> {
        let ids = self.ids();
        if let Some(exact) = ids.iter().find(|id| *id == spec) {
            return Ok(exact.clone());
        }
        let latest = || ids.last().filter(|_| spec == "latest");
        let fits: Vec<&String> = ids.iter().filter(|id| !spec.is_empty() && id.starts_with(spec)).collect();
        match (latest(), fits.as_slice()) {
            (Some(latest), _) => Ok(latest.clone()),
            (None, [one]) => Ok((*one).clone()),
            (None, []) => Err(RunbookError::NoRun { spec: spec.to_owned() }),
            (None, several) => Err(RunbookError::Ambiguous {
                spec: spec.to_owned(),
                runs: several.iter().map(|run| (*run).clone()).collect(),
            }),
        }
    }

    /// Reads a run, which may be under way, and verifies its journal.
    pub fn read(&self, run: &str) -> Result<Read, RunbookError> {
        understand(run, &journal::read(&self.journal(run))?)
    }

    /// Whether a process carries the run out at this moment.
    pub fn is_active(&self, run: &str) -> bool {
        matches!(Journal::open(&self.journal(run)), Err(JournalError::Busy { .. }))
    }

    /// Runs of `runbook` that are not over.
    pub fn open_runs(&self, runbook: &str) -> Vec<String> {
        let is_open = |run: &String| {
            self.read(run).is_ok_and(|read| read.state.header.runbook == runbook && read.state.end.is_none())
        };
        self.ids().into_iter().filter(is_open).collect()
    }

    /// Keeps others from beginning runs of `runbook` here meanwhile.
    pub fn lock(&self, runbook: &str) -> Result<Lock, RunbookError> {
        create_private_dir(&self.dir)?;
        Lock::acquire(&self.dir.join(format!("{runbook}.lock"))).map_err(|error| match error {
            LockError::Busy { .. } => RunbookError::Busy {
                what: format!("another process is beginning a run of {runbook} at this moment"),
            },
            LockError::Sys(error) => RunbookError::Sys(error),
        })
    }

    /// Begins a run: its journal, and the record of its beginning.
    pub fn begin(&self, header: Header, time: Timestamp) -> Result<(Journal, RunState), RunbookError> {
        let dir = self.dir(&header.run);
        create_private_dir(&dir)?;
        create_private_dir(&self.inbox(&header.run))?;
        let mut journal = Journal::create(&self.journal(&header.run))?;
        journal.append(time, &Record::Began(Box::new(header.clone())))?;
        Ok((journal, RunState::begin(header, time)))
    }

    /// Goes on with a run: what was running is in doubt from now on.
    pub fn resume(
        &self,
        run: &str,
        operator: &str,
        host: &str,
        time: Timestamp,
    ) -> Result<(Journal, RunState), RunbookError> {
        let opened = open_patiently(&self.journal(run));
        let (mut journal, contents) = opened.map_err(|error| match error {
            JournalError::Busy { .. } => RunbookError::Busy {
                what: format!(
                    "run {run} is being carried out by another process; watch it with \
                     `lifeboat runbook status {run} --watch`"
                ),
            },
            error => RunbookError::Journal(error),
        })?;
        let mut state = understand(run, &contents)?.state;
        if let Some((end, _, _)) = &state.end {
            return Err(RunbookError::Over { run: run.to_owned(), how: end.as_str().to_owned() });
        }
        let record = Record::Resumed { operator: operator.to_owned(), host: host.to_owned() };
        journal.append(time, &record)?;
        state.apply(&Entry { time, record });
        create_private_dir(&self.inbox(run))?;
        Ok((journal, state))
    }

    /// Writes a record about a run as a whole, before anybody goes on with it.
    pub fn note(
        journal: &mut Journal,
        state: &mut RunState,
        time: Timestamp,
        record: Record,
    ) -> Result<(), RunbookError> {
        journal.append(time, &record)?;
        state.apply(&Entry { time, record });
        Ok(())
    }

    /// Takes over a run whose journal comes from elsewhere; what is here already must be its beginning.
    pub fn adopt(&self, run: &str, lines: &[u8]) -> Result<(), RunbookError> {
        create_private_dir(&self.dir(run))?;
        let path = self.journal(run);
        let own = std::fs::read(&path).unwrap_or_default();
        if own.len() >= lines.len() {
            return Ok(());
        }
        if !lines.starts_with(&own) {
            let what = "it went on differently here and elsewhere".to_owned();
            return Err(RunbookError::Record { run: run.to_owned(), what });
        }
        journal::verify(lines, run)?;
        Ok(crate::sys::file::atomic_write(&path, lines)?)
    }
}

/// Opens a journal for writing. Whoever only asks whether it is being written holds it for a moment.
fn open_patiently(path: &Path) -> Result<(Journal, Contents), JournalError> {
    const TRIES: u32 = 20;
    for _ in 1..TRIES {
        match Journal::open(path) {
            Err(JournalError::Busy { .. }) => std::thread::sleep(std::time::Duration::from_millis(25)),
            opened => return opened,
        }
    }
    Journal::open(path)
}

/// What a verified journal says.
pub fn understand(run: &str, contents: &Contents) -> Result<Read, RunbookError> {
    let unknown = |what: String| RunbookError::Record { run: run.to_owned(), what };
    let mut entries = Vec::with_capacity(contents.records.len());
    for line in &contents.records {
        let record: Record =
            line.parse().map_err(|error| unknown(format!("line {}: {error}", line.sequence + 1)))?;
        entries.push(Entry { time: line.time, record });
    }
    let state = RunState::of(&entries).ok_or_else(|| unknown("it does not begin with a beginning".into()))?;
    // The name leads to files, so one that comes from elsewhere must be the one that was asked for.
    if state.header.run != run {
        return Err(unknown(format!("it is the journal of run {:?}", state.header.run)));
    }
    Ok(Read { entries, state, head: contents.head })
}

/// A new run's id: the runbook, the day, and chance.
pub fn new_id(runbook: &str, now: Timestamp) -> String {
    let day = chrono::DateTime::from_timestamp(now.seconds, 0)
        .map(|time| time.format("%Y%m%d").to_string())
        .unwrap_or_default();
    format!("{runbook}-{day}-{}", hex::encode(&random_bytes::<3>()))
}
