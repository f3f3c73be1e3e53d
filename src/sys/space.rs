//! How much room a file system has.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::sys::error::{SysError, SysResult};

/// What a file system has left for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Which file system: the same number for all its paths.
    pub device: u64,
    /// Bytes.
    pub bytes: u64,
    /// Inodes; none where they are made as needed.
    pub inodes: Option<u64>,
}

/// What the file system of `path`, which is there, has left.
pub fn free(path: &Path) -> SysResult<Free> {
    let failed = |error: std::io::Error| SysError::at("look at the file system of", path, error);
    let device = std::fs::metadata(path).map_err(failed)?.dev();
    let found = rustix::fs::statvfs(path).map_err(|error| failed(error.into()))?;
    Ok(Free {
        device,
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        inodes: (found.f_files > 0).then_some(found.f_favail),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_room_and_what_is_not_there_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let room = free(dir.path()).unwrap();
        assert!(room.bytes > 0 && room.inodes != Some(0));
        assert!(free(&dir.path().join("none")).unwrap_err().is_not_found());
    }
}
