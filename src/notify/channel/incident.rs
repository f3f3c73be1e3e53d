//! Services that keep incidents: PagerDuty, and Jira Service Management or Opsgenie.
//!
//! They know a matter by its key, so that repetitions are harmless, and take its end and its
//! acknowledgement too.

use serde_json::json;

use crate::notify::channel::chat::text_at;
use crate::notify::channel::{Attempt, Message, Verdict, cut_chars, json as json_body, judge, percent, said};
use crate::notify::event::{Action, Severity};
use crate::notify::model::SecretSource;
use crate::sys::http::HttpRequest;

/// <https://developer.pagerduty.com/docs/events-api-v2-overview>.
const PAGERDUTY_KEY_MAX_BYTES: usize = 255;
const PAGERDUTY_SUMMARY_MAX_CHARS: usize = 1024;
/// <https://docs.opsgenie.com/docs/alert-api>.
const OPSGENIE_MESSAGE_MAX_CHARS: usize = 130;
const OPSGENIE_ALIAS_MAX_BYTES: usize = 512;
const OPSGENIE_TEXT_MAX_CHARS: usize = 15_000;

/// To PagerDuty's Events API, version 2.
pub fn pagerduty(
    attempt: &Attempt<'_>,
    url: &SecretSource,
    key: &SecretSource,
    message: &Message<'_>,
) -> Result<Verdict, Verdict> {
    let (base, key) = (attempt.base(url)?, attempt.secret(key)?);
    let event = message.event;
    let action = match message.action {
        // A message that opens nothing would page somebody and never end.
        Action::Notice if event.severity < Severity::Warning => {
            return Ok(Verdict::Delivered(Some("nothing to page for".into())));
        }
        Action::Trigger | Action::Notice => "trigger",
        Action::Acknowledge => "acknowledge",
        Action::Resolve => "resolve",
    };
    let mut body = json!({
        "routing_key": key.expose(),
        "event_action": action,
        "dedup_key": message.matter(PAGERDUTY_KEY_MAX_BYTES),
    });
    if action == "trigger" {
        let time = chrono::DateTime::from_timestamp(event.time.seconds, 0).unwrap_or_default();
        body["payload"] = json!({
            "summary": cut_chars(&message.words.title, PAGERDUTY_SUMMARY_MAX_CHARS),
            "source": event.host,
            "severity": event.severity.as_str(),
            "timestamp": time.to_rfc3339(),
            "component": event.job.as_deref().unwrap_or("lifeboat"),
            "group": "lifeboat",
            "class": event.kind,
            "custom_details": { "text": message.words.text, "facts": message.facts() },
        });
        body["client"] = json!("lifeboat");
        if let Some(link) = &message.ack_url {
            body["links"] = json!([{ "href": link, "text": "Acknowledge in lifeboat" }]);
        }
    }
    let answer = attempt.ask(&json_body(HttpRequest::new("POST", format!("{base}/v2/enqueue")), &body))?;
    Ok(match judge(&answer, message.now) {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["dedup_key"])),
        other => other,
    })
}

/// To the alerts of Jira Service Management's operations, or of Opsgenie.
pub fn opsgenie(
    attempt: &Attempt<'_>,
    url: &SecretSource,
    key: &SecretSource,
    message: &Message<'_>,
) -> Result<Verdict, Verdict> {
    let (base, key) = (attempt.base(url)?, attempt.secret(key)?);
    let event = message.event;
    let alias = message.matter(OPSGENIE_ALIAS_MAX_BYTES);
    let on_alert = |verb: &str| format!("{base}/v2/alerts/{}/{verb}?identifierType=alias", percent(&alias));
    let by =
        json!({ "source": event.host, "user": "lifeboat", "note": cut_chars(&message.words.title, 1000) });
    let (url, body) = match message.action {
        Action::Acknowledge => (on_alert("acknowledge"), by),
        Action::Resolve => (on_alert("close"), by),
        Action::Trigger | Action::Notice => {
            let priority = match event.severity {
                Severity::Critical => "P1",
                Severity::Error => "P2",
                Severity::Warning => "P3",
                Severity::Info => "P5",
            };
            let body = json!({
                "message": cut_chars(&message.words.title, OPSGENIE_MESSAGE_MAX_CHARS),
                "alias": alias,
                "description": cut_chars(&message.words.text, OPSGENIE_TEXT_MAX_CHARS),
                "details": message.facts(),
                "entity": event.job.as_deref().unwrap_or(&event.host),
                "source": event.host,
                "priority": priority,
                "tags": ["lifeboat", event.kind],
            });
            (format!("{base}/v2/alerts"), body)
        }
    };
    let request = HttpRequest::new("POST", url).header("authorization", format!("GenieKey {}", key.expose()));
    let answer = attempt.ask(&json_body(request, &body))?;
    // There is nothing to close where somebody closed and removed it: what was wanted is so.
    if answer.status == 404 && message.action != Action::Trigger {
        return Ok(Verdict::Delivered(Some(said(&answer))));
    }
    Ok(match judge(&answer, message.now) {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["requestId"])),
        other => other,
    })
}
