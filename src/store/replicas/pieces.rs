//! One large read from several replicas at once.
//!
//! A pack asked of one replica comes as fast as that replica is, and packs that are asked for before anything
//! is measured are dealt out evenly: the slowest then holds up the end. Large ranges are therefore read in
//! pieces, each from whichever replica is expected to bring it first. A bounded number is under way in the
//! whole set, so that most pieces are dealt out when speeds are known, and bytes come from each replica in
//! proportion to its speed.

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;

use crate::base::limits;
use crate::base::recycle;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::replicas::Set;
use crate::store::replicas::breaker::State;
use crate::store::replicas::spec::ReadPolicy;

/// A piece: large enough that a request more hardly counts beside it.
pub const PIECE_BYTES: u64 = 4 << 20;
/// Pieces under way, for each replica of the set.
pub const PIECES_PER_REPLICA: usize = 4;

type Piece<'a> = Pin<Box<dyn Future<Output = Result<Bytes, StoreError>> + Send + 'a>>;

impl Set {
    /// Whether there is anything to deal out, and anybody to deal it out to.
    pub(super) fn is_worth_pieces(&self, range: &Range<u64>) -> bool {
        // A hash is meant to ask one replica for all of an object; and pieces that go out evenly, whoever is
        // fast, would all wait for the slowest replica's.
        let may_split = matches!(self.options.policy, ReadPolicy::Fastest | ReadPolicy::LeastConnections);
        // Nobody has an object larger than a pack; whoever asks for one is told so without memory for it.
        let bytes = range.end.saturating_sub(range.start);
        let is_large = (2 * PIECE_BYTES..=limits::PACK_MAX_BYTES).contains(&bytes);
        let usable = self.members.iter().filter(|one| one.spec.weight > 0 && one.state() == State::Closed);
        may_split && is_large && usable.count() > 1
    }

    /// Exactly the bytes of `range`, piece by piece. The first failure ends it.
    pub(super) async fn get_in_pieces(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        let (start, end) = (range.start, range.end);
        let mut pieces: Vec<(u64, Piece<'_>)> = Vec::new();
        let mut at = start;
        while at < end {
            let piece = at..end.min(at + PIECE_BYTES);
            at = piece.end;
            pieces.push((piece.start, Box::pin(self.get_in_turn(key, piece))));
        }
        // No longer than a pack, which fits.
        let mut whole = recycle::take((end - start) as usize);
        whole.resize((end - start) as usize, 0);
        poll_fn(move |context| {
            let mut failure = None;
            pieces.retain_mut(|(at, piece)| match (&failure, piece.as_mut().poll(context)) {
                (None, Poll::Ready(Ok(bytes))) => {
                    let from = (*at - start) as usize;
                    whole[from..from + bytes.len()].copy_from_slice(&bytes);
                    false
                }
                (None, Poll::Ready(Err(error))) => {
                    failure = Some(error);
                    false
                }
                (Some(_), Poll::Ready(_)) => false,
                (_, Poll::Pending) => true,
            });
            match failure {
                Some(error) => Poll::Ready(Err(error)),
                None if pieces.is_empty() => Poll::Ready(Ok(recycle::into_bytes(std::mem::take(&mut whole)))),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Reads a piece once it is its turn.
    async fn get_in_turn(&self, key: &Key, range: Range<u64>) -> Result<Bytes, StoreError> {
        // Nobody closes it.
        let _turn = self.pieces.acquire().await;
        self.get_piece(key, range).await
    }
}
