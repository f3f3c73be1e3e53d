//! `lifeboat replica list` and `status`: the replicas as they are configured, and as they are.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::{Interrupt, Silent};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, replicas};
use crate::store::replicas::compare::Compared;
use crate::store::replicas::spec::ReplicaSpec;
use crate::store::replicas::status::ReplicaState;
use crate::ui::format;
use crate::ui::table::{Shrink, Table};

/// Schema `lifeboat.replica-list/1`.
#[derive(Serialize)]
struct ListDocument<'a> {
    schema: &'static str,
    write_quorum: usize,
    read_policy: &'static str,
    replicas: Vec<Configured<'a>>,
}

#[derive(Serialize)]
struct Configured<'a> {
    name: &'a str,
    url: &'a str,
    zone: Option<&'a str>,
    role: &'static str,
    weight: u32,
}

/// Schema `lifeboat.replica-status/1`.
#[derive(Serialize)]
struct StatusDocument<'a> {
    schema: &'static str,
    state: &'static str,
    write_quorum: usize,
    objects: u64,
    bytes: u64,
    replicas: Vec<Standing<'a>>,
}

#[derive(Serialize)]
struct Standing<'a> {
    #[serde(flatten)]
    state: &'a ReplicaState,
    reachable: bool,
    objects: u64,
    bytes: u64,
    missing_objects: usize,
    extra_objects: usize,
    different_objects: usize,
}

/// Runs `replica list`.
pub fn list(context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    if choice.replicas.is_empty() {
        return Err(replicas::no_replicas());
    }
    let required = choice.replicas.iter().filter(|spec| spec.role.as_str() == "required").count();
    let quorum = choice.set.write_quorum.unwrap_or(required / 2 + 1);
    if context.output.json {
        context.output.document(&ListDocument {
            schema: "lifeboat.replica-list/1",
            write_quorum: quorum,
            read_policy: choice.set.policy.as_str(),
            replicas: choice.replicas.iter().map(configured).collect(),
        })?;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("NAME", Shrink::Never)
        .words("ROLE", Shrink::Never)
        .words("ZONE", Shrink::End)
        .numbers("WEIGHT")
        .words("URL", Shrink::Start);
    for spec in &choice.replicas {
        table.row([
            spec.name.clone(),
            spec.role.as_str().into(),
            spec.zone.clone().unwrap_or_default(),
            spec.weight.to_string(),
            spec.url.clone(),
        ]);
    }
    context.output.table(&table)?;
    let policy = choice.set.policy.as_str();
    context.output.note(&format!(
        "a write counts once {quorum} of {required} required replicas hold it; reads: {policy}"
    ));
    Ok(Outcome::Done)
}

fn configured(spec: &ReplicaSpec) -> Configured<'_> {
    let ReplicaSpec { name, url, zone, role, weight } = spec;
    Configured { name, url, zone: zone.as_deref(), role: role.as_str(), weight: *weight }
}

/// Runs `replica status`.
pub fn status(context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let (client, _) = opening::in_use(context, &choice)?;
    let set = replicas::set_of(&client)?;
    let interrupt = Interrupt::default();
    let compared = client
        .with_replicas(|set| set.compare(false, &Silent, &interrupt))
        .ok_or_else(replicas::no_replicas)?;
    let state = set.state();
    let is_behind =
        |one: &Compared| !one.is_reachable || !one.missing.is_empty() || !one.different.is_empty();
    let is_degraded = state.is_degraded() || compared.replicas.iter().any(is_behind);
    if context.output.json {
        let pairs = state.replicas.iter().zip(&compared.replicas);
        let standing = pairs.map(|(state, one)| Standing {
            state,
            reachable: one.is_reachable,
            objects: one.objects,
            bytes: one.bytes,
            missing_objects: one.missing.len(),
            extra_objects: one.extra.len(),
            different_objects: one.different.len(),
        });
        context.output.document(&StatusDocument {
            schema: "lifeboat.replica-status/1",
            state: if is_degraded { "degraded" } else { "ok" },
            write_quorum: state.write_quorum,
            objects: compared.objects,
            bytes: compared.bytes,
            replicas: standing.collect(),
        })?;
    } else {
        show(context, &state.replicas, &compared.replicas)?;
    }
    Ok(if is_degraded { Outcome::Told(ErrorKind::Degraded) } else { Outcome::Done })
}

fn show(context: &Context, states: &[ReplicaState], compared: &[Compared]) -> Result<(), Failure> {
    let mut table = Table::new()
        .words("NAME", Shrink::Never)
        .words("ROLE", Shrink::Never)
        .words("STATE", Shrink::Never)
        .numbers("OBJECTS")
        .numbers("SIZE")
        .numbers("MISSING")
        .numbers("QUEUED")
        .words("LAG", Shrink::Never);
    for (state, one) in states.iter().zip(compared) {
        let lag = std::time::Duration::from_secs(state.lag_seconds);
        let word = match state.state {
            "ok" if !one.missing.is_empty() || !one.different.is_empty() => "behind",
            word => word,
        };
        table.row([
            state.name.clone(),
            state.role.into(),
            word.into(),
            format::count(one.objects),
            format::size(one.bytes),
            format::count(one.missing.len() as u64 + one.different.len() as u64),
            format::count(state.queued_objects),
            if state.queued_objects > 0 { format::duration(lag) } else { String::new() },
        ]);
    }
    context.output.table(&table)?;
    for (state, one) in states.iter().zip(compared) {
        if let Some(error) = one.error.as_ref().or(state.error.as_ref()) {
            let text = format!("{}: {error}", state.name);
            context.output.warn(&crate::ui::escape::text(&text));
        }
    }
    Ok(())
}
