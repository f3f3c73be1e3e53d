//! Reading back: every chunk of every restored file is hashed again, from the target.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::repo::tree::EntryKind;
use crate::restore::content::segments;
use crate::restore::dirs::Dirs;
use crate::restore::execute::Run;
use crate::restore::items::{Action, Placement};
use crate::restore::parallel;
use crate::sys::error::SysResult;
use crate::sys::target::content;

/// Chunks a worker takes at once.
const STEP: usize = 32;

struct Checker<'a> {
    dirs: Dirs<'a>,
    open: Option<(u32, File)>,
    buffer: Vec<u8>,
}

impl Run<'_> {
    /// Reads back all files that were written; says how many are right.
    pub fn verify(&self) -> u64 {
        let items = &self.plan.items;
        let is_written = |number: u32| {
            let item = items.get(number);
            let is_link = items.extra(number).is_some_and(|extra| extra.link_to.is_some());
            item.kind == EntryKind::File
                && matches!(item.action, Action::Create | Action::Update)
                && !is_link
                && !self.has_failed(number)
        };
        let wrong: Vec<AtomicBool> = (0..items.len()).map(|_| AtomicBool::new(false)).collect();
        let start = || Checker { dirs: self.dirs(), open: None, buffer: Vec::new() };
        let placements = items.placements();
        parallel::for_each(self.workers, placements.len(), STEP, start, |checker, at| {
            let placement = &placements[at];
            if is_written(placement.item) && !self.reads_back(checker, placement).unwrap_or(false) {
                wrong[placement.item as usize].store(true, Ordering::Relaxed);
            }
            !self.stopped()
        });
        let start = || self.dirs();
        parallel::for_each(self.workers, items.len() as usize, STEP, start, |dirs, number| {
            let number = number as u32;
            if is_written(number) {
                let stat = dirs.get(items.get(number).parent).and_then(|dir| dir.look(items.name(number)));
                if !matches!(stat, Ok(Some(stat)) if stat.size == items.get(number).size) {
                    wrong[number as usize].store(true, Ordering::Relaxed);
                }
            }
            !self.stopped()
        });
        let mut right = 0;
        for number in (0..items.len()).filter(|number| is_written(*number)) {
            if wrong[number as usize].load(Ordering::Relaxed) {
                let why = "what was read back is not what was restored".to_owned();
                self.fail_text(number, why, true);
            } else {
                right += 1;
            }
        }
        right
    }

    fn reads_back(&self, checker: &mut Checker<'_>, placement: &Placement) -> SysResult<bool> {
        let items = &self.plan.items;
        if checker.open.as_ref().is_none_or(|(number, _)| *number != placement.item) {
            let dir = checker.dirs.get(items.get(placement.item).parent)?;
            let (file, _) = dir.handle().open_regular_child(items.name(placement.item))?;
            checker.open = Some((placement.item, file));
        }
        let Some((_, file)) = &checker.open else { return Ok(false) };
        checker.buffer.clear();
        let holes = items.holes(placement.item);
        for (offset, len) in segments(holes, placement.content_at, u64::from(placement.len)) {
            let start = checker.buffer.len();
            checker.buffer.resize(start + len as usize, 0);
            if content::read_exact_at(file, &mut checker.buffer[start..], offset).is_err() {
                return Ok(false);
            }
        }
        Ok(self.source.chunk_id(&checker.buffer) == placement.id)
    }
}
