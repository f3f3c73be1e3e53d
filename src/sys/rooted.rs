//! Reading below a directory as if it were `/`: links, absolute ones too, lead to places below it.
//!
//! Made for looking at another system's files (a chroot, a mounted disk) without being led out of it, and
//! for files that may be anything: only regular files are read, never a FIFO that would wait for ever, and
//! never more than was asked for.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::sys::error::{SysError, SysResult};
use crate::sys::stat::{FileKind, Stat};

/// A directory that is taken for `/`.
#[derive(Debug)]
pub struct Rooted {
    path: PathBuf,
    root: OwnedFd,
}

/// What was read of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFile {
    /// Its bytes, from the beginning.
    pub bytes: Vec<u8>,
    /// Whether there are more.
    pub is_cut: bool,
    /// Its permissions.
    pub mode: u32,
    /// Its owner and group, by number.
    pub owner: (u32, u32),
}

impl Rooted {
    /// Opens the directory `path`.
    pub fn open(path: &Path) -> SysResult<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, path, flags, Mode::empty())
            .map_err(|error| SysError::at("open", path, error))?;
        Ok(Self { path: path.to_owned(), root })
    }

    /// Whether it is the root of this process.
    pub fn is_own_root(&self) -> bool {
        let same = |stat: Stat| Stat::of_fd(&self.root).is_ok_and(|own| own.is_same_file(&stat));
        rustix::fs::openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
            .ok()
            .and_then(|root| Stat::of_fd(root).ok())
            .is_some_and(same)
    }

    /// Reads at most `max_bytes` of the regular file (or, with `devices`, block device) at `path`.
    pub fn read(&self, path: &str, max_bytes: usize, devices: bool) -> SysResult<ReadFile> {
        let failed = |error: io::Error| self.error("read", path, error);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(self.resolve(path, flags).map_err(failed)?);
        let stat = Stat::of_fd(&file).map_err(failed)?;
        let is_readable = match stat.kind {
            FileKind::File => true,
            FileKind::BlockDev => devices,
            _ => false,
        };
        if !is_readable {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        let mut bytes = Vec::new();
        file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        let is_cut = bytes.len() > max_bytes;
        bytes.truncate(max_bytes);
        Ok(ReadFile { bytes, is_cut, mode: stat.mode12, owner: (stat.uid, stat.gid) })
    }

    /// The names in the directory `path`, sorted, at most `max`; those that are no UTF-8 are left out.
    pub fn list(&self, path: &str, max: usize) -> SysResult<Vec<String>> {
        let failed = |error: io::Error| self.error("list", path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = self.resolve(path, flags).map_err(failed)?;
        let mut names = Vec::new();
        for entry in Dir::new(directory).map_err(|error| failed(error.into()))?.take(max.saturating_add(2)) {
            let entry = entry.map_err(|error| failed(error.into()))?;
            if let Ok(name) = entry.file_name().to_str()
                && !matches!(name, "." | "..")
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.truncate(max);
        Ok(names)
    }

    /// What the symbolic link `path` says.
    pub fn read_link(&self, path: &str) -> SysResult<String> {
        let failed = |error: io::Error| self.error("read the link", path, error);
        let link = self.resolve(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC).map_err(failed)?;
        let target = rustix::fs::readlinkat(&link, "", Vec::new()).map_err(|error| failed(error.into()))?;
        Ok(target.to_string_lossy().into_owned())
    }

    /// Whether anything is at `path`, links followed.
    pub fn exists(&self, path: &str) -> bool {
        self.resolve(path, OFlags::PATH | OFlags::CLOEXEC).is_ok()
    }

    /// Whether a directory is at `path`, links followed.
    pub fn is_dir(&self, path: &str) -> bool {
        self.resolve(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC).is_ok()
    }

    fn resolve(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        // Linux answers EAGAIN where a name was moved while it looked.
        let mut tries = 0;
        loop {
            // `/proc` has links that are no paths; taking it for `/` needs no rooting anyhow.
            let result = match self.path == Path::new("/") {
                true => rustix::fs::openat(CWD, path, flags, Mode::empty()),
                false => rustix::fs::openat2(
                    self.root.as_fd(),
                    path,
                    flags,
                    Mode::empty(),
                    ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
                ),
            };
            match result {
                Err(Errno::AGAIN) if tries < 16 => tries += 1,
                result => return Ok(result?),
            }
        }
    }

    fn error(&self, op: &'static str, path: &str, error: io::Error) -> SysError {
        match self.path == Path::new("/") {
            true => SysError::new(op, path, error),
            false => SysError::at(op, &self.path.join(path.trim_start_matches('/')), error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::Rooted;

    #[test]
    fn links_lead_to_places_below_the_root_and_never_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "outside").unwrap();
        fs::create_dir(dir.path().join("etc")).unwrap();
        fs::write(dir.path().join("etc/name"), "inside").unwrap();
        symlink("/etc/name", dir.path().join("absolute")).unwrap();
        symlink("../../../../etc/name", dir.path().join("etc/climbing")).unwrap();
        symlink(outside.path().join("secret"), dir.path().join("out")).unwrap();
        let root = Rooted::open(dir.path()).unwrap();
        for path in ["/etc/name", "/absolute", "/etc/climbing"] {
            assert_eq!(root.read(path, 100, false).unwrap().bytes, b"inside", "{path}");
        }
        assert!(root.read("/out", 100, false).unwrap_err().is_not_found());
        assert_eq!(root.read_link("/absolute").unwrap(), "/etc/name");
        assert!(!root.is_own_root() && Rooted::open("/".as_ref()).unwrap().is_own_root());
        assert_eq!(root.list("/", 9).unwrap(), ["absolute", "etc", "out"]);
        assert_eq!(root.list("/", 2).unwrap().len(), 2);
    }

    #[test]
    fn long_files_are_cut_and_what_is_no_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("long"), vec![b'x'; 5000]).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(dir.path().join("fifo")).status().unwrap();
        assert!(fifo.success());
        let root = Rooted::open(dir.path()).unwrap();
        let read = root.read("/long", 4096, false).unwrap();
        assert!(read.is_cut && read.bytes.len() == 4096);
        assert!(!root.read("/long", 5000, false).unwrap().is_cut);
        for path in ["/fifo", "/"] {
            assert!(root.read(path, 10, false).unwrap_err().to_string().contains("cannot read"), "{path}");
        }
    }
}
