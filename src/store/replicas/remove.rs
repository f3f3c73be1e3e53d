//! Deleting at all replicas, acknowledged by the quorum; what misses it is queued.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::class::{self, Class};
use crate::store::replicas::gather::gather;
use crate::store::replicas::member::{Answer, Member, chain};
use crate::store::replicas::queue::Task;

/// The least that is waited for the others, once the quorum has deleted.
const GRACE: Duration = Duration::from_millis(500);

impl Set {
    pub(super) async fn delete_everywhere(&self, key: &Key) -> Result<(), StoreError> {
        let is_small_matter = key.as_str().starts_with("sessions/") || key.as_str().starts_with("keys/");
        if (self.is_incomplete() || !self.is_settled()) && !is_small_matter {
            let why =
                "too few replicas answered or agreed before, so what this rests on may be old".to_owned();
            return Err(self.too_few(key, "delete", why));
        }
        self.forget_decision(key);
        let mut failed: Vec<(usize, StoreError)> = Vec::new();
        let mut removed = 0;
        let mut deletes = JoinSet::new();
        let mut late = BTreeSet::new();
        for (at, member) in self.members.iter().enumerate() {
            if class::of(key) == Class::Led
                && self.required().next().is_some_and(|one| Arc::ptr_eq(one, member))
            {
                // The leader first: what it does not have any more is not carried to the others again.
                delete_at(Arc::clone(member), key.clone()).await?;
                removed += 1;
                continue;
            }
            match member.admits() || member.is_required() {
                true => {
                    let delete = delete_at(Arc::clone(member), key.clone());
                    deletes.spawn(async move { (at, delete.await) });
                    late.insert(at);
                }
                false => failed.push((at, member.left_out())),
            }
        }
        gather(deletes, GRACE, |at, result| {
            late.remove(&at);
            match result {
                Ok(()) => {
                    removed += usize::from(self.members[at].is_required());
                    self.caught_up(&self.members[at], key);
                }
                Err(error) => failed.push((at, error)),
            }
            removed >= self.quorum()
        })
        .await;
        for at in late {
            self.members[at].was_late();
            failed.push((at, self.members[at].left_out()));
        }
        if removed < self.quorum() {
            let told: Vec<String> = failed
                .iter()
                .map(|(at, error)| format!("{}: {}", self.members[*at].spec.name, chain(error)))
                .collect();
            let why = format!("{removed} of {} required replicas did ({})", self.quorum(), told.join("; "));
            return Err(self.too_few(key, "delete", why));
        }
        for (at, _) in failed {
            self.missed(&self.members[at], key, Task::Delete);
        }
        Ok(())
    }
}

/// Deletes at one replica.
pub(super) async fn delete_at(member: Arc<Member>, key: Key) -> Result<(), StoreError> {
    let limit = member.read_limit(0);
    let request =
        move |store: Arc<dyn Store>| -> Answer<()> { Box::pin(async move { store.delete(&key).await }) };
    member.ask(limit, None, request).await
}
