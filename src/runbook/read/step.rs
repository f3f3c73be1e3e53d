//! Steps and what they do.

use std::time::Duration;

use toml::de::DeValue;

use crate::runbook::expr::Template;
use crate::runbook::finding::Finding;
use crate::runbook::model::{
    Action, Approval, Asking, Backup, Choice, Command, Condition, Drill, EvidenceForm, Http, HttpCall,
    Manual, Named, Nested, Notify, OnFailure, OnTimeout, OutputForm, Phase, Plan, Program, Restore, Retry,
    Setting, Severity, Step, Wait, What,
};
use crate::runbook::read::reader::{Reader, Table, Value, is_name};
use crate::runbook::read::texts;
use crate::runbook::schema::{
    ARGUMENTS, CONDITION, CONDITION_FIELDS, CONDITION_HTTP, DURATION, ENVIRONMENT, KINDS, PROGRAM, RETRY,
    STEP, STEP_COMMON, STEPS, TEMPLATE, TEMPLATES, TEXT,
};

/// How deep `parallel` may stand in `parallel`.
const DEPTH_MAX: u32 = 4;
/// How often a condition is looked at unless the step says otherwise.
const EVERY: Duration = Duration::from_secs(5);

/// The steps of a list of tables; the phase of the first is `phase` if it says none.
pub fn steps(reader: &mut Reader, items: &[&Value<'_>], mut phase: Phase, depth: u32) -> Vec<Step> {
    let mut steps = Vec::new();
    for item in items {
        let Some(table) = item.get_ref().as_table() else {
            reader.wrong(
                item.span(),
                "a step is to be a table",
                "[[step]] with its keys on lines of their own",
            );
            continue;
        };
        // A table's own span covers its header, which is the line that people look for.
        let table = Table { table, span: item.span(), what: "the step".into() };
        if let Some(step) = step(reader, table, phase, depth) {
            phase = step.phase;
            steps.push(step);
        }
    }
    steps
}

fn step(reader: &mut Reader, mut table: Table<'_, '_>, phase: Phase, depth: u32) -> Option<Step> {
    let id = reader.need_text(&table, "id");
    if let Some(id) = &id {
        table.what = format!("step {}", id.name);
        table.span = id.span.clone();
        if !is_name(&id.name) {
            let expected = "letters a-z, digits and _, beginning with a letter";
            reader.wrong(id.span.clone(), format!("\"{}\" cannot be an id", id.name), expected);
        }
    }
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.kind).collect();
    let needed = reader.need(&table, "kind", &format!("one of {}", kinds.join(", ")))?;
    let word = if needed.get_ref().is_str() {
        reader.word(&table, "kind", &kinds)?
    } else {
        reader.wrong(needed.span(), "`kind` is to be a text", TEXT);
        return None;
    };
    // `word` is one of them.
    let kind = KINDS.iter().find(|kind| kind.kind == word.name)?;
    let mut fields = vec![STEP_COMMON];
    fields.extend(kind.fields);
    reader.known(&table, &fields);
    let words: Vec<&str> = Phase::ALL.iter().map(|phase| phase.as_str()).collect();
    let told = reader.word(&table, "phase", &words);
    let phase =
        told.and_then(|told| Phase::ALL.into_iter().find(|p| p.as_str() == told.name)).unwrap_or(phase);
    let title = reader.text(&table, "title").map(|text| text.name);
    let id = id?;
    let action = action(reader, kind.kind, &table, phase, depth)?;
    Some(Step {
        title: title.unwrap_or_else(|| id.name.replace('_', " ")),
        phase,
        needs: reader.texts(&table, "needs", STEPS),
        when: reader.expression(&table, "when"),
        timeout: reader.duration(&table, "timeout"),
        retry: retry(reader, &table),
        on_failure: on_failure(reader, &table),
        rollback: reader.text(&table, "rollback"),
        idempotent: reader.bool(&table, "idempotent"),
        check: reader.table(&table, "check", CONDITION).and_then(|table| condition(reader, &table, true)),
        drill: drill(reader, kind.kind, &table),
        action,
        id: id.name,
        span: id.span,
    })
}

fn action(
    reader: &mut Reader,
    kind: &str,
    table: &Table<'_, '_>,
    phase: Phase,
    depth: u32,
) -> Option<Action> {
    Some(match kind {
        "notify" => notify(reader, table),
        "approval" => Action::Approval(Approval {
            question: reader.need_template(table, "question"),
            quorum: reader.integer(table, "quorum", 1, 100).unwrap_or(1) as u32,
            asking: asking(reader, table, &[]),
        }),
        "command" => {
            Action::Command(Command { program: program(reader, table)?, output: output(reader, table) })
        }
        "http" => {
            let url = reader.need_template(table, "url");
            Action::Http(Http { call: http(reader, table, url, false), output: output(reader, table) })
        }
        "check" => Action::Check(condition(reader, table, false)?),
        "wait" => wait(reader, table)?,
        "manual" => manual(reader, table),
        "choice" => choice(reader, table),
        "backup" => {
            reader.need(table, "jobs", TEMPLATES);
            Action::Backup(Backup {
                jobs: reader.templates(table, "jobs"),
                tags: reader.templates(table, "tags"),
                repository: reader.template(table, "repository"),
            })
        }
        "restore" => restore(reader, table),
        "plan" => Action::Plan(Plan {
            file: reader.need_template(table, "file"),
            verb: reader
                .word(table, "verb", &["apply", "verify", "build"])
                .map_or("apply".into(), |word| word.name),
            arguments: reader.templates(table, "arguments"),
        }),
        "parallel" => {
            let items = reader.tables(table, "step");
            if items.is_empty() || depth >= DEPTH_MAX {
                let expected = format!("[[step.step]], at most {DEPTH_MAX} deep");
                reader.wrong(
                    table.span.clone(),
                    format!("{} has no steps that can be read", table.what),
                    &expected,
                );
                return None;
            }
            Action::Parallel(steps(reader, &items, phase, depth + 1))
        }
        _ => {
            let name = reader.need_text(table, "runbook")?;
            Action::Nested(Nested {
                name: name.name,
                span: name.span,
                inputs: texts(reader, table, "inputs"),
            })
        }
    })
}

fn asking(reader: &mut Reader, table: &Table<'_, '_>, values: &[&str]) -> Asking {
    let mut words = vec!["fail", "proceed"];
    if !values.is_empty() {
        words = vec!["fail"];
        words.extend(values);
    }
    let on_timeout = match reader.word(table, "on_timeout", &words).map(|word| word.name).as_deref() {
        None | Some("fail") => OnTimeout::Fail,
        Some("proceed") if values.is_empty() => OnTimeout::Proceed,
        Some(value) => OnTimeout::Choose(value.to_owned()),
    };
    Asking {
        who: reader.templates(table, "who"),
        notify: reader.templates(table, "notify"),
        escalate: reader.text(table, "escalate"),
        on_timeout,
    }
}

fn notify(reader: &mut Reader, table: &Table<'_, '_>) -> Action {
    reader.need(table, "to", TEMPLATES);
    let words: Vec<&str> = Severity::ALL.iter().map(|severity| severity.as_str()).collect();
    let severity = reader.word(table, "severity", &words);
    let severity = severity.and_then(|word| Severity::ALL.into_iter().find(|s| s.as_str() == word.name));
    let is_acknowledged = reader.bool(table, "acknowledge").unwrap_or(false);
    let asking = Asking { notify: Vec::new(), ..asking(reader, table, &[]) };
    if !is_acknowledged && (asking.escalate.is_some() || !asking.who.is_empty()) {
        let message =
            format!("{} waits for no acknowledgement, so `who` and `escalate` mean nothing", table.what);
        reader.wrong(table.span.clone(), message, "acknowledge = true");
    }
    Action::Notify(Notify {
        to: reader.templates(table, "to"),
        message: reader.need_template(table, "message"),
        severity: severity.unwrap_or_default(),
        required: reader.bool(table, "required").unwrap_or(false),
        acknowledge: is_acknowledged.then_some(asking),
    })
}

fn manual(reader: &mut Reader, table: &Table<'_, '_>) -> Action {
    let evidence =
        match reader.word(table, "evidence", &["none", "text", "file"]).map(|word| word.name).as_deref() {
            Some("text") => EvidenceForm::Text,
            Some("file") => EvidenceForm::File,
            _ => EvidenceForm::None,
        };
    let instruction = reader.need_template(table, "instruction");
    Action::Manual(Manual { instruction, evidence, asking: asking(reader, table, &[]) })
}

fn choice(reader: &mut Reader, table: &Table<'_, '_>) -> Action {
    reader.need(table, "options", "a table: VALUE = \"what it means\"");
    let mut options = Vec::new();
    for (key, value) in reader.entries(table, "options", "a table: VALUE = \"what it means\"") {
        let meaning = reader.entry_template(key.get_ref(), value).map(|text| text.text).unwrap_or_default();
        options.push((key.get_ref().to_string(), meaning));
    }
    let values: Vec<&str> = options.iter().map(|(value, _)| value.as_str()).collect();
    let asking = asking(reader, table, &values);
    Action::Choice(Choice { question: reader.need_template(table, "question"), options, asking })
}

fn restore(reader: &mut Reader, table: &Table<'_, '_>) -> Action {
    let target = reader.template(table, "target");
    let in_place = reader.bool(table, "in_place").unwrap_or(false);
    if target.is_some() == in_place {
        let message = format!("{} is to have either `target` or `in_place = true`", table.what);
        reader.wrong(table.span.clone(), message, TEMPLATE);
    }
    Action::Restore(Restore {
        snapshot: reader.template(table, "snapshot").unwrap_or_else(|| Template::of("latest")),
        path: reader.template(table, "path"),
        target,
        verify: reader.bool(table, "verify").unwrap_or(false),
        delete: reader.bool(table, "delete").unwrap_or(false),
        repository: reader.template(table, "repository"),
    })
}

fn wait(reader: &mut Reader, table: &Table<'_, '_>) -> Option<Action> {
    let time = reader.duration(table, "for");
    let until = reader.table(table, "until", CONDITION);
    let every = reader.duration(table, "every").unwrap_or(EVERY).max(Duration::from_millis(10));
    match (time, until) {
        (Some(time), None) => Some(Action::Wait(Wait::Time(time))),
        (None, Some(until)) => {
            let condition = condition(reader, &until, true)?;
            Some(Action::Wait(Wait::Until { condition, every }))
        }
        _ => {
            let message = format!("{} is to have either `for` or `until`", table.what);
            reader.wrong(table.span.clone(), message, DURATION);
            None
        }
    }
}

/// A condition; a table of its own has only a condition's keys.
fn condition(reader: &mut Reader, table: &Table<'_, '_>, is_own: bool) -> Option<Condition> {
    if is_own {
        reader.known(table, &[PROGRAM, CONDITION_FIELDS, CONDITION_HTTP]);
    }
    let names = ["run", "script", "http", "tcp", "file", "expression"];
    let present: Vec<&str> = names.into_iter().filter(|name| table.table.contains_key(*name)).collect();
    let [one] = present.as_slice() else {
        let message = format!("{} is to say in exactly one way what is to hold", table.what);
        reader.wrong(table.span.clone(), message, CONDITION);
        return None;
    };
    Some(match *one {
        "http" => {
            let url = reader.template(table, "http")?;
            Condition::Http(Box::new(http(reader, table, url, true)))
        }
        "tcp" => Condition::Tcp(reader.template(table, "tcp")?),
        "file" => Condition::File(reader.template(table, "file")?),
        "expression" => Condition::Expression(reader.expression(table, "expression")?),
        _ => Condition::Program(Box::new(program(reader, table)?)),
    })
}

fn http(reader: &mut Reader, table: &Table<'_, '_>, url: Template, is_condition: bool) -> HttpCall {
    let methods: &[&str] =
        if is_condition { &["GET", "HEAD"] } else { &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] };
    let body = if is_condition { None } else { reader.template(table, "body") };
    HttpCall {
        method: reader.word(table, "method", methods).map_or("GET".into(), |word| word.name),
        url,
        headers: settings(reader, table, "headers"),
        body,
        expect: reader.integers(table, "expect", 100, 599).into_iter().map(|status| status as u16).collect(),
        contains: reader.template(table, "contains"),
    }
}

fn program(reader: &mut Reader, table: &Table<'_, '_>) -> Option<Program> {
    let arguments = reader.templates_or(table, "run", ARGUMENTS);
    let script = reader.text(table, "script");
    let shell = reader.text(table, "shell").map_or("/bin/sh".into(), |text| text.name);
    let what = match (arguments.is_empty(), script) {
        (false, None) => What::Arguments(arguments),
        (true, Some(script)) => What::Script { text: script.name, shell },
        _ => {
            let message = format!("{} is to have either `run` or `script`", table.what);
            reader.wrong(table.span.clone(), message, ARGUMENTS);
            return None;
        }
    };
    let success = reader.integers(table, "success", 0, 255);
    Some(Program {
        what,
        environment: settings(reader, table, "environment"),
        directory: reader.template(table, "directory"),
        user: reader.template(table, "user"),
        group: reader.template(table, "group"),
        stdin: reader.template(table, "stdin"),
        success: if success.is_empty() { vec![0] } else { success.into_iter().map(|s| s as i32).collect() },
    })
}

fn output(reader: &mut Reader, table: &Table<'_, '_>) -> OutputForm {
    match reader.word(table, "output", &["text", "json"]) {
        Some(word) if word.name == "json" => OutputForm::Json,
        _ => OutputForm::Text,
    }
}

/// A table of values that may be secrets.
fn settings(reader: &mut Reader, table: &Table<'_, '_>, key: &'static str) -> Vec<Named<Setting>> {
    let mut settings = Vec::new();
    for (key, value) in reader.entries(table, key, ENVIRONMENT) {
        let (name, span) = (key.get_ref().to_string(), key.span());
        let inner = value.get_ref().as_table();
        let secret = inner.and_then(|inner| inner.get("secret").filter(|_| inner.len() == 1));
        let setting = match (value.get_ref(), secret.and_then(|secret| secret.get_ref().as_str())) {
            (DeValue::String(text), _) => {
                Setting::Text(Template { text: text.to_string(), span: value.span() })
            }
            (_, Some(secret)) => {
                Setting::Secret(Named { name: secret.to_owned(), span: value.span(), value: () })
            }
            _ => {
                reader.wrong(value.span(), format!("`{name}` is neither a text nor a secret"), ENVIRONMENT);
                continue;
            }
        };
        settings.push(Named { name, span, value: setting });
    }
    settings
}

fn retry(reader: &mut Reader, table: &Table<'_, '_>) -> Retry {
    let Some(table) = reader.table(table, "retry", "a table: { count = 3, backoff = \"10s\" }") else {
        return Retry::default();
    };
    reader.known(&table, &[RETRY]);
    let default = Retry::default();
    reader.need(&table, "count", "a whole number from 0 to 100");
    Retry {
        count: reader.integer(&table, "count", 0, 100).unwrap_or(0) as u32,
        backoff: reader.duration(&table, "backoff").unwrap_or(default.backoff),
        factor: reader.number(&table, "factor", 1.0, 10.0).unwrap_or(default.factor),
        max: reader.duration(&table, "max").unwrap_or(default.max),
        jitter: reader.number(&table, "jitter", 0.0, 1.0).unwrap_or(default.jitter),
    }
}

fn on_failure(reader: &mut Reader, table: &Table<'_, '_>) -> OnFailure {
    const EXPECTED: &str = "\"halt\", \"continue\", \"rollback\" or { step = \"ID\" }";
    let Some(value) = reader.get(table, "on_failure") else { return OnFailure::Halt };
    if let Some(inner) = value.get_ref().as_table() {
        let inner = Table { table: inner, span: value.span(), what: "`on_failure`".into() };
        reader.known(&inner, &[&[crate::runbook::schema::Field { name: "step", holds: STEP, help: "" }]]);
        return reader.need_text(&inner, "step").map_or(OnFailure::Halt, OnFailure::Step);
    }
    match value.get_ref().as_str() {
        Some("halt") => OnFailure::Halt,
        Some("continue") => OnFailure::Continue,
        Some("rollback") => OnFailure::Rollback,
        _ => {
            reader.wrong(value.span(), "`on_failure` is not understood", EXPECTED);
            OnFailure::Halt
        }
    }
}

fn drill(reader: &mut Reader, kind: &str, table: &Table<'_, '_>) -> Drill {
    let Some(value) = reader.get(table, "drill") else { return Drill::Run };
    let redirect = value.get_ref().as_table().filter(|_| kind == "notify");
    if let Some(inner) = redirect {
        let inner = Table { table: inner, span: value.span(), what: "`drill`".into() };
        reader.known(
            &inner,
            &[&[crate::runbook::schema::Field { name: "redirect", holds: TEMPLATES, help: "" }]],
        );
        reader.need(&inner, "redirect", TEMPLATES);
        return Drill::Redirect(reader.templates(&inner, "redirect"));
    }
    match (kind, value.get_ref().as_str()) {
        ("notify", Some("mark" | "run")) | (_, Some("run")) => Drill::Run,
        ("notify", Some("suppress")) | (_, Some("skip")) => Drill::Skip,
        _ => {
            let expected = match kind {
                "notify" => "\"mark\", \"suppress\" or { redirect = [\"NAME\"] }",
                _ => "\"run\" or \"skip\"",
            };
            reader
                .findings
                .push(Finding::error(value.span(), "`drill` is not understood").expected(expected));
            Drill::Run
        }
    }
}
