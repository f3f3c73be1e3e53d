//! In which order replicas are asked for an object. Pure: what is known of each is handed in.

use crate::store::replicas::breaker::{State, mix};
use crate::store::replicas::spec::ReadPolicy;
use crate::store::replicas::speed::Speed;

/// Every so many reads `fastest` begins with another one than the fastest.
const EXPLORE_EVERY: u64 = 32;

/// What is known of a replica when a read begins.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Its name: what the hash goes by, so that adding one moves only its own share.
    pub name: &'a str,
    /// Its share.
    pub weight: u32,
    /// Its breaker.
    pub state: State,
    /// How fast it is.
    pub speed: Speed,
    /// Reads under way.
    pub connections: usize,
    /// Bytes it was asked for and has not delivered.
    pub outstanding_bytes: u64,
}

/// The order in which to ask for `bytes` of `key`; `turn` counts reads. Replicas whose breaker is open
/// come last, and so do those of weight 0: better late than never.
pub fn order(
    policy: ReadPolicy,
    candidates: &[Candidate<'_>],
    key: &str,
    bytes: u64,
    turn: u64,
) -> Vec<usize> {
    let mut scored: Vec<(u8, f64, usize)> = candidates
        .iter()
        .enumerate()
        .map(|(at, one)| (rank(one), score(policy, one, key, bytes), at))
        .collect();
    scored.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut order: Vec<usize> = scored.iter().map(|(_, _, at)| *at).collect();
    let usable = scored.iter().filter(|(rank, ..)| *rank == 0).count();
    if usable > 1 {
        match policy {
            ReadPolicy::RoundRobin => rotate(&mut order[..usable], candidates, turn),
            ReadPolicy::LeastConnections => spread_ties(&mut order[..usable], &scored, turn),
            ReadPolicy::Fastest if turn % EXPLORE_EVERY == EXPLORE_EVERY - 1 => {
                let other = 1 + (mix(turn) % (usable as u64 - 1)) as usize;
                order[..=other].rotate_right(1);
            }
            ReadPolicy::Fastest | ReadPolicy::Hash => {}
        }
    }
    order
}

fn rank(candidate: &Candidate<'_>) -> u8 {
    match candidate.state {
        State::Closed if candidate.weight > 0 => 0,
        // A trial is worth one read, but not a place before those that work.
        State::Closed => 1,
        State::HalfOpen => 2,
        State::Open => 3,
    }
}

fn score(policy: ReadPolicy, candidate: &Candidate<'_>, key: &str, bytes: u64) -> f64 {
    let weight = f64::from(candidate.weight.max(1));
    match policy {
        ReadPolicy::Fastest => candidate.speed.expected_seconds(bytes, candidate.outstanding_bytes) / weight,
        ReadPolicy::RoundRobin => 0.0,
        ReadPolicy::LeastConnections => candidate.connections as f64 / weight,
        ReadPolicy::Hash => {
            // Weighted rendezvous hashing: -ln(u)/w is an exponential variable of rate w, and the
            // smallest of several falls to each with a chance in proportion to its rate.
            let mut hasher = blake3::Hasher::new();
            hasher.update(&(candidate.name.len() as u64).to_le_bytes());
            hasher.update(candidate.name.as_bytes()).update(key.as_bytes());
            let mut bytes = [0; 8];
            hasher.finalize_xof().fill(&mut bytes);
            let uniform = ((u64::from_le_bytes(bytes) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            -uniform.ln() / weight
        }
    }
}

/// Begins with the one whose turn it is, each as often as its weight says.
fn rotate(order: &mut [usize], candidates: &[Candidate<'_>], turn: u64) {
    let total: u64 = order.iter().map(|at| u64::from(candidates[*at].weight)).sum();
    // Steps of the golden ratio visit the shares evenly, and not one share after the other.
    let mut place = ((u128::from(turn.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * u128::from(total)) >> 64) as u64;
    let first = order.iter().position(|at| {
        let weight = u64::from(candidates[*at].weight);
        let here = place < weight;
        place = place.saturating_sub(weight);
        here
    });
    order.rotate_left(first.unwrap_or(0));
}

/// Takes turns among those that are equally good.
fn spread_ties(order: &mut [usize], scored: &[(u8, f64, usize)], turn: u64) {
    let ties = scored.iter().take_while(|one| one.0 == 0 && one.1 == scored[0].1).count().min(order.len());
    if ties > 1 {
        order[..ties].rotate_left((turn % ties as u64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn candidate(name: &str, weight: u32) -> Candidate<'_> {
        let (speed, state) = (Speed::default(), State::Closed);
        Candidate { name, weight, state, speed, connections: 0, outstanding_bytes: 0 }
    }

    /// How often each comes first in `turns` reads of different keys.
    fn firsts(policy: ReadPolicy, candidates: &[Candidate<'_>], turns: u64) -> Vec<u64> {
        let mut counts = vec![0; candidates.len()];
        for turn in 0..turns {
            counts[order(policy, candidates, &format!("packs/{turn}"), 1000, turn)[0]] += 1;
        }
        counts
    }

    #[test]
    fn shares_follow_weights() {
        let candidates = [candidate("a", 1), candidate("b", 2), candidate("c", 5)];
        for policy in [ReadPolicy::RoundRobin, ReadPolicy::Hash] {
            let counts = firsts(policy, &candidates, 8000);
            for (count, wanted) in counts.iter().zip([1000u64, 2000, 5000]) {
                assert!(count.abs_diff(wanted) < 150, "{policy:?} {counts:?}");
            }
        }
    }

    #[test]
    fn the_hash_sticks_and_a_new_replica_takes_only_its_own_share() {
        let two = [candidate("a", 1), candidate("b", 1)];
        let three = [candidate("a", 1), candidate("b", 1), candidate("c", 1)];
        for n in 0..1000 {
            let key = format!("packs/{n}");
            let before = order(ReadPolicy::Hash, &two, &key, 1, n)[0];
            assert_eq!(before, order(ReadPolicy::Hash, &two, &key, 1, n + 1)[0]);
            let after = order(ReadPolicy::Hash, &three, &key, 1, n)[0];
            assert!(after == before || after == 2);
        }
    }

    #[test]
    fn the_fastest_is_asked_and_the_others_now_and_then() {
        let mut candidates = [candidate("a", 1), candidate("b", 1), candidate("c", 1)];
        for (one, latency) in candidates.iter_mut().zip([50, 5, 80]) {
            one.speed.measured(100, Duration::from_millis(latency));
        }
        let counts = firsts(ReadPolicy::Fastest, &candidates, 3200);
        assert_eq!(counts[1], 3100);
        assert!(counts[0] > 20 && counts[2] > 20, "{counts:?}");
    }

    #[test]
    fn connections_are_evened_out_by_weight() {
        let mut candidates = [candidate("a", 1), candidate("b", 3)];
        let mut given = [0, 0];
        for turn in 0..40 {
            let first = order(ReadPolicy::LeastConnections, &candidates, "k", 1, turn)[0];
            candidates[first].connections += 1;
            given[first] += 1;
        }
        assert_eq!(given, [10, 30]);
    }

    #[test]
    fn open_breakers_and_weight_zero_come_last_under_every_policy() {
        for policy in ReadPolicy::ALL {
            for turn in 0..100 {
                let mut candidates =
                    [candidate("a", 5), candidate("b", 0), candidate("c", 1), candidate("d", 1)];
                candidates[0].state = State::Open;
                let order = order(policy, &candidates, &format!("k{turn}"), 1, turn);
                assert_eq!(order[2..], [1, 0], "{policy:?}");
            }
        }
    }
}
