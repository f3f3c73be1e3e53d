//! Other programs: one whose output is backed up as it comes, and one that is run in sight.
//!
//! A program's success is only known at its end. Whoever reads its output must `finish` it and look
//! at the result before keeping what was read; dropping it instead kills it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::sys::error::{SysError, SysResult, show_path};

/// Bytes of a program's last words that are kept.
const TAIL_MAX_BYTES: usize = 16 << 10;
/// How long the last words may come after the end. A program that leaves another running in the
/// background leaves it the pipe as well, and that must not hold us up.
const TAIL_GRACE: Duration = Duration::from_secs(1);

/// Where a program's standard error goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// To our own.
    Inherit,
    /// Nowhere, but its end is kept for the report.
    KeepTail,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
}

impl Ending {
    /// Whether it ended with status 0.
    pub fn is_success(self) -> bool {
        self == Ending::Exited(0)
    }

    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Killed(signal.unwrap_or(0)),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Exited(status) => write!(f, "exited with status {status}"),
            Ending::Killed(signal) => write!(f, "was killed by signal {signal}"),
        }
    }
}

/// A program's ending and last words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// The end of what it said on standard error (a hook: on standard output too), as text fit to be
    /// shown; empty where that was inherited.
    pub tail: String,
}

/// A running program whose standard output is read here.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Option<ChildStdout>,
    tail: Option<Tail>,
    program: OsString,
    is_reaped: bool,
}

/// Where a program runs, and in which environment, where that is not our own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Its working directory; ours if none.
    pub directory: Option<PathBuf>,
    /// Variables it gets beside ours.
    pub variables: Vec<(OsString, OsString)>,
    /// Variables of ours that it does not get.
    pub without: Vec<OsString>,
}

impl Surroundings {
    fn command(&self, program: &OsStr, arguments: &[OsString]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        self.apply(&mut command);
        command
    }

    /// Makes `command` run in them.
    pub(super) fn apply(&self, command: &mut Command) {
        for name in &self.without {
            command.env_remove(name);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
    }
}

/// Runs a program to its end that says what it says on our own standard output and error.
pub fn run_in_sight(
    program: &OsStr,
    arguments: &[OsString],
    surroundings: &Surroundings,
) -> SysResult<Ending> {
    let status = surroundings.command(program, arguments).status();
    status.map(Ending::of).map_err(|error| SysError::new("run", program.as_bytes(), error))
}

impl Running {
    /// Starts `program` with `arguments`, without standard input.
    pub fn spawn(program: &OsStr, arguments: &[OsString], stderr: Stderr) -> SysResult<Self> {
        Self::spawn_in(program, arguments, stderr, &Surroundings::default())
    }

    /// The same, somewhere else.
    pub fn spawn_in(
        program: &OsStr,
        arguments: &[OsString],
        stderr: Stderr,
        surroundings: &Surroundings,
    ) -> SysResult<Self> {
        let mut command = surroundings.command(program, arguments);
        command.stdout(Stdio::piped());
        command.stderr(match stderr {
            Stderr::Inherit => Stdio::inherit(),
            Stderr::KeepTail => Stdio::piped(),
        });
        let failed = |error| SysError::new("run", program.as_bytes(), error);
        let mut child = command.spawn().map_err(failed)?;
        let tail = child.stderr.take().map(Tail::follow);
        let stdout = child.stdout.take();
        Ok(Self { child, stdout, tail, program: program.to_owned(), is_reaped: false })
    }

    /// Waits for the end. Output that was not read is dropped with its pipe: a program that still
    /// writes is then ended by the system.
    pub fn finish(mut self) -> SysResult<Outcome> {
        drop(self.stdout.take());
        let status =
            self.child.wait().map_err(|error| SysError::new("wait for", self.program.as_bytes(), error))?;
        self.is_reaped = true;
        let tail = self.tail.take().map(Tail::text).unwrap_or_default();
        Ok(Outcome { ending: Ending::of(status), tail })
    }
}

impl Read for Running {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stdout {
            Some(stdout) => stdout.read(buffer),
            None => Ok(0),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_reaped {
            // It may have ended already; and there is nobody to tell.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The last bytes of a stream, read by a thread of its own.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    /// Hangs up when the stream has ended.
    ended: Receiver<()>,
}

impl Tail {
    pub(super) fn follow(input: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(VecDeque::with_capacity(TAIL_MAX_BYTES)));
        let (ending, ended) = mpsc::channel();
        let shared = Arc::clone(&bytes);
        thread::spawn(move || {
            let _ending: mpsc::Sender<()> = ending;
            keep_tail(input, &shared);
        });
        Self { bytes, ended }
    }

    /// What came up to now, after a moment's grace; line by line, fit for a terminal.
    pub(super) fn text(self) -> String {
        // Either answer means that nothing more is worth waiting for.
        let _ = self.ended.recv_timeout(TAIL_GRACE);
        let bytes = Vec::from(std::mem::take(&mut *lock(&self.bytes)));
        let lines: Vec<String> = bytes.trim_ascii_end().split(|byte| *byte == b'\n').map(show_path).collect();
        lines.join("\n")
    }
}

/// Bytes are whole even if a holder panicked.
fn lock(bytes: &Mutex<VecDeque<u8>>) -> std::sync::MutexGuard<'_, VecDeque<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads to the end and keeps the last bytes.
fn keep_tail(mut input: impl Read, tail: &Mutex<VecDeque<u8>>) {
    let mut buffer = [0; 4096];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let mut tail = lock(tail);
                let excess = (tail.len() + count).saturating_sub(TAIL_MAX_BYTES);
                tail.drain(..excess);
                tail.extend(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, stderr: Stderr) -> Running {
        Running::spawn("/bin/sh".as_ref(), &["-c".into(), script.into()], stderr).unwrap()
    }

    #[test]
    fn output_comes_whole_and_the_ending_is_told() {
        let mut running = sh("head -c 1000000 /dev/zero; echo oops >&2; exit 3", Stderr::KeepTail);
        let mut output = Vec::new();
        running.read_to_end(&mut output).unwrap();
        let outcome = running.finish().unwrap();
        assert_eq!((output.len(), outcome.ending), (1_000_000, Ending::Exited(3)));
        assert_eq!(outcome.tail, "oops");
        assert!(!outcome.ending.is_success());
    }

    #[test]
    fn a_killed_program_is_no_success() {
        let outcome = sh("kill -9 $$", Stderr::Inherit).finish().unwrap();
        assert_eq!(outcome.ending, Ending::Killed(9));
    }

    #[test]
    fn a_program_that_floods_both_streams_blocks_nobody_and_its_last_words_are_kept() {
        let mut running = sh("head -c 9000000 /dev/zero >&2; echo last >&2; echo out", Stderr::KeepTail);
        let mut output = String::new();
        running.read_to_string(&mut output).unwrap();
        let outcome = running.finish().unwrap();
        assert_eq!((output.as_str(), outcome.ending.is_success()), ("out\n", true));
        assert!(outcome.tail.ends_with("last") && outcome.tail.len() <= 4 * TAIL_MAX_BYTES);
    }

    #[test]
    fn a_program_that_is_dropped_or_left_unread_does_not_hang_us() {
        drop(sh("exec sleep 1000", Stderr::Inherit));
        let outcome = sh("exec cat /dev/zero", Stderr::Inherit).finish().unwrap();
        assert_eq!(outcome.ending, Ending::Killed(libc::SIGPIPE));
    }

    #[test]
    fn a_program_runs_where_it_is_told_to_and_sees_what_it_is_meant_to_see() {
        let surroundings = Surroundings {
            directory: Some("/".into()),
            variables: vec![("WHAT".into(), "this".into())],
            without: vec!["PATH".into()],
        };
        let script = ["-c".into(), "pwd; echo $WHAT; /usr/bin/env | grep -c ^PATH=".into()];
        let mut running =
            Running::spawn_in("/bin/sh".as_ref(), &script, Stderr::Inherit, &surroundings).unwrap();
        let mut output = String::new();
        running.read_to_string(&mut output).unwrap();
        assert_eq!(output, "/\nthis\n0\n");
        let ending = run_in_sight("/bin/sh".as_ref(), &["-c".into(), "exit 4".into()], &surroundings);
        assert_eq!(ending.unwrap(), Ending::Exited(4));
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let error = Running::spawn("/no/such\nprogram".as_ref(), &[], Stderr::Inherit).unwrap_err();
        assert_eq!(error.to_string(), "cannot run /no/such\\nprogram");
    }
}
