//! Removing a whole tree beneath the target: no link followed, no mount crossed, at any depth.
//!
//! Only one directory is open at a time. The way back up is `..`, taken only if it is, by device
//! and inode, the directory that we came from; so depth costs neither descriptors nor stack.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::sys::dir::DirHandle;
use crate::sys::error::{SysError, SysResult};
use crate::sys::open;
use crate::sys::path::{Place, check_name};
use crate::sys::stat::{FileKind, Stat};
use crate::sys::target::TargetDir;

/// One directory on the way down.
struct Level {
    /// Its metadata when it was entered.
    stat: Stat,
    /// Where it is.
    place: Place,
    /// Directories in it that are still to be removed.
    left: Vec<Vec<u8>>,
}

impl TargetDir {
    /// Removes `name` with everything in it. Whatever cannot be removed (another mount, a file that
    /// refuses) stays with the directories above it, the rest goes, and the first such error is
    /// returned. What is not there is no error.
    pub fn remove_tree(&self, name: &[u8]) -> SysResult<()> {
        check_name(name).map_err(|error| self.handle().error("remove", name, error))?;
        match self.look(name)? {
            None => return Ok(()),
            Some(stat) if stat.kind != FileKind::Dir => return self.unlink(name),
            Some(_) => {}
        }
        let own = self.handle().stat()?;
        let mut removal = Removal { first_error: None };
        let mut levels = vec![Level { stat: own, place: self.place().clone(), left: vec![name.to_vec()] }];
        // The fresh handle has its own reading position and may be replaced as we go.
        let mut here = open::below(self.as_fd(), &[])
            .map_err(|error| self.handle().error("open the directory", name, error))?;
        while let Some(level) = levels.last_mut() {
            match level.left.pop() {
                Some(name) => {
                    if let Some((fd, next)) = removal.enter(&here, level, &name) {
                        here = fd;
                        levels.push(next);
                    }
                }
                None => {
                    let Some(done) = levels.pop() else { break };
                    let Some(above) = levels.last() else { break };
                    here = go_up(&here, &above.stat)
                        .map_err(|error| SysError::new("return from", done.place.path(), error))?;
                    removal.remove(&here, above, done.place.name(), AtFlags::REMOVEDIR);
                }
            }
        }
        removal.first_error.map_or(Ok(()), Err)
    }
}

struct Removal {
    first_error: Option<SysError>,
}

impl Removal {
    fn note(&mut self, op: &'static str, level: &Level, name: &[u8], error: io::Error) {
        if self.first_error.is_none() {
            self.first_error = Some(SysError::new(op, level.place.path_of(name), error));
        }
    }

    fn remove(&mut self, here: &OwnedFd, level: &Level, name: &[u8], flags: AtFlags) {
        match rustix::fs::unlinkat(here, name, flags) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => self.note("remove", level, name, error.into()),
        }
    }

    /// Opens the directory `name`, removes all in it that is no directory, and lists the rest.
    fn enter(&mut self, here: &OwnedFd, level: &Level, name: &[u8]) -> Option<(OwnedFd, Level)> {
        let opened = open::child(here.as_fd(), name).and_then(|fd| Ok((Stat::of_fd(&fd)?, fd)));
        let (stat, fd) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                match error.raw_os_error() {
                    Some(libc::ENOENT) => {}
                    // Swapped for a link or a file since it was listed: the link itself goes.
                    Some(libc::ENOTDIR | libc::ELOOP) => self.remove(here, level, name, AtFlags::empty()),
                    _ => self.note("open the directory", level, name, error),
                }
                return None;
            }
        };
        if !stat.is_same_mount(&level.stat) {
            self.note("remove", level, name, io::Error::other("something else is mounted there"));
            return None;
        }
        let place = level.place.child(name);
        let handle = DirHandle::from_fd(fd, place.clone());
        let mut next = Level { stat, place, left: Vec::new() };
        match handle.read_names() {
            Err(error) => self.note("read the directory", level, name, error.source),
            Ok(names) => {
                let fd = handle.try_into_fd()?;
                for found in names {
                    let kind = found.kind.or_else(|| Stat::of_child(&fd, &found.name).ok().map(|s| s.kind));
                    match kind {
                        Some(FileKind::Dir) => next.left.push(found.name),
                        _ => self.remove(&fd, &next, &found.name, AtFlags::empty()),
                    }
                }
                return Some((fd, next));
            }
        }
        None
    }
}

/// Opens the parent of `here`, provided that it is the directory `expected`.
fn go_up(here: &OwnedFd, expected: &Stat) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let above = rustix::fs::openat(here, c"..", flags, Mode::empty())?;
    if Stat::of_fd(&above)?.is_same_file(expected) {
        Ok(above)
    } else {
        Err(io::Error::other("the directory was moved meanwhile"))
    }
}
