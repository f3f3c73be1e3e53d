//! `lifeboat recover`: what was deleted or overwritten since a time, and bringing it back.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::time::Timestamp;
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{locks, opening};
use crate::maintain::lock::extend::Trouble;
use crate::maintain::lock::{Around, Place};
use crate::maintain::recover::copy::{self, Copied};
use crate::maintain::recover::{self, Change, Changed, Comparison, Recovered};
use crate::store;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::ui::{escape, format};

/// Objects that people are told by name; `--verbose` tells all.
const SHOWN: usize = 10;
/// Objects that a document names.
const NAMED_MAX: usize = 100_000;

const EXAMPLES: &str = "\
Examples:
  lifeboat recover --as-of 2026-11-24T06:00
      What was deleted or overwritten since six o'clock? Changes nothing.
  lifeboat recover --as-of 2026-11-24T06:00 --apply
      Bring it back in place. Nothing else may write to the repository meanwhile.
  lifeboat recover --as-of 2026-11-24T06:00 --to /mnt/rescue/repo
      Copy the repository as it was to another place, and leave the bucket as it is.
  lifeboat restore latest --target / --as-of 2026-11-24T06:00
      Restore from it right away: no need to bring anything back first.";

/// Bring back what was deleted or overwritten since a time
///
/// In a bucket that keeps versions, whoever holds credentials that may write can hide objects, but not
/// destroy them. This tells what became of a repository since the time that --as-of names, and with --apply
/// brings it back: markers that hide objects are removed, and objects that were overwritten are written
/// again as they were. What was added since stays, and so does a removed key slot stay away while any other
/// is left. No key of the repository is needed; --apply needs the
/// right to write objects, and is fastest with that to delete versions. Afterwards, run `lifeboat check`.
/// Exit status 1 if something could not be brought back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Bring it back in place
    #[arg(long, conflicts_with = "to")]
    pub apply: bool,

    /// With --apply, bring back removed key slots too, though others are left
    #[arg(long, requires = "apply")]
    pub keys: bool,

    /// Copy the repository as it was, key slots too, to this directory or s3:// URL
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,

    /// Only this replica
    #[arg(long, value_name = "NAME")]
    pub replica: Option<String>,
}

/// Schema `lifeboat.recover/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    as_of: String,
    stores: Vec<Row<'a>>,
    copied: Option<CopyRow>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: Option<&'a str>,
    location: String,
    objects_then: u64,
    bytes_then: u64,
    snapshots_then: u64,
    deleted: u64,
    overwritten: u64,
    added: u64,
    first_change: Option<String>,
    last_change: Option<String>,
    changes: Vec<ChangeRow<'a>>,
    applied: Option<Applied>,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    key: String,
    change: Change,
    since: String,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Applied {
    unhidden: u64,
    rewritten: u64,
    rewritten_bytes: u64,
    left_out: Vec<String>,
    failures: Vec<Trouble>,
}

#[derive(Serialize)]
struct CopyRow {
    to: String,
    objects: u64,
    bytes: u64,
    present: u64,
    failures: Vec<Trouble>,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let time = context.global.as_of.ok_or_else(|| {
        Failure::usage("recover needs --as-of TIME: when was all well?")
            .hint("for example --as-of 2026-11-24T06:00")
    })?;
    let choice = RepositoryChoice { as_of: None, ..context.repository(None)? };
    let (places, compared) = compare_all(context, chosen(args, context, &choice)?, time)?;
    let mut applied = Vec::new();
    if args.apply {
        for (place, comparison) in places.iter().zip(&compared) {
            applied.push(apply(args, context, place, comparison)?);
        }
    }
    let copied = match &args.to {
        Some(to) => Some(copy(args, context, &choice, &places, to)?),
        None => None,
    };
    tell(context, time, &places, &compared, &applied, copied.as_ref().zip(args.to.as_ref()))?;
    let failed = applied.iter().any(|done| !done.troubles.is_empty())
        || copied.is_some_and(|copied| !copied.troubles.is_empty());
    Ok(if failed { Outcome::Told(ErrorKind::Failed) } else { Outcome::Done })
}

/// The stores that held anything at `time`, and how each compares. One that was added later must not keep
/// the others from being looked back at.
fn compare_all(
    context: &Context,
    chosen: Vec<Place>,
    time: Timestamp,
) -> Result<(Vec<Place>, Vec<Comparison>), Failure> {
    let (mut places, mut compared, mut empty) = (Vec::new(), Vec::new(), Vec::new());
    for place in chosen {
        let comparison = recover::compare(&place, time).map_err(|error| locks::failure(&error))?;
        if comparison.objects_then == 0 {
            empty.push(nothing_then(&place, time));
            continue;
        }
        warn_without_versions(context, &place)?;
        places.push(place);
        compared.push(comparison);
    }
    if places.is_empty() {
        // There was at least one.
        return Err(empty.swap_remove(0));
    }
    for failure in empty {
        context.output.warn(&escape::text(&format!("warning: {}: it is left out", failure.message())));
    }
    Ok((places, compared))
}

/// The stores that are meant: those that can keep versions.
fn chosen(args: &Args, context: &Context, choice: &RepositoryChoice) -> Result<Vec<Place>, Failure> {
    let mut places = locks::places(context, choice)?;
    if let Some(name) = &args.replica {
        places.retain(|place| place.name.as_ref() == Some(name));
        if places.is_empty() {
            return Err(Failure::usage(format!("there is no replica `{name}` that can be opened"))
                .hint("`lifeboat replica list` names them"));
        }
    }
    let all = places.len();
    places.retain(|place| place.client.store().vault().is_some());
    if places.is_empty() {
        return Err(Failure::usage(
            "no store of this repository keeps versions, so that nothing can be brought back",
        )
        .hint("that takes an S3 bucket with versioning; `lifeboat store probe` tells whether it is on"));
    }
    if places.len() < all {
        context.output.warn("warning: replicas that keep no versions are left out");
    }
    Ok(places)
}

fn nothing_then(place: &Place, time: Timestamp) -> Failure {
    let (location, time) = (place.client.location(), format::rfc3339(time));
    Failure::new(ErrorKind::NoRepository, format!("{location} held nothing at {time}"))
        .hint("name a later time; times without a zone are those of this machine")
}

fn warn_without_versions(context: &Context, place: &Place) -> Result<(), Failure> {
    let Some(vault) = place.client.store().vault() else { return Ok(()) };
    let guard = place.client.finish(vault.guard()).map_err(|error| Failure::of(error.kind(), &error))?;
    if guard.versioning == Some(false) {
        let text = format!(
            "warning: {} keeps no versions (any more): what was deleted while that was so is gone",
            place.client.location()
        );
        context.output.warn(&escape::text(&text));
    }
    Ok(())
}

fn apply(
    args: &Args,
    context: &Context,
    place: &Place,
    comparison: &Comparison,
) -> Result<Recovered, Failure> {
    let progress = context.output.progress();
    let around = Around { monitor: &progress, interrupt: context.interrupt()? };
    let done = recover::execute(place, comparison, args.keys, &around);
    progress.finish();
    done.map_err(|error| locks::failure(&error))
}

/// Copies what the one replica that is meant held, or what any of them did.
fn copy(
    args: &Args,
    context: &Context,
    choice: &RepositoryChoice,
    places: &[Place],
    to: &str,
) -> Result<Copied, Failure> {
    let failed = |error: StoreError| Failure::of(error.kind(), &error);
    let past = RepositoryChoice { as_of: context.global.as_of, ..choice.clone() };
    let spec = choice.replicas.iter().find(|spec| Some(&spec.name) == args.replica.as_ref());
    let past = match spec {
        Some(spec) => opening::open_one(&past, &spec.url, false).and_then(Client::new).map_err(failed)?,
        None => opening::store(context, &past, false)?,
    };
    let target = store::open(to, true, &choice.tuning).and_then(Client::new).map_err(failed)?;
    if places.iter().any(|place| place.client.location() == target.location()) {
        return Err(
            Failure::usage("--to names the repository itself").hint("use --apply to bring it back in place")
        );
    }
    let progress = context.output.progress();
    let around = Around { monitor: &progress, interrupt: context.interrupt()? };
    let copied = copy::copy(&past, &target, &around);
    progress.finish();
    copied.map_err(|error| locks::failure(&error))
}

fn tell(
    context: &Context,
    time: Timestamp,
    places: &[Place],
    compared: &[Comparison],
    applied: &[Recovered],
    copied: Option<(&Copied, &String)>,
) -> Result<(), Failure> {
    if context.output.json {
        let rows = places.iter().zip(compared).enumerate();
        let rows = rows.map(|(at, (place, comparison))| row(place, comparison, applied.get(at)));
        let copied = copied.map(|(copied, to)| CopyRow {
            to: to.clone(),
            objects: copied.objects,
            bytes: copied.bytes,
            present: copied.present,
            failures: copied.troubles.clone(),
        });
        let (schema, as_of) = ("lifeboat.recover/1", format::rfc3339(time));
        return context.output.document(&Document { schema, as_of, stores: rows.collect(), copied });
    }
    for (at, (place, comparison)) in places.iter().zip(compared).enumerate() {
        context.output.text(&told(context, place, time, comparison))?;
        match applied.get(at) {
            Some(done) => context.output.text(&told_applied(done))?,
            None if copied.is_none() && comparison.has_losses() => {
                context.output.text("    --apply brings it back; restore --as-of reads it as it was\n")?;
            }
            None => {}
        }
    }
    if let Some((copied, to)) = copied {
        let objects = format::counted(copied.objects, "object", "objects");
        let (size, present) = (format::size(copied.bytes), format::count(copied.present));
        let mut text = format!("{}: {objects} copied ({size}), {present} were there\n", escape::text(to));
        text.push_str(&told_troubles(&copied.troubles));
        context.output.text(&text)?;
    }
    Ok(())
}

fn row<'a>(place: &'a Place, comparison: &'a Comparison, done: Option<&Recovered>) -> Row<'a> {
    let of = |one: &'a Changed| ChangeRow {
        key: one.key.to_string(),
        change: one.change,
        since: format::rfc3339(one.since),
        version: one.then.as_ref().map(|then| then.id.0.as_str()),
    };
    Row {
        name: place.name.as_deref(),
        location: place.client.location(),
        objects_then: comparison.objects_then,
        bytes_then: comparison.bytes_then,
        snapshots_then: comparison.snapshots_then,
        deleted: comparison.count(Change::Deleted).0,
        overwritten: comparison.count(Change::Overwritten).0,
        added: comparison.count(Change::Added).0,
        first_change: comparison.first_change.map(format::rfc3339),
        last_change: comparison.last_change.map(format::rfc3339),
        changes: comparison.changed.iter().take(NAMED_MAX).map(of).collect(),
        applied: done.map(|done| Applied {
            unhidden: done.unhidden,
            rewritten: done.rewritten,
            rewritten_bytes: done.rewritten_bytes,
            left_out: done.left_out.iter().map(ToString::to_string).collect(),
            failures: done.troubles.clone(),
        }),
    }
}

fn told(context: &Context, place: &Place, time: Timestamp, comparison: &Comparison) -> String {
    let mut text = format!(
        "{} at {}: {} in {} ({})\n",
        escape::text(&locks::title(place)),
        format::timestamp(time),
        format::counted(comparison.snapshots_then, "snapshot", "snapshots"),
        format::counted(comparison.objects_then, "object", "objects"),
        format::size(comparison.bytes_then),
    );
    for (change, what) in
        [(Change::Deleted, "deleted"), (Change::Overwritten, "overwritten"), (Change::Added, "added")]
    {
        let (count, bytes) = comparison.count(change);
        let size =
            if change == Change::Added { String::new() } else { format!(" ({})", format::size(bytes)) };
        text.push_str(&format!("    {what} since: {}{size}\n", format::count(count)));
    }
    if let (Some(first), Some(last)) = (comparison.first_change, comparison.last_change) {
        let (first, last) = (format::timestamp(first), format::timestamp(last));
        text.push_str(&format!("    the first loss at {first}, the last at {last}\n"));
    }
    let shown = if context.output.verbose > 0 { usize::MAX } else { SHOWN };
    let losses = comparison.changed.iter().filter(|one| one.change != Change::Added);
    for one in losses.clone().take(shown) {
        let what = if one.change == Change::Deleted { "deleted    " } else { "overwritten" };
        text.push_str(&format!(
            "    {what} {} {}\n",
            format::timestamp(one.since),
            escape::text(one.key.as_str())
        ));
    }
    if let Some(more) = losses.count().checked_sub(shown).filter(|more| *more > 0) {
        text.push_str(&format!("    and {} more; --verbose names them\n", format::count(more as u64)));
    }
    text
}

fn told_applied(done: &Recovered) -> String {
    let mut text = format!(
        "    brought back: {} by removing markers, {} by writing them again ({})\n",
        format::count(done.unhidden),
        format::count(done.rewritten),
        format::size(done.rewritten_bytes)
    );
    for key in &done.left_out {
        let key = escape::text(key.as_str());
        text.push_str(&format!("    left out: {key}, a key slot that was removed; --keys brings it back\n"));
    }
    text.push_str(&told_troubles(&done.troubles));
    text
}

fn told_troubles(troubles: &[Trouble]) -> String {
    let mut text = String::new();
    for trouble in troubles.iter().take(SHOWN) {
        text.push_str(&format!(
            "    FAILED {}: {}\n",
            escape::text(&trouble.key),
            escape::text(&trouble.why)
        ));
    }
    if let Some(more) = troubles.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("    and {} more failed\n", format::count(more as u64)));
    }
    text
}
