//! Trees: each distinct one is read once, every chunk that it names is looked up, and every damage found
//! before is told in terms of the snapshots and paths it hits.

use std::collections::{HashMap, HashSet};

use crate::base::error_kind::ErrorKind;
use crate::base::ids::{ChunkId, ChunkKind, PackName};
use crate::base::limits;
use crate::base::monitor::Event;
use crate::index::cache::Index;
use crate::maintain::check::Checking;
use crate::maintain::check::error::CheckError;
use crate::maintain::check::objects::PACK_ADVICE;
use crate::maintain::check::places::{Damage, LostChunks};
use crate::maintain::check::report::{FindingId, Findings};
use crate::maintain::check::segments::told;
use crate::pack::reader::pack_key;
use crate::repo::read::ReadError;
use crate::repo::snapshot::{Snapshot, snapshot_key};
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// Findings that one tree is remembered to suffer from; more are left out.
const CAUSES_MAX: usize = 64;

const TREE_ADVICE: &str = "what is below it cannot be restored from this snapshot; an older one may have it, \
    and the next backup stores it anew";

type TreeKey = [u8; 16];

/// A directory on the way.
struct Level {
    entries: std::vec::IntoIter<Entry>,
    path_len: usize,
    key: TreeKey,
    causes: Vec<FindingId>,
}

struct Walk<'a, 'f> {
    checking: &'a Checking<'a>,
    findings: &'f mut Findings,
    lost: LostChunks,
    damage: Damage,
    seen: HashSet<TreeKey>,
    /// Trees that suffer, and from what.
    suffering: HashMap<TreeKey, Vec<FindingId>>,
    missing: Option<FindingId>,
    by_pack: HashMap<PackName, FindingId>,
    /// The snapshot being walked.
    snapshot: String,
}

/// Walks the trees of all `snapshots`.
pub fn check_trees(
    checking: &Checking<'_>,
    snapshots: &[Snapshot],
    damage: Damage,
    findings: &mut Findings,
) -> Result<(), CheckError> {
    let lost = damage.lost_chunks(checking.repository.index());
    let mut walk = Walk {
        checking,
        findings,
        lost,
        damage,
        seen: HashSet::new(),
        suffering: HashMap::new(),
        missing: None,
        by_pack: HashMap::new(),
        snapshot: String::new(),
    };
    let files = snapshots.len() as u64;
    checking.monitor.event(Event::Total { files, bytes: 0 });
    for snapshot in snapshots {
        checking.monitor.event(Event::Current(&snapshot.id.short()));
        walk.snapshot = snapshot.id.to_string();
        walk.snapshot(snapshot)?;
        checking.monitor.event(Event::Advance { files: 1, bytes: 0 });
    }
    Ok(())
}

impl Walk<'_, '_> {
    fn snapshot(&mut self, snapshot: &Snapshot) -> Result<(), CheckError> {
        let Some(root) = snapshot.root.read() else {
            // `snapshot::decode` refuses such a record; said all the same.
            let key = snapshot_key(&snapshot.host, &snapshot.id);
            self.findings.damage("snapshot-damaged", key, "it names no root", TREE_ADVICE);
            return Ok(());
        };
        let mut path = Vec::new();
        let mut levels: Vec<Level> = Vec::new();
        let mut causes = Vec::new();
        self.enter(&root, &path, &mut levels, &mut causes)?;
        while let Some(level) = levels.last_mut() {
            path.truncate(level.path_len);
            let Some(entry) = level.entries.next() else {
                if let Some(level) = levels.pop() {
                    let above = levels.last_mut().map_or(&mut causes, |level| &mut level.causes);
                    self.leave(level, above);
                }
                continue;
            };
            self.checking.check()?;
            path.push(b'/');
            path.extend_from_slice(&entry.name);
            match entry.kind {
                EntryKind::Dir => {
                    let mut causes = std::mem::take(&mut level.causes);
                    let depth = levels.len();
                    self.enter(&entry.chunks, &path, &mut levels, &mut causes)?;
                    levels[depth - 1].causes = causes;
                }
                EntryKind::File => {
                    let mut causes = std::mem::take(&mut level.causes);
                    self.file(&path, &entry, &mut causes)?;
                    level.causes = causes;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Goes into the directory `list`, unless it was seen; its causes become those of the one above.
    fn enter(
        &mut self,
        list: &ChunkList,
        path: &[u8],
        levels: &mut Vec<Level>,
        above: &mut Vec<FindingId>,
    ) -> Result<(), CheckError> {
        let key = tree_key(list);
        if !self.seen.insert(key) {
            let known = self.suffering.get(&key).cloned().unwrap_or_default();
            known.into_iter().for_each(|finding| self.suffers(finding, above));
            return Ok(());
        }
        if levels.len() >= limits::TREE_DEPTH_MAX {
            return self.bad_tree(key, path, "it lies deeper than any directory may".into(), above);
        }
        match self.checking.repository.read_tree(list) {
            Ok(entries) => {
                self.findings.counts.trees += 1;
                let entries = entries.into_iter();
                levels.push(Level { entries, path_len: path.len(), key, causes: Vec::new() });
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Damage => {
                let finding = match &error {
                    ReadError::Tree(_) | ReadError::Limit(_) => {
                        return self.bad_tree(key, path, told(&error), above);
                    }
                    error => self.finding_of(list, error),
                };
                self.lose_tree(key, path, finding, above);
                Ok(())
            }
            Err(error) => Err(CheckError::Read(error)),
        }
    }

    fn bad_tree(
        &mut self,
        key: TreeKey,
        path: &[u8],
        what: String,
        above: &mut Vec<FindingId>,
    ) -> Result<(), CheckError> {
        let object = format!("snapshot {} {}", self.snapshot, show(path));
        let finding = self.findings.damage("tree-damaged", object, what, TREE_ADVICE);
        self.lose_tree(key, path, finding, above);
        Ok(())
    }

    fn lose_tree(&mut self, key: TreeKey, path: &[u8], finding: FindingId, above: &mut Vec<FindingId>) {
        self.findings.costs_path(finding, &format!("{}/", show(path).trim_end_matches('/')));
        self.suffering.insert(key, vec![finding]);
        self.suffers(finding, above);
    }

    fn leave(&mut self, level: Level, above: &mut Vec<FindingId>) {
        if level.causes.is_empty() {
            return;
        }
        level.causes.iter().for_each(|finding| push_cause(above, *finding));
        self.suffering.insert(level.key, level.causes);
    }

    /// The snapshot, and the directory whose causes these are, suffer from `finding`.
    fn suffers(&mut self, finding: FindingId, causes: &mut Vec<FindingId>) {
        let snapshot = std::mem::take(&mut self.snapshot);
        self.findings.costs_snapshot(finding, &snapshot);
        self.snapshot = snapshot;
        push_cause(causes, finding);
    }

    fn file(&mut self, path: &[u8], entry: &Entry, causes: &mut Vec<FindingId>) -> Result<(), CheckError> {
        self.findings.counts.files += 1;
        let mut bytes = 0u64;
        let mut unknown_len = false;
        let mut of_file: Vec<FindingId> = Vec::new();
        let index = self.checking.repository.index();
        let listed = self.each_id(&entry.chunks, |walk, id| {
            walk.findings.counts.chunks += 1;
            match index.find(&id).filter(|place| place.kind == ChunkKind::Data) {
                Some(place) => bytes = bytes.saturating_add(u64::from(place.len)),
                None => unknown_len = true,
            }
            if let Some(finding) = walk.lost_by(index, ChunkKind::Data, &id) {
                push_cause(&mut of_file, finding);
            }
        });
        match listed {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Damage => {
                unknown_len = true;
                let finding = self.finding_of(&entry.chunks, &error);
                push_cause(&mut of_file, finding);
            }
            Err(error) => return Err(CheckError::Read(error)),
        }
        if !unknown_len && bytes != entry.content_bytes() {
            let object = format!("snapshot {} {}", self.snapshot, show(path));
            let what = format!("its chunks hold {bytes} bytes and should hold {}", entry.content_bytes());
            let finding = self.findings.damage("file-length", object, what, TREE_ADVICE);
            push_cause(&mut of_file, finding);
        }
        if let Some(first) = of_file.first() {
            let shown = show(path);
            self.findings.lost_file(&self.snapshot, &shown, *first);
            for finding in of_file {
                self.findings.costs_path(finding, &shown);
                self.suffers(finding, causes);
            }
        }
        Ok(())
    }

    /// Hands out the ids of `list`; an indirect list is read a chunk at a time.
    fn each_id(
        &mut self,
        list: &ChunkList,
        mut take: impl FnMut(&mut Self, ChunkId),
    ) -> Result<(), ReadError> {
        if !list.indirect {
            list.ids.iter().for_each(|id| take(self, *id));
            return Ok(());
        }
        let mut rest: Vec<u8> = Vec::new();
        for id in &list.ids {
            rest.extend_from_slice(&self.checking.repository.read_chunk(ChunkKind::Meta, id)?);
            let (ids, tail) = rest.as_chunks::<32>();
            ids.iter().for_each(|id| take(self, ChunkId(*id)));
            rest = tail.to_vec();
        }
        if rest.is_empty() { Ok(()) } else { Err(ReadError::Limit("a chunk list is cut")) }
    }

    /// The finding by which the chunk is lost, if it is.
    fn lost_by(&mut self, index: &Index, kind: ChunkKind, id: &ChunkId) -> Option<FindingId> {
        if let Some(finding) = self.lost.get(id) {
            return Some(finding);
        }
        match index.find(id) {
            Some(place) if place.kind == kind => None,
            _ => Some(self.missing()),
        }
    }

    fn missing(&mut self) -> FindingId {
        let findings = &mut *self.findings;
        *self.missing.get_or_insert_with(|| {
            let what = "snapshots need chunks that no readable segment names";
            let advice = "run `lifeboat repair`: if their packs are still there, the index is made again \
                          from them";
            findings.damage("chunk-missing", "index/", what, advice)
        })
    }

    /// The finding that explains why something made of the meta chunks `list` cannot be read.
    fn finding_of(&mut self, list: &ChunkList, error: &ReadError) -> FindingId {
        let known = list.ids.iter().find_map(|id| self.lost.get(id));
        let pack = match error {
            ReadError::Fetch { pack, .. }
            | ReadError::Pack { pack, .. }
            | ReadError::Mismatch { pack, .. } => Some(*pack),
            _ => None,
        };
        let by_pack =
            pack.and_then(|pack| self.damage.of_pack(&pack).or_else(|| self.by_pack.get(&pack).copied()));
        match (known.or(by_pack), pack) {
            (Some(finding), _) => finding,
            (None, Some(pack)) => {
                let finding = self.findings.damage("pack-damaged", pack_key(&pack), told(error), PACK_ADVICE);
                self.by_pack.insert(pack, finding);
                finding
            }
            (None, None) => match error {
                ReadError::Missing { .. } => self.missing(),
                error => {
                    self.findings.damage("tree-damaged", self.snapshot.clone(), told(error), TREE_ADVICE)
                }
            },
        }
    }
}

fn push_cause(causes: &mut Vec<FindingId>, finding: FindingId) {
    if causes.len() < CAUSES_MAX && !causes.contains(&finding) {
        causes.push(finding);
    }
}

fn tree_key(list: &ChunkList) -> TreeKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(list.indirect)]);
    for id in &list.ids {
        hasher.update(&id.0);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}

/// A path for messages: what is no text is replaced, control characters are escaped.
fn show(path: &[u8]) -> String {
    let mut shown = String::with_capacity(path.len());
    for character in String::from_utf8_lossy(path).chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    if shown.is_empty() { "/".to_owned() } else { shown }
}
