//! A body that another task sends: a short queue with backpressure.

use super::BodyError;
use crate::BoxError;
use crate::watched::lock;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Pieces that wait between the two tasks.
const QUEUED: usize = 4;

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Frame<Bytes>>,
    end: Option<Result<(), BodyError>>,
    /// The body is gone: nobody will take what is sent.
    gone: bool,
    receiver: Option<Waker>,
    sender: Option<Waker>,
}

type Shared = Arc<Mutex<Queue>>;

pub(super) fn channel() -> (BodySender, Receiver) {
    let shared = Shared::default();
    (BodySender(Arc::clone(&shared)), Receiver(shared))
}

/// Sends the content of a [`super::Body::channel`]. Dropped without [`BodySender::finish`], it cuts the message off, so
/// that the peer cannot take a part for the whole.
#[derive(Debug)]
pub struct BodySender(Shared);

/// Nobody takes the content any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody takes the content any more")
    }
}

impl std::error::Error for Disconnected {}

impl BodySender {
    /// Sends a piece when there is room for it.
    ///
    /// # Errors
    /// Nobody takes it.
    ///
    /// # Cancel safety
    /// If the future is dropped, the piece was not sent.
    pub async fn send(&mut self, data: impl Into<Bytes>) -> Result<(), Disconnected> {
        self.ready().await?;
        self.push(Frame::data(data.into()))
    }

    /// Ends the content with a trailer section.
    ///
    /// # Errors
    /// Nobody takes it.
    pub fn trailers(mut self, trailers: HeaderMap) -> Result<(), Disconnected> {
        self.push(Frame::trailers(trailers))?;
        self.finish();
        Ok(())
    }

    /// Waits until there is room for a piece.
    ///
    /// # Errors
    /// Nobody takes it.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped.
    pub async fn ready(&mut self) -> Result<(), Disconnected> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    /// As [`BodySender::ready`].
    ///
    /// # Errors
    /// Nobody takes it.
    pub fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        let mut queue = lock(&self.0);
        if queue.gone {
            return Poll::Ready(Err(Disconnected));
        }
        if queue.frames.len() < QUEUED {
            return Poll::Ready(Ok(()));
        }
        queue.sender = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ends the content.
    pub fn finish(self) {
        self.end(Ok(()));
    }

    /// Cuts the content off, for this reason.
    pub fn abort(self, error: impl Into<BoxError>) {
        self.end(Err(BodyError::Application(error.into())));
    }

    fn push(&mut self, frame: Frame<Bytes>) -> Result<(), Disconnected> {
        self.change(|queue| {
            if queue.gone {
                return Err(Disconnected);
            }
            queue.frames.push_back(frame);
            Ok(())
        })
    }

    fn end(&self, end: Result<(), BodyError>) {
        self.change(|queue| _ = queue.end.get_or_insert(end));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = lock(&self.0);
        let changed = change(&mut queue);
        let receiver = queue.receiver.take();
        drop(queue);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        changed
    }
}

impl Drop for BodySender {
    fn drop(&mut self) {
        self.end(Err(BodyError::Over));
    }
}

#[derive(Debug)]
pub(super) struct Receiver(Shared);

impl Receiver {
    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut queue = lock(&self.0);
        if let Some(frame) = queue.frames.pop_front() {
            let sender = queue.sender.take();
            drop(queue);
            if let Some(sender) = sender {
                sender.wake();
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut queue.end {
            Some(end) => Poll::Ready(std::mem::replace(end, Ok(())).err().map(Err)),
            None => {
                queue.receiver = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.gone = true;
        queue.frames.clear();
        let sender = queue.sender.take();
        drop(queue);
        if let Some(sender) = sender {
            sender.wake();
        }
    }
}
