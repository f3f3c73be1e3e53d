//! Packs in cold storage, through the program, on a server in this process that has archive classes.

use std::fs;

use lifeboat::crypto::x25519::Identity;

use self::fake::Fake;
use crate::program::{Run, Sandbox, finish};
use crate::world::{World, assert_same, make_sample};

#[path = "../../src/store/s3/tests/fake.rs"]
pub mod fake;

/// A repository whose packs of contents lie in `class`, and a backup in it.
struct Cold {
    sandbox: Sandbox,
    fake: Fake,
    config: String,
}

impl Cold {
    fn new(class: &str, more: &str) -> Self {
        let sandbox = Sandbox::new();
        let identity = Identity::generate();
        fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
        let fake = Fake::new();
        let url = fake.url();
        let config = format!(
            "[repository.main]\nurl = 's3://{url}&storage-class-packs={class}'\nidentity_file = 'identity'\n"
        );
        fs::write(sandbox.path("lifeboat.toml"), format!("{config}{more}")).unwrap();
        make_sample(&sandbox.path("source"));
        let cold = Self { sandbox, fake, config };
        cold.ok(&["init", "--recipient", &identity.to_recipient().to_string()]);
        cold.ok(&["backup", "source"]);
        cold
    }

    fn configure(&self, more: &str) {
        fs::write(self.sandbox.path("lifeboat.toml"), format!("{}{more}", self.config)).unwrap();
    }

    fn run(&self, words: &[&str]) -> Run {
        let mut command = self.sandbox.command(words);
        command.env("LIFEBOAT_CONFIG", self.sandbox.path("lifeboat.toml"));
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        finish(command)
    }

    fn ok(&self, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.status, Some(0), "{words:?} {run:?}");
        run
    }

    fn restore(&self, more: &[&str]) -> Run {
        let source = format!("latest:{}", self.sandbox.path("source").display());
        self.run(&[&["restore", &source, "--target", "out"], more].concat())
    }

    fn assert_restored(&self) {
        assert_same(&self.sandbox.path("source"), &self.sandbox.path("out"));
        fs::remove_dir_all(self.sandbox.path("out")).unwrap();
    }

    /// How many copies were asked for.
    fn asked(&self) -> usize {
        self.fake.log().iter().filter(|line| line.starts_with("POST")).count()
    }
}

#[test]
fn cold_packs_are_warmed_up_with_consent_and_nothing_is_written_without() {
    let cold = Cold::new("GLACIER", "");
    let classes = cold.fake.classes();
    assert!(!classes.is_empty());
    assert!(classes.iter().all(|(key, class)| key.starts_with("pre/fix/packs/") && class == "GLACIER"));
    assert!(classes.iter().all(|(key, _)| !key.starts_with("pre/fix/packs/0")), "{classes:?}");
    // What does not read contents notices nothing, even without a cache.
    fs::remove_dir_all(cold.sandbox.path(".cache")).unwrap();
    fs::remove_dir_all(cold.sandbox.path(".local")).unwrap();
    cold.ok(&["backup", "source"]);
    cold.ok(&["ls", "latest"]);
    cold.ok(&["check"]);
    let check = cold.ok(&["check", "--read-data"]);
    assert!(check.stdout.contains("not checked") && check.stdout.contains("in cold storage"), "{check:?}");
    let file = format!("latest:{}", cold.sandbox.path("source/dir/text").display());
    for words in [["cat", &file], ["dump", "latest"]] {
        let run = cold.run(&words);
        assert_eq!(run.status, Some(13), "{words:?} {run:?}");
        assert!(run.stderr.contains("cold storage") && run.stderr.contains("--warm-up"), "{run:?}");
    }
    let refused = cold.restore(&[]);
    assert_eq!(refused.status, Some(13), "{refused:?}");
    assert!(refused.stderr.contains("nothing was written") && refused.stderr.contains("--warm-up=bulk"));
    assert!(!cold.sandbox.path("out").exists());
    let plan = cold.restore(&["--plan"]);
    assert_eq!(plan.status, Some(0), "{plan:?}");
    assert!(plan.stderr.contains("GLACIER") && plan.stderr.contains("bulk 12 hours at most"), "{plan:?}");
    let plan: serde_json::Value =
        serde_json::from_str(&cold.restore(&["--dry-run", "--json"]).stdout).unwrap();
    assert_eq!(plan["cold"]["packs"], classes.len());
    assert_eq!(plan["cold_packs"][0]["class"], "GLACIER");
    assert_eq!(plan["cold"]["standard_seconds"], 5 * 3600);
    assert_eq!(cold.asked(), 0, "plans cost nothing");
    cold.fake.warm_up_after(3);
    let waiting = cold.restore(&["--warm-up=bulk", "--no-wait"]);
    assert_eq!(waiting.status, Some(13), "{waiting:?}");
    assert!(!cold.sandbox.path("out").exists());
    let restored = cold.restore(&["--warm-up=bulk", "--warm-up-poll", "1s", "--verify"]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    assert_eq!(cold.asked(), classes.len(), "nothing is asked for twice");
    cold.assert_restored();
    cold.ok(&["check", "--read-data"]);
}

#[test]
fn deep_archives_have_no_expedited_speed_and_a_replica_at_hand_needs_no_warming() {
    let cold = Cold::new("DEEP_ARCHIVE", "[[repository.main.replica]]\nname = 'near'\nurl = 'near'\n");
    let restored = cold.restore(&[]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    cold.assert_restored();
    assert_eq!(cold.asked(), 0);
    cold.configure("");
    let refused = cold.restore(&["--warm-up=expedited"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("--warm-up=standard"), "{refused:?}");
    assert_eq!(cold.restore(&["--warm-up"]).status, Some(0));
    cold.assert_restored();
}

#[test]
fn a_command_warms_up_what_the_store_does_not() {
    let cold = Cold::new("GLACIER", "");
    let fail = "warm_up_command = 'cat >/dev/null; echo the tape robot sleeps >&2; exit 3'\n";
    cold.configure(fail);
    let failed = cold.restore(&["--warm-up"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("the tape robot sleeps"), "{failed:?}");
    let (_, port) = cold.fake.url().rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let script = "import sys, os, http.client\n\
        for key in sys.stdin.read().split():\n    \
            server = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n    \
            days = '<Days>' + os.environ['LIFEBOAT_WARM_UP_DAYS'] + '</Days>'\n    \
            server.request('POST', '/bucket/pre/fix/' + key + '?restore', days)\n    \
            assert server.getresponse().status == 202\n";
    fs::write(cold.sandbox.path("warm.py"), script).unwrap();
    cold.configure(&format!("warm_up_command = 'python3 warm.py {port}'\n"));
    let restored = cold.restore(&["--warm-up", "--warm-up-days", "3"]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    cold.assert_restored();
    // A directory tells nothing of warmth: whatever is read is named.
    let world = World::new();
    make_sample(&world.path("source"));
    world.json(&["backup", "source", "--json"]);
    let restored =
        world.run(&["restore", "latest", "--target", "out", "--warm-up", "--warm-up-command", "cat >keys"]);
    assert_eq!(restored.status, Some(0), "{restored:?}");
    let keys = fs::read_to_string(world.path("keys")).unwrap();
    assert!(
        keys.lines().count() > 0 && keys.lines().all(|key| world.path("repo").join(key).exists()),
        "{keys}"
    );
}

#[test]
fn a_plan_has_what_it_reads_warmed_up_with_consent_before_it_writes_anything() {
    let cold = Cold::new("GLACIER", "");
    let (root, source) = (cold.sandbox.path("out"), cold.sandbox.path("source"));
    let text = format!(
        "schema = 'lifeboat.plan-file/1'\nname = 'cold'\nrto = '1h'\n[target]\nkind = 'sandbox'\nroot = \
             {root:?}\n\
         keep = true\n[component.data]\nkind = 'files'\nfrom = {source:?}\n[[component.data.verify]]\nkind = \
         'checksum'\n"
    );
    fs::write(cold.sandbox.path("cold.toml"), text).unwrap();
    let built = cold.run(&["plan", "build", "cold.toml", "--json"]);
    assert_eq!(built.status, Some(5), "five hours of waiting miss an hour: {built:?}");
    let plan: serde_json::Value = serde_json::from_str(&built.stdout).unwrap();
    assert_eq!(plan["forecast"]["warm_up"].as_array().unwrap().len(), cold.fake.classes().len());
    assert_eq!(plan["forecast"]["warm_up_seconds"], 5 * 3600);
    let id = plan["id"].as_str().unwrap();
    let apply = |more: &[&str]| cold.run(&[&["plan", "apply", id], more].concat());
    let refused = apply(&[]);
    assert_eq!(refused.status, Some(13), "{refused:?}");
    assert!(refused.stderr.contains("nothing was done") && refused.stderr.contains("--warm-up=bulk"));
    assert!(!root.exists() && cold.asked() == 0, "{refused:?}");
    assert!(apply(&["--dry-run"]).stdout.contains("# first, with --warm-up"));
    cold.fake.warm_up_after(3);
    let asked = apply(&["--warm-up=bulk", "--no-wait"]);
    assert_eq!(asked.status, Some(13), "{asked:?}");
    assert!(asked.stderr.contains("asked for already") && !root.exists(), "{asked:?}");
    let done = apply(&["--warm-up=bulk", "--warm-up-poll", "1s", "--json"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    assert_eq!(cold.asked(), cold.fake.classes().len(), "nothing is asked for twice");
    let record: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&record["outcome"], &record["sessions"]), (&"done".into(), &3.into()), "{record}");
    assert!(record["warm_up_seconds"].as_f64().unwrap() >= 1.0, "{record}");
    let state = cold
        .sandbox
        .path(format!(".local/state/lifeboat/plans/run-{}.journal", record["run"].as_str().unwrap()));
    let journal = fs::read_to_string(state).unwrap();
    assert!(journal.contains("\"warm-up\"") && journal.contains("\"speed\":\"bulk\""), "{journal}");
    cold.assert_restored();
}

#[test]
fn a_plan_takes_the_command_that_warms_up_what_the_store_does_not() {
    let world = World::new();
    make_sample(&world.path("source"));
    world.json(&["backup", "source", "--json"]);
    let (root, source) = (world.path("out"), world.path("source"));
    let text = format!(
        "schema = 'lifeboat.plan-file/1'\nname = 'tape'\n[target]\nkind = 'sandbox'\nroot = {root:?}\n\
         keep = true\n[component.data]\nkind = 'files'\nfrom = {source:?}\n"
    );
    fs::write(world.path("tape.toml"), text).unwrap();
    let plan = world.json(&["plan", "build", "tape.toml", "--json"]);
    let id = plan["id"].as_str().unwrap();
    let failed = world.run(&[
        "plan",
        "apply",
        id,
        "--warm-up",
        "--warm-up-command",
        "echo the robot sleeps >&2; exit 3",
    ]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("the robot sleeps") && !root.exists(), "{failed:?}");
    let done = world.run(&["plan", "apply", id, "--warm-up", "--warm-up-command", "cat > keys"]);
    assert_eq!(done.status, Some(0), "{done:?}");
    let keys = fs::read_to_string(world.path("keys")).unwrap();
    assert!(
        keys.lines().count() > 0 && keys.lines().all(|key| world.path("repo").join(key).exists()),
        "{keys}"
    );
    assert_same(&source, &root);
}
