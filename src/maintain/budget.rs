//! A bound on the memory that objects in flight take together.

use std::sync::{Condvar, Mutex, PoisonError};

/// Memory handed out in bytes; a request beyond the whole waits for all of it.
pub struct Budget {
    left: Mutex<u64>,
    freed: Condvar,
    all: u64,
}

/// Gives its bytes back when dropped.
pub struct Held<'a>(&'a Budget, u64);

impl Budget {
    /// `all` bytes to hand out.
    pub fn new(all: u64) -> Self {
        Self { left: Mutex::new(all), freed: Condvar::new(), all }
    }

    /// Waits until `bytes` are free, and holds them.
    pub fn take(&self, bytes: u64) -> Held<'_> {
        let bytes = bytes.min(self.all);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left < bytes {
            left = self.freed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
        *left -= bytes;
        Held(self, bytes)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.0.left.lock().unwrap_or_else(PoisonError::into_inner) += self.1;
        self.0.freed.notify_all();
    }
}
