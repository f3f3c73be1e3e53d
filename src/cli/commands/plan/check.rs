//! `lifeboat plan diff` and `lifeboat plan verify`.

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::commands::plan::{DiffArgs, VerifyArgs, failure, runs};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Outcome};
use crate::cli::opening;
use crate::plan::apply::keep;
use crate::plan::shelf;
use crate::plan::verify::{Ground, changes};
use crate::ui::escape;

/// Schema `lifeboat.plan-verify/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    plan: &'a str,
    fits: bool,
    changes: &'a [String],
}

/// Runs `plan diff`.
pub fn diff(args: &DiffArgs, context: &Context) -> CommandResult {
    let state_dir = context.state_dir()?;
    let find = |name| shelf::find(&state_dir, name).map_err(|error| failure(&error));
    let (old, new) = (find(&args.old)?, find(&args.new)?);
    let found = crate::plan::diff::diff((&old.id, &old.content), (&new.id, &new.content));
    let found = found.map_err(|error| failure(&error))?;
    if context.output.json {
        context.output.document(&found)?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for change in &found.changes {
        let side = |value: &Option<String>| escape::text(value.as_deref().unwrap_or("nothing")).into_owned();
        text.push_str(&match change.change {
            "added" => format!("+ {}: {}\n", escape::text(&change.what), side(&change.new)),
            "removed" => format!("- {}: {}\n", escape::text(&change.what), side(&change.old)),
            _ => format!("~ {}: {} → {}\n", escape::text(&change.what), side(&change.old), side(&change.new)),
        });
    }
    context.output.text(&text)?;
    if found.changes.is_empty() {
        context.output.note("both do the same");
    }
    Ok(Outcome::Done)
}

/// Runs `plan verify`.
pub fn verify(args: &VerifyArgs, context: &Context) -> CommandResult {
    if let Some(run) = runs::id_of(&args.plan) {
        return runs::verify(run, context);
    }
    let state_dir = context.state_dir()?;
    let plan = shelf::find(&state_dir, &args.plan).map_err(|error| failure(&error))?;
    let repository = opening::repository(context, None, Role::Restorer)?;
    let indexed = repository.load_index().map_err(|error| opening::open_failure(&error))?;
    let is_begun = keep::open_journal(&state_dir, &plan.id).exists();
    let found =
        changes(&Ground { plan: &plan, indexed: &indexed }, is_begun).map_err(|error| failure(&error))?;
    if context.output.json {
        let schema = "lifeboat.plan-verify/1";
        let document = Document { schema, plan: &plan.id, fits: found.is_empty(), changes: &found };
        context.output.document(&document)?;
    } else if found.is_empty() {
        context.output.text(&format!("plan {} still fits\n", plan.short()))?;
    } else {
        let lines: Vec<String> = found.iter().map(|line| format!("{}\n", escape::text(line))).collect();
        context.output.text(&lines.concat())?;
    }
    Ok(if found.is_empty() { Outcome::Done } else { Outcome::Told(ErrorKind::Failed) })
}
