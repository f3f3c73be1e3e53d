//! What this session has newly stored or is about to: the mutable face of the index.
//!
//! Two threads that meet the same new chunk must not both store it, and a chunk that is spoken for counts
//! as stored, for the commit waits until everything is durable.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::base::ids::ChunkId;

const SHARDS: usize = 64;

/// The chunks spoken for in this session and not yet in a run.
#[derive(Debug)]
pub struct SessionChunks {
    shards: Vec<Mutex<HashSet<ChunkId>>>,
}

impl Default for SessionChunks {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl SessionChunks {
    /// Speaks for `id`; `true` if nobody had before, and the caller has to store it.
    pub fn claim(&self, id: &ChunkId) -> bool {
        self.shard(id).insert(*id)
    }

    /// Whether somebody spoke for `id`.
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.shard(id).contains(id)
    }

    /// Forgets `ids`: they are in a run now.
    pub fn release<'a>(&self, ids: impl IntoIterator<Item = &'a ChunkId>) {
        for id in ids {
            self.shard(id).remove(id);
        }
    }

    fn shard(&self, id: &ChunkId) -> std::sync::MutexGuard<'_, HashSet<ChunkId>> {
        // A set stays whole whatever its holder did, so a poisoned lock is as good as any.
        self.shards[usize::from(id.0[31]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_threads_exactly_one_claims_a_chunk() {
        let chunks = SessionChunks::default();
        let wins: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..=255u8).filter(|n| chunks.claim(&ChunkId([*n; 32]))).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(wins, 256);
        chunks.release(&[ChunkId([7; 32])]);
        assert!(!chunks.contains(&ChunkId([7; 32])) && chunks.claim(&ChunkId([7; 32])));
    }
}
