//! An S3 server in this process that does as it is told: sound by default, faulty on demand. It has
//! archive classes, whose objects it gives only after they were asked for and looked at often enough.
//!
//! The integration tests include this file as well: it uses nothing of the crate.
#![allow(dead_code)] // Not everybody who includes it uses all of it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[path = "bucket.rs"]
pub mod bucket;
#[path = "policies.rs"]
pub mod policies;

use self::bucket::{Bucket, Stored};

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
    /// A body that never ends, with this status.
    Flood(u16),
}

/// How a listing leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Circle {
    /// The first page again and again, under one token.
    OneToken,
    /// The same under ever new tokens.
    NewTokens,
    /// Pages without anything, under ever new tokens.
    Nothing,
    /// Tokens of a mebibyte.
    LongTokens,
}

/// Where an object of an archive class stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Copy {
    /// Nobody asked for one.
    None,
    /// It takes so many looks more until it is there.
    Ready(u32),
}

#[derive(Default)]
struct State {
    /// Its objects, and what is known of them.
    bucket: Bucket,
    /// The class and the copy of objects that are not STANDARD.
    classes: BTreeMap<String, (String, Copy)>,
    /// How many looks a copy takes to be made.
    looks: u32,
    faults: VecDeque<Fault>,
    log: Vec<String>,
    /// The headers of each request in the log.
    headers: Vec<BTreeMap<String, String>>,
    /// Requests are refused with `BadDigest` never, whatever their checksum.
    ignores_checksums: bool,
    has_bucket: bool,
    ignores_conditions: bool,
    page_size: usize,
    endless_listing: bool,
    circle: Option<Circle>,
    /// Sizes that are told in place of the true ones.
    claimed: BTreeMap<String, u64>,
    turns: u64,
    /// Bytes that somebody took of bodies that never end.
    flooded: u64,
    /// Who may neither delete versions nor end retentions, as a writer.
    writers: Vec<&'static str>,
    /// What access keys are allowed, as IAM has it; whoever is not named here may do everything.
    policies: BTreeMap<String, serde_json::Value>,
    /// What was refused for want of rights.
    refused: Vec<String>,
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

    /// The URL of a store in it, without its scheme.
    pub fn url(&self) -> String {
        format!("bucket/pre/fix?endpoint=http://127.0.0.1:{}", self.port)
    }

    /// How many looks a copy of an object in an archive class takes until it is there.
    pub fn warm_up_after(&self, looks: u32) {
        self.state.lock().unwrap().looks = looks;
    }

    /// Takes all copies away, as the server does when their days are over.
    pub fn cool_down(&self) {
        self.state.lock().unwrap().classes.values_mut().for_each(|(_, copy)| *copy = Copy::None);
    }

    /// Puts objects whose key contains `part` into another class.
    pub fn move_to(&self, part: &str, class: &str) {
        let state = &mut *self.state.lock().unwrap();
        for key in state.bucket.listed().map(|(key, _)| key).filter(|key| key.contains(part)) {
            state.classes.insert(key.clone(), (class.into(), Copy::None));
        }
    }

    /// Keys and classes of all objects that are not STANDARD.
    pub fn classes(&self) -> Vec<(String, String)> {
        let state = self.state.lock().unwrap();
        state.classes.iter().map(|(key, (class, _))| (key.clone(), class.clone())).collect()
    }

    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().unwrap().faults.extend(faults);
    }

    pub fn ignore_conditions(&self) {
        self.state.lock().unwrap().ignores_conditions = true;
    }

    /// Listings lead nowhere from now on.
    pub fn list_in_circles(&self, circle: Circle) {
        self.state.lock().unwrap().circle = Some(circle);
    }

    /// Tells another size of an object than it has.
    pub fn claim_size(&self, key: &str, size: u64) {
        self.state.lock().unwrap().claimed.insert(key.into(), size);
    }

    /// How many bytes of endless bodies were taken.
    pub fn flooded(&self) -> u64 {
        self.state.lock().unwrap().flooded
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

    /// Seconds since 1970, by the server's clock.
    pub fn now(&self) -> i64 {
        self.bucket(|bucket| bucket.now)
    }

    /// Whoever has this access key may write, but neither delete versions nor end retentions.
    pub fn let_write_only(&self, id: &'static str) {
        self.state.lock().unwrap().writers.push(id);
    }

    /// From now on `id` may do what `policy` says, and nothing else.
    pub fn enforce(&self, id: &str, policy: serde_json::Value) {
        self.state.lock().unwrap().policies.insert(id.into(), policy);
    }

    /// What was refused for want of rights since this was last asked.
    pub fn refused(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().refused)
    }

    /// Takes whatever checksum a body comes with.
    pub fn ignore_checksums(&self) {
        self.state.lock().unwrap().ignores_checksums = true;
    }

    /// What each request in the log said in the header `name`; in `?`, what it asked for in its query.
    pub fn said(&self, name: &str) -> Vec<Option<String>> {
        self.state.lock().unwrap().headers.iter().map(|headers| headers.get(name).cloned()).collect()
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
            let sub = if request.query.contains_key("retention") { "?retention" } else { "" };
            state.log.push(format!("{} {}{sub}{}", request.method, request.key, told.collect::<String>()));
            let mut headers = request.headers.clone();
            headers.insert("?".into(), request.query.keys().cloned().collect::<Vec<_>>().join("&"));
            state.headers.push(headers);
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
                Some(Fault::Flood(status)) => (Response::new(*status).header("etag", etag(b"")), fault),
                _ => (answer(&mut state, &request, fault.as_ref()), fault),
            }
        };
        if matches!(fault, Some(Fault::Flood(_))) {
            return flood(state, &mut stream, &response);
        }
        send(&mut stream, &request, response, fault)?;
    }
}

/// Goes on until nobody listens any more.
fn flood(state: &Mutex<State>, stream: &mut TcpStream, response: &Response) -> Option<()> {
    stream.set_write_timeout(Some(Duration::from_secs(5))).ok()?;
    let etag = &response.headers[0].1;
    let head = format!("HTTP/1.1 {} Told\r\nconnection: close\r\netag: {etag}\r\n\r\n", response.status);
    stream.write_all(head.as_bytes()).ok()?;
    let piece = vec![b' '; 1 << 16];
    loop {
        stream.write_all(&piece).ok()?;
        state.lock().unwrap().flooded += piece.len() as u64;
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

/// Text without its percent-encoding.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn etag(body: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(body).to_hex()[..32])
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
    if let Some(why) = policies::refusal(state, request) {
        state.refused.push(why);
        return Response::error(403, "AccessDenied");
    }
    let asks = |what: &str| request.query.contains_key(what);
    match request.method.as_str() {
        "PUT" if asks("retention") => bucket::retain(state, request),
        "PUT" => put(state, request),
        "DELETE" => {
            if !asks("versionId") {
                state.classes.remove(&request.key);
            }
            bucket::delete(state, request)
        }
        "POST" if asks("restore") => warm_up(state, request),
        "HEAD" if request.key.is_empty() => Response::new(200),
        "GET" if request.key.is_empty() && asks("list-type") => list(state, request),
        "GET" if request.key.is_empty() && asks("versions") => bucket::list_versions(state, request),
        "GET" if request.key.is_empty() => bucket::configuration(state, request),
        "GET" if asks("retention") => bucket::retention(state, request),
        _ => match state.bucket.version(&request.key, request.query.get("versionId")) {
            None => Response::error(404, "NoSuchKey"),
            Some(Stored { body: None, .. }) => Response::error(405, "MethodNotAllowed"),
            Some(Stored { body: Some(body), modified, .. }) => {
                let told =
                    |response: Response| response.header("last-modified", bucket::http_date(*modified));
                match (request.method.as_str(), state.classes.get_mut(&request.key)) {
                    ("GET", Some((class, copy))) if is_archive(class) && *copy != Copy::Ready(0) => {
                        Response::error(403, "InvalidObjectState")
                    }
                    ("HEAD", Some((class, copy))) => tell_class(told(get(body, request, fault)), class, copy),
                    ("HEAD", None) if state.claimed.contains_key(&request.key) => {
                        told(Response::new(200).header("etag", etag(body)))
                            .header("content-length", state.claimed[&request.key])
                    }
                    _ => told(get(body, request, fault)),
                }
            }
        },
    }
}

fn is_archive(class: &str) -> bool {
    matches!(class, "GLACIER" | "DEEP_ARCHIVE" | "ARCHIVE_ACCESS" | "DEEP_ARCHIVE_ACCESS")
}

/// What HEAD says of an object's class and of its copy, which comes nearer with every look.
fn tell_class(response: Response, class: &str, copy: &mut Copy) -> Response {
    let response = match (class.ends_with("_ACCESS"), &copy) {
        (true, Copy::Ready(0)) => return response.header("x-amz-storage-class", "INTELLIGENT_TIERING"),
        (true, _) => response
            .header("x-amz-storage-class", "INTELLIGENT_TIERING")
            .header("x-amz-archive-status", class),
        (false, _) => response.header("x-amz-storage-class", class),
    };
    match copy {
        Copy::None => response,
        Copy::Ready(0) => {
            let until = "expiry-date=\"Fri, 04 Dec 2026 00:00:00 GMT\"";
            response.header("x-amz-restore", format!("ongoing-request=\"false\", {until}"))
        }
        Copy::Ready(looks) => {
            *looks -= 1;
            response.header("x-amz-restore", "ongoing-request=\"true\"")
        }
    }
}

fn warm_up(state: &mut State, request: &Request) -> Response {
    let looks = state.looks;
    let text = String::from_utf8_lossy(&request.body).into_owned();
    match state.classes.get_mut(&request.key) {
        None => Response::error(404, "NoSuchKey"),
        Some((class, _)) if !is_archive(class) => Response::error(403, "InvalidObjectState"),
        Some((class, _)) if class.starts_with("DEEP") && text.contains("Expedited") => {
            Response::error(400, "InvalidArgument")
        }
        Some((_, Copy::Ready(left))) if *left > 0 => Response::error(409, "RestoreAlreadyInProgress"),
        Some((class, copy)) if text.contains("<Days>") != class.ends_with("_ACCESS") => {
            *copy = Copy::Ready(looks);
            Response::new(202)
        }
        Some(_) => Response::error(400, "MalformedXML"),
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
    if asked.is_some_and(|asked| *asked != told) && !state.ignores_checksums {
        return Response::error(400, "BadDigest");
    }
    let mode = request.headers.get("x-amz-object-lock-mode");
    let until = request.headers.get("x-amz-object-lock-retain-until-date").map(|date| bucket::seconds(date));
    let retention = mode.cloned().zip(until);
    let will_lock = retention.is_some() || state.bucket.default_retention.is_some();
    // As S3 has it: no lock without Object Lock, none in the past, and none without a checksum.
    let is_past = until.is_some_and(|until| until <= state.bucket.now);
    if will_lock && (!state.bucket.has_lock || is_past || asked.is_none()) {
        return Response::error(400, "InvalidRequest");
    }
    let id = state.bucket.put(&request.key, request.body.clone(), retention);
    match request.headers.get("x-amz-storage-class").filter(|class| *class != "STANDARD") {
        Some(class) => state.classes.insert(request.key.clone(), (class.clone(), Copy::None)),
        None => state.classes.remove(&request.key),
    };
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

fn list(state: &mut State, request: &Request) -> Response {
    let prefix = request.query.get("prefix").cloned().unwrap_or_default();
    let after = request.query.get("continuation-token").cloned().unwrap_or_default();
    let after = if state.circle.is_some() { String::new() } else { after };
    state.turns += 1;
    let matching: Vec<_> =
        state.bucket.listed().filter(|(key, _)| key.starts_with(&prefix) && **key > after).collect();
    let shown = if state.circle == Some(Circle::Nothing) { 0 } else { state.page_size };
    let page = &matching[..matching.len().min(shown)];
    let mut text = String::from("<ListBucketResult><EncodingType>url</EncodingType>");
    let is_last = page.len() == matching.len() && !state.endless_listing && state.circle.is_none();
    text += &format!("<IsTruncated>{}</IsTruncated>", !is_last);
    if let Some(circle) = state.circle {
        text += &format!("<NextContinuationToken>{}</NextContinuationToken>", next_in(circle, state.turns));
    } else if let Some((key, _)) = page.last().filter(|_| !is_last) {
        text += &format!("<NextContinuationToken>{key}</NextContinuationToken>");
    }
    for (key, stored) in page {
        let class = match state.classes.get(key.as_str()) {
            None => "STANDARD",
            Some((class, _)) if class.ends_with("_ACCESS") => "INTELLIGENT_TIERING",
            Some((class, _)) => class,
        };
        let described = claimed(state, key, bucket::described(key, stored));
        text += &format!("<Contents>{described}<StorageClass>{class}</StorageClass></Contents>");
    }
    Response { body: (text + "</ListBucketResult>").into_bytes(), ..Response::new(200) }
}

/// The token of the next page of a listing that leads nowhere.
fn next_in(circle: Circle, turn: u64) -> String {
    match circle {
        Circle::OneToken => "again".into(),
        Circle::NewTokens | Circle::Nothing => format!("turn-{turn}"),
        Circle::LongTokens => format!("turn-{turn}-{}", "x".repeat(1 << 20)),
    }
}

/// What is told of an object, with the size that is claimed for it.
fn claimed(state: &State, key: &str, described: String) -> String {
    let Some(size) = state.claimed.get(key) else { return described };
    // A marker has none.
    let Some((start, rest)) = described.split_once("<Size>") else { return described };
    let (_, end) = rest.split_once("</Size>").unwrap();
    format!("{start}<Size>{size}</Size>{end}")
}
