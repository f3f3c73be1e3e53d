//! Blocks to zstd frames and back (RFC 8878).
//!
//! Contexts are kept and reused: making one costs more than compressing a small block. Data that does
//! not compress is found out by a few small samples and then stored in raw zstd blocks, which costs a
//! fraction of a real attempt and stays a standard frame.

use std::io;

use zstd::bulk;
use zstd::zstd_safe::{self, CParameter, DParameter};

use crate::base::limits;

/// Compression level when nobody says otherwise; the same class as the peers' default.
pub const DEFAULT_LEVEL: i32 = 3;
/// A negative level does next to no search; incompressible data comes out as raw blocks.
const STORE_LEVEL: i32 = -50;
/// Bytes of one sample of the incompressibility test.
const SAMPLE_BYTES: usize = 4 << 10;
/// Samples taken, evenly spread. Blocks shorter than all of them together are simply compressed.
const SAMPLES: usize = 6;
/// A block is stored when its samples keep at least this share of their length, in 1/256.
const INCOMPRESSIBLE_SHARE: usize = 252;

/// A frame that cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CompressError {
    /// zstd refused to compress.
    #[error("zstd cannot compress")]
    Compress(#[source] io::Error),
    /// The frame is damaged, or asks for a larger window than is allowed.
    #[error("a zstd frame is damaged or out of bounds")]
    Decompress(#[source] io::Error),
    /// The frame holds another number of bytes than its directory says.
    #[error("a zstd frame holds {actual} bytes and should hold {expected}")]
    Length {
        /// What the directory says.
        expected: usize,
        /// What came out.
        actual: usize,
    },
    /// A bound of the format is passed.
    #[error("a zstd frame of {bytes} bytes is larger than any block may be")]
    TooLarge {
        /// What was asked for.
        bytes: usize,
    },
}

/// Level for data in which matches are worth nothing, such as hexadecimal digits or base64: its entropy
/// coding takes as much as that of higher levels, whose longer search is in vain, or does harm.
const NO_MATCHES_LEVEL: i32 = 1;
/// A frame of at least this share of what its bytes' frequencies alone allow tells such data, in percent.
const NO_MATCHES_PERCENT: f64 = 94.0;
/// Samples do not show what repeats far away: every so many blocks, one is compressed by the level asked for.
const NO_MATCHES_RUN: u32 = 7;

/// Compresses blocks; one a thread.
pub struct Compressor {
    context: bulk::Compressor<'static>,
    no_matches: bulk::Compressor<'static>,
    probe: bulk::Compressor<'static>,
    sample: Vec<u8>,
    scratch: Vec<u8>,
    gives_up: bool,
    /// The last block gained nothing from matches: the next one is looked at first.
    in_vain: bool,
    /// Blocks in a row that were compressed without it.
    run: u32,
}

/// What a block is compressed by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// The level asked for; with the bytes that frequencies alone would give, where they are known.
    Level(Option<f64>),
    /// [`NO_MATCHES_LEVEL`].
    NoMatches,
    /// Raw blocks.
    Store,
}

impl Compressor {
    /// A compressor of `level` (1 to 22, as zstd counts; 0 stands for the default).
    pub fn new(level: i32) -> Result<Self, CompressError> {
        let level = if level == 0 { DEFAULT_LEVEL } else { level };
        // Who asks for more than the default wants what it brings, whatever the time.
        let gives_up = level <= DEFAULT_LEVEL;
        let context = |level| {
            let mut context = bulk::Compressor::new(level)?;
            context.set_parameter(CParameter::ContentSizeFlag(true))?;
            Ok(context)
        };
        Ok(Self {
            context: context(level).map_err(CompressError::Compress)?,
            no_matches: context(NO_MATCHES_LEVEL.min(level)).map_err(CompressError::Compress)?,
            probe: context(STORE_LEVEL).map_err(CompressError::Compress)?,
            sample: Vec::new(),
            scratch: Vec::new(),
            gives_up,
            in_vain: false,
            run: 0,
        })
    }

    /// Appends `block` to `out` as one frame; says how many bytes were appended.
    pub fn compress(&mut self, block: &[u8], out: &mut Vec<u8>) -> Result<usize, CompressError> {
        let start = out.len();
        let bound = zstd_safe::compress_bound(block.len());
        out.resize(start + bound, 0);
        let way = self.way(block)?;
        let context = match way {
            Way::Level(_) => &mut self.context,
            Way::NoMatches => &mut self.no_matches,
            Way::Store => &mut self.probe,
        };
        let written =
            context.compress_to_buffer(block, &mut out[start..]).map_err(CompressError::Compress)?;
        match way {
            Way::Level(Some(entropy)) => {
                // Of a few values in a row, nothing is told by their frequencies.
                let tells = entropy * 16.0 >= block.len() as f64;
                self.in_vain = tells && written as f64 * 100.0 >= entropy * NO_MATCHES_PERCENT;
                self.run = 0;
            }
            Way::NoMatches => self.run += 1,
            _ => {}
        }
        out.truncate(start + written);
        Ok(written)
    }

    fn way(&mut self, block: &[u8]) -> Result<Way, CompressError> {
        if block.len() < 2 * SAMPLES * SAMPLE_BYTES {
            return Ok(Way::Level(None));
        }
        let stride = (block.len() - SAMPLE_BYTES) / (SAMPLES - 1);
        self.sample.clear();
        for index in 0..SAMPLES {
            let at = index * stride;
            self.sample.extend_from_slice(&block[at..at + SAMPLE_BYTES]);
        }
        let counts = counts(&self.sample);
        if !entropy_is_low(&counts, self.sample.len()) {
            // Evenly distributed bytes may still repeat; the real compressor tells on the samples.
            let written = compressed_len(&mut self.context, &self.sample, &mut self.scratch)?;
            let is_incompressible = written * 256 >= self.sample.len() * INCOMPRESSIBLE_SHARE;
            return Ok(if is_incompressible { Way::Store } else { Way::Level(None) });
        }
        if self.gives_up && self.in_vain && self.run < NO_MATCHES_RUN {
            let searched = compressed_len(&mut self.context, &self.sample, &mut self.scratch)?;
            let coded = compressed_len(&mut self.no_matches, &self.sample, &mut self.scratch)?;
            if coded <= searched {
                return Ok(Way::NoMatches);
            }
        }
        let share = block.len() as f64 / self.sample.len() as f64;
        Ok(Way::Level(Some(entropy_bytes(&counts, self.sample.len()) * share)))
    }
}

fn compressed_len(
    context: &mut bulk::Compressor<'static>,
    sample: &[u8],
    scratch: &mut Vec<u8>,
) -> Result<usize, CompressError> {
    scratch.resize(zstd_safe::compress_bound(sample.len()), 0);
    context.compress_to_buffer(sample, scratch).map_err(CompressError::Compress)
}

fn counts(sample: &[u8]) -> [u32; 256] {
    let mut counts = [0u32; 256];
    for byte in sample {
        counts[usize::from(*byte)] += 1;
    }
    counts
}

/// Whether the bytes' frequencies alone already promise compression (well below 8 bits a byte).
fn entropy_is_low(counts: &[u32; 256], len: usize) -> bool {
    // Sum of squared frequencies: 1/256 for an even distribution; collision entropy below 7.5 bits is low.
    let squares: u64 = counts.iter().map(|count| u64::from(*count) * u64::from(*count)).sum();
    let len = len as u64;
    squares * 181 > len * len
}

/// Bytes that a perfect coder without any memory would need (Shannon's entropy).
fn entropy_bytes(counts: &[u32; 256], len: usize) -> f64 {
    let bits = |count: u32| f64::from(count) * (len as f64 / f64::from(count)).log2();
    counts.iter().filter(|count| **count > 0).map(|count| bits(*count)).sum::<f64>() / 8.0
}

/// Decompresses frames; one a thread.
pub struct Decompressor(bulk::Decompressor<'static>);

impl Decompressor {
    /// A decompressor that refuses windows larger than the format allows.
    pub fn new() -> Result<Self, CompressError> {
        let mut context = bulk::Decompressor::new().map_err(CompressError::Decompress)?;
        context
            .set_parameter(DParameter::WindowLogMax(limits::ZSTD_WINDOW_LOG_MAX))
            .map_err(CompressError::Decompress)?;
        Ok(Self(context))
    }

    /// The one block that `frame` holds, which must have exactly `expected` bytes.
    pub fn decompress(&mut self, frame: &[u8], expected: usize) -> Result<Vec<u8>, CompressError> {
        let mut block = Vec::new();
        self.decompress_into(frame, expected, &mut block)?;
        Ok(block)
    }

    /// As [`Decompressor::decompress`], into a buffer that is reused.
    pub fn decompress_into(
        &mut self,
        frame: &[u8],
        expected: usize,
        block: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        if expected > limits::BLOCK_MAX_BYTES {
            return Err(CompressError::TooLarge { bytes: expected });
        }
        block.clear();
        block.resize(expected, 0);
        let actual = self.0.decompress_to_buffer(frame, &mut block[..]).map_err(CompressError::Decompress)?;
        if actual != expected {
            return Err(CompressError::Length { expected, actual });
        }
        Ok(())
    }
}

/// A whole zstd stream (frames, skippable ones among them) of at most `max_bytes` of plaintext.
pub fn decompress_stream(stream: &[u8], max_bytes: usize) -> Result<Vec<u8>, CompressError> {
    use std::io::Read as _;
    let mut decoder = zstd::stream::read::Decoder::new(stream).map_err(CompressError::Decompress)?;
    decoder.window_log_max(limits::ZSTD_WINDOW_LOG_MAX).map_err(CompressError::Decompress)?;
    let mut plain = Vec::new();
    decoder.take(max_bytes as u64 + 1).read_to_end(&mut plain).map_err(CompressError::Decompress)?;
    if plain.len() > max_bytes {
        return Err(CompressError::TooLarge { bytes: plain.len() });
    }
    Ok(plain)
}

/// One frame of `plain` at `level`, whatever its size: for records rather than blocks.
pub fn compress_record(plain: &[u8], level: i32) -> Result<Vec<u8>, CompressError> {
    bulk::compress(plain, level).map_err(CompressError::Compress)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut reader = blake3::Hasher::new().finalize_xof();
        let mut bytes = vec![0; len];
        reader.fill(&mut bytes);
        bytes
    }

    #[test]
    fn blocks_of_every_sort_come_back() {
        let mut compressor = Compressor::new(3).unwrap();
        let mut decompressor = Decompressor::new().unwrap();
        for block in [vec![], b"x".to_vec(), vec![0; 1 << 20], noise(1 << 20), b"text ".repeat(40_000)] {
            let mut frame = b"before".to_vec();
            let written = compressor.compress(&block, &mut frame).unwrap();
            assert_eq!(frame.len(), 6 + written);
            assert_eq!(decompressor.decompress(&frame[6..], block.len()).unwrap(), block);
        }
    }

    #[test]
    fn noise_is_stored_and_hidden_repetition_is_not() {
        let mut compressor = Compressor::new(3).unwrap();
        let block = noise(1 << 20);
        assert_eq!(compressor.way(&block).unwrap(), Way::Store);
        let mut frame = Vec::new();
        let written = compressor.compress(&block, &mut frame).unwrap();
        assert!(written < block.len() + 256);
        for block in [b"some text ".repeat(100_000), noise(512).repeat(2048)] {
            assert!(matches!(compressor.way(&block).unwrap(), Way::Level(_)));
        }
    }

    #[test]
    fn where_matches_are_in_vain_the_search_for_them_is_given_up() {
        let mut compressor = Compressor::new(3).unwrap();
        let digits = crate::base::hex::encode(&noise(1 << 19)).into_bytes();
        let mut lengths = [0; 3];
        for length in &mut lengths {
            let mut frame = Vec::new();
            *length = compressor.compress(&digits, &mut frame).unwrap();
            let back = Decompressor::new().unwrap().decompress(&frame, digits.len()).unwrap();
            assert_eq!(back, digits);
        }
        assert_eq!(compressor.way(&digits).unwrap(), Way::NoMatches);
        assert!(lengths[1] < lengths[0] && lengths[2] == lengths[1], "{lengths:?}");
        // What comes after it is no longer for that.
        let words: Vec<String> = noise(6000).chunks(6).map(crate::base::hex::encode).collect();
        let text: Vec<String> = noise(60_000)
            .chunks(2)
            .map(|two| words[usize::from(u16::from_le_bytes([two[0], two[1]])) % 1000].clone())
            .collect();
        for text in [text.join(" "), (0..20_000u64).map(|n| format!("{{\"id\": {}}}\n", n * n)).collect()] {
            let alone = Compressor::new(3).unwrap().compress(text.as_bytes(), &mut Vec::new()).unwrap();
            assert!(compressor.compress(text.as_bytes(), &mut Vec::new()).unwrap() <= alone);
        }
    }

    #[test]
    fn what_repeats_far_away_is_found_again_after_a_while() {
        let digits = |len: usize| crate::base::hex::encode(&noise(len)).into_bytes();
        let far = digits(1 << 18).repeat(2);
        let alone = Compressor::new(3).unwrap().compress(&far, &mut Vec::new()).unwrap();
        let mut compressor = Compressor::new(3).unwrap();
        for _ in 0..3 {
            compressor.compress(&digits(1 << 19), &mut Vec::new()).unwrap();
        }
        let mut lengths = (0..20).map(|_| compressor.compress(&far, &mut Vec::new()).unwrap());
        assert!(lengths.by_ref().take(8).any(|len| len == alone));
        assert!(lengths.all(|len| len == alone), "and stays found");
        let mut most = Compressor::new(9).unwrap();
        for _ in 0..3 {
            assert!(matches!(most.way(&digits(1 << 19)).unwrap(), Way::Level(_)));
            most.compress(&digits(1 << 19), &mut Vec::new()).unwrap();
        }
        let mut zeros = Compressor::new(3).unwrap();
        zeros.compress(&vec![0; 1 << 20], &mut Vec::new()).unwrap();
        assert!(!zeros.in_vain, "zeros tell nothing");
    }

    #[test]
    fn damage_and_wrong_lengths_are_errors() {
        let mut compressor = Compressor::new(3).unwrap();
        let mut decompressor = Decompressor::new().unwrap();
        let mut frame = Vec::new();
        compressor.compress(&b"abc".repeat(1000), &mut frame).unwrap();
        assert!(decompressor.decompress(&frame, 2999).is_err());
        assert!(decompressor.decompress(&frame, 3001).is_err());
        assert!(decompressor.decompress(&frame[..frame.len() - 1], 3000).is_err());
        assert!(decompressor.decompress(&frame, limits::BLOCK_MAX_BYTES + 1).is_err());
        assert!(decompress_stream(&frame, 2999).is_err());
    }
}
