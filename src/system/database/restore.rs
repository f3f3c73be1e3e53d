//! From an attachment to what loads it again, as actions: pure data, for `lifeboat database restore` and for
//! plans.
//!
//! Dumps reach the programs on standard input, straight from the snapshot. What is there already is refused
//! before anything is changed, unless it is to be replaced; files are made beside their place and moved
//! there when they are whole and verified. The last action of each database compares it with what the dump
//! recorded.

mod files;
mod servers;

use crate::repo::attachment::{AttachedFile, Attachment};
use crate::system::action::{Action, CommandLine, Operation, Stage, Stdin};
use crate::system::database::manifest::{Database, Manifest};
use crate::system::database::spec::Engine;

/// Where a database is restored to. What is not said is as the attachment records it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Host name, or address.
    pub host: Option<String>,
    /// The socket: a directory for PostgreSQL, a file for the others.
    pub socket: Option<String>,
    /// Port.
    pub port: Option<String>,
    /// The database user.
    pub user: Option<String>,
    /// A file of the database's own that holds user and password.
    pub credentials_file: Option<String>,
    /// The account of the machine that programs run as.
    pub run_as: Option<String>,
    /// The file or directory of a database that is one.
    pub path: Option<String>,
    /// The directory of the programs, where they are not in `PATH`.
    pub bin_dir: Option<String>,
    /// The program that reads a `command` back, with its arguments.
    pub program: Vec<String>,
    /// Only these databases; all if empty.
    pub databases: Vec<String>,
    /// Whether what is there already is replaced.
    pub replace: bool,
    /// Whether the server was started for this: nothing that the attachment records of its own is true of it.
    pub is_ours: bool,
    /// The directory that is the machine's root; ours if none.
    pub chroot: Option<String>,
}

/// An attachment that cannot be restored as it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RestoreError(pub String);

fn wrong<T>(what: impl Into<String>) -> Result<T, RestoreError> {
    Err(RestoreError(what.into()))
}

/// What loads `attachment`, whose `manifest` is at hand unless it was not whole, into `target`, in order.
pub fn actions(
    attachment: &Attachment,
    manifest: Option<&Manifest>,
    target: &Target,
) -> Result<Vec<Action>, RestoreError> {
    let name = attachment.engine.as_deref().unwrap_or_default();
    let Some(engine) = Engine::parse(name) else {
        return wrong(format!("{} is of a kind {name:?} that this version does not know", attachment.name));
    };
    let target = target.completed(attachment, engine);
    let restore = Restore { attachment, manifest, target: &target, engine };
    if !target.databases.is_empty() && engine != Engine::Postgres {
        return wrong(format!("single databases can be restored of postgres, not of {name}"));
    }
    match engine {
        Engine::Postgres => restore.postgres(),
        Engine::PostgresBase => restore.base(),
        Engine::Mysql | Engine::Mariadb => restore.mysql(),
        Engine::Sqlite => restore.sqlite(),
        Engine::Redis => restore.redis(),
        Engine::Command => restore.program(),
    }
}

impl Target {
    fn completed(&self, attachment: &Attachment, engine: Engine) -> Self {
        let recorded = |name: &str| attachment.details.get(name).cloned();
        let mut target = self.clone();
        if target.is_ours {
            return target;
        }
        // An address that is said counts as a whole: a port of one host is none of another.
        if target.host.is_none() && target.socket.is_none() && target.port.is_none() {
            (target.host, target.socket, target.port) =
                (recorded("host"), recorded("socket"), recorded("port"));
        }
        target.user = target.user.or_else(|| recorded("user"));
        target.run_as = target.run_as.or_else(|| recorded("run_as"));
        target.credentials_file = target.credentials_file.or_else(|| recorded("credentials_file"));
        if matches!(engine, Engine::Sqlite | Engine::Redis) {
            target.path = target.path.or_else(|| recorded("path"));
        }
        target
    }

    /// `program` with `words`, run as and where the target says.
    fn command<'w>(&self, program: &str, words: impl IntoIterator<Item = &'w str>) -> CommandLine {
        let program = match &self.bin_dir {
            Some(dir) => format!("{}/{program}", dir.trim_end_matches('/')),
            None => program.to_owned(),
        };
        let words = words.into_iter().map(str::to_owned);
        let mut command = CommandLine::new(std::iter::once(program).chain(words)).variable("LC_ALL", "C");
        command.user = self.run_as.clone();
        command.chroot = self.chroot.clone();
        command
    }

    /// A few lines of shell; `words` are its parameters, never pasted into it.
    fn script(&self, script: &str, words: &[&str]) -> CommandLine {
        let mut command =
            CommandLine::new(["sh", "-c", script, "sh"].into_iter().chain(words.iter().copied()));
        command.chroot = self.chroot.clone();
        command
    }

    /// Fails unless `command`, which reads nothing, prints just `text`.
    fn must_print(&self, command: &CommandLine, text: &str) -> CommandLine {
        let script = "expected=$1; shift; found=$(\"$@\") || exit 1; [ \"$found\" = \"$expected\" ] || \
                      { echo \"expected $expected, found $found: $*\" >&2; exit 1; }";
        let words: Vec<&str> = std::iter::once(text).chain(command.argv.iter().map(String::as_str)).collect();
        let mut whole = self.script(script, &words);
        (whole.user, whole.env) = (command.user.clone(), command.env.clone());
        whole
    }

    /// `--flag=value` for each that is said.
    fn flags(&self, flags: &[(&str, &Option<String>)]) -> Vec<String> {
        let said = flags.iter().filter_map(|(flag, value)| Some(format!("{flag}={}", value.as_ref()?)));
        said.collect()
    }
}

struct Restore<'a> {
    attachment: &'a Attachment,
    manifest: Option<&'a Manifest>,
    target: &'a Target,
    engine: Engine,
}

impl Restore<'_> {
    fn entry(&self, file: &str) -> Stdin {
        Stdin::Entry(format!("{}/{file}", self.attachment.path))
    }

    fn files(&self, role: &str) -> impl Iterator<Item = &AttachedFile> {
        self.attachment.files.iter().filter(move |file| file.role == role)
    }

    /// The only file of `role`.
    fn file(&self, role: &str) -> Result<&str, RestoreError> {
        match self.files(role).next() {
            Some(file) => Ok(&file.path),
            None => wrong(format!("{} holds no {role}: it was not dumped whole", self.attachment.name)),
        }
    }

    fn action(&self, id: &str, title: String, needs: &[&str], commands: Vec<CommandLine>) -> Action {
        let name = &self.attachment.name;
        Action {
            id: format!("database:{name}:{id}"),
            title,
            stage: Stage::Databases,
            operation: Operation::Run { commands },
            check: None,
            destroys: Vec::new(),
            // What is replaced may be replaced once more; what must not be there is there after half a load.
            repeatable: self.target.replace,
            volatile: false,
            release: Vec::new(),
            needs: needs.iter().map(|need| format!("database:{name}:{need}")).collect(),
        }
    }

    fn expectations(&self, database: &str) -> Option<&Database> {
        let found = self.manifest?.databases.iter().find(|one| one.name == database)?;
        (!found.expect.is_empty()).then_some(found)
    }
}

impl Target {
    fn socket_or_host(&self) -> &Option<String> {
        if self.socket.is_some() { &self.socket } else { &self.host }
    }
}

#[cfg(test)]
mod tests;
