//! `lifeboat runbook`: what is done in a disaster, in which order and by whom, and proof that it was.

mod answer;
mod begin;
mod files;
pub mod hands;
mod history;
mod library;
mod link;
mod report;
mod status;
pub mod view;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::context::Context;
use crate::cli::exit::CommandResult;

const EXAMPLES_INIT: &str = "\
Examples:
  lifeboat runbook init
      Write all starters that are not there yet, to make them your own.
  lifeboat runbook init ransomware --dir ./runbooks
      Write one of them elsewhere.";

const EXAMPLES_LIST: &str = "\
Examples:
  lifeboat runbook list
      Every runbook, whether it could be run, and how its last run went.";

const EXAMPLES_LINT: &str = "\
Examples:
  lifeboat runbook lint
      Every mistake in every runbook, with its line.
  lifeboat runbook lint one-host --json
      Those of one, for scripts.";

const EXAMPLES_SHOW: &str = "\
Examples:
  lifeboat runbook show full-site-loss
      The steps as a tree.
  lifeboat runbook show full-site-loss --format markdown --output site.md
      A checklist to print, for when no computer is left.
  lifeboat runbook show full-site-loss --format mermaid
      A diagram.";

const EXAMPLES_RUN: &str = "\
Examples:
  lifeboat runbook run one-host --input host=web1 --input target=/mnt/new --dry-run
      Print every command, recipient, approval and wait, and do nothing.
  lifeboat runbook run one-host --input host=web1 --input target=/mnt/new --mode drill
      A drill: messages say so.
  lifeboat runbook run one-host --input host=web1 --input target=/mnt/new
      In earnest.";

const EXAMPLES_RESUME: &str = "\
Examples:
  lifeboat runbook resume latest
      Go on with the last run where it is; a step that failed is tried anew.
  lifeboat runbook resume one-host-20260131-a1b2c3 --done switch
      Go on; the step in doubt was done, as somebody has seen.
  lifeboat runbook resume one-host-20260131-a1b2c3 --take-over
      Go on with a run of another host, from its journal in the repository.";

const EXAMPLES_STATUS: &str = "\
Examples:
  lifeboat runbook status
      Where every run that is not over is, and who is waited for.
  lifeboat runbook status latest --watch
      Watch the last run, from wherever.";

const EXAMPLES_APPROVE: &str = "\
Examples:
  lifeboat runbook approve latest declare
      Give leave, as the user you are.
  lifeboat runbook approve one-host-20260131-a1b2c3 declare --refuse --note 'not before noon' --as alice
      Refuse it.";

const EXAMPLES_ACK: &str = "\
Examples:
  lifeboat runbook ack latest alarm
      Acknowledge a message.
  lifeboat runbook ack latest machines --note 'both are up, 10.0.0.7 and 10.0.0.8'
      Say that a manual step is done, and what was seen.
  lifeboat runbook ack latest assess --choose lost
      Choose.";

const EXAMPLES_ABORT: &str = "\
Examples:
  lifeboat runbook abort latest --reason 'false alarm'
      End a run for good; what it runs at the moment is ended as well.";

const EXAMPLES_HISTORY: &str = "\
Examples:
  lifeboat runbook history
      All runs of this machine.
  lifeboat runbook history --repository
      Those that the repository has evidence of as well.";

const EXAMPLES_REPORT: &str = "\
Examples:
  lifeboat runbook report latest
      What was done when and by whom, and what fell short, after verifying the journal.
  lifeboat runbook report latest --format html --output report.html
      The same as a page.";

const EXAMPLES_PUBLISH: &str = "\
Examples:
  lifeboat runbook publish full-site-loss ransomware
      Keep them in the repository as well, so that they survive the site.";

const EXAMPLES_FETCH: &str = "\
Examples:
  lifeboat runbook fetch full-site-loss --dir ./runbooks
      Bring the newest version back from the repository.";

const EXAMPLES_LINK: &str = "\
Examples:
  lifeboat runbook link latest declare --for alice
      Links by which alice can approve or refuse, for 8 hours.";

const EXAMPLES_SERVE: &str = "\
Examples:
  lifeboat runbook serve
      Take answers by link on this machine alone.
  lifeboat runbook serve --listen 10.0.0.5:8443 --public-url https://answers.example.com
      Behind a proxy with TLS; messages then carry links.";

/// What to do with runbooks.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Write starters: runbooks to make your own
    #[command(after_help = EXAMPLES_INIT)]
    Init(InitArgs),
    /// List the runbooks
    #[command(after_help = EXAMPLES_LIST)]
    List(DirArgs),
    /// List every mistake in runbooks, with its line
    ///
    /// Unknown keys, circles, missing names, secrets in clear, steps that can never be reached, and more.
    /// Exit status 2 where there is a mistake.
    #[command(after_help = EXAMPLES_LINT)]
    Lint(NamesArgs),
    /// Show a runbook: as a tree, a checklist, a page or a diagram
    #[command(after_help = EXAMPLES_SHOW)]
    Show(ShowArgs),
    /// Run a runbook
    ///
    /// Each act is written into a journal before and after it is done, so that a run that was killed at any
    /// moment can be resumed. Exit status 13 where people are waited for and --no-wait is given, or where
    /// only a person can say whether a step was done.
    #[command(after_help = EXAMPLES_RUN)]
    Run(Box<RunArgs>),
    /// Go on with a run that was interrupted, has halted, or waits
    #[command(after_help = EXAMPLES_RESUME)]
    Resume(ResumeArgs),
    /// Show where runs are, and who is waited for
    #[command(after_help = EXAMPLES_STATUS)]
    Status(StatusArgs),
    /// Approve or refuse what a run asks for
    ///
    /// Works on the machine that carries out the run, and on any other that has the repository and a
    /// maintainer's or restorer's key.
    #[command(after_help = EXAMPLES_APPROVE)]
    Approve(ApproveArgs),
    /// Acknowledge a message, say that a manual step is done, or choose
    #[command(after_help = EXAMPLES_ACK)]
    Ack(AckArgs),
    /// End a run for good
    #[command(after_help = EXAMPLES_ABORT)]
    Abort(AbortArgs),
    /// List runs
    #[command(after_help = EXAMPLES_HISTORY)]
    History(HistoryArgs),
    /// Report on a run, after verifying its journal
    ///
    /// Exit status 4 where the journal was altered, 5 where the recovery took longer than its objective.
    #[command(after_help = EXAMPLES_REPORT)]
    Report(ReportArgs),
    /// Keep runbooks in the repository as well
    #[command(after_help = EXAMPLES_PUBLISH)]
    Publish(NamesArgs),
    /// Bring a runbook back from the repository
    ///
    /// Only what a restorer has signed is taken.
    #[command(after_help = EXAMPLES_FETCH)]
    Fetch(FetchArgs),
    /// Make links by which somebody can answer
    #[command(after_help = EXAMPLES_LINK)]
    Link(LinkArgs),
    /// Take answers by link
    ///
    /// Speaks plain HTTP. A link is signed, for one person, one answer and some time; opening it shows what is
    /// asked, and only its button answers.
    #[command(after_help = EXAMPLES_SERVE)]
    Serve(ServeArgs),
}

/// Where runbooks are.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DirArgs {
    /// The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Which runbooks.
#[derive(Clone, Debug, clap::Args)]
pub struct NamesArgs {
    /// Names of runbooks; all of them otherwise
    #[arg(value_name = "RUNBOOK")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook init`.
#[derive(Clone, Debug, clap::Args)]
pub struct InitArgs {
    /// Which starters: full-site-loss, one-host, database-corruption, ransomware, backup-overdue
    #[arg(value_name = "STARTER")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub name: String,
    /// As what
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "tree")]
    pub format: ShowFormat,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// What a runbook is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// A tree, for terminals.
    Tree,
    /// A checklist in Markdown.
    Markdown,
    /// A page.
    Html,
    /// A diagram for Mermaid.
    Mermaid,
}

/// What `run` and `resume` have in common.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GoingArgs {
    /// Wait for nobody: end with exit status 13 where nothing is left but to wait for people
    #[arg(long)]
    pub no_wait: bool,
    /// Leave the repository alone: no claim, no copy of the journal, no answers from there
    #[arg(long)]
    pub no_repository: bool,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook run`.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: String,
    /// What one of its inputs is
    #[arg(long = "input", short = 'I', value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Whether it is meant
    #[arg(long, value_name = "MODE", value_enum, default_value = "live")]
    pub mode: RunMode,
    /// Print every command, recipient, approval and wait, and do nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Begin although another run of the same runbook is not over
    #[arg(long)]
    pub another: bool,
    #[command(flatten)]
    pub going: GoingArgs,
    #[command(flatten)]
    pub place: DirArgs,
}

/// Whether a run is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunMode {
    /// It is.
    Live,
    /// It is a drill: messages say so, and steps may be left out.
    Drill,
}

/// `runbook resume`.
#[derive(Clone, Debug, clap::Args)]
pub struct ResumeArgs {
    /// The run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// A step in doubt, or one that failed, was done after all
    #[arg(long, value_name = "STEP")]
    pub done: Vec<String>,
    /// A step in doubt is to be done again
    #[arg(long, value_name = "STEP")]
    pub repeat: Vec<String>,
    /// Take the run over from another host
    #[arg(long, conflicts_with = "no_repository")]
    pub take_over: bool,
    #[command(flatten)]
    pub going: GoingArgs,
}

/// `runbook status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
    /// The run: its id, the beginning of one, or `latest`; all that are not over otherwise
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Go on showing it until it is over
    #[arg(long, short, requires = "run")]
    pub watch: bool,
}

/// `runbook approve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ApproveArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step
    #[arg(value_name = "STEP")]
    pub step: String,
    /// Refuse instead
    #[arg(long)]
    pub refuse: bool,
    /// What you have to say
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook ack`.
#[derive(Clone, Debug, clap::Args)]
pub struct AckArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step
    #[arg(value_name = "STEP")]
    pub step: String,
    /// What you saw, or have to say
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// A file to show for it; its name, length and hash are kept
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What you choose
    #[arg(long, value_name = "VALUE", conflicts_with = "failed")]
    pub choose: Option<String>,
    /// It could not be done
    #[arg(long)]
    pub failed: bool,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook abort`.
#[derive(Clone, Debug, clap::Args)]
pub struct AbortArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook history`.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryArgs {
    /// Only runs of this runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: Option<String>,
    /// Look into the repository as well
    #[arg(long)]
    pub repository: bool,
}

/// `runbook report`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReportArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// As what; --json gives a document
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "markdown")]
    pub format: ReportFormat,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Compare with the copy in the repository as well
    #[arg(long)]
    pub repository: bool,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown.
    Markdown,
    /// A page.
    Html,
    /// A JSON document.
    Json,
}

/// `runbook fetch`.
#[derive(Clone, Debug, clap::Args)]
pub struct FetchArgs {
    /// The runbook; without one, those that there are are listed
    #[arg(value_name = "RUNBOOK")]
    pub name: Option<String>,
    /// An older version
    #[arg(long, value_name = "N")]
    pub version: Option<u64>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook link`.
#[derive(Clone, Debug, clap::Args)]
pub struct LinkArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step that waits
    #[arg(value_name = "STEP")]
    pub step: String,
    /// Whose links they are
    #[arg(long = "for", value_name = "NAME")]
    pub whose: String,
    /// How long they are good for
    #[arg(long, value_name = "DURATION", default_value = "8h",
          value_parser = crate::cli::values::parse_duration)]
    pub within: std::time::Duration,
    /// What stands before them; that of the server that runs otherwise
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

/// `runbook serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8390")]
    pub listen: SocketAddr,
    /// How it is reached from outside, for links in messages
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

/// Runs the command.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Init(args) => library::init(args, context),
        Command::List(args) => library::list(args, context),
        Command::Lint(args) => library::lint(args, context),
        Command::Show(args) => library::show(args, context),
        Command::Run(args) => begin::run(args, context),
        Command::Resume(args) => begin::resume(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Approve(args) => answer::approve(args, context),
        Command::Ack(args) => answer::ack(args, context),
        Command::Abort(args) => answer::abort(args, context),
        Command::History(args) => history::run(args, context),
        Command::Report(args) => report::run(args, context),
        Command::Publish(args) => files::publish(args, context),
        Command::Fetch(args) => files::fetch(args, context),
        Command::Link(args) => link::run(args, context),
        Command::Serve(args) => link::serve(args, context),
    }
}
