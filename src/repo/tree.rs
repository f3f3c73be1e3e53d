//! Trees: the entries of one directory as JSON lines, sorted by name, each complete in itself.
//!
//! JSON because a tree must be readable with a page of Python when nothing else is left. Names and
//! link targets that are not UTF-8 travel in a second field as base64, so every byte survives.
//! What changes without the file changing (ctime, inode) is left out, for it would spoil the
//! deduplication of trees; the host's own catalogue keeps those.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use crate::base::ids::ChunkId;
use crate::base::limits;
use crate::base::time::Timestamp;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
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

/// The chunks that a file's contents, or a directory's tree, consist of, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkList {
    /// The ids themselves, or, where `indirect`, the meta chunks that hold the ids, 32 bytes each.
    pub ids: Vec<ChunkId>,
    /// Whether `ids` name meta chunks whose contents, put together, are the real list.
    pub indirect: bool,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name's bytes: no `/`, no NUL, neither `.` nor `..`, 1 to `NAME_MAX_BYTES`.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits with setuid, setgid and sticky: `0..=0o7777`.
    pub mode: u32,
    /// Owner by number.
    pub uid: u32,
    /// Group by number.
    pub gid: u32,
    /// Owner by name, where the source knew one.
    pub user: Option<String>,
    /// Group by name, where the source knew one.
    pub group: Option<String>,
    /// When the contents last changed.
    pub mtime: Timestamp,
    /// When it was last read, where the backup was told to keep it.
    pub atime: Option<Timestamp>,
    /// Length of a regular file in bytes, holes included; 0 for everything else.
    pub size: u64,
    /// Where a symbolic link points to.
    pub target: Option<Vec<u8>>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Entries of one snapshot with equal groups are names of one file: device and inode at the source.
    pub hardlink: Option<(u64, u64)>,
    /// Extended attributes (ACLs and capabilities among them), sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Inode flags as `FS_IOC_GETFLAGS` gives them, the restorable ones only; 0 where there are none.
    pub flags: u32,
    /// Holes as offset and length in bytes, ascending, apart, within `size`; the chunks leave them out.
    pub holes: Vec<(u64, u64)>,
    /// The contents of a regular file without its holes, or the tree of a directory.
    pub chunks: ChunkList,
    /// Why the contents are not whole ("changed while read"), if they are not.
    pub fault: Option<String>,
}

/// A tree's line as it stands in JSON. Field order is the order of the format.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name64: Option<String>,
    #[serde(rename = "type")]
    kind: EntryKind,
    mode: u32,
    uid: u32,
    gid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<std::borrow::Cow<'a, str>>,
    mtime: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    atime: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_zero_u64")]
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hardlink: Option<(u64, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    xattrs: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    flags: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holes: Vec<(u64, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunks: Option<Vec<Id64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk_list: Option<Vec<Id64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// A chunk id as trees spell it: base64 without padding, 43 characters.
struct Id64(ChunkId);

impl Serialize for Id64 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0u8; 43];
        // A 32-byte input encodes to exactly 43 characters, all of them ASCII.
        let written = BASE64.encode_slice(self.0.0, &mut text).map_err(serde::ser::Error::custom)?;
        let text = std::str::from_utf8(&text[..written]).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Id64 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        parse_id(&text)
            .map(Id64)
            .ok_or_else(|| serde::de::Error::custom("no chunk id (43 base64 characters)"))
    }
}

/// A chunk id as trees and snapshots spell it.
pub fn spell_id(id: &ChunkId) -> String {
    BASE64.encode(id.0)
}

/// The chunk id that `text` spells, if it spells one.
pub fn parse_id(text: &str) -> Option<ChunkId> {
    let bytes = BASE64.decode(text).ok()?;
    Some(ChunkId(bytes.try_into().ok()?))
}

fn is_zero_u64(value: &u64) -> bool {
    *value == 0
}

fn is_zero_u32(value: &u32) -> bool {
    *value == 0
}

/// A tree that cannot be what a writer made.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A line is no JSON of the right shape.
    #[error("line {line} of the tree is not an entry")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What the JSON parser says.
        source: serde_json::Error,
    },
    /// A value that no writer produces and no reader accepts.
    #[error("line {line} of the tree: {what}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// An entry cannot be written as JSON.
    #[error("an entry cannot be encoded")]
    Encode(#[source] serde_json::Error),
}

/// Appends `entry` as one line to `tree`.
pub fn encode_entry(entry: &Entry, tree: &mut Vec<u8>) -> Result<(), TreeError> {
    let (name, name64) = text_or_base64(&entry.name);
    let (target, target64) = match &entry.target {
        Some(target) => text_or_base64(target),
        None => (None, None),
    };
    let ids = || Some(entry.chunks.ids.iter().map(|id| Id64(*id)).collect::<Vec<_>>());
    let has_chunks = matches!(entry.kind, EntryKind::File | EntryKind::Dir);
    let line = Line {
        name,
        name64,
        kind: entry.kind,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        user: entry.user.as_deref().map(Into::into),
        group: entry.group.as_deref().map(Into::into),
        mtime: entry.mtime,
        atime: entry.atime,
        size: entry.size,
        target,
        target64,
        device: entry.device,
        hardlink: entry.hardlink,
        xattrs: entry.xattrs.iter().map(|(n, v)| (spell_xattr_name(n), BASE64.encode(v))).collect(),
        flags: entry.flags,
        holes: entry.holes.clone(),
        chunks: if has_chunks && !entry.chunks.indirect { ids() } else { None },
        chunk_list: if has_chunks && entry.chunks.indirect { ids() } else { None },
        fault: entry.fault.clone(),
    };
    serde_json::to_writer(&mut *tree, &line).map_err(TreeError::Encode)?;
    tree.push(b'\n');
    Ok(())
}

/// Decodes a whole tree; entries come sorted and checked.
pub fn decode_tree(tree: &[u8]) -> Result<Vec<Entry>, TreeError> {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, text) in tree.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let entry = decode_entry(text, index + 1)?;
        if entries.last().is_some_and(|last| last.name >= entry.name) {
            return Err(TreeError::Value { line: index + 1, what: "names are not in ascending order" });
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Decodes one line; `number` stands in errors.
pub fn decode_entry(text: &[u8], number: usize) -> Result<Entry, TreeError> {
    let fail = |what| TreeError::Value { line: number, what };
    let Some((b'\n', text)) = text.split_last() else {
        return Err(fail("it does not end with a line feed"));
    };
    if text.len() > limits::TREE_LINE_MAX_BYTES {
        return Err(fail("it is longer than a line may be"));
    }
    let line: Line<'_> =
        serde_json::from_slice(text).map_err(|source| TreeError::Syntax { line: number, source })?;
    let name = bytes_of(line.name, line.name64).ok_or(fail("it has no name"))?;
    let target = match (line.target, line.target64) {
        (None, None) => None,
        (text, base64) => Some(bytes_of(text, base64).ok_or(fail("its link target is no base64"))?),
    };
    let xattrs = line
        .xattrs
        .into_iter()
        .map(|(name, value)| Some((parse_xattr_name(&name)?, BASE64.decode(value).ok()?)))
        .collect::<Option<Vec<_>>>()
        .ok_or(fail("an extended attribute is no base64"))?;
    let (ids, indirect) = match (line.chunks, line.chunk_list) {
        (Some(ids), None) => (ids, false),
        (None, Some(ids)) => (ids, true),
        (None, None) => (Vec::new(), false),
        _ => return Err(fail("it has both chunks and a chunk list")),
    };
    let entry = Entry {
        name,
        kind: line.kind,
        mode: line.mode,
        uid: line.uid,
        gid: line.gid,
        user: line.user.map(Into::into),
        group: line.group.map(Into::into),
        mtime: line.mtime,
        atime: line.atime,
        size: line.size,
        target,
        device: line.device,
        hardlink: line.hardlink,
        xattrs,
        flags: line.flags,
        holes: line.holes,
        chunks: ChunkList { ids: ids.into_iter().map(|id| id.0).collect(), indirect },
        fault: line.fault,
    };
    check_entry(&entry).map_err(fail)?;
    Ok(entry)
}

/// What every entry must satisfy, whoever made it.
fn check_entry(entry: &Entry) -> Result<(), &'static str> {
    let name = entry.name.as_slice();
    if name.is_empty() || name == b"." || name == b".." || name.len() > limits::NAME_MAX_BYTES {
        return Err("its name is empty, `.`, `..` or too long");
    }
    if name.contains(&b'/') || name.contains(&0) {
        return Err("its name has a `/` or a NUL");
    }
    if entry.mode > 0o7777 {
        return Err("its mode has more than permission bits");
    }
    if (entry.kind == EntryKind::Symlink) != entry.target.is_some() {
        return Err("a link target without a link, or a link without a target");
    }
    if entry
        .target
        .as_ref()
        .is_some_and(|t| t.is_empty() || t.len() > limits::LINK_TARGET_MAX_BYTES || t.contains(&0))
    {
        return Err("its link target is empty, too long or has a NUL");
    }
    let mut end = 0u64;
    for (offset, length) in &entry.holes {
        let hole_end = offset.checked_add(*length).ok_or("a hole is out of range")?;
        if *offset < end || *length == 0 || hole_end > entry.size {
            return Err("its holes overlap, are not in order or pass its end");
        }
        end = hole_end;
    }
    Ok(())
}

impl Entry {
    /// Bytes of content that the chunks hold: the size without the holes.
    pub fn content_bytes(&self) -> u64 {
        self.holes.iter().fold(self.size, |left, (_, length)| left.saturating_sub(*length))
    }
}

fn text_or_base64(bytes: &[u8]) -> (Option<std::borrow::Cow<'_, str>>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.into()), None),
        Err(_) => (None, Some(BASE64.encode(bytes))),
    }
}

fn bytes_of(text: Option<std::borrow::Cow<'_, str>>, base64: Option<String>) -> Option<Vec<u8>> {
    match (text, base64) {
        (Some(text), None) => Some(text.into_owned().into_bytes()),
        (None, Some(base64)) => BASE64.decode(base64).ok(),
        _ => None,
    }
}

/// Attribute names are text in practice; one that is not is spelled `base64:…`.
fn spell_xattr_name(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) if !text.starts_with("base64:") => text.to_owned(),
        _ => format!("base64:{}", BASE64.encode(name)),
    }
}

fn parse_xattr_name(text: &str) -> Option<Vec<u8>> {
    match text.strip_prefix("base64:") {
        Some(base64) => BASE64.decode(base64).ok(),
        None => Some(text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8]) -> Entry {
        Entry {
            name: name.to_vec(),
            kind: EntryKind::File,
            mode: 0o644,
            uid: 1,
            gid: 2,
            user: Some("daemon".into()),
            group: None,
            mtime: Timestamp { seconds: -1, nanos: 999_999_999 },
            atime: None,
            size: 8192,
            target: None,
            device: None,
            hardlink: Some((5, 6)),
            xattrs: vec![(b"user.a".to_vec(), vec![0, 255]), (vec![0xff], vec![])],
            flags: 0x10,
            holes: vec![(0, 4096)],
            chunks: ChunkList { ids: vec![ChunkId([7; 32])], indirect: false },
            fault: None,
        }
    }

    #[test]
    fn entries_survive_encoding_exactly_whatever_their_names() {
        let mut tree = Vec::new();
        let names: [&[u8]; 4] = [b"a\nb", b"plain", &[0x80, 0xfe], &[0xc3, 0x28]];
        let entries: Vec<Entry> = names.iter().map(|name| entry(name)).collect();
        for entry in &entries {
            encode_entry(entry, &mut tree).unwrap();
        }
        assert_eq!(decode_tree(&tree).unwrap(), entries);
    }

    #[test]
    fn names_that_would_leave_the_directory_are_refused() {
        for name in [&b".."[..], b".", b"", b"a/b", b"a\0b", &[b'x'; 1025]] {
            let mut tree = Vec::new();
            encode_entry(&entry(name), &mut tree).unwrap();
            assert!(decode_tree(&tree).is_err(), "{name:?}");
        }
    }

    #[test]
    fn holes_outside_the_file_or_out_of_order_are_refused() {
        for holes in [vec![(4096, 8192)], vec![(u64::MAX, 2)], vec![(4096, 1), (0, 1)], vec![(1, 0)]] {
            let mut tree = Vec::new();
            encode_entry(&Entry { holes, ..entry(b"x") }, &mut tree).unwrap();
            assert!(decode_tree(&tree).is_err());
        }
    }

    #[test]
    fn unsorted_and_cut_trees_are_refused() {
        let mut tree = Vec::new();
        encode_entry(&entry(b"b"), &mut tree).unwrap();
        encode_entry(&entry(b"a"), &mut tree).unwrap();
        assert!(decode_tree(&tree).is_err());
        assert!(decode_tree(&tree[..tree.len() - 1]).is_err());
    }
}
