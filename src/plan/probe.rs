//! Verifications as data: what must hold after a component was restored.

use serde::{Deserialize, Serialize};

use crate::system::action::CommandLine;

/// What must hold, and how long it may take until it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// What must hold.
    pub probe: Probe,
    /// How long it is tried, in seconds.
    pub within_seconds: u64,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// A command succeeds, and its output is, or contains, this. Queries are commands of their engine's
    /// client.
    Command {
        /// What is run.
        command: CommandLine,
        /// What it prints, blanks around it not counted.
        expect: Option<String>,
        /// What stands in what it prints.
        contains: Option<String>,
    },
    /// A URL answers.
    Http {
        /// What is asked for.
        url: String,
        /// The status; any from 200 to 299 if none.
        status: Option<u16>,
        /// What stands in the answer.
        contains: Option<String>,
    },
    /// A file is there.
    File {
        /// Below the root.
        path: String,
        /// What stands in it.
        contains: Option<String>,
        /// How long it is at least.
        min_bytes: Option<u64>,
    },
    /// Files are those of the snapshot, byte for byte.
    Checksum {
        /// The paths of the snapshot that are compared.
        paths: Vec<Compared>,
        /// What is left out, in gitignore syntax.
        exclude: Vec<String>,
    },
    /// Something listens.
    Port {
        /// Where.
        host: String,
        /// Which.
        port: u16,
    },
}

/// A path of the snapshot, and where it is below the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// In the snapshot.
    pub from: String,
    /// Below the root.
    pub to: String,
}
