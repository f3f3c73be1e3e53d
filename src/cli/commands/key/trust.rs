//! `lifeboat key trust`: pins the fingerprint of the repository that is there, if it is the one typed.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::cli::commands::key::TrustArgs;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{local_paths, store};
use crate::repo::config::{Config, ConfigError};
use crate::repo::pin::{Known, PinError};
use crate::ui::escape;

/// What `--json` prints: schema `lifeboat.key-trust/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    location: String,
    fingerprint: String,
    previous: Option<String>,
}

/// Runs the command.
pub fn run(args: &TrustArgs, context: &Context) -> CommandResult {
    let choice = context.repository(None)?;
    let client = store(context, &choice, false)?;
    let paths = local_paths(context)?;
    let (config, _) = Config::load(&client).map_err(|error| Failure::of(error.kind(), &error))?;
    let (found, location) = (config.fingerprint(), client.location());
    found.check_pinned(&args.fingerprint, "the command line").map_err(|error| match error {
        ConfigError::PinSyntax { .. } => {
            Failure::usage("that is no fingerprint: it has 32 or 64 hexadecimal digits")
        }
        _ => Failure::new(
            ErrorKind::Key,
            format!("the repository at {location} has fingerprint {found}, not the one typed"),
        )
        .hint("nothing was changed; compare both with what `lifeboat init` showed"),
    })?;
    let pin = |error: PinError| Failure::of(error.kind(), &error);
    let known = Known::of(&paths.state, &location);
    let previous = known.pinned().map_err(pin)?;
    known.pin(&found).map_err(pin)?;
    if context.output.json {
        let fingerprint = found.to_hex();
        let document = Document { schema: "lifeboat.key-trust/1", location, fingerprint, previous };
        context.output.document(&document)?;
    } else if !context.output.quiet {
        let location = escape::text(&location).into_owned();
        context.output.text(&format!("this machine now trusts {found} at {location}\n"))?;
    }
    if choice.fingerprint.is_some_and(|pinned| found.check_pinned(&pinned, "").is_err()) {
        context.output.note("lifeboat: warning: the configuration pins another fingerprint: correct it too");
    }
    Ok(Outcome::Done)
}
