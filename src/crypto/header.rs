//! age's header: who can open the object.
//!
//! Key slots get theirs from age's library. Packs, segments and records get one of a FIXED length
//! instead: the recipient stanza is age's own, but the library would add a random "grease" stanza of
//! unknown length, and a reader that knows where the payload begins fetches a block with one request
//! instead of two. Reading accepts every header that age accepts; its MAC is always verified by age.

use std::cell::RefCell;
use std::collections::HashSet;

use age::secrecy::ExposeSecret;
use age_core::format::{FileKey, Stanza};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use ring::hmac;
use zeroize::Zeroize;

use crate::crypto::derive::random_bytes;
use crate::crypto::error::{CryptoError, from_decrypt, from_encrypt};
use crate::crypto::payload::{NONCE_LEN, PayloadKey, hkdf_sha256};
use crate::crypto::x25519::Recipient;

const VERSION_LINE: &str = "age-encryption.org/v1\n";

/// Writes header and nonce for one X25519 recipient; always `X25519_HEADER_LEN` bytes.
pub(crate) fn write_x25519(recipient: &Recipient, out: &mut Vec<u8>) -> Result<PayloadKey, CryptoError> {
    use age::Recipient as _;
    let mut raw_key = random_bytes::<16>();
    let file_key = FileKey::new(Box::new(raw_key));
    raw_key.zeroize();
    let (stanzas, _labels) = recipient.0.wrap_file_key(&file_key).map_err(from_encrypt)?;
    let start = out.len();
    out.extend_from_slice(VERSION_LINE.as_bytes());
    for stanza in &stanzas {
        let arguments = stanza.args.join(" ");
        // An X25519 stanza's body is 32 bytes: one line, shorter than the 64 characters of a full one.
        let body = BASE64.encode(&stanza.body);
        out.extend_from_slice(format!("-> {} {arguments}\n{body}\n", stanza.tag).as_bytes());
    }
    out.extend_from_slice(b"---");
    let mac_key = hkdf_sha256(&[], file_key.expose_secret(), b"header");
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, mac_key.expose()), &out[start..]);
    out.extend_from_slice(format!(" {}\n", BASE64.encode(mac.as_ref())).as_bytes());
    let nonce = random_bytes::<NONCE_LEN>();
    out.extend_from_slice(&nonce);
    Ok(PayloadKey::derive(file_key.expose_secret(), &nonce))
}

/// Writes header and nonce as age's library does, for any recipient.
pub(crate) fn write_any(
    recipient: &dyn age::Recipient,
    out: &mut Vec<u8>,
) -> Result<PayloadKey, CryptoError> {
    let capture = CapturingRecipient { inner: recipient, file_key: RefCell::default() };
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&capture as _)).map_err(from_encrypt)?;
    // Dropped without `finish`: the library has written header and nonce, and no payload yet.
    drop(encryptor.wrap_output(&mut *out).map_err(|source| from_encrypt(source.into()))?);
    let file_key = capture.file_key.into_inner().ok_or(CryptoError::Header)?;
    let nonce = last_nonce(out).ok_or(CryptoError::Header)?;
    Ok(PayloadKey::derive(file_key.expose_secret(), &nonce))
}

/// Reads a header from the beginning of `prefix`: the length of header and nonce, and the payload's key.
///
/// age parses a header anew for each of its lines, so callers bound `prefix`.
pub(crate) fn read<'a>(
    identities: impl Iterator<Item = &'a dyn age::Identity>,
    prefix: &[u8],
) -> Result<(usize, PayloadKey), CryptoError> {
    let captured = RefCell::default();
    let capturing: Vec<_> =
        identities.map(|inner| CapturingIdentity { inner, file_key: &captured }).collect();
    let mut rest = prefix;
    let decryptor = age::Decryptor::new_buffered(&mut rest).map_err(from_decrypt)?;
    // The reader it gives back is dropped: what matters is that the header's MAC was verified.
    drop(decryptor.decrypt(capturing.iter().map(|identity| identity as _)).map_err(from_decrypt)?);
    let header_len = prefix.len() - rest.len();
    let file_key = captured.into_inner().ok_or(CryptoError::Header)?;
    let nonce = last_nonce(&prefix[..header_len]).ok_or(CryptoError::Header)?;
    Ok((header_len, PayloadKey::derive(file_key.expose_secret(), &nonce)))
}

/// The tags and arguments of a header's stanzas, without opening or verifying anything.
pub(crate) fn stanzas(prefix: &[u8]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in prefix.split(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            break;
        }
        if let Some(words) = line.strip_prefix(b"-> ").and_then(|words| std::str::from_utf8(words).ok()) {
            found.push(words.split(' ').map(str::to_owned).collect());
        }
    }
    found
}

fn last_nonce(bytes: &[u8]) -> Option<[u8; NONCE_LEN]> {
    bytes.last_chunk::<NONCE_LEN>().copied()
}

fn copy_of(file_key: &FileKey) -> FileKey {
    FileKey::init_with_mut(|bytes| bytes.copy_from_slice(file_key.expose_secret()))
}

/// Hands the work on, and keeps the file key that age does not tell.
struct CapturingRecipient<'a> {
    inner: &'a dyn age::Recipient,
    file_key: RefCell<Option<FileKey>>,
}

impl age::Recipient for CapturingRecipient<'_> {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        self.file_key.replace(Some(copy_of(file_key)));
        self.inner.wrap_file_key(file_key)
    }
}

/// The same for opening.
struct CapturingIdentity<'a> {
    inner: &'a dyn age::Identity,
    file_key: &'a RefCell<Option<FileKey>>,
}

impl CapturingIdentity<'_> {
    fn keep(
        &self,
        unwrapped: Option<Result<FileKey, age::DecryptError>>,
    ) -> Option<Result<FileKey, age::DecryptError>> {
        if let Some(Ok(file_key)) = &unwrapped {
            self.file_key.replace(Some(copy_of(file_key)));
        }
        unwrapped
    }
}

impl age::Identity for CapturingIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        self.keep(self.inner.unwrap_stanza(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, age::DecryptError>> {
        self.keep(self.inner.unwrap_stanzas(stanzas))
    }
}
