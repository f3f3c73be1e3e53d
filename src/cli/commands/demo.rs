//! `lifeboat demo`: try everything out in a temporary directory.

use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  lifeboat demo
      Make files, back them up, damage them, restore them, and say what is being done.
  lifeboat demo --keep /tmp/demo
      The same, and leave everything there to be looked at.";

/// Try Lifeboat out in a temporary directory
///
/// Makes some files and a repository in a temporary directory, and shows backup, listing, comparison,
/// restore and check on them. Touches nothing else and needs no configuration.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Work in this directory, which must not exist, and leave everything there
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}
