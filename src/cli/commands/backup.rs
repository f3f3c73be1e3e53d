//! `lifeboat backup`: take a snapshot.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::base::time::Timestamp;
use crate::cli::values::{parse_host, parse_size, parse_tag, parse_time};

const EXAMPLES: &str = "\
Examples:
  lifeboat backup /etc /home --repo /backup/repo
      Back up two directories.
  lifeboat backup home
      Run the job `home` of the configuration.
  lifeboat backup /home --exclude '*.tmp' --exclude-caches --one-file-system --dry-run
      Show what would be taken, and what not and why.
  lifeboat backup / --system --one-file-system
      Back up a whole machine, with all that is needed to make it again.
  pg_dumpall | lifeboat backup --stdin --stdin-name all.sql
      Back up what comes from a pipe.
  lifeboat backup --command all.sql -- pg_dumpall --clean
      The same, but if pg_dumpall fails, so does the backup, and nothing is kept.";

/// Take a snapshot of files, or of what a program prints
///
/// Takes one snapshot of the given paths, or runs jobs of the configuration.
///
/// Only what has changed since the previous snapshot is read, and only what the repository does not have
/// is stored. A file that changes while it is read, or cannot be read, is reported and makes the exit
/// status 3, but never stops the others. An interrupted backup loses nothing: the next one finds what was
/// stored.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Jobs of the configuration, or paths
    ///
    /// A word without a slash that names a job means the job; write ./WORD for the path.
    #[arg(value_name = "JOB|PATH", required_unless_present_any = ["stdin", "command", "system"])]
    pub sources: Vec<OsString>,

    /// Tag the snapshot; may be given several times
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub tag: Vec<String>,

    /// Record the snapshot for this host instead of the machine's own name
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub host: Option<String>,

    /// Record this time as the snapshot's, instead of now
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub time: Option<Timestamp>,

    /// What to leave out.
    #[command(flatten)]
    pub excludes: ExcludeArgs,

    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,

    /// What is backed up instead of files.
    #[command(flatten)]
    pub stream: StreamArgs,

    /// What is backed up beside files.
    #[command(flatten)]
    pub system: SystemArgs,
}

/// The system's state.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The system's state")]
pub struct SystemArgs {
    /// Capture the system's state as well: disks, boot loader, packages, services, accounts, network
    ///
    /// It lies in the snapshot below /.lifeboat/system, and is what a rebuild of the whole machine is planned
    /// from; `lifeboat system show` shows it. What cannot be captured is a warning and never fails the
    /// backup.
    #[arg(long)]
    pub system: bool,

    /// Keep LUKS headers with it: whoever reads the snapshot and knows any passphrase they ever had opens the
    /// disk
    #[arg(long)]
    pub with_luks_headers: bool,
}

/// What a backup leaves out.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What to leave out")]
pub struct ExcludeArgs {
    /// Leave out what matches this pattern, in gitignore syntax; may be given several times
    ///
    /// A pattern with a slash inside is anchored at the source's root, `!PATTERN` takes back in.
    /// `.lifeboatignore` files in the tree are honoured as well.
    #[arg(long, short, value_name = "PATTERN")]
    pub exclude: Vec<String>,

    /// The same, without regard to upper and lower case
    #[arg(long, value_name = "PATTERN")]
    pub iexclude: Vec<String>,

    /// Read patterns from a file, one on each line
    #[arg(long, value_name = "FILE")]
    pub exclude_file: Vec<PathBuf>,

    /// Leave out the contents of directories marked with CACHEDIR.TAG
    #[arg(long)]
    pub exclude_caches: bool,

    /// Leave out the contents of directories that hold this file
    #[arg(long, value_name = "NAME")]
    pub exclude_if_present: Vec<OsString>,

    /// Leave out files larger than this
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub exclude_larger_than: Option<u64>,

    /// Leave out what has the `d` attribute (chattr +d)
    #[arg(long)]
    pub nodump: bool,

    /// Leave out what has this extended attribute, such as user.xdg.robots.backup
    #[arg(long, value_name = "NAME")]
    pub exclude_xattr: Vec<OsString>,

    /// Do not enter other file systems; mount points are kept as empty directories
    #[arg(long, short = 'x')]
    pub one_file_system: bool,
}

/// How files are read and stored.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "How to read and store")]
pub struct ReadingArgs {
    /// Show what would be backed up and what not, and store nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Read every file again, changed or not
    #[arg(long)]
    pub force: bool,

    /// Do not take a new ctime for a change; for network and FUSE file systems
    #[arg(long)]
    pub ignore_ctime: bool,

    /// Do not take a new inode number for a change; for network and FUSE file systems
    #[arg(long)]
    pub ignore_inode: bool,

    /// Record access times as well
    #[arg(long)]
    pub with_atime: bool,

    /// The zstd level, from -7 (fastest) to 22 (smallest)
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true,
          value_parser = clap::value_parser!(i32).range(-7..=22))]
    pub compression: Option<i32>,

    /// Read so many files at once
    #[arg(long, value_name = "N")]
    pub read_concurrency: Option<NonZeroUsize>,
}

/// Sources that are no files.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Sources that are no files")]
pub struct StreamArgs {
    /// Back up standard input
    #[arg(long, conflicts_with_all = ["sources", "command"])]
    pub stdin: bool,

    /// The name standard input gets in the snapshot
    #[arg(long, value_name = "NAME", requires = "stdin", default_value = "stdin")]
    pub stdin_name: OsString,

    /// Back up what PROGRAM prints, under this name; if it fails, so does the backup
    #[arg(long, value_name = "NAME", requires = "program", conflicts_with = "sources")]
    pub command: Option<OsString>,

    /// The program of --command, and its arguments
    #[arg(last = true, value_name = "PROGRAM", requires = "command")]
    pub program: Vec<OsString>,
}
