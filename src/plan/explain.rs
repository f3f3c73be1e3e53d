//! What a step will do, line by line: what `--dry-run` prints.

use crate::plan::artefact::{Files, Step, Work};
use crate::plan::files::directory;
use crate::plan::probe::Probe;
use crate::system::action::{Action, Check, Operation, Place};

/// The lines of one step; commands begin with `$`.
pub fn lines(step: &Step, root: &str) -> Vec<String> {
    match &step.work {
        Work::Files(files) => files_lines(files, root),
        Work::Action(action) => {
            let mut lines = action_lines(action);
            lines.extend(step.reads.as_ref().map(|reads| {
                let (amount, packs) = (reads.amount, reads.packs.len());
                format!("reads {} bytes of the snapshot from {packs} packs", amount.bytes)
            }));
            lines
        }
        Work::Verify(verify) => {
            let mut lines = match &verify.probe {
                Probe::Command { command, expect, contains } => {
                    let mut lines = vec![format!("$ {}", command.display())];
                    lines.extend(expect.iter().map(|text| format!("must answer {text:?}")));
                    lines.extend(contains.iter().map(|text| format!("must answer with {text:?} in it")));
                    lines
                }
                Probe::Http { url, status, contains } => {
                    let status = status.map_or("200 to 299".to_owned(), |status| status.to_string());
                    let mut lines = vec![format!("GET {url} must answer with status {status}")];
                    lines.extend(contains.iter().map(|text| format!("must answer with {text:?} in it")));
                    lines
                }
                Probe::File { path, contains, min_bytes } => {
                    let mut lines = vec![format!("{root}{path} must be there")];
                    lines.extend(min_bytes.map(|bytes| format!("must have at least {bytes} bytes")));
                    lines.extend(contains.iter().map(|text| format!("must have {text:?} in it")));
                    lines
                }
                Probe::Checksum { paths, .. } => paths
                    .iter()
                    .map(|one| format!("{} must hold what the snapshot has at {}", one.to, one.from))
                    .collect(),
                Probe::Port { host, port } => vec![format!("{host} must answer at port {port}")],
            };
            if verify.within_seconds > 0 {
                lines.push(format!("within {} s", verify.within_seconds));
            }
            lines
        }
    }
}

fn files_lines(files: &Files, root: &str) -> Vec<String> {
    let amount = files.amount;
    let from = files.from.as_deref().unwrap_or("/");
    let mut lines = vec![format!("restore {from} to {}", directory(root, files).display())];
    lines.extend(files.include.iter().map(|pattern| format!("only {pattern}")));
    lines.extend(files.exclude.iter().map(|pattern| format!("without {pattern}")));
    if files.delete {
        lines.push("delete what the snapshot does not have".into());
    }
    lines.push(format!(
        "{} entries, {} bytes; {} bytes in {} requests from {} packs",
        amount.entries,
        amount.bytes,
        amount.fetch_bytes,
        amount.requests,
        files.packs.len()
    ));
    lines
}

fn action_lines(action: &Action) -> Vec<String> {
    let mut lines = Vec::new();
    if !action.destroys.is_empty() {
        lines.push(format!("OVERWRITES {}", action.destroys.join(", ")));
    }
    match &action.check {
        Some(Check::Succeeds(command)) => lines.push(format!("unless done: $ {}", command.display())),
        Some(Check::Prints { command, text }) => {
            lines.push(format!("unless done: $ {} prints {:?}", command.display(), text.trim()));
        }
        None => {}
    }
    match &action.operation {
        Operation::Run { commands } => {
            lines.extend(commands.iter().map(|command| format!("$ {}", command.display())))
        }
        Operation::Attach(target) => lines.push(match &target.place {
            Place::Device(identity) => format!("find the disk {identity}"),
            Place::Image { path } => format!("$ losetup --find --show --partscan -- {path}"),
        }),
        Operation::WriteFile { root, path, contents, mode } => {
            lines.push(format!("write {} bytes to {root}{path}, mode {mode:o}", contents.len()));
        }
        Operation::RewriteFile { root, path, .. } => lines.push(format!("change {root}{path}")),
        Operation::RestoreFiles(files) => {
            let from = files.subpath.as_deref().unwrap_or("/");
            lines.push(format!("restore {from} to {}", files.target));
        }
    }
    lines.extend(action.release.iter().map(|command| format!("at the end: $ {}", command.display())));
    lines
}
