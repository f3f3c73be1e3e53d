//! What one collector has in its hand: it runs programs and reads files, and all it gets is kept beside the
//! document.
//!
//! Nothing here fails: what could not be had is `None`, with a warning where it should have been there. A
//! program that is not installed and a file that does not exist are no warnings; most machines lack most of
//! them.

use std::sync::Arc;
use std::time::Instant;

use crate::base::limits;
use crate::base::monitor::Interrupt;
use crate::sys::error::SysError;
use crate::sys::rooted::ReadFile;
use crate::system::capture::machine::{Answer, Call, Machine};
use crate::system::model::RawFile;

/// How deep [`Probe::keep_tree`] goes.
const TREE_DEPTH_MAX: u32 = 8;

/// A file that is kept, with its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub file: RawFile,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// One collector's hand.
pub struct Probe {
    machine: Arc<dyn Machine>,
    interrupt: Interrupt,
    deadline: Instant,
    /// Whether LUKS headers may be kept.
    pub keeps_luks_headers: bool,
    /// What is kept.
    pub kept: Vec<Kept>,
    /// What could not be had, as sentences.
    pub warnings: Vec<String>,
    /// Whether something was left out because the time was over.
    pub is_timed_out: bool,
    kept_bytes: usize,
}

impl Probe {
    /// A hand on `machine` until `deadline`.
    pub fn new(machine: Arc<dyn Machine>, interrupt: Interrupt, deadline: Instant) -> Self {
        Self {
            machine,
            interrupt,
            deadline,
            keeps_luks_headers: false,
            kept: Vec::new(),
            warnings: Vec::new(),
            is_timed_out: false,
            kept_bytes: 0,
        }
    }

    /// Whether programs that ask the kernel speak of this system.
    pub fn is_live(&self) -> bool {
        self.machine.is_live()
    }

    /// The directory that is taken for `/`.
    pub fn root(&self) -> String {
        self.machine.root().to_owned()
    }

    /// Notes what could not be had.
    pub fn warn(&mut self, text: impl Into<String>) {
        if self.warnings.len() < limits::SYSTEM_WARNINGS_MAX {
            self.warnings.push(text.into());
        }
    }

    /// Runs a program and keeps its output as `outputs/NAME`; `None` if there is no such program, or no
    /// output.
    pub fn run(&mut self, name: &str, program: &str, arguments: &[&str]) -> Option<String> {
        self.run_allowing(name, program, arguments, &[])
    }

    /// The same where some statuses besides 0 are none of failure.
    pub fn run_allowing(
        &mut self,
        name: &str,
        program: &str,
        arguments: &[&str],
        allowed: &[i32],
    ) -> Option<String> {
        self.run_with(name, program, arguments, allowed, false)
    }

    /// The same for an output that holds secrets.
    pub fn run_secret(&mut self, name: &str, program: &str, arguments: &[&str]) -> Option<String> {
        self.run_with(name, program, arguments, &[], true)
    }

    fn run_with(
        &mut self,
        name: &str,
        program: &str,
        arguments: &[&str],
        allowed: &[i32],
        is_secret: bool,
    ) -> Option<String> {
        let call = Call {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || self.interrupt.is_set() {
            self.is_timed_out = true;
            self.warn(format!("`{}` was not run: the time was over", call.display()));
            return None;
        }
        match self.machine.run(&call, left, &self.interrupt) {
            Answer::Missing => None,
            Answer::Ran { output, is_cut, status, is_timed_out, report } => {
                self.is_timed_out |= is_timed_out;
                let is_fine = status.is_some_and(|status| status == 0 || allowed.contains(&status));
                if !is_fine {
                    self.warn(format!("`{}` {report}", call.display()));
                }
                if is_cut {
                    self.warn(format!("`{}` printed too much; its end is missing", call.display()));
                }
                if output.is_empty() {
                    return None;
                }
                let text = String::from_utf8_lossy(&output).into_owned();
                let source = call.display();
                let path = format!("outputs/{}", safe_name(name));
                let read = ReadFile { bytes: output, is_cut, ..ReadFile::default() };
                self.keep(path, source, read, is_secret);
                Some(text)
            }
        }
    }

    /// Reads a file as text and keeps it as `files/PATH`.
    pub fn file(&mut self, path: &str) -> Option<String> {
        self.read(path, false)
    }

    /// The same for a file that holds secrets.
    pub fn secret(&mut self, path: &str) -> Option<String> {
        self.read(path, true)
    }

    fn read(&mut self, path: &str, is_secret: bool) -> Option<String> {
        match self.machine.read(path, limits::SYSTEM_FILE_MAX_BYTES, false) {
            Ok(read) => {
                if read.is_cut {
                    self.warn(format!("{path} is too long; its end is missing"));
                }
                let text = String::from_utf8_lossy(&read.bytes).into_owned();
                self.keep(kept_path(path), path.to_owned(), read, is_secret);
                Some(text)
            }
            Err(error) => {
                self.warn_of(&error);
                None
            }
        }
    }

    fn warn_of(&mut self, error: &SysError) {
        let is_absent =
            matches!(error.io_kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory);
        if !is_absent {
            self.warn(format!("{error}: {}", error.source));
        }
    }

    /// A small file of the kernel's as trimmed text, not kept; `None` if it is missing or empty.
    pub fn peek(&self, path: &str) -> Option<String> {
        let read = self.machine.read(path, 1 << 16, false).ok()?;
        let text = String::from_utf8_lossy(&read.bytes).trim_matches(['\n', ' ', '\0']).to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The first `count` bytes of a device or file.
    pub fn beginning(&mut self, path: &str, count: usize) -> Option<Vec<u8>> {
        match self.machine.read(path, count, true) {
            Ok(read) => Some(read.bytes),
            Err(error) => {
                self.warn_of(&error);
                None
            }
        }
    }

    /// Names in a directory, sorted; none if there is no such directory.
    pub fn list(&mut self, path: &str) -> Vec<String> {
        match self.machine.list(path) {
            Ok(names) => names,
            Err(error) => {
                self.warn_of(&error);
                Vec::new()
            }
        }
    }

    /// What a link says.
    pub fn link(&self, path: &str) -> Option<String> {
        self.machine.read_link(path).ok()
    }

    /// Whether anything is there.
    pub fn exists(&self, path: &str) -> bool {
        self.machine.exists(path)
    }

    /// Whether a directory is there.
    pub fn is_dir(&self, path: &str) -> bool {
        self.machine.is_dir(path)
    }

    /// Reads and keeps the files of a directory whose names `wanted` likes: paths and texts, sorted.
    pub fn files(&mut self, directory: &str, wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for name in self.list(directory).into_iter().filter(|name| wanted(name)) {
            let path = format!("{directory}/{name}");
            if !self.is_dir(&path)
                && let Some(text) = self.file(&path)
            {
                found.push((path, text));
            }
        }
        found
    }

    /// Keeps every file below a directory, links left alone; answers their paths, sorted.
    pub fn keep_tree(&mut self, directory: &str, is_secret: bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![(directory.to_owned(), 0)];
        while let Some((directory, depth)) = open.pop() {
            for name in self.list(&directory) {
                let path = format!("{directory}/{name}");
                if self.link(&path).is_some() || self.kept.len() >= limits::SYSTEM_KEPT_MAX {
                    continue;
                }
                match self.is_dir(&path) {
                    true if depth < TREE_DEPTH_MAX => open.push((path, depth + 1)),
                    true => {}
                    false if self.read(&path, is_secret).is_some() => found.push(path),
                    false => {}
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Keeps bytes that come from neither a program nor a whole file.
    pub fn attach(&mut self, path: &str, source: &str, bytes: Vec<u8>, is_secret: bool) {
        let read = ReadFile { bytes, ..ReadFile::default() };
        self.keep(path.to_owned(), source.to_owned(), read, is_secret);
    }

    fn keep(&mut self, path: String, source: String, read: ReadFile, is_secret: bool) {
        if self.kept.iter().any(|kept| kept.file.path == path) {
            return;
        }
        let size = read.bytes.len();
        let is_full = self.kept.len() >= limits::SYSTEM_KEPT_MAX
            || self.kept_bytes.saturating_add(size) > limits::SYSTEM_KEPT_MAX_BYTES;
        if is_full {
            self.warn(format!("{source} is not kept: there is too much already"));
            return;
        }
        self.kept_bytes += size;
        let file = RawFile {
            path,
            source,
            size_bytes: size as u64,
            hash: blake3::hash(&read.bytes).to_hex().to_string(),
            mode: read.mode,
            owner: read.owner,
            is_secret,
            is_cut: read.is_cut,
        };
        self.kept.push(Kept { file, bytes: read.bytes });
    }
}

/// Where a file of the machine is kept: below `files`, without anything that leads elsewhere.
pub fn kept_path(path: &str) -> String {
    let names = path.split('/').filter(|name| !matches!(*name, "" | "." | ".."));
    format!("files/{}", names.collect::<Vec<_>>().join("/"))
}

/// A name of one file, whatever it was made from.
pub fn safe_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-+@".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).take(200).collect();
    if name.trim_matches('.').is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::{kept_path, safe_name};

    #[test]
    fn names_of_kept_files_lead_nowhere_else() {
        assert_eq!(kept_path("/etc/../../x//y/./z"), "files/etc/x/y/z");
        assert_eq!(safe_name("../a b/c\n"), ".._a_b_c_");
        assert_eq!((safe_name(".."), safe_name("")), ("_".to_owned(), "_".to_owned()));
    }
}
