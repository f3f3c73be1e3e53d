//! A server that means harm: names that lead elsewhere, listings without an end, sizes that lie, answers
//! that never stop. Each ends soon, with an error that says what was wrong, and takes little memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fake::{Circle, Fake, Fault};
use super::{client, key, patient};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::s3::answers::ANSWER_MAX_BYTES;
use crate::store::tuning::{Tuning, wrap};

/// What is on its way when somebody stops listening: buffers of the system and of the client.
const IN_FLIGHT_BYTES: u64 = 16 << 20;

#[test]
fn names_that_lead_out_of_the_repository_are_none_of_its_objects() {
    let fake = Fake::locking();
    let client = client(patient(&fake));
    for name in [
        "pre/fix/../../etc/passwd",
        "pre/fix/packs/../../../root/.ssh/authorized_keys",
        "pre/fix//etc/passwd",
        "pre/fix/packs/./x",
        "pre/fix/packs/..",
        "pre/fix/packs/a\\..\\b",
        "pre/fix/packs/a\nb",
        "../pre/fix/config",
        "/etc/passwd",
    ] {
        fake.put_behind(name, b"x");
    }
    fake.put_behind(&format!("pre/fix/packs/{}", "x".repeat(5000)), b"x");
    fake.put_behind("pre/fix/packs/00/good", b"x");
    let listed: Vec<String> = client.list("").unwrap().into_iter().map(|meta| meta.key.to_string()).collect();
    assert_eq!(listed, ["packs/00/good"]);
    let versions = client.finish(client.store().vault().unwrap().versions("")).unwrap();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

#[test]
fn listings_that_lead_nowhere_end_with_an_error_that_says_so() {
    for circle in [Circle::OneToken, Circle::NewTokens, Circle::Nothing, Circle::LongTokens] {
        let fake = Fake::locking();
        let client = client(patient(&fake));
        for n in 0..3 {
            fake.put_behind(&format!("pre/fix/packs/00/{n}"), b"x");
        }
        fake.list_in_circles(circle);
        let begun = Instant::now();
        let error = client.list("").unwrap_err();
        let is_told = matches!(&error, StoreError::Service { is_transient: false, .. });
        assert!(is_told && error.to_string().contains("listing"), "{circle:?}: {error}");
        let error = client.finish(client.store().vault().unwrap().versions("")).unwrap_err();
        assert!(error.to_string().contains("listing"), "{circle:?}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(120), "{circle:?} took {:?}", begun.elapsed());
    }
}

#[test]
fn names_of_versions_and_states_that_no_request_could_bear_are_passed_over() {
    let fake = Fake::locking();
    let client = client(patient(&fake));
    fake.put_behind("pre/fix/packs/00/a", b"x");
    fake.bucket(|bucket| bucket.rename_version("pre/fix/packs/00/a", &"v".repeat(100_000)));
    let vault = client.store().vault().unwrap();
    assert_eq!(client.finish(vault.versions("")).unwrap(), []);
    assert_eq!(client.list("").unwrap().len(), 1);
}

#[test]
fn a_listing_that_comes_by_single_bytes_is_given_up() {
    let fake = Fake::locking();
    for n in 0..3 {
        fake.put_behind(&format!("pre/fix/packs/00/{n}"), b"x");
    }
    let client = client(fake.store(""));
    let begun = Instant::now();
    fake.fail([Fault::Trickle]);
    let error = client.list("").unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    fake.fail([Fault::Trickle]);
    let error = client.finish(client.store().vault().unwrap().versions("")).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn answers_that_never_end_are_cut_off() {
    let fake = Fake::locking();
    fake.put_behind("pre/fix/config", b"0123456789");
    let client = client(patient(&fake));
    type Ask = fn(&Client) -> Option<StoreError>;
    let asks: [(u64, Ask); 7] = [
        (1000, |client| client.get_bounded(&key("config"), 1000).err()),
        (1000, |client| client.get_range(&key("config"), 0..1000).err()),
        (ANSWER_MAX_BYTES, |client| client.list("").err()),
        (ANSWER_MAX_BYTES, |client| client.delete(&key("config")).err()),
        (ANSWER_MAX_BYTES, |client| client.create(&key("packs/00/a"), bytes::Bytes::new()).err()),
        (ANSWER_MAX_BYTES, |client| client.finish(client.store().vault()?.versions("")).err()),
        (ANSWER_MAX_BYTES, |client| {
            client.finish(client.store().vault()?.retention(&key("config"), None)).err()
        }),
    ];
    for status in [200, 404, 500] {
        for (n, (bound, ask)) in asks.iter().enumerate() {
            let before = fake.flooded();
            fake.fail([Fault::Flood(status)]);
            let begun = Instant::now();
            let error = ask(&client);
            // What is no object's body is looked at for what it says, and that is bounded as well.
            let bound = if status == 200 { *bound } else { ANSWER_MAX_BYTES };
            let taken = fake.flooded() - before;
            assert!(taken <= bound + IN_FLIGHT_BYTES, "{status}, {n}: {taken} bytes were taken");
            // To delete what is not there is no failure, and more than the status nobody needs to know.
            let is_deleted = (status, n) == (404, 3);
            assert!(error.is_some() || is_deleted, "{status}, {n}: such an answer is no success");
            assert!(begun.elapsed() < Duration::from_secs(20), "{status}, {n}");
        }
    }
}

#[test]
fn sizes_that_lie_are_found_out_before_memory_is_given() {
    let fake = Fake::locking();
    fake.put_behind("pre/fix/config", b"0123456789");
    let client = client(patient(&fake));
    for claimed in [0, 1, 1 << 40, i64::MAX as u64] {
        fake.claim_size("pre/fix/config", claimed);
        assert_eq!(client.list("").unwrap()[0].size, claimed);
        // Whoever reads it reads what is there, whatever was claimed.
        assert_eq!(client.get_bounded(&key("config"), 100).unwrap().0, "0123456789");
        assert_eq!(client.get_range(&key("config"), 2..5).unwrap(), "234");
        let error = client.get_range(&key("config"), 5..20).unwrap_err();
        assert!(matches!(error, StoreError::ShortRead { .. }), "{claimed}: {error:?}");
    }
}

#[test]
fn a_wrapped_store_gives_up_what_never_ends_within_its_time() {
    let fake = Fake::locking();
    fake.put_behind("pre/fix/packs/00/a", b"x");
    fake.list_in_circles(Circle::Nothing);
    let mut tuning = Tuning::default();
    tuning.time_limits.listing = Duration::from_millis(50);
    tuning.retries.attempts = 2;
    let client = Client::new(wrap(Arc::new(patient(&fake)), &tuning)).unwrap();
    let begun = Instant::now();
    for error in [
        client.list("").unwrap_err(),
        client.finish(client.store().vault().unwrap().versions("")).unwrap_err(),
    ] {
        assert!(error.to_string().contains("pre/fix"), "{error}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
