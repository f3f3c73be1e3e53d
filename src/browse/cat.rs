//! The contents of one file, streamed.

use std::io::Write;

use crate::base::monitor::Event;
use crate::browse::content::{Body, BodyError};
use crate::browse::error::BrowseError;
use crate::browse::path::{SnapPath, show};
use crate::browse::reading::{Reading, root_of};
use crate::browse::row::kind_word;
use crate::browse::stream::{self, Output};
use crate::browse::walk::look_up;
use crate::repo::snapshot::Snapshot;
use crate::repo::tree::{Entry, EntryKind};

/// Writes the contents of the file `path` of `snapshot` to `out`; answers its entry. Everything is verified
/// before it is written; the first chunk that cannot be had ends it with an error.
pub fn cat(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    path: &SnapPath,
    out: &mut dyn Write,
) -> Result<Entry, BrowseError> {
    let root = root_of(snapshot)?;
    let entry = match look_up(reading, &root, path)? {
        Some(entry) if entry.kind == EntryKind::File => entry,
        Some(entry) => {
            return Err(BrowseError::NotFile { path: path.to_string(), kind: kind_word(entry.kind) });
        }
        None => return Err(BrowseError::NotFile { path: "/".into(), kind: kind_word(EntryKind::Dir) }),
    };
    write_file(reading, &path.to_bytes(), &entry, out)?;
    Ok(entry)
}

/// Writes the contents of the file `entry`, which lies at `path`.
pub fn write_file(
    reading: &Reading<'_>,
    path: &[u8],
    entry: &Entry,
    out: &mut dyn Write,
) -> Result<(), BrowseError> {
    reading.monitor.event(Event::Total { files: 1, bytes: entry.size });
    let mut body = Body::new(entry);
    stream::run::<()>(
        reading,
        |feeder| {
            reading.each_id(path, &entry.chunks, |id| match feeder.chunk(id) {
                true => Ok(()),
                false => Err(BrowseError::Interrupted),
            })
        },
        |output| match output {
            Output::Chunk(bytes) => {
                reading.monitor.event(Event::Advance { files: 0, bytes: bytes.len() as u64 });
                body.write(&bytes, out).map_err(|error| told(error, path, entry))
            }
            Output::Lost(_, source) => Err(BrowseError::Read { path: show(path), source }),
            Output::Mark(()) => Ok(()),
        },
    )?;
    let missing = body.finish(out).map_err(|error| told(error, path, entry))?;
    if missing > 0 {
        let (expected, actual) = (entry.size, entry.size - missing);
        return Err(BrowseError::Length { path: show(path), expected, actual });
    }
    reading.monitor.event(Event::Advance { files: 1, bytes: 0 });
    out.flush().map_err(BrowseError::Output)
}

fn told(error: BodyError, path: &[u8], entry: &Entry) -> BrowseError {
    match error {
        BodyError::Output(error) => BrowseError::Output(error),
        BodyError::TooLong => BrowseError::Length {
            path: show(path),
            expected: entry.size,
            actual: entry.size.saturating_add(1),
        },
    }
}
