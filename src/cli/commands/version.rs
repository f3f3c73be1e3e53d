//! `lifeboat version`: the version, and the formats it reads.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Outcome};

const EXAMPLES: &str = "\
Examples:
  lifeboat version
      Print the version.
  lifeboat version --json
      The same for scripts, with the formats it reads and writes.";

/// Print the version and the formats it reads
///
/// Prints the version, and which versions of the repository's format it reads and writes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// The repository formats this build reads; the last is what it writes.
const FORMATS: [u32; 1] = [1];

/// Schema `lifeboat.version/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    version: &'static str,
    formats_read: [u32; FORMATS.len()],
    format_written: u32,
    system: &'static str,
    machine: &'static str,
}

/// Prints it.
pub fn run(_: &Args, context: &Context) -> CommandResult {
    let document = Document {
        schema: "lifeboat.version/1",
        version: env!("CARGO_PKG_VERSION"),
        formats_read: FORMATS,
        format_written: FORMATS[FORMATS.len() - 1],
        system: std::env::consts::OS,
        machine: std::env::consts::ARCH,
    };
    match context.output.json {
        true => context.output.document(&document)?,
        false => {
            let Document { version, format_written, system, machine, .. } = document;
            let text =
                format!("lifeboat {version} ({system} {machine}), repository format {format_written}\n");
            context.output.text(&text)?;
        }
    }
    Ok(Outcome::Done)
}
