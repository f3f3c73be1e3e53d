//! `s3://BUCKET/PREFIX?NAME=VALUE&…` taken apart: where a bucket is and how it is spoken to.
//!
//! The URL is the one form of these options; `[repository.NAME.s3]` is turned into it. Credentials
//! have no place in a URL, which ends in shell histories, process lists and messages: they come from
//! where every tool of AWS takes them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::hex;
use crate::base::limits::META_PACK_DIGIT;
use crate::store::archive::ArchiveClass;
use crate::store::key::Key;
use crate::store::s3::lock_options::LockOptions;
use crate::store::timed::{SETTLE_DEFAULT, SETTLE_MAX, SETTLE_MIN};
use crate::store::vault::LockPolicy;

/// Every option, with what it is for.
pub const OPTIONS: &[(&str, &str)] = &[
    ("endpoint", "the server's URL, where it is not AWS"),
    ("region", "the bucket's region"),
    ("path-style", "true or false: the bucket stands in the path, not in the host's name"),
    ("profile", "the profile of ~/.aws/config that credentials come from"),
    ("ca-bundle", "a file of the certificates (PEM) that the server's is checked against"),
    ("proxy", "the URL of an HTTP proxy"),
    ("storage-class", "the storage class of every object"),
    ("storage-class-packs", "the storage class of packs of file contents; GLACIER and DEEP_ARCHIVE too"),
    ("sse", "AES256, aws:kms or aws:kms:dsse: how the server is to encrypt what it keeps"),
    ("sse-kms-key", "the KMS key for that"),
    ("request-payer", "true: the requester pays"),
    ("checksum", "auto, crc32, crc32c, crc64nvme or off: what uploads are checked by on their way"),
    ("connect-timeout", "how long a connection may take to come about"),
    ("first-byte-timeout", "how long the server may take until it begins to answer"),
    ("stall-timeout", "how long a transfer may stand still"),
    ("lock", "governance or compliance: lock packs, segments, snapshots, slots and the config (Object Lock)"),
    ("lock-for", "how long they are locked from their writing and from each renewal; 30d otherwise"),
    ("lock-renew", "what is left when that is renewed; half of lock-for otherwise"),
    ("conditional", "server; time-based or single-writer where the server has no sound conditional writes"),
    ("settle", "how long the time-based protocol waits before a contest is decided; 60s"),
];

/// Longest prefix, in bytes; the rest of what S3 allows is for keys.
const PREFIX_MAX_BYTES: usize = 512;
/// Longest time-out that makes sense.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 3600);

/// Where a bucket is, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Options {
    /// The bucket.
    pub bucket: String,
    /// What every key begins with: empty, or ending in `/`.
    pub prefix: String,
    /// The server; AWS where there is none.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Whether the bucket stands in the path; by default, wherever an endpoint is named.
    pub path_style: bool,
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// Certificates the server's is checked against, in place of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// An HTTP proxy.
    pub proxy: Option<String>,
    /// The storage class of objects; the bucket's default where there is none.
    pub storage_class: Option<String>,
    /// The storage class of packs of contents, where theirs is another.
    pub storage_class_packs: Option<String>,
    /// Server-side encryption.
    pub sse: Option<String>,
    /// The KMS key for it.
    pub sse_kms_key: Option<String>,
    /// The requester pays.
    pub request_payer: bool,
    /// What uploads are checked by.
    pub checksum: Checksum,
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// From the last byte of a request to the first of its answer.
    pub first_byte_timeout: Duration,
    /// Between two pieces of a body, either way.
    pub stall_timeout: Duration,
    /// Who sees to it that no object is replaced.
    pub conditional: Conditional,
    /// What objects are locked with.
    pub lock: Option<LockPolicy>,
    /// The settle time of the time-based protocol.
    pub settle: Duration,
}

/// The checksum that goes with an upload, for the server to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// None: for servers that refuse what they do not know.
    Off,
}

/// Who sees to it that no object is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditional {
    /// The server, by `If-None-Match` and `If-Match`.
    Server,
    /// A look before each write: sound only while one process at a time writes.
    SingleWriter,
    /// The wrapper `timed`; the backend itself asks for nothing.
    TimeBased,
}

impl S3Options {
    /// The options that `rest`, which followed `s3://`, spells; or what is wrong with it.
    pub fn parse(rest: &str) -> Result<Self, String> {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if place.contains('@') && !bucket.contains('/') && bucket.contains('@') {
            return Err(no_credentials("the URL"));
        }
        let mut options = Self::of(checked_bucket(bucket)?, checked_prefix(prefix)?);
        let mut seen: Vec<&str> = Vec::new();
        let mut path_style = None;
        let mut lock = LockOptions::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value).ok_or_else(|| format!("the value of `{name}` is not understood"))?;
            if value.is_empty() {
                return Err(format!("the option `{name}` has no value"));
            }
            if seen.contains(&name) {
                return Err(format!("the option `{name}` is given twice"));
            }
            seen.push(name);
            match name {
                "path-style" => path_style = Some(boolean(name, &value)?),
                "lock" | "lock-for" | "lock-renew" => lock.set(name, &value)?,
                _ => options.set(name, value)?,
            }
        }
        options.path_style = path_style.unwrap_or(options.endpoint.is_some());
        options.lock = lock.finish()?;
        if options.lock.is_some() && options.checksum == Checksum::Off {
            return Err(
                "`lock` needs a checksum: S3 takes no locked object without one; leave out checksum=off"
                    .into(),
            );
        }
        if options.sse_kms_key.is_some() && !options.sse.as_deref().is_some_and(|sse| sse.contains("kms")) {
            return Err("`sse-kms-key` goes with sse=aws:kms".into());
        }
        Ok(options)
    }

    fn of(bucket: String, prefix: String) -> Self {
        Self {
            bucket,
            prefix,
            endpoint: None,
            region: None,
            path_style: false,
            profile: None,
            ca_bundle: None,
            proxy: None,
            storage_class: None,
            storage_class_packs: None,
            sse: None,
            sse_kms_key: None,
            request_payer: false,
            checksum: Checksum::Crc32,
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(30),
            conditional: Conditional::Server,
            lock: None,
            settle: SETTLE_DEFAULT,
        }
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "endpoint" => self.endpoint = Some(checked_url(name, value)?),
            "region" => self.region = Some(word(name, value)?),
            "profile" => self.profile = Some(value),
            "ca-bundle" => self.ca_bundle = Some(value.into()),
            "proxy" => self.proxy = Some(checked_url(name, value)?),
            "storage-class" => self.storage_class = Some(warm_class(name, checked_class(name, value)?)?),
            "storage-class-packs" => self.storage_class_packs = Some(checked_class(name, value)?),
            "sse" => match value.as_str() {
                "AES256" | "aws:kms" | "aws:kms:dsse" => self.sse = Some(value),
                _ => return Err("`sse` is AES256, aws:kms or aws:kms:dsse".into()),
            },
            "sse-kms-key" => self.sse_kms_key = Some(value),
            "request-payer" => self.request_payer = boolean(name, &value)?,
            "checksum" => {
                self.checksum = match value.as_str() {
                    "auto" | "crc32" => Checksum::Crc32,
                    "crc32c" => Checksum::Crc32c,
                    "crc64nvme" => Checksum::Crc64Nvme,
                    "off" => Checksum::Off,
                    _ => return Err("`checksum` is auto, crc32, crc32c, crc64nvme or off".into()),
                }
            }
            "connect-timeout" => self.connect_timeout = duration(name, &value)?,
            "first-byte-timeout" => self.first_byte_timeout = duration(name, &value)?,
            "stall-timeout" => self.stall_timeout = duration(name, &value)?,
            "conditional" => {
                self.conditional = match value.as_str() {
                    "auto" | "server" => Conditional::Server,
                    "single-writer" => Conditional::SingleWriter,
                    "time-based" => Conditional::TimeBased,
                    _ => return Err("`conditional` is server, time-based or single-writer".into()),
                }
            }
            "settle" => self.settle = settle_time(name, &value)?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// The place, for messages and for telling repositories apart: no option but the server.
    pub fn location(&self) -> String {
        let mut text = format!("s3://{}", self.bucket);
        if !self.prefix.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "/{}", self.prefix.trim_end_matches('/'));
        }
        if let Some(endpoint) = &self.endpoint {
            // As above.
            let _ = write!(text, "?endpoint={endpoint}");
        }
        text
    }

    /// The storage class that the object `key` gets, if not the bucket's own default: packs of contents
    /// may lie in another one than what every command reads, which packs of trees are part of.
    pub fn class_of(&self, key: &Key) -> Option<&str> {
        let packs = self.storage_class_packs.as_deref().filter(|_| is_content(key.as_str()));
        packs.or(self.storage_class.as_deref())
    }
}

/// Whether an object is a pack of contents, as its name tells: those of trees begin with
/// [`META_PACK_DIGIT`].
fn is_content(key: &str) -> bool {
    key.strip_prefix("packs/").is_some_and(|name| !name.starts_with(META_PACK_DIGIT))
}

/// `url` with one more option.
pub fn with_option(url: &str, name: &str, value: &str) -> String {
    let mut text = format!("{url}{}{name}=", if url.contains('?') { '&' } else { '?' });
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' | b':' => {
                text.push(byte.into());
            }
            // Writing to a string cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

fn no_credentials(what: &str) -> String {
    format!(
        "credentials do not belong into {what}: give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
         or as a profile in ~/.aws"
    )
}

fn unknown(name: &str) -> String {
    let secret = ["key-id", "access-key", "secret", "token", "password", "user"];
    if secret.iter().any(|word| name.to_ascii_lowercase().replace('_', "-").contains(word)) {
        return no_credentials("a URL");
    }
    let shown: String = name.chars().take(40).flat_map(char::escape_default).collect();
    let near = OPTIONS
        .iter()
        .map(|(known, _)| (strsim::jaro_winkler(name, known), *known))
        .max_by(|left, right| left.0.total_cmp(&right.0));
    match near {
        Some((likeness, known)) if likeness > 0.8 => {
            format!("there is no option `{shown}`; did you mean `{known}`?")
        }
        _ => {
            let names: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
            format!("there is no option `{shown}`; there are {}", names.join(", "))
        }
    }
}

fn checked_bucket(bucket: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let edges = |c: char| c.is_ascii_alphanumeric();
    match bucket.len() {
        0 => Err("an S3 URL has the form s3://BUCKET/PREFIX".into()),
        3..=63 if bucket.bytes().all(allowed) && bucket.starts_with(edges) && bucket.ends_with(edges) => {
            Ok(bucket.to_owned())
        }
        _ => Err("a bucket's name has 3 to 63 letters, digits, dots and dashes".into()),
    }
}

fn checked_prefix(prefix: &str) -> Result<String, String> {
    let prefix = prefix.trim_end_matches('/');
    if prefix.is_empty() {
        return Ok(String::new());
    }
    // Under a folder of its own, for `tmp` is a fine prefix though no fine key.
    let fault = Key::new(format!("p/{prefix}")).err();
    match fault {
        Some(_) => Err("a prefix has letters, digits and . _ @ : + - between single slashes".into()),
        None if prefix.len() > PREFIX_MAX_BYTES => {
            Err(format!("a prefix has no more than {PREFIX_MAX_BYTES} bytes"))
        }
        None => Ok(format!("{prefix}/")),
    }
}

fn checked_url(name: &str, value: String) -> Result<String, String> {
    let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
    let host = rest.map(|rest| rest.trim_end_matches('/')).unwrap_or_default();
    if host.contains('@') {
        return Err(no_credentials(&format!("the value of `{name}`")));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(&byte);
    match !host.is_empty() && host.bytes().all(allowed) {
        true => Ok(value.trim_end_matches('/').to_owned()),
        false => Err(format!("`{name}` has the form http://HOST:PORT or https://HOST:PORT")),
    }
}

fn checked_class(name: &str, value: String) -> Result<String, String> {
    match value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        true => Ok(value),
        false => Err(format!("`{name}` is the name of a storage class, such as STANDARD_IA")),
    }
}

/// A class whose objects can be read at once.
fn warm_class(name: &str, value: String) -> Result<String, String> {
    match ArchiveClass::parse(&value) {
        Some(_) => Err(format!(
            "`{name}` cannot be {value}: what every command reads would have to be warmed up first; \
             storage-class-packs={value} puts only the contents of files there"
        )),
        None => Ok(value),
    }
}

fn word(name: &str, value: String) -> Result<String, String> {
    match value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        true => Ok(value),
        false => Err(format!("`{name}` has letters, digits and dashes only")),
    }
}

fn boolean(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{name}` is true or false")),
    }
}

fn duration(name: &str, value: &str) -> Result<Duration, String> {
    let wrong = || format!("`{name}` is a number with ms, s or m behind it, such as 30s, up to a day");
    let digits = value.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let count: u64 = value[..digits].parse().map_err(|_| wrong())?;
    let unit_ms = match &value[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    let duration = Duration::from_millis(count.checked_mul(unit_ms).ok_or_else(wrong)?);
    (!duration.is_zero() && duration <= TIMEOUT_MAX).then_some(duration).ok_or_else(wrong)
}

fn settle_time(name: &str, value: &str) -> Result<Duration, String> {
    let time = duration(name, value)?;
    match (SETTLE_MIN..=SETTLE_MAX).contains(&time) {
        true => Ok(time),
        false => Err(format!("`{name}` is a time from 200ms to 60m; a minute is what busy machines need")),
    }
}

/// Text without its percent-encoding.
pub fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(|digit| digit.to_ascii_lowercase());
                hex::decode::<1>(std::str::from_utf8(&digits).ok()?)?[0]
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok().filter(|text| !text.contains('\0'))
}
