//! Opening directories: by one name, by many below a handle, by a path of any length.
//!
//! Below a handle nothing is followed; in a path that the user named, links are.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::sys::path::check_name;

/// The longest relative path handed to the kernel in one piece; `PATH_MAX` is 4096 with its NUL.
const STEP_MAX_BYTES: usize = 4000;

const OPEN_DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens the directory `name` in `dir` without following it, leaving its access time alone if allowed.
pub fn child(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OPEN_DIR | OFlags::NOFOLLOW;
    match rustix::fs::openat(dir, name, flags | OFlags::NOATIME, Mode::empty()) {
        Err(Errno::PERM) => Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?),
        result => Ok(result?),
    }
}

/// Opens the directory `names` below `dir`, following nothing: many names a call where the kernel
/// has `openat2`, one name a call where it has not.
pub fn below(dir: BorrowedFd<'_>, names: &[&[u8]]) -> io::Result<OwnedFd> {
    names.iter().try_for_each(|name| check_name(name))?;
    let mut reached: Option<OwnedFd> = None;
    let mut left = names;
    while !left.is_empty() {
        let from = reached.as_ref().map_or(dir, |fd| fd.as_fd());
        let (step, count) = join_step(left);
        let next = match count {
            1 => child(from, left[0])?,
            _ => match beneath(from, &step) {
                Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::INVAL) => {
                    one_by_one(from, &left[..count])?
                }
                result => result?,
            },
        };
        reached = Some(next);
        left = &left[count..];
    }
    match reached {
        Some(fd) => Ok(fd),
        None => Ok(rustix::fs::openat(dir, c".", OPEN_DIR, Mode::empty())?),
    }
}

fn beneath(dir: BorrowedFd<'_>, step: &[u8]) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(dir, step, OPEN_DIR | OFlags::NOFOLLOW, Mode::empty(), resolve)
}

fn one_by_one(dir: BorrowedFd<'_>, names: &[&[u8]]) -> io::Result<OwnedFd> {
    let mut reached = rustix::fs::openat(dir, c".", OPEN_DIR, Mode::empty())?;
    for name in names {
        reached = child(reached.as_fd(), name)?;
    }
    Ok(reached)
}

/// As many of the leading `names` as fit one call, joined, and how many those are; at least one.
fn join_step(names: &[&[u8]]) -> (Vec<u8>, usize) {
    let mut step = names[0].to_vec();
    let mut count = 1;
    for name in &names[1..] {
        if step.len() + 1 + name.len() > STEP_MAX_BYTES {
            break;
        }
        step.push(b'/');
        step.extend_from_slice(name);
        count += 1;
    }
    (step, count)
}

/// Opens a directory by a path of any length, in steps that the kernel takes.
pub fn long_path(path: &[u8]) -> io::Result<OwnedFd> {
    if path.len() <= STEP_MAX_BYTES {
        return Ok(rustix::fs::openat(CWD, path, OPEN_DIR, Mode::empty())?);
    }
    let mut reached = on_the_way(if path.starts_with(b"/") { b"/" } else { b"." })?;
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()).collect();
    let mut left = names.as_slice();
    while !left.is_empty() {
        let (step, count) = join_step(left);
        reached = step_into(&reached, &step)?;
        left = &left[count..];
    }
    for_reading(&reached)
}

/// Opens a directory only to look up names in it.
pub fn on_the_way(path: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?)
}

/// Goes on to `step` below `dir`, following links: for paths that the user named.
pub fn step_into(dir: &OwnedFd, step: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(dir, step, flags, Mode::empty())
}

/// Turns a directory that was opened on the way into one that can be read.
pub fn for_reading(dir: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(dir, c".", OPEN_DIR, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::stat::Stat;

    #[test]
    fn one_call_and_one_name_a_call_reach_the_same_and_refuse_the_same() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b/c")).unwrap();
        std::os::unix::fs::symlink("b", dir.path().join("a/link")).unwrap();
        let root = OwnedFd::from(std::fs::File::open(dir.path()).unwrap());
        let names: [&[u8]; 3] = [b"a", b"b", b"c"];
        let one = Stat::of_fd(below(root.as_fd(), &names).unwrap()).unwrap();
        let two = Stat::of_fd(one_by_one(root.as_fd(), &names).unwrap()).unwrap();
        assert!(one.is_same_file(&two));
        let through_link: [&[u8]; 3] = [b"a", b"link", b"c"];
        assert!(below(root.as_fd(), &through_link).is_err());
        assert!(one_by_one(root.as_fd(), &through_link).is_err());
        for bad in [&b".."[..], b"a/..", b"", b"."] {
            assert!(below(root.as_fd(), &[b"a", bad]).is_err());
        }
    }
}
