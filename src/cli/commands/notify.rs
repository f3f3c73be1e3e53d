//! `lifeboat notify`: try channels, look after the outbox, acknowledge, and drill the contact list.

mod call_tree;
mod outbox;
mod send;
mod test;

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Failure, Outcome};
use crate::cli::notifying::{self, Office};
use crate::cli::values::parse_duration;
use crate::notify::entry::Acknowledgement;
use crate::notify::event::{Outcome as How, Severity};
use crate::ui::format;

const TEST_EXAMPLES: &str = "\
Examples:
  lifeboat notify test oncall-phone
      Send a test by one channel.
  lifeboat notify test anna
      Send one by every channel of a contact, and see which work.";

const OUTBOX_EXAMPLES: &str = "\
Examples:
  lifeboat notify outbox
      What is still to be told, and what did not arrive.
  lifeboat notify outbox show 3f2a
      Everything about one event: who, by what, when, and what went wrong.
  lifeboat notify outbox retry 3f2a
      Try again what failed or is in doubt.
  lifeboat notify outbox drop 3f2a
      Give up what has not been delivered yet.";

const FLUSH_EXAMPLES: &str = "\
Examples:
  lifeboat notify flush
      Deliver what is due, and let escalations go on.";

const ACK_EXAMPLES: &str = "\
Examples:
  lifeboat notify ack 3f2a --by anna --note coming
      Say that somebody looks after it: nobody else is called.";

const SEND_EXAMPLES: &str = "\
Examples:
  lifeboat notify send --to oncall --outcome failed --title ups-on-battery
      Tell whoever is on call, and wait for nobody.
  lifeboat notify send --to all --severity critical --title fire-in-room-2 --escalation site
      Tell everybody, and go on until somebody acknowledges.";

const CALL_TREE_EXAMPLES: &str = "\
Examples:
  lifeboat notify call-tree all --wait 30m
      Ask everybody of a group to acknowledge, and report who did and how fast.";

/// What to do.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Send a test by a channel, or by every channel of a contact
    ///
    /// Goes past the outbox: each channel is tried once, and what it says is shown. A web hook that answers
    /// 410 (Gone) is disabled, by this test as by any message; once the test reaches it again, it is used
    /// again. Exit status 1 where one does not work.
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Look after what is still to be told
    #[command(after_help = OUTBOX_EXAMPLES, args_conflicts_with_subcommands = true)]
    Outbox(OutboxArgs),
    /// Deliver what is due now
    ///
    /// Every other command does that too, in its end. Exit status 1 where something could not be delivered.
    #[command(after_help = FLUSH_EXAMPLES)]
    Flush(FlushArgs),
    /// Acknowledge an event: escalation ends
    #[command(after_help = ACK_EXAMPLES)]
    Ack(AckArgs),
    /// Tell people something
    #[command(after_help = SEND_EXAMPLES)]
    Send(Box<SendArgs>),
    /// Drill the contact list: who acknowledges, and how fast
    ///
    /// Everybody who is named gets a message marked [DRILL] and is asked to acknowledge: by a button, by a
    /// link, or with `lifeboat notify ack`. Exit status 5 where somebody could not be reached or has not
    /// acknowledged in time.
    #[command(name = "call-tree", after_help = CALL_TREE_EXAMPLES)]
    CallTree(CallTreeArgs),
}

/// `notify test`.
#[derive(Clone, Debug, clap::Args)]
pub struct TestArgs {
    /// A channel, a contact or a group
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `notify outbox`.
#[derive(Clone, Debug, clap::Args)]
pub struct OutboxArgs {
    /// What to do with it; list it otherwise
    #[command(subcommand)]
    pub action: Option<OutboxAction>,
    /// List what is done as well
    #[arg(long)]
    pub all: bool,
}

/// What to do with the outbox.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum OutboxAction {
    /// Show everything about one event
    #[command(after_help = OUTBOX_EXAMPLES)]
    Show(EventArg),
    /// Try again what failed or is in doubt
    #[command(after_help = OUTBOX_EXAMPLES)]
    Retry(EventArg),
    /// Give up what has not been delivered yet
    #[command(after_help = OUTBOX_EXAMPLES)]
    Drop(EventArg),
}

/// An event.
#[derive(Clone, Debug, clap::Args)]
pub struct EventArg {
    /// Its id, or the beginning of it
    #[arg(value_name = "EVENT")]
    pub event: String,
}

/// `notify flush`.
#[derive(Clone, Debug, clap::Args)]
pub struct FlushArgs {
    /// How long to go on at the most
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5m")]
    pub wait: Duration,
}

/// `notify ack`.
#[derive(Clone, Debug, clap::Args)]
pub struct AckArgs {
    /// The event's id, or the beginning of it
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// Who looks after it; the user's name otherwise
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What there is to say
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// `notify send`.
#[derive(Clone, Debug, clap::Args)]
pub struct SendArgs {
    /// Names of contacts, groups or channels; may be given several times
    #[arg(long, value_name = "NAME", required_unless_present = "escalation")]
    pub to: Vec<String>,
    /// One line
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// What is below it; `-` reads standard input
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// How it went: what is bad can be acknowledged and escalates
    #[arg(long, value_name = "WORD", default_value = "notice", value_parser = words(How::WORDS))]
    pub outcome: String,
    /// How urgent it is; as the outcome says otherwise
    #[arg(long, value_name = "WORD", value_parser = words(Severity::WORDS))]
    pub severity: Option<String>,
    /// The matter: a failure of the same key is told once, and its end to those who were told of it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// What happens where nobody acknowledges
    #[arg(long, value_name = "NAME")]
    pub escalation: Option<String>,
    /// Mark it as a drill
    #[arg(long)]
    pub drill: bool,
}

/// `notify call-tree`.
#[derive(Clone, Debug, clap::Args)]
pub struct CallTreeArgs {
    /// Contacts and groups; may be given several times
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// How long to wait for acknowledgements
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15m")]
    pub wait: Duration,
    /// What to say
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "This is a drill of the contact list. Please acknowledge."
    )]
    pub text: String,
}

fn words(words: &'static [&'static str]) -> PossibleValuesParser {
    PossibleValuesParser::new(words)
}

/// Runs it.
pub fn run(command: &Command, context: &Context) -> CommandResult {
    match command {
        Command::Test(args) => test::run(args, context),
        Command::Outbox(args) => outbox::run(args, context),
        Command::Flush(args) => flush(args, context),
        Command::Ack(args) => ack(args, context),
        Command::Send(args) => send::run(args, context),
        Command::CallTree(args) => call_tree::run(args, context),
    }
}

/// Schema `lifeboat.notify-flush/1`.
#[derive(serde::Serialize)]
struct FlushDocument<'a> {
    schema: &'static str,
    delivered: usize,
    failed: usize,
    in_doubt: usize,
    pending: usize,
    troubles: &'a [String],
}

fn flush(args: &FlushArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let done = office.notifier()?.run(args.wait).map_err(|error| Failure::of(error.kind(), &error))?;
    if context.output.json {
        context.output.document(&FlushDocument {
            schema: "lifeboat.notify-flush/1",
            delivered: done.delivered,
            failed: done.failed,
            in_doubt: done.in_doubt,
            pending: done.pending,
            troubles: &done.troubles,
        })?;
    } else {
        context.output.note(&format!(
            "{} delivered, {} still to be delivered, {} failed, {} in doubt",
            done.delivered, done.pending, done.failed, done.in_doubt
        ));
    }
    notifying::warn(context, &done);
    Ok(match done.troubles.is_empty() {
        true => Outcome::Done,
        false => Outcome::Told(crate::base::error_kind::ErrorKind::Failed),
    })
}

fn ack(args: &AckArgs, context: &Context) -> CommandResult {
    let office = Office::open(context)?;
    let notifier = office.notifier()?;
    let failed = |error: crate::notify::error::NotifyError| Failure::of(error.kind(), &error);
    let entry = notifier.status(&args.event).map_err(failed)?;
    let user = || context.environment.get("USER").map(|user| user.to_string_lossy().into_owned());
    let by = args.by.clone().or_else(user).unwrap_or_else(|| "somebody".into());
    let time = notifier.now();
    let note = args.note.clone();
    let ack = Acknowledgement { by: by.clone(), time, via: "command".into(), note };
    let entry = notifier.acknowledge(&entry.event.id, ack).map_err(failed)?;
    if context.output.json {
        return outbox::document(context, &entry).map(|()| Outcome::Done);
    }
    let others = entry.acknowledged.len() as u64 - 1;
    let also = match others {
        0 => String::new(),
        count => format!(" (besides {})", format::counted(count, "other", "others")),
    };
    context
        .output
        .note(&crate::ui::escape::text(&format!("acknowledged by {by}{also}: {}", entry.event.title)));
    Ok(Outcome::Done)
}
