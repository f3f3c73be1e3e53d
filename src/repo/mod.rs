//! Floor 5: the repository: config, keys, sessions, snapshots, trees. FORMAT.md lives here.

mod ahead;
pub mod attachment;
pub mod certificate;
pub mod chain;
pub mod cold;
pub mod config;
pub mod copies;
pub mod evidence;
pub mod init;
pub mod keyring;
pub mod open;
pub mod pin;
pub mod read;
pub mod record;
pub mod session;
pub mod slots;
pub mod snapshot;
pub mod tree;

#[cfg(test)]
mod tests;
