//! [`Body`]: content, of requests and of answers. Absent, whole, arriving from a connection, read from anything, made
//! piece by piece, handed over by another thread, or any `http_body::Body`.

mod incoming;
mod pieces;

pub(crate) use incoming::{Found, Incoming, Source};

use crate::BodySender;
use crate::waiting::{block_on, poll_here};
use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_driver::parts::lock;
use http_driver::{BodyError, BoxError};
use pieces::{Frames, Readable};
use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

/// Content with its trailers, whose methods wait. It implements [`Read`], and [`http_body::Body`] for tower services: there
/// a poll may wait, too, where it is made by an executor of another make, or the content when it is asked for.
///
/// Asking for the content of a request for the first time sends 100 (Continue) to a client that waits for that. What is
/// not read is swallowed within the bounds `drain` of the configuration, beyond which the connection closes. It may be
/// read in the handler, in another thread, or as the body of the answer.
#[derive(Debug, Default)]
pub struct Body {
    kind: Kind,
    /// What was taken of the content by [`Read`], and not read yet.
    rest: Bytes,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Incoming(Incoming),
    /// That of an answer, or what another thread sends: of the kind that futures take.
    Driven(http_driver::Body),
    /// Both behind a mutex, which nobody ever waits for, so that a body can be shared.
    Frames(Mutex<Frames>),
    Boxed(Mutex<Boxed>),
}

type Boxed = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>;

impl Body {
    const fn of(kind: Kind) -> Self {
        Body { kind, rest: Bytes::new() }
    }

    fn frames_of(frames: impl Iterator<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static) -> Self {
        Body::of(Kind::Frames(Mutex::new(Frames::new(frames))))
    }

    /// No content.
    pub const fn empty() -> Self {
        Body::of(Kind::Empty)
    }

    /// What a reader reads up to its end. Its length is unknown; an error cuts the message off, so that the peer notices.
    /// Every piece goes out before the next is read.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Body::frames_of(Readable::to_end(reader))
    }

    /// So many octets of a reader: a file, for example, or a range of one. If it ends before, the message is cut off; what
    /// it has beyond is not sent.
    ///
    /// ```no_run
    /// # use http_std::{Body, Response};
    /// # fn answer() -> std::io::Result<Response<Body>> {
    /// let file = std::fs::File::open("index.html")?;
    /// let length = file.metadata()?.len();
    /// # Ok(
    /// Response::new(Body::sized_reader(file, length))
    /// # )
    /// # }
    /// ```
    pub fn sized_reader(reader: impl Read + Send + 'static, length: u64) -> Self {
        Body::of(Kind::Frames(Mutex::new(Frames::sized(Readable::exact(reader, length), length))))
    }

    /// The items of an iterator, one after the other. Its length is unknown; an error cuts the message off, so that the
    /// peer notices. Every piece goes out before the next is made.
    pub fn pieces<I, D, E>(pieces: I) -> Self
    where
        I: IntoIterator<Item = Result<D, E>>,
        I::IntoIter: Send + 'static,
        D: Into<Bytes>,
        E: Into<BoxError>,
    {
        let frame = |piece: Result<D, E>| piece.map(|data| Frame::data(data.into())).map_err(Into::into);
        Body::frames_of(pieces.into_iter().map(frame))
    }

    /// As [`Body::pieces`], with trailers as the last of them.
    pub fn frames<I, E>(frames: I) -> Self
    where
        I: IntoIterator<Item = Result<Frame<Bytes>, E>>,
        I::IntoIter: Send + 'static,
        E: Into<BoxError>,
    {
        Body::frames_of(frames.into_iter().map(|frame| frame.map_err(Into::into)))
    }

    /// Content that another thread sends piece by piece, with backpressure.
    pub fn channel() -> (BodySender, Self) {
        let (sender, body) = http_driver::Body::channel();
        (BodySender::new(sender), Body::driven(body))
    }

    /// Any other body; one of this type is left as it is.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        let itself = (&mut body as &mut dyn Any).downcast_mut::<Option<Body>>().and_then(Option::take);
        match (itself, body) {
            (Some(itself), _) => itself,
            (None, Some(body)) => Body::of(Kind::Boxed(Mutex::new(Box::pin(Erased(Box::pin(body)))))),
            (None, None) => Self::empty(),
        }
    }

    pub(crate) fn incoming(incoming: Incoming) -> Self {
        Body::of(Kind::Incoming(incoming))
    }

    /// Of the kind that futures take.
    pub(crate) fn driven(body: http_driver::Body) -> Self {
        Body::of(Kind::Driven(body))
    }

    /// As one that futures take. What is at hand stays at hand, so that it can be sent again.
    pub(crate) fn into_driven(self) -> http_driver::Body {
        match self {
            Body { kind: Kind::Driven(body), rest } if rest.is_empty() => body,
            Body { kind: Kind::Empty, rest: whole } => whole.into(),
            Body { kind: Kind::Whole(whole), rest } if rest.is_empty() => whole.into(),
            body if body.is_made_when_asked() => http_driver::Body::made_when_asked(body),
            body => http_driver::Body::new(body),
        }
    }

    /// Whether its next piece is made by whoever asks for it, however long that takes.
    pub(crate) fn is_made_when_asked(&self) -> bool {
        match &self.kind {
            Kind::Empty | Kind::Whole(_) | Kind::Incoming(_) | Kind::Driven(_) | Kind::Boxed(_) => false,
            Kind::Frames(_) => true,
        }
    }

    /// The next piece of content, never empty; `None` behind the last. Trailers are passed over.
    ///
    /// # Errors
    /// The rest of the content will not come.
    pub fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            match self.frame()? {
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
    pub fn frame(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        if let Kind::Incoming(incoming) = &mut self.kind
            && self.rest.is_empty()
        {
            return incoming.next();
        }
        block_on(poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)))
    }

    /// All that is left, up to `limit` octets; 2 MiB ([`Body::LIMIT`]) is a common bound.
    ///
    /// # Errors
    /// The rest will not come; or it is longer than the limit ([`BodyError::TooLarge`]), before anything is read where a
    /// Content-Length tells.
    pub fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        if self.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge);
        }
        if let (Kind::Whole(whole), true) = (&mut self.kind, self.rest.is_empty()) {
            return Ok(std::mem::take(whole));
        }
        let mut collected = BytesMut::new();
        while let Some(chunk) = self.chunk() {
            let chunk = chunk?;
            if chunk.len() > limit - collected.len() {
                return Err(BodyError::TooLarge);
            }
            collected.extend_from_slice(&chunk);
        }
        Ok(collected.freeze())
    }

    /// Octets that [`Body::collect`] takes where nothing speaks for another bound: 2 MiB.
    pub const LIMIT: usize = http_driver::Body::LIMIT;
}

/// The content as octets; trailers are passed over.
impl Read for Body {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && !room.is_empty() {
            self.rest = self.chunk().transpose().map_err(io::Error::other)?.unwrap_or_default();
        }
        let count = room.len().min(self.rest.len());
        self.rest.copy_to_slice(room.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        match &mut self.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Whole(whole) => {
                let whole = std::mem::take(whole);
                self.kind = Kind::Empty;
                Poll::Ready((!whole.is_empty()).then(|| Ok(Frame::data(whole))))
            }
            Kind::Incoming(incoming) => incoming.poll_next(cx),
            Kind::Driven(body) => poll_here(cx, |cx| Pin::new(&mut *body).poll_frame(cx)),
            Kind::Frames(frames) => {
                let frames = frames.get_mut().unwrap_or_else(PoisonError::into_inner);
                Poll::Ready(frames.next().map(|frame| frame.map_err(BodyError::from)))
            }
            Kind::Boxed(body) => {
                let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
                body.as_mut().poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(BodyError::from)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
            && match &self.kind {
                Kind::Empty => true,
                Kind::Whole(whole) => whole.is_empty(),
                Kind::Incoming(incoming) => incoming.is_over(),
                Kind::Driven(body) => body.is_end_stream(),
                Kind::Frames(frames) => lock(frames).left() == Some(0),
                Kind::Boxed(body) => lock(body).is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        let hint = match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(whole) => SizeHint::with_exact(whole.len() as u64),
            Kind::Incoming(incoming) => incoming.length().map_or_else(SizeHint::new, SizeHint::with_exact),
            Kind::Driven(body) => body.size_hint(),
            Kind::Frames(frames) => lock(frames).left().map_or_else(SizeHint::new, SizeHint::with_exact),
            Kind::Boxed(body) => lock(body).size_hint(),
        };
        match hint.exact() {
            Some(left) => SizeHint::with_exact(left + self.rest.len() as u64),
            None => hint,
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Empty => "Empty",
            Kind::Whole(_) => "Whole",
            Kind::Incoming(_) => "Incoming",
            Kind::Driven(_) => "Driven",
            Kind::Frames(_) => "Frames",
            Kind::Boxed(_) => "Boxed",
        })
    }
}

impl From<Bytes> for Body {
    fn from(whole: Bytes) -> Self {
        Body::of(Kind::Whole(whole))
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

/// A body whose type is forgotten.
struct Erased<B>(Pin<Box<B>>);

impl<B> http_body::Body for Erased<B>
where
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.as_mut().poll_frame(cx).map(|frame| {
            frame.map(|frame| match frame {
                Ok(frame) => Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))),
                Err(error) => Err(error.into()),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
