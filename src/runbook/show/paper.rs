//! A runbook on paper: a checklist that is worked through when no computer is left.
//!
//! It holds what would otherwise be looked up: what is to be known first and what that usually is, every
//! step with room for who did it when, and whom its names stand for, with their telephone numbers.

use std::fmt::Write as _;

use crate::base::duration::spell;
use crate::runbook::engine::PlannedStep;
use crate::runbook::model::{Input, Named, Phase, Runbook};
use crate::runbook::show::{Person, STYLE, html, markdown, objectives, plain};

/// Room to write.
const BLANK: &str = "______________________";

/// Steps of the plan by phase; at the end those that are done only if needed.
fn chapters(planned: &[PlannedStep]) -> Vec<(&'static str, Vec<&PlannedStep>)> {
    let mut chapters: Vec<(&'static str, Vec<&PlannedStep>)> = Phase::ALL
        .iter()
        .map(|phase| {
            let of = |step: &&PlannedStep| step.phase == phase.as_str() && !step.only_if_needed;
            (phase.title(), planned.iter().filter(of).collect())
        })
        .collect();
    chapters.push(("Only if needed", planned.iter().filter(|step| step.only_if_needed).collect()));
    chapters.retain(|(_, steps)| !steps.is_empty());
    chapters
}

fn remarks(step: &PlannedStep) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(step.when.as_ref().map(|when| format!("Only when {when}")));
    remarks.extend((!step.needs.is_empty()).then(|| format!("After {}", step.needs.join(", "))));
    let limit = step.timeout_seconds.map(std::time::Duration::from_secs);
    remarks.extend(limit.map(|limit| format!("Within {}", spell(limit))));
    match step.on_failure.as_str() {
        "halt" => {}
        "continue" => remarks.push("If it fails: go on".into()),
        "rollback" => remarks.push("If it fails: undo everything, last first".into()),
        other => remarks.push(format!("If it fails: {other}")),
    }
    remarks
}

/// A checklist in Markdown.
pub fn checklist(runbook: &Runbook, planned: &[PlannedStep], people: &[Person]) -> String {
    let mut text = format!("# {}\n\n", markdown(&runbook.title));
    if !runbook.description.is_empty() {
        let _ = writeln!(text, "{}\n", markdown(runbook.description.trim()));
    }
    for objective in objectives(runbook) {
        let _ = writeln!(text, "- {}", markdown(&objective));
    }
    let _ = writeln!(text, "\nBegun at ______________ by ______________________\n");
    if !runbook.inputs.is_empty() {
        let _ = writeln!(text, "To be known first:\n");
        for (name, help) in inputs(runbook) {
            let _ = writeln!(text, "- {} ({}): ______________________", markdown(&name), markdown(&help));
        }
        text.push('\n');
    }
    let mut number = 0;
    for (title, steps) in chapters(planned) {
        let _ = writeln!(text, "## {title}\n");
        for step in steps {
            number += 1;
            let _ = writeln!(text, "{number}. [ ] **{}** ({})", markdown(&step.title), step.kind);
            for remark in remarks(step) {
                let _ = writeln!(text, "   - {}", markdown(&remark));
            }
            let fence = "`".repeat(longest_ticks(&step.does).max(2) + 1);
            let _ = writeln!(text, "\n   {fence}text");
            for line in &step.does {
                let _ = writeln!(text, "   {}", plain(line));
            }
            let _ = writeln!(
                text,
                "   {fence}\n\n   done at ________ by ____________ remarks ____________________\n"
            );
        }
    }
    if !people.is_empty() {
        let _ = writeln!(text, "## Who is who\n");
        for person in people {
            let how = if person.how.is_empty() { BLANK.to_owned() } else { markdown(&person.how) };
            let _ = writeln!(text, "- {}: {how}", markdown(&person.name));
        }
    }
    text
}

/// What is asked for, each with what it means and what it is if nobody says.
fn inputs(runbook: &Runbook) -> Vec<(String, String)> {
    let row = |input: &Named<Input>| {
        let value = &input.value;
        let help = if value.help.is_empty() { value.kind.expected() } else { value.help.clone() };
        let usual = value.default.as_ref().map(|usual| {
            format!("; usually {}", usual.as_str().map_or_else(|| usual.to_string(), str::to_owned))
        });
        (input.name.clone(), format!("{help}{}", usual.unwrap_or_default()))
    };
    runbook.inputs.iter().map(row).collect()
}

fn longest_ticks(lines: &[String]) -> usize {
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len);
    runs.max().unwrap_or(0)
}

/// The same as a page.
pub fn page(runbook: &Runbook, planned: &[PlannedStep], people: &[Person]) -> String {
    let title = html(&runbook.title);
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{}</p>\n<ul>",
        html(runbook.description.trim())
    );
    for objective in objectives(runbook) {
        let _ = write!(text, "<li>{}</li>", html(&objective));
    }
    text.push_str("</ul>\n<p class=\"sign\">Begun at ______________ by ______________________</p>\n");
    if !runbook.inputs.is_empty() {
        text.push_str("<p>To be known first:</p><table>\n");
        for (name, help) in inputs(runbook) {
            let (name, help) = (html(&name), html(&help));
            let _ = writeln!(
                text,
                "<tr><td>&lt;{name}&gt;</td><td>{help}</td><td>____________________</td></tr>"
            );
        }
        text.push_str("</table>\n");
    }
    for (chapter, steps) in chapters(planned) {
        let _ = writeln!(text, "<h2>{chapter}</h2>");
        for step in steps {
            let _ = write!(
                text,
                "<div class=\"step\"><span class=\"box\"></span><b>{}</b> ({})",
                html(&step.title),
                step.kind
            );
            let remarks = remarks(step).join(". ");
            let _ = write!(text, "<div class=\"sign\">{}</div><pre>", html(&remarks));
            let _ = write!(text, "{}", html(&step.does.join("\n")));
            text.push_str("</pre><div class=\"sign\">done at ________ by ____________ remarks ");
            text.push_str("____________</div></div>\n");
        }
    }
    if !people.is_empty() {
        text.push_str("<h2>Who is who</h2><table>\n");
        for person in people {
            let how = if person.how.is_empty() { BLANK.to_owned() } else { html(&person.how) };
            let _ = writeln!(text, "<tr><td>{}</td><td>{how}</td></tr>", html(&person.name));
        }
        text.push_str("</table>\n");
    }
    text.push_str("</body></html>\n");
    text
}
