//! `runbook link` and `serve`: answers by link.

use serde::Serialize;

use crate::base::time::Clock as _;
use crate::cli::commands::runbook::args::{LinkArgs, ServeArgs};
use crate::cli::commands::runbook::hands::grants;
use crate::cli::commands::runbook::library::failure;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::runbook::answer::find_step;
use crate::runbook::link::Links;
use crate::runbook::runs::Runs;
use crate::runbook::serve::{Desk, serve as serve_links};
use crate::sys::clock::SystemClock;
use crate::sys::file::{atomic_write, create_private_dir, read_bounded, remove_if_present};
use crate::ui::escape;

/// Schema `lifeboat.runbook-link/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    links: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    answer: String,
    url: String,
}

/// `runbook link`.
pub fn run(args: &LinkArgs, context: &Context) -> CommandResult {
    let state_dir = context.state_dir()?;
    let runs = Runs::of(&state_dir);
    let run = runs.find(&args.run).map_err(|error| failure(&error))?;
    let state = runs.read(&run).map_err(|error| failure(&error))?.state;
    let path = find_step(&state, &args.step);
    let asked = path.as_ref().and_then(|path| state.steps.get(path)?.asked.as_ref());
    let (Some(path), Some(asked)) = (&path, asked) else {
        return Err(Failure::usage(format!("step {} of run {run} does not wait for an answer", args.step)));
    };
    let served = read_bounded(&runs.serve_file(), 4096).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let base = args.public_url.clone().or(served.map(|url| url.trim().to_owned())).ok_or_else(|| {
        Failure::usage("nobody takes answers by link at this moment")
            .hint("run `lifeboat runbook serve`, or say with --public-url where it will be")
    })?;
    let links = Links::open(&state_dir).map_err(|error| Failure::of(error.kind(), &error))?;
    let expires = SystemClock.now().seconds.saturating_add_unsigned(args.within.as_secs());
    let made = grants(&run, path, asked.ask.kind, &asked.ask.options, &args.whose, expires);
    let rows: Vec<Row> = made
        .into_iter()
        .map(|(answer, grant)| Row {
            answer,
            url: format!("{}/a/{}", base.trim_end_matches('/'), links.token(&grant)),
        })
        .collect();
    if context.output.json {
        context.output.document(&Document { schema: "lifeboat.runbook-link/1", links: rows })?;
        return Ok(Outcome::Done);
    }
    let text: String =
        rows.iter().map(|row| format!("{}: {}\n", escape::text(&row.answer), row.url)).collect();
    context.output.text(&text)?;
    Ok(Outcome::Done)
}

/// `runbook serve`.
pub fn serve(args: &ServeArgs, context: &Context) -> CommandResult {
    if !args.listen.ip().to_canonical().is_loopback() && !args.behind_proxy {
        let message = format!(
            "at {} links would go over the network in the clear, and whoever sees one can answer with it",
            args.listen
        );
        return Err(Failure::usage(message).hint(
            "listen on 127.0.0.1; or put a proxy that speaks TLS before it, and say so with --behind-proxy \
             --public-url https://…",
        ));
    }
    let state_dir = context.state_dir()?;
    let runs = Runs::of(&state_dir);
    let interrupt = context.interrupt()?;
    create_private_dir(&runs.root()).map_err(|error| Failure::of(error.kind(), &error))?;
    let links = Links::open(&state_dir).map_err(|error| Failure::of(error.kind(), &error))?;
    let desk = Desk { runs: runs.clone(), links, clock: Box::new(SystemClock) };
    let file = runs.serve_file();
    let served = serve_links(args.listen, desk, interrupt, |address| {
        let url = args.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let url = url.trim_end_matches('/').to_owned();
        if let Err(error) = atomic_write(&file, url.as_bytes()) {
            context.output.warn(&format!("warning: messages carry no links: {error}"));
        }
        if context.output.json {
            let address = address.to_string();
            let line =
                serde_json::json!({ "schema": "lifeboat.runbook-serve/1", "address": address, "url": url });
            // A reader that has gone must not keep people from answering.
            let _ = context.output.document(&line);
        } else {
            context.output.note(&format!("taking answers at {address}, known as {url}"));
        }
    });
    // Where it does not run, links lead nowhere.
    let _ = remove_if_present(&file);
    served.map_err(|error| failure(&error))?;
    Ok(Outcome::Done)
}
