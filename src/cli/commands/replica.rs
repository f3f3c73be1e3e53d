//! `lifeboat replica`: look after the stores of a repository that has several.

mod add;
mod heal;
mod remove;
mod status;
mod sync;
pub mod verify;

use crate::cli::context::Context;
use crate::cli::exit::CommandResult;
use crate::cli::notifying::{self, Happening};

const EXAMPLES_LIST: &str = "\
Examples:
  lifeboat replica list --repo main
      The replicas of a repository, as they are configured.";

const EXAMPLES_STATUS: &str = "\
Examples:
  lifeboat replica status --repo main
      Who is reachable, what does each have, and what has it missed?
  lifeboat replica status --repo main --json
      The same for monitoring; exit status 6 where a replica is down or behind.";

const EXAMPLES_SYNC: &str = "\
Examples:
  lifeboat replica sync --repo main
      Bring every replica up to date.
  lifeboat replica sync offsite --repo main
      Only this one.";

const EXAMPLES_HEAL: &str = "\
Examples:
  lifeboat replica heal --repo main
      Read all copies of everything, and replace the bad ones by good ones.";

const EXAMPLES_ADD: &str = "\
Examples:
  lifeboat replica add offsite --repo main
      Fill a replica that is in the configuration already.
  lifeboat replica add offsite --url /mnt/offsite/repo --zone cellar --repo main
      Fill a new one, and show the lines for the configuration.";

const EXAMPLES_REMOVE: &str = "\
Examples:
  lifeboat replica remove offsite --repo main
      What do the others still hold without this one? Nothing is deleted.
  lifeboat replica remove offsite --delete-objects --repo main
      If the others hold everything, delete what is in it.";

const EXAMPLES_VERIFY: &str = "\
Examples:
  lifeboat replica verify --repo main
      Compare listings and sizes; needs no key.
  lifeboat replica verify --deep --repo main
      Read all copies and compare their hashes.";

/// What to do with the replicas.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List the replicas as they are configured
    #[command(after_help = EXAMPLES_LIST)]
    List,
    /// Show which replicas are reachable, what each has, and what it has missed
    ///
    /// Exit status 6 where a replica is down or behind.
    #[command(after_help = EXAMPLES_STATUS)]
    Status,
    /// Bring replicas up to date: work off what they missed, and copy what others have
    ///
    /// Nothing is decrypted, and no key is needed. Can be interrupted and run again.
    #[command(after_help = EXAMPLES_SYNC)]
    Sync(SyncArgs),
    /// Find damaged copies, and replace them by good ones
    ///
    /// Reads everything everywhere. Packs are verified with a restorer's key, snapshots with a maintainer's.
    #[command(after_help = EXAMPLES_HEAL)]
    Heal,
    /// Fill a new replica from the others
    ///
    /// Nothing is decrypted, and no key is needed. Can be interrupted and run again.
    #[command(after_help = EXAMPLES_ADD)]
    Add(AddArgs),
    /// Show what the others hold without a replica, before it is taken out of the configuration
    #[command(after_help = EXAMPLES_REMOVE)]
    Remove(RemoveArgs),
    /// Compare the replicas with each other
    ///
    /// Exit status 4 where they differ.
    #[command(after_help = EXAMPLES_VERIFY)]
    Verify(VerifyArgs),
}

/// Which replicas to bring up to date.
#[derive(Clone, Debug, clap::Args)]
pub struct SyncArgs {
    /// Only these replicas
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// The replica to be filled.
#[derive(Clone, Debug, clap::Args)]
pub struct AddArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Where it is, unless the configuration says so already
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// What fails together with it
    #[arg(long, value_name = "ZONE", requires = "url")]
    pub zone: Option<String>,

    /// Nothing is to wait for it: it gets everything and decides nothing
    #[arg(long, requires = "url")]
    pub mirror: bool,

    /// Its share of the reads
    #[arg(long, value_name = "N", requires = "url", value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub weight: Option<u32>,
}

/// The replica to be given up.
#[derive(Clone, Debug, clap::Args)]
pub struct RemoveArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Delete what is in it, if the others hold all of it
    #[arg(long)]
    pub delete_objects: bool,
}

/// How to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// Read all copies, and compare their hashes
    #[arg(long)]
    pub deep: bool,
}

/// Runs it, and tells people how replicas are.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    let kind = match command {
        Command::Status | Command::Verify(_) | Command::Heal => "replica",
        Command::Sync(_) => "replica-sync",
        Command::List | Command::Add(_) | Command::Remove(_) => return act(command, context),
    };
    let mut happening = Happening::of_repository(kind, &context.repository(None)?);
    if matches!(command, Command::Verify(_) | Command::Heal) {
        // That all are reachable does not say that their copies agree.
        happening.matter = Some(format!("{}/copies", happening.name));
    }
    let result = act(command, context);
    notifying::ended(context, &happening, &result);
    result
}

fn act(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::List => status::list(context),
        Command::Status => status::status(context),
        Command::Sync(args) => sync::run(args, context),
        Command::Heal => heal::run(context),
        Command::Add(args) => add::run(args, context),
        Command::Remove(args) => remove::run(args, context),
        Command::Verify(args) => verify::run(args, context),
    }
}
