//! The commands around a job: run in order, each within its time, with all that they start.

use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::cli::exit::Failure;
use crate::cli::settings::model::{HookSettings, JobSettings};
use crate::sys::command::{Input, Invocation};

/// Longest a hook may take when nobody says otherwise.
const HOOK_LIMIT: Duration = Duration::from_secs(3600);

/// Runs the hooks of `job` that `pick` picks and `which` names; they get `facts` as variables.
pub fn run(
    job: Option<(&str, &JobSettings)>,
    which: &str,
    pick: impl Fn(&HookSettings) -> &Vec<String>,
    facts: &[(&str, String)],
) -> Result<(), Failure> {
    let Some((name, job)) = job else { return Ok(()) };
    for script in pick(&job.hooks) {
        let limit = job.hooks.timeout.unwrap_or(HOOK_LIMIT);
        // What it says on either stream are its last words.
        let words = ["-c", "exec >&2; exec /bin/sh -c \"$1\"", "sh", script];
        let mut hook = Invocation::new("/bin/sh", words);
        hook = hook.within(limit).variable("LIFEBOAT_JOB", name);
        for (name, value) in facts {
            hook = hook.variable(name, value);
        }
        let finished =
            hook.run(Input::Nothing, None).map_err(|error| Failure::of(ErrorKind::Failed, &error))?;
        if !finished.is_success() {
            let message = format!("the hook `{which}` of job {name} {}", finished.describe());
            let failure = Failure::new(ErrorKind::Failed, message);
            return Err(match which {
                "on_failure" => failure,
                "before" => failure.hint("nothing was backed up"),
                _ => failure.hint("the backup itself stands"),
            });
        }
    }
    Ok(())
}
