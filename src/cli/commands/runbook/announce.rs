//! Telling whoever the configuration's rules name how a run goes: where it halts and how it ends, steps that
//! fail, and steps that are in doubt until that is settled.
//!
//! What steps of a runbook say themselves goes to whom they name; this is for rules, as of any other command.
//! A step that halts the run is told with the run, not twice. A run is a matter of its own, that its end
//! ends, however it ends and wherever: its keys do not hold the host, for another may take it over. What was
//! told of its steps is over with it. A drill is none of a live run.

use std::collections::BTreeSet;

use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure};
use crate::cli::notifying::{self, Happening, Teller};
use crate::notify::event::{Outcome, Severity};
use crate::runbook::engine::Reached;
use crate::runbook::record::{Mode, RunEnd, StepEnd};
use crate::runbook::state::{Progress, RunState};

/// What a step is in events.
const STEP_KIND: &str = "runbook-step";

/// What a run is in events.
pub fn happening(context: &Context, state: &RunState) -> Happening {
    let header = &state.header;
    let is_drill = header.mode == Mode::Drill;
    let mut happening = Happening::begin(if is_drill { "drill" } else { "runbook" }, &header.runbook);
    happening.is_drill = is_drill;
    happening.matter = Some(header.run.clone());
    happening.is_of_any_host = true;
    happening.repository = context.repository(None).ok().and_then(|choice| choice.name);
    happening.fact("runbook_run", &header.run);
    happening.fact("operator", &state.operator);
    happening
}

/// Tells of a run that halted elsewhere and goes on here: services that keep incidents know it as the same
/// matter, and its end, which is told from here, ends it there.
pub fn goes_on(context: &Context, happening: &Happening, state: &RunState) {
    let Some((step, why)) = &state.halted else { return };
    let is_told = Teller::open(context, happening)
        .and_then(|teller| teller.map_or(Ok(true), |teller| teller.is_open(happening)));
    match is_told {
        Ok(true) => {}
        Ok(false) => {
            let says = Some("had halted, and goes on here".to_owned());
            let happening = Happening { says, ..happening.clone() };
            let found = format!("It had halted at {step}: {why}");
            notifying::tell(context, &happening, Outcome::Failed, &found);
        }
        Err(failure) => notifying::trouble(context, &failure),
    }
}

/// Ends what people were told of steps: with the run it is over, whatever came of them.
fn end_steps(context: &Context, happening: &Happening, state: &RunState) -> Result<(), Failure> {
    let Some(teller) = Teller::open(context, happening)? else { return Ok(()) };
    let open = teller.open_keys()?;
    for name in state.order.iter().map(|path| format!("{}/{path}", state.header.run)) {
        let happening = Happening {
            name,
            kind: STEP_KIND,
            matter: None,
            says: Some("is over with its run".into()),
            severity: None,
            ..happening.clone()
        };
        if open.contains(&happening.key("")) {
            teller.raise(&happening, Outcome::Ok, "")?;
        }
    }
    Ok(())
}

/// Tells how far a run got.
pub fn reached(
    context: &Context,
    happening: &Happening,
    state: &RunState,
    reached: Reached,
    result: &CommandResult,
) {
    let run = &state.header.run;
    if reached == Reached::End(RunEnd::Done)
        && let Err(failure) = end_steps(context, happening, state)
    {
        notifying::trouble(context, &failure);
    }
    match reached {
        Reached::End(end @ (RunEnd::DoneWithFailures | RunEnd::RolledBack | RunEnd::Aborted)) => {
            over(context, happening, state, end);
        }
        Reached::Halt => {
            let (step, why) = state.halted.clone().unwrap_or_default();
            let found =
                format!("It has halted at {step}: {why}\nMend it, then: lifeboat runbook resume {run}");
            let happening = Happening { says: Some("has halted".into()), ..happening.clone() };
            notifying::ended_with(context, &happening, result, &found);
        }
        Reached::End(RunEnd::Done) | Reached::People | Reached::Interrupt => {
            notifying::ended(context, happening, result);
        }
    }
}

/// Tells of an end that was not what it began for: the matter is over, all the same.
pub fn over(context: &Context, happening: &Happening, state: &RunState, end: RunEnd) {
    let failed = state.order.iter().filter(|path| state.ended(path) == Some(StepEnd::Failed));
    let failed: Vec<&str> = failed.map(String::as_str).collect();
    let mut text = String::new();
    if let Some(why) = state.end.as_ref().and_then(|(_, _, why)| why.as_ref()) {
        text.push_str(&format!("{why}\n"));
    }
    if !failed.is_empty() {
        text.push_str(&format!("Failed: {}\n", failed.join(", ")));
    }
    text.push_str(&format!("lifeboat runbook report {}", state.header.run));
    let happening = Happening {
        says: Some(format!("is over: {}", end.as_str())),
        severity: Some(Severity::Warning),
        ..happening.clone()
    };
    let outcome = if end == RunEnd::DoneWithFailures { Outcome::Partial } else { Outcome::Failed };
    notifying::note(context, &happening, outcome, &text);
    notifying::resolve(context, &happening, Some(&text));
    if let Err(failure) = end_steps(context, &happening, state) {
        notifying::trouble(context, &failure);
    }
}

/// Tells of steps, each change once.
pub struct Announcer {
    teller: Teller,
    happening: Happening,
    failed: BTreeSet<String>,
    in_doubt: BTreeSet<String>,
}

impl Announcer {
    /// One that takes for told what had happened before; none where nobody wants to hear of it.
    pub fn begin(
        context: &Context,
        happening: &Happening,
        state: &RunState,
    ) -> Result<Option<Self>, Failure> {
        let Some(teller) = Teller::open(context, happening)? else { return Ok(None) };
        let happening = Happening { kind: STEP_KIND, matter: None, ..happening.clone() };
        let of = |wanted: fn(&RunState, &String) -> bool| {
            state.order.iter().filter(|path| wanted(state, path)).cloned().collect()
        };
        Ok(Some(Self { teller, happening, failed: of(has_failed), in_doubt: of(is_in_doubt) }))
    }

    /// Looks where the run is, and tells what is new.
    pub fn look(&mut self, state: &RunState) -> Result<(), Failure> {
        for path in &state.order {
            let (outcome, severity, says) = if has_failed(state, path) && self.failed.insert(path.clone()) {
                (Outcome::Notice, Some(Severity::Warning), "failed, and the run goes on")
            } else if is_in_doubt(state, path) && self.in_doubt.insert(path.clone()) {
                (Outcome::Failed, None, "is in doubt")
            } else if state.ended(path).is_some() && self.in_doubt.remove(path) {
                (Outcome::Ok, None, "is not in doubt any more")
            } else {
                continue;
            };
            let Some(step) = state.steps.get(path) else { continue };
            let happening = Happening {
                name: format!("{}/{path}", state.header.run),
                says: Some(says.to_owned()),
                severity,
                ..self.happening.clone()
            };
            let mut text = format!("{}\n{}", step.title, step.error.clone().unwrap_or_default());
            if outcome == Outcome::Failed {
                let run = &state.header.run;
                text.push_str(&format!(
                    "\nWas it done? lifeboat runbook resume {run} --done {path} (or --repeat {path})"
                ));
            }
            self.teller.raise(&happening, outcome, text.trim())?;
        }
        Ok(())
    }
}

/// Whether a step has failed for good and the run goes on.
fn has_failed(state: &RunState, path: &String) -> bool {
    let is_halt = state.halted.as_ref().is_some_and(|(halted, _)| halted == path);
    state.ended(path) == Some(StepEnd::Failed) && !is_halt
}

/// Whether nobody knows whether a step was done; a reason stands there once it could not be settled.
fn is_in_doubt(state: &RunState, path: &String) -> bool {
    state.steps.get(path).is_some_and(|step| step.progress == Progress::InDoubt && step.error.is_some())
}
