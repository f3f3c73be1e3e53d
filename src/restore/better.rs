//! A block from another copy of its pack, where the one that was read is not what it should be.

use std::collections::HashMap;

use crate::compress::Decompressor;
use crate::restore::execute::Run;
use crate::restore::schedule::{Job, Schedule};

impl Run<'_> {
    /// Whether every chunk that is wanted of a block is what its id says.
    pub fn is_right(&self, schedule: &Schedule, job: &Job, block: &[u8]) -> bool {
        let placements = self.plan.items.placements();
        let mut known = HashMap::new();
        schedule.order[job.order.clone()].iter().all(|number| {
            let wanted = &placements[*number as usize];
            let start = wanted.offset as usize;
            let id = known.entry((wanted.offset, wanted.len)).or_insert_with(|| {
                block.get(start..start + wanted.len as usize).map(|chunk| self.source.chunk_id(chunk))
            });
            *id == Some(wanted.id)
        })
    }

    /// The block from another copy of its pack, if there is one in which all of it is right.
    pub fn better_block(&self, schedule: &Schedule, job: &Job) -> Option<Vec<u8>> {
        let block = &self.plan.blocks[job.block as usize];
        let decode = |frame: &[u8]| {
            let mut plain = Vec::new();
            let mut decompressor = Decompressor::new().ok()?;
            decompressor.decompress_into(frame, block.raw_len as usize, &mut plain).ok()?;
            self.is_right(schedule, job, &plain).then_some(plain)
        };
        let plain = u64::from(block.offset)..block.end();
        let pack = &self.plan.packs[block.pack as usize];
        let frame = self.source.another_copy(pack, plain, &|frame| decode(frame).is_some())?;
        decode(&frame)
    }
}
