//! Snapshots made to do harm: refused with a clear word, and nothing outside the target is touched.

use super::world::{Place, World, entry, link};
use crate::base::error_kind::ErrorKind;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

fn refused(make: impl FnOnce(&mut World) -> Vec<Entry>, word: &str) {
    let mut world = World::default();
    let bad = make(&mut world);
    let chunks = world.raw_tree(bad);
    let bad = Entry { mode: 0o755, chunks, ..entry("bad", EntryKind::Dir) };
    let good = world.file("good", b"good");
    let origin = world.origin(vec![bad, good]);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(summary.kind(), Some(ErrorKind::Damage), "{word}");
    assert!(summary.failed.iter().any(|lost| lost.why.contains(word)), "{word}: {:?}", summary.failed);
    assert_eq!(place.read("good"), b"good");
    let outside: Vec<_> = place.base.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(outside.len(), 2, "{outside:?}");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["..", ".", "a/b", "/etc/passwd", "../escape", "", "a\0b"] {
        refused(|world| vec![world.file(name, b"evil")], "leads elsewhere");
    }
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    refused(
        |world| {
            let file = world.file("authorized_keys", b"evil");
            let dir = world.dir("x", vec![file]);
            vec![link("x", b"/root/.ssh"), dir]
        },
        "twice",
    );
    refused(|world| vec![world.file("b", b"1"), world.file("a", b"2")], "out of order");
}

#[test]
fn lengths_that_do_not_add_up_are_refused() {
    for size in [0, 1, 99, 101, u64::MAX] {
        refused(
            |world| {
                let file = world.file("f", &[7; 100]);
                vec![Entry { size, ..file }]
            },
            "do not add up",
        );
    }
}

#[test]
fn a_tree_that_contains_itself_ends() {
    let mut world = World::default();
    let list = world.raw_tree(Vec::new());
    let again = |list: &ChunkList| Entry { chunks: list.clone(), ..entry("again", EntryKind::Dir) };
    let inner = world.raw_tree(vec![again(&list)]);
    world.replace_tree(&list, vec![Entry { chunks: inner, ..entry("inner", EntryKind::Dir) }]);
    let top = Entry { chunks: list, ..entry("top", EntryKind::Dir) };
    let origin = world.origin(vec![top]);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(summary.kind(), Some(ErrorKind::Damage));
    assert!(summary.failed[0].why.contains("contains itself"), "{:?}", summary.failed);
}

#[test]
fn trees_nested_without_end_end() {
    let mut world = World::default();
    let mut entries = vec![entry("leaf", EntryKind::File)];
    for _ in 0..5000 {
        entries = vec![world.dir("d", entries)];
    }
    let origin = world.origin(entries);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(summary.kind(), Some(ErrorKind::Damage));
    assert!(summary.failed[0].why.contains("nested too deep"), "{:?}", summary.failed);
}

#[test]
fn a_hard_link_to_what_is_not_restored_is_not_made_up() {
    let mut world = World::default();
    let mut one = world.file("a", &[1; 5000]);
    one.hardlink = Some((1, 1));
    let mut two = world.file("b", &[1; 5000]);
    two.hardlink = Some((1, 1));
    let origin = world.origin(vec![one.clone(), two]);
    world.forget_chunk(&one.chunks.ids[0]);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(summary.failed.len(), 2, "{summary:?}");
    assert!(place.names().is_empty());
}
