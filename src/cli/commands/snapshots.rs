//! `lifeboat snapshots`: list what there is.

use std::path::PathBuf;

use crate::cli::values::{SnapshotName, parse_host, parse_snapshot, parse_tag};

const EXAMPLES: &str = "\
Examples:
  lifeboat snapshots --repo /backup/repo
      List all, oldest first.
  lifeboat snapshots --host web1 --tag nightly --last 5
      The newest five of one host with a tag.
  lifeboat snapshots --json
      The same for scripts.";

/// List snapshots
///
/// Lists snapshots, oldest first: id, time, host, tags, paths, and how much each added.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these: `latest`, `latest@HOST`, or the beginning of an id
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshots: Vec<SnapshotName>,

    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// Only the newest N
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
}

/// Which snapshots are meant; a snapshot must satisfy each kind of condition.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FilterArgs {
    /// Only this host's; may be given several times
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub host: Vec<String>,

    /// Only those with this tag; with each of them, if given several times
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub tag: Vec<String>,

    /// Only those that have this path as a source; may be given several times
    #[arg(long, value_name = "PATH")]
    pub path: Vec<PathBuf>,
}
