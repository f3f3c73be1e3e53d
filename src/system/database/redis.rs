//! Redis (and Valkey) by `redis-cli --rdb -`: the server sends its file as it would send it to a replica.
//!
//! The server forks, so the file is one moment, and clients go on; nothing is written on the way where the
//! server streams without a file (`repl-diskless-sync`, the default since Redis 7). The file's own checksum
//! is verified as it passes, and where it stands in the replication stream is read from it. Servers that
//! refuse SYNC (some hosted ones, and users without `+sync`) are dumped with `method = "bgsave"`: BGSAVE,
//! wait for LASTSAVE to move, read the file that `CONFIG GET dir` and `dbfilename` name, which takes access
//! to the server's own directory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::monitor::Interrupt;
use crate::repo::attachment::{Attachment, ContributeError, Contributor, Necessity, Sink};
use crate::sys::command::Invocation;
use crate::sys::dialogue::Dialogue;
use crate::system::database::client::{ask, fault, file, first_of};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::rdb::Rdb;
use crate::system::database::spec::{DatabaseSpec, Server};

/// The name of the file.
pub const FILE: &str = "dump.rdb";
/// The client, under both its names.
pub const CLIENTS: &[&str] = &["redis-cli", "valkey-cli"];
/// How long BGSAVE may take where nobody says otherwise.
const SAVE_LIMIT: Duration = Duration::from_secs(3600);
/// How often the server is asked whether it has saved.
const SAVE_POLL: Duration = Duration::from_millis(100);

/// Its dump.
pub struct Redis {
    spec: DatabaseSpec,
    interrupt: Interrupt,
}

impl Redis {
    /// What `spec` says.
    pub fn new(spec: DatabaseSpec, interrupt: Interrupt) -> Self {
        Self { spec, interrupt }
    }

    fn query(&self, client: &str, words: &[&str]) -> Result<String, ContributeError> {
        let answer = ask(&invocation(&self.spec.server, client, words), "", &self.interrupt)?;
        let first = answer.lines().next().unwrap_or_default();
        // redis-cli ends with 0 whatever the server answers.
        let refused = ["NOAUTH", "WRONGPASS", "NOPERM", "ERR", "LOADING", "MISCONF", "AUTH failed"];
        match refused.iter().any(|word| first.trim_start_matches("(error) ").starts_with(word)) {
            true => Err(ContributeError(format!("{client} {}: {first}", words.join(" ")))),
            false => Ok(answer),
        }
    }

    /// The file that the server writes and reads.
    fn file_of_server(&self, client: &str) -> Result<PathBuf, ContributeError> {
        let setting = |name: &str| -> Result<String, ContributeError> {
            let answer = self.query(client, &["CONFIG", "GET", name])?;
            let value = answer.lines().nth(1).map(str::to_owned);
            value.ok_or_else(|| ContributeError(format!("the server does not tell its setting {name}")))
        };
        Ok(Path::new(&setting("dir")?).join(setting("dbfilename")?))
    }

    /// Has the server write its file; answers which.
    fn save(&self, client: &str, sink: &dyn Sink) -> Result<PathBuf, ContributeError> {
        let path = self.file_of_server(client)?;
        let last = || self.query(client, &["LASTSAVE"]).map(|answer| answer.trim().to_owned());
        let before = last()?;
        let limit = self.spec.time_limit.unwrap_or(SAVE_LIMIT);
        let begun = Instant::now();
        // LASTSAVE counts seconds: in the same second as the last save, a new one would not show.
        while begun.elapsed() < Duration::from_millis(1100) {
            pause(sink)?;
        }
        let answer = self.query(client, &["BGSAVE", "SCHEDULE"])?;
        if !answer.contains("Background saving") {
            return Err(ContributeError(format!("{client} BGSAVE: {}", answer.trim())));
        }
        loop {
            pause(sink)?;
            let persistence = self.query(client, &["INFO", "persistence"])?;
            let is_saving = info(&persistence, "rdb_bgsave_in_progress").as_deref() == Some("1");
            if !is_saving && info(&persistence, "rdb_last_bgsave_status").as_deref() == Some("err") {
                return Err(ContributeError(
                    "the server could not write its file; its own log says why".into(),
                ));
            }
            if !is_saving && last()? != before {
                return Ok(path);
            }
            if begun.elapsed() >= limit {
                return Err(ContributeError(format!("BGSAVE takes longer than {} s", limit.as_secs())));
            }
        }
    }

    fn take(
        &self,
        into: &mut Attachment,
        sink: &mut dyn Sink,
        input: impl Read,
    ) -> Result<(), ContributeError> {
        let mut rdb = Rdb::new(input);
        sink.put(file(FILE, "dump", "redis"), &mut rdb).map_err(fault(FILE))?;
        let place = rdb.field("repl-id").zip(rdb.field("repl-offset"));
        into.position = place.map(|(id, offset)| format!("offset {offset} of {id}"));
        Ok(())
    }
}

impl Contributor for Redis {
    fn attachment(&self) -> Attachment {
        self.spec.attachment()
    }

    fn necessity(&self) -> Necessity {
        self.spec.necessity
    }

    fn contribute(&mut self, into: &mut Attachment, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let (client, tool) = first_of(&self.spec.server, CLIENTS, &self.interrupt)?;
        into.tool = Some(tool);
        let server = self.query(client, &["INFO", "server"])?;
        let version = info(&server, "valkey_version").or_else(|| info(&server, "redis_version"));
        let Some(version) = version else {
            let said = server.lines().next().unwrap_or_default();
            return Err(ContributeError(format!("{client} does not reach the server: {said}")));
        };
        into.version = Some(version);
        let keyspace = self.query(client, &["INFO", "keyspace"])?;
        into.details.insert("keys_about".into(), keys(&keyspace).to_string());
        // Where it would be restored to; a user that may not ask goes without.
        if let Ok(path) = self.file_of_server(client) {
            into.details.insert("path".into(), path.to_string_lossy().into_owned());
        }
        if self.spec.bgsave {
            let path = self.save(client, sink)?;
            let shown = path.display().to_string();
            // The server replaces its file by renaming, so what is open stays one dump.
            let input = File::open(&path).map_err(fault(&shown))?;
            self.take(into, sink, input)?;
        } else {
            let mut invocation = invocation(&self.spec.server, client, &["--rdb", "-"]);
            invocation.time_limit = self.spec.time_limit;
            let output = Dialogue::listen(&invocation, &self.interrupt)
                .map_err(|error| ContributeError(format!("{error}: {}", error.source)))?;
            self.take(into, sink, output)?;
        }
        let mut manifest = Manifest::of(into);
        manifest.restore = vec![
            "stop the server".into(),
            format!("put {FILE} into its directory, owned by its account"),
            "where it keeps an append-only file, move that away, and start it once with appendonly no".into(),
            "start the server".into(),
        ];
        manifest.databases.push(Database { name: "redis".into(), file: FILE.into(), ..Database::default() });
        manifest.put(sink)
    }
}

fn pause(sink: &dyn Sink) -> Result<(), ContributeError> {
    thread::sleep(SAVE_POLL);
    match sink.is_interrupted() {
        true => Err(ContributeError("interrupted".into())),
        false => Ok(()),
    }
}

/// The client with these words for the server.
pub fn invocation(server: &Server, client: &str, words: &[&str]) -> Invocation {
    let mut arguments: Vec<String> = Vec::new();
    let mut option = |flag: &str, value: Option<String>| {
        arguments.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    };
    option("-s", server.socket.as_ref().map(|socket| socket.to_string_lossy().into_owned()));
    option("-h", server.host.clone());
    option("-p", server.port.map(|port| port.to_string()));
    option("--user", server.user.clone());
    arguments.extend(server.options.iter().cloned());
    arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let invocation = server.invocation(client, arguments);
    match &server.password {
        Some(password) => invocation.variable("REDISCLI_AUTH", password.expose()),
        None => invocation,
    }
}

/// One line of what INFO answers.
fn info(text: &str, name: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned()))
}

/// Keys of all databases.
fn keys(text: &str) -> u64 {
    let counts =
        text.lines().filter_map(|line| line.split_once(":keys=")?.1.split(',').next()?.parse::<u64>().ok());
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_passwords_stay_out_of_arguments() {
        let text = "# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb2:keys=40,expires=1,avg_ttl=9\r\n";
        assert_eq!(keys(text), 43);
        assert_eq!(info("# Server\r\nredis_version:7.0.15\r\n", "redis_version").as_deref(), Some("7.0.15"));
        let server = Server {
            password: Some(crate::base::secret::SecretText::new("hunter2".into())),
            port: Some(6380),
            ..Server::default()
        };
        let shown = invocation(&server, "redis-cli", &["INFO", "server"]).display();
        assert_eq!(shown, "redis-cli -p 6380 INFO server");
    }
}
