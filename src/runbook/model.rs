//! A runbook as values: what is left when its file has been read and found without mistakes.
//!
//! Everything that can refer to something carries the place where it was written, so that lint can point
//! at it. What a step does is data; `act` carries it out.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runbook::expr::{Expression, Template};

/// The schema, as the file's first key says.
pub const SCHEMA: &str = "lifeboat.runbook/1";

/// A runbook.
#[derive(Clone, Debug, Default)]
pub struct Runbook {
    /// Its name: that of its file.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is for, and when it is used.
    pub description: String,
    /// Who looks after it.
    pub owner: Option<String>,
    /// How long a recovery may take.
    pub rto: Option<Duration>,
    /// How much data may be lost, as time.
    pub rpo: Option<Duration>,
    /// What is asked for when it is run.
    pub inputs: Vec<Named<Input>>,
    /// Texts with names, made of inputs.
    pub variables: Vec<Named<Template>>,
    /// Where secrets are to be had.
    pub secrets: Vec<Named<SecretSource>>,
    /// What it hands to the runbook that it is a step of.
    pub outputs: Vec<Named<Template>>,
    /// What is done, in the order of the file.
    pub steps: Vec<Step>,
}

/// Something with a name, and where the name was written.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    /// What has the name.
    pub value: T,
}

/// Something that is asked for when a runbook is run.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it may be.
    pub kind: InputKind,
    /// What it is if nobody says.
    pub default: Option<Value>,
    /// What it means.
    pub help: String,
}

/// What an input may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text of one line.
    Text,
    /// A whole number.
    Integer,
    /// true or false.
    Boolean,
    /// An absolute path.
    Path,
    /// A length of time, such as `90s`.
    Duration,
    /// One of these words.
    Choice(Vec<String>),
}

/// Where a secret is to be had: never what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// The first line of a file.
    File(String),
    /// A variable of the environment that lifeboat runs in.
    Variable(String),
    /// What a program prints first.
    Command(Vec<String>),
    /// A file in systemd's credentials directory.
    Credential(String),
}

/// The three phases of NIST SP 800-34.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is found out what has happened, and people are told.
    #[default]
    Activation,
    /// Service is brought back, elsewhere or as well as possible.
    Recovery,
    /// Things are brought back to how they should be, and the disaster is declared over.
    Reconstitution,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Phase; 3] = [Phase::Activation, Phase::Recovery, Phase::Reconstitution];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Activation => "activation",
            Phase::Recovery => "recovery",
            Phase::Reconstitution => "reconstitution",
        }
    }

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Phase::Activation => "Activation and notification",
            Phase::Recovery => "Recovery",
            Phase::Reconstitution => "Reconstitution",
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its id, unique in its runbook.
    pub id: String,
    /// Where the id was written.
    pub span: Range<usize>,
    /// What people call it.
    pub title: String,
    /// Its phase.
    pub phase: Phase,
    /// What it does.
    pub action: Action,
    /// Steps that must be done before.
    pub needs: Vec<Named<()>>,
    /// Whether it is done at all.
    pub when: Option<Expression>,
    /// How long one attempt, or a person, may take.
    pub timeout: Option<Duration>,
    /// What is tried again.
    pub retry: Retry,
    /// What happens where it fails for good.
    pub on_failure: OnFailure,
    /// The step that undoes it in a rollback.
    pub rollback: Option<Named<()>>,
    /// Whether it may be repeated without harm; the kind decides if nothing is said.
    pub idempotent: Option<bool>,
    /// Tells whether it has been done, where a crash leaves that open.
    pub check: Option<Condition>,
    /// What becomes of it in a drill.
    pub drill: Drill,
}

/// How often and when something is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Attempts beyond the first.
    pub count: u32,
    /// The wait before the second attempt.
    pub backoff: Duration,
    /// How much longer each further wait is.
    pub factor: f64,
    /// The longest wait.
    pub max: Duration,
    /// The share of a wait that chance adds or takes, 0 to 1.
    pub jitter: f64,
}

impl Default for Retry {
    fn default() -> Self {
        let (backoff, max) = (Duration::from_secs(5), Duration::from_secs(300));
        Self { count: 0, backoff, factor: 2.0, max, jitter: 0.1 }
    }
}

/// What happens where a step fails for good.
#[derive(Clone, Debug, Default)]
pub enum OnFailure {
    /// The run stops here, and can be resumed.
    #[default]
    Halt,
    /// The run goes on; what needs the step is left out.
    Continue,
    /// Another step is done first; the run then goes on.
    Step(Named<()>),
    /// What was done is undone, last first, and the run ends.
    Rollback,
}

/// What becomes of a step in a drill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Drill {
    /// It is done as ever; messages say `[DRILL]`.
    #[default]
    Run,
    /// It is left out.
    Skip,
    /// Its messages go to these instead.
    Redirect(Vec<Template>),
}

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
    /// The plan's file.
    pub file: Template,
    /// `apply` or `verify`.
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

impl Step {
    /// Whether it may be repeated where a crash leaves open whether it was done.
    pub fn may_repeat(&self) -> bool {
        self.idempotent.unwrap_or_else(|| self.action.is_idempotent())
    }

    /// The steps inside it, where it is `parallel`.
    pub fn children(&self) -> &[Step] {
        match &self.action {
            Action::Parallel(steps) => steps,
            _ => &[],
        }
    }

    /// Steps that are done only because of this one: after a failure, in a rollback, or to escalate.
    pub fn handlers(&self) -> impl Iterator<Item = &Named<()>> {
        let failure = match &self.on_failure {
            OnFailure::Step(step) => Some(step),
            _ => None,
        };
        let escalate = self.action.asks().and_then(|asking| asking.escalate.as_ref());
        failure.into_iter().chain(escalate).chain(&self.rollback)
    }
}

impl Runbook {
    /// Every step, those inside `parallel` behind it.
    pub fn all_steps(&self) -> Vec<&Step> {
        fn add<'a>(steps: &'a [Step], all: &mut Vec<&'a Step>) {
            for step in steps {
                all.push(step);
                add(step.children(), all);
            }
        }
        let mut all = Vec::new();
        add(&self.steps, &mut all);
        all
    }

    /// The step of that id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.all_steps().into_iter().find(|step| step.id == id)
    }

    /// Ids of steps that are done only because of others.
    pub fn handler_ids(&self) -> BTreeSet<String> {
        self.all_steps().iter().flat_map(|step| step.handlers()).map(|name| name.name.clone()).collect()
    }

    /// Names of the runbooks that are steps of this one.
    pub fn nested(&self) -> Vec<&Nested> {
        let nested = |step: &&'_ Step| matches!(step.action, Action::Nested(_));
        let steps = self.all_steps().into_iter().filter(nested);
        steps
            .filter_map(|step| if let Action::Nested(nested) = &step.action { Some(nested) } else { None })
            .collect()
    }
}
