//! Running the commands of a plan: where, as whom, with what, and what counts as success.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use crate::base::ids::SnapshotId;
use crate::base::secret::SecretText;
use crate::plan::apply::Ground;
use crate::plan::apply::content::{Streamed, snapshot_of};
use crate::plan::apply::sandbox::Confinement;
use crate::plan::apply::schedule::StepError;
use crate::plan::build::look::PATH;
use crate::restore::error::chain_text;
use crate::sys::child::Ending;
use crate::sys::command::{Cut, Finished, Input, Invocation};
use crate::sys::process::with_variables;
use crate::system::action::{CommandLine, Stdin};

/// What tells the plan of a command, and of whatever it starts.
pub const PLAN_VARIABLE: &str = "LIFEBOAT_PLAN";
/// What tells the run, the same in all its sessions.
pub const RUN_VARIABLE: &str = "LIFEBOAT_RUN";
/// What tells its step; not given to what runs at the end.
pub const STEP_VARIABLE: &str = "LIFEBOAT_STEP";

/// Processes of the commands of `step` that still run, though the run they belong to is gone.
pub fn survivors(plan: &str, step: &str) -> Vec<u32> {
    with_variables(&[format!("{PLAN_VARIABLE}={plan}"), format!("{STEP_VARIABLE}={step}")])
}

/// Where commands run, and whether an interrupt ends them.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// What the run works with.
    pub ground: &'a Ground<'a>,
    /// The run's id.
    pub run: &'a str,
    /// Where they are kept in, if they are.
    pub confinement: Option<&'a Confinement>,
    /// The step they are of; none at the end of a run.
    pub step: Option<&'a str>,
    /// Whether an interrupt ends them; at the end of a run it must not.
    pub heeds_interrupt: bool,
}

/// Runs `command`, whose names of disks are resolved already; its end, whatever that is.
pub fn run(runner: Runner<'_>, snapshot: &SnapshotId, command: &CommandLine) -> Result<Finished, StepError> {
    let Runner { ground, heeds_interrupt, .. } = runner;
    let invocation = invocation(runner, snapshot, command);
    let interrupt = heeds_interrupt.then_some(ground.interrupt);
    let started = match &command.stdin {
        Stdin::Nothing => invocation.run(Input::Nothing, interrupt),
        Stdin::Text(text) => invocation.run(Input::Bytes(text.as_bytes()), interrupt),
        Stdin::Secret(name) => {
            let secret = ground.face.secret(name).ok_or_else(|| StepError::waiting(format!(
                "the secret {name:?} is needed: give it with --secret {name}=FILE, or apply it on a terminal"
            )))?;
            let finished = invocation.run(Input::Bytes(secret.expose().as_bytes()), interrupt);
            finished.map(|finished| without(finished, &secret))
        }
        Stdin::Entry(path) => {
            let whole = snapshot_of(ground.indexed, snapshot)
                .map_err(|error| StepError::failed(chain_text(&error)))?;
            thread::scope(|scope| {
                let mut stream = Streamed::start(scope, ground.indexed, &whole, path, ground.interrupt)
                    .map_err(|error| StepError::failed(format!("cannot stream {path}: {error}")))?;
                Ok(invocation.run(Input::Stream(&mut stream), interrupt))
            })?
        }
    };
    let finished = started.map_err(|error| StepError::failed(chain_text(&error)))?;
    match finished.cut {
        Some(Cut::Interrupted) => Err(StepError::Interrupted),
        _ => Ok(finished),
    }
}

/// What a program said, without the secret that it was given and may have told: errors are written down.
fn without(mut finished: Finished, secret: &SecretText) -> Finished {
    let secret = secret.expose();
    if !secret.is_empty() {
        finished.stderr_tail = finished.stderr_tail.replace(secret, "(a secret)");
        finished.stdout = finished.text().replace(secret, "(a secret)").into_bytes();
    }
    finished
}

/// The same, where anything but success is an error.
pub fn succeed(
    runner: Runner<'_>,
    snapshot: &SnapshotId,
    command: &CommandLine,
) -> Result<Finished, StepError> {
    let finished = run(runner, snapshot, command)?;
    match is_accepted(command, &finished) {
        true => Ok(finished),
        false => Err(StepError::failed(format!("{} {}", brief(command), finished.describe()))),
    }
}

/// The command as an error names it: a script of several lines would hide what went wrong.
fn brief(command: &CommandLine) -> String {
    match command.argv.as_slice() {
        [shell, flag, script, ..] if flag == "-c" && script.contains('\n') => {
            let argv = [&[shell.clone(), flag.clone(), "…".to_owned()], &command.argv[3..]].concat();
            CommandLine { argv, stdin: Stdin::Nothing, ..command.clone() }.display()
        }
        _ => command.display(),
    }
}

/// Whether the command ended as it was to.
pub fn is_accepted(command: &CommandLine, finished: &Finished) -> bool {
    let other = |status: i32| command.accept.contains(&status);
    finished.is_success()
        || finished.cut.is_none() && matches!(finished.ending, Ending::Exited(status) if other(status))
}

fn invocation(runner: Runner<'_>, snapshot: &SnapshotId, command: &CommandLine) -> Invocation {
    let Runner { ground, run, confinement, step, .. } = runner;
    let mut words: Vec<String> = Vec::new();
    if let Some(confinement) = confinement {
        words.extend(confinement.enter(command.chroot.as_deref()));
    }
    match (&command.chroot, &command.user) {
        (Some(root), user) => {
            words.push("chroot".into());
            words.extend(user.as_ref().map(|user| format!("--userspec={user}")));
            words.push(root.clone());
        }
        (None, Some(user)) => words.extend(["runuser", "-u", user, "--"].map(str::to_owned)),
        (None, None) => {}
    }
    words.extend(command.argv.iter().cloned());
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_default();
    let mut invocation = Invocation::new(program, words);
    invocation.clean_environment = true;
    invocation.time_limit = command.limit_seconds.map(Duration::from_secs);
    let mut own: BTreeMap<&str, String> = BTreeMap::from([
        ("PATH", PATH.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("HOME", "/root".to_owned()),
        ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
        (PLAN_VARIABLE, ground.plan.id.clone()),
        (RUN_VARIABLE, run.to_owned()),
        (
            "LIFEBOAT_ROOT",
            command.chroot.as_ref().map_or(ground.plan.content.target.root.clone(), |_| "/".into()),
        ),
        ("LIFEBOAT_SNAPSHOT", snapshot.to_string()),
    ]);
    own.extend(step.map(|step| (STEP_VARIABLE, step.to_owned())));
    let own = own.into_iter().filter(|(name, _)| !command.env.contains_key(*name));
    for (name, value) in own {
        invocation = invocation.variable(name, value);
    }
    for (name, value) in &command.env {
        invocation = invocation.variable(name, value);
    }
    invocation
}
