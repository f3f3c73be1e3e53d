//! The configuration file: where it is looked for, and how it is read.
//!
//! The working directory is deliberately no such place: a file that someone left there could make
//! `lifeboat` run commands. For the same reason a file that anyone can write is refused.

pub mod check;
pub mod database;
pub mod mistake;
pub mod model;
pub mod notify;
pub mod protect;
pub mod s3;
pub mod schema;

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::error_kind::ErrorKind;
use crate::cli::environment::Environment;
use crate::cli::settings::mistake::Mistake;
use crate::cli::settings::model::Settings;
use crate::ui::{escape, format};

fn count(mistakes: &[Mistake]) -> String {
    format::counted(mistakes.len() as u64, "mistake", "mistakes")
}

/// Where the system's own configuration is.
pub const SYSTEM_FILE: &str = "/etc/lifeboat/lifeboat.toml";
/// The largest configuration that is read.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("cannot read the configuration {}", escape::path(.path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is larger than any configuration.
    #[error("the configuration {} is larger than {}", escape::path(.path), format::size(FILE_MAX_BYTES))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is no text.
    #[error("the configuration {} is not UTF-8 text", escape::path(.path))]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// Whoever can write it can have commands run.
    #[error("anyone can write the configuration {}, so it is not used (see chmod o-w)", escape::path(.path))]
    Writable {
        /// The file.
        path: PathBuf,
    },
    /// It has mistakes.
    #[error("the configuration {} has {}", escape::path(.path), count(.mistakes))]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// All of them, in the order of lines.
        mistakes: Vec<Mistake>,
    },
}

impl SettingsError {
    /// Its kind: always a matter of usage.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }
}

/// The file that counts: the one that was named, or the first that is there in the usual places.
pub fn locate(flag: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let named = flag.map(Path::to_owned).or_else(|| environment.path("LIFEBOAT_CONFIG"));
    named.or_else(|| usual_places(environment).into_iter().find(|path| path.exists()))
}

/// Where a file is looked for when none is named, in order.
pub fn usual_places(environment: &Environment) -> Vec<PathBuf> {
    let own = environment.xdg("XDG_CONFIG_HOME", ".config").map(|directory| directory.join("lifeboat.toml"));
    own.into_iter().chain([PathBuf::from(SYSTEM_FILE)]).collect()
}

/// Reads and checks the file at `path`; its paths become absolute.
pub fn load(path: &Path, environment: &Environment) -> Result<Settings, SettingsError> {
    let source = read(path)?;
    let mut settings = check::check(&source)
        .map_err(|mistakes| SettingsError::Mistakes { path: path.to_owned(), mistakes })?;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let base = absolute.parent().unwrap_or(Path::new("/"));
    settings.resolve_paths(base, environment.path("HOME").as_deref());
    for repository in settings.repository.values_mut() {
        repository.url = repository.s3.fold(&repository.url);
    }
    Ok(settings)
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let fail = |source| SettingsError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.mode() & 0o002 != 0 && file.metadata().map_err(fail)?.is_file() {
        return Err(SettingsError::Writable { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(SettingsError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| SettingsError::NotText { path: path.to_owned() })
}

#[cfg(test)]
mod tests;
