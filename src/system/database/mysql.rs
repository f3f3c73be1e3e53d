//! MySQL and MariaDB by `mysqldump` or `mariadb-dump`: all databases in one stream, from one transaction.
//!
//! `--single-transaction` reads InnoDB tables from one snapshot, so that all databases of one dump belong
//! together, and writers are not held up. Tables of other engines (MyISAM, Aria, MEMORY…) have no snapshots:
//! they are dumped as they are when their turn comes, which is said as a warning that names them. Where the
//! server keeps a binary log, the dump begins with the position that belongs to its snapshot, and the record
//! gets it from there. Users and grants are a file of their own: the database `mysql` itself is not dumped,
//! for it fits no other version.
//!
//! Rows are not counted, for only the dump sees its snapshot; what a restored server is compared with is how
//! many tables, views, routines, triggers and events there are.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::sys::command::Invocation;
use crate::sys::dialogue::Dialogue;
use crate::system::database::client::{ask, fault, file, first_of, stream};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::spec::{DatabaseSpec, Engine, Server};

/// The server's own databases, which no dump holds.
const OWN: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];
/// The beginning of a dump, where its position stands, and the end, where MariaDB writes its own.
const WATCHED_BYTES: usize = 64 << 10;
/// Tables named in one warning.
const NAMED_MAX: usize = 10;
/// The name of the dump.
pub const FILE: &str = "all.sql";

/// Its dump.
pub struct Mysql {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

impl Mysql {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }

    fn is_mariadb(&self) -> bool {
        self.spec.engine == Engine::Mariadb
    }

    fn query(&self, client: &str, sql: &str) -> Result<Vec<Vec<String>>, ContributeError> {
        let answer = ask(&client_of(&self.spec.server, client), sql, &self.interrupt)?;
        Ok(answer.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    fn dump_arguments(&self, has_log: bool, databases: &[String]) -> Vec<String> {
        let mut arguments: Vec<String> = [
            "--single-transaction",
            "--quick",
            "--routines",
            "--events",
            "--triggers",
            "--hex-blob",
            "--skip-dump-date",
            "--default-character-set=utf8mb4",
        ]
        .map(String::from)
        .into();
        match (has_log, self.is_mariadb()) {
            (true, true) => arguments.push("--master-data=2".into()),
            (true, false) => arguments.push("--source-data=2".into()),
            (false, _) => {}
        }
        if !self.is_mariadb() {
            // Otherwise the dump would set what has been executed on the server that it is restored to.
            arguments.push("--set-gtid-purged=COMMENTED".into());
        }
        arguments.extend(self.spec.server.options.iter().cloned());
        arguments.push("--databases".into());
        arguments.extend(databases.iter().cloned());
        arguments
    }

    fn users(&self, client: &str, dump: &str, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let about = file("users.sql", "globals", "users");
        if self.is_mariadb() {
            let mut invocation = with_server(&self.spec.server, dump, &["--system=users", "--insert-ignore"]);
            invocation.time_limit = self.spec.time_limit;
            return stream(&invocation, about, sink, &self.interrupt).map(drop);
        }
        let text = self.mysql_users(client)?;
        sink.put(about, &mut text.as_bytes()).map(drop).map_err(fault("users"))
    }

    /// MySQL has no program that dumps users: they are asked for one by one.
    fn mysql_users(&self, client: &str) -> Result<String, ContributeError> {
        let users = self.query(
            client,
            "SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user NOT LIKE 'mysql.%' \
             ORDER BY user, host",
        )?;
        let mut text = String::new();
        for user in users.iter().filter_map(|row| row.first()) {
            for row in self.query(client, &format!("SHOW CREATE USER {user}"))? {
                let create = row.join("\t");
                text.push_str(&create.replacen("CREATE USER", "CREATE USER IF NOT EXISTS", 1));
                text.push_str(";\n");
            }
            for row in self.query(client, &format!("SHOW GRANTS FOR {user}"))? {
                text.push_str(&row.join("\t"));
                text.push_str(";\n");
            }
        }
        Ok(text)
    }

    fn warn_of_engines(
        &self,
        client: &str,
        meant: &[String],
        sink: &mut dyn Sink,
    ) -> Result<(), ContributeError> {
        let rows = self.query(
            client,
            "SELECT table_schema, table_name, engine FROM information_schema.tables WHERE table_type = \
             'BASE TABLE' \
             AND engine NOT IN ('InnoDB', 'ROCKSDB', 'TokuDB') ORDER BY 1, 2",
        )?;
        let tables: Vec<String> = rows
            .iter()
            .filter(|row| row.len() == 3 && meant.contains(&row[0]))
            .map(|row| format!("{}.{} ({})", row[0], row[1], row[2]))
            .collect();
        if let Some(first) = tables.get(..tables.len().min(NAMED_MAX)).filter(|first| !first.is_empty()) {
            let more = match tables.len() - first.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            sink.warn(&format!(
                "database {}: these tables have no transactions, so what is dumped of them need not fit the \
                 others, nor itself: {}{more}",
                self.spec.name,
                first.join(", ")
            ));
        }
        Ok(())
    }

    fn meant(&self, client: &str) -> Result<Vec<String>, ContributeError> {
        let rows = self.query(client, "SELECT schema_name FROM information_schema.schemata ORDER BY 1")?;
        let there: Vec<String> =
            rows.into_iter().flatten().filter(|name| !OWN.contains(&name.as_str())).collect();
        if let Some(missing) = self.spec.databases.iter().find(|name| !there.contains(name)) {
            let there = there.join(", ");
            return Err(ContributeError(format!("there is no database {missing:?}; there are {there}")));
        }
        Ok(there.into_iter().filter(|name| self.spec.is_meant(name)).collect())
    }

    fn dump(
        &self,
        program: &str,
        arguments: Vec<String>,
        sink: &mut dyn Sink,
    ) -> Result<Option<String>, ContributeError> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut invocation = with_server(&self.spec.server, program, &words);
        invocation.time_limit = self.spec.time_limit;
        let output = Dialogue::listen(&invocation, &self.interrupt)
            .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
        let mut watched = Watched { output, head: Vec::new(), tail: Vec::new() };
        sink.put(file(FILE, "dump", "all databases"), &mut watched).map_err(fault(FILE))?;
        Ok(position(&watched.head, &watched.tail))
    }
}

impl Contributor for Mysql {
    fn attachment(&self) -> Attachment {
        self.spec.attachment()
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let server = &self.spec.server;
        let (dumpers, clients) = programs(self.spec.engine);
        let (dump, tool) = first_of(server, dumpers, &self.interrupt)?;
        let (client, _) = first_of(server, clients, &self.interrupt)?;
        into.tool = Some(tool);
        let facts = self.query(client, "SELECT VERSION(), @@log_bin")?;
        let [version, log] = facts.first().map(Vec::as_slice).unwrap_or_default() else {
            return Err(ContributeError(format!("{client} answers what is not understood: {facts:?}")));
        };
        into.version = Some(version.clone());
        let meant = self.meant(client)?;
        self.warn_of_engines(client, &meant, sink)?;
        if self.spec.globals {
            self.users(client, dump, sink).map_err(|error| {
                let hint = "users are dumped by one that may read them; `globals = false` leaves them out";
                ContributeError(format!("{error} ({hint})"))
            })?;
        }
        if meant.is_empty() {
            sink.warn(&format!("database {}: the server has no database but its own", self.spec.name));
        } else {
            let expect = match self.spec.verify {
                true => self.expectations(client, &meant)?,
                false => BTreeMap::new(),
            };
            into.position = self.dump(dump, self.dump_arguments(log == "1", &meant), sink)?;
            let mut manifest = Manifest::of(into);
            if self.spec.globals {
                manifest.restore.push(format!("{client} --force < users.sql"));
            }
            manifest.restore.push(format!("{client} < {FILE}   # replaces tables of the same name"));
            manifest.databases = meant
                .into_iter()
                .map(|name| Database { name, file: FILE.into(), ..Database::default() })
                .collect();
            if let Some(first) = manifest.databases.first_mut() {
                first.expect = expect;
            }
            manifest.put(sink)?;
        }
        Ok(())
    }
}

impl Mysql {
    /// How many things of each kind there are, by the query that tells.
    fn expectations(
        &self,
        client: &str,
        meant: &[String],
    ) -> Result<BTreeMap<String, String>, ContributeError> {
        let names = meant.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let kinds = [
            ("tables", "table_schema"),
            ("routines", "routine_schema"),
            ("triggers", "trigger_schema"),
            ("events", "event_schema"),
        ];
        let mut expected = BTreeMap::new();
        for (kind, schema) in kinds {
            let query = format!("SELECT COUNT(*) FROM information_schema.{kind} WHERE {schema} IN ({names})");
            let answer = self.query(client, &query)?;
            let count = answer.into_iter().flatten().next().unwrap_or_default();
            expected.insert(query, count);
        }
        Ok(expected)
    }
}

/// `text` as a literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The programs that dump, and that speak with the server, under all their names.
pub fn programs(engine: Engine) -> (&'static [&'static str], &'static [&'static str]) {
    match engine {
        Engine::Mysql => (&["mysqldump"], &["mysql"]),
        _ => (&["mariadb-dump", "mysqldump"], &["mariadb", "mysql"]),
    }
}

/// `program` with the server's address in front of `arguments`.
pub fn with_server(server: &Server, program: &str, arguments: &[&str]) -> Invocation {
    let mut words: Vec<String> = Vec::new();
    // These files must be named before anything else.
    words.extend(
        server.credentials_file.as_ref().map(|file| format!("--defaults-extra-file={}", file.display())),
    );
    words.extend(server.socket.as_ref().map(|socket| format!("--socket={}", socket.display())));
    words.extend(server.host.as_ref().map(|host| format!("--host={host}")));
    words.extend(server.port.map(|port| format!("--port={port}")));
    words.extend(server.user.as_ref().map(|user| format!("--user={user}")));
    words.extend(arguments.iter().map(|word| (*word).to_owned()));
    let invocation = server.invocation(program, words);
    match &server.password {
        Some(password) => invocation.variable("MYSQL_PWD", password.expose()),
        None => invocation,
    }
}

/// The client, answering as plain lines.
pub fn client_of(server: &Server, client: &str) -> Invocation {
    with_server(server, client, &["--batch", "--skip-column-names", "--default-character-set=utf8mb4"])
}

/// The position that a dump tells of itself: GTID where there is one, and binary log.
fn position(head: &[u8], tail: &[u8]) -> Option<String> {
    let (head, tail) = (String::from_utf8_lossy(head), String::from_utf8_lossy(tail));
    let between = |text: &str, mark: &str| {
        let rest = text.split_once(mark)?.1.trim_start_matches(['=', ' ', '\'']);
        let end = rest.find(['\'', ';', ',']).unwrap_or(rest.len());
        Some(rest[..end].replace('\n', "")).filter(|text| !text.is_empty())
    };
    let either =
        |marks: &[&str]| marks.iter().find_map(|mark| between(&head, mark).or_else(|| between(&tail, mark)));
    let gtid = either(&["gtid_slave_pos", "GTID_PURGED=/*!80000 '+'*/", "GTID_PURGED"]);
    let log =
        either(&["MASTER_LOG_FILE", "SOURCE_LOG_FILE"]).zip(either(&["MASTER_LOG_POS", "SOURCE_LOG_POS"]));
    match (gtid, log) {
        (None, None) => None,
        (gtid, log) => {
            let log = log.map(|(file, at)| format!("{file}:{at}"));
            let parts = [gtid.map(|gtid| format!("GTID {gtid}")), log];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
    }
}

/// A dump whose beginning and end are kept.
struct Watched {
    output: Dialogue,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.output.read(buffer)?;
        if len == 0 && !String::from_utf8_lossy(&self.tail).contains("-- Dump completed") {
            return Err(io::Error::other("the dump ends without saying that it is complete"));
        }
        let room = WATCHED_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&buffer[..len.min(room)]);
        self.tail.extend_from_slice(&buffer[..len]);
        if self.tail.len() > 2 * WATCHED_BYTES {
            let excess = self.tail.len() - WATCHED_BYTES;
            self.tail.drain(..excess);
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_tells_its_position_as_mariadb_and_as_mysql_write_it() {
        let head = b"-- x\n-- CHANGE MASTER TO MASTER_LOG_FILE='bin.000001', MASTER_LOG_POS=1645;\n";
        let tail = b"--\n-- SET GLOBAL gtid_slave_pos='0-1-8';\n-- Dump completed";
        assert_eq!(position(head, tail).as_deref(), Some("GTID 0-1-8, bin.000001:1645"));
        let mysql = b"/* SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3E11FA47-71CA:1-5,\nA:1';*/\n\
            -- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=157;\n";
        assert_eq!(position(mysql, b"").as_deref(), Some("GTID 3E11FA47-71CA:1-5, binlog.000002:157"));
        assert_eq!(position(b"-- MariaDB dump", b""), None);
    }

    #[test]
    fn the_file_of_credentials_comes_first_and_no_password_is_an_argument() {
        let server = Server {
            credentials_file: Some("/etc/my.cnf".into()),
            password: Some(crate::base::secret::SecretText::new("hunter2".into())),
            user: Some("backup".into()),
            ..Server::default()
        };
        let shown = client_of(&server, "mariadb").display();
        assert!(shown.starts_with("mariadb --defaults-extra-file=/etc/my.cnf --user=backup"), "{shown}");
        assert!(!shown.contains("hunter2"));
        assert_eq!(quoted("it's\\"), "'it''s\\\\'");
    }
}
