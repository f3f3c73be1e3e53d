//! The pages of a listing, and what a server makes up that has to go back to it: a hostile one could turn
//! pages for ever, or make up what no request can bear.

use std::collections::HashSet;

use crate::store::ObjectMeta;

/// Most objects that one listing holds: a petabyte of packs.
const LIST_MAX_OBJECTS: usize = 1 << 24;
/// Most pages in a row that bring no object of ours.
const EMPTY_PAGES_MAX: usize = 1000;
/// So many objects are taken before it is looked whether they are always the same.
const FIRST_LOOK_OBJECTS: usize = 1 << 14;
/// The longest name of a state that is kept; an ETag has some 40 bytes.
pub const ETAG_MAX_BYTES: usize = 128;
/// The longest id of a version, as S3 has it.
pub const VERSION_ID_MAX_BYTES: usize = 1024;
/// The longest text that leads to a page. All of it goes into the next request's URL, and the SDK panics
/// where that becomes longer than 64 KiB.
const MARKER_MAX_BYTES: usize = 8 << 10;

/// Whether a name that a server made up can go back to it in a request.
pub fn is_word(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// By key, each once.
pub fn sort(found: &mut Vec<ObjectMeta>) {
    found.sort_by(|left, right| left.key.cmp(&right.key));
    found.dedup_by(|left, right| left.key == right.key);
}

/// The pages of a listing, as far as they have been seen: a hostile server could turn them for ever.
#[derive(Debug, Default)]
pub struct Pages {
    /// Hashes of what led to a page: what it is may be of any length.
    seen: HashSet<[u8; 16]>,
    empty: usize,
    objects: usize,
    next_look: usize,
}

impl Pages {
    /// Whether it is time to look whether what was found is always the same.
    pub fn is_due(&self, objects: usize) -> bool {
        objects >= self.next_look.max(FIRST_LOOK_OBJECTS)
    }

    /// Turns to the page to which `token` leads, with so many objects found; or why not. Where a look was
    /// due, they are those without repetitions.
    pub fn turn(&mut self, token: Option<&str>, objects: usize) -> Result<(), &'static str> {
        // A page that leads back to an earlier one, or nowhere, would never end.
        let place = token.map(|token| {
            let mut place = [0; 16];
            place.copy_from_slice(&blake3::hash(token.as_bytes()).as_bytes()[..16]);
            place
        });
        let is_short = token.is_some_and(|token| token.len() <= MARKER_MAX_BYTES);
        if !(is_short && place.is_some_and(|place| self.seen.insert(place))) {
            return Err("a listing that does not go on");
        }
        self.empty = if objects <= self.objects { self.empty + 1 } else { 0 };
        self.objects = self.objects.max(objects);
        if self.empty > EMPTY_PAGES_MAX || objects > LIST_MAX_OBJECTS {
            return Err("a listing without an end");
        }
        // What is left after repetitions went has to grow until the next look.
        if self.is_due(objects) {
            self.next_look = objects.saturating_mul(2);
        }
        Ok(())
    }
}
