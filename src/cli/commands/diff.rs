//! `lifeboat diff`: compare two snapshots, or a snapshot and the live tree.

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{DiffSide, parse_diff_side};

const EXAMPLES: &str = "\
Examples:
  lifeboat diff 1f3a9c7e latest
      What changed between two snapshots?
  lifeboat diff latest:/etc live:/etc
      What changed since the newest snapshot?
  lifeboat diff latest live:
      The same for all its sources, where they stood.";

/// Compare two snapshots, or a snapshot and the live tree
///
/// Lists what was added, removed and changed from A to B, and how: contents, mode, owner, times, link,
/// attributes.
///
/// A live tree is compared by metadata first; a file is read only where that does not decide. Exit status
/// 0 whether or not there are differences.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The old side: SNAP[:PATH]
    #[arg(value_name = "A", value_parser = OsStringValueParser::new().try_map(parse_diff_side))]
    pub old: DiffSide,

    /// The new side: SNAP[:PATH], or live:[PATH] for the tree as it is now
    #[arg(value_name = "B", value_parser = OsStringValueParser::new().try_map(parse_diff_side))]
    pub new: DiffSide,

    /// Show changes of metadata alone as well
    #[arg(long)]
    pub metadata: bool,
}
