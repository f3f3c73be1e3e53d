//! Copying a store as it was to another place, which leaves it as it is.

use crate::base::monitor::Event;
use crate::maintain::budget::Budget;
use crate::maintain::lock::extend::{Trouble, trouble};
use crate::maintain::lock::{Around, LockError, for_all};
use crate::maintain::recover::{BUDGET_BYTES, check_size, is_wanted};
use crate::store::ObjectMeta;
use crate::store::client::Client;
use crate::store::error::StoreError;

/// Replicas may differ in the length of what is swapped: a body of so many bytes is taken in any case.
const SMALL_BYTES: u64 = 16 << 20;

/// What a copy made.
#[derive(Debug, Default)]
pub struct Copied {
    /// Objects that were written.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that were there already, byte for byte.
    pub present: u64,
    /// What could not be copied, and why.
    pub troubles: Vec<Trouble>,
}

/// Copies everything of a repository that `past`, a store as it was, holds into `target`. What stands there
/// already with the same bytes stays: an interrupted copy goes on. Snapshots come last.
pub fn copy(past: &Client, target: &Client, around: &Around<'_>) -> Result<Copied, LockError> {
    let all = past.list("").map_err(LockError::Store)?;
    let wanted: Vec<ObjectMeta> = all.into_iter().filter(|meta| is_wanted(&meta.key)).collect();
    let is_snapshot = |meta: &ObjectMeta| meta.key.as_str().starts_with("snapshots/");
    let (last, first): (Vec<ObjectMeta>, Vec<ObjectMeta>) = wanted.into_iter().partition(is_snapshot);
    around.monitor.event(Event::Stage("copying"));
    let budget = Budget::new(BUDGET_BYTES);
    let mut copied = Copied::default();
    for group in [first, last] {
        let work = |meta: &ObjectMeta| copy_one(past, target, meta, &budget);
        for (meta, result) in group.iter().zip(for_all(&group, around, work)?) {
            match result {
                Ok(true) => {
                    copied.objects += 1;
                    copied.bytes = copied.bytes.saturating_add(meta.size);
                }
                Ok(false) => copied.present += 1,
                Err(error) => copied.troubles.push(trouble(&meta.key, &error)),
            }
        }
    }
    Ok(copied)
}

/// Copies one object; `false` where it is there already, byte for byte.
fn copy_one(past: &Client, target: &Client, meta: &ObjectMeta, budget: &Budget) -> Result<bool, StoreError> {
    check_size(past.location(), &meta.key, meta.size)?;
    let differs = || {
        let (location, key) = (target.location(), meta.key.to_string());
        StoreError::AlreadyExists { location, key }
    };
    let there = match target.stat(&meta.key) {
        Ok(there) => Some(there.size),
        Err(StoreError::NotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    let bodies = if there.is_some() { 2 } else { 1 };
    let _held = budget.take(meta.size * bodies);
    let (body, _) = past.get_bounded(&meta.key, meta.size.max(SMALL_BYTES))?;
    match there {
        None => target.create(&meta.key, body).map(|()| true),
        Some(size) if size != body.len() as u64 => Err(differs()),
        Some(size) => match target.get_bounded(&meta.key, size)?.0 == body {
            true => Ok(false),
            false => Err(differs()),
        },
    }
}
