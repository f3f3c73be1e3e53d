//! Which snapshots are protected: the young ones, and the newest of each host.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use crate::base::ids::SnapshotId;
use crate::base::time::Timestamp;
use crate::maintain::lock::LockError;
use crate::repo::read::IndexedRepository;
use crate::repo::snapshot::{self, Snapshot};

/// What is known of a snapshot without reading it, or with.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Whose it is.
    pub host: &'a str,
    /// When it was made, as far as is known.
    pub time: Option<Timestamp>,
}

/// For each of `candidates` whether it is protected at `now` by a window of `window`. What has no time
/// counts as young.
pub fn protected(candidates: &[Candidate<'_>], window: Duration, now: Timestamp) -> Vec<bool> {
    let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    let begin = Timestamp { seconds: now.seconds.saturating_sub(seconds), nanos: now.nanos };
    let is_young = |candidate: &Candidate<'_>| candidate.time.is_none_or(|time| time >= begin);
    let mut chosen: Vec<bool> = candidates.iter().map(is_young).collect();
    for (at, host) in distinct(candidates.iter().map(|candidate| candidate.host)) {
        let of_host = (at..candidates.len()).filter(|at| candidates[*at].host == host);
        // Of several of one time the last, as they are listed.
        if let Some(newest) = of_host.max_by_key(|at| candidates[*at].time) {
            chosen[newest] = true;
        }
    }
    chosen
}

/// A snapshot whose record cannot be read.
#[derive(Clone, Debug)]
pub struct Damaged {
    /// Its id.
    pub id: SnapshotId,
    /// Its host.
    pub host: String,
    /// Why.
    pub what: String,
}

/// The protected snapshots of a repository.
#[derive(Debug, Default)]
pub struct Protected {
    /// Those that can be read, the oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Those that cannot: nobody can tell what they need, nor how old they are.
    pub damaged: Vec<Damaged>,
}

/// The protected snapshots of a repository whose snapshots can be read. Whoever may write may store garbage
/// as a snapshot of any host: a record that is damaged is told, and keeps nothing else from being looked
/// after.
pub fn read(
    repository: &IndexedRepository,
    window: Duration,
    now: Timestamp,
) -> Result<Protected, LockError> {
    let repository = repository.repository();
    let (mut all, mut damaged) = (Vec::new(), Vec::new());
    for entry in snapshot::list(repository.client(), repository.keyring())? {
        match entry.snapshot {
            // A fence needs nothing.
            Ok(snapshot) => all.extend(snapshot),
            Err(error) => damaged.push(Damaged { id: entry.id, host: entry.host, what: error.to_string() }),
        }
    }
    let of = |snapshot: &'_ Snapshot| (snapshot.host.clone(), snapshot.time);
    let known: Vec<(String, Timestamp)> = all.iter().map(of).collect();
    let candidates: Vec<Candidate<'_>> =
        known.iter().map(|(host, time)| Candidate { host, time: Some(*time) }).collect();
    let chosen = protected(&candidates, window, now);
    let snapshots = all.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(snapshot, _)| snapshot);
    Ok(Protected { snapshots: snapshots.collect(), damaged })
}

fn distinct<T: Copy + Eq + Hash>(of: impl Iterator<Item = T>) -> Vec<(usize, T)> {
    let mut seen = HashSet::new();
    of.enumerate().filter(|(_, one)| seen.insert(*one)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Candidate, protected};
    use crate::base::time::Timestamp;

    #[test]
    fn young_snapshots_and_the_newest_of_each_host_are_protected() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let of = |host, time| Candidate { host, time };
        let all = [
            of("a", at(10)),
            of("a", at(95)),
            of("old", at(1)),
            of("old", at(5)),
            of("b", at(90)),
            of("b", at(89)),
            of("c", None),
        ];
        let window = Duration::from_secs(10);
        let chosen = protected(&all, window, Timestamp { seconds: 100, nanos: 0 });
        assert_eq!(chosen, [false, true, false, true, true, false, true]);
        assert!(protected(&[], window, Timestamp::default()).is_empty());
    }
}
