//! Where built plans are kept, and how people name them: by file, or by the beginning of an id.

use std::path::{Path, PathBuf};

use crate::plan::apply::directory;
use crate::plan::apply::keep::{self, ID_LEN, plan_of};
use crate::plan::artefact::Plan;
use crate::plan::error::PlanError;
use crate::sys::file::create_private_dir;

/// The fewest that are taken for the beginning of one.
const PREFIX_MIN: usize = 4;

/// Keeps a plan, and of others of its name the newest; answers which were removed, by their ids.
pub fn put(state_dir: &Path, plan: &Plan) -> Result<Vec<String>, PlanError> {
    let shelf = directory(state_dir);
    create_private_dir(&shelf).map_err(PlanError::Write)?;
    let path = shelf.join(format!("{}.json", plan.id));
    plan.write(&path)?;
    keep::prune_plans(state_dir, &plan.content.name)
}

/// The plan that `name` means: a file, or the one kept plan whose id begins so.
pub fn find(state_dir: &Path, name: &Path) -> Result<Plan, PlanError> {
    if name.is_file() {
        return Plan::read(name);
    }
    let text = name.to_str().unwrap_or_default().to_ascii_lowercase();
    let is_prefix =
        text.len() >= PREFIX_MIN && text.len() <= ID_LEN && text.bytes().all(|b| b.is_ascii_hexdigit());
    let shown = name.display();
    if !is_prefix {
        return Err(PlanError::NoPlan {
            what: format!("there is no file {shown}, and it is no id of a plan"),
        });
    }
    let kept = kept(state_dir)?;
    let matches: Vec<&PathBuf> =
        kept.iter().filter(|path| plan_of(path).is_some_and(|id| id.starts_with(&text))).collect();
    match matches.as_slice() {
        [one] => Plan::read(one),
        [] => Err(PlanError::NoPlan {
            what: format!("no plan that was built here has an id that begins with {shown}"),
        }),
        several => {
            let what = format!("{} plans have ids that begin with {shown}; give more digits", several.len());
            Err(PlanError::NoPlan { what })
        }
    }
}

/// The files of all kept plans.
fn kept(state_dir: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let mut paths = keep::listed(state_dir)?;
    paths.retain(|path| plan_of(path).is_some());
    Ok(paths)
}
