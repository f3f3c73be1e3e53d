//! Telling which snapshots and objects lose their lock soon, or have none: asked of the store, object by
//! object, and believed from nobody else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;

use crate::base::ids::PackName;
use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::references::{Needing, References};
use crate::maintain::lock::versions::Struck;
use crate::maintain::lock::{Around, LockError, Place, for_all, scope};
use crate::pack::reader::pack_key;
use crate::repo::snapshot::object_key;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::vault::{Guard, LockPolicy, Retention};

/// Most objects that a report names; all are counted.
const NAMED_MAX: usize = 1000;

/// How a snapshot, or an object, is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cover {
    /// For longer than was asked.
    Covered,
    /// It ends within what was asked.
    Losing,
    /// Something has no lock at all.
    Uncovered,
    /// Something is missing, damaged or overwritten, so that the lock is of no use.
    Unreadable,
}

/// One snapshot in one store.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotCover {
    /// Its id.
    pub id: String,
    /// Its host.
    pub host: String,
    /// When it began; unknown where its record cannot be read.
    pub time: Option<Timestamp>,
    /// How it is covered.
    pub cover: Cover,
    /// The earliest end of a lock that it needs; none where something has none.
    pub until: Option<Timestamp>,
    /// Why it cannot be read.
    pub fault: Option<String>,
}

/// An object that is not covered for as long as was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectCover {
    /// Its key.
    pub key: String,
    /// The end of its lock, if it has one.
    pub until: Option<Timestamp>,
    /// Governance or compliance.
    pub mode: Option<&'static str>,
    /// Whether it is missing altogether.
    pub is_missing: bool,
    /// Whether something else stands in its place; what it was is a version that nobody locks again.
    pub is_overwritten: bool,
}

/// One store.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceAudit {
    /// The replica's name; none where there is one store.
    pub name: Option<String>,
    /// Where it is.
    pub location: String,
    /// Whether its options say that objects are to be locked.
    pub is_locking: bool,
    /// Whether it keeps versions; unknown where that may not be asked.
    pub versioning: Option<bool>,
    /// Whether its objects can be locked.
    pub object_lock: Option<bool>,
    /// Objects that protected snapshots need.
    pub objects: u64,
    /// Of these, how many lose their lock within what was asked.
    pub losing: u64,
    /// How many have none, or are missing.
    pub uncovered: u64,
    /// How many a renewal would bring more time now.
    pub due: u64,
    /// Of all of them, those that are evidence or runbooks.
    pub records: RecordCover,
    /// How long a lock lasts from each renewal, where objects are to be locked.
    pub lock_for_seconds: Option<u64>,
    /// What is left of it when it is renewed.
    pub renew_below_seconds: Option<u64>,
    /// The first of both.
    pub named: Vec<ObjectCover>,
    /// The protected snapshots, the oldest first.
    pub snapshots: Vec<SnapshotCover>,
}

/// How the evidence that is to be kept, and the runbooks, are covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordCover {
    /// All of them.
    pub objects: u64,
    /// Those that lose their lock within what was asked.
    pub losing: u64,
    /// Those that have none, or were deleted or overwritten.
    pub uncovered: u64,
}

impl PlaceAudit {
    /// Whether every protected snapshot and every record is covered for as long as was asked, and there is a
    /// snapshot: where all have vanished, nothing is covered.
    pub fn is_met(&self) -> bool {
        let are_records = self.records.losing == 0 && self.records.uncovered == 0;
        are_records
            && !self.snapshots.is_empty()
            && self.snapshots.iter().all(|one| one.cover == Cover::Covered)
    }
}

/// What an audit asks.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What loses its lock within this time?
    pub within: Duration,
    /// Evidence younger than this is to be kept.
    pub keep_evidence: Duration,
}

/// Audits one store. `None` is remembered in `ledger` for what has no lock.
pub fn audit(
    place: &Place,
    references: &References,
    question: Question,
    ledger: &mut Ledger,
    now: Timestamp,
    around: &Around<'_>,
) -> Result<PlaceAudit, LockError> {
    let needed = later(now, question.within);
    let guard = match place.client.store().vault() {
        Some(vault) => place.client.finish(vault.guard()).map_err(LockError::Store)?,
        None => Guard { versioning: Some(false), object_lock: Some(false), default_retention: None },
    };
    let records = scope::records(place, question.keep_evidence, now)?;
    let struck = Struck::of(place, scope::kept_since(question.keep_evidence, now))?;
    let asked = ask(place, references, (records, &struck), &guard, around)?;
    for (key, held) in &asked.held {
        ledger.note(key, held.retention());
    }
    let mut report = PlaceAudit {
        name: place.name.clone(),
        location: place.client.location(),
        is_locking: place.policy().is_some(),
        versioning: guard.versioning,
        object_lock: guard.object_lock,
        objects: asked.held.len() as u64,
        losing: 0,
        uncovered: 0,
        due: 0,
        records: RecordCover { objects: asked.records.len() as u64, ..RecordCover::default() },
        lock_for_seconds: place.policy().map(|policy| policy.duration.as_secs()),
        renew_below_seconds: place.policy().map(|policy| policy.renew_below.as_secs()),
        named: Vec::new(),
        snapshots: Vec::new(),
    };
    report.due = match place.policy() {
        Some(policy) => asked.held.values().filter(|held| held.is_due(&policy, now)).count() as u64,
        None => 0,
    };
    let by_key: BTreeMap<&String, &Held> = asked.held.iter().collect();
    for (key, held) in by_key {
        let until = held.until(now);
        let is_record = u64::from(asked.records.contains(key));
        match until {
            Some(until) if until > needed => continue,
            Some(_) => {
                report.losing += 1;
                report.records.losing += is_record;
            }
            None => {
                report.uncovered += 1;
                report.records.uncovered += is_record;
            }
        }
        if report.named.len() < NAMED_MAX {
            let mode = held.retention().map(|retention| retention.mode.as_str());
            let is_missing = matches!(held, Held::Missing);
            let is_overwritten = matches!(held, Held::Overwritten);
            report.named.push(ObjectCover { key: key.clone(), until, mode, is_missing, is_overwritten });
        }
    }
    report.snapshots = covers(references, &asked, needed, now)?;
    Ok(report)
}

/// How each snapshot is covered: those that cannot be read come last.
fn covers(
    references: &References,
    asked: &Asked,
    needed: Timestamp,
    now: Timestamp,
) -> Result<Vec<SnapshotCover>, LockError> {
    let common = asked.common.iter().map(|key| asked.state(key, now)).min().unwrap_or((true, None));
    let of_pack = |name: &PackName| asked.state(&pack_key(name), now);
    let mut covers = Vec::new();
    for (needing, least, fault) in references.least(of_pack) {
        let own = own_key(needing)?;
        let missing = matches!(asked.held.get(own.as_str()), Some(Held::Missing) | None);
        // A snapshot without packs has nothing to lose but itself.
        let least = least.unwrap_or(common).min(common).min(asked.state(own.as_str(), now));
        let (is_itself, until) = least;
        let overwritten =
            (!is_itself).then_some("something that it needs was overwritten: see lifeboat recover");
        let missing = missing.then_some("it is not in this store");
        let fault = fault.or(missing).or(overwritten).map(str::to_owned);
        covers.push(SnapshotCover {
            id: needing.id.to_string(),
            host: needing.host.clone(),
            time: Some(needing.time),
            cover: match until {
                _ if fault.is_some() => Cover::Unreadable,
                Some(until) if until > needed => Cover::Covered,
                Some(_) => Cover::Losing,
                None => Cover::Uncovered,
            },
            until,
            fault,
        });
    }
    let damaged = references.damaged().iter().map(|one| SnapshotCover {
        id: one.id.to_string(),
        host: one.host.clone(),
        time: None,
        cover: Cover::Unreadable,
        until: None,
        fault: Some(one.what.clone()),
    });
    covers.extend(damaged);
    Ok(covers)
}

fn own_key(needing: &Needing) -> Result<Key, LockError> {
    object_key(&needing.host, &needing.id).map_err(LockError::Store)
}

/// What a store says of one object.
#[derive(Clone, Copy, Debug)]
enum Held {
    Locked(Retention),
    Free,
    Missing,
    Overwritten,
}

impl Held {
    fn retention(self) -> Option<Retention> {
        if let Held::Locked(retention) = self { Some(retention) } else { None }
    }

    /// Whether a renewal would bring it more time.
    fn is_due(self, policy: &LockPolicy, now: Timestamp) -> bool {
        match self {
            Held::Locked(retention) => {
                retention.until <= later(now, policy.renew_below) || retention.mode < policy.mode
            }
            Held::Free => true,
            Held::Missing | Held::Overwritten => false,
        }
    }

    /// The end of its lock, unless that has passed.
    fn until(self, now: Timestamp) -> Option<Timestamp> {
        self.retention().map(|retention| retention.until).filter(|until| *until > now)
    }
}

/// What a store says of all objects that are needed.
struct Asked {
    held: HashMap<String, Held>,
    /// What every snapshot needs.
    common: Vec<String>,
    /// Evidence and runbooks.
    records: HashSet<String>,
}

impl Asked {
    /// Whether an object is what was written there once, and the end of its lock: the worst is the least.
    fn state(&self, key: &str, now: Timestamp) -> (bool, Option<Timestamp>) {
        let held = self.held.get(key);
        (!matches!(held, Some(Held::Overwritten)), held.and_then(|held| held.until(now)))
    }
}

fn ask(
    place: &Place,
    references: &References,
    (records, struck): (Vec<Key>, &Struck),
    guard: &Guard,
    around: &Around<'_>,
) -> Result<Asked, LockError> {
    let common = scope::common(place)?;
    let mut keys = common.clone();
    keys.extend(records.iter().cloned());
    keys.extend(scope::packs(references.packs().iter().copied())?);
    for needing in references.snapshots() {
        keys.push(own_key(needing)?);
    }
    around.monitor.event(Event::Stage("looking at locks"));
    let vault = place.client.store().vault().filter(|_| guard.object_lock != Some(false));
    let look = |key: &Key| match vault {
        Some(vault) => place.client.finish(vault.retention(key, None)),
        // No lock to ask for; whether it is there is worth knowing all the same.
        None => place.client.stat(key).map(|_| None),
    };
    let mut held = HashMap::with_capacity(keys.len());
    for (key, answer) in keys.iter().zip(for_all(&keys, around, look)?) {
        let one = match answer {
            // The lock of what stands there now is of no use to what was there.
            Ok(_) if struck.overwritten.contains(key.as_str()) => Held::Overwritten,
            Ok(Some(retention)) => Held::Locked(retention),
            Ok(None) => Held::Free,
            Err(StoreError::NotFound { .. }) => Held::Missing,
            Err(error) => return Err(LockError::Store(error)),
        };
        held.insert(key.to_string(), one);
    }
    // What was deleted stands in no listing, and there is nothing to ask for.
    held.extend(struck.deleted.iter().map(|key| (key.clone(), Held::Missing)));
    let common = common.iter().map(Key::to_string).collect();
    let records = records.iter().map(Key::to_string).chain(struck.deleted.iter().cloned()).collect();
    Ok(Asked { held, common, records })
}

fn later(now: Timestamp, time: Duration) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp { seconds: now.seconds.saturating_add(seconds), nanos: now.nanos }
}
