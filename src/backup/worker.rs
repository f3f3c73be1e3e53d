//! The workers: read files, cut them into chunks, store what is new.
//!
//! Small files come in batches of about a block and are read, hashed and compressed by one thread while
//! they are warm in its cache. A large file is read and cut by a reader thread that hands its pieces to all
//! workers, so that one file keeps every CPU busy.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use crate::backup::error::BackupError;
use crate::backup::storer::{BlockWriter, Storer};
use crate::backup::trees::{TreeJob, encode_tree};
use crate::base::ids::{ChunkId, ChunkKind};
use crate::base::limits;
use crate::chunker::Chunker;
use crate::repo::tree::ChunkList;
use crate::sys::dir::DirHandle;
use crate::sys::error::{SysError, SysResult};
use crate::sys::meta::{flags, sparse, xattrs};
use crate::sys::stat::Stat;

/// Files up to this length are read in batches; longer ones are streamed.
pub const SMALL_FILE_MAX_BYTES: u64 = 2 << 20;
/// Bytes of one piece of a streamed file.
const PIECE_BYTES: usize = 1 << 20;

/// Which entry a result belongs to: the directory's number and the entry's place in it.
pub type Slot = (u64, usize);

/// A file to be read.
#[derive(Debug)]
pub struct FileJob {
    /// Where the result belongs.
    pub slot: Slot,
    /// The directory.
    pub dir: DirHandle,
    /// The name in it.
    pub name: Vec<u8>,
}

/// What came of reading a file.
#[derive(Debug)]
pub struct FileRead {
    /// Metadata as of the opening.
    pub stat: Stat,
    /// Extended attributes.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Inode flags.
    pub flags: u32,
    /// Holes.
    pub holes: Vec<(u64, u64)>,
    /// Length, holes included, as read.
    pub size: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// The contents.
    pub chunks: ChunkList,
    /// Why the contents may not be whole.
    pub fault: Option<String>,
}

/// Work for the workers.
pub enum Job<'c> {
    /// Small files.
    Batch(Vec<FileJob>),
    /// A piece of a large file.
    Piece(Piece),
    /// A directory whose entries are all done.
    Tree(TreeJob<'c>),
}

/// What the workers answer.
pub enum Done {
    /// A file was read, or could not be.
    File(Slot, Result<Box<FileRead>, SysError>),
    /// A directory was stored: its chunks, and its record for the catalogue.
    Tree(u64, ChunkList, Vec<u8>),
    /// The backup cannot go on.
    Failed(BackupError),
}

/// A piece of a large file: whole chunks, in order.
pub struct Piece {
    file: Arc<LargeFile>,
    number: usize,
    data: Vec<u8>,
    ends: Vec<usize>,
    /// With the last piece: how many there are, and what else is known of the file.
    last: Option<Box<FileRead>>,
}

struct LargeFile {
    slot: Slot,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    pieces: BTreeMap<usize, Vec<ChunkId>>,
    total: Option<usize>,
    read: Option<Box<FileRead>>,
}

/// What a worker thread does until there is no more work.
pub fn work<'c>(storer: &Storer<'_>, jobs: &Receiver<Job<'c>>, done: &Sender<Done>, stopped: &AtomicBool) {
    let result = BlockWriter::new(storer).and_then(|mut writer| {
        let mut buffer = Vec::new();
        for job in jobs {
            if stopped.load(Ordering::Acquire) {
                continue;
            }
            run_job(job, &mut writer, &mut buffer, done)?;
        }
        writer.flush()
    });
    if let Err(error) = result {
        // Nobody listening means that the backup has already failed.
        let _ = done.send(Done::Failed(error));
    }
}

fn run_job(
    job: Job<'_>,
    writer: &mut BlockWriter<'_, '_>,
    buffer: &mut Vec<u8>,
    done: &Sender<Done>,
) -> Result<(), BackupError> {
    match job {
        Job::Batch(files) => {
            for file in files {
                let result = match read_small(&file, buffer) {
                    Ok(mut read) => {
                        let ids = writer.put_all(ChunkKind::Data, buffer)?;
                        read.chunks = writer.put_list(ids)?;
                        Ok(Box::new(read))
                    }
                    Err(error) => Err(error),
                };
                let _ = done.send(Done::File(file.slot, result));
            }
        }
        Job::Piece(piece) => {
            if let Some((slot, read)) = store_piece(piece, writer)? {
                let _ = done.send(Done::File(slot, Ok(read)));
            }
        }
        Job::Tree(tree) => {
            let (node, chunks, payload) = encode_tree(tree, writer)?;
            let _ = done.send(Done::Tree(node, chunks, payload));
        }
    }
    Ok(())
}

/// Reads a small file into `buffer`; once more if it changed meanwhile.
fn read_small(job: &FileJob, buffer: &mut Vec<u8>) -> SysResult<FileRead> {
    let first = read_once(job, buffer)?;
    if first.fault.is_none() { Ok(first) } else { read_once(job, buffer) }
}

fn read_once(job: &FileJob, buffer: &mut Vec<u8>) -> SysResult<FileRead> {
    let (mut file, stat) = job.dir.open_regular_child(&job.name)?;
    let holes = find_holes(&file, &stat);
    buffer.clear();
    // It was small when it was listed; one that grew beyond all bounds is cut, and said to be.
    let size = stat.size.min(4 * SMALL_FILE_MAX_BYTES);
    let whole = read_content(&mut file, size, &holes, |piece| {
        buffer.extend_from_slice(piece);
        true
    })
    .map_err(|error| job.dir.error("read", &job.name, error))?;
    let after = Stat::of_fd(&file).map_err(|error| job.dir.error("look at", &job.name, error))?;
    let fault = changed_fault(&stat, &after, whole && size == stat.size);
    finish_read(&file, job, stat, holes, buffer.len() as u64, fault)
}

fn find_holes(file: &File, stat: &Stat) -> Vec<(u64, u64)> {
    if !stat.may_have_holes() {
        return Vec::new();
    }
    // Where the file system cannot tell, holes are read as zeros.
    sparse::holes(file, stat.size, limits::HOLE_MIN_BYTES, limits::HOLES_MAX).unwrap_or_default()
}

fn changed_fault(before: &Stat, after: &Stat, whole: bool) -> Option<String> {
    if !whole {
        return Some("it changed its length while it was read".into());
    }
    let same = before.size == after.size && before.mtime == after.mtime;
    (!same).then(|| "it changed while it was read".into())
}

fn finish_read(
    file: &File,
    job: &FileJob,
    stat: Stat,
    mut holes: Vec<(u64, u64)>,
    read_bytes: u64,
    fault: Option<String>,
) -> SysResult<FileRead> {
    let attributes =
        xattrs::read(file).map_err(|error| job.dir.error("read the attributes of", &job.name, error))?;
    let hole_bytes: u64 = holes.iter().map(|(_, len)| *len).sum();
    let mut size = stat.size;
    if read_bytes + hole_bytes != size {
        // It shrank: what was read is what is kept, without the holes that may be gone.
        holes.clear();
        size = read_bytes;
    }
    let fault = fault.or_else(|| {
        let (name, error) = attributes.unreadable.first()?;
        Some(format!("its attribute {} cannot be read: {error}", String::from_utf8_lossy(name)))
    });
    Ok(FileRead {
        xattrs: attributes.pairs,
        flags: flags::get(file).unwrap_or(0),
        holes,
        size,
        read_bytes,
        chunks: ChunkList::default(),
        fault,
        stat,
    })
}

/// Reads the first `size` bytes of `file` without `holes`, while `take` wants more; says whether it read all.
fn read_content(
    file: &mut File,
    size: u64,
    holes: &[(u64, u64)],
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<bool> {
    let mut buffer = vec![0; (size.min(PIECE_BYTES as u64) as usize).max(1)];
    let mut at = 0;
    for (hole, len) in holes.iter().copied().chain([(size, 0)]) {
        if at > 0 {
            file.seek(SeekFrom::Start(at))?;
        }
        while at < hole {
            let want = buffer.len().min((hole - at).min(usize::MAX as u64) as usize);
            let got = match file.read(&mut buffer[..want]) {
                Ok(0) => return Ok(false),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if !take(&buffer[..got]) {
                return Ok(false);
            }
            at += got as u64;
        }
        at = hole + len;
    }
    Ok(true)
}

/// Reads and cuts large files, one after the other, and hands their pieces to the workers.
pub fn read_large<'c>(
    chunker: &Chunker,
    files: &Receiver<FileJob>,
    jobs: &Sender<Job<'c>>,
    done: &Sender<Done>,
    stopped: &AtomicBool,
) {
    for file in files {
        if stopped.load(Ordering::Acquire) {
            continue;
        }
        if let Err(error) = stream_file(chunker, &file, jobs, stopped) {
            let _ = done.send(Done::File(file.slot, Err(error)));
        }
    }
}

fn stream_file<'c>(
    chunker: &Chunker,
    job: &FileJob,
    jobs: &Sender<Job<'c>>,
    stopped: &AtomicBool,
) -> SysResult<()> {
    let (mut file, stat) = job.dir.open_regular_child(&job.name)?;
    let holes = find_holes(&file, &stat);
    let mut pieces = Pieces::new(chunker, job.slot);
    let mut total = 0u64;
    let whole = read_content(&mut file, stat.size, &holes, |data| {
        total += data.len() as u64;
        pieces.push(data, &mut |piece| drop(jobs.send(Job::Piece(piece))));
        !stopped.load(Ordering::Acquire)
    })
    .map_err(|error| job.dir.error("read", &job.name, error))?;
    let after = Stat::of_fd(&file).map_err(|error| job.dir.error("look at", &job.name, error))?;
    let fault = changed_fault(&stat, &after, whole);
    let read = finish_read(&file, job, stat, holes, total, fault)?;
    let _ = jobs.send(Job::Piece(pieces.finish(Box::new(read))));
    Ok(())
}

/// Cuts a stream into pieces of whole chunks.
pub struct Pieces<'k> {
    chunker: &'k Chunker,
    file: Arc<LargeFile>,
    number: usize,
    data: Vec<u8>,
    /// Ends of the chunks found in `data`.
    ends: Vec<usize>,
}

impl<'k> Pieces<'k> {
    /// The pieces of one file.
    pub fn new(chunker: &'k Chunker, slot: Slot) -> Self {
        let file = Arc::new(LargeFile { slot, progress: Mutex::default() });
        Self { chunker, file, number: 0, data: Vec::new(), ends: Vec::new() }
    }

    /// Takes more of the stream, and gives out the pieces that are complete.
    pub fn push(&mut self, mut more: &[u8], give: &mut impl FnMut(Piece)) {
        while !more.is_empty() {
            let room = (PIECE_BYTES + self.chunker.max_bytes()).saturating_sub(self.data.len()).max(1);
            let (now, later) = more.split_at(room.min(more.len()));
            self.data.extend_from_slice(now);
            more = later;
            self.cut(false);
            if self.ends.last().is_some_and(|end| *end >= PIECE_BYTES) {
                give(self.split_off(None));
            }
        }
    }

    fn cut(&mut self, ended: bool) {
        let mut at = self.ends.last().copied().unwrap_or(0);
        while let Some(len) = self.chunker.first_len(&self.data[at..], ended) {
            at += len;
            self.ends.push(at);
        }
    }

    fn split_off(&mut self, last: Option<Box<FileRead>>) -> Piece {
        let end = self.ends.last().copied().unwrap_or(0);
        let mut rest = Vec::with_capacity(PIECE_BYTES + 2 * self.chunker.max_bytes());
        rest.extend_from_slice(&self.data[end..]);
        let data = std::mem::replace(&mut self.data, rest);
        let number = self.number;
        self.number += 1;
        Piece { file: Arc::clone(&self.file), number, data, ends: std::mem::take(&mut self.ends), last }
    }

    /// The last piece; `read` says what else is known of the file.
    pub fn finish(mut self, read: Box<FileRead>) -> Piece {
        self.cut(true);
        self.split_off(Some(read))
    }
}

/// Stores a piece; when it completes the file, answers what was read.
fn store_piece(
    piece: Piece,
    writer: &mut BlockWriter<'_, '_>,
) -> Result<Option<(Slot, Box<FileRead>)>, BackupError> {
    let mut ids = Vec::with_capacity(piece.ends.len());
    let mut start = 0;
    for end in &piece.ends {
        ids.push(writer.put(ChunkKind::Data, &piece.data[start..*end])?);
        start = *end;
    }
    let complete = {
        let mut progress = piece.file.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.pieces.insert(piece.number, ids);
        if let Some(read) = piece.last {
            progress.total = Some(piece.number + 1);
            progress.read = Some(read);
        }
        match progress.total == Some(progress.pieces.len()) {
            true => Some((std::mem::take(&mut progress.pieces), progress.read.take())),
            false => None,
        }
    };
    let Some((pieces, Some(mut read))) = complete else { return Ok(None) };
    read.chunks = writer.put_list(pieces.into_values().flatten().collect())?;
    Ok(Some((piece.file.slot, read)))
}
