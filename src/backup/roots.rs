//! The sources as one tree below `/`: which directories are passed through, and which are taken whole.

use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::backup::error::BackupError;
use crate::sys::error::{SysError, show_path};

/// A place on the way to sources, or a source itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootNode {
    /// Whether everything below is taken.
    pub is_source: bool,
    /// Names below, where only some are taken.
    pub children: BTreeMap<Vec<u8>, RootNode>,
}

impl RootNode {
    /// The sources below this node, which is `/`.
    pub fn sources(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![(PathBuf::from("/"), self)];
        while let Some((path, node)) = open.pop() {
            let children = node.children.iter().rev();
            open.extend(children.map(|(name, child)| (path.join(std::ffi::OsStr::from_bytes(name)), child)));
            if node.is_source {
                found.push(path);
            }
        }
        found
    }
}

/// The absolute paths of `sources` without links on the way, and the tree they make.
///
/// A source that is itself a link is taken as the link, unless its path ends with `/`.
pub fn resolve(sources: &[PathBuf]) -> Result<(Vec<PathBuf>, RootNode), BackupError> {
    let mut root = RootNode::default();
    let mut paths = Vec::new();
    for source in sources {
        let path = absolute(source).map_err(|error| BackupError::Source {
            path: show_path(source.as_os_str().as_bytes()),
            source: SysError::at("find", source, error),
        })?;
        let mut node = &mut root;
        for name in path.as_os_str().as_bytes().split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            node = node.children.entry(name.to_vec()).or_default();
        }
        node.is_source = true;
        paths.push(path);
    }
    prune(&mut root);
    paths.sort();
    paths.dedup();
    Ok((paths, root))
}

fn absolute(source: &Path) -> std::io::Result<PathBuf> {
    let bytes = source.as_os_str().as_bytes();
    let follow = bytes.ends_with(b"/") || bytes.ends_with(b"/.") || source.file_name().is_none();
    if follow {
        return std::fs::canonicalize(source);
    }
    let parent = match source.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The name itself may be a link and stays one; it has to be there, though.
    std::fs::symlink_metadata(source)?;
    let mut path = std::fs::canonicalize(parent)?.into_os_string().into_vec();
    if path != b"/" {
        path.push(b'/');
    }
    // `file_name` was there when `follow` was decided.
    path.extend_from_slice(source.file_name().unwrap_or_default().as_bytes());
    Ok(PathBuf::from(std::ffi::OsString::from_vec(path)))
}

/// A source inside a source is already taken.
fn prune(node: &mut RootNode) {
    if node.is_source {
        node.children.clear();
    }
    node.children.values_mut().for_each(prune);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_inside_sources_are_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        let (paths, root) = resolve(&[dir.path().join("a/b"), dir.path().join("a")]).unwrap();
        assert_eq!(paths.len(), 2);
        assert_eq!(root.sources(), [dir.path().canonicalize().unwrap().join("a")]);
        let mut node = &root;
        while let Some(child) = node.children.values().next() {
            assert_eq!(node.children.len(), 1);
            node = child;
        }
        assert!(node.is_source);
    }

    #[test]
    fn a_link_is_taken_as_a_link_unless_a_slash_follows() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir(base.join("real")).unwrap();
        std::os::unix::fs::symlink("real", base.join("link")).unwrap();
        assert_eq!(resolve(&[base.join("link")]).unwrap().0, [base.join("link")]);
        assert_eq!(resolve(&[base.join("link/")]).unwrap().0, [base.join("real")]);
        assert!(resolve(&[base.join("gone")]).is_err());
    }
}
