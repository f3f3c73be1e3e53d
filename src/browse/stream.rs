//! Reading ahead: chunks in the order asked for, each block fetched and decoded once, in parallel.
//!
//! A feeder turns a sequence of marks and chunk ids into batches of a few MiB of blocks; workers fetch,
//! open, decompress and verify; the consumer gets everything back in order. A block that a later batch
//! needs again is shared while it lies in a window, and only the batch that met it first decodes it.
//! Memory is bounded by the window and the batches under way, whatever is read.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::browse::error::BrowseError;
use crate::browse::reading::Reading;
use crate::compress::Decompressor;
use crate::index::rows::Location;
use crate::pack::reader::PackError;
use crate::repo::read::{IndexedRepository, ReadError};

/// Plaintext of new blocks in one batch.
const BATCH_BYTES: u64 = 4 << 20;
/// Marks and chunks in one batch.
const BATCH_ITEMS: usize = 4096;
/// Plaintext of blocks kept for later batches.
const WINDOW_BYTES: u64 = 32 << 20;
/// Most bytes fetched by one request.
const FETCH_MAX_BYTES: u64 = 8 << 20;

/// What comes out, in the order in which it went in.
pub enum Output<T> {
    /// A mark of the caller's.
    Mark(T),
    /// A chunk's plaintext, verified.
    Chunk(Bytes),
    /// A chunk that cannot be had; its length where the index knows it.
    Lost(Option<u32>, Arc<ReadError>),
}

type BlockKey = (PackName, u32, u32, u32);

/// A block that somebody decodes once.
struct Cell {
    place: Location,
    block: OnceLock<Result<Bytes, Arc<ReadError>>>,
}

enum Slot<T> {
    Mark(T),
    Chunk { id: ChunkId, place: Location, cell: Arc<Cell> },
    Lost(Arc<ReadError>),
}

struct Batch<T> {
    slots: Vec<Slot<T>>,
    /// Cells that this batch met first and has to fill.
    owned: Vec<Arc<Cell>>,
    bytes: u64,
}

struct Job<T> {
    batch: Batch<T>,
    reply: Sender<Vec<Output<T>>>,
}

/// Takes marks and chunk ids in order.
pub struct Feeder<'a, T> {
    repository: &'a IndexedRepository,
    batch: Batch<T>,
    window: HashMap<BlockKey, Arc<Cell>>,
    order: VecDeque<(BlockKey, u64)>,
    window_bytes: u64,
    jobs: Sender<Job<T>>,
    replies: Sender<Receiver<Vec<Output<T>>>>,
}

impl<T> Feeder<'_, T> {
    /// Adds a mark; `false` once nobody listens any more.
    pub fn mark(&mut self, mark: T) -> bool {
        self.batch.slots.push(Slot::Mark(mark));
        self.flush_if_full()
    }

    /// Adds a chunk of a file's contents; `false` once nobody listens any more.
    pub fn chunk(&mut self, id: ChunkId) -> bool {
        match self.repository.locate(ChunkKind::Data, &id) {
            Ok(place) => {
                let cell = self.cell(&place);
                self.batch.slots.push(Slot::Chunk { id, place, cell });
            }
            Err(error) => self.batch.slots.push(Slot::Lost(Arc::new(error))),
        }
        self.flush_if_full()
    }

    fn cell(&mut self, place: &Location) -> Arc<Cell> {
        let key = (place.pack, place.block_offset, place.frame_len, place.raw_len);
        if let Some(cell) = self.window.get(&key) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(Cell { place: *place, block: OnceLock::new() });
        let bytes = u64::from(place.raw_len);
        self.window.insert(key, Arc::clone(&cell));
        self.order.push_back((key, bytes));
        self.window_bytes += bytes;
        self.batch.owned.push(Arc::clone(&cell));
        self.batch.bytes += bytes;
        while self.window_bytes > WINDOW_BYTES && self.order.len() > 1 {
            if let Some((oldest, bytes)) = self.order.pop_front() {
                self.window.remove(&oldest);
                self.window_bytes -= bytes;
            }
        }
        cell
    }

    fn flush_if_full(&mut self) -> bool {
        if self.batch.bytes < BATCH_BYTES && self.batch.slots.len() < BATCH_ITEMS {
            return true;
        }
        self.flush()
    }

    fn flush(&mut self) -> bool {
        let empty = Batch { slots: Vec::new(), owned: Vec::new(), bytes: 0 };
        let batch = std::mem::replace(&mut self.batch, empty);
        let (reply, answer) = bounded(1);
        // In this order: the bounded queue of answers is what holds the feeder back.
        self.replies.send(answer).is_ok() && self.jobs.send(Job { batch, reply }).is_ok()
    }
}

/// Runs `feed` beside the workers and hands everything it feeds to `consume`, in order. The first error
/// of either ends it; an error of `consume` counts first.
pub fn run<T: Send>(
    reading: &Reading<'_>,
    feed: impl FnOnce(&mut Feeder<'_, T>) -> Result<(), BrowseError> + Send,
    mut consume: impl FnMut(Output<T>) -> Result<(), BrowseError>,
) -> Result<(), BrowseError> {
    let threads = reading.threads.max(1);
    let repository = reading.repository;
    let cancelled = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (jobs, work) = bounded::<Job<T>>(threads);
        let (replies, answers) = bounded(threads + 2);
        for _ in 0..threads {
            let (work, cancelled) = (work.clone(), &cancelled);
            scope.spawn(move || work_off(repository, &work, cancelled));
        }
        drop(work);
        let feeder = scope.spawn(move || {
            let mut feeder = Feeder {
                repository,
                batch: Batch { slots: Vec::new(), owned: Vec::new(), bytes: 0 },
                window: HashMap::new(),
                order: VecDeque::new(),
                window_bytes: 0,
                jobs,
                replies,
            };
            let fed = feed(&mut feeder);
            feeder.flush();
            fed
        });
        let consumed = drain(reading, answers, &mut consume);
        if consumed.is_err() {
            cancelled.store(true, Ordering::Release);
        }
        let fed = match feeder.join() {
            Ok(fed) => fed,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        consumed.and(fed)
    })
}

fn drain<T>(
    reading: &Reading<'_>,
    answers: Receiver<Receiver<Vec<Output<T>>>>,
    consume: &mut impl FnMut(Output<T>) -> Result<(), BrowseError>,
) -> Result<(), BrowseError> {
    for answer in answers {
        reading.check()?;
        // A worker that dies drops its end; its panic comes out when the scope ends.
        let Ok(outputs) = answer.recv() else { break };
        outputs.into_iter().try_for_each(&mut *consume)?;
    }
    Ok(())
}

fn work_off<T>(repository: &IndexedRepository, work: &Receiver<Job<T>>, cancelled: &AtomicBool) {
    let mut decompressor = None;
    for job in work {
        let _filled = FillOnDrop(&job.batch.owned);
        if cancelled.load(Ordering::Acquire) {
            continue;
        }
        fill(repository, &job.batch.owned, &mut decompressor);
        let outputs = job.batch.slots.into_iter().map(|slot| output(repository, slot)).collect();
        // Nobody listens any more after an error: then nobody minds.
        let _ = job.reply.send(outputs);
    }
}

/// Whoever waits for a cell gets an answer, even if its owner was cancelled or died.
struct FillOnDrop<'a>(&'a [Arc<Cell>]);

impl Drop for FillOnDrop<'_> {
    fn drop(&mut self) {
        for cell in self.0 {
            let _ = cell.block.set(Err(Arc::new(ReadError::Limit("reading was given up"))));
        }
    }
}

fn output<T>(repository: &IndexedRepository, slot: Slot<T>) -> Output<T> {
    let (id, place, cell) = match slot {
        Slot::Mark(mark) => return Output::Mark(mark),
        Slot::Lost(error) => return Output::Lost(None, error),
        Slot::Chunk { id, place, cell } => (id, place, cell),
    };
    // Its owner is this batch or an earlier one, which a worker has taken before: no cycle of waiting.
    match cell.block.wait() {
        Ok(block) => {
            let start = place.offset as usize;
            // `Location::join` has checked that the chunk lies within the block's length.
            let chunk = block.slice(start..start + place.len as usize);
            match repository.verify(ChunkKind::Data, &id, &chunk) {
                true => Output::Chunk(chunk),
                false => {
                    let error = ReadError::Mismatch { id, pack: place.pack };
                    Output::Lost(Some(place.len), Arc::new(error))
                }
            }
        }
        Err(error) => Output::Lost(Some(place.len), Arc::clone(error)),
    }
}

/// Fills `cells`, fetching those that lie together by one request.
fn fill(repository: &IndexedRepository, cells: &[Arc<Cell>], decompressor: &mut Option<Decompressor>) {
    if decompressor.is_none() {
        match Decompressor::new() {
            Ok(made) => *decompressor = Some(made),
            Err(error) => return set_all(cells, ReadError::Setup(error)),
        }
    }
    let Some(decompressor) = decompressor else { return };
    let mut rest = cells;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(run_len(rest));
        if let Err(error) = fill_run(repository, run, decompressor) {
            match run {
                [cell] => drop(cell.block.set(Err(Arc::new(error)))),
                // One damaged piece must not cost its neighbours.
                run => run.iter().for_each(|cell| fill_alone(repository, cell, decompressor)),
            }
        }
        rest = after;
    }
}

fn fill_alone(repository: &IndexedRepository, cell: &Arc<Cell>, decompressor: &mut Decompressor) {
    if let Err(error) = fill_run(repository, std::slice::from_ref(cell), decompressor) {
        let _ = cell.block.set(Err(Arc::new(error)));
    }
}

/// How many of the first `cells` lie one after the other in one pack and are worth one request.
fn run_len(cells: &[Arc<Cell>]) -> usize {
    let first = &cells[0].place;
    let mut end = u64::from(first.block_offset) + u64::from(first.frame_len);
    let mut count = 1;
    for cell in &cells[1..] {
        let place = &cell.place;
        let next_end = u64::from(place.block_offset) + u64::from(place.frame_len);
        let follows = place.pack == first.pack
            && place.pack_len == first.pack_len
            && u64::from(place.block_offset) == end;
        if !follows || next_end - u64::from(first.block_offset) > FETCH_MAX_BYTES {
            break;
        }
        end = next_end;
        count += 1;
    }
    count
}

fn fill_run(
    repository: &IndexedRepository,
    run: &[Arc<Cell>],
    decompressor: &mut Decompressor,
) -> Result<(), ReadError> {
    let (first, last) = (&run[0].place, &run[run.len() - 1].place);
    let pack = first.pack;
    let start = u64::from(first.block_offset);
    let plain = start..u64::from(last.block_offset) + u64::from(last.frame_len);
    let frames = repository.read_plain(&pack, first.kind, first.pack_len, plain)?;
    for cell in run {
        let at = (u64::from(cell.place.block_offset) - start) as usize;
        let frame = &frames[at..at + cell.place.frame_len as usize];
        let block = decompressor
            .decompress(frame, cell.place.raw_len as usize)
            .map(Bytes::from)
            .map_err(|error| Arc::new(ReadError::Pack { pack, source: Box::new(PackError::Block(error)) }));
        let _ = cell.block.set(block);
    }
    Ok(())
}

fn set_all(cells: &[Arc<Cell>], error: ReadError) {
    let error = Arc::new(error);
    for cell in cells {
        let _ = cell.block.set(Err(Arc::clone(&error)));
    }
}
