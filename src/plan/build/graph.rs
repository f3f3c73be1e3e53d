//! The order of components and steps. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::artefact::Step;
use crate::plan::error::PlanError;
use crate::plan::file::model::Component;

/// What each component waits for: what it says it needs, all of its group with a lower `order`, and, where a
/// machine is put together (`is_bare`), what must be there before anything can be put on it.
pub fn needs(components: &BTreeMap<String, Component>, is_bare: bool) -> BTreeMap<String, BTreeSet<String>> {
    let of_kind = |kind: &'static str| {
        components.iter().filter(move |(_, other)| other.kind == kind).map(|(name, _)| name.clone())
    };
    let place = |component: &Component| component.order.unwrap_or(0);
    components
        .iter()
        .map(|(name, component)| {
            let mut needs: BTreeSet<String> = component.needs.iter().cloned().collect();
            let before = components.iter().filter(|(_, other)| {
                component.group.is_some() && other.group == component.group && place(other) < place(component)
            });
            needs.extend(before.map(|(name, _)| name.clone()));
            match component.kind.as_str() {
                _ if !is_bare => {}
                "disks" => {}
                "file-systems" => needs.extend(of_kind("disks")),
                "boot" => needs.extend(of_kind("file-systems").chain(of_kind("files"))),
                _ => needs.extend(of_kind("file-systems")),
            }
            (name.clone(), needs)
        })
        .collect()
}

/// The components in an order that respects what each needs; by name where that leaves a choice.
pub fn order(needs: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<String>, PlanError> {
    let mut ordered: Vec<String> = Vec::with_capacity(needs.len());
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while ordered.len() < needs.len() {
        let is_ready = |(name, needs): &(&String, &BTreeSet<String>)| {
            !done.contains(name.as_str()) && needs.iter().all(|need| done.contains(need.as_str()))
        };
        let Some((name, _)) = needs.iter().find(is_ready) else {
            let left: Vec<&str> =
                needs.keys().map(String::as_str).filter(|name| !done.contains(name)).collect();
            return Err(PlanError::Component {
                component: left.join(", "),
                why: "these components wait for each other, by `needs` or by `order` in a group".into(),
            });
        };
        done.insert(name);
        ordered.push(name.clone());
    }
    Ok(ordered)
}

/// The steps of a component that nothing else in it waits for: who needs the component waits for these.
pub fn ends_of(steps: &[Step], component: &str) -> Vec<String> {
    let own: Vec<&Step> = steps.iter().filter(|step| step.component == component).collect();
    let is_waited_for = |id: &str| own.iter().any(|step| step.needs.iter().any(|need| need == id));
    own.iter().filter(|step| !is_waited_for(&step.id)).map(|step| step.id.clone()).collect()
}

/// Puts `steps` into an order that respects what each needs and else keeps the one given.
pub fn sort(steps: Vec<Step>) -> Result<Vec<Step>, PlanError> {
    let mut left: Vec<Step> = steps;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut sorted = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let next = left.iter().position(|step| step.needs.iter().all(|need| done.contains(need)));
        let Some(next) = next else {
            let names: Vec<&str> = left.iter().map(|step| step.id.as_str()).collect();
            return Err(PlanError::Component {
                component: names.join(", "),
                why: "these steps wait for each other, or for one that is not there".into(),
            });
        };
        let step = left.remove(next);
        done.insert(step.id.clone());
        sorted.push(step);
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, needs, and group with order.
    type Given<'a> = (&'a str, &'a [&'a str], Option<(&'a str, i64)>);

    fn components(list: &[Given<'_>]) -> BTreeMap<String, Component> {
        let one = |needs: &[&str], group: Option<(&str, i64)>| {
            let needs: Vec<String> = needs.iter().map(|need| format!("'{need}'")).collect();
            let group = group.map(|(group, order)| format!("group = '{group}'\norder = {order}\n"));
            let text = format!("kind = 'boot'\nneeds = [{}]\n{}", needs.join(","), group.unwrap_or_default());
            toml::from_str(&text).unwrap()
        };
        list.iter().map(|(name, needs, group)| ((*name).to_owned(), one(needs, *group))).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_so_does_the_lower_order_of_a_group() {
        let all = components(&[
            ("a", &["d"], None),
            ("b", &[], Some(("g", 2))),
            ("c", &[], Some(("g", 1))),
            ("d", &["b"], None),
            ("e", &[], Some(("h", 0))),
        ]);
        assert_eq!(order(&needs(&all, false)).unwrap(), ["c", "b", "d", "a", "e"]);
    }

    #[test]
    fn a_circle_through_a_group_is_named() {
        let all = components(&[("a", &["b"], Some(("g", 1))), ("b", &[], Some(("g", 2)))]);
        let error = order(&needs(&all, false)).unwrap_err().to_string();
        assert!(error.starts_with("a, b: these components wait for each other"), "{error}");
    }
}
