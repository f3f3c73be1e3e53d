//! Every name that a text or a condition refers to is there, and can have a value when it is needed.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::runbook::expr::{ExprError, Expression, Reference, Template};
use crate::runbook::finding::Finding;
use crate::runbook::model::{
    Action, Condition, Drill, HttpCall, Named, Program, Runbook, Setting, Step, Wait, What,
};
use crate::runbook::order::order;

/// Fields of `run`.
pub const RUN_FIELDS: [&str; 7] = ["id", "runbook", "mode", "operator", "host", "started", "phase"];
/// Fields of every step.
const STEP_FIELDS: [&str; 8] = ["output", "state", "done", "failed", "skipped", "error", "status", "by"];

/// A text or a condition.
enum Source<'a> {
    Template(&'a Template),
    Expression(&'a Expression),
}

impl Source<'_> {
    fn references(&self) -> Result<BTreeSet<Reference>, ExprError> {
        match self {
            Source::Template(template) => template.references(),
            Source::Expression(expression) => expression.references(),
        }
    }

    fn span(&self) -> Range<usize> {
        match self {
            Source::Template(template) => template.span.clone(),
            Source::Expression(expression) => expression.span.clone(),
        }
    }
}

/// Checks all of them.
pub fn check(runbook: &Runbook) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for variable in &runbook.variables {
        let known = Known { runbook, earlier: None, has_variables: false };
        known.hold(&Source::Template(&variable.value), &mut findings, &mut used);
    }
    let handlers = runbook.handler_ids();
    let mut earlier: BTreeSet<String> = BTreeSet::new();
    let ordered = order(&runbook.steps, &handlers).unwrap_or_else(|_| runbook.steps.iter().collect());
    for step in ordered {
        tree(runbook, step, &earlier, &mut findings, &mut used);
        earlier.insert(step.id.clone());
        earlier.extend(step.children().iter().map(|child| child.id.clone()));
    }
    // What is done only because of other steps may be done at any time: whatever it names may be missing.
    let all: BTreeSet<String> = runbook.all_steps().iter().map(|step| step.id.clone()).collect();
    for step in runbook.steps.iter().filter(|step| handlers.contains(&step.id)) {
        tree(runbook, step, &all, &mut findings, &mut used);
    }
    for output in &runbook.outputs {
        let known = Known { runbook, earlier: Some(&all), has_variables: true };
        known.hold(&Source::Template(&output.value), &mut findings, &mut used);
    }
    // Scripts see them all as variables, so that nobody can tell whether one is used.
    let has_scripts = runbook
        .all_steps()
        .into_iter()
        .any(|step| programs(step).iter().any(|program| matches!(program.what, What::Script { .. })));
    if !has_scripts {
        findings.extend(unused(runbook, &used));
    }
    findings
}

fn unused(runbook: &Runbook, used: &BTreeSet<Reference>) -> Vec<Finding> {
    let is_used = |root: &str, name: &str| {
        used.iter().any(|one| one.root == root && one.name.as_deref().is_none_or(|used| used == name))
    };
    let inputs = runbook.inputs.iter().map(|input| ("inputs", "input", &input.name, &input.span));
    let variables = runbook.variables.iter().map(|one| ("vars", "variable", &one.name, &one.span));
    inputs
        .chain(variables)
        .filter(|(root, _, name, _)| !is_used(root, name))
        .map(|(_, what, name, span)| {
            Finding::warning(span.clone(), format!("the {what} {name} is never used"))
        })
        .collect()
}

fn tree(
    runbook: &Runbook,
    step: &Step,
    earlier: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
    used: &mut BTreeSet<Reference>,
) {
    let known = Known { runbook, earlier: Some(earlier), has_variables: true };
    for source in sources(step) {
        known.hold(&source, findings, used);
    }
    for secret in secrets(step) {
        if !runbook.secrets.iter().any(|known| known.name == secret.name) {
            let text = format!("there is no [secrets.{}]", secret.name);
            let names = runbook.secrets.iter().map(|secret| secret.name.clone());
            findings.push(Finding::error(secret.span.clone(), text).among(secret.name.clone(), names));
        }
    }
    // Steps beside each other know of each other where one needs the other.
    for child in step.children() {
        let mut earlier = earlier.clone();
        earlier.extend(child.needs.iter().map(|need| need.name.clone()));
        tree(runbook, child, &earlier, findings, used);
    }
}

struct Known<'a> {
    runbook: &'a Runbook,
    /// Steps that come before; none where no step is known.
    earlier: Option<&'a BTreeSet<String>>,
    has_variables: bool,
}

impl Known<'_> {
    fn hold(&self, source: &Source<'_>, findings: &mut Vec<Finding>, used: &mut BTreeSet<Reference>) {
        let references = match source.references() {
            Ok(references) => references,
            Err(error) => return findings.push(Finding::error(source.span(), error.to_string())),
        };
        for reference in references {
            findings.extend(
                self.fault(&reference).map(|(message, typed, names)| {
                    Finding::error(source.span(), message).among(typed, names)
                }),
            );
            used.insert(reference);
        }
    }

    fn fault(&self, reference: &Reference) -> Option<(String, String, Vec<String>)> {
        let Some(name) = &reference.name else {
            let roots = ["inputs", "vars", "steps", "run"].map(str::to_owned).to_vec();
            let text = match roots.contains(&reference.root) {
                true => format!("`{}` is followed by a dot and a name", reference.root),
                false => format!("there is no `{}`", reference.root),
            };
            return Some((text, reference.root.clone(), roots));
        };
        let (what, names): (&str, Vec<String>) = match reference.root.as_str() {
            "inputs" => ("input", self.runbook.inputs.iter().map(|input| input.name.clone()).collect()),
            "vars" if self.has_variables => {
                ("variable", self.runbook.variables.iter().map(|one| one.name.clone()).collect())
            }
            "run" => ("field of `run`", RUN_FIELDS.map(str::to_owned).to_vec()),
            "steps" => return self.step_fault(name, reference.field.as_deref()),
            root => {
                let text = format!("`{root}.{name}` cannot be used here");
                return Some((text, root.to_owned(), vec!["inputs".into(), "run".into()]));
            }
        };
        (!names.contains(name)).then(|| (format!("there is no {what} `{name}`"), name.clone(), names))
    }

    fn step_fault(&self, id: &str, field: Option<&str>) -> Option<(String, String, Vec<String>)> {
        let Some(earlier) = self.earlier else {
            return Some(("steps cannot be referred to here".into(), id.to_owned(), Vec::new()));
        };
        let ids = || earlier.iter().cloned().collect::<Vec<_>>();
        match self.runbook.step(id) {
            None => return Some((format!("there is no step `{id}`"), id.to_owned(), ids())),
            Some(_) if !earlier.contains(id) => {
                return Some((format!("step `{id}` does not come before this one"), id.to_owned(), ids()));
            }
            Some(_) => {}
        }
        let first = field.and_then(|field| field.split('.').next()).unwrap_or_default();
        if STEP_FIELDS.contains(&first) {
            return None;
        }
        let text = format!("steps have no field `{first}`");
        Some((text, first.to_owned(), STEP_FIELDS.map(str::to_owned).to_vec()))
    }
}

/// The programs that a step may run.
pub fn programs(step: &Step) -> Vec<&Program> {
    let mut programs = Vec::new();
    match &step.action {
        Action::Command(command) => programs.push(&command.program),
        Action::Check(condition) | Action::Wait(Wait::Until { condition, .. }) => {
            programs.extend(of(condition))
        }
        _ => {}
    }
    programs.extend(step.check.as_ref().and_then(of));
    programs
}

fn of(condition: &Condition) -> Option<&Program> {
    match condition {
        Condition::Program(program) => Some(program.as_ref()),
        _ => None,
    }
}

fn calls(step: &Step) -> Vec<&HttpCall> {
    let mut calls = Vec::new();
    if let Action::Http(http) = &step.action {
        calls.push(&http.call);
    }
    for condition in conditions(step) {
        if let Condition::Http(call) = condition {
            calls.push(call.as_ref());
        }
    }
    calls
}

fn conditions(step: &Step) -> Vec<&Condition> {
    let own = match &step.action {
        Action::Check(condition) | Action::Wait(Wait::Until { condition, .. }) => Some(condition),
        _ => None,
    };
    own.into_iter().chain(&step.check).collect()
}

/// Names of the secrets that a step uses.
pub fn secrets(step: &Step) -> Vec<&Named<()>> {
    settings(step)
        .into_iter()
        .filter_map(|setting| match &setting.value {
            Setting::Secret(name) => Some(name),
            Setting::Text(_) => None,
        })
        .collect()
}

/// Variables and headers of a step.
pub fn settings(step: &Step) -> Vec<&Named<Setting>> {
    let environments = programs(step).into_iter().flat_map(|program| &program.environment);
    environments.chain(calls(step).into_iter().flat_map(|call| &call.headers)).collect()
}

/// Every text and condition of a step itself.
fn sources(step: &Step) -> Vec<Source<'_>> {
    let mut templates: Vec<&Template> = Vec::new();
    match &step.action {
        Action::Notify(notify) => {
            templates.extend(notify.to.iter().chain([&notify.message]));
        }
        Action::Approval(approval) => templates.push(&approval.question),
        Action::Manual(manual) => templates.push(&manual.instruction),
        Action::Choice(choice) => templates.push(&choice.question),
        Action::Backup(backup) => {
            templates.extend(backup.jobs.iter().chain(&backup.tags).chain(&backup.repository));
        }
        Action::Restore(restore) => {
            let optional = restore.path.iter().chain(&restore.target).chain(&restore.repository);
            templates.extend(optional.chain([&restore.snapshot]));
        }
        Action::Plan(plan) => templates.extend(plan.arguments.iter().chain([&plan.file])),
        Action::Nested(nested) => templates.extend(nested.inputs.iter().map(|input| &input.value)),
        _ => {}
    }
    if let Some(asking) = step.action.asks() {
        templates.extend(asking.who.iter().chain(&asking.notify));
    }
    if let Drill::Redirect(to) = &step.drill {
        templates.extend(to);
    }
    for program in programs(step) {
        let optional = [&program.directory, &program.user, &program.group, &program.stdin];
        templates.extend(optional.into_iter().flatten());
        if let What::Arguments(arguments) = &program.what {
            templates.extend(arguments);
        }
    }
    for call in calls(step) {
        templates.extend(call.body.iter().chain(&call.contains).chain([&call.url]));
    }
    templates.extend(settings(step).into_iter().filter_map(|setting| match &setting.value {
        Setting::Text(template) => Some(template),
        Setting::Secret(_) => None,
    }));
    let mut sources: Vec<Source<'_>> = templates.into_iter().map(Source::Template).collect();
    sources.extend(step.when.as_ref().map(Source::Expression));
    for condition in conditions(step) {
        match condition {
            Condition::Tcp(template) | Condition::File(template) => sources.push(Source::Template(template)),
            Condition::Expression(expression) => sources.push(Source::Expression(expression)),
            Condition::Program(_) | Condition::Http(_) => {}
        }
    }
    sources
}
