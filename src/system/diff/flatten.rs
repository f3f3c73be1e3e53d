//! A state as paths with values: `accounts.users[root].shell` is `/bin/bash`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::system::diff::keys;
use crate::system::model::Sensitive;

/// Longest value that is shown; what is longer is cut. Comparing always takes all of it.
const SHOWN_MAX_CHARS: usize = 200;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An item of a list, with what tells most of it; its fields stand below its path.
    Whole(Value),
    /// A plain value, or a list of such.
    Leaf(Value),
    /// A value that must not be shown, as a hash of it; none where it had been taken out.
    Hidden(Option<[u8; 32]>),
}

impl Item {
    /// The value for people, shortened.
    pub fn shown(&self) -> String {
        let text = match self {
            Item::Whole(value) => summary(value),
            Item::Leaf(value) => text(value),
            Item::Hidden(_) => "(not shown)".to_owned(),
        };
        match text.char_indices().nth(SHOWN_MAX_CHARS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

/// All items by their paths. A path of an item ends with `]`; its fields' paths begin with it.
pub fn flatten(state: &Value) -> BTreeMap<String, Item> {
    let mut items = BTreeMap::new();
    for (name, value) in state.as_object().into_iter().flatten() {
        add(name, name, value, &mut items);
    }
    items
}

/// Adds `value` at `path`, which without keys is `plain`. The model is a dozen levels deep at most.
fn add(path: &str, plain: &str, value: &Value, items: &mut BTreeMap<String, Item>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                // Names of settings may hold dots; they stand in brackets, as keys do.
                let (path, plain) = match keys::is_map(plain) {
                    true => (format!("{path}[{name}]"), plain.to_owned()),
                    false => (format!("{path}.{name}"), format!("{plain}.{name}")),
                };
                add(&path, &plain, value, items);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => add_list(path, plain, list, items),
        Value::Array(list) if keys::is_set(plain) => {
            for member in list {
                let name = text(member).replace(['[', ']'], "_");
                items.insert(format!("{path}[{name}]"), Item::Whole(member.clone()));
            }
        }
        value if keys::is_sensitive(plain) => {
            let text = value.as_str().unwrap_or_default();
            let hash = (text != Sensitive::REDACTED).then(|| *blake3::hash(text.as_bytes()).as_bytes());
            items.insert(path.to_owned(), Item::Hidden(hash));
        }
        value => {
            items.insert(path.to_owned(), Item::Leaf(keys::normal(plain, value)));
        }
    }
}

fn add_list(path: &str, plain: &str, list: &[Value], items: &mut BTreeMap<String, Item>) {
    for (index, value) in list.iter().enumerate() {
        let key = keys::key(plain, value).unwrap_or_else(|| format!("#{index}"));
        let mut place = format!("{path}[{key}]");
        let mut count = 1;
        // Several versions of one package, several routes to one place.
        while items.contains_key(&place) {
            count += 1;
            place = format!("{path}[{key} #{count}]");
        }
        items.insert(place.clone(), Item::Whole(value.clone()));
        add(&place, plain, value, items);
    }
}

/// A plain value, or a list of such, as one line.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What tells most of an item.
fn summary(value: &Value) -> String {
    const TELLING: [&str; 19] = [
        "version",
        "state",
        "source",
        "name",
        "image",
        "value",
        "uid",
        "gid",
        "home",
        "fs_type",
        "size_bytes",
        "file",
        "address",
        "addresses",
        "gateway",
        "interface",
        "command",
        "label",
        "hash",
    ];
    if !value.is_object() {
        return text(value);
    }
    let fields = TELLING.iter().filter_map(|name| {
        let value = value.get(name).filter(|value| !value.is_object())?;
        let is_list = value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
        (!is_list).then(|| format!("{name} {}", text(value)))
    });
    fields.take(3).collect::<Vec<_>>().join(", ")
}
