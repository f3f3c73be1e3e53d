//! Browsing a real repository in memory, and its archives through the system's own tar.

use std::process::Command;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::ChunkKind;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::browse::cat::cat;
use crate::browse::diff::{Change, ChangeKind, DiffOptions, diff_live, diff_snapshots};
use crate::browse::dump::dump;
use crate::browse::error::BrowseError;
use crate::browse::find::{FindOptions, find};
use crate::browse::fixture::{Fixture, SILENT, Spec, noise};
use crate::browse::live;
use crate::browse::ls::list;
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::browse::stats::stats;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::EntryKind;

fn reading<'a>(fixture: &'a Fixture, repository: &'a IndexedRepository) -> Reading<'a> {
    Reading { repository, monitor: &SILENT, interrupt: &fixture.interrupt, threads: 3 }
}

fn path(text: &str) -> SnapPath {
    SnapPath::parse(text.as_bytes()).unwrap()
}

fn spec() -> Spec {
    Spec::default()
        .file("etc/hosts", b"127.0.0.1 localhost\n")
        .file("etc/empty", b"")
        .file("srv/big", &noise(1, 123_457))
        .file("srv/repeated", &b"0123456789".repeat(20_000))
        .node(b"srv/sparse", EntryKind::File, &noise(2, 30_000), |e| {
            e.holes = vec![(0, 8192), (20_000, 70_000), (108_192, 5)];
        })
        .node(b"srv/link", EntryKind::Symlink, b"", |e| e.target = Some(b"../etc/hosts".to_vec()))
}

fn names(fixture: &Fixture, snapshot: &Snapshot, at: &str, recursive: bool) -> Vec<String> {
    let repository = fixture.open();
    let mut names = Vec::new();
    list(&reading(fixture, &repository), snapshot, &path(at), recursive, &mut |row| {
        names.push(row.path);
        Ok(())
    })
    .unwrap();
    names
}

#[test]
fn listing_shows_a_directory_or_all_below_or_the_file_itself() {
    let mut fixture = Fixture::new();
    let snapshot = fixture.backup("a", &spec());
    assert_eq!(names(&fixture, &snapshot, "/", false), ["/etc", "/srv"]);
    assert_eq!(names(&fixture, &snapshot, "etc", true), ["/etc/empty", "/etc/hosts"]);
    assert_eq!(names(&fixture, &snapshot, "/etc/hosts", false), ["/etc/hosts"]);
    assert_eq!(names(&fixture, &snapshot, "/", true).len(), 8);
    let repository = fixture.open();
    let reading = reading(&fixture, &repository);
    for wrong in ["/nope", "/etc/hosts/x"] {
        let error = list(&reading, &snapshot, &path(wrong), false, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
}

#[test]
fn cat_gives_contents_back_with_holes_as_zeros() {
    let mut fixture = Fixture::new();
    let snapshot = fixture.backup("a", &spec());
    let repository = fixture.open();
    let reading = reading(&fixture, &repository);
    let read = |at: &str| {
        let mut out = Vec::new();
        cat(&reading, &snapshot, &path(at), &mut out).map(|_| out)
    };
    assert_eq!(read("etc/hosts").unwrap(), b"127.0.0.1 localhost\n");
    assert_eq!(read("etc/empty").unwrap(), b"");
    assert_eq!(read("srv/big").unwrap(), noise(1, 123_457));
    assert_eq!(read("srv/repeated").unwrap(), b"0123456789".repeat(20_000));
    let data = noise(2, 30_000);
    let mut sparse = vec![0; 8192];
    sparse.extend_from_slice(&data[..20_000 - 8192]);
    sparse.resize(90_000, 0);
    sparse.extend_from_slice(&data[20_000 - 8192..]);
    sparse.resize(sparse.len() + 5, 0);
    assert_eq!(read("srv/sparse").unwrap(), sparse);
    for wrong in ["srv", "srv/link", "/", "nope"] {
        assert_eq!(read(wrong).unwrap_err().kind(), ErrorKind::Usage, "{wrong}");
    }
}

#[test]
fn roles_below_restorer_list_but_do_not_read_contents() {
    let mut fixture = Fixture::new();
    let snapshot = fixture.backup("a", &spec());
    let maintainer = fixture.open_as(Role::Maintainer);
    let reading_it = reading(&fixture, &maintainer);
    list(&reading_it, &snapshot, &path("/"), true, &mut |_| Ok(())).unwrap();
    let error = cat(&reading_it, &snapshot, &path("etc/hosts"), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key, "{error:?}");
    let error = dump(&reading_it, &snapshot, &path("/"), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key, "{error:?}");
    let writer = fixture.open_as(Role::Writer);
    let error = list(&reading(&fixture, &writer), &snapshot, &path("/"), true, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key, "{error:?}");
}

#[test]
fn a_dump_comes_out_of_the_systems_tar_as_it_went_in() {
    let mut fixture = Fixture::new();
    let long = "n".repeat(255);
    let spec = spec()
        .file(&format!("deep/{long}/{long}"), b"deep")
        .node(b"odd/\xff\xfe name\n", EntryKind::File, b"bytes", |_| {})
        .node(b"odd/one", EntryKind::File, b"shared", |e| e.hardlink = Some((1, 2)))
        .node(b"odd/two", EntryKind::File, b"shared", |e| e.hardlink = Some((1, 2)))
        .node(b"odd/pipe", EntryKind::Fifo, b"", |_| {})
        .node(b"odd/socket", EntryKind::Socket, b"", |_| {})
        .node(b"odd/old", EntryKind::File, b"x", |e| {
            e.mtime = Timestamp { seconds: -2, nanos: 500_000_000 };
            e.mode = 0o4751;
            e.xattrs = vec![(b"user.note".to_vec(), b"=\n\0".to_vec())];
        });
    let snapshot = fixture.backup("a", &spec);
    let repository = fixture.open();
    let mut archive = Vec::new();
    let report = dump(&reading(&fixture, &repository), &snapshot, &path("/"), &mut archive).unwrap();
    assert_eq!((report.sockets, report.damaged, report.failure()), (1, 0, None));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.tar");
    std::fs::write(&file, &archive).unwrap();
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let Ok(done) =
        Command::new("tar").args(["--warning=no-timestamp", "-xpf"]).arg(&file).arg("-C").arg(&out).output()
    else {
        return;
    };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(std::fs::read(out.join("srv/big")).unwrap(), noise(1, 123_457));
    assert_eq!(std::fs::metadata(out.join("srv/sparse")).unwrap().len(), 108_197);
    assert_eq!(std::fs::read(out.join("deep").join(&long).join(&long)).unwrap(), b"deep");
    let odd = std::ffi::OsStr::from_bytes(b"odd/\xff\xfe name\n");
    assert_eq!(std::fs::read(out.join(odd)).unwrap(), b"bytes");
    let stat = |name: &str| std::fs::symlink_metadata(out.join(name)).unwrap();
    assert_eq!(stat("odd/one").ino(), stat("odd/two").ino());
    assert_eq!(std::fs::read(out.join("odd/two")).unwrap(), b"shared");
    assert_eq!((stat("odd/old").mtime(), stat("odd/old").mtime_nsec()), (-2, 500_000_000));
    assert_eq!(stat("etc/hosts").mtime_nsec(), 123_456_789);
    assert_eq!(stat("odd/old").mode() & 0o7777, 0o4751);
    assert_eq!(std::fs::read_link(out.join("srv/link")).unwrap(), std::path::Path::new("../etc/hosts"));
}

#[test]
fn a_damaged_block_costs_its_files_and_no_others() {
    let mut fixture = Fixture::new();
    let spec = Spec::default().file("a", &noise(1, 60_000)).file("b", &noise(2, 60_000));
    let snapshot = fixture.backup("a", &spec);
    // One pack each: 6 chunks of 10,000 bytes.
    let repository = fixture.open();
    let id = repository.read_tree(&snapshot.root.read().unwrap()).unwrap()[0].clone();
    let ids = repository.resolve(&id.chunks).unwrap();
    let place = repository.locate(ChunkKind::Data, &ids[0]).unwrap();
    let key = crate::store::key::Key::new(crate::pack::reader::pack_key(&place.pack)).unwrap();
    let mut body = fixture.get(&key).to_vec();
    body[300] ^= 1;
    fixture.store.overwrite(&key, body);
    let repository = fixture.open();
    let reading = reading(&fixture, &repository);
    let mut archive = Vec::new();
    let report = dump(&reading, &snapshot, &path("/"), &mut archive).unwrap();
    assert_eq!(report.failure(), Some(ErrorKind::Damage));
    assert_eq!((report.damaged, report.damaged_files[0].0.as_str()), (1, "a"));
    let mut tar = tar::Archive::new(archive.as_slice());
    let mut sizes = Vec::new();
    for member in tar.entries().unwrap() {
        let mut member = member.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        sizes.push(bytes.len());
        if member.path_bytes().as_ref() == b"b" {
            assert_eq!(bytes, noise(2, 60_000));
        }
    }
    assert_eq!(sizes, [60_000, 60_000]);
    let error = cat(&reading, &snapshot, &path("a"), &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damage);
    let mut out = Vec::new();
    cat(&reading, &snapshot, &path("b"), &mut out).unwrap();
    assert_eq!(out, noise(2, 60_000));
}

#[test]
fn finding_searches_every_snapshot_and_each_barren_tree_once() {
    let mut fixture = Fixture::new();
    let one = fixture.backup("a", &spec());
    let two = fixture.backup("a", &spec().file("etc/new.conf", b"x"));
    let repository = fixture.open();
    let reading = reading(&fixture, &repository);
    let search = |options: &FindOptions, snapshots: &[Snapshot]| {
        let mut found = Vec::new();
        let report = find(&reading, snapshots, options, &mut |row| {
            found.push((row.snapshot.unwrap(), row.path));
            Ok(())
        })
        .unwrap();
        (found, report)
    };
    let both = [one.clone(), two.clone()];
    let options = FindOptions { patterns: vec!["*.CONF".into()], ignore_case: true, ..Default::default() };
    let (found, report) = search(&options, &both);
    assert_eq!(found, [(two.id.to_string(), "/etc/new.conf".to_owned())]);
    // `/srv` is the same tree in both: its four entries are looked at once.
    assert_eq!(report.entries, 8 + 9 - 4);
    let options = FindOptions { patterns: vec!["/etc/h*".into()], ..Default::default() };
    assert_eq!(search(&options, &both).0.len(), 2);
    let options = FindOptions { larger: Some(100_000), below: path("srv"), ..Default::default() };
    let paths: Vec<String> = search(&options, &both[..1]).0.into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["/srv/big", "/srv/repeated", "/srv/sparse"]);
}

fn changes(
    fixture: &Fixture,
    one: &Snapshot,
    two: &Snapshot,
    at: &str,
) -> (Vec<(ChangeKind, String)>, Vec<Change>) {
    let repository = fixture.open();
    let mut all = Vec::new();
    let options = DiffOptions::default();
    diff_snapshots(&reading(fixture, &repository), one, two, &path(at), options, &mut |change| {
        all.push(change);
        Ok(())
    })
    .unwrap();
    (all.iter().map(|change| (change.change, change.path.clone())).collect(), all)
}

#[test]
fn differences_of_snapshots_are_told_by_their_sort() {
    let mut fixture = Fixture::new();
    let one = fixture.backup("a", &spec().file("gone/x", b"x"));
    let changed = spec()
        .file("etc/hosts", b"127.0.0.1 other\n")
        .node(b"etc/empty", EntryKind::File, b"", |e| e.mode = 0o600)
        .node(b"srv/big", EntryKind::Symlink, b"", |e| e.target = Some(b"x".to_vec()))
        .file("srv/new/deep", b"abc");
    let two = fixture.backup("a", &changed);
    let (found, all) = changes(&fixture, &one, &two, "/");
    let expected = [
        (ChangeKind::Metadata, "/etc/empty"),
        (ChangeKind::Modified, "/etc/hosts"),
        (ChangeKind::Removed, "/gone"),
        (ChangeKind::Removed, "/gone/x"),
        (ChangeKind::Type, "/srv/big"),
        (ChangeKind::Added, "/srv/new"),
        (ChangeKind::Added, "/srv/new/deep"),
    ];
    assert_eq!(found, expected.map(|(kind, path)| (kind, path.to_owned())));
    assert_eq!(all[0].fields, ["mode"]);
    assert_eq!((all[1].old_bytes, all[1].new_bytes), (Some(20), Some(16)));
    assert_eq!(changes(&fixture, &one, &one, "/").0, []);
    assert_eq!(changes(&fixture, &one, &two, "/srv/new").0.len(), 2);
    assert_eq!(changes(&fixture, &one, &two, "/etc/hosts").0.len(), 1);
}

#[test]
fn the_live_tree_is_compared_by_contents_where_times_differ() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().unwrap();
    let live_dir = dir.path().join("live");
    std::fs::create_dir(&live_dir).unwrap();
    for (name, bytes) in [("same", noise(1, 25_000)), ("other", noise(2, 25_000)), ("new", vec![1])] {
        std::fs::write(live_dir.join(name), bytes).unwrap();
    }
    let mut holed = vec![0; 8192];
    holed.extend_from_slice(&noise(4, 12_000));
    std::fs::write(live_dir.join("holed"), holed).unwrap();
    let like = |name: &str, e: &mut crate::repo::tree::Entry| {
        let stat = std::fs::metadata(live_dir.join(name)).unwrap();
        (e.mode, e.uid, e.gid) = (stat.mode() & 0o7777, stat.uid(), stat.gid());
    };
    let mut fixture = Fixture::new();
    let file = EntryKind::File;
    let spec = Spec::default()
        .node(b"live/same", file, &noise(1, 25_000), |e| like("same", e))
        .node(b"live/other", file, &noise(3, 25_000), |e| like("other", e))
        .node(b"live/holed", file, &noise(4, 12_000), |e| {
            like("holed", e);
            e.holes = vec![(0, 8192)];
        })
        .file("live/gone", b"x");
    let snapshot = fixture.backup("a", &spec);
    // A maintainer is enough: nothing of the contents is read from the repository.
    let repository = fixture.open_as(Role::Maintainer);
    let mut all = Vec::new();
    let place = live::open(&live_dir).unwrap();
    let summary = diff_live(
        &reading(&fixture, &repository),
        &snapshot,
        &path("live"),
        place,
        DiffOptions::default(),
        &mut |change| {
            all.push((change.change, change.path, change.fields));
            Ok(())
        },
    )
    .unwrap();
    let expected = [
        (ChangeKind::Removed, "/live/gone", vec![]),
        (ChangeKind::Metadata, "/live/holed", vec!["mtime"]),
        (ChangeKind::Added, "/live/new", vec![]),
        (ChangeKind::Modified, "/live/other", vec!["mtime"]),
        (ChangeKind::Metadata, "/live/same", vec!["mtime"]),
    ];
    assert_eq!(all, expected.map(|(kind, path, fields)| (kind, path.to_owned(), fields)));
    assert_eq!((summary.added, summary.removed, summary.modified, summary.metadata), (1, 1, 1, 2));
}

#[test]
fn stats_count_each_chunk_once_and_each_file_every_time() {
    let mut fixture = Fixture::new();
    let one = fixture.backup("a", &spec());
    let two = fixture.backup("a", &spec());
    let repository = fixture.open();
    let reading = reading(&fixture, &repository);
    let single = stats(&reading, std::slice::from_ref(&one), &path("/")).unwrap();
    let both = stats(&reading, &[one, two], &path("/")).unwrap();
    assert_eq!((single.files, single.dirs, single.specials), (5, 2, 1));
    assert_eq!((both.files, both.dirs, both.specials), (10, 4, 2));
    // 20 + 123,457 + one repeated chunk of 10,000 + 30,000.
    assert_eq!(single.unique_bytes, 20 + 123_457 + 10_000 + 30_000);
    assert_eq!(both.unique_bytes, single.unique_bytes);
    assert_eq!(both.content_bytes, 2 * single.content_bytes);
    assert!(both.dedup_ratio > 3.0 && !both.is_estimate && both.missing_chunks == 0);
    assert_eq!(both.repository.packs as usize, fixture.keys("packs/").len());
}

#[test]
fn an_interrupt_ends_every_walk() {
    let mut fixture = Fixture::new();
    let snapshot = fixture.backup("a", &spec());
    let repository = fixture.open();
    fixture.interrupt.set();
    let reading = reading(&fixture, &repository);
    let error = dump(&reading, &snapshot, &path("/"), &mut Vec::new()).unwrap_err();
    assert!(matches!(error, BrowseError::Interrupted));
}

#[test]
fn a_failing_output_ends_a_dump_without_hanging() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut fixture = Fixture::new();
    let mut spec = Spec::default();
    for n in 0..40 {
        spec = spec.file(&format!("f{n}"), &noise(n, 200_000));
    }
    let snapshot = fixture.backup("a", &spec);
    let repository = fixture.open();
    let error = dump(&reading(&fixture, &repository), &snapshot, &path("/"), &mut Full).unwrap_err();
    assert!(matches!(error, BrowseError::Output(_)));
}
