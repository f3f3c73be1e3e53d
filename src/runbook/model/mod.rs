//! A runbook as values: what is left when its file has been read and found without mistakes.
//!
//! Everything that can refer to something carries the place where it was written, so that lint can point
//! at it. What a step does is data; `act` carries it out.

mod action;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runbook::expr::{Expression, Template};

pub use crate::runbook::model::action::{
    Action, Approval, Asking, Backup, Choice, Command, Condition, EvidenceForm, Http, HttpCall, Manual,
    Nested, Notify, OnTimeout, OutputForm, Plan, Program, Restore, Setting, Severity, Wait, What,
};

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
