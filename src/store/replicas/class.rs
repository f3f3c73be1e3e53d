//! Which keys can be contested, and how it is decided who gets them: see the argument in `replicas`.

use crate::store::key::Key;

/// How writers of a key are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its name is random and used once: nobody races.
    Free,
    /// Created once; a majority of the required replicas decides whose body it is.
    Voted,
    /// Swapped; the first required replica decides.
    Led,
}

/// The class of a key. What is not known is led: that allows everything.
pub fn of(key: &Key) -> Class {
    match key.as_str().split_once('/') {
        Some(("packs" | "index" | "sessions", _)) => Class::Free,
        Some(("snapshots" | "keys" | "evidence" | "runbooks", _)) => Class::Voted,
        _ => Class::Led,
    }
}
