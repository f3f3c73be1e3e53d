//! A query that must answer, as a command of its engine's client: whom it asks, and as whom.

use crate::plan::build::steps::Making;
use crate::plan::error::PlanError;
use crate::plan::file::model::{TargetKind, VerifyFile, Words};
use crate::plan::files::below;
use crate::plan::probe::Probe;
use crate::system::action::CommandLine;
use crate::system::database::spec::Engine;
use crate::system::database::throwaway::Throwaway;

/// The probe that `verify` says; `servers` are those that the run starts for itself.
pub fn probe(making: &Making<'_>, verify: &VerifyFile, servers: &[Throwaway]) -> Result<Probe, PlanError> {
    let lacks = |key: &str| making.fault(format!("a verification lacks the key `{key}`"));
    let engine = verify.engine.as_deref().ok_or_else(|| lacks("engine"))?;
    let query = verify.query.as_deref().ok_or_else(|| lacks("query"))?;
    let command = match engine {
        "sqlite" => sqlite(making, verify, query)?,
        _ => match server(making, verify, engine, servers)? {
            Some(server) => of_server(making, verify, query, server),
            None => elsewhere(making, verify, engine, query),
        },
    };
    Ok(Probe::Command { command, expect: verify.expect.clone(), contains: verify.contains.clone() })
}

fn is_engine(server: &Throwaway, word: &str) -> bool {
    match server.engine {
        Engine::Postgres | Engine::PostgresBase => word == "postgres",
        _ => matches!(word, "mysql" | "mariadb"),
    }
}

/// The server of the run that is meant, if one is.
fn server<'s>(
    making: &Making<'_>,
    verify: &VerifyFile,
    engine: &str,
    servers: &'s [Throwaway],
) -> Result<Option<&'s Throwaway>, PlanError> {
    let is_elsewhere = verify.host.is_some() || verify.port.is_some() || verify.inside;
    if making.file.target.kind != TargetKind::Sandbox || is_elsewhere && verify.dump.is_none() {
        return match &verify.dump {
            Some(_) => Err(making.fault("`dump` of a verification names a server that a sandbox starts")),
            None => Ok(None),
        };
    }
    let is_meant = |server: &&Throwaway| match &verify.dump {
        Some(name) => server.name == *name,
        None => true,
    };
    let found: Vec<&Throwaway> =
        servers.iter().filter(|server| is_engine(server, engine)).filter(is_meant).collect();
    match (found.as_slice(), &verify.dump) {
        (&[one], _) => Ok(Some(one)),
        ([], None) => Ok(None),
        ([], Some(name)) => Err(making.fault(format!(
            "no component before this one loads a dump {name:?} of {engine} into a server of the sandbox"
        ))),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|server| server.name.as_str()).collect();
            let names = names.join(", ");
            Err(making
                .fault(format!("the sandbox has several servers of {engine}: say `dump`, one of {names}")))
        }
    }
}

fn of_server(making: &Making<'_>, verify: &VerifyFile, query: &str, server: &Throwaway) -> CommandLine {
    let program = |name: &str| match &server.bin_dir {
        Some(dir) => format!("{}/{name}", dir.trim_end_matches('/')),
        None => name.to_owned(),
    };
    let (socket, port) = (server.socket(), server.port.to_string());
    let user = verify.user.as_deref().unwrap_or(server.user());
    let words = match server.engine {
        Engine::Postgres | Engine::PostgresBase => {
            postgres(&program("psql"), query, Some(&socket), Some(&port), Some(user), verify)
        }
        engine => {
            let client = program(if engine == Engine::Mysql { "mysql" } else { "mariadb" });
            let mut words = mysql(&client, query, Some(&socket), None, Some(user), verify);
            // What this machine's files say is true of its own server.
            words.insert(1, "--no-defaults".to_owned());
            words
        }
    };
    making.line(&Words(words), false)
}

/// A server that this plan did not start: the machine's own, or the one that `host` says.
fn elsewhere(making: &Making<'_>, verify: &VerifyFile, engine: &str, query: &str) -> CommandLine {
    let port = verify.port.map(|port| port.to_string());
    let (host, user) = (verify.host.as_deref(), verify.user.as_deref());
    if engine != "postgres" {
        let client = if engine == "mysql" { "mysql" } else { "mariadb" };
        let words = mysql(client, query, host, port.as_deref(), user, verify);
        return making.line(&Words(words), verify.inside);
    }
    let words = postgres("psql", query, host, port.as_deref(), user, verify);
    // The machine's own server knows its superuser by the account that asks.
    let account = (host.is_none() && user.is_none()).then(|| "postgres".to_owned());
    CommandLine { user: account, ..making.line(&Words(words), verify.inside) }
}

fn postgres(
    program: &str,
    query: &str,
    host: Option<&str>,
    port: Option<&str>,
    user: Option<&str>,
    verify: &VerifyFile,
) -> Vec<String> {
    let words = [program, "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-c", query];
    let mut words = words.map(str::to_owned).to_vec();
    words.extend(host.map(|host| format!("--host={host}")));
    words.extend(port.map(|port| format!("--port={port}")));
    words.extend(user.map(|user| format!("--username={user}")));
    let database = verify.database.as_deref().or(host.map(|_| "postgres"));
    words.extend(database.map(|name| format!("--dbname={name}")));
    words
}

fn mysql(
    program: &str,
    query: &str,
    host: Option<&str>,
    port: Option<&str>,
    user: Option<&str>,
    verify: &VerifyFile,
) -> Vec<String> {
    let words = [program, "--batch", "--skip-column-names", "--execute", query];
    let mut words = words.map(str::to_owned).to_vec();
    words.extend(host.map(|host| match host.starts_with('/') {
        true => format!("--socket={host}"),
        false => format!("--host={host}"),
    }));
    words.extend(port.map(|port| format!("--port={port}")));
    words.extend(user.map(|user| format!("--user={user}")));
    words.extend(verify.database.clone());
    words
}

fn sqlite(making: &Making<'_>, verify: &VerifyFile, query: &str) -> Result<CommandLine, PlanError> {
    let file = verify.database.as_deref().ok_or_else(|| {
        making.fault("a verification of SQLite lacks the key `database`: the file below the root")
    })?;
    let file = match verify.inside {
        true => file.to_owned(),
        false => below(making.root, file).display().to_string(),
    };
    let words = ["sqlite3", "-readonly", "-batch", &file, query].map(str::to_owned).to_vec();
    Ok(making.line(&Words(words), verify.inside))
}
