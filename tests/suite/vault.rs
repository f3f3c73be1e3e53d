//! Locked objects and looking back, through the program, on a real server: SeaweedFS.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use lifeboat::crypto::x25519::Identity;
use lifeboat::store::client::Client;
use lifeboat::store::contract::check_contract;
use lifeboat::store::error::StoreError;
use lifeboat::store::s3::{S3Store, options::S3Options};
use lifeboat::store::vault::ObjectVersion;
use lifeboat::store::{Store, Version};
use serde_json::Value;

use crate::program::{Run, Sandbox, finish};
use crate::seaweed::{OWNER, READER, WRITER, Weed, weed};
use crate::world::{assert_same, make_sample};

const LOCK: &str = "lock=governance&lock-for=20d&lock-renew=5d";

/// A home with an identity, and a place in a bucket that locks.
struct Vault {
    sandbox: Sandbox,
    url: String,
    recipient: String,
}

impl Vault {
    fn new(weed: &Weed, more: &str) -> Self {
        let sandbox = Sandbox::new();
        let identity = Identity::generate();
        std::fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
        let url = format!("{}&{more}", weed.url_in("locked"));
        // The bucket is made with Object Lock by whoever comes first.
        let maker = store(&format!("{}&{LOCK}", weed.url_in("locked")), OWNER, true);
        let probe = lifeboat::store::key::Key::new("sessions/made").unwrap();
        Client::new(maker).unwrap().create(&probe, Bytes::new()).unwrap();
        Self { sandbox, url, recipient: identity.to_recipient().to_string() }
    }

    fn command(&self, words: &[&str], (key, secret): (&str, &str)) -> Command {
        let mut command = self.sandbox.command(words);
        command.env("LIFEBOAT_REPO", &self.url).env("LIFEBOAT_IDENTITY_FILE", self.sandbox.path("identity"));
        command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        finish(self.command(words, OWNER))
    }

    fn ok(&self, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.status, Some(0), "{words:?}: {run:?}");
        run
    }

    fn json(&self, words: &[&str]) -> (Option<i32>, Value) {
        let run = self.run(&[words, &["--json"]].concat());
        (run.status, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}")))
    }

    /// Makes a repository with two snapshots of a sample.
    fn fill(&self) {
        make_sample(&self.sandbox.path("source"));
        self.ok(&["init", "--recipient", &self.recipient]);
        self.ok(&["backup", "source"]);
        std::fs::write(self.sandbox.path("source/dir/text"), "another text").unwrap();
        self.ok(&["backup", "source"]);
    }

    fn assert_restores(&self, more: &[&str], out: &str) {
        let source = self.sandbox.path("source");
        let what = format!("latest:{}", source.display());
        self.ok(&[&["restore", &what, "--target", out], more].concat());
        let out = self.sandbox.path(out);
        assert_same(&source, &root_of(&out, &source));
    }
}

/// Subjects of events in a file that a channel of type `command` fills.
fn subjects(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let of =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["subject"].as_str().unwrap().to_owned();
    text.lines().filter(|line| !line.is_empty()).map(of).collect()
}

fn root_of(out: &Path, source: &Path) -> std::path::PathBuf {
    if out.join("dir").is_dir() { out.to_owned() } else { out.join(source.strip_prefix("/").unwrap()) }
}

fn store(url: &str, (key, secret): (&str, &str), create: bool) -> Arc<dyn Store> {
    let options = S3Options::parse(url.strip_prefix("s3://").unwrap()).unwrap();
    Arc::new(S3Store::new(options, create).with_access_key(key, secret))
}

/// Now, by this machine's clock, which is the server's too; and then waits until the next second.
fn now() -> String {
    thread::sleep(Duration::from_millis(1100));
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    thread::sleep(Duration::from_millis(1100));
    time
}

/// Somebody with a writer's credentials who overwrites each other object and deletes most of them; what is
/// locked cannot be destroyed.
fn attack(url: &str, is_locked: bool) {
    let url = url.split("&lock=").next().unwrap();
    let client = Client::new(store(url, WRITER, false)).unwrap();
    let vault = client.store().vault().unwrap();
    let all = client.list("").unwrap();
    assert!(all.len() > 4, "there is something to attack");
    for (n, meta) in all.iter().enumerate() {
        if n % 2 == 0 {
            let version: Option<Version> = client.stat(&meta.key).unwrap().version;
            client.swap(&meta.key, version, Bytes::from_static(b"pay up")).unwrap();
        }
        if n % 4 != 0 {
            client.delete(&meta.key).unwrap();
        }
        let versions = client.finish(vault.versions(meta.key.as_str())).unwrap();
        let is_own = |version: &&ObjectVersion| !version.is_marker && version.size == meta.size;
        for version in versions.iter().filter(is_own).filter(|_| is_locked) {
            let gone = client.finish(vault.delete_version(&meta.key, &version.id));
            assert!(matches!(gone, Err(StoreError::Locked { .. })), "{}: {gone:?}", meta.key);
        }
    }
}

#[test]
fn the_contract_holds_on_seaweedfs_with_versions_and_locks() {
    let Some(weed) = weed() else { return };
    check_contract(|| store(&format!("{}&{LOCK}", weed.url_in("locked")), OWNER, true));
}

#[test]
fn an_attack_with_a_writers_credentials_is_looked_past_and_undone() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, LOCK);
    vault.fill();
    let snapshots = vault.ok(&["snapshots"]).stdout;
    let then = now();
    attack(&vault.url, true);
    assert_ne!(vault.run(&["snapshots"]).status, Some(0), "the attack took something away");
    // Everything reads as it was.
    assert_eq!(vault.ok(&["snapshots", "--as-of", &then]).stdout, snapshots);
    let check = vault.ok(&["check", "--read-data", "--as-of", &then]);
    assert!(check.stdout.contains("no damage found"), "{check:?}");
    vault.assert_restores(&["--as-of", &then], "out");
    // Nothing is written to the past.
    let refused = vault.run(&["backup", "source", "--as-of", &then]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    // What happened is told, and changes nothing.
    let (status, told) = vault.json(&["recover", "--as-of", &then]);
    let row = &told["stores"][0];
    assert_eq!((status, &told["schema"]), (Some(0), &"lifeboat.recover/1".into()));
    assert_eq!(row["snapshots_then"], 2, "{row}");
    assert!(row["deleted"].as_u64() > Some(0) && row["overwritten"].as_u64() > Some(0), "{row}");
    assert!(row["applied"].is_null(), "{row}");
    // It is copied elsewhere, and that is a repository.
    vault.ok(&["recover", "--as-of", &then, "--to", "rescue"]);
    let rescued = vault.run(&["check", "--repo", "rescue", "--state-dir", "other", "--cache-dir", "other"]);
    assert_eq!(rescued.status, Some(0), "{rescued:?}");
    // It is brought back in place, and nothing is left to bring back.
    let (status, applied) = vault.json(&["recover", "--as-of", &then, "--apply"]);
    assert_eq!(status, Some(0), "{applied}");
    assert_eq!(vault.ok(&["snapshots"]).stdout, snapshots);
    vault.ok(&["check", "--read-data"]);
    vault.assert_restores(&[], "again");
    let (_, after) = vault.json(&["recover", "--as-of", &then]);
    let row = &after["stores"][0];
    assert_eq!((&row["deleted"], &row["overwritten"]), (&0.into(), &0.into()), "{row}");
    vault.ok(&["backup", "source"]);
}

#[test]
fn locks_are_set_audited_and_renewed() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, LOCK);
    vault.fill();
    let (status, audit) = vault.json(&["lock", "audit", "--within", "15d"]);
    assert_eq!((status, &audit["is_met"]), (Some(0), &true.into()), "{audit}");
    let row = &audit["stores"][0];
    assert_eq!(row["snapshots"].as_array().unwrap().len(), 2, "{row}");
    assert!(
        row["object_lock"] == true && row["uncovered"] == 0 && row["objects"].as_u64() > Some(5),
        "{row}"
    );
    // All of it is renewed within a month.
    let (status, audit) = vault.json(&["lock", "audit", "--within", "30d"]);
    assert_eq!(status, Some(5), "{audit}");
    assert_eq!(audit["stores"][0]["snapshots"][0]["cover"], "losing");
    // More is asked than a lock lasts, and to renew would help nobody.
    let people = vault.run(&["lock", "audit", "--within", "30d"]);
    let said = people.stdout.contains("lock-for") && !people.stdout.contains("lifeboat lock extend");
    assert!(people.status == Some(5) && said, "{people:?}");
    assert_eq!(vault.run(&["lock", "audit"]).status, Some(0), "what is asked by default is met");
    // Nothing needs renewal yet, and a longer lease is brought to all that is there.
    let (_, plan) = vault.json(&["lock", "extend", "--dry-run"]);
    assert_eq!(plan["stores"][0]["renew"].as_array().unwrap().len(), 0, "{plan}");
    let longer = vault.url.replace("lock-for=20d&lock-renew=5d", "lock-for=60d&lock-renew=40d");
    let people = vault.run(&["lock", "audit", "--within", "30d", "--repo", &longer]);
    assert!(people.status == Some(5) && people.stdout.contains("lifeboat lock extend"), "{people:?}");
    let (_, plan) = vault.json(&["lock", "extend", "--dry-run", "--repo", &longer]);
    let needed = plan["stores"][0]["objects"].as_u64();
    assert_eq!(plan["stores"][0]["renew"].as_array().map(|renew| renew.len() as u64), needed, "{plan}");
    let (status, done) = vault.json(&["lock", "extend", "--repo", &longer]);
    assert_eq!((status, done["stores"][0]["renewed"].as_u64()), (Some(0), needed), "{done}");
    assert_eq!(vault.run(&["lock", "audit", "--within", "50d"]).status, Some(0));
    let (_, again) = vault.json(&["lock", "extend", "--repo", &longer]);
    assert_eq!((&again["stores"][0]["renewed"], &again["stores"][0]["asked"]), (&0.into(), &0.into()));
    // A backup renews what it relies on, with no more than a writer's credentials.
    let longest = vault.url.replace("lock-for=20d&lock-renew=5d", "lock-for=90d&lock-renew=80d");
    let run = finish(vault.command(&["backup", "source", "--repo", &longest], WRITER));
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    assert_eq!(vault.run(&["lock", "audit", "--within", "85d", "--repo", &longest]).status, Some(0));
    let (status, state) = vault.json(&["lock", "status"]);
    let row = &state["stores"][0];
    assert_eq!(
        (status, &row["versioning"], &row["policy"]["mode"]),
        (Some(0), &true.into(), &"governance".into())
    );
    assert!(row["hidden_versions"].as_u64() >= Some(2), "sessions have ended: {row}");
}

#[test]
fn people_are_told_of_lost_cover_and_of_locks_that_were_not_renewed_and_of_the_end_of_both() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, LOCK);
    vault.fill();
    let (told, config) = (vault.sandbox.path("told"), vault.sandbox.path("lifeboat.toml"));
    let longer = vault.url.replace("lock-for=20d&lock-renew=5d", "lock-for=60d&lock-renew=40d");
    let book = format!("cat >> {0}; echo >> {0}", told.display());
    let text = format!(
        "[repository.main]\nurl = '{longer}'\n[channel.book]\ntype = 'command'\nprogram = ['sh', '-c', \
         '{book}']\n[[notify.rule]]\nto = 'book'\nevents = ['lock-audit', 'lock-extend']\n"
    );
    std::fs::write(&config, text).unwrap();
    let run = |words: &[&str], who| {
        let mut command = vault.command(words, who);
        command.env("LIFEBOAT_CONFIG", &config).env_remove("LIFEBOAT_REPO");
        finish(command)
    };
    let audit = ["lock", "audit", "--within", "30d"];
    assert_eq!(run(&audit, OWNER).status, Some(5));
    assert_eq!(run(&audit, OWNER).status, Some(5));
    let first = subjects(&told);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(
        first[0].starts_with("lock-audit of main on ") && first[0].ends_with("loses its lock, or has none")
    );
    let said = std::fs::read_to_string(&told).unwrap();
    assert!(said.contains("2 of 2 protected snapshots are not locked for") && said.contains("lock extend"));
    let failed = run(&["lock", "extend"], READER);
    assert_ne!(failed.status, Some(0), "{failed:?}");
    assert_eq!(run(&["lock", "extend", "--dry-run"], OWNER).status, Some(0));
    assert!(subjects(&told)[1].starts_with("lock-extend of main"), "{:?}", subjects(&told));
    assert_eq!(run(&["lock", "extend"], OWNER).status, Some(0));
    assert_eq!(run(&audit, OWNER).status, Some(0));
    let ends = &subjects(&told)[2..];
    assert_eq!(ends.len(), 2, "{ends:?}");
    assert!(ends[0].starts_with("Resolved: lock-extend") && ends[1].starts_with("Resolved: lock-audit"));
}

#[test]
fn a_sweep_removes_ended_sessions_and_nothing_that_is_needed() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, LOCK);
    vault.fill();
    let (_, young) = vault.json(&["lock", "sweep"]);
    assert_eq!(young["stores"][0]["versions"], 0, "{young}");
    let (_, plan) = vault.json(&["lock", "sweep", "--older-than", "0s", "--dry-run"]);
    assert!(plan["stores"][0]["versions"].as_u64() >= Some(2), "{plan}");
    let (status, swept) = vault.json(&["lock", "sweep", "--older-than", "0s"]);
    assert_eq!(status, Some(0), "{swept}");
    let (_, state) = vault.json(&["lock", "status"]);
    assert_eq!(state["stores"][0]["hidden_versions"], 0, "{state}");
    assert_eq!(vault.run(&["check", "--read-data"]).status, Some(0));
    vault.assert_restores(&[], "out");
}

#[test]
fn what_a_bucket_cannot_do_is_said_before_anything_rests_on_it() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, "");
    // A bucket without Object Lock.
    let plain = format!("{}&{LOCK}", weed.url());
    let run = vault.run(&["init", "--recipient", &vault.recipient, "--repo", &plain]);
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(run.stderr.contains("Object Lock is not switched on"), "{run:?}");
    // A probe that really tries.
    let (status, probe) = vault.json(&["store", "probe"]);
    assert_eq!(status, Some(0), "{probe}");
    assert!(probe["object_lock"] == true && probe["retention"]["honoured"] == true, "{probe}");
    // No lock, nothing to renew, and an audit that is missed.
    make_sample(&vault.sandbox.path("source"));
    vault.ok(&["init", "--recipient", &vault.recipient]);
    vault.ok(&["backup", "source"]);
    let run = vault.run(&["lock", "extend"]);
    assert!(run.status == Some(2) && run.stderr.contains("lock = "), "{run:?}");
    assert_eq!(vault.run(&["lock", "audit"]).status, Some(5));
    let early = vault.run(&["recover", "--as-of", "2001-01-01"]);
    assert!(early.status == Some(10) && early.stderr.contains("held nothing"), "{early:?}");
    let early = vault.run(&["snapshots", "--as-of", "2001-01-01"]);
    assert!(early.status == Some(10) && early.stderr.contains("name a later time"), "{early:?}");
    assert!(!early.stderr.contains("lifeboat init"), "{early:?}");
    let run = vault.run(&["recover"]);
    assert!(run.status == Some(2) && run.stderr.contains("--as-of"), "{run:?}");
    // A reader cannot bring anything back, and is told so.
    let then = now();
    attack(&vault.url, false);
    let run = finish(vault.command(&["recover", "--as-of", &then, "--apply"], READER));
    assert!(run.status == Some(1) && run.stdout.contains("no permission"), "{run:?}");
}

#[test]
fn a_directory_has_no_past() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("repo")).unwrap();
    let run = sandbox.run(&["snapshots", "--repo", "repo", "--as-of", "2026-01-01"]);
    assert!(run.status == Some(2) && run.stderr.contains("keeps no versions"), "{run:?}");
    let run = sandbox.run(&["recover", "--repo", "repo", "--as-of", "2026-01-01"]);
    assert!(run.status == Some(2) && run.stderr.contains("versioning"), "{run:?}");
}

#[test]
fn of_several_stores_each_is_audited_and_looked_back_at_by_itself() {
    let Some(weed) = weed() else { return };
    let vault = Vault::new(weed, LOCK);
    let sandbox = &vault.sandbox;
    let settings = format!(
        "[repository.main]\nurl = '{}'\nreplica_name = 'vault'\n\
         [[repository.main.replica]]\nname = 'disk'\nurl = '{}'\n\
         [[repository.main.replica]]\nname = 'second'\nurl = '{}&lock=governance&lock-for=20d'\n",
        vault.url,
        sandbox.path("disk").display(),
        weed.url_in("locked"),
    );
    std::fs::write(sandbox.path("lifeboat.toml"), settings).unwrap();
    let run = |words: &[&str]| {
        let mut command = vault.command(&[words, &["--repo", "main"]].concat(), OWNER);
        command.env("LIFEBOAT_CONFIG", sandbox.path("lifeboat.toml"));
        finish(command)
    };
    make_sample(&sandbox.path("source"));
    let ok = |words: &[&str]| {
        let run = run(words);
        assert_eq!(run.status, Some(0), "{words:?} {run:?}");
        run
    };
    ok(&["init", "--recipient", &vault.recipient]);
    ok(&["backup", "source"]);
    let audit: Value = serde_json::from_str(&ok(&["lock", "audit", "--json"]).stdout).unwrap();
    let rows: Vec<(&str, bool)> = audit["stores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["is_locking"].as_bool().unwrap()))
        .collect();
    assert_eq!(rows, [("vault", true), ("disk", false), ("second", true)]);
    // One store lacks a pack already then.
    let one = Client::new(store(vault.url.split("&lock=").next().unwrap(), OWNER, false)).unwrap();
    one.delete(&one.list("packs/").unwrap()[0].key).unwrap();
    let then = now();
    attack(&vault.url, true);
    // A copy holds what any store held.
    ok(&["recover", "--as-of", &then, "--to", "rescue"]);
    let rescued = vault.run(&["check", "--repo", "rescue", "--state-dir", "other", "--cache-dir", "other"]);
    assert_eq!(rescued.status, Some(0), "{rescued:?}");
    // Two of three stores can look back; what the third has today is not believed.
    let restored = run(&["restore", "latest", "--target", "out", "--as-of", &then]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    ok(&["recover", "--as-of", &then, "--apply", "--replica", "vault"]);
    ok(&["check"]);
}
