//! What commands tell people: from how a command went to an event, to whoever the configuration names.
//!
//! Nothing here ever fails a command or holds it up for longer than `[notify] wait`: an event that cannot
//! be delivered now stays in the outbox, and the next command, `notify flush` or `watch` goes on with it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::error_kind::ErrorKind;
use crate::base::secret::SecretText;
use crate::base::time::{Clock as _, Timestamp};
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::environment;
use crate::cli::exit::{CommandResult, Failure, Outcome as Ending};
use crate::cli::settings::notify as settings;
use crate::notify::channel::Secrets;
use crate::notify::deliver::Delivered;
use crate::notify::entry::Entry;
use crate::notify::event::{Event, Outcome, Severity};
use crate::notify::model::{Directory, Rule, SecretSource};
use crate::notify::notifier::{Notifier, Raised};
use crate::notify::status::{Records, Run};
use crate::notify::watch::key;
use crate::repo::snapshot::host_for_key;
use crate::sys::clock::SystemClock;
use crate::sys::command::{Input, Invocation};
use crate::sys::file::read_bounded;
use crate::sys::process;
use crate::sys::terminal;
use crate::ui::escape;

/// The longest secret that is read.
const SECRET_MAX_BYTES: usize = 16 << 10;
/// How long a command that prints a secret may take.
const SECRET_LIMIT: Duration = Duration::from_secs(20);
/// How long that something begins may be told before it does.
const START_LIMIT: Duration = Duration::from_secs(3);
/// How long a command that has nothing to tell goes on with what others left.
const OTHERS_LIMIT: Duration = Duration::from_secs(3);

/// Reads the secrets that channels name.
pub struct CliSecrets {
    credentials: Option<PathBuf>,
}

impl CliSecrets {
    /// Secrets of this process's surroundings.
    pub fn of(context: &Context) -> Self {
        Self { credentials: context.environment.path("CREDENTIALS_DIRECTORY") }
    }
}

impl Secrets for CliSecrets {
    fn read(&self, source: &SecretSource) -> Result<SecretText, String> {
        let file = |path: &PathBuf| {
            let bytes = read_bounded(path, SECRET_MAX_BYTES as u64).map_err(|error| {
                format!("the secret in {} cannot be read: {}", escape::path(path), error.source)
            })?;
            first_line(&bytes, &format!("the file {}", escape::path(path)))
        };
        match source {
            SecretSource::Plain(text) => Ok(SecretText::new(text.clone())),
            SecretSource::File(path) => file(path),
            SecretSource::Variable(name) => {
                let value =
                    environment::named(name).ok_or_else(|| format!("the variable {name} is not set"))?;
                first_line(value.as_encoded_bytes(), &format!("the variable {name}"))
            }
            SecretSource::Credential(name) => match &self.credentials {
                Some(dir) => file(&dir.join(name)),
                None => Err(format!("there is no credential {name}: CREDENTIALS_DIRECTORY is not set")),
            },
            SecretSource::Command(script) => {
                let invocation = Invocation::shell(script).within(SECRET_LIMIT);
                let finished = invocation
                    .run(Input::Nothing, None)
                    .map_err(|error| format!("the command for a secret cannot be run: {}", error.source))?;
                match finished.is_success() {
                    true => first_line(&finished.stdout, "what the command for a secret prints"),
                    false => Err(format!("the command for a secret {}", finished.describe())),
                }
            }
        }
    }
}

/// The first line, without its end.
fn first_line(bytes: &[u8], what: &str) -> Result<SecretText, String> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let text = std::str::from_utf8(line).map_err(|_| format!("{what} is not UTF-8 text"))?;
    match text.is_empty() || text.len() > SECRET_MAX_BYTES {
        true => Err(format!("{what}: the first line is empty or too long")),
        false => Ok(SecretText::new(text.to_owned())),
    }
}

/// A notifier and what it stands on.
pub struct Office {
    /// Who there is.
    pub directory: Directory,
    secrets: CliSecrets,
    state: PathBuf,
}

impl Office {
    /// As the configuration says.
    pub fn open(context: &Context) -> Result<Self, Failure> {
        let directory = settings::directory(context.settings()?);
        Ok(Self { directory, secrets: CliSecrets::of(context), state: context.state_dir()? })
    }

    /// The notifier.
    pub fn notifier(&self) -> Result<Notifier<'_>, Failure> {
        Notifier::open(&self.state, &self.directory, &SystemClock, &self.secrets)
            .map_err(|error| Failure::of(error.kind(), &error))
    }

    /// Where the records of jobs are.
    pub fn records(&self) -> Result<Records, Failure> {
        Records::open(&self.state).map_err(|error| Failure::of(error.kind(), &error))
    }
}

/// The name this machine goes by in events.
pub fn host(context: &Context) -> String {
    let configured = context.settings().ok().and_then(|settings| settings.defaults.host.clone());
    configured.unwrap_or_else(|| host_for_key(&process::host_name()))
}

/// Something that a command did, and to what.
#[derive(Clone, Debug)]
pub struct Happening {
    /// What: `backup`, `check`, `restore`, `replica-sync`, …
    pub kind: &'static str,
    /// Of which job or repository.
    pub name: String,
    /// The job, if it is one.
    pub job: Option<String>,
    /// The repository, if it has a name in the configuration.
    pub repository: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// Ties the start of a run to its end.
    pub run: String,
    /// Facts.
    pub details: BTreeMap<String, String>,
    /// Whether it is only a drill.
    pub is_drill: bool,
    /// The matter it tells of, where that is not its name: what looks less closely must not end what was
    /// found by looking closer.
    pub matter: Option<String>,
    /// Whether the matter is the same on whichever host: it may end elsewhere than it began.
    pub is_of_any_host: bool,
    /// How it went, as the title says it, where the outcome alone does not tell.
    pub says: Option<String>,
    /// How urgent it is, where that is not as the outcome says.
    pub severity: Option<Severity>,
}

impl Happening {
    /// Something that begins now.
    pub fn begin(kind: &'static str, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            job: None,
            repository: None,
            began: SystemClock.now(),
            run: crate::notify::channel::ping::run_id(),
            details: BTreeMap::new(),
            is_drill: false,
            matter: None,
            is_of_any_host: false,
            says: None,
            severity: None,
        }
    }

    /// Something about a repository that begins now.
    pub fn of_repository(kind: &'static str, choice: &RepositoryChoice) -> Self {
        let name = choice.name.clone().unwrap_or_else(|| place(&choice.url));
        Self { repository: choice.name.clone(), ..Self::begin(kind, &name) }
    }

    /// The key of the matter it tells of, on this host.
    pub fn key(&self, host: &str) -> String {
        let matter = self.matter.as_ref().unwrap_or(&self.name);
        match self.is_of_any_host {
            true => format!("{}/{matter}", self.kind),
            false => key(self.kind, host, matter),
        }
    }

    /// Adds a fact.
    pub fn fact(&mut self, name: &str, value: impl std::fmt::Display) {
        self.details.insert(name.to_owned(), value.to_string());
    }
}

/// Where a repository without a name is: its address without the options behind it.
fn place(url: &str) -> String {
    url.split('?').next().unwrap_or(url).to_owned()
}

/// Every rule that may hold for it: of its job, of its repository, and of all.
fn rules(context: &Context, office: &Office, happening: &Happening) -> Result<Vec<Rule>, Failure> {
    let all = context.settings()?;
    let of_job = happening.job.as_ref().and_then(|name| all.job.get(name)).map(|job| &job.notify);
    let of_repository =
        happening.repository.as_ref().and_then(|name| all.repository.get(name)).map(|one| &one.notify);
    let own = of_job.into_iter().flatten().chain(of_repository.into_iter().flatten()).map(settings::rule);
    Ok(own.chain(office.directory.rules.iter().cloned()).collect())
}

fn event(host: &str, happening: &Happening, outcome: Outcome, text: &str) -> Event {
    let (kind, name) = (happening.kind, &happening.name);
    let how = match outcome {
        Outcome::Missed if kind == "lock-audit" => "found what loses its lock, or has none",
        Outcome::Missed if kind == "lock-extend" => "left something without the lock it needs",
        Outcome::Started => "has begun",
        Outcome::Ok => "is well",
        Outcome::Degraded => "is done but degraded",
        Outcome::Partial => "is only partial",
        Outcome::Failed => "failed",
        Outcome::Missed => "is overdue",
        Outcome::Damage => "found damage",
        Outcome::Notice => "has something to say",
    };
    let how = happening.says.as_deref().unwrap_or(how);
    let title = format!("{kind} of {name} on {host} {how}");
    let mut event = Event::new(SystemClock.now(), host, kind, outcome, name, title).with_text(text);
    event.job = happening.job.clone();
    event.details = happening.details.clone();
    event.details.insert("run".into(), happening.run.clone());
    event.is_drill = happening.is_drill;
    event.severity = happening.severity.unwrap_or(event.severity);
    event.key = happening.key(host);
    event
}

/// Raises events where the configuration cannot be read any more, as on another thread: what is to be known
/// of it has been read before.
pub struct Teller {
    office: Office,
    rules: Vec<Rule>,
    host: String,
}

impl Teller {
    /// One for what `happening` is about; none where nobody wants to hear of anything.
    pub fn open(context: &Context, happening: &Happening) -> Result<Option<Self>, Failure> {
        let office = Office::open(context)?;
        let rules = rules(context, &office, happening)?;
        let has_listeners = !office.directory.channels.is_empty() && !rules.is_empty();
        Ok(has_listeners.then(|| Self { office, rules, host: host(context) }))
    }

    /// Whether people were told that something is wrong, and not yet that it is over.
    pub fn is_open(&self, happening: &Happening) -> Result<bool, Failure> {
        let key = happening.key(&self.host);
        Ok(self.open_keys()?.contains(&key))
    }

    /// Keys of the matters of which that holds.
    pub fn open_keys(&self) -> Result<Vec<String>, Failure> {
        let found = self.office.notifier()?.outbox.list();
        let found = found.map_err(|error| Failure::of(error.kind(), &error))?;
        Ok(found.entries.into_iter().filter(Entry::is_open).map(|entry| entry.event.key).collect())
    }

    /// Raises one.
    pub fn raise(&self, happening: &Happening, outcome: Outcome, text: &str) -> Result<Raised, Failure> {
        let rules: Vec<&Rule> = self.rules.iter().collect();
        let raised = self.office.notifier()?.raise(event(&self.host, happening, outcome, text), &rules);
        raised.map_err(|error| Failure::of(error.kind(), &error))
    }
}

fn raise(context: &Context, happening: &Happening, outcome: Outcome, text: &str) -> Result<Raised, Failure> {
    match Teller::open(context, happening)? {
        Some(teller) => teller.raise(happening, outcome, text),
        None => Ok(Raised::Nobody),
    }
}

/// Says that something begins, to monitors that want to know.
pub fn begun(context: &Context, happening: &Happening) {
    let told = raise(context, happening, Outcome::Started, "");
    match told {
        Ok(Raised::Told(..)) => report(context, deliver(context, START_LIMIT)),
        Ok(_) => {}
        Err(failure) => trouble(context, &failure),
    }
}

/// Says how something went, and writes it down. What was interrupted by hand, waits for
/// a person, or did not begin because it is going on already, is no news.
pub fn ended(context: &Context, happening: &Happening, result: &CommandResult) {
    ended_with(context, happening, result, "");
}

/// The same, where the command says more of what it found than its exit status means.
pub fn ended_with(context: &Context, happening: &Happening, result: &CommandResult, found: &str) {
    let (outcome, text) = match result {
        Ok(Ending::Done) => (Outcome::Ok, found.trim_end().to_owned()),
        Ok(Ending::Told(kind)) if is_no_news(*kind) => return,
        Ok(Ending::Told(kind)) if found.is_empty() => (outcome_of(*kind), kind.meaning().to_owned()),
        Ok(Ending::Told(kind)) => (outcome_of(*kind), found.trim_end().to_owned()),
        Err(failure) if is_no_news(failure.kind()) => return,
        Err(failure) => (outcome_of(failure.kind()), failure.message().to_owned()),
    };
    note(context, happening, outcome, &text);
    tell(context, happening, outcome, &text);
}

/// Writes down how something went, for whoever looks what is overdue.
pub fn note(context: &Context, happening: &Happening, outcome: Outcome, text: &str) {
    let noted = context.state_dir().and_then(|state| {
        let records = Records::open(&state).map_err(|error| Failure::of(error.kind(), &error))?;
        let (kind, name) = (happening.kind, happening.name.as_str());
        let (began, ended) = (happening.began, SystemClock.now());
        let run = Run { kind, name, began, ended, outcome, message: text };
        records.note(&run).map_err(|error| Failure::of(error.kind(), &error))
    });
    if let Err(failure) = noted {
        trouble(context, &failure);
    }
}

/// Raises an event by hand of a command.
pub fn tell(context: &Context, happening: &Happening, outcome: Outcome, text: &str) {
    match raise(context, happening, outcome, text) {
        Ok(Raised::Told(..) | Raised::Repeated(_)) => TOLD.set(true),
        Ok(Raised::Nobody) => {}
        Err(failure) => trouble(context, &failure),
    }
}

/// Says that all is well again, if people were told that it is not; a `notice`, if any, otherwise.
pub fn resolve(context: &Context, happening: &Happening, notice: Option<&str>) {
    let raised = Teller::open(context, happening).and_then(|teller| match (teller, notice) {
        (Some(teller), _) if teller.is_open(happening)? => {
            teller.raise(happening, Outcome::Ok, notice.unwrap_or_default())
        }
        (Some(teller), Some(notice)) => teller.raise(happening, Outcome::Notice, notice),
        _ => Ok(Raised::Nobody),
    });
    match raised {
        Ok(Raised::Told(..) | Raised::Repeated(_)) => TOLD.set(true),
        Ok(Raised::Nobody) => {}
        Err(failure) => trouble(context, &failure),
    }
}

fn is_no_news(kind: ErrorKind) -> bool {
    // Whoever sits there knows that they interrupted it; what a timer's limit ends is a failure.
    let by_hand = kind == ErrorKind::Interrupted && terminal::stderr_is_terminal();
    by_hand || matches!(kind, ErrorKind::Busy | ErrorKind::Waiting)
}

fn outcome_of(kind: ErrorKind) -> Outcome {
    match kind {
        ErrorKind::Partial => Outcome::Partial,
        ErrorKind::Degraded => Outcome::Degraded,
        ErrorKind::Damage => Outcome::Damage,
        ErrorKind::Objective => Outcome::Missed,
        _ => Outcome::Failed,
    }
}

thread_local! {
    /// Whether this command has told something, so that it waits for the delivery in the end.
    static TOLD: Cell<bool> = const { Cell::new(false) };
}

/// At the end of a command: delivers what it has told, and what others left, within bounds.
pub fn finish(context: &Context) {
    if !context.has_settings() {
        return;
    }
    let told = TOLD.replace(false);
    let Ok(office) = Office::open(context) else { return };
    let has_outbox = office.state.join("notify").join("outbox").is_dir();
    if office.directory.channels.is_empty() || !(told || has_outbox && has_due(&office)) {
        return;
    }
    let limit = if told { office.directory.wait } else { office.directory.wait.min(OTHERS_LIMIT) };
    report(context, deliver(context, limit));
}

fn has_due(office: &Office) -> bool {
    let Ok(notifier) = office.notifier() else { return false };
    let now = notifier.now().seconds;
    let entries = notifier.outbox.list().map(|found| found.entries).unwrap_or_default();
    let pending = crate::notify::entry::State::Pending;
    entries.iter().any(|entry| {
        entry.deliveries.iter().any(|one| one.state == pending && one.due <= now)
            || entry.next_step().is_some_and(|(_, due)| due <= now)
    })
}

fn deliver(context: &Context, limit: Duration) -> Result<Delivered, Failure> {
    let office = Office::open(context)?;
    office.notifier()?.run(limit).map_err(|error| Failure::of(error.kind(), &error))
}

fn report(context: &Context, result: Result<Delivered, Failure>) {
    match result {
        Ok(delivered) => warn(context, &delivered),
        Err(failure) => trouble(context, &failure),
    }
}

/// Says what did not arrive.
pub fn warn(context: &Context, delivered: &Delivered) {
    for what in &delivered.troubles {
        context.output.warn(&escape::text(&format!("warning: {what}")));
    }
    if delivered.pending > 0 && !delivered.troubles.is_empty() {
        context.output.note("it stays in the outbox and is tried again; see `lifeboat notify outbox`");
    }
}

/// Says that nobody can be told, and why.
pub fn trouble(context: &Context, failure: &Failure) {
    context.output.warn(&escape::text(&format!("warning: nobody can be told: {}", failure.message())));
}
