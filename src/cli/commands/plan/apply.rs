//! `lifeboat plan apply`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::base::role::Role;
use crate::cli::commands::plan::build::{estimate, verdict};
use crate::cli::commands::plan::face::People;
use crate::cli::commands::plan::{ApplyArgs, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Happening};
use crate::cli::opening;
use crate::cli::warm_up;
use crate::plan::apply::record::{Outcome as RunOutcome, RunRecord};
use crate::plan::apply::{Ground, Options, apply, choose};
use crate::plan::artefact::Plan;
use crate::plan::forecast::State;
use crate::plan::{explain, shelf};
use crate::restore::cold::Warming;
use crate::store::archive::WarmUp;
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// Runs it, and tells people how it went: it is a restore, of the plan's name.
pub fn run(args: &ApplyArgs, context: &Context) -> CommandResult {
    let plan = shelf::find(&context.state_dir()?, &args.plan).map_err(|error| failure(&error))?;
    let options = options(args);
    if args.dry_run {
        return dry_run(&plan, &options, context);
    }
    let of_repository = Happening::of_repository("restore", &context.repository(None)?);
    let mut happening = Happening { name: plan.content.name.clone(), ..of_repository };
    happening.fact("plan", plan.short());
    let mut found = String::new();
    let result = carry_out(args, context, &plan, &options, &mut found);
    notifying::ended_with(context, &happening, &result, &found);
    result
}

/// Carries it out; what went wrong is written into `found`, for whoever is told of it.
fn carry_out(
    args: &ApplyArgs,
    context: &Context,
    plan: &Plan,
    options: &Options,
    found: &mut String,
) -> CommandResult {
    let state_dir = context.state_dir()?;
    let interrupt = context.interrupt()?;
    let choice = context.repository(None)?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    keyring.need(Role::Restorer, "restoring files").map_err(|error| Failure::of(error.kind(), &error))?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let holds = holds(choice.urls(), context)?;
    let host = notifying::host(context);
    let people = People::new(context.output, args.secret.clone());
    let progress = context.output.progress();
    let ground = Ground {
        plan,
        options,
        indexed: &indexed,
        state_dir: &state_dir,
        holds: &holds,
        memory_limit: context.memory_limit()?,
        face: &people,
        monitor: &progress,
        interrupt,
        clock: &SystemClock,
        host: &host,
    };
    let how =
        args.cold.warm_up.map(|speed| WarmUp { speed: warm_up::speed(speed), days: args.cold.warm_up_days });
    let script = args.cold.warm_up_command.as_ref().or(choice.warm_up_command.as_ref());
    let command = script.zip(how).map(|(script, how)| {
        let place = choice.url.clone();
        move |packs: &[PackName]| warm_up::run_command(script, packs, how, &place, interrupt)
    });
    let warming = how.map(|how| Warming {
        how,
        command: command.as_ref().map(|command| command as _),
        waits: !args.cold.no_wait,
        poll: args.cold.warm_up_poll,
        monitor: &progress,
        interrupt,
    });
    let applied = apply(&ground, warming.as_ref());
    progress.finish();
    let record = applied.map_err(|error| failure(&error))?;
    warn(&record, context);
    if record.outcome != RunOutcome::Done {
        found.push_str(&summary(&record));
    }
    match context.output.json {
        true => context.output.document(&record)?,
        false => context.output.text(&summary(&record))?,
    }
    let missed = record.verdicts.iter().any(|verdict| verdict.state == State::Missed);
    let stays = record.sandbox.as_ref().is_some_and(|removal| !removal.left.is_empty());
    Ok(match record.outcome.kind() {
        Some(kind) => Outcome::Told(kind),
        None if stays => Outcome::Told(ErrorKind::Failed),
        None if missed => Outcome::Told(ErrorKind::Objective),
        None => Outcome::Done,
    })
}

/// Tells what the outcome alone does not.
fn warn(record: &RunRecord, context: &Context) {
    if record.done_before {
        let (run, when) = (escape::text(&record.run), format::timestamp(record.finished));
        context.output.warn(&format!("this was done before, by run {run} at {when}: nothing was done now"));
    }
    for warning in &record.warnings {
        context.output.warn(&escape::text(warning));
    }
}

fn options(args: &ApplyArgs) -> Options {
    Options {
        only: args.step.clone(),
        from: args.from.clone(),
        until: args.until.clone(),
        accept_changes: args.accept_changes,
        confirmed: args.confirm.clone(),
        keep_sandbox: args.keep_sandbox,
        restart: args.restart,
        assume_done: args.assume_done.clone(),
        repeat: args.repeat.clone(),
        once: args.once.clone(),
    }
}

/// Directories of this machine without which there is no restore: those of the repository, and our own.
fn holds<'a>(urls: impl Iterator<Item = &'a str>, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut holds: Vec<PathBuf> =
        urls.filter_map(crate::store::directory_of).map(|path| absolute(&path)).collect();
    holds.push(absolute(&context.state_dir()?));
    holds.push(absolute(&context.cache_dir()?));
    Ok(holds)
}

fn dry_run(plan: &Plan, options: &Options, context: &Context) -> CommandResult {
    let chosen = choose::choose(plan, options).map_err(|error| failure(&error))?;
    if context.output.json {
        context.output.document(plan)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    if !plan.forecast.warm_up.is_empty() {
        text.push_str(&cold(plan));
    }
    for step in plan.content.steps.iter().filter(|step| chosen.contains(&step.id)) {
        text.push_str(&format!("# {}: {}\n", escape::text(&step.id), escape::text(&step.title)));
        for line in explain::lines(step, &plan.content.target.root) {
            text.push_str(&format!("    {}\n", escape::lines(&line).replace('\n', "\n    ")));
        }
    }
    for (_, command) in &plan.content.cleanup {
        text.push_str(&format!("# at the end\n    $ {}\n", escape::text(&command.display())));
    }
    context.output.text(&text)?;
    context.output.note("nothing was done");
    Ok(Outcome::Done)
}

/// What must be warmed up before anything else, as it was when the plan was built.
fn cold(plan: &Plan) -> String {
    let bytes = plan.forecast.warm_up.iter().map(|pack| pack.bytes).sum();
    format!(
        "# first, with --warm-up: {}, {}, in cold storage when the plan was built\n",
        format::counted(plan.forecast.warm_up.len() as u64, "pack", "packs"),
        format::size(bytes)
    )
}

/// What a run came to, for people.
pub fn summary(record: &RunRecord) -> String {
    let show = |seconds: f64| format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let done = record.steps.iter().filter(|step| step.is_done());
    let mut text = format!(
        "run       {} of {}: {}\nsteps     {} of {} done\ntook      {}, of which people were waited for {}; \
         predicted {}\n",
        escape::text(&record.run),
        escape::text(&record.name),
        record.outcome.word(),
        format::count(done.count() as u64),
        format::count(record.steps.len() as u64),
        show(record.machine_seconds + record.waited_seconds + record.warm_up_seconds),
        show(record.waited_seconds),
        estimate(&record.predicted),
    );
    if record.warm_up_seconds > 0.0 {
        text.push_str(&format!("warm-up   cold storage was waited for {}\n", show(record.warm_up_seconds)));
    }
    for step in record.steps.iter().filter(|step| step.why.is_some()) {
        let why = step.why.as_deref().unwrap_or_default();
        text.push_str(&format!("{:<9} {}: {}\n", step.state, escape::text(&step.id), escape::text(why)));
    }
    record.verdicts.iter().for_each(|one| text.push_str(&verdict(one)));
    if let Some(removal) = &record.sandbox
        && removal.left.is_empty()
    {
        text.push_str(&format!("sandbox   gone: {}\n", escape::text(&removal.verified.join(", "))));
    }
    if let Some(key) = &record.evidence {
        text.push_str(&format!("evidence  {}\n", escape::text(key)));
    }
    text
}
