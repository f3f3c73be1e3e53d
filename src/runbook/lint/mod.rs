//! What is wrong with a runbook that is well formed: found before the night on which it is needed.

mod names;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use crate::runbook::finding::{Finding, Weight};
use crate::runbook::model::{Action, OnTimeout, Runbook, Step, Wait, What};
use crate::runbook::order::order;
use crate::runbook::read;

/// What is known outside of the runbook.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The texts of the runbooks that may be steps of this one, by name.
    pub runbooks: BTreeMap<String, String>,
    /// Names of backup jobs, where a configuration is at hand.
    pub jobs: Option<BTreeSet<String>>,
    /// Names of contacts, groups and channels, where a configuration is at hand.
    pub recipients: Option<BTreeSet<String>>,
}

/// Everything that is wrong with the runbook `name` of this text, in the order of its lines.
pub fn lint(name: &str, source: &str, surroundings: &Surroundings) -> (Runbook, Vec<Finding>) {
    let (runbook, mut findings) = read::read(name, source);
    let steps = runbook.all_steps();
    findings.extend(ids(&steps));
    findings.extend(links(&runbook, &steps));
    findings.extend(cycles(&runbook));
    findings.extend(names::check(&runbook));
    findings.extend(secrets::check(&runbook, source));
    for step in &steps {
        findings.extend(sense(step, surroundings));
    }
    findings.extend(nested(&runbook, surroundings));
    findings.sort_by_key(|finding| (finding.span.start, finding.weight));
    findings.dedup_by(|next, first| next.span == first.span && next.message == first.message);
    (runbook, findings)
}

/// Whether anything in there keeps the runbook from being run.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.weight == Weight::Error)
}

fn ids(steps: &[&Step]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let twice = steps.iter().filter(|step| !seen.insert(step.id.as_str()));
    twice
        .map(|step| {
            Finding::error(step.span.clone(), format!("there is another step with the id {}", step.id))
        })
        .collect()
}

/// Names of steps that steps refer to otherwise than in texts.
fn links(runbook: &Runbook, steps: &[&Step]) -> Vec<Finding> {
    let ids = || steps.iter().map(|step| step.id.clone());
    let handlers = runbook.handler_ids();
    let mut findings = Vec::new();
    for step in steps {
        for need in &step.needs {
            let found = steps.iter().find(|other| other.id == need.name);
            let message = match found {
                None => format!("step {} needs {}, which is not there", step.id, need.name),
                Some(other) if other.id == step.id => format!("step {} needs itself", step.id),
                Some(other) if other.phase > step.phase => format!(
                    "step {} of {} needs {}, which belongs to {}",
                    step.id,
                    step.phase.as_str(),
                    other.id,
                    other.phase.as_str()
                ),
                Some(other) if handlers.contains(&other.id) && !handlers.contains(&step.id) => format!(
                    "step {} can never be reached: it needs {}, which is done only after a failure",
                    step.id, other.id
                ),
                Some(_) => continue,
            };
            findings.push(Finding::error(need.span.clone(), message).among(need.name.clone(), ids()));
        }
        for handler in step.handlers() {
            let message = match steps.iter().find(|other| other.id == handler.name) {
                None => format!("step {} names {}, which is not there", step.id, handler.name),
                Some(other) if other.id == step.id => format!("step {} names itself", step.id),
                Some(other) if other.handlers().any(|next| next.name == step.id) => {
                    format!("steps {} and {} name each other", step.id, other.id)
                }
                Some(_) => continue,
            };
            findings.push(Finding::error(handler.span.clone(), message).among(handler.name.clone(), ids()));
        }
        if step.when.as_ref().and_then(|when| when.constant()) == Some(false) {
            let message = format!("step {} can never be reached: its `when` is always false", step.id);
            findings.push(Finding::error(step.span.clone(), message));
        }
    }
    findings
}

/// Steps that need each other.
fn cycles(runbook: &Runbook) -> Vec<Finding> {
    fn each(steps: &[Step], handlers: &BTreeSet<String>, findings: &mut Vec<Finding>) {
        if let Err(circle) = order(steps, handlers)
            && let Some(step) = steps.iter().find(|step| circle.first() == Some(&step.id))
            && circle.len() > 1
        {
            let path = circle.iter().chain(circle.first()).cloned().collect::<Vec<_>>().join(" → ");
            let message = format!("these steps need each other, so none can begin: {path}");
            findings.push(Finding::error(step.span.clone(), message));
        }
        steps.iter().for_each(|step| each(step.children(), handlers, findings));
    }
    let mut findings = Vec::new();
    each(&runbook.steps, &runbook.handler_ids(), &mut findings);
    findings
}

/// Whether what one step says makes sense.
fn sense(step: &Step, surroundings: &Surroundings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |finding| findings.push(finding);
    let here = || step.span.clone();
    if let Some(asking) = step.action.asks() {
        if step.timeout.is_none() {
            let text = format!("step {} waits for people without end", step.id);
            say(Finding::warning(here(), text)
                .expected("a `timeout`, and `escalate` or `on_timeout` for what then"));
        }
        if step.timeout.is_none() && asking.escalate.is_some() {
            say(Finding::error(
                here(),
                format!("step {} escalates, but never: it has no `timeout`", step.id),
            ));
        }
        if let Action::Approval(approval) = &step.action {
            let named = approval.asking.who.iter().all(|who| who.is_plain());
            let count = approval.asking.who.len();
            if named && count > 0 && (count as u32) < approval.quorum {
                let text =
                    format!("step {} asks for {} approvals of {count} people", step.id, approval.quorum);
                say(Finding::error(here(), text));
            }
            if asking.on_timeout == OnTimeout::Proceed {
                let text = format!("step {} counts as approved where nobody answers", step.id);
                say(Finding::warning(here(), text));
            }
        }
        if step.retry.count > 0 {
            say(Finding::warning(
                here(),
                format!("step {} asks people: `retry` means nothing there", step.id),
            ));
        }
    }
    match &step.action {
        Action::Backup(backup) => {
            for job in backup.jobs.iter().filter(|job| job.is_plain()) {
                if let Some(jobs) = surroundings.jobs.as_ref().filter(|jobs| !jobs.contains(&job.text)) {
                    let text = format!("there is no [job.{}] in the configuration", job.text);
                    say(Finding::error(job.span.clone(), text).among(job.text.clone(), jobs.iter().cloned()));
                }
            }
        }
        Action::Wait(Wait::Until { .. }) if step.timeout.is_none() => {
            say(Finding::warning(here(), format!("step {} may wait without end", step.id))
                .expected("a `timeout`"));
        }
        Action::Notify(notify) => {
            for to in notify.to.iter().filter(|to| to.is_plain()) {
                if let Some(known) =
                    surroundings.recipients.as_ref().filter(|known| !known.contains(&to.text))
                {
                    let text =
                        format!("there is no contact, group or channel \"{}\" in the configuration", to.text);
                    let finding = Finding::warning(to.span.clone(), text);
                    say(finding.among(to.text.clone(), known.iter().cloned()));
                }
            }
        }
        _ => {}
    }
    for program in names::programs(step) {
        findings.extend(pasting(step, &program.what));
    }
    findings
}

/// Texts that would be pasted into a shell.
fn pasting(step: &Step, what: &What) -> Option<Finding> {
    let advice =
        "variables: scripts see inputs as \"$INPUT_NAME\", variables as \"$VAR_NAME\", and `environment`";
    match what {
        What::Arguments(arguments) => {
            let shell = arguments.first()?.text.rsplit('/').next().unwrap_or_default().to_owned();
            let is_shell = ["sh", "bash", "dash", "zsh", "ksh", "ash"].contains(&shell.as_str());
            let is_script = arguments.iter().any(|word| word.text == "-c");
            let filled = arguments.iter().skip(1).find(|word| !word.is_plain())?;
            (is_shell && is_script).then(|| {
                let text =
                    format!("step {} pastes a text into a shell, which may take it for a command", step.id);
                Finding::error(filled.span.clone(), text).expected(advice)
            })
        }
        What::Script { text, .. } => {
            let roots = ["inputs.", "vars.", "steps.", "run."];
            let is_filled = text.split("{{").skip(1).any(|part| {
                let part = part.trim_start();
                roots.iter().any(|root| part.starts_with(root))
            });
            is_filled.then(|| {
                let text = format!("nothing is filled in in the script of step {}", step.id);
                Finding::error(step.span.clone(), text).expected(advice)
            })
        }
    }
}

/// Runbooks that are steps of this one.
fn nested(runbook: &Runbook, surroundings: &Surroundings) -> Vec<Finding> {
    const DEPTH_MAX: usize = 8;
    let mut findings = Vec::new();
    for nested in runbook.nested() {
        let known = surroundings.runbooks.get(&nested.name);
        let Some(text) = known else {
            let text = format!("there is no runbook {}", nested.name);
            let names = surroundings.runbooks.keys().cloned();
            findings.push(Finding::error(nested.span.clone(), text).among(nested.name.clone(), names));
            continue;
        };
        let (inner, _) = read::read(&nested.name, text);
        for input in &nested.inputs {
            if !inner.inputs.iter().any(|known| known.name == input.name) {
                let text = format!("runbook {} has no input {}", nested.name, input.name);
                let names = inner.inputs.iter().map(|input| input.name.clone());
                findings.push(Finding::error(input.span.clone(), text).among(input.name.clone(), names));
            }
        }
        for needed in inner.inputs.iter().filter(|input| input.value.default.is_none()) {
            if !nested.inputs.iter().any(|given| given.name == needed.name) {
                let text = format!("runbook {} needs the input {}", nested.name, needed.name);
                findings.push(Finding::error(nested.span.clone(), text));
            }
        }
        // Wherever it leads, it must not lead back here.
        let mut open = vec![(inner, 1)];
        let mut seen = BTreeSet::new();
        while let Some((inner, depth)) = open.pop() {
            if inner.name == runbook.name || depth > DEPTH_MAX {
                let text = format!("runbook {} leads back to {}", nested.name, runbook.name);
                findings.push(Finding::error(nested.span.clone(), text));
                break;
            }
            for next in inner.nested() {
                let text = surroundings.runbooks.get(&next.name);
                if let Some(text) =
                    text.filter(|_| seen.insert(next.name.clone()) || next.name == runbook.name)
                {
                    open.push((read::read(&next.name, text).0, depth + 1));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
