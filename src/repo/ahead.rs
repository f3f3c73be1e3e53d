//! Few requests on a store behind a network, where each costs a round trip: a pack's header comes with the
//! first range that is read of it, and packs of trees are read ahead.
//!
//! Trees are read one after the other, and those of one snapshot lie together: what is asked for next is most
//! likely what comes next. How far is read ahead grows with what was used, so that a look at one directory of
//! a large pack stays cheap.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

use crate::base::ids::{ChunkKind, PackName};
use crate::base::limits;
use crate::crypto::sealed::{SEALED_HEADER_MAX, expected_sealed_range};
use crate::index::rows::PackRow;
use crate::pack::reader::PackReader;
use crate::repo::copies::slice;
use crate::repo::read::{IndexedRepository, ReadError, pack_error};
use crate::store::error::StoreError;
use crate::store::key::Key;

/// What is fetched along between a pack's header and the first range that is read of it.
const HEADER_GAP_BYTES: u64 = 4 << 20;
/// How far a pack of trees is read at first.
const FIRST_BYTES: u64 = 1 << 20;
/// By how much what is read of it grows each time.
const GROWTH: u64 = 4;
/// Most bytes of such packs that are kept.
const KEPT_MAX_BYTES: usize = 128 << 20;

/// How far it is read at once where all trees are wanted: a pack that we wrote, whole.
const WHOLE_BYTES: u64 = limits::PACK_TARGET_BYTES as u64 / 4 * 5;

/// The beginnings of packs of trees, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    kept: Mutex<HashMap<PackName, Bytes>>,
    /// Whether all trees of a snapshot will be read.
    wants_all: AtomicBool,
}

impl ReadAhead {
    fn kept(&self) -> MutexGuard<'_, HashMap<PackName, Bytes>> {
        // A cache: whatever is in it was put there whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beginning(&self, pack: &PackName) -> Bytes {
        self.kept().get(pack).cloned().unwrap_or_default()
    }

    fn keep(&self, pack: PackName, beginning: Bytes) {
        let mut kept = self.kept();
        let others: usize = kept.iter().filter(|(name, _)| **name != pack).map(|(_, body)| body.len()).sum();
        if others + beginning.len() > KEPT_MAX_BYTES {
            kept.clear();
            // More packs than can be kept: read whole, each would be fetched over and over.
            self.wants_all.store(false, Ordering::Relaxed);
        }
        kept.insert(pack, beginning);
    }
}

impl IndexedRepository {
    /// Packs of trees are read whole from now on, as long as they can be kept: all trees of a snapshot are
    /// wanted.
    pub fn expect_all_trees(&self) {
        self.ahead.wants_all.store(true, Ordering::Relaxed);
    }

    /// Whether all of a pack is fetched with the first that is read of it: the root of a snapshot lies at the
    /// end of its trees.
    fn reads_whole(&self, pack: &PackRow) -> bool {
        let wants_all = self.ahead.wants_all.load(Ordering::Relaxed);
        wants_all && pack.kind == ChunkKind::Meta && pack.sealed_len <= WHOLE_BYTES
    }

    fn is_distant(&self) -> bool {
        self.repository().client().store().blocking().is_none()
    }

    /// The first range that is read of a pack on a distant store, together with the header; `None` where
    /// that is no gain, or did not work out.
    pub(super) fn read_first(&self, pack: &PackRow, plain: Range<u64>) -> Option<Result<Vec<u8>, ReadError>> {
        if !self.is_distant() || self.knows_header(&pack.name) {
            return None;
        }
        // A hint: what the header says counts.
        let hint = expected_sealed_range(plain.clone(), pack.sealed_len).ok()?;
        if hint.start > HEADER_GAP_BYTES && !self.reads_whole(pack) {
            return None;
        }
        let identities = self.identities(pack.kind).ok()?;
        let end = hint.end.max((SEALED_HEADER_MAX as u64).min(pack.sealed_len));
        let object = match self.fetch_ahead(pack, 0..end) {
            Ok(object) => object,
            Err(source) => return Some(Err(ReadError::Fetch { pack: pack.name, source })),
        };
        let key = Key::new("packs").ok()?;
        let of_object = |range: Range<u64>| slice(&key, &object, range);
        let reader = PackReader::open(identities, pack.sealed_len, of_object).ok()?;
        let reader = Arc::new(reader);
        self.keep_header(pack.name, &reader);
        let range = reader.sealed_range::<StoreError>(plain.clone()).ok()?;
        let pieces = slice(&key, &object, range).ok()?;
        match reader.open_range::<StoreError>(plain, &pieces) {
            Ok(read) => Some(Ok(read)),
            Err(error) => {
                self.forget_ahead(&pack.name);
                Some(Err(pack_error(pack.name, error)))
            }
        }
    }

    /// Bytes of a pack's object; of a pack of trees on a distant store, with what follows.
    pub(super) fn fetch_ahead(&self, pack: &PackRow, range: Range<u64>) -> Result<Bytes, StoreError> {
        if pack.kind != ChunkKind::Meta || !self.is_distant() {
            return self.fetch(&pack.name, range);
        }
        let beginning = self.ahead.beginning(&pack.name);
        let have = beginning.len() as u64;
        let key = Key::new("packs")?;
        if range.end <= have {
            return slice(&key, &beginning, range);
        }
        // What lies far behind is fetched by itself, for nobody knows whether what is before it is wanted.
        if range.start > have.saturating_mul(GROWTH).max(HEADER_GAP_BYTES) && !self.reads_whole(pack) {
            return self.fetch(&pack.name, range);
        }
        let first = if self.ahead.wants_all.load(Ordering::Relaxed) { WHOLE_BYTES } else { FIRST_BYTES };
        let wish = have.saturating_mul(GROWTH).max(first);
        let end = range.end.max(wish.min(pack.sealed_len));
        let more = self.fetch(&pack.name, have..end)?;
        let mut longer = BytesMut::with_capacity(beginning.len() + more.len());
        longer.extend_from_slice(&beginning);
        longer.extend_from_slice(&more);
        let longer = longer.freeze();
        self.ahead.keep(pack.name, longer.clone());
        slice(&key, &longer, range)
    }

    /// Forgets what was read of a pack that does not verify.
    pub(super) fn forget_ahead(&self, pack: &PackName) {
        self.ahead.kept().remove(pack);
    }
}
