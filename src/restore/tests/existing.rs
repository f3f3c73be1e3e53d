//! What is at the target already: left, compared, changed in place, removed; never anything outside.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::world::{Place, World, entry, noise};
use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Interrupt;
use crate::repo::tree::EntryKind;
use crate::restore::options::Overwrite;

#[test]
fn the_overwrite_matrix() {
    let snapshot = b"the snapshot's text";
    let other = b"quite another text!";
    // What is there, whether its time is the snapshot's, the mode, and whether the snapshot's text results.
    let cases: [(&[u8], bool, Overwrite, bool); 9] = [
        (other, true, Overwrite::Never, false),
        (other, false, Overwrite::Never, false),
        (other, true, Overwrite::IfChanged, false),
        (other, false, Overwrite::IfChanged, true),
        (b"short", true, Overwrite::IfChanged, true),
        (other, true, Overwrite::Always, true),
        (other, false, Overwrite::Always, true),
        (snapshot, true, Overwrite::Always, true),
        (b"much longer than what the snapshot has", false, Overwrite::Always, true),
    ];
    for (there, same_time, overwrite, becomes) in cases {
        let mut world = World::default();
        let entries = vec![world.file("f", snapshot), world.file("new", b"new")];
        let origin = world.origin(entries);
        let place = Place::new();
        place.put("f", there);
        if same_time {
            place.set_time("f");
        }
        let mut options = place.options.clone();
        options.overwrite = overwrite;
        let summary = world.restore(&origin, &options).unwrap();
        assert_eq!(summary.kind(), None, "{summary:?}");
        let expected: &[u8] = if becomes { snapshot } else { there };
        assert_eq!(place.read("f"), expected, "{overwrite:?} {same_time}");
        assert_eq!(place.read("new"), b"new");
        assert_eq!(summary.kept, u64::from(overwrite == Overwrite::Never));
        assert_eq!(place.names(), ["f", "new"]);
    }
}

#[test]
fn an_unchanged_tree_is_neither_fetched_nor_written() {
    let mut world = World::default();
    let entries = vec![world.file("a", &noise(300_000, 1)), world.file("b", b"b")];
    let origin = world.origin(entries);
    let place = Place::new();
    world.restore(&origin, &place.options).unwrap();
    let before = world.fetched_bytes();
    let ctime = place.target.join("a").metadata().unwrap().ctime_nsec();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!((summary.unchanged, summary.files, summary.requests), (2, 0, 0), "{summary:?}");
    assert_eq!(world.fetched_bytes(), before);
    assert_eq!(place.target.join("a").metadata().unwrap().ctime_nsec(), ctime);
    let mut options = place.options.clone();
    options.overwrite = Overwrite::Always;
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!((summary.unchanged, summary.files, summary.requests), (2, 0, 0), "{summary:?}");
}

#[test]
fn metadata_alone_is_repaired_without_fetching() {
    let mut world = World::default();
    let entries = vec![world.file("a", b"text")];
    let origin = world.origin(entries);
    let place = Place::new();
    world.restore(&origin, &place.options).unwrap();
    let path = place.target.join("a");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!((summary.requests, summary.unchanged), (0, 1));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
}

#[test]
fn only_the_chunks_that_differ_are_fetched() {
    for (size, change) in [(1 << 20, 0), (24 << 20, 0), (1 << 20, 1), (24 << 20, 2)] {
        let mut world = World::default();
        let data = noise(size, 7);
        let entries = vec![world.file("disk", &data)];
        let origin = world.origin(entries);
        let place = Place::new();
        let mut old = data.clone();
        match change {
            0 => old[size / 2] ^= 1,
            1 => drop(old.splice(0..0, b"something put in front".iter().copied())),
            _ => old.truncate(size - 5000),
        }
        place.put("disk", &old);
        let ino = place.target.join("disk").metadata().unwrap().ino();
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(summary.kind(), None, "{summary:?}");
        assert_eq!(place.read("disk"), data, "{size} {change}");
        assert!(world.fetched_bytes() < 300_000, "{size} {change}: {}", world.fetched_bytes());
        assert!(summary.reused_bytes as usize > size - 50_000, "{summary:?}");
        let is_same = place.target.join("disk").metadata().unwrap().ino() == ino;
        assert_eq!(is_same, size > 16 << 20, "large files are changed where they lie");
        assert_eq!(place.names(), ["disk"]);
    }
}

#[test]
fn a_file_with_a_name_outside_the_target_is_not_written_through() {
    let mut world = World::default();
    let entries = vec![world.file("f", b"the snapshot's")];
    let origin = world.origin(entries);
    let place = Place::new();
    place.put("f", b"shared");
    std::fs::hard_link(place.target.join("f"), place.base.join("outside")).unwrap();
    world.restore(&origin, &place.options).unwrap();
    assert_eq!(place.read("f"), b"the snapshot's");
    assert_eq!(std::fs::read(place.base.join("outside")).unwrap(), b"shared");
}

#[test]
fn a_link_in_the_way_is_replaced_and_never_followed() {
    let mut world = World::default();
    let file = world.file("f", b"inside");
    let plain = world.file("g", b"inside too");
    let entries = vec![world.dir("d", vec![file]), plain];
    let origin = world.origin(entries);
    let place = Place::new();
    let outside = place.base.join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::create_dir_all(&place.target).unwrap();
    std::fs::write(outside.join("f"), b"untouched").unwrap();
    symlink(&outside, place.target.join("d")).unwrap();
    symlink(outside.join("f"), place.target.join("g")).unwrap();
    let mut options = place.options.clone();
    options.overwrite = Overwrite::Never;
    world.restore(&origin, &options).unwrap();
    assert!(place.target.join("d").is_symlink() && place.target.join("g").is_symlink());
    let mut options = place.options.clone();
    options.delete = true;
    options.verify = true;
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!(summary.kind(), None, "{summary:?}");
    assert_eq!((place.read("d/f"), place.read("g")), (b"inside".to_vec(), b"inside too".to_vec()));
    assert!(!place.target.join("d").is_symlink());
    assert_eq!(std::fs::read(outside.join("f")).unwrap(), b"untouched");
}

#[test]
fn a_full_directory_in_the_way_of_a_file_goes_only_with_delete() {
    let mut world = World::default();
    let entries = vec![world.file("x", b"file"), world.file("y", b"file")];
    let origin = world.origin(entries);
    let place = Place::new();
    place.put("x/kept", b"1");
    std::fs::create_dir_all(place.target.join("y")).unwrap();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!((summary.refused, summary.kind()), (1, Some(ErrorKind::Partial)), "{summary:?}");
    assert_eq!((place.read("x/kept"), place.read("y")), (b"1".to_vec(), b"file".to_vec()));
    let mut options = place.options.clone();
    options.delete = true;
    assert_eq!(world.restore(&origin, &options).unwrap().kind(), None);
    assert_eq!(place.read("x"), b"file");
}

#[test]
fn delete_removes_what_the_snapshot_does_not_have_and_nothing_outside() {
    let mut world = World::default();
    let file = world.file("f", b"f");
    let data = world.dir("data", vec![file]);
    let entries = vec![world.dir("srv", vec![data])];
    let mut origin = world.origin(entries);
    origin.sources = vec!["/srv/data".into()];
    let place = Place::new();
    place.put("srv/data/extra/deep", b"x");
    place.put("srv/data/old", b"x");
    place.put("srv/data/keep.log", b"x");
    place.put("srv/beside", b"x");
    place.put("top", b"x");
    std::fs::create_dir_all(place.base.join("outside/sub")).unwrap();
    std::fs::write(place.base.join("outside/sub/file"), b"x").unwrap();
    symlink(place.base.join("outside"), place.target.join("srv/data/link")).unwrap();
    let mut options = place.options.clone();
    options.delete = true;
    options.selection.exclude = vec!["*.log".into()];
    let plan = world.plan(&origin, &options).unwrap();
    assert_eq!(plan.counts().delete, 3);
    assert!(place.has("srv/data/old"), "planning removed something");
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!(summary.deleted, 3, "{summary:?}");
    let left = ["srv", "srv/beside", "srv/data", "srv/data/f", "srv/data/keep.log", "top"];
    assert_eq!(place.names(), left);
    assert!(place.base.join("outside/sub/file").exists());
}

#[test]
fn an_incomplete_directory_of_the_snapshot_deletes_nothing() {
    let mut world = World::default();
    let mut dir = world.dir("d", vec![]);
    dir.fault = Some("permission denied".into());
    let origin = world.origin(vec![dir]);
    let place = Place::new();
    place.put("d/precious", b"x");
    let mut options = place.options.clone();
    options.delete = true;
    let summary = world.restore(&origin, &options).unwrap();
    assert!(place.has("d/precious"));
    assert!(summary.warnings.iter().any(|text| text.contains("not backed up whole")), "{summary:?}");
}

#[test]
fn an_interrupted_restore_goes_on_where_it_stopped() {
    for overwrite in [Overwrite::Never, Overwrite::IfChanged, Overwrite::Always] {
        let mut world = World::default();
        let files = (0..40u8).map(|n| world.file(&format!("f{n:02}"), &noise(100_000, n))).collect();
        let empty = entry("empty", EntryKind::File);
        let entries = vec![world.dir("d", files), empty];
        let origin = world.origin(entries);
        let place = Place::new();
        let mut options = place.options.clone();
        (options.overwrite, options.workers, options.gap_bytes) = (overwrite, 1, 0);
        world.interrupt_after = Some((3, Interrupt::default()));
        let stopped = world.restore(&origin, &options).unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::Interrupted);
        let first = world.fetched_bytes();
        assert!(first < 4_000_000);
        world.interrupt_after = None;
        let summary = world.restore(&origin, &options).unwrap();
        assert!(summary.resumed && summary.kind().is_none(), "{summary:?}");
        assert!(summary.unchanged > 0, "nothing was found finished: {summary:?}");
        assert!(world.fetched_bytes() < 4_000_000 + 2 * 600_000, "{}", world.fetched_bytes());
        for n in 0..40u8 {
            assert_eq!(place.read(&format!("d/f{n:02}")), noise(100_000, n), "{overwrite:?}");
        }
        assert_eq!(place.names().len(), 42);
    }
}

#[test]
fn a_file_left_half_written_by_a_crash_is_made_whole_even_where_nothing_may_be_overwritten() {
    let mut world = World::default();
    let entries = vec![world.file("a", &noise(200_000, 1)), world.file("b", b"theirs?")];
    let origin = world.origin(entries);
    let place = Place::new();
    place.put("b", b"mine");
    let mut options = place.options.clone();
    (options.overwrite, options.workers, options.gap_bytes) = (Overwrite::Never, 1, 0);
    world.interrupt_after = Some((1, Interrupt::default()));
    world.restore(&origin, &options).unwrap_err();
    // As after kill -9: the file is there under its name, of the right length, with half its contents.
    place.put("a", &vec![0; 200_000]);
    world.interrupt_after = None;
    world.restore(&origin, &options).unwrap();
    assert_eq!(place.read("a"), noise(200_000, 1));
    assert_eq!(place.read("b"), b"mine");
}
