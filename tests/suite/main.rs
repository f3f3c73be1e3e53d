//! Every integration test, in one binary: what links once builds once.
//!
//! - `generated`: man/ and completions/ are what the definitions say
//! - `tidy`: the house rules hold in src/
//! - `command_line`: how the program ends, whatever is typed
//! - `demo`: the demo brings everything back

mod command_line;
mod demo;
mod generated;
mod program;
mod tidy;
