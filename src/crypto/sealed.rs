//! Sealed objects: standard age files, whole or read in ranges.
//!
//! `seal` and `open` take an object as one piece of memory, which bounds every object of the format.
//! `SealedHeader` is for readers that fetch only the pieces they need: it is made once an object and
//! then opens any range of it. What this file leaves out: streams, and more than one recipient.

use std::ops::Range;

use crate::base::recycle;
use crate::crypto::error::CryptoError;
use crate::crypto::header;
use crate::crypto::payload::{Layout, PayloadKey};
use crate::crypto::x25519::{Identity, Recipient};

pub use crate::crypto::payload::{PIECE_LEN, SEALED_PIECE_LEN};

/// Bytes of header and nonce of every object that `seal` makes.
pub const X25519_HEADER_LEN: usize = 184;
/// Most bytes of an object that are looked at for its header.
pub const SEALED_HEADER_MAX: usize = 512;

/// Bytes that sealing `plaintext_len` bytes gives.
pub fn sealed_len(plaintext_len: usize) -> usize {
    X25519_HEADER_LEN + Layout::sealed_len(plaintext_len)
}

/// Seals `plaintext` to one recipient.
pub fn seal(recipient: &Recipient, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    seal_parts(recipient, &[plaintext])
}

/// Seals `parts`, put together, to one recipient; each byte is copied once, into its final place.
pub fn seal_parts(recipient: &Recipient, parts: &[&[u8]]) -> Result<Vec<u8>, CryptoError> {
    let plaintext_len = parts.iter().map(|part| part.len()).sum();
    let mut sealed = recycle::take(sealed_len(plaintext_len));
    let payload_key = header::write_x25519(recipient, &mut sealed)?;
    payload_key.seal(parts, &mut sealed);
    Ok(sealed)
}

/// The whole plaintext of a sealed object.
pub fn open(identities: &[Identity], sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let header = open_header(identities, sealed)?;
    let sealed_len = sealed.len() as u64;
    let plaintext_len = header.plaintext_len(sealed_len)?;
    header.open_range(0..plaintext_len, sealed_len, &sealed[header.header_len..])
}

/// What it takes to open any range of one object. Cheap to clone; wiped when dropped.
#[derive(Clone)]
pub struct SealedHeader {
    /// Bytes before the payload: header and nonce.
    pub header_len: usize,
    payload_key: PayloadKey,
}

/// Opens an object's header from its first bytes: `SEALED_HEADER_MAX`, or fewer where it has fewer.
pub fn open_header(identities: &[Identity], prefix: &[u8]) -> Result<SealedHeader, CryptoError> {
    if identities.is_empty() {
        return Err(CryptoError::NoIdentity);
    }
    let prefix = &prefix[..prefix.len().min(SEALED_HEADER_MAX)];
    let (header_len, payload_key) = header::read(identities.iter().map(|identity| &identity.0 as _), prefix)?;
    Ok(SealedHeader { header_len, payload_key })
}

impl SealedHeader {
    /// Length of the plaintext of an object of `sealed_len` bytes.
    pub fn plaintext_len(&self, sealed_len: u64) -> Result<u64, CryptoError> {
        Ok(self.layout(sealed_len)?.plaintext_len)
    }

    /// The bytes of the object that hold the whole pieces which cover `plain`.
    pub fn sealed_range(&self, plain: Range<u64>, sealed_len: u64) -> Result<Range<u64>, CryptoError> {
        let payload = self.layout(sealed_len)?.sealed_range(plain)?;
        let header_len = self.header_len as u64;
        Ok(payload.start + header_len..payload.end + header_len)
    }

    /// Exactly the plaintext range `plain`, from exactly the bytes of its `sealed_range`.
    pub fn open_range(
        &self,
        plain: Range<u64>,
        sealed_len: u64,
        pieces: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.payload_key.open(self.layout(sealed_len)?, plain, pieces)
    }

    fn layout(&self, sealed_len: u64) -> Result<Layout, CryptoError> {
        sealed_len
            .checked_sub(self.header_len as u64)
            .and_then(Layout::of_sealed)
            .ok_or(CryptoError::Length { sealed_len })
    }
}

impl std::fmt::Debug for SealedHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedHeader({} bytes)", self.header_len)
    }
}

/// The bytes of an object made by `seal` that cover `plain`, before its header was seen.
///
/// Only a hint for fetching header and range at once: `SealedHeader::sealed_range` decides.
pub fn expected_sealed_range(plain: Range<u64>, sealed_len: u64) -> Result<Range<u64>, CryptoError> {
    let payload = sealed_len
        .checked_sub(X25519_HEADER_LEN as u64)
        .and_then(Layout::of_sealed)
        .ok_or(CryptoError::Length { sealed_len })?
        .sealed_range(plain)?;
    Ok(payload.start + X25519_HEADER_LEN as u64..payload.end + X25519_HEADER_LEN as u64)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::slice::from_ref;

    use super::{
        SEALED_HEADER_MAX, SEALED_PIECE_LEN, X25519_HEADER_LEN, expected_sealed_range, open, open_header,
        seal, seal_parts, sealed_len,
    };
    use crate::base::hex;
    use crate::base::secret::SecretText;
    use crate::crypto::error::CryptoError;
    use crate::crypto::identities::IdentitySet;
    use crate::crypto::x25519::Identity;

    const LENGTHS: [usize; 7] = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000];

    fn plaintext(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
    }

    fn seal_with_library(identity: &Identity, plaintext: &[u8]) -> Vec<u8> {
        age::encrypt(&identity.to_recipient().0, plaintext).unwrap()
    }

    #[test]
    fn what_we_seal_ages_library_opens_and_the_other_way_round() {
        let identity = Identity::generate();
        for len in LENGTHS {
            let plain = plaintext(len);
            let sealed = seal(&identity.to_recipient(), &plain).unwrap();
            assert_eq!(sealed.len(), sealed_len(len));
            assert_eq!(age::decrypt(&identity.0, &sealed).unwrap(), plain, "{len} bytes by the library");
            assert_eq!(open(from_ref(&identity), &sealed).unwrap(), plain, "{len} bytes by us");
            // Many, since the library adds a stanza of random length.
            for _ in 0..20 {
                let theirs = seal_with_library(&identity, &plain);
                assert_eq!(open(&[Identity::generate(), identity.clone()], &theirs).unwrap(), plain);
            }
        }
    }

    #[test]
    fn the_header_has_its_fixed_length() {
        for len in [0, 1, 70_000] {
            let identity = Identity::generate();
            let sealed = seal(&identity.to_recipient(), &plaintext(len)).unwrap();
            let prefix = &sealed[..sealed.len().min(SEALED_HEADER_MAX)];
            assert_eq!(open_header(&[identity], prefix).unwrap().header_len, X25519_HEADER_LEN);
        }
    }

    #[test]
    fn parts_give_the_object_that_their_concatenation_gives() {
        let identity = Identity::generate();
        let plain = plaintext(200_000);
        for cuts in [vec![0, 0, 200_000], vec![1, 65_536, 65_537, 131_072], vec![70_000], vec![]] {
            let mut parts = Vec::new();
            let mut start = 0;
            for cut in cuts {
                parts.push(&plain[start..cut]);
                start = cut;
            }
            parts.push(&plain[start..]);
            let sealed = seal_parts(&identity.to_recipient(), &parts).unwrap();
            assert_eq!(age::decrypt(&identity.0, &sealed).unwrap(), plain);
        }
        assert!(
            open(from_ref(&identity), &seal_parts(&identity.to_recipient(), &[]).unwrap())
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn every_range_opens_to_what_the_whole_has_there() {
        let identity = Identity::generate();
        for len in LENGTHS {
            let plain = plaintext(len);
            let sealed = seal(&identity.to_recipient(), &plain).unwrap();
            let sealed_len = sealed.len() as u64;
            let header = open_header(from_ref(&identity), &sealed).unwrap();
            assert_eq!(header.plaintext_len(sealed_len).unwrap(), len as u64);
            let edges = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 199_999, len];
            for start in edges {
                for end in edges {
                    let range = start as u64..end as u64;
                    let Ok(stored) = header.sealed_range(range.clone(), sealed_len) else {
                        assert!(start > end || end > len, "{start}..{end} of {len}");
                        continue;
                    };
                    assert!(start <= end && end <= len, "{start}..{end} of {len}");
                    assert_eq!(stored, expected_sealed_range(range.clone(), sealed_len).unwrap());
                    let pieces = &sealed[stored.start as usize..stored.end as usize];
                    assert!(pieces.len() <= (end - start).div_ceil(65_536) * 65_552 + 65_552);
                    assert_eq!(header.open_range(range, sealed_len, pieces).unwrap(), plain[start..end]);
                }
            }
        }
    }

    #[test]
    fn a_range_of_bytes_that_are_not_its_pieces_is_refused() {
        let identity = Identity::generate();
        let sealed = seal(&identity.to_recipient(), &plaintext(200_000)).unwrap();
        let header = open_header(&[identity], &sealed).unwrap();
        let sealed_len = sealed.len() as u64;
        let stored = header.sealed_range(65_536..70_000, sealed_len).unwrap();
        let pieces = &sealed[stored.start as usize..stored.end as usize];
        assert!(header.open_range(0..10, sealed_len, pieces).is_err(), "another piece");
        assert!(header.open_range(65_536..70_000, sealed_len, &pieces[1..]).is_err(), "too few bytes");
        assert!(header.open_range(65_536..70_000, sealed_len, &[]).is_err(), "no bytes");
        assert!(header.open_range(0..u64::MAX, sealed_len, pieces).is_err(), "past the end");
        assert!(header.open_range(65_536..70_000, u64::MAX, pieces).is_ok(), "no arithmetic overflows");
    }

    #[test]
    fn whatever_is_cut_flipped_swapped_or_added_is_refused() {
        let identity = Identity::generate();
        let sealed = seal(&identity.to_recipient(), &plaintext(200_000)).unwrap();
        let refuse = |damaged: &[u8], what: &str| {
            let error = open(from_ref(&identity), damaged).expect_err(what);
            assert_eq!(error.kind(), crate::base::error_kind::ErrorKind::Damage, "{what}: {error}");
        };
        for pieces in 0..4 {
            refuse(&sealed[..X25519_HEADER_LEN + pieces * SEALED_PIECE_LEN], "cut at a piece's end");
        }
        for len in (0..X25519_HEADER_LEN + 40).chain([sealed.len() - 1, sealed.len() - 16]) {
            refuse(&sealed[..len], "cut");
        }
        for at in (0..X25519_HEADER_LEN + 20).chain((X25519_HEADER_LEN..sealed.len()).step_by(9_973)) {
            for bit in [0, 3, 7] {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1 << bit;
                refuse(&flipped, "a flipped bit");
            }
        }
        let (first, second) = (X25519_HEADER_LEN, X25519_HEADER_LEN + SEALED_PIECE_LEN);
        let mut swapped = sealed.clone();
        swapped[first..second].copy_from_slice(&sealed[second..second + SEALED_PIECE_LEN]);
        swapped[second..second + SEALED_PIECE_LEN].copy_from_slice(&sealed[first..second]);
        refuse(&swapped, "swapped pieces");
        for added in [1, 16, 17, SEALED_PIECE_LEN] {
            refuse(&[&sealed[..], &vec![0; added]].concat(), "added bytes");
        }
        let full = seal(&identity.to_recipient(), &plaintext(131_072)).unwrap();
        refuse(&[&full[..], &[0; 16]].concat(), "an empty piece after a full one");
        let other = seal(&identity.to_recipient(), &plaintext(200_000)).unwrap();
        refuse(&[&sealed[..X25519_HEADER_LEN], &other[X25519_HEADER_LEN..]].concat(), "another's payload");
    }

    #[test]
    fn another_identity_opens_nothing() {
        let sealed = seal(&Identity::generate().to_recipient(), b"x").unwrap();
        assert!(matches!(open(&[Identity::generate()], &sealed), Err(CryptoError::NotForUs)));
        assert!(matches!(open(&[], &sealed), Err(CryptoError::NoIdentity)));
    }

    #[test]
    fn stock_age_opens_what_we_sealed() {
        let identity = Identity::generate();
        let directory = tempfile::tempdir().unwrap();
        let key_file = directory.path().join("key");
        std::fs::write(&key_file, identity.to_secret_text().expose()).unwrap();
        for len in LENGTHS {
            let plain = plaintext(len);
            let sealed_file = directory.path().join("sealed");
            std::fs::write(&sealed_file, seal(&identity.to_recipient(), &plain).unwrap()).unwrap();
            let Ok(output) =
                Command::new("age").arg("-d").arg("-i").arg(&key_file).arg(&sealed_file).output()
            else {
                println!("skipped: no age binary on PATH");
                return;
            };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.stdout, plain, "{len} bytes");
        }
    }

    /// One of age's own test vectors: see fixtures/age-testkit/README.
    struct Vector {
        name: String,
        header: Vec<(String, String)>,
        file: Vec<u8>,
    }

    impl Vector {
        fn all() -> Vec<Vector> {
            let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/age-testkit");
            let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
            let vectors = entries.filter(|path| !path.ends_with("README")).map(|path| {
                let bytes = std::fs::read(&path).unwrap();
                let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
                let text = std::str::from_utf8(&bytes[..end]).unwrap();
                let header = text.lines().map(|line| line.split_once(": ").unwrap());
                let header = header.map(|(name, value)| (name.into(), value.into())).collect();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let mut vector = Vector { name, header, file: bytes[end + 2..].to_vec() };
                if vector.value("compressed") == Some("zstd") {
                    vector.file = zstd::decode_all(vector.file.as_slice()).unwrap();
                }
                vector
            });
            vectors.collect()
        }

        fn value(&self, name: &str) -> Option<&str> {
            self.header.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        }

        /// Opens it as a slot where it has a passphrase, as a sealed object otherwise.
        fn open(&self) -> Result<Vec<u8>, CryptoError> {
            let slot =
                self.value("passphrase").map(|text| IdentitySet::passphrase(SecretText::new(text.into())));
            let identities = self.header.iter().filter(|(name, _)| name == "identity");
            let identities: Vec<Identity> = identities
                .map(|(_, text)| Identity::parse(&SecretText::new(text.clone())).unwrap())
                .collect();
            if let Some(set) = slot {
                return match set.open_slot(&self.file)? {
                    Some(plain) => Ok(plain.to_vec()),
                    None => Err(CryptoError::NotForUs),
                };
            }
            open(&identities, &self.file)
        }
    }

    #[test]
    fn ages_test_vectors_open_or_fail_as_they_should() {
        let vectors = Vector::all();
        assert!(vectors.len() > 90, "{} vectors", vectors.len());
        for vector in vectors {
            let opened = vector.open();
            let Vector { name, .. } = &vector;
            // age's library reads these two on purpose: an early version of it wrote such headers.
            if ["stanza_missing_body", "stanza_missing_final_line"].contains(&name.as_str()) {
                continue;
            }
            match (vector.value("expect").unwrap(), opened) {
                ("success", Ok(plain)) => {
                    let digest = ring::digest::digest(&ring::digest::SHA256, &plain);
                    assert_eq!(
                        Some(hex::encode(digest.as_ref()).as_str()),
                        vector.value("payload"),
                        "{name}"
                    );
                }
                ("no match", Err(CryptoError::NotForUs | CryptoError::NoIdentity)) => {}
                ("payload failure", Err(CryptoError::Piece { .. } | CryptoError::Length { .. })) => {}
                ("header failure" | "HMAC failure", Err(error)) => {
                    let payload = matches!(error, CryptoError::Piece { .. } | CryptoError::Length { .. });
                    assert!(!payload, "{name}: {error}");
                }
                (expected, opened) => panic!("{name}: {expected}, but {:?}", opened.map(|plain| plain.len())),
            }
        }
    }
}
