//! `lifeboat cat`: print files from a snapshot.

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{SnapshotPath, parse_snapshot_path};

const EXAMPLES: &str = "\
Examples:
  lifeboat cat latest:/etc/fstab
      Print one file.
  lifeboat cat latest@db1:/all.sql | psql
      Feed a dump to a program.";

/// Print files from a snapshot
///
/// Writes the contents of files to standard output, one after another.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A snapshot, and a file in it
    #[arg(value_name = "SNAP:PATH", required = true,
          value_parser = OsStringValueParser::new().try_map(parse_snapshot_path))]
    pub files: Vec<SnapshotPath>,
}
