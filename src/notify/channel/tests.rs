//! What each channel sends, to the letter, and what it makes of each answer.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use serde_json::json;

use super::{Attempt, Message, Verdict, cut_utf16};
use crate::notify::event::{Action, Event, Link, Outcome, Severity};
use crate::notify::fixture::{Open, Stopped, channel, event, plain};
use crate::notify::model::{Channel, ChannelKind, Contact, SecretSource};
use crate::notify::template::Words;
use crate::sys::http::fixture::{Asked, Receiver, Reply};

/// A message about a failed backup.
struct Sample {
    event: Event,
    contact: Contact,
    action: Action,
    ack_url: Option<String>,
    text: String,
}

impl Sample {
    fn new() -> Self {
        let event = event(&Stopped::new(), Outcome::Failed).with_detail("read", "3 MiB");
        let contact = Contact {
            full_name: Some("Anna".into()),
            email: Some("anna@example.com".into()),
            phone: Some("+491701234567".into()),
            telegram: Some("4711".into()),
            ..Contact::default()
        };
        Self { event, contact, action: Action::Trigger, ack_url: None, text: "the disk <is> gone".into() }
    }

    fn message(&self) -> Message<'_> {
        let words = Words { title: self.event.title.clone(), text: self.text.clone() };
        Message {
            event: &self.event,
            trigger: None,
            action: self.action,
            words,
            key: format!("{}.0", self.event.id),
            answers: None,
            ack_url: self.ack_url.clone(),
            token: "token",
            contact: Some(&self.contact),
            now: self.event.time,
        }
    }

    fn send(&self, kind: ChannelKind) -> Verdict {
        send(&channel(kind), &self.message())
    }
}

fn send(channel: &Channel, message: &Message<'_>) -> Verdict {
    Attempt { channel, secrets: &Open, limit: Duration::from_secs(5) }.send(message)
}

fn secret(name: &str) -> SecretSource {
    SecretSource::Variable(name.into())
}

/// Sends the sample to a server that answers so.
fn asked(reply: Reply, sample: &Sample, kind: impl Fn(&str) -> ChannelKind) -> (Asked, Verdict) {
    let server = Receiver::start([reply]);
    let verdict = sample.send(kind(&server.url("")));
    (server.only(), verdict)
}

#[test]
fn slack_gets_text_and_blocks_that_nothing_can_escape_from() {
    let mut sample = Sample::new();
    sample.event.title = "a <!channel> & b".into();
    sample.ack_url = Some("https://ack/1".into());
    let slack = |url: &str| ChannelKind::Slack { url: plain(&format!("{url}/services/T/B/x")) };
    let (asked, verdict) = asked(Reply::body(200, "ok"), &sample, slack);
    assert_eq!((asked.path.as_str(), verdict), ("/services/T/B/x", Verdict::Delivered(None)));
    assert_eq!(asked.headers["content-type"], "application/json");
    let body = asked.json();
    assert_eq!(body["text"], "a &lt;!channel&gt; &amp; b");
    assert_eq!(body["blocks"][1]["text"]["text"], "the disk &lt;is&gt; gone");
    assert_eq!(body["blocks"][2]["text"]["text"], "<https://ack/1|Acknowledge>");
}

#[test]
fn links_by_which_a_run_is_answered_can_be_clicked_in_chats() {
    let mut sample = Sample::new();
    let link = |label: &str| Link { label: label.into(), url: format!("https://a/{label}"), opens: false };
    sample.event.links = vec![link("Approve"), link("Refuse")];
    let (slack, _) = asked(Reply::body(200, "ok"), &sample, |url| ChannelKind::Slack { url: plain(url) });
    let clicked = &slack.json()["blocks"][2]["text"];
    assert_eq!(clicked["type"], "mrkdwn");
    assert_eq!(clicked["text"], "<https://a/Approve|Approve> · <https://a/Refuse|Refuse>");
    let (teams, _) = asked(Reply::status(202), &sample, |url| ChannelKind::Teams { url: plain(url) });
    let actions = teams.json()["attachments"][0]["content"]["actions"].clone();
    assert_eq!(actions[1], json!({ "type": "Action.OpenUrl", "title": "Refuse", "url": "https://a/Refuse" }));
}

#[test]
fn slacks_final_words_are_final() {
    let slack = |url: &str| ChannelKind::Slack { url: plain(url) };
    for (status, body, is_final) in [
        (404, "no_service", true),
        (410, "channel_is_archived", true),
        (403, "action_prohibited", true),
        (400, "invalid_payload", true),
        (500, "rollup_error", false),
    ] {
        let (_, verdict) = asked(Reply::body(status, body), &Sample::new(), slack);
        assert_eq!(matches!(verdict, Verdict::Refused(_)), is_final, "{status} {verdict:?}");
    }
}

#[test]
fn teams_gets_an_adaptive_card_within_its_limit() {
    let mut sample = Sample::new();
    sample.text = "ü".repeat(40_000);
    let teams = |url: &str| ChannelKind::Teams { url: plain(url) };
    let (asked, verdict) = asked(Reply::status(202), &sample, teams);
    assert_eq!(verdict, Verdict::Delivered(None));
    let body = asked.json();
    assert_eq!(body["type"], "message");
    let attachment = &body["attachments"][0];
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(attachment["content"]["type"], "AdaptiveCard");
    assert_eq!(attachment["content"]["body"][0]["text"], sample.event.title);
    assert!(asked.body.len() < 28_000, "{}", asked.body.len());
}

#[test]
fn discord_gets_two_thousand_characters_and_mentions_nobody() {
    let mut sample = Sample::new();
    sample.text = "@everyone ü".repeat(500);
    let discord = |url: &str| ChannelKind::Discord { url: plain(&format!("{url}/api/webhooks/1/x")) };
    let (asked, verdict) = asked(Reply::body(200, r#"{"id":"99"}"#), &sample, discord);
    assert_eq!(verdict, Verdict::Delivered(Some("99".into())));
    assert_eq!(asked.path, "/api/webhooks/1/x?wait=true");
    let body = asked.json();
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    assert_eq!(body["content"].as_str().unwrap().chars().count(), 2000);
    let limited = Reply::body(429, r#"{"retry_after": 1.5, "global": false}"#);
    let server = Receiver::start([limited]);
    let verdict = sample.send(discord(&server.url("")));
    assert!(
        matches!(verdict, Verdict::Later(Some(wait), _) if wait == Duration::from_millis(1500)),
        "{verdict:?}"
    );
}

#[test]
fn telegram_counts_in_utf16_and_marks_by_entities() {
    let mut sample = Sample::new();
    sample.event.title = "😀 title".into();
    sample.text = "😀".repeat(4000);
    let telegram =
        |url: &str| ChannelKind::Telegram { url: plain(url), token: secret("BOT"), chat: Some("1".into()) };
    let answer = Reply::body(200, r#"{"ok":true,"result":{"message_id":7}}"#);
    let (asked, verdict) = asked(answer, &sample, telegram);
    assert_eq!(verdict, Verdict::Delivered(Some("7".into())));
    assert_eq!(asked.path, "/botsecret-BOT/sendMessage");
    let body = asked.json();
    assert_eq!(body["chat_id"], "4711");
    assert!(body["text"].as_str().unwrap().encode_utf16().count() <= 4096);
    assert_eq!(body["entities"], json!([{ "type": "bold", "offset": 0, "length": 8 }]));
    assert!(body.get("parse_mode").is_none());
    let server = Receiver::start([Reply::body(429, r#"{"ok":false,"parameters":{"retry_after":9}}"#)]);
    let verdict = sample.send(telegram(&server.url("")));
    assert!(matches!(verdict, Verdict::Later(Some(wait), _) if wait.as_secs() == 9), "{verdict:?}");
    assert_eq!(cut_utf16("😀😀", 3), "😀…");
}

#[test]
fn pagerduty_gets_trigger_acknowledge_and_resolve_of_one_key() {
    let pagerduty = |url: &str| ChannelKind::PagerDuty { url: plain(url), key: secret("KEY") };
    let mut sample = Sample::new();
    sample.event.title = "x".repeat(2000);
    let answer = || Reply::body(202, r#"{"status":"success","dedup_key":"k"}"#);
    let (first, verdict) = asked(answer(), &sample, pagerduty);
    assert_eq!(verdict, Verdict::Delivered(Some("k".into())));
    assert_eq!((first.method.as_str(), first.path.as_str()), ("POST", "/v2/enqueue"));
    let body = first.json();
    assert_eq!((&body["routing_key"], &body["event_action"]), (&json!("secret-KEY"), &json!("trigger")));
    assert_eq!(body["dedup_key"], "backup/web1/home");
    let payload = &body["payload"];
    assert_eq!(payload["summary"].as_str().unwrap().chars().count(), 1024);
    assert_eq!((&payload["severity"], &payload["source"]), (&json!("error"), &json!("web1")));
    assert_eq!(payload["timestamp"], "2026-01-02T00:00:00+00:00");
    assert_eq!(payload["custom_details"]["facts"]["read"], "3 MiB");
    for (action, word) in [(Action::Acknowledge, "acknowledge"), (Action::Resolve, "resolve")] {
        sample.action = action;
        let (later, _) = asked(answer(), &sample, pagerduty);
        let later = later.json();
        assert_eq!(later["event_action"], word);
        assert_eq!((&later["dedup_key"], &later["routing_key"]), (&body["dedup_key"], &body["routing_key"]));
        assert!(later.get("payload").is_none());
    }
    sample.event.key = "ü".repeat(300);
    let (long, _) = asked(answer(), &sample, pagerduty);
    assert!(long.json()["dedup_key"].as_str().unwrap().len() <= 255);
}

#[test]
fn opsgenie_deduplicates_by_alias_and_closes_by_it() {
    let opsgenie = |url: &str| ChannelKind::Opsgenie { url: plain(url), key: secret("KEY") };
    let mut sample = Sample::new();
    let answer = || Reply::body(202, r#"{"result":"Request will be processed","requestId":"r-1"}"#);
    let (first, verdict) = asked(answer(), &sample, opsgenie);
    assert_eq!(verdict, Verdict::Delivered(Some("r-1".into())));
    assert_eq!(
        (first.path.as_str(), first.headers["authorization"].as_str()),
        ("/v2/alerts", "GenieKey secret-KEY")
    );
    let body = first.json();
    assert_eq!((&body["alias"], &body["priority"]), (&json!("backup/web1/home"), &json!("P2")));
    assert!(body["message"].as_str().unwrap().chars().count() <= 130);
    sample.action = Action::Resolve;
    let (last, _) = asked(answer(), &sample, opsgenie);
    assert_eq!(last.path, "/v2/alerts/backup%2Fweb1%2Fhome/close?identifierType=alias");
    let (_, gone) = asked(Reply::status(404), &sample, opsgenie);
    assert!(matches!(gone, Verdict::Delivered(_)));
}

#[test]
fn twilio_gets_a_form_and_what_may_have_been_sent_is_in_doubt() {
    let twilio = |url: &str| ChannelKind::Twilio {
        url: plain(url),
        account: "AC1".into(),
        token: secret("TOKEN"),
        from: "+15005550006".into(),
        to: Vec::new(),
    };
    let mut sample = Sample::new();
    let (first, verdict) = asked(Reply::body(201, r#"{"sid":"SM1"}"#), &sample, twilio);
    assert_eq!(verdict, Verdict::Delivered(Some("SM1".into())));
    assert_eq!(first.path, "/2010-04-01/Accounts/AC1/Messages.json");
    let login = base64::engine::general_purpose::STANDARD.encode("AC1:secret-TOKEN");
    assert_eq!(first.headers["authorization"], format!("Basic {login}"));
    assert_eq!(first.headers["content-type"], "application/x-www-form-urlencoded");
    let form = first.text();
    assert!(form.starts_with("To=%2B491701234567&From=%2B15005550006&Body=backup%20home"), "{form}");
    for (reply, doubt) in [
        (Reply::Drop, true),
        (Reply::status(500), true),
        (Reply::status(504), true),
        (Reply::status(429), false),
        (Reply::status(503), false),
        (Reply::status(400), false),
    ] {
        let (_, verdict) = asked(reply.clone(), &sample, twilio);
        assert_eq!(matches!(verdict, Verdict::InDoubt(_)), doubt, "{reply:?} {verdict:?}");
    }
    sample.text = "x".repeat(5000);
    let (long, _) = asked(Reply::status(201), &sample, twilio);
    assert!(long.body.len() < 1700);
    sample.contact.phone = None;
    assert!(matches!(sample.send(twilio("http://127.0.0.1:1")), Verdict::Refused(_)));
}

#[test]
fn webhooks_are_signed_as_the_specification_says() {
    let webhook = |url: &str| ChannelKind::Webhook {
        url: plain(&format!("{url}/in")),
        key: Some(plain("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        token: Some(secret("BEARER")),
    };
    let sample = Sample::new();
    let (first, verdict) = asked(Reply::status(204), &sample, webhook);
    assert_eq!(verdict, Verdict::Delivered(None));
    assert_eq!(first.headers["webhook-id"], format!("{}.0", sample.event.id));
    assert_eq!(first.headers["webhook-timestamp"], "1767312000");
    assert_eq!(first.headers["authorization"], "Bearer secret-BEARER");
    let signed = super::webhook::sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        &first.headers["webhook-id"],
        "1767312000",
        &first.body,
    );
    assert_eq!(first.headers["webhook-signature"], signed.unwrap());
    let body = first.json();
    assert_eq!((&body["schema"], &body["outcome"]), (&json!("lifeboat.event/1"), &json!("failed")));
    // The specification's own example.
    let example = super::webhook::sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(example.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let (_, gone) = asked(Reply::status(410), &sample, webhook);
    assert!(matches!(gone, Verdict::Gone(_)), "{gone:?}");
    for (status, is_final) in [(400, true), (301, false), (429, false), (502, false)] {
        let (_, verdict) = asked(Reply::status(status), &sample, webhook);
        assert_eq!(matches!(verdict, Verdict::Refused(_)), is_final, "{status}");
    }
}

#[test]
fn healthchecks_is_pinged_at_the_start_and_by_outcome() {
    let ping = |url: &str| ChannelKind::Healthchecks { url: plain(&format!("{url}/key/home")) };
    let run = super::ping::run_id();
    for (outcome, path) in [
        (Outcome::Started, "/key/home/start"),
        (Outcome::Ok, "/key/home"),
        (Outcome::Degraded, "/key/home"),
        (Outcome::Notice, "/key/home/log"),
        (Outcome::Partial, "/key/home/fail"),
        (Outcome::Failed, "/key/home/fail"),
    ] {
        let mut sample = Sample::new();
        sample.event = event(&Stopped::new(), outcome).with_detail("run", &run);
        let (first, verdict) = asked(Reply::body(200, "OK"), &sample, ping);
        assert_eq!(first.path, format!("{path}?rid={run}"));
        assert_eq!(verdict, Verdict::Delivered(None));
        assert!(first.text().contains("the disk <is> gone"));
    }
    let sample = Sample::new();
    for (reply, is_final) in [
        (Reply::status(409), true),
        (Reply::status(404), true),
        (Reply::body(200, "OK (not found)"), true),
        (Reply::body(200, "OK (rate limited)"), false),
    ] {
        let (_, verdict) = asked(reply.clone(), &sample, ping);
        assert_eq!(matches!(verdict, Verdict::Refused(_)), is_final, "{reply:?} {verdict:?}");
    }
}

#[test]
fn ntfy_gets_json_with_a_button_that_acknowledges_and_the_button_is_understood() {
    let ntfy = |url: &str| ChannelKind::Ntfy {
        url: plain(url),
        topic: secret("TOPIC"),
        token: Some(secret("TK")),
        login: None,
        ack_topic: Some(plain("acks")),
        ack_token: None,
    };
    let mut sample = Sample::new();
    sample.event.severity = Severity::Critical;
    let server = Receiver::start([Reply::body(200, r#"{"id":"n1"}"#)]);
    let verdict = sample.send(ntfy(&server.url("")));
    assert_eq!(verdict, Verdict::Delivered(Some("n1".into())));
    let first = server.only();
    assert_eq!(first.headers["authorization"], "Bearer secret-TK");
    let body = first.json();
    assert_eq!((&body["topic"], &body["priority"]), (&json!("secret-TOPIC"), &json!(5)));
    let action = &body["actions"][0];
    assert_eq!((&action["action"], &action["method"]), (&json!("http"), &json!("POST")));
    assert_eq!(action["url"], server.url("/acks"));
    let said = format!("lifeboat-ack {} token Anna", sample.event.id);
    assert_eq!(action["body"], said.as_str());
    let lines =
        [json!({"event": "open"}), json!({"event": "message", "message": said}), json!({"message": "hello"})];
    let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
    server.reply([Reply::body(200, &stream)]);
    let channel = channel(ntfy(&server.url("")));
    let attempt = Attempt { channel: &channel, secrets: &Open, limit: Duration::from_secs(5) };
    let acks = super::ntfy::acks(&attempt, 5).unwrap();
    let id = sample.event.id.to_string();
    assert_eq!(acks, [super::ntfy::Ack { id, token: "token".into(), by: Some("Anna".into()) }]);
    assert_eq!(server.asked()[1].path, "/acks/json?poll=1&since=5");
}

#[test]
fn a_program_gets_the_event_and_says_by_its_status_what_to_do() {
    let program =
        |script: &str| ChannelKind::Command { program: ["sh", "-c", script].map(str::to_owned).to_vec() };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("out");
    let sample = Sample::new();
    let verdict = sample.send(program(&format!(
        "cat > {}; echo $LIFEBOAT_PHONE >> {}",
        file.display(),
        file.display()
    )));
    assert_eq!(verdict, Verdict::Delivered(None));
    let said = std::fs::read_to_string(&file).unwrap();
    let (document, phone) = said.trim_end().split_once('\n').unwrap();
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    assert_eq!((&document["schema"], phone), (&json!("lifeboat.event/1"), "+491701234567"));
    assert!(
        matches!(sample.send(program("echo no >&2; exit 3")), Verdict::Refused(why) if why.contains("no"))
    );
    assert!(matches!(sample.send(program("exit 75")), Verdict::Later(None, _)));
    let none = ChannelKind::Command { program: vec!["/no/such/program".into()] };
    assert!(matches!(sample.send(none), Verdict::Later(None, _)));
    let slow = channel(program("sleep 100"));
    let attempt = Attempt { channel: &slow, secrets: &Open, limit: Duration::from_millis(100) };
    assert!(matches!(attempt.send(&sample.message()), Verdict::InDoubt(_)));
}

#[test]
fn the_journal_gets_fields_and_syslog_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { directory.path().join(name) };
    let mut sample = Sample::new();
    sample.text = "two\nlines".into();
    let (journal, syslog) =
        (UnixDatagram::bind(path("journal")).unwrap(), UnixDatagram::bind(path("syslog")).unwrap());
    let mut buffer = vec![0; 64 << 10];
    assert_eq!(sample.send(ChannelKind::Journald { socket: path("journal") }), Verdict::Delivered(None));
    let length = journal.recv(&mut buffer).unwrap();
    let mut fields = std::collections::BTreeMap::new();
    let mut rest = &buffer[..length];
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let name = String::from_utf8(rest[..end].to_vec()).unwrap();
        let size = u64::from_le_bytes(rest[end + 1..end + 9].try_into().unwrap()) as usize;
        fields.insert(name, String::from_utf8(rest[end + 9..end + 9 + size].to_vec()).unwrap());
        rest = &rest[end + 10 + size..];
    }
    assert_eq!((fields["PRIORITY"].as_str(), fields["LIFEBOAT_OUTCOME"].as_str()), ("3", "failed"));
    assert!(fields["MESSAGE"].ends_with("two\nlines"));
    let kind = ChannelKind::Syslog { socket: path("syslog"), facility: 16 };
    assert_eq!(sample.send(kind), Verdict::Delivered(None));
    let length = syslog.recv(&mut buffer).unwrap();
    let line = String::from_utf8(buffer[..length].to_vec()).unwrap();
    assert!(line.starts_with("<131>") && line.ends_with("failed; two; lines"), "{line}");
    let gone = sample.send(ChannelKind::Journald { socket: path("none") });
    assert!(matches!(gone, Verdict::Later(None, _)));
}

/// Every channel over HTTP, by the URL of a server.
fn all(url: &str) -> Vec<ChannelKind> {
    vec![
        ChannelKind::Slack { url: plain(url) },
        ChannelKind::Teams { url: plain(url) },
        ChannelKind::Discord { url: plain(url) },
        ChannelKind::Telegram { url: plain(url), token: secret("HUSH"), chat: None },
        ChannelKind::PagerDuty { url: plain(url), key: secret("HUSH") },
        ChannelKind::Opsgenie { url: plain(url), key: secret("HUSH") },
        ChannelKind::Webhook { url: plain(url), key: Some(secret("HUSH")), token: None },
        ChannelKind::Healthchecks { url: plain(url) },
        ChannelKind::Ntfy {
            url: plain(url),
            topic: secret("HUSH"),
            token: Some(secret("HUSH")),
            login: None,
            ack_topic: None,
            ack_token: None,
        },
        ChannelKind::Twilio {
            url: plain(url),
            account: "AC".into(),
            token: secret("HUSH"),
            from: "+1500".into(),
            to: Vec::new(),
        },
    ]
}

#[test]
fn every_channel_tells_refusal_limits_outages_lost_answers_and_silence_apart_and_no_secret() {
    let sample = Sample::new();
    let wait = || Reply::Answer(429, vec![("retry-after", "17".into())], "slow down".into());
    let cases: [(Reply, &str); 5] = [
        (Reply::status(400), "refused"),
        (wait(), "later"),
        (Reply::status(503), "later"),
        (Reply::Drop, "doubt"),
        (Reply::Hang, "doubt"),
    ];
    for (reply, expected) in cases {
        let server = Receiver::start([reply.clone()]);
        for kind in all(&server.url("/hush")) {
            let word = kind.as_str();
            let channel = channel(kind);
            let attempt = Attempt { channel: &channel, secrets: &Open, limit: Duration::from_millis(400) };
            let verdict = attempt.send(&sample.message());
            let found = match &verdict {
                Verdict::Refused(_) => "refused",
                Verdict::Gone(_) => "gone",
                Verdict::Later(..) => "later",
                Verdict::InDoubt(_) => "doubt",
                Verdict::Delivered(_) => "delivered",
            };
            assert_eq!(found, expected, "{word} {reply:?} {verdict:?}");
            if matches!(reply, Reply::Answer(429, ..)) && word != "discord" && word != "telegram" {
                assert!(matches!(verdict, Verdict::Later(Some(wait), _) if wait.as_secs() == 17), "{word}");
            }
            let shown = format!("{verdict:?}");
            assert!(!shown.contains("HUSH") && !shown.contains("hush"), "{word}: {shown}");
        }
    }
    for kind in all("http://127.0.0.1:1/hush") {
        let word = kind.as_str();
        let verdict = sample.send(kind);
        assert!(matches!(verdict, Verdict::Later(None, _)), "{word}: {verdict:?}");
    }
    let missing = ChannelKind::Slack { url: secret("MISSING") };
    assert_eq!(sample.send(missing), Verdict::Later(None, "$MISSING is not set".into()));
}
