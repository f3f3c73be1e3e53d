//! People are told, by real peers on loopback: a mail server, ntfy, and receivers of web hooks.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::Run;
use crate::world::World;

/// A receiver of web hooks that answers with a status that can be changed.
pub struct Hook {
    pub port: u16,
    status: Arc<AtomicU16>,
    delay: Arc<Mutex<Duration>>,
    bodies: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Hook {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hook = Self {
            port: listener.local_addr().unwrap().port(),
            status: Arc::new(AtomicU16::new(200)),
            delay: Arc::default(),
            bodies: Arc::default(),
        };
        let (status, delay, bodies) =
            (Arc::clone(&hook.status), Arc::clone(&hook.delay), Arc::clone(&hook.bodies));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (status, bodies) = (status.load(Ordering::SeqCst), Arc::clone(&bodies));
                let delay = *delay.lock().unwrap();
                thread::spawn(move || answer(stream.unwrap(), status, delay, &bodies));
            }
        });
        hook
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/in", self.port)
    }

    fn say(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What came and was taken.
    pub fn seen(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    fn subjects(&self) -> Vec<String> {
        self.seen().iter().map(|body| body["subject"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn answer(mut stream: TcpStream, status: u16, delay: Duration, bodies: &Mutex<Vec<(String, Value)>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut id, mut line) = (0, String::new(), String::new());
    while reader.read_line(&mut line).unwrap_or(0) > 0 && !line.trim().is_empty() {
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if let Some(value) = lower.strip_prefix("webhook-id:") {
            id = value.trim().to_owned();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    // Whoever was killed in the middle of a request has sent nothing.
    if line.is_empty() || reader.read_exact(&mut body).is_err() {
        return;
    }
    if status < 300 {
        bodies.lock().unwrap().push((id, serde_json::from_slice(&body).unwrap_or_default()));
    }
    thread::sleep(delay);
    let _ = write!(stream, "HTTP/1.1 {status} Any\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

/// A world with a configuration and something to back up.
fn world(config: &str) -> World {
    let world = World::new();
    fs::create_dir(world.path("source")).unwrap();
    fs::write(world.path("source/file"), "contents").unwrap();
    let usual = format!(
        "[repository.main]\nurl = '{}'\n[job.home]\nrepository = 'main'\nsources = '{}'\n",
        world.path("repo").display(),
        world.path("source").display()
    );
    fs::write(world.path("lifeboat.toml"), format!("{usual}{config}")).unwrap();
    world
}

fn run(world: &World, words: &[&str]) -> Run {
    let mut command = world.command(words);
    command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).env_remove("LIFEBOAT_REPO");
    crate::program::finish(command)
}

fn json(world: &World, words: &[&str]) -> Value {
    let run = run(world, words);
    serde_json::from_str(run.stdout.lines().last().unwrap_or_default()).unwrap_or_else(|_| panic!("{run:?}"))
}

#[test]
fn a_backup_that_fails_is_told_once_and_its_recovery_too() {
    let hook = Hook::start();
    let config = format!(
        "notify = {{ to = ['anna'] }}\n[contact.anna]\nchannels = ['hook']\n[channel.hook]\ntype = \
         'webhook'\n\
         url = '{}'\n",
        hook.url()
    );
    let world = world(&config);
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    assert!(hook.seen().is_empty());
    fs::rename(world.path("source"), world.path("gone")).unwrap();
    let failed = run(&world, &["backup", "home"]);
    assert_eq!(failed.status, Some(1), "{failed:?}");
    run(&world, &["backup", "home"]);
    assert_eq!(hook.seen().len(), 1, "{:?}", hook.subjects());
    let first = &hook.seen()[0];
    assert_eq!(
        (&first["outcome"], &first["job"], &first["kind"]),
        (&"failed".into(), &"home".into(), &"backup".into())
    );
    assert!(first["text"].as_str().unwrap().contains("source"), "{first}");
    fs::rename(world.path("gone"), world.path("source")).unwrap();
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    assert_eq!(hook.seen().len(), 2, "{:?}", hook.subjects());
    assert!(hook.subjects()[1].starts_with("Resolved: "));
    assert_eq!(hook.seen()[1]["triggered_by"], first["id"]);
}

#[test]
fn damage_that_check_finds_is_told_as_critical() {
    let hook = Hook::start();
    let rules = "[[notify.rule]]\nto = 'hook'\nevents = 'check'\n";
    let world = world(&format!("{rules}[channel.hook]\ntype = 'webhook'\nurl = '{}'\n", hook.url()));
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    let pack = world.objects("packs").remove(0);
    fs::remove_file(pack).unwrap();
    assert_eq!(run(&world, &["check"]).status, Some(4));
    let told = hook.seen();
    assert_eq!((told.len(), &told[0]["severity"]), (1, &"critical".into()), "{told:?}");
}

#[test]
fn damage_that_reading_packs_found_is_not_over_because_a_check_looked_less_closely() {
    let hook = Hook::start();
    let rules = "[[notify.rule]]\nto = 'hook'\nevents = 'check'\n";
    let world = world(&format!("{rules}[channel.hook]\ntype = 'webhook'\nurl = '{}'\n", hook.url()));
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    // Of contents: trees, whose names begin with 0, are read by every check.
    let is_tree =
        |pack: &PathBuf| pack.parent().unwrap().file_name().unwrap().to_str().unwrap().starts_with('0');
    let pack = world.objects("packs").into_iter().find(|pack| !is_tree(pack)).unwrap();
    let whole = fs::read(&pack).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&pack, &damaged).unwrap();
    assert_eq!(run(&world, &["check", "--read-data"]).status, Some(4));
    assert_eq!(run(&world, &["check"]).status, Some(0));
    assert_eq!(hook.subjects().len(), 1, "{:?}", hook.subjects());
    fs::write(&pack, &whole).unwrap();
    assert_eq!(run(&world, &["check", "--read-data"]).status, Some(0));
    let subjects = hook.subjects();
    assert!(subjects.len() == 2 && subjects[1].starts_with("Resolved: "), "{subjects:?}");
}

#[test]
fn a_check_of_contents_that_could_not_look_is_over_with_any_check_that_could() {
    let hook = Hook::start();
    let rules = "[[notify.rule]]\nto = 'hook'\nevents = 'check'\n";
    let world = world(&format!("{rules}[channel.hook]\ntype = 'webhook'\nurl = '{}'\n", hook.url()));
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    fs::rename(world.path("repo"), world.path("away")).unwrap();
    let away = run(&world, &["check", "--read-data-subset", "1/2"]);
    assert!(away.status != Some(0) && away.status != Some(4), "{away:?}");
    fs::rename(world.path("away"), world.path("repo")).unwrap();
    assert_eq!(run(&world, &["check", "--read-data-subset", "2/2"]).status, Some(0));
    let subjects = hook.subjects();
    assert!(subjects.len() == 2 && subjects[1].starts_with("Resolved: "), "{subjects:?}");
}

#[test]
fn what_cannot_be_told_now_stays_and_neither_fails_nor_delays_the_backup() {
    let hook = Hook::start();
    hook.say(503);
    let config = format!(
        "notify = {{ to = 'hook', on = ['ok'] }}\n[notify]\nwait = '2s'\n[channel.hook]\ntype = \
         'webhook'\nurl = '{}'\n",
        hook.url()
    );
    let world = world(&config);
    let backup = run(&world, &["backup", "home"]);
    assert_eq!(backup.status, Some(0), "{backup:?}");
    assert!(backup.stderr.contains("hook was not told by hook: answered 503"), "{backup:?}");
    *hook.delay.lock().unwrap() = Duration::from_secs(60);
    let begun = Instant::now();
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    *hook.delay.lock().unwrap() = Duration::ZERO;
    hook.say(200);
    let listed = json(&world, &["notify", "outbox", "--json"]);
    let events = listed["events"].as_array().unwrap().clone();
    assert_eq!(events.len(), 2, "{listed}");
    for event in &events {
        let id = event["event"]["id"].as_str().unwrap();
        assert_eq!(run(&world, &["notify", "outbox", "retry", id]).status, Some(0));
    }
    // The second `retry` delivered what the first had made due: every command does.
    let flushed = json(&world, &["notify", "flush", "--json"]);
    assert_eq!((&flushed["failed"], &flushed["pending"]), (&0.into(), &0.into()), "{flushed}");
    assert_eq!(hook.seen().len(), 2);
}

#[test]
fn a_web_hook_that_answers_410_is_used_no_more_until_a_test_reaches_it() {
    let (gone, other) = (Hook::start(), Hook::start());
    gone.say(410);
    let config = format!(
        "[channel.gone]\ntype = 'webhook'\nurl = '{}'\n[channel.other]\ntype = 'webhook'\nurl = '{}'\n\
         [contact.anna]\nchannels = ['gone', 'other']\n",
        gone.url(),
        other.url()
    );
    let world = world(&config);
    let send = || run(&world, &["notify", "send", "--to", "anna", "--title", "x"]);
    assert_eq!(send().status, Some(0));
    gone.say(200);
    assert_eq!(send().status, Some(0));
    assert_eq!((gone.seen().len(), other.seen().len()), (0, 2), "others take over, and it is not asked");
    let listed = json(&world, &["notify", "outbox", "--json"]);
    assert_eq!(listed["disabled"][0]["channel"], "gone", "{listed}");
    let shown = run(&world, &["notify", "outbox"]);
    assert!(shown.stderr.contains("gone is not used since") && shown.stderr.contains("notify test gone"));
    let tested = run(&world, &["notify", "test", "gone"]);
    assert_eq!(tested.status, Some(0), "{tested:?}");
    assert!(tested.stderr.contains("gone was disabled, and is used again"), "{tested:?}");
    assert_eq!(send().status, Some(0));
    assert_eq!((gone.seen().len(), other.seen().len()), (2, 2));
    gone.say(410);
    assert_eq!(run(&world, &["notify", "test", "gone"]).status, Some(1));
    gone.say(200);
    send();
    assert_eq!(gone.seen().len(), 2, "a test finds that out as well");
}

#[test]
fn a_process_killed_while_it_tells_loses_nothing_and_the_other_side_can_count_one() {
    let hook = Hook::start();
    let config = format!("[channel.hook]\ntype = 'webhook'\nurl = '{}'\n", hook.url());
    let world = world(&config);
    *hook.delay.lock().unwrap() = Duration::from_millis(30);
    let mut sent = 0;
    for delay in (0..60).step_by(4) {
        let title = format!("number {delay}");
        let words = ["notify", "send", "--to", "hook", "--title", &title];
        let mut command = world.command(&words);
        command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(Duration::from_millis(delay));
        let _ = child.kill();
        let _ = child.wait();
        sent += 1;
    }
    *hook.delay.lock().unwrap() = Duration::ZERO;
    let known = json(&world, &["notify", "outbox", "--all", "--json"]);
    let ids: Vec<String> = known["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"]["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() <= sent);
    for id in &ids {
        run(&world, &["notify", "outbox", "retry", id]);
    }
    run(&world, &["notify", "flush"]);
    let seen = hook.bodies.lock().unwrap().clone();
    for id in &ids {
        assert!(seen.iter().any(|(key, _)| key == &format!("{id}.0")), "{id} was lost");
    }
    let keys: std::collections::BTreeSet<&String> = seen.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), ids.len(), "every message has one id, whatever happened");
}

#[test]
fn watch_raises_what_is_overdue_and_ends_it() {
    let hook = Hook::start();
    let config = format!(
        "notify = {{ to = 'hook' }}\nexpect_every = '1s'\n[channel.hook]\ntype = 'webhook'\nurl = '{}'\n",
        hook.url()
    );
    let world = world(&config);
    assert_eq!(run(&world, &["watch", "--once"]).status, Some(0));
    thread::sleep(Duration::from_millis(2100));
    let overdue = run(&world, &["watch", "--once", "--json"]);
    assert_eq!(overdue.status, Some(5), "{overdue:?}");
    assert_eq!(run(&world, &["watch", "--once"]).status, Some(5));
    assert_eq!(hook.seen().len(), 1, "{:?}", hook.subjects());
    assert_eq!(hook.seen()[0]["outcome"], "missed");
    assert!(hook.seen()[0]["text"].as_str().unwrap().contains("never been done"));
    assert_eq!(run(&world, &["backup", "home"]).status, Some(0));
    assert!(hook.subjects()[1].starts_with("Resolved"), "{:?}", hook.subjects());
    // This machine forgets, and the repository knows.
    fs::remove_dir_all(world.path("state/status")).unwrap();
    let text = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    fs::write(world.path("lifeboat.toml"), text.replace("'1s'", "'1h'")).unwrap();
    assert_eq!(run(&world, &["watch", "--once", "--repository"]).status, Some(0));
}

#[test]
fn watch_as_a_service_tells_systemd_and_ends_when_asked() {
    let world = world("expect_every = '1h'\n");
    let manager = UnixDatagram::bind(world.path("manager")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = world.command(&["watch", "--interval", "1s"]);
    command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).env("NOTIFY_SOCKET", world.path("manager"));
    let mut child = command.env("WATCHDOG_USEC", "600000").spawn().unwrap();
    let mut heard = String::new();
    let mut buffer = [0; 200];
    while !(heard.contains("READY=1")
        && heard.contains("STATUS=1 watched")
        && heard.matches("WATCHDOG=1").count() > 3)
    {
        let length = manager.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}: {heard}"));
        heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_drill_of_the_contact_list_reports_who_answered() {
    let hook = Hook::start();
    let config = format!(
        "[channel.hook]\ntype = 'webhook'\nurl = '{}'\n[channel.dead]\ntype = 'webhook'\nurl = \
         'http://127.0.0.1:1/'\n\
         [contact.anna]\nchannels = ['dead', 'hook']\n[contact.ben]\nchannels = ['dead']\n\
         [group.all]\nmembers = ['anna', 'ben']\n",
        hook.url()
    );
    let world = world(&config);
    let mut command = world.command(&["notify", "call-tree", "all", "--wait", "6s", "--json"]);
    command.env("LIFEBOAT_CONFIG", world.path("lifeboat.toml")).stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while hook.seen().is_empty() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(50));
    }
    let told = hook.seen().remove(0);
    assert!(told["subject"].as_str().unwrap().starts_with("[DRILL] "), "{told}");
    let acked = run(&world, &["notify", "ack", told["id"].as_str().unwrap(), "--by", "Anna"]);
    assert_eq!(acked.status, Some(0), "{acked:?}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |name: &str| {
        report["contacts"].as_array().unwrap().iter().find(|one| one["contact"] == name).unwrap()
    };
    assert_eq!((&of("anna")["acknowledged_by"], &of("anna")["by_channel"]), (&"Anna".into(), &"hook".into()));
    assert_eq!((&of("ben")["reached"], &of("ben")["acknowledged"]), (&false.into(), &false.into()));
    assert!(of("ben")["error"].as_str().unwrap().contains("cannot connect"), "{report}");
}

#[test]
fn a_name_that_is_nobodys_and_an_event_that_is_none_are_told_with_what_to_do() {
    let world = world("[channel.hook]\ntype = 'journald'\n");
    let unknown = run(&world, &["notify", "test", "hoook"]);
    assert!(unknown.status == Some(2) && unknown.stderr.contains("did you mean hook?"), "{unknown:?}");
    let none = run(&world, &["notify", "ack", "abc"]);
    assert!(none.status == Some(2) && none.stderr.contains("there is no event abc"), "{none:?}");
    let nobody = run(&world, &["notify", "send", "--to", "zoe", "--title", "x"]);
    assert!(nobody.status == Some(2) && nobody.stderr.contains("named zoe"), "{nobody:?}");
    let empty = World::new();
    let nothing = empty.run(&["watch", "--once"]);
    assert!(nothing.status == Some(2) && nothing.stderr.contains("nothing to watch"), "{nothing:?}");
}

/// Waits for a server on loopback.
pub fn wait_for(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "the server does not start");
        thread::sleep(Duration::from_millis(50));
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program of the tests, named by a variable or in PATH; says so where it is missing.
pub fn tool(variable: &str, name: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        named.or_else(|| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file()));
    if found.is_none() {
        let why = format!("{name} is missing ({variable} names it)");
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
    }
    found
}

/// A process that ends with the test.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// aiosmtpd with STARTTLS, or TLS from the beginning, and AUTH; it writes every mail into a directory.
const MAIL_SERVER: &str = r#"
import asyncio, os, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
port, out, mode, answers = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].split(',')
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain('certificate.pem', 'key.pem')
class Handler:
    count = 0
    async def handle_DATA(self, server, session, envelope):
        answer = answers[min(Handler.count, len(answers) - 1)]
        Handler.count += 1
        if answer == 'slow':
            await asyncio.sleep(1)
        elif answer == 'hang':
            await asyncio.sleep(60)
        elif answer not in ('ok', 'lost'):
            return answer
        with open('mail.part', 'wb') as file:
            head = f'X-User: {session.auth_data}\r\nX-To: {envelope.rcpt_tos}\r\n'
            file.write(head.encode() + envelope.content)
        # Whoever looks meanwhile sees a whole mail or none.
        os.rename('mail.part', f'{out}/{Handler.count}.eml')
        if answer == 'lost':
            server.transport.abort()
        return '250 taken'
def check(server, session, envelope, mechanism, data):
    fits = (data.login, data.password) == (b'lifeboat', b'hush')
    return AuthResult(success=fits, handled=False, auth_data=data.login.decode() if fits else None)
class Mail(Controller):
    def factory(self):
        more = {} if mode == 'tls' else {'tls_context': context, 'require_starttls': True}
        more.update(authenticator=check, auth_required=True, auth_require_tls=mode != 'tls')
        return SMTP(self.handler, **more)
    if mode == 'tls':
        def _create_server(self):
            place = {'host': self.hostname, 'port': self.port, 'ssl': context}
            return self.loop.create_server(self._factory_invoker, **place)
Mail(Handler(), hostname='127.0.0.1', port=port).start()
sys.stdin.read()
"#;

fn make_certificate(dir: &Path) {
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "30",
    ]);
    command.args(["-subj", "/CN=lifeboat tests", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(dir.join("key.pem")).arg("-out").arg(dir.join("certificate.pem"));
    let made = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(made.is_ok_and(|status| status.success()), "openssl makes a certificate");
}

pub fn mail_server(world: &World, python: &Path, mode: &str, answers: &str) -> (Server, u16) {
    let port = free_port();
    if !world.path("certificate.pem").exists() {
        make_certificate(world.sandbox.home.path());
        fs::create_dir(world.path("mails")).unwrap();
        fs::write(world.path("server.py"), MAIL_SERVER).unwrap();
    }
    let child = Command::new(python)
        .arg("server.py")
        .args([&port.to_string(), "mails", mode, answers])
        .current_dir(world.sandbox.home.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server(child);
    wait_for(port);
    (server, port)
}

pub fn mails(world: &World) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(world.path("mails")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn mail_config(world: &World, port: u16, tls: &str) {
    fs::write(world.path("password"), "hush\n").unwrap();
    let config = format!(
        "[channel.mail]\ntype = 'email'\nserver = '127.0.0.1:{port}'\ntls = '{tls}'\nca_file = \
         'certificate.pem'\n\
         user = 'lifeboat'\npassword = 'file:password'\nfrom = 'Lifeboat <lifeboat@example.com>'\n\
         [contact.anna]\nemail = 'anna@example.com'\nchannels = ['mail']\n"
    );
    fs::write(world.path("lifeboat.toml"), config).unwrap();
}

#[test]
fn mail_goes_out_by_starttls_and_by_tls_with_a_login_and_ends_answer_their_beginnings() {
    let Some(python) = tool("LIFEBOAT_TEST_AIOSMTPD", "aiosmtpd-python") else { return };
    let world = World::new();
    for mode in ["starttls", "tls"] {
        let (_server, port) = mail_server(&world, &python, mode, "ok");
        mail_config(&world, port, mode);
        let sent = run(&world, &["notify", "test", "anna"]);
        assert_eq!(sent.status, Some(0), "{mode} {sent:?}");
        for outcome in ["failed", "ok"] {
            let words = [
                "notify",
                "send",
                "--to",
                "anna",
                "--key",
                mode,
                "--title",
                "Platte voll: größer",
                "--outcome",
                outcome,
            ];
            let sent = run(&world, &words);
            assert_eq!(sent.status, Some(0), "{mode} {sent:?}");
        }
        let mails = mails(&world);
        let field = |mail: &str, name: &str| {
            let line = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_default().to_owned()
        };
        assert_eq!(mails.len(), 3, "{mode}");
        assert_eq!(field(&mails[0], "X-User"), "lifeboat");
        assert_eq!(field(&mails[0], "X-To"), "['anna@example.com']");
        assert_eq!(field(&mails[1], "Auto-Submitted"), "auto-generated");
        assert!(field(&mails[1], "Subject").contains("=?utf-8?"), "{}", mails[1]);
        assert!(mails[1].contains("Acknowledge: lifeboat notify ack"));
        assert_eq!(field(&mails[2], "In-Reply-To"), field(&mails[1], "Message-ID"));
        fs::remove_dir_all(world.path("mails")).unwrap();
        fs::create_dir(world.path("mails")).unwrap();
    }
}

#[test]
fn mail_that_is_put_off_is_tried_again_with_the_same_id_and_mail_that_is_refused_is_not() {
    let Some(python) = tool("LIFEBOAT_TEST_AIOSMTPD", "aiosmtpd-python") else { return };
    let world = World::new();
    let (_server, port) = mail_server(&world, &python, "starttls", "451 later,ok,550 no");
    mail_config(&world, port, "starttls");
    let words = ["notify", "send", "--to", "anna", "--title", "x", "--json"];
    let first = json(&world, &words);
    assert_eq!(first["state"], "pending", "{first}");
    assert!(first["deliveries"][0]["error"].as_str().unwrap().contains("451"), "{first}");
    let id = first["event"]["id"].as_str().unwrap();
    run(&world, &["notify", "outbox", "retry", id]);
    assert_eq!(run(&world, &["notify", "flush"]).status, Some(0));
    assert!(mails(&world)[0].contains(&format!("Message-ID: <{id}.0@")));
    let words = ["notify", "send", "--to", "anna", "--title", "y", "--json"];
    let refused = json(&world, &words);
    assert_eq!(refused["state"], "failed", "{refused}");
    let shown = run(&world, &["notify", "outbox"]);
    assert!(shown.stdout.contains("failed") && !format!("{shown:?}").contains("hush"), "{shown:?}");
    fs::write(world.path("password"), "wrong\n").unwrap();
    let wrong = run(&world, &["notify", "test", "mail"]);
    assert!(wrong.status == Some(1), "{wrong:?}");
    let wrong = run(&world, &["notify", "test", "anna"]);
    assert!(wrong.status == Some(1) && wrong.stderr.contains("535"), "{wrong:?}");
}

#[test]
fn mail_whose_answer_is_lost_is_repeated_with_its_id_and_a_slow_server_is_waited_for_but_not_for_ever() {
    let Some(python) = tool("LIFEBOAT_TEST_AIOSMTPD", "aiosmtpd-python") else { return };
    let world = World::new();
    let (server, port) = mail_server(&world, &python, "starttls", "lost,ok,slow,hang");
    mail_config(&world, port, "starttls");
    let text = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    fs::write(world.path("lifeboat.toml"), text.replace("[contact", "timeout = '3s'\n[contact")).unwrap();
    let send = |title: &str| json(&world, &["notify", "send", "--to", "anna", "--title", title, "--json"]);
    let lost = send("lost");
    assert_eq!(lost["state"], "pending", "{lost}");
    run(&world, &["notify", "outbox", "retry", lost["event"]["id"].as_str().unwrap()]);
    assert_eq!(run(&world, &["notify", "flush"]).status, Some(0));
    let ids = |mails: &[String]| -> Vec<String> {
        let id = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
        mails.iter().map(id).collect()
    };
    let twice = ids(&mails(&world));
    assert!(twice.len() == 2 && twice[0] == twice[1], "whoever looks at ids shows it once: {twice:?}");
    assert_eq!(send("slow")["state"], "delivered");
    let begun = Instant::now();
    let hung = send("hang");
    assert!(hung["deliveries"][0]["error"].as_str().unwrap().contains("within 3 s"), "{hung}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    drop(server);
    let refused = send("refused");
    assert_eq!(refused["state"], "pending", "{refused}");
    assert!(refused["deliveries"][0]["error"].as_str().unwrap().contains("refused"), "{refused}");
}

#[test]
fn a_mail_server_whose_certificate_nobody_vouches_for_gets_no_password() {
    let Some(python) = tool("LIFEBOAT_TEST_AIOSMTPD", "aiosmtpd-python") else { return };
    let world = World::new();
    let (_server, port) = mail_server(&world, &python, "starttls", "ok");
    mail_config(&world, port, "starttls");
    let text = fs::read_to_string(world.path("lifeboat.toml")).unwrap();
    fs::write(world.path("lifeboat.toml"), text.replace("ca_file = 'certificate.pem'\n", "")).unwrap();
    let refused = run(&world, &["notify", "test", "anna"]);
    assert!(refused.status == Some(1) && mails(&world).is_empty(), "{refused:?}");
    assert!(refused.stderr.to_lowercase().contains("certificate"), "{refused:?}");
}

#[test]
fn a_web_hook_behind_tls_is_reached_with_its_own_certificate_only() {
    let Some(python) = tool("LIFEBOAT_TEST_PYTHON", "python3") else { return };
    let world = World::new();
    make_certificate(world.sandbox.home.path());
    let script = "import http.server, ssl, sys\n\
        class H(http.server.BaseHTTPRequestHandler):\n    \
            def do_POST(self):\n        \
                self.rfile.read(int(self.headers['content-length']))\n        \
                self.send_response(204)\n        self.end_headers()\n\
        s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H)\n\
        c = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n\
        c.load_cert_chain('certificate.pem', 'key.pem')\n\
        s.socket = c.wrap_socket(s.socket, server_side=True)\ns.serve_forever()\n";
    let port = free_port();
    let child = Command::new(python)
        .args(["-c", script, &port.to_string()])
        .current_dir(world.sandbox.home.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Server(child);
    wait_for(port);
    let config = |more: &str| {
        format!("[channel.hook]\ntype = 'webhook'\nurl = 'https://127.0.0.1:{port}/hush'\n{more}")
    };
    fs::write(world.path("lifeboat.toml"), config("ca_file = 'certificate.pem'\n")).unwrap();
    let sent = run(&world, &["notify", "test", "hook"]);
    assert_eq!(sent.status, Some(0), "{sent:?}");
    fs::write(world.path("lifeboat.toml"), config("")).unwrap();
    let refused = run(&world, &["notify", "test", "hook"]);
    assert!(refused.status == Some(1) && refused.stderr.contains("by nobody who is trusted"), "{refused:?}");
    assert!(!refused.stderr.contains("hush") && !refused.stdout.contains("hush"), "{refused:?}");
}

/// Enough of ntfy for a topic: publishing as JSON and as text, and polling. Its own server is used instead
/// where LIFEBOAT_TEST_NTFY names it.
const TOPICS: &str = r#"
import http.server, json, sys
topics = {}
class H(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length'])).decode()
        name = self.path.strip('/')
        message = {'message': body} if name else json.loads(body)
        name = name or message['topic']
        message.update(id=f'm{len(topics)}', event='message', topic=name)
        topics.setdefault(name, []).append(message)
        self.answer(json.dumps(message))
    def do_GET(self):
        name = self.path.split('/')[1]
        self.answer(''.join(json.dumps(message) + '\n' for message in topics.get(name, [])))
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()
"#;

pub fn ntfy(world: &World) -> Option<(Server, u16)> {
    let port = free_port();
    let mut command = match std::env::var_os("LIFEBOAT_TEST_NTFY") {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(["serve", "--listen-http", &format!("127.0.0.1:{port}"), "--cache-file"]);
            command.arg(world.path("ntfy.db")).args(["--base-url", &format!("http://127.0.0.1:{port}")]);
            command
        }
        None => {
            let mut command = Command::new(tool("LIFEBOAT_TEST_PYTHON", "python3")?);
            command.args(["-c", TOPICS, &port.to_string()]);
            command
        }
    };
    let server = Server(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    wait_for(port);
    Some((server, port))
}

#[test]
fn a_button_on_a_telephone_acknowledges_by_ntfy_and_ends_the_escalation() {
    let world = World::new();
    let Some((_server, port)) = ntfy(&world) else { return };
    let hook = Hook::start();
    let config = format!(
        "[channel.phone]\ntype = 'ntfy'\nurl = 'http://127.0.0.1:{port}'\ntopic = 'alarms'\nack_topic = \
         'acks'\n\
         [channel.hook]\ntype = 'webhook'\nurl = '{}'\n[contact.anna]\nfull_name = 'Anna'\n\
         channels = ['phone']\n\
         [escalation.site]\nstep = [{{ to = 'anna', ack_within = '1h' }}, {{ to = 'hook' }}]\n",
        hook.url()
    );
    fs::write(world.path("lifeboat.toml"), config).unwrap();
    let words =
        ["notify", "send", "--escalation", "site", "--outcome", "failed", "--title", "Fire", "--json"];
    let sent = json(&world, &words);
    assert_eq!(sent["state"], "delivered", "{sent}");
    assert!(sent["next_step"].is_number(), "{sent}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET /alarms/json?poll=1 HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let line = text.lines().find(|line| line.contains("\"message\"")).unwrap();
    let message: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&message["title"], &message["priority"]), (&"Fire".into(), &4.into()));
    // What the telephone does when the button is pressed.
    let (action, body) = (&message["actions"][0], message["actions"][0]["body"].as_str().unwrap());
    assert_eq!(action["action"], "http");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "POST /acks HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(run(&world, &["notify", "flush"]).status, Some(0));
    let id = sent["event"]["id"].as_str().unwrap();
    let shown = json(&world, &["notify", "outbox", "show", id, "--json"]);
    assert_eq!(
        (&shown["acknowledged"][0]["by"], &shown["acknowledged"][0]["via"]),
        (&"Anna".into(), &"ntfy".into())
    );
    assert!(shown["next_step"].is_null());
}
