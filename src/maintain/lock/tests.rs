//! Locks looked after on the fake server: what is renewed when, what an audit finds, what a sweep leaves.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::ids::ChunkKind;
use crate::base::monitor::{Interrupt, Silent};
use crate::base::time::Timestamp;
use crate::maintain::check::fixture::{Fixture, Spec, noise};
use crate::maintain::lock::audit::{self, Cover, PlaceAudit, Question, RecordCover};
use crate::maintain::lock::extend::{self, ExtendPlan};
use crate::maintain::lock::ledger::Ledger;
use crate::maintain::lock::protect::{self, Protected};
use crate::maintain::lock::references::References;
use crate::maintain::lock::versions::{self, Struck};
use crate::maintain::lock::{Around, Place, scope, sweep};
use crate::store::client::Client;
use crate::store::key::Key;
use crate::store::s3::S3Store;
use crate::store::s3::tests::fake::Fake;
use crate::store::vault::{LockMode, LockPolicy, Retention};

const DAY: i64 = 86_400;
const QUESTION: Question =
    Question { within: Duration::from_secs(86_400), keep_evidence: Duration::from_secs(100 * 86_400) };
const LOCK: &str = "&lock=governance&lock-for=10d&lock-renew=4d";

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn place(store: S3Store) -> Place {
    Place { name: None, client: Client::new(Arc::new(store)).unwrap() }
}

fn put(place: &Place, name: &str) {
    place.client.create(&key(name), Bytes::from_static(b"body")).unwrap();
}

fn until(place: &Place, name: &str) -> Option<Timestamp> {
    let vault = place.vault().unwrap();
    Some(place.client.finish(vault.retention(&key(name), None)).unwrap()?.until)
}

fn in_days(fake: &Fake, days: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: fake.now() + days * DAY, nanos: 0 })
}

/// Plans and renews; what was planned.
fn renew(fake: &Fake, place: &Place, keys: &[Key], ledger: &mut Ledger) -> ExtendPlan {
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let policy = place.policy().unwrap();
    let plan = extend::plan(place, &policy, keys, ledger, fake.time(), &around).unwrap();
    let done = extend::execute(place, &plan, ledger, &around).unwrap();
    assert_eq!(done.renewed, plan.renewals.len() as u64, "{done:?}");
    plan
}

#[test]
fn a_lock_is_renewed_once_in_a_while_and_not_every_night() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    let keys: Vec<Key> = (0..5).map(|n| key(&format!("packs/00/{n}"))).collect();
    keys.iter().for_each(|key| put(&place, key.as_str()));
    let mut ledger = Ledger::default();
    let begun = fake.log().len();
    let mut renewed_at = Vec::new();
    for night in 0..15 {
        let plan = renew(&fake, &place, &keys, &mut ledger);
        assert_eq!(plan.objects, 5);
        if !plan.renewals.is_empty() {
            assert_eq!(plan.renewals.len(), 5);
            renewed_at.push(night);
        }
        for key in &keys {
            assert!(until(&place, key.as_str()) > in_days(&fake, 4), "night {night}");
        }
        fake.pass(DAY);
    }
    assert_eq!(renewed_at, [6, 12], "ten days, renewed when four are left");
    let puts = fake.log()[begun..].iter().filter(|line| line.starts_with("PUT")).count();
    assert_eq!(puts, 10, "one request for each object and renewal");
}

#[test]
fn what_is_known_is_not_asked_for_and_what_others_renewed_is_learned() {
    let fake = Fake::locking();
    let (ours, theirs) = (place(fake.store(LOCK)), place(fake.store(LOCK)));
    put(&theirs, "packs/00/a");
    let keys = [key("packs/00/a")];
    let (mut ledger, mut other) = (Ledger::default(), Ledger::default());
    assert_eq!(renew(&fake, &ours, &keys, &mut ledger).asked, 1, "written by others");
    assert_eq!(renew(&fake, &theirs, &keys, &mut other).asked, 0, "written by itself");
    assert_eq!(renew(&fake, &ours, &keys, &mut ledger).asked, 0, "learned");
    fake.pass(7 * DAY);
    assert_eq!(renew(&fake, &theirs, &keys, &mut other).renewals.len(), 1);
    let plan = renew(&fake, &ours, &keys, &mut ledger);
    assert_eq!((plan.asked, plan.renewals.len()), (1, 0), "it was renewed already");
}

#[test]
fn renewing_takes_nothing_away_and_locks_what_had_no_lock() {
    let fake = Fake::locking();
    let free = place(fake.store(""));
    put(&free, "packs/00/free");
    let strict = place(fake.store("&lock=compliance&lock-for=30d"));
    put(&strict, "packs/00/strict");
    let ours = place(fake.store(LOCK));
    let keys = [key("packs/00/free"), key("packs/00/strict"), key("packs/00/missing")];
    let mut ledger = Ledger::default();
    let plan = renew(&fake, &ours, &keys, &mut ledger);
    assert_eq!(plan.renewals.len(), 1);
    assert_eq!(plan.troubles.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["packs/00/missing"]);
    assert_eq!(until(&ours, "packs/00/free"), in_days(&fake, 10));
    fake.pass(28 * DAY);
    let plan = renew(&fake, &ours, &keys[1..2], &mut ledger);
    let expected = Retention { mode: LockMode::Compliance, until: in_days(&fake, 10).unwrap() };
    assert_eq!(plan.renewals[0].after, expected, "compliance stays compliance");
}

#[test]
fn a_policy_that_is_stricter_is_brought_to_what_is_there() {
    let fake = Fake::locking();
    let lax = place(fake.store(LOCK));
    put(&lax, "packs/00/a");
    let strict = place(fake.store("&lock=compliance&lock-for=10d"));
    let plan = renew(&fake, &strict, &[key("packs/00/a")], &mut Ledger::default());
    assert_eq!(plan.renewals[0].after.mode, LockMode::Compliance);
}

#[test]
fn what_every_snapshot_needs_is_found_by_listings() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    for name in
        ["config", "keys/a.age", "index/1", "snapshots/h/00000000000000000000000000000001", "gc/state"]
    {
        put(&place, name);
    }
    fake.pass(100 * DAY);
    put(&place, "snapshots/h/00000000000000000000000000000002");
    put(&place, "snapshots/other/00000000000000000000000000000003");
    fake.pass(50 * DAY);
    put(&place, "snapshots/h/00000000000000000000000000000004");
    let names = |keys: Vec<Key>| keys.iter().map(Key::to_string).collect::<Vec<_>>();
    assert_eq!(names(scope::common(&place).unwrap()), ["config", "keys/a.age", "index/1"]);
    let month = Duration::from_secs(30 * 86_400);
    let protected = names(scope::snapshots_by_listing(&place, month, fake.time()).unwrap());
    assert_eq!(
        protected,
        ["snapshots/h/00000000000000000000000000000004", "snapshots/other/00000000000000000000000000000003"],
        "the young ones, and the newest of each host"
    );
}

#[test]
fn a_sweep_takes_what_was_hidden_long_ago_and_is_free_and_nothing_comes_to_light() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let month = Duration::from_secs(30 * 86_400);
    for name in ["packs/00/old", "sessions/old", "index/kept", "sessions/young"] {
        put(&place, name);
    }
    put(&place, "config");
    let version = place.client.stat(&key("config")).unwrap().version;
    place.client.swap(&key("config"), version, Bytes::from_static(b"second")).unwrap();
    place.client.delete(&key("packs/00/old")).unwrap();
    place.client.delete(&key("sessions/old")).unwrap();
    let sweep = |expected: (u64, u64, u64)| {
        let plan = sweep::plan(&place, month, QUESTION.keep_evidence, fake.time()).unwrap();
        let swept = sweep::execute(&place, &plan, &around).unwrap();
        assert_eq!((swept.versions, swept.markers, swept.locked), expected, "{swept:?} {plan:?}");
    };
    sweep((0, 0, 0));
    fake.pass(5 * DAY);
    renew(&fake, &place, &[key("index/kept")], &mut Ledger::default());
    // A pack whose lock was renewed for longer than it stays hidden.
    place.client.create(&key("packs/00/locked"), Bytes::from_static(b"body")).unwrap();
    let forever = Retention { mode: LockMode::Governance, until: in_days(&fake, 100).unwrap() };
    place.client.finish(place.vault().unwrap().retain(&key("packs/00/locked"), forever)).unwrap();
    place.client.delete(&key("packs/00/locked")).unwrap();
    fake.pass(31 * DAY);
    place.client.delete(&key("sessions/young")).unwrap();
    sweep((3, 2, 1));
    let names: Vec<String> = place.client.list("").unwrap().iter().map(|meta| meta.key.to_string()).collect();
    assert_eq!(names, ["config", "index/kept"]);
    assert_eq!(place.client.get(&key("config")).unwrap().0, "second");
    fake.pass(31 * DAY);
    sweep((1, 1, 1));
    assert!(place.client.stat(&key("packs/00/locked")).unwrap_err().is_not_found());
}

#[test]
fn a_policy_is_that_of_the_store() {
    let fake = Fake::new();
    let policy = place(fake.store(LOCK)).policy().unwrap();
    let day = Duration::from_secs(86_400);
    let expected = LockPolicy { mode: LockMode::Governance, duration: day * 10, renew_below: day * 4 };
    assert_eq!(policy, expected);
    assert_eq!(place(fake.store("")).policy(), None);
}

/// Puts something else in the place of an object.
fn overwrite(place: &Place, key: &Key, body: &'static str) {
    let version = place.client.stat(key).unwrap().version;
    place.client.swap(key, version, Bytes::from_static(body.as_bytes())).unwrap();
}

fn protected(fixture: &Fixture) -> Protected {
    let month = Duration::from_secs(30 * 86_400);
    protect::read(&fixture.open(), month, Timestamp { seconds: 1_700_000_100, nanos: 0 }).unwrap()
}

#[test]
fn a_tree_or_a_record_that_cannot_be_read_costs_nothing_else_its_lock() {
    let mut fixture = Fixture::new();
    let one = fixture.backup("one", &Spec::default().file("dir/a", &noise(1, 50_000)));
    let damaged = fixture.packs_of(ChunkKind::Meta);
    fixture.backup("two", &Spec::default().file("other/b", &noise(2, 50_000)));
    for key in &damaged {
        let len = fixture.get(key).len();
        fixture.client.delete(key).unwrap();
        fixture.client.create(key, vec![7; len].into()).unwrap();
    }
    let garbage = key("snapshots/three/00000000000000000000000000000007");
    fixture.client.create(&garbage, Bytes::from_static(b"garbage")).unwrap();
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let found = protected(&fixture);
    assert_eq!((found.snapshots.len(), found.damaged.len()), (2, 1));
    let repository = fixture.open();
    let references = References::of(&repository, found, &around).unwrap();
    let (packs, troubles) = references.to_lock(&repository).unwrap();
    let kept: Vec<Key> = scope::packs(packs).unwrap();
    for key in [ChunkKind::Data, ChunkKind::Meta].iter().flat_map(|kind| fixture.packs_of(*kind)) {
        assert!(kept.contains(&key), "{key} loses its lock");
    }
    let told: Vec<&str> = troubles.iter().map(|trouble| trouble.key.as_str()).collect();
    assert_eq!(told, [garbage.to_string(), format!("snapshots/one/{}", one.id)]);
}

#[test]
fn what_is_whole_has_no_more_locked_than_it_needs() {
    let mut fixture = Fixture::new();
    fixture.backup("one", &Spec::default().file("dir/a", &noise(1, 50_000)));
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let repository = fixture.open();
    let none = References::of(&repository, Protected::default(), &around).unwrap();
    let (packs, troubles) = none.to_lock(&repository).unwrap();
    assert!(packs.is_empty() && troubles.is_empty(), "{packs:?} {troubles:?}");
}

#[test]
fn an_audit_is_not_content_with_what_was_overwritten_nor_with_no_snapshot_at_all() {
    let mut fixture = Fixture::new();
    fixture.backup("one", &Spec::default().file("dir/a", &noise(1, 50_000)));
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    fixture.keys("").iter().for_each(|key| place.client.create(key, fixture.get(key)).unwrap());
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let audited = |references: &References| -> PlaceAudit {
        audit::audit(&place, references, QUESTION, &mut Ledger::default(), fake.time(), &around).unwrap()
    };
    let references = References::of(&fixture.open(), protected(&fixture), &around).unwrap();
    let whole = audited(&references);
    assert!(whole.is_met() && whole.snapshots.len() == 1, "{whole:?}");
    assert!(!audited(&References::default()).is_met(), "nothing is protected");
    let pack = fixture.packs_of(ChunkKind::Data).remove(0);
    fake.pass(10);
    overwrite(&place, &pack, "pay up");
    let after = audited(&references);
    assert!(!after.is_met() && after.snapshots[0].cover == Cover::Unreadable, "{after:?}");
    assert!(after.named.len() == 1 && after.named[0].is_overwritten, "{after:?}");
    let troubles = Struck::of(&place, fake.time()).unwrap().troubles(std::slice::from_ref(&pack));
    assert_eq!(troubles[0].key, pack.to_string());
    // Written again as it was, it is as good as before.
    fake.pass(10);
    let version = place.client.stat(&pack).unwrap().version;
    place.client.swap(&pack, version, fixture.get(&pack)).unwrap();
    assert!(audited(&references).is_met());
}

#[test]
fn that_all_snapshots_have_vanished_is_told_and_that_there_never_was_one_is_not() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    put(&place, "config");
    assert_eq!(versions::vanished(&place).unwrap(), None);
    let snapshot = "snapshots/h/00000000000000000000000000000001";
    put(&place, snapshot);
    fake.pass(10);
    place.client.delete(&key(snapshot)).unwrap();
    let trouble = versions::vanished(&place).unwrap().unwrap();
    assert!(trouble.why.contains("1 were deleted"), "{trouble:?}");
}

#[test]
fn a_sweep_keeps_what_lies_beneath_an_overwritten_pack_and_what_was_brought_back_since() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let month = Duration::from_secs(30 * 86_400);
    let (struck, hidden) = (key("packs/00/struck"), key("packs/00/hidden"));
    put(&place, struck.as_str());
    put(&place, hidden.as_str());
    fake.pass(10);
    overwrite(&place, &struck, "pay up");
    place.client.delete(&hidden).unwrap();
    fake.pass(40 * DAY);
    let plan = sweep::plan(&place, month, QUESTION.keep_evidence, fake.time()).unwrap();
    assert_eq!((plan.versions, plan.kept), (1, 1), "{plan:?}");
    assert_eq!(plan.overwritten, std::slice::from_ref(&struck));
    // Somebody brings the other back between the plan and the deed.
    let vault = place.vault().unwrap();
    let marker = place.client.finish(vault.versions(hidden.as_str())).unwrap().remove(0);
    assert!(marker.is_marker);
    place.client.finish(vault.delete_version(&hidden, &marker.id)).unwrap();
    let swept = sweep::execute(&place, &plan, &around).unwrap();
    assert_eq!((swept.versions, swept.markers, swept.troubles.len()), (0, 0, 0), "{swept:?}");
    assert_eq!(place.client.get(&hidden).unwrap().0, "body");
    // Written again as it was, there is nothing worth keeping beneath it.
    overwrite(&place, &struck, "body");
    fake.pass(31 * DAY);
    let plan = sweep::plan(&place, month, QUESTION.keep_evidence, fake.time()).unwrap();
    assert_eq!((plan.versions, plan.overwritten.len()), (2, 0), "{plan:?}");
}

#[test]
fn evidence_stays_locked_for_as_long_as_it_is_to_be_kept_and_an_audit_tells_when_it_does_not() {
    let mut fixture = Fixture::new();
    fixture.backup("one", &Spec::default().file("dir/a", &noise(1, 50_000)));
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    fixture.keys("").iter().for_each(|key| place.client.create(key, fixture.get(key)).unwrap());
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let references = References::of(&fixture.open(), protected(&fixture), &around).unwrap();
    let audited =
        || audit::audit(&place, &references, QUESTION, &mut Ledger::default(), fake.time(), &around).unwrap();
    let (drill, runbook) = ("evidence/runs/r-1/journal-00000000", "runbooks/site/00000001");
    put(&place, drill);
    put(&place, runbook);
    let mut ledger = Ledger::default();
    for day in 0..120 {
        let mut keys = scope::records(&place, QUESTION.keep_evidence, fake.time()).unwrap();
        keys.extend(fixture.keys(""));
        renew(&fake, &place, &keys, &mut ledger);
        let audit = audited();
        // What is too old to be kept is no longer looked at; runbooks are never too old.
        let objects = if day > 100 { 1 } else { 2 };
        assert_eq!(audit.records, RecordCover { objects, ..RecordCover::default() }, "day {day}");
        assert!(audit.is_met() && audit.due == 0, "day {day}: {audit:?}");
        fake.pass(DAY);
    }
    assert_eq!(until(&place, drill).filter(|until| *until > fake.time()), None, "nobody renews it any more");
    assert!(until(&place, runbook) > in_days(&fake, 3));
    // What nobody renewed is told, though every snapshot is covered.
    put(&place, "evidence/runs/r-2/journal-00000000");
    fake.pass(10 * DAY);
    renew(&fake, &place, &fixture.keys(""), &mut ledger);
    let audit = audited();
    assert_eq!(audit.records, RecordCover { objects: 2, losing: 0, uncovered: 2 }, "{audit:?}");
    assert!(!audit.is_met() && audit.due == 2, "{audit:?}");
    assert!(audit.snapshots.iter().all(|one| one.cover == Cover::Covered), "{audit:?}");
}

#[test]
fn evidence_and_runbooks_that_somebody_deleted_are_told_and_outlive_a_sweep_until_they_may_go() {
    let mut fixture = Fixture::new();
    fixture.backup("one", &Spec::default().file("dir/a", &noise(1, 50_000)));
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    fixture.keys("").iter().for_each(|key| place.client.create(key, fixture.get(key)).unwrap());
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let references = References::of(&fixture.open(), protected(&fixture), &around).unwrap();
    let records = ["evidence/runs/r-1/journal-00000000", "runbooks/site/00000001"];
    records.iter().for_each(|name| put(&place, name));
    fake.pass(10);
    records.iter().for_each(|name| place.client.delete(&key(name)).unwrap());
    // Though all snapshots are covered, and the plain listing shows neither.
    let audit =
        audit::audit(&place, &references, QUESTION, &mut Ledger::default(), fake.time(), &around).unwrap();
    assert_eq!(audit.records, RecordCover { objects: 2, losing: 0, uncovered: 2 }, "{audit:?}");
    assert!(!audit.is_met() && audit.snapshots.iter().all(|one| one.cover == Cover::Covered), "{audit:?}");
    let missing: Vec<&str> =
        audit.named.iter().filter(|one| one.is_missing).map(|one| one.key.as_str()).collect();
    assert_eq!(missing, records);
    let since = scope::kept_since(QUESTION.keep_evidence, fake.time());
    let troubles = Struck::of(&place, since).unwrap().troubles(&fixture.keys(""));
    assert_eq!(troubles.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), records);
    assert!(troubles[0].why.contains("was deleted"), "{troubles:?}");
    // Long after their locks have ended they can be had still.
    let day = Duration::from_secs(86_400);
    let sweep = || {
        let plan = sweep::plan(&place, day, QUESTION.keep_evidence, fake.time()).unwrap();
        sweep::execute(&place, &plan, &around).unwrap();
        plan.deleted.iter().map(Key::to_string).collect::<Vec<_>>()
    };
    fake.pass(60 * DAY);
    assert_eq!(sweep(), records);
    let then = Timestamp { seconds: fake.now() - 60 * DAY - 5, nanos: 0 };
    let compared = crate::maintain::recover::compare(&place, then).unwrap();
    assert_eq!(compared.changed.iter().map(|one| one.key.to_string()).collect::<Vec<_>>(), records);
    // Evidence that is old enough goes; a runbook never does.
    fake.pass(60 * DAY);
    assert_eq!(sweep(), records[1..]);
    let versions = place.client.finish(place.vault().unwrap().versions("evidence/")).unwrap();
    assert_eq!(versions, []);
}

#[test]
fn sizes_that_no_server_has_add_up_to_nothing_worse_than_a_large_number() {
    let fake = Fake::locking();
    let place = place(fake.store(LOCK));
    for n in 0..4 {
        let name = format!("sessions/{n}");
        put(&place, &name);
        fake.claim_size(&format!("pre/fix/{name}"), i64::MAX as u64);
        fake.pass(10);
        place.client.delete(&key(&name)).unwrap();
    }
    fake.pass(100 * DAY);
    let plan = sweep::plan(&place, Duration::from_secs(86_400), QUESTION.keep_evidence, fake.time()).unwrap();
    assert_eq!((plan.versions, plan.bytes), (4, u64::MAX), "{plan:?}");
    let then = Timestamp { seconds: fake.now() - 101 * DAY, nanos: 0 };
    crate::maintain::recover::compare(&place, then).unwrap();
    let interrupt = Interrupt::default();
    let around = Around { monitor: &Silent, interrupt: &interrupt };
    let swept = sweep::execute(&place, &plan, &around).unwrap();
    assert_eq!((swept.versions, swept.bytes), (4, u64::MAX), "{swept:?}");
}
