//! Roles hold what their slots hold, and the wrong key opens nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use lifeboat::crypto::x25519::Identity;

use crate::program::{Run, finish};
use crate::world::{World, assert_same, make_sample};

/// An identity in a file of the world, and its public half.
fn identity(world: &World, name: &str) -> String {
    let identity = Identity::generate();
    fs::write(world.path(name), identity.to_secret_text().expose()).unwrap();
    identity.to_recipient().to_string()
}

fn as_holder(world: &World, name: &str, words: &[&str]) -> Run {
    let mut command = world.command(words);
    command.env("LIFEBOAT_IDENTITY_FILE", world.path(name));
    command.env("LIFEBOAT_STATE_DIR", world.path(format!("state-{name}")));
    command.env("LIFEBOAT_CACHE_DIR", world.path(format!("cache-{name}")));
    finish(command)
}

fn add(world: &World, role: &str, recipient: &str, more: &[&str]) {
    let mut words = vec!["key", "add", "--role", role, "--recipient", recipient];
    words.extend(more);
    let run = world.run(&words);
    assert_eq!(run.status, Some(0), "{run:?}");
}

#[test]
fn a_writer_backs_up_incrementally_and_can_read_nothing_old() {
    let world = World::new();
    make_sample(&world.path("source"));
    std::thread::sleep(std::time::Duration::from_millis(120));
    let public = identity(&world, "writer");
    add(&world, "writer", &public, &["--host", "web1"]);
    for _ in 0..2 {
        let run = as_holder(&world, "writer", &["backup", "source", "--host", "web1", "--json"]);
        assert_eq!(run.status, Some(0), "{run:?}");
    }
    let run = as_holder(&world, "writer", &["backup", "source", "--host", "web1", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["read_bytes"], 0, "{report}");
    assert!(report["new_bytes"].as_u64().unwrap() < 10_000, "{report}");
    for words in [
        &["snapshots"][..],
        &["ls", "latest"],
        &["cat", "latest:/x"],
        &["restore", "latest", "--target", "out"],
        &["key", "add", "--role", "writer", "--host", "x", "--recipient", &public],
    ] {
        let run = as_holder(&world, "writer", words);
        assert_eq!(run.status, Some(12), "{words:?} {run:?}");
        assert!(run.stderr.contains("maintainer") || run.stderr.contains("restorer"), "{words:?} {run:?}");
    }
    let run = as_holder(&world, "writer", &["backup", "source", "--host", "other"]);
    assert_eq!(run.status, Some(12), "{run:?}");
    assert_eq!(world.restore(&world.path("source"), "out", &[]).status, Some(0));
    assert_same(&world.path("source"), &world.path("out"));
}

#[test]
fn a_maintainer_sees_names_and_no_contents() {
    let world = World::new();
    make_sample(&world.path("source"));
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    let public = identity(&world, "maintainer");
    add(&world, "maintainer", &public, &[]);
    assert_eq!(as_holder(&world, "maintainer", &["ls", "latest"]).status, Some(0));
    assert_eq!(as_holder(&world, "maintainer", &["check"]).status, Some(0));
    let file = format!("latest:{}", world.path("source/dir/text").display());
    let run = as_holder(&world, "maintainer", &["cat", &file]);
    assert_eq!(run.status, Some(12), "{run:?}");
    assert!(run.stderr.contains("restorer"), "{run:?}");
}

#[test]
fn the_wrong_key_and_the_wrong_passphrase_open_nothing_and_say_so() {
    let world = World::new();
    identity(&world, "stranger");
    let run = as_holder(&world, "stranger", &["snapshots"]);
    assert_eq!(run.status, Some(12), "{run:?}");
    fs::write(world.path("good"), "correct horse").unwrap();
    fs::write(world.path("bad"), "battery staple").unwrap();
    let good = world.path("good");
    let words = ["key", "add", "--role", "restorer", "--new-passphrase-file", good.to_str().unwrap()];
    assert_eq!(world.run(&words).status, Some(0));
    let with = |file: &str| {
        let mut command = world.command(&["snapshots"]);
        command.env_remove("LIFEBOAT_IDENTITY_FILE").env("LIFEBOAT_PASSPHRASE_FILE", world.path(file));
        finish(command)
    };
    assert_eq!(with("good").status, Some(0));
    let run = with("bad");
    assert_eq!(run.status, Some(12), "{run:?}");
    assert!(run.stderr.contains("passphrase") && !run.stderr.contains("staple"), "{run:?}");
    let mut command = world.command(&["snapshots"]);
    command.env_remove("LIFEBOAT_IDENTITY_FILE");
    assert_eq!(finish(command).status, Some(12));
}

#[test]
fn ssh_keys_and_plugins_open_slots() {
    let world = World::new();
    for kind in ["ed25519", "rsa"] {
        let file = world.path(kind);
        let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(&file).status();
        if !made.is_ok_and(|status| status.success()) {
            let why = "ssh-keygen is missing";
            assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
            println!("skipped: {why}");
            continue;
        }
        let public = world.path(format!("{kind}.pub"));
        add(&world, "restorer", public.to_str().unwrap(), &["--label", kind]);
        let run = as_holder(&world, kind, &["snapshots"]);
        assert_eq!(run.status, Some(0), "{run:?}");
    }
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let made = Command::new(support.join("age-plugin-lbtest")).arg("--generate").output();
    let Some(made) = made.ok().filter(|made| made.status.success()) else {
        let why = "the test plugin needs python3";
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        return;
    };
    let text = String::from_utf8(made.stdout).unwrap();
    let find = |start: &str| {
        let mut words = text.split_whitespace();
        words.find(|word| word.starts_with(start)).unwrap_or_else(|| panic!("{start} in {text}")).to_owned()
    };
    fs::write(world.path("plugin"), find("AGE-PLUGIN-")).unwrap();
    let path = format!("{}:/usr/bin:/bin", support.display());
    let mut command =
        world.command(&["key", "add", "--role", "restorer", "--recipient", &find("age1lbtest1")]);
    command.env("PATH", &path);
    let run = finish(command);
    assert_eq!(run.status, Some(0), "{run:?}");
    let mut command = world.command(&["snapshots"]);
    command.env("PATH", &path).env("LIFEBOAT_IDENTITY_FILE", world.path("plugin"));
    let run = finish(command);
    assert_eq!(run.status, Some(0), "{run:?}");
}

#[test]
fn an_exported_key_opens_the_repository_when_every_slot_is_lost() {
    let world = World::new();
    make_sample(&world.path("source"));
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    let run = world.run(&["key", "export", "--output", "exported"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    for slot in world.objects("keys") {
        fs::remove_file(slot).unwrap();
    }
    let source = format!("latest:{}", world.path("source").display());
    let run = as_holder(&world, "exported", &["restore", &source, "--target", "out"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_same(&world.path("source"), &world.path("out"));
}

#[test]
fn another_repository_in_the_place_of_a_known_one_is_refused() {
    let world = World::new();
    assert_eq!(world.run(&["snapshots"]).status, Some(0));
    let public = identity(&world, "other");
    fs::remove_dir_all(world.path("repo")).unwrap();
    let mut command = world.command(&["init", "--recipient", &public]);
    command.env("LIFEBOAT_STATE_DIR", world.path("elsewhere"));
    assert_eq!(finish(command).status, Some(0));
    let mut command = world.command(&["snapshots"]);
    command.env("LIFEBOAT_IDENTITY_FILE", world.path("other"));
    let run = finish(command);
    assert_eq!(run.status, Some(12), "{run:?}");
    assert!(run.stderr.contains("fingerprint"), "{run:?}");
}
