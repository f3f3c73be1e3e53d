//! Planning everything that is no directory: what is done about it, and where its contents come from.

use crate::base::error_kind::ErrorKind;
use crate::base::ids::ChunkId;
use crate::base::limits;
use crate::repo::tree::{Entry, EntryKind};
use crate::restore::error::{RestoreError, chain_text};
use crate::restore::items::{Action, Owner, Placement};
use crate::restore::options::Overwrite;
use crate::restore::schedule::BlockRef;
use crate::restore::source::{PackRef, SourceError};
use crate::restore::walk::Walk;
use crate::sys::dir::DirHandle;
use crate::sys::stat::{FileKind, Stat};

impl Walk<'_> {
    /// Plans one entry that is no directory; `there` is what has its name in `dir` at the target.
    pub(super) fn plan_leaf(
        &mut self,
        parent: u32,
        entry: &Entry,
        dir: Option<&DirHandle>,
        there: Option<Stat>,
    ) -> Result<(), RestoreError> {
        let action = self.action(entry, dir, there.as_ref());
        let first = entry.hardlink.and_then(|group| self.links.get(&group).copied());
        let item = self.found.items.push(parent, entry, action)?;
        self.found.items.get_mut(item).replaces =
            there.as_ref().is_some_and(|stat| !is_kind(entry.kind, stat.kind));
        self.note_fault(entry);
        if action == Action::Kept {
            return Ok(());
        }
        if let Some(why) = self.refusal(entry, dir, there.as_ref()) {
            self.refuse(item, why);
            return Ok(());
        }
        if let Some(first) = first {
            self.found.items.extra_mut(item).link_to = Some(first);
            let is_same = action == Action::Unchanged;
            self.found.items.get_mut(item).action = if is_same { Action::Metadata } else { action };
            return Ok(());
        }
        if entry.hardlink.is_some_and(|_| action != Action::Refuse) {
            self.links.extend(entry.hardlink.map(|group| (group, item)));
        }
        if !self.options.allow_setuid && has_powers(entry) {
            self.found.stripped += 1;
        }
        if entry.kind == EntryKind::File && matches!(action, Action::Create | Action::Update) {
            self.place_contents(item, entry)?;
        }
        Ok(())
    }

    /// Why `entry` is not restored although it is there and meant.
    fn refusal(&self, entry: &Entry, dir: Option<&DirHandle>, there: Option<&Stat>) -> Option<String> {
        if matches!(entry.kind, EntryKind::CharDev | EntryKind::BlockDev) && !self.options.allow_devices {
            return Some("it is a device; allow devices with --allow-devices".into());
        }
        if there.is_some_and(|stat| stat.kind == FileKind::Dir) && !self.options.delete {
            let names = dir?.open_child(&entry.name).and_then(|dir| dir.read_names());
            if !names.is_ok_and(|names| names.is_empty()) {
                return Some("a directory that is not empty is in the way; --delete would remove it".into());
            }
        }
        None
    }

    fn action(&self, entry: &Entry, dir: Option<&DirHandle>, there: Option<&Stat>) -> Action {
        let Some(stat) = there else { return Action::Create };
        let ours = self.past.is_some_and(|past| !past.was_kept(&self.path));
        if self.options.overwrite == Overwrite::Never && !ours {
            return Action::Kept;
        }
        if !is_kind(entry.kind, stat.kind) {
            return Action::Create;
        }
        let same = match entry.kind {
            EntryKind::File => self.is_right(entry, stat),
            EntryKind::Symlink => {
                let target = dir.and_then(|dir| dir.read_link_child(&entry.name).ok());
                target.is_some() && target == entry.target
            }
            EntryKind::CharDev | EntryKind::BlockDev => entry.device == Some(stat.rdev),
            _ => true,
        };
        match same {
            false => Action::Update,
            true if self.has_metadata(entry, stat) => Action::Unchanged,
            true => Action::Metadata,
        }
    }

    /// Whether a file's contents may be taken as right without reading them.
    fn is_right(&self, entry: &Entry, stat: &Stat) -> bool {
        let fits = stat.size == entry.size && stat.mtime == entry.mtime;
        if self.past.is_some_and(|past| past.is_done(&self.path, stat.size, stat.mtime)) {
            return fits;
        }
        let rebooted = self.past.is_some_and(|past| past.rebooted);
        fits && self.options.overwrite != Overwrite::Always && !rebooted
    }

    fn has_metadata(&self, entry: &Entry, stat: &Stat) -> bool {
        let owner =
            Owner { uid: entry.uid, gid: entry.gid, user: entry.user.clone(), group: entry.group.clone() };
        let (uid, gid) = self.resolver.resolve(&owner);
        let wanted_mode = if self.options.allow_setuid { entry.mode } else { entry.mode & !0o6000 };
        let mode = entry.kind == EntryKind::Symlink || wanted_mode == stat.mode12;
        mode && uid.is_none_or(|uid| uid == stat.uid)
            && gid.is_none_or(|gid| gid == stat.gid)
            && entry.mtime == stat.mtime
    }

    /// Works out where every chunk of a file comes from and goes to.
    fn place_contents(&mut self, item: u32, entry: &Entry) -> Result<(), RestoreError> {
        let damaged = match self.try_place(item, entry)? {
            Ok(content) if content == entry.content_bytes() => None,
            Ok(_) => Some("its chunks do not add up to its size: the snapshot is damaged".to_owned()),
            Err(error) => Some(chain_text(&error)),
        };
        if let Some(why) = damaged {
            self.found.items.unplace(item);
            self.lose(item, why);
            return Ok(());
        }
        let (_, placements) = self.found.items.placements_of(item);
        let one_block = placements.windows(2).all(|pair| pair[0].block == pair[1].block);
        self.found.items.get_mut(item).one_block = one_block;
        Ok(())
    }

    /// Bytes of contents placed, or the damage that was met.
    fn try_place(&mut self, item: u32, entry: &Entry) -> Result<Result<u64, SourceError>, RestoreError> {
        let ids = match self.source.resolve(&entry.chunks) {
            Ok(ids) => ids,
            Err(error) if error.kind == ErrorKind::Damage => return Ok(Err(error)),
            Err(error) => return Err(error.into()),
        };
        let mut content_at = 0u64;
        for id in ids {
            match self.place(item, id, content_at) {
                Ok(len) => content_at = content_at.saturating_add(u64::from(len)),
                Err(RestoreError::Source(error)) if error.kind == ErrorKind::Damage => return Ok(Err(error)),
                Err(error) => return Err(error),
            }
        }
        Ok(Ok(content_at))
    }

    fn place(&mut self, item: u32, id: ChunkId, content_at: u64) -> Result<u32, RestoreError> {
        let location = self.source.locate(&id)?;
        if location.len == 0 || location.len as usize > limits::CHUNK_MAX_BYTES {
            return Err(SourceError::damage(format!("chunk {id} has no possible length")).into());
        }
        let next = self.found.packs.len() as u32;
        let pack = *self.pack_numbers.entry(location.pack).or_insert(next);
        if pack == next {
            self.found.packs.push(PackRef { name: location.pack, sealed_len: location.pack_len });
        }
        let block = BlockRef {
            pack,
            offset: location.block_offset,
            frame_len: location.frame_len,
            raw_len: location.raw_len,
        };
        let next = self.found.blocks.len() as u32;
        let number = *self.block_numbers.entry(block).or_insert(next);
        if number == next {
            self.found.blocks.push(block);
        }
        let (offset, len) = (location.offset, location.len);
        self.found.items.place(Placement { id, block: number, offset, len, item, content_at })?;
        Ok(len)
    }
}

/// Whether the target's kind is the snapshot's.
fn is_kind(wanted: EntryKind, found: FileKind) -> bool {
    let wanted = match wanted {
        EntryKind::File => FileKind::File,
        EntryKind::Dir => FileKind::Dir,
        EntryKind::Symlink => FileKind::Symlink,
        EntryKind::Fifo => FileKind::Fifo,
        EntryKind::Socket => FileKind::Socket,
        EntryKind::CharDev => FileKind::CharDev,
        EntryKind::BlockDev => FileKind::BlockDev,
    };
    wanted == found
}

/// Whether restoring `entry` exactly could give power to who wrote the snapshot.
fn has_powers(entry: &Entry) -> bool {
    entry.kind == EntryKind::File
        && (entry.mode & 0o6000 != 0 || entry.xattrs.iter().any(|(name, _)| name == b"security.capability"))
}
