//! One run of a job at a time on this machine: an advisory lock that the kernel drops with its holder.
//!
//! The repository itself needs no lock; this only keeps two runs of one job from doing the same work.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::base::error_kind::ErrorKind;
use crate::sys::error::{SysError, show_path};

/// Bytes of a lock file that are read: a process number and a line feed.
const HOLDER_MAX_BYTES: u64 = 32;

/// Held until dropped, and not longer than the process lives.
#[derive(Debug)]
pub struct Lock {
    /// The kernel's lock hangs on this open file.
    _file: File,
}

/// A lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is locked by {}", show_path(path.as_os_str().as_encoded_bytes()), holder(*.pid))]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as far as it has told.
        pid: Option<u32>,
    },
    /// The lock file could not be used.
    #[error(transparent)]
    Sys(SysError),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl LockError {
    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            LockError::Busy { .. } => ErrorKind::Busy,
            LockError::Sys(error) => error.kind(),
        }
    }
}

impl Lock {
    /// Takes the lock `path` or says at once who holds it. The file stays when the lock goes:
    /// removing it would let two processes lock two files of one name.
    pub fn acquire(path: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Sys(SysError::at("lock", path, error));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it is a courtesy; that it is held is certain.
                let _ = (&mut file).take(HOLDER_MAX_BYTES).read_to_string(&mut text);
                return Err(LockError::Busy { path: path.into(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Takes the lock `path`, waiting as long as another process holds it: for sections that are short.
pub fn acquire_waiting(path: &Path) -> Result<Lock, LockError> {
    let failed = |error| LockError::Sys(SysError::at("lock", path, error));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(libc::O_NOFOLLOW).open(path).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_names_its_holder_and_a_dropped_one_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::fs::write(&path, "123456789\nstale and longer than a number\n").unwrap();
        let held = Lock::acquire(&path).unwrap();
        let error = Lock::acquire(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(error.to_string().ends_with(&format!("is locked by process {}", std::process::id())));
        drop(held);
        Lock::acquire(&path).unwrap();
    }

    #[test]
    fn a_lock_file_that_is_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::os::unix::fs::symlink("victim", &path).unwrap();
        assert!(matches!(Lock::acquire(&path), Err(LockError::Sys(_))));
        assert!(!dir.path().join("victim").exists());
    }
}
