//! The starter for a damaged database, on a real PostgreSQL: it is restored from a snapshot, checked by SQL,
//! people are told by mail and by a web hook, nobody acknowledges, so somebody else is told; and then it
//! takes the damaged one's place.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::runbook::Site;

const NOBODY: u32 = 65_534;

/// Where Debian, or somebody else, keeps PostgreSQL's servers.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    places.sort();
    places.push("/usr/local/bin".into());
    places.push("/usr/bin".into());
    let has_all = |dir: &PathBuf| ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file());
    let found = places.into_iter().find(has_all).filter(|_| Path::new("/usr/bin/psql").exists());
    if found.is_none() {
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "PostgreSQL is missing");
        println!("skipped: PostgreSQL is missing");
    }
    found
}

/// A server on a socket of its own; ended when dropped.
struct Postgres {
    dir: PathBuf,
    child: Child,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// PostgreSQL refuses to run as the superuser.
fn unprivileged(program: PathBuf, is_root: bool) -> Command {
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}

impl Postgres {
    fn start(site: &Site, bin: &Path) -> Self {
        let dir = site.path("pg");
        fs::create_dir_all(&dir).unwrap();
        let is_root = chown(&dir, Some(NOBODY), Some(NOBODY)).is_ok();
        for path in [dir.as_path(), dir.parent().unwrap()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let data = dir.join("data");
        let mut init = unprivileged(bin.join("initdb"), is_root);
        init.arg("-D").arg(&data).args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]);
        assert!(init.current_dir(&dir).stdout(Stdio::null()).status().unwrap().success());
        let mut server = unprivileged(bin.join("postgres"), is_root);
        server.arg("-D").arg(&data).arg("-k").arg(&dir).args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        let log = fs::File::create(site.path("pg.log")).unwrap();
        let child = server.current_dir(&dir).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let postgres = Self { dir, child };
        for _ in 0..600 {
            if postgres.ask("postgres", "SELECT 1").is_ok() {
                return postgres;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("PostgreSQL does not answer: {}", fs::read_to_string(site.path("pg.log")).unwrap());
    }

    fn ask(&self, database: &str, query: &str) -> Result<String, String> {
        let mut command = Command::new("psql");
        command.args(["-X", "-tA", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", query]);
        let output = command.arg("-h").arg(&self.dir).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

/// A mail server that takes everything; what it took is kept.
fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mails: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&mails);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let kept = Arc::clone(&kept);
            thread::spawn(move || take_mail(&stream, &kept));
        }
    });
    (port, mails)
}

fn take_mail(mut stream: &TcpStream, kept: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut say = |text: &str| drop(stream.write_all(format!("{text}\r\n").as_bytes()));
    say("220 test");
    while let Some(line) = lines.next() {
        match line.to_uppercase().split_whitespace().next().unwrap_or_default() {
            "DATA" => {
                say("354 go on");
                let mail: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                kept.lock().unwrap().push(mail.join("\n"));
                say("250 taken");
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok"),
        }
    }
}

/// A receiver of web hooks; the bodies of what came are kept.
fn hook() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&bodies);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(&stream);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_ok() {
                kept.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
            }
            let _ = (&stream).write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        }
    });
    (port, bodies)
}

#[test]
fn a_damaged_postgresql_is_restored_checked_and_put_in_place_and_people_are_told() {
    let Some(bin) = binaries() else { return };
    let site = Site::new();
    let postgres = Postgres::start(&site, &bin);
    postgres.ask("postgres", "CREATE DATABASE shop").unwrap();
    postgres.ask("shop", "CREATE TABLE orders AS SELECT n FROM generate_series(1, 500) n").unwrap();
    let ((mail_port, mails), (hook_port, bodies)) = (mail_server(), hook());
    let config = format!(
        "[repository.main]\nurl = '{}'\nidentity_file = '{}'\n\
         [channel.mail]\ntype = 'email'\nserver = '127.0.0.1:{mail_port}'\ntls = 'none'\n\
             from = 'l@example.org'\n\
         [channel.hook]\ntype = 'webhook'\nurl = 'http://127.0.0.1:{hook_port}/in'\n\
         [contact.oncall]\nemail = 'oncall@example.org'\nchannels = 'mail'\n\
         [contact.management]\nchannels = 'hook'\n",
        site.path("repo").display(),
        site.path("identity").display(),
    );
    fs::write(site.path("etc/lifeboat.toml"), config).unwrap();
    site.ok(&["runbook", "init", "database-corruption"]);
    // Minutes become seconds, so that nobody answers soon.
    let runbook = site.path("etc/runbooks/database-corruption.toml");
    let text = fs::read_to_string(&runbook).unwrap().replace("timeout = \"10m\"", "timeout = \"1s\"");
    fs::write(&runbook, text).unwrap();
    let with_database = |words: &[&str]| {
        let mut command = site.command(words);
        command.env("PGHOST", &postgres.dir).env("PGUSER", "postgres");
        command
    };
    let words = ["backup", "--command", "shop.sql", "--", "pg_dump", "shop"];
    let saved = crate::program::finish(with_database(&words));
    assert_eq!(saved.status, Some(0), "{saved:?}");
    postgres.ask("shop", "DELETE FROM orders WHERE n > 3").unwrap();
    let listed = site.ok(&["ls", "latest"]).stdout;
    let dump =
        listed.lines().find_map(|line| line.split_whitespace().find(|word| word.ends_with("shop.sql")));
    let dump = format!("dump=/{}", dump.unwrap().trim_start_matches('/'));
    let work = format!("work={}", site.path("work").display());
    let query = "query=SELECT count(*) = 500 FROM orders";
    let inputs = ["--input", "database=shop", "--input", &dump, "--input", &work, "--input", query];
    let mut command = with_database(&[&["runbook", "run", "database-corruption"][..], &inputs].concat());
    let mut child = command.stderr(fs::File::create(site.path("stderr")).unwrap()).spawn().unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        // Nobody acknowledges; the approval is given once it is asked for.
        let state = site.state().filter(|state| state.waiting().any(|(path, _)| path == "agree"));
        state.iter().for_each(|state| site.answer(state));
        thread::sleep(Duration::from_millis(20));
    };
    let said = fs::read_to_string(site.path("stderr")).unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(postgres.ask("shop", "SELECT count(*) FROM orders").unwrap(), "500");
    assert_eq!(postgres.ask("shop_damaged", "SELECT count(*) FROM orders").unwrap(), "3");
    let state = site.state().unwrap();
    let asked = state.steps["tell"].asked.as_ref().unwrap();
    assert!(asked.escalated && asked.answers.is_empty(), "nobody acknowledged, so somebody else was told");
    let mails = mails.lock().unwrap();
    assert!(mails.iter().any(|mail| mail.contains("A database is damaged")), "{mails:?}");
    assert!(mails.iter().any(|mail| mail.contains("The database is back")), "{mails:?}");
    let bodies = bodies.lock().unwrap();
    assert!(bodies.iter().any(|body| body.contains("Nobody has acknowledged")), "{bodies:?}");
    let report = site.ok(&["runbook", "report", "latest"]).stdout;
    assert!(report.contains("nobody answered in time, and others were asked"), "{report}");
}
