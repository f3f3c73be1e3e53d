//! Floor 0: the words every other floor speaks: ids, sizes, limits, time, secrets, the monitor trait.
//!
//! Nothing here does input or output, and nothing here knows a file format.

pub mod duration;
pub mod error_kind;
pub mod hex;
pub mod ids;
pub mod limits;
pub mod monitor;
pub mod recycle;
pub mod role;
pub mod secret;
pub mod size;
pub mod time;
