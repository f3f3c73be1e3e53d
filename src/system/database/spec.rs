//! What is to be dumped, and how it is reached: `[[job.NAME.database]]` made definite.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::secret::SecretText;
use crate::repo::attachment::{Attachment, DIRECTORY, KIND_DATABASE, Necessity};
use crate::sys::meta::owners::Account;

/// Kinds of databases, and ways to dump them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL, each database by `pg_dump`.
    Postgres,
    /// PostgreSQL, the whole cluster's files by `pg_basebackup`.
    PostgresBase,
    /// MySQL, by `mysqldump`.
    Mysql,
    /// MariaDB, by `mariadb-dump`.
    Mariadb,
    /// A SQLite file, by `sqlite3`.
    Sqlite,
    /// Redis or Valkey, by `redis-cli`.
    Redis,
    /// Whatever a program prints.
    Command,
}

impl Engine {
    /// Its name in the snapshot's record.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::PostgresBase => "postgres-base",
            Engine::Mysql => "mysql",
            Engine::Mariadb => "mariadb",
            Engine::Sqlite => "sqlite",
            Engine::Redis => "redis",
            Engine::Command => "command",
        }
    }

    /// The engine of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Engine::Postgres,
            Engine::PostgresBase,
            Engine::Mysql,
            Engine::Mariadb,
            Engine::Sqlite,
            Engine::Redis,
            Engine::Command,
        ];
        all.into_iter().find(|engine| engine.name() == name)
    }
}

/// One source of dumps.
#[derive(Clone, Debug)]
pub struct DatabaseSpec {
    /// Its name: a directory below `/.lifeboat/databases`.
    pub name: String,
    /// What it is.
    pub engine: Engine,
    /// What a failure means.
    pub necessity: Necessity,
    /// How long all of it may take.
    pub time_limit: Option<Duration>,
    /// How a server is reached.
    pub server: Server,
    /// Only these databases; all that are not the server's own if empty.
    pub databases: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
    /// Whether users, roles and the like are dumped too.
    pub globals: bool,
    /// Whether rows are counted and contents summed where that is cheap, to compare a restored database with.
    pub verify: bool,
    /// The file of a SQLite database.
    pub path: PathBuf,
    /// Whether Redis writes its file itself (BGSAVE) and that is read, for servers that refuse SYNC.
    pub bgsave: bool,
    /// The program that prints the dump, with its arguments.
    pub program: Vec<String>,
    /// The program that reads it back, with its arguments.
    pub restore: Vec<String>,
    /// The name of its file.
    pub file: String,
}

/// How a server is reached, and with which programs.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Host name, or address.
    pub host: Option<String>,
    /// The socket: a directory for PostgreSQL, a file for the others.
    pub socket: Option<PathBuf>,
    /// Port.
    pub port: Option<u16>,
    /// The database user.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretText>,
    /// A file in the database's own format that holds user and password.
    pub credentials_file: Option<PathBuf>,
    /// The account of this machine that programs run as, with its name.
    pub run_as: Option<(String, Account)>,
    /// The directory of the programs, where they are not in `PATH`.
    pub bin_dir: Option<PathBuf>,
    /// Further arguments of the program that dumps.
    pub options: Vec<String>,
}

impl DatabaseSpec {
    /// A source with the defaults.
    pub fn new(name: impl Into<String>, engine: Engine) -> Self {
        Self {
            name: name.into(),
            engine,
            necessity: Necessity::Required,
            time_limit: None,
            server: Server::default(),
            databases: Vec::new(),
            exclude: Vec::new(),
            globals: true,
            verify: true,
            path: PathBuf::new(),
            bgsave: false,
            program: Vec::new(),
            restore: Vec::new(),
            file: "dump".into(),
        }
    }

    /// The attachment as it is known before anything is run.
    pub fn attachment(&self) -> Attachment {
        let mut attachment = Attachment {
            kind: KIND_DATABASE.into(),
            name: self.name.clone(),
            path: format!("/{DIRECTORY}/databases/{}", self.name),
            engine: Some(self.engine.name().into()),
            ..Attachment::default()
        };
        let server = &self.server;
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let facts = [
            ("host", server.host.clone()),
            ("socket", server.socket.as_ref().map(text)),
            ("port", server.port.map(|port| port.to_string())),
            ("user", server.user.clone()),
            ("credentials_file", server.credentials_file.as_ref().map(text)),
            ("run_as", server.run_as.as_ref().map(|(name, _)| name.clone())),
        ];
        for (name, value) in facts {
            attachment.details.extend(value.map(|value| (name.to_owned(), value)));
        }
        attachment
    }

    /// Whether the database `name` is meant.
    pub fn is_meant(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|one| one == name);
        (self.databases.is_empty() || named(&self.databases)) && !named(&self.exclude)
    }
}

/// `name` as the name of a file: what a path cannot hold is written `%XX`.
pub fn file_name(name: &str) -> String {
    let mut text = String::new();
    for (index, byte) in name.bytes().enumerate() {
        match byte {
            b'%' | b'/' | 0..=31 | 127 => text.push_str(&format!("%{byte:02X}")),
            b'.' if index == 0 => text.push_str("%2E"),
            _ => text.push(char::from(byte)),
        }
    }
    // Bytes above 127 were pushed as characters of their own; a name that has them is spelled out instead.
    if name.is_ascii() { text } else { percent_encoded(name) }
}

fn percent_encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases_become_names_of_files_that_nothing_can_be_mistaken_for() {
        for (name, file) in
            [("shop", "shop"), ("a/b", "a%2Fb"), (".", "%2E"), ("50%", "50%25"), ("größe", "gr%C3%B6%C3%9Fe")]
        {
            assert_eq!(file_name(name), file);
        }
    }

    #[test]
    fn an_attachment_tells_where_the_server_was_and_no_secret() {
        let mut spec = DatabaseSpec::new("main", Engine::Postgres);
        spec.server.port = Some(5433);
        spec.server.password = Some(SecretText::new("hunter2".into()));
        let attachment = spec.attachment();
        assert_eq!(attachment.path, "/.lifeboat/databases/main");
        assert_eq!(attachment.details["port"], "5433");
        assert!(!format!("{attachment:?} {spec:?}").contains("hunter2"));
    }
}
