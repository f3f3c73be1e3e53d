//! Verifying: is what was restored there, the same, and alive?

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::base::ids::SnapshotId;
use crate::browse::cat::cat;
use crate::browse::diff::{Change, ChangeKind, DiffOptions, diff_live};
use crate::browse::error::BrowseError;
use crate::browse::live;
use crate::browse::path::SnapPath;
use crate::browse::reading::root_of;
use crate::browse::walk::look_up;
use crate::plan::apply::Ground;
use crate::plan::apply::commands::{self, Runner};
use crate::plan::apply::content::{reading, snapshot_of};
use crate::plan::apply::sandbox::Confinement;
use crate::plan::apply::schedule::StepError;
use crate::plan::files::below;
use crate::plan::probe::{Compared, Probe, Verify};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::EntryKind;
use crate::restore::error::chain_text;
use crate::sys::http::{HttpClient, HttpOptions, HttpRequest};
use crate::sys::namespace;
use crate::system::action::CommandLine;

/// How long is waited between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Of a file in which something must stand, as much is read.
const FILE_MAX_BYTES: u64 = 64 << 20;
/// Of an answer that is not the right one, as much is told.
const ANSWER_SHOWN_CHARS: usize = 200;
/// Differences that are told one by one.
const TOLD: usize = 5;

/// Verifies, again and again until it holds or its time is over.
pub fn verify(runner: Runner<'_>, snapshot: &SnapshotId, verify: &Verify) -> Result<(), StepError> {
    let ground = runner.ground;
    let until = Instant::now() + Duration::from_secs(verify.within_seconds);
    loop {
        match once(runner, snapshot, &verify.probe) {
            Err(StepError::Failed { why, .. }) if Instant::now() < until => {
                if ground.interrupt.is_set() {
                    return Err(StepError::Interrupted);
                }
                ground.monitor.event(crate::base::monitor::Event::Detail(&why));
                thread::sleep(PAUSE);
            }
            result => return result,
        }
    }
}

fn once(runner: Runner<'_>, snapshot: &SnapshotId, probe: &Probe) -> Result<(), StepError> {
    let Runner { ground, confinement, .. } = runner;
    let root = &ground.plan.content.target.root;
    match probe {
        Probe::Command { command, expect, contains } => {
            let finished = commands::succeed(runner, snapshot, command)?;
            answers(command, &finished.text(), expect.as_deref(), contains.as_deref())
        }
        Probe::Http { url, status, contains } => {
            inside(confinement, || http(url, *status, contains.as_deref()))
        }
        Probe::Port { host, port } => inside(confinement, || connect(host, *port)),
        Probe::File { path, contains, min_bytes } => file(root, path, contains.as_deref(), *min_bytes),
        Probe::Checksum { paths, exclude } => {
            let found = snapshot_of(ground.indexed, snapshot);
            let snapshot = found.map_err(|error| StepError::failed(chain_text(&error)))?;
            compare_all(ground, &snapshot, root, paths, exclude)
        }
    }
}

fn answers(
    command: &CommandLine,
    text: &str,
    expect: Option<&str>,
    contains: Option<&str>,
) -> Result<(), StepError> {
    let short = short(text);
    if let Some(expect) = expect.filter(|expect| expect.trim() != text.trim()) {
        return Err(StepError::failed(format!("{} answered {short:?}, not {expect:?}", command.display())));
    }
    match contains.filter(|contains| !text.contains(contains)) {
        Some(contains) => {
            Err(StepError::failed(format!("{} answered {short:?}, without {contains:?}", command.display())))
        }
        None => Ok(()),
    }
}

/// As much of an answer as an error shows.
fn short(text: &str) -> String {
    text.trim().chars().take(ANSWER_SHOWN_CHARS).collect()
}

/// Does `act` on a thread that has the sandbox's network, if there is one.
fn inside<T: Send>(
    confinement: Option<&Confinement>,
    act: impl FnOnce() -> Result<T, StepError> + Send,
) -> Result<T, StepError> {
    let Some(confinement) = confinement else { return act() };
    let pid = confinement.network();
    let joined = thread::scope(|scope| {
        let entered = scope.spawn(move || {
            namespace::enter_network(pid).map_err(|error| StepError::failed(chain_text(&error)))?;
            act()
        });
        entered.join()
    });
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn http(url: &str, status: Option<u16>, contains: Option<&str>) -> Result<(), StepError> {
    let failed = |why: String| StepError::failed(why);
    let client = HttpClient::new(HttpOptions::default()).map_err(|error| failed(chain_text(&error)))?;
    let answer = client.send(&HttpRequest::new("GET", url)).map_err(|error| failed(chain_text(&error)))?;
    let is_right = status.map_or(answer.is_success(), |status| answer.status == status);
    if !is_right {
        let wanted = status.map_or("200 to 299".to_owned(), |status| status.to_string());
        let short = short(&answer.text());
        return Err(failed(format!("{url} answered with status {}, not {wanted}: {short:?}", answer.status)));
    }
    match contains.filter(|contains| !answer.text().contains(contains)) {
        Some(contains) => {
            let short = short(&answer.text());
            Err(failed(format!("{url} answered {short:?}, without {contains:?}")))
        }
        None => Ok(()),
    }
}

fn connect(host: &str, port: u16) -> Result<(), StepError> {
    let failed =
        |error: io::Error| StepError::failed(format!("nothing answers at {host} port {port}: {error}"));
    let addresses = (host, port).to_socket_addrs().map_err(failed)?;
    let mut last = io::Error::other("the name leads nowhere");
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT_LIMIT) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(failed(last))
}

fn file(root: &str, path: &str, contains: Option<&str>, min_bytes: Option<u64>) -> Result<(), StepError> {
    let at = below(root, path);
    let failed = |why: String| StepError::failed(format!("{}: {why}", at.display()));
    let stat = std::fs::symlink_metadata(&at).map_err(|error| failed(error.to_string()))?;
    if let Some(least) = min_bytes.filter(|least| stat.len() < *least) {
        return Err(failed(format!("it has {} bytes, fewer than {least}", stat.len())));
    }
    let Some(contains) = contains else { return Ok(()) };
    if !stat.is_file() {
        return Err(failed("it is no regular file".into()));
    }
    let mut text = Vec::new();
    let read = std::fs::File::open(&at).and_then(|file| file.take(FILE_MAX_BYTES).read_to_end(&mut text));
    read.map_err(|error| failed(error.to_string()))?;
    match String::from_utf8_lossy(&text).contains(contains) {
        true => Ok(()),
        false => Err(failed(format!("it has no {contains:?}"))),
    }
}

fn compare_all(
    ground: &Ground<'_>,
    snapshot: &Snapshot,
    root: &str,
    paths: &[Compared],
    exclude: &[String],
) -> Result<(), StepError> {
    let mut differences: Vec<String> = Vec::new();
    for compared in paths {
        compare(ground, snapshot, root, compared, exclude, &mut differences)
            .map_err(|error| StepError::failed(chain_text(&error)))?;
    }
    if differences.is_empty() {
        return Ok(());
    }
    let more = match differences.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    differences.truncate(TOLD);
    Err(StepError::failed(format!("not as in the snapshot: {}{more}", differences.join(", "))))
}

/// Compares one path byte for byte; what the target has besides does not count.
fn compare(
    ground: &Ground<'_>,
    snapshot: &Snapshot,
    root: &str,
    compared: &Compared,
    exclude: &[String],
    differences: &mut Vec<String>,
) -> Result<(), BrowseError> {
    let reading = reading(ground.indexed, ground.interrupt);
    let path = SnapPath::parse(compared.from.as_bytes())?;
    let at = below(root, &compared.to);
    let entry = look_up(&reading, &root_of(snapshot)?, &path)?;
    match entry {
        Some(entry) if entry.kind == EntryKind::File => {
            let mut same = Same::open(&at);
            let result = cat(&reading, snapshot, &path, &mut same);
            match result {
                Err(BrowseError::Output(_)) => {}
                other => drop(other?),
            }
            if !same.is_whole() {
                differences.push(at.display().to_string());
            }
            Ok(())
        }
        Some(entry) if entry.kind != EntryKind::Dir => {
            let there = std::fs::read_link(&at).ok().map(|to| to.into_os_string().into_encoded_bytes());
            if entry.kind == EntryKind::Symlink && there != entry.target {
                differences.push(at.display().to_string());
            }
            Ok(())
        }
        _ => {
            let excluded = patterns(exclude);
            let options = DiffOptions { contents_only: true, read_contents: true, without_attachments: true };
            let mut see = |change: Change| {
                let is_excluded =
                    excluded.matched_path_or_any_parents(Path::new(&change.path), false).is_ignore();
                if change.change != ChangeKind::Added && !is_excluded {
                    differences.push(change.path);
                }
                Ok(())
            };
            diff_live(&reading, snapshot, &path, live::open(&at)?, options, &mut see).map(drop)
        }
    }
}

/// The patterns; they were read when the plan was made, and what attachments are is never restored.
fn patterns(exclude: &[String]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("/");
    for pattern in exclude.iter().map(String::as_str).chain(["/.lifeboat"]) {
        // One that could not be read was refused when the plan was built.
        let _ = builder.add_line(None, pattern);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Takes what a file should hold, and says whether it does.
struct Same {
    file: Option<std::fs::File>,
    buffer: Vec<u8>,
}

impl Same {
    fn open(path: &Path) -> Self {
        let is_file = std::fs::symlink_metadata(path).is_ok_and(|stat| stat.is_file());
        Self { file: is_file.then(|| std::fs::File::open(path).ok()).flatten(), buffer: Vec::new() }
    }

    /// Whether it held all that was taken, and nothing more.
    fn is_whole(&mut self) -> bool {
        let mut more = [0; 1];
        self.file.as_mut().is_some_and(|file| matches!(file.read(&mut more), Ok(0)))
    }
}

impl Write for Same {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.resize(bytes.len(), 0);
        let same = match &mut self.file {
            Some(file) => file.read_exact(&mut self.buffer).is_ok() && self.buffer == bytes,
            None => false,
        };
        match same {
            true => Ok(bytes.len()),
            false => {
                self.file = None;
                Err(io::Error::other("it differs"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
