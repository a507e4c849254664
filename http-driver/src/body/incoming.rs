//! Content that is still arriving: a slot for one piece between a connection and whoever reads. The connection takes in
//! no more than has been asked for.

use super::BodyError;
use crate::watched::lock;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// The reader's end.
#[derive(Debug)]
pub(crate) struct Incoming {
    slot: Arc<Slot>,
    /// Octets left, if a Content-Length tells.
    left: Option<u64>,
    over: bool,
    /// It has ended early, and that was said: once, for who goes on in spite of it would never come to an end.
    failed: bool,
}

/// What the two ends share.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    chunk: Option<Bytes>,
    end: Option<End>,
    wanted: bool,
    /// Nobody will read any more.
    abandoned: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

#[derive(Debug)]
enum End {
    Complete(Option<HeaderMap>),
    /// Until the reader has been told.
    Early(Option<BodyError>),
}

impl Incoming {
    pub(crate) fn new(slot: Arc<Slot>, length: Option<u64>) -> Self {
        Incoming { slot, left: length, over: false, failed: false }
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.left
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.over || self.failed {
            return Poll::Ready(None);
        }
        let mut slot = self.slot.lock();
        if let Some(chunk) = slot.chunk.take() {
            self.left = self.left.map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match &mut slot.end {
            Some(End::Complete(trailers)) => {
                self.over = true;
                return Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
            }
            Some(End::Early(error)) => {
                self.failed = true;
                return Poll::Ready(error.take().map(Err));
            }
            None => {}
        }
        slot.wanted = true;
        if !slot.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            slot.reader = Some(cx.waker().clone());
        }
        let feeder = slot.feeder.take();
        drop(slot);
        if let Some(feeder) = feeder {
            feeder.wake();
        }
        Poll::Pending
    }
}

impl Drop for Incoming {
    /// Who feeds it may have nothing else to do.
    fn drop(&mut self) {
        let mut slot = self.slot.lock();
        slot.abandoned = true;
        let feeder = slot.feeder.take();
        drop(slot);
        if let Some(feeder) = feeder {
            feeder.wake();
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.0)
    }

    /// The reader may be about to be polled by the connection's own task, which need not be woken for what it does.
    pub(crate) fn rest(&self) {
        self.lock().feeder = None;
    }

    /// Whether the reader waits for more; if not, the task is woken when it does.
    pub(crate) fn is_wanted(&self, cx: &Context<'_>) -> bool {
        let mut slot = self.lock();
        if !slot.wanted {
            slot.feeder = Some(cx.waker().clone());
        }
        slot.wanted
    }

    /// As [`Slot::is_wanted`]; the task is woken, too, when the reader that waits does so no longer.
    pub(crate) fn watch(&self, cx: &Context<'_>) -> bool {
        let mut slot = self.lock();
        slot.feeder = Some(cx.waker().clone());
        slot.wanted
    }

    /// Whether nobody will read any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    /// Hands a piece over.
    pub(crate) fn give(&self, chunk: Bytes, cx: &Context<'_>) {
        self.put(Some(cx), |slot| slot.chunk = Some(chunk));
    }

    /// Ends the body.
    pub(crate) fn end(&self, trailers: Option<HeaderMap>, cx: &Context<'_>) {
        self.put(Some(cx), |slot| slot.end = Some(End::Complete(trailers)));
    }

    /// Ends the body before its end; whether that was news.
    pub(crate) fn fail(&self, error: BodyError, cx: &Context<'_>) -> bool {
        self.put(Some(cx), |slot| slot.end = Some(End::Early(Some(error))))
    }

    /// The exchange is over.
    pub(crate) fn close(&self) {
        self.put(None, |slot| slot.end = Some(End::Early(Some(BodyError::Over))));
    }

    /// Changes what the reader will find, and wakes it if it is not in the task that does this and polls it next.
    /// False where the end has been told.
    fn put(&self, cx: Option<&Context<'_>>, change: impl FnOnce(&mut Inner)) -> bool {
        let mut slot = self.lock();
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
