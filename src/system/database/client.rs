//! Running the databases' own programs: how they reach the server, and what is asked of them.
//!
//! A password travels in the variable that the database's own library reads, never in an argument, which
//! every user of the machine can see. Nothing of Lifeboat's own secrets is passed on.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{AttachedFile, ContributeError, Sink};
use crate::sys::command::{Input, Invocation};
use crate::sys::dialogue::Dialogue;
use crate::system::database::spec::Server;

/// How long a program may take that only says something about itself.
const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// How long a question to the server may take.
const QUESTION_LIMIT: Duration = Duration::from_secs(300);
/// The longest answer.
const ANSWER_MAX_BYTES: usize = 16 << 20;
/// Variables of ours that no database needs to know.
pub const SECRETS: [&str; 6] = [
    "LIFEBOAT_PASSPHRASE",
    "LIFEBOAT_PASSPHRASE_FILE",
    "LIFEBOAT_PASSPHRASE_COMMAND",
    "LIFEBOAT_IDENTITY_FILE",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// An error that names what was being done.
pub fn fault(what: impl AsRef<str>) -> impl Fn(io::Error) -> ContributeError {
    move |error| ContributeError(format!("{}: {error}", what.as_ref()))
}

impl Server {
    /// `program` with `arguments`, to be run as this server's programs are.
    pub fn invocation<A: Into<OsString>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Invocation {
        let program = match &self.bin_dir {
            Some(dir) if !program.contains('/') => dir.join(program).into_os_string(),
            _ => program.into(),
        };
        let mut invocation = Invocation::new(program, arguments).variable("LC_ALL", "C");
        invocation.surroundings.without = SECRETS.iter().map(OsString::from).collect();
        if let Some((name, account)) = &self.run_as {
            invocation.user = Some((account.uid, account.gid));
            invocation = invocation.variable("HOME", &account.home).variable("USER", name);
            // Ours may be one that the account cannot enter.
            invocation.surroundings.directory = Some("/".into());
        }
        invocation
    }
}

/// What a program prints, which must succeed.
pub fn ask(invocation: &Invocation, input: &str, interrupt: &Interrupt) -> Result<String, ContributeError> {
    let program = Path::new(&invocation.program).display().to_string();
    let mut invocation = invocation.clone();
    invocation.output_max_bytes = Some(ANSWER_MAX_BYTES);
    invocation.time_limit = invocation.time_limit.or(Some(QUESTION_LIMIT));
    let input = if input.is_empty() { Input::Nothing } else { Input::Bytes(input.as_bytes()) };
    let finished = invocation
        .run(input, Some(interrupt))
        .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
    match finished.is_success() {
        true => Ok(finished.text()),
        false => Err(ContributeError(format!("{program} {}", finished.describe()))),
    }
}

/// What a program says its version is: the first line of `--version`.
pub fn version_of(server: &Server, program: &str, interrupt: &Interrupt) -> Result<String, ContributeError> {
    let invocation = server.invocation(program, ["--version"]).within(VERSION_LIMIT);
    let text = ask(&invocation, "", interrupt)?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// The first of `programs` that can be run, with what it says its version is.
pub fn first_of<'p>(
    server: &Server,
    programs: &[&'p str],
    interrupt: &Interrupt,
) -> Result<(&'p str, String), ContributeError> {
    let mut first = None;
    for program in programs {
        match version_of(server, program, interrupt) {
            Ok(version) => return Ok((program, version)),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| ContributeError("no program is named".into())))
}

/// Streams what `invocation` prints into `sink`; it must succeed.
pub fn stream(
    invocation: &Invocation,
    file: AttachedFile,
    sink: &mut dyn Sink,
    interrupt: &Interrupt,
) -> Result<u64, ContributeError> {
    let mut output = Dialogue::listen(invocation, interrupt)
        .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
    let name = if file.subject.is_empty() { file.path.clone() } else { file.subject.clone() };
    sink.put(file, &mut output).map_err(fault(name))
}

/// A file of an attachment, before its length is known.
pub fn file(path: impl Into<String>, role: &str, subject: &str) -> AttachedFile {
    AttachedFile { path: path.into(), bytes: 0, role: role.into(), subject: subject.into() }
}
