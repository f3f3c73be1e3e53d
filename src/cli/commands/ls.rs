//! `lifeboat ls`: list what is in a snapshot.

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{SnapshotPath, parse_snapshot_path};

const EXAMPLES: &str = "\
Examples:
  lifeboat ls latest
      List the sources of the newest snapshot.
  lifeboat ls --long --recursive 1f3a9c7e:/etc
      All below one directory, with modes, owners, sizes and times.";

/// List what is in a snapshot
///
/// Lists the entries of a directory in a snapshot.
///
/// Names that hold control characters are shown escaped; --json has them exactly.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The snapshot, and a path in it
    #[arg(value_name = "SNAP[:PATH]", value_parser = OsStringValueParser::new().try_map(parse_snapshot_path))]
    pub snapshot: SnapshotPath,

    /// Show mode, owner, size and time of modification
    #[arg(long, short)]
    pub long: bool,

    /// Show everything below
    #[arg(long, short = 'R')]
    pub recursive: bool,
}
