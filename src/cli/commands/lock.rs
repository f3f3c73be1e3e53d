//! `lifeboat lock`: keeping what snapshots need locked, and telling what is not.

mod audit;
mod extend;
mod status;
mod sweep;

use std::time::Duration;

use crate::cli::context::Context;
use crate::cli::exit::CommandResult;
use crate::cli::notifying::{self, Happening};
use crate::cli::values::parse_duration;

const EXAMPLES_STATUS: &str = "\
Examples:
  lifeboat lock status
      Does the bucket keep versions and lock objects, and how much lies hidden in it?";

const EXAMPLES_EXTEND: &str = "\
Examples:
  lifeboat lock extend
      Renew the locks of what protected snapshots need; from cron, on a machine that is not backed up.
  lifeboat lock extend --window 90d --dry-run
      What would be renewed for all snapshots of the last 90 days?";

const EXAMPLES_AUDIT: &str = "\
Examples:
  lifeboat lock audit --within 7d
      Which protected snapshots lose their lock within a week, or have none? Exit status 5 if any.
  lifeboat lock audit --within 30d --window 1000d --json
      The same of nearly all snapshots, for a script.";

const EXAMPLES_SWEEP: &str = "\
Examples:
  lifeboat lock sweep --dry-run
      How much was deleted more than 30 days ago and still lies there as hidden versions?
  lifeboat lock sweep --older-than 90d
      Delete for good what was deleted more than 90 days ago and is not locked any more.";

/// Keeps what snapshots need locked, and tells what is not.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Show how each store keeps versions and locks objects
    #[command(after_help = EXAMPLES_STATUS)]
    Status,

    /// Renew the locks of what protected snapshots need
    ///
    /// Protected are the snapshots younger than the window, and the newest of each host, however old it
    /// is; besides them runbooks, and evidence younger than `lock_evidence`. What still has more than
    /// `lock_renew` left is passed over, so that a run costs few requests.
    /// Backups do the same by themselves; this is for when they do not run, from a machine that has nothing
    /// to do with them. If something of a protected snapshot cannot be read, everything that the index relies
    /// on is renewed. Exit status 5 then, and if something could not be locked, was overwritten, evidence or
    /// a runbook was deleted, or all snapshots have vanished.
    #[command(after_help = EXAMPLES_EXTEND)]
    Extend(ExtendArgs),

    /// Tell which snapshots and objects lose their lock soon, or have none
    ///
    /// Asks the store for every object that protected snapshots need, and believes nothing that is
    /// remembered. Stores are told one by one; exit status 5 if a store that is to lock its objects does
    /// not cover all protected snapshots for as long as asked, or has none, or if none locks any. What was
    /// overwritten counts as not covered. Evidence of drills and runs counts for as long as `lock_evidence`
    /// says, and runbooks always, though somebody has deleted them.
    #[command(after_help = EXAMPLES_AUDIT)]
    Audit(AuditArgs),

    /// Delete for good what was deleted long ago and is not locked any more
    ///
    /// In a bucket that keeps versions, deleting only hides. This removes versions that were hidden long
    /// ago, and the markers that hid them. Packs and other objects that are created once and were overwritten
    /// keep all their versions, and are named; so do runbooks, and evidence younger than `lock_evidence`,
    /// that were deleted. It needs the right to delete versions, which no backup host should have.
    /// `recover` cannot bring back what was swept.
    #[command(after_help = EXAMPLES_SWEEP)]
    Sweep(SweepArgs),
}

/// Which snapshots are protected.
#[derive(Clone, Debug, clap::Args)]
pub struct WindowArgs {
    /// Protect snapshots younger than this; `lock_window` of the configuration otherwise
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub window: Option<Duration>,
}

/// `lifeboat lock extend`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExtendArgs {
    /// Which snapshots.
    #[command(flatten)]
    pub window: WindowArgs,

    /// Renew everything that the index relies on, without reading any tree
    #[arg(long)]
    pub all: bool,

    /// Say what would be renewed, and renew nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

/// `lifeboat lock audit`.
#[derive(Clone, Debug, clap::Args)]
pub struct AuditArgs {
    /// Tell what loses its lock within this time; a week otherwise, but no more than half of `lock_renew`
    ///
    /// What is looked after always has about `lock_renew` left, and never more than `lock_for`: what is asked
    /// beyond that is missed however often locks are renewed.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub within: Option<Duration>,

    /// Which snapshots.
    #[command(flatten)]
    pub window: WindowArgs,
}

/// `lifeboat lock sweep`.
#[derive(Clone, Debug, clap::Args)]
pub struct SweepArgs {
    /// Leave what was hidden more recently than this
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30d")]
    pub older_than: Duration,

    /// Say what would be deleted, and delete nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

/// Runs it, and tells people how locks are.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Status => status::run(context),
        Command::Sweep(args) => sweep::run(args, context),
        Command::Extend(args) if args.dry_run => extend::run(args, context, &mut String::new()),
        Command::Extend(args) => told("lock-extend", context, |found| extend::run(args, context, found)),
        Command::Audit(args) => told("lock-audit", context, |found| audit::run(args, context, found)),
    }
}

/// Does it, and tells people how it went and what was found.
fn told(
    kind: &'static str,
    context: &Context,
    act: impl FnOnce(&mut String) -> CommandResult,
) -> CommandResult {
    let happening = Happening::of_repository(kind, &context.repository(None)?);
    let mut found = String::new();
    let result = act(&mut found);
    notifying::ended_with(context, &happening, &result, &found);
    result
}
