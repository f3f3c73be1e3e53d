//! Versions and retention within limits: each operation takes a place, and each byte counts.

use std::ops::Range;

use bytes::Bytes;

use crate::store::StoreFuture;
use crate::store::key::Key;
use crate::store::limit::{LimitStore, none};
use crate::store::vault::{Guard, LockPolicy, ObjectVersion, Retention, Vault, VersionId, on};

impl Vault for LimitStore {
    fn policy(&self) -> Option<LockPolicy> {
        self.inner.vault()?.policy()
    }

    fn guard(&self) -> StoreFuture<'_, Guard> {
        self.run(0, on(&*self.inner, |vault| vault.guard()), none)
    }

    fn versions(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectVersion>> {
        self.run(0, on(&*self.inner, |vault| vault.versions(prefix)), none)
    }

    fn get_version(&self, key: &Key, id: &VersionId, max_bytes: u64) -> StoreFuture<'_, Bytes> {
        self.run(0, on(&*self.inner, |vault| vault.get_version(key, id, max_bytes)), length)
    }

    fn get_version_range(&self, key: &Key, id: &VersionId, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        self.run(0, on(&*self.inner, |vault| vault.get_version_range(key, id, range)), length)
    }

    fn retention(&self, key: &Key, id: Option<&VersionId>) -> StoreFuture<'_, Option<Retention>> {
        self.run(0, on(&*self.inner, |vault| vault.retention(key, id)), none)
    }

    fn retain(&self, key: &Key, retention: Retention) -> StoreFuture<'_, ()> {
        self.run(0, on(&*self.inner, |vault| vault.retain(key, retention)), none)
    }

    fn delete_version(&self, key: &Key, id: &VersionId) -> StoreFuture<'_, ()> {
        self.run(0, on(&*self.inner, |vault| vault.delete_version(key, id)), none)
    }

    fn take_granted(&self) -> Vec<(Key, Retention)> {
        self.inner.vault().map(Vault::take_granted).unwrap_or_default()
    }
}

fn length(body: &Bytes) -> u64 {
    body.len() as u64
}
