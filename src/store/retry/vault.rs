//! Versions and retention through retries: every operation of the facet may be repeated without harm.

use std::ops::Range;

use bytes::Bytes;

use crate::store::StoreFuture;
use crate::store::key::Key;
use crate::store::retry::RetryStore;
use crate::store::vault::{Guard, LockPolicy, ObjectVersion, Retention, Vault, VersionId, on};

impl Vault for RetryStore {
    fn policy(&self) -> Option<LockPolicy> {
        self.inner.vault()?.policy()
    }

    fn guard(&self) -> StoreFuture<'_, Guard> {
        self.repeat(|| on(&*self.inner, |vault| vault.guard()))
    }

    fn versions(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectVersion>> {
        let prefix = prefix.to_owned();
        self.repeat(move || on(&*self.inner, |vault| vault.versions(&prefix)))
    }

    fn get_version(&self, key: &Key, id: &VersionId, max_bytes: u64) -> StoreFuture<'_, Bytes> {
        let (key, id) = (key.clone(), id.clone());
        self.repeat(move || on(&*self.inner, |vault| vault.get_version(&key, &id, max_bytes)))
    }

    fn get_version_range(&self, key: &Key, id: &VersionId, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let (key, id) = (key.clone(), id.clone());
        self.repeat(move || on(&*self.inner, |vault| vault.get_version_range(&key, &id, range.clone())))
    }

    fn retention(&self, key: &Key, id: Option<&VersionId>) -> StoreFuture<'_, Option<Retention>> {
        let (key, id) = (key.clone(), id.cloned());
        self.repeat(move || on(&*self.inner, |vault| vault.retention(&key, id.as_ref())))
    }

    fn retain(&self, key: &Key, retention: Retention) -> StoreFuture<'_, ()> {
        let key = key.clone();
        self.repeat(move || on(&*self.inner, |vault| vault.retain(&key, retention)))
    }

    fn delete_version(&self, key: &Key, id: &VersionId) -> StoreFuture<'_, ()> {
        let (key, id) = (key.clone(), id.clone());
        self.repeat(move || on(&*self.inner, |vault| vault.delete_version(&key, &id)))
    }

    fn take_granted(&self) -> Vec<(Key, Retention)> {
        self.inner.vault().map(Vault::take_granted).unwrap_or_default()
    }
}
