//! Steps that carry out a restore plan: a real one, of a real snapshot, in a sandbox; when it fails, when it
//! is killed, and when it goes on without the run that began it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use lifeboat::runbook::state::Progress;
use serde_json::Value;

use crate::plan::can_confine;
use crate::runbook::Site;
use crate::world::assert_same;

/// Builds a plan and carries it out, with a mark before and behind.
pub const BUILD_AND_APPLY: &str = "[[step]]\nid = \"plan_it\"\nkind = \"plan\"\nverb = \"build\"\n\
     file = \"PLANFILE\"\nphase = \"recovery\"\n\
     [[step]]\nid = \"before\"\nkind = \"command\"\nscript = 'echo before >> \"$EFFECTS\"'\n\
     [[step]]\nid = \"rebuild\"\nkind = \"plan\"\nfile = \"{{ steps.plan_it.output.id }}\"\n\
     [[step]]\nid = \"after\"\nkind = \"command\"\nscript = 'echo after >> \"$EFFECTS\"'\n";

/// Writes a plan file that restores the source into a sandbox that stays, and then does `components`.
pub fn write_plan(site: &Site, components: &str) -> PathBuf {
    let (source, root) = (site.path("source"), site.path("sandbox"));
    let text = format!(
        "schema = \"lifeboat.plan-file/1\"\nname = \"rebuild\"\n[target]\nkind = \"sandbox\"\n\
         root = {root:?}\nkeep = true\n[component.data]\nkind = \"files\"\nfrom = {source:?}\nto = \"/\"\n\
         [[component.data.verify]]\nkind = \"checksum\"\n{components}"
    );
    let path = site.path("rebuild.toml");
    fs::write(&path, text).unwrap();
    path
}

/// A site with a snapshot, and a runbook that builds and applies this plan.
fn site(components: &str) -> Site {
    let site = Site::new();
    site.ok(&["backup", "home"]);
    let plan = write_plan(&site, components);
    site.write("plan", &BUILD_AND_APPLY.replace("PLANFILE", plan.to_str().unwrap()));
    site
}

/// A command of the plan that writes a line into the sandbox each time.
fn mark(site: &Path, name: &str, more: &str) -> String {
    let log = site.join("sandbox").join(name);
    format!(
        "[component.{name}]\nkind = \"command\"\nneeds = \"data\"\n{more}run = \"echo x >> {}\"\n",
        log.display()
    )
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

/// Records that runs of plans have left.
fn records(site: &Site) -> Vec<Value> {
    let of_run = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("run-") && name.ends_with(".json")
    };
    let paths: Vec<PathBuf> =
        crate::world::files_below(&site.path("state/plans")).into_iter().filter(of_run).collect();
    paths.iter().map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// The process of lifeboat that carries the plan out for the step.
fn child_of_step(run: &str) -> u32 {
    let wanted = [format!("LIFEBOAT_RUN={run}"), "LIFEBOAT_STEP=rebuild".to_owned()];
    let is_it = |pid: &u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let has = |wanted: &String| environ.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes());
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        wanted.iter().all(has) && String::from_utf8_lossy(&words).contains("plan\0apply\0")
    };
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(is_it).expect("the plan is being carried out")
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let begun = Instant::now();
    // Whoever reaps it may take a moment; it does nothing any more.
    while fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| !environ.is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until `path` is there.
fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{path:?} does not come");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_plan_is_built_and_carried_out_by_steps() {
    if !can_confine() {
        return;
    }
    let site = site("");
    let dry = site.ok(&["runbook", "run", "plan", "--dry-run"]).stdout;
    assert!(dry.contains("lifeboat plan build") && dry.contains("steps.plan_it.output.id"), "{dry}");
    site.ok(&["runbook", "run", "plan"]);
    assert_same(&site.path("source"), &site.path("sandbox"));
    assert_eq!(site.effects(), ["before", "after"]);
    let state = site.state().unwrap();
    assert_eq!(state.steps["rebuild"].output["outcome"], "done");
    assert_eq!(state.steps["rebuild"].output["plan"], state.steps["plan_it"].output["id"]);
    assert_eq!(records(&site).len(), 1);
}

#[test]
fn a_plan_that_fails_halts_the_run_says_why_and_is_gone_on_with() {
    if !can_confine() {
        return;
    }
    let site = site("");
    let (flag, app) = (site.path("sandbox/flag"), site.path("sandbox/app"));
    let components = format!(
        "{}[component.app]\nkind = \"command\"\nneeds = \"once\"\n\
         run = \"test -e {} && echo x >> {}\"\n",
        mark(&site.path(""), "once", ""),
        flag.display(),
        app.display()
    );
    write_plan(&site, &components);
    let failed = site.run(&["runbook", "run", "plan"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("app/run failed: ") && !failed.stderr.contains("once/run"), "{failed:?}");
    assert!(failed.stderr.contains("runbook resume"), "{failed:?}");
    assert_eq!(site.effects(), ["before"]);
    fs::write(&flag, "").unwrap();
    site.ok(&["runbook", "resume", "latest"]);
    assert_eq!(site.effects(), ["before", "after"]);
    // The plan went on where it had failed: what was done of it was not done again.
    assert_eq!((lines(&site.path("sandbox/once")), lines(&app)), (1, 1));
    assert_eq!(site.state().unwrap().steps["rebuild"].output["sessions"], 2);
}

/// A site whose plan waits in its middle until `site/flag` is there.
fn waiting_site() -> (Site, PathBuf, PathBuf) {
    let site = site("");
    let (flag, slow) = (site.path("sandbox/flag"), site.path("sandbox/slow"));
    let components = format!(
        "{}[component.slow]\nkind = \"command\"\nneeds = \"once\"\nrepeat = true\n\
         run = \"echo x >> {}; while ! test -e {}; do sleep 0.05; done\"\n",
        mark(&site.path(""), "once", ""),
        slow.display(),
        flag.display()
    );
    write_plan(&site, &components);
    (site, flag, slow)
}

#[test]
fn a_plan_that_is_killed_with_its_run_goes_on_by_its_own_journal() {
    if !can_confine() {
        return;
    }
    let (site, flag, slow) = waiting_site();
    let mut child = site.spawn(&["runbook", "run", "plan"]);
    wait_for(&slow);
    let run = site.state().unwrap().header.run;
    let plan = child_of_step(&run);
    child.kill().unwrap();
    child.wait().unwrap();
    kill(plan);
    fs::write(&flag, "").unwrap();
    assert_eq!(site.state().unwrap().steps["rebuild"].progress, Progress::Running);
    let resumed = site.ok(&["runbook", "resume", "latest"]);
    assert_eq!(site.effects(), ["before", "after"], "{resumed:?}");
    assert_eq!(lines(&site.path("sandbox/once")), 1, "what had been done was not done again");
    assert_eq!(lines(&slow), 2, "what was cut off was done again, for it may be");
    let output = &site.state().unwrap().steps["rebuild"].output;
    assert_eq!((&output["outcome"], &output["sessions"]), (&"done".into(), &2.into()));
    assert_eq!(output["steps"][0]["attempts"], 1, "{output}");
}

#[test]
fn a_plan_that_outlives_its_run_is_waited_for_and_not_done_twice() {
    if !can_confine() {
        return;
    }
    let (site, flag, slow) = waiting_site();
    let mut child = site.spawn(&["runbook", "run", "plan"]);
    wait_for(&slow);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut resumed = site.spawn(&["runbook", "resume", "latest"]);
    // It does not begin beside the plan that still runs.
    thread::sleep(Duration::from_millis(700));
    assert!(resumed.try_wait().unwrap().is_none());
    assert_eq!(lines(&slow), 1);
    fs::write(&flag, "").unwrap();
    let output = resumed.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(site.effects(), ["before", "after"]);
    assert_eq!((lines(&site.path("sandbox/once")), lines(&slow)), (1, 1));
    let records = records(&site);
    assert_eq!((records.len(), &records[0]["outcome"]), (1, &"done".into()), "it was carried out once");
}

#[test]
fn a_plan_that_was_done_meanwhile_is_done_again_where_a_person_says_so_and_not_otherwise() {
    if !can_confine() {
        return;
    }
    for repeats in [false, true] {
        let (site, flag, slow) = waiting_site();
        let mut child = site.spawn(&["runbook", "run", "plan"]);
        wait_for(&slow);
        child.kill().unwrap();
        child.wait().unwrap();
        fs::write(&flag, "").unwrap();
        let begun = Instant::now();
        while records(&site).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            thread::sleep(Duration::from_millis(50));
        }
        if !repeats {
            site.ok(&["runbook", "resume", "latest"]);
            assert_eq!(site.state().unwrap().steps["rebuild"].output["done_before"], true);
            assert_eq!((lines(&slow), records(&site).len()), (1, 1));
            continue;
        }
        // What was done is wrong, says the operator.
        fs::remove_dir_all(site.path("sandbox")).unwrap();
        let resumed = site.spawn(&["runbook", "resume", "latest", "--repeat", "rebuild"]);
        wait_for(&slow);
        fs::write(&flag, "").unwrap();
        let output = resumed.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!((lines(&slow), records(&site).len()), (1, 2));
        assert!(site.state().unwrap().steps["rebuild"].output["done_before"].is_null());
    }
}

#[test]
fn a_plan_in_doubt_is_decided_by_hand_and_the_run_takes_that() {
    if !can_confine() {
        return;
    }
    let (site, flag, slow) = waiting_site();
    let text = fs::read_to_string(site.path("rebuild.toml")).unwrap();
    fs::write(site.path("rebuild.toml"), text.replace("repeat = true\n", "")).unwrap();
    let mut child = site.spawn(&["runbook", "run", "plan"]);
    wait_for(&slow);
    let state = site.state().unwrap();
    let plan = state.steps["plan_it"].output["id"].as_str().unwrap().to_owned();
    let process = child_of_step(&state.header.run);
    child.kill().unwrap();
    child.wait().unwrap();
    kill(process);
    let asked = site.run(&["runbook", "resume", "latest"]);
    assert_eq!(asked.status, Some(1), "{asked:?}");
    assert!(asked.stderr.contains("slow/run") && asked.stderr.contains("--assume-done"), "{asked:?}");
    fs::write(&flag, "").unwrap();
    site.ok(&["plan", "apply", &plan, "--repeat", "slow/run"]);
    site.ok(&["runbook", "resume", "latest"]);
    assert_eq!(site.effects(), ["before", "after"]);
    assert_eq!((lines(&site.path("sandbox/once")), lines(&slow)), (1, 2), "the plan was not begun anew");
}
