//! A directory as a tar archive, or a file as itself, streamed.
//!
//! Sparse files are written out plain; sockets are left out, for tar has none. A chunk that cannot be had
//! does not end the archive: once a header says how long a file is, its contents must be there, so zeros
//! stand for what is lost, and the report names the file. That way one damaged block costs one file.

use std::collections::HashMap;
use std::io::Write;

use serde::Serialize;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Event;
use crate::browse::cat::write_file;
use crate::browse::content::{Body, BodyError, write_zeros};
use crate::browse::error::BrowseError;
use crate::browse::path::{SnapPath, show};
use crate::browse::reading::{Reading, root_of};
use crate::browse::stream::{self, Feeder, Output};
use crate::browse::tar_header::{end_blocks, member_header, padding_len};
use crate::browse::walk::{Step, look_up, walk};
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// The schema of a [`DumpReport`].
pub const DUMP_SCHEMA: &str = "lifeboat.dump/1";
/// Damaged files that are named; all are counted.
const NAMED_MAX: usize = 1000;

/// What was written.
#[derive(Clone, Debug, Serialize)]
pub struct DumpReport {
    /// Always [`DUMP_SCHEMA`].
    pub schema: &'static str,
    /// Entries in the archive.
    pub entries: u64,
    /// Bytes of files' contents.
    pub content_bytes: u64,
    /// Sockets left out.
    pub sockets: u64,
    /// Files whose contents are not all there.
    pub damaged: u64,
    /// The first of them, and why.
    pub damaged_files: Vec<(String, String)>,
}

impl DumpReport {
    /// `Damage` if a file's contents are not all there.
    pub fn failure(&self) -> Option<ErrorKind> {
        (self.damaged > 0).then_some(ErrorKind::Damage)
    }

    fn new() -> Self {
        let (entries, content_bytes, sockets, damaged) = (0, 0, 0, 0);
        Self { schema: DUMP_SCHEMA, entries, content_bytes, sockets, damaged, damaged_files: Vec::new() }
    }
}

/// One member on its way from the walk to the archive.
struct Member {
    path: Vec<u8>,
    entry: Entry,
    link_to: Option<Vec<u8>>,
}

/// Writes `path` of `snapshot` to `out`: a file's contents as they are, anything else as a tar archive whose
/// names are the full paths without their leading `/`.
pub fn dump(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    path: &SnapPath,
    out: &mut dyn Write,
) -> Result<DumpReport, BrowseError> {
    let root = root_of(snapshot)?;
    if let Some(entry) = look_up(reading, &root, path)?
        && entry.kind == EntryKind::File
    {
        write_file(reading, &path.to_bytes(), &entry, out)?;
        return Ok(DumpReport { entries: 1, content_bytes: entry.size, ..DumpReport::new() });
    }
    dump_tar(reading, &root, path, out)
}

/// Writes everything at and below `path` of the tree `root` as a tar archive.
pub fn dump_tar(
    reading: &Reading<'_>,
    root: &ChunkList,
    path: &SnapPath,
    out: &mut dyn Write,
) -> Result<DumpReport, BrowseError> {
    let mut archive = Archive { out, reading: *reading, open: None, report: DumpReport::new() };
    stream::run(reading, |feeder| feed(reading, root, path, feeder), |output| archive.take(output))?;
    archive.finish()
}

/// Walks the tree: a mark for each entry, and its chunks after it.
fn feed(
    reading: &Reading<'_>,
    root: &ChunkList,
    start: &SnapPath,
    feeder: &mut Feeder<'_, Member>,
) -> Result<(), BrowseError> {
    // The first name of each file that has several: memory grows with those files only.
    let mut first_names: HashMap<(u64, u64), Vec<u8>> = HashMap::new();
    let heard = |heard: bool| if heard { Ok(()) } else { Err(BrowseError::Interrupted) };
    walk(reading, root, start, &mut |path: &[u8], entry: &mut Entry| {
        let name = path.strip_prefix(b"/").unwrap_or(path).to_vec();
        let link_to = match entry.hardlink.filter(|_| entry.kind != EntryKind::Dir) {
            Some(group) => match first_names.get(&group) {
                Some(first) => Some(first.clone()),
                None => {
                    first_names.insert(group, name.clone());
                    None
                }
            },
            None => None,
        };
        let chunks = match entry.kind {
            EntryKind::File => std::mem::take(&mut entry.chunks),
            _ => ChunkList::default(),
        };
        let has_content = link_to.is_none();
        heard(feeder.mark(Member { path: name, entry: bare(entry), link_to }))?;
        if has_content {
            reading.each_id(path, &chunks, |id| heard(feeder.chunk(id)))?;
        }
        Ok(Step::Into)
    })
}

/// The entry without a directory's chunks, which an archive does not need.
fn bare(entry: &Entry) -> Entry {
    Entry { chunks: ChunkList::default(), ..entry.clone() }
}

struct Archive<'a, 'r> {
    out: &'a mut dyn Write,
    reading: Reading<'r>,
    open: Option<Open>,
    report: DumpReport,
}

/// The file whose contents are being written.
struct Open {
    path: Vec<u8>,
    size: u64,
    body: Body,
    damage: Option<String>,
    /// Whether the place of the next chunk is unknown, so that nothing more can be written.
    is_lost: bool,
}

impl Archive<'_, '_> {
    fn take(&mut self, output: Output<Member>) -> Result<(), BrowseError> {
        match output {
            Output::Mark(member) => {
                self.close()?;
                self.begin(member)
            }
            Output::Chunk(bytes) => {
                self.reading.monitor.event(Event::Advance { files: 0, bytes: bytes.len() as u64 });
                let Some(open) = self.open.as_mut().filter(|open| !open.is_lost) else { return Ok(()) };
                let written = open.body.write(&bytes, self.out);
                open.told(written)
            }
            Output::Lost(len, error) if error.kind() == ErrorKind::Damage => {
                let Some(open) = &mut self.open else { return Ok(()) };
                open.damage.get_or_insert_with(|| error.to_string());
                match len {
                    Some(len) if !open.is_lost => {
                        let written = open.body.write_lost(u64::from(len), self.out);
                        open.told(written)
                    }
                    _ => {
                        open.is_lost = true;
                        Ok(())
                    }
                }
            }
            // A role that is too small or a store that is away is no damage of this file.
            Output::Lost(_, source) => {
                let path = self.open.as_ref().map_or_else(String::new, |open| show(&open.path));
                Err(BrowseError::Read { path, source })
            }
        }
    }

    fn begin(&mut self, member: Member) -> Result<(), BrowseError> {
        let Member { path, entry, link_to } = member;
        self.reading.monitor.event(Event::Current(&show(&path)));
        let Some(header) = member_header(&path, &entry, link_to.as_deref()) else {
            self.report.sockets += 1;
            return Ok(());
        };
        self.out.write_all(&header).map_err(BrowseError::Output)?;
        self.report.entries += 1;
        if entry.kind == EntryKind::File && link_to.is_none() {
            let body = Body::new(&entry);
            self.open = Some(Open { path, size: entry.size, body, damage: None, is_lost: false });
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), BrowseError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let left = open.body.finish(self.out).or_else(|error| open.told(Err(error)).map(|()| 0))?;
        if left > 0 {
            open.damage.get_or_insert_with(|| format!("{left} bytes of its contents are missing"));
        }
        open.body.fill(self.out).map_err(BrowseError::Output)?;
        write_zeros(padding_len(open.size), self.out).map_err(BrowseError::Output)?;
        self.report.content_bytes = self.report.content_bytes.saturating_add(open.size);
        self.reading.monitor.event(Event::Advance { files: 1, bytes: 0 });
        if let Some(why) = open.damage {
            let path = show(&open.path);
            self.reading.monitor.event(Event::Warning(&format!("{path}: {why}; zeros stand in its place")));
            self.report.damaged += 1;
            if self.report.damaged_files.len() < NAMED_MAX {
                self.report.damaged_files.push((path, why));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<DumpReport, BrowseError> {
        self.close()?;
        self.out.write_all(&end_blocks()).map_err(BrowseError::Output)?;
        self.out.flush().map_err(BrowseError::Output)?;
        Ok(self.report)
    }
}

impl Open {
    /// Chunks that are longer than their file are damage of that file; a failing output ends everything.
    fn told(&mut self, written: Result<(), BodyError>) -> Result<(), BrowseError> {
        match written {
            Ok(()) => Ok(()),
            Err(BodyError::Output(error)) => Err(BrowseError::Output(error)),
            Err(BodyError::TooLong) => {
                self.damage.get_or_insert_with(|| "its chunks are longer than the file".to_owned());
                self.is_lost = true;
                Ok(())
            }
        }
    }
}
