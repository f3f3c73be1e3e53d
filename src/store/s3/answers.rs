//! Answers that are kept within bounds.
//!
//! The SDK reads the answers to all requests but that for an object whole, before it looks at them, and so
//! it does with errors: a server that never ends would fill the memory with what nobody asked for. Objects
//! have bounds of their own (see `watch`).

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The largest answer that is no object: a page of a listing has a thousand keys of a kilobyte, and as much
/// again around each.
pub const ANSWER_MAX_BYTES: u64 = 16 << 20;

/// Puts the bound around answers.
#[derive(Debug)]
pub struct Bounds;

/// Whether a success brings an object.
#[derive(Debug)]
struct BringsObject(bool);

impl Storable for BringsObject {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Bounds {
    fn name(&self) -> &'static str {
        "Bounds"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // The SDK marks each request so.
        let brings = context.request().uri().contains("x-id=GetObject");
        config.interceptor_state().store_put(BringsObject(brings));
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let brings = config.load::<BringsObject>().is_some_and(|brings| brings.0);
        let response = context.response_mut();
        if !(brings && response.status().is_success()) {
            let rest = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(Bounded { rest, left: ANSWER_MAX_BYTES });
        }
        Ok(())
    }
}

struct Bounded {
    rest: SdkBody,
    left: u64,
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match ready!(Pin::new(&mut self.rest).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            end => return Poll::Ready(end),
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(Some(match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(frame)
            }
            None => Err(format!("the server's answer has more than {} MiB", ANSWER_MAX_BYTES >> 20).into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.rest)
    }
}
