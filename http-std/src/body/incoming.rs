//! Content that is still arriving: whoever reads it runs its connection.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use http_driver::BodyError;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What was found where content comes from.
pub(crate) enum Found {
    Data(Bytes),
    End(Option<HeaderMap>),
    Failed(BodyError),
}

/// Where content comes from.
pub(crate) trait Source: Send + Sync {
    /// The next of the content of the request with this number. Without a context it waits, and is never pending; with
    /// one it waits where nobody else would look after the connection.
    fn content(&self, number: u64, cx: Option<&Context<'_>>) -> Poll<Found>;

    /// Nobody will read any more of it.
    fn let_go(&self, number: u64);
}

/// The reader's end.
pub(crate) struct Incoming {
    source: Arc<dyn Source>,
    number: u64,
    /// Octets left, if a Content-Length tells.
    left: Option<u64>,
    over: bool,
    /// It has ended early, and that was said: once, for who goes on in spite of it would never come to an end.
    failed: bool,
}

impl Incoming {
    pub(crate) fn new(source: Arc<dyn Source>, number: u64, length: Option<u64>) -> Self {
        Incoming { source, number, left: length, over: false, failed: false }
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.left
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.over || self.failed {
            return Poll::Ready(None);
        }
        self.source.content(self.number, Some(cx)).map(|found| self.take(found))
    }

    pub(super) fn next(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        if self.over || self.failed {
            return None;
        }
        match self.source.content(self.number, None) {
            Poll::Ready(found) => self.take(found),
            Poll::Pending => None,
        }
    }

    fn take(&mut self, found: Found) -> Option<Result<Frame<Bytes>, BodyError>> {
        match found {
            Found::Data(data) => {
                self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                Some(Ok(Frame::data(data)))
            }
            Found::End(trailers) => {
                self.over = true;
                trailers.map(|trailers| Ok(Frame::trailers(trailers)))
            }
            Found::Failed(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.source.let_go(self.number);
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("left", &self.left).finish_non_exhaustive()
    }
}
