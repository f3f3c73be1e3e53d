//! PostgreSQL by `pg_dump`: one custom-format dump for each database, and the cluster's roles and
//! tablespaces.
//!
//! A transaction is opened in every database first, all within milliseconds, and its snapshot exported; the
//! dumps are then taken from these snapshots, one after the other. So each dump is consistent, the position
//! in the log and the counts of rows are those of the very snapshot, and databases that are used together
//! differ by the milliseconds between the first and the last, which the record tells as two positions.
//! (PostgreSQL has no snapshot across databases: an exported one can be imported in its own database alone.)
//! The price is that the transactions stay open until their database is dumped, so vacuum cleans up a little
//! later.
//!
//! Compression is off, for what is compressed does not deduplicate. `template1` and other templates are left
//! out.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::sys::command::Invocation;
use crate::sys::dialogue::Dialogue;
use crate::system::database::client::{fault, file, stream, version_of};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::spec::{DatabaseSpec, Server, file_name};

/// Tables up to this many bytes are counted.
const COUNTED_MAX_BYTES: u64 = 64 << 20;
/// Tables counted in one query.
const COUNTED_AT_ONCE: usize = 100;
/// Databases dumped from snapshots of one moment; each takes a connection.
const DATABASES_MAX: usize = 64;
/// Ends an answer.
const MARK: &str = "--lifeboat-end-of-answer--";

/// Its dump.
pub struct Postgres {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

/// What the server says of itself.
#[derive(Debug, Deserialize)]
struct Cluster {
    version: String,
    system: String,
    databases: Vec<String>,
}

/// A transaction whose snapshot is exported.
struct Moment {
    database: String,
    session: Session,
    snapshot: String,
    position: String,
}

impl Postgres {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }

    fn session(&self, database: &str) -> Result<Session, ContributeError> {
        let mut invocation = psql(&self.spec.server, database);
        invocation.time_limit = self.spec.time_limit;
        Session::open(&invocation, database, &self.interrupt)
    }

    fn cluster(&self) -> Result<Cluster, ContributeError> {
        let first = self.spec.databases.first().map_or("postgres", String::as_str);
        let mut session = self.session(first)?;
        let asked = session.ask(
            "SELECT json_build_object('version', current_setting('server_version'), \
             'system', (SELECT system_identifier::text FROM pg_control_system()), \
             'databases', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]'::json) FROM pg_database \
             WHERE datallowconn AND NOT datistemplate))::text",
        );
        let answer = asked.map_err(|error| self.with_hint(error))?;
        session.close()?;
        let cluster: Cluster = serde_json::from_str(&answer)
            .map_err(|error| ContributeError(format!("psql answers what is not understood: {error}")))?;
        for name in &self.spec.databases {
            if !cluster.databases.contains(name) {
                let there = cluster.databases.join(", ");
                return Err(ContributeError(format!("there is no database {name:?}; there are {there}")));
            }
        }
        Ok(cluster)
    }

    /// `error` with what helps where the server knows accounts by name, and not ours.
    fn with_hint(&self, error: ContributeError) -> ContributeError {
        let is_stranger = ["Peer authentication failed", "role \""].iter().any(|mark| error.0.contains(mark));
        match is_stranger && self.spec.server.run_as.is_none() {
            true => ContributeError(format!(
                "{error} (`run_as = \"postgres\"` runs the programs as that account)"
            )),
            false => error,
        }
    }

    /// Opens a transaction in `database`, and exports its snapshot.
    fn moment(&self, database: &str) -> Result<Moment, ContributeError> {
        let mut session = self.session(database)?;
        session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        // It waits while others are dumped.
        session.ask("SET LOCAL idle_in_transaction_session_timeout = 0")?;
        session.ask("SET LOCAL statement_timeout = 0")?;
        let snapshot = session.ask("SELECT pg_export_snapshot()")?;
        let position = session.ask(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
             ELSE pg_current_wal_lsn() END::text",
        )?;
        Ok(Moment { database: database.to_owned(), session, snapshot, position })
    }

    fn dump(&self, moment: &mut Moment, sink: &mut dyn Sink) -> Result<Database, ContributeError> {
        let name = &moment.database;
        let mut database = Database { name: name.clone(), ..Database::default() };
        database.file = format!("{}.dump", file_name(name));
        if self.spec.verify {
            database.expect = counts(&mut moment.session)?;
        }
        let mut arguments: Vec<String> =
            ["--format=custom", "--compress=0", "--no-password"].map(String::from).into();
        arguments.push(format!("--snapshot={}", moment.snapshot));
        arguments.extend(connection(&self.spec.server));
        arguments.extend(self.spec.server.options.iter().cloned());
        arguments.push(format!("--dbname={}", conninfo(name)));
        let invocation = self.invocation("pg_dump", arguments);
        stream(&invocation, file(&database.file, "dump", name), sink, &self.interrupt)?;
        Ok(database)
    }

    fn globals(&self, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let mut arguments: Vec<String> = ["--globals-only", "--no-password"].map(String::from).into();
        arguments.extend(connection(&self.spec.server));
        arguments.push(format!("--database={}", self.spec.databases.first().map_or("postgres", |name| name)));
        let invocation = self.invocation("pg_dumpall", arguments);
        stream(&invocation, file("globals.sql", "globals", "roles"), sink, &self.interrupt).map(drop).map_err(
            |error| {
                ContributeError(format!(
                    "{error} (roles with their passwords are dumped by a superuser; `globals = false` leaves \
                     them out)"
                ))
            },
        )
    }

    fn invocation(&self, program: &str, arguments: Vec<String>) -> Invocation {
        let mut invocation = with_secrets(&self.spec.server, self.spec.server.invocation(program, arguments));
        invocation.time_limit = self.spec.time_limit;
        invocation
    }
}

impl Contributor for Postgres {
    fn attachment(&self) -> Attachment {
        self.spec.attachment()
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        into.tool = Some(version_of(&self.spec.server, "pg_dump", &self.interrupt)?);
        let cluster = self.cluster()?;
        into.version = Some(cluster.version);
        into.details.insert("system_identifier".into(), cluster.system);
        let meant: Vec<&String> = cluster.databases.iter().filter(|name| self.spec.is_meant(name)).collect();
        if meant.len() > DATABASES_MAX {
            sink.warn(&format!(
                "database {}: {} databases are dumped from snapshots of several moments, {DATABASES_MAX} \
                 at a time",
                self.spec.name,
                meant.len()
            ));
        }
        if self.spec.globals {
            self.globals(sink)?;
        }
        let mut databases = Vec::new();
        let mut positions: Vec<String> = Vec::new();
        for group in meant.chunks(DATABASES_MAX) {
            let mut moments = Vec::new();
            for name in group {
                moments.push(self.moment(name)?);
            }
            for moment in &mut moments {
                into.details.insert(format!("lsn {}", moment.database), moment.position.clone());
                positions.push(moment.position.clone());
                databases.push(self.dump(moment, sink)?);
                moment.session.ask("COMMIT")?;
            }
            for moment in moments {
                moment.session.close()?;
            }
        }
        into.position = match (positions.first(), positions.last()) {
            (Some(first), Some(last)) if first != last => Some(format!("{first} to {last}")),
            (first, _) => first.cloned(),
        };
        let mut manifest = Manifest::of(into);
        if self.spec.globals {
            manifest
                .restore
                .push("psql -d postgres -f globals.sql   # \"already exists\" is no fault".into());
        }
        manifest.restore.extend(databases.iter().map(|database| match database.name.as_str() {
            "postgres" => format!("pg_restore --clean --if-exists -d postgres < {}", database.file),
            _ => format!("pg_restore --create --exit-on-error -d postgres < {}", database.file),
        }));
        manifest.databases = databases;
        manifest.put(sink)
    }
}

/// How many rows the small tables have, by the query that tells.
fn counts(session: &mut Session) -> Result<BTreeMap<String, String>, ContributeError> {
    let list = session.ask(&format!(
        "SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY 1), '[]'::json)::text \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' \
         AND n.nspname NOT LIKE 'pg\\_%' AND has_table_privilege(c.oid, 'SELECT') \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
         AND pg_relation_size(c.oid) <= {COUNTED_MAX_BYTES}"
    ))?;
    let tables: Vec<String> = serde_json::from_str(&list)
        .map_err(|error| ContributeError(format!("psql answers what is not understood: {error}")))?;
    let queries: Vec<String> =
        tables.iter().map(|table| format!("SELECT count(*) FROM ONLY {table}")).collect();
    let mut counts = BTreeMap::new();
    for group in queries.chunks(COUNTED_AT_ONCE) {
        let answer = session
            .ask(&group.iter().map(|query| format!("({query})")).collect::<Vec<_>>().join(" UNION ALL "))?;
        let numbers: Vec<&str> = answer.lines().collect();
        if numbers.len() != group.len() {
            return Err(ContributeError(format!("psql counts {} of {} tables", numbers.len(), group.len())));
        }
        counts.extend(group.iter().cloned().zip(numbers.into_iter().map(str::to_owned)));
    }
    Ok(counts)
}

/// Where the server is, as all of its programs take it.
pub fn connection(server: &Server) -> Vec<String> {
    let socket = server.socket.as_ref().map(|dir| dir.to_string_lossy().into_owned());
    let host = socket.or_else(|| server.host.clone());
    [
        host.map(|host| format!("--host={host}")),
        server.port.map(|port| format!("--port={port}")),
        server.user.as_ref().map(|user| format!("--username={user}")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `invocation` with what libpq finds passwords by.
pub fn with_secrets(server: &Server, mut invocation: Invocation) -> Invocation {
    if let Some(file) = &server.credentials_file {
        invocation = invocation.variable("PGPASSFILE", file);
    }
    if let Some(password) = &server.password {
        invocation = invocation.variable("PGPASSWORD", password.expose());
    }
    invocation.variable("PGAPPNAME", "lifeboat").variable("PGCLIENTENCODING", "UTF8")
}

/// `psql` on `database`, quiet, unaligned, and ending at the first error.
pub fn psql(server: &Server, database: &str) -> Invocation {
    let mut arguments: Vec<String> =
        ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password", "--set=ON_ERROR_STOP=1"]
            .map(String::from)
            .into();
    arguments.extend(connection(server));
    arguments.push(format!("--dbname={}", conninfo(database)));
    with_secrets(server, server.invocation("psql", arguments))
}

/// `database` as a connection string: as plain text a name that holds `=` would be taken for one.
pub fn conninfo(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A connection that is kept open.
struct Session {
    dialogue: Dialogue,
    database: String,
}

impl Session {
    fn open(invocation: &Invocation, database: &str, interrupt: &Interrupt) -> Result<Self, ContributeError> {
        let dialogue = Dialogue::start(invocation, interrupt)
            .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
        Ok(Self { dialogue, database: database.to_owned() })
    }

    /// What `query` yields, line by line.
    fn ask(&mut self, query: &str) -> Result<String, ContributeError> {
        let failed = fault(format!("database {:?}", self.database));
        self.dialogue.say(&format!("{query};\n\\echo {MARK}\n")).map_err(&failed)?;
        let mut answer = Vec::new();
        loop {
            match self.dialogue.line().map_err(&failed)? {
                line if line == MARK => return Ok(answer.join("\n")),
                line => answer.push(line),
            }
        }
    }

    fn close(self) -> Result<(), ContributeError> {
        let failed = fault(format!("database {:?}", self.database));
        self.dialogue.finish().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_taken_for_a_connection_string() {
        assert_eq!(conninfo("a=b 'c' \\"), "dbname='a=b \\'c\\' \\\\'");
    }

    #[test]
    fn a_password_is_in_no_argument() {
        let server = Server {
            password: Some(crate::base::secret::SecretText::new("hunter2".into())),
            port: Some(5433),
            user: Some("backup".into()),
            ..Server::default()
        };
        let invocation = psql(&server, "postgres");
        assert!(!invocation.display().contains("hunter2"), "{}", invocation.display());
        assert!(invocation.display().contains("--port=5433 --username=backup"));
    }
}
