//! Which places in the store are bad, and from that, which chunks are lost.
//!
//! A chunk may lie in several packs; it is lost when every place of it is bad. Told in two passes over the
//! index, and only where something is bad at all, so that memory grows with the damage, not the repository.

use std::collections::{HashMap, HashSet};

use crate::base::ids::{ChunkId, PackName};
use crate::index::cache::Index;
use crate::index::rows::Location;
use crate::maintain::check::report::FindingId;

/// What is bad, and which finding says so.
#[derive(Debug, Default)]
pub struct Damage {
    packs: HashMap<PackName, FindingId>,
    blocks: HashMap<(PackName, u32), FindingId>,
    chunks: HashMap<(PackName, ChunkId), FindingId>,
}

/// Chunks that no good place holds.
#[derive(Debug, Default)]
pub struct LostChunks(HashMap<ChunkId, FindingId>);

impl Damage {
    /// Nothing of `pack` can be read.
    pub fn pack(&mut self, pack: PackName, finding: FindingId) {
        self.packs.insert(pack, finding);
    }

    /// The block at `offset` of `pack` cannot be read.
    pub fn block(&mut self, pack: PackName, offset: u32, finding: FindingId) {
        self.blocks.insert((pack, offset), finding);
    }

    /// `pack` holds something else than `chunk` where `chunk` should be.
    pub fn chunk(&mut self, pack: PackName, chunk: ChunkId, finding: FindingId) {
        self.chunks.insert((pack, chunk), finding);
    }

    /// The finding about `pack`, if all of it is bad.
    pub fn of_pack(&self, pack: &PackName) -> Option<FindingId> {
        self.packs.get(pack).copied()
    }

    /// Whether anything is bad.
    pub fn is_empty(&self) -> bool {
        self.packs.is_empty() && self.blocks.is_empty() && self.chunks.is_empty()
    }

    fn of(&self, id: &ChunkId, place: &Location) -> Option<FindingId> {
        let by_pack = self.packs.get(&place.pack);
        let by_block = || self.blocks.get(&(place.pack, place.block_offset));
        by_pack.or_else(by_block).or_else(|| self.chunks.get(&(place.pack, *id))).copied()
    }

    /// The chunks of `index` that are lost by this.
    pub fn lost_chunks(&self, index: &Index) -> LostChunks {
        let mut lost = HashMap::new();
        if self.is_empty() {
            return LostChunks(lost);
        }
        index.for_each(|id, place| {
            if let Some(finding) = self.of(id, place) {
                lost.insert(*id, finding);
            }
        });
        let mut found: HashSet<ChunkId> = HashSet::new();
        index.for_each(|id, place| {
            if lost.contains_key(id) && self.of(id, place).is_none() {
                found.insert(*id);
            }
        });
        lost.retain(|id, _| !found.contains(id));
        LostChunks(lost)
    }
}

impl LostChunks {
    /// The finding by which `id` is lost, if it is.
    pub fn get(&self, id: &ChunkId) -> Option<FindingId> {
        self.0.get(id).copied()
    }
}
