//! Dumps of databases as steps: what the snapshot carries becomes the actions that load and compare it.
//!
//! Onto a running machine (`converge`) every kind is loaded into its servers. In a sandbox, where a socket
//! would lead to a server outside, a server is started for the run (`system::database::throwaway`), and
//! databases that are files come below the root. While a machine is rebuilt no server of its own runs: of its
//! databases, only those that are files are restored.

use std::path::Path;

use crate::browse::cat::cat;
use crate::browse::path::SnapPath;
use crate::plan::apply::content::reading;
use crate::plan::artefact::{Step, Work};
use crate::plan::build::steps::Making;
use crate::plan::build::{Ground, look};
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::repo::attachment::{Attachment, KIND_DATABASE};
use crate::repo::snapshot::Snapshot;
use crate::sys::meta::owners::Owners;
use crate::system::database::manifest::{self, Manifest};
use crate::system::database::restore::{Target, actions};
use crate::system::database::spec::Engine;
use crate::system::database::throwaway::Throwaway;

/// The method that replaces databases which are there already.
const REPLACE: &str = "replace";

/// The port of a server whose dump does not say one.
const POSTGRES_PORT: u16 = 5432;
const MYSQL_PORT: u16 = 3306;

/// The steps of a component of the kind `databases`: of each dump that is meant, in the snapshot's order.
/// `servers` are those that the run starts for itself, and gain what these steps start.
pub fn steps(
    ground: &Ground<'_>,
    making: &Making<'_>,
    snapshot: &Snapshot,
    servers: &mut Vec<Throwaway>,
) -> Result<Vec<Step>, PlanError> {
    let component = making.component;
    let replace = component.method.as_deref() == Some(REPLACE);
    let dumps: Vec<&Attachment> =
        snapshot.attachments.iter().filter(|one| one.kind == KIND_DATABASE).collect();
    if let Some(missing) = component.only.iter().find(|name| dumps.iter().all(|dump| dump.name != **name)) {
        let there = dumps.iter().map(|dump| dump.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(making.fault(format!("the snapshot holds no dump {missing:?}; it holds {there}")));
    }
    let is_meant = |dump: &&&Attachment| {
        (component.only.is_empty() || component.only.contains(&dump.name))
            && !component.exclude.contains(&dump.name)
    };
    let mut steps = Vec::new();
    for dump in dumps.iter().filter(is_meant) {
        let server = server(making, dump, servers)?;
        let target = match &server {
            Some(server) => server.target(),
            None => target(making, dump, replace)?,
        };
        let manifest = manifest_of(ground, making, snapshot, dump)?;
        let mut made =
            actions(dump, manifest.as_ref(), &target).map_err(|error| making.fault(error.to_string()))?;
        if let Some(server) = server {
            made = server.around(made);
            servers.push(server);
        }
        for action in made {
            let own = action.needs.iter().map(|id| format!("{}/{id}", making.name));
            let needs = making.after.iter().cloned().chain(own).collect();
            let (id, title) = (action.id.clone(), format!("{}: {}", dump.name, action.title));
            steps.push(making.step(&id, title, Work::Action(Box::new(action)), needs));
        }
    }
    match steps.is_empty() {
        true => Err(making.fault("the snapshot holds no dump of a database that is meant")),
        false => Ok(steps),
    }
}

/// The server that is started for `dump`: in a sandbox, if it needs one.
fn server(
    making: &Making<'_>,
    dump: &Attachment,
    others: &[Throwaway],
) -> Result<Option<Throwaway>, PlanError> {
    let engine = dump.engine.as_deref().and_then(Engine::parse);
    let (kind, engine) = (making.file.target.kind, engine);
    let Some(engine) = engine.filter(|_| kind == TargetKind::Sandbox) else { return Ok(None) };
    let (account, port) = match engine {
        Engine::Postgres | Engine::PostgresBase => ("postgres", POSTGRES_PORT),
        Engine::Mysql | Engine::Mariadb => ("mysql", MYSQL_PORT),
        Engine::Sqlite | Engine::Redis | Engine::Command => return Ok(None),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !dump.name.bytes().all(is_plain) || dump.name.starts_with('.') {
        return Err(making.fault(format!("the name of the dump {:?} cannot name a directory", dump.name)));
    }
    let major = dump.version.as_deref().and_then(look::major);
    let bin_dir = match &making.component.bin_dir {
        Some(dir) => look::has_server(engine, Path::new(dir)).then(|| Some(dir.clone())),
        None => look::server_programs(engine, major),
    };
    let Some(bin_dir) = bin_dir else { return Err(making.fault(no_server(making, dump, engine))) };
    let owners = Owners::new();
    let account = match &making.component.run_as {
        Some(name) if owners.uid_of(name).is_none_or(|uid| uid == 0) => {
            return Err(making.fault(format!("`run_as` is to be an account here, and not root: {name:?}")));
        }
        Some(name) => name.clone(),
        None if owners.uid_of(account).is_some() => account.to_owned(),
        None => "nobody".to_owned(),
    };
    let recorded = dump.details.get("port").and_then(|port| port.parse().ok()).filter(|port| *port > 0);
    let mut port: u16 = recorded.unwrap_or(port);
    while others.iter().any(|other| other.port == port) {
        port = port.checked_add(1).unwrap_or(1024);
    }
    let (name, root) = (dump.name.clone(), making.root.to_owned());
    Ok(Some(Throwaway { name, engine, root, account, bin_dir, port }))
}

/// Why there is no server for `dump`, and what to do.
fn no_server(making: &Making<'_>, dump: &Attachment, engine: Engine) -> String {
    let version = dump.version.as_deref().unwrap_or("an unknown version");
    let (program, which) = match engine {
        Engine::Postgres => ("postgres, initdb and pg_ctl", "of that version or a newer one"),
        Engine::PostgresBase => ("postgres and pg_ctl", "of just that major version"),
        _ => ("mariadbd or mysqld", "with its client"),
    };
    let looked = making.component.bin_dir.as_deref().unwrap_or("the usual places");
    format!(
        "the dump {} ({} {version}) is loaded into a server of the sandbox's own, and there is no \
             {program} {which} \
         in {looked}: install the server here (it need not run), say `bin_dir`, or leave the dump out",
        dump.name,
        engine.name()
    )
}

/// Where `dump` goes at this target, if no server is started for it.
fn target(making: &Making<'_>, dump: &Attachment, replace: bool) -> Result<Target, PlanError> {
    let target = Target { replace, ..Target::default() };
    let kind = making.file.target.kind;
    if kind == TargetKind::Converge {
        return Ok(target);
    }
    let is_file = matches!(dump.engine.as_deref(), Some("sqlite" | "redis"));
    let (true, Some(path)) = (is_file, dump.details.get("path")) else {
        return Err(making.fault(format!(
            "the dump {} needs its server, and none of the target runs yet; leave it out, and load it by \
             `lifeboat database restore` or a plan with the target `converge`",
            dump.name
        )));
    };
    Ok(match kind {
        // The tools of the machine that is being rebuilt, rather than of the rescue system.
        TargetKind::BareMetal => Target { chroot: Some(making.root.to_owned()), ..target },
        _ => {
            let path = format!("{}{path}", making.root.trim_end_matches('/'));
            Target { path: Some(path), replace: true, ..target }
        }
    })
}

/// What a dump recorded to be compared with, if it was dumped whole.
fn manifest_of(
    ground: &Ground<'_>,
    making: &Making<'_>,
    snapshot: &Snapshot,
    dump: &Attachment,
) -> Result<Option<Manifest>, PlanError> {
    let Some(file) = dump.files.iter().find(|file| file.role == manifest::ROLE) else { return Ok(None) };
    let path = format!("{}/{}", dump.path, file.path);
    let mut bytes = Vec::new();
    cat(
        &reading(ground.indexed, ground.interrupt),
        snapshot,
        &SnapPath::parse(path.as_bytes())?,
        &mut bytes,
    )?;
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|error| making.fault(format!("{path} is not understood: {error}")))
}
