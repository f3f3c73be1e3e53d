//! Bodies that are watched on their way: no transfer may stand still for ever.
//!
//! A time-out on a whole request would cut off honest uploads over a slow line; one on each piece
//! finds a server that hangs, however long the body is. Going out, a piece counts when the connection
//! has taken it; coming in, a trickle is held to a least rate, for a byte a second is a stall too.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, timeout};

use crate::base::recycle;

/// Bytes handed to the connection at a time; small enough that a slow line takes one in a second or so.
const PIECE_BYTES: usize = 64 << 10;
/// What has to come in while the stall time-out runs; half a kilobyte a second at its default.
const PROGRESS_MIN_BYTES: u64 = 16 << 10;
/// Most memory that is reserved because a header says so.
const RESERVE_MAX_BYTES: u64 = 64 << 20;

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// From the last byte of a request to the first of its answer.
    pub first_byte: Duration,
    /// Between two pieces of a body.
    pub stall: Duration,
}

/// Why a transfer was given up or ended.
#[derive(Debug)]
pub enum Broken {
    /// Nothing moved for so long.
    Stalled(Duration),
    /// It has more bytes than the bound; so many were announced or seen.
    TooLarge(u64),
    /// It ended after so many bytes of those announced.
    CutOff(u64, u64),
    /// What the connection said.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// How far an upload has come.
#[derive(Debug)]
pub struct Upload {
    total_bytes: u64,
    sent_bytes: AtomicU64,
    moved: Mutex<Instant>,
}

impl Upload {
    fn sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long nothing has moved, and how long it may.
    fn idle(&self, limits: &Limits) -> (Duration, Duration) {
        let moved = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = self.sent_bytes.load(Ordering::Relaxed);
        let allowed = match sent {
            // The system's buffers may still be full when the last piece has been taken.
            _ if sent == self.total_bytes => limits.stall.saturating_add(limits.first_byte),
            0 => limits.connect.saturating_add(limits.first_byte),
            _ => limits.stall,
        };
        (moved.elapsed(), allowed)
    }
}

/// `body` as the SDK wants it, and what tells how far it has come.
pub fn upload(body: Bytes) -> (ByteStream, Arc<Upload>) {
    let progress = Arc::new(Upload {
        total_bytes: body.len() as u64,
        sent_bytes: AtomicU64::new(0),
        moved: Mutex::new(Instant::now()),
    });
    let watched = Watched { rest: body, progress: Arc::clone(&progress) };
    (ByteStream::new(SdkBody::from_body_1_x(watched)), progress)
}

struct Watched {
    rest: Bytes,
    progress: Arc<Upload>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        self.progress.sent(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Waits for the answer to an upload for as long as it moves.
pub async fn while_it_moves<T>(
    request: impl Future<Output = T>,
    upload: &Upload,
    limits: &Limits,
) -> Result<T, Broken> {
    let mut request = pin!(request);
    loop {
        let (idle, allowed) = upload.idle(limits);
        if idle >= allowed {
            return Err(Broken::Stalled(allowed));
        }
        // What is allowed changes as the body goes out: it is looked at again before long.
        let wait = allowed.saturating_sub(idle).min(limits.stall);
        if let Ok(answer) = timeout(wait, request.as_mut()).await {
            return Ok(answer);
        }
    }
}

/// Waits for the beginning of the answer to a request without a body.
pub async fn until_it_begins<T>(request: impl Future<Output = T>, limits: &Limits) -> Result<T, Broken> {
    let allowed = limits.connect.saturating_add(limits.first_byte);
    timeout(allowed, request).await.map_err(|_| Broken::Stalled(allowed))
}

/// Reads a whole body of `announced` bytes, if that is known, and of `max_bytes` at most.
pub async fn read_all(
    mut body: ByteStream,
    announced: Option<u64>,
    max_bytes: u64,
    limits: &Limits,
) -> Result<Bytes, Broken> {
    if let Some(size) = announced.filter(|size| *size > max_bytes) {
        return Err(Broken::TooLarge(size));
    }
    let reserved = announced.unwrap_or(0).min(RESERVE_MAX_BYTES);
    // At most 64 MiB, which fits.
    let mut bytes = recycle::take(reserved as usize);
    let (mut window, mut window_bytes) = (Instant::now(), 0u64);
    loop {
        let left = limits.stall.saturating_sub(window.elapsed());
        let piece = match timeout(left, body.next()).await {
            Err(_) => return Err(Broken::Stalled(limits.stall)),
            Ok(None) => break,
            Ok(Some(Err(error))) => return Err(Broken::Failed(Box::new(error))),
            Ok(Some(Ok(piece))) => piece,
        };
        let size = (bytes.len() as u64).saturating_add(piece.len() as u64);
        if size > max_bytes {
            return Err(Broken::TooLarge(size));
        }
        bytes.extend_from_slice(&piece);
        window_bytes = window_bytes.saturating_add(piece.len() as u64);
        if window_bytes >= PROGRESS_MIN_BYTES {
            (window, window_bytes) = (Instant::now(), 0);
        }
    }
    match announced {
        Some(size) if size != bytes.len() as u64 => Err(Broken::CutOff(bytes.len() as u64, size)),
        _ => Ok(recycle::into_bytes(bytes)),
    }
}
