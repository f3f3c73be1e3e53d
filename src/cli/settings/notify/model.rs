//! Notifications as `lifeboat.toml` has them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::cli::settings::model::{duration, list};

/// `[notify]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifySettings {
    /// How long a command waits in the end.
    #[serde(deserialize_with = "duration")]
    pub wait: Option<Duration>,
    /// When a failure that goes on is told again.
    #[serde(deserialize_with = "duration")]
    pub repeat_after: Option<Duration>,
    /// How long what is done is kept.
    #[serde(deserialize_with = "duration")]
    pub keep: Option<Duration>,
    /// Where contacts are that do not say it.
    pub time_zone: Option<String>,
    /// A page for acknowledgements.
    pub ack_url: Option<String>,
    /// Rules for everything.
    pub rule: Vec<RuleSettings>,
    /// What else is expected.
    pub expect: Vec<ExpectSettings>,
}

/// `[[notify.expect]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExpectSettings {
    /// What.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// How often.
    #[serde(deserialize_with = "duration")]
    pub every: Option<Duration>,
}

/// A rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSettings {
    /// Whom.
    #[serde(deserialize_with = "list")]
    pub to: Vec<String>,
    /// Of which outcomes.
    #[serde(deserialize_with = "list")]
    pub on: Vec<String>,
    /// Of which events.
    #[serde(deserialize_with = "list")]
    pub events: Vec<String>,
    /// How urgent at least.
    pub min_severity: Option<String>,
    /// How urgent for them.
    pub severity: Option<String>,
    /// What happens where nobody acknowledges.
    pub escalation: Option<String>,
}

/// `[contact.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContactSettings {
    /// As others call them.
    pub full_name: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A number.
    pub phone: Option<String>,
    /// A chat.
    pub telegram: Option<String>,
    /// By what they are told.
    #[serde(deserialize_with = "list")]
    pub channels: Vec<String>,
    /// All of them at once.
    pub all_channels: bool,
    /// Which words.
    pub audience: Option<String>,
    /// Where they are.
    pub time_zone: Option<String>,
    /// When they are left alone.
    pub quiet: Vec<QuietSettings>,
}

/// `[[contact.NAME.quiet]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QuietSettings {
    /// When it begins.
    pub from: String,
    /// When it ends.
    pub until: String,
    /// On which days it begins.
    #[serde(deserialize_with = "list")]
    pub days: Vec<String>,
    /// What comes through.
    pub below: Option<String>,
}

/// `[group.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSettings {
    /// Contacts.
    #[serde(deserialize_with = "list")]
    pub members: Vec<String>,
    /// One after the other.
    pub on_call: bool,
    /// How long each has.
    #[serde(deserialize_with = "duration")]
    pub ack_within: Option<Duration>,
    /// When the next one comes first.
    #[serde(deserialize_with = "duration")]
    pub rotate_every: Option<Duration>,
    /// When the first one comes first.
    pub rotate_from: Option<String>,
}

/// `[escalation.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EscalationSettings {
    /// The steps.
    pub step: Vec<StepSettings>,
    /// How often to begin again.
    pub repeat: u32,
}

/// `[[escalation.NAME.step]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepSettings {
    /// Whom.
    #[serde(deserialize_with = "list")]
    pub to: Vec<String>,
    /// How long they have.
    #[serde(deserialize_with = "duration")]
    pub ack_within: Option<Duration>,
}

/// `[template.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateSettings {
    /// For which events.
    #[serde(deserialize_with = "list")]
    pub events: Vec<String>,
    /// For which outcomes.
    #[serde(deserialize_with = "list")]
    pub on: Vec<String>,
    /// For whom.
    pub audience: Option<String>,
    /// The one line.
    pub title: Option<String>,
    /// What is below it.
    pub text: Option<String>,
}

/// `[channel.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelSettings {
    /// What it is.
    pub r#type: String,
    /// Where.
    pub url: Option<String>,
    /// A key.
    pub key: Option<String>,
    /// A token.
    pub token: Option<String>,
    /// Whom to log in as.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// An account.
    pub account: Option<String>,
    /// A mail server.
    pub server: Option<String>,
    /// How it is protected.
    pub tls: Option<String>,
    /// The sender.
    pub from: Option<String>,
    /// The recipients.
    #[serde(deserialize_with = "list")]
    pub to: Vec<String>,
    /// A chat.
    pub chat: Option<String>,
    /// A topic.
    pub topic: Option<String>,
    /// The topic of acknowledgements.
    pub ack_topic: Option<String>,
    /// The token for it.
    pub ack_token: Option<String>,
    /// A program.
    #[serde(deserialize_with = "list")]
    pub program: Vec<String>,
    /// A socket.
    pub socket: Option<PathBuf>,
    /// syslog's facility.
    pub facility: Option<String>,
    /// Whether it is told of everything.
    pub every: Option<bool>,
    /// For one attempt.
    #[serde(deserialize_with = "duration")]
    pub timeout: Option<Duration>,
    /// For all of them.
    #[serde(deserialize_with = "duration")]
    pub give_up_after: Option<Duration>,
    /// Certificates.
    pub ca_file: Option<PathBuf>,
    /// The proxy.
    pub proxy: Option<String>,
    /// Whether to repeat what may have arrived.
    pub repeat_in_doubt: Option<bool>,
    /// Which words it gets.
    pub audience: Option<String>,
}

impl ChannelSettings {
    /// Whatever may name a file with a secret.
    pub fn secrets(&mut self) -> impl Iterator<Item = &mut String> {
        let Self { url, key, token, password, topic, ack_topic, ack_token, proxy, .. } = self;
        [url, key, token, password, topic, ack_topic, ack_token, proxy].into_iter().flatten()
    }
}

/// Everything about notifications, by name.
pub type ByName<T> = BTreeMap<String, T>;

/// One rule, or a list of them.
pub fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RuleSettings>, D::Error> {
    struct OneOrMany;
    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<RuleSettings>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table or a list of tables")
        }

        // Not `untagged`: that would hide what is wrong inside.
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            RuleSettings::deserialize(MapAccessDeserializer::new(map)).map(|rule| vec![rule])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(seq))
        }
    }
    deserializer.deserialize_any(OneOrMany)
}
