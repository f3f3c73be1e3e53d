//! Every integration test, in one binary: what links once builds once.
//!
//! - `generated`: man/ and completions/ are what the definitions say
//! - `tidy`: the house rules hold in src/
//! - `command_line`: how the program ends, whatever is typed
//! - `fidelity`: what is backed up comes back as it was
//! - `backup`: what is read, what is stored, what ends a backup
//! - `attachments`: what a snapshot carries beside files
//! - `damage`: no damage goes unnoticed, and nothing wrong is ever restored
//! - `crash`: what is killed at any moment loses nothing that was acknowledged
//! - `chaos`: a store that fails in every way makes nothing wrong, and hardly ever ends a run
//! - `plan`: restores that are planned, cut off, gone on with, and cleaned up behind
//! - `keys`: roles hold what their slots hold
//! - `replicas`: a repository on several stores loses nothing with any of them
//! - `format`: a repository is read without lifeboat, and old ones stay readable
//! - `vectors`: what the format computes is what its test vectors say
//! - `s3`: repositories in buckets, on a real server
//! - `system`: the state of a machine is captured, shown and compared
//! - `demo`: the demo brings everything back

mod attachments;
mod backup;
mod chaos;
mod cold;
mod command_line;
mod crash;
mod damage;
mod demo;
mod fidelity;
mod format;
mod generated;
mod keys;
mod plan;
mod program;
mod replicas;
mod s3;
mod seaweed;
mod system;
mod tidy;
mod vectors;
mod world;
