//! The keyring: the secrets of one opened key slot, checked against `config`.
//!
//! What a role may do is what its keyring holds: there is no flag to forget. Whoever needs a private
//! half asks for it together with what it is for, and where the slot is too small gets an error that
//! names the missing role.

mod error;
mod issue;

use crate::base::ids::ChunkKind;
use crate::base::role::Role;
use crate::base::secret::Secret32;
use crate::crypto::derive::{chunk_key, chunker_seed, dedup_commitment};
use crate::crypto::sign::{PublicKey, SIGNATURE_LEN, SigningKey};
use crate::crypto::x25519::{Identity, Recipient};
use crate::repo::certificate::{Certificate, SignedCertificate};
use crate::repo::config::{ChunkerSpec, Config, Generation, PublicHalves, RepositoryId};
use crate::repo::slots::contents::{Contents, GenerationKeys, IdentityField};

pub use crate::repo::keyring::error::KeyError;
pub(crate) use crate::repo::keyring::issue::restorer_contents;

/// Everything one key slot gives. Wiped when dropped.
#[derive(Clone)]
pub struct Keyring {
    /// The slot's name, or what else it came from, for messages.
    origin: String,
    /// What the slot holds; its certificate and role were verified.
    contents: Contents,
    statement: Certificate,
    /// The public halves of `config`, which may know later generations than the slot.
    public: PublicHalves,
    signing: SigningKey,
    root: Option<SigningKey>,
    /// Newest first, since that is what most objects are sealed to.
    index: Vec<Identity>,
    meta: Vec<Identity>,
    data: Vec<Identity>,
}

impl Keyring {
    /// Checks the contents of a slot in themselves and against `config`.
    pub fn from_contents(contents: Contents, config: &Config, origin: &str) -> Result<Self, KeyError> {
        let malformed = |what| KeyError::Malformed { slot: origin.into(), what };
        if let Some(what) = config.public.disagreement(&contents.public) {
            return Err(KeyError::Disagrees { slot: origin.into(), what });
        }
        let held = contents.keys.iter().map(|keys| keys.number);
        if !held.eq(contents.public.generations.iter().map(|generation| generation.number)) {
            return Err(malformed("its generations are not those that it tells"));
        }
        let halves = contents.keys.iter().zip(&contents.public.generations);
        if !halves.clone().all(|(keys, generation)| keys.belong_to(generation)) {
            return Err(malformed("its private halves are not those of its public ones"));
        }
        if dedup_commitment(&contents.dedup_secret.0) != contents.public.commitment.0 {
            return Err(malformed("its dedup secret is not the one committed to"));
        }
        let root = contents.root_seed.as_ref().map(|seed| SigningKey::from_seed(seed.0.clone()));
        if root.as_ref().is_some_and(|root| root.public() != contents.public.signer) {
            return Err(malformed("its root key is not the repository's"));
        }
        if role_held(&contents) != Some(contents.role) {
            return Err(malformed("it does not hold what its role says"));
        }
        let signing = SigningKey::from_seed(contents.signing_seed.0.clone());
        let statement = contents
            .certificate
            .verify(&config.public.signer, config.public.id)
            .map_err(|source| KeyError::Certificate { slot: origin.into(), source })?;
        if statement.public_key != signing.public() || statement.role != contents.role {
            return Err(malformed("its certificate is for another key or role"));
        }
        let identities = |pick: fn(&GenerationKeys) -> Option<&IdentityField>| {
            contents.keys.iter().rev().filter_map(pick).map(|field| field.0.clone()).collect()
        };
        Ok(Self {
            origin: origin.into(),
            index: identities(|keys| Some(&keys.index)),
            meta: identities(|keys| keys.meta.as_ref()),
            data: identities(|keys| keys.data.as_ref()),
            public: config.public.clone(),
            contents,
            statement,
            signing,
            root,
        })
    }

    /// What the slot lets its holder do.
    pub fn role(&self) -> Role {
        self.contents.role
    }

    /// The slot's label.
    pub fn label(&self) -> &str {
        &self.contents.label
    }

    /// The slot's name, or what else the keys came from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The repository.
    pub fn repository(&self) -> RepositoryId {
        self.public.id
    }

    /// The root key's public half, which certificates are verified with.
    pub fn signer(&self) -> &PublicKey {
        &self.public.signer
    }

    /// How files are cut into chunks.
    pub fn chunker(&self) -> &ChunkerSpec {
        &self.public.chunker
    }

    /// As which host the slot may sign: a name, or `*` for any.
    pub fn host(&self) -> &str {
        &self.statement.host
    }

    /// Refuses to sign as a host that the slot is not for.
    pub fn need_host(&self, host: &str) -> Result<(), KeyError> {
        if self.statement.allows_host(host) {
            return Ok(());
        }
        Err(KeyError::Host {
            slot: self.origin.clone(),
            allowed: self.statement.host.clone(),
            host: host.into(),
        })
    }

    /// Signs for the purpose `context` with the slot's own key; `certificate` goes with it.
    pub fn sign(&self, context: &str, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.signing.sign(context, message)
    }

    /// The slot's signing key.
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// The root's word on the slot's signing key, to be put into whatever it signs.
    pub fn certificate(&self) -> &SignedCertificate {
        &self.contents.certificate
    }

    /// The secret that chunk ids and the chunker's seed are derived from.
    pub fn dedup_secret(&self) -> &Secret32 {
        &self.contents.dedup_secret.0
    }

    /// The key that chunks of this kind are named with.
    pub fn chunk_key(&self, kind: ChunkKind) -> Secret32 {
        chunk_key(self.dedup_secret(), kind)
    }

    /// The chunker's seed.
    pub fn chunker_seed(&self) -> Secret32 {
        chunker_seed(self.dedup_secret())
    }

    /// What packs of this kind are sealed to from now on.
    pub fn pack_recipient(&self, kind: ChunkKind) -> &Recipient {
        match kind {
            ChunkKind::Data => self.data_recipient(),
            ChunkKind::Meta => self.meta_recipient(),
        }
    }

    /// What contents are sealed to from now on.
    pub fn data_recipient(&self) -> &Recipient {
        &self.current().data
    }

    /// What trees and snapshots are sealed to from now on.
    pub fn meta_recipient(&self) -> &Recipient {
        &self.current().meta
    }

    /// What segments are sealed to from now on.
    pub fn index_recipient(&self) -> &Recipient {
        &self.current().index
    }

    fn current(&self) -> &Generation {
        // A config is not decoded, and none is created, without one.
        self.public.generations.last().expect("a config has a generation")
    }

    /// What opens segments, newest generation first. Every role has it.
    pub fn index_identities(&self) -> &[Identity] {
        &self.index
    }

    /// What opens trees and snapshots; `doing` completes "… needs a maintainer slot".
    pub fn meta_identities(&self, doing: &str) -> Result<&[Identity], KeyError> {
        self.need(Role::Maintainer, doing).map(|()| self.meta.as_slice())
    }

    /// What opens contents; `doing` completes "… needs a restorer slot".
    pub fn data_identities(&self, doing: &str) -> Result<&[Identity], KeyError> {
        self.need(Role::Restorer, doing).map(|()| self.data.as_slice())
    }

    /// What opens packs of this kind.
    pub fn pack_identities(&self, kind: ChunkKind, doing: &str) -> Result<&[Identity], KeyError> {
        match kind {
            ChunkKind::Data => self.data_identities(doing),
            ChunkKind::Meta => self.meta_identities(doing),
        }
    }

    /// The root key, which signs config and certificates.
    pub fn root(&self, doing: &str) -> Result<&SigningKey, KeyError> {
        self.need(Role::Restorer, doing)?;
        // `from_contents` lets no restorer in without it.
        Ok(self.root.as_ref().expect("a restorer has the root key"))
    }

    /// Refuses what needs a greater role; `doing` begins the sentence, as in "reading old data".
    pub fn need(&self, role: Role, doing: &str) -> Result<(), KeyError> {
        if self.role() >= role {
            return Ok(());
        }
        Err(KeyError::Role { slot: self.origin.clone(), have: self.role(), need: role, doing: doing.into() })
    }

    /// Refuses where the slot lacks keys of the newest generation.
    pub fn need_newest(&self) -> Result<(), KeyError> {
        if self.contents.keys.len() == self.public.generations.len() {
            return Ok(());
        }
        Err(KeyError::Outdated { slot: self.origin.clone() })
    }

    /// The contents of this keyring's own slot, to be sealed anew.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} of {})", self.origin, self.public.id)
    }
}

impl GenerationKeys {
    fn belong_to(&self, generation: &Generation) -> bool {
        let fits = |held: Option<&IdentityField>, recipient: &Recipient| {
            held.is_none_or(|field| field.0.to_recipient() == *recipient)
        };
        fits(Some(&self.index), &generation.index)
            && fits(self.meta.as_ref(), &generation.meta)
            && fits(self.data.as_ref(), &generation.data)
    }
}

/// The role that a slot with these secrets has; `None` if it is neither whole nor clean.
fn role_held(contents: &Contents) -> Option<Role> {
    let count = |pick: fn(&GenerationKeys) -> bool| contents.keys.iter().filter(|keys| pick(keys)).count();
    let (meta, data) = (count(|keys| keys.meta.is_some()), count(|keys| keys.data.is_some()));
    let all = contents.keys.len();
    match (meta, data, contents.root_seed.is_some()) {
        (0, 0, false) => Some(Role::Writer),
        (meta, 0, false) if meta == all => Some(Role::Maintainer),
        (meta, data, true) if meta == all && data == all => Some(Role::Restorer),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyError, Keyring};
    use crate::base::error_kind::ErrorKind;
    use crate::base::ids::ChunkKind;
    use crate::base::role::Role;
    use crate::base::time::Timestamp;
    use crate::crypto::sealed;
    use crate::crypto::sign::SigningKey;
    use crate::crypto::x25519::Identity;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::slots::contents::{Contents, HexSecret, IdentityField};

    fn made() -> (Config, Keyring) {
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        Keyring::create(chunker, "owner", Timestamp::default())
    }

    fn slot(config: &Config, keyring: &Keyring, role: Role) -> Keyring {
        let contents = keyring.contents_for(role, "web1", "web1", Timestamp::default()).unwrap();
        let again = Contents::decode(&contents.encode()).unwrap();
        Keyring::from_contents(again, config, "its slot").unwrap()
    }

    #[test]
    fn each_role_opens_what_it_may_and_nothing_else() {
        let (config, restorer) = made();
        let sealed = |keyring: &Keyring, kind| sealed::seal(keyring.pack_recipient(kind), b"x").unwrap();
        for role in [Role::Writer, Role::Maintainer, Role::Restorer] {
            let keyring = slot(&config, &restorer, role);
            assert_eq!(keyring.role(), role);
            let segment = sealed::seal(restorer.index_recipient(), b"x").unwrap();
            sealed::open(keyring.index_identities(), &segment).unwrap();
            for (kind, need) in [(ChunkKind::Meta, Role::Maintainer), (ChunkKind::Data, Role::Restorer)] {
                let pack = sealed(&keyring, kind);
                match keyring.pack_identities(kind, "reading old data") {
                    Ok(identities) => {
                        assert!(role >= need);
                        sealed::open(identities, &pack).unwrap();
                    }
                    Err(error) => {
                        assert!(role < need);
                        assert_eq!(error.kind(), ErrorKind::Key);
                        let text = error.to_string();
                        assert!(text.starts_with(&format!("reading old data needs a {need} slot")), "{text}");
                    }
                }
                assert_eq!(*keyring.chunk_key(kind).expose(), *restorer.chunk_key(kind).expose());
            }
            assert_eq!(keyring.root("adding a slot").is_ok(), role == Role::Restorer);
            assert!(keyring.need(Role::Writer, "x").is_ok());
            // What the slot does not hold is not somewhere in it either.
            let json = keyring.contents().encode();
            let json = std::str::from_utf8(&json).unwrap();
            let secrets = json.matches("AGE-SECRET-KEY-1").count();
            assert_eq!(
                secrets,
                1 + usize::from(role >= Role::Maintainer) + usize::from(role == Role::Restorer)
            );
            assert_eq!(json.contains("root_seed"), role == Role::Restorer);
        }
    }

    #[test]
    fn each_slot_signs_with_a_key_of_its_own_as_its_own_host() {
        let (config, restorer) = made();
        let writer = slot(&config, &restorer, Role::Writer);
        assert_ne!(writer.signing_key().public(), restorer.signing_key().public());
        let stated = writer.certificate().verify(restorer.signer(), config.public.id).unwrap();
        stated.public_key.verify("snapshot", b"record", &writer.sign("snapshot", b"record")).unwrap();
        assert!(writer.need_host("web1").is_ok() && restorer.need_host("anything").is_ok());
        assert_eq!(writer.need_host("db1").unwrap_err().kind(), ErrorKind::Key);
        assert!(restorer.contents_for(Role::Writer, "a/b", "web1", Timestamp::default()).is_err());
        assert!(restorer.contents_for(Role::Writer, "web1", "../..", Timestamp::default()).is_err());
        assert!(writer.contents_for(Role::Writer, "x", "x", Timestamp::default()).is_err());
    }

    #[test]
    fn a_slot_that_disagrees_with_config_or_with_itself_is_refused() {
        let (config, restorer) = made();
        let (other, _) = made();
        let contents = restorer.contents_for(Role::Maintainer, "m", "*", Timestamp::default()).unwrap();
        let refuse = |contents: &Contents, config: &Config| {
            Keyring::from_contents(contents.clone(), config, "slot-x").expect_err("a wrong slot")
        };
        let error = refuse(&contents, &other);
        assert!(matches!(error, KeyError::Disagrees { .. }) && error.to_string().contains("slot-x"));
        assert_eq!(error.kind(), ErrorKind::Damage);

        type Change = fn(&mut Contents);
        let changes: [Change; 8] = [
            |contents| contents.role = Role::Restorer,
            |contents| contents.role = Role::Writer,
            |contents| contents.keys[0].index = IdentityField(Identity::generate()),
            |contents| contents.keys[0].data = Some(contents.keys[0].index.clone()),
            |contents| contents.keys.clear(),
            |contents| contents.dedup_secret = HexSecret(SigningKey::generate().seed().clone()),
            |contents| contents.signing_seed = HexSecret(SigningKey::generate().seed().clone()),
            |contents| contents.root_seed = Some(contents.signing_seed.clone()),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = contents.clone();
            change(&mut changed);
            assert!(matches!(refuse(&changed, &config), KeyError::Malformed { .. }), "change {number}");
        }
        let mut changed = contents.clone();
        changed.certificate.signature = other.public.signer.to_string();
        assert!(matches!(refuse(&changed, &config), KeyError::Certificate { .. }));
    }

    #[test]
    fn a_config_may_have_later_generations_than_the_slot_but_never_fewer() {
        let (mut config, restorer) = made();
        let mut later = config.public.generations[0].clone();
        later.number = 2;
        later.data = Identity::generate().to_recipient();
        let contents = restorer.contents().clone();
        config.public.generations.push(later.clone());
        let keyring = Keyring::from_contents(contents.clone(), &config, "slot").unwrap();
        assert_eq!(keyring.data_recipient(), &later.data);
        assert!(matches!(keyring.need_newest(), Err(KeyError::Outdated { .. })));
        assert!(keyring.contents_for(Role::Writer, "w", "w", Timestamp::default()).is_err());
        config.public.generations.clear();
        assert!(Keyring::from_contents(contents, &config, "slot").is_err());
    }

    #[test]
    fn nothing_secret_is_printed() {
        let (_, keyring) = made();
        let shown = format!("{keyring:?} {:?}", keyring.signing_key());
        assert!(!shown.contains("SECRET"));
        let seed = crate::base::hex::encode(keyring.dedup_secret().expose());
        assert!(!shown.contains(&seed));
    }

    #[test]
    fn threads_may_share_keys() {
        fn shared<T: Send + Sync>() {}
        shared::<Keyring>();
        shared::<crate::crypto::identities::IdentitySet>();
        shared::<sealed::SealedHeader>();
    }
}
