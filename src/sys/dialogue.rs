//! A program that is spoken with, and whose output is read as it comes.
//!
//! It reads as a stream whose end is only an end if the program succeeded: otherwise, and where it takes too
//! long or the run is interrupted, reading fails with the program's last words. So whoever passes the stream
//! on cannot take half an output for a whole one. Like `command::Invocation::run` it runs in a process group
//! of its own, which is ended with it.

use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::base::monitor::Interrupt;
use crate::sys::child::{Ending, Tail};
use crate::sys::command::{Input, Invocation};
use crate::sys::error::{SysError, SysResult};

/// The longest time between two looks at the interrupt and the clock.
const LOOK: Duration = Duration::from_millis(200);
/// How long the group has between being asked and being made to end.
const GRACE: Duration = Duration::from_secs(5);
/// The longest line that is read as one.
const LINE_MAX_BYTES: usize = 16 << 20;
/// Bytes read at a time.
const READ_BYTES: usize = 64 << 10;

/// A running program.
#[derive(Debug)]
pub struct Dialogue {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    tail: Option<Tail>,
    program: String,
    deadline: Option<Instant>,
    interrupt: Interrupt,
    /// What was read and not given out yet, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    ending: Option<Ending>,
}

impl Dialogue {
    /// Starts what `invocation` says; its time limit is that of the whole dialogue.
    pub fn start(invocation: &Invocation, interrupt: &Interrupt) -> SysResult<Self> {
        let failed = |error| SysError::new("run", invocation.program.as_bytes(), error);
        let mut command = invocation.command(&Input::Nothing);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let tail = child.stderr.take().map(Tail::follow);
        let stdin = child.stdin.take();
        let Some(stdout) = child.stdout.take() else {
            return Err(failed(io::Error::other("it has no standard output")));
        };
        Ok(Self {
            child,
            stdin,
            stdout,
            tail,
            program: invocation.program.to_string_lossy().into_owned(),
            deadline: invocation.time_limit.map(|limit| Instant::now() + limit),
            interrupt: interrupt.clone(),
            buffer: Vec::new(),
            at: 0,
            ending: None,
        })
    }

    /// Starts it with nothing to read.
    pub fn listen(invocation: &Invocation, interrupt: &Interrupt) -> SysResult<Self> {
        let mut dialogue = Self::start(invocation, interrupt)?;
        dialogue.hang_up();
        Ok(dialogue)
    }

    /// Writes `text` to its standard input.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Err(io::Error::other("it no longer listens")) };
        match stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()) {
            // It has ended; why is in its last words, not in our broken pipe.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.untimely_end()),
            other => other,
        }
    }

    /// Ends its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The next line of its output without the line feed; its end is an error.
    pub fn line(&mut self) -> io::Result<String> {
        let mut searched = self.at;
        loop {
            if let Some(len) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + len;
                let line = String::from_utf8_lossy(&self.buffer[self.at..end]).into_owned();
                self.at = end + 1;
                return Ok(line);
            }
            if self.buffer.len() - self.at > LINE_MAX_BYTES {
                return Err(io::Error::other(format!("{} prints an endless line", self.program)));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            searched = self.buffer.len();
            self.buffer.resize(searched + READ_BYTES, 0);
            self.wait_for_output()?;
            let read = self.stdout.read(&mut self.buffer[searched..]);
            self.buffer.truncate(searched + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return Err(self.untimely_end());
            }
        }
    }

    /// Waits for the end of a program whose output is not wanted any more; its failure is an error.
    pub fn finish(mut self) -> io::Result<()> {
        self.hang_up();
        io::copy(&mut self, &mut io::sink()).map(drop)
    }

    /// What it said on standard error, once its output has been read to the end.
    pub fn last_words(&mut self) -> String {
        self.tail.take().map(Tail::text).unwrap_or_default()
    }

    fn wait_for_output(&mut self) -> io::Result<()> {
        loop {
            if self.interrupt.is_set() {
                return Err(io::Error::other("interrupted"));
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("{} takes longer than its time limit", self.program),
                ));
            }
            let mut fds = [PollFd::new(&self.stdout, PollFlags::IN)];
            // It is below a second, so it fits.
            let limit = rustix::time::Timespec { tv_sec: 0, tv_nsec: LOOK.subsec_nanos().into() };
            match poll(&mut fds, Some(&limit)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn untimely_end(&mut self) -> io::Error {
        match self.end() {
            Ok(()) => self.failure("ended too early"),
            Err(error) => error,
        }
    }

    fn failure(&mut self, what: &str) -> io::Error {
        let said = self.last_words();
        io::Error::other(match said.trim() {
            "" => format!("{} {what}", self.program),
            said => format!("{} {what}: {said}", self.program),
        })
    }

    /// Waits for the end, which must be a success.
    fn end(&mut self) -> io::Result<()> {
        self.hang_up();
        let ending = match self.ending {
            Some(ending) => ending,
            None => {
                let ending = self.wait()?;
                self.ending = Some(ending);
                ending
            }
        };
        match ending.is_success() {
            true => Ok(()),
            false => Err(self.failure(&ending.to_string())),
        }
    }

    /// Output has ended, so the end is near; one that closes its output and goes on is waited for as long as
    /// the time limit says.
    fn wait(&mut self) -> io::Result<Ending> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Ending::of(status));
            }
            if self.interrupt.is_set() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(io::Error::other(format!("{} does not end", self.program)));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Read for Dialogue {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        if self.at < self.buffer.len() {
            let len = into.len().min(self.buffer.len() - self.at);
            into[..len].copy_from_slice(&self.buffer[self.at..self.at + len]);
            self.at += len;
            return Ok(len);
        }
        self.wait_for_output()?;
        match self.stdout.read(into)? {
            0 => self.end().map(|()| 0),
            len => Ok(len),
        }
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.stdin = None;
        let group = Pid::from_child(&self.child);
        // It may have ended already; and there is nobody to tell.
        let _ = kill_process_group(group, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(5));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Dialogue {
        Dialogue::start(&Invocation::shell(script), &Interrupt::default()).unwrap()
    }

    #[test]
    fn questions_are_answered_and_the_rest_is_a_stream() {
        let mut dialogue = start("read q; echo \"you said $q\"; read r; printf '%s' \"$r\"");
        dialogue.say("this\n").unwrap();
        assert_eq!(dialogue.line().unwrap(), "you said this");
        dialogue.say("all the rest\n").unwrap();
        let mut rest = String::new();
        dialogue.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "all the rest");
    }

    #[test]
    fn the_end_of_a_program_that_fails_is_no_end() {
        let mut output = Vec::new();
        let error = start("echo half; echo why >&2; exit 3").read_to_end(&mut output).unwrap_err();
        assert_eq!(
            (&output[..], error.to_string()),
            (&b"half\n"[..], "/bin/sh exited with status 3: why".into())
        );
        let error =
            start("echo only; echo bye >&2").line().and_then(|_| start("echo bye >&2").line()).unwrap_err();
        assert_eq!(error.to_string(), "/bin/sh ended too early: bye");
    }

    #[test]
    fn what_takes_too_long_or_is_interrupted_is_ended_with_all_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("alive");
        let script =
            format!("(while :; do echo x > {0}; rm {0}; sleep 0.05; done) & sleep 1000", file.display());
        let invocation = Invocation::shell(&script).within(Duration::from_millis(300));
        let mut dialogue = Dialogue::listen(&invocation, &Interrupt::default()).unwrap();
        let error = dialogue.read(&mut [0; 10]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        drop(dialogue);
        let _ = std::fs::remove_file(&file);
        thread::sleep(Duration::from_millis(200));
        assert!(!file.exists(), "a child lives on");

        let interrupt = Interrupt::default();
        let mut dialogue = Dialogue::listen(&Invocation::shell("sleep 1000"), &interrupt).unwrap();
        interrupt.set();
        assert!(dialogue.read(&mut [0; 10]).is_err());
    }

    #[test]
    fn large_output_comes_whole_and_a_flood_of_words_blocks_nobody() {
        let mut dialogue = start("head -c 3000000 /dev/zero >&2; echo first; head -c 3000000 /dev/zero");
        assert_eq!(dialogue.line().unwrap(), "first");
        assert_eq!(io::copy(&mut dialogue, &mut io::sink()).unwrap(), 3_000_000);
    }
}
