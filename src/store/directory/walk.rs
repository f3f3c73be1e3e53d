//! Listing: every object beneath a prefix, while others come and go.

use rustix::fs::{self, AtFlags, Dir, FileType};
use rustix::io::Errno;

use crate::base::time::Timestamp;
use crate::store::ObjectMeta;
use crate::store::directory::beneath::Beneath;
use crate::store::key::Key;

/// What file systems put at the root of a disk for themselves.
const LOST_AND_FOUND: &str = "lost+found";

/// All objects beneath `prefix`, sorted by key; or the path that could not be read, and why.
///
/// What cannot be an object (a link, a pipe, a name that is no key) is passed over: nobody can ask
/// for it either.
pub fn list(beneath: &Beneath, prefix: &str) -> Result<Vec<ObjectMeta>, (String, Errno)> {
    let mut found = Vec::new();
    let mut pending = vec![prefix.to_owned()];
    while let Some(folder) = pending.pop() {
        if let Err(error) = list_one(beneath, &folder, &mut found, &mut pending) {
            // It went away, or never was there.
            if !matches!(error, Errno::NOENT | Errno::NOTDIR) {
                return Err((folder, error));
            }
        }
    }
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    // A directory that changes while it is read may show one name twice.
    found.dedup_by(|a, b| a.key == b.key);
    Ok(found)
}

/// Adds the objects of one folder to `found` and its folders to `pending`. `folder` ends in `/`.
fn list_one(
    beneath: &Beneath,
    folder: &str,
    found: &mut Vec<ObjectMeta>,
    pending: &mut Vec<String>,
) -> Result<(), Errno> {
    let directory = beneath.open_dir(folder.trim_end_matches('/'))?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        let Ok(key) = Key::new(format!("{folder}{name}")) else { continue };
        if key.as_str() == LOST_AND_FOUND {
            continue;
        }
        if !matches!(entry.file_type(), FileType::RegularFile | FileType::Directory | FileType::Unknown) {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            pending.push(format!("{key}/"));
            continue;
        }
        let stat = match fs::statat(&directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => continue,
            stat => stat?,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => found.push(meta(key, &stat)),
            FileType::Directory => pending.push(format!("{key}/")),
            _ => {}
        }
    }
    Ok(())
}

/// An object's metadata from its file's.
pub fn meta(key: Key, stat: &fs::Stat) -> ObjectMeta {
    let nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    ObjectMeta {
        key,
        // A file's size is never negative.
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified: Some(Timestamp::from((stat.st_mtime, nanos))),
        version: None,
    }
}
