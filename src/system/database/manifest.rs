//! `manifest.json`: what lies beside the dumps, for whoever restores them, with or without Lifeboat.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::repo::attachment::{Attachment, ContributeError, Sink};
use crate::system::database::client::{fault, file};

/// Its name.
pub const FILE: &str = "manifest.json";
/// Its schema.
pub const SCHEMA: &str = "lifeboat.database/1";
/// Its role among the attachment's files.
pub const ROLE: &str = "manifest";

/// What was dumped, and what a restored database is compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The engine, by its name.
    pub engine: String,
    /// The server's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What dumped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Where in the log it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// How to restore it with nothing but the database's own programs, line by line.
    pub restore: Vec<String>,
    /// The databases.
    pub databases: Vec<Database>,
}

/// One database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// What holds at the very moment of the dump, by what yields it: a query, such as `SELECT count(*) …`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expect: BTreeMap<String, String>,
}

impl Manifest {
    /// What `attachment` says of itself.
    pub fn of(attachment: &Attachment) -> Self {
        Self {
            schema: SCHEMA.into(),
            engine: attachment.engine.clone().unwrap_or_default(),
            version: attachment.version.clone(),
            tool: attachment.tool.clone(),
            position: attachment.position.clone(),
            restore: Vec::new(),
            databases: Vec::new(),
        }
    }

    /// Attaches it.
    pub fn put(&self, sink: &mut dyn Sink) -> Result<(), ContributeError> {
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| ContributeError(format!("{FILE}: {error}")))?;
        text.push(b'\n');
        sink.put(file(FILE, ROLE, ""), &mut text.as_slice()).map(drop).map_err(fault(FILE))
    }
}
