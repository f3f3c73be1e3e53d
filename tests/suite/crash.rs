//! What is killed at any moment, and what is damaged on this machine, loses nothing that was acknowledged.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::world::{World, assert_same, files_below, make_sample, noise};

fn sample(world: &World) {
    let source = world.path("source");
    make_sample(&source);
    for number in 0..12u64 {
        fs::write(source.join(format!("block-{number}")), noise(4 << 20, 1000 + number)).unwrap();
    }
}

#[test]
fn a_backup_killed_at_any_time_leaves_a_sound_repository() {
    let world = World::new();
    sample(&world);
    for delay in [1, 5, 10, 20, 30, 45, 60, 80, 110, 150] {
        let mut child = world.command(&["backup", "source", "--force"]).spawn().unwrap();
        thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
        let run = world.run(&["check"]);
        assert_eq!(run.status, Some(0), "after {delay} ms: {run:?}");
    }
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    assert_eq!(world.run(&["check", "--read-data"]).status, Some(0));
    assert_eq!(world.restore(&world.path("source"), "out", &[]).status, Some(0));
    assert_same(&world.path("source"), &world.path("out"));
}

#[test]
fn a_restore_killed_at_any_time_is_completed_by_the_next() {
    let world = World::new();
    sample(&world);
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    let source = format!("latest:{}", world.path("source").display());
    let target = world.path("out");
    let words = ["restore", &source, "--target", target.to_str().unwrap()];
    for delay in [1, 4, 8, 12, 16, 20, 25, 30, 40, 50, 70] {
        let mut child = world.command(&words).spawn().unwrap();
        thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
    }
    let run = world.run(&words);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_same(&world.path("source"), &target);
}

#[test]
fn damaged_local_files_never_make_a_snapshot_that_cannot_be_restored() {
    let world = World::new();
    make_sample(&world.path("source"));
    thread::sleep(Duration::from_millis(120));
    for _ in 0..2 {
        assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    }
    let local: Vec<_> = ["state", "cache"].iter().flat_map(|dir| files_below(&world.path(dir))).collect();
    assert!(local.len() >= 4, "{local:?}");
    for path in local {
        let Ok(whole) = fs::read(&path) else { continue };
        for damage in 0..4usize {
            let mut bytes = whole.clone();
            match damage {
                0 => bytes.clear(),
                1 => bytes.truncate(bytes.len() / 2),
                _ if bytes.is_empty() => continue,
                2 => bytes[whole.len() / 3] ^= 0x10,
                _ => bytes[whole.len() - 1] ^= 0x10,
            }
            // A run that was merged meanwhile is made anew where it stood.
            let _ = fs::write(&path, bytes);
            let cell = format!("{} damage {damage}", path.display());
            let run = world.run(&["backup", "source"]);
            assert!(!run.stderr.contains("internal error"), "{cell}: {run:?}");
            if run.status == Some(0) {
                let _ = fs::remove_dir_all(world.path("out"));
                let _ = fs::remove_dir_all(world.path("cache"));
                let restored = world.restore(&world.path("source"), "out", &[]);
                assert_eq!(restored.status, Some(0), "{cell}: {restored:?}");
                assert_same(&world.path("source"), &world.path("out"));
            }
            let _ = fs::write(&path, &whole);
        }
    }
    assert_eq!(world.run(&["check", "--read-data"]).status, Some(0));
}
