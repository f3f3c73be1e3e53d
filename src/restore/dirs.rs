//! The directories of the target as workers reach them: the last few stay open.
//!
//! A block holds files that lie together, so nearly every file's directory is one of the last few.

use crate::restore::items::{Items, ROOT};
use crate::sys::error::SysResult;
use crate::sys::target::{Target, TargetDir};

/// Directories one worker keeps open.
const OPEN_MAX: usize = 24;

/// One worker's open directories.
#[derive(Debug)]
pub struct Dirs<'a> {
    target: &'a Target,
    items: &'a Items,
    /// The most recently used last.
    open: Vec<(u32, TargetDir)>,
}

impl<'a> Dirs<'a> {
    /// None open yet.
    pub fn new(target: &'a Target, items: &'a Items) -> Self {
        Self { target, items, open: Vec::with_capacity(OPEN_MAX) }
    }

    /// The directory that is item `dir`, which is there.
    pub fn get(&mut self, dir: u32) -> SysResult<TargetDir> {
        if dir == ROOT {
            return Ok(self.target.root().clone());
        }
        if let Some(at) = self.open.iter().rposition(|(known, _)| *known == dir) {
            if at + 1 == self.open.len() {
                return Ok(self.open[at].1.clone());
            }
            let entry = self.open.remove(at);
            let handle = entry.1.clone();
            self.open.push(entry);
            return Ok(handle);
        }
        let parent = self.items.get(dir).parent;
        let above = match parent {
            ROOT => Some(self.target.root()),
            _ => self.open.iter().find(|(known, _)| *known == parent).map(|(_, handle)| handle),
        };
        let handle = match above {
            Some(above) => above.open_dir(self.items.name(dir))?,
            None => self.target.dir(&self.items.names(dir))?,
        };
        self.put(dir, handle.clone());
        Ok(handle)
    }

    /// Takes in the directory `dir`, which the caller has just made.
    pub fn put(&mut self, dir: u32, handle: TargetDir) {
        if self.open.len() >= OPEN_MAX {
            self.open.remove(0);
        }
        self.open.push((dir, handle));
    }
}
