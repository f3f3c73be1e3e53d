//! `runbook approve`, `ack` and `abort`: what people say to a run.
//!
//! Where the run is on this machine, the answer is left in its inbox; otherwise it goes through the
//! repository, signed with the key slot at hand. Either way it counts once the run takes it.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::runbook::announce;
use crate::cli::commands::runbook::args::{AbortArgs, AckArgs, ApproveArgs};
use crate::cli::commands::runbook::begin::{archive, operator};
use crate::cli::commands::runbook::hands::close_questions;
use crate::cli::commands::runbook::library::failure;
use crate::cli::commands::runbook::status::of_repository;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::Office;
use crate::runbook::answer::{find_step, judge, leave};
use crate::runbook::error::RunbookError;
use crate::runbook::record::{Answer, Deed, FileEvidence, Record, RunEnd};
use crate::runbook::runs::{Read, Runs};
use crate::sys::clock::SystemClock;
use crate::sys::file::read_bounded;
use crate::sys::journal::Journal;
use crate::ui::escape;

/// Largest file that is taken as evidence.
const FILE_MAX_BYTES: u64 = 1 << 30;

/// Schema `lifeboat.runbook-answer/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    run: &'a str,
    answer: &'a Answer,
    is_active: bool,
}

/// `runbook approve`.
pub fn approve(args: &ApproveArgs, context: &Context) -> CommandResult {
    let deed = if args.refuse { Deed::Refuse } else { Deed::Approve };
    let mut answer = draft(&args.step, deed, args.name.as_ref());
    answer.note = args.note.clone();
    give(&args.run, answer, context)
}

/// `runbook ack`.
pub fn ack(args: &AckArgs, context: &Context) -> CommandResult {
    let deed = match (&args.choose, args.failed) {
        (Some(_), _) => Deed::Choose,
        (None, true) => Deed::Fail,
        (None, false) => Deed::Ack,
    };
    let mut answer = draft(&args.step, deed, args.name.as_ref());
    (answer.note, answer.value) = (args.note.clone(), args.choose.clone());
    if let Some(file) = &args.file {
        let bytes =
            read_bounded(file, FILE_MAX_BYTES).map_err(|error| Failure::of(ErrorKind::Usage, &error))?;
        answer.file = Some(FileEvidence {
            name: file.to_string_lossy().into_owned(),
            bytes: bytes.len() as u64,
            hash: blake3::hash(&bytes).to_hex().to_string(),
        });
    }
    give(&args.run, answer, context)
}

/// `runbook abort`.
pub fn abort(args: &AbortArgs, context: &Context) -> CommandResult {
    let mut answer = draft("", Deed::Abort, args.name.as_ref());
    answer.note = args.reason.clone();
    let runs = Runs::of(&context.state_dir()?);
    let found = runs.find(&args.run);
    let Ok(run) = found else { return give(&args.run, answer, context) };
    let read = runs.read(&run).map_err(|error| failure(&error))?;
    judge(&read.state, &answer).map_err(Failure::usage)?;
    // Where nobody carries it out, it is ended here.
    match Journal::open(&runs.journal(&run)) {
        Ok((mut journal, _)) => {
            let now = SystemClock.now();
            let (why, by) = (answer.note.clone(), Some(answer.by.clone()));
            let records = [
                Record::Answered { answer: answer.clone() },
                Record::Finished { end: RunEnd::Aborted, why, by },
            ];
            for record in records {
                journal.append(now, &record).map_err(|error| Failure::of(error.kind(), &error))?;
            }
            drop(journal);
            settle_evidence(context, &runs, &run, &read);
            if let Ok(Read { state, .. }) = runs.read(&run) {
                announce::over(context, &announce::happening(context, &state), &state, RunEnd::Aborted);
                Office::open(context).iter().for_each(|office| close_questions(office, &run));
            }
            told(context, &run, &answer, false, "it is over")
        }
        Err(_) => give(&run, answer, context),
    }
}

/// Brings what was written to the repository, and gives the runbook free there.
fn settle_evidence(context: &Context, runs: &Runs, run: &str, read: &Read) {
    let Ok(Some(archive)) = archive(context, Role::Maintainer) else { return };
    let now = SystemClock.now();
    let mut courier =
        crate::runbook::evidence::Courier::new(archive.clone(), run, &runs.journal(run), &runs.inbox(run));
    let done = courier.copy(now).and_then(|_| archive.release(&read.state.header.runbook, run, now));
    if let Err(error) = done {
        let why = Failure::of(error.kind(), &error);
        context.output.warn(&format!("warning: the repository is behind: {}", escape::lines(why.message())));
    }
}

fn draft(step: &str, deed: Deed, name: Option<&String>) -> Answer {
    Answer::new(step, deed, &operator(name), "command", SystemClock.now())
}

/// Gives an answer to a run, wherever it is.
fn give(spec: &str, mut answer: Answer, context: &Context) -> CommandResult {
    let runs = Runs::of(&context.state_dir()?);
    match runs.find(spec) {
        Ok(run) => {
            let read = runs.read(&run).map_err(|error| failure(&error))?;
            complete(&mut answer, &read)?;
            judge(&read.state, &answer).map_err(Failure::usage)?;
            leave(&runs.inbox(&run), &answer).map_err(|error| Failure::of(error.kind(), &error))?;
            let is_active = runs.is_active(&run);
            let then = match is_active {
                true => "the run takes it now".to_owned(),
                false => format!("the run takes it when it goes on: lifeboat runbook resume {run}"),
            };
            told(context, &run, &answer, is_active, &then)
        }
        Err(error @ RunbookError::NoRun { .. }) => by_repository(spec, answer, context, &error),
        Err(error) => Err(failure(&error)),
    }
}

fn complete(answer: &mut Answer, read: &Read) -> Result<(), Failure> {
    if answer.deed == Deed::Abort {
        return Ok(());
    }
    let found = find_step(&read.state, &answer.step);
    answer.step = found.ok_or_else(|| {
        let waiting: Vec<&str> = read.state.waiting().map(|(path, _)| path).collect();
        let failure = Failure::usage(format!("step {} has not begun, or is not there", answer.step));
        match waiting.is_empty() {
            true => failure.hint("no step waits at this moment"),
            false => failure.hint(format!("waiting: {}", waiting.join(", "))),
        }
    })?;
    Ok(())
}

fn by_repository(spec: &str, mut answer: Answer, context: &Context, missing: &RunbookError) -> CommandResult {
    let Some(archive) = archive(context, Role::Maintainer)? else { return Err(failure(missing)) };
    let run = match of_repository(spec, context) {
        Ok(Some((run, read))) => {
            complete(&mut answer, &read)?;
            // A copy may be behind: whether it counts is for the run to say; what is wrong already is told.
            judge(
                &read.state,
                &Answer {
                    slot: Some((archive.keyring.label().to_owned(), archive.keyring.role())),
                    ..answer.clone()
                },
            )
            .map_err(Failure::usage)?;
            run
        }
        Ok(None) => return Err(failure(missing)),
        Err(error) => return Err(error),
    };
    archive.answer(&run, &answer).map_err(|error| Failure::of(error.kind(), &error))?;
    told(context, &run, &answer, false, "the run takes it from the repository")
}

fn told(context: &Context, run: &str, answer: &Answer, is_active: bool, then: &str) -> CommandResult {
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.runbook-answer/1", run, answer, is_active })?;
        return Ok(Outcome::Done);
    }
    let step = if answer.step.is_empty() { String::new() } else { format!(" step {} of", answer.step) };
    context.output.note(&format!(
        "{} {}:{step} run {run}; {then}",
        escape::text(&answer.by),
        answer.deed.past()
    ));
    Ok(Outcome::Done)
}
