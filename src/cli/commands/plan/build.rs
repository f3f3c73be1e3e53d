//! `lifeboat plan build`.

use std::path::Path;
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::plan::{BuildArgs, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::cli::settings::mistake::Mistake;
use crate::plan::apply::keep::PLANS_KEPT;
use crate::plan::apply::record::history;
use crate::plan::artefact::{Plan, Step};
use crate::plan::build::{Ground, build};
use crate::plan::file::check::check;
use crate::plan::file::model::PlanFile;
use crate::plan::forecast::{Estimate, Objective, Space, State, Verdict};
use crate::plan::shelf;
use crate::sys::clock::SystemClock;
use crate::sys::file::read_bounded;
use crate::ui::{escape, format};

/// The largest plan file that is read.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// Runs it.
pub fn run(args: &BuildArgs, context: &Context) -> CommandResult {
    let (source, file) = read(&args.file, context)?;
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    keyring.need(Role::Restorer, "planning a restore").map_err(|error| Failure::of(error.kind(), &error))?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let state_dir = context.state_dir()?;
    let past = history(&state_dir).map_err(|error| failure(&error))?;
    let progress = context.output.progress();
    let ground = Ground {
        file: &file,
        source: &source,
        indexed: &indexed,
        state_dir: &state_dir,
        history: &past,
        now: SystemClock.now(),
        memory_limit: context.memory_limit()?,
        monitor: &progress,
        interrupt,
    };
    let built = build(&ground);
    progress.finish();
    let plan = built.map_err(|error| failure(&error))?;
    let removed = shelf::put(&state_dir, &plan).map_err(|error| failure(&error))?;
    if let Some(path) = &args.output {
        plan.write(path).map_err(|error| failure(&error))?;
    }
    match context.output.json {
        true => context.output.document(&plan)?,
        false => context.output.text(&summary(&plan))?,
    }
    for warning in &plan.forecast.warnings {
        context.output.note(&format!("warning: {}", escape::text(warning)));
    }
    for id in removed {
        context.output.note(&format!(
            "the built plan {id} of this name is no longer kept: {PLANS_KEPT} are newer, and no run of it is \
             recorded; `plan build --output FILE` keeps one for good"
        ));
    }
    Ok(match () {
        () if !plan.forecast.fits() => Outcome::Told(ErrorKind::Failed),
        () if plan.forecast.is_missed() => Outcome::Told(ErrorKind::Objective),
        () => Outcome::Done,
    })
}

/// The plan file at `path`, and its text; its mistakes are told as those of the configuration are.
fn read(path: &Path, context: &Context) -> Result<(String, PlanFile), Failure> {
    let bytes = read_bounded(path, FILE_MAX_BYTES).map_err(|error| Failure::of(ErrorKind::Usage, &error))?;
    let shown = escape::path(path);
    let source =
        String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{shown} is not UTF-8 text")))?;
    let mistakes = match check(&source) {
        Ok(file) => return Ok((source, file)),
        Err(mistakes) => mistakes,
    };
    let told: Vec<String> = mistakes
        .iter()
        .map(|mistake| {
            let mut shown = Mistake::at(&source, mistake.span.clone(), mistake.message.clone());
            shown.expected = mistake.expected.clone();
            shown.suggestion = mistake.suggestion.clone();
            shown.for_people(path, context.output.style)
        })
        .collect();
    let count = format::counted(mistakes.len() as u64, "mistake", "mistakes");
    Err(Failure::usage(format!("the plan file {shown} has {count}\n{}", told.concat().trim_end())))
}

/// What people want to know of a plan that was just built.
fn summary(plan: &Plan) -> String {
    let content = &plan.content;
    let amounts = content.steps.iter().map(Step::amount);
    let (mut bytes, mut fetch, mut requests, mut entries) = (0, 0, 0, 0);
    for amount in amounts {
        bytes += amount.bytes;
        fetch += amount.fetch_bytes;
        requests += amount.requests;
        entries += amount.entries;
    }
    let mut text = format!("plan      {} {}\n", plan.short(), escape::text(&content.name));
    for pinned in &content.snapshots {
        let when = format::timestamp(pinned.time);
        text.push_str(&format!(
            "snapshot  {} of {}, {when}\n",
            pinned.id.short(),
            escape::text(&pinned.host)
        ));
    }
    text.push_str(&format!(
        "steps     {} of {}\ndata      {} in {}; {} to fetch in {}\nexpected  {}\n",
        format::count(content.steps.len() as u64),
        format::counted(content.components.len() as u64, "component", "components"),
        format::size(bytes),
        format::counted(entries, "entry", "entries"),
        format::size(fetch),
        format::counted(requests, "request", "requests"),
        estimate(&plan.forecast.total),
    ));
    if !plan.forecast.warm_up.is_empty() {
        let cold: u64 = plan.forecast.warm_up.iter().map(|pack| pack.bytes).sum();
        let packs = format::counted(plan.forecast.warm_up.len() as u64, "pack", "packs");
        let wait = plan.forecast.warm_up_seconds.map_or(String::new(), |seconds| {
            format!(", which takes up to {}", format::duration(Duration::from_secs(seconds)))
        });
        text.push_str(&format!("cold      {packs}, {}, must be warmed up first{wait}\n", format::size(cold)));
    }
    plan.forecast.verdicts.iter().for_each(|one| text.push_str(&verdict(one)));
    plan.forecast.space.iter().filter(|space| !space.fits).for_each(|one| text.push_str(&space(one)));
    text
}

/// A bar, for people.
pub fn estimate(estimate: &Estimate) -> String {
    let show = |seconds: f64| format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    format!(
        "{} ({} to {}; {})",
        show(estimate.expected_seconds),
        show(estimate.low_seconds),
        show(estimate.high_seconds),
        escape::text(&estimate.basis)
    )
}

/// A verdict, for people: one line.
pub fn verdict(verdict: &Verdict) -> String {
    let show = |seconds: f64| format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let of =
        verdict.component.as_deref().map(|name| format!(" of {}", escape::text(name))).unwrap_or_default();
    let (name, what) = match verdict.objective {
        Objective::Rto => ("RTO", "expected"),
        Objective::Rpo => ("RPO", "the snapshot is that old:"),
    };
    let state = match verdict.state {
        State::Met => "met",
        State::AtRisk => "AT RISK",
        State::Missed => "MISSED",
    };
    let upto = match verdict.high_seconds > verdict.expected_seconds {
        true => format!(", up to {}", show(verdict.high_seconds)),
        false => String::new(),
    };
    format!(
        "{name}{of}       {state}: {} allowed, {what} {}{upto}\n",
        show(verdict.limit_seconds as f64),
        show(verdict.expected_seconds)
    )
}

/// What does not fit, for people: one line.
pub fn space(space: &Space) -> String {
    let inodes = match space.free_inodes {
        Some(free) => {
            format!("; {} inodes of {} free ones", format::count(space.needed_inodes), format::count(free))
        }
        None => String::new(),
    };
    format!(
        "NO ROOM   {}: up to {} are needed, {} are free{inodes}\n",
        escape::text(&space.place),
        format::size(space.needed_bytes),
        format::size(space.free_bytes)
    )
}
