//! The damage matrix: every kind of object, every kind of damage, and what the check says to it.

use crate::base::error_kind::ErrorKind;
use crate::base::ids::ChunkKind;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::maintain::check::fixture::{Fixture, SILENT, Spec, noise};
use crate::maintain::check::report::{CheckReport, Severity};
use crate::maintain::check::{CheckOptions, Checking, ReadData, check};
use crate::repo::session::Session;
use crate::repo::tree::EntryKind;
use crate::store::key::Key;

fn spec(seed: u64) -> Spec {
    let mut spec = Spec::default()
        .file("etc/hosts", b"127.0.0.1 localhost\n")
        .file("srv/big", &noise(seed, 123_457))
        .node(b"srv/sparse", EntryKind::File, &noise(seed + 100, 30_000), |e| e.holes = vec![(0, 8192)]);
    // Trees of several packs.
    for n in 0..150 {
        spec = spec.file(&format!("many/{n}/{}", "x".repeat(200)), &noise(seed * 1000 + n, 300));
    }
    spec
}

fn repository() -> Fixture {
    let mut fixture = Fixture::new();
    for (host, seed) in [("one", 1), ("two", 2), ("one", 3), ("one", 4)] {
        fixture.backup(host, &spec(seed));
    }
    let slot = age_file();
    let names = ["restorer-owner-0123abcd", "writer-host-00112233"];
    for name in names {
        let key = Key::new(format!("keys/{name}.age")).unwrap();
        fixture.client.create(&key, slot.clone().into()).unwrap();
    }
    fixture
}

fn age_file() -> Vec<u8> {
    let identity = crate::crypto::x25519::Identity::generate();
    crate::crypto::sealed::seal(&identity.to_recipient(), b"a slot").unwrap()
}

fn run_as(fixture: &Fixture, role: Role, read_data: ReadData) -> CheckReport {
    let repository = fixture.open_as(role);
    let checking = Checking {
        repository: &repository,
        monitor: &SILENT,
        interrupt: &fixture.interrupt,
        threads: 3,
        now: Timestamp { seconds: 1_700_000_100, nanos: 0 },
        is_past: false,
    };
    check(&checking, &CheckOptions { read_data }).unwrap()
}

fn run(fixture: &Fixture, read_data: ReadData) -> CheckReport {
    run_as(fixture, Role::Restorer, read_data)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Harm {
    Cut,
    Emptied,
    FlipHeader,
    FlipMiddle,
    FlipEnd,
    Swapped,
    Deleted,
}

const ALL_HARM: [Harm; 7] = [
    Harm::Cut,
    Harm::Emptied,
    Harm::FlipHeader,
    Harm::FlipMiddle,
    Harm::FlipEnd,
    Harm::Swapped,
    Harm::Deleted,
];

fn harm(fixture: &Fixture, key: &Key, other: &Key, harm: Harm) {
    let mut body = fixture.get(key).to_vec();
    let len = body.len();
    match harm {
        Harm::Cut => body.truncate(len - 7),
        Harm::Emptied => body.clear(),
        Harm::FlipHeader => body[60] ^= 4,
        Harm::FlipMiddle => body[len / 2] ^= 4,
        Harm::FlipEnd => body[len - 1] ^= 4,
        Harm::Swapped => {
            let theirs = fixture.get(other);
            fixture.store.overwrite(other, body);
            body = theirs.to_vec();
        }
        Harm::Deleted => return fixture.client.delete(key).unwrap(),
    }
    fixture.store.overwrite(key, body);
}

fn findings(report: &CheckReport) -> String {
    report.findings.iter().map(|f| format!("{} {}: {}\n", f.code, f.object, f.what)).collect()
}

/// The findings of damage that name `key` (or nothing else, if it is gone).
fn names(report: &CheckReport, key: &Key) -> bool {
    report.findings.iter().any(|f| f.severity == Severity::Damage && f.object == key.as_str())
}

#[test]
fn a_sound_repository_has_no_findings() {
    let report = run(&repository(), ReadData::All);
    assert_eq!(findings(&report), "");
    assert_eq!((report.failure(), report.lost_file_count), (None, 0));
    assert!(report.unchecked.is_empty() && report.remarks.is_empty(), "{report:?}");
    let counts = report.counts;
    assert_eq!((counts.snapshots, counts.slots, counts.sessions), (4, 2, 0));
    assert_eq!((counts.packs_read, counts.segments), (counts.packs, 8));
    assert!(counts.chunks_read > 150 && counts.trees > 150 && counts.files > 600);
}

#[test]
fn every_damage_of_packs_is_found_by_reading_and_named_with_what_it_costs() {
    for kind in [ChunkKind::Data, ChunkKind::Meta] {
        for harm_kind in ALL_HARM {
            let fixture = repository();
            let packs = fixture.packs_of(kind);
            // A pack of another size or the same: both are swaps.
            harm(&fixture, &packs[0], &packs[1], harm_kind);
            let report = run(&fixture, ReadData::All);
            let what = format!("{kind:?} {harm_kind:?}:\n{}", findings(&report));
            assert_eq!(report.failure(), Some(ErrorKind::Damage), "{what}");
            assert!(names(&report, &packs[0]), "{what}");
            if harm_kind != Harm::FlipEnd {
                let about = report.findings.iter().filter(|f| f.object == packs[0].as_str());
                let snapshots: u64 = about.clone().map(|f| f.consequence.snapshot_count).sum();
                let paths: u64 = about.map(|f| f.consequence.path_count).sum();
                assert!(snapshots > 0 && paths > 0, "{what}");
            }
            if harm_kind == Harm::Deleted && kind == ChunkKind::Data {
                assert!(report.lost_file_count > 0 && !report.lost_files.is_empty(), "{what}");
            }
        }
    }
}

#[test]
fn without_reading_missing_and_cut_packs_are_found() {
    for harm_kind in [Harm::Cut, Harm::Emptied, Harm::Deleted] {
        let fixture = repository();
        let packs = fixture.packs_of(ChunkKind::Data);
        harm(&fixture, &packs[0], &packs[1], harm_kind);
        let report = run(&fixture, ReadData::None);
        assert!(names(&report, &packs[0]), "{harm_kind:?}");
        assert!(report.lost_file_count > 0, "{harm_kind:?}");
    }
}

#[test]
fn every_damage_of_segments_is_found() {
    for harm_kind in ALL_HARM {
        let fixture = repository();
        let keys = fixture.keys("index/");
        harm(&fixture, &keys[0], &keys[1], harm_kind);
        let report = run(&fixture, ReadData::None);
        let what = format!("{harm_kind:?}:\n{}", findings(&report));
        if harm_kind == Harm::Swapped {
            // Names of segments are random and say nothing: what they hold is all there.
            assert_eq!(report.failure(), None, "{what}");
            continue;
        }
        assert_eq!(report.failure(), Some(ErrorKind::Damage), "{what}");
        // One that is gone is missed by its session's chain or by its snapshot.
        assert!(harm_kind == Harm::Deleted || names(&report, &keys[0]), "{what}");
        assert!(report.findings.iter().any(|f| f.code == "chunk-missing"), "{what}");
    }
}

#[test]
fn every_damage_of_snapshots_is_found() {
    for harm_kind in ALL_HARM {
        let mut fixture = Fixture::new();
        let first = fixture.backup("one", &spec(1));
        fixture.backup("one", &spec(2));
        let key = Key::new(format!("snapshots/one/{}", first.id)).unwrap();
        let other = fixture.keys("snapshots/").into_iter().find(|other| *other != key).unwrap();
        fixture.client.create(&Key::new("keys/writer-h-00112233.age").unwrap(), age_file().into()).unwrap();
        harm(&fixture, &key, &other, harm_kind);
        let report = run(&fixture, ReadData::None);
        let what = format!("{harm_kind:?}:\n{}", findings(&report));
        assert_eq!(report.failure(), Some(ErrorKind::Damage), "{what}");
        match harm_kind {
            Harm::Deleted => assert!(report.findings.iter().any(|f| f.code == "chain-gap"), "{what}"),
            _ => assert!(names(&report, &key), "{what}"),
        }
    }
}

#[test]
fn damage_of_config_sessions_and_slots_is_found() {
    for harm_kind in [Harm::Cut, Harm::Emptied, Harm::FlipHeader, Harm::FlipMiddle, Harm::Deleted] {
        let fixture = repository();
        let repository = fixture.open();
        let key = Key::new("config").unwrap();
        harm(&fixture, &key, &key, harm_kind);
        let checking = Checking {
            repository: &repository,
            monitor: &SILENT,
            interrupt: &fixture.interrupt,
            threads: 1,
            now: Timestamp::default(),
            is_past: false,
        };
        let report = check(&checking, &CheckOptions::default()).unwrap();
        assert!(names(&report, &key), "{harm_kind:?}\n{}", findings(&report));
    }
    let fixture = repository();
    let begin = || Session::begin(&fixture.client, &fixture.keyring, "one", Timestamp::default()).unwrap();
    let _open = [begin(), begin()];
    assert_eq!(run(&fixture, ReadData::None).remarks.len(), 2, "both are stale");
    for harm_kind in [Harm::Swapped, Harm::Cut, Harm::FlipMiddle, Harm::Emptied] {
        let keys = fixture.keys("sessions/");
        harm(&fixture, &keys[0], &keys[1], harm_kind);
        let report = run(&fixture, ReadData::None);
        assert!(names(&report, &keys[0]), "{harm_kind:?}\n{}", findings(&report));
    }
    for harm_kind in [Harm::Emptied, Harm::Deleted] {
        let fixture = repository();
        let keys = fixture.keys("keys/");
        keys.iter().for_each(|key| harm(&fixture, key, key, harm_kind));
        let report = run(&fixture, ReadData::None);
        assert_eq!(report.failure(), Some(ErrorKind::Damage), "{harm_kind:?}");
    }
}

#[test]
fn forks_second_roots_and_lost_ends_of_chains_are_found() {
    let mut fixture = repository();
    fixture.forget_head("one");
    fixture.backup("one", &spec(1));
    let report = run(&fixture, ReadData::None);
    assert!(report.findings.iter().any(|f| f.code == "chain-roots"), "{}", findings(&report));

    let mut fixture = repository();
    let last = fixture.backup("two", &spec(2));
    let key = Key::new(format!("snapshots/two/{}", last.id)).unwrap();
    let hash = blake3::hash(&fixture.get(&key)).to_hex().to_string();
    let state = fixture.open().repository().state_dir().join("chain");
    std::fs::create_dir_all(&state).unwrap();
    // As `repo::chain` writes it: a line of JSON and the hash of it.
    let head = format!(r#"{{"id":"{}","sequence":2,"hash":"{hash}"}}"#, last.id);
    let mark = blake3::hash(head.as_bytes()).to_hex();
    std::fs::write(state.join("two.json"), format!("{head}\n{mark}")).unwrap();
    assert_eq!(run(&fixture, ReadData::None).failure(), None);
    fixture.client.delete(&key).unwrap();
    let report = run(&fixture, ReadData::None);
    assert!(names(&report, &key), "{}", findings(&report));
}

#[test]
fn fences_strays_and_unknown_objects_are_no_damage() {
    let fixture = repository();
    let fence = Key::new("snapshots/one/00112233445566778899aabbccddeeff").unwrap();
    fixture.client.create(&fence, bytes::Bytes::from_static(b"{\"fence\":1}\n")).unwrap();
    let stray = Key::new("packs/00/00112233445566778899aabbccddeeff").unwrap();
    fixture.client.create(&stray, bytes::Bytes::from_static(b"x")).unwrap();
    fixture.client.create(&Key::new("lost+found/x").unwrap(), bytes::Bytes::from_static(b"x")).unwrap();
    let report = run(&fixture, ReadData::All);
    assert_eq!(report.failure(), None, "{}", findings(&report));
    let codes: Vec<&str> = report.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["unknown-object", "pack-unindexed"]);
}

#[test]
fn each_role_checks_what_it_can_and_says_what_it_cannot() {
    let fixture = repository();
    let writer = run_as(&fixture, Role::Writer, ReadData::All);
    assert_eq!((writer.failure(), writer.counts.trees, writer.counts.packs_read), (None, 0, 0));
    assert_eq!(writer.unchecked.len(), 3, "{:?}", writer.unchecked);
    assert_eq!(writer.counts.segments, 8);
    let maintainer = run_as(&fixture, Role::Maintainer, ReadData::All);
    assert_eq!(maintainer.unchecked.len(), 1, "{:?}", maintainer.unchecked);
    assert_eq!(maintainer.failure(), None, "{}", findings(&maintainer));
    assert!(maintainer.counts.trees > 100);
    assert_eq!(maintainer.counts.packs_read as usize, fixture.packs_of(ChunkKind::Meta).len());
    fixture.client.delete(&fixture.packs_of(ChunkKind::Data)[0]).unwrap();
    assert_eq!(run_as(&fixture, Role::Writer, ReadData::None).failure(), Some(ErrorKind::Damage));
    let maintainer = run_as(&fixture, Role::Maintainer, ReadData::None);
    assert!(maintainer.lost_file_count > 0);
}

#[test]
fn a_shared_tree_is_read_once_and_its_damage_told_of_every_snapshot() {
    let mut fixture = Fixture::new();
    let spec = spec(1);
    let ids: Vec<String> = (0..3).map(|_| fixture.backup("one", &spec).id.to_string()).collect();
    fixture.client.create(&Key::new("keys/writer-h-00112233.age").unwrap(), age_file().into()).unwrap();
    let packs = fixture.packs_of(ChunkKind::Data);
    fixture.client.delete(&packs[0]).unwrap();
    let report = run(&fixture, ReadData::None);
    let finding = report.findings.iter().find(|f| f.object == packs[0].as_str()).unwrap();
    assert_eq!(finding.consequence.snapshot_count, 3);
    assert!(ids.iter().all(|id| finding.consequence.snapshots.contains(id)));
    let once = finding.consequence.path_count;
    assert!(once > 0 && once < 150, "{once}");
}
