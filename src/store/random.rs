//! Random numbers that need not be secret: jitter, and faults that a seed repeats.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// What SplitMix64 adds to its state at every step.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// One step of SplitMix64 (Steele, Lea and Flood 2014): spreads a number over all 64 bits.
pub fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(STEP);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// `random` as a fraction: at least 0, less than 1. 53 bits: as many as a double holds exactly.
pub fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1u64 << 53) as f64
}

/// A sequence of random numbers that threads may share.
#[derive(Debug)]
pub struct Random(AtomicU64);

impl Random {
    /// Another sequence each time.
    pub fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(0u8))
    }

    /// The sequence of `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed))
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}
