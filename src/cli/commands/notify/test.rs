//! `lifeboat notify test`: does a channel work?

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::notify::TestArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, CliSecrets, Office};
use crate::notify::channel::{Attempt, Message, Verdict};
use crate::notify::error::NotifyError;
use crate::notify::event::{Action, Event, Outcome as How};
use crate::notify::model::{Contact, Named};
use crate::notify::template::words;
use crate::ui::escape;
use crate::ui::table::{Shrink, Table};

/// Schema `lifeboat.notify-test/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    ok: bool,
    attempts: &'a [Tried],
}

#[derive(Serialize)]
struct Tried {
    channel: String,
    contact: Option<String>,
    ok: bool,
    said: Option<String>,
    #[serde(skip)]
    is_gone: bool,
}

/// Runs it.
pub fn run(args: &TestArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let directory = &office.directory;
    let mut tried = Vec::new();
    match directory.find(&args.name) {
        Some(Named::Channel(_)) => tried.push(attempt(context, &office, &args.name, None)),
        Some(Named::Contact(contact)) => each(context, &office, &args.name, contact, &mut tried),
        Some(Named::Group(group)) => {
            for name in &group.members {
                if let Some(contact) = directory.contacts.get(name) {
                    each(context, &office, name, contact, &mut tried);
                }
            }
        }
        None => {
            let names = directory.names();
            let failure =
                Failure::usage(format!("there is no channel, contact or group named {}", args.name));
            let nearest = crate::cli::settings::mistake::nearest(&args.name, names.iter().copied());
            return Err(match nearest {
                Some(name) => failure.hint(format!("did you mean {name}?")),
                None if names.is_empty() => {
                    failure.hint("the configuration names none: see lifeboat.toml(5)")
                }
                None => failure.hint(format!("there are {}", names.join(", "))),
            });
        }
    }
    remember(context, &office, &mut tried)?;
    let ok = tried.iter().all(|one| one.ok);
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.notify-test/1", ok, attempts: &tried })?;
    } else {
        let mut table = Table::new()
            .words("CHANNEL", Shrink::Never)
            .words("CONTACT", Shrink::Never)
            .words("RESULT", Shrink::Never)
            .words("SAID", Shrink::End);
        for one in &tried {
            let contact = one.contact.clone().unwrap_or_default();
            let said = one.said.clone().unwrap_or_default();
            table.row([one.channel.clone(), contact, if one.ok { "ok" } else { "failed" }.into(), said]);
        }
        context.output.table(&table)?;
        // A narrow table cuts what went wrong short.
        for one in tried.iter().filter(|one| !one.ok) {
            let said = one.said.as_deref().unwrap_or_default();
            context.output.warn(&escape::text(&format!("{}: {said}", one.channel)));
        }
    }
    Ok(if ok { Outcome::Done } else { Outcome::Told(ErrorKind::Failed) })
}

/// A channel that works is used again, and one whose other side wants no more is not.
fn remember(context: &Context, office: &Office, tried: &mut [Tried]) -> Result<(), Failure> {
    let notifier = office.notifier()?;
    let failed = |error: NotifyError| Failure::of(error.kind(), &error);
    for one in tried {
        let Some(channel) = office.directory.channels.get(&one.channel) else { continue };
        if one.is_gone {
            let why = one.said.clone().unwrap_or_default();
            notifier.disable_channel(&one.channel, channel, &why).map_err(failed)?;
            one.said =
                Some(format!("{why}; it is disabled until this test reaches it, or it is configured anew"));
        } else if one.ok && notifier.disabled.remove(&one.channel).map_err(failed)? {
            context.output.note(&escape::text(&format!("{} was disabled, and is used again", one.channel)));
        }
    }
    Ok(())
}

fn each(context: &Context, office: &Office, name: &str, contact: &Contact, tried: &mut Vec<Tried>) {
    for channel in &contact.channels {
        tried.push(attempt(context, office, channel, Some((name, contact))));
    }
}

fn attempt(context: &Context, office: &Office, name: &str, contact: Option<(&str, &Contact)>) -> Tried {
    let answer = |ok, said| Tried {
        channel: name.to_owned(),
        contact: contact.map(|(name, _)| name.to_owned()),
        ok,
        said,
        is_gone: false,
    };
    let Some(channel) = office.directory.channels.get(name) else {
        return answer(false, Some("there is no such channel".into()));
    };
    let now = crate::base::time::Clock::now(&crate::sys::clock::SystemClock);
    let host = notifying::host(context);
    let title = format!("Test from lifeboat on {host}");
    let text = format!("If you can read this, the channel `{name}` works.");
    let event = Event::new(now, &host, "test", How::Notice, name, title).with_text(text);
    let person = contact.map(|(_, contact)| contact);
    let audience = person.map_or(channel.audience, |contact| contact.audience);
    let zone = person.map(|contact| contact.zone.clone()).unwrap_or_default();
    // A service that keeps incidents is only tried by one, which ends at once.
    let actions: &[Action] = match channel.kind.has_incidents() {
        true => &[Action::Trigger, Action::Resolve],
        false => &[Action::Notice],
    };
    let secrets = CliSecrets::of(context);
    let mut said = None;
    for action in actions {
        // A test shows the channel, not the templates: the usual words.
        let message = Message {
            event: &event,
            trigger: None,
            action: *action,
            words: words(&[], &event, *action, None, audience, &zone),
            key: format!("{}.0", event.id),
            answers: None,
            ack_url: None,
            token: "",
            contact: person,
            now,
        };
        match (Attempt { channel, secrets: &secrets, limit: channel.timeout }).send(&message) {
            Verdict::Delivered(receipt) => said = receipt,
            Verdict::Later(_, why) | Verdict::Refused(why) => return answer(false, Some(why)),
            Verdict::Gone(why) => return Tried { is_gone: true, ..answer(false, Some(why)) },
            Verdict::InDoubt(why) => return answer(false, Some(format!("it may have arrived: {why}"))),
        }
    }
    answer(true, said)
}
