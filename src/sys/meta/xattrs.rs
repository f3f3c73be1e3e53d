//! Extended attributes, ACLs and capabilities among them, read and set exactly and without following.
//!
//! A name in a directory is reached through `/proc/self/fd/N/name`, the only way that needs neither
//! an open file (which links, pipes and devices do not grant without side effects) nor a joined
//! path. `N` is our own directory handle, so nobody can lead it elsewhere.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use crate::sys::path::check_name;

/// Bytes of a first try; most lists and values are shorter.
const FIRST_TRY_BYTES: usize = 1024;
/// No attribute list or value is longer on Linux (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX` are 64 KiB); some file
/// systems without the kernel's limits give up to this.
const LONGEST_BYTES: usize = 16 << 20;

/// The attributes of one file.
#[derive(Debug, Default)]
pub struct Xattrs {
    /// Names and values, sorted by name.
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names that are there but could not be read.
    pub unreadable: Vec<(Vec<u8>, io::Error)>,
}

/// An open file or directory, or a name in a directory: what attributes belong to.
enum Subject<'a, F> {
    /// By its descriptor.
    Open(&'a F),
    /// By a path whose last name is not followed.
    Path(Vec<u8>),
    /// By the path of our own descriptor, which is a link that must be followed, and ends there.
    Place(Vec<u8>),
}

impl<F: AsFd> Subject<'_, F> {
    fn list(&self, list: &mut [u8]) -> Result<usize, Errno> {
        match self {
            Subject::Open(file) => rustix::fs::flistxattr(file, list),
            Subject::Path(path) => rustix::fs::llistxattr(path.as_slice(), list),
            Subject::Place(path) => rustix::fs::listxattr(path.as_slice(), list),
        }
    }

    fn get(&self, name: &[u8], value: &mut [u8]) -> Result<usize, Errno> {
        match self {
            Subject::Open(file) => rustix::fs::fgetxattr(file, name, value),
            Subject::Path(path) => rustix::fs::lgetxattr(path.as_slice(), name, value),
            Subject::Place(path) => rustix::fs::getxattr(path.as_slice(), name, value),
        }
    }

    fn set(&self, name: &[u8], value: &[u8]) -> Result<(), Errno> {
        match self {
            Subject::Open(file) => rustix::fs::fsetxattr(file, name, value, XattrFlags::empty()),
            Subject::Path(path) => rustix::fs::lsetxattr(path.as_slice(), name, value, XattrFlags::empty()),
            Subject::Place(path) => rustix::fs::setxattr(path.as_slice(), name, value, XattrFlags::empty()),
        }
    }

    fn remove(&self, name: &[u8]) -> Result<(), Errno> {
        match self {
            Subject::Open(file) => rustix::fs::fremovexattr(file, name),
            Subject::Path(path) => rustix::fs::lremovexattr(path.as_slice(), name),
            Subject::Place(path) => rustix::fs::removexattr(path.as_slice(), name),
        }
    }

    fn read(&self) -> io::Result<Xattrs> {
        let mut found = Xattrs::default();
        for name in self.names()? {
            match grow(|buffer| self.get(&name, buffer)) {
                Ok(value) => found.pairs.push((name, value)),
                // Removed since the list was read, or listed by a file system that does not keep it.
                Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
                Err(error) => found.unreadable.push((name, error.into())),
            }
        }
        Ok(found)
    }

    fn names(&self) -> io::Result<Vec<Vec<u8>>> {
        let list = match grow(|buffer| self.list(buffer)) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
            list => list?,
        };
        let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let mut names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn set_exactly(&self, wanted: &[(Vec<u8>, Vec<u8>)]) -> Vec<(Vec<u8>, io::Error)> {
        let mut failed = Vec::new();
        let present = match self.read() {
            Ok(present) => present,
            Err(error) if wanted.is_empty() && error.raw_os_error() == Some(libc::EPERM) => return failed,
            Err(error) => return vec![(b"*".to_vec(), error)],
        };
        for (name, _) in &present.pairs {
            if !is_systems_own(name) && !wanted.iter().any(|(wanted, _)| wanted == name) {
                match self.remove(name) {
                    Ok(()) | Err(Errno::NODATA) => {}
                    Err(error) => failed.push((name.clone(), error.into())),
                }
            }
        }
        for pair in wanted {
            if !present.pairs.contains(pair)
                && let Err(error) = self.set(&pair.0, &pair.1)
            {
                failed.push((pair.0.clone(), error.into()));
            }
        }
        failed
    }
}

/// Attributes that the system makes up by itself and that a restore does not take away.
fn is_systems_own(name: &[u8]) -> bool {
    name == b"security.selinux" || (name.starts_with(b"system.") && !name.starts_with(b"system.posix_acl_"))
}

/// Calls `read` with ever longer buffers until the answer fits.
fn grow(mut read: impl FnMut(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut first = [0; FIRST_TRY_BYTES];
    match read(&mut first) {
        Ok(length) => return Ok(first[..length].to_vec()),
        Err(Errno::RANGE) => {}
        Err(error) => return Err(error),
    }
    let mut buffer = vec![0; 64 << 10];
    loop {
        match read(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(Errno::RANGE) if buffer.len() < LONGEST_BYTES => buffer.resize(buffer.len() * 4, 0),
            Err(error) => return Err(error),
        }
    }
}

fn child(dir: impl AsFd, name: &[u8]) -> io::Result<Vec<u8>> {
    check_name(name)?;
    let mut path = fd_path(dir);
    path.push(b'/');
    path.extend_from_slice(name);
    Ok(path)
}

/// The path by which the system knows our open file.
pub(in crate::sys) fn fd_path(file: impl AsFd) -> Vec<u8> {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()).into_bytes()
}

/// The attributes of an open file or directory; none where the file system has none.
pub fn read(file: &impl AsFd) -> io::Result<Xattrs> {
    Subject::Open(file).read()
}

/// The attributes of `name` in the directory `dir`; a symbolic link's own.
pub fn read_child(dir: &impl AsFd, name: &[u8]) -> io::Result<Xattrs> {
    Subject::<'_, std::fs::File>::Path(child(dir, name)?).read()
}

/// The value of one attribute of `name` in `dir`, if it has that.
pub fn get_child(dir: &impl AsFd, name: &[u8], attribute: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let subject = Subject::<'_, std::fs::File>::Path(child(dir, name)?);
    match grow(|buffer| subject.get(attribute, buffer)) {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Gives an open file or directory exactly the attributes `wanted`; answers which failed, and why.
pub fn set_exactly(file: &impl AsFd, wanted: &[(Vec<u8>, Vec<u8>)]) -> Vec<(Vec<u8>, io::Error)> {
    Subject::Open(file).set_exactly(wanted)
}

/// The same for what a descriptor opened with `O_PATH` stands for, be it a symbolic link.
pub(in crate::sys) fn set_place_exactly(
    place: &impl AsFd,
    wanted: &[(Vec<u8>, Vec<u8>)],
) -> Vec<(Vec<u8>, io::Error)> {
    Subject::<'_, std::fs::File>::Place(fd_path(place)).set_exactly(wanted)
}

/// The same for `name` in the directory `dir`; for a symbolic link, its own.
pub fn set_child_exactly(
    dir: &impl AsFd,
    name: &[u8],
    wanted: &[(Vec<u8>, Vec<u8>)],
) -> Vec<(Vec<u8>, io::Error)> {
    match child(dir, name) {
        Ok(path) => Subject::<'_, std::fs::File>::Path(path).set_exactly(wanted),
        Err(error) => vec![(name.to_vec(), error)],
    }
}
