//! Large buffers that are used again.
//!
//! What an allocator gives out anew for a pack, the kernel clears page by page at the first touch, and
//! takes back afterwards. Of a restore from an object store that was three tenths of the processor time.
//! Buffers go to a pool instead, of the whole process: the one that fills a buffer and the one that is
//! through with it are different threads.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Smaller buffers are left to the allocator, which has its own way of using them again.
const BUFFER_MIN_BYTES: usize = 1 << 20;
/// Most bytes that wait in the pool.
const KEPT_MAX_BYTES: usize = 128 << 20;
/// Lengths between a power of two and the next one: buffers of about the same size serve each other.
const CLASSES: usize = 4;

static POOL: Pool = Pool(Mutex::new(Vec::new()));

/// Buffers nobody uses, in the order in which they came.
struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// The smallest buffer with room for `bytes`, unless it would waste as much again.
    fn take(&self, bytes: usize) -> Option<Vec<u8>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |buffer: &Vec<u8>| (bytes..=bytes.saturating_mul(2)).contains(&buffer.capacity());
        let (at, _) = kept
            .iter()
            .enumerate()
            .filter(|(_, buffer)| fits(buffer))
            .min_by_key(|(_, buffer)| buffer.capacity())?;
        Some(kept.remove(at))
    }

    fn give(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() < BUFFER_MIN_BYTES || buffer.capacity() > KEPT_MAX_BYTES {
            return;
        }
        buffer.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(buffer);
        // What waits longest fits what is wanted now least.
        while kept.iter().map(Vec::capacity).sum::<usize>() > KEPT_MAX_BYTES {
            drop(kept.remove(0));
        }
    }
}

/// An empty buffer with room for `bytes`.
pub fn take(bytes: usize) -> Vec<u8> {
    if bytes < BUFFER_MIN_BYTES {
        return Vec::with_capacity(bytes);
    }
    // What is never touched takes no memory.
    POOL.take(bytes).unwrap_or_else(|| Vec::with_capacity(class(bytes)))
}

/// The next of the lengths that buffers have.
fn class(bytes: usize) -> usize {
    let step = bytes.checked_next_power_of_two().map_or(1, |power| power / 2 / CLASSES).max(1);
    bytes.checked_next_multiple_of(step).unwrap_or(bytes)
}

/// Gives back a buffer, for the next one who takes one of its size.
pub fn give(buffer: Vec<u8>) {
    POOL.give(buffer);
}

/// `buffer` as shared bytes, which give it back when nobody holds a part of them any more.
pub fn into_bytes(buffer: Vec<u8>) -> Bytes {
    if buffer.capacity() < BUFFER_MIN_BYTES {
        return Bytes::from(buffer);
    }
    Bytes::from_owner(Shared { buffer, pool: &POOL })
}

struct Shared {
    buffer: Vec<u8>,
    pool: &'static Pool,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;

    use super::{BUFFER_MIN_BYTES, KEPT_MAX_BYTES, Pool, Shared, class, into_bytes, take};

    fn kept(pool: &Pool) -> Vec<usize> {
        pool.0.lock().unwrap().iter().map(Vec::capacity).collect()
    }

    #[test]
    fn a_buffer_is_used_again_by_who_wants_about_its_size() {
        let pool = Pool(Mutex::default());
        for capacity in [8 << 20, 2 << 20, 3 << 20, 10] {
            pool.give(vec![7; capacity]);
        }
        assert_eq!(kept(&pool), [8 << 20, 2 << 20, 3 << 20], "small ones are not kept");
        assert!(pool.take((8 << 20) + 1).is_none(), "none is long enough");
        assert!(pool.take(1 << 19).is_none(), "all would be wasted");
        let again = pool.take(2 << 20).unwrap();
        assert_eq!((again.len(), again.capacity()), (0, 2 << 20), "the smallest that fits, empty");
        assert_eq!(pool.take(2 << 20).unwrap().capacity(), 3 << 20);
        assert_eq!(kept(&pool), [8 << 20]);
    }

    #[test]
    fn the_pool_keeps_no_more_than_its_bound() {
        let pool = Pool(Mutex::default());
        for number in 0..40 {
            pool.give(Vec::with_capacity((10 << 20) + number));
            assert!(kept(&pool).iter().sum::<usize>() <= KEPT_MAX_BYTES);
        }
        assert_eq!(kept(&pool).last(), Some(&((10 << 20) + 39)), "the newest stay");
        pool.give(Vec::with_capacity(KEPT_MAX_BYTES + 1));
        assert_eq!(kept(&pool).len(), 12);
    }

    #[test]
    fn lengths_are_rounded_up_by_a_quarter_at_most() {
        assert_eq!(class(32 << 20), 32 << 20);
        assert_eq!(class((32 << 20) + 1), 40 << 20);
        assert_eq!(class((39 << 20) + 9), 40 << 20);
        assert_eq!(class(usize::MAX), usize::MAX);
        for bytes in (BUFFER_MIN_BYTES..(80 << 20)).step_by(77_777) {
            assert!((bytes..=bytes + bytes / 4).contains(&class(bytes)), "{bytes}");
        }
    }

    #[test]
    fn shared_bytes_give_their_buffer_back_with_their_last_part() {
        static POOL: Pool = Pool(Mutex::new(Vec::new()));
        let bytes = Bytes::from_owner(Shared { buffer: vec![1; BUFFER_MIN_BYTES], pool: &POOL });
        let part = bytes.slice(5..9);
        drop(bytes);
        assert_eq!((kept(&POOL), &part[..]), (vec![], &[1; 4][..]), "a part is held");
        drop(part);
        assert_eq!(kept(&POOL), [BUFFER_MIN_BYTES]);
    }

    #[test]
    fn what_is_given_is_taken_again() {
        // Other tests use the pool of the process too, and may drive a buffer out.
        let is_taken_again = |_| {
            let buffer = take(5 << 20);
            let address = buffer.as_ptr();
            drop(into_bytes(buffer));
            let again = take(5 << 20);
            again.as_ptr() == address
        };
        assert!((0..100).any(is_taken_again));
    }
}
