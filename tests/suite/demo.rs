//! The demo, as a newcomer runs it.

use std::fs;

use crate::program::{Sandbox, finish};

#[test]
fn the_demo_brings_everything_back_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["demo"]);
    command.env("TMPDIR", sandbox.home.path());
    // What is set in the user's environment must not matter.
    command.env("LIFEBOAT_REPO", "/nowhere").env("LIFEBOAT_PASSPHRASE_COMMAND", "exit 1");
    let run = finish(command);
    assert_eq!(run.status, Some(0), "{run:?}");
    for line in
        ["$ lifeboat init --recipient age1", "$ lifeboat backup files", "Everything came back as it was."]
    {
        assert!(run.stdout.contains(line), "{line}: {run:?}");
    }
    assert_eq!(run.stdout.matches(": all the same\n").count(), 2, "{run:?}");
    assert_eq!(fs::read_dir(sandbox.home.path()).unwrap().count(), 0, "{run:?}");
}

#[test]
fn under_json_the_demo_is_one_document_with_each_steps_own() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["demo", "--json", "--dir", "here", "--keep"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["schema"], "lifeboat.demo/1");
    assert_eq!((&document["kept"], &document["verified"]), (&true.into(), &true.into()));
    let commands: Vec<&str> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["command"][1].as_str().unwrap())
        .collect();
    assert_eq!(commands, ["init", "backup", "backup", "snapshots", "restore", "restore", "check"]);
    assert!(document["steps"].as_array().unwrap().iter().all(|step| step["result"]["schema"].is_string()));
    let comparisons = document["comparisons"].as_array().unwrap();
    assert_eq!(comparisons.len(), 2);
    for comparison in comparisons {
        assert!(comparison["entries"].as_u64().unwrap() > 300, "{comparison}");
        assert_eq!(comparison["differences"], serde_json::json!([]));
    }
    // It is all there, and usable.
    let run = sandbox.run(&["snapshots", "--json", "--config", "here/lifeboat.toml"]);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["snapshots"].as_array().unwrap().len(), 2);
}

#[test]
fn a_directory_that_is_there_already_is_not_touched() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("mine")).unwrap();
    fs::write(sandbox.path("mine/precious"), "x").unwrap();
    let run = sandbox.run(&["demo", "--dir", "mine"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("--dir"), "{run:?}");
    assert_eq!(fs::read_to_string(sandbox.path("mine/precious")).unwrap(), "x");
}
