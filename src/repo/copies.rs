//! Other copies of what is damaged: where a repository has replicas, a bad copy is no loss.
//!
//! Stores cannot tell a good body from a bad one, for they have no keys; here they can be told. What is
//! found to be good is put in the place of the bad copies, by the store.

use std::ops::Range;
use std::sync::PoisonError;

use bytes::Bytes;

use crate::base::ids::{ChunkKind, PackName};
use crate::base::limits;
use crate::compress::Decompressor;
use crate::index::rows::PackRow;
use crate::index::segment::{decode_segment, segment_name};
use crate::pack::reader::{PackReader, chunk_id, pack_key, pack_name};
use crate::repo::config::Config;
use crate::repo::evidence::{self, EVIDENCE_PREFIX, EvidenceError, RUNBOOKS_PREFIX};
use crate::repo::keyring::Keyring;
use crate::repo::open::verify_segment;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::rescue::Rescued;

/// What can be said of one body of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is what it should be.
    Good,
    /// It is damaged.
    Bad,
    /// This key slot, or nobody, can tell.
    Unknown,
}

/// Whether `client` has other copies to offer at all.
pub fn has_copies(client: &Client) -> bool {
    client.store().replicas().is_some()
}

/// The bytes of `range` in an object that is at hand.
pub fn slice(key: &Key, body: &Bytes, range: Range<u64>) -> Result<Bytes, StoreError> {
    let size = body.len() as u64;
    if range.start > range.end || range.end > size {
        return Err(StoreError::ShortRead { location: "a copy".into(), key: key.to_string(), range, size });
    }
    // Both ends lie within a length.
    Ok(body.slice(range.start as usize..range.end as usize))
}

/// What can be said of `body` as the object `key`: of a pack by its row in the index.
pub fn verdict(
    keyring: &Keyring,
    packs: &dyn Fn(&PackName) -> Option<PackRow>,
    key: &Key,
    body: &Bytes,
) -> Verdict {
    let of = |good: bool| if good { Verdict::Good } else { Verdict::Bad };
    let text = key.as_str();
    if text == "config" {
        return of(Config::decode(body, "a copy").is_ok());
    }
    if segment_name(text).is_some() {
        let segment = decode_segment(keyring.index_identities(), body);
        return of(segment.is_ok_and(|segment| verify_segment(keyring, &segment).is_ok()));
    }
    if let Some((host, id)) = snapshot::parse_key(text) {
        return match keyring.meta_identities("verifying copies") {
            Ok(_) => of(snapshot::decode(keyring, host, &id, body).is_ok()),
            Err(_) => Verdict::Unknown,
        };
    }
    if [EVIDENCE_PREFIX, RUNBOOKS_PREFIX].iter().any(|prefix| text.starts_with(prefix)) {
        return match evidence::verify(keyring, key, body) {
            Ok(()) => Verdict::Good,
            Err(EvidenceError::Key(_)) => Verdict::Unknown,
            Err(_) => Verdict::Bad,
        };
    }
    let Some(row) = pack_name(text).and_then(|name| packs(&name)) else { return Verdict::Unknown };
    if row.sealed_len != body.len() as u64 {
        return Verdict::Bad;
    }
    let identities = match row.kind {
        ChunkKind::Data => keyring.data_identities("verifying copies"),
        ChunkKind::Meta => keyring.meta_identities("verifying copies"),
    };
    match identities {
        Ok(identities) => {
            let opened = PackReader::open(identities, row.sealed_len, |range| slice(key, body, range));
            of(opened.is_ok_and(|reader| pack_is_whole(keyring, row.kind, key, body, &reader)))
        }
        Err(_) => Verdict::Unknown,
    }
}

/// Whether every chunk of a pack is what its id says.
fn pack_is_whole(keyring: &Keyring, kind: ChunkKind, key: &Key, body: &Bytes, reader: &PackReader) -> bool {
    let mut fetch = |range| slice(key, body, range);
    let Ok(directory) = reader.read_directory(&mut fetch) else { return false };
    let Ok(mut decompressor) = Decompressor::new() else { return false };
    directory.kind == kind
        && directory.blocks.iter().all(|block| {
            let frame = u64::from(block.offset)..u64::from(block.offset) + u64::from(block.frame_len);
            let Ok(plain) = reader.read_block(frame, block.raw_len, &mut decompressor, &mut fetch) else {
                return false;
            };
            let mut rest = plain.as_slice();
            block.chunks.iter().all(|(id, len)| match rest.split_at_checked(*len as usize) {
                Some((chunk, left)) => {
                    rest = left;
                    chunk_id(&keyring.chunk_key(kind), chunk) == *id
                }
                None => false,
            })
        })
}

impl IndexedRepository {
    /// What `read` makes of a copy of a damaged pack: of one that is whole, if there is any, which then
    /// takes the place of the others; else of the first from which what is wanted can be had.
    pub fn from_copies<T>(
        &self,
        pack: &PackRow,
        read: impl Fn(&PackReader, &mut dyn FnMut(Range<u64>) -> Result<Bytes, StoreError>) -> Option<T>,
    ) -> Option<T> {
        let client = self.repository().client();
        if !has_copies(client) {
            return None;
        }
        let key = Key::new(pack_key(&pack.name)).ok()?;
        let identities = self.identities(pack.kind).ok()?;
        let look = |body: &Bytes| {
            let mut fetch = |range| slice(&key, body, range);
            let reader = PackReader::open(identities, pack.sealed_len, fetch).ok()?;
            read(&reader, &mut fetch)
        };
        let _rescuing = self.rescuing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = self.rescued_pack(&pack.name)
            && let Some(found) = look(&body)
        {
            return Some(found);
        }
        let is_good = |body: &Bytes| {
            let row = |_: &PackName| Some(*pack);
            verdict(self.repository().keyring(), &row, &key, body) == Verdict::Good
        };
        if let Some(Rescued { body, .. }) = client.rescue(&key, pack.sealed_len, &is_good) {
            self.keep_rescued(pack.name, body.clone());
            return look(&body);
        }
        let mut found = None;
        client.each_copy(&key, limits::PACK_MAX_BYTES, |body| {
            found = look(&body);
            found.is_some()
        });
        found
    }
}
