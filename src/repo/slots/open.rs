//! Finding the key slot that the identities at hand open.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::base::limits;
use crate::base::role::Role;
use crate::crypto::identities::{Effort, IdentitySet, passphrase_work_factor};
use crate::repo::config::Config;
use crate::repo::keyring::{KeyError, Keyring};
use crate::repo::slots::contents::{Contents, Unreadable};
use crate::repo::slots::error::SlotError;
use crate::repo::slots::{list_slots, slot_key};
use crate::store::client::Client;
use crate::store::refetch::REFETCHES_MAX;

/// Bytes of all slots that are kept while they are tried: a slot has about 3 KiB.
const TRIED_MAX_BYTES: usize = 64 << 20;
/// Most slots that a passphrase is tried on: each may cost seconds of work at the store's bidding.
const PASSPHRASE_SLOTS_MAX: usize = 32;

/// What the caller would like best of the slots that open.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The role that is needed: tries go on until one that has it opens.
    pub role: Role,
    /// The slot that opened last time: it is tried first, and mostly alone.
    pub slot: Option<&'a str>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { role: Role::Writer, slot: None }
    }
}

/// Tries the identities on the slots of a store until one opens that grants the wished role; if none
/// does, the greatest of those that opened.
///
/// Slots are tried in rounds of growing effort, so that nobody is asked for a passphrase in vain, and
/// those with greater roles first. A slot that opens but does not agree with `config` is passed over,
/// and told of if no other opens: an interrupted `init` leaves such slots.
pub fn open_any(
    client: &Client,
    config: &Config,
    identities: &IdentitySet,
    wish: &Wish<'_>,
) -> Result<Keyring, SlotError> {
    let location = client.location();
    if identities.is_empty() {
        return Err(SlotError::NoIdentity { location });
    }
    let mut search = Search { client, config, identities, read: BTreeMap::new(), best: None, failure: None };
    if let Some(slot) = wish.slot {
        // The hint may be stale; then the search below goes through all others.
        for effort in Effort::ALL {
            if search.try_slot(slot, effort) && search.is_satisfied(wish.role) {
                break;
            }
        }
    }
    if !search.is_satisfied(wish.role) {
        search.try_all(wish)?;
    }
    for _ in 0..REFETCHES_MAX {
        if search.is_satisfied(wish.role) || !search.try_what_reads_differently(wish.role)? {
            break;
        }
    }
    if let Some(keyring) = search.best {
        return Ok(keyring);
    }
    if let Some(failure) = search.failure {
        return Err(failure);
    }
    let slots = search.read.len();
    let takes_passphrase = search.read.values().filter(|sealed| passphrase_work_factor(sealed).is_some());
    Err(match (slots, identities.count(), takes_passphrase.count()) {
        (0, ..) => SlotError::NoSlots { location },
        (_, (_, 0), 0) => SlotError::NoPassphraseSlot { location, slots },
        (_, (_, 0), tried) => SlotError::WrongPassphrase { location, slots: tried },
        (_, (0, _), _) => SlotError::NothingOpens { location, slots },
        _ => SlotError::NeitherOpens { location, slots },
    })
}

/// One go through the slots.
struct Search<'a> {
    client: &'a Client,
    config: &'a Config,
    identities: &'a IdentitySet,
    /// Slots read so far, so that each is read once for all rounds.
    read: BTreeMap<String, Bytes>,
    best: Option<Keyring>,
    /// The first thing that went wrong with a slot; matters only if none opens.
    failure: Option<SlotError>,
}

impl Search<'_> {
    fn is_satisfied(&self, role: Role) -> bool {
        self.best.as_ref().is_some_and(|keyring| keyring.role() >= role)
    }

    fn try_all(&mut self, wish: &Wish<'_>) -> Result<(), SlotError> {
        let mut slots = list_slots(self.client)?;
        // Tried already, and a wrong passphrase takes a second each time.
        slots.retain(|slot| wish.slot != Some(slot.name.as_str()));
        // Greatest role first; what has a foreign name last. The sort keeps the order of names.
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.parts.as_ref().map(|parts| parts.role)));
        slots.truncate(limits::SLOTS_MAX);
        let names: Vec<String> = slots.into_iter().map(|slot| slot.name).collect();
        for effort in Effort::ALL {
            for name in self.in_order(effort, &names) {
                if self.try_slot(&name, effort) && self.is_satisfied(wish.role) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A slot that was damaged on its way looks like one for somebody else. What reads differently now is
    /// tried again; whether anything did.
    fn try_what_reads_differently(&mut self, role: Role) -> Result<bool, SlotError> {
        let mut changed = Vec::new();
        for (name, before) in std::mem::take(&mut self.read) {
            if self.sealed(&name)?.is_some_and(|now| now != before) {
                changed.push(name);
            }
        }
        for effort in Effort::ALL {
            for name in self.in_order(effort, &changed) {
                if self.try_slot(&name, effort) && self.is_satisfied(role) {
                    return Ok(true);
                }
            }
        }
        Ok(!changed.is_empty())
    }

    /// The slots to try with this effort: for passphrases only those that take one, cheapest first.
    fn in_order(&self, effort: Effort, names: &[String]) -> Vec<String> {
        let names = names.iter().cloned();
        if effort != Effort::Costly {
            return names.collect();
        }
        if self.identities.count().0 == 0 {
            return Vec::new();
        }
        let mut costed: Vec<(u8, String)> =
            names.filter_map(|name| Some((passphrase_work_factor(self.read.get(&name)?)?, name))).collect();
        costed.sort_by_key(|(work_factor, _)| *work_factor);
        costed.truncate(PASSPHRASE_SLOTS_MAX);
        costed.into_iter().map(|(_, name)| name).collect()
    }

    /// Tries one slot; whether it gave a keyring.
    fn try_slot(&mut self, name: &str, effort: Effort) -> bool {
        match self.open(name, effort) {
            Ok(None) => false,
            Ok(Some(keyring)) => {
                if self.best.as_ref().is_none_or(|best| best.role() < keyring.role()) {
                    self.best = Some(keyring);
                }
                true
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                false
            }
        }
    }

    fn open(&mut self, name: &str, effort: Effort) -> Result<Option<Keyring>, SlotError> {
        let Some(sealed) = self.sealed(name)? else { return Ok(None) };
        let opened = self
            .identities
            .open_slot_at(effort, &sealed)
            .map_err(|source| SlotError::Open { slot: name.into(), source })?;
        let Some(plaintext) = opened else { return Ok(None) };
        let contents = Contents::decode(&plaintext).map_err(|why| match why {
            Unreadable::Newer(schema) => KeyError::Newer { slot: name.into(), schema },
            Unreadable::Malformed => {
                KeyError::Malformed { slot: name.into(), what: "its contents are no key slot's" }
            }
        })?;
        Ok(Some(Keyring::from_contents(contents, self.config, name)?))
    }

    /// The bytes of a slot, `None` where it has gone meanwhile.
    fn sealed(&mut self, name: &str) -> Result<Option<Bytes>, SlotError> {
        if let Some(sealed) = self.read.get(name) {
            return Ok(Some(sealed.clone()));
        }
        let held: usize = self.read.values().map(Bytes::len).sum();
        if held > TRIED_MAX_BYTES {
            return Err(SlotError::TooMuch { location: self.client.location() });
        }
        match self.client.get_bounded(&slot_key(name)?, limits::SLOT_MAX_BYTES) {
            Ok((sealed, _)) => {
                self.read.insert(name.into(), sealed.clone());
                Ok(Some(sealed))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(SlotError::Store { slot: name.into(), source: Box::new(source) }),
        }
    }
}
