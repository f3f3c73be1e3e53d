//! Finds out whether a store keeps what a repository rests on, by racing real requests.
//!
//! Everything else may be slow or fail; but where an object can be replaced that must not be, or what
//! was written is not there when it is looked for, a collector could delete what a writer still needs.
//! A store that breaks this once in a few hundred races is named and not used.

use std::panic::resume_unwind;
use std::sync::Barrier;
use std::thread;

use bytes::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::store::Version;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;

/// Requests that race for one key.
const RACERS: usize = 8;
/// Races of each sort.
const ROUNDS: usize = 5;
/// The longer a body takes on its way, the wider a race is open.
const BODY_BYTES: usize = 64 << 10;

/// One property of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Property {
    /// Of racing creates exactly one wins, and nothing is replaced.
    CreateOnly,
    /// Of racing swaps of one state exactly one wins.
    CompareAndSwap,
    /// What was written is read, looked at and listed at once.
    ReadAfterWrite,
    /// Ranged reads give exactly the bytes asked for, and ends are found.
    Ranges,
    /// What is deleted is gone at once, and deleting it again is no error.
    Deletes,
}

impl Property {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Property; 5] = [
        Property::CreateOnly,
        Property::CompareAndSwap,
        Property::ReadAfterWrite,
        Property::Ranges,
        Property::Deletes,
    ];

    /// Its name, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Property::CreateOnly => "create-only",
            Property::CompareAndSwap => "compare-and-swap",
            Property::ReadAfterWrite => "read-after-write",
            Property::Ranges => "ranges",
            Property::Deletes => "deletes",
        }
    }
}

/// What was found out of one property.
#[derive(Debug)]
pub struct Finding {
    /// Which.
    pub property: Property,
    /// `None` where it holds; otherwise what happened instead.
    pub fault: Option<String>,
}

/// Tries every property on `client`, below a new folder of `probe/` that is removed again. An error is
/// a store that could not be tried, not one that is unsound.
pub fn probe(client: &Client) -> Result<Vec<Finding>, StoreError> {
    let place = Place { client, folder: format!("probe/{}", random_name(client)?) };
    // Whether there is anybody is found out by one question, not by a crowd.
    match client.stat(&place.key("create-0")?) {
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(error),
        Ok(_) => return Err(StoreError::AlreadyExists { location: client.location(), key: place.folder }),
    }
    let mut findings = Vec::new();
    let mut failure = None;
    for property in Property::ALL {
        let tried = match property {
            Property::CreateOnly => place.creates(),
            Property::CompareAndSwap => place.swaps(),
            Property::ReadAfterWrite => place.reads_after_writes(),
            Property::Ranges => place.ranges(),
            Property::Deletes => place.deletes(),
        };
        match tried {
            Ok(fault) => findings.push(Finding { property, fault }),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    let cleaned = place.clean();
    match failure {
        Some(error) => Err(error),
        None => cleaned.map(|()| findings),
    }
}

/// A key below `probe/` where nothing stands.
pub fn spare_key(client: &Client) -> Result<Key, StoreError> {
    Key::new(format!("probe/{}/spare", random_name(client)?))
}

fn random_name(client: &Client) -> Result<String, StoreError> {
    let mut bytes = [0u8; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Unsupported {
        location: client.location(),
        why: "the operating system gives no randomness".into(),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Place<'a> {
    client: &'a Client,
    folder: String,
}

type Tried = Result<Option<String>, StoreError>;

impl Place<'_> {
    fn key(&self, name: &str) -> Result<Key, StoreError> {
        Key::new(format!("{}/{name}", self.folder))
    }

    /// Lets `racer` run on many threads at once.
    fn race<T: Send>(&self, racer: impl Fn(usize) -> T + Sync) -> Vec<T> {
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
            // A racer panics only where this program is wrong, and then that is what should be told.
            let join = |one: thread::ScopedJoinHandle<'_, T>| {
                one.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            threads.into_iter().map(join).collect()
        })
    }

    /// Tries something `ROUNDS` times, all at once: where a server makes racers wait for each other, they do
    /// so for seconds. What is unsound is told before what could not be tried.
    fn rounds(&self, round: impl Fn(usize) -> Tried + Sync) -> Tried {
        let tried: Vec<Tried> = thread::scope(|scope| {
            let round = &round;
            let threads: Vec<_> = (0..ROUNDS).map(|n| scope.spawn(move || round(n))).collect();
            // As a racer's.
            threads.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        let mut failure = None;
        for one in tried {
            match one {
                Ok(None) => {}
                Ok(fault) => return Ok(fault),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    fn creates(&self) -> Tried {
        self.rounds(|round| {
            let mut unclear_rounds = 0;
            loop {
                let key = self.key(&format!("create-{round}-{unclear_rounds}"))?;
                let results = self.race(|n| self.client.create(&key, body(round, n)));
                let race = Race::of(results, |error| matches!(error, StoreError::AlreadyExists { .. }));
                if let Some(fault) = race.fault("creates of one object") {
                    return Ok(Some(fault));
                }
                let Some(error) = race.unclear else {
                    return self.created(&key, round, race.winners.first().map_or(RACERS, |(n, ())| *n));
                };
                unclear_rounds += 1;
                if unclear_rounds > ROUNDS || !error.is_transient() {
                    return Err(error);
                }
            }
        })
    }

    /// Whether `key` holds what its one `winner` wrote, whatever comes later.
    fn created(&self, key: &Key, round: usize, winner: usize) -> Tried {
        match self.client.create(key, body(round, RACERS)) {
            Err(StoreError::AlreadyExists { .. }) => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(Some("an object that was there already was replaced".into())),
        }
        let is_kept = self.client.get_bounded(key, 2 * BODY_BYTES as u64)?.0 == body(round, winner);
        let fault = "what is read is not what the one create wrote that was acknowledged";
        Ok((!is_kept).then(|| fault.into()))
    }

    fn swaps(&self) -> Tried {
        self.rounds(|round| {
            let key = self.key(&format!("swap-{round}"))?;
            let mut unclear_rounds = 0;
            let mut version = self.client.swap(&key, None, body(round, RACERS))?;
            loop {
                let swap = |n| self.client.swap(&key, Some(version.clone()), body(round, n));
                let race = Race::of(self.race(swap), |error| matches!(error, StoreError::Conflict { .. }));
                if let Some(fault) = race.fault("swaps of one state") {
                    return Ok(Some(fault));
                }
                let (got, current) = self.client.get_bounded(&key, 2 * BODY_BYTES as u64)?;
                let Some(error) = race.unclear else {
                    let is_won = |(n, won): &(usize, Version)| got == body(round, *n) && *won == current;
                    if !race.winners.first().is_some_and(is_won) {
                        return Ok(Some(
                            "what is read is not what the one swap wrote that was acknowledged".into(),
                        ));
                    }
                    return match self.client.swap(&key, Some(version), body(round, RACERS)) {
                        Err(StoreError::Conflict { .. }) => Ok(None),
                        Err(error) => Err(error),
                        Ok(_) => Ok(Some("an object was replaced though it had changed meanwhile".into())),
                    };
                };
                unclear_rounds += 1;
                if unclear_rounds > ROUNDS || !error.is_transient() {
                    return Err(error);
                }
                version = current;
            }
        })
    }

    fn reads_after_writes(&self) -> Tried {
        for round in 0..ROUNDS {
            let key = self.key(&format!("read/{round}"))?;
            self.client.create(&key, body(round, 0))?;
            if self.client.get_bounded(&key, 2 * BODY_BYTES as u64)?.0 != body(round, 0) {
                return Ok(Some("what is read is not what was written".into()));
            }
            if self.client.stat(&key)?.size != BODY_BYTES as u64 {
                return Ok(Some("the size is not that of what was written".into()));
            }
            let listed = self.client.list(&format!("{}/read/", self.folder))?;
            if listed.len() != round + 1 || !listed.iter().any(|meta| meta.key == key) {
                return Ok(Some("what was written is not listed at once".into()));
            }
        }
        Ok(None)
    }

    fn ranges(&self) -> Tried {
        let key = self.key("range")?;
        let whole = body(1, 1);
        self.client.create(&key, whole.clone())?;
        let size = BODY_BYTES as u64;
        for (from, to) in [(0, 1), (0, size), (17, 4711), (size - 1, size)] {
            // Both are at most the body's length.
            if self.client.get_range(&key, from..to)? != whole[from as usize..to as usize] {
                return Ok(Some(format!("bytes {from}..{to} are not those that were written")));
            }
        }
        for range in [size - 1..size + 1, size..size + 1] {
            match self.client.get_range(&key, range.clone()) {
                Err(StoreError::ShortRead { .. }) => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(Some(format!("bytes {range:?} were given, which are not there"))),
            }
        }
        Ok(None)
    }

    fn deletes(&self) -> Tried {
        let key = self.key("delete")?;
        self.client.create(&key, body(0, 0))?;
        self.client.delete(&key)?;
        self.client.delete(&key)?;
        match self.client.stat(&key) {
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
            Ok(_) => return Ok(Some("what was deleted is still there".into())),
        }
        self.client.create(&key, body(0, 1))?;
        Ok(None)
    }

    fn clean(&self) -> Result<(), StoreError> {
        for meta in self.client.list(&format!("{}/", self.folder))? {
            self.client.delete(&meta.key)?;
        }
        Ok(())
    }
}

/// How a race ended.
struct Race<T> {
    winners: Vec<(usize, T)>,
    /// What kept a racer from learning whether it had won.
    unclear: Option<StoreError>,
}

impl<T> Race<T> {
    fn of(results: Vec<Result<T, StoreError>>, lost: impl Fn(&StoreError) -> bool) -> Self {
        let mut race = Race { winners: Vec::new(), unclear: None };
        for (n, result) in results.into_iter().enumerate() {
            match result {
                Ok(won) => race.winners.push((n, won)),
                Err(error) if lost(&error) => {}
                Err(error) => race.unclear = Some(error),
            }
        }
        race
    }

    /// What is wrong with that. Nobody has won only where nobody is in the dark.
    fn fault(&self, what: &str) -> Option<String> {
        let winners = self.winners.len();
        let sound = winners == 1 || (winners == 0 && self.unclear.is_some());
        (!sound).then(|| format!("{winners} of {RACERS} racing {what} were acknowledged; exactly one may be"))
    }
}

fn body(round: usize, racer: usize) -> Bytes {
    // Both are small.
    let pattern = [round as u8, racer as u8, 0x5a];
    pattern.iter().copied().cycle().take(BODY_BYTES).collect()
}
