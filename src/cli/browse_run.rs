//! `ls`, `find`, `cat`, `dump`, `diff` and `stats`, the acting half: reading without restoring.
//!
//! Under `--json`, what can be long (`ls`, `find`, `diff`) is one JSON object a line; `find` and `diff` end
//! with a line of counts.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::browse::diff::{Change, ChangeKind, DiffOptions, DiffSummary, diff_live, diff_snapshots};
use crate::browse::error::BrowseError;
use crate::browse::find::{FindOptions, find};
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::browse::row::Row;
use crate::browse::{cat, dump, live, ls, stats};
use crate::cli::commands::find::FindType;
use crate::cli::commands::{self, snapshots};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening;
use crate::cli::values::{DiffSide, SnapshotName, SnapshotPath};
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::{self, Snapshot};
use crate::repo::tree::EntryKind;
use crate::sys::process;
use crate::sys::terminal;
use crate::ui::progress::Progress;
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// What all of these commands work with.
pub(super) struct Opened<'a> {
    context: &'a Context,
    indexed: IndexedRepository,
    progress: Progress,
}

impl<'a> Opened<'a> {
    pub(super) fn new(context: &'a Context, role: Role, doing: &str) -> Result<Self, Failure> {
        context.interrupt()?;
        let repository = opening::repository(context, None, role)?;
        repository.keyring().need(role, doing).map_err(|error| Failure::of(error.kind(), &error))?;
        let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
        Ok(Self { context, indexed, progress: context.output.progress() })
    }

    pub(super) fn reading(&self) -> Result<Reading<'_>, Failure> {
        Ok(Reading {
            repository: &self.indexed,
            monitor: &self.progress,
            interrupt: self.context.interrupt()?,
            threads: process::cpus(),
        })
    }

    pub(super) fn snapshot(&self, name: &SnapshotName) -> Result<Snapshot, Failure> {
        let repository = self.indexed.repository();
        snapshot::find(repository.client(), repository.keyring(), &name.to_string())
            .map_err(|error| Failure::of(error.kind(), &error))
    }

    pub(super) fn finish(&self) {
        self.progress.finish();
    }

    fn all(&self) -> Result<Vec<Snapshot>, Failure> {
        let repository = self.indexed.repository();
        let listed = snapshot::list(repository.client(), repository.keyring())
            .map_err(|error| Failure::of(error.kind(), &error))?;
        let mut found = Vec::new();
        for entry in listed {
            match entry.snapshot {
                Ok(snapshot) => found.extend(snapshot),
                Err(error) => return Err(Failure::of(error.kind(), &error)),
            }
        }
        Ok(found)
    }
}

fn failure(error: &BrowseError) -> Failure {
    match error {
        BrowseError::Output(error) => Failure::output(error),
        error => Failure::of(error.kind(), error),
    }
}

fn path_of(path: Option<&Path>) -> Result<SnapPath, Failure> {
    let bytes = path.map(|path| path.as_os_str().as_bytes()).unwrap_or_default();
    SnapPath::parse(bytes).map_err(|error| failure(&error))
}

/// Runs `ls`.
pub fn run_ls(args: &commands::ls::Args, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Maintainer, "listing files")?;
    let snapshot = opened.snapshot(&args.snapshot.snapshot)?;
    let path = path_of(args.snapshot.path.as_deref())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let json = context.output.json;
    let mut see = |row: Row| write_row(&mut out, &row, json, args.long).map_err(BrowseError::Output);
    let result = ls::list(&opened.reading()?, &snapshot, &path, args.recursive, &mut see);
    let flushed = out.flush();
    opened.progress.finish();
    result.map_err(|error| failure(&error))?;
    flushed.map_err(|error| Failure::output(&error))?;
    Ok(Outcome::Done)
}

fn write_row(out: &mut dyn Write, row: &Row, json: bool, long: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, row)?;
        return out.write_all(b"\n");
    }
    let path = escape::text(&row.path);
    if !long {
        return writeln!(out, "{path}");
    }
    let owner = row.user.clone().unwrap_or_else(|| row.uid.to_string());
    let group = row.group.clone().unwrap_or_else(|| row.gid.to_string());
    let target = row.target.as_deref().map(|to| format!(" -> {}", escape::text(to))).unwrap_or_default();
    writeln!(
        out,
        "{}{} {:<8} {:<8} {:>12} {} {path}{target}",
        letter(row.kind),
        mode_text(row.mode),
        escape::text(&owner),
        escape::text(&group),
        row.size,
        format::timestamp(row.mtime),
    )
}

fn letter(kind: EntryKind) -> char {
    match kind {
        EntryKind::File => '-',
        EntryKind::Dir => 'd',
        EntryKind::Symlink => 'l',
        EntryKind::Fifo => 'p',
        EntryKind::Socket => 's',
        EntryKind::CharDev => 'c',
        EntryKind::BlockDev => 'b',
    }
}

/// Permission bits as `ls -l` shows them.
fn mode_text(mode: u32) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, with, without) in
        [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => with,
            (false, true) => without,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// Runs `find`.
pub fn run_find(args: &commands::find::Args, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Maintainer, "looking for files")?;
    let mut chosen = match args.snapshot.is_empty() {
        true => opened.all()?,
        false => args.snapshot.iter().map(|name| opened.snapshot(name)).collect::<Result<_, _>>()?,
    };
    chosen.retain(|snapshot| {
        (args.host.is_empty() || args.host.contains(&snapshot.host))
            && args.tag.iter().all(|tag| snapshot.tags.contains(tag))
    });
    let everywhere = vec![PathBuf::from("/")];
    let mut out = BufWriter::new(io::stdout().lock());
    let mut found = 0u64;
    for below in if args.below.is_empty() { &everywhere } else { &args.below } {
        let options = find_options(args, below)?;
        let mut see = |row: Row| {
            found += 1;
            let written = match (&row.snapshot, context.output.json) {
                (Some(id), false) => write!(out, "{}  ", id.chars().take(8).collect::<String>()),
                _ => Ok(()),
            };
            written
                .and_then(|()| write_row(&mut out, &row, context.output.json, false))
                .map_err(BrowseError::Output)
        };
        let report =
            find(&opened.reading()?, &chosen, &options, &mut see).map_err(|error| failure(&error))?;
        if context.output.json {
            serde_json::to_writer(&mut out, &report).map_err(|error| Failure::output(&error.into()))?;
            writeln!(out).map_err(|error| Failure::output(&error))?;
        }
    }
    out.flush().map_err(|error| Failure::output(&error))?;
    opened.progress.finish();
    if found == 0 {
        context.output.note("nothing found");
    }
    Ok(Outcome::Done)
}

fn find_options(args: &commands::find::Args, below: &Path) -> Result<FindOptions, Failure> {
    let kinds = args.types.iter().flat_map(|kind| match kind {
        FindType::File => vec![EntryKind::File],
        FindType::Dir => vec![EntryKind::Dir],
        FindType::Symlink => vec![EntryKind::Symlink],
        FindType::Fifo => vec![EntryKind::Fifo],
        FindType::Socket => vec![EntryKind::Socket],
        FindType::Device => vec![EntryKind::CharDev, EntryKind::BlockDev],
    });
    Ok(FindOptions {
        patterns: args.patterns.clone(),
        ignore_case: args.ignore_case,
        kinds: kinds.collect(),
        newer: args.newer,
        older: args.older,
        larger: args.larger,
        smaller: args.smaller,
        below: path_of(Some(below))?,
    })
}

/// Runs `cat`.
pub fn run_cat(args: &commands::cat::Args, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Restorer, "reading files")?;
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for file in &args.files {
        let snapshot = opened.snapshot(&file.snapshot)?;
        let path = named_path(file)?;
        cat::cat(&opened.reading()?, &snapshot, &path, &mut out).map_err(|error| failure(&error))?;
    }
    out.flush().map_err(|error| Failure::output(&error))?;
    opened.progress.finish();
    Ok(Outcome::Done)
}

fn named_path(file: &SnapshotPath) -> Result<SnapPath, Failure> {
    match &file.path {
        Some(path) => path_of(Some(path)),
        None => Err(Failure::usage("name a file: SNAP:PATH")),
    }
}

/// Runs `dump`.
pub fn run_dump(args: &commands::dump::Args, context: &Context) -> CommandResult {
    if args.output.is_none() && terminal::stdout_is_terminal() {
        return Err(Failure::usage("a dump is not for a terminal")
            .hint("send it to a file or a program: lifeboat dump SNAP:PATH | tar t"));
    }
    let opened = Opened::new(context, Role::Restorer, "reading files")?;
    let snapshot = opened.snapshot(&args.snapshot.snapshot)?;
    let path = path_of(args.snapshot.path.as_deref())?;
    let reading = opened.reading()?;
    let report = match &args.output {
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            dump::dump(&reading, &snapshot, &path, &mut out).and_then(|report| {
                out.flush().map_err(BrowseError::Output)?;
                Ok(report)
            })
        }
        Some(file) => {
            let refuse = |error: io::Error| {
                Failure::new(ErrorKind::Failed, format!("cannot write {}: {error}", escape::path(file)))
            };
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            let mut out = BufWriter::with_capacity(1 << 20, made.map_err(refuse)?);
            let report = dump::dump(&reading, &snapshot, &path, &mut out).and_then(|report| {
                out.flush().and_then(|()| out.get_ref().sync_all()).map_err(BrowseError::Output)?;
                Ok(report)
            });
            if report.is_err() {
                // Half a dump under the right name would be taken for a whole one.
                let _ = std::fs::remove_file(file);
            }
            report
        }
    };
    opened.progress.finish();
    let report = report.map_err(|error| failure(&error))?;
    if args.output.is_some() && context.output.json {
        context.output.document(&report)?;
    }
    match report.failure() {
        None => Ok(Outcome::Done),
        Some(kind) => {
            let paths: Vec<&str> =
                report.damaged_files.iter().take(5).map(|(path, _)| path.as_str()).collect();
            Err(Failure::new(
                kind,
                format!(
                    "{} could not be read whole and hold zeros in their place: {}",
                    format::counted(report.damaged, "file", "files"),
                    paths.join(", ")
                ),
            ))
        }
    }
}

/// Runs `diff`.
pub fn run_diff(args: &commands::diff::Args, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Maintainer, "comparing snapshots")?;
    let DiffSide::Snapshot(old) = &args.old else {
        return Err(Failure::usage("the first side is a snapshot; the live tree is the second side"));
    };
    let old_snapshot = opened.snapshot(&old.snapshot)?;
    let path = path_of(old.path.as_deref())?;
    let options = DiffOptions { contents_only: !args.metadata, ..DiffOptions::default() };
    let json = context.output.json;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut see = |change: Change| write_change(&mut out, &change, json).map_err(BrowseError::Output);
    let reading = opened.reading()?;
    let result = match &args.new {
        DiffSide::Snapshot(new) => {
            let new_snapshot = opened.snapshot(&new.snapshot)?;
            if path_of(new.path.as_deref())?.to_bytes() != path.to_bytes() {
                return Err(Failure::usage("both sides must name the same path"));
            }
            diff_snapshots(&reading, &old_snapshot, &new_snapshot, &path, options, &mut see)
        }
        DiffSide::Live(place) => {
            let text = String::from_utf8_lossy(&path.to_bytes()).into_owned();
            let roots = match (old.path.is_some() || place.is_some(), place) {
                (true, Some(place)) => vec![(path.clone(), place.clone())],
                (true, None) => vec![(path.clone(), PathBuf::from(text))],
                (false, _) => old_snapshot
                    .sources
                    .iter()
                    .filter(|source| old_snapshot.attachments.iter().all(|one| one.path != **source))
                    .map(|source| Ok((path_of(Some(Path::new(source)))?, PathBuf::from(source))))
                    .collect::<Result<Vec<_>, Failure>>()?,
            };
            diff_roots(&reading, &old_snapshot, roots, options, &mut see)
        }
    };
    let flushed = out.flush();
    opened.progress.finish();
    let summary = result.map_err(|error| failure(&error))?;
    flushed.map_err(|error| Failure::output(&error))?;
    drop(out);
    if json {
        context.output.document(&summary)?;
    } else {
        context.output.note(&format!(
            "{} added, {} removed, {} modified, {} of another type, {} with other metadata",
            summary.added, summary.removed, summary.modified, summary.type_changed, summary.metadata,
        ));
    }
    Ok(Outcome::Done)
}

fn diff_roots(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    roots: Vec<(SnapPath, PathBuf)>,
    options: DiffOptions,
    see: &mut dyn FnMut(Change) -> Result<(), BrowseError>,
) -> Result<DiffSummary, BrowseError> {
    let mut total: Option<DiffSummary> = None;
    for (path, place) in roots {
        let without_attachments =
            !snapshot.attachments.is_empty() && path.is_root() && place == Path::new("/");
        let options = DiffOptions { without_attachments, ..options };
        let one = diff_live(reading, snapshot, &path, live::open(&place)?, options, see)?;
        total = Some(match total {
            None => one,
            Some(mut sum) => {
                sum.added += one.added;
                sum.removed += one.removed;
                sum.modified += one.modified;
                sum.metadata += one.metadata;
                sum.type_changed += one.type_changed;
                sum.added_bytes += one.added_bytes;
                sum.removed_bytes += one.removed_bytes;
                sum
            }
        });
    }
    total.ok_or(BrowseError::NotFound { path: "a source that is a path".into() })
}

fn write_change(out: &mut dyn Write, change: &Change, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, change)?;
        return out.write_all(b"\n");
    }
    let sign = match change.change {
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Modified => 'M',
        ChangeKind::Metadata => 'U',
        ChangeKind::Type => 'T',
    };
    let fields = match change.fields.is_empty() {
        true => String::new(),
        false => format!("  ({})", change.fields.join(", ")),
    };
    writeln!(out, "{sign}  {}{fields}", escape::text(&change.path))
}

/// Runs `stats`.
pub fn run_stats(args: &commands::stats::Args, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Maintainer, "counting")?;
    let chosen = snapshots::choose(opened.all()?, &args.snapshots, &args.filter);
    let counted =
        stats::stats(&opened.reading()?, &chosen, &path_of(None)?).map_err(|error| failure(&error))?;
    opened.progress.finish();
    if context.output.json {
        context.output.document(&counted)?;
        return Ok(Outcome::Done);
    }
    let mut table = Table::new().words("WHAT", Shrink::Never).numbers("COUNT").numbers("SIZE");
    let repository = &counted.repository;
    let none = String::new;
    for (what, count, size) in [
        ("snapshots counted", format::count(counted.snapshots), none()),
        ("files in them", format::count(counted.files), format::size(counted.logical_bytes)),
        ("directories", format::count(counted.dirs), none()),
        ("distinct chunks", format::count(counted.chunks), format::size(counted.unique_bytes)),
        ("compressed", none(), format::size(counted.stored_bytes)),
        ("packs stored", format::count(repository.packs), format::size(repository.pack_bytes)),
        ("segments stored", format::count(repository.segments), format::size(repository.segment_bytes)),
        ("snapshots stored", format::count(repository.snapshots), format::size(repository.snapshot_bytes)),
    ] {
        table.row([what.to_owned(), count, size]);
    }
    context.output.table(&table)?;
    context.output.text(&format!(
        "deduplication {:.2}, compression {:.2}{}\n",
        counted.dedup_ratio,
        counted.compression_ratio,
        if counted.is_estimate { " (estimated from a sample)" } else { "" },
    ))?;
    match counted.missing_chunks {
        0 => Ok(Outcome::Done),
        missing => Err(Failure::new(ErrorKind::Damage, format!("{missing} chunks are in no known pack"))
            .hint("run `lifeboat check` to find out which files lose something")),
    }
}
