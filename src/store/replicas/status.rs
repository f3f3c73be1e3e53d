//! How the replicas stand, as reports and commands tell it.

use std::sync::atomic::Ordering;

use serde::Serialize;

use crate::base::time::Clock as _;
use crate::store::replicas::Set;
use crate::store::replicas::breaker::State;
use crate::sys::clock::SystemClock;

/// How one replica stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaState {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What fails together with it.
    pub zone: Option<String>,
    /// `required` or `mirror`.
    pub role: &'static str,
    /// Its share of the reads.
    pub weight: u32,
    /// `ok`, `behind` (it works, but something is queued for it), or `down`.
    pub state: &'static str,
    /// Objects it missed in this run.
    pub missed_objects: u64,
    /// Objects that wait to be brought to it.
    pub queued_objects: u64,
    /// Seconds since the oldest of them was missed.
    pub lag_seconds: u64,
    /// Copies that were replaced by good ones in this run.
    pub repaired_objects: u64,
    /// What is wrong with it, as far as is known.
    pub error: Option<String>,
}

/// How all of them stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetState {
    /// `ok`, or `degraded` where any replica is not.
    pub state: &'static str,
    /// How many required replicas must hold a write.
    pub write_quorum: usize,
    /// Reads that were asked of a second replica because the first was late.
    pub hedged_reads: u64,
    /// Each of them, in the configured order.
    pub replicas: Vec<ReplicaState>,
}

impl SetState {
    /// Whether any replica is not as it should be.
    pub fn is_degraded(&self) -> bool {
        self.state != "ok"
    }
}

impl Set {
    /// How the replicas stand, as far as this process knows.
    pub fn state(&self) -> SetState {
        let now = SystemClock.now().seconds;
        let replicas: Vec<ReplicaState> = self
            .members()
            .iter()
            .map(|member| {
                let entries = member.queue.entries();
                let oldest = entries.values().map(|entry| entry.since).min();
                let error = member.trouble();
                let is_down = member.store().is_none() || member.state() != State::Closed;
                ReplicaState {
                    name: member.spec.name.clone(),
                    url: member.spec.url.clone(),
                    zone: member.spec.zone.clone(),
                    role: member.spec.role.as_str(),
                    weight: member.spec.weight,
                    state: match (is_down, entries.is_empty()) {
                        (true, _) => "down",
                        (false, false) => "behind",
                        (false, true) => "ok",
                    },
                    missed_objects: member.missed.load(Ordering::Relaxed),
                    queued_objects: entries.len() as u64,
                    lag_seconds: oldest.map_or(0, |since| now.saturating_sub(since).max(0) as u64),
                    repaired_objects: member.repaired.load(Ordering::Relaxed),
                    error,
                }
            })
            .collect();
        let is_ok = replicas.iter().all(|replica| replica.state == "ok");
        SetState {
            state: if is_ok { "ok" } else { "degraded" },
            write_quorum: self.quorum(),
            hedged_reads: self.hedged(),
            replicas,
        }
    }
}
