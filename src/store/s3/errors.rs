//! What a server's answer, or its silence, means: which of the store's errors it is, and whether it
//! will pass.
//!
//! S3's compatible servers agree on the status more than on the code, and on the code more than on
//! the text: the code decides where it is known, the status where it is not, the text never.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::store::error::StoreError;
use crate::store::s3::watch::Broken;

/// Longest text of a server that is repeated, in characters.
const MESSAGE_MAX_CHARS: usize = 300;
/// Longest pause that a server may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// What was asked, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The store.
    pub location: &'a str,
    /// The object, or what else was asked for.
    pub key: &'a str,
    /// What was to be done with it.
    pub action: &'static str,
}

/// A server's answer that is no success.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    code: String,
    message: String,
    region: Option<String>,
    retry_after: Option<Duration>,
}

/// Codes that ask for patience, of AWS and of servers like it.
const THROTTLING: &[&str] = &[
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "TooManyRequests",
    "TooManyRequestsException",
    "LimitExceededException",
    "PriorRequestNotComplete",
];

/// Codes that say that there is no room.
const FULL: &[&str] = &[
    "QuotaExceeded",
    "InsufficientStorage",
    "InsufficientCapacity",
    "StorageFull",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
];

/// Codes of faults that pass, whatever the status.
const TRANSIENT: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceFailure",
    "Busy",
    "RequestTimeout",
    "RequestTimeoutException",
    "IncompleteBody",
    "OperationAborted",
    "ConditionalRequestConflict",
    "BadDigest",
    "InvalidDigest",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
    "XMinioServerNotInitialized",
    "XMinioReadQuorum",
    "XMinioWriteQuorum",
];

/// The store's error for a failed operation of the SDK.
pub fn of_sdk<E>(asked: Asked<'_>, error: &SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let Some(response) = error.raw_response() else { return of_silence(asked, error) };
    let header = |name: &str| response.headers().get(name).map(str::to_owned);
    let answer = Answer {
        status: response.status().as_u16(),
        code: error.code().unwrap_or_default().to_owned(),
        message: shortened(error.message().unwrap_or_default()),
        region: header("x-amz-bucket-region"),
        retry_after: header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs),
    };
    // An answer of success that cannot be read was cut off or garbled on its way.
    if (200..300).contains(&answer.status) {
        return transient(asked, "a garbled answer", &chain(error));
    }
    of_answer(asked, answer)
}

fn of_answer(asked: Asked<'_>, answer: Answer) -> StoreError {
    let (location, key) = (asked.location.to_owned(), asked.key.to_owned());
    let is = |codes: &[&str]| codes.contains(&answer.code.as_str());
    match (answer.code.as_str(), answer.status) {
        ("NoSuchBucket", _) => StoreError::NoStore { location },
        ("PreconditionFailed", _) | ("", 412) => StoreError::AlreadyExists { location, key },
        _ if is(THROTTLING) || answer.status == 429 => {
            let after = answer.retry_after.map(|after| after.min(RETRY_AFTER_MAX));
            StoreError::Throttled { location, key, action: asked.action, after }
        }
        ("InvalidObjectState", _) => StoreError::Cold { location, key, class: "an archive class".into() },
        _ if is(FULL) || answer.status == 507 => StoreError::Full { location, key },
        _ if is(TRANSIENT) => transient_answer(asked, answer),
        ("NoSuchKey" | "NotFound", _) | ("", 404) => StoreError::NotFound { location, key },
        ("AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" | "IncorrectEndpoint", _)
        | (_, 301 | 307 | 308) => wrong_region(asked, &answer),
        ("RequestTimeTooSkewed" | "RequestExpired", _) => StoreError::Unsupported {
            location,
            why: "this machine's clock and the server's differ too much; set the clock and run again".into(),
        },
        _ => match credentials_fault(&answer) {
            Some(why) => StoreError::Credentials { location, why },
            None if is(&["AccessDenied", "AllAccessDisabled", "AccessForbidden"]) || answer.status == 403 => {
                StoreError::Denied { location, key, action: asked.action }
            }
            None if answer.status == 503 && answer.retry_after.is_some() => {
                let after = answer.retry_after.map(|after| after.min(RETRY_AFTER_MAX));
                StoreError::Throttled { location, key, action: asked.action, after }
            }
            None if matches!(answer.status, 408 | 425 | 500 | 502 | 503 | 504 | 509) => {
                transient_answer(asked, answer)
            }
            None => service(asked, answer, false),
        },
    }
}

fn transient_answer(asked: Asked<'_>, answer: Answer) -> StoreError {
    service(asked, answer, true)
}

fn service(asked: Asked<'_>, answer: Answer, is_transient: bool) -> StoreError {
    let code = match answer.code.is_empty() {
        true => format!("HTTP {}", answer.status),
        false => shortened(&answer.code),
    };
    let message = match answer.message.is_empty() {
        true => format!("HTTP status {}", answer.status),
        false => answer.message,
    };
    StoreError::Service {
        location: asked.location.to_owned(),
        key: asked.key.to_owned(),
        action: asked.action,
        code: code.into(),
        message: message.into(),
        is_transient,
    }
}

/// What is wrong with the credentials, and what to do, where that is the answer's meaning.
fn credentials_fault(answer: &Answer) -> Option<String> {
    let (what, todo) = match answer.code.as_str() {
        "InvalidAccessKeyId" => ("does not know the access key", "check AWS_ACCESS_KEY_ID or the profile"),
        "SignatureDoesNotMatch" => (
            "does not accept the signature",
            "check AWS_SECRET_ACCESS_KEY or the profile, and that no proxy alters requests",
        ),
        "ExpiredToken" | "TokenRefreshRequired" | "ExpiredTokenException" => {
            ("says that the credentials have expired", "get new ones (`aws sso login`, or a new session)")
        }
        "InvalidToken" | "InvalidClientTokenId" | "UnrecognizedClientException" => {
            ("does not accept the session token", "check AWS_SESSION_TOKEN, or unset it")
        }
        "MissingSecurityHeader" | "MissingAuthenticationToken" | "InvalidSecurity" => {
            ("misses credentials", "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile")
        }
        "AccountProblem" | "NotSignedUp" | "OptInRequired" => {
            ("refuses the account", "ask whoever pays for it")
        }
        _ if answer.status == 401 => ("accepts no credentials of this kind", "check them"),
        _ => return None,
    };
    Some(format!("the server {what}; {todo}"))
}

fn wrong_region(asked: Asked<'_>, answer: &Answer) -> StoreError {
    let why = match (&answer.region, answer.message.is_empty()) {
        (Some(region), _) => format!("the bucket is in another region; set region={}", shortened(region)),
        (None, false) => {
            format!("the region or the endpoint is not the bucket's; set it ({})", answer.message)
        }
        (None, true) => "the region or the endpoint is not the bucket's; set region or endpoint".into(),
    };
    StoreError::Unsupported { location: asked.location.to_owned(), why }
}

/// The store's error where there was no answer.
fn of_silence<E>(asked: Asked<'_>, error: &SdkError<E, HttpResponse>) -> StoreError
where
    E: Error + 'static,
{
    if let Some(why) = missing_credentials(error) {
        return StoreError::Credentials { location: asked.location.to_owned(), why };
    }
    let kind = match error {
        SdkError::TimeoutError(_) => io::ErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => io::ErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_user() => io::ErrorKind::InvalidInput,
        SdkError::DispatchFailure(_) => kind_of_connection(error),
        _ => io::ErrorKind::Other,
    };
    io_error(asked, kind, chain(error))
}

/// What the innermost error says of a connection that failed.
fn kind_of_connection(error: &(dyn Error + 'static)) -> io::ErrorKind {
    let text = chain(error);
    let certificate =
        ["certificate", "InvalidCertificate", "UnknownIssuer", "HandshakeFailure", "corrupt message"];
    if certificate.iter().any(|word| text.contains(word)) {
        return io::ErrorKind::InvalidData;
    }
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    let mut found = None;
    while let Some(error) = source {
        found = error.downcast_ref::<io::Error>().map(io::Error::kind).or(found);
        source = error.source();
    }
    match found {
        // A name that is not known will not be known in a minute either, unless the resolver is away.
        _ if text.contains("Temporary failure in name resolution") => io::ErrorKind::TimedOut,
        _ if text.contains("failed to lookup address") || text.contains("dns error") => {
            io::ErrorKind::NotFound
        }
        Some(io::ErrorKind::Other | io::ErrorKind::UnexpectedEof) | None => io::ErrorKind::ConnectionAborted,
        Some(kind) => kind,
    }
}

/// What to do where the chain of credentials has none.
fn missing_credentials(error: &(dyn Error + 'static)) -> Option<String> {
    let mut source = Some(error);
    while let Some(error) = source {
        match error.downcast_ref::<CredentialsError>() {
            Some(CredentialsError::CredentialsNotLoaded(_)) => {
                return Some(
                    "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile \
                     in ~/.aws, or give this machine a role"
                        .into(),
                );
            }
            Some(error) => return Some(no_credentials_had(&chain(error))),
            None => source = error.source(),
        }
    }
    None
}

/// Why whoever gives credentials gives none, and what to do about it.
fn no_credentials_had(why: &str) -> String {
    let lower = why.to_ascii_lowercase();
    let todo = match () {
        () if lower.contains("sso") => "begin a new session with `aws sso login --profile NAME`",
        () if lower.contains("assume") || lower.contains("web identity") => {
            "check the role's name, and that it may be assumed by whoever asks"
        }
        () if lower.contains("process") => "run the profile's `credential_process` by hand",
        () => "check the profile in ~/.aws, or the machine's role",
    };
    format!("the credentials cannot be had: {}; {todo}", shortened(why))
}

/// The store's error for a body that did not come or go through.
pub fn of_broken(asked: Asked<'_>, broken: Broken, max_bytes: u64) -> StoreError {
    match broken {
        Broken::TooLarge(size) => StoreError::TooLarge {
            location: asked.location.to_owned(),
            key: asked.key.to_owned(),
            size,
            max: max_bytes,
        },
        Broken::Stalled(allowed) => {
            let text = format!("nothing has moved for {} s", allowed.as_secs_f32());
            io_error(asked, io::ErrorKind::TimedOut, text)
        }
        Broken::CutOff(got, announced) => {
            let text = format!("the answer ended after {got} of {announced} bytes");
            transient(asked, "a cut-off answer", &text)
        }
        Broken::Failed(error) => transient(asked, "a broken answer", &chain(error.as_ref())),
    }
}

/// A fault of the way there or back.
fn transient(asked: Asked<'_>, code: &str, message: &str) -> StoreError {
    let answer = Answer { code: code.into(), message: shortened(message), ..Answer::default() };
    service(asked, answer, true)
}

/// A permanent fault of the server itself: it does not do what S3 does.
pub fn unsound(asked: Asked<'_>, what: &str) -> StoreError {
    let answer = Answer { code: "something else".into(), message: what.into(), ..Answer::default() };
    service(asked, answer, false)
}

fn io_error(asked: Asked<'_>, kind: io::ErrorKind, text: String) -> StoreError {
    StoreError::Io {
        location: asked.location.to_owned(),
        key: asked.key.to_owned(),
        action: asked.action,
        source: io::Error::new(kind, shortened(&text)),
    }
}

/// An error and its sources, each said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let one = error.to_string();
        if !text.contains(&one) {
            text.push_str(": ");
            text.push_str(&one);
        }
        source = error.source();
    }
    text
}

/// A text of others, made harmless and short.
fn shortened(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().map(harmless).take(MESSAGE_MAX_CHARS).collect();
    if text.chars().nth(MESSAGE_MAX_CHARS).is_some() {
        short.push('…');
    }
    short
}
