//! `lifeboat key`: manage who can open the repository.

mod add;
mod export;
mod list;
mod passwd;
mod remove;
mod trust;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::base::error_kind::ErrorKind;
use crate::base::role::Role;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure};
use crate::cli::secrets::{PassphraseSource, ask_new};
use crate::cli::values::parse_host;
use crate::crypto::recipients::{SlotRecipient, WORK_FACTOR_DEFAULT};
use crate::repo::slots::SlotError;
use crate::repo::slots::name::is_label;
use crate::sys::file::read_bounded;

/// Longest file of recipients.
const RECIPIENTS_MAX_BYTES: u64 = 1 << 20;

const EXAMPLES_LIST: &str = "\
Examples:
  lifeboat key list
      Who can open the repository, and what may they do?";

const EXAMPLES_ADD: &str = "\
Examples:
  lifeboat key add --role writer --host web1 --recipient age1…
      Let a host back up; it can neither read old data nor delete any.
  lifeboat key add --role restorer --recipient admin-keys.txt --label 'on-call'
      Let the people whose keys are in a file do everything.
  lifeboat key add --role maintainer --new-passphrase
      Ask for a passphrase that opens the maintainer's role.";

const EXAMPLES_REMOVE: &str = "\
Examples:
  lifeboat key remove writer-web1-5d02a9f1
      Close the slot of this name.
  lifeboat key remove web1
      Close the slot with this label, if it is the only one.";

const EXAMPLES_PASSWD: &str = "\
Examples:
  lifeboat key passwd
      Ask for the old passphrase, and for a new one twice.
  lifeboat key passwd --passphrase-file old --new-passphrase-file new
      The same for scripts.";

const EXAMPLES_EXPORT: &str = "\
Examples:
  lifeboat key export --output repository-keys.txt
      Keep this file offline: stock age reads the repository with it.";

const EXAMPLES_TRUST: &str = "\
Examples:
  lifeboat key trust 5d02a9f1c0ffee5d02a9f1c0ffee5d02
      Accept the repository with this fingerprint from now on.";

/// Manages key slots. Each opens one role of the repository for one recipient; data is never written anew
/// for it.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List key slots: name, role, label, and what opens them
    ///
    /// Needs no key: what is listed is what the store shows to anybody, and nothing of it is proven. The
    /// slot that the key or passphrase at hand opens is marked.
    #[command(after_help = EXAMPLES_LIST)]
    List,

    /// Open a role for one more key or passphrase
    #[command(after_help = EXAMPLES_ADD)]
    Add(AddArgs),

    /// Remove a key slot
    ///
    /// Whoever had it may have kept what was in it: for a key that was stolen, rotate the repository's
    /// keys too. The last slot of a restorer is not removed.
    #[command(after_help = EXAMPLES_REMOVE)]
    Remove(RemoveArgs),

    /// Change a passphrase
    ///
    /// Seals the slot that the old passphrase opens to a new one, and deletes the old. Whoever knows the old
    /// passphrase and has a copy of the old slot can still open that.
    #[command(after_help = EXAMPLES_PASSWD)]
    Passwd(PasswdArgs),

    /// Write the repository's own private keys to a file, for recovery with stock tools
    ///
    /// Whoever has this file can read everything. It cannot be taken back by removing a slot.
    #[command(after_help = EXAMPLES_EXPORT)]
    Export(ExportArgs),

    /// Accept a repository by its fingerprint
    ///
    /// A repository's fingerprint is pinned when it is first used; a different one at the same place is
    /// refused. This accepts it, if it is the one that is there. Compare it with what `init` showed, not
    /// with what the error says.
    #[command(after_help = EXAMPLES_TRUST)]
    Trust(TrustArgs),
}

/// `lifeboat key add`.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).multiple(true)
    .args(["recipient", "new_passphrase", "new_passphrase_file", "new_passphrase_command"]))]
pub struct AddArgs {
    /// What the new key may do
    #[arg(long, value_name = "ROLE", value_enum)]
    pub role: RoleName,

    /// The host that a writer's key is for; its signing key is made and enrolled
    #[arg(long, value_name = "NAME", value_parser = parse_host, required_if_eq("role", "writer"))]
    pub host: Option<String>,

    /// A remark, shown by `key list`
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,

    /// An age or ssh public key, or a file with one on each line; may be given several times
    #[arg(long, value_name = "KEY|FILE")]
    pub recipient: Vec<String>,

    /// Where a new passphrase comes from.
    #[command(flatten)]
    pub passphrase: NewPassphraseArgs,
}

/// Where a new passphrase comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct NewPassphraseArgs {
    /// Ask for the new passphrase on the terminal
    #[arg(long, conflicts_with_all = ["new_passphrase_file", "new_passphrase_command"])]
    pub new_passphrase: bool,

    /// Read the new passphrase from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with = "new_passphrase_command")]
    pub new_passphrase_file: Option<PathBuf>,

    /// Take the new passphrase from the first line a command prints
    #[arg(long, value_name = "COMMAND")]
    pub new_passphrase_command: Option<String>,
}

/// `lifeboat key remove`.
#[derive(Clone, Debug, clap::Args)]
pub struct RemoveArgs {
    /// The slot's name, as `key list` shows it; its label, or the digits at its end
    #[arg(value_name = "SLOT", required = true)]
    pub slots: Vec<String>,
}

/// `lifeboat key passwd`.
#[derive(Clone, Debug, clap::Args)]
pub struct PasswdArgs {
    /// Where a new passphrase comes from.
    #[command(flatten)]
    pub passphrase: NewPassphraseArgs,
}

/// `lifeboat key export`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The file to write, readable by its owner only; it must not exist. `-` is standard output
    ///
    /// On a terminal, `-` asks first.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// `lifeboat key trust`.
#[derive(Clone, Debug, clap::Args)]
pub struct TrustArgs {
    /// The fingerprint, as `init` and `key list` show it
    #[arg(value_name = "FINGERPRINT")]
    pub fingerprint: String,
}

/// The roles, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Adds snapshots; reads no old data, deletes nothing.
    Writer,
    /// Sees names and structure, collects garbage; reads no contents.
    Maintainer,
    /// Reads everything, manages keys.
    Restorer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Writer => Role::Writer,
            RoleName::Maintainer => Role::Maintainer,
            RoleName::Restorer => Role::Restorer,
        }
    }
}

/// Runs the command.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::List => list::run(context),
        Command::Add(args) => add::run(args, context),
        Command::Remove(args) => remove::run(args, context),
        Command::Passwd(args) => passwd::run(args, context),
        Command::Export(args) => export::run(args, context),
        Command::Trust(args) => trust::run(args, context),
    }
}

impl NewPassphraseArgs {
    /// A slot's recipient that is the new passphrase; `None` where no flag names one.
    fn recipient(&self) -> Result<Option<SlotRecipient>, Failure> {
        let file = self.new_passphrase_file.clone().map(PassphraseSource::File);
        let source = file.or_else(|| self.new_passphrase_command.clone().map(PassphraseSource::Command));
        let passphrase = match source {
            Some(source) => source.read("New passphrase: ")?,
            None if self.new_passphrase => ask_new("New passphrase: ")?,
            None => return Ok(None),
        };
        let recipient = SlotRecipient::passphrase(passphrase, WORK_FACTOR_DEFAULT);
        recipient.map(Some).map_err(|error| Failure::of(error.kind(), &error))
    }
}

/// An error of key slots, for people.
fn slot_failure(error: &SlotError) -> Failure {
    Failure::of(error.kind(), error)
}

/// The recipients that `--recipient` names: keys themselves, or files with one a line.
pub fn read_recipients(texts: &[String]) -> Result<Vec<SlotRecipient>, Failure> {
    let mut recipients = Vec::new();
    for text in texts {
        let is_key = ["age1", "ssh-", "AGE-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start));
        let lines = match is_key {
            true => text.clone(),
            false => {
                let path = Path::new(text);
                let bytes = read_bounded(path, RECIPIENTS_MAX_BYTES).map_err(|error| {
                    Failure::of(ErrorKind::Usage, &error)
                        .hint("--recipient takes age1…, ssh-ed25519 …, ssh-rsa …, or a file with such lines")
                })?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let keys = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let before = recipients.len();
        for key in keys {
            let recipient =
                SlotRecipient::parse(key).map_err(|error| Failure::of(ErrorKind::Usage, &error))?;
            recipients.push(recipient);
        }
        if recipients.len() == before {
            return Err(Failure::usage(format!("there is no public key in {text}")));
        }
    }
    Ok(recipients)
}

/// A slot's label: what was given, if it can be one, or what `fallback` makes.
pub fn slot_label(given: Option<&str>, fallback: &str) -> Result<String, Failure> {
    match given {
        Some(label) if is_label(label) => Ok(label.to_owned()),
        Some(label) => Err(Failure::usage(format!(
            "{label:?} cannot be a label: it takes up to 64 letters, digits and . _ @ + -"
        ))),
        None => {
            let fine = |c: char| if c.is_ascii_alphanumeric() || "._@+-".contains(c) { c } else { '-' };
            let text: String = fallback.chars().take(64).map(fine).collect();
            Ok(if is_label(&text) { text } else { "owner".to_owned() })
        }
    }
}
