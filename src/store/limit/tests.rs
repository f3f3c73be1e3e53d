//! Tests of limits on bytes: by a virtual clock.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::store::client::Client;
use crate::store::clock::{Clock as _, VirtualClock};
use crate::store::connections::{ConnectionOptions, Connections};
use crate::store::contract::check_contract;
use crate::store::inline::InlineStore;
use crate::store::key::Key;
use crate::store::limit::{Bandwidth, LimitStore};
use crate::store::memory::MemoryStore;

fn limited(clock: &VirtualClock, up: Option<u64>, down: Option<u64>) -> Client {
    let bandwidth = |rate: Option<u64>| rate.map(|rate| Bandwidth::new(rate, Arc::new(clock.clone())));
    let connections =
        Connections::new(&ConnectionOptions::default(), Arc::new(clock.clone()), Arc::default());
    let memory = Arc::new(InlineStore::new(Arc::new(MemoryStore::new())));
    let (up, down) = (bandwidth(up), bandwidth(down));
    let store = LimitStore::new(memory, Arc::new(connections), up, down, Arc::new(clock.clone()));
    Client::new(Arc::new(store)).unwrap()
}

fn key(n: usize) -> Key {
    Key::new(format!("k{n}")).unwrap()
}

#[test]
fn a_limited_store_keeps_the_contract() {
    check_contract(|| {
        let clock = VirtualClock::default();
        Arc::clone(limited(&clock, Some(1 << 30), Some(1 << 30)).store())
    });
}

#[test]
fn uploads_take_as_long_as_the_limit_says_and_downloads_are_none_of_its_business() {
    let clock = VirtualClock::default();
    let client = limited(&clock, Some(1000), None);
    for n in 0..11 {
        client.create(&key(n), Bytes::from(vec![0; 2000])).unwrap();
    }
    // Ten bodies are paid for before the eleventh goes.
    assert_eq!(clock.now(), Duration::from_secs(20));
    for n in 0..11 {
        client.get(&key(n)).unwrap();
    }
    assert_eq!(clock.now(), Duration::from_secs(20));
}

#[test]
fn downloads_are_paid_for_by_those_who_come_after_them() {
    let clock = VirtualClock::default();
    let client = limited(&clock, None, Some(1000));
    client.create(&key(0), Bytes::from(vec![0; 3000])).unwrap();
    client.get(&key(0)).unwrap();
    assert_eq!(clock.now(), Duration::ZERO);
    client.get_range(&key(0), 0..500).unwrap();
    assert_eq!(clock.now(), Duration::from_secs(3));
    client.get_bounded(&key(0), 3000).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(3500));
}

#[test]
fn a_pause_is_made_up_for_but_no_longer_one_than_a_second() {
    let clock = VirtualClock::default();
    let bandwidth = Bandwidth::new(1000, Arc::new(clock.clone()));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(bandwidth.charge(1000), Duration::ZERO);
    assert_eq!(bandwidth.charge(1000), Duration::ZERO);
    assert_eq!(bandwidth.charge(1), Duration::from_secs(1));
}

#[test]
fn no_claim_of_bytes_overflows() {
    let clock = VirtualClock::default();
    let bandwidth = Bandwidth::new(0, Arc::new(clock.clone()));
    bandwidth.charge(u64::MAX);
    bandwidth.charge(u64::MAX);
    assert!(bandwidth.charge(1) > Duration::from_secs(1 << 40));
}
