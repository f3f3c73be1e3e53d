//! Tests of the number of operations at once: by a virtual clock, against models of stores.

use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::store::clock::{Clock as _, VirtualClock};
use crate::store::connections::{Connection, ConnectionOptions, Connections, Outcome};
use crate::store::counters::Counters;
use crate::store::error::StoreError;

struct World {
    clock: VirtualClock,
    counters: Arc<Counters>,
    connections: Connections,
}

fn world(initial: usize, max: usize) -> World {
    let (clock, counters) = (VirtualClock::default(), Arc::<Counters>::default());
    let options = ConnectionOptions { initial, max };
    let connections = Connections::new(&options, Arc::new(clock.clone()), Arc::clone(&counters));
    World { clock, counters, connections }
}

fn enter(connections: &Connections) -> Option<Connection<'_>> {
    match pin!(connections.enter()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(connection) => Some(connection),
        Poll::Pending => None,
    }
}

fn throttled(after: Option<Duration>) -> Result<(), StoreError> {
    Err(StoreError::Throttled { location: "s".into(), key: "k".into(), action: "read", after })
}

fn timed_out() -> Result<(), StoreError> {
    let source = io::Error::from(io::ErrorKind::TimedOut);
    Err(StoreError::Io { location: "s".into(), key: "k".into(), action: "read", source })
}

impl World {
    /// Fills every place, has somebody wait, lets all end after `took`, and says how many there were.
    fn round(&self, took: Duration, result: &Result<(), StoreError>) -> usize {
        let began = self.clock.now();
        let mut under_way = Vec::new();
        while let Some(connection) = enter(&self.connections) {
            under_way.push(connection);
        }
        self.clock.advance(took);
        let count = under_way.len();
        for connection in under_way {
            connection.leave(&Outcome::of(result, began, took, 1 << 20));
        }
        count
    }
}

#[test]
fn it_begins_small_and_doubles_up_to_the_bound() {
    let world = world(4, 50);
    let sizes: Vec<usize> = (0..6).map(|_| world.round(Duration::from_millis(100), &Ok(()))).collect();
    assert_eq!(sizes, [4, 8, 16, 32, 50, 50]);
    assert_eq!(world.counters.read().connections_peak, 50);
}

#[test]
fn throttling_and_time_outs_halve_it_once_a_round_and_then_it_grows_by_one() {
    for strain in [throttled(None), timed_out()] {
        let world = world(32, 64);
        assert_eq!(world.round(Duration::from_millis(100), &strain), 32);
        assert_eq!((world.connections.limit(), world.counters.read().back_offs), (16, 1));
        let sizes: Vec<usize> = (0..4).map(|_| world.round(Duration::from_millis(100), &Ok(()))).collect();
        assert_eq!(sizes, [16, 17, 18, 19]);
        for _ in 0..20 {
            world.round(Duration::from_millis(100), &strain);
        }
        assert_eq!(world.connections.limit(), 1, "one is always left");
        assert_eq!(world.round(Duration::from_millis(100), &Ok(())), 1);
    }
}

#[test]
fn where_more_at_once_only_queue_it_stops_growing_well_before_the_bound() {
    // A store that does 100 operations a second however many there are at once, and none in less than
    // 80 ms: 8 at once are all it bears.
    let world = world(2, 1000);
    let mut sizes = Vec::new();
    for _ in 0..300 {
        let took = Duration::from_millis((world.connections.limit() as u64 * 10).max(80));
        sizes.push(world.round(took, &Ok(())));
    }
    assert!(sizes.iter().all(|size| *size <= 32), "{sizes:?}");
    let settled = &sizes[5..];
    let few = settled.iter().filter(|size| **size < 8).count();
    assert!(few * 10 < settled.len(), "only while the best of times is measured: {sizes:?}");
}

#[test]
fn what_the_store_gives_may_change_for_good() {
    let world = world(4, 64);
    for _ in 0..10 {
        world.round(Duration::from_millis(100), &Ok(()));
    }
    assert_eq!(world.connections.limit(), 64);
    // Ten times slower, but however many there are at once: that is no queue.
    for _ in 0..60 {
        world.round(Duration::from_millis(1000), &Ok(()));
    }
    assert_eq!(world.connections.limit(), 4);
    for _ in 0..200 {
        world.round(Duration::from_millis(1000), &Ok(()));
    }
    assert!(world.connections.limit() >= 32, "{}", world.connections.limit());
}

#[test]
fn a_store_that_throttles_beyond_a_number_is_kept_just_about_there() {
    let world = world(2, 1000);
    let mut sizes = Vec::new();
    for _ in 0..300 {
        let result = if world.connections.limit() > 20 { throttled(None) } else { Ok(()) };
        sizes.push(world.round(Duration::from_millis(50), &result));
    }
    let settled = &sizes[50..];
    assert!(settled.iter().all(|size| (10..=21).contains(size)), "{settled:?}");
}

#[test]
fn what_is_not_used_does_not_grow() {
    let world = world(4, 50);
    for _ in 0..100 {
        let began = world.clock.now();
        let connection = enter(&world.connections).unwrap();
        world.clock.advance(Duration::from_millis(10));
        connection.leave(&Outcome::of(&Ok(()), began, Duration::from_millis(10), 1000));
    }
    assert_eq!(world.connections.limit(), 4);
}

#[test]
fn a_store_that_wants_to_be_left_alone_is_left_alone_by_everybody() {
    let world = world(4, 50);
    let connection = enter(&world.connections).unwrap();
    let result = throttled(Some(Duration::from_secs(7)));
    connection.leave(&Outcome::of(&result, Duration::ZERO, Duration::ZERO, 0));
    let _next = enter(&world.connections).unwrap();
    assert_eq!(world.clock.now(), Duration::from_secs(7));
}

#[test]
fn failures_of_the_network_say_nothing_of_what_the_store_bears() {
    let world = world(8, 50);
    let source = io::Error::from(io::ErrorKind::ConnectionReset);
    let reset = Err(StoreError::Io { location: "s".into(), key: "k".into(), action: "read", source });
    for _ in 0..10 {
        assert_eq!(world.round(Duration::from_millis(10), &reset), 8);
    }
}

#[test]
fn whoever_gives_up_waiting_or_working_leaves_the_place_to_others() {
    let world = world(2, 2);
    let one = enter(&world.connections).unwrap();
    let two = enter(&world.connections).unwrap();
    assert!(enter(&world.connections).is_none());
    drop(one);
    let three = enter(&world.connections).unwrap();
    drop((two, three));
    assert_eq!(world.round(Duration::ZERO, &Ok(())), 2);
}
