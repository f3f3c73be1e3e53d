//! Floor 8: what people see: progress, tables, numbers and names in a form fit for a terminal.
//!
//! Nothing here decides anything: it is told where it writes, how wide that is and whether colours
//! are wanted, and it never reads the environment.

pub mod escape;
pub mod format;
pub mod progress;
pub mod report;
pub mod style;
pub mod table;
pub mod terminal;
