//! Writing to a bucket: only where nothing stands, or only over what was read.
//!
//! A write that was not acknowledged may have happened. Nothing here guesses: its error says that the
//! outcome is unknown, and whoever repeats it meets its own object as `AlreadyExists`, and knows it by
//! its contents.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption, StorageClass,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;

use crate::store::Version;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::s3::archive::is_doubtful;
use crate::store::s3::options::{Checksum, Conditional};
use crate::store::s3::vault::{date_of, mode_of};
use crate::store::s3::watch::{upload, while_it_moves};
use crate::store::s3::{S3Store, errors, version_of};

/// The largest object that a single request may write: 5 GiB.
const PUT_MAX_BYTES: u64 = 5 << 30;
/// How often a write is sent again that met another one at the server.
const CONFLICTS_MAX: u32 = 6;

/// What has to hold for a write to happen.
#[derive(Clone, Debug)]
enum Condition {
    /// Nothing stands there.
    Nothing,
    /// What stands there is this.
    Is(Version),
}

impl S3Store {
    pub(super) async fn create_now(&self, key: &Key, body: Bytes) -> Result<(), StoreError> {
        self.write(key, Condition::Nothing, body).await.map(drop)
    }

    pub(super) async fn swap_now(
        &self,
        key: &Key,
        expected: Option<Version>,
        body: Bytes,
    ) -> Result<Version, StoreError> {
        let condition = expected.map_or(Condition::Nothing, Condition::Is);
        let had_version = matches!(condition, Condition::Is(_));
        let conflict = || StoreError::Conflict { location: self.location.clone(), key: key.to_string() };
        match self.write(key, condition, body).await {
            Ok(Some(version)) => Ok(version),
            Ok(None) => Err(errors::unsound(self.asked(key.as_str(), "write"), "an object without an ETag")),
            Err(StoreError::AlreadyExists { .. }) => Err(conflict()),
            // A condition on an object that is gone.
            Err(StoreError::NotFound { .. }) if had_version => Err(conflict()),
            Err(error) => Err(error),
        }
    }

    /// Writes under a condition; the new version, where the server tells. `AlreadyExists` means that the
    /// condition did not hold.
    async fn write(
        &self,
        key: &Key,
        condition: Condition,
        body: Bytes,
    ) -> Result<Option<Version>, StoreError> {
        let size = body.len() as u64;
        if size > PUT_MAX_BYTES {
            let (location, key) = (self.location.clone(), key.to_string());
            return Err(StoreError::TooLarge { location, key, size, max: PUT_MAX_BYTES });
        }
        match self.options.conditional {
            Conditional::Server => {}
            Conditional::SingleWriter => {
                self.look_first(key, &condition).await?;
                return self.put(key, None, body).await;
            }
            Conditional::TimeBased => return self.put(key, None, body).await,
        }
        let mut pause = Duration::from_millis(20);
        for _ in 0..CONFLICTS_MAX {
            match self.put(key, Some(&condition), body.clone()).await {
                Err(StoreError::Service { code, .. })
                    if matches!(&*code, "ConditionalRequestConflict" | "OperationAborted") =>
                {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        self.put(key, Some(&condition), body).await
    }

    /// The condition, by a look: sound while nobody else writes. A backup host may not look at packs; it may
    /// list them.
    async fn look_first(&self, key: &Key, condition: &Condition) -> Result<(), StoreError> {
        let refused = || StoreError::AlreadyExists { location: self.location.clone(), key: key.to_string() };
        match (self.stat_now(key).await, condition) {
            (Err(StoreError::Denied { .. }), Condition::Nothing) => {
                let (folder, _) = key.split();
                let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
                let listed = self.list_now(&below).await?;
                if listed.iter().any(|meta| meta.key == *key) { Err(refused()) } else { Ok(()) }
            }
            (Err(StoreError::NotFound { .. }), Condition::Nothing) => Ok(()),
            (Err(StoreError::NotFound { .. }), Condition::Is(_)) => Err(refused()),
            (Err(error), _) => Err(error),
            (Ok(meta), Condition::Is(version)) if meta.version.as_ref() == Some(version) => Ok(()),
            (Ok(_), _) => Err(refused()),
        }
    }

    async fn put(
        &self,
        key: &Key,
        condition: Option<&Condition>,
        body: Bytes,
    ) -> Result<Option<Version>, StoreError> {
        let asked = self.asked(key.as_str(), "write");
        let options = &self.options;
        let retention = self.retention_of(key);
        let mut request = self
            .client()
            .await?
            .put_object()
            .bucket(&options.bucket)
            .key(self.path(key))
            // At most 5 GiB.
            .content_length(body.len() as i64)
            .set_storage_class(options.class_of(key).map(StorageClass::from))
            .set_server_side_encryption(options.sse.as_deref().map(ServerSideEncryption::from))
            .set_ssekms_key_id(options.sse_kms_key.clone())
            .set_request_payer(self.payer())
            .set_object_lock_mode(retention.map(|retention| mode_of(retention.mode)))
            .set_object_lock_retain_until_date(retention.map(|retention| date_of(retention.until)));
        let sum = checksum_text(options.checksum, &body);
        request = match options.checksum {
            Checksum::Crc32 => request.set_checksum_crc32(sum),
            Checksum::Crc32c => request.set_checksum_crc32_c(sum),
            Checksum::Crc64Nvme => request.set_checksum_crc64_nvme(sum),
            Checksum::Off => request,
        };
        request = match condition {
            None => request,
            Some(Condition::Nothing) => request.if_none_match("*"),
            Some(Condition::Is(version)) => request.if_match(format!("\"{}\"", version.name())),
        };
        let (stream, progress) = upload(body);
        let request = request.body(stream).customize().disable_payload_signing();
        match while_it_moves(request.send(), &progress, &self.limits).await {
            Ok(Ok(done)) => {
                self.note_granted(key, retention);
                if options.class_of(key).is_some_and(is_doubtful) {
                    self.classes.wrote(key);
                }
                Ok(done.e_tag().map(version_of))
            }
            Ok(Err(error)) => Err(self.explain_refusal(errors::of_sdk(asked, &error), retention)),
            Err(broken) => Err(errors::of_broken(asked, broken, u64::MAX)),
        }
    }

    /// Makes the bucket unless there is one.
    pub(super) async fn make_bucket(&self, client: &Client) -> Result<(), StoreError> {
        let bucket = &self.options.bucket;
        let asked = self.asked(bucket, "look at the bucket");
        match self.answer(asked, client.head_bucket().bucket(bucket).send()).await {
            Err(StoreError::NotFound { .. } | StoreError::NoStore { .. }) => {}
            // Who may not look may still write, and will be told if not.
            Ok(_) | Err(StoreError::Denied { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
        let region = client.config().region().map(|region| region.as_ref().to_owned());
        let elsewhere = region.filter(|region| region != "us-east-1");
        let location = elsewhere.map(|region| {
            let constraint = BucketLocationConstraint::from(region.as_str());
            CreateBucketConfiguration::builder().location_constraint(constraint).build()
        });
        // Where objects are to be locked, the bucket has to be made for it: not every server can later.
        let locks = self.options.lock.map(|_| true);
        let request = client
            .create_bucket()
            .bucket(bucket)
            .set_object_lock_enabled_for_bucket(locks)
            .set_create_bucket_configuration(location);
        match self.answer(self.asked(bucket, "make the bucket"), request.send()).await {
            Ok(_) => Ok(()),
            Err(StoreError::Service { code, .. }) if &*code == "BucketAlreadyOwnedByYou" => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The checksum of `body` as its header has it: big-endian, in base64.
fn checksum_text(checksum: Checksum, body: &[u8]) -> Option<String> {
    let (algorithm, length) = match checksum {
        Checksum::Crc32 => (CrcAlgorithm::Crc32IsoHdlc, 4),
        Checksum::Crc32c => (CrcAlgorithm::Crc32Iscsi, 4),
        Checksum::Crc64Nvme => (CrcAlgorithm::Crc64Nvme, 8),
        Checksum::Off => return None,
    };
    let sum = crc_fast::checksum(algorithm, body).to_be_bytes();
    Some(STANDARD.encode(&sum[sum.len() - length..]))
}

#[cfg(test)]
mod tests {
    use super::checksum_text;
    use crate::store::s3::options::Checksum;

    #[test]
    fn checksums_are_those_of_the_catalogue() {
        // The check values of the three CRCs, over "123456789", in base64.
        for (checksum, expected) in [
            (Checksum::Crc32, Some("y/Q5Jg==")),
            (Checksum::Crc32c, Some("4waSgw==")),
            (Checksum::Crc64Nvme, Some("rosUhgp5mIg=")),
            (Checksum::Off, None),
        ] {
            assert_eq!(checksum_text(checksum, b"123456789").as_deref(), expected, "{checksum:?}");
        }
    }
}
