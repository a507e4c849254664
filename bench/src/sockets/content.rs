//! What all candidates serve: the request, the short answer, the large content.

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The target of the request that suite `server` sends, one of 170 octets.
pub(crate) const TARGET: &str = "/api/v1/items/4711";
/// The content of the short answer.
pub(crate) const HELLO: &str = "Hello, World!";
/// Its media type.
pub(crate) const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The short answer.
pub(crate) fn hello<B: From<&'static str>>() -> Response<B> {
    let mut response = Response::new(B::from(HELLO));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
}

/// Where content of a known length is.
pub(crate) const DOWN: &str = "/down";
/// Where the same is, without a length.
pub(crate) const DOWN_CHUNKED: &str = "/down-chunked";
/// Where content goes.
pub(crate) const UP: &str = "/up";

/// The octets of large content.
pub(crate) const LENGTH: u64 = if cfg!(test) { 16 << 20 } else { 1 << 30 };
/// The pieces that it is made of, all the same: nobody shall wait for memory. `LENGTH` is a multiple.
pub(crate) const PIECE: usize = 512 << 10;
/// One of them. Without the octets of a line end, so that the end of a chunked message is easily seen.
pub(crate) static OCTETS: [u8; PIECE] = [b'x'; PIECE];

/// Large content as the body of an answer.
pub(crate) struct Large {
    left: u64,
    has_length: bool,
}

impl Large {
    /// What is at this target.
    pub(crate) fn at(target: &str) -> Self {
        Large { left: LENGTH, has_length: target == DOWN }
    }
}

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= PIECE as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&OCTETS)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        if self.has_length { SizeHint::with_exact(self.left) } else { SizeHint::default() }
    }
}
