//! What a repository says of its replicas: names, zones, roles, weights, and how reads are spread.

use std::collections::BTreeSet;
use std::time::Duration;

/// Most replicas of one repository.
pub const REPLICAS_MAX: usize = 16;
/// The name of the first replica where it has none.
pub const PRIMARY: &str = "primary";
/// The largest weight.
pub const WEIGHT_MAX: u32 = 1000;

/// What a replica counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It votes: a write succeeds once enough of these hold it.
    #[default]
    Required,
    /// It gets everything, and gives it back, but nothing waits for it or depends on it.
    Mirror,
}

impl Role {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Required => "required",
            Role::Mirror => "mirror",
        }
    }

    /// The role that `word` names.
    pub fn parse(word: &str) -> Option<Self> {
        [Role::Required, Role::Mirror].into_iter().find(|role| role.as_str() == word)
    }
}

/// How reads choose among the replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadPolicy {
    /// The one that is expected to finish first, by measured latency and throughput and by what it
    /// still has to deliver; now and then another one, so that the measurements stay true.
    #[default]
    Fastest,
    /// One after the other, as often as their weights say.
    RoundRobin,
    /// The one with the fewest reads under way, for its weight.
    LeastConnections,
    /// Always the same one for the same object (rendezvous hashing): caches before a replica stay warm.
    Hash,
}

impl ReadPolicy {
    /// All of them.
    pub const ALL: [ReadPolicy; 4] =
        [ReadPolicy::Fastest, ReadPolicy::RoundRobin, ReadPolicy::LeastConnections, ReadPolicy::Hash];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            ReadPolicy::Fastest => "fastest",
            ReadPolicy::RoundRobin => "round-robin",
            ReadPolicy::LeastConnections => "least-connections",
            ReadPolicy::Hash => "hash",
        }
    }

    /// The policy that `word` names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

/// One replica as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSpec {
    /// Its name, unique in the repository.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What fails together: a site, a provider, a disk shelf. Told, never guessed.
    pub zone: Option<String>,
    /// What it counts for.
    pub role: Role,
    /// Its share of the reads; 0 is read only where no other answers.
    pub weight: u32,
}

impl ReplicaSpec {
    /// A required replica of weight 1.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { name: name.into(), url: url.into(), zone: None, role: Role::Required, weight: 1 }
    }
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a write that the quorum has taken waits for the others, at least; beyond it the
    /// others go on in the background, and what they miss is queued.
    pub tail_grace: Duration,
    /// How long a write may take, apart from its bytes.
    pub write_limit: Duration,
    /// The slowest transfer that is still waited for, in bytes a second.
    pub slowest_bytes_per_second: u64,
    /// How long the first byte of a read may take where nothing is measured yet; never less than a
    /// tenth of it.
    pub read_limit: Duration,
    /// How long a listing may take.
    pub list_limit: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            tail_grace: Duration::from_secs(5),
            write_limit: Duration::from_secs(60),
            slowest_bytes_per_second: 64 << 10,
            read_limit: Duration::from_secs(20),
            list_limit: Duration::from_secs(300),
        }
    }
}

/// How the set behaves as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetOptions {
    /// How reads choose.
    pub policy: ReadPolicy,
    /// How many required replicas must hold a write; the majority where nobody says.
    pub write_quorum: Option<usize>,
    /// How long is waited.
    pub timing: Timing,
}

/// More than half of `count`.
pub fn majority(count: usize) -> usize {
    count / 2 + 1
}

/// What is wrong with a set of replicas, if anything.
pub fn fault(specs: &[ReplicaSpec], write_quorum: Option<usize>) -> Option<String> {
    if let Some(why) = clash(specs) {
        return Some(why);
    }
    if specs.len() > REPLICAS_MAX {
        return Some(format!("there are more than {REPLICAS_MAX} replicas"));
    }
    let required = specs.iter().filter(|spec| spec.role == Role::Required).count();
    if required == 0 {
        return Some("at least one replica must be `required`".into());
    }
    quorum_fault(required, write_quorum)
}

/// What is wrong with the names and places of replicas, if anything.
pub fn clash(specs: &[ReplicaSpec]) -> Option<String> {
    let (mut names, mut urls) = (BTreeSet::new(), BTreeSet::new());
    for spec in specs {
        let name = &spec.name;
        if let Some(why) = name_fault(name) {
            return Some(format!("`{name}` cannot be the name of a replica: {why}"));
        }
        if !names.insert(name.as_str()) {
            return Some(format!("two replicas have the name `{name}`"));
        }
        if !urls.insert(spec.url.trim_end_matches('/')) {
            return Some(format!("replica `{name}` is the same place as another one"));
        }
        if spec.weight > WEIGHT_MAX {
            return Some(format!("the weight of replica `{name}` is larger than {WEIGHT_MAX}"));
        }
    }
    None
}

/// What is wrong with the quorum: below a majority, two hosts that see different replicas could both win.
pub fn quorum_fault(required: usize, write_quorum: Option<usize>) -> Option<String> {
    let (least, quorum) = (majority(required), write_quorum?);
    let wrong = quorum < least || quorum > required;
    wrong.then(|| {
        format!(
            "a write quorum of {quorum} is not possible with {required} required replicas: \
             {least} to {required} of them must hold a write"
        )
    })
}

/// Why `name` cannot be the name of a replica.
pub fn name_fault(name: &str) -> Option<&'static str> {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match name {
        "" => Some("it is empty"),
        _ if name.len() > 64 => Some("it is longer than 64 bytes"),
        _ if name.starts_with(['.', '-']) => Some("it begins with a dot or a dash"),
        _ if !name.bytes().all(right) => Some("only A-Z a-z 0-9 . _ and - may stand in it"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(count: usize) -> Vec<ReplicaSpec> {
        (0..count).map(|n| ReplicaSpec::new(format!("r{n}"), format!("/r{n}"))).collect()
    }

    #[test]
    fn a_quorum_is_at_least_a_majority_of_the_required_ones() {
        for (count, right) in [(1, 1..=1), (2, 2..=2), (3, 2..=3), (4, 3..=4), (5, 3..=5)] {
            for quorum in 0..=6 {
                let fault = fault(&specs(count), Some(quorum));
                assert_eq!(fault.is_none(), right.contains(&quorum), "{quorum} of {count}: {fault:?}");
            }
        }
    }

    #[test]
    fn sets_that_cannot_work_are_refused() {
        let mut twice = specs(2);
        twice[1].name = "r0".into();
        let mut same_place = specs(2);
        same_place[1].url = "/r0/".into();
        let mut mirrors = specs(2);
        mirrors.iter_mut().for_each(|spec| spec.role = Role::Mirror);
        for wrong in [twice, same_place, mirrors, specs(17), vec![ReplicaSpec::new("../x", "/x")]] {
            assert!(fault(&wrong, None).is_some(), "{wrong:?}");
        }
        assert_eq!(fault(&specs(3), None), None);
    }
}
