//! Answers by link: a server as small as can be, on loopback or wherever it is told to be.
//!
//! A link opens a page that says what is asked; only its button acts, by POST, for previews and scanners of
//! mail fetch every link they see. What a link may do stands in it (`link`). The server only leaves answers
//! in inboxes; it holds no state, and nothing is lost where it is not running. It speaks plain HTTP: whoever
//! wants it seen beyond this machine puts a proxy with TLS before it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::base::monitor::Interrupt;
use crate::base::time::Clock;
use crate::runbook::answer::{NOTE_MAX_CHARS, judge, leave};
use crate::runbook::error::RunbookError;
use crate::runbook::link::{Grant, Links};
use crate::runbook::record::{Answer, Deed, Mode};
use crate::runbook::runs::Runs;
use crate::runbook::show::{STYLE, html};

/// Longest body of a request, in bytes.
const BODY_MAX_BYTES: usize = 128 << 10;
/// How long a request may take to arrive.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);
/// Connections at once.
const CONNECTIONS_MAX: usize = 64;
/// How often it is looked whether to end.
const INTERRUPT_EVERY: Duration = Duration::from_millis(200);

/// What the server works with.
pub struct Desk {
    /// The runs of this machine.
    pub runs: Runs,
    /// Reads links.
    pub links: Links,
    /// The time.
    pub clock: Box<dyn Clock>,
}

/// Serves until it is interrupted; tells the address at which it does.
pub fn serve(
    address: SocketAddr,
    desk: Desk,
    interrupt: &Interrupt,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), RunbookError> {
    let failed = |source| RunbookError::Serve { address: address.to_string(), source };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        ready(listener.local_addr().map_err(failed)?);
        let (desk, places) = (Arc::new(desk), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
        while !interrupt.is_set() {
            let Ok(accepted) = tokio::time::timeout(INTERRUPT_EVERY, listener.accept()).await else {
                continue;
            };
            // What keeps one connection from coming about (too many open files) passes.
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(INTERRUPT_EVERY).await;
                continue;
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                let _place = place;
                let service = service_fn(move |request| answer(Arc::clone(&desk), request));
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(REQUEST_LIMIT).keep_alive(false);
                // A client that goes away is its own affair.
                let _ = tokio::time::timeout(
                    REQUEST_LIMIT * 2,
                    server.serve_connection(TokioIo::new(stream), service),
                )
                .await;
            });
        }
        Ok(())
    })
}

async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let token = parts.uri.path().strip_prefix("/a/").map(str::to_owned);
    let Some(token) = token else {
        return Ok(match parts.uri.path() {
            "/health" => respond(StatusCode::OK, "ok\n".into(), "text/plain; charset=utf-8"),
            _ => page(StatusCode::NOT_FOUND, "There is nothing here", "<p>Links to runs look different.</p>"),
        });
    };
    let note = match parts.method {
        Method::GET | Method::HEAD => None,
        Method::POST => match Limited::new(body, BODY_MAX_BYTES).collect().await {
            Ok(body) => Some(note_of(&body.to_bytes())),
            Err(_) => return Ok(page(StatusCode::PAYLOAD_TOO_LARGE, "That is too long", "")),
        },
        _ => return Ok(page(StatusCode::METHOD_NOT_ALLOWED, "That cannot be done here", "")),
    };
    // Reading a journal and writing an answer block.
    let worked = tokio::task::spawn_blocking(move || handle(&desk, &token, note)).await;
    Ok(worked.unwrap_or_else(|_| page(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", "")))
}

/// Shows what a link does, or does it; `note` is there only where it is to be done.
fn handle(desk: &Desk, token: &str, note: Option<Option<String>>) -> Response<Full<Bytes>> {
    let now = desk.clock.now();
    let grant = match desk.links.read(token, now) {
        Ok(grant) => grant,
        Err(error) => {
            let advice = "<p>Ask for a new one, or answer with <code>lifeboat runbook</code>.</p>";
            return page(StatusCode::FORBIDDEN, &error.to_string(), advice);
        }
    };
    let read = match desk.runs.read(&grant.run) {
        Ok(read) => read,
        Err(error) => {
            return page(StatusCode::NOT_FOUND, "The run cannot be read", &html(&error.to_string()));
        }
    };
    if read.state.taken.contains(&grant.id) {
        return page(StatusCode::CONFLICT, "This link has been used", "<p>Nothing was done again.</p>");
    }
    let mut answer = Answer::new(&grant.step, grant.deed, &grant.who, "link", now);
    (answer.id, answer.value) = (grant.id.clone(), grant.value.clone());
    answer.note = note.clone().flatten();
    let mut judged = judge(&read.state, &answer);
    if note.is_none() && judged.is_err() && grant.deed == Deed::Ack {
        // What only lacks a text can get it on the page.
        let with_note = Answer { note: Some("x".into()), ..answer.clone() };
        judged = judge(&read.state, &with_note);
    }
    if let Err(why) = judged {
        return page(StatusCode::CONFLICT, "This cannot be answered now", &format!("<p>{}</p>", html(&why)));
    }
    if note.is_none() {
        let question = read.state.steps.get(&grant.step).and_then(|step| step.asked.as_ref());
        let question = question.map(|asked| asked.ask.question.clone()).unwrap_or_default();
        let is_drill = read.state.header.mode == Mode::Drill;
        return form(&grant, &read.state.header.runbook, &question, is_drill);
    }
    match leave(&desk.runs.inbox(&grant.run), &answer) {
        Ok(()) => {
            let text = format!("<p>{} {}. Thank you.</p>", html(&grant.who), grant.deed.past());
            page(StatusCode::OK, "It is noted", &text)
        }
        Err(error) => {
            page(StatusCode::INTERNAL_SERVER_ERROR, "It could not be noted", &html(&error.to_string()))
        }
    }
}

fn form(grant: &Grant, runbook: &str, question: &str, is_drill: bool) -> Response<Full<Bytes>> {
    let button = match grant.deed {
        Deed::Approve => "Approve".to_owned(),
        Deed::Refuse => "Refuse".to_owned(),
        Deed::Fail => "It cannot be done".to_owned(),
        Deed::Choose => format!("Choose: {}", grant.value.as_deref().unwrap_or_default()),
        Deed::Abort => "End the run".to_owned(),
        _ => "Acknowledge".to_owned(),
    };
    let drill = if is_drill { "<p><b>This is a drill.</b></p>" } else { "" };
    let body = format!(
        "{drill}<p>Runbook {}, run {}, step {}. You are {}.</p><pre>{}</pre>\
         <form method=\"post\"><p><label>Remarks<br><textarea name=\"note\" rows=\"4\" cols=\"60\" \
         maxlength=\"{NOTE_MAX_CHARS}\"></textarea></label></p><p><button>{}</button></p></form>",
        html(runbook),
        html(&grant.run),
        html(&grant.step),
        html(&grant.who),
        html(question),
        html(&button)
    );
    page(StatusCode::OK, &button, &body)
}

/// What was typed into the form: `note=…`, as browsers send it; anything else is no note.
fn note_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let raw = text.split('&').find_map(|field| field.strip_prefix("note="))?;
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    let note = String::from_utf8(bytes).ok()?.replace("\r\n", "\n");
    let note: String = note.trim().chars().take(NOTE_MAX_CHARS).collect();
    (!note.is_empty()).then_some(note)
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<Full<Bytes>> {
    let title = html(title);
    let text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    respond(status, text, "text/html; charset=utf-8")
}

fn respond(status: StatusCode, text: String, kind: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    headers.insert("content-security-policy", HeaderValue::from_static(policy));
    // The address is what it opens with: it goes nowhere else.
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
