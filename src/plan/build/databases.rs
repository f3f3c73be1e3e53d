//! Dumps of databases as steps: what the snapshot carries becomes the actions that load and compare it.
//!
//! Onto a running machine (`converge`) every kind is loaded. While a machine is rebuilt no server of its own
//! runs, and from a sandbox a socket would lead to a server outside: there, only databases that are files
//! are restored, below the target's root.

use crate::browse::cat::cat;
use crate::browse::path::SnapPath;
use crate::plan::apply::content::reading;
use crate::plan::artefact::{Step, Work};
use crate::plan::build::Ground;
use crate::plan::build::steps::Making;
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::repo::attachment::{Attachment, KIND_DATABASE};
use crate::repo::snapshot::Snapshot;
use crate::system::database::manifest::{self, Manifest};
use crate::system::database::restore::{Target, actions};

/// The method that replaces databases which are there already.
const REPLACE: &str = "replace";

/// The steps of a component of the kind `databases`: of each dump that is meant, in the snapshot's order.
pub fn steps(ground: &Ground<'_>, making: &Making<'_>, snapshot: &Snapshot) -> Result<Vec<Step>, PlanError> {
    let component = making.component;
    let replace = match component.method.as_deref() {
        None | Some("keep") => false,
        Some(REPLACE) => true,
        Some(other) => {
            let why =
                format!("`method` of databases is \"keep\" (what is there is refused) or \"{REPLACE}\"");
            return Err(making.fault(format!("{why}, not {other:?}")));
        }
    };
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
        let target = target(making, dump, replace)?;
        let manifest = manifest_of(ground, making, snapshot, dump)?;
        let made =
            actions(dump, manifest.as_ref(), &target).map_err(|error| making.fault(error.to_string()))?;
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

/// Where `dump` goes at this target.
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
        _ => Target { path: Some(format!("{}{path}", making.root.trim_end_matches('/'))), ..target },
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
