//! `lifeboat system`, the acting half.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::base::error_kind::ErrorKind;
use crate::base::time::Clock as _;
use crate::cli::commands::backup::Args as BackupArgs;
use crate::cli::commands::system::{CaptureArgs, Command, DiffArgs, Format, Level, Section, ShowArgs};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::settings::model::JobSettings;
use crate::cli::{system_report, system_state};
use crate::repo::attachment::Contributor;
use crate::sys::clock::SystemClock;
use crate::sys::file::atomic_write;
use crate::system::capture::contribute::SystemContributor;
use crate::system::capture::{Captured, Options};
use crate::system::diff::{Change, ChangeKind, Difference, Severity, diff};
use crate::system::model::{FILE_NAME, Outcome as Looked, SystemState};
use crate::ui::report::{Body, Report};
use crate::ui::{escape, format};

/// Runs it.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Capture(args) => run_capture(args, context),
        Command::Show(args) => run_show(args, context),
        Command::Diff(args) => run_diff(args, context),
    }
}

/// What a backup attaches of the system's state, if it is told to.
pub fn contributor(
    args: &BackupArgs,
    job: Option<&JobSettings>,
    context: &Context,
) -> Result<Option<Box<dyn Contributor>>, Failure> {
    let flag = |typed: bool, configured: Option<bool>| typed || configured.unwrap_or(false);
    let keeps_luks_headers = flag(args.system.with_luks_headers, job.and_then(|job| job.luks_headers));
    if !flag(args.system.system, job.and_then(|job| job.system)) {
        return match args.system.with_luks_headers {
            true => Err(Failure::usage(
                "--with-luks-headers keeps them with the system's state; it needs --system",
            )),
            false => Ok(None),
        };
    }
    let options = Options { keeps_luks_headers, ..Options::new(SystemClock.now()) };
    Ok(Some(Box::new(SystemContributor::new(options, context.interrupt()?.clone()))))
}

fn run_capture(args: &CaptureArgs, context: &Context) -> CommandResult {
    let mut captured = system_state::live(&args.root, args.timeout, args.with_luks_headers, context)?;
    if !args.with_secrets {
        captured.state.redact();
        captured.files.retain(|kept| !kept.file.is_secret);
    }
    match &args.output {
        None => context.output.document(&value(&captured.state)?)?,
        Some(path) => {
            let is_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir();
            if args.with_luks_headers && !is_directory {
                return Err(Failure::usage(
                    "LUKS headers are files beside the document: --output must be a directory",
                )
                .hint("end its name with /"));
            }
            match is_directory {
                true => write_directory(path, &mut captured)?,
                false => write(path, &document(&captured.state)?)?,
            }
            context.output.note(&format!("wrote the machine's state to {}", escape::path(path)));
        }
    }
    let is_missing = |outcome| matches!(outcome, Looked::Failed | Looked::TimedOut);
    Ok(match captured.state.collectors.iter().any(|report| is_missing(report.outcome)) {
        true => Outcome::Told(ErrorKind::Partial),
        false => Outcome::Done,
    })
}

fn value(state: &SystemState) -> Result<Value, Failure> {
    state.to_value().map_err(|error| Failure::of(error.kind(), &error))
}

fn document(state: &SystemState) -> Result<Vec<u8>, Failure> {
    state.to_json().map_err(|error| Failure::of(error.kind(), &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    atomic_write(path, bytes).map_err(|error| Failure::of(error.kind(), &error))?;
    only_for_owner(path)
}

/// What a machine is made of is nobody else's business.
fn only_for_owner(path: &Path) -> Result<(), Failure> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(|error| {
        Failure::new(ErrorKind::Failed, format!("cannot set the mode of {}: {error}", escape::path(path)))
    })
}

/// Writes the document and the files behind it, into a directory that has nothing else.
fn write_directory(path: &Path, captured: &mut Captured) -> Result<(), Failure> {
    let failed = |what: &str, path: &Path, error: &std::io::Error| {
        Failure::new(ErrorKind::Failed, format!("cannot {what} {}: {error}", escape::path(path)))
    };
    let make = |path: &Path| {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|error| failed("make the directory", path, &error))
    };
    make(path)?;
    let mut entries = fs::read_dir(path).map_err(|error| failed("list", path, &error))?;
    if entries.next().is_some() {
        return Err(Failure::usage(format!("{} is not empty", escape::path(path)))
            .hint("name a new directory, so that what is found there is of one capture"));
    }
    captured.state.files = captured.files.iter().map(|kept| kept.file.clone()).collect();
    for kept in &captured.files {
        let place = path.join(&kept.file.path);
        make(place.parent().unwrap_or(path))?;
        write(&place, &kept.bytes)?;
    }
    // Last: where it is, all of it is.
    write(&path.join(FILE_NAME), &document(&captured.state)?)
}

fn run_show(args: &ShowArgs, context: &Context) -> CommandResult {
    let (mut state, what) = system_state::load(&args.state, context)?;
    state.redact();
    if context.output.json {
        context.output.document(&only(value(&state)?, &args.section))?;
        return Ok(Outcome::Done);
    }
    let title = format!("{}: the state of {}", what, system_report::name(&state));
    let report = system_report::report(&state, title, &args.section);
    tell(&report, args.format, context)?;
    Ok(Outcome::Done)
}

fn tell(report: &Report, format: Format, context: &Context) -> Result<(), Failure> {
    match format {
        Format::Text => context.output.text(&report.text(context.output.width, context.output.style)),
        Format::Html => context.output.text(&report.html()),
    }
}

/// The document with the wanted sections, and what says which document it is.
fn only(document: Value, sections: &[Section]) -> Value {
    let Value::Object(fields) = document else { return document };
    if sections.is_empty() {
        return Value::Object(fields);
    }
    let is_head = |name: &str| matches!(name, "schema" | "captured" | "tool" | "root");
    let is_wanted = |name: &str| sections.iter().any(|section| section.as_str() == name);
    let kept: Map<String, Value> =
        fields.into_iter().filter(|(name, _)| is_head(name) || is_wanted(name)).collect();
    Value::Object(kept)
}

fn run_diff(args: &DiffArgs, context: &Context) -> CommandResult {
    let (old, old_name) = system_state::load(&args.old, context)?;
    let (new, new_name) = system_state::load(&args.new, context)?;
    let mut found =
        diff(&old, &new, (&old_name, &new_name)).map_err(|error| Failure::of(error.kind(), &error))?;
    let least = match args.severity {
        Level::Info => Severity::Info,
        Level::Minor => Severity::Minor,
        Level::Major => Severity::Major,
        Level::Critical => Severity::Critical,
    };
    let is_wanted = |change: &Change| {
        let section =
            args.section.is_empty() || args.section.iter().any(|one| one.as_str() == change.section);
        section && change.severity >= least
    };
    found.changes.retain(is_wanted);
    found.count();
    if context.output.json {
        context.output.document(&json!(found))?;
    } else {
        tell(&difference(&found), args.format, context)?;
    }
    Ok(match args.exit_code && !found.changes.is_empty() {
        true => Outcome::Told(ErrorKind::Objective),
        false => Outcome::Done,
    })
}

/// The report of a comparison.
fn difference(found: &Difference) -> Report {
    let mut report = Report::new(format!("from {} to {}", found.old, found.new));
    if found.changes.is_empty() {
        report.more(Body::Text("No difference.".to_owned()));
        return report;
    }
    let cell = |text: &Option<String>| text.clone().unwrap_or_default();
    let row = |change: &Change| {
        let what = match change.change {
            ChangeKind::Unknown => "unknown",
            kind => kind.as_str(),
        };
        let severity = change.severity.as_str().to_owned();
        vec![
            severity,
            what.to_owned(),
            change.path.clone(),
            cell(&change.old),
            cell(&change.new),
            change.meaning.into(),
        ]
    };
    report.more(Body::Records {
        titles: vec!["SEVERITY", "CHANGE", "WHAT", "OLD", "NEW", "FOR A RESTORE"],
        rows: found.changes.iter().map(row).collect(),
    });
    let counts = Severity::ALL.iter().rev().map(|severity| {
        format!("{} {}", found.counts.get(severity.as_str()).copied().unwrap_or(0), severity.as_str())
    });
    let all = format::counted(found.changes.len() as u64, "difference", "differences");
    report.more(Body::Text(format!("{all}: {}", counts.collect::<Vec<_>>().join(", "))));
    report
}
