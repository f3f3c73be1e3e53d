//! Keys: the names of objects in a store, checked once and then trusted by every backend.
//!
//! The alphabet is what every file system and every object store can hold without quoting. Nothing
//! that is spelled here can climb out of a directory, hide as an option, or differ between stores.

use std::fmt;

use crate::store::error::StoreError;

/// Longest key, in bytes (the bound of S3).
pub const KEY_MAX_BYTES: usize = 1024;
/// Longest segment of a key, in bytes (the bound of Linux file systems).
pub const SEGMENT_MAX_BYTES: usize = 255;
/// The first segment that no key may have: backends keep unfinished writes there.
pub const RESERVED_SEGMENT: &str = "tmp";

/// The name of an object: segments of `[A-Za-z0-9._@:+-]`, joined by `/`.
///
/// No segment is empty, `.` or `..`, or longer than 255 bytes; the first is never `tmp`; the whole
/// is at most 1024 bytes. A key that continues another one's segments (`a` and `a/b`) must not be
/// used: directories cannot hold both.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Checks and takes the name.
    pub fn new(name: impl Into<String>) -> Result<Self, StoreError> {
        let name = name.into();
        match fault(&name) {
            None => Ok(Self(name)),
            Some(why) => Err(StoreError::InvalidKey { key: shortened(&name), why }),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Everything before the last `/`, and the last segment; the former is empty where there is none.
    pub fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.0)
    }
}

/// Checks what `list` is asked for: empty, or a key followed by `/`.
pub fn check_prefix(prefix: &str) -> Result<(), StoreError> {
    let why = match prefix.strip_suffix('/') {
        None if prefix.is_empty() => None,
        None => Some("a prefix ends in '/'"),
        Some(path) => fault(path),
    };
    match why {
        None => Ok(()),
        Some(why) => Err(StoreError::InvalidKey { key: shortened(prefix), why }),
    }
}

/// What is wrong with `name` as a key, if anything.
fn fault(name: &str) -> Option<&'static str> {
    if name.len() > KEY_MAX_BYTES {
        return Some("it is longer than 1024 bytes");
    }
    if name.split('/').next() == Some(RESERVED_SEGMENT) {
        return Some("'tmp' is reserved for unfinished writes");
    }
    name.split('/').find_map(segment_fault)
}

fn segment_fault(segment: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@:+-".contains(&byte);
    match segment {
        "" => Some("it has an empty segment"),
        "." | ".." => Some("it has a segment '.' or '..'"),
        _ if segment.len() > SEGMENT_MAX_BYTES => Some("a segment is longer than 255 bytes"),
        _ if !segment.bytes().all(allowed) => Some("only A-Z a-z 0-9 . _ @ : + - and / may stand in it"),
        _ => None,
    }
}

/// At most the first 80 characters, made harmless, for a message.
fn shortened(name: &str) -> String {
    name.chars().take(80).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::{Key, check_prefix};

    #[test]
    fn keys_of_the_format_are_accepted() {
        let long = format!("snapshots/{}/0123", "h".repeat(255));
        for name in ["config", "packs/0f/0f12", "keys/a@b:c+d-e_f.age", "gc/state", "x/tmp", "tmpx", &long] {
            assert_eq!(Key::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_could_climb_hide_or_differ_are_refused() {
        let long = "a/".repeat(512) + "a";
        let segment = "s".repeat(256);
        let wrong = [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a b", "a\0b", "a\\b", "ä", "a\n",
            "tmp", "tmp/x", "a*", "~a", &long, &segment,
        ];
        for name in wrong {
            assert!(Key::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_prefix_is_empty_or_a_key_and_a_slash() {
        for right in ["", "packs/", "snapshots/host/"] {
            assert!(check_prefix(right).is_ok(), "{right:?}");
        }
        for wrong in ["packs", "/", "../", "a//", "tmp/"] {
            assert!(check_prefix(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_key_splits_into_its_folder_and_its_leaf() {
        assert_eq!(Key::new("a/b/c").unwrap().split(), ("a/b", "c"));
        assert_eq!(Key::new("config").unwrap().split(), ("", "config"));
    }
}
