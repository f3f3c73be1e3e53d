//! Versions and retention within time limits: a server that lists versions for ever hangs nobody either.

use std::ops::Range;

use bytes::Bytes;

use crate::store::StoreFuture;
use crate::store::action::Action;
use crate::store::key::Key;
use crate::store::timeout::{READ_MAX_BYTES, TimeoutStore};
use crate::store::vault::{Guard, LockPolicy, ObjectVersion, Retention, Vault, VersionId, on};

impl Vault for TimeoutStore {
    fn policy(&self) -> Option<LockPolicy> {
        self.inner.vault()?.policy()
    }

    fn guard(&self) -> StoreFuture<'_, Guard> {
        let limit = self.limits.operation;
        self.run(Action::Stat, "the bucket", limit, on(&*self.inner, |vault| vault.guard()))
    }

    fn versions(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectVersion>> {
        self.run(Action::List, prefix, self.limits.listing, on(&*self.inner, |vault| vault.versions(prefix)))
    }

    fn get_version(&self, key: &Key, id: &VersionId, max_bytes: u64) -> StoreFuture<'_, Bytes> {
        let limit = self.limits.moving(max_bytes.min(READ_MAX_BYTES));
        let read = on(&*self.inner, |vault| vault.get_version(key, id, max_bytes));
        self.run(Action::Get, key.as_str(), limit, read)
    }

    fn get_version_range(&self, key: &Key, id: &VersionId, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let limit = self.limits.moving(range.end.saturating_sub(range.start).min(READ_MAX_BYTES));
        let read = on(&*self.inner, |vault| vault.get_version_range(key, id, range));
        self.run(Action::GetRange, key.as_str(), limit, read)
    }

    fn retention(&self, key: &Key, id: Option<&VersionId>) -> StoreFuture<'_, Option<Retention>> {
        let limit = self.limits.operation;
        self.run(Action::Stat, key.as_str(), limit, on(&*self.inner, |vault| vault.retention(key, id)))
    }

    fn retain(&self, key: &Key, retention: Retention) -> StoreFuture<'_, ()> {
        let limit = self.limits.operation;
        self.run(Action::Swap, key.as_str(), limit, on(&*self.inner, |vault| vault.retain(key, retention)))
    }

    fn delete_version(&self, key: &Key, id: &VersionId) -> StoreFuture<'_, ()> {
        let limit = self.limits.operation;
        self.run(Action::Delete, key.as_str(), limit, on(&*self.inner, |vault| vault.delete_version(key, id)))
    }

    fn take_granted(&self) -> Vec<(Key, Retention)> {
        self.inner.vault().map(Vault::take_granted).unwrap_or_default()
    }
}
