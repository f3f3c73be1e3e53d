//! A small real repository in memory, for the tests of this floor: several hosts, packs, segments, chains.

#![allow(dead_code)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::base::ids::{ChunkId, ChunkKind, ObjectHash};
use crate::base::monitor::{Interrupt, Silent};
use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::compress::Compressor;
use crate::index::rows::PackRow;
use crate::index::segment::SegmentRows;
use crate::pack::reader::{chunk_id, pack_key};
use crate::pack::writer::PackWriter;
use crate::repo::config::{ChunkerSpec, Config};
use crate::repo::keyring::Keyring;
use crate::repo::open::{LocalPaths, Repository};
use crate::repo::read::IndexedRepository;
use crate::repo::session::Session;
use crate::repo::snapshot::{RootChunks, SCHEMA, Snapshot, Statistics};
use crate::repo::tree::{ChunkList, Entry, EntryKind, encode_entry};
use crate::store::client::Client;
use crate::store::key::Key;
use crate::store::memory::MemoryStore;

/// Bytes of a chunk, chunks of a block, blocks of a pack: small, so that there are several of each.
const CHUNK_BYTES: usize = 10_000;
const BLOCK_CHUNKS: usize = 3;
const PACK_BLOCKS: usize = 2;

pub static SILENT: Silent = Silent;

pub struct Fixture {
    pub store: MemoryStore,
    pub client: Client,
    pub keyring: Keyring,
    config: Config,
    local: tempfile::TempDir,
    heads: HashMap<String, (u64, ObjectHash)>,
    stored: HashSet<ChunkId>,
    pub interrupt: Interrupt,
}

/// A tree to back up.
#[derive(Clone, Default)]
pub struct Spec(BTreeMap<Vec<u8>, Node>);

#[derive(Clone)]
enum Node {
    Leaf(Entry, Vec<u8>),
    Dir(Entry, Spec),
}

pub fn entry(name: &[u8], kind: EntryKind) -> Entry {
    Entry {
        name: name.to_vec(),
        kind,
        mode: if kind == EntryKind::Dir { 0o755 } else { 0o644 },
        uid: 1000,
        gid: 1000,
        user: Some("user".into()),
        group: None,
        mtime: Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 },
        atime: None,
        size: 0,
        target: None,
        device: None,
        hardlink: None,
        xattrs: vec![],
        flags: 0,
        holes: vec![],
        chunks: ChunkList::default(),
        fault: None,
    }
}

impl Spec {
    pub fn file(self, path: &str, content: &[u8]) -> Self {
        self.node(path.as_bytes(), EntryKind::File, content, |_| {})
    }

    /// Adds a node; `change` sees its entry last. The size is that of content and holes.
    pub fn node(
        mut self,
        path: &[u8],
        kind: EntryKind,
        content: &[u8],
        change: impl FnOnce(&mut Entry),
    ) -> Self {
        let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let (name, parents) = names.split_last().unwrap();
        let mut level = &mut self;
        for parent in parents {
            let fresh = || Node::Dir(entry(parent, EntryKind::Dir), Spec::default());
            match level.0.entry(parent.to_vec()).or_insert_with(fresh) {
                Node::Dir(_, below) => level = below,
                Node::Leaf(..) => panic!("{parent:?} is no directory"),
            }
        }
        let mut entry = entry(name, kind);
        change(&mut entry);
        if kind == EntryKind::File {
            entry.size = content.len() as u64 + entry.holes.iter().map(|(_, len)| len).sum::<u64>();
        }
        let node = match kind {
            EntryKind::Dir => Node::Dir(entry, Spec::default()),
            _ => Node::Leaf(entry, content.to_vec()),
        };
        level.0.insert(name.to_vec(), node);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name.as_bytes());
        self
    }
}

impl Fixture {
    pub fn new() -> Self {
        let spec = ChunkerSpec { algorithm: "test".into(), parameters: BTreeMap::new() };
        let (config, keyring) = Keyring::create(spec, "owner", Timestamp::default());
        let store = MemoryStore::new();
        let client = Client::new(Arc::new(store.clone())).unwrap();
        config.create(&client, keyring.root("tests").unwrap()).unwrap();
        let local = tempfile::tempdir().unwrap();
        let (heads, stored, interrupt) = Default::default();
        Self { store, client, keyring, config, local, heads, stored, interrupt }
    }

    /// Opens the repository with an index that nobody has cached.
    pub fn open(&self) -> IndexedRepository {
        self.open_as(Role::Restorer)
    }

    pub fn open_as(&self, role: Role) -> IndexedRepository {
        let keyring = match role {
            Role::Restorer => self.keyring.clone(),
            role => {
                let contents = self.keyring.contents_for(role, "other", "*", Timestamp::default()).unwrap();
                Keyring::from_contents(contents, &self.config, "test").unwrap()
            }
        };
        let cache = self.local.path().join(format!("cache-{:x}", rand_u64()));
        let paths = LocalPaths { cache, state: self.local.path().join("state") };
        Repository::from_parts(self.client.clone(), self.config.clone(), keyring, None, paths)
            .unwrap()
            .load_index()
            .unwrap()
    }

    /// Backs `spec` up as `host`: data packs and their segment, then meta packs and theirs, then the commit.
    pub fn backup(&mut self, host: &str, spec: &Spec) -> Snapshot {
        let time = Timestamp { seconds: 1_700_000_000 + self.heads.len() as i64, nanos: 0 };
        let session = Session::begin(&self.client, &self.keyring, host, time).unwrap();
        let mut data = Vec::new();
        let mut meta = Vec::new();
        let root = self.tree(spec, &mut data, &mut meta);
        for (kind, chunks) in [(ChunkKind::Data, data), (ChunkKind::Meta, meta)] {
            let mut rows = self.packs(kind, chunks);
            if !rows.packs.is_empty() {
                session.publish(&self.keyring, &mut rows).unwrap();
            }
        }
        let head = self.heads.get(host).copied();
        let chain = session.segments();
        let snapshot = Snapshot {
            schema: SCHEMA.into(),
            id: session.id(),
            host: host.into(),
            sequence: head.map_or(1, |(sequence, _)| sequence + 1),
            previous: head.map(|(_, hash)| hash),
            time,
            finished: time,
            job: None,
            sources: vec!["/".into()],
            tags: vec![],
            user: None,
            root: RootChunks::spell(&root),
            parent: None,
            segments: chain.names.len() as u32,
            last_segment: chain.last,
            epoch: session.epoch(),
            faults: 0,
            statistics: Statistics::default(),
            attachments: vec![],
            tool: "test".into(),
        };
        let hash = session.commit(&self.keyring, &snapshot).unwrap();
        self.heads.insert(host.into(), (snapshot.sequence, hash));
        snapshot
    }

    /// The host forgets its chain, as if its state were lost.
    pub fn forget_head(&mut self, host: &str) {
        self.heads.remove(host);
    }

    fn tree(
        &mut self,
        spec: &Spec,
        data: &mut Vec<(ChunkId, Vec<u8>)>,
        meta: &mut Vec<(ChunkId, Vec<u8>)>,
    ) -> ChunkList {
        let mut bytes = Vec::new();
        for node in spec.0.values() {
            let mut entry = match node {
                Node::Leaf(entry, content) => {
                    let mut entry = entry.clone();
                    let ids = self.chunks(ChunkKind::Data, content, data);
                    // Some lists go the indirect way.
                    entry.chunks = match ids.len() > 4 {
                        false => ChunkList { ids, indirect: false },
                        true => {
                            let list: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
                            // Cut in the middle of an id.
                            let (one, two) = list.split_at(list.len() / 2 + 5);
                            let mut ids = self.chunks(ChunkKind::Meta, one, meta);
                            ids.extend(self.chunks(ChunkKind::Meta, two, meta));
                            ChunkList { ids, indirect: true }
                        }
                    };
                    entry
                }
                Node::Dir(entry, below) => Entry { chunks: self.tree(below, data, meta), ..entry.clone() },
            };
            entry.xattrs.sort();
            encode_entry(&entry, &mut bytes).unwrap();
        }
        ChunkList { ids: self.chunks(ChunkKind::Meta, &bytes, meta), indirect: false }
    }

    fn chunks(&mut self, kind: ChunkKind, bytes: &[u8], out: &mut Vec<(ChunkId, Vec<u8>)>) -> Vec<ChunkId> {
        let mut ids = Vec::new();
        for chunk in bytes.chunks(CHUNK_BYTES) {
            let id = chunk_id(&self.keyring.chunk_key(kind), chunk);
            if self.stored.insert(id) {
                out.push((id, chunk.to_vec()));
            }
            ids.push(id);
        }
        ids
    }

    fn packs(&self, kind: ChunkKind, chunks: Vec<(ChunkId, Vec<u8>)>) -> SegmentRows {
        let mut rows = SegmentRows::default();
        let mut compressor = Compressor::new(3).unwrap();
        for pack_chunks in chunks.chunks(BLOCK_CHUNKS * PACK_BLOCKS) {
            let mut writer = PackWriter::create(kind);
            for block in pack_chunks.chunks(BLOCK_CHUNKS) {
                let plain: Vec<u8> = block.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
                let mut frame = Vec::new();
                compressor.compress(&plain, &mut frame).unwrap();
                let list = block.iter().map(|(id, bytes)| (*id, bytes.len() as u32)).collect();
                writer.push(&frame, plain.len() as u32, list);
            }
            let pack = writer.finish(self.keyring.pack_recipient(kind)).unwrap();
            let sealed_len = pack.body.len() as u64;
            self.client.create(&Key::new(pack_key(&pack.name)).unwrap(), pack.body).unwrap();
            rows.add_pack(PackRow { name: pack.name, kind, sealed_len }, &pack.directory);
        }
        rows
    }

    pub fn keys(&self, prefix: &str) -> Vec<Key> {
        self.client.list(prefix).unwrap().into_iter().map(|meta| meta.key).collect()
    }

    pub fn get(&self, key: &Key) -> Bytes {
        self.client.get(key).unwrap().0
    }

    /// The packs of `kind`, in the order of their names.
    pub fn packs_of(&self, kind: ChunkKind) -> Vec<Key> {
        let packs = self.open().index().packs();
        packs.iter().filter(|p| p.kind == kind).map(|p| Key::new(pack_key(&p.name)).unwrap()).collect()
    }
}

fn rand_u64() -> u64 {
    u64::from_le_bytes(crate::crypto::derive::random_bytes())
}

/// Bytes that neither compress nor repeat.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}
