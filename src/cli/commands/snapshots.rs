//! `lifeboat snapshots`: list what there is.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::cli::values::{SnapshotName, parse_host, parse_snapshot, parse_tag};
use crate::repo::snapshot::{self, Snapshot};
use crate::ui::format;
use crate::ui::table::{Shrink, Table};

const EXAMPLES: &str = "\
Examples:
  lifeboat snapshots --repo /backup/repo
      List all, oldest first.
  lifeboat snapshots --host web1 --tag nightly --last 5
      The newest five of one host with a tag.
  lifeboat snapshots --json
      The same for scripts.";

/// List snapshots
///
/// Lists snapshots, oldest first: id, time, host, tags, paths, and how much each added.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these: `latest`, `latest@HOST`, or the beginning of an id
    #[arg(value_name = "SNAP", value_parser = parse_snapshot)]
    pub snapshots: Vec<SnapshotName>,

    /// Which of them.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// Only the newest N
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
}

/// Which snapshots are meant; a snapshot must satisfy each kind of condition.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FilterArgs {
    /// Only this host's; may be given several times
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub host: Vec<String>,

    /// Only those with this tag; with each of them, if given several times
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub tag: Vec<String>,

    /// Only those that have this path as a source; may be given several times
    #[arg(long, value_name = "PATH")]
    pub path: Vec<PathBuf>,
}

/// What `--json` prints: schema `lifeboat.snapshots/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    snapshots: &'a [Snapshot],
    damaged: Vec<Damaged>,
}

#[derive(Serialize)]
struct Damaged {
    id: String,
    host: String,
    what: String,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let repository = opening::repository(context, None, Role::Maintainer)?;
    let listed = snapshot::list(repository.client(), repository.keyring())
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let mut damaged = Vec::new();
    let mut snapshots = Vec::new();
    for entry in listed {
        match entry.snapshot {
            Ok(Some(snapshot)) => snapshots.push(snapshot),
            Ok(None) => {}
            Err(error) => {
                let what = error.to_string();
                damaged.push(Damaged { id: entry.id.to_string(), host: entry.host, what });
            }
        }
    }
    let mut chosen = choose(snapshots, &args.snapshots, &args.filter);
    if let Some(last) = args.last {
        chosen.drain(..chosen.len().saturating_sub(last));
    }
    if context.output.json {
        let failed = !damaged.is_empty();
        context.output.document(&Document { schema: "lifeboat.snapshots/1", snapshots: &chosen, damaged })?;
        return Ok(if failed { Outcome::Told(ErrorKind::Damage) } else { Outcome::Done });
    }
    let mut table = Table::new()
        .words("ID", Shrink::Never)
        .words("TIME", Shrink::Never)
        .words("HOST", Shrink::End)
        .words("TAGS", Shrink::End)
        .words("SOURCES", Shrink::End)
        .numbers("FILES")
        .numbers("SIZE")
        .numbers("ADDED");
    for snapshot in &chosen {
        let counts = &snapshot.statistics;
        let files = counts.files_new + counts.files_changed + counts.files_unmodified;
        let partial = if snapshot.faults > 0 { " (partial)" } else { "" };
        table.row([
            snapshot.id.short(),
            format::timestamp(snapshot.time),
            snapshot.host.clone(),
            snapshot.tags.join(","),
            format!("{}{partial}", snapshot.sources.join(" ")),
            format::count(files),
            format::size(counts.total_bytes),
            format::size(counts.stored_bytes),
        ]);
    }
    if chosen.is_empty() && damaged.is_empty() {
        context.output.note("no snapshots");
    } else if !chosen.is_empty() {
        context.output.table(&table)?;
    }
    match damaged.first() {
        None => Ok(Outcome::Done),
        Some(first) => Err(Failure::new(ErrorKind::Damage, first.what.clone())
            .context(format!("{} snapshots cannot be read", damaged.len()))
            .hint("run `lifeboat check` to find out what else is damaged")),
    }
}

/// Those of `snapshots` that `named` and `filter` mean; all that `filter` lets through if none is named.
pub fn choose(mut snapshots: Vec<Snapshot>, named: &[SnapshotName], filter: &FilterArgs) -> Vec<Snapshot> {
    let latest = |host: Option<&str>| {
        let mut newest = snapshots.iter().rev();
        newest.find(|snapshot| host.is_none_or(|host| snapshot.host == host)).map(|snapshot| snapshot.id)
    };
    let wanted: Vec<_> = named
        .iter()
        .map(|name| match name {
            SnapshotName::Latest { host } => (latest(host.as_deref()), None),
            SnapshotName::Prefix(prefix) => (None, Some(prefix.as_str())),
        })
        .collect();
    let is_wanted = |snapshot: &Snapshot| {
        wanted.is_empty()
            || wanted.iter().any(|(id, prefix)| {
                *id == Some(snapshot.id)
                    || prefix.is_some_and(|prefix| snapshot.id.to_string().starts_with(prefix))
            })
    };
    let has_path = |snapshot: &Snapshot| {
        let mut paths = filter.path.iter().map(|path| path.to_string_lossy());
        filter.path.is_empty() || paths.any(|path| snapshot.sources.iter().any(|source| *source == path))
    };
    snapshots.retain(|snapshot| {
        is_wanted(snapshot)
            && (filter.host.is_empty() || filter.host.contains(&snapshot.host))
            && filter.tag.iter().all(|tag| snapshot.tags.contains(tag))
            && has_path(snapshot)
    });
    snapshots
}
