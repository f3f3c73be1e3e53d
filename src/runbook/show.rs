//! A runbook for people: as a tree, as a checklist for when no computer is left, as a page, as a diagram.
//!
//! A checklist is written from the runbook as it is, with nothing filled in but what is known: whoever holds
//! the paper sees where a value has to be put. Whatever stands in a runbook is text here, never markup.

use std::fmt::Write as _;

use serde_json::json;

use crate::base::duration::spell;
use crate::runbook::engine::{PlannedStep, Scope};
use crate::runbook::model::{Action, OnFailure, Phase, Runbook, Step};
use crate::runbook::order::order;

/// What a runbook is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A tree, for terminals.
    Tree,
    /// A checklist.
    Markdown,
    /// A page.
    Html,
    /// A diagram, as Mermaid draws it.
    Mermaid,
}

/// Text that no Markdown reader takes for markup.
pub fn markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>#|!".contains(c) {
            shown.push('\\');
        }
        match c {
            '\n' | '\t' => shown.push(' '),
            c if c.is_control() => shown.push('?'),
            c => shown.push(c),
        }
    }
    shown
}

/// Text that no browser takes for markup.
pub fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            '\n' | '\t' => shown.push(c),
            c if c.is_control() => shown.push('?'),
            c => shown.push(c),
        }
    }
    shown
}

/// Text of one line for a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The style of every page that is made here.
pub const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a}h1{margin-bottom:0}h2{border-bottom:2px solid #888;margin-top:2rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;\
vertical-align:top;border-bottom:1px solid #ddd}pre{background:#f4f4f4;padding:.5rem;\
white-space:pre-wrap;overflow-wrap:anywhere}.step{margin:1rem 0;page-break-inside:avoid}\
.box{display:inline-block;width:1em;height:1em;border:1.5px solid #333;margin-right:.5em;\
vertical-align:-.1em}.sign{color:#555}.bad{color:#a00}.good{color:#060}\
button{font:inherit;padding:.6rem 1.2rem}@media print{body{margin:0;max-width:none}}";

/// The runbook in that format.
pub fn show(runbook: &Runbook, planned: &[PlannedStep], format: Format) -> String {
    match format {
        Format::Tree => tree(runbook),
        Format::Markdown => checklist(runbook, planned),
        Format::Html => page(runbook, planned),
        Format::Mermaid => mermaid(runbook),
    }
}

fn objectives(runbook: &Runbook) -> Vec<String> {
    let rto = runbook.rto.map(|rto| format!("recovery within {}", spell(rto)));
    let rpo = runbook.rpo.map(|rpo| format!("at most {} of data lost", spell(rpo)));
    let owner = runbook.owner.as_ref().map(|owner| format!("owner: {owner}"));
    rto.into_iter().chain(rpo).chain(owner).collect()
}

fn tree(runbook: &Runbook) -> String {
    let mut text = format!("{} ({})\n", plain(&runbook.title), runbook.name);
    for objective in objectives(runbook) {
        let _ = writeln!(text, "  {}", plain(&objective));
    }
    let handlers = runbook.handler_ids();
    let ordered = order(&runbook.steps, &handlers).unwrap_or_else(|_| runbook.steps.iter().collect());
    for phase in Phase::ALL {
        let steps: Vec<&Step> = ordered.iter().copied().filter(|step| step.phase == phase).collect();
        if !steps.is_empty() {
            let _ = writeln!(text, "{}", phase.title());
            branches(&steps, "", &mut text);
        }
    }
    let only: Vec<&Step> = runbook.steps.iter().filter(|step| handlers.contains(&step.id)).collect();
    if !only.is_empty() {
        let _ = writeln!(text, "Only if needed");
        branches(&only, "", &mut text);
    }
    text
}

fn branches(steps: &[&Step], indent: &str, text: &mut String) {
    for (index, step) in steps.iter().enumerate() {
        let is_last = index + 1 == steps.len();
        let (branch, below) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
        let mut remarks = Vec::new();
        remarks.extend(step.when.as_ref().map(|when| format!("when {}", when.text)));
        if !step.needs.is_empty() {
            let needs: Vec<&str> = step.needs.iter().map(|need| need.name.as_str()).collect();
            remarks.push(format!("after {}", needs.join(", ")));
        }
        remarks.extend(step.timeout.map(|time| format!("within {}", spell(time))));
        remarks.extend((step.retry.count > 0).then(|| format!("{} retries", step.retry.count)));
        match &step.on_failure {
            OnFailure::Halt => {}
            OnFailure::Continue => remarks.push("may fail".into()),
            OnFailure::Rollback => remarks.push("undoes all if it fails".into()),
            OnFailure::Step(handler) => remarks.push(format!("{} if it fails", handler.name)),
        }
        let remarks = if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join("; ")) };
        let _ = writeln!(
            text,
            "{indent}{branch} {}  {}: {}{}",
            step.id,
            step.action.kind(),
            plain(&step.title),
            plain(&remarks)
        );
        let children: Vec<&Step> = step.children().iter().collect();
        branches(&children, &format!("{indent}{below} "), text);
    }
}

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

fn checklist(runbook: &Runbook, planned: &[PlannedStep]) -> String {
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
        for input in &runbook.inputs {
            let help = if input.value.help.is_empty() {
                input.value.kind.expected()
            } else {
                input.value.help.clone()
            };
            let _ =
                writeln!(text, "- {} ({}): ______________________", markdown(&input.name), markdown(&help));
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
    text
}

fn longest_ticks(lines: &[String]) -> usize {
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len);
    runs.max().unwrap_or(0)
}

fn page(runbook: &Runbook, planned: &[PlannedStep]) -> String {
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
    text.push_str("</body></html>\n");
    text
}

fn mermaid(runbook: &Runbook) -> String {
    let label = |text: &str| {
        let harmless = |c: char| c.is_alphanumeric() || " .,:()-/_".contains(c);
        text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect::<String>()
    };
    let mut text = "flowchart TD\n".to_owned();
    let handlers = runbook.handler_ids();
    let ordered = order(&runbook.steps, &handlers).unwrap_or_else(|_| runbook.steps.iter().collect());
    for phase in Phase::ALL {
        let steps: Vec<&&Step> = ordered.iter().filter(|step| step.phase == phase).collect();
        if steps.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  subgraph {}[\"{}\"]", phase.as_str(), phase.title());
        steps.iter().for_each(|step| node(step, &label, &mut text));
        let _ = writeln!(text, "  end");
    }
    for step in runbook.steps.iter().filter(|step| handlers.contains(&step.id)) {
        node(step, &label, &mut text);
    }
    for pair in ordered.windows(2) {
        let condition = pair[1].when.as_ref().map(|when| format!("|\"{}\"|", label(&when.text)));
        let _ = writeln!(text, "  s_{} -->{} s_{}", pair[0].id, condition.unwrap_or_default(), pair[1].id);
    }
    for step in runbook.all_steps() {
        for handler in step.handlers() {
            let _ = writeln!(text, "  s_{} -. if needed .-> s_{}", step.id, handler.name);
        }
        for need in &step.needs {
            let _ = writeln!(text, "  s_{} -.-> s_{}", need.name, step.id);
        }
    }
    text
}

fn node(step: &Step, label: &dyn Fn(&str) -> String, text: &mut String) {
    let title = format!("{}: {}", step.action.kind(), label(&step.title));
    let (open, close) = match &step.action {
        Action::Approval(_) | Action::Choice(_) => ("{{", "}}"),
        Action::Manual(_) | Action::Notify(_) => ("([", "])"),
        _ => ("[", "]"),
    };
    if step.children().is_empty() {
        let _ = writeln!(text, "    s_{}{open}\"{title}\"{close}", step.id);
        return;
    }
    let _ = writeln!(text, "    subgraph s_{}[\"{title}\"]", step.id);
    step.children().iter().for_each(|child| node(child, label, text));
    let _ = writeln!(text, "    end");
}

/// What a runbook does, with nothing known: for paper.
pub fn on_paper(
    runbook: &Runbook,
    runbooks: &std::collections::BTreeMap<String, Runbook>,
) -> Vec<PlannedStep> {
    let inputs = runbook.inputs.iter().map(|input| (input.name.clone(), json!(format!("<{}>", input.name))));
    let scope = Scope { runbook, prefix: String::new(), inputs: inputs.collect(), depth: 0 };
    crate::runbook::engine::plan_scope(&scope, runbooks)
}
