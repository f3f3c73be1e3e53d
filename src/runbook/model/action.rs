//! What steps do: one type for each kind.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::runbook::expr::{Expression, Template};
use crate::runbook::model::{Named, Step};

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Tells people.
    Notify(Notify),
    /// Asks people for leave.
    Approval(Approval),
    /// Runs a program.
    Command(Command),
    /// Asks a server.
    Http(Http),
    /// Finds out whether something is so.
    Check(Condition),
    /// Lets time pass.
    Wait(Wait),
    /// Has a person do something.
    Manual(Manual),
    /// Backs up.
    Backup(Backup),
    /// Restores from a snapshot.
    Restore(Restore),
    /// Carries out a restore plan.
    Plan(Plan),
    /// Several steps at once.
    Parallel(Vec<Step>),
    /// Another runbook.
    Nested(Nested),
    /// Has a person choose.
    Choice(Choice),
}

impl Action {
    /// Its word in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Action::Notify(_) => "notify",
            Action::Approval(_) => "approval",
            Action::Command(_) => "command",
            Action::Http(_) => "http",
            Action::Check(_) => "check",
            Action::Wait(_) => "wait",
            Action::Manual(_) => "manual",
            Action::Backup(_) => "backup",
            Action::Restore(_) => "restore",
            Action::Plan(_) => "plan",
            Action::Parallel(_) => "parallel",
            Action::Nested(_) => "runbook",
            Action::Choice(_) => "choice",
        }
    }

    /// Whether it may be repeated unless the step says otherwise. Messages are told apart by the outbox;
    /// `restore` and `plan` go on where they were; a second backup adds a snapshot.
    pub fn is_idempotent(&self) -> bool {
        match self {
            Action::Command(_) => false,
            Action::Http(http) => ["GET", "HEAD"].contains(&http.call.method.as_str()),
            _ => true,
        }
    }

    /// Whom it asks, and what happens where they do not answer; none where it asks nobody.
    pub fn asks(&self) -> Option<&Asking> {
        match self {
            Action::Notify(notify) => notify.acknowledge.as_ref(),
            Action::Approval(approval) => Some(&approval.asking),
            Action::Manual(manual) => Some(&manual.asking),
            Action::Choice(choice) => Some(&choice.asking),
            _ => None,
        }
    }
}

/// `notify`.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Names of contacts, groups or channels.
    pub to: Vec<Template>,
    /// What they are told, beside the title.
    pub message: Template,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the step fails where nobody could be told.
    pub required: bool,
    /// Whether, and how long, an acknowledgement is waited for.
    pub acknowledge: Option<Asking>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Info,
    /// Soon to be looked at.
    Warning,
    /// Something has failed.
    Error,
    /// Now.
    Critical,
}

impl Severity {
    /// All, from the least.
    pub const ALL: [Severity; 4] = [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

/// What is common to everything that waits for people.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Who may answer; anybody if nobody is named.
    pub who: Vec<Template>,
    /// Whom to tell that an answer is waited for.
    pub notify: Vec<Template>,
    /// The step that is done where no answer comes in time; the same time is then waited once more.
    pub escalate: Option<Named<()>>,
    /// What happens after that.
    pub on_timeout: OnTimeout,
}

/// What happens where nobody answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnTimeout {
    /// The step fails.
    #[default]
    Fail,
    /// It goes on as if they had: approved, acknowledged, done.
    Proceed,
    /// This is taken for chosen.
    Choose(String),
}

/// `approval`.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What is to be approved.
    pub question: Template,
    /// How many have to approve.
    pub quorum: u32,
    /// Who, and how long.
    pub asking: Asking,
}

/// `command`.
#[derive(Clone, Debug)]
pub struct Command {
    /// What runs.
    pub program: Program,
    /// What its output is.
    pub output: OutputForm,
}

/// What an output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputForm {
    /// Text, without the white space around it.
    #[default]
    Text,
    /// A JSON document.
    Json,
}

/// A program and its surroundings.
#[derive(Clone, Debug)]
pub struct Program {
    /// What runs.
    pub what: What,
    /// Variables beside the inputs and variables of the runbook.
    pub environment: Vec<Named<Setting>>,
    /// Where it runs; where lifeboat runs otherwise.
    pub directory: Option<Template>,
    /// As whom, and of which group; as ourselves otherwise.
    pub user: Option<Template>,
    /// See `user`; the group with the user's name otherwise.
    pub group: Option<Template>,
    /// What it reads.
    pub stdin: Option<Template>,
    /// Exit statuses that mean success.
    pub success: Vec<i32>,
}

/// What runs.
#[derive(Clone, Debug)]
pub enum What {
    /// A program and its arguments; no shell is involved.
    Arguments(Vec<Template>),
    /// A script for a shell. Nothing is filled in: what it needs comes as variables.
    Script {
        /// The script.
        text: String,
        /// The shell.
        shell: String,
    },
}

/// A value that may be a secret.
#[derive(Clone, Debug)]
pub enum Setting {
    /// A text.
    Text(Template),
    /// The name of a secret, and where it was written.
    Secret(Named<()>),
}

/// `http`.
#[derive(Clone, Debug)]
pub struct Http {
    /// The request.
    pub call: HttpCall,
    /// What the answer is.
    pub output: OutputForm,
}

/// A request and the answer that is expected.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// The method, in capitals.
    pub method: String,
    /// Where to.
    pub url: Template,
    /// Headers.
    pub headers: Vec<Named<Setting>>,
    /// The body.
    pub body: Option<Template>,
    /// Statuses that mean success; any 2xx if there are none.
    pub expect: Vec<u16>,
    /// What the answer must hold.
    pub contains: Option<Template>,
}

/// Something that is so or is not.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A program ends well.
    Program(Box<Program>),
    /// A server answers as expected.
    Http(Box<HttpCall>),
    /// Something listens at HOST:PORT.
    Tcp(Template),
    /// There is a file of this path.
    File(Template),
    /// It can be told from what is known.
    Expression(Expression),
}

/// `wait`.
#[derive(Clone, Debug)]
pub enum Wait {
    /// So long.
    Time(Duration),
    /// Until something is so, looked at again and again.
    Until {
        /// What.
        condition: Condition,
        /// How often.
        every: Duration,
    },
}

/// `manual`.
#[derive(Clone, Debug)]
pub struct Manual {
    /// What to do.
    pub instruction: Template,
    /// What to hand in to show for it.
    pub evidence: EvidenceForm,
    /// Who, and how long.
    pub asking: Asking,
}

/// What a person hands in to show for a manual step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EvidenceForm {
    /// Nothing but their word.
    #[default]
    None,
    /// A text: what they saw.
    Text,
    /// A file, of which the journal keeps name, size and hash.
    File,
}

/// `choice`.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is to be chosen.
    pub question: Template,
    /// Values, and what they mean.
    pub options: Vec<(String, String)>,
    /// Who, and how long.
    pub asking: Asking,
}

/// `backup`.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Names of jobs of the configuration.
    pub jobs: Vec<Template>,
    /// Tags of the snapshots.
    pub tags: Vec<Template>,
    /// The repository, if not the run's.
    pub repository: Option<Template>,
}

/// `restore`.
#[derive(Clone, Debug)]
pub struct Restore {
    /// Which snapshot.
    pub snapshot: Template,
    /// What of it; all otherwise.
    pub path: Option<Template>,
    /// Where to; in place if there is none.
    pub target: Option<Template>,
    /// Reads everything back and compares.
    pub verify: bool,
    /// Removes what the snapshot does not have.
    pub delete: bool,
    /// The repository, if not the run's.
    pub repository: Option<Template>,
}

/// `plan`.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plan: its file, or its id; to build one, the plan file.
    pub file: Template,
    /// `apply`, `verify` or `build`.
    pub verb: String,
    /// Further arguments of `lifeboat plan`.
    pub arguments: Vec<Template>,
}

/// `runbook`.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Which.
    pub name: String,
    /// Where the name was written.
    pub span: Range<usize>,
    /// Its inputs.
    pub inputs: Vec<Named<Template>>,
}
