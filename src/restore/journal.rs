//! The journal of a restore: which files are finished, so that an interrupted one can go on.
//!
//! Lines of text, appended; a cut last line is left out of account. A file's line is believed only if its
//! size and time of modification still fit, and only until the machine starts anew: what was written
//! shortly before a crash may have lost its contents though its metadata survived.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::base::hex;
use crate::base::time::Timestamp;
use crate::restore::error::RestoreError;
use crate::restore::options::RestoreOptions;
use crate::restore::source::Origin;
use crate::sys::error::SysError;
use crate::sys::{file, process};

/// First line of a journal.
const MARK: &str = "lifeboat restore journal 1";
/// The largest journal that is read; a hundred million files fit.
const MAX_BYTES: u64 = 8 << 30;
/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 32 << 10;

/// A path as journals name it.
pub type PathHash = [u8; 16];

/// The hash of a path below the target.
pub fn path_hash(path: &[u8]) -> PathHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(path).as_bytes()[..16]);
    hash
}

/// Where the journal of this restore lies.
pub fn path_of(options: &RestoreOptions, repository_id: &str, origin: &Origin) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    let absolute = std::path::absolute(&options.target).unwrap_or_else(|_| options.target.clone());
    let mut hasher = blake3::Hasher::new();
    let subpath = options.selection.subpath.as_deref().unwrap_or_default();
    let parts = [repository_id.as_bytes(), &origin.snapshot.0, absolute.as_os_str().as_bytes(), subpath];
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    let name = hasher.finalize().to_hex();
    options.state_dir.join("restores").join(format!("{}.journal", &name[..32]))
}

/// What an interrupted restore left.
#[derive(Debug, Default)]
pub struct Past {
    /// Finished since the machine started: size and time of modification.
    done: HashMap<PathHash, (u64, Timestamp)>,
    /// Files that were there before the restore and were to be kept.
    kept: HashSet<PathHash>,
    /// Whether part of it ran before the machine last started.
    pub rebooted: bool,
    /// Whether the restore made the target itself.
    pub made_target: bool,
}

impl Past {
    /// Reads the journal at `path`; `None` if there is none, or none that is ours.
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = file::read_bounded(path, MAX_BYTES).ok()?;
        Self::parse(&bytes, process::boot_id().as_deref())
    }

    fn parse(bytes: &[u8], boot: Option<&str>) -> Option<Self> {
        let text = &bytes[..bytes.iter().rposition(|byte| *byte == b'\n')?];
        let mut lines = text.split(|byte| *byte == b'\n').map(|line| std::str::from_utf8(line).unwrap_or(""));
        if lines.next() != Some(MARK) {
            return None;
        }
        let mut past = Self::default();
        let mut same_boot = false;
        for line in lines {
            let mut words = line.split(' ');
            match (words.next(), words.next()) {
                (Some("boot"), Some(id)) => {
                    same_boot = Some(id) == boot;
                    past.rebooted |= !same_boot;
                }
                (Some("target"), _) => past.made_target = true,
                (Some("kept"), Some(hash)) => past.kept.extend(hex::decode::<16>(hash)),
                (Some("done"), Some(hash)) => {
                    let mut number = || words.next();
                    let entry = (|| {
                        let hash = hex::decode::<16>(hash)?;
                        let size = number()?.parse().ok()?;
                        let seconds = number()?.parse().ok()?;
                        let nanos = number()?.parse().ok()?;
                        Some((hash, (size, Timestamp { seconds, nanos })))
                    })();
                    if same_boot {
                        past.done.extend(entry);
                    }
                }
                _ => {}
            }
        }
        Some(past)
    }

    /// Whether the file was finished and has not changed since.
    pub fn is_done(&self, path: &[u8], size: u64, mtime: Timestamp) -> bool {
        self.done.get(&path_hash(path)) == Some(&(size, mtime))
    }

    /// Whether the file was there before the restore.
    pub fn was_kept(&self, path: &[u8]) -> bool {
        self.kept.contains(&path_hash(path))
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<(File, Vec<u8>)>,
}

impl Journal {
    /// Opens the journal at `path` for one more run; begins anew unless `resumed`. `kept` are the files that
    /// were there before and stay.
    pub fn open(
        path: &Path,
        resumed: bool,
        made_target: bool,
        kept: impl Iterator<Item = PathHash>,
    ) -> Result<Self, RestoreError> {
        if let Some(parent) = path.parent() {
            file::create_private_dir(parent).map_err(RestoreError::Journal)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        let fail = |error| RestoreError::Journal(SysError::at("write", path, error));
        if !resumed {
            file::remove_if_present(path).map_err(RestoreError::Journal)?;
        }
        let file = options.open(path).map_err(fail)?;
        // After a cut line the first line feed ends it; the reader leaves both out of account.
        let mut lines = if resumed { b"\n".to_vec() } else { format!("{MARK}\n").into_bytes() };
        let boot = process::boot_id().unwrap_or_else(|| "-".into());
        lines.extend_from_slice(format!("boot {boot}\n").as_bytes());
        if made_target {
            lines.extend_from_slice(b"target made\n");
        }
        if !resumed {
            for hash in kept {
                lines.extend_from_slice(format!("kept {}\n", hex::encode(&hash)).as_bytes());
            }
        }
        let journal = Self { path: path.to_path_buf(), state: Mutex::new((file, lines)) };
        journal.flush()?;
        Ok(journal)
    }

    /// Notes that a file is finished; may be held back until the next [`Journal::flush`].
    pub fn done(&self, path: &[u8], size: u64, mtime: Timestamp) -> Result<(), RestoreError> {
        let hash = hex::encode(&path_hash(path));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("done {hash} {size} {} {}\n", mtime.seconds, mtime.nanos);
        state.1.extend_from_slice(line.as_bytes());
        if state.1.len() >= BUFFER_BYTES { self.write(&mut state) } else { Ok(()) }
    }

    /// Writes what was held back.
    pub fn flush(&self) -> Result<(), RestoreError> {
        self.write(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, state: &mut (File, Vec<u8>)) -> Result<(), RestoreError> {
        let (file, lines) = state;
        let written = file.write_all(lines);
        lines.clear();
        written.map_err(|error| RestoreError::Journal(SysError::at("write", &self.path, error)))
    }

    /// The restore succeeded: the journal goes.
    pub fn remove(self) -> Result<(), RestoreError> {
        file::remove_if_present(&self.path).map_err(RestoreError::Journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_found_again_and_a_cut_line_harms_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("restores/x.journal");
        let time = Timestamp { seconds: -5, nanos: 7 };
        let journal = Journal::open(&path, false, true, [path_hash(b"/kept")].into_iter()).unwrap();
        journal.done(b"/a", 10, time).unwrap();
        journal.flush().unwrap();
        drop(journal);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"done 12").unwrap();
        let journal = Journal::open(&path, true, false, std::iter::empty()).unwrap();
        journal.done(b"/b", 11, time).unwrap();
        journal.flush().unwrap();
        let past = Past::read(&path).unwrap();
        assert!(past.is_done(b"/a", 10, time) && past.is_done(b"/b", 11, time));
        assert!(!past.is_done(b"/a", 11, time) && !past.is_done(b"/c", 10, time));
        assert!(past.was_kept(b"/kept") && !past.was_kept(b"/a"));
        assert!(past.made_target && !past.rebooted);
        journal.remove().unwrap();
        assert!(Past::read(&path).is_none());
    }

    #[test]
    fn after_a_new_start_of_the_machine_nothing_is_believed() {
        let text = format!("{MARK}\nboot one\ndone {} 1 2 3\n", hex::encode(&path_hash(b"/a")));
        let time = Timestamp { seconds: 2, nanos: 3 };
        assert!(Past::parse(text.as_bytes(), Some("one")).unwrap().is_done(b"/a", 1, time));
        let after = Past::parse(text.as_bytes(), Some("two")).unwrap();
        assert!(after.rebooted && !after.is_done(b"/a", 1, time));
        assert!(Past::parse(text.as_bytes(), None).unwrap().rebooted);
        assert!(Past::parse(b"something else\n", None).is_none());
    }
}
