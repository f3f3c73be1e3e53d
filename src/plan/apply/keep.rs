//! What stays in the state directory, and for how long.
//!
//! Built plans, the records and journals of runs, and journals of restores lie side by side below `plans/`.
//! What only a run that goes on needs is removed when it is over; of each plan's runs, by the plan's name,
//! the newest stay, and so do the newest of the built plans of each name: building one every night removes
//! none of another. A built plan is never removed as long as a run of it is recorded, nor while one that was
//! cut off goes on with it. The signed records in the repository (`plan::evidence`) are not touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

use crate::plan::apply::directory;
use crate::plan::apply::record::{RunRecord, read_one};
use crate::plan::error::PlanError;
use crate::sys::error::SysError;
use crate::sys::file::read_bounded;

/// Runs of each plan that are kept: enough for predictions, which follow the newest.
pub const RUNS_KEPT: usize = 50;
/// Built plans of each name that are kept.
pub const PLANS_KEPT: usize = 100;
/// The largest built plan of which the name is read.
const PLAN_MAX_BYTES: u64 = 256 << 20;
/// Digits of a plan's id.
pub const ID_LEN: usize = 64;
/// Digits of it that name the directory of its restores' journals.
const SHORT_LEN: usize = 12;

/// Where the restores of a run that is going on keep their journals.
pub fn passing(state_dir: &Path, plan: &str) -> PathBuf {
    directory(state_dir).join(&plan[..SHORT_LEN.min(plan.len())])
}

/// The journal of a run of `plan` that is going on, or was cut off.
pub fn open_journal(state_dir: &Path, plan: &str) -> PathBuf {
    directory(state_dir).join(format!("{plan}.journal"))
}

/// Removes what only a run that goes on needs: it is over.
pub fn end(state_dir: &Path, plan: &str) -> Result<(), PlanError> {
    gone(fs::remove_dir_all(passing(state_dir, plan)), &passing(state_dir, plan))
}

/// Removes the runs of the plan `name` but for the newest.
pub fn prune_runs(state_dir: &Path, name: &str) -> Result<(), PlanError> {
    let mut own: Vec<PathBuf> = Vec::new();
    for path in runs(state_dir)? {
        if read_one(&path).is_some_and(|record: RunRecord| record.name == name) {
            own.push(path);
        }
    }
    let over = own.len().saturating_sub(RUNS_KEPT);
    for path in &own[..over] {
        let journal = path.with_extension("journal");
        gone(fs::remove_file(&journal), &journal)?;
        gone(fs::remove_file(path), path)?;
    }
    Ok(())
}

/// What a built plan is called: all that is read of it here.
#[derive(Deserialize)]
struct Called {
    content: CalledContent,
}

#[derive(Deserialize)]
struct CalledContent {
    name: String,
}

/// Removes built plans that are called `name` but for the newest, those that were applied, and those that a
/// run which was cut off goes on with; answers which. What cannot be read is nobody's, and stays.
pub fn prune_plans(state_dir: &Path, name: &str) -> Result<Vec<String>, PlanError> {
    let mut plans: BTreeMap<(SystemTime, String), PathBuf> = BTreeMap::new();
    for path in listed(state_dir)? {
        let Some(id) = plan_of(&path).map(str::to_owned) else { continue };
        let changed = fs::metadata(&path).and_then(|stat| stat.modified());
        plans.insert((changed.unwrap_or(SystemTime::UNIX_EPOCH), id), path);
    }
    // Fewer than that are left, of whatever name.
    if plans.len() <= PLANS_KEPT {
        return Ok(Vec::new());
    }
    plans.retain(|_, path| called(path).is_some_and(|called| called == name));
    let over = plans.len().saturating_sub(PLANS_KEPT);
    let mut removed = Vec::new();
    let applied = if over > 0 { applied(state_dir)? } else { BTreeSet::new() };
    for ((_, id), path) in plans.into_iter().take(over) {
        if !open_journal(state_dir, &id).exists() && !applied.contains(&id) {
            end(state_dir, &id)?;
            gone(fs::remove_file(&path), &path)?;
            removed.push(id);
        }
    }
    Ok(removed)
}

fn called(path: &Path) -> Option<String> {
    let called: Called = serde_json::from_slice(&read_bounded(path, PLAN_MAX_BYTES).ok()?).ok()?;
    Some(called.content.name)
}

/// The ids of plans of which runs are recorded.
fn applied(state_dir: &Path) -> Result<BTreeSet<String>, PlanError> {
    let records = runs(state_dir)?;
    Ok(records.iter().filter_map(|path| Some(read_one(path)?.plan)).collect())
}

/// The id of the built plan that `path` holds, by its name.
pub fn plan_of(path: &Path) -> Option<&str> {
    let id = path.file_name()?.to_str()?.strip_suffix(".json")?;
    (id.len() == ID_LEN && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// The records of runs, oldest first.
pub fn runs(state_dir: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let is_run = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("run-") && name.ends_with(".json")
    };
    // Ids of runs begin with their time.
    Ok(listed(state_dir)?.into_iter().filter(is_run).collect())
}

/// Everything that is kept about plans, sorted; nothing if there is none.
pub fn listed(state_dir: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let root = directory(state_dir);
    let failed = |error| PlanError::Look(SysError::at("list", &root, error));
    let entries = match fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn gone(removed: io::Result<()>, path: &Path) -> Result<(), PlanError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(PlanError::Journal(SysError::at("remove", path, error)))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::apply::record::SCHEMA;
    use crate::sys::file::create_private_dir;

    fn touch(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
    }

    fn record(plans: &Path, run: &str, plan: &str, name: &str) {
        let json = serde_json::json!({
            "schema": SCHEMA, "run": run, "plan": plan, "name": name, "outcome": "done", "sessions": 1,
            "started": [1, 0], "finished": [2, 0],
            "machine_seconds": 1.0, "waited_seconds": 0.0, "steps": [], "verdicts": [], "warnings": [],
            "predicted": {"low_seconds": 0.0, "expected_seconds": 0.0, "high_seconds": 0.0, "basis": ""},
            "sandbox": null, "journal": "", "observations": []
        });
        touch(&plans.join(format!("run-{run}.json")), &json.to_string());
        touch(&plans.join(format!("run-{run}.journal")), "");
    }

    #[test]
    fn the_newest_runs_of_each_plan_stay_with_their_journals() {
        let dir = tempfile::tempdir().unwrap();
        let plans = directory(dir.path());
        create_private_dir(&plans).unwrap();
        let record = |run: &str, name: &str| record(&plans, run, "p", name);
        for number in 0..RUNS_KEPT + 3 {
            record(&format!("{number:04}-a"), "one");
        }
        record("0000-b", "other");
        prune_runs(dir.path(), "one").unwrap();
        let left = runs(dir.path()).unwrap();
        assert_eq!(left.len(), RUNS_KEPT + 1);
        assert!(left[0].ends_with("run-0000-b.json") && left[1].ends_with("run-0003-a.json"), "{left:?}");
        assert!(!plans.join("run-0002-a.journal").exists() && plans.join("run-0003-a.journal").exists());
    }

    fn id(number: usize) -> String {
        format!("{number:012x}{number:052x}")
    }

    /// A built plan, of the second `number`.
    fn built(plans: &Path, number: usize, name: &str) {
        let path = plans.join(format!("{}.json", id(number)));
        touch(&path, &serde_json::json!({"schema": "", "content": {"name": name, "steps": []}}).to_string());
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000 + number as u64);
        fs::File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn a_plan_that_a_run_needs_or_has_applied_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        let plans = directory(dir.path());
        create_private_dir(&plans).unwrap();
        (0..PLANS_KEPT + 4).for_each(|number| built(&plans, number, "web"));
        touch(&open_journal(dir.path(), &id(0)), "");
        fs::create_dir(passing(dir.path(), &id(1))).unwrap();
        record(&plans, "0000-a", &id(2), "web");
        let removed = prune_plans(dir.path(), "web").unwrap();
        assert_eq!(removed, [id(1), id(3)]);
        let there = |number: usize| plans.join(format!("{}.json", id(number))).exists();
        assert!(there(0) && !there(1) && there(2) && !there(3) && there(4));
        assert!(!passing(dir.path(), &id(1)).exists());
    }

    #[test]
    fn building_a_plan_every_night_removes_none_of_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let plans = directory(dir.path());
        create_private_dir(&plans).unwrap();
        built(&plans, 0, "reviewed");
        touch(&plans.join(format!("{}.json", id(1))), "nothing that can be read");
        (2..PLANS_KEPT + 3).for_each(|number| built(&plans, number, "nightly"));
        assert_eq!(prune_plans(dir.path(), "nightly").unwrap(), [id(2)]);
        let there = |number: usize| plans.join(format!("{}.json", id(number))).exists();
        assert!(there(0) && there(1) && !there(2) && there(3));
    }
}
