//! Renewing locks: which objects of a store need it, as a plan, and carrying that out.

use serde::Serialize;

use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::{Around, LockError, Place, for_all};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::vault::{LockPolicy, Retention};

/// A renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The object.
    pub key: Key,
    /// What it has now.
    pub before: Option<Retention>,
    /// What it is to have.
    pub after: Retention,
}

/// An object whose lock cannot be looked after, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The object's key.
    pub key: String,
    /// Why.
    pub why: String,
}

/// What a store needs so that its objects stay locked.
#[derive(Debug, Default)]
pub struct ExtendPlan {
    /// Objects that are looked after.
    pub objects: u64,
    /// Of these, those whose retention had to be asked for.
    pub asked: u64,
    /// What is to be renewed.
    pub renewals: Vec<Renewal>,
    /// What cannot be looked at.
    pub troubles: Vec<Trouble>,
}

/// What a renewal did.
#[derive(Debug, Default)]
pub struct Extended {
    /// Objects that were renewed.
    pub renewed: u64,
    /// Those that were not, and why.
    pub troubles: Vec<Trouble>,
}

/// Whether a retention still does at `now`.
fn is_enough(retention: Retention, policy: &LockPolicy, now: Timestamp) -> bool {
    let margin = i64::try_from(policy.renew_below.as_secs()).unwrap_or(i64::MAX);
    let needed = Timestamp { seconds: now.seconds.saturating_add(margin), nanos: now.nanos };
    retention.until > needed && retention.mode >= policy.mode
}

/// Finds out what has to be renewed of `keys` in `place` at `now`. What `ledger` knows to have plenty of
/// time is not asked for.
pub fn plan(
    place: &Place,
    policy: &LockPolicy,
    keys: &[Key],
    ledger: &mut Ledger,
    now: Timestamp,
    around: &Around<'_>,
) -> Result<ExtendPlan, LockError> {
    let vault = place.vault()?;
    for (key, retention) in vault.take_granted() {
        ledger.note(key.as_str(), Some(retention));
    }
    let mut plan = ExtendPlan { objects: keys.len() as u64, ..ExtendPlan::default() };
    let is_known = |key: &Key| ledger.get(key.as_str()).is_some_and(|known| is_enough(known, policy, now));
    let unknown: Vec<Key> = keys.iter().filter(|key| !is_known(key)).cloned().collect();
    plan.asked = unknown.len() as u64;
    around.monitor.event(Event::Stage("looking at locks"));
    let ask = |key: &Key| place.client.finish(vault.retention(key, None));
    for (key, answer) in unknown.iter().zip(for_all(&unknown, around, ask)?) {
        let before = match answer {
            Ok(before) => before,
            // Who may not look may still be allowed to lock.
            Err(StoreError::Denied { .. }) => None,
            Err(error @ StoreError::NotFound { .. }) => {
                plan.troubles.push(trouble(key, &error));
                continue;
            }
            Err(error) => return Err(LockError::Store(error)),
        };
        ledger.note(key.as_str(), before);
        if before.is_some_and(|before| is_enough(before, policy, now)) {
            continue;
        }
        plan.renewals.push(Renewal { key: key.clone(), before, after: renewed(before, policy, now) });
    }
    Ok(plan)
}

/// A retention that takes nothing away from `before`.
fn renewed(before: Option<Retention>, policy: &LockPolicy, now: Timestamp) -> Retention {
    let fresh = policy.retention_at(now);
    // One that has ended binds nobody any more.
    match before.filter(|before| before.until > now) {
        Some(before) => Retention { mode: before.mode.max(fresh.mode), until: before.until.max(fresh.until) },
        None => fresh,
    }
}

/// Carries `plan` out.
pub fn execute(
    place: &Place,
    plan: &ExtendPlan,
    ledger: &mut Ledger,
    around: &Around<'_>,
) -> Result<Extended, LockError> {
    let vault = place.vault()?;
    around.monitor.event(Event::Stage("renewing locks"));
    let renew = |renewal: &Renewal| place.client.finish(vault.retain(&renewal.key, renewal.after));
    let mut done = Extended { renewed: 0, troubles: plan.troubles.clone() };
    for (renewal, result) in plan.renewals.iter().zip(for_all(&plan.renewals, around, renew)?) {
        match result {
            Ok(()) => {
                done.renewed += 1;
                ledger.note(renewal.key.as_str(), Some(renewal.after));
            }
            Err(error) => done.troubles.push(trouble(&renewal.key, &error)),
        }
    }
    Ok(done)
}

/// What failed with an object, with all its causes.
pub fn trouble(key: &Key, error: &StoreError) -> Trouble {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        why = format!("{why}: {error}");
        source = error.source();
    }
    Trouble { key: key.to_string(), why }
}
