//! The live tree as one side of a comparison, read by handles and never followed through links.
//!
//! Contents are compared by chunk ids: of each chunk of the snapshot's file, as many bytes are read from the
//! live file and hashed. So it takes no key to file contents, and reads nothing from the packs of data.
//! Left out: inode flags, which need every file opened, and names of owners, which depend on the machine.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::rc::Rc;

use crate::base::ids::ChunkKind;
use crate::base::limits;
use crate::base::monitor::Event;
use crate::browse::error::BrowseError;
use crate::browse::reading::{Reading, at};
use crate::browse::side::{LiveDir, Place};
use crate::repo::tree::{ChunkList, Entry, EntryKind};
use crate::sys::dir::{DirHandle, Listed, scan};
use crate::sys::error::SysError;
use crate::sys::meta::xattrs;
use crate::sys::stat::FileKind;

/// Opens the live directory `path`.
pub fn open(path: &Path) -> Result<Place, BrowseError> {
    Ok(Place::Live(Rc::new(DirHandle::open_root(path)?)))
}

impl LiveDir for DirHandle {
    fn children(&self, reading: &Reading<'_>) -> Result<Vec<Entry>, BrowseError> {
        let listing = match scan(self) {
            Ok(listing) => listing,
            // Vanished or forbidden meanwhile: told, and taken as empty.
            Err(error) => {
                warn(reading, &error);
                return Ok(Vec::new());
            }
        };
        for (name, error) in listing.errors {
            warn(reading, &self.error("look at", &name, error));
        }
        Ok(listing.entries.into_iter().map(|listed| entry_of(self, reading, listed)).collect())
    }

    fn open(&self, name: &[u8]) -> Result<Rc<dyn LiveDir>, BrowseError> {
        Ok(Rc::new(self.open_child(name)?))
    }

    fn has_contents_of(
        &self,
        reading: &Reading<'_>,
        name: &[u8],
        path: &[u8],
        old: &Entry,
    ) -> Result<bool, BrowseError> {
        let (file, stat) = self.open_regular_child(name)?;
        if stat.size != old.size {
            return Ok(false);
        }
        let mut live = LiveFile { file, holes: old.holes.clone().into_iter(), hole: None, position: 0 };
        live.hole = live.holes.next();
        let mut is_same = true;
        let mut buffer = Vec::new();
        let fail = |source| BrowseError::System(self.error("read", name, source));
        let compared = reading.each_id(path, &old.chunks, |id| {
            reading.check()?;
            let place = reading.repository.locate(ChunkKind::Data, &id).map_err(|error| at(path, error))?;
            buffer.resize((place.len as usize).min(limits::CHUNK_MAX_BYTES), 0);
            is_same = live.read_content(&mut buffer).map_err(fail)?
                && reading.repository.verify(ChunkKind::Data, &id, &buffer);
            // The first difference is enough.
            if is_same { Ok(()) } else { Err(BrowseError::Interrupted) }
        });
        match compared {
            Err(BrowseError::Interrupted) if !is_same => Ok(false),
            Err(error) => Err(error),
            Ok(()) => Ok(live.skip_holes().map_err(fail)? && live.position == old.size),
        }
    }
}

fn warn(reading: &Reading<'_>, error: &SysError) {
    reading.monitor.event(Event::Warning(&format!("{error}: {}", error.source)));
}

fn entry_of(dir: &DirHandle, reading: &Reading<'_>, listed: Listed) -> Entry {
    let Listed { name, stat } = listed;
    let kind = match stat.kind {
        FileKind::File => EntryKind::File,
        FileKind::Dir => EntryKind::Dir,
        FileKind::Symlink => EntryKind::Symlink,
        FileKind::Fifo => EntryKind::Fifo,
        FileKind::Socket => EntryKind::Socket,
        FileKind::CharDev => EntryKind::CharDev,
        FileKind::BlockDev => EntryKind::BlockDev,
    };
    let target = (kind == EntryKind::Symlink).then(|| {
        dir.read_link_child(&name).unwrap_or_else(|error| {
            warn(reading, &error);
            Vec::new()
        })
    });
    let xattrs = xattrs::read_child(dir, &name).map(|found| found.pairs).unwrap_or_else(|source| {
        warn(reading, &dir.error("read the attributes of", &name, source));
        Vec::new()
    });
    Entry {
        kind,
        mode: stat.mode12,
        uid: stat.uid,
        gid: stat.gid,
        user: None,
        group: None,
        mtime: stat.mtime,
        atime: None,
        size: if kind == EntryKind::File { stat.size } else { 0 },
        target,
        device: matches!(kind, EntryKind::CharDev | EntryKind::BlockDev).then_some(stat.rdev),
        hardlink: None,
        xattrs,
        flags: 0,
        holes: Vec::new(),
        chunks: ChunkList::default(),
        fault: None,
        name,
    }
}

/// A live file read as the snapshot's file is laid out: content, with holes in between.
struct LiveFile {
    file: File,
    holes: std::vec::IntoIter<(u64, u64)>,
    hole: Option<(u64, u64)>,
    position: u64,
}

impl LiveFile {
    /// Fills `buffer` with the next content; `false` if a hole is no hole here, or the file has ended.
    fn read_content(&mut self, buffer: &mut [u8]) -> std::io::Result<bool> {
        let mut filled = 0;
        while filled < buffer.len() {
            if !self.skip_holes()? {
                return Ok(false);
            }
            let room = self.hole.map_or(u64::MAX, |(start, _)| start.saturating_sub(self.position));
            let wanted = usize::try_from(room).unwrap_or(usize::MAX).min(buffer.len() - filled);
            let read = self.file.read_at(&mut buffer[filled..filled + wanted], self.position)?;
            if read == 0 {
                return Ok(false);
            }
            filled += read;
            self.position += read as u64;
        }
        Ok(true)
    }

    /// Passes the holes that begin here; `false` if the file has content where they are.
    fn skip_holes(&mut self) -> std::io::Result<bool> {
        while let Some((start, len)) = self.hole.filter(|(start, _)| *start <= self.position) {
            let end = start.saturating_add(len);
            self.file.seek(SeekFrom::Start(self.position))?;
            let mut left = (&self.file).take(end - self.position);
            let mut buffer = [0; 64 << 10];
            loop {
                let read = left.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                if buffer[..read].iter().any(|byte| *byte != 0) {
                    return Ok(false);
                }
            }
            self.position = end;
            self.hole = self.holes.next();
        }
        Ok(true)
    }
}
