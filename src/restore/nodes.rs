//! Everything that needs no fetching: directories, links, pipes, devices, empty files, deletions.

use std::sync::atomic::Ordering;

use crate::repo::tree::EntryKind;
use crate::restore::execute::Run;
use crate::restore::items::Action;
use crate::restore::parallel;
use crate::sys::error::{SysError, SysResult};
use crate::sys::stat::FileKind;
use crate::sys::target::{Special, TargetDir, content};

/// Entries a worker takes at once.
const STEP: usize = 128;

impl Run<'_> {
    /// Removes what the snapshot does not have.
    pub fn delete(&self) {
        let mut dirs = self.dirs();
        for deletion in &self.plan.deletions {
            if self.stopped() {
                return;
            }
            let removed = dirs.get(deletion.parent).and_then(|dir| match dir.remove_tree(&deletion.name) {
                Err(error) if error.is_denied() && dir.clear_forbidding_flags(&deletion.name) => {
                    dir.remove_tree(&deletion.name)
                }
                result => result,
            });
            match removed {
                Ok(()) => drop(self.counters.deleted.fetch_add(1, Ordering::Relaxed)),
                Err(error) => self.warn(&error),
            }
        }
    }

    /// Makes the directories, and clears away what stands where something of another kind belongs.
    pub fn make_dirs(&self) {
        let items = &self.plan.items;
        let mut dirs = self.dirs();
        for number in 0..items.len() {
            let item = items.get(number);
            let is_dir = item.kind == EntryKind::Dir;
            let acts = matches!(item.action, Action::Create | Action::Update);
            if !acts || !(is_dir || item.replaces) {
                continue;
            }
            if self.stopped() {
                return;
            }
            let made = dirs.get(item.parent).and_then(|parent| {
                if item.replaces {
                    self.clear_way(&parent, items.name(number))?;
                }
                if is_dir {
                    let (dir, _) = parent.ensure_dir(items.name(number))?;
                    dirs.put(number, dir);
                }
                Ok(())
            });
            match made {
                Ok(()) if is_dir => drop(self.counters.dirs.fetch_add(1, Ordering::Relaxed)),
                Ok(()) => {}
                Err(error) => self.fail(number, &error),
            }
        }
    }

    /// Removes `name`; a directory that is not empty only if deleting was asked for.
    fn clear_way(&self, dir: &TargetDir, name: &[u8]) -> SysResult<()> {
        let Some(stat) = dir.look(name)? else { return Ok(()) };
        let remove = || match (stat.kind, self.options.delete) {
            (FileKind::Dir, true) => dir.remove_tree(name),
            (FileKind::Dir, false) => dir.remove_dir(name),
            _ => dir.unlink(name),
        };
        match remove() {
            Err(error) if error.is_denied() && dir.clear_forbidding_flags(name) => remove(),
            result => result,
        }
    }

    /// Makes links, pipes, sockets, devices and files without contents, and sets the metadata of what is
    /// right otherwise.
    pub fn make_nodes(&self) {
        let items = &self.plan.items;
        let start = || self.dirs();
        parallel::for_each(self.workers, items.len() as usize, STEP, start, |dirs, number| {
            let number = number as u32;
            let item = items.get(number);
            let is_link = items.extra(number).is_some_and(|extra| extra.link_to.is_some());
            if item.kind == EntryKind::Dir || is_link {
                return !self.stopped();
            }
            let acts = match (item.kind, item.action) {
                (EntryKind::File, Action::Create) => item.chunk_count == 0,
                (EntryKind::File, Action::Update) => false,
                (_, Action::Create | Action::Update) | (_, Action::Metadata) => true,
                _ => false,
            };
            if acts && !self.has_failed(number) {
                let made = dirs.get(item.parent).and_then(|dir| self.make_node(&dir, number));
                self.note_node(number, made);
            }
            !self.stopped()
        });
    }

    fn note_node(&self, number: u32, made: SysResult<()>) {
        let item = self.plan.items.get(number);
        match made {
            Err(error) => self.fail(number, &error),
            Ok(()) if item.action == Action::Metadata => {}
            Ok(()) if item.kind == EntryKind::File => self.finished_file(number),
            Ok(()) => drop(self.counters.others.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn make_node(&self, dir: &TargetDir, number: u32) -> SysResult<()> {
        let items = &self.plan.items;
        let (item, extra, name) = (items.get(number), items.extra(number), items.name(number));
        let is_new = item.action != Action::Metadata;
        let wanted = self.wanted(number, is_new);
        if !is_new {
            self.warn_all(dir.set_child_attributes(name, &wanted.attributes()));
            return Ok(());
        }
        if item.action == Action::Update {
            self.clear_way(dir, name)?;
        }
        let device = extra.and_then(|extra| extra.device).unwrap_or_default();
        match item.kind {
            EntryKind::File => {
                let file = dir.create_file(name)?;
                if item.size > 0 {
                    content::set_len(&file, item.size)
                        .map_err(|error| SysError::new("set the length of", items.path(number), error))?;
                }
                self.warn_all(dir.set_file_attributes(name, &file, &wanted.attributes()));
                return Ok(());
            }
            EntryKind::Symlink => {
                dir.make_symlink(name, extra.and_then(|extra| extra.target.as_deref()).unwrap_or_default())?;
            }
            EntryKind::Fifo => dir.make_special(name, Special::Fifo)?,
            EntryKind::Socket => dir.make_special(name, Special::Socket)?,
            EntryKind::CharDev => dir.make_special(name, Special::CharDev(device.0, device.1))?,
            EntryKind::BlockDev => dir.make_special(name, Special::BlockDev(device.0, device.1))?,
            EntryKind::Dir => {}
        }
        self.warn_all(dir.set_child_attributes(name, &wanted.attributes()));
        Ok(())
    }

    /// Makes further names of files, once the files are there.
    pub fn make_links(&self) {
        let items = &self.plan.items;
        let mut dirs = self.dirs();
        for number in 0..items.len() {
            let Some(first) = items.extra(number).and_then(|extra| extra.link_to) else { continue };
            let item = items.get(number);
            if !matches!(item.action, Action::Create | Action::Update | Action::Metadata) {
                continue;
            }
            if self.stopped() {
                return;
            }
            if self.has_failed(first) || matches!(items.get(first).action, Action::Lost | Action::Refuse) {
                let damage = items.get(first).action == Action::Lost || self.is_damage(first);
                self.fail_text(number, "the file that it is another name of was not restored".into(), damage);
                continue;
            }
            match self.make_link(&mut dirs, number, first) {
                Ok(true) => drop(self.counters.others.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => drop(self.counters.unchanged.fetch_add(1, Ordering::Relaxed)),
                Err(error) => self.fail(number, &error),
            }
        }
    }

    /// Tells whether the name had to be made.
    fn make_link(
        &self,
        dirs: &mut crate::restore::dirs::Dirs<'_>,
        number: u32,
        first: u32,
    ) -> SysResult<bool> {
        let items = &self.plan.items;
        let from = dirs.get(items.get(first).parent)?;
        let dir = dirs.get(items.get(number).parent)?;
        let (name, first_name) = (items.name(number), items.name(first));
        if let Some(present) = dir.look(name)? {
            if from.look(first_name)?.is_some_and(|stat| stat.is_same_file(&present)) {
                return Ok(false);
            }
            self.clear_way(&dir, name)?;
        }
        dir.make_link(name, &from, first_name)?;
        Ok(true)
    }
}
