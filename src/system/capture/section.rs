//! What one collector finds: its section of the document.

use std::io;

use serde::Serialize;

use crate::system::model::accounts::Accounts;
use crate::system::model::boot::Boot;
use crate::system::model::containers::Containers;
use crate::system::model::host::Host;
use crate::system::model::network::Network;
use crate::system::model::packages::Packages;
use crate::system::model::services::{Schedules, Services};
use crate::system::model::settings::Settings;
use crate::system::model::storage::Storage;

/// One collector's part of the document.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Section {
    Host(Host),
    Boot(Boot),
    Storage(Box<Storage>),
    Packages(Packages),
    Services(Services),
    Schedules(Schedules),
    Accounts(Accounts),
    Settings(Settings),
    Network(Network),
    Containers(Containers),
}

impl Section {
    /// How long it is as JSON without spaces.
    pub fn json_bytes(&self) -> u64 {
        let mut counted = Counted(0);
        // Writing to a counter cannot fail, and all keys are text.
        let _ = serde_json::to_writer(&mut counted, self);
        counted.0
    }

    /// The same section without anything in it.
    pub fn emptied(self) -> Self {
        match self {
            Section::Host(_) => Section::Host(Host::default()),
            Section::Boot(_) => Section::Boot(Boot::default()),
            Section::Storage(_) => Section::Storage(Box::default()),
            Section::Packages(_) => Section::Packages(Packages::default()),
            Section::Services(_) => Section::Services(Services::default()),
            Section::Schedules(_) => Section::Schedules(Schedules::default()),
            Section::Accounts(_) => Section::Accounts(Accounts::default()),
            Section::Settings(_) => Section::Settings(Settings::default()),
            Section::Network(_) => Section::Network(Network::default()),
            Section::Containers(_) => Section::Containers(Containers::default()),
        }
    }
}

/// Counts what is written to it.
struct Counted(u64);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
