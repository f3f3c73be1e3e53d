//! `lifeboat system`: the state of a machine beside its files.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::values::{SnapshotName, parse_duration, parse_snapshot};

const CAPTURE_EXAMPLES: &str = "\
Examples:
  lifeboat system capture
      Print the machine's state as JSON, without password hashes and the like.
  lifeboat system capture --output /root/state/
      Write it with the files behind it (fstab, sfdisk's dump, keyrings) into a new directory.
  lifeboat system capture --root /mnt/new --output new.json
      The state of a system that is mounted or debootstrapped at /mnt/new.";

const SHOW_EXAMPLES: &str = "\
Examples:
  lifeboat system show latest
      What was captured with the newest snapshot.
  lifeboat system show live --section storage --section boot
      Disks, and how this machine starts.
  lifeboat system show latest@web1 --format html > web1.html
      One page for the binder in the safe.";

const DIFF_EXAMPLES: &str = "\
Examples:
  lifeboat system diff latest live
      What has changed on this machine since the newest snapshot, and what it means for a restore.
  lifeboat system diff latest live --severity major --exit-code
      For a check: exit status 5 where something changed that matters.
  lifeboat system diff ./before.json live:/mnt/new --section packages --section accounts
      Compare a kept state with a system in a directory.";

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Capture the machine's state without a backup
    ///
    /// Collectors look at disks, boot loader, packages, services, accounts, network and containers side by
    /// side, each with a time limit. What cannot be found out is a warning; exit status 3 where a whole
    /// section is missing. `backup --system` does the same and keeps it in the snapshot.
    ///
    /// Password hashes, containers' variables and files that hold secrets are left out unless --with-secrets
    /// is given; inside a snapshot, which is encrypted, they are kept.
    #[command(after_help = CAPTURE_EXAMPLES)]
    Capture(CaptureArgs),
    /// Show a machine's state
    ///
    /// Shows what `backup --system` put into a snapshot, what a file of `system capture` holds, or this
    /// machine as it is. Secrets are never shown.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Compare two states, and say what the differences mean for a restore
    ///
    /// Lists what was added, removed and changed from OLD to NEW, the worst first. The severity tells how
    /// much it matters when OLD is restored: `critical` (it may not start, or needs other disks), `major`
    /// (something runs or is reached otherwise), `minor`, `info` (comes and goes by itself). Where one side
    /// could not look, it says `unknown` rather than `removed`.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
}

/// A machine's state: of a snapshot, in a file, or as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateName {
    /// What was captured with a snapshot.
    Snapshot(SnapshotName),
    /// A file, or a directory that holds one.
    File(PathBuf),
    /// The system below this directory, now.
    Live(PathBuf),
}

/// `live`, `live:DIR`, a path, or a snapshot. A word with a slash or that ends with `.json` is a path.
pub fn parse_state(text: OsString) -> Result<StateName, String> {
    let Some(word) = text.to_str() else { return Ok(StateName::File(text.into())) };
    match word.strip_prefix("live") {
        Some("") => return Ok(StateName::Live("/".into())),
        Some(rest) if rest.starts_with(':') => {
            let directory = if rest == ":" { "/" } else { &rest[1..] };
            return Ok(StateName::Live(directory.into()));
        }
        _ => {}
    }
    if word.contains('/') || word.ends_with(".json") {
        return Ok(StateName::File(word.into()));
    }
    let what = "a state is `live`, `live:DIR`, a file (write ./NAME), or a snapshot";
    parse_snapshot(word).map(StateName::Snapshot).map_err(|error| format!("{what}; {error}"))
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and trees.
    #[default]
    Text,
    /// One page that stands by itself.
    Html,
}

/// A section of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Section {
    /// Names, operating system, hardware.
    Host,
    /// Firmware, boot loaders, kernels.
    Boot,
    /// Disks and all that lies on them, mounts, fstab.
    Storage,
    /// Packages, repositories, keys.
    Packages,
    /// Units and timers.
    Services,
    /// Crontabs.
    Schedules,
    /// Users and groups.
    Accounts,
    /// Locale, kernel parameters and modules, access control.
    Settings,
    /// Interfaces, routes, names, firewall.
    Network,
    /// Containers, images, volumes.
    Containers,
    /// How the capture went.
    Collectors,
    /// The files that are kept beside it.
    Files,
}

impl Section {
    /// Its name in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Section::Host => "host",
            Section::Boot => "boot",
            Section::Storage => "storage",
            Section::Packages => "packages",
            Section::Services => "services",
            Section::Schedules => "schedules",
            Section::Accounts => "accounts",
            Section::Settings => "settings",
            Section::Network => "network",
            Section::Containers => "containers",
            Section::Collectors => "collectors",
            Section::Files => "files",
        }
    }
}

/// How much a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Anything at all.
    Info,
    /// Works a little differently.
    Minor,
    /// Something runs or is reached otherwise.
    Major,
    /// May not start, or needs other disks.
    Critical,
}

/// Arguments of `capture`.
#[derive(Clone, Debug, clap::Args)]
pub struct CaptureArgs {
    /// Write to this file, or with the files behind it into this new or empty directory (end it with /)
    #[arg(long, short, value_name = "FILE|DIR")]
    pub output: Option<PathBuf>,

    /// Capture the system below this directory instead of the running one
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,

    /// Keep LUKS headers (needs an --output directory and --with-secrets)
    ///
    /// Whoever has a header and any passphrase that it ever had can open the disk, even after the passphrase
    /// was changed.
    #[arg(long, requires_all = ["output", "with_secrets"])]
    pub with_luks_headers: bool,

    /// Write password hashes, containers' variables and files that hold secrets as well
    #[arg(long)]
    pub with_secrets: bool,

    /// How long each collector may take, such as 30s; two minutes otherwise
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
}

/// Arguments of `show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// SNAP, `live`, `live:DIR`, or a file of `system capture`
    #[arg(value_name = "STATE", default_value = "latest",
          value_parser = OsStringValueParser::new().try_map(parse_state))]
    pub state: StateName,

    /// Show this section alone; may be given several times
    #[arg(long, short, value_name = "NAME", value_enum)]
    pub section: Vec<Section>,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", conflicts_with = "json")]
    pub format: Format,
}

/// Arguments of `diff`.
#[derive(Clone, Debug, clap::Args)]
pub struct DiffArgs {
    /// The old state: SNAP, `live`, `live:DIR`, or a file of `system capture`
    #[arg(value_name = "OLD", value_parser = OsStringValueParser::new().try_map(parse_state))]
    pub old: StateName,

    /// The new state
    #[arg(value_name = "NEW", value_parser = OsStringValueParser::new().try_map(parse_state))]
    pub new: StateName,

    /// Compare this section alone; may be given several times
    #[arg(long, short, value_name = "NAME", value_enum)]
    pub section: Vec<Section>,

    /// Leave out what matters less than this
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "info")]
    pub severity: Level,

    /// End with exit status 5 where anything that is listed differs
    #[arg(long)]
    pub exit_code: bool,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", conflicts_with = "json")]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_their_looks_say() {
        let parse = |text: &str| parse_state(text.into());
        assert_eq!(parse("live"), Ok(StateName::Live("/".into())));
        assert_eq!(parse("live:/mnt"), Ok(StateName::Live("/mnt".into())));
        assert_eq!(parse("a.json"), Ok(StateName::File("a.json".into())));
        assert_eq!(parse("./live"), Ok(StateName::File("./live".into())));
        assert!(matches!(parse("latest@web1"), Ok(StateName::Snapshot(_))));
        assert!(parse("lively").unwrap_err().contains("live:DIR"));
    }
}
