//! A journal: what a run meant to do and what it did, line by line, so that it can go on after a crash and
//! prove afterwards what happened.
//!
//! Each line is one JSON object: its number, the hash of the line before it, the time, a body, and a hash
//! over all of that. `append` returns once the line is durable. A last line that was cut by a crash was
//! never acknowledged, and is removed when the journal is opened again; anything else that does not fit is
//! tampering or damage, and is told with its line. Whoever can write the file can also hash it anew or cut
//! whole lines off its end: against that, records of runs are signed (`repo::evidence`), not journals.
//!
//! Left out: what the bodies mean.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::base::error_kind::ErrorKind;
use crate::base::hex;
use crate::base::limits::{JOURNAL_LINE_MAX_BYTES, JOURNAL_MAX_BYTES};
use crate::base::time::Timestamp;
use crate::sys::error::{SysError, show_path};
use crate::sys::file::sync_dir;

/// Bytes of a hash, as BLAKE3 gives it.
const HASH_BYTES: usize = 32;
/// What stands before a line's own hash, which is its last field.
const HASH_FIELD: &str = ",\"hash\":\"";
/// Bytes from the beginning of the last field to the end of the line, without the line feed.
const HASH_FIELD_BYTES: usize = HASH_FIELD.len() + 2 * HASH_BYTES + 2;

type Hash = [u8; HASH_BYTES];

/// A journal that is written; no other process writes it meanwhile.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Bytes that are durable.
    length: u64,
    next: u64,
    last: Hash,
    /// Why nothing more can be written.
    is_broken: bool,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its number, from 0.
    pub sequence: u64,
    /// When it was written.
    pub time: Timestamp,
    /// What it says: JSON.
    pub body: Box<RawValue>,
}

impl Record {
    /// The body as a value of its type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }
}

/// What a journal holds, verified.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Its lines.
    pub records: Vec<Record>,
    /// The hash of the last line, which stands for all of them; of the chain's beginning where there is none.
    pub head: [u8; HASH_BYTES],
    /// Bytes of a last line that was cut short, and so never acknowledged.
    pub cut_bytes: u64,
    /// Bytes of whole lines.
    length: u64,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes it.
    #[error("the journal {} is being written by another process", shown(path))]
    Busy {
        /// The journal.
        path: PathBuf,
    },
    /// A line is not what was written there.
    #[error("the journal {place} was altered or damaged: line {line} {what}")]
    Altered {
        /// The journal.
        place: String,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The body has no JSON form, or a longer one than a line may have.
    #[error("the journal {} cannot take a line: {why}", shown(path))]
    Body {
        /// The journal.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The file could not be used.
    #[error(transparent)]
    Sys(SysError),
}

impl JournalError {
    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            JournalError::Busy { .. } => ErrorKind::Busy,
            JournalError::Altered { .. } => ErrorKind::Damage,
            JournalError::Body { .. } => ErrorKind::Failed,
            JournalError::Sys(error) => error.kind(),
        }
    }
}

#[derive(Serialize)]
struct Unhashed<'a, T> {
    seq: u64,
    prev: &'a str,
    time: Timestamp,
    body: &'a T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    prev: &'a str,
    time: Timestamp,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Journal {
    /// Begins a new journal (mode 0600); there must be no file at `path`. Durable when it returns.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| sys("create the journal", path, error))?;
        lock(&file, path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_dir(parent.unwrap_or(Path::new("."))).map_err(JournalError::Sys)?;
        Ok(Self { file, path: path.to_owned(), length: 0, next: 0, last: beginning(), is_broken: false })
    }

    /// Goes on with a journal: verifies it, and removes a last line that was cut short.
    pub fn open(path: &Path) -> Result<(Self, Contents), JournalError> {
        let file = OpenOptions::new().read(true).append(true).open(path);
        let mut file = file.map_err(|error| sys("open the journal", path, error))?;
        lock(&file, path)?;
        let contents = verify(&read_all(&mut file, path)?, &shown(path))?;
        if contents.cut_bytes > 0 {
            let cut = file.set_len(contents.length).and_then(|()| file.sync_all());
            cut.map_err(|error| sys("repair the journal", path, error))?;
        }
        let journal = Self {
            file,
            path: path.to_owned(),
            length: contents.length,
            next: contents.records.len() as u64,
            last: contents.head,
            is_broken: false,
        };
        Ok((journal, contents))
    }

    /// Adds a line, and returns its number once it is durable. After an error nothing was added; if even
    /// that cannot be made sure of, no later line is taken.
    pub fn append<T: Serialize>(&mut self, time: Timestamp, body: &T) -> Result<u64, JournalError> {
        let refused = |why: String| JournalError::Body { path: self.path.clone(), why };
        if self.is_broken {
            return Err(refused("an earlier one could not be written whole".into()));
        }
        let prev = hex::encode(&self.last);
        let unhashed = Unhashed { seq: self.next, prev: &prev, time, body };
        let mut line = serde_json::to_vec(&unhashed).map_err(|error| refused(error.to_string()))?;
        // The object's closing brace stands behind the hash.
        line.pop();
        let hash = *blake3::hash(&line).as_bytes();
        line.extend_from_slice(format!("{HASH_FIELD}{}\"}}\n", hex::encode(&hash)).as_bytes());
        if line.len() > JOURNAL_LINE_MAX_BYTES || self.length + line.len() as u64 > JOURNAL_MAX_BYTES {
            return Err(refused(format!("{} bytes are too many", line.len())));
        }
        if let Err(error) = self.file.write_all(&line).and_then(|()| self.file.sync_data()) {
            let undone = self.file.set_len(self.length).and_then(|()| self.file.sync_data());
            self.is_broken = undone.is_err();
            return Err(sys("write the journal", &self.path, error));
        }
        self.length += line.len() as u64;
        self.last = hash;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// The hash of the last line, which stands for all of them.
    pub fn head(&self) -> [u8; HASH_BYTES] {
        self.last
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads and verifies a journal that may be growing meanwhile.
pub fn read(path: &Path) -> Result<Contents, JournalError> {
    let mut file = File::open(path).map_err(|error| sys("open the journal", path, error))?;
    verify(&read_all(&mut file, path)?, &shown(path))
}

/// Verifies a journal's bytes; `place` names it in errors.
pub fn verify(bytes: &[u8], place: &str) -> Result<Contents, JournalError> {
    let mut contents = Contents { records: Vec::new(), head: beginning(), cut_bytes: 0, length: 0 };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let number = contents.records.len() as u64;
        let altered = |what| JournalError::Altered { place: place.to_owned(), line: number + 1, what };
        let Some(text) = line.strip_suffix(b"\n") else {
            contents.cut_bytes = line.len() as u64;
            break;
        };
        if text.len() > JOURNAL_LINE_MAX_BYTES {
            return Err(altered("is too long"));
        }
        let (record, hash) = parse(text, &contents.head, number).map_err(altered)?;
        contents.records.push(record);
        contents.head = hash;
        contents.length += line.len() as u64;
    }
    Ok(contents)
}

fn parse(text: &[u8], previous: &Hash, number: u64) -> Result<(Record, Hash), &'static str> {
    let split = text.len().checked_sub(HASH_FIELD_BYTES).ok_or("is too short")?;
    let (hashed, field) = text.split_at(split);
    let told = field.strip_prefix(HASH_FIELD.as_bytes()).and_then(|rest| rest.strip_suffix(b"\"}"));
    let told = told.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(hex::decode::<HASH_BYTES>);
    let hash = *blake3::hash(hashed).as_bytes();
    match told {
        Some(told) if told == hash => {}
        Some(_) => return Err("does not have the contents its hash stands for"),
        None => return Err("does not end in a hash"),
    }
    let mut object = hashed.to_vec();
    object.push(b'}');
    let line: Line<'_> = serde_json::from_slice(&object).map_err(|_| "is no line of a journal")?;
    if line.seq != number {
        return Err("does not have its number: lines were dropped, added or moved");
    }
    if hex::decode::<HASH_BYTES>(line.prev).as_ref() != Some(previous) {
        return Err("does not follow the line before it");
    }
    Ok((Record { sequence: line.seq, time: line.time, body: line.body.to_owned() }, hash))
}

/// What the first line follows.
fn beginning() -> Hash {
    *blake3::hash(b"lifeboat journal 1").as_bytes()
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(sys("lock the journal", path, error)),
    }
}

fn read_all(file: &mut File, path: &Path) -> Result<Vec<u8>, JournalError> {
    let failed = |error| sys("read the journal", path, error);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.take(JOURNAL_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > JOURNAL_MAX_BYTES {
        true => Err(JournalError::Altered { place: shown(path), line: 1, what: "begins too large a file" }),
        false => Ok(bytes),
    }
}

fn shown(path: &Path) -> String {
    show_path(path.as_os_str().as_encoded_bytes())
}

fn sys(op: &'static str, path: &Path, error: std::io::Error) -> JournalError {
    JournalError::Sys(SysError::at(op, path, error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOW: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 5 };

    fn written(lines: u64) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.journal");
        let mut journal = Journal::create(&path).unwrap();
        for line in 0..lines {
            assert_eq!(journal.append(NOW, &format!("step {line}\n")).unwrap(), line);
        }
        (dir, path)
    }

    #[test]
    fn what_was_appended_is_read_back_and_gone_on_with() {
        let (_dir, path) = written(3);
        let (mut journal, contents) = Journal::open(&path).unwrap();
        assert_eq!(contents.records.len(), 3);
        assert_eq!(contents.records[2].parse::<String>().unwrap(), "step 2\n");
        assert_eq!(contents.records[2].time, NOW);
        journal.append(NOW, &("more", 7)).unwrap();
        let contents = read(&path).unwrap();
        assert_eq!((contents.records.len(), contents.head), (4, journal.head()));
    }

    #[test]
    fn a_line_cut_anywhere_is_removed_and_the_others_stay() {
        let (_dir, path) = written(3);
        let whole = fs::read(&path).unwrap();
        let before = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for length in before..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, contents) = Journal::open(&path).unwrap();
            assert_eq!(contents.records.len(), 2, "cut at {length}");
            journal.append(NOW, &"again").unwrap();
            drop(journal);
            assert_eq!(read(&path).unwrap().records.len(), 3);
        }
    }

    #[test]
    fn every_changed_byte_and_every_dropped_or_moved_line_is_found() {
        let (_dir, path) = written(4);
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 1;
            let found = verify(&changed, "j").map(|contents| contents.records.len());
            // A line feed that is gone at the very end makes a cut line; everything else is an error.
            assert!(matches!(found, Err(_) | Ok(0..4)), "byte {index}");
            assert!(found.is_err() || index == whole.len() - 1, "byte {index}");
        }
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        for order in [vec![0, 2, 3], vec![1, 2, 3], vec![0, 2, 1, 3], vec![0, 1, 1, 2, 3]] {
            let changed: Vec<u8> = order.iter().flat_map(|line| lines[*line].to_vec()).collect();
            let error = verify(&changed, "j").unwrap_err();
            assert!(error.to_string().starts_with("the journal j was altered or damaged: line "));
            assert_eq!(error.kind(), ErrorKind::Damage);
        }
    }

    #[test]
    fn two_writers_are_refused_and_readers_are_not() {
        let (_dir, path) = written(1);
        let (_journal, _) = Journal::open(&path).unwrap();
        let error = Journal::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(read(&path).unwrap().records.len(), 1);
        assert!(Journal::create(&path).is_err());
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_and_leaves_the_journal_as_it_was() {
        let (_dir, path) = written(1);
        let (mut journal, _) = Journal::open(&path).unwrap();
        let error = journal.append(NOW, &"x".repeat(JOURNAL_LINE_MAX_BYTES)).unwrap_err();
        assert!(error.to_string().contains("too many"), "{error}");
        journal.append(NOW, &"short").unwrap();
        assert_eq!(read(&path).unwrap().records.len(), 2);
    }
}
