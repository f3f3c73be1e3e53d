//! What an S3 server has beyond what every store must have: found out by asking it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;

use crate::store::StoreFuture;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::s3::vault::{date_of, mode_of};
use crate::store::s3::watch::{upload, while_it_moves};
use crate::store::s3::{S3Store, errors};
use crate::store::vault::{LockMode, LockPolicy, Retention, Vault as _, VersionId};

/// What is known of one extra.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// The server has it, and it is on.
    Yes,
    /// It is off, or the server lacks it.
    No,
    /// These credentials may not ask, or the server did not answer.
    Unknown,
}

/// The extras of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Features {
    /// Uploads are checked against the checksum that goes with them.
    pub checksums: Extra,
    /// Objects that are deleted or replaced are kept as versions.
    pub versioning: Extra,
    /// Objects can be kept from being deleted (Object Lock).
    pub object_lock: Extra,
    /// What the bucket locks every new object with: the mode, and days.
    pub default_retention: Option<(LockMode, u32)>,
    /// What became of an object that was locked for a moment, where objects can be locked.
    pub retention: Option<RetentionTrial>,
}

/// What became of an object that was locked for a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionTrial {
    /// Whether its lock held; unknown where these credentials may not lock anything.
    pub honoured: Extra,
    /// What happened instead, or why it is not known.
    pub fault: Option<String>,
    /// Whether these credentials can delete what is locked in governance mode: then a thief of them can.
    pub can_bypass: bool,
    /// The version that stays until its lock ends, where it could not be removed before.
    pub left: Option<Key>,
}

/// How long the object of the trial is locked.
const TRIAL: Duration = Duration::from_secs(60);

impl S3Store {
    /// Finds out the extras; `spare` and keys that begin with it are such where nothing stands, and where
    /// something may stand after.
    pub fn features(&self, spare: &Key) -> StoreFuture<'_, Features> {
        let spare = spare.clone();
        Box::pin(async move {
            let guard = self.guard().await?;
            let known = |answer: Option<bool>| match answer {
                Some(true) => Extra::Yes,
                Some(false) => Extra::No,
                None => Extra::Unknown,
            };
            let retention = match guard.object_lock {
                Some(true) => Some(self.tries_retention(&Key::new(format!("{spare}-locked"))?).await?),
                _ => None,
            };
            Ok(Features {
                checksums: self.checks_checksums(&spare).await?,
                versioning: known(guard.versioning),
                object_lock: known(guard.object_lock),
                default_retention: guard.default_retention,
                retention,
            })
        })
    }

    /// Locks an object for a moment, and tries to be rid of it all the same.
    async fn tries_retention(&self, key: &Key) -> Result<RetentionTrial, StoreError> {
        let mut trial =
            RetentionTrial { honoured: Extra::Unknown, fault: None, can_bypass: false, left: None };
        let policy = LockPolicy { mode: LockMode::Governance, duration: TRIAL, renew_below: Duration::ZERO };
        let retention = policy.retention_at(self.clock.now());
        let id = match self.put_locked(key, retention).await {
            Ok(id) => id,
            Err(error) => {
                trial.fault = Some(format!("no object could be locked: {error}"));
                return Ok(trial);
            }
        };
        let shorter = Retention { until: self.clock.now(), ..retention };
        let shorter = Retention { until: (shorter.until.seconds + 20, 0).into(), ..shorter };
        trial.fault = match self.retention(key, Some(&id)).await {
            Ok(Some(found)) if found.until.seconds >= retention.until.seconds => None,
            Ok(_) => Some("the retention that an object was written with is not kept".to_owned()),
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => Some(format!("its retention cannot be read: {error}")),
        };
        if trial.fault.is_none() && self.retain(key, shorter).await.is_ok() {
            trial.fault = Some("a retention was shortened".to_owned());
        }
        if trial.fault.is_none() && self.delete_version(key, &id).await.is_ok() {
            trial.fault = Some("a locked version was deleted before its time".to_owned());
        }
        trial.honoured = if trial.fault.is_none() { Extra::Yes } else { Extra::No };
        trial.can_bypass = self.delete_bypassing(key, &id).await.is_ok();
        if !trial.can_bypass && trial.honoured == Extra::Yes {
            self.delete_now(key).await?;
            trial.left = Some(key.clone());
        }
        Ok(trial)
    }

    async fn put_locked(&self, key: &Key, retention: Retention) -> Result<VersionId, StoreError> {
        let (stream, progress) = upload(Bytes::from_static(b"locked for a minute"));
        let request = self
            .client()
            .await?
            .put_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .content_length(19)
            // Of just that text.
            .checksum_crc32(STANDARD.encode(crc32(b"locked for a minute")))
            .object_lock_mode(mode_of(retention.mode))
            .object_lock_retain_until_date(date_of(retention.until))
            .set_request_payer(self.payer())
            .body(stream)
            .customize()
            .disable_payload_signing();
        let asked = self.asked(key.as_str(), "lock");
        match while_it_moves(request.send(), &progress, &self.limits).await {
            Ok(Ok(done)) => match done.version_id() {
                Some(id) => Ok(VersionId(id.to_owned())),
                None => Err(errors::unsound(asked, "an object without a version")),
            },
            Ok(Err(error)) => Err(errors::of_sdk(asked, &error)),
            Err(broken) => Err(errors::of_broken(asked, broken, u64::MAX)),
        }
    }

    /// Deletes a version in spite of governance mode, if these credentials may.
    async fn delete_bypassing(&self, key: &Key, id: &VersionId) -> Result<(), StoreError> {
        let request = self
            .client()
            .await?
            .delete_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .version_id(&id.0)
            .bypass_governance_retention(true)
            .set_request_payer(self.payer());
        self.answer(self.asked(key.as_str(), "delete a version of"), request.send()).await.map(drop)
    }

    /// Sends a body with the checksum of another one.
    async fn checks_checksums(&self, spare: &Key) -> Result<Extra, StoreError> {
        let (stream, progress) = upload(Bytes::from_static(b"a body that has another checksum"));
        let request = self
            .client()
            .await?
            .put_object()
            .bucket(&self.options.bucket)
            .key(self.path(spare))
            .content_length(32)
            .checksum_crc32("AAAAAA==")
            .set_request_payer(self.payer())
            .body(stream)
            .customize()
            .disable_payload_signing();
        Ok(match while_it_moves(request.send(), &progress, &self.limits).await {
            Ok(Ok(_)) => Extra::No,
            Ok(Err(error)) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 400) => {
                Extra::Yes
            }
            Ok(Err(_)) | Err(_) => Extra::Unknown,
        })
    }
}

fn crc32(body: &[u8]) -> [u8; 4] {
    // The algorithm's sums have 32 bits.
    (crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, body) as u32).to_be_bytes()
}
