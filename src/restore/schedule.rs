//! In which order what is fetched: by pack and block, coalesced into few ranged reads. Pure.

use crate::restore::items::Placement;

/// A block as plans refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockRef {
    /// Number of its pack.
    pub pack: u32,
    /// Where its frame begins in the pack's plaintext.
    pub offset: u32,
    /// Bytes of its frame.
    pub frame_len: u32,
    /// Bytes of the block.
    pub raw_len: u32,
}

impl BlockRef {
    /// Where its frame ends.
    pub fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.frame_len)
    }
}

/// One block's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Number of the block.
    pub block: u32,
    /// Its part of [`Schedule::order`].
    pub order: std::ops::Range<usize>,
}

/// One ranged read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of the pack.
    pub pack: u32,
    /// The range of the pack's plaintext.
    pub plain: std::ops::Range<u64>,
    /// Its part of [`Schedule::jobs`].
    pub jobs: std::ops::Range<usize>,
}

/// All the work of fetching.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// Numbers of placements by block, then file, then place in the file.
    pub order: Vec<u32>,
    /// The blocks, by pack and offset.
    pub jobs: Vec<Job>,
    /// The reads.
    pub spans: Vec<Span>,
}

impl Schedule {
    /// The schedule of those `placements` for which `wanted` holds.
    pub fn new(
        blocks: &[BlockRef],
        placements: &[Placement],
        wanted: impl Fn(usize) -> bool,
        gap_bytes: u64,
        span_max_bytes: u64,
    ) -> Self {
        let mut order: Vec<u32> =
            (0..placements.len()).filter(|at| wanted(*at)).map(|at| at as u32).collect();
        order.sort_unstable_by_key(|at| {
            let placement = &placements[*at as usize];
            (blocks[placement.block as usize], placement.item, placement.content_at)
        });
        let mut jobs: Vec<Job> = Vec::new();
        for (position, at) in order.iter().enumerate() {
            let block = placements[*at as usize].block;
            match jobs.last_mut() {
                Some(job) if job.block == block => job.order.end = position + 1,
                _ => jobs.push(Job { block, order: position..position + 1 }),
            }
        }
        let spans = coalesce(blocks, &jobs, gap_bytes, span_max_bytes);
        Self { order, jobs, spans }
    }

    /// Bytes of plaintext that all reads ask for.
    pub fn fetch_bytes(&self) -> u64 {
        self.spans.iter().map(|span| span.plain.end - span.plain.start).sum()
    }
}

/// Puts neighbouring blocks into one read where the gap is short and the read stays bounded.
pub fn coalesce(blocks: &[BlockRef], jobs: &[Job], gap_bytes: u64, span_max_bytes: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        let block = &blocks[job.block as usize];
        let start = u64::from(block.offset);
        if let Some(span) = spans.last_mut() {
            let end = span.plain.end.max(block.end());
            let near = start <= span.plain.end.saturating_add(gap_bytes);
            if span.pack == block.pack && near && end - span.plain.start <= span_max_bytes {
                span.plain.end = end;
                span.jobs.end = number + 1;
                continue;
            }
        }
        spans.push(Span { pack: block.pack, plain: start..block.end(), jobs: number..number + 1 });
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator, so that the property is tried on many shapes and repeats exactly.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) % bound
        }
    }

    fn random_blocks(numbers: &mut Numbers) -> (Vec<BlockRef>, Vec<Job>) {
        let mut blocks = Vec::new();
        for pack in 0..1 + numbers.below(4) as u32 {
            let mut offset = 0u32;
            for _ in 0..numbers.below(40) {
                offset += numbers.below(200_000) as u32;
                let frame_len = 1 + numbers.below(2_000_000) as u32;
                blocks.push(BlockRef { pack, offset, frame_len, raw_len: 1 << 20 });
                offset += frame_len;
            }
        }
        let jobs = (0..blocks.len()).map(|n| Job { block: n as u32, order: n..n + 1 }).collect();
        (blocks, jobs)
    }

    #[test]
    fn every_block_is_in_exactly_one_read_and_reads_keep_their_bounds() {
        let mut numbers = Numbers(1);
        for _ in 0..300 {
            let (blocks, jobs) = random_blocks(&mut numbers);
            let gap = numbers.below(100_000);
            let spans = coalesce(&blocks, &jobs, gap, 4 << 20);
            let mut next = 0;
            for span in &spans {
                assert_eq!(span.jobs.start, next);
                next = span.jobs.end;
                let inside: Vec<&BlockRef> =
                    jobs[span.jobs.clone()].iter().map(|job| &blocks[job.block as usize]).collect();
                assert!(inside.iter().all(|block| block.pack == span.pack
                    && u64::from(block.offset) >= span.plain.start
                    && block.end() <= span.plain.end));
                assert!(inside.len() == 1 || span.plain.end - span.plain.start <= 4 << 20);
                assert!(inside.windows(2).all(|pair| u64::from(pair[1].offset) <= pair[0].end() + gap));
            }
            assert_eq!(next, jobs.len());
        }
    }

    #[test]
    fn two_reads_that_could_be_one_are_one() {
        let mut numbers = Numbers(2);
        for _ in 0..300 {
            let (blocks, jobs) = random_blocks(&mut numbers);
            for pair in coalesce(&blocks, &jobs, 64 << 10, 4 << 20).windows(2) {
                let first_of_next = &blocks[jobs[pair[1].jobs.start].block as usize];
                let joined = pair[0].plain.start..first_of_next.end();
                let apart = pair[0].pack != pair[1].pack
                    || pair[1].plain.start > pair[0].plain.end + (64 << 10)
                    || joined.end - joined.start > 4 << 20;
                assert!(apart);
            }
        }
    }

    #[test]
    fn blocks_that_a_hostile_index_lets_overlap_are_still_read_whole() {
        let block = |offset, frame_len| BlockRef { pack: 0, offset, frame_len, raw_len: 9 };
        let blocks = [block(0, 100), block(10, 20), block(90, 50)];
        let jobs: Vec<Job> = (0..3).map(|n| Job { block: n, order: 0..1 }).collect();
        assert_eq!(coalesce(&blocks, &jobs, 0, 1000), [Span { pack: 0, plain: 0..140, jobs: 0..3 }]);
    }
}
