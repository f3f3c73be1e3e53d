//! The machine that is looked at: its programs and its files.
//!
//! Collectors know nothing else of the world, so that a recording of another machine takes its place in
//! tests. Programs run with a time limit, in the language C, with the system's own directories in their path
//! (cron's path often lacks `/usr/sbin`), and never through a shell.

use std::path::Path;
use std::time::Duration;

use crate::base::limits;
use crate::base::monitor::Interrupt;
use crate::sys::child::{Ending, Surroundings};
use crate::sys::command::{Cut, Input, Invocation};
use crate::sys::error::SysResult;
use crate::sys::rooted::{ReadFile, Rooted};

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name its output is kept under, such as `lsblk.json`.
    pub name: String,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Call {
    /// The command line, for people.
    pub fn display(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is no such program.
    Missing,
    /// It ran.
    Ran {
        /// Its output, as far as it is read.
        output: Vec<u8>,
        /// Whether there was more.
        is_cut: bool,
        /// How it ended, where that was by itself.
        status: Option<i32>,
        /// Whether it took too long.
        is_timed_out: bool,
        /// What became of it, as it reads after its name.
        report: String,
    },
}

/// A machine, or what was recorded of one.
pub trait Machine: Send + Sync {
    /// The directory that is taken for `/`, as the user named it.
    fn root(&self) -> &str;

    /// Whether that is the system that runs: then programs that ask the kernel speak of it.
    fn is_live(&self) -> bool;

    /// Runs a program to its end.
    fn run(&self, call: &Call, limit: Duration, interrupt: &Interrupt) -> Answer;

    /// Reads at most `max_bytes` of a file; of a block device too, where `devices` says so.
    fn read(&self, path: &str, max_bytes: usize, devices: bool) -> SysResult<ReadFile>;

    /// Names in a directory, sorted.
    fn list(&self, path: &str) -> SysResult<Vec<String>>;

    /// What a symbolic link says.
    fn read_link(&self, path: &str) -> SysResult<String>;

    /// Whether anything is there, links followed.
    fn exists(&self, path: &str) -> bool;

    /// Whether a directory is there, links followed.
    fn is_dir(&self, path: &str) -> bool;
}

/// The machine this process runs on, or a directory of it that holds another system.
#[derive(Debug)]
pub struct Live {
    root: String,
    files: Rooted,
    is_live: bool,
}

impl Live {
    /// The system below `root`.
    pub fn open(root: &Path) -> SysResult<Self> {
        let files = Rooted::open(root)?;
        let is_live = files.is_own_root();
        // With the real root, `/proc` and `/dev` are reached as everyone reaches them.
        let files = if is_live { Rooted::open(Path::new("/"))? } else { files };
        let root = if is_live { "/".to_owned() } else { root.to_string_lossy().into_owned() };
        Ok(Self { root, files, is_live })
    }
}

impl Machine for Live {
    fn root(&self) -> &str {
        &self.root
    }

    fn is_live(&self) -> bool {
        self.is_live
    }

    fn run(&self, call: &Call, limit: Duration, interrupt: &Interrupt) -> Answer {
        let variables =
            [("PATH", PATH), ("LC_ALL", "C"), ("LANGUAGE", ""), ("LVM_SUPPRESS_FD_WARNINGS", "1")];
        let invocation = Invocation {
            surroundings: Surroundings {
                directory: Some("/".into()),
                variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
                ..Surroundings::default()
            },
            time_limit: Some(limit),
            output_max_bytes: Some(limits::SYSTEM_OUTPUT_MAX_BYTES),
            ..Invocation::new(&call.program, &call.arguments)
        };
        match invocation.run(Input::Nothing, Some(interrupt)) {
            Ok(finished) => Answer::Ran {
                status: match (finished.cut, finished.ending) {
                    (None, Ending::Exited(status)) => Some(status),
                    _ => None,
                },
                is_timed_out: finished.cut == Some(Cut::TimedOut),
                report: finished.describe(),
                is_cut: finished.is_stdout_cut,
                output: finished.stdout,
            },
            Err(error) if error.is_not_found() => Answer::Missing,
            Err(error) => Answer::Ran {
                output: Vec::new(),
                is_cut: false,
                status: None,
                is_timed_out: false,
                report: format!("could not be run: {}", error.source),
            },
        }
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
