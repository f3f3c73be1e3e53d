//! `runbook report`: what was done when and by whom, after verifying the journal.

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::commands::runbook::args::{ReportArgs, ReportFormat};
use crate::cli::commands::runbook::begin::archive;
use crate::cli::commands::runbook::library::{deliver, failure};
use crate::cli::commands::runbook::resume::warn_of;
use crate::cli::commands::runbook::status::find;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::runbook::read;
use crate::runbook::report::{Report, markdown, page, report};
use crate::runbook::runs::{Runs, understand};
use crate::sys::journal;

/// How many lines the repository has, once they are known to be the same.
fn compare(run: &str, runs: &Runs, context: &Context) -> Result<usize, Failure> {
    let archive = archive(context, Role::Maintainer)?.ok_or_else(|| {
        Failure::usage("there is no repository that opens without asking")
            .hint("name it with --repo and --identity")
    })?;
    let copy = archive.fetch_journal(run).map_err(|error| Failure::of(error.kind(), &error))?;
    warn_of(&copy.ignored, context);
    let copy = copy.lines;
    let contents =
        journal::verify(&copy, "in the repository").map_err(|error| Failure::of(error.kind(), &error))?;
    understand(run, &contents).map_err(|error| failure(&error))?;
    let own = std::fs::read(runs.journal(run)).unwrap_or_default();
    if own.is_empty() || own.starts_with(&copy) {
        return Ok(contents.records.len());
    }
    let same = own.iter().zip(&copy).take_while(|(one, other)| one == other).count();
    let line = own[..same].iter().filter(|byte| **byte == b'\n').count() + 1;
    let message = match copy.starts_with(&own) {
        true => format!(
            "the journal of run {run} was cut: it ends before line {line}, and the repository has {} lines",
            contents.records.len()
        ),
        false => {
            format!("the journal of run {run} differs from its signed copy in the repository at line {line}")
        }
    };
    Err(Failure::new(ErrorKind::Damage, message)
        .hint("the copy in the repository is the one that was signed"))
}

/// Runs the command.
pub fn run(args: &ReportArgs, context: &Context) -> CommandResult {
    let runs = Runs::of(&context.state_dir()?);
    let (run, found) = find(&args.run, &runs, context)?;
    let copied = match args.repository {
        true => Some(compare(&run, &runs, context)?),
        false => None,
    };
    let header = &found.state.header;
    let runbook = header.texts.get(&header.runbook).map(|text| read::read(&header.runbook, text).0);
    let report = report(&found, runbook.as_ref(), copied);
    let outcome = match report.rto_met {
        Some(false) => Outcome::Told(ErrorKind::Objective),
        _ => Outcome::Done,
    };
    write(args, context, &report)?;
    Ok(outcome)
}

fn write(args: &ReportArgs, context: &Context, report: &Report) -> CommandResult {
    let format = if context.output.json { ReportFormat::Json } else { args.format };
    let text = match format {
        ReportFormat::Markdown => markdown(report),
        ReportFormat::Html => page(report),
        // Text, numbers and lists of them have a JSON form.
        ReportFormat::Json => format!("{}\n", serde_json::to_string(report).unwrap_or_default()),
    };
    deliver(&text, args.output.as_deref(), context)
}
