//! Opening what the user means: store, identities, repository.

use std::io::Write as _;
use std::sync::Arc;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::secret::SecretText;
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::Failure;
use crate::cli::secrets::PassphraseSource;
use crate::cli::settings::model::JobSettings;
use crate::crypto::identities::IdentitySet;
use crate::crypto::prompts::Prompts;
use crate::repo::config::Config;
use crate::repo::open::{LocalPaths, OpenError, Repository};
use crate::repo::slots::open::Wish;
use crate::repo::slots::SlotError;
use crate::store;
use crate::store::client::Client;
use crate::sys::file::{create_private_dir, read_bounded};
use crate::sys::terminal;
use crate::ui::escape;

/// Longest identity file.
const IDENTITY_MAX_BYTES: u64 = 1 << 20;

/// Asks on the terminal, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct TerminalPrompts;

impl Prompts for TerminalPrompts {
    fn message(&self, text: &str) {
        // Nobody can be told that standard error cannot be written.
        let _ = writeln!(std::io::stderr().lock(), "{}", escape::lines(text));
    }

    fn confirm(&self, text: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        self.message(text);
        let choice = match no {
            Some(no) => format!("Type 1 for {yes}, 2 for {no}: "),
            None => format!("Type 1 for {yes}: "),
        };
        let answer = terminal::read_passphrase(&escape::lines(&choice)).ok()?;
        match answer.expose() {
            "1" => Some(true),
            "2" if no.is_some() => Some(false),
            _ => None,
        }
    }

    fn text(&self, description: &str) -> Option<String> {
        self.passphrase(description).map(|text| text.expose().to_owned())
    }

    fn passphrase(&self, description: &str) -> Option<SecretText> {
        terminal::read_passphrase(&format!("{}: ", escape::lines(description))).ok()
    }
}

/// What answers the questions of keys.
pub fn prompts() -> Arc<dyn Prompts> {
    Arc::new(TerminalPrompts)
}

/// The store at `url`; made if `create`.
pub fn store(url: &str, create: bool) -> Result<Client, Failure> {
    store::open(url, create).and_then(Client::new).map_err(|error| Failure::of(error.kind(), &error))
}

/// The identities of `choice`: files and a passphrase; asks for one where nothing else is named.
pub fn identities(choice: &RepositoryChoice) -> Result<IdentitySet, Failure> {
    let mut set = IdentitySet::default();
    for path in &choice.identity_files {
        let name = escape::path(path);
        let contents = read_bounded(path, IDENTITY_MAX_BYTES)
            .map_err(|error| Failure::of(ErrorKind::Key, &error).context("the identity file"))?;
        let parsed = IdentitySet::parse(&contents, &name, &prompts());
        set.add(parsed.map_err(|error| Failure::of(error.kind(), &error))?);
    }
    let asked = choice.identity_files.is_empty().then_some(PassphraseSource::Terminal);
    if let Some(source) = choice.passphrase.clone().or(asked) {
        let prompt = format!("Passphrase for {}: ", escape::text(&choice.url));
        set.add(IdentitySet::passphrase(source.read(&prompt)?));
    }
    Ok(set)
}

/// Where this machine keeps what it knows.
pub fn local_paths(context: &Context) -> Result<LocalPaths, Failure> {
    let paths = LocalPaths { cache: context.cache_dir()?, state: context.state_dir()? };
    for path in [&paths.cache, &paths.state] {
        create_private_dir(path).map_err(|error| Failure::of(error.kind(), &error))?;
    }
    Ok(paths)
}

/// Opens the repository that is meant, preferring a slot of `role`.
pub fn repository(context: &Context, job: Option<&JobSettings>, role: Role) -> Result<Repository, Failure> {
    let choice = context.repository(job)?;
    let client = store(&choice.url, false)?;
    // Before anybody is asked for a passphrase: is there a repository at all?
    Config::load(&client).map_err(|error| Failure::of(error.kind(), &error))?;
    let paths = local_paths(context)?;
    let identities = identities(&choice)?;
    let wish = Wish { role, slot: None };
    Repository::open(client, &identities, &wish, choice.fingerprint.as_deref(), paths)
        .map_err(|error| open_failure(&error))
}

/// An error of opening, with what to do next.
pub fn open_failure(error: &OpenError) -> Failure {
    let failure = Failure::of(error.kind(), error);
    match error {
        OpenError::Fingerprint { .. } => failure.hint(
            "compare with what `lifeboat init` showed; if the new one is right, run `lifeboat key trust`",
        ),
        OpenError::Slot(SlotError::NoIdentity { .. }) => {
            failure.hint("name a key with --identity, --passphrase-file or LIFEBOAT_PASSPHRASE")
        }
        _ => failure,
    }
}
