//! `lifeboat key export`: the repository's own private keys as a text to be kept offline.
//!
//! The one command that gives secrets away. It writes them into a new file of the owner's alone, or to
//! a pipe; onto a terminal only after asking, for a terminal is seen and scrolled back.

use std::path::Path;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::commands::key::{ExportArgs, slot_failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{self, prompts};
use crate::repo::slots::export::export_text;
use crate::sys::file::create_private;
use crate::sys::terminal;
use crate::ui::escape;

/// What `--json` prints: schema `lifeboat.key-export/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    output: String,
    repository: String,
    fingerprint: String,
}

/// Runs the command.
pub fn run(args: &ExportArgs, context: &Context) -> CommandResult {
    let to_stdout = args.output == Path::new("-");
    if to_stdout && context.output.json {
        return Err(Failure::usage("--json and --output - both want standard output"));
    }
    let repository = opening::repository(context, None, Role::Restorer)?;
    let text =
        export_text(repository.keyring(), repository.config()).map_err(|error| slot_failure(&error))?;
    if to_stdout {
        if terminal::stdout_is_terminal() {
            let question = "The keys that open everything in the repository are about to be shown here.";
            if prompts().confirm(question, "show them", Some("stop")) != Some(true) {
                return Err(Failure::new(ErrorKind::Failed, "nothing was shown")
                    .hint("write them to a file with --output FILE"));
            }
        }
        context.output.text(text.expose())?;
        return Ok(Outcome::Done);
    }
    create_private(&args.output, text.expose().as_bytes()).map_err(|error| {
        let failure = Failure::of(error.kind(), &error);
        match error.io_kind() == std::io::ErrorKind::AlreadyExists {
            true => failure.hint("an export never replaces a file: choose another name"),
            false => failure,
        }
    })?;
    if context.output.json {
        context.output.document(&Document {
            schema: "lifeboat.key-export/1",
            output: args.output.to_string_lossy().into_owned(),
            repository: repository.id().to_string(),
            fingerprint: repository.config().fingerprint().to_hex(),
        })?;
    } else if !context.output.quiet {
        let path = escape::path(&args.output);
        context.output.text(&format!(
            "wrote the repository's private keys to {path}\n\
             Whoever has this file can read everything: print it or put it where only you can get at it.\n\
             To open the repository with it: lifeboat --identity {path} …\n\
             To open an object with stock tools: age -d -i {path} OBJECT\n"
        ))?;
    }
    Ok(Outcome::Done)
}
