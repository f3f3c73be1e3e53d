//! What a run needs from the floors that it must not know: messages, secrets, and lifeboat's own commands.
//!
//! Backups, restores and plans run as children, by lifeboat's own command line: a crash of the one does not
//! take the other with it, what is shown beforehand is exactly what is run, and each has a journal of its own
//! that it goes on with.

use crate::base::secret::SecretText;
use crate::runbook::model::{SecretSource, Severity};
use crate::runbook::record::{AskKind, Entry};
use crate::runbook::state::RunState;
use crate::sys::command::Invocation;

/// Something that people are to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The same however often it is handed over: it arrives once.
    pub id: String,
    /// Contacts, groups or channels.
    pub to: Vec<String>,
    /// One line.
    pub title: String,
    /// What is below it.
    pub text: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is a drill: the title says so already.
    pub is_drill: bool,
    /// What they are asked for, if anything.
    pub asks: Option<Asks>,
}

/// What a message asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asks {
    /// The run.
    pub run: String,
    /// The step's path.
    pub step: String,
    /// What for.
    pub kind: AskKind,
    /// What can be chosen.
    pub options: Vec<(String, String)>,
    /// Whether something is to be handed in with the answer.
    pub has_evidence: bool,
    /// Seconds for which an answer counts; none if without end.
    pub within_seconds: Option<u64>,
}

/// What became of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handed {
    /// Whom it goes to, as far as that is known.
    pub recipients: Vec<String>,
    /// What is worth knowing about it.
    pub remark: Option<String>,
}

/// The hands of a run.
pub trait Hands: Sync {
    /// Hands a message over for good: once this returns, it is not lost. The same id again changes nothing.
    fn notify(&self, message: &Message) -> Result<Handed, String>;

    /// How `lifeboat ARGUMENTS` is run, on the same configuration and repository.
    fn lifeboat(&self, arguments: &[String], repository: Option<&str>) -> Invocation;

    /// A secret, from where it is to be had.
    fn secret(&self, source: &SecretSource) -> Result<SecretText, String>;
}

/// Sees what a run does.
pub trait Watcher: Sync {
    /// A record was written, and this is where the run is now.
    fn saw(&self, entry: &Entry, state: &RunState);

    /// Something worth knowing that is no part of the run.
    fn note(&self, text: &str);
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Watcher for Blind {
    fn saw(&self, _entry: &Entry, _state: &RunState) {}

    fn note(&self, _text: &str) {}
}
