//! `lifeboat completions`: print a shell's completions.

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, Outcome};

const EXAMPLES: &str = "\
Examples:
  lifeboat completions bash > /etc/bash_completion.d/lifeboat
      Install bash's for everybody.
  lifeboat completions fish > ~/.config/fish/completions/lifeboat.fish
      Install fish's for oneself.";

/// Print a shell's completions
///
/// Prints the completions of one shell, to be put where that shell looks for them.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, context: &Context) -> CommandResult {
    let script = script(args.shell);
    context.output.write(|out| out.write_all(&script))?;
    Ok(Outcome::Done)
}

/// Every script with the name its shell looks for.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let name = |shell| match shell {
        Shell::Zsh => "_lifeboat".to_owned(),
        Shell::PowerShell => "_lifeboat.ps1".to_owned(),
        Shell::Elvish => "lifeboat.elv".to_owned(),
        other => format!("lifeboat.{other}"),
    };
    Shell::value_variants().iter().map(|shell| (name(*shell), script(*shell))).collect()
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lifeboat", &mut script);
    script
}
