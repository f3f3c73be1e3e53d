//! `lifeboat key list`: which slots there are. Reads the store only; no key is needed, none is asked for.

use serde::Serialize;

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::cli::commands::key::slot_failure;
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{Credentials, local_paths, open_failure, open_with, store};
use crate::repo::config::Config;
use crate::repo::keyring::Keyring;
use crate::repo::open::check_fingerprint;
use crate::repo::slots::{SlotInfo, list_slots, slot_kind};
use crate::store::client::Client;
use crate::ui::escape;
use crate::ui::format;
use crate::ui::table::{Shrink, Table};

/// What `--json` prints: schema `lifeboat.key-list/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    location: String,
    repository: String,
    fingerprint: String,
    open: Option<Open<'a>>,
    slots: Vec<Slot>,
}

/// What the key or passphrase at hand gives.
#[derive(Serialize)]
struct Open<'a> {
    slot: &'a str,
    role: Role,
    label: &'a str,
    host: &'a str,
}

#[derive(Serialize)]
struct Slot {
    name: String,
    role: Option<Role>,
    label: Option<String>,
    opens_with: Option<String>,
    written: Option<Timestamp>,
    size_bytes: u64,
    is_open: bool,
}

/// Runs the command.
pub fn run(context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let client = store(context, &choice, false)?;
    let (config, _) = Config::load(&client).map_err(|error| Failure::of(error.kind(), &error))?;
    let listed = list_slots(&client).map_err(|error| slot_failure(&error))?;
    let keyring = match open_if_possible(context, &choice, &client, &config) {
        Ok(keyring) => keyring,
        Err(failure) => {
            let text = escape::lines(failure.message());
            context.output.note(&format!("lifeboat: warning: no slot is marked as open: {text}"));
            None
        }
    };
    let open = keyring.as_ref();
    let slots: Vec<Slot> = listed.into_iter().map(|slot| describe(&client, slot, open)).collect();
    if context.output.json {
        let open = open.map(|keyring| Open {
            slot: keyring.origin(),
            role: keyring.role(),
            label: keyring.label(),
            host: keyring.host(),
        });
        context.output.document(&Document {
            schema: "lifeboat.key-list/1",
            location: client.location(),
            repository: config.public.id.to_string(),
            fingerprint: config.fingerprint().to_hex(),
            open,
            slots,
        })?;
        return Ok(Outcome::Done);
    }
    show(context, &slots)?;
    if !context.output.quiet {
        let mut text = format!("fingerprint  {}\n", config.fingerprint());
        if let Some(keyring) = open {
            let host = match keyring.host() {
                "*" => String::new(),
                host => format!(" for host {}", escape::text(host)),
            };
            let (role, slot) = (keyring.role(), escape::text(keyring.origin()));
            text.push_str(&format!("* is open    {slot}, a {role}'s{host}\n"));
        }
        context.output.text(&text)?;
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, slots: &[Slot]) -> Result<(), Failure> {
    let mut table = Table::new()
        .words("", Shrink::Never)
        .words("SLOT", Shrink::Never)
        .words("ROLE", Shrink::Never)
        .words("LABEL", Shrink::End)
        .words("OPENS WITH", Shrink::End)
        .words("WRITTEN", Shrink::Never);
    for slot in slots {
        table.row([
            if slot.is_open { "*" } else { "" },
            &slot.name,
            slot.role.map_or("unknown", Role::as_str),
            slot.label.as_deref().unwrap_or_default(),
            slot.opens_with.as_deref().unwrap_or("unknown"),
            &slot.written.map(format::timestamp).unwrap_or_default(),
        ]);
    }
    match slots.is_empty() {
        true => {
            context.output.note("no key slots: only an exported key opens this repository");
            Ok(())
        }
        false => context.output.table(&table),
    }
}

fn describe(client: &Client, slot: SlotInfo, open: Option<&Keyring>) -> Slot {
    Slot {
        // A slot that cannot be read is listed all the same: it is there.
        opens_with: slot_kind(client, &slot.name).ok().flatten(),
        role: slot.parts.as_ref().map(|parts| parts.role),
        label: slot.parts.map(|parts| parts.label),
        written: slot.modified,
        size_bytes: slot.size,
        is_open: open.is_some_and(|keyring| keyring.origin() == slot.name),
        name: slot.name,
    }
}

/// The keyring that what is named gives; `None` where nothing is named, for nobody is asked.
fn open_if_possible(
    context: &Context,
    choice: &RepositoryChoice,
    client: &Client,
    config: &Config,
) -> Result<Option<Keyring>, Failure> {
    if choice.identity_files.is_empty() && choice.passphrase.is_none() {
        return Ok(None);
    }
    let (paths, pinned) = (local_paths(context)?, choice.fingerprint.as_deref());
    check_fingerprint(client, config, pinned, &paths).map_err(|error| open_failure(&error))?;
    let credentials = Credentials::of(choice)?;
    let opened = open_with(client.clone(), config.clone(), &credentials, Role::Writer, pinned, paths)?;
    Ok(Some(opened.keyring().clone()))
}
