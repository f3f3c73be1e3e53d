//! Each role does all of its work with the rights that `store policy` prints for it, on a server that grants
//! those and nothing else.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lifeboat::crypto::x25519::Identity;
use lifeboat::runbook::runs::Runs;
use lifeboat::store::client::Client;
use lifeboat::store::error::StoreError;
use lifeboat::store::key::Key;
use lifeboat::store::s3::{S3Store, options::S3Options};
use lifeboat::store::timed::TimedStore;
use lifeboat::store::tuning::Tuning;

use crate::cold::fake::Fake;
use crate::program::{Run, Sandbox, finish};
use crate::world::{assert_same, make_sample};

const ROLES: [&str; 3] = ["writer", "maintainer", "restorer"];

/// A bucket in which each role has its own access key, of the same name.
struct Roles {
    sandbox: Sandbox,
    fake: Fake,
    url: String,
    /// Whether the server is asked to check conditions.
    has_conditions: bool,
    by_time: bool,
}

impl Roles {
    /// A repository with a slot for each role, made with `at_init`, and the rights that are printed with
    /// `words`.
    fn new(fake: Fake, options: &str, at_init: &[&str], words: &[&str]) -> Self {
        let url = format!("s3://{}{options}", fake.url());
        let by_time = words.contains(&"--time-based");
        let has_conditions = !by_time && !options.contains("single-writer");
        let roles = Self { sandbox: Sandbox::new(), fake, url, has_conditions, by_time };
        make_sample(&roles.sandbox.path("source"));
        let owner = roles.identity("owner");
        let settle = if by_time { "&settle=500ms" } else { "" };
        let url = format!("{}{settle}", roles.url);
        roles.ok("owner", &[&["init", "--recipient", &owner, "--repo", &url], at_init].concat());
        for role in ROLES {
            let recipient = roles.identity(role);
            let mut add = vec!["key", "add", "--role", role, "--recipient", &recipient];
            add.extend(if role == "writer" { &["--host", "web1"][..] } else { &[] });
            roles.ok("owner", &add);
        }
        for role in ROLES {
            let print = [&["store", "policy", "--role", role, &roles.url], words].concat();
            let policy = roles.ok("owner", &print).stdout;
            roles.fake.enforce(role, serde_json::from_str(&policy).unwrap());
        }
        roles
    }

    fn identity(&self, name: &str) -> String {
        let identity = Identity::generate();
        fs::write(self.sandbox.path(name), identity.to_secret_text().expose()).unwrap();
        identity.to_recipient().to_string()
    }

    fn run(&self, who: &str, words: &[&str]) -> Run {
        let mut command = self.sandbox.command(words);
        if !words.contains(&"--repo") {
            command.env("LIFEBOAT_REPO", &self.url);
        }
        command.env("LIFEBOAT_IDENTITY_FILE", self.sandbox.path(who));
        command.env("LIFEBOAT_STATE_DIR", self.sandbox.path(format!("state-{who}")));
        command.env("LIFEBOAT_CACHE_DIR", self.sandbox.path(format!("cache-{who}")));
        command.env("AWS_ACCESS_KEY_ID", who).env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        finish(command)
    }

    fn ok(&self, who: &str, words: &[&str]) -> Run {
        self.ends(who, words, 0)
    }

    /// Does it, and nothing that was asked for is refused, but for what is asked in vain on purpose.
    fn ends(&self, who: &str, words: &[&str], status: i32) -> Run {
        let run = self.run(who, words);
        let mut refused = self.fake.refused();
        refused.retain(|one| !self.is_in_vain(who, one));
        assert_eq!((run.status, refused), (Some(status), Vec::new()), "{who} {words:?} {run:?}");
        run
    }

    /// Without conditions, a host finds out by a listing that the name of a pack is free, where it may not
    /// look; by time, each role tidies up what claims others left, as far as it may: those on its own keys.
    fn is_in_vain(&self, who: &str, refused: &str) -> bool {
        let own: &[&str] = match who {
            "writer" => &["snapshots/", "evidence/"],
            "maintainer" => &["snapshots/", "evidence/", "gc/", "probe/"],
            _ => &["config/", "keys/", "evidence/", "runbooks/"],
        };
        let claimed = refused.split_once("/claims/").map(|(_, key)| key);
        let is_others = claimed.is_some_and(|key| !own.iter().any(|folder| key.starts_with(folder)));
        !self.has_conditions && refused.contains("s3:GetObject on") && refused.contains("/packs/")
            || self.by_time && refused.contains("s3:DeleteObject on") && is_others
    }

    fn store(&self, who: &str) -> S3Store {
        let options = S3Options::parse(self.url.trim_start_matches("s3://")).unwrap();
        S3Store::new(options, false).with_access_key(who, "secret")
    }

    fn client(&self, who: &str) -> Client {
        Client::new(Arc::new(self.store(who))).unwrap()
    }

    /// A run that a restorer begins, a maintainer approves and the restorer ends: claims and evidence.
    fn run_a_runbook(&self) {
        fs::create_dir_all(self.sandbox.path("books")).unwrap();
        let text = "schema = \"lifeboat.runbook/1\"\ntitle = \"A test\"\n\
            [[step]]\nid = \"leave\"\nkind = \"approval\"\nquestion = \"Go on?\"\ntimeout = \"1h\"\n\
            [[step]]\nid = \"second\"\nkind = \"command\"\nscript = 'true'\n";
        fs::write(self.sandbox.path("books/two.toml"), text).unwrap();
        self.ends("restorer", &["runbook", "run", "two", "--dir", "books", "--no-wait"], 13);
        let run = Runs::of(&self.sandbox.path("state-restorer")).ids().pop().unwrap();
        self.ok("maintainer", &["runbook", "approve", &run, "leave", "--as", "alice"]);
        self.ok("restorer", &["runbook", "resume", &run]);
        self.ok("maintainer", &["runbook", "history", "--repository"]);
    }

    /// What no command does yet, but a collector will: compare-and-swap of its state.
    fn swap_as_a_collector(&self) {
        let client = match self.by_time {
            false => self.client("maintainer"),
            true => {
                let store = Arc::new(self.store("maintainer"));
                let settle = Duration::from_millis(500);
                Client::new(Arc::new(TimedStore::over(store, settle, &Tuning::default()))).unwrap()
            }
        };
        let key = Key::new("gc/trial").unwrap();
        let version = client.swap(&key, None, Bytes::from_static(b"one")).unwrap();
        client.swap(&key, Some(version), Bytes::from_static(b"two")).unwrap();
        client.delete(&key).unwrap();
        assert_eq!(self.fake.refused(), Vec::<String>::new());
    }

    /// What a maintainer finds out about the store, where it may not look at how the bucket is set up, nor
    /// write without a condition.
    fn probe(&self) {
        let run = self.run("maintainer", &["store", "probe", &self.url]);
        let mut refused = self.fake.refused();
        refused.retain(|one| !(one.contains("s3:GetBucket") || one.ends_with("/spare")));
        assert_eq!((run.status, refused), (Some(0), Vec::new()), "{run:?}");
    }

    /// A client that sends no condition with any write, as a thief's.
    fn careless(&self, who: &str) -> Client {
        let url = self.url.trim_start_matches("s3://").replace("&conditional=single-writer", "");
        let options = S3Options::parse(&format!("{url}&conditional=time-based")).unwrap();
        Client::new(Arc::new(S3Store::new(options, false).with_access_key(who, "secret"))).unwrap()
    }

    /// All that each role is there for.
    fn work(&self) {
        self.ok("writer", &["backup", "source", "--host", "web1"]);
        fs::write(self.sandbox.path("source/dir/text"), "another text").unwrap();
        let again = self.ok("writer", &["backup", "source", "--host", "web1"]);
        assert!(!again.stderr.contains("warning"), "{again:?}");
        self.ok("writer", &["key", "list"]);
        for words in [&["snapshots"][..], &["check"], &["ls", "latest"], &["find", "text"], &["stats"]] {
            self.ok("maintainer", words);
        }
        let source = self.sandbox.path("source");
        let what = format!("latest:{}", source.display());
        self.ok("restorer", &["restore", &what, "--target", "out", "--verify"]);
        assert_same(&source, &self.sandbox.path("out"));
        self.ok("restorer", &["check", "--read-data"]);
        let recipient = self.identity("another");
        self.ok("restorer", &["key", "add", "--role", "writer", "--recipient", &recipient, "--host", "web2"]);
        let list: serde_json::Value =
            serde_json::from_str(&self.ok("restorer", &["key", "list", "--json"]).stdout).unwrap();
        let slots = list["slots"].as_array().unwrap();
        let slot = slots.iter().find(|slot| slot["label"].as_str() == Some("web2")).unwrap();
        self.ok("restorer", &["key", "remove", slot["name"].as_str().unwrap()]);
        self.ok("restorer", &["runbook", "init"]);
        self.ok("restorer", &["runbook", "publish", "full-site-loss"]);
    }

    /// What a thief of a host's credentials cannot do.
    fn assert_a_thief_gets_nowhere(&self) {
        let client = self.careless("writer");
        for meta in client.list("").unwrap() {
            // Sessions come and go, and so do claims.
            let is_passing =
                ["sessions/", "claims/"].iter().any(|folder| meta.key.as_str().starts_with(folder));
            let is_refused = matches!(client.delete(&meta.key), Err(StoreError::Denied { .. }));
            assert!(is_refused || is_passing, "{} was deleted", meta.key);
        }
        let body = Bytes::from_static(b"pay up");
        for name in ["config", "keys/thief.age", "gc/state", "runbooks/r/00000001", "claims/config/none/0-0"]
        {
            let written = client.swap(&Key::new(name).unwrap(), None, body.clone());
            assert!(matches!(written, Err(StoreError::Denied { .. })), "{name}: {written:?}");
        }
        let pack = client.list("packs/").unwrap().remove(0).key;
        assert!(matches!(client.get(&pack), Err(StoreError::Denied { .. })));
        // Only where conditions can be asked for is nothing replaced.
        for folder in ["packs/", "index/", "snapshots/"] {
            let key = client.list(folder).unwrap().remove(0).key;
            let replaced = client.swap(&key, None, body.clone());
            let is_as_said = match self.has_conditions {
                true => matches!(replaced, Err(StoreError::Denied { .. })),
                false => replaced.is_ok(),
            };
            assert!(is_as_said, "{key}: {replaced:?}");
        }
    }
}

#[test]
fn each_role_works_with_the_rights_that_are_printed_for_it() {
    let roles = Roles::new(Fake::new(), "", &[], &[]);
    roles.work();
    roles.run_a_runbook();
    roles.swap_as_a_collector();
    roles.probe();
    roles.assert_a_thief_gets_nowhere();
}

#[test]
fn the_rights_for_locks_are_enough_to_lock_and_to_renew() {
    let lock = "&lock=governance&lock-for=20d&lock-renew=5d";
    let roles = Roles::new(Fake::locking(), lock, &[], &[]);
    roles.work();
    roles.run_a_runbook();
    roles.ok("maintainer", &["lock", "status"]);
    roles.ok("maintainer", &["lock", "extend"]);
    roles.ok("maintainer", &["lock", "audit", "--within", "4d"]);
    roles.ok("maintainer", &["lock", "sweep", "--older-than", "0s"]);
    roles.ok("maintainer", &["recover", "--as-of", "2026-11-24 04:00"]);
    // A lease that is meant to end in the next century is no writer's to give.
    let longer = roles.url.replace("lock-for=20d", "lock-for=30000d");
    let run = roles.run("writer", &["backup", "source", "--host", "web1", "--repo", &longer]);
    assert!(run.status != Some(0) && roles.fake.refused()[0].contains("PutObjectRetention"), "{run:?}");
    roles.assert_a_thief_gets_nowhere();
}

#[test]
fn a_night_without_changes_renews_nothing_while_there_is_plenty_of_time() {
    let lock = "&lock=governance&lock-for=20d&lock-renew=5d";
    let roles = Roles::new(Fake::locking(), lock, &[], &[]);
    roles.work();
    let begun = roles.fake.log().len();
    for _ in 0..3 {
        roles.ok("writer", &["backup", "source", "--host", "web1"]);
    }
    let log = roles.fake.log().split_off(begun);
    let of = |method: &str| -> Vec<&String> {
        log.iter().filter(|line| line.starts_with(method) && line.contains("?retention")).collect()
    };
    assert!(of("PUT").is_empty(), "{log:#?}");
    // Each backup asks once whether the server keeps the lock of what it just committed; the first also
    // learns what the restorer added since the host's last backup.
    let asked = of("GET");
    assert!(
        asked.len() <= 6 && asked.iter().filter(|line| line.contains("snapshots/")).count() >= 3,
        "{asked:#?}"
    );
    // A host that has lost its cache asks, and renews nothing either.
    fs::remove_dir_all(roles.sandbox.path("cache-writer")).unwrap();
    let begun = roles.fake.log().len();
    roles.ok("writer", &["backup", "source", "--host", "web1"]);
    let log = roles.fake.log().split_off(begun);
    let renewed = log.iter().filter(|line| line.starts_with("PUT") && line.contains("?retention"));
    assert_eq!(renewed.count(), 0, "{log:#?}");
}

#[test]
fn the_rights_for_the_time_based_protocol_are_enough_for_it() {
    let fake = Fake::new();
    fake.ignore_conditions();
    let roles = Roles::new(fake, "", &[], &["--time-based"]);
    roles.work();
    roles.run_a_runbook();
    roles.swap_as_a_collector();
    roles.probe();
    // The URL says it as well as the option.
    let url = format!("{}&conditional=time-based", roles.url);
    for role in ROLES {
        let by_url = roles.ok("owner", &["store", "policy", "--role", role, &url]);
        let by_option = roles.ok("owner", &["store", "policy", "--role", role, "--time-based", &roles.url]);
        assert_eq!(by_url.stdout, by_option.stdout);
        assert!(by_url.stderr.contains("may also replace it"), "{by_url:?}");
    }
    roles.assert_a_thief_gets_nowhere();
}

#[test]
fn the_rights_for_a_single_writer_are_enough_where_the_server_checks_no_condition() {
    let fake = Fake::new();
    fake.ignore_conditions();
    let roles = Roles::new(fake, "&conditional=single-writer", &["--allow-unsafe-store"], &[]);
    roles.work();
    roles.run_a_runbook();
    roles.swap_as_a_collector();
    let printed = roles.ok("owner", &["store", "policy", "--role", "writer", &roles.url]);
    assert!(printed.stderr.contains("may also replace it"), "{printed:?}");
    assert!(!printed.stdout.contains("if-none-match") && !printed.stdout.contains("claims/"), "{printed:?}");
    roles.assert_a_thief_gets_nowhere();
}
