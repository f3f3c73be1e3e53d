//! `runbook run`: carries a run out, beside threads that look after messages and the repository.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Interrupt;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::runbook::announce::{self, Announcer};
use crate::cli::commands::runbook::args::{GoingArgs, RunArgs, RunMode};
use crate::cli::commands::runbook::hands::CliHands;
use crate::cli::commands::runbook::library::{dir, failure};
use crate::cli::commands::runbook::view::View;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying;
use crate::cli::opening;
use crate::repo::certificate::ANY_HOST;
use crate::repo::evidence::EvidenceError;
use crate::repo::snapshot::host_for_key;
use crate::runbook::claims::Claim;
use crate::runbook::engine::{Around, PlannedStep, Reached, carry_out, plan};
use crate::runbook::error::RunbookError;
use crate::runbook::evidence::{Archive, Courier};
use crate::runbook::library;
use crate::runbook::lint::{self, Surroundings};
use crate::runbook::model::Runbook;
use crate::runbook::read;
use crate::runbook::record::{Header, Mode, Record, RunEnd, SCHEMA};
use crate::runbook::runs::{Runs, new_id};
use crate::runbook::state::RunState;
use crate::sys::clock::SystemClock;
use crate::sys::journal::Journal;
use crate::sys::meta::owners::Owners;
use crate::sys::process;
use crate::ui::escape;

/// How often the repository is looked at, and messages are.
const ATTEND_EVERY: Duration = Duration::from_secs(2);

/// The name that somebody goes by.
pub fn operator(name: Option<&String>) -> String {
    let user = || Owners::new().user_name(process::own_ids().0).map(|name| name.to_string());
    name.cloned().or_else(user).unwrap_or_else(|| process::own_ids().0.to_string())
}

/// The name of this machine.
pub fn machine(context: &Context) -> String {
    crate::cli::notifying::host(context)
}

/// The repository, where there is one that opens without asking anybody.
pub fn archive(context: &Context, role: Role) -> Result<Option<Archive>, Failure> {
    let Ok(choice) = context.repository(None) else { return Ok(None) };
    if choice.identity_files.is_empty() && choice.passphrase.is_none() {
        return Ok(None);
    }
    let repository = opening::repository(context, None, role)?;
    let keyring = repository.keyring().clone();
    let host = match keyring.host() {
        ANY_HOST => host_for_key(&machine(context)),
        own => own.to_owned(),
    };
    Ok(Some(Archive { client: repository.client().clone(), keyring, host }))
}

/// The same for a run, which goes on without.
pub fn archive_of_run(context: &Context, going: &GoingArgs) -> Option<Archive> {
    if going.no_repository {
        return None;
    }
    match archive(context, Role::Maintainer) {
        Ok(archive) => archive,
        Err(failure) => {
            context.output.warn(&format!(
                "warning: the run goes on without the repository: {}",
                escape::lines(failure.message())
            ));
            None
        }
    }
}

/// What was typed for the inputs, and what is missing asked for at a terminal.
fn inputs(runbook: &Runbook, typed: &[String], may_ask: bool) -> Result<BTreeMap<String, Value>, Failure> {
    let mut given = BTreeMap::new();
    for word in typed {
        let (name, value) = word
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--input {word}: an input is NAME=VALUE")))?;
        let input = runbook.inputs.iter().find(|input| input.name == name);
        let Some(input) = input else {
            let names: Vec<&str> = runbook.inputs.iter().map(|input| input.name.as_str()).collect();
            return Err(Failure::usage(format!("runbook {} has no input {name}", runbook.name))
                .hint(format!("it has {}", names.join(", "))));
        };
        let value = input.value.kind.parse(value);
        given.insert(name.to_owned(), value.map_err(|why| Failure::usage(format!("input {name}: {why}")))?);
    }
    let mut missing = Vec::new();
    for input in &runbook.inputs {
        if given.contains_key(&input.name) {
            continue;
        }
        match &input.value.default {
            Some(default) => {
                given.insert(input.name.clone(), default.clone());
            }
            None if may_ask => {
                let help = if input.value.help.is_empty() {
                    input.value.kind.expected()
                } else {
                    input.value.help.clone()
                };
                let answer = ask(&format!("{} ({}): ", input.name, escape::text(&help)))?;
                let value = input.value.kind.parse(answer.trim());
                given.insert(input.name.clone(), value.map_err(Failure::usage)?);
            }
            None => missing.push(format!("--input {}=… ({})", input.name, input.value.kind.expected())),
        }
    }
    match missing.is_empty() {
        true => Ok(given),
        false => Err(Failure::usage(format!("runbook {} needs more to begin", runbook.name))
            .hint(missing.join("\n      "))),
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(ErrorKind::Failed, format!("cannot ask: {error}"));
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(failed)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
    Ok(line)
}

/// `runbook run`.
pub fn run(args: &RunArgs, context: &Context) -> CommandResult {
    let dir = dir(&args.place, context)?;
    let texts = library::closure(&args.runbook, &dir).map_err(|error| failure(&error))?;
    let around = Surroundings { runbooks: texts.clone(), ..Surroundings::default() };
    for (name, text) in &texts {
        if lint::has_errors(&lint::lint(name, text, &around).1) {
            return Err(failure(&RunbookError::Mistakes { name: name.clone() }));
        }
    }
    let runbook = read::read(&args.runbook, &texts[&args.runbook]).0;
    let may_ask = std::io::stdin().is_terminal() && !context.output.json;
    let inputs = inputs(&runbook, &args.inputs, may_ask)?;
    let now = SystemClock.now();
    let header = Header {
        schema: SCHEMA.into(),
        run: new_id(&args.runbook, now),
        runbook: args.runbook.clone(),
        texts,
        inputs,
        mode: match args.mode {
            RunMode::Live => Mode::Live,
            RunMode::Drill => Mode::Drill,
        },
        operator: operator(args.going.name.as_ref()),
        host: machine(context),
        tool: format!("lifeboat {}", env!("CARGO_PKG_VERSION")),
    };
    if args.dry_run {
        return dry_run(&header, context);
    }
    let runs = Runs::of(&context.state_dir()?);
    let lock = runs.lock(&args.runbook).map_err(|error| failure(&error))?;
    let open = runs.open_runs(&args.runbook).first().cloned();
    if let Some(open) = open.as_ref().filter(|_| !args.another) {
        let failure = Failure::new(ErrorKind::Busy, format!("run {open} of {} is not over", args.runbook));
        return Err(failure.hint(format!(
            "`lifeboat runbook status {open}` shows where it is, `lifeboat runbook resume {open}` goes on \
             with it; --another --reason … begins another all the same"
        )));
    }
    let archive = archive_of_run(context, &args.going);
    let passed_over = claim(context, archive.as_ref(), &header, args.another, args.reason.as_ref())?;
    let passed_over = passed_over.or_else(|| passed_over_here(&runs, open.as_ref()?, args.reason.as_ref()));
    let (mut journal, mut state) = runs.begin(header, now).map_err(|error| failure(&error))?;
    if let Some(record) = passed_over {
        Runs::note(&mut journal, &mut state, now, record).map_err(|error| failure(&error))?;
    }
    drop(lock);
    go(context, &args.going, &runs, archive, journal, state)
}

/// What is to be written down of a run of this machine that is not over and was passed over.
fn passed_over_here(runs: &Runs, run: &str, why: Option<&String>) -> Option<Record> {
    let state = runs.read(run).ok()?.state;
    Some(Record::PassedOver {
        run: run.to_owned(),
        operator: state.operator,
        host: state.host,
        why: why.cloned(),
    })
}

/// Claims the runbook in the repository; a repository that cannot be reached keeps nobody from recovering.
/// Answers what is to be written down of a claim that was passed over, for `why`.
pub fn claim(
    context: &Context,
    archive: Option<&Archive>,
    header: &Header,
    pass_over: bool,
    why: Option<&String>,
) -> Result<Option<Record>, Failure> {
    let Some(archive) = archive else { return Ok(None) };
    let claim = Claim {
        run: header.run.clone(),
        operator: header.operator.clone(),
        host: header.host.clone(),
        released: false,
    };
    match archive.claim(&header.runbook, &claim, pass_over, SystemClock.now()) {
        Ok(claimed) => {
            for what in &claimed.ignored {
                context.output.warn(&format!("warning: {}", escape::text(what)));
            }
            Ok(claimed.passed_over.map(|other| Record::PassedOver {
                run: other.run,
                operator: other.operator,
                host: other.host,
                why: why.cloned(),
            }))
        }
        Err(error @ RunbookError::Busy { .. }) => Err(failure(&error)),
        Err(error) => {
            let why = Failure::of(error.kind(), &error);
            context.output.warn(&format!(
                "warning: others cannot be kept from running {} too: {}",
                header.runbook,
                escape::lines(why.message())
            ));
            Ok(None)
        }
    }
}

/// Schema `lifeboat.runbook-plan/1`.
#[derive(Serialize)]
struct PlanDocument<'a> {
    schema: &'static str,
    runbook: &'a str,
    mode: &'static str,
    inputs: &'a BTreeMap<String, Value>,
    steps: &'a [PlannedStep],
}

fn dry_run(header: &Header, context: &Context) -> CommandResult {
    let runbooks: BTreeMap<String, Runbook> =
        header.texts.iter().map(|(name, text)| (name.clone(), read::read(name, text).0)).collect();
    let steps = plan(header, &runbooks).map_err(|error| failure(&error))?;
    if context.output.json {
        context.output.document(&PlanDocument {
            schema: "lifeboat.runbook-plan/1",
            runbook: &header.runbook,
            mode: header.mode.as_str(),
            inputs: &header.inputs,
            steps: &steps,
        })?;
        return Ok(Outcome::Done);
    }
    let mut text = format!("runbook {} ({}); nothing is done\n", header.runbook, header.mode.as_str());
    for (name, value) in &header.inputs {
        text.push_str(&format!("input {name} = {}\n", escape::text(&value.to_string())));
    }
    let mut phase = "";
    for (number, step) in steps.iter().enumerate() {
        if step.phase != phase && !step.only_if_needed {
            phase = step.phase;
            text.push_str(&format!("\n{}\n", context.output.style.bold(phase)));
        }
        let needed = if step.only_if_needed { " (only if needed)" } else { "" };
        text.push_str(&format!(
            "{:>3}. {} [{}] {}{needed}\n",
            number + 1,
            step.step,
            step.kind,
            escape::text(&step.title)
        ));
        let mut say = |line: String| text.push_str(&format!("       {}\n", escape::text(&line)));
        step.when.iter().for_each(|when| say(format!("only when {when}")));
        step.does.iter().for_each(|line| say(line.clone()));
        step.drill.iter().for_each(|drill| say(format!("in this drill: {drill}")));
        if step.retries > 0 {
            say(format!("again up to {} times if it fails", step.retries));
        }
        if step.on_failure != "halt" {
            say(format!("if it fails: {}", step.on_failure));
        }
    }
    context.output.text(&text)?;
    Ok(Outcome::Done)
}

/// Carries the run out, and says how far it got.
pub fn go(
    context: &Context,
    going: &GoingArgs,
    runs: &Runs,
    archive: Option<Archive>,
    journal: Journal,
    state: RunState,
) -> CommandResult {
    let interrupt = context.interrupt()?;
    let (run, runbook) = (state.header.run.clone(), state.header.runbook.clone());
    let hands = CliHands::open(context, runs)?;
    let happening = announce::happening(context, &state);
    notifying::begun(context, &happening);
    announce::goes_on(context, &happening, &state);
    let mut announcer = Announcer::begin(context, &happening, &state)?;
    let view = View::begin(&context.output, &state);
    let courier =
        archive.clone().map(|archive| Courier::new(archive, &run, &runs.journal(&run), &runs.inbox(&run)));
    let around = Around {
        hands: &hands,
        watcher: &view,
        clock: &SystemClock,
        interrupt,
        inbox: runs.inbox(&run),
        is_patient: !going.no_wait,
    };
    let over = AtomicBool::new(false);
    let result = thread::scope(|threads| {
        threads.spawn(|| attend(&hands, &view, &over, &runs.inbox(&run), announcer.as_mut()));
        threads.spawn(|| view.tick(&over));
        let copying = courier.map(|courier| threads.spawn(|| copy(courier, &view, interrupt, &over)));
        let _listening = view
            .listens()
            .then(|| crate::cli::commands::runbook::view::listen(runs, &run, going.name.as_ref()));
        let result = carry_out(journal, state, &around);
        over.store(true, Ordering::Release);
        if let Some(copying) = copying {
            // A panic there is told by itself; the run is what matters.
            let _ = copying.join();
        }
        result
    });
    view.finish();
    let (reached, state) = result.map_err(|error| failure(&error))?;
    if matches!(reached, Reached::End(_)) {
        hands.close(&run);
    }
    if let (Reached::End(_), Some(archive)) = (reached, &archive)
        && let Err(error) = archive.release(&runbook, &run, SystemClock.now())
    {
        let why = Failure::of(error.kind(), &error);
        context
            .output
            .warn(&format!("warning: the claim on {runbook} stays: {}", escape::lines(why.message())));
    }
    let result = conclude(context, &state, reached);
    announce::reached(context, &happening, &state, reached, &result);
    result
}

/// Sends messages and hears of acknowledgements until the run is over.
fn attend(
    hands: &CliHands,
    view: &View,
    over: &AtomicBool,
    inbox: &std::path::Path,
    mut announcer: Option<&mut Announcer>,
) {
    use crate::runbook::hands::Watcher as _;
    if !hands.has_channels() {
        return;
    }
    let mut known = std::collections::BTreeSet::new();
    loop {
        let is_over = over.load(Ordering::Acquire);
        let state = view.state();
        let told = announcer.as_mut().map_or(Ok(()), |announcer| announcer.look(&state));
        let untold = told.err().map(|failure| failure.message().to_owned());
        for trouble in untold.into_iter().chain(hands.attend(inbox, &state)) {
            if known.insert(trouble.clone()) {
                view.note(&format!("not told: {trouble}"));
            }
        }
        if is_over {
            return;
        }
        pause(over);
    }
}

/// Copies the journal to the repository and brings answers from there until the run is over.
fn copy(mut courier: Courier, view: &View, interrupt: &Interrupt, over: &AtomicBool) {
    use crate::runbook::hands::Watcher as _;
    let mut is_troubled = false;
    loop {
        let is_over = over.load(Ordering::Acquire);
        let copied = courier.copy(SystemClock.now());
        let collected = courier.collect().map(drop);
        match copied.map(drop).map_err(RunbookError::Evidence).and(collected) {
            Ok(()) => is_troubled = false,
            Err(RunbookError::Evidence(EvidenceError::Taken { .. })) => {
                view.note("another host has taken this run over: it ends here");
                interrupt.set();
                return;
            }
            Err(error) if !is_troubled => {
                is_troubled = true;
                let why = Failure::of(error.kind(), &error);
                view.note(&format!("the repository is behind: {}", why.message()));
            }
            Err(_) => {}
        }
        if is_over {
            return;
        }
        pause(over);
    }
}

fn pause(over: &AtomicBool) {
    let step = Duration::from_millis(50);
    for _ in 0..(ATTEND_EVERY.as_millis() / step.as_millis()) {
        if over.load(Ordering::Acquire) {
            return;
        }
        thread::sleep(step);
    }
}

/// Schema `lifeboat.runbook-run/1`.
#[derive(Serialize)]
struct RunDocument<'a> {
    schema: &'static str,
    run: &'a str,
    runbook: &'a str,
    state: &'static str,
    steps: usize,
    failed: Vec<&'a str>,
    waiting: Vec<&'a str>,
    halted: Option<&'a str>,
}

fn conclude(context: &Context, state: &RunState, reached: Reached) -> CommandResult {
    let run = &state.header.run;
    let failed: Vec<&str> = state
        .order
        .iter()
        .filter(|path| state.ended(path) == Some(crate::runbook::record::StepEnd::Failed))
        .map(String::as_str)
        .collect();
    if context.output.json {
        context.output.document(&RunDocument {
            schema: "lifeboat.runbook-run/1",
            run,
            runbook: &state.header.runbook,
            state: state.word(),
            steps: state.steps.len(),
            failed: failed.clone(),
            waiting: state.waiting().map(|(path, _)| path).collect(),
            halted: state.halted.as_ref().map(|(step, _)| step.as_str()),
        })?;
    }
    let say = |text: &str| context.output.note(&escape::lines(text));
    let outcome = match reached {
        Reached::End(RunEnd::Done) => Outcome::Done,
        Reached::End(_) => Outcome::Told(ErrorKind::Failed),
        Reached::Halt => Outcome::Told(ErrorKind::Failed),
        Reached::People => Outcome::Told(ErrorKind::Waiting),
        Reached::Interrupt => Outcome::Told(ErrorKind::Interrupted),
    };
    match reached {
        Reached::End(end) => {
            say(&format!("run {run} is over: {}; lifeboat runbook report {run}", end.as_str()))
        }
        Reached::Halt => {
            let (step, why) = state.halted.clone().unwrap_or_default();
            let is_approval = state.steps.get(&step).is_some_and(|known| known.kind == "approval");
            let then = match is_approval {
                true => format!("lifeboat runbook resume {run} asks again"),
                false => format!(
                    "mend it, then lifeboat runbook resume {run} (with --done {step} if you have done it \
                     by hand)"
                ),
            };
            say(&format!("run {run} has halted at {step}: {why}\nhint: {then}"));
        }
        Reached::People => super::status::waiting_lines(state).iter().for_each(|line| say(line)),
        Reached::Interrupt => {
            say(&format!("run {run} was interrupted; lifeboat runbook resume {run} goes on with it"))
        }
    }
    Ok(outcome)
}
