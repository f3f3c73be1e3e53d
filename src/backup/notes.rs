//! What is counted and told while a backup goes on.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::backup::entries::OwnerNames;
use crate::backup::report::WARNINGS_KEPT;
use crate::backup::walk::join;
use crate::backup::worker::Slot;
use crate::base::monitor::{Event, Monitor};
use crate::repo::snapshot::Statistics;
use crate::sys::dir::Listed;
use crate::sys::error::show_path;

/// The counts so far, and the warnings.
pub struct Notes<'a> {
    monitor: &'a dyn Monitor,
    state: Mutex<State>,
}

/// What was noted.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The counts.
    pub statistics: Statistics,
    /// Sources that could not be read whole.
    pub faults: u64,
    /// How many warnings there were.
    pub warning_count: u64,
    /// The first of them.
    pub warnings: Vec<String>,
    /// Owners' names in use.
    pub names: OwnerNames,
    sources: HashSet<Slot>,
}

impl<'a> Notes<'a> {
    /// Nothing yet; everything worth telling goes to `monitor`.
    pub fn new(monitor: &'a dyn Monitor) -> Self {
        Self { monitor, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was noted so far.
    pub fn summary(&self) -> State {
        self.state().clone()
    }

    /// The monitor.
    pub fn monitor(&self) -> &'a dyn Monitor {
        self.monitor
    }

    /// A remark that spoils nothing.
    pub fn warn(&self, text: &str) {
        let mut state = self.state();
        state.warning_count += 1;
        if state.warnings.len() < WARNINGS_KEPT {
            state.warnings.push(text.to_owned());
        }
        drop(state);
        self.monitor.event(Event::Warning(text));
    }

    /// A source that is not whole in the snapshot.
    pub fn fault(&self, path: &[u8], what: &str) {
        self.state().faults += 1;
        self.warn(&format!("{}: {what}", show_path(path)));
    }

    /// Something that cannot be read; what has merely vanished is no fault.
    pub fn unreadable(&self, path: &[u8], kind: io::ErrorKind, what: &str) {
        match kind {
            io::ErrorKind::NotFound => {
                self.warn(&format!("{}: it vanished during the backup", show_path(path)));
            }
            _ => self.fault(path, what),
        }
    }

    /// Something left out by a rule.
    pub fn excluded(&self, path: &[u8], reason: &str) {
        self.state().statistics.excluded += 1;
        self.monitor.event(Event::Detail(&format!("excluded {} ({reason})", show_path(path))));
    }

    /// A directory.
    pub fn dir(&self) {
        self.state().statistics.dirs += 1;
    }

    /// A link, pipe, socket or device.
    pub fn special(&self) {
        self.state().statistics.specials += 1;
    }

    /// A file's length.
    pub fn size(&self, bytes: u64) {
        self.state().statistics.total_bytes += bytes;
    }

    /// A file that is as it was.
    pub fn unmodified(&self, _dir: &[u8], listed: &Listed) {
        self.state().statistics.files_unmodified += 1;
        self.monitor.event(Event::Advance { files: 1, bytes: listed.stat.size });
    }

    /// A file to be read; `known` if the previous backup had one of this name.
    pub fn to_read(&self, dir: &[u8], listed: &Listed, known: bool) {
        let mut state = self.state();
        match known {
            true => state.statistics.files_changed += 1,
            false => state.statistics.files_new += 1,
        }
        drop(state);
        self.monitor.event(Event::Current(&show_path(&join(dir, &listed.name))));
    }

    /// A file was read.
    pub fn read(&self, bytes: u64) {
        self.state().statistics.read_bytes += bytes;
        self.monitor.event(Event::Advance { files: 1, bytes });
    }

    /// A stream was read to its end.
    pub fn stream(&self, bytes: u64) {
        let mut state = self.state();
        state.statistics.files_new += 1;
        state.statistics.total_bytes += bytes;
        state.statistics.read_bytes += bytes;
    }

    /// What the storer counted.
    pub fn store(&self, counts: Statistics) {
        let mut state = self.state();
        state.statistics.new_bytes = counts.new_bytes;
        state.statistics.stored_bytes = counts.stored_bytes;
        state.statistics.packs = counts.packs;
        state.statistics.new_chunks = counts.new_chunks;
    }

    /// The file in `slot` was named by the user.
    pub fn remember_source(&self, slot: Slot, is_source: bool) {
        if is_source {
            self.state().sources.insert(slot);
        }
    }

    /// Whether the file in `slot` was named by the user.
    pub fn is_source(&self, slot: Slot) -> bool {
        self.state().sources.contains(&slot)
    }

    /// The owners' names that went into lines.
    pub fn keep_names(&self, names: OwnerNames) {
        self.state().names = names;
    }
}
