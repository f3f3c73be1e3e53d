//! Writing a small file whole beneath the target: beside, then renamed over what has its name.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;

use rustix::fs::{Gid, Mode, Uid};

use crate::sys::error::SysResult;
use crate::sys::stat::FileKind;
use crate::sys::target::TargetDir;

/// The largest file that is changed in place.
const FILE_MAX_BYTES: u64 = 16 << 20;

impl TargetDir {
    /// Gives `name` these bytes, permissions and, if it is told, owner and group; durable when it returns,
    /// and after a crash the old or the new file is there, whole. A link that has the name is replaced, not
    /// followed.
    pub fn replace_file(
        &self,
        name: &[u8],
        bytes: &[u8],
        mode: u32,
        owner: Option<(u32, u32)>,
    ) -> SysResult<()> {
        let draft = format!(".lifeboat-{}.tmp", std::process::id());
        self.unlink(draft.as_bytes())?;
        let mut file = self.create_file(draft.as_bytes())?;
        let filled = fill(&mut file, bytes, mode, owner);
        let result = filled
            .map_err(|error| self.handle().error("write", name, error))
            .and_then(|()| self.rename(draft.as_bytes(), self, name, true));
        if result.is_err() {
            // Ours, and of no use; the first error is what matters.
            let _ = self.unlink(draft.as_bytes());
        }
        result.and_then(|()| self.sync())
    }

    /// Gives the regular file `name` what `change` makes of its bytes; owner and permissions stay. Whether
    /// it was there; where nothing changes nothing is written.
    pub fn change_file(&self, name: &[u8], change: impl FnOnce(&[u8]) -> Vec<u8>) -> SysResult<bool> {
        match self.look(name)? {
            None => return Ok(false),
            Some(stat) if stat.kind != FileKind::File => {
                let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
                return Err(self.handle().error("change", name, error));
            }
            Some(_) => {}
        }
        let (file, stat) = self.open_existing_for_update(name)?;
        let mut old = Vec::new();
        let failed = |error| self.handle().error("read", name, error);
        file.take(FILE_MAX_BYTES + 1).read_to_end(&mut old).map_err(failed)?;
        if old.len() as u64 > FILE_MAX_BYTES {
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large to be changed")));
        }
        let new = change(&old);
        if new != old {
            self.replace_file(name, &new, stat.mode12, Some((stat.uid, stat.gid)))?;
        }
        Ok(true)
    }
}

fn fill(file: &mut File, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Some((user, group)) = owner {
        rustix::fs::fchown(file.as_fd(), Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
    }
    // After the owner: changing that takes setuid bits away.
    rustix::fs::fchmod(file.as_fd(), Mode::from_raw_mode(mode & 0o7777))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use crate::sys::target::Target;

    #[test]
    fn a_file_is_replaced_whole_and_no_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("victim"), "victim").unwrap();
        symlink("victim", dir.path().join("f")).unwrap();
        let target = Target::open(dir.path()).unwrap();
        target.root().replace_file(b"f", b"new", 0o640, None).unwrap();
        assert_eq!(std::fs::read(dir.path().join("victim")).unwrap(), b"victim");
        assert_eq!(std::fs::read(dir.path().join("f")).unwrap(), b"new");
        assert_eq!(std::fs::metadata(dir.path().join("f")).unwrap().mode() & 0o7777, 0o640);
        assert!(target.root().change_file(b"f", |old| [old, b"er"].concat()).unwrap());
        assert_eq!(std::fs::read(dir.path().join("f")).unwrap(), b"newer");
        assert_eq!(std::fs::metadata(dir.path().join("f")).unwrap().mode() & 0o7777, 0o640);
        assert!(!target.root().change_file(b"none", |_| vec![]).unwrap());
        symlink("victim", dir.path().join("g")).unwrap();
        assert!(target.root().change_file(b"g", |_| vec![]).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}
