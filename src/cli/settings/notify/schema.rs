//! The keys of everything about notifications; see `schema` for what the tables are for.

use crate::cli::settings::schema::{Field, Kind, field};
use crate::notify::event::{Outcome, Severity};
use crate::notify::model::{Audience, ChannelKind, SmtpTls};

const OUTCOMES: Kind = Kind::Words(Outcome::WORDS);
const SEVERITY: Kind = Kind::Word(Severity::WORDS);
const AUDIENCE: Kind = Kind::Word(Audience::WORDS);

/// `[notify]`.
pub const NOTIFY: &[Field] = &[
    field("wait", Kind::Duration, "How long a command waits for deliveries in the end; 20s otherwise."),
    field("repeat_after", Kind::Duration, "When a failure that goes on is told again; after 24h otherwise."),
    field("keep", Kind::Duration, "How long events that are done are kept; 30d otherwise."),
    field("time_zone", Kind::Text, "Where contacts are that do not say it, such as \"Europe/Berlin\"."),
    field(
        "ack_url",
        Kind::Text,
        "A page where events are acknowledged, put into messages; `{id}` and `{token}` are filled in.",
    ),
    field(
        "rule",
        Kind::List(RULE),
        "Who is told of what, whatever it is about: jobs, repositories, runbooks.",
    ),
    field(
        "expect",
        Kind::List(EXPECT),
        "What `lifeboat watch` expects besides backups, checks and replicas.",
    ),
];

const EXPECT: &[Field] = &[
    field(
        "kind",
        Kind::Text,
        "What is expected: any such event of [[notify.rule]], as lock-extend. Required.",
    ),
    field("name", Kind::Text, "Of which job or repository. Required."),
    field("every", Kind::Duration, "How much time may lie between two. Required."),
];

/// A rule: of a job, of a repository, or of all.
pub const RULE: &[Field] = &[
    field("to", Kind::People, "Names of contacts, groups and channels. This or `escalation` is required."),
    field(
        "on",
        OUTCOMES,
        "Which outcomes are told; all but `started` and `ok` otherwise. What ends a failure is always told \
         to those who were told of it.",
    ),
    field(
        "events",
        Kind::Texts,
        "Only such events: backup, check, restore, replica, replica-sync, lock-audit, lock-extend, runbook, \
         runbook-step, drill; any otherwise.",
    ),
    field("min_severity", SEVERITY, "Only what is at least so urgent."),
    field("severity", SEVERITY, "How urgent it is for them, which decides about quiet hours."),
    field("escalation", Kind::EscalationName, "What happens where nobody acknowledges."),
];

/// `[contact.NAME]`.
pub const CONTACT: &[Field] = &[
    field("full_name", Kind::Text, "As others call them."),
    field("email", Kind::Text, "A mail address, for channels of type email."),
    field("phone", Kind::Text, "A number such as \"+491701234567\", for channels of type twilio."),
    field("telegram", Kind::Text, "The id of a chat, for channels of type telegram."),
    field("channels", Kind::ChannelNames, "By what they are told, the first choice first. Required."),
    field("all_channels", Kind::Bool, "Use all channels at once, and not the next only where one fails."),
    field("audience", AUDIENCE, "Which words they get; `personnel` otherwise."),
    field("time_zone", Kind::Text, "Where they are, such as \"Europe/Berlin\"."),
    field(
        "quiet",
        Kind::List(QUIET),
        "When they are left alone with what is not urgent: it waits for the end.",
    ),
];

const QUIET: &[Field] = &[
    field("from", Kind::Text, "When it begins, such as \"22:00\". Required."),
    field("until", Kind::Text, "When it ends, such as \"07:00\". Required."),
    field("days", Kind::Words(&crate::notify::quiet::DAYS), "On which days it begins; on all otherwise."),
    field("below", SEVERITY, "What is at least so urgent comes through; `critical` otherwise."),
];

/// `[group.NAME]`.
pub const GROUP: &[Field] = &[
    field("members", Kind::ContactNames, "Names of contacts, in their order. Required."),
    field("on_call", Kind::Bool, "Ask one after the other until somebody acknowledges, and not all at once."),
    field("ack_within", Kind::Duration, "How long each has; 15m otherwise."),
    field("rotate_every", Kind::Duration, "After what time the next one comes first, such as \"7d\"."),
    field(
        "rotate_from",
        Kind::Text,
        "When the first one comes first, such as \"2026-01-05T09:00\", in the time zone of [notify].",
    ),
];

/// `[escalation.NAME]`.
pub const ESCALATION: &[Field] = &[
    field("step", Kind::List(STEP), "Who is told, one step after the other. Required."),
    field("repeat", Kind::Integer(0, 100), "How often to begin again; never otherwise."),
];

const STEP: &[Field] = &[
    field("to", Kind::People, "Names of contacts, groups and channels. Required."),
    field("ack_within", Kind::Duration, "How long they have to acknowledge; 15m otherwise."),
];

/// `[template.NAME]`.
pub const TEMPLATE: &[Field] = &[
    field("events", Kind::Texts, "For which events: backup, check, …; any otherwise."),
    field("on", OUTCOMES, "For which outcomes; any otherwise."),
    field("audience", AUDIENCE, "For whom; anyone otherwise."),
    field(
        "title",
        Kind::Text,
        "The one line. In it {title}, {text}, {kind}, {outcome}, {severity}, {job}, {host}, {key}, {id}, \
         {time}, \
         {began}, {details} and {details.NAME} stand for what they say.",
    ),
    field("text", Kind::Text, "What is below it."),
];

/// `[channel.NAME]`.
pub const CHANNEL: &[Field] = &[
    field("type", Kind::Word(ChannelKind::WORDS), "What it is. Required."),
    field(
        "url",
        Kind::SecretOrText,
        "slack, teams, discord: the webhook, which is a secret; webhook, healthchecks: where to; others: \
         another \
         server than the usual one.",
    ),
    field(
        "key",
        Kind::Secret,
        "pagerduty: the routing key; opsgenie: the API key; webhook: what it is signed with.",
    ),
    field("token", Kind::Secret, "twilio, telegram, ntfy, webhook: what proves us."),
    field("user", Kind::Text, "email, ntfy: whom to log in as."),
    field("password", Kind::Secret, "email, ntfy: the password."),
    field("account", Kind::Text, "twilio: the account's SID."),
    field("server", Kind::Text, "email: HOST or HOST:PORT."),
    field(
        "tls",
        Kind::Word(SmtpTls::WORDS),
        "email: `starttls`, which is required then, or `tls`; `none` is for this machine.",
    ),
    field("from", Kind::Text, "email: the sender's address; twilio: the number or messaging service."),
    field(
        "to",
        Kind::Texts,
        "email, twilio: addresses or a number, where the channel is told and no contact.",
    ),
    field("chat", Kind::Text, "telegram: the same."),
    field("topic", Kind::SecretOrText, "ntfy: the topic."),
    field("ack_topic", Kind::SecretOrText, "ntfy: a second topic, by which a button acknowledges."),
    field("ack_token", Kind::Secret, "ntfy: a token for that topic that every telephone may know."),
    field(
        "program",
        Kind::Texts,
        "command: the program and its arguments; it gets the event as JSON (lifeboat-json(7)).",
    ),
    field("socket", Kind::Path, "journald, syslog: another socket than the usual one."),
    field("facility", Kind::Word(FACILITIES), "syslog: the facility; `daemon` otherwise."),
    field(
        "every",
        Kind::Bool,
        "Tell it everything, successes and repeats too; only for healthchecks, journald and syslog \
         otherwise.",
    ),
    field("timeout", Kind::Duration, "How long one attempt may take; 15s otherwise."),
    field("give_up_after", Kind::Duration, "How long to go on trying; 24h otherwise."),
    field("ca_file", Kind::Path, "Certificates (PEM) to trust beside the machine's."),
    field("proxy", Kind::SecretOrText, "The proxy to go through, such as \"http://proxy:3128\"."),
    field(
        "repeat_in_doubt",
        Kind::Bool,
        "Repeat what may have arrived, even where it then may arrive twice.",
    ),
    field(
        "audience",
        AUDIENCE,
        "Which words it gets where it is told and no contact; `personnel` otherwise.",
    ),
];

/// syslog's facilities, by their numbers.
pub const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];
