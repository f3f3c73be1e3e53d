//! Paths inside a snapshot: bytes, absolute, and shown so that no terminal is harmed.

use std::fmt;

use crate::browse::error::BrowseError;

/// A path in a snapshot: the names from the root down. The root itself has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SnapPath(Vec<Vec<u8>>);

impl SnapPath {
    /// Reads `/a/b`, `a/b` or `/a//b/`: all the same path. `.` is skipped where it changes nothing.
    pub fn parse(text: &[u8]) -> Result<Self, BrowseError> {
        let names = text.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".");
        let names: Vec<Vec<u8>> = names.map(<[u8]>::to_vec).collect();
        if names.iter().any(|name| name == b".." || name.contains(&0)) {
            return Err(BrowseError::Path { path: show(text) });
        }
        Ok(Self(names))
    }

    /// The names from the root down.
    pub fn names(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path's bytes, with a `/` before every name; `/` for the root.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.iter().for_each(|name| push(&mut bytes, name));
        if bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes
    }
}

impl fmt::Display for SnapPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show(&self.to_bytes()))
    }
}

/// Appends a name to a path; the root is the empty path here.
pub fn push(path: &mut Vec<u8>, name: &[u8]) {
    path.push(b'/');
    path.extend_from_slice(name);
}

/// A path for messages: what is no text is replaced, control characters are escaped.
pub fn show(path: &[u8]) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let mut shown = String::with_capacity(path.len());
    for character in String::from_utf8_lossy(path).chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one_path() {
        let path = SnapPath::parse(b"/etc/ssh").unwrap();
        for text in [&b"etc/ssh"[..], b"/etc//ssh/", b"./etc/./ssh"] {
            assert_eq!(SnapPath::parse(text).unwrap(), path);
        }
        assert_eq!(path.to_bytes(), b"/etc/ssh");
        assert!(SnapPath::parse(b"/").unwrap().is_root());
        assert_eq!(SnapPath::parse(b"").unwrap().to_bytes(), b"/");
    }

    #[test]
    fn paths_that_climb_are_refused_and_control_characters_are_shown() {
        assert!(SnapPath::parse(b"a/../b").is_err());
        assert!(SnapPath::parse(b"a\0b").is_err());
        assert_eq!(show(b"/a\x1b[31m\n\xff"), "/a\\u{1b}[31m\\n\u{fffd}");
    }
}
