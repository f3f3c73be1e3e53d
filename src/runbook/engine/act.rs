//! What each kind of step does.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::runbook::engine::program::{self, Prepared, hide, prepare, resolve};
use crate::runbook::engine::scope::Scope;
use crate::runbook::engine::step::Done;
use crate::runbook::engine::{DEPTH_MAX, Engine, Flow};
use crate::runbook::error::RunbookError;
use crate::runbook::expr::Template;
use crate::runbook::hands::Message;
use crate::runbook::model::{Action, HttpCall, Nested, Notify, OutputForm, Step, Wait};
use crate::runbook::record::StepEnd;
use crate::sys::command::{Cut, Finished};
use crate::sys::http::{HttpClient, HttpOptions, HttpRequest};

/// How long a request may take unless the step says otherwise.
const HTTP_LIMIT: Duration = Duration::from_secs(30);
/// The longest document of a lifeboat command that is read: a built plan is one.
const DOCUMENT_MAX_BYTES: usize = 16 << 20;
/// How much of a long text is kept: its end.
const TAIL_MAX_BYTES: usize = 500;

/// Fills in a list of texts.
fn fill(templates: &[Template], values: &Value) -> Result<Vec<String>, String> {
    templates.iter().map(|template| template.render(values).map_err(|error| error.to_string())).collect()
}

impl Engine<'_> {
    /// Does it once.
    pub fn act(&self, scope: &Scope<'_>, step: &Step, path: &str) -> Result<Done, RunbookError> {
        let values = self.log.with(|state| scope.values(state, Some(step)));
        let done = match &step.action {
            Action::Notify(notify) => return self.notify(scope, step, path, notify, &values),
            Action::Approval(_) | Action::Manual(_) | Action::Choice(_) => {
                return self.people(scope, step, path, &values);
            }
            Action::Parallel(steps) => return self.several(scope, steps),
            Action::Nested(nested) => return self.nested(scope, step, path, nested, &values),
            Action::Command(command) => prepare(&command.program, scope, &values, path, self.around.hands)
                .map(|prepared| self.command(step, &prepared, &command.program.success, command.output)),
            Action::Http(http) => Ok(self.http(scope, step, &http.call, http.output, &values)),
            Action::Check(condition) => match self.condition(scope, step, path, condition) {
                Ok(Ok(())) => Ok(Done::well(true)),
                Ok(Err(unmet)) => Ok(Done::badly(unmet.into_text())),
                Err(flow) => Ok(Done::Not(flow)),
            },
            Action::Wait(wait) => Ok(self.wait(scope, step, path, wait)),
            Action::Backup(backup) => fill(&backup.jobs, &values).and_then(|jobs| {
                let tags = fill(&backup.tags, &values)?;
                let mut words = vec!["backup".to_owned()];
                words.extend(jobs);
                words.extend(tags.into_iter().map(|tag| format!("--tag={tag}")));
                self.lifeboat(step, path, words, backup.repository.as_ref(), &values)
            }),
            Action::Restore(restore) => super::describe::restore_words(restore, &values)
                .and_then(|words| self.lifeboat(step, path, words, restore.repository.as_ref(), &values)),
            Action::Plan(plan) => super::describe::plan_words(plan, &values).and_then(|mut words| {
                words.extend((plan.verb == "apply").then(|| format!("--once={}", self.once(path))));
                self.lifeboat(step, path, words, None, &values)
            }),
        };
        Ok(done.unwrap_or_else(Done::never))
    }

    /// The name by which a step asks for a plan to be carried out.
    ///
    /// A child that outlives its run may carry the plan to its end: whoever resumes finds that by this name,
    /// rather than do all of it again. A person who says that it is to be repeated wants it done, whatever
    /// was done by the name before.
    fn once(&self, path: &str) -> String {
        self.log.with(|state| {
            let repeated = state.steps.get(path).and_then(|known| known.repeated.as_ref());
            let again = repeated.map(|answer| format!("#{answer}")).unwrap_or_default();
            format!("{}/{path}{again}", state.header.run)
        })
    }

    fn command(&self, step: &Step, prepared: &Prepared, success: &[i32], form: OutputForm) -> Done {
        match program::run(prepared, step.timeout, &self.stop) {
            Err(why) => Done::badly(hide(&why, &prepared.secrets)),
            Ok(finished) if finished.cut == Some(Cut::Interrupted) => Done::Not(Flow::Stop),
            Ok(finished) => self.judge(&finished, prepared, success, form),
        }
    }

    pub(super) fn judge(
        &self,
        finished: &Finished,
        prepared: &Prepared,
        success: &[i32],
        form: OutputForm,
    ) -> Done {
        use crate::sys::child::Ending;
        let code = match finished.ending {
            Ending::Exited(code) => Some(code),
            Ending::Killed(_) => None,
        };
        let status = code.map(i64::from);
        let is_well = finished.cut.is_none() && code.is_some_and(|code| success.contains(&code));
        if !is_well {
            let mut error = format!("it {}", finished.describe());
            let said = finished.text();
            if finished.stderr_tail.trim().is_empty() && !said.trim().is_empty() {
                error.push_str(": ");
                error.push_str(tail(said.trim()));
            }
            return Done::Badly { error: hide(&error, &prepared.secrets), status, by: None, may_retry: true };
        }
        let text = hide(finished.text().trim(), &prepared.secrets);
        match output(&text, form, finished.is_stdout_cut) {
            Ok(output) => Done::Well { output, status, by: None },
            Err(error) => Done::Badly { error, status, by: None, may_retry: false },
        }
    }

    /// One of lifeboat's own commands, as a child.
    fn lifeboat(
        &self,
        step: &Step,
        path: &str,
        mut words: Vec<String>,
        repository: Option<&Template>,
        values: &Value,
    ) -> Result<Done, String> {
        let repository =
            repository.map(|one| one.render(values)).transpose().map_err(|error| error.to_string())?;
        words.push("--json".into());
        let run = values["run"]["id"].as_str().unwrap_or_default();
        let mut invocation = self.around.hands.lifeboat(&words, repository.as_deref());
        invocation = invocation.variable(program::RUN_VARIABLE, run).variable(program::STEP_VARIABLE, path);
        invocation.output_max_bytes = Some(DOCUMENT_MAX_BYTES);
        let prepared = Prepared { invocation, stdin: None, secrets: Vec::new() };
        // Partial, late and degraded are told by the document, and are no reason to stop a recovery.
        let done = self.command(step, &prepared, &[0, 3, 5, 6], OutputForm::Text);
        Ok(match done {
            Done::Well { output, status, by } => {
                // The last line is the document; earlier ones report progress.
                let text = output.as_str().unwrap_or_default();
                let document = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
                let output = document.map_or_else(|| Value::from(tail(text.trim())), brief);
                Done::Well { output, status, by }
            }
            // What is wrong with the command line, the repository or the key is as wrong the next time.
            Done::Badly { error, status: status @ Some(2 | 10 | 12), by, .. } => {
                Done::Badly { error, status, by, may_retry: false }
            }
            done => done,
        })
    }

    fn http(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        call: &HttpCall,
        form: OutputForm,
        values: &Value,
    ) -> Done {
        match self.request(scope, step, call, values) {
            Err((error, is_in_doubt)) => {
                Done::Badly { error, status: None, by: None, may_retry: !is_in_doubt || step.may_repeat() }
            }
            Ok((status, text, fault)) => {
                let status = Some(i64::from(status));
                match fault.map_or_else(|| output(text.trim(), form, false), Err) {
                    Ok(output) => Done::Well { output, status, by: None },
                    Err(error) => Done::Badly { error, status, by: None, may_retry: true },
                }
            }
        }
    }

    /// The status and the text of an answer, and what about it is not as expected; or why there is none, and
    /// whether the request may have been acted upon.
    #[allow(clippy::type_complexity)] // Read in one place, right above.
    pub(super) fn request(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        call: &HttpCall,
        values: &Value,
    ) -> Result<(u16, String, Option<String>), (String, bool)> {
        let fill = |template: &Template| template.render(values).map_err(|error| (error.to_string(), false));
        let mut request = HttpRequest::new(&call.method, fill(&call.url)?);
        let mut secrets = Vec::new();
        for header in &call.headers {
            let value = resolve(header, scope, values, self.around.hands, &mut secrets);
            request = request.header(&header.name, value.map_err(|why| (why, false))?);
        }
        if let Some(body) = &call.body {
            request.body = fill(body)?.into_bytes();
        }
        let limit = step.timeout.unwrap_or(HTTP_LIMIT);
        let options = HttpOptions {
            total_limit: limit,
            connect_limit: limit.min(Duration::from_secs(10)),
            answer_max_bytes: program::OUTPUT_MAX_BYTES,
            ..HttpOptions::default()
        };
        let sent = HttpClient::new(options).and_then(|client| client.send(&request));
        let answer = sent.map_err(|error| (hide(&chain(&error), &secrets), error.is_in_doubt()))?;
        let text = hide(&answer.text(), &secrets);
        let is_expected = match call.expect.as_slice() {
            [] => answer.is_success(),
            expect => expect.contains(&answer.status),
        };
        let wanted = call.contains.as_ref().map(fill).transpose()?;
        let fault = match wanted {
            _ if !is_expected => {
                Some(format!("the answer has status {}: {}", answer.status, tail(text.trim())))
            }
            Some(wanted) if !text.contains(&wanted) => Some(format!("the answer does not hold \"{wanted}\"")),
            _ => None,
        };
        Ok((answer.status, text, fault))
    }

    fn wait(&self, scope: &Scope<'_>, step: &Step, path: &str, wait: &Wait) -> Done {
        match wait {
            // After a crash the rest is waited, not all of it again: the first attempt's time counts.
            Wait::Time(time) => {
                let waited = self.log.with(|state| {
                    let began = state.steps.get(path).map_or(state.latest, |known| known.began);
                    crate::runbook::state::between(began, self.around.clock.now())
                });
                match self.pause(time.saturating_sub(waited)) {
                    true => Done::well(Value::Null),
                    false => Done::Not(Flow::Stop),
                }
            }
            Wait::Until { condition, every } => {
                let until = step.timeout.map(|limit| self.around.clock.elapsed() + limit);
                loop {
                    let why = match self.condition(scope, step, path, condition) {
                        Ok(Ok(())) => return Done::well(Value::Null),
                        Ok(Err(unmet)) => unmet.into_text(),
                        Err(flow) => return Done::Not(flow),
                    };
                    if until.is_some_and(|until| self.around.clock.elapsed() >= until) {
                        return Done::badly(format!("it did not come about in time: {why}"));
                    }
                    if !self.pause(*every) {
                        return Done::Not(Flow::Stop);
                    }
                }
            }
        }
    }

    fn notify(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        notify: &Notify,
        values: &Value,
    ) -> Result<Done, RunbookError> {
        let filled = fill(&notify.to, values)
            .and_then(|to| Ok((to, notify.message.render(values).map_err(|error| error.to_string())?)));
        let (to, text) = match filled {
            Ok(filled) => filled,
            Err(why) => return Ok(Done::never(why)),
        };
        let message = Message {
            id: self.message_id(path, "told"),
            title: step.title.clone(),
            text,
            to,
            severity: notify.severity,
            is_drill: false,
            asks: notify.acknowledge.as_ref().map(|_| self.asks(step, path)),
        };
        let is_waiting =
            self.log.with(|state| state.steps.get(path).is_some_and(|known| known.asked.is_some()));
        // The outbox knows it by its id: after a crash it is handed over again, and arrives once.
        match self.tell(step, message, values) {
            Ok(recipients) if notify.acknowledge.is_none() => Ok(Done::well(json!(recipients))),
            Err(why) if notify.required && !is_waiting => Ok(Done::badly(why)),
            Err(why) if notify.acknowledge.is_none() => {
                self.around.watcher.note(&format!("step {path}: {why}"));
                Ok(Done::well(json!({ "not_told": why })))
            }
            told => {
                if let Err(why) = told {
                    self.around.watcher.note(&format!("step {path}: {why}"));
                }
                self.people(scope, step, path, values)
            }
        }
    }

    fn several(&self, scope: &Scope<'_>, steps: &[Step]) -> Result<Done, RunbookError> {
        let flow = self.parallel(scope, steps)?;
        if flow != Flow::On {
            return Ok(Done::Not(flow));
        }
        let failed: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        let failed: Vec<&str> = failed
            .into_iter()
            .filter(|id| {
                let path = format!("{}{id}", scope.prefix);
                self.log.with(|state| state.ended(&path) == Some(StepEnd::Failed))
            })
            .collect();
        Ok(Done::well(json!({ "failed": failed })))
    }

    fn nested(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        nested: &Nested,
        values: &Value,
    ) -> Result<Done, RunbookError> {
        let Some(runbook) = self.runbooks.get(&nested.name).filter(|_| scope.depth < DEPTH_MAX) else {
            return Ok(Done::never(format!("runbook {} is not part of this run", nested.name)));
        };
        let inputs = match Scope::inputs_of(runbook, &nested.inputs, values) {
            Ok(inputs) => inputs,
            Err(why) => return Ok(Done::never(why)),
        };
        let inner = Scope { runbook, prefix: format!("{path}/"), inputs, depth: scope.depth + 1 };
        match self.scope(&inner)? {
            Flow::On => {}
            Flow::RollBack => {
                return Ok(match self.roll_back(&inner)? {
                    Flow::On => Done::never("what it had done was undone"),
                    flow => Done::Not(flow),
                });
            }
            flow => return Ok(Done::Not(flow)),
        }
        let seen = self.log.with(|state| inner.values(state, Some(step)));
        let mut outputs = Map::new();
        for output in &runbook.outputs {
            match output.value.render(&seen) {
                Ok(text) => outputs.insert(output.name.clone(), Value::from(text)),
                Err(error) => return Ok(Done::never(error.to_string())),
            };
        }
        Ok(Done::well(Value::Object(outputs)))
    }
}

/// An output in its form.
fn output(text: &str, form: OutputForm, is_cut: bool) -> Result<Value, String> {
    match form {
        OutputForm::Text => Ok(Value::from(text)),
        OutputForm::Json if is_cut => Err("its output is too long a JSON document".into()),
        OutputForm::Json => {
            serde_json::from_str(text).map_err(|error| format!("its output is no JSON: {error}"))
        }
    }
}

/// A document as the journal keeps it: of a long one, only what stands at its top is kept, such as its id.
fn brief(document: Value) -> Value {
    let is_long = document.to_string().len() > program::OUTPUT_MAX_BYTES;
    let is_short = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => text.len() <= TAIL_MAX_BYTES,
        _ => true,
    };
    match document {
        Value::Object(fields) if is_long => {
            Value::Object(fields.into_iter().filter(|(_, value)| is_short(value)).collect())
        }
        document => document,
    }
}

/// The end of a text, for a message.
fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(TAIL_MAX_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// An error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
