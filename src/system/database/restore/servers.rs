//! Dumps that are loaded into a running server.

use crate::repo::attachment::AttachedFile;
use crate::system::action::{Action, CommandLine};
use crate::system::database::manifest::Database;
use crate::system::database::postgres::conninfo;
use crate::system::database::restore::{Restore, RestoreError, wrong};
use crate::system::database::spec::Engine;

/// Fails where a query finds databases.
const NO_DATABASE: &str = r#"
found=$("$@") || exit 1
[ -z "$found" ] && exit 0
echo "these databases are there already:" $found >&2
exit 1"#;

impl Restore<'_> {
    pub(super) fn postgres(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let server = target.flags(&[
            ("--host", target.socket_or_host()),
            ("--port", &target.port),
            ("--username", &target.user),
        ]);
        let server: Vec<&str> = server.iter().map(String::as_str).collect();
        let psql = |database: &str, stops: bool| {
            let stop = if stops { "--set=ON_ERROR_STOP=1" } else { "--set=ON_ERROR_STOP=0" };
            let name = format!("--dbname={}", conninfo(database));
            let words = ["--no-psqlrc", "--quiet", "--no-password", stop].into_iter();
            self.with_password_file(
                target.command("psql", words.chain(server.iter().copied()).chain([name.as_str()])),
            )
        };
        let mut actions = Vec::new();
        if let Some(globals) = self.files("globals").next() {
            // A fresh server has some of the roles already, and says so.
            let mut command = psql("postgres", false);
            command.stdin = self.entry(&globals.path);
            let mut action = self.action("globals", "load roles and tablespaces".into(), &[], vec![command]);
            action.repeatable = true;
            actions.push(action);
        }
        let first: Vec<&str> = if actions.is_empty() { vec![] } else { vec!["globals"] };
        let dumps: Vec<&AttachedFile> =
            self.files("dump").filter(|file| self.is_meant(&file.subject)).collect();
        self.check_names(&dumps)?;
        for file in dumps {
            let name = &file.subject;
            let mut words = vec!["--exit-on-error", "--no-password"];
            if target.replace {
                words.extend(["--clean", "--if-exists"]);
            }
            // A database that every server has is filled, any other one made.
            if name != "postgres" {
                words.push("--create");
            }
            let dbname = format!("--dbname={}", conninfo("postgres"));
            let words = words.into_iter().chain(server.iter().copied()).chain([dbname.as_str()]);
            let mut load = self.with_password_file(target.command("pg_restore", words));
            load.stdin = self.entry(&file.path);
            let mut commands = Vec::new();
            if !target.replace && name != "postgres" {
                commands.push(psql("postgres", true).reads(absent(name)));
            }
            commands.push(load);
            let id = format!("load:{name}");
            actions.push(self.action(&id, format!("load the database {name}"), &first, commands));
            if let Some(database) = self.expectations(name) {
                let command = psql(name, true).reads(comparison(database));
                let title = format!("compare the database {name} with its dump");
                let mut verify = self.action(&format!("verify:{name}"), title, &[&id], vec![command]);
                verify.repeatable = true;
                actions.push(verify);
            }
        }
        Ok(actions)
    }

    fn with_password_file(&self, command: CommandLine) -> CommandLine {
        match &self.target.credentials_file {
            Some(file) => command.variable("PGPASSFILE", file),
            None => command,
        }
    }

    fn is_meant(&self, database: &str) -> bool {
        self.target.databases.is_empty() || self.target.databases.iter().any(|name| name == database)
    }

    fn check_names(&self, dumps: &[&AttachedFile]) -> Result<(), RestoreError> {
        let missing =
            self.target.databases.iter().find(|name| dumps.iter().all(|dump| dump.subject != **name));
        match missing {
            Some(name) => {
                let there: Vec<&str> = self.files("dump").map(|file| file.subject.as_str()).collect();
                let what = &self.attachment.name;
                wrong(format!("{what} holds no database {name:?}; it holds {}", there.join(", ")))
            }
            None if dumps.is_empty() => wrong(format!("{} holds no database", self.attachment.name)),
            None => Ok(()),
        }
    }

    pub(super) fn mysql(&self) -> Result<Vec<Action>, RestoreError> {
        let target = self.target;
        let flags = target.flags(&[
            // This file must be named before anything else.
            ("--defaults-extra-file", &target.credentials_file),
            ("--socket", &target.socket),
            ("--host", &target.host),
            ("--port", &target.port),
            ("--user", &target.user),
        ]);
        let program = if self.engine == Engine::Mysql { "mysql" } else { "mariadb" };
        // What this machine's files say is true of its own server.
        let own: &[&str] = if target.is_ours { &["--no-defaults"] } else { &[] };
        let client = |more: &[&str]| {
            let words = own.iter().copied().chain(flags.iter().map(String::as_str));
            let words = words.chain(["--default-character-set=utf8mb4"]);
            target.command(program, words.chain(more.iter().copied()))
        };
        let query = |sql: &str| client(&["--batch", "--skip-column-names", "--execute", sql]);
        let mut actions = Vec::new();
        if let Some(users) = self.files("globals").next() {
            let mut command = client(&["--force"]).accepts(&[1]);
            command.stdin = self.entry(&users.path);
            let mut action = self.action("globals", "load users and grants".into(), &[], vec![command]);
            action.repeatable = true;
            actions.push(action);
        }
        let file = self.file("dump")?;
        let names: Vec<&str> = self
            .manifest
            .iter()
            .flat_map(|manifest| &manifest.databases)
            .map(|one| one.name.as_str())
            .collect();
        let mut commands = Vec::new();
        if !target.replace && !names.is_empty() {
            let list = names.iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ");
            let sql =
                format!("SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ({list})");
            let words = query(&sql);
            let argv: Vec<&str> = words.argv.iter().map(String::as_str).collect();
            let mut look = target.script(NO_DATABASE, &argv);
            (look.user, look.env) = (words.user, words.env);
            commands.push(look);
        }
        let mut load = client(&[]);
        load.stdin = self.entry(file);
        commands.push(load);
        let needs: &[&str] = if actions.is_empty() { &[] } else { &["globals"] };
        let title = match names.is_empty() {
            true => "load the databases".to_owned(),
            false => format!("load the databases {}", names.join(", ")),
        };
        actions.push(self.action("load", title, needs, commands));
        let expected = names.first().and_then(|name| self.expectations(name));
        if let Some(database) = expected {
            let commands =
                database.expect.iter().map(|(sql, text)| target.must_print(&query(sql), text)).collect();
            let title = "compare the databases with their dump".into();
            actions.push(Action { repeatable: true, ..self.action("verify", title, &["load"], commands) });
        }
        Ok(actions)
    }
}

/// `text` as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Fails where the database `name` is there.
fn absent(name: &str) -> String {
    format!(
        "DO $lifeboat$ BEGIN IF EXISTS (SELECT FROM pg_database WHERE datname = {}) THEN RAISE EXCEPTION \
         'the database % is there already', {}; END IF; END $lifeboat$;\n",
        literal(name),
        literal(name)
    )
}

/// Fails where something is not as the dump recorded it.
fn comparison(database: &Database) -> String {
    let mut script = String::from("DO $lifeboat$ DECLARE found text; BEGIN\n");
    for (query, text) in &database.expect {
        script.push_str(&format!(
            "EXECUTE {query} INTO found; IF found IS DISTINCT FROM {text} THEN RAISE EXCEPTION \
             'expected %, found %: %', {text}, found, {query}; END IF;\n",
            query = literal(query),
            text = literal(text)
        ));
    }
    script.push_str("END $lifeboat$;\n");
    script
}
