//! A second real S3 server: Versity's gateway over a directory. Where two servers agree, it is S3 that
//! the store speaks, and not one server's dialect.
//!
//! `versitygw` is looked for in LIFEBOAT_TEST_VERSITYGW, then in PATH; `go install` builds it. Without it
//! the test says so and passes, unless everything is required; `none` leaves it out on purpose.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lifeboat::store::Store;
use lifeboat::store::client::Client;
use lifeboat::store::contract::check_contract;
use lifeboat::store::probe::probe;
use lifeboat::store::s3::{S3Store, options::S3Options};
use lifeboat::store::timed::TimedStore;
use lifeboat::store::tuning::Tuning;

const OWNER: (&str, &str) = ("owner-key", "owner-secret");

/// A gateway that lives as long as this.
struct Gateway {
    port: u16,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find() -> Option<PathBuf> {
    let named = std::env::var_os("LIFEBOAT_TEST_VERSITYGW").map(PathBuf::from);
    if named.as_ref().is_some_and(|named| named.as_os_str() == "none") {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    named
        .or_else(|| std::env::split_paths(&path).map(|dir| dir.join("versitygw")).find(|path| path.is_file()))
}

fn start(program: &Path) -> Gateway {
    let dir = tempfile::tempdir().unwrap();
    // A port is free when it is chosen, and may be taken when it is used: then again.
    for _ in 0..3 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = dir.path().join(format!("data-{port}"));
        fs::create_dir(&data).unwrap();
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(["--quiet", "--keep-alive", "--access", OWNER.0, "--secret", OWNER.1]);
        command.args(["--port", &format!("127.0.0.1:{port}"), "posix"]).arg(&data);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = command.spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Gateway { port, child, _dir: dir };
            }
            thread::sleep(Duration::from_millis(100));
        }
        // As above.
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("versitygw does not start: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
}

/// A store in the gateway, below a prefix that nobody else uses.
fn store(gateway: &Gateway, more: &str) -> S3Store {
    static PREFIXES: AtomicU32 = AtomicU32::new(0);
    let prefix = PREFIXES.fetch_add(1, Ordering::Relaxed);
    let endpoint = format!("http://127.0.0.1:{}", gateway.port);
    let url = format!("tests/some/prefix-{prefix}?endpoint={endpoint}&region=us-east-1{more}");
    S3Store::new(S3Options::parse(&url).unwrap(), true).with_access_key(OWNER.0, OWNER.1)
}

#[test]
fn the_contract_holds_on_a_gateway_by_conditional_writes_or_by_time() {
    let Some(program) = find() else {
        let why = "versitygw is missing (go install; LIFEBOAT_TEST_VERSITYGW names it)";
        // Where there is no Go to build it with, `none` says that it is left out on purpose.
        let is_left_out = std::env::var_os("LIFEBOAT_TEST_VERSITYGW").is_some();
        assert!(is_left_out || std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return;
    };
    let gateway = start(&program);
    let findings = probe(&Client::new(Arc::new(store(&gateway, ""))).unwrap()).unwrap();
    let faults: Vec<_> = findings.iter().filter(|finding| finding.fault.is_some()).collect();
    println!("the gateway lacks {faults:?}");
    check_contract(|| -> Arc<dyn Store> {
        match faults.is_empty() {
            true => Arc::new(store(&gateway, "")),
            false => {
                let backend = Arc::new(store(&gateway, "&conditional=time-based"));
                Arc::new(TimedStore::over(backend, Duration::from_secs(1), &Tuning::default()))
            }
        }
    });
}
