//! Machines for tests: recordings of real ones, and one that misbehaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::limits;
use crate::base::monitor::Interrupt;
use crate::sys::error::{SysError, SysResult};
use crate::sys::rooted::{ReadFile, Rooted};
use crate::system::capture::machine::{Answer, Call, Machine};

/// Where recordings are.
pub fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/system")
}

/// A recording: `files/` is the machine's `/`, `outputs/` has what its programs printed. It is laid out as a
/// capture is, so `lifeboat system capture --output DIR` makes one.
pub struct Recorded {
    files: Rooted,
    outputs: PathBuf,
}

impl Recorded {
    pub fn open(directory: &Path) -> Self {
        Self { files: Rooted::open(&directory.join("files")).unwrap(), outputs: directory.join("outputs") }
    }
}

fn ran(output: Vec<u8>) -> Answer {
    Answer::Ran { output, is_cut: false, status: Some(0), is_timed_out: false, report: String::new() }
}

impl Machine for Recorded {
    fn root(&self) -> &str {
        "/"
    }

    fn is_live(&self) -> bool {
        self.outputs.join("lsblk.json").exists()
    }

    fn run(&self, call: &Call, _: Duration, _: &Interrupt) -> Answer {
        std::fs::read(self.outputs.join(&call.name)).map_or(Answer::Missing, ran)
    }

    fn read(&self, path: &str, max_bytes: usize, devices: bool) -> SysResult<ReadFile> {
        self.files.read(path, max_bytes, devices)
    }

    fn list(&self, path: &str) -> SysResult<Vec<String>> {
        self.files.list(path, limits::SYSTEM_NAMES_MAX)
    }

    fn read_link(&self, path: &str) -> SysResult<String> {
        self.files.read_link(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.files.exists(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.files.is_dir(path)
    }
}

/// What a program answers.
pub type Program = dyn Fn(&Call, Duration) -> Answer + Send + Sync;

/// A machine whose every program and file answers as it is told.
#[derive(Default)]
pub struct Scripted {
    /// Answers of programs, by name; others are missing.
    pub programs: BTreeMap<&'static str, Box<Program>>,
    /// Files; others do not exist.
    pub files: BTreeMap<&'static str, Vec<u8>>,
    /// Reading this file never ends.
    pub hangs_on: Option<&'static str>,
}

impl Scripted {
    pub fn prints(mut self, program: &'static str, output: &[u8]) -> Self {
        let output = output.to_vec();
        self.programs.insert(program, Box::new(move |_, _| ran(output.clone())));
        self
    }

    pub fn holds(mut self, path: &'static str, bytes: &[u8]) -> Self {
        self.files.insert(path, bytes.to_vec());
        self
    }
}

fn none(path: &str) -> SysError {
    SysError::new("read", path, std::io::Error::from(std::io::ErrorKind::NotFound))
}

impl Machine for Scripted {
    fn root(&self) -> &str {
        "/"
    }

    fn is_live(&self) -> bool {
        true
    }

    fn run(&self, call: &Call, limit: Duration, _: &Interrupt) -> Answer {
        self.programs.get(call.program.as_str()).map_or(Answer::Missing, |answer| answer(call, limit))
    }

    fn read(&self, path: &str, max_bytes: usize, _: bool) -> SysResult<ReadFile> {
        if self.hangs_on == Some(path) {
            loop {
                std::thread::park();
            }
        }
        let bytes = self.files.get(path).ok_or_else(|| none(path))?;
        let is_cut = bytes.len() > max_bytes;
        let bytes = bytes[..bytes.len().min(max_bytes)].to_vec();
        Ok(ReadFile { bytes, is_cut, ..ReadFile::default() })
    }

    fn list(&self, path: &str) -> SysResult<Vec<String>> {
        let below = format!("{path}/");
        let names = self.files.keys().filter_map(|file| file.strip_prefix(&below));
        let mut names: Vec<String> =
            names.map(|rest| rest.split('/').next().unwrap_or_default().to_owned()).collect();
        names.dedup();
        if names.is_empty() { Err(none(path)) } else { Ok(names) }
    }

    fn read_link(&self, path: &str) -> SysResult<String> {
        Err(none(path))
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.is_dir(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.list(path).is_ok()
    }
}
