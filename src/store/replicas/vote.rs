//! Creating contested keys by vote, and reading what was chosen. The argument stands in `replicas`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::base::limits;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::ballot::{Chosen, Vote, chosen};
use crate::store::replicas::gather::gather;
use crate::store::replicas::member::{Member, chain};
use crate::store::replicas::queue::Task;

/// The largest body under a contested key.
const BODY_MAX_BYTES: u64 = limits::SNAPSHOT_MAX_BYTES;
/// What is expected of one, for time limits.
const BODY_USUAL_BYTES: u64 = 64 << 10;
/// How long each replica is waited for while votes are cast one after the other.
const IMPATIENT: Duration = Duration::from_secs(5);
/// How long a decision waits for the votes that do not matter any more.
const GRACE: Duration = Duration::from_millis(500);

/// What asking one replica to create came to.
enum Cast {
    /// It took the body: a vote for it.
    New,
    /// It had one already.
    Had(blake3::Hash, Bytes),
    /// It took somebody else's body from us.
    Helped(blake3::Hash),
    /// It is not known what it has.
    Failed(String),
}

impl Cast {
    fn is_failed(&self) -> bool {
        matches!(self, Cast::Failed(_))
    }
}

impl Set {
    /// Creates `key` if nothing else is or can be chosen for it.
    pub(super) async fn create_by_vote(&self, key: Key, body: Bytes) -> Result<(), StoreError> {
        let hash = blake3::hash(&body);
        let voters: Vec<Arc<Member>> = self.required().cloned().collect();
        let mut casts: Vec<Option<Cast>> = voters.iter().map(|_| None).collect();
        // One after the other until a vote is won: racing writers meet at the first.
        let admitted: Vec<bool> =
            voters.iter().map(|voter| voter.silence().is_none() && voter.admits()).collect();
        let in_order = (0..voters.len()).filter(|at| admitted[*at]);
        let mut proposal = body.clone();
        for at in in_order.chain((0..voters.len()).filter(|at| !admitted[*at])) {
            let cast = cast(Arc::clone(&voters[at]), key.clone(), body.clone(), Some(IMPATIENT)).await;
            if let Cast::Had(_, other) = &cast {
                // Whoever comes second helps the first, so that votes are not split without need.
                proposal = other.clone();
            }
            let is_answered = !matches!(cast, Cast::Failed(_));
            casts[at] = Some(cast);
            if is_answered {
                break;
            }
        }
        self.cast_the_rest(&voters, &key, (&proposal, hash), &mut casts).await;
        if !matches!(decide(&casts, hash), Chosen::Body(_)) {
            // Those that were asked in haste get all the time there is.
            casts
                .iter_mut()
                .filter(|cast| matches!(cast, Some(cast) if cast.is_failed()))
                .for_each(|cast| *cast = None);
            self.cast_the_rest(&voters, &key, (&proposal, hash), &mut casts).await;
        }
        let new = casts.iter().filter(|cast| matches!(cast, Some(Cast::New))).count();
        let held = |cast: &&Option<Cast>| match cast {
            Some(Cast::Had(other, _) | Cast::Helped(other)) => *other == hash,
            _ => false,
        };
        let had = casts.iter().filter(held).count();
        let decision = decide(&casts, hash);
        if let Chosen::Body(chosen) = decision {
            self.remember(&key, chosen);
            for (voter, cast) in voters.iter().zip(&casts) {
                let right = match cast {
                    Some(Cast::New) => chosen == hash,
                    Some(Cast::Had(other, _) | Cast::Helped(other)) => *other == chosen,
                    _ => false,
                };
                if !right {
                    self.missed(voter, &key, Task::Put);
                }
            }
        }
        match decision {
            Chosen::Body(chosen) if chosen == hash && new > 0 => {
                self.mirror(&key, &body).await;
                match new + had >= self.quorum() {
                    true => Ok(()),
                    false => Err(self.undecided(&voters, &key, &casts, new)),
                }
            }
            // Somebody else's, or our own from an earlier attempt: the caller reads it back.
            Chosen::Body(_) => {
                Err(StoreError::AlreadyExists { location: self.location(), key: key.to_string() })
            }
            Chosen::Nothing | Chosen::Undecided => Err(self.undecided(&voters, &key, &casts, new)),
        }
    }

    async fn cast_the_rest(
        &self,
        voters: &[Arc<Member>],
        key: &Key,
        (proposal, own): (&Bytes, blake3::Hash),
        casts: &mut [Option<Cast>],
    ) {
        let proposed = blake3::hash(proposal);
        let mut rest = JoinSet::new();
        for at in (0..voters.len()).filter(|at| casts[*at].is_none()).collect::<Vec<_>>() {
            let cast = cast(Arc::clone(&voters[at]), key.clone(), proposal.clone(), None);
            rest.spawn(async move { (at, cast.await) });
        }
        gather(rest, GRACE, |at, cast| {
            casts[at] = Some(match cast {
                Cast::New if proposed != own => Cast::Helped(proposed),
                cast => cast,
            });
            let taken = casts.iter().filter(|cast| matches!(cast, Some(cast) if !cast.is_failed())).count();
            matches!(decide(casts, own), Chosen::Body(_)) && taken >= self.quorum()
        })
        .await;
    }

    /// Gives a chosen body to the mirrors, which decide nothing; what they miss is queued.
    async fn mirror(&self, key: &Key, body: &Bytes) {
        let mut puts = JoinSet::new();
        for (at, member) in self.members.iter().enumerate().filter(|(_, member)| !member.is_required()) {
            // Queued first: it stays so if the mirror is slow.
            self.missed(member, key, Task::Put);
            if member.admits() {
                let cast = cast(Arc::clone(member), key.clone(), body.clone(), None);
                puts.spawn(async move { (at, cast.await) });
            }
        }
        let deadline = Instant::now() + GRACE;
        let hash = blake3::hash(body);
        while let Ok(Some(joined)) =
            tokio::time::timeout(deadline.saturating_duration_since(Instant::now()), puts.join_next()).await
        {
            let Ok((at, cast)) = joined else { continue };
            if matches!(cast, Cast::New) || matches!(cast, Cast::Had(had, _) if had == hash) {
                self.caught_up(&self.members[at], key);
                self.members[at].missed.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    fn undecided(&self, voters: &[Arc<Member>], key: &Key, casts: &[Option<Cast>], new: usize) -> StoreError {
        let told = voters.iter().zip(casts).filter_map(|(voter, cast)| match cast {
            Some(Cast::Failed(why)) => Some(format!("{}: {why}", voter.spec.name)),
            Some(Cast::Had(..) | Cast::Helped(_)) => Some(format!("{} has another body", voter.spec.name)),
            Some(Cast::New) => None,
            None => Some(format!("{} is slow", voter.spec.name)),
        });
        let told = told.collect::<Vec<_>>().join("; ");
        let needed = self.quorum();
        let why = format!(
            "{new} of {needed} required replicas have taken it ({told}); whether it counts is decided when \
             the others are back"
        );
        self.too_few(key, "write", why)
    }

    /// The chosen body of a contested key; where too few answer to know, what there is.
    pub(super) async fn get_chosen(&self, key: &Key, max_bytes: u64) -> Result<Bytes, StoreError> {
        let voters: Vec<Arc<Member>> = self.required().cloned().collect();
        let mut votes = vec![Vote::Unknown; voters.len()];
        let mut bodies: HashMap<blake3::Hash, Bytes> = HashMap::new();
        let mut failures: Vec<StoreError> = Vec::new();
        let mut reads = JoinSet::new();
        // Those left alone after failures are asked only where the others are too few.
        let mut go: Vec<bool> = voters.iter().map(|voter| voter.admits() || voter.is_misled()).collect();
        if go.iter().filter(|go| **go).count() < self.majority() {
            go.fill(true);
        }
        for (at, voter) in voters.iter().enumerate().filter(|(at, _)| go[*at]) {
            let read = read_vote(Arc::clone(voter), key.clone(), max_bytes);
            reads.spawn(async move { (at, read.await) });
        }
        let decided = self.decision(key);
        while let Some(joined) = reads.join_next().await {
            let Ok((at, answer)) = joined else { continue };
            match answer {
                Ok(Some(body)) => {
                    let hash = blake3::hash(&body);
                    votes[at] = Vote::Holds(hash);
                    bodies.insert(hash, body);
                }
                Ok(None) => votes[at] = Vote::Absent,
                Err(error) => failures.push(error),
            }
            let found = match (decided, chosen(&votes)) {
                (Some(hash), _) => Some(hash),
                (None, Chosen::Body(hash)) => Some(hash),
                (None, _) => None,
            };
            if let Some(body) = found.and_then(|hash| bodies.get(&hash)) {
                self.note_losers(&voters, &votes, key, found);
                return Ok(body.clone());
            }
        }
        if decided.is_some() {
            let why = "no replica that answers has the body that was chosen".to_owned();
            return Err(self.too_few(key, "read", why));
        }
        self.get_undecided(key, max_bytes, &votes, &bodies, failures).await
    }

    /// Replicas that hold another body than the chosen one: losers of a vote, or damaged copies.
    fn note_losers(
        &self,
        voters: &[Arc<Member>],
        votes: &[Vote<blake3::Hash>],
        key: &Key,
        found: Option<blake3::Hash>,
    ) {
        for (voter, vote) in voters.iter().zip(votes) {
            if let (Vote::Holds(hash), Some(found)) = (vote, found)
                && *hash != found
            {
                self.note(format!(
                    "replica {} has another {key} than the others: queued for repair",
                    voter.spec.name
                ));
                self.missed(voter, key, Task::Put);
            }
        }
    }

    /// What is there where the votes decide nothing: enough for reading, and nothing rests on it.
    async fn get_undecided(
        &self,
        key: &Key,
        max_bytes: u64,
        votes: &[Vote<blake3::Hash>],
        bodies: &HashMap<blake3::Hash, Bytes>,
        mut failures: Vec<StoreError>,
    ) -> Result<Bytes, StoreError> {
        let first = votes.iter().find_map(|vote| match vote {
            Vote::Holds(hash) => bodies.get(hash),
            _ => None,
        });
        if let Some(body) = first {
            if votes.contains(&Vote::Unknown) {
                self.mark_incomplete(key.as_str());
            }
            return Ok(body.clone());
        }
        for mirror in self.members.iter().filter(|member| !member.is_required()) {
            match read_vote(Arc::clone(mirror), key.clone(), max_bytes).await {
                Ok(Some(body)) => {
                    self.required().for_each(|member| self.missed(member, key, Task::Put));
                    return Ok(body);
                }
                Ok(None) => {}
                Err(error) => failures.push(error),
            }
        }
        let absent = votes.iter().filter(|vote| **vote == Vote::Absent).count();
        match failures.into_iter().next() {
            Some(error) if absent < self.sight() => Err(error),
            _ => Err(StoreError::NotFound { location: self.location(), key: key.to_string() }),
        }
    }
}

/// What the casts come to, as votes.
fn decide(casts: &[Option<Cast>], own: blake3::Hash) -> Chosen<blake3::Hash> {
    let vote = |cast: &Option<Cast>| match cast {
        Some(Cast::New) => Vote::Holds(own),
        Some(Cast::Had(hash, _) | Cast::Helped(hash)) => Vote::Holds(*hash),
        Some(Cast::Failed(_)) | None => Vote::Unknown,
    };
    chosen(&casts.iter().map(vote).collect::<Vec<_>>())
}

async fn cast(member: Arc<Member>, key: Key, body: Bytes, haste: Option<Duration>) -> Cast {
    let limit = member.read_limit(BODY_USUAL_BYTES.max(body.len() as u64));
    let limit = haste.map_or(limit, |haste| haste.min(limit));
    let (name, put) = (key.clone(), body.clone());
    let created = Arc::clone(&member)
        .ask(limit, None, move |store| Box::pin(async move { store.create(&name, put).await }))
        .await;
    match created {
        Ok(()) => Cast::New,
        Err(StoreError::AlreadyExists { .. }) => match read_vote(member, key, BODY_MAX_BYTES).await {
            Ok(Some(found)) => Cast::Had(blake3::hash(&found), found),
            Ok(None) => Cast::Failed("it has lost it again".into()),
            Err(error) => Cast::Failed(chain(&error)),
        },
        Err(error) => Cast::Failed(chain(&error)),
    }
}

/// What `member` holds under `key`; nothing where it is only waiting to be deleted there.
pub(super) async fn read_vote(
    member: Arc<Member>,
    key: Key,
    max_bytes: u64,
) -> Result<Option<Bytes>, StoreError> {
    if member.queue.hides(&key) {
        return Ok(None);
    }
    let limit = member.read_limit(BODY_USUAL_BYTES);
    let request = move |store: Arc<dyn crate::store::Store>| -> crate::store::replicas::member::Answer<_> {
        Box::pin(async move { store.get_bounded(&key, max_bytes).await })
    };
    match member.ask(limit, Some(BODY_USUAL_BYTES), request).await {
        Ok((body, _)) => Ok(Some(body)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
