//! Channels of this machine: a program, systemd's journal, and syslog.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::notify::channel::{Attempt, Message, Verdict, cut_bytes};
use crate::notify::event::Severity;
use crate::sys::command::{Cut, Input, Invocation};
use crate::sys::error::show_path;
use crate::sys::process;

/// What a datagram may hold with certainty.
const DATAGRAM_MAX_BYTES: usize = 48 << 10;
const SYSLOG_MAX_BYTES: usize = 8 << 10;
/// The status by which a program asks to be run again later, as sysexits.h has it.
const TEMPORARY: i32 = 75;

/// Runs a program with the event as JSON on its standard input. It succeeds by ending with status 0, and
/// asks for another attempt with status 75.
pub fn command(attempt: &Attempt<'_>, program: &[String], message: &Message<'_>) -> Result<Verdict, Verdict> {
    let Some((name, arguments)) = program.split_first() else {
        return Ok(Verdict::Refused("no program is named".into()));
    };
    let mut document =
        serde_json::to_vec(&message.document()).map_err(|error| Verdict::Refused(error.to_string()))?;
    document.push(b'\n');
    let contact = message.contact;
    let address = |value: Option<&String>| value.cloned().unwrap_or_default();
    let invocation = Invocation::new(name, arguments)
        .within(attempt.limit)
        .variable("LIFEBOAT_EVENT", message.event.id.as_str())
        .variable("LIFEBOAT_EMAIL", address(contact.and_then(|contact| contact.email.as_ref())))
        .variable("LIFEBOAT_PHONE", address(contact.and_then(|contact| contact.phone.as_ref())));
    let finished = match invocation.run(Input::Bytes(&document), None) {
        Ok(finished) => finished,
        Err(error) => {
            let why = error.to_string();
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            return Ok(Verdict::Later(None, format!("{why}: {source}")));
        }
    };
    let why = format!("{} {}", show_path(name.as_bytes()), finished.describe());
    Ok(match finished.cut {
        Some(Cut::TimedOut | Cut::Interrupted) => Verdict::InDoubt(why),
        None if finished.is_success() => Verdict::Delivered(None),
        None if finished.ending == crate::sys::child::Ending::Exited(TEMPORARY) => Verdict::Later(None, why),
        None => Verdict::Refused(why),
    })
}

/// Writes to systemd's journal in its native form, so that every fact is a field of its own.
pub fn journald(socket: &Path, message: &Message<'_>) -> Verdict {
    let event = message.event;
    let mut entry = Vec::new();
    let mut field = |name: &str, value: &str| {
        // The length goes in front, so that a value may have any character.
        entry.extend(name.as_bytes());
        entry.push(b'\n');
        entry.extend((value.len() as u64).to_le_bytes());
        entry.extend(value.as_bytes());
        entry.push(b'\n');
    };
    field("MESSAGE", &cut_bytes(&message.whole(), DATAGRAM_MAX_BYTES / 2));
    field("PRIORITY", &priority(message).to_string());
    field("SYSLOG_IDENTIFIER", "lifeboat");
    field("LIFEBOAT_EVENT", event.id.as_str());
    field("LIFEBOAT_KIND", &event.kind);
    field("LIFEBOAT_OUTCOME", event.outcome.as_str());
    field("LIFEBOAT_ACTION", message.action.as_str());
    field("LIFEBOAT_KEY", &cut_bytes(&event.key, 4096));
    if let Some(job) = &event.job {
        field("LIFEBOAT_JOB", job);
    }
    let facts: String = event.details.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    field("LIFEBOAT_DETAILS", &cut_bytes(&facts, DATAGRAM_MAX_BYTES / 4));
    sent(socket, &entry)
}

/// Writes one line to syslog, in the form that its local socket takes.
pub fn syslog(socket: &Path, facility: u8, message: &Message<'_>) -> Verdict {
    let priority = u32::from(facility) * 8 + u32::from(priority(message));
    let whole: Vec<&str> = message.words.text.lines().filter(|line| !line.is_empty()).collect();
    let line = format!("{}; {}", message.words.title, whole.join("; "));
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let time = chrono::Local::now().format("%b %e %H:%M:%S");
    let text =
        format!("<{priority}>{time} lifeboat[{}]: {}", process::id(), cut_bytes(&line, SYSLOG_MAX_BYTES));
    sent(socket, text.as_bytes())
}

/// syslog's number for how urgent it is.
fn priority(message: &Message<'_>) -> u8 {
    match message.event.severity {
        Severity::Critical => 2,
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Info => 6,
    }
}

fn sent(socket: &Path, datagram: &[u8]) -> Verdict {
    let send = || -> io::Result<()> {
        let from = UnixDatagram::unbound()?;
        // A journal that does not read must not hold us up.
        from.set_nonblocking(true)?;
        from.send_to(datagram, socket).map(drop)
    };
    match send() {
        Ok(()) => Verdict::Delivered(None),
        Err(error) => Verdict::Later(
            None,
            format!("cannot write to {}: {error}", show_path(socket.as_os_str().as_encoded_bytes())),
        ),
    }
}
