//! `lifeboat check`: look for damage in the repository.

use crate::cli::values::{Subset, parse_subset};

const EXAMPLES: &str = "\
Examples:
  lifeboat check --repo /backup/repo
      Is everything there that snapshots refer to?
  lifeboat check --read-data-subset 3/30
      Read a thirtieth as well; with the day of the month, all of it in a month.
  lifeboat check --read-data
      Read and verify everything.";

/// Look for damage in the repository
///
/// Checks that every snapshot is whole: signatures and chains, trees, the index, and that each pack is
/// there and as large as it should be. Contents are read only on request.
///
/// Exit status 4 where damage is found; what is damaged and which files it concerns is listed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Read every pack, and verify every chunk in it
    #[arg(long, conflicts_with = "read_data_subset")]
    pub read_data: bool,

    /// Read only a part of the packs: n/m, or a percentage chosen anew each time
    #[arg(long, value_name = "n/m|P%", value_parser = parse_subset)]
    pub read_data_subset: Option<Subset>,
}
