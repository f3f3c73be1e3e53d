//! Files of a plan as restores of the floor below.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::base::limits;
use crate::plan::artefact::{Amount, Files, PackUse};
use crate::repo::read::IndexedRepository;
use crate::restore::options::{Overwrite, OwnerMode, OwnerPolicy, RestoreOptions, Selection};
use crate::restore::plan::RestorePlan;
use crate::sys::error::SysResult;
use crate::sys::rooted::Rooted;
use crate::sys::target::Target;

/// The directory below `root` that `files` go to.
pub fn directory(root: &str, files: &Files) -> PathBuf {
    below(root, &files.to)
}

/// `path`, absolute as seen from `root`, on this machine.
pub fn below(root: &str, path: &str) -> PathBuf {
    let names = path.split('/').filter(|name| !name.is_empty() && *name != ".");
    Path::new(root).join(names.collect::<Vec<_>>().join("/"))
}

/// Makes the directory below `root` that `files` go to; a link on the way, which could lead out, is refused.
pub fn make_directory(root: &str, files: &Files) -> SysResult<()> {
    let names: Vec<&[u8]> =
        files.to.split('/').filter(|name| !name.is_empty() && *name != ".").map(str::as_bytes).collect();
    Target::create(Path::new(root))?.make_dirs(&names).map(drop)
}

/// What the restore from `indexed` is asked to do, in about `memory_limit` bytes where that is said.
pub fn options(
    root: &str,
    files: &Files,
    state_dir: &Path,
    indexed: &IndexedRepository,
    memory_limit: Option<u64>,
) -> RestoreOptions {
    let options = RestoreOptions {
        selection: Selection {
            subpath: files.from.as_ref().map(|path| path.clone().into_bytes()),
            include: files.include.clone(),
            exclude: files.exclude.clone(),
        },
        overwrite: match files.overwrite.as_str() {
            "never" => Overwrite::Never,
            "always" => Overwrite::Always,
            _ => Overwrite::IfChanged,
        },
        delete: files.delete,
        verify: files.read_back,
        owners: OwnerPolicy {
            mode: match files.owners.as_str() {
                "numeric" => OwnerMode::Numeric,
                "none" => OwnerMode::None,
                _ => OwnerMode::ByName,
            },
            ..OwnerPolicy::default()
        },
        allow_devices: files.allow_devices,
        allow_setuid: files.allow_setuid,
        sync: true,
        ..RestoreOptions::new(directory(root, files), state_dir)
    };
    match indexed.repository().client().store().blocking() {
        Some(_) => options,
        None => options.from_afar(memory_limit),
    }
}

/// Gives files of a system at `root` that is not the running one to the accounts of that name *there*: the
/// running system may know the same names by other numbers.
pub fn owners_of(root: &str, policy: &mut OwnerPolicy) -> SysResult<()> {
    if root == "/" || policy.mode != OwnerMode::ByName {
        return Ok(());
    }
    let system = Rooted::open(Path::new(root))?;
    let rows = |path: &str| -> SysResult<Vec<(String, String)>> {
        match system.read(path, limits::SYSTEM_FILE_MAX_BYTES, false) {
            Ok(read) => Ok(String::from_utf8_lossy(&read.bytes).lines().filter_map(numbered).collect()),
            Err(error) if error.io_kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    };
    let (users, groups) = (rows("/etc/passwd")?, rows("/etc/group")?);
    // Names that it does not know are not looked up in the running one either.
    *policy = OwnerPolicy { mode: OwnerMode::Numeric, users, groups };
    Ok(())
}

/// Name and number of a line of `passwd` or `group`.
fn numbered(line: &str) -> Option<(String, String)> {
    let mut fields = line.split(':');
    let (name, number) = (fields.next()?, fields.nth(1)?);
    (!name.is_empty() && number.parse::<u32>().is_ok()).then(|| (name.to_owned(), number.to_owned()))
}

/// What `plan` comes to.
pub fn amount(plan: &RestorePlan) -> (Amount, Vec<PackUse>) {
    let counts = plan.counts();
    let amount = Amount {
        files: counts.files,
        entries: counts.create + counts.update,
        bytes: counts.restore_bytes,
        fetch_bytes: counts.fetch_bytes,
        requests: counts.requests,
    };
    let packs = plan.pack_reads();
    let packs = packs
        .into_iter()
        .map(|reads| PackUse { pack: reads.pack, requests: reads.requests, bytes: reads.bytes })
        .collect();
    (amount, packs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_another_root_belong_to_those_that_it_knows_by_the_name() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/passwd"), "root:x:0:0::/:/bin/sh\napp:x:77:7:::\nbad\n")
            .unwrap();
        let mut policy = OwnerPolicy::default();
        owners_of(root.path().to_str().unwrap(), &mut policy).unwrap();
        let row = |name: &str, number: &str| (name.to_owned(), number.to_owned());
        assert_eq!(policy.users, [row("root", "0"), row("app", "77")]);
        assert_eq!((policy.groups.len(), policy.mode), (0, OwnerMode::Numeric));
        let mut own = OwnerPolicy::default();
        owners_of("/", &mut own).unwrap();
        assert_eq!(own, OwnerPolicy::default());
    }
}
