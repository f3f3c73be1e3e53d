//! `lifeboat backup`, the acting half: from what was typed and configured to backups, one after the other.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::backup::catalogue::Leniency;
use crate::backup::error::BackupError;
use crate::backup::filter::FilterOptions;
use crate::backup::options::{BackupOptions, Source};
use crate::backup::prepare::{Resolved, prepare};
use crate::backup::report::{BackupReport, DryRunEntry};
use crate::backup::run::{self, Context as BackupContext};
use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::commands::backup::Args;
use crate::cli::context::Context;
use crate::cli::databases;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::hooks;
use crate::cli::locks;
use crate::cli::notifying::{self, Happening};
use crate::cli::opening;
use crate::cli::protect::{self, Runners};
use crate::cli::replicas::{self, WithReplicas};
use crate::cli::settings::model::JobSettings;
use crate::cli::system_run;
use crate::repo::attachment::Contributor;
use crate::repo::open::Repository;
use crate::repo::snapshot::host_for_key;
use crate::store::replicas::status::SetState;
use crate::sys::clock::SystemClock;
use crate::sys::file::read_bounded;
use crate::sys::process;
use crate::ui::{escape, format};

/// Longest file of exclude patterns.
const EXCLUDE_FILE_MAX_BYTES: u64 = 16 << 20;

/// One backup to be made: the job it comes from, and what it is told.
struct Task<'a> {
    job: Option<(&'a str, &'a JobSettings)>,
    options: BackupOptions,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let tasks = tasks(args, context)?;
    let several = tasks.len() > 1;
    let mut worst: Option<Outcome> = None;
    let mut failures: Vec<Failure> = Vec::new();
    for task in &tasks {
        let happening = happening(args, context, task)?;
        if let Some(happening) = &happening {
            notifying::begun(context, happening);
        }
        let result = run_task(args, context, task);
        if let Some(happening) = &happening {
            notifying::ended(context, happening, &result);
        }
        if several {
            // Who is to hear of one job need not wait for the others.
            notifying::finish(context);
        }
        match result {
            Ok(Outcome::Done) => {}
            // Sources that were not read are worse than replicas that are behind.
            Ok(told) if worst != Some(Outcome::Told(ErrorKind::Partial)) => worst = Some(told),
            Ok(_) => {}
            Err(failure) if several && failure.kind() != ErrorKind::Interrupted => {
                // The other jobs are not to suffer for this one.
                let name = task.job.map_or("", |(name, _)| name);
                let failure = failure.context(format!("job {name}"));
                context.output.note(failure.for_people().trim_end());
                failures.push(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    match failures.into_iter().next() {
        Some(first) => Ok(Outcome::Told(first.kind())),
        None => Ok(worst.unwrap_or(Outcome::Done)),
    }
}

/// What people are told of it: of a job by its name, of anything else by its repository.
fn happening(args: &Args, context: &Context, task: &Task<'_>) -> Result<Option<Happening>, Failure> {
    if args.reading.dry_run {
        return Ok(None);
    }
    let job = task.job.map(|(_, job)| job);
    let mut happening = Happening::of_repository("backup", &context.repository(job)?);
    if let Some((name, _)) = task.job {
        (happening.name, happening.job) = (name.to_owned(), Some(name.to_owned()));
    }
    Ok(Some(happening))
}

fn tasks<'a>(args: &Args, context: &'a Context) -> Result<Vec<Task<'a>>, Failure> {
    if !args.stream.program.is_empty() && args.stream.command.is_none() {
        return Err(Failure::usage("a program behind -- needs --command NAME: the name of its output"));
    }
    let mut jobs = Vec::new();
    let mut paths = Vec::new();
    for source in &args.sources {
        match named_job(source, context)? {
            Some(job) => jobs.push(job),
            None => paths.push(PathBuf::from(source)),
        }
    }
    if !jobs.is_empty() && !paths.is_empty() {
        return Err(Failure::usage(format!(
            "{} is a job and {} is a path; back them up one after the other",
            jobs[0].0,
            escape::path(&paths[0])
        ))
        .hint("a word without a slash that names a job means the job; write ./WORD for the path"));
    }
    if jobs.is_empty() {
        let source = typed_source(args, paths);
        return Ok(vec![Task { job: None, options: options(args, context, None, source)? }]);
    }
    jobs.into_iter()
        .map(|(name, job)| {
            let source = match &job.stream {
                Some(stream) => Source::Command {
                    name: stream.name.clone(),
                    program: stream.program.first().map(OsString::from).unwrap_or_default(),
                    arguments: stream.program.iter().skip(1).map(OsString::from).collect(),
                },
                None if job.sources.is_empty() && (!job.database.is_empty() || job.system == Some(true)) => {
                    Source::Attachments
                }
                None => Source::Paths(job.sources.clone()),
            };
            Ok(Task { job: Some((name, job)), options: options(args, context, Some((name, job)), source)? })
        })
        .collect()
}

fn named_job<'a>(
    source: &OsStr,
    context: &'a Context,
) -> Result<Option<(&'a str, &'a JobSettings)>, Failure> {
    let Some(name) = source.to_str().filter(|name| !name.contains('/')) else { return Ok(None) };
    Ok(context.settings()?.job.get_key_value(name).map(|(name, job)| (name.as_str(), job)))
}

fn typed_source(args: &Args, paths: Vec<PathBuf>) -> Source {
    let stream = &args.stream;
    if stream.stdin {
        return Source::Stdin { name: stream.stdin_name.to_string_lossy().into_owned() };
    }
    match &stream.command {
        Some(name) => Source::Command {
            name: name.to_string_lossy().into_owned(),
            program: stream.program.first().cloned().unwrap_or_default(),
            arguments: stream.program.iter().skip(1).cloned().collect(),
        },
        None if paths.is_empty() && args.system.system => Source::Attachments,
        None => Source::Paths(paths),
    }
}

fn options(
    args: &Args,
    context: &Context,
    job: Option<(&str, &JobSettings)>,
    source: Source,
) -> Result<BackupOptions, Failure> {
    let defaults = &context.settings()?.defaults;
    let settings = job.map(|(_, job)| job);
    let flag = |typed: bool, configured: Option<bool>| typed || configured.unwrap_or(false);
    let host = args
        .host
        .clone()
        .or_else(|| settings.and_then(|job| job.host.clone()))
        .or_else(|| defaults.host.clone())
        .unwrap_or_else(|| host_for_key(&process::host_name()));
    let reading = &args.reading;
    let mut tags = args.tag.clone();
    tags.extend(settings.into_iter().flat_map(|job| job.tags.iter().cloned()));
    let concurrency = reading
        .read_concurrency
        .map(Into::into)
        .or(settings.and_then(|job| job.read_concurrency))
        .or(defaults.read_concurrency);
    let level = reading.compression.or(settings.and_then(|job| job.compression)).or(defaults.compression);
    Ok(BackupOptions {
        source,
        filter: filter(args, settings)?,
        host,
        user: context.environment.get("USER").map(|user| user.to_string_lossy().into_owned()),
        job: job.map(|(name, _)| name.to_owned()),
        tags,
        time: args.time,
        force: reading.force,
        leniency: Leniency {
            ignore_ctime: flag(reading.ignore_ctime, settings.and_then(|job| job.ignore_ctime)),
            ignore_inode: flag(reading.ignore_inode, settings.and_then(|job| job.ignore_inode)),
        },
        with_atime: flag(reading.with_atime, settings.and_then(|job| job.with_atime)),
        level: level.unwrap_or(0),
        threads: concurrency.unwrap_or(0),
        tool: format!("lifeboat {}", env!("CARGO_PKG_VERSION")),
    })
}

fn filter(args: &Args, settings: Option<&JobSettings>) -> Result<FilterOptions, Failure> {
    let excludes = &args.excludes;
    let default = JobSettings::default();
    let job = settings.unwrap_or(&default);
    let text = |name: &OsString| {
        name.clone()
            .into_string()
            .map_err(|name| Failure::usage(format!("{} is not UTF-8 text", escape::path(&name))))
    };
    let texts = |names: &[OsString]| names.iter().map(text).collect::<Result<Vec<String>, Failure>>();
    let joined = |first: &[String], second: Vec<String>| first.iter().cloned().chain(second).collect();
    let mut exclude_files = Vec::new();
    for path in job.exclude_files.iter().chain(&excludes.exclude_file) {
        exclude_files.push((path.clone(), read_text(path)?));
    }
    Ok(FilterOptions {
        exclude: joined(&job.exclude, excludes.exclude.clone()),
        iexclude: joined(&job.iexclude, excludes.iexclude.clone()),
        exclude_files,
        exclude_caches: excludes.exclude_caches || job.exclude_caches.unwrap_or(false),
        exclude_if_present: joined(&job.exclude_if_present, texts(&excludes.exclude_if_present)?),
        larger_than: excludes.exclude_larger_than.or(job.exclude_larger_than),
        nodump: excludes.nodump || job.nodump.unwrap_or(false),
        xattr_names: joined(&job.exclude_xattrs, texts(&excludes.exclude_xattr)?),
        one_file_system: excludes.one_file_system || job.one_file_system.unwrap_or(false),
        ignore_files: true,
    })
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = read_bounded(path, EXCLUDE_FILE_MAX_BYTES)
        .map_err(|error| Failure::of(ErrorKind::Usage, &error).context("the exclude file"))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("the exclude file {} is not UTF-8 text", escape::path(path))))
}

fn run_task(args: &Args, context: &Context, task: &Task<'_>) -> CommandResult {
    let job = task.job.map(|(_, job)| job);
    let attached = attachments(args, context, job)?;
    let resolved = prepare(&task.options)
        .and_then(|resolved| resolved.attach(attached))
        .map_err(|error| failure(&error))?;
    if args.reading.dry_run {
        return dry_run(context, task, resolved);
    }
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, job, Role::Writer)?;
    let client = repository.client().clone();
    hooks::run(task.job, "before", |hooks| &hooks.before, &[])?;
    let progress = context.output.progress();
    let around = BackupContext { monitor: &progress, interrupt, clock: &SystemClock };
    let result = protected(context, task, repository, resolved, &around);
    progress.finish();
    match result {
        Ok(report) => {
            let id = ("LIFEBOAT_SNAPSHOT", report.snapshot.to_string());
            let state = replicas::finish(&client, interrupt);
            replicas::warn(context, &client, state.as_ref());
            let is_locked = locks::after_backup(context, job, &client, &report)?;
            tell(context, task, &report, state.as_ref())?;
            hooks::run(task.job, "after", |hooks| &hooks.after, &[id])?;
            Ok(match report.faults {
                0 if !is_locked => Outcome::Told(ErrorKind::Objective),
                0 => replicas::outcome(state.as_ref()),
                _ => Outcome::Told(ErrorKind::Partial),
            })
        }
        Err(failure) => {
            let what = ("LIFEBOAT_ERROR", failure.message().to_owned());
            match hooks::run(task.job, "on_failure", |hooks| &hooks.on_failure, &[what]) {
                Ok(()) => Err(failure),
                Err(hook) => Err(failure.hint(format!("besides, {}", hook.message()))),
            }
        }
    }
}

/// Backs up with what makes the job's files hold still, and undoes that.
fn protected(
    context: &Context,
    task: &Task<'_>,
    repository: Repository,
    resolved: Resolved,
    around: &BackupContext<'_>,
) -> Result<BackupReport, Failure> {
    let Some(job) = task.job else {
        return run::backup(repository, &task.options, resolved, around).map_err(|error| failure(&error));
    };
    let runners = Runners::new(job.0, around.interrupt);
    let (resolved, protection) = protect::begin(context, job, repository.state_dir(), resolved, &runners)?;
    let result = run::backup(repository, &task.options, resolved, around);
    protection.end(context);
    result.map_err(|error| failure(&error))
}

/// What is attached to the snapshot: the job's databases, and the system's state.
fn attachments(
    args: &Args,
    context: &Context,
    job: Option<&JobSettings>,
) -> Result<Vec<Box<dyn Contributor>>, Failure> {
    let mut attached = match job {
        Some(job) => databases::contributors(job, context.interrupt()?)?,
        None => Vec::new(),
    };
    attached.extend(system_run::contributor(args, job, context)?);
    Ok(attached)
}

fn failure(error: &BackupError) -> Failure {
    match error {
        BackupError::Open(error) => opening::open_failure(error),
        error => Failure::of(error.kind(), error),
    }
}

fn tell(
    context: &Context,
    task: &Task<'_>,
    report: &BackupReport,
    replicas: Option<&SetState>,
) -> Result<(), Failure> {
    let output = &context.output;
    if output.json {
        return output.document(&WithReplicas { report, replicas });
    }
    if output.quiet {
        return Ok(());
    }
    let counts = &report.statistics;
    let job = task.job.map(|(name, _)| format!("{name}: ")).unwrap_or_default();
    let elapsed = Duration::from_secs_f64(report.duration_seconds);
    let mut text = format!(
        "{job}snapshot {} of {} in {}\nfiles    {} new, {} changed, {} unmodified; {} directories\n",
        report.snapshot.short(),
        format::size(counts.total_bytes),
        format::duration(elapsed),
        format::count(counts.files_new),
        format::count(counts.files_changed),
        format::count(counts.files_unmodified),
        format::count(counts.dirs),
    );
    text.push_str(&format!(
        "data     {} read, {} new, {} stored\n",
        format::size(counts.read_bytes),
        format::size(counts.new_bytes),
        format::size(counts.stored_bytes),
    ));
    if report.warning_count > 0 {
        text.push_str(&format!(
            "warnings {}{}\n",
            format::count(report.warning_count),
            match report.faults {
                0 => String::new(),
                faults => format!(
                    "; {} could not be read whole: the snapshot is partial",
                    format::counted(faults, "source", "sources")
                ),
            }
        ));
    }
    if let Some(state) = replicas.filter(|state| state.is_degraded()) {
        let down = state.replicas.iter().filter(|replica| replica.state != "ok").count() as u64;
        text.push_str(&format!("replicas {} down or behind: safe, but degraded\n", format::count(down)));
    }
    // Cron mails whatever is printed: people at a terminal get the summary, others only when something is
    // wrong (the warnings themselves are on standard error) or when they ask for it.
    match output.width.is_some() || output.verbose > 0 {
        true => output.text(&text),
        false => Ok(()),
    }
}

fn dry_run(context: &Context, task: &Task<'_>, resolved: Resolved) -> CommandResult {
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, task.job.map(|(_, job)| job), Role::Writer)?;
    let progress = context.output.progress();
    let around = BackupContext { monitor: &progress, interrupt, clock: &SystemClock };
    let json = context.output.json;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut broken: Option<std::io::Error> = None;
    let mut see = |entry: &DryRunEntry<'_>| {
        let written = match json {
            true => {
                serde_json::to_writer(&mut out, entry).map_err(Into::into).and_then(|()| out.write_all(b"\n"))
            }
            false => match (&entry.reason, entry.action) {
                (Some(reason), _) => writeln!(out, "excluded    {} ({reason})", entry.path),
                (None, "unmodified") if context.output.verbose == 0 => Ok(()),
                (None, action) => writeln!(out, "{action:<11} {}", entry.path),
            },
        };
        if let Err(error) = written {
            broken.get_or_insert(error);
        }
    };
    let result = run::dry_run(&repository, &task.options, resolved, &around, &mut see);
    let flushed = out.flush();
    drop(out);
    progress.finish();
    if let Some(error) = broken.or(flushed.err()) {
        return Err(Failure::output(&error));
    }
    let report = result.map_err(|error| failure(&error))?;
    if json {
        context.output.document(&report)?;
    } else {
        let counts = &report.statistics;
        context.output.note(&format!(
            "would read {} of {} ({} new, {} changed, {} unmodified files; {} excluded); nothing was stored",
            format::counted(counts.files_new + counts.files_changed, "file", "files"),
            format::size(counts.total_bytes),
            format::count(counts.files_new),
            format::count(counts.files_changed),
            format::count(counts.files_unmodified),
            format::counted(counts.excluded, "entry", "entries"),
        ));
    }
    Ok(Outcome::Done)
}
