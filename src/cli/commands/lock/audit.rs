//! `lifeboat lock audit`: which snapshots and objects lose their lock soon, or have none.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::lock::AuditArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{locks, opening};
use crate::maintain::lock::audit::{self, Cover, PlaceAudit, SnapshotCover};
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::references::References;
use crate::maintain::lock::{Around, LockError, Place, protect};
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// Objects that people are told by name.
const SHOWN: usize = 10;

/// Schema `lifeboat.lock-audit/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    is_met: bool,
    within_seconds: u64,
    window_seconds: u64,
    stores: &'a [PlaceAudit],
}

/// Runs the command; what falls short is written into `found`, for whoever is told of it.
pub fn run(args: &AuditArgs, context: &Context, found: &mut String) -> CommandResult {
    let choice = context.repository(None)?;
    let places = locks::places(context, &choice)?;
    let window = locks::window(args.window.window, &choice, &places);
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, None, Role::Maintainer)?;
    let keyring = repository.keyring();
    keyring
        .need(Role::Maintainer, "telling which packs a snapshot needs")
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let progress = context.output.progress();
    let around = Around { monitor: &progress, interrupt };
    let audited = protect::read(&indexed, window, SystemClock.now())
        .and_then(|protected| References::of(&indexed, protected, &around))
        .and_then(|references| {
            places.iter().map(|place| audit_one(args, context, place, &references, &around)).collect()
        });
    progress.finish();
    let audits: Vec<PlaceAudit> = audited.map_err(|error: LockError| locks::failure(&error))?;
    let (locking, left_out) =
        (audits.iter().filter(|audit| audit.is_locking), places.len() < choice.urls().count());
    let is_met = locking.clone().next().is_some() && locking.clone().all(PlaceAudit::is_met);
    audits.iter().for_each(|audit| found.push_str(&shortfall(audit, args.within)));
    if locking.clone().next().is_none() {
        found.push_str("no store of this repository locks its objects\n");
    }
    match context.output.json {
        true => context.output.document(&Document {
            schema: "lifeboat.lock-audit/1",
            is_met,
            within_seconds: args.within.as_secs(),
            window_seconds: window.as_secs(),
            stores: &audits,
        })?,
        false => audits.iter().try_for_each(|audit| tell(context, audit, args.within))?,
    }
    if locking.count() == 0 && !context.output.json {
        context
            .output
            .note("lifeboat: no store of this repository locks its objects (see `lifeboat lock --help`)");
    }
    Ok(match (is_met, left_out) {
        (false, _) => Outcome::Told(ErrorKind::Objective),
        (true, true) => Outcome::Told(ErrorKind::Degraded),
        (true, false) => Outcome::Done,
    })
}

fn audit_one(
    args: &AuditArgs,
    context: &Context,
    place: &Place,
    references: &References,
    around: &Around<'_>,
) -> Result<PlaceAudit, LockError> {
    let now = SystemClock.now();
    let mut ledger = match locks::ledger_dir(context) {
        Ok(directory) => Ledger::open(&directory, &place.client.location()),
        Err(_) => Ledger::default(),
    };
    let audit = audit::audit(place, references, args.within, &mut ledger, now, around)?;
    // The price of a lost ledger is a few questions more.
    let _ = ledger.save(now);
    Ok(audit)
}

/// What a store does not cover, in a few lines; nothing where it covers all, or is not meant to.
fn shortfall(audit: &PlaceAudit, within: Duration) -> String {
    if !audit.is_locking || audit.is_met() {
        return String::new();
    }
    let name = audit.name.as_deref().unwrap_or(&audit.location);
    if audit.snapshots.is_empty() {
        return format!("{name}: there is no protected snapshot (any more): see lifeboat recover\n");
    }
    let missed = audit.snapshots.iter().filter(|snapshot| snapshot.cover != Cover::Covered).count();
    format!(
        "{name}: {missed} of {} protected snapshots are not locked for {}; {} objects lose their lock before \
         that, {} have none or are missing\nrun `lifeboat lock extend`, then `lifeboat lock audit`\n",
        audit.snapshots.len(),
        format::duration(within),
        format::count(audit.losing),
        format::count(audit.uncovered),
    )
}

fn tell(context: &Context, audit: &PlaceAudit, within: Duration) -> Result<(), Failure> {
    let style = context.output.style;
    let name = escape::text(audit.name.as_deref().unwrap_or(&audit.location)).into_owned();
    let objects = format::counted(audit.objects, "object", "objects");
    let snapshots =
        format::counted(audit.snapshots.len() as u64, "protected snapshot", "protected snapshots");
    let within = format::duration(within);
    let mut text = String::new();
    let verdict = match (audit.is_met(), audit.is_locking) {
        (true, _) => format!("{snapshots} locked for longer than {within} ({objects})"),
        (false, true) if audit.snapshots.is_empty() => {
            style.red("there is no protected snapshot (any more): see lifeboat recover").to_string()
        }
        (false, true) => {
            let missed = audit.snapshots.iter().filter(|snapshot| snapshot.cover != Cover::Covered).count();
            let missed = format!("{} of {snapshots} not locked for {within}", format::count(missed as u64));
            style.red(&missed).to_string()
        }
        (false, false) => format!("locks nothing, and is not meant to ({snapshots}, {objects})"),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name}: {verdict}");
    let is_told = |snapshot: &&SnapshotCover| snapshot.cover != Cover::Covered || context.output.verbose > 0;
    if audit.is_locking {
        for snapshot in audit.snapshots.iter().filter(is_told) {
            let _ = writeln!(text, "    {}", of_snapshot(snapshot));
        }
        if audit.losing + audit.uncovered > 0 {
            let (losing, uncovered) = (format::count(audit.losing), format::count(audit.uncovered));
            let _ =
                writeln!(text, "    objects: {losing} lose their lock, {uncovered} have none or are missing");
        }
        for object in audit.named.iter().take(SHOWN) {
            let state = match (object.is_missing, object.until) {
                _ if object.is_overwritten => "was overwritten: see lifeboat recover".to_owned(),
                (true, _) => "is missing: see lifeboat recover".to_owned(),
                (false, Some(until)) => format!("is locked until {}", format::timestamp(until)),
                (false, None) => "is not locked".to_owned(),
            };
            let _ = writeln!(text, "    {} {state}", escape::text(&object.key));
        }
        let named = audit.losing + audit.uncovered;
        if let Some(more) = named.checked_sub(SHOWN as u64).filter(|more| *more > 0) {
            let _ = writeln!(text, "    and {} more; --json names up to a thousand", format::count(more));
        }
        if audit.losing + audit.uncovered > 0 {
            let _ = writeln!(text, "    run `lifeboat lock extend`");
        }
    }
    context.output.text(&text)
}

fn of_snapshot(snapshot: &SnapshotCover) -> String {
    let id = snapshot.id.chars().take(8).collect::<String>();
    let host = escape::text(&snapshot.host);
    let time = snapshot.time.map_or_else(|| "of an unknown time".into(), format::timestamp);
    let state = match (snapshot.cover, snapshot.until, &snapshot.fault) {
        (Cover::Unreadable, _, fault) => {
            format!("cannot be restored: {}", escape::text(fault.as_deref().unwrap_or_default()))
        }
        (_, Some(until), _) => format!("locked until {}", format::timestamp(until)),
        (_, None, _) => "something that it needs is not locked".to_owned(),
    };
    format!("snapshot {id} of {host}, {time}: {state}")
}
