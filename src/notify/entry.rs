//! One event in the outbox: who is to be told, and how far that has come.
//!
//! An entry is the whole memory of its event: nothing else says what was sent. Before a message goes out
//! its delivery holds a *claim*; a claim that is there without its result, and whose process is gone,
//! says that nobody knows whether the message went.

use serde::{Deserialize, Serialize};

use crate::base::hex;
use crate::base::time::Timestamp;
use crate::crypto::derive::random_bytes;
use crate::notify::event::{Action, Event, EventId};

/// What has become of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is still to be delivered.
    Pending,
    /// A channel took it.
    Delivered,
    /// Nobody knows whether the last channel took it, and no other is left.
    InDoubt,
    /// No channel took it.
    Failed,
    /// It was taken back, for the matter was over before.
    Dropped,
}

impl State {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Delivered => "delivered",
            State::InDoubt => "in-doubt",
            State::Failed => "failed",
            State::Dropped => "dropped",
        }
    }
}

/// Who is sending at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// By which channel: an index into the route.
    pub channel: usize,
    /// Since when.
    pub time: Timestamp,
    /// The process.
    pub pid: u32,
    /// The machine's run.
    pub boot: String,
}

/// A channel on somebody's route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Its name.
    pub channel: String,
    /// Attempts up to now.
    #[serde(default)]
    pub attempts: u32,
    /// Whether it is of no use any more, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether a message may have gone through it.
    #[serde(default)]
    pub in_doubt: bool,
}

/// One message to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The contact; none where a channel itself is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What it does to the matter.
    pub action: Action,
    /// Channels, the first choice first.
    pub route: Vec<Hop>,
    /// What has become of it.
    pub state: State,
    /// When the next attempt is due: seconds since 1970.
    pub due: i64,
    /// When it was made.
    pub made: i64,
    /// Where it is in the escalation, from 0.
    #[serde(default)]
    pub step: usize,
    /// The channel that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What the channel calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Rounds through the whole route that failed.
    #[serde(default)]
    pub rounds: u32,
    /// The next channel to try in this round.
    #[serde(default)]
    pub next: usize,
    /// The key of the message that opened the matter, to the same recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Who is sending at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

impl Delivery {
    /// A delivery that is due at `due`.
    pub fn new(contact: Option<&str>, action: Action, channels: &[String], now: i64, due: i64) -> Self {
        let hop = |name: &String| Hop { channel: name.clone(), attempts: 0, refused: None, in_doubt: false };
        Self {
            contact: contact.map(str::to_owned),
            action,
            route: channels.iter().map(hop).collect(),
            state: State::Pending,
            due,
            made: now,
            step: 0,
            by: None,
            at: None,
            receipt: None,
            error: None,
            rounds: 0,
            next: 0,
            answers: None,
            claim: None,
        }
    }

    /// Who or what it is for, for people.
    pub fn whom(&self) -> &str {
        let first = || self.route.first().map_or("nobody", |hop| hop.channel.as_str());
        self.contact.as_deref().unwrap_or_else(first)
    }
}

/// What happens where nobody acknowledges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    /// The steps that are left: whom, and how long the step before has: seconds.
    pub steps: Vec<LadderStep>,
    /// The next one.
    pub next: usize,
    /// When it is due: seconds since 1970.
    pub due: i64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderStep {
    /// Names of contacts and channels.
    pub to: Vec<String>,
    /// How long they have: seconds.
    pub ack_within: i64,
}

/// That somebody looks after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When.
    pub time: Timestamp,
    /// How: `command`, `ntfy`, `link`.
    pub via: String,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One event with everything about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Of this form.
    pub version: u32,
    /// What happened.
    pub event: Event,
    /// What that does to its matter.
    pub action: Action,
    /// The event that opened the matter, where this one ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Event>,
    /// Events that tell of the same matter and that this one ends or takes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closes: Vec<EventId>,
    /// The event that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<EventId>,
    /// Who is told.
    pub deliveries: Vec<Delivery>,
    /// What happens where nobody acknowledges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladders: Vec<Ladder>,
    /// Who does look after it; each may say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<Acknowledgement>,
    /// What proves an acknowledgement that comes from outside.
    pub token: String,
    /// How often the same happened again and was not told.
    #[serde(default)]
    pub repeats: u64,
    /// When it happened last.
    pub last: Timestamp,
}

/// The only version there is.
pub const VERSION: u32 = 1;

impl Entry {
    /// An entry that nobody is told of yet.
    pub fn new(event: Event, action: Action) -> Self {
        let token: [u8; 12] = random_bytes();
        Self {
            version: VERSION,
            last: event.time,
            event,
            action,
            trigger: None,
            closes: Vec::new(),
            resolved: None,
            deliveries: Vec::new(),
            ladders: Vec::new(),
            acknowledged: Vec::new(),
            token: hex::encode(&token),
            repeats: 0,
        }
    }

    /// The key of the message of a delivery: the same for every attempt, and for no other.
    pub fn message_key(&self, delivery: usize) -> String {
        format!("{}.{delivery}", self.event.id)
    }

    /// Whether the matter is open: it went wrong, and that has not ended.
    pub fn is_open(&self) -> bool {
        self.action == Action::Trigger && self.resolved.is_none()
    }

    /// Whether something is still to be done.
    pub fn is_pending(&self) -> bool {
        self.deliveries.iter().any(|one| one.state == State::Pending) || self.next_step().is_some()
    }

    /// The ladder of which a step is the next to come, and when.
    pub fn next_step(&self) -> Option<(usize, i64)> {
        if !self.acknowledged.is_empty() || self.resolved.is_some() {
            return None;
        }
        let left = self.ladders.iter().enumerate().filter(|(_, ladder)| ladder.next < ladder.steps.len());
        left.map(|(index, ladder)| (index, ladder.due)).min_by_key(|(_, due)| *due)
    }
}
