//! `lifeboat man`: print a manual page, or write them all.

use std::path::{Path, PathBuf};

use crate::base::error_kind::ErrorKind;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::manual;
use crate::cli::settings::mistake::nearest;
use crate::ui::escape;

const EXAMPLES: &str = "\
Examples:
  lifeboat man backup | man -l -
      Read the page of one command.
  lifeboat man --directory /usr/local/share/man
      Install all pages, each into its section.";

/// Print a manual page, or write them all
///
/// Prints a manual page in roff, or writes all of them below a directory.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The page: a command such as `backup` or `key add`, or `lifeboat.toml`; the main page without
    #[arg(value_name = "PAGE")]
    pub page: Vec<String>,

    /// Write all pages below this directory, as man1/lifeboat.1 and so on
    #[arg(long, short, value_name = "DIR", conflicts_with = "page")]
    pub directory: Option<PathBuf>,
}

/// Prints or writes.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    match &args.directory {
        Some(directory) => install(directory),
        None => print(&args.page, context),
    }
}

fn print(words: &[String], context: &Context) -> CommandResult {
    let wanted = words.join("-");
    let wanted = wanted.strip_prefix("lifeboat-").unwrap_or(&wanted);
    let pages = manual::pages();
    let page = pages.iter().find(|page| {
        let name = page.name.as_str();
        name == wanted
            || name.strip_prefix("lifeboat-") == Some(wanted)
            || (wanted.is_empty() && name == "lifeboat")
    });
    let Some(page) = page else {
        let names: Vec<&str> = pages.iter().map(|page| page.name.trim_start_matches("lifeboat-")).collect();
        let failure = Failure::usage(format!("there is no manual page `{wanted}`"));
        let meant = nearest(wanted, names.iter().copied()).map(|name| format!("did you mean `{name}`? "));
        return Err(failure.hint(format!("{}there are: {}", meant.unwrap_or_default(), names.join(", "))));
    };
    context.output.write(|out| out.write_all(&page.roff))?;
    Ok(Outcome::Done)
}

fn install(directory: &Path) -> CommandResult {
    for page in manual::pages() {
        let section = directory.join(format!("man{}", page.section));
        let path = section.join(page.file_name());
        let written = std::fs::create_dir_all(&section).and_then(|()| std::fs::write(&path, &page.roff));
        written.map_err(|error| {
            Failure::new(ErrorKind::Failed, format!("cannot write {}: {error}", escape::path(&path)))
        })?;
    }
    Ok(Outcome::Done)
}
