//! Our own files: state, caches, keys. Written whole or not at all, readable to the owner alone.
//!
//! For the user's data see `dir` and `target`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::ops::Deref;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

use crate::sys::error::{SysError, SysResult};

/// Replaces `path` by a file with these bytes (mode 0600): after a crash either the old or the new
/// contents are there, whole.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> SysResult<()> {
    atomic_write_with(path, |file| file.write_all(bytes))
}

/// The same with contents that `fill` writes piece by piece; if it fails, `path` stays as it was.
pub fn atomic_write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> SysResult<()> {
    let (mut file, draft) = create_draft(path).map_err(|error| SysError::at("write", path, error))?;
    let written = fill(&mut file)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| SysError::at("write", path, error));
    if let Err(error) = written {
        // The draft is ours and of no use; the first error is what matters.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    sync_dir(parent_of(path))
}

/// Makes the file `path` (mode 0600) with these bytes; it must not exist. What cannot be written whole is
/// removed again.
pub fn create_private(path: &Path, bytes: &[u8]) -> SysResult<()> {
    let failed = |error| SysError::at("create", path, error);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        // Made by us a moment ago, and of no use; the first error is what matters.
        let _ = fs::remove_file(path);
        return Err(failed(error));
    }
    sync_dir(parent_of(path))
}

/// Makes renames, creations and removals in the directory `path` durable.
pub fn sync_dir(path: &Path) -> SysResult<()> {
    let synced = File::open(path).and_then(|dir| dir.sync_all());
    match synced {
        // Some file systems cannot sync a directory, and need not.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        result => result.map_err(|error| SysError::at("sync the directory", path, error)),
    }
}

/// Makes everything written to the file system of `path` durable.
#[cfg(target_os = "linux")]
pub fn sync_file_system(path: &Path) -> SysResult<()> {
    File::open(path)
        .and_then(|file| Ok(rustix::fs::syncfs(file)?))
        .map_err(|error| SysError::at("sync the file system of", path, error))
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

/// A new file beside `path` under a name that nobody else uses.
fn create_draft(path: &Path) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    if path.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it has no file name"));
    }
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Short whatever the file's own name is, for that may be 255 bytes long already.
        let name = format!(".lifeboat-{}-{number}.tmp", std::process::id());
        let draft = parent_of(path).join(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft) {
            Ok(file) => return Ok((file, draft)),
            // Left by a crashed process that had our number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes the directory `path` and what is missing above it, accessible to the owner alone; one that
/// is there must be ours and is closed to others.
pub fn create_private_dir(path: &Path) -> SysResult<()> {
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let found = fs::symlink_metadata(path).and_then(|own| match own.is_symlink() {
            true => fs::metadata(path),
            false => Ok(own),
        })?;
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
        }
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(found.mode() & 0o7700))?;
        }
        Ok(())
    };
    make().map_err(|error| SysError::at("create the private directory", path, error))
}

/// The contents of `path`, refused beyond `max_bytes` whatever length the file claims to have.
pub fn read_bounded(path: &Path, max_bytes: u64) -> SysResult<Vec<u8>> {
    let read = || {
        let file = File::open(path)?;
        let expected = file.metadata()?.len().min(max_bytes);
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0).min(16 << 20));
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max_bytes {
            let text = format!("it is longer than {max_bytes} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
        }
        Ok(bytes)
    };
    read().map_err(|error| SysError::at("read", path, error))
}

/// Removes the file `path`; what is not there is no error.
pub fn remove_if_present(path: &Path) -> SysResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SysError::at("remove", path, error)),
        _ => Ok(()),
    }
}

/// A file of ours mapped for reading; dereferences to its bytes.
///
/// Only for files that are written once by `atomic_write` in a private directory.
#[derive(Debug)]
pub struct Mapped(Option<Mmap>);

impl Mapped {
    /// Maps `path`; refused beyond `max_bytes`, and unless it is a regular file that is ours (or
    /// root's) and that no other user may write.
    pub fn open(path: &Path, max_bytes: u64) -> SysResult<Self> {
        Self::map(path, max_bytes).map_err(|error| SysError::at("map", path, error))
    }

    fn map(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() || found.len() > max_bytes {
            let text = format!("it is no regular file of at most {max_bytes} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let ours = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
        if !ours || found.mode() & 0o022 != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user may write it"));
        }
        if found.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the bytes must not change while they are borrowed, nor the file become shorter.
        // No other user can write it (checked above on the open file), and we never write in place:
        // every file that is mapped is made by `atomic_write`, which replaces the name and leaves
        // the mapped inode untouched.
        Ok(Self(Some(unsafe { Mmap::map(&file)? })))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_whole_file_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n".repeat(255));
        for contents in [&b"first"[..], b"", b"second and longer"] {
            atomic_write(&path, contents).unwrap();
            assert_eq!(fs::read(&path).unwrap(), contents);
        }
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_that_fails_keeps_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        atomic_write(&path, b"old").unwrap();
        let failed = atomic_write_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::from_raw_os_error(libc::ENOSPC))
        });
        assert!(failed.unwrap_err().is_full());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn reading_stops_at_the_bound_even_where_the_length_is_a_lie() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, [1; 100]).unwrap();
        assert_eq!(read_bounded(&path, 100).unwrap().len(), 100);
        assert!(read_bounded(&path, 99).unwrap_err().is_full());
        assert!(read_bounded(Path::new("/dev/zero"), 1 << 20).is_err());
        assert!(read_bounded(&dir.path().join("none"), 9).unwrap_err().is_not_found());
    }

    #[test]
    fn a_private_directory_is_closed_to_others_even_if_it_was_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        create_private_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        create_private_dir(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(dir.path().join("a")).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn files_are_mapped_unless_they_are_too_long_or_others_may_write_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        atomic_write(&path, b"bytes").unwrap();
        let mapped = Mapped::open(&path, 5).unwrap();
        assert_eq!(&*mapped, b"bytes");
        atomic_write(&path, b"").unwrap();
        assert_eq!(&*mapped, b"bytes");
        assert_eq!(&*Mapped::open(&path, 5).unwrap(), b"");
        atomic_write(&path, b"longer").unwrap();
        assert!(Mapped::open(&path, 5).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Mapped::open(&path, 9).unwrap_err().is_denied());
        assert!(Mapped::open(Path::new("/dev/zero"), 9).is_err());
    }
}
