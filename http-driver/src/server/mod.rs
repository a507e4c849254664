//! [`Serving`]: a service on one connection. Requests become calls, at most `max_in_flight` at a time; answers go out in
//! order. Here is the loop; `job` is one exchange, `answer` sends its answer.
//!
//! One poll goes around until nothing more can be done: events in, calls on, answers out; only then a turn of input and
//! output, so that answers to pipelined requests go out together.

mod answer;
mod job;

pub use answer::Streaming;

use crate::body::{Incoming, Slot};
use crate::info::{Address, ConnInfo};
use crate::link::{BATCH, Link, Reading};
use crate::options::{Ended, OnDisconnect, Options};
use crate::pool::Inbox;
use crate::record::Record;
use crate::service::Services;
use crate::timings::Marks;
use crate::trace::{self, RequestSpan};
use crate::upgraded::Upgraded;
use crate::{Body, BoxError, Timer, Transport};
use http::{Request, Response};
use http_proto::{Connection, Event, Expectation, Framing, MethodKind, RecvError, Server, State, Step};
use job::{Job, Jobs};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tower_service::Service;

/// Times around the loop without a turn of input and output: the work of one poll is bounded.
const ROUNDS: u8 = 64;

/// What is wanted of a service: requests with a [`Body`] in, any body out.
pub trait HttpService:
    Service<Request<Body>, Response = Response<Self::Content>, Error = Self::Fault, Future = Self::Answer>
{
    /// The content of its answers.
    type Content: http_body::Body<Error = Self::ContentFault>;
    /// Why content ends early.
    type ContentFault: Into<BoxError>;
    /// Why there is no answer.
    type Fault: Into<BoxError>;
    /// The making of an answer.
    type Answer: Future<Output = Result<Response<Self::Content>, Self::Fault>>;
}

impl<S, B> HttpService for S
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Content = B;
    type ContentFault = B::Error;
    type Fault = S::Error;
    type Answer = S::Future;
}

/// Serves one connection until it is over. It never fails: what becomes of the connection, hooks are told.
///
/// Dropped before its end, it cuts the connection off.
#[must_use = "a future does nothing unless it is polled"]
pub struct Serving<S: HttpService, Io: Transport, T> {
    /// Gone when the connection goes on with another protocol.
    link: Option<Link<Server, Io, T>>,
    inbox: Inbox,
    jobs: Jobs<S::Answer, S::Content>,
    service: S,
    generation: usize,
    services: Arc<Services<S>>,
    options: Arc<Options>,
    info: Arc<ConnInfo>,
    task: Option<Waker>,
    /// Exchanges whose last octets are on their way, and whom somebody wants to know of.
    finishing: VecDeque<(Marks, Box<Record>)>,
    /// The error of receiving has been dealt with.
    refused: bool,
    /// Beyond the limit of connections.
    overloaded: bool,
    told_shutdown: bool,
    told_half_closed: bool,
    /// Handlers of a connection that is gone go on.
    finishing_handlers: bool,
    ended: bool,
}

impl<S: HttpService, Io: Transport, T> Unpin for Serving<S, Io, T> {}

impl<S, Io, T> Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    /// Serves a connection that has just been accepted.
    pub fn new(
        io: Io,
        timer: T,
        local: Address,
        peer: Address,
        services: Arc<Services<S>>,
        options: Arc<Options>,
    ) -> Self {
        let info = options.registry.add(local, peer);
        if let Some(hook) = &options.on_connect {
            hook(&info);
        }
        let (service, generation) = services.make(&info);
        Serving {
            link: Some(Link::new(Connection::server(Arc::clone(&options.config)), io, timer)),
            inbox: Inbox::new(),
            jobs: Jobs::default(),
            service,
            generation,
            services,
            options,
            info,
            task: None,
            finishing: VecDeque::new(),
            refused: false,
            overloaded: false,
            told_shutdown: false,
            told_half_closed: false,
            finishing_handlers: false,
            ended: false,
        }
    }

    /// Announces the end: what is outstanding is answered, and no further request is taken.
    pub fn shutdown(&mut self) {
        self.told_shutdown = true;
        if let Some(link) = &mut self.link {
            link.core.shutdown();
        }
    }

    /// Answers every request with 503, and closes.
    pub(crate) fn set_overloaded(&mut self) {
        self.overloaded = true;
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Arc<ConnInfo> {
        &self.info
    }

    fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.options.registry.is_shutting_down() {
            if self.options.registry.is_cut_off() {
                self.cut_off();
                return Poll::Ready(());
            }
            if !self.told_shutdown {
                self.shutdown();
            }
        }
        if let (Some(Job { waiting: Some(_), .. }), Some(link)) = (self.jobs.newest(), &mut self.link) {
            // The service may be ready by now.
            link.now = link.timer.now();
        }
        let mut rounds = 0;
        loop {
            let Some(link) = &self.link else { return Poll::Ready(()) };
            if link.is_closed() {
                return self.poll_last(cx);
            }
            if let Some(content) = self.jobs.newest().and_then(|job| job.content.as_ref()) {
                content.rest();
            }
            let progress = self.receive(cx) | self.poll_call(cx) | self.poll_answer(cx);
            rounds += 1;
            if progress && rounds < ROUNDS {
                continue;
            }
            rounds = 0;
            let Some(link) = &mut self.link else { return Poll::Ready(()) };
            let in_flight = self.jobs.len();
            let reading = match self.jobs.newest() {
                Some(Job { waiting: Some(_), .. }) => Reading::Ahead,
                Some(job) if job.content.as_ref().is_some_and(|content| content.is_wanted(cx)) || job.swallow => {
                    Reading::Wanted
                }
                Some(_) if in_flight >= self.options.max_in_flight => Reading::Ahead,
                Some(job) if job.content.is_some() => Reading::Ahead,
                Some(_) => Reading::Wanted,
                None if link.out.len() >= BATCH && link.core.outstanding() == 0 => Reading::Never,
                None => {
                    if link.core.outstanding() == 0 && self.inbox.unread_len() == 0 {
                        self.jobs.release();
                    }
                    Reading::Wanted
                }
            };
            link.alarm = self.jobs.iter_mut().filter_map(|job| job.deadline).min();
            let turn = link.poll_turn(cx, &mut self.inbox, reading);
            self.settle();
            if turn.is_pending() {
                if progress {
                    // There is more to do, without anything else to come first.
                    cx.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
    }

    /// Takes the next event, if it is wanted now; whether there was one.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(link) = &mut self.link else { return false };
        // At its end the input may be looked at unasked: no further request can come of that.
        let over = self.inbox.has_ended() && self.inbox.unread_len() == 0;
        let room = link.out.len() < BATCH;
        let in_flight = self.jobs.len();
        let wanted = match self.jobs.newest() {
            Some(Job { waiting: Some(_), .. }) => false,
            Some(Job { content: Some(content), swallow, .. }) => *swallow || content.is_wanted(cx),
            // The end of a request without content lies in its head; what state it is in shows to others.
            Some(_) => (room && in_flight < self.options.max_in_flight) || link.core.state() == State::ReceivingBody,
            // What is left of a body is swallowed in any case.
            None => room || link.core.outstanding() > 0,
        };
        // Nor behind HTTP, where what has come is the beginning of the other protocol.
        if !wanted && !over && link.core.state() != State::Upgraded {
            return false;
        }
        if over && !std::mem::replace(&mut self.told_half_closed, true) {
            self.jobs.iter_mut().for_each(|job| job.exchange.set_half_closed());
        }
        loop {
            let Some(link) = &mut self.link else { return true };
            match link.core.step(self.inbox.buffer()) {
                Ok(Step::Event) => self.take_event(cx),
                Ok(Step::NeedInput | Step::Paused | Step::Closed) => return false,
                Err(error) => return self.take_error(error, cx),
            }
            // The end of a request that is answered already, or what it left unread, is nobody's business.
            let outstanding = self.link.as_ref().is_some_and(|link| link.core.outstanding() > 0);
            if !self.jobs.is_empty() || !(room || outstanding) {
                return true;
            }
        }
    }

    fn take_event(&mut self, cx: &mut Context<'_>) {
        let Some(link) = &mut self.link else { return };
        let newest = self.jobs.newest();
        match link.core.event(self.inbox.buffer()) {
            Event::HeadersComplete(_) => self.begin(),
            Event::Payload(_) => {
                // Else it is what is left of a body that nobody reads.
                if let Some(Job { content: Some(content), swallow: false, .. }) = newest {
                    content.give(self.inbox.retain(), cx);
                }
            }
            Event::MessageComplete(trailers) => {
                link.head_at = link.read_at;
                if let Some(job) = newest
                    && let Some(content) = job.content.take()
                {
                    job.held_back = false;
                    // Two limits of the core are below that of the map.
                    let trailers = (!trailers.is_empty()).then(|| trailers.to_header_map().unwrap_or_default());
                    content.end(trailers, cx);
                }
            }
            Event::UpgradeTail(_) => {
                let tail = self.inbox.retain();
                if let (Some(mut job), Some(mut link)) = (self.jobs.pop(), self.link.take()) {
                    let out = link.take_out();
                    // What is not written yet goes with the connection.
                    let last = job.record.take().map(|record| (job.marks.clone(), record));
                    for (marks, mut record) in std::mem::take(&mut self.finishing).into_iter().chain(last) {
                        record.end(marks.timings, true, link.now);
                        self.options.finished(&self.info, record);
                    }
                    let io = Upgraded::new(link.io, tail, out).map(|io| Box::new(io) as _);
                    self.end(Ended { error: None, transport: None, cut_off: 0, upgraded: true });
                    job.exchange.set_upgraded(io);
                }
            }
            Event::NeedInput | Event::Paused | Event::Closed => {}
        }
    }

    /// Makes a call of a head. What no service should see is answered on the spot.
    fn begin(&mut self) {
        let Some(link) = &mut self.link else { return };
        let number = self.info.count_request();
        let job = self.jobs.begin(&self.info, number);
        job.marks.head(link);
        let Event::HeadersComplete(head) = link.core.event(self.inbox.buffer()) else { return };
        job.span = RequestSpan::new(&head, &self.info, number);
        job.head_only = head.method_kind() == MethodKind::Head;
        job.connect = head.method_kind() == MethodKind::Connect;
        job.held_back = head.expectation() == Expectation::Continue;
        if self.options.keeps_records() {
            job.record = Some(Box::new(Record::new(&head, number)));
        }
        if self.options.keep_heads {
            job.exchange.keep_head(&head);
        }
        let length = match head.framing() {
            Framing::Length(0) | Framing::None | Framing::Tunnel => Some(0),
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        let mut body = Body::empty();
        if length != Some(0) {
            let slot = Arc::<Slot>::default();
            job.content = Some(Arc::clone(&slot));
            body = Body::incoming(Incoming::new(slot, length));
        }
        if self.overloaded {
            link.core.shutdown();
            job.failed = Some(503);
            return;
        }
        if head.expectation() == Expectation::Unknown {
            // RFC 9110 section 10.1.1
            job.failed = Some(417);
            return;
        }
        let request = job.waiting.insert(Request::new(body));
        *request.headers_mut() = std::mem::take(&mut job.spare.headers);
        if head.write_http(request).is_err() {
            job.waiting = None;
            job.failed = Some(400);
            return;
        }
        request.extensions_mut().insert(job.exchange.clone());
    }

    /// Lets the service go on; whether something came of it.
    fn poll_call(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(link) = &mut self.link else { return false };
        let mut progress = false;
        if let Some(job) = self.jobs.newest().filter(|job| job.waiting.is_some()) {
            let generation = self.services.generation();
            if generation != self.generation {
                (self.service, self.generation) = self.services.make(&self.info);
            }
            let service = &mut self.service;
            let ready = catch_unwind(AssertUnwindSafe(|| service.poll_ready(cx)));
            if !matches!(ready, Ok(Poll::Pending)) {
                job.marks.timings.dispatched = Some(link.now);
                let timeout = self.options.handler_timeout;
                job.deadline = timeout.map(|timeout| link.now.saturating_add(timeout));
                match ready {
                    Ok(Poll::Ready(Ok(()))) => job.call(service),
                    Ok(Poll::Ready(Err(_)) | Poll::Pending) => job.failed = Some(503),
                    Err(_) => job.failed = Some(500),
                }
                job.waiting = None;
                progress = true;
            }
        }
        for job in self.jobs.iter_mut() {
            progress |= job.poll_call(cx);
            if job.is_calling() && job.deadline.is_some_and(|deadline| deadline <= link.now) {
                job.fail(503);
                progress = true;
            }
            if !job.is_calling() {
                job.deadline = None;
            }
        }
        progress
    }

    /// Receiving has failed. Requests before that are answered; then the failure is, in its place in the order.
    fn take_error(&mut self, error: RecvError, cx: &mut Context<'_>) -> bool {
        if let Some(content) = self.jobs.newest().and_then(|job| job.content.take()) {
            // Its handler answers for it.
            self.refused = true;
            self.note_error(error);
            return content.fail(error, cx);
        }
        if !self.jobs.is_empty() || self.refused {
            return false;
        }
        self.note_error(error);
        self.refused = true;
        self.refuse(error);
        true
    }

    fn note_error(&self, error: RecvError) {
        trace::refused(&self.info, error);
        if let Some(hook) = &self.options.on_protocol_error {
            hook(&self.info, error);
        }
    }

    /// Tells of exchanges whose last octet has reached the kernel.
    fn settle(&mut self) {
        let Some(link) = &self.link else { return };
        if let Some(job) = self.jobs.front() {
            job.marks.settle(link);
        }
        while let Some((marks, record)) = self.finishing.front_mut() {
            if !marks.settle(link) {
                break;
            }
            record.end(marks.timings, true, link.now);
            if let Some((_, record)) = self.finishing.pop_front() {
                self.options.finished(&self.info, record);
            }
        }
    }

    /// The connection is closed. Handlers may go on for a while, if they are allowed to.
    fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.settle();
        if let Some(link) = &mut self.link {
            link.say_goodbye(cx);
        }
        if let (OnDisconnect::Finish(grace), false) = (self.options.on_disconnect, self.jobs.is_empty()) {
            if !std::mem::replace(&mut self.finishing_handlers, true) {
                let Some(link) = &mut self.link else { return Poll::Ready(()) };
                let deadline = link.timer.now().saturating_add(grace);
                link.timer.reset(deadline);
                self.jobs.iter_mut().for_each(|job| {
                    job.exchange.set_gone();
                    if let Some(content) = job.content.take() {
                        content.close();
                    }
                });
            }
            while self.poll_call(cx) {}
            let Some(link) = &mut self.link else { return Poll::Ready(()) };
            let working = self.jobs.iter_mut().any(|job| job.waiting.is_some() || job.is_calling());
            if working && link.timer.poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.cut_off();
        Poll::Ready(())
    }
}

impl<S: HttpService, Io: Transport, T> Serving<S, Io, T> {
    /// Gives up what is outstanding, and tells of it.
    fn cut_off(&mut self) {
        let Some(link) = &mut self.link else { return };
        if link.is_cut_off() {
            link.io.abort();
        }
        let mut cut_off = 0;
        let unfinished = std::mem::take(&mut self.finishing);
        let jobs = std::iter::from_fn(|| self.jobs.pop()).map(|mut job| {
            job.span.cut_off();
            job.exchange.set_gone();
            if let Some(content) = job.content.take() {
                content.close();
            }
            cut_off += 1;
            job.exchange.set_over();
            (job.marks.clone(), job.record.take())
        });
        let records: Vec<_> = unfinished.into_iter().map(|(marks, record)| (marks, Some(record))).chain(jobs).collect();
        for (marks, record) in records {
            if let Some(mut record) = record {
                record.end(marks.timings, false, link.now);
                self.options.finished(&self.info, record);
            }
        }
        while link.core.outstanding() > 0 {
            link.core.abandon();
        }
        let transport = link.error.take().map(|error| *error);
        let error = link.core.failure();
        self.end(Ended { error, transport, cut_off, upgraded: false });
    }

    /// The connection is no longer one of the server's. Said exactly once.
    fn end(&mut self, ended: Ended) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.report();
        self.options.registry.remove(self.info.id());
        trace::closed(&self.info, &ended);
        if let Some(hook) = &self.options.on_close {
            hook(&self.info, &ended);
        }
    }

    /// Lets others see where the connection stands.
    fn report(&self) {
        let state = match &self.link {
            Some(link) => {
                self.info.set_transferred(link.read, link.written);
                if self.ended { State::Closed } else { link.core.state() }
            }
            None => State::Upgraded,
        };
        if self.info.set_state(state)
            && let Some(hook) = &self.options.on_state
        {
            hook(&self.info, state);
        }
    }
}

impl<S, Io, T> Future for Serving<S, Io, T>
where
    S: HttpService + 'static,
    Io: Transport + Send + 'static,
    T: Timer,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if !this.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            this.task = Some(cx.waker().clone());
            this.info.set_task(cx);
        }
        let served = this.poll_serve(cx);
        this.report();
        served
    }
}

impl<S: HttpService, Io: Transport, T> Drop for Serving<S, Io, T> {
    fn drop(&mut self) {
        self.cut_off();
    }
}
