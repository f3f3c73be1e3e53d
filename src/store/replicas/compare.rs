//! Holding the replicas against each other: cheaply by listings and sizes, deeply by the hashes of all
//! copies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::limits;
use crate::base::monitor::{Event, Interrupt, Monitor};
use crate::store::ObjectMeta;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::member::chain;
use crate::store::replicas::repair::Care;

/// What one replica has, against the union of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Whether it could be listed.
    pub is_reachable: bool,
    /// Why not.
    pub error: Option<String>,
    /// Objects it has.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that others have and it has not.
    pub missing: Vec<String>,
    /// Objects that only it has, and that were deleted or never acknowledged.
    pub extra: Vec<String>,
    /// Objects that have another size, or deeply another content, than most copies.
    pub different: Vec<String>,
    /// Objects that could not be read for comparison.
    pub unreadable: Vec<String>,
    /// How many objects lie in cold storage there, whose contents were therefore not compared.
    pub cold: u64,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Objects of the union.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Whether contents were compared.
    pub is_deep: bool,
    /// Each replica, in the configured order.
    pub replicas: Vec<Compared>,
}

impl Comparison {
    /// Whether all replicas have the same.
    pub fn is_same(&self) -> bool {
        let same = |one: &Compared| {
            one.is_reachable
                && one.missing.is_empty()
                && one.different.is_empty()
                && one.unreadable.is_empty()
                && one.extra.is_empty()
        };
        self.replicas.iter().all(same)
    }

    /// Every object that is not everywhere the same.
    pub fn uneven(&self) -> BTreeSet<String> {
        let of = |one: &Compared| {
            [&one.missing, &one.extra, &one.different, &one.unreadable]
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
        };
        self.replicas.iter().flat_map(of).collect()
    }
}

impl Set {
    /// Compares listings and sizes; `deep`: the BLAKE3 hashes of all copies as well.
    pub async fn compare(&self, deep: bool, monitor: &dyn Monitor, interrupt: &Interrupt) -> Comparison {
        let mut compared = Comparison { is_deep: deep, ..Comparison::default() };
        let mut union: BTreeMap<Key, Vec<(usize, u64)>> = BTreeMap::new();
        for (at, member) in self.members().iter().enumerate() {
            let mut one = Compared { name: member.spec.name.clone(), ..Compared::default() };
            match self.listing_of(at, "").await {
                Ok(listed) => {
                    one.is_reachable = true;
                    one.objects = listed.len() as u64;
                    one.bytes = listed.iter().map(|meta| meta.size).fold(0, u64::saturating_add);
                    for ObjectMeta { key, size, .. } in listed {
                        match member.queue.hides(&key) {
                            true => one.extra.push(key.to_string()),
                            false => union.entry(key).or_default().push((at, size)),
                        }
                    }
                }
                Err(error) => one.error = Some(chain(&error)),
            }
            compared.replicas.push(one);
        }
        compared.objects = union.len() as u64;
        for (key, holders) in &union {
            let usual = most_common(holders.iter().map(|(_, size)| *size));
            compared.bytes = compared.bytes.saturating_add(usual.unwrap_or(0));
            for (at, one) in compared.replicas.iter_mut().enumerate().filter(|(_, one)| one.is_reachable) {
                match holders.iter().find(|(holder, _)| *holder == at) {
                    None => one.missing.push(key.to_string()),
                    Some((_, size)) if Some(*size) != usual => one.different.push(key.to_string()),
                    Some(_) => {}
                }
            }
        }
        if deep {
            self.compare_contents(&union, &mut compared, monitor, interrupt).await;
        }
        compared
    }

    async fn compare_contents(
        &self,
        union: &BTreeMap<Key, Vec<(usize, u64)>>,
        compared: &mut Comparison,
        monitor: &dyn Monitor,
        interrupt: &Interrupt,
    ) {
        monitor.event(Event::Total { files: union.len() as u64, bytes: compared.bytes });
        for (key, holders) in union {
            if interrupt.is_set() {
                return;
            }
            let mut hashes = Vec::new();
            for (at, size) in holders {
                match self.copy(*at, key, limits::PACK_MAX_BYTES, Care::Thorough).await {
                    Ok(body) => hashes.push((*at, *size, *blake3::hash(&body).as_bytes())),
                    Err(StoreError::Cold { .. }) => compared.replicas[*at].cold += 1,
                    Err(_) => compared.replicas[*at].unreadable.push(key.to_string()),
                }
            }
            let usual = most_common(hashes.iter().map(|(_, _, hash)| *hash));
            let is_tie = hashes.len() == 2 && hashes[0].2 != hashes[1].2;
            for (at, _, hash) in &hashes {
                let different = &mut compared.replicas[*at].different;
                // Of two that differ nobody here can tell which is right: both are told.
                if (is_tie || Some(*hash) != usual)
                    && different.last().is_none_or(|last| last != key.as_str())
                {
                    different.push(key.to_string());
                }
            }
            monitor.event(Event::Advance { files: 1, bytes: holders.first().map_or(0, |(_, size)| *size) });
        }
        for one in &mut compared.replicas {
            one.different.sort();
            one.different.dedup();
        }
    }
}

/// The value that occurs most often; of equally many the largest.
fn most_common<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts.into_iter().max_by_key(|(value, count)| (*count, *value)).map(|(value, _)| value)
}
