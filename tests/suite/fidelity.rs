//! What is backed up comes back as it was.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::world::{World, assert_same, make_sample, noise};

#[test]
fn every_kind_of_entry_comes_back_with_all_that_belongs_to_it() {
    let world = World::new();
    let source = world.path("source");
    make_sample(&source);
    fs::write(source.join("x".repeat(255)), "long").unwrap();
    fs::write(source.join("line\nfeed \x1b[31m"), "odd").unwrap();
    fs::set_permissions(source.join("empty"), fs::Permissions::from_mode(0o4)).unwrap();
    let old = File::open(source.join("dir/text")).unwrap();
    old.set_modified(UNIX_EPOCH - Duration::new(5, 123_456_789)).unwrap();
    std::os::unix::net::UnixListener::bind(source.join("socket")).unwrap();
    let made = Command::new("mkfifo").arg(source.join("pipe")).status().unwrap();
    assert!(made.success());
    File::open(source.join("dir")).unwrap().set_modified(UNIX_EPOCH + Duration::new(7, 7)).unwrap();
    let run = world.run(&["backup", "source", "--json"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let run = world.restore(&source, "out", &["--verify"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_same(&source, &world.path("out"));
}

#[test]
fn holes_stay_holes_in_the_repository_and_on_disk() {
    let world = World::new();
    let source = world.path("source");
    fs::create_dir(&source).unwrap();
    let file = File::create(source.join("sparse")).unwrap();
    file.set_len(1 << 30).unwrap();
    file.write_all_at(b"island", 500 << 20).unwrap();
    file.sync_all().unwrap();
    let report = world.json(&["backup", "source", "--json"]);
    assert!(report["read_bytes"].as_u64().unwrap() < 10 << 20, "{report}");
    let run = world.restore(&source, "out", &[]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let restored = File::open(world.path("out/sparse")).unwrap();
    let stat = restored.metadata().unwrap();
    assert_eq!(stat.len(), 1 << 30);
    assert!(stat.blocks() * 512 < 10 << 20, "{} blocks", stat.blocks());
    let mut found = [0; 6];
    restored.read_exact_at(&mut found, 500 << 20).unwrap();
    assert_eq!(&found, b"island");
}

#[test]
fn paths_longer_than_the_system_takes_in_one_piece_come_back() {
    let world = World::new();
    let deep = "for i in $(seq 30); do mkdir $(printf 'd%.0s' $(seq 200)) && cd ./d* || exit 1; done; \
        echo deep > file";
    fs::create_dir(world.path("source")).unwrap();
    let made = Command::new("bash").args(["-c", deep]).current_dir(world.path("source")).status().unwrap();
    assert!(made.success());
    let report = world.json(&["backup", "source", "--json"]);
    assert_eq!((report["files_new"].as_u64(), report["faults"].as_u64()), (Some(1), Some(0)), "{report}");
    let run = world.restore(&world.path("source"), "out", &[]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let find = "cd out && for i in $(seq 30); do cd ./d* || exit 1; done; cat file";
    let found =
        Command::new("bash").args(["-c", find]).current_dir(world.sandbox.home.path()).output().unwrap();
    assert_eq!(found.stdout, b"deep\n");
    let _ = Command::new("rm").arg("-rf").args([world.path("out"), world.path("source")]).status();
}

#[test]
fn attributes_and_acls_come_back() {
    let world = World::new();
    let source = world.path("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("file"), "x").unwrap();
    let file = source.join("file");
    let set = |program: &str, words: &[&str]| Command::new(program).args(words).arg(&file).status();
    let done = [set("setfattr", &["-n", "user.note", "-v", "kept"]), set("setfacl", &["-m", "u:12345:r"])];
    if done.iter().any(|status| !status.as_ref().is_ok_and(|status| status.success())) {
        let why = "setfattr or setfacl is missing, or the file system has no attributes";
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    }
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    assert_eq!(world.restore(&source, "out", &[]).status, Some(0));
    let show = |path: &std::path::Path| {
        let list = |program: &str, words: &[&str]| {
            let mut command = Command::new(program);
            command.args(words).arg("file").current_dir(path);
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        (list("getfattr", &["-d", "-m", "."]), list("getfacl", &["-n"]))
    };
    let (before, after) = (show(&source), show(&world.path("out")));
    assert!(before.0.contains("user.note") && before.1.contains("12345"), "{before:?}");
    assert_eq!(before, after);
}

#[test]
fn setuid_bits_and_devices_need_consent() {
    let world = World::new();
    let source = world.path("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("tool"), "x").unwrap();
    fs::set_permissions(source.join("tool"), fs::Permissions::from_mode(0o4755)).unwrap();
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    world.restore(&source, "plain", &[]);
    assert_eq!(fs::metadata(world.path("plain/tool")).unwrap().mode() & 0o7777, 0o755);
    world.restore(&source, "trusted", &["--allow-setuid"]);
    assert_eq!(fs::metadata(world.path("trusted/tool")).unwrap().mode() & 0o7777, 0o4755);
}

#[test]
fn twenty_thousand_entries_in_one_directory_come_back() {
    let world = World::new();
    let source = world.path("source");
    fs::create_dir(&source).unwrap();
    for number in 0..20_000 {
        File::create(source.join(format!("entry-{number}"))).unwrap();
    }
    let report = world.json(&["backup", "source", "--json"]);
    assert_eq!(report["files_new"], 20_000);
    let again = world.json(&["backup", "source", "--json"]);
    assert_eq!(again["files_unmodified"], 20_000);
    // Directories above the source may have changed.
    assert!(again["new_bytes"].as_u64().unwrap() < 10_000, "{again}");
    assert_eq!(world.restore(&source, "out", &[]).status, Some(0));
    assert_eq!(fs::read_dir(world.path("out")).unwrap().count(), 20_000);
}

#[test]
fn a_large_file_comes_back_and_a_change_in_it_costs_only_what_changed() {
    let world = World::new();
    let source = world.path("source");
    fs::create_dir(&source).unwrap();
    let mut content = noise(40 << 20, 9);
    fs::write(source.join("large"), &content).unwrap();
    world.json(&["backup", "source", "--json"]);
    content.splice(20 << 20..20 << 20, *b"a few bytes more");
    fs::write(source.join("large"), &content).unwrap();
    let second = world.json(&["backup", "source", "--json"]);
    assert_eq!(second["files_changed"], 1);
    assert!(second["new_bytes"].as_u64().unwrap() < 2 << 20, "{second}");
    assert_eq!(world.restore(&source, "out", &["--verify"]).status, Some(0));
    assert!(fs::read(world.path("out/large")).unwrap() == content);
    let name = std::ffi::OsStr::from_bytes(b"large");
    assert_eq!(fs::read_dir(world.path("out")).unwrap().next().unwrap().unwrap().file_name(), name);
}
