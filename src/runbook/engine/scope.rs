//! One runbook as it is being run: at the top, or as a step of another; and what its texts see.

use serde_json::{Map, Value, json};

use crate::runbook::expr::{ExprError, Template};
use crate::runbook::model::{Runbook, Step};
use crate::runbook::state::RunState;

/// A runbook that is being run.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The runbook.
    pub runbook: &'a Runbook,
    /// What stands before the ids of its steps: empty, or the path of the step that it is, and `/`.
    pub prefix: String,
    /// What its inputs are.
    pub inputs: Map<String, Value>,
    /// How deep it is nested.
    pub depth: u32,
}

impl Scope<'_> {
    /// The path of one of its steps.
    pub fn path(&self, step: &Step) -> String {
        format!("{}{}", self.prefix, step.id)
    }

    /// What a text of `step` sees.
    pub fn values(&self, state: &RunState, step: Option<&Step>) -> Value {
        let header = &state.header;
        let started = chrono::DateTime::from_timestamp(state.began.seconds, 0)
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            .unwrap_or_default();
        let run = json!({
            "id": header.run,
            "runbook": self.runbook.name,
            "mode": header.mode.as_str(),
            "operator": state.operator,
            "host": state.host,
            "started": started,
            "phase": step.map(|step| step.phase.as_str()).unwrap_or_default(),
        });
        let narrow = json!({ "inputs": self.inputs, "run": run });
        let mut variables = Map::new();
        for variable in &self.runbook.variables {
            // Lint has seen to it that they can be told from inputs.
            let text = variable.value.preview(&narrow);
            variables.insert(variable.name.clone(), Value::from(text));
        }
        json!({ "inputs": self.inputs, "run": run, "vars": variables, "steps": state.visible(&self.prefix) })
    }

    /// What the inputs of a nested runbook come to, their defaults included.
    pub fn inputs_of(
        inner: &Runbook,
        given: &[crate::runbook::model::Named<Template>],
        values: &Value,
    ) -> Result<Map<String, Value>, String> {
        let mut inputs = Map::new();
        for input in &inner.inputs {
            let told = given.iter().find(|given| given.name == input.name);
            let value = match told {
                Some(told) => {
                    let text = told.value.render(values).map_err(|error: ExprError| error.to_string())?;
                    input.value.kind.parse(&text).map_err(|why| format!("input {}: {why}", input.name))?
                }
                None => match &input.value.default {
                    Some(default) => default.clone(),
                    None => return Err(format!("runbook {} needs the input {}", inner.name, input.name)),
                },
            };
            inputs.insert(input.name.clone(), value);
        }
        Ok(inputs)
    }
}
