//! What a comparison must find, and what it must not.

use serde_json::{Value, json};

use crate::system::diff::{ChangeKind, Severity, diff, keys};
use crate::system::model::{SCHEMA, SystemState};

/// A state with every field of the model filled.
fn full() -> Value {
    serde_json::from_str(include_str!("full.json")).unwrap()
}

fn state(value: &Value) -> SystemState {
    serde_json::from_value(value.clone()).unwrap()
}

fn paths(old: &SystemState, new: &SystemState) -> Vec<String> {
    let found = diff(old, new, ("a", "b")).unwrap();
    found.changes.into_iter().map(|change| change.path).collect()
}

/// Pointers to every leaf below `value`, with the plain path of each.
fn leaves(value: &Value, pointer: &str, plain: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_map = keys::is_map(plain);
                let plain = match (plain.is_empty(), is_map) {
                    (true, _) => name.clone(),
                    (_, true) => plain.to_owned(),
                    _ => format!("{plain}.{name}"),
                };
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{pointer}/{name}"), &plain, found);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{pointer}/{index}"), plain, found);
            }
        }
        _ => found.push((pointer.to_owned(), plain.to_owned())),
    }
}

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) => match items.split_first() {
            Some((first, rest)) => Value::Array(std::iter::once(other(first)).chain(rest.to_vec()).collect()),
            None => json!(["x"]),
        },
        other => other.clone(),
    }
}

#[test]
fn the_full_state_has_every_field_of_the_model() {
    let value = full();
    let back = serde_json::to_value(state(&value)).unwrap();
    fn empty(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Null => found.push(path.to_owned()),
            Value::Array(items) if items.is_empty() => found.push(path.to_owned()),
            Value::Array(items) => items.iter().for_each(|item| empty(item, path, found)),
            Value::Object(fields) if fields.is_empty() => found.push(path.to_owned()),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| empty(value, &format!("{path}.{name}"), found));
            }
            _ => {}
        }
    }
    // A field that is filled in some item of a list is filled.
    let mut found = Vec::new();
    empty(&back, "", &mut found);
    let filled = value.to_string();
    found.retain(|path| !filled.contains(&format!("\"{}\":", path.rsplit('.').next().unwrap())));
    assert!(found.is_empty(), "fill these in full.json: {found:?}");
}

#[test]
fn a_state_does_not_differ_from_itself() {
    let whole = state(&full());
    assert_eq!(paths(&whole, &whole), Vec::<String>::new());
    let none = SystemState { schema: SCHEMA.into(), ..SystemState::default() };
    assert_eq!(paths(&none, &none), Vec::<String>::new());
}

#[test]
fn every_change_of_every_field_is_found_unless_it_is_said_not_to_count() {
    let value = full();
    let whole = state(&value);
    let mut found = Vec::new();
    leaves(&value, "", "", &mut found);
    assert!(found.len() > 300, "{}", found.len());
    for (pointer, plain) in found {
        let mut changed = value.clone();
        let place = changed.pointer_mut(&pointer).unwrap();
        *place = other(place);
        // A word of an enumeration has no other of its kind: take a word that there is.
        let Ok(changed) = serde_json::from_value::<SystemState>(changed) else { continue };
        if changed == whole {
            continue;
        }
        for (old, new) in [(&whole, &changed), (&changed, &whole)] {
            let mut found = paths(old, new);
            // Said on its own, as a remark.
            found.retain(|path| path != "root");
            assert_eq!(found.is_empty(), keys::is_ignored(&plain), "{pointer} ({plain}): {found:?}");
        }
    }
}

#[test]
fn the_words_of_enumerations_are_compared_too() {
    let value = full();
    let words = [
        ("/boot/firmware", "bios"),
        ("/packages/manager", "rpm"),
        ("/packages/installed/0/status", "broken"),
        ("/accounts/users/0/password", "locked"),
    ];
    for (pointer, word) in words {
        let mut changed = value.clone();
        *changed.pointer_mut(pointer).unwrap() = json!(word);
        assert!(!paths(&state(&value), &state(&changed)).is_empty(), "{pointer}");
    }
}

#[test]
fn an_item_that_came_or_went_is_one_change_with_a_meaning() {
    let old = state(&full());
    let mut new = old.clone();
    new.packages.installed.remove(0);
    let name = old.packages.installed[0].name.clone();
    let found = diff(&old, &new, ("a", "b")).unwrap();
    assert_eq!(found.changes.len(), 1);
    let change = &found.changes[0];
    assert_eq!((change.change, change.severity), (ChangeKind::Removed, Severity::Major));
    assert!(change.path.contains(&name) && change.meaning.contains("brings it back"));
    let back = diff(&new, &old, ("a", "b")).unwrap();
    assert_eq!((back.changes[0].change, back.counts["minor"]), (ChangeKind::Added, 1));
}

#[test]
fn order_alone_is_no_difference_where_items_have_names() {
    let old = state(&full());
    let mut new = old.clone();
    new.packages.installed.reverse();
    new.accounts.users.reverse();
    new.storage.devices.reverse();
    assert_eq!(paths(&old, &new), Vec::<String>::new());
}

#[test]
fn two_items_of_one_name_are_two() {
    let mut old = state(&full());
    let twin = old.packages.installed[0].clone();
    old.packages.installed.push(twin);
    let mut new = old.clone();
    new.packages.installed.pop();
    assert_eq!(paths(&old, &new).len(), 1);
}

#[test]
fn a_section_that_was_not_captured_is_unknown_and_not_gone() {
    let old = state(&full());
    let mut new = old.clone();
    new.packages = Default::default();
    new.collectors.iter_mut().find(|report| report.name == "packages").unwrap().outcome =
        crate::system::model::Outcome::TimedOut;
    let found = diff(&old, &new, ("a", "b")).unwrap();
    assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
    assert_eq!(found.changes[0].change, ChangeKind::Unknown);
}

#[test]
fn hashes_are_compared_and_never_shown_and_unknown_once_redacted() {
    let old = state(&full());
    let mut new = old.clone();
    new.accounts.users[0].password_hash = Some(crate::system::model::Sensitive::new("$y$other"));
    let found = diff(&old, &new, ("a", "b")).unwrap();
    assert_eq!(found.changes.len(), 1);
    let shown = serde_json::to_string(&found).unwrap();
    assert!(!shown.contains("$y$") && shown.contains("not shown"), "{shown}");
    new.redact();
    assert_eq!(paths(&old, &new), Vec::<String>::new());
}

#[test]
fn a_directory_is_not_blamed_for_what_only_a_running_system_tells() {
    let old = state(&full());
    let mut new = old.clone();
    new.root = "/mnt/chroot".into();
    new.storage.devices.clear();
    new.network.interfaces.clear();
    let found = diff(&old, &new, ("a", "b")).unwrap();
    assert_eq!(found.worst(), Some(Severity::Info), "{:?}", found.changes);
    new.accounts.users.remove(0);
    assert!(paths(&old, &new).iter().any(|path| path.starts_with("accounts.users[")));
}
