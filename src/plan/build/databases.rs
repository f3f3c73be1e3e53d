//! Databases as steps: what loads the dumps that the snapshot carries, as `system` says.

use crate::browse::cat::cat;
use crate::browse::path::SnapPath;
use crate::plan::apply::content::reading;
use crate::plan::artefact::{Step, Work};
use crate::plan::build::Ground;
use crate::plan::build::steps::Making;
use crate::plan::error::PlanError;
use crate::repo::attachment::{Attachment, KIND_DATABASE};
use crate::repo::snapshot::Snapshot;
use crate::restore::error::chain_text;
use crate::system::database::manifest::{Manifest, ROLE};
use crate::system::database::restore::{Target, actions};

/// The longest manifest that is read.
const MANIFEST_MAX_BYTES: u64 = 16 << 20;

/// The steps that load the dumps that `making` means, each dump's one after the other.
pub fn steps(ground: &Ground<'_>, making: &Making<'_>, snapshot: &Snapshot) -> Result<Vec<Step>, PlanError> {
    let component = making.component;
    let all = snapshot.attachments.iter().filter(|one| one.kind == KIND_DATABASE);
    let is_meant = |one: &&Attachment| {
        (component.only.is_empty() || component.only.contains(&one.name))
            && !component.exclude.contains(&one.name)
    };
    let meant: Vec<&Attachment> = all.clone().filter(is_meant).collect();
    let lacking = component.only.iter().find(|name| !meant.iter().any(|one| one.name == **name));
    if let Some(name) = lacking {
        let there: Vec<&str> = all.map(|one| one.name.as_str()).collect();
        return Err(
            making.fault(format!("the snapshot holds no dump {name:?}; it holds: {}", there.join(", ")))
        );
    }
    if meant.is_empty() {
        return Err(making.fault("the snapshot holds no dump of a database"));
    }
    let target = Target { chroot: (making.root != "/").then(|| making.root.to_owned()), ..Target::default() };
    let mut steps = Vec::new();
    for attachment in meant {
        let manifest = manifest_of(ground, snapshot, attachment)?;
        let made = actions(attachment, manifest.as_ref(), &target);
        let made = made.map_err(|error| making.fault(chain_text(&error)))?;
        let mut after = making.after.clone();
        for action in made {
            let what = format!("{}/{}", attachment.name, action.id);
            let title = action.title.clone();
            let step = making.step(&what, title, Work::Action(Box::new(action)), after);
            after = vec![step.id.clone()];
            steps.push(step);
        }
    }
    Ok(steps)
}

fn manifest_of(
    ground: &Ground<'_>,
    snapshot: &Snapshot,
    attachment: &Attachment,
) -> Result<Option<Manifest>, PlanError> {
    let Some(file) = attachment.files.iter().find(|file| file.role == ROLE) else { return Ok(None) };
    let path = format!("{}/{}", attachment.path, file.path);
    let broken = |why: String| PlanError::Component { component: path.clone(), why };
    if file.bytes > MANIFEST_MAX_BYTES {
        return Err(broken("it is too long".into()));
    }
    let mut bytes = Vec::new();
    let parsed = SnapPath::parse(path.as_bytes())?;
    cat(&reading(ground.indexed, ground.interrupt), snapshot, &parsed, &mut bytes)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| broken(error.to_string()))
}
