//! One connection, from accept to close. Requests are taken one at a time: [`Link::next_request`], the handler, then
//! [`Link::answer`]. Wherever one of them has to wait, [`Link::poll_turn`] does what the core is interested in: write,
//! close the sending side, read, or wait for the deadline. Nothing is written before that, so answers to pipelined
//! requests go out together.

use crate::body::Feed;
use crate::response::{Content, Frame, Parts, Source};
use crate::shutdown::Signal;
use crate::{BodyError, BoxError, FieldBlock, Request, Response, Service, date};
use bytes::Bytes;
use http_proto::{
    BodyLength, Chunk, Config, Connection, End, Event, Expectation, Flow, MethodKind, RecvBuf, ResponseHead, SendBuf,
    SendError, Server, Step,
};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Octets of answers that wait for company before they are written; a full buffer runs down to it before more is sent.
const BATCH: u64 = 64 * 1024;
/// Octets that are read ahead while a handler runs that does not ask for them, so that a reset is noticed.
const READ_AHEAD: usize = 16 * 1024;
/// Pieces of content up to this size are copied behind the head; larger ones are written from where they are.
const COPIED: usize = 4 * 1024;
/// Slices of one vectored write.
const SLICES: usize = 64;
/// The timer before the core has named a deadline: no matter what, for it is set anew when it has passed.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// A socket and the state machine that speaks on it.
pub(crate) struct Link {
    stream: TcpStream,
    peer: SocketAddr,
    core: Connection<Server>,
    input: RecvBuf<Vec<u8>>,
    out: SendBuf,
    /// Where the body of the present request goes.
    feed: Feed,
    /// The value of Date for what is answered in this turn.
    date: Option<[u8; 29]>,
    /// The origin of the core's time.
    origin: Instant,
    /// Set to the deadline or earlier: one that moves away is looked at again when the timer fires.
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes. It is not polled again for the same task.
    timer_wakes: Option<Waker>,
    shutdown: Signal,
    /// The core has been told of the shutdown.
    told: bool,
    half_closed: bool,
}

/// When [`Link::poll_turn`] reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// When the core is interested.
    Wanted,
    /// A little, for the sake of what a reset says.
    Ahead,
    /// Not now.
    Never,
}

impl Link {
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, config: Arc<Config>, shutdown: Signal) -> Self {
        let origin = Instant::now();
        Link {
            stream,
            peer,
            core: Connection::server(config),
            input: RecvBuf::new(),
            out: SendBuf::new(),
            feed: Feed::default(),
            date: None,
            origin,
            timer: Box::pin(sleep_until(origin + FAR)),
            timer_wakes: None,
            shutdown,
            told: false,
            half_closed: false,
        }
    }

    /// Serves the connection until it is over.
    pub(crate) async fn run<S: Service>(mut self, service: Arc<S>) {
        while let Some(request) = self.next_request().await {
            let method = request.method_kind();
            let mut handler = pin!(async { service.call(request).await });
            match self.drive(|cx| guarded(|| handler.as_mut().poll(cx))).await {
                Some(Ok(response)) => self.answer(method, response).await,
                Some(Err(status)) => self.respond_empty(status),
                None => break,
            }
            self.feed = Feed::default();
        }
    }

    /// The next request for the handler; `None` when the connection is over. On the way the rest of the last request is
    /// swallowed, what cannot be read is refused, and the last octets go out.
    async fn next_request(&mut self) -> Option<Request> {
        loop {
            if self.out.len() >= BATCH {
                self.drain().await;
            }
            match self.core.step(&mut self.input) {
                Ok(Step::Event) => match self.begin_request() {
                    Some(request) => return Some(request),
                    None => continue,
                },
                Ok(Step::NeedInput | Step::Paused | Step::Closed) => {}
                // The same error comes with every step; only the first time there is something to be refused.
                Err(error) => {
                    self.date = self.date.or_else(date::now);
                    let _ = self.core.refuse(error, self.date.as_ref(), &mut self.out);
                }
            }
            if self.is_closed() {
                return None;
            }
            poll_fn(|cx| self.poll_turn(cx, Reading::Wanted)).await;
        }
    }

    /// Makes a request of a head. An unknown expectation is answered on the spot (RFC 9110 section 10.1.1).
    fn begin_request(&mut self) -> Option<Request> {
        let head = match self.core.event(&self.input) {
            Event::HeadersComplete(head) => head,
            // What is left of a body that nobody reads.
            Event::Payload(_) | Event::MessageComplete(_) => return None,
            Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => return None,
        };
        if head.expectation() == Expectation::Unknown {
            self.respond_empty(417);
            return None;
        }
        let (feed, body) = Feed::new(head.framing());
        self.feed = feed;
        Some(Request::new(&head, self.peer, body))
    }

    /// Polls `work` until it is done, and takes the request's body to whoever reads it; `None` when the connection is
    /// closed before that.
    async fn drive<T>(&mut self, mut work: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
        poll_fn(|cx| {
            loop {
                if self.is_closed() {
                    return Poll::Ready(None);
                }
                self.feed.rest();
                if let Poll::Ready(done) = work(cx) {
                    return Poll::Ready(Some(done));
                }
                let wanted = self.feed.is_wanted(cx);
                if wanted && self.core.awaiting_continue() {
                    let _ = self.core.proceed(&mut self.out);
                }
                // At its end the input may be looked at unasked: no further request can come of that.
                let ended = self.input.end().is_some() && self.input.unread_len() == 0;
                if (wanted || ended) && self.receive(cx) {
                    continue;
                }
                let reading = if wanted { Reading::Wanted } else { Reading::Ahead };
                ready!(self.poll_turn(cx, reading));
            }
        })
        .await
    }

    /// Takes the next event of a request's body to its reader; whether there was one.
    fn receive(&mut self, cx: &Context<'_>) -> bool {
        match self.core.step(&mut self.input) {
            Ok(Step::Event) => match self.core.event(&self.input) {
                Event::Payload(_) => self.feed.give(self.input.retain(), cx),
                Event::MessageComplete(trailers) => {
                    self.feed.end(trailers, cx);
                    true
                }
                Event::HeadersComplete(_)
                | Event::UpgradeTail(_)
                | Event::NeedInput
                | Event::Paused
                | Event::Closed => false,
            },
            Ok(Step::NeedInput | Step::Paused | Step::Closed) => false,
            Err(error) => self.feed.fail(error, cx),
        }
    }

    /// Sends an answer; returns when its last octet is in the buffer, or the connection closed.
    async fn answer(&mut self, method: MethodKind, response: Response) {
        let Parts { status, fields, close, mut content, fault } = *response.0;
        let mut first = None;
        if let Content::Stream(_, source) = &mut content
            && self.core.awaiting_continue()
        {
            // The answer may be made of the very content that the client holds back until it is asked for.
            match self.next_frame(source).await {
                Ok(frame) => first = Some(frame),
                Err(status) => return self.respond_empty(status),
            }
        }
        let head = ResponseHead { close, ..ResponseHead::new(status).block(&fields) };
        if fault.is_some() || !self.respond(head, content.length()) {
            return self.respond_empty(500);
        }
        let left_out = method == MethodKind::Head || status == 304;
        match content {
            Content::Empty => {}
            Content::Whole(_) | Content::Stream(..) if left_out => self.finish(None),
            Content::Whole(content) => {
                let _ = self.send(content);
                self.finish(None);
            }
            Content::Stream(_, source) => self.stream(source, first).await,
        }
    }

    /// Sends a stream, whose first frame may be known, to its end or until it is cut off.
    async fn stream(&mut self, mut source: Pin<Box<dyn Source>>, mut first: Option<Option<Frame>>) {
        loop {
            let frame = match first.take() {
                Some(frame) => Ok(frame),
                None => self.next_frame(&mut source).await,
            };
            match frame {
                Ok(Some(Frame::Data(data))) => match self.send(data) {
                    Flow::Ready => {}
                    Flow::Full => self.drain().await,
                },
                Ok(Some(Frame::Trailers(trailers))) => return self.finish(Some(&trailers)),
                Ok(None) => return self.finish(None),
                Err(_) => return self.core.abort(),
            }
        }
    }

    /// The next frame, or the status of an answer in its place if none is out yet.
    async fn next_frame(&mut self, source: &mut Pin<Box<dyn Source>>) -> Result<Option<Frame>, u16> {
        let frame = self.drive(|cx| guarded(|| source.as_mut().poll_frame(cx).map(Option::transpose))).await;
        frame.unwrap_or(Err(500))
    }

    /// Sends the head of an answer, dated unless the handler has done that; whether it is one that can be sent.
    fn respond(&mut self, head: ResponseHead<'_>, length: BodyLength) -> bool {
        self.date = self.date.or_else(date::now);
        match self.core.respond(&ResponseHead { date: self.date.as_ref(), ..head }, length, &mut self.out) {
            Err(SendError::RepeatedField) => self.core.respond(&head, length, &mut self.out),
            responded => responded,
        }
        .is_ok()
    }

    fn respond_empty(&mut self, status: u16) {
        if !self.respond(ResponseHead::new(status), BodyLength::Empty) {
            self.core.abort();
        }
    }

    /// Sends a piece of content; too much of it cuts the message off.
    fn send(&mut self, data: Bytes) -> Flow {
        let sent = match data.len() {
            0..=COPIED => self.core.send(&data, &mut self.out),
            _ => self.core.send_owned(data, &mut self.out),
        };
        sent.unwrap_or_else(|_| {
            self.core.abort();
            Flow::Ready
        })
    }

    /// Ends the message; too little content, or trailers that must not be sent, cut it off.
    fn finish(&mut self, trailers: Option<&FieldBlock>) {
        let finished = match self.core.finish(trailers, &mut self.out) {
            Err(SendError::TrailersNotAllowed) => self.core.finish(None, &mut self.out),
            finished => finished,
        };
        if finished.is_err() {
            self.core.abort();
        }
    }

    /// Waits until the buffer has run down.
    async fn drain(&mut self) {
        poll_fn(|cx| {
            loop {
                let turn = self.poll_turn(cx, Reading::Never);
                if self.out.len() < BATCH || self.is_closed() {
                    return Poll::Ready(());
                }
                ready!(turn);
            }
        })
        .await;
    }

    fn is_closed(&self) -> bool {
        self.core.interest(&self.out).close
    }

    /// One turn of input and output. Ready when the core should be asked again: octets were read, the input ended, a
    /// deadline has passed, the shutdown began, or the connection is closed.
    fn poll_turn(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<()> {
        self.date = None;
        if !self.told && self.shutdown.has_begun(cx) {
            self.told = true;
            self.core.shutdown();
            return Poll::Ready(());
        }
        while self.core.interest(&self.out).write {
            match self.poll_write(cx) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => self.core.delivery_failed(),
                Poll::Pending => break,
            }
        }
        let interest = self.core.interest(&self.out);
        if interest.close {
            return Poll::Ready(());
        }
        if interest.shutdown_write && !self.half_closed {
            // Immediate on a socket. That the peer is gone already will show when reading.
            self.half_closed = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
        let reads = match reading {
            Reading::Wanted => interest.read,
            Reading::Ahead => self.input.unread_len() < READ_AHEAD,
            Reading::Never => false,
        };
        if reads && self.input.end().is_none() && self.poll_read(cx).is_ready() {
            return Poll::Ready(());
        }
        self.poll_deadline(cx)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = match self.out.front() {
            Some(Chunk::Octets(all)) if all.len() as u64 == self.out.len() => ready!(stream.poll_write(cx, all))?,
            Some(Chunk::Octets(_) | Chunk::External(_)) | None => {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = self.out.io_slices(&mut slices);
                ready!(stream.poll_write_vectored(cx, slices.get(..count).unwrap_or_default()))?
            }
        };
        self.out.advance(written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut buffer = ReadBuf::new(self.input.spare_mut());
        match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
            Ok(()) => match buffer.filled().len() {
                0 => self.input.set_end(End::Clean),
                count => self.input.commit(count),
            },
            // A reset: nothing that is still to be sent can arrive, whatever has been received before.
            Err(_) => self.core.delivery_failed(),
        }
        Poll::Ready(())
    }

    /// Waits for the core's deadline.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let core_now = now.duration_since(self.origin).into();
        let deadline = self.core.poll_timeout(core_now, &self.out).map(|at| Duration::from_nanos(at.as_nanos()));
        let Some(deadline) = deadline.and_then(|since_origin| self.origin.checked_add(since_origin)) else {
            return if self.is_closed() { Poll::Ready(()) } else { Poll::Pending };
        };
        if deadline <= now {
            self.core.handle_timeout(core_now, &self.out);
            return Poll::Ready(());
        }
        if deadline < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(deadline);
            self.timer_wakes = None;
        }
        if self.timer_wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        // A timer that is polled when the task has spent its share of this turn wakes it again, but registers nothing.
        self.timer_wakes = tokio::task::coop::has_budget_remaining().then(|| cx.waker().clone());
        self.timer.as_mut().poll(cx)
    }
}

impl Drop for Link {
    /// What is cut off in the middle is reset, so that the client cannot take it for the whole.
    fn drop(&mut self) {
        if self.core.interest(&self.out).abort || self.core.outstanding() > 0 || !self.out.is_empty() {
            let _ = self.stream.set_zero_linger();
        }
    }
}

/// Polls what the application wrote. An error or a panic becomes the status of the answer in its place.
fn guarded<T, E: Into<BoxError>>(poll: impl FnOnce() -> Poll<Result<T, E>>) -> Poll<Result<T, u16>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(polled) => {
            polled.map_err(|error| error.into().downcast_ref::<BodyError>().map_or(500, |error| error.status()))
        }
        Err(_) => Poll::Ready(Err(500)),
    }
}
