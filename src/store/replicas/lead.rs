//! Keys that are swapped: the first required replica decides, the others follow. The argument stands in
//! `replicas`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::base::limits;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::gather::gather;
use crate::store::replicas::member::{Answer, Member, chain};
use crate::store::replicas::queue::Task;
use crate::store::replicas::vote::read_vote;
use crate::store::{Store, Version};

/// The largest body that is carried.
const BODY_MAX_BYTES: u64 = limits::RECORD_MAX_BYTES;
/// How often carrying meets another carrier before it gives up.
const CARRY_ATTEMPTS: usize = 32;
/// The least that a swap waits for followers, once a majority has it.
const GRACE: Duration = Duration::from_millis(500);

type Held = Option<(Bytes, Version)>;

impl Set {
    fn leader(&self) -> Arc<Member> {
        // A set without a required replica is refused when it is made; the first member stands in.
        Arc::clone(self.required().next().unwrap_or(&self.members[0]))
    }

    fn followers(&self) -> Vec<(usize, Arc<Member>)> {
        let leader = self.leader();
        let others = self.members.iter().enumerate().filter(|(_, member)| !Arc::ptr_eq(member, &leader));
        others.map(|(at, member)| (at, Arc::clone(member))).collect()
    }

    /// Swaps at the leader, and carries the result to a majority.
    pub(super) async fn swap_at_leader(
        &self,
        key: &Key,
        expected: Option<Version>,
        body: Bytes,
    ) -> Result<Version, StoreError> {
        if self.is_incomplete() && expected.is_some() {
            let why = "too few replicas answered before, so what this rests on may be old".to_owned();
            return Err(self.too_few(key, "swap", why));
        }
        let conflict = || StoreError::Conflict { location: self.location(), key: key.to_string() };
        let leader = self.leader();
        let held = held(&leader, key).await?;
        if held.is_none() {
            // A leader that has lost its memory must not decide anew what was decided.
            if let Some(found) = self.remembered(key).await {
                let _ = place(&leader, key, None, found).await;
                return Err(conflict());
            }
        }
        let version = match (held, expected) {
            (None, None) => None,
            (Some((current, version)), Some(expected))
                if Version::of_contents(current.clone()) == expected =>
            {
                Some(version)
            }
            _ => return Err(conflict()),
        };
        place(&leader, key, version, body.clone()).await?;
        if leader.queue.hides(key) {
            self.caught_up(&leader, key);
        }
        let (carried, failures) = self.carry_to_followers(key).await;
        if carried < self.majority() {
            let (needed, told) = (self.majority(), failures.join("; "));
            let why = format!("{carried} of {needed} required replicas have taken it ({told})");
            return Err(self.too_few(key, "write", why));
        }
        self.settle_key(key);
        Ok(Version::of_contents(body))
    }

    /// What a required follower has of a key that the leader does not have.
    async fn remembered(&self, key: &Key) -> Option<Bytes> {
        let mut reads = JoinSet::new();
        for (_, follower) in self.followers().into_iter().filter(|(_, one)| one.is_required()) {
            reads.spawn(read_vote(follower, key.clone(), BODY_MAX_BYTES));
        }
        // Whoever is slow may be the one that remembers: swaps of what is not there are rare.
        while let Some(joined) = reads.join_next().await {
            if let Ok(Ok(Some(found))) = joined {
                return Some(found);
            }
        }
        None
    }

    /// Carries what the leader has to everybody else; how many required replicas then have it or something
    /// newer, the leader among them, and what went wrong with the others.
    async fn carry_to_followers(&self, key: &Key) -> (usize, Vec<String>) {
        let mut carrying = JoinSet::new();
        for (at, follower) in self.followers() {
            let (leader, key) = (self.leader(), key.clone());
            carrying.spawn(async move { (at, carry(&leader, &follower, &key).await) });
        }
        let (mut have, mut failures) = (1, Vec::new());
        let mut late: BTreeSet<usize> = self.followers().into_iter().map(|(at, _)| at).collect();
        gather(carrying, GRACE, |at, result| {
            late.remove(&at);
            let member = &self.members[at];
            match result {
                Ok(()) => {
                    have += usize::from(member.is_required());
                    self.caught_up(member, key);
                }
                Err(error) => {
                    failures.push(format!("{}: {}", member.spec.name, chain(&error)));
                    self.missed(member, key, Task::Put);
                }
            }
            have >= self.majority()
        })
        .await;
        for member in late.into_iter().map(|at| &self.members[at]) {
            member.was_late();
            self.missed(member, key, Task::Put);
            failures.push(format!("{}: it is slow", member.spec.name));
        }
        (have, failures)
    }

    /// What the leader has, once a majority has it too; without the leader, what a majority agrees on.
    pub(super) async fn get_led(&self, key: &Key, max_bytes: u64) -> Result<Bytes, StoreError> {
        let mut reads = JoinSet::new();
        let leader = self.leader();
        for (at, member) in self.members.iter().enumerate() {
            let read = read_vote(Arc::clone(member), key.clone(), max_bytes);
            reads.spawn(async move { (at, read.await) });
        }
        let mut answers: Vec<Option<Result<Option<Bytes>, StoreError>>> =
            self.members.iter().map(|_| None).collect();
        while let Some(joined) = reads.join_next().await {
            let Ok((at, answer)) = joined else { continue };
            answers[at] = Some(answer);
            if let Some(body) = self.led_early(&answers, &leader) {
                return Ok(body);
            }
        }
        if let Some(at) = answers.iter().position(|one| matches!(one, Some(Err(StoreError::TooLarge { .. }))))
            && !answers.iter().any(|answer| matches!(answer, Some(Ok(Some(_)))))
            && let Some(Err(error)) = answers[at].take()
        {
            return Err(error);
        }
        let required: Vec<&Option<Result<Option<Bytes>, StoreError>>> = (self.members.iter().zip(&answers))
            .filter(|(member, _)| member.is_required())
            .map(|(_, answer)| answer)
            .collect();
        let leads = required.first().and_then(|answer| answer.as_ref());
        if let Some(Ok(Some(body))) = leads {
            // The leader has it, and no majority does yet: a swap that was not carried on, or damage. Who
            // reads it checks it, and a swap from it carries on; until then nothing is deleted.
            self.unsettle(key);
            return Ok(body.clone());
        }
        self.led_without_leader(key, &answers, &required)
    }

    /// The leader's body, as soon as it and a majority agree.
    fn led_early(
        &self,
        answers: &[Option<Result<Option<Bytes>, StoreError>>],
        leader: &Arc<Member>,
    ) -> Option<Bytes> {
        let of = |member: &Arc<Member>| {
            let at = self.members.iter().position(|one| Arc::ptr_eq(one, member))?;
            match &answers[at] {
                Some(Ok(Some(body))) => Some(body),
                _ => None,
            }
        };
        let body = of(leader)?;
        let agree = self.required().filter(|member| of(member) == Some(body)).count();
        (agree >= self.majority()).then(|| body.clone())
    }

    fn led_without_leader(
        &self,
        key: &Key,
        answers: &[Option<Result<Option<Bytes>, StoreError>>],
        required: &[&Option<Result<Option<Bytes>, StoreError>>],
    ) -> Result<Bytes, StoreError> {
        let found: Vec<&Bytes> = answers
            .iter()
            .filter_map(|answer| match answer {
                Some(Ok(Some(body))) => Some(body),
                _ => None,
            })
            .collect();
        let absent = required.iter().filter(|answer| matches!(answer, Some(Ok(None)))).count();
        let Some(first) = found.first() else {
            let failure = answers.iter().position(|answer| matches!(answer, Some(Err(_)) | None));
            return match failure {
                Some(at) if absent < self.sight() => {
                    let why = self.members[at].trouble().unwrap_or_else(|| "it does not answer".into());
                    Err(self.too_few(key, "read", format!("{}: {why}", self.members[at].spec.name)))
                }
                _ => Err(StoreError::NotFound { location: self.location(), key: key.to_string() }),
            };
        };
        let holders =
            required.iter().filter(|answer| matches!(answer, Some(Ok(Some(body))) if body == *first)).count();
        if found.iter().any(|body| body != first) && holders < self.majority() {
            let leader = &self.leader().spec.name;
            let why = format!("the replicas differ, and {leader}, which decides, has not answered");
            return Err(self.too_few(key, "read", why));
        }
        if holders < self.majority() {
            self.mark_incomplete(key.as_str());
        }
        for (member, answer) in self.members.iter().zip(answers) {
            if matches!(answer, Some(Ok(None))) {
                self.missed(member, key, Task::Put);
            }
        }
        Ok((*first).clone())
    }

    /// Brings one replica up to date, for the queue; how many bytes went there. A body that stands there
    /// already is replaced only if a majority has the leader's: the leader's may be damaged.
    pub(super) async fn follow(&self, member: &Arc<Member>, key: &Key) -> Result<u64, StoreError> {
        let leader = self.leader();
        let is_leader = Arc::ptr_eq(member, &leader);
        let source = if is_leader { self.majority_body(key).await } else { held(&leader, key).await };
        // Deleted meanwhile: there is nothing to catch up with.
        let Some((body, _)) = source? else { return Ok(0) };
        let bytes = body.len() as u64;
        match held(member, key).await? {
            None => match place(member, key, None, body).await {
                Ok(()) | Err(StoreError::Conflict { .. }) => Ok(bytes),
                Err(error) => Err(error),
            },
            Some((own, _)) if own == body => Ok(0),
            Some(_) if is_leader || self.supporters(key, &body).await < self.majority() => {
                Err(self.copies_differ(key))
            }
            Some(_) => carry(&leader, member, key).await.map(|()| bytes),
        }
    }

    /// What all followers that answer agree on.
    async fn majority_body(&self, key: &Key) -> Result<Held, StoreError> {
        let mut agreed: Held = None;
        for (_, follower) in self.followers() {
            match (held(&follower, key).await, &agreed) {
                (Ok(Some(found)), None) => agreed = Some(found),
                (Ok(Some((body, _))), Some((known, _))) if body != *known => {
                    return Err(self.copies_differ(key));
                }
                _ => {}
            }
        }
        Ok(agreed)
    }
}

/// Brings `follower` up to what `leader` has. Reads the follower first, the leader second, and swaps from
/// just what was read: what it brings is never older than what it replaces.
async fn carry(leader: &Arc<Member>, follower: &Arc<Member>, key: &Key) -> Result<(), StoreError> {
    for _ in 0..CARRY_ATTEMPTS {
        let old = held(follower, key).await?;
        let Some((new, _)) = held(leader, key).await? else { return Ok(()) };
        if old.as_ref().is_some_and(|(body, _)| *body == new) {
            return Ok(());
        }
        match place(follower, key, old.map(|(_, version)| version), new).await {
            Err(StoreError::Conflict { .. }) => {}
            result => return result,
        }
    }
    let why = format!("it changed {CARRY_ATTEMPTS} times while it was copied").into();
    Err(StoreError::Quorum {
        location: follower.spec.url.clone(),
        key: key.to_string(),
        action: "write",
        why,
    })
}

async fn held(member: &Arc<Member>, key: &Key) -> Result<Held, StoreError> {
    let (limit, key) = (member.read_limit(0), key.clone());
    let request = move |store: Arc<dyn Store>| -> Answer<(Bytes, Version)> {
        Box::pin(async move { store.get_bounded(&key, BODY_MAX_BYTES).await })
    };
    match Arc::clone(member).ask(limit, Some(0), request).await {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn place(
    member: &Arc<Member>,
    key: &Key,
    expected: Option<Version>,
    body: Bytes,
) -> Result<(), StoreError> {
    let (limit, key) = (member.write_limit(body.len() as u64), key.clone());
    let request = move |store: Arc<dyn Store>| -> Answer<Version> {
        Box::pin(async move { store.swap(&key, expected, body).await })
    };
    Arc::clone(member).ask(limit, None, request).await.map(drop)
}
