//! Snapshots of btrfs subvolumes. They lie in the subvolume itself, where there is no question whether it is
//! the same file system; subvolumes below it are not in them.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::system::volume::mounts::Mounts;
use crate::system::volume::{NAME, Planned, Removal, Runner, VolumeError, text};

/// The inode number that the top of every subvolume has.
const TOP_INODE: u64 = 256;

pub(super) fn plan(
    source: &Path,
    name: &str,
    mounts: &Mounts,
    runner: &dyn Runner,
) -> Result<Planned, VolumeError> {
    let unfit = |why: &str| VolumeError::Unfit { path: source.to_owned(), why: why.to_owned() };
    let mount = mounts.of(source).ok_or_else(|| unfit("it is on no mounted file system"))?;
    if mount.kind != "btrfs" {
        return Err(unfit(&format!("it is on {}, not on btrfs", mount.kind)));
    }
    let is_top = |path: &&Path| path.metadata().is_ok_and(|stat| stat.ino() == TOP_INODE && stat.is_dir());
    let within = source.ancestors().take_while(|path| path.starts_with(&mount.point));
    let origin = within.into_iter().find(is_top).ok_or_else(|| {
        unfit(
            "the top of its subvolume is not \
    mounted",
        )
    })?;
    let place = origin.join(format!(".{name}"));
    let (from, to) = (text(origin)?, text(&place)?);
    let command =
        |words: &[&str]| ["btrfs", "subvolume"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    Ok(Planned {
        origin: origin.to_owned(),
        create: vec![command(&["snapshot", "-r", &from, &to])],
        remove: vec![Removal {
            while_there: Some(place.clone()),
            while_mounted: None,
            argv: command(&["delete", &to]),
        }],
        place,
        missing: nested(origin, &from, runner)?,
    })
}

/// Subvolumes right below `origin`.
fn nested(origin: &Path, from: &str, runner: &dyn Runner) -> Result<Vec<(PathBuf, String)>, VolumeError> {
    let shown = runner.run(&["btrfs", "subvolume", "show", from])?;
    let listed = runner.run(&["btrfs", "subvolume", "list", "-o", from])?;
    let below = names_below(&shown, &listed);
    let other = below.into_iter().filter(|path| !path.to_string_lossy().starts_with(&format!(".{NAME}-")));
    Ok(other.map(|path| (origin.join(path), "it is a subvolume of its own".to_owned())).collect())
}

/// Paths of subvolumes below the one that `shown` is about, relative to it.
fn names_below(shown: &str, listed: &str) -> Vec<PathBuf> {
    // The first line is the subvolume's path from the top of the file system, which itself is `/`.
    let own = shown.lines().next().unwrap_or_default().trim().trim_matches('/');
    let own = if own == "<FS_TREE>" { "" } else { own };
    let paths = listed.lines().filter_map(|line| line.split_once(" path ").map(|(_, path)| path));
    let relative = paths.filter_map(|path| {
        let path = path.strip_prefix("<FS_TREE>/").unwrap_or(path);
        Path::new(path).strip_prefix(own).ok()
    });
    relative.map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subvolumes_below_are_named_relative_to_the_one_above() {
        let listed = "ID 258 gen 9 top level 257 path @/srv/data/inner\nID 260 gen 9 top level 257 path \
                      @/srv/x y\n";
        let names = names_below("@/srv\n\tName: \t\t\tsrv\n", listed);
        assert_eq!(names, [PathBuf::from("data/inner"), PathBuf::from("x y")]);
        let top = names_below("/\n\tName: \t\t\t<FS_TREE>\n", "ID 256 gen 8 top level 5 path inner\n");
        assert_eq!(top, [PathBuf::from("inner")]);
    }
}
