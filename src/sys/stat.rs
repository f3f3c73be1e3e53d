//! What the system knows about a file without opening it.
//!
//! One `statx` a file, asking for everything a backup keeps. Where the kernel or a sandbox has no
//! `statx`, the older call answers, without birth time and mount.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Statx, StatxFlags, StatxTimestamp};
use rustix::io::Errno;

use crate::base::time::Timestamp;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket's place in the file system.
    Socket,
    /// A character device.
    CharDev,
    /// A block device.
    BlockDev,
}

impl FileKind {
    /// The kind that the system's type stands for; `None` for types that Linux does not have.
    pub fn from_type(file_type: FileType) -> Option<Self> {
        match file_type {
            FileType::RegularFile => Some(FileKind::File),
            FileType::Directory => Some(FileKind::Dir),
            FileType::Symlink => Some(FileKind::Symlink),
            FileType::Fifo => Some(FileKind::Fifo),
            FileType::Socket => Some(FileKind::Socket),
            FileType::CharacterDevice => Some(FileKind::CharDev),
            FileType::BlockDevice => Some(FileKind::BlockDev),
            FileType::Unknown => None,
        }
    }
}

/// A file's metadata at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with setuid, setgid and sticky: `0..=0o7777`.
    pub mode12: u32,
    /// Owner by number.
    pub uid: u32,
    /// Group by number.
    pub gid: u32,
    /// Length in bytes.
    pub size: u64,
    /// Space taken, in units of 512 bytes.
    pub blocks512: u64,
    /// When the contents last changed.
    pub mtime: Timestamp,
    /// When anything last changed.
    pub ctime: Timestamp,
    /// When it was last read.
    pub atime: Timestamp,
    /// When it was made, where the file system knows.
    pub btime: Option<Timestamp>,
    /// Inode number.
    pub ino: u64,
    /// Device of the file system, major and minor packed as the system packs them.
    pub dev: u64,
    /// Major and minor number of a device node; zeros for everything else.
    pub rdev: (u32, u32),
    /// How many names the file has.
    pub nlink: u32,
    /// Which mount it was found on, where the kernel tells (bind mounts share a device).
    pub mount_id: Option<u64>,
    /// `STATX_ATTR_*` bits: immutable, append-only, nodump, mount root and others.
    pub attributes: u64,
}

impl Stat {
    /// What `name` in the directory `dir` is; never followed, never mounted by looking.
    pub(in crate::sys) fn of_child(dir: impl AsFd, name: &[u8]) -> io::Result<Self> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        Self::ask(dir, name, flags)
    }

    /// What an open file is.
    pub fn of_fd(file: impl AsFd) -> io::Result<Self> {
        Self::ask(file, b"", AtFlags::EMPTY_PATH)
    }

    fn ask(dir: impl AsFd, name: &[u8], flags: AtFlags) -> io::Result<Self> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME | StatxFlags::MNT_ID;
        match rustix::fs::statx(dir.as_fd(), name, flags, wanted) {
            Ok(found) => Self::from_statx(&found),
            Err(Errno::NOSYS) => Self::from_stat(&rustix::fs::statat(dir.as_fd(), name, flags)?),
            Err(error) => Err(error.into()),
        }
    }

    fn from_statx(found: &Statx) -> io::Result<Self> {
        let mode = u32::from(found.stx_mode);
        let has = |bit: StatxFlags| found.stx_mask & bit.bits() != 0;
        Ok(Self {
            kind: kind_of(mode)?,
            mode12: mode & 0o7777,
            uid: found.stx_uid,
            gid: found.stx_gid,
            size: found.stx_size,
            blocks512: found.stx_blocks,
            mtime: timestamp(found.stx_mtime),
            ctime: timestamp(found.stx_ctime),
            atime: timestamp(found.stx_atime),
            btime: has(StatxFlags::BTIME).then(|| timestamp(found.stx_btime)),
            ino: found.stx_ino,
            dev: rustix::fs::makedev(found.stx_dev_major, found.stx_dev_minor),
            rdev: (found.stx_rdev_major, found.stx_rdev_minor),
            nlink: found.stx_nlink,
            mount_id: has(StatxFlags::MNT_ID).then_some(found.stx_mnt_id),
            attributes: found.stx_attributes.bits(),
        })
    }

    /// The fields' types differ between architectures, hence the conversions.
    #[allow(clippy::unnecessary_cast)]
    fn from_stat(found: &rustix::fs::Stat) -> io::Result<Self> {
        let mode = found.st_mode as u32;
        let time = |seconds: i64, nanos: i64| Timestamp::from((seconds, u32::try_from(nanos).unwrap_or(0)));
        let rdev = found.st_rdev as u64;
        Ok(Self {
            kind: kind_of(mode)?,
            mode12: mode & 0o7777,
            uid: found.st_uid,
            gid: found.st_gid,
            size: found.st_size as u64,
            blocks512: found.st_blocks as u64,
            mtime: time(found.st_mtime as i64, found.st_mtime_nsec as i64),
            ctime: time(found.st_ctime as i64, found.st_ctime_nsec as i64),
            atime: time(found.st_atime as i64, found.st_atime_nsec as i64),
            btime: None,
            ino: found.st_ino as u64,
            dev: found.st_dev as u64,
            rdev: (rustix::fs::major(rdev), rustix::fs::minor(rdev)),
            nlink: u32::try_from(found.st_nlink).unwrap_or(u32::MAX),
            mount_id: None,
            attributes: 0,
        })
    }

    /// Whether `other` is the very same file, by device and inode.
    pub fn is_same_file(&self, other: &Stat) -> bool {
        self.dev == other.dev && self.ino == other.ino && self.kind == other.kind
    }

    /// Whether `other` lies on the same mount; by device where the kernel does not tell mounts.
    pub fn is_same_mount(&self, other: &Stat) -> bool {
        match (self.mount_id, other.mount_id) {
            (Some(one), Some(two)) => one == two,
            _ => self.dev == other.dev,
        }
    }

    /// Whether it takes less space than it is long: only then is it worth looking for holes.
    pub fn may_have_holes(&self) -> bool {
        self.kind == FileKind::File && self.blocks512.saturating_mul(512) < self.size
    }
}

fn kind_of(mode: u32) -> io::Result<FileKind> {
    FileKind::from_type(FileType::from_raw_mode(mode))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is of no known kind"))
}

fn timestamp(time: StatxTimestamp) -> Timestamp {
    Timestamp { seconds: time.tv_sec, nanos: time.tv_nsec.min(999_999_999) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_system_calls_tell_the_same() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), b"12345").unwrap();
        let handle = std::fs::File::open(dir.path()).unwrap();
        for (name, flags) in [(&b"f"[..], AtFlags::SYMLINK_NOFOLLOW), (b"", AtFlags::EMPTY_PATH)] {
            let new = Stat::ask(&handle, name, flags).unwrap();
            let old = Stat::from_stat(&rustix::fs::statat(&handle, name, flags).unwrap()).unwrap();
            let (btime, mount_id, attributes) = (new.btime, new.mount_id, new.attributes);
            assert_eq!(new, Stat { btime, mount_id, attributes, ..old });
        }
    }
}
