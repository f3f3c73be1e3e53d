//! A program that is run to its end: what it gets, how long it may take, and what came of it.
//!
//! It runs in a process group of its own. Where it takes too long, or the run is interrupted, the whole
//! group is asked to end (SIGTERM) and, after a grace, made to (SIGKILL): a shell's children go with it. What
//! a program that ended by itself left running in the background is left alone, and holds nobody up.
//!
//! Left out: shells (the caller says `sh -c` where it means one), and output that is streamed while the
//! program runs; that is `child::Running`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::base::monitor::Interrupt;
use crate::sys::child::{Ending, Surroundings};
use crate::sys::error::{SysError, SysResult, show_path};

/// Bytes of standard output that are kept unless the caller says otherwise.
pub const OUTPUT_MAX_BYTES: usize = 1 << 20;
/// Bytes of standard error that are kept: its end.
const TAIL_MAX_BYTES: usize = 16 << 10;
/// How long a group has between being asked and being made to end.
const GRACE: Duration = Duration::from_secs(5);
/// How long output may come after the end, where something in the background still holds the pipe.
const OUTPUT_GRACE: Duration = Duration::from_secs(1);
/// The longest and the shortest time between two looks at a running program.
const POLL: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// What to run, as data: it can be shown before it is carried out.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The program, looked up in `PATH`, and its arguments.
    pub program: OsString,
    /// See `program`.
    pub arguments: Vec<OsString>,
    /// Working directory and environment.
    pub surroundings: Surroundings,
    /// Starts from an empty environment rather than ours.
    pub clean_environment: bool,
    /// The numbers of the user and group it runs as, without further groups; ours if none.
    pub user: Option<(u32, u32)>,
    /// When it is ended; never if none.
    pub time_limit: Option<Duration>,
    /// Bytes of standard output that are kept; `OUTPUT_MAX_BYTES` if none. The rest is read and dropped.
    pub output_max_bytes: Option<usize>,
}

/// What a program reads as standard input.
pub enum Input<'a> {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(&'a [u8]),
    /// All that this gives, as it comes. An error in it ends the program, and is the call's.
    Stream(&'a mut (dyn Read + Send)),
}

/// Why a program did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It took longer than its time limit.
    TimedOut,
    /// The run was interrupted.
    Interrupted,
}

/// How a program ended, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// Whether we ended it, and why.
    pub cut: Option<Cut>,
    /// The beginning of its standard output, as many bytes as were to be kept.
    pub stdout: Vec<u8>,
    /// Whether there was more.
    pub is_stdout_cut: bool,
    /// The end of its standard error, as text fit to be shown.
    pub stderr_tail: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Finished {
    /// Whether it ended by itself, with status 0.
    pub fn is_success(&self) -> bool {
        self.cut.is_none() && self.ending.is_success()
    }

    /// Its standard output as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// What became of it, as it reads after the program's name: "exited with status 3: no such table".
    pub fn describe(&self) -> String {
        let what = match self.cut {
            Some(Cut::TimedOut) => {
                format!("was ended after {:.1} s, its time limit", self.elapsed.as_secs_f64())
            }
            Some(Cut::Interrupted) => "was interrupted".to_owned(),
            None => self.ending.to_string(),
        };
        match self.stderr_tail.trim() {
            "" => what,
            tail => format!("{what}: {tail}"),
        }
    }
}

impl Invocation {
    /// `program` with `arguments`, in our own surroundings and without a time limit.
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// `script` run by `sh -c`; what it needs to know travels as variables, never pasted into it.
    pub fn shell(script: &str) -> Self {
        Self::new("/bin/sh", ["-c", script])
    }

    /// The same with a time limit.
    pub fn within(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// The same with one more variable.
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.surroundings.variables.push((name.into(), value.into()));
        self
    }

    /// How it could be typed into a shell; for people, not for running.
    pub fn display(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| quote(word)).collect::<Vec<_>>().join(" ")
    }

    /// Runs it to its end. A program that could not be started, or input that could not be read, is an
    /// error; one that failed is not: look at the result.
    pub fn run(&self, input: Input<'_>, interrupt: Option<&Interrupt>) -> SysResult<Finished> {
        let failed = |error| SysError::new("run", self.program.as_bytes(), error);
        let begun = Instant::now();
        let mut child = self.command(&input).spawn().map_err(failed)?;
        let kept = self.output_max_bytes.unwrap_or(OUTPUT_MAX_BYTES);
        let stdout = child.stdout.take().map(|pipe| Kept::follow(pipe, kept, End::First));
        let stderr = child.stderr.take().map(|pipe| Kept::follow(pipe, TAIL_MAX_BYTES, End::Last));
        let stdin = child.stdin.take();
        let (waited, fed) = thread::scope(|scope| {
            let group = Pid::from_child(&child);
            let feeding = scope.spawn(move || feed(stdin, input, group));
            let waited = self.wait(&mut child, begun, interrupt, || feeding.is_finished());
            (waited, feeding.join())
        });
        let (ending, cut) = waited.map_err(failed)?;
        let elapsed = begun.elapsed();
        let (stdout, is_stdout_cut) = stdout.map(Kept::bytes).unwrap_or_default();
        let (stderr, _) = stderr.map(Kept::bytes).unwrap_or_default();
        match fed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(SysError::new("read the input of", self.program.as_bytes(), error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        let stderr_tail =
            stderr.trim_ascii_end().split(|byte| *byte == b'\n').map(show_path).collect::<Vec<_>>();
        Ok(Finished {
            ending,
            cut,
            stdout,
            is_stdout_cut,
            stderr_tail: stderr_tail.join("\n").trim_end().to_owned(),
            elapsed,
        })
    }

    pub(super) fn command(&self, input: &Input<'_>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if self.clean_environment {
            command.env_clear();
        }
        self.surroundings.apply(&mut command);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        let stdin = if matches!(input, Input::Nothing) { Stdio::null() } else { Stdio::piped() };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }

    /// Waits for the end, and brings it about where the time is over.
    fn wait(
        &self,
        child: &mut Child,
        begun: Instant,
        interrupt: Option<&Interrupt>,
        is_fed: impl Fn() -> bool,
    ) -> io::Result<(Ending, Option<Cut>)> {
        let mut cut: Option<(Cut, Instant)> = None;
        let mut pause = POLL.0;
        let group = Pid::from_child(child);
        loop {
            if let Some(status) = child.try_wait()? {
                let ended = Instant::now();
                while cut.is_none() && !is_fed() && ended.elapsed() < OUTPUT_GRACE {
                    thread::sleep(POLL.0);
                }
                if cut.is_some() || !is_fed() {
                    // What was to end with the program, or something that holds the pipe we feed and reads
                    // nothing. An answer that there is no such group is as good.
                    let _ = kill_process_group(group, Signal::KILL);
                }
                return Ok((Ending::of(status), cut.map(|(cut, _)| cut)));
            }
            match cut {
                None if interrupt.is_some_and(Interrupt::is_set) => {
                    cut = Some((Cut::Interrupted, Instant::now()));
                    // It may have ended this moment; the next look tells.
                    let _ = kill_process_group(group, Signal::TERM);
                }
                None if self.time_limit.is_some_and(|limit| begun.elapsed() >= limit) => {
                    cut = Some((Cut::TimedOut, Instant::now()));
                    let _ = kill_process_group(group, Signal::TERM);
                }
                Some((_, since)) if since.elapsed() >= GRACE => {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                _ => {}
            }
            thread::sleep(pause);
            pause = (pause * 2).min(POLL.1);
        }
    }
}

/// Writes the input; a program that closes its standard input has had enough.
fn feed(stdin: Option<ChildStdin>, input: Input<'_>, group: Pid) -> io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    let enough = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match input {
        Input::Nothing => Ok(()),
        Input::Bytes(bytes) => stdin.write_all(bytes).or_else(|e| if enough(&e) { Ok(()) } else { Err(e) }),
        Input::Stream(stream) => {
            let mut buffer = vec![0; 64 << 10];
            loop {
                let count = match stream.read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => {
                        // Before its input ends: it would take half of it for the whole.
                        let _ = kill_process_group(group, Signal::KILL);
                        return Err(error);
                    }
                };
                match stdin.write_all(&buffer[..count]) {
                    Ok(()) => {}
                    Err(error) if enough(&error) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// One word as a shell would need it.
fn quote(word: &OsStr) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+=./:,@%".contains(byte);
    let shown = show_path(word.as_bytes());
    match word.as_bytes() {
        bytes if !bytes.is_empty() && bytes.iter().all(is_plain) => shown,
        _ => format!("'{}'", word.to_string_lossy().replace('\'', "'\\''").replace(char::is_control, "?")),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// One end of a stream, read by a thread of its own, which outlives us where the stream does.
struct Kept {
    state: Arc<Mutex<(Vec<u8>, bool)>>,
    /// Hangs up when the stream has ended.
    ended: Receiver<()>,
}

impl Kept {
    fn follow(mut input: impl Read + Send + 'static, max_bytes: usize, end: End) -> Self {
        let state = Arc::new(Mutex::new((Vec::new(), false)));
        let (ending, ended) = mpsc::channel();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let _ending: mpsc::Sender<()> = ending;
            let mut buffer = [0; 8192];
            loop {
                match input.read(&mut buffer) {
                    Ok(0) => return,
                    Ok(count) => keep(&mut lock(&shared), &buffer[..count], max_bytes, end),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        });
        Self { state, ended }
    }

    /// What came up to now, after a moment's grace, and whether there was more.
    fn bytes(self) -> (Vec<u8>, bool) {
        // Either answer means that nothing more is worth waiting for.
        let _ = self.ended.recv_timeout(OUTPUT_GRACE);
        std::mem::take(&mut *lock(&self.state))
    }
}

fn keep(kept: &mut (Vec<u8>, bool), new: &[u8], max_bytes: usize, end: End) {
    let (bytes, is_cut) = kept;
    match end {
        End::First => {
            let room = max_bytes.saturating_sub(bytes.len()).min(new.len());
            bytes.extend_from_slice(&new[..room]);
            *is_cut |= room < new.len();
        }
        End::Last => {
            bytes.extend_from_slice(new);
            let excess = bytes.len().saturating_sub(max_bytes);
            bytes.drain(..excess);
            *is_cut |= excess > 0;
        }
    }
}

/// Bytes are whole even if a holder panicked.
fn lock(state: &Mutex<(Vec<u8>, bool)>) -> std::sync::MutexGuard<'_, (Vec<u8>, bool)> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Finished {
        Invocation::shell(script).run(Input::Nothing, None).unwrap()
    }

    #[test]
    fn output_last_words_and_status_come_back() {
        let finished = run("echo out; echo err >&2; exit 3");
        assert_eq!((finished.text().as_str(), finished.stderr_tail.as_str()), ("out\n", "err"));
        assert_eq!((finished.ending, finished.cut), (Ending::Exited(3), None));
        assert_eq!(finished.describe(), "exited with status 3: err");
        assert!(!finished.is_success() && run("true").is_success());
    }

    #[test]
    fn a_flood_of_output_is_cut_and_blocks_nobody() {
        let mut invocation = Invocation::shell("head -c 9000000 /dev/zero; echo last >&2");
        invocation.output_max_bytes = Some(1000);
        let finished = invocation.run(Input::Nothing, None).unwrap();
        assert_eq!((finished.stdout.len(), finished.is_stdout_cut), (1000, true));
        assert!(finished.is_success() && finished.stderr_tail == "last");
    }

    #[test]
    fn input_arrives_whole_and_a_program_may_have_enough_of_it() {
        let bytes = vec![b'x'; 1 << 20];
        let count = Invocation::new("wc", ["-c"]).run(Input::Bytes(&bytes), None).unwrap();
        assert_eq!(count.text().trim(), "1048576");
        let mut endless = io::repeat(b'y');
        let finished = Invocation::new("head", ["-c", "3"]).run(Input::Stream(&mut endless), None).unwrap();
        assert_eq!(finished.text(), "yyy");
    }

    #[test]
    fn input_that_cannot_be_read_is_an_error_even_where_the_program_is_content() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the pack is damaged"))
            }
        }
        let error = Invocation::new("cat", [""; 0]).run(Input::Stream(&mut Broken), None).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the input of cat");
        assert_eq!(error.source.to_string(), "the pack is damaged");
    }

    #[test]
    fn a_program_past_its_time_is_ended_with_its_children() {
        let mark = tempfile::NamedTempFile::new().unwrap();
        let script = "(sleep 3; echo late >> \"$MARK\") & sleep 1000";
        let begun = Instant::now();
        let finished = Invocation::shell(script)
            .variable("MARK", mark.path())
            .within(Duration::from_millis(100))
            .run(Input::Nothing, None)
            .unwrap();
        assert_eq!(finished.cut, Some(Cut::TimedOut));
        assert!(finished.describe().contains("time limit") && begun.elapsed() < Duration::from_secs(30));
        // The child that would have written belongs to the group, and is gone.
        let group = Invocation::shell("sleep 3.5; cat \"$MARK\"").variable("MARK", mark.path());
        assert_eq!(group.run(Input::Nothing, None).unwrap().text(), "");
    }

    #[test]
    fn one_that_heeds_no_request_is_made_to_end() {
        let script = "trap '' TERM; while :; do sleep 0.05; done";
        let finished =
            Invocation::shell(script).within(Duration::from_millis(50)).run(Input::Nothing, None).unwrap();
        assert_eq!((finished.ending, finished.cut), (Ending::Killed(libc::SIGKILL), Some(Cut::TimedOut)));
    }

    #[test]
    fn an_interrupt_ends_it() {
        let interrupt = Interrupt::default();
        interrupt.set();
        let finished = Invocation::new("sleep", ["1000"]).run(Input::Nothing, Some(&interrupt)).unwrap();
        assert_eq!(finished.cut, Some(Cut::Interrupted));
    }

    #[test]
    fn something_left_in_the_background_holds_nobody_up_and_is_left_alone() {
        let begun = Instant::now();
        let finished = run("sleep 5 & echo $!");
        assert!(finished.is_success() && begun.elapsed() < Duration::from_secs(4));
        let pid: u32 = finished.text().trim().parse().unwrap();
        assert!(crate::sys::process::is_alive(pid));
    }

    #[test]
    fn a_clean_environment_holds_only_what_is_given() {
        let mut invocation = Invocation::new("/usr/bin/env", [""; 0]).variable("ONLY", "this");
        invocation.clean_environment = true;
        assert_eq!(invocation.run(Input::Nothing, None).unwrap().text(), "ONLY=this\n");
    }

    #[test]
    fn it_is_shown_as_a_shell_would_need_it() {
        let invocation = Invocation::new("sfdisk", ["--label", "a b", "it's", ""]);
        assert_eq!(invocation.display(), "sfdisk --label 'a b' 'it'\\''s' ''");
    }

    #[test]
    fn what_cannot_be_started_is_named() {
        let error = Invocation::new("/no/such", [""; 0]).run(Input::Nothing, None).unwrap_err();
        assert_eq!(error.to_string(), "cannot run /no/such");
    }
}
