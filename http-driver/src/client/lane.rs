//! [`Lane`]: a connection on which requests are pipelined (RFC 9112 section 9.3.2). Who makes a request writes it there
//! and waits; as several futures have a part in the connection, a task of its own runs it. When all are answered it ends,
//! and the connection goes back to the others.

use super::call::Call;
use super::connect::Connect;
use super::error::Phase;
use super::exchange::{ClientExchange, Phases};
use super::extensions::Informed;
use super::flight::Line;
use crate::body::{BodyError, Incoming, Slot};
use crate::link::Reading;
use crate::watched::lock;
use crate::{Body, Timer, Transport};
use http_proto::{BodyLength, Element, Event, Framing, RecvError, RequestHead, SendError, Step};
use std::collections::VecDeque;
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

pub(super) struct Lane<C: Connect> {
    inner: Mutex<Inner<C>>,
    /// Requests unanswered; [`OVER`] where no further one can be begun.
    load: AtomicUsize,
}

const OVER: usize = usize::MAX;

struct Inner<C: Connect> {
    /// Gone when the connection is.
    line: Option<Line<C>>,
    /// Those unanswered, oldest first.
    calls: VecDeque<Arc<Call>>,
    /// So many of them are written as a whole.
    sent: usize,
    /// There has been one, or an attempt at it.
    begun: bool,
    /// Where the content of the oldest one's answer goes, while it is arriving.
    content: Option<Arc<Slot>>,
    task: Option<Waker>,
}

impl<C: Connect> Lane<C> {
    pub(super) fn new(line: Line<C>) -> Self {
        let calls = VecDeque::new();
        let inner = Inner { line: Some(line), calls, sent: 0, begun: false, content: None, task: None };
        Lane { inner: Mutex::new(inner), load: AtomicUsize::new(0) }
    }

    /// Requests unanswered; more than any bound where no further one can be begun.
    pub(super) fn load(&self) -> usize {
        self.load.load(Relaxed)
    }

    /// Whether further ones can be begun.
    pub(super) fn is_open(&self) -> bool {
        self.load() != OVER
    }

    /// Begins an exchange; `None`: it cannot be begun here.
    pub(super) fn begin(
        &self,
        head: &RequestHead<'_>,
        informed: Option<Informed>,
        phases: Phases,
        most: u64,
    ) -> Result<Option<Arc<Call>>, SendError> {
        let mut inner = lock(&self.inner);
        inner.begun = true;
        let Some(line) = &mut inner.line else { return Ok(None) };
        let (core, out) = line.link.commands();
        match core.start(head, BodyLength::Empty, out) {
            Ok(()) => {}
            Err(SendError::PipelineFull | SendError::NotPipelinable) => return Ok(None),
            Err(SendError::Closed) => {
                self.load.store(OVER, Relaxed);
                return Ok(None);
            }
            Err(error) => {
                wake(inner);
                return Err(error);
            }
        }
        let number = line.info.count_request();
        if number >= most {
            line.link.core.shutdown();
        }
        let (begun, ends) = (line.link.timer.now(), line.link.queued());
        let exchange = ClientExchange::new(Arc::clone(&line.info), number, phases, begun);
        let call = Arc::new(Call::new(informed, exchange, ends));
        inner.calls.push_back(Arc::clone(&call));
        if self.is_open() {
            self.load.store(if number >= most { OVER } else { inner.calls.len() }, Relaxed);
        }
        wake(inner);
        Ok(Some(call))
    }

    /// Runs it, as its task, and says when there may be `room` again. Ready when it is over, with its connection if that is
    /// idle.
    pub(super) fn poll(&self, cx: &mut Context<'_>, room: impl FnOnce()) -> Poll<Option<Line<C>>> {
        let mut ended = 0;
        let mut inner = lock(&self.inner);
        inner.task = Some(cx.waker().clone());
        let broken = inner.poll_run(cx, &mut ended).is_ready();
        let idle = inner.take_idle();
        let over = broken || idle.is_some();
        let reusable = inner.line.as_ref().is_some_and(|line| line.link.core.is_reusable());
        let load = if over || !reusable { OVER } else { inner.calls.len() };
        if self.load.load(Relaxed) != OVER || over {
            self.load.store(load, Relaxed);
        }
        drop(inner);
        if over {
            return Poll::Ready(idle);
        }
        if ended > 0 {
            room();
        }
        Poll::Pending
    }

    /// Nobody runs it any more: nobody would ever answer.
    pub(super) fn give_up(&self) {
        self.load.store(OVER, Relaxed);
        let _ = lock(&self.inner).fail(None, &Context::from_waker(Waker::noop()));
    }

    /// Takes no further requests; when those it has are answered, its connection goes to who waits for one.
    pub(super) fn give_way(&self) {
        self.load.store(OVER, Relaxed);
        wake(lock(&self.inner));
    }

    /// Begins no further exchange; what is unanswered is answered.
    pub(super) fn shut_down(&self) {
        self.load.store(OVER, Relaxed);
        let mut inner = lock(&self.inner);
        if let Some(line) = &mut inner.line {
            line.link.core.shutdown();
        }
        wake(inner);
    }
}

/// Has the task look at what was changed.
fn wake<C: Connect>(mut inner: MutexGuard<'_, Inner<C>>) {
    let task = inner.task.take();
    drop(inner);
    if let Some(task) = task {
        task.wake();
    }
}

impl<C: Connect> Inner<C> {
    /// Ready when the connection is over.
    fn poll_run(&mut self, cx: &mut Context<'_>, ended: &mut usize) -> Poll<()> {
        loop {
            let Some(line) = &mut self.line else { return Poll::Ready(()) };
            if self.content.take_if(|content| content.is_abandoned()).is_some() {
                line.link.core.discard();
            }
            let wanted = self.content.as_ref().is_none_or(|content| content.is_wanted(cx));
            if wanted {
                match line.link.core.step(line.inbox.buffer()) {
                    Ok(Step::Event) => {
                        *ended += usize::from(self.take_event(cx));
                        continue;
                    }
                    Ok(Step::NeedInput | Step::Paused) => {}
                    Ok(Step::Closed) => return self.fail(None, cx),
                    Err(error) => return self.fail(Some(error), cx),
                }
            }
            if line.link.is_closed() {
                return self.fail(None, cx);
            }
            if line.link.late {
                if let Some(oldest) = self.calls.front() {
                    oldest.time_out(Phase::Answer);
                }
                return self.fail(None, cx);
            }
            let reading = if wanted { Reading::Wanted } else { Reading::Ahead };
            let turn = line.link.poll_turn(cx, &mut line.inbox, reading);
            self.settle();
            ready!(turn);
        }
    }

    /// Notes what is written.
    fn settle(&mut self) {
        let Some(line) = &self.line else { return };
        while let Some(call) = self.calls.get(self.sent).filter(|call| call.ends <= line.link.written) {
            call.sent(line.link.now);
            self.sent += 1;
        }
    }

    /// Hands an event to the oldest call; whether that is answered with it.
    fn take_event(&mut self, cx: &mut Context<'_>) -> bool {
        let (Some(line), Some(call)) = (&mut self.line, self.calls.front()) else { return false };
        match line.link.core.event(line.inbox.buffer()) {
            Event::HeadersComplete(head) if head.is_interim() => {
                if let Ok(interim) = head.to_http() {
                    call.inform(interim);
                }
            }
            Event::HeadersComplete(head) => {
                let length = match head.framing() {
                    Framing::None | Framing::Tunnel => Some(0),
                    Framing::Length(length) => Some(length),
                    Framing::Chunked | Framing::UntilClose => None,
                };
                let (first, now) = (line.link.head_at, line.link.read_at);
                let mut body = Body::empty();
                if length == Some(0) {
                    call.end(now);
                } else {
                    let slot = Arc::<Slot>::default();
                    self.content = Some(Arc::clone(&slot));
                    body = Body::incoming(Incoming::new(slot, length));
                }
                line.link.head_at = now;
                call.answer(head.to_http().map(|head| head.map(|()| body)), first, now);
            }
            Event::Payload(_) => {
                if let Some(content) = &self.content {
                    content.give(line.inbox.retain(), cx);
                }
            }
            Event::MessageComplete(trailers) => {
                // Two limits of the core are below that of the map.
                let trailers = (!trailers.is_empty()).then(|| trailers.to_header_map().unwrap_or_default());
                // Before anybody is told, who may look at once.
                call.end(line.link.read_at);
                line.link.head_at = line.link.read_at;
                line.report();
                if let Some(content) = self.content.take() {
                    content.end(trailers, cx);
                }
                self.calls.pop_front();
                self.sent = self.sent.saturating_sub(1);
                return true;
            }
            Event::UpgradeTail(_) | Event::NeedInput | Event::Paused | Event::Closed => {}
        }
        false
    }

    /// The connection, when nobody asks anything of it any more.
    fn take_idle(&mut self) -> Option<Line<C>> {
        let idle = self.begun && self.calls.is_empty();
        self.line.take_if(|line| idle && line.link.core.is_reusable() && !line.link.is_sending())
    }

    /// The connection is over: so is everything that waits for it.
    fn fail(&mut self, error: Option<RecvError>, cx: &Context<'_>) -> Poll<()> {
        let Some(mut line) = self.line.take() else { return Poll::Ready(()) };
        let by_transport = error.is_none_or(|error| error.element() == Element::Connection);
        let transport = line.link.error.as_ref().map(|error| error.kind()).filter(|_| by_transport);
        let unanswered = line.link.core.unanswered(line.link.out.view());
        let retries: Vec<_> = unanswered.map(|request| request.may_retry()).collect();
        if let Some(content) = self.content.take() {
            content.fail(error.map_or(BodyError::Over, BodyError::Received), cx);
            self.calls.pop_front();
        }
        // Both end with the same request. The one whose answer had begun may be left in either: it is not asked for again.
        let (calls, known) = (self.calls.len(), retries.len());
        let begun = iter::repeat_n(false, calls.saturating_sub(known));
        let retries = begun.chain(retries.into_iter().skip(known.saturating_sub(calls)));
        for (call, may_retry) in self.calls.drain(..).zip(retries) {
            call.fail(error, transport, may_retry);
        }
        if line.link.is_cut_off() {
            line.link.io.abort();
        }
        Poll::Ready(())
    }
}
