//! A repository on several stores, as the command line opens it and tells of it.
//!
//! A replica that cannot be opened is left out and told; so is one that holds no repository, or another
//! one: a disk that is not mounted leaves an empty directory, and that must not take part.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::limits;
use crate::base::monitor::{Interrupt, Silent};
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::{Failure, Outcome};
use crate::cli::opening;
use crate::repo::config::{Config, ConfigError};
use crate::store::Version;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::breaker::State;
use crate::store::replicas::status::SetState;
use crate::store::replicas::{Filling, Opened, ReplicatedStore, Set, SetError};
use crate::ui::{escape, format};

/// How long a command waits in the end for what still goes on in the background.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);
/// How long a replica may take to answer after most others did, before a run goes on without it.
const ANSWER_GRACE: Duration = Duration::from_secs(5);
/// How long a backup works off what replicas have missed.
const DRAIN_LIMIT: Duration = Duration::from_secs(300);

/// The set of a repository's replicas; made if `create`. Strangers are left out.
pub fn open(context: &Context, choice: &RepositoryChoice, create: bool) -> Result<Client, Failure> {
    let client = open_all(context, choice, &|_| create)?;
    if !create {
        leave_out_strangers(&client, None);
    }
    Ok(client)
}

/// The same with strangers; those that `create` says are made.
pub fn open_all(
    context: &Context,
    choice: &RepositoryChoice,
    create: &dyn Fn(&str) -> bool,
) -> Result<Client, Failure> {
    let mut first_error: Option<StoreError> = None;
    let mut opened = Vec::new();
    for spec in &choice.replicas {
        let store = opening::open_one(choice, &spec.url, create(&spec.name)).map_err(|error| {
            let failure = Failure::of(error.kind(), &error);
            first_error.get_or_insert(error);
            failure.message().to_owned()
        });
        opened.push(Opened { spec: spec.clone(), store });
    }
    match first_error {
        Some(error) if opened.iter().all(|one| one.store.is_err()) => {
            return Err(Failure::of(error.kind(), &error).context("no replica can be opened"));
        }
        _ => {}
    }
    let failed = |error: SetError| {
        let kind = match error {
            SetError::Spec(_) => ErrorKind::Usage,
            SetError::Queue(_) => ErrorKind::Failed,
        };
        Failure::of(kind, &error)
    };
    // What was missed in the past is none of today's business.
    let queues = match choice.as_of {
        Some(_) => None,
        None => Some(queue_dir(context, choice)?),
    };
    let set = ReplicatedStore::new(opened, choice.set, queues.as_deref()).map_err(failed)?;
    Client::new(Arc::new(set)).map_err(|error| Failure::of(error.kind(), &error))
}

/// Where the queues of a repository's replicas are kept.
fn queue_dir(context: &Context, choice: &RepositoryChoice) -> Result<PathBuf, Failure> {
    let place = choice.replicas.first().map_or(choice.url.as_str(), |spec| spec.url.as_str());
    let name = blake3::hash(place.as_bytes()).to_hex();
    Ok(opening::local_paths(context)?.state.join("replicas").join(&name[..16]))
}

/// Leaves out replicas that hold no repository while others do, apart from `welcome`, or another one than
/// most.
pub fn leave_out_strangers(client: &Client, welcome: Option<&str>) {
    let Some(replicas) = client.store().replicas() else { return };
    let set = replicas.set();
    let Ok(key) = Key::new("config") else { return };
    let copies = client.with_replicas(|set| set.copies_within(&key, limits::CONFIG_MAX_BYTES, ANSWER_GRACE));
    let mut found: Vec<Option<Result<Config, bool>>> = Vec::new();
    for (member, copy) in set.members().iter().zip(copies.unwrap_or_default()) {
        found.push(match copy {
            Some(Ok(body)) => Some(Config::decode(&body, &member.spec.url).map_err(|_| true)),
            Some(Err(error)) if error.is_not_found() => Some(Err(false)),
            // Not reachable now: it may be later.
            Some(Err(_)) => None,
            None => {
                member.exclude(format!("it has not answered within {} s", ANSWER_GRACE.as_secs()));
                None
            }
        });
    }
    let ids: Vec<_> = found.iter().flatten().flatten().map(|config| config.public.id).collect();
    let count = |id| ids.iter().filter(|other| **other == id).count();
    // Of equally many the first, as it stands in the configuration.
    let Some(usual) = ids.iter().copied().rev().max_by_key(|id| count(*id)) else { return };
    for (member, found) in set.members().iter().zip(&found) {
        match found {
            Some(Err(false)) if welcome != Some(&member.spec.name) => member.exclude(
                "there is no repository in it; if it is the right place, fill it with `lifeboat replica add`"
                    .into(),
            ),
            Some(Ok(config)) if config.public.id != usual => {
                member.exclude(format!("it holds another repository, with the id {}", config.public.id));
            }
            _ => {}
        }
    }
}

/// Reads the config; where the copy that was read is damaged, from another replica, mending it.
pub fn load_config(client: &Client) -> Result<(Config, Version), ConfigError> {
    match Config::load(client) {
        Err(ConfigError::Damaged { .. }) if client.store().replicas().is_some() => {
            let location = client.location();
            if let Ok(key) = Key::new("config") {
                let is_good = |body: &bytes::Bytes| Config::decode(body, &location).is_ok();
                client.rescue(&key, limits::CONFIG_MAX_BYTES, &is_good);
            }
            Config::load(client)
        }
        loaded => loaded,
    }
}

/// The failure of a command about replicas where there are none.
pub fn no_replicas() -> Failure {
    Failure::usage("this repository has one store, and no replicas")
        .hint("name further stores in the configuration: [[repository.NAME.replica]] with name and url")
}

/// The set beneath `client`, for a command that is about replicas.
pub fn set_of(client: &Client) -> Result<&Arc<Set>, Failure> {
    client.store().replicas().map(ReplicatedStore::set).ok_or_else(no_replicas)
}

/// Brings replicas up to date after a backup, within bounds, and tells how they stand.
pub fn finish(client: &Client, interrupt: &Interrupt) -> Option<SetState> {
    let set = client.store().replicas()?.set();
    client.with_replicas(|set| set.settle(SETTLE_LIMIT));
    let filling = Filling { monitor: &Silent, interrupt, until: Some(Instant::now() + DRAIN_LIMIT) };
    for (at, member) in set.members().iter().enumerate() {
        // One that still stalls, or that fails, is left to `replica sync` and to the next backup.
        let is_well = member.state() == State::Closed && member.tails.load(Ordering::SeqCst) == 0;
        if !member.queue.is_empty() && is_well {
            client.with_replicas(|set| set.drain(at, &filling));
        }
    }
    Some(set.state())
}

/// Tells people what is wrong with replicas: what was remarked, which is answered, and who is down or behind.
pub fn warn(context: &Context, client: &Client, state: Option<&SetState>) -> Vec<String> {
    let Some(replicas) = client.store().replicas() else { return Vec::new() };
    let notes = replicas.set().take_notes();
    for note in &notes {
        context.output.warn(&escape::text(&format!("warning: {note}")));
    }
    for replica in state.iter().flat_map(|state| &state.replicas).filter(|replica| replica.state != "ok") {
        let queued = match replica.queued_objects {
            0 => String::new(),
            count => format!("; {} queued for it", format::counted(count, "object is", "objects are")),
        };
        let error = replica.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let text = format!("warning: replica {} is {}{error}{queued}", replica.name, replica.state);
        context.output.warn(&escape::text(&text));
    }
    notes
}

/// A report with how the replicas stand.
#[derive(Serialize)]
pub struct WithReplicas<'a, T> {
    /// The report itself.
    #[serde(flatten)]
    pub report: &'a T,
    /// How the replicas stand, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<&'a SetState>,
}

/// The outcome of a command that did what it was to do, with replicas as `state` says.
pub fn outcome(state: Option<&SetState>) -> Outcome {
    match state {
        Some(state) if state.is_degraded() => Outcome::Told(ErrorKind::Degraded),
        _ => Outcome::Done,
    }
}
