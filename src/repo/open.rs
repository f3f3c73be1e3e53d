//! Opening a repository: config, key slot, fingerprint, and then, as a further state, its index.
//!
//! The states are types, so that a call that needs the index does not compile without one.

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::PackName;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::chunker::{Chunker, ChunkerError, ChunkerParams};
use crate::crypto::identities::IdentitySet;
use crate::index::cache::{Index, IndexError};
use crate::index::rows::PackRow;
use crate::index::segment::{SIGN_CONTEXT, Segment};
use crate::pack::reader::pack_name;
use crate::repo::certificate::SignedCertificate;
use crate::repo::config::{Config, ConfigError, RepositoryId};
use crate::repo::keyring::Keyring;
use crate::repo::pin::{Known, PinError};
use crate::repo::read::IndexedRepository;
use crate::repo::session::{Announced, Session, SessionError};
use crate::repo::slots::SlotError;
use crate::repo::slots::open::{Wish, open_any};
use crate::store::client::Client;
use crate::store::error::StoreError;

/// Where this machine keeps what it knows of repositories.
#[derive(Clone, Debug)]
pub struct LocalPaths {
    /// What can be made again: index runs.
    pub cache: PathBuf,
    /// What should last: fingerprints, catalogues, chain heads, journals, locks.
    pub state: PathBuf,
}

/// A repository that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The config is missing or damaged.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No slot opens.
    #[error(transparent)]
    Slot(#[from] SlotError),
    /// The store fails.
    #[error("the repository cannot be read")]
    Store(#[source] StoreError),
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The collector's state fails.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// It is not the repository that this machine knows.
    #[error(transparent)]
    Pin(#[from] PinError),
}

impl OpenError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            OpenError::Config(error) => error.kind(),
            OpenError::Slot(error) => error.kind(),
            OpenError::Store(error) => error.kind(),
            OpenError::Index(IndexError::Store(error)) => error.kind(),
            OpenError::Session(error) => error.kind(),
            OpenError::Pin(error) => error.kind(),
            OpenError::Index(_) => ErrorKind::Failed,
        }
    }
}

/// A repository whose config is verified and one of whose slots is open.
#[derive(Debug)]
pub struct Repository {
    client: Client,
    config: Config,
    keyring: Keyring,
    paths: LocalPaths,
}

impl Repository {
    /// Opens the repository in `client` with whatever `identities` open; `pinned` is the fingerprint that
    /// the configuration demands, if it demands one.
    pub fn open(
        client: Client,
        config: Config,
        identities: &IdentitySet,
        role: Role,
        pinned: Option<&str>,
        paths: LocalPaths,
    ) -> Result<Self, OpenError> {
        // First of all: no slot of a repository that was put in another's place is even tried.
        check_fingerprint(&client, &config, pinned, &paths)?;
        let known = Known::of(&paths.state, &client.location());
        let hint = known.slot(role);
        let keyring = open_any(&client, &config, identities, &Wish { role, slot: hint.as_deref() })?;
        if keyring.role() >= role {
            known.remember_slot(role, keyring.origin());
        }
        Self::from_parts(client, config, keyring, pinned, paths)
    }

    /// A repository whose parts are at hand: just made, or opened otherwise. Pins its fingerprint if none
    /// is pinned yet.
    pub fn from_parts(
        client: Client,
        config: Config,
        keyring: Keyring,
        pinned: Option<&str>,
        paths: LocalPaths,
    ) -> Result<Self, OpenError> {
        if !check_fingerprint(&client, &config, pinned, &paths)? {
            Known::of(&paths.state, &client.location()).pin(&config.fingerprint())?;
        }
        Ok(Self { client, config, keyring, paths })
    }

    /// The store.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The config.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The open key slot.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The repository's id.
    pub fn id(&self) -> RepositoryId {
        self.config.public.id
    }

    /// The repository's chunker, seeded by its dedup secret.
    pub fn chunker(&self) -> Result<Chunker, ChunkerError> {
        let spec = &self.config.public.chunker;
        let number = |name: &str| spec.parameters.get(name).copied().unwrap_or(0);
        let params = ChunkerParams {
            algorithm: spec.algorithm.clone(),
            min_bytes: number("min_bytes"),
            max_bytes: number("max_bytes"),
        };
        Chunker::new(&params, &self.keyring.chunker_seed())
    }

    /// The directory for this repository's cache.
    pub fn cache_dir(&self) -> PathBuf {
        self.paths.cache.join(self.id().to_string())
    }

    /// The directory for this repository's state.
    pub fn state_dir(&self) -> PathBuf {
        self.paths.state.join(self.id().to_string())
    }

    /// Loads the index for reading. Packs that are gone or have another size than they should are passed
    /// over, so that a chunk that was stored again is read from where it still is.
    pub fn load_index(self) -> Result<IndexedRepository, OpenError> {
        let (stored, mut index) = self.stored_and_indexed()?;
        let gone = gone_packs(&index, &stored);
        index.exclude(&gone);
        Ok(IndexedRepository::new(self, index))
    }

    /// The packs in the store, and the index; both at once, for a distant store answers slowly.
    fn stored_and_indexed(&self) -> Result<(HashMap<PackName, u64>, Index), OpenError> {
        thread::scope(|scope| {
            let listing = thread::Builder::new().spawn_scoped(scope, || self.stored_packs());
            let index = self.open_index();
            let stored = match listing {
                Ok(listing) => listing.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // No thread is to be had: one after the other.
                Err(_) => self.stored_packs(),
            };
            Ok((stored?, index?))
        })
    }

    fn stored_packs(&self) -> Result<HashMap<PackName, u64>, OpenError> {
        let listed = self.client.list("packs/").map_err(OpenError::Store)?;
        Ok(listed.iter().filter_map(|meta| Some((pack_name(meta.key.as_str())?, meta.size))).collect())
    }

    /// Begins a session of `host` and loads the index for it, asking for as much at once as the protocol
    /// allows: the collector's state only after the session was announced, the listing of packs only after
    /// that state. The index may be read beside them, for what is condemned or gone is taken out of it.
    pub fn begin_session(
        self,
        host: &str,
        now: Timestamp,
    ) -> Result<(Session, IndexedRepository, Vec<PackName>), OpenError> {
        let announced = Announced::announce(&self.client, &self.keyring, host, now)?;
        let (session, stored, index) = thread::scope(|scope| {
            let opening = thread::Builder::new().spawn_scoped(scope, || self.open_index());
            let session = announced.settle(&self.client, &self.keyring);
            let stored = if session.is_ok() { self.stored_packs() } else { Ok(HashMap::new()) };
            let index = match opening {
                Ok(opening) => opening.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // No thread is to be had: one after the other.
                Err(_) => self.open_index(),
            };
            (session, stored, index)
        });
        let session = session?;
        let (stored, mut index) = match (stored, index) {
            (Ok(stored), Ok(index)) => (stored, index),
            (Err(error), _) | (_, Err(error)) => {
                session.abandon();
                return Err(error);
            }
        };
        let condemned: Vec<PackName> = session.condemned().iter().copied().collect();
        index.exclude(&condemned);
        let gone = gone_packs(&index, &stored);
        index.exclude(&gone);
        Ok((session, IndexedRepository::new(self, index), gone))
    }

    fn open_index(&self) -> Result<Index, OpenError> {
        let directory = self.cache_dir().join("index");
        let verify = |segment: &Segment| verify_segment(&self.keyring, segment);
        let identities = self.keyring.index_identities();
        Ok(Index::open(&self.client, identities, &verify, &directory, HashSet::new())?)
    }
}

/// Refuses a repository that is not the one that the configuration, or else this machine, knows; whether
/// it is known at all. Needs no key, so that nobody gives one to the wrong repository.
pub fn check_fingerprint(
    client: &Client,
    config: &Config,
    pinned: Option<&str>,
    paths: &LocalPaths,
) -> Result<bool, OpenError> {
    let found = config.fingerprint();
    match pinned {
        Some(pinned) => {
            found.check_pinned(pinned, "the configuration")?;
            Ok(true)
        }
        None => Ok(Known::of(&paths.state, &client.location()).check(&found)?),
    }
}

/// Packs that the index knows and the store does not have in their full size.
fn gone_packs(index: &Index, stored: &HashMap<PackName, u64>) -> Vec<PackName> {
    let is_gone = |pack: &PackRow| stored.get(&pack.name) != Some(&pack.sealed_len);
    index.packs().into_iter().filter(is_gone).map(|pack| pack.name).collect()
}

/// Checks that an enrolled host signed `segment` under its own name.
pub fn verify_segment(keyring: &Keyring, segment: &Segment) -> Result<(), String> {
    let signed: SignedCertificate = serde_json::from_value(segment.header.certificate.clone())
        .map_err(|_| "it carries no certificate".to_owned())?;
    let certificate =
        signed.verify(keyring.signer(), keyring.repository()).map_err(|error| error.to_string())?;
    if !certificate.allows_host(&segment.header.host) {
        return Err(format!("its certificate is not for host {:?}", segment.header.host));
    }
    certificate
        .public_key
        .verify(SIGN_CONTEXT, &segment.signed_hash, &segment.signature)
        .map_err(|_| "it was forged or altered".to_owned())
}
