//! Chats: Slack, Microsoft Teams, Discord and Telegram.
//!
//! None of them recognises a repetition. Of three the URL is the secret. Lengths are theirs, in their
//! own units.

use serde_json::{Value, json};

use crate::notify::channel::{
    Attempt, Message, Verdict, cut_bytes, cut_chars, cut_utf16, json as json_body, judge, said,
};
use crate::notify::event::{Action, Severity};
use crate::notify::model::{ChannelKind, SecretSource};
use crate::sys::http::{HttpAnswer, HttpRequest};

/// Slack cuts `text` beyond 40,000 characters; a block's text may have 3,000.
const SLACK_MAX_CHARS: usize = 3000;
/// A card and all around it may have about 28 KB.
const TEAMS_MAX_BYTES: usize = 20_000;
/// Teams shows six buttons of a card at most:
/// <https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference>.
const TEAMS_ACTIONS_MAX: usize = 6;
/// <https://discord.com/developers/docs/resources/webhook#execute-webhook>.
const DISCORD_MAX_CHARS: usize = 2000;
/// <https://core.telegram.org/bots/api#sendmessage>.
const TELEGRAM_MAX_UTF16: usize = 4096;
/// Slack's words for what will never be taken; they come with 4xx, `channel_is_archived` with 410.
const SLACK_FINAL: [&str; 6] = [
    "no_service",
    "channel_is_archived",
    "action_prohibited",
    "invalid_token",
    "no_team",
    "channel_not_found",
];

/// To a Slack incoming webhook.
pub fn slack(attempt: &Attempt<'_>, url: &SecretSource, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let url = attempt.secret(url)?;
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let title = escaped(&message.words.title);
    let text = cut_chars(&escaped(&message.words.text), SLACK_MAX_CHARS);
    let mut blocks = vec![json!({
        "type": "section",
        "text": { "type": "mrkdwn", "text": format!("{} *{}*", mark(message), cut_chars(&title, 2900)) },
    })];
    if !text.is_empty() {
        blocks.push(
            json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } }),
        );
    }
    // Of several, those that fit: they stand in the text as well, where they cannot be clicked.
    let links: Vec<String> = links(message)
        .iter()
        .map(|(label, url)| format!("<{}|{}>", escaped(url), escaped(label)))
        .scan(0, |length, link| {
            *length += link.len() + 3;
            (*length < SLACK_MAX_CHARS).then_some(link)
        })
        .collect();
    if !links.is_empty() {
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": links.join(" · ") } }));
    }
    let body = json!({ "text": cut_chars(&title, SLACK_MAX_CHARS), "blocks": blocks });
    let answer = attempt.ask(&json_body(HttpRequest::new("POST", url.expose()), &body))?;
    let text = answer.text();
    if !answer.is_success() && SLACK_FINAL.iter().any(|word| text.contains(word)) {
        return Ok(Verdict::Refused(said(&answer)));
    }
    Ok(judge(&answer, message.now))
}

/// To a Teams workflow ("When a Teams webhook request is received").
pub fn teams(attempt: &Attempt<'_>, url: &SecretSource, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let url = attempt.secret(url)?;
    let color = match (message.action, message.event.severity) {
        (Action::Resolve, _) => "good",
        (_, Severity::Info) => "default",
        (_, Severity::Warning) => "warning",
        _ => "attention",
    };
    let mut card = vec![json!({
        "type": "TextBlock", "text": cut_bytes(&message.words.title, 1000), "weight": "bolder",
        "size": "medium", "color": color, "wrap": true,
    })];
    if !message.words.text.is_empty() {
        let text = cut_bytes(&message.words.text, TEAMS_MAX_BYTES).replace('\n', "\n\n");
        card.push(json!({ "type": "TextBlock", "text": text, "wrap": true }));
    }
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "body": card,
    });
    let actions: Vec<Value> = links(message)
        .iter()
        .take(TEAMS_ACTIONS_MAX)
        .map(|(label, url)| json!({ "type": "Action.OpenUrl", "title": label, "url": url }))
        .collect();
    if !actions.is_empty() {
        content["actions"] = json!(actions);
    }
    let body = json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": content,
    }] });
    let answer = attempt.ask(&json_body(HttpRequest::new("POST", url.expose()), &body))?;
    Ok(judge(&answer, message.now))
}

/// To a Discord webhook. `wait=true` makes it answer with the message it made.
pub fn discord(attempt: &Attempt<'_>, url: &SecretSource, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let url = attempt.secret(url)?;
    let link = message.ack_url.as_ref().map(|link| format!("\nAcknowledge: <{link}>")).unwrap_or_default();
    let room = DISCORD_MAX_CHARS.saturating_sub(link.chars().count());
    let text = format!("{} **{}**\n{}", mark(message), message.words.title, message.words.text);
    let body = json!({
        "content": format!("{}{link}", cut_chars(text.trim_end(), room)),
        "allowed_mentions": { "parse": [] },
    });
    let separator = if url.expose().contains('?') { '&' } else { '?' };
    let request = HttpRequest::new("POST", format!("{}{separator}wait=true", url.expose()));
    let answer = attempt.ask(&json_body(request, &body))?;
    let verdict = judge(&answer, message.now);
    Ok(match verdict {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["id"])),
        Verdict::Later(None, why) => {
            let after = number_at(&answer, &["retry_after"]);
            Verdict::Later(after.map(std::time::Duration::from_secs_f64), why)
        }
        other => other,
    })
}

/// To a Telegram chat. Entities mark what is bold: nothing in the words can be taken for markup.
pub fn telegram(attempt: &Attempt<'_>, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let ChannelKind::Telegram { url, token, chat } = &attempt.channel.kind else {
        return Ok(Verdict::Refused("not a telegram channel".into()));
    };
    let (base, token) = (attempt.base(url)?, attempt.secret(token)?);
    let own = message.contact.and_then(|contact| contact.telegram.as_ref());
    let Some(chat) = own.or(chat.as_ref()) else {
        return Ok(Verdict::Refused("there is no telegram chat for this recipient".into()));
    };
    let title = cut_utf16(&message.words.title, 1000);
    let whole = if message.words.text.is_empty() {
        title.clone()
    } else {
        format!("{title}\n\n{}", message.words.text)
    };
    let mut body = json!({
        "chat_id": chat,
        "text": cut_utf16(&whole, TELEGRAM_MAX_UTF16),
        "entities": [{ "type": "bold", "offset": 0, "length": title.encode_utf16().count() }],
        "link_preview_options": { "is_disabled": true },
        "disable_notification": message.event.severity == Severity::Info,
    });
    if let Some(link) = &message.ack_url {
        body["reply_markup"] = json!({ "inline_keyboard": [[{ "text": "Acknowledge", "url": link }]] });
    }
    let request = HttpRequest::new("POST", format!("{base}/bot{}/sendMessage", token.expose()));
    let answer = attempt.ask(&json_body(request, &body))?;
    Ok(match judge(&answer, message.now) {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["result", "message_id"])),
        Verdict::Later(_, why) => {
            let after = number_at(&answer, &["parameters", "retry_after"]);
            Verdict::Later(after.map(std::time::Duration::from_secs_f64), why)
        }
        other => other,
    })
}

/// What can be clicked: where an event is acknowledged, and how a run is answered.
fn links<'m>(message: &'m Message<'_>) -> Vec<(&'m str, &'m str)> {
    let ack = message.ack_url.as_deref().map(|url| ("Acknowledge", url));
    let own = message.event.links.iter().map(|link| (link.label.as_str(), link.url.as_str()));
    ack.into_iter().chain(own).collect()
}

/// How urgent it is, at a glance.
fn mark(message: &Message<'_>) -> &'static str {
    match (message.action, message.event.severity) {
        (Action::Resolve, _) => "✅",
        (_, Severity::Info) => "ℹ️",
        (_, Severity::Warning) => "⚠️",
        _ => "🔴",
    }
}

/// A field of the answer's JSON.
fn at(answer: &HttpAnswer, path: &[&str]) -> Option<Value> {
    let whole: Value = serde_json::from_slice(&answer.body).ok()?;
    path.iter().try_fold(&whole, |value, name| value.get(name)).cloned()
}

/// The same, as text.
pub fn text_at(answer: &HttpAnswer, path: &[&str]) -> Option<String> {
    match at(answer, path)? {
        Value::String(text) => Some(cut_chars(&text, 100)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The same, as a number of seconds that is no nonsense.
fn number_at(answer: &HttpAnswer, path: &[&str]) -> Option<f64> {
    at(answer, path)?.as_f64().filter(|seconds| (0.0..1e6).contains(seconds))
}
