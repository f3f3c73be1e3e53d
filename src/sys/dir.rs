//! Reading directories by handle: open once, then look up single names in it.
//!
//! A scan reads all names with one reused buffer, stats them in inode order (which on a cold disk
//! is the order they lie in), and answers sorted by name. Nothing here follows a symbolic link
//! below the root that the user named.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use crate::sys::error::{SysError, SysResult};
use crate::sys::open;
use crate::sys::path::{Place, check_name};
use crate::sys::stat::{FileKind, Stat};

/// Bytes of names asked of the kernel at once.
const NAMES_BUFFER_BYTES: usize = 64 << 10;

/// An open directory. Cloning shares the handle.
#[derive(Clone, Debug)]
pub struct DirHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fd: OwnedFd,
    place: Place,
    /// Held while names are read: the reading position belongs to the handle, not to the reader.
    /// True once it may have moved.
    reading: Mutex<bool>,
}

/// A name in a directory, as reading the directory gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name's bytes.
    pub name: Vec<u8>,
    /// What it is, where the file system says so without a stat.
    pub kind: Option<FileKind>,
    /// Inode number; that of the covered directory at a mount point.
    pub ino: u64,
}

/// An entry with its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name's bytes.
    pub name: Vec<u8>,
    /// Its metadata at the time of the scan.
    pub stat: Stat,
}

/// A directory as one scan found it.
#[derive(Debug, Default)]
pub struct Listing {
    /// What could be looked at, sorted by name.
    pub entries: Vec<Listed>,
    /// What could not, sorted by name. "Not found" means that it vanished meanwhile.
    pub errors: Vec<(Vec<u8>, io::Error)>,
}

/// A directory seen but not open: it costs no file descriptor until it is opened.
#[derive(Clone, Debug)]
pub struct ClosedDir {
    /// Where it was seen.
    pub parent: DirHandle,
    /// Its name there.
    pub name: Vec<u8>,
    /// Device and inode it must still have.
    pub identity: (u64, u64),
}

impl ClosedDir {
    /// Opens it; an error if another directory has taken its name.
    pub fn open(&self) -> SysResult<DirHandle> {
        let dir = self.parent.open_child(&self.name)?;
        let found = dir.stat()?;
        if (found.dev, found.ino) != self.identity {
            let source = io::Error::other("another directory has taken its name meanwhile");
            return Err(SysError::new("open", dir.path(), source));
        }
        Ok(dir)
    }
}

impl DirHandle {
    /// Opens the directory that the user named, of any length; links in it are followed.
    pub fn open_root(path: &Path) -> SysResult<Self> {
        let bytes = path.as_os_str().as_bytes();
        let fd = open::long_path(bytes).map_err(|error| SysError::new("open", bytes, error))?;
        Ok(Self::from_fd(fd, Place::root(bytes)))
    }

    /// Opens the directory that holds what the user named, and its name there: for sources that are
    /// files or links. Paths that end in no name (`/`, `..`) are refused.
    pub fn open_parent(path: &Path) -> SysResult<(Self, Vec<u8>)> {
        let bytes = path.as_os_str().as_bytes();
        let length = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let start = bytes[..length].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let name = &bytes[start..length];
        check_name(name).map_err(|error| SysError::new("open what holds", bytes, error))?;
        let parent: &[u8] = if start == 0 { b"." } else { &bytes[..start] };
        let fd = open::long_path(parent).map_err(|error| SysError::new("open", parent, error))?;
        Ok((Self::from_fd(fd, Place::root(&bytes[..start])), name.to_vec()))
    }

    pub(in crate::sys) fn from_fd(fd: OwnedFd, place: Place) -> Self {
        Self(Arc::new(Inner { fd, place, reading: Mutex::new(false) }))
    }

    /// The descriptor itself, unless another clone shares it.
    pub(in crate::sys) fn try_into_fd(self) -> Option<OwnedFd> {
        Arc::into_inner(self.0).map(|inner| inner.fd)
    }

    /// Opens the directory `name` in this one; a link is not followed.
    pub fn open_child(&self, name: &[u8]) -> SysResult<Self> {
        let fd = check_name(name)
            .and_then(|()| open::child(self.as_fd(), name))
            .map_err(|error| self.error("open the directory", name, error))?;
        Ok(Self::from_fd(fd, self.0.place.child(name)))
    }

    /// Opens the directory that lies `names` below this one; no link on the way is followed.
    pub fn open_below(&self, names: &[&[u8]]) -> SysResult<Self> {
        let place = names.iter().fold(self.0.place.clone(), |place, name| place.child(name));
        let fd = open::below(self.as_fd(), names)
            .map_err(|error| SysError::new("open the directory", place.path(), error))?;
        Ok(Self::from_fd(fd, place))
    }

    /// Opens again what `place` stood for; this handle must be the root that it was found below.
    pub fn reopen(&self, place: &Place) -> SysResult<Self> {
        let fd = open::below(self.as_fd(), &place.names())
            .map_err(|error| SysError::new("open the directory", place.path(), error))?;
        Ok(Self::from_fd(fd, place.clone()))
    }

    /// Remembers the child directory `listed` without opening it.
    pub fn closed_child(&self, listed: &Listed) -> ClosedDir {
        let identity = (listed.stat.dev, listed.stat.ino);
        ClosedDir { parent: self.clone(), name: listed.name.clone(), identity }
    }

    /// Where this directory was opened.
    pub fn place(&self) -> &Place {
        &self.0.place
    }

    /// The path's bytes, for messages.
    pub fn path(&self) -> Vec<u8> {
        self.0.place.path()
    }

    /// The directory's own metadata.
    pub fn stat(&self) -> SysResult<Stat> {
        Stat::of_fd(self).map_err(|error| SysError::new("look at", self.path(), error))
    }

    /// The names in this directory without `.` and `..`, sorted bytewise.
    pub fn read_names(&self) -> SysResult<Vec<Name>> {
        self.read_unsorted()
            .map(|mut names| {
                names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                names
            })
            .map_err(|error| SysError::new("read the directory", self.path(), error))
    }

    fn read_unsorted(&self) -> io::Result<Vec<Name>> {
        // A poisoned lock only means that another reader panicked; the position is set anew here.
        let mut has_moved = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *has_moved, true) {
            rustix::fs::seek(&self.0.fd, SeekFrom::Start(0))?;
        }
        let mut buffer = Vec::with_capacity(NAMES_BUFFER_BYTES);
        let mut reader = RawDir::new(&self.0.fd, buffer.spare_capacity_mut());
        let mut names = Vec::new();
        while let Some(entry) = reader.next() {
            let entry = match entry {
                Err(Errno::INTR) => continue,
                // A directory removed while it is read has no more names.
                Err(Errno::NOENT) => break,
                entry => entry?,
            };
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let kind = FileKind::from_type(entry.file_type());
                names.push(Name { name: name.to_vec(), kind, ino: entry.ino() });
            }
        }
        Ok(names)
    }

    /// The metadata of `name`; a link's own.
    pub fn stat_child(&self, name: &[u8]) -> SysResult<Stat> {
        check_name(name)
            .and_then(|()| Stat::of_child(self, name))
            .map_err(|error| self.error("look at", name, error))
    }

    /// Opens `name` for reading without following a link and without waiting for a pipe's other end;
    /// the access time stays as it is where the system lets us. What was opened may be anything.
    pub fn open_file_child(&self, name: &[u8]) -> SysResult<File> {
        check_name(name).and_then(|()| self.open_file(name)).map_err(|error| self.error("open", name, error))
    }

    fn open_file(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let open = |flags| rustix::fs::openat(self, name, flags, Mode::empty());
        let fd = match open(flags | OFlags::NOATIME) {
            // Only a file's owner may leave its access time alone.
            Err(Errno::PERM) => open(flags),
            result => result,
        };
        match fd {
            // Someone holds a lease on the file, which opening without waiting does not break.
            Err(Errno::WOULDBLOCK) if Stat::of_child(self, name)?.kind == FileKind::File => {
                Ok(open(flags - OFlags::NONBLOCK)?.into())
            }
            fd => Ok(fd?.into()),
        }
    }

    /// Opens the regular file `name` for reading, with its metadata as of the opening; anything else
    /// is an error.
    pub fn open_regular_child(&self, name: &[u8]) -> SysResult<(File, Stat)> {
        let file = self.open_file_child(name)?;
        let stat = Stat::of_fd(&file).map_err(|error| self.error("look at", name, error))?;
        if stat.kind != FileKind::File {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file any more");
            return Err(self.error("open", name, source));
        }
        Ok((file, stat))
    }

    /// Where the symbolic link `name` points to, of any length.
    pub fn read_link_child(&self, name: &[u8]) -> SysResult<Vec<u8>> {
        check_name(name)
            .and_then(|()| Ok(rustix::fs::readlinkat(self, name, Vec::new())?.into_bytes()))
            .map_err(|error| self.error("read the link", name, error))
    }

    /// An error of `op` on `name` in this directory.
    pub fn error(&self, op: &'static str, name: &[u8], source: impl Into<io::Error>) -> SysError {
        SysError::new(op, self.0.place.path_of(name), source)
    }
}

impl AsFd for DirHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.fd.as_fd()
    }
}

/// Reads the directory and looks at every entry, in one go.
pub fn scan(dir: &DirHandle) -> SysResult<Listing> {
    let names = dir.read_names()?;
    let mut order: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
    order.sort_unstable_by_key(|index| names[*index as usize].ino);
    let mut stats: Vec<Option<io::Result<Stat>>> = Vec::new();
    stats.resize_with(names.len(), || None);
    for index in order {
        stats[index as usize] = Some(Stat::of_child(dir, &names[index as usize].name));
    }
    let mut listing = Listing { entries: Vec::with_capacity(names.len()), errors: Vec::new() };
    for (Name { name, .. }, stat) in names.into_iter().zip(stats) {
        match stat.unwrap_or_else(|| Err(io::Error::other("too many entries"))) {
            Ok(stat) => listing.entries.push(Listed { name, stat }),
            Err(error) => listing.errors.push((name, error)),
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests;
