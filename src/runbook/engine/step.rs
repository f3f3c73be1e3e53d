//! One step: whether it is due, how often it is tried, and what follows where it fails.

use std::time::Duration;

use serde_json::Value;

use crate::crypto::derive::random_bytes;
use crate::runbook::engine::condition::Unmet;
use crate::runbook::engine::describe::describe;
use crate::runbook::engine::program::survivors;
use crate::runbook::engine::scope::Scope;
use crate::runbook::engine::{Engine, Flow, is_composite};
use crate::runbook::error::RunbookError;
use crate::runbook::model::{Drill, OnFailure, Step};
use crate::runbook::record::{Answer, Deed, Mode, Record, StepEnd};
use crate::runbook::state::Progress;

/// How long a program that outlived its run is waited for.
const SURVIVORS_LIMIT: Duration = Duration::from_secs(60);

/// What came of an act.
pub enum Done {
    /// It ended well.
    Well {
        /// What it gave.
        output: Value,
        /// Its exit or answer status.
        status: Option<i64>,
        /// Who decided it.
        by: Option<String>,
    },
    /// It did not.
    Badly {
        /// Why.
        error: String,
        /// Its exit or answer status.
        status: Option<i64>,
        /// Who decided it.
        by: Option<String>,
        /// Whether there is any point in trying again.
        may_retry: bool,
    },
    /// It has not ended, and the run is to stop.
    Not(Flow),
}

impl Done {
    /// It ended well and gave this.
    pub fn well(output: impl Into<Value>) -> Self {
        Self::Well { output: output.into(), status: None, by: None }
    }

    /// It failed, and may succeed another time.
    pub fn badly(error: impl Into<String>) -> Self {
        Self::Badly { error: error.into(), status: None, by: None, may_retry: true }
    }

    /// It failed for good.
    pub fn never(error: impl Into<String>) -> Self {
        Self::Badly { error: error.into(), status: None, by: None, may_retry: false }
    }
}

impl Engine<'_> {
    /// Does what is left of a step, and says whether the run goes on.
    pub fn step(&self, scope: &Scope<'_>, step: &Step, path: String) -> Result<Flow, RunbookError> {
        if self.stop.is_set() {
            return Ok(Flow::Stop);
        }
        let progress = self.log.with(|state| state.steps.get(&path).map(|known| known.progress));
        let mut attempts = self.log.with(|state| state.steps.get(&path).map_or(0, |known| known.attempts));
        match progress {
            Some(Progress::Ended(StepEnd::Done | StepEnd::Skipped)) => return Ok(Flow::On),
            Some(Progress::Ended(StepEnd::Failed)) => match step.on_failure {
                // Whoever resumes wants it tried anew, unless they have done it by hand.
                OnFailure::Halt => match self.log.with(|state| state.decisions.get(&path).cloned()) {
                    Some(told) if told.deed == Deed::Done => {
                        return self.take_for_done(&path, "a person", Some(&told));
                    }
                    _ => attempts = 0,
                },
                _ => return self.failed(scope, step, &path, String::new()),
            },
            None => {}
            Some(Progress::InDoubt) if !is_composite(&step.action) => {
                match self.settle(scope, step, &path)? {
                    Settled::Done => return Ok(Flow::On),
                    Settled::Repeat => attempts = attempts.saturating_sub(1),
                    Settled::Open => return Ok(Flow::People),
                }
            }
            _ => {}
        }
        let is_waiting = progress == Some(Progress::Waiting);
        if matches!(progress, None | Some(Progress::Ended(StepEnd::Failed))) {
            match self.is_due(scope, step) {
                Due::Yes => {}
                Due::No(why) => {
                    self.end(&path, StepEnd::Skipped, Some(why))?;
                    return Ok(Flow::On);
                }
                Due::Unclear(why) => {
                    self.end(&path, StepEnd::Failed, Some(why.clone()))?;
                    return self.failed(scope, step, &path, why);
                }
            }
        }
        self.attempts(scope, step, &path, attempts, is_waiting)
    }

    /// Tries it as often as it may be tried.
    fn attempts(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        mut attempts: u32,
        mut is_waiting: bool,
    ) -> Result<Flow, RunbookError> {
        loop {
            // Who waits for people only goes on waiting: nothing begins anew.
            if !is_waiting {
                attempts += 1;
                self.log.write(self.intent(scope, step, path, attempts))?;
            }
            is_waiting = false;
            let (error, status, by, may_retry) = match self.act(scope, step, path)? {
                Done::Not(flow) => return Ok(flow),
                Done::Well { output, status, by } => {
                    let (step, end) = (path.to_owned(), StepEnd::Done);
                    self.log.write(Record::Ended { step, end, output, status, error: None, by })?;
                    return Ok(Flow::On);
                }
                Done::Badly { error, status, by, may_retry } => (error, status, by, may_retry),
            };
            if may_retry && attempts <= step.retry.count {
                let wait = wait_before(step, attempts);
                let after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                self.log.write(Record::Retrying { step: path.to_owned(), error, after_ms })?;
                if !self.pause(wait) {
                    return Ok(Flow::Stop);
                }
                continue;
            }
            self.log.write(Record::Ended {
                step: path.to_owned(),
                end: StepEnd::Failed,
                output: Value::Null,
                status,
                error: Some(error.clone()),
                by,
            })?;
            return self.failed(scope, step, path, error);
        }
    }

    fn intent(&self, scope: &Scope<'_>, step: &Step, path: &str, attempt: u32) -> Record {
        let values = self.log.with(|state| scope.values(state, Some(step)));
        Record::Intent {
            step: path.to_owned(),
            kind: step.action.kind().to_owned(),
            title: step.title.clone(),
            phase: step.phase.as_str().to_owned(),
            attempt,
            what: if is_composite(&step.action) { Vec::new() } else { describe(step, &values) },
        }
    }

    /// Whether a step is to be done at all.
    fn is_due(&self, scope: &Scope<'_>, step: &Step) -> Due {
        for need in &step.needs {
            let needed = format!("{}{}", scope.prefix, need.name);
            let (end, error) = self.log.with(|state| {
                let known = state.steps.get(&needed);
                (state.ended(&needed), known.and_then(|known| known.error.clone()))
            });
            let is_blocked = error.is_some_and(|error| error.starts_with("it needs "));
            match end {
                Some(StepEnd::Failed) => return Due::No(format!("it needs {}, which failed", need.name)),
                Some(StepEnd::Skipped) if is_blocked => {
                    return Due::No(format!("it needs {}, which was left out", need.name));
                }
                _ => {}
            }
        }
        let values = self.log.with(|state| scope.values(state, Some(step)));
        match step.when.as_ref().map(|when| (when.holds(&values), &when.text)) {
            None | Some((Ok(true), _)) => {}
            Some((Ok(false), text)) => return Due::No(format!("`{text}` does not hold")),
            // Nobody can tell whether it is wanted, so it fails like any step.
            Some((Err(error), _)) => return Due::Unclear(error.to_string()),
        }
        let is_drill = self.log.with(|state| state.header.mode == Mode::Drill);
        match is_drill && step.drill == Drill::Skip {
            true => Due::No("this is a drill".into()),
            false => Due::Yes,
        }
    }

    fn end(&self, path: &str, end: StepEnd, error: Option<String>) -> Result<(), RunbookError> {
        let step = path.to_owned();
        self.log.write(Record::Ended { step, end, output: Value::Null, status: None, error, by: None })
    }

    /// A step was done, as is known from elsewhere; `told` by whom, and perhaps what it gave.
    fn take_for_done(&self, path: &str, how: &str, told: Option<&Answer>) -> Result<Flow, RunbookError> {
        self.log.write(Record::Settled { step: path.to_owned(), done: true, how: how.to_owned() })?;
        self.log.write(Record::Ended {
            step: path.to_owned(),
            end: StepEnd::Done,
            output: told.and_then(|told| told.value.clone()).map_or(Value::Null, Value::from),
            status: None,
            error: None,
            by: Some(told.map_or(how, |told| told.by.as_str()).to_owned()),
        })?;
        Ok(Flow::On)
    }

    /// Finds out whether a step was done whose end nobody saw.
    fn settle(&self, scope: &Scope<'_>, step: &Step, path: &str) -> Result<Settled, RunbookError> {
        let run = self.log.with(|state| state.header.run.clone());
        let limit =
            self.around.clock.elapsed() + step.timeout.unwrap_or(SURVIVORS_LIMIT).min(SURVIVORS_LIMIT);
        let mut alive = survivors(&run, path);
        while !alive.is_empty() && self.around.clock.elapsed() < limit {
            if !self.pause(Duration::from_millis(200)) {
                return Ok(Settled::Open);
            }
            alive = survivors(&run, path);
        }
        let settled = |done, how: &str| {
            self.log.write(Record::Settled { step: path.to_owned(), done, how: how.to_owned() })
        };
        match self.log.with(|state| state.decisions.get(path).cloned()) {
            Some(told) if told.deed == Deed::Done => {
                self.take_for_done(path, "a person", Some(&told))?;
                return Ok(Settled::Done);
            }
            Some(_) => {
                settled(false, "a person")?;
                return Ok(Settled::Repeat);
            }
            None => {}
        }
        let checked = step.check.as_ref().map(|check| self.condition(scope, step, path, check));
        let mut remark = String::new();
        // Nothing is begun again beside itself, whatever a check says.
        match checked {
            Some(Ok(Ok(()))) => {
                self.take_for_done(path, "its check", None)?;
                return Ok(Settled::Done);
            }
            Some(Ok(Err(Unmet::NotSo(_)))) if alive.is_empty() => {
                settled(false, "its check")?;
                return Ok(Settled::Repeat);
            }
            None | Some(Ok(Err(Unmet::Untold(_)))) if step.may_repeat() && alive.is_empty() => {
                settled(false, "it may be repeated")?;
                return Ok(Settled::Repeat);
            }
            Some(Ok(Err(Unmet::Untold(why)))) => remark = format!("; its check could not tell: {why}"),
            _ => {}
        }
        let why = format!("{}{remark}", unseen(&alive));
        self.log.write(Record::Doubt { step: path.to_owned(), why })?;
        Ok(Settled::Open)
    }

    /// What follows where a step has failed for good.
    fn failed(&self, scope: &Scope<'_>, step: &Step, path: &str, why: String) -> Result<Flow, RunbookError> {
        match &step.on_failure {
            OnFailure::Continue => Ok(Flow::On),
            OnFailure::Halt => {
                self.log.write(Record::Halted { step: path.to_owned(), why })?;
                Ok(Flow::Halt)
            }
            OnFailure::Step(handler) => match scope.runbook.step(&handler.name) {
                Some(handler) => {
                    self.step(scope, handler, format!("{}{}@{}", scope.prefix, handler.id, step.id))
                }
                None => Ok(Flow::On),
            },
            OnFailure::Rollback => {
                if scope.prefix.is_empty() && self.log.with(|state| state.rolling_back.is_none()) {
                    self.log.write(Record::RollingBack { step: path.to_owned() })?;
                }
                Ok(Flow::RollBack)
            }
        }
    }
}

/// Why nobody knows what came of a step, whose processes `alive` still run.
fn unseen(alive: &[u32]) -> String {
    if alive.is_empty() {
        return "the run ended while it was being done, and nobody saw what came of it".to_owned();
    }
    let pids = alive.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    format!("what it started still runs (process {pids}), and nobody saw what came of it")
}

enum Due {
    Yes,
    No(String),
    Unclear(String),
}

enum Settled {
    Done,
    Repeat,
    Open,
}

/// How long is waited before the attempt after `attempts`.
fn wait_before(step: &Step, attempts: u32) -> Duration {
    let retry = &step.retry;
    let grown = retry.backoff.as_secs_f64() * retry.factor.powi(attempts.saturating_sub(1).min(64) as i32);
    let chance = f64::from(u32::from_le_bytes(random_bytes())) / f64::from(u32::MAX) * 2.0 - 1.0;
    let seconds = grown.min(retry.max.as_secs_f64()) * (1.0 + retry.jitter * chance);
    // Within the bounds above: never negative, never too long to be told.
    Duration::try_from_secs_f64(seconds).unwrap_or(retry.max)
}
