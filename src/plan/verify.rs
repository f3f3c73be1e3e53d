//! Whether a plan is still true: its snapshots are there, its target and the programs it runs are what they
//! were.

use crate::plan::apply;
use crate::plan::apply::disks;
use crate::plan::artefact::{Plan, RootFound};
use crate::plan::build::look;
use crate::plan::error::PlanError;
use crate::plan::file::model::TargetKind;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::{self, SnapshotError};
use crate::restore::error::chain_text;
use crate::system::action::Place;

/// What a plan is held against.
pub struct Ground<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The repository.
    pub indexed: &'a IndexedRepository,
}

impl<'a> Ground<'a> {
    /// What a run is held against.
    pub fn of(ground: &apply::Ground<'a>) -> Self {
        Self { plan: ground.plan, indexed: ground.indexed }
    }
}

/// What is different from when the plan was built, a line each; nothing if it still fits. `is_begun` says
/// that a run of it was begun, so that the target has changed by the run itself.
pub fn changes(ground: &Ground<'_>, is_begun: bool) -> Result<Vec<String>, PlanError> {
    let content = &ground.plan.content;
    let repository = ground.indexed.repository();
    let mut changes = Vec::new();
    if repository.id().to_string() != content.repository {
        changes.push(format!(
            "it was built from the repository {}, and this is {}",
            content.repository,
            repository.id()
        ));
        return Ok(changes);
    }
    for pinned in &content.snapshots {
        match snapshot::find(repository.client(), repository.keyring(), &pinned.id.to_string()) {
            Ok(found) if found.time == pinned.time && found.host == pinned.host => {}
            Ok(_) => changes.push(format!("the snapshot {} is not the one it was", pinned.id.short())),
            Err(error @ SnapshotError::Store(_)) => return Err(error.into()),
            Err(error) => changes.push(format!(
                "the snapshot {} cannot be used: {}",
                pinned.id.short(),
                chain_text(&error)
            )),
        }
    }
    if content.tool != env!("CARGO_PKG_VERSION") {
        changes.push(format!(
            "it was built by lifeboat {}, and this is {}",
            content.tool,
            env!("CARGO_PKG_VERSION")
        ));
    }
    tools(ground.plan, &mut changes);
    if !is_begun {
        target(ground.plan, &mut changes)?;
    }
    Ok(changes)
}

fn tools(plan: &Plan, changes: &mut Vec<String>) {
    let now = look::tools(&plan.content.steps);
    for (name, hash) in &plan.content.expects.tools {
        match now.get(name) {
            Some(Some(now)) if now == hash => {}
            Some(Some(_)) => {
                changes.push(format!("the program {name} is another one than when it was built"))
            }
            _ => changes.push(format!("the program {name} is not there any more")),
        }
    }
}

fn target(plan: &Plan, changes: &mut Vec<String>) -> Result<(), PlanError> {
    let content = &plan.content;
    let (was, is) = (content.expects.root, look::root(&content.target.root)?);
    let shown = |found: RootFound| match found {
        RootFound::Absent => "was not there",
        RootFound::Empty => "was empty",
        RootFound::Filled => "held something",
    };
    // A system that runs changes all the time; an empty place does not.
    if was != is && content.target.kind != TargetKind::Converge {
        changes.push(format!(
            "{} {} when it was built, and now it {}",
            content.target.root,
            shown(was),
            shown(is)
        ));
    }
    for target in &content.target.disks {
        let Place::Device(identity) = &target.disk.place else { continue };
        let Some(found) = content.expects.disks.get(&target.disk.name) else { continue };
        match disks::find(identity) {
            Err(error) => changes.push(chain_text(&error)),
            Ok(disk) if disk.size_bytes != found.size_bytes => changes.push(format!(
                "{} had {} bytes when it was built, and now has {}",
                disk.path, found.size_bytes, disk.size_bytes
            )),
            Ok(disk) if !disks::is_same(&found.identity, &disk) => {
                changes.push(format!("{} is not the disk it was ({})", disk.path, found.identity));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}
