//! `lifeboat stats`: how much there is, and how much of it deduplication saves.

use clap::ValueEnum;

use crate::cli::commands::snapshots::FilterArgs;
use crate::cli::values::{SnapshotName, parse_snapshot};

const EXAMPLES: &str = "\
Examples:
  lifeboat stats latest
      How large would a restore of it be?
  lifeboat stats --mode unique --host web1
      How much of all of one host's snapshots is different?
  lifeboat stats --mode stored
      What does the repository take up, and for what?";

/// Say how much there is, and how much of it deduplication saves
///
/// Counts files and bytes of snapshots, or of the repository.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these: `latest`, `latest@HOST`, or the beginning of an id; all without
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshots: Vec<SnapshotName>,

    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// What to count
    #[arg(long, value_name = "MODE", value_enum, default_value = "restore")]
    pub mode: StatsMode,
}

/// What `stats` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatsMode {
    /// Files and bytes as a restore of each snapshot would write them.
    Restore,
    /// Bytes of different chunks that the snapshots need together, before and after compression.
    Unique,
    /// The repository's objects by kind, whatever refers to them.
    Stored,
}
