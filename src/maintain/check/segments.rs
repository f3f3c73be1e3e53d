//! The index as it lies in the store: every segment opens, is signed by an enrolled host, and stands in its
//! session's chain; and this machine's cache of it says the same.

use std::collections::HashMap;

use crate::base::ids::{ObjectHash, SegmentName, SnapshotId};
use crate::base::limits;
use crate::base::monitor::Event;
use crate::index::rows::Location;
use crate::index::segment::{Segment, decode_segment, segment_key};
use crate::maintain::check::Checking;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::objects::Listing;
use crate::maintain::check::report::Findings;
use crate::repo::open::verify_segment;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

const SEGMENT_ADVICE: &str = "run `lifeboat repair`: the index is made again from the packs";
const CACHE_ADVICE: &str = "delete the cache directory (it is made again) and check once more";

/// One link of a session's chain of segments.
#[derive(Clone, Debug)]
pub struct Link {
    /// The segment.
    pub name: SegmentName,
    /// Its number in the session.
    pub number: u32,
    /// The hash it names as the one before.
    pub previous: Option<ObjectHash>,
    /// Its own hash.
    pub hash: ObjectHash,
}

/// The segments of each session, by number.
pub type Sessions = HashMap<SnapshotId, Vec<Link>>;

/// Reads and checks every segment.
pub fn check_segments(
    checking: &Checking<'_>,
    listing: &Listing,
    findings: &mut Findings,
) -> Result<Sessions, CheckError> {
    let mut sessions = Sessions::new();
    let bytes = listing.segments.iter().map(|(_, size)| size).sum();
    checking.monitor.event(Event::Total { files: listing.segments.len() as u64, bytes });
    for (name, size) in &listing.segments {
        checking.check()?;
        let key = segment_key(name);
        checking.monitor.event(Event::Current(&key));
        if let Some((segment, hash)) = read_segment(checking, &key, findings)? {
            compare_with_cache(checking, &key, &segment, findings);
            let header = &segment.header;
            let link = Link { name: *name, number: header.number, previous: header.previous, hash };
            sessions.entry(header.session).or_default().push(link);
        }
        checking.monitor.event(Event::Advance { files: 1, bytes: *size });
    }
    for links in sessions.values_mut() {
        links.sort_by_key(|link| (link.number, link.name));
        check_chain(links, findings);
    }
    Ok(sessions)
}

/// Why a segment could not be read.
enum Unread {
    Store(StoreError),
    Damaged(String),
}

fn read_segment(
    checking: &Checking<'_>,
    key: &str,
    findings: &mut Findings,
) -> Result<Option<(Segment, ObjectHash)>, CheckError> {
    let repository = checking.repository.repository();
    let mut damaged = |what: String| {
        let id = findings.damage("segment-damaged", key, what, SEGMENT_ADVICE);
        findings
            .explain(id, "chunks that only this segment names cannot be found, though their packs hold them");
    };
    let object_key = Key::new(key)?;
    let read = || {
        let read = repository.client().get_bounded(&object_key, limits::SEGMENT_MAX_BYTES);
        let (object, _) = read.map_err(Unread::Store)?;
        let hash = ObjectHash(*blake3::hash(&object).as_bytes());
        let segment = decode_segment(repository.keyring().index_identities(), &object)
            .map_err(|error| Unread::Damaged(told(&error)))?;
        verify_segment(repository.keyring(), &segment).map_err(Unread::Damaged)?;
        Ok((segment, hash))
    };
    match with_refetch(|error| matches!(error, Unread::Damaged(_)), read) {
        Ok(read) => return Ok(Some(read)),
        // Merged and removed by a collector since the listing.
        Err(Unread::Store(StoreError::NotFound { .. })) => {}
        Err(Unread::Store(error @ (StoreError::TooLarge { .. } | StoreError::ShortRead { .. }))) => {
            damaged(error.to_string());
        }
        Err(Unread::Store(error)) => return Err(error.into()),
        Err(Unread::Damaged(what)) => damaged(what),
    }
    Ok(None)
}

/// An error with its causes, in one line.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The cache is not what backups rest on alone: a row that differs makes backups and restores go wrong here.
fn compare_with_cache(checking: &Checking<'_>, key: &str, segment: &Segment, findings: &mut Findings) {
    let index = checking.repository.index();
    let rows = &segment.rows;
    let mut impossible = 0u64;
    let mut differing = 0u64;
    for chunk in &rows.chunks {
        // `decode_segment` has checked that these rows exist.
        let block = &rows.blocks[chunk.block as usize];
        let Some(place) = Location::join(&rows.packs[block.pack as usize], block, chunk) else {
            impossible += 1;
            continue;
        };
        let is_same = |found: Location| found.pack != place.pack || found == place;
        if !index.find(&chunk.id).is_some_and(is_same) {
            differing += 1;
        }
    }
    if impossible > 0 {
        let what = format!("{impossible} of its rows contradict each other");
        findings.damage("segment-damaged", key, what, SEGMENT_ADVICE);
    }
    // Packs that a collector condemned are left out of some views of the index, never of the store's.
    if differing > 0 && findings.counts.condemned_packs == 0 {
        let what = format!("this machine's cache of the index differs from it in {differing} rows");
        findings.warning("cache-differs", key, what, CACHE_ADVICE);
    }
}

/// Numbers run from 0 without a gap, and each names the hash of the one before.
fn check_chain(links: &[Link], findings: &mut Findings) {
    let mut expected: (u32, Option<ObjectHash>) = (0, None);
    for link in links {
        let key = segment_key(&link.name);
        if link.number != expected.0 {
            let what = if link.number < expected.0 {
                format!("its session has two segments of number {}", link.number)
            } else {
                format!("the segments {} to {} of its session are gone", expected.0, link.number - 1)
            };
            let id = findings.damage("segment-chain", key, what, SEGMENT_ADVICE);
            findings.explain(id, "chunks that only the missing segments name cannot be found");
        } else if link.previous != expected.1 {
            let what = "it does not follow the segment that stands before it in its session";
            findings.damage("segment-chain", key, what, SEGMENT_ADVICE);
        }
        expected = (link.number.saturating_add(1), Some(link.hash));
    }
}
