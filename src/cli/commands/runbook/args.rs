//! What the commands of `lifeboat runbook` take.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::ValueEnum;

/// Where runbooks are.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DirArgs {
    /// The directory of the runbooks; `runbooks` beside lifeboat.toml otherwise
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Which runbooks.
#[derive(Clone, Debug, clap::Args)]
pub struct NamesArgs {
    /// Names of runbooks; all of them otherwise
    #[arg(value_name = "RUNBOOK")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook init`.
#[derive(Clone, Debug, clap::Args)]
pub struct InitArgs {
    /// Which starters: full-site-loss, one-host, database-corruption, ransomware, backup-overdue
    #[arg(value_name = "STARTER")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook show`.
#[derive(Clone, Debug, clap::Args)]
pub struct ShowArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub name: String,
    /// As what
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "tree")]
    pub format: ShowFormat,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub place: DirArgs,
}

/// What a runbook is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// A tree, for terminals.
    Tree,
    /// A checklist in Markdown.
    Markdown,
    /// A page.
    Html,
    /// A diagram for Mermaid.
    Mermaid,
}

/// What `run` and `resume` have in common.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GoingArgs {
    /// Wait for nobody: end with exit status 13 where nothing is left but to wait for people
    #[arg(long)]
    pub no_wait: bool,
    /// Leave the repository alone: no claim, no copy of the journal, no answers from there
    #[arg(long)]
    pub no_repository: bool,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook run`.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// The runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: String,
    /// What one of its inputs is
    #[arg(long = "input", short = 'I', value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Whether it is meant
    #[arg(long, value_name = "MODE", value_enum, default_value = "live")]
    pub mode: RunMode,
    /// Print every command, recipient, approval and wait, and do nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Begin although another run of the same runbook is not over, here or as the repository says
    #[arg(long)]
    pub another: bool,
    /// Why another run is passed over; it stands in the journal and the report
    #[arg(long, value_name = "TEXT", requires = "another")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub going: GoingArgs,
    #[command(flatten)]
    pub place: DirArgs,
}

/// Whether a run is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunMode {
    /// It is.
    Live,
    /// It is a drill: messages say so, and steps may be left out.
    Drill,
}

/// `runbook resume`.
#[derive(Clone, Debug, clap::Args)]
pub struct ResumeArgs {
    /// The run: its id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// A step in doubt, or one that failed, was done after all, and perhaps what it gave
    #[arg(long, value_name = "STEP[=OUTPUT]")]
    pub done: Vec<String>,
    /// A step in doubt is to be done again
    #[arg(long, value_name = "STEP")]
    pub repeat: Vec<String>,
    /// Take the run over from another host
    #[arg(long, conflicts_with = "no_repository")]
    pub take_over: bool,
    /// Why it is taken over; it stands in the journal and the report
    #[arg(long, value_name = "TEXT", requires = "take_over")]
    pub reason: Option<String>,
    #[command(flatten)]
    pub going: GoingArgs,
}

/// `runbook status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
    /// The run: its id, the beginning of one, or `latest`; all that are not over otherwise
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Go on showing it until it is over
    #[arg(long, short, requires = "run")]
    pub watch: bool,
}

/// `runbook approve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ApproveArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step
    #[arg(value_name = "STEP")]
    pub step: String,
    /// Refuse instead
    #[arg(long)]
    pub refuse: bool,
    /// What you have to say
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook ack`.
#[derive(Clone, Debug, clap::Args)]
pub struct AckArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step
    #[arg(value_name = "STEP")]
    pub step: String,
    /// What you saw, or have to say
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// A file to show for it; its name, length and hash are kept
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What you choose
    #[arg(long, value_name = "VALUE", conflicts_with = "failed")]
    pub choose: Option<String>,
    /// It could not be done
    #[arg(long)]
    pub failed: bool,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook abort`.
#[derive(Clone, Debug, clap::Args)]
pub struct AbortArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The name you go by; that of your user otherwise
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
}

/// `runbook history`.
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryArgs {
    /// Only runs of this runbook
    #[arg(value_name = "RUNBOOK")]
    pub runbook: Option<String>,
    /// Look into the repository as well
    #[arg(long)]
    pub repository: bool,
}

/// `runbook report`.
#[derive(Clone, Debug, clap::Args)]
pub struct ReportArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// As what; --json gives a document
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "markdown")]
    pub format: ReportFormat,
    /// Write it to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Compare with the copy in the repository as well
    #[arg(long)]
    pub repository: bool,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown.
    Markdown,
    /// A page.
    Html,
    /// A JSON document.
    Json,
}

/// `runbook fetch`.
#[derive(Clone, Debug, clap::Args)]
pub struct FetchArgs {
    /// The runbook; without one, those that there are are listed
    #[arg(value_name = "RUNBOOK")]
    pub name: Option<String>,
    /// An older version
    #[arg(long, value_name = "N")]
    pub version: Option<u64>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub place: DirArgs,
}

/// `runbook link`.
#[derive(Clone, Debug, clap::Args)]
pub struct LinkArgs {
    /// The run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The step that waits
    #[arg(value_name = "STEP")]
    pub step: String,
    /// Whose links they are
    #[arg(long = "for", value_name = "NAME")]
    pub whose: String,
    /// How long they are good for
    #[arg(long, value_name = "DURATION", default_value = "8h",
          value_parser = crate::cli::values::parse_duration)]
    pub within: std::time::Duration,
    /// What stands before them; that of the server that runs otherwise
    #[arg(long, value_name = "URL", value_parser = parse_base_url)]
    pub public_url: Option<String>,
}

/// `runbook serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8390")]
    pub listen: SocketAddr,
    /// How it is reached from outside, for links in messages
    #[arg(long, value_name = "URL", value_parser = parse_base_url)]
    pub public_url: Option<String>,
    /// Listen on an address that is not loopback: a proxy with TLS stands before it
    #[arg(long, requires = "public_url")]
    pub behind_proxy: bool,
}

/// Why links need https, unless they lead to this machine.
const IN_THE_CLEAR: &str =
    "links would go over the network in the clear, and whoever sees one can answer with it";

/// Whether a URL's host, with its port if any, is this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The beginning of a URL: what stands before the path of a link.
fn parse_base_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_fit = |rest: &str| {
        let host = rest.split('/').next().unwrap_or_default();
        !host.is_empty() && !rest.chars().any(|c| c.is_whitespace() || c.is_control() || "?#\"<>".contains(c))
    };
    let is_clear =
        |rest: &str| text.starts_with("http://") && !is_loopback(rest.split('/').next().unwrap_or_default());
    match rest.filter(|rest| is_fit(rest)) {
        // Whoever reads a link on its way can answer with it.
        Some(rest) if is_clear(rest) => Err(format!("{IN_THE_CLEAR}: it is to begin with https://")),
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err("it is to be the beginning of a URL, such as https://ops.example.com/lifeboat".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_base_url;

    #[test]
    fn links_go_in_the_clear_over_no_network() {
        for fit in [
            "https://ops.example.com/lifeboat/",
            "http://127.0.0.1:8390",
            "http://localhost",
            "http://[::1]:80/x",
        ] {
            assert_eq!(parse_base_url(fit).as_deref(), Ok(fit.trim_end_matches('/')));
        }
        for unfit in [
            "http://ops.example.com",
            "http://10.0.0.5:8390",
            "http://127.0.0.1@ops.example.com",
            "http://127.0.0.1:1@ops.example.com",
            "http://localhost.example.com",
            "http://[::1]x",
        ] {
            assert!(parse_base_url(unfit).unwrap_err().contains("in the clear"), "{unfit}");
        }
        assert!(parse_base_url("ops.example.com").unwrap_err().contains("beginning of a URL"));
    }
}
