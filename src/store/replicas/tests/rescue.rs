//! Good copies in the place of bad ones.

use super::*;

#[test]
fn a_bad_copy_is_found_passed_over_and_replaced() {
    let (memories, stores) = memories(3);
    let client = client_of(stores);
    let name = key("packs/00/a");
    client.create(&name, body("good")).unwrap();
    memories[0].delete_now(&name).unwrap();
    memories[0].create_now(&name, &body("evil")).unwrap();
    memories[2].delete_now(&name).unwrap();
    let found = client.rescue(&name, 100, &|copy| *copy == body("good"));
    assert_eq!(found, Some(Rescued { body: body("good"), is_everywhere: true }));
    for memory in &memories {
        assert_eq!(memory.get_now(&name, 9).unwrap().0, body("good"));
    }
    assert_eq!(client.rescue(&name, 100, &|_| false), None);
    let state = client.store().replicas().unwrap().set().state();
    assert_eq!(state.replicas.iter().map(|one| one.repaired_objects).collect::<Vec<_>>(), [1, 0, 1]);
}

#[test]
fn what_was_brought_back_is_everywhere_only_if_every_replica_has_it() {
    let (_, mut stores) = memories(3);
    let name = key("packs/00/a");
    client_of(stores.clone()).create(&name, body("good")).unwrap();
    stores[1] = failing(Arc::clone(&stores[1]));
    let found = client_of(stores).rescue(&name, 100, &|copy| *copy == body("good"));
    assert_eq!(found, Some(Rescued { body: body("good"), is_everywhere: false }));
}

#[test]
fn healing_looks_at_every_copy_of_a_replica_that_is_left_alone_for_its_damage() {
    let (memories, stores) = memories(3);
    let client = client_of(stores);
    let names: Vec<Key> = (0..9).map(|n| key(&format!("packs/00/{n}"))).collect();
    for name in &names {
        client.create(name, body("good")).unwrap();
        memories[0].delete_now(name).unwrap();
        memories[0].create_now(name, &body("evil")).unwrap();
    }
    let set = client.store().replicas().unwrap().set();
    names.iter().take(3).for_each(|name| set.members()[0].returned_damage(name));
    for name in &names {
        assert_eq!(set.members()[0].state(), State::Open);
        let found = client.heal(name, 100, &|copy| *copy == body("good"));
        assert_eq!(found, Some(Rescued { body: body("good"), is_everywhere: true }));
        assert_eq!(memories[0].get_now(name, 9).unwrap().0, body("good"));
    }
}

#[test]
fn the_only_good_copy_is_taken_from_a_replica_that_is_left_alone() {
    let (memories, stores) = memories(3);
    let (client, name) = (client_of(stores), key("packs/00/a"));
    client.create(&name, body("good")).unwrap();
    for memory in &memories[1..] {
        memory.delete_now(&name).unwrap();
        memory.create_now(&name, &body("evil")).unwrap();
    }
    let member = &client.store().replicas().unwrap().set().members()[0];
    (0..3).for_each(|n| member.returned_damage(&key(&format!("packs/01/{n}"))));
    assert_eq!(member.state(), State::Open);
    let found = client.rescue(&name, 100, &|copy| *copy == body("good"));
    assert_eq!(found, Some(Rescued { body: body("good"), is_everywhere: true }));
    assert_eq!(memories[2].get_now(&name, 9).unwrap().0, body("good"));
}

#[test]
fn a_damaged_pack_that_could_not_be_replaced_stays_queued() {
    let (memories, stores) = memories(3);
    let (client, name) = (client_of(stores), key("packs/00/a"));
    client.create(&name, body("good")).unwrap();
    memories[2].delete_now(&name).unwrap();
    memories[2].create_now(&name, &body("evil")).unwrap();
    let set = client.store().replicas().unwrap().set();
    set.missed(&set.members()[2], &name, Task::Put);
    assert_eq!(drain(&client), 1, "which of the two is good is not known");
    client.rescue(&name, 100, &|copy| *copy == body("good")).unwrap();
    assert_eq!(drain(&client), 0);
}

#[test]
fn where_valid_copies_differ_a_damaged_one_is_not_given_to_either() {
    let (memories, stores) = memories(3);
    let client = client_of(stores);
    let name = key("snapshots/h/s");
    for (memory, text) in memories.iter().zip(["damaged", "valid fence", "valid snapshot"]) {
        memory.create_now(&name, &body(text)).unwrap();
    }
    let found = client.rescue(&name, 100, &|copy| copy.starts_with(b"valid"));
    assert_eq!(found, Some(Rescued { body: body("valid fence"), is_everywhere: false }));
    let texts: Vec<Bytes> = memories.iter().map(|one| one.get_now(&name, 99).unwrap().0).collect();
    assert_eq!(texts, [body("damaged"), body("valid fence"), body("valid snapshot")]);
}

#[test]
fn what_only_a_replica_that_returns_damage_has_is_still_listed() {
    let (memories, stores) = memories(2);
    let (client, name) = (client_of(stores), key("snapshots/h/s"));
    client.create(&name, body("s")).unwrap();
    memories[1].delete_now(&name).unwrap();
    let member = &client.store().replicas().unwrap().set().members()[0];
    (0..3).for_each(|n| member.returned_damage(&key(&format!("index/{n}"))));
    assert_eq!(member.state(), State::Open);
    assert_eq!(client.list("snapshots/").unwrap().len(), 1);
    assert_eq!(client.get(&name).unwrap().0, body("s"));
}
