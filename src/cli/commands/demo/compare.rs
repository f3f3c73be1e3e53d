//! What a tree is, and how two of them differ: the demo's own judgement.
//!
//! It shares no code with backup and restore on purpose: what they both overlook must not be overlooked
//! here. Compared are kind, contents, permissions, owner, time of modification to the nanosecond, where
//! links lead, which files are one, and whether large holes are still holes.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::sys::meta::sparse;
use crate::ui::escape;

/// Shorter holes may come and go with the file system's blocks.
const HOLE_BYTES: u64 = 1 << 20;

/// Everything in a tree, by its path there.
#[derive(Debug, Default)]
pub struct Manifest {
    facts: BTreeMap<PathBuf, Fact>,
}

#[derive(Debug, PartialEq, Eq)]
struct Fact {
    content: Content,
    mode: u32,
    owner: (u32, u32),
    /// Seconds and nanoseconds. A link's own time is left out: not every file system lets it be set.
    modified: Option<(i64, i64)>,
    /// The first path in order that is the same file.
    same_as: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    File { size: u64, hash: blake3::Hash, has_holes: bool },
    Directory,
    Link(PathBuf),
    Other,
}

impl Manifest {
    /// Reads everything below `root`, or the one file that it is. A directory's own times are left out: they
    /// change with whatever is put into it.
    pub fn of(root: &Path) -> io::Result<Self> {
        let mut manifest = Self::default();
        let mut names: HashMap<(u64, u64), PathBuf> = HashMap::new();
        let mut open = vec![root.to_owned()];
        while let Some(path) = open.pop() {
            let metadata = fs::symlink_metadata(&path)?;
            if metadata.is_dir() {
                let mut children = Vec::new();
                for entry in fs::read_dir(&path)? {
                    children.push(entry?.path());
                }
                // The last comes first: so that files of several names are met in the same order always.
                children.sort_by(|left, right| right.cmp(left));
                open.append(&mut children);
            }
            if metadata.is_dir() && path == root {
                continue;
            }
            let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
            let fact = Fact::of(&path, &relative, &metadata, &mut names)?;
            manifest.facts.insert(relative, fact);
        }
        Ok(manifest)
    }

    /// Entries there are.
    pub fn entries(&self) -> u64 {
        self.facts.len() as u64
    }

    /// Bytes of all files, holes included.
    pub fn bytes(&self) -> u64 {
        let size = |fact: &Fact| match fact.content {
            Content::File { size, .. } if fact.same_as.is_none() => size,
            _ => 0,
        };
        self.facts.values().map(size).sum()
    }

    /// What differs in `other`, one line an entry.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, fact) in &self.facts {
            match other.facts.get(path) {
                None => lines.push(format!("{} is missing", shown(path))),
                Some(found) if found != fact => {
                    lines.push(format!("{} differs in {}", shown(path), fact.aspects(found).join(", ")));
                }
                Some(_) => {}
            }
        }
        let added = other.facts.keys().filter(|path| !self.facts.contains_key(*path));
        lines.extend(added.map(|path| format!("{} should not be there", shown(path))));
        lines
    }
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { "the directory itself".into() } else { escape::path(path) }
}

impl Fact {
    fn of(
        path: &Path,
        relative: &Path,
        metadata: &Metadata,
        names: &mut HashMap<(u64, u64), PathBuf>,
    ) -> io::Result<Self> {
        let kind = metadata.file_type();
        let content = if kind.is_file() {
            let file = File::open(path)?;
            let has_holes = !sparse::holes(&file, metadata.len(), HOLE_BYTES, 1)?.is_empty();
            let hash = blake3::Hasher::new().update_reader(&file)?.finalize();
            Content::File { size: metadata.len(), hash, has_holes }
        } else if kind.is_dir() {
            Content::Directory
        } else if kind.is_symlink() {
            Content::Link(fs::read_link(path)?)
        } else {
            Content::Other
        };
        let same_as = match kind.is_file() && metadata.nlink() > 1 {
            true => {
                let first =
                    names.entry((metadata.dev(), metadata.ino())).or_insert_with(|| relative.to_owned());
                Some(first.clone()).filter(|first| first != relative)
            }
            false => None,
        };
        let modified = (!kind.is_symlink()).then(|| (metadata.mtime(), metadata.mtime_nsec()));
        Ok(Self {
            content,
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            modified,
            same_as,
        })
    }

    fn aspects(&self, other: &Self) -> Vec<&'static str> {
        let content = match (&self.content, &other.content) {
            (Content::File { hash, .. }, Content::File { hash: found, .. }) if hash == found => "holes",
            (Content::File { .. }, Content::File { .. }) => "contents",
            (Content::Link(_), Content::Link(_)) => "where it leads",
            _ => "kind",
        };
        let aspects = [
            (self.content != other.content, content),
            (self.mode != other.mode, "permissions"),
            (self.owner != other.owner, "owner"),
            (self.modified != other.modified, "time"),
            (self.same_as != other.same_as, "hard links"),
        ];
        aspects.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::cli::commands::demo::sample;

    #[test]
    fn every_aspect_of_a_tree_is_compared() {
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("tree");
        sample::make(&tree).unwrap();
        let before = Manifest::of(&tree).unwrap();
        assert!(before.entries() > 200 && before.bytes() > 4 << 20);
        assert_eq!(before.differences(&Manifest::of(&tree).unwrap()), Vec::<String>::new());
        let touch = |name: &str| {
            let file = File::options().write(true).open(tree.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_nanos(1)).unwrap();
        };
        touch(sample::PHOTO);
        fs::set_permissions(tree.join(sample::TOOL), fs::Permissions::from_mode(0o700)).unwrap();
        fs::remove_file(tree.join(sample::EMPTY)).unwrap();
        fs::remove_file(tree.join(sample::LINK)).unwrap();
        std::os::unix::fs::symlink("elsewhere", tree.join(sample::LINK)).unwrap();
        let differences = before.differences(&Manifest::of(&tree).unwrap()).join("\n");
        for line in [
            format!("{} differs in time", sample::PHOTO),
            format!("{} differs in permissions", sample::TOOL),
            format!("{} is missing", sample::EMPTY),
            format!("{} differs in where it leads", sample::LINK),
        ] {
            assert!(differences.contains(&line), "{line}\n{differences}");
        }
    }

    #[test]
    fn a_flipped_bit_and_a_filled_hole_are_seen_though_size_and_time_are_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let (left, right) = (directory.path().join("left"), directory.path().join("right"));
        for path in [&left, &right] {
            fs::write(path, vec![0; 3 << 20]).unwrap();
            File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let whole = Manifest::of(&left).unwrap();
        assert!(whole.differences(&Manifest::of(&right).unwrap()).is_empty());
        let sparse = File::create(&right).unwrap();
        sparse.set_len(3 << 20).unwrap();
        sparse.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let lines = whole.differences(&Manifest::of(&right).unwrap());
        assert_eq!(lines, ["the directory itself differs in holes"]);
        std::os::unix::fs::FileExt::write_all_at(&sparse, &[1], 5000).unwrap();
        sparse.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let lines = whole.differences(&Manifest::of(&right).unwrap());
        assert_eq!(lines, ["the directory itself differs in contents"]);
    }
}
