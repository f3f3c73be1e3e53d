//! Archive classes of S3: GLACIER, DEEP_ARCHIVE, and the archive tiers of INTELLIGENT_TIERING.
//!
//! A listing tells the class of each object, though not whether a copy is readable, nor the tier of
//! INTELLIGENT_TIERING: what it tells is remembered, so that only objects that may be cold are ever
//! looked at one by one. A store whose objects are all warm costs no request.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{GlacierJobParameters, RestoreRequest, StorageClass, Tier};

use crate::store::StoreFuture;
use crate::store::archive::{Archive, ArchiveClass, WarmUp, WarmUpSpeed, Warmth};
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::s3::S3Store;

/// Objects that listings showed in a class that can be read at once. What no listing has shown is in
/// doubt, even where others of its prefix were listed: it may not be here at all.
#[derive(Debug, Default)]
pub(super) struct Classes(Mutex<HashSet<Key>>);

impl Classes {
    fn warm(&self) -> MutexGuard<'_, HashSet<Key>> {
        // The set stays whole even where a thread died holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a listing of `prefix` said: which of its objects are surely warm.
    pub(super) fn listed(&self, prefix: &str, warm: HashSet<Key>) {
        let mut known = self.warm();
        known.retain(|key| !key.as_str().starts_with(prefix));
        known.extend(warm);
    }

    /// Notes that an object was written in a class that may be cold.
    pub(super) fn wrote(&self, key: &Key) {
        self.warm().remove(key);
    }

    fn may_be_cold(&self, key: &Key) -> bool {
        !self.warm().contains(key)
    }
}

/// Whether an object of this class may have to be warmed up.
pub(super) fn is_doubtful(class: &str) -> bool {
    ArchiveClass::parse(class).is_some() || class == "INTELLIGENT_TIERING"
}

/// Whether an object can be read, as its metadata say.
fn warmth_of(head: &HeadObjectOutput) -> Warmth {
    let by_class = head.storage_class().map(StorageClass::as_str).and_then(ArchiveClass::parse);
    let by_tier = head.archive_status().map(|status| status.as_str()).and_then(ArchiveClass::parse);
    let Some(class) = by_tier.or(by_class) else { return Warmth::Warm };
    match head.restore() {
        None => Warmth::Cold(class),
        Some(text) if text.contains("ongoing-request=\"true\"") => Warmth::Warming(class),
        // A copy is there. One whose days are over is no longer told of.
        Some(_) => Warmth::Warm,
    }
}

impl Archive for S3Store {
    fn may_be_cold(&self, key: &Key) -> bool {
        self.classes.may_be_cold(key)
    }

    fn warmth(&self, key: &Key) -> StoreFuture<'_, Warmth> {
        let key = key.clone();
        Box::pin(async move { self.head(&key).await.map(|head| warmth_of(&head)) })
    }

    fn warm_up(&self, key: &Key, how: WarmUp) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move {
            match self.warmth(&key).await? {
                Warmth::Cold(class) => self.request_copy(&key, class, how).await,
                Warmth::Warm | Warmth::Warming(_) => Ok(()),
            }
        })
    }
}

impl S3Store {
    async fn request_copy(&self, key: &Key, class: ArchiveClass, how: WarmUp) -> Result<(), StoreError> {
        let tier = match how.speed {
            WarmUpSpeed::Expedited => Tier::Expedited,
            WarmUpSpeed::Standard => Tier::Standard,
            WarmUpSpeed::Bulk => Tier::Bulk,
        };
        let asked = self.asked(key.as_str(), "warm up");
        // The tier is set: nothing that must be there is missing.
        let parameters = GlacierJobParameters::builder().tier(tier).build().ok();
        let days = class.has_days().then_some(i32::try_from(how.days).unwrap_or(i32::MAX));
        let wish = RestoreRequest::builder().set_days(days).set_glacier_job_parameters(parameters).build();
        let request = self
            .client()
            .await?
            .restore_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .restore_request(wish)
            .set_request_payer(self.payer());
        let error = match self.answer(asked, request.send()).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let StoreError::Service { code, .. } = &error else { return Err(error) };
        match &**code {
            "RestoreAlreadyInProgress" => Ok(()),
            "GlacierExpeditedRetrievalNotAvailable" => Err(StoreError::Unsupported {
                location: self.location.clone(),
                why: "it has no room for expedited warm-ups now; ask with --warm-up=standard, or later"
                    .into(),
            }),
            "NotImplemented" | "MethodNotAllowed" => Err(StoreError::Unsupported {
                location: self.location.clone(),
                why: "it does not warm objects up by RestoreObject; name a `warm_up_command` that does"
                    .into(),
            }),
            _ => Err(error),
        }
    }
}
