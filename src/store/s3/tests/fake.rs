//! An S3 server in this process that does as it is told: sound by default, faulty on demand.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use super::bucket::{Bucket, Stored};
use crate::base::time::{Clock, Timestamp};
use crate::store::s3::S3Store;
use crate::store::s3::options::{S3Options, decode};

/// What the next request is answered with instead.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error with this status, code and one more header.
    Error(u16, &'static str, &'static str),
    /// Nothing at all, for so long that everybody gives up.
    Silence,
    /// It is done, and then the connection breaks.
    LostAnswer,
    /// The body breaks off after so many bytes.
    CutOff(usize),
    /// The body stands still after so many bytes.
    StandsStill(usize),
    /// One byte of the body every so often.
    Trickle,
    /// The whole object where a range was asked for.
    WholeObject,
    /// Another range than was asked for.
    OtherRange,
    /// One more bit than there was.
    FlippedBit,
}

#[derive(Default)]
struct State {
    bucket: Bucket,
    faults: VecDeque<Fault>,
    log: Vec<String>,
    has_bucket: bool,
    ignores_conditions: bool,
    page_size: usize,
    endless_listing: bool,
    /// Who may neither delete versions nor end retentions, as a writer.
    writers: Vec<&'static str>,
}

/// The server; ends with the process.
#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    over: Arc<AtomicBool>,
    port: u16,
}

impl Drop for Fake {
    fn drop(&mut self) {
        if Arc::strong_count(&self.over) == 2 {
            self.over.store(true, Ordering::Release);
            // Wakes whoever waits for connections.
            let _ = TcpStream::connect(("127.0.0.1", self.port));
        }
    }
}

/// The server's own time.
struct FakeClock(Arc<Mutex<State>>);

impl std::fmt::Debug for FakeClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeClock")
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: self.0.lock().unwrap().bucket.now, nanos: 0 }
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

struct Request {
    method: String,
    key: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn error(status: u16, code: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code><Message>told by the fake</Message></Error>");
        Self { status, headers: Vec::new(), body: body.into_bytes() }
    }

    fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.into(), value.to_string()));
        self
    }
}

impl Fake {
    /// A sound server with an empty bucket named `bucket`.
    pub fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { has_bucket: true, page_size: 3, ..State::default() };
        let fake = Self { state: Arc::new(Mutex::new(state)), over: Arc::default(), port };
        let (state, over) = (Arc::clone(&fake.state), Arc::clone(&fake.over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    break;
                }
                let (state, stream) = (Arc::clone(&state), stream.unwrap());
                thread::spawn(move || serve(&state, stream));
            }
        });
        fake
    }

    /// A store in it, with short time-outs.
    pub fn store(&self, more: &str) -> S3Store {
        self.store_for(more, false)
    }

    /// The same; makes its bucket if need be.
    pub fn store_for(&self, more: &str, create: bool) -> S3Store {
        let url = format!(
            "bucket/pre/fix?endpoint=http://127.0.0.1:{}&connect-timeout=500ms&first-byte-timeout=1s\
             &stall-timeout=1s{more}",
            self.port
        );
        let store = S3Store::new(S3Options::parse(&url).unwrap(), create).with_access_key("id", "secret");
        store.with_clock(Arc::new(FakeClock(Arc::clone(&self.state))))
    }

    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().unwrap().faults.extend(faults);
    }

    pub fn ignore_conditions(&self) {
        self.state.lock().unwrap().ignores_conditions = true;
    }

    pub fn list_without_end(&self) {
        self.state.lock().unwrap().endless_listing = true;
    }

    pub fn drop_bucket(&self) {
        self.state.lock().unwrap().has_bucket = false;
    }

    pub fn put_behind(&self, key: &str, body: &[u8]) {
        self.state.lock().unwrap().bucket.put(key, body.to_vec(), None);
    }

    /// The same server with a bucket that keeps versions, and locks them.
    pub fn locking() -> Self {
        let fake = Self::new();
        fake.bucket(|bucket| (bucket.is_versioned, bucket.has_lock) = (true, true));
        fake
    }

    /// Does something behind the server's back.
    pub fn bucket<T>(&self, work: impl FnOnce(&mut Bucket) -> T) -> T {
        work(&mut self.state.lock().unwrap().bucket)
    }

    /// Lets time pass, for the server and for the clocks it gave.
    pub fn pass(&self, seconds: i64) {
        self.bucket(|bucket| bucket.now += seconds);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp { seconds: self.bucket(|bucket| bucket.now), nanos: 0 }
    }

    /// A store of somebody who may write, but not delete versions.
    pub fn store_of_writer(&self, more: &str) -> S3Store {
        self.state.lock().unwrap().writers.push("writer");
        self.store(more).with_access_key("writer", "secret")
    }

    /// Method, key and what else was asked for, of all requests so far.
    pub fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }
}

fn serve(state: &Mutex<State>, stream: TcpStream) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let request = read_request(&mut reader)?;
        let (response, fault) = {
            let mut state = state.lock().unwrap();
            let conditions =
                ["if-match", "if-none-match", "range", "x-amz-checksum-crc32", "x-amz-storage-class"];
            let told =
                conditions.iter().filter_map(|name| Some(format!(" {name}={}", request.headers.get(*name)?)));
            state.log.push(format!("{} {}{}", request.method, request.key, told.collect::<String>()));
            let fault = state.faults.pop_front();
            match &fault {
                Some(Fault::Error(status, code, header)) => {
                    let mut response = Response::error(*status, code);
                    if let Some((name, value)) = header.split_once(": ") {
                        response = response.header(name, value);
                    }
                    (response, None)
                }
                Some(Fault::Silence) => (Response::new(200), fault),
                _ => (answer(&mut state, &request, fault.as_ref()), fault),
            }
        };
        send(&mut stream, &request, response, fault)?;
    }
}

fn send(stream: &mut TcpStream, request: &Request, response: Response, fault: Option<Fault>) -> Option<()> {
    let mut body = response.body;
    match fault {
        Some(Fault::Silence) => {
            thread::sleep(Duration::from_secs(9));
            return None;
        }
        Some(Fault::LostAnswer) => return None,
        Some(Fault::FlippedBit) => body[0] ^= 1,
        _ => {}
    }
    let mut head = format!("HTTP/1.1 {} Told\r\n", response.status);
    if !response.headers.iter().any(|(name, _)| name == "content-length") {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in &response.headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    if request.method == "HEAD" {
        return Some(());
    }
    match fault {
        Some(Fault::CutOff(bytes)) => {
            stream.write_all(&body[..bytes]).ok()?;
            return None;
        }
        Some(Fault::StandsStill(bytes)) => {
            stream.write_all(&body[..bytes]).ok()?;
            thread::sleep(Duration::from_secs(9));
            return None;
        }
        Some(Fault::Trickle) => {
            for byte in body {
                stream.write_all(&[byte]).ok()?;
                thread::sleep(Duration::from_millis(20));
            }
        }
        _ => stream.write_all(&body).ok()?,
    }
    Some(())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            None => break,
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
        };
    }
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), decode(value).unwrap())
    };
    let query = query.split('&').filter(|text| !text.is_empty()).map(pair).collect();
    let path = decode(path).unwrap();
    let key = path.trim_start_matches('/').split_once('/').map(|(_, key)| key).unwrap_or_default().to_owned();
    Some(Request { method, key, query, headers, body })
}

fn etag(body: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(body).to_hex()[..32])
}

fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn http_date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn seconds(date: &str) -> i64 {
    DateTime::parse_from_rfc3339(date).unwrap().timestamp()
}

fn answer(state: &mut State, request: &Request, fault: Option<&Fault>) -> Response {
    if !state.has_bucket {
        let makes = request.method == "PUT" && request.key.is_empty();
        state.has_bucket = makes;
        if request.headers.get("x-amz-bucket-object-lock-enabled").is_some_and(|value| value == "true") {
            (state.bucket.is_versioned, state.bucket.has_lock) = (true, true);
        }
        return if makes { Response::new(200) } else { Response::error(404, "NoSuchBucket") };
    }
    let asks = |what: &str| request.query.contains_key(what);
    match request.method.as_str() {
        "PUT" if asks("retention") => retain(state, request),
        "PUT" => put(state, request),
        "DELETE" => delete(state, request),
        "HEAD" if request.key.is_empty() => Response::new(200),
        "GET" if request.key.is_empty() && asks("list-type") => list(state, request),
        "GET" if request.key.is_empty() && asks("versions") => list_versions(state, request),
        "GET" if request.key.is_empty() => configuration(state, request),
        "GET" if asks("retention") => retention(state, request),
        _ => match state.bucket.version(&request.key, request.query.get("versionId")) {
            None => Response::error(404, "NoSuchKey"),
            Some(Stored { body: None, .. }) => Response::error(405, "MethodNotAllowed"),
            Some(Stored { body: Some(body), modified, .. }) => {
                get(body, request, fault).header("last-modified", http_date(*modified))
            }
        },
    }
}

fn is_writer(state: &State, request: &Request) -> bool {
    let who = request.headers.get("authorization").map(String::as_str).unwrap_or_default();
    state.writers.iter().any(|writer| who.contains(&format!("Credential={writer}/")))
}

fn delete(state: &mut State, request: &Request) -> Response {
    let Some(id) = request.query.get("versionId") else {
        state.bucket.delete(&request.key);
        return Response::new(204);
    };
    let bypasses =
        request.headers.get("x-amz-bypass-governance-retention").is_some_and(|value| value == "true");
    match !is_writer(state, request) && state.bucket.delete_version(&request.key, id, bypasses) {
        true => Response::new(204),
        false => Response::error(403, "AccessDenied"),
    }
}

fn configuration(state: &State, request: &Request) -> Response {
    let bucket = &state.bucket;
    let mut response = Response::new(200);
    let text = if request.query.contains_key("versioning") && bucket.is_versioned {
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".to_owned()
    } else if request.query.contains_key("object-lock") && bucket.has_lock {
        let rule = bucket.default_retention.as_ref().map(|(mode, days)| {
            format!(
                "<Rule><DefaultRetention><Mode>{mode}</Mode><Days>{days}</Days></DefaultRetention></Rule>"
            )
        });
        let rule = rule.unwrap_or_default();
        format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}\
             </ObjectLockConfiguration>"
        )
    } else {
        return Response::error(404, "NoSuchConfiguration");
    };
    response.body = text.into_bytes();
    response
}

fn between(text: &str, tag: &str) -> String {
    let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap();
    rest.split_once(&format!("</{tag}>")).unwrap().0.to_owned()
}

fn retain(state: &mut State, request: &Request) -> Response {
    let text = String::from_utf8(request.body.clone()).unwrap();
    let until = seconds(&between(&text, "RetainUntilDate"));
    if !state.bucket.has_lock {
        return Response::error(400, "InvalidRequest");
    }
    match state.bucket.retain(&request.key, &between(&text, "Mode"), until) {
        None => Response::error(404, "NoSuchKey"),
        Some(true) => Response::new(200),
        Some(false) => Response::error(403, "AccessDenied"),
    }
}

fn retention(state: &State, request: &Request) -> Response {
    match state.bucket.version(&request.key, request.query.get("versionId")) {
        None => Response::error(404, "NoSuchKey"),
        Some(Stored { retention: None, .. }) => Response::error(404, "NoSuchObjectLockConfiguration"),
        Some(Stored { retention: Some((mode, until)), .. }) => {
            let date = date(*until);
            let text = format!(
                "<Retention><Mode>{mode}</Mode><RetainUntilDate>{date}</RetainUntilDate></Retention>"
            );
            Response { body: text.into_bytes(), ..Response::new(200) }
        }
    }
}

fn put(state: &mut State, request: &Request) -> Response {
    let current = state.bucket.current(&request.key).and_then(|stored| Some(etag(stored.body.as_ref()?)));
    let holds = match (request.headers.get("if-none-match"), request.headers.get("if-match")) {
        _ if state.ignores_conditions => true,
        (Some(_), _) => current.is_none(),
        (None, Some(_)) if current.is_none() => return Response::error(404, "NoSuchKey"),
        (None, Some(expected)) => current.as_ref() == Some(expected),
        (None, None) => true,
    };
    if !holds {
        return Response::error(412, "PreconditionFailed");
    }
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &request.body) as u32;
    let told = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum.to_be_bytes());
    let asked = request.headers.get("x-amz-checksum-crc32");
    if asked.is_some_and(|asked| *asked != told) {
        return Response::error(400, "BadDigest");
    }
    let mode = request.headers.get("x-amz-object-lock-mode");
    let until = request.headers.get("x-amz-object-lock-retain-until-date").map(|date| seconds(date));
    let retention = mode.cloned().zip(until);
    let will_lock = retention.is_some() || state.bucket.default_retention.is_some();
    // As S3 has it: no lock without Object Lock, none in the past, and none without a checksum.
    let is_past = until.is_some_and(|until| until <= state.bucket.now);
    if will_lock && (!state.bucket.has_lock || is_past || asked.is_none()) {
        return Response::error(400, "InvalidRequest");
    }
    let id = state.bucket.put(&request.key, request.body.clone(), retention);
    let response = Response::new(200).header("etag", etag(&request.body));
    if state.bucket.is_versioned { response.header("x-amz-version-id", id) } else { response }
}

fn get(body: &[u8], request: &Request, fault: Option<&Fault>) -> Response {
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, body) as u32;
    let told = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sum.to_be_bytes());
    let whole = || {
        let mut response = Response::new(200).header("etag", etag(body));
        if request.method == "HEAD" {
            return response.header("content-length", body.len());
        }
        response.body = body.to_vec();
        response.header("x-amz-checksum-crc32", &told)
    };
    let Some(range) = request.headers.get("range").filter(|_| !matches!(fault, Some(Fault::WholeObject)))
    else {
        return whole();
    };
    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (mut first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    if first >= body.len() {
        return Response::error(416, "InvalidRange");
    }
    let last = last.min(body.len() - 1);
    if matches!(fault, Some(Fault::OtherRange)) {
        first = first.saturating_sub(1);
    }
    let mut response = Response::new(206).header("etag", etag(body));
    response = response.header("content-range", format!("bytes {first}-{last}/{}", body.len()));
    response.body = body[first..=last].to_vec();
    response
}

fn list(state: &State, request: &Request) -> Response {
    let prefix = request.query.get("prefix").cloned().unwrap_or_default();
    let after = request.query.get("continuation-token").cloned().unwrap_or_default();
    let matching: Vec<_> =
        state.bucket.listed().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
    let page = &matching[..matching.len().min(state.page_size)];
    let mut text = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
    let is_last = page.len() == matching.len() && !state.endless_listing;
    text += &format!("<IsTruncated>{}</IsTruncated>", !is_last);
    if let Some((key, _)) = page.last().filter(|_| !is_last) {
        text += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
    }
    for (key, stored) in page {
        text += &format!("<Contents>{}</Contents>", described(key, stored));
    }
    Response { body: (text + "</ListBucketResult>").into_bytes(), ..Response::new(200) }
}

/// What listings say of one version.
fn described(key: &str, stored: &Stored) -> String {
    let modified = date(stored.modified);
    let mut text = format!("<Key>{}</Key><LastModified>{modified}</LastModified>", quoted(key));
    if let Some(body) = &stored.body {
        let etag = etag(body).replace('"', "&quot;");
        text += &format!("<Size>{}</Size><ETag>{etag}</ETag>", body.len());
    }
    text
}

fn quoted(key: &str) -> String {
    key.bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn list_versions(state: &State, request: &Request) -> Response {
    let asked = |name: &str| request.query.get(name).cloned().unwrap_or_default();
    let prefix = asked("prefix");
    let (key_marker, id_marker) = (asked("key-marker"), asked("version-id-marker"));
    let all: Vec<_> = state.bucket.versions().filter(|(key, ..)| key.starts_with(&prefix)).collect();
    let is_marker =
        |(key, stored, _): &&(&String, &Stored, bool)| **key == key_marker && stored.id == id_marker;
    let start = all.iter().position(|one| is_marker(&one)).map_or(0, |at| at + 1);
    let end = all.len().min(start + state.page_size);
    let is_last = end == all.len() && !state.endless_listing;
    let mut text = String::from("<ListVersionsResult><EncodingType>url</EncodingType>");
    text += &format!("<IsTruncated>{}</IsTruncated>", !is_last);
    if let Some((key, stored, _)) = all[start..end].last().filter(|_| !is_last) {
        let (key, id) = (quoted(key), &stored.id);
        text +=
            &format!("<NextKeyMarker>{key}</NextKeyMarker><NextVersionIdMarker>{id}</NextVersionIdMarker>");
    }
    for (key, stored, is_latest) in &all[start..end] {
        let tag = if stored.body.is_some() { "Version" } else { "DeleteMarker" };
        let (described, id) = (described(key, stored), &stored.id);
        text +=
            &format!("<{tag}>{described}<VersionId>{id}</VersionId><IsLatest>{is_latest}</IsLatest></{tag}>");
    }
    Response { body: (text + "</ListVersionsResult>").into_bytes(), ..Response::new(200) }
}
