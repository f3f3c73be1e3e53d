//! Restores of made-up repositories, whole, damaged and hostile, onto a real file system.

mod damage;
mod existing;
mod fidelity;
mod hostile;
mod world;
