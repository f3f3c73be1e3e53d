//! A store in an S3 bucket, below a prefix.
//!
//! - Objects are written by a single request each, for a pack is far below the 5 GiB that one takes;
//!   there are no parts that a writer who died could leave behind.
//! - Create-only is `If-None-Match: *`, compare-and-swap is `If-Match`. That a server honours them is
//!   not believed but tried: see `probe`.
//! - One call is one attempt: whoever wants more wraps the store. The exception is the server's answer
//!   that two conditional writes met and neither was looked at: that one is asked again here, for the
//!   contract has no word for it.
//! - Payloads are not signed, for what hashes them twice tells nothing: their checksum is a signed
//!   header, and what is in them is authenticated by the floors above.

mod answers;
mod archive;
mod client;
pub mod errors;
pub mod features;
mod lock_options;
pub mod options;
mod pages;
mod vault;
mod watch;
mod write;

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{EncodingType, Object, RequestPayer};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::base::time::{Clock, Timestamp};
use crate::store::archive::Archive;
use crate::store::error::StoreError;
use crate::store::key::{Key, check_prefix};
use crate::store::s3::archive::{Classes, is_doubtful};
use crate::store::s3::errors::Asked;
use crate::store::s3::options::{S3Options, decode};
use crate::store::s3::pages::{ETAG_MAX_BYTES, Pages, is_word, sort};
use crate::store::s3::watch::{Limits, read_all, until_it_begins};
use crate::store::vault::{Retention, Vault, VersionId};
use crate::store::{ObjectMeta, Store, StoreFuture, Version};
use crate::sys::clock::SystemClock;

/// A bucket and a prefix of it.
pub struct S3Store {
    options: S3Options,
    location: String,
    limits: Limits,
    /// Where the caller has some; the SDK looks for them otherwise.
    credentials: Option<Credentials>,
    /// Made at first use: finding credentials takes time and a runtime.
    client: OnceCell<Client>,
    /// Makes the bucket where it is missing.
    create_bucket: bool,
    bucket_is_made: OnceCell<()>,
    /// Set once the server has shown that there is such a bucket.
    bucket_is_there: AtomicBool,
    /// What retention counts from.
    clock: Arc<dyn Clock>,
    /// What was written with a retention and nobody has asked about yet.
    granted: Mutex<Vec<(Key, Retention)>>,
    classes: Classes,
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Store({})", self.location)
    }
}

impl S3Store {
    /// The store that `options` name; nothing is asked of the server yet. Where the bucket is missing,
    /// it is made before the first operation if `create_bucket`.
    pub fn new(options: S3Options, create_bucket: bool) -> Self {
        let limits = Limits {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
            stall: options.stall_timeout,
        };
        Self {
            location: options.location(),
            limits,
            options,
            credentials: None,
            client: OnceCell::new(),
            create_bucket,
            bucket_is_made: OnceCell::new(),
            bucket_is_there: AtomicBool::new(false),
            clock: Arc::new(SystemClock),
            granted: Mutex::default(),
            classes: Classes::default(),
        }
    }

    /// The same with an access key, instead of what the SDK finds.
    pub fn with_access_key(mut self, id: &str, secret: &str) -> Self {
        self.credentials = Some(Credentials::new(id, secret, None, None, "the caller"));
        self
    }

    /// How the server is spoken to.
    pub fn options(&self) -> &S3Options {
        &self.options
    }

    fn asked<'a>(&'a self, key: &'a str, action: &'static str) -> Asked<'a> {
        Asked { location: &self.location, key, action }
    }

    fn path(&self, key: &Key) -> String {
        format!("{}{key}", self.options.prefix)
    }

    fn payer(&self) -> Option<RequestPayer> {
        self.options.request_payer.then_some(RequestPayer::Requester)
    }

    /// The SDK's client, and a bucket to use it on.
    async fn client(&self) -> Result<&Client, StoreError> {
        let connect = || client::connect(&self.options, &self.location, self.credentials.clone());
        let client = self.client.get_or_try_init(connect).await?;
        if self.create_bucket {
            self.bucket_is_made.get_or_try_init(|| self.make_bucket(client)).await?;
        }
        Ok(client)
    }

    /// The answer to a request without a body.
    async fn answer<T, E>(
        &self,
        asked: Asked<'_>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, StoreError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match until_it_begins(request, &self.limits).await {
            Ok(Ok(answer)) => {
                self.bucket_is_there.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Ok(Err(error)) => Err(errors::of_sdk(asked, &error)),
            Err(broken) => Err(errors::of_broken(asked, broken, u64::MAX)),
        }
    }

    /// Begins to read an object, or the version of it that is named.
    async fn open_object(
        &self,
        key: &Key,
        version: Option<&VersionId>,
        range: Option<String>,
    ) -> Result<GetObjectOutput, StoreError> {
        let request = self
            .client()
            .await?
            .get_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .set_version_id(version.map(|version| version.0.clone()))
            .set_range(range)
            .set_request_payer(self.payer());
        self.answer(self.asked(key.as_str(), "read"), request.send()).await
    }

    async fn get_now(&self, key: &Key, max_bytes: u64) -> Result<(Bytes, Version), StoreError> {
        let asked = self.asked(key.as_str(), "read");
        let object = self.open_object(key, None, None).await?;
        let Some(version) = object.e_tag().map(version_of) else {
            return Err(errors::unsound(asked, "an object without an ETag"));
        };
        let announced = object.content_length().and_then(|length| u64::try_from(length).ok());
        let read = read_all(object.body, announced, max_bytes, &self.limits).await;
        Ok((read.map_err(|broken| errors::of_broken(asked, broken, max_bytes))?, version))
    }

    async fn get_range_now(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let asked = self.asked(key.as_str(), "read");
        let wanted = range.end.checked_sub(range.start);
        // What no object of S3 can have needs no request that servers misread; nor does nothing at all.
        let Some(wanted) = wanted.filter(|bytes| *bytes > 0 && range.end <= OBJECT_MAX_BYTES) else {
            let size = self.stat_now(key).await?.size;
            return match range.start == range.end && range.end <= size {
                true => Ok(Bytes::new()),
                false => Err(self.short(key, range, size)),
            };
        };
        let header = format!("bytes={}-{}", range.start, range.end - 1);
        let object = match self.open_object(key, None, Some(header)).await {
            Ok(object) => object,
            Err(StoreError::Service { code, .. }) if matches!(&*code, "InvalidRange" | "HTTP 416") => {
                let size = self.stat_now(key).await?.size;
                return Err(self.short(key, range, size));
            }
            Err(error) => return Err(error),
        };
        let Some((first, last, total)) = object.content_range().and_then(parse_content_range) else {
            let whole = object.content_length().and_then(|length| u64::try_from(length).ok());
            return match whole {
                // The whole of it is what was asked for.
                Some(size) if range.start == 0 && size == range.end => {
                    let read = read_all(object.body, Some(size), wanted, &self.limits).await;
                    read.map_err(|broken| errors::of_broken(asked, broken, wanted))
                }
                Some(size) if size < range.end => Err(self.short(key, range, size)),
                _ => Err(errors::unsound(asked, "the whole object where a range was asked for")),
            };
        };
        if first != range.start || last >= range.end {
            return Err(errors::unsound(asked, "another range than was asked for"));
        }
        if last != range.end - 1 {
            return Err(self.short(key, range, total.unwrap_or(last.saturating_add(1))));
        }
        let read = read_all(object.body, Some(wanted), wanted, &self.limits).await;
        read.map_err(|broken| errors::of_broken(asked, broken, wanted))
    }

    fn short(&self, key: &Key, range: Range<u64>, size: u64) -> StoreError {
        StoreError::ShortRead { location: self.location.clone(), key: key.to_string(), range, size }
    }

    async fn head(&self, key: &Key) -> Result<HeadObjectOutput, StoreError> {
        let client = self.client().await?;
        let request = client
            .head_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .set_request_payer(self.payer());
        let answer = self.answer(self.asked(key.as_str(), "look at"), request.send()).await;
        if matches!(answer, Err(StoreError::NotFound { .. })) {
            // An answer without a body cannot say whether the object is missing or the whole bucket.
            self.check_bucket(client).await?;
        }
        answer
    }

    /// `NoStore` where the bucket is missing; asked once.
    async fn check_bucket(&self, client: &Client) -> Result<(), StoreError> {
        if self.bucket_is_there.load(Ordering::Relaxed) {
            return Ok(());
        }
        let request = client.head_bucket().bucket(&self.options.bucket);
        match self.answer(self.asked(&self.options.bucket, "look at"), request.send()).await {
            Err(StoreError::NotFound { .. }) => Err(StoreError::NoStore { location: self.location.clone() }),
            // Not everybody may look at the bucket, and the question was another one.
            _ => {
                self.bucket_is_there.store(true, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    async fn stat_now(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        let head = self.head(key).await?;
        let Some(size) = head.content_length().and_then(|length| u64::try_from(length).ok()) else {
            return Err(errors::unsound(self.asked(key.as_str(), "look at"), "an object without a length"));
        };
        Ok(ObjectMeta {
            key: key.clone(),
            size,
            modified: head.last_modified().map(timestamp),
            version: head.e_tag().map(version_of),
        })
    }

    async fn list_now(&self, prefix: &str) -> Result<Vec<ObjectMeta>, StoreError> {
        check_prefix(prefix)?;
        let below = format!("{}{prefix}", self.options.prefix);
        let asked = self.asked(if prefix.is_empty() { "objects" } else { prefix }, "list");
        let mut found: Vec<ObjectMeta> = Vec::new();
        let mut warm: HashSet<Key> = HashSet::new();
        let mut pages = Pages::default();
        let mut token = None;
        loop {
            let request = self
                .client()
                .await?
                .list_objects_v2()
                .bucket(&self.options.bucket)
                .prefix(&below)
                .encoding_type(EncodingType::Url)
                .set_continuation_token(token)
                .set_request_payer(self.payer());
            let page = self.answer(asked, request.send()).await?;
            let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
            for object in page.contents() {
                let Some(meta) = self.meta(object, prefix, is_encoded) else { continue };
                if !object.storage_class().is_some_and(|class| is_doubtful(class.as_str())) {
                    warm.insert(meta.key.clone());
                }
                found.push(meta);
            }
            if !page.is_truncated().unwrap_or(false) {
                break;
            }
            token = page.next_continuation_token().map(str::to_owned);
            if pages.is_due(found.len()) {
                sort(&mut found);
            }
            pages.turn(token.as_deref(), found.len()).map_err(|why| errors::unsound(asked, why))?;
        }
        self.classes.listed(prefix, warm);
        sort(&mut found);
        Ok(found)
    }

    /// What a listing says of one object; nothing of what is none of ours.
    fn meta(&self, object: &Object, prefix: &str, is_encoded: bool) -> Option<ObjectMeta> {
        let decoded = if is_encoded { decode(object.key()?)? } else { object.key()?.to_owned() };
        let key = Key::new(decoded.strip_prefix(&self.options.prefix)?).ok()?;
        key.as_str().starts_with(prefix).then_some(())?;
        Some(ObjectMeta {
            key,
            size: u64::try_from(object.size()?).ok()?,
            modified: object.last_modified().map(timestamp),
            version: object.e_tag().filter(|etag| is_word(etag, ETAG_MAX_BYTES)).map(version_of),
        })
    }

    async fn delete_now(&self, key: &Key) -> Result<(), StoreError> {
        let request = self
            .client()
            .await?
            .delete_object()
            .bucket(&self.options.bucket)
            .key(self.path(key))
            .set_request_payer(self.payer());
        match self.answer(self.asked(key.as_str(), "delete"), request.send()).await {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The largest object that S3 has: 50 TB.
const OBJECT_MAX_BYTES: u64 = 50 << 40;

/// `bytes 3-6/10` as the first byte, the last byte and the size, which may be `*`.
fn parse_content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((first.parse().ok()?, last.parse().ok()?, total))
}

/// An ETag without its quotes, which some servers leave out here and there.
fn version_of(etag: &str) -> Version {
    Version::new(etag.trim_start_matches("W/").trim_matches('"'))
}

fn timestamp(time: &DateTime) -> Timestamp {
    Timestamp { seconds: time.secs(), nanos: time.subsec_nanos().min(999_999_999) }
}

impl Store for S3Store {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn vault(&self) -> Option<&dyn Vault> {
        Some(self)
    }

    fn archive(&self) -> Option<&dyn Archive> {
        Some(self)
    }

    fn create(&self, key: &Key, body: Bytes) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.create_now(&key, body).await })
    }

    fn swap(&self, key: &Key, expected: Option<Version>, body: Bytes) -> StoreFuture<'_, Version> {
        let key = key.clone();
        Box::pin(async move { self.swap_now(&key, expected, body).await })
    }

    fn get(&self, key: &Key) -> StoreFuture<'_, (Bytes, Version)> {
        self.get_bounded(key, u64::MAX)
    }

    fn get_bounded(&self, key: &Key, max_bytes: u64) -> StoreFuture<'_, (Bytes, Version)> {
        let key = key.clone();
        Box::pin(async move { self.get_now(&key, max_bytes).await })
    }

    fn get_range(&self, key: &Key, range: Range<u64>) -> StoreFuture<'_, Bytes> {
        let key = key.clone();
        Box::pin(async move { self.get_range_now(&key, range).await })
    }

    fn stat(&self, key: &Key) -> StoreFuture<'_, ObjectMeta> {
        let key = key.clone();
        Box::pin(async move { self.stat_now(&key).await })
    }

    fn list(&self, prefix: &str) -> StoreFuture<'_, Vec<ObjectMeta>> {
        let prefix = prefix.to_owned();
        Box::pin(async move { self.list_now(&prefix).await })
    }

    fn delete(&self, key: &Key) -> StoreFuture<'_, ()> {
        let key = key.clone();
        Box::pin(async move { self.delete_now(&key).await })
    }
}

#[cfg(test)]
impl S3Store {
    fn with_limits(mut self, limit: std::time::Duration) -> Self {
        self.limits = Limits { connect: limit, first_byte: limit, stall: limit };
        self
    }

    fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

#[cfg(test)]
pub(crate) mod tests;
