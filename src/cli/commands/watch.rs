//! `lifeboat watch`: the dead man's switch, and whoever delivers when no command runs.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Office};
use crate::cli::opening;
use crate::cli::settings::notify as settings;
use crate::cli::values::parse_duration;
use crate::notify::event::Outcome as How;
use crate::notify::model::Rule;
use crate::notify::notifier::Notifier;
use crate::notify::quiet::Zone;
use crate::notify::watch::{Expectation, Standing, in_time, key, overdue, standing};
use crate::repo::snapshot;
use crate::sys::service::Service;
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

const EXAMPLES: &str = "\
Examples:
  lifeboat watch
      Go on until stopped; a systemd service with Type=notify and WatchdogSec= suits it.
  lifeboat watch --once
      Look once: for cron, every few minutes.
  lifeboat watch --once --repository
      Before an alarm, ask the repository whether there is a newer snapshot after all.";

/// Raise an alarm when something that should have happened has not
///
/// Looks at how backups, checks, drills and synchronisations of replicas went last on this machine, and
/// tells whoever the configuration names when one is overdue (`expect_every` of a job, `check_every` and
/// `replica_sync_every` of a repository, [[notify.expect]]), and again when it has happened after all. It
/// delivers what waits in the outbox, too, and lets escalations go on.
///
/// Exit status 5 with --once where something is overdue.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Look once and end
    #[arg(long)]
    pub once: bool,

    /// How often to look
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60s")]
    pub interval: Duration,

    /// Ask the repository for the newest snapshot before saying that a backup is overdue
    ///
    /// Needs a key that can read snapshots; where it cannot be opened, only this machine's own records
    /// count.
    #[arg(long)]
    pub repository: bool,
}

/// Schema `lifeboat.watch/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    overdue: usize,
    expectations: Vec<Row>,
    delivered: usize,
    pending: usize,
}

#[derive(Serialize)]
struct Row {
    kind: String,
    name: String,
    every_seconds: u64,
    state: &'static str,
    last_done: Option<Timestamp>,
    last_outcome: Option<&'static str>,
    due: i64,
}

/// Runs it.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let expectations = expectations(context)?;
    if expectations.is_empty() && office.directory.channels.is_empty() {
        return Err(Failure::usage("there is nothing to watch").hint(
            "give a job `expect_every` and `notify`, and name a [channel.NAME]: see lifeboat.toml(5)",
        ));
    }
    if args.once {
        let document = look(args, context, &office, &expectations)?;
        let is_overdue = document.overdue > 0;
        show(context, &document)?;
        return Ok(if is_overdue { Outcome::Told(ErrorKind::Objective) } else { Outcome::Done });
    }
    let interrupt = context.interrupt()?;
    let service = Service::new(context.environment.path("NOTIFY_SOCKET"));
    let watchdog =
        context.environment.get("WATCHDOG_USEC").and_then(|text| text.to_str()?.parse::<u64>().ok());
    let beat = watchdog.map_or(Duration::from_secs(1), |micros| Duration::from_micros(micros / 3));
    service.ready();
    while !interrupt.is_set() {
        let begun = Instant::now();
        match look(args, context, &office, &expectations) {
            Ok(document) => {
                service.status(&format!(
                    "{} watched, {} overdue, {} to be delivered",
                    document.expectations.len(),
                    document.overdue,
                    document.pending
                ));
                if context.output.json {
                    context.output.document(&document)?;
                }
            }
            // A full disk today is no reason to be blind tomorrow.
            Err(failure) => context.output.warn(&escape::text(failure.message())),
        }
        while begun.elapsed() < args.interval && !interrupt.is_set() {
            service.alive();
            let left = args.interval.saturating_sub(begun.elapsed());
            thread::sleep(left.min(beat).min(Duration::from_millis(500)));
        }
        service.alive();
    }
    service.stopping();
    Ok(Outcome::Done)
}

/// What the configuration expects.
fn expectations(context: &Context) -> Result<Vec<Expectation>, Failure> {
    let all = context.settings()?;
    let one = |kind: &str, name: &str, every: Option<Duration>| {
        every.map(|every| Expectation { kind: kind.to_owned(), name: name.to_owned(), every })
    };
    let jobs = all.job.iter().filter_map(|(name, job)| one("backup", name, job.expect_every));
    let repositories = all.repository.iter().flat_map(|(name, repository)| {
        let check = one("check", name, repository.check_every);
        check.into_iter().chain(one("replica-sync", name, repository.replica_sync_every))
    });
    let others = all.notify.expect.iter().filter_map(|expect| one(&expect.kind, &expect.name, expect.every));
    Ok(jobs.chain(repositories).chain(others).collect())
}

/// Looks once, raises what is overdue, and delivers.
fn look(
    args: &Args,
    context: &Context,
    office: &Office,
    expectations: &[Expectation],
) -> Result<Document, Failure> {
    let records = office.records()?;
    let notifier = office.notifier()?;
    let host = notifying::host(context);
    let mut rows = Vec::new();
    for one in expectations {
        let now = notifier.now();
        let record =
            records.expected(&one.kind, &one.name, now).map_err(|error| Failure::of(error.kind(), &error))?;
        let mut seen = None;
        let mut how = standing(one, &record, None, now);
        if matches!(how, Standing::Overdue { .. }) && args.repository && one.kind == "backup" {
            seen = newest_snapshot(context, &one.name);
            how = standing(one, &record, seen, now);
        }
        let rules = rules(context, office, one)?;
        let rules: Vec<&Rule> = rules.iter().collect();
        let (state, due) = match how {
            Standing::Overdue { since } => {
                let event = overdue(one, &record, seen, &host, now);
                notifier.raise(event, &rules).map_err(|error| Failure::of(error.kind(), &error))?;
                ("overdue", since)
            }
            Standing::InTime { until } => {
                if is_told_overdue(&notifier, &key(&one.kind, &host, &one.name))? {
                    let event = in_time(one, &host, now);
                    notifier.raise(event, &rules).map_err(|error| Failure::of(error.kind(), &error))?;
                }
                ("in-time", until)
            }
        };
        rows.push(Row {
            kind: one.kind.clone(),
            name: one.name.clone(),
            every_seconds: one.every.as_secs(),
            state,
            last_done: record.done.max(seen),
            last_outcome: record.outcome.map(How::as_str),
            due,
        });
    }
    let budget = office.directory.wait.max(Duration::from_secs(30));
    let done = notifier.run(budget).map_err(|error| Failure::of(error.kind(), &error))?;
    notifying::warn(context, &done);
    Ok(Document {
        schema: "lifeboat.watch/1",
        overdue: rows.iter().filter(|row| row.state == "overdue").count(),
        expectations: rows,
        delivered: done.delivered,
        pending: done.pending,
    })
}

/// Whether people were told that it is overdue, and not yet that it is no longer.
fn is_told_overdue(notifier: &Notifier<'_>, key: &str) -> Result<bool, Failure> {
    let found = notifier.outbox.list().map_err(|error| Failure::of(error.kind(), &error))?;
    let is_it = |entry: &crate::notify::entry::Entry| {
        entry.is_open() && entry.event.key == key && entry.event.outcome == How::Missed
    };
    Ok(found.entries.iter().any(is_it))
}

fn rules(context: &Context, office: &Office, one: &Expectation) -> Result<Vec<Rule>, Failure> {
    let all = context.settings()?;
    let of_job = all.job.get(&one.name).filter(|_| one.kind == "backup").map(|job| &job.notify);
    let of_repository =
        all.repository.get(&one.name).filter(|_| one.kind != "backup").map(|repository| &repository.notify);
    let own = of_job.into_iter().flatten().chain(of_repository.into_iter().flatten()).map(settings::rule);
    Ok(own.chain(office.directory.rules.iter().cloned()).collect())
}

/// When the newest snapshot of a job was begun, as far as the repository can be read.
fn newest_snapshot(context: &Context, job: &str) -> Option<Timestamp> {
    let settings = context.job(job).ok()??;
    let repository = match opening::repository(context, Some(settings), Role::Maintainer) {
        Ok(repository) => repository,
        Err(failure) => {
            let text = format!("warning: the repository of {job} cannot be asked: {}", failure.message());
            context.output.warn(&escape::text(&text));
            return None;
        }
    };
    let listed = snapshot::list(repository.client(), repository.keyring()).ok()?;
    let readable = listed.into_iter().filter_map(|entry| entry.snapshot.ok().flatten());
    readable.filter(|snapshot| snapshot.job.as_deref() == Some(job)).map(|snapshot| snapshot.time).max()
}

fn show(context: &Context, document: &Document) -> Result<(), Failure> {
    if context.output.json {
        return context.output.document(document);
    }
    // cron mails whatever is printed: nothing where all is well.
    if document.overdue == 0 && context.output.width.is_none() {
        return Ok(());
    }
    let zone = Zone::default();
    let mut table = Table::new()
        .words("WHAT", Shrink::Never)
        .words("OF", Shrink::Never)
        .words("EVERY", Shrink::Never)
        .words("STATE", Shrink::Never)
        .words("LAST DONE", Shrink::Never)
        .words("DUE", Shrink::Never);
    for row in &document.expectations {
        table.row([
            row.kind.clone(),
            row.name.clone(),
            format::duration(Duration::from_secs(row.every_seconds)),
            row.state.into(),
            row.last_done.map_or("never".into(), |time| zone.show(time.seconds)),
            zone.show(row.due),
        ]);
    }
    context.output.table(&table)
}
