//! Versions and retention of a bucket: see [`crate::store::vault`].

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::PoisonError;

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{
    BucketVersioningStatus, EncodingType, ObjectLockEnabled, ObjectLockMode, ObjectLockRetention,
    ObjectLockRetentionMode,
};
use bytes::Bytes;

use crate::base::time::Timestamp;
use crate::store::StoreFuture;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::s3::options::decode;
use crate::store::s3::pages::{ETAG_MAX_BYTES, Pages, VERSION_ID_MAX_BYTES, is_word};
use crate::store::s3::watch::read_all;
use crate::store::s3::{S3Store, errors, parse_content_range, timestamp};
use crate::store::vault::{
    Guard, LockMode, LockPolicy, ObjectVersion, Retention, Vault, VersionId, is_locked_kind,
};

/// Answers that say that there is no retention, on servers and buckets of all sorts.
const NO_RETENTION: &[&str] = &[
    "NoSuchObjectLockConfiguration",
    "ObjectLockConfigurationNotFoundError",
    "ObjectLockConfigurationNotFound",
    "InvalidRequest",
];

impl S3Store {
    /// What the object `key` is to be locked with, if it is.
    pub(super) fn retention_of(&self, key: &Key) -> Option<Retention> {
        let policy = self.options.lock.filter(|_| is_locked_kind(key))?;
        Some(policy.retention_at(self.clock.now()))
    }

    /// Remembers what was written with a retention.
    pub(super) fn note_granted(&self, key: &Key, retention: Option<Retention>) {
        if let Some(retention) = retention {
            let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
            granted.push((key.clone(), retention));
        }
    }

    /// A refusal to write, where the retention may be what is refused.
    pub(super) fn explain_refusal(&self, error: StoreError, retention: Option<Retention>) -> StoreError {
        match error {
            StoreError::Service { code, message, is_transient: false, .. }
                if retention.is_some() && &*code == "InvalidRequest" =>
            {
                let why = format!(
                    "the bucket takes no locked objects ({message}): Object Lock has to be switched on \
                     for it, best when it is made; do that, or leave out `lock`"
                );
                StoreError::Unsupported { location: self.location.clone(), why }
            }
            error => error,
        }
    }

    async fn guard_now(&self) -> Result<Guard, StoreError> {
        let client = self.client().await?;
        let bucket = &self.options.bucket;
        let request = client.get_bucket_versioning().bucket(bucket).send();
        let versioning = match self.answer(self.asked("the bucket's versioning", "look at"), request).await {
            Ok(answer) => Some(answer.status() == Some(&BucketVersioningStatus::Enabled)),
            Err(error) => of_refusal(error)?,
        };
        let request = client.get_object_lock_configuration().bucket(bucket).send();
        let answer = self.answer(self.asked("the bucket's Object Lock", "look at"), request).await;
        let (object_lock, default_retention) = match answer {
            Ok(answer) => {
                let lock = answer.object_lock_configuration();
                let enabled = lock.and_then(|lock| lock.object_lock_enabled());
                let rule = lock.and_then(|lock| lock.rule()).and_then(|rule| rule.default_retention());
                let default = rule.and_then(|rule| {
                    let years = rule.years().and_then(|years| years.checked_mul(365));
                    let days = u32::try_from(rule.days().or(years)?).ok()?;
                    Some((LockMode::parse(rule.mode()?.as_str())?, days))
                });
                (Some(enabled == Some(&ObjectLockEnabled::Enabled)), default)
            }
            Err(error) => (of_refusal(error)?, None),
        };
        Ok(Guard { versioning, object_lock, default_retention })
    }

    async fn versions_now(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        let below = format!("{}{prefix}", self.options.prefix);
        let asked = self.asked(if prefix.is_empty() { "objects" } else { prefix }, "list the versions of");
        let mut found: Vec<ObjectVersion> = Vec::new();
        let mut pages = Pages::default();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let request = self
                .client()
                .await?
                .list_object_versions()
                .bucket(&self.options.bucket)
                .prefix(&below)
                .encoding_type(EncodingType::Url)
                .set_key_marker(key_marker)
                .set_version_id_marker(id_marker)
                .set_request_payer(self.payer());
            let page = self.answer(asked, request.send()).await?;
            let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
            let key = |text: Option<&str>| self.key_of(text?, prefix, is_encoded);
            let id = |text: Option<&str>| {
                let text = text.filter(|text| is_word(text, VERSION_ID_MAX_BYTES))?;
                Some(VersionId(text.to_owned()))
            };
            found.extend(page.versions().iter().filter_map(|version| {
                Some(ObjectVersion {
                    key: key(version.key())?,
                    id: id(version.version_id())?,
                    size: u64::try_from(version.size()?).ok()?,
                    modified: timestamp(version.last_modified()?),
                    is_latest: version.is_latest().unwrap_or(false),
                    is_marker: false,
                    etag: version
                        .e_tag()
                        .filter(|etag| is_word(etag, ETAG_MAX_BYTES))
                        .map(|etag| etag.trim_matches('"').to_owned()),
                })
            }));
            found.extend(page.delete_markers().iter().filter_map(|marker| {
                Some(ObjectVersion {
                    key: key(marker.key())?,
                    id: id(marker.version_id())?,
                    size: 0,
                    modified: timestamp(marker.last_modified()?),
                    is_latest: marker.is_latest().unwrap_or(false),
                    is_marker: true,
                    etag: None,
                })
            }));
            if !page.is_truncated().unwrap_or(false) {
                break;
            }
            let marker = page.next_key_marker().map(str::to_owned);
            key_marker = if is_encoded { marker.as_deref().and_then(decode) } else { marker };
            id_marker = page.next_version_id_marker().map(str::to_owned);
            let place =
                key_marker.as_ref().map(|key| format!("{key}\n{}", id_marker.as_deref().unwrap_or_default()));
            if pages.is_due(found.len()) {
                found.sort_by(|left, right| (&left.key, &left.id.0).cmp(&(&right.key, &right.id.0)));
                found.dedup_by(|left, right| left.key == right.key && left.id == right.id);
            }
            pages.turn(place.as_deref(), found.len()).map_err(|why| errors::unsound(asked, why))?;
        }
        newest_first(&mut found);
        Ok(found)
    }

    /// The key that a listing below `prefix` tells of, if it is one of ours.
    fn key_of(&self, text: &str, prefix: &str, is_encoded: bool) -> Option<Key> {
        let decoded = if is_encoded { decode(text)? } else { text.to_owned() };
        let key = Key::new(decoded.strip_prefix(&self.options.prefix)?).ok()?;
        let is_folder = prefix.is_empty() || prefix.ends_with('/');
        let fits = if is_folder { key.as_str().starts_with(prefix) } else { key.as_str() == prefix };
        fits.then_some(key)
    }

    async fn get_version_now(&self, key: &Key, id: &VersionId, max: u64) -> Result<Bytes, StoreError> {
        let object = self.open_object(key, Some(id), None).await?;
        let announced = object.content_length().and_then(|length| u64::try_from(length).ok());
        let read = read_all(object.body, announced, max, &self.limits).await;
        read.map_err(|broken| errors::of_broken(self.asked(key.as_str(), "read"), broken, max))
    }

    async fn get_version_range_now(
        &self,
        key: &Key,
        id: &VersionId,
        range: Range<u64>,
    ) -> Result<Bytes, StoreError> {
        let asked = self.asked(key.as_str(), "read");
        let Some(wanted) = range.end.checked_sub(range.start).filter(|bytes| *bytes > 0) else {
            return Ok(Bytes::new());
        };
        let header = format!("bytes={}-{}", range.start, range.end - 1);
        let object = match self.open_object(key, Some(id), Some(header)).await {
            Err(StoreError::Service { code, .. }) if matches!(&*code, "InvalidRange" | "HTTP 416") => {
                return Err(self.short(key, range.clone(), range.start));
            }
            opened => opened?,
        };
        let whole = object.content_length().and_then(|length| u64::try_from(length).ok());
        match object.content_range().and_then(parse_content_range) {
            Some((first, last, _)) if first == range.start && last == range.end - 1 => {}
            Some((first, last, total)) if first == range.start && last < range.end => {
                return Err(self.short(key, range, total.unwrap_or(last.saturating_add(1))));
            }
            None if range.start == 0 && whole == Some(range.end) => {}
            _ => return Err(errors::unsound(asked, "another range than was asked for")),
        }
        let read = read_all(object.body, Some(wanted), wanted, &self.limits).await;
        read.map_err(|broken| errors::of_broken(asked, broken, wanted))
    }

    async fn retention_now(
        &self,
        key: &Key,
        id: Option<&VersionId>,
    ) -> Result<Option<Retention>, StoreError> {
        let request = self
            .client()
            .await?
            .get_object_retention()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .set_version_id(id.map(|id| id.0.clone()))
            .set_request_payer(self.payer());
        let asked = self.asked(key.as_str(), "look at the retention of");
        let answer = match self.answer(asked, request.send()).await {
            Ok(answer) => answer,
            Err(StoreError::Service { code, .. }) if NO_RETENTION.contains(&&*code) => return Ok(None),
            Err(error) => return Err(error),
        };
        let retention = answer.retention();
        let mode = retention.and_then(|retention| LockMode::parse(retention.mode()?.as_str()));
        let until = retention.and_then(|retention| retention.retain_until_date()).map(timestamp);
        Ok(mode.zip(until).map(|(mode, until)| Retention { mode, until }))
    }

    async fn retain_now(&self, key: &Key, retention: Retention) -> Result<(), StoreError> {
        let mode = ObjectLockRetentionMode::from(mode_of(retention.mode).as_str());
        let until = date_of(retention.until);
        let request = self
            .client()
            .await?
            .put_object_retention()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .retention(ObjectLockRetention::builder().mode(mode).retain_until_date(until).build())
            .set_request_payer(self.payer());
        match self.answer(self.asked(key.as_str(), "set the retention of"), request.send()).await {
            Ok(_) => Ok(()),
            Err(error @ StoreError::Denied { .. }) => Err(self.locked(error, key, None).await),
            Err(error) => Err(self.explain_refusal(error, Some(retention))),
        }
    }

    async fn delete_version_now(&self, key: &Key, id: &VersionId) -> Result<(), StoreError> {
        let request = self
            .client()
            .await?
            .delete_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .version_id(&id.0)
            .set_request_payer(self.payer());
        match self.answer(self.asked(key.as_str(), "delete a version of"), request.send()).await {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error @ StoreError::Denied { .. }) => Err(self.locked(error, key, Some(id)).await),
            Err(error) => Err(error),
        }
    }

    /// A refusal for want of rights, or because of a retention: servers tell both with the same words.
    async fn locked(&self, denied: StoreError, key: &Key, id: Option<&VersionId>) -> StoreError {
        match self.retention_now(key, id).await {
            Ok(Some(Retention { mode, until })) if until > self.clock.now() => {
                let shown = date_of(until).fmt(DateTimeFormat::DateTime);
                StoreError::Locked {
                    location: self.location.clone(),
                    key: key.to_string(),
                    until: shown.unwrap_or_else(|_| format!("@{}", until.seconds)).into(),
                    mode: mode.as_str(),
                }
            }
            _ => denied,
        }
    }
}

/// By key, and of each key the newest first.
///
/// Markers come in a list of their own, so that their place among versions of the same second is lost, apart
/// from the newest: of two of the same time, data counts as newer than a marker.
fn newest_first(found: &mut [ObjectVersion]) {
    found.sort_by(|left, right| {
        let rank = |one: &ObjectVersion| (Reverse(one.is_latest), Reverse(one.modified), one.is_marker);
        left.key.cmp(&right.key).then_with(|| rank(left).cmp(&rank(right)))
    });
}

/// A server that knows nothing of an extra does not have it; one that says anything else says nothing.
/// What passes is tried again.
fn of_refusal(error: StoreError) -> Result<Option<bool>, StoreError> {
    match error {
        StoreError::NotFound { .. } | StoreError::Service { is_transient: false, .. } => Ok(Some(false)),
        error if error.is_transient() => Err(error),
        StoreError::NoStore { .. } | StoreError::Credentials { .. } => Err(error),
        _ => Ok(None),
    }
}

/// The mode as the SDK has it.
pub(super) fn mode_of(mode: LockMode) -> ObjectLockMode {
    match mode {
        LockMode::Governance => ObjectLockMode::Governance,
        LockMode::Compliance => ObjectLockMode::Compliance,
    }
}

/// The time as the SDK has it.
pub(super) fn date_of(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.seconds)
}

impl Vault for S3Store {
    fn policy(&self) -> Option<LockPolicy> {
        self.options.lock
    }

    fn guard(&self) -> StoreFuture<'_, Guard> {
        Box::pin(self.guard_now())
    }

    fn versions(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectVersion>> {
        let prefix = prefix.to_owned();
        Box::pin(async move { self.versions_now(&prefix).await })
    }

    fn get_version(&self, key: &Key, id: &VersionId, max_bytes: u64) -> StoreFuture<'_, Bytes> {
        let (key, id) = (key.clone(), id.clone());
        Box::pin(async move { self.get_version_now(&key, &id, max_bytes).await })
    }

    fn get_version_range(&self, key: &Key, id: &VersionId, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let (key, id) = (key.clone(), id.clone());
        Box::pin(async move { self.get_version_range_now(&key, &id, range).await })
    }

    fn retention(&self, key: &Key, id: Option<&VersionId>) -> StoreFuture<'_, Option<Retention>> {
        let (key, id) = (key.clone(), id.cloned());
        Box::pin(async move { self.retention_now(&key, id.as_ref()).await })
    }

    fn retain(&self, key: &Key, retention: Retention) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.retain_now(&key, retention).await })
    }

    fn delete_version(&self, key: &Key, id: &VersionId) -> StoreFuture<'_, ()> {
        let (key, id) = (key.clone(), id.clone());
        Box::pin(async move { self.delete_version_now(&key, &id).await })
    }

    fn take_granted(&self) -> Vec<(Key, Retention)> {
        std::mem::take(&mut *self.granted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
