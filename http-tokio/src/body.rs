//! [`Body`]: the content of a request, read piece by piece, and [`Feed`], the connection's end of it. Between them is
//! room for one piece: the core takes in no more than the handler has asked for.

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_proto::{Fields, Framing, RecvError};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The content of a request. Asking for it for the first time sends 100 (Continue) to a client that waits for that.
/// What is not read is swallowed within the bounds `drain` of the configuration, beyond which the connection closes.
///
/// It may be read in the handler, in another task, or as the stream of the answer.
#[derive(Debug)]
pub struct Body(Option<Box<Reader>>);

/// What a body with content is read by; a request without content has none.
#[derive(Debug)]
struct Reader {
    slot: Arc<Slot>,
    length: Option<u64>,
    trailers: Option<Trailers>,
}

type Trailers = Vec<(String, Vec<u8>)>;

impl Body {
    /// The octets left to be read, if a Content-Length tells.
    pub fn length(&self) -> Option<u64> {
        self.0.as_ref().map_or(Some(0), |reader| reader.length)
    }

    /// The next piece, never empty; `None` behind the last.
    ///
    /// # Errors
    /// The rest of the content will not come. It is the same error then for ever.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// All that is left, up to `limit` octets.
    ///
    /// # Errors
    /// As [`Body::chunk`]; and [`BodyError::TooLarge`], before anything is read where a Content-Length tells.
    ///
    /// # Cancel safety
    /// What was collected is lost if the future is dropped.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        if self.length().is_some_and(|length| length > limit as u64) {
            return Err(BodyError::TooLarge);
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

    /// The trailer section, once the content has been read to its end.
    pub fn trailers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let trailers = self.0.iter().flat_map(|reader| &reader.trailers).flatten();
        trailers.map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let Some(reader) = &mut self.0 else { return Poll::Ready(None) };
        if reader.trailers.is_some() {
            return Poll::Ready(None);
        }
        let mut slot = reader.slot.lock();
        if let Some(chunk) = slot.chunk.take() {
            reader.length = reader.length.map(|length| length.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(chunk)));
        }
        match &mut slot.end {
            Some(Err(error)) => return Poll::Ready(Some(Err(*error))),
            Some(Ok(trailers)) => {
                reader.trailers = Some(std::mem::take(trailers));
                return Poll::Ready(None);
            }
            None => {}
        }
        slot.wanted = true;
        slot.reader = Some(cx.waker().clone());
        let feeder = slot.feeder.take();
        drop(slot);
        if let Some(feeder) = feeder {
            feeder.wake();
        }
        Poll::Pending
    }
}

impl Stream for Body {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_chunk(cx)
    }
}

/// Why the rest of a body will not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than the limit of [`Body::collect`].
    TooLarge,
    /// What the client sent is no valid message, incomplete, or too slow.
    Received(RecvError),
    /// The exchange is over, or its connection gone.
    Over,
}

impl BodyError {
    /// The status with which a handler that fails by this error is answered for.
    pub fn status(self) -> u16 {
        match self {
            BodyError::TooLarge => 413,
            BodyError::Received(error) => error.status().unwrap_or(400),
            BodyError::Over => 500,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::TooLarge => f.write_str("the content is longer than the limit"),
            BodyError::Received(error) => error.fmt(f),
            BodyError::Over => f.write_str("the exchange is over"),
        }
    }
}

impl std::error::Error for BodyError {}

#[derive(Debug, Default)]
struct Slot(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    chunk: Option<Bytes>,
    end: Option<Result<Trailers, BodyError>>,
    wanted: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection's end of the present body. Dropped, it ends the body for a reader that outlives the exchange.
#[derive(Debug, Default)]
pub(crate) struct Feed(Option<Arc<Slot>>);

impl Feed {
    /// Both ends of a body that is framed like this.
    pub(crate) fn new(framing: Framing) -> (Self, Body) {
        let length = match framing {
            Framing::Length(length) => Some(length),
            Framing::None => Some(0),
            Framing::Chunked | Framing::UntilClose | Framing::Tunnel => None,
        };
        if length == Some(0) {
            return (Feed(None), Body(None));
        }
        let slot = Arc::<Slot>::default();
        (Feed(Some(Arc::clone(&slot))), Body(Some(Box::new(Reader { slot, length, trailers: None }))))
    }

    /// The reader is about to be polled by the connection's own task, which need not be woken for what it does.
    pub(crate) fn rest(&self) {
        if let Some(slot) = &self.0 {
            slot.lock().feeder = None;
        }
    }

    /// Whether the reader waits for more; if not, the task is woken when it does.
    pub(crate) fn is_wanted(&self, cx: &Context<'_>) -> bool {
        let Some(slot) = &self.0 else { return false };
        let mut slot = slot.lock();
        if !slot.wanted {
            slot.feeder = Some(cx.waker().clone());
        }
        slot.wanted
    }

    /// Hands a piece over.
    pub(crate) fn give(&self, chunk: Bytes, cx: &Context<'_>) -> bool {
        self.put(Some(cx), |slot| slot.chunk = Some(chunk))
    }

    /// Ends the body.
    pub(crate) fn end(&self, trailers: Fields<'_>, cx: &Context<'_>) -> bool {
        let trailers = trailers.iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.put(Some(cx), |slot| slot.end = Some(Ok(trailers)))
    }

    /// Ends the body before its end.
    pub(crate) fn fail(&self, error: RecvError, cx: &Context<'_>) -> bool {
        self.put(Some(cx), |slot| slot.end = Some(Err(BodyError::Received(error))))
    }

    /// Changes what the reader will find, and wakes it if it is not in the task that does this and polls it next.
    /// False where there is no reader, or the end has been told.
    fn put(&self, cx: Option<&Context<'_>>, change: impl FnOnce(&mut Inner)) -> bool {
        let Some(slot) = &self.0 else { return false };
        let mut slot = slot.lock();
        if slot.end.is_some() {
            return false;
        }
        change(&mut slot);
        slot.wanted = false;
        let reader = slot.reader.take();
        drop(slot);
        if let Some(reader) = reader
            && !cx.is_some_and(|cx| reader.will_wake(cx.waker()))
        {
            reader.wake();
        }
        true
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.put(None, |slot| slot.end = Some(Err(BodyError::Over)));
    }
}
