//! `restore --warm-up`: showing what lies in cold storage, and having it warmed up with consent.

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::base::monitor::{Interrupt, Monitor};
use crate::cli::commands::restore::{ColdArgs, Speed};
use crate::cli::context::Context;
use crate::cli::exit::{Failure, Outcome};
use crate::cli::restore_run;
use crate::pack::reader::pack_key;
use crate::restore::cold::{ColdCounts, Warming, warm_up};
use crate::restore::plan::RestorePlan;
use crate::restore::source::{Source, SourceError};
use crate::store::archive::{WarmUp, WarmUpSpeed};
use crate::sys::command::{Input, Invocation};
use crate::ui::{escape, format};

/// What to do about packs in cold storage.
pub const HINT: &str = "--plan lists them; --warm-up has the store make them readable, for which it charges, \
     waits, and restores: --warm-up=bulk is the cheapest, --warm-up=expedited the fastest";

/// The same for `plan apply`.
pub const HINT_OF_PLAN: &str = "`plan show` lists them; --warm-up has the store make them readable, for \
     which it \
     charges, waits, and goes on: --warm-up=bulk is the cheapest, --warm-up=expedited the fastest. What \
     was asked \
     for is not asked for again: give the same command once more";

/// Tells of the cold packs of a plan, after the plan itself.
pub fn show(context: &Context, plan: &RestorePlan) {
    let counts = ColdCounts::of(plan.cold());
    if counts.packs == 0 || context.output.json {
        return;
    }
    for pack in plan.cold() {
        let state = if pack.is_warming { "warming" } else { "cold" };
        context.output.note(&format!(
            "{state:<9} {} {} {}",
            pack_key(&pack.pack),
            pack.class.as_str(),
            format::size(pack.bytes)
        ));
    }
    context.output.note(&summary(&counts));
}

fn summary(counts: &ColdCounts) -> String {
    let mut text = format!(
        "{} ({}) must be warmed up first",
        format::counted(counts.packs, "pack in cold storage", "packs in cold storage"),
        format::size(counts.bytes),
    );
    if counts.warming > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {} of them asked for already", format::count(counts.warming));
    }
    let waits = [WarmUpSpeed::Expedited, WarmUpSpeed::Standard, WarmUpSpeed::Bulk].map(|speed| {
        let wait = counts.expected_wait(speed).map_or("not offered".into(), within);
        format!("{} {wait}", speed.as_str())
    });
    // As above.
    let _ = write!(text, "; expected wait: {}", waits.join(", "));
    text
}

fn within(wait: Duration) -> String {
    match wait.as_secs() {
        seconds if seconds < 3600 => format!("{} minutes at most", seconds / 60),
        seconds => format!("{} hours at most", seconds / 3600),
    }
}

/// Has the plan's cold packs warmed up, if that was asked for. An outcome where that is all there is to do
/// now; a failure where packs are cold and nobody asked.
pub fn run(
    args: &ColdArgs,
    context: &Context,
    source: &dyn Source,
    plan: &mut RestorePlan,
    (monitor, interrupt): (&dyn Monitor, &Interrupt),
) -> Result<Option<Outcome>, Failure> {
    // Without consent, the execution itself refuses.
    let Some(speed) = args.warm_up.map(speed) else { return Ok(None) };
    let choice = context.repository(None)?;
    let script = args.warm_up_command.as_ref().or(choice.warm_up_command.as_ref());
    let counts = ColdCounts::of(plan.cold());
    if counts.packs > 0 {
        if script.is_none() && counts.warming < counts.packs && counts.expected_wait(speed).is_none() {
            return Err(Failure::usage(format!(
                "--warm-up={} is not offered for what lies in deep archive classes",
                speed.as_str()
            ))
            .hint("take --warm-up=standard or --warm-up=bulk"));
        }
        if !context.output.quiet && !context.output.json {
            context.output.note(&summary(&counts));
        }
    }
    let how = WarmUp { speed, days: args.warm_up_days };
    let command = script.map(|script| {
        let place = choice.url.clone();
        move |packs: &[PackName]| run_command(script, packs, how, &place, interrupt)
    });
    let warming = Warming {
        how,
        command: command.as_ref().map(|command| command as _),
        waits: !args.no_wait,
        poll: args.warm_up_poll,
        monitor,
        interrupt,
    };
    warm_up(source, plan, &warming).map_err(|error| restore_run::failure(&error))?;
    let left = ColdCounts::of(plan.cold());
    if left.packs == 0 {
        return Ok(None);
    }
    context.output.note(&format!(
        "asked for; nothing was restored yet: {}\ngive the same command again, with or without --no-wait",
        summary(&left)
    ));
    Ok(Some(Outcome::Told(ErrorKind::Waiting)))
}

/// The speed that was typed.
pub fn speed(speed: Speed) -> WarmUpSpeed {
    match speed {
        Speed::Expedited => WarmUpSpeed::Expedited,
        Speed::Standard => WarmUpSpeed::Standard,
        Speed::Bulk => WarmUpSpeed::Bulk,
    }
}

/// Has `script` warm `packs` up in the store's place.
pub fn run_command(
    script: &str,
    packs: &[PackName],
    how: WarmUp,
    place: &str,
    interrupt: &Interrupt,
) -> Result<(), SourceError> {
    let mut keys = String::new();
    for pack in packs {
        keys.push_str(&pack_key(pack));
        keys.push('\n');
    }
    let invocation = Invocation::shell(script)
        .variable("LIFEBOAT_REPO", place)
        .variable("LIFEBOAT_WARM_UP_SPEED", how.speed.as_str())
        .variable("LIFEBOAT_WARM_UP_DAYS", how.days.to_string());
    let failed = |why: String, source: Option<Box<dyn std::error::Error + Send + Sync>>| SourceError {
        kind: ErrorKind::Failed,
        what: format!("the command that warms packs up {}", escape::text(&why)),
        source,
    };
    let finished = invocation
        .run(Input::Bytes(keys.as_bytes()), Some(interrupt))
        .map_err(|error| failed("cannot be run".into(), Some(Box::new(error))))?;
    match finished.is_success() {
        true => Ok(()),
        false if interrupt.is_set() => {
            Err(SourceError { kind: ErrorKind::Interrupted, ..failed("was interrupted".into(), None) })
        }
        false => Err(failed(finished.describe(), None)),
    }
}
