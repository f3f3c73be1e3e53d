//! Listings: the union of what the replicas have. A mirror that is behind hides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::store::error::StoreError;
use crate::store::key::{Key, check_prefix};
use crate::store::replicas::Set;
use crate::store::replicas::gather::gather;
use crate::store::replicas::member::{Answer, Member, chain};
use crate::store::{ObjectMeta, Store};

/// The least that is waited for replicas whose listing nothing depends on.
const LEAST_GRACE: Duration = Duration::from_secs(1);

/// One replica's listing.
pub type Listing = Result<Vec<ObjectMeta>, StoreError>;

impl Set {
    /// Every object that any replica has, and that is not only waiting to be deleted there.
    pub(super) async fn list_union(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        check_prefix(prefix)?;
        let mut listings = JoinSet::new();
        // Those left alone after failures are asked only where the others are too few. One that returns
        // damage may all the same be the only one that has an object.
        let mut go: Vec<bool> =
            self.members.iter().map(|member| member.admits() || member.is_misled()).collect();
        let reached =
            self.members.iter().zip(&go).filter(|(member, go)| member.is_required() && **go).count();
        if reached < self.sight() {
            go.fill(true);
        }
        for (at, member) in self.members.iter().enumerate().filter(|(at, _)| go[*at]) {
            let listing = list_at(Arc::clone(member), prefix.to_owned(), self.options.timing.list_limit);
            listings.spawn(async move { (at, listing.await) });
        }
        let mut answers: Vec<Option<Listing>> = self.members.iter().map(|_| None).collect();
        gather(listings, LEAST_GRACE, |at, answer| {
            answers[at] = Some(answer);
            // Nothing acknowledged is hidden any more; but those that are merely slower may have more.
            self.heard(&answers) >= self.sight()
        })
        .await;
        self.unite(prefix, answers)
    }

    fn heard(&self, answers: &[Option<Listing>]) -> usize {
        let is_heard = |(member, answer): &(&Arc<Member>, &Option<Listing>)| {
            member.is_required() && matches!(answer, Some(Ok(_)))
        };
        self.members.iter().zip(answers).filter(is_heard).count()
    }

    fn unite(&self, prefix: &str, answers: Vec<Option<Listing>>) -> Result<Vec<ObjectMeta>, StoreError> {
        let heard = self.heard(&answers);
        let mut union: BTreeMap<Key, Vec<ObjectMeta>> = BTreeMap::new();
        let mut failure = None;
        let mut any = false;
        for (member, answer) in self.members.iter().zip(answers) {
            match answer {
                Some(Ok(listed)) => {
                    any = true;
                    for meta in listed.into_iter().filter(|meta| !member.queue.hides(&meta.key)) {
                        union.entry(meta.key.clone()).or_default().push(meta);
                    }
                }
                Some(Err(error)) => {
                    self.note(format!("replica {} cannot be listed: {}", member.spec.name, chain(&error)));
                    failure.get_or_insert(error);
                }
                None => self.note(format!("replica {} has not been listed in time", member.spec.name)),
            }
        }
        match failure {
            Some(error) if !any => return Err(error),
            _ => {}
        }
        if heard < self.sight() {
            let what = if prefix.is_empty() { "the listing" } else { prefix };
            self.mark_incomplete(what);
        }
        Ok(union.into_values().filter_map(common).collect())
    }
}

/// What most replicas say of an object; of equally many the larger size, for copies are cut off rather
/// than swollen. Versions mean nothing between stores.
fn common(metas: Vec<ObjectMeta>) -> Option<ObjectMeta> {
    let count = |size: u64| metas.iter().filter(|meta| meta.size == size).count();
    let size = metas.iter().map(|meta| (count(meta.size), meta.size)).max()?.1;
    let modified = metas.iter().filter_map(|meta| meta.modified).min();
    let key = metas.into_iter().next()?.key;
    Some(ObjectMeta { key, size, modified, version: None })
}

/// What one replica has under `prefix`.
pub(super) async fn list_at(member: Arc<Member>, prefix: String, limit: Duration) -> Listing {
    let request = move |store: Arc<dyn Store>| -> Answer<Vec<ObjectMeta>> {
        Box::pin(async move { store.list(&prefix).await })
    };
    member.ask(limit, None, request).await
}

#[cfg(test)]
mod tests {
    use super::common;
    use crate::store::ObjectMeta;
    use crate::store::key::Key;

    #[test]
    fn a_copy_that_is_cut_off_does_not_speak_for_the_others() {
        let meta = |size| ObjectMeta { key: Key::new("a").unwrap(), size, modified: None, version: None };
        assert_eq!(common(vec![meta(5), meta(9)]).unwrap().size, 9);
        assert_eq!(common(vec![meta(9), meta(5), meta(5)]).unwrap().size, 5);
        assert_eq!(common(vec![]), None);
    }
}
