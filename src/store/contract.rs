//! The contract of [`crate::store::Store`] as a test that every backend and wrapper runs, here and in
//! integration tests of backends to come. It panics where the contract is broken.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use bytes::Bytes;

use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::{Store, Version};

const RACERS: usize = 8;
const ROUNDS: usize = 12;

/// Checks every clause of the contract that can be seen from outside, on stores that `make` makes
/// new and empty each time.
pub fn check_contract(make: impl Fn() -> Arc<dyn Store>) {
    let new = || Client::new(make()).expect("a client of a new store");
    for check in [
        what_is_created_is_read,
        creating_never_replaces,
        what_is_missing_is_not_found,
        ranges_are_exact,
        bounds_are_kept,
        swaps_compare,
        listings_are_complete_and_sorted,
        deleting_is_repeatable,
        background_creates_arrive,
        one_racing_create_wins,
        one_racing_swap_wins,
        counting_by_swaps_loses_nothing,
        readers_see_whole_objects,
        listings_hold_what_stays,
    ] {
        check(&new());
    }
}

fn key(name: &str) -> Key {
    Key::new(name).expect("a key of the contract's own")
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn read(client: &Client, key: &Key) -> (Bytes, Version) {
    client.get(key).unwrap_or_else(|error| panic!("{key} must be readable: {error}"))
}

fn what_is_created_is_read(client: &Client) {
    let large = Bytes::from((0..3_000_000u32).map(|n| (n % 251) as u8).collect::<Vec<_>>());
    for (name, body) in [("config", body("c")), ("packs/00/empty", Bytes::new()), ("packs/00/large", large)] {
        let key = key(name);
        client.create(&key, body.clone()).expect("creating a new object");
        assert!(read(client, &key).0 == body, "{name} must read as it was written");
        let meta = client.stat(&key).expect("an object just created has metadata");
        assert_eq!((meta.key, meta.size), (key, body.len() as u64), "metadata of {name}");
    }
}

fn creating_never_replaces(client: &Client) {
    let key = key("packs/ab/x");
    client.create(&key, body("first")).expect("creating a new object");
    let again = client.create(&key, body("second"));
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "a second create must say so: {again:?}");
    let swap = client.swap(&key, None, body("third"));
    assert!(matches!(swap, Err(StoreError::Conflict { .. })), "a swap for nothing must conflict: {swap:?}");
    assert_eq!(read(client, &key).0, body("first"), "a refused write must change nothing");
}

fn what_is_missing_is_not_found(client: &Client) {
    client.create(&key("packs/00/there"), body("x")).expect("creating a new object");
    for missing in ["config", "packs/00/missing", "packs/01/there", "packs"] {
        let missing = key(missing);
        for (what, error) in [
            ("get", client.get(&missing).err()),
            ("get_bounded", client.get_bounded(&missing, 10).err()),
            ("get_range", client.get_range(&missing, 0..1).err()),
            ("empty get_range", client.get_range(&missing, 0..0).err()),
            ("stat", client.stat(&missing).err()),
        ] {
            assert!(matches!(error, Some(StoreError::NotFound { .. })), "{what} of {missing}: {error:?}");
        }
    }
    assert!(client.list("index/").expect("an empty listing").is_empty(), "nothing is under index/");
}

fn ranges_are_exact(client: &Client) {
    let key = key("packs/00/r");
    client.create(&key, body("0123456789")).expect("creating a new object");
    for (range, expected) in [(0..10, "0123456789"), (3..7, "3456"), (9..10, "9"), (0..0, ""), (10..10, "")] {
        let got = client.get_range(&key, range.clone()).unwrap_or_else(|error| panic!("{range:?}: {error}"));
        assert_eq!(got, body(expected), "{range:?}");
    }
    for range in [0..11, 9..11, 10..11, 11..11, 11..12, 0..u64::MAX, u64::MAX - 1..u64::MAX] {
        let got = client.get_range(&key, range.clone());
        assert!(matches!(got, Err(StoreError::ShortRead { .. })), "{range:?}: {got:?}");
    }
}

fn bounds_are_kept(client: &Client) {
    let key = key("config");
    client.create(&key, body("0123456789")).expect("creating a new object");
    assert_eq!(client.get_bounded(&key, 10).expect("an object of just the bound").0, body("0123456789"));
    let got = client.get_bounded(&key, 9);
    assert!(matches!(got, Err(StoreError::TooLarge { size: 10, max: 9, .. })), "{got:?}");
}

fn swaps_compare(client: &Client) {
    let key = key("gc/state");
    let first = client.swap(&key, None, body("1")).expect("a first swap");
    assert!(read(client, &key) == (body("1"), first.clone()), "a swap returns the version that is read");
    let second = client.swap(&key, Some(first.clone()), body("2")).expect("a swap from what was read");
    assert_ne!(first, second, "another state has another version");
    for expected in [None, Some(first), Some(Version::new("no such version"))] {
        let swap = client.swap(&key, expected.clone(), body("3"));
        assert!(matches!(swap, Err(StoreError::Conflict { .. })), "{expected:?} is not the state: {swap:?}");
    }
    assert!(read(client, &key) == (body("2"), second.clone()), "a refused swap must change nothing");
    client.delete(&key).expect("deleting");
    let swap = client.swap(&key, Some(second), body("3"));
    assert!(matches!(swap, Err(StoreError::Conflict { .. })), "what was deleted has no version: {swap:?}");
    client.swap(&key, None, body("4")).expect("a swap for nothing, of nothing");
}

fn listings_are_complete_and_sorted(client: &Client) {
    // '-' and '.' sort before '/', digits and letters after it: folders and names must not part.
    let mut names =
        vec!["config", "a-b", "a/b", "a.b", "a/b0/c", "a0", "packs-x", "packs/ff/1", "packs/00/2"];
    for name in &names {
        client.create(&key(name), body(name)).expect("creating a new object");
    }
    names.sort_unstable();
    let listed = |prefix: &str| -> Vec<(String, u64)> {
        let list = client.list(prefix).expect("a listing");
        list.into_iter().map(|meta| (meta.key.to_string(), meta.size)).collect()
    };
    let expected = |prefix: &str| -> Vec<(String, u64)> {
        let under = names.iter().filter(|name| name.starts_with(prefix));
        under.map(|name| ((*name).to_owned(), name.len() as u64)).collect()
    };
    for prefix in ["", "packs/", "packs/00/", "a/", "none/", "config/"] {
        assert_eq!(listed(prefix), expected(prefix), "listing of {prefix:?}");
    }
    for wrong in ["packs", "/", "../", "packs//", "packs/../"] {
        let list = client.list(wrong);
        assert!(matches!(list, Err(StoreError::InvalidKey { .. })), "{wrong:?} is no prefix: {list:?}");
    }
}

fn deleting_is_repeatable(client: &Client) {
    let key = key("packs/00/d");
    client.delete(&key).expect("deleting what never was");
    client.create(&key, body("1")).expect("creating a new object");
    client.delete(&key).expect("deleting");
    client.delete(&key).expect("deleting what is gone");
    assert!(client.get(&key).is_err_and(|error| error.is_not_found()), "what is deleted is not found");
    assert!(client.list("").expect("a listing").is_empty(), "what is deleted is not listed");
    client.create(&key, body("2")).expect("a deleted key is free again");
    assert_eq!(read(client, &key).0, body("2"));
}

fn background_creates_arrive(client: &Client) {
    let begin = |n: usize| client.create_in_background(key(&format!("packs/bg/{n}")), body(&n.to_string()));
    let pending: Vec<_> = (0..RACERS).map(begin).collect();
    for one in pending {
        one.wait().expect("a create in the background");
    }
    assert_eq!(client.list("packs/bg/").expect("a listing").len(), RACERS);
    let again = begin(0).wait();
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
}

/// Runs `racer` on many threads at once, and returns what each came to.
fn race<T: Send>(racer: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(RACERS);
    thread::scope(|scope| {
        let start = |n| {
            let (barrier, racer) = (&barrier, &racer);
            scope.spawn(move || {
                barrier.wait();
                racer(n)
            })
        };
        let threads: Vec<_> = (0..RACERS).map(start).collect();
        threads.into_iter().map(|one| one.join().expect("a racing thread")).collect()
    })
}

fn one_racing_create_wins(client: &Client) {
    for round in 0..ROUNDS {
        // A folder of its own each time: making it is part of the race.
        let key = key(&format!("snapshots/host-{round}/s"));
        let results = race(|n| {
            // Half of them swap: a create and a swap that expects nothing race for the same thing.
            let mine = body(&format!("{n}-{}", "x".repeat(10_000)));
            match n % 2 {
                0 => client.create(&key, mine),
                _ => client.swap(&key, None, mine).map(|_| ()),
            }
        });
        let winners: Vec<usize> = (0..RACERS).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(winners.len(), 1, "exactly one wins, in round {round}: {results:?}");
        for (n, lost) in results.iter().enumerate().filter(|(_, result)| result.is_err()) {
            let told = match n % 2 {
                0 => matches!(lost, Err(StoreError::AlreadyExists { .. })),
                _ => matches!(lost, Err(StoreError::Conflict { .. })),
            };
            assert!(told, "a loser is told so: {lost:?}");
        }
        let got = read(client, &key).0;
        assert!(got.starts_with(winners[0].to_string().as_bytes()), "the winner's body stays");
    }
}

fn one_racing_swap_wins(client: &Client) {
    let key = key("gc/state");
    let mut version = client.swap(&key, None, body("start")).expect("a first swap");
    for round in 0..ROUNDS {
        let results = race(|n| client.swap(&key, Some(version.clone()), body(&format!("{round} by {n}"))));
        let winners: Vec<usize> = (0..RACERS).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(winners.len(), 1, "exactly one swap wins, in round {round}: {results:?}");
        let (got, current) = read(client, &key);
        assert_eq!(got, body(&format!("{round} by {}", winners[0])), "the winner's body stays");
        version = current;
    }
}

fn counting_by_swaps_loses_nothing(client: &Client) {
    let key = key("gc/counter");
    client.swap(&key, None, body("0")).expect("a first swap");
    race(|_| {
        for _ in 0..4 {
            loop {
                let (text, version) = read(client, &key);
                let count: u64 = String::from_utf8_lossy(&text).parse().expect("a counter is seen whole");
                match client.swap(&key, Some(version), body(&(count + 1).to_string())) {
                    Ok(_) => break,
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => panic!("a racing swap: {error}"),
                }
            }
        }
    });
    assert_eq!(read(client, &key).0, body(&(4 * RACERS).to_string()), "every increment counts once");
}

fn readers_see_whole_objects(client: &Client) {
    const LENGTH: usize = 300_000;
    let keys: Vec<Key> = (0..ROUNDS).map(|n| key(&format!("packs/w/{n}"))).collect();
    race(|n| {
        for (round, key) in keys.iter().enumerate() {
            if n == 0 {
                client.create(key, Bytes::from(vec![round as u8; LENGTH])).expect("creating a new object");
                continue;
            }
            loop {
                match client.get(key) {
                    Err(error) if error.is_not_found() => thread::yield_now(),
                    Err(error) => panic!("reading while it is created: {error}"),
                    Ok((got, _)) => {
                        let whole = got.len() == LENGTH && got.iter().all(|byte| *byte == round as u8);
                        assert!(whole, "{key} was seen before it was whole");
                        assert_eq!(client.stat(key).expect("what was read is there").size, LENGTH as u64);
                        break;
                    }
                }
            }
        }
    });
}

fn listings_hold_what_stays(client: &Client) {
    let staying: BTreeSet<Key> = (0..40).map(|n| key(&format!("packs/{}/stays-{n}", n % 4))).collect();
    for key in &staying {
        client.create(key, body("x")).expect("creating a new object");
    }
    let over = AtomicBool::new(false);
    race(|n| {
        if n == 0 {
            for _ in 0..ROUNDS {
                let list = client.list("packs/").expect("listing while others come and go");
                let keys: Vec<Key> = list.into_iter().map(|meta| meta.key).collect();
                assert!(keys.is_sorted_by(|a, b| a < b), "a listing is sorted and holds each key once");
                let seen = keys.iter().filter(|key| staying.contains(key)).count();
                assert_eq!(seen, staying.len(), "a listing holds everything that was there all the time");
            }
            over.store(true, Ordering::Release);
        }
        for round in 0.. {
            if over.load(Ordering::Acquire) {
                break;
            }
            let key = key(&format!("packs/{}/goes-{n}", round % 5));
            client.create(&key, body("y")).expect("creating a new object");
            client.delete(&key).expect("deleting");
        }
    });
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use bytes::Bytes;

    use super::check_contract;
    use crate::store::error::StoreError;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;
    use crate::store::{BlockingStore, ObjectMeta, Version};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Breach {
        CreateLooksFirstThenWrites,
        SwapReadsFirstThenWrites,
        CreateReplaces,
        SwapIgnoresTheVersion,
        DeleteOfNothingFails,
        RangesStopAtTheEnd,
        BoundsAreIgnored,
        ListingLosesOne,
        ListingTakesAnyPrefix,
        BodiesLoseTheirEnd,
    }

    /// A store in memory that breaks one clause.
    #[derive(Clone, Debug)]
    struct Broken(MemoryStore, Breach);

    impl BlockingStore for Broken {
        fn location_now(&self) -> String {
            self.0.location_now()
        }

        fn create_now(&self, key: &Key, body: &Bytes) -> Result<(), StoreError> {
            match self.1 {
                Breach::CreateLooksFirstThenWrites => {
                    if self.0.stat_now(key).is_ok() {
                        return self.0.create_now(key, body);
                    }
                    std::thread::yield_now();
                    self.0.overwrite(key, body.clone());
                    Ok(())
                }
                Breach::CreateReplaces => {
                    self.0.overwrite(key, body.clone());
                    Ok(())
                }
                Breach::BodiesLoseTheirEnd => self.0.create_now(key, &body.slice(..body.len().min(1 << 20))),
                _ => self.0.create_now(key, body),
            }
        }

        fn swap_now(
            &self,
            key: &Key,
            expected: Option<&Version>,
            body: &Bytes,
        ) -> Result<Version, StoreError> {
            let current = self.0.get_now(key, u64::MAX).ok().map(|(_, version)| version);
            match self.1 {
                Breach::SwapIgnoresTheVersion => self.0.swap_now(key, current.as_ref(), body),
                Breach::SwapReadsFirstThenWrites if current.as_ref() == expected => {
                    std::thread::yield_now();
                    self.0.overwrite(key, body.clone());
                    Ok(Version::of_contents(body.clone()))
                }
                _ => self.0.swap_now(key, expected, body),
            }
        }

        fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
            self.0.get_now(key, if self.1 == Breach::BoundsAreIgnored { u64::MAX } else { max_bytes })
        }

        fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
            if self.1 != Breach::RangesStopAtTheEnd {
                return self.0.get_range_now(key, range);
            }
            let size = self.0.stat_now(key)?.size;
            self.0.get_range_now(key, range.start.min(size)..range.end.min(size))
        }

        fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
            self.0.stat_now(key)
        }

        fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
            if self.1 == Breach::ListingTakesAnyPrefix {
                return self.0.list_now("");
            }
            let mut list = self.0.list_now(prefix)?;
            if self.1 == Breach::ListingLosesOne {
                list.pop();
            }
            Ok(list)
        }

        fn delete_now(&self, key: &Key) -> Result<(), StoreError> {
            if self.1 == Breach::DeleteOfNothingFails {
                self.0.stat_now(key)?;
            }
            self.0.delete_now(key)
        }
    }

    #[test]
    fn every_breach_is_found_out() {
        for breach in [
            Breach::CreateLooksFirstThenWrites,
            Breach::SwapReadsFirstThenWrites,
            Breach::CreateReplaces,
            Breach::SwapIgnoresTheVersion,
            Breach::DeleteOfNothingFails,
            Breach::RangesStopAtTheEnd,
            Breach::BoundsAreIgnored,
            Breach::ListingLosesOne,
            Breach::ListingTakesAnyPrefix,
            Breach::BodiesLoseTheirEnd,
        ] {
            // A race needs its chance on a busy machine: it may be lost once, not twenty times.
            let found = (0..20).any(|_| {
                let check = || check_contract(|| Arc::new(Broken(MemoryStore::new(), breach)));
                catch_unwind(AssertUnwindSafe(check)).is_err()
            });
            assert!(found, "{breach:?} went unnoticed");
        }
    }
}
