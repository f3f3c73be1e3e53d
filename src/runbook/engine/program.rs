//! Programs of steps: made from their texts, given their variables, run, and their output cleared of secrets.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::base::monitor::Interrupt;
use crate::base::secret::SecretText;
use crate::runbook::engine::scope::Scope;
use crate::runbook::hands::Hands;
use crate::runbook::model::{Named, Program, Setting, What};
use crate::sys::command::{Finished, Input, Invocation};
use crate::sys::meta::owners::Owners;
use crate::sys::process::with_variables;

/// Bytes of output that a step keeps.
pub const OUTPUT_MAX_BYTES: usize = 64 << 10;
/// What stands where a secret stood.
const HIDDEN: &str = "[secret]";

/// A program that is ready to be run.
pub struct Prepared {
    /// The program.
    pub invocation: Invocation,
    /// What it reads.
    pub stdin: Option<String>,
    /// What must not be seen in what it says.
    pub secrets: Vec<SecretText>,
}

/// What tells a program, and whatever it starts, from others: see `survivors`.
pub const RUN_VARIABLE: &str = "LIFEBOAT_RUN";
/// The same for the step.
pub const STEP_VARIABLE: &str = "LIFEBOAT_STEP";

/// Makes a program ready. `values` is what its texts see.
pub fn prepare(
    program: &Program,
    scope: &Scope<'_>,
    values: &Value,
    path: &str,
    hands: &dyn Hands,
) -> Result<Prepared, String> {
    let fill = |template: &crate::runbook::expr::Template| {
        template.render(values).map_err(|error| error.to_string())
    };
    let mut invocation = match &program.what {
        What::Script { text, shell } => Invocation::new(shell, ["-c", text]),
        What::Arguments(arguments) => {
            let words = arguments.iter().map(fill).collect::<Result<Vec<String>, String>>()?;
            let mut words = words.into_iter();
            let program =
                words.next().filter(|word| !word.is_empty()).ok_or("its program is an empty text")?;
            Invocation::new(program, words)
        }
    };
    let (variables, secrets) = variables(program, scope, values, path, hands)?;
    invocation.surroundings.variables.extend(variables);
    if let Some(directory) = &program.directory {
        invocation.surroundings.directory = Some(PathBuf::from(fill(directory)?));
    }
    if let Some(user) = &program.user {
        let group = program.group.as_ref().map(fill).transpose()?;
        invocation.user = Some(ids(&fill(user)?, group.as_deref())?);
    }
    invocation.output_max_bytes = Some(OUTPUT_MAX_BYTES);
    let stdin = program.stdin.as_ref().map(fill).transpose()?;
    Ok(Prepared { invocation, stdin, secrets })
}

type Variables = Vec<(OsString, OsString)>;

fn variables(
    program: &Program,
    scope: &Scope<'_>,
    values: &Value,
    path: &str,
    hands: &dyn Hands,
) -> Result<(Variables, Vec<SecretText>), String> {
    let run = values["run"]["id"].as_str().unwrap_or_default();
    let mode = values["run"]["mode"].as_str().unwrap_or_default();
    let mut variables: Variables = vec![
        (RUN_VARIABLE.into(), run.into()),
        (STEP_VARIABLE.into(), path.into()),
        ("LIFEBOAT_MODE".into(), mode.into()),
        ("LIFEBOAT_RUNBOOK".into(), scope.runbook.name.as_str().into()),
    ];
    for (kind, key) in [("INPUT", "inputs"), ("VAR", "vars")] {
        for (name, value) in values[key].as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            variables.push((format!("{kind}_{}", name.to_uppercase()).into(), text.into()));
        }
    }
    let mut secrets = Vec::new();
    for setting in &program.environment {
        let text = resolve(setting, scope, values, hands, &mut secrets)?;
        variables.push((setting.name.as_str().into(), text.into()));
    }
    Ok((variables, secrets))
}

/// The value of a variable or header; a secret is added to `secrets`.
pub fn resolve(
    setting: &Named<Setting>,
    scope: &Scope<'_>,
    values: &Value,
    hands: &dyn Hands,
    secrets: &mut Vec<SecretText>,
) -> Result<String, String> {
    match &setting.value {
        Setting::Text(template) => template.render(values).map_err(|error| error.to_string()),
        Setting::Secret(name) => {
            let source = scope.runbook.secrets.iter().find(|secret| secret.name == name.name);
            let source = source.ok_or_else(|| format!("there is no [secrets.{}]", name.name))?;
            let secret =
                hands.secret(&source.value).map_err(|why| format!("the secret {}: {why}", name.name))?;
            let text = secret.expose().to_owned();
            secrets.push(secret);
            Ok(text)
        }
    }
}

/// The numbers of a user and a group.
fn ids(user: &str, group: Option<&str>) -> Result<(u32, u32), String> {
    let owners = Owners::new();
    let uid = user.parse().ok().or_else(|| owners.uid_of(user));
    let uid = uid.ok_or_else(|| format!("there is no user {user} on this machine"))?;
    let name = group.unwrap_or(user);
    let gid = name.parse().ok().or_else(|| owners.gid_of(name));
    let gid =
        gid.ok_or_else(|| format!("there is no group {name} on this machine; name one with `group`"))?;
    Ok((uid, gid))
}

/// Runs it to its end.
pub fn run(prepared: &Prepared, limit: Option<Duration>, stop: &Interrupt) -> Result<Finished, String> {
    let mut invocation = prepared.invocation.clone();
    invocation.time_limit = limit;
    let input = match &prepared.stdin {
        Some(text) => Input::Bytes(text.as_bytes()),
        None => Input::Nothing,
    };
    invocation.run(input, Some(stop)).map_err(|error| format!("{error}: {}", error.source))
}

/// `text` with every secret taken out.
pub fn hide(text: &str, secrets: &[SecretText]) -> String {
    secrets
        .iter()
        .filter(|secret| !secret.expose().is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), HIDDEN))
}

/// Processes that a step of a run has left behind and that still run, by the variables that they inherit.
pub fn survivors(run: &str, step: &str) -> Vec<u32> {
    let marks = [format!("{RUN_VARIABLE}={run}"), format!("{STEP_VARIABLE}={step}")];
    with_variables(&marks)
}
