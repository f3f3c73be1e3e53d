//! `lifeboat key add`: one more slot for each recipient. What can be refused is refused before the first.

use serde::Serialize;

use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::key::{AddArgs, read_recipients, slot_failure, slot_label};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{self, prompts};
use crate::repo::certificate::ANY_HOST;
use crate::repo::slots::{NewSlot, create_slot};
use crate::sys::clock::SystemClock;
use crate::sys::process;
use crate::ui::escape;

/// What `--json` prints: schema `lifeboat.key-add/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    slots: Vec<Added>,
}

#[derive(Serialize)]
struct Added {
    name: String,
    role: Role,
    label: String,
    host: String,
    recipient: String,
}

/// Runs the command.
pub fn run(args: &AddArgs, context: &Context) -> CommandResult {
    let mut recipients = read_recipients(&args.recipient)?;
    let role = Role::from(args.role);
    let fallback = args.host.clone().unwrap_or_else(process::host_name);
    let label = slot_label(args.label.as_deref(), &fallback)?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    keyring.need(Role::Restorer, "adding a key slot").map_err(|error| Failure::of(error.kind(), &error))?;
    recipients.extend(args.passphrase.recipient()?);
    let host = args.host.as_deref().unwrap_or(ANY_HOST);
    let new = NewSlot { role, label: &label, host, created: SystemClock.now() };
    let mut slots: Vec<Added> = Vec::new();
    for recipient in &recipients {
        let name =
            create_slot(repository.client(), keyring, recipient, &new, &prompts()).map_err(|error| {
                let failure = slot_failure(&error);
                let made: Vec<&str> = slots.iter().map(|slot| slot.name.as_str()).collect();
                match made.is_empty() {
                    true => failure,
                    false => failure.hint(format!("these were added before: {}", made.join(", "))),
                }
            })?;
        slots.push(Added {
            name: name.to_string(),
            role,
            label: label.clone(),
            host: host.to_owned(),
            recipient: recipient.describe(),
        });
    }
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.key-add/1", slots })?;
    } else if !context.output.quiet {
        let line = |slot: &Added| format!("added {} for {}\n", slot.name, escape::text(&slot.recipient));
        context.output.text(&slots.iter().map(line).collect::<String>())?;
    }
    Ok(Outcome::Done)
}
