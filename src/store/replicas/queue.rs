//! What a replica has missed: one small journal for each replica, in the state directory, fsynced.
//!
//! Only keys stand in it, never bodies: what is missing is read again from a replica that has it. A line
//! is appended under a lock of the file system and made durable before the write that it is about is
//! acknowledged, so a process killed at any moment leaves a queue that knows at least what is missing;
//! it may know too much, and draining finds out. A line that was torn by a crash has no end mark and is
//! passed over. What was never written down because nothing was ever acknowledged is found by comparing
//! listings.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::time::Clock as _;
use crate::store::key::Key;
use crate::sys::clock::SystemClock;
use crate::sys::error::{SysError, SysResult};
use crate::sys::file::{atomic_write, create_private_dir, read_bounded, sync_dir};
use crate::sys::lock::{Lock, LockError, acquire_waiting};

/// Largest journal that is read.
const JOURNAL_MAX_BYTES: u64 = 1 << 30;
/// Lines beyond twice the entries before a journal is written anew.
const SLACK_LINES: usize = 4096;

/// What is to be done at a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// It lacks the object, or has another body than the others.
    Put,
    /// It has an object that was deleted.
    Delete,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is to be done.
    pub task: Task,
    /// Seconds since 1970 when it was missed.
    pub since: i64,
}

/// The queue of one replica, shared by the processes of this machine.
#[derive(Debug)]
pub struct Queue {
    /// `None`: it lives in memory alone.
    path: Option<PathBuf>,
    known: Mutex<BTreeMap<Key, Entry>>,
}

impl Queue {
    /// A queue that is forgotten with the process.
    pub fn in_memory() -> Self {
        Self { path: None, known: Mutex::default() }
    }

    /// The queue of replica `name` in `directory`, which is made if need be.
    pub fn open(directory: &Path, name: &str) -> SysResult<Self> {
        create_private_dir(directory)?;
        let queue = Self { path: Some(directory.join(format!("{name}.queue"))), known: Mutex::default() };
        queue.reload()?;
        Ok(queue)
    }

    /// Notes that `task` is to be done for `key`; durable when it returns.
    pub fn add(&self, key: &Key, task: Task) -> SysResult<()> {
        let entry = Entry { task, since: SystemClock.now().seconds };
        let word = if task == Task::Put { "put" } else { "del" };
        self.append(&format!("{word} {} {key}", entry.since))?;
        self.known().insert(key.clone(), entry);
        Ok(())
    }

    /// Notes that nothing is to be done for `key` any more.
    pub fn done(&self, key: &Key) -> SysResult<()> {
        if self.known().remove(key).is_none() {
            return Ok(());
        }
        self.append(&format!("end 0 {key}"))
    }

    /// What is to be done, by key.
    pub fn entries(&self) -> BTreeMap<Key, Entry> {
        self.known().clone()
    }

    /// Whether the replica still has `key` although it was deleted.
    pub fn hides(&self, key: &Key) -> bool {
        self.known().get(key).is_some_and(|entry| entry.task == Task::Delete)
    }

    /// Whether anything is to be done for `key`.
    pub fn contains(&self, key: &Key) -> bool {
        self.known().contains_key(key)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.known().len()
    }

    /// Whether there is nothing to be done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads what other processes have noted, and writes the journal anew if most of it is history.
    pub fn reload(&self) -> SysResult<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let _lock = self.lock(path)?;
        let text = match read_bounded(path, JOURNAL_MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.is_not_found() => Vec::new(),
            Err(error) => return Err(error),
        };
        let (entries, lines) = parse(&text);
        if lines > entries.len() * 2 + SLACK_LINES || (entries.is_empty() && lines > 0) {
            let line = |(key, entry): (&Key, &Entry)| {
                let word = if entry.task == Task::Put { "put" } else { "del" };
                format!("\n{word} {} {key} .", entry.since)
            };
            atomic_write(path, entries.iter().map(line).collect::<String>().as_bytes())?;
        }
        *self.known() = entries;
        Ok(())
    }

    fn append(&self, line: &str) -> SysResult<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let _lock = self.lock(path)?;
        let is_new = !path.exists();
        let append = || {
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(libc::O_NOFOLLOW)
                .open(path)?;
            // The line feed stands first: what a crash has torn stays a line of its own.
            file.write_all(format!("\n{line} .").as_bytes())?;
            file.sync_data()
        };
        append().map_err(|error| SysError::at("write", path, error))?;
        match path.parent() {
            Some(parent) if is_new => sync_dir(parent),
            _ => Ok(()),
        }
    }

    fn lock(&self, path: &Path) -> SysResult<Lock> {
        acquire_waiting(&path.with_extension("lock")).map_err(|error| match error {
            LockError::Sys(error) => error,
            busy => SysError::at("lock", path, std::io::Error::other(busy.to_string())),
        })
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries that a journal leaves, and how many lines it has.
fn parse(text: &[u8]) -> (BTreeMap<Key, Entry>, usize) {
    let mut entries = BTreeMap::new();
    let mut lines = 0;
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        lines += 1;
        let words: Vec<&str> =
            std::str::from_utf8(line).map(|line| line.split(' ').collect()).unwrap_or_default();
        let [word, since, key, "."] = words[..] else { continue };
        let (Ok(since), Ok(key)) = (since.parse(), Key::new(key)) else { continue };
        match word {
            "put" => drop(entries.insert(key, Entry { task: Task::Put, since })),
            "del" => drop(entries.insert(key, Entry { task: Task::Delete, since })),
            "end" => drop(entries.remove(&key)),
            _ => {}
        }
    }
    (entries, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(name).unwrap()
    }

    #[test]
    fn entries_outlive_the_process_and_are_shared_between_processes() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (Queue::open(dir.path(), "r").unwrap(), Queue::open(dir.path(), "r").unwrap());
        one.add(&key("packs/00/a"), Task::Put).unwrap();
        two.add(&key("sessions/b"), Task::Delete).unwrap();
        one.add(&key("packs/00/c"), Task::Put).unwrap();
        one.done(&key("packs/00/c")).unwrap();
        drop(one);
        let again = Queue::open(dir.path(), "r").unwrap();
        assert_eq!(again.entries().into_keys().collect::<Vec<_>>(), [key("packs/00/a"), key("sessions/b")]);
        assert!(again.hides(&key("sessions/b")) && !again.hides(&key("packs/00/a")));
        two.reload().unwrap();
        assert_eq!(two.entries(), again.entries());
    }

    #[test]
    fn a_torn_line_costs_only_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.queue");
        let whole = "\nput 1 packs/00/a .\ndel 2 packs/00/b .\nend 0 packs/00/a .";
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let queue = Queue::open(dir.path(), "r").unwrap();
            queue.add(&key("packs/00/new"), Task::Put).unwrap();
            let entries = Queue::open(dir.path(), "r").unwrap().entries();
            assert!(entries.contains_key(&key("packs/00/new")), "{cut}");
            let put_whole = (19..whole.len()).contains(&cut);
            assert_eq!(entries.contains_key(&key("packs/00/a")), put_whole, "{cut}");
            assert!(entries.len() <= 3);
        }
    }

    #[test]
    fn history_is_written_away() {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::open(dir.path(), "r").unwrap();
        for n in 0..20 {
            queue.add(&key(&format!("packs/00/{n}")), Task::Put).unwrap();
            queue.done(&key(&format!("packs/00/{n}"))).unwrap();
        }
        queue.reload().unwrap();
        assert_eq!(std::fs::metadata(dir.path().join("r.queue")).unwrap().len(), 0);
    }
}
