//! What a step is about to do, in words: for the journal before it is done, and for a dry run instead of it.
//!
//! Where something is not known before earlier steps have run, its template is shown. Secrets are shown by
//! name.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::duration::spell;
use crate::runbook::engine::scope::Scope;
use crate::runbook::error::RunbookError;
use crate::runbook::expr::Template;
use crate::runbook::model::{
    Action, Asking, Condition, Drill, HttpCall, OnFailure, OnTimeout, Plan, Program, Restore, Runbook,
    Setting, Step, Wait, What,
};
use crate::runbook::order::order;
use crate::runbook::record::{Header, Mode};
use crate::runbook::state::RunState;
use crate::sys::command::Invocation;

/// The words of `lifeboat restore` for a step.
pub fn restore_words(restore: &Restore, values: &Value) -> Result<Vec<String>, String> {
    words(restore, &|template| template.render(values).map_err(|error| error.to_string()))
}

fn words(
    restore: &Restore,
    text: &dyn Fn(&Template) -> Result<String, String>,
) -> Result<Vec<String>, String> {
    let snapshot = text(&restore.snapshot)?;
    let source = match &restore.path {
        Some(path) => format!("{snapshot}:{}", text(path)?),
        None => snapshot,
    };
    let mut words = vec!["restore".to_owned(), source];
    match &restore.target {
        Some(target) => words.push(format!("--target={}", text(target)?)),
        None => words.push("--in-place".into()),
    }
    words.extend(restore.verify.then(|| "--verify".to_owned()));
    words.extend(restore.delete.then(|| "--delete".to_owned()));
    Ok(words)
}

/// The words of `lifeboat plan` for a step.
pub fn plan_words(plan: &Plan, values: &Value) -> Result<Vec<String>, String> {
    let text = |template: &Template| template.render(values).map_err(|error| error.to_string());
    let mut words = vec!["plan".to_owned(), plan.verb.clone(), text(&plan.file)?];
    for argument in &plan.arguments {
        words.push(text(argument)?);
    }
    Ok(words)
}

fn list(templates: &[Template], values: &Value) -> String {
    templates.iter().map(|template| template.preview(values)).collect::<Vec<_>>().join(", ")
}

/// What a step does, a line for each thing worth knowing.
pub fn describe(step: &Step, values: &Value) -> Vec<String> {
    let text = |template: &Template| template.preview(values);
    let mut lines = Vec::new();
    match &step.action {
        Action::Notify(notify) => {
            let title = &step.title;
            lines.push(format!("tell {} ({}): {title}", list(&notify.to, values), notify.severity.as_str()));
            lines.extend(text(&notify.message).lines().map(|line| format!("  {line}")));
        }
        Action::Approval(approval) => {
            lines.push(format!("ask for {} of: {}", count(approval.quorum), text(&approval.question)));
        }
        Action::Command(command) => lines.extend(program(&command.program, values)),
        Action::Http(http) => lines.push(call(&http.call, values)),
        Action::Check(condition) => lines.push(format!("check that {}", condition_text(condition, values))),
        Action::Wait(Wait::Time(time)) => lines.push(format!("wait {}", spell(*time))),
        Action::Wait(Wait::Until { condition, every }) => {
            let what = condition_text(condition, values);
            lines.push(format!("wait until {what}, looking every {}", spell(*every)));
        }
        Action::Manual(manual) => {
            lines.extend(text(&manual.instruction).lines().map(|line| format!("by hand: {line}")));
        }
        Action::Backup(backup) => {
            let tags: String = backup.tags.iter().map(|tag| format!(" --tag={}", text(tag))).collect();
            lines.push(format!("lifeboat backup {}{tags}", list(&backup.jobs, values)));
        }
        Action::Restore(restore) => {
            let words = words(restore, &|template| Ok(text(template))).unwrap_or_default();
            lines.push(Invocation::new("lifeboat", words).display());
        }
        Action::Plan(plan) => {
            let words = [plan.verb.clone(), text(&plan.file)];
            let more = plan.arguments.iter().map(text);
            let words = std::iter::once("plan".to_owned()).chain(words).chain(more);
            lines.push(Invocation::new("lifeboat", words).display());
        }
        Action::Parallel(steps) => lines.push(format!("{} steps at once", steps.len())),
        Action::Nested(nested) => lines.push(format!("all of runbook {}", nested.name)),
        Action::Choice(choice) => {
            lines.push(format!("ask to choose: {}", text(&choice.question)));
            lines.extend(choice.options.iter().map(|(value, meaning)| format!("  {value}: {meaning}")));
        }
    }
    if let Some(asking) = step.action.asks() {
        lines.extend(waiting(step, asking, values));
    }
    lines
}

fn count(quorum: u32) -> String {
    if quorum == 1 { "an approval".into() } else { format!("{quorum} approvals") }
}

fn waiting(step: &Step, asking: &Asking, values: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let who = if asking.who.is_empty() { "anybody".to_owned() } else { list(&asking.who, values) };
    let time = step.timeout.map_or("without end".to_owned(), |time| format!("for {}", spell(time)));
    lines.push(format!("wait for {who}, {time}"));
    if !asking.notify.is_empty() {
        lines.push(format!("tell {} that an answer is waited for", list(&asking.notify, values)));
    }
    if let Some(escalate) = &asking.escalate {
        lines.push(format!("if nobody answers, do {} and wait once more", escalate.name));
    }
    if step.timeout.is_some() {
        lines.push(match &asking.on_timeout {
            OnTimeout::Fail => "after that, it has failed".into(),
            OnTimeout::Proceed => "after that, go on as if they had".into(),
            OnTimeout::Choose(value) => format!("after that, {value} is taken for chosen"),
        });
    }
    lines
}

fn program(program: &Program, values: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    match &program.what {
        What::Arguments(arguments) => {
            let mut words = arguments.iter().map(|word| word.preview(values));
            let name = words.next().unwrap_or_default();
            lines.push(format!("run {}", Invocation::new(name, words).display()));
        }
        What::Script { text, shell } => {
            lines.push(format!("run a script by {shell}:"));
            lines.extend(text.trim_end().lines().map(|line| format!("  {line}")));
        }
    }
    for setting in &program.environment {
        lines.push(match &setting.value {
            Setting::Text(text) => format!("with {}={}", setting.name, text.preview(values)),
            Setting::Secret(name) => format!("with {} from the secret {}", setting.name, name.name),
        });
    }
    let optional = [("in", &program.directory), ("as", &program.user)];
    for (word, template) in optional {
        lines.extend(template.iter().map(|template| format!("{word} {}", template.preview(values))));
    }
    lines
}

fn call(call: &HttpCall, values: &Value) -> String {
    format!("{} {}", call.method, call.url.preview(values))
}

/// A condition as it reads after "that".
pub fn condition_text(condition: &Condition, values: &Value) -> String {
    match condition {
        Condition::Program(one) => match &one.what {
            What::Arguments(_) => {
                let lines = program(one, values);
                let words = lines.first().map_or("", |line| line.trim_start_matches("run "));
                format!("`{words}` succeeds")
            }
            What::Script { text, .. } => match text.trim().lines().collect::<Vec<_>>().as_slice() {
                [line] => format!("the script `{line}` succeeds"),
                lines => format!("a script of {} lines succeeds", lines.len()),
            },
        },
        Condition::Http(one) => format!("{} answers as expected", call(one, values)),
        Condition::Tcp(address) => format!("something listens at {}", address.preview(values)),
        Condition::File(file) => format!("there is {}", file.preview(values)),
        Condition::Expression(expression) => expression.text.clone(),
    }
}

/// One step of a run that has not begun: schema `lifeboat.runbook-plan/1`, in its list of steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedStep {
    /// Its path.
    pub step: String,
    /// Its kind.
    pub kind: &'static str,
    /// What people call it.
    pub title: String,
    /// Its phase.
    pub phase: &'static str,
    /// What it needs.
    pub needs: Vec<String>,
    /// When it is done; always otherwise.
    pub when: Option<String>,
    /// What it does, a line for each thing worth knowing.
    pub does: Vec<String>,
    /// What follows where it fails.
    pub on_failure: String,
    /// Attempts beyond the first.
    pub retries: u32,
    /// The time limit, in seconds.
    pub timeout_seconds: Option<u64>,
    /// What becomes of it in a drill, where it is one and this is not done as ever.
    pub drill: Option<String>,
    /// Whether it is done only because of another: after a failure, in a rollback, to escalate.
    pub only_if_needed: bool,
}

/// Everything that a run would do, in its order.
pub fn plan(
    header: &Header,
    runbooks: &std::collections::BTreeMap<String, Runbook>,
) -> Result<Vec<PlannedStep>, RunbookError> {
    let state = RunState::begin(header.clone(), Default::default());
    let unknown = |what: &str| RunbookError::Record { run: header.run.clone(), what: what.into() };
    let runbook = runbooks.get(&header.runbook).ok_or_else(|| unknown("it lacks its own runbook"))?;
    let inputs: Map<String, Value> = header.inputs.clone().into_iter().collect();
    let scope = Scope { runbook, prefix: String::new(), inputs, depth: 0 };
    let planner = Planner { state: &state, runbooks, is_drill: header.mode == Mode::Drill };
    let mut planned = Vec::new();
    planner.scope(&scope, &mut planned);
    Ok(planned)
}

/// The same without a run: for paper. What a run would know is shown as its template.
pub fn plan_scope(
    scope: &Scope<'_>,
    runbooks: &std::collections::BTreeMap<String, Runbook>,
) -> Vec<PlannedStep> {
    let header = Header {
        schema: String::new(),
        run: "RUN".into(),
        runbook: scope.runbook.name.clone(),
        texts: Default::default(),
        inputs: Default::default(),
        mode: Mode::Live,
        operator: "OPERATOR".into(),
        host: "HOST".into(),
        tool: String::new(),
    };
    let state = RunState::begin(header, Default::default());
    let mut planned = Vec::new();
    Planner { state: &state, runbooks, is_drill: false }.scope(scope, &mut planned);
    planned
}

struct Planner<'a> {
    state: &'a RunState,
    runbooks: &'a std::collections::BTreeMap<String, Runbook>,
    is_drill: bool,
}

impl Planner<'_> {
    fn scope(&self, scope: &Scope<'_>, planned: &mut Vec<PlannedStep>) {
        let handlers = scope.runbook.handler_ids();
        for step in order(&scope.runbook.steps, &handlers).unwrap_or_default() {
            self.step(scope, step, false, planned);
        }
        for step in scope.runbook.all_steps().into_iter().filter(|step| handlers.contains(&step.id)) {
            self.step(scope, step, true, planned);
        }
    }

    fn step(&self, scope: &Scope<'_>, step: &Step, only_if_needed: bool, planned: &mut Vec<PlannedStep>) {
        let values = scope.values(self.state, Some(step));
        let drill = match (&step.drill, &step.action) {
            _ if !self.is_drill => None,
            (Drill::Skip, _) => Some("left out".to_owned()),
            (Drill::Redirect(to), _) => Some(format!("goes to {} instead", list(to, &values))),
            (Drill::Run, Action::Notify(_)) => Some("marked [DRILL]".to_owned()),
            (Drill::Run, _) => None,
        };
        planned.push(PlannedStep {
            step: scope.path(step),
            kind: step.action.kind(),
            title: step.title.clone(),
            phase: step.phase.as_str(),
            needs: step.needs.iter().map(|need| need.name.clone()).collect(),
            when: step.when.as_ref().map(|when| when.text.clone()),
            does: describe(step, &values),
            on_failure: match &step.on_failure {
                OnFailure::Halt => "halt".into(),
                OnFailure::Continue => "continue".into(),
                OnFailure::Rollback => "rollback".into(),
                OnFailure::Step(handler) => format!("do {}", handler.name),
            },
            retries: step.retry.count,
            timeout_seconds: step.timeout.map(|time| time.as_secs()),
            drill,
            only_if_needed,
        });
        step.children().iter().for_each(|child| {
            if !scope.runbook.handler_ids().contains(&child.id) {
                self.step(scope, child, only_if_needed, planned);
            }
        });
        if let Action::Nested(nested) = &step.action
            && scope.depth < super::DEPTH_MAX
            && let Some(runbook) = self.runbooks.get(&nested.name)
        {
            let inputs = nested
                .inputs
                .iter()
                .map(|input| (input.name.clone(), Value::from(input.value.preview(&values))));
            let defaults = runbook
                .inputs
                .iter()
                .filter_map(|input| Some((input.name.clone(), input.value.default.clone()?)));
            let inputs = defaults.chain(inputs).collect();
            let prefix = format!("{}/", scope.path(step));
            self.scope(&Scope { runbook, prefix, inputs, depth: scope.depth + 1 }, planned);
        }
    }
}
