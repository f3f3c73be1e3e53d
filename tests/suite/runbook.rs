//! Runbooks through the command line: starters in sandboxes, people, links, the repository, and tampering.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use lifeboat::runbook::record::{Answer, AskKind, Deed, Record};
use lifeboat::runbook::runs::Runs;
use lifeboat::runbook::state::{Progress, RunState};
use serde_json::Value;

use crate::program::{Run, finish};
use crate::world::{World, make_sample};

/// A world with runbooks, a command channel that writes messages down, and a snapshot of `source`.
pub struct Site {
    pub world: World,
}

impl Site {
    pub fn new() -> Self {
        let world = World::new();
        make_sample(&world.path("source"));
        let config = format!(
            "[repository.main]\nurl = '{}'\nidentity_file = '{}'\n[job.home]\nsources = '{}'\n\
             [channel.book]\ntype = 'command'\nprogram = ['sh', '-c', 'cat >> {}; echo >> {}']\n\
             [contact.oncall]\nchannels = 'book'\n[contact.management]\nchannels = 'book'\n\
             [contact.security]\nchannels = 'book'\n[contact.staff]\nchannels = 'book'\n",
            world.path("repo").display(),
            world.path("identity").display(),
            world.path("source").display(),
            world.path("told").display(),
            world.path("told").display(),
        );
        fs::create_dir_all(world.path("etc/runbooks")).unwrap();
        fs::write(world.path("etc/lifeboat.toml"), config).unwrap();
        Self { world }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> std::path::PathBuf {
        self.world.path(name)
    }

    /// The program, with the configuration of the site and programs of its own before the system's.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.command(words);
        command.env("LIFEBOAT_CONFIG", self.path("etc/lifeboat.toml"));
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command.env("EFFECTS", self.path("effects"));
        command
    }

    pub fn run(&self, words: &[&str]) -> Run {
        finish(self.command(words))
    }

    pub fn ok(&self, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.status, Some(0), "{words:?} {run:?}");
        run
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let run = self.ok(words);
        let last = run.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {run:?}"))
    }

    pub fn write(&self, name: &str, body: &str) {
        let text = format!("schema = \"lifeboat.runbook/1\"\ntitle = \"A test\"\n{body}");
        fs::write(self.path(format!("etc/runbooks/{name}.toml")), text).unwrap();
    }

    pub fn runs(&self) -> Runs {
        Runs::of(&self.path("state"))
    }

    pub fn effects(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("effects")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn told(&self) -> String {
        fs::read_to_string(self.path("told")).unwrap_or_default()
    }

    pub fn spawn(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// The state of the newest run, once there is one.
    pub fn state(&self) -> Option<RunState> {
        let runs = self.runs();
        let run = runs.ids().pop()?;
        Some(runs.read(&run).ok()?.state)
    }

    /// Answers whatever the run asks, as a willing person would, until the process has ended.
    pub fn attend(&self, child: &mut Child) -> Option<i32> {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            if let Some(state) = self.state() {
                self.answer(&state);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Leaves an answer to every open question; the same each time, so that it counts once.
    pub fn answer(&self, state: &RunState) {
        for (path, step) in state.waiting().filter(|(_, step)| step.progress == Progress::Waiting) {
            let Some(asked) = &step.asked else { continue };
            let deed = match asked.ask.kind {
                AskKind::Approval => Deed::Approve,
                AskKind::Choice => Deed::Choose,
                AskKind::Manual | AskKind::Acknowledgement => Deed::Ack,
            };
            for person in 0..asked.ask.quorum as usize {
                let by = asked.ask.who.get(person).cloned().unwrap_or(format!("person{person}"));
                let mut answer = Answer::new(path, deed, &by, "command", state.latest);
                answer.id = format!("{}-{person}", path.replace(['/', '@'], "-"));
                answer.value = asked.ask.options.first().map(|(value, _)| value.clone());
                answer.note = Some("seen".into());
                let inbox = self.runs().inbox(&state.header.run);
                lifeboat::runbook::answer::leave(&inbox, &answer).unwrap();
            }
        }
    }
}

const TWO_STEPS: &str = "[[step]]\nid = \"first\"\nkind = \"command\"\n\
    script = 'echo first >> \"$EFFECTS\"'\n\
    [[step]]\nid = \"leave\"\nkind = \"approval\"\nquestion = \"Go on?\"\ntimeout = \"1h\"\n\
    [[step]]\nid = \"second\"\nkind = \"command\"\nscript = 'echo second >> \"$EFFECTS\"'\n";

#[test]
fn the_starters_lint_dry_run_and_run_in_a_sandbox() {
    let site = Site::new();
    site.ok(&["backup", "home"]);
    site.ok(&["runbook", "init"]);
    assert!(site.run(&["runbook", "init"]).stdout.contains("which was there"));
    let lint = site.json(&["runbook", "lint", "--json"]);
    assert_eq!(lint["runbooks"].as_array().unwrap().len(), 5, "{lint}");
    for linted in lint["runbooks"].as_array().unwrap() {
        assert_eq!(
            (linted["mistakes"].to_string(), linted["warnings"].to_string()),
            ("[]".into(), "[]".into())
        );
    }
    let source = format!("path={}", site.path("source").display());
    let target = |name: &str| {
        fs::create_dir_all(site.path(name)).unwrap();
        format!("target={}", site.path(name).display())
    };
    let host = site.json(&["snapshots", "--json"])["snapshots"][0]["host"].as_str().unwrap().to_owned();
    let host = format!("host={host}");
    let (site_target, host_target, clean) = (target("t1"), target("t2"), target("t3"));
    for (name, inputs) in [
        ("full-site-loss", vec![site_target.as_str(), &source]),
        ("one-host", vec![&host_target, &source, &host]),
        ("ransomware", vec![&clean, &source, "snapshot=latest"]),
        ("backup-overdue", vec!["job=home"]),
    ] {
        let mut words = vec!["runbook", "run", name];
        inputs.iter().for_each(|input| words.extend(["--input", input]));
        let plan = site.json(&[&words[..], &["--dry-run", "--json"]].concat());
        assert!(plan["steps"].as_array().unwrap().len() >= 5, "{plan}");
        let text = site.ok(&[&words[..], &["--dry-run"]].concat()).stdout;
        assert!(text.contains("nothing is done") && !text.contains("{{ inputs"), "{text}");
        assert!(site.state().is_none_or(|state| state.header.runbook != name), "a dry run does nothing");
        let mut child = site.spawn(&[&words[..], &["--mode", "drill"]].concat());
        let status = site.attend(&mut child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(status, Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let restored = site.path("t1").join(site.path("source").strip_prefix("/").unwrap());
    let found = [restored, site.path("t1"), site.path("t1/source")];
    assert!(
        found.iter().any(|dir| dir.join("dir/text").exists()),
        "{:?}",
        crate::world::files_below(&site.path("t1"))
    );
    let told = site.told();
    assert!(told.contains("[DRILL]") && !told.contains("Please touch nothing"), "{told}");
    assert!(site.ok(&["runbook", "history"]).stdout.contains("drill"));
}

#[test]
fn people_answer_from_the_command_line_whether_it_runs_or_not() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    let run = site.run(&["runbook", "run", "two", "--no-wait"]);
    assert_eq!(run.status, Some(13), "{run:?}");
    assert!(run.stderr.contains("lifeboat runbook approve"), "{run:?}");
    let again = site.run(&["runbook", "run", "two", "--no-wait"]);
    assert_eq!(again.status, Some(11), "{again:?}");
    assert!(again.stderr.contains("is not over") && again.stderr.contains("resume"), "{again:?}");
    let wrong = site.run(&["runbook", "ack", "latest", "leave"]);
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.stderr.contains("approved or refused"), "{wrong:?}");
    let missing = site.run(&["runbook", "approve", "latest", "nothing"]);
    assert!(missing.stderr.contains("waiting: leave"), "{missing:?}");
    site.ok(&["runbook", "approve", "latest", "leave", "--as", "alice", "--note", "fine"]);
    let run = site.ok(&["runbook", "resume", "latest", "--as", "olga"]);
    assert!(run.stderr.contains("is over: done"), "{run:?}");
    assert_eq!(site.effects(), ["first", "second"]);
    let over = site.run(&["runbook", "resume", "latest"]);
    assert_eq!(over.status, Some(2));
    let report = site.json(&["runbook", "report", "latest", "--json"]);
    assert_eq!(report["steps"][1]["by"], "alice");
    assert!(report["people_seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_run_that_waits_is_watched_approved_and_aborted_from_elsewhere() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    let mut child = site.spawn(&["runbook", "run", "two"]);
    while site.state().is_none_or(|state| state.waiting().next().is_none()) {
        thread::sleep(Duration::from_millis(10));
    }
    let status = site.json(&["runbook", "status", "latest", "--json"]);
    assert_eq!(
        (&status["runs"][0]["is_active"], &status["runs"][0]["state"]),
        (&true.into(), &"waiting".into())
    );
    let busy = site.run(&["runbook", "resume", "latest"]);
    assert_eq!(busy.status, Some(11), "{busy:?}");
    site.ok(&["runbook", "abort", "latest", "--reason", "false alarm", "--as", "alice"]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(site.effects(), ["first"]);
    let watched = site.ok(&["runbook", "status", "latest", "--watch"]);
    assert!(watched.stdout.contains("aborted by alice: false alarm"), "{watched:?}");
}

/// What a server answers to a request.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_link_answers_once_by_its_button_and_not_by_being_looked_at() {
    let site = Site::new();
    let question = "Approve <script>alert(1)</script>?";
    site.write(
        "two",
        &TWO_STEPS.replace("Go on?", question).replace(
            "timeout = \"1h\"",
            "timeout = \"1h\"\n\
            notify = [\"oncall\"]",
        ),
    );
    let mut server = site.spawn(&["runbook", "serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut line = String::new();
    let mut output = std::io::BufReader::new(server.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    let served: Value = serde_json::from_str(&line).unwrap();
    let address = served["address"].as_str().unwrap().to_owned();
    assert_eq!(site.run(&["runbook", "run", "two", "--no-wait"]).status, Some(13));
    // The message carries links of its recipient's own.
    let told = site.told();
    assert!(told.contains("/a/") && told.contains("Approve: http://"), "{told}");
    let links = site.json(&["runbook", "link", "latest", "leave", "--for", "alice", "--json"]);
    let url = links["links"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{address}")).unwrap().to_owned();
    for _ in 0..3 {
        let page = ask(&address, "GET", &path, "");
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("&lt;script&gt;"), "{page}");
        assert!(page.contains("no-store") && page.contains("no-referrer"), "{page}");
    }
    assert!(site.state().unwrap().steps["leave"].asked.as_ref().unwrap().answers.is_empty());
    let forged = ask(&address, "POST", &path.replace("/a/", "/a/A"), "");
    assert!(forged.starts_with("HTTP/1.1 403"), "{forged}");
    assert!(ask(&address, "GET", "/", "").starts_with("HTTP/1.1 404"));
    assert!(ask(&address, "PUT", &path, "").starts_with("HTTP/1.1 405"));
    let done = ask(&address, "POST", &path, "note=not+%22too%22+late");
    assert!(done.contains("It is noted"), "{done}");
    site.ok(&["runbook", "resume", "latest"]);
    let used = ask(&address, "POST", &path, "");
    assert!(used.starts_with("HTTP/1.1 409"), "{used}");
    let state = site.state().unwrap();
    assert_eq!(state.steps["leave"].by.as_deref(), Some("alice"));
    let note = state.steps["leave"].asked.as_ref().unwrap().answers[0].note.clone();
    assert_eq!(note.as_deref(), Some("not \"too\" late"));
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_journal_that_was_altered_is_found_out() {
    let site = Site::new();
    site.write("one", "[[step]]\nid = \"a\"\nkind = \"command\"\nrun = [\"echo\", \"hello\"]\n");
    site.ok(&["runbook", "run", "one"]);
    let journal = site.runs().journal(&site.state().unwrap().header.run);
    let whole = fs::read(&journal).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let mut flipped = whole.clone();
    let at = String::from_utf8_lossy(&whole).find("hello").unwrap();
    flipped[at] = b'j';
    for (what, bytes) in [
        ("a byte changed", flipped),
        ("a line dropped", [&lines[..1], &lines[2..]].concat().concat()),
        ("lines swapped", [lines[0], lines[2], lines[1], lines[3]].concat()),
    ] {
        fs::write(&journal, &bytes).unwrap();
        let run = site.run(&["runbook", "report", "latest"]);
        assert_eq!(run.status, Some(4), "{what}: {run:?}");
        assert!(run.stderr.contains("was altered or damaged: line"), "{what}: {run:?}");
    }
    // Cut off at its end, and hashed anew, it still differs from what was signed.
    fs::write(&journal, lines[..lines.len() - 1].concat()).unwrap();
    let cut = site.run(&["runbook", "report", "latest", "--repository"]);
    assert_eq!(cut.status, Some(4), "{cut:?}");
    assert!(cut.stderr.contains("was cut"), "{cut:?}");
    fs::write(&journal, &whole).unwrap();
    let report = site.ok(&["runbook", "report", "latest", "--repository", "--format", "html"]);
    assert!(report.stdout.contains("hash chain holds") && report.stdout.contains("lines in the repository"));
}

#[test]
fn a_runbook_survives_the_site_in_the_repository_and_only_a_restorers_is_taken() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    site.ok(&["runbook", "publish", "two"]);
    assert_eq!(site.json(&["runbook", "publish", "two", "--json"])["runbooks"][0]["version"], 1);
    site.write("two", &format!("{TWO_STEPS}# more\n"));
    assert_eq!(site.json(&["runbook", "publish", "two", "--json"])["runbooks"][0]["version"], 2);
    let elsewhere = site.path("elsewhere");
    let dir = elsewhere.to_str().unwrap();
    site.ok(&["runbook", "fetch", "two", "--dir", dir]);
    let fetched = fs::read(elsewhere.join("two.toml")).unwrap();
    assert_eq!(fetched, fs::read(site.path("etc/runbooks/two.toml")).unwrap());
    let kept = site.run(&["runbook", "fetch", "two", "--dir", dir, "--version", "1"]);
    assert_eq!(kept.status, Some(2), "{kept:?}");
    site.ok(&["runbook", "fetch", "two", "--dir", dir, "--version", "1", "--force"]);
    assert!(site.run(&["runbook", "fetch", "nothing"]).stderr.contains("has no runbook nothing"));
}

#[test]
fn another_host_sees_approves_and_takes_over_a_run_by_the_repository() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    assert_eq!(site.run(&["runbook", "run", "two", "--no-wait"]).status, Some(13));
    let run = site.state().unwrap().header.run;
    // The same repository and key, and another state directory: that is another host.
    let other = |words: &[&str]| {
        let mut command = site.command(words);
        command.env("LIFEBOAT_STATE_DIR", site.path("other-state"));
        finish(command)
    };
    let status = other(&["runbook", "status", &run]);
    assert!(status.status == Some(0) && status.stdout.contains("waits for anybody"), "{status:?}");
    let second = other(&["runbook", "run", "two", "--no-wait"]);
    assert_eq!(second.status, Some(11), "{second:?}");
    assert!(second.stderr.contains("--take-over"), "{second:?}");
    let approved = other(&["runbook", "approve", &run, "leave", "--as", "bob"]);
    assert_eq!(approved.status, Some(0), "{approved:?}");
    let taken = other(&["runbook", "resume", &run, "--take-over", "--reason", "web1 is gone"]);
    assert_eq!(taken.status, Some(0), "{taken:?}");
    let report = other(&["runbook", "report", &run]);
    assert!(report.stdout.contains("was passed over: web1 is gone"), "{report:?}");
    assert_eq!(site.effects(), ["first", "second"]);
    // The first host learns of it, and does nothing again.
    let late = site.run(&["runbook", "resume", &run, "--no-wait"]);
    assert_ne!(late.status, Some(0), "{late:?}");
    assert_eq!(site.effects(), ["first", "second"]);
    let history = site.json(&["runbook", "history", "--repository", "--json"]);
    assert_eq!(history["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn what_somebody_put_among_the_claims_keeps_nobody_from_running_and_is_told() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    let claims = site.path("repo/evidence/claims/two");
    fs::create_dir_all(&claims).unwrap();
    for number in ["00000001", "99999999"] {
        fs::write(claims.join(number), "whatever").unwrap();
    }
    let begun = site.run(&["runbook", "run", "two", "--no-wait"]);
    assert_eq!(begun.status, Some(13), "{begun:?}");
    assert!(
        begun.stderr.contains("99999999 does not count: its number does not follow 00000001"),
        "{begun:?}"
    );
    assert!(begun.stderr.contains("00000001 proves nothing"), "{begun:?}");
    assert!(claims.join("00000002").exists());
    // What counts keeps others off, and is passed over with a reason.
    let other = |words: &[&str]| {
        let mut command = site.command(words);
        command.env("LIFEBOAT_STATE_DIR", site.path("other-state"));
        finish(command)
    };
    let busy = other(&["runbook", "run", "two", "--no-wait"]);
    assert!(busy.status == Some(11) && busy.stderr.contains("--another --reason"), "{busy:?}");
    let another = other(&["runbook", "run", "two", "--no-wait", "--another", "--reason", "nobody runs it"]);
    assert_eq!(another.status, Some(13), "{another:?}");
    let report = other(&["runbook", "report", "latest"]);
    assert!(report.stdout.contains("was passed over: nobody runs it"), "{report:?}");
    // So does one that only this machine knows of.
    let words =
        ["runbook", "run", "two", "--no-wait", "--no-repository", "--another", "--reason", "a second"];
    assert_eq!(other(&words).status, Some(13));
    let report = other(&["runbook", "report", "latest"]);
    assert!(report.stdout.contains("was passed over: a second"), "{report:?}");
}

#[test]
fn serving_beyond_this_machine_takes_a_proxy_and_says_so() {
    let site = Site::new();
    for words in [&["0.0.0.0:0"][..], &["[::]:0"], &["192.0.2.1:8390", "--public-url", "https://a.example"]] {
        let refused = site.run(&[&["runbook", "serve", "--listen"], words].concat());
        assert_eq!(refused.status, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("in the clear") && refused.stderr.contains("--behind-proxy"));
    }
    let lacking = site.run(&["runbook", "serve", "--listen", "0.0.0.0:0", "--behind-proxy"]);
    assert!(lacking.status == Some(2) && lacking.stderr.contains("--public-url"), "{lacking:?}");
    let bad = site.run(&["runbook", "serve", "--public-url", "answers.example.com"]);
    assert!(bad.status == Some(2) && bad.stderr.contains("beginning of a URL"), "{bad:?}");
    let clear =
        site.run(&["runbook", "link", "latest", "x", "--for", "ann", "--public-url", "http://a.example"]);
    assert!(clear.status == Some(2) && clear.stderr.contains("in the clear"), "{clear:?}");
    let words = ["runbook", "serve", "--listen", "0.0.0.0:0", "--json", "--behind-proxy", "--public-url"];
    let mut server = site.spawn(&[&words[..], &["https://a.example/lifeboat/"]].concat());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut line)
        .unwrap();
    assert!(line.contains("\"url\":\"https://a.example/lifeboat\""), "{line}");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_maintainers_run_is_taken_over_only_where_its_runbook_is_known() {
    let site = Site::new();
    site.write("two", TWO_STEPS);
    let maintainer = lifeboat::crypto::x25519::Identity::generate();
    fs::write(site.path("maintainer"), maintainer.to_secret_text().expose()).unwrap();
    let recipient = maintainer.to_recipient().to_string();
    site.ok(&["key", "add", "--role", "maintainer", "--recipient", &recipient]);
    let holder = |state: &str, words: &[&str]| {
        let mut command = site.command(words);
        command.env("LIFEBOAT_IDENTITY_FILE", site.path("maintainer"));
        command.env("LIFEBOAT_STATE_DIR", site.path(state));
        finish(command)
    };
    let begun = holder("state", &["runbook", "run", "two", "--no-wait"]);
    assert_eq!(begun.status, Some(13), "{begun:?}");
    let run = site.state().unwrap().header.run;
    let effects = site.effects();
    let take_over = || holder("other-state", &["runbook", "resume", &run, "--take-over", "--no-wait"]);
    site.write("two", &format!("{TWO_STEPS}# another text\n"));
    let refused = take_over();
    assert_eq!(refused.status, Some(12), "{refused:?}");
    assert!(refused.stderr.contains("only a restorer's is carried out"), "{refused:?}");
    assert!(refused.stderr.contains("runbook publish two"), "{refused:?}");
    site.write("two", TWO_STEPS);
    let taken = take_over();
    assert_eq!(taken.status, Some(13), "{taken:?}");
    assert_eq!(site.effects(), effects);
}

#[test]
fn lint_tells_every_mistake_with_its_line_and_run_refuses() {
    let site = Site::new();
    site.write(
        "bad",
        "[[step]]\nid = \"a\"\nkind = \"comand\"\n[[step]]\nid = \"b\"\n\
        kind = \"wait\"\nfor = \"1 year\"\n",
    );
    let lint = site.run(&["runbook", "lint", "bad"]);
    assert_eq!(lint.status, Some(2), "{lint:?}");
    assert!(
        lint.stdout.contains("bad.toml:5:") && lint.stdout.contains("did you mean `command`"),
        "{lint:?}"
    );
    assert!(lint.stdout.contains("bad.toml:9:"), "{lint:?}");
    let run = site.run(&["runbook", "run", "bad"]);
    assert!(run.status == Some(2) && run.stderr.contains("lint bad"), "{run:?}");
    let missing = site.run(&["runbook", "run", "nothing"]);
    assert!(missing.status == Some(2) && missing.stderr.contains("runbook list"), "{missing:?}");
    site.write("asks", "[inputs.site]\n[[step]]\nid = \"a\"\nkind = \"command\"\nscript = 'true'\n");
    let inputs = site.run(&["runbook", "run", "asks"]);
    assert!(inputs.status == Some(2) && inputs.stderr.contains("--input site="), "{inputs:?}");
}

#[test]
fn every_form_of_a_runbook_is_text_and_never_markup() {
    let site = Site::new();
    site.write(
        "odd",
        "[[step]]\nid = \"a\"\nkind = \"manual\"\ntitle = \"<b>*x*</b> | y\"\n\
        instruction = \"```\\n<i>\"\ntimeout = \"1h\"\n",
    );
    let show = |format: &str| site.ok(&["runbook", "show", "odd", "--format", format]).stdout;
    assert!(!show("html").contains("<b>*x*") && show("html").contains("&lt;i&gt;"));
    assert!(show("markdown").contains("\\<b\\>\\*x\\*"));
    assert!(show("mermaid").starts_with("flowchart TD") && !show("mermaid").contains("<b>"));
    assert!(show("tree").contains("a  manual"));
    // On paper stands what nobody can look up any more.
    let text = fs::read_to_string(site.path("etc/lifeboat.toml")).unwrap();
    let more = "[contact.olga]\nfull_name = 'Olga <O>'\nphone = '+4917012345'\nchannels = 'book'\n\
        [group.night]\nmembers = ['olga', 'oncall']\non_call = true\n";
    fs::write(site.path("etc/lifeboat.toml"), format!("{text}{more}")).unwrap();
    site.write(
        "odd",
        "[inputs.place]\ndefault = \"/srv\"\ndescription = \"where to\"\n[[step]]\nid = \"a\"\n\
         kind = \"manual\"\ninstruction = \"x\"\ntimeout = \"1h\"\n",
    );
    for (format, name) in [("markdown", "Olga \\<O\\>"), ("html", "Olga &lt;O&gt;")] {
        let shown = show(format);
        assert!(shown.contains(&format!("{name}, telephone +4917012345")), "{shown}");
        assert!(shown.contains("olga, oncall, one after the other"), "{shown}");
        assert!(shown.contains("where to; usually /srv"), "{shown}");
    }
}

#[test]
fn steps_run_lifeboats_own_commands_on_the_same_configuration() {
    let site = Site::new();
    site.write(
        "own",
        &format!(
            "[[step]]\nid = \"save\"\nkind = \"backup\"\njobs = [\"home\"]\ntags = [\"rb\"]\n\
             [[step]]\nid = \"back\"\nkind = \"restore\"\npath = \"{}\"\ntarget = \"{}\"\nverify = true\n\
             [[step]]\nid = \"say\"\nkind = \"command\"\n\
             run = [\"echo\", \"{{{{ steps.save.output.snapshot }}}}\"]\n",
            site.path("source").display(),
            site.path("out").display()
        ),
    );
    site.ok(&["runbook", "run", "own"]);
    let state = site.state().unwrap();
    let snapshots = site.json(&["snapshots", "--json"]);
    assert_eq!(state.steps["say"].output, snapshots["snapshots"][0]["id"]);
    assert!(!crate::world::files_below(&site.path("out")).is_empty());
    let events = site.runs().read(&state.header.run).unwrap().entries;
    let intents = events.iter().filter(|entry| matches!(entry.record, Record::Intent { .. })).count();
    assert_eq!(intents, 3);
}
