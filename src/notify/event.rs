//! What happened, as everybody is told of it.
//!
//! An event says what happened to what, and how bad that is. Its *key* names the matter: events of one
//! key tell of the same matter over time, so that what went wrong is told once and its end too.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::crypto::derive::random_bytes;

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it when there is time.
    Warning,
    /// Something failed.
    Error,
    /// Somebody has to act now.
    Critical,
}

impl Severity {
    /// All, the least urgent first.
    pub const ALL: [Severity; 4] = [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
    /// Their names.
    pub const WORDS: &'static [&'static str] = &["info", "warning", "error", "critical"];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The one of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It began.
    Started,
    /// All is well.
    Ok,
    /// Done and safe, but not everywhere.
    Degraded,
    /// Done, but not all of it.
    Partial,
    /// It failed.
    Failed,
    /// It did not happen when it should have.
    Missed,
    /// Something is damaged.
    Damage,
    /// Neither good nor bad: a message.
    Notice,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 8] = [
        Outcome::Started,
        Outcome::Ok,
        Outcome::Degraded,
        Outcome::Partial,
        Outcome::Failed,
        Outcome::Missed,
        Outcome::Damage,
        Outcome::Notice,
    ];
    /// Their names.
    pub const WORDS: &'static [&'static str] =
        &["started", "ok", "degraded", "partial", "failed", "missed", "damage", "notice"];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The one of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// Whether something is not as it should be.
    pub fn is_bad(self) -> bool {
        !matches!(self, Outcome::Started | Outcome::Ok | Outcome::Notice)
    }

    /// How urgent that is where nobody says otherwise.
    pub fn severity(self) -> Severity {
        match self {
            Outcome::Started | Outcome::Ok | Outcome::Notice => Severity::Info,
            Outcome::Degraded | Outcome::Partial => Severity::Warning,
            Outcome::Failed | Outcome::Missed => Severity::Error,
            Outcome::Damage => Severity::Critical,
        }
    }
}

/// What an event does to its matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Opens it, or tells of it again.
    Trigger,
    /// Somebody looks after it.
    Acknowledge,
    /// Ends it.
    Resolve,
    /// Leaves it alone.
    Notice,
}

impl Action {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Trigger => "trigger",
            Action::Acknowledge => "acknowledge",
            Action::Resolve => "resolve",
            Action::Notice => "notice",
        }
    }
}

/// The name of an event: 12 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(String);

impl EventId {
    /// A new one, by chance.
    pub fn random() -> Self {
        let bytes: [u8; 6] = random_bytes();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// `text`, if it is the name of an event or the beginning of one.
    pub fn parse_prefix(text: &str) -> Option<&str> {
        let fits = (1..=12).contains(&text.len());
        (fits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))).then_some(text)
    }

    /// `text`, if it is the name of an event.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_prefix(text).filter(|text| text.len() == 12).map(|text| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: EventId,
    /// When.
    pub time: Timestamp,
    /// What it is about: `backup`, `check`, `restore`, `replica`, `runbook`, `test`, …
    pub kind: String,
    /// How it went.
    pub outcome: Outcome,
    /// How urgent it is.
    pub severity: Severity,
    /// The matter.
    pub key: String,
    /// On which host.
    pub host: String,
    /// The job it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// One line.
    pub title: String,
    /// What people need to know and do; may be empty.
    pub text: String,
    /// Facts, by name.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
    /// Whether it is only a drill.
    #[serde(default)]
    pub is_drill: bool,
    /// What it can be answered by: signed links that act by POST.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

/// A link by which somebody answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it does, in a word or two.
    pub label: String,
    /// Where it leads.
    pub url: String,
    /// Whether something is to be typed on its page first, so that a button can only open it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opens: bool,
}

impl Event {
    /// An event of `kind` about `matter`, with a title and nothing else to say.
    pub fn new(
        time: Timestamp,
        host: &str,
        kind: &str,
        outcome: Outcome,
        matter: &str,
        title: impl Into<String>,
    ) -> Self {
        Self {
            id: EventId::random(),
            time,
            kind: kind.to_owned(),
            outcome,
            severity: outcome.severity(),
            key: format!("{kind}/{host}/{matter}"),
            host: host.to_owned(),
            job: None,
            title: title.into(),
            text: String::new(),
            details: BTreeMap::new(),
            is_drill: false,
            links: Vec::new(),
        }
    }

    /// Adds what people need to know.
    pub fn with_text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// Adds a fact.
    pub fn with_detail(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_their_values_and_ids_are_checked() {
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
        }
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
        let id = EventId::random();
        assert_eq!(EventId::parse(id.as_str()), Some(id));
        for bad in ["", "../x", "ABC", "0123456789abcd"] {
            assert_eq!(EventId::parse_prefix(bad), None, "{bad}");
        }
    }
}
