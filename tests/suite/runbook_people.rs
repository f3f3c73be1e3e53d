//! People answer a run by what a message carries: a button on a telephone, a link in a mail; and who is told
//! of how it goes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::notify::{Hook, mail_server, mails, ntfy, tool};
use crate::runbook::{Site, ask};

/// How long anything may take to come about.
const LIMIT: Duration = Duration::from_secs(60);

/// What `found` finds, once it does.
fn await_some<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < LIMIT, "{what} does not come about");
        thread::sleep(Duration::from_millis(30));
    }
}

/// A site with these channels and contacts.
fn site(channels: &str) -> Site {
    let site = Site::new();
    let config = format!(
        "[repository.main]\nurl = '{}'\nidentity_file = '{}'\n{channels}",
        site.path("repo").display(),
        site.path("identity").display(),
    );
    fs::write(site.path("etc/lifeboat.toml"), config).unwrap();
    site
}

/// Ended when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that takes answers by link.
fn serve(site: &Site) -> Serving {
    let mut server = site.spawn(&["runbook", "serve", "--listen", "127.0.0.1:0", "--json"]);
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("lifeboat.runbook-serve/1"), "{line}");
    Serving(server)
}

/// What a topic holds, as the app on a telephone polls it.
fn messages(port: u16, topic: &str) -> Vec<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET /{topic}/json?poll=1 HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|message| message["event"] == "message").collect()
}

/// Presses a button of kind `http`, as the app does: the request is the action, as it was published.
fn press(action: &Value) -> String {
    assert_eq!(action["action"], "http", "{action}");
    let url = action["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, path) = url.split_once('/').unwrap();
    let body = action["body"].as_str().unwrap_or_default();
    let mut request = format!("{} /{path} HTTP/1.1\r\nhost: {host}\r\n", action["method"].as_str().unwrap());
    for (name, value) in action["headers"].as_object().into_iter().flatten() {
        request.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
    }
    request.push_str(&format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The button of that label of the newest message that has one.
fn button(port: u16, label: &str) -> Value {
    await_some(label, || {
        let messages = messages(port, "alarms");
        let of = |message: &Value| {
            let actions = message["actions"].as_array()?;
            actions.iter().find(|action| action["label"] == label).cloned()
        };
        messages.iter().rev().find_map(of)
    })
}

const ASKS: &str = "[[step]]\nid = \"leave\"\nkind = \"approval\"\nquestion = \"Go on?\"\ntimeout = \"1h\"\n\
    notify = [\"oncall\"]\n\
    [[step]]\nid = \"first\"\nkind = \"command\"\nscript = 'echo first >> \"$EFFECTS\"'\n\
    [[step]]\nid = \"come\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"Come.\"\nacknowledge = true\n\
    severity = \"critical\"\ntimeout = \"1h\"\n\
    [[step]]\nid = \"second\"\nkind = \"command\"\nscript = 'echo second >> \"$EFFECTS\"'\n";

fn by_telephone(port: u16) -> String {
    format!(
        "[channel.phone]\ntype = 'ntfy'\nurl = 'http://127.0.0.1:{port}'\ntopic = 'alarms'\n\
         ack_topic = 'acks'\n[contact.oncall]\nfull_name = 'Olga'\nchannels = 'phone'\n"
    )
}

#[test]
fn buttons_on_a_telephone_approve_and_acknowledge_and_the_run_goes_on() {
    let world = crate::world::World::new();
    let Some((_server, port)) = ntfy(&world) else { return };
    let site = site(&by_telephone(port));
    let more = "[[step]]\nid = \"look\"\nkind = \"manual\"\ninstruction = \"Look.\"\nevidence = \"text\"\n\
        timeout = \"1h\"\nnotify = [\"oncall\"]\n";
    site.write("asks", &format!("{ASKS}{more}"));
    let _serving = serve(&site);
    let mut child = site.spawn(&["runbook", "run", "asks"]);
    let approve = button(port, "Approve");
    assert!(site.effects().is_empty());
    assert!(press(&approve).starts_with("HTTP/1.1 200"));
    await_some("the first effect", || (site.effects() == ["first"]).then_some(()));
    let acknowledge = button(port, "Acknowledge");
    let asked = &messages(port, "alarms");
    assert!(asked.iter().any(|message| message["priority"] == 5), "{asked:?}");
    assert!(press(&acknowledge).starts_with("HTTP/1.1 200"));
    await_some("the second effect", || (site.effects() == ["first", "second"]).then_some(()));
    assert!(press(&approve).starts_with("HTTP/1.1 409"), "a button is good for once");
    // Where something is to be typed, the button opens the page.
    let done = button(port, "Done");
    assert_eq!((&done["action"], &done["body"]), (&"view".into(), &Value::Null));
    let (address, path) =
        done["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(ask(address, "POST", &format!("/{path}"), "note=all+is+well").contains("It is noted"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let state = site.state().unwrap();
    let by = |step: &str| state.steps[step].by.clone().unwrap();
    assert_eq!((by("leave"), by("come"), by("look")), ("oncall".into(), "oncall".into(), "oncall".into()));
    assert_eq!(state.steps["leave"].asked.as_ref().unwrap().answers[0].via, "link");
    let report = site.ok(&["runbook", "report", "latest"]).stdout;
    assert!(report.contains("all is well"), "{report}");
}

#[test]
fn a_button_acknowledges_without_any_server_of_ours() {
    let world = crate::world::World::new();
    let Some((_server, port)) = ntfy(&world) else { return };
    let site = site(&by_telephone(port));
    site.write("asks", &ASKS[ASKS.find("[[step]]\nid = \"come\"").unwrap()..]);
    let mut child = site.spawn(&["runbook", "run", "asks"]);
    let acknowledge = button(port, "Acknowledge");
    assert!(acknowledge["url"].as_str().unwrap().ends_with("/acks"), "{acknowledge}");
    let _ = press(&acknowledge);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let state = site.state().unwrap();
    let answer = &state.steps["come"].asked.as_ref().unwrap().answers[0];
    assert_eq!((answer.by.as_str(), answer.via.as_str()), ("Olga", "ntfy"));
    assert_eq!(site.effects(), ["second"]);
}

/// The text of a mail, as a program that shows it decodes it.
fn text_of(mail: &str) -> String {
    let (head, body) =
        mail.replace("\r\n", "\n").split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    if !head.to_lowercase().contains("content-transfer-encoding: quoted-printable") {
        assert!(!head.to_lowercase().contains("base64"), "{head}");
        return body;
    }
    let joined = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, after) {
            (b'=', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The link of that label in the newest mail that has one: the address, and the path.
fn link(site: &Site, label: &str) -> (String, String) {
    await_some(label, || {
        let line = |mail: &String| {
            let text = text_of(mail);
            let line =
                text.lines().find_map(|line| line.strip_prefix(&format!("{label}: http://")))?.to_owned();
            let (address, path) = line.split_once('/')?;
            Some((address.to_owned(), format!("/{path}")))
        };
        mails(&site.world).iter().rev().find_map(line)
    })
}

#[test]
fn a_link_in_a_mail_approves_by_its_button_and_not_by_a_scanner_that_opens_it() {
    let Some(python) = tool("LIFEBOAT_TEST_AIOSMTPD", "aiosmtpd-python") else { return };
    let site = site("");
    let (_server, port) = mail_server(&site.world, &python, "starttls", "ok");
    let config = format!(
        "[channel.mail]\ntype = 'email'\nserver = '127.0.0.1:{port}'\nca_file = '{}'\nuser = 'lifeboat'\n\
         password = 'file:{}'\nfrom = 'l@example.org'\n[contact.oncall]\nemail = 'olga@example.org'\n\
         channels = 'mail'\n",
        site.path("certificate.pem").display(),
        site.path("password").display()
    );
    fs::write(site.path("password"), "hush\n").unwrap();
    let text = fs::read_to_string(site.path("etc/lifeboat.toml")).unwrap();
    fs::write(site.path("etc/lifeboat.toml"), format!("{text}{config}")).unwrap();
    site.write("asks", ASKS);
    let _serving = serve(&site);
    let mut child = site.spawn(&["runbook", "run", "asks"]);
    let (address, approve) = link(&site, "Approve");
    for method in ["GET", "HEAD", "GET"] {
        let page = ask(&address, method, &approve, "");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    }
    let (_, refuse) = link(&site, "Refuse");
    assert!(ask(&address, "GET", &refuse, "").contains("<button>Refuse</button>"));
    thread::sleep(Duration::from_millis(500));
    let state = site.state().unwrap();
    assert!(state.steps["leave"].asked.as_ref().unwrap().answers.is_empty(), "looking is no answer");
    assert!(site.effects().is_empty());
    assert!(ask(&address, "POST", &approve, "note=go").contains("It is noted"));
    let (_, acknowledge) = link(&site, "Acknowledge");
    assert!(ask(&address, "GET", &acknowledge, "").contains("<button>Acknowledge</button>"));
    assert!(ask(&address, "POST", &acknowledge, "").contains("It is noted"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(site.effects(), ["first", "second"]);
    assert_eq!(site.state().unwrap().steps["leave"].by.as_deref(), Some("oncall"));
}

/// Runs it on a terminal of its own for so long, or until it ends; answers what the terminal got.
fn on_a_terminal(site: &Site, words: &[&str], time: Duration) -> Option<String> {
    let plain = site.command(words);
    let program = plain.get_program().to_str().unwrap().to_owned();
    let line = [&[program.as_str()][..], words].concat().join(" ");
    let mut command = std::process::Command::new("script");
    command.args(["-q", "-e", "-c", &format!("stty cols 150 rows 40; exec {line}"), "/dev/null"]);
    command.env_clear().env("TERM", "xterm").env("SHELL", "/bin/sh");
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.current_dir(plain.get_current_dir().unwrap()).stdin(std::process::Stdio::piped());
    let out = fs::File::create(site.path("terminal")).unwrap();
    let Ok(mut child) = command.stdout(out.try_clone().unwrap()).stderr(out).spawn() else {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "script is missing");
        println!("skipped: script is missing");
        return None;
    };
    let begun = Instant::now();
    while begun.elapsed() < time && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    Some(String::from_utf8_lossy(&fs::read(site.path("terminal")).unwrap()).into_owned())
}

/// Seconds that stand behind `what` on a terminal, in their order, each once.
fn seconds_behind(text: &str, what: &str) -> Vec<u32> {
    let number = |rest: &str| rest.split(' ').next()?.parse().ok();
    let mut seen: Vec<u32> = text.split(what).skip(1).filter_map(number).collect();
    seen.dedup();
    seen
}

#[test]
fn on_a_terminal_time_goes_on_while_nothing_happens_for_whoever_runs_it_and_whoever_watches() {
    let site = Site::new();
    site.write("asks", ASKS);
    let time = Duration::from_millis(5500);
    let Some(own) = on_a_terminal(&site, &["runbook", "run", "asks", "--no-repository"], time) else {
        return;
    };
    let seen = seconds_behind(&own, "leave waiting for anybody, ");
    assert!(seen.len() >= 3 && seen.is_sorted(), "{seen:?}: {own}");
    assert!(own.contains("answer: approve|refuse"), "{own}");
    let mut child = site.spawn(&["runbook", "resume", "latest", "--no-repository"]);
    await_some("the run", || {
        site.json(&["runbook", "status", "--json"])["runs"][0]["is_active"].as_bool().filter(|active| *active)
    });
    let watched = on_a_terminal(&site, &["runbook", "status", "latest", "--watch"], time).unwrap();
    let seen = seconds_behind(&watched, "0 steps ended, ");
    assert!(seen.len() >= 3 && seen.is_sorted(), "{seen:?}: {watched}");
    assert!(watched.contains("lifeboat runbook approve"), "{watched}");
    // Whoever reads the lines by a program gets nothing but them.
    site.ok(&["runbook", "abort", "latest", "--reason", "seen"]);
    child.wait().unwrap();
    let plain = site.ok(&["runbook", "status", "latest", "--watch"]);
    assert!(plain.stdout.contains("aborted by") && plain.stderr.is_empty(), "{plain:?}");
}

#[test]
fn an_incident_is_acknowledged_with_its_step_and_over_with_its_run() {
    let hook = Hook::start();
    let site = Site::new();
    let incidents = format!(
        "[repository.main]\nurl = '{}'\nidentity_file = '{}'\n[channel.incidents]\ntype = 'pagerduty'\n\
         url = 'http://127.0.0.1:{}'\nkey = 'file:{}'\n[contact.oncall]\nchannels = 'incidents'\n",
        site.path("repo").display(),
        site.path("identity").display(),
        hook.port,
        site.path("key").display()
    );
    fs::write(site.path("etc/lifeboat.toml"), incidents).unwrap();
    fs::write(site.path("key"), "x".repeat(32)).unwrap();
    site.write(
        "asks",
        "[[step]]\nid = \"come\"\nkind = \"notify\"\nto = [\"oncall\"]\nmessage = \"Come.\"\n\
         acknowledge = true\nseverity = \"critical\"\ntimeout = \"1h\"\n\
         [[step]]\nid = \"second\"\nkind = \"approval\"\nquestion = \"And?\"\ntimeout = \"1h\"\n",
    );
    let mut child = site.spawn(&["runbook", "run", "asks"]);
    await_some("the incident", || (!hook.seen().is_empty()).then_some(()));
    site.ok(&["runbook", "ack", "latest", "come", "--as", "olga"]);
    await_some("its acknowledgement", || (hook.seen().len() == 2).then_some(()));
    site.ok(&["runbook", "approve", "latest", "second"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let seen = hook.seen();
    let actions: Vec<&str> = seen.iter().map(|body| body["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    assert!(seen.iter().all(|body| body["dedup_key"] == seen[0]["dedup_key"]), "{seen:?}");
    let left = site.json(&["notify", "outbox", "--json"]);
    assert_eq!(left["events"].as_array().unwrap().len(), 0, "{left}");
}

/// A site whose incidents go to a service that is this `hook`, by a rule.
fn site_with_incidents(hook: &Hook) -> Site {
    let site = Site::new();
    let incidents = format!(
        "[[notify.rule]]\nto = 'incidents'\nevents = ['runbook', 'runbook-step']\n\
         [repository.main]\nurl = '{}'\nidentity_file = '{}'\n[channel.incidents]\ntype = 'pagerduty'\n\
         url = 'http://127.0.0.1:{}'\nkey = 'file:{}'\n",
        site.path("repo").display(),
        site.path("identity").display(),
        hook.port,
        site.path("key").display()
    );
    fs::write(site.path("etc/lifeboat.toml"), incidents).unwrap();
    fs::write(site.path("key"), "x".repeat(32)).unwrap();
    site
}

/// What services that keep incidents were told of each matter: the last.
fn last_actions(hook: &Hook) -> std::collections::BTreeMap<String, String> {
    let text = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
    hook.seen().iter().map(|body| (text(body, "dedup_key"), text(body, "event_action"))).collect()
}

#[test]
fn a_step_in_doubt_is_over_with_its_run_that_is_aborted() {
    let hook = Hook::start();
    let site = site_with_incidents(&hook);
    site.write(
        "doubt",
        "[[step]]\nid = \"send\"\nkind = \"command\"\nscript = 'echo x >> \"$EFFECTS\"; sleep 2'\n",
    );
    let mut child = site.spawn(&["runbook", "run", "doubt"]);
    await_some("its effect", || site.path("effects").exists().then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    site.run(&["runbook", "resume", "latest", "--no-wait"]);
    let run = site.state().unwrap().header.run;
    let step = format!("runbook-step/{run}/send");
    assert_eq!(last_actions(&hook).get(&step).map(String::as_str), Some("trigger"), "{:?}", hook.seen());
    site.ok(&["runbook", "abort", "latest", "--reason", "false alarm"]);
    let last = last_actions(&hook);
    assert_eq!(last[&step], "resolve", "{last:?}");
}

#[test]
fn a_run_that_halted_and_was_taken_over_is_over_wherever_it_ends() {
    let hook = Hook::start();
    let site = site_with_incidents(&hook);
    site.write("halts", "[[step]]\nid = \"vital\"\nkind = \"command\"\nscript = 'test -e \"$EFFECTS\"'\n");
    assert_eq!(site.run(&["runbook", "run", "halts"]).status, Some(1));
    let run = site.state().unwrap().header.run;
    assert_eq!(last_actions(&hook)[&format!("runbook/{run}")], "trigger");
    fs::write(site.path("effects"), "").unwrap();
    let mut command = site.command(&["runbook", "resume", &run, "--take-over"]);
    command.env("LIFEBOAT_STATE_DIR", site.path("other-state"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let last = last_actions(&hook);
    assert!(last.len() == 1 && last[&format!("runbook/{run}")] == "resolve", "{last:?}");
}

/// Subjects of what a channel of type `command` was given.
fn subjects(site: &Site) -> Vec<String> {
    let told = site.told();
    let documents = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    documents.map(|document| document["subject"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rules_are_told_of_steps_that_fail_of_runs_that_halt_and_of_the_end_of_both() {
    let site = Site::new();
    let text = fs::read_to_string(site.path("etc/lifeboat.toml")).unwrap();
    let rule = "[[notify.rule]]\nto = 'book'\nevents = ['runbook', 'runbook-step']\n";
    fs::write(site.path("etc/lifeboat.toml"), format!("{text}{rule}")).unwrap();
    site.write(
        "fails",
        "[[step]]\nid = \"passed_by\"\nkind = \"command\"\nrun = [\"false\"]\non_failure = \"continue\"\n\
         [[step]]\nid = \"vital\"\nkind = \"command\"\nscript = 'test -e \"$EFFECTS\"'\n",
    );
    assert_eq!(site.run(&["runbook", "run", "fails"]).status, Some(1));
    let first = subjects(&site);
    assert_eq!(first.len(), 2, "{first:?}");
    assert!(
        first[0].starts_with("runbook-step of fails-") && first[0].contains("/passed_by on "),
        "{first:?}"
    );
    assert!(first[0].ends_with("failed, and the run goes on"), "{first:?}");
    assert!(first[1].starts_with("runbook of fails on ") && first[1].ends_with("has halted"), "{first:?}");
    assert!(site.told().contains("It has halted at vital") && site.told().contains("runbook resume fails-"));
    assert_eq!(site.run(&["runbook", "resume", "latest"]).status, Some(1));
    assert_eq!(subjects(&site).len(), 2, "the same is not told again");
    fs::write(site.path("effects"), "").unwrap();
    site.run(&["runbook", "resume", "latest"]);
    let last = subjects(&site).pop().unwrap();
    assert!(last.starts_with("Resolved: ") && last.ends_with("is over: done, with failures"), "{last}");
    // What is aborted while nobody carries it out is over as well.
    fs::remove_file(site.path("effects")).unwrap();
    site.run(&["runbook", "run", "fails"]);
    site.ok(&["runbook", "abort", "latest", "--reason", "false alarm"]);
    let last = subjects(&site).pop().unwrap();
    assert!(last.starts_with("Resolved: ") && last.ends_with("is over: aborted"), "{last}");
    let before = subjects(&site).len();
    site.write("fails", "[[step]]\nid = \"vital\"\nkind = \"command\"\nrun = [\"true\"]\n");
    site.ok(&["runbook", "run", "fails", "--mode", "drill"]);
    site.ok(&["runbook", "run", "fails"]);
    assert_eq!(subjects(&site).len(), before, "that all went well is told to those who want that");
}
