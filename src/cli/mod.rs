//! Floor 9: the command line. The only floor that reads the environment, and that ends the process.
//!
//! What was typed (`args`) is joined with the environment and the configuration (`context`), and one
//! file of `commands` turns it into calls of the floors below. Every way to end goes through `exit`.
//! It is a part of the library, not of the binary, so that tests and the manual reach its definition.

pub mod args;
pub mod backup_run;
pub mod browse_run;
pub mod commands;
pub mod context;
mod database_run;
mod databases;
pub mod documents;
pub mod environment;
pub mod exit;
mod hooks;
pub mod locks;
pub mod manual;
pub mod manual_plan;
pub mod notifying;
pub mod opening;
pub mod output;
mod protect;
pub mod replicas;
pub mod restore_run;
pub mod runbook_manual;
pub mod secrets;
pub mod settings;
pub mod system_report;
pub mod system_run;
pub mod system_state;
pub mod values;
pub mod warm_up;

use std::ffi::OsString;
use std::io::Write;
use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::context::Context;
use crate::cli::environment::Environment;
use crate::cli::exit::{CommandResult, Failure};
use crate::sys::watchdog;

/// The whole program.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    let status = panic::catch_unwind(|| run(std::env::args_os().collect(), Environment::of_process()));
    ExitCode::from(status.unwrap_or(1))
}

/// Runs one command line, and tells how it went: the exit status.
fn run(typed: Vec<OsString>, environment: Environment) -> u8 {
    if typed.get(1).is_some_and(|word| word == watchdog::WORD) {
        return watchdog::watch();
    }
    let wants_json = typed.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let cli = match Cli::try_parse_from(typed) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, wants_json),
    };
    let context = Context::new(cli.global, environment);
    let result = dispatch(&cli.command, &context);
    tell_of_stores(&context);
    notifying::finish(&context);
    match result {
        Ok(outcome) => outcome.exit_status(),
        Err(failure) => tell(&failure, context.output.json),
    }
}

/// Whether a command can look at a repository as it was.
fn reads_the_past(command: &Command) -> bool {
    matches!(
        command,
        Command::Snapshots(_)
            | Command::Ls(_)
            | Command::Cat(_)
            | Command::Dump(_)
            | Command::Find(_)
            | Command::Diff(_)
            | Command::Stats(_)
            | Command::Restore(_)
            | Command::Check(_)
            | Command::Recover(_)
    )
}

/// Gives each command to its file.
fn dispatch(command: &Command, context: &Context) -> CommandResult {
    if context.global.as_of.is_some() && !reads_the_past(command) {
        return Err(Failure::usage("--as-of goes with commands that read a repository, and with recover")
            .hint("snapshots, ls, cat, dump, find, diff, stats, restore and check can look back"));
    }
    match command {
        Command::Init(args) => commands::init::run(args, context),
        Command::Backup(args) => backup_run::run(args, context),
        Command::Restore(args) => restore_run::run(args, context),
        Command::Check(args) => commands::check::run(args, context),
        Command::Ls(args) => browse_run::run_ls(args, context),
        Command::Cat(args) => browse_run::run_cat(args, context),
        Command::Dump(args) => browse_run::run_dump(args, context),
        Command::Find(args) => browse_run::run_find(args, context),
        Command::Diff(args) => browse_run::run_diff(args, context),
        Command::Stats(args) => browse_run::run_stats(args, context),
        Command::Snapshots(args) => commands::snapshots::run(args, context),
        Command::Database(command) => database_run::run(command, context),
        Command::Key(command) => commands::key::run(command, context),
        Command::Store(command) => commands::store::run(command, context),
        Command::Replica(command) => commands::replica::run(command, context),
        Command::Lock(command) => commands::lock::run(command, context),
        Command::Recover(args) => commands::recover::run(args, context),
        Command::Notify(command) => commands::notify::run(command, context),
        Command::Watch(args) => commands::watch::run(args, context),
        Command::Runbook(command) => commands::runbook::run(command, context),
        Command::System(command) => system_run::run(command, context),
        Command::Config(command) => commands::config::run(command, context),
        Command::Plan(command) => commands::plan::run(command, context),
        Command::Completions(args) => commands::completions::run(args, context),
        Command::Man(args) => commands::man::run(args, context),
        Command::Demo(args) => commands::demo::run(args, context),
        Command::Version(args) => commands::version::run(args, context),
    }
}

/// Help and version are no failures; anything else that clap refuses is one of usage.
fn refuse(error: &clap::Error, json: bool) -> u8 {
    // A reader that has gone needs no help.
    let _ = error.print();
    if !error.use_stderr() {
        return 0;
    }
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let failure = Failure::usage(message);
    if json {
        // As above.
        let _ = writeln!(std::io::stdout().lock(), "{}", failure.for_scripts());
    }
    failure.exit_status()
}

/// Says, to those who want to hear more, what it took to get along with stores behind a network.
fn tell_of_stores(context: &Context) {
    let counts = context.counters.read();
    if context.output.verbose == 0 || counts.operations == 0 {
        return;
    }
    context.output.note(&format!(
        "store: {} operations, {} tried again ({} throttled, {} timed out), {} given up; {} lost \
         acknowledgements recognised; at most {} at once, halved {} times",
        counts.operations,
        counts.retries,
        counts.throttled,
        counts.timed_out,
        counts.given_up,
        counts.lost_acknowledgements,
        counts.connections_peak,
        counts.back_offs,
    ));
}

fn tell(failure: &Failure, json: bool) -> u8 {
    if !failure.is_broken_pipe() {
        // Where neither can be written, the exit status is all there is.
        let _ = std::io::stderr().lock().write_all(failure.for_people().as_bytes());
        if json {
            let _ = writeln!(std::io::stdout().lock(), "{}", failure.for_scripts());
        }
    }
    failure.exit_status()
}

/// A panic is a bug of ours, whatever the input was; it says so once, in whichever thread it happens.
fn report_panic(info: &panic::PanicHookInfo<'_>) {
    let payload = info.payload();
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    let message = owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let place =
        info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
    let _ = write!(
        std::io::stderr().lock(),
        "lifeboat: internal error: {}{place}\nhint: this is a bug in lifeboat {}; nothing that was stored is \
         lost. Please report it with this message and the command\n",
        crate::ui::escape::lines(message),
        env!("CARGO_PKG_VERSION"),
    );
}
