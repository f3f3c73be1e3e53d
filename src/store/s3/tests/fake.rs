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

#[path = "answers.rs"]
mod answers;
#[path = "bucket.rs"]
pub mod bucket;
#[path = "policies.rs"]
pub mod policies;

use self::answers::{answer, claimed, etag, next_in};
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
