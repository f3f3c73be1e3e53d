//! Inode flags, as `chattr` sets them: only those that a restore may bring back.
//!
//! The bits are Linux's `FS_*_FL` (include/uapi/linux/fs.h). What the file system keeps for itself
//! (extents, inline data, encryption, verity) is neither reported nor touched.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::IFlags;
use rustix::io::Errno;

/// Secure deletion.
pub const SECURE_DELETION: u32 = 0x0000_0001;
/// Undeletable.
pub const UNDELETABLE: u32 = 0x0000_0002;
/// Compressed by the file system.
pub const COMPRESSED: u32 = 0x0000_0004;
/// Every write is synchronous.
pub const SYNC: u32 = 0x0000_0008;
/// Cannot be changed, renamed or removed.
pub const IMMUTABLE: u32 = 0x0000_0010;
/// Can only be appended to.
pub const APPEND: u32 = 0x0000_0020;
/// Not to be backed up.
pub const NODUMP: u32 = 0x0000_0040;
/// Access times are not kept.
pub const NOATIME: u32 = 0x0000_0080;
/// Not to be compressed.
pub const NOCOMPRESS: u32 = 0x0000_0400;
/// Data are journalled.
pub const JOURNAL_DATA: u32 = 0x0000_4000;
/// Tails are not merged.
pub const NOTAIL: u32 = 0x0000_8000;
/// Changes of the directory are synchronous.
pub const DIRSYNC: u32 = 0x0001_0000;
/// The top of a hierarchy, for the allocator.
pub const TOPDIR: u32 = 0x0002_0000;
/// No copy on write.
pub const NOCOW: u32 = 0x0080_0000;
/// New entries take the directory's project.
pub const PROJECT_INHERIT: u32 = 0x2000_0000;

/// All flags that are reported and restored.
pub const RESTORABLE: u32 = SECURE_DELETION
    | UNDELETABLE
    | COMPRESSED
    | SYNC
    | IMMUTABLE
    | APPEND
    | NODUMP
    | NOATIME
    | NOCOMPRESS
    | JOURNAL_DATA
    | NOTAIL
    | DIRSYNC
    | TOPDIR
    | NOCOW
    | PROJECT_INHERIT;

/// Flags that work only when set before the first byte is written.
pub const BEFORE_CONTENT: u32 = COMPRESSED | NOCOMPRESS | NOCOW;
/// Flags that forbid every later change, and so are set last and cleared first.
pub const FORBIDDING: u32 = IMMUTABLE | APPEND;

/// The restorable flags of an open regular file or directory; 0 where the file system has none.
/// Never to be called on a device: drivers may read the request as one of their own.
pub fn get(file: impl AsFd) -> io::Result<u32> {
    match rustix::fs::ioctl_getflags(file) {
        Ok(flags) => Ok(flags.bits() & RESTORABLE),
        Err(error) if is_absent(error) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Makes the restorable flags of an open regular file or directory exactly `wanted`, leaving all
/// others. Where not all can be had, those that can are set, and the error tells of the rest.
pub fn set(file: impl AsFd, wanted: u32) -> io::Result<()> {
    let wanted = wanted & RESTORABLE;
    let present = match rustix::fs::ioctl_getflags(&file) {
        Err(error) if is_absent(error) && wanted == 0 => return Ok(()),
        present => present?.bits(),
    };
    let all = present & !RESTORABLE | wanted;
    if all == present {
        return Ok(());
    }
    let Err(first) = rustix::fs::ioctl_setflags(&file, IFlags::from_bits_retain(all)) else {
        return Ok(());
    };
    let mut reached = present;
    let changes = present ^ all;
    // Bit by bit, the forbidding ones last, for after them nothing else can be changed.
    let bits = (0..32).map(|shift| 1u32 << shift).filter(|bit| changes & bit != 0);
    let (last, early): (Vec<u32>, Vec<u32>) = bits.partition(|bit| FORBIDDING & bit != 0);
    for bit in early.into_iter().chain(last) {
        if rustix::fs::ioctl_setflags(&file, IFlags::from_bits_retain(reached ^ bit)).is_ok() {
            reached ^= bit;
        }
    }
    if reached == all { Ok(()) } else { Err(first.into()) }
}

fn is_absent(error: Errno) -> bool {
    matches!(error, Errno::NOTTY | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS)
}
