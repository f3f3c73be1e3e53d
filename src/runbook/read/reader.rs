//! Takes values of a certain sort out of TOML tables, and notes everything that is not of that sort.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::base::duration;
use crate::runbook::expr::{Expression, Template};
use crate::runbook::finding::Finding;
use crate::runbook::model::Named;
use crate::runbook::schema::{BOOL, DURATION, EXPRESSION, Field, TEMPLATE, TEMPLATES, TEXT};

/// A value with its place.
pub type Value<'i> = Spanned<DeValue<'i>>;

/// Reads, and keeps what it finds wrong.
#[derive(Default)]
pub struct Reader {
    /// What is wrong so far.
    pub findings: Vec<Finding>,
    /// Keys that were asked for; compared with the schema in tests.
    #[cfg(test)]
    pub asked: std::collections::BTreeSet<&'static str>,
}

/// One table: where it is, and what messages call it.
#[derive(Clone)]
pub struct Table<'t, 'i> {
    /// Its keys.
    pub table: &'t DeTable<'i>,
    /// Where it, or its name, stands.
    pub span: Range<usize>,
    /// As in "step restore_db" or "the file".
    pub what: String,
}

impl Reader {
    /// Notes something that is wrong.
    pub fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, expected: &str) {
        self.findings.push(Finding::error(span, message).expected(expected));
    }

    /// The value of `key`.
    pub fn get<'t, 'i>(&mut self, table: &Table<'t, 'i>, key: &'static str) -> Option<&'t Value<'i>> {
        #[cfg(test)]
        self.asked.insert(key);
        table.table.get(key)
    }

    /// The same; its absence is a mistake.
    pub fn need<'t, 'i>(
        &mut self,
        table: &Table<'t, 'i>,
        key: &'static str,
        expected: &str,
    ) -> Option<&'t Value<'i>> {
        let value = self.get(table, key);
        if value.is_none() {
            self.wrong(table.span.clone(), format!("{} lacks the key `{key}`", table.what), expected);
        }
        value
    }

    /// Notes every key that none of `fields` names.
    pub fn known(&mut self, table: &Table<'_, '_>, fields: &[&[Field]]) {
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            let names = || fields.iter().copied().flatten().map(|field| field.name);
            if !names().any(|known| known == name) {
                let list = names().collect::<Vec<_>>().join(", ");
                let finding = Finding::error(key.span(), format!("{} has no key `{name}`", table.what));
                self.findings.push(finding.expected(format!("one of {list}")).among(name, names()));
            }
        }
    }

    fn not(&mut self, value: &Value<'_>, key: &str, expected: &str) {
        let message = match value.get_ref() {
            DeValue::String(text) if text.is_empty() => format!("`{key}` is empty"),
            other => format!("`{key}` cannot be of type {}", other.type_str()),
        };
        self.wrong(value.span(), message, expected);
    }

    fn as_text(&mut self, value: &Value<'_>, key: &str, expected: &str) -> Option<Named<()>> {
        match value.get_ref().as_str() {
            Some(text) if !text.is_empty() => {
                Some(Named { name: text.to_owned(), span: value.span(), value: () })
            }
            _ => {
                self.not(value, key, expected);
                None
            }
        }
    }

    /// A text that is not empty.
    pub fn text(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<Named<()>> {
        self.get(table, key).and_then(|value| self.as_text(value, key, TEXT))
    }

    /// The same, required.
    pub fn need_text(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<Named<()>> {
        self.need(table, key, TEXT).and_then(|value| self.as_text(value, key, TEXT))
    }

    /// One of `words`.
    pub fn word(&mut self, table: &Table<'_, '_>, key: &'static str, words: &[&str]) -> Option<Named<()>> {
        let expected = format!("one of {}", words.join(", "));
        let text = self.get(table, key).and_then(|value| self.as_text(value, key, &expected))?;
        if words.contains(&text.name.as_str()) {
            return Some(text);
        }
        let message = format!("`{key}` cannot be \"{}\"", text.name);
        let finding = Finding::error(text.span, message).expected(expected);
        self.findings.push(finding.among(text.name, words.iter().copied()));
        None
    }

    /// A text in which names are filled in.
    pub fn template(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<Template> {
        let text = self.get(table, key).and_then(|value| self.as_text(value, key, TEMPLATE))?;
        Some(Template { text: text.name, span: text.span })
    }

    /// The same, required.
    pub fn need_template(&mut self, table: &Table<'_, '_>, key: &'static str) -> Template {
        let value = self.need(table, key, TEMPLATE);
        let text = value.and_then(|value| self.as_text(value, key, TEMPLATE));
        text.map(|text| Template { text: text.name, span: text.span }).unwrap_or_default()
    }

    /// A condition that is told from what is known.
    pub fn expression(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<Expression> {
        let text = self.get(table, key).and_then(|value| self.as_text(value, key, EXPRESSION))?;
        Some(Expression { text: text.name, span: text.span })
    }

    /// A list of texts; one text stands for a list of one.
    pub fn texts(&mut self, table: &Table<'_, '_>, key: &'static str, expected: &str) -> Vec<Named<()>> {
        let Some(value) = self.get(table, key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            return self.as_text(value, key, expected).into_iter().collect();
        };
        if items.is_empty() {
            self.wrong(value.span(), format!("`{key}` is an empty list"), expected);
        }
        items.iter().filter_map(|item| self.as_text(item, key, expected)).collect()
    }

    /// A list of texts in which names are filled in.
    pub fn templates(&mut self, table: &Table<'_, '_>, key: &'static str) -> Vec<Template> {
        self.templates_or(table, key, TEMPLATES)
    }

    /// The same, with words of one's own for what is expected. Items may be empty texts.
    pub fn templates_or(
        &mut self,
        table: &Table<'_, '_>,
        key: &'static str,
        expected: &str,
    ) -> Vec<Template> {
        let Some(value) = self.get(table, key) else { return Vec::new() };
        let one = std::slice::from_ref(value);
        let items = value.get_ref().as_array().map_or(one, |items| items);
        if items.is_empty() {
            self.wrong(value.span(), format!("`{key}` is an empty list"), expected);
        }
        let mut templates = Vec::new();
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => templates.push(Template { text: text.to_owned(), span: item.span() }),
                None => self.not(item, key, expected),
            }
        }
        templates
    }

    /// true or false.
    pub fn bool(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<bool> {
        let value = self.get(table, key)?;
        let read = value.get_ref().as_bool();
        if read.is_none() {
            self.not(value, key, BOOL);
        }
        read
    }

    /// A length of time.
    pub fn duration(&mut self, table: &Table<'_, '_>, key: &'static str) -> Option<Duration> {
        let text = self.get(table, key).and_then(|value| self.as_text(value, key, DURATION))?;
        match duration::parse(&text.name) {
            Ok(duration) => Some(duration),
            Err(why) => {
                self.wrong(text.span, format!("`{key}` is not understood: {why}"), DURATION);
                None
            }
        }
    }

    /// A whole number within bounds, both included.
    pub fn integer(&mut self, table: &Table<'_, '_>, key: &'static str, low: i64, high: i64) -> Option<i64> {
        let value = self.get(table, key)?;
        self.as_integer(value, key, low, high)
    }

    fn as_integer(&mut self, value: &Value<'_>, key: &str, low: i64, high: i64) -> Option<i64> {
        let expected = format!("a whole number from {low} to {high}");
        let Some(number) = integer(value) else {
            self.not(value, key, &expected);
            return None;
        };
        if !(low..=high).contains(&number) {
            self.wrong(value.span(), format!("`{key}` is out of range"), &expected);
            return None;
        }
        Some(number)
    }

    /// A list of whole numbers within bounds; one stands for a list of one.
    pub fn integers(&mut self, table: &Table<'_, '_>, key: &'static str, low: i64, high: i64) -> Vec<i64> {
        let Some(value) = self.get(table, key) else { return Vec::new() };
        let one = std::slice::from_ref(value);
        let items = value.get_ref().as_array().map_or(one, |items| items);
        items.iter().filter_map(|item| self.as_integer(item, key, low, high)).collect()
    }

    /// A number, whole or not, within bounds.
    pub fn number(&mut self, table: &Table<'_, '_>, key: &'static str, low: f64, high: f64) -> Option<f64> {
        let value = self.get(table, key)?;
        let float = value.get_ref().as_float().and_then(|float| float.as_str().parse().ok());
        let number = float.or_else(|| integer(value).map(|number| number as f64));
        match number {
            Some(number) if (low..=high).contains(&number) => Some(number),
            _ => {
                self.wrong(
                    value.span(),
                    format!("`{key}` is out of range"),
                    &format!("a number from {low} to {high}"),
                );
                None
            }
        }
    }

    /// A table.
    pub fn table<'t, 'i>(
        &mut self,
        table: &Table<'t, 'i>,
        key: &'static str,
        expected: &str,
    ) -> Option<Table<'t, 'i>> {
        let value = self.get(table, key)?;
        match value.get_ref().as_table() {
            Some(inner) => {
                Some(Table { table: inner, span: value.span(), what: format!("`{key}` of {}", table.what) })
            }
            None => {
                self.not(value, key, expected);
                None
            }
        }
    }

    /// Tables in a list.
    pub fn tables<'t, 'i>(&mut self, table: &Table<'t, 'i>, key: &'static str) -> Vec<&'t Value<'i>> {
        let Some(value) = self.get(table, key) else { return Vec::new() };
        match value.get_ref().as_array() {
            Some(items) => items.iter().collect(),
            None => {
                self.not(value, key, "tables, each with a header in double brackets such as [[step]]");
                Vec::new()
            }
        }
    }

    /// The entries of a table whose names the author chose; those that are no names are noted.
    pub fn entries<'t, 'i>(
        &mut self,
        table: &Table<'t, 'i>,
        key: &'static str,
        expected: &str,
    ) -> Vec<(&'t Spanned<DeString<'i>>, &'t Value<'i>)> {
        let Some(inner) = self.table(table, key, expected) else { return Vec::new() };
        // As they stand in the file: the order of options is part of a question.
        let mut entries: Vec<_> = inner.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    /// A name that expressions can spell.
    pub fn name(&mut self, key: &Spanned<DeString<'_>>) -> Option<Named<()>> {
        let name = key.get_ref().to_string();
        if is_name(&name) {
            return Some(Named { name, span: key.span(), value: () });
        }
        let expected = "letters a-z, digits and _, beginning with a letter";
        self.wrong(key.span(), format!("`{name}` is no name that can be referred to"), expected);
        None
    }

    /// A text, of an entry.
    pub fn entry_template(&mut self, name: &str, value: &Value<'_>) -> Option<Template> {
        match value.get_ref().as_str() {
            Some(text) => Some(Template { text: text.to_owned(), span: value.span() }),
            None => {
                self.not(value, name, TEMPLATE);
                None
            }
        }
    }
}

/// Whether expressions can spell it without quoting.
pub fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The whole number that a value is.
pub fn integer(value: &Value<'_>) -> Option<i64> {
    let number = value.get_ref().as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
