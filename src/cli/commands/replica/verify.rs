//! `lifeboat replica verify`: compare the replicas with each other.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::{Event, Monitor as _};
use crate::cli::commands::replica::VerifyArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, replicas};
use crate::store::client::Client;
use crate::store::replicas::compare::Comparison;
use crate::ui::{escape, format};

/// Objects of a kind that are named on a terminal.
const NAMED: usize = 5;

/// Schema `lifeboat.replica-verify/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    same: bool,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Runs the command.
pub fn run(args: &VerifyArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let (client, _) = opening::in_use(context, &choice)?;
    let comparison = compare(context, &client, args.deep)?;
    if context.output.json {
        let document = Document {
            schema: "lifeboat.replica-verify/1",
            same: comparison.is_same(),
            comparison: &comparison,
        };
        context.output.document(&document)?;
    } else {
        context.output.text(&told(&comparison))?;
    }
    Ok(outcome(&comparison))
}

/// Compares, with progress.
pub fn compare(context: &Context, client: &Client, deep: bool) -> Result<Comparison, Failure> {
    let interrupt = context.interrupt()?;
    let progress = context.output.progress();
    progress.event(Event::Stage("comparing"));
    let compared = client.with_replicas(|set| set.compare(deep, &progress, interrupt));
    progress.finish();
    if interrupt.is_set() {
        return Err(Failure::new(ErrorKind::Interrupted, "interrupted while replicas were compared"));
    }
    compared.ok_or_else(replicas::no_replicas)
}

/// How a command ends that found this.
pub fn outcome(comparison: &Comparison) -> Outcome {
    let is_damaged = |one: &crate::store::replicas::compare::Compared| {
        !one.missing.is_empty() || !one.different.is_empty() || !one.unreadable.is_empty()
    };
    match comparison.is_same() {
        true => Outcome::Done,
        false if comparison.replicas.iter().any(is_damaged) => Outcome::Told(ErrorKind::Damage),
        false => Outcome::Told(ErrorKind::Degraded),
    }
}

/// What people read.
pub fn told(comparison: &Comparison) -> String {
    let mut text = String::new();
    for one in &comparison.replicas {
        if let Some(error) = &one.error {
            text.push_str(&escape::text(&format!("{}: not reachable: {error}", one.name)));
            text.push('\n');
            continue;
        }
        let count = format::counted(one.objects, "object", "objects");
        text.push_str(&format!("{}: {count}, {}", escape::text(&one.name), format::size(one.bytes)));
        let kinds = [
            ("missing", &one.missing),
            ("different", &one.different),
            ("extra", &one.extra),
            ("unreadable", &one.unreadable),
        ];
        for (word, keys) in kinds {
            if !keys.is_empty() {
                let named: Vec<&str> = keys.iter().take(NAMED).map(String::as_str).collect();
                let more = if keys.len() > NAMED { ", …" } else { "" };
                let named = named.join(", ");
                let named = escape::text(&named);
                text.push_str(&format!("; {} {word} ({named}{more})", format::count(keys.len() as u64)));
            }
        }
        if one.cold > 0 {
            text.push_str(&format!("; {} in cold storage not compared", format::count(one.cold)));
        }
        text.push('\n');
    }
    let how = if comparison.is_deep { "contents compared" } else { "listings and sizes compared" };
    match comparison.is_same() {
        true => text.push_str(&format!("all replicas hold the same ({how})\n")),
        false => {
            text.push_str("the replicas differ; `lifeboat replica sync` and `heal` bring them together\n")
        }
    }
    text
}
