//! What is asked, what is answered, and how every way to fail is told.

use std::net::TcpListener;
use std::time::Duration;

use super::fixture::{Receiver, Reply};
use super::{HttpAnswer, HttpClient, HttpError, HttpOptions, HttpRequest, place_of};
use crate::base::error_kind::ErrorKind;

fn client() -> HttpClient {
    HttpClient::new(HttpOptions::default()).unwrap()
}

fn quick() -> HttpClient {
    let limits = HttpOptions {
        connect_limit: Duration::from_millis(300),
        total_limit: Duration::from_millis(300),
        ..HttpOptions::default()
    };
    HttpClient::new(limits).unwrap()
}

#[test]
fn a_request_arrives_as_it_was_made_and_the_answer_comes_back_whole() {
    let reply = Reply::Answer(202, vec![("X-Thing", "one".into())], "taken".into());
    let server = Receiver::start([reply]);
    let request = HttpRequest::new("POST", server.url("/a?b=c"))
        .header("authorization", "Bearer x")
        .body("application/json", "{}");
    let answer = client().send(&request).unwrap();
    assert_eq!((answer.status, answer.text().as_str(), answer.is_cut), (202, "taken", false));
    assert_eq!(answer.header("x-thing"), Some("one"));
    let asked = server.only();
    assert_eq!((asked.method.as_str(), asked.path.as_str(), asked.text().as_str()), ("POST", "/a?b=c", "{}"));
    for (name, value) in
        [("content-type", "application/json"), ("authorization", "Bearer x"), ("content-length", "2")]
    {
        assert_eq!(asked.headers[name], value);
    }
    assert!(asked.headers["user-agent"].starts_with("lifeboat/"));
}

#[test]
fn every_method_works_with_and_without_a_body() {
    let server = Receiver::start([Reply::status(200)]);
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH"] {
        let answer = client().send(&HttpRequest::new(method, server.url("/"))).unwrap();
        assert_eq!(answer.status, 200, "{method}");
    }
    assert_eq!(server.asked().len(), 7);
}

#[test]
fn every_status_is_an_answer() {
    for status in [204, 301, 400, 404, 429, 500, 503] {
        let server = Receiver::start([Reply::status(status)]);
        let answer = client().send(&HttpRequest::new("GET", server.url("/"))).unwrap();
        assert_eq!((answer.status, answer.is_success()), (status, status == 204));
    }
}

#[test]
fn redirects_are_followed_only_where_that_is_asked_for() {
    let target = Receiver::start([Reply::body(200, "there")]);
    let moved = || Receiver::start([Reply::Answer(302, vec![("location", target.url("/x"))], String::new())]);
    let (first, second) = (moved(), moved());
    let answer = client().send(&HttpRequest::new("GET", first.url("/"))).unwrap();
    assert_eq!(answer.status, 302);
    let follows = HttpClient::new(HttpOptions { redirects: 3, ..HttpOptions::default() }).unwrap();
    let request = HttpRequest::new("GET", second.url("/")).header("authorization", "Bearer x");
    assert_eq!(follows.send(&request).unwrap().text(), "there");
    assert!(!target.only().headers.contains_key("authorization"));
}

#[test]
fn a_body_beyond_the_bound_or_broken_off_is_cut_and_says_so() {
    let server = Receiver::start([Reply::body(200, &"x".repeat(5000)), Reply::Half]);
    let small = HttpClient::new(HttpOptions { answer_max_bytes: 100, ..HttpOptions::default() }).unwrap();
    let request = HttpRequest::new("GET", server.url("/"));
    let answer = small.send(&request).unwrap();
    assert_eq!((answer.body.len(), answer.is_cut), (100, true));
    let answer = small.send(&request).unwrap();
    assert_eq!((answer.text().as_str(), answer.is_cut), ("half", true));
}

#[test]
fn a_connection_that_is_refused_is_in_no_doubt_and_a_lost_answer_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let error = client().send(&HttpRequest::new("POST", format!("http://{free}/hush"))).unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }) && !error.is_in_doubt(), "{error:?}");
    let server = Receiver::start([Reply::Drop, Reply::Rubbish]);
    for _ in 0..2 {
        let error = client().send(&HttpRequest::new("POST", server.url("/hush"))).unwrap_err();
        assert!(matches!(error, HttpError::Lost { .. }) && error.is_in_doubt(), "{error:?}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

#[test]
fn time_limits_hold_and_tell_whether_the_request_may_have_arrived() {
    let server = Receiver::start([Reply::Hang]);
    let error = quick().send(&HttpRequest::new("POST", server.url("/hush"))).unwrap_err();
    assert!(error.is_timeout() && error.is_in_doubt(), "{error:?}");
    // The kernel accepts connections beyond the backlog for nobody: TLS waits there for its answer.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/hush", silent.local_addr().unwrap());
    let error = quick().send(&HttpRequest::new("POST", url)).unwrap_err();
    assert!(error.is_timeout() && !error.is_in_doubt(), "{error:?}");
    assert!(error.to_string().ends_with("cannot be reached within 0.3 s"), "{error}");
}

#[test]
fn what_speaks_no_tls_and_names_that_lead_nowhere_are_told_apart() {
    let server = Receiver::start([Reply::Rubbish]);
    let url = format!("https://{}/", server.address());
    let error = quick().send(&HttpRequest::new("GET", url)).unwrap_err();
    assert!(!error.is_in_doubt(), "{error:?}");
    let error = client().send(&HttpRequest::new("GET", "http://nowhere.invalid/hush")).unwrap_err();
    assert!(matches!(error, HttpError::Resolve { .. }) && !error.is_in_doubt(), "{error:?}");
}

#[test]
fn what_cannot_be_asked_is_a_matter_of_usage_and_no_secret_is_told() {
    let bad = [
        HttpRequest::new("GET", "ftp://host/hush"),
        HttpRequest::new("GET", "hush"),
        HttpRequest::new("GET", ""),
        HttpRequest::new("G T", "http://127.0.0.1:1/hush"),
        HttpRequest::new("GET", "http://127.0.0.1:1/").header("x-token", "hush\r\nx: y"),
        HttpRequest::new("GET", "http://127.0.0.1:1/").header("x token", "hush"),
    ];
    for request in bad {
        let error = client().send(&request).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error:?}");
        assert!(!error.to_string().contains("hush") && !format!("{request:?} {error:?}").contains("hush"));
    }
    assert_eq!(place_of("https://user:hush@host:8443/hush?hush"), "https://host:8443");
}

#[test]
fn a_proxy_is_asked_instead_of_the_host() {
    let proxy = Receiver::start([Reply::status(403)]);
    let options = HttpOptions { proxy: Some(proxy.url("")), ..HttpOptions::default() };
    let client = HttpClient::new(options).unwrap();
    let _ = client.send(&HttpRequest::new("GET", "http://nowhere.invalid:81/x"));
    let asked = proxy.only();
    assert!(asked.path.contains("nowhere.invalid:81"), "{asked:?}");
    let bad = HttpOptions { proxy: Some("::".into()), ..HttpOptions::default() };
    assert_eq!(HttpClient::new(bad).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_file_without_certificates_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let with = |path: &std::path::Path| {
        HttpClient::new(HttpOptions { ca_file: Some(path.to_owned()), ..HttpOptions::default() })
    };
    assert!(with(&path).unwrap_err().to_string().contains("ca.pem"));
    std::fs::write(&path, "no certificate").unwrap();
    assert!(with(&path).unwrap_err().to_string().contains("there is none in it"));
}

#[test]
fn retry_after_is_read_in_seconds_and_as_a_date() {
    let answer = |value: &str| HttpAnswer {
        status: 429,
        headers: vec![("retry-after".into(), value.into())],
        body: Vec::new(),
        is_cut: false,
    };
    let now = 1_445_412_470;
    for (value, seconds) in [
        ("120", Some(120)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", Some(10)),
        ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
        ("soon", None),
        ("-5", None),
    ] {
        assert_eq!(answer(value).retry_after(now), seconds.map(Duration::from_secs), "{value}");
    }
}
