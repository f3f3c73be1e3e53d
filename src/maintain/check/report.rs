//! What a check found, and what each finding costs.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;

/// The schema of a [`CheckReport`].
pub const CHECK_SCHEMA: &str = "lifeboat.check/1";
/// Snapshots and paths named for one finding; all are counted.
const NAMED_MAX: usize = 20;
/// Lost files named; all are counted.
const LOST_MAX: usize = 1000;
/// Findings kept; all are counted.
const FINDINGS_MAX: usize = 10_000;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Warning,
    /// The repository lacks something it should hold, or holds something wrong.
    Damage,
}

/// What a finding costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consequence {
    /// In words, where there is more to say than the lists.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Ids of snapshots that lose something, the first few.
    pub snapshots: Vec<String>,
    /// How many there are.
    pub snapshot_count: u64,
    /// Paths that lose contents or can't be listed, the first few.
    pub paths: Vec<String>,
    /// How many there are.
    pub path_count: u64,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of finding, for scripts: `pack-missing`, `segment-damaged`, …
    pub code: &'static str,
    /// The object's key, or a prefix for what concerns many.
    pub object: String,
    /// What is wrong.
    pub what: String,
    /// What it costs.
    pub consequence: Consequence,
    /// What to do.
    pub advice: String,
}

/// A file that cannot be restored whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostFile {
    /// A snapshot that has it.
    pub snapshot: String,
    /// Where; lossy for display.
    pub path: String,
    /// Why.
    pub why: String,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckCounts {
    /// Key slots.
    pub slots: u64,
    /// Segments of the index.
    pub segments: u64,
    /// Packs in the store.
    pub packs: u64,
    /// Packs that the collector has condemned.
    pub condemned_packs: u64,
    /// Sessions under way.
    pub sessions: u64,
    /// Snapshots, fences left out.
    pub snapshots: u64,
    /// Distinct trees read.
    pub trees: u64,
    /// Files in them.
    pub files: u64,
    /// Chunk references followed.
    pub chunks: u64,
    /// Packs read whole.
    pub packs_read: u64,
    /// Their bytes.
    pub pack_bytes_read: u64,
    /// Chunks read and compared with their ids.
    pub chunks_read: u64,
}

/// The outcome of a check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Always [`CHECK_SCHEMA`].
    pub schema: &'static str,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// How many findings of damage there are, unnamed ones included.
    pub damage_count: u64,
    /// How many warnings.
    pub warning_count: u64,
    /// Remarks: nothing is wrong, somebody may want to know.
    pub remarks: Vec<String>,
    /// What could not be looked at, and why.
    pub unchecked: Vec<String>,
    /// What was looked at.
    pub counts: CheckCounts,
    /// Files that lose contents, the first thousand.
    pub lost_files: Vec<LostFile>,
    /// How many there are; a file that several snapshots share counts once.
    pub lost_file_count: u64,
}

impl CheckReport {
    /// `Damage` if any was found.
    pub fn failure(&self) -> Option<ErrorKind> {
        (self.damage_count > 0).then_some(ErrorKind::Damage)
    }
}

/// Names a finding while the check goes on.
pub type FindingId = u32;

/// The findings so far.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    last_snapshot: Vec<Option<String>>,
    damage_count: u64,
    warning_count: u64,
    remarks: Vec<String>,
    unchecked: Vec<String>,
    lost_files: Vec<LostFile>,
    lost_file_count: u64,
    /// What was looked at.
    pub counts: CheckCounts,
}

impl Findings {
    /// Adds a finding of damage.
    pub fn damage(
        &mut self,
        code: &'static str,
        object: impl Into<String>,
        what: impl Into<String>,
        advice: &str,
    ) -> FindingId {
        self.damage_count += 1;
        self.add(Severity::Damage, code, object.into(), what.into(), advice)
    }

    /// Adds a warning.
    pub fn warning(
        &mut self,
        code: &'static str,
        object: impl Into<String>,
        what: impl Into<String>,
        advice: &str,
    ) -> FindingId {
        self.warning_count += 1;
        self.add(Severity::Warning, code, object.into(), what.into(), advice)
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        object: String,
        what: String,
        advice: &str,
    ) -> FindingId {
        if self.list.len() >= FINDINGS_MAX {
            // Counted, and what it costs goes to the last one that is named.
            return FINDINGS_MAX as u32 - 1;
        }
        let consequence = Consequence::default();
        let advice = advice.to_owned();
        self.list.push(Finding { severity, code, object, what, consequence, advice });
        self.last_snapshot.push(None);
        self.list.len() as u32 - 1
    }

    /// Says in words what `finding` costs.
    pub fn explain(&mut self, finding: FindingId, text: impl Into<String>) {
        if let Some(finding) = self.list.get_mut(finding as usize) {
            finding.consequence.text = text.into();
        }
    }

    /// `snapshot` loses something by `finding`. Snapshots are told of one after the other.
    pub fn costs_snapshot(&mut self, finding: FindingId, snapshot: &str) {
        let Some(last) = self.last_snapshot.get_mut(finding as usize) else { return };
        if last.as_deref() == Some(snapshot) {
            return;
        }
        *last = Some(snapshot.to_owned());
        let consequence = &mut self.list[finding as usize].consequence;
        consequence.snapshot_count += 1;
        if consequence.snapshots.len() < NAMED_MAX {
            consequence.snapshots.push(snapshot.to_owned());
        }
    }

    /// What lies at `path` is lost, or part of it, by `finding`.
    pub fn costs_path(&mut self, finding: FindingId, path: &str) {
        let Some(found) = self.list.get_mut(finding as usize) else { return };
        found.consequence.path_count += 1;
        if found.consequence.paths.len() < NAMED_MAX {
            found.consequence.paths.push(path.to_owned());
        }
    }

    /// A file that cannot be restored whole.
    pub fn lost_file(&mut self, snapshot: &str, path: &str, finding: FindingId) {
        self.lost_file_count += 1;
        if self.lost_files.len() < LOST_MAX {
            let why = self
                .list
                .get(finding as usize)
                .map_or_else(String::new, |finding| format!("{}: {}", finding.object, finding.what));
            self.lost_files.push(LostFile { snapshot: snapshot.into(), path: path.into(), why });
        }
    }

    /// A remark.
    pub fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }

    /// Something that could not be looked at.
    pub fn unchecked(&mut self, text: String) {
        self.unchecked.push(text);
    }

    /// The report.
    pub fn finish(self) -> CheckReport {
        CheckReport {
            schema: CHECK_SCHEMA,
            findings: self.list,
            damage_count: self.damage_count,
            warning_count: self.warning_count,
            remarks: self.remarks,
            unchecked: self.unchecked,
            counts: self.counts,
            lost_files: self.lost_files,
            lost_file_count: self.lost_file_count,
        }
    }
}
