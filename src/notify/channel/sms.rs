//! Text messages by Twilio. Any other gateway is reached by a web hook or a command.
//!
//! Twilio recognises no repetition: what may have been sent is never sent again by itself.

use crate::notify::channel::chat::text_at;
use crate::notify::channel::{Attempt, Message, Verdict, basic, cut_chars, judge, percent};
use crate::notify::model::ChannelKind;
use crate::sys::http::HttpRequest;

/// <https://www.twilio.com/docs/messaging/api/message-resource>.
const BODY_MAX_CHARS: usize = 1600;
/// Of a text message people read the beginning: about three of 153 characters.
const BODY_USUAL_CHARS: usize = 450;

/// Sends one message; a channel that is named itself must have one number.
pub fn send(attempt: &Attempt<'_>, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let ChannelKind::Twilio { url, account, token, from, to } = &attempt.channel.kind else {
        return Ok(Verdict::Refused("not a twilio channel".into()));
    };
    let own = message.contact.and_then(|contact| contact.phone.as_ref());
    let Some(to) = own.or(to.first()) else {
        return Ok(Verdict::Refused("there is no phone number for this recipient".into()));
    };
    let (base, token) = (attempt.base(url)?, attempt.secret(token)?);
    let link = message.ack_url.as_ref().map(|link| format!("\n{link}")).unwrap_or_default();
    let room = BODY_USUAL_CHARS.max(message.words.title.chars().count()).min(BODY_MAX_CHARS - 200);
    let text = format!("{}{link}", cut_chars(&message.whole(), room));
    let sender = if from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
    let fields = [("To", to.as_str()), (sender, from), ("Body", &cut_chars(&text, BODY_MAX_CHARS))];
    let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    let account_path = percent(account);
    let request =
        HttpRequest::new("POST", format!("{base}/2010-04-01/Accounts/{account_path}/Messages.json"))
            .header("authorization", basic(account, token.expose()))
            .body("application/x-www-form-urlencoded", form.join("&"));
    let answer = attempt.ask(&request)?;
    Ok(match judge(&answer, message.now) {
        Verdict::Delivered(_) => Verdict::Delivered(text_at(&answer, &["sid"])),
        // It may have been queued before the answer failed. 429 and 503 say that it was not.
        Verdict::Later(_, why) if matches!(answer.status, 408 | 500 | 502 | 504) => Verdict::InDoubt(why),
        other => other,
    })
}
