//! `lifeboat restore`: bring files back.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{OwnerMap, SnapshotPath, parse_duration, parse_owner_map, parse_snapshot_path};

const EXAMPLES: &str = "\
Examples:
  lifeboat restore latest --target /mnt/new
      Restore everything below a directory.
  lifeboat restore latest:/etc/nginx --in-place --dry-run
      Show what bringing back one directory would do.
  lifeboat restore latest --target /srv --include '*.conf' --verify
      Restore some files, and read them back.
  lifeboat restore latest@db1:/home --target /home --delete --overwrite if-changed
      Make a directory what it was.
  lifeboat restore latest --target /mnt/new --plan
      Show what it would do, and which packs would have to be warmed up first.
  lifeboat restore latest --target /mnt/new --warm-up=bulk
      Warm them up as cheaply as can be, wait, and restore.";

/// Bring files back
///
/// Restores a snapshot, or a part of it. What it would do is planned first; --dry-run shows the plan.
///
/// Nothing is ever written outside the target, whatever the repository says. Where a file is there
/// already, only what differs is fetched. A restore that was interrupted goes on where it stopped when the
/// same command is given again.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("place").required(true).args(["target", "in_place"]))]
pub struct Args {
    /// The snapshot, and a path in it
    #[arg(value_name = "SNAP[:PATH]", value_parser = OsStringValueParser::new().try_map(parse_snapshot_path))]
    pub snapshot: SnapshotPath,

    /// Write below this directory; it is made if need be
    #[arg(long, short, value_name = "DIR")]
    pub target: Option<PathBuf>,

    /// Write to where it came from
    #[arg(long)]
    pub in_place: bool,

    /// Show what would be done, and do nothing
    #[arg(long, short = 'n', visible_alias = "plan")]
    pub dry_run: bool,

    /// Read back what was written and compare it with the repository's checksums
    #[arg(long)]
    pub verify: bool,

    /// What to do where a file is there already
    #[arg(long, value_name = "WHEN", value_enum, default_value = "if-changed")]
    pub overwrite: Overwrite,

    /// Delete what is at the target but not in the snapshot
    #[arg(long)]
    pub delete: bool,

    /// Forget the journal of an interrupted restore and begin anew
    #[arg(long)]
    pub no_resume: bool,

    /// Which entries.
    #[command(flatten)]
    pub selection: SelectionArgs,

    /// Whose they become.
    #[command(flatten)]
    pub owners: OwnerArgs,

    /// What needs consent.
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// What lies in cold storage.
    #[command(flatten)]
    pub cold: ColdArgs,
}

/// How fast packs are warmed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Speed {
    /// Minutes; the dearest, and not offered for what lies deepest.
    Expedited,
    /// Some hours.
    Standard,
    /// Half a day to two; the cheapest.
    Bulk,
}

/// What is done about packs in cold storage. Without --warm-up, a restore that needs any ends before it
/// writes anything, with exit status 13.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Cold storage")]
pub struct ColdArgs {
    /// Warm up what lies in cold storage, wait until it can be read, and go on
    ///
    /// The store charges for it; --plan shows how much there is. A wait that was interrupted goes on when the
    /// same command is given again; nothing is asked for twice.
    #[arg(long, value_name = "SPEED", value_enum, num_args = 0..=1, require_equals = true,
          default_missing_value = "standard")]
    pub warm_up: Option<Speed>,

    /// For how many days what was warmed up stays readable
    #[arg(long, value_name = "N", default_value_t = 7, requires = "warm_up",
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub warm_up_days: u32,

    /// Ask for what is cold and end with exit status 13; the same command restores it later
    #[arg(long, requires = "warm_up")]
    pub no_wait: bool,

    /// How often to look whether what was asked for is there, such as 10m
    #[arg(long, value_name = "DURATION", requires = "warm_up", value_parser = parse_duration)]
    pub warm_up_poll: Option<Duration>,

    /// Run this by `sh -c` instead of asking the store, with the objects' keys on its standard input
    ///
    /// For stores that are warmed up in another way. It gets one key a line, and LIFEBOAT_WARM_UP_SPEED,
    /// LIFEBOAT_WARM_UP_DAYS and LIFEBOAT_REPO as variables. Where the store does not tell what is cold, it
    /// gets all packs that the restore reads, and is believed when it ends; `warm_up_command` in the
    /// configuration says the same for a repository.
    #[arg(long, value_name = "COMMAND", requires = "warm_up")]
    pub warm_up_command: Option<String>,
}

/// What to do where a file is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Overwrite {
    /// Leave it.
    Never,
    /// Replace it unless size and time of modification are the same.
    IfChanged,
    /// Compare its contents, and write what differs.
    Always,
}

/// Which entries are restored.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What to restore")]
pub struct SelectionArgs {
    /// Only what matches this pattern, in gitignore syntax; may be given several times
    #[arg(long, short = 'I', value_name = "PATTERN")]
    pub include: Vec<String>,

    /// Not what matches this pattern; may be given several times
    #[arg(long, short, value_name = "PATTERN")]
    pub exclude: Vec<String>,
}

/// Whose restored files become.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Owners and attributes")]
pub struct OwnerArgs {
    /// Let everything belong to whoever restores
    #[arg(long, conflicts_with_all = ["map_user", "map_group", "numeric_owner"])]
    pub no_owner: bool,

    /// Go by the numbers of owners and groups, not by their names
    #[arg(long)]
    pub numeric_owner: bool,

    /// Give what was FROM's to TO, each a name or a number; may be given several times
    #[arg(long, value_name = "FROM:TO", value_parser = parse_owner_map)]
    pub map_user: Vec<OwnerMap>,

    /// The same for groups
    #[arg(long, value_name = "FROM:TO", value_parser = parse_owner_map)]
    pub map_group: Vec<OwnerMap>,

    /// Restore no extended attributes, and so no ACLs
    #[arg(long)]
    pub no_xattrs: bool,
}

/// What could give power to whoever wrote the snapshot, and is therefore left out unless asked for.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What needs consent")]
pub struct ConsentArgs {
    /// Make device nodes
    #[arg(long)]
    pub allow_devices: bool,

    /// Keep setuid and setgid bits and file capabilities
    #[arg(long)]
    pub allow_setuid: bool,
}
