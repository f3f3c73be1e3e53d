//! A repository is read without lifeboat, and old ones stay readable.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::finish;
use crate::world::{World, assert_same, make_sample};

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
}

/// Whether stock tools are there; if not, says so, or fails where all is required.
fn has_tools() -> bool {
    let there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let missing: Vec<&str> = ["python3", "age", "zstd"].into_iter().filter(|name| !there(name)).collect();
    if !missing.is_empty() {
        let why = format!("{missing:?} are missing");
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
    }
    missing.is_empty()
}

fn recover(repo: &Path, identity: &Path, target: &Path) {
    let mut command = Command::new("python3");
    command.arg("-B").arg(fixtures().join("restore.py")).args([repo, identity]).arg("latest").arg(target);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn stock_age_zstd_and_python_restore_a_whole_snapshot() {
    if !has_tools() {
        return;
    }
    let world = World::new();
    let source = world.path("source");
    make_sample(&source);
    let sparse = fs::File::create(source.join("sparse")).unwrap();
    sparse.set_len(3 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"end", (3 << 20) - 3).unwrap();
    drop(sparse);
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    let out = world.path("out");
    recover(&world.path("repo"), &world.path("identity"), &out);
    assert_same(&source, &out.join(source.strip_prefix("/").unwrap()));
}

#[test]
fn the_golden_repository_of_format_version_1_is_still_read() {
    let world = World::new();
    let golden = world.path("golden");
    let copied = Command::new("cp").arg("-r").arg(fixtures().join("golden-v1")).arg(&golden).status();
    assert!(copied.unwrap().success());
    let (repo, identity) = (golden.join("repository"), golden.join("identity.txt"));
    let run = |words: &[&str]| {
        let mut command = world.command(words);
        command.env("LIFEBOAT_REPO", &repo).env("LIFEBOAT_IDENTITY_FILE", &identity);
        finish(command)
    };
    let check = run(&["check", "--read-data"]);
    assert_eq!(check.status, Some(0), "{check:?}");
    let out = world.path("out");
    let restored = run(&["restore", "latest", "--target", out.to_str().unwrap(), "--no-owner"]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    if has_tools() {
        let other = world.path("by-hand");
        recover(&repo, &identity, &other);
        let contents = |root: &Path| -> Vec<_> {
            let files = crate::world::files_below(root);
            files
                .iter()
                // Reading a FIFO would wait for a writer.
                .filter(|path| fs::symlink_metadata(path).unwrap().is_file())
                .map(|path| (path.strip_prefix(root).unwrap().to_owned(), fs::read(path).unwrap()))
                .collect()
        };
        assert!(!contents(&out).is_empty());
        assert_eq!(contents(&out), contents(&other));
    }
}
