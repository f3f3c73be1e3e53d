//! `lifeboat database`: look at the database dumps of a snapshot, and load them again.

use std::path::PathBuf;

use crate::cli::values::{SnapshotName, parse_snapshot};

/// The commands.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// What it takes to list them.
    List(ListArgs),
    /// What it takes to load one.
    Restore(Box<RestoreArgs>),
}

const LIST_EXAMPLES: &str = "\
Examples:
  lifeboat database list latest
      What the newest snapshot holds: engines, versions, positions, files.";

/// List the database dumps of a snapshot
///
/// Shows each dump with its engine, the server's version, its position in the server's log, and its files.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct ListArgs {
    /// `latest`, `latest@HOST`, or the beginning of an id
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshot: SnapshotName,
}

const RESTORE_EXAMPLES: &str = "\
Examples:
  lifeboat database restore latest main --dry-run
      Show every command that would load the dump `main` to where it came from.
  lifeboat database restore latest main --to /run/postgresql:5433 --run-as postgres
      Load it into another PostgreSQL server, whose socket is in /run/postgresql.
  lifeboat database restore latest app --to /srv/app/restored.db
      Make a SQLite file.
  lifeboat restore latest:/.lifeboat/databases/main --target dumps
      Only fetch the plain dumps; manifest.json says how each is loaded by hand.";

/// Load a database dump of a snapshot
///
/// Streams the dump from the snapshot into the database's own program (pg_restore, mariadb, sqlite3), or
/// puts the file where the server reads it, and then compares the database with what the dump recorded of
/// it: counts of rows, checksums, the server's own verification.
///
/// Nothing that is there already is replaced unless --replace says so.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub struct RestoreArgs {
    /// `latest`, `latest@HOST`, or the beginning of an id
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshot: SnapshotName,

    /// The dump, by its name in the job; may be left out if there is only one
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Where to: a server as [USER@]HOST[:PORT] or SOCKET[:PORT], or the path of a file or directory
    ///
    /// Without it, where the dump came from. A value that holds a slash is a socket for postgres, mysql and
    /// mariadb, and the place of the files for sqlite, redis and base backups.
    #[arg(long, value_name = "PLACE")]
    pub to: Option<String>,

    /// Only this database of a postgres dump; may be given several times
    #[arg(long, value_name = "DATABASE")]
    pub only: Vec<String>,

    /// Replace what is there already
    #[arg(long)]
    pub replace: bool,

    /// Show the commands, and run none
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// The account that the programs run as
    #[arg(long, value_name = "ACCOUNT")]
    pub run_as: Option<String>,

    /// Where the programs are, if not in PATH
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,

    /// Take the database user's password from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_env", "password_command"])]
    pub password_file: Option<PathBuf>,

    /// Take it from an environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "password_command")]
    pub password_env: Option<String>,

    /// Take it from the first line a command prints
    #[arg(long, value_name = "COMMAND")]
    pub password_command: Option<String>,

    /// A file of the database's own that holds user and password: PGPASSFILE, or an option file of mysql
    #[arg(long, value_name = "FILE")]
    pub credentials_file: Option<PathBuf>,

    /// The program that reads a dump of engine `command`, and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    pub program: Vec<String>,
}
