//! Files of a plan as restores of the floor below.

use std::path::{Path, PathBuf};

use crate::plan::artefact::{Amount, Files, PackUse};
use crate::restore::options::{Overwrite, OwnerMode, OwnerPolicy, RestoreOptions, Selection};
use crate::restore::plan::RestorePlan;
use crate::sys::error::SysResult;
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

/// What the restore is asked to do; `is_afar` says that the store is behind a network.
pub fn options(root: &str, files: &Files, state_dir: &Path, is_afar: bool) -> RestoreOptions {
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
    if is_afar { options.from_afar() } else { options }
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
