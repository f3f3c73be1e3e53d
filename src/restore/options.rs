//! What a restore is asked to do.

use std::path::PathBuf;

use crate::restore::parallel;

/// Gaps up to this are fetched along rather than asked around, on a store that answers at once.
pub const LOCAL_GAP_BYTES: u64 = 64 << 10;
/// The most that one request asks for, and one worker holds sealed, on a store that answers at once.
pub const SPAN_MAX_BYTES: u64 = 4 << 20;
/// The same gap on a store behind a network: what a line of 80 MB/s carries in a round trip of 50 ms.
pub const REMOTE_GAP_BYTES: u64 = 4 << 20;
/// The same request there: a whole pack, where all threads together stay within [`REMOTE_BUDGET_BYTES`].
pub const REMOTE_SPAN_MAX_BYTES: u64 = 40 << 20;
/// About as much is held sealed and open by all threads.
const REMOTE_BUDGET_BYTES: u64 = 768 << 20;
/// What a process takes besides, buffers that wait for their next use included.
const REMOTE_REST_BYTES: u64 = 192 << 20;
/// At least and at most so many threads fetch: fewer leave a distant store idle, and more hold more memory
/// than they help.
const REMOTE_FETCHERS: (usize, usize) = (4, 8);
/// More threads that write hold as much again, and are faster than what is fetched for them.
const REMOTE_WORKERS_MAX: usize = 8;

/// What to do where a file is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave it.
    Never,
    /// Leave it if size and time of modification are the same, else write what differs.
    #[default]
    IfChanged,
    /// Compare its contents, and write what differs.
    Always,
}

/// How the owners of the snapshot become owners here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerMode {
    /// By name where both sides know it, else by number.
    #[default]
    ByName,
    /// By number.
    Numeric,
    /// Everything belongs to whoever restores.
    None,
}

/// Whose restored files become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerPolicy {
    /// The rule for owners that no table names.
    pub mode: OwnerMode,
    /// Users: from a name or number of the snapshot to a name or number here.
    pub users: Vec<(String, String)>,
    /// The same for groups.
    pub groups: Vec<(String, String)>,
}

/// Which part of the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The path in the snapshot that becomes the target's contents; all of it, at its absolute paths, where
    /// there is none.
    pub subpath: Option<Vec<u8>>,
    /// Only what matches one of these, in gitignore syntax, and what lies below; everything if empty.
    pub include: Vec<String>,
    /// Not what matches one of these, in gitignore syntax.
    pub exclude: Vec<String>,
}

/// A pattern in gitignore syntax that matches exactly `path` and what lies below it: anchored, and nothing
/// in it is special.
pub fn literal_pattern(path: &str) -> String {
    let mut pattern = String::from("/");
    for character in path.trim_matches('/').chars() {
        if "*?[]{}\\! #".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// What a restore is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreOptions {
    /// The directory beneath which everything is written; `/` restores to the original place.
    pub target: PathBuf,
    /// Where the journal of an interrupted restore is kept.
    pub state_dir: PathBuf,
    /// Which part of the snapshot.
    pub selection: Selection,
    /// What to do where a file is there already.
    pub overwrite: Overwrite,
    /// Whether what the snapshot does not have is removed from restored directories.
    pub delete: bool,
    /// Whether every restored file is read back and compared.
    pub verify: bool,
    /// Whose files become.
    pub owners: OwnerPolicy,
    /// Whether device nodes are made.
    pub allow_devices: bool,
    /// Whether setuid and setgid bits and file capabilities are kept.
    pub allow_setuid: bool,
    /// Whether extended attributes, and so ACLs, are restored.
    pub xattrs: bool,
    /// Whether long runs of zeros become holes, beside the holes that the snapshot records.
    pub sparse: bool,
    /// Whether an interrupted restore is continued; otherwise its journal is forgotten.
    pub resume: bool,
    /// Whether the target's file system is synchronised before success is reported.
    pub sync: bool,
    /// Threads that write; 0 stands for as many as there are processors.
    pub workers: usize,
    /// Threads that fetch ahead of those that write; 0 where each of these fetches for itself.
    pub fetchers: usize,
    /// The longest gap between two needed blocks that is fetched along, in bytes.
    pub gap_bytes: u64,
    /// The most that one request asks for, in bytes.
    pub span_max_bytes: u64,
}

impl RestoreOptions {
    /// Everything below `target`, with the defaults.
    pub fn new(target: impl Into<PathBuf>, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            target: target.into(),
            state_dir: state_dir.into(),
            selection: Selection::default(),
            overwrite: Overwrite::default(),
            delete: false,
            verify: false,
            owners: OwnerPolicy::default(),
            allow_devices: false,
            allow_setuid: false,
            xattrs: true,
            sparse: false,
            resume: true,
            sync: false,
            workers: 0,
            fetchers: 0,
            gap_bytes: LOCAL_GAP_BYTES,
            span_max_bytes: SPAN_MAX_BYTES,
        }
    }

    /// The same from a store behind a network: few and large requests, and enough of them at once.
    pub fn from_afar(self, memory_limit: Option<u64>) -> Self {
        let workers = parallel::workers(self.workers).min(REMOTE_WORKERS_MAX);
        let fetchers = workers.clamp(REMOTE_FETCHERS.0, REMOTE_FETCHERS.1);
        let limit = memory_limit.unwrap_or(u64::MAX);
        let budget = limit.saturating_sub(REMOTE_REST_BYTES).min(REMOTE_BUDGET_BYTES);
        // One that fetches holds a span sealed and open, one that writes holds it open.
        let share = budget / (2 * fetchers + workers) as u64;
        let span_max_bytes = share.clamp(SPAN_MAX_BYTES, REMOTE_SPAN_MAX_BYTES);
        Self { workers, fetchers, gap_bytes: REMOTE_GAP_BYTES, span_max_bytes, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{REMOTE_SPAN_MAX_BYTES, RestoreOptions, SPAN_MAX_BYTES};

    #[test]
    fn a_limit_of_memory_makes_requests_smaller() {
        let span = |limit| {
            let options = RestoreOptions { workers: 4, ..RestoreOptions::new("/", "/") };
            options.from_afar(limit).span_max_bytes
        };
        assert_eq!(span(None), REMOTE_SPAN_MAX_BYTES);
        assert_eq!(span(Some(4 << 30)), REMOTE_SPAN_MAX_BYTES);
        assert_eq!(span(Some(400 << 20)), (208 << 20) / 12);
        assert_eq!(span(Some(224 << 20)), SPAN_MAX_BYTES);
        assert_eq!(span(Some(0)), SPAN_MAX_BYTES);
    }
}
