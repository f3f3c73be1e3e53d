//! Who there is to be told, by what, and of what: the configuration as values.
//!
//! Everything refers to everything else by name; `Directory::find` knows what a name stands for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::notify::event::{Outcome, Severity};
use crate::notify::quiet::{QuietHours, Zone};
use crate::notify::template::Template;

/// Where a secret comes from; it is read when it is needed, and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file's first line.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// The first line that `sh -c` prints.
    Command(String),
    /// A file in systemd's credentials directory.
    Credential(String),
    /// It is no secret, and stands in the configuration.
    Plain(String),
}

impl SecretSource {
    /// What the configuration writes: `file:PATH`, `env:NAME`, `command:PROGRAM …`, `credential:NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if rest.is_empty() {
            return None;
        }
        Some(match scheme {
            "file" => Self::File(rest.into()),
            "env" => Self::Variable(rest.into()),
            "command" => Self::Command(rest.into()),
            "credential" if !rest.contains('/') => Self::Credential(rest.into()),
            _ => return None,
        })
    }

    /// The same, or plain text.
    pub fn parse_or_plain(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self::Plain(text.to_owned()))
    }
}

/// For whom words are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Those who act.
    #[default]
    Personnel,
    /// Those who are to know.
    Stakeholder,
}

impl Audience {
    /// Their names.
    pub const WORDS: &'static [&'static str] = &["personnel", "stakeholder"];

    /// The one of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "personnel" => Some(Self::Personnel),
            "stakeholder" => Some(Self::Stakeholder),
            _ => None,
        }
    }
}

/// A way to tell somebody something.
#[derive(Clone, Debug)]
pub struct Channel {
    /// What it is.
    pub kind: ChannelKind,
    /// Whether it is told of everything: successes and repeats too.
    pub every: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How long to try.
    pub give_up_after: Duration,
    /// Certificates to trust beside the machine's.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<SecretSource>,
    /// Whether to repeat what may have arrived, though it may then arrive twice.
    pub repeat_in_doubt: bool,
    /// For whom its words are, where it is named itself.
    pub audience: Audience,
}

/// The kinds of channels, each with what only it needs.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    /// Mail by SMTP.
    Email {
        /// `HOST` or `HOST:PORT`.
        server: String,
        /// How the connection is protected.
        tls: SmtpTls,
        /// Whom to log in as, and the password.
        login: Option<(String, SecretSource)>,
        /// The sender.
        from: String,
        /// The recipients, where the channel itself is named.
        to: Vec<String>,
    },
    /// Text messages by Twilio.
    Twilio {
        /// `https://api.twilio.com` otherwise.
        url: SecretSource,
        /// The account's SID.
        account: String,
        /// Its token.
        token: SecretSource,
        /// The sender's number, or a messaging service (`MG…`).
        from: String,
        /// Numbers, where the channel itself is named.
        to: Vec<String>,
    },
    /// A Slack incoming webhook.
    Slack {
        /// The webhook.
        url: SecretSource,
    },
    /// A Microsoft Teams workflow.
    Teams {
        /// The workflow's URL.
        url: SecretSource,
    },
    /// A Discord webhook.
    Discord {
        /// The webhook.
        url: SecretSource,
    },
    /// A Telegram bot.
    Telegram {
        /// `https://api.telegram.org` otherwise.
        url: SecretSource,
        /// The bot's token.
        token: SecretSource,
        /// The chat, where the channel itself is named.
        chat: Option<String>,
    },
    /// PagerDuty's Events API, version 2.
    PagerDuty {
        /// `https://events.pagerduty.com` otherwise.
        url: SecretSource,
        /// The routing key.
        key: SecretSource,
    },
    /// Jira Service Management's and Opsgenie's alerts.
    Opsgenie {
        /// `https://api.opsgenie.com` otherwise.
        url: SecretSource,
        /// The API key.
        key: SecretSource,
    },
    /// ntfy.
    Ntfy {
        /// `https://ntfy.sh` otherwise.
        url: SecretSource,
        /// The topic.
        topic: SecretSource,
        /// A token.
        token: Option<SecretSource>,
        /// A user and a password.
        login: Option<(String, SecretSource)>,
        /// The topic where acknowledgements are gathered.
        ack_topic: Option<SecretSource>,
        /// What a telephone proves itself with there.
        ack_token: Option<SecretSource>,
    },
    /// Any web hook, after the Standard Webhooks specification.
    Webhook {
        /// Where to.
        url: SecretSource,
        /// The signing key: `whsec_…` or any text.
        key: Option<SecretSource>,
        /// A bearer's token.
        token: Option<SecretSource>,
    },
    /// Pings for healthchecks.
    Healthchecks {
        /// The check's URL, without `/start` and the like.
        url: SecretSource,
    },
    /// A program that gets the event as JSON.
    Command {
        /// The program and its arguments.
        program: Vec<String>,
    },
    /// systemd's journal.
    Journald {
        /// Its socket.
        socket: PathBuf,
    },
    /// syslog.
    Syslog {
        /// Its socket.
        socket: PathBuf,
        /// The facility's number.
        facility: u8,
    },
}

impl ChannelKind {
    /// The words of `type`.
    pub const WORDS: &'static [&'static str] = &[
        "email",
        "twilio",
        "slack",
        "teams",
        "discord",
        "telegram",
        "pagerduty",
        "opsgenie",
        "ntfy",
        "webhook",
        "healthchecks",
        "command",
        "journald",
        "syslog",
    ];

    /// Its word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Email { .. } => "email",
            Self::Twilio { .. } => "twilio",
            Self::Slack { .. } => "slack",
            Self::Teams { .. } => "teams",
            Self::Discord { .. } => "discord",
            Self::Telegram { .. } => "telegram",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Opsgenie { .. } => "opsgenie",
            Self::Ntfy { .. } => "ntfy",
            Self::Webhook { .. } => "webhook",
            Self::Healthchecks { .. } => "healthchecks",
            Self::Command { .. } => "command",
            Self::Journald { .. } => "journald",
            Self::Syslog { .. } => "syslog",
        }
    }

    /// Whether a repetition is harmless, for the other side knows it by its key.
    pub fn deduplicates(&self) -> bool {
        matches!(
            self,
            Self::Email { .. }
                | Self::PagerDuty { .. }
                | Self::Opsgenie { .. }
                | Self::Ntfy { .. }
                | Self::Webhook { .. }
                | Self::Healthchecks { .. }
        )
    }

    /// How long it is to be left alone between two messages. Slack takes about one a second for each webhook:
    /// <https://docs.slack.dev/apis/web-api/rate-limits>.
    pub fn pace(&self) -> Duration {
        match self {
            Self::Slack { .. } => Duration::from_secs(1),
            _ => Duration::ZERO,
        }
    }

    /// Whether it is told of every event where nobody says otherwise.
    pub fn is_monitor(&self) -> bool {
        matches!(self, Self::Healthchecks { .. } | Self::Journald { .. } | Self::Syslog { .. })
    }

    /// Whether it takes what ends and acknowledges a matter, beside words.
    pub fn has_incidents(&self) -> bool {
        matches!(self, Self::PagerDuty { .. } | Self::Opsgenie { .. })
    }
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// By STARTTLS, which is required.
    #[default]
    StartTls,
    /// From the beginning.
    Tls,
    /// Not at all.
    None,
}

impl SmtpTls {
    /// Their names.
    pub const WORDS: &'static [&'static str] = &["starttls", "tls", "none"];

    /// The one of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "starttls" => Some(Self::StartTls),
            "tls" => Some(Self::Tls),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// A person.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// As others call them.
    pub full_name: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A number such as `+491701234567`.
    pub phone: Option<String>,
    /// A chat with them.
    pub telegram: Option<String>,
    /// Channels, the first choice first.
    pub channels: Vec<String>,
    /// Whether to use all channels, and not only the first that works.
    pub all_channels: bool,
    /// Which words they get.
    pub audience: Audience,
    /// Where they are.
    pub zone: Zone,
    /// When they are left alone.
    pub quiet: Vec<QuietHours>,
}

/// Several people.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Contacts, in their order.
    pub members: Vec<String>,
    /// Whether one after the other is asked, and not all at once.
    pub on_call: bool,
    /// How long each has to acknowledge, before the next one is asked.
    pub ack_within: Option<Duration>,
    /// After what time the next one comes first.
    pub rotate_every: Option<Duration>,
    /// When the first one comes first: seconds since 1970.
    pub rotate_from: i64,
}

/// Who is told next, where nobody acknowledges.
#[derive(Clone, Debug, Default)]
pub struct Escalation {
    /// One after the other.
    pub steps: Vec<EscalationStep>,
    /// How often to begin again.
    pub repeat: u32,
}

/// One step of it.
#[derive(Clone, Debug)]
pub struct EscalationStep {
    /// Names of contacts, groups and channels.
    pub to: Vec<String>,
    /// How long they have to acknowledge.
    pub ack_within: Duration,
}

/// Who is told of what.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Kinds of events; any if empty.
    pub events: Vec<String>,
    /// How they went.
    pub on: Vec<Outcome>,
    /// At least so urgent.
    pub min_severity: Severity,
    /// Names of contacts, groups and channels.
    pub to: Vec<String>,
    /// What happens where nobody acknowledges.
    pub escalation: Option<String>,
    /// How urgent it is for them, whatever the event says.
    pub severity: Option<Severity>,
}

impl Rule {
    /// What is told where nobody says otherwise: whatever is bad, and messages.
    pub const USUAL: [Outcome; 6] = [
        Outcome::Degraded,
        Outcome::Partial,
        Outcome::Failed,
        Outcome::Missed,
        Outcome::Damage,
        Outcome::Notice,
    ];

    /// The usual, to these.
    pub fn to(names: Vec<String>) -> Self {
        Self {
            events: Vec::new(),
            on: Self::USUAL.to_vec(),
            min_severity: Severity::Info,
            to: names,
            escalation: None,
            severity: None,
        }
    }
}

/// Everything.
#[derive(Clone, Debug)]
pub struct Directory {
    /// By name.
    pub channels: BTreeMap<String, Channel>,
    /// By name.
    pub contacts: BTreeMap<String, Contact>,
    /// By name.
    pub groups: BTreeMap<String, Group>,
    /// By name.
    pub escalations: BTreeMap<String, Escalation>,
    /// Words of one's own; the first that fits is used.
    pub templates: Vec<Template>,
    /// Rules that hold for every event.
    pub rules: Vec<Rule>,
    /// How long a command waits for deliveries in the end.
    pub wait: Duration,
    /// When an open matter is told of again.
    pub repeat_after: Duration,
    /// How long what is done is kept.
    pub keep: Duration,
    /// A page where events are acknowledged; `{id}` and `{token}` are filled in.
    pub ack_url: Option<String>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            channels: BTreeMap::new(),
            contacts: BTreeMap::new(),
            groups: BTreeMap::new(),
            escalations: BTreeMap::new(),
            templates: Vec::new(),
            rules: Vec::new(),
            wait: Duration::from_secs(20),
            repeat_after: Duration::from_secs(24 * 3600),
            keep: Duration::from_secs(30 * 24 * 3600),
            ack_url: None,
        }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// A person.
    Contact(&'a Contact),
    /// Several people.
    Group(&'a Group),
    /// A channel itself.
    Channel(&'a Channel),
}

impl Directory {
    /// What `name` stands for.
    pub fn find(&self, name: &str) -> Option<Named<'_>> {
        let contact = self.contacts.get(name).map(Named::Contact);
        let group = || self.groups.get(name).map(Named::Group);
        contact.or_else(group).or_else(|| self.channels.get(name).map(Named::Channel))
    }

    /// Names that mean nobody, of those that are to be told.
    pub fn unknown<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        names.iter().map(String::as_str).filter(|name| self.find(name).is_none()).collect()
    }

    /// Every name there is.
    pub fn names(&self) -> Vec<&str> {
        let all = self.contacts.keys().chain(self.groups.keys()).chain(self.channels.keys());
        all.map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SecretSource;

    #[test]
    fn secrets_are_named_and_not_written() {
        let parse = SecretSource::parse;
        assert_eq!(parse("file:/etc/x"), Some(SecretSource::File("/etc/x".into())));
        assert_eq!(parse("env:TOKEN"), Some(SecretSource::Variable("TOKEN".into())));
        assert_eq!(parse("command:pass a:b"), Some(SecretSource::Command("pass a:b".into())));
        assert_eq!(parse("credential:slack"), Some(SecretSource::Credential("slack".into())));
        for bad in ["", "hush", "file:", "credential:../x", "https://host/x"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
