//! `runbook status`: where runs are, and who is waited for; also while it goes on, from wherever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::role::Role;
use crate::base::time::{Clock as _, Timestamp};
use crate::cli::commands::runbook::args::StatusArgs;
use crate::cli::commands::runbook::begin::archive;
use crate::cli::commands::runbook::hands::command_for;
use crate::cli::commands::runbook::library::failure;
use crate::cli::commands::runbook::resume::warn_of;
use crate::cli::commands::runbook::view::View;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::runbook::error::RunbookError;
use crate::runbook::hands::{Asks, Watcher as _};
use crate::runbook::model::EvidenceForm;
use crate::runbook::record::Entry;
use crate::runbook::report::line;
use crate::runbook::runs::{Read, Runs, understand};
use crate::runbook::state::{Progress, RunState, between};
use crate::sys::clock::SystemClock;
use crate::sys::journal;
use crate::ui::{escape, format};

/// How often a run is looked at that is watched.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// The same in the repository, which costs requests.
const WATCH_REPOSITORY_EVERY: Duration = Duration::from_secs(5);

/// The run that is meant: of this machine, or else what the repository knows of it.
pub fn find(spec: &str, runs: &Runs, context: &Context) -> Result<(String, Read), Failure> {
    match runs.find(spec) {
        Ok(run) => {
            let read = runs.read(&run).map_err(|error| failure(&error))?;
            Ok((run, read))
        }
        Err(error @ RunbookError::NoRun { .. }) => match of_repository(spec, context)? {
            Some(found) => Ok(found),
            None => Err(failure(&error)),
        },
        Err(error) => Err(failure(&error)),
    }
}

/// What the repository knows of a run.
pub fn of_repository(spec: &str, context: &Context) -> Result<Option<(String, Read)>, Failure> {
    let Some(archive) = archive(context, Role::Maintainer)? else { return Ok(None) };
    let known = archive.runs().map_err(|error| Failure::of(error.kind(), &error))?;
    let fits: Vec<&String> = known.iter().filter(|run| run.starts_with(spec)).collect();
    let [run] = fits.as_slice() else { return Ok(None) };
    let fetched = archive.fetch_journal(run).map_err(|error| Failure::of(error.kind(), &error))?;
    warn_of(&fetched.ignored, context);
    let contents = journal::verify(&fetched.lines, run).map_err(|error| Failure::of(error.kind(), &error))?;
    Ok(Some(((*run).clone(), understand(run, &contents).map_err(|error| failure(&error))?)))
}

/// Schema `lifeboat.runbook-status/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    runs: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    run: &'a str,
    runbook: &'a str,
    mode: &'static str,
    state: &'static str,
    is_active: bool,
    operator: &'a str,
    host: &'a str,
    began: Timestamp,
    latest: Timestamp,
    steps: Vec<ShownStep<'a>>,
}

#[derive(Serialize)]
struct ShownStep<'a> {
    step: &'a str,
    title: &'a str,
    kind: &'a str,
    phase: &'a str,
    state: &'static str,
    began: Timestamp,
    ended: Option<Timestamp>,
    attempts: u32,
    question: Option<&'a str>,
    who: &'a [String],
    error: Option<&'a str>,
}

fn shown<'a>(run: &'a str, state: &'a RunState, runs: &Runs) -> Shown<'a> {
    let step = |path: &'a String| {
        let step = state.steps.get(path)?;
        let ask = step.asked.as_ref().map(|asked| &asked.ask);
        Some(ShownStep {
            step: path,
            title: &step.title,
            kind: &step.kind,
            phase: &step.phase,
            state: step.progress.as_str(),
            began: step.began,
            ended: step.ended,
            attempts: step.attempts,
            question: ask.map(|ask| ask.question.as_str()),
            who: ask.map_or(&[], |ask| ask.who.as_slice()),
            error: step.error.as_deref(),
        })
    };
    Shown {
        run,
        runbook: &state.header.runbook,
        mode: state.header.mode.as_str(),
        state: state.word(),
        is_active: runs.is_active(run),
        operator: &state.operator,
        host: &state.host,
        began: state.began,
        latest: state.latest,
        steps: state.order.iter().filter_map(step).collect(),
    }
}

/// What has to be done by people before a run goes on, and how.
pub fn waiting_lines(state: &RunState) -> Vec<String> {
    let run = &state.header.run;
    let mut lines = Vec::new();
    for (path, step) in state.waiting() {
        if step.progress == Progress::InDoubt {
            let why = step.error.clone().unwrap_or_default();
            lines.push(format!("step {path} is in doubt: {why}"));
            lines.push(format!(
                "  was it done? lifeboat runbook resume {run} --done {path} (or --repeat {path})"
            ));
            continue;
        }
        let Some(asked) = &step.asked else { continue };
        let who = if asked.ask.who.is_empty() { "anybody".into() } else { asked.ask.who.join(", ") };
        lines.push(format!("step {path} waits for {who}: {}", asked.ask.question.trim()));
        let given: Vec<&str> = asked.answers.iter().map(|answer| answer.by.as_str()).collect();
        if !given.is_empty() {
            lines.push(format!("  {} of {} so far: {}", given.len(), asked.ask.quorum, given.join(", ")));
        }
        let asks = Asks {
            run: run.clone(),
            step: path.to_owned(),
            kind: asked.ask.kind,
            options: asked.ask.options.clone(),
            has_evidence: asked.ask.evidence != EvidenceForm::None,
            within_seconds: None,
        };
        lines.push(format!("  lifeboat runbook {}", command_for(&asks)));
    }
    lines
}

fn text_of(run: &str, state: &RunState, is_active: bool) -> String {
    let now = SystemClock.now();
    let end = state.end.as_ref().map_or(now, |(_, time, _)| *time);
    let mut text = format!(
        "{run}  {}{}, {} after it began\n  {} by {} on {}{}\n",
        state.word(),
        if state.header.mode == crate::runbook::record::Mode::Drill { " (drill)" } else { "" },
        format::duration(between(state.began, end)),
        state.header.runbook,
        escape::text(&state.operator),
        escape::text(&state.host),
        match (&state.end, is_active) {
            (None, false) => "; nobody carries it out at this moment",
            _ => "",
        },
    );
    for path in &state.order {
        let Some(step) = state.steps.get(path) else { continue };
        let time = format::duration(between(step.began, step.ended.unwrap_or(now)));
        let error = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let title = if step.title == *path { String::new() } else { format!("  {}", step.title) };
        let line = format!("  {:<9} {path}{title}, {time}{error}", step.progress.as_str());
        text.push_str(&format!("{}\n", escape::text(&line)));
    }
    if let Some((step, why)) = &state.halted {
        text.push_str(&format!("  halted at {}: {}\n", escape::text(step), escape::text(why)));
        text.push_str(&format!("  lifeboat runbook resume {run}\n"));
    }
    for line in waiting_lines(state) {
        text.push_str(&format!("  {}\n", escape::text(&line)));
    }
    text
}

/// Runs the command.
pub fn run(args: &StatusArgs, context: &Context) -> CommandResult {
    let runs = Runs::of(&context.state_dir()?);
    let Some(spec) = &args.run else { return all(&runs, context) };
    if args.watch {
        return watch(spec, &runs, context);
    }
    let (run, read) = find(spec, &runs, context)?;
    if context.output.json {
        let shown = vec![shown(&run, &read.state, &runs)];
        context.output.document(&Document { schema: "lifeboat.runbook-status/1", runs: shown })?;
    } else {
        context.output.text(&text_of(&run, &read.state, runs.is_active(&run)))?;
    }
    Ok(Outcome::Done)
}

fn all(runs: &Runs, context: &Context) -> CommandResult {
    let mut open = Vec::new();
    for run in runs.ids() {
        match runs.read(&run) {
            Ok(read) if read.state.end.is_none() => open.push((run, read)),
            Ok(_) => {}
            // One run whose journal was altered must not hide the others.
            Err(error) => {
                let why = failure(&error);
                context.output.warn(&format!("warning: run {run}: {}", escape::lines(why.message())));
            }
        }
    }
    if context.output.json {
        let runs = open.iter().map(|(run, read)| shown(run, &read.state, runs)).collect();
        context.output.document(&Document { schema: "lifeboat.runbook-status/1", runs })?;
        return Ok(Outcome::Done);
    }
    if open.is_empty() {
        context.output.note("no run is open; `lifeboat runbook history` lists those that are over");
    }
    for (run, read) in &open {
        context.output.text(&text_of(run, &read.state, runs.is_active(run)))?;
    }
    Ok(Outcome::Done)
}

/// Shows what happens, record by record, until the run is over; on a terminal, with what goes on now below.
fn watch(spec: &str, runs: &Runs, context: &Context) -> CommandResult {
    let (run, read) = find(spec, runs, context)?;
    let view = View::watch(&context.output, &read.state);
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| view.tick(&over));
        let result = follow(&run, read, runs, context, &view);
        over.store(true, Ordering::Release);
        view.finish();
        result
    })
}

fn follow(run: &str, mut read: Read, runs: &Runs, context: &Context, view: &View) -> CommandResult {
    let interrupt = context.interrupt()?;
    let is_here = runs.find(run).is_ok();
    let every = if is_here { WATCH_EVERY } else { WATCH_REPOSITORY_EVERY };
    let (mut seen, mut is_troubled) = (0, false);
    loop {
        for entry in &read.entries[seen.min(read.entries.len())..] {
            show_entry(run, entry, &read.state, context, view)?;
        }
        seen = read.entries.len();
        if read.state.end.is_some() || interrupt.is_set() {
            return Ok(Outcome::Done);
        }
        let looked = Instant::now();
        while looked.elapsed() < every && !interrupt.is_set() {
            std::thread::sleep(WATCH_EVERY.min(every));
        }
        // Whoever watches over a bad line is told so, and goes on watching.
        match find(run, runs, context) {
            Ok((_, found)) => (read, is_troubled) = (found, false),
            Err(failure) if is_here => return Err(failure),
            Err(failure) if !is_troubled => {
                is_troubled = true;
                view.note(&format!("what happens cannot be seen at the moment: {}", failure.message()));
            }
            Err(_) => {}
        }
    }
}

fn show_entry(
    run: &str,
    entry: &Entry,
    state: &RunState,
    context: &Context,
    view: &View,
) -> Result<(), Failure> {
    if view.is_live() {
        view.saw(entry, state);
        return Ok(());
    }
    let text = match context.output.json {
        true => {
            let event = serde_json::json!({
                "schema": "lifeboat.runbook-event/1",
                "time": entry.time,
                "run": run,
                "what": line(entry),
                "record": entry.record,
            });
            format!("{event}\n")
        }
        false => format!("{}  {}\n", format::timestamp(entry.time), escape::text(&line(entry))),
    };
    context.output.write(|out| out.write_all(text.as_bytes()))
}
