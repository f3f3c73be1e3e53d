//! `lifeboat stats`: how much there is, and how much of it deduplication saves.

use crate::cli::commands::snapshots::FilterArgs;
use crate::cli::values::{SnapshotName, parse_snapshot};

const EXAMPLES: &str = "\
Examples:
  lifeboat stats latest
      How large would a restore of it be?
  lifeboat stats --host web1
      How much do all of one host's snapshots hold, and how much of it is different?
  lifeboat stats --json
      The same for scripts.";

/// Say how much there is, and how much of it deduplication saves
///
/// Counts files and bytes as a restore would write them, the different chunks among them before and after
/// compression, and the repository's objects by kind.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these: `latest`, `latest@HOST`, or the beginning of an id; all without
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshots: Vec<SnapshotName>,

    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,
}
