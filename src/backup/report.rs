//! What a backup reports in the end.

use serde::Serialize;

use crate::base::ids::{PackName, SnapshotId};
use crate::base::time::Timestamp;
use crate::repo::attachment::Attachment;
use crate::repo::snapshot::Statistics;

/// Most warnings kept in the report; all are counted and told as they come.
pub const WARNINGS_KEPT: usize = 1000;

/// The outcome of one backup.
#[derive(Clone, Debug, Serialize)]
pub struct BackupReport {
    /// Always `lifeboat.backup/1`.
    pub schema: &'static str,
    /// The committed snapshot.
    pub snapshot: SnapshotId,
    /// The host in it.
    pub host: String,
    /// When it began.
    pub time: Timestamp,
    /// The snapshot whose catalogue saved reading, if any.
    pub parent: Option<SnapshotId>,
    /// What was counted.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// What it carries beside files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// How long it took, in seconds.
    pub duration_seconds: f64,
    /// Sources that could not be read whole: the exit status says "partial" if there are any.
    pub faults: u64,
    /// How many warnings there were.
    pub warning_count: u64,
    /// The first of them.
    pub warnings: Vec<String>,
    /// Every pack that this or a later backup may rely on, for whoever renews their locks.
    #[serde(skip)]
    pub live_packs: Vec<PackName>,
}

/// What `--dry-run` finds.
#[derive(Clone, Debug, Serialize)]
pub struct DryRunReport {
    /// Always `lifeboat.backup-plan/1`.
    pub schema: &'static str,
    /// What would be taken, counted as a backup counts; nothing is read or stored.
    #[serde(flatten)]
    pub statistics: Statistics,
    /// How many warnings there were.
    pub warning_count: u64,
    /// The first of them.
    pub warnings: Vec<String>,
}

impl Default for DryRunReport {
    fn default() -> Self {
        let statistics = Statistics::default();
        Self { schema: "lifeboat.backup-plan/1", statistics, warning_count: 0, warnings: Vec::new() }
    }
}

/// One entry as `--dry-run` tells it.
#[derive(Clone, Debug, Serialize)]
pub struct DryRunEntry<'a> {
    /// The path, lossy for display.
    pub path: &'a str,
    /// `new`, `changed`, `unmodified`, `excluded` or `attach`.
    pub action: &'a str,
    /// Why it is excluded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Bytes of a file.
    pub bytes: u64,
}
