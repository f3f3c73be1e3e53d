//! Delivering what is due, by one channel after the other.
//!
//! Before anything is sent, the delivery is claimed in its entry, durably; afterwards the result takes the
//! claim's place. A claim whose process is gone is a message that may have been sent: it is repeated where
//! the channel recognises repetitions, and else flagged, and the next channel is used. Several processes
//! may deliver from one outbox at the same time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::{Duration, Instant};

use crate::base::time::Timestamp;
use crate::notify::channel::{Attempt, Message, Verdict, percent};
use crate::notify::disabled::{Disabled, fingerprint};
use crate::notify::entry::{Claim, Delivery, Entry, State};
use crate::notify::error::NotifyError;
use crate::notify::event::{Action, EventId, Outcome};
use crate::notify::model::{Channel, Contact};
use crate::notify::notifier::Notifier;
use crate::notify::route::seconds;
use crate::notify::template::words;
use crate::sys::process;

/// Channels that are used at once.
const LANES_MAX: usize = 8;
/// A claim older than this is taken for one whose process is gone, whatever goes by its number now.
const CLAIM_MAX_SECONDS: i64 = 15 * 60;
/// A wait that a channel asks for and that is no longer is waited for; otherwise the next channel is used.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often such a wait is granted in a row.
const PATIENCE_ATTEMPTS: u32 = 3;
/// Waits between rounds through all channels, in seconds; the last one is repeated.
const BACK_OFF: [i64; 8] = [10, 30, 60, 120, 300, 900, 1800, 3600];
/// The shortest time in which an attempt is worth beginning.
const ATTEMPT_MIN: Duration = Duration::from_millis(500);

/// What came of delivering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages that arrived.
    pub delivered: usize,
    /// Messages that no channel takes.
    pub failed: usize,
    /// Messages of which nobody knows whether they arrived.
    pub in_doubt: usize,
    /// Messages that are still to be delivered.
    pub pending: usize,
    /// What went wrong, as sentences.
    pub troubles: Vec<String>,
}

/// One message to deliver.
type Item = (EventId, usize);

impl Notifier<'_> {
    /// Delivers what is due, for about as long as `budget` at the most.
    pub fn deliver(&self, budget: Duration) -> Result<Delivered, NotifyError> {
        let until = self.clock.elapsed() + budget;
        let result = Mutex::new(Delivered::default());
        // What is raised meanwhile, and what escalates, is due at the second look.
        for _ in 0..2 {
            let lanes = Mutex::new(self.lanes()?);
            let count = lock(&lanes).len().min(LANES_MAX);
            if count == 0 {
                break;
            }
            thread::scope(|scope| {
                for _ in 0..count {
                    scope.spawn(|| {
                        while let Some((_, items)) = { lock(&lanes).pop_first() } {
                            for item in items {
                                self.pursue(&item, until, &result);
                            }
                        }
                    });
                }
            });
            if self.clock.elapsed() >= until {
                break;
            }
        }
        let mut delivered = result.into_inner().unwrap_or_else(PoisonError::into_inner);
        let found = self.outbox.list()?;
        let all = found.entries.iter().flat_map(|entry| &entry.deliveries);
        delivered.pending = all.filter(|one| one.state == State::Pending).count();
        for (_, why) in found.damaged {
            delivered.troubles.push(why);
        }
        Ok(delivered)
    }

    /// What is due, by the channel that comes next: messages of one channel go out one after the other.
    fn lanes(&self) -> Result<BTreeMap<String, Vec<Item>>, NotifyError> {
        let now = self.now().seconds;
        let mut lanes: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for entry in self.outbox.list()?.entries {
            for (index, one) in entry.deliveries.iter().enumerate() {
                if one.state == State::Pending && one.due <= now {
                    let first = one.route.iter().skip(one.next).find(|hop| hop.refused.is_none());
                    let lane = first.map_or(String::new(), |hop| hop.channel.clone());
                    lanes.entry(lane).or_default().push((entry.event.id.clone(), index));
                }
            }
        }
        Ok(lanes)
    }

    /// Tries one message's channels until one takes it or all have failed for now.
    fn pursue(&self, item: &Item, until: Duration, result: &Mutex<Delivered>) {
        loop {
            let left = until.saturating_sub(self.clock.elapsed());
            if left < ATTEMPT_MIN {
                return;
            }
            let step = self.claim(item).and_then(|claimed| {
                let Some((entry, hop)) = claimed else { return Ok(None) };
                let verdict = self.attempt(&entry, item.1, hop, left);
                self.record(item, hop, verdict).map(Some)
            });
            let mut result = lock(result);
            match step {
                Ok(Some(state)) => {
                    match state.state {
                        State::Delivered => result.delivered += 1,
                        State::Failed => result.failed += 1,
                        State::InDoubt => result.in_doubt += 1,
                        State::Pending | State::Dropped => {}
                    }
                    if let Some(error) = state.error.as_ref().filter(|_| state.state != State::Delivered) {
                        result.troubles.push(format!("{} was not told {error}", state.whom()));
                    }
                    if state.state != State::Pending || state.due > self.now().seconds {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    result.troubles.push(error.to_string());
                    return;
                }
            }
        }
    }

    /// Claims a message for this process, and says by which channel to send it; `None` where there is
    /// nothing to do.
    fn claim(&self, item: &Item) -> Result<Option<(Entry, usize)>, NotifyError> {
        let (id, index) = item;
        let now = self.now();
        let mut hop = None;
        let lock = self.outbox.lock()?;
        let mut entry = match self.outbox.load(id) {
            Err(NotifyError::NoEvent(_)) => return Ok(None),
            other => other?,
        };
        let waits = self.waits_for_trigger(&entry, *index)?;
        let before = entry.clone();
        let is_due = entry
            .deliveries
            .get(*index)
            .is_some_and(|one| one.state == State::Pending && one.due <= now.seconds && !waits);
        if is_due {
            let drops = entry.event.outcome == Outcome::Started;
            let delivery = &mut entry.deliveries[*index];
            match delivery.claim.take() {
                Some(claim) if is_alive(&claim, now) => return Ok(None),
                Some(claim) => {
                    let why = "the process that was sending it ended before it knew".to_owned();
                    self.judge(delivery, claim.channel, Verdict::InDoubt(why), now, drops);
                }
                None => {}
            }
            if delivery.state == State::Pending && delivery.due <= now.seconds {
                hop = self.next_hop(delivery);
                match hop {
                    Some(channel) => {
                        delivery.next = channel;
                        delivery.route[channel].attempts += 1;
                        let boot = process::boot_id().unwrap_or_default();
                        delivery.claim = Some(Claim { channel, time: now, pid: process::id(), boot });
                    }
                    None => self.exhaust(delivery, now.seconds),
                }
            }
        }
        if entry != before {
            self.outbox.save(&entry)?;
        }
        drop(lock);
        Ok(hop.map(|hop| (entry, hop)))
    }

    /// Whether the same recipient is still to be told of what this message ends.
    fn waits_for_trigger(&self, entry: &Entry, index: usize) -> Result<bool, NotifyError> {
        let answers = entry.deliveries.get(index).and_then(|one| one.answers.as_ref());
        let Some((id, first)) = answers.and_then(|key| key.split_once('.')) else { return Ok(false) };
        let (Some(id), Ok(first)) = (EventId::parse(id), first.parse::<usize>()) else { return Ok(false) };
        match self.outbox.load(&id) {
            Ok(trigger) => Ok(trigger.deliveries.get(first).is_some_and(|one| one.state == State::Pending)),
            Err(NotifyError::NoEvent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The channel to try next, from where this round is.
    fn next_hop(&self, delivery: &Delivery) -> Option<usize> {
        let left = delivery.route.iter().enumerate().skip(delivery.next);
        left.filter(|(_, hop)| hop.refused.is_none()).map(|(index, _)| index).next()
    }

    fn attempt(&self, entry: &Entry, index: usize, hop: usize, left: Duration) -> Verdict {
        let delivery = &entry.deliveries[index];
        let name = &delivery.route[hop].channel;
        let Some(channel) = self.directory.channels.get(name) else {
            return Verdict::Refused(format!("there is no [channel.{name}] in the configuration any more"));
        };
        let contact = match &delivery.contact {
            Some(name) => match self.directory.contacts.get(name) {
                Some(contact) => Some(contact),
                None => return Verdict::Refused(format!("there is no [contact.{name}] any more")),
            },
            None => None,
        };
        if let Some(disabled) = self.disabled.get(name, channel, self.secrets) {
            return Verdict::Refused(format!(
                "it is disabled, for it {}; `lifeboat notify test {name}` uses it again",
                disabled.why
            ));
        }
        let Some(left) = self.await_turn(name, channel, left) else {
            return Verdict::Later(Some(channel.kind.pace()), "others are before it".into());
        };
        let message = self.message(entry, index, channel, contact);
        let verdict =
            Attempt { channel, secrets: self.secrets, limit: channel.timeout.min(left) }.send(&message);
        match verdict {
            Verdict::Gone(why) => Verdict::Refused(self.disable(name, channel, &why)),
            verdict => verdict,
        }
    }

    /// Uses a channel no more until it is another one, and says so.
    fn disable(&self, name: &str, channel: &Channel, why: &str) -> String {
        match self.disable_channel(name, channel, why) {
            Ok(()) => format!(
                "{why}; it is not used any more until its configuration is changed, or `lifeboat notify test \
                 {name}` reaches it"
            ),
            // It is asked once more with the next message.
            Err(error) => format!("{why}; that cannot be written down: {error}"),
        }
    }

    /// Writes down that a channel's other side wants no more.
    pub fn disable_channel(&self, name: &str, channel: &Channel, why: &str) -> Result<(), NotifyError> {
        let Some(fingerprint) = fingerprint(channel, self.secrets) else { return Ok(()) };
        let (channel, why) = (name.to_owned(), why.to_owned());
        self.disabled.put(&Disabled { channel, since: self.now(), why, fingerprint })
    }

    /// Waits until a channel that must not be hurried takes the next message; answers the time that is left,
    /// or none if it takes none in that time.
    fn await_turn(&self, name: &str, channel: &Channel, left: Duration) -> Option<Duration> {
        let pace = channel.kind.pace();
        if pace.is_zero() {
            return Some(left);
        }
        let now = Instant::now();
        let wait = {
            let mut turns = lock(&self.turns);
            let turn = turns.get(name).copied().unwrap_or(now).max(now);
            let wait = turn - now;
            if wait + ATTEMPT_MIN > left {
                return None;
            }
            turns.insert(name.to_owned(), turn + pace);
            wait
        };
        thread::sleep(wait);
        Some(left - wait)
    }

    /// What a channel gets.
    fn message<'m>(
        &self,
        entry: &'m Entry,
        index: usize,
        channel: &Channel,
        contact: Option<&'m Contact>,
    ) -> Message<'m> {
        let delivery = &entry.deliveries[index];
        let audience = contact.map_or(channel.audience, |contact| contact.audience);
        let zone = contact.map(|contact| contact.zone.clone()).unwrap_or_default();
        let opened = entry.trigger.as_ref().filter(|_| entry.action == Action::Resolve);
        let words = words(&self.directory.templates, &entry.event, delivery.action, opened, audience, &zone);
        let can_ack = delivery.action == Action::Trigger && entry.action == Action::Trigger;
        let ack_url = self.directory.ack_url.as_ref().filter(|_| can_ack).map(|url| {
            url.replace("{id}", entry.event.id.as_str()).replace("{token}", &percent(&entry.token))
        });
        Message {
            event: &entry.event,
            trigger: entry.trigger.as_ref(),
            action: delivery.action,
            words,
            key: entry.message_key(index),
            answers: delivery.answers.as_deref(),
            ack_url,
            token: &entry.token,
            contact,
            now: self.now(),
        }
    }

    /// Puts the result in the claim's place.
    fn record(&self, item: &Item, hop: usize, verdict: Verdict) -> Result<Delivery, NotifyError> {
        let now = self.now();
        let entry = self.outbox.change(&item.0, |entry| {
            let drops = entry.event.outcome == Outcome::Started;
            let delivery = &mut entry.deliveries[item.1];
            delivery.claim = None;
            self.judge(delivery, hop, verdict, now, drops);
        })?;
        Ok(entry.deliveries[item.1].clone())
    }

    /// What a verdict means for a delivery: it is done, waits, or goes on with the next channel.
    fn judge(&self, delivery: &mut Delivery, hop: usize, verdict: Verdict, now: Timestamp, drops: bool) {
        let Some(at) = delivery.route.get_mut(hop) else { return };
        let channel = self.directory.channels.get(&at.channel);
        let may_repeat =
            channel.is_some_and(|channel| channel.kind.deduplicates() || channel.repeat_in_doubt);
        let named = |why: &str| format!("by {}: {why}", at.channel);
        match verdict {
            Verdict::Delivered(receipt) => {
                delivery.by = Some(at.channel.clone());
                (delivery.state, delivery.at, delivery.receipt) = (State::Delivered, Some(now), receipt);
                return;
            }
            Verdict::Refused(why) | Verdict::Gone(why) => {
                delivery.error = Some(named(&why));
                at.refused = Some(why);
                delivery.next = hop + 1;
            }
            Verdict::InDoubt(why) if !may_repeat => {
                let why = format!("it may have arrived and is not repeated: {why}");
                delivery.error = Some(named(&why));
                (at.refused, at.in_doubt) = (Some(why), true);
                delivery.next = hop + 1;
            }
            Verdict::InDoubt(why) => {
                delivery.error = Some(named(&why));
                delivery.next = hop + 1;
            }
            Verdict::Later(after, why) => {
                delivery.error = Some(named(&why));
                let attempts = at.attempts;
                let others = delivery.route.iter().skip(hop + 1).any(|hop| hop.refused.is_none());
                match after {
                    Some(after) if after <= PATIENCE && attempts % (PATIENCE_ATTEMPTS + 1) != 0 => {
                        delivery.due = now.seconds.saturating_add(seconds(after).max(1));
                    }
                    Some(after) if !others => {
                        delivery.rounds += 1;
                        delivery.next = 0;
                        delivery.due = now.seconds.saturating_add(seconds(after).clamp(1, 24 * 3600));
                        self.give_up(delivery, now.seconds);
                    }
                    _ => delivery.next = hop + 1,
                }
            }
        }
        if drops {
            // That something began is of no use once it has ended.
            delivery.state = State::Dropped;
        } else if delivery.state == State::Pending && self.next_hop(delivery).is_none() {
            self.exhaust(delivery, now.seconds);
        }
    }

    /// All channels have failed: another round later, unless none is of use any more or time is up.
    fn exhaust(&self, delivery: &mut Delivery, now: i64) {
        delivery.next = 0;
        if delivery.route.iter().all(|hop| hop.refused.is_some()) {
            let in_doubt = delivery.route.iter().any(|hop| hop.in_doubt);
            delivery.state = if in_doubt { State::InDoubt } else { State::Failed };
            if delivery.route.is_empty() {
                delivery.error = Some("there is no channel by which to tell".into());
            }
            return;
        }
        let at = usize::try_from(delivery.rounds).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
        delivery.rounds += 1;
        delivery.due = now.saturating_add(BACK_OFF[at]);
        self.give_up(delivery, now);
    }

    /// Ends a delivery that was tried for long enough.
    fn give_up(&self, delivery: &mut Delivery, now: i64) {
        let channels = delivery.route.iter().filter_map(|hop| self.directory.channels.get(&hop.channel));
        let limit = channels.map(|channel| seconds(channel.give_up_after)).max().unwrap_or(0);
        // Quiet hours do not count: they are no attempt.
        if now.saturating_sub(delivery.made) >= limit && delivery.rounds > 1 {
            let in_doubt = delivery.route.iter().any(|hop| hop.in_doubt);
            delivery.state = if in_doubt { State::InDoubt } else { State::Failed };
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Counters and lists are whole even if a holder panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the process that made a claim is still at it.
fn is_alive(claim: &Claim, now: Timestamp) -> bool {
    let age = now.seconds.saturating_sub(claim.time.seconds);
    let same_boot = process::boot_id().unwrap_or_default() == claim.boot;
    same_boot && (0..CLAIM_MAX_SECONDS).contains(&age) && process::is_alive(claim.pid)
}

#[cfg(test)]
impl Notifier<'_> {
    /// `deliver` on this thread alone, so that a test may crash in it.
    pub fn deliver_here(&self, budget: Duration) -> Result<(), NotifyError> {
        let result = Mutex::new(Delivered::default());
        for items in self.lanes()?.into_values() {
            for item in items {
                self.pursue(&item, self.clock.elapsed() + budget, &result);
            }
        }
        Ok(())
    }
}
