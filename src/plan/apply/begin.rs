//! What is looked at before a run begins: was it done before, what is it called, is its place free.

use std::path::Path;

use crate::base::hex;
use crate::plan::apply::record::{Outcome, RunRecord, done_once};
use crate::plan::apply::{Ground, keep, log};
use crate::plan::artefact::RootFound;
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;

/// The run that was asked for once before and has ended well. Killed after its record was written, it has
/// left its journal where the next run would look for its own past.
pub fn done_before(ground: &Ground<'_>, journal: &Path) -> Result<Option<RunRecord>, PlanError> {
    let Some(once) = &ground.options.once else { return Ok(None) };
    let id = &ground.plan.id;
    let Some(record) = done_once(ground.state_dir, id, once)? else { return Ok(None) };
    if record.outcome != Outcome::Unfinished && journal.exists() {
        let left = log::open(journal, id)?.1.filter(|past| past.is_over && past.run == record.run);
        if left.is_some() {
            log::put_away(journal, &record.run)?;
            keep::end(ground.state_dir, id)?;
        }
    }
    Ok(Some(RunRecord { done_before: true, ..record }))
}

/// A run's id: when it began, and what tells it from others of the same moment.
pub fn run_id(ground: &Ground<'_>) -> String {
    let now = ground.clock.now();
    let salt = format!("{} {} {}", ground.plan.id, now.nanos, std::process::id());
    let hash = blake3::hash(salt.as_bytes());
    let time = chrono::DateTime::from_timestamp(now.seconds, 0);
    let time = time.map_or_else(|| now.seconds.to_string(), |time| time.format("%Y%m%dT%H%M%SZ").to_string());
    format!("{time}-{}", hex::encode(&hash.as_bytes()[..4]))
}

/// A sandbox is never put where something is.
pub fn place_is_free(ground: &Ground<'_>) -> Result<(), PlanError> {
    let target = &ground.plan.content.target;
    if target.kind != TargetKind::Sandbox {
        return Ok(());
    }
    let refused = |what: String| Err(PlanError::Sandbox { what });
    if crate::plan::build::look::root(&target.root)? == RootFound::Filled {
        return refused(format!(
            "cannot be made: {} is not empty, and it would be removed at the end",
            target.root
        ));
    }
    match &target.image {
        Some(image) if Path::new(&image.path).symlink_metadata().is_ok() => {
            refused(format!("cannot be made: {} is there already", image.path))
        }
        _ => Ok(()),
    }
}
