//! `lifeboat plan init`.

use crate::base::role::Role;
use crate::cli::commands::plan::{InitArgs, TargetWord};
use crate::cli::commands::system::StateName;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::{opening, system_state};
use crate::plan::file::model::TargetKind;
use crate::plan::init::{Ground, write};
use crate::repo::attachment::KIND_SYSTEM;
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
    let has_state = snapshot.attachments.iter().any(|one| one.kind == KIND_SYSTEM);
    let state = match kind {
        TargetKind::Sandbox => None,
        _ if !has_state => {
            context
                .output
                .note("the snapshot holds no state of the system (see `backup --system`): files only");
            None
        }
        _ => Some(system_state::load(&StateName::Snapshot(args.snapshot.clone()), context)?.0),
    };
    let ground = Ground { name: &name, named: &named, snapshot: &snapshot, kind, state: state.as_ref() };
    let text = write(&ground);
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
