//! `lifeboat plan runs`, and `plan show` and `plan verify` of a run rather than a plan.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::cli::commands::plan::apply::summary;
use crate::cli::commands::plan::{RunsArgs, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::plan::apply::record::{self, RunRecord, read_one};
use crate::plan::apply::{directory, keep};
use crate::plan::error::PlanError;
use crate::plan::evidence::{self, Finding};
use crate::plan::forecast::Estimate;
use crate::repo::evidence::{EVIDENCE_PREFIX, few};
use crate::repo::open::Repository;
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// Where the `T` of a run's id stands: `20260412T031500Z-5be1c9d0`.
const DATE_LEN: usize = 8;

/// Schema `lifeboat.plan-runs/1`.
#[derive(Serialize)]
struct Runs<'a> {
    schema: &'static str,
    runs: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    run: &'a str,
    plan: &'a str,
    name: &'a str,
    started: Timestamp,
    finished: Timestamp,
    outcome: &'static str,
    machine_seconds: f64,
    waited_seconds: f64,
    predicted: &'a Estimate,
    evidence: Option<&'a str>,
}

/// Schema `lifeboat.plan-run-verify/1`.
#[derive(Serialize)]
struct Verified<'a> {
    schema: &'static str,
    holds: bool,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// The text as the id of a run, if it looks like one: no plan's id, which has no `T`.
pub fn id_of(name: &Path) -> Option<&str> {
    let text = name.to_str()?;
    let (date, rest) = text.split_at_checked(DATE_LEN)?;
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_run = date.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with('T') && is_plain;
    (is_run && !name.is_file()).then_some(text)
}

/// Runs `plan runs`.
pub fn list(args: &RunsArgs, context: &Context) -> CommandResult {
    let records = match args.repository {
        true => signed(&repository(context)?, context)?,
        false => {
            let paths = keep::runs(&context.state_dir()?).map_err(|error| failure(&error))?;
            paths.iter().filter_map(|path| read_one(path)).collect()
        }
    };
    if context.output.json {
        let runs = records.iter().map(row).collect();
        context.output.document(&Runs { schema: "lifeboat.plan-runs/1", runs })?;
        return Ok(Outcome::Done);
    }
    if records.is_empty() {
        context.output.note("no plan was applied yet");
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("RUN", Shrink::Never)
        .words("PLAN", Shrink::End)
        .words("OUTCOME", Shrink::Never)
        .numbers("TOOK")
        .numbers("EXPECTED")
        .words("SIGNED", Shrink::Never);
    for record in &records {
        let signed = if record.evidence.is_some() { "yes" } else { "no" };
        table.row([
            record.run.clone(),
            record.name.clone(),
            record.outcome.word().to_owned(),
            seconds(record.machine_seconds + record.waited_seconds),
            seconds(record.predicted.expected_seconds),
            signed.to_owned(),
        ]);
    }
    context.output.table(&table)?;
    Ok(Outcome::Done)
}

fn seconds(seconds: f64) -> String {
    format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}

fn row(record: &RunRecord) -> Row<'_> {
    Row {
        run: &record.run,
        plan: &record.plan,
        name: &record.name,
        started: record.started,
        finished: record.finished,
        outcome: record.outcome.word(),
        machine_seconds: record.machine_seconds,
        waited_seconds: record.waited_seconds,
        predicted: &record.predicted,
        evidence: record.evidence.as_deref(),
    }
}

/// The records that the repository has evidence of; what proves nothing there hides none of them.
fn signed(repository: &Repository, context: &Context) -> Result<Vec<RunRecord>, Failure> {
    let told = |error| failure(&PlanError::Evidence(error));
    let (mut records, mut ignored) = (Vec::new(), Vec::new());
    for run in evidence::runs(repository).map_err(told)? {
        let last = evidence::last(repository, &run).map_err(told)?;
        records.extend(last.found.map(|found| found.record.body.record));
        ignored.extend(last.ignored);
    }
    for what in few(ignored, EVIDENCE_PREFIX) {
        context.output.warn(&format!("warning: {}", escape::text(&what)));
    }
    Ok(records)
}

fn repository(context: &Context) -> Result<Repository, Failure> {
    opening::repository(context, None, Role::Maintainer)
}

/// Runs `plan show` of a run: what is here, else what was signed.
pub fn show(name: &str, context: &Context) -> CommandResult {
    let state_dir = context.state_dir()?;
    let run = whole(name, context, &state_dir)?;
    let record = match read_one(&record::path_of(&state_dir, &run)) {
        Some(record) => record,
        None => {
            let found = evidence::last(&repository(context)?, &run);
            let found = found.map_err(|error| failure(&PlanError::Evidence(error)))?;
            let nothing = || Failure::usage(format!("there is no run {}", escape::text(&run)));
            found.found.ok_or_else(nothing)?.record.body.record
        }
    };
    if context.output.json {
        context.output.document(&record)?;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("STEP", Shrink::End)
        .words("STATE", Shrink::Never)
        .numbers("TOOK")
        .numbers("EXPECTED")
        .words("BAR", Shrink::Never);
    for step in &record.steps {
        let within = step.within_bar.map_or("", |within| if within { "within" } else { "outside" });
        let expected = step.predicted.as_ref().map(|bar| seconds(bar.expected_seconds)).unwrap_or_default();
        table.row([step.id.clone(), step.state.clone(), seconds(step.seconds), expected, within.to_owned()]);
    }
    context.output.text(&summary(&record))?;
    context.output.table(&table)?;
    Ok(Outcome::Done)
}

/// Runs `plan verify` of a run.
pub fn verify(name: &str, context: &Context) -> CommandResult {
    let state_dir = context.state_dir()?;
    let run = whole(name, context, &state_dir)?;
    let repository = repository(context)?;
    let finding = evidence::verify(&state_dir, &repository, &run).map_err(|error| failure(&error))?;
    let holds = finding.faults.is_empty();
    if context.output.json {
        let schema = "lifeboat.plan-run-verify/1";
        context.output.document(&Verified { schema, holds, finding: &finding })?;
    } else {
        let mut text = format!("run       {}, {} of its journal\n", escape::text(&run), {
            format::counted(finding.lines, "line", "lines")
        });
        if let (Some(key), Some(signer), Some(host)) = (&finding.evidence, &finding.signer, &finding.host) {
            let when = finding.time.map(format::timestamp).unwrap_or_default();
            text.push_str(&format!(
                "evidence  {}\nsigned    {when} on {} with the key slot {}\n",
                escape::text(key),
                escape::text(host),
                escape::text(signer)
            ));
        }
        for fault in &finding.faults {
            text.push_str(&format!("FAULT     {}\n", escape::text(fault)));
        }
        for remark in &finding.remarks {
            text.push_str(&format!("remark    {}\n", escape::text(remark)));
        }
        if holds {
            text.push_str("holds     record, journal and signed copy agree\n");
        }
        context.output.text(&text)?;
    }
    Ok(if holds { Outcome::Done } else { Outcome::Told(ErrorKind::Damage) })
}

/// The one run whose id begins so: of those here, else of those in the repository.
fn whole(name: &str, context: &Context, state_dir: &Path) -> Result<String, Failure> {
    let here = keep::runs(state_dir).map_err(|error| failure(&error))?;
    let run = |path: &Path| path.file_stem()?.to_str()?.strip_prefix("run-").map(str::to_owned);
    let mut known: Vec<String> = here.iter().filter_map(|path| run(path)).collect();
    known.retain(|run| run.starts_with(name));
    if known.is_empty() {
        let told = |error| failure(&PlanError::Evidence(error));
        known = evidence::runs(&repository(context)?).map_err(told)?;
        known.retain(|run| run.starts_with(name));
    }
    let hint = "`lifeboat plan runs` lists those of this machine, with --repository all that were signed";
    match known.as_slice() {
        [run] => Ok(run.clone()),
        [] => Err(Failure::usage(format!(
            "there is no run {}, neither in {} nor signed in the repository",
            escape::text(name),
            escape::path(directory(state_dir))
        ))
        .hint(hint)),
        several => {
            let count = several.len();
            Err(Failure::usage(format!("{count} runs have ids that begin with {}", escape::text(name)))
                .hint(hint))
        }
    }
}
