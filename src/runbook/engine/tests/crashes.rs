//! Runs that are cut off: who may go on, steps in doubt, and what is still running.

use super::*;

#[test]
fn a_run_is_carried_out_by_one_process_and_not_after_its_end() {
    let world = World::new();
    world.run(&mark("a", ""));
    let error = world.runs.resume("r-1", "x", "y", SystemClock.now()).unwrap_err();
    assert!(error.to_string().contains("has ended"), "{error}");
    let world = World::new();
    let run = world.begin(&mark("a", ""), Mode::Live, &[]);
    let held = world.resume(&run);
    let error = world.runs.resume(&run, "x", "y", SystemClock.now()).unwrap_err();
    assert!(error.to_string().contains("status r-1 --watch"), "{error}");
    drop(held);
}

#[test]
fn a_step_in_doubt_is_checked_repeated_or_asked_about() {
    for (more, expected, effects) in [
        ("idempotent = true", Reached::End(RunEnd::Done), 2),
        ("check = { file = \"DIR/effects\" }", Reached::End(RunEnd::Done), 1),
        ("check = { file = \"DIR/nothing\" }", Reached::End(RunEnd::Done), 2),
        ("", Reached::People, 1),
        // A check that nobody could make says nothing.
        ("check = { run = [\"DIR/no-such-program\"] }", Reached::People, 1),
        ("check = { script = 'no-such-program' }", Reached::People, 1),
        ("check = { script = 'kill -KILL $$' }", Reached::People, 1),
        ("check = { script = 'exit 1' }", Reached::End(RunEnd::Done), 2),
        ("check = { http = \"http://127.0.0.1:1/\" }", Reached::People, 1),
        ("check = { tcp = \"127.0.0.1:1\" }", Reached::End(RunEnd::Done), 2),
        ("idempotent = true\ncheck = { run = [\"DIR/no-such-program\"] }", Reached::End(RunEnd::Done), 2),
    ] {
        let world = World::new();
        let run = world.begin(&mark("a", more), Mode::Live, &[]);
        let (mut journal, _) = world.resume(&run);
        let intent = Record::Intent {
            step: "a".into(),
            kind: "command".into(),
            title: "a".into(),
            phase: "activation".into(),
            attempt: 1,
            what: Vec::new(),
        };
        journal.append(SystemClock.now(), &intent).unwrap();
        drop(journal);
        // It was done, and nobody saw it.
        std::fs::write(world.path("effects"), "a\n").unwrap();
        let (reached, state) = world.again();
        assert_eq!((reached, world.effects().len()), (expected, effects), "{more}");
        if reached == Reached::People {
            assert_eq!(state.steps["a"].progress, Progress::InDoubt);
            world.say("a", Deed::Done, "olga", |_| {});
            assert_eq!((world.again().0, world.effects().len()), (Reached::End(RunEnd::Done), 1));
        }
    }
}

#[test]
fn a_step_that_still_runs_is_not_begun_beside_itself_though_its_check_says_that_it_is_not_done() {
    let world = World::new();
    let body = mark("lasting", "timeout = \"1s\"\ncheck = { file = \"DIR/nothing\" }");
    let run = world.begin(&body, Mode::Live, &[]);
    let (mut journal, _) = world.resume(&run);
    let intent = Record::Intent {
        step: "lasting".into(),
        kind: "command".into(),
        title: "lasting".into(),
        phase: "activation".into(),
        attempt: 1,
        what: Vec::new(),
    };
    journal.append(SystemClock.now(), &intent).unwrap();
    drop(journal);
    let mut child = std::process::Command::new("sleep")
        .arg("1000")
        .env(crate::runbook::engine::program::RUN_VARIABLE, &run)
        .env(crate::runbook::engine::program::STEP_VARIABLE, "lasting")
        .spawn()
        .unwrap();
    let (reached, state) = world.again();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((reached, world.effects().len()), (Reached::People, 0));
    let error = state.steps["lasting"].error.clone().unwrap();
    assert!(error.contains(&format!("process {}", child.id())), "{error}");
    assert_eq!((world.again().0, world.effects().len()), (Reached::End(RunEnd::Done), 1));
}

#[test]
fn a_crash_after_any_record_repeats_nothing_that_was_done() {
    let body = mark("one", "")
        + "[[step]]\nid = \"tell\"\nkind = \"notify\"\nto = [\"x\"]\nmessage = \"x\"\n"
        + "[[step]]\nid = \"both\"\nkind = \"parallel\"\n"
        + &mark("left", "").replace("[[step]]", "[[step.step]]")
        + &mark("right", "needs = [\"left\"]").replace("[[step]]", "[[step.step]]")
        + &mark("two", "retry = { count = 1, backoff = \"0s\" }")
        + "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\non_failure = { step = \"mend\" }\n"
        + &mark("mend", "")
        + &mark("three", "");
    let expected = ["one", "left", "right", "two", "mend", "three"];
    let mut crashes = 0;
    for at in 1.. {
        let world = World::new();
        let run = world.begin(&body, Mode::Live, &[]);
        let crashing = Crashing { at, seen: AtomicUsize::new(0) };
        let crashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            world.go_on(&run, &crashing, false);
        }));
        if crashed.is_ok() {
            break;
        }
        crashes += 1;
        for _ in 0..9 {
            if world.runs.read(&run).unwrap().state.end.is_some() {
                break;
            }
            let (reached, state) = world.again();
            if reached == Reached::People {
                // Whether the crash came before the act or after it, the effects tell.
                let (path, _) = state.waiting().next().unwrap();
                let was_done = world.effects().iter().any(|effect| effect == path.split('@').next().unwrap());
                world.say(path, if was_done { Deed::Done } else { Deed::Repeat }, "olga", |_| {});
            }
        }
        assert_eq!(world.effects(), expected, "after a crash at record {at}");
        let ids: std::collections::BTreeSet<String> =
            world.hands.told.lock().unwrap().iter().map(|message| message.id.clone()).collect();
        assert_eq!(ids.len(), 1, "the message has one id, however often it is handed over");
    }
    assert!(crashes > 15, "{crashes}");
}

#[test]
fn what_a_step_left_running_is_waited_for_before_it_is_judged() {
    let mut child = std::process::Command::new("sleep")
        .arg("1000")
        .env(crate::runbook::engine::program::RUN_VARIABLE, "r-9")
        .env(crate::runbook::engine::program::STEP_VARIABLE, "a")
        .spawn()
        .unwrap();
    assert_eq!(crate::runbook::engine::program::survivors("r-9", "a"), [child.id()]);
    assert!(crate::runbook::engine::program::survivors("r-9", "b").is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Path::new("/proc").exists());
}
