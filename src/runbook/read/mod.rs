//! From a file's text to a runbook, with every mistake in its form.
//!
//! Reading goes on after a mistake, so that all of them are told at once. What is wrong with a runbook that
//! is well formed (names that are not there, cycles, secrets in clear) is `lint`'s to find.

mod reader;
mod step;

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

use crate::base::duration;
use crate::runbook::expr::Template;
use crate::runbook::finding::Finding;
use crate::runbook::model::{Input, InputKind, Named, Phase, Runbook, SCHEMA, SecretSource};
use crate::runbook::read::reader::{Reader, Table, Value, integer};
use crate::runbook::schema::{ARGUMENTS, FILE, INPUT, SECRET, TEXT};

pub use crate::runbook::read::reader::is_name;

/// Largest file of a runbook, in bytes.
pub const FILE_MAX_BYTES: u64 = 1 << 20;

/// The runbook `name` that `source` spells, as far as it does, and what is wrong with its form.
pub fn read(name: &str, source: &str) -> (Runbook, Vec<Finding>) {
    let (document, errors) = DeTable::parse_recoverable(source);
    let mut reader = Reader::default();
    for error in &errors {
        let message = error.message().lines().next().unwrap_or("not understood").to_owned();
        reader.findings.push(Finding::error(error.span().unwrap_or(0..0), message));
    }
    let file = Table { table: document.get_ref(), span: 0..0, what: "the runbook".into() };
    let runbook = file_of(&mut reader, name, &file);
    (runbook, reader.findings)
}

fn file_of(reader: &mut Reader, name: &str, file: &Table<'_, '_>) -> Runbook {
    reader.known(file, &[FILE]);
    match reader.need_text(file, "schema") {
        Some(schema) if schema.name != SCHEMA => {
            let message = format!("this version of lifeboat does not know the schema \"{}\"", schema.name);
            reader.wrong(schema.span, message, &format!("\"{SCHEMA}\""));
        }
        _ => {}
    }
    let mut runbook = Runbook {
        name: name.to_owned(),
        title: reader.need_text(file, "title").map(|text| text.name).unwrap_or_default(),
        description: reader.text(file, "description").map(|text| text.name).unwrap_or_default(),
        owner: reader.text(file, "owner").map(|text| text.name),
        rto: reader.duration(file, "rto"),
        rpo: reader.duration(file, "rpo"),
        ..Runbook::default()
    };
    for (key, value) in reader.entries(file, "inputs", "tables with names: [inputs.site]") {
        runbook.inputs.extend(input(reader, key, value));
    }
    for (key, value) in reader.entries(file, "secrets", "tables with names: [secrets.token]") {
        runbook.secrets.extend(secret(reader, key, value));
    }
    runbook.variables = texts(reader, file, "variables");
    runbook.outputs = texts(reader, file, "outputs");
    let items = reader.tables(file, "step");
    if items.is_empty() {
        reader.wrong(0..0, "the runbook has no steps", "at least one [[step]]");
    }
    runbook.steps = step::steps(reader, &items, Phase::Activation, 0);
    runbook
}

/// A table of texts with names.
fn texts(reader: &mut Reader, table: &Table<'_, '_>, key: &'static str) -> Vec<Named<Template>> {
    let mut texts = Vec::new();
    for (key, value) in reader.entries(table, key, "a table: NAME = \"text\"") {
        let name = reader.name(key);
        let template = reader.entry_template(key.get_ref(), value);
        if let (Some(name), Some(template)) = (name, template) {
            texts.push(Named { name: name.name, span: name.span, value: template });
        }
    }
    texts
}

type Key<'i> = toml::Spanned<toml::de::DeString<'i>>;

fn named_table<'t, 'i>(
    reader: &mut Reader,
    key: &Key<'_>,
    value: &'t Value<'i>,
    of: &str,
) -> Option<(Named<()>, Table<'t, 'i>)> {
    let name = reader.name(key)?;
    let Some(table) = value.get_ref().as_table() else {
        let message = format!("`{of}.{}` is to be a table", name.name);
        reader.wrong(
            value.span(),
            message,
            &format!("[{of}.{}] with its keys on lines of their own", name.name),
        );
        return None;
    };
    let what = format!("[{of}.{}]", name.name);
    Some((name.clone(), Table { table, span: name.span, what }))
}

fn input(reader: &mut Reader, key: &Key<'_>, value: &Value<'_>) -> Option<Named<Input>> {
    let (name, table) = named_table(reader, key, value, "inputs")?;
    reader.known(&table, &[INPUT]);
    let words = ["text", "integer", "boolean", "path", "duration", "choice"];
    let word = reader.word(&table, "type", &words).map_or("text".into(), |word| word.name);
    let choices = reader.texts(&table, "choices", "a list of words");
    let kind = match word.as_str() {
        "integer" => InputKind::Integer,
        "boolean" => InputKind::Boolean,
        "path" => InputKind::Path,
        "duration" => InputKind::Duration,
        "choice" => InputKind::Choice(choices.into_iter().map(|choice| choice.name).collect()),
        _ => InputKind::Text,
    };
    if matches!(&kind, InputKind::Choice(choices) if choices.is_empty()) {
        reader.wrong(
            table.span.clone(),
            format!("{} lacks the key `choices`", table.what),
            "a list of words",
        );
    }
    let default = reader.get(&table, "default").and_then(|value| {
        let read = match value.get_ref() {
            DeValue::Boolean(flag) => Some(Json::from(*flag)),
            DeValue::String(text) => Some(Json::from(text.as_ref())),
            DeValue::Integer(_) => integer(value).map(Json::from),
            _ => None,
        };
        match read.ok_or("it is of another type".to_owned()).and_then(|read| kind.take(read)) {
            Ok(read) => Some(read),
            Err(why) => {
                reader.wrong(value.span(), format!("`default` of {}: {why}", table.what), &kind.expected());
                None
            }
        }
    });
    let help = reader.text(&table, "description").map(|text| text.name).unwrap_or_default();
    Some(Named { name: name.name, span: name.span, value: Input { kind, default, help } })
}

fn secret(reader: &mut Reader, key: &Key<'_>, value: &Value<'_>) -> Option<Named<SecretSource>> {
    let (name, table) = named_table(reader, key, value, "secrets")?;
    reader.known(&table, &[SECRET]);
    let command = reader.texts(&table, "command", ARGUMENTS);
    let mut sources = vec![
        reader.text(&table, "file").map(|text| SecretSource::File(text.name)),
        reader.text(&table, "variable").map(|text| SecretSource::Variable(text.name)),
        reader.text(&table, "credential").map(|text| SecretSource::Credential(text.name)),
    ];
    let words: Vec<String> = command.into_iter().map(|word| word.name).collect();
    sources.push((!words.is_empty()).then_some(SecretSource::Command(words)));
    let mut sources = sources.into_iter().flatten();
    match (sources.next(), sources.next()) {
        (Some(value), None) => Some(Named { name: name.name, span: name.span, value }),
        _ => {
            let message = format!("{} is to have one of file, variable, command, credential", table.what);
            reader.wrong(table.span, message, TEXT);
            None
        }
    }
}

impl InputKind {
    /// What is expected, for people.
    pub fn expected(&self) -> String {
        match self {
            InputKind::Text => "a text of one line".into(),
            InputKind::Integer => "a whole number".into(),
            InputKind::Boolean => "true or false".into(),
            InputKind::Path => "an absolute path".into(),
            InputKind::Duration => "a duration such as 90s or 1h30m".into(),
            InputKind::Choice(choices) => format!("one of {}", choices.join(", ")),
        }
    }

    /// The value that a person's text stands for.
    pub fn parse(&self, text: &str) -> Result<Json, String> {
        let value = match self {
            InputKind::Integer => text.trim().parse::<i64>().map(Json::from).ok(),
            InputKind::Boolean => match text.trim() {
                "true" | "yes" => Some(Json::from(true)),
                "false" | "no" => Some(Json::from(false)),
                _ => None,
            },
            _ => Some(Json::from(text)),
        };
        value
            .ok_or_else(|| format!("\"{text}\" is not {}", self.expected()))
            .and_then(|value| self.take(value))
    }

    /// The value, if it is of this type.
    pub fn take(&self, value: Json) -> Result<Json, String> {
        let fits = match (self, &value) {
            (InputKind::Integer, Json::Number(number)) => number.is_i64(),
            (InputKind::Boolean, Json::Bool(_)) => true,
            (InputKind::Text, Json::String(text)) => !text.chars().any(char::is_control),
            (InputKind::Path, Json::String(text)) => {
                text.starts_with('/') && !text.chars().any(char::is_control)
            }
            (InputKind::Duration, Json::String(text)) => duration::parse(text).is_ok(),
            (InputKind::Choice(choices), Json::String(text)) => choices.contains(text),
            _ => false,
        };
        if fits { Ok(value) } else { Err(format!("{value} is not {}", self.expected())) }
    }
}

#[cfg(test)]
mod tests;
