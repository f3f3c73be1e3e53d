//! Where events wait until everybody has been told: a directory with one file an event.
//!
//! A file is replaced as a whole and fsynced, so that a process that is killed leaves the state before
//! or after, never one between. A lock is held for as long as one file takes to be read, changed and
//! written, never while something is sent. What is done is kept for a while, so that it can be looked
//! up, and that the same failure is not told anew every hour.

use std::fs;
use std::path::{Path, PathBuf};

use crate::notify::entry::{Entry, VERSION};
use crate::notify::error::NotifyError;
use crate::notify::event::EventId;
use crate::sys::error::SysError;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded, remove_if_present, sync_dir};
use crate::sys::lock::{Lock, acquire_waiting};

/// The largest entry that is read.
const ENTRY_MAX_BYTES: u64 = 4 << 20;
/// Most entries that are kept; the oldest that are done go first.
pub const ENTRIES_MAX: usize = 10_000;
const SUFFIX: &str = ".event.json";

/// The directory.
#[derive(Clone, Debug)]
pub struct Outbox {
    dir: PathBuf,
}

/// What was found in it.
#[derive(Debug, Default)]
pub struct Found {
    /// Entries, the oldest event first.
    pub entries: Vec<Entry>,
    /// Files that are none, and why.
    pub damaged: Vec<(PathBuf, String)>,
}

impl Outbox {
    /// The outbox in the state directory `state`; made if it is not there.
    pub fn open(state: &Path) -> Result<Self, NotifyError> {
        let dir = state.join("notify").join("outbox");
        create_private_dir(&dir)?;
        Ok(Self { dir })
    }

    /// Holds off everybody else who changes entries.
    pub fn lock(&self) -> Result<Lock, NotifyError> {
        acquire_waiting(&self.dir.join("lock")).map_err(NotifyError::Lock)
    }

    fn path(&self, id: &EventId) -> PathBuf {
        self.dir.join(format!("{id}{SUFFIX}"))
    }

    /// Writes an entry, new or changed. It is durable when this returns.
    pub fn save(&self, entry: &Entry) -> Result<(), NotifyError> {
        let mut bytes = serde_json::to_vec_pretty(entry).map_err(|error| NotifyError::Damaged {
            path: self.path(&entry.event.id),
            why: error.to_string(),
        })?;
        bytes.push(b'\n');
        #[cfg(test)]
        crash::point();
        atomic_write(&self.path(&entry.event.id), &bytes)?;
        #[cfg(test)]
        crash::point();
        Ok(())
    }

    /// Reads one.
    pub fn load(&self, id: &EventId) -> Result<Entry, NotifyError> {
        read(&self.path(id))
    }

    /// Changes one, if it is there, and returns it.
    pub fn change(&self, id: &EventId, change: impl FnOnce(&mut Entry)) -> Result<Entry, NotifyError> {
        let _lock = self.lock()?;
        let mut entry = self.load(id)?;
        let before = entry.clone();
        change(&mut entry);
        if entry != before {
            self.save(&entry)?;
        }
        Ok(entry)
    }

    /// Everything there is.
    pub fn list(&self) -> Result<Found, NotifyError> {
        let mut found = Found::default();
        let failed = |error| NotifyError::Sys(SysError::at("list", &self.dir, error));
        for item in fs::read_dir(&self.dir).map_err(failed)? {
            let path = item.map_err(failed)?.path();
            if !path.to_string_lossy().ends_with(SUFFIX) {
                continue;
            }
            match read(&path) {
                Ok(entry) => found.entries.push(entry),
                // Removed by somebody a moment ago.
                Err(NotifyError::NoEvent(_)) => {}
                Err(error) => found.damaged.push((path, error.to_string())),
            }
        }
        found.entries.sort_by(|left, right| {
            (left.event.time, left.event.id.as_str()).cmp(&(right.event.time, right.event.id.as_str()))
        });
        Ok(found)
    }

    /// The one whose name begins so.
    pub fn find(&self, prefix: &str) -> Result<Entry, NotifyError> {
        let wanted = EventId::parse_prefix(prefix).ok_or_else(|| NotifyError::NoEvent(prefix.to_owned()))?;
        let entries = self.list()?.entries;
        let mut fitting = entries.into_iter().filter(|entry| entry.event.id.as_str().starts_with(wanted));
        let first = fitting.next().ok_or_else(|| NotifyError::NoEvent(prefix.to_owned()))?;
        match fitting.next() {
            Some(_) => Err(NotifyError::Ambiguous(prefix.to_owned())),
            None => Ok(first),
        }
    }

    /// Removes one.
    pub fn remove(&self, id: &EventId) -> Result<(), NotifyError> {
        remove_if_present(&self.path(id))?;
        Ok(sync_dir(&self.dir)?)
    }

    /// Removes what is done and older than `keep_seconds`; also what is too much. Open matters stay.
    pub fn tidy(&self, now: i64, keep_seconds: i64) -> Result<(), NotifyError> {
        let _lock = self.lock()?;
        let entries = self.list()?.entries;
        let mut excess = entries.len().saturating_sub(ENTRIES_MAX);
        for entry in &entries {
            if entry.is_pending() || entry.is_open() {
                continue;
            }
            let is_old = now.saturating_sub(entry.last.seconds) > keep_seconds;
            if is_old || excess > 0 {
                excess = excess.saturating_sub(1);
                self.remove(&entry.event.id)?;
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Entry, NotifyError> {
    let damaged = |why: String| NotifyError::Damaged { path: path.to_owned(), why };
    let bytes = read_bounded(path, ENTRY_MAX_BYTES).map_err(|error| match error.is_not_found() {
        true => NotifyError::NoEvent(path.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        false => NotifyError::Sys(error),
    })?;
    let entry: Entry = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    match entry.version {
        VERSION => Ok(entry),
        other => Err(damaged(format!("it is of version {other}, which this lifeboat does not know"))),
    }
}

/// Ends a test at a chosen write, as `kill -9` ends a process: nothing after it happens.
#[cfg(test)]
pub mod crash {
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Panics at the `count`th point from here, counted from 0; never if none.
    pub fn after(count: Option<u32>) {
        LEFT.set(count);
    }

    pub fn point() {
        match LEFT.get() {
            Some(0) => {
                LEFT.set(None);
                std::panic::panic_any("crash");
            }
            Some(left) => LEFT.set(Some(left - 1)),
            None => {}
        }
    }
}
