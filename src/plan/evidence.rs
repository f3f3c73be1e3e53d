//! What a run of a plan did, signed and kept in the repository, and whether what lies here agrees with it.
//!
//! At the end of each session of a run its record and its journal, line by line, become one object,
//! `evidence/plans/<run>/<session>`, signed by the key slot that restored (`repo::evidence`): a restorer's,
//! for nobody else can. The journal's lines form a chain of hashes (`sys::journal`), whose last hash the
//! record bears. So a record, or a line, that was changed, left out or added is found, whether here or
//! there; only whoever holds a restorer's key can make another past. Objects of others are passed by: where
//! one has taken a session's name, the session takes the next.

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
/// How often a name is tried anew that was taken by what is not to be believed.
const TRIES: u32 = 100;

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
    /// What stands beside its signed copies in the repository and proves nothing; no fault of the run.
    pub remarks: Vec<String>,
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

/// The last signed copy of a run.
#[derive(Debug, Default)]
pub struct Last {
    /// It; none if there is none.
    pub found: Option<Verified<Proof>>,
    /// What stands after it and proves nothing: why, each beginning with the object.
    pub ignored: Vec<String>,
}

/// The object that session `session` of a run writes, counted from 1.
fn key_of(run: &str, session: u32) -> Result<Key, EvidenceError> {
    evidence::key(EVIDENCE_PREFIX, &[KIND, run, &format!("{session:08}")])
}

/// Where the signed copies of a run are.
fn place_of(run: &str) -> String {
    format!("{EVIDENCE_PREFIX}{KIND}/{run}/")
}

/// Signs a record and its journal, and notes in the record where; also where it fails.
///
/// Anybody who may write to the store can take the name that comes next. What is not to be believed there
/// keeps nobody from being believed: the name after it is taken.
pub fn put(ground: &Ground<'_>, record: &mut RunRecord, lines: &[u8]) -> Result<(), EvidenceError> {
    let repository = ground.indexed.repository();
    let keyring = repository.keyring();
    let host = match keyring.host() {
        ANY_HOST => host_for_key(ground.host),
        own => own.to_owned(),
    };
    // A journal is JSON, which is UTF-8.
    let journal = String::from_utf8_lossy(lines).lines().map(str::to_owned).collect();
    let mut proof = Proof { record: record.clone(), journal };
    let time = ground.clock.now();
    for number in (record.sessions..).take(TRIES as usize) {
        let key = key_of(&record.run, number)?;
        record.evidence = Some(key.to_string());
        proof.record.evidence.clone_from(&record.evidence);
        let new = New { key: &key, audience: Audience::Keepers, host: &host, time };
        match evidence::put(repository.client(), keyring, &new, &proof) {
            Err(EvidenceError::Taken { .. }) if may_pass(repository, &key, record.sessions) => {}
            result => return result.map(drop),
        }
    }
    let what = "somebody takes the names of its signed copies as fast as they are tried".to_owned();
    Err(EvidenceError::Encode { key: place_of(&record.run), what })
}

/// Whether what stands under a name is passed by: it is not to be believed, or it is of an earlier session,
/// which found its own name taken.
fn may_pass(repository: &Repository, key: &Key, sessions: u32) -> bool {
    match trusted(repository, key) {
        Ok(found) => found.record.body.record.sessions < sessions,
        Err(error) => error.proves_nothing(),
    }
}

/// A signed copy. Whoever may not restore has carried out no plan.
fn trusted(repository: &Repository, key: &Key) -> Result<Verified<Proof>, EvidenceError> {
    let found = evidence::get::<Proof>(repository.client(), repository.keyring(), key)?;
    evidence::require_signer(&found, Role::Restorer)?;
    Ok(found)
}

/// The signed copy of the last session of a run, if there is any.
pub fn last(repository: &Repository, run: &str) -> Result<Last, EvidenceError> {
    let keys = evidence::list(repository.client(), &place_of(run))?;
    let is_ours = |key: &&Key| {
        let name = key.split().1;
        name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut last = Last::default();
    for key in keys.iter().rev().filter(is_ours) {
        match trusted(repository, key) {
            Ok(found) => {
                last.found = Some(found);
                break;
            }
            // It must not hide what was signed.
            Err(error) if error.proves_nothing() => last.ignored.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(last)
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
    let lines = here.as_ref().and_then(|own| local(state_dir, own, &mut finding));
    let Last { found, ignored } = last(repository, run).map_err(PlanError::Evidence)?;
    match found {
        Some(found) => {
            let signed = remote(&found, &mut finding);
            if let Some(own) = here.filter(|own| *own != found.record.body.record) {
                let fault = differs(&own, &found, &ignored, lines.as_deref(), &signed);
                finding.faults.push(fault);
            }
        }
        None if here.is_none() && finding.faults.is_empty() => {
            return Err(PlanError::NoPlan {
                what: format!("there is no run {run}, neither here nor signed"),
            });
        }
        None => finding.faults.push(match here.and_then(|own| own.evidence) {
            Some(key) => lost(&key, &ignored),
            None => "it was never signed, so that nothing proves what is written here".to_owned(),
        }),
    }
    finding.remarks = evidence::few(ignored, &place_of(run));
    Ok(finding)
}

/// That a signed copy is gone, or what is wrong with it.
fn lost(key: &str, ignored: &[String]) -> String {
    match ignored.iter().find(|what| what.starts_with(key)) {
        Some(what) => format!("its signed copy does not hold: {what}"),
        None => format!("its signed copy {key} is not in the repository any more"),
    }
}

/// Why the record here is not that of the last signed copy, whose journal has the lines `signed`: where the
/// repository could not be reached at a session's end, nobody has tampered with anything.
fn differs(
    own: &RunRecord,
    found: &Verified<Proof>,
    ignored: &[String],
    lines: Option<&[u8]>,
    signed: &[u8],
) -> String {
    let (session, signed_session) = (own.sessions, found.record.body.record.sessions);
    let count = found.record.body.journal.len();
    match &own.evidence {
        Some(key) if session > signed_session => lost(key, ignored),
        None if session > signed_session && lines.is_some_and(|lines| lines.starts_with(signed)) => format!(
            "session {session} was never signed, so that nothing proves what it did; the copy signed after \
             session {signed_session} agrees with the journal here up to line {count}"
        ),
        None if session > signed_session => format!(
            "session {session} was never signed, and the journal here does not begin with the {count} lines \
             that were signed after session {signed_session}"
        ),
        _ => "the record here is not the one that was signed".to_owned(),
    }
}

/// The record and the journal that lie here; the lines of the journal that the record is about.
fn local(state_dir: &Path, own: &RunRecord, finding: &mut Finding) -> Option<Vec<u8>> {
    let away = record::path_of(state_dir, &own.run).with_extension("journal");
    let open = keep::open_journal(state_dir, &own.plan);
    let (path, is_open) = if away.exists() { (away, false) } else { (open, true) };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            finding.faults.push(format!("its journal {}: {error}", path.display()));
            return None;
        }
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
    Some(lines.to_vec())
}

/// The lines up to the one whose hash is `head`; all if none has it.
fn up_to<'b>(bytes: &'b [u8], head: &str) -> &'b [u8] {
    let end = format!("\"{head}\"}}\n");
    let found = bytes.windows(end.len()).position(|window| window == end.as_bytes());
    found.map_or(bytes, |at| &bytes[..at + end.len()])
}

/// The signed copy, and whether it agrees with itself; the lines of its journal.
fn remote(found: &Verified<Proof>, finding: &mut Finding) -> Vec<u8> {
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
    bytes
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
