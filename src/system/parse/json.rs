//! Fields of JSON as different versions of the same program write them: `5`, `"5"`, `true`, `"1"`.

use serde_json::Value;

/// Reads JSON; `None` if it is none, or is nested deeper than a program's output ever is.
pub fn read(text: &str) -> Option<Value> {
    // serde_json refuses more than 128 levels, so that no stack runs over.
    serde_json::from_str(text).ok()
}

/// A field as text, trimmed; numbers are written out. `None` if it is missing, null or empty.
pub fn text(value: &Value, name: &str) -> Option<String> {
    let text = match value.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A field as a number that is not negative.
pub fn number(value: &Value, name: &str) -> Option<u64> {
    match value.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A field as a small number.
pub fn small(value: &Value, name: &str) -> Option<u32> {
    number(value, name).and_then(|number| u32::try_from(number).ok())
}

/// A field as yes or no; no if it is missing.
pub fn flag(value: &Value, name: &str) -> bool {
    match value.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_u64().is_some_and(|number| number != 0),
        Some(Value::String(text)) => matches!(text.trim(), "1" | "true" | "yes"),
        _ => false,
    }
}

/// The items of a list, of a field or of the value itself; none if it is no list.
pub fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = if name.is_empty() { Some(value) } else { value.get(name) };
    list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a list.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    items(value, name).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The fields of a map whose values are texts or numbers.
pub fn map(value: &Value, name: &str) -> std::collections::BTreeMap<String, String> {
    let Some(fields) = value.get(name).and_then(Value::as_object) else { return Default::default() };
    fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect()
}

/// Any value as text: a text as it is, anything else as compact JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn old_and_new_spellings_mean_the_same() {
        let old = json!({"size": "512", "ro": "0", "rm": "1", "name": " sda ", "none": null});
        let new = json!({"size": 512, "ro": false, "rm": true, "name": "sda"});
        for value in [old, new] {
            assert_eq!(number(&value, "size"), Some(512));
            assert_eq!((flag(&value, "ro"), flag(&value, "rm")), (false, true));
            assert_eq!(text(&value, "name").as_deref(), Some("sda"));
            assert_eq!((text(&value, "none"), number(&value, "none")), (None, None));
        }
    }

    #[test]
    fn deep_json_is_refused_not_followed() {
        assert_eq!(read(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))), None);
    }
}
