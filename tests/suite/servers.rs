//! Real database servers for tests: made in a directory of their own, run without privilege on sockets there,
//! and gone with the test.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The account that servers run as where we are the superuser: PostgreSQL refuses to run as that.
const NOBODY: u32 = 65_534;
/// How long a server may take to answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Whether each of `programs` is there; if not, says so, and fails where everything must be tested.
pub fn are_there(programs: &[&str]) -> bool {
    let missing: Vec<&&str> = programs.iter().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("LIFEBOAT_TEST_REQUIRE_ALL").is_none(), "{missing:?} must be there");
    eprintln!("skipped: {missing:?} is not installed");
    false
}

/// Where `program` is: in the usual places, and where Debian keeps PostgreSQL's servers.
pub fn find(program: &str) -> Option<PathBuf> {
    let mut places: Vec<PathBuf> =
        ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"].map(Into::into).into();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    versions.reverse();
    places.splice(0..0, versions);
    places.into_iter().map(|place| place.join(program)).find(|path| path.is_file())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// `program`, to be run without privilege.
pub fn unprivileged(program: &str) -> Command {
    let program = find(program).unwrap_or_else(|| panic!("{program} is not installed"));
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"]).arg(program);
    command
}

/// A directory that servers can use.
pub fn directory(path: &Path) -> PathBuf {
    fs::create_dir_all(path).unwrap();
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    // What lies above is a test's own directory, which nobody but us could pass through.
    for path in [path, path.parent().unwrap()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    path.to_owned()
}

/// Runs `command` to its end, which must be a success; answers what it printed.
pub fn succeed(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A running server, ended when dropped.
pub struct Server {
    /// Its directory.
    pub dir: PathBuf,
    child: Child,
}

impl Server {
    /// Starts `command`, and waits until `answers` does.
    pub fn start(dir: &Path, mut command: Command, answers: impl Fn() -> Command) -> Self {
        let log = fs::File::create(dir.join("server.log")).unwrap();
        command.current_dir(dir).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Self { dir: dir.to_owned(), child: command.spawn().unwrap() };
        let begun = Instant::now();
        loop {
            let asked = answers().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            if asked.is_ok_and(|status| status.success()) {
                return server;
            }
            let log = || fs::read_to_string(dir.join("server.log")).unwrap_or_default();
            assert!(server.child.try_wait().unwrap().is_none(), "{command:?} ended: {}", log());
            assert!(begun.elapsed() < START_LIMIT, "{command:?} does not answer: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT: at once, with its children; PostgreSQL's would otherwise wait for clients.
        let signal = |name: &str| Command::new("kill").args([name, &self.child.id().to_string()]).status();
        let _ = signal("-QUIT");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that writes until it is dropped.
pub struct Writer {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    child: Child,
}

impl Writer {
    /// Feeds `statement`, which ends a transaction, to `command` again and again.
    pub fn start(mut command: Command, statement: &str) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let stdin: ChildStdin = child.stdin.take().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (flag, statement) = (Arc::clone(&stopped), statement.to_owned());
        let thread = thread::spawn(move || {
            let mut stdin = stdin;
            while !flag.load(Ordering::Relaxed) && stdin.write_all(statement.as_bytes()).is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self { stopped, thread: Some(thread), child }
    }

    /// Whether it still writes.
    pub fn is_writing(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
