//! Sources that are no files: standard input, and what a program writes.
//!
//! The stream becomes one file at the top of the snapshot. A program that fails fails the backup before
//! anything is committed.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{bounded, unbounded};

use crate::backup::catalogue::StatKey;
use crate::backup::entries::EntryMaker;
use crate::backup::error::BackupError;
use crate::backup::notes::Notes;
use crate::backup::options::{BackupOptions, Source};
use crate::backup::run::Context;
use crate::backup::storer::Storer;
use crate::backup::trees::{EntrySlot, EntryState, TreeJob};
use crate::backup::worker::{Done, FileRead, Job, Pieces, work};
use crate::base::limits;
use crate::base::monitor::Event;
use crate::repo::tree::ChunkList;
use crate::sys::child::{Running, Stderr};
use crate::sys::process;
use crate::sys::stat::{FileKind, Stat};

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;

/// Whether a stream can be stored under `name`.
pub fn check_name(name: &str) -> Result<(), BackupError> {
    let fine = !name.is_empty()
        && name.len() <= limits::NAME_MAX_BYTES
        && name != "."
        && name != ".."
        && !name.contains(['/', '\0']);
    match fine {
        true => Ok(()),
        false => Err(BackupError::Usage(format!(
            "{name:?} cannot be the name of a file; give a plain name such as `database.sql`"
        ))),
    }
}

/// Stores the stream; answers the chunks of the tree of `/`.
pub fn store(
    storer: &Storer<'_>,
    options: &BackupOptions,
    notes: &Notes<'_>,
    context: &Context<'_>,
    threads: usize,
) -> Result<ChunkList, BackupError> {
    let stopped = AtomicBool::new(false);
    let (jobs, job_queue) = bounded::<Job<'_>>(2 * threads);
    let (done_sender, done) = unbounded();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, done, stopped) = (job_queue.clone(), done_sender.clone(), &stopped);
            scope.spawn(move || work(storer, &queue, &done, stopped));
        }
        drop((job_queue, done_sender));
        let result = feed(storer, options, notes, context, |job| match job {
            Some(job) => jobs.send(job).map(|()| None).map_err(|_| BackupError::Worker),
            None => done.recv().map(Some).map_err(|_| BackupError::Worker),
        });
        if result.is_err() {
            stopped.store(true, Ordering::Release);
        }
        drop(jobs);
        let late = done.iter().find_map(|done| match done {
            Done::Failed(error) => Some(error),
            _ => None,
        });
        match (result, late) {
            (Ok(_) | Err(BackupError::Worker), Some(error)) => Err(error),
            (result, _) => result,
        }
    })
}

/// Sends jobs and receives results through `exchange`: `Some` sends, `None` waits for a result.
fn feed<'c>(
    storer: &Storer<'_>,
    options: &BackupOptions,
    notes: &Notes<'_>,
    context: &Context<'_>,
    mut exchange: impl FnMut(Option<Job<'c>>) -> Result<Option<Done>, BackupError>,
) -> Result<ChunkList, BackupError> {
    let mut pieces = Pieces::new(storer.chunker(), (0, 0));
    let mut size = 0u64;
    let name = match &options.source {
        Source::Stdin { name } | Source::Command { name, .. } => name.clone(),
        Source::Paths(_) => return Err(BackupError::Usage("paths are no stream".into())),
    };
    context.monitor.event(Event::Current(&name));
    let mut failed = None;
    read_source(options, context, &mut |data| {
        size += data.len() as u64;
        context.monitor.event(Event::Advance { files: 0, bytes: data.len() as u64 });
        pieces.push(data, &mut |piece| {
            if let Err(error) = exchange(Some(Job::Piece(piece))) {
                failed.get_or_insert(error);
            }
        });
        failed.is_none()
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let read = Box::new(file_read(context, size));
    exchange(Some(Job::Piece(pieces.finish(read))))?;
    let read = match exchange(None)? {
        Some(Done::File(_, Ok(read))) => read,
        Some(Done::Failed(error)) => return Err(error),
        _ => return Err(BackupError::Worker),
    };
    notes.stream(size);
    let mut maker = EntryMaker::new(false, notes);
    let entry = maker.file(name.as_bytes(), &read);
    let slot = EntrySlot {
        name: name.into_bytes(),
        key: StatKey::of(&read.stat),
        trusted: false,
        state: EntryState::Fresh(Box::new(entry)),
    };
    exchange(Some(Job::Tree(TreeJob { node: 0, path: b"/".to_vec(), slots: vec![slot] })))?;
    match exchange(None)? {
        Some(Done::Tree(_, chunks, _)) => Ok(chunks),
        Some(Done::Failed(error)) => Err(error),
        _ => Err(BackupError::Worker),
    }
}

/// The metadata that a stream gets: a private file of whoever runs the backup, made now.
fn file_read(context: &Context<'_>, size: u64) -> FileRead {
    let (uid, gid) = process::own_ids();
    let now = context.clock.now();
    let stat = Stat {
        kind: FileKind::File,
        mode12: 0o600,
        uid,
        gid,
        size,
        blocks512: size.div_ceil(512),
        mtime: now,
        ctime: now,
        atime: now,
        btime: None,
        ino: 0,
        dev: 0,
        rdev: (0, 0),
        nlink: 1,
        mount_id: None,
        attributes: 0,
    };
    FileRead {
        stat,
        xattrs: Vec::new(),
        flags: 0,
        holes: Vec::new(),
        size,
        read_bytes: size,
        chunks: ChunkList::default(),
        fault: None,
    }
}

fn read_source(
    options: &BackupOptions,
    context: &Context<'_>,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), BackupError> {
    match &options.source {
        Source::Paths(_) => Ok(()),
        Source::Stdin { name } => read_all(&mut io::stdin().lock(), name, context, take),
        Source::Command { name, program, arguments } => {
            let shown = program.to_string_lossy().into_owned();
            let failed = |outcome: String| BackupError::Command { program: shown.clone(), outcome };
            let mut running = Running::spawn(program, arguments, Stderr::KeepTail)
                .map_err(|error| failed(format!("{error}: {}", error.source)))?;
            let read = read_all(&mut running, name, context, take);
            if read.is_err() {
                // Dropping it ends the program.
                drop(running);
                return read;
            }
            let outcome = running.finish().map_err(|error| failed(error.to_string()))?;
            match outcome.ending.is_success() {
                true => Ok(()),
                false => {
                    let tail = outcome.tail.trim();
                    let said = if tail.is_empty() { String::new() } else { format!(": {tail}") };
                    Err(failed(format!("{}{said}", outcome.ending)))
                }
            }
        }
    }
}

fn read_all(
    stream: &mut dyn Read,
    name: &str,
    context: &Context<'_>,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), BackupError> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        if context.interrupt.is_set() {
            return Err(BackupError::Interrupted);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => {
                if !take(&buffer[..len]) {
                    return Ok(());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(BackupError::Stream { name: name.to_owned(), source }),
        }
    }
}
