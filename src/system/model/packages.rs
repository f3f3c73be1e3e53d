//! Installed software, and where it comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Installed software.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packages {
    /// Which database was read.
    pub manager: PackageManager,
    /// The front end there is: `apt`, `dnf`, `yum`, `zypper`, `pacman`.
    pub front_end: Option<String>,
    /// The database's own architecture, such as `amd64` or `x86_64`.
    pub architecture: Option<String>,
    /// Further architectures (`dpkg --add-architecture`).
    pub foreign_architectures: Vec<String>,
    /// What is installed, sorted by name, architecture and version.
    pub installed: Vec<Package>,
    /// Enabled module streams of dnf, as `name:stream`.
    pub module_streams: Vec<String>,
    /// Where packages come from, in order of the files.
    pub repositories: Vec<Repository>,
    /// Keys that are trusted to sign, sorted by path.
    pub keys: Vec<RepositoryKey>,
}

/// A package database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageManager {
    /// Debian and its kin.
    Dpkg,
    /// Fedora, RHEL, SUSE and their kin.
    Rpm,
    /// Arch and its kin.
    Pacman,
    /// None that is known.
    #[default]
    Unknown,
}

/// An installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version in full, with epoch and release: `1:2.3-4`, `2.38-14.fc39`.
    pub version: String,
    /// `amd64`, `x86_64`, `all`, `noarch`.
    pub architecture: String,
    /// Whether it is wholly installed, or how far it got.
    pub status: PackageStatus,
    /// Whether it is kept at its version (`apt-mark hold`, `versionlock`).
    pub is_held: bool,
    /// Whether somebody asked for it, as opposed to a package that needs it; none where it is not known.
    pub is_manual: Option<bool>,
    /// The repository it came from, where that is recorded.
    pub origin: Option<String>,
}

/// How far a package is installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageStatus {
    /// Wholly.
    #[default]
    Installed,
    /// Removed, but its configuration is left.
    ConfigFiles,
    /// Neither: an installation broke off.
    Broken,
}

/// Where packages come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// The file that says so.
    pub file: String,
    /// `deb`, `deb-src`, `rpm`, `pacman`.
    pub kind: String,
    /// Its id, such as `fedora`; for apt what tells it apart from others: kind, address and suite.
    pub id: String,
    /// Its title.
    pub name: Option<String>,
    /// Whether it is used.
    pub is_enabled: bool,
    /// Base addresses, mirror lists and metalinks, without user and password.
    pub urls: Vec<String>,
    /// apt's suites.
    pub suites: Vec<String>,
    /// apt's components.
    pub components: Vec<String>,
    /// Keys it must be signed with: paths, addresses or fingerprints.
    pub signed_by: Vec<String>,
    /// Whether signatures of packages or lists are checked.
    pub is_verified: bool,
    /// Its other settings.
    pub options: BTreeMap<String, String>,
}

/// A key that signs packages; the file itself is kept beside the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositoryKey {
    /// Its file, or `rpm` with the package's name for one in rpm's own database.
    pub path: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// The path of its copy below the state's directory.
    pub file: Option<String>,
}
