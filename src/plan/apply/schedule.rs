//! The steps of a run: each as soon as what it needs is done, so many at once, each noted before and after.
//!
//! One thread decides, and notes what is begun and how it ended; workers act. Nothing begins after a failure
//! that halts, after the journal could not be written, or after an interrupt; what is going on then is waited
//! for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::plan::apply::Ground;
use crate::plan::apply::act::{Acted, Hands};
use crate::plan::apply::log::{How, Known, Line};
use crate::plan::artefact::{Step, Work};
use crate::plan::error::PlanError;
use crate::plan::file::model::OnFailure;
use crate::plan::predict::observation::Observation;

/// How often a wait looks whether the end was asked for.
const POLL: Duration = Duration::from_millis(50);

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It is done.
    Done(How),
    /// It failed.
    Failed(String),
    /// It needs a person.
    Waiting(String),
    /// Something that it needs is not done.
    Skipped(String),
}

/// Why a step is not done.
#[derive(Clone, Debug, PartialEq)]
pub enum StepError {
    /// It failed.
    Failed {
        /// Why.
        why: String,
        /// Whether only a person can help.
        needs_person: bool,
    },
    /// The end was asked for.
    Interrupted,
}

impl StepError {
    /// It failed because of this.
    pub fn failed(why: String) -> Self {
        StepError::Failed { why, needs_person: false }
    }

    /// It waits for a person to do or say this.
    pub fn waiting(why: String) -> Self {
        StepError::Failed { why, needs_person: true }
    }
}

/// What a run has done so far.
#[derive(Debug, Default)]
pub struct Board {
    /// What is known of each step.
    pub known: BTreeMap<String, Known>,
    /// Steps that end this session without being done, and how.
    pub endings: BTreeMap<String, Ending>,
    /// When each step of this session began and ended, in seconds from its beginning.
    pub times: BTreeMap<String, (f64, f64)>,
    /// What was learnt.
    pub observations: Vec<Observation>,
    halted: bool,
    interrupted: bool,
}

impl Board {
    /// A board on which stands what is known from before.
    pub fn new(known: BTreeMap<String, Known>) -> Self {
        Self { known, ..Self::default() }
    }
}

/// What a worker answers.
struct Answer {
    id: String,
    attempt: u32,
    began: f64,
    seconds: f64,
    acted: Result<Acted, StepError>,
}

/// Carries out the steps of `chosen` that are not done, within `parallel` at once.
pub struct Schedule<'a> {
    /// What the run works with.
    pub ground: &'a Ground<'a>,
    /// What steps share.
    pub hands: &'a Hands<'a>,
    /// Which steps are meant.
    pub chosen: &'a BTreeSet<String>,
    /// When the session began.
    pub begun: Instant,
}

impl Schedule<'_> {
    /// Runs; what is done stands on `board`.
    pub fn run(&self, board: &mut Board) -> Result<(), PlanError> {
        let (tell, told) = mpsc::channel::<Answer>();
        let mut error: Option<PlanError> = None;
        thread::scope(|scope| {
            let mut going = 0usize;
            loop {
                while error.is_none() && going < self.ground.plan.content.parallel {
                    let Some(step) = self.next(board) else { break };
                    match self.begin(scope, &tell, step, 1, Duration::ZERO, board) {
                        Ok(()) => going += 1,
                        Err(why) => error = Some(why),
                    }
                }
                if going == 0 {
                    break;
                }
                // The sender lives as long as we do: a worker always answers.
                let Ok(result) = told.recv() else { break };
                going -= 1;
                match self.take(result, board) {
                    Ok(None) => {}
                    Ok(Some((step, attempt, delay))) if error.is_none() => {
                        match self.begin(scope, &tell, step, attempt, delay, board) {
                            Ok(()) => going += 1,
                            Err(why) => error = Some(why),
                        }
                    }
                    Ok(Some(_)) => {}
                    Err(why) => error = Some(why),
                }
            }
        });
        match error {
            Some(error) => Err(error),
            None if board.interrupted || self.ground.interrupt.is_set() => Err(PlanError::Interrupted),
            None => {
                self.skip(board);
                Ok(())
            }
        }
    }

    /// The next step that may begin.
    fn next(&self, board: &Board) -> Option<&Step> {
        if board.halted || board.interrupted || self.ground.interrupt.is_set() {
            return None;
        }
        self.ground.plan.content.steps.iter().find(|step| {
            self.chosen.contains(&step.id)
                && !board.times.contains_key(&step.id)
                && !board.endings.contains_key(&step.id)
                && !is_done(board, &step.id)
                && self.lacking(board, step).is_none()
        })
    }

    /// What the step needs and is not done, if anything. What does not outlive a session must be up again,
    /// even where what was built on it is done: that counts as needed too.
    fn lacking<'s>(&'s self, board: &Board, step: &'s Step) -> Option<&'s str> {
        if let Some(need) = step.needs.iter().find(|need| !is_done(board, need)) {
            return Some(need);
        }
        let mut open: Vec<&str> = step.needs.iter().map(String::as_str).collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(id) = open.pop() {
            if self.chosen.contains(id) && !is_done(board, id) {
                return Some(id);
            }
            if seen.insert(id) {
                let own = self.ground.plan.step(id).map(|step| step.needs.as_slice()).unwrap_or_default();
                open.extend(own.iter().map(String::as_str));
            }
        }
        None
    }

    fn begin<'scope, 'env: 'scope>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        tell: &Sender<Answer>,
        step: &'env Step,
        attempt: u32,
        delay: Duration,
        board: &mut Board,
    ) -> Result<(), PlanError> {
        let in_doubt = attempt == 1 && board.known.get(&step.id).is_some_and(|known| known.in_doubt);
        self.hands.note(&Line::Intent { step: step.id.clone(), attempt })?;
        board.times.insert(step.id.clone(), (self.begun.elapsed().as_secs_f64(), f64::NAN));
        self.ground.face.begun(step, attempt);
        let tell = tell.clone();
        scope.spawn(move || {
            let acted = match self.wait(delay) {
                true => {
                    let begun = Instant::now();
                    let began = self.begun.elapsed().as_secs_f64();
                    let acted = self.hands.act(step, in_doubt);
                    (began, begun.elapsed().as_secs_f64(), acted)
                }
                false => (self.begun.elapsed().as_secs_f64(), 0.0, Err(StepError::Interrupted)),
            };
            let (began, seconds, acted) = acted;
            // The loop above waits for every worker; only its own panic could have ended it.
            let _ = tell.send(Answer { id: step.id.clone(), attempt, began, seconds, acted });
        });
        Ok(())
    }

    /// Waits; whether the end was not asked for meanwhile.
    fn wait(&self, delay: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < delay && !self.ground.interrupt.is_set() {
            thread::sleep(POLL.min(delay.saturating_sub(begun.elapsed())));
        }
        !self.ground.interrupt.is_set()
    }

    /// Notes how a step ended; the step, the attempt and the wait if it is to be tried again.
    fn take(&self, result: Answer, board: &mut Board) -> Result<Option<(&Step, u32, Duration)>, PlanError> {
        let Some(step) = self.ground.plan.step(&result.id) else { return Ok(None) };
        let Answer { id, attempt, began, seconds, acted } = result;
        board.times.insert(id.clone(), (began, began + seconds));
        match acted {
            Ok(Acted { how, observation }) => {
                let line = Line::Done { step: id.clone(), how, seconds, observation: observation.clone() };
                self.hands.note(&line)?;
                board.observations.extend(observation);
                let known = board.known.entry(id).or_default();
                (known.done, known.in_doubt, known.why) = (Some((how, seconds)), false, None);
                known.attempts = attempt;
                self.ground.face.ended(step, &Ending::Done(how), seconds);
                Ok(None)
            }
            Err(StepError::Interrupted) => {
                board.interrupted = true;
                Ok(None)
            }
            Err(StepError::Failed { why, needs_person }) => {
                // What needs a person is still in doubt: the next run must ask again.
                if !needs_person {
                    let line = Line::Failed { step: id.clone(), attempt, seconds, why: why.clone() };
                    self.hands.note(&line)?;
                }
                let known = board.known.entry(id.clone()).or_default();
                (known.attempts, known.why) = (attempt, Some(why.clone()));
                known.lost_seconds += seconds;
                let ending = if needs_person { Ending::Waiting(why) } else { Ending::Failed(why) };
                self.ground.face.ended(step, &ending, seconds);
                if !needs_person && attempt <= step.retries && !board.halted {
                    let doubled = step.retry_delay_seconds << (attempt - 1).min(10);
                    return Ok(Some((step, attempt + 1, Duration::from_secs(doubled))));
                }
                board.endings.insert(id, ending);
                board.halted |= step.on_failure != OnFailure::Continue;
                Ok(None)
            }
        }
    }

    /// Says of every step that was meant and is not done why not.
    fn skip(&self, board: &mut Board) {
        for step in &self.ground.plan.content.steps {
            if !self.chosen.contains(&step.id)
                || is_done(board, &step.id)
                || board.endings.contains_key(&step.id)
            {
                continue;
            }
            let lacking = self.lacking(board, step);
            let why = lacking.map_or("the run was halted".to_owned(), |need| format!("{need} is not done"));
            board.endings.insert(step.id.clone(), Ending::Skipped(why));
        }
    }
}

/// Whether the step is done. What a volatile step did is gone with the session it was done in.
pub fn is_done(board: &Board, id: &str) -> bool {
    board.known.get(id).is_some_and(|known| known.done.is_some())
}

/// Whether what the step does ends with the session.
pub fn is_volatile(step: &Step) -> bool {
    matches!(&step.work, Work::Action(action) if action.volatile)
}
