//! Runs of small runbooks, to their ends and over crashes, with hands that only note what they are told.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::{Around, Reached, carry_out};
use crate::base::monitor::Interrupt;
use crate::base::role::Role;
use crate::base::secret::SecretText;
use crate::base::time::Clock as _;
use crate::runbook::answer::leave;
use crate::runbook::error::RunbookError;
use crate::runbook::hands::{Handed, Hands, Message, Watcher};
use crate::runbook::lint::{Surroundings, has_errors, lint};
use crate::runbook::model::SecretSource;
use crate::runbook::record::{Answer, Deed, Entry, Header, Mode, Record, RunEnd, SCHEMA, StepEnd};
use crate::runbook::runs::Runs;
use crate::runbook::state::{Progress, RunState};
use crate::sys::clock::SystemClock;
use crate::sys::command::Invocation;
use crate::sys::journal::Journal;

mod crashes;
mod people;

const HEAD: &str = "schema = \"lifeboat.runbook/1\"\ntitle = \"t\"\n";

#[derive(Default)]
struct TestHands {
    told: Mutex<Vec<Message>>,
}

impl Hands for TestHands {
    fn notify(&self, message: &Message) -> Result<Handed, String> {
        if message.to.iter().any(|to| to == "nobody") {
            return Err("there is no such contact".into());
        }
        self.told.lock().unwrap().push(message.clone());
        Ok(Handed { recipients: message.to.clone(), remark: None })
    }

    fn lifeboat(&self, arguments: &[String], _repository: Option<&str>) -> Invocation {
        Invocation::new("echo", arguments)
    }

    fn secret(&self, source: &SecretSource) -> Result<SecretText, String> {
        match source {
            SecretSource::Variable(name) => Ok(SecretText::new(format!("hush-{name}"))),
            _ => Err("is not to be had".into()),
        }
    }
}

/// Ends the run, as a crash does, right after the record of that number.
struct Crashing {
    at: usize,
    seen: AtomicUsize,
}

impl Watcher for Crashing {
    fn saw(&self, _entry: &Entry, _state: &RunState) {
        if self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            panic!("a crash, as the test wants it");
        }
    }

    fn note(&self, _text: &str) {}
}

struct World {
    dir: tempfile::TempDir,
    runs: Runs,
    hands: TestHands,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { runs: Runs::of(dir.path()), dir, hands: TestHands::default() }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn begin(&self, body: &str, mode: Mode, inputs: &[(&str, Value)]) -> String {
        self.begin_with(&[("r", body)], mode, inputs)
    }

    fn begin_with(&self, bodies: &[(&str, &str)], mode: Mode, inputs: &[(&str, Value)]) -> String {
        let texts: BTreeMap<String, String> = bodies
            .iter()
            .map(|(name, body)| {
                ((*name).to_owned(), format!("{HEAD}{}", body.replace("DIR", &self.path(""))))
            })
            .collect();
        let around = Surroundings { runbooks: texts.clone(), ..Surroundings::default() };
        let (_, findings) = lint("r", &texts["r"], &around);
        assert!(!has_errors(&findings), "{findings:?}");
        let header = Header {
            schema: SCHEMA.into(),
            run: "r-1".into(),
            runbook: "r".into(),
            texts,
            inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            mode,
            operator: "olga".into(),
            host: "here".into(),
            tool: "test".into(),
        };
        drop(self.runs.begin(header, SystemClock.now()).unwrap());
        "r-1".into()
    }

    fn go_on(&self, run: &str, watcher: &dyn Watcher, is_patient: bool) -> (Reached, RunState) {
        let (journal, state) = self.resume(run);
        let interrupt = Interrupt::default();
        let around = Around {
            hands: &self.hands,
            watcher,
            clock: &SystemClock,
            interrupt: &interrupt,
            inbox: self.runs.inbox(run),
            is_patient,
        };
        carry_out(journal, state, &around).unwrap()
    }

    /// A child of another test holds the lock of whatever was open when it was made, until it is a program.
    fn resume(&self, run: &str) -> (Journal, RunState) {
        loop {
            match self.runs.resume(run, "olga", "here", SystemClock.now()) {
                Err(RunbookError::Busy { .. }) => std::thread::yield_now(),
                resumed => return resumed.unwrap(),
            }
        }
    }

    fn run(&self, body: &str) -> (Reached, RunState) {
        let run = self.begin(body, Mode::Live, &[]);
        self.go_on(&run, &crate::runbook::hands::Blind, false)
    }

    fn again(&self) -> (Reached, RunState) {
        self.go_on("r-1", &crate::runbook::hands::Blind, false)
    }

    fn say(&self, step: &str, deed: Deed, by: &str, change: impl FnOnce(&mut Answer)) {
        let mut answer = Answer::new(step, deed, by, "command", SystemClock.now());
        change(&mut answer);
        leave(&self.runs.inbox("r-1"), &answer).unwrap();
    }

    fn effects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("effects")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// A step that leaves its id behind.
fn mark(id: &str, more: &str) -> String {
    format!("[[step]]\nid = \"{id}\"\nkind = \"command\"\nscript = 'echo {id} >> DIR/effects'\n{more}\n")
}

#[test]
fn steps_are_done_by_phase_need_and_place_and_see_what_came_before() {
    let world = World::new();
    let body = mark("c", "phase = \"recovery\"\nneeds = [\"b\"]")
        + &mark("b", "phase = \"activation\"\nneeds = [\"a\"]")
        + &mark("a", "phase = \"activation\"")
        + "[[step]]\nid = \"said\"\nkind = \"command\"\nphase = \"recovery\"\n\
            run = [\"echo\", \"{\\\"n\\\": 7}\"]\noutput = \"json\"\n"
        + "[[step]]\nid = \"used\"\nkind = \"command\"\n\
            run = [\"echo\", \"{{ steps.said.output.n }} $HOME; `x`\"]\n";
    let (reached, state) = world.run(&body);
    assert_eq!(reached, Reached::End(RunEnd::Done));
    assert_eq!(world.effects(), ["a", "b", "c"]);
    assert_eq!(state.steps["used"].output, "7 $HOME; `x`");
}

#[test]
fn inputs_reach_scripts_as_variables_and_are_never_taken_for_commands() {
    let world = World::new();
    let body = "[inputs.name]\n[variables]\npair = \"<{{ inputs.name }}>\"\n[[step]]\nid = \"a\"\n\
        kind = \"command\"\n\
                script = 'printf \"%s %s\" \"$INPUT_NAME\" \"$VAR_PAIR\"'\n";
    let evil = "'; touch DIR/evil; echo \"$(id)";
    let run = world.begin(body, Mode::Live, &[("name", evil.into())]);
    let (_, state) = world.go_on(&run, &crate::runbook::hands::Blind, false);
    assert_eq!(state.steps["a"].output, format!("{evil} <{evil}>"));
}

#[test]
fn what_needs_a_failed_step_is_left_out_and_what_does_not_hold_is_passed_over() {
    let world = World::new();
    let body = "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\non_failure = \"continue\"\n"
        .to_owned()
        + &mark("after", "needs = [\"bad\"]")
        + &mark("further", "needs = [\"after\"]")
        + &mark("never", "when = \"run.mode == 'drill'\"")
        + &mark("free", "needs = [\"never\"]\nwhen = \"steps.bad.failed\"");
    let (reached, state) = world.run(&body);
    assert_eq!(reached, Reached::End(RunEnd::DoneWithFailures));
    assert_eq!(world.effects(), ["free"]);
    assert_eq!(state.ended("further"), Some(StepEnd::Skipped));
}

#[test]
fn a_step_is_tried_as_often_as_it_may_be_and_then_halts_until_somebody_resumes() {
    let world = World::new();
    let body = "[[step]]\nid = \"flaky\"\nkind = \"command\"\nretry = { count = 2, backoff = \"0s\" }\n\
                script = 'echo x >> DIR/effects; test $(wc -l < DIR/effects) -ge 5'\n";
    let (reached, state) = world.run(body);
    assert_eq!((reached, world.effects().len()), (Reached::Halt, 3));
    assert_eq!(state.halted.unwrap().0, "flaky");
    let (reached, _) = world.again();
    assert_eq!((reached, world.effects().len()), (Reached::End(RunEnd::Done), 5));
}

#[test]
fn a_failed_step_can_be_taken_for_done_by_hand() {
    let world = World::new();
    let body =
        "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\n".to_owned() + &mark("next", "");
    assert_eq!(world.run(&body).0, Reached::Halt);
    world.say("bad", Deed::Done, "olga", |_| {});
    assert_eq!(world.again().0, Reached::End(RunEnd::Done));
    assert_eq!(world.effects(), ["next"]);
}

#[test]
fn a_rollback_undoes_what_was_done_last_first() {
    let world = World::new();
    let body = mark("one", "rollback = \"undo_one\"")
        + &mark("two", "rollback = \"undo_two\"")
        + "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\non_failure = \"rollback\"\n"
        + &mark("undo_one", "")
        + &mark("undo_two", "");
    let (reached, _) = world.run(&body);
    assert_eq!(reached, Reached::End(RunEnd::RolledBack));
    assert_eq!(world.effects(), ["one", "two", "undo_two", "undo_one"]);
}

#[test]
fn another_step_is_done_where_one_fails() {
    let world = World::new();
    let body =
        "[[step]]\nid = \"bad\"\nkind = \"command\"\nrun = [\"false\"]\non_failure = { step = \"mend\" }\n"
            .to_owned()
            + &mark("mend", "")
            + &mark("next", "");
    assert_eq!(world.run(&body).0, Reached::End(RunEnd::DoneWithFailures));
    assert_eq!(world.effects(), ["mend", "next"]);
}

#[test]
fn steps_beside_each_other_heed_what_they_need() {
    let world = World::new();
    let child = |id: &str, more: &str| mark(id, more).replace("[[step]]", "[[step.step]]");
    let body = "[[step]]\nid = \"both\"\nkind = \"parallel\"\n".to_owned()
        + &child("second", "needs = [\"first\"]")
        + &child("first", "").replace("echo", "sleep 0.2; echo")
        + &mark("last", "");
    assert_eq!(world.run(&body).0, Reached::End(RunEnd::Done));
    assert_eq!(world.effects(), ["first", "second", "last"]);
}

#[test]
fn a_runbook_in_a_runbook_has_its_own_names_and_hands_back_what_it_says() {
    let world = World::new();
    let inner = "[inputs.word]\n[outputs]\nsaid = \"{{ steps.a.output }}!\"\n[[step]]\nid = \"a\"\n\
        kind = \"command\"\n\
                 run = [\"echo\", \"{{ inputs.word }}\"]\n";
    let outer = "[[step]]\nid = \"a\"\nkind = \"command\"\nrun = [\"echo\", \"hello\"]\n[[step]]\n\
        id = \"sub\"\nkind = \"runbook\"\n\
                 runbook = \"inner\"\ninputs = { word = \"{{ steps.a.output }} you\" }\n[[step]]\n\
                 id = \"z\"\nkind = \"command\"\n\
                 run = [\"echo\", \"{{ steps.sub.output.said }}\"]\n";
    let run = world.begin_with(&[("r", outer), ("inner", inner)], Mode::Live, &[]);
    let (reached, state) = world.go_on(&run, &crate::runbook::hands::Blind, false);
    assert_eq!(reached, Reached::End(RunEnd::Done));
    assert_eq!(state.steps["z"].output, "hello you!");
    assert_eq!(state.steps["sub/a"].output, "hello you");
}

#[test]
fn a_drill_marks_redirects_and_leaves_out() {
    let world = World::new();
    let tell = |id: &str, drill: &str| {
        format!(
            "[[step]]\nid = \"{id}\"\nkind = \"notify\"\ntitle = \"fire\"\nto = [\"{id}\"]\n\
                message = \"x\"\n{drill}\n"
        )
    };
    let body = tell("marked", "")
        + &tell("moved", "drill = { redirect = [\"trainer\"] }")
        + &tell("muted", "drill = \"suppress\"")
        + &mark("skipped", "drill = \"skip\"")
        + &mark("done", "");
    let run = world.begin(&body, Mode::Drill, &[]);
    world.go_on(&run, &crate::runbook::hands::Blind, false);
    let told = world.hands.told.lock().unwrap();
    let told: Vec<(&str, &str)> = told.iter().map(|one| (one.to[0].as_str(), one.title.as_str())).collect();
    assert_eq!(told, [("marked", "[DRILL] fire"), ("trainer", "[DRILL] fire")]);
    assert_eq!(world.effects(), ["done"]);
}

#[test]
fn secrets_reach_programs_and_nothing_that_is_written_down() {
    let world = World::new();
    let body = "[secrets.key]\nvariable = \"KEY\"\n[[step]]\nid = \"a\"\nkind = \"command\"\n\
                environment = { TOKEN = { secret = \"key\" } }\n\
                script = 'echo \"got $TOKEN\"; echo \"$TOKEN\" > DIR/token'\n\
                [[step]]\nid = \"b\"\nkind = \"command\"\non_failure = \"continue\"\n\
                environment = { TOKEN = { secret = \"key\" } }\n\
                script = 'echo \"bad $TOKEN\" >&2; exit 3'\n";
    let (_, state) = world.run(body);
    assert_eq!(state.steps["a"].output, "got [secret]");
    assert_eq!(std::fs::read_to_string(world.path("token")).unwrap(), "hush-KEY\n");
    assert!(state.steps["b"].error.as_ref().unwrap().contains("bad [secret]"));
    let journal = std::fs::read_to_string(world.runs.journal("r-1")).unwrap();
    assert!(!journal.contains("hush"));
}

#[test]
fn an_abort_ends_what_runs_and_the_run() {
    let world = World::new();
    let run = world.begin(
        "[[step]]\nid = \"long\"\nkind = \"command\"\nrun = [\"sleep\", \"1000\"]\n",
        Mode::Live,
        &[],
    );
    let (reached, state) = std::thread::scope(|threads| {
        let running = threads.spawn(|| world.go_on(&run, &crate::runbook::hands::Blind, true));
        while world.runs.read(&run).unwrap().state.steps.is_empty() {
            std::thread::yield_now();
        }
        world.say("", Deed::Abort, "ann", |answer| answer.note = Some("false alarm".into()));
        running.join().unwrap()
    });
    assert_eq!(reached, Reached::End(RunEnd::Aborted));
    assert_eq!(state.end.unwrap().2.as_deref(), Some("false alarm"));
}
