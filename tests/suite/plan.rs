//! Restores that are planned: built, shown, carried out, cut off and gone on with, and cleaned up behind.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::finish;
use crate::world::{World, assert_same, make_sample, noise};

/// A plan file with a sandbox at `root` in the world, and these components.
fn plan_file(world: &World, name: &str, target: &str, components: &str) -> String {
    let root = world.path("sandbox");
    let text = format!(
        "schema = \"lifeboat.plan-file/1\"\nname = \"{name}\"\n\n[target]\nkind = \"sandbox\"\nroot = \
         {root:?}\n{target}\n\n{components}\n"
    );
    let path = world.path(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn files(world: &World, more: &str) -> String {
    let source = world.path("source");
    format!(
        "[component.data]\nkind = \"files\"\nfrom = {source:?}\nto = \
         \"/\"\n{more}\n[[component.data.verify]]\nkind = \"checksum\"\n"
    )
}

fn backed_up() -> World {
    let world = World::new();
    make_sample(&world.path("source"));
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    world
}

/// The built plan's document.
fn build(world: &World, file: &str) -> Value {
    let plan = world.json(&["plan", "build", file, "--json"]);
    assert_eq!(plan["schema"], "lifeboat.plan/1");
    plan
}

fn id(plan: &Value) -> &str {
    plan["id"].as_str().unwrap()
}

fn is_root() -> bool {
    let told = Command::new("id").arg("-u").output().unwrap();
    told.stdout.trim_ascii() == b"0"
}

/// Whether commands can be kept in here; says why not, and fails where everything is required.
pub fn can_confine() -> bool {
    let tried = Command::new("unshare").args(["--mount", "--net", "--pid", "--fork", "true"]).output();
    let can = is_root() && tried.is_ok_and(|output| output.status.success());
    if !can {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "no namespaces here");
        eprintln!("skipped: this machine lets nobody make namespaces");
    }
    can
}

#[test]
fn a_plan_restores_into_a_sandbox_verifies_and_leaves_nothing() {
    let world = backed_up();
    let file = plan_file(&world, "drill", "keep = true", &files(&world, ""));
    let plan = build(&world, &file);
    let amount = &plan["content"]["steps"][0]["work"]["files"]["amount"];
    assert!(amount["bytes"].as_u64().unwrap() > 3 << 20 && amount["files"].as_u64().unwrap() > 50);
    if !can_confine() {
        return;
    }
    let run = world.json(&["plan", "apply", id(&plan), "--json"]);
    assert_eq!((&run["outcome"], &run["schema"]), (&"done".into(), &"lifeboat.plan-run/1".into()), "{run}");
    assert_same(&world.path("source"), &world.path("sandbox"));
    fs::remove_dir_all(world.path("sandbox")).unwrap();
    let file = plan_file(&world, "drill", "", &files(&world, ""));
    let plan = build(&world, &file);
    let run = world.json(&["plan", "apply", id(&plan), "--json"]);
    assert_eq!(run["outcome"], "done", "{run}");
    assert!(!world.path("sandbox").exists());
    assert_eq!(run["sandbox"]["left"], Value::Array(vec![]), "{run}");
    assert!(run["sandbox"]["verified"].as_array().unwrap().len() >= 2, "{run}");
}

#[test]
fn the_same_file_builds_the_same_plan_and_a_changed_one_is_refused() {
    let world = backed_up();
    let file = plan_file(&world, "same", "", &files(&world, ""));
    let (one, other) = (build(&world, &file), build(&world, &file));
    assert_eq!(id(&one), id(&other));
    let path = world.path("changed.plan");
    let mut changed = one.clone();
    changed["content"]["target"]["root"] = "/etc".into();
    fs::write(&path, changed.to_string()).unwrap();
    let run = world.run(&["plan", "apply", path.to_str().unwrap()]);
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(run.stderr.contains("changed after it was built"), "{run:?}");
    let run = world.run(&["plan", "show", &id(&one)[..12]]);
    assert!(run.status == Some(0) && run.stdout.contains("data/restore"), "{run:?}");
    let run = world.run(&["plan", "show", id(&one), "--format", "html"]);
    assert!(run.stdout.starts_with("<!doctype html>") && run.stdout.contains("<svg"), "{run:?}");
    assert!(!run.stdout.contains("http"), "a page that needs nothing else");
    let run = world.run(&["plan", "show", id(&one), "--format", "timeline"]);
    assert!(run.stdout.contains("data/verify-checksum"), "{run:?}");
}

#[test]
fn a_dry_run_prints_every_command_and_does_nothing() {
    let world = backed_up();
    let mark = world.path("mark");
    let command =
        format!("[component.app]\nkind = \"command\"\nneeds = \"data\"\nrun = [\"touch\", {mark:?}]\n");
    let file = plan_file(&world, "dry", "", &(files(&world, "") + &command));
    let plan = build(&world, &file);
    let run = world.run(&["plan", "apply", id(&plan), "--dry-run"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stdout.contains(&format!("$ touch {}", mark.display())), "{run:?}");
    assert!(!mark.exists() && !world.path("sandbox").exists());
}

#[test]
fn commands_of_a_sandbox_write_nothing_outside_it_and_reach_nobody() {
    if !can_confine() {
        return;
    }
    let world = backed_up();
    let (outside, inside) = (world.path("outside"), world.path("sandbox/inside"));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "touch {outside:?} 2>/dev/null || true; ! touch /etc/lifeboat-test 2>/dev/null; echo x > {inside:?}; \
         ! ls /dev/vda /dev/sda /dev/loop0 2>/dev/null; test -z \"$(ls /run | grep -v mount)\"; \
         ! bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' 2>/dev/null"
    );
    let components = format!(
        "[component.app]\nkind = \"command\"\nrun = '''set -e; {script}'''\n\
         [[component.app.verify]]\nkind = \"file\"\npath = \"/inside\"\ncontains = \"x\"\n\
         [component.port]\nkind = \"command\"\nneeds = \"app\"\nrun = \"true\"\non_failure = \"continue\"\n\
         [[component.port.verify]]\nkind = \"port\"\nport = {port}\n"
    );
    let file = plan_file(&world, "confined", "", &components);
    let plan = build(&world, &file);
    let run = world.run(&["plan", "apply", id(&plan), "--json"]);
    let record: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let state = |id: &str| {
        let steps = record["steps"].as_array().unwrap();
        steps.iter().find(|step| step["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!(state("app/run"), "done", "{run:?}");
    assert_eq!(state("app/verify-file"), "done", "{run:?}");
    assert_eq!(state("port/verify-port"), "failed", "the machine's own network was reached: {run:?}");
    assert_eq!(run.status, Some(3), "{run:?}");
    assert!(!outside.exists() && !world.path("sandbox").exists());
}

#[test]
fn cleanup_of_a_sandbox_in_which_nothing_ran_is_kept_in_too() {
    if !can_confine() {
        return;
    }
    let world = backed_up();
    let outside = world.path("outside");
    let cleanup = format!("cleanup = [\"touch '{}' || true\"]\n", outside.display());
    let file = plan_file(&world, "swept", "", &files(&world, &cleanup));
    let plan = build(&world, &file);
    let run = world.run(&["plan", "apply", id(&plan), "--json"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(!outside.exists() && !world.path("sandbox").exists(), "{run:?}");
}

#[test]
fn a_failure_halts_or_goes_on_as_its_component_says_and_is_tried_again_first() {
    if !can_confine() {
        return;
    }
    let world = backed_up();
    let root = world.path("sandbox");
    let tries = root.join("tries");
    let components = format!(
        "[component.flaky]\nkind = \"command\"\non_failure = \"retry\"\nretries = 4\nretry_delay = \"0s\"\n\
         run = \"echo x >> {0}; test $(wc -l < {0}) -ge 3\"\n\
         [component.bad]\nkind = \"command\"\nneeds = \"flaky\"\nrun = \"exit 7\"\non_failure = \
         \"continue\"\n\
         [component.after-bad]\nkind = \"command\"\nneeds = \"bad\"\nrun = \"true\"\n\
         [component.other]\nkind = \"command\"\nneeds = \"flaky\"\nrun = \"true\"\n",
        tries.display()
    );
    let file = plan_file(&world, "failing", "", &components);
    let run = world.run(&["plan", "apply", id(&build(&world, &file)), "--json"]);
    let record: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let step =
        |id: &str| record["steps"].as_array().unwrap().iter().find(|step| step["id"] == id).unwrap().clone();
    assert_eq!((&step("flaky/run")["state"], &step("flaky/run")["attempts"]), (&"done".into(), &3.into()));
    assert_eq!(step("bad/run")["state"], "failed");
    assert!(step("bad/run")["why"].as_str().unwrap().contains("status 7"));
    assert_eq!(
        (step("after-bad/run")["state"].as_str(), step("other/run")["state"].as_str()),
        (Some("skipped"), Some("done"))
    );
    assert_eq!((run.status, record["outcome"].as_str()), (Some(3), Some("partial")));
    let halting = plan_file(&world, "halting", "", &components.replace("\"continue\"", "\"halt\""));
    let run = world.run(&["plan", "apply", id(&build(&world, &halting)), "--json"]);
    let record: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    assert_eq!((run.status, record["outcome"].as_str()), (Some(1), Some("failed")), "{run:?}");
}

#[test]
fn a_sandbox_is_not_put_where_something_is_and_two_runs_do_not_meet() {
    let world = backed_up();
    let file = plan_file(&world, "place", "", &files(&world, ""));
    let plan = build(&world, &file);
    fs::create_dir(world.path("sandbox")).unwrap();
    fs::write(world.path("sandbox/precious"), "x").unwrap();
    let run = world.run(&["plan", "apply", id(&plan)]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("no longer fits"), "{run:?}");
    let run = world.run(&["plan", "apply", id(&plan), "--accept-changes"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.contains("is not empty"), "{run:?}");
    assert_eq!(fs::read(world.path("sandbox/precious")).unwrap(), b"x");
}

#[test]
fn objectives_that_are_missed_have_their_own_exit_status() {
    let world = backed_up();
    let file = plan_file(&world, "late", "", &files(&world, ""));
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("\n\n[target]", "\nrpo = \"0s\"\nrto = \"1h\"\n\n[target]");
    fs::write(&file, text).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let run = world.run(&["plan", "build", &file, "--json"]);
    assert_eq!(run.status, Some(5), "{run:?}");
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let verdicts = plan["forecast"]["verdicts"].as_array().unwrap();
    assert_eq!((&verdicts[0]["state"], &verdicts[1]["state"]), (&"met".into(), &"missed".into()));
}

#[test]
fn mistakes_in_a_plan_file_are_told_with_their_lines() {
    let world = backed_up();
    let file = plan_file(&world, "wrong", "", "[component.a]\nkind = \"files\"\npath = \"/etc\"\n");
    let run = world.run(&["plan", "build", &file]);
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(
        run.stderr.contains("wrong.toml:11:1: a component of the kind `files` has no key `path`"),
        "{run:?}"
    );
    assert!(run.stderr.contains("did you mean `paths`?"), "{run:?}");
}

#[test]
fn a_plan_file_that_init_writes_is_built_as_it_is() {
    let world = backed_up();
    for kind in ["sandbox", "converge"] {
        let path = world.path(format!("{kind}.toml"));
        let words = ["plan", "init", "latest", "--target", kind, "--output", path.to_str().unwrap()];
        assert_eq!(world.run(&words).status, Some(0));
        let run = world.run(&["plan", "build", path.to_str().unwrap()]);
        assert_eq!(run.status, Some(0), "{run:?}");
    }
}

#[test]
fn plans_are_compared_and_verified() {
    let world = backed_up();
    let one = build(&world, &plan_file(&world, "one", "", &files(&world, "")));
    let other = build(&world, &plan_file(&world, "one", "", &files(&world, "exclude = [\"small-1\"]")));
    let found = world.json(&["plan", "diff", id(&one), id(&other), "--json"]);
    let what: Vec<&str> =
        found["changes"].as_array().unwrap().iter().map(|change| change["what"].as_str().unwrap()).collect();
    assert!(what.contains(&"step data/restore work files exclude"), "{what:?}");
    assert_eq!(world.run(&["plan", "verify", id(&one)]).status, Some(0));
    let snapshots = world.objects("snapshots");
    fs::remove_file(&snapshots[0]).unwrap();
    let run = world.run(&["plan", "verify", id(&one)]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stdout.contains("cannot be used"), "{run:?}");
    assert_eq!(world.run(&["plan", "apply", id(&one)]).status, Some(1));
}

/// A plan with steps of every sort, whose commands leave a line each time they run.
fn crashing(world: &World) -> String {
    let log = |name: &str| world.path("sandbox").join(name).display().to_string();
    let (once, often, last) = (log("once"), log("often"), log("last"));
    let data = files(world, "");
    let components = format!(
        "{data}[component.once]\nkind = \"command\"\nneeds = \"data\"\ncheck = \"test -e {once}\"\n\
         run = \"echo x >> {once}\"\n\
         [component.often]\nkind = \"command\"\nneeds = \"data\"\nrepeat = true\nrun = \"echo x > {often}\"\n\
         [component.last]\nkind = \"command\"\nneeds = [\"once\", \"often\"]\nrepeat = true\n\
         run = \"cat {once} {often} > {last}\"\n\
         [[component.last.verify]]\nkind = \"file\"\npath = \"/last\"\n"
    );
    plan_file(world, "crash", "keep = true", &components)
}

#[test]
fn a_run_killed_at_any_line_of_its_journal_is_gone_on_with() {
    let has_strace = Command::new("strace").arg("--version").output().is_ok();
    if !has_strace || !can_confine() {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "no strace here");
        eprintln!("skipped: there is no strace to kill at a chosen moment");
        return;
    }
    let world = backed_up();
    let file = crashing(&world);
    let plan = build(&world, &file);
    let words = ["plan", "apply", id(&plan), "--json"];
    let mut cut_off = 0;
    // fdatasync makes each line of the journal durable, fsync everything else that is written whole.
    for call in ["fdatasync", "fsync"] {
        for moment in 1..100 {
            let _ = fs::remove_dir_all(world.path("sandbox"));
            if !kill_at(&world, &words, call, moment) {
                break;
            }
            cut_off += 1;
            let has_ended = !world.path(format!("state/plans/{}.journal", id(&plan))).exists();
            if has_ended && world.path("sandbox/last").exists() {
                // Killed as the journal of a run that was over was put away.
                continue;
            }
            let run = world.run(&words);
            let record: Value =
                serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{call} {moment} {run:?}"));
            assert_eq!(record["outcome"], "done", "{call} {moment}: {run:?}");
            for name in ["once", "often"] {
                let text = fs::read_to_string(world.path("sandbox").join(name)).unwrap();
                assert_eq!(text, "x\n", "{call} {moment}: {name}");
            }
            assert_eq!(fs::read_to_string(world.path("sandbox/last")).unwrap(), "x\nx\n");
        }
    }
    assert!(cut_off >= 14, "only {cut_off} moments were tried");
}

/// Runs the program and kills it at its `moment`th `call`; whether it did not end well by itself.
pub fn kill_at(world: &World, words: &[&str], call: &str, moment: u32) -> bool {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=KILL:when={moment}");
    finish(traced(world, words, &["-o", "/dev/null", "-e", &trace, "-e", &inject])).status != Some(0)
}

/// The command below strace with these options.
pub fn traced(world: &World, words: &[&str], options: &[&str]) -> Command {
    let plain = world.command(words);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(options).arg("--");
    command.arg(plain.get_program()).args(plain.get_args());
    command.current_dir(plain.get_current_dir().unwrap_or(Path::new("/")));
    command.env_clear();
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

#[test]
fn of_ten_restores_of_different_size_at_least_eight_take_as_long_as_predicted() {
    // The bar is made before each restore, from those before it alone; it is to hold 95 times of 100, so that
    // fewer than eight of ten would be one run in eighty if runs were independent of each other.
    let world = World::new();
    let (mut within, mut whole) = (0, 0);
    for (number, mib) in [3u64, 40, 1, 12, 80, 6, 25, 2, 55, 18].into_iter().enumerate() {
        let source = world.path("source");
        let _ = fs::remove_dir_all(&source);
        fs::create_dir(&source).unwrap();
        for part in 0..mib {
            fs::write(source.join(format!("f{part}")), noise(1 << 20, 1000 * number as u64 + part)).unwrap();
        }
        for small in 0..mib * 10 {
            fs::write(source.join(format!("s{small}")), noise(500, 77 * number as u64 + small)).unwrap();
        }
        assert_eq!(world.run(&["backup", "source"]).status, Some(0));
        let from = format!("[component.data]\nkind = \"files\"\nfrom = {source:?}\n");
        let file = plan_file(&world, &format!("size-{mib}"), "", &from);
        let plan = build(&world, &file);
        let run = world.json(&["plan", "apply", id(&plan), "--json"]);
        assert_eq!(run["outcome"], "done", "{run}");
        let step = &run["steps"][0];
        let number = |value: &Value| value.as_f64().unwrap();
        let (took, bar) = (number(&run["machine_seconds"]), &run["predicted"]);
        let is_within = (number(&bar["low_seconds"])..=number(&bar["high_seconds"])).contains(&took);
        eprintln!(
            "{mib:>3} MiB: {:.2} s of {:.2} to {:.2}; all of it {took:.2} s of {:.2} to {:.2}",
            number(&step["seconds"]),
            number(&step["predicted"]["low_seconds"]),
            number(&step["predicted"]["high_seconds"]),
            number(&bar["low_seconds"]),
            number(&bar["high_seconds"]),
        );
        within += u32::from(step["within_bar"] == true);
        whole += u32::from(is_within);
    }
    // The bar of the whole is that of its steps: what goes on around them is told here, and not predicted.
    eprintln!("{within} of 10 restores within their bars; of 10 whole runs, {whole}");
    assert!(within >= 8, "only {within} of 10");
}
