//! Users, groups and their subordinate ids.

use serde::{Deserialize, Serialize};

use crate::system::model::Sensitive;

/// Users and groups, as the files have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accounts {
    /// `/etc/passwd` with `/etc/shadow`, in order.
    pub users: Vec<User>,
    /// `/etc/group` with `/etc/gshadow`, in order.
    pub groups: Vec<Group>,
    /// `/etc/subuid`, in order.
    pub sub_uids: Vec<SubordinateRange>,
    /// `/etc/subgid`, in order.
    pub sub_gids: Vec<SubordinateRange>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The first group's number.
    pub gid: u32,
    /// Full name and the like.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell.
    pub shell: String,
    /// Whether and how a password opens it.
    pub password: Password,
    /// The second field of `shadow`, exactly; none where `shadow` was not read.
    pub password_hash: Option<Sensitive>,
    /// Ageing of the password, as `shadow` has it.
    pub ageing: Ageing,
}

/// Whether and how a password opens an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Password {
    /// It was not looked at.
    #[default]
    Unknown,
    /// None opens it.
    None,
    /// One is set, but locked with `!`.
    Locked,
    /// One is set.
    Set,
    /// It is open without any.
    Empty,
}

/// Days as `shadow` counts them: since 1970-01-01, or lengths; none where the field is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ageing {
    /// When it was changed.
    pub changed_day: Option<i64>,
    /// How long it must stay.
    pub minimum_days: Option<i64>,
    /// How long it may stay.
    pub maximum_days: Option<i64>,
    /// How long before that to warn.
    pub warning_days: Option<i64>,
    /// How long after that it still opens.
    pub inactive_days: Option<i64>,
    /// When the account ends.
    pub expires_day: Option<i64>,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The number.
    pub gid: u32,
    /// Users that belong to it beside those whose first group it is, in order.
    pub members: Vec<String>,
    /// Users that may change it, in order.
    pub administrators: Vec<String>,
    /// The second field of `gshadow`, exactly; none where it was not read.
    pub password_hash: Option<Sensitive>,
}

/// Ids that a user may give to user namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubordinateRange {
    /// The user, by name or number.
    pub owner: String,
    /// The first.
    pub start: u64,
    /// How many.
    pub count: u64,
}
