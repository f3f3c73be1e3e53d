//! Files that are being written: in the root's `tmp` directory, invisible to every operation, and
//! gone again unless they are put in place whole and durable.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{self, AtFlags, FallocateFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::base::hex;

const NAME_PREFIX: &str = "write-";
/// How old a file must be before it counts as left behind by a writer that died. A slower writer
/// would fail, saying so; nothing would be damaged.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Bodies below this size gain nothing from preallocation.
const PREALLOCATE_FROM_BYTES: u64 = 1 << 20;

/// A complete and durable file that has no place yet; removed when dropped without one.
pub struct Temporary {
    directory: OwnedFd,
    name: String,
    file: File,
    placed: bool,
}

impl Temporary {
    /// Writes `body` in `directory` and waits until the disk has it.
    pub fn write(directory: OwnedFd, body: &Bytes) -> io::Result<Self> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random).map_err(|_| io::Error::other("no random bytes to be had"))?;
        let name = format!("{NAME_PREFIX}{}", hex::encode(&random));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&directory, &name, flags, Mode::from_raw_mode(0o600))?);
        let mut temporary = Self { directory, name, file, placed: false };
        temporary.fill(body)?;
        Ok(temporary)
    }

    fn fill(&mut self, body: &Bytes) -> io::Result<()> {
        let length = body.len() as u64;
        if length >= PREALLOCATE_FROM_BYTES {
            // Only a favour to the disk: a file system that cannot does as well without.
            let preallocated = fs::fallocate(&self.file, FallocateFlags::empty(), 0, length);
            if let Err(full @ (Errno::NOSPC | Errno::DQUOT)) = preallocated {
                return Err(full.into());
            }
        }
        self.file.write_all(body)?;
        Ok(fs::fdatasync(&self.file)?)
    }

    /// Gives the file its place unless something stands there: then `EXIST`. Exactly one wins.
    pub fn place_new(mut self, parent: &OwnedFd, leaf: &str) -> Result<(), Errno> {
        let renamed = fs::renameat_with(&self.directory, &self.name, parent, leaf, RenameFlags::NOREPLACE);
        match renamed {
            Ok(()) => {
                self.placed = true;
                Ok(())
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link_new(parent, leaf),
            Err(error) => Err(error),
        }
    }

    /// The same for file systems whose rename always replaces: a hard link never does. The name in
    /// `tmp` goes when this is dropped. `OPNOTSUPP` where there are no hard links either.
    fn link_new(&self, parent: &OwnedFd, leaf: &str) -> Result<(), Errno> {
        match fs::linkat(&self.directory, &self.name, parent, leaf, AtFlags::empty()) {
            // Over a network the answer may have been lost and the call repeated: two names tell.
            Err(Errno::EXIST) if fs::fstat(&self.file)?.st_nlink > 1 => Ok(()),
            Err(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP) => Err(Errno::OPNOTSUPP),
            result => result,
        }
    }

    /// Gives the file its place, whatever stands there.
    pub fn place_over(mut self, parent: &OwnedFd, leaf: &str) -> Result<(), Errno> {
        fs::renameat(&self.directory, &self.name, parent, leaf)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is swept up by a later open.
            let _ = fs::unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
    }
}

/// Removes what writers that died have left in `directory` more than a day ago. Best effort: a store
/// that cannot be cleaned can still be read.
pub fn sweep(directory: &OwnedFd) {
    let Ok(entries) = fs::Dir::read_from(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_bytes().starts_with(NAME_PREFIX.as_bytes()) && is_abandoned(directory, name) {
            let _ = fs::unlinkat(directory, name, AtFlags::empty());
        }
    }
}

fn is_abandoned(directory: impl AsFd, name: &std::ffi::CStr) -> bool {
    let Ok(stat) = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) else { return false };
    let Ok(seconds) = u64::try_from(stat.st_mtime) else { return false };
    let written = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let age = written.and_then(|written| SystemTime::now().duration_since(written).ok());
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && age.is_some_and(|age| age > ABANDONED_AFTER)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read_dir};
    use std::path::Path;

    use bytes::Bytes;
    use rustix::fd::OwnedFd;
    use rustix::io::Errno;

    use super::Temporary;

    fn directory(path: &Path) -> OwnedFd {
        File::open(path).unwrap().into()
    }

    #[test]
    fn where_rename_always_replaces_a_link_takes_its_place_and_replaces_nothing() {
        let (tmp, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = directory(root.path());
        let first = Temporary::write(directory(tmp.path()), &Bytes::from_static(b"1")).unwrap();
        first.link_new(&folder, "object").unwrap();
        let second = Temporary::write(directory(tmp.path()), &Bytes::from_static(b"2")).unwrap();
        assert_eq!(second.link_new(&folder, "object"), Err(Errno::EXIST));
        // Its own link, asked for again, is the repetition of a call whose answer was lost.
        first.link_new(&folder, "object").unwrap();
        drop((first, second));
        assert_eq!(std::fs::read(root.path().join("object")).unwrap(), b"1");
        assert_eq!(read_dir(tmp.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_without_a_place_is_removed() {
        let (tmp, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let body = Bytes::from(vec![1; 3 << 20]);
        drop(Temporary::write(directory(tmp.path()), &body).unwrap());
        assert_eq!(read_dir(tmp.path()).unwrap().count(), 0);
        let placed = Temporary::write(directory(tmp.path()), &body).unwrap();
        placed.place_new(&directory(root.path()), "object").unwrap();
        assert_eq!(std::fs::read(root.path().join("object")).unwrap(), body);
        assert_eq!(read_dir(tmp.path()).unwrap().count(), 0);
    }
}
