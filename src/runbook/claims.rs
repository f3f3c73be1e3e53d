//! Whose a runbook is: claims in the repository, by which two operators are kept apart.
//!
//! `evidence/claims/<runbook>/<8 digits>`: the last one that counts says whose the runbook is. Creating the
//! next is how hosts contend; whoever comes second finds the name taken.
//!
//! Any key slot can put objects there, and so can whoever may write to the store at all; none of that may
//! keep a site from recovering. Therefore a claim counts only if a maintainer or restorer signed it, as runs
//! are carried out with no smaller slot, and only if its number follows the others. One that does not count
//! is passed by and told of. A claim that counts is passed over on an operator's explicit word.

use std::{iter, panic, thread};

use serde::{Deserialize, Serialize};

use crate::base::role::Role;
use crate::base::time::Timestamp;
use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX, EvidenceError};
use crate::runbook::error::RunbookError;
use crate::runbook::evidence::{Archive, number_of};
use crate::store::key::Key;

/// Numbers that may be missing below one that counts: an object may be lost, and a number far beyond the
/// others would leave none for whoever comes next.
const GAP_MAX: u64 = 100;
/// The largest number.
const NUMBER_MAX: u64 = 99_999_999;
/// How often a name is tried anew that was taken by what does not count.
const TRIES: u32 = 100;
/// Claims that are fetched at once: where many do not count, the last that does lies far back.
const AT_ONCE: usize = 16;

/// Whose a runbook is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The run.
    pub run: String,
    /// Who runs it.
    pub operator: String,
    /// Where.
    pub host: String,
    /// Whether it is over, and the runbook is free.
    pub released: bool,
}

/// How the claims on a runbook stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The last number that follows the others; 0 where there is none.
    pub number: u64,
    /// The last claim that counts.
    pub claim: Option<Claim>,
    /// What stands there and does not count: why, naming the object; of many, a few.
    pub ignored: Vec<String>,
}

/// A runbook that is ours now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claimed {
    /// The claim of another run or host that was passed over.
    pub passed_over: Option<Claim>,
    /// See [`Standing`].
    pub ignored: Vec<String>,
}

impl Archive {
    /// How the claims on a runbook stand.
    pub fn claim_of(&self, runbook: &str) -> Result<Standing, EvidenceError> {
        let keys = evidence::list(&self.client, &claim_prefix(runbook))?;
        let mut standing = Standing::default();
        let mut following = Vec::new();
        for key in &keys {
            let Some(number) = number_of(key.split().1) else { continue };
            if number.saturating_sub(standing.number) > GAP_MAX {
                let last = standing.number;
                standing.ignored.push(format!("{key} does not count: its number does not follow {last:08}"));
                continue;
            }
            standing.number = number;
            following.push(key);
        }
        following.reverse();
        // The last one counts, as a rule.
        let (last, earlier) = following.split_at(following.len().min(1));
        'found: for keys in iter::once(last).chain(earlier.chunks(AT_ONCE)) {
            for claim in self.trusted_claims(keys) {
                match claim {
                    Ok(claim) => {
                        standing.claim = Some(claim);
                        break 'found;
                    }
                    Err(error) if error.proves_nothing() => standing.ignored.push(error.to_string()),
                    Err(error) => return Err(error),
                }
            }
        }
        standing.ignored = evidence::few(standing.ignored, &claim_prefix(runbook));
        Ok(standing)
    }

    /// These claims, fetched at the same time.
    fn trusted_claims(&self, keys: &[&Key]) -> Vec<Result<Claim, EvidenceError>> {
        thread::scope(|threads| {
            let reading: Vec<_> =
                keys.iter().map(|key| threads.spawn(move || self.trusted_claim(key))).collect();
            let joined = reading.into_iter().map(|thread| thread.join());
            joined.map(|claim| claim.unwrap_or_else(|bug| panic::resume_unwind(bug))).collect()
        })
    }

    /// A claim that was signed by somebody who can carry out a run.
    fn trusted_claim(&self, key: &Key) -> Result<Claim, EvidenceError> {
        let found = evidence::get::<Claim>(&self.client, &self.keyring, key)?;
        evidence::require_signer(&found, Role::Maintainer)?;
        Ok(found.record.body)
    }

    /// Claims a runbook for a run; refused as long as another run has it, unless that is passed over.
    pub fn claim(
        &self,
        runbook: &str,
        claim: &Claim,
        pass_over: bool,
        time: Timestamp,
    ) -> Result<Claimed, RunbookError> {
        for _ in 0..TRIES {
            let Standing { number, claim: present, ignored } = self.claim_of(runbook)?;
            let is_ours = |present: &Claim| present.run == claim.run && present.host == claim.host;
            let present = present.filter(|present| !present.released);
            if present.as_ref().is_some_and(is_ours) {
                return Ok(Claimed { passed_over: None, ignored });
            }
            if let Some(present) = present.as_ref().filter(|_| !pass_over) {
                return Err(busy(runbook, present));
            }
            let key = claim_key(runbook, number)?;
            match self.put(&key, Audience::Everyone, time, claim) {
                Ok(()) => return Ok(Claimed { passed_over: present, ignored }),
                // What does not count keeps nobody off: the next name is tried.
                Err(EvidenceError::Taken { .. }) if self.trusted_claim(&key).is_err() => {}
                Err(EvidenceError::Taken { .. }) => {
                    let what = format!(
                        "somebody else began to run {runbook} at the same moment; look who it is and try \
                         again"
                    );
                    return Err(RunbookError::Busy { what });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(no_name_left(runbook).into())
    }

    /// Gives a runbook free, if the run still has it.
    pub fn release(&self, runbook: &str, run: &str, time: Timestamp) -> Result<(), EvidenceError> {
        for _ in 0..TRIES {
            let standing = self.claim_of(runbook)?;
            let Some(present) = standing.claim.filter(|present| present.run == run && !present.released)
            else {
                return Ok(());
            };
            let key = claim_key(runbook, standing.number)?;
            match self.put(&key, Audience::Everyone, time, &Claim { released: true, ..present }) {
                // Claimed by somebody meanwhile, it is theirs; else the next name is tried.
                Err(EvidenceError::Taken { .. }) => {}
                result => return result,
            }
        }
        Err(no_name_left(runbook))
    }
}

fn no_name_left(runbook: &str) -> EvidenceError {
    let what = "somebody takes the names of claims as fast as they are tried".to_owned();
    EvidenceError::Encode { key: claim_prefix(runbook), what }
}

fn claim_prefix(runbook: &str) -> String {
    format!("{EVIDENCE_PREFIX}claims/{runbook}/")
}

/// The key of the claim that follows `number`.
fn claim_key(runbook: &str, number: u64) -> Result<Key, EvidenceError> {
    if number >= NUMBER_MAX {
        let what = "no number is left".to_owned();
        return Err(EvidenceError::Encode { key: claim_prefix(runbook), what });
    }
    evidence::key(EVIDENCE_PREFIX, &["claims", runbook, &format!("{:08}", number + 1)])
}

fn busy(runbook: &str, present: &Claim) -> RunbookError {
    let Claim { run, operator, host, .. } = present;
    RunbookError::Busy {
        what: format!(
            "{operator} on {host} runs {runbook} already: run {run}; watch it with \
             `lifeboat runbook status {run}`, or take it over with `lifeboat runbook resume {run} \
             --take-over --reason …`; if there is no such run (any more), `lifeboat runbook run {runbook} \
             --another --reason …` begins one all the same"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Claim, Standing};
    use crate::base::limits::RECORD_MAX_BYTES;
    use crate::base::role::Role;
    use crate::base::time::Timestamp;
    use crate::repo::config::{ChunkerSpec, Config};
    use crate::repo::evidence::{self, Audience, EVIDENCE_PREFIX};
    use crate::repo::keyring::Keyring;
    use crate::runbook::error::RunbookError;
    use crate::runbook::evidence::Archive;
    use crate::store::client::Client;
    use crate::store::key::Key;
    use crate::store::memory::MemoryStore;

    const TIME: Timestamp = Timestamp { seconds: 7, nanos: 0 };

    struct Fixture {
        client: Client,
        config: Config,
        owner: Keyring,
    }

    fn fixture() -> Fixture {
        let chunker = ChunkerSpec { algorithm: "mincdc".into(), parameters: Default::default() };
        let (config, owner) = Keyring::create(chunker, "owner", Timestamp::default());
        Fixture { client: Client::new(Arc::new(MemoryStore::new())).unwrap(), config, owner }
    }

    impl Fixture {
        fn archive(&self, role: Role, host: &str) -> Archive {
            let contents = self.owner.contents_for(role, host, host, TIME).unwrap();
            let keyring = Keyring::from_contents(contents, &self.config, host).unwrap();
            Archive { client: self.client.clone(), keyring, host: host.to_owned() }
        }

        /// Writes a claim under that number, whatever stands there.
        fn forge(&self, archive: &Archive, number: u64, claim: &Claim) {
            archive.put(&key(number), Audience::Everyone, TIME, claim).unwrap();
        }
    }

    fn key(number: u64) -> Key {
        evidence::key(EVIDENCE_PREFIX, &["claims", "r", &format!("{number:08}")]).unwrap()
    }

    fn claim(run: &str, host: &str) -> Claim {
        Claim { run: run.into(), operator: "olga".into(), host: host.into(), released: false }
    }

    #[test]
    fn a_writers_claim_keeps_nobody_off_whatever_its_number() {
        let fixture = fixture();
        let (writer, here) = (fixture.archive(Role::Writer, "web1"), fixture.archive(Role::Maintainer, "a"));
        for number in [1, 2, 99_999_999] {
            fixture.forge(&writer, number, &claim("evil", "web1"));
        }
        let claimed = here.claim("r", &claim("r-1", "a"), false, TIME).unwrap();
        assert_eq!((claimed.passed_over, claimed.ignored.len()), (None, 3), "{:?}", claimed.ignored);
        assert!(claimed.ignored[0].contains("99999999 does not count"), "{:?}", claimed.ignored);
        assert!(claimed.ignored[1].contains("only a maintainer"), "{:?}", claimed.ignored);
        fixture.forge(&writer, 4, &Claim { released: true, ..claim("r-1", "a") });
        let there = fixture.archive(Role::Maintainer, "b");
        let error = there.claim("r", &claim("r-2", "b"), false, TIME).unwrap_err();
        assert!(matches!(&error, RunbookError::Busy { what } if what.contains("run r-1")), "{error}");
        here.release("r", "r-1", TIME).unwrap();
        assert_eq!(there.claim("r", &claim("r-2", "b"), false, TIME).unwrap().passed_over, None);
        assert_eq!(here.claim_of("r").unwrap().claim, Some(claim("r-2", "b")));
    }

    #[test]
    fn what_anybody_could_put_there_is_passed_by() {
        let fixture = fixture();
        let here = fixture.archive(Role::Maintainer, "a");
        fixture.client.create(&key(1), "rubbish".into()).unwrap();
        let claimed = here.claim("r", &claim("r-1", "a"), false, TIME).unwrap();
        assert!(claimed.ignored[0].contains("proves nothing"), "{:?}", claimed.ignored);
        assert_eq!(here.claim_of("r").unwrap().number, 2);
    }

    #[test]
    fn an_object_too_large_for_a_claim_keeps_nobody_off_and_hides_no_claim() {
        let fixture = fixture();
        let (here, there) = (fixture.archive(Role::Maintainer, "a"), fixture.archive(Role::Maintainer, "b"));
        let huge = || bytes::Bytes::from(vec![0u8; RECORD_MAX_BYTES as usize + 1]);
        fixture.client.create(&key(1), huge()).unwrap();
        let claimed = here.claim("r", &claim("r-1", "a"), false, TIME).unwrap();
        assert!(claimed.ignored[0].contains("00000001 proves nothing"), "{:?}", claimed.ignored);
        fixture.client.create(&key(3), huge()).unwrap();
        let error = there.claim("r", &claim("r-2", "b"), false, TIME).unwrap_err();
        assert!(matches!(&error, RunbookError::Busy { what } if what.contains("run r-1")), "{error}");
        here.release("r", "r-1", TIME).unwrap();
        there.claim("r", &claim("r-2", "b"), false, TIME).unwrap();
    }

    #[test]
    fn a_claim_beneath_many_that_do_not_count_is_found_and_those_are_told_of_in_few_words() {
        let fixture = fixture();
        let here = fixture.archive(Role::Maintainer, "a");
        here.claim("r", &claim("r-1", "a"), false, TIME).unwrap();
        for number in 2..=60 {
            fixture.client.create(&key(number), "rubbish".into()).unwrap();
        }
        let Standing { number, claim: present, ignored } = here.claim_of("r").unwrap();
        assert_eq!((number, present, ignored.len()), (60, Some(claim("r-1", "a")), 4), "{ignored:?}");
        assert!(ignored[0].contains("00000060") && ignored[3].starts_with("56 more"), "{ignored:?}");
    }

    #[test]
    fn a_maintainers_claim_far_beyond_the_others_does_not_count_and_a_lost_one_hides_none() {
        let fixture = fixture();
        let here = fixture.archive(Role::Maintainer, "a");
        fixture.forge(&here, 99_999_999, &claim("evil", "b"));
        assert_eq!(here.claim("r", &claim("r-1", "a"), false, TIME).unwrap().ignored.len(), 1);
        here.release("r", "r-1", TIME).unwrap();
        here.claim("r", &claim("r-2", "a"), false, TIME).unwrap();
        fixture.client.delete(&key(2)).unwrap();
        let Standing { number, claim: present, .. } = here.claim_of("r").unwrap();
        assert_eq!((number, present), (3, Some(claim("r-2", "a"))));
    }

    #[test]
    fn a_claim_that_counts_is_passed_over_only_on_demand_and_that_is_told() {
        let fixture = fixture();
        let (here, there) = (fixture.archive(Role::Maintainer, "a"), fixture.archive(Role::Maintainer, "b"));
        here.claim("r", &claim("r-1", "a"), false, TIME).unwrap();
        assert!(there.claim("r", &claim("r-1", "b"), false, TIME).is_err());
        let claimed = there.claim("r", &claim("r-1", "b"), true, TIME).unwrap();
        assert_eq!(claimed.passed_over, Some(claim("r-1", "a")));
        assert_eq!(there.claim("r", &claim("r-1", "b"), true, TIME).unwrap().passed_over, None);
    }
}
