//! Streams into the pipeline: contents that come from a reader instead of from the walk.
//!
//! A feeder has workers of its own and stores one stream after the other; each keeps every CPU busy, as a
//! large file does. What was stored of a stream that failed is in no tree, and the next backup finds it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::backup::catalogue::StatKey;
use crate::backup::entries::EntryMaker;
use crate::backup::error::BackupError;
use crate::backup::notes::Notes;
use crate::backup::run::Context;
use crate::backup::storer::Storer;
use crate::backup::trees::{EntrySlot, EntryState, TreeJob};
use crate::backup::worker::{Done, FileRead, Job, Pieces, work};
use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::repo::tree::{ChunkList, Entry, EntryKind};
use crate::sys::process;
use crate::sys::stat::{FileKind, Stat};

/// Bytes read at a time.
const READ_BYTES: usize = 256 << 10;

/// Why a stream is not stored.
#[derive(Debug)]
pub enum FeedError {
    /// It cannot be read to its end.
    Content(io::Error),
    /// The backup cannot go on.
    Fatal(BackupError),
}

impl From<BackupError> for FeedError {
    fn from(error: BackupError) -> Self {
        FeedError::Fatal(error)
    }
}

/// Stores streams.
pub struct Feeder<'f, 'w> {
    storer: &'f Storer<'w>,
    context: &'f Context<'f>,
    notes: &'f Notes<'f>,
    maker: EntryMaker<'f>,
    jobs: Sender<Job<'static>>,
    done: Receiver<Done>,
}

/// Runs `body` with a feeder of `threads` workers, and answers what it answers once they have ended.
pub fn with_feeder<T>(
    storer: &Storer<'_>,
    notes: &Notes<'_>,
    context: &Context<'_>,
    threads: usize,
    body: impl FnOnce(&mut Feeder<'_, '_>) -> Result<T, BackupError>,
) -> Result<T, BackupError> {
    let stopped = AtomicBool::new(false);
    let (jobs, job_queue) = bounded::<Job<'static>>(2 * threads);
    let (done_sender, done) = unbounded();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, done, stopped) = (job_queue.clone(), done_sender.clone(), &stopped);
            scope.spawn(move || work(storer, &queue, &done, stopped));
        }
        drop((job_queue, done_sender));
        let maker = EntryMaker::new(false, notes);
        let mut feeder = Feeder { storer, context, notes, maker, jobs, done };
        let result = body(&mut feeder);
        if result.is_err() {
            stopped.store(true, Ordering::Release);
        }
        let Feeder { jobs, done, .. } = feeder;
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

impl Feeder<'_, '_> {
    /// Stores what `content` gives until its end; answers the entry of a private file `name` with it.
    /// `shown` is what people are told that is being read.
    pub fn file(&mut self, shown: &str, name: &str, content: &mut dyn Read) -> Result<Entry, FeedError> {
        self.context.monitor.event(Event::Current(shown));
        let mut pieces = Pieces::new(self.storer.chunker(), (0, 0));
        let mut size = 0u64;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            if self.context.interrupt.is_set() {
                return Err(BackupError::Interrupted.into());
            }
            let len = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(FeedError::Content(error)),
            };
            size += len as u64;
            self.context.monitor.event(Event::Advance { files: 0, bytes: len as u64 });
            let (jobs, mut failed) = (&self.jobs, false);
            pieces.push(&buffer[..len], &mut |piece| failed |= jobs.send(Job::Piece(piece)).is_err());
            if failed {
                return Err(BackupError::Worker.into());
            }
        }
        let read = Box::new(file_read(self.context.clock.now(), size));
        self.send(Job::Piece(pieces.finish(read)))?;
        let read = match self.receive()? {
            Done::File(_, Ok(read)) => read,
            Done::Failed(error) => return Err(error.into()),
            _ => return Err(BackupError::Worker.into()),
        };
        self.notes.stream(size);
        Ok(self.maker.file(name.as_bytes(), &read))
    }

    /// Stores the tree of the directory `path` with these entries; answers its chunks.
    pub fn tree(&mut self, path: &[u8], mut entries: Vec<Entry>) -> Result<ChunkList, BackupError> {
        entries.sort_by(|one, two| one.name.cmp(&two.name));
        let slots = entries.into_iter().map(|entry| slot(entry, self.context.clock.now())).collect();
        self.send(Job::Tree(TreeJob { node: 0, path: path.to_vec(), slots }))?;
        match self.receive()? {
            Done::Tree(_, chunks, _) => Ok(chunks),
            Done::Failed(error) => Err(error),
            Done::File(..) => Err(BackupError::Worker),
        }
    }

    /// The entry of a private directory `name` whose tree is `chunks`.
    pub fn dir(&mut self, name: &str, chunks: ChunkList) -> Entry {
        self.notes.dir();
        let read = file_read(self.context.clock.now(), 0);
        let mut entry = self.maker.file(name.as_bytes(), &read);
        (entry.kind, entry.mode, entry.chunks) = (EntryKind::Dir, 0o700, chunks);
        entry
    }

    fn send(&self, job: Job<'static>) -> Result<(), BackupError> {
        self.jobs.send(job).map_err(|_| BackupError::Worker)
    }

    fn receive(&self) -> Result<Done, BackupError> {
        self.done.recv().map_err(|_| BackupError::Worker)
    }
}

/// `entry` as a directory under way holds it; the next backup does not compare with it.
pub fn slot(entry: Entry, now: Timestamp) -> EntrySlot<'static> {
    EntrySlot {
        name: entry.name.clone(),
        key: StatKey::of(&stat(now, entry.size)),
        trusted: false,
        state: EntryState::Fresh(Box::new(entry)),
    }
}

/// The metadata that a stream gets: a private file of whoever runs the backup, made now.
fn stat(now: Timestamp, size: u64) -> Stat {
    let (uid, gid) = process::own_ids();
    Stat {
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
    }
}

fn file_read(now: Timestamp, size: u64) -> FileRead {
    FileRead {
        stat: stat(now, size),
        xattrs: Vec::new(),
        flags: 0,
        holes: Vec::new(),
        size,
        read_bytes: size,
        chunks: ChunkList::default(),
        fault: None,
    }
}
