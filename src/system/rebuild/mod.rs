//! Rebuilding a machine from its captured state: pure functions from state, disk mapping and options to a list
//! of actions. Nothing here looks at the machine it runs on, and nothing is carried out.

pub mod rewrite;
