//! A store in a directory: an object is a file, its key the path beneath the root.
//!
//! Objects are written in `tmp/`, made durable, and then renamed into place without replacing, so a
//! process killed at any moment leaves an object or nothing. There is no lock on reading or creating;
//! only a swap holds one, which dies with its process. Everything is private to the owner (0700 and
//! 0600). It deliberately trusts nothing beneath the root: no link is followed.

mod beneath;
mod folders;
mod temporary;
mod walk;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::store::directory::beneath::Beneath;
use crate::store::directory::folders::Folders;
use crate::store::directory::temporary::Temporary;
use crate::store::error::StoreError;
use crate::store::key::{Key, RESERVED_SEGMENT as TMP, check_prefix};
use crate::store::{BlockingStore, ObjectMeta, Version};

/// Locked by swaps (alone) and deletes (together); never removed, or two could lock different files.
const LOCK_NAME: &str = "swap-lock";

/// A directory of objects. Clones share it.
#[derive(Clone, Debug)]
pub struct DirectoryStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    location: String,
    beneath: Beneath,
    folders: Folders,
}

impl DirectoryStore {
    /// Opens the store in a directory that exists; `NoStore` where there is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        // Absolute, so that messages and caches mean the same place whatever the working directory.
        let path = std::path::absolute(path.as_ref()).unwrap_or_else(|_| path.as_ref().to_owned());
        let location = path.to_string_lossy().into_owned();
        let beneath = match Beneath::open(&path) {
            Ok(beneath) => beneath,
            Err(Errno::NOENT | Errno::NOTDIR) => return Err(StoreError::NoStore { location }),
            Err(error) => return Err(StoreError::from_io(&location, "the directory", "open", error.into())),
        };
        if let Ok(directory) = beneath.open_dir(TMP) {
            temporary::sweep(&directory);
        }
        Ok(Self(Arc::new(Inner { location, beneath, folders: Folders::default() })))
    }

    /// Opens the store in a directory that is made, with its parents, where it is missing.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = std::path::absolute(path.as_ref()).unwrap_or_else(|_| path.as_ref().to_owned());
        folders::make_root(&path)
            .map_err(|error| StoreError::from_io(&path.to_string_lossy(), "the directory", "make", error))?;
        Self::open(path)
    }
}

impl Inner {
    fn error(&self, key: &str, action: &'static str, source: impl Into<io::Error>) -> StoreError {
        StoreError::from_io(&self.location, key, action, source.into())
    }

    /// An error met on the way to an object for reading it: what is no file is no object.
    fn read_error(&self, key: &Key, error: Errno) -> StoreError {
        let (location, name) = (self.location.clone(), key.to_string());
        match error {
            Errno::NOTDIR | Errno::ISDIR => StoreError::NotFound { location, key: name },
            Errno::NXIO => StoreError::Refused { location, key: name, why: "it is not a regular file" },
            error => self.error(key.as_str(), "read", error),
        }
    }

    fn exists(&self, key: &Key) -> StoreError {
        StoreError::AlreadyExists { location: self.location.clone(), key: key.to_string() }
    }

    fn conflict(&self, key: &Key) -> StoreError {
        StoreError::Conflict { location: self.location.clone(), key: key.to_string() }
    }

    /// Opens an object and tells its size in bytes.
    fn open_object(&self, key: &Key) -> Result<(OwnedFd, u64), StoreError> {
        let open = || {
            let file = self.beneath.open_file(key.as_str())?;
            let size = fs::fstat(&file)?.st_size;
            // A file's size is never negative.
            Ok((file, u64::try_from(size).unwrap_or(0)))
        };
        open().map_err(|error| self.read_error(key, error))
    }

    /// Exactly the bytes of `range`, which the caller has found to lie within the file.
    fn read_exactly(&self, key: &Key, file: &OwnedFd, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let action = |source: io::Error| self.error(key.as_str(), "read", source);
        let length = usize::try_from(range.end - range.start)
            .map_err(|_| action(io::Error::other("it does not fit into memory")))?;
        let mut body = Vec::new();
        body.try_reserve_exact(length).map_err(|_| action(Errno::NOMEM.into()))?;
        while body.len() < length {
            let offset = range.start + body.len() as u64;
            // The capacity may be larger than was asked for; what comes too much is cut off below.
            match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut body), offset) {
                Ok(0) => {
                    let (location, key) = (self.location.clone(), key.to_string());
                    return Err(StoreError::ShortRead { location, key, range, size: offset });
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(action(error.into())),
            }
        }
        body.truncate(length);
        Ok(body)
    }

    /// Writes `body` and puts it in place with `place`; `EXIST` is told apart by the caller.
    fn write(
        &self,
        key: &Key,
        body: &Bytes,
        place: impl FnOnce(Temporary, &OwnedFd, &str) -> Result<(), Errno>,
    ) -> io::Result<()> {
        let (path, leaf) = key.split();
        let folder = self.folders.open_or_make(&self.beneath, path)?;
        let temporary = Temporary::write(folders::open_or_make_tmp(&self.beneath)?, body)?;
        place(temporary, &folder, leaf)?;
        Ok(folders::sync(&folder)?)
    }

    fn write_error(&self, key: &Key, error: io::Error) -> StoreError {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            // Not "not found": something it stands on was taken away meanwhile.
            Some(Errno::NOENT) => StoreError::Io {
                location: self.location.clone(),
                key: key.to_string(),
                action: "write",
                source: error,
            },
            Some(Errno::OPNOTSUPP) => StoreError::Unsupported {
                location: self.location.clone(),
                why: "this file system can neither rename without replacing nor make hard links; \
                      keep the repository on another one"
                    .into(),
            },
            _ => self.error(key.as_str(), "write", error),
        }
    }

    /// Holds off swaps (or, `exclusive`, deletes too) in every process until the file is dropped.
    fn lock(&self, exclusive: bool) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(
            folders::open_or_make_tmp(&self.beneath)?,
            LOCK_NAME,
            flags,
            Mode::from_raw_mode(0o600),
        )?;
        let operation = if exclusive { FlockOperation::LockExclusive } else { FlockOperation::LockShared };
        loop {
            match fs::flock(&file, operation) {
                Err(Errno::INTR) => {}
                result => return result.map(|()| file),
            }
        }
    }
}

impl BlockingStore for DirectoryStore {
    fn location_now(&self) -> String {
        self.0.location.clone()
    }

    fn create_now(&self, key: &Key, body: &Bytes) -> Result<(), StoreError> {
        // Spares the writing; what decides is the rename.
        if self.0.beneath.stat(key.as_str()).is_ok() {
            return Err(self.0.exists(key));
        }
        match self.0.write(key, body, Temporary::place_new) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.0.exists(key)),
            result => result.map_err(|error| self.0.write_error(key, error)),
        }
    }

    fn swap_now(&self, key: &Key, expected: Option<&Version>, body: &Bytes) -> Result<Version, StoreError> {
        let _lock = self.0.lock(true).map_err(|error| self.0.write_error(key, error.into()))?;
        let current = match self.get_now(key, u64::MAX) {
            Ok((_, version)) => Some(version),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        if current.as_ref() != expected {
            return Err(self.0.conflict(key));
        }
        // A create takes no lock, so only a rename that replaces nothing can win against one.
        let place = if expected.is_none() { Temporary::place_new } else { Temporary::place_over };
        match self.0.write(key, body, place) {
            Ok(()) => Ok(Version::of_contents(body.clone())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.0.conflict(key)),
            Err(error) => Err(self.0.write_error(key, error)),
        }
    }

    fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
        let (file, size) = self.0.open_object(key)?;
        if size > max_bytes {
            let (location, key) = (self.0.location.clone(), key.to_string());
            return Err(StoreError::TooLarge { location, key, size, max: max_bytes });
        }
        let body = Bytes::from(self.0.read_exactly(key, &file, 0..size)?);
        let version = Version::of_contents(body.clone());
        Ok((body, version))
    }

    fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let (file, size) = self.0.open_object(key)?;
        if range.start > range.end || range.end > size {
            let (location, key) = (self.0.location.clone(), key.to_string());
            return Err(StoreError::ShortRead { location, key, range, size });
        }
        Ok(self.0.read_exactly(key, &file, range)?.into())
    }

    fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        let stat = self.0.beneath.stat(key.as_str()).map_err(|error| self.0.read_error(key, error))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(walk::meta(key.clone(), &stat)),
            FileType::Directory => Err(self.0.read_error(key, Errno::ISDIR)),
            FileType::Symlink => Err(self.0.read_error(key, Errno::LOOP)),
            _ => Err(self.0.read_error(key, Errno::NXIO)),
        }
    }

    fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        check_prefix(prefix)?;
        walk::list(&self.0.beneath, prefix).map_err(|(path, error)| {
            let shown = if path.is_empty() { "its objects" } else { &path };
            self.0.error(shown, "list", error)
        })
    }

    fn delete_now(&self, key: &Key) -> Result<(), StoreError> {
        let (path, leaf) = key.split();
        let delete = || {
            let folder = self.0.beneath.open_dir(path)?;
            let lock = self.0.lock(false)?;
            fs::unlinkat(&folder, leaf, AtFlags::empty())?;
            drop(lock);
            folders::sync(&folder)
        };
        match delete() {
            // A directory is no object either.
            Ok(()) | Err(Errno::NOENT | Errno::NOTDIR | Errno::ISDIR) => Ok(()),
            Err(error) => Err(self.0.error(key.as_str(), "delete", error)),
        }
    }
}
