//! Owner, attributes, mode, times and flags, in the one order in which none undoes another.
//!
//! 1. The owner, for a change of owner clears setuid bits and capabilities.
//! 2. Extended attributes, while the file is still writable; ACLs change the group's bits.
//! 3. The mode. 4. The times, which all of the above may touch. 5. Flags, for an immutable file takes
//!    nothing more.
//!
//! What cannot be set is reported and the rest is set nevertheless. A program whose owner could not
//! be set never becomes setuid: it would run as the wrong user.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid};
use rustix::io::Errno;

use crate::base::time::Timestamp;
use crate::sys::error::SysError;
use crate::sys::meta::{flags, xattrs};
use crate::sys::path::check_name;
use crate::sys::stat::{FileKind, Stat};
use crate::sys::target::TargetDir;

/// What a file is to have; `None` leaves as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    /// Owner by number.
    pub uid: Option<u32>,
    /// Group by number.
    pub gid: Option<u32>,
    /// Permission bits, `0..=0o7777`; not for links, which have none.
    pub mode12: Option<u32>,
    /// Whether a file may get setuid and setgid bits; directories get their setgid bit always.
    pub keep_setid: bool,
    /// When the contents last changed.
    pub mtime: Option<Timestamp>,
    /// When it was last read.
    pub atime: Option<Timestamp>,
    /// All extended attributes: others are removed.
    pub xattrs: Option<&'a [(Vec<u8>, Vec<u8>)]>,
    /// All restorable inode flags (`meta::flags`); for regular files and directories only.
    pub flags: Option<u32>,
}

/// How the subject is reached.
enum Handle<'a> {
    /// Opened for reading or writing.
    Open(&'a dyn AsFd),
    /// Opened only as a place, for what must not be opened otherwise.
    Place(&'a OwnedFd),
}

impl TargetDir {
    /// Sets the metadata of this directory; after all work in it.
    pub fn set_attributes(&self, wanted: &Attributes<'_>) -> Vec<SysError> {
        let path = || self.handle().path();
        apply(&Handle::Open(self), FileKind::Dir, wanted, &path)
    }

    /// Sets the metadata of the open file `name`; after its contents.
    pub fn set_file_attributes(&self, name: &[u8], file: &File, wanted: &Attributes<'_>) -> Vec<SysError> {
        let path = || self.place().path_of(name);
        apply(&Handle::Open(file), FileKind::File, wanted, &path)
    }

    /// Sets the metadata of `name`, whatever it is, without following or opening it: for links,
    /// pipes, sockets and devices, and for files and directories that only need new metadata.
    pub fn set_child_attributes(&self, name: &[u8], wanted: &Attributes<'_>) -> Vec<SysError> {
        let path = || self.place().path_of(name);
        let open = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = check_name(name).and_then(|()| {
            let fd = rustix::fs::openat(self, name, open, Mode::empty())?;
            let kind = Stat::of_fd(&fd)?.kind;
            Ok((fd, kind))
        });
        match opened {
            Ok((fd, kind)) => apply(&Handle::Place(&fd), kind, wanted, &path),
            Err(error) => vec![SysError::new("set the metadata of", path(), error)],
        }
    }

    /// Clears the flags that forbid changing or removing `name`, where we may; tells whether any
    /// was set and is now cleared.
    pub fn clear_forbidding_flags(&self, name: &[u8]) -> bool {
        let Ok(stat) = self.handle().stat_child(name) else { return false };
        if !matches!(stat.kind, FileKind::File | FileKind::Dir) {
            return false;
        }
        let Ok(file) = self.handle().open_file_child(name) else { return false };
        // It may have been swapped for a device since it was looked at.
        if !Stat::of_fd(&file).is_ok_and(|opened| opened.is_same_file(&stat)) {
            return false;
        }
        match flags::get(&file) {
            Ok(present) if present & flags::FORBIDDING != 0 => {
                flags::set(&file, present & !flags::FORBIDDING).is_ok()
            }
            _ => false,
        }
    }
}

fn apply(
    handle: &Handle<'_>,
    kind: FileKind,
    wanted: &Attributes<'_>,
    path: &dyn Fn() -> Vec<u8>,
) -> Vec<SysError> {
    let mut failed = Vec::new();
    let mut note = |op, result: io::Result<()>| match result {
        Ok(()) => true,
        Err(error) => {
            failed.push(SysError::new(op, path(), error));
            false
        }
    };
    let owned = note("set the owner of", handle.set_owner(wanted.uid, wanted.gid));
    if let Some(pairs) = wanted.xattrs {
        for (name, error) in handle.set_xattrs(pairs) {
            let text = format!("extended attribute {}: {error}", crate::sys::error::show_path(&name));
            note("set metadata of", Err(io::Error::new(error.kind(), text)));
        }
    }
    if let Some(mode) = wanted.mode12.filter(|_| kind != FileKind::Symlink) {
        let setid = mode & 0o6000;
        let keep = kind == FileKind::Dir || (wanted.keep_setid && owned);
        if setid != 0 && !keep && wanted.keep_setid {
            let error = io::Error::other("its owner could not be set");
            note("set the setuid or setgid bit of", Err(error));
        }
        let mode = if keep { mode } else { mode & !0o6000 };
        note("set the mode of", handle.set_mode(mode));
    }
    if wanted.mtime.is_some() || wanted.atime.is_some() {
        note("set the times of", handle.set_times(wanted.atime, wanted.mtime));
    }
    if let Some(bits) = wanted.flags.filter(|_| matches!(kind, FileKind::File | FileKind::Dir)) {
        note("set the flags of", handle.set_flags(bits));
    }
    failed
}

impl Handle<'_> {
    fn fd(&self) -> &dyn AsFd {
        match self {
            Handle::Open(file) => *file,
            Handle::Place(fd) => *fd,
        }
    }

    fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        if uid.is_none() && gid.is_none() {
            return Ok(());
        }
        // All ones mean "leave as it is" to the system call, and are nobody's number.
        if uid == Some(u32::MAX) || gid == Some(u32::MAX) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "4294967295 is no owner"));
        }
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        Ok(rustix::fs::chownat(self.fd(), c"", uid, gid, AtFlags::EMPTY_PATH)?)
    }

    fn set_xattrs(&self, wanted: &[(Vec<u8>, Vec<u8>)]) -> Vec<(Vec<u8>, io::Error)> {
        match self {
            Handle::Open(file) => xattrs::set_exactly(file, wanted),
            Handle::Place(fd) => xattrs::set_place_exactly(fd, wanted),
        }
    }

    fn set_mode(&self, mode: u32) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode & 0o7777);
        match self {
            Handle::Open(file) => Ok(rustix::fs::fchmod(file, mode)?),
            Handle::Place(fd) => Ok(rustix::fs::chmodat(CWD, xattrs::fd_path(fd), mode, AtFlags::empty())?),
        }
    }

    fn set_times(&self, atime: Option<Timestamp>, mtime: Option<Timestamp>) -> io::Result<()> {
        let times = Timestamps { last_access: timespec(atime), last_modification: timespec(mtime) };
        match self {
            Handle::Open(file) => Ok(rustix::fs::futimens(file, &times)?),
            Handle::Place(fd) => match rustix::fs::utimensat(fd, c"", &times, AtFlags::EMPTY_PATH) {
                // Kernels before 5.8 do not take an empty path here.
                Err(Errno::INVAL | Errno::NOENT) => {
                    Ok(rustix::fs::utimensat(CWD, xattrs::fd_path(fd), &times, AtFlags::empty())?)
                }
                result => Ok(result?),
            },
        }
    }

    fn set_flags(&self, wanted: u32) -> io::Result<()> {
        match self {
            Handle::Open(file) => flags::set(file, wanted),
            // Only reached for regular files and directories, whose opening is harmless.
            Handle::Place(fd) => {
                let open = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let file = match rustix::fs::openat(CWD, xattrs::fd_path(fd), open, Mode::empty()) {
                    Err(Errno::ACCESS) if wanted == 0 => return Ok(()),
                    file => file?,
                };
                flags::set(file, wanted)
            }
        }
    }
}

fn timespec(time: Option<Timestamp>) -> Timespec {
    match time {
        Some(time) => Timespec { tv_sec: time.seconds, tv_nsec: i64::from(time.nanos.min(999_999_999)) as _ },
        None => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
    }
}
