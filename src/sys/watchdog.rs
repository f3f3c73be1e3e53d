//! A process of its own that undoes something by a deadline, whatever becomes of us.
//!
//! It is this very program, started again with [`WORD`] as its only argument, in a process group of its own
//! and deaf to requests to end. It holds our end of a pipe: when we say so, when we die (the pipe hangs up,
//! even after SIGKILL), or when the deadline is over, it runs its commands, once, and says how that went.
//! Nobody else runs them, so there are no two at it at a time. What kills it together with us, such as a
//! whole control group being killed, is out of its reach.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use serde::{Deserialize, Serialize};

use crate::base::monitor::Interrupt;
use crate::sys::command::{Input, Invocation};
use crate::sys::error::{SysError, SysResult};
use crate::sys::signal;

/// The argument that makes this program a watchdog.
pub const WORD: &str = "--as-watchdog";
/// How often a command that fails is tried in all, and the pause between.
const TRIES: (u32, Duration) = (3, Duration::from_secs(1));
/// The longest order.
const ORDER_MAX_BYTES: u64 = 1 << 20;

/// What is to be done, and by when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Counted from now.
    pub deadline: Duration,
    /// Commands for `sh -c`, in order; one that fails is tried again, and does not keep the next from
    /// running.
    pub commands: Vec<String>,
    /// Variables they get.
    pub variables: Vec<(String, String)>,
    /// How long each may take.
    pub limit: Duration,
}

/// Why it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// We asked for it.
    Asked,
    /// We are gone.
    Orphaned,
    /// The deadline was over.
    Deadline,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Why it was done.
    pub cause: Cause,
    /// What failed, as sentences; nothing if all went well.
    pub failures: Vec<String>,
}

/// The watchdog, as we see it. Dropping it has it act at once, and waits for that.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Watchdog {
    /// Starts it; when this returns, it is on its guard.
    pub fn arm(order: &Order) -> SysResult<Self> {
        let failed = |error| SysError::new("start", *b"the watchdog", error);
        // Whatever has become of the file that we were started from.
        let mut command = Command::new("/proc/self/exe");
        command.arg(WORD).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.process_group(0).spawn().map_err(failed)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (mut ask, stdout) = pipes.ok_or_else(|| failed(io::Error::other("it has no pipes")))?;
        let mut text = serde_json::to_vec(order).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        ask.write_all(&text).and_then(|()| ask.flush()).map_err(failed)?;
        let mut watchdog = Self { child, ask: Some(ask), answers: BufReader::new(stdout) };
        match watchdog.answer().map_err(failed)?.trim() {
            "armed" => Ok(watchdog),
            other => Err(failed(io::Error::other(format!("it says {other:?}")))),
        }
    }

    fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line)? {
            0 => Err(io::Error::other("it has gone")),
            _ => Ok(line),
        }
    }

    /// Has it act, unless it has done so already, and answers how that went.
    pub fn act(mut self) -> io::Result<Report> {
        if let Some(mut ask) = self.ask.take() {
            // One that has acted already listens no more.
            let _ = ask.write_all(b"act\n").and_then(|()| ask.flush());
            let line = self.answer();
            drop(ask);
            let _ = self.child.wait();
            return Ok(serde_json::from_str(&line?)?);
        }
        Err(io::Error::other("it has been asked already"))
    }

    /// Whether it has acted: nobody asked, but its deadline was over.
    pub fn has_acted(&self) -> bool {
        let mut fds = [PollFd::new(self.answers.get_ref(), PollFlags::IN)];
        let at_once = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.answers.buffer().is_empty() || poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if self.ask.take().is_some() {
            // It sees us gone, and acts; there is nobody to tell how it went.
            let _ = self.answer();
            let _ = self.child.wait();
        }
    }
}

/// What the process does that was started with [`WORD`]: its exit status.
pub fn watch() -> u8 {
    // Requests to end are heard, and not followed.
    let _ = signal::watch(&Interrupt::default());
    match serve() {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn serve() -> io::Result<()> {
    let mut text = String::new();
    let mut input = BufReader::new(io::stdin());
    io::Read::take(&mut input, ORDER_MAX_BYTES).read_line(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    let deadline = Instant::now() + order.deadline;
    let mut out = io::stdout();
    out.write_all(b"armed\n").and_then(|()| out.flush())?;
    let cause = wait(&mut input, deadline)?;
    let report = Report { cause, failures: carry_out(&order) };
    let mut answer = serde_json::to_vec(&report)?;
    answer.push(b'\n');
    out.write_all(&answer).and_then(|()| out.flush())
}

/// Waits for the first of what makes it act.
fn wait(input: &mut BufReader<io::Stdin>, deadline: Instant) -> io::Result<Cause> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Cause::Deadline);
        }
        let step = left.min(Duration::from_secs(3600));
        // Both fit: at most an hour, and less than a second.
        let limit = rustix::time::Timespec { tv_sec: step.as_secs() as _, tv_nsec: step.subsec_nanos() as _ };
        let mut fds = [PollFd::new(input.get_ref(), PollFlags::IN)];
        match poll(&mut fds, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut line = String::new();
        return Ok(match input.read_line(&mut line) {
            Ok(len) if len > 0 => Cause::Asked,
            _ => Cause::Orphaned,
        });
    }
}

fn carry_out(order: &Order) -> Vec<String> {
    let mut failures = Vec::new();
    for script in &order.commands {
        let mut last = None;
        for tried in 0..TRIES.0 {
            if tried > 0 {
                thread::sleep(TRIES.1);
            }
            let mut invocation = Invocation::shell(script).within(order.limit);
            let variables = order.variables.iter();
            invocation.surroundings.variables =
                variables.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
            last = match invocation.run(Input::Nothing, None) {
                Ok(finished) if finished.is_success() => None,
                Ok(finished) => Some(finished.describe()),
                Err(error) => Some(format!("{error}: {}", error.source)),
            };
            if last.is_none() {
                break;
            }
        }
        failures.extend(last.map(|why| format!("`{script}` {why}")));
    }
    failures
}
