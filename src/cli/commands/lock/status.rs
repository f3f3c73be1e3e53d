//! `lifeboat lock status`: how each store keeps versions and locks objects.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::locks;
use crate::maintain::lock::Place;
use crate::store::error::StoreError;
use crate::store::vault::{Guard, LockPolicy, ObjectVersion};
use crate::ui::format;
use crate::ui::table::{Shrink, Table};

/// Schema `lifeboat.lock-status/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    window_seconds: u64,
    stores: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: Option<String>,
    location: String,
    versioning: Option<bool>,
    object_lock: Option<bool>,
    default_retention: Option<DefaultRetention>,
    policy: Option<Policy>,
    objects: u64,
    bytes: u64,
    hidden_versions: u64,
    hidden_bytes: u64,
    markers: u64,
}

#[derive(Serialize)]
struct DefaultRetention {
    mode: &'static str,
    days: u32,
}

#[derive(Serialize)]
struct Policy {
    mode: &'static str,
    lock_for_seconds: u64,
    renew_below_seconds: u64,
}

/// Runs the command.
pub fn run(context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let places = locks::places(context, &choice)?;
    let rows: Result<Vec<Row>, StoreError> = places.iter().map(look).collect();
    let rows = rows.map_err(|error| Failure::of(error.kind(), &error))?;
    if context.output.json {
        let window_seconds = locks::window(None, &choice, &places).as_secs();
        let document = Document { schema: "lifeboat.lock-status/1", window_seconds, stores: rows };
        context.output.document(&document)?;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("STORE", Shrink::Start)
        .words("VERSIONS", Shrink::Never)
        .words("OBJECT LOCK", Shrink::Never)
        .words("BUCKET'S DEFAULT", Shrink::Never)
        .words("LOCKED BY US", Shrink::Never)
        .numbers("OBJECTS")
        .numbers("HIDDEN")
        .numbers("HIDDEN SIZE");
    for row in &rows {
        let default = row.default_retention.as_ref().map(|rule| format!("{} {}d", rule.mode, rule.days));
        let policy =
            row.policy.as_ref().map(|policy| format!("{} {}", policy.mode, days(policy.lock_for_seconds)));
        table.row([
            row.name.clone().unwrap_or_else(|| row.location.clone()),
            answer(row.versioning).to_owned(),
            answer(row.object_lock).to_owned(),
            default.unwrap_or_else(|| "none".into()),
            policy.unwrap_or_else(|| "no".into()),
            format::count(row.objects),
            format::count(row.hidden_versions),
            format::size(row.hidden_bytes),
        ]);
    }
    context.output.table(&table)?;
    Ok(Outcome::Done)
}

fn days(seconds: u64) -> String {
    match seconds {
        _ if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ => format!("{seconds}s"),
    }
}

fn answer(known: Option<bool>) -> &'static str {
    match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn look(place: &Place) -> Result<Row, StoreError> {
    let client = &place.client;
    let (guard, versions) = match client.store().vault() {
        Some(vault) => (client.finish(vault.guard())?, client.finish(vault.versions(""))?),
        None => {
            (Guard { versioning: Some(false), object_lock: Some(false), default_retention: None }, Vec::new())
        }
    };
    let listed = if versions.is_empty() { client.list("")? } else { Vec::new() };
    let is_hidden = |version: &&ObjectVersion| !version.is_latest && !version.is_marker;
    let is_current = |version: &&ObjectVersion| version.is_latest && !version.is_marker;
    let current = versions.iter().filter(is_current);
    let hidden = versions.iter().filter(is_hidden);
    let policy = |policy: LockPolicy| Policy {
        mode: policy.mode.as_str(),
        lock_for_seconds: policy.duration.as_secs(),
        renew_below_seconds: policy.renew_below.as_secs(),
    };
    Ok(Row {
        name: place.name.clone(),
        location: client.location(),
        versioning: guard.versioning,
        object_lock: guard.object_lock,
        default_retention: guard
            .default_retention
            .map(|(mode, days)| DefaultRetention { mode: mode.as_str(), days }),
        policy: place.policy().map(policy),
        objects: (current.clone().count() + listed.len()) as u64,
        // A server may claim any size.
        bytes: current
            .map(|version| version.size)
            .chain(listed.iter().map(|meta| meta.size))
            .fold(0, u64::saturating_add),
        hidden_versions: hidden.clone().count() as u64,
        hidden_bytes: hidden.map(|version| version.size).fold(0, u64::saturating_add),
        markers: versions.iter().filter(|version| version.is_marker).count() as u64,
    })
}
