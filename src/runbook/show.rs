//! A runbook for people: as a tree, as a checklist for when no computer is left, as a page, as a diagram.
//!
//! A checklist is written from the runbook as it is, with nothing filled in but what is known: whoever holds
//! the paper sees where a value has to be put. Whatever stands in a runbook is text here, never markup.

mod paper;

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

/// Somebody whom a runbook can name, and how to reach them: on paper nobody looks it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As runbooks call them.
    pub name: String,
    /// Who that is, with telephone and mail; or who belongs to it.
    pub how: String,
}

/// The runbook in that format.
pub fn show(runbook: &Runbook, planned: &[PlannedStep], people: &[Person], format: Format) -> String {
    match format {
        Format::Tree => tree(runbook),
        Format::Markdown => paper::checklist(runbook, planned, people),
        Format::Html => paper::page(runbook, planned, people),
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
