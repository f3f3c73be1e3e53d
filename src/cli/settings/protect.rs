//! `[job.NAME.freeze]` and `[job.NAME.snapshot]`: how a job's files hold still, as values and as keys of the
//! schema.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::cli::settings::model::{duration, list};
use crate::cli::settings::schema::{Field, Kind, field};

/// `[job.NAME.freeze]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreezeSettings {
    /// What freezes.
    #[serde(deserialize_with = "list")]
    pub freeze: Vec<String>,
    /// What thaws.
    #[serde(deserialize_with = "list")]
    pub thaw: Vec<String>,
    /// The longest that anything is frozen.
    #[serde(deserialize_with = "duration")]
    pub deadline: Option<Duration>,
}

/// `[job.NAME.snapshot]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotSettings {
    /// What makes it.
    pub kind: String,
    /// Room for what changes meanwhile.
    pub size: Option<String>,
    /// The directory that commands make a snapshot of.
    pub of: Option<PathBuf>,
    /// What makes it.
    #[serde(deserialize_with = "list")]
    pub create: Vec<String>,
    /// Where it is then.
    pub path: Option<PathBuf>,
    /// What removes it.
    #[serde(deserialize_with = "list")]
    pub remove: Vec<String>,
}

/// The keys of `freeze`.
pub const FREEZE: &[Field] = &[
    field(
        "freeze",
        Kind::Texts,
        "Commands for `sh -c` that freeze, in order; if one fails, nothing is \
           backed up.",
    ),
    field(
        "thaw",
        Kind::Texts,
        "Commands for `sh -c` that thaw. They run when the snapshot is made, or else when the files are \
         read; \
         when the deadline is over; and when lifeboat is killed. They may run though nothing was frozen. \
         Required.",
    ),
    field("deadline", Kind::Duration, "The longest that anything stays frozen; 60s otherwise."),
];

const KINDS: &[&str] = &["btrfs", "lvm", "zfs", "command"];

/// The keys of `snapshot`.
pub const SNAPSHOT: &[Field] = &[
    field("kind", Kind::Word(KINDS), "What makes it. Required."),
    field(
        "size",
        Kind::Text,
        "kind \"lvm\": the room for what changes while the backup goes on, such as \"5G\"; \"10%ORIGIN\" \
         otherwise.",
    ),
    field("of", Kind::Path, "kind \"command\": the directory it is a snapshot of."),
    field("create", Kind::Texts, "kind \"command\": commands for `sh -c` that make it."),
    field("path", Kind::Path, "kind \"command\": where the contents of `of` are then found."),
    field(
        "remove",
        Kind::Texts,
        "kind \"command\": commands for `sh -c` that remove it; also run where a run before was killed.",
    ),
];

impl SnapshotSettings {
    /// The key that is missing.
    pub fn lacks(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "" => Some("kind"),
            "command" if self.of.is_none() => Some("of"),
            "command" if self.path.is_none() => Some("path"),
            "command" if self.create.is_empty() => Some("create"),
            "command" if self.remove.is_empty() => Some("remove"),
            _ => None,
        }
    }
}
