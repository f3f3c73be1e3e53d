//! `lifeboat plan init`.

use crate::base::role::Role;
use crate::cli::commands::plan::{InitArgs, TargetWord, failure};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::plan::build::machine::state_of;
use crate::plan::file::model::TargetKind;
use crate::plan::init::{Ground, write};
use crate::repo::snapshot;
use crate::sys::file::create_private;
use crate::ui::escape;

/// Runs it.
pub fn run(args: &InitArgs, context: &Context) -> CommandResult {
    let repository = opening::repository(context, None, Role::Restorer)?;
    let named = args.snapshot.to_string();
    let snapshot = snapshot::find(repository.client(), repository.keyring(), &named)
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let name = args.name.clone().unwrap_or_else(|| snapshot::host_for_key(&snapshot.host));
    let kind = match args.target {
        TargetWord::BareMetal => TargetKind::BareMetal,
        TargetWord::Converge => TargetKind::Converge,
        TargetWord::Sandbox => TargetKind::Sandbox,
    };
    let named = match named.as_str() {
        "latest" => format!("latest@{}", snapshot.host),
        _ => snapshot.id.to_string(),
    };
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let interrupt = context.interrupt()?;
    let state = state_of(&indexed, interrupt, &snapshot).map_err(|error| failure(&error))?;
    let text =
        write(&Ground { name: &name, named: &named, snapshot: &snapshot, state: state.as_ref(), kind });
    match &args.output {
        None => context.output.text(&text)?,
        Some(path) => {
            create_private(path, text.as_bytes()).map_err(|error| Failure::of(error.kind(), &error))?;
            context
                .output
                .note(&format!("wrote {}; look at it, then: lifeboat plan build {0}", escape::path(path)));
        }
    }
    Ok(Outcome::Done)
}
