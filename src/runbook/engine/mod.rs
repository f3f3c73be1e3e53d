//! Carries a run out: what is due is written down, done, and written down as done; whoever comes after a
//! crash goes on where that left off.
//!
//! The rules: a step that has ended is never done again; a step whose end nobody saw is in doubt, and is
//! checked, repeated if that does no harm, or left to people; what people say is taken once, whichever way
//! it comes, by one thread that looks into the run's inbox. The clock decides how long is waited, never what
//! was done.

mod act;
mod condition;
mod describe;
mod log;
mod people;
mod program;
mod scope;
mod step;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::base::monitor::Interrupt;
use crate::base::time::Clock;
use crate::runbook::answer::{judge, read_inbox};
use crate::runbook::engine::log::Log;
use crate::runbook::error::RunbookError;
use crate::runbook::hands::{Hands, Watcher};
use crate::runbook::model::{Action, Runbook, Step};
use crate::runbook::order::order;
use crate::runbook::read;
use crate::runbook::record::{Deed, Record, RunEnd, StepEnd};
use crate::runbook::state::{Progress, RunState};
use crate::sys::file::remove_if_present;
use crate::sys::journal::Journal;

pub use crate::runbook::engine::describe::{PlannedStep, plan, plan_scope};
pub use crate::runbook::engine::scope::Scope;

/// How often the inbox is looked into.
const INBOX_EVERY: Duration = Duration::from_millis(100);
/// How deep runbooks may be nested.
const DEPTH_MAX: u32 = 8;

/// What a run is carried out with.
pub struct Around<'a> {
    /// What it needs of the floors above.
    pub hands: &'a dyn Hands,
    /// Who sees it.
    pub watcher: &'a dyn Watcher,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Asks for its end.
    pub interrupt: &'a Interrupt,
    /// Where answers arrive.
    pub inbox: PathBuf,
    /// Whether people are waited for; otherwise it ends where nothing is left but to wait for them.
    pub is_patient: bool,
}

/// How far a process got with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The end of the run.
    End(RunEnd),
    /// A step that failed; it can be resumed.
    Halt,
    /// A question that only people can answer; it can be resumed.
    People,
    /// Whoever ran it wanted to stop; it can be resumed.
    Interrupt,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    /// Yes.
    On,
    /// What is done is to be undone.
    RollBack,
    /// A step failed.
    Halt,
    /// Nothing is left but to wait for people.
    People,
    /// Somebody wants it to end.
    Stop,
}

struct Engine<'a> {
    log: &'a Log<'a>,
    around: &'a Around<'a>,
    runbooks: &'a BTreeMap<String, Runbook>,
    /// Ends programs and waits: an interrupt, or somebody who aborts.
    stop: Interrupt,
}

/// Goes on with a run, from its beginning or wherever it is, as far as it goes.
pub fn carry_out(
    journal: Journal,
    state: RunState,
    around: &Around<'_>,
) -> Result<(Reached, RunState), RunbookError> {
    let runbooks: BTreeMap<String, Runbook> =
        state.header.texts.iter().map(|(name, text)| (name.clone(), read::read(name, text).0)).collect();
    let unknown = |what: String| RunbookError::Record { run: state.header.run.clone(), what };
    let runbook =
        runbooks.get(&state.header.runbook).ok_or_else(|| unknown("it lacks its own runbook".into()))?;
    let inputs: Map<String, Value> = state.header.inputs.clone().into_iter().collect();
    let log = Log::new(journal, state, around.clock, around.watcher);
    let engine = Engine { log: &log, around, runbooks: &runbooks, stop: Interrupt::default() };
    let scope = Scope { runbook, prefix: String::new(), inputs, depth: 0 };
    let over = Interrupt::default();
    // What was said before it began is heard before anything is done.
    engine.take_mail()?;
    let result = thread::scope(|threads| {
        let listening = threads.spawn(|| engine.listen(&over));
        let ending = AtEnd(|| over.set());
        let result = engine.run(&scope);
        drop(ending);
        match listening.join() {
            Ok(heard) => result.and_then(|reached| heard.map(|()| reached)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    drop(engine);
    result.map(|reached| (reached, log.into_state()))
}

impl Engine<'_> {
    fn run(&self, scope: &Scope<'_>) -> Result<Reached, RunbookError> {
        if let Some((end, _, _)) = self.log.with(|state| state.end.clone()) {
            return Ok(Reached::End(end));
        }
        let flow = match self.log.with(|state| state.rolling_back.clone()) {
            Some(_) => Flow::RollBack,
            None => self.scope(scope)?,
        };
        if let Some(abort) = self.log.with(|state| state.abort.clone()) {
            let (why, by) = (abort.note, Some(abort.by));
            self.log.write(Record::Finished { end: RunEnd::Aborted, why, by })?;
            return Ok(Reached::End(RunEnd::Aborted));
        }
        match flow {
            Flow::On => {
                let failed = |state: &RunState| {
                    state.steps.values().any(|step| step.progress == Progress::Ended(StepEnd::Failed))
                };
                let end = if self.log.with(failed) { RunEnd::DoneWithFailures } else { RunEnd::Done };
                self.log.write(Record::Finished { end, why: None, by: None })?;
                Ok(Reached::End(end))
            }
            Flow::RollBack => match self.roll_back(scope)? {
                Flow::On => {
                    self.log.write(Record::Finished { end: RunEnd::RolledBack, why: None, by: None })?;
                    Ok(Reached::End(RunEnd::RolledBack))
                }
                flow => Ok(flow.reached()),
            },
            flow => Ok(flow.reached()),
        }
    }

    /// Does the steps of a runbook, one after the other.
    fn scope(&self, scope: &Scope<'_>) -> Result<Flow, RunbookError> {
        let handlers = scope.runbook.handler_ids();
        let steps = order(&scope.runbook.steps, &handlers).map_err(|circle| RunbookError::Record {
            run: self.log.with(|state| state.header.run.clone()),
            what: format!("steps need each other: {}", circle.join(", ")),
        })?;
        for step in steps {
            let flow = self.step(scope, step, scope.path(step))?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// Does steps at once, each as soon as what it needs of the others has ended.
    fn parallel(&self, scope: &Scope<'_>, steps: &[Step]) -> Result<Flow, RunbookError> {
        let handlers = scope.runbook.handler_ids();
        let steps: Vec<&Step> = steps.iter().filter(|step| !handlers.contains(&step.id)).collect();
        let left = std::sync::Mutex::new(steps.iter().map(|step| step.id.clone()).collect::<Vec<_>>());
        let still = |id: &String| left.lock().is_ok_and(|left| left.contains(id));
        // Steps that stopped the run rather than end: what needs them is for the run that goes on.
        let stopped = std::sync::Mutex::new(Vec::<String>::new());
        let has_stopped = |id: &String| stopped.lock().is_ok_and(|stopped| stopped.contains(id));
        let flows = thread::scope(|threads| {
            let running: Vec<_> = steps
                .iter()
                .map(|step| {
                    let (left, still, stopped, has_stopped) = (&left, &still, &stopped, &has_stopped);
                    threads.spawn(move || {
                        while step.needs.iter().any(|need| still(&need.name)) && !self.stop.is_set() {
                            self.log.wait(INBOX_EVERY);
                        }
                        let _ending = AtEnd(|| {
                            // What needs a step that nobody saw the end of must not begin.
                            if thread::panicking() {
                                self.stop.set();
                            }
                            if let Ok(mut left) = left.lock() {
                                left.retain(|id| *id != step.id);
                            }
                            self.log.wake();
                        });
                        let flow = match step.needs.iter().any(|need| has_stopped(&need.name)) {
                            true => None,
                            false => Some(self.step(scope, step, scope.path(step))),
                        };
                        if !matches!(flow, Some(Ok(Flow::On)))
                            && let Ok(mut stopped) = stopped.lock()
                        {
                            stopped.push(step.id.clone());
                        }
                        flow.unwrap_or(Ok(Flow::On))
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
        });
        let mut worst = Flow::On;
        for flow in flows {
            match flow {
                Ok(flow) => worst = worst.max(flow?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(worst)
    }

    /// Undoes what was done of a runbook, last first.
    fn roll_back(&self, scope: &Scope<'_>) -> Result<Flow, RunbookError> {
        let done: Vec<String> = self.log.with(|state| {
            let is_done = |path: &&String| state.ended(path) == Some(StepEnd::Done);
            state.order.iter().rev().filter(is_done).cloned().collect()
        });
        for path in done {
            let Some(id) = path.strip_prefix(scope.prefix.as_str()) else { continue };
            let undo = scope.runbook.step(id).and_then(|step| step.rollback.as_ref());
            let Some(step) = undo.and_then(|undo| scope.runbook.step(&undo.name)) else { continue };
            let flow = self.step(scope, step, format!("{}{}@{id}", scope.prefix, step.id))?;
            if flow > Flow::RollBack {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// Looks into the inbox until the run is over, and hears when it is to be.
    fn listen(&self, over: &Interrupt) -> Result<(), RunbookError> {
        loop {
            if self.around.interrupt.is_set() && !self.stop.is_set() {
                self.stop.set();
                self.log.wake();
            }
            self.take_mail()?;
            if over.is_set() {
                return Ok(());
            }
            self.log.wait(INBOX_EVERY);
        }
    }

    /// Takes what is in the inbox.
    fn take_mail(&self) -> Result<(), RunbookError> {
        for (file, answer) in read_inbox(&self.around.inbox) {
            if self.log.with(|state| state.taken.contains(&answer.id)) {
                remove_if_present(&file)?;
                continue;
            }
            let is_abort = answer.deed == Deed::Abort;
            let record = match self.log.with(|state| judge(state, &answer)) {
                Ok(()) => Record::Answered { answer },
                Err(why) => Record::Ignored { answer, why },
            };
            let counts = matches!(record, Record::Answered { .. });
            self.log.write(record)?;
            remove_if_present(&file)?;
            if is_abort && counts {
                self.stop.set();
            }
        }
        Ok(())
    }

    /// Waits so long, or until somebody wants an end; whether it was waited to the end.
    fn pause(&self, time: Duration) -> bool {
        let until = self.around.clock.elapsed() + time;
        loop {
            let now = self.around.clock.elapsed();
            if self.stop.is_set() {
                return false;
            }
            if now >= until {
                return true;
            }
            self.log.wait((until - now).min(INBOX_EVERY));
        }
    }
}

/// Does something when it goes, even by a panic: nobody waits for a thread that is no more.
struct AtEnd<F: Fn()>(F);

impl<F: Fn()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl Flow {
    fn reached(self) -> Reached {
        match self {
            Flow::Halt => Reached::Halt,
            Flow::People => Reached::People,
            _ => Reached::Interrupt,
        }
    }
}

/// Whether a step is nothing but what is in it.
fn is_composite(action: &Action) -> bool {
    matches!(action, Action::Parallel(_) | Action::Nested(_))
}

#[cfg(test)]
mod tests;
