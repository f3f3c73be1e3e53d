//! What a key slot holds, as JSON: the plaintext of one small age file.
//!
//! The format is meant to be used without Lifeboat too: `age -d` a restorer's slot, and the identities
//! under `keys` open every object. Secrets are read straight into memory that is wiped, and parse
//! errors carry no text, for the text would be a secret.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

use crate::base::hex;
use crate::base::role::Role;
use crate::base::secret::{Secret32, SecretText};
use crate::base::time::Timestamp;
use crate::crypto::x25519::Identity;
use crate::repo::certificate::SignedCertificate;
use crate::repo::config::PublicHalves;

/// The schema version that this release reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A slot's JSON object. Field order is the order of the format.
#[derive(Clone, Serialize, Deserialize)]
pub struct Contents {
    /// `SCHEMA_VERSION`.
    pub schema: u32,
    /// What the slot is for; must be what it holds.
    pub role: Role,
    /// The owner's name for it.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
    /// What `config` must agree with.
    pub public: PublicHalves,
    /// Seed of the slot's Ed25519 signing key (64 hexadecimal digits).
    pub signing_seed: HexSecret,
    /// The root's word on that key.
    pub certificate: SignedCertificate,
    /// The dedup secret (64 hexadecimal digits).
    pub dedup_secret: HexSecret,
    /// The private halves, one entry a generation.
    pub keys: Vec<GenerationKeys>,
    /// Seed of the root key; a restorer's only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_seed: Option<HexSecret>,
}

/// The private halves of one generation.
#[derive(Clone, Serialize, Deserialize)]
pub struct GenerationKeys {
    /// Its number.
    pub number: u32,
    /// Opens segments.
    pub index: IdentityField,
    /// Opens trees and snapshots; a maintainer's and a restorer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<IdentityField>,
    /// Opens contents; a restorer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<IdentityField>,
}

#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

/// Why a slot's plaintext cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A later release wrote it, in this schema.
    Newer(u32),
    /// It is not what `encode` writes.
    Malformed,
}

impl Contents {
    /// The plaintext.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it, so that growing leaves no copy behind: a generation has under 1 KiB.
        let mut bytes = Zeroizing::new(Vec::with_capacity((16 << 10) + self.keys.len() * 1024));
        // Every field has a text form, and a Vec takes all that is written.
        serde_json::to_writer(&mut *bytes, self).expect("serialisable");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the plaintext.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        // serde_json's errors quote what they stumble over, so none of them leaves this function.
        let SchemaOnly { schema } = serde_json::from_slice(bytes).map_err(|_| Unreadable::Malformed)?;
        match schema {
            SCHEMA_VERSION => serde_json::from_slice(bytes).map_err(|_| Unreadable::Malformed),
            0 => Err(Unreadable::Malformed),
            newer => Err(Unreadable::Newer(newer)),
        }
    }
}

/// 32 secret bytes as hexadecimal.
#[derive(Clone)]
pub struct HexSecret(pub Secret32);

impl Serialize for HexSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(self.0.expose())))
    }
}

impl<'de> Deserialize<'de> for HexSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Unquoted(|text: &str| secret_from_hex(text).map(Self)))
    }
}

/// The secret that 64 hexadecimal digits spell.
pub fn secret_from_hex(text: &str) -> Option<Secret32> {
    let mut bytes = hex::decode::<32>(text)?;
    let secret = Secret32::new(bytes);
    bytes.zeroize();
    Some(secret)
}

/// An X25519 identity as age spells it.
#[derive(Clone)]
pub struct IdentityField(pub Identity);

impl Serialize for IdentityField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.to_secret_text().expose())
    }
}

impl<'de> Deserialize<'de> for IdentityField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Unquoted(|text: &str| {
            Identity::parse(&SecretText::new(text.to_owned())).ok().map(Self)
        }))
    }
}

/// Reads a string in place, without a copy of it that nobody would wipe.
struct Unquoted<F>(F);

impl<'de, T, F: FnOnce(&str) -> Option<T>> Visitor<'de> for Unquoted<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(|| E::custom("no secret of the expected form"))
    }
}
