//! Every integration test, in one binary: what links once builds once.
//!
//! - `generated`: man/ and completions/ are what the definitions say
//! - `tidy`: the house rules hold in src/
//! - `command_line`: how the program ends, whatever is typed
//! - `fidelity`: what is backed up comes back as it was
//! - `backup`: what is read, what is stored, what ends a backup
//! - `attachments`: what a snapshot carries beside files
//! - `databases`: databases in use come back as one moment of theirs
//! - `damage`: no damage goes unnoticed, and nothing wrong is ever restored
//! - `consistency`: files that hold still while they are read, and are let go whatever happens
//! - `crash`: what is killed at any moment loses nothing that was acknowledged
//! - `chaos`: a store that fails in every way makes nothing wrong, and hardly ever ends a run
//! - `plan`: restores that are planned, cut off, gone on with, and cleaned up behind
//! - `plan_disks`: disks that a plan must not overwrite are not overwritten
//! - `plan_killed`: a machine's disk that is made again comes out the same wherever the run was killed
//! - `plan_runs`: what runs of plans leave behind, prove, are told, and ask at a terminal
//! - `plan_sandbox`: databases and services that come up in a sandbox and are asked there
//! - `keys`: roles hold what their slots hold
//! - `replicas`: a repository on several stores loses nothing with any of them
//! - `format`: a repository is read without lifeboat, and old ones stay readable
//! - `vectors`: what the format computes is what its test vectors say
//! - `notify`: people are told, by real peers
//! - `credentials`: each way by which credentials come, with services on loopback
//! - `policies`: each role does all of its work with the rights that are printed for it, and no more
//! - `s3`: repositories in buckets, on a real server
//! - `runbook`, `runbook_crash`, `runbook_database`, `runbook_people`, `runbook_plan`: what is done in a
//!   disaster, whatever comes between
//! - `vault`: locked objects, and repositories as they were, on a real server
//! - `system`: the state of a machine is captured, shown and compared
//! - `converge`: a fresh system becomes what the captured one was
//! - `machine`: a whole machine, lost and rebuilt in QEMU
//! - `demo`: the demo brings everything back

mod attachments;
mod backup;
mod chaos;
mod cold;
mod command_line;
mod consistency;
mod converge;
mod crash;
mod credentials;
mod damage;
mod databases;
mod demo;
mod fidelity;
mod format;
mod generated;
mod keys;
mod machine;
mod notify;
mod plan;
mod plan_disks;
mod plan_killed;
mod plan_runs;
mod plan_sandbox;
mod policies;
mod program;
mod replicas;
mod runbook;
mod runbook_crash;
mod runbook_database;
mod runbook_people;
mod runbook_plan;
mod s3;
mod seaweed;
mod servers;
mod system;
mod tidy;
mod timed;
mod vault;
mod vectors;
mod versity;
mod world;
