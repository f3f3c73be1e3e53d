//! No damage goes unnoticed, and nothing wrong is ever restored: object kinds, damages, commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::Run;
use crate::world::{World, assert_same, make_sample, noise, tree};

/// What is done to an object.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Deleted,
    Emptied,
    Halved,
    CutByOne,
    Flipped(usize),
    Replaced,
    Swapped,
    Extended,
}

const DAMAGES: [Damage; 10] = [
    Damage::Deleted,
    Damage::Emptied,
    Damage::Halved,
    Damage::CutByOne,
    Damage::Flipped(0),
    Damage::Flipped(50),
    Damage::Flipped(99),
    Damage::Replaced,
    Damage::Swapped,
    Damage::Extended,
];

fn apply(damage: Damage, object: &Path, other: &Path) {
    let mut bytes = fs::read(object).unwrap();
    match damage {
        Damage::Deleted => return fs::remove_file(object).unwrap(),
        Damage::Emptied => bytes.clear(),
        Damage::Halved => bytes.truncate(bytes.len() / 2),
        Damage::CutByOne => bytes.truncate(bytes.len() - 1),
        Damage::Flipped(percent) => {
            let at = (bytes.len() * percent / 100).min(bytes.len() - 1);
            bytes[at] ^= 1;
        }
        Damage::Replaced => bytes = noise(bytes.len(), 77),
        Damage::Swapped => bytes = fs::read(other).unwrap(),
        Damage::Extended => bytes.extend_from_slice(b"more"),
    }
    fs::write(object, bytes).unwrap();
}

/// A repository with two snapshots, and each kind of object with another of its kind.
fn base() -> (World, Vec<(&'static str, PathBuf, PathBuf)>) {
    let world = World::new();
    make_sample(&world.path("source"));
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    fs::write(world.path("source/later"), noise(200_000, 5)).unwrap();
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    let mut packs = world.objects("packs");
    packs.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().len()));
    assert_eq!(packs.len(), 4, "a pack of data and one of trees for each snapshot");
    let relative = |path: &PathBuf| path.strip_prefix(world.path("repo")).unwrap().to_owned();
    let pair = |prefix: &str| {
        let found = world.objects(prefix);
        (relative(&found[0]), relative(found.last().unwrap()))
    };
    let mut kinds = vec![
        ("data pack", relative(&packs[0]), relative(&packs[1])),
        ("tree pack", relative(&packs[2]), relative(&packs[3])),
    ];
    for (kind, prefix) in [("segment", "index"), ("key slot", "keys")] {
        let (one, other) = pair(prefix);
        kinds.push((kind, one, other));
    }
    let (one, other) = pair("snapshots");
    kinds.push(("snapshot", one.clone(), other.clone()));
    kinds.push(("the other snapshot", other, one));
    kinds.push(("config", "config".into(), kinds[3].1.clone()));
    (world, kinds)
}

/// What no run may ever say or do.
fn check_manners(run: &Run, cell: &str) {
    assert!(!run.stderr.contains("internal error"), "{cell}: {run:?}");
    assert!(matches!(run.status, Some(0 | 1 | 2 | 3 | 4 | 10 | 12)), "{cell}: {run:?}");
    let silent = run.stderr.is_empty() && run.stdout.is_empty();
    assert!(run.status == Some(0) || !silent, "{cell}: {run:?}");
}

/// A restore is right, or it says that it is not, and nothing that it leaves is wrong.
fn check_restore(world: &World, cell: &str, snapshot: &str, want: &Path) {
    let source = format!("{snapshot}:{}", world.path("source").display());
    let out = world.path("out");
    let _ = fs::remove_dir_all(&out);
    let run = world.run(&["restore", &source, "--target", out.to_str().unwrap()]);
    check_manners(&run, cell);
    if run.status == Some(0) {
        return assert_same(want, &out);
    }
    if out.exists() {
        let right = tree(want);
        for (path, facts) in tree(&out) {
            let content = |facts: &str| facts.splitn(4, ' ').nth(3).map(str::to_owned);
            let expected = right.get(&path).unwrap_or_else(|| panic!("{cell}: {path:?} was made up"));
            let is_file = content(expected).is_some_and(|text| text.len() > 64);
            let hash = |facts: &str| content(facts).map(|text| text[..64].to_owned());
            assert!(!is_file || hash(expected) == hash(&facts), "{cell}: {path:?} has wrong contents");
        }
    }
}

#[test]
fn every_damage_to_every_kind_of_object_is_found_and_nothing_wrong_is_restored() {
    let (world, kinds) = base();
    let repo = world.path("repo");
    let pristine = world.path("pristine");
    let (state, pristine_state) = (world.path("state"), world.path("pristine-state"));
    let copy = |from: &Path, to: &Path| {
        let _ = fs::remove_dir_all(to);
        assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    };
    copy(&repo, &pristine);
    copy(&state, &pristine_state);
    for (kind, object, other) in &kinds {
        for damage in DAMAGES {
            let is_alone = matches!(*kind, "key slot");
            if is_alone && matches!(damage, Damage::Swapped) {
                continue;
            }
            for is_cold in [true, false] {
                let cell = format!("{kind} {damage:?} {}", if is_cold { "cold" } else { "warm" });
                copy(&pristine, &repo);
                copy(&pristine_state, &state);
                apply(damage, &repo.join(object), &pristine.join(other));
                if is_cold {
                    let _ = fs::remove_dir_all(world.path("cache"));
                }
                let run = world.run(&["check", "--read-data"]);
                check_manners(&run, &cell);
                assert_ne!(run.status, Some(0), "{cell}: nothing was found: {run:?}");
                check_manners(&world.run(&["snapshots"]), &cell);
                // That the newest snapshot is gone is for `check` to say: what is latest then is another one.
                if !(kind.ends_with("snapshot") && matches!(damage, Damage::Deleted)) {
                    check_restore(&world, &cell, "latest", &world.path("source"));
                }
                let run = world.run(&["backup", "source", "--json"]);
                check_manners(&run, &cell);
                if run.status == Some(0) {
                    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
                    let id = report["snapshot"].as_str().unwrap().to_owned();
                    check_restore(&world, &format!("{cell}, backed up anew"), &id, &world.path("source"));
                }
            }
        }
    }
}

#[test]
fn a_pack_that_is_gone_is_stored_again_by_the_next_backup() {
    let (world, kinds) = base();
    for (_, object, _) in &kinds[..2] {
        fs::remove_file(world.path("repo").join(object)).unwrap();
    }
    let run = world.run(&["backup", "source"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stderr.contains("missing"), "{run:?}");
    let run = world.restore(&world.path("source"), "out", &[]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_same(&world.path("source"), &world.path("out"));
}

#[test]
fn what_is_no_repository_is_told_from_one() {
    let world = World::new();
    fs::create_dir(world.path("plain")).unwrap();
    fs::write(world.path("file"), "x").unwrap();
    for (place, statuses) in [("plain", &[10][..]), ("nowhere", &[10]), ("file", &[1, 2, 10])] {
        let run = world.run(&["snapshots", "--repo", world.path(place).to_str().unwrap()]);
        assert!(statuses.contains(&run.status.unwrap()), "{place}: {run:?}");
        assert!(run.stderr.contains(place), "{run:?}");
    }
    assert_eq!(world.run(&["init", "--recipient", "age1x"]).status, Some(2));
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let world = World::new();
    let disk = world.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(&disk).status()
    };
    if !mount("size=12m").is_ok_and(|status| status.success()) {
        let why = "a tmpfs cannot be mounted";
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    }
    let repo = disk.join("repo").to_str().unwrap().to_owned();
    let identity = fs::read_to_string(world.path("identity")).unwrap();
    let identity = lifeboat::crypto::x25519::Identity::parse(&lifeboat::base::secret::SecretText::new(
        identity.trim().to_owned(),
    ))
    .unwrap();
    let recipient = identity.to_recipient().to_string();
    assert_eq!(world.run(&["init", "--repo", &repo, "--recipient", &recipient]).status, Some(0));
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/small"), "x").unwrap();
    assert_eq!(world.run(&["backup", "source", "--repo", &repo]).status, Some(0));
    fs::write(world.path("source/large"), noise(60 << 20, 8)).unwrap();
    let run = world.run(&["backup", "source", "--repo", &repo]);
    let larger = mount("remount,size=200m");
    let again = world.run(&["backup", "source", "--repo", &repo]);
    let check = world.run(&["check", "--read-data", "--repo", &repo]);
    let listed = world.run(&["snapshots", "--json", "--repo", &repo]);
    let unmounted = Command::new("umount").arg(&disk).status();
    assert!(larger.unwrap().success() && unmounted.unwrap().success());
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("space"), "{run:?}");
    assert_eq!((again.status, check.status), (Some(0), Some(0)), "{again:?} {check:?}");
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["snapshots"].as_array().unwrap().len(), 2);
}
