//! What comes where nobody acknowledges, and how acknowledgements come in from outside.

use std::time::Duration;

use crate::notify::channel::ntfy;
use crate::notify::channel::{Attempt, Verdict};
use crate::notify::deliver::Delivered;
use crate::notify::entry::{Acknowledgement, Entry, State};
use crate::notify::error::NotifyError;
use crate::notify::event::{Action, EventId};
use crate::notify::model::ChannelKind;
use crate::notify::notifier::Notifier;
use crate::notify::route::{Route, Telling, seconds};

impl Notifier<'_> {
    /// Everything that is due: acknowledgements are fetched, escalations go on, messages are delivered, and
    /// what is old is removed.
    pub fn run(&self, budget: Duration) -> Result<Delivered, NotifyError> {
        let until = self.clock.elapsed() + budget;
        let mut troubles = self.fetch_acks(budget / 3)?;
        self.escalate()?;
        let mut delivered = self.deliver(until.saturating_sub(self.clock.elapsed()))?;
        // What failed altogether lets the next one be asked at once.
        if self.escalate()? > 0 {
            let more = self.deliver(until.saturating_sub(self.clock.elapsed()))?;
            delivered.delivered += more.delivered;
            delivered.failed += more.failed;
            delivered.in_doubt += more.in_doubt;
            delivered.pending = more.pending;
            troubles.extend(more.troubles);
        }
        delivered.troubles.splice(0..0, troubles);
        self.outbox.tidy(self.now().seconds, seconds(self.directory.keep))?;
        Ok(delivered)
    }

    /// Takes every step that is due; answers how many.
    pub fn escalate(&self) -> Result<usize, NotifyError> {
        let now = self.now().seconds;
        let mut count = 0;
        for entry in self.outbox.list()?.entries {
            if due_ladder(&entry, now).is_none() {
                continue;
            }
            self.outbox.change(&entry.event.id, |entry| {
                while let Some(index) = due_ladder(entry, now) {
                    self.step(entry, index, now);
                    count += 1;
                }
            })?;
        }
        Ok(count)
    }

    fn step(&self, entry: &mut Entry, index: usize, now: i64) {
        let ladder = &mut entry.ladders[index];
        let step = ladder.steps[ladder.next].clone();
        ladder.next += 1;
        let number = ladder.next;
        let telling = Telling { action: Action::Trigger, severity: entry.event.severity, now };
        let mut route = Route::default();
        step.to.iter().for_each(|name| route.add(self.directory, name, telling));
        let due = route.deliveries.iter().map(|one| one.due).max().unwrap_or(now);
        entry.ladders[index].due = due.saturating_add(step.ack_within);
        for mut one in route.deliveries {
            one.step = number;
            entry.deliveries.push(one);
        }
    }

    /// Fetches acknowledgements that were given by buttons; answers what went wrong.
    fn fetch_acks(&self, budget: Duration) -> Result<Vec<String>, NotifyError> {
        let mut troubles = Vec::new();
        let entries = self.outbox.list()?.entries;
        let waiting: Vec<&Entry> =
            entries.iter().filter(|entry| entry.is_open() && entry.acknowledged.is_empty()).collect();
        let Some(since) = waiting.iter().map(|entry| entry.event.time.seconds).min() else {
            return Ok(troubles);
        };
        for (name, channel) in &self.directory.channels {
            if !matches!(channel.kind, ChannelKind::Ntfy { ack_topic: Some(_), .. }) {
                continue;
            }
            let attempt = Attempt { channel, secrets: self.secrets, limit: channel.timeout.min(budget) };
            match ntfy::acks(&attempt, since.saturating_sub(60)) {
                Ok(acks) => {
                    for ack in acks {
                        self.take_ack(&waiting, ack)?;
                    }
                }
                Err(
                    Verdict::Later(_, why)
                    | Verdict::InDoubt(why)
                    | Verdict::Refused(why)
                    | Verdict::Gone(why),
                ) => {
                    troubles.push(format!("acknowledgements by {name} cannot be fetched: {why}"));
                }
                Err(Verdict::Delivered(_)) => {}
            }
        }
        Ok(troubles)
    }

    fn take_ack(&self, waiting: &[&Entry], ack: ntfy::Ack) -> Result<(), NotifyError> {
        let fits = |entry: &&&Entry| entry.event.id.as_str() == ack.id;
        if let Some(entry) = waiting.iter().find(fits) {
            self.acknowledge_with(&entry.event.id, &ack.token, ack.by.as_deref(), "ntfy")?;
        }
        Ok(())
    }

    /// Acknowledges by whoever has the event's token; `false` where it is another.
    pub fn acknowledge_with(
        &self,
        id: &EventId,
        token: &str,
        by: Option<&str>,
        via: &str,
    ) -> Result<bool, NotifyError> {
        let entry = self.outbox.load(id)?;
        // Compared as hashes: how long that takes tells nothing.
        if blake3::hash(entry.token.as_bytes()) != blake3::hash(token.as_bytes()) {
            return Ok(false);
        }
        let by = by.unwrap_or("somebody with the message").to_owned();
        self.acknowledge(id, Acknowledgement { by, time: self.now(), via: via.to_owned(), note: None })?;
        Ok(true)
    }
}

/// The ladder of which a step is due: by time, or because nobody of the step before can be reached.
fn due_ladder(entry: &Entry, now: i64) -> Option<usize> {
    let (index, due) = entry.next_step()?;
    if due <= now {
        return Some(index);
    }
    let is_alone = entry.ladders.len() == 1;
    let last = entry.ladders[index].next;
    let mut before = entry.deliveries.iter().filter(|one| one.step == last && one.action == Action::Trigger);
    let lost = |one: &crate::notify::entry::Delivery| matches!(one.state, State::Failed | State::InDoubt);
    let is_lost = is_alone && before.clone().count() > 0 && before.all(lost);
    is_lost.then_some(index)
}
