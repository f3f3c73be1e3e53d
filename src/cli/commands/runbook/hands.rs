//! The hands of a run: messages by the outbox, secrets, and lifeboat's own commands as children.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::secret::SecretText;
use crate::base::time::Clock as _;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::notifying::{CliSecrets, Office, host};
use crate::notify::channel::Secrets as _;
use crate::notify::entry::{Acknowledgement, Entry};
use crate::notify::event::{Action, Event, EventId, Link, Outcome, Severity as Urgency};
use crate::notify::model::{Named, SecretSource as Source};
use crate::notify::route::call_order;
use crate::runbook::answer::leave;
use crate::runbook::hands::{Asks, Handed, Hands, Message};
use crate::runbook::link::{Grant, Links};
use crate::runbook::model::{SecretSource, Severity};
use crate::runbook::record::{Answer, AskKind, Deed};
use crate::runbook::runs::Runs;
use crate::runbook::show::Person;
use crate::runbook::state::RunState;
use crate::sys::clock::SystemClock;
use crate::sys::command::{Input, Invocation};
use crate::sys::file::read_bounded;

/// How long a message may take on its way before others go on with it.
const DELIVERY_LIMIT: Duration = Duration::from_secs(10);
/// How long links are good for where a question has no time limit.
const LINK_SECONDS: i64 = 7 * 86_400;
/// How much of a question a message holds beside links, each of which takes about 350.
const QUESTION_MAX_CHARS: usize = 700;
/// How long a program that prints a secret may take.
const SECRET_LIMIT: Duration = Duration::from_secs(30);

/// Names of everybody who can be told something, where a configuration names any.
pub fn recipients(context: &Context) -> Option<BTreeSet<String>> {
    let office = Office::open(context).ok()?;
    let names: BTreeSet<String> = office.directory.names().into_iter().map(str::to_owned).collect();
    (!names.is_empty()).then_some(names)
}

/// Everybody whom a runbook can name, and how to reach them by other means than ours: groups first.
pub fn people(context: &Context) -> Vec<Person> {
    let Ok(office) = Office::open(context) else { return Vec::new() };
    let groups = office.directory.groups.iter().map(|(name, group)| {
        let how = if group.on_call { ", one after the other" } else { "" };
        Person { name: name.clone(), how: format!("{}{how}", group.members.join(", ")) }
    });
    let contacts = office.directory.contacts.iter().map(|(name, contact)| {
        let phone = contact.phone.as_ref().map(|phone| format!("telephone {phone}"));
        let parts = [contact.full_name.clone(), phone, contact.email.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        Person { name: name.clone(), how: parts.join(", ") }
    });
    groups.chain(contacts).collect()
}

/// A message whose acknowledgement by the outbox's own ways counts as well.
struct Awaited {
    event: EventId,
    step: String,
    who: String,
}

/// The hands.
pub struct CliHands {
    office: Option<Office>,
    secrets: CliSecrets,
    program: PathBuf,
    global: Vec<OsString>,
    links: Option<(Links, String)>,
    host: String,
    awaited: Mutex<Vec<Awaited>>,
}

impl CliHands {
    /// As the command line and the configuration say.
    pub fn open(context: &Context, runs: &Runs) -> Result<Self, Failure> {
        let office = Office::open(context)?;
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(
                crate::base::error_kind::ErrorKind::Failed,
                format!("lifeboat cannot find itself: {error}"),
            )
        })?;
        let state = context.state_dir()?;
        let url = read_bounded(&runs.serve_file(), 4096).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let links = match url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()) {
            Some(url) => Some((Links::open(&state).map_err(|error| Failure::of(error.kind(), &error))?, url)),
            None => None,
        };
        Ok(Self {
            office: (!office.directory.channels.is_empty()).then_some(office),
            secrets: CliSecrets::of(context),
            program,
            global: global_words(context),
            links,
            host: host(context),
            awaited: Mutex::default(),
        })
    }

    /// Whom a name stands for: each member of a group gets a message, and links, of their own.
    fn everybody(&self, office: &Office, names: &[String]) -> Vec<String> {
        let mut everybody = Vec::new();
        for name in names {
            match office.directory.find(name) {
                Some(Named::Group(group)) => everybody.extend(call_order(group, SystemClock.now().seconds)),
                _ => everybody.push(name.clone()),
            }
        }
        let mut seen = BTreeSet::new();
        everybody.retain(|name| seen.insert(name.clone()));
        everybody
    }

    /// Links by which somebody can answer.
    fn invitations(&self, asks: &Asks, who: &str) -> Vec<Link> {
        let Some((links, base)) = &self.links else { return Vec::new() };
        let now = SystemClock.now().seconds;
        let seconds =
            asks.within_seconds.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(LINK_SECONDS);
        // After an escalation the same time is waited once more, and the answer still counts then.
        let expires = now.saturating_add(seconds.saturating_mul(2)).saturating_add(60);
        grants(&asks.run, &asks.step, asks.kind, &asks.options, who, expires)
            .into_iter()
            .map(|(label, grant)| Link {
                label,
                url: format!("{base}/a/{}", links.token(&grant)),
                opens: asks.has_evidence && grant.deed == Deed::Ack,
            })
            .collect()
    }

    fn send(&self, office: &Office, message: &Message, who: &str) -> Result<(), String> {
        let digest = blake3::hash(format!("{}\0{who}", message.id).as_bytes()).to_hex();
        let event_id = EventId::parse(&digest[..12]).ok_or("an event cannot be named")?;
        let run = message.id.split('/').next().unwrap_or_default();
        let outcome = match message.severity {
            Severity::Info => Outcome::Notice,
            _ => Outcome::Failed,
        };
        let mut event =
            Event::new(SystemClock.now(), &self.host, "runbook", outcome, &message.id, message.title.clone());
        event.id = event_id.clone();
        event.severity = match message.severity {
            Severity::Info => Urgency::Info,
            Severity::Warning => Urgency::Warning,
            Severity::Error => Urgency::Error,
            Severity::Critical => Urgency::Critical,
        };
        event.text = message.text.clone();
        event.is_drill = message.is_drill;
        event.details.insert("run".into(), run.to_owned());
        if let Some(asks) = &message.asks {
            event.links = self.invitations(asks, who);
            if !event.links.is_empty() {
                event.text = shortened(&event.text, &asks.run);
            }
            let lines = event.links.iter().map(|link| format!("\n{}: {}", link.label, link.url));
            let lines: String = lines.collect();
            event.text.push_str(&format!("\n{lines}\n\nlifeboat runbook {}", command_for(asks)));
            event.details.insert("step".into(), asks.step.clone());
        }
        let is_acknowledged = message.asks.as_ref().is_some_and(|asks| asks.kind == AskKind::Acknowledgement);
        let action = if is_acknowledged { Action::Trigger } else { Action::Notice };
        let chain = |error: &dyn std::error::Error| {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            format!("{error}{source}")
        };
        let notifier = office.notifier().map_err(|failure| failure.message().to_owned())?;
        notifier.send(event, action, &[who.to_owned()], None).map_err(|error| chain(&error))?;
        if let Some(asks) = message.asks.as_ref().filter(|_| is_acknowledged) {
            let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
            if !awaited.iter().any(|one| one.event == event_id) {
                awaited.push(Awaited { event: event_id, step: asks.step.clone(), who: who.to_owned() });
            }
        }
        Ok(())
    }

    /// Sends what is due, and brings acknowledgements that came by the channels' own ways to the run, and
    /// those that came to the run to the channels.
    pub fn attend(&self, inbox: &std::path::Path, state: &RunState) -> Vec<String> {
        let Some(office) = &self.office else { return Vec::new() };
        let Ok(notifier) = office.notifier() else { return Vec::new() };
        let troubles = match notifier.run(DELIVERY_LIMIT) {
            Ok(delivered) => delivered.troubles,
            Err(error) => vec![error.to_string()],
        };
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.retain(|one| {
            let Ok(entry) = notifier.status(one.event.as_str()) else { return true };
            if let Some(by) = answered_by(state, &one.step) {
                let (time, via) = (SystemClock.now(), "runbook".to_owned());
                let ack = Acknowledgement { by, time, via, note: None };
                return notifier.acknowledge(&one.event, ack).is_err();
            }
            let Some(told) = entry.acknowledged.first() else { return true };
            let by = if told.by.is_empty() { one.who.clone() } else { told.by.clone() };
            let mut answer = Answer::new(&one.step, Deed::Ack, &by, &told.via, told.time);
            // The same for the same acknowledgement: it is taken once.
            answer.id = format!("n{}", one.event);
            answer.note = told.note.clone();
            leave(inbox, &answer).is_err()
        });
        troubles
    }

    /// Ends what people were asked for by a run that is over.
    pub fn close(&self, run: &str) {
        if let Some(office) = &self.office {
            close_questions(office, run);
        }
    }

    /// Whether anybody can be told anything.
    pub fn has_channels(&self) -> bool {
        self.office.is_some()
    }
}

/// Ends what people were asked for by a run that is over: no alarm of it stays open.
pub fn close_questions(office: &Office, run: &str) {
    let Ok(notifier) = office.notifier() else { return };
    let entries = notifier.outbox.list().map(|found| found.entries).unwrap_or_default();
    let is_of_run = |entry: &&Entry| {
        entry.is_open()
            && entry.event.kind == "runbook"
            && entry.event.details.get("run").is_some_and(|of| of == run)
    };
    for entry in entries.iter().filter(is_of_run) {
        // What cannot be written now is closed by nobody else, and does no more harm than being listed.
        let _ = notifier.close(&entry.event.id);
    }
}

/// Who answered a step that is over, if anybody did.
fn answered_by(state: &RunState, step: &str) -> Option<String> {
    state.ended(step)?;
    let answers = &state.steps.get(step)?.asked.as_ref()?.answers;
    answers.last().map(|answer| answer.by.clone())
}

/// A question that leaves room for links: chats and text messages are cut at their end, where those stand.
fn shortened(text: &str, run: &str) -> String {
    match text.char_indices().nth(QUESTION_MAX_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… (lifeboat runbook status {run} has all of it)", &text[..end]),
    }
}

/// Every link that answers a question, with its label.
pub fn grants(
    run: &str,
    step: &str,
    kind: AskKind,
    options: &[(String, String)],
    who: &str,
    expires: i64,
) -> Vec<(String, Grant)> {
    let one = |label: &str, deed: Deed| (label.to_owned(), Links::grant(run, step, deed, who, expires));
    match kind {
        AskKind::Approval => vec![one("Approve", Deed::Approve), one("Refuse", Deed::Refuse)],
        AskKind::Acknowledgement => vec![one("Acknowledge", Deed::Ack)],
        AskKind::Manual => vec![one("Done", Deed::Ack), one("It cannot be done", Deed::Fail)],
        AskKind::Choice => options
            .iter()
            .map(|(value, meaning)| {
                let (_, mut grant) = one("", Deed::Choose);
                grant.value = Some(value.clone());
                (format!("{value} ({meaning})"), grant)
            })
            .collect(),
    }
}

/// The command that answers a question, without the program's name.
pub fn command_for(asks: &Asks) -> String {
    let (run, step) = (&asks.run, &asks.step);
    match asks.kind {
        AskKind::Approval => format!("approve {run} {step}"),
        AskKind::Choice => {
            let values: Vec<&str> = asks.options.iter().map(|(value, _)| value.as_str()).collect();
            format!("ack {run} {step} --choose {}", values.join("|"))
        }
        AskKind::Manual | AskKind::Acknowledgement => format!("ack {run} {step}"),
    }
}

/// The global options that a child needs to work on the same things.
fn global_words(context: &Context) -> Vec<OsString> {
    let global = &context.global;
    let mut words: Vec<OsString> = Vec::new();
    let mut add = |flag: &str, value: OsString| words.extend([flag.into(), value]);
    if let Some(config) = &global.config {
        add("--config", absolute(config));
    }
    global.identity.iter().for_each(|identity| add("--identity", absolute(identity)));
    let paths = [
        ("--passphrase-file", &global.passphrase_file),
        ("--cache-dir", &global.cache_dir),
        ("--state-dir", &global.state_dir),
    ];
    for (flag, path) in paths {
        if let Some(path) = path {
            add(flag, absolute(path));
        }
    }
    if let Some(command) = &global.passphrase_command {
        add("--passphrase-command", command.into());
    }
    // What it says goes into the journal where it fails: what went well before that is in nobody's way there.
    words.extend(["--no-progress".into(), "--quiet".into()]);
    words
}

fn absolute(path: &PathBuf) -> OsString {
    std::path::absolute(path).unwrap_or_else(|_| path.clone()).into_os_string()
}

impl Hands for CliHands {
    fn notify(&self, message: &Message) -> Result<Handed, String> {
        let Some(office) = &self.office else {
            return Err("nobody can be told: the configuration has no channels (see lifeboat.toml(5))".into());
        };
        let everybody = self.everybody(office, &message.to);
        let mut failures = Vec::new();
        let mut told = Vec::new();
        for who in &everybody {
            match self.send(office, message, who) {
                Ok(()) => told.push(who.clone()),
                Err(why) => failures.push(format!("{who}: {why}")),
            }
        }
        match (told.is_empty(), failures.is_empty()) {
            (true, false) => Err(failures.join("; ")),
            (_, true) => Ok(Handed { recipients: told, remark: None }),
            (_, false) => {
                Ok(Handed { recipients: told, remark: Some(format!("not told: {}", failures.join("; "))) })
            }
        }
    }

    fn lifeboat(&self, arguments: &[String], repository: Option<&str>) -> Invocation {
        let mut words: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        words.extend(self.global.iter().cloned());
        if let Some(repository) = repository {
            words.extend(["--repo".into(), OsString::from(repository)]);
        }
        Invocation::new(&self.program, words)
    }

    fn secret(&self, source: &SecretSource) -> Result<SecretText, String> {
        let source = match source {
            SecretSource::File(path) => Source::File(PathBuf::from(path)),
            SecretSource::Variable(name) => Source::Variable(name.clone()),
            SecretSource::Credential(name) => Source::Credential(name.clone()),
            SecretSource::Command(words) => return secret_of_program(words),
        };
        self.secrets.read(&source)
    }
}

fn secret_of_program(words: &[String]) -> Result<SecretText, String> {
    let (program, arguments) = words.split_first().ok_or("its program is not named")?;
    let invocation = Invocation::new(program, arguments).within(SECRET_LIMIT);
    let finished =
        invocation.run(Input::Nothing, None).map_err(|error| format!("{error}: {}", error.source))?;
    if !finished.is_success() {
        // What it says may be the secret.
        return Err(format!("{program} {}", finished.ending));
    }
    let text = finished.text();
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(SecretText::new(line.to_owned())),
        None => Err(format!("{program} prints nothing")),
    }
}
