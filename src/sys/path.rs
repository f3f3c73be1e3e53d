//! Names and places: the bytes a directory entry is called, and the chain of names down to it.
//!
//! A place is kept as a chain of shared nodes, not as a string: a hundred thousand entries below
//! one deep directory share its whole path, and text is made only when a message needs it.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::sys::error::show_path;

/// Refuses what is no name of a directory entry: empty, `.`, `..`, or with a `/` or a NUL.
pub fn check_name(name: &[u8]) -> io::Result<()> {
    let wrong = match name {
        b"" => "the name is empty",
        b"." | b".." => "the name is `.` or `..`",
        _ if name.contains(&b'/') => "the name has a `/`",
        _ if name.contains(&0) => "the name has a NUL",
        _ => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}

/// Where something is: a root as the user named it, and the names below it.
#[derive(Clone)]
pub struct Place(Arc<Node>);

struct Node {
    parent: Option<Place>,
    name: Box<[u8]>,
    /// Names below the root.
    depth: usize,
}

impl Place {
    /// A root, as its path was given.
    pub fn root(path: &[u8]) -> Self {
        Self(Arc::new(Node { parent: None, name: path.into(), depth: 0 }))
    }

    /// `name` below this.
    pub fn child(&self, name: &[u8]) -> Self {
        let depth = self.0.depth.saturating_add(1);
        Self(Arc::new(Node { parent: Some(self.clone()), name: name.into(), depth }))
    }

    /// The last name; the whole path of a root.
    pub fn name(&self) -> &[u8] {
        &self.0.name
    }

    /// How many names lie below the root.
    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// The names below the root, topmost first.
    pub fn names(&self) -> Vec<&[u8]> {
        let mut names = Vec::with_capacity(self.0.depth);
        let mut node = &self.0;
        while let Some(parent) = &node.parent {
            names.push(&*node.name);
            node = &parent.0;
        }
        names.reverse();
        names
    }

    /// The whole path's bytes: the root's path, then the names, joined by `/`.
    pub fn path(&self) -> Vec<u8> {
        let mut node = &self.0;
        while let Some(parent) = &node.parent {
            node = &parent.0;
        }
        let mut path = node.name.to_vec();
        for name in self.names() {
            if path.last().is_some_and(|last| *last != b'/') {
                path.push(b'/');
            }
            path.extend_from_slice(name);
        }
        path
    }

    /// The path of `name` below this.
    pub fn path_of(&self, name: &[u8]) -> Vec<u8> {
        let mut path = self.path();
        if path.last().is_some_and(|last| *last != b'/') {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        path
    }
}

impl Drop for Node {
    /// One node after the other: a chain of a million names must not be a million calls deep.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(place) = next {
            next = Arc::into_inner(place.0).and_then(|mut node| node.parent.take());
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_path(&self.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for wrong in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0"] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
        for right in [&b"..."[..], b"a", b"\xff", b" ", b"-rf"] {
            assert!(check_name(right).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn a_place_spells_its_path_and_its_names() {
        let place = Place::root(b"/").child(b"etc").child(b"ssh");
        assert_eq!(place.path(), b"/etc/ssh");
        assert_eq!(place.names(), [&b"etc"[..], b"ssh"]);
        assert_eq!(Place::root(b"/srv").path_of(b"x"), b"/srv/x");
        assert_eq!((place.depth(), Place::root(b"").child(b"x").path()), (2, b"x".to_vec()));
    }

    #[test]
    fn a_very_deep_place_can_be_dropped() {
        let mut place = Place::root(b"/");
        for _ in 0..1_000_000 {
            place = place.child(b"d");
        }
        assert_eq!(place.depth(), 1_000_000);
        drop(place);
    }
}
