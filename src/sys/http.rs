//! Plain HTTP requests to other systems: one request, one connection, one answer.
//!
//! For web hooks, status pages and checks; repositories have their own client (`store::s3`). The limits
//! hold always: for connecting, for the whole, for the size of the answer. A URL may be a secret itself,
//! as those of many web hooks are: errors name scheme, host and port of it alone. Whether a request that
//! failed may have been acted upon is told (`HttpError::is_in_doubt`), for who repeats it must know.
//!
//! Left out: connections that are kept, compression, cookies, and redirects unless somebody asks for them.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{Method, Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};
use ureq::{Agent, AsSendBody, Body, Error, Proxy};

use crate::base::error_kind::ErrorKind;
use crate::sys::error::{SysError, show_path};
use crate::sys::file::read_bounded;

/// The largest file of certificates that is read.
const CERTIFICATES_MAX_BYTES: u64 = 8 << 20;

/// How requests are made.
#[derive(Clone)]
pub struct HttpOptions {
    /// How long finding the host, connecting and TLS may take together.
    pub connect_limit: Duration,
    /// How long everything may take.
    pub total_limit: Duration,
    /// Bytes of an answer's body that are read.
    pub answer_max_bytes: usize,
    /// A file of certificates (PEM) that are trusted beside those of the machine.
    pub ca_file: Option<PathBuf>,
    /// `http://[USER:PASSWORD@]HOST:PORT`, through which requests go.
    pub proxy: Option<String>,
    /// How many redirects are followed, where the request has no body. Every header but `authorization`
    /// goes along, to other hosts too: leave it at 0 where a header or the URL is secret.
    pub redirects: u32,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_limit: Duration::from_secs(10),
            total_limit: Duration::from_secs(30),
            answer_max_bytes: 1 << 20,
            ca_file: None,
            proxy: None,
            redirects: 0,
        }
    }
}

/// A request.
#[derive(Clone)]
pub struct HttpRequest {
    /// Such as `POST`.
    pub method: String,
    /// With `http://` or `https://`; a user and a password in it become an `authorization` header.
    pub url: String,
    /// Names and values; `user-agent` is ours unless it is here.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(method: &str, url: impl Into<String>) -> Self {
        Self { method: method.to_owned(), url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Gives it a body, and says what that is.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("content-type", content_type) }
    }
}

impl fmt::Debug for HttpRequest {
    /// The rest may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} {}/…)", self.method, place_of(&self.url))
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Such as 200.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// As much as came and was allowed.
    pub body: Vec<u8>,
    /// Whether the body was longer, or the connection broke off in it.
    pub is_cut: bool,
}

impl HttpAnswer {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How long to wait before another attempt, if the answer says so: `retry-after` in seconds, or as a
    /// date that is held against `now` (seconds since 1970).
    pub fn retry_after(&self, now: i64) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        let seconds = match value.parse::<u64>() {
            Ok(seconds) => seconds,
            Err(_) => {
                let date = chrono::DateTime::parse_from_rfc2822(value).ok()?;
                u64::try_from(date.timestamp().saturating_sub(now)).unwrap_or(0)
            }
        };
        Some(Duration::from_secs(seconds))
    }
}

/// There was no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request or the options are no such thing.
    #[error("the request to {place} cannot be made: {why}")]
    Request {
        /// Scheme, host and port.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// The file of certificates cannot be used.
    #[error("no certificates can be taken from {}: {why}", show_path(path.as_os_str().as_encoded_bytes()))]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The host's name leads nowhere.
    #[error("the host of {place} is not found: {why}")]
    Resolve {
        /// Scheme, host and port.
        place: String,
        /// What the system said.
        why: String,
    },
    /// There is no connection.
    #[error("cannot connect to {place}: {why}")]
    Connect {
        /// Scheme, host and port.
        place: String,
        /// What the system said.
        why: String,
    },
    /// There is a connection, but not a trusted one.
    #[error("there is no TLS with {place}: {why}")]
    Tls {
        /// Scheme, host and port.
        place: String,
        /// Why.
        why: String,
    },
    /// It took too long.
    #[error("{place} {}", late(*.is_connected, *.limit))]
    Timeout {
        /// Scheme, host and port.
        place: String,
        /// How long it had.
        limit: Duration,
        /// Whether it was the answer, and not the connection, that did not come.
        is_connected: bool,
    },
    /// The connection ended before an answer came, or with what is no answer.
    #[error("{place} took the request but gave no answer: {why}")]
    Lost {
        /// Scheme, host and port.
        place: String,
        /// What came instead.
        why: String,
    },
}

fn late(is_connected: bool, limit: Duration) -> String {
    let what = if is_connected { "has not answered" } else { "cannot be reached" };
    format!("{what} within {} s", limit.as_secs_f64())
}

impl HttpError {
    /// Whether the request may have reached the other side and been acted upon.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, HttpError::Lost { .. } | HttpError::Timeout { is_connected: true, .. })
    }

    /// Whether time ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self, HttpError::Timeout { .. })
    }

    /// The sort of failure, for the exit status.
    pub fn kind(&self) -> ErrorKind {
        match self {
            HttpError::Request { .. } | HttpError::Certificates { .. } => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        }
    }
}

/// Makes requests.
#[derive(Clone)]
pub struct HttpClient {
    options: HttpOptions,
    roots: RootCerts,
    proxy: Option<Proxy>,
}

impl fmt::Debug for HttpClient {
    /// A proxy may have a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpClient")
    }
}

impl HttpClient {
    /// A client with these options.
    pub fn new(options: HttpOptions) -> Result<Self, HttpError> {
        let proxy = options.proxy.as_deref().map(|url| {
            Proxy::new(url).map_err(|_| HttpError::Request {
                place: place_of(url),
                why: "the proxy's URL is to be http://HOST:PORT".into(),
            })
        });
        let proxy = proxy.transpose()?;
        Ok(Self { roots: roots(options.ca_file.as_deref())?, proxy, options })
    }

    /// Makes the request once. Every answer is one, whatever its status.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpError> {
        let place = place_of(&request.url);
        let wrong = |why: String| HttpError::Request { place: place.clone(), why };
        let uri: Uri = request.url.parse().map_err(|_| wrong("its URL is no URL".into()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("its URL begins neither with http:// nor with https://".into()));
        }
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| wrong(format!("`{}` is no method", show_path(request.method.as_bytes()))))?;
        let bare = request.body.is_empty()
            && matches!(
                method,
                Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS | Method::TRACE
            );
        let mut builder = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        // The library names the header, but its value may be secret, so it is not said here.
        let unfit = |_| wrong("a header has characters that none can have".into());
        let is_connected = Arc::new(AtomicBool::new(false));
        let agent = self.agent(&is_connected, if bare { self.options.redirects } else { 0 });
        let sent = match bare {
            true => run(&agent, builder.body(()).map_err(unfit)?),
            false => run(&agent, builder.body(request.body.as_slice()).map_err(unfit)?),
        };
        let answer =
            sent.map_err(|error| self.explain(error, place.clone(), is_connected.load(Ordering::SeqCst)))?;
        Ok(read_answer(answer, self.options.answer_max_bytes))
    }

    /// What makes one request, and notes once it is connected.
    fn agent(&self, is_connected: &Arc<AtomicBool>, redirects: u32) -> Agent {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(self.roots.clone())
            .unversioned_rustls_crypto_provider(ring)
            .build();
        let config = Config::builder()
            .tls_config(tls)
            // Never the environment's.
            .proxy(self.proxy.clone())
            .http_status_as_error(false)
            .max_redirects(redirects)
            .max_idle_connections(0)
            .user_agent(concat!("lifeboat/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(self.options.connect_limit))
            .timeout_connect(Some(self.options.connect_limit))
            .timeout_global(Some(self.options.total_limit))
            .build();
        let connector = DefaultConnector::new().chain(Noting(Arc::clone(is_connected)));
        Agent::with_parts(config, connector, Names::default())
    }

    fn explain(&self, error: Error, place: String, is_connected: bool) -> HttpError {
        if let Some(why) = tls_fault(&error) {
            return HttpError::Tls { place, why };
        }
        let why = error.to_string();
        match error {
            Error::Timeout(_) => {
                let limit = if is_connected { self.options.total_limit } else { self.options.connect_limit };
                HttpError::Timeout { place, limit: limit.min(self.options.total_limit), is_connected }
            }
            Error::HostNotFound => HttpError::Resolve { place, why: "the name leads nowhere".into() },
            Error::Other(inner) if inner.is::<NoName>() => {
                HttpError::Resolve { place, why: inner.to_string() }
            }
            Error::Io(error) if !is_connected => HttpError::Connect { place, why: error.to_string() },
            Error::ConnectionFailed => HttpError::Connect { place, why: "no address answers".into() },
            Error::ConnectProxyFailed(_) => {
                HttpError::Connect { place, why: "the proxy refuses to connect".into() }
            }
            Error::Io(error) => HttpError::Lost { place, why: error.to_string() },
            Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
                HttpError::Request { place, why: "the URL or a header cannot be used".into() }
            }
            Error::Protocol(_) if !is_connected => HttpError::Request { place, why },
            _ if is_connected => HttpError::Lost { place, why },
            _ => HttpError::Connect { place, why },
        }
    }
}

fn run(agent: &Agent, request: ureq::http::Request<impl AsSendBody>) -> Result<Response<Body>, Error> {
    agent.run(request)
}

fn read_answer(answer: Response<Body>, max_bytes: usize) -> HttpAnswer {
    let (head, body) = answer.into_parts();
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    let mut bytes = Vec::new();
    let read = body.into_reader().take(max_bytes as u64 + 1).read_to_end(&mut bytes);
    let is_cut = read.is_err() || bytes.len() > max_bytes;
    bytes.truncate(max_bytes);
    HttpAnswer { status: head.status.as_u16(), headers: headers.collect(), body: bytes, is_cut }
}

/// Scheme, host and port of a URL: what may be said of it.
pub fn place_of(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    match parts {
        Some((scheme, authority)) => {
            let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{scheme}://{}{port}", authority.host())
        }
        None => "what is no URL".into(),
    }
}

/// What the machine trusts, and what `ca_file` adds.
fn roots(ca_file: Option<&Path>) -> Result<RootCerts, HttpError> {
    static MACHINE: OnceLock<Vec<Certificate<'static>>> = OnceLock::new();
    let mut trusted = MACHINE.get_or_init(|| {
        // Files that cannot be read lessen what is trusted; a handshake then says so.
        let found = rustls_native_certs::load_native_certs().certs;
        found.iter().map(|one| Certificate::from_der(one).to_owned()).collect()
    });
    let with_more: Vec<Certificate<'static>>;
    if let Some(path) = ca_file {
        with_more = trusted.iter().cloned().chain(certificates(path)?).collect();
        trusted = &with_more;
    }
    Ok(RootCerts::new_with_certs(trusted))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, HttpError> {
    let failed = |why: String| HttpError::Certificates { path: path.to_owned(), why };
    let read = |error: SysError| failed(error.source.to_string());
    let bytes = read_bounded(path, CERTIFICATES_MAX_BYTES).map_err(read)?;
    let mut found = Vec::new();
    for item in parse_pem(&bytes) {
        match item.map_err(|_| failed("it is not PEM".into()))? {
            PemItem::Certificate(one) => found.push(one),
            _ => continue,
        }
    }
    match found.is_empty() {
        true => Err(failed("there is none in it (it is to be PEM)".into())),
        false => Ok(found),
    }
}

/// What TLS has against it, if it is TLS.
fn tls_fault(error: &Error) -> Option<String> {
    let inner = match error {
        Error::Rustls(inner) => inner,
        Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        Error::Tls(why) => return Some((*why).to_owned()),
        _ => return None,
    };
    Some(match inner {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "its certificate is by nobody who is trusted here".into()
        }
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".into(),
        other => other.to_string(),
    })
}

/// Last in the chain of connectors: from here on, the other side may have heard us.
#[derive(Debug)]
struct Noting(Arc<AtomicBool>);

impl<T: Transport> Connector<T> for Noting {
    type Out = T;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<T>) -> Result<Option<T>, Error> {
        self.0.store(chained.is_some(), Ordering::SeqCst);
        Ok(chained)
    }
}

/// The system's resolver, whose errors are told from those of connections.
#[derive(Debug, Default)]
struct Names(DefaultResolver);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoName(io::Error);

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, limit: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.0.resolve(uri, config, limit).map_err(|error| match error {
            Error::Io(error) => Error::Other(Box::new(NoName(error))),
            error => error,
        })
    }
}

#[cfg(test)]
pub mod fixture;
#[cfg(test)]
mod tests;
