//! Telling whoever the configuration's rules name how a run goes: steps that fail or are in doubt, and that
//! come right later.
//!
//! What steps of a runbook say themselves goes to whom they name; this is for rules, as of any other command.
//! A step that halts the run is told with the run, not twice.

use std::collections::BTreeSet;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::notifying::{Happening, Teller};
use crate::notify::event::Outcome;
use crate::runbook::engine::Reached;
use crate::runbook::record::{Mode, RunEnd, StepEnd};
use crate::runbook::state::{Progress, RunState};

/// What a run is in events. A drill is a matter of its own: that it went well ends no alarm.
pub fn happening(context: &Context, state: &RunState) -> Happening {
    let header = &state.header;
    let is_drill = header.mode == Mode::Drill;
    let mut happening = Happening::begin(if is_drill { "drill" } else { "runbook" }, &header.runbook);
    happening.is_drill = is_drill;
    happening.repository = context.repository(None).ok().and_then(|choice| choice.name);
    happening.fact("runbook_run", &header.run);
    happening.fact("operator", &state.operator);
    happening
}

/// What people are told of how far a run got; nothing where all is well.
pub fn account(state: &RunState, reached: Reached) -> String {
    let run = &state.header.run;
    let failed = state.order.iter().filter(|path| state.ended(path) == Some(StepEnd::Failed));
    let failed: Vec<&str> = failed.map(String::as_str).collect();
    match reached {
        Reached::Halt => {
            let (step, why) = state.halted.clone().unwrap_or_default();
            format!("It has halted at {step}: {why}\nMend it, then: lifeboat runbook resume {run}")
        }
        Reached::End(RunEnd::Done) | Reached::People | Reached::Interrupt => String::new(),
        Reached::End(end) => {
            let why = state.end.as_ref().and_then(|(_, _, why)| why.clone());
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let steps = match failed.is_empty() {
                true => String::new(),
                false => format!("\nFailed: {}", failed.join(", ")),
            };
            format!("It is over: {}{why}{steps}\nlifeboat runbook report {run}", end.as_str())
        }
    }
}

/// Tells of steps, each change once.
pub struct Announcer {
    teller: Teller,
    happening: Happening,
    /// Steps of which it was told that they went wrong.
    wrong: BTreeSet<String>,
}

impl Announcer {
    /// One that takes for told what had gone wrong before; none where nobody wants to hear of it.
    pub fn begin(
        context: &Context,
        happening: &Happening,
        state: &RunState,
    ) -> Result<Option<Self>, Failure> {
        let Some(teller) = Teller::open(context, happening)? else { return Ok(None) };
        let happening = Happening { kind: "runbook-step", ..happening.clone() };
        let wrong = state.order.iter().filter(|path| is_wrong(state, path) == Some(true)).cloned().collect();
        Ok(Some(Self { teller, happening, wrong }))
    }

    /// Looks where the run is, and tells what is new.
    pub fn look(&mut self, state: &RunState) -> Result<(), Failure> {
        for path in &state.order {
            let Some(is_wrong) = is_wrong(state, path) else { continue };
            let is_halt = state.halted.as_ref().is_some_and(|(halted, _)| halted == path);
            // That it went as it should is news only after it had not.
            let is_news = match is_wrong {
                true => !is_halt && self.wrong.insert(path.clone()),
                false => self.wrong.remove(path),
            };
            let Some(step) = state.steps.get(path).filter(|_| is_news) else { continue };
            let happening =
                Happening { name: format!("{}/{path}", state.header.run), ..self.happening.clone() };
            let outcome = if is_wrong { Outcome::Failed } else { Outcome::Ok };
            let mut text = format!("{}\n{}", step.title, step.error.clone().unwrap_or_default());
            if step.progress == Progress::InDoubt {
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

/// Whether a step went wrong, or in doubt; none where that is still open.
fn is_wrong(state: &RunState, path: &str) -> Option<bool> {
    let step = state.steps.get(path)?;
    match step.progress {
        Progress::Ended(StepEnd::Failed) => Some(true),
        // A reason stands there once it could not be settled.
        Progress::InDoubt if step.error.is_some() => Some(true),
        Progress::Ended(StepEnd::Done) => Some(false),
        _ => None,
    }
}
