//! `[[job.NAME.database]]`: databases that a job dumps, as values and as keys of the schema.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::cli::settings::model::{duration, list};
use crate::cli::settings::schema::{Field, Kind, field};

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// Its name in the snapshot.
    pub name: String,
    /// What it is.
    pub engine: String,
    /// How it is dumped.
    pub method: Option<String>,
    /// What a failure means.
    pub required: Option<bool>,
    /// Host name, or address.
    pub host: Option<String>,
    /// The socket.
    pub socket: Option<PathBuf>,
    /// Port.
    pub port: Option<u16>,
    /// The database user.
    pub user: Option<String>,
    /// Where the password is.
    pub password_file: Option<PathBuf>,
    /// The variable that holds it.
    pub password_env: Option<String>,
    /// What prints it.
    pub password_command: Option<String>,
    /// User and password in the database's own format.
    pub credentials_file: Option<PathBuf>,
    /// The account that programs run as.
    pub run_as: Option<String>,
    /// Where the programs are.
    pub bin_dir: Option<PathBuf>,
    /// Further arguments.
    #[serde(deserialize_with = "list")]
    pub options: Vec<String>,
    /// Only these.
    #[serde(deserialize_with = "list")]
    pub databases: Vec<String>,
    /// Not these.
    #[serde(deserialize_with = "list")]
    pub exclude: Vec<String>,
    /// Roles, users and grants too.
    pub globals: Option<bool>,
    /// Count and sum.
    pub verify: Option<bool>,
    /// The file of a SQLite database.
    pub path: Option<PathBuf>,
    /// What prints the dump.
    #[serde(deserialize_with = "list")]
    pub program: Vec<String>,
    /// What reads it back.
    #[serde(deserialize_with = "list")]
    pub restore: Vec<String>,
    /// The name of what it prints.
    pub file: Option<String>,
    /// How long all of it may take.
    #[serde(deserialize_with = "duration")]
    pub time_limit: Option<Duration>,
}

/// Engines, as they are written.
const ENGINES: &[&str] = &["postgres", "mysql", "mariadb", "sqlite", "redis", "command"];
/// Ways to dump.
const METHODS: &[&str] = &["dump", "base", "stream", "bgsave"];

/// Its keys.
pub const DATABASE: &[Field] = &[
    field("name", Kind::Text, "Its name, unique in the job: its directory in the snapshot. Required."),
    field("engine", Kind::Word(ENGINES), "What it is. Required."),
    field(
        "method",
        Kind::Word(METHODS),
        "How it is dumped. postgres: `dump` (the default: each database by pg_dump) or `base` (the whole \
         cluster's files by pg_basebackup). redis: `stream` (the default) or `bgsave`, where the server \
         refuses SYNC.",
    ),
    field(
        "required",
        Kind::Bool,
        "true (the default): if it cannot be dumped, there is no snapshot. false: there is one without \
         it, and the exit status is 3.",
    ),
    field("host", Kind::Text, "The server's host; its usual socket on this machine otherwise."),
    field("socket", Kind::Path, "The server's socket: a directory for postgres, a file for the others."),
    field("port", Kind::Integer(1, 65_535), "The server's port."),
    field("user", Kind::Text, "The database user."),
    field("password_file", Kind::Path, "A file whose first line is that user's password."),
    field("password_env", Kind::Text, "The name of a variable that holds it."),
    field("password_command", Kind::Text, "A command for `sh -c` whose first line of output is it."),
    field(
        "credentials_file",
        Kind::Path,
        "A file of the database's own: a password file (PGPASSFILE) for postgres, an option file \
         (--defaults-extra-file) for mysql and mariadb.",
    ),
    field(
        "run_as",
        Kind::Text,
        "The account that the programs run as, such as \"postgres\"; ours otherwise.",
    ),
    field("bin_dir", Kind::Path, "Where the programs are, if not in PATH."),
    field("options", Kind::Texts, "Further arguments for the program that dumps."),
    field("databases", Kind::Texts, "Only these databases; all but the server's own otherwise."),
    field("exclude", Kind::Texts, "Not these databases."),
    field("globals", Kind::Bool, "Dump roles, users and grants as well; true otherwise."),
    field(
        "verify",
        Kind::Bool,
        "Count rows or sum contents where that is cheap, so that a restored database can be compared; true \
         otherwise.",
    ),
    field("path", Kind::Path, "The file of a sqlite database."),
    field("program", Kind::Texts, "engine \"command\": the program that prints the dump, and its arguments."),
    field("restore", Kind::Texts, "engine \"command\": the program that reads it back, and its arguments."),
    field("file", Kind::Text, "engine \"command\": the name of the dump; `dump` otherwise."),
    field("time_limit", Kind::Duration, "How long the whole dump may take; without a limit otherwise."),
];

impl DatabaseSettings {
    /// Every path of them.
    pub fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let files = self.password_file.iter_mut().chain(&mut self.credentials_file);
        files.chain(&mut self.socket).chain(&mut self.bin_dir).chain(&mut self.path)
    }

    /// What is wrong with them together: the key, and why.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let lacks =
            |key: &'static str| Some((key, format!("a {} database lacks the key `{key}`", self.engine)));
        let passwords =
            [self.password_file.is_some(), self.password_env.is_some(), self.password_command.is_some()];
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match self.engine.as_str() {
            _ if self.name.is_empty() => return Some(("name", "a database lacks the key `name`".into())),
            _ if self.name.starts_with('.') || !self.name.chars().all(is_plain) => {
                let why =
                    "is no name for a database: letters, digits, `.`, `_` and `-`, not beginning with a dot";
                return Some(("name", format!("`{}` {why}", self.name)));
            }
            "" => return Some(("engine", format!("the database {} lacks the key `engine`", self.name))),
            "sqlite" if self.path.is_none() => return lacks("path"),
            "command" if self.program.is_empty() => return lacks("program"),
            _ => {}
        }
        if passwords.into_iter().filter(|given| *given).count() > 1 {
            let why = "`password_file`, `password_env` and `password_command` exclude each other";
            return Some(("name", why.to_owned()));
        }
        match (self.engine.as_str(), self.method.as_deref()) {
            (_, None) | ("postgres", Some("dump" | "base")) | ("redis", Some("stream" | "bgsave")) => None,
            (engine, Some(method)) => Some(("method", format!("there is no `{method}` for {engine}"))),
        }
    }
}
