//! The target against names, links and depths that are out to get it.
