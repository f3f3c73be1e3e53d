//! Compares content-defined chunkers on real data, at equal mean chunk size.
//!
//! A chunker that deduplicates better only because its chunks came out smaller has won nothing: each chunk
//! costs an index record and a reference in a tree. So every algorithm is tuned until the mean of its
//! *distinct* chunks is the one asked for, and only then judged. Distinct, because runs of zeros become
//! chunks of the smallest size with the MinCDC family and of the largest with FastCDC, and are stored once by
//! all of them.
//!
//! Each regular file is chunked on its own, held in memory; files up to the minimum size are one chunk. The
//! repository size is what the format would store: distinct chunks in order of appearance in solid blocks of
//! 1 MiB, compressed with zstd 3, and 44 bytes of index per distinct chunk and 32 bytes of tree per chunk (or
//! run).
//!
//!     cargo bench --bench chunkers -- [--means 64,128,256] [--no-compress] [--seeds N] PATH...
//!
//! With `--seeds` it measures MinCdcHash4 with that many random pairs of multiplier and addend instead, to
//! show whether a secret hash costs deduplication or moves the mean.
//!
//! Deliberately left out: reading speed, encryption, and several threads; they are the same for all.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

const INDEX_BYTES: usize = 44;
const TREE_BYTES: usize = 32;
const BLOCK_BYTES: usize = 1 << 20;
const COMPRESSION_LEVEL: i32 = 3;
/// Tuning stops when the measured mean is this close to the one asked for.
const MEAN_TOLERANCE: f64 = 0.02;
const TUNING_STEPS: usize = 8;
const TIMED_RUNS: usize = 3;

#[derive(Clone, Copy)]
enum Algorithm {
    /// MinCDC with a hash over 4 bytes; minimum and maximum lie this fraction below and above the mean.
    MinCdcHash4(f64),
    MinCdc4(f64),
    /// As `MinCdcHash4(0.5)`, with another multiplier (odd) and addend.
    Seeded(u32, u32),
    Moth(f64),
    /// As `Moth`, runs of equal chunks are one record.
    Caterpillar(f64),
    FastCdc,
}

const ALGORITHMS: [(&str, Algorithm); 8] = [
    ("MinCdcHash4 ±25%", Algorithm::MinCdcHash4(0.25)),
    ("MinCdcHash4 ±50%", Algorithm::MinCdcHash4(0.5)),
    ("MinCdcHash4 ±75%", Algorithm::MinCdcHash4(0.75)),
    ("MinCdc4 ±50%", Algorithm::MinCdc4(0.5)),
    ("mothcdc plain ±50%", Algorithm::Moth(0.5)),
    ("mothcdc caterp. ±50%", Algorithm::Caterpillar(0.5)),
    ("mothcdc caterp. ±25%", Algorithm::Caterpillar(0.25)),
    ("FastCDC 2020", Algorithm::FastCdc),
];

/// A chunk, or a run of `count` equal chunks of `length` bytes.
struct Record<'a> {
    bytes: &'a [u8],
    count: u64,
}

/// What chunking all inputs came to.
#[derive(Default)]
struct Outcome {
    chunks: u64,
    records: usize,
    distinct: usize,
    distinct_bytes: usize,
    /// Means count the chunks of files that were really divided, without the last one of each.
    mean_chunks: usize,
    mean_bytes: usize,
    compressed_bytes: usize,
}

impl Outcome {
    fn mean(&self) -> f64 {
        self.mean_bytes as f64 / self.mean_chunks.max(1) as f64
    }
}

/// Sizes as an algorithm takes them. FastCDC rounds `target` to a power of two, so it is tuned by its
/// minimum.
#[derive(Clone, Copy)]
struct Sizes {
    minimum: usize,
    target: usize,
    maximum: usize,
}

impl Algorithm {
    /// `scale` is what tuning varies, 1 where it starts; the measured mean grows with it.
    fn sizes(self, mean: usize, scale: f64) -> Sizes {
        let scaled = mean as f64 * scale;
        let spread = match self {
            Self::MinCdcHash4(spread) | Self::MinCdc4(spread) => spread,
            Self::Moth(spread) | Self::Caterpillar(spread) => spread,
            Self::Seeded(..) => 0.5,
            Self::FastCdc => {
                return Sizes { minimum: (scaled / 2.0) as usize, target: mean / 2, maximum: mean * 4 };
            }
        };
        Sizes {
            minimum: (scaled * (1.0 - spread)) as usize,
            target: scaled as usize,
            maximum: (scaled * (1.0 + spread)) as usize,
        }
    }

    #[allow(deprecated)] // MinCdc4 is measured to show why its authors deprecate it.
    fn cut<'a>(self, data: &'a [u8], sizes: Sizes, mut each: impl FnMut(Record<'a>)) {
        let Sizes { minimum, target, maximum } = sizes;
        match self {
            Self::MinCdcHash4(_) | Self::Seeded(..) => {
                let hash = match self {
                    Self::Seeded(multiplier, addend) => mincdc::MinCdcHash4::with_params(multiplier, addend),
                    _ => mincdc::MinCdcHash4::new(),
                };
                let chunker = mincdc::SliceChunker::new(data, minimum, maximum, hash);
                for chunk in chunker {
                    each(Record { bytes: &data[chunk.offset()..][..chunk.len()], count: 1 });
                }
            }
            Self::MinCdc4(_) => {
                let chunker = mincdc::SliceChunker::new(data, minimum, maximum, mincdc::MinCdc4::new());
                for chunk in chunker {
                    each(Record { bytes: &data[chunk.offset()..][..chunk.len()], count: 1 });
                }
            }
            Self::Moth(_) => {
                let hash = mothcdc::mincdc::MinCdcHash4::new();
                for chunk in mothcdc::mincdc::SliceChunker::new(data, minimum, maximum, hash) {
                    each(Record { bytes: &data[chunk.offset() as usize..][..chunk.len()], count: 1 });
                }
            }
            Self::Caterpillar(_) => {
                for segment in mothcdc::MothChunker::new(data, minimum, maximum) {
                    let bytes = &data[segment.offset() as usize..][..segment.dedup_key().len()];
                    each(Record { bytes, count: segment.chunk_count() });
                }
            }
            Self::FastCdc => {
                if !data.is_empty() {
                    for chunk in fastcdc::v2020::FastCDC::new(data, minimum, target, maximum) {
                        each(Record { bytes: &data[chunk.offset..][..chunk.length], count: 1 });
                    }
                }
            }
        }
    }
}

fn measure(algorithm: Algorithm, sizes: Sizes, files: &[Vec<u8>], compress: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut seen = HashSet::new();
    let mut block = Vec::with_capacity(2 * BLOCK_BYTES);
    for file in files {
        let end = file.as_ptr_range().end;
        algorithm.cut(file, sizes, |record| {
            outcome.chunks += record.count;
            outcome.records += 1;
            let hash = blake3::hash(record.bytes);
            let mut id = [0; 16];
            id.copy_from_slice(&hash.as_bytes()[..16]);
            if !seen.insert(id) {
                return;
            }
            outcome.distinct += 1;
            outcome.distinct_bytes += record.bytes.len();
            if record.bytes.as_ptr_range().end != end {
                outcome.mean_chunks += 1;
                outcome.mean_bytes += record.bytes.len();
            }
            if compress {
                block.extend_from_slice(record.bytes);
                if block.len() >= BLOCK_BYTES {
                    outcome.compressed_bytes += compressed_length(&block);
                    block.clear();
                }
            }
        });
    }
    if compress {
        outcome.compressed_bytes += compressed_length(&block);
    }
    outcome
}

fn compressed_length(block: &[u8]) -> usize {
    zstd::bulk::compress(block, COMPRESSION_LEVEL).expect("zstd compresses from memory to memory").len()
}

/// Bisects for the scale at which the distinct chunks have the wanted mean.
fn tune(algorithm: Algorithm, mean: usize, files: &[Vec<u8>]) -> Sizes {
    let (mut low, mut high) = (0.02, 4.0);
    let mut scale = 1.0;
    for _ in 0..TUNING_STEPS {
        let measured = measure(algorithm, algorithm.sizes(mean, scale), files, false).mean() / mean as f64;
        if (measured - 1.0).abs() < MEAN_TOLERANCE {
            break;
        }
        if measured > 1.0 {
            high = scale
        } else {
            low = scale
        }
        // The mean is nearly proportional to the scale, so the first steps need no bisection.
        let guess = scale / measured;
        scale = if guess > low && guess < high { guess } else { (low + high) / 2.0 };
    }
    algorithm.sizes(mean, scale)
}

/// Gigabytes chunked in a second, without hashing: the best of a few runs, as noise only ever slows down.
fn throughput(algorithm: Algorithm, sizes: Sizes, files: &[Vec<u8>]) -> f64 {
    let bytes: usize = files.iter().map(Vec::len).sum();
    let best = (0..TIMED_RUNS).map(|_| {
        let start = Instant::now();
        for file in files {
            algorithm.cut(file, sizes, |record| {
                std::hint::black_box(record.bytes.len());
            });
        }
        start.elapsed().as_secs_f64()
    });
    bytes as f64 / 1e9 / best.fold(f64::INFINITY, f64::min)
}

fn load(path: &Path, files: &mut Vec<Vec<u8>>) -> std::io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_dir() {
        let mut paths =
            fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        paths.iter().try_for_each(|path| load(path, files))
    } else if kind.is_file() {
        files.push(fs::read(path)?);
        Ok(())
    } else {
        Ok(())
    }
}

/// Multipliers and addends as a secret would give them, the same in every run.
fn seeds(count: u32) -> Vec<(String, Algorithm)> {
    let seed = |number: u32| {
        let hash = blake3::hash(&number.to_le_bytes());
        let word =
            |at: usize| u32::from_le_bytes(hash.as_bytes()[at..at + 4].try_into().expect("four bytes"));
        let (multiplier, addend) = (word(0) | 1, word(4));
        (format!("{multiplier:08x} {addend:08x}"), Algorithm::Seeded(multiplier, addend))
    };
    (0..count).map(seed).collect()
}

struct Options {
    means: Vec<usize>,
    compress: bool,
    algorithms: Vec<(String, Algorithm)>,
    files: Vec<Vec<u8>>,
}

fn options() -> std::io::Result<Options> {
    let mut means = vec![64, 128, 256, 512, 1024];
    let mut compress = true;
    let mut algorithms = ALGORITHMS.map(|(name, algorithm)| (name.to_owned(), algorithm)).to_vec();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--bench" => {} // Cargo passes it to every benchmark.
            "--no-compress" => compress = false,
            "--seeds" => algorithms = seeds(value().parse().expect("--seeds takes a number")),
            "--means" => {
                means = value()
                    .split(',')
                    .map(|kib| kib.parse().expect("--means takes KiB, as in 64,128"))
                    .collect();
            }
            path => load(Path::new(path), &mut files)?,
        }
    }
    Ok(Options { means, compress, algorithms, files })
}

fn main() -> std::io::Result<()> {
    let Options { means, compress, algorithms, files } = options()?;
    if files.is_empty() {
        println!("usage: chunkers [--means KIB,...] [--no-compress] [--seeds N] PATH...");
        return Ok(());
    }
    let total: usize = files.iter().map(Vec::len).sum();
    println!("{} files, {:.3} GB; sizes in MB\n", files.len(), total as f64 / 1e9);
    println!("| algorithm | min | max | mean | chunks | records | distinct | unique | repository | GB/s |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for kib in means {
        for (name, algorithm) in &algorithms {
            row(name, *algorithm, kib << 10, &files, compress);
        }
    }
    Ok(())
}

fn row(name: &str, algorithm: Algorithm, mean: usize, files: &[Vec<u8>], compress: bool) {
    let sizes = match algorithm {
        Algorithm::Seeded(..) => algorithm.sizes(mean, 1.0), // All alike, as a repository would have them.
        _ => tune(algorithm, mean, files),
    };
    let outcome = measure(algorithm, sizes, files, compress);
    let metadata = outcome.distinct * INDEX_BYTES + outcome.records * TREE_BYTES;
    println!(
        "| {name} | {}K | {}K | {:.1}K | {} | {} | {} | {:.1} | {:.2} | {:.1} |",
        sizes.minimum >> 10,
        sizes.maximum >> 10,
        outcome.mean() / 1024.0,
        outcome.chunks,
        outcome.records,
        outcome.distinct,
        outcome.distinct_bytes as f64 / 1e6,
        (outcome.compressed_bytes + metadata) as f64 / 1e6,
        throughput(algorithm, sizes, files),
    );
}
