//! Rebuilding a machine from its captured state: pure functions from state, disk mapping and options to a
//! list of actions. Nothing here looks at the machine it runs on, and nothing is carried out.
//!
//! Bare metal goes through the captured devices once, parents first: `layout` says where partitions come to
//! lie, `layers` makes arrays, LUKS containers and volumes, `file_systems` makes and mounts what holds files,
//! and, once the files are back, `boot` makes the machine start. Everything keeps its UUID, so that most
//! configuration stays true; `identity` says what has to change, because a disk was left out, was called by
//! its kernel name, or because the hardware is another.
//!
//! `converge` is for a machine that runs already: what it lacks, from packages to units.
//!
//! Restoring files is not here: the planner does it between the stages `FileSystems` and `Boot`.

pub mod bare_metal;
mod boot;
pub mod converge;
pub mod error;
mod file_systems;
mod identity;
mod layers;
mod layout;
mod lvm;
mod partitions;
pub mod rewrite;
mod stack;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
