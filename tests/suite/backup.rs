//! Backups: what is read, what is stored, what ends them.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::world::{World, assert_same, make_sample, noise};

fn number(report: &serde_json::Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"))
}

/// Changes within the last moments are rightly not trusted; these are older.
fn let_it_settle() {
    thread::sleep(Duration::from_millis(120));
}

#[test]
fn an_unchanged_tree_is_not_read_again_and_a_changed_file_is() {
    let world = World::new();
    make_sample(&world.path("source"));
    let_it_settle();
    let first = world.json(&["backup", "source", "--json"]);
    assert_eq!(number(&first, "files_new"), 55);
    let second = world.json(&["backup", "source", "--json"]);
    assert_eq!(number(&second, "files_unmodified"), 55, "{second}");
    assert_eq!(number(&second, "read_bytes"), 0, "{second}");
    assert!(number(&second, "new_bytes") < 10_000, "{second}");
    fs::write(world.path("source/small-7"), "changed").unwrap();
    fs::remove_file(world.path("source/small-8")).unwrap();
    fs::rename(world.path("source/small-9"), world.path("source/renamed")).unwrap();
    let third = world.json(&["backup", "source", "--json"]);
    assert_eq!((number(&third, "files_changed"), number(&third, "files_new")), (1, 1), "{third}");
    assert_eq!(world.restore(&world.path("source"), "out", &[]).status, Some(0));
    assert_same(&world.path("source"), &world.path("out"));
}

#[test]
fn a_change_that_hides_behind_the_old_time_is_found_by_the_change_time() {
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/file"), "before").unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    File::open(world.path("source/file")).unwrap().set_modified(time).unwrap();
    let_it_settle();
    world.json(&["backup", "source", "--json"]);
    fs::write(world.path("source/file"), "behind").unwrap();
    File::open(world.path("source/file")).unwrap().set_modified(time).unwrap();
    let second = world.json(&["backup", "source", "--json"]);
    assert_eq!(number(&second, "files_changed"), 1);
    assert_eq!(world.restore(&world.path("source"), "out", &[]).status, Some(0));
    assert_eq!(fs::read(world.path("out/file")).unwrap(), b"behind");
}

#[test]
fn without_its_local_files_a_host_reads_all_and_stores_nothing_anew() {
    let world = World::new();
    make_sample(&world.path("source"));
    world.json(&["backup", "source", "--json"]);
    for local in ["state", "cache"] {
        fs::remove_dir_all(world.path(local)).unwrap();
        let again = world.json(&["backup", "source", "--json"]);
        // The directories above the source may have changed with the local files in them.
        assert!(number(&again, "new_bytes") < 10_000, "{local}: {again}");
    }
}

#[test]
fn excludes_leave_out_what_they_name_and_dry_run_says_why() {
    let world = World::new();
    let source = world.path("source");
    make_sample(&source);
    fs::create_dir(source.join("cache")).unwrap();
    fs::write(source.join("cache/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55").unwrap();
    fs::write(source.join("cache/junk"), "x").unwrap();
    fs::write(source.join(".lifeboatignore"), "small-1*\n!small-11\n").unwrap();
    let words = ["backup", "source", "--exclude", "*.tmp", "--exclude-caches", "--exclude-larger-than", "1M"];
    let before = world.objects("").len();
    let mut dry = words.to_vec();
    dry.extend(["--dry-run"]);
    let run = world.run(&dry);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stdout.contains("excluded") && run.stdout.contains("dir/large"), "{run:?}");
    assert_eq!(world.objects("").len(), before);
    assert_eq!(world.run(&words).status, Some(0));
    assert_eq!(world.restore(&source, "out", &[]).status, Some(0));
    let there = |name: &str| world.path("out").join(name).exists();
    assert!(there("small-11") && there("small-2") && there("cache/CACHEDIR.TAG"));
    assert!(!there("small-10") && !there("dir/large") && !there("cache/junk"));
}

#[test]
fn a_stream_is_stored_and_a_program_that_fails_fails_the_backup() {
    let world = World::new();
    let content = noise(5 << 20, 3);
    let mut child = world
        .command(&["backup", "--stdin", "--stdin-name", "dump.sql"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&content).unwrap();
    assert!(child.wait().unwrap().success());
    let out = world.command(&["cat", "latest:/dump.sql"]).output().unwrap();
    assert!(out.status.success() && out.stdout == content);
    let run = world.run(&["backup", "--command", "x", "--", "sh", "-c", "echo half; echo oh no >&2; exit 7"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("status 7") && run.stderr.contains("oh no"), "{run:?}");
    let listed = world.json(&["snapshots", "--json"]);
    assert_eq!(listed["snapshots"].as_array().unwrap().len(), 1);
    let run = world.run(&["backup", "--command", "x", "--", "echo", "whole"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(world.run(&["cat", "latest:/x"]).stdout, "whole\n");
}

#[test]
fn what_is_not_there_makes_no_snapshot() {
    let world = World::new();
    let run = world.run(&["backup", "missing"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("missing"), "{run:?}");
    assert!(world.objects("snapshots").is_empty());
}

#[test]
fn an_interrupted_backup_keeps_what_it_stored_and_the_next_uses_it() {
    let world = World::new();
    let content = noise(80 << 20, 4);
    let mut child = world.command(&["backup", "--stdin"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&content).unwrap();
    thread::sleep(Duration::from_millis(300));
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let _ = pipe.write_all(&[0; 1 << 20]);
    drop(pipe);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(world.objects("snapshots").is_empty() && world.objects("sessions").is_empty());
    fs::write(world.path("content"), &content).unwrap();
    let next = world.json(&["backup", "content", "--json"]);
    assert!(number(&next, "new_bytes") < 40 << 20, "{next}");
    assert_eq!(world.run(&["check", "--read-data"]).status, Some(0));
}

#[test]
fn of_two_runs_of_one_backup_the_second_is_told_to_wait() {
    let world = World::new();
    let mut first = world.command(&["backup", "--stdin"]).stdin(Stdio::piped()).spawn().unwrap();
    while world.objects("sessions").is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let run = world.run(&["backup", "--stdin"]);
    assert_eq!(run.status, Some(11), "{run:?}");
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
}

#[test]
fn jobs_of_the_configuration_run_with_their_hooks() {
    let world = World::new();
    make_sample(&world.path("source"));
    let text = "[job.home]\nsources = 'source'\ntags = ['nightly']\nexclude = 'small-*'\n\
        [job.home.hooks]\nbefore = 'echo before $LIFEBOAT_JOB >> log'\n\
        after = 'echo after $LIFEBOAT_SNAPSHOT >> log'\n\
        [job.bad]\nsources = 'source'\n[job.bad.hooks]\nbefore = 'exit 3'\n";
    fs::write(world.path("lifeboat.toml"), text).unwrap();
    let config = world.path("lifeboat.toml");
    let words = |job| vec!["backup", job, "--config", config.to_str().unwrap()];
    let run = world.run(&words("home"));
    assert_eq!(run.status, Some(0), "{run:?}");
    let log = fs::read_to_string(world.path("log")).unwrap();
    assert!(log.starts_with("before home\nafter "), "{log}");
    let listed = world.json(&["snapshots", "--json", "--tag", "nightly"]);
    assert_eq!(listed["snapshots"][0]["job"], "home");
    let run = world.run(&words("bad"));
    assert_eq!(run.status, Some(1), "{run:?}");
    assert_eq!(world.objects("snapshots").len(), 1);
}

#[test]
fn backups_of_four_hosts_at_once_do_not_disturb_each_other() {
    let world = World::new();
    let names = ["a", "b", "c", "d"];
    for (index, name) in names.iter().enumerate() {
        make_sample(&world.path(name));
        fs::write(world.path(name).join("own"), noise(4 << 20, 100 + index as u64)).unwrap();
    }
    let children: Vec<_> =
        names.iter().map(|name| world.command(&["backup", name, "--host", name]).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(world.run(&["check", "--read-data"]).status, Some(0));
    for name in names {
        let source = format!("latest@{name}:{}", world.path(name).display());
        let target = world.path(format!("out-{name}"));
        assert_eq!(world.run(&["restore", &source, "--target", target.to_str().unwrap()]).status, Some(0));
        assert_same(&world.path(name), &target);
    }
}
