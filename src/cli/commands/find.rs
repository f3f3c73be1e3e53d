//! `lifeboat find`: look for names in snapshots.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::base::time::Timestamp;
use crate::cli::values::{SnapshotName, parse_host, parse_size, parse_snapshot, parse_tag, parse_time};

const EXAMPLES: &str = "\
Examples:
  lifeboat find 'nginx.conf'
      Where is it, in which snapshots?
  lifeboat find '*.sql' --snapshot latest@db1 --larger 1G
      Large dumps in one snapshot.
  lifeboat find '*' --type file --newer 2026-01-31 --below /etc
      What was changed below /etc since then?";

/// Look for names in snapshots
///
/// Looks for entries whose name, or whose path where the pattern has a slash, matches a pattern.
///
/// `*` and `?` stay within one name, `**` crosses directories, `[a-z]` and `{one,two}` choose.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to look for
    #[arg(value_name = "PATTERN", required = true)]
    pub patterns: Vec<String>,

    /// Do not distinguish upper and lower case
    #[arg(long)]
    pub ignore_case: bool,

    /// Only in this snapshot; may be given several times
    #[arg(long, value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshot: Vec<SnapshotName>,

    /// Only in this host's snapshots; may be given several times
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub host: Vec<String>,

    /// Only in snapshots with this tag; may be given several times
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub tag: Vec<String>,

    /// Only below this path
    #[arg(long, value_name = "PATH")]
    pub below: Vec<PathBuf>,

    /// Only entries of this type; may be given several times
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    pub types: Vec<FindType>,

    /// Only what was modified at this time or later
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub newer: Option<Timestamp>,

    /// Only what was modified before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub older: Option<Timestamp>,

    /// Only files of at least this size
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub larger: Option<u64>,

    /// Only files smaller than this
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub smaller: Option<u64>,
}

/// Types of entries; each has find(1)'s letter as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindType {
    /// Regular files.
    #[value(alias = "f")]
    File,
    /// Directories.
    #[value(alias = "d")]
    Dir,
    /// Symbolic links.
    #[value(alias = "l")]
    Symlink,
    /// Named pipes.
    #[value(alias = "p")]
    Fifo,
    /// Sockets.
    #[value(alias = "s")]
    Socket,
    /// Devices, character and block.
    #[value(aliases = ["c", "b"])]
    Device,
}
