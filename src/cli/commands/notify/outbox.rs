//! `lifeboat notify outbox`: what is still to be told, and what became of the rest.

use std::fmt::Write as _;

use serde::Serialize;

use crate::base::time::Timestamp;
use crate::cli::commands::notify::{OutboxAction, OutboxArgs};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::Office;
use crate::notify::entry::{Acknowledgement, Delivery, Entry, State};
use crate::notify::error::NotifyError;
use crate::notify::notifier::Notifier;
use crate::notify::quiet::Zone;
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// Schema `lifeboat.notify-outbox/1`.
#[derive(Serialize)]
struct ListDocument<'a> {
    schema: &'static str,
    events: Vec<EventRow<'a>>,
    disabled: Vec<DisabledRow>,
    damaged: Vec<String>,
}

#[derive(Serialize)]
struct DisabledRow {
    channel: String,
    since: Timestamp,
    why: String,
}

/// Schema `lifeboat.notify-event/1`.
#[derive(Serialize)]
struct EventDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    row: EventRow<'a>,
}

#[derive(Serialize)]
struct EventRow<'a> {
    event: &'a crate::notify::event::Event,
    action: &'static str,
    state: &'static str,
    repeats: u64,
    resolved_by: Option<&'a str>,
    acknowledged: &'a [Acknowledgement],
    deliveries: Vec<DeliveryRow<'a>>,
    next_step: Option<i64>,
}

#[derive(Serialize)]
struct DeliveryRow<'a> {
    contact: Option<&'a str>,
    channels: Vec<&'a str>,
    action: &'static str,
    state: &'static str,
    step: usize,
    by: Option<&'a str>,
    at: Option<crate::base::time::Timestamp>,
    receipt: Option<&'a str>,
    error: Option<&'a str>,
    due: Option<i64>,
}

fn row(entry: &Entry) -> EventRow<'_> {
    EventRow {
        event: &entry.event,
        action: entry.action.as_str(),
        state: state(entry),
        repeats: entry.repeats,
        resolved_by: entry.resolved.as_ref().map(|id| id.as_str()),
        acknowledged: &entry.acknowledged,
        deliveries: entry.deliveries.iter().map(delivery_row).collect(),
        next_step: entry.next_step().map(|(_, due)| due),
    }
}

fn delivery_row(one: &Delivery) -> DeliveryRow<'_> {
    DeliveryRow {
        contact: one.contact.as_deref(),
        channels: one.route.iter().map(|hop| hop.channel.as_str()).collect(),
        action: one.action.as_str(),
        state: one.state.as_str(),
        step: one.step,
        by: one.by.as_deref(),
        at: one.at,
        receipt: one.receipt.as_deref(),
        error: one.error.as_deref(),
        due: (one.state == State::Pending).then_some(one.due),
    }
}

/// How the whole stands, in one word: the worst of its deliveries.
fn state(entry: &Entry) -> &'static str {
    let any = |state: State| entry.deliveries.iter().any(|one| one.state == state);
    let order = [State::Failed, State::InDoubt, State::Pending, State::Delivered];
    order.into_iter().find(|state| any(*state)).unwrap_or(State::Dropped).as_str()
}

fn failed(error: NotifyError) -> Failure {
    let kind = error.kind();
    let failure = Failure::of(kind, &error);
    match error {
        NotifyError::NoEvent(_) => failure.hint("lifeboat notify outbox --all lists what there is"),
        _ => failure,
    }
}

/// Prints one event.
pub fn document(context: &Context, entry: &Entry) -> Result<(), Failure> {
    context.output.document(&EventDocument { schema: "lifeboat.notify-event/1", row: row(entry) })
}

/// Runs it.
pub fn run(args: &OutboxArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let notifier = office.notifier()?;
    let (found, what) = match &args.action {
        None => return list(args, context, &notifier),
        Some(OutboxAction::Show(arg)) => {
            let entry = notifier.status(&arg.event).map_err(failed)?;
            show(context, &entry)?;
            return Ok(Outcome::Done);
        }
        Some(OutboxAction::Retry(arg)) => {
            let entry = notifier.status(&arg.event).map_err(failed)?;
            (notifier.retry(&entry.event.id).map_err(failed)?, "due again")
        }
        Some(OutboxAction::Drop(arg)) => {
            let entry = notifier.status(&arg.event).map_err(failed)?;
            (notifier.drop_pending(&entry.event.id).map_err(failed)?, "given up")
        }
    };
    context
        .output
        .note(&format!("{} {what}", format::counted(found as u64, "delivery is", "deliveries are")));
    Ok(Outcome::Done)
}

/// Channels that are not used, for their other side wants no more.
fn disabled(notifier: &Notifier<'_>) -> Result<Vec<DisabledRow>, Failure> {
    let row = |name: &String| {
        let channel = notifier.directory.channels.get(name)?;
        let one = notifier.disabled.get(name, channel, notifier.secrets)?;
        Some(DisabledRow { channel: one.channel, since: one.since, why: one.why })
    };
    Ok(notifier.disabled.names().map_err(failed)?.iter().filter_map(row).collect())
}

fn list(args: &OutboxArgs, context: &Context, notifier: &Notifier<'_>) -> CommandResult {
    let found = notifier.outbox.list().map_err(failed)?;
    let disabled = disabled(notifier)?;
    let is_shown = |entry: &&Entry| {
        let trouble = |one: &Delivery| matches!(one.state, State::Pending | State::Failed | State::InDoubt);
        args.all || entry.deliveries.iter().any(trouble) || entry.is_open()
    };
    let shown: Vec<&Entry> = found.entries.iter().filter(is_shown).collect();
    let damaged: Vec<String> =
        found.damaged.iter().map(|(path, why)| format!("{}: {why}", escape::path(path))).collect();
    if context.output.json {
        context.output.document(&ListDocument {
            schema: "lifeboat.notify-outbox/1",
            events: shown.into_iter().map(row).collect(),
            disabled,
            damaged,
        })?;
        return Ok(Outcome::Done);
    }
    let zone = Zone::default();
    let mut table = Table::new()
        .words("EVENT", Shrink::Never)
        .words("TIME", Shrink::Never)
        .words("STATE", Shrink::Never)
        .words("MATTER", Shrink::Never)
        .words("TOLD", Shrink::Never)
        .words("TITLE", Shrink::End);
    for entry in &shown {
        let told = entry.deliveries.iter().filter(|one| one.state == State::Delivered).count();
        table.row([
            entry.event.id.to_string(),
            zone.show(entry.event.time.seconds),
            state(entry).into(),
            matter(entry).into(),
            format!("{told}/{}", entry.deliveries.len()),
            entry.event.title.clone(),
        ]);
    }
    match shown.is_empty() {
        true => context.output.note("nothing is waiting"),
        false => context.output.table(&table)?,
    }
    for one in &disabled {
        context.output.warn(&escape::text(&format!(
            "channel {} is not used since {}, for it {}; `lifeboat notify test {}` tries it, and uses it \
             again",
            one.channel,
            zone.show(one.since.seconds),
            one.why,
            one.channel
        )));
    }
    damaged.iter().for_each(|one| context.output.warn(&escape::text(&format!("warning: {one}"))));
    Ok(Outcome::Done)
}

fn matter(entry: &Entry) -> &'static str {
    match (entry.is_open(), entry.acknowledged.is_empty()) {
        (true, true) => "open",
        (true, false) => "acknowledged",
        (false, _) if entry.resolved.is_some() => "over",
        (false, _) => "",
    }
}

fn show(context: &Context, entry: &Entry) -> Result<(), Failure> {
    if context.output.json {
        return document(context, entry);
    }
    let zone = Zone::default();
    let event = &entry.event;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<13}{}", escape::text(value));
    };
    line("event", event.id.as_str());
    line("title", &event.title);
    line("what", &format!("{} {} ({})", event.kind, event.outcome.as_str(), event.severity.as_str()));
    line("key", &event.key);
    line("time", &zone.show(event.time.seconds));
    if entry.repeats > 0 {
        line("repeated", &format!("{} times, last at {}", entry.repeats, zone.show(entry.last.seconds)));
    }
    if let Some(id) = &entry.resolved {
        line("ended by", id.as_str());
    }
    for ack in &entry.acknowledged {
        let note = ack.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        line(
            "acknowledged",
            &format!("by {} at {} ({}){note}", ack.by, zone.show(ack.time.seconds), ack.via),
        );
    }
    if let Some((_, due)) = entry.next_step() {
        line("next step", &format!("at {} unless somebody acknowledges", zone.show(due)));
    }
    for one in &entry.deliveries {
        let channels: Vec<&str> = one.route.iter().map(|hop| hop.channel.as_str()).collect();
        let how = match (&one.by, one.state) {
            (Some(by), _) => format!("{} by {by}", one.state.as_str()),
            (None, State::Pending) => format!("pending, due at {}", zone.show(one.due)),
            (None, state) => state.as_str().to_owned(),
        };
        line("told", &format!("{} ({}): {how}", one.whom(), channels.join(", ")));
        if let Some(error) = one.error.as_ref().filter(|_| one.state != State::Delivered) {
            line("", error);
        }
    }
    context.output.text(&text)
}
