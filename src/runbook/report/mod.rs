//! The report of a run, as auditors ask for it: what was done when and by whom, how long machines and people
//! took, whether the objectives were met, what fell short, and that the journal is what was written.

mod page;
mod text;

use std::time::Duration;

use serde::Serialize;

use crate::base::duration::spell;
use crate::base::hex;
use crate::base::time::Timestamp;
use crate::runbook::model::{Phase, Runbook};
use crate::runbook::record::{Entry, Record, RunEnd, StepEnd};
use crate::runbook::runs::Read;
use crate::runbook::state::{Progress, RunState, StepState, between};

pub use crate::runbook::report::page::page;
pub use crate::runbook::report::text::{line, markdown};

/// A report: schema `lifeboat.runbook-report/1`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Always `lifeboat.runbook-report/1`.
    pub schema: &'static str,
    /// The run.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// What people call it.
    pub title: String,
    /// `live` or `drill`.
    pub mode: &'static str,
    /// Where the run is.
    pub state: &'static str,
    /// Who began it.
    pub operator: String,
    /// Where.
    pub host: String,
    /// When.
    pub began: Timestamp,
    /// When it ended, or when something last happened.
    pub ended: Timestamp,
    /// All of it, in seconds.
    pub total_seconds: f64,
    /// What machines took of it, in seconds; steps that ran at once count once each.
    pub machine_seconds: f64,
    /// What people were waited for, in seconds, likewise.
    pub people_seconds: f64,
    /// What was waited because a step says so, in seconds.
    pub pause_seconds: f64,
    /// How long until the last step of recovery had ended, in seconds; null where there is none.
    pub recovered_seconds: Option<f64>,
    /// The objective for that, in seconds.
    pub rto_seconds: Option<u64>,
    /// Whether it was met; null where there is none, or the run is not over.
    pub rto_met: Option<bool>,
    /// How much data may be lost, in seconds.
    pub rpo_seconds: Option<u64>,
    /// Each phase.
    pub phases: Vec<PhaseReport>,
    /// Each step, in the order in which they were begun.
    pub steps: Vec<StepReport>,
    /// What fell short, as sentences.
    pub gaps: Vec<String>,
    /// What happened, in its order.
    pub timeline: Vec<Event>,
    /// Lines of the journal, all of which hold.
    pub journal_lines: usize,
    /// The hash of the last, which stands for all.
    pub journal_head: String,
    /// Lines that the repository has a copy of; null where that was not looked at.
    pub copied_lines: Option<usize>,
}

/// Added to sums: that of no numbers is minus nought.
const NOUGHT: f64 = 0.0;

/// One phase.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseReport {
    /// Its name.
    pub phase: &'static str,
    /// How many of its steps were begun or left out.
    pub steps: usize,
    /// From its first step's beginning to its last step's end, in seconds.
    pub seconds: f64,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// Its path.
    pub step: String,
    /// What people call it.
    pub title: String,
    /// Its kind.
    pub kind: String,
    /// Its phase.
    pub phase: String,
    /// Where it is.
    pub state: &'static str,
    /// When it was begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How long that was, in seconds.
    pub seconds: f64,
    /// What people were waited for of it.
    pub people_seconds: f64,
    /// How often it was begun.
    pub attempts: u32,
    /// Who decided it.
    pub by: Option<String>,
    /// Why it failed or was left out.
    pub error: Option<String>,
}

/// One line of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// What.
    pub what: String,
}

/// The report of a run. `runbook` is what its journal holds of it, as it was then.
pub fn report(read: &Read, runbook: Option<&Runbook>, copied_lines: Option<usize>) -> Report {
    let state = &read.state;
    let ended = state.end.as_ref().map_or(state.latest, |(_, time, _)| *time);
    let seconds = |duration: Duration| duration.as_secs_f64();
    let steps: Vec<StepReport> = state
        .order
        .iter()
        .filter_map(|path| Some(step_report(path, state.steps.get(path)?, ended)))
        .collect();
    let is_pause = |step: &&StepReport| step.kind == "wait";
    let is_composite = |step: &&StepReport| step.kind == "parallel" || step.kind == "runbook";
    let machine = steps.iter().filter(|step| !is_pause(step) && !is_composite(step));
    let rto = runbook.and_then(|runbook| runbook.rto);
    let recovered = recovered(state);
    let is_over = matches!(state.end, Some((RunEnd::Done | RunEnd::DoneWithFailures, _, _)));
    Report {
        schema: "lifeboat.runbook-report/1",
        run: state.header.run.clone(),
        runbook: state.header.runbook.clone(),
        title: runbook.map(|runbook| runbook.title.clone()).unwrap_or_default(),
        mode: state.header.mode.as_str(),
        state: state.word(),
        operator: state.header.operator.clone(),
        host: state.header.host.clone(),
        began: state.began,
        ended,
        total_seconds: seconds(between(state.began, ended)),
        machine_seconds: machine.map(|step| (step.seconds - step.people_seconds).max(0.0)).sum::<f64>()
            + NOUGHT,
        people_seconds: steps.iter().map(|step| step.people_seconds).sum::<f64>() + NOUGHT,
        pause_seconds: steps.iter().filter(is_pause).map(|step| step.seconds).sum::<f64>() + NOUGHT,
        recovered_seconds: recovered.map(seconds),
        rto_seconds: rto.map(|rto| rto.as_secs()),
        rto_met: rto.zip(recovered).filter(|_| is_over).map(|(rto, took)| took <= rto),
        rpo_seconds: runbook.and_then(|runbook| runbook.rpo).map(|rpo| rpo.as_secs()),
        phases: phases(state, ended),
        gaps: gaps(read, rto, recovered),
        steps,
        timeline: read.entries.iter().map(|entry| Event { time: entry.time, what: line(entry) }).collect(),
        journal_lines: read.entries.len(),
        journal_head: hex::encode(&read.head),
        copied_lines,
    }
}

fn step_report(path: &str, step: &StepState, now: Timestamp) -> StepReport {
    let end = step.ended.unwrap_or(now);
    let people = match (&step.asked, step.ended) {
        (Some(asked), None) => between(asked.first, now),
        _ => step.people,
    };
    StepReport {
        step: path.to_owned(),
        title: step.title.clone(),
        kind: step.kind.clone(),
        phase: step.phase.clone(),
        state: step.progress.as_str(),
        began: step.began,
        ended: step.ended,
        seconds: between(step.began, end).as_secs_f64(),
        people_seconds: people.as_secs_f64(),
        attempts: step.attempts,
        by: step.by.clone(),
        error: step.error.clone(),
    }
}

/// How long it took until the last step of recovery had ended.
fn recovered(state: &RunState) -> Option<Duration> {
    let of_recovery = state.steps.values().filter(|step| step.phase == Phase::Recovery.as_str());
    let ends: Option<Vec<Timestamp>> = of_recovery.map(|step| step.ended).collect();
    ends?.into_iter().max().map(|last| between(state.began, last))
}

fn phases(state: &RunState, now: Timestamp) -> Vec<PhaseReport> {
    let of = |phase: &'static Phase| {
        let steps: Vec<&StepState> =
            state.steps.values().filter(|step| step.phase == phase.as_str()).collect();
        let first = steps.iter().map(|step| step.began).min()?;
        let last = steps.iter().map(|step| step.ended.unwrap_or(now)).max()?;
        let seconds = between(first, last).as_secs_f64();
        Some(PhaseReport { phase: phase.as_str(), steps: steps.len(), seconds })
    };
    Phase::ALL.iter().filter_map(of).collect()
}

/// What fell short.
fn gaps(read: &Read, rto: Option<Duration>, recovered: Option<Duration>) -> Vec<String> {
    let state = &read.state;
    let mut gaps = Vec::new();
    if let (Some(rto), Some(took)) = (rto, recovered)
        && took > rto
    {
        gaps.push(format!("recovery took {}, and {} were allowed", spell(took), spell(rto)));
    }
    for path in &state.order {
        let Some(step) = state.steps.get(path) else { continue };
        let why = step.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        match step.progress {
            Progress::Ended(StepEnd::Failed) => gaps.push(format!("step {path} failed{why}")),
            Progress::Ended(StepEnd::Skipped) if why.starts_with(": it needs ") => {
                gaps.push(format!("step {path} was left out{why}"));
            }
            Progress::Ended(_) if step.attempts > 1 => {
                gaps.push(format!("step {path} took {} attempts", step.attempts));
            }
            Progress::Ended(_) => {}
            other => gaps.push(format!("step {path} is {}{why}", other.as_str())),
        }
        if step.asked.as_ref().is_some_and(|asked| asked.escalated) {
            gaps.push(format!("step {path}: nobody answered in time, and others were asked"));
        }
        if let Some(why) = step.output.get("not_told").and_then(|why| why.as_str()) {
            gaps.push(format!("step {path} told nobody: {why}"));
        }
        if step.by.as_deref() == Some("time-out") {
            gaps.push(format!("step {path} went on although nobody answered"));
        }
    }
    for entry in &read.entries {
        match &entry.record {
            Record::Settled { step, done, how } => {
                let what = if *done { "it counts as done" } else { "it was done again" };
                gaps.push(format!("step {step} was in doubt after an interruption; {what} ({how})"));
            }
            Record::PassedOver { operator, host, why: None, .. } => {
                gaps.push(format!("the claim of {operator} on {host} was passed over without a reason"));
            }
            Record::Ignored { answer, why } => {
                gaps.push(format!("an answer of {} did not count: {why}", answer.by));
            }
            _ => {}
        }
    }
    gaps
}

/// Whether a record belongs into a short account.
pub fn is_worth_telling(entry: &Entry) -> bool {
    !matches!(&entry.record, Record::Settled { .. })
}
