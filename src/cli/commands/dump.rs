//! `lifeboat dump`: write a directory from a snapshot as a tar archive.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{SnapshotPath, parse_snapshot_path};

const EXAMPLES: &str = "\
Examples:
  lifeboat dump latest:/etc | tar -t
      Look at one directory as an archive.
  lifeboat dump latest:/srv --output srv.tar
      Write the archive to a file.";

/// Write a directory from a snapshot as a tar archive
///
/// Writes a directory, or a whole snapshot, as a tar archive (POSIX.1-2001), in one pass and without
/// temporary files.
///
/// Owners by name and number, times, links, devices and extended attributes are kept. Names are relative.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The snapshot, and a path in it
    #[arg(value_name = "SNAP[:PATH]", value_parser = OsStringValueParser::new().try_map(parse_snapshot_path))]
    pub snapshot: SnapshotPath,

    /// Write to this file instead of standard output; it must not exist
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
