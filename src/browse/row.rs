//! One entry as it is handed out: what `ls` and `find` list, one JSON object a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::Serialize;

use crate::base::time::Timestamp;
use crate::repo::tree::{Entry, EntryKind};

/// The schema of a [`Row`].
pub const ROW_SCHEMA: &str = "lifeboat.entry/1";

/// An entry of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Always [`ROW_SCHEMA`].
    pub schema: &'static str,
    /// The snapshot's id, where rows of several are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The path from the root; lossy where it is no text.
    pub path: String,
    /// The path's bytes in base64, only where they are no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner by number.
    pub uid: u32,
    /// Group by number.
    pub gid: u32,
    /// Owner by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Group by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Length in bytes, holes included.
    pub size: u64,
    /// When the contents last changed: seconds and nanoseconds since 1970.
    pub mtime: Timestamp,
    /// Where a symbolic link points to; lossy where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Major and minor number of a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
    /// Why the contents are not whole, if they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Row {
    /// The row of `entry` at `path`.
    pub fn new(snapshot: Option<String>, path: &[u8], entry: &Entry) -> Self {
        let (text, path_base64) = spell_path(path);
        Self {
            schema: ROW_SCHEMA,
            snapshot,
            path: text,
            path_base64,
            kind: entry.kind,
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            user: entry.user.clone(),
            group: entry.group.clone(),
            size: entry.size,
            mtime: entry.mtime,
            target: entry.target.as_ref().map(|target| String::from_utf8_lossy(target).into_owned()),
            device: entry.device,
            fault: entry.fault.clone(),
        }
    }
}

/// A path as text, and in base64 as well where text would lose something.
pub fn spell_path(path: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(path) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(path).into_owned(), Some(BASE64.encode(path))),
    }
}

/// What an entry is, in a word for people.
pub fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Dir => "directory",
        EntryKind::Symlink => "symbolic link",
        EntryKind::Fifo => "named pipe",
        EntryKind::Socket => "socket",
        EntryKind::CharDev => "character device",
        EntryKind::BlockDev => "block device",
    }
}
