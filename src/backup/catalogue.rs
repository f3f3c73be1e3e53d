//! The catalogue: what this host knows of its previous backup, so that unchanged files are not read.
//!
//! A writer cannot read old trees, for they are sealed to others; what it needs of them it keeps here: for
//! each directory its tree's chunks, and for each entry the metadata it had and its finished line of the
//! tree. An unchanged entry's line is copied, an unchanged directory's tree is not even put together.
//! The file is written in one pass, mapped for reading, and checksummed record by record. It is a cache:
//! whatever looks wrong in it is as good as absent, and the files are read again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::ids::{ChunkId, SegmentName, SnapshotId};
use crate::base::time::Timestamp;
use crate::repo::tree::ChunkList;
use crate::sys::file::Mapped;
use crate::sys::stat::{FileKind, Stat};

/// First bytes of the file; the last is the version.
const MARK: &[u8; 8] = b"LBCAT\0\0\x01";
/// Bytes of a record before its payload: length 4, path hash 16, checksum 8.
const RECORD_HEADER_BYTES: usize = 28;
/// Bytes of an index row: path hash 16, offset 8.
const INDEX_ROW_BYTES: usize = 24;
/// Bytes at the very end: number of records 8, length of the description 8, checksum 32.
const FOOTER_BYTES: usize = 48;
/// Bytes of an entry before its name: see [`StatKey::encode`], then name length 2 and line length 4.
const ENTRY_HEADER_BYTES: usize = StatKey::BYTES + 6;

/// What the previous backup was, and what must still hold for the catalogue to count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The repository's id.
    pub repository: String,
    /// The snapshot that the catalogue describes.
    pub snapshot: Option<SnapshotId>,
    /// The collector's epoch at that time.
    pub epoch: u64,
    /// The segments the index had, and those the session published.
    pub segments: Vec<SegmentName>,
    /// Names of users and groups as they were written into lines.
    pub users: BTreeMap<u32, Option<String>>,
    /// The same for groups.
    pub groups: BTreeMap<u32, Option<String>>,
    /// What else decides over the lines' contents (options of the backup).
    pub options: String,
}

/// The metadata that tells whether an entry has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatKey {
    kind: u8,
    mode: u32,
    uid: u32,
    gid: u32,
    nlink: u32,
    size: u64,
    ino: u64,
    mtime: Timestamp,
    ctime: Timestamp,
    rdev: (u32, u32),
}

/// Which parts of the metadata do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// Leave the change time out: for file systems that make it up.
    pub ignore_ctime: bool,
    /// Leave the inode number out: for network file systems.
    pub ignore_inode: bool,
}

impl StatKey {
    const BYTES: usize = 1 + 4 * 4 + 8 * 2 + 12 * 2 + 8;

    /// What counts of `stat`.
    pub fn of(stat: &Stat) -> Self {
        let is_dir = stat.kind == FileKind::Dir;
        Self {
            kind: stat.kind as u8,
            mode: stat.mode12,
            uid: stat.uid,
            gid: stat.gid,
            // A directory's link count and size follow from its entries, which are compared themselves.
            nlink: if is_dir { 0 } else { stat.nlink },
            size: if is_dir { 0 } else { stat.size },
            ino: stat.ino,
            mtime: stat.mtime,
            ctime: stat.ctime,
            rdev: stat.rdev,
        }
    }

    /// Whether nothing that counts differs.
    pub fn matches(&self, other: &Self, leniency: Leniency) -> bool {
        let mut other = *other;
        if leniency.ignore_ctime {
            other.ctime = self.ctime;
        }
        if leniency.ignore_inode {
            other.ino = self.ino;
        }
        *self == other
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind);
        for number in [self.mode, self.uid, self.gid, self.nlink] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.size, self.ino] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for time in [self.mtime, self.ctime] {
            out.extend_from_slice(&time.seconds.to_le_bytes());
            out.extend_from_slice(&time.nanos.to_le_bytes());
        }
        out.extend_from_slice(&self.rdev.0.to_le_bytes());
        out.extend_from_slice(&self.rdev.1.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let u64_at = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let time_at = |at: usize| Some(Timestamp { seconds: u64_at(at)? as i64, nanos: u32_at(at + 8)? });
        Some(Self {
            kind: *bytes.first()?,
            mode: u32_at(1)?,
            uid: u32_at(5)?,
            gid: u32_at(9)?,
            nlink: u32_at(13)?,
            size: u64_at(17)?,
            ino: u64_at(25)?,
            mtime: time_at(33)?,
            ctime: time_at(45)?,
            rdev: (u32_at(57)?, u32_at(61)?),
        })
    }
}

/// The hash that records are found by.
pub fn path_hash(path: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(path).as_bytes()[..16]);
    hash
}

/// The previous backup's catalogue, open for look-ups from any thread.
pub struct Catalogue {
    map: Mapped,
    index: std::ops::Range<usize>,
    description: Description,
}

/// One directory of the previous backup.
#[derive(Clone, Debug)]
pub struct DirRecord<'a> {
    /// The chunks of its tree.
    pub chunks: ChunkList,
    /// How many entries it had.
    pub entry_count: usize,
    /// The payload, to be copied when nothing has changed.
    pub payload: &'a [u8],
    entries: &'a [u8],
}

/// One entry of the previous backup.
#[derive(Clone, Copy, Debug)]
pub struct EntryRecord<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its metadata then.
    pub key: StatKey,
    /// Its line of the tree, with the line feed; empty if the entry must be read again.
    pub line: &'a [u8],
}

impl Catalogue {
    /// Opens the catalogue at `path`; `None` if there is none that can be used.
    pub fn open(path: &Path) -> Option<Self> {
        let map = Mapped::open(path, u64::MAX).ok()?;
        let (rest, footer) = map.split_at_checked(map.len().checked_sub(FOOTER_BYTES)?)?;
        let number = |at: usize| {
            let bytes: [u8; 8] = footer.get(at..at + 8)?.try_into().ok()?;
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let description_at = rest.len().checked_sub(number(8)?)?;
        let index_at = description_at.checked_sub(number(0)?.checked_mul(INDEX_ROW_BYTES)?)?;
        if !rest.starts_with(MARK) || index_at < MARK.len() {
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&map[index_at..description_at + number(8)?]).update(&footer[..16]);
        if hasher.finalize().as_bytes() != &footer[16..] {
            return None;
        }
        let description = serde_json::from_slice(&rest[description_at..]).ok()?;
        Some(Self { index: index_at..description_at, description, map })
    }

    /// What the previous backup was.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The directory at `path`, if the previous backup had it.
    pub fn directory(&self, path: &[u8]) -> Option<DirRecord<'_>> {
        let hash = path_hash(path);
        let rows = self.map[self.index.clone()].as_chunks::<INDEX_ROW_BYTES>().0;
        let row = rows.get(rows.partition_point(|row| row[..16] < hash[..]))?;
        if row[..16] != hash {
            return None;
        }
        let at = usize::try_from(u64::from_le_bytes(row[16..].try_into().ok()?)).ok()?;
        let header = self.map.get(at..at.checked_add(RECORD_HEADER_BYTES)?)?;
        let len = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
        let payload = self.map.get(at + RECORD_HEADER_BYTES..(at + RECORD_HEADER_BYTES).checked_add(len)?)?;
        if header[4..20] != hash || header[20..28] != checksum(payload) {
            return None;
        }
        DirRecord::decode(payload)
    }
}

impl<'a> DirRecord<'a> {
    fn decode(payload: &'a [u8]) -> Option<Self> {
        let count = u32::from_le_bytes(payload.get(..4)?.try_into().ok()?) as usize;
        let indirect = *payload.get(4)? != 0;
        let ids_end = count.checked_mul(32)?.checked_add(9)?;
        let ids = payload.get(9..ids_end)?.as_chunks::<32>().0.iter().map(|id| ChunkId(*id)).collect();
        let entry_count = u32::from_le_bytes(payload.get(5..9)?.try_into().ok()?) as usize;
        let entries = &payload[ids_end..];
        Some(Self { chunks: ChunkList { ids, indirect }, entry_count, payload, entries })
    }

    /// The entries, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = EntryRecord<'a>> + use<'a> {
        let mut rest = self.entries;
        std::iter::from_fn(move || {
            let header = rest.get(..ENTRY_HEADER_BYTES)?;
            let key = StatKey::decode(header)?;
            let at = StatKey::BYTES;
            let name_len = usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
            let line_len = u32::from_le_bytes(header[at + 2..at + 6].try_into().ok()?) as usize;
            let name = rest.get(ENTRY_HEADER_BYTES..ENTRY_HEADER_BYTES + name_len)?;
            let end = (ENTRY_HEADER_BYTES + name_len).checked_add(line_len)?;
            let line = rest.get(ENTRY_HEADER_BYTES + name_len..end)?;
            rest = &rest[end..];
            Some(EntryRecord { name, key, line })
        })
    }
}

/// Puts a directory's payload together, entry by entry.
#[derive(Debug, Default)]
pub struct RecordBuilder {
    entries: Vec<u8>,
    count: u32,
}

impl RecordBuilder {
    /// Adds the next entry in the order of names; an empty `line` makes the next backup read it again.
    pub fn push(&mut self, name: &[u8], key: &StatKey, line: &[u8]) {
        key.encode(&mut self.entries);
        // Names are at most NAME_MAX_BYTES and lines at most TREE_LINE_MAX_BYTES long.
        self.entries.extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.entries.extend_from_slice(&(line.len() as u32).to_le_bytes());
        self.entries.extend_from_slice(name);
        self.entries.extend_from_slice(line);
        self.count += 1;
    }

    /// The payload of a directory whose tree is `chunks`.
    pub fn finish(self, chunks: &ChunkList) -> Vec<u8> {
        let mut payload = Vec::with_capacity(9 + chunks.ids.len() * 32 + self.entries.len());
        payload.extend_from_slice(&(chunks.ids.len() as u32).to_le_bytes());
        payload.push(u8::from(chunks.indirect));
        payload.extend_from_slice(&self.count.to_le_bytes());
        chunks.ids.iter().for_each(|id| payload.extend_from_slice(&id.0));
        payload.extend_from_slice(&self.entries);
        payload
    }
}

/// Writes the next catalogue beside the old one.
pub struct CatalogueWriter {
    out: BufWriter<File>,
    beside: PathBuf,
    path: PathBuf,
    index: Vec<([u8; 16], u64)>,
    at: u64,
}

impl CatalogueWriter {
    /// Begins the catalogue that will stand at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        let beside = path.with_extension(format!("tmp{}", std::process::id()));
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&beside)?);
        out.write_all(MARK)?;
        Ok(Self { out, beside, path: path.to_path_buf(), index: Vec::new(), at: MARK.len() as u64 })
    }

    /// Adds a directory.
    pub fn push(&mut self, path: &[u8], payload: &[u8]) -> io::Result<()> {
        let Ok(len) = u32::try_from(payload.len()) else {
            return Ok(()); // A directory of 4 GiB of lines is simply put together again next time.
        };
        let hash = path_hash(path);
        self.index.push((hash, self.at));
        self.out.write_all(&len.to_le_bytes())?;
        self.out.write_all(&hash)?;
        self.out.write_all(&checksum(payload))?;
        self.out.write_all(payload)?;
        self.at += (RECORD_HEADER_BYTES + payload.len()) as u64;
        Ok(())
    }

    /// Completes the catalogue and puts it in the old one's place.
    pub fn finish(mut self, description: &Description) -> io::Result<()> {
        self.index.sort_unstable();
        let mut tail = Vec::with_capacity(self.index.len() * INDEX_ROW_BYTES);
        for (hash, offset) in &self.index {
            tail.extend_from_slice(hash);
            tail.extend_from_slice(&offset.to_le_bytes());
        }
        let description = serde_json::to_vec(description)?;
        tail.extend_from_slice(&description);
        let mut counts = [0; 16];
        counts[..8].copy_from_slice(&(self.index.len() as u64).to_le_bytes());
        counts[8..].copy_from_slice(&(description.len() as u64).to_le_bytes());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&tail).update(&counts);
        self.out.write_all(&tail)?;
        self.out.write_all(&counts)?;
        self.out.write_all(hasher.finalize().as_bytes())?;
        self.out.flush()?;
        std::fs::rename(&self.beside, &self.path)
    }
}

impl Drop for CatalogueWriter {
    fn drop(&mut self) {
        // After `finish` there is nothing left at this name.
        let _ = std::fs::remove_file(&self.beside);
    }
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(payload).as_bytes()[..8]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(size: u64) -> StatKey {
        let time = Timestamp { seconds: -5, nanos: 7 };
        StatKey {
            kind: 0,
            mode: 0o644,
            uid: 1,
            gid: 2,
            nlink: 1,
            size,
            ino: 9,
            mtime: time,
            ctime: time,
            rdev: (3, 4),
        }
    }

    fn write(path: &Path) {
        let mut writer = CatalogueWriter::create(path).unwrap();
        for dir in 0..100u8 {
            let mut record = RecordBuilder::default();
            record.push(b"a", &key(1), b"line a\n");
            record.push(&[0xff], &key(2), b"");
            let chunks = ChunkList { ids: vec![ChunkId([dir; 32])], indirect: false };
            writer.push(&[b'/', dir], &record.finish(&chunks)).unwrap();
        }
        writer.finish(&Description { epoch: 3, ..Description::default() }).unwrap();
    }

    #[test]
    fn directories_are_found_with_their_entries() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalogue");
        write(&path);
        let catalogue = Catalogue::open(&path).unwrap();
        assert_eq!(catalogue.description().epoch, 3);
        let record = catalogue.directory(&[b'/', 42]).unwrap();
        assert_eq!(record.chunks.ids, [ChunkId([42; 32])]);
        let entries: Vec<_> = record.entries().map(|e| (e.name, e.key, e.line)).collect();
        assert_eq!(entries, [(&b"a"[..], key(1), &b"line a\n"[..]), (&[0xff][..], key(2), &b""[..])]);
        assert!(catalogue.directory(b"/nowhere").is_none());
    }

    #[test]
    fn a_damaged_catalogue_never_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalogue");
        write(&path);
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(37) {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            std::fs::write(&path, &damaged).unwrap();
            let Some(catalogue) = Catalogue::open(&path) else { continue };
            if let Some(record) = catalogue.directory(&[b'/', 42]) {
                assert_eq!(record.chunks.ids, [ChunkId([42; 32])], "byte {at}");
                assert_eq!(record.entries().count(), 2);
            }
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(Catalogue::open(&path).is_none());
    }

    #[test]
    fn what_is_ignored_does_not_count_as_a_change() {
        let (old, mut new) = (key(1), key(1));
        new.ino = 10;
        new.ctime.nanos = 8;
        assert!(!old.matches(&new, Leniency::default()));
        assert!(!old.matches(&new, Leniency { ignore_ctime: true, ignore_inode: false }));
        assert!(old.matches(&new, Leniency { ignore_ctime: true, ignore_inode: true }));
    }
}
