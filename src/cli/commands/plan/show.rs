//! `lifeboat plan show`.

use std::time::Duration;

use crate::cli::commands::plan::build::{estimate, space, verdict};
use crate::cli::commands::plan::{Format, ShowArgs, failure, runs};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::pack::reader::pack_key;
use crate::plan::artefact::{Part, Plan, Step};
use crate::plan::{explain, html, shelf};
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// Columns of a timeline's bars.
const BAR_COLUMNS: f64 = 40.0;

/// Runs it.
pub fn run(args: &ShowArgs, context: &Context) -> CommandResult {
    if let Some(run) = runs::id_of(&args.plan) {
        return match args.format {
            Format::Tree => runs::show(run, context),
            _ => Err(Failure::usage("a run is shown in one form; --format is for plans")),
        };
    }
    let plan = shelf::find(&context.state_dir()?, &args.plan).map_err(|error| failure(&error))?;
    match args.format {
        _ if context.output.json => context.output.document(&plan)?,
        Format::Tree => context.output.text(&tree(&plan))?,
        Format::Timeline => context.output.table(&timeline(&plan))?,
        Format::Html => context.output.text(&html::page(&plan))?,
    }
    Ok(Outcome::Done)
}

fn tree(plan: &Plan) -> String {
    let content = &plan.content;
    let mut text = format!("plan {} {}\n", plan.id, escape::text(&content.name));
    for pinned in &content.snapshots {
        let when = format::timestamp(pinned.time);
        text.push_str(&format!("snapshot {} of {}, {when}\n", pinned.id, escape::text(&pinned.host)));
    }
    text.push_str(&format!("target {}\n", escape::text(&content.target.root)));
    for disk in &content.target.disks {
        let (name, old) = (&disk.disk.name, disk.takes_place_of.to_string());
        let place = disk.disk.place.to_string();
        text.push_str(&format!(
            "OVERWRITES {}: {}, in place of {}\n",
            escape::text(name),
            escape::text(&place),
            escape::text(&old)
        ));
    }
    for part in &content.components {
        text.push_str(&component(part));
        let steps: Vec<&Step> = content.steps.iter().filter(|step| step.component == part.name).collect();
        for (number, step) in steps.iter().enumerate() {
            let (branch, below) =
                if number + 1 == steps.len() { ("└─", "  ") } else { ("├─", "│ ") };
            let time = plan.forecast.steps.get(&step.id).map(estimate).unwrap_or_default();
            text.push_str(&format!(
                "{branch} {}: {}  [{time}]\n",
                escape::text(&step.id),
                escape::text(&step.title)
            ));
            for line in explain::lines(step, &content.target.root) {
                text.push_str(&format!("{below}    {}\n", escape::text(&line)));
            }
        }
    }
    for (component, command) in &content.cleanup {
        let of = component.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
        text.push_str(&format!("cleanup{}: {}\n", escape::text(&of), escape::text(&command.display())));
    }
    for pack in &plan.forecast.warm_up {
        let (class, size) = (escape::text(&pack.class), format::size(pack.bytes));
        text.push_str(&format!("cold {} {class} {size}\n", pack_key(&pack.pack)));
    }
    text.push_str(&format!("expected {}\n", estimate(&plan.forecast.total)));
    plan.forecast.verdicts.iter().for_each(|one| text.push_str(&verdict(one)));
    plan.forecast.space.iter().filter(|space| !space.fits).for_each(|one| text.push_str(&space(one)));
    for warning in &plan.forecast.warnings {
        text.push_str(&format!("warning: {}\n", escape::text(warning)));
    }
    text
}

fn component(part: &Part) -> String {
    let needs = match part.needs.is_empty() {
        true => String::new(),
        false => format!(", needs {}", part.needs.join(", ")),
    };
    let group = part.group.as_deref().map(|group| format!(", group {group}")).unwrap_or_default();
    format!("{} ({}{}{})\n", escape::text(&part.name), part.kind, escape::text(&group), escape::text(&needs))
}

fn timeline(plan: &Plan) -> Table {
    let mut table =
        Table::new().numbers("BEGIN").numbers("TAKES").words("STEP", Shrink::End).words("", Shrink::Never);
    let show = |seconds: f64| format::duration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let mut steps: Vec<(&Step, (f64, f64))> = plan
        .content
        .steps
        .iter()
        .map(|step| (step, plan.forecast.timeline.get(&step.id).copied().unwrap_or_default()))
        .collect();
    steps.sort_by(|left, right| left.1.0.total_cmp(&right.1.0));
    let last = steps.iter().map(|(_, (_, end))| *end).fold(1e-9, f64::max);
    for (step, (begin, end)) in steps {
        let column = |at: f64| (at / last * BAR_COLUMNS) as usize;
        let bar = "█".repeat((column(end) - column(begin)).max(1));
        let bar = format!("{}{bar}", " ".repeat(column(begin)));
        table.row([show(begin), show(end - begin), step.id.clone(), bar]);
    }
    table
}
