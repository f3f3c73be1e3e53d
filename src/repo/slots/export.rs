//! A restorer's secrets as a text for paper (`key export`), and back.
//!
//! The text is an age identity file: stock `age -d -i EXPORT` opens every object with it. What age has
//! no line for (dedup secret, root key, public parameters) stands in comments of the form
//! `# name: value`. Read back it needs neither slots nor config: both can be made anew from it.
//! The last comment, `check`, is over all the lines that count, for such texts get typed by hand.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::base::hex;
use crate::base::role::Role;
use crate::base::secret::{Secret32, SecretText};
use crate::base::time::Timestamp;
use crate::crypto::derive::dedup_commitment;
use crate::crypto::sign::SigningKey;
use crate::crypto::x25519::Identity;
use crate::repo::config::{
    ChunkerSpec, Commitment, Config, GENERATIONS_MAX, Generation, PublicHalves, RepositoryId,
};
use crate::repo::keyring::{Keyring, restorer_contents};
use crate::repo::slots::contents::{Contents, GenerationKeys, IdentityField, secret_from_hex};
use crate::repo::slots::error::SlotError;

/// What the first line of such a text begins with, its version behind it.
const MARKER: &str = "Lifeboat key export, version ";
/// Longest text that is read back, in bytes.
const EXPORT_MAX_BYTES: usize = 1 << 20;

/// The text of everything that a restorer's keyring holds.
pub fn export_text(keyring: &Keyring, config: &Config) -> Result<SecretText, SlotError> {
    let root = keyring.root("exporting the keys")?;
    keyring.need_newest()?;
    let contents = keyring.contents();
    // Room for all of it, so that growing leaves no copy behind: a generation has under 1 KiB.
    let mut text = String::with_capacity((8 << 10) + contents.keys.len() * 1024);
    let public = &contents.public;
    let spec =
        serde_json::to_string(&public.chunker).map_err(|_| unusable("the chunker has no text form"))?;
    text.push_str(concat!(
        "# Lifeboat key export, version 1. KEEP IT SECRET: it opens everything in the repository.\n",
        "# It is an age identity file: age -d -i THIS-FILE OBJECT\n",
    ));
    let mut check = Check::default();
    let mut line = |name: &str, value: &str| {
        // Writing to a String never fails.
        let _ = writeln!(text, "# {name}: {value}");
        check.comment(name, value);
    };
    line("repository", &public.id.to_string());
    line("fingerprint", &public.fingerprint().to_string());
    line("created", &format!("{}.{:09}", config.created.seconds, config.created.nanos));
    line("chunker", &spec);
    line("dedup-secret", &Zeroizing::new(hex::encode(keyring.dedup_secret().expose())));
    line("root-seed", &Zeroizing::new(hex::encode(root.seed().expose())));
    for keys in &contents.keys {
        let held = [("data", keys.data.as_ref()), ("meta", keys.meta.as_ref()), ("index", Some(&keys.index))];
        for (name, field) in held {
            let Some(IdentityField(identity)) = field else { continue };
            let (name, recipient) = (format!("generation-{}-{name}", keys.number), identity.to_recipient());
            let _ = writeln!(text, "# {name}: {recipient}");
            check.comment(&name, &recipient.to_string());
            let _ = writeln!(text, "{}", identity.to_secret_text().expose());
        }
    }
    let _ = writeln!(text, "# check: {}", check.digits());
    Ok(SecretText::new(text))
}

/// Whether `text` is such a text, of whatever version: one of its comments says so.
pub fn is_export(text: &str) -> bool {
    marked_version(text).is_some()
}

fn marked_version(text: &str) -> Option<&str> {
    let comments = text.lines().filter_map(|line| line.trim().strip_prefix('#'));
    let version = comments.filter_map(|comment| comment.trim().strip_prefix(MARKER)).next()?;
    Some(version.split('.').next().unwrap_or_default())
}

/// A hash over the comments that count, for mistypings: identities have checksums of their own.
#[derive(Default)]
struct Check(blake3::Hasher);

impl Check {
    fn comment(&mut self, name: &str, value: &str) {
        self.0.update(format!("{name}: {value}\n").as_bytes());
    }

    fn digits(&self) -> String {
        hex::encode(&self.0.finalize().as_bytes()[..8])
    }
}

/// What an exported text holds.
pub struct Exported {
    public: PublicHalves,
    dedup: Secret32,
    root: SigningKey,
    keys: Vec<GenerationKeys>,
    created: Timestamp,
}

impl Exported {
    /// Reads the text back. Checksums, and the public half in the comment before each identity, find
    /// mistypings.
    pub fn parse(text: &SecretText) -> Result<Self, SlotError> {
        let text = text.expose();
        if text.len() > EXPORT_MAX_BYTES {
            return Err(unusable("it is too large"));
        }
        if marked_version(text).is_some_and(|version| version != "1") {
            return Err(unusable("a newer version of lifeboat wrote it; install a newer lifeboat"));
        }
        let mut found = Found::default();
        let mut announced = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let fault = |what: &str| unusable(&format!("line {}: {what}", number + 1));
            if let Some(comment) = line.strip_prefix('#') {
                if let Some((name, value)) = comment.trim().split_once(": ") {
                    announced = found.take(name, value.trim()).map_err(fault)?.or(announced);
                }
            } else if !line.is_empty() {
                let identity = Identity::parse(&SecretText::new(line.to_owned()))
                    .map_err(|_| fault("no age identity; look for a mistyped letter"))?;
                let slot = announced.take().ok_or_else(|| fault("nothing says what this identity is for"))?;
                found.add(slot, identity).map_err(fault)?;
            }
        }
        found.finish()
    }

    /// The public halves, which a config made anew would have.
    pub fn public(&self) -> &PublicHalves {
        &self.public
    }

    /// A restorer's keyring, after checking that `config` is of the same repository.
    pub fn keyring(&self, config: &Config, now: Timestamp) -> Result<Keyring, SlotError> {
        Ok(Keyring::from_contents(self.contents(now), config, "the exported key")?)
    }

    /// Config and keyring where the config is lost. Stores' capabilities start empty again.
    pub fn rebuild_config(&self, now: Timestamp) -> Result<(Config, Keyring), SlotError> {
        let config =
            Config { created: self.created, public: self.public.clone(), capabilities: Default::default() };
        let keyring = self.keyring(&config, now)?;
        Ok((config, keyring))
    }

    fn contents(&self, now: Timestamp) -> Contents {
        restorer_contents(
            self.public.clone(),
            self.dedup.clone(),
            self.root.clone(),
            self.keys.clone(),
            "export",
            now,
        )
    }
}

impl std::fmt::Debug for Exported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Exported({} {})", Role::Restorer, self.public.id)
    }
}

/// Which private half the next line is: generation, name, and its public half.
struct Announced {
    generation: u32,
    name: &'static str,
    recipient: String,
}

/// What the lines read so far told.
#[derive(Default)]
struct Found {
    id: Option<RepositoryId>,
    fingerprint: Option<String>,
    chunker: Option<ChunkerSpec>,
    dedup: Option<Secret32>,
    root: Option<SigningKey>,
    created: Option<Timestamp>,
    identities: Vec<(u32, &'static str, Identity)>,
    check: Check,
    check_told: Option<String>,
}

impl Found {
    fn take(&mut self, name: &str, value: &str) -> Result<Option<Announced>, &'static str> {
        if name == "check" {
            self.check_told = Some(value.into());
            return Ok(None);
        }
        let known = ["repository", "fingerprint", "chunker", "dedup-secret", "root-seed", "created"];
        if known.contains(&name) || name.starts_with("generation-") {
            self.check.comment(name, value);
        }
        match name {
            "repository" => self.id = Some(RepositoryId(hex::decode(value).ok_or("no repository id")?)),
            "fingerprint" => self.fingerprint = Some(value.into()),
            "chunker" => self.chunker = Some(serde_json::from_str(value).map_err(|_| "no chunker")?),
            "dedup-secret" => self.dedup = Some(secret_from_hex(value).ok_or("not 64 hexadecimal digits")?),
            "root-seed" => {
                let seed = secret_from_hex(value).ok_or("not 64 hexadecimal digits")?;
                self.root = Some(SigningKey::from_seed(seed));
            }
            "created" => self.created = Some(parse_time(value).ok_or("no time")?),
            _ => {
                let Some(rest) = name.strip_prefix("generation-") else { return Ok(None) };
                let (generation, name) = rest.split_once('-').ok_or("no generation")?;
                let generation = generation.parse().map_err(|_| "no generation")?;
                let name = ["data", "meta", "index"].into_iter().find(|known| *known == name);
                let name = name.ok_or("an unknown sort of key")?;
                return Ok(Some(Announced { generation, name, recipient: value.into() }));
            }
        }
        Ok(None)
    }

    fn add(&mut self, slot: Announced, identity: Identity) -> Result<(), &'static str> {
        if identity.to_recipient().to_string() != slot.recipient {
            return Err("the identity does not belong to the public half above it");
        }
        if self.identities.len() >= GENERATIONS_MAX * 3 {
            return Err("too many identities");
        }
        self.identities.push((slot.generation, slot.name, identity));
        Ok(())
    }

    fn finish(self) -> Result<Exported, SlotError> {
        let missing = |what: &str| unusable(&format!("its {what} is missing"));
        if self.check_told.as_deref().ok_or_else(|| missing("check"))? != self.check.digits() {
            return Err(unusable("one of its comments is mistyped or missing"));
        }
        let one = |generation: u32, name: &'static str| {
            let found = self.identities.iter().find(|held| (held.0, held.1) == (generation, name));
            found.map(|held| held.2.clone()).ok_or_else(|| missing(&format!("{name} identity {generation}")))
        };
        let (mut keys, mut generations) = (Vec::new(), Vec::new());
        let last = self.identities.iter().map(|held| held.0).max().ok_or_else(|| missing("identity"))?;
        // `one` ends this at the first gap, so a false large number costs nothing.
        for number in 1..=last {
            let (data, meta, index) = (one(number, "data")?, one(number, "meta")?, one(number, "index")?);
            generations.push(Generation {
                number,
                data: data.to_recipient(),
                meta: meta.to_recipient(),
                index: index.to_recipient(),
            });
            let (data, meta) = (Some(IdentityField(data)), Some(IdentityField(meta)));
            keys.push(GenerationKeys { number, index: IdentityField(index), meta, data });
        }
        let dedup = self.dedup.ok_or_else(|| missing("dedup-secret"))?;
        let root = self.root.ok_or_else(|| missing("root-seed"))?;
        let public = PublicHalves {
            id: self.id.ok_or_else(|| missing("repository"))?,
            signer: root.public(),
            commitment: Commitment(dedup_commitment(&dedup)),
            chunker: self.chunker.ok_or_else(|| missing("chunker"))?,
            generations,
        };
        // The fingerprint covers dedup secret and root key, which have no checksum of their own.
        let fingerprint = self.fingerprint.ok_or_else(|| missing("fingerprint"))?;
        if public.fingerprint().check_pinned(&fingerprint, "the export").is_err() {
            return Err(unusable("repository, dedup-secret or root-seed does not fit its fingerprint"));
        }
        let created = self.created.unwrap_or_default();
        Ok(Exported { public, dedup, root, keys, created })
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let (seconds, nanos) = text.split_once('.')?;
    Some(Timestamp::from((seconds.parse().ok()?, nanos.parse().ok()?)))
}

fn unusable(what: &str) -> SlotError {
    SlotError::Export { what: what.into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Exported, export_text};
    use crate::base::error_kind::ErrorKind;
    use crate::base::ids::ChunkKind;
    use crate::base::role::Role;
    use crate::base::secret::SecretText;
    use crate::base::time::Timestamp;
    use crate::crypto::identities::IdentitySet;
    use crate::crypto::prompts::{NoPrompts, Prompts};
    use crate::crypto::sealed;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::keyring::Keyring;

    fn made() -> (Config, Keyring) {
        let parameters = [("max_bytes".to_owned(), 1 << 20)].into();
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters };
        Keyring::create(chunker, "owner", Timestamp { seconds: -3, nanos: 7 })
    }

    #[test]
    fn what_was_exported_brings_back_config_and_every_key() {
        let (config, keyring) = made();
        let text = export_text(&keyring, &config).unwrap();
        let (rebuilt, again) = Exported::parse(&text).unwrap().rebuild_config(Timestamp::default()).unwrap();
        assert_eq!(rebuilt, config);
        assert_eq!(again.role(), Role::Restorer);
        let pack = sealed::seal(keyring.data_recipient(), b"x").unwrap();
        let identities = again.pack_identities(ChunkKind::Data, "the test").unwrap();
        assert_eq!(sealed::open(identities, &pack).unwrap(), b"x");
        let root = again.root("the test").unwrap();
        assert_eq!(Config::decode(&rebuilt.encode(root), "here").unwrap(), config);
        let indented = SecretText::new(text.expose().replace('\n', "  \r\n  "));
        assert!(Exported::parse(&indented).is_ok());
    }

    #[test]
    fn the_export_is_an_age_identity_file() {
        let (config, keyring) = made();
        let text = export_text(&keyring, &config).unwrap();
        let prompts: Arc<dyn Prompts> = Arc::new(NoPrompts);
        let set = IdentitySet::parse(text.expose().as_bytes(), "export", &prompts).unwrap();
        let pack = sealed::seal(keyring.meta_recipient(), b"x").unwrap();
        assert_eq!(set.open_slot(&pack).unwrap().unwrap().as_slice(), b"x");
    }

    #[test]
    fn an_export_of_another_repository_is_refused() {
        let (config, keyring) = made();
        let text = export_text(&keyring, &config).unwrap();
        let error = Exported::parse(&text).unwrap().keyring(&made().0, Timestamp::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damage);
    }

    #[test]
    fn a_mistyped_or_missing_line_is_found_and_never_repeated() {
        let (config, keyring) = made();
        let text = export_text(&keyring, &config).unwrap();
        let lines: Vec<&str> = text.expose().lines().collect();
        for (number, line) in lines.iter().enumerate().skip(2) {
            let mut without = lines.clone();
            without.remove(number);
            assert!(Exported::parse(&SecretText::new(without.join("\n"))).is_err(), "without {number}");
            // The last character but one is a digit of the value or of a checksum in every line.
            let mut typed = line.as_bytes().to_vec();
            let at = typed.len() - 2;
            typed[at] = if typed[at] == b'2' { b'3' } else { b'2' };
            let typed = String::from_utf8(typed).unwrap();
            let mut wrong = lines.clone();
            wrong[number] = &typed;
            let error = Exported::parse(&SecretText::new(wrong.join("\n"))).expect_err(line);
            let secret = line.rsplit(' ').next().unwrap();
            assert!(!error.to_string().contains(&secret[..20.min(secret.len())]), "{error}");
        }
        assert!(Exported::parse(&SecretText::new(String::new())).is_err());
        let huge = "# generation-4000000000-data: age1x\n".repeat(10);
        assert!(Exported::parse(&SecretText::new(huge)).is_err());
    }

    #[test]
    fn only_a_restorer_exports() {
        let (config, keyring) = made();
        let contents = keyring.contents_for(Role::Maintainer, "m", "*", Timestamp::default()).unwrap();
        let maintainer = Keyring::from_contents(contents, &config, "slot").unwrap();
        assert_eq!(export_text(&maintainer, &config).unwrap_err().kind(), ErrorKind::Key);
    }
}
