//! Asks people, waits for what they say, and asks others where they say nothing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::runbook::engine::scope::Scope;
use crate::runbook::engine::step::Done;
use crate::runbook::engine::{Engine, Flow, INBOX_EVERY};
use crate::runbook::error::RunbookError;
use crate::runbook::hands::{Asks, Message};
use crate::runbook::model::{Action, Asking, Drill, EvidenceForm, OnTimeout, Severity, Step};
use crate::runbook::record::{Answer, Ask, AskKind, Deed, Mode, Record};
use crate::runbook::state::{Asked, between};

impl Engine<'_> {
    /// Asks, unless that has been done, and waits for the answer.
    pub fn people(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        values: &Value,
    ) -> Result<Done, RunbookError> {
        let Some(asking) = step.action.asks() else { return Ok(Done::never("it asks nobody")) };
        if self.asked(path).is_none() {
            let ask = match ask(step, asking, values) {
                Ok(ask) => ask,
                Err(why) => return Ok(Done::never(why)),
            };
            self.log.write(Record::Asked { step: path.to_owned(), ask })?;
        }
        self.call(step, path, asking, values);
        loop {
            let Some(asked) = self.asked(path) else { return Ok(Done::never("its question is gone")) };
            if let Some(done) = answered(&asked) {
                return Ok(done);
            }
            if self.stop.is_set() {
                return Ok(Done::Not(Flow::Stop));
            }
            if let Some(within) = asked.ask.within_ms.map(Duration::from_millis) {
                let waited = between(asked.since, self.around.clock.now());
                if waited >= within {
                    match self.late(scope, step, path, asking, &asked)? {
                        Some(done) => return Ok(done),
                        None => continue,
                    }
                }
                if self.around.is_patient {
                    self.log.wait((within - waited).min(INBOX_EVERY));
                    continue;
                }
            }
            if !self.around.is_patient && !self.has_mail() {
                return Ok(Done::Not(Flow::People));
            }
            self.log.wait(INBOX_EVERY);
        }
    }

    /// Whether answers have arrived that have not been taken yet.
    fn has_mail(&self) -> bool {
        !crate::runbook::answer::read_inbox(&self.around.inbox).is_empty()
    }

    fn asked(&self, path: &str) -> Option<Asked> {
        self.log.with(|state| state.steps.get(path).and_then(|known| known.asked.clone()))
    }

    /// Time is over: somebody else is asked, or that is that.
    fn late(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        asking: &Asking,
        asked: &Asked,
    ) -> Result<Option<Done>, RunbookError> {
        let handler = asking.escalate.as_ref().and_then(|name| scope.runbook.step(&name.name));
        if let Some(handler) = handler.filter(|_| !asked.escalated) {
            let with = format!("{}{}@{}", scope.prefix, handler.id, step.id);
            let flow = self.step(scope, handler, with.clone())?;
            if flow > Flow::RollBack {
                return Ok(Some(Done::Not(flow)));
            }
            self.log.write(Record::Escalated { step: path.to_owned(), with })?;
            return Ok(None);
        }
        Ok(Some(match &asking.on_timeout {
            OnTimeout::Fail => Done::never("nobody answered in time"),
            OnTimeout::Proceed => {
                Done::Well { output: Value::Null, status: None, by: Some("time-out".into()) }
            }
            OnTimeout::Choose(value) => {
                Done::Well { output: Value::from(value.as_str()), status: None, by: Some("time-out".into()) }
            }
        }))
    }

    /// Tells those who are to be told that an answer is waited for.
    fn call(&self, step: &Step, path: &str, asking: &Asking, values: &Value) {
        if asking.notify.is_empty() {
            return;
        }
        let filled: Result<Vec<String>, _> = asking.notify.iter().map(|to| to.render(values)).collect();
        let Some(asked) = self.asked(path) else { return };
        let text = filled.map_err(|error| error.to_string()).and_then(|to| {
            let message = Message {
                // Another for a question that is asked anew: it has to arrive as well.
                id: self.message_id(path, &format!("asked-{}.{}", asked.first.seconds, asked.first.nanos)),
                to,
                title: step.title.clone(),
                text: asked.ask.question.clone(),
                severity: Severity::Warning,
                is_drill: false,
                asks: Some(self.asks(step, path)),
            };
            self.tell(step, message, values)
        });
        if let Err(why) = text {
            self.around.watcher.note(&format!("step {path}: {why}"));
        }
    }

    /// What a message about a step asks for.
    pub fn asks(&self, step: &Step, path: &str) -> Asks {
        let options = match &step.action {
            Action::Choice(choice) => choice.options.clone(),
            _ => Vec::new(),
        };
        let evidence = match &step.action {
            Action::Manual(manual) => manual.evidence,
            _ => EvidenceForm::None,
        };
        Asks {
            has_evidence: evidence != EvidenceForm::None,
            run: self.log.with(|state| state.header.run.clone()),
            step: path.to_owned(),
            kind: kind_of(&step.action),
            options,
            within_seconds: step.timeout.map(|time| time.as_secs().max(1)),
        }
    }

    /// The same for the same message of the same run, always.
    pub fn message_id(&self, path: &str, what: &str) -> String {
        self.log.with(|state| format!("{}/{path}/{what}", state.header.run))
    }

    /// Hands a message over, as the mode wants it; answers whom it went to.
    pub fn tell(&self, step: &Step, mut message: Message, values: &Value) -> Result<Vec<String>, String> {
        if self.log.with(|state| state.header.mode == Mode::Drill) {
            message.is_drill = true;
            message.title = format!("[DRILL] {}", message.title);
            message.text = format!("This is a drill.\n\n{}", message.text);
            match &step.drill {
                Drill::Run => {}
                Drill::Skip => return Ok(Vec::new()),
                Drill::Redirect(to) => {
                    let to: Result<Vec<String>, _> = to.iter().map(|to| to.render(values)).collect();
                    message.to = to.map_err(|error| error.to_string())?;
                }
            }
        }
        let handed = self.around.hands.notify(&message)?;
        if let Some(remark) = handed.remark {
            self.around.watcher.note(&remark);
        }
        Ok(handed.recipients)
    }
}

fn kind_of(action: &Action) -> AskKind {
    match action {
        Action::Approval(_) => AskKind::Approval,
        Action::Manual(_) => AskKind::Manual,
        Action::Choice(_) => AskKind::Choice,
        _ => AskKind::Acknowledgement,
    }
}

/// The question of a step.
pub fn ask(step: &Step, asking: &Asking, values: &Value) -> Result<Ask, String> {
    let (template, quorum, options, evidence) = match &step.action {
        Action::Approval(approval) => (&approval.question, approval.quorum, Vec::new(), EvidenceForm::None),
        Action::Manual(manual) => (&manual.instruction, 1, Vec::new(), manual.evidence),
        Action::Choice(choice) => (&choice.question, 1, choice.options.clone(), EvidenceForm::None),
        Action::Notify(notify) => (&notify.message, 1, Vec::new(), EvidenceForm::None),
        _ => return Err("it asks nobody".into()),
    };
    let text = |template: &crate::runbook::expr::Template| {
        template.render(values).map_err(|error| error.to_string())
    };
    Ok(Ask {
        kind: kind_of(&step.action),
        question: text(template)?,
        who: asking.who.iter().map(text).collect::<Result<_, String>>()?,
        quorum,
        options,
        evidence,
        within_ms: step.timeout.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    })
}

/// What the answers come to, if they come to anything yet.
fn answered(asked: &Asked) -> Option<Done> {
    let with = |deed: Deed| asked.answers.iter().filter(move |answer| answer.deed == deed);
    let told = |answer: &Answer| answer.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    let refused = with(Deed::Refuse).chain(with(Deed::Fail)).next();
    if let Some(answer) = refused {
        return Some(Done::Badly {
            error: format!("{} {}{}", answer.by, answer.deed.past(), told(answer)),
            status: None,
            by: Some(answer.by.clone()),
            may_retry: false,
        });
    }
    match asked.ask.kind {
        AskKind::Approval => {
            let names: Vec<&str> = with(Deed::Approve).map(|answer| answer.by.as_str()).collect();
            (names.len() >= asked.ask.quorum as usize).then(|| Done::Well {
                output: json!(names),
                status: None,
                by: Some(names.join(", ")),
            })
        }
        AskKind::Choice => with(Deed::Choose).next().map(|answer| Done::Well {
            output: json!(answer.value),
            status: None,
            by: Some(answer.by.clone()),
        }),
        AskKind::Manual | AskKind::Acknowledgement => with(Deed::Ack).next().map(|answer| Done::Well {
            output: match &answer.file {
                Some(file) => json!(file),
                None => json!(answer.note),
            },
            status: None,
            by: Some(answer.by.clone()),
        }),
    }
}
