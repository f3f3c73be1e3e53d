//! From `[[job.NAME.database]]` to what dumps the databases: passwords read, accounts looked up.

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Interrupt;
use crate::base::secret::SecretText;
use crate::cli::environment::named;
use crate::cli::exit::Failure;
use crate::cli::secrets::PassphraseSource;
use crate::cli::settings::database::DatabaseSettings;
use crate::cli::settings::model::JobSettings;
use crate::repo::attachment::{Contributor, Necessity, is_name};
use crate::sys::meta::owners::account;
use crate::system::database::contributor;
use crate::system::database::spec::{DatabaseSpec, Engine, Server};

/// Who dumps the databases of `job`.
pub fn contributors(job: &JobSettings, interrupt: &Interrupt) -> Result<Vec<Box<dyn Contributor>>, Failure> {
    let specs = job.database.iter().map(spec);
    specs.map(|spec| Ok(contributor(&spec?, interrupt))).collect()
}

fn spec(settings: &DatabaseSettings) -> Result<DatabaseSpec, Failure> {
    let engine = match (settings.engine.as_str(), settings.method.as_deref()) {
        ("postgres", Some("base")) => Engine::PostgresBase,
        // The configuration was checked; what is left is said all the same.
        (name, _) => Engine::parse(name).ok_or_else(|| {
            Failure::usage(format!("there is no engine {name:?} for the database {}", settings.name))
        })?,
    };
    if let Some(file) = settings.file.as_ref().filter(|file| !is_name(file)) {
        return Err(Failure::usage(format!("{file:?} is no name for the dump of {}", settings.name)));
    }
    let mut spec = DatabaseSpec::new(&settings.name, engine);
    spec.necessity = match settings.required {
        Some(false) => Necessity::Wanted,
        _ => Necessity::Required,
    };
    spec.time_limit = settings.time_limit;
    spec.server = server(settings)?;
    spec.databases = settings.databases.clone();
    spec.exclude = settings.exclude.clone();
    spec.globals = settings.globals.unwrap_or(true);
    spec.verify = settings.verify.unwrap_or(true);
    spec.path = settings.path.clone().unwrap_or_default();
    spec.bgsave = settings.method.as_deref() == Some("bgsave");
    spec.program = settings.program.clone();
    spec.restore = settings.restore.clone();
    spec.file = settings.file.clone().unwrap_or(spec.file);
    Ok(spec)
}

fn server(settings: &DatabaseSettings) -> Result<Server, Failure> {
    let run_as = match &settings.run_as {
        None => None,
        Some(name) => {
            let found = account(name).ok_or_else(|| {
                Failure::new(ErrorKind::Usage, format!("there is no account {name:?} on this machine"))
                    .hint(format!("it is `run_as` of the database {}", settings.name))
            })?;
            Some((name.clone(), found))
        }
    };
    Ok(Server {
        host: settings.host.clone(),
        socket: settings.socket.clone(),
        port: settings.port,
        user: settings.user.clone(),
        password: password(settings)?,
        credentials_file: settings.credentials_file.clone(),
        run_as,
        bin_dir: settings.bin_dir.clone(),
        options: settings.options.clone(),
    })
}

/// The password that `settings` refer to, if they do.
pub fn password(settings: &DatabaseSettings) -> Result<Option<SecretText>, Failure> {
    let whose = format!("the password of the database {}", settings.name);
    if let Some(name) = &settings.password_env {
        let value = named(name).and_then(|value| value.into_string().ok());
        let missing = || Failure::new(ErrorKind::Key, format!("the variable {name} is not set: {whose}"));
        return value.map(|value| Some(SecretText::new(value))).ok_or_else(missing);
    }
    let file = settings.password_file.clone().map(PassphraseSource::File);
    let source = file.or_else(|| settings.password_command.clone().map(PassphraseSource::Command));
    source.map(|source| source.read(&whose).map_err(|failure| failure.context(whose))).transpose()
}
