//! A repository of its own with an identity, and trees to compare.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use lifeboat::crypto::x25519::Identity;

use crate::program::{Run, Sandbox, finish};

/// A sandbox with a repository at `repo` and an identity that opens it as restorer.
pub struct World {
    pub sandbox: Sandbox,
}

impl World {
    /// An empty repository.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let identity = Identity::generate();
        fs::write(sandbox.path("identity"), identity.to_secret_text().expose()).unwrap();
        let world = Self { sandbox };
        let run = world.run(&["init", "--recipient", &identity.to_recipient().to_string()]);
        assert_eq!(run.status, Some(0), "{run:?}");
        world
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.sandbox.path(name)
    }

    /// The program with the repository and the identity in its environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.sandbox.command(words);
        command.env("LIFEBOAT_REPO", self.path("repo")).env("LIFEBOAT_IDENTITY_FILE", self.path("identity"));
        command.env("LIFEBOAT_STATE_DIR", self.path("state")).env("LIFEBOAT_CACHE_DIR", self.path("cache"));
        command
    }

    pub fn run(&self, words: &[&str]) -> Run {
        finish(self.command(words))
    }

    /// Runs it, which must succeed, and reads its JSON document.
    pub fn json(&self, words: &[&str]) -> serde_json::Value {
        let run = self.run(words);
        assert_eq!(run.status, Some(0), "{words:?} {run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// Restores `path` of the newest snapshot into a fresh directory `name`.
    pub fn restore(&self, path: &Path, name: &str, more: &[&str]) -> Run {
        let source = format!("latest:{}", path.display());
        let target = self.path(name);
        let mut words = vec!["restore", &source, "--target", target.to_str().unwrap()];
        words.extend(more);
        self.run(&words)
    }

    /// Objects below `prefix` in the repository, sorted.
    pub fn objects(&self, prefix: &str) -> Vec<PathBuf> {
        files_below(&self.path("repo").join(prefix))
    }
}

/// All regular files below `dir`, sorted.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            match fs::symlink_metadata(&path).unwrap().is_dir() {
                true => open.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// Everything about the entries below `root` that a restore must bring back, by relative path.
pub fn tree(root: &Path) -> BTreeMap<OsString, String> {
    let mut found = BTreeMap::new();
    let mut names: BTreeMap<(u64, u64), OsString> = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        let mut children: Vec<PathBuf> =
            fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        for path in children {
            let stat = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(root).unwrap().as_os_str().to_owned();
            let kind = stat.file_type();
            let content = if kind.is_file() {
                let first = names.entry((stat.dev(), stat.ino())).or_insert_with(|| name.clone()).clone();
                format!("{} {} {first:?}", blake3::hash(&fs::read(&path).unwrap()), stat.len())
            } else if kind.is_symlink() {
                format!("{:?}", fs::read_link(&path).unwrap())
            } else if kind.is_dir() {
                open.push(path.clone());
                String::new()
            } else {
                format!("{} {} {}", kind.is_fifo(), kind.is_socket(), stat.rdev())
            };
            let facts = format!(
                "{:o} {}:{} {}.{:09} {content}",
                stat.mode(),
                stat.uid(),
                stat.gid(),
                stat.mtime(),
                stat.mtime_nsec()
            );
            found.insert(name, facts);
        }
    }
    found
}

/// Fails unless both trees are the same.
pub fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (tree(one), tree(other));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, facts) in &one {
        assert_eq!(facts, &other[path], "{path:?}");
    }
}

/// `len` bytes that do not compress and are the same each time.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// A small tree with something of everything that needs no privilege.
pub fn make_sample(root: &Path) {
    fs::create_dir_all(root.join("dir/empty")).unwrap();
    fs::write(root.join("dir/text"), "some text\n".repeat(1000)).unwrap();
    fs::write(root.join("dir/large"), noise(3 << 20, 1)).unwrap();
    fs::write(root.join("empty"), "").unwrap();
    for number in 0..50 {
        fs::write(root.join(format!("small-{number}")), noise(100 + number, number as u64)).unwrap();
    }
    std::os::unix::fs::symlink("../nowhere", root.join("link")).unwrap();
    fs::hard_link(root.join("dir/text"), root.join("second name")).unwrap();
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"\xff\xfe not text")), "x").unwrap();
}
