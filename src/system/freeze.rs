//! Freezing what writes, for as short as it takes, and thawing it whatever happens.
//!
//! A watchdog process is on its guard before anything is frozen, and it alone thaws: when it is asked, when
//! we are gone, and when the deadline is over. So a database that was told to hold its breath never does so
//! for longer than was agreed.

use std::time::{Duration, Instant};

use crate::base::monitor::Interrupt;
use crate::sys::command::{Input, Invocation};
use crate::sys::error::SysError;
use crate::sys::watchdog::{Cause, Order, Watchdog};

/// How long a command that thaws may take.
const THAW_LIMIT: Duration = Duration::from_secs(60);

/// What to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreezeSpec {
    /// Commands for `sh -c` that freeze, in order.
    pub freeze: Vec<String>,
    /// Commands for `sh -c` that thaw, in order. They may run though freezing failed.
    pub thaw: Vec<String>,
    /// The longest that anything is frozen, counted from before the first command.
    pub deadline: Duration,
    /// Variables that all of them get.
    pub variables: Vec<(String, String)>,
}

/// What went wrong; in every case the commands that thaw were run.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    /// There is no watchdog, so nothing was frozen.
    #[error("nothing was frozen, for nobody would thaw it")]
    Watchdog(#[source] SysError),
    /// It cannot be frozen.
    #[error("`{command}` {how}; it was thawed again")]
    Freeze {
        /// The command.
        command: String,
        /// How it ended.
        how: String,
    },
    /// It cannot be thawed.
    #[error("IT MAY STILL BE FROZEN: {what}")]
    Thaw {
        /// What failed.
        what: String,
    },
}

/// Something frozen. Dropped, it is thawed.
#[derive(Debug)]
pub struct Frozen {
    watchdog: Watchdog,
    begun: Instant,
    deadline: Duration,
}

/// How thawing went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thawed {
    /// Whether it was frozen up to now; otherwise the deadline came first.
    pub in_time: bool,
    /// How long it was frozen, at most.
    pub after: Duration,
}

/// Freezes; only when this returns is everything frozen.
pub fn freeze(spec: &FreezeSpec, interrupt: &Interrupt) -> Result<Frozen, FreezeError> {
    let order = Order {
        deadline: spec.deadline,
        commands: spec.thaw.clone(),
        variables: spec.variables.clone(),
        limit: THAW_LIMIT,
    };
    let begun = Instant::now();
    let watchdog = Watchdog::arm(&order).map_err(FreezeError::Watchdog)?;
    let frozen = Frozen { watchdog, begun, deadline: spec.deadline };
    for command in &spec.freeze {
        let left = spec.deadline.saturating_sub(begun.elapsed());
        let mut invocation = Invocation::shell(command).within(left.max(Duration::from_millis(1)));
        for (name, value) in &spec.variables {
            invocation = invocation.variable(name, value);
        }
        let how = match invocation.run(Input::Nothing, Some(interrupt)) {
            Ok(finished) if finished.is_success() => continue,
            Ok(finished) => finished.describe(),
            Err(error) => format!("cannot be run: {}", error.source),
        };
        frozen.thaw()?;
        return Err(FreezeError::Freeze { command: command.clone(), how });
    }
    Ok(frozen)
}

impl Frozen {
    /// Whether the deadline has come, and it was thawed.
    pub fn is_over(&self) -> bool {
        self.watchdog.has_acted() || self.begun.elapsed() >= self.deadline
    }

    /// Thaws.
    pub fn thaw(self) -> Result<Thawed, FreezeError> {
        let report = self.watchdog.act().map_err(|error| FreezeError::Thaw { what: error.to_string() })?;
        match report.failures.is_empty() {
            true => Ok(Thawed { in_time: report.cause == Cause::Asked, after: self.begun.elapsed() }),
            false => Err(FreezeError::Thaw { what: report.failures.join("; ") }),
        }
    }
}
