//! Sources that are no files: standard input, and what a program writes.
//!
//! The stream becomes one file at the top of the snapshot. A program that fails fails the backup before
//! anything is committed.

use std::io::{self, Read};

use crate::backup::error::BackupError;
use crate::backup::feeder::{FeedError, Feeder};
use crate::backup::options::Source;
use crate::repo::attachment::is_name;
use crate::repo::tree::Entry;
use crate::sys::child::{Running, Stderr};

/// Whether a stream can be stored under `name`.
pub fn check_name(name: &str) -> Result<(), BackupError> {
    match is_name(name) {
        true => Ok(()),
        false => Err(BackupError::Usage(format!(
            "{name:?} cannot be the name of a file; give a plain name such as `database.sql`"
        ))),
    }
}

/// Stores the stream that `source` is, if it is one; answers its entry.
pub fn store(feeder: &mut Feeder<'_, '_>, source: &Source) -> Result<Option<Entry>, BackupError> {
    match source {
        Source::Paths(_) | Source::Attachments => Ok(None),
        Source::Stdin { name } => read(feeder, name, &mut io::stdin().lock()).map(Some),
        Source::Command { name, program, arguments } => {
            let shown = program.to_string_lossy().into_owned();
            let failed = |outcome: String| BackupError::Command { program: shown.clone(), outcome };
            let mut running = Running::spawn(program, arguments, Stderr::KeepTail)
                .map_err(|error| failed(format!("{error}: {}", error.source)))?;
            // An error drops the running program, which ends it.
            let entry = read(feeder, name, &mut running)?;
            let outcome = running.finish().map_err(|error| failed(error.to_string()))?;
            match outcome.ending.is_success() {
                true => Ok(Some(entry)),
                false => {
                    let tail = outcome.tail.trim();
                    let said = if tail.is_empty() { String::new() } else { format!(": {tail}") };
                    Err(failed(format!("{}{said}", outcome.ending)))
                }
            }
        }
    }
}

fn read(feeder: &mut Feeder<'_, '_>, name: &str, content: &mut dyn Read) -> Result<Entry, BackupError> {
    feeder.file(name, name, content).map_err(|error| match error {
        FeedError::Content(source) => BackupError::Stream { name: name.to_owned(), source },
        FeedError::Fatal(error) => error,
    })
}
