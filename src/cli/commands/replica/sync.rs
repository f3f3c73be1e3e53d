//! `lifeboat replica sync`: bring replicas up to date.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::{Event, Monitor as _};
use crate::cli::commands::replica::SyncArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, replicas};
use crate::store::client::Client;
use crate::store::replicas::{Filled, Filling};
use crate::ui::{escape, format};

/// Schema `lifeboat.replica-sync/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    replicas: &'a [Synced],
}

/// What was done at one replica.
#[derive(Serialize)]
pub struct Synced {
    /// Its name.
    pub name: String,
    /// Whether it has everything now.
    pub is_complete: bool,
    /// Objects that were copied to it.
    pub copied_objects: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// Objects that were deleted late.
    pub deleted_objects: u64,
    /// Objects that it still lacks.
    pub left_objects: u64,
    /// What went wrong, of the first few.
    pub failures: Vec<String>,
}

/// Runs the command.
pub fn run(args: &SyncArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let (client, _) = opening::in_use(context, &choice)?;
    let members = replicas::set_of(&client)?.members();
    if let Some(unknown) = args.names.iter().find(|name| !members.iter().any(|one| one.spec.name == **name)) {
        let names: Vec<&str> = members.iter().map(|one| one.spec.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no replica `{unknown}`"))
            .hint(format!("there are: {}", names.join(", "))));
    }
    let mut synced = Vec::new();
    for (at, member) in members.iter().enumerate() {
        if args.names.is_empty() || args.names.contains(&member.spec.name) {
            synced.push(sync_one(context, &client, at)?);
        }
    }
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.replica-sync/1", replicas: &synced })?;
    } else {
        synced.iter().try_for_each(|one| tell(context, one))?;
    }
    replicas::warn(context, &client, None);
    let is_complete = synced.iter().all(|one| one.is_complete);
    Ok(if is_complete { Outcome::Done } else { Outcome::Told(ErrorKind::Degraded) })
}

/// Works off the queue of the replica number `at`, and copies to it what it lacks.
pub fn sync_one(context: &Context, client: &Client, at: usize) -> Result<Synced, Failure> {
    let interrupt = context.interrupt()?;
    let progress = context.output.progress();
    let member = &replicas::set_of(client)?.members()[at];
    progress.event(Event::Stage("copying"));
    let filling = Filling { monitor: &progress, interrupt, until: None };
    let drained = client.with_replicas(|set| set.drain(at, &filling)).unwrap_or_default();
    let filled = client.with_replicas(|set| set.fill(at, &filling)).ok_or_else(replicas::no_replicas)?;
    progress.finish();
    let filled = filled.unwrap_or_else(|error| Filled {
        failures: vec![Failure::of(error.kind(), &error).message().to_owned()],
        ..Filled::default()
    });
    let failures: Vec<String> = drained.failures.into_iter().chain(filled.failures).collect();
    let left_objects = filled.left_objects.max(member.queue.len() as u64);
    Ok(Synced {
        name: member.spec.name.clone(),
        is_complete: left_objects == 0 && failures.is_empty() && !interrupt.is_set(),
        copied_objects: drained.copied_objects + filled.copied_objects,
        copied_bytes: drained.copied_bytes + filled.copied_bytes,
        deleted_objects: drained.deleted_objects,
        left_objects,
        failures,
    })
}

/// Tells people of it.
pub fn tell(context: &Context, one: &Synced) -> Result<(), Failure> {
    for failure in &one.failures {
        context.output.warn(&escape::text(&format!("{}: {failure}", one.name)));
    }
    let left = match one.left_objects {
        0 => String::new(),
        count => format!("; {} still missing", format::count(count)),
    };
    context.output.text(&format!(
        "{}: {} copied ({}), {} deleted{left}\n",
        one.name,
        format::counted(one.copied_objects, "object", "objects"),
        format::size(one.copied_bytes),
        format::count(one.deleted_objects),
    ))
}
