//! The three roles, and what each may do.
//!
//! A role is never a flag: it is what a key slot holds (design: split authority). The order is that
//! of growing authority, so `have >= need` is the whole question.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the holder of a key slot can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Adds snapshots and deduplicates; reads no old data, deletes nothing.
    Writer,
    /// Sees names and structure, collects garbage; reads no contents.
    Maintainer,
    /// Reads everything, enrols hosts, manages slots.
    Restorer,
}

impl Role {
    /// The role that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "writer" => Some(Role::Writer),
            "maintainer" => Some(Role::Maintainer),
            "restorer" => Some(Role::Restorer),
            _ => None,
        }
    }

    /// The role's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Writer => "writer",
            Role::Maintainer => "maintainer",
            Role::Restorer => "restorer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
