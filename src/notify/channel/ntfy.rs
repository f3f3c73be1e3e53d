//! ntfy, with a button that acknowledges.
//!
//! The button posts to another topic, `ack_topic`, which `lifeboat watch` and every command that
//! delivers read: nothing on our side has to be reachable. What it posts carries the event's token.

use serde_json::{Value, json};

use crate::notify::channel::chat::text_at;
use crate::notify::channel::{
    Attempt, Message, Verdict, basic, cut_bytes, cut_chars, json as json_body, judge,
};
use crate::notify::event::{Action, Link, Severity};
use crate::notify::model::ChannelKind;
use crate::sys::http::HttpRequest;

/// Longer messages become attachments: <https://docs.ntfy.sh/publish/#limitations>.
const MESSAGE_MAX_BYTES: usize = 4000;
/// The most acknowledgements that are read at once.
const ACKS_MAX: usize = 1000;

/// An acknowledgement that came by the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The event.
    pub id: String,
    /// Its token.
    pub token: String,
    /// Whose button it was.
    pub by: Option<String>,
}

/// Sends one message.
pub fn send(attempt: &Attempt<'_>, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let ChannelKind::Ntfy { url, topic, ack_topic, ack_token, .. } = &attempt.channel.kind else {
        return Ok(Verdict::Refused("not an ntfy channel".into()));
    };
    let (base, topic) = (attempt.base(url)?, attempt.secret(topic)?);
    let (priority, tag) = match (message.action, message.event.severity) {
        (Action::Resolve | Action::Acknowledge, _) => (3, "white_check_mark"),
        (_, Severity::Info) => (2, "information_source"),
        (_, Severity::Warning) => (3, "warning"),
        (_, Severity::Error) => (4, "rotating_light"),
        (_, Severity::Critical) => (5, "rotating_light"),
    };
    let text = match message.words.text.is_empty() {
        true => &message.words.title,
        false => &message.words.text,
    };
    let mut body = json!({
        "topic": topic.expose(),
        "title": cut_chars(&message.words.title, 250),
        "message": cut_bytes(text, MESSAGE_MAX_BYTES),
        "priority": priority,
        "tags": [tag, "lifeboat"],
        // Servers that know it replace what has the same one, so that a repetition shows once.
        "sequence_id": message.key.replace(['.', '/'], "-"),
    });
    let is_open = message.action == Action::Trigger;
    if !message.event.links.is_empty() {
        // A button posts, which is what a link acts by; ntfy shows three at most.
        let button = |link: &Link| {
            let (label, url) = (&link.label, &link.url);
            match link.opens {
                true => json!({ "action": "view", "label": label, "url": url, "clear": true }),
                false => {
                    json!({ "action": "http", "label": label, "url": url, "method": "POST", "clear": true })
                }
            }
        };
        body["actions"] = message.event.links.iter().take(3).map(button).collect();
    } else if let Some(link) = message.ack_url.as_ref().filter(|_| is_open) {
        body["actions"] = json!([{ "action": "view", "label": "Acknowledge", "url": link, "clear": true }]);
    } else if let Some(ack_topic) = ack_topic.as_ref().filter(|_| is_open) {
        let ack_topic = attempt.secret(ack_topic)?;
        let name = message.contact.and_then(|contact| contact.full_name.clone()).unwrap_or_default();
        let said = format!("lifeboat-ack {} {} {name}", message.event.id, message.token);
        let mut action = json!({
            "action": "http", "label": "Acknowledge", "method": "POST", "clear": true,
            "url": format!("{base}/{}", ack_topic.expose()), "body": said.trim_end(),
        });
        if let Some(token) = ack_token {
            let token = attempt.secret(token)?;
            action["headers"] = json!({ "Authorization": format!("Bearer {}", token.expose()) });
        }
        body["actions"] = json!([action]);
    }
    let request = authorize(attempt, HttpRequest::new("POST", format!("{base}/")))?;
    let answer = attempt.ask(&json_body(request, &body))?;
    Ok(match judge(&answer, message.now) {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["id"])),
        other => other,
    })
}

/// What was acknowledged by buttons since `since` (seconds since 1970); nothing where there is no such
/// topic.
pub fn acks(attempt: &Attempt<'_>, since: i64) -> Result<Vec<Ack>, Verdict> {
    let ChannelKind::Ntfy { url, ack_topic: Some(ack_topic), .. } = &attempt.channel.kind else {
        return Ok(Vec::new());
    };
    let (base, topic) = (attempt.base(url)?, attempt.secret(ack_topic)?);
    let url = format!("{base}/{}/json?poll=1&since={since}", topic.expose());
    let answer = attempt.ask(&authorize(attempt, HttpRequest::new("GET", url))?)?;
    if !answer.is_success() {
        return Err(Verdict::Later(None, super::said(&answer)));
    }
    let text = answer.text();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said = messages.filter_map(|message| Some(message.get("message")?.as_str()?.to_owned()));
    Ok(said.filter_map(|said| parse_ack(&said)).take(ACKS_MAX).collect())
}

fn parse_ack(said: &str) -> Option<Ack> {
    let mut words = said.strip_prefix("lifeboat-ack ")?.splitn(3, ' ');
    let (id, token) = (words.next()?.to_owned(), words.next()?.to_owned());
    let by = words.next().map(|name| cut_chars(name.trim(), 100)).filter(|name| !name.is_empty());
    Some(Ack { id, token, by })
}

fn authorize(attempt: &Attempt<'_>, request: HttpRequest) -> Result<HttpRequest, Verdict> {
    let ChannelKind::Ntfy { token, login, .. } = &attempt.channel.kind else { return Ok(request) };
    if let Some(token) = token {
        let token = attempt.secret(token)?;
        return Ok(request.header("authorization", format!("Bearer {}", token.expose())));
    }
    Ok(match login {
        Some((user, password)) => {
            request.header("authorization", basic(user, attempt.secret(password)?.expose()))
        }
        None => request,
    })
}
