//! Files that are there already: what of them is right is neither fetched nor written.
//!
//! A chunk that stands where it belongs is found by its hash. Where contents have moved, the file is cut by
//! the repository's chunker, and pieces that are still wanted are found wherever they stand. A small file, or
//! one whose pieces have moved, is put together beside the old one and takes its place when whole; a large
//! one is changed where it lies.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::ids::ChunkId;
use crate::chunker::Chunker;
use crate::repo::tree::EntryKind;
use crate::restore::content::{Slot, Way, segments};
use crate::restore::execute::Run;
use crate::restore::items::{Action, Hole, Placement};
use crate::restore::parallel;
use crate::sys::error::{SysError, SysResult};
use crate::sys::stat::Stat;
use crate::sys::target::{TargetDir, content};

/// Smaller files are made anew beside the old one: that costs little and never leaves half a file.
const IN_PLACE_MIN_BYTES: u64 = 16 << 20;

/// Which placements are still to be fetched; `None` stands for all.
pub type WantedList = Option<Vec<AtomicBool>>;

impl Run<'_> {
    /// Compares all files that are to be updated; tells which placements must be fetched.
    pub fn compare(&self) -> WantedList {
        let items = &self.plan.items;
        let is_update = |number: &u32| {
            let item = items.get(*number);
            let is_link = items.extra(*number).is_some_and(|extra| extra.link_to.is_some());
            item.kind == EntryKind::File && item.action == Action::Update && !is_link
        };
        let updates: Vec<u32> = (0..items.len()).filter(is_update).collect();
        if updates.is_empty() {
            return None;
        }
        let wanted: Vec<AtomicBool> = items.placements().iter().map(|_| AtomicBool::new(true)).collect();
        let start = || self.dirs();
        parallel::for_each(self.workers, updates.len(), 1, start, |dirs, at| {
            let number = updates[at];
            let compared =
                dirs.get(items.get(number).parent).and_then(|dir| self.compare_file(&dir, number, &wanted));
            if let Err(error) = compared {
                self.fail(number, &error);
            }
            if self.has_failed(number) {
                let (first, list) = items.placements_of(number);
                wanted[first..first + list.len()]
                    .iter()
                    .for_each(|want| want.store(false, Ordering::Relaxed));
            }
            !self.stopped()
        });
        Some(wanted)
    }

    fn compare_file(&self, dir: &TargetDir, number: u32, wanted: &[AtomicBool]) -> SysResult<()> {
        let items = &self.plan.items;
        let (item, name) = (items.get(number), items.name(number));
        let (first, placements) = items.placements_of(number);
        let holes = items.holes(number);
        let Ok((old, stat)) = dir.handle().open_regular_child(name) else {
            // It cannot be read; it can still be replaced.
            self.set_way(number, Way::Beside);
            return self.finish_if_whole(dir, number, &[]);
        };
        let mut reader = Reader { run: self, file: &old, size: stat.size, buffer: Vec::new() };
        let mut found: Vec<Option<Place>> =
            placements.iter().map(|want| reader.is_at_home(want, holes).then_some(Place::Home)).collect();
        let is_whole = found.iter().all(Option::is_some);
        if is_whole && stat.size == item.size && holes.is_empty() {
            wanted[first..first + placements.len()]
                .iter()
                .for_each(|want| want.store(false, Ordering::Relaxed));
            let wanted = self.wanted(number, false);
            self.warn_all(dir.set_child_attributes(name, &wanted.attributes()));
            self.found_right(number);
            return Ok(());
        }
        if !is_whole && holes.is_empty() {
            reader.find_moved(placements, &mut found);
        }
        let way = choose_way(&stat, item.size, is_whole, placements, &found);
        self.set_way(number, way);
        if way == Way::InPlace {
            found.iter_mut().filter(|place| **place != Some(Place::Home)).for_each(|place| *place = None);
        }
        self.take_over(dir, number, &mut reader, &mut found)?;
        for (at, place) in found.iter().enumerate() {
            if place.is_some() {
                wanted[first + at].store(false, Ordering::Relaxed);
                self.counters.reused.fetch_add(u64::from(placements[at].len), Ordering::Relaxed);
            }
        }
        self.finish_if_whole(dir, number, &found)
    }

    fn set_way(&self, number: u32, way: Way) {
        let slot = Slot { way, ..Slot::default() };
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.insert(number, Arc::new(Mutex::new(slot)));
    }

    /// Brings what is already here to where it belongs. What turns out not to be there after all is
    /// forgotten, and so fetched.
    fn take_over(
        &self,
        dir: &TargetDir,
        number: u32,
        reader: &mut Reader<'_>,
        found: &mut [Option<Place>],
    ) -> SysResult<()> {
        let items = &self.plan.items;
        let (_, placements) = items.placements_of(number);
        let holes = items.holes(number);
        let named = |error| SysError::new("write", items.path(number), error);
        if self.slot_way(number) == Way::InPlace {
            if reader.size != items.get(number).size || !holes.is_empty() {
                let file = self.open_slot(dir, number)?;
                content::set_len(&file, items.get(number).size).map_err(named)?;
                for hole in holes {
                    content::punch_hole(&file, hole.offset, hole.len).map_err(named)?;
                }
            }
            return Ok(());
        }
        if found.iter().all(Option::is_none) {
            return Ok(());
        }
        let file = self.open_slot(dir, number)?;
        for (want, place) in placements.iter().zip(found) {
            let is_here = match place {
                None => continue,
                Some(Place::Home) => reader.is_at_home(want, holes),
                Some(Place::Moved(offset)) => reader.is_at(want, *offset),
            };
            if !is_here {
                *place = None;
                continue;
            }
            let mut left = reader.buffer.as_slice();
            for (offset, len) in segments(holes, want.content_at, u64::from(want.len)) {
                let (now, after) = left.split_at(len as usize);
                content::write_all_at(&file, now, offset).map_err(named)?;
                left = after;
            }
            if self.stopped() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Finishes a file of which nothing has to be fetched.
    fn finish_if_whole(&self, dir: &TargetDir, number: u32, found: &[Option<Place>]) -> SysResult<()> {
        let count = self.plan.items.get(number).chunk_count as usize;
        if found.iter().flatten().count() == count && !self.stopped() {
            self.finish_file(dir, number)?;
            self.finished_file(number);
        }
        Ok(())
    }
}

/// Where in the old file a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Where it belongs.
    Home,
    /// Elsewhere.
    Moved(u64),
}

fn choose_way(
    stat: &Stat,
    size: u64,
    is_whole: bool,
    placements: &[Placement],
    found: &[Option<Place>],
) -> Way {
    let bytes = |wanted: fn(&Place) -> bool| -> u64 {
        let pairs = placements.iter().zip(found);
        pairs
            .filter(|(_, place)| place.as_ref().is_some_and(wanted))
            .map(|(want, _)| u64::from(want.len))
            .sum()
    };
    let moved = bytes(|place| matches!(place, Place::Moved(_)));
    let home = bytes(|place| *place == Place::Home);
    if stat.nlink > 1 {
        // Another of its names may lie outside the target.
        Way::Beside
    } else if is_whole || (size >= IN_PLACE_MIN_BYTES && home >= moved && home > 0) {
        Way::InPlace
    } else {
        Way::Beside
    }
}

/// Reads an old file.
struct Reader<'a> {
    run: &'a Run<'a>,
    file: &'a File,
    size: u64,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    fn is_at_home(&mut self, want: &Placement, holes: &[Hole]) -> bool {
        self.buffer.clear();
        for (offset, len) in segments(holes, want.content_at, u64::from(want.len)) {
            if offset.saturating_add(len) > self.size {
                return false;
            }
            let start = self.buffer.len();
            self.buffer.resize(start + len as usize, 0);
            if content::read_exact_at(self.file, &mut self.buffer[start..], offset).is_err() {
                return false;
            }
        }
        self.run.source.chunk_id(&self.buffer) == want.id
    }

    fn is_at(&mut self, want: &Placement, offset: u64) -> bool {
        self.buffer.resize(want.len as usize, 0);
        content::read_exact_at(self.file, &mut self.buffer, offset).is_ok()
            && self.run.source.chunk_id(&self.buffer) == want.id
    }

    /// Looks in the whole old file for the chunks that are not where they belong.
    fn find_moved(&mut self, placements: &[Placement], found: &mut [Option<Place>]) {
        let pairs = placements.iter().zip(found.iter());
        let missing: HashSet<ChunkId> =
            pairs.filter(|(_, place)| place.is_none()).map(|(want, _)| want.id).collect();
        // Without a chunker, or where reading fails, everything is simply fetched.
        let Ok(chunker) = self.run.source.chunker() else { return };
        let moved = self.chunks(&chunker, &missing);
        for (want, place) in placements.iter().zip(found).filter(|(_, place)| place.is_none()) {
            *place = moved.get(&want.id).map(|offset| Place::Moved(*offset));
        }
    }

    fn chunks(&mut self, chunker: &Chunker, missing: &HashSet<ChunkId>) -> HashMap<ChunkId, u64> {
        let mut moved = HashMap::new();
        let window = chunker.max_bytes().max(1 << 20) * 2;
        let (mut data, mut start, mut offset, mut read) = (Vec::new(), 0, 0u64, 0u64);
        loop {
            let ended = read >= self.size;
            let Some(len) = chunker.first_len(&data[start..], ended) else {
                if ended || self.run.stopped() {
                    return moved;
                }
                data.drain(..start);
                start = 0;
                let step = ((window - data.len()) as u64).min(self.size - read) as usize;
                let at = data.len();
                data.resize(at + step, 0);
                if content::read_exact_at(self.file, &mut data[at..], read).is_err() {
                    return moved;
                }
                read += step as u64;
                continue;
            };
            let id = self.run.source.chunk_id(&data[start..start + len]);
            if missing.contains(&id) {
                moved.entry(id).or_insert(offset);
            }
            start += len;
            offset += len as u64;
        }
    }
}
