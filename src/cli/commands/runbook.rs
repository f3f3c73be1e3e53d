//! `lifeboat runbook`: what is done in a disaster, in which order and by whom, and proof that it was.

mod announce;
mod answer;
pub mod args;
mod begin;
mod files;
pub mod hands;
mod history;
mod library;
mod link;
mod report;
mod resume;
mod status;
pub mod view;

use crate::cli::commands::runbook::args::{
    AbortArgs, AckArgs, ApproveArgs, DirArgs, FetchArgs, HistoryArgs, InitArgs, LinkArgs, NamesArgs,
    ReportArgs, ResumeArgs, RunArgs, ServeArgs, ShowArgs, StatusArgs,
};
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
  lifeboat runbook approve one-host-20260131-a1b2c3 declare --refuse --note too-early --as alice
      Refuse it.";

const EXAMPLES_ACK: &str = "\
Examples:
  lifeboat runbook ack latest alarm
      Acknowledge a message.
  lifeboat runbook ack latest machines --note both-are-up
      Say that a manual step is done, and what was seen.
  lifeboat runbook ack latest assess --choose lost
      Choose.";

const EXAMPLES_ABORT: &str = "\
Examples:
  lifeboat runbook abort latest --reason false-alarm
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
  lifeboat runbook serve --public-url https://answers.example.com
      Behind a proxy with TLS on this machine; messages then carry links.
  lifeboat runbook serve --listen 10.0.0.5:8390 --behind-proxy --public-url https://answers.example.com
      The same, with the proxy on another machine, over a network that nobody else reads.";

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
    /// A link is signed, for one person, one answer and some time; opening it shows what is asked, and only
    /// its button answers. Speaks plain HTTP, and therefore listens on loopback alone unless --behind-proxy
    /// says that a proxy with TLS stands before it. Without it running, messages carry no links.
    #[command(after_help = EXAMPLES_SERVE)]
    Serve(ServeArgs),
}

/// Runs the command.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Init(args) => library::init(args, context),
        Command::List(args) => library::list(args, context),
        Command::Lint(args) => library::lint(args, context),
        Command::Show(args) => library::show(args, context),
        Command::Run(args) => begin::run(args, context),
        Command::Resume(args) => resume::resume(args, context),
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
