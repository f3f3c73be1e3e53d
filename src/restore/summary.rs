//! What a restore came to. Serialises as `lifeboat.restore/1`.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::SnapshotId;

/// The schema of a summary as JSON.
pub const SCHEMA: &str = "lifeboat.restore/1";

/// A file or directory that was not restored.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Its path below the target, beginning with `/`; harmless for display.
    pub path: String,
    /// Why.
    pub why: String,
    /// Whether the repository is to blame.
    pub damage: bool,
}

/// What a restore came to.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreSummary {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The target, lossy for display.
    pub target: String,
    /// Files written, in full or in part.
    pub files: u64,
    /// Directories made or brought up to date.
    pub dirs: u64,
    /// Symbolic links, further names of files, pipes, sockets and devices made.
    pub others: u64,
    /// Entries that were right already, but for metadata perhaps.
    pub unchanged: u64,
    /// Entries left by request.
    pub kept: u64,
    /// Entries removed.
    pub deleted: u64,
    /// Entries not restored, for reasons that can be lifted, each named in `refusals`.
    pub refused: u64,
    /// The refused ones.
    pub refusals: Vec<Failure>,
    /// Everything that could not be restored.
    pub failed: Vec<Failure>,
    /// What else people should know: metadata that could not be set, and more; the first of each kind.
    pub warnings: Vec<String>,
    /// How many warnings there were.
    pub warning_count: u64,
    /// Bytes written to files.
    pub written_bytes: u64,
    /// Bytes of plaintext frames fetched.
    pub fetched_bytes: u64,
    /// Ranged reads made.
    pub requests: u64,
    /// Bytes found at the target already, in files that were updated.
    pub reused_bytes: u64,
    /// Files read back and found right; `None` if none was to be.
    pub verified: Option<u64>,
    /// How long it took.
    pub duration_seconds: f64,
    /// Whether an interrupted restore was continued.
    pub resumed: bool,
}

impl RestoreSummary {
    /// The sort of failure, if anything was not restored.
    pub fn kind(&self) -> Option<ErrorKind> {
        if self.failed.iter().any(|failure| failure.damage) {
            Some(ErrorKind::Damage)
        } else if !self.failed.is_empty() {
            Some(ErrorKind::Failed)
        } else if self.refused > 0 {
            Some(ErrorKind::Partial)
        } else {
            None
        }
    }
}
