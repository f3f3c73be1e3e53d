//! The assembler: goes through the sources in order, compares with the previous backup, hands out work, and
//! puts the results together bottom-up until the root's tree is stored.
//!
//! It is one thread and does no reading itself; everything it keeps is bounded by the depth of the tree and
//! by the work under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};

use crate::backup::catalogue::{Catalogue, CatalogueWriter, EntryRecord, StatKey};
use crate::backup::entries::{EntryMaker, new_entry};
use crate::backup::error::BackupError;
use crate::backup::feeder::slot;
use crate::backup::frames::{Frame, Linked, Node, is_settled, old_record};
use crate::backup::notes::Notes;
use crate::backup::options::BackupOptions;
use crate::backup::storer::Storer;
use crate::backup::trees::{EntrySlot, EntryState, TreeJob};
use crate::backup::walk::{Found, Scanned, Ticket, Walk, join};
use crate::backup::worker::{Done, FileJob, FileRead, Job, SMALL_FILE_MAX_BYTES, Slot};
use crate::base::monitor::Interrupt;
use crate::base::time::Clock;
use crate::repo::tree::{ChunkList, Entry, decode_entry};
use crate::sys::dir::{DirHandle, Listed};
use crate::sys::error::{SysError, show_path};
use crate::sys::stat::FileKind;

/// Bytes of files that make a batch.
const BATCH_BYTES: u64 = 1 << 20;
/// Files that make a batch, at most.
const BATCH_FILES: usize = 256;

/// What the assembler works with.
pub struct Surroundings<'e, 'c> {
    /// What to do.
    pub options: &'e BackupOptions,
    /// The walk.
    pub walk: &'e Walk<'e>,
    /// Knows which chunks there are.
    pub storer: &'e Storer<'e>,
    /// The previous backup, if it can be used.
    pub catalogue: Option<&'c Catalogue>,
    /// Whether everything the catalogue refers to is known to be there.
    pub all_there: bool,
    /// Small files, pieces and trees go here.
    pub jobs: Sender<Job<'c>>,
    /// Large files go here.
    pub large: Sender<FileJob>,
    /// Results come from here.
    pub done: Receiver<Done>,
    /// Counts and warnings.
    pub notes: &'e Notes<'e>,
    /// The clock.
    pub clock: &'e dyn Clock,
    /// Whether the end was asked for.
    pub interrupt: &'e Interrupt,
    /// Tells all threads to give up.
    pub stopped: &'e AtomicBool,
}

/// Goes through everything below `root`; answers the chunks of the tree of `/`, in which `attached` is as
/// well.
pub fn assemble<'c>(
    around: &Surroundings<'_, 'c>,
    root: &Arc<Ticket>,
    attached: Option<Entry>,
    catalogue: &mut CatalogueWriter,
) -> Result<ChunkList, BackupError> {
    let mut assembler = Assembler {
        around,
        catalogue,
        maker: EntryMaker::new(around.options.with_atime, around.notes),
        nodes: HashMap::new(),
        next_node: 0,
        links: HashMap::new(),
        reading: HashMap::new(),
        batch: Vec::new(),
        batch_bytes: 0,
        root: None,
        attached,
    };
    let result = assembler.run(root);
    around.notes.keep_names(assembler.maker.names());
    result
}

struct Assembler<'a, 'e, 'c> {
    around: &'a Surroundings<'e, 'c>,
    catalogue: &'a mut CatalogueWriter,
    maker: EntryMaker<'a>,
    nodes: HashMap<u64, Node<'c>>,
    next_node: u64,
    links: HashMap<(u64, u64), Linked>,
    /// Which of `links` a file being read is.
    reading: HashMap<Slot, (u64, u64)>,
    batch: Vec<FileJob>,
    batch_bytes: u64,
    root: Option<ChunkList>,
    /// What is put among the entries of `/`.
    attached: Option<Entry>,
}

impl<'c> Assembler<'_, '_, 'c> {
    fn run(&mut self, root: &Arc<Ticket>) -> Result<ChunkList, BackupError> {
        let scanned = self.around.walk.take(root).map_err(|error| source_error(b"/", error))?;
        let mut frames = vec![self.enter(scanned, None, b"/".to_vec(), None)];
        while let Some(frame) = frames.last_mut() {
            self.check()?;
            self.attach(frame);
            match frame.scanned.entries.pop_front() {
                Some(found) => {
                    if let Some(deeper) = self.entry(frame, found)? {
                        frames.push(deeper);
                    }
                }
                None => {
                    let node = frame.node;
                    frames.pop();
                    self.close(node)?;
                }
            }
            self.drain()?;
        }
        self.send_batch()?;
        while self.root.is_none() {
            let done = self.around.done.recv().map_err(|_| BackupError::Worker)?;
            self.take(done)?;
            self.check()?;
        }
        self.root.take().ok_or(BackupError::Worker)
    }

    /// Puts what is attached where it belongs in the order of names: a frame comes to `/` first and last.
    fn attach(&mut self, frame: &Frame<'c>) {
        let next = frame.scanned.entries.front().map(|found| &found.listed.name);
        let due = |entry: &mut Entry| next.is_none_or(|next| *next > entry.name);
        let Some(node) = self.nodes.get_mut(&frame.node).filter(|node| node.parent.is_none()) else { return };
        if let Some(entry) = self.attached.take_if(due) {
            node.slots.push(slot(entry, self.around.clock.now()));
            node.same = false;
        }
    }

    fn check(&self) -> Result<(), BackupError> {
        if self.around.interrupt.is_set() {
            return Err(BackupError::Interrupted);
        }
        if self.around.stopped.load(Ordering::Acquire) {
            return Err(BackupError::Worker);
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), BackupError> {
        while let Ok(done) = self.around.done.try_recv() {
            self.take(done)?;
        }
        Ok(())
    }

    /// Begins a directory.
    fn enter(
        &mut self,
        scanned: Scanned,
        parent: Option<Slot>,
        path: Vec<u8>,
        old_line: Option<&'c [u8]>,
    ) -> Frame<'c> {
        let notes = self.around.notes;
        scanned.warnings.iter().for_each(|warning| notes.warn(warning));
        for (name, reason) in &scanned.excluded {
            notes.excluded(&join(&path, name), &reason.to_string());
        }
        if let Some(reason) = &scanned.contents {
            notes.excluded(&join(&path, b"*"), &reason.to_string());
        }
        for (name, error) in &scanned.errors {
            notes.unreadable(&join(&path, name), error.kind(), &error.to_string());
        }
        notes.dir();
        let old = self.around.catalogue.and_then(|catalogue| catalogue.directory(&path));
        let mut entry =
            self.maker.dir(&scanned, path.rsplit(|byte| *byte == b'/').next().unwrap_or_default());
        if scanned.errors.iter().any(|(_, error)| error.kind() != std::io::ErrorKind::NotFound) {
            entry.fault = Some("some of its entries could not be looked at".into());
        }
        let number = self.next_node;
        self.next_node += 1;
        let same = self.around.all_there && scanned.errors.is_empty();
        let records = old.as_ref().map(|record| record.entries().collect()).unwrap_or_default();
        self.nodes.insert(
            number,
            Node {
                parent,
                path,
                entry,
                key: StatKey::of(&scanned.stat),
                slots: Vec::with_capacity(scanned.entries.len()),
                // One for the going through itself.
                pending: 1,
                old,
                same,
                old_line,
            },
        );
        Frame { node: number, scanned, old: records, old_at: 0 }
    }

    /// Takes one entry; answers the frame of a directory to be gone through next.
    fn entry(&mut self, frame: &mut Frame<'c>, found: Found) -> Result<Option<Frame<'c>>, BackupError> {
        let Found { listed, ticket, is_source } = found;
        let old = old_record(frame, &listed.name);
        let key = StatKey::of(&listed.stat);
        let leniency = self.around.options.leniency;
        let unchanged = old.filter(|old| old.key.matches(&key, leniency) && !old.line.is_empty());
        let slot = self.push_slot(frame.node, &listed, key);
        if let Some(ticket) = ticket {
            let path = join(&self.nodes[&frame.node].path, &listed.name);
            return match self.around.walk.take(&ticket) {
                Ok(scanned) => Ok(Some(self.enter(scanned, Some(slot), path, unchanged.map(|old| old.line)))),
                Err(error) if is_source => Err(source_error(&path, error)),
                Err(error) => {
                    self.unreadable_dir(slot, &path, &listed, error)?;
                    Ok(None)
                }
            };
        }
        let unchanged = unchanged.filter(|_| !self.around.options.force);
        match listed.stat.kind {
            FileKind::File => self.file(frame, slot, listed, old.is_some(), unchanged, is_source)?,
            FileKind::Dir => {
                // Kept empty: something else is mounted here.
                let entry = self.maker.empty_dir(&frame.scanned.dir, &listed);
                self.resolve(slot, EntryState::Fresh(Box::new(entry)))?;
            }
            _ => self.special(&frame.scanned.dir, slot, listed, unchanged)?,
        }
        Ok(None)
    }

    fn push_slot(&mut self, node: u64, listed: &Listed, key: StatKey) -> Slot {
        let trusted = is_settled(self.around.clock.now(), &listed.stat);
        // The node of a frame is there until it is closed.
        let Some(owner) = self.nodes.get_mut(&node) else { return (node, 0) };
        owner.pending += 1;
        let state = EntryState::Pending;
        owner.slots.push(EntrySlot { name: listed.name.clone(), key, trusted, state });
        (node, owner.slots.len() - 1)
    }

    fn file(
        &mut self,
        frame: &Frame<'c>,
        slot: Slot,
        listed: Listed,
        known: bool,
        unchanged: Option<EntryRecord<'c>>,
        is_source: bool,
    ) -> Result<(), BackupError> {
        let notes = self.around.notes;
        notes.size(listed.stat.size);
        if let Some(old) = unchanged.filter(|old| self.is_there(old.line)) {
            notes.unmodified(&self.nodes[&slot.0].path, &listed);
            return self.resolve(slot, EntryState::Reused(old.line));
        }
        notes.to_read(&self.nodes[&slot.0].path, &listed, known);
        if listed.stat.nlink > 1 {
            match self.links.get_mut(&(listed.stat.dev, listed.stat.ino)) {
                Some(Linked::Waiting(waiting)) => {
                    waiting.push((slot, listed));
                    return Ok(());
                }
                Some(Linked::Read(read)) if StatKey::of(&read.stat) == StatKey::of(&listed.stat) => {
                    let entry = self.maker.file(&listed.name, read);
                    return self.resolve(slot, EntryState::Fresh(Box::new(entry)));
                }
                // Not read yet, or changed since it was.
                Some(Linked::Read(_)) | None => {
                    let link = (listed.stat.dev, listed.stat.ino);
                    self.links.insert(link, Linked::Waiting(Vec::new()));
                    self.reading.insert(slot, link);
                }
            }
        }
        notes.remember_source(slot, is_source);
        let size = listed.stat.size;
        let job = FileJob { slot, dir: frame.scanned.dir.clone(), name: listed.name };
        if size > SMALL_FILE_MAX_BYTES {
            self.send_batch()?;
            return self.around.large.send(job).map_err(|_| self.worker_error());
        }
        self.batch.push(job);
        self.batch_bytes += size;
        if self.batch_bytes >= BATCH_BYTES || self.batch.len() >= BATCH_FILES {
            self.send_batch()?;
        }
        Ok(())
    }

    /// Whether every chunk that `line` refers to is stored.
    fn is_there(&self, line: &[u8]) -> bool {
        if self.around.all_there {
            return true;
        }
        let Ok(entry) = decode_entry(line, 1) else { return false };
        // An indirect list cannot be read by a writer, so what it names is unknown.
        !entry.chunks.indirect && entry.chunks.ids.iter().all(|id| self.around.storer.has(id))
    }

    fn special(
        &mut self,
        dir: &DirHandle,
        slot: Slot,
        listed: Listed,
        unchanged: Option<EntryRecord<'c>>,
    ) -> Result<(), BackupError> {
        self.around.notes.special();
        if let Some(old) = unchanged {
            return self.resolve(slot, EntryState::Reused(old.line));
        }
        match self.maker.special(dir, &listed) {
            Ok(entry) => self.resolve(slot, EntryState::Fresh(Box::new(entry))),
            Err(error) => {
                self.around.notes.unreadable(
                    &join(&self.nodes[&slot.0].path, &listed.name),
                    error.io_kind(),
                    &error.source.to_string(),
                );
                self.resolve(slot, EntryState::Gone)
            }
        }
    }

    fn unreadable_dir(
        &mut self,
        slot: Slot,
        path: &[u8],
        listed: &Listed,
        error: SysError,
    ) -> Result<(), BackupError> {
        self.around.notes.unreadable(path, error.io_kind(), &error.source.to_string());
        if error.is_not_found() {
            return self.resolve(slot, EntryState::Gone);
        }
        let mut entry = new_entry(&listed.name, &listed.stat);
        self.maker.add_names(&mut entry);
        entry.fault = Some(format!("its contents could not be read: {}", error.source));
        self.distrust(slot);
        self.resolve(slot, EntryState::Fresh(Box::new(entry)))
    }

    fn send_batch(&mut self) -> Result<(), BackupError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.around.jobs.send(Job::Batch(batch)).map_err(|_| self.worker_error())
    }

    fn worker_error(&self) -> BackupError {
        // The reason, if a worker gave one, is on its way.
        while let Ok(done) = self.around.done.try_recv() {
            if let Done::Failed(error) = done {
                return error;
            }
        }
        BackupError::Worker
    }

    fn take(&mut self, done: Done) -> Result<(), BackupError> {
        match done {
            Done::Failed(error) => Err(error),
            Done::Tree(node, chunks, payload) => self.tree_done(node, chunks, &payload),
            Done::File(slot, Ok(read)) => self.file_done(slot, *read),
            Done::File(slot, Err(error)) => self.file_failed(slot, error),
        }
    }

    fn file_done(&mut self, slot: Slot, read: FileRead) -> Result<(), BackupError> {
        let notes = self.around.notes;
        notes.read(read.read_bytes);
        let Some(node) = self.nodes.get_mut(&slot.0) else { return Err(BackupError::Worker) };
        let name = node.slots[slot.1].name.clone();
        let key = StatKey::of(&read.stat);
        // Whether a change can be told was decided before the reading; if there was one since, it cannot.
        node.slots[slot.1].trusted &= node.slots[slot.1].key == key;
        node.slots[slot.1].key = key;
        if let Some(fault) = &read.fault {
            notes.fault(&join(&node.path, &name), fault);
            self.distrust(slot);
        }
        let entry = self.maker.file(&name, &read);
        if let Some(link) = self.reading.remove(&slot) {
            let read = Arc::new(read);
            if let Some(Linked::Waiting(waiting)) = self.links.insert(link, Linked::Read(Arc::clone(&read))) {
                for (other, listed) in waiting {
                    if StatKey::of(&listed.stat) != key {
                        self.distrust(other);
                    }
                    let entry = self.maker.file(&listed.name, &read);
                    self.resolve(other, EntryState::Fresh(Box::new(entry)))?;
                }
            }
        }
        self.resolve(slot, EntryState::Fresh(Box::new(entry)))
    }

    fn file_failed(&mut self, slot: Slot, error: SysError) -> Result<(), BackupError> {
        let node = self.nodes.get(&slot.0).ok_or(BackupError::Worker)?;
        let path = join(&node.path, &node.slots[slot.1].name);
        if self.around.notes.is_source(slot) {
            return Err(source_error(&path, error));
        }
        self.around.notes.unreadable(&path, error.io_kind(), &error.source.to_string());
        if let Some(Linked::Waiting(waiting)) =
            self.reading.remove(&slot).and_then(|link| self.links.remove(&link))
        {
            for (other, listed) in waiting {
                let path = join(&self.nodes[&other.0].path, &listed.name);
                self.around.notes.unreadable(&path, error.io_kind(), &error.source.to_string());
                self.resolve(other, EntryState::Gone)?;
            }
        }
        self.resolve(slot, EntryState::Gone)
    }

    fn distrust(&mut self, slot: Slot) {
        if let Some(node) = self.nodes.get_mut(&slot.0) {
            node.slots[slot.1].trusted = false;
        }
    }

    /// An entry is done.
    fn resolve(&mut self, slot: Slot, state: EntryState<'c>) -> Result<(), BackupError> {
        let node = self.nodes.get_mut(&slot.0).ok_or(BackupError::Worker)?;
        node.same &= matches!(state, EntryState::Reused(_));
        node.slots[slot.1].state = state;
        self.close(slot.0)
    }

    /// One thing less is pending in `number`; encodes the directory when it was the last.
    fn close(&mut self, number: u64) -> Result<(), BackupError> {
        let node = self.nodes.get_mut(&number).ok_or(BackupError::Worker)?;
        node.pending -= 1;
        if node.pending > 0 {
            return Ok(());
        }
        if let Some(old) = node.old.take_if(|old| node.same && old.entry_count == node.slots.len()) {
            // Nothing below has changed: the tree is the one that is stored already.
            return self.tree_done(number, old.chunks, old.payload);
        }
        let slots = std::mem::take(&mut node.slots);
        let job = TreeJob { node: number, path: node.path.clone(), slots };
        self.around.jobs.send(Job::Tree(job)).map_err(|_| self.worker_error())
    }

    fn tree_done(&mut self, number: u64, chunks: ChunkList, payload: &[u8]) -> Result<(), BackupError> {
        let mut node = self.nodes.remove(&number).ok_or(BackupError::Worker)?;
        self.catalogue
            .push(&node.path, payload)
            .map_err(|source| BackupError::Local { path: "the catalogue".into(), source })?;
        let Some(parent) = node.parent else {
            self.root = Some(chunks);
            return Ok(());
        };
        let same_tree = || {
            let old = self.around.catalogue.and_then(|catalogue| catalogue.directory(&node.path));
            old.is_some_and(|old| old.chunks == chunks)
        };
        let has_fault = node.entry.fault.is_some();
        let state = match node.old_line {
            Some(line) if self.around.all_there && same_tree() => EntryState::Reused(line),
            _ => {
                node.entry.chunks = chunks;
                EntryState::Fresh(Box::new(node.entry))
            }
        };
        if let Some(owner) = self.nodes.get_mut(&parent.0) {
            let slot = &mut owner.slots[parent.1];
            // What changed between the look at it and its listing is looked at again next time.
            slot.trusted &= slot.key == node.key && !has_fault;
        }
        self.resolve(parent, state)
    }
}

fn source_error(path: &[u8], source: SysError) -> BackupError {
    BackupError::Source { path: show_path(path), source }
}
