//! A run and its repository: the copy of the journal that outlives the site, and the answers of people who
//! have the repository and not this machine. (`claims` keeps two operators apart there.)
//!
//! - `evidence/runs/<run>/journal-<8 digits>`: lines of the journal from a number on, as they stand, signed
//!   by a maintainer or restorer. A host that was taken over finds the next name taken as well, and learns of
//!   it: what stands there goes on in another way.
//! - `evidence/runs/<run>/answer-<16 hex>`: what somebody said, signed with their key slot.
//!
//! None of this may hold up a recovery: where the repository cannot be reached, the run goes on, and what is
//! missing there is brought there by the next process that can.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::repo::certificate::Certificate;
use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, EvidenceError, New, Verified};
use crate::repo::keyring::Keyring;
use crate::runbook::answer::{is_answer_id, leave};
use crate::runbook::error::RunbookError;
use crate::runbook::record::Answer;
use crate::runbook::runs::understand;
use crate::store::client::Client;
use crate::store::key::Key;
use crate::sys::journal;

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

/// The journal of a run as the repository has it.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its lines, as they stand.
    pub lines: Vec<u8>,
    /// Who signed its beginning, in which the texts of the runbooks are.
    pub signer: Certificate,
    /// What stands there and proves nothing: why, naming the object; of many, a few.
    pub ignored: Vec<String>,
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

/// The number that `name` stands for: eight digits, as names are made. Any key slot may put other names
/// there; they are none of ours, and no number that a next one could not follow.
pub fn number_of(name: &str) -> Option<u64> {
    let is_ours = name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|_| is_ours)
}

impl Archive {
    /// Writes a record, and only if nothing stands under its key.
    pub fn put<T: Serialize>(
        &self,
        key: &Key,
        audience: Audience,
        time: Timestamp,
        body: &T,
    ) -> Result<(), EvidenceError> {
        let new = New { key, audience, host: &self.host, time };
        evidence::put(&self.client, &self.keyring, &new, body).map(drop)
    }

    fn parts(&self, run: &str) -> Result<Vec<(u64, Key)>, EvidenceError> {
        let keys = evidence::list(&self.client, &format!("{EVIDENCE_PREFIX}runs/{run}/"))?;
        let number = |key: &Key| number_of(key.split().1.strip_prefix("journal-")?);
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

    /// A part of a journal. Runs are carried out with a maintainer's slot or more, so a writer's is none.
    fn part(&self, key: &Key) -> Result<Verified<Part>, EvidenceError> {
        let found = evidence::get::<Part>(&self.client, &self.keyring, key)?;
        evidence::require_signer(&found, Role::Maintainer)?;
        Ok(found)
    }

    /// The journal of a run as the repository has it.
    pub fn fetch_journal(&self, run: &str) -> Result<Fetched, EvidenceError> {
        let (mut bytes, mut ignored) = (Vec::new(), Vec::new());
        let (mut next, mut signer) = (0, None);
        for (number, key) in self.parts(run)? {
            let found = match self.part(&key) {
                // Whoever may not write one must not keep others from reading the rest. If it was a part of
                // the journal once, the next one does not follow; after the last, all there is is to tell.
                Err(error) if error.proves_nothing() => {
                    ignored.push(error.to_string());
                    continue;
                }
                found => found?,
            };
            if number != next {
                let what = format!("line {} of the run is missing before it", next + 1);
                return Err(EvidenceError::Damaged { key: key.to_string(), what });
            }
            let part = found.record.body;
            signer.get_or_insert(found.signer);
            next += part.lines.len() as u64;
            for line in part.lines {
                bytes.extend_from_slice(line.as_bytes());
                bytes.push(b'\n');
            }
        }
        let place = format!("{EVIDENCE_PREFIX}runs/{run}/");
        let ignored = evidence::few(ignored, &place);
        let signer = signer.ok_or(EvidenceError::NotFound { key: place })?;
        Ok(Fetched { lines: bytes, signer, ignored })
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

    /// Copies whole lines that the repository lacks. `Taken` where another host writes the same run; any
    /// other error is a reason to say so, and to go on.
    pub fn copy(&mut self, time: Timestamp) -> Result<u64, EvidenceError> {
        let bytes = std::fs::read(&self.journal).unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A journal is JSON, which is UTF-8; what is not is no line of it.
        let lines: Vec<&str> = std::str::from_utf8(&bytes[..whole]).unwrap_or_default().lines().collect();
        let mut copied = match self.copied {
            Some(copied) => copied,
            None => self.copied_lines(&lines)?,
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
            copied += match self.archive.put(&key, Audience::Keepers, time, &part) {
                Ok(()) => part.lines.len() as u64,
                Err(EvidenceError::Taken { .. }) => {
                    self.present(&self.archive.part(&key)?, &lines[copied as usize..])?
                }
                Err(error) => return Err(error),
            };
            self.copied = Some(copied);
        }
        self.copied = Some(copied);
        Ok(copied)
    }

    /// How many of `lines` a part has that is there already.
    ///
    /// It may be our own: it arrived, and its answer did not. Only a maintainer's or restorer's part that
    /// goes on in another way says that somebody else carries the run out.
    fn present(&self, found: &Verified<Part>, lines: &[&str]) -> Result<u64, EvidenceError> {
        let key = &found.record.key;
        let there = &found.record.body.lines;
        let is_ours = lines.len() >= there.len() && there.iter().zip(lines).all(|(one, other)| one == other);
        if is_ours && !there.is_empty() {
            return Ok(there.len() as u64);
        }
        if found.record.host != self.archive.host || self.is_claimed_by_another()? {
            return Err(EvidenceError::Taken { key: key.clone() });
        }
        // A machine that lost its last lines with its power writes others in their place.
        let what = "it goes on in another way than the journal here".to_owned();
        Err(EvidenceError::Damaged { key: key.clone(), what })
    }

    /// Whether another machine has claimed the runbook for this run.
    fn is_claimed_by_another(&self) -> Result<bool, EvidenceError> {
        let read = journal::read(&self.journal).ok().and_then(|read| understand(&self.run, &read).ok());
        let Some(state) = read.map(|read| read.state) else { return Ok(false) };
        let claim = self.archive.claim_of(&state.header.runbook)?.claim;
        Ok(claim.is_some_and(|claim| claim.run == self.run && claim.host != state.host))
    }

    /// How many of `lines` the repository has, by its last part that is one.
    fn copied_lines(&self, lines: &[&str]) -> Result<u64, EvidenceError> {
        for (number, key) in self.archive.parts(&self.run)?.into_iter().rev() {
            match self.archive.part(&key) {
                Ok(part) => {
                    let own = lines.get(number as usize..).unwrap_or_default();
                    return Ok(number + self.present(&part, own)?);
                }
                Err(error) if error.proves_nothing() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }

    /// Brings answers that are new. One that cannot be read keeps none of the others off; it is tried again
    /// the next time.
    pub fn collect(&mut self) -> Result<usize, RunbookError> {
        let prefix = format!("{EVIDENCE_PREFIX}runs/{}/", self.run);
        let (mut count, mut unread) = (0, None);
        for key in evidence::list(&self.archive.client, &prefix)? {
            if !key.split().1.starts_with("answer-") || self.seen.contains(&key) {
                continue;
            }
            match evidence::get::<Answer>(&self.archive.client, &self.archive.keyring, &key) {
                // Its id becomes a file's name, and is what it is taken once by: it is the one of its key.
                Ok(found) if key.split().1.strip_prefix("answer-") != Some(&found.record.body.id) => {}
                Ok(found) if !is_answer_id(&found.record.body.id) => {}
                Ok(found) => {
                    let slot = Some((found.signer.label.clone(), found.signer.role));
                    let answer = Answer { via: "repository".into(), slot, ..found.record.body };
                    leave(&self.inbox, &answer)?;
                    count += 1;
                }
                // One that proves nothing must not hide the others.
                Err(EvidenceError::Damaged { .. }) => {}
                Err(error) => {
                    unread.get_or_insert(error);
                    continue;
                }
            }
            self.seen.insert(key);
        }
        unread.map_or(Ok(count), |error| Err(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Archive, Courier, Part};
    use crate::base::limits::RECORD_MAX_BYTES;
    use crate::base::role::Role;
    use crate::base::time::Timestamp;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, EvidenceError};
    use crate::repo::keyring::Keyring;
    use crate::runbook::claims::Claim;
    use crate::runbook::record::{Answer, Deed, Header, Mode, Record, SCHEMA};
    use crate::runbook::runs::Runs;
    use crate::store::client::Client;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;
    use crate::sys::journal::Journal;

    const TIME: Timestamp = Timestamp { seconds: 7, nanos: 0 };

    /// A run on the machine `here`, which carries it out with a maintainer's slot.
    struct Fixture {
        _dir: tempfile::TempDir,
        runs: Runs,
        journal: Journal,
        client: Client,
        config: Config,
        owner: Keyring,
    }

    fn fixture() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        let (config, owner) = Keyring::create(chunker, "owner", Timestamp::default());
        let client = Client::new(Arc::new(MemoryStore::new())).unwrap();
        let runs = Runs::of(&dir.path().join("state"));
        let header = Header {
            schema: SCHEMA.into(),
            run: "r-1".into(),
            runbook: "r".into(),
            texts: Default::default(),
            inputs: Default::default(),
            mode: Mode::Live,
            operator: "olga".into(),
            host: "here".into(),
            tool: "test".into(),
        };
        let (journal, _) = runs.begin(header, TIME).unwrap();
        Fixture { _dir: dir, runs, journal, client, config, owner }
    }

    impl Fixture {
        fn archive(&self, role: Role, host: &str) -> Archive {
            let contents = self.owner.contents_for(role, host, host, TIME).unwrap();
            let keyring = Keyring::from_contents(contents, &self.config, host).unwrap();
            Archive { client: self.client.clone(), keyring, host: host.to_owned() }
        }

        /// One that takes the repository for empty, as after an answer that was lost.
        fn courier(&self) -> Courier {
            let archive = self.archive(Role::Maintainer, "here");
            let mut courier =
                Courier::new(archive, "r-1", &self.runs.journal("r-1"), &self.runs.inbox("r-1"));
            courier.copied = Some(0);
            courier
        }

        fn go_on(&mut self) {
            let record = Record::Resumed { operator: "olga".into(), host: "here".into() };
            self.journal.append(TIME, &record).unwrap();
        }

        fn own(&self) -> Vec<u8> {
            std::fs::read(self.runs.journal("r-1")).unwrap()
        }

        fn lines(&self) -> Vec<String> {
            String::from_utf8(self.own()).unwrap().lines().map(str::to_owned).collect()
        }

        fn put(&self, archive: &Archive, first: u64, lines: Vec<String>) {
            let key = key(&format!("journal-{first:08}"));
            archive.put(&key, Audience::Keepers, TIME, &Part { first, lines }).unwrap();
        }
    }

    fn key(name: &str) -> Key {
        evidence::key(EVIDENCE_PREFIX, &["runs", "r-1", name]).unwrap()
    }

    #[test]
    fn a_part_that_arrived_though_its_answer_was_lost_is_our_own() {
        let mut fixture = fixture();
        fixture.put(&fixture.archive(Role::Maintainer, "here"), 0, fixture.lines());
        fixture.go_on();
        assert_eq!(fixture.courier().copy(TIME).unwrap(), 2);
        let archive = fixture.archive(Role::Maintainer, "here");
        assert_eq!(archive.fetch_journal("r-1").unwrap().lines, fixture.own());
    }

    #[test]
    fn a_writer_neither_ends_a_run_nor_gives_it_lines() {
        let mut fixture = fixture();
        let writer = fixture.archive(Role::Writer, "web1");
        let maintainer = fixture.archive(Role::Maintainer, "here");
        fixture.put(&writer, 0, vec!["{}".into()]);
        let error = fixture.courier().copy(TIME).unwrap_err();
        assert!(matches!(error, EvidenceError::Signer { .. }), "{error}");
        let error = maintainer.fetch_journal("r-1").unwrap_err();
        assert!(matches!(error, EvidenceError::NotFound { .. }), "{error}");

        fixture = self::fixture();
        let (writer, mut courier) = (fixture.archive(Role::Writer, "web1"), fixture.courier());
        courier.copy(TIME).unwrap();
        fixture.put(&writer, 1, vec!["{}".into()]);
        let read = fixture.archive(Role::Maintainer, "here").fetch_journal("r-1").unwrap();
        assert_eq!((read.lines, read.signer.role), (fixture.own(), Role::Maintainer));
        assert!(read.ignored[0].contains("only a maintainer"), "{:?}", read.ignored);
        fixture.go_on();
        courier.copied = None;
        let error = courier.copy(TIME).unwrap_err();
        assert!(matches!(error, EvidenceError::Signer { .. }), "{error}");
    }

    #[test]
    fn rubbish_hides_no_journal_and_is_told_of_and_a_lost_part_is_found() {
        let mut fixture = fixture();
        let archive = fixture.archive(Role::Maintainer, "there");
        let mut courier = fixture.courier();
        courier.copy(TIME).unwrap();
        fixture.go_on();
        courier.copy(TIME).unwrap();
        fixture.client.create(&key("journal-99999999"), "rubbish".into()).unwrap();
        let read = archive.fetch_journal("r-1").unwrap();
        assert_eq!((read.lines, read.ignored.len()), (fixture.own(), 1));
        assert!(read.ignored[0].contains("journal-99999999 proves nothing"), "{:?}", read.ignored);
        fixture.client.delete(&key("journal-00000000")).unwrap();
        fixture.client.create(&key("journal-00000000"), "rubbish".into()).unwrap();
        let error = archive.fetch_journal("r-1").unwrap_err();
        assert!(error.to_string().contains("line 1 of the run is missing"), "{error}");
    }

    #[test]
    fn an_answer_that_cannot_be_read_keeps_no_other_off() {
        let fixture = fixture();
        let writer = fixture.archive(Role::Writer, "web1");
        let huge = vec![0u8; RECORD_MAX_BYTES as usize + 1];
        fixture.client.create(&key("answer-0000000000000000"), huge.into()).unwrap();
        // What only a keeper may read is an error that stays, to a writer.
        let keeper = fixture.archive(Role::Maintainer, "m");
        keeper.put(&key("answer-0000000000000001"), Audience::Keepers, TIME, &"x").unwrap();
        let answer = Answer::new("a", Deed::Ack, "ann", "command", TIME);
        writer.answer("r-1", &answer).unwrap();
        let mut courier = fixture.courier();
        courier.archive = writer;
        let error = courier.collect().unwrap_err();
        assert!(error.to_string().contains("maintainer"), "{error}");
        let brought = fixture.runs.inbox("r-1").join(format!("{}.json", answer.id));
        assert!(brought.exists(), "{}", brought.display());
    }

    #[test]
    fn a_run_is_taken_over_by_a_maintainer_elsewhere_who_goes_on_in_another_way() {
        let fixture = fixture();
        let there = fixture.archive(Role::Maintainer, "there");
        let mut lines = fixture.lines();
        lines.push("another".into());
        fixture.put(&there, 0, lines);
        for copied in [Some(0), None] {
            let mut courier = fixture.courier();
            courier.copied = copied;
            let error = courier.copy(TIME).unwrap_err();
            assert!(matches!(error, EvidenceError::Taken { .. }), "{error}");
        }
    }

    #[test]
    fn lines_that_this_host_lost_are_no_take_over_unless_another_machine_claims_the_run() {
        let fixture = fixture();
        let archive = fixture.archive(Role::Maintainer, "here");
        fixture.put(&archive, 0, vec!["lost".into()]);
        let claim = |host: &str| Claim {
            run: "r-1".into(),
            operator: "olga".into(),
            host: host.into(),
            released: false,
        };
        archive.claim("r", &claim("here"), false, TIME).unwrap();
        let error = fixture.courier().copy(TIME).unwrap_err();
        assert!(matches!(error, EvidenceError::Damaged { .. }), "{error}");
        // The same identity, on another machine.
        archive.claim("r", &claim("there"), true, TIME).unwrap();
        let error = fixture.courier().copy(TIME).unwrap_err();
        assert!(matches!(error, EvidenceError::Taken { .. }), "{error}");
    }

    #[test]
    fn an_answer_whose_id_is_not_that_of_its_key_is_not_brought() {
        let fixture = fixture();
        let writer = fixture.archive(Role::Writer, "web1");
        let mut answer = Answer::new("a", Deed::Ack, "ann", "command", TIME);
        for (name, id) in [("answer-1", "../evil"), ("answer-2", "another"), ("answer-a.b", "a.b")] {
            answer.id = id.into();
            writer.put(&key(name), Audience::Everyone, TIME, &answer).unwrap();
        }
        answer.id = "good".into();
        writer.answer("r-1", &answer).unwrap();
        let mut courier = fixture.courier();
        assert_eq!((courier.collect().unwrap(), courier.collect().unwrap()), (1, 0));
        let inbox = fixture.runs.inbox("r-1");
        let names = |dir: &std::path::Path| {
            let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&inbox), ["good.json"]);
        assert_eq!(names(&fixture.runs.dir("r-1")), ["inbox", "journal"]);
    }

    #[test]
    fn a_journal_of_another_run_is_not_understood() {
        let fixture = fixture();
        fixture.runs.adopt("r-2", &fixture.own()).unwrap();
        let error = fixture.runs.read("r-2").unwrap_err();
        assert!(error.to_string().contains("the journal of run \"r-1\""), "{error}");
    }

    #[test]
    fn only_names_of_eight_digits_are_numbers() {
        assert_eq!(super::number_of("00000007"), Some(7));
        for name in ["18446744073709551615", "100000000", "7", "+0000007", "0000000x", ""] {
            assert_eq!(super::number_of(name), None, "{name}");
        }
    }
}
