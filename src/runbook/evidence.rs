//! A run and its repository: the claim that keeps two operators apart, the copy of the journal that outlives
//! the site, and the answers of people who have the repository and not this machine.
//!
//! - `evidence/claims/<runbook>/<8 digits>`: the last one says whose the runbook is. Creating the next is how
//!   hosts contend; whoever comes second finds the name taken.
//! - `evidence/runs/<run>/journal-<8 digits>`: lines of the journal from a number on, as they stand. A host
//!   that was taken over finds the next name taken as well, and learns of it.
//! - `evidence/runs/<run>/answer-<16 hex>`: what somebody said, signed with their key slot.
//!
//! None of this may hold up a recovery: where the repository cannot be reached, the run goes on, and what is
//! missing there is brought there by the next process that can.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, EvidenceError, New};
use crate::repo::keyring::Keyring;
use crate::runbook::answer::leave;
use crate::runbook::error::RunbookError;
use crate::runbook::record::Answer;
use crate::store::client::Client;
use crate::store::key::Key;

/// Bytes of lines that one object takes at most, unless a single line is longer.
const PART_MAX_BYTES: usize = 1 << 20;

/// Lines of a journal, as they stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The number of the first.
    pub first: u64,
    /// The lines, without their line feeds.
    pub lines: Vec<String>,
}

/// Whose a runbook is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The run.
    pub run: String,
    /// Who runs it.
    pub operator: String,
    /// Where.
    pub host: String,
    /// Whether it is over, and the runbook is free.
    pub released: bool,
}

/// A repository, and in whose name records are written there.
#[derive(Clone)]
pub struct Archive {
    /// The store.
    pub client: Client,
    /// The key slot.
    pub keyring: Keyring,
    /// The host's name.
    pub host: String,
}

impl Archive {
    fn put<T: Serialize>(
        &self,
        key: &Key,
        audience: Audience,
        time: Timestamp,
        body: &T,
    ) -> Result<(), EvidenceError> {
        let new = New { key, audience, host: &self.host, time };
        evidence::put(&self.client, &self.keyring, &new, body).map(drop)
    }

    /// The last claim on a runbook, and its number; 0 where there is none.
    pub fn claim_of(&self, runbook: &str) -> Result<(u64, Option<Claim>), EvidenceError> {
        let keys = evidence::list(&self.client, &format!("{EVIDENCE_PREFIX}claims/{runbook}/"))?;
        let Some(last) = keys.last() else { return Ok((0, None)) };
        let number = last.split().1.parse().unwrap_or(0);
        let found = evidence::get::<Claim>(&self.client, &self.keyring, last)?;
        Ok((number, Some(found.record.body)))
    }

    /// Claims a runbook for a run; refused as long as another run has it, unless that is passed over.
    pub fn claim(
        &self,
        runbook: &str,
        claim: &Claim,
        pass_over: bool,
        time: Timestamp,
    ) -> Result<(), RunbookError> {
        let (number, present) = self.claim_of(runbook)?;
        if let Some(present) = &present {
            if present.run == claim.run && present.host == claim.host && !present.released {
                return Ok(());
            }
            if !present.released && !pass_over {
                return Err(RunbookError::Busy {
                    what: format!(
                        "{} on {} runs {runbook} already: run {}; watch it with \
                         `lifeboat runbook status {}`, or take it over with \
                         `lifeboat runbook resume {} --take-over`",
                        present.operator, present.host, present.run, present.run, present.run
                    ),
                });
            }
        }
        let key = evidence::key(EVIDENCE_PREFIX, &["claims", runbook, &format!("{:08}", number + 1)])?;
        match self.put(&key, Audience::Everyone, time, claim) {
            Err(EvidenceError::Taken { .. }) => Err(RunbookError::Busy {
                what: format!(
                    "somebody else began to run {runbook} at the same moment; look who it is and try again"
                ),
            }),
            result => Ok(result?),
        }
    }

    /// Gives a runbook free, if the run still has it.
    pub fn release(&self, runbook: &str, run: &str, time: Timestamp) -> Result<(), EvidenceError> {
        let (number, present) = self.claim_of(runbook)?;
        let Some(present) = present.filter(|present| present.run == run && !present.released) else {
            return Ok(());
        };
        let key = evidence::key(EVIDENCE_PREFIX, &["claims", runbook, &format!("{:08}", number + 1)])?;
        match self.put(&key, Audience::Everyone, time, &Claim { released: true, ..present }) {
            // Somebody has claimed it meanwhile, so it is theirs.
            Err(EvidenceError::Taken { .. }) => Ok(()),
            result => result,
        }
    }

    fn parts(&self, run: &str) -> Result<Vec<(u64, Key)>, EvidenceError> {
        let keys = evidence::list(&self.client, &format!("{EVIDENCE_PREFIX}runs/{run}/"))?;
        let number = |key: &Key| key.split().1.strip_prefix("journal-")?.parse().ok();
        Ok(keys.into_iter().filter_map(|key| Some((number(&key)?, key))).collect())
    }

    /// Ids of the runs that the repository has something of.
    pub fn runs(&self) -> Result<Vec<String>, EvidenceError> {
        let keys = evidence::list(&self.client, &format!("{EVIDENCE_PREFIX}runs/"))?;
        let run =
            |key: &Key| Some(key.as_str().strip_prefix("evidence/runs/")?.split('/').next()?.to_owned());
        let mut runs: Vec<String> = keys.iter().filter_map(run).collect();
        runs.dedup();
        Ok(runs)
    }

    /// The journal of a run as the repository has it.
    pub fn fetch_journal(&self, run: &str) -> Result<Vec<u8>, EvidenceError> {
        let mut bytes = Vec::new();
        let mut next = 0;
        for (number, key) in self.parts(run)? {
            if number != next {
                let what = format!("line {} of the run is missing before it", next + 1);
                return Err(EvidenceError::Damaged { key: key.to_string(), what });
            }
            let part = evidence::get::<Part>(&self.client, &self.keyring, &key)?.record.body;
            next += part.lines.len() as u64;
            for line in part.lines {
                bytes.extend_from_slice(line.as_bytes());
                bytes.push(b'\n');
            }
        }
        match bytes.is_empty() {
            true => Err(EvidenceError::NotFound { key: format!("{EVIDENCE_PREFIX}runs/{run}/") }),
            false => Ok(bytes),
        }
    }

    /// Leaves an answer for a run, wherever it is carried out.
    pub fn answer(&self, run: &str, answer: &Answer) -> Result<(), EvidenceError> {
        let key = evidence::key(EVIDENCE_PREFIX, &["runs", run, &format!("answer-{}", answer.id)])?;
        self.put(&key, Audience::Everyone, answer.time, answer)
    }
}

/// Brings what a run writes to the repository, and what people said there to the run.
pub struct Courier {
    archive: Archive,
    run: String,
    journal: PathBuf,
    inbox: PathBuf,
    /// Lines that the repository has; none where that has not been asked yet.
    copied: Option<u64>,
    /// Answers that were brought.
    seen: std::collections::BTreeSet<Key>,
}

/// How far the copy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Lines in the repository.
    pub lines: u64,
    /// Answers that were brought from there.
    pub answers: usize,
}

impl Courier {
    /// One for the run whose journal and inbox these are.
    pub fn new(archive: Archive, run: &str, journal: &Path, inbox: &Path) -> Self {
        Self {
            archive,
            run: run.to_owned(),
            journal: journal.to_owned(),
            inbox: inbox.to_owned(),
            copied: None,
            seen: Default::default(),
        }
    }

    /// Copies whole lines that the repository lacks. `Taken` where another host writes the same run.
    pub fn copy(&mut self, time: Timestamp) -> Result<u64, EvidenceError> {
        let bytes = std::fs::read(&self.journal).unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A journal is JSON, which is UTF-8; what is not is no line of it.
        let lines: Vec<&str> = std::str::from_utf8(&bytes[..whole]).unwrap_or_default().lines().collect();
        let mut copied = match self.copied {
            Some(copied) => copied,
            None => self.copied_lines()?,
        };
        while (copied as usize) < lines.len() {
            let mut part = Part { first: copied, lines: Vec::new() };
            let mut size = 0;
            for line in &lines[copied as usize..] {
                if !part.lines.is_empty() && size + line.len() > PART_MAX_BYTES {
                    break;
                }
                size += line.len();
                part.lines.push((*line).to_owned());
            }
            let name = format!("journal-{copied:08}");
            let key = evidence::key(EVIDENCE_PREFIX, &["runs", &self.run, &name])?;
            self.archive.put(&key, Audience::Keepers, time, &part)?;
            copied += part.lines.len() as u64;
            self.copied = Some(copied);
        }
        self.copied = Some(copied);
        Ok(copied)
    }

    /// How many lines the repository has. A writer cannot open parts; what it wrote itself it knows the
    /// length of by their names, but for the last, whose lines are counted in the journal.
    fn copied_lines(&self) -> Result<u64, EvidenceError> {
        let parts = self.archive.parts(&self.run)?;
        let Some((number, key)) = parts.last() else { return Ok(0) };
        let part = evidence::get::<Part>(&self.archive.client, &self.archive.keyring, key)?;
        Ok(number + part.record.body.lines.len() as u64)
    }

    /// Brings answers that are new.
    pub fn collect(&mut self) -> Result<usize, RunbookError> {
        let prefix = format!("{EVIDENCE_PREFIX}runs/{}/", self.run);
        let mut count = 0;
        for key in evidence::list(&self.archive.client, &prefix)? {
            if !key.split().1.starts_with("answer-") || self.seen.contains(&key) {
                continue;
            }
            match evidence::get::<Answer>(&self.archive.client, &self.archive.keyring, &key) {
                Ok(found) => {
                    let slot = Some((found.signer.label.clone(), found.signer.role));
                    let answer = Answer { via: "repository".into(), slot, ..found.record.body };
                    leave(&self.inbox, &answer)?;
                    count += 1;
                }
                // One that proves nothing must not hide the others.
                Err(EvidenceError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            self.seen.insert(key);
        }
        Ok(count)
    }
}
