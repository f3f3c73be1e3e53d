//! The process's environment as a value, taken once at the start.
//!
//! Nothing else reads variables, so that tests hand in their own and the manual's ENVIRONMENT
//! section, rendered from `VARIABLES`, leaves none out. An empty variable counts as one not set.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// One variable that is read.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for, for the manual.
    pub help: &'static str,
}

const fn variable(name: &'static str, help: &'static str) -> Variable {
    Variable { name, help }
}

/// Every variable that is read; a flag beats its variable, which beats the configuration.
pub const VARIABLES: &[Variable] = &[
    variable("LIFEBOAT_REPO", "The repository, as with --repo."),
    variable("LIFEBOAT_CONFIG", "The configuration file, as with --config."),
    variable(
        "LIFEBOAT_IDENTITY_FILE",
        "An age or ssh identity that opens the repository, as with --identity.",
    ),
    variable("LIFEBOAT_PASSPHRASE", "The repository's passphrase itself."),
    variable(
        "LIFEBOAT_PASSPHRASE_FILE",
        "A file whose first line is the passphrase, as with --passphrase-file.",
    ),
    variable(
        "LIFEBOAT_PASSPHRASE_COMMAND",
        "A command that prints the passphrase, as with --passphrase-command.",
    ),
    variable("LIFEBOAT_CACHE_DIR", "Where the local index and catalogue are kept, as with --cache-dir."),
    variable("LIFEBOAT_STATE_DIR", "Where pinned fingerprints and journals are kept, as with --state-dir."),
    variable(
        "CREDENTIALS_DIRECTORY",
        "systemd's credentials: files named lifeboat.passphrase and lifeboat.identity in it are used where \
         neither flags nor variables nor the configuration name a key.",
    ),
    variable("USER", "Who acknowledges and backs up, where nobody says otherwise."),
    variable("NOTIFY_SOCKET", "Where systemd is told how `watch` is (sd_notify(3))."),
    variable("WATCHDOG_USEC", "How often systemd wants to hear of `watch`."),
    variable("XDG_CONFIG_HOME", "Where lifeboat/lifeboat.toml is looked for; ~/.config otherwise."),
    variable("XDG_CACHE_HOME", "Where the cache is kept by default; ~/.cache otherwise."),
    variable("XDG_STATE_HOME", "Where state is kept by default; ~/.local/state otherwise."),
    variable("TMPDIR", "Where `demo` makes its directory; /tmp otherwise."),
    variable("HOME", "The home directory that `~` stands for."),
    variable("NO_COLOR", "If set, no colours are used unless --color=always says so."),
    variable("TERM", "If it is `dumb`, neither colours nor progress are shown."),
    variable("COLUMNS", "The width of tables, where it is not known from the terminal."),
];

/// The variables that were set.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self::new(std::env::vars_os())
    }

    /// An environment made of `pairs`; only variables of `VARIABLES` are kept.
    pub fn new(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let known = |name: &OsStr| VARIABLES.iter().any(|variable| name == variable.name);
        Self(pairs.into_iter().filter(|(name, value)| known(name) && !value.is_empty()).collect())
    }

    /// The value of `name`, unless it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        debug_assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name} is not in VARIABLES");
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The same, as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// `lifeboat` below the directory that `name` holds if it is absolute, or below `fallback` in the home
    /// directory.
    pub fn xdg(&self, name: &str, fallback: &str) -> Option<PathBuf> {
        let base = self.path(name).filter(|path| path.is_absolute());
        Some(base.or_else(|| Some(self.path("HOME")?.join(fallback)))?.join("lifeboat"))
    }
}

impl std::fmt::Debug for Environment {
    /// Names only: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The value of a variable that the configuration names as the place of a secret (`env:NAME`): read when
/// it is needed, and kept nowhere.
pub fn named(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Environment;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn empty_variables_count_as_not_set_and_others_are_not_kept() {
        let environment = environment(&[("LIFEBOAT_REPO", ""), ("HOME", "/h"), ("LD_PRELOAD", "x")]);
        assert_eq!(environment.get("LIFEBOAT_REPO"), None);
        assert_eq!(environment.get("HOME"), Some("/h".as_ref()));
        assert_eq!(environment.0.len(), 1);
    }

    #[test]
    fn relative_xdg_directories_are_passed_over() {
        let environment = environment(&[("HOME", "/h"), ("XDG_CACHE_HOME", "rel"), ("XDG_STATE_HOME", "/s")]);
        assert_eq!(environment.xdg("XDG_CACHE_HOME", ".cache"), Some("/h/.cache/lifeboat".into()));
        assert_eq!(environment.xdg("XDG_STATE_HOME", ".local/state"), Some("/s/lifeboat".into()));
    }

    #[test]
    fn values_do_not_print() {
        let shown = format!("{:?}", environment(&[("LIFEBOAT_PASSPHRASE", "hush")]));
        assert!(!shown.contains("hush"));
    }
}
