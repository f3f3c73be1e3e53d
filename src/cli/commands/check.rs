//! `lifeboat check`: look for damage in the repository.

use std::fmt::Write as _;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::time::Clock as _;
use crate::cli::commands::replica::verify;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Happening};
use crate::cli::values::{Subset, parse_subset};
use crate::cli::{opening, replicas};
use crate::crypto::derive::random_bytes;
use crate::maintain::check::report::{CheckReport, Severity};
use crate::maintain::check::{CheckOptions, Checking, ReadData, check};
use crate::store::replicas::compare::Comparison;
use crate::sys::clock::SystemClock;
use crate::sys::process;
use crate::ui::{escape, format};

const EXAMPLES: &str = "\
Examples:
  lifeboat check --repo /backup/repo
      Is everything there that snapshots refer to?
  lifeboat check --read-data-subset 3/30
      Read a thirtieth as well; with the day of the month, all of it in a month.
  lifeboat check --replicas
      Compare the replicas of a repository on several stores, too.
  lifeboat check --read-data
      Read and verify everything.";

/// Look for damage in the repository
///
/// Checks that every snapshot is whole: signatures and chains, trees, the index, and that each pack is
/// there and as large as it should be. Contents are read only on request.
///
/// Exit status 4 where damage is found; what is damaged and which files it concerns is listed.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Read every pack, and verify every chunk in it
    #[arg(long, conflicts_with = "read_data_subset")]
    pub read_data: bool,

    /// Compare the replicas as well: listings and sizes, and with --read-data the contents of all copies
    #[arg(long)]
    pub replicas: bool,

    /// Read only a part of the packs: n/m, or a percentage chosen anew each time
    #[arg(long, value_name = "n/m|P%", value_parser = parse_subset)]
    pub read_data_subset: Option<Subset>,
}

/// The report with how the replicas compare.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a CheckReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    replicas: Option<&'a Comparison>,
}

/// Runs the command, and tells people of the result.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let mut happening = Happening::of_repository("check", &context.repository(None)?);
    let looked = look(args, context);
    let is_all = matches!(&looked, Ok((_, true)));
    let result = looked.map(|(outcome, _)| outcome);
    let of_data = Some(format!("{}/data", happening.name));
    // What reading packs found is over once all were read again, not once a check looked less closely. What
    // kept it from looking, such as the network, is over with the next check of any kind.
    let reads_data = args.read_data || args.read_data_subset.is_some();
    match &result {
        Ok(Outcome::Done) if args.read_data && is_all => {
            notifying::resolve(context, &Happening { matter: of_data, ..happening.clone() }, None);
        }
        Ok(Outcome::Done) => {}
        _ if reads_data && is_damage(&result) => happening.matter = of_data,
        _ => {}
    }
    notifying::ended(context, &happening, &result);
    result
}

/// Whether that is damage, and no other failure.
fn is_damage(result: &CommandResult) -> bool {
    match result {
        Ok(Outcome::Told(kind)) => *kind == ErrorKind::Damage,
        Ok(Outcome::Done) => false,
        Err(failure) => failure.kind() == ErrorKind::Damage,
    }
}

/// Looks; besides the outcome, whether nothing was left unchecked.
fn look(args: &Args, context: &Context) -> Result<(Outcome, bool), Failure> {
    let read_data = match &args.read_data_subset {
        _ if args.read_data => ReadData::All,
        Some(Subset::Part { part, parts }) => ReadData::Subset { n: *part, m: *parts },
        Some(Subset::Percent(percent)) => {
            ReadData::Percent { percent: *percent, seed: u64::from_le_bytes(random_bytes()) }
        }
        None => ReadData::None,
    };
    let interrupt = context.interrupt()?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    if read_data != ReadData::None {
        let keyring = repository.keyring();
        keyring.need(Role::Restorer, "reading packs").map_err(|error| Failure::of(error.kind(), &error))?;
    }
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let progress = context.output.progress();
    let checking = Checking {
        repository: &indexed,
        monitor: &progress,
        interrupt,
        threads: process::cpus(),
        now: SystemClock.now(),
        is_past: context.global.as_of.is_some(),
    };
    let result = check(&checking, &CheckOptions { read_data });
    progress.finish();
    let mut report = result.map_err(|error| Failure::of(error.kind(), &error))?;
    let client = indexed.repository().client();
    let comparison = match args.replicas {
        true => Some(verify::compare(context, client, args.read_data)?),
        false => None,
    };
    let notes = replicas::warn(context, client, None);
    // What was mended on the way is nobody's finding any more, and worth knowing all the same.
    report.remarks.extend(notes.into_iter().filter(|_| context.output.json));
    match context.output.json {
        true => context.output.document(&Document { report: &report, replicas: comparison.as_ref() })?,
        false => {
            tell(context, &report)?;
            if let Some(comparison) = &comparison {
                context.output.text(&verify::told(comparison))?;
            }
        }
    }
    let compared = comparison.as_ref().map_or(Outcome::Done, verify::outcome);
    Ok((report.failure().map_or(compared, Outcome::Told), report.unchecked.is_empty()))
}

fn tell(context: &Context, report: &CheckReport) -> Result<(), Failure> {
    let style = context.output.style;
    let mut text = String::new();
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Damage => style.red("damage"),
            Severity::Warning => style.yellow("warning"),
        };
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{severity} {}: {}", escape::text(&finding.object), escape::text(&finding.what));
        let consequence = &finding.consequence;
        if !consequence.text.is_empty() {
            let _ = writeln!(text, "    {}", escape::text(&consequence.text));
        }
        if consequence.snapshot_count > 0 {
            let shown: Vec<String> =
                consequence.snapshots.iter().take(5).map(|id| id.chars().take(8).collect()).collect();
            let counted = format::counted(consequence.snapshot_count, "snapshot", "snapshots");
            let _ = writeln!(text, "    {counted} concerned: {}", shown.join(" "));
        }
        for path in consequence.paths.iter().take(5) {
            let _ = writeln!(text, "    loses {}", escape::text(path));
        }
        if !finding.advice.is_empty() {
            let _ = writeln!(text, "    {}", escape::text(&finding.advice));
        }
    }
    for remark in
        report.unchecked.iter().map(|what| format!("not checked: {what}")).chain(report.remarks.clone())
    {
        if !context.output.quiet {
            let _ = writeln!(text, "{}", escape::text(&remark));
        }
    }
    let counts = &report.counts;
    let looked = format!(
        "{}, {}, {}, {} trees; {} chunk references; {} packs read ({})",
        format::counted(counts.snapshots, "snapshot", "snapshots"),
        format::counted(counts.packs, "pack", "packs"),
        format::counted(counts.segments, "segment", "segments"),
        format::count(counts.trees),
        format::count(counts.chunks),
        format::count(counts.packs_read),
        format::size(counts.pack_bytes_read),
    );
    if report.failure() == Some(ErrorKind::Damage) {
        let lost = format::counted(report.lost_file_count, "file loses", "files lose");
        let found = format::counted(report.damage_count, "finding", "findings");
        let _ = writeln!(text, "{}: {found} of damage; {lost} contents\n{looked}", style.red("DAMAGED"));
    } else if !context.output.quiet {
        let _ = writeln!(text, "no damage found\n{looked}");
    }
    context.output.text(&text)
}
