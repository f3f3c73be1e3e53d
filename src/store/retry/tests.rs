//! Tests of retries: by a virtual clock, with every sort of failure, and what a lost acknowledgement
//! must never turn into.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::store::Store;
use crate::store::action::Action;
use crate::store::client::Client;
use crate::store::clock::{Clock as _, VirtualClock};
use crate::store::contract::check_contract;
use crate::store::counters::Counters;
use crate::store::error::StoreError;
use crate::store::faulty::{Fault, FaultPlan, FaultyStore};
use crate::store::inline::InlineStore;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::random::Random;
use crate::store::recording::RecordingStore;
use crate::store::retry::{RetryOptions, RetryStore};
use crate::store::timeout::{TimeLimits, TimeoutStore};

struct World {
    memory: MemoryStore,
    record: RecordingStore,
    clock: VirtualClock,
    counters: Arc<Counters>,
    client: Client,
}

/// A store that fails by `plan`, behind time limits and retries.
fn world(plan: FaultPlan) -> World {
    world_with(plan, RetryOptions::default())
}

fn world_with(plan: FaultPlan, options: RetryOptions) -> World {
    let (memory, clock, counters) = (MemoryStore::new(), VirtualClock::default(), Arc::<Counters>::default());
    let faulty = FaultyStore::new(Arc::new(InlineStore::new(Arc::new(memory.clone()))), plan);
    let record = RecordingStore::new(Arc::new(faulty));
    let timed = TimeoutStore::new(Arc::new(record.clone()), TimeLimits::default(), Arc::new(clock.clone()));
    let store = retrying(Arc::new(timed), options, &clock, &counters);
    World { memory, record, clock, counters, client: Client::new(store).unwrap() }
}

fn retrying(
    inner: Arc<dyn Store>,
    options: RetryOptions,
    clock: &VirtualClock,
    counters: &Arc<Counters>,
) -> Arc<dyn Store> {
    let (clock, counters) = (Arc::new(clock.clone()), Arc::clone(counters));
    Arc::new(RetryStore::new(inner, options, clock, Random::seeded(7), counters))
}

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

#[test]
fn a_retrying_store_keeps_the_contract() {
    check_contract(|| {
        let (clock, counters) = (VirtualClock::default(), Arc::default());
        retrying(Arc::new(MemoryStore::new()), RetryOptions::default(), &clock, &counters)
    });
}

#[test]
fn whatever_is_transient_is_tried_again_until_it_works() {
    for fault in [Fault::Fail, Fault::Unavailable, Fault::Throttle, Fault::Reset, Fault::Stall] {
        let plan = (0..3).fold(FaultPlan::new(3), |plan, n| plan.nth(n * 2, fault));
        let World { client, counters, .. } = world(plan);
        client.create(&key("a"), body("a")).unwrap();
        assert_eq!(client.get(&key("a")).unwrap().0, body("a"), "{fault:?}");
        assert_eq!(client.get_range(&key("a"), 0..1).unwrap(), body("a"), "{fault:?}");
        assert_eq!(client.list("").unwrap().len(), 1, "{fault:?}");
        assert!(counters.read().retries >= 2, "{fault:?}: {:?}", counters.read());
    }
}

#[test]
fn a_permanent_error_fails_at_once() {
    let World { client, record, clock, .. } = world(FaultPlan::new(1).from(0, Fault::Kill));
    assert!(client.create(&key("a"), body("a")).is_err());
    assert!(client.get(&key("b")).is_err());
    let World { client: full, record: of_full, .. } = world(FaultPlan::new(1).from(0, Fault::Full));
    assert!(matches!(full.create(&key("a"), body("a")), Err(StoreError::Full { .. })));
    let World { client: whole, record: of_whole, .. } = world(FaultPlan::new(1));
    assert!(matches!(whole.get(&key("missing")), Err(StoreError::NotFound { .. })));
    assert_eq!([&record, &of_full, &of_whole].map(|record| record.operations().len()), [2, 1, 1]);
    assert_eq!(clock.now(), Duration::ZERO);
}

#[test]
fn attempts_and_time_are_bounded_and_the_last_error_is_what_is_told() {
    let options = RetryOptions { attempts: 5, ..RetryOptions::default() };
    let World { client, record, counters, .. } = world_with(FaultPlan::new(1).from(0, Fault::Reset), options);
    assert!(matches!(client.stat(&key("a")), Err(StoreError::Io { .. })));
    assert_eq!((record.operations().len(), counters.read().given_up), (5, 1));

    let limit = Duration::from_secs(100);
    let options = RetryOptions { attempts: u32::MAX, deadline: limit, ..RetryOptions::default() };
    let World { client, clock, .. } = world_with(FaultPlan::new(1).from(0, Fault::Throttle), options);
    assert!(matches!(client.stat(&key("a")), Err(StoreError::Throttled { .. })));
    assert!(clock.now() <= limit && clock.now() > limit / 4, "{:?}", clock.now());
}

#[test]
fn waits_double_within_their_bounds_with_full_jitter() {
    let options = RetryOptions::default();
    let reset = StoreError::Service {
        location: "s".into(),
        key: "k".into(),
        action: "read",
        code: "500".into(),
        message: "".into(),
        is_transient: true,
    };
    let (least, most) = (0, u64::MAX);
    let wait = |made, random| options.wait(&reset, made, random);
    assert_eq!(wait(1, least), Duration::ZERO);
    for (made, bound) in [(1, 100), (2, 200), (3, 400), (8, 12_800), (9, 20_000), (4_000_000_000, 20_000)] {
        let longest = wait(made, most).as_secs_f64() * 1000.0;
        assert!((longest - f64::from(bound)).abs() < 1.0, "{made}: {longest}");
    }
    let throttled =
        |after| StoreError::Throttled { location: "s".into(), key: "k".into(), action: "read", after };
    // Slower than other failures, never earlier than asked, and no longer than is sensible.
    assert!(options.wait(&throttled(None), 1, most) > Duration::from_millis(999));
    let asked = options.wait(&throttled(Some(Duration::from_secs(30))), 1, least);
    assert_eq!(asked, Duration::from_secs(30));
    let endless = options.wait(&throttled(Some(Duration::MAX)), 1, least);
    assert_eq!(endless, super::AFTER_MAX);
}

#[test]
fn a_lost_acknowledgement_of_a_create_is_success() {
    for fault in [Fault::LoseAcknowledgement, Fault::Reset, Fault::Stall] {
        // By its seed a fault happens after or before the operation; both must come out the same.
        for seed in 0..20 {
            let World { client, memory, .. } = world(FaultPlan::new(seed).nth(0, fault));
            client.create(&key("a"), body("mine")).unwrap();
            assert_eq!((client.get(&key("a")).unwrap().0, memory.len()), (body("mine"), 1));
        }
    }
    let World { client, counters, .. } = world(FaultPlan::new(1).nth(0, Fault::LoseAcknowledgement));
    client.create(&key("empty"), Bytes::new()).unwrap();
    assert_eq!(counters.read().lost_acknowledgements, 1);
}

#[test]
fn another_object_is_a_conflict_whether_or_not_an_attempt_was_in_doubt() {
    for fault in [Fault::Fail, Fault::LoseAcknowledgement] {
        for other in ["other", "othe", "longer than mine", ""] {
            let World { client, memory, .. } = world(FaultPlan::new(1).nth(0, fault));
            memory.overwrite(&key("a"), body(other));
            let result = client.create(&key("a"), body("mine."));
            assert!(matches!(result, Err(StoreError::AlreadyExists { .. })), "{result:?}");
        }
    }
    let World { client, record, .. } = world(FaultPlan::new(1));
    client.create(&key("a"), body("same")).unwrap();
    let again = client.create(&key("a"), body("same"));
    // Without a doubt there is nothing to read back: an equal object of somebody else's is a conflict.
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    assert_eq!(record.count(Action::Get, ""), 0);
}

#[test]
fn damage_on_the_way_back_does_not_make_a_conflict_of_ones_own_object() {
    for fault in [Fault::FlipBit, Fault::Shorten] {
        let plan = FaultPlan::new(5)
            .nth(0, Fault::LoseAcknowledgement)
            .nth(0, fault)
            .only(Action::Get)
            .nth(1, fault)
            .only(Action::Get)
            .nth(2, Fault::Reset)
            .only(Action::Get);
        let World { client, .. } = world(plan);
        client.create(&key("a"), body("a body of some length, so that damage differs")).unwrap();
    }
}

#[test]
fn who_may_add_packs_but_not_read_them_recognises_his_own_by_their_names_and_sizes() {
    let options = RetryOptions { used_once: vec!["packs/"], ..RetryOptions::default() };
    let plan = || {
        FaultPlan::new(1)
            .nth(0, Fault::LoseAcknowledgement)
            .only(Action::Create)
            .from(0, Fault::Deny)
            .only(Action::Get)
            .nth(0, Fault::Reset)
            .only(Action::List)
    };
    let World { client, counters, .. } = world_with(plan(), options.clone());
    client.create(&key("packs/00/a"), body("mine")).unwrap();
    assert_eq!(counters.read().lost_acknowledgements, 1);

    let World { client, memory, .. } = world_with(plan(), options.clone());
    memory.overwrite(&key("packs/00/a"), body("of another size"));
    let other = client.create(&key("packs/00/a"), body("mine"));
    assert!(matches!(other, Err(StoreError::AlreadyExists { .. })), "{other:?}");

    // Anywhere else a size proves nothing: a fence may have that of a snapshot.
    let World { client, .. } = world_with(plan(), options);
    let unknown = client.create(&key("snapshots/host/a"), body("mine"));
    assert!(matches!(unknown, Err(StoreError::Denied { .. })), "{unknown:?}");
}

#[test]
fn a_lost_acknowledgement_of_a_swap_is_success_with_the_version_that_stands() {
    let World { client, .. } =
        world(FaultPlan::new(1).nth(0, Fault::LoseAcknowledgement).nth(2, Fault::Reset));
    let one = client.swap(&key("gc/state"), None, body("1")).unwrap();
    let two = client.swap(&key("gc/state"), Some(one.clone()), body("2")).unwrap();
    let conflict = client.swap(&key("gc/state"), Some(one), body("3"));
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "{conflict:?}");
    assert!(client.get(&key("gc/state")).unwrap() == (body("2"), two));
}

#[test]
fn a_swap_that_may_have_been_swapped_away_since_is_no_conflict_but_in_doubt() {
    let World { client, memory, .. } =
        world(FaultPlan::new(1).nth(1, Fault::LoseAcknowledgement).only(Action::Swap));
    let one = client.swap(&key("gc/state"), None, body("1")).unwrap();
    // Another writer wins against both attempts.
    memory.overwrite(&key("gc/state"), body("other"));
    let conflict = client.swap(&key("gc/state"), Some(one), body("2"));
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "refused at once: {conflict:?}");

    let World { client, memory, .. } = world(FaultPlan::new(1).nth(1, Fault::Fail).only(Action::Swap));
    let one = client.swap(&key("gc/state"), None, body("1")).unwrap();
    memory.overwrite(&key("gc/state"), body("other"));
    let doubtful = client.swap(&key("gc/state"), Some(one), body("2")).unwrap_err();
    assert!(doubtful.is_transient(), "{doubtful:?}");
}

#[test]
fn an_answer_cut_off_on_its_way_is_asked_for_again() {
    let plan = FaultPlan::new(7).nth(0, Fault::Shorten).only(Action::GetRange);
    let World { client, record, .. } = world(plan);
    client.create(&key("a"), body("0123456789")).unwrap();
    assert_eq!(client.get_range(&key("a"), 2..9).unwrap(), body("2345678"));
    assert_eq!(record.count(Action::GetRange, ""), 2);
    // Where the object itself is short, asking again helps nothing.
    assert!(matches!(client.get_range(&key("a"), 5..11), Err(StoreError::ShortRead { .. })));
    assert_eq!(record.count(Action::GetRange, ""), 3);
}

#[test]
fn deletes_are_repeated_and_stay_deletes() {
    let plan = FaultPlan::new(1).nth(0, Fault::LoseAcknowledgement).only(Action::Delete);
    let World { client, memory, .. } = world(plan);
    client.create(&key("a"), body("a")).unwrap();
    client.delete(&key("a")).unwrap();
    assert!(memory.is_empty());
}

#[test]
fn a_store_that_always_stalls_costs_the_attempts_and_their_time_limits_and_no_more() {
    let options = RetryOptions { attempts: 3, ..RetryOptions::default() };
    let World { client, clock, counters, .. } = world_with(FaultPlan::new(1).from(0, Fault::Stall), options);
    let error = client.stat(&key("a")).unwrap_err();
    assert!(error.is_transient());
    assert_eq!(counters.read().timed_out, 3);
    let limit = TimeLimits::default().operation * 3 + RetryOptions::default().longest_wait;
    assert!(clock.now() < limit, "{:?}", clock.now());
}

#[test]
fn counting_by_swaps_is_exact_whatever_acknowledgements_are_lost() {
    for seed in 0..50 {
        let plan = FaultPlan::new(seed)
            .chance(0.2, Fault::LoseAcknowledgement)
            .chance(0.1, Fault::Stall)
            .chance(0.1, Fault::Reset);
        let World { client, memory, .. } = world(plan);
        let key = key("gc/state");
        let mut version = client.swap(&key, None, body("0")).unwrap();
        for n in 1..20 {
            version = client.swap(&key, Some(version), body(&n.to_string())).unwrap();
        }
        let plain = Client::new(Arc::new(memory)).unwrap();
        assert_eq!(plain.get(&key).unwrap().0, body("19"));
    }
}
