//! `lifeboat notify send`: an event by hand, or by a script of one's own.

use std::io::Read as _;

use crate::cli::commands::notify::{SendArgs, outbox};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Office};
use crate::notify::error::NotifyError;
use crate::notify::event::{Event, Outcome as How, Severity};
use crate::notify::model::Rule;
use crate::notify::notifier::Raised;
use crate::ui::escape;

/// The longest text that is read from standard input.
const TEXT_MAX_BYTES: u64 = 64 << 10;

/// Runs it.
pub fn run(args: &SendArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let notifier = office.notifier()?;
    let failed = |error: NotifyError| Failure::of(error.kind(), &error);
    if let Some(name) = office.directory.unknown(&args.to).first() {
        return Err(failed(NotifyError::Nobody((*name).to_owned())));
    }
    if let Some(name) =
        args.escalation.as_ref().filter(|name| !office.directory.escalations.contains_key(*name))
    {
        return Err(failed(NotifyError::NoEscalation(name.clone())));
    }
    // clap takes no other words.
    let outcome = How::parse(&args.outcome).unwrap_or(How::Notice);
    let host = notifying::host(context);
    let matter = args.key.clone().unwrap_or_else(|| args.title.clone());
    let mut event =
        Event::new(notifier.now(), &host, "message", outcome, &matter, &args.title).with_text(text(args)?);
    event.severity = args.severity.as_deref().and_then(Severity::parse).unwrap_or(event.severity);
    event.is_drill = args.drill;
    let everything = How::ALL.to_vec();
    let rule = Rule { on: everything, escalation: args.escalation.clone(), ..Rule::to(args.to.clone()) };
    let raised = notifier.raise(event, &[&rule]).map_err(failed)?;
    let done = notifier.run(office.directory.wait).map_err(failed)?;
    let id = match &raised {
        Raised::Told(id, _) | Raised::Repeated(id) => id,
        Raised::Nobody => return Err(Failure::usage("there is nobody to tell: the group is empty")),
    };
    let entry = notifier.status(id.as_str()).map_err(failed)?;
    if context.output.json {
        outbox::document(context, &entry)?;
    } else if let Raised::Repeated(_) = raised {
        context.output.note(&format!("it is told already, as event {id}; counted, not told again"));
    } else {
        context.output.note(&escape::text(&format!("event {id}: {} told now", done.delivered)));
    }
    notifying::warn(context, &done);
    // What did not arrive is kept and tried again: it is no failure yet.
    Ok(Outcome::Done)
}

fn text(args: &SendArgs) -> Result<String, Failure> {
    match args.text.as_deref() {
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(TEXT_MAX_BYTES).read_to_string(&mut text);
            read.map_err(|error| Failure::usage(format!("standard input cannot be read as text: {error}")))?;
            Ok(text)
        }
        text => Ok(text.unwrap_or_default().to_owned()),
    }
}
