//! [`Body`]: content, of requests and of answers. Absent, whole, arriving from a connection, handed over by another
//! task, or any `http_body::Body`.

mod channel;
mod file;
mod incoming;

pub use channel::{BodySender, Disconnected};
pub use file::{FileBody, Files};
pub(crate) use incoming::{Incoming, Slot};

use crate::BoxError;
use crate::watched::lock;
use bytes::{Bytes, BytesMut};
use channel::Receiver;
use futures_core::Stream;
use http_body::{Body as _, Frame, SizeHint};
use http_proto::RecvError;
use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

/// Content with its trailers. It implements [`http_body::Body`].
///
/// Asking for the content of a request for the first time sends 100 (Continue) to a client that waits for that. What is
/// not read is swallowed within the bounds `drain` of the configuration, beyond which the connection closes. It may be
/// read in the handler, in another task, or as the body of the answer.
#[derive(Debug, Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Incoming(Incoming),
    Channel(Receiver),
    /// Made by whoever asks for it, however long that takes; behind a mutex as the next.
    Made(Mutex<Boxed>),
    /// Behind a mutex, which nobody ever waits for, so that `&Request<Body>` can be held across an await.
    Boxed(Mutex<Boxed>),
}

type Boxed = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>;

impl Body {
    fn boxed(body: impl http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static) -> Self {
        Body(Kind::Boxed(Mutex::new(Box::pin(body))))
    }

    /// No content.
    pub const fn empty() -> Self {
        Body(Kind::Empty)
    }

    /// Content that another task sends piece by piece, with backpressure.
    pub fn channel() -> (BodySender, Self) {
        let (sender, receiver) = channel::channel();
        (sender, Body(Kind::Channel(receiver)))
    }

    /// The items of a stream, one after the other. Its length is unknown; an error cuts the message off, so that the
    /// peer notices.
    pub fn stream<S, D, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        D: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Self::boxed(Streamed(Box::pin(stream)))
    }

    /// Any other body; one of this type is left as it is.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        let itself = (&mut body as &mut dyn Any).downcast_mut::<Option<Body>>().and_then(Option::take);
        match (itself, body) {
            (Some(itself), _) => itself,
            (None, Some(body)) => Self::boxed(Erased(Box::pin(body))),
            (None, None) => Self::empty(),
        }
    }

    /// Any other body whose frames are made by whoever asks for them, who does nothing else meanwhile: by a read that blocks,
    /// for example. Each goes out before the next is asked for.
    pub fn made_when_asked<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Body(Kind::Made(Mutex::new(Box::pin(Erased(Box::pin(body))))))
    }

    /// Whether its next frame is made by whoever asks for it.
    pub(crate) fn is_made_when_asked(&self) -> bool {
        match &self.0 {
            Kind::Empty | Kind::Whole(_) | Kind::Incoming(_) | Kind::Channel(_) | Kind::Boxed(_) => false,
            Kind::Made(_) => true,
        }
    }

    /// Content that is still arriving, and runs its connection when it is read.
    pub(crate) fn arriving(body: impl http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static) -> Self {
        Self::boxed(body)
    }

    /// The same content once more, where it is at hand.
    pub(crate) fn copy(&self) -> Option<Self> {
        match &self.0 {
            Kind::Empty => Some(Body::empty()),
            Kind::Whole(whole) => Some(whole.clone().into()),
            Kind::Incoming(_) | Kind::Channel(_) | Kind::Made(_) | Kind::Boxed(_) => None,
        }
    }

    pub(crate) fn incoming(incoming: Incoming) -> Self {
        Body(Kind::Incoming(incoming))
    }

    /// The next piece of content, never empty; `None` behind the last. Trailers are passed over.
    ///
    /// # Errors
    /// The rest of the content will not come.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            match self.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Some(Ok(data)),
                    Err(_trailers) => {}
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The next piece of content, or the trailers; `None` behind the last.
    ///
    /// # Errors
    /// The rest will not come.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await
    }

    /// All that is left, up to `limit` octets; 2 MiB ([`Body::LIMIT`]) is a common bound.
    ///
    /// # Errors
    /// The rest will not come; or it is longer than the limit ([`BodyError::TooLarge`]), before anything is read where a
    /// Content-Length tells.
    ///
    /// # Cancel safety
    /// What was collected is lost if the future is dropped.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        if self.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge);
        }
        if let Kind::Whole(whole) = &mut self.0 {
            return Ok(std::mem::take(whole));
        }
        let mut collected = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            if chunk.len() > limit - collected.len() {
                return Err(BodyError::TooLarge);
            }
            collected.extend_from_slice(&chunk);
        }
        Ok(collected.freeze())
    }

    /// Octets that [`Body::collect`] takes where nothing speaks for another bound: 2 MiB.
    pub const LIMIT: usize = 2 * 1024 * 1024;
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Whole(whole) => {
                let whole = std::mem::take(whole);
                self.0 = Kind::Empty;
                Poll::Ready((!whole.is_empty()).then(|| Ok(Frame::data(whole))))
            }
            Kind::Incoming(incoming) => incoming.poll_frame(cx),
            Kind::Channel(receiver) => receiver.poll_frame(cx),
            Kind::Made(body) | Kind::Boxed(body) => {
                let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
                body.as_mut().poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(BodyError::from)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Whole(whole) => whole.is_empty(),
            Kind::Incoming(incoming) => incoming.is_over(),
            Kind::Channel(_) => false,
            Kind::Made(body) | Kind::Boxed(body) => lock(body).is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(whole) => SizeHint::with_exact(whole.len() as u64),
            Kind::Incoming(incoming) => incoming.length().map_or_else(SizeHint::new, SizeHint::with_exact),
            Kind::Channel(_) => SizeHint::new(),
            Kind::Made(body) | Kind::Boxed(body) => lock(body).size_hint(),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Empty => "Empty",
            Kind::Whole(_) => "Whole",
            Kind::Incoming(_) => "Incoming",
            Kind::Channel(_) => "Channel",
            Kind::Made(_) => "Made",
            Kind::Boxed(_) => "Boxed",
        })
    }
}

impl From<Bytes> for Body {
    fn from(whole: Bytes) -> Self {
        Body(Kind::Whole(whole))
    }
}

impl From<Vec<u8>> for Body {
    fn from(whole: Vec<u8>) -> Self {
        Bytes::from(whole).into()
    }
}

impl From<String> for Body {
    fn from(whole: String) -> Self {
        Bytes::from(whole).into()
    }
}

impl From<&'static str> for Body {
    fn from(whole: &'static str) -> Self {
        Bytes::from_static(whole.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(whole: &'static [u8]) -> Self {
        Bytes::from_static(whole).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Body::empty()
    }
}

/// A stream of pieces as a body.
struct Streamed<S>(Pin<Box<S>>);

impl<S, D, E> http_body::Body for Streamed<S>
where
    S: Stream<Item = Result<D, E>>,
    D: Into<Bytes>,
    E: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let item = ready!(self.0.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| item.map(|data| Frame::data(data.into())).map_err(Into::into)))
    }
}

/// A body whose type is forgotten.
struct Erased<B>(Pin<Box<B>>);

impl<B> http_body::Body for Erased<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.as_mut().poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// Why the rest of a body will not come.
#[derive(Debug)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than the limit of [`Body::collect`].
    TooLarge,
    /// What the peer sent is no valid message, incomplete, or too slow.
    Received(RecvError),
    /// The exchange has taken longer, as a whole, than it may.
    TooSlow,
    /// The exchange is over, or its connection gone; or the task that sent the content has left it unfinished.
    Over,
    /// What the application made the body of has failed.
    Application(BoxError),
}

impl BodyError {
    /// The status with which a handler that fails by this error is answered for.
    pub fn status(&self) -> u16 {
        match self {
            BodyError::TooLarge => 413,
            BodyError::Received(error) => error.status().unwrap_or(400),
            BodyError::TooSlow | BodyError::Over | BodyError::Application(_) => 500,
        }
    }

    /// The status that stands behind an error of the application, which may have wrapped one of these.
    pub fn status_of(error: &(dyn std::error::Error + 'static)) -> u16 {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<BodyError>() {
                return error.status();
            }
            next = error.source();
        }
        500
    }
}

impl From<BoxError> for BodyError {
    fn from(error: BoxError) -> Self {
        error.downcast().map_or_else(BodyError::Application, |error| *error)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::TooLarge => f.write_str("the content is longer than the limit"),
            BodyError::Received(error) => error.fmt(f),
            BodyError::TooSlow => f.write_str("the exchange was not over in time"),
            BodyError::Over => f.write_str("the exchange is over"),
            BodyError::Application(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BodyError::Received(error) => Some(error),
            BodyError::Application(error) => error.source(),
            BodyError::TooLarge | BodyError::TooSlow | BodyError::Over => None,
        }
    }
}
