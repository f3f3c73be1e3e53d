//! Everything comes back as it was.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};

use super::world::{Meeting, Place, TIME, World, entry, link, noise};
use crate::repo::tree::{Entry, EntryKind};
use crate::restore::options::OwnerMode;

fn sample(world: &mut World) -> Vec<Entry> {
    let small: Vec<Entry> = (0..300)
        .map(|n| world.file(&format!("f{n:03}"), format!("file number {n}").repeat(n + 1).as_bytes()))
        .collect();
    let big = world.file("big", &noise(700_000, 1));
    let empty = world.file("empty", b"");
    let deep = world.file("deep", b"deep contents");
    let inner = world.dir("inner", vec![deep, link("up", b"../../../etc/passwd")]);
    let many = world.dir("many", small);
    let fifo = entry("fifo", EntryKind::Fifo);
    let socket = entry("socket", EntryKind::Socket);
    vec![world.dir("home", vec![big, empty, inner, many, fifo, socket])]
}

#[test]
fn a_tree_comes_back_with_contents_modes_and_times() {
    let mut world = World::default();
    let entries = sample(&mut world);
    let origin = world.origin(entries);
    let place = Place::new();
    let mut options = place.options.clone();
    options.verify = true;
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!(summary.kind(), None, "{summary:?}");
    assert_eq!((summary.files, summary.dirs, summary.verified), (303, 3, Some(303)), "{summary:?}");
    assert_eq!(place.read("home/big"), noise(700_000, 1));
    assert_eq!(place.read("home/inner/deep"), b"deep contents");
    for n in 0..300 {
        let data = format!("file number {n}").repeat(n + 1);
        assert_eq!(place.read(&format!("home/many/f{n:03}")), data.as_bytes());
    }
    for path in
        ["home", "home/many", "home/many/f007", "home/big", "home/empty", "home/inner/up", "home/fifo"]
    {
        let found = place.target.join(path).symlink_metadata().unwrap();
        assert_eq!((found.mtime(), found.mtime_nsec()), (TIME.seconds, i64::from(TIME.nanos)), "{path}");
        let mode = if found.is_dir() { 0o755 } else { 0o640 };
        assert!(found.is_symlink() || found.permissions().mode() & 0o7777 == mode, "{path}");
    }
    assert!(place.target.join("home/fifo").symlink_metadata().unwrap().file_type().is_fifo());
    assert!(place.target.join("home/socket").symlink_metadata().unwrap().file_type().is_socket());
    let up = std::fs::read_link(place.target.join("home/inner/up")).unwrap();
    assert_eq!(up.as_os_str(), "../../../etc/passwd");
    assert!(!place.base.join("state/restores").read_dir().unwrap().any(|_| true), "the journal stays");
}

#[test]
fn every_block_is_fetched_once_and_few_reads_do() {
    let mut world = World::default();
    let data = noise(1_500_000, 3);
    let entries = vec![world.file("one", &data), world.file("same", &data)];
    let origin = world.origin(entries);
    let place = Place::new();
    let plan = world.plan(&origin, &place.options).unwrap();
    assert!(!place.target.exists(), "planning made something");
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(place.read("one"), data);
    assert_eq!(place.read("same"), data);
    let stored: u64 = world.fetched_bytes();
    assert!((1_500_000..1_600_000).contains(&stored), "{stored}");
    assert_eq!(plan.counts().fetch_bytes, stored);
    assert_eq!((plan.counts().requests, plan.counts().packs), (summary.requests, summary.requests));
}

#[test]
fn of_a_distant_store_several_reads_are_under_way_whoever_writes() {
    for place in [Place::new(), Place::distant()] {
        let mut world = World::default();
        let data = noise(3_000_000, 3);
        let entries = vec![world.file("f", &data)];
        let origin = world.origin(entries);
        let mut options = place.options.clone();
        let at_once = if options.fetchers == 0 { 1 } else { 3 };
        world.meeting = Some(Meeting::of(at_once));
        options.workers = 1;
        let plan = world.plan(&origin, &options).unwrap();
        let summary = world.restore(&origin, &options).unwrap();
        assert_eq!(place.read("f"), data);
        assert_eq!(summary.requests, plan.counts().requests, "each span is read once");
        assert_eq!(world.meeting.as_ref().unwrap().most(), at_once);
    }
}

#[test]
fn a_plan_as_json_tells_what_will_be_done() {
    let mut world = World::default();
    let entries = sample(&mut world);
    let origin = world.origin(entries);
    let place = Place::new();
    let plan = world.plan(&origin, &place.options).unwrap();
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["schema"], "lifeboat.restore-plan/1");
    assert_eq!(json["counts"]["create"], 309);
    assert_eq!(json["entries"].as_array().unwrap().len(), 309);
    assert_eq!(json["entries"][0]["path"], "/home");
    assert_eq!(json["entries"][0]["action"], "create");
}

#[test]
fn holes_stay_holes_wherever_the_chunks_are_cut() {
    let mut world = World::default();
    let data = noise(200_000, 4);
    let mut sparse = world.file("sparse", &data);
    sparse.holes = vec![(0, 1 << 20), ((1 << 20) + 3000, 1 << 20), ((2 << 20) + 200_000, 1 << 20)];
    sparse.size = data.len() as u64 + (3 << 20);
    let mut void = entry("void", EntryKind::File);
    (void.size, void.holes) = (8 << 20, vec![(0, 8 << 20)]);
    let mut expected = vec![0; sparse.size as usize];
    expected[1 << 20..(1 << 20) + 3000].copy_from_slice(&data[..3000]);
    let second = (2 << 20) + 3000;
    expected[second..second + 197_000].copy_from_slice(&data[3000..]);
    let origin = world.origin(vec![sparse, void]);
    let place = Place::new();
    let mut options = place.options.clone();
    options.verify = true;
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!(summary.kind(), None, "{summary:?}");
    assert_eq!(place.read("sparse"), expected);
    assert!(place.target.join("sparse").metadata().unwrap().blocks() * 512 < 1 << 20);
    let void = place.target.join("void").metadata().unwrap();
    assert_eq!((void.len(), void.blocks()), (8 << 20, 0));
}

#[test]
fn zeros_become_holes_only_where_that_is_asked_for() {
    let mut world = World::default();
    let mut data = vec![0; 2 << 20];
    data[1 << 20] = 1;
    let origin = {
        let entries = vec![world.file("zeros", &data)];
        world.origin(entries)
    };
    let place = Place::new();
    let mut options = place.options.clone();
    world.restore(&origin, &options).unwrap();
    assert!(place.target.join("zeros").metadata().unwrap().blocks() * 512 >= 2 << 20);
    let sparse = Place::new();
    options = sparse.options.clone();
    options.sparse = true;
    world.restore(&origin, &options).unwrap();
    assert_eq!(sparse.read("zeros"), data);
}

#[test]
fn hard_links_are_links_again() {
    let mut world = World::default();
    let mut entries = Vec::new();
    for name in ["a", "b", "c"] {
        let mut file = world.file(name, b"one file");
        file.hardlink = Some((1, 2));
        entries.push(file);
    }
    entries[2].hardlink = Some((1, 3));
    let origin = world.origin(entries);
    let place = Place::new();
    for _ in 0..2 {
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(summary.kind(), None);
        let ino = |name: &str| place.target.join(name).metadata().unwrap().ino();
        assert_eq!(ino("a"), ino("b"));
        assert_ne!(ino("a"), ino("c"));
        assert_eq!(place.read("b"), b"one file");
    }
}

#[test]
fn a_path_of_the_snapshot_becomes_the_targets_contents() {
    let mut world = World::default();
    let entries = sample(&mut world);
    let origin = world.origin(entries);
    let place = Place::new();
    let mut options = place.options.clone();
    options.selection.subpath = Some(b"/home/inner/".to_vec());
    world.restore(&origin, &options).unwrap();
    assert_eq!(place.names(), ["deep", "up"]);
    assert_eq!(place.target.metadata().unwrap().mtime(), TIME.seconds);
    let single = Place::new();
    options.target = single.target.clone();
    options.selection.subpath = Some(b"home/inner/deep".to_vec());
    world.restore(&origin, &options).unwrap();
    assert_eq!(single.names(), ["deep"]);
    options.selection.subpath = Some(b"/home/none".to_vec());
    assert_eq!(world.restore(&origin, &options).unwrap_err().kind().exit_status(), 2);
    options.selection.subpath = Some(b"/home/big/none".to_vec());
    assert!(world.restore(&origin, &options).is_err());
}

#[test]
fn patterns_bring_only_what_they_mean_and_the_directories_above_it() {
    let mut world = World::default();
    let entries = sample(&mut world);
    let origin = world.origin(entries);
    let place = Place::new();
    let mut options = place.options.clone();
    options.selection.include = vec!["f00?".into(), "/home/inner".into()];
    options.selection.exclude = vec!["f003".into(), "up".into()];
    world.restore(&origin, &options).unwrap();
    let names = place.names();
    assert_eq!(names.len(), 4 + 9, "{names:?}");
    assert!(place.has("home/many/f009") && !place.has("home/many/f003") && !place.has("home/inner/up"));
}

#[test]
fn powers_need_consent_and_so_do_devices() {
    let mut world = World::default();
    let mut program = world.file("su", b"#!");
    program.mode = 0o4755;
    let mut device = entry("null", EntryKind::CharDev);
    device.device = Some((1, 3));
    let origin = world.origin(vec![program, device]);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    let mode = |place: &Place| place.target.join("su").metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&place), 0o755);
    assert!(!place.has("null") && summary.refused == 1);
    assert!(summary.warnings.iter().any(|text| text.contains("--allow-setuid")), "{summary:?}");
    let free = Place::new();
    let mut options = free.options.clone();
    options.allow_setuid = true;
    options.owners.mode = OwnerMode::None;
    world.restore(&origin, &options).unwrap();
    assert_eq!(mode(&free), 0o4755);
}

#[test]
fn names_that_are_no_text_and_the_longest_ones_come_back() {
    let mut world = World::default();
    let mut odd = world.file("x", b"odd");
    odd.name = vec![0xff, b'\n', 0xfe];
    let long = world.file(&"n".repeat(255), b"long");
    let too_long = world.file(&"m".repeat(256), b"too long for this system");
    let origin = world.origin(vec![odd, long, too_long]);
    let place = Place::new();
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(place.read(&"n".repeat(255)), b"long");
    assert_eq!(summary.files, 2);
    assert_eq!(summary.failed.len(), 1, "{summary:?}");
}

#[test]
fn a_very_deep_tree_comes_back() {
    let mut world = World::default();
    let mut entries = vec![world.file("bottom", b"here")];
    for _ in 0..600 {
        entries = vec![world.dir(&"d".repeat(40), entries)];
    }
    let origin = world.origin(entries);
    let place = Place::new();
    for _ in 0..2 {
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(summary.kind(), None, "{:?}", summary.failed);
        assert_eq!(summary.files + summary.unchanged, 1);
    }
}
