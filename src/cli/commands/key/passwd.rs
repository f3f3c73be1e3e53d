//! `lifeboat key passwd`: seals the slot that the old passphrase opens to a new one.
//!
//! Identity files are left aside even where some are named: the slot to be changed is the one that the
//! passphrase opens.

use serde::Serialize;

use crate::base::role::Role;
use crate::cli::commands::key::{NewPassphraseArgs, PasswdArgs, slot_failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{self, Credentials, local_paths, open_failure, open_with, prompts, store};
use crate::cli::secrets::PassphraseSource;
use crate::repo::config::Config;
use crate::repo::open::check_fingerprint;
use crate::repo::slots::change_recipient;

/// What `--json` prints: schema `lifeboat.key-passwd/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    old: &'a str,
    new: &'a str,
}

/// Runs the command.
pub fn run(args: &PasswdArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let client = store(context, &choice, false)?;
    let paths = local_paths(context)?;
    let (config, _) = Config::load(&client).map_err(|error| Failure::of(error.kind(), &error))?;
    let pinned = choice.fingerprint.as_deref();
    check_fingerprint(&client, &config, pinned, &paths).map_err(|error| open_failure(&error))?;
    let source = choice.passphrase.clone().unwrap_or(PassphraseSource::Terminal);
    let identities = opening::passphrase(&source, &choice)?;
    let credentials = Credentials { identities, exports: Vec::new() };
    let repository = open_with(client, config, &credentials, Role::Writer, pinned, paths)?;
    let recipient = match args.passphrase.recipient()? {
        Some(recipient) => Some(recipient),
        None => NewPassphraseArgs { new_passphrase: true, ..NewPassphraseArgs::default() }.recipient()?,
    };
    let recipient = recipient.ok_or_else(|| Failure::usage("no new passphrase is named"))?;
    let old = repository.keyring().origin();
    let new = change_recipient(repository.client(), repository.keyring(), old, &recipient, &prompts())
        .map_err(|error| slot_failure(&error))?
        .to_string();
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.key-passwd/1", old, new: &new })?;
    } else if !context.output.quiet {
        context.output.text(&format!("changed the passphrase: {new} replaces {old}\n"))?;
    }
    Ok(Outcome::Done)
}
