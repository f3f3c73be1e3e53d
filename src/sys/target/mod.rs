//! Writing strictly beneath a restore's target, whatever the names in a repository say.
//!
//! Every operation takes ONE name in ONE open directory. A name with a `/`, `.` or `..` is refused,
//! and no link is ever followed, so there is nothing by which a repository, or somebody who swaps
//! directories for links while we work, could lead a write elsewhere. Paths beyond `PATH_MAX` work
//! because no path is ever joined.

pub mod attributes;
pub mod content;
pub mod remove;
pub mod replace;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::sys::dir::DirHandle;
use crate::sys::error::{SysError, SysResult};
use crate::sys::open;
use crate::sys::path::{Place, check_name};
use crate::sys::stat::{FileKind, Stat};

/// The directory beneath which a restore writes.
#[derive(Clone, Debug)]
pub struct Target(TargetDir);

/// An open directory at or beneath the target. Cloning shares the handle.
#[derive(Clone, Debug)]
pub struct TargetDir(DirHandle);

/// What a special file is, with what making it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A socket's place.
    Socket,
    /// A character device, by major and minor number.
    CharDev(u32, u32),
    /// A block device, by major and minor number.
    BlockDev(u32, u32),
}

impl Target {
    /// Opens the directory `path`, which must be there. Links in `path` itself are the user's own
    /// and are followed.
    pub fn open(path: &Path) -> SysResult<Self> {
        Ok(Self(TargetDir(DirHandle::open_root(path)?)))
    }

    /// Makes the directory `path` with what is missing above it, and opens it.
    pub fn create(path: &Path) -> SysResult<Self> {
        let bytes = path.as_os_str().as_bytes();
        let fd = create_long(bytes).map_err(|error| SysError::new("create the directory", bytes, error))?;
        Ok(Self(TargetDir(DirHandle::from_fd(fd, Place::root(bytes)))))
    }

    /// The target itself as a directory to write in.
    pub fn root(&self) -> &TargetDir {
        &self.0
    }

    /// The directory `names` beneath the target; no link on the way is followed.
    pub fn dir(&self, names: &[&[u8]]) -> SysResult<TargetDir> {
        Ok(TargetDir(self.0.0.open_below(names)?))
    }

    /// The directory `names` beneath the target, made where it is missing (mode 0700).
    pub fn make_dirs(&self, names: &[&[u8]]) -> SysResult<TargetDir> {
        let error = match self.dir(names) {
            Err(error) if error.is_not_found() => error,
            result => return result,
        };
        let mut reached = self.0.clone();
        for name in names {
            reached = reached.ensure_dir(name)?.0;
        }
        if names.is_empty() { Err(error) } else { Ok(reached) }
    }

    /// Opens again a directory beneath the target whose handle was given up.
    pub fn reopen(&self, place: &Place) -> SysResult<TargetDir> {
        Ok(TargetDir(self.0.0.reopen(place)?))
    }
}

impl TargetDir {
    /// The directory as something to read and scan.
    pub fn handle(&self) -> &DirHandle {
        &self.0
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        self.0.place()
    }

    /// What `name` is, or `None` if there is no such thing.
    pub fn look(&self, name: &[u8]) -> SysResult<Option<Stat>> {
        match self.0.stat_child(name) {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the directory `name`; a link is refused.
    pub fn open_dir(&self, name: &[u8]) -> SysResult<TargetDir> {
        Ok(Self(self.0.open_child(name)?))
    }

    /// Makes the directory `name`, readable to us alone until its metadata is set, and opens it.
    pub fn make_dir(&self, name: &[u8]) -> SysResult<TargetDir> {
        self.doing("create the directory", name, |dir| {
            Ok(rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(0o700))?)
        })?;
        self.open_dir(name)
    }

    /// Opens the directory `name`, making it if it is missing; tells whether it was made.
    pub fn ensure_dir(&self, name: &[u8]) -> SysResult<(TargetDir, bool)> {
        match self.make_dir(name) {
            Ok(dir) => Ok((dir, true)),
            Err(error) if error.io_kind() == io::ErrorKind::AlreadyExists => {
                Ok((self.open_dir(name)?, false))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the regular file `name`, which must not be there, readable to us alone until its
    /// metadata is set; opened for reading and writing.
    pub fn create_file(&self, name: &[u8]) -> SysResult<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.doing("create", name, |dir| {
            Ok(rustix::fs::openat(dir, name, flags, Mode::from_raw_mode(0o600))?.into())
        })
    }

    /// Opens the regular file `name` to change it in place, with its metadata. Anything but a
    /// regular file is refused. A file with more than one name (`nlink`) may have one outside the
    /// target: the caller decides whether it may be written through.
    pub fn open_existing_for_update(&self, name: &[u8]) -> SysResult<(File, Stat)> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        self.doing("open for update", name, |dir| {
            // Looked at first, because opening a device may already do something.
            let is_file = |stat: &Stat| match stat.kind {
                FileKind::File => Ok(()),
                _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")),
            };
            is_file(&Stat::of_child(dir, name)?)?;
            let file = File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?);
            let stat = Stat::of_fd(&file)?;
            is_file(&stat)?;
            Ok((file, stat))
        })
    }

    /// Makes the symbolic link `name`; where it points to is never looked at.
    pub fn make_symlink(&self, name: &[u8], points_to: &[u8]) -> SysResult<()> {
        self.doing("create the link", name, |dir| Ok(rustix::fs::symlinkat(points_to, dir, name)?))
    }

    /// Makes `name` one more name of `from_name` in `from_dir`, itself beneath the target; of a
    /// symbolic link, the link gets the name.
    pub fn make_link(&self, name: &[u8], from_dir: &TargetDir, from_name: &[u8]) -> SysResult<()> {
        self.doing("create the hard link", name, |dir| {
            check_name(from_name)?;
            Ok(rustix::fs::linkat(from_dir, from_name, dir, name, AtFlags::empty())?)
        })
    }

    /// Makes a pipe, a socket's place or a device, usable by us alone until its metadata is set.
    pub fn make_special(&self, name: &[u8], special: Special) -> SysResult<()> {
        let (file_type, device) = match special {
            Special::Fifo => (FileType::Fifo, 0),
            Special::Socket => (FileType::Socket, 0),
            Special::CharDev(major, minor) => (FileType::CharacterDevice, rustix::fs::makedev(major, minor)),
            Special::BlockDev(major, minor) => (FileType::BlockDevice, rustix::fs::makedev(major, minor)),
        };
        self.doing("create the special file", name, |dir| {
            Ok(rustix::fs::mknodat(dir, name, file_type, Mode::from_raw_mode(0o600), device)?)
        })
    }

    /// Removes the file, link or special file `name`; what is not there is no error.
    pub fn unlink(&self, name: &[u8]) -> SysResult<()> {
        self.removing(name, AtFlags::empty())
    }

    /// Removes the empty directory `name`; what is not there is no error.
    pub fn remove_dir(&self, name: &[u8]) -> SysResult<()> {
        self.removing(name, AtFlags::REMOVEDIR)
    }

    fn removing(&self, name: &[u8], flags: AtFlags) -> SysResult<()> {
        self.doing("remove", name, |dir| match rustix::fs::unlinkat(dir, name, flags) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }

    /// Renames `name` to `to_name` in `to_dir`, itself beneath the target. Without `replace`,
    /// whatever has that name already is kept, and the answer is an error.
    pub fn rename(&self, name: &[u8], to_dir: &TargetDir, to_name: &[u8], replace: bool) -> SysResult<()> {
        self.doing("rename", name, |dir| {
            check_name(to_name)?;
            if replace {
                return Ok(rustix::fs::renameat(dir, name, to_dir, to_name)?);
            }
            match rustix::fs::renameat_with(dir, name, to_dir, to_name, RenameFlags::NOREPLACE) {
                // A file system without this flag: a link never replaces, and so does as well.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    rustix::fs::linkat(dir, name, to_dir, to_name, AtFlags::empty())?;
                    Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
                }
                result => Ok(result?),
            }
        })
    }

    /// Makes what was done in this directory durable.
    pub fn sync(&self) -> SysResult<()> {
        rustix::fs::fsync(self).map_err(|error| SysError::new("sync the directory", self.0.path(), error))
    }

    /// Makes everything written to the target's file system durable.
    pub fn sync_file_system(&self) -> SysResult<()> {
        rustix::fs::syncfs(self)
            .map_err(|error| SysError::new("sync the file system of", self.0.path(), error))
    }

    /// Runs `act` on `name` once the name is known to be one; names both in an error.
    fn doing<T>(
        &self,
        op: &'static str,
        name: &[u8],
        act: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>,
    ) -> SysResult<T> {
        check_name(name).and_then(|()| act(self.as_fd())).map_err(|error| self.0.error(op, name, error))
    }
}

impl AsFd for TargetDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes and opens a directory by a path of any length; links in it are followed.
fn create_long(path: &[u8]) -> io::Result<OwnedFd> {
    let start: &[u8] = if path.starts_with(b"/") { b"/" } else { b"." };
    let mut reached = open::on_the_way(start)?;
    for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        reached = match open::step_into(&reached, name) {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(&reached, name, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                open::step_into(&reached, name)?
            }
            result => result?,
        };
    }
    open::for_reading(&reached)
}

#[cfg(test)]
mod tests;
