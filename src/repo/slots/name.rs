//! Names of key slots: `<role>-<label>-<8 hexadecimal digits>`, so that a listing tells who has keys.
//!
//! Nothing in a name is authentic, for a store may rename what it holds: names order the tries and
//! inform people; what a slot is worth is what it turns out to hold.

use std::fmt;

use crate::base::hex;
use crate::base::role::Role;
use crate::crypto::derive::random_bytes;

/// Longest label, in bytes.
const LABEL_MAX_BYTES: usize = 64;

/// The name of a key slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotName {
    /// The role it was made for.
    pub role: Role,
    /// The owner's name for it.
    pub label: String,
    /// What tells slots of one label apart.
    pub id: [u8; 4],
}

impl SlotName {
    /// A name that was not used before; `label` must be a label.
    pub fn fresh(role: Role, label: &str) -> Self {
        Self { role, label: label.into(), id: random_bytes() }
    }

    /// The name that `text` spells, if it spells one.
    pub fn parse(text: &str) -> Option<Self> {
        let (role, rest) = text.split_once('-')?;
        let (label, id) = rest.rsplit_once('-')?;
        let role = Role::parse(role)?;
        is_label(label).then_some(Self { role, label: label.into(), id: hex::decode(id)? })
    }
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.role, self.label, hex::encode(&self.id))
    }
}

/// Whether `text` can be a label: 1 to 64 of `[A-Za-z0-9._@+-]`, beginning with a letter or digit.
pub fn is_label(text: &str) -> bool {
    text.len() <= LABEL_MAX_BYTES
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::SlotName;
    use crate::base::role::Role;

    #[test]
    fn names_survive_their_spelling() {
        for label in ["web1", "web-1.example.org", "a", "alice@home+spare"] {
            let name = SlotName::fresh(Role::Maintainer, label);
            assert_eq!(SlotName::parse(&name.to_string()), Some(name));
        }
        let wrong = ["", "writer", "writer-web1", "writer--01234567", "owner-a-01234567", "writer-a-0123456"];
        for text in wrong.iter().chain(&["writer-a/b-01234567", "writer-.a-01234567", "writer-a-0123456Z"]) {
            assert_eq!(SlotName::parse(text), None, "{text}");
        }
    }
}
