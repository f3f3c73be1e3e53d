//! Reads of a set of replicas: going on elsewhere, hedges, what stalls, and large reads in pieces.

use super::*;

#[test]
fn reads_go_on_elsewhere_and_what_is_missing_is_queued() {
    for policy in ReadPolicy::ALL {
        let (memories, stores) = memories(3);
        let replicas = opened(stores);
        let set = ReplicatedStore::new(replicas, SetOptions { policy, ..quick() }, None).unwrap();
        let client = Client::new(Arc::new(set)).unwrap();
        for n in 0..30 {
            client.create(&key(&format!("packs/00/{n}")), body("0123456789")).unwrap();
            memories[n % 3].delete_now(&key(&format!("packs/00/{n}"))).unwrap();
        }
        for n in 0..30 {
            let key = key(&format!("packs/00/{n}"));
            assert_eq!(client.get_range(&key, 2..5).unwrap(), body("234"));
            assert_eq!(client.get(&key).unwrap().0.len(), 10);
            assert_eq!(client.stat(&key).unwrap().size, 10);
        }
        assert_eq!(drain(&client), 0);
        assert!(memories.iter().map(MemoryStore::len).sum::<usize>() > 60, "{policy:?}");
    }
}

#[test]
fn what_does_not_verify_is_read_elsewhere_next_and_who_returns_damage_is_left() {
    for policy in ReadPolicy::ALL {
        let (_, mut stores) = memories(3);
        let good = body(&"good".repeat(100));
        let names: Vec<Key> = (0..60).map(|n| key(&format!("packs/00/{n}"))).collect();
        let whole = client_of(stores.clone());
        names.iter().for_each(|name| whole.create(name, good.clone()).unwrap());
        let plan = FaultPlan::new(0).from(0, Fault::FlipBit).only(Action::GetRange);
        let plan = plan.from(0, Fault::FlipBit).only(Action::Get);
        stores[0] = Arc::new(FaultyStore::new(Arc::clone(&stores[0]), plan));
        let set = ReplicatedStore::new(opened(stores), SetOptions { policy, ..quick() }, None).unwrap();
        let client = Client::new(Arc::new(set)).unwrap();
        let members = client.store().replicas().unwrap().set().members();
        let mut damaged = 0;
        let is_good = |copy: &Bytes| *copy == good;
        for name in names.iter().take_while(|_| members[0].state() == State::Closed) {
            let reads = (1..=3).find(|_| {
                let is_right = is_good(&client.get_range(name, 0..good.len() as u64).unwrap());
                if !is_right {
                    client.doubt(name);
                }
                is_right
            });
            if reads.unwrap_or_else(|| panic!("{policy:?}: nobody has {name} undamaged")) > 1 {
                damaged += 1;
                client.rescue(name, 1000, &is_good).unwrap();
            }
        }
        // Some policies ask the first seldom.
        let is_left = (damaged, members[0].state()) == (3, State::Open);
        let asks_all = matches!(policy, ReadPolicy::RoundRobin | ReadPolicy::Hash);
        assert!(is_left || !asks_all && damaged < 3, "{policy:?}: {damaged}, {:?}", members[0].state());
        assert!(members[1..].iter().all(|member| member.state() == State::Closed));
    }
}

#[test]
fn slow_reads_are_hedged_within_the_budget() {
    let slow = Slow::new(0);
    let (_, mut stores) = memories(2);
    stores[0] = Arc::new(slow.clone());
    let mut replicas = opened(stores);
    replicas[0].spec.weight = 1000;
    let options = SetOptions { policy: ReadPolicy::LeastConnections, ..quick() };
    let client = Client::new(Arc::new(ReplicatedStore::new(replicas, options, None).unwrap())).unwrap();
    client.create(&key("packs/00/a"), body("0123456789")).unwrap();
    let read = || client.get_range(&key("packs/00/a"), 0..10).unwrap();
    let hedged = || client.with_replicas(|set| std::future::ready(set.hedged())).unwrap();
    for _ in 0..200 {
        read();
    }
    slow.set(600);
    let before = hedged();
    let began = Instant::now();
    for _ in 0..6 {
        read();
    }
    assert!(hedged() > before);
    assert!(began.elapsed() < Duration::from_millis(3000), "{:?}", began.elapsed());
    assert!(hedged() * 100 <= 206 * 3);
}

#[test]
fn reads_leave_a_replica_that_stalls_and_come_back_to_it() {
    thread::scope(|scope| {
        for policy in ReadPolicy::ALL {
            scope.spawn(move || stall_and_come_back(policy));
        }
    });
}

fn stall_and_come_back(policy: ReadPolicy) {
    let slow = Slow::new(0);
    let (_, mut stores) = memories(3);
    stores[0] = Arc::new(slow.clone());
    let set = ReplicatedStore::new(opened(stores), SetOptions { policy, ..quick() }, None).unwrap();
    let client = Client::new(Arc::new(set)).unwrap();
    for n in 0..60 {
        client.create(&key(&format!("packs/00/{n}")), body("0123456789")).unwrap();
    }
    let began = Instant::now();
    slow.set(60_000);
    for n in 0..60 {
        assert_eq!(client.get_range(&key(&format!("packs/00/{n}")), 0..4).unwrap(), body("0123"));
    }
    client.list("packs/").unwrap();
    assert!(began.elapsed() < Duration::from_secs(12), "{policy:?} {:?}", began.elapsed());
    slow.set(0);
    // The breaker lets a trial through after a while, and then everything.
    let member = &client.store().replicas().unwrap().set().members()[0];
    let deadline = Instant::now() + Duration::from_secs(30);
    while member.state() != State::Closed && Instant::now() < deadline {
        client.get_range(&key("packs/00/1"), 0..4).unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(member.state(), State::Closed, "{policy:?}");
}

#[test]
fn a_replica_that_stands_still_from_the_start_does_not_hold_up_large_reads() {
    let slow = Slow::new(0);
    let (_, mut stores) = memories(3);
    stores[2] = Arc::new(slow.clone());
    let large = Bytes::from(vec![7; 6 << 20]);
    client_of(stores.clone()).create(&key("packs/00/a"), large.clone()).unwrap();
    slow.set(600_000);
    for policy in ReadPolicy::ALL {
        let options = SetOptions { policy, ..quick() };
        let set = ReplicatedStore::new(opened(stores.clone()), options, None).unwrap();
        let client = Client::new(Arc::new(set)).unwrap();
        let began = Instant::now();
        for _ in 0..6 {
            assert_eq!(client.get_range(&key("packs/00/a"), 0..large.len() as u64).unwrap(), large);
        }
        // By the slowest transfer alone it would be waited for one and a half minutes, each time.
        assert!(began.elapsed() < Duration::from_secs(25), "{policy:?} {:?}", began.elapsed());
    }
}

/// Bytes that are different everywhere.
fn long(bytes: u64) -> Bytes {
    (0..bytes).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 13) as u8).collect::<Vec<u8>>().into()
}

#[test]
fn a_large_read_in_pieces_is_what_it_would_be_in_one_whatever_becomes_of_a_replica() {
    let (memories, stores) = memories(3);
    let whole = long(5 * PIECE_BYTES + 12_345);
    let name = key("packs/10/a");
    let client = client_of(stores.clone());
    client.create(&name, whole.clone()).unwrap();
    let end = whole.len() as u64;
    let ranges =
        [0..end, 1..end, 7..7 + 2 * PIECE_BYTES, PIECE_BYTES - 1..end - 1, 5..5 + 2 * PIECE_BYTES - 1];
    let assert_reads = |client: &Client| {
        for range in ranges.clone() {
            let expected = whole.slice(range.start as usize..range.end as usize);
            assert!(client.get_range(&name, range.clone()).unwrap() == expected, "{range:?}");
        }
        for range in [0..end + 1, end - PIECE_BYTES..end + PIECE_BYTES, 0..u64::MAX] {
            let read = client.get_range(&name, range.clone());
            assert!(matches!(read, Err(StoreError::ShortRead { .. })), "{range:?}: {read:?}");
        }
    };
    assert_reads(&client);
    // One is dead, one fails now and then.
    let plan = FaultPlan::new(5).chance(0.3, Fault::Fail);
    let flaky = Arc::new(FaultyStore::new(stores[1].clone(), plan)) as Arc<dyn Store>;
    assert_reads(&client_of(vec![failing(stores[0].clone()), flaky, stores[2].clone()]));
    // One has lost it, and one has it cut off.
    memories[0].delete_now(&name).unwrap();
    memories[1].overwrite(&name, whole.slice(..1000));
    let client = client_of(stores);
    for range in ranges {
        let expected = whole.slice(range.start as usize..range.end as usize);
        assert!(client.get_range(&name, range.clone()).unwrap() == expected, "{range:?}");
    }
}

#[test]
fn an_object_that_a_large_read_finds_missing_is_missed_once_whatever_its_pieces() {
    let (memories, stores) = memories(3);
    let directory = tempfile::tempdir().unwrap();
    let mut replicas = opened(stores);
    replicas[0].spec.weight = 1000;
    let set = ReplicatedStore::new(replicas, quick(), Some(directory.path())).unwrap();
    let client = Client::new(Arc::new(set.clone())).unwrap();
    let name = key("packs/10/a");
    let whole = long(8 * PIECE_BYTES);
    client.create(&name, whole.clone()).unwrap();
    memories[0].delete_now(&name).unwrap();
    for _ in 0..2 {
        assert!(client.get_range(&name, 0..8 * PIECE_BYTES).unwrap() == whole);
    }
    assert_eq!(set.set().members()[0].missed.load(Ordering::SeqCst), 1);
    let journal = std::fs::read_to_string(directory.path().join("r0.queue")).unwrap();
    assert_eq!(journal.matches("put ").count(), 1, "{journal}");
}

#[test]
fn only_who_asks_the_fast_for_more_reads_in_pieces() {
    for policy in ReadPolicy::ALL {
        let (_, stores) = memories(3);
        let set = ReplicatedStore::new(opened(stores), SetOptions { policy, ..quick() }, None).unwrap();
        let expected = matches!(policy, ReadPolicy::Fastest | ReadPolicy::LeastConnections);
        assert_eq!(set.set().is_worth_pieces(&(0..4 * PIECE_BYTES)), expected, "{policy:?}");
        assert!(!set.set().is_worth_pieces(&(0..PIECE_BYTES)), "{policy:?}");
    }
}

#[test]
fn large_reads_come_from_all_replicas_at_once_in_proportion_to_their_speed() {
    // Mebibytes a second.
    let speeds = [32u64, 16, 8];
    let (memories, _) = memories(3);
    let (size, packs) = (24 << 20, 8u64);
    for n in 0..packs {
        let body = long(size);
        for memory in &memories {
            memory.create_now(&key(&format!("packs/10/{n}")), &body).unwrap();
        }
    }
    let delayed: Vec<DelayedStore> = memories
        .iter()
        .zip(speeds)
        .map(|(memory, speed)| {
            let latency =
                Latency { round_trip: Duration::from_millis(5), bytes_per_second: Some(speed << 20) };
            DelayedStore::new(Arc::new(memory.clone()), latency)
        })
        .collect();
    let client = client_of(delayed.iter().map(|one| Arc::new(one.clone()) as Arc<dyn Store>).collect());
    let began = Instant::now();
    // Several packs at once, as a restore asks for them.
    thread::scope(|scope| {
        for thread in 0..4 {
            let client = &client;
            scope.spawn(move || {
                for n in (thread..packs).step_by(4) {
                    let read = client.get_range(&key(&format!("packs/10/{n}")), 0..size).unwrap();
                    assert_eq!(read.len() as u64, size);
                }
            });
        }
    });
    let took = began.elapsed().as_secs_f64();
    let received: Vec<u64> = delayed.iter().map(|one| one.traffic().received_bytes).collect();
    let all: u64 = received.iter().sum();
    // What is dealt out before anything is known goes evenly, and a few reads are hedged.
    let unknown = PIECE_BYTES * PIECES_PER_REPLICA as u64;
    assert!(all < size * packs * 106 / 100 + unknown, "{received:?}");
    let fair = |n: usize| size * packs * speeds[n] / speeds.iter().sum::<u64>();
    for n in 0..3 {
        let bounds = fair(n).saturating_sub(unknown * 2)..=fair(n) + unknown * 2;
        assert!(bounds.contains(&received[n]), "{received:?}, of {n} {bounds:?}");
    }
    // How long it takes depends on what else the machine does; that all three work is what makes it short.
    let alone = (size * packs) as f64 / (speeds[0] << 20) as f64;
    println!("{received:?} bytes at {speeds:?} MiB/s in {took:.2} s; {alone:.2} s from the fastest alone");
}
