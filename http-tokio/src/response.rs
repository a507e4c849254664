//! [`Response`]: what a handler answers. Content is absent, whole, or a stream of frames.

use crate::BoxError;
use bytes::Bytes;
use futures_core::Stream;
use http_proto::{BodyLength, FieldBlock, SendError};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An answer. The framing fields, Connection and Date are added on the way out.
pub struct Response(pub(crate) Box<Parts>);

/// Apart, so that a response is cheap to move.
pub(crate) struct Parts {
    pub(crate) status: u16,
    pub(crate) fields: FieldBlock,
    pub(crate) close: bool,
    pub(crate) content: Content,
    /// The first field that could not be taken.
    pub(crate) fault: Option<SendError>,
}

impl Response {
    /// An answer with this status, 200 to 999, without fields and content.
    pub fn new(status: u16) -> Self {
        let (fields, content) = (FieldBlock::new(), Content::Empty);
        Response(Box::new(Parts { status, fields, close: false, content, fault: None }))
    }

    /// Adds a field. One that must not be sent, or that the connection writes itself, makes the answer a 500.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        if let Err(fault) = self.0.fields.push(name, value.as_ref()) {
            self.0.fault.get_or_insert(fault);
        }
        self
    }

    /// Closes the connection behind this answer.
    pub fn close(mut self) -> Self {
        self.0.close = true;
        self
    }

    /// With this content.
    pub fn body(mut self, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        self.0.content = if content.is_empty() { Content::Empty } else { Content::Whole(content) };
        self
    }

    /// With content of unknown length: chunked, or until the close for an HTTP/1.0 client. The stream is asked for more
    /// only while the client takes it. An error cuts the message off, so that the client notices.
    pub fn stream<S, F, E>(self, frames: S) -> Self
    where
        S: Stream<Item = Result<F, E>> + Send + 'static,
        F: Into<Frame> + 'static,
        E: Into<BoxError> + 'static,
    {
        self.content(BodyLength::Unknown, frames)
    }

    /// As [`Response::stream`], with content of exactly `length` octets; more or less is an error like any other.
    pub fn sized_stream<S, F, E>(self, length: u64, frames: S) -> Self
    where
        S: Stream<Item = Result<F, E>> + Send + 'static,
        F: Into<Frame> + 'static,
        E: Into<BoxError> + 'static,
    {
        self.content(BodyLength::Exact(length), frames)
    }

    fn content<S: Source + 'static>(mut self, length: BodyLength, frames: S) -> Self {
        self.0.content = Content::Stream(length, Box::pin(frames));
        self
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.0.status)
            .field("fields", &self.0.fields)
            .finish_non_exhaustive()
    }
}

/// A piece of a streamed answer.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Content.
    Data(Bytes),
    /// The trailer section, which ends the stream. Left out where the framing has no room for it.
    Trailers(FieldBlock),
}

impl From<Bytes> for Frame {
    fn from(data: Bytes) -> Self {
        Frame::Data(data)
    }
}

pub(crate) enum Content {
    Empty,
    Whole(Bytes),
    Stream(BodyLength, Pin<Box<dyn Source>>),
}

impl Content {
    pub(crate) fn length(&self) -> BodyLength {
        match self {
            Content::Empty => BodyLength::Empty,
            Content::Whole(content) => BodyLength::Exact(content.len() as u64),
            Content::Stream(length, _) => *length,
        }
    }
}

/// A stream of frames whose types are forgotten.
pub(crate) trait Source: Send {
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BoxError>>>;
}

impl<S, F, E> Source for S
where
    S: Stream<Item = Result<F, E>> + Send,
    F: Into<Frame>,
    E: Into<BoxError>,
{
    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, BoxError>>> {
        self.poll_next(cx).map(|next| next.map(|item| item.map(Into::into).map_err(Into::into)))
    }
}
