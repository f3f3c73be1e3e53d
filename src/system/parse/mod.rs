//! What programs print and files hold, read into the model: pure functions of recorded text.
//!
//! None of them runs anything or looks anywhere, so that each is tested on what real systems gave
//! (`fixtures/system`). Text comes from outside and may be anything: a line that makes no sense is left out,
//! never a panic; where nothing makes sense the answer is `None` or empty, and the collector says so.

pub mod accounts;
pub mod apt;
pub mod btrfs;
pub mod containers;
pub mod cron;
pub mod dnf;
pub mod dpkg;
pub mod efi;
pub mod ext;
pub mod fat;
pub mod ip;
pub mod json;
pub mod lsblk;
pub mod luks;
pub mod lvm;
pub mod md;
pub mod mounts;
pub mod names;
pub mod nft;
pub mod rpm;
pub mod settings;
pub mod sfdisk;
pub mod systemd;
pub mod text;
pub mod xfs;
