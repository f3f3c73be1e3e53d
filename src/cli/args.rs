//! What was typed: the one definition of the command line.
//!
//! The parser, the help, the manual pages and the completions all come from here and from the
//! `Args` of each file in `commands/`. Nothing here says what a flag means: a command joins what was
//! typed with the environment and the configuration (see `context`), and only then acts. The
//! environment is deliberately not read by clap, for a flag, a variable and the file must be told
//! apart to have their order.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::base::time::Timestamp;
use crate::cli::commands;
use crate::cli::values::{parse_size, parse_time};

/// The heading under which help lists what every command takes.
pub const GLOBAL_HEADING: &str = "Global options";

const ABOUT: &str = "Encrypted, deduplicated backups, and restores that can be relied on";

const LONG_ABOUT: &str = "\
Lifeboat keeps encrypted, deduplicated snapshots of files and of programs' output in a repository, \
and brings them back. Every object of a repository is a standard age file that holds standard zstd \
frames and JSON, so that stock tools can read it without Lifeboat. \
A backup host needs no more than a writer's key: it adds snapshots, but can neither read old ones \
nor delete any.";

const EXAMPLES: &str = "\
Examples:
  lifeboat init --repo /backup/repo
      Make a repository and ask for its passphrase.
  lifeboat backup /etc /home --repo /backup/repo
      Back up two directories; the next run reads only what has changed.
  lifeboat snapshots --repo /backup/repo
      List what there is.
  lifeboat restore latest:/etc --target /tmp/etc --repo /backup/repo
      Bring back one directory of the newest snapshot.
  lifeboat demo
      Try all of it in a temporary directory.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "lifeboat",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    max_term_width = 100,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = GLOBAL_HEADING)]
pub struct GlobalArgs {
    /// The repository: a directory, s3://BUCKET/PREFIX, or a name from the configuration [$LIFEBOAT_REPO]
    ///
    /// A value that is the name of a [repository.NAME] in the configuration means that one; write ./NAME
    /// for a directory of the same name. Without it, the configuration's default is taken, or its only
    /// repository.
    #[arg(long, short, global = true, value_name = "URL")]
    pub repo: Option<String>,

    /// Read this configuration file instead of the usual one [$LIFEBOAT_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Open the repository with an age identity file or an ssh key [$LIFEBOAT_IDENTITY_FILE]
    ///
    /// May be given several times. A file that is itself protected by a passphrase asks for it.
    #[arg(long, short, global = true, value_name = "FILE")]
    pub identity: Vec<PathBuf>,

    /// Read the repository's passphrase from the first line of a file [$LIFEBOAT_PASSPHRASE_FILE]
    #[arg(long, global = true, value_name = "FILE",
          conflicts_with_all = ["passphrase_command", "passphrase_fd"])]
    pub passphrase_file: Option<PathBuf>,

    /// Take the passphrase from the first line a command prints [$LIFEBOAT_PASSPHRASE_COMMAND]
    ///
    /// The command is given to `sh -c`.
    #[arg(long, global = true, value_name = "COMMAND", conflicts_with = "passphrase_fd")]
    pub passphrase_command: Option<String>,

    /// Read the passphrase from the first line of an open file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u16>,

    /// Keep the local index and catalogue here [$LIFEBOAT_CACHE_DIR]
    ///
    /// What is in it can be lost at any time: it is made again from the repository.
    #[arg(long, global = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,

    /// Keep pinned fingerprints and journals here [$LIFEBOAT_STATE_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// Fetch at once, in a restore from an object store, what fits into about this much memory, such as 512M
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub memory_limit: Option<u64>,

    /// Send at most this much to the repository in a second, such as 5M; 0 for no limit
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub limit_upload: Option<u64>,

    /// Fetch at most this much from the repository in a second, such as 20M; 0 for no limit
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub limit_download: Option<u64>,

    /// Ask a store behind a network for at most this much at once
    ///
    /// Fewer are asked at first, and fewer again where the store slows down or asks for it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub connections: Option<u16>,

    /// Show the repository as it was at this time, ignoring what was deleted or overwritten since
    ///
    /// For commands that read, on a bucket that keeps versions. The time is that of the store's own clock.
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    pub as_of: Option<Timestamp>,

    /// Print one JSON document on standard output, and nothing else there
    #[arg(long, global = true)]
    pub json: bool,

    /// Say nothing but warnings and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more; twice, still more
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Show no progress, even on a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// When to use colours; NO_COLOR in the environment means never
    #[arg(long, global = true, value_name = "WHEN", value_enum)]
    pub color: Option<ColorWhen>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// Where it is a terminal that has them.
    Auto,
    /// In files and pipes too.
    Always,
    /// Nowhere.
    Never,
}

/// Every command there is; what each is for stands with its `Args`, where its options are.
#[derive(Debug, Subcommand)]
pub enum Command {
    Init(commands::init::Args),
    Backup(Box<commands::backup::Args>),
    Snapshots(commands::snapshots::Args),
    Ls(commands::ls::Args),
    Cat(commands::cat::Args),
    Dump(commands::dump::Args),
    Find(commands::find::Args),
    Diff(commands::diff::Args),
    Stats(commands::stats::Args),
    Restore(Box<commands::restore::Args>),
    /// Look at the database dumps of a snapshot, and load them again
    #[command(subcommand)]
    Database(commands::database::Command),
    Check(commands::check::Args),
    /// Manage who can open the repository
    #[command(subcommand)]
    Key(commands::key::Command),
    /// Look at the store a repository is kept in
    #[command(subcommand)]
    Store(commands::store::Command),
    /// Look after the stores of a repository that has several
    #[command(subcommand)]
    Replica(commands::replica::Command),
    /// Keep what snapshots need locked (S3 Object Lock), and tell what is not
    #[command(subcommand)]
    Lock(commands::lock::Command),
    Recover(commands::recover::Args),
    /// Tell people what happens, and see who was told
    #[command(subcommand)]
    Notify(commands::notify::Command),
    Watch(commands::watch::Args),
    /// Run what is to be done in a disaster, step by step, with proof that it was
    #[command(subcommand)]
    Runbook(commands::runbook::Command),
    /// Look at the state of a machine: disks, boot loader, packages, services, accounts
    #[command(subcommand)]
    System(commands::system::Command),
    /// Look after the configuration file
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Plan restores: build, review, and carry them out step by step
    #[command(subcommand)]
    Plan(commands::plan::Command),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
    Demo(commands::demo::Args),
    Version(commands::version::Args),
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Cli;
    use crate::cli::environment::VARIABLES;

    /// Every command with its path, such as `lifeboat key add`.
    fn each(command: &clap::Command, visit: &mut impl FnMut(&clap::Command)) {
        visit(command);
        command.get_subcommands().for_each(|sub| each(sub, visit));
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn everything_has_help_and_every_command_has_examples() {
        each(&Cli::command(), &mut |command| {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no help");
            let examples = command.get_after_help().map(|text| text.to_string()).unwrap_or_default();
            let leaf = command.get_subcommands().next().is_none();
            assert!(!leaf || examples.starts_with("Examples:\n"), "{name} has no examples");
            for arg in command.get_arguments() {
                assert!(arg.get_help().is_some(), "{name}: {} has no help", arg.get_id());
            }
        });
    }

    #[test]
    fn every_example_parses() {
        each(&Cli::command(), &mut |command| {
            let examples = command.get_after_help().map(|text| text.to_string()).unwrap_or_default();
            for line in examples.lines() {
                // Pipelines and redirections belong to the shell.
                let Some(at) =
                    line.find("lifeboat ").filter(|_| line.starts_with("  ") && !line.starts_with("   "))
                else {
                    continue;
                };
                let typed = line[at..].split(['|', '>']).next().unwrap_or_default();
                let words: Vec<String> =
                    typed.split_whitespace().map(|word| word.replace(['\'', '"'], "")).collect();
                if let Err(error) = Cli::try_parse_from(&words) {
                    panic!("{line}\n{error}");
                }
            }
        });
    }

    #[test]
    fn variables_named_in_help_are_variables_that_are_read() {
        each(&Cli::command(), &mut |command| {
            for arg in command.get_arguments() {
                let help = arg.get_help().map(|text| text.to_string()).unwrap_or_default();
                if let Some((_, name)) = help.split_once("[$") {
                    let name = name.trim_end_matches(']');
                    assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name} is read nowhere");
                }
            }
        });
    }

    #[test]
    fn global_flags_are_understood_on_either_side_of_the_command() {
        for words in [["lifeboat", "--json", "version"], ["lifeboat", "version", "--json"]] {
            assert!(Cli::try_parse_from(words).unwrap().global.json);
        }
    }
}
