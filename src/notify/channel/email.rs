//! Mail by SMTP.
//!
//! The message's id is the same for every attempt, so that a mail that was sent twice is shown once by
//! whatever looks at ids, and the mail that ends a matter answers the one that opened it.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{SmtpTransport, Transport as _};

use crate::notify::channel::{Attempt, Message, Verdict, cut_chars};
use crate::notify::event::{Action, Severity};
use crate::notify::model::{ChannelKind, SmtpTls};
use crate::sys::file::read_bounded;

/// How long each step of the exchange may take.
const STEP_LIMIT: Duration = Duration::from_secs(20);
/// RFC 5322 wants lines below 998; this is what people read.
const SUBJECT_MAX_CHARS: usize = 200;

/// Sends one mail: to the contact, or to everybody the channel itself names.
pub fn send(attempt: &Attempt<'_>, message: &Message<'_>) -> Result<Verdict, Verdict> {
    let ChannelKind::Email { server, tls, login, from, to } = &attempt.channel.kind else {
        return Ok(Verdict::Refused("not a mail channel".into()));
    };
    let own = message.contact.and_then(|contact| contact.email.clone());
    let to = own.map_or_else(|| to.clone(), |address| vec![address]);
    let mail = compose(from, &to, message).map_err(Verdict::Refused)?;
    let (host, port) = host_and_port(server, *tls);
    let limit = attempt.limit.min(STEP_LIMIT);
    let address =
        address_of(host, port, limit).map_err(|why| Verdict::Later(None, format!("{server}: {why}")))?;
    let mut builder = SmtpTransport::builder_dangerous(address.to_string())
        .port(port)
        .timeout(Some(limit))
        .hello_name(ClientId::Domain(hello(&message.event.host)));
    if *tls != SmtpTls::None {
        let parameters = parameters(attempt, host)?;
        builder = builder.tls(match tls {
            SmtpTls::Tls => Tls::Wrapper(parameters),
            _ => Tls::Required(parameters),
        });
    }
    if let Some((user, password)) = login {
        let password = attempt.secret(password)?;
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(match builder.build().send(&mail) {
        Ok(response) => Verdict::Delivered(response.first_line().map(|line| cut_chars(line, 200))),
        Err(error) => {
            let why = match is_late(&error) {
                true => format!("{server} has not answered within {} s", limit.as_secs_f64()),
                false => format!("{server}: {}", chain(&error)),
            };
            match error.is_permanent() {
                true => Verdict::Refused(why),
                false => Verdict::Later(None, why),
            }
        }
    })
}

/// The address of the server, within `limit`: the system's resolver takes as long as it likes, so it is asked
/// on a thread that nobody waits for any longer. Of several, the first that takes a connection.
fn address_of(host: &str, port: u16, limit: Duration) -> Result<IpAddr, String> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
        // Nobody listens any more where it took too long.
        let _ = sender.send(found);
    });
    let seconds = limit.as_secs_f64();
    let addresses = receiver
        .recv_timeout(limit)
        .map_err(|_| format!("its name is not resolved within {seconds} s"))?
        .map_err(|error| format!("its name cannot be resolved: {error}"))?;
    match addresses.as_slice() {
        [] => Err("its name has no address".into()),
        [one] => Ok(one.ip()),
        several => {
            let each = limit / u32::try_from(several.len()).unwrap_or(u32::MAX);
            let answers = |address: &&SocketAddr| TcpStream::connect_timeout(address, each).is_ok();
            // Where none answers, the first is tried in earnest, for its error.
            Ok(several.iter().find(answers).unwrap_or(&several[0]).ip())
        }
    }
}

/// A socket whose time is up says that it would have to wait.
fn is_late(error: &lettre::transport::smtp::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    let would_wait = source.is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    error.is_timeout() || would_wait
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

/// `HOST:PORT`, `[ADDRESS]:PORT` or a host alone.
pub fn host_and_port(server: &str, tls: SmtpTls) -> (&str, u16) {
    let usual = match tls {
        SmtpTls::StartTls => 587,
        SmtpTls::Tls => 465,
        SmtpTls::None => 25,
    };
    match server.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
        Some((host, port)) => (host.trim_start_matches('[').trim_end_matches(']'), port),
        None => (server, usual),
    }
}

fn parameters(attempt: &Attempt<'_>, host: &str) -> Result<TlsParameters, Verdict> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &attempt.channel.ca_file {
        let failed = |why: String| {
            Verdict::Later(None, format!("no certificates can be taken from {}: {why}", path.display()))
        };
        let bytes = read_bounded(path, 8 << 20).map_err(|error| failed(error.source.to_string()))?;
        let certificate = Certificate::from_pem(&bytes).map_err(|error| failed(error.to_string()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| Verdict::Later(None, format!("no TLS: {error}")))
}

/// A name that EHLO may say.
fn hello(host: &str) -> String {
    let fits =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if fits { host.to_owned() } else { "lifeboat.invalid".into() }
}

fn compose(from: &str, to: &[String], message: &Message<'_>) -> Result<lettre::Message, String> {
    let mailbox = |text: &str| -> Result<Mailbox, String> {
        text.parse().map_err(|_| format!("`{text}` is no mail address"))
    };
    if to.is_empty() {
        return Err("there is no mail address for this recipient".into());
    }
    let event = message.event;
    let domain = hello(&event.host);
    let id = |key: &str| format!("<{key}@{domain}>");
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(event.time.seconds).unwrap_or(0));
    let mut builder = lettre::Message::builder()
        .from(mailbox(from)?)
        .date(time)
        .message_id(Some(id(&message.key)))
        .subject(cut_chars(&message.words.title, SUBJECT_MAX_CHARS));
    for one in to {
        builder = builder.to(mailbox(one)?);
    }
    if let Some(first) = message.answers.map(id) {
        builder = builder.in_reply_to(first.clone()).references(first);
    }
    builder = raw(builder, "Auto-Submitted", "auto-generated");
    builder = raw(builder, "X-Lifeboat-Event", event.id.as_str());
    if event.severity >= Severity::Error && message.action == Action::Trigger {
        builder = raw(builder, "Importance", "high");
    }
    let mut body = message.words.text.clone();
    if let Some(link) = &message.ack_url {
        body.push_str(&format!("\n\nAcknowledge: {link}"));
    } else if message.action == Action::Trigger {
        body.push_str(&format!("\n\nAcknowledge: lifeboat notify ack {}", event.id));
    }
    body.push('\n');
    builder.header(ContentType::TEXT_PLAIN).body(body).map_err(|error| error.to_string())
}

fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::address_of;

    #[test]
    fn a_name_is_resolved_in_time_or_not_at_all() {
        let second = Duration::from_secs(1);
        assert_eq!(address_of("127.0.0.1", 25, second), Ok("127.0.0.1".parse().unwrap()));
        assert_eq!(address_of("::1", 25, second), Ok("::1".parse().unwrap()));
        let begun = Instant::now();
        let error = address_of("mail.invalid", 25, Duration::from_millis(200)).unwrap_err();
        assert!(error.contains("resolved"), "{error}");
        assert!(begun.elapsed() < 5 * second, "{:?}", begun.elapsed());
    }
}
