//! What is different between two plans. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::plan::artefact::{Content, Step};
use crate::plan::error::PlanError;

/// The schema of a comparison as JSON.
pub const SCHEMA: &str = "lifeboat.plan-diff/1";
/// How long a value is shown at most.
const SHOWN_MAX: usize = 120;

/// What is different between two plans.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanDiff {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The first plan's id.
    pub old: String,
    /// The second plan's id.
    pub new: String,
    /// The differences.
    pub changes: Vec<PlanChange>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanChange {
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// What: a step, or a part of the plan.
    pub what: String,
    /// What it was; nothing where it was not there.
    pub old: Option<String>,
    /// What it is; nothing where it is not there.
    pub new: Option<String>,
}

/// Compares what two plans do. Their steps are compared one by one, each down to what differs in it.
pub fn diff(old: (&str, &Content), new: (&str, &Content)) -> Result<PlanDiff, PlanError> {
    let mut changes = Vec::new();
    let value = |content: &Content| serde_json::to_value(content).map_err(PlanError::Encode);
    let (mut one, mut other) = (value(old.1)?, value(new.1)?);
    for whole in [&mut one, &mut other] {
        if let Some(map) = whole.as_object_mut() {
            map.remove("steps");
        }
    }
    compare("", &one, &other, &mut changes);
    let find = |content: &'_ Content, id: &str| content.steps.iter().find(|step| step.id == id).cloned();
    for step in &old.1.steps {
        match find(new.1, &step.id) {
            None => changes.push(PlanChange {
                change: "removed",
                what: format!("step {}", step.id),
                old: Some(step.title.clone()),
                new: None,
            }),
            Some(now) if now != *step => compare_steps(step, &now, &mut changes)?,
            Some(_) => {}
        }
    }
    for step in new.1.steps.iter().filter(|step| find(old.1, &step.id).is_none()) {
        let new = Some(step.title.clone());
        changes.push(PlanChange { change: "added", what: format!("step {}", step.id), old: None, new });
    }
    Ok(PlanDiff { schema: SCHEMA, old: old.0.to_owned(), new: new.0.to_owned(), changes })
}

fn compare_steps(old: &Step, new: &Step, changes: &mut Vec<PlanChange>) -> Result<(), PlanError> {
    let value = |step: &Step| serde_json::to_value(step).map_err(PlanError::Encode);
    compare(&format!("step {}", old.id), &value(old)?, &value(new)?, changes);
    Ok(())
}

fn compare(path: &str, old: &Value, new: &Value, changes: &mut Vec<PlanChange>) {
    if old == new {
        return;
    }
    if let (Value::Object(one), Value::Object(other)) = (old, new) {
        let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let below = if path.is_empty() { key.clone() } else { format!("{path} {key}") };
            compare(
                &below,
                one.get(key).unwrap_or(&Value::Null),
                other.get(key).unwrap_or(&Value::Null),
                changes,
            );
        }
        return;
    }
    changes.push(PlanChange { change: "changed", what: path.to_owned(), old: shown(old), new: shown(new) });
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => Some(format!("{}…", &text[..at])),
        None => Some(text),
    }
}
