//! Raising events, and what becomes of matters: told once, told again after a while, and ended.
//!
//! The outbox is the only memory. A failure that is told already is counted and not told again until
//! `repeat_after`, unless it has become worse; when all is well again, those who were told of the failure
//! are told of its end. Channels that want everything get everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use crate::base::time::{Clock, Timestamp};
use crate::notify::channel::Secrets;
use crate::notify::disabled::DisabledChannels;
use crate::notify::entry::{Acknowledgement, Delivery, Entry, State};
use crate::notify::error::NotifyError;
use crate::notify::event::{Action, Event, EventId, Outcome};
use crate::notify::model::{Directory, Named, Rule};
use crate::notify::outbox::Outbox;
use crate::notify::route::{Route, Telling, seconds};

/// Tells people of events.
pub struct Notifier<'a> {
    /// Who there is.
    pub directory: &'a Directory,
    /// Where events wait.
    pub outbox: Outbox,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Where secrets are read.
    pub secrets: &'a dyn Secrets,
    /// Channels whose other side wants no more.
    pub disabled: DisabledChannels,
    /// When each channel that must not be hurried takes the next message.
    pub(super) turns: Mutex<BTreeMap<String, Instant>>,
}

/// What became of an event that was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It is in the outbox, for so many.
    Told(EventId, usize),
    /// It was told already, with this event.
    Repeated(EventId),
    /// Nobody wants to hear of it.
    Nobody,
}

impl<'a> Notifier<'a> {
    /// A notifier with the outbox in the state directory `state`.
    pub fn open(
        state: &Path,
        directory: &'a Directory,
        clock: &'a dyn Clock,
        secrets: &'a dyn Secrets,
    ) -> Result<Self, NotifyError> {
        Ok(Self {
            directory,
            outbox: Outbox::open(state)?,
            clock,
            secrets,
            disabled: DisabledChannels::of(state),
            turns: Mutex::default(),
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes an event that happened, for whoever `rules` say. It is durable when this returns.
    pub fn raise(&self, event: Event, rules: &[&Rule]) -> Result<Raised, NotifyError> {
        let now = self.now().seconds;
        let _lock = self.outbox.lock()?;
        let entries = self.outbox.list()?.entries;
        let open = open_matters(&entries, &event.key);
        let newest = open.last().copied();
        let rules: Vec<&Rule> = rules.iter().copied().filter(|rule| wants(rule, &event)).collect();
        let is_told = event.outcome.is_bad()
            && newest.is_some_and(|open| {
                let age = now.saturating_sub(open.event.time.seconds);
                event.severity <= open.event.severity && age < seconds(self.directory.repeat_after)
            });
        let action = match event.outcome {
            _ if is_told => Action::Notice,
            outcome if outcome.is_bad() => Action::Trigger,
            Outcome::Ok if newest.is_some() => Action::Resolve,
            _ => Action::Notice,
        };
        let mut entry = Entry::new(event, action);
        let mut route = Route::default();
        if action == Action::Resolve {
            self.answer(&open, &mut entry)?;
            route = Route::knowing(&entry.deliveries);
        }
        for rule in &rules {
            self.apply(rule, &entry, is_told, &mut route);
        }
        entry.deliveries.append(&mut route.deliveries);
        entry.ladders = route.ladders;
        self.settle(entry, &open, is_told)
    }

    /// Writes the new entry, and then into the older ones that their matter is over or goes on there.
    fn settle(&self, mut entry: Entry, open: &[&Entry], is_told: bool) -> Result<Raised, NotifyError> {
        let told = Raised::Told(entry.event.id.clone(), entry.deliveries.len());
        let goes_on = open.first().map(|first| first.trigger.clone().unwrap_or(first.event.clone()));
        if matches!(entry.action, Action::Trigger | Action::Resolve) {
            entry.trigger = goes_on;
            entry.closes = open.iter().map(|one| one.event.id.clone()).collect();
        }
        let ends_something = entry.action == Action::Resolve;
        if !entry.deliveries.is_empty() || ends_something {
            self.outbox.save(&entry)?;
        }
        if is_told {
            let Some(newest) = open.last() else { return Ok(told) };
            let mut newest = (*newest).clone();
            newest.repeats += 1;
            newest.last = entry.event.time;
            self.outbox.save(&newest)?;
            return Ok(Raised::Repeated(newest.event.id));
        }
        if entry.deliveries.is_empty() && !ends_something {
            return Ok(Raised::Nobody);
        }
        for older in open.iter().filter(|_| !entry.closes.is_empty()) {
            let mut older = (*older).clone();
            older.resolved = Some(entry.event.id.clone());
            if ends_something {
                older.deliveries.iter_mut().filter(|one| is_held(one)).for_each(|one| {
                    one.state = State::Dropped;
                });
            }
            self.outbox.save(&older)?;
        }
        Ok(match entry.deliveries.is_empty() {
            true => Raised::Nobody,
            false => told,
        })
    }

    /// Those who were told, or will be, of what has ended now.
    fn answer(&self, open: &[&Entry], entry: &mut Entry) -> Result<(), NotifyError> {
        let now = self.now().seconds;
        let mut seen = BTreeSet::new();
        for older in open.iter().rev() {
            for (index, told) in older.deliveries.iter().enumerate() {
                let reached = matches!(told.state, State::Delivered | State::InDoubt | State::Pending);
                if told.action != Action::Trigger || !reached || is_held(told) {
                    continue;
                }
                let route: Vec<String> = match &told.by {
                    // Where the failure arrived, its end is understood.
                    Some(by) => {
                        let others = told.route.iter().map(|hop| hop.channel.clone());
                        [by.clone()].into_iter().chain(others.filter(|name| name != by)).collect()
                    }
                    None => told.route.iter().map(|hop| hop.channel.clone()).collect(),
                };
                if !seen.insert((told.contact.clone(), route.first().cloned())) {
                    continue;
                }
                let mut delivery =
                    Delivery::new(told.contact.as_deref(), Action::Resolve, &route, now, told.due.max(now));
                delivery.answers = Some(older.message_key(index));
                entry.deliveries.push(delivery);
            }
        }
        Ok(())
    }

    fn apply(&self, rule: &Rule, entry: &Entry, is_told: bool, route: &mut Route) {
        let outcome = entry.event.outcome;
        let telling = Telling {
            action: if is_told { Action::Trigger } else { entry.action },
            severity: rule.severity.unwrap_or(entry.event.severity),
            now: self.now().seconds,
        };
        let wants_it = rule.on.contains(&outcome) && !is_told && entry.event.severity >= rule.min_severity;
        for name in &rule.to {
            let gets_all =
                matches!(self.directory.find(name), Some(Named::Channel(channel)) if channel.every);
            if wants_it || gets_all {
                route.add(self.directory, name, telling);
            }
        }
        let escalation = rule.escalation.as_ref().and_then(|name| self.directory.escalations.get(name));
        if let Some(escalation) = escalation.filter(|_| wants_it) {
            route.escalation(self.directory, escalation, telling);
        }
    }

    /// Tells these names of an event, whatever rules say. An event whose id is in the outbox already is
    /// not told again. With `Action::Trigger` it can be acknowledged and escalates.
    pub fn send(
        &self,
        event: Event,
        action: Action,
        to: &[String],
        escalation: Option<&str>,
    ) -> Result<EventId, NotifyError> {
        if let Some(name) = self.directory.unknown(to).first() {
            return Err(NotifyError::Nobody((*name).to_owned()));
        }
        let _lock = self.outbox.lock()?;
        match self.outbox.load(&event.id) {
            Ok(_) => return Ok(event.id),
            Err(NotifyError::NoEvent(_)) => {}
            Err(error) => return Err(error),
        }
        let telling = Telling { action, severity: event.severity, now: self.now().seconds };
        let mut route = Route::default();
        to.iter().for_each(|name| route.add(self.directory, name, telling));
        if let Some(name) = escalation {
            let found = self.directory.escalations.get(name);
            let escalation = found.ok_or_else(|| NotifyError::NoEscalation(name.to_owned()))?;
            route.escalation(self.directory, escalation, telling);
        }
        let mut entry = Entry::new(event, action);
        entry.deliveries = route.deliveries;
        entry.ladders = route.ladders;
        self.outbox.save(&entry)?;
        Ok(entry.event.id)
    }

    /// Everything that is known of an event, by its id or the beginning of it.
    pub fn status(&self, id: &str) -> Result<Entry, NotifyError> {
        self.outbox.find(id)
    }

    /// Notes that somebody looks after it: escalation ends, and services that keep incidents are told.
    pub fn acknowledge(&self, id: &EventId, ack: Acknowledgement) -> Result<Entry, NotifyError> {
        let now = self.now().seconds;
        self.outbox.change(id, |entry| {
            let said = |one: &Acknowledgement| one.by == ack.by && one.via == ack.via;
            if entry.acknowledged.iter().any(said) {
                return;
            }
            if entry.acknowledged.is_empty() && entry.is_open() {
                self.tell_services(entry, Action::Acknowledge, now);
            }
            entry.acknowledged.push(ack);
        })
    }

    /// Ends the matter of an event that asked people for something, without telling them: services that keep
    /// incidents are told.
    pub fn close(&self, id: &EventId) -> Result<Entry, NotifyError> {
        let now = self.now().seconds;
        self.outbox.change(id, |entry| {
            if !entry.is_open() {
                return;
            }
            self.tell_services(entry, Action::Resolve, now);
            entry.ladders.clear();
            entry.resolved = Some(entry.event.id.clone());
        })
    }

    /// Has services that keep incidents, and took this one, hear what became of it.
    fn tell_services(&self, entry: &mut Entry, action: Action, now: i64) {
        let is_incident =
            |hop: &str| self.directory.channels.get(hop).is_some_and(|channel| channel.kind.has_incidents());
        let took =
            |one: &Delivery| one.action == Action::Trigger && one.by.as_deref().is_some_and(is_incident);
        let all = entry.deliveries.iter().cloned().enumerate();
        let told: Vec<(usize, Delivery)> = all.filter(|(_, one)| took(one)).collect();
        for (index, one) in told {
            let channel = one.by.clone().unwrap_or_default();
            let mut more = Delivery::new(one.contact.as_deref(), action, &[channel], now, now);
            more.answers = Some(entry.message_key(index));
            entry.deliveries.push(more);
        }
    }

    /// Makes deliveries that failed or are in doubt due again: those of one event, by all their channels.
    pub fn retry(&self, id: &EventId) -> Result<usize, NotifyError> {
        let now = self.now().seconds;
        let mut count = 0;
        self.outbox.change(id, |entry| {
            for one in &mut entry.deliveries {
                let is_done = matches!(one.state, State::Delivered | State::Dropped);
                if is_done || one.claim.is_some() {
                    continue;
                }
                (one.state, one.due, one.made, one.next, one.rounds) = (State::Pending, now, now, 0, 0);
                one.route.iter_mut().for_each(|hop| (hop.refused, hop.attempts) = (None, 0));
                count += 1;
            }
        })?;
        Ok(count)
    }

    /// Gives up whatever of one event is still to be delivered, and its escalation.
    pub fn drop_pending(&self, id: &EventId) -> Result<usize, NotifyError> {
        let mut count = 0;
        self.outbox.change(id, |entry| {
            entry.ladders.clear();
            for one in entry.deliveries.iter_mut().filter(|one| one.state == State::Pending) {
                one.state = State::Dropped;
                count += 1;
            }
        })?;
        Ok(count)
    }
}

/// Whether it waits for the end of quiet hours, and nothing of it has gone out.
fn is_held(delivery: &Delivery) -> bool {
    delivery.state == State::Pending
        && delivery.due > delivery.made
        && delivery.claim.is_none()
        && delivery.route.iter().all(|hop| hop.attempts == 0 && !hop.in_doubt)
}

/// Entries of a matter that is open, the oldest first.
fn open_matters<'e>(entries: &'e [Entry], key: &str) -> Vec<&'e Entry> {
    let closed: BTreeSet<&EventId> = entries.iter().flat_map(|entry| &entry.closes).collect();
    let of_key = entries.iter().filter(|entry| entry.event.key == key);
    of_key.filter(|entry| entry.is_open() && !closed.contains(&entry.event.id)).collect()
}

fn wants(rule: &Rule, event: &Event) -> bool {
    rule.events.is_empty() || rule.events.contains(&event.kind)
}
