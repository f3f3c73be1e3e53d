//! Whether something is so; and where that cannot be told, that it cannot.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::runbook::engine::program::{self, hide, prepare};
use crate::runbook::engine::scope::Scope;
use crate::runbook::engine::step::Done;
use crate::runbook::engine::{Engine, Flow};
use crate::runbook::expr::Template;
use crate::runbook::model::{Condition, OutputForm, Program, Step};
use crate::sys::child::Ending;
use crate::sys::command::Cut;

/// How long a connection may take that is only tried.
const TCP_LIMIT: Duration = Duration::from_secs(5);
/// What shells and their like say of a program that cannot be run, or is not there.
const NOT_RUN: [i32; 2] = [126, 127];
/// The first status by which a server says that it cannot answer.
const SERVER_ERRORS: u16 = 500;

/// Why a condition is not known to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// It does not: this is what is so instead.
    NotSo(String),
    /// Nobody could tell: this is why.
    Untold(String),
}

impl Unmet {
    /// For people.
    pub fn into_text(self) -> String {
        match self {
            Unmet::NotSo(why) | Unmet::Untold(why) => why,
        }
    }
}

impl Engine<'_> {
    /// Whether something is so, and if not, what it is like instead; or the run is to stop.
    pub fn condition(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        condition: &Condition,
    ) -> Result<Result<(), Unmet>, Flow> {
        let values = self.log.with(|state| scope.values(state, Some(step)));
        Ok(match condition {
            Condition::Program(program) => return self.program_says(scope, step, path, program, &values),
            Condition::Http(call) => match self.request(scope, step, call, &values) {
                Ok((_, _, None)) => Ok(()),
                Ok((status, _, Some(why))) if status < SERVER_ERRORS => Err(Unmet::NotSo(why)),
                Ok((_, _, Some(why))) | Err((why, _)) => Err(Unmet::Untold(why)),
            },
            Condition::Tcp(address) => render(address, &values).and_then(|at| listens(&at)),
            Condition::File(file) => {
                render(file, &values).and_then(|file| match Path::new(&file).try_exists() {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(Unmet::NotSo(format!("there is no {file}"))),
                    Err(error) => Err(Unmet::Untold(format!("{file}: {error}"))),
                })
            }
            Condition::Expression(expression) => match expression.holds(&values) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Unmet::NotSo(format!("`{}` does not hold", expression.text))),
                Err(error) => Err(Unmet::Untold(error.to_string())),
            },
        })
    }

    /// What a program says by its status. One that cannot be run, or was killed, says nothing.
    fn program_says(
        &self,
        scope: &Scope<'_>,
        step: &Step,
        path: &str,
        program: &Program,
        values: &Value,
    ) -> Result<Result<(), Unmet>, Flow> {
        let prepared = match prepare(program, scope, values, path, self.around.hands) {
            Ok(prepared) => prepared,
            Err(why) => return Ok(Err(Unmet::Untold(why))),
        };
        let finished = match program::run(&prepared, step.timeout, &self.stop) {
            Ok(finished) if finished.cut == Some(Cut::Interrupted) => return Err(Flow::Stop),
            Ok(finished) => finished,
            Err(why) => return Ok(Err(Unmet::Untold(hide(&why, &prepared.secrets)))),
        };
        let is_told = finished.cut.is_none()
            && matches!(finished.ending, Ending::Exited(code) if !NOT_RUN.contains(&code));
        match self.judge(&finished, &prepared, &program.success, OutputForm::Text) {
            Done::Well { .. } => Ok(Ok(())),
            Done::Badly { error, .. } if is_told => Ok(Err(Unmet::NotSo(error))),
            Done::Badly { error, .. } => Ok(Err(Unmet::Untold(error))),
            Done::Not(flow) => Err(flow),
        }
    }
}

fn render(template: &Template, values: &Value) -> Result<String, Unmet> {
    template.render(values).map_err(|error| Unmet::Untold(error.to_string()))
}

/// Whether somebody listens at `at`. Only whoever refuses a connection is known to be there and not to.
fn listens(at: &str) -> Result<(), Unmet> {
    let found = at.to_socket_addrs().map_err(|error| Unmet::Untold(format!("{at}: {error}")))?;
    let mut untold = None;
    for one in found {
        match TcpStream::connect_timeout(&one, TCP_LIMIT) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(error) => {
                untold = Some(Unmet::Untold(format!("nothing is known to listen at {at}: {error}")))
            }
        }
    }
    Err(untold.unwrap_or_else(|| Unmet::NotSo(format!("nothing listens at {at}"))))
}
