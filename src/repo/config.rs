//! The `config` object: what a repository is, in public, signed by its root key.
//!
//! Two lines. The first is a JSON object, the second `{"signature":"…"}`: base64 (without padding) of
//! the root key's Ed25519 signature, context `config`, over the first line with its line feed. The
//! signature alone proves little, for a hostile store can write a whole config of its own; it is
//! believed because the public halves stand in every key slot too and must agree, and because the
//! `Fingerprint` over them is pinned.

mod error;
mod fingerprint;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::time::Timestamp;
use crate::base::{hex, limits};
use crate::crypto::sign::{PublicKey, SigningKey, signature_from_text, signature_to_text};
use crate::crypto::x25519::Recipient;
use crate::store::Version;
use crate::store::client::Client;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::refetch::with_refetch;

pub use crate::repo::config::error::ConfigError;
pub use crate::repo::config::fingerprint::Fingerprint;

/// The format version that this release reads and writes.
pub const FORMAT_VERSION: u32 = 1;
/// The object's key.
pub const CONFIG_KEY: &str = "config";
/// Most generations of key pairs.
pub const GENERATIONS_MAX: usize = 1000;
/// The purpose that the root key signs for here.
const SIGN_CONTEXT: &str = "config";

/// 32 public bytes, in JSON 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

/// The random name of a repository (16 bytes, in JSON 32 hexadecimal digits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryId(pub [u8; 16]);

/// Spelling and serde as hexadecimal.
macro_rules! spelled_in_hex {
    ($name:ident, $what:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                hex::decode(&text).map(Self).ok_or_else(|| serde::de::Error::custom(concat!("no ", $what)))
            }
        }
    };
}
spelled_in_hex!(Commitment, "commitment (64 hexadecimal digits)");
spelled_in_hex!(RepositoryId, "repository id (32 hexadecimal digits)");

/// How files are cut into chunks: an algorithm and its numbers, which the chunker's floor interprets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkerSpec {
    /// Name of the algorithm.
    pub algorithm: String,
    /// Its parameters by name, such as `min_bytes` and `max_bytes`.
    #[serde(flatten)]
    pub parameters: BTreeMap<String, u64>,
}

/// The public halves of one generation of key pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// 1 for the first; each rotation adds the next.
    pub number: u32,
    /// What packs of file contents are sealed to.
    pub data: Recipient,
    /// What packs of trees and snapshots are sealed to.
    pub meta: Recipient,
    /// What segments of the index are sealed to.
    pub index: Recipient,
}

/// Everything public that `config` and every key slot must agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicHalves {
    /// The repository's id.
    pub id: RepositoryId,
    /// The root key's public half.
    pub signer: PublicKey,
    /// What binds the dedup secret (`crypto::derive::dedup_commitment`).
    pub commitment: Commitment,
    /// How files are cut.
    pub chunker: ChunkerSpec,
    /// All generations, numbered from 1 without gaps; the last is the current one.
    pub generations: Vec<Generation>,
}

impl PublicHalves {
    /// The first thing in which `slot`, as a key slot tells it, differs from this config's; `None`
    /// where they agree. The config may know later generations than the slot, but never fewer.
    pub fn disagreement(&self, slot: &PublicHalves) -> Option<&'static str> {
        let known = self.generations.get(..slot.generations.len());
        match () {
            () if self.id != slot.id => Some("repository id"),
            () if self.signer != slot.signer => Some("root key"),
            () if self.commitment != slot.commitment => Some("dedup commitment"),
            () if self.chunker != slot.chunker => Some("chunker"),
            () if known != Some(&slot.generations) => Some("recipients"),
            () => None,
        }
    }

    /// Whether the numbers run 1, 2, 3, … and there is at least one.
    fn is_sound(&self) -> bool {
        let numbers = self.generations.iter().map(|generation| generation.number);
        !self.generations.is_empty()
            && self.generations.len() <= GENERATIONS_MAX
            && numbers.eq(1..=self.generations.len() as u32)
    }

    /// A hash over id, root key, commitment and the first generation: what is pinned.
    ///
    /// BLAKE3 `derive_key`, context `lifeboat v1 fingerprint`, of: id (16 bytes), root key (32),
    /// commitment (32), then data, meta and index recipient of generation 1, spelled `age1…`, each
    /// followed by a line feed. Later generations are signed by the root key, and change nothing.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = blake3::Hasher::new_derive_key("lifeboat v1 fingerprint");
        hasher.update(&self.id.0).update(&self.signer.0).update(&self.commitment.0);
        if let Some(first) = self.generations.first() {
            for recipient in [&first.data, &first.meta, &first.index] {
                hasher.update(format!("{recipient}\n").as_bytes());
            }
        }
        Fingerprint(*hasher.finalize().as_bytes())
    }
}

/// The contents of `config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// When the repository was made, by the clock of who made it.
    pub created: Timestamp,
    /// What key slots must agree with.
    pub public: PublicHalves,
    /// Room for what stores can and cannot do (conditional writes); unknown entries are kept.
    pub capabilities: serde_json::Map<String, serde_json::Value>,
}

/// The first line as it stands in JSON. Field order is the order of the format.
#[derive(Serialize, Deserialize)]
struct Body {
    format: u32,
    created: Timestamp,
    #[serde(flatten)]
    public: PublicHalves,
    #[serde(default)]
    capabilities: serde_json::Map<String, serde_json::Value>,
}

/// The capability that says how writers of one key are kept apart.
const CONDITIONAL: &str = "conditional";
/// Its protocol where the store cannot do it.
const TIME_BASED: &str = "time-based";

#[derive(Deserialize)]
struct Conditional {
    protocol: String,
    settle_ms: u64,
}

#[derive(Deserialize)]
struct Version1OrLater {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct SignatureLine {
    signature: String,
}

impl Config {
    /// The object's bytes, signed by the root key.
    pub fn encode(&self, root: &SigningKey) -> Vec<u8> {
        let body = Body {
            format: FORMAT_VERSION,
            created: self.created,
            public: self.public.clone(),
            capabilities: self.capabilities.clone(),
        };
        let mut bytes = json_line(&body);
        let signature = signature_to_text(&root.sign(SIGN_CONTEXT, &bytes));
        bytes.extend(json_line(&SignatureLine { signature }));
        bytes
    }

    /// Reads and verifies the object's bytes; `location` is for messages.
    pub fn decode(bytes: &[u8], location: &str) -> Result<Self, ConfigError> {
        let damaged = |what: &'static str| ConfigError::Damaged { location: location.into(), what };
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("it is cut short"))?;
        let (line, rest) = bytes.split_at(end + 1);
        // Before anything else: a later format may change whatever follows.
        let Version1OrLater { format } =
            serde_json::from_slice(line).map_err(|_| damaged("its first line is no JSON with a format"))?;
        if format > FORMAT_VERSION {
            return Err(ConfigError::Newer { location: location.into(), format });
        }
        let body: Body = serde_json::from_slice(line)
            .map_err(|source| ConfigError::Syntax { location: location.into(), source })?;
        if format != FORMAT_VERSION || !body.public.is_sound() {
            return Err(damaged("its values make no sense"));
        }
        let signature = rest
            .strip_suffix(b"\n")
            .and_then(|line| serde_json::from_slice::<SignatureLine>(line).ok())
            .and_then(|line| signature_from_text(&line.signature))
            .ok_or_else(|| damaged("its signature is missing"))?;
        body.public
            .signer
            .verify(SIGN_CONTEXT, line, &signature)
            .map_err(|_| damaged("its signature does not match"))?;
        Ok(Self { created: body.created, public: body.public, capabilities: body.capabilities })
    }

    /// The settle time of the time-based protocol, if writers keep apart by that: what `init` found out of
    /// the store. A protocol that this version does not know is refused.
    pub fn settle_time(&self) -> Result<Option<Duration>, ConfigError> {
        let Some(value) = self.capabilities.get(CONDITIONAL) else { return Ok(None) };
        let told: Result<Conditional, _> = serde_json::from_value(value.clone());
        match told {
            Ok(told) if told.protocol == TIME_BASED => Ok(Some(Duration::from_millis(told.settle_ms))),
            _ => Err(ConfigError::Protocol { protocol: value.to_string() }),
        }
    }

    /// Records that writers keep apart by the time-based protocol.
    pub fn set_settle_time(&mut self, settle: Duration) {
        let settle_ms = u64::try_from(settle.as_millis()).unwrap_or(u64::MAX);
        let value = serde_json::json!({ "protocol": TIME_BASED, "settle_ms": settle_ms });
        self.capabilities.insert(CONDITIONAL.into(), value);
    }

    /// Reads and verifies the config of a store.
    pub fn load(client: &Client) -> Result<(Self, Version), ConfigError> {
        let location = client.location();
        let is_damage = |error: &ConfigError| {
            // A newer format too: that number is not verified by what it says itself.
            matches!(
                error,
                ConfigError::Damaged { .. } | ConfigError::Syntax { .. } | ConfigError::Newer { .. }
            )
        };
        let read =
            with_refetch(is_damage, || match client.get_bounded(&config_key(), limits::CONFIG_MAX_BYTES) {
                Ok((bytes, version)) => Ok(Ok((Self::decode(&bytes, &location)?, version))),
                Err(error) => Ok(Err(error)),
            });
        match read? {
            Ok(loaded) => Ok(loaded),
            Err(error) if error.is_not_found() => {
                let slots = client.list("keys/").map_err(ConfigError::from)?;
                if slots.is_empty() {
                    return Err(ConfigError::NoRepository { location });
                }
                Err(ConfigError::Missing { location, slots: slots.len() })
            }
            Err(source) => Err(ConfigError::from(source)),
        }
    }

    /// Writes the config of a new repository: the one write that makes it exist.
    pub fn create(&self, client: &Client, root: &SigningKey) -> Result<(), ConfigError> {
        match client.create(&config_key(), Bytes::from(self.encode(root))) {
            Ok(()) => Ok(()),
            Err(StoreError::AlreadyExists { .. }) => Err(ConfigError::Exists { location: client.location() }),
            Err(source) => Err(ConfigError::from(source)),
        }
    }

    /// The current generation: what is sealed to from now on.
    pub fn current(&self) -> &Generation {
        // `is_sound` was asked for whatever was decoded, and `Keyring::create` makes the first one.
        self.public.generations.last().expect("a config has a generation")
    }

    /// The repository's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.public.fingerprint()
    }
}

/// `config`, as a key.
fn config_key() -> Key {
    // A literal of the key alphabet.
    Key::new(CONFIG_KEY).expect("a valid key")
}

fn json_line(value: &impl Serialize) -> Vec<u8> {
    // Only maps with keys that are no text fail, and writers that fail; here is neither.
    let mut bytes = serde_json::to_vec(value).expect("serialisable");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::{CONFIG_KEY, ChunkerSpec, Config, ConfigError, SIGN_CONTEXT, json_line};
    use crate::base::error_kind::ErrorKind;
    use crate::base::time::Timestamp;
    use crate::crypto::sign::{SigningKey, signature_to_text};
    use crate::repo::keyring::Keyring;
    use crate::store::client::Client;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    fn made() -> (Config, SigningKey) {
        let parameters =
            BTreeMap::from([("min_bytes".to_owned(), 65_536), ("max_bytes".to_owned(), 1 << 20)]);
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters };
        let created = Timestamp { seconds: 1_700_000_000, nanos: 5 };
        let (config, keyring) = Keyring::create(chunker, "owner", created);
        let root = keyring.root("the test").unwrap().clone();
        (config, root)
    }

    #[test]
    fn what_was_encoded_decodes_and_every_changed_byte_is_found() {
        let (mut config, root) = made();
        config.capabilities.insert("conditional-writes".into(), true.into());
        let bytes = config.encode(&root);
        assert_eq!(Config::decode(&bytes, "here").unwrap(), config);
        for at in 0..bytes.len() {
            for bit in [0, 2, 5] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let error = Config::decode(&flipped, "here").expect_err("a flipped bit");
                // The format's digit itself may become a larger one.
                assert!(error.kind() == ErrorKind::Damage || matches!(error, ConfigError::Newer { .. }));
            }
            assert_eq!(Config::decode(&bytes[..at], "here").unwrap_err().kind(), ErrorKind::Damage, "{at}");
        }
        assert!(Config::decode(&[&bytes[..], b"more\n"].concat(), "here").is_err());
    }

    #[test]
    fn a_config_that_another_key_signed_is_refused() {
        let (config, _) = made();
        let error = Config::decode(&config.encode(&SigningKey::generate()), "here").unwrap_err();
        assert!(matches!(error, ConfigError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_newer_format_is_named_as_such_whatever_else_it_changed() {
        for line in ["{\"format\":2}\n", "{\"format\":7,\"id\":[1],\"what\":null}\nsomething else"] {
            let error = Config::decode(line.as_bytes(), "here").unwrap_err();
            assert!(error.to_string().contains("newer version of lifeboat"), "{error}");
        }
        assert_eq!(Config::decode(b"{\"format\":0}\n", "here").unwrap_err().kind(), ErrorKind::Damage);
    }

    #[test]
    fn signed_nonsense_is_refused_all_the_same() {
        let (config, root) = made();
        let text = String::from_utf8(config.encode(&root)).unwrap();
        let body = text.lines().next().unwrap();
        let wrong = [
            body.replace("\"number\":1", "\"number\":2"),
            body.replace("\"generations\":[{", "\"generations\":[],\"x\":[{"),
            body.replace("age1", "age2"),
            "[]".into(),
        ];
        for body in wrong {
            let mut bytes = format!("{body}\n").into_bytes();
            let signature = signature_to_text(&root.sign(SIGN_CONTEXT, &bytes));
            bytes.extend(json_line(&super::SignatureLine { signature }));
            assert_eq!(Config::decode(&bytes, "here").unwrap_err().kind(), ErrorKind::Damage, "{body}");
        }
    }

    #[test]
    fn the_fingerprint_covers_what_it_should_and_compares_however_it_was_written_down() {
        let (config, root) = made();
        let print = config.fingerprint();
        let shown = print.to_string();
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
        let forms = [shown.clone(), shown.to_uppercase(), shown.replace('-', " ") + "\n", print.to_hex()];
        for pinned in forms {
            print.check_pinned(&pinned, "the test").unwrap();
        }
        let other = made().0.fingerprint();
        let error = print.check_pinned(&other.to_string(), "/var/lib/pin").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Key);
        let text = error.to_string();
        assert!(text.contains(&shown) && text.contains(&other.to_string()) && text.contains("/var/lib/pin"));
        for wrong in ["", "abcd", "xyz", &"0".repeat(33), &"é".repeat(16)] {
            assert_eq!(print.check_pinned(wrong, "x").unwrap_err().kind(), ErrorKind::Usage, "{wrong}");
        }
        let mut changed = config.clone();
        changed.public.commitment.0[0] ^= 1;
        assert_ne!(changed.fingerprint(), print);
        changed = config.clone();
        changed.public.generations[0].index = changed.public.generations[0].meta.clone();
        assert_ne!(changed.fingerprint(), print);
        changed = config.clone();
        changed.public.id.0[0] ^= 1;
        assert_ne!(changed.fingerprint(), print);
        changed = config.clone();
        changed.public.signer = SigningKey::generate().public();
        assert_ne!(changed.fingerprint(), print);
        let _ = root;
    }

    #[test]
    fn a_store_without_config_tells_whether_there_was_a_repository() {
        let store = MemoryStore::new();
        let client = Client::new(Arc::new(store.clone())).unwrap();
        assert_eq!(Config::load(&client).unwrap_err().kind(), ErrorKind::NoRepository);
        store.overwrite(&Key::new("keys/restorer-a-00000000.age").unwrap(), Bytes::from_static(b"x"));
        assert_eq!(Config::load(&client).unwrap_err().kind(), ErrorKind::Damage);
        let (config, root) = made();
        config.create(&client, &root).unwrap();
        assert_eq!(Config::load(&client).unwrap().0, config);
        assert!(matches!(config.create(&client, &root), Err(ConfigError::Exists { .. })));
        store.overwrite(&Key::new(CONFIG_KEY).unwrap(), vec![b'x'; 2 << 20]);
        assert_eq!(Config::load(&client).unwrap_err().kind(), ErrorKind::Damage);
    }
}
