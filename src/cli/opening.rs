//! Opening what the user means: store, identities, repository.

use std::io::Write as _;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::base::secret::SecretText;
use crate::base::time::Clock as _;
use crate::cli::context::{Context, RepositoryChoice};
use crate::cli::exit::Failure;
use crate::cli::replicas;
use crate::cli::secrets::PassphraseSource;
use crate::cli::settings::model::JobSettings;
use crate::crypto::error::CryptoError;
use crate::crypto::identities::{IdentitySet, unlock_file};
use crate::crypto::prompts::Prompts;
use crate::repo::config::{Config, ConfigError};
use crate::repo::open::{LocalPaths, OpenError, Repository, check_fingerprint};
use crate::repo::pin::PinError;
use crate::repo::slots::SlotError;
use crate::repo::slots::export::{Exported, is_export};
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::{self, Store};
use crate::sys::clock::SystemClock;
use crate::sys::file::{create_private_dir, read_bounded};
use crate::sys::terminal;
use crate::ui::{escape, format};

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

/// The store of `choice`, or the set of its replicas; made if `create`.
pub fn store(context: &Context, choice: &RepositoryChoice, create: bool) -> Result<Client, Failure> {
    if !choice.replicas.is_empty() {
        return replicas::open(context, choice, create);
    }
    open_one(choice, &choice.url, create)
        .and_then(Client::new)
        .map_err(|error| Failure::of(error.kind(), &error))
}

/// The one store at `url`, used as `choice` says; made if `create`.
pub fn open_one(choice: &RepositoryChoice, url: &str, create: bool) -> Result<Arc<dyn Store>, StoreError> {
    match choice.as_of {
        Some(time) => store::open_as_of(url, time, &format::rfc3339(time), &choice.tuning),
        None => store::open(url, create, &choice.tuning),
    }
}

/// A repository's config, if it can be read.
pub type LoadedConfig = Result<Config, ConfigError>;

/// The store or the set of `choice`, used as the repository there has recorded, with its config.
pub fn in_use(context: &Context, choice: &RepositoryChoice) -> Result<(Client, LoadedConfig), Failure> {
    let client = store(context, choice, false)?;
    let config = replicas::load_config(&client).map(|(config, _)| config);
    let Some(choice) = paced(choice, &config)? else { return Ok((client, config)) };
    Ok((store(context, &choice, false)?, config))
}

/// `choice` with the protocol that the config asks for, where it is another than `choice` already has.
/// Refuses a URL that asks for writes by time where the config does not: other hosts rely on the
/// server's conditions there, which such writes do not name.
pub fn paced(choice: &RepositoryChoice, config: &LoadedConfig) -> Result<Option<RepositoryChoice>, Failure> {
    let Ok(config) = config else { return Ok(None) };
    let settle = config.settle_time().map_err(|error| Failure::of(error.kind(), &error))?;
    let is_remote = choice.urls().any(|url| url.starts_with("s3://"));
    if settle.is_none()
        && let Some(url) = choice.urls().find(|url| store::is_time_based(url))
    {
        let why = format!(
            "{} asks for the time-based protocol, and this repository does not keep writers apart by time",
            escape::text(url)
        );
        return Err(Failure::usage(why).hint("leave out `conditional=time-based`"));
    }
    match settle.filter(|settle| is_remote && choice.tuning.time_based != Some(*settle)) {
        None => Ok(None),
        Some(settle) => {
            let mut choice = choice.clone();
            choice.keep_apart_by_time(settle);
            Ok(Some(choice))
        }
    }
}

/// What a repository may be opened with.
#[derive(Debug, Default)]
pub struct Credentials {
    /// What opens key slots.
    pub identities: IdentitySet,
    /// Exported keys, which need no slot.
    pub exports: Vec<Exported>,
}

impl Credentials {
    /// What the identity files of `choice` hold.
    pub fn of_files(choice: &RepositoryChoice) -> Result<Self, Failure> {
        let mut credentials = Self::default();
        for path in &choice.identity_files {
            let contents = Zeroizing::new(
                read_bounded(path, IDENTITY_MAX_BYTES)
                    .map_err(|error| Failure::of(ErrorKind::Key, &error).context("the identity file"))?,
            );
            credentials.add_file(&contents, &escape::path(path))?;
        }
        Ok(credentials)
    }

    fn add_file(&mut self, contents: &[u8], name: &str) -> Result<(), Failure> {
        let crypto = |error: CryptoError| Failure::of(error.kind(), &error);
        let unlocked = unlock_file(contents, name, &prompts()).map_err(crypto)?;
        let contents = unlocked.as_ref().map_or(contents, |unlocked| unlocked.as_slice());
        match std::str::from_utf8(contents) {
            Ok(text) if is_export(text) => {
                let exported = Exported::parse(&SecretText::new(text.to_owned()));
                let refused = |error: SlotError| Failure::of(error.kind(), &error).context(name);
                self.exports.push(exported.map_err(refused)?);
            }
            _ => self.identities.add(IdentitySet::parse(contents, name, &prompts()).map_err(crypto)?),
        }
        Ok(())
    }

    /// The same and a passphrase; asks for one where nothing else is named.
    pub fn of(choice: &RepositoryChoice) -> Result<Self, Failure> {
        let mut credentials = Self::of_files(choice)?;
        let asked = choice.identity_files.is_empty().then_some(PassphraseSource::Terminal);
        if let Some(source) = choice.passphrase.clone().or(asked) {
            credentials.identities.add(passphrase(&source, choice)?);
        }
        Ok(credentials)
    }
}

/// The passphrase of `choice` alone, from `source`.
pub fn passphrase(source: &PassphraseSource, choice: &RepositoryChoice) -> Result<IdentitySet, Failure> {
    let prompt = format!("Passphrase for {}: ", escape::text(&choice.url));
    Ok(IdentitySet::passphrase(source.read(&prompt)?))
}

/// Where this machine keeps what it knows.
pub fn local_paths(context: &Context) -> Result<LocalPaths, Failure> {
    let mut paths = LocalPaths { cache: context.cache_dir()?, state: context.state_dir()? };
    if context.global.as_of.is_some() {
        // The past has other segments: its index is not to displace that of today.
        paths.cache.push("as-of");
    }
    for path in [&paths.cache, &paths.state] {
        create_private_dir(path).map_err(|error| Failure::of(error.kind(), &error))?;
    }
    Ok(paths)
}

/// Opens the repository that is meant, preferring a slot of `role`.
pub fn repository(context: &Context, job: Option<&JobSettings>, role: Role) -> Result<Repository, Failure> {
    let choice = context.repository(job)?;
    let (client, config) = in_use(context, &choice)?;
    let paths = local_paths(context)?;
    let config = match config {
        Ok(config) => config,
        Err(error) => return without_config(context, &choice, client, paths, &error),
    };
    let pinned = choice.fingerprint.as_deref();
    // Before anybody is asked for a passphrase: is it the right repository?
    check_fingerprint(&client, &config, pinned, &paths).map_err(|error| open_failure(&error))?;
    let credentials = Credentials::of(&choice)?;
    open_with(client, config, &credentials, role, pinned, paths)
}

/// Opens a repository whose config is at hand: with an exported key if one is its own, else by a slot.
pub fn open_with(
    client: Client,
    config: Config,
    credentials: &Credentials,
    role: Role,
    pinned: Option<&str>,
    paths: LocalPaths,
) -> Result<Repository, Failure> {
    let id = config.public.id;
    let own = credentials.exports.iter().find(|export| export.public().id == id);
    let opened = match own {
        Some(export) => {
            let keyring = export.keyring(&config, SystemClock.now());
            let keyring = keyring.map_err(|error| Failure::of(error.kind(), &error))?;
            Repository::from_parts(client, config, keyring, pinned, paths)
        }
        None if credentials.identities.is_empty() && !credentials.exports.is_empty() => {
            return Err(Failure::new(
                ErrorKind::Key,
                format!("the exported key is that of another repository; this one has the id {id}"),
            ));
        }
        None => Repository::open(client, config, &credentials.identities, role, pinned, paths),
    };
    opened.map_err(|error| open_failure(&error))
}

/// Opens a repository whose config is lost, which takes an exported key: that holds what the config said.
fn without_config(
    context: &Context,
    choice: &RepositoryChoice,
    client: Client,
    paths: LocalPaths,
    error: &ConfigError,
) -> Result<Repository, Failure> {
    let failure = match (error.kind(), context.global.as_of) {
        // To make one is the last thing that whoever looks back should do.
        (ErrorKind::NoRepository, Some(time)) => {
            let (place, time) = (client.location(), format::rfc3339(time));
            Failure::new(ErrorKind::NoRepository, format!("there was no repository at {place} at {time} yet"))
                .hint("name a later time; times without a zone are those of this machine")
        }
        _ => Failure::of(error.kind(), error),
    };
    let lost = matches!(error.kind(), ErrorKind::NoRepository | ErrorKind::Damage);
    if !lost || choice.identity_files.is_empty() {
        return Err(failure);
    }
    let credentials = Credentials::of_files(choice)?;
    let Some(export) = credentials.exports.first() else { return Err(failure) };
    let listed = client.list("snapshots/").map_err(|error| Failure::of(error.kind(), &error))?;
    if listed.is_empty() {
        return Err(failure);
    }
    let rebuilt = export.rebuild_config(SystemClock.now());
    let (config, keyring) = rebuilt.map_err(|error| Failure::of(error.kind(), &error))?;
    let opened = Repository::from_parts(client, config, keyring, choice.fingerprint.as_deref(), paths)
        .map_err(|error| open_failure(&error))?;
    context.output.note(&format!(
        "lifeboat: warning: {}; what the exported key says is used instead",
        escape::lines(failure.message())
    ));
    Ok(opened)
}

/// An error of opening, with what to do next.
pub fn open_failure(error: &OpenError) -> Failure {
    let failure = Failure::of(error.kind(), error);
    match error {
        OpenError::Pin(PinError::Other { .. } | PinError::Damaged { .. }) => failure.hint(
            "compare with what `lifeboat init` showed; if it is that one, run `lifeboat key trust` with it",
        ),
        OpenError::Config(ConfigError::Fingerprint { .. }) => {
            failure.hint("compare with what `lifeboat init` showed, and correct the configuration if need be")
        }
        OpenError::Slot(SlotError::NoIdentity { .. }) => {
            failure.hint("name a key with --identity, --passphrase-file or LIFEBOAT_PASSPHRASE")
        }
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::paced;
    use crate::base::error_kind::ErrorKind;
    use crate::base::time::Clock as _;
    use crate::cli::args::GlobalArgs;
    use crate::cli::context::{Context, RepositoryChoice};
    use crate::cli::environment::Environment;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::keyring::Keyring;
    use crate::sys::clock::SystemClock;

    fn choice(url: &str) -> RepositoryChoice {
        let global = GlobalArgs { repo: Some(url.into()), ..GlobalArgs::default() };
        Context::new(global, Environment::new([])).repository(None).unwrap()
    }

    fn config() -> Config {
        let chunker = ChunkerSpec { algorithm: "any".into(), parameters: [].into() };
        Keyring::create(chunker, "owner", SystemClock.now()).0
    }

    #[test]
    fn a_url_that_asks_for_time_is_refused_where_the_repository_does_not() {
        let by_time = choice("s3://bucket/x?conditional=time-based");
        let plain = choice("s3://bucket/x");
        let failure = paced(&by_time, &Ok(config())).unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Usage);
        assert!(failure.message().contains("time-based"), "{}", failure.message());
        assert!(paced(&plain, &Ok(config())).unwrap().is_none());
        let mut slow = config();
        slow.set_settle_time(Duration::from_secs(3));
        for choice in [&by_time, &plain] {
            let found = paced(choice, &Ok(slow.clone())).unwrap().unwrap();
            assert_eq!(found.tuning.time_based, Some(Duration::from_secs(3)));
        }
    }
}
