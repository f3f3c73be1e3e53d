//! `lifeboat store`: what a store can do, and what a role needs of it.

mod policy;
pub mod probe;

use crate::cli::commands::key::RoleName;
use crate::cli::context::Context;
use crate::cli::exit::CommandResult;

const EXAMPLES_PROBE: &str = "\
Examples:
  lifeboat store probe 's3://bucket/prefix?endpoint=https://s3.example.com'
      May a repository be kept there? Nothing stays behind.
  lifeboat store probe --repo offsite
      The same of a repository of the configuration.";

const EXAMPLES_POLICY: &str = "\
Examples:
  lifeboat store policy --role writer --bucket backups --prefix prod
      What a backup host needs, and no more: it can delete nothing but its own session.
  lifeboat store policy --role writer 's3://backups/prod?lock=compliance&lock-for=30d'
      The same where objects are locked: it may lock for 30 days, not for longer, and unlock nothing.
  lifeboat store policy --role restorer s3://backups/prod
      The same question for people who restore and manage keys.
  lifeboat store policy --role writer --time-based s3://backups/prod
      What a backup host needs where the server has no conditional writes, as `init` said.";

/// Finds out what a store can do, and prints what a role needs of it.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Find out whether a store is sound
    ///
    /// Races real writes against each other, below `probe/` of the store, and removes them again: is an
    /// object ever replaced that must not be, is what was written read and listed at once, are ranges
    /// exact? Of an S3 server, it also finds out which extras there are: checksums on the wire,
    /// versioning, Object Lock. Where objects can be locked, one is locked for a minute, and deleting and
    /// unlocking it is tried; a hidden version of it may stay for that minute. Exit status 1 if a repository
    /// would not be safe there.
    #[command(after_help = EXAMPLES_PROBE)]
    Probe(ProbeArgs),

    /// Print the IAM policy that a role needs
    ///
    /// The smallest one: a writer can replace and delete nothing that was stored, a maintainer collects
    /// garbage, a restorer reads everything and manages keys. With ?lock=MODE in the URL, or `lock` in the
    /// configuration, it has what locking needs besides, and denies what would undo it. Where writers are
    /// kept apart by time, it has what that takes, and cannot keep a writer from replacing what it could have
    /// created. Objects encrypted with a KMS key need kms:GenerateDataKey and kms:Decrypt on that key
    /// besides.
    #[command(after_help = EXAMPLES_POLICY)]
    Policy(PolicyArgs),
}

/// `lifeboat store probe`.
#[derive(Clone, Debug, clap::Args)]
pub struct ProbeArgs {
    /// The store: a directory or an s3:// URL; the repository that --repo names otherwise
    #[arg(value_name = "URL")]
    pub url: Option<String>,
}

/// `lifeboat store policy`.
#[derive(Clone, Debug, clap::Args)]
pub struct PolicyArgs {
    /// Whose policy
    #[arg(long, value_name = "ROLE", value_enum)]
    pub role: RoleName,

    /// The store as an s3:// URL; the repository that --repo names otherwise
    #[arg(value_name = "URL", conflicts_with = "bucket")]
    pub url: Option<String>,

    /// The bucket, in place of a URL
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,

    /// What keys begin with in that bucket
    #[arg(long, value_name = "PREFIX", requires = "bucket")]
    pub prefix: Option<String>,

    /// For a repository whose writers are kept apart by time, as `init` said; so is conditional=time-based
    #[arg(long)]
    pub time_based: bool,

    /// The partition: aws, aws-cn or aws-us-gov
    #[arg(long, value_name = "NAME", default_value = "aws", value_parser = ["aws", "aws-cn", "aws-us-gov"])]
    pub partition: String,
}

/// Runs the command.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Probe(args) => probe::run(args, context),
        Command::Policy(args) => policy::run(args, context),
    }
}
