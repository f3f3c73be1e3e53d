//! Fetching again what does not verify.
//!
//! Bytes can be damaged on their way or by one bad server of many, and then another fetch brings them
//! whole. Only what is damaged every time is damaged where it lies.

use std::io;

use bytes::Bytes;

use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;

/// How often what does not verify is fetched again. Where a tenth of all bodies arrive damaged, one of
/// ten thousand is still damaged after so many.
pub const REFETCHES_MAX: u32 = 3;

/// How often what nobody can verify is read until it reads as it did before.
const SETTLING_MAX: u32 = 8;

/// What `read`, which fetches and verifies, comes to; it runs again while `is_damage` says of its error
/// that what was fetched did not verify.
pub fn with_refetch<T, E>(
    is_damage: impl Fn(&E) -> bool,
    mut read: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    for _ in 0..REFETCHES_MAX {
        match read() {
            Err(error) if is_damage(&error) => {}
            result => return result,
        }
    }
    read()
}

/// The whole object, for a caller who cannot verify it: read until two readings in a row agree.
pub fn get_settled(client: &Client, key: &Key, max_bytes: u64) -> Result<Bytes, StoreError> {
    let (mut before, _) = client.get_bounded(key, max_bytes)?;
    for _ in 0..SETTLING_MAX {
        let (now, _) = client.get_bounded(key, max_bytes)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
    Err(StoreError::Io {
        location: client.location(),
        key: key.to_string(),
        action: "read",
        source: io::Error::other("it reads differently every time"),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::{REFETCHES_MAX, get_settled, with_refetch};
    use crate::store::action::Action;
    use crate::store::client::Client;
    use crate::store::faulty::{Fault, FaultPlan, FaultyStore};
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    #[test]
    fn damage_is_fetched_again_and_anything_else_is_not() {
        let run = |failures: u32, error: &'static str| {
            let mut calls = 0;
            let result = with_refetch(
                |error: &&str| *error == "damage",
                || {
                    calls += 1;
                    if calls <= failures { Err(error) } else { Ok(calls) }
                },
            );
            (result, calls)
        };
        assert_eq!(run(0, "damage"), (Ok(1), 1));
        assert_eq!(run(2, "damage"), (Ok(3), 3));
        assert_eq!(run(2, "denied"), (Err("denied"), 1));
        assert_eq!(run(99, "damage"), (Err("damage"), REFETCHES_MAX + 1));
    }

    #[test]
    fn what_cannot_be_verified_is_read_until_two_readings_agree() {
        let read = |plan: FaultPlan| {
            let memory = MemoryStore::new();
            let key = Key::new("a").unwrap();
            let body = Bytes::from(vec![7; 1000]);
            memory.overwrite(&key, body.clone());
            let store = FaultyStore::new(Arc::new(memory), plan);
            let client = Client::new(Arc::new(store.clone())).unwrap();
            (get_settled(&client, &key, 1000).map(|got| got == body), store.operations())
        };
        assert!(matches!(read(FaultPlan::new(1)), (Ok(true), 2)));
        let plan = FaultPlan::new(1).nth(0, Fault::FlipBit).nth(2, Fault::Shorten).only(Action::Get);
        assert!(matches!(read(plan), (Ok(true), 5)));
        let (never, _) = read(FaultPlan::new(1).from(0, Fault::FlipBit));
        assert!(never.unwrap_err().to_string().contains("read a"));
    }
}
