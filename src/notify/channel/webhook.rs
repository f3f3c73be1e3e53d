//! Any web hook, signed after the Standard Webhooks specification.
//!
//! The signature is over id, time and body: `v1,` and the base64 of their HMAC-SHA256. The id is the
//! same for every attempt, so that the other side recognises repetitions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::notify::channel::{Attempt, Message, Verdict, judge, said};
use crate::notify::model::ChannelKind;
use crate::sys::http::HttpRequest;

/// Sends the event as JSON.
pub fn send(attempt: &Attempt<'_>, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let ChannelKind::Webhook { url, key, token } = &attempt.channel.kind else {
        return Ok(Verdict::Refused("not a webhook".into()));
    };
    let url = attempt.secret(url)?;
    let body =
        serde_json::to_vec(&message.document()).map_err(|error| Verdict::Refused(error.to_string()))?;
    let time = message.now.seconds.to_string();
    let mut request = HttpRequest::new("POST", url.expose())
        .header("webhook-id", &message.key)
        .header("webhook-timestamp", &time);
    if let Some(key) = key {
        let key = attempt.secret(key)?;
        let signature = sign(key.expose(), &message.key, &time, &body).map_err(Verdict::Refused)?;
        request = request.header("webhook-signature", signature);
    }
    if let Some(token) = token {
        let token = attempt.secret(token)?;
        request = request.header("authorization", format!("Bearer {}", token.expose()));
    }
    let answer = attempt.ask(&request.body("application/json", body))?;
    Ok(match answer.status {
        410 => Verdict::Gone(format!("{}: the other side wants no more of it", said(&answer))),
        // Only a refusal of what was sent is final: other answers may be of a proxy or a deployment.
        400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 => Verdict::Refused(said(&answer)),
        200..=299 => Verdict::Delivered(None),
        _ => match judge(&answer, message.now) {
            Verdict::Refused(why) => Verdict::Later(None, why),
            other => other,
        },
    })
}

/// The value of `webhook-signature`; a key `whsec_…` is base64, any other is taken as it is.
pub fn sign(key: &str, id: &str, time: &str, body: &[u8]) -> Result<String, String> {
    let bytes = match key.strip_prefix("whsec_") {
        Some(encoded) => {
            STANDARD.decode(encoded).map_err(|_| "the signing key behind whsec_ is no base64".to_owned())?
        }
        None => key.as_bytes().to_vec(),
    };
    let mut signed = format!("{id}.{time}.").into_bytes();
    signed.extend(body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), &signed);
    Ok(format!("v1,{}", STANDARD.encode(tag.as_ref())))
}
