//! In which order steps are done: by phase, then by what they need, then as they stand in the file.

use std::collections::{BTreeMap, BTreeSet};

use crate::runbook::model::Step;

/// The steps of one list that are done in their own right, in order; or the ids of those that need each
/// other in a circle. What `handlers` names is done only because of other steps.
pub fn order<'a>(steps: &'a [Step], handlers: &BTreeSet<String>) -> Result<Vec<&'a Step>, Vec<String>> {
    let mut waiting: Vec<&Step> = steps.iter().filter(|step| !handlers.contains(&step.id)).collect();
    // Stable: the file's order within a phase.
    waiting.sort_by_key(|step| step.phase);
    let own: BTreeSet<&str> = waiting.iter().map(|step| step.id.as_str()).collect();
    let mut ordered: Vec<&Step> = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while !waiting.is_empty() {
        let is_ready = |step: &&Step| {
            step.needs
                .iter()
                .all(|need| !own.contains(need.name.as_str()) || done.contains(need.name.as_str()))
        };
        let Some(index) = waiting.iter().position(is_ready) else {
            return Err(circle(&waiting));
        };
        let step = waiting.remove(index);
        done.insert(&step.id);
        ordered.push(step);
    }
    Ok(ordered)
}

/// A circle among steps of which each needs another.
fn circle(steps: &[&Step]) -> Vec<String> {
    let by_id: BTreeMap<&str, &Step> = steps.iter().map(|step| (step.id.as_str(), *step)).collect();
    let mut path: Vec<&str> = Vec::new();
    // Each of them needs one of them, or it would be ready; so this comes back to where it was.
    let mut current = steps[0];
    loop {
        if let Some(at) = path.iter().position(|id| *id == current.id) {
            return path[at..].iter().map(|id| (*id).to_owned()).collect();
        }
        path.push(&current.id);
        match current.needs.iter().find_map(|need| by_id.get(need.name.as_str())) {
            Some(next) => current = next,
            None => return path.iter().map(|id| (*id).to_owned()).collect(),
        }
    }
}
