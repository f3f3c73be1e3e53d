//! The journal of a run under way, and the state that it adds up to, shared by all its threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::time::Clock;
use crate::runbook::error::RunbookError;
use crate::runbook::hands::Watcher;
use crate::runbook::record::{Entry, Record};
use crate::runbook::state::RunState;
use crate::sys::journal::Journal;

/// The journal and the state; what is in the one is in the other.
pub struct Log<'a> {
    inner: Mutex<Inner>,
    changed: Condvar,
    clock: &'a dyn Clock,
    watcher: &'a dyn Watcher,
}

struct Inner {
    journal: Journal,
    state: RunState,
}

impl<'a> Log<'a> {
    /// A journal and the state that it adds up to.
    pub fn new(journal: Journal, state: RunState, clock: &'a dyn Clock, watcher: &'a dyn Watcher) -> Self {
        Self { inner: Mutex::new(Inner { journal, state }), changed: Condvar::new(), clock, watcher }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is behind it is written before it is changed, and so is whole even if a holder panicked.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a record; it is durable when this returns.
    pub fn write(&self, record: Record) -> Result<(), RunbookError> {
        let time = self.clock.now();
        let mut inner = self.lock();
        inner.journal.append(time, &record)?;
        let entry = Entry { time, record };
        inner.state.apply(&entry);
        self.watcher.saw(&entry, &inner.state);
        drop(inner);
        self.changed.notify_all();
        Ok(())
    }

    /// Looks at the state.
    pub fn with<T>(&self, look: impl FnOnce(&RunState) -> T) -> T {
        look(&self.lock().state)
    }

    /// Waits until something is written, or so long.
    pub fn wait(&self, longest: Duration) {
        let inner = self.lock();
        // However it wakes up, the caller looks at the state.
        drop(self.changed.wait_timeout(inner, longest).unwrap_or_else(PoisonError::into_inner));
    }

    /// Wakes up whoever waits.
    pub fn wake(&self) {
        self.changed.notify_all();
    }

    /// Where the run ended up.
    pub fn into_state(self) -> RunState {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).state
    }
}
