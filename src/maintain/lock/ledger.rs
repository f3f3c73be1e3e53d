//! What this machine knows of retentions: until when each object of one store is locked.
//!
//! A cache: without it everything is asked for once. It is believed only where there is plenty of time
//! left, by which a retention that somebody shortened (governance mode, with the right to) could be missed
//! until it is asked again, or until `lock audit` asks.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::base::time::Timestamp;
use crate::store::vault::{LockMode, Retention};
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded};

/// The first line of a file.
const HEAD: &str = "lifeboat locks 1";
/// Largest file: some ten million objects.
const FILE_MAX_BYTES: u64 = 1 << 30;

/// Retentions by key.
#[derive(Debug, Default)]
pub struct Ledger {
    path: Option<PathBuf>,
    known: HashMap<String, Retention>,
}

impl Ledger {
    /// What the file of the store at `location` says, in `directory`; nothing where there is none, or where
    /// it was altered.
    pub fn open(directory: &Path, location: &str) -> Self {
        let name = blake3::hash(location.as_bytes()).to_hex();
        let path = directory.join(format!("{}.locks", &name[..16]));
        let read = read_bounded(&path, FILE_MAX_BYTES).ok().and_then(|bytes| decode(&bytes));
        Self { path: Some(path), known: read.unwrap_or_default() }
    }

    /// What is known of an object.
    pub fn get(&self, key: &str) -> Option<Retention> {
        self.known.get(key).copied()
    }

    /// Notes what was learned.
    pub fn note(&mut self, key: &str, retention: Option<Retention>) {
        match retention {
            Some(retention) => drop(self.known.insert(key.to_owned(), retention)),
            None => drop(self.known.remove(key)),
        }
    }

    /// Writes it down, without what ended before `now`.
    pub fn save(&mut self, now: Timestamp) -> Result<(), SysError> {
        self.known.retain(|_, retention| retention.until > now);
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(directory) = path.parent() {
            create_private_dir(directory)?;
        }
        atomic_write(path, &self.encode())
    }

    fn encode(&self) -> Vec<u8> {
        let mut text = format!("{HEAD}\n");
        for (key, Retention { mode, until }) in &self.known {
            let letter = &mode.as_str()[..1];
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{letter} {} {key}", until.seconds);
        }
        let hash = blake3::hash(text.as_bytes()).to_hex();
        text.push_str(&hash);
        text.into_bytes()
    }
}

fn decode(bytes: &[u8]) -> Option<HashMap<String, Retention>> {
    let end = bytes.len().checked_sub(64)?;
    let (text, hash) = bytes.split_at(end);
    if blake3::hash(text).to_hex().as_bytes() != hash {
        return None;
    }
    let mut lines = std::str::from_utf8(text).ok()?.lines();
    lines.next().filter(|head| *head == HEAD)?;
    let entry = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let mode = match words.next()? {
            "g" => LockMode::Governance,
            "c" => LockMode::Compliance,
            _ => return None,
        };
        let seconds = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), Retention { mode, until: Timestamp { seconds, nanos: 0 } }))
    };
    lines.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::base::time::Timestamp;
    use crate::store::vault::{LockMode, Retention};

    fn until(mode: LockMode, seconds: i64) -> Retention {
        Retention { mode, until: Timestamp { seconds, nanos: 0 } }
    }

    #[test]
    fn what_was_learned_is_there_next_time_unless_it_ended_or_was_altered() {
        let directory = tempfile::tempdir().unwrap();
        let now = Timestamp { seconds: 100, nanos: 0 };
        let mut ledger = Ledger::open(directory.path(), "s3://b");
        ledger.note("packs/00/a", Some(until(LockMode::Compliance, 200)));
        ledger.note("packs/00/b", Some(until(LockMode::Governance, 100)));
        ledger.note("config", Some(until(LockMode::Governance, 101)));
        ledger.save(now).unwrap();
        let again = Ledger::open(directory.path(), "s3://b");
        assert_eq!(again.get("packs/00/a"), Some(until(LockMode::Compliance, 200)));
        assert_eq!(again.get("config"), Some(until(LockMode::Governance, 101)));
        assert_eq!(again.get("packs/00/b"), None, "it has ended");
        assert_eq!(Ledger::open(directory.path(), "s3://other").get("config"), None);
        let path = std::fs::read_dir(directory.path()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap().replace("200", "900");
        std::fs::write(&path, text).unwrap();
        assert_eq!(Ledger::open(directory.path(), "s3://b").get("packs/00/a"), None);
    }
}
