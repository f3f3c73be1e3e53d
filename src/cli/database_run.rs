//! `lifeboat database`, the acting half: the dumps of a snapshot listed, and loaded again.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::SnapshotId;
use crate::base::monitor::Event;
use crate::base::role::Role;
use crate::base::secret::SecretText;
use crate::browse::path::SnapPath;
use crate::browse::pipe::with_contents;
use crate::browse::reading::Reading;
use crate::cli::browse_run::Opened;
use crate::cli::commands::database::{Command, ListArgs, RestoreArgs};
use crate::cli::context::Context;
use crate::cli::databases;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Happening};
use crate::cli::settings::database::DatabaseSettings;
use crate::repo::attachment::{Attachment, KIND_DATABASE};
use crate::repo::snapshot::Snapshot;
use crate::sys::command::{Finished, Input, Invocation};
use crate::sys::meta::owners::account;
use crate::system::action::{Action, CommandLine, Operation, Stdin};
use crate::system::database::client::SECRETS;
use crate::system::database::manifest::{self, Manifest};
use crate::system::database::restore::{self, Target};
use crate::ui::table::{Shrink, Table};
use crate::ui::{escape, format};

/// The longest manifest.
const MANIFEST_MAX_BYTES: u64 = 64 << 20;

/// Runs the command.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::List(args) => list(args, context),
        Command::Restore(args) if args.dry_run => restore(args, context),
        Command::Restore(args) => {
            let of_repository = Happening::of_repository("restore", &context.repository(None)?);
            let database = args.name.clone().unwrap_or_else(|| "the only one".into());
            let name = format!("{}/{database}", of_repository.name);
            let happening = Happening { name, ..of_repository };
            let result = restore(args, context);
            notifying::ended(context, &happening, &result);
            result
        }
    }
}

/// What `database list --json` prints.
#[derive(Serialize)]
struct ListDocument<'a> {
    schema: &'static str,
    snapshot: SnapshotId,
    databases: Vec<&'a Attachment>,
}

fn list(args: &ListArgs, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Maintainer, "listing what a snapshot carries")?;
    let snapshot = opened.snapshot(&args.snapshot)?;
    let databases: Vec<&Attachment> = databases_of(&snapshot).collect();
    opened.finish();
    if context.output.json {
        let schema = "lifeboat.database-list/1";
        context.output.document(&ListDocument { schema, snapshot: snapshot.id, databases })?;
        return Ok(Outcome::Done);
    }
    if databases.is_empty() {
        context.output.note(&format!("snapshot {} holds no database dump", snapshot.id.short()));
        return Ok(Outcome::Done);
    }
    let mut table = Table::new()
        .words("NAME", Shrink::Never)
        .words("ENGINE", Shrink::Never)
        .words("VERSION", Shrink::End)
        .words("POSITION", Shrink::End)
        .words("FILES", Shrink::End)
        .numbers("SIZE");
    for database in databases {
        let files: Vec<&str> = database
            .files
            .iter()
            .filter(|file| file.role != manifest::ROLE)
            .map(|file| file.path.as_str())
            .collect();
        let fault = database.fault.as_ref().map(|why| format!(" (not whole: {why})")).unwrap_or_default();
        table.row([
            database.name.clone(),
            database.engine.clone().unwrap_or_default(),
            database.version.clone().unwrap_or_default(),
            database.position.clone().unwrap_or_default(),
            format!("{}{fault}", files.join(" ")),
            format::size(database.files.iter().map(|file| file.bytes).sum()),
        ]);
    }
    context.output.table(&table)?;
    Ok(Outcome::Done)
}

fn databases_of(snapshot: &Snapshot) -> impl Iterator<Item = &Attachment> {
    snapshot.attachments.iter().filter(|one| one.kind == KIND_DATABASE)
}

/// What `database restore --json` prints.
#[derive(Serialize)]
struct RestoreDocument<'a> {
    schema: &'static str,
    snapshot: SnapshotId,
    name: &'a str,
    dry_run: bool,
    actions: Vec<Told<'a>>,
}

/// One action of it.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    title: &'a str,
    commands: Vec<String>,
    /// Left out where nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_seconds: Option<f64>,
}

fn restore(args: &RestoreArgs, context: &Context) -> CommandResult {
    let opened = Opened::new(context, Role::Restorer, "restoring databases")?;
    let snapshot = opened.snapshot(&args.snapshot)?;
    let attachment = chosen(&snapshot, args.name.as_deref())?;
    if let Some(fault) = &attachment.fault {
        context.output.warn(&format!("the dump of {} is not whole: {fault}", attachment.name));
    }
    let reading = opened.reading()?;
    let manifest = manifest_of(&reading, &snapshot, attachment)?;
    let target = target(args, attachment)?;
    let actions = restore::actions(attachment, manifest.as_ref(), &target)
        .map_err(|error| Failure::of(ErrorKind::Usage, &error))?;
    let mut told: Vec<Told<'_>> = actions.iter().map(told).collect();
    if args.dry_run {
        opened.finish();
        return show(context, &snapshot, attachment, told, true);
    }
    let secrets = Secrets::of(args, attachment)?;
    for (action, told) in actions.iter().zip(&mut told) {
        let begun = Instant::now();
        let result = carry_out(&reading, &snapshot, action, &secrets);
        if let Err(failure) = result {
            opened.finish();
            let hint = match failure.message().contains("there already") {
                true => "--replace replaces what is there",
                false => "what was done before it stays; --dry-run shows all commands",
            };
            return Err(failure.context(format!("cannot {}", action.title)).hint(hint));
        }
        told.duration_seconds = Some(begun.elapsed().as_secs_f64());
    }
    opened.finish();
    show(context, &snapshot, attachment, told, false)
}

fn chosen<'s>(snapshot: &'s Snapshot, name: Option<&str>) -> Result<&'s Attachment, Failure> {
    let all: Vec<&Attachment> = databases_of(snapshot).collect();
    let names = all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    let id = snapshot.id.short();
    match (name, &all[..]) {
        (_, []) => Err(Failure::usage(format!("snapshot {id} holds no database dump"))
            .hint("jobs dump what their [[job.NAME.database]] name")),
        (None, [one]) => Ok(one),
        (None, _) => Err(Failure::usage(format!("snapshot {id} holds several dumps: name one of {names}"))),
        (Some(name), all) => all.iter().find(|one| one.name == name).copied().ok_or_else(|| {
            Failure::usage(format!("snapshot {id} holds no dump {name:?}")).hint(format!("it holds {names}"))
        }),
    }
}

fn manifest_of(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    attachment: &Attachment,
) -> Result<Option<Manifest>, Failure> {
    let Some(file) = attachment.files.iter().find(|file| file.role == manifest::ROLE) else {
        return Ok(None);
    };
    let path = format!("{}/{}", attachment.path, file.path);
    let failed = |what: String| Failure::new(ErrorKind::Damage, format!("{path} cannot be read: {what}"));
    if file.bytes > MANIFEST_MAX_BYTES {
        return Err(failed("it is too long".into()));
    }
    let place = SnapPath::parse(path.as_bytes()).map_err(|error| Failure::of(error.kind(), &error))?;
    let text = with_contents(reading, snapshot, &place, |contents| std::io::read_to_string(contents))
        .map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|error| failed(error.to_string()))
}

fn target(args: &RestoreArgs, attachment: &Attachment) -> Result<Target, Failure> {
    let mut target = Target {
        run_as: args.run_as.clone(),
        credentials_file: args.credentials_file.as_ref().map(|file| file.to_string_lossy().into_owned()),
        bin_dir: args.bin_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned()),
        program: args.program.clone(),
        databases: args.only.clone(),
        replace: args.replace,
        ..Target::default()
    };
    let Some(place) = &args.to else { return Ok(target) };
    if matches!(attachment.engine.as_deref(), Some("sqlite" | "redis" | "postgres-base" | "command")) {
        target.path = Some(place.clone());
        return Ok(target);
    }
    parse_place(place, &mut target).ok_or_else(|| {
        Failure::usage(format!("--to {place:?} is neither [USER@]HOST[:PORT] nor SOCKET[:PORT]"))
    })?;
    Ok(target)
}

/// Reads `[USER@]HOST[:PORT]`, `[USER@][ADDRESS][:PORT]` and `[USER@]SOCKET[:PORT]`.
fn parse_place(place: &str, target: &mut Target) -> Option<()> {
    let (user, server) = match place.rsplit_once('@') {
        Some((user, server)) => (Some(user), server),
        None => (None, place),
    };
    if user == Some("") || server.is_empty() {
        return None;
    }
    target.user = user.map(str::to_owned);
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, port)) => (address, Some(port.strip_prefix(':')?)),
        None => match server.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (server, None),
        },
    };
    if let Some(port) = port {
        port.parse::<u16>().ok().filter(|port| *port > 0)?;
        target.port = Some(port.to_owned());
    }
    match host {
        "" => return None,
        socket if socket.contains('/') => target.socket = Some(socket.to_owned()),
        host => target.host = Some(host.to_owned()),
    }
    Some(())
}

/// Variables that hold what is in no argument and in no action.
struct Secrets(Vec<(OsString, OsString)>);

impl Secrets {
    fn of(args: &RestoreArgs, attachment: &Attachment) -> Result<Self, Failure> {
        let settings = DatabaseSettings {
            name: attachment.name.clone(),
            password_file: args.password_file.clone(),
            password_env: args.password_env.clone(),
            password_command: args.password_command.clone(),
            ..DatabaseSettings::default()
        };
        let password: Option<SecretText> = databases::password(&settings)?;
        let engine = attachment.engine.as_deref().unwrap_or_default();
        let name = match engine {
            "mysql" | "mariadb" => "MYSQL_PWD",
            "redis" => "REDISCLI_AUTH",
            _ => "PGPASSWORD",
        };
        Ok(Self(password.map(|password| (name.into(), password.expose().into())).into_iter().collect()))
    }
}

fn carry_out(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    action: &Action,
    secrets: &Secrets,
) -> Result<(), Failure> {
    let Operation::Run { commands } = &action.operation else {
        return Err(Failure::new(ErrorKind::Failed, "a database is loaded by commands alone"));
    };
    for command in commands {
        reading.monitor.event(Event::Detail(&command.display()));
        let finished = run_command(reading, snapshot, command, secrets)?;
        let is_accepted = finished.cut.is_none()
            && command
                .accept
                .iter()
                .any(|status| finished.ending.to_string().ends_with(&format!(" {status}")));
        let program = command.argv.first().map(String::as_str).unwrap_or_default();
        if !finished.is_success() && !is_accepted {
            let what = format!("{program} {}", finished.describe());
            return Err(Failure::new(ErrorKind::Failed, escape::text(&what).into_owned()));
        }
        if !finished.stderr_tail.trim().is_empty() {
            reading.monitor.event(Event::Detail(&finished.stderr_tail));
        }
    }
    Ok(())
}

fn run_command(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    command: &CommandLine,
    secrets: &Secrets,
) -> Result<Finished, Failure> {
    let invocation = invocation(command, secrets)?;
    let run = |input: Input<'_>| {
        invocation.run(input, Some(reading.interrupt)).map_err(|error| Failure::of(ErrorKind::Failed, &error))
    };
    match &command.stdin {
        Stdin::Nothing => run(Input::Nothing),
        Stdin::Text(text) => run(Input::Bytes(text.as_bytes())),
        Stdin::Secret(name) => Err(Failure::usage(format!("there is nobody to ask for the secret {name}"))),
        Stdin::Entry(path) => {
            let path = SnapPath::parse(path.as_bytes()).map_err(|error| Failure::of(error.kind(), &error))?;
            with_contents(reading, snapshot, &path, |contents| run(Input::Stream(contents)))
        }
    }
}

fn invocation(command: &CommandLine, secrets: &Secrets) -> Result<Invocation, Failure> {
    let mut words = command.argv.iter();
    let program = words.next().ok_or_else(|| Failure::usage("a command without a program"))?;
    let mut invocation = Invocation::new(program, words);
    invocation.surroundings.without = SECRETS.iter().map(OsString::from).collect();
    for (name, value) in &command.env {
        invocation = invocation.variable(name, value);
    }
    for (name, value) in &secrets.0 {
        invocation = invocation.variable(name, value);
    }
    invocation.time_limit = command.limit_seconds.map(Duration::from_secs);
    if let Some(name) = &command.user {
        let account = account(name)
            .ok_or_else(|| Failure::usage(format!("there is no account {name:?} on this machine")))?;
        invocation.user = Some((account.uid, account.gid));
        invocation.surroundings.directory = Some("/".into());
        invocation = invocation.variable("HOME", account.home).variable("USER", name);
    }
    Ok(invocation)
}

fn told(action: &Action) -> Told<'_> {
    let commands = match &action.operation {
        Operation::Run { commands } => commands.iter().map(CommandLine::display).collect(),
        _ => Vec::new(),
    };
    Told { id: &action.id, title: &action.title, commands, duration_seconds: None }
}

fn show(
    context: &Context,
    snapshot: &Snapshot,
    attachment: &Attachment,
    actions: Vec<Told<'_>>,
    dry_run: bool,
) -> CommandResult {
    if context.output.json {
        let schema = "lifeboat.database-restore/1";
        let name = &attachment.name;
        context.output.document(&RestoreDocument {
            schema,
            snapshot: snapshot.id,
            name,
            dry_run,
            actions,
        })?;
        return Ok(Outcome::Done);
    }
    let mut text = String::new();
    for action in &actions {
        // Writing to a string cannot fail.
        let _ = match action.duration_seconds {
            None => writeln!(text, "# {}\n{}\n", action.title, action.commands.join("\n")),
            Some(seconds) => {
                writeln!(
                    text,
                    "{}: done in {}",
                    action.title,
                    format::duration(Duration::from_secs_f64(seconds))
                )
            }
        };
    }
    if dry_run || !context.output.quiet {
        context.output.text(&text)?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_load_a_database_do_not_learn_our_own_secrets() {
        let secrets = Secrets(vec![("PGPASSWORD".into(), "theirs".into())]);
        let run = |script: &str| {
            let invocation = invocation(&CommandLine::new(["sh", "-c", script]), &secrets).unwrap();
            let names = ["LIFEBOAT_PASSPHRASE", "LIFEBOAT_IDENTITY_FILE", "AWS_SECRET_ACCESS_KEY"];
            for name in names {
                let name = OsString::from(name);
                assert!(invocation.surroundings.without.contains(&name), "{name:?} is passed on");
            }
            invocation.run(Input::Nothing, None).unwrap().text()
        };
        assert_eq!(run("echo \"$PGPASSWORD ${LIFEBOAT_PASSPHRASE-none}\""), "theirs none\n");
    }

    #[test]
    fn places_are_told_apart() {
        let read = |place: &str| {
            let mut target = Target::default();
            parse_place(place, &mut target).map(|()| (target.user, target.host, target.socket, target.port))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("db1"), Some((None, some("db1"), None, None)));
        assert_eq!(read("me@db1:5433"), Some((some("me"), some("db1"), None, some("5433"))));
        assert_eq!(read("/run/pg:5433"), Some((None, None, some("/run/pg"), some("5433"))));
        assert_eq!(read("[::1]:5432"), Some((None, some("::1"), None, some("5432"))));
        assert_eq!(read("::1"), Some((None, some("::1"), None, None)));
        for place in ["", "@db1", "db1:", "db1:x", "db1:0", ":5432"] {
            assert_eq!(read(place), None, "{place}");
        }
    }
}
