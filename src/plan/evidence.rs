//! What a run of a plan did, signed and kept in the repository, and whether what lies here agrees with it.
//!
//! At the end of each session of a run its record and its journal, line by line, become one object,
//! `evidence/plans/<run>/<session>`, signed by the key slot that restored (`repo::evidence`): a restorer's,
//! for nobody else can. The journal's lines form a chain of hashes (`sys::journal`), whose last hash the
//! record bears. So a record, or a line, that was changed, left out or added is found, whether here or
//! there; only whoever holds a restorer's key can make another past.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::hex;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::plan::apply::log::Past;
use crate::plan::apply::record::{self, RunRecord};
use crate::plan::apply::{Ground, keep};
use crate::plan::error::PlanError;
use crate::repo::certificate::ANY_HOST;
use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, EvidenceError, New, Verified};
use crate::repo::open::Repository;
use crate::repo::snapshot::host_for_key;
use crate::restore::error::chain_text;
use crate::store::key::Key;
use crate::sys::journal::{self, Contents};

/// The kind of evidence that runs of plans are.
const KIND: &str = "plans";

/// What is signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// The record of the run up to the end of this session.
    pub record: RunRecord,
    /// The lines of its journal, without their line feeds.
    pub journal: Vec<String>,
}

/// What was found of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Finding {
    /// The run's id.
    pub run: String,
    /// What does not agree, a line each; nothing if all is as it was written.
    pub faults: Vec<String>,
    /// Lines of its journal.
    pub lines: u64,
    /// Where the signed copy is; none if there is none.
    pub evidence: Option<String>,
    /// Whose key slot signed it.
    pub signer: Option<String>,
    /// The machine that wrote it.
    pub host: Option<String>,
    /// When it was signed.
    pub time: Option<Timestamp>,
}

/// The object that session `session` of a run writes, counted from 1.
pub fn key_of(run: &str, session: u32) -> Result<Key, EvidenceError> {
    evidence::key(EVIDENCE_PREFIX, &[KIND, run, &format!("{session:08}")])
}

/// Signs a record and its journal.
pub fn put(ground: &Ground<'_>, key: &Key, record: &RunRecord, lines: &[u8]) -> Result<(), EvidenceError> {
    let repository = ground.indexed.repository();
    let keyring = repository.keyring();
    let host = match keyring.host() {
        ANY_HOST => host_for_key(ground.host),
        own => own.to_owned(),
    };
    // A journal is JSON, which is UTF-8.
    let journal = String::from_utf8_lossy(lines).lines().map(str::to_owned).collect();
    let proof = Proof { record: record.clone(), journal };
    let new = New { key, audience: Audience::Keepers, host: &host, time: ground.clock.now() };
    evidence::put(repository.client(), keyring, &new, &proof).map(drop)
}

/// The signed copy of the last session of a run, if there is any.
pub fn last(repository: &Repository, run: &str) -> Result<Option<Verified<Proof>>, EvidenceError> {
    let client = repository.client();
    let keys = evidence::list(client, &format!("{EVIDENCE_PREFIX}{KIND}/{run}/"))?;
    let is_ours = |key: &&Key| {
        let name = key.split().1;
        name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit())
    };
    for key in keys.iter().rev().filter(is_ours) {
        let found = evidence::get::<Proof>(client, repository.keyring(), key)?;
        // Whoever may not restore has carried out no plan, and must not hide one who has.
        if evidence::require_signer(&found, Role::Restorer).is_ok() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Ids of the runs that the repository has evidence of, oldest first.
pub fn runs(repository: &Repository) -> Result<Vec<String>, EvidenceError> {
    let prefix = format!("{EVIDENCE_PREFIX}{KIND}/");
    let keys = evidence::list(repository.client(), &prefix)?;
    let run = |key: &Key| Some(key.as_str().strip_prefix(&prefix)?.split('/').next()?.to_owned());
    let mut runs: Vec<String> = keys.iter().filter_map(run).collect();
    runs.dedup();
    Ok(runs)
}

/// Whether what lies here, and in the repository, of the run `run` is what was written.
pub fn verify(state_dir: &Path, repository: &Repository, run: &str) -> Result<Finding, PlanError> {
    let mut finding = Finding { run: run.to_owned(), ..Finding::default() };
    let path = record::path_of(state_dir, run);
    let here = path.exists().then(|| record::read_one(&path));
    if let Some(None) = here {
        finding.faults.push(format!("{} is no record of a run any more", path.display()));
    }
    let here = here.flatten();
    if let Some(own) = &here {
        local(state_dir, own, &mut finding);
    }
    match last(repository, run) {
        Ok(Some(found)) => remote(&found, here.as_ref(), &mut finding),
        Ok(None) if here.is_none() && finding.faults.is_empty() => {
            return Err(PlanError::NoPlan {
                what: format!("there is no run {run}, neither here nor signed"),
            });
        }
        Ok(None) => finding.faults.push(match here.and_then(|own| own.evidence) {
            Some(key) => format!("its signed copy {key} is not in the repository any more"),
            None => "it was never signed, so that nothing proves what is written here".to_owned(),
        }),
        Err(error @ EvidenceError::Damaged { .. }) => finding.faults.push(chain_text(&error)),
        Err(error) => return Err(PlanError::Evidence(error)),
    }
    Ok(finding)
}

/// The record and the journal that lie here.
fn local(state_dir: &Path, own: &RunRecord, finding: &mut Finding) {
    let away = record::path_of(state_dir, &own.run).with_extension("journal");
    let open = keep::open_journal(state_dir, &own.plan);
    let (path, is_open) = if away.exists() { (away, false) } else { (open, true) };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => return finding.faults.push(format!("its journal {}: {error}", path.display())),
    };
    // A run that goes on has more lines by now than when its record was written.
    let lines = if is_open { up_to(&bytes, &own.journal) } else { &bytes };
    match journal::verify(lines, &path.display().to_string()) {
        Ok(contents) => {
            finding.lines = contents.records.len() as u64;
            finding.faults.extend(compare(&contents, own, "here"));
        }
        Err(error) => finding.faults.push(chain_text(&error)),
    }
}

/// The lines up to the one whose hash is `head`; all if none has it.
fn up_to<'b>(bytes: &'b [u8], head: &str) -> &'b [u8] {
    let end = format!("\"{head}\"}}\n");
    let found = bytes.windows(end.len()).position(|window| window == end.as_bytes());
    found.map_or(bytes, |at| &bytes[..at + end.len()])
}

/// The signed copy, and whether what lies here is the same.
fn remote(found: &Verified<Proof>, here: Option<&RunRecord>, finding: &mut Finding) {
    let Proof { record, journal } = &found.record.body;
    finding.evidence = Some(found.record.key.clone());
    finding.signer = Some(found.signer.label.clone());
    finding.host = Some(found.record.host.clone());
    finding.time = Some(found.record.time);
    let mut bytes: Vec<u8> = Vec::new();
    for line in journal {
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    match journal::verify(&bytes, &found.record.key) {
        Ok(contents) => {
            finding.lines = contents.records.len() as u64;
            finding.faults.extend(compare(&contents, record, "in the repository"));
        }
        Err(error) => finding.faults.push(chain_text(&error)),
    }
    if here.is_some_and(|own| own != record) {
        finding.faults.push("the record here is not the one that was signed".to_owned());
    }
}

/// Whether `record` is what `contents` add up to.
fn compare(contents: &Contents, record: &RunRecord, place: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if hex::encode(&contents.head) != record.journal {
        faults.push(format!("the journal {place} does not end where its record says"));
    }
    let past = match Past::read(&contents.records, &record.plan, Path::new(place)) {
        Ok(past) => past,
        Err(error) => return [faults, vec![chain_text(&error)]].concat(),
    };
    if past.run != record.run {
        faults.push(format!("the journal {place} is of the run {}", past.run));
    }
    for step in &record.steps {
        // The other way round is no fault: what does not outlive a session is looked at again in the next.
        let is_done = past.steps.get(&step.id).is_some_and(|known| known.done.is_some());
        if !is_done && step.is_done() {
            faults.push(format!(
                "the record {place} says of {} that it was {}, and the journal does not",
                step.id, step.state
            ));
        }
    }
    faults
}
