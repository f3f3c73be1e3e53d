//! What an S3 server has beyond what every store must have: found out by asking it.

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockEnabled};
use bytes::Bytes;

use crate::store::StoreFuture;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::s3::S3Store;
use crate::store::s3::watch::{upload, while_it_moves};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Uploads are checked against the checksum that goes with them.
    pub checksums: Extra,
    /// Objects that are deleted or replaced are kept as versions.
    pub versioning: Extra,
    /// Objects can be kept from being deleted (Object Lock).
    pub object_lock: Extra,
}

impl S3Store {
    /// Finds out the extras; `spare` is a key where nothing stands, and where something may stand after.
    pub fn features(&self, spare: &Key) -> StoreFuture<'_, Features> {
        let spare = spare.clone();
        Box::pin(async move {
            Ok(Features {
                checksums: self.checks_checksums(&spare).await?,
                versioning: self.keeps_versions().await?,
                object_lock: self.locks_objects().await?,
            })
        })
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

    async fn keeps_versions(&self) -> Result<Extra, StoreError> {
        let request = self.client().await?.get_bucket_versioning().bucket(&self.options.bucket);
        let answer = self.answer(self.asked("the bucket's versioning", "look at"), request.send()).await;
        Ok(match answer {
            Ok(answer) if answer.status() == Some(&BucketVersioningStatus::Enabled) => Extra::Yes,
            Ok(_) => Extra::No,
            Err(error) => of_refusal(&error),
        })
    }

    async fn locks_objects(&self) -> Result<Extra, StoreError> {
        let request = self.client().await?.get_object_lock_configuration().bucket(&self.options.bucket);
        let answer = self.answer(self.asked("the bucket's Object Lock", "look at"), request.send()).await;
        Ok(match answer {
            Ok(answer) => {
                let enabled = answer.object_lock_configuration().and_then(|lock| lock.object_lock_enabled());
                if enabled == Some(&ObjectLockEnabled::Enabled) { Extra::Yes } else { Extra::No }
            }
            Err(error) => of_refusal(&error),
        })
    }
}

/// A server that knows nothing of an extra does not have it; one that says anything else says nothing.
fn of_refusal(error: &StoreError) -> Extra {
    match error {
        StoreError::NotFound { .. } => Extra::No,
        StoreError::Service { is_transient: false, .. } => Extra::No,
        _ => Extra::Unknown,
    }
}
