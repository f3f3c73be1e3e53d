//! Which steps of a plan a run carries out: all, some, from one on, until one. Pure.

use std::collections::BTreeSet;

use crate::plan::apply::Options;
use crate::plan::artefact::Plan;
use crate::plan::error::PlanError;

/// The ids of the steps that `options` mean.
pub fn choose(plan: &Plan, options: &Options) -> Result<BTreeSet<String>, PlanError> {
    let steps = &plan.content.steps;
    let mut chosen: BTreeSet<String> = match options.only.is_empty() {
        true => steps.iter().map(|step| step.id.clone()).collect(),
        false => {
            let named: Result<Vec<_>, PlanError> =
                options.only.iter().map(|name| meant(plan, name)).collect();
            named?.into_iter().flatten().collect()
        }
    };
    if let Some(name) = &options.from {
        let first = meant(plan, name)?;
        let place = steps.iter().position(|step| first.contains(&step.id)).unwrap_or(0);
        chosen.retain(|id| steps[place..].iter().any(|step| step.id == *id));
    }
    if let Some(name) = &options.until {
        let last = meant(plan, name)?;
        let place = steps.iter().rposition(|step| last.contains(&step.id)).unwrap_or(0);
        chosen.retain(|id| steps[..=place].iter().any(|step| step.id == *id));
    }
    // A sandbox is never left out: nothing may go anywhere else.
    chosen.extend(
        steps.iter().filter(|step| step.component == super::sandbox::COMPONENT).map(|step| step.id.clone()),
    );
    Ok(chosen)
}

/// The ids of the steps that `name` means: a step, a component, or a group.
pub fn meant(plan: &Plan, name: &str) -> Result<BTreeSet<String>, PlanError> {
    let group = |component: &str| {
        let part = plan.content.components.iter().find(|part| part.name == component);
        part.and_then(|part| part.group.as_deref()) == Some(name)
    };
    let is_meant = |step: &&crate::plan::artefact::Step| {
        step.id == name || step.component == name || group(&step.component)
    };
    let found: BTreeSet<String> =
        plan.content.steps.iter().filter(is_meant).map(|step| step.id.clone()).collect();
    match found.is_empty() {
        true => Err(PlanError::NoStep { name: name.to_owned() }),
        false => Ok(found),
    }
}
