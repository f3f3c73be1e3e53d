//! `lifeboat config`: look after the configuration file.

use std::path::Path;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::settings::mistake::Mistake;
use crate::cli::settings::model::Settings;
use crate::cli::settings::{self, SettingsError};
use crate::ui::{escape, format};

const EXAMPLES: &str = "\
Examples:
  lifeboat config check
      Check the usual configuration file.
  lifeboat config check --config ./lifeboat.toml --json
      Check another one, for scripts.";

/// What to do with the configuration.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List every mistake in the configuration, with its line
    ///
    /// Checks keys, values, names and what they require of each other; opens no repository. Exit status 2
    /// where there is a mistake, or no configuration.
    #[command(after_help = EXAMPLES)]
    Check,
}

/// Schema `lifeboat.config-check/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    file: String,
    ok: bool,
    repositories: Vec<&'a str>,
    jobs: Vec<&'a str>,
    mistakes: &'a [Mistake],
}

/// Runs it.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    let Command::Check = command;
    let path = settings::locate(context.global.config.as_deref(), &context.environment).ok_or_else(|| {
        let places: Vec<String> =
            settings::usual_places(&context.environment).iter().map(escape::path).collect();
        Failure::usage("there is no configuration file")
            .hint(format!("name one with --config, or make one of {}", places.join(", ")))
    })?;
    let (loaded, mistakes) = match settings::load(&path, &context.environment) {
        Ok(loaded) => (loaded, Vec::new()),
        Err(SettingsError::Mistakes { mistakes, .. }) => (Settings::default(), mistakes),
        Err(error) => return Err(Failure::of(error.kind(), &error)),
    };
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.config-check/1",
            file: path.to_string_lossy().into_owned(),
            ok: mistakes.is_empty(),
            repositories: loaded.repository.keys().map(String::as_str).collect(),
            jobs: loaded.job.keys().map(String::as_str).collect(),
            mistakes: &mistakes,
        })?;
    } else if mistakes.is_empty() {
        let repositories = format::counted(loaded.repository.len() as u64, "repository", "repositories");
        let jobs = format::counted(loaded.job.len() as u64, "job", "jobs");
        context.output.text(&format!("{}: no mistakes; {repositories}, {jobs}\n", escape::path(&path)))?;
    } else {
        list(&path, &mistakes, context)?;
    }
    Ok(if mistakes.is_empty() { Outcome::Done } else { Outcome::Told(ErrorKind::Usage) })
}

fn list(path: &Path, mistakes: &[Mistake], context: &Context) -> Result<(), Failure> {
    let mut text: String =
        mistakes.iter().map(|mistake| mistake.for_people(path, context.output.style)).collect();
    text.push_str(&format::counted(mistakes.len() as u64, "mistake\n", "mistakes\n"));
    context.output.text(&text)
}
