//! `runbook publish` and `fetch`: runbooks in the repository, so that they survive the site.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::runbook::args::{FetchArgs, NamesArgs};
use crate::cli::commands::runbook::begin::machine;
use crate::cli::commands::runbook::library::{dir, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::repo::certificate::ANY_HOST;
use crate::repo::evidence::EvidenceError;
use crate::repo::snapshot::host_for_key;
use crate::runbook::library;
use crate::runbook::lint::{self, Surroundings};
use crate::sys::clock::SystemClock;
use crate::sys::file::{atomic_write, create_private_dir};
use crate::ui::{escape, format};

/// Schema `lifeboat.runbook-publish/1` and `lifeboat.runbook-fetch/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    runbooks: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    version: u64,
    is_new: bool,
}

fn evidence(error: &EvidenceError) -> Failure {
    Failure::of(error.kind(), error)
}

/// `runbook publish`.
pub fn publish(args: &NamesArgs, context: &Context) -> CommandResult {
    let dir = dir(&args.place, context)?;
    let texts = library::texts(&dir);
    let names: Vec<String> =
        if args.names.is_empty() { texts.keys().cloned().collect() } else { args.names.clone() };
    if names.is_empty() {
        return Err(Failure::usage(format!("there are no runbooks in {}", escape::path(&dir))));
    }
    let around = Surroundings { runbooks: texts.clone(), ..Surroundings::default() };
    for name in &names {
        let path = dir.join(format!("{name}.toml"));
        if !texts.contains_key(name) {
            // Says why it cannot be used, or that it is not there.
            library::load(&path).map_err(|error| failure(&error))?;
        }
        if let Some(text) = texts.get(name)
            && lint::has_errors(&lint::lint(name, text, &around).1)
        {
            return Err(Failure::usage(format!("the runbook {name} has mistakes, so it is not published"))
                .hint(format!("`lifeboat runbook lint {name}` lists them")));
        }
    }
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    let host = match keyring.host() {
        ANY_HOST => host_for_key(&machine(context)),
        own => own.to_owned(),
    };
    let mut rows = Vec::new();
    for name in names {
        let Some(text) = texts.get(&name) else { continue };
        let (version, is_new) =
            library::publish(repository.client(), keyring, &host, &name, text, SystemClock.now())
                .map_err(|error| evidence(&error))?;
        rows.push(Row { name, version, is_new });
    }
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.runbook-publish/1", runbooks: rows })?;
        return Ok(Outcome::Done);
    }
    for row in &rows {
        let what = if row.is_new { "published as" } else { "is unchanged:" };
        context.output.note(&format!("{} {what} version {}", row.name, row.version));
    }
    Ok(Outcome::Done)
}

/// `runbook fetch`.
pub fn fetch(args: &FetchArgs, context: &Context) -> CommandResult {
    let repository = opening::repository(context, None, Role::Maintainer)?;
    let (client, keyring) = (repository.client(), repository.keyring());
    let Some(name) = &args.name else {
        let mut rows = Vec::new();
        for name in library::published_names(client).map_err(|error| evidence(&error))? {
            let versions = library::versions(client, &name).map_err(|error| evidence(&error))?;
            rows.push(Row { name, version: versions.last().copied().unwrap_or(0), is_new: false });
        }
        if context.output.json {
            context.output.document(&Document { schema: "lifeboat.runbook-fetch/1", runbooks: rows })?;
            return Ok(Outcome::Done);
        }
        let lines: Vec<String> =
            rows.iter().map(|row| format!("{}  version {}\n", row.name, row.version)).collect();
        context.output.text(&lines.concat())?;
        return Ok(Outcome::Done);
    };
    if !library::is_runbook_name(name) {
        return Err(Failure::usage(format!("{name:?} is no name of a runbook")));
    }
    let found = library::fetch(client, keyring, name, args.version).map_err(|error| match error {
        EvidenceError::NotFound { .. } => {
            Failure::usage(format!("the repository has no runbook {name} of that version"))
                .hint("`lifeboat runbook fetch` lists what it has")
        }
        error => evidence(&error),
    })?;
    let dir = dir(&args.place, context)?;
    if !dir.exists() {
        create_private_dir(&dir).map_err(|error| Failure::of(error.kind(), &error))?;
    }
    let path = dir.join(format!("{name}.toml"));
    let present = std::fs::read(&path).ok();
    let is_new = present.as_deref() != Some(found.published.text.as_bytes());
    if present.is_some() && is_new && !args.force {
        return Err(Failure::new(
            ErrorKind::Usage,
            format!("{} is there, and is another text", escape::path(&path)),
        )
        .hint("--force replaces it"));
    }
    if is_new {
        atomic_write(&path, found.published.text.as_bytes())
            .map_err(|error| Failure::of(error.kind(), &error))?;
    }
    if context.output.json {
        let row = Row { name: name.clone(), version: found.published.version, is_new };
        context.output.document(&Document { schema: "lifeboat.runbook-fetch/1", runbooks: vec![row] })?;
        return Ok(Outcome::Done);
    }
    context.output.note(&format!(
        "{}: version {}, published {} with the key slot {}",
        escape::path(&path),
        found.published.version,
        format::timestamp(found.time),
        escape::text(&found.signer)
    ));
    Ok(Outcome::Done)
}
