//! Ed25519 signatures (RFC 8032), each bound to a context.
//!
//! age authenticates no sender, so records are signed. What is signed is
//! `"lifeboat v1 " + context + 0x00 + message`: a signature made for one purpose never serves another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::base::hex;
use crate::base::secret::Secret32;
use crate::crypto::derive::random_secret;
use crate::crypto::error::CryptoError;

/// Length of a signature in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// The private key of one signer: the repository's root, or a host. Wiped when dropped.
#[derive(Clone)]
pub struct SigningKey {
    /// Only the seed is kept: ring's expanded key would not be wiped, and signing is rare.
    seed: Secret32,
    public: PublicKey,
}

impl SigningKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self::from_seed(random_secret())
    }

    /// The key that this seed (RFC 8032's private key) stands for.
    pub fn from_seed(seed: Secret32) -> Self {
        let mut public = [0; 32];
        public.copy_from_slice(expand(&seed).public_key().as_ref());
        Self { seed, public: PublicKey(public) }
    }

    /// The seed, to be kept in a key slot.
    pub fn seed(&self) -> &Secret32 {
        &self.seed
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The signature over `message` for the purpose `context`.
    pub fn sign(&self, context: &str, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        let mut signature = [0; SIGNATURE_LEN];
        signature.copy_from_slice(expand(&self.seed).sign(&framed(context, message)).as_ref());
        signature
    }
}

fn expand(seed: &Secret32) -> Ed25519KeyPair {
    // Every 32 bytes are a seed; ring refuses other lengths only.
    Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("a seed of 32 bytes")
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public)
    }
}

/// The public key of a signer; in JSON and in messages 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The key that `text` spells in hexadecimal, if it spells one.
    pub fn parse(text: &str) -> Option<Self> {
        hex::decode(text).map(Self)
    }

    /// Whether `signature` was made by this key over `message` for `context`.
    pub fn verify(
        &self,
        context: &str,
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), CryptoError> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(&framed(context, message), signature)
            .map_err(|_| CryptoError::Signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no Ed25519 public key (64 hexadecimal digits)"))
    }
}

/// A signature as it stands in JSON: base64 without padding (86 characters).
pub fn signature_to_text(signature: &[u8; SIGNATURE_LEN]) -> String {
    BASE64.encode(signature)
}

/// The signature that `text` spells, if it spells one.
pub fn signature_from_text(text: &str) -> Option<[u8; SIGNATURE_LEN]> {
    // Longer text cannot be one, and is not worth the memory.
    if text.len() != 86 {
        return None;
    }
    BASE64.decode(text).ok()?.try_into().ok()
}

/// What is really signed.
fn framed(context: &str, message: &[u8]) -> Vec<u8> {
    debug_assert!(!context.contains('\0'), "the NUL ends the context");
    let mut bytes = Vec::with_capacity(12 + context.len() + 1 + message.len());
    bytes.extend_from_slice(b"lifeboat v1 ");
    bytes.extend_from_slice(context.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(message);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{PublicKey, SigningKey, framed, signature_from_text, signature_to_text};
    use crate::base::hex;
    use crate::base::secret::Secret32;

    #[test]
    fn a_signature_holds_for_its_key_context_and_message_only() {
        let key = SigningKey::generate();
        let signature = key.sign("snapshot", b"message");
        key.public().verify("snapshot", b"message", &signature).unwrap();
        assert!(key.public().verify("segment", b"message", &signature).is_err());
        assert!(key.public().verify("snapshot", b"Message", &signature).is_err());
        assert!(SigningKey::generate().public().verify("snapshot", b"message", &signature).is_err());
        for bit in [0, 255, 511] {
            let mut flipped = signature;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(key.public().verify("snapshot", b"message", &flipped).is_err(), "bit {bit}");
        }
        assert!(PublicKey([0xff; 32]).verify("snapshot", b"message", &signature).is_err());
    }

    #[test]
    fn a_context_cannot_run_into_the_message() {
        assert_eq!(framed("a", b"bc"), b"lifeboat v1 a\0bc");
        assert_ne!(framed("a", b"bc"), framed("ab", b"c"));
    }

    /// RFC 8032, section 7.1, test 1: the seed's public key.
    #[test]
    fn a_seed_gives_the_public_key_of_the_rfc() {
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let key = SigningKey::from_seed(Secret32::new(seed));
        assert_eq!(
            key.public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(key.seed(), &Secret32::new(seed));
    }

    #[test]
    fn keys_and_signatures_survive_their_spelling_and_nothing_secret_is_printed() {
        let key = SigningKey::generate();
        let json = serde_json::to_string(&key.public()).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key.public());
        assert!(serde_json::from_str::<PublicKey>("\"00\"").is_err());
        let signature = key.sign("c", b"m");
        assert_eq!(signature_from_text(&signature_to_text(&signature)), Some(signature));
        assert_eq!(signature_from_text("AAAA"), None);
        assert!(!format!("{key:?}").contains(&hex::encode(key.seed().expose())));
    }
}
