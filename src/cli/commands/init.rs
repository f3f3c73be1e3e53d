//! `lifeboat init`: make a repository and its first key slot.

use crate::cli::values::parse_host;

const EXAMPLES: &str = "\
Examples:
  lifeboat init --repo /backup/repo
      Ask for a passphrase; whoever knows it can do everything.
  lifeboat init --repo /backup/repo --recipient age1…
      Make a repository that an age identity opens.
  lifeboat init --repo /backup/repo --recipient ~/.ssh/id_ed25519.pub --passphrase
      Make it open to an ssh key, and to a passphrase as well.";

/// Make a repository
///
/// Makes a repository in an empty place.
///
/// Without a recipient, a passphrase is asked for on a terminal, or taken from the usual sources. The new
/// repository has one key slot for each recipient, and each of them may do everything: give hosts a
/// smaller role with `lifeboat key add --role writer`. The fingerprint it prints is what to pin in the
/// configuration.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Let this age or ssh public key, or the keys in this file, open the repository
    ///
    /// age1…, ssh-ed25519 …, ssh-rsa …, an age plugin's recipient, or a file with one of these a line.
    #[arg(long, value_name = "KEY|FILE")]
    pub recipient: Vec<String>,

    /// Let a passphrase open it, beside the recipients
    #[arg(long)]
    pub passphrase: bool,

    /// Enrol this host instead of the machine's own name
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    pub host: Option<String>,

    /// A remark on the first key slots, shown by `key list`
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
}
