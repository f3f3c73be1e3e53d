//! `lifeboat lock sweep`: deleting for good what was deleted long ago.

use std::time::Duration;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::time::Clock as _;
use crate::cli::commands::lock::SweepArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::locks;
use crate::maintain::lock::extend::Trouble;
use crate::maintain::lock::sweep::{self, Swept};
use crate::maintain::lock::{Around, LockError, Place};
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// Schema `lifeboat.lock-sweep/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    is_dry_run: bool,
    stores: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: Option<String>,
    location: String,
    versions: u64,
    bytes: u64,
    markers: u64,
    locked: u64,
    kept: u64,
    overwritten: Vec<String>,
    deleted: Vec<String>,
    failures: Vec<Trouble>,
}

/// Runs the command.
pub fn run(args: &SweepArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let places = locks::places(context, &choice)?;
    let versioned: Vec<&Place> =
        places.iter().filter(|place| place.client.store().vault().is_some()).collect();
    if versioned.is_empty() {
        return Err(Failure::usage("no store of this repository keeps versions: there is nothing to sweep"));
    }
    let mut rows = Vec::new();
    for place in versioned {
        let keep = locks::evidence_window(&choice);
        rows.push(sweep_one(args, context, place, keep).map_err(|error| locks::failure(&error))?);
    }
    let failed = rows.iter().any(|row| !row.failures.is_empty());
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.lock-sweep/1",
            is_dry_run: args.dry_run,
            stores: rows,
        })?;
    } else {
        for row in &rows {
            tell_kept(context, &row.overwritten, "overwritten");
            tell_kept(context, &row.deleted, "deleted");
        }
        rows.iter().try_for_each(|row| context.output.text(&told(args, row)))?;
    }
    Ok(if failed { Outcome::Told(ErrorKind::Failed) } else { Outcome::Done })
}

fn sweep_one(
    args: &SweepArgs,
    context: &Context,
    place: &Place,
    keep_evidence: Duration,
) -> Result<Row, LockError> {
    let plan = sweep::plan(place, args.older_than, keep_evidence, SystemClock.now())?;
    let swept = match args.dry_run {
        true => Swept { versions: plan.versions, bytes: plan.bytes, ..Swept::default() },
        false => {
            let progress = context.output.progress();
            let interrupt = context.interrupt().map_err(|_| LockError::Interrupted)?;
            let swept = sweep::execute(place, &plan, &Around { monitor: &progress, interrupt });
            progress.finish();
            swept?
        }
    };
    Ok(Row {
        name: place.name.clone(),
        location: place.client.location(),
        versions: swept.versions,
        bytes: swept.bytes,
        markers: swept.markers,
        locked: swept.locked,
        kept: plan.kept,
        overwritten: plan.overwritten.iter().map(ToString::to_string).collect(),
        deleted: plan.deleted.iter().map(ToString::to_string).collect(),
        failures: swept.troubles,
    })
}

/// What is created once and was overwritten, or is evidence or a runbook and was deleted, is somebody's work,
/// and its hidden version the good one.
fn tell_kept(context: &Context, keys: &[String], what: &str) {
    const SHOWN: usize = 10;
    for key in keys.iter().take(SHOWN) {
        let text = format!(
            "warning: {key} was {what}: all its versions are kept; bring it back with `lifeboat recover`"
        );
        context.output.warn(&escape::text(&text));
    }
    if let Some(more) = keys.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let more = format::counted(more as u64, "more object", "more objects");
        context.output.warn(&format!("warning: {more} {what}; --json names all"));
    }
}

fn told(args: &SweepArgs, row: &Row) -> String {
    let name = escape::text(row.name.as_deref().unwrap_or(&row.location)).into_owned();
    let versions = format::counted(row.versions, "hidden version", "hidden versions");
    let (done, size) = (if args.dry_run { "would be deleted" } else { "deleted" }, format::size(row.bytes));
    let mut text = format!("{name}: {versions} ({size}) {done}");
    if row.locked > 0 {
        text.push_str(&format!("; {} still locked", format::count(row.locked)));
    }
    if row.kept > 0 {
        text.push_str(&format!("; {} kept", format::count(row.kept)));
    }
    if let Some(first) = row.failures.first() {
        let count = format::counted(row.failures.len() as u64, "failure", "failures");
        text.push_str(&format!("; {count}: {}", escape::text(&first.why)));
    }
    text.push('\n');
    text
}
