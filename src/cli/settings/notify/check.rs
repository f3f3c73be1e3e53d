//! What notifications require: names that stand for somebody, addresses for channels, times and zones.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::cli::settings::mistake::Mistake;
use crate::notify::channel::email::host_and_port;
use crate::notify::model::{SecretSource, SmtpTls};
use crate::notify::quiet::{Zone, parse_time_of_day};
use crate::notify::template;

type Key<'i> = Spanned<DeString<'i>>;
/// A key, whether a text is such an address, and what is expected.
type Address = (&'static str, fn(&str) -> bool, &'static str);
type Value<'i> = Spanned<DeValue<'i>>;

/// What each type of channel needs, and what else it takes.
const USES: &[(&str, &[&str], &[&str])] = &[
    ("email", &["server", "from"], &["tls", "user", "password", "to"]),
    ("twilio", &["account", "token", "from"], &["url", "to"]),
    ("slack", &["url"], &[]),
    ("teams", &["url"], &[]),
    ("discord", &["url"], &[]),
    ("telegram", &["token"], &["url", "chat"]),
    ("pagerduty", &["key"], &["url"]),
    ("opsgenie", &["key"], &["url"]),
    ("ntfy", &["topic"], &["url", "token", "user", "password", "ack_topic", "ack_token"]),
    ("webhook", &["url"], &["key", "token"]),
    ("healthchecks", &["url"], &[]),
    ("command", &["program"], &[]),
    ("journald", &[], &["socket"]),
    ("syslog", &[], &["socket", "facility"]),
];
/// What every type takes.
const COMMON: &[&str] =
    &["type", "every", "timeout", "give_up_after", "ca_file", "proxy", "repeat_in_doubt", "audience"];

/// Finds what the schema alone cannot.
pub fn check(source: &str, file: &DeTable<'_>) -> Vec<Mistake> {
    let mut walk = Walk { source, file, mistakes: Vec::new() };
    walk.names();
    walk.channels();
    walk.contacts();
    walk.groups();
    walk.escalations();
    walk.rules();
    walk.templates();
    walk.zone(file.get("notify").and_then(|notify| notify.get_ref().as_table()));
    walk.mistakes
}

struct Walk<'a, 'i> {
    source: &'a str,
    file: &'a DeTable<'i>,
    mistakes: Vec<Mistake>,
}

/// The tables of one kind, such as `[contact.NAME]`.
fn tables<'a, 'i>(file: &'a DeTable<'i>, kind: &str) -> Vec<(&'a Key<'i>, &'a DeTable<'i>)> {
    let all = file.get(kind).and_then(|value| value.get_ref().as_table());
    let items = all.into_iter().flat_map(|all| all.iter());
    items.filter_map(|(key, value)| Some((key, value.get_ref().as_table()?))).collect()
}

/// A text or a list of texts.
fn texts<'a, 'i>(value: Option<&'a Value<'i>>) -> Vec<(&'a str, std::ops::Range<usize>)> {
    let Some(value) = value else { return Vec::new() };
    match value.get_ref() {
        DeValue::String(text) => vec![(text.as_ref(), value.span())],
        DeValue::Array(items) => {
            let texts = items.iter().filter_map(|item| Some((item.get_ref().as_str()?, item.span())));
            texts.collect()
        }
        _ => Vec::new(),
    }
}

/// A table or a list of tables.
fn listed<'a, 'i>(value: Option<&'a Value<'i>>) -> Vec<(&'a DeTable<'i>, std::ops::Range<usize>)> {
    let Some(value) = value else { return Vec::new() };
    match value.get_ref() {
        DeValue::Table(table) => vec![(table, value.span())],
        DeValue::Array(items) => {
            items.iter().filter_map(|item| Some((item.get_ref().as_table()?, item.span()))).collect()
        }
        _ => Vec::new(),
    }
}

impl<'a, 'i> Walk<'a, 'i> {
    fn mistake(&mut self, span: std::ops::Range<usize>, message: impl Into<String>, expected: &str) {
        let mistake = Mistake::at(self.source, span, message);
        self.mistakes.push(if expected.is_empty() { mistake } else { mistake.expected(expected) });
    }

    fn missing(&mut self, span: std::ops::Range<usize>, what: &str, key: &str) {
        self.mistake(span, format!("{what} lacks the key `{key}`"), "");
    }

    fn known(&self, kinds: &[&str]) -> BTreeSet<&'a str> {
        let all = kinds.iter().flat_map(|kind| tables(self.file, kind));
        all.map(|(key, _)| key.get_ref().as_ref()).collect()
    }

    /// One name for one thing: `to` says a name alone.
    fn names(&mut self) {
        let mut seen = BTreeSet::new();
        for kind in ["contact", "group", "channel"] {
            for (key, _) in tables(self.file, kind) {
                if !seen.insert(key.get_ref().as_ref()) {
                    let message =
                        format!("another contact, group or channel is called `{}` too", key.get_ref());
                    self.mistake(key.span(), message, "a name of its own");
                }
            }
        }
    }

    /// Names that must stand for something.
    fn refer(&mut self, value: Option<&'a Value<'i>>, kinds: &[&str], what: &str) {
        let known = self.known(kinds);
        for (name, span) in texts(value) {
            if !known.contains(name) {
                let message = format!("there is no {what} named `{name}` in this file");
                let mistake = Mistake::at(self.source, span, message).suggest(name, known.iter().copied());
                self.mistakes.push(mistake);
            }
        }
    }

    fn people(&mut self, value: Option<&'a Value<'i>>) {
        self.refer(value, &["contact", "group", "channel"], "contact, group or channel");
    }

    fn zone(&mut self, table: Option<&'a DeTable<'i>>) {
        for (name, span) in texts(table.and_then(|table| table.get("time_zone"))) {
            if Zone::parse(name).is_none() {
                let message = format!("there is no time zone `{name}`");
                self.mistake(span, message, "a name of the IANA database, such as \"Europe/Berlin\"");
            }
        }
    }

    fn channels(&mut self) {
        for (key, table) in tables(self.file, "channel") {
            let name = key.get_ref();
            let Some(kind) = table.get("type").and_then(|value| value.get_ref().as_str()) else {
                if !table.contains_key("type") {
                    self.missing(key.span(), &format!("[channel.{name}]"), "type");
                }
                continue;
            };
            let Some((_, required, more)) = USES.iter().find(|(word, ..)| *word == kind) else { continue };
            for wanted in required.iter().filter(|wanted| !table.contains_key(**wanted)) {
                self.missing(key.span(), &format!("[channel.{name}], which is of type {kind},"), wanted);
            }
            for (field, _) in table {
                let word = field.get_ref().as_ref();
                let all = || required.iter().chain(*more).chain(COMMON);
                let is_a_key = USES.iter().any(|(_, one, two)| one.contains(&word) || two.contains(&word));
                if is_a_key && !all().any(|known| *known == word) {
                    let message = format!("a channel of type {kind} has no `{word}`");
                    let names: Vec<&str> = all().copied().collect();
                    self.mistake(field.span(), message, &format!("one of {}", names.join(", ")));
                }
            }
            self.secret_url(kind, table);
            self.login(kind, key, table);
        }
    }

    fn secret_url(&mut self, kind: &str, table: &'a DeTable<'i>) {
        for (url, span) in texts(table.get("url")) {
            let is_plain = SecretSource::parse(url).is_none();
            if is_plain && matches!(kind, "slack" | "teams" | "discord") {
                let message = format!("the URL of a {kind} webhook is a secret and does not belong here");
                self.mistake(
                    span,
                    message,
                    "\"file:PATH\", \"env:NAME\", \"command:…\" or \"credential:NAME\"",
                );
            } else if is_plain && !url.starts_with("http://") && !url.starts_with("https://") {
                self.mistake(span, "this is no URL", "https://…, or where to find it: \"file:PATH\"");
            }
        }
    }

    fn login(&mut self, kind: &str, key: &Key<'i>, table: &'a DeTable<'i>) {
        let has = |name: &str| table.contains_key(name);
        if has("user") != has("password") {
            let lacks = if has("user") { "password" } else { "user" };
            self.missing(key.span(), &format!("[channel.{}]", key.get_ref()), lacks);
        }
        let text = |name: &str| table.get(name).and_then(|value| value.get_ref().as_str());
        let (server, tls) = (text("server").unwrap_or_default(), text("tls").and_then(SmtpTls::parse));
        let (host, _) = host_and_port(server, tls.unwrap_or_default());
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
        if kind == "email" && tls == Some(SmtpTls::None) && has("password") && !is_here {
            let span = table.get("tls").map_or(key.span(), Spanned::span);
            self.mistake(span, "without TLS the password could be read on the way", "starttls or tls");
        }
    }

    fn contacts(&mut self) {
        for (key, table) in tables(self.file, "contact") {
            let name = key.get_ref();
            let what = format!("[contact.{name}]");
            if !table.contains_key("channels") {
                self.missing(key.span(), &what, "channels");
            }
            self.refer(table.get("channels"), &["channel"], "channel");
            self.zone(Some(table));
            for (channel, span) in texts(table.get("channels")) {
                let of_type = tables(self.file, "channel").into_iter().find_map(|(key, table)| {
                    let fits = key.get_ref().as_ref() == channel;
                    fits.then(|| table.get("type").and_then(|value| value.get_ref().as_str())).flatten()
                });
                let address = match of_type {
                    Some("email") => "email",
                    Some("twilio") => "phone",
                    Some("telegram") => "telegram",
                    _ => continue,
                };
                if !table.contains_key(address) {
                    let message =
                        format!("{what} cannot be told by `{channel}`: it lacks the key `{address}`");
                    self.mistake(span, message, "");
                }
            }
            let addresses: [Address; 2] = [
                ("email", is_mail_address, "an address such as \"anna@example.com\""),
                ("phone", is_phone_number, "a number with its country's code, such as \"+491701234567\""),
            ];
            for (field, fits, expected) in addresses {
                for (text, span) in texts(table.get(field)) {
                    if !fits(text) {
                        self.mistake(span, format!("`{text}` is no {field}"), expected);
                    }
                }
            }
            for (quiet, span) in listed(table.get("quiet")) {
                self.quiet(&what, quiet, span);
            }
        }
    }

    fn quiet(&mut self, what: &str, table: &'a DeTable<'i>, span: std::ops::Range<usize>) {
        for field in ["from", "until"] {
            if !table.contains_key(field) {
                self.missing(span.clone(), &format!("quiet hours of {what}"), field);
            }
            for (text, span) in texts(table.get(field)) {
                if parse_time_of_day(text).is_none() {
                    self.mistake(
                        span,
                        format!("`{text}` is no time of day"),
                        "hours and minutes, such as \"07:00\"",
                    );
                }
            }
        }
    }

    fn groups(&mut self) {
        for (key, table) in tables(self.file, "group") {
            let what = format!("[group.{}]", key.get_ref());
            if texts(table.get("members")).is_empty() {
                self.missing(key.span(), &what, "members");
            }
            self.refer(table.get("members"), &["contact"], "contact");
            for (text, span) in texts(table.get("rotate_from")) {
                if Zone::default().parse_time(text).is_none() {
                    self.mistake(span, format!("`{text}` is no time"), "such as \"2026-01-05T09:00\"");
                }
            }
            if let Some(value) = table.get("rotate_every").filter(|_| !table.contains_key("rotate_from")) {
                self.mistake(
                    value.span(),
                    format!("{what} lacks the key `rotate_from`: when the turns begin"),
                    "",
                );
            }
        }
    }

    fn escalations(&mut self) {
        for (key, table) in tables(self.file, "escalation") {
            let what = format!("[escalation.{}]", key.get_ref());
            let steps = listed(table.get("step"));
            if steps.is_empty() {
                self.missing(key.span(), &what, "step");
            }
            for (step, span) in steps {
                if texts(step.get("to")).is_empty() {
                    self.missing(span, &format!("a step of {what}"), "to");
                }
                self.people(step.get("to"));
            }
        }
    }

    fn rules(&mut self) {
        let mut rules = Vec::new();
        let notify = self.file.get("notify").and_then(|value| value.get_ref().as_table());
        rules.extend(listed(notify.and_then(|notify| notify.get("rule"))));
        for kind in ["job", "repository"] {
            for (_, table) in tables(self.file, kind) {
                rules.extend(listed(table.get("notify")));
            }
        }
        for (rule, span) in rules {
            if texts(rule.get("to")).is_empty() && !rule.contains_key("escalation") {
                self.missing(span, "a rule", "to");
            }
            self.people(rule.get("to"));
            self.refer(rule.get("escalation"), &["escalation"], "escalation");
        }
        for (expect, span) in listed(notify.and_then(|notify| notify.get("expect"))) {
            for field in ["kind", "name", "every"] {
                if !expect.contains_key(field) {
                    self.missing(span.clone(), "an expectation", field);
                }
            }
        }
    }

    fn templates(&mut self) {
        for (_, table) in tables(self.file, "template") {
            for (text, span) in texts(table.get("title")).into_iter().chain(texts(table.get("text"))) {
                if let Some(why) = template::fault(text) {
                    let names: Vec<String> =
                        template::NAMES.iter().map(|name| format!("{{{name}}}")).collect();
                    self.mistake(span, why, &format!("one of {}, {{details.NAME}}", names.join(", ")));
                }
            }
        }
    }
}

fn is_mail_address(text: &str) -> bool {
    let (name, domain) = text.rsplit_once('@').unwrap_or_default();
    !name.is_empty() && !domain.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
