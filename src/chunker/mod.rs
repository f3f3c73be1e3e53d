//! Content-defined chunking: where one chunk ends and the next begins, decided by the data alone.
//!
//! MinCDC (Orson Peters; here in the `mothcdc` fork, whose prefetching is sound) cuts where a hash of four
//! bytes is smallest within `min..=max` bytes, found with SIMD at memory speed. Its hash takes a multiplier
//! and an addend, and both come from the repository's dedup secret, so that two repositories cut the same
//! file differently. That is hygiene, no protection: the hash is linear, and a few known cuts give it away;
//! lengths stay hidden because chunks lie sealed in padded packs.
//! The choice was made on measurement: see ARCHITECTURE.md.

use mothcdc::mincdc::{Cdc, MinCdcHash4};
use serde::{Deserialize, Serialize};

use crate::base::limits;
use crate::base::secret::Secret32;

/// The one algorithm of format version 1, as `config` names it.
pub const ALGORITHM: &str = "mincdc-hash4";

/// What `config` says of chunking: fixed for the life of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkerParams {
    /// Always [`ALGORITHM`].
    pub algorithm: String,
    /// Shortest chunk, in bytes, but for the last of a file.
    pub min_bytes: u64,
    /// Longest chunk, in bytes.
    pub max_bytes: u64,
}

impl Default for ChunkerParams {
    fn default() -> Self {
        Self { algorithm: ALGORITHM.to_owned(), min_bytes: DEFAULT_MIN_BYTES, max_bytes: DEFAULT_MAX_BYTES }
    }
}

/// Default shortest chunk: see ARCHITECTURE.md for the measurement behind the mean of 128 KiB.
pub const DEFAULT_MIN_BYTES: u64 = 64 << 10;
/// Default longest chunk.
pub const DEFAULT_MAX_BYTES: u64 = 192 << 10;

/// Parameters no reader accepts.
#[derive(Debug, thiserror::Error)]
#[error("unusable chunker parameters: {0}")]
pub struct ChunkerError(&'static str);

/// Cuts data into chunks.
#[derive(Clone, Debug)]
pub struct Chunker {
    cdc: MinCdcHash4,
    min_bytes: usize,
    max_bytes: usize,
}

impl Chunker {
    /// A chunker with `params`, seeded by 32 bytes derived from the dedup secret.
    pub fn new(params: &ChunkerParams, seed: &Secret32) -> Result<Self, ChunkerError> {
        if params.algorithm != ALGORITHM {
            return Err(ChunkerError("the algorithm is none this version knows"));
        }
        let (min, max) = (params.min_bytes, params.max_bytes);
        if min < 256 || max <= min || max > limits::CHUNK_MAX_BYTES as u64 {
            return Err(ChunkerError("the sizes are out of bounds"));
        }
        let word = |at: usize| {
            let seed = seed.expose();
            u32::from_le_bytes([seed[at], seed[at + 1], seed[at + 2], seed[at + 3]])
        };
        Ok(Self {
            cdc: MinCdcHash4::with_params(word(0) | 1, word(4)),
            min_bytes: min as usize,
            max_bytes: max as usize,
        })
    }

    /// Longest chunk in bytes: give at least as much to [`Chunker::first_len`].
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Shortest chunk in bytes; anything not longer is one chunk.
    pub fn min_bytes(&self) -> usize {
        self.min_bytes
    }

    /// Length of the first chunk of `data`, or `None` when more data is needed to tell.
    ///
    /// `ended` says that nothing follows `data`. Empty data has no chunk.
    pub fn first_len(&self, data: &[u8], ended: bool) -> Option<usize> {
        if data.len() < self.max_bytes && !ended {
            return None;
        }
        if data.is_empty() {
            return None;
        }
        if data.len() <= self.min_bytes {
            return Some(data.len());
        }
        let window = self.cdc.window_size();
        let end = data.len().min(self.max_bytes);
        let start = self.min_bytes - window;
        Some(start + self.cdc.best_splitpoint(&data[start..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, mut state: u64) -> Vec<u8> {
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect()
    }

    fn chunker(seed: u8) -> Chunker {
        let params = ChunkerParams { min_bytes: 1024, max_bytes: 3072, ..ChunkerParams::default() };
        Chunker::new(&params, &Secret32::new([seed; 32])).unwrap()
    }

    fn cuts(chunker: &Chunker, data: &[u8]) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        while let Some(len) = chunker.first_len(&data[at..], true) {
            at += len;
            ends.push(at);
        }
        ends
    }

    #[test]
    fn chunks_cover_the_data_and_keep_their_bounds() {
        let data = noise(100_000, 1);
        let ends = cuts(&chunker(1), &data);
        assert_eq!(*ends.last().unwrap(), data.len());
        let mut start = 0;
        for end in &ends[..ends.len() - 1] {
            assert!((1024..=3072).contains(&(end - start)));
            start = *end;
        }
    }

    #[test]
    fn an_insertion_moves_only_the_cuts_near_it() {
        let data = noise(200_000, 2);
        let mut longer = data[..50_000].to_vec();
        longer.extend_from_slice(b"inserted");
        longer.extend_from_slice(&data[50_000..]);
        let old: std::collections::HashSet<usize> = cuts(&chunker(1), &data).into_iter().collect();
        let same = cuts(&chunker(1), &longer).iter().filter(|end| old.contains(&(**end - 8))).count();
        assert!(same * 10 > old.len() * 6, "{same} of {}", old.len());
    }

    #[test]
    fn cuts_do_not_depend_on_how_the_data_arrives_but_on_the_seed() {
        let data = noise(50_000, 3);
        let one = chunker(1);
        let whole = one.first_len(&data, true).unwrap();
        assert_eq!(one.first_len(&data[..3072], false), Some(whole));
        assert_eq!(one.first_len(&data[..3071], false), None);
        assert_ne!(cuts(&one, &data), cuts(&chunker(2), &data));
    }

    #[test]
    fn parameters_out_of_bounds_are_refused() {
        for (min, max) in [(0, 10), (1024, 1024), (1024, u64::MAX)] {
            let params = ChunkerParams { min_bytes: min, max_bytes: max, ..ChunkerParams::default() };
            assert!(Chunker::new(&params, &Secret32::new([0; 32])).is_err());
        }
        let other = ChunkerParams { algorithm: "rabin".into(), ..ChunkerParams::default() };
        assert!(Chunker::new(&other, &Secret32::new([0; 32])).is_err());
    }
}
