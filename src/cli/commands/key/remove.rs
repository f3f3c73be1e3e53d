//! `lifeboat key remove`: closes slots. All of them are found before the first is removed.

use serde::Serialize;

use crate::base::role::Role;
use crate::cli::commands::key::{RemoveArgs, slot_failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::repo::slots::{find_slot, remove_slot};
use crate::ui::escape;

/// What `--json` prints: schema `lifeboat.key-remove/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    removed: Vec<String>,
}

/// Runs the command.
pub fn run(args: &RemoveArgs, context: &Context) -> CommandResult {
    let repository = opening::repository(context, None, Role::Restorer)?;
    let (client, keyring) = (repository.client(), repository.keyring());
    keyring.need(Role::Restorer, "removing a key slot").map_err(|error| Failure::of(error.kind(), &error))?;
    let mut names: Vec<String> = Vec::new();
    for text in &args.slots {
        let slot = find_slot(client, text).map_err(|error| slot_failure(&error))?;
        if !names.contains(&slot.name) {
            names.push(slot.name);
        }
    }
    let mut removed: Vec<String> = Vec::new();
    for name in names {
        remove_slot(client, keyring, &name).map_err(|error| {
            let failure = slot_failure(&error);
            match removed.is_empty() {
                true => failure,
                false => failure.hint(format!("these were removed before: {}", removed.join(", "))),
            }
        })?;
        removed.push(name);
    }
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.key-remove/1", removed })?;
    } else if !context.output.quiet {
        let line = |name: &String| format!("removed {}\n", escape::text(name));
        context.output.text(&removed.iter().map(line).collect::<String>())?;
    }
    Ok(Outcome::Done)
}
