//! The folders of a directory store: made where they are missing, and made to outlive a loss of power.
//!
//! A new file is durable only once every name on its way is: its folder's name in the folder above, and
//! so on up to the root. Syncing those is dear, so a folder is done once in a process and remembered.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fd::OwnedFd;
use rustix::fs::{self, Mode};
use rustix::io::Errno;

use crate::store::directory::beneath::Beneath;
use crate::store::key::RESERVED_SEGMENT as TMP;

/// Folders whose own names are known to be durable.
#[derive(Debug, Default)]
pub struct Folders(Mutex<HashSet<String>>);

impl Folders {
    /// The folder of an object to be written, made durably where it is missing. `""` is the root.
    pub fn open_or_make(&self, beneath: &Beneath, path: &str) -> Result<OwnedFd, Errno> {
        if path.is_empty() || self.durable().contains(path) {
            match beneath.open_dir(path) {
                Err(Errno::NOENT) => {}
                result => return result,
            }
        }
        let mut parent = beneath.open_dir("")?;
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for end in ends {
            let folder = &path[..end];
            let name = folder.rsplit_once('/').map_or(folder, |(_, name)| name);
            make(&parent, name)?;
            // Even where it stood already: whoever made it may not have come to this yet.
            sync(&parent)?;
            parent = beneath.open_dir(folder)?;
        }
        self.durable().insert(path.to_owned());
        Ok(parent)
    }

    /// The set stays whole even where a thread died holding it.
    fn durable(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directory for unfinished writes, made where it is missing. It need not outlive anything.
pub fn open_or_make_tmp(beneath: &Beneath) -> Result<OwnedFd, Errno> {
    match beneath.open_dir(TMP) {
        Err(Errno::NOENT) => {
            make(&beneath.open_dir("")?, TMP)?;
            beneath.open_dir(TMP)
        }
        result => result,
    }
}

/// Makes `path` and its missing parents, private to the owner, so that they outlive a loss of power.
pub fn make_root(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        match std::fs::DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => {}
            result => result?,
        }
        if let Some(parent) = directory.parent() {
            sync(&OwnedFd::from(File::open(parent)?))?;
        }
    }
    Ok(())
}

/// Makes the names in a directory durable. File systems that know no such thing say `INVAL`.
pub fn sync(directory: &OwnedFd) -> Result<(), Errno> {
    match fs::fsync(directory) {
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(()),
        result => result,
    }
}

fn make(parent: &OwnedFd, name: &str) -> Result<(), Errno> {
    match fs::mkdirat(parent, name, Mode::from_raw_mode(0o700)) {
        Err(Errno::EXIST) => Ok(()),
        result => result,
    }
}
