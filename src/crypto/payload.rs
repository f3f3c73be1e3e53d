//! age's payload: a STREAM of pieces, each sealed by itself with ChaCha20-Poly1305 (RFC 8439).
//!
//! As <https://c2sp.org/age#payload> has it: pieces of 64 KiB of plaintext, each followed by its
//! 16-byte tag; the nonce is the piece's number as 11 big-endian bytes and a last byte that is 1 for
//! the last piece. The last piece may be short, and is empty only where the plaintext is. ring's
//! assembly does the work, in place and without a stream's buffers; and as each piece stands for
//! itself, a reader opens those it needs.

use std::ops::Range;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf;
use zeroize::Zeroize;

use crate::base::recycle;
use crate::base::secret::Secret32;
use crate::crypto::error::CryptoError;

/// Plaintext bytes of every piece but the last.
pub const PIECE_LEN: usize = 64 << 10;
/// Bytes of a piece's tag.
pub const TAG_LEN: usize = 16;
/// Stored bytes of every piece but the last.
pub const SEALED_PIECE_LEN: usize = PIECE_LEN + TAG_LEN;
/// Bytes of the nonce that stands between header and payload.
pub const NONCE_LEN: usize = 16;

/// The key of one object's payload. Wiped when dropped.
#[derive(Clone)]
pub struct PayloadKey(Secret32);

impl PayloadKey {
    /// HKDF-SHA-256 of the file key, salted with the payload's nonce.
    pub fn derive(file_key: &[u8; 16], nonce: &[u8; NONCE_LEN]) -> Self {
        Self(hkdf_sha256(nonce, file_key, b"payload"))
    }

    /// ring's form of the key, made anew each time since ring does not wipe it.
    fn cipher(&self) -> LessSafeKey {
        // ChaCha20-Poly1305 keys are 32 bytes, and so is a Secret32: ring refuses other lengths only.
        LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, self.0.expose()).expect("a key of 32 bytes"))
    }

    /// Appends the sealed payload of `parts`, put together, to `sealed`.
    pub fn seal(&self, parts: &[&[u8]], sealed: &mut Vec<u8>) {
        let cipher = self.cipher();
        let mut left: usize = parts.iter().map(|part| part.len()).sum();
        // All at once: growing on the way would leave plaintext behind in the old memory.
        sealed.reserve_exact(Layout::sealed_len(left));
        let mut parts = parts.iter();
        let mut part: &[u8] = &[];
        let mut piece = 0;
        loop {
            let piece_start = sealed.len();
            let mut wanted = left.min(PIECE_LEN);
            left -= wanted;
            while wanted > 0 {
                if part.is_empty() {
                    // `wanted` is what the parts still have, so there is one more.
                    part = parts.next().expect("another part");
                    continue;
                }
                let (taken, rest) = part.split_at(part.len().min(wanted));
                sealed.extend_from_slice(taken);
                wanted -= taken.len();
                part = rest;
            }
            let tag = cipher
                .seal_in_place_separate_tag(nonce(piece, left == 0), Aad::empty(), &mut sealed[piece_start..])
                // ring refuses inputs of 256 GiB and more; a piece has 64 KiB.
                .expect("a piece within the cipher's bound");
            sealed.extend_from_slice(tag.as_ref());
            if left == 0 {
                return;
            }
            piece += 1;
        }
    }

    /// The plaintext `range` from `sealed`, which holds exactly the pieces that cover it.
    pub fn open(&self, layout: Layout, range: Range<u64>, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let pieces = layout.sealed_range(range.clone())?;
        let expected = pieces.end - pieces.start;
        if sealed.len() as u64 != expected {
            return Err(CryptoError::PieceBytes { expected, actual: sealed.len() as u64 });
        }
        // At most `sealed.len()`, which is in memory already.
        let mut plain = recycle::take(sealed.len());
        if sealed.is_empty() {
            return Ok(plain);
        }
        let cipher = self.cipher();
        let first = range.start / PIECE_LEN as u64;
        for (piece, sealed) in (first..).zip(sealed.chunks(SEALED_PIECE_LEN)) {
            // `sealed_range` ends at a piece's end, and every piece has its tag.
            let (body, tag) = sealed.split_at(sealed.len() - TAG_LEN);
            let start = plain.len();
            plain.extend_from_slice(body);
            let mut tag_bytes = [0; TAG_LEN];
            tag_bytes.copy_from_slice(tag);
            let last = piece + 1 == layout.pieces;
            let opened = cipher.open_in_place_separate_tag(
                nonce(piece, last),
                Aad::empty(),
                tag_bytes.into(),
                &mut plain[start..],
                0..,
            );
            if opened.is_err() {
                plain.zeroize();
                return Err(CryptoError::Piece { piece });
            }
            if piece == first {
                // What comes before the range goes while it is at most one piece that has to move.
                plain.drain(..(range.start - first * PIECE_LEN as u64) as usize);
            }
        }
        plain.truncate((range.end - range.start) as usize);
        Ok(plain)
    }
}

/// Where the pieces of a payload lie, as its length alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pieces: u64,
    /// Length of the plaintext in bytes.
    pub plaintext_len: u64,
}

impl Layout {
    /// The layout of a payload of this many bytes (header and nonce not counted); `None` if there is none.
    pub fn of_sealed(payload_len: u64) -> Option<Self> {
        let pieces = payload_len.div_ceil(SEALED_PIECE_LEN as u64);
        let last_len = payload_len.checked_sub(pieces.checked_sub(1)? * SEALED_PIECE_LEN as u64)?;
        let last_is_sound = match pieces {
            1 => last_len >= TAG_LEN as u64,
            _ => last_len > TAG_LEN as u64,
        };
        last_is_sound.then(|| Self { pieces, plaintext_len: payload_len - pieces * TAG_LEN as u64 })
    }

    /// Bytes that sealing a plaintext of `plaintext_len` bytes gives, without header and nonce.
    pub fn sealed_len(plaintext_len: usize) -> usize {
        plaintext_len + plaintext_len.div_ceil(PIECE_LEN).max(1) * TAG_LEN
    }

    /// The bytes of the payload that hold the pieces which cover `plain`; none for an empty range.
    pub fn sealed_range(&self, plain: Range<u64>) -> Result<Range<u64>, CryptoError> {
        if plain.start > plain.end || plain.end > self.plaintext_len {
            let (start, end) = (plain.start, plain.end);
            return Err(CryptoError::Range { start, end, plaintext_len: self.plaintext_len });
        }
        let start = plain.start / PIECE_LEN as u64 * SEALED_PIECE_LEN as u64;
        // An empty plaintext has one piece all the same: reading it whole authenticates that.
        let whole = plain.start == 0 && plain.end == self.plaintext_len;
        if plain.is_empty() && !whole {
            return Ok(start..start);
        }
        let payload_len = self.plaintext_len + self.pieces * TAG_LEN as u64;
        let end = plain.end.div_ceil(PIECE_LEN as u64).max(1) * SEALED_PIECE_LEN as u64;
        Ok(start..end.min(payload_len))
    }
}

/// The nonce of a piece. Eight of its eleven counter bytes are more than an object can have pieces.
fn nonce(piece: u64, last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[3..11].copy_from_slice(&piece.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

/// 32 bytes of HKDF-SHA-256 (RFC 5869).
pub fn hkdf_sha256(salt: &[u8], key: &[u8], info: &[u8]) -> Secret32 {
    struct Bytes32;
    impl hkdf::KeyType for Bytes32 {
        fn len(&self) -> usize {
            32
        }
    }
    let mut bytes = [0; 32];
    // HKDF-SHA-256 gives up to 8160 bytes, and exactly as many are asked for as fit.
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(key)
        .expand(&[info], Bytes32)
        .and_then(|okm| okm.fill(&mut bytes))
        // As said above.
        .expect("32 bytes of HKDF");
    let secret = Secret32::new(bytes);
    bytes.zeroize();
    secret
}
