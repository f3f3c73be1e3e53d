//! Contents: from blocks into files, every chunk checked against its id before a byte of it is written.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::error_kind::ErrorKind;
use crate::base::hex;
use crate::base::ids::ChunkId;
use crate::base::recycle;
use crate::compress::Decompressor;
use crate::restore::dirs::Dirs;
use crate::restore::error::chain_text;
use crate::restore::execute::Run;
use crate::restore::items::{Hole, Placement};
use crate::restore::journal::path_hash;
use crate::restore::schedule::{Job, Schedule, Span};
use crate::restore::source::SourceError;
use crate::sys::error::{SysError, SysResult};
use crate::sys::target::{TargetDir, content};

/// Runs of zeros at least this long become holes where that is asked for.
const ZERO_RUN_BYTES: usize = 64 << 10;
/// Files of several blocks that are kept open at once.
const OPEN_FILES_MAX: usize = 192;
/// Files at least this long get their space reserved.
const PREALLOCATE_MIN_BYTES: u64 = 4 << 20;

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Under its own name, where nothing was.
    #[default]
    New,
    /// Under another name, put in place when it is whole.
    Beside,
    /// Into the file that is there.
    InPlace,
}

/// A file of several blocks, or one that was there, while it is being written.
#[derive(Debug, Default)]
pub struct Slot {
    /// How it is written.
    pub way: Way,
    /// The open file, unless too many are.
    pub file: Option<Arc<File>>,
    /// Whether it was made, or written to, already.
    pub begun: bool,
}

/// All such files.
pub type Slots = Mutex<HashMap<u32, Arc<Mutex<Slot>>>>;

/// The name that a file has until it is whole.
pub fn name_beside(path: &[u8]) -> Vec<u8> {
    format!(".lifeboat-{}", hex::encode(&path_hash(path))).into_bytes()
}

/// The name that a file gets which was there and could be brought up to date only in part.
fn name_incomplete(path: &[u8]) -> Vec<u8> {
    format!(".lifeboat-incomplete-{}", hex::encode(&path_hash(path))).into_bytes()
}

/// One worker.
pub struct Writer<'r> {
    run: &'r Run<'r>,
    dirs: Dirs<'r>,
    decompressor: Decompressor,
    block: Vec<u8>,
    /// What is known of the chunks of the block at hand, by offset and length.
    checked: HashMap<(u32, u32), (ChunkId, bool)>,
}

impl<'r> Writer<'r> {
    /// A worker of `run`.
    pub fn new(run: &'r Run<'r>) -> Result<Self, SourceError> {
        let decompressor = Decompressor::new().map_err(|error| SourceError {
            kind: ErrorKind::Failed,
            what: "zstd cannot be set up".into(),
            source: Some(Box::new(error)),
        })?;
        Ok(Self { run, dirs: run.dirs(), decompressor, block: Vec::new(), checked: HashMap::new() })
    }

    /// Writes what one span holds, which was `read`.
    pub fn write_span(&mut self, schedule: &Schedule, span: &Span, read: Result<Vec<u8>, SourceError>) {
        let run = self.run;
        let jobs = &schedule.jobs[span.jobs.clone()];
        match read {
            Ok(plain) => {
                for job in jobs {
                    if run.stopped() {
                        return;
                    }
                    let block = &run.plan.blocks[job.block as usize];
                    let start = (u64::from(block.offset) - span.plain.start) as usize;
                    let frame = plain.get(start..start + block.frame_len as usize).unwrap_or_default();
                    self.write_block(schedule, job, frame);
                }
                recycle::give(plain);
            }
            Err(error) if error.kind == ErrorKind::Damage && jobs.len() > 1 => {
                // Some of it may still be whole: each block by itself.
                for (at, job) in jobs.iter().enumerate() {
                    let block = &run.plan.blocks[job.block as usize];
                    let at = span.jobs.start + at;
                    let plain = u64::from(block.offset)..block.end();
                    let one = Span { pack: span.pack, plain, jobs: at..at + 1 };
                    self.write_span(schedule, &one, run.read_span(&one));
                }
            }
            Err(error) if error.kind == ErrorKind::Damage => {
                let why = chain_text(&error);
                jobs.iter().for_each(|job| self.lose_block(schedule, job, &why));
            }
            Err(error) => run.stop(error.into()),
        }
        if let Err(error) = run.journal.flush() {
            run.stop(error);
        }
    }

    fn lose_block(&mut self, schedule: &Schedule, job: &Job, why: &str) {
        let placements = self.run.plan.items.placements();
        let numbers = &schedule.order[job.order.clone()];
        for group in numbers.chunk_by(|one, two| same_item(placements, *one, *two)) {
            let item = placements[group[0] as usize].item;
            self.run.fail_text(item, why.to_owned(), true);
            self.release(item, group.len());
        }
    }

    fn write_block(&mut self, schedule: &Schedule, job: &Job, frame: &[u8]) {
        let run = self.run;
        let raw_len = run.plan.blocks[job.block as usize].raw_len as usize;
        let mut block = std::mem::take(&mut self.block);
        let decoded = self.decompressor.decompress_into(frame, raw_len, &mut block);
        if (decoded.is_err() || !run.is_right(schedule, job, &block))
            && let Some(better) = run.better_block(schedule, job)
        {
            block = better;
        } else if let Err(error) = decoded {
            let name = run.plan.packs[run.plan.blocks[job.block as usize].pack as usize].name;
            let why = format!("pack {name} is damaged: {}", chain_text(&error));
            self.lose_block(schedule, job, &why);
            self.block = block;
            return;
        }
        self.checked.clear();
        let placements = run.plan.items.placements();
        let numbers = &schedule.order[job.order.clone()];
        let (mut files, mut bytes) = (0, 0);
        for group in numbers.chunk_by(|one, two| same_item(placements, *one, *two)) {
            let item = placements[group[0] as usize].item;
            match self.write_group(item, group, &block) {
                Ok(written) => bytes += written,
                Err(Trouble::System(error)) => run.fail(item, &error),
                Err(Trouble::Damage(why)) => run.fail_text(item, why, true),
                Err(Trouble::Before) => {}
            }
            files += u64::from(self.release(item, group.len()));
            if run.stopped() {
                break;
            }
        }
        run.advance(files, bytes);
        self.block = block;
    }

    /// Writes the pieces that a block holds of one file; says how many bytes.
    fn write_group(&mut self, number: u32, group: &[u32], block: &[u8]) -> Result<u64, Trouble> {
        let run = self.run;
        let items = &run.plan.items;
        if run.has_failed(number) {
            return Err(Trouble::Before);
        }
        for at in group {
            self.check(&items.placements()[*at as usize], block)?;
        }
        let item = items.get(number);
        let is_simple = item.one_block && !run.updates(number);
        let (dir, file) = if is_simple {
            let dir = self.dirs.get(item.parent)?;
            let file = dir.create_file(items.name(number))?;
            (Some(dir), Arc::new(file))
        } else {
            (None, self.open(number)?)
        };
        let is_new = is_simple || run.slot_way(number) != Way::InPlace;
        let named = |error| SysError::new("write", items.path(number), error);
        let holes = items.holes(number);
        let skip_zeros = run.options.sparse && is_new;
        if is_simple && (skip_zeros || !holes.is_empty()) {
            content::set_len(&file, item.size).map_err(named)?;
        }
        let mut written = 0;
        for (content_at, bytes) in pieces(items.placements(), group, block) {
            if let Err(error) = write_content(&file, holes, content_at, bytes, skip_zeros) {
                if let Some(dir) = &dir {
                    self.run.warn_all(dir.unlink(items.name(number)).err().into_iter().collect());
                }
                return Err(named(error).into());
            }
            written += bytes.len() as u64;
        }
        if let Some(dir) = dir {
            let wanted = run.wanted(number, true);
            run.warn_all(dir.set_file_attributes(items.name(number), &file, &wanted.attributes()));
        }
        Ok(written)
    }

    /// Whether the chunk is what its id says; each chunk of a block is hashed once.
    fn check(&mut self, placement: &Placement, block: &[u8]) -> Result<(), Trouble> {
        let key = (placement.offset, placement.len);
        let known = self.checked.get(&key).filter(|(id, _)| *id == placement.id).map(|(_, right)| *right);
        let right = known.unwrap_or_else(|| {
            let start = placement.offset as usize;
            let chunk = block.get(start..start + placement.len as usize);
            chunk.is_some_and(|chunk| self.run.source.chunk_id(chunk) == placement.id)
        });
        self.checked.insert(key, (placement.id, right));
        if right {
            return Ok(());
        }
        let pack = self.run.plan.packs[self.run.plan.blocks[placement.block as usize].pack as usize].name;
        Err(Trouble::Damage(format!("chunk {} in pack {pack} is not what its id says", placement.id)))
    }

    /// Counts `count` placements of a file as dealt with; after the last one the file is finished or given
    /// up. Tells whether it was finished.
    fn release(&mut self, number: u32, count: usize) -> bool {
        let run = self.run;
        let left = run.remaining[number as usize].fetch_sub(count as u32, Ordering::AcqRel);
        if left != count as u32 || run.stopped() && !run.has_failed(number) {
            return false;
        }
        let is_simple = run.plan.items.get(number).one_block && !run.updates(number);
        if run.has_failed(number) {
            if let Ok(dir) = self.dirs.get(run.plan.items.get(number).parent) {
                run.give_up(&dir, number);
            }
            return false;
        }
        if !is_simple {
            let finished = self.dirs.get(run.plan.items.get(number).parent);
            if let Err(error) = finished.and_then(|dir| run.finish_file(&dir, number)) {
                run.fail(number, &error);
                return false;
            }
        }
        run.finished_file(number);
        true
    }

    /// The file `number` of several blocks, made if this is its first.
    fn open(&mut self, number: u32) -> SysResult<Arc<File>> {
        let dir = self.dirs.get(self.run.plan.items.get(number).parent)?;
        self.run.open_slot(&dir, number)
    }
}

impl Run<'_> {
    /// The file of a slot, open; made if need be.
    pub fn open_slot(&self, dir: &TargetDir, number: u32) -> SysResult<Arc<File>> {
        let items = &self.plan.items;
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            if slots.len() > OPEN_FILES_MAX {
                close_idle(&slots);
            }
            Arc::clone(slots.entry(number).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &slot.file {
            return Ok(Arc::clone(file));
        }
        let path = items.path(number);
        let beside = name_beside(&path);
        let name = if slot.way == Way::Beside { beside.as_slice() } else { items.name(number) };
        let file = if slot.begun || slot.way == Way::InPlace {
            dir.open_existing_for_update(name)?.0
        } else {
            if slot.way == Way::Beside {
                dir.unlink(name)?;
            }
            let file = dir.create_file(name)?;
            self.prepare(&file, number).map_err(|error| SysError::new("reserve space for", path, error))?;
            file
        };
        slot.begun = true;
        let file = Arc::new(file);
        slot.file = Some(Arc::clone(&file));
        Ok(file)
    }

    fn prepare(&self, file: &File, number: u32) -> io::Result<()> {
        let size = self.plan.items.get(number).size;
        content::set_len(file, size)?;
        let is_dense = self.plan.items.holes(number).is_empty() && !self.options.sparse;
        if is_dense && size >= PREALLOCATE_MIN_BYTES {
            content::preallocate(file, 0, size)?;
        }
        Ok(())
    }

    /// How the file of a slot is written.
    pub fn slot_way(&self, number: u32) -> Way {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(&number).map_or(Way::New, |slot| slot.lock().unwrap_or_else(PoisonError::into_inner).way)
    }

    /// Sets the metadata of a file of several blocks and puts it in place.
    pub fn finish_file(&self, dir: &TargetDir, number: u32) -> SysResult<()> {
        let items = &self.plan.items;
        let file = self.open_slot(dir, number)?;
        let way = self.slot_way(number);
        let wanted = self.wanted(number, way != Way::InPlace);
        let beside = name_beside(&items.path(number));
        let name = if way == Way::Beside { beside.as_slice() } else { items.name(number) };
        self.warn_all(dir.set_file_attributes(name, &file, &wanted.attributes()));
        if way == Way::Beside {
            dir.clear_forbidding_flags(items.name(number));
            dir.rename(name, dir, items.name(number), true)?;
        }
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        Ok(())
    }

    /// Sees to it that a file that could not be made whole does not stand under its name with wrong
    /// contents: what is new goes, and what was there and is half changed gets another name.
    pub fn give_up(&self, dir: &TargetDir, number: u32) {
        let items = &self.plan.items;
        let Some(slot) = self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(&number) else {
            return;
        };
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if !slot.begun {
            return;
        }
        let way = slot.way;
        let path = items.path(number);
        let done = match way {
            Way::New => dir.unlink(items.name(number)),
            Way::Beside => dir.unlink(&name_beside(&path)),
            Way::InPlace => dir.rename(items.name(number), dir, &name_incomplete(&path), true),
        };
        if let Err(error) = done {
            self.warn(&error);
        }
    }

    /// Removes what a run that ends early leaves half written.
    pub fn give_up_all(&self) {
        let open: Vec<u32> =
            self.slots.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
        let mut dirs = self.dirs();
        for number in open.into_iter().filter(|number| self.slot_way(*number) != Way::InPlace) {
            if let Ok(dir) = dirs.get(self.plan.items.get(number).parent) {
                self.give_up(&dir, number);
            }
        }
    }
}

/// Why a group was not written.
enum Trouble {
    /// The system refuses.
    System(SysError),
    /// The repository is damaged.
    Damage(String),
    /// The file had failed before.
    Before,
}

impl From<SysError> for Trouble {
    fn from(error: SysError) -> Self {
        Trouble::System(error)
    }
}

fn same_item(placements: &[Placement], one: u32, two: u32) -> bool {
    placements[one as usize].item == placements[two as usize].item
}

/// Closes files nobody is writing to at the moment.
fn close_idle(slots: &HashMap<u32, Arc<Mutex<Slot>>>) {
    for slot in slots.values() {
        if let Ok(mut slot) = slot.try_lock()
            && slot.file.as_ref().is_some_and(|file| Arc::strong_count(file) == 1)
        {
            slot.file = None;
        }
    }
}

/// The bytes of a group, neighbours in both block and file put together.
fn pieces<'b>(
    placements: &'b [Placement],
    group: &'b [u32],
    block: &'b [u8],
) -> impl Iterator<Item = (u64, &'b [u8])> {
    let follows = |one: &u32, two: &u32| {
        let (one, two) = (&placements[*one as usize], &placements[*two as usize]);
        one.offset.checked_add(one.len) == Some(two.offset)
            && one.content_at.checked_add(u64::from(one.len)) == Some(two.content_at)
    };
    group.chunk_by(follows).map(move |run| {
        let (first, last) = (&placements[run[0] as usize], &placements[run[run.len() - 1] as usize]);
        // Each lies within the block: that was checked with its id.
        (first.content_at, &block[first.offset as usize..(last.offset + last.len) as usize])
    })
}

/// Where `len` bytes of contents from `content_at` lie in a file with these holes: offset in the file and
/// length, in order.
pub fn segments(holes: &[Hole], content_at: u64, len: u64) -> impl Iterator<Item = (u64, u64)> {
    let mut at = content_at;
    let end = content_at.saturating_add(len);
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let before = holes.partition_point(|hole| hole.content_at <= at);
        let shift = match before.checked_sub(1) {
            Some(last) => holes[last].offset + holes[last].len - holes[last].content_at,
            None => 0,
        };
        let stop = holes.get(before).map_or(end, |hole| hole.content_at.min(end));
        let segment = (at.saturating_add(shift), stop - at);
        at = stop;
        Some(segment)
    })
}

fn write_content(
    file: &File,
    holes: &[Hole],
    content_at: u64,
    bytes: &[u8],
    skip_zeros: bool,
) -> io::Result<()> {
    let mut left = bytes;
    for (offset, len) in segments(holes, content_at, bytes.len() as u64) {
        let (now, after) = left.split_at(len as usize);
        left = after;
        if skip_zeros { write_nonzero(file, now, offset)? } else { content::write_all_at(file, now, offset)? }
    }
    Ok(())
}

/// Writes all but long runs of zeros, which stay holes.
fn write_nonzero(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes.len().min(at + ZERO_RUN_BYTES);
        let is_zero = end - at == ZERO_RUN_BYTES && bytes[at..end].iter().all(|byte| *byte == 0);
        if is_zero {
            if start < at {
                content::write_all_at(file, &bytes[start..at], offset + start as u64)?;
            }
            start = end;
        }
        at = end;
    }
    if start < bytes.len() {
        content::write_all_at(file, &bytes[start..], offset + start as u64)?;
    }
    Ok(())
}
