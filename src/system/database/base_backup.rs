//! PostgreSQL by `pg_basebackup`: the files of a whole cluster as one tar, with the log that makes them
//! consistent.
//!
//! The tar streams to standard output, which `pg_basebackup` allows for clusters without further
//! tablespaces, and holds `backup_manifest`, so `pg_verifybackup` proves a restored copy file by file. The
//! log is fetched at the end (`--wal-method=fetch`): the server must keep the log of as long as the backup
//! takes (`wal_keep_size`, or a slot); if it does not, `pg_basebackup` says so and fails. It takes a user
//! with the right to replicate.

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::sys::dialogue::Dialogue;
use crate::system::database::client::{ask, fault, file, version_of};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::postgres::{connection, psql, with_secrets};
use crate::system::database::spec::DatabaseSpec;

/// The name of the archive.
pub const FILE: &str = "base.tar";

/// Its dump.
pub struct BaseBackup {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

impl BaseBackup {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }
}

impl Contributor for BaseBackup {
    fn attachment(&self) -> Attachment {
        self.spec.attachment()
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let server = &self.spec.server;
        into.tool = Some(version_of(server, "pg_basebackup", &self.interrupt)?);
        let query = "SELECT current_setting('server_version') || E'\\t' || \
                     (SELECT system_identifier FROM pg_control_system()) || E'\\t' || \
                     (SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global'))";
        let facts = ask(&psql(server, "postgres"), query, &self.interrupt)?;
        let [version, system, tablespaces] = facts.trim().split('\t').collect::<Vec<_>>()[..] else {
            return Err(ContributeError(format!("psql answers what is not understood: {facts:?}")));
        };
        if tablespaces != "0" {
            return Err(ContributeError(format!(
                "the cluster has {tablespaces} further {}, and pg_basebackup streams only one; use \
                 `method = \"dump\"`, or a file-system snapshot as source",
                if tablespaces == "1" { "tablespace" } else { "tablespaces" }
            )));
        }
        into.version = Some(version.to_owned());
        into.details.insert("system_identifier".into(), system.to_owned());
        let mut arguments: Vec<String> = [
            "--pgdata=-",
            "--format=tar",
            "--wal-method=fetch",
            "--checkpoint=fast",
            "--no-password",
            "--verbose",
        ]
        .map(String::from)
        .into();
        arguments.push(format!("--label=lifeboat {}", self.spec.name));
        arguments.extend(connection(server));
        arguments.extend(server.options.iter().cloned());
        let mut invocation = with_secrets(server, server.invocation("pg_basebackup", arguments));
        invocation.time_limit = self.spec.time_limit;
        let mut output = Dialogue::listen(&invocation, &self.interrupt)
            .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
        sink.put(file(FILE, "cluster", "cluster"), &mut output).map_err(fault(FILE))?;
        into.position = position(&output.last_words());
        if into.position.is_none() {
            sink.warn(&format!("database {}: pg_basebackup did not tell its position", self.spec.name));
        }
        let mut manifest = Manifest::of(into);
        manifest.restore = vec![
            "install -d -m 0700 -o postgres DIR".into(),
            format!("tar -x -C DIR < {FILE}"),
            "pg_verifybackup DIR".into(),
            format!("pg_ctl -D DIR start   # PostgreSQL {version}, the same major version and architecture"),
        ];
        manifest.databases.push(Database {
            name: "cluster".into(),
            file: FILE.into(),
            ..Database::default()
        });
        manifest.put(sink)
    }
}

/// Beginning and end of the log, from what `pg_basebackup --verbose` says.
fn position(words: &str) -> Option<String> {
    let after = |mark: &str| {
        let rest = words.split_once(mark)?.1;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let begin = after("write-ahead log start point: ")?;
    let timeline = after(" on timeline ").map(|number| format!(", timeline {number}")).unwrap_or_default();
    let end = after("write-ahead log end point: ").map(|end| format!(" to {end}")).unwrap_or_default();
    Some(format!("{begin}{end}{timeline}"))
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn the_position_is_read_from_what_the_program_says() {
        let words = "pg_basebackup: initiating base backup, waiting for checkpoint to complete\n\
                     pg_basebackup: checkpoint completed\n\
                     pg_basebackup: write-ahead log start point: 0/2000028 on timeline 1\n\
                     pg_basebackup: write-ahead log end point: 0/2000100\n\
                     pg_basebackup: base backup completed";
        assert_eq!(position(words).as_deref(), Some("0/2000028 to 0/2000100, timeline 1"));
        assert_eq!(position("something else"), None);
    }
}
