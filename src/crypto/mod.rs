//! Floor 2: cryptography: nothing but age files, Ed25519 signatures and keys derived with BLAKE3.
//!
//! `sealed` is what data goes through; `recipients` and `identities` are what key slots are sealed
//! to and opened by. There is no cipher and no construction of our own here: whatever this module
//! seals, stock age opens, and the tests hold it against age's library in both directions.

pub mod derive;
pub mod error;
mod header;
pub mod identities;
mod payload;
pub mod prompts;
pub mod recipients;
pub mod sealed;
pub mod sign;
mod ssh;
pub mod x25519;
