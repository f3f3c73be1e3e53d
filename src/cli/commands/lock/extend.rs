//! `lifeboat lock extend`: renewing the locks of what protected snapshots need.

use std::time::Duration;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkKind, PackName};
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::lock::ExtendArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{locks, opening};
use crate::maintain::lock::extend::{self, ExtendPlan, Extended, Trouble};
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::references::References;
use crate::maintain::lock::versions::{self, Struck};
use crate::maintain::lock::{Around, LockError, Place, protect, scope};
use crate::repo::read::IndexedRepository;
use crate::store::vault::LockPolicy;
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// Schema `lifeboat.lock-extend/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    is_dry_run: bool,
    window_seconds: u64,
    unreadable: Vec<Trouble>,
    stores: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: Option<String>,
    location: String,
    objects: u64,
    asked: u64,
    renewed: u64,
    renew: Vec<String>,
    failures: Vec<Trouble>,
}

/// Runs the command; what could not be locked is written into `found`, for whoever is told of it.
pub fn run(args: &ExtendArgs, context: &Context, found: &mut String) -> CommandResult {
    let choice = context.repository(None)?;
    let places = locks::places(context, &choice)?;
    let locking: Vec<(&Place, LockPolicy)> =
        places.iter().filter_map(|place| Some((place, place.policy()?))).collect();
    if locking.is_empty() {
        return Err(locks::no_policy());
    }
    let window = locks::window(args.window.window, &choice, &places);
    let wanted = Wanted { window, keep_evidence: locks::evidence_window(&choice) };
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, None, Role::Maintainer)?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let progress = context.output.progress();
    let around = Around { monitor: &progress, interrupt };
    let needed = needed_packs(args, &indexed, window, &around);
    let done = needed.and_then(|(packs, unreadable)| {
        locking
            .iter()
            .map(|(place, policy)| renew(args, context, (place, policy), wanted, &packs, &around))
            .collect::<Result<Vec<Row>, LockError>>()
            .map(|rows| (rows, unreadable))
    });
    progress.finish();
    let (rows, unreadable) = done.map_err(|error: LockError| locks::failure(&error))?;
    let failed = !unreadable.is_empty() || rows.iter().any(|row| !row.failures.is_empty());
    found.push_str(&shortfall(&unreadable, &rows));
    if context.output.json {
        let (window_seconds, is_dry_run) = (window.as_secs(), args.dry_run);
        let schema = "lifeboat.lock-extend/1";
        context.output.document(&Document {
            schema,
            is_dry_run,
            window_seconds,
            unreadable,
            stores: rows,
        })?;
    } else {
        tell_unreadable(context, &unreadable);
        for ((place, _), row) in locking.iter().zip(&rows) {
            locks::tell_troubles(context, place, &row.failures);
            tell(args, context, row)?;
        }
    }
    Ok(if failed { Outcome::Told(ErrorKind::Objective) } else { Outcome::Done })
}

/// The packs that protected snapshots need: exactly, where trees can be read; all that the index relies on
/// otherwise. With the snapshots that should have been readable.
fn needed_packs(
    args: &ExtendArgs,
    repository: &IndexedRepository,
    window: Duration,
    around: &Around<'_>,
) -> Result<(Vec<PackName>, Vec<Trouble>), LockError> {
    if args.all || repository.identities(ChunkKind::Meta).is_err() {
        return Ok((repository.index().live_packs(), Vec::new()));
    }
    let protected = protect::read(repository, window, SystemClock.now())?;
    References::of(repository, protected, around)?.to_lock(repository)
}

/// What is not locked as it should be: how much in each store, and the first of it.
fn shortfall(unreadable: &[Trouble], rows: &[Row]) -> String {
    let of_rows = rows.iter().map(|row| (row.name.as_deref().unwrap_or(&row.location), &row.failures[..]));
    let all = of_rows.chain([("snapshots that cannot be read whole", unreadable)]);
    all.filter_map(|(name, troubles)| {
        let first = troubles.first()?;
        let count = format::counted(troubles.len() as u64, "trouble", "troubles");
        Some(format!("{name}: {count}, the first: {}: {}\n", first.key, first.why))
    })
    .collect()
}

fn tell_unreadable(context: &Context, unreadable: &[Trouble]) {
    for trouble in unreadable {
        let text = format!("warning: {} cannot be read whole: {}", trouble.key, trouble.why);
        context.output.warn(&escape::text(&text));
    }
    if !unreadable.is_empty() {
        context.output.warn(
            "warning: what such snapshots need cannot be told: everything that the index relies on is kept \
             locked; run `lifeboat check`",
        );
    }
}

/// What is looked after.
#[derive(Clone, Copy)]
struct Wanted {
    window: Duration,
    keep_evidence: Duration,
}

fn renew(
    args: &ExtendArgs,
    context: &Context,
    (place, policy): (&Place, &LockPolicy),
    wanted: Wanted,
    packs: &[PackName],
    around: &Around<'_>,
) -> Result<Row, LockError> {
    let now = SystemClock.now();
    let mut ledger = match locks::ledger_dir(context) {
        Ok(directory) => Ledger::open(&directory, &place.client.location()),
        Err(_) => Ledger::default(),
    };
    let mut keys = scope::common(place)?;
    keys.extend(scope::records(place, wanted.keep_evidence, now)?);
    let snapshots = scope::snapshots_by_listing(place, wanted.window, now)?;
    let vanished = if snapshots.is_empty() { versions::vanished(place)? } else { None };
    keys.extend(snapshots);
    keys.extend(scope::packs(packs.iter().copied())?);
    let mut plan = extend::plan(place, policy, &keys, &mut ledger, now, around)?;
    plan.troubles.extend(vanished);
    let struck = Struck::of(place, scope::kept_since(wanted.keep_evidence, now))?;
    plan.troubles.extend(struck.troubles(&keys));
    let done = match args.dry_run {
        true => Extended { renewed: 0, troubles: plan.troubles.clone() },
        false => extend::execute(place, &plan, &mut ledger, around)?,
    };
    // The price of a lost ledger is a few questions more.
    let _ = ledger.save(now);
    Ok(row(args, place, plan, done))
}

fn row(args: &ExtendArgs, place: &Place, plan: ExtendPlan, done: Extended) -> Row {
    let renew = plan.renewals.iter().filter(|_| args.dry_run).map(|renewal| renewal.key.to_string());
    Row {
        name: place.name.clone(),
        location: place.client.location(),
        objects: plan.objects,
        asked: plan.asked,
        renewed: done.renewed,
        renew: renew.collect(),
        failures: done.troubles,
    }
}

fn tell(args: &ExtendArgs, context: &Context, row: &Row) -> Result<(), Failure> {
    let name = escape::text(row.name.as_deref().unwrap_or(&row.location)).into_owned();
    let objects = format::counted(row.objects, "object", "objects");
    if args.dry_run {
        let would = format::count(row.renew.len() as u64);
        context.output.text(&format!("{name}: {would} of {objects} would be renewed\n"))?;
        let mut shown = row.renew.iter().filter(|_| context.output.verbose > 0);
        return shown.try_for_each(|key| context.output.text(&format!("    {key}\n")));
    }
    match context.output.quiet {
        true => Ok(()),
        false => context.output.text(&format!(
            "{name}: {} of {objects} renewed; {} asked for\n",
            format::count(row.renewed),
            format::count(row.asked)
        )),
    }
}
