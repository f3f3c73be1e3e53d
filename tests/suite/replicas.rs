//! A repository on three stores, any of which is lost, empty, damaged or behind in turn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lifeboat::crypto::x25519::Identity;

use crate::program::{Run, Sandbox, finish};
use crate::world::{assert_same, files_below, make_sample, noise};

/// A sandbox with a repository on the replicas `a`, `b` and `c`.
struct Replicated {
    sandbox: Sandbox,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

impl Replicated {
    fn new() -> Self {
        let world = Self::configured();
        let recipient = fs::read_to_string(world.path("recipient")).unwrap();
        world.expect(0, &["init", "--recipient", &recipient]);
        make_sample(&world.path("source"));
        world
    }

    fn configured() -> Self {
        let sandbox = Sandbox::new();
        let identity = Identity::generate();
        fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
        fs::write(sandbox.path("recipient"), identity.to_recipient().to_string()).unwrap();
        let configuration = "[repository.main]\nurl = 'a'\nreplica_name = 'a'\nidentity_file = 'identity'\n\
            [[repository.main.replica]]\nname = 'b'\nurl = 'b'\nzone = 'cellar'\n\
            [[repository.main.replica]]\nname = 'c'\nurl = 'c'\n\
            [job.sample]\nsources = 'source'\n";
        fs::write(sandbox.path("lifeboat.toml"), configuration).unwrap();
        Self { sandbox }
    }

    /// Has reads go to the replica `name` alone, while it can be read.
    fn prefer(&self, name: &str) {
        let weight = |other: &str| u32::from(other == name);
        let configuration = format!(
            "[repository.main]\nurl = 'a'\nreplica_name = 'a'\nreplica_weight = {}\n\
             identity_file = 'identity'\n\
             [[repository.main.replica]]\nname = 'b'\nurl = 'b'\nweight = {}\n\
             [[repository.main.replica]]\nname = 'c'\nurl = 'c'\nweight = {}\n\
             [job.sample]\nsources = 'source'\n",
            weight("a"),
            weight("b"),
            weight("c")
        );
        fs::write(self.path("lifeboat.toml"), configuration).unwrap();
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.sandbox.path(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(words);
        command.env("LIFEBOAT_CONFIG", self.path("lifeboat.toml"));
        command.env("LIFEBOAT_STATE_DIR", self.path("state")).env("LIFEBOAT_CACHE_DIR", self.path("cache"));
        command
    }

    fn run(&self, words: &[&str]) -> Run {
        finish(self.command(words))
    }

    fn expect(&self, status: i32, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.status, Some(status), "{words:?} {run:?}");
        run
    }

    fn json(&self, status: i32, words: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.expect(status, words).stdout).unwrap()
    }

    /// Restores the newest snapshot, which must be just like the source.
    fn assert_restores(&self, name: &str) -> Run {
        let source = format!("latest:{}", self.path("source").display());
        let run = self.expect(0, &["restore", &source, "--target", self.path(name).to_str().unwrap()]);
        assert_same(&self.path("source"), &self.path(name));
        run
    }

    fn lose(&self, name: &str) {
        fs::rename(self.path(name), self.path(format!("{name}-gone"))).unwrap();
    }

    fn bring_back(&self, name: &str) {
        fs::rename(self.path(format!("{name}-gone")), self.path(name)).unwrap();
    }

    fn objects(&self, name: &str) -> Vec<PathBuf> {
        let root = self.path(name);
        let below = files_below(&root).into_iter().map(|path| path.strip_prefix(&root).unwrap().to_owned());
        below.filter(|path| !path.starts_with("tmp")).collect()
    }

    fn add_file(&self, name: &str) {
        fs::write(self.path("source").join(name), noise(200_000, name.len() as u64 + 77)).unwrap();
    }
}

/// Changes one byte in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(path, bytes).unwrap();
}

#[test]
fn all_replicas_get_the_same_and_any_single_one_gives_everything_back() {
    let world = Replicated::new();
    let report = world.json(0, &["backup", "sample", "--json"]);
    assert_eq!(report["replicas"]["state"], "ok");
    assert_eq!(world.objects("a"), world.objects("b"));
    assert_eq!(world.objects("a"), world.objects("c"));
    for survivor in NAMES {
        let lost: Vec<&str> = NAMES.into_iter().filter(|name| *name != survivor).collect();
        lost.iter().for_each(|name| world.lose(name));
        fs::remove_dir_all(world.path("cache")).unwrap();
        world.assert_restores(&format!("from-{survivor}"));
        lost.iter().for_each(|name| world.bring_back(name));
    }
}

#[test]
fn a_backup_with_a_replica_down_is_degraded_and_the_next_one_makes_up_for_it() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    for down in NAMES {
        world.lose(down);
        world.add_file(&format!("while-{down}-was-away"));
        let report = world.json(6, &["backup", "sample", "--json"]);
        assert_eq!(report["replicas"]["state"], "degraded");
        let states = report["replicas"]["replicas"].as_array().unwrap();
        let state = states.iter().find(|one| one["name"] == down).unwrap();
        assert_eq!(state["state"], "down");
        assert!(state["queued_objects"].as_u64().unwrap() >= 3, "{state}");
        world.assert_restores(&format!("without-{down}"));
        let degraded = world.expect(6, &["backup", "sample"]);
        assert!(degraded.stderr.contains(&format!("replica {down} is down")), "{degraded:?}");
        world.bring_back(down);
        world.expect(0, &["backup", "sample"]);
        world.expect(0, &["replica", "verify", "--deep"]);
        assert_eq!(world.objects("a"), world.objects("b"));
        assert_eq!(world.objects("a"), world.objects("c"));
    }
}

#[test]
fn a_backup_without_its_quorum_fails_and_says_who_is_missing_but_everything_can_be_read() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    world.lose("a");
    world.lose("c");
    let run = world.run(&["backup", "sample"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("1 of 2 required replicas"), "{run:?}");
    world.assert_restores("restored");
    world.expect(0, &["snapshots"]);
}

#[test]
fn damage_in_a_replica_is_read_around_and_mended() {
    for damaged in NAMES {
        let world = Replicated::new();
        world.expect(0, &["backup", "sample"]);
        for object in world.objects(damaged) {
            // Slots are tried one after the other and named when they do not open; nothing verifies them.
            if !object.starts_with("keys") {
                damage(&world.path(damaged).join(object));
            }
        }
        let cut = world.objects(damaged).into_iter().find(|object| object.starts_with("packs")).unwrap();
        let cut = fs::OpenOptions::new().write(true).open(world.path(damaged).join(cut)).unwrap();
        cut.set_len(1000).unwrap();
        fs::remove_dir_all(world.path("cache")).unwrap();
        world.assert_restores("restored");
        world.expect(4, &["replica", "verify", "--deep"]);
        world.expect(0, &["replica", "heal"]);
        world.expect(0, &["replica", "verify", "--deep"]);
        for lost in NAMES.into_iter().filter(|name| *name != damaged) {
            world.lose(lost);
        }
        fs::remove_dir_all(world.path("cache")).unwrap();
        world.assert_restores("from-the-mended-one");
        world.expect(0, &["check", "--read-data"]);
    }
}

#[test]
fn a_restore_mends_the_bad_copies_it_meets_and_says_so() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    // The good one is read only where no other answers.
    let configuration = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    let configuration = configuration.replace("name = 'c'", "name = 'c'\nweight = 0");
    fs::write(world.path("lifeboat.toml"), configuration).unwrap();
    // Bad in two of three, in different places: whichever is read first.
    for (name, place) in [("a", 3), ("b", 2)] {
        for pack in files_below(&world.path(name).join("packs")) {
            let mut bytes = fs::read(&pack).unwrap();
            let at = bytes.len() / place;
            bytes[at] ^= 1;
            fs::write(&pack, bytes).unwrap();
        }
    }
    let run = world.assert_restores("restored");
    assert!(run.stderr.contains("was replaced"), "{run:?}");
    world.expect(0, &["replica", "verify", "--deep"]);
}

#[test]
fn an_empty_directory_where_a_replica_should_be_takes_no_part() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    world.lose("a");
    // What is left when a disk is not mounted.
    fs::create_dir(world.path("a")).unwrap();
    world.add_file("later");
    let run = world.expect(6, &["backup", "sample"]);
    assert!(run.stderr.contains("there is no repository in it"), "{run:?}");
    assert!(world.objects("a").is_empty());
    fs::remove_dir_all(world.path("a")).unwrap();
    world.bring_back("a");
    world.expect(0, &["replica", "sync"]);
    world.expect(0, &["replica", "verify"]);
}

#[test]
fn another_repository_in_the_place_of_a_replica_takes_no_part() {
    let world = Replicated::new();
    let other = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    fs::rename(other.path("b"), world.path("stranger")).unwrap();
    world.lose("b");
    fs::rename(world.path("stranger"), world.path("b")).unwrap();
    let before = world.objects("b");
    let run = world.expect(6, &["backup", "sample"]);
    assert!(run.stderr.contains("it holds another repository"), "{run:?}");
    assert_eq!(world.objects("b"), before);
}

#[test]
fn replicas_are_synced_without_a_key_after_they_missed_backups() {
    let world = Replicated::new();
    world.lose("c");
    world.expect(6, &["backup", "sample"]);
    let status = world.json(6, &["replica", "status", "--json"]);
    assert_eq!(status["state"], "degraded");
    assert_eq!(status["replicas"][2]["reachable"], false);
    assert!(status["replicas"][2]["queued_objects"].as_u64().unwrap() > 2);
    world.bring_back("c");
    assert_eq!(world.json(6, &["replica", "status", "--json"])["replicas"][2]["state"], "behind");
    // The queue is lost with the machine; the listings are enough.
    fs::remove_dir_all(world.path("state")).unwrap();
    fs::rename(world.path("identity"), world.path("elsewhere")).unwrap();
    let synced = world.json(0, &["replica", "sync", "c", "--json"]);
    assert!(synced["replicas"][0]["copied_objects"].as_u64().unwrap() > 2);
    world.expect(0, &["replica", "status"]);
    world.expect(0, &["replica", "verify", "--deep"]);
}

#[test]
fn a_replica_is_added_and_removed_without_losing_anything() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    let new = world.path("new");
    let words = ["replica", "add", "new", "--url", new.to_str().unwrap(), "--zone", "tower"];
    let run = world.expect(0, &words);
    let (_, lines) = run.stdout.split_once("\n\n[[").unwrap();
    assert_eq!(world.objects("new"), world.objects("a"));
    let mut configuration = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    configuration.push_str(&format!("[[{lines}"));
    fs::write(world.path("lifeboat.toml"), configuration).unwrap();
    world.expect(0, &["config", "check"]);
    let listed = world.json(0, &["replica", "list", "--json"]);
    assert_eq!((listed["write_quorum"].as_u64(), &listed["replicas"][3]["zone"]), (Some(3), &"tower".into()));
    world.expect(0, &["backup", "sample"]);
    // Again: nothing is left to copy.
    assert_eq!(world.json(0, &["replica", "add", "new", "--json"])["copied_objects"], 0);
    let before = world.objects("a");
    world.expect(0, &["replica", "remove", "b"]);
    assert_eq!(world.objects("b"), before);
    let stray = "packs/00/00000000000000000000000000000000";
    fs::create_dir_all(world.path("b/packs/00")).unwrap();
    fs::write(world.path("b").join(stray), "only here").unwrap();
    world.expect(4, &["replica", "remove", "b", "--delete-objects"]);
    fs::remove_file(world.path("b").join(stray)).unwrap();
    world.expect(0, &["replica", "remove", "b", "--delete-objects"]);
    assert!(world.objects("b").is_empty());
    assert_eq!(world.objects("a"), before);
    world.assert_restores("restored");
}

#[test]
fn check_compares_the_replicas_on_request() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    assert_eq!(world.json(0, &["check", "--replicas", "--json"])["replicas"]["is_deep"], false);
    let pack = world.objects("b").into_iter().find(|object| object.starts_with("packs")).unwrap();
    fs::remove_file(world.path("b").join(&pack)).unwrap();
    let checked = world.json(4, &["check", "--replicas", "--json"]);
    assert_eq!(checked["replicas"]["replicas"][1]["missing"][0], pack.to_str().unwrap());
    world.expect(0, &["check"]);
}

#[test]
fn what_a_killed_backup_left_behind_is_made_up_for() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    for round in 0..6u64 {
        world.lose("c");
        for n in 0..8 {
            fs::write(world.path("source").join(format!("more-{n}")), noise(3_000_000, round * 8 + n))
                .unwrap();
        }
        let mut child = world
            .command(&["backup", "sample"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(60 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        world.bring_back("c");
        world.expect(0, &["backup", "sample"]);
        world.expect(0, &["replica", "sync"]);
        world.expect(0, &["replica", "verify", "--deep"]);
        world.assert_restores(&format!("round-{round}"));
    }
}

#[test]
fn commands_about_replicas_say_so_where_there_are_none() {
    let sandbox = Sandbox::new();
    for words in [["replica", "list"], ["replica", "status"], ["replica", "heal"]] {
        fs::create_dir_all(sandbox.path("repo")).unwrap();
        let mut command = sandbox.command(&words);
        command.env("LIFEBOAT_REPO", sandbox.path("repo"));
        let run = finish(command);
        assert_ne!(run.status, Some(0), "{run:?}");
    }
}

/// A pack of contents, which nothing but --read-data reads: those of trees begin with a nought. Damaged in
/// `c`, of the same length, so that no listing tells.
fn damaged_in_c(world: &Replicated) -> String {
    let is_content = |object: &PathBuf| {
        object.to_str().is_some_and(|name| name.starts_with("packs/") && !name.starts_with("packs/0"))
    };
    let pack = world.objects("c").into_iter().find(is_content).unwrap();
    damage(&world.path("c").join(&pack));
    world.expect(0, &["check", "--replicas"]);
    pack.to_str().unwrap().to_owned()
}

#[test]
fn check_finds_a_damaged_copy_by_comparing_where_another_one_was_read() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    let checked = world.json(0, &["check", "--replicas", "--read-data", "--json"]);
    assert_eq!(checked["replicas"]["is_deep"], true);
    let pack = damaged_in_c(&world);
    world.prefer("a");
    let checked = world.json(4, &["check", "--replicas", "--read-data", "--json"]);
    assert!(checked["replicas"]["replicas"].to_string().contains(&pack), "{checked}");
    world.expect(4, &["replica", "verify", "--deep"]);
    world.expect(0, &["replica", "heal"]);
    world.expect(0, &["replica", "verify", "--deep"]);
}

#[test]
fn check_mends_a_damaged_copy_that_it_reads_and_does_not_call_it_damage_then() {
    let world = Replicated::new();
    world.expect(0, &["backup", "sample"]);
    let pack = damaged_in_c(&world);
    world.prefer("c");
    let checked = world.json(0, &["check", "--read-data", "--json"]);
    assert!(checked["remarks"].to_string().contains(&pack), "{checked}");
    world.expect(0, &["replica", "verify", "--deep"]);
    // Where another replica cannot be looked at, nobody knows that all of it is well.
    damaged_in_c(&world);
    let away = world.path("b-away");
    fs::rename(world.path("b"), &away).unwrap();
    let run = world.run(&["check", "--read-data", "--json"]);
    assert_eq!(run.status, Some(4), "{run:?}");
    assert!(run.stdout.contains("pack-damaged"), "{run:?}");
}

/// Waits until `is_there`, for a program that is under way.
fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Kills a program that is under way, at once.
fn kill(mut child: std::process::Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_replica_that_is_added_goes_on_where_a_kill_left_it() {
    let world = Replicated::new();
    for n in 0..6 {
        fs::write(world.path("source").join(format!("more-{n}")), noise(3_000_000, 900 + n)).unwrap();
        world.expect(0, &["backup", "sample"]);
    }
    let all = world.objects("a");
    let new = world.path("new");
    let add = ["replica", "add", "new", "--url", new.to_str().unwrap()];
    let packs = || files_below(&new.join("packs")).len();
    let mut before = 0;
    for _ in 1..4 {
        // Slowly, so that there is a middle in which to kill it.
        let mut command = world.command(&[&["--limit-upload", "4M"][..], &add].concat());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let child = command.spawn().unwrap();
        wait_for("no pack was copied", || packs() > before);
        kill(child);
        let after = packs();
        // What is there is whole, and nobody takes a half-filled replica for a repository.
        for object in files_below(&new.join("packs")) {
            let name = object.strip_prefix(&new).unwrap();
            assert_eq!(fs::read(&object).unwrap(), fs::read(world.path("a").join(name)).unwrap());
        }
        assert!(!new.join("config").exists());
        before = after;
    }
    let run = world.expect(0, &[&add[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let copied = told["copied_objects"].as_u64().unwrap();
    assert!(copied > 0 && copied <= (all.len() - before) as u64, "{copied} of {}: {told}", all.len());
    assert_eq!(world.objects("new"), all);
}

#[test]
fn what_a_replica_missed_is_known_after_a_kill_at_any_moment() {
    for round in 0..4u64 {
        let world = Replicated::new();
        world.expect(0, &["backup", "sample"]);
        world.lose("c");
        for n in 0..12 {
            fs::write(world.path("source").join(format!("more-{n}")), noise(4_000_000, 50 + round * 12 + n))
                .unwrap();
        }
        let before = world.objects("a").len();
        let mut command = world.command(&["--limit-upload", "20M", "backup", "sample"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let child = command.spawn().unwrap();
        // The first of them is acknowledged once the next is there.
        let more = 2 + round as usize;
        wait_for("nothing was stored", || {
            ["a", "b"].iter().all(|name| world.objects(name).len() >= before + more)
        });
        kill(child);
        // Whatever both others hold and the third does not, but for what was under way, stands in the queue.
        let status = world.json(6, &["replica", "status", "--json"]);
        let queued = status["replicas"][2]["queued_objects"].as_u64().unwrap();
        assert!(queued >= 1, "round {round}: {status}");
        world.bring_back("c");
        world.expect(0, &["replica", "sync"]);
        world.expect(0, &["replica", "verify", "--deep"]);
        world.expect(0, &["backup", "sample"]);
        world.assert_restores("restored");
    }
}

#[test]
fn a_degraded_backup_is_told_to_whoever_is_to_know_and_so_is_its_end() {
    let world = Replicated::new();
    let configuration = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    let told = world.path("told");
    let configuration = format!(
        "{configuration}notify = {{ to = 'log', on = ['degraded'] }}\n[channel.log]\ntype = 'command'\n\
         program = ['sh', '-c', 'cat >>{}; echo >>{}']\n",
        told.display(),
        told.display()
    );
    fs::write(world.path("lifeboat.toml"), configuration).unwrap();
    world.expect(0, &["config", "check"]);
    world.expect(0, &["backup", "sample"]);
    assert!(!told.exists());
    world.lose("b");
    let run = world.expect(6, &["backup", "sample"]);
    assert!(run.stderr.contains("replica b is down"), "{run:?}");
    let events = || -> Vec<serde_json::Value> {
        let text = fs::read_to_string(&told).unwrap_or_default();
        serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect()
    };
    let first = events();
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!((&first[0]["outcome"], &first[0]["severity"]), (&"degraded".into(), &"warning".into()));
    assert_eq!((&first[0]["kind"], &first[0]["job"]), (&"backup".into(), &"sample".into()));
    world.expect(6, &["backup", "sample"]);
    assert_eq!(events().len(), 1, "the same is told once");
    world.bring_back("b");
    world.expect(0, &["backup", "sample"]);
    assert_eq!(events().len(), 2, "that it is over is told too");
}
