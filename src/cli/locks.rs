//! Locks as the command line looks after them: store by store, and after each backup.

use std::path::PathBuf;
use std::time::Duration;

use crate::backup::report::BackupReport;
use crate::base::monitor::Silent;
use crate::base::time::Clock as _;
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::Failure;
use crate::cli::opening;
use crate::cli::settings::model::JobSettings;
use crate::maintain::lock::extend::{self, Extended, Trouble};
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::{Around, LockError, Place, scope};
use crate::repo::snapshot::object_key;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::vault::LockPolicy;
use crate::sys::clock::SystemClock;
use crate::ui::{escape, format};

/// How long a snapshot is protected where nobody says.
const WINDOW_DEFAULT: Duration = Duration::from_secs(30 * 86_400);
/// How long evidence is kept locked where nobody says: a year, and a month for the auditors to come.
const EVIDENCE_DEFAULT: Duration = Duration::from_secs(400 * 86_400);

/// The stores of `choice`, each by itself; those that cannot be opened are told, and left out.
pub fn places(context: &Context, choice: &RepositoryChoice) -> Result<Vec<Place>, Failure> {
    let open = |name: Option<&str>, url: &str| {
        let client = opening::open_one(choice, url, false).and_then(Client::new);
        client.map(|client| Place { name: name.map(str::to_owned), client })
    };
    if choice.replicas.is_empty() {
        let place = open(None, &choice.url).map_err(|error| Failure::of(error.kind(), &error))?;
        return Ok(vec![place]);
    }
    let mut places = Vec::new();
    let mut first_failure = None;
    for spec in &choice.replicas {
        match open(Some(&spec.name), &spec.url) {
            Ok(place) => places.push(place),
            Err(error) => {
                let failure = Failure::of(error.kind(), &error);
                let text = format!("warning: replica {} is left out: {}", spec.name, failure.message());
                context.output.warn(&escape::text(&text));
                first_failure.get_or_insert(failure);
            }
        }
    }
    match first_failure {
        Some(failure) if places.is_empty() => Err(failure.context("no replica can be opened")),
        _ => Ok(places),
    }
}

/// The stores beneath a client that is open already.
fn places_beneath(client: &Client) -> Result<Vec<Place>, StoreError> {
    let Some(replicas) = client.store().replicas() else {
        return Ok(vec![Place { name: None, client: client.clone() }]);
    };
    let open = replicas.set().members().iter().filter_map(|member| Some((member, member.store()?)));
    open.map(|(member, store)| {
        Ok(Place { name: Some(member.spec.name.clone()), client: Client::new(store)? })
    })
    .collect()
}

/// How young a snapshot is that is protected: as was typed, configured, or as long as objects are locked.
pub fn window(typed: Option<Duration>, choice: &RepositoryChoice, places: &[Place]) -> Duration {
    let longest = places.iter().filter_map(|place| Some(place.policy()?.duration)).max();
    typed.or(choice.lock_window).or(longest).unwrap_or(WINDOW_DEFAULT)
}

/// How young evidence is whose locks are renewed.
pub fn evidence_window(choice: &RepositoryChoice) -> Duration {
    choice.lock_evidence.unwrap_or(EVIDENCE_DEFAULT)
}

/// Where what is known of retentions is kept.
pub fn ledger_dir(context: &Context) -> Result<PathBuf, Failure> {
    Ok(opening::local_paths(context)?.cache.join("locks"))
}

/// The name of a place, for people.
pub fn title(place: &Place) -> String {
    place.name.clone().unwrap_or_else(|| place.client.location())
}

/// The failure of a command about locks where no store locks anything.
pub fn no_policy() -> Failure {
    Failure::usage("no store of this repository locks its objects").hint(
        "put lock = \"governance\" or \"compliance\" into [repository.NAME.s3], or ?lock=… into the URL; \
         `lifeboat store probe` tells whether the bucket can",
    )
}

/// A failure of looking after locks.
pub fn failure(error: &LockError) -> Failure {
    Failure::of(error.kind(), error)
}

/// Renews what a backup relies on, in each store that locks; whether all of it is locked now. What fails
/// is told: the backup stands all the same.
pub fn after_backup(
    context: &Context,
    job: Option<&JobSettings>,
    client: &Client,
    report: &BackupReport,
) -> Result<bool, Failure> {
    let places = places_beneath(client).map_err(|error| Failure::of(error.kind(), &error))?;
    if places.iter().all(|place| place.policy().is_none()) {
        return Ok(true);
    }
    let choice = context.repository(job)?;
    let window = window(None, &choice, &places);
    let mut is_locked = true;
    for place in &places {
        let Some(policy) = place.policy() else { continue };
        let renewed = renew(context, place, &policy, (window, evidence_window(&choice)), report);
        let troubles = match renewed {
            Ok(troubles) => troubles,
            Err(error) => vec![Trouble { key: title(place), why: failure(&error).message().to_owned() }],
        };
        tell_troubles(context, place, &troubles);
        is_locked &= troubles.is_empty();
    }
    Ok(is_locked)
}

fn renew(
    context: &Context,
    place: &Place,
    policy: &LockPolicy,
    (window, keep_evidence): (Duration, Duration),
    report: &BackupReport,
) -> Result<Vec<Trouble>, LockError> {
    let interrupt = context.interrupt().map_err(|_| LockError::Interrupted)?;
    let around = Around { monitor: &Silent, interrupt };
    let now = SystemClock.now();
    let mut ledger = match ledger_dir(context) {
        Ok(directory) => Ledger::open(&directory, &place.client.location()),
        Err(_) => Ledger::default(),
    };
    let own = object_key(&report.host, &report.snapshot).map_err(LockError::Store)?;
    let mut keys = scope::common(place)?;
    keys.extend(scope::snapshots_by_listing(place, window, now)?);
    keys.extend(scope::records(place, keep_evidence, now)?);
    keys.extend(scope::packs(report.live_packs.iter().copied())?);
    let extended = renew_keys(place, policy, &keys, &mut ledger, &around)?;
    let mut troubles = extended.troubles;
    // One object is asked for whatever is known: a server may take retentions and forget them.
    let vault = place.client.store().vault();
    let held = vault.map(|vault| place.client.finish(vault.retention(&own, None)));
    if matches!(held, Some(Ok(None))) {
        let why = "the server has taken its lock and keeps none; `lifeboat store probe` tells more".into();
        troubles.push(Trouble { key: own.to_string(), why });
    }
    // The price of a lost ledger is a few questions more.
    let _ = ledger.save(now);
    Ok(troubles)
}

/// Plans and renews at once.
pub fn renew_keys(
    place: &Place,
    policy: &LockPolicy,
    keys: &[Key],
    ledger: &mut Ledger,
    around: &Around<'_>,
) -> Result<Extended, LockError> {
    let plan = extend::plan(place, policy, keys, ledger, SystemClock.now(), around)?;
    extend::execute(place, &plan, ledger, around)
}

/// Tells people what could not be locked.
pub fn tell_troubles(context: &Context, place: &Place, troubles: &[Trouble]) {
    const SHOWN: usize = 5;
    for trouble in troubles.iter().take(SHOWN) {
        let text = format!("warning: {} is not locked as it should be: {}", trouble.key, trouble.why);
        context.output.warn(&escape::text(&text));
    }
    if let Some(more) = troubles.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let more = format::counted(more as u64, "more object", "more objects");
        let text = format!("warning: {more} in {} not locked as they should be", title(place));
        context.output.warn(&escape::text(&text));
    }
}
