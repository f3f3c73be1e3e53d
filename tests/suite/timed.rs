//! A server that ignores conditions on writes: found out, named, and used by the time-based protocol.

use std::fs;
use std::process::Stdio;

use lifeboat::crypto::x25519::Identity;

use crate::cold::fake::Fake;
use crate::program::{Sandbox, finish};
use crate::world::{assert_same, make_sample};

#[test]
fn a_server_that_ignores_conditions_is_named_and_every_host_keeps_to_the_slower_protocol() {
    let fake = Fake::new();
    fake.ignore_conditions();
    let sandbox = Sandbox::new();
    let identity = Identity::generate();
    fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
    make_sample(&sandbox.path("source"));
    let url = format!("s3://{}", fake.url());
    let command = |words: &[&str], host: &str| {
        let mut command = sandbox.command(words);
        command.env("LIFEBOAT_IDENTITY_FILE", sandbox.path("identity"));
        command.env("LIFEBOAT_STATE_DIR", sandbox.path(format!("state-{host}")));
        command.env("LIFEBOAT_CACHE_DIR", sandbox.path(format!("cache-{host}")));
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    };
    let probe = finish(command(&["store", "probe", &url], "a"));
    assert_eq!(probe.status, Some(0), "{probe:?}");
    assert!(probe.stdout.contains("BROKEN") && probe.stdout.contains("time-based protocol"), "{probe:?}");
    // Only whoever makes it says how long a contest takes; it is recorded.
    let quick = format!("{url}&settle=700ms");
    let recipient = identity.to_recipient().to_string();
    let init = finish(command(&["init", "--repo", &quick, "--recipient", &recipient], "a"));
    assert_eq!(init.status, Some(0), "{init:?}");
    assert!(init.stderr.contains("time-based") && init.stderr.contains("create-only"), "{init:?}");
    let backups: Vec<_> = ["a", "b"]
        .map(|host| {
            let mut backup = command(&["backup", "source", "--repo", &url, "--host", host], host);
            backup.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    assert!(backups.iter().all(|backup| backup.status.success()), "{backups:?}");
    let claims = fake.log().iter().filter(|line| line.starts_with("PUT pre/fix/claims/snapshots/")).count();
    assert_eq!(claims, 2, "each commit has its contest");
    let check = finish(command(&["check", "--repo", &url, "--read-data"], "a"));
    assert_eq!(check.status, Some(0), "{check:?}");
    assert!(check.stdout.contains("2 snapshots") && !check.stdout.contains("warning"), "{check:?}");
    let path = format!("latest@b:{}", sandbox.path("source").display());
    let restore = finish(command(&["restore", &path, "--target", "out", "--repo", &url], "b"));
    assert_eq!(restore.status, Some(0), "{restore:?}");
    assert_same(&sandbox.path("source"), &sandbox.path("out"));
}
