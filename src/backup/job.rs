//! What ties the runs of one job together on this machine: its key, its lock, and the names its catalogue
//! keeps.

use std::path::Path;

use crate::backup::catalogue::Description;
use crate::backup::entries::OwnerNames;
use crate::backup::error::BackupError;
use crate::backup::options::BackupOptions;
use crate::sys::file::create_private_dir;
use crate::sys::lock::{Lock, LockError};

/// What makes two backups runs of the same job: the job's name, or the host and the sources.
pub fn job_key(options: &BackupOptions, names: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    match &options.job {
        Some(job) => hasher.update(b"job\0").update(job.as_bytes()),
        None => hasher.update(b"sources\0").update(options.host.as_bytes()),
    };
    for name in names {
        hasher.update(b"\0").update(name.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Keeps another run of the job `job` away for as long as the answer lives.
pub fn lock_job(state_dir: &Path, job: &str) -> Result<Lock, BackupError> {
    let dir = state_dir.join("locks");
    create_private_dir(&dir).map_err(LockError::Sys)?;
    Ok(Lock::acquire(&dir.join(format!("{job}.lock")))?)
}

/// The owners' names of this backup, and those that lines of the one before may still hold.
pub fn merged_names(old: Option<Description>, new: &OwnerNames) -> OwnerNames {
    let mut names = new.clone();
    if let Some(old) = old {
        for (uid, name) in old.users {
            names.users.entry(uid).or_insert(name);
        }
        for (gid, name) in old.groups {
            names.groups.entry(gid).or_insert(name);
        }
    }
    names
}
