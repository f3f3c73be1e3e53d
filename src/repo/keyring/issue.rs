//! Making keys: those of a new repository, and those of a new slot.

use crate::base::role::Role;
use crate::base::secret::Secret32;
use crate::base::time::Timestamp;
use crate::crypto::derive::{dedup_commitment, random_bytes, random_secret};
use crate::crypto::sign::SigningKey;
use crate::crypto::x25519::Identity;
use crate::repo::certificate::{ANY_HOST, Certificate, SignedCertificate, is_host_name};
use crate::repo::config::{ChunkerSpec, Commitment, Config, Generation, PublicHalves, RepositoryId};
use crate::repo::keyring::{KeyError, Keyring};
use crate::repo::slots::contents::{Contents, GenerationKeys, HexSecret, IdentityField, SCHEMA_VERSION};
use crate::repo::slots::name::is_label;

impl Keyring {
    /// All keys of a new repository, as a restorer holds them, and the config that goes with them.
    pub fn create(chunker: ChunkerSpec, label: &str, created: Timestamp) -> (Config, Keyring) {
        let dedup = random_secret();
        let root = SigningKey::generate();
        let keys = GenerationKeys {
            number: 1,
            index: IdentityField(Identity::generate()),
            meta: Some(IdentityField(Identity::generate())),
            data: Some(IdentityField(Identity::generate())),
        };
        let public = PublicHalves {
            id: RepositoryId(random_bytes()),
            signer: root.public(),
            commitment: Commitment(dedup_commitment(&dedup)),
            chunker,
            generations: keys.recipients().into_iter().collect(),
        };
        let config = Config { created, public: public.clone(), capabilities: Default::default() };
        let contents = restorer_contents(public, dedup, root, vec![keys], label, created);
        let keyring = Self::from_contents(contents, &config, "the new repository")
            // Made just so; a label that is no label is found when a slot is created.
            .expect("fresh keys agree with their own config");
        (config, keyring)
    }

    /// The contents of a new slot of this role, with a fresh signing key; only a restorer can.
    pub fn contents_for(
        &self,
        role: Role,
        label: &str,
        host: &str,
        created: Timestamp,
    ) -> Result<Contents, KeyError> {
        let root = self.root("adding a key slot")?;
        if !is_label(label) {
            return Err(KeyError::Label { label: label.into() });
        }
        if host != ANY_HOST && !is_host_name(host) {
            return Err(KeyError::HostName { host: host.into() });
        }
        self.need_newest()?;
        let mut contents = self.contents.clone();
        contents.role = role;
        contents.label = label.into();
        contents.created = created;
        if role < Role::Restorer {
            contents.root_seed = None;
            contents.keys.iter_mut().for_each(|keys| keys.data = None);
        }
        if role < Role::Maintainer {
            contents.keys.iter_mut().for_each(|keys| keys.meta = None);
        }
        certify(&mut contents, root, host);
        Ok(contents)
    }
}

impl GenerationKeys {
    /// The public halves, if all three private ones are held.
    fn recipients(&self) -> Option<Generation> {
        Some(Generation {
            number: self.number,
            data: self.data.as_ref()?.0.to_recipient(),
            meta: self.meta.as_ref()?.0.to_recipient(),
            index: self.index.0.to_recipient(),
        })
    }
}

/// A restorer's contents from the secrets alone, with a fresh signing key for any host.
pub(crate) fn restorer_contents(
    public: PublicHalves,
    dedup: Secret32,
    root: SigningKey,
    keys: Vec<GenerationKeys>,
    label: &str,
    created: Timestamp,
) -> Contents {
    let nobody = SignedCertificate { statement: String::new(), signature: String::new() };
    let mut contents = Contents {
        schema: SCHEMA_VERSION,
        role: Role::Restorer,
        label: label.into(),
        created,
        public,
        // Replaced at once, together with its certificate.
        signing_seed: HexSecret(root.seed().clone()),
        certificate: nobody,
        dedup_secret: HexSecret(dedup),
        keys,
        root_seed: Some(HexSecret(root.seed().clone())),
    };
    certify(&mut contents, &root, ANY_HOST);
    contents
}

/// Gives the contents a fresh signing key and the root's certificate for it.
fn certify(contents: &mut Contents, root: &SigningKey, host: &str) {
    let signing = SigningKey::generate();
    let statement = Certificate {
        repository: contents.public.id,
        host: host.into(),
        public_key: signing.public(),
        role: contents.role,
        label: contents.label.clone(),
        created: contents.created,
    };
    contents.certificate = statement.sign(root);
    contents.signing_seed = HexSecret(signing.seed().clone());
}
