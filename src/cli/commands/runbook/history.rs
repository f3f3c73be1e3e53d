//! `runbook history`: the runs that there were.

use serde::Serialize;

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::cli::commands::runbook::args::HistoryArgs;
use crate::cli::commands::runbook::begin::archive;
use crate::cli::commands::runbook::status::of_repository;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::runbook::runs::{Read, Runs};
use crate::runbook::state::between;
use crate::ui::format;
use crate::ui::table::{Shrink, Table};

/// Schema `lifeboat.runbook-history/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    runs: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    run: String,
    runbook: String,
    mode: &'static str,
    state: String,
    began: Option<Timestamp>,
    seconds: Option<f64>,
    operator: String,
    host: String,
    place: &'static str,
}

fn row(run: &str, read: Result<Read, String>, place: &'static str) -> Row {
    match read {
        Ok(read) => {
            let state = &read.state;
            let end = state.end.as_ref().map_or(state.latest, |(_, time, _)| *time);
            Row {
                run: run.to_owned(),
                runbook: state.header.runbook.clone(),
                mode: state.header.mode.as_str(),
                state: state.word().to_owned(),
                began: Some(state.began),
                seconds: Some(between(state.began, end).as_secs_f64()),
                operator: state.header.operator.clone(),
                host: state.header.host.clone(),
                place,
            }
        }
        Err(why) => Row {
            run: run.to_owned(),
            runbook: String::new(),
            mode: "",
            state: why,
            began: None,
            seconds: None,
            operator: String::new(),
            host: String::new(),
            place,
        },
    }
}

/// Runs the command.
pub fn run(args: &HistoryArgs, context: &Context) -> CommandResult {
    let runs = Runs::of(&context.state_dir()?);
    let ids = runs.ids();
    let read = |run: &String| runs.read(run).map_err(|error| error.to_string());
    let mut rows: Vec<Row> = ids.iter().map(|run| row(run, read(run), "here")).collect();
    if args.repository {
        let archive = archive(context, Role::Maintainer)?.ok_or_else(|| {
            Failure::usage("there is no repository that opens without asking")
                .hint("name it with --repo and --identity")
        })?;
        let known = archive.runs().map_err(|error| Failure::of(error.kind(), &error))?;
        for run in known.iter().filter(|run| !ids.contains(run)) {
            let read = match of_repository(run, context) {
                Ok(Some((_, read))) => Ok(read),
                Ok(None) => continue,
                Err(failure) => Err(failure.message().to_owned()),
            };
            rows.push(row(run, read, "repository"));
        }
    }
    rows.retain(|row| args.runbook.as_ref().is_none_or(|name| row.runbook == *name));
    rows.sort_by_key(|row| row.began);
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.runbook-history/1", runs: rows })?;
        return Ok(Outcome::Done);
    }
    if rows.is_empty() {
        context.output.note("nothing has been run yet");
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("RUN", Shrink::Never)
        .words("MODE", Shrink::Never)
        .words("STATE", Shrink::End)
        .words("BEGAN", Shrink::Never)
        .words("TOOK", Shrink::Never)
        .words("BY", Shrink::End)
        .words("WHERE", Shrink::Never);
    for one in &rows {
        let took = one.seconds.map(|seconds| format::duration(std::time::Duration::from_secs_f64(seconds)));
        table.row([
            one.run.as_str(),
            one.mode,
            &one.state,
            &one.began.map(format::timestamp).unwrap_or_default(),
            &took.unwrap_or_default(),
            &one.operator,
            one.place,
        ]);
    }
    context.output.table(&table)?;
    Ok(Outcome::Done)
}
