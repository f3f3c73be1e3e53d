//! What differs between two captured states, how much it matters, and what it means for a restore.
//!
//! States are compared as trees of values, not field by field: a field that the model gains is compared from
//! its first day, and the few that must not be are listed ([`keys::is_ignored`]). Items of lists are matched
//! by what names them (a device's key, a user's name), so that order alone is no difference where it means
//! nothing. Where one side could not be looked at, that is said instead of calling everything gone.

mod flatten;
pub mod judge;
pub mod keys;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::system::diff::flatten::{Item, flatten};
use crate::system::model::{ModelError, Outcome, SystemState};

/// The schema of what [`diff`] finds.
pub const SCHEMA: &str = "lifeboat.system-diff/1";

/// What became of something, seen from the first state to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, with another value.
    Changed,
    /// One side does not know.
    Unknown,
}

impl ChangeKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Changed => "changed",
            ChangeKind::Unknown => "unknown",
        }
    }
}

/// How much a difference matters to a restore; greater is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Comes and goes by itself, or is made anew anyhow.
    Info,
    /// The machine works, a little differently.
    Minor,
    /// Something that ran or could be reached does not, or not as before.
    Major,
    /// The machine may not start, or a rebuild needs other disks or another plan.
    Critical,
}

impl Severity {
    /// All of them, the least first.
    pub const ALL: [Severity; 4] = [Severity::Info, Severity::Minor, Severity::Major, Severity::Critical];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The part of the state, such as `packages`.
    pub section: String,
    /// What differs, such as `packages.installed[nginx:amd64].version`.
    pub path: String,
    /// What became of it.
    pub change: ChangeKind,
    /// How much it matters.
    pub severity: Severity,
    /// What was there, shortly; none for what was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What is there, shortly; none for what was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// What it means when the first state is restored.
    pub meaning: &'static str,
}

/// All differences, and how many there are of each severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// What the first state is.
    pub old: String,
    /// What the second one is.
    pub new: String,
    /// The worst first, then by path.
    pub changes: Vec<Change>,
    /// How many there are, by severity; all four are there.
    pub counts: BTreeMap<&'static str, usize>,
}

impl Difference {
    /// Counts the differences anew, as after some were left out.
    pub fn count(&mut self) {
        self.counts = Severity::ALL.iter().map(|severity| (severity.as_str(), 0)).collect();
        for change in &self.changes {
            *self.counts.entry(change.severity.as_str()).or_default() += 1;
        }
    }

    /// The worst severity; none without a difference.
    pub fn worst(&self) -> Option<Severity> {
        self.changes.iter().map(|change| change.severity).max()
    }
}

/// Compares two states, which `names` calls the old and the new one.
pub fn diff(old: &SystemState, new: &SystemState, names: (&str, &str)) -> Result<Difference, ModelError> {
    let is_whole = old.root == "/" && new.root == "/" || old.root.is_empty() || new.root.is_empty();
    let mut changes = Vec::new();
    let unknown = unknown_sections(old, new, names, &mut changes);
    let (old_items, new_items) = (flatten(&old.to_value()?), flatten(&new.to_value()?));
    let paths: BTreeSet<&String> = old_items.keys().chain(new_items.keys()).collect();
    let mut covered: Option<String> = None;
    for path in paths {
        let section = section_of(path);
        // What lies in an item that came or went as a whole is told with the item.
        let is_covered = covered.as_ref().is_some_and(|whole| path.starts_with(whole.as_str()));
        let plain = keys::plain(path);
        let is_live_only = !is_whole && keys::needs_running_system(&plain);
        // What programs printed has been read into the document.
        let is_output = path.starts_with("files[outputs/");
        if is_covered || is_output || unknown.contains(section) || is_live_only || keys::is_ignored(&plain) {
            continue;
        }
        let (before, after) = (old_items.get(path), new_items.get(path));
        if before == after || hides(before) || hides(after) {
            continue;
        }
        if matches!((before, after), (Some(Item::Whole(_)), None) | (None, Some(Item::Whole(_)))) {
            covered = Some(path.clone());
        } else if matches!(before, Some(Item::Whole(_))) {
            // Both have it: what differs inside is told below.
            continue;
        }
        changes.push(change(path, before, after));
    }
    if !is_whole {
        changes.push(Change {
            section: "host".to_owned(),
            path: "root".to_owned(),
            change: ChangeKind::Unknown,
            severity: Severity::Info,
            old: Some(old.root.clone()),
            new: Some(new.root.clone()),
            meaning: "One side is a directory: disks, the kernel's network and what runs are not compared.",
        });
    }
    changes.sort_by(|left, right| (right.severity, &left.path).cmp(&(left.severity, &right.path)));
    let mut found = Difference {
        schema: SCHEMA,
        old: names.0.to_owned(),
        new: names.1.to_owned(),
        changes,
        counts: BTreeMap::new(),
    };
    found.count();
    Ok(found)
}

fn section_of(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// Whether one side has a value that was taken out: then nobody knows.
fn hides(item: Option<&Item>) -> bool {
    matches!(item, Some(Item::Hidden(None)))
}

/// Sections of which one side has nothing because its collector failed.
fn unknown_sections(
    old: &SystemState,
    new: &SystemState,
    names: (&str, &str),
    changes: &mut Vec<Change>,
) -> BTreeSet<String> {
    let mut unknown = BTreeSet::new();
    for (state, name) in [(old, names.0), (new, names.1)] {
        for report in &state.collectors {
            if !matches!(report.outcome, Outcome::Failed | Outcome::TimedOut) {
                continue;
            }
            if unknown.insert(report.name.clone()) {
                changes.push(Change {
                    section: report.name.clone(),
                    path: report.name.clone(),
                    change: ChangeKind::Unknown,
                    severity: Severity::Major,
                    old: None,
                    new: Some(format!("{name}: {}", report.warnings.first().map_or("", String::as_str))),
                    meaning: "This part was not captured on one side; nothing can be said of it.",
                });
            }
        }
    }
    unknown
}

fn change(path: &str, before: Option<&Item>, after: Option<&Item>) -> Change {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let (old, new) = (before.map(Item::shown), after.map(Item::shown));
    // A field that came or went changes what it belongs to.
    let is_item = [before, after].iter().any(|side| matches!(side, Some(Item::Whole(_))));
    let kind = if is_item || !path.contains(['[', '.']) { kind } else { ChangeKind::Changed };
    let plain = keys::plain(path);
    let (severity, meaning) = judge::judge(&plain, kind, old.as_deref(), new.as_deref());
    Change {
        section: section_of(path).to_owned(),
        path: path.to_owned(),
        change: kind,
        severity,
        old,
        new,
        meaning,
    }
}
