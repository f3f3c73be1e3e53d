//! `lifeboat replica remove`: what the others hold without a replica, before it is given up.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::replica::{RemoveArgs, verify};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, replicas};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::replicas::compare::Comparison;
use crate::store::replicas::spec;
use crate::ui::{escape, format};

/// Schema `lifeboat.replica-remove/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    name: &'a str,
    /// Objects that only this replica has.
    only_here: &'a [String],
    deleted_objects: u64,
}

/// Runs the command.
pub fn run(args: &RemoveArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let (client, _) = opening::in_use(context, &choice)?;
    let members = replicas::set_of(&client)?.members();
    let at = members
        .iter()
        .position(|member| member.spec.name == args.name)
        .ok_or_else(|| Failure::usage(format!("there is no replica `{}`", args.name)))?;
    let left: Vec<_> =
        members.iter().map(|one| one.spec.clone()).filter(|one| one.name != args.name).collect();
    if let Some(why) = spec::fault(&left, None) {
        return Err(Failure::usage(format!("without `{}`, {why}", args.name)));
    }
    let comparison = verify::compare(context, &client, false)?;
    let only_here = only_at(&comparison, at, &client)?;
    let mut deleted = 0;
    if args.delete_objects {
        if !only_here.is_empty() {
            return Err(Failure::new(
                ErrorKind::Damage,
                format!("{} only in `{}`: nothing was deleted", counted(&only_here), args.name),
            )
            .hint("run `lifeboat replica sync` first"));
        }
        deleted = delete_all(&client, at)?;
    }
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.replica-remove/1",
            name: &args.name,
            only_here: &only_here,
            deleted_objects: deleted,
        })?;
    } else {
        let name = escape::text(&args.name);
        let mut text = match only_here.is_empty() {
            true => format!("the other replicas hold everything that {name} holds\n"),
            false => format!("{} only in {name}; run `lifeboat replica sync` first\n", counted(&only_here)),
        };
        if args.delete_objects {
            text.push_str(&format!("{} deleted\n", format::counted(deleted, "object", "objects")));
        }
        text.push_str(&format!("Next: take {name} out of the configuration of every host.\n"));
        context.output.text(&text)?;
    }
    Ok(if only_here.is_empty() { Outcome::Done } else { Outcome::Told(ErrorKind::Damage) })
}

fn counted(keys: &[String]) -> String {
    format::counted(keys.len() as u64, "object is", "objects are")
}

/// Objects of the replica number `at` that are not in enough of the others.
fn only_at(comparison: &Comparison, at: usize, client: &Client) -> Result<Vec<String>, Failure> {
    let own = client.with_replicas(|set| set.listing_of(at, "")).ok_or_else(replicas::no_replicas)?;
    let Ok(own) = own else { return Ok(Vec::new()) };
    let others: Vec<_> = comparison
        .replicas
        .iter()
        .enumerate()
        .filter(|(other, one)| *other != at && one.is_reachable)
        .map(|(_, one)| one)
        .collect();
    let is_held =
        |key: &String| others.iter().any(|one| !one.missing.contains(key) && !one.different.contains(key));
    Ok(own.into_iter().map(|meta| meta.key.to_string()).filter(|key| !is_held(key)).collect())
}

fn delete_all(client: &Client, at: usize) -> Result<u64, Failure> {
    let failed = |error: StoreError| Failure::of(error.kind(), &error);
    let members = replicas::set_of(client)?.members();
    let Some(store) = members[at].store() else {
        return Err(Failure::new(ErrorKind::Failed, "the replica cannot be reached: nothing was deleted"));
    };
    let single = Client::new(store).map_err(failed)?;
    let listed = single.list("").map_err(failed)?;
    // The config last: what is left of an interrupted run is still known as this repository.
    let (config, others): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|meta| meta.key.as_str() == "config");
    let mut deleted = 0;
    for meta in others.into_iter().chain(config) {
        single.delete(&meta.key).map_err(failed)?;
        deleted += 1;
    }
    Ok(deleted)
}
