//! Tar members: a ustar header each, and pax records (POSIX.1-2001) for what does not fit one.
//!
//! Only what a record is needed for gets one, so a small archive of plain files stays readable by anything
//! that knows tar. Extended attributes go as `SCHILY.xattr.*`, which GNU tar, bsdtar and Python know.

use tar::{EntryType, Header};

use crate::base::time::Timestamp;
use crate::repo::tree::{Entry, EntryKind};

/// Bytes of a tar block.
pub const TAR_BLOCK: usize = 512;
/// Bytes of a name or link target in a ustar header.
const NAME_BYTES: usize = 100;
/// Bytes of a user or group name in a ustar header, without its NUL.
const OWNER_BYTES: usize = 31;
/// The largest user, group or device number of seven octal digits.
const SMALL_NUMBER: u64 = 0o7_777_777;
/// The largest size or time of eleven octal digits.
const LARGE_NUMBER: u64 = 0o77_777_777_777;

/// The blocks before a member's contents. `name` has no leading `/`; `link_to` names the member that this
/// one is a hard link to. `None` for what tar cannot hold: sockets.
pub fn member_header(name: &[u8], entry: &Entry, link_to: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut header = Header::new_ustar();
    let mut records = Vec::new();
    let kind = match (link_to, entry.kind) {
        (Some(_), _) => EntryType::Link,
        (None, EntryKind::File) => EntryType::Regular,
        (None, EntryKind::Dir) => EntryType::Directory,
        (None, EntryKind::Symlink) => EntryType::Symlink,
        (None, EntryKind::Fifo) => EntryType::Fifo,
        (None, EntryKind::CharDev) => EntryType::Char,
        (None, EntryKind::BlockDev) => EntryType::Block,
        (None, EntryKind::Socket) => return None,
    };
    header.set_entry_type(kind);
    let mut path = name.to_vec();
    if entry.kind == EntryKind::Dir {
        path.push(b'/');
    }
    set_bytes(&mut header, 0, NAME_BYTES, &path, "path", &mut records);
    if let Some(target) = link_to.or(entry.target.as_deref()) {
        set_bytes(&mut header, 157, NAME_BYTES, target, "linkpath", &mut records);
    }
    header.set_mode(entry.mode & 0o7777);
    header.set_uid(small(u64::from(entry.uid), "uid", &mut records));
    header.set_gid(small(u64::from(entry.gid), "gid", &mut records));
    set_times(&mut header, entry, &mut records);
    for (place, key, owner) in [(265, "uname", &entry.user), (297, "gname", &entry.group)] {
        if let Some(owner) = owner {
            set_bytes(&mut header, place, OWNER_BYTES, owner.as_bytes(), key, &mut records);
        }
    }
    let size = if kind == EntryType::Regular { entry.size } else { 0 };
    header.set_size(size.min(LARGE_NUMBER));
    if size > LARGE_NUMBER {
        record("size", size.to_string().as_bytes(), &mut records);
    }
    if let (EntryType::Char | EntryType::Block, Some((major, minor))) = (kind, entry.device) {
        // Ustar headers always have these fields, and the numbers fit: 12 and 20 bits on Linux.
        header.set_device_major(major.min(SMALL_NUMBER as u32)).ok()?;
        header.set_device_minor(minor.min(SMALL_NUMBER as u32)).ok()?;
    }
    if link_to.is_none() {
        entry.xattrs.iter().for_each(|(name, value)| xattr_record(name, value, &mut records));
    }
    header.set_cksum();
    let mut blocks = Vec::with_capacity(3 * TAR_BLOCK);
    if !records.is_empty() {
        push_records(&records, &mut blocks);
    }
    blocks.extend_from_slice(header.as_bytes());
    Some(blocks)
}

/// The bytes that end an archive.
pub fn end_blocks() -> [u8; 2 * TAR_BLOCK] {
    [0; 2 * TAR_BLOCK]
}

/// Bytes of padding after contents of `len` bytes.
pub fn padding_len(len: u64) -> u64 {
    len.wrapping_neg() % TAR_BLOCK as u64
}

fn set_bytes(header: &mut Header, at: usize, room: usize, value: &[u8], key: &str, records: &mut Vec<u8>) {
    let field = &mut header.as_mut_bytes()[at..at + room];
    let fits = value.len() <= room;
    // A cut name still helps whoever does not know pax; everyone else takes the record.
    let shown = &value[..value.len().min(room)];
    field[..shown.len()].copy_from_slice(shown);
    // Names that are text but not ASCII are spelled out as well, for readers that guess a charset.
    if !fits || (!value.is_ascii() && std::str::from_utf8(value).is_ok()) {
        record(key, value, records);
    }
}

fn small(number: u64, key: &str, records: &mut Vec<u8>) -> u64 {
    if number > SMALL_NUMBER {
        record(key, number.to_string().as_bytes(), records);
    }
    number.min(SMALL_NUMBER)
}

fn set_times(header: &mut Header, entry: &Entry, records: &mut Vec<u8>) {
    let mtime = entry.mtime;
    let seconds = u64::try_from(mtime.seconds).unwrap_or(0);
    header.set_mtime(seconds.min(LARGE_NUMBER));
    if mtime.nanos != 0 || mtime.seconds < 0 || seconds > LARGE_NUMBER {
        record("mtime", decimal(mtime).as_bytes(), records);
    }
    if let Some(atime) = entry.atime {
        record("atime", decimal(atime).as_bytes(), records);
    }
}

/// A point in time as pax spells it: decimal seconds, negative before 1970.
fn decimal(time: Timestamp) -> String {
    let (sign, seconds, nanos) = match (time.seconds, time.nanos) {
        (seconds, 0) if seconds < 0 => ("-", seconds.unsigned_abs(), 0),
        // `nanos` counts upward: -2 s and 0.9e9 ns are -1.1 s.
        (seconds, nanos) if seconds < 0 => ("-", seconds.unsigned_abs() - 1, 1_000_000_000 - nanos),
        (seconds, nanos) => ("", seconds.unsigned_abs(), nanos),
    };
    match nanos {
        0 => format!("{sign}{seconds}"),
        nanos => format!("{sign}{seconds}.{nanos:09}").trim_end_matches('0').to_owned(),
    }
}

/// GNU tar's spelling of attribute names: `=` would end the keyword, and so `%` must not be plain either.
fn xattr_record(name: &[u8], value: &[u8], records: &mut Vec<u8>) {
    let mut key = b"SCHILY.xattr.".to_vec();
    for byte in name {
        match byte {
            b'=' => key.extend_from_slice(b"%3D"),
            b'%' => key.extend_from_slice(b"%25"),
            byte => key.push(*byte),
        }
    }
    record_bytes(&key, value, records);
}

fn record(key: &str, value: &[u8], records: &mut Vec<u8>) {
    record_bytes(key.as_bytes(), value, records);
}

/// `LENGTH KEY=VALUE\n`, where the length counts all of it, itself included.
fn record_bytes(key: &[u8], value: &[u8], records: &mut Vec<u8>) {
    let rest = 3 + key.len() + value.len();
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    records.extend_from_slice(len.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

fn push_records(records: &[u8], blocks: &mut Vec<u8>) {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::XHeader);
    header.as_mut_bytes()[..9].copy_from_slice(b"PaxHeader");
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(records.len() as u64);
    header.set_cksum();
    blocks.extend_from_slice(header.as_bytes());
    blocks.extend_from_slice(records);
    blocks.resize(blocks.len() + padding_len(records.len() as u64) as usize, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_itself() {
        for len in 0..1200 {
            let mut records = Vec::new();
            record("k", &vec![b'v'; len], &mut records);
            let digits: String = records.iter().take_while(|b| **b != b' ').map(|b| *b as char).collect();
            assert_eq!(digits.parse::<usize>().unwrap(), records.len());
        }
    }

    #[test]
    fn times_before_1970_are_spelled_as_negative_decimals() {
        let time = |seconds, nanos| decimal(Timestamp { seconds, nanos });
        assert_eq!(time(5, 0), "5");
        assert_eq!(time(5, 120_000_000), "5.12");
        assert_eq!(time(-2, 900_000_000), "-1.1");
        assert_eq!(time(-1, 999_999_999), "-0.000000001");
        assert_eq!(time(-7, 0), "-7");
        assert_eq!(time(i64::MIN, 1), "-9223372036854775807.999999999");
    }
}
