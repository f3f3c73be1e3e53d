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
use crate::maintain::lock::audit::{self, Cover, PlaceAudit, Question, SnapshotCover};
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::references::References;
use crate::maintain::lock::{Around, LockError, Place, protect};
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// Objects that people are told by name.
const SHOWN: usize = 10;
/// What is asked where nobody says.
const WITHIN_DEFAULT: Duration = Duration::from_secs(7 * 86_400);

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
    let within = args.within.unwrap_or_else(|| within_default(&places));
    let question = Question { within, keep_evidence: locks::evidence_window(&choice) };
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
            places.iter().map(|place| audit_one(question, context, place, &references, &around)).collect()
        });
    progress.finish();
    let audits: Vec<PlaceAudit> = audited.map_err(|error: LockError| locks::failure(&error))?;
    let (locking, left_out) =
        (audits.iter().filter(|audit| audit.is_locking), places.len() < choice.urls().count());
    let is_met = locking.clone().next().is_some() && locking.clone().all(PlaceAudit::is_met);
    audits.iter().for_each(|audit| found.push_str(&shortfall(audit, within)));
    if locking.clone().next().is_none() {
        found.push_str("no store of this repository locks its objects\n");
    }
    match context.output.json {
        true => context.output.document(&Document {
            schema: "lifeboat.lock-audit/1",
            is_met,
            within_seconds: within.as_secs(),
            window_seconds: window.as_secs(),
            stores: &audits,
        })?,
        false => audits.iter().try_for_each(|audit| context.output.text(&told(context, audit, within)))?,
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

/// A week, but never so long that what is looked after as it should be is told as losing its lock: that has
/// as much as `lock-renew` left, less what lies between two renewals.
fn within_default(places: &[Place]) -> Duration {
    let renewals = places.iter().filter_map(|place| Some(place.policy()?.renew_below / 2));
    renewals.min().map_or(WITHIN_DEFAULT, |half| half.min(WITHIN_DEFAULT))
}

fn audit_one(
    question: Question,
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
    let audit = audit::audit(place, references, question, &mut ledger, now, around)?;
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
    let mut text = format!(
        "{name}: {missed} of {} protected snapshots are not locked for {}; {} objects lose their lock before \
         that, {} have none or are missing\n",
        audit.snapshots.len(),
        format::duration(within),
        format::count(audit.losing),
        format::count(audit.uncovered),
    );
    advice(audit, within).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

fn told(context: &Context, audit: &PlaceAudit, within: Duration) -> String {
    let style = context.output.style;
    let name = escape::text(audit.name.as_deref().unwrap_or(&audit.location)).into_owned();
    let objects = format::counted(audit.objects, "object", "objects");
    let snapshots =
        format::counted(audit.snapshots.len() as u64, "protected snapshot", "protected snapshots");
    let asked = format::duration(within);
    let missed = audit.snapshots.iter().filter(|snapshot| snapshot.cover != Cover::Covered).count() as u64;
    let verdict = match (audit.is_met(), audit.is_locking) {
        (true, _) => format!("{snapshots} locked for longer than {asked} ({objects})"),
        (false, true) if audit.snapshots.is_empty() => {
            style.red("there is no protected snapshot (any more): see lifeboat recover").to_string()
        }
        (false, true) if missed == 0 => {
            let records = audit.records.losing + audit.records.uncovered;
            let of = format::counted(audit.records.objects, "record", "records");
            let text =
                format!("{} of {of} (evidence, runbooks) not locked for {asked}", format::count(records));
            format!("{snapshots} locked; {}", style.red(&text))
        }
        (false, true) => {
            let missed = format!("{} of {snapshots} not locked for {asked}", format::count(missed));
            style.red(&missed).to_string()
        }
        (false, false) => format!("locks nothing, and is not meant to ({snapshots}, {objects})"),
    };
    let mut text = format!("{name}: {verdict}\n");
    let is_told = |snapshot: &&SnapshotCover| snapshot.cover != Cover::Covered || context.output.verbose > 0;
    if audit.is_locking {
        for snapshot in audit.snapshots.iter().filter(is_told) {
            let _ = writeln!(text, "    {}", of_snapshot(snapshot));
        }
        tell_objects(audit, &mut text);
        for line in advice(audit, within) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

/// The objects that are not covered. Writing to a string cannot fail.
fn tell_objects(audit: &PlaceAudit, text: &mut String) {
    let named = audit.losing + audit.uncovered;
    if named > 0 {
        let (losing, uncovered) = (format::count(audit.losing), format::count(audit.uncovered));
        let _ = writeln!(text, "    objects: {losing} lose their lock, {uncovered} have none or are missing");
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
    if let Some(more) = named.checked_sub(SHOWN as u64).filter(|more| *more > 0) {
        let _ = writeln!(text, "    and {} more; --json names up to a thousand", format::count(more));
    }
}

/// What would help: renewing only helps what is due for it, and nothing can be locked for longer than locks
/// last.
fn advice(audit: &PlaceAudit, within: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    let (Some(lock_for), Some(renew)) = (audit.lock_for_seconds, audit.renew_below_seconds) else {
        return lines;
    };
    if audit.due > 0 {
        let due = format::counted(audit.due, "object", "objects");
        lines.push(format!("run `lifeboat lock extend`: {due} would be renewed"));
    }
    if audit.losing == 0 {
        return lines;
    }
    let shown = |seconds: u64| format::duration(Duration::from_secs(seconds));
    match within.as_secs() {
        asked if asked >= lock_for => lines.push(format!(
            "a lock lasts {} (lock-for), so that nothing is ever locked for {}: ask for less, or raise \
             lock-for",
            shown(lock_for),
            shown(asked)
        )),
        asked if asked > renew => lines.push(format!(
            "a lock is renewed when less than {} is left (lock-renew): ask for no more than that, or raise \
             lock-renew",
            shown(renew)
        )),
        _ => {}
    }
    lines
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
