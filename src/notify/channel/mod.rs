//! The ways to tell somebody something: one file for each, and what they have in common.
//!
//! A channel turns a `Message` into what its other side takes, sends it once, and says what came of it
//! as a `Verdict`. When to try again, and whether to, is decided above, by the verdict and by whether
//! the other side recognises a repetition.

pub mod chat;
pub mod email;
pub mod incident;
pub mod local;
pub mod ntfy;
pub mod ping;
pub mod sms;
pub mod webhook;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::base::secret::SecretText;
use crate::base::time::Timestamp;
use crate::notify::event::{Action, Event};
use crate::notify::model::{Channel, ChannelKind, Contact, SecretSource};
use crate::notify::template::Words;
use crate::sys::http::{HttpAnswer, HttpClient, HttpError, HttpOptions, HttpRequest};

/// The most of an answer that is quoted.
const QUOTE_MAX_CHARS: usize = 200;

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken; the other side may have a name for it.
    Delivered(Option<String>),
    /// It was not taken, but may be later: after what time, if the other side says so.
    Later(Option<Duration>, String),
    /// It will never be taken.
    Refused(String),
    /// The other side takes nothing any more, by this channel as it is configured.
    Gone(String),
    /// Nobody knows.
    InDoubt(String),
}

/// Where secrets are read.
pub trait Secrets: Sync {
    /// Reads one; the error says what is wrong, without any secret.
    fn read(&self, source: &SecretSource) -> Result<SecretText, String>;
}

/// What a channel gets.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What happened.
    pub event: &'a Event,
    /// What opened the matter, if it was not that.
    pub trigger: Option<&'a Event>,
    /// What it does to the matter.
    pub action: Action,
    /// Its words.
    pub words: Words,
    /// The same for every attempt, and for no other message.
    pub key: String,
    /// The key of the message that opened the matter, to the same recipient.
    pub answers: Option<&'a str>,
    /// Where it can be acknowledged by a click, if anywhere.
    pub ack_url: Option<String>,
    /// What proves an acknowledgement.
    pub token: &'a str,
    /// Whom it is for, if it is a person.
    pub contact: Option<&'a Contact>,
    /// What the clock says.
    pub now: Timestamp,
}

/// The event as programs see it: `lifeboat.event/1`.
#[derive(Serialize)]
pub struct EventDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    event: &'a Event,
    action: &'static str,
    message_id: &'a str,
    subject: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    triggered_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_url: Option<&'a str>,
}

impl Message<'_> {
    /// The matter's key, at most so long; longer ones are cut and hashed.
    pub fn matter(&self, max_bytes: usize) -> String {
        let key = &self.event.key;
        if key.len() <= max_bytes {
            return key.clone();
        }
        let hash = blake3::hash(key.as_bytes()).to_hex();
        let room = max_bytes.saturating_sub(33);
        let end = (0..=room).rev().find(|at| key.is_char_boundary(*at)).unwrap_or(0);
        format!("{}-{}", &key[..end], &hash[..32])
    }

    /// The title, and the text below it.
    pub fn whole(&self) -> String {
        match self.words.text.is_empty() {
            true => self.words.title.clone(),
            false => format!("{}\n\n{}", self.words.title, self.words.text),
        }
    }

    /// The event as programs see it.
    pub fn document(&self) -> EventDocument<'_> {
        EventDocument {
            schema: "lifeboat.event/1",
            event: self.event,
            action: self.action.as_str(),
            message_id: &self.key,
            subject: &self.words.title,
            body: &self.words.text,
            triggered_by: self.trigger.map(|event| event.id.as_str()),
            ack_url: self.ack_url.as_deref(),
        }
    }

    /// Facts by name, with those that every event has.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let mut facts = self.event.details.clone();
        facts.insert("host".into(), self.event.host.clone());
        facts.insert("event".into(), self.event.id.to_string());
        facts.extend(self.event.job.clone().map(|job| ("job".to_owned(), job)));
        facts
    }
}

/// Cuts text to at most `max` units, as `width` counts a character; what is cut ends in an ellipsis.
pub fn cut(text: &str, max: usize, width: impl Fn(char) -> usize) -> String {
    if text.chars().map(&width).sum::<usize>() <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(width('…'));
    let mut taken = 0;
    let kept = text.chars().take_while(|c| {
        taken += width(*c);
        taken <= room
    });
    kept.chain(['…']).collect()
}

/// The same, counted in characters.
pub fn cut_chars(text: &str, max: usize) -> String {
    cut(text, max, |_| 1)
}

/// The same, counted in UTF-16's units.
pub fn cut_utf16(text: &str, max: usize) -> String {
    cut(text, max, char::len_utf16)
}

/// The same, counted in bytes of UTF-8.
pub fn cut_bytes(text: &str, max: usize) -> String {
    cut(text, max, char::len_utf8)
}

/// What an attempt works with.
pub struct Attempt<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// Where secrets are.
    pub secrets: &'a dyn Secrets,
    /// How long it may take.
    pub limit: Duration,
}

impl Attempt<'_> {
    /// Sends it once.
    pub fn send(&self, message: &Message<'_>) -> Verdict {
        let sent = match &self.channel.kind {
            ChannelKind::Email { .. } => email::send(self, message),
            ChannelKind::Twilio { .. } => sms::send(self, message),
            ChannelKind::Slack { url } => chat::slack(self, url, message),
            ChannelKind::Teams { url } => chat::teams(self, url, message),
            ChannelKind::Discord { url } => chat::discord(self, url, message),
            ChannelKind::Telegram { .. } => chat::telegram(self, message),
            ChannelKind::PagerDuty { url, key } => incident::pagerduty(self, url, key, message),
            ChannelKind::Opsgenie { url, key } => incident::opsgenie(self, url, key, message),
            ChannelKind::Ntfy { .. } => ntfy::send(self, message),
            ChannelKind::Webhook { .. } => webhook::send(self, message),
            ChannelKind::Healthchecks { url } => ping::send(self, url, message),
            ChannelKind::Command { program } => local::command(self, program, message),
            ChannelKind::Journald { socket } => Ok(local::journald(socket, message)),
            ChannelKind::Syslog { socket, facility } => Ok(local::syslog(socket, *facility, message)),
        };
        sent.unwrap_or_else(|verdict| verdict)
    }

    /// A secret. One that cannot be read now may be readable later: a credential that is rotated, a
    /// password manager that is locked.
    pub fn secret(&self, source: &SecretSource) -> Result<SecretText, Verdict> {
        self.secrets.read(source).map_err(|why| Verdict::Later(None, why))
    }

    /// The URL `base`, without a slash in the end.
    pub fn base(&self, source: &SecretSource) -> Result<String, Verdict> {
        Ok(self.secret(source)?.expose().trim_end_matches('/').to_owned())
    }

    /// Makes a request; an answer is judged by whoever asked.
    pub fn ask(&self, request: &HttpRequest) -> Result<HttpAnswer, Verdict> {
        let proxy = self.channel.proxy.as_ref().map(|source| self.secret(source)).transpose()?;
        let options = HttpOptions {
            connect_limit: self.limit.min(Duration::from_secs(10)),
            total_limit: self.limit,
            answer_max_bytes: 64 << 10,
            ca_file: self.channel.ca_file.clone(),
            proxy: proxy.map(|proxy| proxy.expose().to_owned()),
            redirects: 0,
        };
        let failed = |error: HttpError| match &error {
            HttpError::Request { .. } => Verdict::Refused(error.to_string()),
            _ if error.is_in_doubt() => Verdict::InDoubt(error.to_string()),
            _ => Verdict::Later(None, error.to_string()),
        };
        HttpClient::new(options).and_then(|client| client.send(request)).map_err(failed)
    }
}

/// What most services mean by a status: 2xx is taken; 408, 425, 429 and 5xx may be taken later; 3xx and
/// the other 4xx never.
pub fn judge(answer: &HttpAnswer, now: Timestamp) -> Verdict {
    let why = said(answer);
    match answer.status {
        200..=299 => Verdict::Delivered(None),
        408 | 425 | 429 | 500..=599 => Verdict::Later(answer.retry_after(now.seconds), why),
        _ => Verdict::Refused(why),
    }
}

/// Status and the beginning of the body, as one line.
pub fn said(answer: &HttpAnswer) -> String {
    let text = answer.text();
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    match line.is_empty() {
        true => format!("answered {}", answer.status),
        false => format!("answered {}: {}", answer.status, cut_chars(&line, QUOTE_MAX_CHARS)),
    }
}

/// A JSON body.
pub fn json(request: HttpRequest, body: &serde_json::Value) -> HttpRequest {
    request.body("application/json", body.to_string().into_bytes())
}

/// `user:password` as an `authorization` header has it.
pub fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// Text as a part of a URL's path or query.
pub fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
