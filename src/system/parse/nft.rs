//! `nft -j list ruleset`: tables, chains, sets and rules as lines that can be compared.

use serde_json::{Map, Value};

use crate::system::parse::json;

/// One line for each object, in the ruleset's order, without handles, counters and what programs put in at
/// run time (dynamic sets); `None` if it is no ruleset.
pub fn parse(output: &str) -> Option<Vec<String>> {
    let value = json::read(output)?;
    value.get("nftables")?;
    let mut lines = Vec::new();
    for item in json::items(&value, "nftables") {
        let Some((kind, object)) = item.as_object().and_then(|object| object.iter().next()) else { continue };
        let Some(object) = object.as_object().filter(|_| kind != "metainfo") else { continue };
        lines.push(line(kind, object));
    }
    Some(lines)
}

fn line(kind: &str, object: &Map<String, Value>) -> String {
    let mut line = kind.to_owned();
    for key in ["family", "table", "chain", "name"] {
        if let Some(value) = object.get(key) {
            line.push(' ');
            line.push_str(&json::plain(value));
        }
    }
    let is_dynamic = object.get("flags").is_some_and(|flags| flags.to_string().contains("dynamic"));
    for (key, value) in object {
        let is_named = matches!(key.as_str(), "family" | "table" | "chain" | "name" | "handle");
        if is_named || key == "elem" && is_dynamic {
            continue;
        }
        let mut value = value.clone();
        without_counters(&mut value);
        line.push_str(&format!(" {key}={value}"));
    }
    line
}

/// Sets the counters of `{"counter":{"packets":5,"bytes":6}}` back. JSON is at most 128 deep here.
fn without_counters(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_counters),
        Value::Object(fields) => {
            if let Some(counter) = fields.get_mut("counter").filter(|counter| counter.is_object()) {
                *counter = Value::Null;
            }
            fields.values_mut().for_each(without_counters);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_handles_make_no_difference_and_rules_do() {
        let ruleset = |packets: u32, handle: u32, port: u32| {
            format!(
                r#"{{"nftables":[{{"metainfo":{{"version":"1"}}}},{{"table":{{"family":"inet","name":"f",
                  "handle":1}}}},
                {{"rule":{{"family":"inet","table":"f","chain":"in","handle":{handle},"expr":[
                {{"match":{{"op":"==","left":{{"payload":{{"protocol":"tcp","field":"dport"}}}},
                  "right":{port}}}}},
                {{"counter":{{"packets":{packets},"bytes":9}}}},{{"accept":null}}]}}}}]}}"#
            )
        };
        let lines = parse(&ruleset(5, 4, 22)).unwrap();
        assert_eq!(lines, parse(&ruleset(77, 9, 22)).unwrap());
        assert_ne!(lines, parse(&ruleset(5, 4, 23)).unwrap());
        assert!(lines[1].starts_with("rule inet f in expr=["), "{}", lines[1]);
        assert_eq!(parse("{}"), None);
    }
}
