//! Writers that see different replicas, at the same key.

use super::*;

/// Clients of hosts that each see only some of the same replicas, as `views` say.
fn hosts(stores: &[Arc<dyn Store>], views: &[Vec<bool>]) -> Vec<Client> {
    let seen = |view: &Vec<bool>| {
        let one = |(store, sees): (&Arc<dyn Store>, &bool)| match sees {
            true => Arc::clone(store),
            false => failing(Arc::clone(store)),
        };
        client_of(stores.iter().zip(view).map(one).collect())
    };
    views.iter().map(seen).collect()
}

#[test]
fn writers_that_see_different_replicas_never_both_win_a_contested_key() {
    let mut won_rounds = 0;
    for round in 0..300u64 {
        let count = [2, 3, 3, 4, 5][(round % 5) as usize];
        let (memories, stores) = memories(count);
        let random = |n: u64| mix(round * 1000 + n);
        let views: Vec<Vec<bool>> = (0..3u64)
            .map(|host| (0..count as u64).map(|n| random(host * 16 + n) & 7 > 2).collect())
            .collect();
        let contested = key("snapshots/h/s");
        let clients = hosts(&stores, &views);
        let results: Vec<_> = thread::scope(|scope| {
            let write = |(n, client): (usize, &Client)| {
                let (client, contested) = (client.clone(), &contested);
                scope.spawn(move || client.create(contested, body(&format!("host {n}"))))
            };
            let threads: Vec<_> = clients.iter().enumerate().map(write).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let winners: Vec<usize> = (0..3).filter(|n| results[*n].is_ok()).collect();
        assert!(winners.len() <= 1, "round {round}: {views:?} {results:?}");
        // Everybody who comes later, and sees everything, finds the winner's body.
        let later = client_of(stores);
        if let Some(winner) = winners.first() {
            won_rounds += 1;
            let wanted = body(&format!("host {winner}"));
            assert_eq!(later.get(&contested).unwrap().0, wanted, "round {round}");
            let again = later.create(&contested, body("late"));
            assert!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
            for (client, result) in clients.iter().zip(&results) {
                if matches!(result, Err(StoreError::AlreadyExists { .. })) {
                    assert!(client.get(&contested).is_ok_and(|(found, _)| found == wanted));
                }
            }
            assert_eq!(drain(&later), 0);
            let healed = memories.iter().filter(|one| one.get_now(&contested, 99).is_ok()).count();
            assert!(healed > count / 2);
        }
    }
    assert!(won_rounds > 100, "{won_rounds}");
}

#[test]
fn counting_by_swaps_from_hosts_that_see_different_replicas_loses_nothing_that_was_acknowledged() {
    for round in 0..30u64 {
        let (_, stores) = memories(3);
        let counter = key("gc/state");
        client_of(stores.clone()).swap(&counter, None, body("0")).unwrap();
        let views: Vec<Vec<bool>> = (0..4u64)
            .map(|host| (0..3u64).map(|n| mix(round * 100 + host * 8 + n) & 3 > 0).collect())
            .collect();
        let clients = hosts(&stores, &views);
        let counts: Vec<(u64, u64)> = thread::scope(|scope| {
            let count = |client: &Client| {
                let (client, counter) = (client.clone(), &counter);
                scope.spawn(move || {
                    let (mut sure, mut unsure) = (0, 0);
                    for _ in 0..10 {
                        let Ok((text, version)) = client.get(counter) else { continue };
                        let next = String::from_utf8_lossy(&text).parse::<u64>().unwrap() + 1;
                        match client.swap(counter, Some(version), body(&next.to_string())) {
                            Ok(_) => sure += 1,
                            Err(StoreError::Conflict { .. }) => {}
                            Err(_) => unsure += 1,
                        }
                    }
                    (sure, unsure)
                })
            };
            let threads: Vec<_> = clients.iter().map(count).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let found = client_of(stores).get(&counter).unwrap().0;
        let found: u64 = String::from_utf8_lossy(&found).parse().unwrap();
        let (sure, unsure) = counts.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert!((sure..=sure + unsure).contains(&found), "round {round}: {found} of {counts:?} {views:?}");
    }
}

#[test]
fn a_follower_that_stalls_holds_up_neither_swaps_nor_deletes_and_is_brought_up_to_date_later() {
    let slow = Slow::new(0);
    let (_, mut stores) = memories(3);
    stores[2] = Arc::new(slow.clone());
    let set = ReplicatedStore::new(opened(stores), SetOptions::default(), None).unwrap();
    let client = Client::new(Arc::new(set)).unwrap();
    let (led, other) = (key("gc/state"), key("gc/other"));
    let version = client.swap(&led, None, body("0")).unwrap();
    client.swap(&other, None, body("3")).unwrap();
    slow.set(60_000);
    let began = Instant::now();
    let version = client.swap(&led, Some(version), body("1")).unwrap();
    client.swap(&led, Some(version), body("2")).unwrap();
    client.delete(&other).unwrap();
    // Each of the requests that it got used to be waited for twenty seconds.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let member = &client.store().replicas().unwrap().set().members()[2];
    assert_eq!(member.queue.len(), 2);
    assert_ne!(member.state(), State::Closed);
    slow.set(0);
    assert_eq!(drain(&client), 0);
    assert_eq!(slow.inner.get_now(&led, 99).unwrap().0, body("2"));
    assert!(slow.inner.get_now(&other, 99).is_err());
}

#[test]
fn a_leader_that_has_lost_a_key_hears_of_it_from_the_slowest_follower() {
    let slow = Slow::new(0);
    let (memories, mut stores) = memories(3);
    stores[2] = Arc::new(slow.clone());
    let led = key("gc/state");
    let without_one = vec![Arc::clone(&stores[0]), failing(Arc::clone(&stores[1])), Arc::clone(&stores[2])];
    client_of(without_one).swap(&led, None, body("1")).unwrap();
    memories[0].delete_now(&led).unwrap();
    slow.set(1500);
    let set = ReplicatedStore::new(opened(stores), SetOptions::default(), None).unwrap();
    let client = Client::new(Arc::new(set)).unwrap();
    assert!(matches!(client.swap(&led, None, body("2")), Err(StoreError::Conflict { .. })));
    assert_eq!(memories[0].get_now(&led, 9).unwrap().0, body("1"));
}
