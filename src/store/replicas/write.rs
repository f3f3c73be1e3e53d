//! Puts of keys that nobody contests: one body to all replicas at once, acknowledged by the quorum.
//!
//! Once the quorum holds it, the others get a little longer, in proportion to how long the quorum took.
//! Whoever is slower than that goes on in the background: that it missed the object is first made
//! durable in its queue, and taken back when the object has arrived after all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::member::{Answer, Member, chain};
use crate::store::replicas::queue::Task;

/// Writes that may go on in the background at one replica; it gets no more until one of them ends.
const TAILS_MAX: usize = 4;
/// The least that is waited for the others.
const LEAST_GRACE: Duration = Duration::from_millis(50);

/// How one replica's put ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    New,
    Exists,
    Failed,
}

/// A put to one replica, shared with the task that carries it out.
struct Share {
    member: Arc<Member>,
    /// It stands in the queue: whoever ends the put takes it out again.
    is_queued: AtomicBool,
}

impl Set {
    /// Puts `body` to every replica that can be reached.
    pub(super) async fn create_everywhere(self: Arc<Self>, key: Key, body: Bytes) -> Result<(), StoreError> {
        let began = Instant::now();
        let targets = self.writable();
        let mut puts: Vec<Option<Put>> =
            targets.iter().map(|go| if *go { None } else { Some(Put::Failed) }).collect();
        let mut why: Vec<String> = Vec::new();
        let (sender, mut answers) = mpsc::unbounded_channel();
        let shares: Vec<Arc<Share>> = self
            .members
            .iter()
            .map(|member| Share { member: Arc::clone(member), is_queued: AtomicBool::new(false) })
            .map(Arc::new)
            .collect();
        for at in (0..targets.len()).filter(|at| targets[*at]) {
            let (set, share) = (Arc::clone(&self), Arc::clone(&shares[at]));
            let (sender, key, body) = (sender.clone(), key.clone(), body.clone());
            tokio::spawn(async move {
                let result = put(&share.member, &key, body).await;
                let arrived = matches!(result, Ok(()) | Err(StoreError::AlreadyExists { .. }));
                // Nobody listens any more where the quorum's time is over.
                let _ = sender.send((at, result));
                if share.is_queued.swap(false, Ordering::SeqCst) {
                    share.member.tails.fetch_sub(1, Ordering::SeqCst);
                    if arrived {
                        set.caught_up(&share.member, &key);
                    }
                }
            });
        }
        drop(sender);
        let mut deadline: Option<Instant> = None;
        while self.is_waited_for(&puts, deadline.is_some()) {
            let answer = match deadline {
                None => answers.recv().await,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    match tokio::time::timeout(left, answers.recv()).await {
                        Ok(answer) => answer,
                        Err(_) => break,
                    }
                }
            };
            let Some((at, result)) = answer else { break };
            puts[at] = Some(self.outcome(at, result, &mut why));
            if deadline.is_none() && self.count(&puts, &[Put::New]) >= self.quorum() {
                let grace = (began.elapsed() * 4).max(LEAST_GRACE).min(self.options.timing.tail_grace);
                deadline = Some(Instant::now() + grace);
            }
        }
        self.hand_over(&key, &shares, &mut puts, &mut answers, &mut why);
        self.conclude(&key, &puts, why).await
    }

    /// Which replicas are worth trying: all but those left alone, unless the quorum needs them.
    fn writable(&self) -> Vec<bool> {
        let mut go: Vec<bool> = self
            .members
            .iter()
            .map(|member| member.tails.load(Ordering::SeqCst) < TAILS_MAX && member.admits())
            .collect();
        let is_required = |at: &usize| self.members[*at].is_required();
        let reached = (0..go.len()).filter(is_required).filter(|at| go[*at]).count();
        if reached < self.quorum() {
            (0..go.len()).filter(is_required).for_each(|at| go[at] = self.members[at].store().is_some());
        }
        go
    }

    /// Whether a put is still waited for: once the quorum has it, not one of a replica that has answered
    /// nothing since an earlier put of it was left behind.
    fn is_waited_for(&self, puts: &[Option<Put>], has_quorum: bool) -> bool {
        let mut open = self.members.iter().zip(puts).filter(|(_, put)| put.is_none());
        open.any(|(member, _)| !has_quorum || member.silence().is_none())
    }

    fn outcome(&self, at: usize, result: Result<(), StoreError>, why: &mut Vec<String>) -> Put {
        match result {
            Ok(()) => Put::New,
            Err(StoreError::AlreadyExists { .. }) => Put::Exists,
            Err(error) => {
                why.push(format!("{}: {}", self.members[at].spec.name, chain(&error)));
                Put::Failed
            }
        }
    }

    /// How many required replicas had one of these outcomes.
    fn count(&self, puts: &[Option<Put>], wanted: &[Put]) -> usize {
        let counts = |(member, put): (&Arc<Member>, &Option<Put>)| {
            member.is_required() && put.is_some_and(|put| wanted.contains(&put))
        };
        self.members.iter().zip(puts).filter(|pair| counts(*pair)).count()
    }

    /// Queues what is still under way, so that it may go on alone.
    fn hand_over(
        &self,
        key: &Key,
        shares: &[Arc<Share>],
        puts: &mut [Option<Put>],
        answers: &mut mpsc::UnboundedReceiver<(usize, Result<(), StoreError>)>,
        why: &mut Vec<String>,
    ) {
        for (at, share) in shares.iter().enumerate().filter(|(at, _)| puts[*at].is_none()).collect::<Vec<_>>()
        {
            self.missed(&share.member, key, Task::Put);
            share.member.leave_behind();
            share.is_queued.store(true, Ordering::SeqCst);
            why.push(format!("{}: it is slow", self.members[at].spec.name));
        }
        // What ended while the queue was written may not have seen that it stands there.
        while let Ok((at, result)) = answers.try_recv() {
            if puts[at].is_none() {
                let outcome = self.outcome(at, result, why);
                puts[at] = Some(outcome);
                if shares[at].is_queued.swap(false, Ordering::SeqCst) {
                    shares[at].member.tails.fetch_sub(1, Ordering::SeqCst);
                }
                if outcome != Put::Failed {
                    self.caught_up(&shares[at].member, key);
                }
            }
        }
    }

    async fn conclude(&self, key: &Key, puts: &[Option<Put>], why: Vec<String>) -> Result<(), StoreError> {
        let (new, there) = (self.count(puts, &[Put::New]), self.count(puts, &[Put::New, Put::Exists]));
        if new >= self.quorum() {
            for (member, put) in self.members.iter().zip(puts) {
                match put {
                    Some(Put::Failed) => self.missed(member, key, Task::Put),
                    // Another body may lie there under a name that is ours: it is replaced when the
                    // queue is drained.
                    Some(Put::Exists) => self.missed(member, key, Task::Put),
                    Some(Put::New) | None => {}
                }
            }
            return Ok(());
        }
        if there >= self.quorum() {
            // The name is taken. What was put where it was missing must not differ from the others.
            for (member, _) in self.members.iter().zip(puts).filter(|(_, put)| **put == Some(Put::New)) {
                let (limit, gone) = (member.write_limit(0), key.clone());
                let request = move |store: Arc<dyn crate::store::Store>| -> Answer<()> {
                    Box::pin(async move { store.delete(&gone).await })
                };
                // Where that fails, the queue replaces it all the same.
                let _ = Arc::clone(member).ask(limit, None, request).await;
                self.missed(member, key, Task::Put);
            }
            return Err(StoreError::AlreadyExists { location: self.location(), key: key.to_string() });
        }
        let needed = self.quorum();
        let why = format!("{new} of {needed} required replicas have taken it ({})", why.join("; "));
        Err(self.too_few(key, "write", why))
    }

    /// Waits until nothing goes on in the background, for at most `limit`, and half of that for replicas
    /// that have answered nothing since.
    pub async fn settle(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let may_end = |member: &Arc<Member>| {
            let is_silent = member.silence().is_some_and(|silence| silence >= limit / 2);
            member.tails.load(Ordering::SeqCst) > 0 && !is_silent
        };
        while Instant::now() < deadline && self.members.iter().any(may_end) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn put(member: &Arc<Member>, key: &Key, body: Bytes) -> Result<(), StoreError> {
    let (limit, key) = (member.write_limit(body.len() as u64), key.clone());
    Arc::clone(member)
        .ask(limit, None, move |store| Box::pin(async move { store.create(&key, body).await }))
        .await
}
