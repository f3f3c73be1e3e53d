//! Floor 8: who is told of what, and by what: events, contacts, channels, and the outbox between them.
//!
//! An event is written to the outbox, with everybody who is to be told, before anything is sent; from
//! there it is delivered by whoever comes next: the command that made it, another one, or `watch`. So
//! nothing is lost when the network is down or the process is killed. What may have been sent is repeated
//! only where the other side recognises repetitions.
//!
//! - `event`, `model`: what happened; who there is to be told
//! - `template`, `quiet`, `route`: in which words, when, and by which channels
//! - `entry`, `outbox`: one event's memory, and the directory that holds them
//! - `notifier`, `deliver`, `escalate`: raising, delivering, and what comes where nobody acknowledges
//! - `channel`: one file for each way to tell; `disabled`: those whose other side wants no more
//! - `status`, `watch`: how each job went last, and what is overdue
//!
//! Left out: reading the configuration and secrets (`cli`), and any thread of its own.

pub mod channel;
pub mod deliver;
pub mod disabled;
pub mod entry;
pub mod error;
pub mod escalate;
pub mod event;
pub mod model;
pub mod notifier;
pub mod outbox;
pub mod quiet;
pub mod route;
pub mod status;
pub mod template;
pub mod watch;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
