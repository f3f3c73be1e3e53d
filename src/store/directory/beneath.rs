//! Opening what lies beneath one directory, and nothing else: no symbolic link is followed, whoever
//! planted it, and no path leaves the root.
//!
//! The kernel does it in one call where it has `openat2` (Linux 5.6); elsewhere, or where a sandbox
//! forbids that call, every component is opened by itself.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A directory that paths are resolved beneath. Paths are relative, without `.` and `..`.
#[derive(Debug)]
pub struct Beneath {
    root: OwnedFd,
    /// Set once `openat2` was found missing.
    by_component: AtomicBool,
}

impl Beneath {
    /// Opens the root itself, following whatever links lead to it: those are the user's.
    pub fn open(path: &Path) -> Result<Self, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self { root, by_component: AtomicBool::new(false) })
    }

    /// Opens a regular file for reading. Anything else is `ISDIR` or `NXIO`, a link `LOOP`.
    pub fn open_file(&self, path: &str) -> Result<OwnedFd, Errno> {
        // NONBLOCK: a pipe planted here must not hang the open.
        let file = self.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        match FileType::from_raw_mode(fs::fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file),
            FileType::Directory => Err(Errno::ISDIR),
            _ => Err(Errno::NXIO),
        }
    }

    /// Opens a directory for reading and for the calls that end in `at`. `""` is the root.
    pub fn open_dir(&self, path: &str) -> Result<OwnedFd, Errno> {
        let path = if path.is_empty() { "." } else { path };
        self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)
    }

    /// What stands at `path`, itself, link or not.
    pub fn stat(&self, path: &str) -> Result<fs::Stat, Errno> {
        fs::fstat(self.open_at(path, OFlags::PATH)?)
    }

    fn open_at(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if !self.by_component.load(Ordering::Relaxed) {
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            // Beside NO_SYMLINKS, NOFOLLOW would only make a directory's link look like a file; but a
            // PATH is to show the link itself.
            let whole = if flags.contains(OFlags::PATH) { flags } else { flags - OFlags::NOFOLLOW };
            match fs::openat2(&self.root, path, whole, Mode::empty(), resolve) {
                // EPERM is what older sandboxes say to a call they do not know; the slow way tells.
                Err(Errno::NOSYS | Errno::PERM) => {}
                result => return result,
            }
            let opened = self.open_by_component(path, flags)?;
            self.by_component.store(true, Ordering::Relaxed);
            return Ok(opened);
        }
        self.open_by_component(path, flags)
    }

    fn open_by_component(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut held: Option<OwnedFd> = None;
        let mut rest = path;
        loop {
            let at = held.as_ref().map_or(self.root.as_fd(), AsFd::as_fd);
            let Some((name, after)) = rest.split_once('/') else { return open_step(at, rest, flags) };
            held = Some(open_step(at, name, step)?);
            rest = after;
        }
    }
}

/// Opens one name; a link is `LOOP` even where the system calls it "no directory".
fn open_step(at: BorrowedFd<'_>, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    fs::openat(at, name, flags, Mode::empty()).map_err(|error| {
        let is_link = |stat: fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        match fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if error == Errno::NOTDIR && is_link(stat) => Errno::LOOP,
            _ => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::Ordering;

    use super::{Beneath, Errno};

    #[test]
    fn both_ways_of_opening_refuse_links_and_agree() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/b/c"), "c").unwrap();
        symlink(outside.path(), dir.path().join("out")).unwrap();
        symlink("b", dir.path().join("a/in")).unwrap();
        symlink("c", dir.path().join("a/b/leaf")).unwrap();
        let beneath = Beneath::open(dir.path()).unwrap();
        for by_component in [false, true] {
            beneath.by_component.store(by_component, Ordering::Relaxed);
            assert!(beneath.open_file("a/b/c").is_ok());
            assert!(beneath.open_dir("").is_ok() && beneath.open_dir("a/b").is_ok());
            for link in ["out/secret", "a/in/c", "a/b/leaf"] {
                assert_eq!(beneath.open_file(link).unwrap_err(), Errno::LOOP, "{link} {by_component}");
            }
            for link in ["out", "a/in"] {
                assert_eq!(beneath.open_dir(link).unwrap_err(), Errno::LOOP, "{link} {by_component}");
            }
            assert_eq!(beneath.open_file("a/b").unwrap_err(), Errno::ISDIR);
            assert_eq!(beneath.open_file("a/b/none").unwrap_err(), Errno::NOENT);
            assert_eq!(beneath.open_file("a/b/c/d").unwrap_err(), Errno::NOTDIR);
        }
    }

    #[test]
    fn a_planted_pipe_is_refused_without_waiting_for_its_other_end() {
        let dir = tempfile::tempdir().unwrap();
        let at = std::fs::File::open(dir.path()).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(&at, "pipe", rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let beneath = Beneath::open(dir.path()).unwrap();
        assert_eq!(beneath.open_file("pipe").unwrap_err(), Errno::NXIO);
    }
}
