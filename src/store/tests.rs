//! Tests of the backends in whole: the contract, and what only a real directory can suffer.

use std::fs;
use std::future::Future as _;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tempfile::TempDir;

use crate::base::error_kind::ErrorKind;
use crate::store::client::Client;
use crate::store::contract::check_contract;
use crate::store::directory::DirectoryStore;
use crate::store::error::StoreError;
use crate::store::inline::InlineStore;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;
use crate::store::recording::RecordingStore;
use crate::store::tuning::Tuning;
use crate::store::{self, Store, Version};

fn key(name: &str) -> Key {
    Key::new(name).unwrap()
}

fn body(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn client_of(path: &Path) -> Client {
    Client::new(Arc::new(DirectoryStore::open(path).unwrap())).unwrap()
}

fn new_directory() -> (TempDir, Client) {
    let root = tempfile::tempdir().unwrap();
    let client = client_of(root.path());
    (root, client)
}

/// Everything in `path`'s `tmp` but the lock.
fn unfinished(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path.join("tmp")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "swap-lock").collect()
}

#[test]
fn a_directory_keeps_the_contract() {
    let roots = Mutex::new(Vec::new());
    check_contract(|| {
        let root = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(root.path()).unwrap();
        roots.lock().unwrap().push(root);
        Arc::new(store)
    });
    for root in roots.into_inner().unwrap() {
        assert_eq!(unfinished(root.path()), Vec::<String>::new());
    }
}

#[test]
fn a_directory_behind_its_asynchronous_face_keeps_the_contract() {
    let roots = Mutex::new(Vec::new());
    check_contract(|| {
        let root = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(root.path()).unwrap();
        roots.lock().unwrap().push(root);
        Arc::new(RecordingStore::new(Arc::new(store)))
    });
}

#[test]
fn memory_keeps_the_contract() {
    check_contract(|| Arc::new(MemoryStore::new()));
}

#[test]
fn a_store_that_answers_at_once_keeps_the_contract() {
    check_contract(|| Arc::new(InlineStore::new(Arc::new(MemoryStore::new()))));
}

#[test]
fn two_stores_on_one_directory_are_one_store() {
    let (root, one) = new_directory();
    let two = client_of(root.path());
    one.create(&key("packs/00/a"), body("1")).unwrap();
    assert!(matches!(two.create(&key("packs/00/a"), body("2")), Err(StoreError::AlreadyExists { .. })));
    let version = two.swap(&key("gc/state"), None, body("1")).unwrap();
    one.swap(&key("gc/state"), Some(version.clone()), body("2")).unwrap();
    assert!(matches!(two.swap(&key("gc/state"), Some(version), body("3")), Err(StoreError::Conflict { .. })));
}

#[test]
fn a_version_equals_its_own_name_and_no_other_state() {
    let version = Version::of_contents(body("state"));
    assert_eq!(version, Version::new(version.name().into_owned()));
    assert_eq!(version.name().len(), 32);
    assert_ne!(version, Version::of_contents(body("other")));
    assert_ne!(version, Version::new("other"));
}

#[test]
fn the_errors_of_the_system_become_what_a_caller_can_act_on() {
    use rustix::io::Errno;
    let error = |errno: Errno| StoreError::from_io("/repo", "packs/a", "write", errno.into());
    assert!(matches!(error(Errno::NOSPC), StoreError::Full { .. }));
    assert!(matches!(error(Errno::DQUOT), StoreError::Full { .. }));
    assert!(matches!(error(Errno::ROFS), StoreError::ReadOnly { .. }));
    assert!(matches!(error(Errno::ACCESS), StoreError::Denied { .. }));
    assert!(matches!(error(Errno::PERM), StoreError::Denied { .. }));
    assert!(matches!(error(Errno::NOENT), StoreError::NotFound { .. }));
    assert!(error(Errno::STALE).is_transient() && error(Errno::TIMEDOUT).is_transient());
    for lasting in [Errno::IO, Errno::NOSPC, Errno::ROFS, Errno::ACCESS, Errno::NOENT, Errno::LOOP] {
        assert!(!error(lasting).is_transient(), "{lasting:?}");
    }
    for errno in [Errno::IO, Errno::NOSPC, Errno::ROFS, Errno::ACCESS, Errno::NOENT, Errno::LOOP] {
        let message = error(errno).to_string();
        assert!(message.contains("/repo") && message.contains("packs/a"), "{message}");
    }
}

#[test]
fn outside_of_a_runtime_the_futures_of_a_directory_still_finish() {
    let root = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(root.path()).unwrap();
    let mut future = pin!(store.create(&key("config"), body("c")));
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))));
}

#[test]
fn what_a_killed_writer_left_is_never_seen_and_swept_after_a_day() {
    let (root, client) = new_directory();
    client.create(&key("config"), body("c")).unwrap();
    client.swap(&key("gc/state"), None, body("s")).unwrap();
    let tmp = root.path().join("tmp");
    let hour = Duration::from_secs(3600);
    for (name, hours) in [("write-0123", 25), ("write-4567", 23), ("swap-lock", 1000), ("notes", 1000)] {
        fs::write(tmp.join(name), "half").unwrap();
        let file = fs::File::options().write(true).open(tmp.join(name)).unwrap();
        file.set_modified(SystemTime::now() - hour * hours).unwrap();
    }
    let again = client_of(root.path());
    let mut left = unfinished(root.path());
    left.sort();
    assert_eq!(left, ["notes", "write-4567"]);
    assert!(tmp.join("swap-lock").exists());
    let listed: Vec<String> = again.list("").unwrap().into_iter().map(|meta| meta.key.to_string()).collect();
    assert_eq!(listed, ["config", "gc/state"]);
}

#[test]
fn objects_and_folders_are_private_to_their_owner() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("deep/repo");
    let store = DirectoryStore::create(&path).unwrap();
    let client = Client::new(Arc::new(store)).unwrap();
    client.create(&key("packs/00/a"), body("a")).unwrap();
    client.swap(&key("gc/state"), None, body("s")).unwrap();
    let mode = |below: &str| fs::metadata(path.join(below)).unwrap().permissions().mode() & 0o7777;
    for folder in ["", "packs", "packs/00", "tmp", "gc"] {
        assert_eq!(mode(folder), 0o700, "{folder:?}");
    }
    for file in ["packs/00/a", "gc/state", "tmp/swap-lock"] {
        assert_eq!(mode(file), 0o600, "{file:?}");
    }
    assert_eq!(fs::metadata(root.path().join("deep")).unwrap().permissions().mode() & 0o7777, 0o700);
}

#[test]
fn a_missing_directory_is_no_repository_and_is_not_made_by_opening() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "f").unwrap();
    for place in ["none", "none/deeper", "file", "file/below"] {
        let path = root.path().join(place);
        let error = DirectoryStore::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoRepository, "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(!root.path().join("none").exists());
    assert!(DirectoryStore::create(root.path().join("file/below")).is_err());
}

#[test]
fn links_planted_in_a_directory_lead_nowhere() {
    let (root, client) = new_directory();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    symlink(outside.path(), root.path().join("packs")).unwrap();
    fs::create_dir(root.path().join("index")).unwrap();
    symlink(outside.path().join("secret"), root.path().join("index/leaf")).unwrap();

    let refused = |error: StoreError| {
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains("symbolic link"), "{error}");
    };
    refused(client.create(&key("packs/new"), body("x")).unwrap_err());
    refused(client.swap(&key("packs/new"), None, body("x")).unwrap_err());
    refused(client.delete(&key("packs/secret")).unwrap_err());
    refused(client.list("packs/").unwrap_err());
    for name in ["packs/secret", "index/leaf"] {
        refused(client.get(&key(name)).unwrap_err());
        refused(client.get_range(&key(name), 0..1).unwrap_err());
        refused(client.stat(&key(name)).unwrap_err());
    }
    assert!(client.create(&key("index/leaf"), body("x")).is_err(), "a link is not written through");
    assert_eq!(client.list("").unwrap(), [], "a link is no object");
    client.delete(&key("index/leaf")).unwrap();
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"s");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "nothing was written outside");
}

#[test]
fn unfinished_writes_never_leave_through_a_planted_link() {
    let (root, client) = new_directory();
    let outside = tempfile::tempdir().unwrap();
    symlink(outside.path(), root.path().join("tmp")).unwrap();
    assert!(matches!(client.create(&key("a"), body("x")), Err(StoreError::Refused { .. })));
    assert!(matches!(client.swap(&key("a"), None, body("x")), Err(StoreError::Refused { .. })));
    fs::remove_file(root.path().join("tmp")).unwrap();
    fs::create_dir(root.path().join("tmp")).unwrap();
    symlink(outside.path().join("lock"), root.path().join("tmp/swap-lock")).unwrap();
    assert!(matches!(client.swap(&key("a"), None, body("x")), Err(StoreError::Refused { .. })));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_object_is_passed_over_by_listings() {
    let (root, client) = new_directory();
    client.create(&key("packs/00/a"), body("a")).unwrap();
    for name in ["a name", "packs/ü", "packs/00/x~"] {
        fs::write(root.path().join(name), "x").unwrap();
    }
    fs::create_dir(root.path().join("lost+found")).unwrap();
    fs::write(root.path().join("lost+found/x"), "x").unwrap();
    let socket = std::os::unix::net::UnixListener::bind(root.path().join("packs/socket")).unwrap();
    let listed = client.list("").unwrap();
    assert_eq!(listed.iter().map(|meta| meta.key.as_str()).collect::<Vec<_>>(), ["packs/00/a"]);
    assert!(matches!(client.get(&key("packs/socket")), Err(StoreError::Refused { .. })));
    drop(socket);
}

#[test]
fn folders_that_went_away_are_made_again() {
    let (root, client) = new_directory();
    client.create(&key("packs/00/a"), body("a")).unwrap();
    client.delete(&key("packs/00/a")).unwrap();
    fs::remove_dir_all(root.path().join("packs")).unwrap();
    fs::remove_dir_all(root.path().join("tmp")).unwrap();
    client.create(&key("packs/00/a"), body("b")).unwrap();
    assert_eq!(client.get(&key("packs/00/a")).unwrap().0, body("b"));
}

#[test]
fn urls_choose_the_backend() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a repo");
    let text = path.to_str().unwrap();
    assert!(matches!(store::open(text, false, &Tuning::default()), Err(StoreError::NoStore { .. })));
    store::open(text, true, &Tuning::default()).unwrap();
    for url in
        [text.to_owned(), format!("file://{}", text.replace(' ', "%20")), format!("file://localhost{text}")]
    {
        assert_eq!(store::open(&url, false, &Tuning::default()).unwrap().location(), text, "{url}");
        assert_eq!(store::directory_of(&url), Some(path.clone()), "{url}");
    }
    assert_eq!(store::directory_of("s3://bucket/prefix"), None);
    for url in [
        "s3://bucket/prefix?access-key=x",
        "sftp://host/path",
        "file://host/path",
        "file://relative",
        "file:///a%2",
        "",
    ] {
        let error = store::open(url, true, &Tuning::default()).unwrap_err();
        assert!(matches!(error, StoreError::Unsupported { .. }), "{url}: {error:?}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
    assert!(
        store::open("sftp://host/path", false, &Tuning::default())
            .unwrap_err()
            .to_string()
            .contains("directories")
    );
    assert_eq!(
        store::open("s3://bucket/p?region=x", false, &Tuning::default()).unwrap().location(),
        "s3://bucket/p"
    );
}

// Processes: this test binary runs itself, as a writer that races or is killed.

const CHILD: &str = "LIFEBOAT_TEST_STORE_CHILD";

/// Not a test by itself: the body of the processes that the tests below start.
#[test]
fn child_process_of_the_tests_below() {
    let Ok(root) = std::env::var(CHILD) else { return };
    let client = client_of(Path::new(&root));
    let mine = Bytes::from(std::process::id().to_string().repeat(100_000));
    for n in 0..100_000 {
        match client.create(&key(&format!("packs/{}/{n}", n % 7)), mine.clone()) {
            Ok(()) => println!("\nmade packs/{}/{n}", n % 7),
            Err(StoreError::AlreadyExists { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn start_child(root: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["store::tests::child_process_of_the_tests_below", "--exact", "--nocapture"])
        .env(CHILD, root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The keys whose creation a child has told of, at least `wanted` before it is killed.
fn made_until_killed(mut child: Child, wanted: usize) -> Vec<(String, u32)> {
    let id = child.id();
    let mut made = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if let Some(key) = line.unwrap().strip_prefix("made ") {
            made.push((key.to_owned(), id));
        }
        if made.len() == wanted {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    made
}

#[test]
fn racing_and_killed_processes_lose_nothing_and_share_nothing() {
    let (root, client) = new_directory();
    let children: Vec<Child> = (0..3).map(|_| start_child(root.path())).collect();
    let readers: Vec<_> = children
        .into_iter()
        .zip([10, 25, 40])
        .map(|(child, wanted)| std::thread::spawn(move || made_until_killed(child, wanted)))
        .collect();
    let mut made: Vec<(String, u32)> = readers.into_iter().flat_map(|one| one.join().unwrap()).collect();
    assert!(made.len() >= 10 + 25 + 40);
    for (name, id) in &made {
        let expected = id.to_string().repeat(100_000);
        assert!(client.get(&key(name)).unwrap().0 == expected, "{name} must hold what {id} acknowledged");
    }
    made.sort();
    assert!(made.windows(2).all(|two| two[0].0 != two[1].0), "a key was won twice");
    for meta in client.list("").unwrap() {
        let (body, _) = client.get(&meta.key).unwrap();
        let id = String::from_utf8_lossy(&body[..body.len() / 100_000]).into_owned();
        assert!(body == id.repeat(100_000), "{} is torn", meta.key);
    }
}

// Mounts: only root may, and a sandbox may forbid even root.

/// A small file system of its own, gone when dropped.
struct Mount(TempDir);

impl Mount {
    /// `None`, with a message, where mounting is not permitted; a failure where that was ruled out.
    fn new(options: &str) -> Option<Mount> {
        let place = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place.path()).output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Mount(place));
        }
        let required = std::env::var("LIFEBOAT_TEST_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(!required, "mounting a tmpfs is required but failed: {mounted:?}");
        eprintln!("skipped: mounting a tmpfs is not permitted here");
        None
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", options]).arg(self.0.path()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_told_leaves_nothing_behind_and_keeps_what_was_acknowledged() {
    let Some(mount) = Mount::new("size=1m") else { return };
    let client = client_of(mount.0.path());
    let half = Bytes::from(vec![7; 600 << 10]);
    client.create(&key("packs/00/a"), half.clone()).unwrap();
    let large = Bytes::from(vec![7; 2 << 20]);
    for (name, body) in [("packs/00/b", &half), ("packs/00/c", &large), ("packs/00/d", &half)] {
        let error = client.create(&key(name), body.clone()).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        let message = error.to_string();
        for part in ["no space left", name, mount.0.path().to_str().unwrap(), "nothing acknowledged is lost"]
        {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(unfinished(mount.0.path()), Vec::<String>::new());
    }
    let error = client.swap(&key("gc/state"), None, large).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert_eq!(client.list("").unwrap().len(), 1);
    assert_eq!(client.get(&key("packs/00/a")).unwrap().0, half);
    client.delete(&key("packs/00/a")).unwrap();
    // A process that another test forks holds copies of this one's descriptors until its exec, and
    // through one of them, perhaps, the deleted file's space.
    let freed = (0..100_000).any(|_| {
        std::thread::yield_now();
        client.create(&key("packs/00/b"), half.clone()).is_ok()
    });
    assert!(freed, "space that was freed can be used again");
}

#[test]
fn a_read_only_directory_is_read_and_says_that_it_cannot_be_written() {
    let Some(mount) = Mount::new("size=1m") else { return };
    let client = client_of(mount.0.path());
    client.create(&key("packs/00/a"), body("a")).unwrap();
    client.swap(&key("gc/state"), None, body("s")).unwrap();
    mount.remount("remount,ro");
    let client = client_of(mount.0.path());
    assert_eq!(client.get(&key("packs/00/a")).unwrap().0, body("a"));
    assert_eq!(client.list("").unwrap().len(), 2);
    let (_, version) = client.get(&key("gc/state")).unwrap();
    for error in [
        client.create(&key("packs/00/b"), body("b")).unwrap_err(),
        client.create(&key("new/folder/b"), body("b")).unwrap_err(),
        client.swap(&key("gc/state"), Some(version), body("t")).unwrap_err(),
        client.delete(&key("packs/00/a")).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    assert!(matches!(client.create(&key("packs/00/a"), body("b")), Err(StoreError::AlreadyExists { .. })));
}
