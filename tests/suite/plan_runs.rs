//! What runs of plans are told, what they leave behind, and what proves it; and what they ask at a terminal.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::Run;
use crate::world::{World, files_below};

/// Whether commands can be kept in here; says why not, and fails where everything is required.
pub fn can_confine() -> bool {
    let tried = Command::new("unshare").args(["--mount", "--net", "--pid", "--fork", "true"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "no namespaces here");
        eprintln!("skipped: this machine lets nobody make namespaces");
    }
    can
}

/// A plan with a sandbox and these components, built; its id.
pub fn built(world: &World, name: &str, target: &str, components: &str) -> String {
    let root = world.path("sandbox");
    let text = format!(
        "schema = \"lifeboat.plan-file/1\"\nname = \"{name}\"\n[target]\nkind = \"sandbox\"\nroot = \
         {root:?}\n{target}\n{components}\n"
    );
    let path = world.path(format!("{name}.toml"));
    fs::write(&path, text).unwrap();
    let plan = world.json(&["plan", "build", path.to_str().unwrap(), "--json"]);
    plan["id"].as_str().unwrap().to_owned()
}

fn backed_up() -> World {
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/a"), "contents").unwrap();
    assert_eq!(world.run(&["backup", "source"]).status, Some(0));
    world
}

fn applied(world: &World, id: &str, more: &[&str]) -> Value {
    let words = [&["plan", "apply", id, "--json"], more].concat();
    let run = world.run(&words);
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"))
}

/// Files and directories of runs in the state directory, by name.
fn kept(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.path("state/plans")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn commands_are_told_their_plan_run_and_step() {
    if !can_confine() {
        return;
    }
    let world = backed_up();
    let print = "echo $LIFEBOAT_PLAN $LIFEBOAT_RUN $LIFEBOAT_STEP $LIFEBOAT_ROOT $LIFEBOAT_SNAPSHOT";
    let components = format!(
        "[component.app]\nkind = \"command\"\nrun = '{print} > $LIFEBOAT_ROOT/run'\n\
         cleanup = ['{print} > $LIFEBOAT_ROOT/cleanup']\n\
         [[component.app.verify]]\nkind = \"command\"\nrun = '{print} > $LIFEBOAT_ROOT/verify'\n"
    );
    let id = built(&world, "told", "keep = true", &components);
    let record = applied(&world, &id, &[]);
    let said = |name: &str| fs::read_to_string(world.path("sandbox").join(name)).unwrap();
    let (run, root) = (record["run"].as_str().unwrap(), world.path("sandbox").display().to_string());
    let snapshots = world.json(&["snapshots", "--json"]);
    let snapshot = snapshots["snapshots"][0]["id"].as_str().unwrap();
    assert_eq!(said("run").trim(), format!("{id} {run} app/run {root} {snapshot}"));
    assert_eq!(said("verify").trim(), format!("{id} {run} app/verify-command {root} {snapshot}"));
    assert_eq!(said("cleanup").trim(), format!("{id} {run} {root} {snapshot}"), "no step at the end");
}

#[test]
fn a_run_that_is_over_leaves_its_record_and_journal_alone() {
    let world = backed_up();
    let source = world.path("source");
    let data = format!("[component.data]\nkind = \"files\"\nfrom = {source:?}\n");
    let id = built(
        &world,
        "left",
        "",
        &format!(
            "{data}[component.more]\nkind = \"files\"\nfrom = {source:?}\nto = \"/more\"\nneeds = \"data\"\n"
        ),
    );
    let record = applied(&world, &id, &["--until", "data"]);
    assert_eq!(record["outcome"], "unfinished");
    assert!(kept(&world).contains(&format!("{id}.journal")), "it can be gone on with: {:?}", kept(&world));
    let record = applied(&world, &id, &[]);
    assert_eq!((&record["outcome"], &record["sessions"]), (&"done".into(), &2.into()), "{record}");
    let run = record["run"].as_str().unwrap();
    let all =
        [format!("{id}.json"), format!("{id}.lock"), format!("run-{run}.journal"), format!("run-{run}.json")];
    assert_eq!(kept(&world), all);
}

#[test]
fn a_run_is_signed_and_tampering_with_it_is_found_wherever_it_happens() {
    let world = backed_up();
    let data = format!("[component.data]\nkind = \"files\"\nfrom = {:?}\n", world.path("source"));
    let id = built(&world, "proved", "", &data);
    let record = applied(&world, &id, &[]);
    let run = record["run"].as_str().unwrap();
    let key = format!("evidence/plans/{run}/00000001");
    assert_eq!(record["evidence"].as_str(), Some(key.as_str()), "{record}");
    let verify = || world.run(&["plan", "verify", run]);
    let whole = verify();
    assert_eq!(whole.status, Some(0), "{whole:?}");
    assert!(whole.stdout.contains(&key) && whole.stdout.contains("holds"), "{whole:?}");
    let listed = world.json(&["plan", "runs", "--json"]);
    assert_eq!((&listed["runs"][0]["run"], &listed["runs"][0]["outcome"]), (&record["run"], &"done".into()));
    let shown = world.run(&["plan", "show", &run[..17]]);
    assert!(shown.stdout.contains("data/restore") && shown.stdout.contains(&key), "{shown:?}");

    let found = |what: &str, path: &Path, change: &dyn Fn(&str) -> String| {
        let before = fs::read(path).unwrap();
        let changed = change(std::str::from_utf8(&before).unwrap());
        assert_ne!(changed.as_bytes(), before, "{what}");
        fs::write(path, changed).unwrap();
        let run = verify();
        assert_eq!(run.status, Some(4), "{what}: {run:?}");
        assert!(run.stdout.contains("FAULT") && !run.stdout.contains("holds "), "{what}: {run:?}");
        fs::write(path, before).unwrap();
        run.stdout
    };
    let journal = world.path(format!("state/plans/run-{run}.journal"));
    let kept = world.path(format!("state/plans/run-{run}.json"));
    let told = found("a changed line", &journal, &|text| text.replacen("data/restore", "data/restorf", 1));
    assert!(told.contains("was altered or damaged: line"), "{told}");
    found("a line less", &journal, &|text| text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n");
    let told = found("another time", &kept, &|text| {
        text.replacen("\"outcome\":\"done\"", "\"outcome\":\"partial\"", 1)
    });
    assert!(told.contains("is not the one that was signed"), "{told}");
    found("no record", &kept, &|_| "{}".to_owned());

    // A whole past that was made up: the chain of hashes holds, the signature does not go along.
    let object = world.path("repo").join(&key);
    let sealed = fs::read(&object).unwrap();
    let mut broken = sealed.clone();
    let end = broken.len() - 20;
    broken[end] ^= 1;
    fs::write(&object, broken).unwrap();
    let damaged = verify();
    assert!(damaged.status == Some(4) && damaged.stdout.contains("does not hold: "), "{damaged:?}");
    fs::remove_file(&object).unwrap();
    let lost = verify();
    assert!(lost.status == Some(4) && lost.stdout.contains("not in the repository any more"), "{lost:?}");
    fs::write(&object, sealed).unwrap();

    // Elsewhere, and after everything here is gone, the repository tells what was done.
    fs::remove_dir_all(world.path("state/plans")).unwrap();
    let whole = verify();
    assert_eq!(whole.status, Some(0), "{whole:?}");
    let listed = world.json(&["plan", "runs", "--repository", "--json"]);
    assert_eq!(listed["runs"][0]["run"], record["run"]);
    assert_eq!(world.json(&["plan", "show", run, "--json"])["steps"], record["steps"]);
    let nobody = world.run(&["plan", "verify", "20200101T000000Z-00000000"]);
    assert!(nobody.status == Some(2) && nobody.stderr.contains("plan runs"), "{nobody:?}");
}

#[test]
fn a_run_that_cannot_be_signed_says_so_and_is_done_all_the_same() {
    let world = backed_up();
    let data = format!("[component.data]\nkind = \"files\"\nfrom = {:?}\n", world.path("source"));
    let id = built(&world, "unsigned", "", &data);
    // A file where the directory of evidence would be: nothing can be created there.
    fs::write(world.path("repo/evidence"), "").unwrap();
    let run = world.run(&["plan", "apply", &id, "--json"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stderr.contains("is not signed"), "{run:?}");
    let record: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&record["outcome"], &record["evidence"]), (&"done".into(), &Value::Null));
    fs::remove_file(world.path("repo/evidence")).unwrap();
    let verified = world.run(&["plan", "verify", record["run"].as_str().unwrap()]);
    assert!(verified.status == Some(4) && verified.stdout.contains("never signed"), "{verified:?}");
}

#[test]
fn what_anybody_could_put_beside_the_evidence_hides_none_and_keeps_none_from_being_signed() {
    let world = backed_up();
    let source = world.path("source");
    let data = format!("[component.data]\nkind = \"files\"\nfrom = {source:?}\n");
    let more =
        format!("[component.more]\nkind = \"files\"\nfrom = {source:?}\nto = \"/more\"\nneeds = \"data\"\n");
    let id = built(&world, "beside", "", &format!("{data}{more}"));
    let run = applied(&world, &id, &["--until", "data"])["run"].as_str().unwrap().to_owned();
    let object = |number: &str| world.path(format!("repo/evidence/plans/{run}/{number}"));
    for number in ["00000002", "99999999"] {
        fs::write(object(number), "x").unwrap();
    }
    let record = applied(&world, &id, &[]);
    let key = format!("evidence/plans/{run}/00000003");
    assert_eq!((&record["sessions"], &record["evidence"]), (&2.into(), &Value::from(key.as_str())));
    let verified = world.run(&["plan", "verify", &run]);
    assert!(verified.status == Some(0) && verified.stdout.contains("holds"), "{verified:?}");
    assert!(verified.stdout.contains("remark    evidence/plans/"), "{verified:?}");
    fs::create_dir(world.path("repo/evidence/plans/rubbish")).unwrap();
    fs::write(world.path("repo/evidence/plans/rubbish/00000001"), "x").unwrap();
    let listed = world.run(&["plan", "runs", "--repository"]);
    assert!(listed.status == Some(0) && listed.stdout.contains(&run), "{listed:?}");
    assert!(listed.stderr.contains("99999999 proves nothing"), "{listed:?}");
}

#[test]
fn a_session_that_could_not_be_signed_is_told_apart_from_tampering() {
    let world = backed_up();
    let source = world.path("source");
    let data = format!("[component.data]\nkind = \"files\"\nfrom = {source:?}\n");
    let more =
        format!("[component.more]\nkind = \"files\"\nfrom = {source:?}\nto = \"/more\"\nneeds = \"data\"\n");
    let id = built(&world, "outage", "", &format!("{data}{more}"));
    let run = applied(&world, &id, &["--until", "data"])["run"].as_str().unwrap().to_owned();
    let (evidence, away) = (world.path("repo/evidence"), world.path("away"));
    fs::rename(&evidence, &away).unwrap();
    fs::write(&evidence, "").unwrap();
    let record = applied(&world, &id, &[]);
    assert_eq!((&record["sessions"], &record["evidence"]), (&2.into(), &Value::Null), "{record}");
    fs::remove_file(&evidence).unwrap();
    fs::rename(&away, &evidence).unwrap();
    let verified = world.run(&["plan", "verify", &run]);
    assert!(
        verified.status == Some(4) && verified.stdout.contains("session 2 was never signed"),
        "{verified:?}"
    );
    assert!(verified.stdout.contains("session 1 agrees with the journal here up to line"), "{verified:?}");
    assert!(!verified.stdout.contains("is not the one that was signed"), "{verified:?}");
}

/// Runs the program on a terminal of its own and types one of `answers` each time that it shows `prompt`;
/// what stood on the terminal, and its status.
pub fn on_a_terminal(plain: &Command, prompt: &str, answers: &[&str]) -> Run {
    let words = std::iter::once(plain.get_program()).chain(plain.get_args());
    let quoted: Vec<String> =
        words.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', "'\\''"))).collect();
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &quoted.join(" "), "/dev/null"]).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("SHELL", "/bin/sh").current_dir(plain.get_current_dir().unwrap());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let (mut shown, mut typed) = (Vec::new(), 0);
    let mut buffer = [0; 4096];
    // The screen ends with the program, or with the terminal that it leaves.
    while let Ok(count) = screen.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&shown);
        while typed < answers.len() && text.matches(prompt).count() > typed {
            writeln!(keyboard, "{}", answers[typed]).unwrap();
            typed += 1;
        }
        if count == 0 {
            break;
        }
    }
    let status = child.wait().unwrap().code();
    Run { status, stdout: String::from_utf8_lossy(&shown).into_owned(), stderr: String::new() }
}

const SECRET: &str = "correct horse battery staple";
/// Its SHA-256, by which a command knows it without its being told.
const SECRET_HASH: &str = "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a";

/// Fails where the secret stands in any file of the state directory or of the repository's evidence.
fn assert_untold(world: &World) {
    let all = files_below(&world.path("state")).into_iter().chain(files_below(&world.path("cache")));
    for path in all {
        let bytes = fs::read(&path).unwrap();
        let holds = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!holds, "{} tells the secret", path.display());
    }
}

#[test]
fn a_secret_reaches_its_command_and_nothing_that_is_kept_or_told() {
    if !can_confine() {
        return;
    }
    let world = backed_up();
    let file = world.path("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let given = format!("database={}", file.display());
    let components =
        |run: &str| format!("[component.app]\nkind = \"command\"\nsecret = \"database\"\nrun = {run}\n");
    let script = format!(
        "'test $(sha256sum | cut -c1-64) = {SECRET_HASH} && echo well > \
         $LIFEBOAT_ROOT/known'"
    );
    let id = built(&world, "secret", "keep = true", &components(&script));
    let dry = world.run(&["plan", "apply", &id, "--dry-run"]);
    assert!(dry.stdout.contains("(the secret database)"), "{dry:?}");
    let record = applied(&world, &id, &["--secret", &given]);
    assert_eq!(record["outcome"], "done", "{record}");
    assert_eq!(fs::read_to_string(world.path("sandbox/known")).unwrap(), "well\n");
    assert_untold(&world);
    // One that tells it and fails: neither the error nor the journal repeat it.
    fs::remove_dir_all(world.path("sandbox")).unwrap();
    let id = built(&world, "telling", "", &components("\"cat >&2; exit 3\""));
    let run = world.run(&["plan", "apply", &id, "--json", "--secret", &given]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stdout.contains("status 3: (a secret)"), "{run:?}");
    assert!(!run.stdout.contains(SECRET) && !run.stderr.contains(SECRET), "{run:?}");
    assert_untold(&world);
    // Nobody gave it, and there is nobody to ask.
    let run = world.run(&["plan", "apply", &id]);
    assert_eq!(run.status, Some(13), "{run:?}");
    assert!(run.stdout.contains("--secret database=FILE"), "{run:?}");
}

#[test]
fn a_secret_is_asked_for_at_the_terminal_and_not_shown_there() {
    if !can_confine() || !has_script() {
        return;
    }
    let world = backed_up();
    let components = "[component.app]\nkind = \"command\"\nsecret = \"database\"\n\
                      run = \"cat > $LIFEBOAT_ROOT/known\"\n";
    let id = built(&world, "asked", "keep = true", components);
    let run = on_a_terminal(&world.command(&["plan", "apply", &id]), "The secret database:", &[SECRET]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stdout.contains("The secret database:"), "{run:?}");
    assert_eq!(fs::read_to_string(world.path("sandbox/known")).unwrap(), SECRET);
    assert_untold(&world);
}

/// Whether there is something that makes terminals.
pub fn has_script() -> bool {
    let has = Command::new("script").arg("--version").output().is_ok();
    if !has {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "no `script` here");
        eprintln!("skipped: there is no `script` to make a terminal");
    }
    has
}
