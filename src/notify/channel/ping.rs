//! Pings for healthchecks: when a job begins, how it ends, and whatever else it has to say.

use crate::notify::channel::{Attempt, Message, Verdict, cut_bytes, judge, said};
use crate::notify::event::Outcome;
use crate::notify::model::SecretSource;
use crate::sys::http::HttpRequest;

/// What servers keep of a body at the most, unless they say otherwise in `ping-body-limit`.
const BODY_MAX_BYTES: usize = 100_000;

/// Sends one ping. `rid` ties the start of a run to its end: both carry the run's id in `details.run`.
pub fn send(attempt: &Attempt<'_>, url: &SecretSource, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let base = attempt.base(url)?;
    let event = message.event;
    let what = match event.outcome {
        Outcome::Started => "/start",
        Outcome::Ok => "",
        // Safe, or a remark: neither a success that it waits for nor a failure.
        Outcome::Notice => "/log",
        Outcome::Degraded => "",
        Outcome::Partial | Outcome::Failed | Outcome::Missed | Outcome::Damage => "/fail",
    };
    let rid = event.details.get("run").filter(|run| is_uuid(run));
    let query = rid.map(|rid| format!("?rid={rid}")).unwrap_or_default();
    let request = HttpRequest::new("POST", format!("{base}{what}{query}"))
        .body("text/plain; charset=utf-8", cut_bytes(&message.whole(), BODY_MAX_BYTES));
    let answer = attempt.ask(&request)?;
    Ok(match answer.status {
        409 => Verdict::Refused(format!("{}: several checks have this slug", said(&answer))),
        // Servers answer 200 with these words where they know no such check.
        200 if answer.text().contains("(not found)") => Verdict::Refused("there is no such check".into()),
        200 if answer.text().contains("(rate limited)") => Verdict::Later(None, "rate limited".into()),
        _ => judge(&answer, message.now),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A new id of a run, as a random UUID (RFC 9562, version 4).
pub fn run_id() -> String {
    let mut bytes: [u8; 16] = crate::crypto::derive::random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    #[test]
    fn run_ids_are_uuids() {
        let id = super::run_id();
        assert!(super::is_uuid(&id) && id.as_bytes()[14] == b'4', "{id}");
    }
}
