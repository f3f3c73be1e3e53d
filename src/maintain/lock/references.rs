//! Which packs each snapshot needs: found out once for all, as a graph of the distinct trees.
//!
//! Each distinct tree is read once, whatever number of snapshots share it, and comes after those below
//! it; what holds of a snapshot is so told by one pass over the trees.

use std::collections::HashMap;

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName, SnapshotId};
use crate::base::limits;
use crate::base::monitor::Event;
use crate::base::time::Timestamp;
use crate::maintain::lock::extend::Trouble;
use crate::maintain::lock::protect::{Damaged, Protected};
use crate::maintain::lock::{Around, LockError};
use crate::repo::read::{IndexedRepository, ReadError};
use crate::repo::snapshot::object_key;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// A distinct tree.
#[derive(Debug, Default)]
struct Tree {
    /// Packs that it and its files need, by number.
    packs: Box<[u32]>,
    /// The trees right below it, by number; each smaller than its own.
    below: Box<[u32]>,
    /// Why something of it cannot be read.
    fault: Option<String>,
}

/// A snapshot, and what it needs.
#[derive(Clone, Debug)]
pub struct Needing {
    /// Its id.
    pub id: SnapshotId,
    /// Its host.
    pub host: String,
    /// When it began.
    pub time: Timestamp,
    root: u32,
}

/// A snapshot, the least value over what it needs, and why it cannot be read.
pub type Least<'a, V> = (&'a Needing, Option<V>, Option<&'a str>);

/// What snapshots need.
#[derive(Debug, Default)]
pub struct References {
    trees: Vec<Tree>,
    packs: Vec<PackName>,
    snapshots: Vec<Needing>,
    damaged: Vec<Damaged>,
}

/// A directory whose entries are gone through.
struct Level {
    key: [u8; 16],
    entries: std::vec::IntoIter<Entry>,
    packs: Vec<u32>,
    below: Vec<u32>,
    fault: Option<String>,
}

struct Walk<'a> {
    repository: &'a IndexedRepository,
    around: &'a Around<'a>,
    numbers: HashMap<PackName, u32>,
    seen: HashMap<[u8; 16], u32>,
    found: References,
}

impl References {
    /// What `protected` snapshots need. Damage is told snapshot by snapshot; an error is a repository that
    /// cannot be read.
    pub fn of(
        repository: &IndexedRepository,
        protected: Protected,
        around: &Around<'_>,
    ) -> Result<Self, LockError> {
        let Protected { snapshots, damaged } = protected;
        let (numbers, seen) = (HashMap::new(), HashMap::new());
        let found = References { damaged, ..References::default() };
        let mut walk = Walk { repository, around, numbers, seen, found };
        around.monitor.event(Event::Total { files: snapshots.len() as u64, bytes: 0 });
        for snapshot in &snapshots {
            around.monitor.event(Event::Current(&snapshot.id.short()));
            // `snapshot::decode` refuses a record without a root.
            let root = walk.tree(&snapshot.root.read().unwrap_or_default())?;
            let (id, host, time) = (snapshot.id, snapshot.host.clone(), snapshot.time);
            walk.found.snapshots.push(Needing { id, host, time, root });
            around.monitor.event(Event::Advance { files: 1, bytes: 0 });
        }
        Ok(walk.found)
    }

    /// Every pack that any of the snapshots needs.
    pub fn packs(&self) -> &[PackName] {
        &self.packs
    }

    /// The snapshots.
    pub fn snapshots(&self) -> &[Needing] {
        &self.snapshots
    }

    /// The snapshots whose records cannot be read.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// The packs to keep locked, and the snapshots of which something cannot be read. Where there are any,
    /// that is everything which the index relies on besides: what lies below a tree that cannot be read is
    /// most likely whole, and must not lose its lock before the tree is repaired.
    pub fn to_lock(
        &self,
        repository: &IndexedRepository,
    ) -> Result<(Vec<PackName>, Vec<Trouble>), LockError> {
        let damaged = self.damaged.iter().map(|one| (&one.host, &one.id, one.what.as_str()));
        let least = self.least(|_| ());
        let faulty = least.iter().filter_map(|(one, _, fault)| Some((&one.host, &one.id, (*fault)?)));
        let mut troubles = Vec::new();
        for (host, id, why) in damaged.chain(faulty) {
            let key = object_key(host, id).map_err(LockError::Store)?.to_string();
            troubles.push(Trouble { key, why: why.to_owned() });
        }
        let mut packs = self.packs.clone();
        if !troubles.is_empty() {
            packs.extend(repository.index().live_packs());
            packs.sort_unstable();
            packs.dedup();
        }
        Ok((packs, troubles))
    }

    /// The snapshots with the least of `value` over the packs that each needs, and why one cannot be read.
    pub fn least<V: Ord + Copy>(&self, value: impl Fn(&PackName) -> V) -> Vec<Least<'_, V>> {
        let of_packs: Vec<V> = self.packs.iter().map(value).collect();
        let mut least: Vec<Option<V>> = Vec::with_capacity(self.trees.len());
        let mut faults: Vec<Option<&str>> = Vec::with_capacity(self.trees.len());
        for tree in &self.trees {
            let own = tree.packs.iter().map(|pack| of_packs[*pack as usize]);
            let below = tree.below.iter().filter_map(|tree| least[*tree as usize]);
            let lowest = own.chain(below).min();
            let fault = tree.below.iter().find_map(|tree| faults[*tree as usize]);
            faults.push(tree.fault.as_deref().or(fault));
            least.push(lowest);
        }
        let of_root = |needing: &Needing| (least[needing.root as usize], faults[needing.root as usize]);
        self.snapshots
            .iter()
            .map(|needing| {
                let (least, fault) = of_root(needing);
                (needing, least, fault)
            })
            .collect()
    }
}

impl Walk<'_> {
    /// The number of the tree `list`, which is walked unless it was seen.
    fn tree(&mut self, list: &ChunkList) -> Result<u32, LockError> {
        let mut levels: Vec<Level> = Vec::new();
        let mut finished = self.enter(list, &mut levels)?;
        loop {
            match (finished.take(), levels.last_mut()) {
                (Some(number), Some(level)) => level.below.push(number),
                (Some(number), None) => return Ok(number),
                (None, _) => {}
            }
            let Some(level) = levels.last_mut() else { return Ok(0) };
            match level.entries.next() {
                None => finished = levels.pop().map(|level| self.leave(level)),
                Some(entry) if entry.kind == EntryKind::Dir => {
                    finished = self.enter(&entry.chunks, &mut levels)?;
                }
                Some(entry) if entry.kind == EntryKind::File => {
                    let Some(mut level) = levels.pop() else { continue };
                    self.needs(&entry.chunks, ChunkKind::Data, &mut level)?;
                    levels.push(level);
                }
                Some(_) => {}
            }
        }
    }

    /// Goes into the tree `list`; its number at once where it was seen, or cannot be read.
    fn enter(&mut self, list: &ChunkList, levels: &mut Vec<Level>) -> Result<Option<u32>, LockError> {
        if self.around.interrupt.is_set() {
            return Err(LockError::Interrupted);
        }
        let key = tree_key(list);
        if let Some(number) = self.seen.get(&key) {
            return Ok(Some(*number));
        }
        let (packs, below, entries) = (Vec::new(), Vec::new(), Vec::new().into_iter());
        let mut level = Level { key, entries, packs, below, fault: None };
        if levels.len() >= limits::TREE_DEPTH_MAX {
            level.fault = Some("a directory lies deeper than any may".into());
            return Ok(Some(self.leave(level)));
        }
        self.needs(list, ChunkKind::Meta, &mut level)?;
        match self.repository.read_tree(list) {
            Ok(entries) => level.entries = entries.into_iter(),
            Err(error) => note(&mut level, error)?,
        }
        levels.push(level);
        Ok(None)
    }

    fn leave(&mut self, mut level: Level) -> u32 {
        for list in [&mut level.packs, &mut level.below] {
            list.sort_unstable();
            list.dedup();
        }
        // There are fewer trees than bytes of memory by far.
        let number = self.found.trees.len() as u32;
        self.seen.insert(level.key, number);
        let (packs, below) = (level.packs.into_boxed_slice(), level.below.into_boxed_slice());
        self.found.trees.push(Tree { packs, below, fault: level.fault });
        number
    }

    /// Notes the packs of the chunks of `list`, and those of the list itself.
    fn needs(&mut self, list: &ChunkList, kind: ChunkKind, level: &mut Level) -> Result<(), LockError> {
        if !list.indirect {
            list.ids.iter().for_each(|id| self.chunk(kind, id, level));
            return Ok(());
        }
        list.ids.iter().for_each(|id| self.chunk(ChunkKind::Meta, id, level));
        match self.repository.resolve(list) {
            Ok(ids) => ids.iter().for_each(|id| self.chunk(kind, id, level)),
            Err(error) => note(level, error)?,
        }
        Ok(())
    }

    fn chunk(&mut self, kind: ChunkKind, id: &ChunkId, level: &mut Level) {
        let pack = match self.repository.locate(kind, id) {
            Ok(location) => location.pack,
            Err(error) => {
                level.fault.get_or_insert_with(|| error.to_string());
                return;
            }
        };
        let packs = &mut self.found.packs;
        let number = *self.numbers.entry(pack).or_insert_with(|| {
            packs.push(pack);
            // A repository has far fewer packs.
            (packs.len() - 1) as u32
        });
        if level.packs.last() != Some(&number) {
            level.packs.push(number);
        }
    }
}

/// Damage is noted; anything else ends the walk.
fn note(level: &mut Level, error: ReadError) -> Result<(), LockError> {
    if error.kind() != ErrorKind::Damage {
        return Err(LockError::Read(error));
    }
    level.fault.get_or_insert_with(|| error.to_string());
    Ok(())
}

fn tree_key(list: &ChunkList) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(list.indirect)]);
    for id in &list.ids {
        hasher.update(&id.0);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}
