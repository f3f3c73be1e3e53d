//! Key slots: `keys/<slot>.age`, one small age file each, sealed to ONE recipient.
//!
//! Adding and removing recipients is adding and removing slots; data is never rewritten. Removing a
//! slot takes away what the store still offers, not what its owner may have copied: whoever must be
//! shut out for good needs new key pairs.

pub mod contents;
mod error;
pub mod export;
pub mod name;
pub mod open;

use std::sync::Arc;

use bytes::Bytes;

use crate::base::limits;
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::crypto::identities::recipient_kind;
use crate::crypto::prompts::Prompts;
use crate::crypto::recipients::SlotRecipient;
use crate::repo::keyring::Keyring;
use crate::repo::slots::contents::Contents;
use crate::repo::slots::name::SlotName;
use crate::store::client::Client;
use crate::store::key::Key;

pub use crate::repo::slots::error::SlotError;

const PREFIX: &str = "keys/";
const SUFFIX: &str = ".age";

/// A slot as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotInfo {
    /// Its name, which stands between `keys/` and `.age`.
    pub name: String,
    /// The same in its parts, where it is a name that this release gives.
    pub parts: Option<SlotName>,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, by the store's clock.
    pub modified: Option<Timestamp>,
}

/// What a new slot is to be.
#[derive(Clone, Debug)]
pub struct NewSlot<'a> {
    /// What its holder may do.
    pub role: Role,
    /// The owner's name for it.
    pub label: &'a str,
    /// The host that it signs as, or `*` for any.
    pub host: &'a str,
    /// Now.
    pub created: Timestamp,
}

/// All slots of a store, sorted by name. Reads none of them.
pub fn list_slots(client: &Client) -> Result<Vec<SlotInfo>, SlotError> {
    let objects = client.list(PREFIX).map_err(|source| SlotError::List { source: Box::new(source) })?;
    let slots = objects.into_iter().filter_map(|object| {
        let name = object.key.as_str().strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.to_owned();
        let parts = SlotName::parse(&name);
        Some(SlotInfo { name, parts, size: object.size, modified: object.modified })
    });
    Ok(slots.collect())
}

/// What opens a slot, by its header's word: `passphrase`, `age`, `ssh-ed25519`, `ssh-rsa`, or what a plugin
/// calls itself. `None` where the header names nothing.
pub fn slot_kind(client: &Client, name: &str) -> Result<Option<String>, SlotError> {
    let (sealed, _) = client
        .get_bounded(&slot_key(name)?, limits::SLOT_MAX_BYTES)
        .map_err(|source| SlotError::Store { slot: name.into(), source: Box::new(source) })?;
    Ok(recipient_kind(&sealed))
}

/// The one slot that `text` means: its name, its label, or the digits at its end.
pub fn find_slot(client: &Client, text: &str) -> Result<SlotInfo, SlotError> {
    let slots = list_slots(client)?;
    if let Some(slot) = slots.iter().find(|slot| slot.name == text) {
        return Ok(slot.clone());
    }
    let means = |slot: &&SlotInfo| {
        slot.parts.as_ref().is_some_and(|parts| {
            parts.label == text || slot.name.rsplit('-').next().is_some_and(|digits| digits == text)
        })
    };
    let mut found = slots.iter().filter(means);
    match (found.next(), found.next()) {
        (Some(slot), None) => Ok(slot.clone()),
        (None, _) => Err(SlotError::NoSuchSlot { name: text.into(), location: client.location() }),
        (Some(_), Some(_)) => {
            let names = slots.iter().filter(means).map(|slot| slot.name.clone()).collect();
            Err(SlotError::Ambiguous { text: text.into(), names })
        }
    }
}

/// Makes a slot for `recipient`, and returns its name. Only a restorer's keyring can.
pub fn create_slot(
    client: &Client,
    keyring: &Keyring,
    recipient: &SlotRecipient,
    new: &NewSlot<'_>,
    prompts: &Arc<dyn Prompts>,
) -> Result<SlotName, SlotError> {
    let contents = keyring.contents_for(new.role, new.label, new.host, new.created)?;
    write_slot(client, &contents, recipient, prompts)
}

/// Seals the keyring's own slot to another recipient (a new passphrase), then deletes the old slot.
/// Every role can do that for itself. `old` is the slot's name.
pub fn change_recipient(
    client: &Client,
    keyring: &Keyring,
    old: &str,
    recipient: &SlotRecipient,
    prompts: &Arc<dyn Prompts>,
) -> Result<SlotName, SlotError> {
    let name = write_slot(client, keyring.contents(), recipient, prompts)?;
    client.delete(&slot_key(old)?).map_err(|source| SlotError::OldRemains {
        old: old.into(),
        new: name.to_string(),
        source: Box::new(source),
    })?;
    Ok(name)
}

/// Deletes a slot; refuses where it is the last restorer's, for nobody could read the repository then.
pub fn remove_slot(client: &Client, keyring: &Keyring, name: &str) -> Result<(), SlotError> {
    keyring.need(Role::Restorer, "removing a key slot")?;
    let slots = list_slots(client)?;
    if !slots.iter().any(|slot| slot.name == name) {
        return Err(SlotError::NoSuchSlot { name: name.into(), location: client.location() });
    }
    let mut restorers = slots.iter().filter(|slot| slot.parts.as_ref().is_some_and(SlotName::is_restorer));
    // A slot of foreign name may be anything, so it never counts as another restorer's.
    if !restorers.any(|slot| slot.name != name) {
        return Err(SlotError::LastRestorer { slot: name.into() });
    }
    client
        .delete(&slot_key(name)?)
        .map_err(|source| SlotError::Store { slot: name.into(), source: Box::new(source) })
}

impl SlotName {
    fn is_restorer(&self) -> bool {
        self.role == Role::Restorer
    }
}

fn slot_key(name: &str) -> Result<Key, SlotError> {
    Key::new(format!("{PREFIX}{name}{SUFFIX}"))
        .map_err(|source| SlotError::Store { slot: name.into(), source: Box::new(source) })
}

fn write_slot(
    client: &Client,
    contents: &Contents,
    recipient: &SlotRecipient,
    prompts: &Arc<dyn Prompts>,
) -> Result<SlotName, SlotError> {
    let name = SlotName::fresh(contents.role, &contents.label);
    let sealed = recipient
        .seal_slot(&contents.encode(), prompts)
        .map_err(|source| SlotError::Seal { recipient: recipient.describe(), source })?;
    client
        .create(&slot_key(&name.to_string())?, Bytes::from(sealed))
        .map_err(|source| SlotError::Store { slot: name.to_string(), source: Box::new(source) })?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{NewSlot, SlotError, change_recipient, create_slot, find_slot, list_slots, remove_slot};
    use crate::base::error_kind::ErrorKind;
    use crate::base::role::Role;
    use crate::base::secret::SecretText;
    use crate::base::time::Timestamp;
    use crate::crypto::identities::IdentitySet;
    use crate::crypto::prompts::{NoPrompts, Prompts};
    use crate::crypto::recipients::SlotRecipient;
    use crate::crypto::x25519::Identity;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::keyring::{KeyError, Keyring};
    use crate::repo::slots::open::{Wish, open_any};
    use crate::store::client::Client;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    struct World {
        store: MemoryStore,
        client: Client,
        config: Config,
        owner: Keyring,
        prompts: Arc<dyn Prompts>,
    }

    fn world() -> World {
        let store = MemoryStore::new();
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        let (config, owner) = Keyring::create(chunker, "owner", Timestamp::default());
        let client = Client::new(Arc::new(store.clone())).unwrap();
        World { store, client, config, owner, prompts: Arc::new(NoPrompts) }
    }

    impl World {
        fn add(&self, role: Role, label: &str, recipient: &SlotRecipient) -> String {
            let new = NewSlot { role, label, host: "web1", created: Timestamp::default() };
            create_slot(&self.client, &self.owner, recipient, &new, &self.prompts).unwrap().to_string()
        }

        fn add_identity(&self, role: Role, label: &str) -> (String, Identity) {
            let identity = Identity::generate();
            (self.add(role, label, &SlotRecipient::X25519(identity.to_recipient())), identity)
        }

        fn open(&self, identities: &IdentitySet) -> Result<Keyring, SlotError> {
            open_any(&self.client, &self.config, identities, &Wish::default())
        }
    }

    fn key(slot: &str) -> Key {
        Key::new(format!("keys/{slot}.age")).unwrap()
    }

    fn passphrase(text: &str) -> SecretText {
        SecretText::new(text.into())
    }

    fn to_passphrase(text: &str) -> SlotRecipient {
        SlotRecipient::passphrase(passphrase(text), 4).unwrap()
    }

    #[test]
    fn every_identity_finds_its_own_slot_among_many() {
        let world = world();
        let mut made = Vec::new();
        for role in [Role::Writer, Role::Maintainer, Role::Restorer] {
            made.push((role, world.add_identity(role, "somebody")));
        }
        world.add(Role::Writer, "spare", &to_passphrase("another"));
        world.add(Role::Maintainer, "spare", &to_passphrase("correct horse"));
        for (role, (name, identity)) in made {
            let keyring = world.open(&IdentitySet::identity(identity)).unwrap();
            assert_eq!((keyring.role(), keyring.origin()), (role, name.as_str()));
            assert_eq!((keyring.label(), keyring.host()), ("somebody", "web1"));
        }
        let keyring = world.open(&IdentitySet::passphrase(passphrase("correct horse"))).unwrap();
        assert_eq!(keyring.role(), Role::Maintainer);
        assert_eq!(list_slots(&world.client).unwrap().len(), 5);
    }

    #[test]
    fn what_opens_nothing_is_told_for_what_it_is() {
        let world = world();
        let set = IdentitySet::passphrase(passphrase("x"));
        assert!(matches!(world.open(&set), Err(SlotError::NoSlots { .. })));
        world.add_identity(Role::Writer, "web1");
        assert!(matches!(world.open(&set), Err(SlotError::NoPassphraseSlot { slots: 1, .. })));
        world.add(Role::Restorer, "owner", &to_passphrase("correct horse"));
        let error = world.open(&set).unwrap_err();
        assert!(error.to_string().starts_with("wrong passphrase"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Key);
        let mut stranger = IdentitySet::identity(Identity::generate());
        let error = world.open(&stranger).unwrap_err();
        assert!(matches!(error, SlotError::NothingOpens { slots: 2, .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Key);
        stranger.add(set);
        assert!(matches!(world.open(&stranger), Err(SlotError::NeitherOpens { slots: 2, .. })));
        assert_eq!(world.open(&IdentitySet::default()).unwrap_err().kind(), ErrorKind::Key);
    }

    #[test]
    fn a_wish_for_a_greater_role_goes_on_to_the_slot_that_has_it() {
        let world = world();
        let (writer, identity) = world.add_identity(Role::Writer, "web1");
        world.add(Role::Restorer, "owner", &to_passphrase("correct horse"));
        let mut set = IdentitySet::identity(identity);
        set.add(IdentitySet::passphrase(passphrase("correct horse")));
        let open = |role, slot| open_any(&world.client, &world.config, &set, &Wish { role, slot }).unwrap();
        assert_eq!(open(Role::Writer, None).role(), Role::Writer);
        assert_eq!(open(Role::Restorer, None).role(), Role::Restorer);
        assert_eq!(open(Role::Restorer, Some(writer.as_str())).role(), Role::Restorer);
        assert_eq!(open(Role::Writer, Some("no-such-slot")).role(), Role::Writer);
        let alone = IdentitySet::passphrase(passphrase("wrong"));
        let mut set = IdentitySet::identity(world.add_identity(Role::Writer, "web2").1);
        set.add(alone);
        let wish = Wish { role: Role::Restorer, slot: None };
        let keyring = open_any(&world.client, &world.config, &set, &wish).unwrap();
        assert!(keyring.need(Role::Restorer, "restoring").is_err());
    }

    #[test]
    fn a_slot_from_another_repository_is_refused_but_does_not_hide_the_right_one() {
        let (ours, theirs) = (world(), world());
        let identity = Identity::generate();
        let recipient = SlotRecipient::X25519(identity.to_recipient());
        let name = theirs.add(Role::Restorer, "aaa", &recipient);
        let (sealed, _) = theirs.client.get(&key(&name)).unwrap();
        ours.client.create(&key(&name), sealed).unwrap();
        let set = IdentitySet::identity(identity);
        let error = ours.open(&set).unwrap_err();
        assert!(matches!(error, SlotError::Key(KeyError::Disagrees { .. })), "{error}");
        assert!(error.to_string().contains(&name) && error.to_string().contains("config"));
        assert_eq!(error.kind(), ErrorKind::Damage);
        let own = ours.add(Role::Writer, "web1", &recipient);
        assert_eq!(ours.open(&set).unwrap().origin(), own);
    }

    #[test]
    fn damaged_slots_do_not_hide_sound_ones_and_are_told_where_none_opens() {
        let world = world();
        let (name, identity) = world.add_identity(Role::Restorer, "owner");
        let (sealed, _) = world.client.get(&key(&name)).unwrap();
        let set = IdentitySet::identity(identity.clone());
        for at in (0..sealed.len()).step_by(7) {
            let mut damaged = sealed.to_vec();
            damaged[at] ^= 1;
            world.store.overwrite(&key(&name), damaged);
            let kind = world.open(&set).unwrap_err().kind();
            assert!(kind == ErrorKind::Damage || kind == ErrorKind::Key, "byte {at}");
            world.store.overwrite(&key(&name), sealed.slice(..at));
            assert_eq!(world.open(&set).unwrap_err().kind(), ErrorKind::Damage, "{at} bytes");
        }
        world.store.overwrite(&key(&name), vec![0; 2 << 20]);
        assert_eq!(world.open(&set).unwrap_err().kind(), ErrorKind::Damage);
        world.store.overwrite(&Key::new("keys/foreign").unwrap(), vec![0; 10]);
        world.store.overwrite(&key("no-slot-name"), vec![0; 10]);
        world.add(Role::Writer, "web1", &SlotRecipient::X25519(identity.to_recipient()));
        assert_eq!(world.open(&set).unwrap().role(), Role::Writer);
    }

    #[test]
    fn a_slot_whose_contents_are_no_slot_or_newer_is_told() {
        let world = world();
        let identity = Identity::generate();
        let recipient = SlotRecipient::X25519(identity.to_recipient());
        let set = IdentitySet::identity(identity);
        let cases = [
            ("{}", ErrorKind::Damage),
            ("{\"schema\":9}", ErrorKind::Failed),
            ("{\"schema\":1,\"role\":\"AGE-SECRET-KEY-1X\"}", ErrorKind::Damage),
        ];
        for (text, kind) in cases {
            let sealed = recipient.seal_slot(text.as_bytes(), &world.prompts).unwrap();
            world.store.overwrite(&key("restorer-x-00000000"), sealed);
            let error = world.open(&set).unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
            let mut shown = format!("{error} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                shown += &cause.to_string();
                source = cause.source();
            }
            assert!(!shown.contains("SECRET"), "{shown}");
        }
    }

    #[test]
    fn the_last_restorer_slot_cannot_be_removed() {
        let world = world();
        let (first, identity) = world.add_identity(Role::Restorer, "owner");
        let (writer, writers) = world.add_identity(Role::Writer, "web1");
        let remove = |name: &str| remove_slot(&world.client, &world.owner, name);
        assert!(matches!(remove(&first), Err(SlotError::LastRestorer { .. })));
        let (second, _) = world.add_identity(Role::Restorer, "spare");
        let set = IdentitySet::identity(writers);
        let small = world.open(&set).unwrap();
        assert_eq!(remove_slot(&world.client, &small, &writer).unwrap_err().kind(), ErrorKind::Key);
        remove(&writer).unwrap();
        assert!(world.open(&set).is_err());
        remove(&first).unwrap();
        assert!(world.open(&IdentitySet::identity(identity)).is_err());
        assert!(matches!(remove(&second), Err(SlotError::LastRestorer { .. })));
        assert!(matches!(remove("restorer-x-00000000"), Err(SlotError::NoSuchSlot { .. })));
    }

    #[test]
    fn a_new_passphrase_opens_what_the_old_one_did_and_the_old_one_nothing() {
        let world = world();
        for role in [Role::Writer, Role::Restorer] {
            let old = world.add(role, "alice", &to_passphrase("old"));
            let keyring = world.open(&IdentitySet::passphrase(passphrase("old"))).unwrap();
            let new = change_recipient(&world.client, &keyring, &old, &to_passphrase("new"), &world.prompts)
                .unwrap();
            assert!(matches!(
                world.open(&IdentitySet::passphrase(passphrase("old"))),
                Err(SlotError::WrongPassphrase { .. })
            ));
            let again = world.open(&IdentitySet::passphrase(passphrase("new"))).unwrap();
            assert_eq!((again.role(), again.label(), again.host()), (role, "alice", "web1"));
            assert_eq!(again.signing_key().public(), keyring.signing_key().public());
            assert!(world.client.get(&key(&old)).unwrap_err().is_not_found());
            world.client.delete(&key(&new.to_string())).unwrap();
        }
    }

    #[test]
    fn a_slot_is_found_by_name_label_or_digits() {
        let world = world();
        let (name, _) = world.add_identity(Role::Writer, "web1");
        world.add_identity(Role::Writer, "db1");
        world.add_identity(Role::Restorer, "db1");
        for text in [name.as_str(), "web1", name.rsplit('-').next().unwrap()] {
            assert_eq!(find_slot(&world.client, text).unwrap().name, name);
        }
        assert!(matches!(find_slot(&world.client, "db1"), Err(SlotError::Ambiguous { .. })));
        assert_eq!(find_slot(&world.client, "nothing").unwrap_err().kind(), ErrorKind::Usage);
    }
}
