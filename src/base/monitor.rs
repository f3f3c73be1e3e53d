//! How the library tells the outside what it does: it never prints, it reports here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Something worth telling while a run goes on.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A new stage began, named as people read it ("scanning", "restoring").
    Stage(&'a str),
    /// How much there is to do, as far as is known: files and bytes. May be reported again.
    Total { files: u64, bytes: u64 },
    /// More was done since the last such event.
    Advance { files: u64, bytes: u64 },
    /// What is being worked on: a path or an object key, lossy for display.
    Current(&'a str),
    /// Something went wrong that does not end the run; it will be counted in the result as well.
    Warning(&'a str),
    /// A remark for `--verbose`.
    Detail(&'a str),
}

/// Receives events from any thread; must not block for long.
pub trait Monitor: Send + Sync {
    /// Takes one event.
    fn event(&self, event: Event<'_>);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn event(&self, _event: Event<'_>) {}
}

/// A flag that asks a run to end cleanly; cloned freely, set once.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks for the end.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the end was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The flag itself, for a signal handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
