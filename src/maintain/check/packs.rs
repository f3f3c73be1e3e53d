//! Reading packs: every byte fetched, opened, decompressed, and every chunk compared with its id.
//!
//! Several packs at a time, within a budget of memory; what a pack's own directory says is compared with
//! what the index says about it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;
use crate::base::monitor::Event;
use crate::compress::Decompressor;
use crate::crypto::error::CryptoError;
use crate::crypto::sealed;
use crate::crypto::x25519::Identity;
use crate::index::rows::{Location, PackRow};
use crate::maintain::budget::Budget;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::objects::{Listing, PACK_ADVICE};
use crate::maintain::check::places::Damage;
use crate::maintain::check::report::Findings;
use crate::maintain::check::segments::told;
use crate::maintain::check::{Checking, ReadData};
use crate::pack::directory::{Block, Directory, TRAILER_BYTES, Trailer};
use crate::pack::reader::pack_key;
use crate::store::archive::Warmth;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

/// Bytes of packs in memory at a time, sealed and open; one larger pack is read alone.
const BUDGET_BYTES: u64 = 512 << 20;

/// What is wrong with a pack.
enum Fault {
    /// It lies in cold storage, which is no fault, and cannot be read.
    Cold,
    /// All of it.
    Whole(&'static str, String),
    /// Something of it; what is lost by that is told apart.
    Part(&'static str, String),
    /// One block.
    Block(u32, String),
    /// One chunk.
    Chunk(ChunkId),
    /// The index describes it otherwise, and places these chunks where they are not.
    Index(String, Vec<ChunkId>),
}

/// What one pack gave.
struct Read {
    pack: PackName,
    bytes: u64,
    chunks: u64,
    faults: Vec<Fault>,
}

/// A pack's rows in the index, summed up: their number and the sum of their marks.
type Sums = HashMap<PackName, (u64, u64)>;

/// Reads the packs that `select` chooses.
pub fn read_packs(
    checking: &Checking<'_>,
    select: ReadData,
    listing: &Listing,
    findings: &mut Findings,
    damage: &mut Damage,
) -> Result<(), CheckError> {
    let mut chosen: Vec<PackRow> = checking.repository.index().packs();
    chosen.dedup_by_key(|pack| pack.name);
    chosen.retain(|pack| {
        is_selected(select, &pack.name)
            && damage.of_pack(&pack.name).is_none()
            && listing.packs.contains_key(&pack.name)
    });
    for (kind, what) in [(ChunkKind::Data, "contents of files"), (ChunkKind::Meta, "packs of trees")] {
        if let Err(error) = checking.repository.identities(kind) {
            findings.unchecked(format!("{what}: {error}"));
            chosen.retain(|pack| pack.kind != kind);
        }
    }
    leave_cold(checking, &mut chosen, findings)?;
    let bytes = chosen.iter().map(|pack| pack.sealed_len).fold(0, u64::saturating_add);
    checking.monitor.event(Event::Total { files: chosen.len() as u64, bytes });
    let sums = index_sums(checking);
    let results = Mutex::new((findings, damage, Ok(())));
    let next = AtomicUsize::new(0);
    let budget = Budget::new(BUDGET_BYTES);
    std::thread::scope(|scope| {
        for _ in 0..checking.threads.clamp(1, chosen.len().max(1)) {
            scope.spawn(|| {
                while let Some(pack) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = checking.check().and_then(|()| {
                        let _held = budget.take(pack.sealed_len.saturating_mul(2));
                        read_pack(checking, pack, &sums)
                    });
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    let (findings, damage, outcome) = &mut *results;
                    match result {
                        Ok(read) => take(checking, read, findings, damage),
                        Err(error) => {
                            *outcome = Err(error);
                            next.store(chosen.len(), Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).2
}

/// Leaves out packs in cold storage, and says so: reading them has to be asked and paid for first.
fn leave_cold(
    checking: &Checking<'_>,
    chosen: &mut Vec<PackRow>,
    findings: &mut Findings,
) -> Result<(), CheckError> {
    let names: Vec<PackName> = chosen.iter().map(|pack| pack.name).collect();
    let warmth = checking.repository.warmth(&names)?;
    let mut is_warm = warmth.iter().map(|warmth| *warmth == Warmth::Warm);
    let before = chosen.len();
    let mut bytes = 0u64;
    chosen.retain(|pack| {
        let keep = is_warm.next().unwrap_or(true);
        bytes = bytes.saturating_add(if keep { 0 } else { pack.sealed_len });
        keep
    });
    if chosen.len() < before {
        findings.unchecked(format!(
            "{} packs ({bytes} bytes) in cold storage; they are there and have their size, but their \
             contents can be read only after `lifeboat restore --warm-up`",
            before - chosen.len()
        ));
    }
    Ok(())
}

fn is_selected(select: ReadData, name: &PackName) -> bool {
    let number = |seed: u64| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&name.0).update(&seed.to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    };
    match select {
        ReadData::None => false,
        ReadData::All => true,
        ReadData::Subset { n, m } => number(0) % u64::from(m.max(1)) == u64::from(n.saturating_sub(1)),
        ReadData::Percent { percent, seed } => (number(seed) as f64) < percent / 100.0 * u64::MAX as f64,
    }
}

fn index_sums(checking: &Checking<'_>) -> Sums {
    let mut sums = Sums::new();
    checking.repository.index().for_each(|id, place| {
        let (count, sum) = sums.entry(place.pack).or_default();
        *count += 1;
        *sum = sum.wrapping_add(mark(id, place.block_offset, place.offset, place.len));
    });
    sums
}

/// A number of one row, such that sums of different sets of rows differ.
fn mark(id: &ChunkId, block: u32, offset: u32, len: u32) -> u64 {
    let mut number =
        u64::from_le_bytes([id.0[8], id.0[9], id.0[10], id.0[11], id.0[12], id.0[13], id.0[14], id.0[15]]);
    for part in [block, offset, len] {
        number = (number ^ u64::from(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    number
}

fn take(checking: &Checking<'_>, read: Read, findings: &mut Findings, damage: &mut Damage) {
    findings.counts.packs_read += 1;
    findings.counts.pack_bytes_read += read.bytes;
    findings.counts.chunks_read += read.chunks;
    checking.monitor.event(Event::Advance { files: 1, bytes: read.bytes });
    let key = pack_key(&read.pack);
    let mut of_chunks = None;
    for fault in read.faults {
        match fault {
            Fault::Cold => findings.unchecked(format!("{key}: it has come to lie in cold storage")),
            Fault::Whole(code, what) => {
                let id = findings.damage(code, key.clone(), what, PACK_ADVICE);
                damage.pack(read.pack, id);
            }
            Fault::Part(code, what) => {
                findings.damage(code, key.clone(), what, PACK_ADVICE);
            }
            Fault::Block(offset, what) => {
                let what = format!("its block at {offset} is damaged: {what}");
                let id = findings.damage("block-damaged", key.clone(), what, PACK_ADVICE);
                damage.block(read.pack, offset, id);
            }
            Fault::Chunk(chunk) => {
                let id = *of_chunks.get_or_insert_with(|| {
                    let what = "it holds chunks that are not what their ids say";
                    findings.damage("chunk-mismatch", key.clone(), what, PACK_ADVICE)
                });
                damage.chunk(read.pack, chunk, id);
            }
            Fault::Index(what, misplaced) => {
                let advice = "run `lifeboat repair`: the index is made again from the packs";
                let id = findings.damage("index-differs", key.clone(), what, advice);
                misplaced.into_iter().for_each(|chunk| damage.chunk(read.pack, chunk, id));
            }
        }
    }
}

/// Why a pack could not be read.
enum Unread {
    Store(StoreError),
    Damaged(CryptoError),
}

fn read_pack(checking: &Checking<'_>, pack: &PackRow, sums: &Sums) -> Result<Read, CheckError> {
    let mut read = Read { pack: pack.name, bytes: pack.sealed_len, chunks: 0, faults: Vec::new() };
    let key = pack_key(&pack.name);
    checking.monitor.event(Event::Current(&key));
    let client = checking.repository.repository().client();
    let whole = |code, what: String| Fault::Whole(code, what);
    let identities = match checking.repository.identities(pack.kind) {
        Ok(identities) => identities,
        Err(error) => return Err(CheckError::Read(error.into())),
    };
    let object_key = Key::new(key)?;
    let opened = with_refetch(
        |error| matches!(error, Unread::Damaged(_)),
        || {
            let read = client.get_bounded(&object_key, limits::PACK_MAX_BYTES);
            let (object, _) = read.map_err(Unread::Store)?;
            sealed::open(identities, &object).map_err(Unread::Damaged)
        },
    );
    let plain = match opened {
        Ok(plain) => plain,
        Err(Unread::Store(error)) if error.kind() == ErrorKind::Damage || is_damage(&error) => {
            read.faults.push(whole("pack-missing", error.to_string()));
            return Ok(read);
        }
        // It has been put there since it was asked about.
        Err(Unread::Store(StoreError::Cold { .. })) => {
            read.bytes = 0;
            read.faults.push(Fault::Cold);
            return Ok(read);
        }
        Err(Unread::Store(error)) => return Err(error.into()),
        Err(Unread::Damaged(error)) => match whole_from_copies(checking, pack, &object_key, identities) {
            Some(plain) => plain,
            None => {
                read.faults.push(whole("pack-damaged", format!("it does not decrypt: {}", told(&error))));
                // Whole blocks before and after a damaged piece may still be good.
                read_pieces(checking, pack, &mut read);
                return Ok(read);
            }
        },
    };
    match directory_of(&plain) {
        Ok(directory) if directory.kind != pack.kind => {
            read.faults.push(whole("pack-swapped", "it holds the other kind of chunks".into()));
        }
        Ok(directory) => {
            compare_with_index(checking, pack, &directory, sums, &mut read);
            check_blocks(checking, &directory, &plain, &mut read)?;
        }
        Err(what) => read.faults.push(whole("pack-damaged", what)),
    }
    Ok(read)
}

/// The plaintext of a damaged pack from a replica where it is whole, if that copy then stands everywhere:
/// only then nothing is damaged any more, and the set has told what it replaced.
fn whole_from_copies(
    checking: &Checking<'_>,
    pack: &PackRow,
    key: &Key,
    identities: &[Identity],
) -> Option<Vec<u8>> {
    let whole = |body: &Bytes| {
        let plain = sealed::open(identities, body).ok().filter(|_| body.len() as u64 == pack.sealed_len)?;
        directory_of(&plain).is_ok().then_some(plain)
    };
    let client = checking.repository.repository().client();
    let rescued = client.heal(key, pack.sealed_len, &|body| whole(body).is_some())?;
    whole(&rescued.body).filter(|_| rescued.is_everywhere)
}

/// Whether the object itself is at fault rather than the way to it.
fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::NotFound { .. } | StoreError::ShortRead { .. } | StoreError::TooLarge { .. })
}

/// The directory in a pack's plaintext.
fn directory_of(plain: &[u8]) -> Result<Directory, String> {
    let Some((_, trailer)) = plain.split_last_chunk::<TRAILER_BYTES>() else {
        return Err("it is too short for a pack".into());
    };
    let trailer = Trailer::decode(trailer, plain.len() as u64).map_err(|error| error.to_string())?;
    let start = usize::try_from(trailer.directory_offset).map_err(|error| error.to_string())?;
    // `Trailer::decode` has checked that this lies within the plaintext.
    let frame = &plain[start..start + trailer.directory_len as usize];
    Directory::decode(frame, trailer.directory_offset).map_err(|error| error.to_string())
}

fn compare_with_index(
    checking: &Checking<'_>,
    pack: &PackRow,
    directory: &Directory,
    sums: &Sums,
    read: &mut Read,
) {
    let (mut count, mut sum) = (0u64, 0u64);
    for block in &directory.blocks {
        let mut offset = 0u32;
        for (id, len) in &block.chunks {
            count += 1;
            sum = sum.wrapping_add(mark(id, block.offset, offset, *len));
            // `Directory::decode` has checked that the lengths add up to the block's.
            offset = offset.saturating_add(*len);
        }
    }
    let (indexed, indexed_sum) = sums.get(&pack.name).copied().unwrap_or_default();
    // A pack may stand in several segments, each time whole.
    let times = indexed.checked_div(count).unwrap_or(1);
    if times == 0 || indexed != count * times || indexed_sum != sum.wrapping_mul(times) {
        let what =
            format!("its directory lists {count} chunks; the index describes it otherwise ({indexed})");
        read.faults.push(Fault::Index(what, misplaced(checking, pack, directory)));
    }
}

/// The chunks that the index places in `pack` where its own directory has no such chunk.
fn misplaced(checking: &Checking<'_>, pack: &PackRow, directory: &Directory) -> Vec<ChunkId> {
    let mut held = HashSet::new();
    for block in &directory.blocks {
        let mut offset = 0u32;
        for (id, len) in &block.chunks {
            held.insert((*id, block.offset, offset, *len));
            offset = offset.saturating_add(*len);
        }
    }
    let mut missing = Vec::new();
    checking.repository.index().for_each(|id, place| {
        let row = (*id, place.block_offset, place.offset, place.len);
        if place.pack == pack.name && !held.contains(&row) {
            missing.push(*id);
        }
    });
    missing
}

fn check_blocks(
    checking: &Checking<'_>,
    directory: &Directory,
    plain: &[u8],
    read: &mut Read,
) -> Result<(), CheckError> {
    let mut decompressor = new_decompressor()?;
    let mut raw = Vec::new();
    for block in &directory.blocks {
        checking.check()?;
        let start = block.offset as usize;
        // `Directory::decode` has checked that the blocks fill the pack up to the directory.
        let frame = &plain[start..start + block.frame_len as usize];
        match decompressor.decompress_into(frame, block.raw_len as usize, &mut raw) {
            Ok(()) => check_chunks(checking, directory.kind, block, &raw, read),
            Err(error) => read.faults.push(Fault::Block(block.offset, told(&error))),
        }
    }
    Ok(())
}

fn new_decompressor() -> Result<Decompressor, CheckError> {
    Decompressor::new().map_err(|error| CheckError::Read(crate::repo::read::ReadError::Setup(error)))
}

fn check_chunks(checking: &Checking<'_>, kind: ChunkKind, block: &Block, raw: &[u8], read: &mut Read) {
    let mut start = 0;
    for (id, len) in &block.chunks {
        let end = start + *len as usize;
        if !checking.repository.verify(kind, id, &raw[start..end]) {
            read.faults.push(Fault::Chunk(*id));
        }
        read.chunks += 1;
        start = end;
    }
}

/// Finds out which blocks of a damaged pack are still good, so that not everything in it counts as lost.
fn read_pieces(checking: &Checking<'_>, pack: &PackRow, read: &mut Read) {
    let repository = checking.repository;
    let mut bad: Vec<(u32, String)> = Vec::new();
    for place in places_of_blocks(checking, pack) {
        if let Err(error) = repository.read_block(&place) {
            bad.push((place.block_offset, told(&error)));
        }
    }
    let Some(Fault::Whole(code, what)) = read.faults.pop() else { return };
    // The pack is reported in any case: what is bad may be padding or the directory alone.
    read.faults.push(Fault::Part(code, format!("{what} ({} of its blocks are lost)", bad.len())));
    read.faults.extend(bad.into_iter().map(|(offset, what)| Fault::Block(offset, what)));
}

/// The blocks of a pack by its own directory, or, where that is what is damaged, by the index.
fn places_of_blocks(checking: &Checking<'_>, pack: &PackRow) -> Vec<Location> {
    let repository = checking.repository;
    let directory = repository
        .pack_reader(&pack.name, pack.kind, pack.sealed_len)
        .ok()
        .and_then(|reader| reader.read_directory(&mut |range| repository.fetch(&pack.name, range)).ok());
    let mut places: HashMap<u32, Location> = HashMap::new();
    match directory {
        Some(directory) => places.extend(directory.blocks.iter().map(|block| {
            let place = Location {
                pack: pack.name,
                kind: pack.kind,
                pack_len: pack.sealed_len,
                block_offset: block.offset,
                frame_len: block.frame_len,
                raw_len: block.raw_len,
                offset: 0,
                len: block.raw_len,
            };
            (block.offset, place)
        })),
        None => repository.index().for_each(|_, place| {
            if place.pack == pack.name {
                places.entry(place.block_offset).or_insert(*place);
            }
        }),
    }
    let mut places: Vec<Location> = places.into_values().collect();
    places.sort_by_key(|place| place.block_offset);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> impl Iterator<Item = PackName> {
        (0..4000u32).map(|n| {
            let mut name = [0; 16];
            name.copy_from_slice(&blake3::hash(&n.to_le_bytes()).as_bytes()[..16]);
            PackName(name)
        })
    }

    #[test]
    fn the_subsets_are_all_of_the_packs_and_none_twice() {
        for name in names() {
            let hits = (1..=7).filter(|n| is_selected(ReadData::Subset { n: *n, m: 7 }, &name)).count();
            assert_eq!(hits, 1);
        }
    }

    #[test]
    fn a_percentage_is_about_that_and_differs_by_seed() {
        let chosen = |percent, seed| {
            names().filter(|name| is_selected(ReadData::Percent { percent, seed }, name)).collect::<Vec<_>>()
        };
        assert!((300..500).contains(&chosen(10.0, 1).len()));
        assert_ne!(chosen(10.0, 1), chosen(10.0, 2));
        assert_eq!((chosen(0.0, 1).len(), chosen(100.0, 1).len()), (0, 4000));
    }
}
