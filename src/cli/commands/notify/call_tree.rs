//! `lifeboat notify call-tree`: a drill of the contact list.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::notify::CallTreeArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Office};
use crate::notify::entry::{Entry, State};
use crate::notify::error::NotifyError;
use crate::notify::event::{Action, Event, EventId, Outcome as How};
use crate::notify::model::Named;
use crate::notify::notifier::Notifier;
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// How often to look for acknowledgements.
const POLL: Duration = Duration::from_secs(2);
/// How long one look may take.
const LOOK_LIMIT: Duration = Duration::from_secs(20);

/// Schema `lifeboat.notify-call-tree/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    ok: bool,
    waited_seconds: f64,
    contacts: &'a [Answered],
}

#[derive(Serialize)]
struct Answered {
    contact: String,
    event: String,
    reached: bool,
    by_channel: Option<String>,
    reached_after_seconds: Option<i64>,
    acknowledged: bool,
    acknowledged_by: Option<String>,
    via: Option<String>,
    acknowledged_after_seconds: Option<i64>,
    error: Option<String>,
}

/// Runs it.
pub fn run(args: &CallTreeArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let contacts = contacts(args, &office)?;
    let notifier = office.notifier()?;
    let failed = |error: NotifyError| Failure::of(error.kind(), &error);
    let interrupt = context.interrupt()?;
    let host = notifying::host(context);
    let mut events: Vec<(String, EventId)> = Vec::new();
    for contact in contacts {
        let title = format!("Drill of the contact list of {host}");
        let mut event = Event::new(notifier.now(), &host, "call-tree", How::Notice, &contact, title);
        event.text.clone_from(&args.text);
        event.is_drill = true;
        let to = [contact.clone()];
        let id = notifier.send(event, Action::Trigger, &to, None).map_err(failed)?;
        context.output.note(&escape::text(&format!("{contact}: lifeboat notify ack {id} --by {contact}")));
        events.push((contact, id));
    }
    let begun = Instant::now();
    loop {
        notifier.run(LOOK_LIMIT.min(args.wait.max(POLL))).map_err(failed)?;
        let entries = read(&notifier, &events)?;
        let is_over = entries.iter().all(|entry| !entry.acknowledged.is_empty());
        if is_over || begun.elapsed() >= args.wait || interrupt.is_set() {
            break;
        }
        thread::sleep(POLL.min(args.wait.saturating_sub(begun.elapsed())));
    }
    let entries = read(&notifier, &events)?;
    let answers: Vec<Answered> =
        events.iter().zip(&entries).map(|((contact, id), entry)| answered(contact, id, entry)).collect();
    for (_, id) in &events {
        // The drill is over: nothing of it is to go out later, or to stay open.
        notifier.drop_pending(id).map_err(failed)?;
        notifier.outbox.change(id, |entry| entry.resolved = Some(id.clone())).map_err(failed)?;
    }
    tell(context, &answers, begun.elapsed())?;
    match interrupt.is_set() {
        true => {
            Err(Failure::new(ErrorKind::Interrupted, "interrupted; the report above is of what was known"))
        }
        false if answers.iter().all(|one| one.acknowledged) => Ok(Outcome::Done),
        false => Ok(Outcome::Told(ErrorKind::Objective)),
    }
}

/// Everybody who is named, once each.
fn contacts(args: &CallTreeArgs, office: &Office) -> Result<Vec<String>, Failure> {
    let mut contacts: Vec<String> = Vec::new();
    for name in &args.names {
        match office.directory.find(name) {
            Some(Named::Contact(_)) => contacts.push(name.clone()),
            Some(Named::Group(group)) => contacts.extend(group.members.iter().cloned()),
            Some(Named::Channel(_)) => {
                return Err(Failure::usage(format!(
                    "{name} is a channel: a drill of the contact list is of people"
                )));
            }
            None => {
                let error = NotifyError::Nobody(name.clone());
                return Err(Failure::of(error.kind(), &error));
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    contacts.retain(|name| seen.insert(name.clone()));
    Ok(contacts)
}

fn read(notifier: &Notifier<'_>, events: &[(String, EventId)]) -> Result<Vec<Entry>, Failure> {
    let entries = events.iter().map(|(_, id)| notifier.outbox.load(id)).collect::<Result<Vec<_>, _>>();
    entries.map_err(|error| Failure::of(error.kind(), &error))
}

fn answered(contact: &str, id: &EventId, entry: &Entry) -> Answered {
    let since = |time: crate::base::time::Timestamp| time.seconds - entry.event.time.seconds;
    let reached = entry.deliveries.iter().find(|one| one.state == State::Delivered);
    let ack = entry.acknowledged.first();
    Answered {
        contact: contact.to_owned(),
        event: id.to_string(),
        reached: reached.is_some(),
        by_channel: reached.and_then(|one| one.by.clone()),
        reached_after_seconds: reached.and_then(|one| one.at).map(since),
        acknowledged: ack.is_some(),
        acknowledged_by: ack.map(|ack| ack.by.clone()),
        via: ack.map(|ack| ack.via.clone()),
        acknowledged_after_seconds: ack.map(|ack| since(ack.time)),
        error: match reached {
            Some(_) => None,
            None => entry.deliveries.iter().find_map(|one| one.error.clone()),
        },
    }
}

fn tell(context: &Context, answers: &[Answered], waited: Duration) -> Result<(), Failure> {
    let ok = answers.iter().all(|one| one.acknowledged);
    if context.output.json {
        return context.output.document(&Document {
            schema: "lifeboat.notify-call-tree/1",
            ok,
            waited_seconds: waited.as_secs_f64(),
            contacts: answers,
        });
    }
    let mut table = Table::new()
        .words("CONTACT", Shrink::Never)
        .words("REACHED BY", Shrink::Never)
        .words("AFTER", Shrink::Never)
        .words("ACKNOWLEDGED", Shrink::Never)
        .words("AFTER", Shrink::Never)
        .words("TROUBLE", Shrink::End);
    let after = |seconds: Option<i64>| {
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        seconds.map(|seconds| format::duration(Duration::from_secs(seconds))).unwrap_or_default()
    };
    for one in answers {
        table.row([
            one.contact.clone(),
            one.by_channel.clone().unwrap_or_else(|| "nobody".into()),
            after(one.reached_after_seconds),
            one.via.clone().unwrap_or_else(|| "no".into()),
            after(one.acknowledged_after_seconds),
            one.error.clone().unwrap_or_default(),
        ]);
    }
    context.output.table(&table)?;
    let count = answers.iter().filter(|one| one.acknowledged).count();
    context.output.note(&format!("{count} of {} acknowledged", answers.len()));
    Ok(())
}
