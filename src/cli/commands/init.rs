//! `lifeboat init`: make a repository and its first key slot.

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::time::Clock as _;
use crate::cli::commands::key::{read_recipients, slot_label};
use crate::cli::commands::store::probe::{self, Probed};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::opening::{local_paths, open_failure, prompts, store};
use crate::cli::secrets::{PassphraseSource, ask_new};
use crate::crypto::recipients::{SlotRecipient, WORK_FACTOR_DEFAULT};
use crate::repo::init;
use crate::repo::open::Repository;
use crate::repo::pin::Known;
use crate::store::s3::options::{Conditional, S3Options};
use crate::store::timed::SETTLE_DEFAULT;
use crate::sys::clock::SystemClock;
use crate::sys::process;
use crate::ui::{escape, format};

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

    /// Make it even where a trial shows that the store is not safe for a repository
    ///
    /// Before a repository is made in a bucket, real writes are raced there (see `store probe`). Where the
    /// server lets writers replace each other's objects, a slower protocol keeps them apart by time, and is
    /// recorded in the repository. With this flag it is not, and you see to it that only one process at a
    /// time ever writes.
    #[arg(long)]
    pub allow_unsafe_store: bool,

    /// A remark on the first key slots, shown by `key list`
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
}

/// What `--json` prints: schema `lifeboat.init/1`.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    location: String,
    id: String,
    fingerprint: String,
    slots: Vec<String>,
    settle_seconds: Option<f64>,
}

/// Tries all servers at once: each takes many seconds, most of them waiting.
fn look_at_all(urls: &[&str]) -> Vec<Result<Probed, Failure>> {
    thread::scope(|scope| {
        let looks: Vec<_> = urls.iter().map(|url| scope.spawn(|| probe::look(url, true))).collect();
        looks.into_iter().map(|look| look.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Refuses a server that does not keep what a repository rests on. The settle time of the time-based
/// protocol, where that makes up for what the server lacks.
fn judge(url: &str, probed: &Probed, anyway: bool, context: &Context) -> Result<Option<Duration>, Failure> {
    let faults = probed.faults();
    if let Some(why) = probed.lock_fault(url) {
        let found = format!("{} does not lock objects, as `lock` asks: {why}", probed.location);
        return Err(Failure::usage(found)
            .hint("make another bucket with Object Lock switched on, or leave out `lock`"));
    }
    let by_url = S3Options::parse(url.trim_start_matches("s3://")).ok();
    let (conditional, settle) =
        by_url.map_or((Conditional::Server, SETTLE_DEFAULT), |options| (options.conditional, options.settle));
    if conditional == Conditional::TimeBased && (faults.is_empty() || probed.needs_time()) {
        return Ok(Some(settle));
    }
    if faults.is_empty() {
        return Ok(None);
    }
    if !anyway && probed.needs_time() && conditional == Conditional::Server {
        context.output.warn(&escape::lines(&format!(
            "warning: {} does not keep writers apart: {}; the slower, time-based protocol is used there: \
             each backup, key slot and collection takes {} longer (settle={} in the URL sets it), and \
             every host must finish a small write within that time; `lifeboat store policy --time-based` \
             prints the rights that takes",
            probed.location,
            faults.join("; "),
            format::duration(settle),
            format::duration(settle),
        )));
        return Ok(Some(settle));
    }
    let found = format!("{} is not safe for a repository: {}", probed.location, faults.join("; "));
    if anyway {
        let found = escape::lines(&found);
        context.output.warn(&format!("warning: {found}; only one process at a time may ever write there"));
        return Ok(None);
    }
    Err(Failure::new(ErrorKind::Failed, found).hint(
        "keep it on a server that honours If-None-Match and If-Match; or, if only one process at a time will \
         ever write, run init again with --allow-unsafe-store, and with conditional=single-writer in the URL",
    ))
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let mut choice = context.repository(None)?;
    let mut recipients = read_recipients(&args.recipient)?;
    if args.passphrase || recipients.is_empty() {
        let passphrase = match &choice.passphrase {
            Some(source) if *source != PassphraseSource::Terminal => source.read("New passphrase: ")?,
            _ => ask_new("New passphrase: ")?,
        };
        let recipient = SlotRecipient::passphrase(passphrase, WORK_FACTOR_DEFAULT);
        recipients.push(recipient.map_err(|error| Failure::of(error.kind(), &error))?);
    }
    let label = slot_label(args.label.as_deref(), &process::host_name())?;
    let paths = local_paths(context)?;
    let mut settle = None;
    let urls: Vec<&str> = choice.urls().filter(|url| url.starts_with("s3://")).collect();
    for (url, probed) in urls.iter().zip(look_at_all(&urls)) {
        settle = settle.max(judge(url, &probed?, args.allow_unsafe_store, context)?);
    }
    if let Some(settle) = settle {
        choice.keep_apart_by_time(settle);
    }
    let client = store(context, &choice, true)?;
    let (config, keyring) = init::create(&client, &recipients, &label, SystemClock.now(), &prompts(), settle)
        .map_err(|e| open_failure(&e))?;
    // Whatever was known at this place before is gone: this repository was made here and now.
    Known::of(&paths.state, &client.location())
        .pin(&config.fingerprint())
        .map_err(|error| Failure::of(error.kind(), &error))?;
    let repository = Repository::from_parts(client, config, keyring, choice.fingerprint.as_deref(), paths)
        .map_err(|error| open_failure(&error))?;
    let fingerprint = repository.config().fingerprint();
    if context.output.json {
        let document = Document {
            schema: "lifeboat.init/1",
            location: repository.client().location(),
            id: repository.id().to_string(),
            fingerprint: fingerprint.to_hex(),
            slots: recipients.iter().map(SlotRecipient::describe).collect(),
            settle_seconds: settle.map(|settle| settle.as_secs_f64()),
        };
        context.output.document(&document)?;
        return Ok(Outcome::Done);
    }
    if !context.output.quiet {
        let slots: Vec<String> = recipients.iter().map(SlotRecipient::describe).collect();
        context.output.text(&format!(
            "made a repository at {}\nid           {}\nfingerprint  {fingerprint}\nopens with   {}\n\n\
             Keep the key or passphrase where a disaster cannot take it: without it nothing comes back.\n\
             Next: lifeboat backup PATH --repo {}\n",
            escape::text(&repository.client().location()),
            repository.id(),
            escape::lines(&slots.join("\n             ")),
            escape::shell(&choice.url),
        ))?;
    }
    Ok(Outcome::Done)
}
