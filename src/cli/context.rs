//! What was typed, joined with the environment and the configuration: what every command works with.
//!
//! The order is the same everywhere: a flag beats its variable, which beats the configuration. The
//! configuration is read only when something asks for it, so that `version` works beside a broken one.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::base::monitor::Interrupt;
use crate::base::time::Timestamp;
use crate::cli::args::GlobalArgs;
use crate::cli::environment::Environment;
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::secrets::PassphraseSource;
use crate::cli::settings::model::{JobSettings, RepositorySettings, Settings};
use crate::cli::settings::{self, SettingsError, mistake};
use crate::store::counters::Counters;
use crate::store::replicas::spec::{PRIMARY, ReadPolicy, ReplicaSpec, Role, SetOptions};
use crate::store::tuning::Tuning;
use crate::sys::signal;
use crate::ui::style::Style;

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    /// What was typed before or after the command.
    pub global: GlobalArgs,
    /// The environment.
    pub environment: Environment,
    /// Where results go.
    pub output: Output,
    /// What the wrappers around stores had to do.
    pub counters: Arc<Counters>,
    settings: OnceCell<Settings>,
    interrupt: OnceCell<Interrupt>,
}

/// Which repository is meant, and with what it may be opened.
#[derive(Clone, Debug)]
pub struct RepositoryChoice {
    /// Its name in the configuration, if it has one.
    pub name: Option<String>,
    /// A directory or a URL.
    pub url: String,
    /// The fingerprint that the configuration pins.
    pub fingerprint: Option<String>,
    /// Files of age or ssh identities, to be tried in order.
    pub identity_files: Vec<PathBuf>,
    /// Where a passphrase comes from.
    pub passphrase: Option<PassphraseSource>,
    /// How its store is to be used.
    pub tuning: Tuning,
    /// The stores that hold it, where there are several.
    pub replicas: Vec<ReplicaSpec>,
    /// How several stores work together.
    pub set: SetOptions,
    /// What warms objects up in the store's place.
    pub warm_up_command: Option<String>,
    /// Show its stores as they were then.
    pub as_of: Option<Timestamp>,
    /// How young a snapshot is whose locks are renewed.
    pub lock_window: Option<Duration>,
    /// How young evidence is whose locks are renewed.
    pub lock_evidence: Option<Duration>,
}

impl Context {
    /// Joins flags and environment.
    pub fn new(global: GlobalArgs, environment: Environment) -> Self {
        let output = Output::new(&global, &environment);
        Self {
            global,
            environment,
            output,
            counters: Arc::default(),
            settings: OnceCell::new(),
            interrupt: OnceCell::new(),
        }
    }

    /// The configuration; empty where there is no file.
    pub fn settings(&self) -> Result<&Settings, Failure> {
        if let Some(settings) = self.settings.get() {
            return Ok(settings);
        }
        let settings = match settings::locate(self.global.config.as_deref(), &self.environment) {
            Some(path) => settings::load(&path, &self.environment).map_err(|error| explain(&error))?,
            None => Settings::default(),
        };
        Ok(self.settings.get_or_init(|| settings))
    }

    /// Whether anything has asked for the configuration.
    pub fn has_settings(&self) -> bool {
        self.settings.get().is_some()
    }

    /// A flag that SIGINT, SIGTERM or SIGHUP from now on sets; a second SIGINT ends the process.
    pub fn interrupt(&self) -> Result<&Interrupt, Failure> {
        if let Some(interrupt) = self.interrupt.get() {
            return Ok(interrupt);
        }
        let interrupt = Interrupt::default();
        signal::watch(&interrupt).map_err(|error| Failure::of(error.kind(), &error))?;
        Ok(self.interrupt.get_or_init(|| interrupt))
    }

    /// The job of that name, if the configuration has it.
    pub fn job(&self, name: &str) -> Result<Option<&JobSettings>, Failure> {
        Ok(self.settings()?.job.get(name))
    }

    /// The repository that is meant: by flag, by variable, by the job, by default, or because it is the
    /// only one.
    pub fn repository(&self, job: Option<&JobSettings>) -> Result<RepositoryChoice, Failure> {
        let settings = self.settings()?;
        if let Some(url) = self.named_repository()? {
            return match settings.repository.get_key_value(&url) {
                Some((name, repository)) => Ok(self.choice(name, repository)),
                None => Ok(self.keys(RepositoryChoice::at(url), None)),
            };
        }
        let name = job.and_then(|job| job.repository.as_ref()).or(settings.defaults.repository.as_ref());
        let only = || Some(settings.repository.iter().next()?).filter(|_| settings.repository.len() == 1);
        let entry = name.map_or_else(only, |name| settings.repository.get_key_value(name));
        match entry {
            Some((name, repository)) => Ok(self.choice(name, repository)),
            None if settings.repository.is_empty() => Err(Failure::usage("no repository is named").hint(
                "name one with --repo DIR or LIFEBOAT_REPO, or put a [repository.NAME] into lifeboat.toml",
            )),
            None => {
                let names: Vec<&str> = settings.repository.keys().map(String::as_str).collect();
                Err(Failure::usage("the configuration has several repositories and no default")
                    .hint(format!("choose one with --repo: {}", names.join(", "))))
            }
        }
    }

    fn named_repository(&self) -> Result<Option<String>, Failure> {
        if let Some(url) = &self.global.repo {
            return match url.is_empty() {
                true => Err(Failure::usage("--repo is empty")),
                false => Ok(Some(url.clone())),
            };
        }
        let variable = self.environment.get("LIFEBOAT_REPO").map(|value| value.to_owned().into_string());
        variable.transpose().map_err(|_| Failure::usage("LIFEBOAT_REPO is not UTF-8 text"))
    }

    fn choice(&self, name: &str, repository: &RepositorySettings) -> RepositoryChoice {
        let choice = RepositoryChoice {
            name: Some(name.to_owned()),
            fingerprint: repository.fingerprint.clone(),
            replicas: replicas(repository),
            lock_window: repository.lock_window,
            lock_evidence: repository.lock_evidence,
            warm_up_command: repository.warm_up_command.clone(),
            set: SetOptions {
                policy: repository.read_policy.as_deref().and_then(ReadPolicy::parse).unwrap_or_default(),
                write_quorum: repository.write_quorum,
                ..SetOptions::default()
            },
            ..RepositoryChoice::at(repository.url.clone())
        };
        self.keys(choice, Some(repository))
    }

    /// Adds what the repository may be opened with.
    fn keys(
        &self,
        mut choice: RepositoryChoice,
        repository: Option<&RepositorySettings>,
    ) -> RepositoryChoice {
        choice.identity_files = match self.environment.path("LIFEBOAT_IDENTITY_FILE") {
            _ if !self.global.identity.is_empty() => self.global.identity.clone(),
            Some(path) => vec![path],
            None => repository.map(|repository| repository.identity_file.clone()).unwrap_or_default(),
        };
        choice.tuning = self.tuning(repository);
        choice.as_of = self.global.as_of;
        choice.passphrase = PassphraseSource::of_flags(&self.global)
            .or_else(|| PassphraseSource::of_environment(&self.environment))
            .or_else(|| PassphraseSource::of_settings(repository?));
        if choice.identity_files.is_empty() && choice.passphrase.is_none() {
            let credential = |name| Some(self.environment.path("CREDENTIALS_DIRECTORY")?.join(name));
            let there = |name| credential(name).filter(|path| path.exists());
            choice.identity_files.extend(there("lifeboat.identity"));
            choice.passphrase = there("lifeboat.passphrase").map(PassphraseSource::File);
        }
        choice
    }

    /// How a store is to be used.
    fn tuning(&self, repository: Option<&RepositorySettings>) -> Tuning {
        let (global, none) = (&self.global, RepositorySettings::default());
        let settings = repository.unwrap_or(&none);
        let mut tuning = Tuning { counters: Arc::clone(&self.counters), ..Tuning::default() };
        tuning.upload_bytes_per_second =
            global.limit_upload.or(settings.limit_upload).filter(|limit| *limit > 0);
        tuning.download_bytes_per_second =
            global.limit_download.or(settings.limit_download).filter(|limit| *limit > 0);
        if let Some(connections) = global.connections.or(settings.connections) {
            tuning.connections.max = usize::from(connections);
        }
        // A writer's credentials need not be able to read packs, and their names are random.
        tuning.retries.used_once = vec!["packs/"];
        if let Some(retries) = settings.retries {
            tuning.retries.attempts = retries.saturating_add(1);
        }
        if let Some(deadline) = settings.retry_deadline {
            tuning.retries.deadline = deadline;
        }
        tuning
    }

    /// Where the local index and catalogue are kept.
    pub fn cache_dir(&self) -> Result<PathBuf, Failure> {
        let configured = &self.settings()?.defaults.cache_dir;
        self.directory(&self.global.cache_dir, "LIFEBOAT_CACHE_DIR", configured, ("XDG_CACHE_HOME", ".cache"))
    }

    /// Where pinned fingerprints and journals are kept.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        let configured = &self.settings()?.defaults.state_dir;
        self.directory(
            &self.global.state_dir,
            "LIFEBOAT_STATE_DIR",
            configured,
            ("XDG_STATE_HOME", ".local/state"),
        )
    }

    fn directory(
        &self,
        flag: &Option<PathBuf>,
        variable: &str,
        configured: &Option<PathBuf>,
        (xdg, fallback): (&str, &str),
    ) -> Result<PathBuf, Failure> {
        let named = flag.clone().or_else(|| self.environment.path(variable)).or_else(|| configured.clone());
        named.or_else(|| self.environment.xdg(xdg, fallback)).ok_or_else(|| {
            Failure::usage(format!("neither {variable} nor HOME is set: there is no place for local files"))
                .hint(format!("set {variable}, or HOME in the service's unit"))
        })
    }

    /// About how many bytes of memory may be used, where somebody has said so.
    pub fn memory_limit(&self) -> Result<Option<u64>, Failure> {
        Ok(self.global.memory_limit.or(self.settings()?.defaults.memory_limit))
    }
}

impl RepositoryChoice {
    /// Where its stores are.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        let one = self.replicas.is_empty().then_some(self.url.as_str());
        one.into_iter().chain(self.replicas.iter().map(|spec| spec.url.as_str()))
    }

    /// Has writers of S3 stores kept apart by time, where the servers do not do it.
    pub fn keep_apart_by_time(&mut self, settle: Duration) {
        self.tuning.time_based = Some(settle);
        // A contest takes one settle time and some requests, or a few where it is fierce.
        self.set.timing.write_limit += settle.saturating_mul(8);
    }

    fn at(url: String) -> Self {
        Self {
            name: None,
            url,
            fingerprint: None,
            identity_files: Vec::new(),
            passphrase: None,
            tuning: Tuning::default(),
            replicas: Vec::new(),
            set: SetOptions::default(),
            warm_up_command: None,
            as_of: None,
            lock_window: None,
            lock_evidence: None,
        }
    }
}

/// The replicas that a repository is configured with; none where it is one store.
fn replicas(repository: &RepositorySettings) -> Vec<ReplicaSpec> {
    if repository.replica.is_empty() {
        return Vec::new();
    }
    let role = |word: &Option<String>| word.as_deref().and_then(Role::parse).unwrap_or_default();
    let first = ReplicaSpec {
        name: repository.replica_name.clone().unwrap_or_else(|| PRIMARY.into()),
        url: repository.url.clone(),
        zone: repository.replica_zone.clone(),
        role: role(&repository.replica_role),
        weight: repository.replica_weight.unwrap_or(1),
    };
    let others = repository.replica.iter().map(|replica| ReplicaSpec {
        name: replica.name.clone(),
        url: replica.url.clone(),
        zone: replica.zone.clone(),
        role: role(&replica.role),
        weight: replica.weight.unwrap_or(1),
    });
    std::iter::once(first).chain(others).collect()
}

/// A configuration that cannot be used, for people: its first mistakes, and where the others are listed.
fn explain(error: &SettingsError) -> Failure {
    const SHOWN: usize = 3;
    let failure = Failure::of(error.kind(), error);
    let SettingsError::Mistakes { path, mistakes } = error else { return failure };
    let shown: Vec<String> = mistakes
        .iter()
        .take(SHOWN)
        .map(|mistake: &mistake::Mistake| mistake.for_people(path, Style::default()))
        .collect();
    let failure = Failure::new(error.kind(), format!("{error}\n{}", shown.concat().trim_end()));
    match mistakes.len() > SHOWN {
        true => failure.hint("lifeboat config check lists them all"),
        false => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Context;
    use crate::base::error_kind::ErrorKind;
    use crate::cli::args::GlobalArgs;
    use crate::cli::environment::Environment;
    use crate::cli::secrets::PassphraseSource;

    const FILE: &str = "[defaults]\nrepository = 'b'\ncache_dir = '/file/cache'\n\
        [repository.a]\nurl = '/a'\npassphrase_file = '/file/pass'\nidentity_file = '/file/id'\n\
        [repository.b]\nurl = '/b'\n[job.j]\nsources = '/x'\nrepository = 'a'";

    fn context(file: &Path, global: GlobalArgs, variables: &[(&str, &str)]) -> Context {
        let global = GlobalArgs { config: Some(file.to_owned()), ..global };
        Context::new(
            global,
            Environment::new(variables.iter().map(|(name, value)| (name.into(), value.into()))),
        )
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lifeboat.toml");
        std::fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn the_flag_beats_the_variable_which_beats_the_job_which_beats_the_default() {
        let (_directory, file) = file(FILE);
        let flag = || GlobalArgs { repo: Some("/flag".into()), ..GlobalArgs::default() };
        let variable = [("LIFEBOAT_REPO", "/variable")];
        let url = |context: Context, job: bool| {
            let job = if job { context.job("j").unwrap() } else { None };
            context.repository(job).unwrap().url
        };
        assert_eq!(url(context(&file, flag(), &variable), true), "/flag");
        assert_eq!(url(context(&file, GlobalArgs::default(), &variable), true), "/variable");
        assert_eq!(url(context(&file, GlobalArgs::default(), &[]), true), "/a");
        assert_eq!(url(context(&file, GlobalArgs::default(), &[]), false), "/b");
    }

    #[test]
    fn a_name_brings_its_keys_and_a_flag_replaces_them() {
        let (_directory, file) = file(FILE);
        let named = || GlobalArgs { repo: Some("a".into()), ..GlobalArgs::default() };
        let choice = context(&file, named(), &[]).repository(None).unwrap();
        assert_eq!(choice.identity_files, [Path::new("/file/id")]);
        assert_eq!(choice.passphrase, Some(PassphraseSource::File("/file/pass".into())));
        let choice =
            context(&file, named(), &[("LIFEBOAT_PASSPHRASE_COMMAND", "pass")]).repository(None).unwrap();
        assert_eq!(choice.passphrase, Some(PassphraseSource::Command("pass".into())));
        let flags = GlobalArgs { passphrase_fd: Some(3), ..named() };
        let choice =
            context(&file, flags, &[("LIFEBOAT_PASSPHRASE_COMMAND", "pass")]).repository(None).unwrap();
        assert_eq!(choice.passphrase, Some(PassphraseSource::Descriptor(3)));
    }

    #[test]
    fn several_repositories_without_a_default_are_not_guessed_among() {
        let (_directory, file) = file("[repository.a]\nurl = '/a'\n[repository.b]\nurl = '/b'");
        let failure = context(&file, GlobalArgs::default(), &[]).repository(None).unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Usage);
        assert!(failure.for_people().contains("a, b"));
    }

    #[test]
    fn limits_of_a_repository_give_way_to_flags_and_nought_is_no_limit() {
        let text = "[repository.a]\nurl = '/a'\nlimit_upload = '5M'\nlimit_download = 1000\n\
            connections = 7\nretries = 2\nretry_deadline = '90s'";
        let (_directory, file) = file(text);
        let tuning = |global| context(&file, global, &[]).repository(None).unwrap().tuning;
        let configured = tuning(GlobalArgs::default());
        assert_eq!(configured.upload_bytes_per_second, Some(5 << 20));
        assert_eq!(configured.download_bytes_per_second, Some(1000));
        assert_eq!((configured.connections.max, configured.retries.attempts), (7, 3));
        assert_eq!(configured.retries.deadline.as_secs(), 90);
        let flags = GlobalArgs {
            limit_upload: Some(0),
            limit_download: Some(1 << 20),
            connections: Some(3),
            ..GlobalArgs::default()
        };
        let typed = tuning(flags);
        assert_eq!((typed.upload_bytes_per_second, typed.download_bytes_per_second), (None, Some(1 << 20)));
        assert_eq!(typed.connections.max, 3);
    }

    #[test]
    fn systemd_credentials_are_the_last_resort() {
        let (directory, file) = file(FILE);
        let credentials = directory.path().to_str().unwrap().to_owned();
        std::fs::write(directory.path().join("lifeboat.passphrase"), "p").unwrap();
        let variables = [("CREDENTIALS_DIRECTORY", credentials.as_str())];
        let choice = context(&file, GlobalArgs::default(), &variables).repository(None).unwrap();
        assert_eq!(
            choice.passphrase,
            Some(PassphraseSource::File(directory.path().join("lifeboat.passphrase")))
        );
        let named = GlobalArgs { repo: Some("a".into()), ..GlobalArgs::default() };
        let choice = context(&file, named, &variables).repository(None).unwrap();
        assert_eq!(choice.passphrase, Some(PassphraseSource::File("/file/pass".into())));
    }

    #[test]
    fn a_broken_configuration_is_told_with_its_first_mistakes() {
        let (_directory, file) = file("a=1\nb=1\nc=1\nd=1");
        let failure = context(&file, GlobalArgs::default(), &[]).settings().unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Usage);
        let text = failure.for_people();
        assert!(
            text.contains("has 4 mistakes") && text.contains("toml:3:1:") && !text.contains("toml:4:1:"),
            "{text}"
        );
    }

    #[test]
    fn without_a_home_directory_it_says_what_to_set() {
        let (_directory, file) = file("");
        let failure = context(&file, GlobalArgs::default(), &[]).cache_dir().unwrap_err();
        assert!(failure.for_people().contains("LIFEBOAT_CACHE_DIR"));
    }
}
