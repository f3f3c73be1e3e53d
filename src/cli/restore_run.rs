//! `lifeboat restore`, the acting half: plan, show or carry out, tell.

use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, PathBuf};
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::commands::restore::{Args, Overwrite as Typed};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Happening};
use crate::cli::opening;
use crate::cli::replicas::{self, WithReplicas};
use crate::cli::values::OwnerMap;
use crate::cli::warm_up;
use crate::repo::attachment::DIRECTORY;
use crate::repo::snapshot;
use crate::restore::error::RestoreError;
use crate::restore::execute::execute;
use crate::restore::items::Action;
use crate::restore::options::{
    Overwrite, OwnerMode, OwnerPolicy, RestoreOptions, Selection, literal_pattern,
};
use crate::restore::plan::{RestorePlan, plan};
use crate::restore::repository::{RepositorySource, origin_of};
use crate::restore::summary::{Failure as Failed, RestoreSummary};
use crate::store::replicas::status::SetState;
use crate::ui::{escape, format};

/// Failures told one by one on a terminal; all stand in the JSON document.
const FAILURES_TOLD: usize = 50;

/// Runs the command, and tells people of the result.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    if args.dry_run {
        return restore(args, context);
    }
    let mut happening = Happening::of_repository("restore", &context.repository(None)?);
    happening.fact("snapshot", &args.snapshot.snapshot);
    if let Some(target) = &args.target {
        happening.fact("target", target.display());
    }
    let result = restore(args, context);
    notifying::ended(context, &happening, &result);
    result
}

fn restore(args: &Args, context: &Context) -> CommandResult {
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    let keyring = repository.keyring();
    keyring.need(Role::Restorer, "restoring files").map_err(|error| Failure::of(error.kind(), &error))?;
    let snapshot = snapshot::find(repository.client(), keyring, &args.snapshot.snapshot.to_string())
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let mut options = options(args, indexed.repository().state_dir())?;
    if indexed.repository().client().store().blocking().is_none() {
        options = options.from_afar(context.memory_limit()?);
    }
    if args.in_place && !snapshot.attachments.is_empty() && !names_attachments(args) {
        // What is attached never lay in the system's own `/`.
        options.selection.exclude.push(format!("/{DIRECTORY}"));
    }
    if options.selection.subpath.is_none() && options.selection.include.is_empty() {
        indexed.expect_all_trees();
    }
    let source = RepositorySource::new(&indexed).map_err(|error| Failure::of(error.kind, &error))?;
    let origin = origin_of(&snapshot).map_err(|error| Failure::of(error.kind, &error))?;
    let progress = context.output.progress();
    let mut planned =
        plan(&source, &origin, &options, &progress, interrupt).map_err(|error| failure(&error))?;
    if args.dry_run {
        progress.finish();
        show(context, &planned)?;
        warm_up::show(context, &planned);
        return Ok(Outcome::Done);
    }
    if let Some(waiting) = warm_up::run(&args.cold, context, &source, &mut planned, (&progress, interrupt))? {
        progress.finish();
        return Ok(waiting);
    }
    let result = execute(&source, &planned, &options, &progress, interrupt);
    progress.finish();
    let summary = result.map_err(|error| failure(&error))?;
    let client = indexed.repository().client();
    let state = client.store().replicas().map(|replicas| replicas.set().state());
    replicas::warn(context, client, state.as_ref());
    tell(context, &summary, state.as_ref())?;
    Ok(summary.kind().map_or(Outcome::Done, Outcome::Told))
}

pub(in crate::cli) fn failure(error: &RestoreError) -> Failure {
    let failure = Failure::of(error.kind(), error);
    match error.kind() {
        ErrorKind::Interrupted => failure.hint("give the same command again to go on where it stopped"),
        ErrorKind::Waiting => failure.hint(warm_up::HINT),
        _ => failure,
    }
}

fn options(args: &Args, state_dir: PathBuf) -> Result<RestoreOptions, Failure> {
    let pairs = |maps: &[OwnerMap]| maps.iter().map(|map| (map.from.clone(), map.to.clone())).collect();
    let owners = &args.owners;
    let mode = match (owners.no_owner, owners.numeric_owner) {
        (true, _) => OwnerMode::None,
        (false, true) => OwnerMode::Numeric,
        (false, false) => OwnerMode::ByName,
    };
    // In place, a path comes back to where it was: the whole snapshot below `/`, and only that path of it.
    let subpath = args.snapshot.path.as_ref().map(|path| path.as_os_str().as_bytes().to_vec());
    let (subpath, only) = if args.in_place { (None, subpath) } else { (subpath, None) };
    let mut include = args.selection.include.clone();
    if let Some(path) = &only {
        include.push(pattern_of(path)?);
    }
    Ok(RestoreOptions {
        selection: Selection { subpath, include, exclude: args.selection.exclude.clone() },
        overwrite: match args.overwrite {
            Typed::Never => Overwrite::Never,
            Typed::IfChanged => Overwrite::IfChanged,
            Typed::Always => Overwrite::Always,
        },
        delete: args.delete,
        verify: args.verify,
        owners: OwnerPolicy { mode, users: pairs(&owners.map_user), groups: pairs(&owners.map_group) },
        allow_devices: args.consent.allow_devices,
        allow_setuid: args.consent.allow_setuid,
        xattrs: !owners.no_xattrs,
        resume: !args.no_resume,
        ..RestoreOptions::new(args.target.clone().unwrap_or_else(|| PathBuf::from("/")), state_dir)
    })
}

/// Whether what is asked for lies below the directory of the attachments.
fn names_attachments(args: &Args) -> bool {
    let path = args.snapshot.path.as_deref();
    path.is_some_and(|path| path.components().nth(1) == Some(Component::Normal(DIRECTORY.as_ref())))
}

/// A pattern that matches exactly this path.
fn pattern_of(path: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(path).map_err(|_| {
        Failure::usage("--in-place takes a path that is UTF-8 text; restore this one with --target")
    })?;
    Ok(literal_pattern(text))
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Metadata => "metadata",
        Action::Unchanged => "unchanged",
        Action::Kept => "keep",
        Action::Delete => "delete",
        Action::Refuse => "refuse",
        Action::Lost => "lost",
    }
}

fn show(context: &Context, plan: &RestorePlan) -> Result<(), Failure> {
    if context.output.json {
        return context.output.document(plan);
    }
    context.output.write(|out| {
        let mut result: io::Result<()> = Ok(());
        plan.each(|path, action, reason| {
            let why = reason.map(|reason| format!(" ({})", escape::text(reason))).unwrap_or_default();
            if result.is_ok() {
                result = writeln!(out, "{:<9} {}{why}", action_word(action), escape::bytes(path));
            }
        });
        result
    })?;
    for warning in plan.warnings() {
        context.output.note(&format!("warning: {}", escape::text(warning)));
    }
    let counts = plan.counts();
    context.output.note(&format!(
        "would create {}, update {}, delete {}; refuse {}; {} unchanged; fetch {} in {} from {}; \
         nothing was written",
        format::count(counts.create),
        format::count(counts.update),
        format::count(counts.delete),
        format::count(counts.refuse),
        format::count(counts.unchanged),
        format::size(counts.fetch_bytes),
        format::counted(counts.requests, "request", "requests"),
        format::counted(counts.packs, "pack", "packs"),
    ));
    Ok(())
}

fn tell(context: &Context, summary: &RestoreSummary, replicas: Option<&SetState>) -> Result<(), Failure> {
    if context.output.json {
        return context.output.document(&WithReplicas { report: summary, replicas });
    }
    let list = |word: &str, failures: &[Failed]| {
        for failure in failures.iter().take(FAILURES_TOLD) {
            context.output.note(&format!(
                "{word} {}: {}",
                escape::text(&failure.path),
                escape::text(&failure.why)
            ));
        }
        if failures.len() > FAILURES_TOLD {
            context.output.note(&format!("{word} {} more; --json lists all", failures.len() - FAILURES_TOLD));
        }
    };
    list("not restored:", &summary.failed);
    list("refused:", &summary.refusals);
    if context.output.quiet {
        return Ok(());
    }
    let elapsed = Duration::from_secs_f64(summary.duration_seconds);
    let mut text = format!(
        "restored snapshot {} to {} in {}\n\
         files    {} written ({}), {} unchanged; {} directories, {} others\n\
         data     {} fetched in {}\n",
        summary.snapshot.short(),
        escape::text(&summary.target),
        format::duration(elapsed),
        format::count(summary.files),
        format::size(summary.written_bytes),
        format::count(summary.unchanged),
        format::count(summary.dirs),
        format::count(summary.others),
        format::size(summary.fetched_bytes),
        format::counted(summary.requests, "request", "requests"),
    );
    // Writing to a string cannot fail.
    if let Some(verified) = summary.verified {
        let _ = writeln!(text, "verified {}", format::counted(verified, "file", "files"));
    }
    if summary.deleted > 0 {
        let _ = writeln!(text, "deleted  {}", format::counted(summary.deleted, "entry", "entries"));
    }
    if summary.warning_count > 0 {
        let _ = writeln!(text, "warnings {}", format::count(summary.warning_count));
    }
    if !summary.failed.is_empty() || summary.refused > 0 {
        let failed = format::counted(summary.failed.len() as u64, "entry", "entries");
        let _ = writeln!(text, "FAILED   {failed} not restored, {} refused", format::count(summary.refused));
    }
    context.output.text(&text)
}
