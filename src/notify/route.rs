//! From names to deliveries: who is told now, by which channels, when at the earliest, and who is next.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::notify::entry::{Delivery, Ladder, LadderStep};
use crate::notify::event::{Action, Severity};
use crate::notify::model::{Contact, Directory, Escalation, Group, Named};
use crate::notify::quiet::not_before;

/// How long somebody on call has, where nobody says otherwise.
pub const ACK_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Groups that stand for others only so deep; a group has contacts alone, but a rule may name many.
const STEPS_MAX: usize = 1000;

/// What is being told.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// What it does to the matter.
    pub action: Action,
    /// How urgent it is.
    pub severity: Severity,
    /// Seconds since 1970.
    pub now: i64,
}

/// Who is told, as it is being put together: nobody twice.
#[derive(Debug, Default)]
pub struct Route {
    /// Those who are told.
    pub deliveries: Vec<Delivery>,
    /// Who comes next.
    pub ladders: Vec<Ladder>,
    seen: BTreeSet<String>,
}

impl Route {
    /// Takes it that these are told already.
    pub fn knowing(deliveries: &[Delivery]) -> Self {
        let seen = deliveries.iter().map(|one| one.whom().to_owned()).collect();
        Self { seen, ..Self::default() }
    }

    /// Adds whoever `name` stands for; nobody where it stands for nobody.
    pub fn add(&mut self, directory: &Directory, name: &str, telling: Telling) {
        match directory.find(name) {
            Some(Named::Contact(contact)) => self.contact(name, contact, telling),
            Some(Named::Channel(_)) => self.channel(name, telling),
            Some(Named::Group(group)) if group.on_call => self.on_call(directory, group, telling),
            Some(Named::Group(group)) => {
                group.members.iter().for_each(|member| self.add_contact(directory, member, telling));
            }
            None => {}
        }
    }

    fn add_contact(&mut self, directory: &Directory, name: &str, telling: Telling) {
        if let Some(contact) = directory.contacts.get(name) {
            self.contact(name, contact, telling);
        }
    }

    fn channel(&mut self, name: &str, telling: Telling) {
        if self.seen.insert(name.to_owned()) {
            let channels = [name.to_owned()];
            self.deliveries.push(Delivery::new(None, telling.action, &channels, telling.now, telling.now));
        }
    }

    fn contact(&mut self, name: &str, contact: &Contact, telling: Telling) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let due = not_before(&contact.quiet, &contact.zone, telling.severity, telling.now);
        let mut push = |channels: &[String]| {
            self.deliveries.push(Delivery::new(Some(name), telling.action, channels, telling.now, due));
        };
        match contact.all_channels {
            true => contact.channels.chunks(1).for_each(push),
            false => push(&contact.channels),
        }
    }

    /// Whoever's turn it is now, and then the others in their order.
    fn on_call(&mut self, directory: &Directory, group: &Group, telling: Telling) {
        let order = call_order(group, telling.now);
        let Some((first, others)) = order.split_first() else { return };
        let before = self.deliveries.len();
        self.add_contact(directory, first, telling);
        let ack_within = seconds(group.ack_within.unwrap_or(ACK_WITHIN));
        let steps = others.iter().map(|name| LadderStep { to: vec![name.clone()], ack_within });
        self.ladder(steps.collect(), ack_within, before, telling);
    }

    /// Adds the first step of an escalation, and the others as what comes next.
    pub fn escalation(&mut self, directory: &Directory, escalation: &Escalation, telling: Telling) {
        let rounds = usize::try_from(escalation.repeat).unwrap_or(0) + 1;
        let all = escalation.steps.iter().cycle().take(escalation.steps.len() * rounds);
        let mut steps = all.take(STEPS_MAX);
        let Some(first) = steps.next() else { return };
        let before = self.deliveries.len();
        first.to.iter().for_each(|name| self.add(directory, name, telling));
        let steps =
            steps.map(|step| LadderStep { to: step.to.clone(), ack_within: seconds(step.ack_within) });
        self.ladder(steps.collect(), seconds(first.ack_within), before, telling);
    }

    fn ladder(&mut self, steps: Vec<LadderStep>, ack_within: i64, before: usize, telling: Telling) {
        if telling.action == Action::Trigger && !steps.is_empty() {
            // Whoever sleeps until morning has until then to acknowledge.
            let due = self.deliveries[before..].iter().map(|one| one.due).max().unwrap_or(telling.now);
            self.ladders.push(Ladder { steps, next: 0, due: due.saturating_add(ack_within) });
        }
    }
}

/// The members of a group, whoever's turn it is at `now` first.
pub fn call_order(group: &Group, now: i64) -> Vec<String> {
    let mut order = group.members.clone();
    if let (Some(every), false) = (group.rotate_every, order.is_empty()) {
        let turns = now.saturating_sub(group.rotate_from).div_euclid(seconds(every).max(1));
        let first = turns.rem_euclid(order.len() as i64);
        order.rotate_left(usize::try_from(first).unwrap_or(0));
    }
    order
}

/// Whole seconds.
pub fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture::directory;

    const NOW: Telling = Telling { action: Action::Trigger, severity: Severity::Error, now: 1_767_312_000 };

    fn told(route: &Route) -> Vec<(&str, Vec<&str>)> {
        let names = |one: &'_ Delivery| one.route.len();
        assert!(route.deliveries.iter().all(|one| names(one) > 0));
        let channels = |one| -> Vec<&str> {
            let one: &Delivery = one;
            one.route.iter().map(|hop| hop.channel.as_str()).collect()
        };
        route.deliveries.iter().map(|one| (one.whom(), channels(one))).collect()
    }

    #[test]
    fn names_stand_for_people_groups_and_channels_and_nobody_is_told_twice() {
        let directory = directory();
        let mut route = Route::default();
        for name in ["anna", "all", "hook", "hook", "nobody"] {
            route.add(&directory, name, NOW);
        }
        let expected = vec![
            ("anna", vec!["hook", "backup"]),
            ("ben", vec!["backup"]),
            ("cleo", vec!["hook"]),
            ("cleo", vec!["backup"]),
            ("hook", vec!["hook"]),
        ];
        assert_eq!(told(&route), expected);
        assert!(route.ladders.is_empty());
    }

    #[test]
    fn on_call_asks_one_after_the_other_and_turns_with_time() {
        let directory = directory();
        let mut route = Route::default();
        route.add(&directory, "oncall", NOW);
        assert_eq!(told(&route), [("anna", vec!["hook", "backup"])]);
        assert_eq!(route.ladders[0].steps.len(), 2);
        assert_eq!(route.ladders[0].due, NOW.now + 600);
        let week = 7 * 24 * 3600;
        let group = Group {
            members: vec!["a".into(), "b".into(), "c".into()],
            rotate_every: Some(Duration::from_secs(week)),
            rotate_from: 1000,
            ..Group::default()
        };
        let week = week as i64;
        for (now, first) in
            [(1000, "a"), (999 + week, "a"), (1000 + week, "b"), (1000 + 2 * week, "c"), (999, "c")]
        {
            assert_eq!(call_order(&group, now)[0], first, "{now}");
        }
    }

    #[test]
    fn escalations_go_on_step_by_step_and_begin_again_as_often_as_they_say() {
        let directory = directory();
        let mut route = Route::default();
        route.escalation(&directory, &directory.escalations["site"], NOW);
        assert_eq!(told(&route), [("anna", vec!["hook", "backup"])]);
        let steps: Vec<&str> = route.ladders[0].steps.iter().map(|step| step.to[0].as_str()).collect();
        assert_eq!(steps, ["ben", "anna", "ben"]);
        let mut route = Route::default();
        let notice = Telling { action: Action::Notice, ..NOW };
        route.escalation(&directory, &directory.escalations["site"], notice);
        assert!(route.ladders.is_empty());
    }
}
