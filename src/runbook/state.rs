//! Where a run is: the sum of its journal, for the run itself and for everybody who watches it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::time::Timestamp;
use crate::runbook::record::{Answer, Ask, Deed, Entry, Header, Record, RunEnd, StepEnd};

/// Where one step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It was begun, and it is not known yet what came of it.
    Running,
    /// It waits for people.
    Waiting,
    /// It failed, and will be tried again.
    Retrying,
    /// A crash has left open whether it was done.
    InDoubt,
    /// It has ended.
    Ended(StepEnd),
}

impl Progress {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Progress::Running => "running",
            Progress::Waiting => "waiting",
            Progress::Retrying => "retrying",
            Progress::InDoubt => "in doubt",
            Progress::Ended(end) => end.as_str(),
        }
    }
}

/// What is known of one step.
#[derive(Clone, Debug)]
pub struct StepState {
    /// Its kind.
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// Its phase.
    pub phase: String,
    /// Where it is.
    pub progress: Progress,
    /// How often it was begun since the run, or somebody who resumed it, came to it.
    pub attempts: u32,
    /// When it was first begun.
    pub began: Timestamp,
    /// When the present attempt was.
    pub attempt_began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What people are asked, since when, and whether somebody else was asked since.
    pub asked: Option<Asked>,
    /// What it gave.
    pub output: Value,
    /// Its exit or answer status.
    pub status: Option<i64>,
    /// Why it failed or was skipped.
    pub error: Option<String>,
    /// Who decided it.
    pub by: Option<String>,
    /// How long people were waited for.
    pub people: Duration,
    /// The answer by which a person last wanted it done again.
    pub repeated: Option<String>,
}

/// A question that stands open, or has been answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question.
    pub ask: Ask,
    /// Since when it is asked, or asked anew after an escalation.
    pub since: Timestamp,
    /// When it was asked first.
    pub first: Timestamp,
    /// Whether somebody else was asked.
    pub escalated: bool,
    /// What was answered, as far as it counts.
    pub answers: Vec<Answer>,
}

/// Where a run is.
#[derive(Clone, Debug)]
pub struct RunState {
    /// How it began.
    pub header: Header,
    /// When.
    pub began: Timestamp,
    /// When something last happened.
    pub latest: Timestamp,
    /// Steps by their path.
    pub steps: BTreeMap<String, StepState>,
    /// Their paths, in the order in which they were begun.
    pub order: Vec<String>,
    /// How it ended, when, and why.
    pub end: Option<(RunEnd, Timestamp, Option<String>)>,
    /// The step at which it stands still, and why.
    pub halted: Option<(String, String)>,
    /// The step whose failure has everything undone.
    pub rolling_back: Option<String>,
    /// Answers that have been taken.
    pub taken: BTreeSet<String>,
    /// What is to be done with steps in doubt, or that failed, as people said.
    pub decisions: BTreeMap<String, Answer>,
    /// Who wants it ended, and why.
    pub abort: Option<Answer>,
    /// Who went on with it last.
    pub operator: String,
    /// Where.
    pub host: String,
}

/// Time between two points, never less than none.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    let nanos = |time: Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let nanos = (nanos(to) - nanos(from)).max(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

impl RunState {
    /// The state that `entries` add up to; `None` where they do not begin with a beginning.
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let (first, rest) = entries.split_first()?;
        let Record::Began(header) = &first.record else { return None };
        let mut state = Self::begin(header.as_ref().clone(), first.time);
        rest.iter().for_each(|entry| state.apply(entry));
        Some(state)
    }

    /// The state of a run that has just begun.
    pub fn begin(header: Header, time: Timestamp) -> Self {
        Self {
            operator: header.operator.clone(),
            host: header.host.clone(),
            header,
            began: time,
            latest: time,
            steps: BTreeMap::new(),
            order: Vec::new(),
            end: None,
            halted: None,
            rolling_back: None,
            taken: BTreeSet::new(),
            decisions: BTreeMap::new(),
            abort: None,
        }
    }

    /// Takes in one more record.
    pub fn apply(&mut self, entry: &Entry) {
        let time = entry.time;
        self.latest = self.latest.max(time);
        match &entry.record {
            Record::Began(_) => {}
            Record::Resumed { operator, host } => self.resume(operator, host),
            Record::Intent { step, kind, title, phase, attempt, .. } => {
                let order = &mut self.order;
                let known = self.steps.entry(step.clone()).or_insert_with(|| {
                    order.push(step.clone());
                    StepState::new(kind, title, phase, time)
                });
                (known.progress, known.attempts, known.attempt_began) = (Progress::Running, *attempt, time);
                // Whoever begins anew asks anew: a refusal, or silence, was the answer to the last time.
                (known.ended, known.error, known.asked) = (None, None, None);
                self.halted = None;
                self.decisions.remove(step);
            }
            Record::Retrying { step, error, .. } => self.change(step, |known| {
                known.progress = Progress::Retrying;
                known.error = Some(error.clone());
            }),
            Record::Asked { step, ask } => self.change(step, |known| {
                known.progress = Progress::Waiting;
                known.asked = Some(Asked {
                    ask: ask.clone(),
                    since: time,
                    first: time,
                    escalated: false,
                    answers: Vec::new(),
                });
            }),
            Record::Answered { answer } => self.answer(answer),
            Record::Ignored { answer, .. } => {
                self.taken.insert(answer.id.clone());
            }
            Record::Escalated { step, .. } => self.change(step, |known| {
                if let Some(asked) = &mut known.asked {
                    (asked.escalated, asked.since) = (true, time);
                }
            }),
            Record::Doubt { step, why } => self.change(step, |known| {
                known.progress = Progress::InDoubt;
                known.error = Some(why.clone());
            }),
            Record::Settled { .. } | Record::PassedOver { .. } => {}
            Record::Ended { step, end, output, status, error, by } => self.change(step, |known| {
                if let Some(asked) = &known.asked {
                    known.people = between(asked.first, time);
                }
                (known.progress, known.ended) = (Progress::Ended(*end), Some(time));
                (known.output, known.status) = (output.clone(), *status);
                (known.error, known.by) = (error.clone(), by.clone());
            }),
            Record::Halted { step, why } => self.halted = Some((step.clone(), why.clone())),
            Record::RollingBack { step } => self.rolling_back = Some(step.clone()),
            Record::Finished { end, why, .. } => {
                self.end = Some((*end, time, why.clone()));
                self.halted = None;
            }
        }
    }

    /// Whoever goes on finds what was running in doubt: nobody saw its end.
    fn resume(&mut self, operator: &str, host: &str) {
        (self.operator, self.host) = (operator.to_owned(), host.to_owned());
        for step in self.steps.values_mut() {
            if step.progress == Progress::Running {
                step.progress = Progress::InDoubt;
            }
        }
    }

    fn change(&mut self, step: &str, change: impl FnOnce(&mut StepState)) {
        let order = &mut self.order;
        let known = self.steps.entry(step.to_owned()).or_insert_with(|| {
            order.push(step.to_owned());
            StepState::new("", step, "", self.latest)
        });
        change(known);
    }

    fn answer(&mut self, answer: &Answer) {
        self.taken.insert(answer.id.clone());
        match answer.deed {
            Deed::Abort => self.abort = Some(answer.clone()),
            Deed::Done | Deed::Repeat => {
                if let Some(step) = self.steps.get_mut(&answer.step).filter(|_| answer.deed == Deed::Repeat) {
                    step.repeated = Some(answer.id.clone());
                }
                self.decisions.insert(answer.step.clone(), answer.clone());
            }
            _ => {
                if let Some(asked) = self.steps.get_mut(&answer.step).and_then(|step| step.asked.as_mut()) {
                    asked.answers.push(answer.clone());
                }
            }
        }
    }

    /// How the step of that path ended, if it has.
    pub fn ended(&self, path: &str) -> Option<StepEnd> {
        match self.steps.get(path)?.progress {
            Progress::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Steps that wait for people, or for somebody who knows.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, &StepState)> {
        let open = |step: &StepState| matches!(step.progress, Progress::Waiting | Progress::InDoubt);
        self.steps.iter().filter(move |(_, step)| open(step)).map(|(path, step)| (path.as_str(), step))
    }

    /// What later steps of the runbook at `prefix` (empty, or ending in `/`) see of its steps.
    pub fn visible(&self, prefix: &str) -> Value {
        let mut steps = serde_json::Map::new();
        for (path, step) in &self.steps {
            let Some(id) = path.strip_prefix(prefix).filter(|id| !id.contains('/')) else { continue };
            let end = if let Progress::Ended(end) = step.progress { Some(end) } else { None };
            let seen = json!({
                "output": step.output,
                "state": step.progress.as_str(),
                "done": end == Some(StepEnd::Done),
                "failed": end == Some(StepEnd::Failed),
                "skipped": end == Some(StepEnd::Skipped),
                "error": step.error.clone().unwrap_or_default(),
                "status": step.status.unwrap_or(0),
                "by": step.by.clone().unwrap_or_default(),
            });
            steps.insert(id.to_owned(), seen);
        }
        Value::Object(steps)
    }

    /// In one word, where it is.
    pub fn word(&self) -> &'static str {
        match (&self.end, &self.halted) {
            (Some((end, _, _)), _) => end.as_str(),
            (None, Some(_)) => "halted",
            (None, None) if self.waiting().next().is_some() => "waiting",
            (None, None) => "running",
        }
    }
}

impl StepState {
    fn new(kind: &str, title: &str, phase: &str, time: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            title: title.to_owned(),
            phase: phase.to_owned(),
            progress: Progress::Running,
            attempts: 0,
            began: time,
            attempt_began: time,
            ended: None,
            asked: None,
            output: Value::Null,
            status: None,
            error: None,
            by: None,
            people: Duration::ZERO,
            repeated: None,
        }
    }
}
