//! The newtypes that name things, so that one kind of name can never stand for another.
//!
//! Chunk ids are keyed hashes; every other name is random, is used once, and says nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::base::hex;

/// Implements spelling, parsing and serde of a fixed-size id as lower-case hexadecimal.
macro_rules! hex_id {
    ($name:ident, $bytes:literal, $what:literal) => {
        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $bytes;

            /// The id that `text` spells in hexadecimal, if it spells one.
            pub fn parse(text: &str) -> Option<Self> {
                hex::decode(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&hex::encode(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom(concat!("no ", $what)))
            }
        }
    };
}

/// Keyed BLAKE3 of a chunk's plaintext (32 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub [u8; 32]);
hex_id!(ChunkId, 32, "chunk id (64 hexadecimal digits)");

/// The random name of a pack (16 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackName(pub [u8; 16]);
hex_id!(PackName, 16, "pack name (32 hexadecimal digits)");

/// The random name of an index segment (16 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentName(pub [u8; 16]);
hex_id!(SegmentName, 16, "segment name (32 hexadecimal digits)");

/// The random name of a session, and of the snapshot it commits (16 bytes).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SnapshotId(pub [u8; 16]);
hex_id!(SnapshotId, 16, "snapshot id (32 hexadecimal digits)");

/// BLAKE3 of an object's stored bytes (32 bytes): what chains are made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectHash(pub [u8; 32]);
hex_id!(ObjectHash, 32, "object hash (64 hexadecimal digits)");

impl SnapshotId {
    /// The first eight digits: what people see and type.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..4])
    }
}

/// What a chunk holds, and therefore to which recipient its pack is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChunkKind {
    /// Contents of files: sealed to the data recipient.
    Data,
    /// Trees and chunk lists: sealed to the meta recipient.
    Meta,
}

impl ChunkKind {
    /// The kind's number in packs' directories and segments.
    pub fn number(self) -> u8 {
        match self {
            ChunkKind::Data => 0,
            ChunkKind::Meta => 1,
        }
    }

    /// The kind that `number` stands for.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(ChunkKind::Data),
            1 => Some(ChunkKind::Meta),
            _ => None,
        }
    }
}
