//! `lifeboat plan`: restores that are planned, reviewed, and carried out step by step.

mod apply;
mod build;
mod check;
mod face;
mod init;
mod runs;
mod show;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::restore::ColdArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure};
use crate::cli::values::{SnapshotName, parse_snapshot};
use crate::cli::warm_up;
use crate::plan::error::PlanError;

const EXAMPLES_INIT: &str = "\
Examples:
  lifeboat plan init latest@web1 --target sandbox > drill.toml
      A plan that restores into a place of its own, to be changed where it does not fit.
  lifeboat plan init latest@web1 --target bare-metal --output web1.toml
      One that rebuilds the machine.";

const EXAMPLES_BUILD: &str = "\
Examples:
  lifeboat plan build drill.toml
      Resolve a plan file; the plan is kept, and named by its id.
  lifeboat plan build web1.toml --output web1.plan
      The same, into a file that can be carried to another machine.";

const EXAMPLES_SHOW: &str = "\
Examples:
  lifeboat plan show 3f2a9c
      What it does, in order.
  lifeboat plan show web1.plan --format timeline
      Who waits for whom, and how long.
  lifeboat plan show 3f2a9c --format html > plan.html
      A page for those who must agree to it.
  lifeboat plan show 20260412T031500Z-5be1c9d0
      What a run of it did, and how long that took.";

const EXAMPLES_DIFF: &str = "\
Examples:
  lifeboat plan diff 3f2a9c 81d0e4
      What differs between two plans.";

const EXAMPLES_VERIFY: &str = "\
Examples:
  lifeboat plan verify 3f2a9c
      Does it still fit the snapshot, the target and the programs here?
  lifeboat plan verify 20260412T031500Z-5be1c9d0
      Is what is written of this run what was signed when it ended?";

const EXAMPLES_RUNS: &str = "\
Examples:
  lifeboat plan runs
      What was carried out, when, and how it ended.
  lifeboat plan runs --repository
      What the repository has evidence of, whichever machine did it.";

const EXAMPLES_APPLY: &str = "\
Examples:
  lifeboat plan apply 3f2a9c --dry-run
      Print every command, and do nothing.
  lifeboat plan apply 3f2a9c
      Do it; give the same command again to go on where it stopped.
  lifeboat plan apply web1.plan --confirm serial:S3Z9NX0M
      Where nobody is there to confirm which disk is overwritten.
  lifeboat plan apply 3f2a9c --until data
      Only so far.
  lifeboat plan apply 3f2a9c --warm-up=bulk
      Have what lies in cold storage made readable first, for which the store charges.";

/// What to do with plans.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Write a plan file from what a snapshot holds
    ///
    /// The file is commented and has no mistakes; what it restores, where, and what must hold afterwards is
    /// to be looked at and changed. Its keys are described in lifeboat-plan-file(5).
    #[command(after_help = EXAMPLES_INIT)]
    Init(InitArgs),
    /// Resolve a plan file to a plan
    ///
    /// Pins the snapshots, puts the steps in order, counts packs, requests and bytes, looks whether there
    /// is room, and says how long it will take. The plan is named by a hash over all that it will do; it is
    /// kept, and can be reviewed, compared and carried elsewhere. Nothing is restored. Exit status 5 where
    /// an objective (RTO, RPO) would be missed.
    #[command(after_help = EXAMPLES_BUILD)]
    Build(BuildArgs),
    /// Show a plan, or what a run of one did
    #[command(after_help = EXAMPLES_SHOW)]
    Show(ShowArgs),
    /// Show what differs between two plans
    #[command(after_help = EXAMPLES_DIFF)]
    Diff(DiffArgs),
    /// Look whether a plan still fits, or a run's record is what was signed
    ///
    /// Of a plan: are the snapshots there, the target and the programs what they were? Exit status 1 where
    /// they are not. Of a run: do its record and journal here and the signed copy in the repository agree,
    /// line by line? Exit status 4 where they do not, or where nothing was signed.
    #[command(after_help = EXAMPLES_VERIFY)]
    Verify(VerifyArgs),
    /// List the runs of plans
    #[command(after_help = EXAMPLES_RUNS)]
    Runs(RunsArgs),
    /// Carry a plan out
    ///
    /// Steps that do not need each other go side by side. Every step is noted before it begins and after it
    /// is done: a run that was cut off goes on when the same command is given again, and a step that may or
    /// may not have been done is looked at before it is repeated. A disk is overwritten only if it is the
    /// one that the plan names by its identity, is protected by nothing, in use by nobody, and confirmed.
    #[command(after_help = EXAMPLES_APPLY)]
    Apply(Box<ApplyArgs>),
}

/// What a plan file is made from.
#[derive(Clone, Debug, clap::Args)]
pub struct InitArgs {
    /// The snapshot: `latest`, `latest@HOST`, or the beginning of an id
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshot: SnapshotName,

    /// Where the plan restores to
    #[arg(long, short, value_name = "KIND", value_enum, default_value = "sandbox")]
    pub target: TargetWord,

    /// What the plan is called; the snapshot's host otherwise
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Write it to this file, which must not be there; to standard output otherwise
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Where a plan restores to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetWord {
    /// Empty disks, from a rescue system.
    BareMetal,
    /// The running system.
    Converge,
    /// A place of its own that is removed at the end.
    Sandbox,
}

/// What is built.
#[derive(Clone, Debug, clap::Args)]
pub struct BuildArgs {
    /// The plan file
    #[arg(value_name = "PLANFILE")]
    pub file: PathBuf,

    /// Write the plan to this file as well
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What is shown.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// The plan: a file, or the beginning of its id; or the id of a run
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,

    /// How
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "tree")]
    pub format: Format,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Components and their steps.
    Tree,
    /// Steps by their time.
    Timeline,
    /// A page for a browser, with a chart.
    Html,
}

/// What is compared.
#[derive(Clone, Debug, clap::Args)]
pub struct DiffArgs {
    /// The first plan: a file, or the beginning of its id
    #[arg(value_name = "PLAN")]
    pub old: PathBuf,

    /// The second plan
    #[arg(value_name = "PLAN2")]
    pub new: PathBuf,
}

/// What is looked at.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// The plan: a file, or the beginning of its id; or the id of a run
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
}

/// Which runs are listed.
#[derive(Clone, Debug, clap::Args)]
pub struct RunsArgs {
    /// Those that the repository has signed evidence of, whichever machine did them
    #[arg(long)]
    pub repository: bool,
}

/// What is carried out.
#[derive(Clone, Debug, clap::Args)]
pub struct ApplyArgs {
    /// The plan: a file, or the beginning of its id
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,

    /// Print every command in order, and do nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Only this step, component or group; may be given several times
    #[arg(long, value_name = "NAME")]
    pub step: Vec<String>,

    /// Only from this step, component or group on
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,

    /// Only until this step, component or group is done
    #[arg(long, value_name = "NAME")]
    pub until: Option<String>,

    /// Apply it though it no longer fits what there is
    #[arg(long)]
    pub accept_changes: bool,

    /// Confirm that this disk may be overwritten: `serial:…`, `wwn:…`, /dev/…, or the file of an image
    #[arg(long, value_name = "DISK")]
    pub confirm: Vec<String>,

    /// Leave the sandbox there at the end
    #[arg(long)]
    pub keep_sandbox: bool,

    /// Begin anew where an earlier run was cut off, instead of going on
    #[arg(long)]
    pub restart: bool,

    /// This step was in doubt, and you have seen that it is done; may be given several times
    #[arg(long, value_name = "STEP")]
    pub assume_done: Vec<String>,

    /// This step is in doubt, and is to be done again; may be given several times
    #[arg(long, value_name = "STEP")]
    pub repeat: Vec<String>,

    /// Names this request: where a run asked for by the same name has ended well, show what it came to
    #[arg(long, value_name = "KEY")]
    pub once: Option<String>,

    /// Take the secret NAME from the first line of a file; may be given several times
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_secret)]
    pub secret: Vec<(String, PathBuf)>,

    /// What lies in cold storage.
    #[command(flatten)]
    pub cold: ColdArgs,
}

fn parse_secret(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(file)))
        }
        _ => Err("a secret is NAME=FILE".into()),
    }
}

/// Runs it.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Init(args) => init::run(args, context),
        Command::Build(args) => build::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::Diff(args) => check::diff(args, context),
        Command::Verify(args) => check::verify(args, context),
        Command::Runs(args) => runs::list(args, context),
        Command::Apply(args) => apply::run(args, context),
    }
}

/// A plan's error, with what to do next.
fn failure(error: &PlanError) -> Failure {
    let failure = Failure::of(error.kind(), error);
    match error {
        PlanError::Changed { .. } => {
            failure.hint("build it anew; or, if you know why, give --accept-changes")
        }
        PlanError::Unconfirmed { disk } => failure.hint(format!(
            "look at {disk} with lsblk; if it is the one, give --confirm with its serial number or \
                 device node, or apply the plan on a terminal"
        )),
        PlanError::Busy(_) => {
            failure.hint("wait for the other run; `lifeboat plan show` does not disturb it")
        }
        PlanError::Cold { .. } => failure.hint(warm_up::HINT_OF_PLAN),
        PlanError::Speed { .. } => failure.hint("take --warm-up=standard or --warm-up=bulk"),
        PlanError::NoStep { .. } => failure.hint("`lifeboat plan show` lists them"),
        PlanError::NoPlan { .. } => failure.hint("`lifeboat plan build PLANFILE` makes one and says its id"),
        PlanError::Broken { .. } => failure.hint("build it anew from its plan file"),
        PlanError::PastRun { .. } | PlanError::Log(_) => {
            failure.hint("--restart begins anew; look first at what the earlier run has done")
        }
        _ if error.kind() == ErrorKind::Interrupted => failure.hint("give the same command again to go on"),
        _ => failure,
    }
}
