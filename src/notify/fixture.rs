//! People, channels and a clock for tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::secret::SecretText;
use crate::base::time::{Clock, Timestamp};
use crate::notify::channel::Secrets;
use crate::notify::event::{Event, Outcome};
use crate::notify::model::{
    Audience, Channel, ChannelKind, Contact, Directory, Escalation, EscalationStep, Group, Rule, SecretSource,
};
use crate::notify::notifier::Notifier;

/// 2026-01-02T00:00:00Z.
pub const NOW: i64 = 1_767_312_000;

/// A clock that stands until it is set.
pub struct Stopped(Mutex<i64>);

impl Stopped {
    pub fn new() -> Self {
        Self(Mutex::new(NOW))
    }

    pub fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += seconds;
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: *self.0.lock().unwrap(), nanos: 0 }
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// Secrets that stand in the test: `env:NAME` is `secret-NAME`, and what is plain is itself.
pub struct Open;

impl Secrets for Open {
    fn read(&self, source: &SecretSource) -> Result<SecretText, String> {
        match source {
            SecretSource::Plain(text) => Ok(SecretText::new(text.clone())),
            SecretSource::Variable(name) if name == "MISSING" => Err("$MISSING is not set".into()),
            SecretSource::Variable(name) => Ok(SecretText::new(format!("secret-{name}"))),
            other => Err(format!("no secret {other:?}")),
        }
    }
}

pub fn plain(text: &str) -> SecretSource {
    SecretSource::Plain(text.to_owned())
}

pub fn channel(kind: ChannelKind) -> Channel {
    Channel {
        every: kind.is_monitor(),
        kind,
        timeout: Duration::from_secs(5),
        give_up_after: Duration::from_secs(24 * 3600),
        ca_file: None,
        proxy: None,
        repeat_in_doubt: false,
        audience: Audience::Personnel,
    }
}

/// A web hook: recognises repetitions.
pub fn hook(url: &str) -> Channel {
    channel(ChannelKind::Webhook { url: plain(url), key: None, token: None })
}

/// A chat: recognises none.
pub fn chat(url: &str) -> Channel {
    channel(ChannelKind::Slack { url: plain(url) })
}

/// Channels `hook` and `backup`, contacts, groups and an escalation that use them.
pub fn directory_with(hook: Channel, backup: Channel) -> Directory {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let contact = |channels: &[&str], all_channels| Contact {
        channels: names(channels),
        all_channels,
        ..Contact::default()
    };
    let contacts = [
        ("anna", contact(&["hook", "backup"], false)),
        ("ben", contact(&["backup"], false)),
        ("cleo", contact(&["hook", "backup"], true)),
    ];
    let on_call = Group {
        members: names(&["anna", "ben", "cleo"]),
        on_call: true,
        ack_within: Some(Duration::from_secs(600)),
        ..Group::default()
    };
    let groups = [("all", Group { on_call: false, ..on_call.clone() }), ("oncall", on_call)];
    let step = |to: &str, minutes: u64| EscalationStep {
        to: names(&[to]),
        ack_within: Duration::from_secs(minutes * 60),
    };
    let site = Escalation { steps: vec![step("anna", 5), step("ben", 10)], repeat: 1 };
    Directory {
        channels: BTreeMap::from([("hook".to_owned(), hook), ("backup".to_owned(), backup)]),
        contacts: contacts.map(|(name, contact)| (name.to_owned(), contact)).into_iter().collect(),
        groups: groups.map(|(name, group)| (name.to_owned(), group)).into_iter().collect(),
        escalations: BTreeMap::from([("site".to_owned(), site)]),
        ..Directory::default()
    }
}

pub fn directory() -> Directory {
    directory_with(hook("http://127.0.0.1:1/hook"), hook("http://127.0.0.1:1/backup"))
}

pub fn notifier<'a>(state: &Path, directory: &'a Directory, clock: &'a Stopped) -> Notifier<'a> {
    Notifier::open(state, directory, clock, &Open).unwrap()
}

pub fn event(clock: &Stopped, outcome: Outcome) -> Event {
    let title = format!("backup home on web1: {}", outcome.as_str());
    let mut event = Event::new(clock.now(), "web1", "backup", outcome, "home", title);
    event.job = Some("home".into());
    event
}

pub fn rule(to: &[&str]) -> Rule {
    Rule::to(to.iter().map(|name| (*name).to_owned()).collect())
}
