//! One session of a run: from the lock to the record. A run that is cut off has several.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::base::hex;
use crate::plan::apply::act::{Hands, lock};
use crate::plan::apply::begin::{done_before, place_is_free, run_id};
use crate::plan::apply::log::{self, How, Known, Line, Past};
use crate::plan::apply::record::{Outcome, RunRecord, SCHEMA, StepRecord};
use crate::plan::apply::sandbox::{self, Confinement, Removal};
use crate::plan::apply::schedule::{Board, Ending, Schedule, is_done, is_volatile};
use crate::plan::apply::{Ground, choose, directory, disks, keep, release, warmth};
use crate::plan::artefact::{RootFound, Step, Work};
use crate::plan::error::PlanError;
use crate::plan::evidence;
use crate::plan::file::model::TargetKind;
use crate::plan::forecast::{Objective, State, Verdict};
use crate::plan::verify;
use crate::restore::cold::Warming;
use crate::restore::error::chain_text;
use crate::sys::error::SysError;
use crate::sys::file::create_private_dir;
use crate::sys::journal::Journal;
use crate::sys::lock::{Lock, LockError};
use crate::system::action::{Bindings, Operation};

/// A run's session that has the plan's lock.
pub struct Session<'a> {
    ground: &'a Ground<'a>,
    chosen: BTreeSet<String>,
    journal: Arc<Mutex<Journal>>,
    path: PathBuf,
    past: Past,
    board: Board,
    waited_seconds: f64,
    warm_up_seconds: f64,
    begun: Instant,
    warnings: Vec<String>,
    _lock: Lock,
}

/// What opening a run comes to.
pub enum Opened<'a> {
    /// There is something to do.
    Session(Box<Session<'a>>),
    /// What was asked for once has been done.
    Past(Box<RunRecord>),
}

impl<'a> Session<'a> {
    /// Takes the lock, sees that the plan fits, and reads what an earlier session did.
    pub fn open(ground: &'a Ground<'a>) -> Result<Opened<'a>, PlanError> {
        let begun = Instant::now();
        let plans = directory(ground.state_dir);
        create_private_dir(&plans).map_err(PlanError::Journal)?;
        let id = &ground.plan.id;
        let lock = Lock::acquire(&plans.join(format!("{id}.lock"))).map_err(|error| match error {
            LockError::Busy { .. } => PlanError::Busy(error),
            LockError::Sys(error) => PlanError::Journal(error),
        })?;
        let chosen = choose::choose(ground.plan, ground.options)?;
        let path = keep::open_journal(ground.state_dir, id);
        if let Some(record) = done_before(ground, &path)? {
            return Ok(Opened::Past(Box::new(record)));
        }
        if ground.options.restart && path.exists() {
            let run = log::open(&path, id)?.1.map_or_else(|| run_id(ground), |past| past.run);
            log::put_away(&path, &run)?;
            keep::end(ground.state_dir, id)?;
        }
        // A run that was refused before its first step has changed nothing: all must fit as it did.
        let opened = if path.exists() { Some(log::open(&path, id)?) } else { None };
        let begun_before = opened.as_ref().and_then(|(_, past)| past.as_ref());
        let is_begun = begun_before.is_some_and(|past| !past.steps.is_empty());
        let changes = verify::changes(&verify::Ground::of(ground), is_begun)?;
        if !changes.is_empty() && !ground.options.accept_changes {
            return Err(PlanError::Changed { changes });
        }
        if !is_begun {
            place_is_free(ground)?;
        }
        let (journal, past) = match opened {
            Some(opened) => opened,
            None => log::open(&path, id)?,
        };
        let past = past.unwrap_or_else(|| Past {
            run: run_id(ground),
            began: ground.clock.now(),
            ..Past::default()
        });
        let (waited_seconds, warm_up_seconds, warnings) = (0.0, 0.0, Vec::new());
        let (board, journal) = (Board::new(past.steps.clone()), Arc::new(Mutex::new(journal)));
        let session = Self {
            ground,
            chosen,
            journal,
            path,
            past,
            board,
            waited_seconds,
            warm_up_seconds,
            begun,
            warnings,
            _lock: lock,
        };
        Ok(Opened::Session(Box::new(session)))
    }

    /// Carries the run out; `warming` is a person's consent to have cold storage warmed up.
    pub fn run(mut self, warming: Option<&Warming<'_>>) -> Result<RunRecord, PlanError> {
        let ground = self.ground;
        let line = Line::Begin {
            plan: ground.plan.id.clone(),
            run: self.past.run.clone(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            once: self.once(),
        };
        self.note(&line)?;
        self.take_words()?;
        self.forget_volatile();
        self.needs_are_met()?;
        self.confirm_disks()?;
        self.warm_up(warming)?;
        let hands = Hands {
            ground,
            run: self.past.run.clone(),
            confinement: Mutex::default(),
            bindings: Mutex::new(Bindings::default()),
            attached: Mutex::default(),
            begun_disks: Mutex::new(self.past.disks.clone()),
            journal: self.journal.clone(),
        };
        let schedule = Schedule { ground, hands: &hands, chosen: &self.chosen, begun: self.begun };
        let result = schedule.run(&mut self.board);
        if result.is_ok() {
            self.cleanup(&hands);
        }
        // What runs in a sandbox holds on to what is to be released.
        let ended = lock(&hands.confinement)
            .take()
            .map(|confinement| Arc::into_inner(confinement).is_none_or(Confinement::end));
        self.warnings.extend(release::release(&hands, &self.board));
        result?;
        let removal = self.remove(ended);
        self.finish(removal)
    }

    fn note(&self, line: &Line) -> Result<(), PlanError> {
        log::note(&self.journal, self.ground.clock, line)
    }

    /// Steps that a person says are done.
    fn take_words(&mut self) -> Result<(), PlanError> {
        let mut assumed = BTreeSet::new();
        for name in &self.ground.options.assume_done {
            assumed.extend(choose::meant(self.ground.plan, name)?);
        }
        for name in &self.ground.options.repeat {
            choose::meant(self.ground.plan, name)?;
        }
        for id in assumed {
            if is_done(&self.board, &id) {
                continue;
            }
            self.note(&Line::Done { step: id.clone(), how: How::Assumed, seconds: 0.0, observation: None })?;
            let known = self.board.known.entry(id).or_default();
            (known.done, known.in_doubt) = (Some((How::Assumed, 0.0)), false);
        }
        Ok(())
    }

    /// What ends with a session is to be looked at again where something that is still to be done needs it.
    fn forget_volatile(&mut self) {
        let plan = self.ground.plan;
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        for step in plan.content.steps.iter().rev() {
            let is_open = self.chosen.contains(&step.id) && !is_done(&self.board, &step.id);
            if is_open || wanted.contains(step.id.as_str()) {
                wanted.extend(step.needs.iter().map(String::as_str));
            }
        }
        for step in plan.content.steps.iter().filter(|step| is_volatile(step)) {
            if wanted.contains(step.id.as_str()) {
                self.chosen.insert(step.id.clone());
                if let Some(known) = self.board.known.get_mut(&step.id) {
                    known.done = None;
                }
            }
        }
    }

    /// What the chosen steps need must be chosen too, or done.
    fn needs_are_met(&self) -> Result<(), PlanError> {
        let steps = &self.ground.plan.content.steps;
        for step in steps.iter().filter(|step| self.chosen.contains(&step.id)) {
            let is_met = |need: &&String| self.chosen.contains(*need) || is_done(&self.board, need);
            if let Some(need) = step.needs.iter().find(|need| !is_met(need)) {
                return Err(PlanError::Component {
                    component: step.id.clone(),
                    why: format!(
                        "it needs {need}, which is neither done nor asked for; add --step {need}, or say \
                         --assume-done {need} if you have seen that it is done"
                    ),
                });
            }
        }
        Ok(())
    }

    /// Has a person confirm every disk that is still to be overwritten.
    fn confirm_disks(&mut self) -> Result<(), PlanError> {
        let content = &self.ground.plan.content;
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for step in &content.steps {
            if let Work::Action(action) = &step.work
                && self.chosen.contains(&step.id)
                && !is_done(&self.board, &step.id)
            {
                names.extend(action.destroys.iter().map(String::as_str));
            }
        }
        let mut confirmed = Vec::new();
        for target in content.target.disks.iter().filter(|target| names.contains(target.disk.name.as_str())) {
            let begun = self.past.disks.get(&target.disk.name);
            let is_ours = self.was_attached(&target.disk.name);
            let candidate = disks::examine(content, target, self.ground.holds, begun, is_ours)?;
            let asked = Instant::now();
            let said = self.ground.options.confirmed.iter().any(|typed| candidate.is_named(typed));
            if !said && !self.ground.face.confirm(&candidate) {
                return Err(PlanError::Unconfirmed { disk: candidate.describe() });
            }
            let waited_seconds = if said { 0.0 } else { asked.elapsed().as_secs_f64() };
            confirmed.push((candidate.describe(), waited_seconds));
        }
        for (disk, waited_seconds) in confirmed {
            self.waited_seconds += waited_seconds;
            self.note(&Line::Confirmed { disk, waited_seconds })?;
        }
        Ok(())
    }

    /// Whether an earlier session of this run has attached the disk called `name`.
    fn was_attached(&self, name: &str) -> bool {
        self.ground.plan.content.steps.iter().any(|step| {
            let is_attach = match &step.work {
                Work::Action(action) => {
                    matches!(&action.operation, Operation::Attach(target) if target.name == name)
                }
                _ => false,
            };
            is_attach && self.past.steps.get(&step.id).is_some_and(|known| known.attempts > 0)
        })
    }

    /// Sees that what the steps read can be read, before anything is written.
    fn warm_up(&mut self, warming: Option<&Warming<'_>>) -> Result<(), PlanError> {
        let steps = &self.ground.plan.content.steps;
        let open =
            steps.iter().filter(|step| self.chosen.contains(&step.id) && !is_done(&self.board, &step.id));
        let (begun, journal, clock) = (Instant::now(), &self.journal, self.ground.clock);
        let waited =
            warmth::see(self.ground.indexed, open, warming, &|line| log::note(journal, clock, line))?;
        if waited {
            self.warm_up_seconds = begun.elapsed().as_secs_f64();
            self.note(&Line::Warm { waited_seconds: self.warm_up_seconds })?;
        }
        Ok(())
    }

    /// Runs the cleanup of the plan and of every component that was begun; what fails is told, no more.
    fn cleanup(&mut self, hands: &Hands<'_>) {
        let content = &self.ground.plan.content;
        if self.is_unfinished() {
            return;
        }
        let is_begun = |name: &str| {
            content.steps.iter().any(|step| {
                step.component == name
                    && self.board.known.get(&step.id).is_some_and(|known| known.attempts > 0)
            })
        };
        let Some(snapshot) = content.snapshots.first().map(|pinned| pinned.id) else { return };
        for (component, command) in &content.cleanup {
            if component.as_deref().is_none_or(is_begun) {
                self.warnings.extend(release::told(hands.cleanup(&snapshot, command).err(), "cleanup"));
            }
        }
    }

    /// Whether steps of the plan were neither done nor asked for: the run is not over.
    fn is_unfinished(&self) -> bool {
        let steps = &self.ground.plan.content.steps;
        steps.iter().any(|step| !self.chosen.contains(&step.id) && !is_done(&self.board, &step.id))
    }

    /// Removes a sandbox, unless it is to stay.
    fn remove(&mut self, ended: Option<bool>) -> Option<Removal> {
        let content = &self.ground.plan.content;
        let keeps = content.target.keep || self.ground.options.keep_sandbox || self.is_unfinished();
        if content.target.kind != TargetKind::Sandbox || keeps {
            return None;
        }
        let was_there = content.expects.root == RootFound::Empty;
        let removal = sandbox::remove(&content.target, was_there, ended);
        self.warnings.extend(removal.left.iter().map(|what| format!("the sandbox is not gone: {what}")));
        Some(removal)
    }

    fn outcome(&self) -> Outcome {
        let endings = self.board.endings.values();
        let mut outcome = if self.is_unfinished() { Outcome::Unfinished } else { Outcome::Done };
        for ending in endings {
            outcome = match (ending, outcome) {
                (Ending::Waiting(_), _) | (_, Outcome::Waiting) => Outcome::Waiting,
                (Ending::Skipped(why), _) if why.contains("halted") => Outcome::Failed,
                (_, Outcome::Failed) => Outcome::Failed,
                _ => Outcome::Partial,
            };
        }
        let halts = |step: &&Step| {
            step.on_failure != crate::plan::file::model::OnFailure::Continue
                && matches!(self.board.endings.get(&step.id), Some(Ending::Failed(_)))
        };
        match self.ground.plan.content.steps.iter().any(|step| halts(&step)) && outcome != Outcome::Waiting {
            true => Outcome::Failed,
            false => outcome,
        }
    }

    /// Writes the record, and puts the journal away if the run is over.
    fn finish(mut self, removal: Option<Removal>) -> Result<RunRecord, PlanError> {
        let outcome = self.outcome();
        // What a sandbox held is gone with it: the next run begins anew.
        let is_over = matches!(outcome, Outcome::Done | Outcome::Partial) || removal.is_some();
        self.note(&Line::End { outcome: outcome.word().to_owned() })?;
        let mut record = self.record(outcome);
        record.sandbox = removal;
        let state_dir = self.ground.state_dir;
        self.sign(&mut record)?;
        record.write(state_dir)?;
        if is_over {
            log::put_away(&self.path, &record.run)?;
            keep::end(state_dir, &self.ground.plan.id)?;
            keep::prune_runs(state_dir, &record.name)?;
        }
        Ok(record)
    }

    /// Has the record signed, and kept where the end of this machine does not reach it. Where that cannot be
    /// done, the restore is none the worse, and the record says so.
    fn sign(&self, record: &mut RunRecord) -> Result<(), PlanError> {
        let journal = std::fs::read(&self.path);
        let journal = journal.map_err(|error| PlanError::Journal(SysError::at("read", &self.path, error)))?;
        if let Err(error) = evidence::put(self.ground, record, &journal) {
            record.evidence = None;
            let what =
                format!("the record of this run is kept here, and is not signed: {}", chain_text(&error));
            record.warnings.push(what);
        }
        Ok(())
    }

    fn record(&mut self, outcome: Outcome) -> RunRecord {
        let plan = self.ground.plan;
        let session = self.begun.elapsed().as_secs_f64();
        let waited_seconds = self.past.waited_seconds + self.waited_seconds;
        let warm_up_seconds = self.past.warm_up_seconds + self.warm_up_seconds;
        let all_seconds = self.past.seconds + session;
        let machine_seconds = (all_seconds - waited_seconds - warm_up_seconds).max(0.0);
        let steps = plan.content.steps.iter().map(|step| self.step_record(step)).collect();
        let mut observations = std::mem::take(&mut self.past.observations);
        observations.append(&mut self.board.observations);
        RunRecord {
            schema: SCHEMA.to_owned(),
            run: self.past.run.clone(),
            plan: plan.id.clone(),
            name: plan.content.name.clone(),
            started: self.past.began,
            finished: self.ground.clock.now(),
            outcome,
            sessions: self.past.sessions + 1,
            machine_seconds,
            waited_seconds,
            warm_up_seconds,
            predicted: plan.forecast.total.clone(),
            steps,
            verdicts: self.verdicts(machine_seconds + waited_seconds + warm_up_seconds),
            warnings: std::mem::take(&mut self.warnings),
            sandbox: None,
            journal: hex::encode(&lock(&self.journal).head()),
            evidence: None,
            observations,
            once: self.once(),
            done_before: false,
        }
    }

    /// Whoever goes on with a run by hand ends it for whoever wanted it.
    fn once(&self) -> Option<String> {
        self.ground.options.once.clone().or_else(|| self.past.once.clone())
    }

    fn step_record(&self, step: &Step) -> StepRecord {
        let nothing = Known::default();
        let known = self.board.known.get(&step.id).unwrap_or(&nothing);
        let (state, why) = match (&known.done, self.board.endings.get(&step.id)) {
            (Some((How::Now, _)), _) => ("done", None),
            (Some((How::Already, _)), _) => ("already", None),
            (Some((How::Assumed, _)), _) => ("assumed", None),
            (None, Some(Ending::Failed(why))) => ("failed", Some(why.clone())),
            (None, Some(Ending::Waiting(why))) => ("waiting", Some(why.clone())),
            (None, Some(Ending::Skipped(why))) => ("skipped", Some(why.clone())),
            (None, _) => ("left", None),
        };
        let seconds = known.lost_seconds + known.done.map_or(0.0, |(_, seconds)| seconds);
        let predicted = self.ground.plan.forecast.steps.get(&step.id).cloned();
        let is_measured = state == "done" && known.attempts == 1 && known.lost_seconds == 0.0;
        let within_bar = predicted
            .as_ref()
            .filter(|_| is_measured)
            .map(|bar| (bar.low_seconds..=bar.high_seconds).contains(&seconds));
        StepRecord {
            id: step.id.clone(),
            component: step.component.clone(),
            title: step.title.clone(),
            state: state.to_owned(),
            attempts: known.attempts,
            seconds,
            predicted,
            within_bar,
            why,
        }
    }

    /// Whether the objectives were met in truth. People are waited for while the disaster goes on: that
    /// counts.
    fn verdicts(&self, total_seconds: f64) -> Vec<Verdict> {
        let content = &self.ground.plan.content;
        let mut ends: BTreeMap<&str, f64> = BTreeMap::new();
        for step in &content.steps {
            let end = self.board.times.get(&step.id).map_or(0.0, |(_, end)| *end);
            let latest = ends.entry(&step.component).or_default();
            *latest = latest.max(end);
        }
        let judge = |component: Option<&str>, limit_seconds: u64, seconds: f64| Verdict {
            objective: Objective::Rto,
            component: component.map(str::to_owned),
            limit_seconds,
            expected_seconds: seconds,
            high_seconds: seconds,
            state: if seconds > limit_seconds as f64 { State::Missed } else { State::Met },
        };
        let whole = content.rto_seconds.map(|limit| judge(None, limit, total_seconds));
        let parts = content.components.iter().filter_map(|part| {
            let end = self.past.seconds + ends.get(part.name.as_str()).copied().unwrap_or(0.0);
            Some(judge(Some(&part.name), part.rto_seconds?, end))
        });
        whole.into_iter().chain(parts).collect()
    }
}
