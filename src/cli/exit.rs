//! How a command ends: the one place where a failure becomes a message and an exit status.
//!
//! A `Failure` is what a person reads: a kind, a message that already holds the chain of causes, and
//! a hint at what to do next. It is printed once, at the top. Errors of the floors below become one
//! by `Failure::of`, which walks their sources; they never print themselves.

use std::error::Error;
use std::fmt::Write as _;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::ui::escape;

/// What a command hands to `main`.
pub type CommandResult = Result<Outcome, Failure>;

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well: exit status 0.
    Done,
    /// It told about it itself, and the exit status is this kind's: partial backups, damage found.
    Told(ErrorKind),
}

impl Outcome {
    /// The exit status.
    pub fn exit_status(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Told(kind) => kind.exit_status(),
        }
    }
}

/// Why a command failed, for people and, under `--json`, for scripts.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    broken_pipe: bool,
}

/// A failure as scripts see it: schema `lifeboat.error/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    kind: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

impl Failure {
    /// A failure that this floor itself found.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, broken_pipe: false }
    }

    /// The command line or the configuration is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// An error of a lower floor, with all its sources: "outer: inner: innermost".
    pub fn of(kind: ErrorKind, error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            // Some libraries repeat their source's text in their own.
            if !message.ends_with(&text) {
                // Writing to a string cannot fail.
                let _ = write!(message, ": {text}");
            }
            source = error.source();
        }
        Self::new(kind, message)
    }

    /// Standard output could not be written; a closed pipe is the reader's right and ends quietly.
    pub fn output(error: &std::io::Error) -> Self {
        let broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self {
            broken_pipe,
            ..Self::new(ErrorKind::Failed, format!("cannot write to standard output: {error}"))
        }
    }

    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what was being done, in front.
    pub fn context(mut self, what: impl std::fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message, as it is, not yet fit for a terminal.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether there is nobody to tell: the reader of standard output has gone.
    pub fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }

    /// The process's exit status.
    pub fn exit_status(&self) -> u8 {
        if self.broken_pipe { 0 } else { self.kind.exit_status() }
    }

    /// What people see on standard error.
    pub fn for_people(&self) -> String {
        let mut text = format!("lifeboat: {}\n", escape::lines(&self.message));
        if let Some(hint) = &self.hint {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "hint: {}", escape::lines(hint));
        }
        text
    }

    /// What scripts see on standard output under `--json`.
    pub fn for_scripts(&self) -> String {
        let document = Document {
            schema: "lifeboat.error/1",
            kind: self.kind.as_str(),
            message: &self.message,
            hint: self.hint.as_deref(),
        };
        // Text and numbers always have a JSON form.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Failure, Outcome};
    use crate::base::error_kind::ErrorKind;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read /a\u{1b}[2J")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_chain_of_causes_is_told_once_and_escaped() {
        let failure = Failure::of(ErrorKind::Damage, &Outer(io::Error::other("the disk is gone")))
            .hint("call somebody");
        assert_eq!(
            failure.for_people(),
            "lifeboat: cannot read /a\\x1b[2J: the disk is gone\nhint: call somebody\n"
        );
        assert_eq!(failure.exit_status(), 4);
        let document: serde_json::Value = serde_json::from_str(&failure.for_scripts()).unwrap();
        assert_eq!(document["schema"], "lifeboat.error/1");
        assert_eq!(document["kind"], "damage");
        assert_eq!(document["message"], "cannot read /a\u{1b}[2J: the disk is gone");
    }

    #[test]
    fn a_closed_pipe_ends_quietly_and_a_full_disk_does_not() {
        let closed = Failure::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(closed.is_broken_pipe());
        assert_eq!(closed.exit_status(), 0);
        assert_eq!(Failure::output(&io::Error::from(io::ErrorKind::StorageFull)).exit_status(), 1);
    }

    #[test]
    fn what_a_command_told_itself_still_has_its_exit_status() {
        assert_eq!(Outcome::Told(ErrorKind::Partial).exit_status(), 3);
        assert_eq!(Outcome::Done.exit_status(), 0);
    }
}
